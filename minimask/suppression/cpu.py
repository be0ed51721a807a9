"""Non-maximum suppression compiled for the processor: each box looks only where a kept one could overlap it enough.

The kept boxes lie in upright strips of the picture, each in the strip of its center, the coordinates of a strip side by
side in memory. A box is compared with those in the strips that its own extent can reach, its own strip first: a block
of them at a time, and no further than to the one where it is suppressed. All boxes in one strip would be the plain
algorithm; the strips change nothing but how many comparisons there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minimask.compiled import compiled_exactly
from minimask.geometry.checks import LARGEST, FloatArray, IntArray
from minimask.geometry.nms import as_groups, as_iou_threshold, as_scored_boxes

COMPUTED = (np.float32, np.float64)

BLOCK = 16
"""Kept boxes that are compared at once, without a look at the result in between."""
LEAST_PER_STRIP = 32
"""Boxes in a strip, on average: with fewer, going from strip to strip takes longer than comparing."""
LEAST_STRIPS, MOST_STRIPS = 4, 256
STRIPS_PER_REACH = 2
"""How many strips the reach of an average box is wide."""
SLACK = 0.01
"""What is added to a box's reach, in strips, so that no rounding hides a kept box: a hundred times what that can be."""
LEAST_THRESHOLD, LEAST_AREA = 1e-3, 1e-30
"""Below these, products of tiny numbers are rounded so coarsely that it could be more: there is one strip only."""


def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float) -> IntArray:
    """Return what `minimask.geometry.nms.nms` returns, of the same arguments."""
    boxes, scores = _checked(boxes, scores)
    order = descending(scores)
    return order[_kept(boxes, order, np.array([0, len(order)]), as_iou_threshold(iou_threshold))]


def batched_nms(boxes: ArrayLike, scores: ArrayLike, idxs: ArrayLike, iou_threshold: float) -> IntArray:
    """Return what `minimask.geometry.nms.batched_nms` returns, of the same arguments."""
    boxes, scores = _checked(boxes, scores)
    order = descending(scores)
    ranks, bounds = by_group(as_groups(idxs, scores)[order])
    kept = _kept(boxes, order[ranks], bounds, as_iou_threshold(iou_threshold))
    return order[np.sort(ranks[kept])]


def descending(scores: FloatArray) -> IntArray:
    """Return the order of the scores, highest first, among equals the earlier."""
    if scores.dtype != np.float32:
        return np.argsort(-scores, kind="stable")
    # Score and index in one whole number each: no two are equal, so that the fastest sort is stable too.
    keys = np.empty(len(scores), np.int64)
    _keys((scores + np.float32(0)).view(np.int32), keys)  # + 0: there are two zeros in float32, here there is one
    keys.sort()
    keys &= 0xFFFFFFFF
    return keys


def by_group(groups: NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return the positions group by group, in each as they come, and where the groups begin and end."""
    low, high = (int(groups.min()), int(groups.max())) if groups.size else (0, 0)
    if groups.dtype == np.uint64 or high - low > 4 * groups.size:
        values, groups = np.unique(groups, return_inverse=True)
        low, high = 0, len(values) - 1
    positions, bounds = np.empty(groups.size, np.int64), np.zeros(high - low + 2, np.int64)
    _count_out(groups.astype(np.int64, copy=False), low, positions, bounds)
    return positions, bounds


def _checked(boxes: ArrayLike, scores: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return boxes and scores as float arrays: good ones after a glance, others by the check that explains."""
    if isinstance(boxes, np.ndarray) and isinstance(scores, np.ndarray):
        floats = boxes.dtype in COMPUTED and scores.dtype in COMPUTED
        if floats and scores.ndim == 1 and boxes.shape == (len(scores), 4):
            plain = _plain(boxes), _plain(scores)
            if _are_boxes(plain[0], LARGEST) and _are_finite(plain[1]):
                return plain
    boxes, scores = as_scored_boxes(boxes, scores)
    return _plain(boxes), _plain(scores)


def _plain(array: FloatArray) -> FloatArray:
    """Return an array as all others are, so that nothing is compiled again for read-only or strided ones."""
    return array if array.flags.carray else array.copy()


def _kept(boxes: FloatArray, members: IntArray, bounds: IntArray, iou_threshold: float) -> NDArray[np.bool_]:
    """Return which of the members are kept, those between two bounds on their own, best first."""
    number: Any = boxes.dtype.type
    limit = number(iou_threshold)
    if float(limit) > iou_threshold:  # the IoUs above the threshold are those above the last number that is not
        limit = np.nextafter(limit, number(-1))
    kept = np.empty(len(members), np.bool_)
    _suppress(boxes, members, bounds, limit, iou_threshold, kept)
    return kept


@compiled_exactly
def _are_boxes(boxes: FloatArray, largest: float) -> bool:
    """Return whether all are finite, not too large, and not reversed; a NaN makes every comparison fail."""
    good = True
    for i in range(len(boxes)):
        x1, y1, x2, y2 = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        good &= (x1 <= x2) & (y1 <= y2) & (x1 >= -largest) & (y1 >= -largest) & (x2 <= largest) & (y2 <= largest)
    return good


@compiled_exactly
def _are_finite(scores: FloatArray) -> bool:
    good = True
    for score in scores:
        good &= score - score == 0
    return good


@compiled_exactly
def _keys(bits: NDArray[np.int32], keys: IntArray) -> None:
    """Write whole numbers that ascend as float32 scores descend, and as the index ascends among equal ones."""
    for i in range(len(bits)):
        rank = np.int64(bits[i])
        if rank < 0:  # sign and magnitude: of negative numbers, the larger magnitude is the smaller number
            rank ^= 0x7FFFFFFF
        keys[i] = (~rank << 32) | i


@compiled_exactly
def _count_out(groups: IntArray, low: int, positions: IntArray, bounds: IntArray) -> None:
    """Sort positions by group, by counting; the bounds are zeros at first."""
    for group in groups:
        bounds[group - low + 1] += 1
    for g in range(1, len(bounds)):
        bounds[g] += bounds[g - 1]
    free = bounds.copy()
    for i in range(len(groups)):
        g = groups[i] - low
        positions[free[g]] = i
        free[g] += 1


@compiled_exactly
def _suppress(
    boxes: FloatArray,
    members: IntArray,
    bounds: IntArray,
    limit: float,
    threshold: float,
    kept: NDArray[np.bool_],
) -> None:
    """Write which members are kept, group by group."""
    seen = np.empty((5, len(members) + BLOCK), boxes.dtype)
    for g in range(len(bounds) - 1):
        if bounds[g] < bounds[g + 1]:
            some = slice(bounds[g], bounds[g + 1])
            _suppress_group(boxes, members[some], limit, threshold, seen, kept[some])


@compiled_exactly
def _suppress_group(
    boxes: FloatArray, members: IntArray, limit: float, threshold: float, seen: FloatArray, kept: NDArray[np.bool_]
) -> None:
    """Write which members of one group are kept, best first; `seen` (5, N) holds those: corners and area, else NaN."""
    # An IoU above t is at most that of the widths alone. So what is shared is longer than t times either width, and
    # the center of one box lies in the other, or no farther from it than (1 / (2 t) - 1) times that one's width.
    reach = max(0.5 / max(threshold, LEAST_THRESHOLD) - 1, 0.0)
    origin, scale, strips = _lay_strips(boxes, members, threshold, 1 + 2 * reach)
    seen[:, : len(members) + BLOCK] = np.nan
    starts = _strip_starts(boxes, members, origin, scale, strips)
    ends = starts.copy()
    for m in range(len(members)):
        i = members[m]
        x1, y1, x2, y2 = boxes[i, 0], boxes[i, 1], boxes[i, 2], boxes[i, 3]
        area = (x2 - x1) * (y2 - y1)
        first = last = own = strip = 0
        if strips > 1:
            left, right = (x1 - origin) * scale, (x2 - origin) * scale
            far = reach * (right - left) + SLACK
            first, last = int(max(left - far, 0.0)), int(min(right + far, strips - 1.0))
            own = strip = min(int((left + right) / 2), strips - 1)
        alone = True
        for _ in range(first, last + 1):
            if _any_overlap(seen, starts[strip], ends[strip], x1, y1, x2, y2, area, limit):
                alone = False
                break
            strip = strip + 1 if strip < last else first
        kept[m] = alone
        if alone:
            k = ends[own]
            seen[0, k], seen[1, k], seen[2, k], seen[3, k], seen[4, k] = x1, y1, x2, y2, area
            ends[own] += 1


@compiled_exactly
def _lay_strips(
    boxes: FloatArray, members: IntArray, threshold: float, widths_in_reach: float
) -> tuple[float, float, int]:
    """Return where the first strip begins, strips per pixel, and how many there are."""
    low, high, total, smallest = np.inf, -np.inf, 0.0, np.inf
    for i in members:
        x1, x2 = np.float64(boxes[i, 0]), np.float64(boxes[i, 2])
        low, high, total = min(low, x1), max(high, x2), total + (x2 - x1)
        area = (boxes[i, 2] - boxes[i, 0]) * (boxes[i, 3] - boxes[i, 1])
        if area > 0:
            smallest = min(smallest, area)
    average = total / len(members) * widths_in_reach
    if not average > 0 or threshold < LEAST_THRESHOLD or smallest < LEAST_AREA:
        return low, 0.0, 1
    wanted = min(STRIPS_PER_REACH * (high - low) / average, len(members) / LEAST_PER_STRIP, MOST_STRIPS)
    if wanted < LEAST_STRIPS:
        return low, 0.0, 1
    return low, int(wanted) / (high - low), int(wanted)


@compiled_exactly
def _strip_starts(boxes: FloatArray, members: IntArray, origin: float, scale: float, strips: int) -> IntArray:
    """Return where each strip begins in `seen`, so that there is room for all members."""
    starts = np.zeros(strips, np.int64)
    if strips == 1:
        return starts
    for i in members:
        left, right = (boxes[i, 0] - origin) * scale, (boxes[i, 2] - origin) * scale
        following = int((left + right) / 2) + 1
        if following < strips:
            starts[following] += 1
    for s in range(1, strips):
        starts[s] += starts[s - 1]
    return starts


@compiled_exactly
def _any_overlap(
    seen: FloatArray, start: int, end: int, x1: float, y1: float, x2: float, y2: float, area: float, limit: float
) -> bool:
    """Return whether the IoU of a box with any kept one from `start` to `end` is greater than the limit.

    The last block may reach beyond: there are kept boxes of the next strip, or NaN, which is not greater.
    """
    nothing = x1 - x1
    while start < end:
        found = np.int32(0)
        for k in range(np.uint64(start), np.uint64(start + BLOCK)):  # unsigned: no index counts from the end
            width = (x2 if x2 < seen[2, k] else seen[2, k]) - (x1 if x1 > seen[0, k] else seen[0, k])
            height = (y2 if y2 < seen[3, k] else seen[3, k]) - (y1 if y1 > seen[1, k] else seen[1, k])
            shared = width * (height if height > nothing else nothing)  # below 0 where the box lies beside: no overlap
            found |= np.int32(shared / (seen[4, k] + area - shared) > limit)
        if found:
            return True
        start += BLOCK
    return False
