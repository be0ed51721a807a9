"""Exercise 3.3: the two roundings of RoIPool."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import FloatArray, UnreadableError, read_whole_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import Bins
from minimask.exercises.magnifying_glass.pictures import draw_cells, draw_length
from minimask.exercises.tables import MOST_CELLS, panels
from minimask.plots.show import styled
from minimask.plots.style import SHAPE_EDGE
from minimask.roi.pool import bin_edges, round_half_away

_WANTED = "a list of pairs of whole numbers (first, stop)"


def pool_bins(low: float, high: float, bins: int, size: int) -> list[tuple[int, int]]:
    """Return `(first, stop)` for each of RoIPool's bins: bin p holds the cells `first <= j < stop` of one axis."""

    def nearest(value: float) -> int:
        return int(np.copysign(np.floor(abs(value) + 0.5), value))

    start = nearest(low)
    extent = nearest(high) - start + 1
    firsts = [start + int(np.floor(p * extent / bins)) for p in range(bins)]
    stops = [start + int(np.ceil((p + 1) * extent / bins)) for p in range(bins)]
    return [(min(max(first, 0), size), min(max(stop, 0), size)) for first, stop in zip(firsts, stops, strict=True)]


def _by_library(low: float, high: float, bins: int, size: int) -> Bins:
    start = round_half_away(low)
    extent = round_half_away(high) - start + 1
    return [bin_edges(start, extent, p, bins, size) for p in range(bins)]


def _read(answer: object) -> Bins:
    pairs: FloatArray = read_whole_array(answer, 2, _WANTED)
    if pairs.shape[1] != 2:
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave {words(pairs, 4)}")
    return [(int(first), int(stop)) for first, stop in pairs]


def _compare(expected: Bins, answer: Bins, *_: object) -> str | None:
    if len(answer) != len(expected):
        return f"there should be {len(expected)} pairs, one for each bin; yours gave {len(answer)}"
    for p, (right, yours) in enumerate(zip(expected, answer, strict=True)):
        if right != yours:
            return f"bin {p} should be {words(right)}; yours gave {words(yours)}"
    return None


def _remark(low: float, high: float, bins: int, size: int) -> str:
    if any(abs(side) % 1 == 0.5 for side in (low, high)):
        return "One side lies halfway between two whole numbers."
    if any(first == stop for first, stop in _by_library(low, high, bins, size)):
        return "Some bins lie outside of the map, and are empty."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the cells of the axis, the RoI above them, and a bar for each bin, right and yours."""
    low, high, bins, size = found.inputs
    sides = [side for pairs in (found.expected, found.answer) for pair in pairs or () for side in pair]
    left, right = min([0, low, *sides]) - 0.7, max([size, high, *sides]) + 0.2
    fig, (axes,) = panels({"the RoI and its bins, in cells": (left - 1.2, -1.3, right, bins + 0.6)})
    fig.set_size_inches(max(fig.get_figwidth(), 3.4), fig.get_figheight() + 0.3)
    draw_cells(axes, np.zeros((1, size)))
    axes.plot([low, high], [-0.9, -0.9], color=SHAPE_EDGE, linewidth=2.5, solid_capstyle="butt", label="RoI")
    axes.plot([low, high], [-0.9, -0.9], "|", color=SHAPE_EDGE, markersize=10, markeredgewidth=2)
    for whose, pairs, shift in (("right", found.expected, -0.16), ("yours", found.answer, 0.16)):
        for p, (first, stop) in enumerate((pairs or [])[:MOST_CELLS]):
            draw_length(axes, first - 0.5, stop - 0.5, p + 1 + shift, whose)
    for p in range(bins):
        axes.text(left - 0.2, p + 1, f"bin {p}", ha="right", va="center", size=9)
    axes.set_yticks([])
    axes.set_xticks([j for j in axes.get_xticks() if j > left])
    lines, names = axes.get_legend_handles_labels()
    once = dict(zip(names, lines, strict=True))
    fig.legend(once.values(), once.keys(), loc="outside lower right", fontsize=9, ncols=3)
    return fig


POOL_BINS = Exercise(
    id="3.3",
    title="The two roundings of RoIPool",
    difficulty=2,
    minutes=25,
    teaches="where RoIPool leaves the RoI that it was asked for",
    statement="""
Write `pool_bins(low, high, bins, size)`: which cells fall into each bin of RoIPool, along one axis.

- `low <= high` are two opposite sides of the RoI on the feature map, in cells. `size` is the number of cells, `bins`
the number of bins.
- First rounding: each side goes to the nearest whole number, and of two equally near ones to the one farther from 0:
0.5 to 1, 2.5 to 3, -0.5 to -1. Call them `start` and `end`.
- The RoI holds the cells from `start` to `end`, *both included*: `extent = end - start + 1`.
- Second rounding: bin p begins at cell `start + floor(p * extent / bins)` and stops before cell `start + ceil((p + 1) *
extent / bins)`. Neighboring bins may share a cell.
- At last, each of these numbers is moved into the range from 0 to `size`. A bin outside of the map becomes empty: first
= stop.
- Return a list of `bins` pairs `(first, stop)`.
""",
    by_hand="A RoI from 0.75 to 3.25, 2 bins, 4 cells: the sides become 1 and 3, the extent 3 - 1 + 1 = 3. The bins "
    "are 1.5 cells long. Bin 0 goes from 1 + 0 to 1 + 2, bin 1 from 1 + 1 to 1 + 3: `[(1, 3), (2, 4)]`. Both hold cell "
    "2.",
    worked=((0.75, 3.25, 2, 4), [(1, 3), (2, 4)]),
    hints=(
        (
            "Python's `round` and NumPy's `np.round` take 0.5 to 0 and 2.5 to 2: of two equally near numbers the even "
            "one. Which is asked for here?"
        ),
        "Round `abs(value)` by `floor(abs(value) + 0.5)`, then give it back its sign.",
        (
            "Floor for the first cell, ceil for the stop: so no cell of the RoI is left out. Clip at the very end, "
            "after `start` is added; clipping `start` itself would change the extent."
        ),
    ),
    solution=pool_bins,
    explanation="A side moves by up to half a cell at the first rounding, and a border between bins by up to a whole "
    "one at the second. At stride 16 these are 8 and 16 pixels of the image. And the steps have a slope of 0: how the "
    "output changes with the box is 0 almost everywhere, so that no gradient can move the box.",
    reference=_by_library,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=(
        (0.0, 3.0, 2, 4),
        (0.75, 3.25, 2, 4),
        (1.0, 5.0, 3, 8),
        (0.5, 2.0, 1, 4),
        (0.0, 2.5, 2, 6),
        (1.25, 1.25, 2, 4),
        (-2.75, 2.0, 2, 4),
        (-0.5, 1.75, 2, 3),
        (4.0, 9.0, 3, 6),
        (7.0, 9.0, 2, 6),
    ),
    inputs=st.builds(
        lambda low, length, bins, size: (low / 4, (low + length) / 4, bins, size),
        st.integers(-12, 24),
        st.integers(0, 28),
        st.integers(1, 4),
        st.integers(1, 8),
    ),
)
