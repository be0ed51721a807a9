"""The pictures of chapter 1: shapes with their tight and best boxes, and how high boxes can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minimask.geometry.balance import balance, sides_inside
from minimask.geometry.ceilings import Shape, as_shape, best_box, edges_box, tight_box
from minimask.geometry.checks import as_rings
from minimask.geometry.masks import mask_box
from minimask.plots.shapes import beneath, draw_box, draw_mask, draw_polygon, frame
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, SHAPE_EDGE, TIGHT


def draw_shape(axes: Axes, shape: Shape, *, square: bool = False) -> None:
    """Draw a mask or a polygon and frame the axes around it, as a square if asked for."""
    mask, edges = as_shape(shape)
    if mask is None:
        draw_polygon(axes, as_rings(shape))
        frame(axes, edges_box(edges), square=square)
    else:
        draw_mask(axes, mask)
        frame(axes, mask_box(mask), square=square)


@styled
def tight_and_best(shapes: Mapping[str, Shape], width: float = 2.35) -> Figure:
    """Draw each shape, `width` inches wide, with its tight box (dashed), its best box (solid), and both IoU beneath."""
    fig, panels = figure(len(shapes), width=width * len(shapes), height=3.1)
    for axes, (name, shape) in zip(panels, shapes.items(), strict=True):
        (tight, tight_iou), (best, best_iou) = tight_box(shape), best_box(shape)
        draw_shape(axes, shape, square=len(shapes) > 1)
        draw_box(axes, tight, "tight")
        draw_box(axes, best, "best")
        axes.set_title(name)
        beneath(axes, f"tight {tight_iou:.3f}", color=TIGHT)
        beneath(axes, f"best {best_iou:.3f}", line=1, color=BEST, weight="bold")
    return fig


@styled
def balanced(shapes: Mapping[str, Shape]) -> Figure:
    """Draw each shape with its best box, and the parts of the box's sides that lie inside the shape."""
    fig, panels = figure(len(shapes), width=2.6 * len(shapes), height=3.1)
    for axes, (name, shape) in zip(panels, shapes.items(), strict=True):
        box, iou = best_box(shape)
        sides = sides_inside(shape, box)
        draw_shape(axes, shape, square=True)
        draw_box(axes, box, "best")
        for k, side in enumerate(sides):
            for piece in side.pieces:
                along, across = piece, [box[k], box[k]]
                axes.plot(*((across, along) if k % 2 == 0 else (along, across)), color=HIGHLIGHT, linewidth=6)
        axes.set_title(name)
        inside = ", ".join(f"{side.inner:.0%}" for side in sides)
        beneath(axes, f"inside {inside}", size=11)
        beneath(axes, f"λ / (1 + λ) = {balance(iou):.0%}", line=1, size=11, color=MUTED)
    return fig


@styled
def turning(curves: Mapping[str, tuple[ArrayLike, ArrayLike]], degrees: ArrayLike) -> Figure:
    """Plot tight (dashed) and best IoU of each shape against the angle by which it is turned."""
    columns = (len(curves) + 1) // 2
    fig, panels = figure(columns, 2, width=2.3 * columns, height=5.0)
    for number, (axes, (name, (tight, best))) in enumerate(zip(panels, curves.items(), strict=False)):
        axes.fill_between(np.asarray(degrees), np.asarray(tight), np.asarray(best), color=BEST, alpha=0.15, linewidth=0)
        axes.plot(degrees, tight, color=TIGHT, linestyle=(0, (5, 2)), label="tight box")
        axes.plot(degrees, best, color=BEST, label="best box")
        axes.set(title=name, ylim=(0, 1.03), xlim=(0, 180), xticks=[0, 90, 180], yticks=[0, 0.5, 1])
        axes.grid(axis="y")
        if number >= columns:
            axes.set_xlabel("turned by (degrees)")
        if number % columns == 0:
            axes.set_ylabel("IoU")
    for axes in panels[len(curves) :]:
        axes.remove()
    panels[0].legend(loc="lower left", fontsize=11, handlelength=1.8)
    return fig


@styled
def strips(groups: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Plot the tight and best ceilings of groups of objects, a dot an object, joined by a line."""
    fig, (axes,) = figure(width=9, height=0.9 + 0.75 * len(groups))
    rng = np.random.default_rng(0)
    for row, (tight, best) in enumerate(groups.values()):
        tight, best = np.atleast_1d(tight), np.atleast_1d(best)
        y = row + (rng.uniform(-0.28, 0.28, len(tight)) if len(tight) > 1 else np.zeros(1))
        axes.hlines(y, tight, best, color=MUTED, alpha=0.35, linewidth=1)
        axes.plot(tight, y, "D", color=TIGHT, markersize=5, label="tight box" if row == 0 else None)
        axes.plot(best, y, "o", color=BEST, markersize=6, label="best box" if row == 0 else None)
    axes.set(yticks=range(len(groups)), yticklabels=list(groups), xlim=(0, 1.02), xlabel="IoU with the object")
    axes.set_ylim(len(groups) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(axis="x")
    axes.legend(loc="lower left", fontsize=11)
    return fig


@styled
def covers(shape: Shape, panels: Sequence[tuple[str, Sequence[ArrayLike], float]]) -> Figure:
    """Draw a shape once for each cover: its title, its boxes (`(4,)`, or corners `(4, 2)`), and its IoU."""
    fig, all_axes = figure(len(panels), width=2.4 * len(panels), height=2.6)
    for axes, (title, boxes, iou) in zip(all_axes, panels, strict=True):
        draw_shape(axes, shape)
        for box in boxes:
            draw_box(axes, box, "tight" if title == "tight box" else "best")
        axes.set_title(title, size=12)
        beneath(axes, f"IoU {iou:.3f}", weight="bold")
    return fig


@styled
def bars(values: Mapping[str, float], label: str) -> Figure:
    """Draw one horizontal bar for each value, with the number at its end."""
    fig, (axes,) = figure(width=8, height=0.7 + 0.45 * len(values))
    places = list(range(len(values)))
    axes.barh(places, list(values.values()), color=[TIGHT, BEST, BEST, SHAPE_EDGE][: len(values)], height=0.6)
    for place, value in zip(places, values.values(), strict=True):
        axes.text(value + 0.012, place, f"{value:.3f}", va="center", weight="bold")
    axes.set(yticks=places, yticklabels=list(values), xlim=(0, 1.12), xlabel=label)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    return fig
