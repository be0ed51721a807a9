"""Exercise 6.5: whether a probability means what it says."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import read_number, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import BoolArray, FloatArray, floats, several
from minimask.plots.show import figure, styled
from minimask.plots.style import GRID, INK, MUTED, SHAPE, SHAPE_EDGE, TIGHT


def calibration_error(scores: np.ndarray, correct: np.ndarray, bins: int) -> float:
    """Return how far scores `(N,)` from 0 to 1 are from the share that is `correct` `(N,)`, in bins of equal width."""
    places = np.maximum(np.ceil(scores * bins), 1)
    error = 0.0
    for place in np.unique(places):
        inside = places == place
        error += inside.mean() * abs(correct[inside].mean() - scores[inside].mean())
    return float(error)


def _by_bin(scores: FloatArray, correct: BoolArray, bins: int) -> dict[int, list[tuple[Fraction, bool]]]:
    """Return the scores of each bin that is not empty, exactly, each with whether it is correct."""
    members: dict[int, list[tuple[Fraction, bool]]] = {}
    for score, is_correct in zip(scores.tolist(), correct.tolist(), strict=True):
        place = max(ceil(Fraction(score) * bins) - 1, 0)
        members.setdefault(place, []).append((Fraction(score), is_correct))
    return dict(sorted(members.items()))


def _in_fractions(scores: FloatArray, correct: BoolArray, bins: int) -> float:
    """Add up, bin by bin, by how much the sum of the scores misses the number of correct ones."""
    gaps = (
        abs(sum((score for score, _ in members), Fraction(0)) - sum(is_correct for _, is_correct in members))
        for members in _by_bin(scores, correct, bins).values()
    )
    return float(sum(gaps, Fraction(0)) / len(scores))


def _remark(scores: FloatArray, correct: BoolArray, bins: int) -> str:
    if (scores == 0).any():
        return "Some score is 0."
    if (scores * bins % 1 == 0)[scores < 1].any():
        return "Some score lies on the edge between two bins."
    if (scores == 1).any():
        return "Some score is 1."
    members = _by_bin(scores, correct, bins)
    if len(members) > 1 and len({len(each) for each in members.values()}) > 1:
        return "Some bins have more scores than others."
    return "Some bin is empty." if len(members) < bins else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the bins: the share that is correct as a column, the mean score as a stroke, and the gap between the two."""
    scores, correct, bins = found.inputs
    fig, (axes,) = figure(width=4.6, height=3.1)
    axes.plot([0, 1], [0, 1], color=GRID, linewidth=1.2)
    for place, members in _by_bin(scores, correct, bins).items():
        accuracy = sum(is_correct for _, is_correct in members) / len(members)
        mean = float(sum((score for score, _ in members), Fraction(0)) / len(members))
        left, width = place / bins, 1 / bins
        axes.add_patch(Rectangle((left, 0), width, accuracy, facecolor=SHAPE, alpha=0.5, edgecolor=SHAPE_EDGE))
        axes.plot([left, left + width], [mean, mean], color=INK, linewidth=2)
        axes.plot([left + width / 2] * 2, [accuracy, mean], color=TIGHT, linewidth=2.4, linestyle=":")
        axes.annotate(
            f"{len(members)}", (left + width / 2, 1.02), ha="center", size=8, color=MUTED, annotation_clip=False
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.vlines(np.arange(1, bins) / bins, 0, 1, color=GRID, linewidth=0.8)
    axes.set_xlabel("score", size=9)
    for color, style, name in ((SHAPE_EDGE, "-", "share correct"), (INK, "-", "mean score"), (TIGHT, ":", "gap")):
        axes.plot([], [], color=color, linestyle=style, label=name)
    axes.tick_params(labelsize=8, length=0)
    yours = "" if found.answer is None else f", yours {words(found.answer, 4)}"
    axes.set_title(f"error {words(found.expected, 4)}{yours}", size=10)
    fig.legend(loc="outside right upper", fontsize=8)
    return fig


_SCORES = (0.75, 0.25, 0.9375, 0.5, 1.0, 0.8125, 0.0, 0.0625, 0.4375)
_PAIRS = tuple((score, is_correct) for score in _SCORES for is_correct in (True, False))


def _as_inputs(pairs: list[tuple[float, bool]], bins: int) -> tuple[FloatArray, BoolArray, int]:
    """Scores are sixteenths: with 1, 2, 4 and 8 bins some lie on an edge exactly; with 3 and 5 none but 0 and 1 do."""
    return floats([score for score, _ in pairs]), np.array([is_correct for _, is_correct in pairs]), bins


CALIBRATION_ERROR = Exercise(
    id="6.5",
    title="Whether a probability means what it says",
    difficulty=3,
    minutes=15,
    teaches="what it takes for 90 percent to be 90 percent, and what one number hides of it",
    statement="""
Write `calibration_error(scores, correct, bins)`: the expected calibration error (ECE).

- `scores` is an array `(N,)` with numbers from 0 to 1, N >= 1: how sure a network was of each of its answers.
`correct` is a Boolean array `(N,)`: whether that answer was right.
- Cut the range from 0 to 1 into so many `bins` of equal width. A bin contains its upper edge and not its lower one:
with 4 bins, 0.25 belongs to the first one, and a score a little above to the second. The first bin contains 0 too.
- In each bin, take the mean of its scores and the share of its answers that are correct. Their distance, which is never
negative, is the bin's *gap*.
- Return the mean of the gaps, each weighted with the number of scores in its bin, out of all N. Empty bins count
nothing.
""",
    by_hand="Let `scores` = `[0.9, 0.8, 0.7, 0.25, 0.1]`, `correct` = `[True, False, True, False, False]` and `bins` = "
    "4. The first bin ends at 0.25, and has two scores, with the mean 0.175. None of the two is correct: its gap is "
    "0.175. The second is empty. The third, from 0.5 to 0.75, has 0.7 alone, which is correct: 0.3. The last has 0.9 "
    "and 0.8, of the mean 0.85, and one of two is correct: 0.35. Weighted: 2 * 0.175 + 1 * 0.3 + 2 * 0.35 is 1.35, "
    "out of 5: `0.27`.",
    worked=(
        (floats([0.9, 0.8, 0.7, 0.25, 0.1]), np.array([True, False, True, False, False]), 4),
        0.27,
    ),
    hints=(
        (
            "In which bin is a score? `scores * bins` goes from 0 to `bins`. Round it so that what lies on an edge "
            "goes to the lower bin; which way of rounding does that?"
        ),
        (
            "`np.ceil(scores * bins)` numbers the bins from 1. Only 0 becomes 0: `np.maximum(..., 1)` puts it right. "
            "Then go through the bins; `places == place` says which scores are in one."
        ),
        (
            "The gap is `abs(correct[inside].mean() - scores[inside].mean())`, its weight is `inside.mean()`. A mean "
            "of nothing is nan, so leave out bins where nothing is inside."
        ),
    ),
    solution=calibration_error,
    explanation="It does not say whether a network is good: one that gives every answer the score 0.5, and is right "
    "half of the time, has an error of 0, and is of no use. Nor does it say in which direction the gaps go: too sure "
    "and too modest count alike. The number depends on the bins. With one bin, only the mean score and the share of "
    "all count, and errors above and below cancel; with many, each holds few scores, and chance alone makes gaps. So "
    "an error is reported with its bins, with N, and best beside the picture of the bins.",
    reference=_in_fractions,
    read=read_number,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(scores), np.array(correct, dtype=bool), bins)
        for scores, correct, bins in (
            ([0.75], [True], 1),
            ([0.75, 0.25], [False, False], 1),
            ([0.9, 0.3], [False, True], 2),
            ([0.9, 0.8, 0.7, 0.25, 0.1], [True, False, True, False, False], 4),
            ([0.5, 0.75], [False, True], 2),
            ([0.95, 0.9, 0.85, 0.3], [True, True, False, False], 5),
            ([1.0, 0.625, 0.5625], [True, True, False], 4),
            ([0.0, 0.125, 0.0], [True, False, False], 8),
            ([0.0625, 0.9375, 0.9375, 0.9375], [True, True, True, False], 3),
            ([0.95, 0.15, 0.45, 0.65, 0.66, 0.35], [True, True, False, True, False, True], 10),
        )
    ),
    inputs=st.builds(_as_inputs, several(_PAIRS, 5, least=1), st.sampled_from([2, 1, 4, 3, 5, 8])),
)
