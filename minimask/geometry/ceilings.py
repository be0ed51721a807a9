r"""Ceilings: how well one box can describe a shape.

The tight box is the smallest that holds the whole shape, and its IoU is `area / box area`. The best box is the one with
the highest IoU, and it is smaller: giving up a corner that is mostly empty costs little intersection and saves much
union. Its IoU is the true ceiling of everything that speaks in boxes.

To maximize a ratio I / U is a fractional program, and Dinkelbach's method (Management Science 13, 1967) solves it with
a series of differences. At the present ratio :math:`\lambda` maximize :math:`I - \lambda U`; if the maximum is above 0
its box has a higher ratio, which is the next :math:`\lambda`; if it is 0 no box has. With :math:`U = A + |B| - I`, the
part that depends on the box B is :math:`(1 + \lambda) I - \lambda |B|`: a sum over the box's pixels, of which each
counts 1 inside the shape and :math:`-\lambda` outside. So every step is a maximum-sum rectangle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.boxes import area_unchecked
from minimask.geometry.checks import BoolArray, FloatArray, IntArray, as_array, as_float_array, as_mask
from minimask.geometry.masks import corner_areas, mask_box, mask_corner_areas
from minimask.geometry.polygons import edges_box_intersection, polygon_edges

Shape = ArrayLike | Sequence[ArrayLike]

LINES = 65
"""Grid lines per axis in the first, global look at a polygon."""
RIVALS = 8
"""Boxes on the grid that are refined at most: the best one, and others nearly as good."""
NEAR = 0.003
"""How far the IoU of those others may lie below the best one's."""
APART = 0.01
"""How far at least one of their sides lies from the same side of any better one, as a share of the shape's size."""
BAND_BLOCK = 32
"""Top rows whose bands are worked on at once, so that the arrays stay in the processor's cache."""


def tight_box(shape: Shape) -> tuple[FloatArray, float]:
    """Return the smallest box around a shape, and its IoU with the shape.

    Parameters
    ----------
    shape : Boolean mask (H, W), polygon (N, 2), or a list of polygons: an outline and its holes

    Returns
    -------
    box : array (4,)
        `x1 y1 x2 y2` in pixels.
    iou : float
        The share of the box that the shape fills.

    Raises
    ------
    ValueError, TypeError
        If the shape is malformed, empty, or crosses itself.

    Examples
    --------
    >>> tight_box([[0, 0], [4, 0], [2, 3]])
    (array([0., 0., 4., 3.]), 0.5)
    """
    mask, edges = as_shape(shape)
    box = mask_box(mask) if mask is not None else edges_box(edges)
    area = float(mask.sum()) if mask is not None else edges_area(edges)
    return box, area / float(area_unchecked(box[None])[0])


def best_box(shape: Shape) -> tuple[FloatArray, float]:
    """Return the box of highest IoU with a shape, and that IoU.

    For a mask the answer is exact: of all boxes along the pixels' sides (and so of all boxes: between two pixel lines
    the IoU is monotone) none is better. For a polygon the best boxes on a grid of lines are refined until their sides
    are right to a millionth of the shape's size.

    Parameters
    ----------
    shape : Boolean mask (H, W), polygon (N, 2), or a list of polygons: an outline and its holes

    Returns
    -------
    box : array (4,)
        `x1 y1 x2 y2` in pixels.
    iou : float

    Raises
    ------
    ValueError, TypeError
        If the shape is malformed, empty, or crosses itself.

    Examples
    --------
    >>> box, iou = best_box([[0, 0], [4, 0], [0, 4]])  # half a square: tight box 0.5
    >>> box.round(4), round(iou, 6)
    (array([0.    , 0.    , 2.8284, 2.8284]), 0.707107)
    """
    mask, edges = as_shape(shape)
    return best_box_of_mask(mask) if mask is not None else best_box_of_edges(edges)


def as_shape(shape: Shape) -> tuple[BoolArray | None, FloatArray]:
    """Return a shape as `(mask, no edges)` if it is a mask, else as `(None, edges (E, 4))`."""
    if isinstance(shape, list | tuple) and shape and as_array(shape[0], "shape[0]").ndim == 2:
        return None, polygon_edges(shape, "shape")
    array = as_array(shape, "shape")
    if array.dtype == np.bool_:
        mask = as_mask(array, "shape")
        if not mask.any():
            raise ValueError(f"shape must have at least one pixel set, got an empty mask of shape {mask.shape}")
        return mask, np.zeros((0, 4))
    if array.ndim == 2 and array.shape[1] == 2:
        return None, polygon_edges(array, "shape")
    raise TypeError(
        "shape must be a Boolean mask (H, W) or a polygon (N, 2) of numbers, "
        f"got dtype {array.dtype} and shape {array.shape}; a mask of numbers is turned into one by e.g. `shape > 0`"
    )


def edges_box(edges: FloatArray) -> FloatArray:
    """Return the tight box `(4,)` of the shape within directed edges."""
    return np.concatenate([edges[:, :2].min(axis=0), edges[:, :2].max(axis=0)])


def edges_area(edges: FloatArray) -> float:
    """Return the area of the shape within directed edges."""
    return float(edges_box_intersection(edges, edges_box(edges)[None])[0])


def best_box_of_mask(mask: BoolArray) -> tuple[FloatArray, float]:
    """Return the exact best box of a mask, and its IoU."""
    x1, y1, x2, y2 = mask_box(mask).astype(int)  # nothing is gained by going outside the tight box
    inside = mask_corner_areas(mask[y1:y2, x1:x2])
    xs, ys = np.arange(x2 - x1 + 1), np.arange(y2 - y1 + 1)
    # A first answer on every eighth line spares most of the steps on all lines.
    columns, rows = (np.append(lines[:-1:8], lines[-1]) for lines in (xs, ys))
    coarse, _ = best_on_lines(inside[np.ix_(rows, columns)], columns, rows)
    box, iou = best_on_lines(inside, xs, ys, start=coarse.astype(int))
    return box + np.array([x1, y1, x1, y1]), iou


def best_on_lines(
    inside: FloatArray, xs: np.ndarray, ys: np.ndarray, start: np.ndarray | None = None
) -> tuple[FloatArray, float]:
    """Return the best of all boxes whose sides lie on given lines, by Dinkelbach's method.

    Parameters
    ----------
    inside : array (R + 1, C + 1)
        The shape's corner area at each crossing of the lines; the last entry is its whole area.
    xs : array (C + 1,)
    ys : array (R + 1,)
        The lines, rising, in pixels. Whole numbers make the result exact.
    start : array (4,), optional
        A box to begin with, `x1 y1 x2 y2` as indices into `xs` and `ys`; by default all.

    Returns
    -------
    box : array (4,)
    iou : float
    """
    total = inside[-1, -1]
    below = np.multiply.outer(np.asarray(ys - ys[0], dtype=float), np.asarray(xs - xs[0], dtype=float))
    x1, y1, x2, y2 = (0, 0, len(xs) - 1, len(ys) - 1) if start is None else start
    intersection, union = 0.0, 1.0
    while True:
        found = _inside(inside, x1, y1, x2, y2)
        found_union = total + _inside(below, x1, y1, x2, y2) - found
        if found * union <= intersection * found_union:
            break
        intersection, union = found, found_union
        best = (xs[x1], ys[y1], xs[x2], ys[y2])
        # The weights (1 + I/U) inside - I/U, times U: whole numbers stay whole, so that no rounding can mislead. Of
        # these the present box has I times the whole area: no band of rows with less needs to be looked at.
        weighted = (union + intersection) * inside - intersection * below
        x1, y1, x2, y2 = _max_rectangle(weighted, least=intersection * total)
    return np.array(best, dtype=np.float64), float(intersection / union)


def _inside(corners: FloatArray, x1: int, y1: int, x2: int, y2: int) -> float:
    """Return the sum inside a box, given by indices, from the corner sums."""
    return float(corners[y2, x2] - corners[y1, x2] - corners[y2, x1] + corners[y1, x1])


def max_sum_rectangle(weights: ArrayLike) -> tuple[tuple[int, int, int, int], float]:
    """Return the rectangle of largest sum in a matrix, and that sum.

    Every band of rows is squeezed into one row of column sums, and in that row the best interval is found in one pass:
    at each column, the sum so far less the lowest sum before (Kadane's algorithm; Bentley, CACM 27, 1984).

    Parameters
    ----------
    weights : array (R, C)

    Returns
    -------
    rectangle : (x1, y1, x2, y2)
        Columns x1 to x2 - 1 and rows y1 to y2 - 1; never empty, even where all weights are negative.
    total : float

    Raises
    ------
    ValueError, TypeError
        If the matrix is empty, not two-dimensional, or not finite.

    Examples
    --------
    >>> max_sum_rectangle([[-1, 2], [-3, 5]])
    ((1, 0, 2, 2), 7.0)
    """
    array = as_float_array(weights, "weights").astype(np.float64)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"weights must have shape (R, C) with R, C >= 1, got shape {array.shape}")
    corners = np.zeros((array.shape[0] + 1, array.shape[1] + 1))
    np.cumsum(np.cumsum(array, axis=0), axis=1, out=corners[1:, 1:])
    x1, y1, x2, y2 = _max_rectangle(corners, -np.inf)
    return (x1, y1, x2, y2), _inside(corners, x1, y1, x2, y2)


def _max_rectangle(corners: FloatArray, least: float) -> tuple[int, int, int, int]:
    """Return the indices x1 y1 x2 y2 of the largest `_inside`; the shorter axis makes the bands."""
    if corners.shape[0] > corners.shape[1]:
        y1, x1, y2, x2 = _max_rectangle(corners.T, least)
        return x1, y1, x2, y2
    best, band = -np.inf, (0, 1)
    for first_top, first_bottom, gain in _promising_bands(corners, least):
        if gain.max() > best:
            best = gain.max()
            top, bottom = np.unravel_index(gain.argmax(), gain.shape)
            band = (first_top + int(top), first_bottom + int(bottom))
    x1, y1, x2, y2 = _best_in_bands(corners, *np.array([band]).T)[0].tolist()
    return x1, y1, x2, y2


def _promising_bands(corners: FloatArray, least: float) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield block by block the first top line, the first bottom line, and the largest sum `(T, B)` in each band.

    No rectangle has more than all that is positive in its band. Bands in which this is less than `least` are left out,
    but for some that lie in a block with others; most are, if `least` is close to the best.
    """
    columns = np.ascontiguousarray(corners.T)
    weights = np.diff(np.diff(corners, axis=0), axis=1)
    rounding = 8 * np.finfo(np.float64).eps * weights.size * float(np.abs(corners).max())
    above = np.append(0.0, np.cumsum(np.maximum(weights, 0).sum(axis=1)))  # all that is positive above each line
    bottoms = np.maximum(np.searchsorted(above, above + (least - rounding)), np.arange(1, len(above) + 1))
    tops = np.count_nonzero(bottoms < len(above))
    for first in range(0, tops, BAND_BLOCK):
        last = min(first + BAND_BLOCK, tops)
        yield (
            first,
            bottoms[first],
            _band_gains(columns[:, first:last], columns[:, bottoms[first] :], bottoms[first] - first),
        )


def _band_gains(tops: FloatArray, bottoms: FloatArray, ahead: int) -> FloatArray:
    """Return the largest sum `(T, B)` in each band of rows, from the corner sums `(C + 1, T)` and `(C + 1, B)`.

    The first bottom line lies `ahead` lines below the first top line, at least 1; a band whose bottom does not lie
    below its top has -inf.
    """
    lowest = np.full((tops.shape[1], bottoms.shape[1]), np.inf)
    gain, sums, rise = np.full_like(lowest, -np.inf), np.empty_like(lowest), np.empty_like(lowest)
    for top, bottom in zip(tops, bottoms, strict=True):  # `sums`: all that lies left of this column, in each band
        np.subtract(bottom[None, :], top[:, None], out=sums)
        np.maximum(gain, np.subtract(sums, lowest, out=rise), out=gain)
        np.minimum(lowest, sums, out=lowest)
    gain[np.tri(gain.shape[0], gain.shape[1], k=-ahead, dtype=bool)] = -np.inf
    return gain


def _best_in_bands(corners: FloatArray, tops: IntArray, bottoms: IntArray) -> IntArray:
    """Return the indices x1 y1 x2 y2 `(K, 4)` of the largest `_inside` between each of K pairs of rows."""
    sums = corners[bottoms] - corners[tops]
    rises = sums[:, 1:] - np.minimum.accumulate(sums, axis=1)[:, :-1]
    end = rises.argmax(axis=1) + 1
    start = np.where(np.arange(corners.shape[1]) < end[:, None], sums, np.inf).argmin(axis=1)
    return np.stack([start, tops, end, bottoms], axis=1)


def best_box_of_edges(edges: FloatArray, lines: int = LINES, rivals: int = RIVALS) -> tuple[FloatArray, float]:
    """Return the best box of the shape within directed edges, and its IoU."""
    xs, ys = (grid_lines(edges[:, axis], lines) for axis in (0, 1))
    inside = corner_areas(edges, xs, ys)
    _, iou = best_on_lines(inside, xs, ys)
    # What wins on the grid need not win between its lines, so that boxes nearly as good are refined as well.
    corners = (1 + iou) * inside - iou * np.multiply.outer(ys - ys[0], xs - xs[0])
    least = (iou - NEAR) * inside[-1, -1]
    (across, gains), (down, more_gains) = _good_rectangles(corners, least), _good_rectangles(corners.T, least)
    rectangles = np.concatenate([across, down[:, [1, 0, 3, 2]]])
    order = np.argsort(-np.concatenate([gains, more_gains]), kind="stable")
    boxes = np.stack([lines_[rectangles[order, i]] for i, lines_ in enumerate((xs, ys, xs, ys))], axis=1)
    size = np.tile([np.ptp(xs), np.ptp(ys)], 2)
    step = size / (4 * lines)  # small, so that no search leaps to another's hill
    found: list[tuple[FloatArray, float]] = []
    while len(boxes) and len(found) < rivals:
        found.append(_refined(edges, boxes[0], step, halvings=6))
        boxes = boxes[np.any(np.abs(boxes - boxes[0]) > APART * size, axis=1)]
    box, _ = max(found, key=lambda candidate: candidate[1])
    return _refined(edges, box, step / 64, halvings=14)


def _good_rectangles(corners: FloatArray, least: float) -> tuple[IntArray, FloatArray]:
    """Return the best rectangle `(K, 4)` of each band of rows in which a sum reaches `least`; and the sums `(K,)`."""
    found = [np.zeros((3, 0))]
    for first_top, first_bottom, gain in _promising_bands(corners, least):
        tops, bottoms = np.nonzero(gain >= least)
        found.append(np.stack([first_top + tops, first_bottom + bottoms, gain[tops, bottoms]]))
    tops, bottoms, gains = np.concatenate(found, axis=1)
    return _best_in_bands(corners, tops.astype(np.int64), bottoms.astype(np.int64)), gains


def grid_lines(values: FloatArray, lines: int) -> FloatArray:
    """Return evenly spaced lines, and one through every vertex unless there are very many."""
    even = np.linspace(values.min(), values.max(), lines)
    vertices = np.unique(values)
    return np.union1d(even, vertices) if len(vertices) <= lines else even


def _refined(edges: FloatArray, box: FloatArray, step: FloatArray, halvings: int) -> tuple[FloatArray, float]:
    """Move the four sides by whole steps `(4,)` as long as that helps; then halve the steps, so many times."""
    area = edges_area(edges)
    best = -1.0
    while halvings:
        sides = box[:, None] + step[:, None] * np.arange(-2, 3)
        iou = _iou_of_all(edges, area, sides)
        if iou.max() > best + 1e-15:
            best = float(iou.max())
            choice = np.unravel_index(iou.argmax(), iou.shape)
            box = sides[np.arange(4), choice]
        else:
            step, halvings = step / 2, halvings - 1
    return box, best


def _iou_of_all(edges: FloatArray, area: float, sides: FloatArray) -> FloatArray:
    """Return the IoU `(n, n, n, n)` of all boxes with an x1, y1, x2, y2 from the rows of `sides (4, n)`."""
    n = sides.shape[1]
    corners = corner_areas(edges, sides[[0, 2]].ravel(), sides[[1, 3]].ravel()).T
    x1y1, x1y2, x2y1, x2y2 = corners[:n, :n], corners[:n, n:], corners[n:, :n], corners[n:, n:]
    inside = x2y2 + x1y1[:, :, None, None] - x1y2[:, None, None, :] - x2y1.T[None, :, :, None]
    width = (sides[2] - sides[0][:, None])[:, None, :, None]
    height = (sides[3] - sides[1][:, None])[None, :, None, :]
    union = area + width * height - inside
    return np.where((width > 0) & (height > 0), inside / np.maximum(union, area), -1.0)
