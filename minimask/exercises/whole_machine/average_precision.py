"""Exercise 5.8: average precision, by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, permutations, product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_number, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, several
from minimask.exercises.tables import draw_table
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, INK, MUTED, TIGHT


def average_precision(scores: np.ndarray, iou: np.ndarray, threshold: float) -> float:
    """Return the AP, from 0 to 1, of detections with scores `(D,)` and IoUs `(D, M)` with M objects."""
    taken: set[int] = set()
    is_true = []
    for k in np.argsort(-scores, kind="stable"):
        free = [m for m in range(iou.shape[1]) if m not in taken and iou[k, m] >= threshold]
        if free:
            taken.add(max(free, key=lambda m: iou[k, m]))
        is_true.append(len(free) > 0)
    found = np.cumsum(is_true)
    precision, recall = found / np.arange(1, len(found) + 1), found / iou.shape[1]
    best = [precision[recall >= level].max(initial=0) for level in np.linspace(0, 1, 101)]
    return float(np.mean(best))


def _claims(scores: FloatArray, iou: FloatArray, threshold: float) -> list[tuple[int, int | None]]:
    """Return the detections from the best to the worst, each with the object that it claims."""
    claims: list[tuple[int, int | None]] = []
    for k in sorted(range(len(scores)), key=lambda k: (-scores[k], k)):
        gone = {m for _, m in claims}
        best = max((m for m in range(iou.shape[1]) if m not in gone), key=lambda m: iou[k, m], default=None)
        claims.append((k, best if best is not None and iou[k, best] >= threshold else None))
    return claims


def _in_fractions(scores: FloatArray, iou: FloatArray, threshold: float) -> float:
    """Walk the recalls from the right, where the best precision so far is the best of all that reach as far."""
    true = list(accumulate(int(m is not None) for _, m in _claims(scores, iou, threshold)))
    points = [(Fraction(found, iou.shape[1]), Fraction(found, n)) for n, found in enumerate(true, 1)]
    best, total = Fraction(0), Fraction(0)
    for level in range(100, -1, -1):
        while points and points[-1][0] >= Fraction(level, 100):
            best = max(best, points.pop()[1])
        total += best
    return float(total / 101)


def _remark(scores: FloatArray, iou: FloatArray, threshold: float) -> str:
    if not len(scores):
        return "There is no detection."
    if len(np.unique(scores)) < len(scores):
        return "Some scores are equal."
    if (iou == threshold).any():
        return "Some IoU is exactly the threshold."
    if ((iou >= threshold).sum(axis=0) > 1).any():
        return "Several detections reach the threshold with one object."
    return "The scores are not in order." if (np.diff(scores) > 0).any() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the IoUs as a table, and how precision and recall go with each detection more."""
    scores, iou, threshold = found.inputs
    fig, (table, axes) = figure(2, width=6.2, height=max(2.4, 0.42 * len(scores) + 1.1))
    if iou.size:
        draw_table(table, iou)
    table.set(xlim=(-0.6, iou.shape[1] - 0.4), ylim=(max(len(scores), 1) - 0.4, -0.6), aspect="equal")
    table.set(xticks=range(iou.shape[1]), yticks=range(len(scores)))
    table.set_yticklabels([words(score, 3) for score in scores])
    table.set_title(f"IoU, threshold {threshold:g}", size=10)
    claims = _claims(scores, iou, threshold)
    true = np.cumsum([m is not None for _, m in claims])
    precision, recall = true / np.arange(1, len(true) + 1), true / iou.shape[1]
    axes.plot(recall, precision, color=MUTED, linewidth=1.2)
    for (_, m), x, y in zip(claims, recall, precision, strict=True):
        axes.plot(x, y, "o" if m is not None else "x", color=BEST if m is not None else TIGHT, markersize=7)
    for color, marker, name in ((BEST, "o", "true"), (TIGHT, "x", "false")):
        axes.plot([], [], marker, color=color, label=name)
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05))
    pair = f"AP {words(found.expected, 4)}" + ("" if found.answer is None else f", yours {words(found.answer, 4)}")
    axes.set_title(pair, size=10, color=INK)
    fig.legend(loc="outside right upper", fontsize=9)
    for each, across, up in ((table, "object", "score"), (axes, "recall", "precision")):
        each.tick_params(labelsize=8, length=0)
        each.set_xlabel(across, size=9)
        each.set_ylabel(up, size=9)
    table.spines[:].set_visible(False)
    return fig


_IOUS = (
    (0.75, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 0.0),
    (0.625, 0.75, 0.0, 0.0),
    (0.875, 0.625, 0.0, 0.0),
    (0.0, 0.5, 0.0, 0.0),
    (0.5, 0.0, 0.75, 0.625),
    (0.625, 0.0, 0.875, 0.0),
    (0.0, 0.875, 0.0, 0.625),
)
_SCORES = [*permutations((0.9, 0.75, 0.5, 0.25)), *product((0.5, 0.75), repeat=4)]


def _as_inputs(
    rows: list[tuple[float, ...]], scores: tuple[float, ...], objects: int, threshold: float
) -> tuple[FloatArray, FloatArray, float]:
    return floats(scores[: len(rows)]), floats([row[:objects] for row in rows], -1, objects), threshold


AVERAGE_PRECISION = Exercise(
    id="5.8",
    title="Average precision, by hand",
    difficulty=5,
    minutes=30,
    teaches="what the number says that all detectors are compared by",
    statement="""
Write `average_precision(scores, iou, threshold)`: COCO's AP of one class at one IoU threshold.

- `scores` is an array `(D,)`, one for each detection of the class, and `iou` an array `(D, M)`: the IoU of each with
each of the M objects of the class. D may be 0, M is at least 1. They may come from many pictures: then the IoU with an
object of another picture is 0.
- Go through the detections from the best to the worst; of equally good ones that with the lower index goes first. Each
claims, of the objects that nobody has claimed before, that with which its IoU is the highest, if this is `threshold` or
above (no detection has the same IoU above 0 with two objects). Then it is *true*; otherwise it is *false*.
- After each detection, the precision is the share of true ones among those so far, and the recall is the share of the M
objects that have been found.
- For each of the 101 recalls 0, 0.01, 0.02, ..., 1 take the *highest* precision among all places where the recall is
that large or larger, and 0 if no place is.
- Return the mean of these 101 numbers.
""",
    by_hand="Let `scores` = `[0.9, 0.8, 0.7]`, `iou` = `[(0.8, 0), (0.7, 0), (0, 0.6)]` and `threshold` = 0.5. The "
    "first detection claims object 0. The second one has a fine IoU with it too, but comes too late: false. The third "
    "claims object 1. So the precision goes 1, 1/2, 2/3 while the recall goes 1/2, 1/2, 1. Up to the recall 0.5, the "
    "highest precision is 1, at 51 of the 101 recalls; for the other 50, it is 2/3. `(51 + 50 * 2 / 3) / 101`, which "
    "is about 0.835.",
    worked=(
        (floats([0.9, 0.8, 0.7]), floats([(0.8, 0), (0.7, 0), (0, 0.6)]), 0.5),
        (51 + 50 * 2 / 3) / 101,
    ),
    hints=(
        (
            "Two halves. First a list of True and False, one for each detection from the best to the worst. Keep a set "
            "of the objects that have been claimed, and leave `iou` as it is."
        ),
        (
            "`np.cumsum` of this list counts the true ones so far. Divided by 1, 2, 3, ... it is the precision; "
            "divided by M, and not by D, it is the recall."
        ),
        (
            "`precision[recall >= level].max(initial=0)` for every `level` of `np.linspace(0, 1, 101)`: the "
            "`initial=0` is for the levels that are never reached. That also answers for D = 0."
        ),
    ),
    solution=average_precision,
    explanation="Taking the highest precision to the right makes a staircase of the zigzag: a false detection costs "
    "nothing if enough true ones follow. A duplicate is as false as an invention, which is why suppression comes "
    "before. COCO's headline number is the mean of this over ten thresholds, from 0.5 to 0.95, and over all classes; "
    "for masks the IoU is that of masks. pycocotools, which this chapter evaluates with, gives the same.",
    reference=_in_fractions,
    read=read_number,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(scores), floats(iou, -1, objects), threshold)
        for scores, iou, objects, threshold in (
            ([0.9], [(0.8,)], 1, 0.5),
            ([0.9], [(0.4,)], 1, 0.5),
            ([0.9, 0.8], [(0.8, 0), (0, 0.7)], 2, 0.5),
            ([0.9], [(0.8, 0)], 2, 0.5),
            ([0.7, 0.9], [(0.8,), (0.2,)], 1, 0.5),
            ([0.9, 0.8, 0.7], [(0.8, 0), (0.7, 0), (0, 0.6)], 2, 0.5),
            ([0.9, 0.8], [(0.9, 0.6), (0.7, 0)], 2, 0.5),
            ([0.9, 0.8], [(0.9, 0), (0.8, 0.6)], 2, 0.5),
            ([0.9, 0.8], [(0.6, 0.8), (0.7, 0)], 2, 0.5),
            ([0.9, 0.8], [(0.5,), (0.9,)], 1, 0.5),
            ([0.9, 0.8, 0.7, 0.6], [(0,) * 3, (0, 0.6, 0), (0.9, 0, 0), (0, 0, 0.6)], 3, 0.5),
            ([0.5, 0.5], [(0.1,), (0.9,)], 1, 0.75),
            ([], [], 2, 0.5),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        several(_IOUS, 4),
        st.sampled_from(_SCORES),
        st.sampled_from([2, 1, 3, 4]),
        st.sampled_from([0.5, 0.625, 0.75]),
    ),
    large_examples=((np.resize([0.5, 0.75, 0.5, 0.25], 40), np.eye(40)[:, ::3], 0.5),),
)
