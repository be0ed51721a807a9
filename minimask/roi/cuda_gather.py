"""Gradients with respect to the features, gathered: every cell fetches what is its own, and is written once.

A block owns a tile of cells and, as threads, a block of channels. It goes through the RoIs in their order, and takes in
those that reach its tile; each thread keeps the sums of its cells in registers, and writes them at the end. No two
threads write one cell, so there are no atomic additions, the output need not be zero before, and the result is the same
bits every time. One launch serves all levels.

Where RoIs reach is worked out once, by a kernel of its own: looking through 8000 RoIs is then reading a few integers.
"""

from __future__ import annotations

import functools

import numpy as np

from minimask.roi.cuda_axis import bins_on, cell_sums, frame, reach
from minimask.roi.cuda_numbers import FORMATS, ONE, ZERO
from minimask.roi.cuda_shim import MOST_THREADS, Array, Kernel, cuda, device_function, kernel, types

TILE = 4
"""Cells along each side of a tile."""

CELLS = TILE * TILE

PAIR_OF_LINES, PAIR_OF_TILES = 2 * TILE, 2 * CELLS
"""Sums that a thread keeps, for its two channels."""

BATCH = 4
"""RoIs that a block stages at a time."""

BINS = 8
"""Bins along each axis that a block stages at a time, of each RoI."""

WINDOW, FRAME = 7, 4
"""Numbers kept for each RoI: plane, top, bottom, left, right, samples in y and in x; start and bin size in y and x."""


@kernel(registers=64)
def align_windows(
    boxes: Array,
    levels: Array,
    images: int,
    heights: tuple[int, ...],
    widths: tuple[int, ...],
    bins_y: int,
    bins_x: int,
    scales: tuple[float, ...],
    offset: float,
    least: float,
    bins: tuple[float, ...],
    ratio: int,
    windows: Array,
    frames: Array,
) -> None:
    """Work out where each RoI reaches: int64 `windows` (7, K) and float64 `frames` (4, K), see `WINDOW`."""
    k = cuda.grid(1)
    if 5 * k >= boxes.size:
        return
    level = levels[k]
    in_y = frame(boxes[5 * k + 2], boxes[5 * k + 4], scales[level], offset, least, bins[0], ratio)
    in_x = frame(boxes[5 * k + 1], boxes[5 * k + 3], scales[level], offset, least, bins[1], ratio)
    plane = level * images + int(boxes[5 * k])
    keep_window(k, plane, in_y, in_x, bins_y, bins_x, heights[level], widths[level], windows, frames)


@device_function
def keep_window(
    k: int,
    plane: int,
    in_y: tuple[float, float, int],
    in_x: tuple[float, float, int],
    bins_y: int,
    bins_x: int,
    height: int,
    width: int,
    windows: Array,
    frames: Array,
) -> None:
    """Write what `WINDOW` and `FRAME` name for RoI k."""
    windows[0, k] = plane
    windows[1, k], windows[2, k] = reach(in_y[0], in_y[1], in_y[2], bins_y, height)
    windows[3, k], windows[4, k] = reach(in_x[0], in_x[1], in_x[2], bins_x, width)
    windows[5, k], windows[6, k] = in_y[2], in_x[2]
    frames[0, k], frames[1, k] = in_y[0], in_y[1]
    frames[2, k], frames[3, k] = in_x[0], in_x[1]


@device_function
def locate(tile: int, images: int, heights: tuple[int, ...], widths: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return the level, the image, the first row and the first column of a tile; tiles of all levels are in a row."""
    level, across, down = 0, 1, 1
    for _ in range(len(heights)):
        across, down = (widths[level] + TILE - 1) // TILE, (heights[level] + TILE - 1) // TILE
        if tile < images * down * across:
            break
        tile -= images * down * across
        level += 1
    return level, tile // (down * across), tile // across % down * TILE, tile % across * TILE


@device_function
def find_hits(windows: Array, first: int, plane: int, row: int, column: int, flags: Array, hits: Array) -> int:
    """List those of the next blockDim.x RoIs, in their order, that reach a tile; return how many."""
    t = cuda.threadIdx.x
    k = first + t
    meets = 0
    if k < windows.shape[1] and windows[0, k] == plane and windows[1, k] < row + TILE and windows[2, k] > row:
        meets = 1 if windows[3, k] < column + TILE and windows[4, k] > column else 0
    count: int = cuda.syncthreads_count(meets)
    if count > 0:
        flags[t] = meets
        cuda.syncthreads()
        if meets:
            rank = 0
            for other in range(t):
                rank += flags[other]
            hits[rank] = k
        cuda.syncthreads()
    return count


@device_function
def find_bins(
    windows: Array,
    frames: Array,
    hits: Array,
    first: int,
    count: int,
    row: int,
    column: int,
    bins_y: int,
    bins_x: int,
    ranges: Array,
) -> tuple[int, int]:
    """Write the bins of each RoI of a batch that touch the tile, (BATCH, 4); return the most of them in y and in x."""
    t = cuda.threadIdx.x
    cuda.syncthreads()
    for slot in range(t, 2 * BATCH, cuda.blockDim.x):
        b, axis = slot // 2, slot % 2
        begin, end = 0, 0
        if first + b < count:
            k = hits[first + b]
            low, bins = (column, bins_x) if axis else (row, bins_y)
            begin, end = bins_on(
                frames[2 * axis, k], frames[2 * axis + 1, k], windows[5 + axis, k], bins, low, low + TILE
            )
        ranges[b, 2 * axis], ranges[b, 2 * axis + 1] = begin, end
    cuda.syncthreads()
    most_y, most_x = 0, 0
    for b in range(BATCH):
        most_y = max(most_y, ranges[b, 1] - ranges[b, 0])
        most_x = max(most_x, ranges[b, 3] - ranges[b, 2])
    return most_y, most_x


@functools.cache
def align_features_grad(name: str) -> Kernel:
    """Return the kernel that gathers RoIAlign's gradient, for gradients in the format `name`.

    Grid: tiles of all levels and images x blocks of `2 * blockDim.x` channels.

    To its tile a RoI adds `Wy.T @ grad @ Wx`, restricted to the rows and columns of the tile: for each row of bins,
    first the columns (4 sums), then the rows.
    """
    number, numba_type, widen, narrow = FORMATS[name]

    @device_function
    def add_bins(
        grad: Array,
        corner: np.uint64,
        down: np.uint64,
        across: np.uint64,
        c0: np.uint64,
        c1: np.uint64,
        b: np.uint64,
        p_count: np.uint64,
        q_count: np.uint64,
        weights: Array,
        of_row: Array,
        sums: Array,
    ) -> None:
        """Add the staged bins of RoI `b` of the batch to the tile's sums, for two channels."""
        p = ZERO
        while p < p_count:
            place, q = corner + p * down, ZERO
            for j in range(PAIR_OF_LINES):
                of_row[j] = number(0)
            while q < q_count:
                share0, share1 = widen(grad[place + c0]), widen(grad[place + c1])
                for j in range(TILE):
                    weight = weights[1, b, q, j]
                    of_row[j] = cuda.fma(weight, share0, of_row[j])
                    of_row[TILE + j] = cuda.fma(weight, share1, of_row[TILE + j])
                place += across
                q += ONE
            for i in range(TILE):
                weight = weights[0, b, p, i]
                for j in range(TILE):
                    at = TILE * i + j
                    sums[at] = cuda.fma(weight, of_row[j], sums[at])
                    sums[CELLS + at] = cuda.fma(weight, of_row[TILE + j], sums[CELLS + at])
            p += ONE

    @kernel(registers=96)
    def align_gather(
        grad: Array,
        windows: Array,
        frames: Array,
        outs: tuple[Array, ...],
        images: int,
        heights: tuple[int, ...],
        widths: tuple[int, ...],
        bins_y: int,
        bins_x: int,
        channels: int,
    ) -> None:
        flags = cuda.shared.array(MOST_THREADS, types.int32)
        hits = cuda.shared.array(MOST_THREADS, types.int64)
        ranges = cuda.shared.array((BATCH, 4), types.int64)
        weights = cuda.shared.array((2, BATCH, BINS, TILE), numba_type)
        sums = cuda.local.array(PAIR_OF_TILES, numba_type)
        of_row = cuda.local.array(PAIR_OF_LINES, numba_type)

        level, image, row, column = locate(cuda.blockIdx.x, images, heights, widths)
        height, width, plane = heights[level], widths[level], level * images + image
        near = 2 * cuda.blockDim.x * cuda.blockIdx.y + cuda.threadIdx.x
        far = near + cuda.blockDim.x
        c0, c1 = np.uint64(min(near, channels - 1)), np.uint64(min(far, channels - 1))
        for i in range(PAIR_OF_TILES):
            sums[i] = number(0)

        for first in range(0, windows.shape[1], cuda.blockDim.x):
            count = find_hits(windows, first, plane, row, column, flags, hits)
            for batch in range(0, count, BATCH):
                most_y, most_x = find_bins(
                    windows, frames, hits, batch, count, row, column, bins_y, bins_x, ranges
                )  # fmt: skip
                for skipped_y in range(0, most_y, BINS):
                    for skipped_x in range(0, most_x, BINS):
                        cuda.syncthreads()
                        for slot in range(cuda.threadIdx.x, 2 * BATCH * BINS * TILE, cuda.blockDim.x):
                            i, b = slot % TILE, slot // (TILE * BINS) % BATCH
                            axis, p = slot // (TILE * BINS * BATCH), slot // TILE % BINS
                            bins, size, cell = (bins_x, width, column + i) if axis else (bins_y, height, row + i)
                            p_on_axis = ranges[b, 2 * axis] + (skipped_x if axis else skipped_y) + p
                            if p_on_axis < ranges[b, 2 * axis + 1]:
                                k = hits[batch + b]
                                start, bin_size = frames[2 * axis, k], frames[2 * axis + 1, k]
                                weight, _, _ = cell_sums(
                                    start, bin_size, windows[5 + axis, k], p_on_axis, bins, size, cell
                                )  # fmt: skip
                                weights[axis, b, p, i] = weight
                        cuda.syncthreads()
                        for b in range(min(BATCH, count - batch)):
                            p_first, q_first = ranges[b, 0] + skipped_y, ranges[b, 2] + skipped_x
                            p_count, q_count = min(BINS, ranges[b, 1] - p_first), min(BINS, ranges[b, 3] - q_first)
                            if p_count > 0 and q_count > 0:
                                corner = (hits[batch + b] * bins_y + p_first) * bins_x + q_first
                                add_bins(
                                    grad, np.uint64(corner * channels), np.uint64(bins_x * channels),
                                    np.uint64(channels), c0, c1, np.uint64(b), np.uint64(p_count), np.uint64(q_count),
                                    weights, of_row, sums,
                                )  # fmt: skip

        out = outs[level]
        for i in range(TILE):
            for j in range(TILE):
                if row + i < height and column + j < width:
                    place = np.uint64(((image * height + row + i) * width + column + j) * channels)
                    if near < channels:
                        out[place + c0] = narrow(sums[TILE * i + j])
                    if far < channels:
                        out[place + c1] = narrow(sums[CELLS + TILE * i + j])

    return align_gather


@functools.cache
def pool_features_grad(name: str) -> Kernel:
    """Return the kernel that gathers RoIPool's gradient, for gradients in the format `name`.

    Grid: tiles of all images x blocks of blockDim.x channels. Each bin's gradient goes to the cell of the tile that
    its largest value was read from, if any.
    """
    number, numba_type, widen, narrow = FORMATS[name]

    @kernel(registers=64)
    def pool_gather(
        grad: Array,
        argmax: Array,
        windows: Array,
        out: Array,
        images: int,
        heights: tuple[int, ...],
        widths: tuple[int, ...],
        bins: int,
        channels: int,
    ) -> None:
        flags = cuda.shared.array(MOST_THREADS, types.int32)
        hits = cuda.shared.array(MOST_THREADS, types.int64)
        sums = cuda.local.array(CELLS, numba_type)

        _, image, row, column = locate(cuda.blockIdx.x, images, heights, widths)
        height, width = heights[0], widths[0]
        channel = cuda.blockDim.x * cuda.blockIdx.y + cuda.threadIdx.x
        c = np.uint64(min(channel, channels - 1))
        for i in range(CELLS):
            sums[i] = number(0)

        for first in range(0, windows.shape[1], cuda.blockDim.x):
            count = find_hits(windows, first, image, row, column, flags, hits)
            for hit in range(count):
                for place in range(hits[hit] * bins, (hits[hit] + 1) * bins):
                    at = np.uint64(place * channels) + c
                    cell = argmax[at] - row * width - column
                    if cell >= 0 and cell < TILE * width:
                        share = widen(grad[at])
                        for i in range(TILE):
                            for j in range(TILE):
                                sums[TILE * i + j] += share if cell == i * width + j else number(0)

        for i in range(TILE):
            for j in range(TILE):
                if row + i < height and column + j < width and channel < channels:
                    cell = (image * height + row + i) * width + column + j
                    out[np.uint64(cell * channels) + c] = narrow(sums[TILE * i + j])

    return pool_gather
