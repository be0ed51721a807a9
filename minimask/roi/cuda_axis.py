"""The geometry of one axis inside kernels: which cells a bin reads, with which weights, one entry after the other.

A bin's entries can be asked for in any order, so that the threads of a block compute them side by side. Where samples
lie at most one cell apart, the entries are the bin's cells from first to last, each with the sum of its samples'
weights; where they lie further apart, as with a fixed number of samples in a large box, two entries for each sample.
Either way no more than the map has room for: a box of a million pixels costs what its visible part costs.
"""

from __future__ import annotations

import numpy as np

from minimask.roi import taps
from minimask.roi.cuda_shim import device_function

span = device_function(taps.span)
samples_per_bin = device_function(taps.samples_per_bin)
sample_position = device_function(taps.sample_position)
visible_samples = device_function(taps.visible_samples)
tap = device_function(taps.tap)


@device_function
def frame(
    low: float, high: float, scale: float, offset: float, least: float, bins: float, ratio: int
) -> tuple[float, float, int]:
    """Return where a RoI starts, the size of its bins, in cells, and the samples per bin.

    The arguments are of the boxes' dtype, which decides on the number of samples; the results are float64.
    """
    start, extent = span(low, high, scale, offset, least)
    n = int(samples_per_bin(extent, bins, ratio))  # for numba, the ceiling of a float is a float
    return np.float64(start), np.float64(extent) / np.float64(bins), n


@device_function
def most_entries(bin_size: float, n: int, size: int) -> int:
    """Return a number of entries that no bin exceeds, at least 1."""
    if n > 0 and bin_size > n:
        return 2 * min(n, int(min(size * n / bin_size, float(size))) + 3)
    return min(int(min(bin_size, float(size))) + 3, size)


@device_function
def entries(start: float, bin_size: float, n: int, p: int, size: int) -> tuple[int, int]:
    """Return the first cell (samples at most one cell apart) or sample (else) of bin `p`, and its number of entries."""
    if n <= 0:
        return 0, 0
    begin, stop = visible_samples(sample_position(start, bin_size, p, 0, n), bin_size / n, n, size)
    while begin < stop and sample_position(start, bin_size, p, begin, n) < -1.0:
        begin += 1
    while begin < stop and sample_position(start, bin_size, p, stop - 1, n) > size:
        stop -= 1
    if begin >= stop:
        return 0, 0
    if bin_size > n:
        return begin, 2 * (stop - begin)
    first, _, _, _, _ = tap(sample_position(start, bin_size, p, begin, n), size)
    _, last, _, _, _ = tap(sample_position(start, bin_size, p, stop - 1, n), size)
    return first, last - first + 1


@device_function
def entry(
    start: float, bin_size: float, n: int, p: int, bins: int, size: int, first: int, e: int
) -> tuple[int, float, float, float]:
    """Return the cell of entry `e` of bin `p`, and its weight, slope and lever.

    The slope is d(weight)/d(position) when all samples move alike; the lever, when each moves by its place, which goes
    from 0 at the RoI's low side to 1 at its high side.
    """
    if bin_size <= n:
        weight, slope, lever = cell_sums(start, bin_size, n, p, bins, size, first + e)
        return first + e, weight, slope, lever
    i = first + e // 2
    low, high, weight_low, weight_high, slope = tap(sample_position(start, bin_size, p, i, n), size)
    place = (p + (i + 0.5) / n) / bins
    if e % 2 == 0:
        return low, weight_low / n, -slope / n, -slope * place / n
    return high, weight_high / n, slope / n, slope * place / n


@device_function
def cell_sums(
    start: float, bin_size: float, n: int, p: int, bins: int, size: int, cell: int
) -> tuple[float, float, float]:
    """Return the weight, slope and lever (see `entry`) that one cell has in bin `p`."""
    begin, stop = visible_samples(sample_position(start, bin_size, p, 0, n) - cell, bin_size / n, n, 1)
    weight, slopes, levers = 0.0, 0.0, 0.0
    for i in range(begin, stop):
        low, high, weight_low, weight_high, slope = tap(sample_position(start, bin_size, p, i, n), size)
        place = (p + (i + 0.5) / n) / bins
        if low == cell:
            weight += weight_low
            slopes -= slope
            levers -= slope * place
        if high == cell:
            weight += weight_high
            slopes += slope
            levers += slope * place
    return weight / n, slopes / n, levers / n


@device_function
def reach(start: float, bin_size: float, n: int, bins: int, size: int) -> tuple[int, int]:
    """Return the cells `[first, stop)` that hold all those which any bin of a RoI reads; none if `first >= stop`."""
    end = start + bins * bin_size
    if n <= 0 or start > size or end < -1.0:
        return 0, 0
    first = int(min(max(start, 0.0), size - 1.0))
    return first, min(int(min(max(end, 0.0), size - 1.0)) + 2, size)


@device_function
def bins_on(start: float, bin_size: float, n: int, bins: int, first: int, stop: int) -> tuple[int, int]:
    """Return the bins `[begin, end)` that hold all those which read a cell of `[first, stop)`."""
    begin, end = visible_samples(start - first, bin_size, bins, stop - first)
    while begin < end and sample_position(start, bin_size, begin, n - 1, n) < first - 1.0:
        begin += 1
    while begin < end and sample_position(start, bin_size, end - 1, 0, n) > stop:
        end -= 1
    return begin, end
