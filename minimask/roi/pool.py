"""RoIPool in NumPy, to be read: the operator that RoIAlign replaced.

It rounds twice. The RoI's corners go to the nearest whole cells, and the borders between its bins to whole cells again;
then every bin keeps its largest value.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minimask.roi.reference import FloatArray, Size


def round_half_away(value: float) -> int:
    """Return the nearest whole number, of two equally near ones the one farther from 0.

    Examples
    --------
    >>> [round_half_away(value) for value in (0.49, 0.5, 2.5, -0.5, -2.5)]
    [0, 1, 3, -1, -3]
    """
    whole = math.trunc(value)
    if abs(value - whole) >= 0.5:  # not floor(value + 0.5), which rounds 0.49999999999999994 up
        return whole + (1 if value > 0 else -1)
    return whole


def bin_edges(start: int, extent: int, p: int, bins: int, size: int) -> tuple[int, int]:
    """Return the first cell of bin `p` and the one after its last, along one axis, on a map of `size` cells.

    `floor(p * extent / bins)` and `ceil((p + 1) * extent / bins)`, from the RoI's first cell on, clipped to the map:
    neighboring bins may share a cell, and a bin outside the map is empty.

    Examples
    --------
    >>> [bin_edges(start=2, extent=5, p=p, bins=3, size=6) for p in range(3)]
    [(2, 4), (3, 6), (5, 6)]
    """
    first = start + p * extent // bins
    stop = start - (-(p + 1) * extent // bins)
    return min(max(first, 0), size), min(max(stop, 0), size)


def roi_pool(
    features: FloatArray, rois: FloatArray, output_size: Size, spatial_scale: float = 1.0
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Pool every RoI into a grid of bins: the largest value in each bin, and where it was found.

    The corners are rounded to whole cells, half away from 0; the RoI covers both: `extent = max(end - start + 1, 1)`.

    Parameters
    ----------
    features : array (N, C, H, W)
    rois : array (K, 5)
        Rows `b x1 y1 x2 y2`: the image's number, and the box in pixels of the image.
    output_size : (int, int)
        (PH, PW): the number of bins.
    spatial_scale : float
        Cells per pixel.

    Returns
    -------
    output : array (K, C, PH, PW)
        0 in an empty bin; NaN where the bin holds a NaN.
    argmax : int64 array (K, C, PH, PW)
        The cell `row * W + column` of the largest value, the first of equals in reading order; -1 in an empty bin.

    References
    ----------
    Girshick, Fast R-CNN, 2015, section 2.1.

    Examples
    --------
    >>> features = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> output, argmax = roi_pool(features, np.array([[0, 0.6, 0.0, 2.4, 1.4]]), (1, 2))
    >>> output
    array([[[[5., 6.]]]])
    >>> argmax
    array([[[[5, 6]]]])
    """
    _, channels, height, width = features.shape
    out = np.zeros((len(rois), channels, *output_size), features.dtype)
    argmax = np.full(out.shape, -1, np.int64)
    for k, roi in enumerate(rois):
        image = features[int(roi[0])]
        scale = roi.dtype.type(spatial_scale)
        x1, y1, x2, y2 = (round_half_away(float(side * scale)) for side in roi[1:])
        for p, q in np.ndindex(*output_size):
            top, bottom = bin_edges(y1, max(y2 - y1 + 1, 1), p, output_size[0], height)
            left, right = bin_edges(x1, max(x2 - x1 + 1, 1), q, output_size[1], width)
            if top < bottom and left < right:
                cells = image[:, top:bottom, left:right].reshape(channels, -1)
                best = cells.argmax(axis=1)  # the first of equals; a NaN counts as the largest
                out[k, :, p, q] = cells[np.arange(channels), best]
                argmax[k, :, p, q] = (top + best // (right - left)) * width + left + best % (right - left)
    return out, argmax


def roi_pool_features_grad(
    grad: FloatArray, argmax: NDArray[np.int64], rois: FloatArray, shape: tuple[int, int, int, int]
) -> FloatArray:
    """Return the gradient with respect to the features: that of each bin goes whole to the cell it was read from.

    Parameters
    ----------
    grad : array (K, C, PH, PW)
        The gradient with respect to the output.
    argmax : int64 array (K, C, PH, PW)
        What `roi_pool` returned.
    rois : array (K, 5)
    shape : (N, C, H, W)
        The features' shape.

    Returns
    -------
    array (N, C, H, W)
        Of the dtype of `grad`. The gradient with respect to the boxes is 0 wherever it exists.
    """
    images, channels, height, width = shape
    out = np.zeros((images, channels, height * width), grad.dtype)
    k, c, p, q = np.nonzero(argmax >= 0)
    np.add.at(out, (rois[k, 0].astype(int), c, argmax[k, c, p, q]), grad[k, c, p, q])
    return out.reshape(shape)
