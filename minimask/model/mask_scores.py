"""What a mask says about itself: the IoU that it expects to have with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from minimask.model.detections import Detections

Scoring = Literal["class", "mask"]
"""`class`: a detection's score is its class's probability, as published. `mask`: times what its mask expects."""


def expected_iou(masks: Tensor) -> Tensor:
    r"""Return the IoU with the truth that each mask expects, once it is cut at 1/2.

    If p is the probability that a cell belongs to the object, and A are the cells that the cut mask has, of the
    intersection and of the union with the truth

    .. math::

        \frac{\sum_{A} p}{|A| + \sum_{\text{not } A} p}

    are the expected sizes. (The mean of a fraction is another thing than the fraction of the means; for masks of
    hundreds of cells it is nearly the same.)

    Parameters
    ----------
    masks : tensor (D, m, m)
        From 0 to 1.

    Returns
    -------
    tensor (D,)
        From 0 to 1; 0 where no cell reaches 1/2.

    References
    ----------
    Huang et al., Mask Scoring R-CNN, CVPR 2019, learn this IoU by a head of its own; Wang et al., SOLO, ECCV 2020, take
    the mean of p over A.

    Examples
    --------
    >>> sure, unsure = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.75, 0.25]])
    >>> expected_iou(torch.stack([sure, unsure]))  # 0.75 of one cell, out of that cell and a quarter
    tensor([1.0000, 0.6000])
    """
    inside = masks >= 0.5
    shared = (masks * inside).sum(dim=(1, 2))
    either = inside.sum(dim=(1, 2)) + (masks * ~inside).sum(dim=(1, 2))
    return shared / either.clamp(min=torch.finfo(masks.dtype).tiny)


def scored_by_masks(detections: Sequence[Detections], masks: Tensor) -> tuple[list[Detections], Tensor]:
    """Return detections whose scores are their classes' times what their masks expect, the surest first.

    Parameters
    ----------
    detections : sequence of Detections
        Of each picture.
    masks : tensor (D, m, m)
        Of all of them, one picture after another.

    Returns
    -------
    list of Detections
    int64 tensor (D,)
        Where each was among all before.

    Examples
    --------
    >>> two = Detections(torch.zeros(2, 4), torch.tensor([1, 2]), torch.tensor([0.9, 0.8]), torch.tensor([5, 6]))
    >>> (better,), order = scored_by_masks([two], torch.tensor([[[0.5]], [[1.0]]]))
    >>> better.labels, better.scores, order
    (tensor([2, 1]), tensor([0.8000, 0.4500]), tensor([1, 0]))
    """
    better, orders, before = [], [], 0
    for one, own in zip(detections, torch.split(masks, [len(one.boxes) for one in detections]), strict=True):
        scores = one.scores * expected_iou(own)
        order = scores.argsort(descending=True, stable=True)
        better.append(Detections(one.boxes[order], one.labels[order], scores[order], one.rois[order]))
        orders.append(before + order)
        before += len(order)
    return better, torch.cat(orders)
