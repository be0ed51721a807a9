"""What the exercises of chapter 2 are tried on: a few small boxes, written down or drawn.

Corners are whole numbers, halves and quarters. So areas are exact, and where an IoU meets a threshold, which is a
quarter, a half or three quarters, it meets it exactly, in float32 too: no right answer fails by rounding.
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
Thing = TypeVar("Thing")


def rows_of(*rows: tuple[float, ...]) -> FloatArray:
    """Return an array from its rows."""
    return np.array(rows, dtype=np.float64)


def box(x1: float, y1: float, width: float, height: float) -> Box:
    """Return a box as a tuple of floats."""
    return float(x1), float(y1), float(x1 + width), float(y1 + height)


def boxes(
    x1: Sequence[float], y1: Sequence[float], widths: Sequence[float], heights: Sequence[float]
) -> st.SearchStrategy[Box]:
    """Draw boxes; a counterexample shrinks to the first of the numbers.

    A box is drawn in one step and not in four, which makes the search several times as fast.
    """
    return st.sampled_from([box(*numbers) for numbers in product(x1, y1, widths, heights)])


def some_of(one: st.SearchStrategy[Thing], most: int) -> st.SearchStrategy[list[Thing]]:
    """Draw lists of 1 to `most` things.

    All of them are drawn, and every third is left out: so a counterexample can lose any of them, which `st.lists` does
    not offer once a list is as long as it may be. Where all are left out, the first is not.
    """

    def take(pairs: tuple[tuple[bool, Thing], ...]) -> list[Thing]:
        return [thing for is_in, thing in pairs if is_in] or [pairs[0][1]]

    return st.tuples(*[st.tuples(st.sampled_from((False, True, True)), one)] * most).map(take)
