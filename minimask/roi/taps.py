"""The one-dimensional weights of RoIAlign: the few formulas that every path shares.

RoIAlign treats the rows and the columns of a feature map alike, one after the other. So all its geometry is that of one
axis: where a RoI starts and how far it reaches (`span`), how many samples each of its bins takes (`samples_per_bin`),
where these lie (`sample_position`), and which two cells each of them reads, with which weights (`tap`).

The functions take and return plain numbers and call nothing but arithmetic, so that one source serves all: Python runs
them as they stand (`minimask.roi.reference`), numba compiles them for the processor (`minimask.roi.cpu`) and for NVIDIA
cards (`minimask.roi.cuda`), and chapter 3 draws them; `span` and `samples_per_bin` also take arrays. Coordinates are in
cells: cell `j` covers `[j, j + 1)`, but the operator as published takes cell `j` to stand at position `j`;
`aligned=True` puts this right by half a cell.
"""

from __future__ import annotations

import math
from typing import Any

NEAR = 1e-9
"""Cells: much less than matters, much more than rounding makes of positions on any map."""


def span(low: Any, high: Any, scale: Any, offset: Any, least: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Return where a RoI starts on the feature map, and its extent, along one axis, both in cells.

    `start = low * scale - offset` and `extent = max(high * scale - low * scale, least)`. With all five numbers in
    float32 the result is that of float32, as the number of samples depends on the last bit of the extent.

    Parameters
    ----------
    low, high : float
        The RoI's two sides on this axis, in pixels of the image.
    scale : float
        Cells per pixel: 1 / stride.
    offset : float
        0.5 where cell centers are aligned with pixel centers, else 0.
    least : float
        The smallest extent: 1 for the operator as first published (`aligned=False`), else 0.

    Examples
    --------
    >>> span(137.2, 201.2, 1 / 16, 0.5, 0)
    (8.075, 4.0)
    """
    start = low * scale - offset
    end = high * scale - offset
    extent = end - start
    return start, extent * (extent >= least) + least * (extent < least)  # the larger one, of arrays too


def samples_per_bin(extent: Any, bins: Any, ratio: int) -> Any:  # noqa: ANN401
    """Return the number of samples of a bin along one axis: `ratio`, or where that is not above 0, one per cell.

    Examples
    --------
    >>> samples_per_bin(10.0, 7.0, 2), samples_per_bin(10.0, 7.0, -1), samples_per_bin(0.0, 7.0, 0) + 0
    (2, 2.0, 0.0)
    """
    if ratio > 0:
        return ratio
    return -(-(extent / bins) // 1)  # the ceiling, of arrays too


def sample_position(start: float, bin_size: float, p: int, i: int, n: int) -> float:
    """Return where sample `i` of the `n` samples of bin `p` lies: `start + p * bin_size + (i + 1/2) * bin_size / n`.

    A sample that lies within `NEAR` of a whole position is put there: which cells it reads, and whether it still sees
    the map, must not hang on how a processor rounds.

    Examples
    --------
    >>> [sample_position(8.0, 2.0, 1, i, 2) for i in range(2)]
    [10.5, 11.5]
    """
    position = start + p * bin_size + (i + 0.5) * (bin_size / n)
    nearest = math.floor(position + 0.5)
    return float(nearest) if abs(position - nearest) < NEAR else position


def visible_samples(first: float, step: float, n: int, size: int) -> tuple[int, int]:
    """Return a range of samples `[begin, stop)` that holds all those in `[-1, size]`, and few others.

    Samples lie at `first + i * step`, `0 <= i < n`. A box of a million pixels has a million samples in a bin; but it
    can see only as many as the map has cells, and the others cost nothing.

    Examples
    --------
    >>> visible_samples(-999_999.5, 1.0, 2_000_000, 10)
    (999997, 1000011)
    >>> visible_samples(0.5, 1.0, 3, 10)
    (0, 3)
    """
    if step <= 0.0:
        return 0, n
    begin = (-1.0 - first) / step - 1.0
    stop = (size - first) / step + 2.0
    return int(min(max(begin, 0.0), float(n))), int(min(max(stop, 0.0), float(n)))


def tap(position: float, size: int) -> tuple[int, int, float, float, float]:
    """Return the two cells that a sample reads, its weight on each, and the slope of the second weight.

    A sample between two cells weighs each by its nearness: `1 - f` and `f`, where `f` is the fraction of its position;
    the slopes are `-slope` and `slope`. Up to one cell beyond the map it reads the cell at the border. Further out it
    reads nothing, which counts as 0.

    Parameters
    ----------
    position : float
        In cells.
    size : int
        The number of cells along this axis.

    Returns
    -------
    low, high : int
        Indices of cells.
    weight_low, weight_high : float
        Both at least 0; their sum is 1, or 0 outside of `[-1, size]`.
    slope : float
        d(weight_high) / d(position): 1, or 0 where the position does not matter.

    Examples
    --------
    >>> tap(2.25, 5)
    (2, 3, 0.75, 0.25, 1.0)
    >>> tap(-0.5, 5), tap(4.5, 5), tap(5.5, 5)
    ((0, 0, 1.0, 0.0, 0.0), (4, 4, 1.0, 0.0, 0.0), (0, 0, 0.0, 0.0, 0.0))
    """
    if position < -1.0 or position > size:
        return 0, 0, 0.0, 0.0, 0.0
    if position < 0.0:
        return 0, 0, 1.0, 0.0, 0.0
    low = int(position)
    if low >= size - 1:
        return size - 1, size - 1, 1.0, 0.0, 0.0
    fraction = position - low
    return low, low + 1, 1.0 - fraction, fraction, 1.0
