"""From the box head's numbers to detections: scores, refined boxes, and one answer for each object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from minimask.box_coder import decode
from minimask.proposals import clip, is_large
from minimask.suppression import batched_nms

WEIGHTS = (10.0, 10.0, 5.0, 5.0)
"""What the box head's deltas are multiplied by: refining a proposal needs finer steps than making one."""


class Detections(NamedTuple):
    """What was found in one picture, the surest first."""

    boxes: Tensor
    """(D, 4): rows `x1 y1 x2 y2` in pixels."""
    labels: Tensor
    """int64 (D,): from 1."""
    scores: Tensor
    """(D,): from 0 to 1."""
    rois: Tensor
    """int64 (D,): the proposal that each comes from."""


def refine(deltas: Tensor, proposals: Tensor, size: tuple[int, int], weights: Sequence[float] = WEIGHTS) -> Tensor:
    """Return the boxes (n, classes, 4) that every class would make of the proposals (n, 4), within the picture.

    Examples
    --------
    >>> refine(torch.zeros(1, 2, 4), torch.tensor([[1.0, 2, 30, 9]]), (8, 16))
    tensor([[[ 1.,  2., 16.,  8.],
             [ 1.,  2., 16.,  8.]]])
    """
    boxes: Tensor = clip(decode(deltas, proposals[:, None], weights), size)
    return boxes


def detect(
    scores: Tensor,
    boxes: Tensor,
    *,
    score_threshold: float = 0.05,
    nms_threshold: float = 0.5,
    count: int = 100,
    min_size: float = 1e-2,
) -> Detections:
    """Return the best answers: of every class the boxes that are sure enough, large enough and not said twice.

    Parameters
    ----------
    scores : tensor (n, classes)
        The probability of each class; class 0, the background, is no answer.
    boxes : tensor (n, classes, 4)
        The box that each class would make of each proposal, within the picture.
    score_threshold : float
        An answer needs a score above it.
    nms_threshold : float
        Within a class, an answer goes when its IoU with a surer one is greater.
    count : int
        How many answers are kept, over all classes.
    min_size : float
        The least width and height, in pixels.

    Examples
    --------
    >>> scores = torch.tensor([[0.1, 0.9, 0.0], [0.2, 0.8, 0.0], [0.3, 0.1, 0.6]])
    >>> boxes = torch.tensor([[0.0, 0, 8, 8], [0, 0, 8, 9], [0, 0, 8, 8]])[:, None].expand(3, 3, 4)
    >>> found = detect(scores, boxes)  # the second and third say class 1 again
    >>> found.labels, found.rois
    (tensor([1, 2]), tensor([0, 2]))
    """
    classes = scores.shape[1]
    flat_scores, flat_boxes = scores[:, 1:].reshape(-1), boxes[:, 1:].reshape(-1, 4)
    kept = ((flat_scores > score_threshold) & is_large(flat_boxes, min_size)).nonzero()[:, 0]
    flat_scores, flat_boxes = flat_scores[kept], flat_boxes[kept]
    labels = kept % (classes - 1) + 1
    best = batched_nms(flat_boxes, flat_scores, labels, nms_threshold)[:count]
    rois = torch.div(kept[best], classes - 1, rounding_mode="floor")
    return Detections(flat_boxes[best], labels[best], flat_scores[best], rois)
