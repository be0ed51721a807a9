"""RoIAlign in NumPy, to be read: two small matrices for every RoI.

A sample of RoIAlign weighs a row by where it lies in y, and a column by where it lies in x. Hence the average over the
samples of a bin, and the rule for what lies outside, factor too, and a RoI's whole output is

    out[c] = Wy @ features[c] @ Wx.T

with `Wy` (PH, H) and `Wx` (PW, W). The gradients follow from the same two matrices. This module takes the float64
that it is given, and every other path is held against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.roi.taps import sample_position, samples_per_bin, span, tap, visible_samples

FloatArray = NDArray[np.floating[Any]]
Size = tuple[int, int]


def bilinear(features: FloatArray, x: float, y: float) -> FloatArray:
    """Read a feature map between its cells: the average of four neighbors, weighed by nearness.

    Parameters
    ----------
    features : array (C, H, W)
        A feature map; cell (row i, column j) stands at `y = i, x = j`.
    x, y : float
        A position, in cells.

    Returns
    -------
    array (C,)
        0 outside of `-1 <= x <= W, -1 <= y <= H`.

    Examples
    --------
    >>> map_of_two_rows = np.array([[[0.0, 1.0], [10.0, 11.0]]])
    >>> bilinear(map_of_two_rows, x=0.25, y=0.5)
    array([5.25])
    """
    top, bottom, weight_top, weight_bottom, _ = tap(y, features.shape[1])
    left, right, weight_left, weight_right, _ = tap(x, features.shape[2])
    return np.asarray(
        weight_top * weight_left * features[:, top, left]
        + weight_top * weight_right * features[:, top, right]
        + weight_bottom * weight_left * features[:, bottom, left]
        + weight_bottom * weight_right * features[:, bottom, right]
    )


def axis_samples(
    low: float, high: float, size: int, bins: int, scale: float, ratio: int, aligned: bool
) -> Iterator[tuple[int, float, float, int]]:
    """Yield the samples of a RoI along one axis that can see the map: bin, position, place and the bin's number.

    The place goes from 0 at the RoI's low side to 1 at its high side.

    Parameters
    ----------
    low, high : NumPy float
        The RoI's two sides on this axis, in pixels; float32 or float64, for the number of samples is computed in it.
    size, bins : int
        The number of cells of the map, and of bins of the output, along this axis.
    scale, ratio, aligned
        `spatial_scale`, `sampling_ratio` and `aligned` of `roi_align`.
    """
    number: Any = type(low)
    start, extent = span(low, high, number(scale), number(0.5 if aligned else 0), number(0 if aligned else 1))
    n = int(samples_per_bin(extent, number(bins), ratio))
    start, bin_size = float(start), float(extent) / bins
    for p in range(bins if n > 0 else 0):
        begin, stop = visible_samples(sample_position(start, bin_size, p, 0, n), bin_size / n, n, size)
        for i in range(begin, stop):
            yield p, sample_position(start, bin_size, p, i, n), (p + (i + 0.5) / n) / bins, n


def axis_weights(low: float, high: float, size: int, bins: int, scale: float, ratio: int, aligned: bool) -> FloatArray:
    """Return the matrix `(bins, size)` float64 that averages the cells of one axis into bins.

    Row p holds the weights of bin p; it sums to 1 where the bin lies on the map. The parameters are those of
    `axis_samples`.

    Examples
    --------
    >>> axis_weights(np.float64(0.5), np.float64(4.5), size=5, bins=2, scale=1.0, ratio=1, aligned=True)
    array([[0., 1., 0., 0., 0.],
           [0., 0., 0., 1., 0.]])
    """
    weights = np.zeros((bins, size))
    for p, position, _, n in axis_samples(low, high, size, bins, scale, ratio, aligned):
        first, second, weight_first, weight_second, _ = tap(position, size)
        weights[p, first] += weight_first / n
        weights[p, second] += weight_second / n
    return weights


def axis_slopes(
    low: float, high: float, size: int, bins: int, scale: float, ratio: int, aligned: bool
) -> tuple[FloatArray, FloatArray]:
    """Return d(weights)/d(low) and d(weights)/d(high), both `(bins, size)` float64, per pixel.

    For a fixed number of samples a sample at place t moves by `scale * (1 - t)` with the low side and by `scale * t`
    with the high one. A RoI that was made one cell wide (`aligned=False`) moves with its low side alone. The
    parameters are those of `axis_samples`.
    """
    with_low, with_high = np.zeros((bins, size)), np.zeros((bins, size))
    number: Any = type(low)
    _, extent = span(low, high, number(scale), number(0), number(0))
    widened = not aligned and extent < 1
    for p, position, place, n in axis_samples(low, high, size, bins, scale, ratio, aligned):
        first, second, _, _, slope = tap(position, size)
        with_first = 1.0 if widened else 1.0 - place
        for slopes, speed in ((with_low, with_first), (with_high, 1.0 - with_first)):
            slopes[p, first] -= scale * speed * slope / n
            slopes[p, second] += scale * speed * slope / n
    return with_low, with_high


def roi_align(
    features: FloatArray,
    rois: FloatArray,
    output_size: Size,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> FloatArray:
    """Pool every RoI into a grid of bins: `out[k, c] = Wy @ features[b, c] @ Wx.T`.

    Parameters
    ----------
    features : array (N, C, H, W)
    rois : array (K, 5)
        Rows `b x1 y1 x2 y2`: the image's number, and the box in pixels of the image.
    output_size : (int, int)
        (PH, PW): the number of bins.
    spatial_scale : float
        Cells per pixel.
    sampling_ratio : int
        Samples per bin and axis; if not above 0, `ceil(extent / bins)`.
    aligned : bool
        Whether the half pixel between the center and the corner of a cell is taken into account.

    Returns
    -------
    array (K, C, PH, PW)
        Of the features' dtype.

    References
    ----------
    He et al., Mask R-CNN, 2017, section 3 (RoIAlign).

    Examples
    --------
    >>> ramp = np.arange(25.0).reshape(1, 1, 5, 5)
    >>> roi_align(ramp, np.array([[0, 1.0, 1.0, 3.0, 3.0]]), (2, 2), sampling_ratio=1, aligned=True)
    array([[[[ 6.,  7.],
             [11., 12.]]]])
    """
    _, channels, height, width = features.shape
    out = np.zeros((len(rois), channels, *output_size), features.dtype)
    for k, (image, x1, y1, x2, y2) in enumerate(rois):
        wy = axis_weights(y1, y2, height, output_size[0], spatial_scale, sampling_ratio, aligned)
        wx = axis_weights(x1, x2, width, output_size[1], spatial_scale, sampling_ratio, aligned)
        rows, columns = _touched(wy), _touched(wx)
        window = features[int(image), :, rows, columns]
        out[k] = np.einsum("pi,cij,qj->cpq", wy[:, rows], window, wx[:, columns], optimize=True)
    return out


def roi_align_features_grad(
    grad: FloatArray,
    rois: FloatArray,
    shape: tuple[int, int, int, int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> FloatArray:
    """Return the gradient with respect to the features: `Wy.T @ grad[k, c] @ Wx`, added up over the RoIs.

    Parameters
    ----------
    grad : array (K, C, PH, PW)
        The gradient with respect to the output.
    rois : array (K, 5)
    shape : (N, C, H, W)
        The features' shape.
    spatial_scale, sampling_ratio, aligned
        As in `roi_align`.

    Returns
    -------
    array (N, C, H, W)
        Of the dtype of `grad`.

    Examples
    --------
    >>> grad = np.ones((1, 1, 1, 1))
    >>> roi_align_features_grad(grad, np.array([[0, 0.5, 0.25, 1.5, 1.25]]), (1, 1, 2, 3), sampling_ratio=1)
    array([[[[0.  , 0.25, 0.  ],
             [0.  , 0.75, 0.  ]]]])
    """
    _, _, height, width = shape
    out = np.zeros(shape, grad.dtype)
    for k, (image, x1, y1, x2, y2) in enumerate(rois):
        wy = axis_weights(y1, y2, height, grad.shape[2], spatial_scale, sampling_ratio, aligned)
        wx = axis_weights(x1, x2, width, grad.shape[3], spatial_scale, sampling_ratio, aligned)
        rows, columns = _touched(wy), _touched(wx)
        share = np.einsum("pi,cpq,qj->cij", wy[:, rows], grad[k], wx[:, columns], optimize=True)
        out[int(image), :, rows, columns] += share.astype(grad.dtype)
    return out


def roi_align_boxes_grad(
    grad: FloatArray,
    features: FloatArray,
    rois: FloatArray,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> FloatArray:
    """Return the gradient with respect to the boxes, for a fixed number of samples.

    With `dWx1 = dWx/dx1`: `d/dx1 = sum(grad * (Wy @ features @ dWx1.T))`, and likewise for the other three sides. The
    output is piecewise smooth in the box; where a sample crosses a cell's position, the gradient jumps.

    Parameters
    ----------
    grad : array (K, C, PH, PW)
        The gradient with respect to the output.
    features, rois, spatial_scale, sampling_ratio, aligned
        As in `roi_align`.

    Returns
    -------
    array (K, 4)
        d/dx1, d/dy1, d/dx2, d/dy2 of every RoI, per pixel; of the dtype of `rois`.

    Examples
    --------
    >>> ramp = np.tile(np.arange(8.0), (1, 1, 8, 1))  # every row is 0 1 2 ... 7
    >>> box = np.array([[0, 1.0, 1.0, 5.0, 5.0]])
    >>> roi_align_boxes_grad(np.ones((1, 1, 1, 1)), ramp, box, sampling_ratio=2)
    array([[0.5, 0. , 0.5, 0. ]])
    """
    _, _, height, width = features.shape
    out = np.zeros((len(rois), 4), rois.dtype)
    for k, (image, x1, y1, x2, y2) in enumerate(rois):
        in_y = (y1, y2, height, grad.shape[2], spatial_scale, sampling_ratio, aligned)
        in_x = (x1, x2, width, grad.shape[3], spatial_scale, sampling_ratio, aligned)
        wy, wx, slopes_y, slopes_x = axis_weights(*in_y), axis_weights(*in_x), axis_slopes(*in_y), axis_slopes(*in_x)
        rows, columns = _touched(wy, *slopes_y), _touched(wx, *slopes_x)
        window = features[int(image), :, rows, columns]
        pairs = ((wy, slopes_x[0]), (slopes_y[0], wx), (wy, slopes_x[1]), (slopes_y[1], wx))
        out[k] = [
            np.einsum("cpq,pi,cij,qj->", grad[k], a[:, rows], window, b[:, columns], optimize=True) for a, b in pairs
        ]
    return out


def roi_align_loop(
    features: FloatArray,
    rois: FloatArray,
    output_size: Size,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> FloatArray:
    """Compute what `roi_align` does the long way: bin by bin, sample by sample, four neighbors each.

    The parameters and the result are those of `roi_align`. It is as slow as it is plain, and stands here to be read
    first.
    """
    _, channels, height, width = features.shape
    out = np.zeros((len(rois), channels, *output_size), features.dtype)
    for k, (image, x1, y1, x2, y2) in enumerate(rois):
        in_y = list(axis_samples(y1, y2, height, output_size[0], spatial_scale, sampling_ratio, aligned))
        in_x = list(axis_samples(x1, x2, width, output_size[1], spatial_scale, sampling_ratio, aligned))
        for p, y, _, samples_in_y in in_y:
            for q, x, _, samples_in_x in in_x:
                out[k, :, p, q] += bilinear(features[int(image)], x, y) / (samples_in_y * samples_in_x)
    return out


def _touched(*matrices: FloatArray) -> slice:
    """Return the cells between the first and the last that any bin weighs: what lies elsewhere is not read."""
    cells = np.flatnonzero(np.concatenate(matrices).any(axis=0))
    return slice(cells[0], cells[-1] + 1) if cells.size else slice(0, 0)
