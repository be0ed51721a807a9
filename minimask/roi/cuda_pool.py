"""RoIPool on the card: the forward pass, and where its largest values lie; `cuda_gather` collects the gradient.

A block serves bins of one RoI; its threads, the channels.
"""

from __future__ import annotations

import functools

import numpy as np

from minimask.roi import pool
from minimask.roi.cuda_numbers import FORMATS
from minimask.roi.cuda_shim import MOST_THREADS, Array, Kernel, cuda, device_function, kernel, types

round_half_away = device_function(pool.round_half_away)
bin_edges = device_function(pool.bin_edges)

NOWHERE = 1 << 62
"""A row or column beyond all maps."""


@device_function
def whole_span(low: float, high: float, scale: float) -> tuple[int, int]:
    """Return the first cell of a RoI along one axis, and how many it covers; scale is of the boxes' dtype."""
    start = int(round_half_away(np.float64(low * scale)))  # for numba, the whole part of a float is a float
    return start, max(int(round_half_away(np.float64(high * scale))) - start + 1, 1)


@functools.cache
def forward(name: str) -> Kernel:
    """Return the kernel of the forward pass for features in the format `name`.

    Grid: RoIs x bins (a block takes every gridDim.y-th) x blocks of blockDim.x channels.
    """
    number, _, widen, narrow = FORMATS[name]

    @kernel(registers=80)
    def max_pool(
        features: Array,
        height: int,
        width: int,
        boxes: Array,
        out: Array,
        argmax: Array,
        bins_y: int,
        bins_x: int,
        channels: int,
        scale: float,
    ) -> None:
        k = cuda.blockIdx.x
        channel = cuda.blockDim.x * cuda.blockIdx.z + cuda.threadIdx.x
        if channel >= channels:
            return
        y, tall = whole_span(boxes[5 * k + 2], boxes[5 * k + 4], scale)
        x, wide = whole_span(boxes[5 * k + 1], boxes[5 * k + 3], scale)
        image = int(boxes[5 * k]) * height * width
        for place in range(cuda.blockIdx.y, bins_y * bins_x, cuda.gridDim.y):
            p, q = place // bins_x, place % bins_x
            top, bottom = bin_edges(y, tall, p, bins_y, height)
            left, right = bin_edges(x, wide, q, bins_x, width)
            best, where = number(0), -1
            for i in range(top, bottom):
                for j in range(left, right):
                    value = widen(features[np.uint64((image + i * width + j) * channels + channel)])
                    # the first cell, then what is larger; a NaN counts as larger than all, and stays
                    if where < 0 or (not value <= best and best == best):
                        best, where = value, i * width + j
            target = np.uint64((k * bins_y * bins_x + place) * channels + channel)
            out[target] = narrow(best)
            argmax[target] = where

    return max_pool


@kernel(registers=64)
def windows(argmax: Array, boxes: Array, width: int, bins: int, channels: int, found: Array) -> None:
    """Write where each RoI's largest values lie, over all bins and channels: see `cuda_gather.WINDOW`.

    Grid: RoIs.
    """
    least = cuda.shared.array((4, MOST_THREADS), types.int64)
    k, t = cuda.blockIdx.x, cuda.threadIdx.x
    top, bottom, left, right = NOWHERE, NOWHERE, NOWHERE, NOWHERE
    for place in range(k * bins * channels + t, (k + 1) * bins * channels, cuda.blockDim.x):
        cell = argmax[np.uint64(place)]
        if cell >= 0:
            row, column = cell // width, cell % width
            top, bottom, left, right = min(top, row), min(bottom, -row), min(left, column), min(right, -column)
    least[0, t], least[1, t], least[2, t], least[3, t] = top, bottom, left, right
    cuda.syncthreads()
    left_over = cuda.blockDim.x
    while left_over > 1:
        half = (left_over + 1) // 2
        if t + half < left_over:
            for i in range(4):
                least[i, t] = min(least[i, t], least[i, t + half])
        cuda.syncthreads()
        left_over = half
    if t == 0:
        found[0, k] = int(boxes[5 * k])
        found[1, k], found[2, k] = least[0, 0], 1 - least[1, 0]
        found[3, k], found[4, k] = least[2, 0], 1 - least[3, 0]
