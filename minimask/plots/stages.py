"""The pictures of chapter 5's X-ray: one for each stage of the machine, and what all stages reach, in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray
from minimask.plots.anchors import draw_boxes, level_colors
from minimask.plots.machine import draw_outline
from minimask.plots.rois import BLUES
from minimask.plots.shapes import beneath, draw_picture, frame
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT, YOURS

DASHED = (0, (5, 2))
DOTTED = (0, (1, 1.2))
STROKES = ((MUTED, DOTTED), (HIGHLIGHT, DASHED), (SHAPE_EDGE, "solid"), (TIGHT, DASHED), (BEST, "solid"), (INK, DOTTED))
"""Color and dashes of curves side by side, in this order."""
WARM = LinearSegmentedColormap.from_list("warm", ["#20242E", "#7A3B12", TIGHT, HIGHLIGHT, "#FFF6D6"])
"""From 0 to 1, on dark ground: how sure the machine is of a cell."""


@styled
def objectness(picture: ArrayLike, maps: Mapping[str, ArrayLike], truth: ArrayLike) -> Figure:
    """Draw how sure the RPN is of every cell, a panel a level, with the true boxes, beside the picture."""
    fig, (first, *others) = figure(1 + len(maps), width=2.75 * (1 + len(maps)) + 0.6, height=3.0)
    height, width = np.shape(picture)[:2]
    draw_picture(first, picture)
    draw_boxes(first, truth, PAPER, 1.6)
    first.set_title("the picture")
    for axes, (title, values) in zip(others, maps.items(), strict=True):
        image = axes.imshow(values, cmap=WARM, vmin=0, vmax=1, extent=(0, width, height, 0), interpolation="nearest")
        draw_boxes(axes, truth, PAPER, 1.2, linestyle=DASHED)
        axes.set(title=title, xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
        axes.spines[:].set_visible(False)
    fig.colorbar(image, ax=others, label="objectness", shrink=0.86, pad=0.015, ticks=[0, 0.5, 1])
    return fig


@styled
def proposals(
    picture: ArrayLike, truth: ArrayLike, boxes: ArrayLike, good: ArrayLike, levels: Mapping[str, int]
) -> Figure:
    """Draw proposals `(n, 4)`, those marked as good apart from the others, and how many RoIs each level serves."""
    fig, (first, second, third) = figure(3, width=8.4, height=2.9)
    chosen = np.asarray(good, dtype=bool)
    for axes, which, color in ((first, ~chosen, TIGHT), (second, chosen, BEST)):
        draw_picture(axes, picture)
        draw_boxes(axes, np.asarray(boxes)[which], color, 1.3, alpha=0.85)
        draw_boxes(axes, truth, PAPER, 2.0)
    first.set_title(f"{int((~chosen).sum())} beside the objects")
    second.set_title(f"{int(chosen.sum())} on them, IoU ≥ 0.5")
    colors = level_colors(len(levels))
    for row, (number, color) in enumerate(zip(levels.values(), colors, strict=True)):
        third.barh(row, number, color=to_rgba(color, 0.85), height=0.6)
        third.text(number, row, f" {number:,}", va="center", weight="bold")
    third.set(yticks=range(len(levels)), yticklabels=list(levels), ylim=(len(levels) - 0.5, -0.5))
    third.set(title="RoIs by level", xlim=(0, 1.35 * max(1, *levels.values())), xticks=[])
    third.spines["bottom"].set_visible(False)
    third.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


@styled
def features(picture: ArrayLike, box: ArrayLike, rows: Mapping[str, FloatArray]) -> Figure:
    """Draw a RoI on its picture, and some channels `(C, h, w)` of its features, a row for each operator."""
    channels = len(next(iter(rows.values())))
    fig, all_axes = figure(1 + channels, len(rows), width=1.65 * (1 + channels), height=1.75 * len(rows) + 0.2)
    whole = np.concatenate([values.ravel() for values in rows.values()])
    limits = float(whole.min()), float(whole.max())
    for row, (title, values) in enumerate(rows.items()):
        first, *others = all_axes[row * (1 + channels) : (row + 1) * (1 + channels)]
        draw_picture(first, picture)
        draw_boxes(first, box, HIGHLIGHT, 2.4)
        frame(first, box, square=True)
        first.set_title(title, size=12)
        for channel, (axes, cells) in enumerate(zip(others, values, strict=True)):
            axes.imshow(cells, cmap=BLUES, vmin=limits[0], vmax=limits[1], interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=GRID)
            if row == 0:
                axes.set_title(f"channel {channel}", size=11, weight="normal")
    return fig


@styled
def class_scores(
    picture: ArrayLike, rois: ArrayLike, scores: FloatArray, names: Sequence[str], truth: Sequence[str]
) -> Figure:
    """Draw RoIs, cut out of the picture, over the probability of each class; the true one is marked."""
    number = len(np.asarray(rois))
    fig, all_axes = figure(number, 2, width=2.55 * number, height=4.9)
    grid = all_axes[0].get_gridspec()
    assert grid is not None
    grid.set_height_ratios([1, 1.25])
    for column in range(number):
        above, below = all_axes[column], all_axes[number + column]
        draw_picture(above, picture)
        draw_boxes(above, np.asarray(rois)[column], HIGHLIGHT, 2.2)
        frame(above, np.asarray(rois)[column], square=True)
        above.set_title(f"truth: {truth[column]}", size=11.5)
        for row, (name, score) in enumerate(zip(names, scores[column], strict=True)):
            right = name == truth[column]
            below.barh(row, score, color=to_rgba(BEST if right else MUTED, 0.9 if right else 0.6), height=0.68)
            if score >= 0.05:
                below.text(score, row, f" {score:.2f}", va="center", size=10.5, weight="bold" if right else "normal")
        below.set(xlim=(0, 1.3), xticks=[], ylim=(len(names) - 0.5, -0.5))
        below.set_yticks(range(len(names)), names if column == 0 else [""] * len(names))
        below.spines["bottom"].set_visible(False)
        below.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


@styled
def refined(picture: ArrayLike, truth: ArrayLike, before: ArrayLike, after: ArrayLike, ious: ArrayLike) -> Figure:
    """Draw RoIs before (dashed) and after their deltas (solid), and IoUs `(n, 2)`, before and after, of many."""
    fig, (left, right) = figure(2, width=7.8, height=3.7)
    draw_picture(left, picture)
    draw_boxes(left, truth, PAPER, 2.0)
    draw_boxes(left, before, TIGHT, 2.0, linestyle=DASHED)
    draw_boxes(left, after, BEST, 2.2)
    left.set_title("before (dashed), after")
    x, y = np.asarray(ious, dtype=float).T
    right.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2)
    right.plot(x, y, "o", color=to_rgba(SHAPE_EDGE, 0.35), markersize=4, markeredgewidth=0)
    right.set(xlim=(0.45, 1.01), ylim=(0.3, 1.01), xlabel="IoU of the RoI", ylabel="IoU of the refined box")
    right.annotate("better", (0.47, 0.965), color=BEST, weight="bold")
    right.annotate("worse", (0.85, 0.42), color=TIGHT, weight="bold")
    return fig


@styled
def class_masks(picture: ArrayLike, box: ArrayLike, masks: FloatArray, names: Sequence[str], own: int) -> Figure:
    """Draw the mask `(classes, m, m)` that each class would make of a detection, beside it; its own class is framed."""
    fig, (first, *others) = figure(1 + len(masks), width=1.25 * (1 + len(masks)), height=1.65)
    draw_picture(first, picture)
    draw_boxes(first, box, HIGHLIGHT, 2.2)
    frame(first, box, square=True)
    first.set_title("detection", size=11)
    for number, (axes, mask, name) in enumerate(zip(others, masks, names, strict=True)):
        axes.imshow(mask, cmap=WARM, vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        weight, color = ("bold", INK) if number == own else ("normal", MUTED)
        axes.set_title(name, size=11, weight=weight, color=color)
        axes.spines[:].set(visible=number == own, color=BEST, linewidth=3)
    return fig


@styled
def pasted(picture: ArrayLike, panels: Mapping[str, tuple[ArrayLike, ArrayLike]], box: ArrayLike) -> Figure:
    """Draw masks (solid) on their true ones (dashed), framed around a box; under each panel the IoU of both."""
    fig, all_axes = figure(len(panels), width=2.7 * len(panels), height=3.7)
    for axes, (title, (mask, truth)) in zip(all_axes, panels.items(), strict=True):
        found, right = np.asarray(mask, dtype=bool), np.asarray(truth, dtype=bool)
        draw_picture(axes, picture)
        axes.images[0].set_interpolation("nearest")
        draw_outline(axes, right, PAPER, 3.2)
        draw_outline(axes, right, INK, 1.6, "dashed")
        draw_outline(axes, found, TIGHT, 2.4)
        frame(axes, box, square=True)
        axes.set_title(title)
        beneath(axes, f"IoU {(found & right).sum() / (found | right).sum():.2f}", weight="bold")
    return fig


@styled
def scoreboard(numbers: Mapping[str, tuple[str, float]]) -> Figure:
    """Draw one number from 0 to 1 for each stage, in their order, with what it is: `(words, number)` by stage."""
    fig, (axes,) = figure(width=7.6, height=0.5 + 0.36 * len(numbers))
    for row, (words, number) in enumerate(numbers.values()):
        axes.barh(row, 1, color=to_rgba(GRID, 0.6), height=0.7)
        axes.barh(row, number, color=to_rgba(SHAPE_EDGE, 0.3), height=0.7)
        axes.text(0.01, row, words, va="center", size=10.5)
        axes.text(1.01, row, f"{number:.2f}", va="center", weight="bold", size=12)
    axes.set(xlim=(0, 1.1), ylim=(len(numbers) - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(len(numbers)), list(numbers), weight="bold")
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


@styled
def reached(curves: Mapping[str, ArrayLike]) -> Figure:
    """Plot the share of objects that each stage reaches with at least an IoU, from the best IoU of every object."""
    fig, (axes,) = figure(width=7.0, height=3.6)
    for (name, best), (color, dashes) in zip(curves.items(), STROKES, strict=False):
        draw_reach(axes, best, color=color, linestyle=dashes, label=name)
    axes.set(xlim=(0.3, 1), ylim=(0, 1.03), xlabel="IoU, at least", ylabel="share of the objects")
    axes.grid(axis="y")
    axes.legend(fontsize=11, loc="lower left")
    return fig


def draw_reach(axes: Axes, best: ArrayLike, **style: object) -> None:
    """Draw which share of values is at least x, for every x from 0 to 1."""
    found = np.sort(np.asarray(best, dtype=float))
    heights = [1, *np.linspace(1, 0, len(found), endpoint=False), 0]
    axes.step([0, *found, 1], heights, where="pre", **style)  # type: ignore[arg-type]


@styled
def loose_masks(
    picture: ArrayLike, truth: Sequence[ArrayLike], found: Sequence[ArrayLike], right: Sequence[bool]
) -> Figure:
    """Draw on a large picture the true masks (dashed), and what was found: right (solid) or not (dotted)."""
    height, width = np.shape(picture)[:2]
    fig, (axes,) = figure(width=5.6, height=5.6 * height / width)
    draw_picture(axes, picture)
    for mask in truth:
        draw_outline(axes, mask, PAPER, 1.4, "dashed")
    for mask, good in zip(found, right, strict=True):
        layer = np.zeros((height, width, 4))
        layer[np.asarray(mask, dtype=bool)] = to_rgba(BEST if good else YOURS, 0.35)
        axes.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")
        draw_outline(axes, mask, BEST if good else YOURS, 2.0, "solid" if good else "dotted")
    return fig
