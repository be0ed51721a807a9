"""From pictures of any size to the one tensor that the network reads: normalized, resized, padded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from minimask.geometry.checks import as_number, as_whole_number
from minimask.model.inputs import Target, check_images, check_targets
from minimask.model.rpn import Chance, Size, one_each


class Batch(NamedTuple):
    """Pictures as the network reads them."""

    pictures: Tensor
    """(B, 3, H, W): channels last in memory; each picture lies at the top left, and zeros fill the rest."""
    sizes: list[Size]
    """The size of each picture without the zeros."""
    original_sizes: list[Size]
    """The size of each picture as it was given."""

    @property
    def padded_size(self) -> Size:
        """The size of all pictures with the zeros."""
        return self.pictures.shape[-2], self.pictures.shape[-1]


@dataclass(frozen=True)
class Transform:
    """What is done to pictures before the network sees them, and to the truth about them.

    Parameters
    ----------
    min_size : int, sequence of int, or None
        A picture is enlarged or reduced until its shorter side has this length in pixels, or its longer one `max_size`,
        whichever comes first. Of several, training draws one for each picture, and all else takes the last. None leaves
        pictures as large as they are.
    max_size : int
    mean, std : three numbers
        Of red, green and blue, in pictures from 0 to 1: `(picture - mean) / std` is what the network reads.
    divisor : int
        The sides of what the network reads are multiples of this.

    Raises
    ------
    ValueError, TypeError
        If a size is not a whole number above 0, or a deviation is 0.

    Notes
    -----
    torchvision's `GeneralizedRCNNTransform`, number by number: pictures are normalized first, and resized by bilinear
    interpolation without anti-aliasing to the floor of what the scale asks for; masks take the nearest pixel.

    Examples
    --------
    >>> batch, _ = Transform()([torch.zeros(3, 480, 640), torch.zeros(3, 100, 80)])
    >>> batch.sizes, batch.pictures.shape
    ([(800, 1066), (1000, 800)], torch.Size([2, 3, 1024, 1088]))
    """

    min_size: int | Sequence[int] | None = 800
    max_size: int = 1333
    mean: Sequence[float] = (0.485, 0.456, 0.406)
    std: Sequence[float] = (0.229, 0.224, 0.225)
    divisor: int = 32

    def __post_init__(self) -> None:
        for name in ("max_size", "divisor"):
            as_whole_number(getattr(self, name), name, least=1)
        if self.min_size is not None and not self._lengths():
            raise ValueError(f"min_size must be a length, several of them, or None, got {self.min_size!r}")
        for length in self._lengths():
            as_whole_number(length, "min_size", least=1)
        for name in ("mean", "std"):
            numbers = getattr(self, name)
            if len(numbers) != 3:
                raise ValueError(f"{name} must be three numbers, for red, green and blue, got {numbers!r}")
            for number in numbers:
                if as_number(number, name) <= 0 and name == "std":
                    raise ValueError(f"std must be above 0, got {numbers!r}")

    def __call__(
        self,
        images: Sequence[Tensor],
        targets: Sequence[Target] | None = None,
        *,
        classes: int | None = None,
        rng: Chance | None = None,
    ) -> tuple[Batch, list[dict[str, Tensor]] | None]:
        """Return the batch, and the truth about it in its pixels.

        Parameters
        ----------
        images : sequence of float tensors (3, H, W)
        targets : sequence of dicts, optional
            See `minimask.model.inputs.check_targets`; other keys are handed on as they are.
        classes : int, optional
            Labels must be below it.
        rng : numpy.random.Generator, or a sequence of them, one for each picture, optional
            What draws from several lengths of `min_size`; without it, the last is taken.

        Returns
        -------
        Batch
        list of dict, or None
            Boxes in pixels of the resized pictures, masks of their sizes, both without padding.

        Raises
        ------
        ValueError, TypeError
            If pictures or targets are not as they must be.
        """
        check_images(images)
        if targets is not None:
            check_targets(targets, images, classes)
        sources = [None] * len(images) if rng is None else one_each(rng, len(images))
        sizes = [
            self.size(image.shape[1], image.shape[2], source) for image, source in zip(images, sources, strict=True)
        ]
        original = [(image.shape[1], image.shape[2]) for image in images]
        pictures = [self._picture(image, size) for image, size in zip(images, sizes, strict=True)]
        batch = Batch(self._padded(pictures), sizes, original)
        if targets is None:
            return batch, None
        return batch, [resize_target(*both) for both in zip(targets, original, sizes, strict=True)]

    def size(self, height: int, width: int, rng: np.random.Generator | None = None) -> Size:
        """Return the size to which a picture of height x width is resized.

        Raises
        ------
        ValueError
            If no pixel of it would be left.

        Examples
        --------
        >>> Transform(min_size=128).size(20, 30), Transform(min_size=None).size(20, 30)
        ((128, 192), (20, 30))
        """
        lengths = self._lengths()
        if not lengths:
            return height, width
        length = lengths[-1] if rng is None else lengths[int(rng.integers(len(lengths)))]
        scale = min(length / min(height, width), self.max_size / max(height, width))
        size = math.floor(height * scale), math.floor(width * scale)
        if not min(size):
            raise ValueError(
                f"images must keep a pixel when the longer side is resized to {self.max_size}, got {height} x {width}"
            )
        return size

    def _lengths(self) -> Sequence[int]:
        if self.min_size is None:
            return ()
        return tuple(self.min_size) if isinstance(self.min_size, Sequence) else (self.min_size,)

    def _picture(self, image: Tensor, size: Size) -> Tensor:
        """Return an image (3, H, W), normalized and of the given size."""
        mean, std = (image.new_tensor(numbers)[:, None, None] for numbers in (self.mean, self.std))
        normalized = (image - mean) / std
        if tuple(image.shape[1:]) == size:
            return normalized
        return functional.interpolate(normalized[None], size, mode="bilinear", align_corners=False)[0]

    def _padded(self, images: Sequence[Tensor]) -> Tensor:
        """Return images (3, h, w) at the top left of a batch (B, 3, H, W) of zeros."""
        highest, widest = (max(image.shape[side] for image in images) for side in (1, 2))
        height, width = (self.divisor * -(-side // self.divisor) for side in (highest, widest))
        batch = torch.empty(
            (len(images), 3, height, width),
            dtype=images[0].dtype,
            device=images[0].device,
            memory_format=torch.channels_last,
        ).zero_()
        for number, image in enumerate(images):  # by index: the pictures may want gradients
            batch[number, :, : image.shape[1], : image.shape[2]] = image
        return batch


def resize_boxes(boxes: Tensor, old: Size, new: Size) -> Tensor:
    """Return boxes (n, 4) of a picture of one size, `(height, width)`, in pixels of the same picture in another size.

    Examples
    --------
    >>> resize_boxes(torch.tensor([[1.0, 2, 3, 4]]), (10, 10), (20, 30))
    tensor([[3., 4., 9., 8.]])
    """
    # Ratios are rounded to float32, also for boxes of float64: as torchvision does.
    down, right = (float(np.float32(after) / np.float32(before)) for before, after in zip(old, new, strict=True))
    return boxes * boxes.new_tensor((right, down, right, down))


def resize_target(target: Target, old: Size, new: Size) -> dict[str, Tensor]:
    """Return the truth about a picture of one size in pixels of the same picture in another size.

    Examples
    --------
    >>> masks = torch.tensor([[[0, 1], [0, 1]]], dtype=torch.uint8)
    >>> resize_target({"boxes": torch.tensor([[1.0, 0, 2, 2]]), "masks": masks}, (2, 2), (1, 4))
    {'boxes': tensor([[2., 0., 4., 1.]]), 'masks': tensor([[[0, 0, 1, 1]]], dtype=torch.uint8)}
    """
    found = dict(target)
    if old != new:
        found["boxes"] = resize_boxes(target["boxes"], old, new)
    masks = target["masks"].to(torch.uint8)
    if old != new and len(masks):
        masks = functional.interpolate(masks[None], new, mode="nearest")[0]
    found["masks"] = masks if len(masks) else masks.new_zeros(0, *new)
    return found
