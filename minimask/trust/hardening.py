"""Adversarial training: the model learns from pictures that were attacked a moment ago, with its own weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from minimask.data.picture import Picture
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.batches import Source, as_target
from minimask.trust.attacks import as_images, as_tensor, attack_step, noise

BEYOND = 1.25
"""One step leads so many times epsilon far, and is brought back to the ball."""


@dataclass(frozen=True)
class Hardened:
    """Pictures of which every second one is attacked when it is asked for, by one step that raises all losses.

    Parameters
    ----------
    source : Source
    model : MaskRCNN
        As it is at that moment: pictures must be loaded in the process that trains.
    epsilon : float

    References
    ----------
    Wong, Rice, Kolter, Fast is Better than Free: Revisiting Adversarial Training, 2020; Zhang, Wang, Towards
    Adversarially Robust Object Detection, 2019.
    """

    source: Source
    model: MaskRCNN
    epsilon: float

    def __getitem__(self, index: int) -> Picture:
        """Return the picture of an index, attacked if the index is odd."""
        picture = self.source[index]
        if index % 2 == 0 or not len(picture.labels):
            return picture
        _, target = as_target(replace(picture, shapes=()))
        start = as_tensor([picture.image])
        training = self.model.training
        self.model.eval()
        try:
            now = noise(start, self.epsilon, index, flat=True).requires_grad_()
            with torch.enable_grad():
                losses = self.model.losses(list(now), [target], rng=np.random.default_rng(index))
                (gradient,) = torch.autograd.grad(sum(losses.values()), now)  # type: ignore[arg-type]
        finally:
            self.model.train(training)
        moved = attack_step(now.detach(), start, gradient, BEYOND * self.epsilon, self.epsilon)
        return replace(picture, image=as_images(moved)[0])
