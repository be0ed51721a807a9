"""The pictures of chapter 2 that show proposals: as a network learns them, down the funnel, and after suppression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minimask.plots.anchors import THOUSANDS, draw_boxes
from minimask.plots.shapes import beneath, draw_picture, frame
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT

DASHED = (0, (5, 2))


@styled
def deltas(anchor: ArrayLike, box: ArrayLike, picture: ArrayLike) -> Figure:
    """Draw an anchor (dashed), the box that it should become (solid), and the way of its center, on a picture."""
    fig, (axes,) = figure(width=4.6, height=4.4)
    draw_picture(axes, picture)
    draw_boxes(axes, anchor, TIGHT, 2.6, linestyle=DASHED)
    draw_boxes(axes, box, BEST, 2.6)
    centers = [np.asarray(corners, dtype=float).reshape(2, 2).mean(axis=0) for corners in (anchor, box)]
    arrow = {"arrowstyle": "-|>", "color": PAPER, "linewidth": 2.2, "mutation_scale": 16}
    axes.annotate("", centers[1], centers[0], arrowprops=arrow)
    axes.plot(*centers[0], "o", color=TIGHT)
    return fig


@styled
def training(
    steps: ArrayLike, losses: Mapping[str, ArrayLike], seen: ArrayLike, recalls: Mapping[str, ArrayLike]
) -> Figure:
    """Plot losses, each the mean over a fortieth of the training, and the recall of held-out objects at some steps."""
    fig, (left, right) = figure(2, width=9.4, height=3.4)
    for (name, values), color, dashes in zip(losses.items(), (SHAPE_EDGE, TIGHT), ("solid", DASHED), strict=False):
        array = np.asarray(values, dtype=float)
        width = max(1, len(array) // 40)
        smooth = np.convolve(array, np.ones(width) / width, mode="valid")
        left.plot(np.asarray(steps)[width - 1 :], smooth, color=color, linestyle=dashes, label=name)
    left.set(yscale="log", xlabel="step", title="losses")
    left.grid(axis="y")
    left.legend(fontsize=11)
    for (name, values), color, mark in zip(recalls.items(), (BEST, HIGHLIGHT, TIGHT), "osD", strict=False):
        right.plot(seen, values, color=color, marker=mark, label=name)
    right.set(xlabel="step", ylim=(0, 1.03), title="recall of objects never seen")
    right.grid(axis="y")
    right.legend(fontsize=11, loc="lower right")
    return fig


@styled
def snapshots(
    pictures: Sequence[ArrayLike], truth: Sequence[ArrayLike], steps: Mapping[str, Sequence[ArrayLike]]
) -> Figure:
    """Draw pictures in rows and moments of training in columns: the truth (thin) and the best proposals of each."""
    fig, all_axes = figure(len(steps), len(pictures), width=2.1 * len(steps), height=2.1 * len(pictures) + 0.3)
    for number, axes in enumerate(all_axes):
        row, column = divmod(number, len(steps))
        title, boxes = list(steps.items())[column]
        draw_picture(axes, pictures[row])
        draw_boxes(axes, truth[row], PAPER, 1.2)
        draw_boxes(axes, boxes[row], HIGHLIGHT, 1.8)
        if row == 0:
            axes.set_title(title)
    return fig


@styled
def funnel(stages: Mapping[str, tuple[int, Mapping[str, float]]]) -> Figure:
    """Draw how many boxes survive each stage, as bars on a log scale, and the recall of true objects beside them."""
    fig, (left, right) = figure(2, width=9.4, height=1.2 + 0.52 * len(stages))
    rows = np.arange(len(stages))
    for row, (number, _) in enumerate(stages.values()):
        left.barh(row, number, color=to_rgba(SHAPE_EDGE, 0.8), height=0.62)
        left.text(number, row, f" {number:,}", va="center", weight="bold")
    most = max(number for number, _ in stages.values())
    left.set(xscale="log", xlim=(1, most * 25), yticks=rows, yticklabels=list(stages), title="boxes that are left")
    left.set_xticks([1, 100, 10_000, 1_000_000][: 2 + int(np.log10(most) / 2)])
    left.xaxis.set_major_formatter(THOUSANDS)
    left.minorticks_off()
    kinds = list(next(iter(stages.values()))[1])
    for kind, color, mark, dashes in zip(kinds, (BEST, HIGHLIGHT), "os", ("solid", DASHED), strict=False):
        right.plot(
            [recalls[kind] for _, recalls in stages.values()],
            rows,
            color=color,
            marker=mark,
            linestyle=dashes,
            label=kind,
        )
    right.set(xlim=(0, 1.03), yticks=rows, yticklabels=[], title="objects that still have a box")
    right.grid(axis="x")
    right.legend(fontsize=11, loc="lower left")
    for axes in (left, right):
        axes.set_ylim(len(stages) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


@styled
def large_picture(picture: ArrayLike, truth: ArrayLike, proposals: ArrayLike, lost: ArrayLike) -> Figure:
    """Draw a picture, or its upper left part, with true objects (white), proposals, and objects none of these finds."""
    fig, (axes,) = figure(width=5.4, height=5.6)
    draw_picture(axes, picture)
    draw_boxes(axes, proposals, HIGHLIGHT, 0.9)
    draw_boxes(axes, truth, PAPER, 1.3)
    draw_boxes(axes, lost, TIGHT, 3.0, linestyle=DASHED)
    axes.set(xlim=(0, np.shape(picture)[1]), ylim=(np.shape(picture)[0], 0))
    axes.set_title("objects and proposals")
    return fig


@styled
def suppressed(picture: ArrayLike, truth: ArrayLike, panels: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Draw a crowd once for each threshold: the kept boxes (solid), and true objects that lost theirs (dashed)."""
    fig, all_axes = figure(1 + len(panels), width=2.6 * (1 + len(panels)), height=3.1)
    boxes = np.asarray(truth, dtype=float)
    around = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]
    draw_picture(all_axes[0], picture)
    draw_boxes(all_axes[0], truth, PAPER, 1.6)
    all_axes[0].set_title("the truth")
    frame(all_axes[0], around, square=True)
    beneath(all_axes[0], f"{len(boxes)} objects")
    for axes, (title, (kept, lost)) in zip(all_axes[1:], panels.items(), strict=True):
        draw_picture(axes, picture)
        draw_boxes(axes, kept, HIGHLIGHT, 1.8)
        draw_boxes(axes, lost, TIGHT, 3.0, linestyle=DASHED)
        axes.set_title(title)
        frame(axes, around, square=True)
        beneath(axes, f"kept: {len(np.asarray(kept))}, objects lost: {len(np.asarray(lost).reshape(-1, 4))}")
    return fig


@styled
def thresholds(values: ArrayLike, curves: Mapping[str, ArrayLike]) -> Figure:
    """Plot the recall of crowded and of single objects, and the boxes that are left, against the threshold of NMS."""
    fig, (axes,) = figure(width=7.4, height=3.4)
    for (name, recall), color, dashes in zip(
        curves.items(), (BEST, TIGHT, MUTED), ("solid", DASHED, (0, (1, 1))), strict=False
    ):
        axes.plot(values, recall, color=color, linestyle=dashes, label=name)
    axes.set(xlabel="NMS threshold (IoU)", ylabel="share of objects kept", xlim=(0, 1), ylim=(0, 1.03))
    axes.grid(axis="y")
    axes.legend(fontsize=11, loc="lower right")
    return fig
