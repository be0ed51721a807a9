r"""The balance rule: where the sides of the best box lie.

To move a side of length L outward by a little d adds :math:`L d s` to the intersection and :math:`L d (1 - s)` to the
union, where s is the fraction of the side inside the shape. That raises the ratio as long as :math:`s / (1 - s)` is
more than the IoU; so at the best box of a smooth outline every side has the fraction

.. math:: s = \frac{\mathrm{IoU}}{1 + \mathrm{IoU}}

of its length inside. Where a side rests on a straight edge of the shape, s jumps: more lies inside just within the box,
less just without, and the balance lies between.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.ceilings import Shape, as_shape
from minimask.geometry.checks import FloatArray, as_box
from minimask.geometry.masks import mask_edges

SIDES = ("left", "top", "right", "bottom")
"""The names of a box's sides, in the order of its coordinates."""

HAIR = 1e-6
"""How far inside or outside a box its sides are read, as a share of its size."""


class Side(NamedTuple):
    """How much of one side of a box lies inside a shape.

    `inner` is the share of the side's length inside the shape just within the box, `outer` the same just without. The
    two differ only where a side rests on an edge of the shape. `pieces (P, 2)` are the parts themselves, from and to.
    """

    pieces: FloatArray
    inner: float
    outer: float


def balance(iou: float) -> float:
    """Return the share of a side inside the shape at which moving it neither gains nor loses: IoU / (1 + IoU).

    Examples
    --------
    >>> balance(1.0)
    0.5
    """
    return iou / (1 + iou)


def sides_inside(shape: Shape, box: ArrayLike) -> list[Side]:
    """Return how much of each side of a box lies inside a shape.

    Parameters
    ----------
    shape : Boolean mask (H, W), polygon (N, 2), or a list of polygons: an outline and its holes
    box : array (4,)
        `x1 y1 x2 y2` in pixels, with a width and a height above 0.

    Returns
    -------
    list of Side
        In the order left, top, right, bottom.

    Raises
    ------
    ValueError, TypeError
        If the shape or the box is malformed, or the box has no area.

    Examples
    --------
    >>> left, top, right, bottom = sides_inside([[0, 0], [4, 0], [0, 4]], [0, 0, 2, 2])
    >>> round(right.inner, 3), round(right.outer, 3), round(left.inner, 3), left.outer
    (1.0, 1.0, 1.0, 0.0)
    """
    mask, edges = as_shape(shape)
    box = as_box(box).astype(np.float64)  # a hair's breadth is less than float32 can tell
    if box[0] == box[2] or box[1] == box[3]:
        raise ValueError(f"box must have a width and a height above 0, got {box.tolist()}")
    return sides_inside_edges(edges if mask is None else mask_edges(mask), box)


def sides_inside_edges(edges: FloatArray, box: FloatArray) -> list[Side]:
    """Return how much of each side of a box `(4,)` lies inside the shape within directed edges `(E, 4)`."""
    sides = []
    for k, at in enumerate(box):
        axis = k % 2
        extent, hair = box[[1 - axis, 3 - axis]], HAIR * (box[axis + 2] - box[axis]) * (1 if k < 2 else -1)
        within, without = (np.clip(_inside_intervals(edges, axis, at + h), *extent) for h in (hair, -hair))
        inner, outer = (float(np.sum(pieces[:, 1] - pieces[:, 0]) / np.ptp(extent)) for pieces in (within, without))
        sides.append(Side(within[within[:, 1] > within[:, 0]], inner, outer))
    return sides


def _inside_intervals(edges: FloatArray, axis: int, at: float) -> FloatArray:
    """Return the parts `(P, 2)` of an upright (axis 0, x = at) or level (axis 1) line that lie inside a shape."""
    a, b = edges[:, axis], edges[:, axis + 2]
    crossed = (a > at) != (b > at)  # half open, so that a vertex on the line counts once
    start, end = edges[crossed, 1 - axis], edges[crossed, 3 - axis]
    cuts = start + (end - start) * (at - a[crossed]) / (b[crossed] - a[crossed])
    return np.sort(cuts).reshape(-1, 2)
