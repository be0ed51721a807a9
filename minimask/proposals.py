"""The funnel: from a prediction for every anchor to a few hundred proposals, stage by stage.

A region proposal network says two things about each anchor: how likely it is to hold an object (a logit), and how to
move and stretch it (four deltas). `propose` turns them into proposals, and hands back what is left after every stage:

    anchors -> top-k of each level -> clipped to the picture -> large enough -> NMS in each level -> top-n of all

Scores decide every order. Among equal scores the finer level goes first, in a level the higher logit, and among equal
logits the earlier anchor. The same lines run on NumPy arrays, where they need neither torch nor numba, and on tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minimask.box_coder import decode
from minimask.geometry.checks import (
    as_boxes,
    as_float_array,
    as_number,
    as_size,
    as_whole_number,
    is_tensor,
    library_of,
)
from minimask.matching import best_overlaps
from minimask.suppression import batched_nms

Array = Any
"""A NumPy array or a torch tensor: what goes in comes out."""


class Stage(NamedTuple):
    """What is left after a stage: one row for each survivor."""

    indices: Array
    """int64 (n,): the anchor that each box comes from, counted through all levels, the finest first."""
    levels: Array
    """int64 (n,): the level of that anchor; 0 is the finest."""
    boxes: Array
    """(n, 4): rows `x1 y1 x2 y2` in pixels."""
    scores: Array
    """(n,): the sigmoid of the logit, in [0, 1]."""

    def rows(self, keep: Array | slice) -> Stage:
        """Return the rows that a mask, indices or a slice selects, in that order."""
        return Stage(*(part[keep] for part in self))


@dataclass(frozen=True)
class Funnel:
    """The survivors of every stage, from all anchors to the proposals of one picture."""

    anchors: Stage
    """All anchors as they are, not yet moved, in the order of levels, rows, columns and shapes."""
    top_k: Stage
    """The best scored of each level, best first, level by level; their boxes are moved and stretched by the deltas."""
    clipped: Stage
    """The same boxes, with every coordinate moved into the picture."""
    large_enough: Stage
    """Those whose sides both reach the minimum; a box outside of the picture was clipped to nothing."""
    nms: Stage
    """Those that no better box of their level overlaps too much, the best of all levels first."""
    top_n: Stage
    """The first of these: the proposals."""

    def stages(self) -> dict[str, Stage]:
        """Return the stages by name, in their order."""
        return {name: getattr(self, name) for name in STAGES}

    def to_numpy(self) -> Funnel:
        """Return the same funnel with tensors turned into arrays."""
        stages = (
            Stage(*(np.asarray(part.cpu() if is_tensor(part) else part) for part in stage))
            for stage in self.stages().values()
        )
        return Funnel(*stages)


STAGES = tuple(field.name for field in fields(Funnel))
"""The names of the stages, in their order."""


class StageRecall(NamedTuple):
    """What a stage keeps, on the mean over pictures."""

    survivors: float
    """Boxes that are left, per picture."""
    recall: tuple[float, ...]
    """For each IoU threshold the fraction of all objects that some box left reaches it with."""


def propose(
    logits: Sequence[Array],
    deltas: Sequence[Array],
    anchors: Sequence[Array],
    size: Sequence[int],
    pre_top_n: int = 1000,
    post_top_n: int = 1000,
    nms_threshold: float = 0.7,
    min_size: float = 1e-3,
    score_threshold: float = 0.0,
) -> Funnel:
    """Turn the predictions for all anchors of one picture into proposals.

    Parameters
    ----------
    logits : sequence of arrays or tensors (n,), one for each level
        The higher, the more likely the anchor holds an object.
    deltas : sequence of arrays or tensors (n, 4)
        dx dy dw dh of each anchor, as `minimask.box_coder.decode` takes them.
    anchors : sequence of arrays or tensors (n, 4)
        Rows `x1 y1 x2 y2` in pixels.
    size : (height, width)
        The picture's size in pixels, without padding.
    pre_top_n : int, at least 1
        How many of each level are kept before NMS.
    post_top_n : int, at least 1
        How many of all levels are kept in the end.
    nms_threshold : float in [0, 1]
        A box goes when its IoU with a better one of its level is strictly greater.
    min_size : float
        A box goes when its width or height is strictly smaller, in pixels.
    score_threshold : float
        Of the best of each level, only those are kept whose score is at least this; 0 keeps all.

    Returns
    -------
    Funnel
        Arrays of the deltas' dtype (scores: of the logits'), or tensors that require no gradient.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed, or a logit or delta is not finite.

    References
    ----------
    Ren et al., Faster R-CNN, 2015, section 3; Lin et al., Feature Pyramid Networks, 2017, section 4.1. Settings,
    strictness and order are torchvision's.

    Examples
    --------
    >>> logits, deltas = [np.array([0.0, 2.0, 1.0])], [np.zeros((3, 4))]
    >>> anchors = [np.array([[-4.0, 0, 4, 8], [0, 0, 8, 8], [1, 0, 9, 8]])]
    >>> funnel = propose(logits, deltas, anchors, (8, 16))
    >>> for name, stage in funnel.stages().items():
    ...     print(f"{name:13}", stage.indices)
    anchors       [0 1 2]
    top_k         [1 2 0]
    clipped       [1 2 0]
    large_enough  [1 2 0]
    nms           [1 0]
    top_n         [1 0]
    >>> funnel.top_n.boxes
    array([[0., 0., 8., 8.],
           [0., 0., 4., 8.]])
    """
    size, min_size = as_size(size), as_number(min_size, "min_size")
    score_threshold = as_number(score_threshold, "score_threshold")
    pre_top_n = as_whole_number(pre_top_n, "pre_top_n", least=1)
    post_top_n = as_whole_number(post_top_n, "post_top_n", least=1)
    if not 0 <= as_number(nms_threshold, "nms_threshold") <= 1:
        raise ValueError(f"nms_threshold must lie in [0, 1], got {nms_threshold}")
    logits, deltas, anchors = _checked(logits, deltas, anchors)

    every = _all_anchors(logits, anchors)
    best, start = [], 0
    for values in logits:
        top = top_k(values, pre_top_n)
        if score_threshold > 0:
            top = top[sigmoid(values[top]) >= score_threshold]
        best.append(top + start)
        start += len(values)
    concatenate = library_of(every.boxes).concatenate
    chosen = concatenate(best)
    top = every.rows(chosen)
    top = top._replace(boxes=decode(concatenate(deltas)[chosen], top.boxes))
    clipped = top._replace(boxes=clip(top.boxes, size))
    large_enough = clipped.rows(is_large(clipped.boxes, min_size))
    _, levels, boxes, scores = large_enough
    backend = "numba" if is_tensor(boxes) else "reference"
    nms = large_enough.rows(batched_nms(boxes, scores, levels, nms_threshold, backend=backend))
    return Funnel(every, top, clipped, large_enough, nms, nms.rows(slice(post_top_n)))


def funnel_recall(
    funnels: Sequence[Funnel], objects: Sequence[ArrayLike], thresholds: Sequence[float] = (0.5, 0.7)
) -> dict[str, StageRecall]:
    """Return for every stage how many boxes are left, and how many true objects still have a good one among them.

    Parameters
    ----------
    funnels : sequence of Funnel
        One for each picture, of arrays.
    objects : sequence of arrays (M, 4)
        The true boxes of each picture.
    thresholds : sequence of float
        The IoUs from which on a box is good.

    Returns
    -------
    dict of StageRecall, by the stage's name

    Raises
    ------
    ValueError
        If there are not as many funnels as pictures, or no picture has an object.

    Examples
    --------
    >>> anchors = np.array([[0.0, 0, 8, 8], [8, 8, 16, 16]])
    >>> funnel = propose([np.array([2.0, 1.0])], [np.zeros((2, 4))], [anchors], (8, 8))
    >>> funnel_recall([funnel], [[[0, 0, 8, 10], [8, 8, 15, 15]]])["top_n"]
    StageRecall(survivors=1.0, recall=(0.5, 0.5))
    """
    truth = [as_boxes(boxes, f"objects[{number}]") for number, boxes in enumerate(objects)]
    if len(funnels) != len(truth) or not sum(len(boxes) for boxes in truth):
        raise ValueError(
            "funnels and objects must be one for each picture, with an object in one of them at least, "
            f"got {len(funnels)} funnels and pictures of {[len(boxes) for boxes in truth]} objects"
        )
    found = {}
    for name in STAGES:
        stages = [getattr(funnel, name) for funnel in funnels]
        best = [best_overlaps(stage.boxes, boxes).iou_of_object for stage, boxes in zip(stages, truth, strict=True)]
        reached = np.concatenate(best)
        found[name] = StageRecall(
            float(np.mean([len(stage.boxes) for stage in stages])),
            tuple(float(np.mean(reached >= threshold)) for threshold in thresholds),
        )
    return found


def sigmoid(logits: Array) -> Array:
    """Return `1 / (1 + exp(-logits))`; for arrays computed in float64 and rounded once.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    if is_tensor(logits):
        return logits.sigmoid()
    small = np.exp(-np.abs(logits.astype(np.float64)))  # at most 1: never an overflow
    return (np.where(logits >= 0, 1, small) / (1 + small)).astype(logits.dtype)


def top_k(values: Array, count: int) -> Array:
    """Return the indices of the `count` highest values (n,), or of all, the highest first, among equals the earlier.

    Examples
    --------
    >>> top_k(np.array([1.0, 3.0, 2.0, 3.0, 2.0]), 3)
    array([1, 3, 2])
    """
    candidates = library_of(values).argwhere(values >= _nth_highest(values, min(count, len(values))))[:, 0]
    order = library_of(values).argsort(-values[candidates], stable=True)
    return candidates[order[:count]]


def clip(boxes: Array, size: tuple[int, int]) -> Array:
    """Return the boxes (..., 4) with every coordinate moved into `[0, width] x [0, height]`.

    Unlike `minimask.geometry.boxes.clip_boxes_to_image` it takes tensors too.

    Examples
    --------
    >>> clip(np.array([[-3.0, 2, 5, 20]]), (10, 4))
    array([[ 0.,  2.,  4., 10.]])
    """
    height, width = size
    columns = [boxes[..., side].clip(0, limit) for side, limit in enumerate((width, height, width, height))]
    return library_of(boxes).stack(columns, -1)


def is_large(boxes: Array, min_size: float) -> Array:
    """Return a mask (...) of the boxes (..., 4) whose width and height are both at least `min_size` pixels.

    Examples
    --------
    >>> is_large(np.array([[0.0, 0, 2, 1], [0, 0, 2, 0]]), 1)
    array([ True, False])
    """
    return (boxes[..., 2] - boxes[..., 0] >= min_size) & (boxes[..., 3] - boxes[..., 1] >= min_size)


def _all_anchors(logits: Sequence[Array], anchors: Sequence[Array]) -> Stage:
    """Return the anchors of all levels, one level after another."""
    arrays = library_of(logits[0])
    levels = [arrays.full_like(values, level, dtype=arrays.int64) for level, values in enumerate(logits)]
    scores = sigmoid(arrays.concatenate(logits))
    indices = arrays.ones_like(scores, dtype=arrays.int64).cumsum(0) - 1
    return Stage(indices, arrays.concatenate(levels), arrays.concatenate(anchors), scores)


def _nth_highest(values: Array, n: int) -> Array:
    """Return the n-th highest of the values (n,), infinity where n is 0."""
    if not n:
        return float("inf")
    return values.topk(n).values[-1] if is_tensor(values) else np.partition(values, -n)[-n]


def _checked(
    logits: Sequence[Array], deltas: Sequence[Array], anchors: Sequence[Array]
) -> tuple[list[Array], list[Array], list[Array]]:
    """Return the three lists as finite arrays of float32 or float64 that fit together, anchors in the deltas' dtype."""
    if not len(logits) == len(deltas) == len(anchors) >= 1:
        raise ValueError(
            "logits, deltas and anchors must be lists of one array for each level, at least one, "
            f"got {len(logits)}, {len(deltas)} and {len(anchors)} of them"
        )
    found: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for level, (values, moves, boxes) in enumerate(zip(logits, deltas, anchors, strict=True)):
        values = _floats(values, f"logits[{level}]")
        moves = _floats(moves, f"deltas[{level}]")
        boxes = _floats(boxes, f"anchors[{level}]")
        if values.ndim != 1:
            raise ValueError(f"logits[{level}] must have shape (n,), got {tuple(values.shape)}")
        for name, rows in (("deltas", moves), ("anchors", boxes)):
            if tuple(rows.shape) != (len(values), 4):
                raise ValueError(
                    f"{name}[{level}] must have shape ({len(values)}, 4), a row for each logit, got {tuple(rows.shape)}"
                )
        boxes = boxes.to(moves) if is_tensor(boxes) else boxes.astype(moves.dtype)
        for kept, one in zip(found, (values, moves, boxes), strict=True):
            kept.append(one)
    return found


def _floats(values: Array, name: str) -> Array:
    """Return numbers as float32 or float64, without their history, or say which of them is not finite."""
    if not is_tensor(values):
        return as_float_array(values, name)
    values = values.detach()
    values = values if values.element_size() >= 4 else values.float()
    if not values.sum().isfinite():  # as it is of whatever holds a number that is not, and of too large ones
        for where in library_of(values).argwhere(~values.isfinite()).tolist():
            raise ValueError(f"{name} must be finite, got {float(values[tuple(where)])} at index {tuple(where)}")
    return values
