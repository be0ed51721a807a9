"""Non-maximum suppression: of several boxes on one object, keep the best scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minimask.geometry.boxes import iou_unchecked
from minimask.geometry.checks import FloatArray, as_array, as_boxes, as_float_array, as_number


def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float) -> NDArray[np.int64]:
    """Keep the best scored box, drop all that overlap it by more than the threshold, and go on with the rest.

    Parameters
    ----------
    boxes : array (N, 4)
        Rows `x1 y1 x2 y2` in pixels.
    scores : array (N,)
        Higher is better; among equal scores the earlier box goes first.
    iou_threshold : float in [0, 1]
        A box goes when its IoU with a kept one is strictly greater.

    Returns
    -------
    int64 array (K,)
        Indices of the kept boxes, best first.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or the threshold lies outside [0, 1].

    Notes
    -----
    Time grows as N times K, memory as N. Felzenszwalb et al., "Object Detection with Discriminatively Trained
    Part-Based Models", TPAMI 2010, section 7.2.

    Examples
    --------
    >>> nms([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]], [0.8, 0.9, 0.5], 0.5)
    array([1, 2])
    """
    boxes, scores = as_scored_boxes(boxes, scores)
    iou_threshold = as_iou_threshold(iou_threshold)
    waiting = np.argsort(-scores, kind="stable")
    keep = []
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        keep.append(best)
        iou = iou_unchecked(boxes[best : best + 1], boxes[waiting])[0]
        # The threshold stays float64, also beside float32 boxes: 0.7 is not float32(0.7).
        waiting = waiting[iou <= np.float64(iou_threshold)]
    return np.array(keep, dtype=np.int64)


def batched_nms(boxes: ArrayLike, scores: ArrayLike, idxs: ArrayLike, iou_threshold: float) -> NDArray[np.int64]:
    """Run `nms` in every group on its own: boxes of different groups never suppress each other.

    Parameters
    ----------
    boxes : array (N, 4)
        Rows `x1 y1 x2 y2` in pixels.
    scores : array (N,)
        Higher is better.
    idxs : integer array (N,)
        The group (class, pyramid level, image) that each box belongs to.
    iou_threshold : float in [0, 1]
        A box goes when its IoU with a kept one of its group is strictly greater.

    Returns
    -------
    int64 array (K,)
        Indices of the kept boxes, best first over all groups.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or the threshold lies outside [0, 1].

    Examples
    --------
    >>> batched_nms([[0, 0, 10, 10], [1, 0, 11, 10]], [0.8, 0.9], [0, 1], 0.5)
    array([1, 0])
    """
    boxes, scores = as_scored_boxes(boxes, scores)
    iou_threshold = as_iou_threshold(iou_threshold)
    groups = as_groups(idxs, scores)
    keep = [np.zeros(0, dtype=np.int64)]
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        keep.append(members[nms(boxes[members], scores[members], iou_threshold)])
    kept = np.sort(np.concatenate(keep))
    return kept[np.argsort(-scores[kept], kind="stable")]


def as_scored_boxes(boxes: ArrayLike, scores: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return boxes as a float array `(N, 4)` and scores as one `(N,)`."""
    boxes, scores = as_boxes(boxes), as_float_array(scores, "scores", largest=np.inf)
    if scores.shape != boxes.shape[:1]:
        raise ValueError(f"scores must have shape {boxes.shape[:1]}, one per box, got {scores.shape}")
    return boxes, scores


def as_iou_threshold(iou_threshold: float) -> float:
    """Return the threshold as a number in [0, 1]."""
    if isinstance(iou_threshold, float) and 0 <= iou_threshold <= 1:
        return float(iou_threshold)
    number = as_number(iou_threshold, "iou_threshold")
    if not 0 <= number <= 1:
        raise ValueError(f"iou_threshold must lie in [0, 1], got {number}")
    return number


def as_groups(idxs: ArrayLike, scores: FloatArray) -> NDArray[Any]:
    """Return the groups as an array of whole numbers, one for each score."""
    groups = as_array(idxs, "idxs")
    if groups.size and groups.dtype.kind not in "iu":
        raise TypeError(f"idxs must be whole numbers, got dtype {groups.dtype}")
    if groups.shape != scores.shape:
        raise ValueError(f"idxs must have shape {scores.shape} like scores, got {groups.shape}")
    return groups
