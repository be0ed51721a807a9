"""The box head: what is in a RoI, and how its box must be moved and stretched to fit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

BETA = 1 / 9
"""Where the smooth L1 loss turns from a parabola into a line, in deltas."""


class BoxHead(nn.Module):
    """Two fully connected layers that read all cells of a RoI's feature map at once.

    Parameters
    ----------
    in_features : int
        Numbers of a RoI's feature map: channels x height x width.
    width : int
        Of both layers.

    Notes
    -----
    Parameters have torchvision's names.

    References
    ----------
    Girshick, Fast R-CNN, 2015, section 2; He et al., Mask R-CNN, 2017, figure 4.

    Examples
    --------
    >>> BoxHead(256 * 7 * 7, 1024)(torch.zeros(5, 256, 7, 7)).shape
    torch.Size([5, 1024])
    """

    def __init__(self, in_features: int, width: int) -> None:
        super().__init__()
        self.fc6 = nn.Linear(in_features, width)
        self.fc7 = nn.Linear(width, width)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (K, width) numbers for feature maps (K, C, H, W)."""
        hidden = functional.relu_(self.fc6(maps.flatten(1)))
        return functional.relu_(self.fc7(hidden))


class BoxPredictor(nn.Module):
    """From what the head has found to a logit and four deltas for each class.

    Parameters
    ----------
    width : int
    classes : int
        The background, class 0, among them.

    Notes
    -----
    Parameters have torchvision's names.
    """

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(width, classes)
        self.bbox_pred = nn.Linear(width, classes * 4)

    def forward(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (K, classes) and deltas (K, classes, 4), both of float32 at least."""
        logits, deltas = self.cls_score(hidden), self.bbox_pred(hidden)
        dtype = torch.promote_types(logits.dtype, torch.float32)
        return logits.to(dtype), deltas.to(dtype).unflatten(1, (-1, 4))


class BoxLosses(NamedTuple):
    """The two losses of the box head."""

    classifier: Tensor
    """What is it? Mean cross-entropy of all sampled RoIs."""
    box: Tensor
    """Where exactly? Smooth L1 of the true class's deltas, summed over positives, divided by the number of all."""


def box_losses(
    logits: Tensor,
    deltas: Tensor,
    labels: Tensor,
    wanted: Tensor,
    share_count: Callable[[float], float] = float,
) -> BoxLosses:
    """Return the losses of a batch's RoIs.

    Parameters
    ----------
    logits : tensor (K, classes)
    deltas : tensor (K, classes, 4)
    labels : int64 tensor (K,)
        The true class; 0 is the background.
    wanted : tensor (P, 4)
        The deltas to the true box, for each RoI with a label above 0 in their order.
    share_count : callable
        What both sums are divided by, from the number of RoIs here.

    References
    ----------
    Girshick, Fast R-CNN, 2015, section 2.3, normalized as torchvision does.

    Examples
    --------
    >>> deltas = torch.zeros(2, 3, 4)
    >>> deltas[0, 2, 0] = 1  # of the true class: counts
    >>> deltas[0, 1, 0] = 9  # of another class: does not
    >>> losses = box_losses(torch.zeros(2, 3), deltas, torch.tensor([2, 0]), torch.zeros(1, 4))
    >>> round(losses.classifier.item(), 4), round(losses.box.item(), 4)  # log 3, (1 - 1/18) / 2
    (1.0986, 0.4722)
    """
    count = share_count(len(labels)) or 1.0
    positive = (labels > 0).nonzero()[:, 0]
    moves = deltas[positive, labels[positive]]
    classifier = functional.cross_entropy(logits, labels, reduction="sum") / count
    box = functional.smooth_l1_loss(moves, wanted, beta=BETA, reduction="sum") / count
    return BoxLosses(classifier, box)
