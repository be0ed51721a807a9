"""What the pictures of counterexamples share: squared paper, and a mask or a polygon on it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray
from minimask.plots.shapes import draw_box, draw_mask, draw_polygon
from minimask.plots.show import figure, styled
from minimask.plots.style import GRID, MUTED


@styled
def squared_paper(points: ArrayLike) -> tuple[Figure, Axes]:
    """Return a small figure with room for points `(N, 2)`, a grid, and y pointing down."""
    corners = np.asarray(points, dtype=float)
    width, height = np.ptp(corners, axis=0)
    fig, (axes,) = figure(width=3.8, height=float(np.clip(3.8 * height / max(width, 1e-9), 1.6, 2.6)))
    rule(axes, corners)
    return fig, axes


def rule(axes: Axes, points: FloatArray) -> None:
    """Fit axes around points `(N, 2)`, with lines and numbers at whole coordinates, and y pointing down."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    room = max(0.12 * max(right - left, bottom - top), 0.3)
    axes.set(xlim=(left - room, right + room), ylim=(bottom + room, top - room), aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, integer=True))
    axes.spines[["left", "bottom"]].set_visible(True)
    axes.tick_params(labelsize=9, length=0)
    axes.grid(color=GRID)
    axes.set_axisbelow(True)


@styled
def polygon_on_paper(polygon: ArrayLike, beside: ArrayLike = ()) -> tuple[Figure, Axes]:
    """Return a small figure of a polygon `(N, 2)`, with room for the corners of a box `(4,)` beside it."""
    points = np.concatenate([np.asarray(polygon, dtype=float), np.asarray(beside, dtype=float).reshape(-1, 2)])
    fig, axes = squared_paper(points)
    draw_polygon(axes, [polygon])
    rule(axes, points)  # which `draw_polygon` has taken away
    return fig, axes


@styled
def mask_and_boxes(mask: ArrayLike, yours: ArrayLike | None = None, right: ArrayLike | None = None) -> Figure:
    """Draw a mask `(H, W)`, the learner's box dotted, and the right box solid."""
    height, width = np.shape(mask)
    boxes = {kind: np.asarray(box) for kind, box in (("best", right), ("yours", yours)) if box is not None}
    corners = [np.reshape(box, (2, 2)) for box in boxes.values()]
    fig, axes = squared_paper(np.concatenate([[(0, 0), (width, height)], *corners]))
    draw_mask(axes, mask)
    axes.add_patch(Rectangle((0, 0), width, height, fill=False, edgecolor=MUTED, linewidth=1))
    for kind, box in boxes.items():
        draw_box(axes, box, kind, "right" if kind == "best" else kind)
    if boxes:
        fig.legend(loc="outside right upper", fontsize=10)
    return fig
