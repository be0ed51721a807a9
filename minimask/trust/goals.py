"""What an attacker wants, as a number to be raised: an object unseen, of another class, or out of its outline.

Each goal is made for the victims, one object in each picture, and then takes what the model sees. It returns a number
for each picture, a sum of mean log-probabilities and the like: 0 where the attacker has all that he wants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from minimask.data.picture import Picture
from minimask.geometry.boxes import box_iou
from minimask.model.mask_targets import mask_targets
from minimask.trust.sight import Sight

Goal = Callable[[Sight], Tensor]
"""From what the model sees in B pictures to (B,) numbers that the attacker wants to be high."""
NEAR = 0.5
"""A RoI or an anchor speaks of the victim from this IoU on."""
READ = 8
"""So many of the RoIs that are surest of the victim have their masks read."""
LARGE = 4.0
"""An attacker on the mask wants the box to cover so many times the true one's area; beyond that he does not care."""


class Victim(NamedTuple):
    """The object of a picture that is attacked."""

    box: Tensor
    """(4,)."""
    label: int
    mask: Tensor
    """(H, W), 0 or 1."""


def victim_of(picture: Picture, number: int) -> Victim:
    """Return an object of a picture as a victim.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> victim_of(ShapesWorld(seed=3)[0], 0).label
    6
    """
    box, mask = torch.from_numpy(picture.boxes[number]), torch.from_numpy(picture.masks[number])
    return Victim(box, int(picture.labels[number]), mask.float())


def vanish(victims: Sequence[Victim]) -> Goal:
    """Want every anchor and every RoI near a victim to say that there is nothing."""

    def goal(sight: Sight) -> Tensor:
        found = []
        for k, victim in enumerate(victims):
            anchors, rois = _near(sight.anchors, victim), _near(sight.proposals[k], victim)
            nothing = sight.class_logits[k].log_softmax(dim=1)[:, 0]
            found.append(_mean(nothing[rois]) + _mean(logsigmoid(-sight.objectness[k][anchors])))
        return torch.stack(found)

    return goal


def change(victims: Sequence[Victim], labels: Sequence[int] | None = None) -> Goal:
    """Want every RoI near a victim to say that it is of another class: of any, or of one that is given for each."""

    def goal(sight: Sight) -> Tensor:
        found = []
        for k, victim in enumerate(victims):
            likely = sight.class_logits[k].log_softmax(dim=1)
            others = [label for label in range(1, likely.shape[1]) if label != victim.label]
            wanted = likely[:, others if labels is None else [labels[k]]].logsumexp(dim=1)
            found.append(_mean(wanted[_near(sight.proposals[k], victim)]))
        return torch.stack(found)

    return goal


def leak(victims: Sequence[Victim]) -> Goal:
    """Want a victim's box to grow, and its mask to hold what lies around it, while its class stays what it is."""

    def goal(sight: Sight) -> Tensor:
        sure = [_surest(sight, k, victim) for k, victim in enumerate(victims)]
        found = []
        logits = sight.mask_logits([boxes for boxes, _ in sure])
        for inside, (boxes, kept), victim in zip(logits, sure, victims, strict=True):
            own = torch.zeros(len(boxes), dtype=torch.int64)
            outside = 1 - mask_targets(victim.mask[None], boxes, own, inside.shape[-1])
            inked = (logsigmoid(inside[:, victim.label]) * outside).sum() / outside.sum().clamp(min=1)
            grown = _log_area(boxes) - _log_area(victim.box[None]) - math.log(LARGE)
            found.append(inked + _mean(grown.clamp(max=0)) + _mean(kept))
        return torch.stack(found)

    return goal


def _surest(sight: Sight, picture: int, victim: Victim) -> tuple[Tensor, Tensor]:
    """Return the boxes (m, 4) that the RoIs which are surest of a victim make of it, and how sure they are (m,)."""
    near = _near(sight.proposals[picture], victim)
    likely = sight.class_logits[picture][near].log_softmax(dim=1)[:, victim.label]
    best = likely.argsort(descending=True)[:READ]
    return sight.refined[picture][near[best], victim.label], likely[best]


def _log_area(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=1).log().sum(dim=1)


def _near(boxes: Tensor, victim: Victim) -> Tensor:
    """Return the numbers of the boxes (n, 4) that speak of a victim."""
    return (box_iou(boxes.detach(), victim.box[None])[:, 0] >= NEAR).nonzero()[:, 0]


def _mean(values: Tensor) -> Tensor:
    """Return the mean of values (n,), and 0 where nothing is left to be attacked."""
    return values.sum() / max(1, len(values))
