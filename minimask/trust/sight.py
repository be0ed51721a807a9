"""The way from a picture to the second stage's numbers, with gradients all the way back to its pixels.

Detecting needs no gradients, so the model cuts them where they would only cost: proposals come out of the funnel
without a history. An attacker wants them all. `see` walks the model's own way once more, keeps the history, and can
cut each path on which a pixel acts:

    picture -> features -> RPN logits                    "objectness": is there anything?
                        -> RoI features -> class, mask    "features": what the RoI reads
                        -> boxes -> RoI features -> ...   "boxes": where the RoI reads, by RoIAlign's gradient for boxes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from minimask.box_coder import decode
from minimask.model.detections import refine
from minimask.model.mask_rcnn import MaskRCNN
from minimask.proposals import clip


class Paths(NamedTuple):
    """On which ways a picture's gradient may come back."""

    objectness: bool = True
    """From the RPN's logits."""
    features: bool = True
    """From what RoIs read, through the feature maps."""
    boxes: bool = True
    """From where they read it, through the coordinates of their boxes."""


ALL = Paths()


@dataclass(frozen=True)
class Sight:
    """What the model makes of a batch of B pictures on its way; tensors have a history."""

    anchors: Tensor
    """(n, 4): all of a picture."""
    objectness: Tensor
    """(B, n): the RPN's logits."""
    proposals: list[Tensor]
    """(k, 4) for each picture."""
    class_logits: list[Tensor]
    """(k, classes)."""
    refined: list[Tensor]
    """(k, classes, 4): the box that each class would make of the proposal."""
    model: MaskRCNN
    features: list[Tensor]
    """What RoIs are read from."""

    def mask_logits(self, boxes: Sequence[Tensor]) -> list[Tensor]:
        """Return what the mask head says in some boxes (m, 4) of each picture: (m, classes, 28, 28)."""
        heads = self.model.roi_heads
        maps = heads.extract(self.features, self.model.backbone.strides, boxes, heads.settings.mask_size)
        return list(torch.split(heads.predict_masks(maps), [len(one) for one in boxes]))


def see(model: MaskRCNN, pictures: Tensor, paths: Paths = ALL) -> Sight:
    """Return what a model in evaluation mode makes of pictures (B, 3, H, W) from 0 to 1, with gradients.

    Parameters
    ----------
    model : MaskRCNN
        In evaluation mode.
    pictures : tensor (B, 3, H, W)
    paths : Paths
        Where gradients may pass; the numbers are the same whatever is cut.

    Examples
    --------
    >>> from minimask.model.lesson import lesson_model
    >>> picture = torch.rand(1, 3, 64, 64, requires_grad=True)
    >>> sight = see(lesson_model(seed=0).eval(), picture)
    >>> (gradient,) = torch.autograd.grad(sight.objectness.sum(), picture)
    >>> gradient.shape
    torch.Size([1, 3, 64, 64])
    """
    if model.training:
        raise ValueError("model must be in evaluation mode, as it is when it detects: call `model.eval()`")
    batch, _ = model.transform(list(pictures))
    features = model.backbone(batch.pictures)
    predictions = model.rpn.predict(features)
    anchors = model.rpn.anchors(batch.padded_size, features)
    funnels = model.rpn.propose(predictions, anchors, batch.sizes)
    deltas, every = torch.cat(predictions.deltas, dim=1), torch.cat(anchors)
    chosen = [funnel.top_n.indices for funnel in funnels]
    proposals = [
        clip(decode(moves[which], every[which]), size)
        for moves, which, size in zip(deltas, chosen, batch.sizes, strict=True)
    ]
    if not paths.boxes:
        proposals = [one.detach() for one in proposals]
    if not paths.features:
        features = [one.detach() for one in features]
    heads, objectness = model.roi_heads, torch.cat(predictions.logits, dim=1)
    maps = heads.extract(features, model.backbone.strides, proposals, heads.size_for_boxes)
    logits, moves = (torch.split(one, [len(boxes) for boxes in proposals]) for one in heads.predict_boxes(maps))
    refined = [
        refine(one, boxes, size, heads.settings.delta_weights)
        for one, boxes, size in zip(moves, proposals, batch.sizes, strict=True)
    ]
    if not paths.boxes:
        refined = [one.detach() for one in refined]
    objectness = objectness if paths.objectness else objectness.detach()
    return Sight(every, objectness, proposals, list(logits), refined, model, list(features))
