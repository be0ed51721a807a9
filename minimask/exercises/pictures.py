"""Small pictures of counterexamples: what went in, and what the learner's function made of it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minimask.geometry.balance import sides_inside
from minimask.geometry.checks import BoolArray, FloatArray
from minimask.plots.shapes import KINDS, draw_box, draw_mask, draw_polygon
from minimask.plots.show import figure, styled
from minimask.plots.style import GRID, HIGHLIGHT, INK, MUTED, SHAPE, SHAPE_EDGE, TIGHT

Box = tuple[float, float, float, float]


@styled
def two_boxes(expected: float | None, answer: float | None, box_a: Box, box_b: Box) -> Figure:
    """Draw two boxes, with what they share hatched."""
    fig, axes = _paper(np.array([box_a, box_b]))
    for box, name, color, line in ((box_a, "a", SHAPE_EDGE, "-"), (box_b, "b", TIGHT, "--")):
        x1, y1, x2, y2 = box
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, facecolor=color, alpha=0.15))
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linestyle=line, linewidth=2))
        side = 0.0 if name == "a" else 1.0
        corner = (x1, y1) if name == "a" else (x2, y2)
        offset = (4, -4) if name == "a" else (-4, 4)
        axes.annotate(
            name,
            corner,
            offset,
            textcoords="offset points",
            color=color,
            weight="bold",
            ha="left" if side == 0 else "right",
            va="top" if side == 0 else "bottom",
        )
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = box_a, box_b
    corner, end = (max(ax1, bx1), max(ay1, by1)), (min(ax2, bx2), min(ay2, by2))
    if corner[0] < end[0] and corner[1] < end[1]:
        size = end[0] - corner[0], end[1] - corner[1]
        axes.add_patch(Rectangle(corner, *size, fill=False, hatch="////", edgecolor=INK, linewidth=0))
    return fig


@styled
def ring(expected: float | None, answer: float | None, polygon: FloatArray) -> Figure:
    """Draw a polygon with its vertices numbered in their order."""
    fig, axes = _paper(polygon)
    limits = axes.get_xlim(), axes.get_ylim()
    draw_polygon(axes, [polygon])
    axes.set(xlim=limits[0], ylim=limits[1])
    _ticks(axes)
    center = polygon.mean(axis=0)
    for number, (x, y) in enumerate(polygon):
        away = np.array([x, y]) - center
        away = 9 * away / (np.hypot(*away) or 1.0)
        axes.plot(x, y, "o", color=SHAPE_EDGE, markersize=5)
        axes.annotate(str(number), (x, y), (away[0], -away[1]), textcoords="offset points", ha="center", va="center")
    return fig


@styled
def pixels(expected: object, answer: Box | None, mask: BoolArray) -> Figure:
    """Draw a mask, the learner's box dotted and, where the right box is the only one, that one solid."""
    height, width = mask.shape
    drawn = [("yours", answer), ("best", expected if isinstance(expected, tuple) else None)]
    corners = [np.reshape(box, (2, 2)) for _, box in drawn if box is not None]
    fig, axes = _paper(np.concatenate([[(0, 0), (width, height)], *corners]))
    limits = axes.get_xlim(), axes.get_ylim()
    draw_mask(axes, mask)
    axes.set(xlim=limits[0], ylim=limits[1])
    axes.add_patch(Rectangle((0, 0), width, height, fill=False, edgecolor=MUTED, linewidth=1))
    for kind, box in drawn:
        if box is not None:
            draw_box(axes, box, kind, label="yours (dotted)" if kind == "yours" else "right (solid)")
    if corners:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=10)
    return fig


@styled
def row(expected: float | None, answer: tuple[int, int] | None, weights: FloatArray) -> Figure:
    """Draw a row of weights as bars, and the learner's interval as a dotted frame."""
    fig, (axes,) = figure(width=max(2.6, 0.55 * len(weights) + 1.4), height=2.2)
    places = np.arange(len(weights)) + 0.5
    axes.bar(places, weights, width=0.8, color=np.where(weights < 0, TIGHT, SHAPE))
    axes.axhline(0, color=MUTED, linewidth=1)
    low, high = min(weights.min(), 0.0), max(weights.max(), 0.0)
    room = 0.25 * (high - low or 1.0)
    for place, weight in zip(places, weights, strict=True):
        axes.annotate(
            f"{weight:g}",
            (place, weight),
            (0, 3 if weight >= 0 else -3),
            textcoords="offset points",
            ha="center",
            va="bottom" if weight >= 0 else "top",
            size=10,
        )
    axes.set(ylim=(low - room, high + room), xlim=(-0.1, len(weights) + 0.1), yticks=[])
    axes.set_xticks(np.arange(len(weights) + 1))
    if answer is not None and answer[0] < answer[1]:
        i, j = answer
        stroke = {key: value for key, value in KINDS["yours"].items()}
        axes.add_patch(
            Rectangle((i, low - 0.9 * room), j - i, high - low + 1.8 * room, fill=False, linewidth=2.4, **stroke)
        )
    return fig


@styled
def sides(expected: object, answer: object, polygon: FloatArray, box: Box) -> Figure:
    """Draw a polygon and a box, with the parts of the box's sides that lie inside the polygon drawn thick."""
    fig, axes = _paper(np.concatenate([polygon, np.reshape(box, (2, 2))]))
    limits = axes.get_xlim(), axes.get_ylim()
    draw_polygon(axes, [polygon])
    axes.set(xlim=limits[0], ylim=limits[1])
    _ticks(axes)
    draw_box(axes, box, "best")
    for k, side in enumerate(sides_inside(polygon, box)):
        for piece in side.pieces:
            line = (piece, [box[k]] * 2) if k % 2 else ([box[k]] * 2, piece)
            axes.plot(*line, color=HIGHLIGHT, linewidth=6, solid_capstyle="butt")
    return fig


def _paper(points: ArrayLike) -> tuple[Figure, Axes]:
    """Return a small figure on squared paper that has room for points `(..., 2)`, with y pointing down."""
    corners = np.reshape(np.asarray(points, dtype=float), (-1, 2))
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = 0.12 * max(*(high - low), 1.0)
    fig, (axes,) = figure(width=3.8, height=2.6)
    axes.set(xlim=(low[0] - margin, high[0] + margin), ylim=(high[1] + margin, low[1] - margin), aspect="equal")
    _ticks(axes)
    return fig, axes


def _ticks(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    axes.tick_params(labelsize=9, length=0)
    axes.grid(color=GRID)
    axes.set_axisbelow(True)
