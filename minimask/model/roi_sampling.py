"""What the heads learn from: proposals matched to objects, and a sample of them in which a quarter may be positive."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from minimask.matching import match, sample


class RoISample(NamedTuple):
    """The RoIs of one picture that a step of training looks at."""

    boxes: Tensor
    """(n, 4): rows `x1 y1 x2 y2` in pixels of the padded picture, without gradient."""
    matches: Tensor
    """int64 (n,): the object of each RoI, or -1 for the background."""

    def positive(self) -> RoISample:
        """Return those that have an object."""
        chosen = self.matches >= 0
        return RoISample(self.boxes[chosen], self.matches[chosen])


def draw_rois(
    proposals: Tensor,
    objects: Tensor,
    *,
    foreground: float = 0.5,
    background: float = 0.5,
    count: int = 512,
    fraction: float = 0.25,
    rng: np.random.Generator,
) -> RoISample:
    """Match proposals, and the true boxes among them, to objects, and draw those to learn from.

    The true boxes are added to the proposals: in the first steps, no proposal lies on an object yet, and without them
    the mask head would have nothing to learn from.

    Parameters
    ----------
    proposals : tensor (n, 4)
        Rows `x1 y1 x2 y2` in pixels.
    objects : tensor (M, 4)
        The true boxes; M may be 0: then all is background.
    foreground, background : float in [0, 1]
        From which IoU on a RoI answers for its best object, and below which it is background; in between it is not
        drawn.
    count, fraction
        See `minimask.matching.sample`.
    rng : numpy.random.Generator

    References
    ----------
    Girshick, Fast R-CNN, 2015, section 2.3.

    Examples
    --------
    >>> proposals, objects = torch.tensor([[0.0, 0, 8, 8], [20, 20, 28, 28]]), torch.tensor([[0.0, 0, 8, 9]])
    >>> draw_rois(proposals, objects, count=4, fraction=0.5, rng=np.random.default_rng(0))
    RoISample(boxes=tensor([[ 0.,  0.,  8.,  8.],
            [ 0.,  0.,  8.,  9.],
            [20., 20., 28., 28.]]), matches=tensor([ 0,  0, -1]))
    """
    boxes = torch.cat([proposals.detach(), objects.to(proposals)])
    matches = match(boxes.cpu().numpy(), objects.cpu().numpy(), foreground, background, low_quality=False)
    positive, negative = sample(matches, count, fraction, rng=rng)
    chosen = torch.from_numpy(np.concatenate([positive, negative]))
    return RoISample(boxes[chosen.to(boxes.device)], torch.from_numpy(matches)[chosen].to(boxes.device))
