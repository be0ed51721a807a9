"""Masks: from polygons to pixels and back, IoU, the box around a mask, and run lengths.

A mask is `(H, W)` Boolean; pixel (row i, column j) is the unit square from `(x, y) = (j, i)` to `(j + 1, i + 1)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minimask.geometry.boxes import ratio
from minimask.geometry.checks import (
    BoolArray,
    FloatArray,
    as_array,
    as_mask,
    as_masks,
    as_size,
    check_pairs,
)
from minimask.geometry.polygons import corner_area_unchecked, polygon_edges


def rasterize_polygon(polygon: ArrayLike | Sequence[ArrayLike], size: Sequence[int]) -> FloatArray:
    """Return the exact fraction of every pixel that a polygon covers.

    The coverage of a pixel is a difference of four corner areas; a Boolean mask is `coverage >= 0.5`.

    Parameters
    ----------
    polygon : array (N, 2) or list of such arrays
        Rows `x y` in pixels; of a list the first ring is the outline and the others are holes.
    size : (height, width)
        The picture's size in pixels; what lies outside is cut off.

    Returns
    -------
    array (height, width)
        Coverage in [0, 1].

    Raises
    ------
    ValueError, TypeError
        If the polygon is malformed or crosses itself, or the size is not two whole numbers of at least 1.

    Examples
    --------
    >>> rasterize_polygon([[0, 0], [2, 0], [2, 2]], (2, 2))
    array([[0.5, 1. ],
           [0. , 0.5]])
    """
    height, width = as_size(size)
    edges = polygon_edges(polygon)
    coverage = np.zeros((height, width))
    # Only the pixels around the polygon need work.
    corners = edges[:, :2]
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, (width, height)).astype(int)
    if left < right and top < bottom:
        inside = cell_areas(edges, np.arange(left, right + 1.0), np.arange(top, bottom + 1.0))
        coverage[top:bottom, left:right] = np.clip(inside, 0, 1)
    return coverage


def cell_areas(edges: FloatArray, xs: FloatArray, ys: FloatArray) -> FloatArray:
    """Return the area `(R, C)` of a shape in each cell between the lines `xs (C + 1,)` and `ys (R + 1,)`."""
    return np.diff(np.diff(corner_areas(edges, xs, ys), axis=0), axis=1)


def corner_areas(edges: FloatArray, xs: FloatArray, ys: FloatArray) -> FloatArray:
    """Return the corner area `(len(ys), len(xs))` of a shape at every crossing of the lines `xs` and `ys`."""
    x, y = np.meshgrid(xs, ys)
    return corner_area_unchecked(edges, x.ravel(), y.ravel()).reshape(x.shape)


def mask_corner_areas(mask: BoolArray) -> FloatArray:
    """Return the integral image `(H + 1, W + 1)` of a mask: its corner area at every corner of a pixel."""
    areas = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1))
    np.cumsum(np.cumsum(mask, axis=0), axis=1, out=areas[1:, 1:])
    return areas


def mask_edges(mask: ArrayLike) -> FloatArray:
    """Return the border of a mask, along the pixels' sides, as directed edges with the inside on their right.

    Parameters
    ----------
    mask : Boolean array (H, W)

    Returns
    -------
    array (E, 4)
        Rows `ax ay bx by`, in pixels; neighboring sides in line are joined to one edge.

    Raises
    ------
    ValueError, TypeError
        If the mask is not a Boolean array `(H, W)`.

    Examples
    --------
    >>> mask_edges(np.array([[True, True]]))
    array([[0., 0., 2., 0.],
           [2., 1., 0., 1.],
           [0., 1., 0., 0.],
           [2., 0., 2., 1.]])
    """
    mask = as_mask(mask)
    across = _border_runs(mask)  # horizontal edges: left to right where the mask begins, back where it ends
    down = _border_runs(mask.T)[:, [1, 0, 3, 2]]  # the same of the mirrored mask, where inside is on the left
    return np.concatenate([across, down[:, [2, 3, 0, 1]]])


def _border_runs(mask: BoolArray) -> FloatArray:
    """Return the horizontal borders `(E, 4)` of a mask, each run of pixels joined to one directed edge."""
    step = np.diff(np.pad(mask.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    runs = []
    for sign in (1, -1):
        ends = np.diff(np.pad((step == sign).astype(np.int8), ((0, 0), (1, 1))), axis=1)
        (row, start), (_, stop) = np.nonzero(ends == 1), np.nonzero(ends == -1)
        runs.append(np.stack([start, row, stop, row] if sign > 0 else [stop, row, start, row], axis=1))
    return np.concatenate(runs).astype(np.float64)


def mask_box(mask: ArrayLike) -> FloatArray:
    """Return the smallest box that holds all pixels of a mask.

    Parameters
    ----------
    mask : Boolean array (H, W)

    Returns
    -------
    array (4,)
        `x1 y1 x2 y2` in pixels: from the first column's left side to the last column's right side.

    Raises
    ------
    ValueError, TypeError
        If the mask is not a Boolean array `(H, W)`, or is empty.

    Examples
    --------
    >>> mask_box(np.array([[False, False, False], [False, True, True]]))
    array([1., 1., 3., 2.])
    """
    mask = as_mask(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        raise ValueError(f"mask must have at least one pixel set, got an empty mask of shape {mask.shape}")
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], dtype=np.float64)


def mask_iou(masks1: ArrayLike, masks2: ArrayLike) -> FloatArray:
    """Return the IoU of each mask of `masks1` with each mask of `masks2`, by counting pixels.

    Parameters
    ----------
    masks1 : Boolean array (N, H, W)
    masks2 : Boolean array (M, H, W)

    Returns
    -------
    array (N, M)
        IoU in [0, 1]; two empty masks have IoU 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or the pictures differ in size.

    Examples
    --------
    >>> mask_iou([[[True, True, False]]], [[[False, True, True]]])
    array([[0.33333333]])
    """
    masks1, masks2 = as_masks(masks1, "masks1"), as_masks(masks2, "masks2")
    if masks1.shape[1:] != masks2.shape[1:]:
        raise ValueError(f"masks1 and masks2 must have one size, got {masks1.shape[1:]} and {masks2.shape[1:]}")
    check_pairs(len(masks1), len(masks2), "masks1 and masks2")
    # float32 matrix products are fast, and count exactly up to 2^24 pixels.
    kind: type[np.floating] = np.float32 if masks1[0:1].size <= 2**24 else np.float64
    flat1 = masks1.reshape(len(masks1), masks1.shape[1] * masks1.shape[2]).astype(kind)
    flat2 = masks2.reshape(len(masks2), masks2.shape[1] * masks2.shape[2]).astype(kind)
    intersection = np.matmul(flat1, flat2.T).astype(np.float64)
    area1, area2 = masks1.sum(axis=(1, 2)), masks2.sum(axis=(1, 2))
    return ratio(intersection, area1[:, None] + area2[None, :] - intersection)


def run_lengths(mask: ArrayLike) -> NDArray[np.int64]:
    """Return a mask as run lengths, column by column, as COCO's annotation files write it.

    Parameters
    ----------
    mask : Boolean array (H, W)

    Returns
    -------
    int64 array (R,)
        Lengths of alternating runs, beginning with pixels that are off (0 if the first is on).

    Raises
    ------
    ValueError, TypeError
        If the mask is not a Boolean array `(H, W)`.

    Examples
    --------
    >>> run_lengths(np.array([[False, True], [True, True]]))
    array([1, 3])
    """
    mask = as_mask(mask)
    pixels = mask.ravel(order="F")
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], changes, [pixels.size]]))
    return np.concatenate([[0], lengths]) if pixels[0] else lengths


def mask_from_run_lengths(lengths: ArrayLike, size: Sequence[int]) -> BoolArray:
    """Return the mask that run lengths describe; the inverse of `run_lengths`.

    Parameters
    ----------
    lengths : integer array (R,)
        Lengths of alternating runs, column by column, beginning with pixels that are off.
    size : (height, width)

    Returns
    -------
    Boolean array (height, width)

    Raises
    ------
    ValueError, TypeError
        If the lengths are not whole numbers of at least 0, or do not add up to `height * width`.

    Examples
    --------
    >>> mask_from_run_lengths([1, 3], (2, 2))
    array([[False,  True],
           [ True,  True]])
    """
    height, width = as_size(size)
    counts = as_array(lengths, "lengths")
    if counts.ndim != 1 or counts.dtype.kind not in "iu":
        raise TypeError(f"lengths must be a row of whole numbers, got {counts.dtype} of shape {counts.shape}")
    total = sum(counts.tolist())  # Python's whole numbers: a sum of 64 bits could wrap around to the right one
    if (counts < 0).any() or total != height * width:
        raise ValueError(
            f"lengths must be at least 0 and add up to {height} * {width} = {height * width}, "
            f"got a sum of {total} and a smallest length of {counts.min(initial=0)}"
        )
    pixels = np.repeat(np.arange(len(counts)) % 2 == 1, counts.astype(np.int64))
    return pixels.reshape(height, width, order="F")
