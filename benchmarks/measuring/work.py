"""How much RoIAlign has to do, counted without doing it: cells that are touched, and reads for one channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.roi import cpu

TILE = 4
"""Cells along each side of a tile of the card's backward pass; equals `minimask.roi.cuda_gather.TILE`."""


class Work(NamedTuple):
    """What must be read, for one channel."""

    touched: int
    """Cells of the maps that any RoI reads."""
    reads: int
    """Cells that all bins read, each counted as often as it is read; as many products are added up."""
    tile_reads: int
    """Bins that all tiles read in the backward pass, likewise."""


def work(
    rois: NDArray[np.floating[Any]],
    levels: NDArray[np.int64],
    shapes: Sequence[tuple[int, int, int]],
    scales: Sequence[float],
    bins: int,
    ratio: int,
    aligned: bool,
) -> Work:
    """Count the work of RoIs (K, 5), each on its level of maps with shapes (images, height, width)."""
    touched = [np.zeros(shape, bool) for shape in shapes]
    reads = tile_reads = 0
    for level, (shape, scale) in enumerate(zip(shapes, scales, strict=True)):
        mine = rois[levels == level]
        grid = cpu.grid_of(mine, (bins, bins), scale, ratio, aligned)
        for k, roi in enumerate(mine):
            (cells_y, tiles_y), (cells_x, tiles_x) = (
                _on_axis(grid.start[k, axis], grid.bin_size[k, axis], int(grid.samples[k, axis]), shape[1 + axis], bins)
                for axis in (0, 1)
            )
            touched[level][int(roi[0])][np.ix_(cells_y, cells_x)] = True
            reads += len(cells_y) * len(cells_x)
            tile_reads += tiles_y * tiles_x
    return Work(sum(int(cells.sum()) for cells in touched), reads, tile_reads)


def _on_axis(start: float, bin_size: float, samples: int, length: int, bins: int) -> tuple[NDArray[np.int64], int]:
    """Return the cells of one axis that the bins of a RoI read, one bin after the other, and how many tiles they do."""
    weights = np.empty((1, bins * (length + 1)))
    stops, cells = np.empty(bins, np.int64), np.empty(weights.shape[1], np.int64)
    cpu._stage(start, bin_size, samples, length, bins, False, False, 0.0, stops, cells, weights)
    cells = cells[: stops[-1]].copy()
    bin_of = np.repeat(np.arange(bins), np.diff(stops, prepend=0))
    return cells, len(np.unique(bin_of * (length // TILE + 1) + cells // TILE))
