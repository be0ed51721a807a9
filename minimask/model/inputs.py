"""What the network accepts: pictures and the truth about them, checked once, at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Target = Mapping[str, Tensor]
"""The truth about a picture: `boxes` (M, 4), `labels` (M,) and `masks` (M, H, W) of its M objects."""
KEYS = ("boxes", "labels", "masks")


def check_images(images: Sequence[Tensor]) -> None:
    """Refuse what is not a list of float tensors (3, H, W), alike in dtype and device.

    Raises
    ------
    ValueError, TypeError
        Naming the first picture that is not as it must be, and what it is.

    Examples
    --------
    >>> check_images([torch.zeros(3, 4, 5), torch.zeros(3, 8, 8)])
    >>> check_images([torch.zeros(4, 5)])
    Traceback (most recent call last):
    ...
    ValueError: images[0] must have shape (3, H, W) with H, W >= 1, got shape (4, 5)
    """
    if not isinstance(images, list | tuple | Tensor):
        raise TypeError(f"images must be a list of tensors (3, H, W), got {type(images).__name__}")
    if not len(images):
        raise ValueError("images must hold at least one picture, got none")
    for number, image in enumerate(images):
        name = f"images[{number}]"
        if not isinstance(image, Tensor):
            raise TypeError(f"{name} must be a torch tensor, got {type(image).__name__}")
        if not image.is_floating_point():
            raise TypeError(
                f"{name} must hold floating-point numbers from 0 to 1, got dtype {image.dtype}; divide bytes by 255"
            )
        if image.ndim != 3 or len(image) != 3 or 0 in image.shape:
            raise ValueError(f"{name} must have shape (3, H, W) with H, W >= 1, got shape {tuple(image.shape)}")
        if (image.dtype, image.device) != (images[0].dtype, images[0].device):
            raise ValueError(
                f"images must be alike in dtype and device, got {images[0].dtype} on {images[0].device} and, "
                f"in {name}, {image.dtype} on {image.device}"
            )
        if not image.isfinite().all():
            raise ValueError(f"{name} must be finite, but holds numbers that are not")


def check_targets(targets: Sequence[Target], images: Sequence[Tensor], classes: int | None = None) -> None:
    """Refuse targets that do not fit their pictures.

    Parameters
    ----------
    targets : sequence of dicts, one for each picture
        boxes : float (M, 4), rows `x1 y1 x2 y2` in pixels, `x1 < x2` and `y1 < y2`; labels : int64 (M,), from 1;
        masks : (M, H, W) of any dtype, 0 or 1. M may be 0.
    images : sequence of tensors (3, H, W)
    classes : int, optional
        Labels must be below it.

    Raises
    ------
    ValueError, TypeError
        Naming the first entry that is not as it must be, and what it is.
    """
    if not isinstance(targets, list | tuple):
        raise TypeError(f"targets must be a list of dicts, one for each picture, got {type(targets).__name__}")
    if len(targets) != len(images):
        raise ValueError(f"targets must be one for each of the {len(images)} pictures, got {len(targets)}")
    for number, (target, image) in enumerate(zip(targets, images, strict=True)):
        name = f"targets[{number}]"
        if not isinstance(target, Mapping):
            raise TypeError(f"{name} must be a dict of {', '.join(KEYS)}, got {type(target).__name__}")
        missing = [key for key in KEYS if key not in target]
        if missing:
            raise ValueError(f"{name} must have the keys {', '.join(KEYS)}; missing: {', '.join(missing)}")
        for key in KEYS:
            if not isinstance(target[key], Tensor):
                raise TypeError(f"{name}[{key!r}] must be a torch tensor, got {type(target[key]).__name__}")
            if target[key].device != image.device:
                raise ValueError(
                    f"{name}[{key!r}] must be on its picture's device {image.device}, got {target[key].device}"
                )
        _check_boxes(target["boxes"], f"{name}['boxes']")
        _check_labels(target["labels"], f"{name}['labels']", len(target["boxes"]), classes)
        _check_masks(target["masks"], f"{name}['masks']", (len(target["boxes"]), *image.shape[1:]))


def _check_boxes(boxes: Tensor, name: str) -> None:
    if not boxes.is_floating_point():
        raise TypeError(f"{name} must hold floating-point numbers, got dtype {boxes.dtype}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have shape (M, 4) with rows x1 y1 x2 y2, got shape {tuple(boxes.shape)}")
    _refuse_first(~boxes.isfinite().all(dim=1), boxes, f"{name} must be finite")
    _refuse_first((boxes[:, 2:] <= boxes[:, :2]).any(dim=1), boxes, f"{name} must have x1 < x2 and y1 < y2")


def _check_labels(labels: Tensor, name: str, objects: int, classes: int | None) -> None:
    if labels.dtype != torch.int64:
        raise TypeError(f"{name} must have dtype torch.int64, got {labels.dtype}")
    if tuple(labels.shape) != (objects,):
        raise ValueError(f"{name} must have shape ({objects},), one for each box, got shape {tuple(labels.shape)}")
    allowed = "at least 1" if classes is None else f"from 1 to {classes - 1}"
    wrong = labels < 1 if classes is None else (labels < 1) | (labels >= classes)
    _refuse_first(wrong, labels, f"{name} must be {allowed}, 0 being the background")


def _check_masks(masks: Tensor, name: str, shape: tuple[int, ...]) -> None:
    if tuple(masks.shape) != shape:
        raise ValueError(
            f"{name} must have shape {shape}, a mask of the picture's size for each box, got shape {tuple(masks.shape)}"
        )
    if masks.dtype == torch.bool or not masks.numel():
        return
    wrong = masks > 1 if masks.dtype == torch.uint8 else (masks != 0) & (masks != 1)
    if wrong.any():
        raise ValueError(f"{name} must hold 0 and 1, got {masks[wrong][0].item():g}; compare first, e.g. `masks > 0.5`")


def _refuse_first(wrong: Tensor, rows: Tensor, must: str) -> None:
    """Raise for the first row that is marked as wrong."""
    if wrong.any():
        row = int(wrong.nonzero()[0, 0])
        found: Any = rows[row].tolist()
        raise ValueError(f"{must}, got {found} in row {row}")
