"""The pictures of chapter 3 that show curves: RoIPool jumps, RoIAlign glides, and what follows from it.

RoIPool is drawn in vermilion and dashed, RoIAlign in green and solid, the exact value thin and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray
from minimask.geometry.masks import mask_box
from minimask.plots.shapes import beneath, draw_mask, frame
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT

DASHED = (0, (4, 1.5))
DOTTED = (0, (1, 1))
POOL: dict[str, Any] = {"color": TIGHT, "linestyle": DASHED}
FAIR_POOL: dict[str, Any] = {"color": HIGHLIGHT, "linestyle": DOTTED}
ALIGN: dict[str, Any] = {"color": BEST, "linestyle": "solid"}


@styled
def shifted(
    shift: ArrayLike, pooled: ArrayLike, aligned: ArrayLike, exact: ArrayLike, averaged: ArrayLike | None = None
) -> Figure:
    """Plot a bin's value under both operators against the shift of its box in pixels, and the errors beneath.

    `averaged` is the mean of the cells of RoIPool's bin, which tells its rounding from its maximum.
    """
    fig, (values, errors) = figure(1, 2, width=8.4, height=4.8)
    truth = np.asarray(exact)
    for axes, base in ((values, np.zeros_like(truth)), (errors, truth)):
        axes.plot(shift, np.asarray(pooled) - base, **POOL, label="RoIPool (maximum)")
        if averaged is not None:
            axes.plot(shift, np.asarray(averaged) - base, **FAIR_POOL, label="RoIPool's bin, averaged")
        axes.plot(shift, np.asarray(aligned) - base, **ALIGN, label="RoIAlign")
        axes.plot(shift, truth - base, color=INK, linewidth=1, label="the exact mean")
        axes.set_xlim(np.min(shift), np.max(shift))
        axes.grid(axis="y")
    values.set_ylabel("value of the bin")
    errors.set(ylabel="error", xlabel="the box moved to the right by (pixels)")
    values.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize=10, ncols=4, borderaxespad=0.2, columnspacing=1.2)
    return fig


@styled
def sampling(ratios: Sequence[int], errors: Mapping[str, ArrayLike]) -> Figure:
    """Plot the error of RoIAlign against its sampling ratio, both logarithmic, a line for each size of bins."""
    fig, (axes,) = figure(width=7.4, height=3.5)
    for (name, error), color, mark in zip(errors.items(), (BEST, SHAPE_EDGE, TIGHT, HIGHLIGHT), "osD^", strict=False):
        axes.loglog(ratios, error, color=color, marker=mark, label=name)
    first = np.asarray(next(iter(errors.values())))[0]
    axes.loglog(ratios, first * 1.5 / np.asarray(ratios) ** 2.0, color=MUTED, linewidth=1, linestyle=DASHED)
    axes.annotate(
        "slope -2", (ratios[-2], first * 1.5 / ratios[-2] ** 2), (0, 7), textcoords="offset points", color=MUTED
    )
    axes.set(xticks=ratios, xticklabels=[str(ratio) for ratio in ratios])
    axes.set(xlabel="sampling_ratio: samples per bin and axis", ylabel="error against the exact mean")
    axes.minorticks_off()
    axes.grid(axis="y")
    axes.legend(fontsize=11)
    return fig


@styled
def displacements(errors: Mapping[int, tuple[FloatArray, FloatArray]], bounds: Sequence[tuple[float, float]]) -> Figure:
    """Draw how far borders are misplaced, in pixels: for each stride a RoI's corners, and the borders of its bins.

    `bounds` are the farthest that each of the two can go to either side, in strides.
    """
    fig, all_axes = figure(2, width=10, height=1.0 + 0.65 * len(errors))
    titles = ("corners, after the first rounding", "borders of bins, after the second")
    for side, (axes, title, color) in enumerate(zip(all_axes, titles, (HIGHLIGHT, TIGHT), strict=True)):
        for row, (stride, pair) in enumerate(errors.items()):
            steps = np.arange(-1.5, 2.51, 0.25 if side else 0.125) * stride
            density = np.histogram(pair[side], steps)[0].astype(float)
            heights = row - 0.7 * density / density.max()
            axes.stairs(heights, steps, baseline=row, fill=True, color=to_rgba(color, 0.55))
            for end, place, words in zip(bounds[side], ((-5, 0), (5, 0)), ("right", "left"), strict=True):
                axes.plot([end * stride] * 2, [row + 0.05, row - 0.5], color=INK, linewidth=1.5)
                at = (end * stride, row - 0.3)
                number = f"{end * stride:.3g}".replace("-", "−")
                axes.annotate(number, at, place, textcoords="offset points", ha=words, size=10, va="center")
        axes.set(yticks=range(len(errors)), yticklabels=[f"stride {stride}" for stride in errors], title=title)
        most = max(errors)
        axes.set(ylim=(len(errors) - 0.7, -0.9), xlim=(-2.1 * most, 3.1 * most))
        axes.set_xlabel("misplaced by (pixels of the image)")
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.axvline(0, color=MUTED, linewidth=1)
        axes.grid(axis="x")
    return fig


@styled
def half_pixel(panels: Mapping[str, FloatArray], cross: tuple[float, float], stray: float) -> Figure:
    """Draw readings of one box (H, W, 3), a value for each pixel, with a cross at one place (x, y) of the first.

    In the last one, a dotted cross marks where the same place went: `stray` pixels to the left and up.
    """
    fig, all_axes = figure(len(panels), width=2.5 * len(panels), height=3.1)
    for axes, (title, picture) in zip(all_axes, panels.items(), strict=True):
        height, width = picture.shape[:2]
        axes.imshow(np.clip(picture, 0, 1), extent=(0, width, height, 0), interpolation="bicubic")
        draw_cross(axes, *cross, width, height)
        axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0), title=title)
        axes.spines[:].set_visible(False)
    x, y = cross
    all_axes[-1].hlines(y - stray, 0, width, color=HIGHLIGHT, linewidth=2, linestyle=DOTTED)
    all_axes[-1].vlines(x - stray, 0, height, color=HIGHLIGHT, linewidth=2, linestyle=DOTTED)
    return fig


def draw_cross(axes: Axes, x: float, y: float, width: float, height: float) -> None:
    """Draw two lines across a picture, light on dark, so that they show on any ground."""
    for color, line in ((INK, 3.5), (PAPER, 1.5)):
        axes.hlines(y, 0, width, color=color, linewidth=line)
        axes.vlines(x, 0, height, color=color, linewidth=line)


@styled
def counts(groups: Mapping[str, ArrayLike]) -> Figure:
    """Draw for each operator in what share of bins the gradient touches 1, 2, 3, ... cells."""
    fig, (axes,) = figure(width=9, height=0.9 + 0.7 * len(groups))
    seen = {1}
    for row, (numbers, color) in enumerate(zip(groups.values(), (TIGHT, SHAPE_EDGE, BEST, HIGHLIGHT), strict=False)):
        cells, times = np.unique(np.asarray(numbers).astype(int), return_counts=True)
        share = times / times.sum()
        axes.bar(cells, -0.7 * share / share.max(), bottom=row, width=0.7, color=to_rgba(color, 0.8))
        for cell, part in zip(cells, share, strict=True):
            height = row - 0.7 * part / share.max()
            axes.annotate(f"{part:.0%}", (cell, height), (0, 2), textcoords="offset points", ha="center", size=9)
        seen |= set(cells.tolist())
    axes.set(yticks=range(len(groups)), yticklabels=list(groups), ylim=(len(groups) - 0.9, -0.95), xticks=sorted(seen))
    axes.set_xlabel("cells touched by the gradient of one bin, of one channel")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    return fig


@styled
def slopes(
    side: ArrayLike,
    outputs: tuple[ArrayLike, ArrayLike],
    gradients: tuple[ArrayLike, ArrayLike],
    dots: tuple[ArrayLike, ArrayLike],
) -> Figure:
    """Plot a bin's value (RoIPool, RoIAlign) against one side of its box, and the derivatives beneath.

    `dots` are places and differences of neighboring values of RoIAlign, which must lie on its derivative.
    """
    fig, (values, rates) = figure(1, 2, width=8.4, height=4.6)
    for axes, (pooled, aligned) in ((values, outputs), (rates, gradients)):
        axes.plot(side, pooled, **POOL, label="RoIPool")
        axes.plot(side, aligned, **ALIGN, label="RoIAlign")
        axes.set_xlim(np.min(side), np.max(side))
        axes.grid(axis="y")
    rates.plot(*dots, "o", color=INK, markersize=4, label="finite differences")
    values.set_ylabel("value of the bin")
    rates.set(ylabel="derivative, per pixel", xlabel="x1, the left side of the box (pixels)")
    rates.legend(loc="best", fontsize=11)
    return fig


def draw_path(axes: Axes, boxes: FloatArray, color: str, stroke: object) -> None:
    """Draw a sequence of boxes `(T, 4)`, the last one bold."""
    for number, (x1, y1, x2, y2) in enumerate(boxes):
        last = number == len(boxes) - 1
        width, alpha = (2.8, 1.0) if last else (1.0, 0.6)
        patch = Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linestyle=stroke)
        patch.set(linewidth=width, alpha=alpha)
        axes.add_patch(patch)


@styled
def learning(
    features: FloatArray,
    stride: int,
    paths: tuple[FloatArray, FloatArray],
    truth: ArrayLike,
    landscape: tuple[ArrayLike, ArrayLike, ArrayLike],
) -> Figure:
    """Draw how a box is learned on a map (3, H, W): boxes `(T, 4)` by RoIPool and RoIAlign, their errors, the loss.

    `landscape` holds places of x1, and the losses of RoIPool and of RoIAlign there, each divided by its largest.
    """
    fig, (left, middle, right) = figure(3, width=12, height=3.7)
    height, width = (stride * cells for cells in features.shape[1:])
    left.imshow(np.moveaxis(features, 0, -1), extent=(0, width, height, 0), interpolation="nearest")
    chosen = [0, 2, 5, 10, 20, 40, 80, len(paths[1]) - 1]
    draw_path(left, paths[1][chosen], PAPER, "solid")
    draw_path(left, paths[0][-1:], TIGHT, DASHED)
    (x1, y1, x2, y2) = np.asarray(truth, dtype=float)
    span = max(x2 - x1, y2 - y1)
    left.set(xlim=(x1 - span / 2, x2 + span / 2), ylim=(y2 + span / 2, y1 - span / 2), xticks=[], yticks=[])
    left.set_title("the box, step by step")
    beneath(left, "white: by RoIAlign; dashed: by RoIPool", size=11)
    for path, style, name in zip(paths, (POOL, ALIGN), ("RoIPool", "RoIAlign"), strict=True):
        middle.semilogy(np.abs(path - np.asarray(truth)).max(axis=1), **style, label=name)
    middle.set(xlabel="steps of gradient descent", title="error of the worst side (pixels)")
    middle.grid(axis="y")
    middle.legend(fontsize=11)
    place, *losses = landscape
    for loss, style, name in zip(losses, (POOL, ALIGN), ("RoIPool", "RoIAlign"), strict=True):
        right.plot(place, loss, **style, label=name)
    right.axvline(x1, color=INK, linewidth=1)
    right.set(xlabel="x1 (pixels); the line is the truth", title="loss (largest = 1)")
    return fig


@styled
def readings(panels: Sequence[tuple[str, FloatArray, float]], truth: FloatArray) -> Figure:
    """Draw masks (H, W) as read through operators, each with its IoU, and the outline of the true mask."""
    fig, all_axes = figure(len(panels), width=2.6 * len(panels), height=3.0)
    height, width = truth.shape
    for axes, (title, mask, iou) in zip(all_axes, panels, strict=True):
        draw_mask(axes, mask)
        axes.contour(np.arange(width) + 0.5, np.arange(height) + 0.5, truth, [0.5], colors=INK, linewidths=1.5)
        frame(axes, mask_box(truth), square=True)
        axes.set_title(title, size=12)
        beneath(axes, f"IoU {iou:.3f}", weight="bold")
    return fig


@styled
def masks_and_boxes(strides: Sequence[int], means: Mapping[str, ArrayLike]) -> Figure:
    """Plot mean mask IoU and mean box IoU, `(strides, 2)` for each operator, against the stride."""
    fig, all_axes = figure(2, width=9, height=3.2)
    looks = (ALIGN, FAIR_POOL, POOL)
    for side, (axes, title) in enumerate(zip(all_axes, ("mask IoU", "box IoU"), strict=True)):
        for (name, both), look, mark in zip(means.items(), looks, "osD", strict=False):
            axes.plot(range(len(strides)), np.asarray(both)[:, side], **look, marker=mark, label=name)
        axes.set(xticks=range(len(strides)), xticklabels=[f"stride {stride}" for stride in strides], title=title)
        axes.set_ylim(0.4, 1)
        axes.grid(axis="y")
    all_axes[0].legend(loc="lower left", fontsize=11)
    return fig
