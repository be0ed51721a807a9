"""The pictures of chapter 5 that compare: trainings as they go, variants of the machine with seeds, oracles, and AP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minimask.plots.show import figure, styled
from minimask.plots.stages import DASHED, DOTTED, STROKES
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, SHAPE_EDGE, TIGHT

LOSSES = ((MUTED, DOTTED), (HIGHLIGHT, DASHED), (SHAPE_EDGE, "solid"), (BEST, DASHED), (TIGHT, "solid"))
"""Color and dashes of the five losses, in the order in which the machine names them."""

RIVALS = ((SHAPE_EDGE, "solid"), (TIGHT, DASHED), (BEST, DOTTED))
"""Color and dashes of variants side by side."""


@styled
def training(losses: Mapping[str, ArrayLike], steps: ArrayLike, precisions: Mapping[str, ArrayLike]) -> Figure:
    """Plot losses, each the mean over a twentieth of the training, and average precisions at some steps."""
    fig, (left, right) = figure(2, width=8.8, height=3.4)
    for (name, values), (color, dashes) in zip(losses.items(), LOSSES, strict=False):
        array = np.asarray(values, dtype=float)
        width = max(1, len(array) // 20)
        smooth = np.convolve(array, np.ones(width) / width, mode="valid")
        left.plot(np.arange(len(smooth)) + width, smooth, color=color, linestyle=dashes, label=name)
    left.set(yscale="log", xlabel="step", title="losses")
    left.grid(axis="y")
    fig.legend(loc="outside upper left", ncols=len(losses), fontsize=11)
    for (name, values), color, sign in zip(precisions.items(), (BEST, HIGHLIGHT, TIGHT), "osD", strict=False):
        right.plot(steps, values, color=color, marker=sign, label=name)
    right.set(xlabel="step", title="AP on pictures never seen")
    right.set_ylim(0, 1.15 * max(0.05, *map(np.max, precisions.values())))
    right.grid(axis="y")
    right.legend(fontsize=11, loc="upper left")
    return fig


@styled
def learning(curves: Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]]) -> Figure:
    """Plot AP against minutes, a panel a kind of AP, a line a seed, each line `(minutes, values)`."""
    fig, all_axes = figure(len(curves), width=5.6 * len(curves), height=3.3)
    for axes, (title, lines) in zip(all_axes, curves.items(), strict=True):
        for (minutes, values), (color, dashes) in zip(lines, STROKES[1:], strict=False):
            axes.plot(minutes, values, color=color, linestyle=dashes, linewidth=1.8)
        axes.set(title=title, xlabel="minutes of training", ylim=(0, 1))
        axes.grid(axis="y")
    return fig


@styled
def seeds(panels: Mapping[str, Mapping[str, ArrayLike]], base: str) -> Figure:
    """Draw the values of every variant, a dot a seed and a bar for their mean, beside the range of the base."""
    rows = len(next(iter(panels.values())))
    fig, all_axes = figure(len(panels), width=3.0 + 3.4 * len(panels), height=1.3 + 0.46 * rows)
    for number, (axes, (title, variants)) in enumerate(zip(all_axes, panels.items(), strict=True)):
        low, high = np.min(variants[base]), np.max(variants[base])
        axes.axvspan(low, high, color=SHAPE_EDGE, alpha=0.16, linewidth=0)
        for row, (name, given) in enumerate(variants.items()):
            values = np.asarray(given, dtype=float)
            apart = values.max() < low or values.min() > high
            color = SHAPE_EDGE if name == base else TIGHT if values.max() < low else BEST if apart else MUTED
            axes.plot(values, np.full(len(values), row), "o", color=color, markersize=7, alpha=0.75, markeredgewidth=0)
            axes.plot([values.mean()] * 2, [row - 0.32, row + 0.32], color=color, linewidth=2.6)
        axes.set(title=title, ylim=(rows - 0.5, -0.5))
        axes.set_yticks(range(rows), list(variants) if number == 0 else [""] * rows)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


@styled
def by_threshold(thresholds: ArrayLike, panels: Mapping[str, Mapping[str, ArrayLike]]) -> Figure:
    """Plot AP against the IoU threshold, a panel a kind of AP: the mean of seeds `(S, T)`, and their range shaded."""
    fig, all_axes = figure(len(panels), width=3.9 * len(panels), height=3.1)
    for axes, (title, variants) in zip(all_axes, panels.items(), strict=True):
        for (name, given), (color, dashes), sign in zip(variants.items(), RIVALS, "osD", strict=False):
            values = np.asarray(given, dtype=float)
            mean, low, high = values.mean(axis=0), values.min(axis=0), values.max(axis=0)
            axes.fill_between(thresholds, low, high, color=color, alpha=0.2, linewidth=0)
            axes.plot(thresholds, mean, color=color, linestyle=dashes, marker=sign, markersize=5, label=name)
        axes.set(title=title, xlabel="IoU threshold", ylim=(0, 1))
        axes.grid(axis="y")
        axes.legend(fontsize=11, loc="lower left")
    return fig


@styled
def oracles(cells: Sequence[int], curves: Mapping[str, ArrayLike]) -> Figure:
    """Plot the mask AP that true masks reach after the way through small grids, against the cells on a side."""
    fig, (axes,) = figure(width=8.4, height=3.9)
    places = np.arange(len(cells))
    for (name, values), color, dashes, sign in zip(
        curves.items(), (BEST, HIGHLIGHT, SHAPE_EDGE, TIGHT), ("solid", DASHED, "dashdot", DOTTED), "osD^", strict=False
    ):
        axes.plot(places, values, color=color, linestyle=dashes, marker=sign, markersize=8, label=name)
    axes.set(xticks=places, ylim=(0, 1.03), ylabel="mask AP", xlabel="cells of a mask")
    axes.set_xticklabels([f"{number} × {number}" for number in cells])
    axes.grid(axis="y")
    fig.legend(loc="outside right upper", fontsize=11, title="target, paste", title_fontsize=11)
    return fig


@styled
def counts(levels: ArrayLike, found: Mapping[str, ArrayLike], total: int, what: str) -> Figure:
    """Plot how many of a number of objects are found in a picture, against what was done to it; a curve a finder."""
    fig, (axes,) = figure(width=7.2, height=3.2)
    axes.axhline(total, color=INK, linewidth=1.4, linestyle=DASHED)
    axes.annotate(f"all {total}", (0.01, total), (0, 4), ("axes fraction", "data"), "offset points", size=11)
    for (name, numbers), (color, dashes), sign in zip(found.items(), RIVALS, "osD", strict=False):
        axes.plot(levels, numbers, color=color, linestyle=dashes, marker=sign, markersize=7, label=name)
    axes.set(ylim=(0, 1.18 * total), xlabel=what, ylabel="found")
    axes.grid(axis="y")
    axes.legend(fontsize=11, loc="lower left")
    return fig


@styled
def precision_recall(recall: ArrayLike, precision: ArrayLike, true: ArrayLike, envelope: ArrayLike) -> Figure:
    """Plot precision against recall, a point a detection, true or false, and its envelope at 101 recalls."""
    fig, (axes,) = figure(width=7.2, height=3.8)
    good = np.asarray(true, dtype=bool)
    axes.fill_between(np.linspace(0, 1, 101), envelope, step="mid", color=SHAPE_EDGE, alpha=0.16, linewidth=0)
    axes.step(np.linspace(0, 1, 101), envelope, where="mid", color=SHAPE_EDGE, label="highest precision from here on")
    axes.plot(recall, precision, color=MUTED, linewidth=1.2)
    for which, color, sign, name in ((good, BEST, "o", "true"), (~good, TIGHT, "x", "false")):
        axes.plot(np.asarray(recall)[which], np.asarray(precision)[which], sign, color=color, markersize=6, label=name)
    axes.set(xlim=(-0.01, 1.02), ylim=(0, 1.05), xlabel="recall", ylabel="precision")
    axes.legend(fontsize=11, loc="lower left")
    return fig
