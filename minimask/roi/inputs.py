"""What the RoI operators accept: checked once, at the door, and refused with a message that helps.

Types are asked for as tuples of them, not as unions: torch 2.5 compiles no others.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import is_tensor

MOST_CELLS = 1e6
"""The farthest that a box may reach, in cells: so that positions are exact to `taps.NEAR`."""
MOST_SAMPLES = 10_000
"""The largest `sampling_ratio`."""
BACKENDS = ("reference", "numba", "cuda")


def as_output_size(output_size: int | Sequence[int]) -> tuple[int, int]:
    """Return the number of bins `(PH, PW)`; one number stands for both."""
    pair = (output_size, output_size) if isinstance(output_size, (int, np.integer)) else tuple(output_size)
    if len(pair) != 2 or not all(_is_whole(bins) and bins >= 1 for bins in pair):
        raise ValueError(
            f"output_size must be one or two whole numbers of at least 1, (height, width), got {output_size!r}"
        )
    return int(pair[0]), int(pair[1])


def as_scale(spatial_scale: float, name: str = "spatial_scale") -> float:
    """Return the scale as a finite number above 0."""
    if isinstance(spatial_scale, bool) or not isinstance(spatial_scale, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, cells per pixel, got {spatial_scale!r}")
    if not 0 < spatial_scale < float("inf"):
        raise ValueError(f"{name} must be finite and above 0, as 1/16 for a map of stride 16, got {spatial_scale!r}")
    return float(spatial_scale)


def as_sampling_ratio(sampling_ratio: int) -> int:
    """Return the samples per bin and axis; -1 where it is not above 0: one per cell."""
    if not _is_whole(sampling_ratio) or sampling_ratio > MOST_SAMPLES:
        raise ValueError(
            f"sampling_ratio must be a whole number of at most {MOST_SAMPLES:,} (0 or less: as many as the bin has "
            f"cells), got {sampling_ratio!r}"
        )
    return int(sampling_ratio) if sampling_ratio > 0 else -1


def as_aligned(aligned: bool) -> bool:
    """Return whether the half pixel is to be kept."""
    if not isinstance(aligned, (bool, np.bool_)):
        raise TypeError(f"aligned must be True or False, got {aligned!r}")
    return bool(aligned)


def as_backend(backend: str | None, device: str) -> str:
    """Return the path that runs: by default the compiled one of the device where the features lie."""
    allowed = ("cuda",) if device == "cuda" else ("numba", "reference")
    if backend is None:
        return allowed[0]
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, or None, got {backend!r}")
    if backend not in allowed:
        raise ValueError(f"backend {backend!r} cannot take features on {device!r}; there: {', '.join(allowed)}")
    return backend


def check_features(features: Any, name: str = "input") -> None:  # noqa: ANN401
    """Refuse what is not a float array or tensor (N, C, H, W)."""
    if not isinstance(features, np.ndarray) and not is_tensor(features):
        raise TypeError(f"{name} must be a NumPy array or a torch tensor, got {type(features).__name__}")
    floating = features.dtype.is_floating_point if is_tensor(features) else features.dtype.kind == "f"
    if not floating or features.dtype.itemsize > 8:
        raise TypeError(
            f"{name} must hold floating-point numbers of at most 64 bits, got dtype {features.dtype}; convert it first"
        )
    if features.ndim != 4 or 0 in features.shape[2:]:
        raise ValueError(
            f"{name} must have shape (N, C, H, W) with H, W >= 1, got shape {tuple(features.shape)}"
            + ("; for one image of shape (C, H, W), pass input[None]" if features.ndim == 3 else "")
        )


def join_boxes(boxes: Any, like: Any) -> Any:  # noqa: ANN401
    """Return boxes as (K, 5) rows `b x1 y1 x2 y2`, of the kind (array or tensor) and on the device of `like`.

    Parameters
    ----------
    boxes : array or tensor (K, 5), or a list of (L, 4), one for each image
    like : array or tensor (N, C, H, W)
        The features.
    """
    kind = "torch tensor" if is_tensor(like) else "NumPy array"
    if not isinstance(boxes, (list, tuple)):
        _check_kind(boxes, like, "boxes", kind)
        if boxes.ndim != 2 or boxes.shape[1] != 5:
            hint = ""
            if boxes.ndim == 2 and boxes.shape[1] == 4:
                hint = "; boxes without an image number go into a list, one array (L, 4) for each image"
            raise ValueError(
                f"boxes must have shape (K, 5) with rows image x1 y1 x2 y2, or be a list of (L, 4), "
                f"got shape {tuple(boxes.shape)}{hint}"
            )
        return boxes
    if len(boxes) != like.shape[0]:
        raise ValueError(f"boxes must hold one (L, 4) for each of the {like.shape[0]} images, got {len(boxes)}")
    for image, of_image in enumerate(boxes):
        _check_kind(of_image, like, f"boxes[{image}]", kind)
        if of_image.ndim != 2 or of_image.shape[1] != 4:
            raise ValueError(
                f"boxes[{image}] must have shape (L, 4) with rows x1 y1 x2 y2, got shape {tuple(of_image.shape)}"
            )
    if not boxes:
        return like.reshape(-1)[:0].reshape(0, 5)
    if is_tensor(like):
        torch = sys.modules["torch"]
        numbers = [torch.full_like(of_image[:, :1], image) for image, of_image in enumerate(boxes)]
        return torch.cat([torch.cat(numbers), torch.cat(list(boxes))], dim=1)
    numbers = [np.full((len(of_image), 1), image, np.float32) for image, of_image in enumerate(boxes)]
    return np.concatenate([np.concatenate(numbers), np.concatenate(boxes)], axis=1)


def check_rois(rois: NDArray[np.floating[Any]], images: int, largest_scale: float) -> None:
    """Refuse a row `b x1 y1 x2 y2` that no path could answer: the first one, with its number.

    Raises
    ------
    ValueError
        If an image's number is not a whole number from 0 to `images - 1`, a coordinate is not finite or reaches
        farther than `MOST_CELLS` cells, or a box is reversed.
    """
    if _good_at_a_glance(rois, images, largest_scale):
        return
    if not np.isfinite(rois).all():
        row, column = np.argwhere(~np.isfinite(rois))[0].tolist()
        raise ValueError(
            f"boxes must be finite, got {rois[row, column]} as {['image', 'x1', 'y1', 'x2', 'y2'][column]} in row {row}"
        )
    numbers, corners = rois[:, 0], rois[:, 1:]
    foreign = (numbers != np.floor(numbers)) | (numbers < 0) | (numbers >= images)
    if foreign.any():
        row = int(np.argmax(foreign))
        raise ValueError(
            f"boxes must name an image from 0 to {images - 1} in their first column, got {numbers[row]:g} in row {row}"
        )
    reversed_rows = (corners[:, 2] < corners[:, 0]) | (corners[:, 3] < corners[:, 1])
    if reversed_rows.any():
        row = int(np.argmax(reversed_rows))
        raise ValueError(f"boxes must have x1 <= x2 and y1 <= y2, got {corners[row].tolist()} in row {row}")
    if corners.size and np.abs(corners).max() * largest_scale > MOST_CELLS:
        row = int(np.argmax(np.abs(corners).max(axis=1)))
        raise ValueError(
            f"boxes may reach at most {MOST_CELLS:g} cells far (pixels times spatial_scale {largest_scale:g}), "
            f"got {corners[row].tolist()} in row {row}"
        )


def _good_at_a_glance(rois: NDArray[np.floating[Any]], images: int, largest_scale: float) -> bool:
    """Return whether all rows are good, in few passes; a NaN makes every comparison fail."""
    if not len(rois):
        return True
    low, high = rois.min(axis=0), rois.max(axis=0)
    reach = max(-low[1:].min(), high[1:].max()) * largest_scale
    in_range = low[0] >= 0 and high[0] <= images - 1 and reach <= MOST_CELLS
    return bool(in_range and not (rois[:, 0] % 1).any() and (rois[:, 3:] >= rois[:, 1:3]).all())


def check_levels(levels: Any, rois: int, maps: int) -> None:  # noqa: ANN401
    """Refuse levels that are not one whole number from 0 to `maps - 1` for each RoI."""
    whole = not levels.dtype.is_floating_point if is_tensor(levels) else levels.dtype.kind in "iu"
    if not whole or tuple(levels.shape) != (rois,):
        raise ValueError(
            f"levels must be a whole number for each of the {rois} RoIs, shape ({rois},), "
            f"got dtype {levels.dtype} and shape {tuple(levels.shape)}"
        )
    if rois and (levels.min() < 0 or levels.max() >= maps):
        raise ValueError(
            f"levels must be from 0 to {maps - 1}, the number of maps less 1, got {levels.min()} to {levels.max()}"
        )


def _check_kind(boxes: Any, like: Any, name: str, kind: str) -> None:  # noqa: ANN401
    """Refuse boxes that are not floating-point numbers of the features' kind, on the features' device."""
    if is_tensor(boxes) != is_tensor(like) or not (is_tensor(boxes) or isinstance(boxes, np.ndarray)):
        raise TypeError(f"{name} must be a {kind} as the features are, got {type(boxes).__name__}")
    if is_tensor(boxes) and boxes.device != like.device:
        raise ValueError(f"{name} must be on the features' device {like.device}, got {boxes.device}")
    floating = boxes.dtype.is_floating_point if is_tensor(boxes) else boxes.dtype.kind == "f"
    if not floating or boxes.dtype.itemsize > 8:
        raise TypeError(f"{name} must hold floating-point numbers of at most 64 bits, got dtype {boxes.dtype}")


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
