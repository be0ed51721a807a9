"""What exercises of several chapters are tried on: arrays and lists of a few things, written down or drawn.

Where an answer depends on whether a number reaches a threshold, the numbers are such that no right answer fails by
rounding: either they are sums of powers of two, and meet it exactly in whatever order they are computed, or they keep
well away from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Thing = TypeVar("Thing")
More = TypeVar("More")


def floats(values: object, *shape: int) -> FloatArray:
    """Return an array of floats, of a shape if one is given: it may be empty."""
    array = np.array(values, dtype=np.float64)
    return array.reshape(shape) if shape else array


def wholes(*values: int) -> IntArray:
    """Return a row of whole numbers, which may be empty."""
    return np.array(values, dtype=np.int64)


def row_of(options: Sequence[float], count: int) -> st.SearchStrategy[tuple[float, ...]]:
    """Draw a row of so many of some numbers, of which a counterexample shrinks to the first.

    The row is a single choice among all rows, those with the most of the first number first: to shrink a choice for
    every number takes hypothesis many times as long.
    """
    rows = product(range(len(options)), repeat=count)
    in_order = sorted(rows, key=lambda row: (count - row.count(0), sum(row)))
    return st.sampled_from([tuple(options[place] for place in row) for row in in_order])


def several(options: Sequence[Thing], most: int, least: int = 0) -> st.SearchStrategy[list[Thing]]:
    """Draw lists of `least` to `most` of some options, of which a counterexample shrinks to the first.

    A quarter of the places are left out, any of them: so a counterexample can lose whatever it does not need.
    """
    return several_with(st.none(), options, most, least).map(lambda pairs: [thing for thing, _ in pairs])


def several_with(
    more: st.SearchStrategy[More], options: Sequence[Thing], most: int, least: int = 0
) -> st.SearchStrategy[list[tuple[Thing, More]]]:
    """Draw lists as `several` does, with something more beside each option, which is lost together with it."""
    one = st.tuples(st.sampled_from([None] * (len(options) // 3) + list(options)), more)

    def take(places: tuple[tuple[Thing | None, More], ...]) -> list[tuple[Thing, More]]:
        taken = [(thing, beside) for thing, beside in places if thing is not None]
        return taken + [(options[0], places[0][1])] * (least - len(taken))

    return st.tuples(*[one] * most).map(take)
