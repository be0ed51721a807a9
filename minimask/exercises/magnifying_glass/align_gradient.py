"""Exercise 3.8: where RoIAlign's gradient lands."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import FloatArray, arrays, grid, with_grads
from minimask.exercises.tables import channel_of_interest, draw_answers, plane
from minimask.plots.show import styled


def align_gradient(grad: np.ndarray, wy: np.ndarray, wx: np.ndarray) -> np.ndarray:
    """Return the gradient with respect to a map `(C, H, W)`, given that with respect to RoIAlign's output."""
    gradient: np.ndarray = wy.T @ grad @ wx
    return gradient


def _bin_by_bin(grad: FloatArray, wy: FloatArray, wx: FloatArray) -> FloatArray:
    gradient = np.zeros((len(grad), wy.shape[1], wx.shape[1]))
    for p, q in np.ndindex(*grad.shape[1:]):
        gradient += grad[:, p, q, None, None] * np.multiply.outer(wy[p], wx[q])
    return gradient


@styled
def _draw(found: Finding) -> Figure:
    """Draw a channel of the gradient of the output, the two matrices, and the right and the learner's result."""
    grad, wy, wx = found.inputs
    return draw_answers(found, {"grad": plane(grad, channel_of_interest(found)), "wy": wy, "wx": wx})[0]


_SIZES = st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (1, 3)])
_MATRICES = arrays(_SIZES, st.sampled_from([1.0, 0.5, 0.25, 0.0]), 6)

ALIGN_GRADIENT = Exercise(
    id="3.8",
    title="Where RoIAlign's gradient lands",
    difficulty=4,
    minutes=25,
    teaches="the way back through a product of matrices, without a framework",
    statement="""
Write `align_gradient(grad, wy, wx)`: how a loss changes with each cell of the map, through RoIAlign.

- RoIAlign's output is `Wy @ F @ Wx.T` for each channel F, as in exercise 3.7. `wy` is Wy, an array `(PH, H)`, and `wx`
is Wx, an array `(PW, W)`.
- `grad` is an array `(C, PH, PW)`: how the loss changes with each number of the output.
- Return an array `(C, H, W)`: how the loss changes with each number of `features`. You do not need their values.
""",
    by_hand="One channel, two bins: `grad` = `[[(2, 4)]]`, `wy` = `[(0.25, 0.75)]`, `wx` = `[(1, 0, 0), (0, 0.5, "
    "0.5)]`. Bin 0 reads column 0 alone: a quarter of it from row 0 and three quarters from row 1. So these cells get "
    "2 * 0.25 = 0.5 and 2 * 0.75 = 1.5. Bin 1 reads columns 1 and 2 by halves: each gets 4 * 0.5 * 0.25 = 0.5 in row 0 "
    "and 4 * 0.5 * 0.75 = 1.5 in row 1. `[[(0.5, 0.5, 0.5), (1.5, 1.5, 1.5)]]`.",
    worked=(
        (grid((2, 4))[None], grid((0.25, 0.75)), grid((1, 0, 0), (0, 0.5, 0.5))),
        grid((0.5, 0.5, 0.5), (1.5, 1.5, 1.5))[None],
    ),
    hints=(
        (
            "Write one number of the output as a sum: `out[p, q]` is the sum of `wy[p, i] * F[i, j] * wx[q, j]` over "
            "all i and j. By how much does it change when `F[i, j]` grows by a little?"
        ),
        (
            "By `wy[p, i] * wx[q, j]`. So the gradient of cell (i, j) is the sum of `grad[p, q] * wy[p, i] * wx[q, j]` "
            "over all bins. Four loops are a fine answer. Can you see two matrix products in them?"
        ),
        (
            "A sum over p of `wy[p, i] * grad[p, q]` is a matrix product with `wy` transposed. Check the shapes: what "
            "comes in is `(C, PH, PW)` and what goes out is `(C, H, W)`."
        ),
    ),
    solution=align_gradient,
    explanation="What reads by a matrix writes back by its transpose. All the cells that a bin has read get their "
    "share, in proportion to the weight with which they were read; RoIPool gives all to one. Where rows of the "
    "matrices sum to 1, the shares of a bin sum to its `grad`: nothing is lost and nothing is made up.",
    reference=_bin_by_bin,
    read=lambda answer: read_array(answer, 3, "an array (C, H, W)"),
    compare=compare_arrays("channel", "row", "column"),
    draw=_draw,
    examples=tuple(
        (np.array(grad, dtype=np.float64), grid(*wy), grid(*wx))
        for grad, wy, wx in (
            ([[(2, 3)]], ((1,),), ((0.5, 0.5, 0), (0, 0, 1))),
            ([[(2, 4)]], ((0.25, 0.75),), ((1, 0, 0), (0, 0.5, 0.5))),
            ([[(1, 2), (3, 5)]], ((1, 0), (0.5, 0.5)), ((0.25, 0.75), (0, 1))),
            ([[(1,), (2,)], [(0,), (4,)]], ((1, 0, 0), (0, 0.5, 0.25)), ((0.5, 0.5),)),
            ([[(-2,)]], ((0, 0.5, 0.5),), ((0.25, 0.75),)),
        )
    ),
    inputs=with_grads(st.tuples(_MATRICES, _MATRICES), lambda given: (1, len(given[0]), len(given[1])))
    | with_grads(st.tuples(_MATRICES, _MATRICES), lambda given: (2, len(given[0]), len(given[1]))),
)
