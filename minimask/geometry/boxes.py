"""Boxes: area, intersection, IoU, clipping, and the three ways in which people write them down.

A box is `x1 y1 x2 y2` in continuous pixel coordinates: its width is `x2 - x1`, with no `+ 1`, and the pixel in row i
and column j is the box `j, i, j + 1, i + 1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.checks import (
    FloatArray,
    as_box_tensor,
    as_boxes,
    as_float_array,
    as_size,
    check_one_kind,
    check_pairs,
    is_tensor,
    library_of,
)

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array", "FloatArray", "Tensor")
FORMATS = ("xyxy", "xywh", "cxcywh")


def box_area(boxes: ArrayLike) -> FloatArray:
    """Return the area of each box, `(x2 - x1) * (y2 - y1)`.

    Parameters
    ----------
    boxes : array (N, 4)
        Rows `x1 y1 x2 y2` in pixels.

    Returns
    -------
    array (N,)
        Areas in square pixels.

    Raises
    ------
    ValueError, TypeError
        If the shape is wrong, a box is reversed, or a number is not finite.

    Examples
    --------
    >>> box_area([[0, 0, 4, 3]])
    array([12.])
    """
    return area_unchecked(as_boxes(boxes))


def area_unchecked(boxes: Array) -> Array:
    """Return the areas `(N,)` of boxes that were validated before."""
    area: Array = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area


def box_intersection(boxes1: ArrayLike, boxes2: ArrayLike) -> FloatArray:
    """Return the area that each box of `boxes1` shares with each box of `boxes2`.

    The overlap of two intervals is `min(ends) - max(starts)`, or 0 where that is negative; the overlap of two boxes
    is the product of the overlaps of their sides.

    Parameters
    ----------
    boxes1 : array (N, 4)
    boxes2 : array (M, 4)
        Rows `x1 y1 x2 y2` in pixels.

    Returns
    -------
    array (N, M)
        Areas in square pixels.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed, or the matrix would not fit into memory.

    Examples
    --------
    >>> box_intersection([[0, 0, 2, 2]], [[1, 1, 3, 3], [2, 0, 4, 2]])
    array([[1., 0.]])
    """
    boxes1, boxes2 = as_boxes(boxes1, "boxes1"), as_boxes(boxes2, "boxes2")
    check_pairs(len(boxes1), len(boxes2), "boxes1 and boxes2")
    return intersection_unchecked(boxes1, boxes2)


def intersection_unchecked(boxes1: Array, boxes2: Array) -> Array:
    """Return the intersections `(N, M)` of boxes that were validated before."""
    library = library_of(boxes1)
    overlaps: list[Array] = []
    for start, end in ((0, 2), (1, 3)):
        overlap = library.minimum(boxes1[:, None, end], boxes2[None, :, end])
        overlap -= library.maximum(boxes1[:, None, start], boxes2[None, :, start])
        overlaps.append(overlap.clip(0))
    width, height = overlaps
    width *= height
    return width


@overload
def box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor: ...
@overload
def box_iou(boxes1: ArrayLike, boxes2: ArrayLike) -> FloatArray: ...
def box_iou(boxes1: Any, boxes2: Any) -> Any:
    r"""Return the IoU, intersection over union, of each box of `boxes1` with each box of `boxes2`.

    .. math:: \mathrm{IoU}(a, b) = \frac{|a \cap b|}{|a| + |b| - |a \cap b|}

    Parameters
    ----------
    boxes1 : array or tensor (N, 4)
    boxes2 : array or tensor (M, 4)
        Rows `x1 y1 x2 y2` in pixels.

    Returns
    -------
    array or tensor (N, M)
        IoU in [0, 1]; two boxes without area have IoU 0. Tensors are differentiable in both boxes; those of less than
        32 bits are computed, and answered, in float32, whole numbers in torch's default.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed, or the matrix would not fit into memory. The numbers of tensors on a graphics card
        are not looked at: it would have to wait.

    Notes
    -----
    Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010, section 4.2.

    Examples
    --------
    >>> box_iou([[0, 0, 2, 2]], [[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])
    array([[1.        , 0.33333333, 0.        ]])
    """
    check_one_kind(boxes1, boxes2, "boxes1 and boxes2")
    checked = as_box_tensor if is_tensor(boxes1) else as_boxes
    boxes1, boxes2 = checked(boxes1, "boxes1"), checked(boxes2, "boxes2")
    check_pairs(len(boxes1), len(boxes2), "boxes1 and boxes2")
    return iou_unchecked(boxes1, boxes2)


def iou_unchecked(boxes1: Array, boxes2: Array) -> Array:
    """Return the IoU matrix `(N, M)` of boxes that were validated before."""
    intersection = intersection_unchecked(boxes1, boxes2)
    union: Array = area_unchecked(boxes1)[:, None] + area_unchecked(boxes2)[None, :] - intersection
    return ratio(intersection, union)


def ratio(part: Array, whole: Array) -> Array:
    """Return `part / whole`, and 0 where the whole is 0, and so its part: nothing shares nothing with nothing."""
    quotient: Array = part / (whole + (whole <= 0))
    return quotient


def clip_boxes_to_image(boxes: ArrayLike, size: Sequence[int]) -> FloatArray:
    """Return the boxes with every coordinate moved into the image.

    Parameters
    ----------
    boxes : array (N, 4)
        Rows `x1 y1 x2 y2` in pixels.
    size : (height, width)
        The image's size in pixels.

    Returns
    -------
    array (N, 4)
        Boxes in `[0, width] x [0, height]`; one that lies outside is left with no area.

    Raises
    ------
    ValueError, TypeError
        If the boxes are malformed or the size is not two whole numbers of at least 1.

    Examples
    --------
    >>> clip_boxes_to_image([[-3, 2, 5, 20]], (10, 4))
    array([[ 0.,  2.,  4., 10.]])
    """
    boxes = as_boxes(boxes)
    height, width = as_size(size)
    return np.clip(boxes, 0, np.array([width, height, width, height], dtype=boxes.dtype))


def box_convert(boxes: ArrayLike, in_fmt: str, out_fmt: str) -> FloatArray:
    """Rewrite boxes from one format into another.

    Parameters
    ----------
    boxes : array (N, 4)
        Boxes in pixels, written as `in_fmt` says.
    in_fmt, out_fmt : {"xyxy", "xywh", "cxcywh"}
        Two corners; first corner and size (COCO's files); center and size.

    Returns
    -------
    array (N, 4)

    Raises
    ------
    ValueError, TypeError
        If a format is unknown, a box is reversed or has a negative size, or a number is not finite.

    Examples
    --------
    >>> box_convert([[2, 1, 6, 4]], "xyxy", "cxcywh")
    array([[4. , 2.5, 4. , 3. ]])
    """
    for name, given in (("in_fmt", in_fmt), ("out_fmt", out_fmt)):
        if given not in FORMATS:
            raise ValueError(f"{name} must be one of {', '.join(FORMATS)}, got {given!r}")
    array = as_float_array(boxes, "boxes")
    if in_fmt != "xyxy" and array.ndim == 2 and array.shape[1] == 4:
        negative = np.flatnonzero((array[:, 2:] < 0).any(axis=1))
        if negative.size:
            row = int(negative[0])
            raise ValueError(f"boxes must have no negative size, got {array[row].tolist()} as {in_fmt} in row {row}")
        half = array[:, 2:] / 2 if in_fmt == "cxcywh" else 0
        first = array[:, :2] - half
        array = np.concatenate([first, first + array[:, 2:]], axis=1)
    corners = as_boxes(array)
    first, size = corners[:, :2], corners[:, 2:] - corners[:, :2]
    if out_fmt == "xyxy":
        return corners.copy()
    return np.concatenate([first + size / 2 if out_fmt == "cxcywh" else first, size], axis=1)
