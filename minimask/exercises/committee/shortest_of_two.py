"""Exercise 4.5: the shortest vector between two gradients."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.committee.pictures import TASKS, draw_arrow, draw_right_and_yours, planes
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats
from minimask.plots.show import styled
from minimask.plots.style import MUTED


def shortest_of_two(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the shortest vector `(n,)` of all on the way from one gradient `(n,)` straight to the other."""
    way = second - first
    if not way.any():
        return first.copy()
    share = np.clip(-first @ way / (way @ way), 0, 1)
    point: np.ndarray = first + share * way
    return point


def _in_fractions(first: FloatArray, second: FloatArray) -> FloatArray:
    """Look first whether the angle at one of the tips is not acute: then that tip is the nearest."""
    a, b = ([Fraction(value) for value in row.tolist()] for row in (first, second))
    between, square, other = (
        sum((p * q for p, q in zip(*pair, strict=True)), Fraction(0)) for pair in ((a, b), (a, a), (b, b))
    )
    if between >= square:
        return first
    if between >= other:
        return second
    of_first, of_second = other - between, square - between  # in this proportion both products become equal
    point = [(of_first * p + of_second * q) / (of_first + of_second) for p, q in zip(a, b, strict=True)]
    return floats([float(value) for value in point])


def _remark(first: FloatArray, second: FloatArray) -> str:
    between, square, other = first @ second, first @ first, second @ second
    if np.array_equal(first, second):
        return "The two gradients are equal."
    if not square * other:
        return "One of the gradients is zero."
    if between >= min(square, other):
        return "Nothing between the two is shorter than the shorter one."
    return "The two point in opposite directions." if between**2 == square * other else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the two gradients with the way between their tips, the right vector and the learner's."""
    first, second = found.inputs
    yours = found.answer if found.answer is not None and found.answer.shape == found.expected.shape else None
    fig, (axes,) = planes({"two gradients": np.stack([first, second])}, () if yours is None else yours[None])
    axes.plot(*np.stack([first, second], axis=1), color=MUTED, linewidth=1.2, linestyle="--", label="between the two")
    draw_right_and_yours(axes, found.expected, yours)
    for vector, color, name in zip((first, second), TASKS, ("first", "second"), strict=False):
        draw_arrow(axes, vector, color, name[0], label=name)
    fig.set_figwidth(4.8)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_VECTORS = [
    floats(vector)
    for vector in ((1, 0), (0, 1), (-1, 0), (2, 1), (-1, 2), (1, -1), (0, 3), (3, 0.5), (-2, -1), (0, 0), (-4, 1))
]


def _as_inputs(
    first: FloatArray, second: FloatArray, times: float, other_times: float
) -> tuple[FloatArray, FloatArray]:
    return first * times, second * other_times


SHORTEST_OF_TWO = Exercise(
    id="4.5",
    title="The shortest vector between two gradients",
    difficulty=3,
    minutes=20,
    teaches="how to find a step by which neither of two tasks loses",
    statement="""
Write `shortest_of_two(first, second)`: the direction that MGDA, the multiple-gradient descent algorithm, takes for two
tasks.

- `first` and `second` are arrays `(n,)`, the gradients of two losses with respect to the same n weights. Either may be
zero, and they may be equal.
- Draw both from the origin. Of all points on the straight line segment from the tip of one to the tip of the other,
both tips included, one lies nearest to the origin.
- Return this point, an array `(n,)`. It is a weighted mean of the two gradients: neither weight is below 0, and
together they are 1.
- Leave both arrays as they are.
""",
    by_hand="Let `first` = `[4, 0]` and `second` = `[0, 2]`. The way from tip to tip is (-4, 2), and its square is 16 "
    "+ 4 = 20. At the nearest point, the line from the origin meets it at a right angle. After a share s of the way we "
    "are at (4 - 4s, 2s), and the product with (-4, 2) is -16 + 20s: it is 0 for s = 0.8. The point is `[0.8, 1.6]`. "
    "Its product with either gradient is 3.2: both losses fall equally fast. With `[3, 1]` for the second, the foot of "
    "the perpendicular lies beyond its tip, and the tip itself is the nearest.",
    worked=((floats([4, 0]), floats([0, 2])), floats([0.8, 1.6])),
    hints=(
        (
            "Let `way = second - first`. All points between the two are `first + s * way`, with s from 0 to 1. For "
            "which s is the product of such a point with `way` zero?"
        ),
        (
            "`first @ way + s * (way @ way) == 0` gives s. What should happen if this s is below 0, or above 1? The "
            "nearer it is to the right one, the shorter the vector."
        ),
        (
            "`np.clip(s, 0, 1)`. And if the two gradients are equal, the way is zero, and nothing can be divided by "
            "its square: any of the two is the answer then."
        ),
    ),
    solution=shortest_of_two,
    explanation="If the answer is p, then p has a product of at least p @ p with both gradients: a small step against "
    "p lowers both losses, whatever the angle between them. Only if p is zero is there no such step: the two pull in "
    "exactly opposite directions, or one has nothing left to gain. The price is in the weights. The longer gradient "
    "gets the smaller weight, and a task that has nearly converged, with a short gradient, holds all others up. "
    "`minimask.gradients.surgery` multiplies the result by the number of tasks, so that learning rates found for the "
    "sum suit it.",
    reference=_in_fractions,
    read=lambda answer: read_array(answer, 1, "an array (n,)").round(12),
    compare=compare_arrays("place"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(first), floats(second))
        for first, second in (
            ([1, 0], [0, 1]),
            ([4, 0], [0, 2]),
            ([4, 0], [4, 1]),
            ([4, 0], [2, 1]),
            ([1, 1], [4, 0]),
            ([1, 0], [-3, 1]),
            ([2, 1], [-4, -2]),
            ([1, -2], [1, -2]),
            ([0, 0], [1, 2]),
            ([3, -1], [0, 0]),
            ([0, 0], [0, 0]),
        )
    ),
    large_examples=((floats([1, 0, 2, -1, 0.5]), floats([-1, 1, 1, 2, 0])), (floats([3]), floats([-1]))),
    inputs=st.builds(_as_inputs, *[st.sampled_from(_VECTORS)] * 2, *[st.sampled_from([1.0, 2.0, 0.5, 4.0])] * 2),
)
