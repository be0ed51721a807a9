"""Exercise 2.7: which anchor answers for which object."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_whole_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.needles_in_a_haystack.inputs import FloatArray, rows_of, some_of
from minimask.exercises.tables import draw_answers
from minimask.matching import BACKGROUND, IGNORED
from minimask.plots.show import styled


def match_anchors(iou: np.ndarray, foreground: float, background: float) -> np.ndarray:
    """Return for each anchor the index of its object, -1 for background or -2 to ignore it; `iou` is `(N, M)`."""
    anchors, objects = iou.shape
    if objects == 0:
        return np.full(anchors, -1)
    own, best = iou.argmax(axis=1), iou.max(axis=1)
    matches = np.where(best >= foreground, own, np.where(best < background, -1, -2))
    best_of_object = iou.max(axis=0)
    rescued = ((iou == best_of_object) & (best_of_object > 0)).any(axis=1)
    matches[rescued] = own[rescued]
    return matches


def _one_by_one(iou: FloatArray, foreground: float, background: float) -> FloatArray:
    """Go through the anchors, and ask of each whether some object has no better one."""
    columns = [max(column) for column in zip(*iou.tolist(), strict=True)]
    matches = []
    for row in iou.tolist():
        best = max(row, default=0.0)
        if best >= foreground or any(0 < mine == highest for mine, highest in zip(row, columns, strict=True)):
            matches.append(row.index(best))
        else:
            matches.append(BACKGROUND if best < background else IGNORED)
    return np.array(matches, dtype=np.float64)


def _compare(expected: FloatArray, answer: FloatArray, *_: object) -> str | None:
    if answer.shape != expected.shape:
        return f"there should be one number for each anchor, {len(expected)} in all; yours gave {len(answer)}"
    wrong = np.flatnonzero(answer != expected)
    if not wrong.size:
        return None
    first = int(wrong[0])
    rest = f". {wrong.size} of {len(expected)} anchors are wrong" if wrong.size > 1 else ""
    return f"anchor {first} should get {words(expected[first])}; yours gave {words(answer[first])}{rest}"


def _remark(iou: FloatArray, foreground: float, background: float) -> str:
    if not iou.shape[1]:
        return "There is no object."
    highest = iou.max(axis=0)
    if (highest == 0).any():
        return "No anchor overlaps some object."
    if ((iou == highest).sum(axis=0) > 1).any():
        return "Some object has its highest IoU with more than one anchor."
    return "Some IoU is exactly a threshold." if np.isin(iou.max(axis=1), (foreground, background)).any() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the IoUs as a table with a row for each anchor, and the right and the learner's matches beside it."""
    iou = found.inputs[0]
    columns = [None if row is None else row[:, None] for row in (found.expected, found.answer)]
    shown = {"IoU": iou} if iou.size else {}
    return draw_answers(replace(found, expected=columns[0], answer=columns[1]), shown)[0]


_ROWS = st.sampled_from(list(product((0.0, 0.5, 0.25, 0.75, 0.125, 0.875, 0.0, 0.0), repeat=3)))  # 0 more often

MATCH_ANCHORS = Exercise(
    id="2.7",
    title="Which anchor answers for which object",
    difficulty=4,
    minutes=35,
    teaches="how a few objects become thousands of labels, and why ties matter",
    statement="""
Write `match_anchors(iou, foreground, background)`: what each anchor is to be taught.

- `iou` is an array `(N, M)`: the IoU of each of N anchors with each of M objects. N is at least 1; M may be 0.
- An anchor's own object is that with which its IoU is the highest; of equal ones the first.
- If this IoU is `foreground` or above, the anchor gets the index of its own object. If it is below `background`, the
anchor gets -1: it is background. Between the two it gets -2: it is ignored. `background <= foreground`.
- Then the objects have their say. Each looks for the highest IoU that any anchor has with it. All anchors that have
exactly this IoU with it, however low it is, get the index of *their own* object after all, even if that is another one.
- An object whose highest IoU is 0 looks for nothing. Without any object, all anchors are background.
- Return an array `(N,)` of whole numbers.
""",
    by_hand="`iou` = `[(0.75, 0.25), (0.5, 0), (0, 0.25), (0.125, 0)]`, `foreground` = 0.7, `background` = 0.3. By "
    "their own IoUs the anchors get 0, -2, -1 and -1. Object 0 is happy with anchor 0. The highest IoU of object 1 is "
    "0.25, with the anchors 0 and 2. So anchor 2 gets its own object, which is 1; and anchor 0 keeps its own, which is "
    "0. `[0, -2, 1, -1]`.",
    worked=(
        (rows_of((0.75, 0.25), (0.5, 0), (0, 0.25), (0.125, 0)), 0.7, 0.3),
        np.array([0, -2, 1, -1]),
    ),
    hints=(
        (
            "First without the last two rules: `iou.max(axis=1)` and `iou.argmax(axis=1)` are an anchor's highest IoU "
            "and its own object. `np.where` makes three kinds of it. On which side does an IoU that equals a threshold "
            "fall?"
        ),
        (
            "`iou.argmax(axis=0)` finds one anchor for each object. But there may be several: compare `iou` with "
            "`iou.max(axis=0)`, which goes over all rows at once. An anchor counts if the two are equal in *any* "
            "column."
        ),
        (
            "What such an anchor gets is `iou.argmax(axis=1)`, as before, not the object that has asked for it. An "
            "object with nothing but zeros in its column equals them all: leave it out. And NumPy takes no maximum of "
            "nothing, so look at M first."
        ),
    ),
    solution=match_anchors,
    explanation="Without the last rule, a small or an odd-shaped object that no anchor overlaps by `foreground` would "
    "teach nothing. That an anchor gets its own object and not the one that asked is a choice of the common libraries: "
    "so an object may be left alone after all, when its best anchors prefer others. Ties are no rarity: anchors stand "
    "on a grid, and an object in the middle between two of them has the same IoU with both.",
    reference=_one_by_one,
    read=lambda answer: read_whole_array(answer, 1, "a row of whole numbers, one for each anchor"),
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (rows_of(*rows), foreground, background)
        for rows, foreground, background in (
            ([(0.9,), (0.1,), (0.5,)], 0.7, 0.3),
            ([(0.9, 0.75), (0.75, 0.9), (0.1, 0.2)], 0.7, 0.3),
            ([(0.9,), (0.7,), (0.3,), (0.25,)], 0.7, 0.3),
            ([(0.5,), (0.1,)], 0.7, 0.3),
            ([(0.75, 0.25), (0.5, 0), (0, 0.25), (0.125, 0)], 0.7, 0.3),
            ([(0.5, 0.4), (0.2, 0.1)], 0.7, 0.3),
            ([(0.9, 0), (0.2, 0)], 0.7, 0.3),
            ([(0.5, 0.5), (0.4, 0.2)], 0.5, 0.5),
            ([(), ()], 0.7, 0.3),
        )
    ),
    inputs=st.builds(
        lambda rows, is_in, thresholds: (np.array(rows)[:, list(is_in)], *thresholds),
        some_of(_ROWS, 4),
        st.tuples(*[st.sampled_from((False, True, True))] * 3),
        st.sampled_from([(0.75, 0.25), (0.5, 0.5), (0.875, 0.125)]),
    ),
)
