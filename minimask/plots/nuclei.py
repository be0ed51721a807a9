"""The pictures of chapter 6a: tissue with outlines, how two counts agree, and how errors grow with what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT

METHODS = ((SHAPE_EDGE, "o", "solid"), (TIGHT, "s", (0, (4, 2))))
"""Color, sign and dashes of the model and of the method without learning."""


class Panel(NamedTuple):
    """A picture of tissue, and what is drawn onto it."""

    title: str
    picture: ArrayLike
    """(H, W, 3), or (H, W) in gray."""
    labels: NDArray[np.integer] | None = None
    """(H, W): outlines are drawn around the pixels of each number but 0."""
    color: str = SHAPE_EDGE
    sure: ArrayLike | None = None
    """(N, 2): x and y of crosses."""
    doubtful: ArrayLike | None = None
    """(M, 2): of rings."""


def edges_of(labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the segments (S, 2, 2) between pixels of different numbers, each from x, y to x, y in pixels.

    Examples
    --------
    >>> edges_of(np.array([[0, 7]])).tolist()
    [[[1.0, 0.0], [1.0, 1.0]], [[2.0, 0.0], [2.0, 1.0]], [[1.0, 0.0], [2.0, 0.0]], [[1.0, 1.0], [2.0, 1.0]]]
    """
    wide = np.pad(labels, 1)
    row, column = np.nonzero(wide[:, 1:] != wide[:, :-1])
    upright = np.stack([np.stack([column, row - 1], 1), np.stack([column, row], 1)], 1)
    row, column = np.nonzero(wide[1:] != wide[:-1])
    lying = np.stack([np.stack([column - 1, row], 1), np.stack([column, row], 1)], 1)
    return np.concatenate([upright, lying]).astype(np.float64)


def draw_panel(axes: Axes, panel: Panel, linewidth: float = 1.3) -> None:
    """Draw a panel."""
    picture = np.asarray(panel.picture)
    height, width = picture.shape[:2]
    axes.imshow(picture, cmap="gray", extent=(0, width, height, 0), interpolation="nearest")
    if panel.labels is not None:
        edges = [list(map(tuple, edge)) for edge in edges_of(panel.labels)]
        for color, stroke, alpha in ((PAPER, 2.2 * linewidth, 0.7), (panel.color, linewidth, 1.0)):
            axes.add_collection(LineCollection(edges, colors=color, linewidths=stroke, alpha=alpha, capstyle="round"))
    for marks, sign, size, color in ((panel.sure, "+", 9, INK), (panel.doubtful, "o", 7, TIGHT)):
        if marks is not None:
            x, y = np.reshape(np.asarray(marks, dtype=float), (-1, 2)).T
            for over, stroke in ((PAPER, 3.4), (color, 1.8)):
                (drawn,) = axes.plot(x, y, sign, markersize=size, linestyle="none", markerfacecolor="none")
                drawn.set(markeredgecolor=over, markeredgewidth=stroke)
    axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    axes.set_title(panel.title, fontsize=11)
    for spine in axes.spines.values():
        spine.set_visible(False)


@styled
def panels(given: Sequence[Panel], columns: int = 3, side: float = 2.9) -> Figure:
    """Draw panels row by row, each about so many inches wide."""
    rows = -(-len(given) // columns)
    fig, all_axes = figure(columns, rows, width=side * columns, height=(side + 0.3) * rows)
    for axes, panel in zip(all_axes, given, strict=False):
        draw_panel(axes, panel, linewidth=1.3 if np.asarray(panel.picture).shape[0] < 200 else 0.8)
    for axes in all_axes[len(given) :]:
        axes.set_visible(False)
    return fig


@styled
def sheet(rows: Mapping[str, Sequence[ArrayLike]]) -> Figure:
    """Draw rows of pictures side by side, with a title over each row."""
    columns = max(map(len, rows.values()))
    fig, all_axes = figure(columns, len(rows), width=1.5 * columns, height=1.72 * len(rows))
    for number, (title, pictures) in enumerate(rows.items()):
        line = all_axes[number * columns : (number + 1) * columns]
        for axes, picture in zip(line, pictures, strict=False):
            draw_panel(axes, Panel("", picture))
        line[0].set_title(" ", fontsize=11)  # keeps the room; the words run over the neighbors
        words = line[0].text(0, 1.06, title, transform=line[0].transAxes, fontsize=11, fontweight="bold")
        words.set_in_layout(False)
        for axes in line[len(pictures) :]:
            axes.set_visible(False)
    return fig


@styled
def agreement(methods: Mapping[str, tuple[ArrayLike, tuple[float, float, float]]], truth: ArrayLike) -> Figure:
    """Draw the differences of counts from the truth over their mean, with bias and limits: Bland and Altman's picture.

    `methods` maps a name to its counts and to `(bias, low, high)`.
    """
    fig, all_axes = figure(len(methods), width=4.4 * len(methods), height=3.3)
    true = np.asarray(truth, dtype=float)
    most = max(np.abs(np.asarray(counts) - true).max() for counts, _ in methods.values()) + 1.5
    for axes, (name, (counts, (bias, low, high))), (color, sign, _) in zip(
        all_axes, methods.items(), METHODS, strict=False
    ):
        ours = np.asarray(counts, dtype=float)
        axes.axhspan(low, high, color=color, alpha=0.13, linewidth=0)
        axes.axhline(0, color=MUTED, linewidth=1)
        axes.axhline(bias, color=color, linewidth=2)
        axes.plot((ours + true) / 2, ours - true, sign, color=color, markersize=5, alpha=0.7, markeredgewidth=0)
        axes.set(title=name, xlabel="mean of both counts", ylim=(-most, most))
        axes.grid(axis="y")
    all_axes[0].set_ylabel("counted − true")
    return fig


@styled
def ladders(
    given: Mapping[str, tuple[ArrayLike, Mapping[str, ArrayLike]]], ylabel: str, level: float, most: float
) -> Figure:
    """Plot what each method reaches against what is made worse, a panel a ladder: `(steps, values by method)`.

    `level` is the error that would be welcome; what is above `most` leaves the picture.
    """
    fig, all_axes = figure(len(given), width=3.3 * len(given) + 0.6, height=3.1)
    for axes, (xlabel, (steps, methods)) in zip(all_axes, given.items(), strict=True):
        for (name, values), (color, sign, dashes) in zip(methods.items(), METHODS, strict=False):
            axes.plot(steps, values, color=color, marker=sign, linestyle=dashes, label=name)
        axes.axhline(0, color=MUTED, linewidth=1)
        axes.axhspan(-level, level, color=BEST, alpha=0.25, linewidth=0)
        axes.set(xlabel=xlabel)
        axes.grid(axis="y")
    low = min(axes.get_ylim()[0] for axes in all_axes)
    for axes in all_axes:
        axes.set_ylim(low, most)
    all_axes[0].set_ylabel(ylabel)
    all_axes[-1].legend(fontsize=10)
    return fig


@styled
def crowd(ious: ArrayLike, kept: Mapping[str, tuple[ArrayLike, ArrayLike]], threshold: float) -> Figure:
    """Draw how far boxes of touching nuclei overlap, beside NMS's threshold; and areas, by name, against true ones."""
    fig, (left, right) = figure(2, width=8.8, height=3.3)
    left.hist(ious, np.linspace(0, 0.7, 15).tolist(), color=HIGHLIGHT)
    left.axvline(threshold, color=INK, linestyle="dashed", linewidth=1.6)
    left.set(title="boxes of nuclei that touch", xlabel="IoU", ylabel="pairs", xlim=(0, 0.7))
    for (name, (found, true)), color, sign in zip(kept.items(), (HIGHLIGHT, SHAPE_EDGE), "s.", strict=False):
        right.plot(true, found, sign, color=color, markersize=4, alpha=0.45, markeredgewidth=0, label=name)
    most = max(np.max(true) for _, true in kept.values())
    right.plot([0, most], [0, most], color=INK, linewidth=1)
    right.set(title="areas", xlabel="true area (pixels)", ylabel="area (pixels)", xlim=(0, most), ylim=(0, 1.9 * most))
    right.legend(fontsize=10)
    return fig


@styled
def shares(groups: Mapping[str, float], ylabel: str) -> Figure:
    """Draw one share for each group as a bar, with the number on it."""
    fig, (axes,) = figure(width=5.6, height=2.7)
    axes.bar(range(len(groups)), list(groups.values()), color=SHAPE_EDGE, width=0.62)
    for place, value in enumerate(groups.values()):
        axes.text(place, value + 0.02 * max(groups.values()), f"{value:.1%}", ha="center", fontsize=11)
    axes.set(ylabel=ylabel, ylim=(0, max(groups.values()) * 1.2))
    axes.set_xticks(range(len(groups)), list(groups))
    return fig
