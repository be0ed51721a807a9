"""What the mask head learns: the part of the true mask that lies in a RoI, on a small grid, and the loss on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from minimask.model.roi_sampling import RoISample
from minimask.roi.door import roi_align

Rivalry = Literal["sigmoid", "softmax"]
"""`sigmoid`: every class has a mask of its own, as published. `softmax`: classes compete for every cell."""


def mask_targets(masks: Tensor, boxes: Tensor, matches: Tensor, size: int, aligned: bool = True) -> Tensor:
    """Return the true mask in each box on a grid of `size` x `size` cells: the fraction of each that it covers.

    Parameters
    ----------
    masks : tensor (M, H, W)
        The true masks of one picture, 0 or 1.
    boxes : tensor (P, 4)
        Rows `x1 y1 x2 y2` in the masks' pixels.
    matches : int64 tensor (P,)
        The object of each box.
    size : int
        Cells per side.
    aligned : bool
        True keeps the half pixel right; False is the published convention, which moves every target by half a pixel
        up and to the left.

    Returns
    -------
    float tensor (P, size, size)
        From 0 to 1, of the boxes' dtype.

    References
    ----------
    He et al., Mask R-CNN, 2017, section 3.1.

    Examples
    --------
    >>> mask = torch.zeros(1, 8, 8)
    >>> mask[0, 2:6, 2:4] = 1
    >>> mask_targets(mask, torch.tensor([[2.0, 2, 6, 6]]), torch.tensor([0]), 2)
    tensor([[[1., 0.],
             [1., 0.]]])
    """
    if not len(boxes):
        return boxes.new_zeros(0, size, size)
    rois = torch.cat([matches[:, None].to(boxes), boxes], dim=1)
    return roi_align(masks[:, None].to(boxes), rois, size, sampling_ratio=-1, aligned=aligned)[:, 0]


def batch_mask_targets(
    masks: Sequence[Tensor], samples: Sequence[RoISample], size: int, aligned: bool = True
) -> Tensor:
    """Return the mask targets of several pictures, one picture after another.

    Parameters
    ----------
    masks : sequence of B tensors (M, H, W)
        The true masks of each picture. If all pictures are of one size, they are cut out in one call, which is faster.
    samples : sequence of B RoISample
        Boxes that all have an object.
    size, aligned
        See `mask_targets`.

    Examples
    --------
    >>> samples = [RoISample(torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([0]))] * 2
    >>> batch_mask_targets([torch.zeros(1, 4, 4), torch.ones(1, 4, 4)], samples, 2).mean(dim=(1, 2))
    tensor([0., 1.])
    """
    if len({tuple(one.shape[1:]) for one in masks}) > 1:
        return torch.cat(
            [mask_targets(one, *sample, size, aligned) for one, sample in zip(masks, samples, strict=True)]
        )
    before = accumulate((len(one) for one in masks[:-1]), initial=0)
    matches = [sample.matches + number for sample, number in zip(samples, before, strict=True)]
    boxes = [sample.boxes for sample in samples]
    return mask_targets(torch.cat(list(masks)), torch.cat(boxes), torch.cat(matches), size, aligned)


def mask_loss(
    logits: Tensor,
    labels: Tensor,
    targets: Tensor,
    rivalry: Rivalry = "sigmoid",
    share_count: Callable[[float], float] = float,
) -> Tensor:
    """Return the mean binary cross-entropy of the true class's mask; other classes' masks are not looked at.

    With `softmax`, it is the mean cross-entropy of every cell's class: the true one where the mask is, the background
    elsewhere.

    Parameters
    ----------
    logits : tensor (P, classes, m, m)
        Of the RoIs that have an object.
    labels : int64 tensor (P,)
        Their true classes, from 1.
    targets : tensor (P, m, m)
        From 0 to 1.
    rivalry : "sigmoid" or "softmax"
    share_count : callable
        What the sum over RoIs is divided by, from their number P here.

    Returns
    -------
    tensor
        0 if there is no RoI, and then without effect on any parameter.

    References
    ----------
    He et al., Mask R-CNN, 2017, section 3 and table 2b.

    Examples
    --------
    >>> logits = torch.zeros(1, 3, 2, 2)
    >>> logits[0, 1] = 100.0  # another class is sure of something: no matter, or much
    >>> label, target = torch.tensor([2]), torch.ones(1, 2, 2)
    >>> round(mask_loss(logits, label, target).item(), 4), mask_loss(logits, label, target, "softmax").item()
    (0.6931, 100.0)
    """
    count = share_count(len(labels)) or 1.0
    if not len(labels):
        return logits.sum() * 0
    cells = targets[0].numel()
    chosen = logits[torch.arange(len(labels), device=labels.device), labels]
    chosen = chosen.to(torch.promote_types(chosen.dtype, torch.float32))
    if rivalry == "sigmoid":
        return functional.binary_cross_entropy_with_logits(chosen, targets, reduction="sum") / (count * cells)
    everything = logits.to(chosen.dtype)
    mixed = targets * chosen + (1 - targets) * everything[:, 0]
    return (everything.logsumexp(dim=1) - mixed).sum() / (count * cells)


def mask_probabilities(logits: Tensor, labels: Tensor, rivalry: Rivalry = "sigmoid") -> Tensor:
    """Return the mask (D, m, m) of each RoI's own class, from 0 to 1, from logits (D, classes, m, m).

    Examples
    --------
    >>> mask_probabilities(torch.zeros(1, 4, 1, 1), torch.tensor([2])).item()
    0.5
    >>> mask_probabilities(torch.zeros(1, 4, 1, 1), torch.tensor([2]), "softmax").item()
    0.25
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    which = torch.arange(len(labels), device=labels.device), labels
    return logits[which].sigmoid() if rivalry == "sigmoid" else logits.softmax(dim=1)[which]
