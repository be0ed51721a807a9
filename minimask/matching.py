"""Matching: which anchor answers for which object, and which anchors a step of training looks at.

All of it hangs on the IoU of every box with every object, a matrix too large to keep: for 261,888 anchors and 100
objects 210 MB, and several times that while it is made. So the boxes come in blocks. Anchors stand in rows, and a block
of them touches few objects; with all others its IoU is 0, and is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.boxes import iou_unchecked
from minimask.geometry.checks import FloatArray, IntArray, as_array, as_boxes, as_number, as_whole_number

BACKGROUND = -1
"""The match of a box that belongs to no object."""
IGNORED = -2
"""The match of a box that is too good for background and not good enough for an object."""
AT_ONCE = 2**16
"""IoUs that are computed at once, unless `block` says otherwise: as many as stay in a processor's cache."""


class Overlaps(NamedTuple):
    """The best partner of every box and of every object.

    `iou_of_box (N,)` and `object_of_box (N,)` are the highest IoU that a box has with any object, and which one;
    `iou_of_object (M,)` and `box_of_object (M,)` the highest IoU that an object has with any box, and which one.
    """

    iou_of_box: FloatArray
    object_of_box: IntArray
    iou_of_object: FloatArray
    box_of_object: IntArray


def best_overlaps(boxes: ArrayLike, objects: ArrayLike, block: int | None = None) -> Overlaps:
    """Return the best partner of every box and of every object, without ever holding all IoUs.

    Parameters
    ----------
    boxes : array (N, 4)
    objects : array (M, 4)
        Rows `x1 y1 x2 y2` in pixels.
    block : int, optional
        The number of boxes that are compared at once: more take more memory, and the results are the same.

    Returns
    -------
    Overlaps
        What `box_iou(boxes, objects)` has as `max` and `argmax` along each axis, bit for bit: of several that are
        equal, the first. Without objects (or boxes) there is no partner: the number is -1, and the IoU 0.

    Raises
    ------
    ValueError, TypeError
        If boxes or objects are malformed, or the block is not a whole number of at least 1.

    Examples
    --------
    >>> best = best_overlaps([[0, 0, 4, 4], [2, 0, 6, 4], [9, 9, 10, 10]], [[0, 0, 4, 4], [4, 0, 6, 4]])
    >>> best.iou_of_box, best.object_of_box
    (array([1. , 0.5, 0. ]), array([0, 1, 0]))
    >>> best.iou_of_object, best.box_of_object
    (array([1. , 0.5]), array([0, 1]))
    """
    boxes, objects = _checked(boxes, objects)
    return _best(boxes, objects, _as_block(block, len(objects)))


def match(
    boxes: ArrayLike,
    objects: ArrayLike,
    foreground: float = 0.7,
    background: float = 0.3,
    low_quality: bool = True,
) -> IntArray:
    """Assign an object, background, or neither to every box.

    A box belongs to the object that it overlaps most if their IoU is at least `foreground`; it is background if that
    IoU is below `background`, and ignored if it lies between. So that no object goes without, `low_quality` matches
    every object's best boxes too, all that tie for its highest IoU: each to the object that it overlaps most, which may
    be another.

    Parameters
    ----------
    boxes : array (N, 4)
    objects : array (M, 4)
        Rows `x1 y1 x2 y2` in pixels.
    foreground, background : float in [0, 1]
        IoUs, `background <= foreground`.
    low_quality : bool
        Whether every object's best boxes are matched, however low their IoU, if it is above 0.

    Returns
    -------
    int64 array (N,)
        The number of the object, `BACKGROUND` or `IGNORED`. Of equal IoUs the first object wins.

    Raises
    ------
    ValueError, TypeError
        If boxes or objects are malformed or a threshold is out of range.

    Notes
    -----
    The rules are those of torchvision's `Matcher(foreground, background, low_quality)`, with two exceptions. Without
    objects all is background; the Matcher refuses. And an object that no box overlaps gets no box; there all boxes tie
    for its highest IoU, 0, and every one of them is matched to something.

    References
    ----------
    Ren et al., Faster R-CNN, 2015, section 3.1.2.

    Examples
    --------
    >>> match([[0, 0, 4, 4], [1, 0, 5, 4], [2, 0, 6, 4], [9, 9, 10, 10]], [[0, 0, 4, 4], [3, 0, 9, 4]])
    array([ 0, -2,  1, -1])
    """
    boxes, objects = _checked(boxes, objects)
    foreground, background = as_number(foreground, "foreground"), as_number(background, "background")
    if not 0 <= background <= foreground <= 1:
        raise ValueError(
            f"background and foreground must be IoUs, 0 <= background <= foreground <= 1, "
            f"got background {background} and foreground {foreground}"
        )
    if not len(objects):
        return np.full(len(boxes), BACKGROUND, dtype=np.int64)
    block = _as_block(None, len(objects))
    best = _best(boxes, objects, block)
    matches = best.object_of_box.copy()
    matches[best.iou_of_box < foreground] = IGNORED
    matches[best.iou_of_box < background] = BACKGROUND
    if low_quality:
        rescued = _ties(boxes, objects, best, block)
        matches[rescued] = best.object_of_box[rescued]
    return matches


def sample(
    matches: ArrayLike, count: int = 256, fraction: float = 0.5, *, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Draw the boxes that a step of training looks at: positives up to a fraction, and negatives for the rest.

    Parameters
    ----------
    matches : integer array (N,)
        What `match` returns; what it ignores is never drawn.
    count : int
        How many boxes are drawn; fewer if there are not enough negatives.
    fraction : float in [0, 1]
        At most `int(count * fraction)` of them are positives.
    rng : numpy.random.Generator
        The source of chance: all boxes of a kind are drawn with equal probability.

    Returns
    -------
    (int64 array (P,), int64 array (Q,))
        The indices of the positives and of the negatives, each in ascending order.

    Raises
    ------
    ValueError, TypeError
        If the matches are not whole numbers of at least `IGNORED`, or count, fraction or rng is malformed.

    References
    ----------
    Ren et al., Faster R-CNN, 2015, section 3.1.3; torchvision's `BalancedPositiveNegativeSampler`.

    Examples
    --------
    >>> positive, negative = sample([-1, 0, -2, -1, -1, 1, -1], count=4, fraction=0.25, rng=np.random.default_rng(0))
    >>> len(positive), len(negative)
    (1, 3)
    """
    found = as_array(matches, "matches")
    if found.size and found.dtype.kind not in "iu":
        raise TypeError(f"matches must be whole numbers, got dtype {found.dtype}")
    if found.ndim != 1:
        raise ValueError(f"matches must have shape (N,), got shape {found.shape}")
    if found.size and found.min() < IGNORED:
        raise ValueError(f"matches must be at least {IGNORED}, got {found.min()} at index {found.argmin()}")
    count, fraction = as_whole_number(count, "count", 0), as_number(fraction, "fraction")
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction must lie in [0, 1], got {fraction}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a NumPy random generator, as numpy.random.default_rng(0), got {rng!r}")
    positive, negative = np.flatnonzero(found >= 0), np.flatnonzero(found == BACKGROUND)
    positives = min(len(positive), int(count * fraction))
    negatives = min(len(negative), count - positives)
    return (
        np.sort(rng.choice(positive, positives, replace=False, shuffle=False)),
        np.sort(rng.choice(negative, negatives, replace=False, shuffle=False)),
    )


def _checked(boxes: ArrayLike, objects: ArrayLike) -> tuple[FloatArray, FloatArray]:
    return as_boxes(boxes), as_boxes(objects, "objects")


def _as_block(block: int | None, objects: int) -> int:
    return max(1, AT_ONCE // max(1, objects)) if block is None else as_whole_number(block, "block", 1)


def _blocks(boxes: FloatArray, objects: FloatArray, block: int) -> Iterator[tuple[int, IntArray, FloatArray]]:
    """Yield where each block of boxes starts, the objects `(m,)` near it, and their IoUs `(m, block)`.

    What lies apart from the box around a whole block shares nothing with any box in it.
    """
    for start in range(0, len(boxes), block):
        part = boxes[start : start + block]
        low, high = part[:, :2].min(axis=0), part[:, 2:].max(axis=0)
        near = np.flatnonzero(((objects[:, :2] < high) & (objects[:, 2:] > low)).all(axis=1))
        if near.size:
            yield start, near, iou_unchecked(objects[near], part)


def _best(boxes: FloatArray, objects: FloatArray, block: int) -> Overlaps:
    dtype = np.result_type(boxes, objects)
    best = Overlaps(
        np.zeros(len(boxes), dtype),
        np.full(len(boxes), 0 if len(objects) else BACKGROUND),
        np.zeros(len(objects), dtype),
        np.full(len(objects), 0 if len(boxes) else BACKGROUND),
    )
    for start, near, iou in _blocks(boxes, objects, block):
        part = slice(start, start + iou.shape[1])
        values, numbers = best.iou_of_box[part], best.object_of_box[part]  # views: what is written stays
        for number, row in zip(near, iou, strict=True):
            np.copyto(numbers, number, where=row > values)
            np.maximum(values, row, out=values)
        top = iou.argmax(axis=1)
        values = iou[np.arange(len(near)), top]
        better = values > best.iou_of_object[near]
        best.iou_of_object[near[better]] = values[better]
        best.box_of_object[near[better]] = start + top[better]
    return best


def _ties(boxes: FloatArray, objects: FloatArray, best: Overlaps, block: int) -> IntArray:
    """Return the boxes whose IoU with some object equals the highest that this object has with any box, above 0."""
    reached = np.flatnonzero(best.iou_of_object > 0)
    if not reached.size:
        return reached
    candidates = np.flatnonzero(best.iou_of_box >= best.iou_of_object[reached].min())
    ties = [
        start + np.flatnonzero((iou == best.iou_of_object[reached[near], None]).any(axis=0))
        for start, near, iou in _blocks(boxes[candidates], objects[reached], block)
    ]
    return candidates[np.concatenate(ties)]
