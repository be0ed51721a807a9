"""What bounds each of the card's kernels, foretold from what it must move, before any card is asked.

`forward` is one launch. At the least it writes the output once and reads every cell once that a RoI touches; each bin
reads its cells anew, from the caches, and does one multiply-add for each. With the target's 512 RoIs that is 106 MB and
237 MB: on a card that copies 4 TB/s and reads half as much again from its caches 27 µs and 40 µs, so that the caches
are the bound, and two thirds of the copy rate the most to hope for. With 8000 RoIs the output is the larger part.

`features` is two launches, a small one for where RoIs reach and the gather. At the least it reads the gradient once and
writes all cells of all maps once, touched or not: 174 MB, 44 µs, of which most is cells. Each tile looks through all
RoIs (8 bytes each), which shows with 8000 of them on small tiles, and reads the bins that meet it: a bin that lies on
the border of two tiles is read twice.

`boxes` is one launch, a block for each RoI. At the least it reads the gradient and the touched cells once. For each
cell that a bin reads it does three multiply-adds, not one, and with few RoIs most of the card idles: a hundred blocks
cannot fill it. So it is expected at a smaller share of the copy rate than the others.

All of them wait for their launch: some tens of microseconds for each, of Python's and numba's making. With 100 RoIs
that is longer than the kernels take.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from .problem import ALIGNED, RATIO, SETS, Problem, levels_of, random_rois
from .work import TILE, Work, work


class Bound(NamedTuple):
    """What one operator has to do for a problem."""

    launches: int
    least: int
    """Bytes that must move between the card's memory and its processors: what is read once, and what is written."""
    reads: int
    """Bytes that the kernel asks for, from wherever they are."""


def counted(problem: Problem) -> Work:
    """Count the work of a problem's RoIs, in the mean over its sets."""
    found = []
    for number in range(SETS):
        rois = random_rois(problem, number)
        levels = levels_of(problem, torch.from_numpy(rois)).numpy()
        found.append(work(rois, levels, problem.shapes, problem.scales, problem.bins, RATIO, ALIGNED))
    return Work(*(round(sum(counts) / SETS) for counts in zip(*found, strict=True)))


def bounds(problem: Problem, found: Work) -> dict[str, Bound]:
    """Return the bounds of `forward`, `features` and `boxes` for counted work."""
    each = problem.channels * problem.bytes_each
    pooled, cells = problem.rois * problem.bins**2 * each, sum(n * h * w for n, h, w in problem.shapes) * each
    tiles = sum(n * -(-h // TILE) * -(-w // TILE) for n, h, w in problem.shapes)
    search = 8 * tiles * problem.rois
    return {
        "forward": Bound(1, pooled + found.touched * each, found.reads * each),
        "features": Bound(2, pooled + cells, found.tile_reads * each + search),
        "boxes": Bound(1, pooled + found.touched * each, found.reads * each + pooled),
    }
