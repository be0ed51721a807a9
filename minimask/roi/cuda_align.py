"""RoIAlign on the card: the forward pass, and the gradient with respect to the boxes.

A block serves rows of one RoI's bins; its threads, the channels, which lie side by side in memory: every read and write
of a warp is one piece of memory. What does not depend on the channel, cells and weights, the threads of the block
compute together and lay into shared memory (`stage`); then each contracts rows into columns, and columns into bins, in
registers, for two channels at once, so that more reads are under way.

A block stages as many bins as fit, for most RoIs all of them; a bin with more entries than there is room for comes in
pieces. All levels of a pyramid are served by one launch: a tuple of arrays is indexed by the RoI's level. Offsets are
unsigned 64-bit numbers: they reach any map, and numba adds no test for negative indices.
"""

from __future__ import annotations

import functools

import numpy as np

from minimask.roi.cuda_axis import entries, entry, frame, most_entries, span
from minimask.roi.cuda_numbers import FORMATS, ONE, ZERO
from minimask.roi.cuda_shim import MOST_THREADS, Array, Kernel, cuda, device_function, kernel, types

COLUMN_ROOM, ROW_ROOM = 256, 64
"""Entries that a block stages at a time."""


@device_function
def stage(
    geometry: tuple[float, float, int],
    bins: int,
    size: int,
    first_bin: int,
    group: int,
    skipped: int,
    slots: int,
    stride: int,
    base: int,
    offsets: Array,
    weights: Array,
    filled: Array,
) -> None:
    """Lay the entries of `group` bins of one axis into shared memory, `slots` for each, but for the `skipped` first.

    Parameters
    ----------
    geometry : (start, bin size, samples per bin)
    bins, size : int
        Number of bins and of cells of this axis.
    stride, base : int
        The offset of cell j is `base + j * stride`.
    offsets : uint64 array (group * slots,)
    weights : array (1 or 3, group * slots)
        Weights; with room for three also slopes and levers (see `entry`).
    filled : int64 array (group,)
        The number of slots in use, for each bin.
    """
    start, bin_size, n = geometry
    for slot in range(cuda.threadIdx.x, group * slots, cuda.blockDim.x):
        p, e = first_bin + slot // slots, skipped + slot % slots
        first, count = entries(start, bin_size, n, p, size) if p < bins else (0, 0)
        if slot % slots == 0:
            filled[slot // slots] = min(max(count - skipped, 0), slots)
        if e < count:
            cell, weight, slope, lever = entry(start, bin_size, n, p, bins, size, first, e)
            offsets[slot] = np.uint64(base) + np.uint64(cell) * np.uint64(stride)
            weights[0, slot] = weight
            if weights.shape[0] == 3:
                weights[1, slot] = slope
                weights[2, slot] = lever


@functools.cache
def forward(name: str) -> Kernel:
    """Return the kernel of the forward pass for features in the format `name`.

    Grid: RoIs x rows of bins (a block takes every gridDim.y-th) x blocks of `2 * blockDim.x` channels.
    """
    number, numba_type, widen, narrow = FORMATS[name]

    @device_function
    def contract(
        source: Array,
        rows: Array,
        row_weights: Array,
        rows_filled: int,
        columns: Array,
        column_weights: Array,
        first: int,
        filled: int,
        c0: np.uint64,
        c1: np.uint64,
        sum0: float,
        sum1: float,
    ) -> tuple[float, float]:
        """Add the staged rows x the columns `[first, first + filled)` to the sums of two channels."""
        e, last, last_row = np.uint64(first), np.uint64(first + filled), np.uint64(rows_filled)
        while e < last:
            column0, column1 = columns[e] + c0, columns[e] + c1
            inner0, inner1, r = number(0), number(0), ZERO
            while r < last_row:
                row, weight = rows[r], row_weights[0, r]
                inner0 = cuda.fma(weight, widen(source[row + column0]), inner0)
                inner1 = cuda.fma(weight, widen(source[row + column1]), inner1)
                r += ONE
            sum0 = cuda.fma(column_weights[0, e], inner0, sum0)
            sum1 = cuda.fma(column_weights[0, e], inner1, sum1)
            e += ONE
        return sum0, sum1

    @kernel(registers=80)
    def align(
        features: tuple[Array, ...],
        heights: tuple[int, ...],
        widths: tuple[int, ...],
        boxes: Array,
        levels: Array,
        out: Array,
        bins_y: int,
        bins_x: int,
        channels: int,
        scales: tuple[float, ...],
        offset: float,
        least: float,
        bins: tuple[float, ...],
        ratio: int,
    ) -> None:
        columns = cuda.shared.array(COLUMN_ROOM, types.uint64)
        column_weights = cuda.shared.array((1, COLUMN_ROOM), numba_type)
        columns_filled = cuda.shared.array(COLUMN_ROOM, types.int64)
        rows = cuda.shared.array(ROW_ROOM, types.uint64)
        row_weights = cuda.shared.array((1, ROW_ROOM), numba_type)
        rows_filled = cuda.shared.array(1, types.int64)

        k = cuda.blockIdx.x
        level = levels[k]
        source, height, width, scale = features[level], heights[level], widths[level], scales[level]
        in_y = frame(boxes[5 * k + 2], boxes[5 * k + 4], scale, offset, least, bins[0], ratio)
        in_x = frame(boxes[5 * k + 1], boxes[5 * k + 3], scale, offset, least, bins[1], ratio)
        most_y = most_entries(in_y[1], in_y[2], height)
        most_x = most_entries(in_x[1], in_x[2], width)
        slots_y, slots_x = min(most_y, ROW_ROOM), min(most_x, COLUMN_ROOM)
        group = COLUMN_ROOM // slots_x if most_y <= ROW_ROOM else 1
        in_one_piece, staged = most_x <= COLUMN_ROOM and group >= bins_x, False
        image = int(boxes[5 * k]) * height * width * channels

        near = 2 * cuda.blockDim.x * cuda.blockIdx.z + cuda.threadIdx.x
        far = near + cuda.blockDim.x
        c0, c1 = np.uint64(min(near, channels - 1)), np.uint64(min(far, channels - 1))
        sum0, sum1 = number(0), number(0)
        for p in range(cuda.blockIdx.y, bins_y, cuda.gridDim.y):
            for first_bin in range(0, bins_x, group):
                here = min(group, bins_x - first_bin)
                for skipped_y in range(0, most_y, ROW_ROOM):
                    for skipped_x in range(0, most_x, COLUMN_ROOM):
                        cuda.syncthreads()
                        stage(
                            in_y, bins_y, height, p, 1, skipped_y, slots_y, width * channels, image, rows,
                            row_weights, rows_filled,
                        )  # fmt: skip
                        if not staged:
                            stage(
                                in_x, bins_x, width, first_bin, here, skipped_x, slots_x, channels, 0, columns,
                                column_weights, columns_filled,
                            )  # fmt: skip
                            staged = in_one_piece
                        cuda.syncthreads()
                        for b in range(here):
                            if skipped_y == 0 and skipped_x == 0:
                                sum0, sum1 = number(0), number(0)
                            sum0, sum1 = contract(
                                source, rows, row_weights, rows_filled[0], columns, column_weights,
                                b * slots_x, columns_filled[b], c0, c1, sum0, sum1,
                            )  # fmt: skip
                            if skipped_y + ROW_ROOM >= most_y and skipped_x + COLUMN_ROOM >= most_x:
                                place = ((k * bins_y + p) * bins_x + first_bin + b) * channels
                                if near < channels:
                                    out[np.uint64(place + near)] = narrow(sum0)
                                if far < channels:
                                    out[np.uint64(place + far)] = narrow(sum1)

    return align


@functools.cache
def boxes_grad(name: str) -> Kernel:
    """Return the kernel of the gradient with respect to the boxes, for features in the format `name`.

    A block for each RoI; the sum over the channels is that of `add_up`, in an order that depends on nothing.

    With `S` the matrix of slopes and `L` that of levers (see `cuda_axis.entry`), the sides of x gather
    `sum(grad * Wy F S.T)` and `sum(grad * Wy F L.T)`: the second is that of x2, their difference that of x1.
    """
    number, numba_type, widen, _ = FORMATS[name]

    @device_function
    def contract(
        source: Array,
        rows: Array,
        row_weights: Array,
        rows_filled: int,
        columns: Array,
        column_weights: Array,
        first: int,
        filled: int,
        c: np.uint64,
    ) -> tuple[float, float, float, float]:
        """Return the staged rows x columns `[first, first + filled)` with slopes and levers in y, and in x."""
        e, last, last_row = np.uint64(first), np.uint64(first + filled), np.uint64(rows_filled)
        slope_y, lever_y, slope_x, lever_x = number(0), number(0), number(0), number(0)
        while e < last:
            column = columns[e] + c
            inner, inner_slope, inner_lever, r = number(0), number(0), number(0), ZERO
            while r < last_row:
                value = widen(source[rows[r] + column])
                inner = cuda.fma(row_weights[0, r], value, inner)
                inner_slope = cuda.fma(row_weights[1, r], value, inner_slope)
                inner_lever = cuda.fma(row_weights[2, r], value, inner_lever)
                r += ONE
            slope_y = cuda.fma(column_weights[0, e], inner_slope, slope_y)
            lever_y = cuda.fma(column_weights[0, e], inner_lever, lever_y)
            slope_x = cuda.fma(column_weights[1, e], inner, slope_x)
            lever_x = cuda.fma(column_weights[2, e], inner, lever_x)
            e += ONE
        return slope_y, lever_y, slope_x, lever_x

    @kernel(registers=96)
    def align_boxes_grad(
        grad: Array,
        features: tuple[Array, ...],
        heights: tuple[int, ...],
        widths: tuple[int, ...],
        boxes: Array,
        levels: Array,
        out: Array,
        bins_y: int,
        bins_x: int,
        channels: int,
        scales: tuple[float, ...],
        offset: float,
        least: float,
        bins: tuple[float, ...],
        ratio: int,
    ) -> None:
        columns = cuda.shared.array(COLUMN_ROOM, types.uint64)
        column_weights = cuda.shared.array((3, COLUMN_ROOM), numba_type)
        columns_filled = cuda.shared.array(COLUMN_ROOM, types.int64)
        rows = cuda.shared.array(ROW_ROOM, types.uint64)
        row_weights = cuda.shared.array((3, ROW_ROOM), numba_type)
        rows_filled = cuda.shared.array(1, types.int64)
        sums = cuda.shared.array((4, MOST_THREADS), numba_type)

        k = cuda.blockIdx.x
        level = levels[k]
        source, height, width, scale = features[level], heights[level], widths[level], scales[level]
        in_y = frame(boxes[5 * k + 2], boxes[5 * k + 4], scale, offset, least, bins[0], ratio)
        in_x = frame(boxes[5 * k + 1], boxes[5 * k + 3], scale, offset, least, bins[1], ratio)
        most_y = most_entries(in_y[1], in_y[2], height)
        most_x = most_entries(in_x[1], in_x[2], width)
        slots_y, slots_x = min(most_y, ROW_ROOM), min(most_x, COLUMN_ROOM)
        group = COLUMN_ROOM // slots_x
        image = int(boxes[5 * k]) * height * width * channels

        slope_y, lever_y, slope_x, lever_x = number(0), number(0), number(0), number(0)
        for p in range(bins_y):
            for first_bin in range(0, bins_x, group):
                here = min(group, bins_x - first_bin)
                for skipped_y in range(0, most_y, ROW_ROOM):
                    for skipped_x in range(0, most_x, COLUMN_ROOM):
                        cuda.syncthreads()
                        stage(
                            in_y, bins_y, height, p, 1, skipped_y, slots_y, width * channels, image, rows,
                            row_weights, rows_filled,
                        )  # fmt: skip
                        stage(
                            in_x, bins_x, width, first_bin, here, skipped_x, slots_x, channels, 0, columns,
                            column_weights, columns_filled,
                        )  # fmt: skip
                        cuda.syncthreads()
                        for c in range(cuda.threadIdx.x, channels, cuda.blockDim.x):
                            for b in range(here):
                                of_slope_y, of_lever_y, of_slope_x, of_lever_x = contract(
                                    source, rows, row_weights, rows_filled[0], columns, column_weights,
                                    b * slots_x, columns_filled[b], np.uint64(c),
                                )  # fmt: skip
                                place = ((k * bins_y + p) * bins_x + first_bin + b) * channels + c
                                share = widen(grad[np.uint64(place)])
                                slope_y = cuda.fma(share, of_slope_y, slope_y)
                                lever_y = cuda.fma(share, of_lever_y, lever_y)
                                slope_x = cuda.fma(share, of_slope_x, slope_x)
                                lever_x = cuda.fma(share, of_lever_x, lever_x)

        t = cuda.threadIdx.x
        sums[0, t], sums[1, t], sums[2, t], sums[3, t] = slope_y, lever_y, slope_x, lever_x
        add_up(sums)
        if t < 2:  # one thread for each axis: 0 for x, 1 for y
            low, high = boxes[5 * k + 1 + t], boxes[5 * k + 3 + t]
            _, extent = span(low, high, scale, offset, least - least)
            slope, lever = sums[2 - 2 * t, 0], sums[3 - 2 * t, 0]
            if extent < least:  # made one cell wide: it moves with its low side alone
                lever = number(0)
            out[4 * k + t] = scale * (slope - lever)
            out[4 * k + 2 + t] = scale * lever

    return align_boxes_grad


@device_function
def add_up(sums: Array) -> None:
    """Add up four numbers over the threads of a block, pair by pair; the sums come to lie in `sums[:, 0]`."""
    t, left = cuda.threadIdx.x, cuda.blockDim.x
    cuda.syncthreads()
    while left > 1:
        half = (left + 1) // 2
        if t + half < left:
            for i in range(4):
                sums[i, t] += sums[i, t + half]
        cuda.syncthreads()
        left = half
