"""RoIAlign compiled for the processor: the same weights, with the channels innermost.

The weights of a RoI do not depend on the channel. So they are computed once per RoI (`_stage`), and the inner loop runs
over the channels of one cell, which lie side by side in memory (channels-last): one multiply-add per cell and channel,
on whole vector registers. That, and not the number of threads, is where the speed comes from.

Every number is written by one thread, in an order that does not depend on how many there are: RoIs are dealt out in
the forward pass, rows of the feature map in the backward one. The results are the same bits at any number of threads.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.compiled import compiled
from minimask.roi import taps
from minimask.roi.threads import in_threads

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]

ROWS_PER_PIECE = 8
"""The backward pass deals out the feature map in bands of so many rows."""


sample_position = compiled(taps.sample_position, exact=True)
visible_samples = compiled(taps.visible_samples, exact=True)
tap = compiled(taps.tap, exact=True)

FEW_SAMPLES = 4
"""Up to so many samples in a bin are tried one by one, for finding those that see the map would take longer."""


class Grid(NamedTuple):
    """Where the samples of all RoIs lie, along y and along x."""

    start: FloatArray
    """(K, 2) float64, in cells."""
    bin_size: FloatArray
    """(K, 2) float64, in cells."""
    samples: IntArray
    """(K, 2): samples per bin."""
    widened: NDArray[np.bool_]
    """(K, 2): whether the RoI was made one cell wide."""


def grid_of(rois: FloatArray, size: tuple[int, ...], scale: float, ratio: int, aligned: bool) -> Grid:
    """Compute the grids of all RoIs `(K, 5)` at once, in the precision of their coordinates."""
    number: Any = rois.dtype.type
    low, high, bins = rois[:, [2, 1]], rois[:, [4, 3]], np.array(size, number)
    place: tuple[Any, Any, Any, Any] = (low, high, number(scale), number(0.5 if aligned else 0))
    start, extent = taps.span(*place, number(0 if aligned else 1))
    samples: Any = taps.samples_per_bin(extent, bins, ratio)
    _, own_extent = taps.span(*place, number(0))
    return Grid(
        start.astype(np.float64),
        extent / bins.astype(np.float64),
        np.broadcast_to(samples, extent.shape).astype(np.int64),
        own_extent < extent,
    )


def align(
    features: FloatArray,
    rois: FloatArray,
    chosen: IntArray,
    out: FloatArray,
    scale: float,
    ratio: int,
    aligned: bool,
) -> None:
    """Write the outputs of the chosen RoIs.

    Parameters
    ----------
    features : array (N, H, W, C), contiguous, float32 or float64
    rois : array (K, 5), contiguous, float32 or float64
        Checked already: a wrong image number would read foreign memory.
    chosen : int64 array (M,)
        The RoIs to extract from these features; the others' rows of `out` stay as they are.
    out : array (K, PH, PW, C), contiguous, of the features' dtype
    scale, ratio, aligned
        As in `minimask.roi_align`.
    """
    images, grid = rois[:, 0].astype(np.int64), grid_of(rois, out.shape[1:3], scale, ratio, aligned)
    writes = len(chosen) * math.prod(out.shape[1:])
    in_threads(_align, features, images, *grid[:3], chosen, out, pieces=len(chosen), writes=writes)


def align_features_grad(
    grad: FloatArray,
    rois: FloatArray,
    chosen: IntArray,
    out: FloatArray,
    scale: float,
    ratio: int,
    aligned: bool,
) -> None:
    """Write the gradient with respect to the features `(N, H, W, C)` into `out`; `grad` is `(K, PH, PW, C)`."""
    images, grid = rois[:, 0].astype(np.int64), grid_of(rois, grad.shape[1:3], scale, ratio, aligned)
    rows = np.empty((len(rois), 2), np.int64)
    _touched_rows(*grid[:3], chosen, rows, out.shape[1], grad.shape[1])
    pieces = out.shape[0] * -(-out.shape[1] // ROWS_PER_PIECE)
    writes = out.size + grad.size
    in_threads(_align_features_grad, grad, images, *grid[:3], chosen, rows, out, pieces=pieces, writes=writes)


def align_boxes_grad(
    grad: FloatArray,
    features: FloatArray,
    rois: FloatArray,
    chosen: IntArray,
    out: FloatArray,
    scale: float,
    ratio: int,
    aligned: bool,
) -> None:
    """Write the gradient with respect to the chosen RoIs' boxes into `out (K, 4)` float64."""
    images, grid = rois[:, 0].astype(np.int64), grid_of(rois, grad.shape[1:3], scale, ratio, aligned)
    writes = len(chosen) * math.prod(grad.shape[1:])
    in_threads(_align_boxes_grad, grad, features, images, *grid, scale, chosen, out, pieces=len(chosen), writes=writes)


@compiled
def _stage(
    start: float,
    bin_size: float,
    n: int,
    size: int,
    bins: int,
    even: bool,
    widened: bool,
    scale: float,
    stops: IntArray,
    cells: IntArray,
    weights: FloatArray,
) -> None:
    """Compute the weights of one axis as a list of cells for each bin: those of bin p end before `stops[p]`.

    `weights` has one row, or three with the slopes by the low and by the high side. With `even`, each list has an even
    number of cells: the last one is split in two halves where needed (for weights without slopes).
    """
    count, share = 0, 1.0 / max(n, 1)
    for p in range(bins):
        first = count
        begin, stop = 0, n
        if n > FEW_SAMPLES:
            begin, stop = visible_samples(sample_position(start, bin_size, p, 0, n), bin_size / n, n, size)
        for i in range(begin, stop):
            left, right, weight_left, weight_right, slope = tap(sample_position(start, bin_size, p, i, n), size)
            for cell, weight, sign in ((left, weight_left, -slope), (right, weight_right, slope)):
                if weight == 0.0 and (sign == 0.0 or len(weights) == 1):
                    continue
                j = count - 1
                while j >= first and cells[j] > cell:
                    j -= 1
                if j < first or cells[j] != cell:  # cells come in rising order, so that this is a new last one
                    j = count
                    cells[j] = cell
                    for row in range(len(weights)):
                        weights[row, j] = 0.0
                    count += 1
                weights[0, j] += weight * share
                if len(weights) == 3:
                    place = 0.0 if widened else (p + (i + 0.5) / n) / bins
                    weights[1, j] += scale * (1.0 - place) * sign / n
                    weights[2, j] += scale * place * sign / n
        if even and (count - first) % 2 == 1:
            weights[0, count - 1] /= 2.0
            weights[0, count] = weights[0, count - 1]
            cells[count] = cells[count - 1]
            count += 1
        stops[p] = count


@compiled
def _empty_lists(
    bins: int, size: int, samples: IntArray, kinds: int, dtype: type
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return room for what `_stage` writes of one axis, whichever RoI: stops, cells, and `kinds` rows of weights."""
    most = 0
    for k in range(len(samples)):
        most = max(most, samples[k])
    room = bins * min(2 * most, size + 1)  # a sample reads two cells, and none is listed twice
    return np.empty(bins, np.int64), np.empty(room, np.int64), np.empty((kinds, room), dtype)


@compiled
def _align(
    features: FloatArray,
    images: IntArray,
    start: FloatArray,
    bin_size: FloatArray,
    samples: IntArray,
    chosen: IntArray,
    out: FloatArray,
    task: int,
    tasks: int,
) -> None:
    height, width = features.shape[1:3]
    _, rows, columns, channels = out.shape
    stops_y, cells_y, weights_y = _empty_lists(rows, height, samples[:, 0], 1, features.dtype)
    stops_x, cells_x, weights_x = _empty_lists(columns, width, samples[:, 1], 1, features.dtype)
    for m in range(task, len(chosen), tasks):
        k = chosen[m]
        image = features[images[k]]
        (start_y, start_x), (size_y, size_x), (n_y, n_x) = start[k], bin_size[k], samples[k]
        _stage(start_y, size_y, n_y, height, rows, True, False, 0.0, stops_y, cells_y, weights_y)
        _stage(start_x, size_x, n_x, width, columns, True, False, 0.0, stops_x, cells_x, weights_x)
        first_y = 0
        for p in range(rows):
            first_x = 0
            for q in range(columns):
                total = out[k, p, q]
                total[:] = 0
                for i in range(first_y, stops_y[p], 2):
                    top, bottom = image[cells_y[i]], image[cells_y[i + 1]]
                    for j in range(first_x, stops_x[q], 2):
                        a, b = top[cells_x[j]], top[cells_x[j + 1]]
                        c, d = bottom[cells_x[j]], bottom[cells_x[j + 1]]
                        weight_a, weight_b = weights_y[0, i] * weights_x[0, j], weights_y[0, i] * weights_x[0, j + 1]
                        weight_c = weights_y[0, i + 1] * weights_x[0, j]
                        weight_d = weights_y[0, i + 1] * weights_x[0, j + 1]
                        for channel in range(channels):
                            total[channel] += (
                                weight_a * a[channel]
                                + weight_b * b[channel]
                                + weight_c * c[channel]
                                + weight_d * d[channel]
                            )
                first_x = stops_x[q]
            first_y = stops_y[p]


@compiled
def _touched_rows(
    start: FloatArray,
    bin_size: FloatArray,
    samples: IntArray,
    chosen: IntArray,
    touched: IntArray,
    height: int,
    rows: int,
) -> None:
    """Write the first row that a RoI reads and the one after its last into `touched (K, 2)`."""
    stops, cells, weights = _empty_lists(rows, height, samples[:, 0], 1, np.float64)
    for k in chosen:
        _stage(start[k, 0], bin_size[k, 0], samples[k, 0], height, rows, False, False, 0.0, stops, cells, weights)
        last = stops[rows - 1]
        touched[k, 0] = cells[0] if last else 0
        touched[k, 1] = cells[last - 1] + 1 if last else 0


@compiled
def _align_features_grad(
    grad: FloatArray,
    images: IntArray,
    start: FloatArray,
    bin_size: FloatArray,
    samples: IntArray,
    chosen: IntArray,
    touched: IntArray,
    out: FloatArray,
    task: int,
    tasks: int,
) -> None:
    count, height, width, channels = out.shape
    rows, columns = grad.shape[1:3]
    stops_y, cells_y, weights_y = _empty_lists(rows, height, samples[:, 0], 1, out.dtype)
    stops_x, cells_x, weights_x = _empty_lists(columns, width, samples[:, 1], 1, out.dtype)
    bands = (height + ROWS_PER_PIECE - 1) // ROWS_PER_PIECE
    for piece in range(task, count * bands, tasks):
        image = out[piece // bands]
        top = piece % bands * ROWS_PER_PIECE
        bottom = min(top + ROWS_PER_PIECE, height)
        image[top:bottom] = 0
        for k in chosen:
            if images[k] != piece // bands or touched[k, 0] >= bottom or touched[k, 1] <= top:
                continue
            (start_y, start_x), (size_y, size_x), (n_y, n_x) = start[k], bin_size[k], samples[k]
            _stage(start_y, size_y, n_y, height, rows, False, False, 0.0, stops_y, cells_y, weights_y)
            _stage(start_x, size_x, n_x, width, columns, False, False, 0.0, stops_x, cells_x, weights_x)
            first_y = 0
            for p in range(rows):
                for i in range(first_y, stops_y[p]):
                    if cells_y[i] < top or cells_y[i] >= bottom:
                        continue
                    first_x = 0
                    for q in range(columns):
                        source = grad[k, p, q]
                        for j in range(first_x, stops_x[q]):
                            weight = weights_y[0, i] * weights_x[0, j]
                            cell = image[cells_y[i], cells_x[j]]
                            for channel in range(channels):
                                cell[channel] += weight * source[channel]
                        first_x = stops_x[q]
                first_y = stops_y[p]


@compiled
def _align_boxes_grad(
    grad: FloatArray,
    features: FloatArray,
    images: IntArray,
    start: FloatArray,
    bin_size: FloatArray,
    samples: IntArray,
    widened: NDArray[np.bool_],
    scale: float,
    chosen: IntArray,
    out: FloatArray,
    task: int,
    tasks: int,
) -> None:
    height, width = features.shape[1:3]
    _, rows, columns, channels = grad.shape
    stops_y, cells_y, by_y = _empty_lists(rows, height, samples[:, 0], 3, np.float64)
    stops_x, cells_x, by_x = _empty_lists(columns, width, samples[:, 1], 3, np.float64)
    zero = grad.dtype.type(0)
    for m in range(task, len(chosen), tasks):
        k = chosen[m]
        image = features[images[k]]
        (start_y, start_x), (size_y, size_x), (n_y, n_x) = start[k], bin_size[k], samples[k]
        _stage(start_y, size_y, n_y, height, rows, False, widened[k, 0], scale, stops_y, cells_y, by_y)
        _stage(start_x, size_x, n_x, width, columns, False, widened[k, 1], scale, stops_x, cells_x, by_x)
        out[k] = 0
        first_y = 0
        for p in range(rows):
            first_x = 0
            for q in range(columns):
                pulled = grad[k, p, q]
                for i in range(first_y, stops_y[p]):
                    for j in range(first_x, stops_x[q]):
                        cell = image[cells_y[i], cells_x[j]]
                        agreement = zero
                        for channel in range(channels):
                            agreement += pulled[channel] * cell[channel]
                        out[k, 0] += agreement * by_y[0, i] * by_x[1, j]
                        out[k, 1] += agreement * by_y[1, i] * by_x[0, j]
                        out[k, 2] += agreement * by_y[0, i] * by_x[2, j]
                        out[k, 3] += agreement * by_y[2, i] * by_x[0, j]
                first_x = stops_x[q]
            first_y = stops_y[p]
