"""Defences that change the picture before the model sees it, and what an attacker makes of them who knows.

Most of them have no useful gradient. An attacker needs none: he computes forward through the defence, and backward as
if it were not there ("straight through"). That is how nearly all published defences of this kind fell.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from minimask.data.found import Found
from minimask.data.textures import Bytes
from minimask.detecting import detect
from minimask.geometry.checks import BoolArray
from minimask.model.mask_rcnn import MaskRCNN
from minimask.trust.attacks import as_images, as_tensor
from minimask.trust.outcome import SURE

QUALITY = 50
"""Of JPEG."""
SIGMA = 1.0
"""Of the blur, in pixels."""
LEVELS = 8
"""Of each channel, where there were 256."""
FARTHEST = 4
"""Of a shift, in pixels, along each axis."""


def jpeg(image: Bytes, quality: int = QUALITY) -> Bytes:
    """Return a picture as it comes out of a JPEG file.

    Examples
    --------
    >>> jpeg(np.full((8, 8, 3), 128, np.uint8))[0, 0].tolist()
    [128, 128, 128]
    """
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="jpeg", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def straight_through(change: Callable[[Bytes], Bytes]) -> Callable[[Tensor], Tensor]:
    """Return a change of pictures of bytes as one of tensors (B, 3, H, W), whose gradient passes as if it did nothing.

    References
    ----------
    Athalye, Carlini, Wagner, Obfuscated Gradients Give a False Sense of Security, 2018, section 4.1.

    Examples
    --------
    >>> picture = torch.rand(1, 3, 4, 4, requires_grad=True)
    >>> straight_through(lambda image: image // 2)(picture).sum().backward()
    >>> bool((picture.grad == 1).all())
    True
    """

    def through(pictures: Tensor) -> Tensor:
        done = as_tensor([change(image) for image in as_images(pictures)])
        return pictures + (done - pictures).detach()

    return through


def blur(pictures: Tensor, sigma: float = SIGMA) -> Tensor:
    """Return pictures (B, 3, H, W), every pixel a weighted mean of its neighborhood; this one has a gradient."""
    reach = int(np.ceil(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).to(pictures)
    for kernel, border in ((weights[None, :], (reach, reach, 0, 0)), (weights[:, None], (0, 0, reach, reach))):
        padded = functional.pad(pictures, border, mode="replicate")
        pictures = functional.conv2d(padded, kernel.expand(3, 1, *kernel.shape), groups=3)
    return pictures


def fewer_levels(image: Bytes, levels: int = LEVELS) -> Bytes:
    """Return a picture with so many levels of each channel, evenly from 0 to 255."""
    step = 255 / (levels - 1)
    return np.asarray(np.rint(np.rint(image / step) * step)).astype(np.uint8)


def shift(pictures: Tensor, right: int, down: int) -> Tensor:
    """Return pictures (B, 3, H, W), moved by whole pixels; what comes in at the border repeats the outermost pixels."""
    reach = max(abs(right), abs(down))
    padded = functional.pad(pictures, (reach,) * 4, mode="replicate")
    height, width = pictures.shape[-2:]
    return padded[..., reach - down : reach - down + height, reach - right : reach - right + width]


class Moves:
    """A defence by chance: each time, each picture is moved by a few whole pixels, nobody knows where to.

    Parameters
    ----------
    seed : int

    Attributes
    ----------
    last : list of (int, int)
        Where the pictures of the last call were moved to, right and down.
    """

    def __init__(self, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.last: list[tuple[int, int]] = []

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return pictures (B, 3, H, W), moved."""
        draws = self.rng.integers(-FARTHEST, FARTHEST + 1, (len(pictures), 2))
        self.last = [(right, down) for right, down in draws.tolist()]
        return torch.cat([shift(pictures[k : k + 1], *move) for k, move in enumerate(self.last)])


class Defence(NamedTuple):
    """A change of pictures (B, 3, H, W) before the model sees them, as its owner and as its attacker compute it."""

    change: Callable[[Tensor], Tensor]

    def detect(self, model: MaskRCNN, images: Sequence[Bytes]) -> Iterator[Found]:
        """Look at pictures with the defence before the model; what is found is where it was in the given picture."""
        changed = self.change(as_tensor(images))
        moves = self.change.last if isinstance(self.change, Moves) else [(0, 0)] * len(images)
        for found, (right, down) in zip(detect(model, as_images(changed)), moves, strict=True):
            boxes = found.boxes - np.array([right, down, right, down], dtype=found.boxes.dtype)
            yield found._replace(boxes=boxes, masks=_moved(found, -right, -down))


def defences(seed: int = 0) -> dict[str, Defence]:
    """Return the defences by name; each call makes new ones, whose chance begins anew."""
    return {
        "none": Defence(lambda pictures: pictures),
        "JPEG": Defence(straight_through(jpeg)),
        "blur": Defence(blur),
        "8 levels": Defence(straight_through(fewer_levels)),
        "random shift": Defence(Moves(seed)),
    }


def disagreement(one: Found, other: Found) -> float:
    """Return how little two looks at a picture agree: 0 if all that is surely found is found twice, 1 if nothing is.

    Twice means with the same class and a mask IoU of at least one half.

    Examples
    --------
    >>> mask = np.eye(4, dtype=bool)[None]
    >>> found = Found(np.array([[0.0, 0, 4, 4]]), np.array([2]), np.array([0.9]), mask)
    >>> disagreement(found, found), disagreement(found, found._replace(scores=np.array([0.1])))
    (0.0, 1.0)
    """
    first, second = ([k for k in range(len(each.scores)) if each.scores[k] >= SURE] for each in (one, other))
    if not first and not second:
        return 0.0
    left, matched = set(second), 0
    for k in first:
        for m in sorted(left):
            union = (one.masks[k] | other.masks[m]).sum()
            if one.labels[k] == other.labels[m] and 2 * (one.masks[k] & other.masks[m]).sum() >= union > 0:
                left.remove(m)
                matched += 1
                break
    return 1 - 2 * matched / (len(first) + len(second))


def _moved(found: Found, right: int, down: int) -> BoolArray:
    masks = np.zeros_like(found.masks)
    height, width = masks.shape[1:]
    rows, columns = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
    above, left = slice(max(-down, 0), height + min(-down, 0)), slice(max(-right, 0), width + min(-right, 0))
    masks[:, rows, columns] = found.masks[:, above, left]
    return masks
