"""What the proposal network learns from: anchors matched to objects, a sample of them, and two losses on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from minimask.box_coder import encode
from minimask.geometry.checks import FloatArray, IntArray
from minimask.matching import match, sample

BETA = 1 / 9
"""Where the smooth L1 loss turns from a parabola into a line, in deltas."""


class Sample(NamedTuple):
    """The anchors of one picture that a step of training looks at."""

    matches: IntArray
    """(N,): the object of every anchor, or `BACKGROUND`, or `IGNORED`."""
    positive: IntArray
    """Anchors drawn from those that have an object."""
    negative: IntArray
    """Anchors drawn from the background."""


class Losses(NamedTuple):
    """The two losses of a batch."""

    objectness: Tensor
    """Is there an object at this anchor? Mean binary cross-entropy of all sampled."""
    box: Tensor
    """Where is it? Smooth L1 of the deltas, summed over the positives and divided by the number of all sampled."""

    @property
    def total(self) -> Tensor:
        """Their sum, which training makes small."""
        return self.objectness + self.box


def draw_sample(
    anchors: FloatArray,
    objects: FloatArray,
    *,
    foreground: float = 0.7,
    background: float = 0.3,
    count: int = 256,
    fraction: float = 0.5,
    rng: np.random.Generator,
) -> Sample:
    """Match the anchors of one picture to its objects, and draw those to learn from.

    Parameters
    ----------
    anchors : array (N, 4)
    objects : array (M, 4)
        Rows `x1 y1 x2 y2` in pixels; M may be 0: then all anchors are background.
    foreground, background : float
        See `minimask.matching.match`; low-quality matches are made.
    count, fraction
        See `minimask.matching.sample`.
    rng : numpy.random.Generator

    Returns
    -------
    Sample
    """
    matches = match(anchors, objects, foreground, background, low_quality=True)
    return Sample(matches, *sample(matches, count, fraction, rng=rng))


def rpn_losses(
    logits: Tensor,
    deltas: Tensor,
    anchors: Tensor,
    objects: Sequence[Tensor],
    samples: Sequence[Sample],
    share_count: Callable[[float], float] = float,
) -> Losses:
    """Return the losses of a batch on given samples.

    Parameters
    ----------
    logits : tensor (B, N)
    deltas : tensor (B, N, 4)
    anchors : tensor (N, 4)
        Rows `x1 y1 x2 y2` in pixels.
    objects : sequence of B tensors (M, 4)
        The true boxes of each picture.
    samples : sequence of B Sample
    share_count : callable
        What both sums are divided by, from the number of anchors sampled here.

    Returns
    -------
    Losses
        Of the whole batch: every sampled anchor weighs the same, in whichever picture it lies.

    References
    ----------
    Ren et al., Faster R-CNN, 2015, equation 1, normalized as torchvision does.

    Examples
    --------
    >>> anchors = torch.tensor([[0.0, 0, 8, 8], [8, 0, 16, 8]])
    >>> sampled = Sample(np.array([0, -1]), np.array([0]), np.array([1]))
    >>> deltas = torch.tensor([[[1.0, 0, 0, 0], [0, 0, 0, 0]]])  # one anchor's side too far to the right
    >>> losses = rpn_losses(torch.zeros(1, 2), deltas, anchors, [anchors[:1]], [sampled])
    >>> round(float(losses.objectness), 4), round(float(losses.box), 4)  # log 2, (1 - 1/18) / 2
    (0.6931, 0.4722)
    """
    chosen, labels, moves, wanted = [], [], [], []
    for number, (boxes, one) in enumerate(zip(objects, samples, strict=True)):
        positive = _indices(one.positive, logits)
        chosen += [logits[number, positive], logits[number, _indices(one.negative, logits)]]
        labels += [torch.ones_like(chosen[-2]), torch.zeros_like(chosen[-1])]
        moves.append(deltas[number, positive])
        matched = boxes.to(anchors)[_indices(one.matches[one.positive], logits)]
        wanted.append(encode(matched, anchors[positive]))
    sampled, truth = torch.cat(chosen), torch.cat(labels)
    count = share_count(len(sampled)) or 1.0
    objectness = functional.binary_cross_entropy_with_logits(sampled, truth, reduction="sum") / count
    box = functional.smooth_l1_loss(torch.cat(moves), torch.cat(wanted), beta=BETA, reduction="sum") / count
    return Losses(objectness, box)


def _indices(numbers: IntArray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.asarray(numbers, np.int64)).to(like.device)
