"""Exercise 6.1: how far two ways to measure are apart."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_named, read_numbers, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, several
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, INK, SHAPE_EDGE, YOURS

Three = tuple[float, float, float]


def limits_of_agreement(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Return the bias of `ours` against `theirs`, both `(N,)`, and the limits between which most differences lie."""
    differences = ours - theirs
    bias, reach = differences.mean(), 1.96 * differences.std(ddof=1)
    return float(bias), float(bias - reach), float(bias + reach)


def _in_fractions(ours: FloatArray, theirs: FloatArray) -> Three:
    """Take the variance from the sum of the differences and that of their squares, exactly; then a single root."""
    differences = [Fraction(a) - Fraction(b) for a, b in zip(ours.tolist(), theirs.tolist(), strict=True)]
    count, total = len(differences), sum(differences, Fraction(0))
    squares = sum((difference**2 for difference in differences), Fraction(0))
    bias = float(total / count)
    reach = 1.96 * math.sqrt((count * squares - total**2) / (count * (count - 1)))
    return bias, bias - reach, bias + reach


def _remark(ours: FloatArray, theirs: FloatArray) -> str:
    differences = ours - theirs
    if not np.ptp(differences):
        return "All differences are equal."
    if len(differences) == 2:
        return "There are only two pairs."
    return "The two agree on average." if not differences.sum() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw each difference over the mean of its pair, with the three lines that are right and the learner's."""
    ours, theirs = found.inputs
    means, differences = (ours + theirs) / 2, ours - theirs
    fig, (axes,) = figure(width=5.4, height=2.9)
    axes.axhline(0, color=GRID, linewidth=1)
    axes.plot(means, differences, "o", color=SHAPE_EDGE, markersize=6)
    for name, lines, color, style in (
        ("right", found.expected, BEST, "-"),
        ("yours", found.answer, YOURS, ":"),
    ):
        for k, height in enumerate(lines or ()):
            label = f"{name}: {words(lines, 3)}" if k == 0 else None
            axes.axhline(height, color=color, linestyle=style, linewidth=2.6 if k == 0 else 1.6, label=label)
    axes.set_xlabel("mean of the two", size=9)
    axes.set_ylabel("ours - theirs", size=9)
    axes.tick_params(labelsize=8, length=0)
    fig.legend(loc="outside upper left", fontsize=9, labelcolor=INK)
    return fig


_PAIRS = (
    (4.0, 4.0),
    (5.0, 4.0),
    (4.0, 6.0),
    (0.0, 0.0),
    (9.0, 5.0),
    (12.0, 20.0),
    (3.5, 2.0),
    (30.0, 31.0),
    (0.0, 3.0),
)


def _as_inputs(pairs: list[tuple[float, float]]) -> tuple[FloatArray, FloatArray]:
    ours, theirs = floats(pairs).T
    return ours.copy(), theirs.copy()


LIMITS_OF_AGREEMENT = Exercise(
    id="6.1",
    title="Limits of agreement",
    difficulty=1,
    minutes=10,
    teaches="what to say of two ways to measure instead of a correlation",
    statement="""
Write `limits_of_agreement(ours, theirs)`: how well a machine's measurements agree with an expert's, after Bland and
Altman.

- `ours` and `theirs` are arrays `(N,)`, N >= 2: the same N things, such as the nuclei in N pictures, counted in two
ways. Number k of one belongs to number k of the other.
- The *bias* is the mean of the N differences, ours minus theirs. Above 0, the machine counts too many.
- The differences scatter around it. Take their sample standard deviation s: the squared distances from the mean are
added up, divided by N - 1, and the root is taken.
- The *limits of agreement* lie 1.96 s below and 1.96 s above the bias. If the differences are normally distributed, 95
of 100 lie between them.
- Return `(bias, low, high)`, three numbers. Leave both arrays as they are.
""",
    by_hand="Let `ours` = `[10, 24, 37]` and `theirs` = `[11, 23, 34]`. The differences are -1, 1 and 3, so the bias "
    "is 1. Their distances from it are -2, 0 and 2. The squares are 4 + 0 + 4 = 8; divided by N - 1, that is 2, they "
    "are 4, and s is 2. The limits lie 1.96 * 2 = 3.92 to either side: `(1, -2.92, 4.92)`. (The correlation of the two "
    "is above 0.99, and says nothing of the three too many in the last picture.)",
    worked=((floats([10, 24, 37]), floats([11, 23, 34])), (1, -2.92, 4.92)),
    hints=(
        (
            "Everything is asked of one row of numbers, the differences. Make it first, as an array of its own; after "
            "that you need neither `ours` nor `theirs`."
        ),
        (
            "`differences.mean()` is the bias. `differences.std()` is nearly s: what does it divide the squares by? "
            "Its argument `ddof` says what is taken off N."
        ),
        (
            "`reach = 1.96 * differences.std(ddof=1)`. The limits are `bias - reach` and `bias + reach`: they lie "
            "around the bias, not around 0."
        ),
    ),
    solution=limits_of_agreement,
    explanation="A correlation asks whether two rows rise together, and they do even where one is twice the other. "
    "The limits answer what a doctor asks: how far may this number be from the one I would have got? They are in the "
    "same unit as the measurement, and whether they are narrow enough is for medicine to say, not for statistics. The "
    "mean alone is no help: with errors of +10 and -10 the bias is 0. Draw the differences over the means, too. If "
    "they spread more where there is more to count, one pair of limits does not fit all pictures.",
    reference=_in_fractions,
    read=lambda answer: read_numbers(answer, 3, "three numbers (bias, low, high)"),
    compare=compare_named("bias", "lower limit", "upper limit"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(ours), floats(theirs))
        for ours, theirs in (
            ([5, 5], [4, 4]),
            ([5, 4], [4, 4]),
            ([10, 24, 37], [11, 23, 34]),
            ([3, 0, 8, 5], [5, 1, 8, 4]),
            ([7, 2], [2, 7]),
            ([0, 0, 12, 30, 9], [0, 3, 20, 31, 5]),
            ([40, 10, 20], [10, 20, 40]),
            ([2.5, 3.25, 0.5, 1.0], [2.0, 3.5, 0.25, 1.0]),
        )
    ),
    inputs=st.builds(_as_inputs, several(_PAIRS, 5, least=2)),
)
