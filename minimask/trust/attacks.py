"""Attacks: a change of a picture, too small to be seen, that is computed from the model's own gradients.

The attacker of this file knows everything: weights, architecture, and what is done to pictures before ("white box"). He
may change every pixel by at most epsilon, in each channel. From a random start in that ball he goes uphill in small
steps, each along the sign of the gradient, and is brought back whenever he leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimask.data.textures import Bytes
from minimask.geometry.checks import as_number, as_whole_number, library_of
from minimask.model.mask_rcnn import MaskRCNN
from minimask.trust.goals import Goal
from minimask.trust.sight import ALL, Paths, see

LEVEL = 1 / 255
"""One step of a byte."""
REACH = 2.5
"""All steps together would lead so many times epsilon far: to the border of the ball and along it."""


def attack_step(picture: Any, start: Any, gradient: Any, step: float, epsilon: float) -> Any:  # noqa: ANN401
    """Return pictures after a step uphill, no farther than epsilon from where they started, and within [0, 1].

    Parameters
    ----------
    picture, start, gradient : arrays or tensors of one shape
        Now, in the beginning, and of what is to rise.
    step, epsilon : float

    References
    ----------
    Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, 2018: projected gradient descent.

    Examples
    --------
    >>> attack_step(np.array([0.5, 0.99, 0.5]), np.array([0.5, 0.95, 0.5]), np.array([7.0, 0.1, 0.0]), 0.1, 0.08)
    array([0.58, 1.  , 0.5 ])
    """
    moved = picture + step * library_of(gradient).sign(gradient)
    return moved.clip(start - epsilon, start + epsilon).clip(0, 1)


def attack(
    model: MaskRCNN,
    pictures: Tensor,
    goal: Goal,
    *,
    epsilon: float,
    steps: int = 10,
    seed: int = 0,
    paths: Paths = ALL,
    through: Callable[[Tensor], Tensor] | None = None,
    where: Tensor | None = None,
) -> Tensor:
    """Return pictures that are changed by at most epsilon so that an attacker comes near to his goal.

    Parameters
    ----------
    model : MaskRCNN
        In evaluation mode; it is left as it is.
    pictures : tensor (B, 3, H, W)
        From 0 to 1.
    goal : callable
        See `minimask.trust.goals`.
    epsilon : float
        The most that a pixel changes in a channel: 8 / 255 are eight levels of a byte.
    steps : int, at least 1
    seed : int
        Decides the random start.
    paths : Paths
        On which ways gradients come back.
    through : callable, optional
        What the defender does to pictures before the model sees them, if the attacker knows of it. Where it has no
        gradient, it must pass one on all the same (`minimask.trust.defences.straight_through`).
    where : tensor (B, 1, H, W), optional
        1 where pixels may be changed, by default everywhere.

    Returns
    -------
    tensor (B, 3, H, W)
        Rounded to bytes, as files have it, and still in the ball if epsilon is a whole number of levels.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> from minimask.model.lesson import lesson_model
    >>> from minimask.trust.goals import vanish, victim_of
    >>> picture = ShapesWorld(64, 64, sizes=(16, 40))[1]
    >>> start = as_tensor([picture.image])
    >>> changed = attack(lesson_model().eval(), start, vanish([victim_of(picture, 0)]), epsilon=2 / 255, steps=1)
    >>> round((changed - start).abs().max().item() * 255)
    2
    """
    epsilon, steps = _epsilon(epsilon), as_whole_number(steps, "steps", 1)
    allowed = torch.ones_like(pictures[:, :1]) if where is None else where
    start, step = pictures.detach(), REACH * epsilon / steps
    now = noise(start, epsilon, seed, flat=True) * allowed + start * (1 - allowed)
    for _ in range(steps):
        now.requires_grad_()
        sight = see(model, now if through is None else through(now), paths)
        (gradient,) = torch.autograd.grad(goal(sight).sum(), now)
        now = attack_step(now.detach(), start, gradient * allowed, step, epsilon)
    return (now / LEVEL).round() * LEVEL


def noise(pictures: Tensor, epsilon: float, seed: int = 0, *, flat: bool = False) -> Tensor:
    """Return pictures (B, 3, H, W) in which chance moves every pixel and channel by epsilon, up or down.

    No noise of this size could be stronger. With `flat`, it moves them by anything up to epsilon.
    """
    rng, epsilon = np.random.default_rng(seed), _epsilon(epsilon)
    shift = rng.uniform(-1, 1, tuple(pictures.shape)).astype(np.float32)
    moves = torch.from_numpy(shift if flat else np.sign(shift)).to(pictures)
    return (pictures.detach() + epsilon * moves).clip(0, 1)


def as_tensor(images: Sequence[Bytes]) -> Tensor:
    """Return pictures (H, W, 3) of bytes, all of one size, as a tensor (B, 3, H, W) from 0 to 1."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float() / 255


def as_images(pictures: Tensor) -> list[Bytes]:
    """Return pictures (B, 3, H, W) from 0 to 1 as bytes (H, W, 3).

    Examples
    --------
    >>> image = np.arange(256, dtype=np.uint8)[:255].reshape(17, 5, 3)
    >>> bool((as_images(as_tensor([image]))[0] == image).all())
    True
    """
    return list((pictures.detach() * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())


def _epsilon(value: float) -> float:
    if not 0 <= as_number(value, "epsilon") <= 1:
        raise ValueError(f"epsilon must be from 0 to 1, as pictures are, got {value}")
    return float(value)
