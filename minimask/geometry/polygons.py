"""Polygons: area, winding, clipping, and the exact area that a polygon shares with a box.

A polygon is `(N, 2)` float, rows `x y` in pixels, wound either way, its last vertex joined to its first. A polygon with
holes is a list of such rings: the outline first, then the holes. Lines may neither cross nor touch themselves.

All exact areas rest on one function, `corner_area`: the area of the part that lies left of x and above y. It does for
polygons what an integral image does for pixels: the area inside any box is a sum of four corner areas.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.boxes import area_unchecked, ratio
from minimask.geometry.checks import (
    FloatArray,
    as_box,
    as_boxes,
    as_float_array,
    as_number,
    as_point,
    as_ring,
    as_rings,
)

BLOCK = 2**20
"""Pairs of points and edges that are worked on at once: 8 MiB for each temporary array."""
THINNEST = 1e-9
"""The share of its tight box that a polygon fills at least; with less, rounding would be most of what is measured."""


def signed_area(polygon: ArrayLike) -> float:
    r"""Return the area of one ring by the shoelace formula, with the sign of its winding.

    .. math:: A = \tfrac12 \sum_k (x_k\, y_{k+1} - x_{k+1}\, y_k)

    Parameters
    ----------
    polygon : array (N, 2)
        One ring, rows `x y` in pixels.

    Returns
    -------
    float
        Square pixels; positive when the ring runs clockwise on the screen, where y points down.

    Raises
    ------
    ValueError, TypeError
        If the ring has fewer than 3 distinct vertices, or a number is not finite.

    Examples
    --------
    >>> signed_area([[0, 0], [4, 0], [4, 3]])
    6.0
    >>> signed_area([[4, 3], [4, 0], [0, 0]])
    -6.0
    """
    return _shoelace(as_ring(polygon))


def _shoelace(ring: FloatArray) -> float:
    # Measured from the first vertex, so that a small ring far from the origin keeps its digits.
    x, y = (ring - ring[0]).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def polygon_area(polygon: ArrayLike | Sequence[ArrayLike]) -> float:
    """Return the area of a polygon in square pixels: its outline's less its holes'.

    Examples
    --------
    >>> polygon_area([[0, 0], [0, 3], [4, 0]])
    6.0
    """
    return _area(checked_rings(polygon))


def _area(rings: list[FloatArray]) -> float:
    outline, *holes = (abs(_shoelace(ring)) for ring in rings)
    return outline - sum(holes)


def rotate_polygon(polygon: ArrayLike, degrees: float, center: ArrayLike | None = None) -> FloatArray:
    """Return one ring turned about a center, clockwise on the screen.

    Parameters
    ----------
    polygon : array (N, 2)
        One ring, rows `x y` in pixels.
    degrees : float
    center : array (2,), optional
        The point that stays; by default the middle of the ring's tight box.

    Returns
    -------
    array (N, 2)

    Examples
    --------
    >>> rotate_polygon([[0, 0], [2, 0], [2, 2]], 90, center=[0, 0]).round(12) + 0.0
    array([[ 0.,  0.],
           [ 0.,  2.],
           [-2.,  2.]])
    """
    ring = as_ring(polygon)
    middle = (ring.min(axis=0) + ring.max(axis=0)) / 2 if center is None else as_point(center, "center")
    return (ring - middle) @ rotation(degrees).T + middle


def rotation(degrees: float) -> FloatArray:
    """Return the matrix `(2, 2)` that turns column vectors `x y`, clockwise on the screen."""
    angle = np.deg2rad(as_number(degrees, "degrees"))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def clip_polygon(polygon: ArrayLike, box: ArrayLike) -> FloatArray:
    """Cut one ring down to a box, a side at a time (Sutherland and Hodgman 1974).

    Where the ring leaves the box and comes back, the result runs along the box's sides; its area is right all the same.

    Parameters
    ----------
    polygon : array (N, 2)
        One ring, rows `x y` in pixels.
    box : array (4,)
        `x1 y1 x2 y2` in pixels.

    Returns
    -------
    array (M, 2)
        Vertices of the part inside; `(0, 2)` if there is none.

    Raises
    ------
    ValueError, TypeError
        If the ring or the box is malformed.

    Examples
    --------
    >>> clip_polygon([[0, 0], [4, 0], [0, 4]], [0, 0, 2, 4])
    array([[0., 0.],
           [2., 0.],
           [2., 2.],
           [0., 4.]])
    """
    ring = as_ring(polygon)
    x1, y1, x2, y2 = as_box(box)
    for axis, bound, sign in ((0, x1, 1), (0, x2, -1), (1, y1, 1), (1, y2, -1)):
        ring = _clip_to_half_plane(ring, axis, sign * bound, sign)
    return ring if len(ring) > 2 else ring[:0]


def _clip_to_half_plane(ring: FloatArray, axis: int, bound: float, sign: int) -> FloatArray:
    """Keep the part of a ring where `sign * coordinate >= bound`."""
    if not len(ring):
        return ring
    inward = sign * ring[:, axis] - bound
    kept = []
    for k, (point, depth) in enumerate(zip(ring, inward, strict=True)):
        previous, depth_before = ring[k - 1], inward[k - 1]
        if (depth >= 0) != (depth_before >= 0):
            crossing = previous + (point - previous) * (depth_before / (depth_before - depth))
            crossing[axis] = sign * bound
            kept.append(crossing)
        if depth >= 0:
            kept.append(point)
    clipped = np.array(kept).reshape(-1, 2)
    return clipped[np.any(clipped != np.roll(clipped, 1, axis=0), axis=1)]


def polygon_edges(polygon: ArrayLike | Sequence[ArrayLike], name: str = "polygon") -> FloatArray:
    """Return a polygon's directed edges, its outline wound clockwise on the screen and its holes the other way.

    Parameters
    ----------
    polygon : array (N, 2) or list of such arrays
        Rows `x y` in pixels; of a list the first ring is the outline and the others are holes.

    Returns
    -------
    array (E, 4)
        Rows `ax ay bx by`: the edge from a to b, with the inside on its right hand as seen on the screen.

    Raises
    ------
    ValueError, TypeError
        If a ring has fewer than 3 distinct vertices or no area, if edges cross or touch, or if a hole lies outside.

    Examples
    --------
    >>> polygon_edges([[0, 0], [0, 1], [1, 0]])
    array([[1., 0., 0., 1.],
           [0., 1., 0., 0.],
           [0., 0., 1., 0.]])
    """
    edges = []
    for k, ring in enumerate(checked_rings(polygon, name)):
        if (_shoelace(ring) > 0) == (k > 0):
            ring = ring[::-1]
        edges.append(np.concatenate([ring, np.roll(ring, -1, axis=0)], axis=1))
    return np.concatenate(edges)


def checked_rings(polygon: ArrayLike | Sequence[ArrayLike], name: str = "polygon") -> list[FloatArray]:
    """Return a polygon's rings, after making sure that no edge crosses or touches another."""
    rings = as_rings(polygon, name)
    for k, ring in enumerate(rings):
        where = name if len(rings) == 1 else f"{name}[{k}]"
        if not np.any(_cross(ring - ring[0], ring[1] - ring[0])):
            raise ValueError(f"{where} has no area: its {len(ring)} vertices lie on a line")
    crossing = _first_crossing(rings)
    if crossing is not None:
        (first, a), (second, b) = crossing
        raise ValueError(
            f"{name} must not cross or touch itself, but its edge {first} at {a.round(6).tolist()} "
            f"meets its edge {second} at {b.round(6).tolist()}"
        )
    for k, hole in enumerate(rings[1:], start=1):
        around = [j for j, ring in enumerate(rings) if j != k and _encloses(ring, hole[0])]
        if around != [0]:
            raise ValueError(f"{name}[{k}] is a hole and must lie inside {name}[0], the outline, and in no other hole")
    box = float(np.ptp(rings[0], axis=0).prod())
    if _area(rings) <= THINNEST * box:
        raise ValueError(f"{name} has next to no area: {_area(rings):.3g} in a box of {box:.3g} square pixels")
    return rings


def _encloses(ring: FloatArray, point: FloatArray) -> bool:
    """Return whether a point lies inside a ring: whether a ray from it meets the ring an odd number of times."""
    a, b = ring, np.roll(ring, -1, axis=0)
    level = (a[:, 1] > point[1]) != (b[:, 1] > point[1])
    ahead = _side(a, b, point) == np.sign(b - a)[:, 1]
    return bool(np.sum(level & ahead) % 2)


def _first_crossing(rings: list[FloatArray]) -> tuple[tuple[int, FloatArray], tuple[int, FloatArray]] | None:
    """Return two edges that meet elsewhere than where one ends and the next begins, or None."""
    a = np.concatenate(rings)
    b = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    firsts = np.cumsum([0, *map(len, rings)])
    following = np.concatenate([np.roll(np.arange(i, j), -1) for i, j in pairwise(firsts)])
    low, high = np.minimum(a, b), np.maximum(a, b)
    for k in range(len(a) - 1):
        others = np.arange(k + 1, len(a))
        near = np.all((low[others] <= high[k]) & (low[k] <= high[others]), axis=1)
        near &= (following[k] != others) & (following[others] != k)
        others = others[near]
        sides = _side(a[k], b[k], a[others]) * _side(a[k], b[k], b[others])
        sides_back = _side(a[others], b[others], a[k]) * _side(a[others], b[others], b[k])
        meets = others[(sides <= 0) & (sides_back <= 0)]
        if meets.size:
            return (k, a[k]), (int(meets[0]), a[meets[0]])
    # Neighbors meet by right; they may not fold back onto each other.
    step, next_step = b - a, (b - a)[following]
    folds = (_cross(step, next_step) == 0) & (np.sum(step * next_step, axis=1) < 0)
    if folds.any():
        k = int(np.flatnonzero(folds)[0])
        return (k, a[k]), (int(following[k]), a[following[k]])
    return None


def _cross(u: FloatArray, v: FloatArray) -> FloatArray:
    product: FloatArray = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    return product


def _side(a: FloatArray, b: FloatArray, point: FloatArray) -> FloatArray:
    """Return on which side of the line from a to b a point lies: -1, 0 (on it) or 1."""
    return np.sign(_cross(b - a, point - a))


def corner_area(edges: ArrayLike, x: ArrayLike, y: ArrayLike) -> FloatArray:
    r"""Return the area of the part of a shape that lies left of x and above y.

    Walk along the edges. Each contributes the area between itself and the horizontal line at y, as far as it lies above
    that line and left of x: added when the edge runs to the right, taken away when it runs to the left,

    .. math:: \Phi(x, y) = \sum_e \operatorname{sign}(\Delta x_e) \int_{x' \le x} \max(y - y_e(x'), 0)\, dx' .

    The integrand is linear until the edge meets the line, so each term is a trapezoid or a triangle.

    Parameters
    ----------
    edges : array (E, 4)
        Directed edges as `polygon_edges` and `mask_edges` make them.
    x, y : arrays that broadcast to one shape S
        Corners, in pixels.

    Returns
    -------
    array S
        Areas in square pixels.

    Examples
    --------
    >>> edges = polygon_edges([[0, 0], [4, 0], [4, 4], [0, 4]])
    >>> corner_area(edges, [1, 9, 9], [1, 2, 9])
    array([ 1.,  8., 16.])
    """
    edges = as_float_array(edges, "edges")
    if edges.ndim != 2 or edges.shape[1] != 4:
        raise ValueError(f"edges must have shape (E, 4) with rows ax ay bx by, got shape {edges.shape}")
    x, y = np.broadcast_arrays(as_float_array(x, "x"), as_float_array(y, "y"))
    return corner_area_unchecked(edges, x.ravel(), y.ravel()).reshape(x.shape)


def corner_area_unchecked(edges: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the corner areas `(P,)` of points `(P,)` that were validated before."""
    y = np.minimum(y, edges[:, 1::2].max(initial=-np.inf))  # lower lies nothing, and large numbers cost digits
    edges = edges[edges[:, 0] != edges[:, 2]]  # a vertical edge has nothing above or below it
    sign = np.sign(edges[:, 2] - edges[:, 0])
    left, left_y, right, right_y = np.where(sign > 0, edges.T, edges.T[[2, 3, 0, 1]])
    width, rise = right - left, right_y - left_y
    area = np.empty(x.shape)
    block = max(1, BLOCK // max(1, len(edges)))
    for start in range(0, len(x), block):
        part = slice(start, start + block)
        reached = np.clip((x[part, None] - left) / width, 0, 1)  # the fraction of the edge left of x
        depth = y[part, None] - left_y  # of the edge's left end above the line; negative below it
        depth_reached = depth - reached * rise
        area[part] = _mean_positive(depth, depth_reached) * reached @ (sign * width)
    return area


def _mean_positive(start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the mean of `max(value, 0)` while a value goes linearly from start to end."""
    above_start, above_end = np.maximum(start, 0), np.maximum(end, 0)
    span = end - start
    share = np.divide(above_end - above_start, span, out=np.ones_like(span), where=span != 0)
    mean: FloatArray = (above_start + above_end) / 2 * share
    return mean


def polygon_box_intersection(polygon: ArrayLike | Sequence[ArrayLike], boxes: ArrayLike) -> FloatArray:
    """Return the exact area that a polygon shares with each box.

    Parameters
    ----------
    polygon : array (N, 2) or list of such arrays
        Rows `x y` in pixels; of a list the first ring is the outline and the others are holes.
    boxes : array (M, 4)
        Rows `x1 y1 x2 y2` in pixels.

    Returns
    -------
    array (M,)
        Areas in square pixels.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or the polygon crosses or touches itself.

    Examples
    --------
    >>> polygon_box_intersection([[0, 0], [4, 0], [0, 4]], [[0, 0, 2, 2], [2, 2, 4, 4]])
    array([4., 0.])
    """
    return edges_box_intersection(polygon_edges(polygon), as_boxes(boxes))


def edges_box_intersection(edges: FloatArray, boxes: FloatArray) -> FloatArray:
    """Return the area `(M,)` that the shape within directed edges shares with each box."""
    boxes = boxes.astype(np.float64)
    x1, y1, x2, y2 = boxes.T
    corners = corner_area_unchecked(edges, np.concatenate([x1, x2, x1, x2]), np.concatenate([y1, y1, y2, y2]))
    top_left, top_right, bottom_left, bottom_right = corners.reshape(4, -1)
    return np.clip(bottom_right - bottom_left - top_right + top_left, 0, area_unchecked(boxes))


def polygon_box_iou(polygon: ArrayLike | Sequence[ArrayLike], boxes: ArrayLike) -> FloatArray:
    """Return the exact IoU of a polygon with each box.

    Parameters
    ----------
    polygon : array (N, 2) or list of such arrays
        Rows `x y` in pixels; of a list the first ring is the outline and the others are holes.
    boxes : array (M, 4)
        Rows `x1 y1 x2 y2` in pixels.

    Returns
    -------
    array (M,)
        IoU in [0, 1].

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or the polygon crosses or touches itself.

    Examples
    --------
    >>> polygon_box_iou([[0, 0], [4, 0], [0, 4]], [[0, 0, 4, 4]])
    array([0.5])
    """
    boxes = as_boxes(boxes).astype(np.float64)
    area = polygon_area(polygon)
    intersection = np.minimum(polygon_box_intersection(polygon, boxes), area)  # rounding makes no IoU above 1
    return ratio(intersection, area + area_unchecked(boxes) - intersection)
