"""What a detector finds in one picture: arrays, one row for each object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import BoolArray, FloatArray, IntArray, as_array, as_boxes, as_float_array, is_tensor


class Found(NamedTuple):
    """What was found in one picture."""

    boxes: FloatArray
    """(D, 4): rows `x1 y1 x2 y2` in pixels of the picture."""
    labels: IntArray
    """(D,): from 1."""
    scores: FloatArray
    """(D,): from 0 to 1, the higher the surer."""
    masks: BoolArray
    """(D, H, W): the pixels of each."""


def as_found(found: Any, size: tuple[int, int], classes: int, threshold: float = 0.5) -> Found:  # noqa: ANN401
    """Return what a detector found as arrays, after making sure that they fit each other and the picture.

    Parameters
    ----------
    found : Found, or a mapping such as Mask R-CNN's output, of arrays or tensors
        With `boxes` (D, 4), `labels` (D,), `scores` (D,), and `masks` (D, H, W) or (D, 1, H, W): Boolean, or
        probabilities.
    size : (height, width)
        Of the picture.
    classes : int
        Labels are from 1 to this.
    threshold : float
        From this probability on, a pixel belongs to an object.

    Raises
    ------
    ValueError, TypeError
        If something is missing or does not fit; the message names it.

    Examples
    --------
    >>> output = {"boxes": [[0, 0, 2, 1]], "labels": [1], "scores": [0.9], "masks": [[[[0.8, 0.3]]]]}
    >>> as_found(output, (1, 2), classes=1).masks
    array([[[ True, False]]])
    """
    boxes, labels, scores, masks = (_array(_part(found, name), name) for name in Found._fields)
    boxes, scores = as_boxes(boxes), as_float_array(scores, "scores")
    if labels.dtype.kind not in "iu" and labels.size:
        raise TypeError(f"labels must be whole numbers, got dtype {labels.dtype}")
    if labels.shape != (len(boxes),) or scores.shape != (len(boxes),):
        raise ValueError(
            f"labels and scores must have one value for each of {len(boxes)} boxes, "
            f"got shapes {labels.shape} and {scores.shape}"
        )
    if labels.size and not 1 <= labels.min() <= labels.max() <= classes:
        raise ValueError(f"labels must be from 1 to {classes}, got {labels.min()} to {labels.max()}")
    return Found(boxes, labels.astype(np.int64), scores, _masks(masks, len(boxes), size, threshold))


def _part(found: Any, name: str) -> Any:  # noqa: ANN401
    """Return one of the arrays, by key or by attribute."""
    try:
        return found[name] if isinstance(found, Mapping) else getattr(found, name)
    except (KeyError, AttributeError):
        raise TypeError(
            f"what was found must have {', '.join(Found._fields)}, got {type(found).__name__} without {name!r}"
        ) from None


def _array(values: Any, name: str) -> NDArray[Any]:  # noqa: ANN401
    return as_array(values.detach().cpu() if is_tensor(values) else values, name)


def _masks(masks: NDArray[Any], count: int, size: tuple[int, int], threshold: float) -> BoolArray:
    """Return masks (D, H, W) of Boolean pixels or probabilities."""
    shape = (count, *size)
    if not count and not masks.size:
        return np.zeros(shape, dtype=np.bool_)
    if masks.ndim == 4 and masks.shape[1] == 1:
        masks = masks[:, 0]
    if masks.shape != shape:
        raise ValueError(f"masks must have shape {shape}, one of the picture's size for each box, got {masks.shape}")
    if masks.dtype == np.bool_:
        return masks
    if masks.dtype.kind != "f":
        raise TypeError(f"masks must be Boolean or probabilities, got dtype {masks.dtype}")
    return np.asarray(masks >= threshold)
