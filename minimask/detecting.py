"""Detecting: from pictures, as they come out of files and data sets, to what a trained model finds in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from minimask.data.found import Found
from minimask.data.textures import Bytes
from minimask.geometry.checks import as_number, as_whole_number
from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.paste import paste_masks
from minimask.training.proposals import evaluating

__all__ = ["Found", "detect"]

AT_ONCE = 2**19
"""Pixels that are looked at together: 32 pictures of 128 x 128."""


def detect(
    model: MaskRCNN,
    images: Iterable[Bytes],
    *,
    score: float | None = None,
    mask: float = 0.5,
    longest: int = 0,
) -> Iterator[Found]:
    """Look at pictures, and hand out what is found in each, in their order.

    Parameters
    ----------
    model : MaskRCNN
        Its mode and its weights are left as they are.
    images : iterable of uint8 arrays (H, W, 3)
        Neighbors of one size are looked at together.
    score : float from 0 to 1, optional
        What is found needs a score above it; by default the model's own threshold.
    mask : float from 0 to 1
        A pixel belongs to an object from this probability on.
    longest : int
        Pictures with a longer side are reduced to it before the model looks at them; 0: none is. Boxes and masks are in
        the pixels of the picture all the same.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> from minimask.model.lesson import lesson_model
    >>> (found,) = detect(lesson_model(seed=0), [ShapesWorld()[0].image])
    >>> found.masks.shape == (len(found.boxes), 128, 128)
    True
    """
    changed = {}
    if score is not None:
        changed["score_threshold"] = _fraction(score, "score")
    mask, longest = _fraction(mask, "mask"), as_whole_number(longest, "longest", 0)
    for _, alike in groupby(map(_checked, images), key=lambda image: image.shape):
        for batch in _portions(alike):
            with evaluating(model):
                found = [*_look(model, batch, changed, mask, longest)]
            yield from found


def _look(
    model: MaskRCNN, images: list[Bytes], changed: dict[str, float], threshold: float, longest: int
) -> Iterator[Found]:
    """Return what is found in a few pictures of one size."""
    height, width = images[0].shape[:2]
    shrink = max(1.0, max(height, width) / longest) if longest else 1.0
    device = next(model.parameters()).device
    seen = [_as_tensor(_resized(image, shrink), device) for image in images]
    trace = model.trace(seen, **changed)
    scale = trace.batch.original_sizes[0]
    parts = torch.split(trace.masks, [len(one.boxes) for one in trace.detections])
    for output, masks in zip(trace.outputs, parts, strict=True):
        boxes, whole = output["boxes"], output["masks"][:, 0] >= threshold
        if shrink > 1:
            boxes = boxes * boxes.new_tensor([width / scale[1], height / scale[0]] * 2)
            whole = _pasted(model, masks, boxes, (height, width), threshold)
        yield Found(*(part.cpu().numpy() for part in (boxes, output["labels"], output["scores"], whole)))


def _pasted(model: MaskRCNN, masks: Tensor, boxes: Tensor, size: tuple[int, int], threshold: float) -> Tensor:
    """Return the masks in a large picture, pasted one at a time: probabilities take four times the memory."""
    convention = model.roi_heads.settings.paste
    pairs = zip(masks[:, None], boxes[:, None], strict=True)
    pasted = [paste_masks(one, box, size, convention) >= threshold for one, box in pairs]
    return torch.cat(pasted) if pasted else torch.zeros((0, *size), dtype=torch.bool)


def _portions(images: Iterable[Bytes]) -> Iterator[list[Bytes]]:
    """Group pictures of one size into portions of bounded memory."""
    portion: list[Bytes] = []
    for image in images:
        portion.append(image)
        if sum(one.size for one in portion) // 3 + image.size // 3 > AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


def _resized(image: Bytes, shrink: float) -> Bytes:
    """Return a picture whose sides are shorter by a factor, every pixel a mean of those that it replaces."""
    if shrink == 1:
        return image
    from PIL import Image

    size = [max(1, round(side / shrink)) for side in image.shape[1::-1]]
    return np.asarray(Image.fromarray(image).resize((size[0], size[1]), Image.Resampling.BOX))


def _as_tensor(image: Bytes, device: torch.device) -> Tensor:
    """Return a float tensor (3, H, W) from 0 to 1."""
    return torch.tensor(image, device=device).permute(2, 0, 1).float() / 255


def _checked(image: Bytes) -> Bytes:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise TypeError(f"images must hold uint8 arrays (H, W, 3), got {got}")
    return image


def _fraction(value: float, name: str) -> float:
    if not 0 <= as_number(value, name) <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value}")
    return float(value)
