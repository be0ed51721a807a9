"""The pictures of chapter 2 that show anchors: around a cell, over a picture, counted, and held against objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray
from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT, YOURS

LINES = (SHAPE_EDGE, HIGHLIGHT, BEST, YOURS)
"""The colors of curves and outlines side by side, in this order."""
FROM_FINE_TO_COARSE = LinearSegmentedColormap.from_list("levels", [TIGHT, INK, SHAPE_EDGE])
OVERLAP = LinearSegmentedColormap.from_list("overlap", ["#F7E3D4", "#F3D8A0", "#CFE6DA", BEST])
"""From an IoU of 0 to an IoU of 1."""
SIZES = (8, 16, 32, 64, 128, 256, 512)
RATIOS = {0.125: "⅛", 0.25: "¼", 0.5: "½", 1: "1", 2: "2", 4: "4", 8: "8"}
"""What is written on the axes of `reach`."""
THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")


def draw_boxes(axes: Axes, boxes: ArrayLike, color: str, linewidth: float = 1.5, **style: object) -> None:
    """Draw boxes `(N, 4)` as outlines, all in one go, so that thousands of them are no trouble."""
    x1, y1, x2, y2 = np.asarray(boxes, dtype=float).reshape(-1, 4).T
    outlines = np.stack([x1, y1, x2, y1, x2, y2, x1, y2, x1, y1], axis=1).reshape(-1, 5, 2)
    axes.add_collection(LineCollection(list(outlines), colors=color, linewidths=linewidth, **style))  # type: ignore[arg-type]


def level_colors(levels: int) -> list[str]:
    """Return the colors of a pyramid's levels, finest first: from warm through ink to cold.

    Examples
    --------
    >>> level_colors(1), level_colors(2)
    (['#0072b2'], ['#d55e00', '#0072b2'])
    """
    places = np.linspace(0, 1, levels) if levels > 1 else [1.0]
    return [to_hex(FROM_FINE_TO_COARSE(place)) for place in places]


@styled
def cell_and_sea(cell: FloatArray, sea: FloatArray, stride: int, size: tuple[int, int]) -> Figure:
    """Draw the anchors (A, 4) of one cell, around it, and all anchors (N, 4) over a small picture."""
    fig, (left, right) = figure(2, width=9.4, height=4.2)
    height, width = size
    column, row = width // stride // 2, height // stride // 2
    center = np.array([column + 0.5, row + 0.5]) * stride
    for axes in (left, right):
        axes.set_facecolor(to_rgba(GRID, 0.35))
        axes.set_xticks(range(0, width + 1, stride))
        axes.set_yticks(range(0, height + 1, stride))
        axes.set(xlim=(-stride, width + stride), ylim=(height + stride, -stride), aspect="equal")
        axes.grid(color=MUTED, alpha=0.35, linewidth=0.8)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        draw_boxes(axes, [[0, 0, width, height]], INK, 1.6)
    draw_boxes(right, sea, SHAPE_EDGE, 0.9, alpha=0.55)
    xs, ys = np.meshgrid(np.arange(stride / 2, width, stride), np.arange(stride / 2, height, stride))
    right.plot(xs.ravel(), ys.ravel(), "o", color=TIGHT, markersize=4)
    for box, color, dashes in zip(cell, LINES, ("solid", (0, (5, 2)), (0, (1, 1.2))), strict=False):
        draw_boxes(left, box + np.tile(center, 2), color, 2.6, linestyle=dashes)
        width_of_box, height_of_box = box[2:] - box[:2]
        left.plot([], [], color=color, linestyle=dashes, label=f"{width_of_box:.1f} × {height_of_box:.1f}")
    left.plot(*center, "o", color=TIGHT, markersize=7)
    left.legend(loc="lower left", fontsize=10, handlelength=2.6)
    left.set_title(f"{len(cell)} anchors around one cell")
    right.set_title(f"{len(sea)} anchors over {width} × {height} pixels")
    return fig


@styled
def counts(per_level: Mapping[str, Sequence[int]], line: int) -> Figure:
    """Draw the number of anchors of each recipe, stacked by level, beside a line."""
    fig, (axes,) = figure(width=9.2, height=1.1 + 0.46 * len(per_level))
    for row, numbers in enumerate(per_level.values()):
        starts, colors = np.cumsum([0, *numbers]), level_colors(len(numbers))
        for level, (start, number) in enumerate(zip(starts[:-1], numbers, strict=True)):
            axes.barh(row, number, left=start, color=to_rgba(colors[level], 0.8), edgecolor=PAPER, height=0.66)
    axes.axvline(line, color=INK, linewidth=1.4, linestyle=(0, (4, 2)))
    for row, total in enumerate(map(sum, per_level.values())):
        weight = "bold" if total > line else "normal"
        ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
        axes.annotate(
            f"{total:,}", (total, row), (5, 0), textcoords="offset points", va="center", weight=weight, bbox=ground
        )
    axes.text(line, -0.75, f" {line:,}", ha="left", size=11)
    axes.set(yticks=range(len(per_level)), yticklabels=list(per_level), ylim=(len(per_level) - 0.5, -1.1))
    axes.set(xlim=(0, 1.16 * max(sum(numbers) for numbers in per_level.values())), xlabel="anchors")
    axes.xaxis.set_major_formatter(THOUSANDS)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


def in_words(value: float) -> str:
    """Return a number with three digits and a word for its size.

    Examples
    --------
    >>> in_words(139_344_000_000_000), in_words(532_070_000)
    ('139 trillion', '532 million')
    """
    for size, word in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million"), (1e3, " thousand")):
        if value >= size:
            return f"{value / size:.3g}{word}"
    return f"{value:.3g}"


def as_duration(seconds: float) -> str:
    """Return a time in the unit that fits it.

    Examples
    --------
    >>> as_duration(0.05), as_duration(14.2), as_duration(5400)
    ('50 ms', '14 s', '1.5 h')
    """
    for size, unit in ((3600.0, "h"), (60.0, "min"), (1.0, "s")):
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{1000 * seconds:.2g} ms"


@styled
def costs(
    bars: Mapping[str, float],
    unit: str,
    marks: Mapping[str, float] | None = None,
    words: Callable[[float], str] = in_words,
) -> Figure:
    """Draw numbers of very different size as bars on a logarithmic scale, beside lines that help to compare."""
    fig, (axes,) = figure(width=9.2, height=1.2 + 0.5 * len(bars))
    low, high = min(bars.values()) / 4, max(bars.values()) * 8
    for row, value in enumerate(bars.values()):
        axes.barh(
            row, value - low, left=low, color=to_rgba((TIGHT, HIGHLIGHT, BEST, SHAPE_EDGE)[row % 4], 0.85), height=0.62
        )
        axes.text(value, row, f" {words(value)}", va="center", weight="bold")
    for name, value in (marks or {}).items():
        axes.axvline(value, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
        axes.text(value, -0.72, name, ha="center", size=10.5)
    axes.set(xscale="log", xlim=(low, high), ylim=(len(bars) - 0.5, -1.1 if marks else -0.6), xlabel=unit)
    axes.set(yticks=range(len(bars)), yticklabels=list(bars))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.minorticks_off()
    return fig


@styled
def reach(sizes: ArrayLike, ratios: ArrayLike, panels: Mapping[str, ArrayLike]) -> Figure:
    """Draw the best IoU (ratios, sizes) that an anchor gives an object, for each recipe, against its size and ratio."""
    fig, all_axes = figure(len(panels), width=3.3 * len(panels) + 0.7, height=3.7)
    for number, (axes, (title, values)) in enumerate(zip(all_axes, panels.items(), strict=True)):
        mesh = axes.pcolormesh(sizes, ratios, np.asarray(values), cmap=OVERLAP, vmin=0, vmax=1, shading="nearest")
        lines = axes.contour(
            sizes, ratios, np.asarray(values), levels=np.array([0.3, 0.5, 0.7]), colors=INK, linewidths=[0.8, 1.4, 2]
        )
        axes.clabel(lines, fmt="%.1f", fontsize=10)
        axes.set(xscale="log", yscale="log", title=title, xlabel="√area of the object (pixels)")
        axes.set_xticks(SIZES, [str(size) for size in SIZES])
        axes.set_yticks(list(RATIOS), list(RATIOS.values()) if number == 0 else [""] * len(RATIOS))
        axes.set(xlim=(np.min(sizes), np.max(sizes)), ylim=(np.min(ratios), np.max(ratios)))
        axes.minorticks_off()
    all_axes[0].set_ylabel("height / width")
    fig.colorbar(mesh, ax=all_axes, label="best IoU of an anchor", shrink=0.9, pad=0.015)
    return fig


@styled
def ceilings(groups: Mapping[str, Mapping[str, ArrayLike]], thresholds: Sequence[float] = (0.5, 0.7)) -> Figure:
    """Plot which share of objects has an anchor of at least each IoU, a panel a group, a line a recipe."""
    fig, all_axes = figure(len(groups), width=4.6 * len(groups), height=3.7)
    for number, (axes, (title, curves)) in enumerate(zip(all_axes, groups.items(), strict=True)):
        for (name, best), color, dashes in zip(
            curves.items(), LINES, ("solid", (0, (5, 2)), (0, (1, 1.2)), "dashdot"), strict=False
        ):
            found = np.sort(np.asarray(best, dtype=float))
            axes.step(
                [0, *found, 1],
                [1, *np.linspace(1, 0, len(found), endpoint=False), 0],
                where="pre",
                color=color,
                linestyle=dashes,
                label=name,
            )
        for threshold in thresholds:
            axes.axvline(threshold, color=MUTED, linewidth=1)
        axes.set(title=title, xlim=(0, 1), ylim=(0, 1.03), xlabel="IoU of the best anchor, at least")
        axes.grid(axis="y")
        if number == 0:
            axes.set_ylabel("share of the objects")
            fig.legend(loc="outside upper left", ncols=len(curves), fontsize=11)
    return fig


@styled
def best_anchors(panels: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]], threshold: float) -> Figure:
    """Draw pictures with their objects (thin), the best anchor of each, and its IoU: green from the threshold on.

    A panel is `(picture, objects (M, 4), their best anchors (M, 4), IoU (M,))`.
    """
    fig, all_axes = figure(len(panels), width=4.2 * len(panels), height=3.7)
    for axes, (title, (picture, objects, anchors, ious)) in zip(all_axes, panels.items(), strict=True):
        draw_picture(axes, picture)
        draw_boxes(axes, objects, PAPER, 1.2)
        for anchor, iou in zip(np.asarray(anchors), np.asarray(ious), strict=True):
            reached = iou >= threshold
            color = BEST if reached else TIGHT
            draw_boxes(axes, anchor, color, 2.0, linestyle="solid" if reached else (0, (4, 2)))
            label = {"boxstyle": "round,pad=0.12", "facecolor": color, "edgecolor": "none", "alpha": 0.9}
            axes.text(anchor[0], anchor[1], f"{iou:.2f}", color=PAPER, size=8.5, va="bottom", bbox=label, clip_on=True)
        axes.set_title(title)
    return fig


@styled
def imbalance(picture: ArrayLike, objects: ArrayLike, kinds: Mapping[str, ArrayLike]) -> Figure:
    """Draw a picture with the first kind of anchors `(n, 4)` on it, and how many there are of each, on a log scale."""
    fig, (left, right) = figure(2, width=9.4, height=3.9)
    draw_picture(left, picture)
    draw_boxes(left, objects, PAPER, 1.4)
    colors = dict(zip(kinds, (BEST, HIGHLIGHT, TIGHT), strict=False))
    names = list(kinds)
    draw_boxes(left, kinds[names[0]], colors[names[0]], 1.8, linestyle=(0, (3, 1.5)))
    left.set_title(names[0])
    for row, (name, boxes) in enumerate(kinds.items()):
        number = len(np.asarray(boxes))
        right.barh(row, max(number, 0.5), color=to_rgba(colors[name], 0.85), height=0.6)
        right.text(max(number, 0.5), row, f" {number:,}", va="center", weight="bold")
    most = max(len(np.asarray(boxes)) for boxes in kinds.values())
    right.set(xscale="log", xlim=(0.5, most * 12), yticks=range(len(kinds)), yticklabels=names, xlabel="anchors")
    right.set(ylim=(len(kinds) - 0.5, -0.5), title="how many of each")
    right.xaxis.set_major_formatter(THOUSANDS)
    right.minorticks_off()
    right.tick_params(axis="y", length=0, labelcolor=INK)
    return fig
