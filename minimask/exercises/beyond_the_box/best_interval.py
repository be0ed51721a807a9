"""Exercise 1.4: the best interval of a row."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_whole_numbers, words
from minimask.exercises.beyond_the_box.inputs import FloatArray
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.plots.shapes import draw_box
from minimask.plots.show import figure, styled
from minimask.plots.style import MUTED, SHAPE, TIGHT


def best_interval(weights: np.ndarray) -> tuple[int, int]:
    """Return `(i, j)`, i < j, so that the sum of `weights[i:j]` is the largest; `weights` is `(N,)`, N >= 1."""
    best_sum, best = -np.inf, (0, 1)
    total, start = 0.0, 0
    for k, weight in enumerate(weights):
        if total < 0:
            total, start = 0.0, k
        total += weight
        if total > best_sum:
            best_sum, best = total, (start, k + 1)
    return best


def _best_sum(weights: FloatArray) -> float:
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return float(np.max(sums[1:] - np.minimum.accumulate(sums)[:-1]))


def _compare_sums(expected: float, answer: tuple[int, int], weights: FloatArray) -> str | None:
    i, j = answer
    if not 0 <= i < j <= len(weights):
        return f"the answer should be (i, j) with 0 <= i < j <= {len(weights)}; yours gave {words(answer)}"
    total = float(weights[i:j].sum())
    if np.isclose(total, expected):
        return None
    return f"the largest sum is {words(expected)}; yours gave {words(answer)}, with the sum {words(total)}"


@styled
def _draw(found: Finding) -> Figure:
    """Draw the weights as bars, and around the learner's interval a dotted frame."""
    (weights,) = found.inputs
    fig, (axes,) = figure(width=0.5 * len(weights) + 1.2, height=2.2)
    low, high = min(weights.min(), 0.0), max(weights.max(), 0.0)
    room = 0.3 * max(high - low, 0.25)
    axes.bar(np.arange(len(weights)) + 0.5, weights, width=0.7, color=np.where(weights < 0, TIGHT, SHAPE))
    axes.axhline(0, color=MUTED, linewidth=1)
    for k, weight in enumerate(weights):
        end, beyond, foot = (k + 0.5, weight), (0, -3 if weight < 0 else 3), "top" if weight < 0 else "bottom"
        axes.annotate(words(weight), end, beyond, textcoords="offset points", ha="center", va=foot, size=10)
    i, j = found.answer or (0, 0)
    if i < j:
        draw_box(axes, (i, low - 0.9 * room, j, high + 0.9 * room), "yours")
    axes.set(xlim=(-0.15, len(weights) + 0.15), ylim=(low - room, high + room), yticks=[])
    axes.set_xticks(range(len(weights) + 1))
    axes.spines["left"].set_visible(False)
    return fig


BEST_INTERVAL = Exercise(
    id="1.4",
    title="The best interval of a row",
    difficulty=3,
    minutes=20,
    teaches="Kadane's algorithm, the inner loop of the exact best box",
    statement="""
Write `best_interval(weights)`: the part of a row of numbers that has the largest sum.

- `weights` is an array `(N,)` of floats, N >= 1.
- Return `(i, j)`, two whole numbers with `0 <= i < j <= N`, for the part `weights[i:j]`. It may not be empty, not
even where all weights are negative. If several parts have the largest sum, return any of them.
- Go along the row once. To try all parts takes too long: the last row of the check has 20,000 numbers.
""",
    by_hand="In -1, 3, -2, 4, -5, 2 the part 3, -2, 4 has the sum 5, and no other has more. So the answer is `(1, 4)`.",
    worked=((np.array([-1.0, 3.0, -2.0, 4.0, -5.0, 2.0]),), (1, 4)),
    hints=(
        "Walk along the row, and ask at each place: which is the best part that *ends here*?",
        (
            "The best part that ends here is this number alone, or this number behind the best part that ended just "
            "before. When is it better to drop what came before?"
        ),
        (
            "Drop it when its sum is below 0, not when this number is. And begin with the first number as the best so "
            "far, or with minus infinity: beginning with a sum of 0 goes wrong where all numbers are negative."
        ),
    ),
    solution=best_interval,
    explanation="A part that begins with a negative sum is better without that beginning. So the walk never has to "
    "look back: one pass instead of N (N + 1) / 2 parts. Exercise 1.5 calls this once for each band of rows.",
    reference=_best_sum,
    read=lambda answer: read_whole_numbers(answer, 2, "two whole numbers (i, j)"),
    compare=_compare_sums,
    remark=lambda weights: "All weights are negative." if (weights < 0).all() else "",
    draw=_draw,
    examples=tuple(
        (np.array(weights, dtype=float),)
        for weights in (
            (1,),
            (2, 1),
            (-2, 3),
            (-1, 3, -2, 4, -5, 2),
            (3, -1, 3),
            (-3, -1, -2),
            (0.5, -0.25, 0.5, -2, 0.5),
        )
    ),
    inputs=st.tuples(
        st.lists(st.sampled_from([1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.25, 0.0]), min_size=1, max_size=8).map(
            np.array
        )
    ),
    large_examples=((np.random.default_rng(0).integers(-8, 9, 20_000) / 4,),),
)
