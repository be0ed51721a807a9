"""Exercise 2.6: one box for each object."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_whole_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.needles_in_a_haystack.inputs import FloatArray, boxes, rows_of, some_of
from minimask.exercises.pictures import squared_paper
from minimask.geometry.boxes import box_iou
from minimask.geometry.nms import nms
from minimask.plots.shapes import draw_box
from minimask.plots.show import styled


def suppress(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """Return the indices of the boxes `(N, 4)` that are kept, best first: no two of them overlap by too much."""

    def iou(a: np.ndarray, b: np.ndarray) -> float:
        width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
        shared = max(width, 0) * max(height, 0)
        areas = [np.prod(box[2:] - box[:2]) for box in (a, b)]
        return float(shared / (sum(areas) - shared))

    kept: list[int] = []
    for k in np.argsort(-scores, kind="stable"):
        if all(iou(boxes[k], boxes[better]) <= threshold for better in kept):
            kept.append(int(k))
    return kept


def _by_library(boxes: FloatArray, scores: FloatArray, threshold: float) -> list[int]:
    kept: list[int] = nms(boxes, scores, threshold).tolist()
    return kept


def _read(answer: object) -> list[int]:
    numbers = read_whole_array(answer, 1, "a row of whole numbers, the indices of the kept boxes")
    return [int(number) for number in numbers]


def _compare(expected: list[int], answer: list[int], *_: object) -> str | None:
    if answer == expected:
        return None
    complaint = f"the answer should be {words(expected)}; yours gave {words(answer)}"
    if sorted(answer) == sorted(expected):
        return f"{complaint}. These are the right boxes, in another order"
    return complaint


def _remark(boxes: FloatArray, scores: FloatArray, threshold: float) -> str:
    pairs = box_iou(boxes, boxes)[np.triu_indices(len(boxes), 1)]
    if threshold > 0 and (pairs == threshold).any():
        return "The IoU of two boxes is exactly the threshold."
    return "Some scores are equal." if len(set(scores.tolist())) < len(scores) else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the boxes that are kept solid, the others dashed, those that the learner keeps dotted, and the scores."""
    boxes, scores, _ = found.inputs
    fig, axes = squared_paper(boxes.reshape(-1, 2))
    drawn = set()
    for k, given in enumerate(boxes):
        kinds = ["best" if k in found.expected else "tight"]
        kinds += ["yours"] if k in (found.answer or ()) else []
        for inset, kind in enumerate(kinds):
            name = {"best": "kept", "tight": "suppressed", "yours": "kept by yours"}[kind]
            away = 0.04 * k + 0.06 * inset  # so that boxes with a common side are told apart
            draw_box(axes, given + np.array([away, away, -away, -away]), kind, None if name in drawn else name)
            drawn.add(name)
        line = sum((given[:2] == earlier[:2]).all() for earlier in boxes[:k])  # below those of the same corner
        offset = (4, -4 - 11 * line)
        axes.annotate(f"{k}: {words(scores[k])}", given[:2], offset, textcoords="offset points", va="top", size=8)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_BOXES = boxes((0, 1, 2), (0, 1, 3), (4, 2, 3), (4, 2))
_SCORES = st.sampled_from([0.5, 0.75, 0.25, 1.0])

_APART = rows_of(*((3.0 * k, 0.0, 3.0 * k + 2, 2.0) for k in range(40)))
"""More boxes than a sort leaves in their order by chance, which it does with few."""


def _unzip(pairs: list[tuple[tuple[float, ...], float]], threshold: float) -> tuple[FloatArray, FloatArray, float]:
    return rows_of(*(given for given, _ in pairs)), np.array([score for _, score in pairs]), threshold


SUPPRESS = Exercise(
    id="2.6",
    title="One box for each object",
    difficulty=3,
    minutes=25,
    teaches="non-maximum suppression, with its order, its strict threshold and its ties",
    statement="""
Write `suppress(boxes, scores, threshold)`: non-maximum suppression.

- `boxes` is an array `(N, 4)` of boxes with an area, rows x1 y1 x2 y2. `scores` is an array `(N,)`; higher is better.
- Go through the boxes from the best to the worst, and of equally good ones take that with the lower index first. Keep a
box, unless a box that you have kept before overlaps it too much: their IoU is above `threshold`. An IoU of exactly
`threshold` is not too much.
- A box that is not kept suppresses nothing.
- Return the indices of the kept boxes, best first.
""",
    by_hand="`boxes` = `[(2, 0, 6, 2), (0, 0, 4, 2), (4, 0, 8, 2)]`, `scores` = `[0.8, 0.9, 0.7]`, `threshold` = 0.25. "
    "Box 1 is the best, and is kept. Box 0 shares 4 of 12 with it, which is more than a quarter, and goes. Box 2 "
    "shares just as much with box 0, but that one is gone, and nothing with box 1: it is kept. `[1, 2]`.",
    worked=(
        (rows_of((2, 0, 6, 2), (0, 0, 4, 2), (4, 0, 8, 2)), np.array([0.8, 0.9, 0.7]), 0.25),
        [1, 2],
    ),
    hints=(
        (
            'Sort the indices, not the boxes: `np.argsort(-scores)` gives them best first. With `kind="stable"` it '
            "leaves equal ones in their order."
        ),
        "Keep a list of what you have kept so far. A new box has to be compared with these, and with no others.",
        (
            "`all(iou <= threshold ...)` over the kept ones, then `append` the index into `boxes`, not the place in "
            "the sorted order."
        ),
    ),
    solution=suppress,
    explanation="It is greedy: a box that was kept is never given up again. Two objects that stand close to one "
    "another look like one object seen twice, and the worse one is lost, however good it is: this is what NMS throws "
    "away in a crowd. The strict threshold and the order of ties are torchvision's, so that results can be compared.",
    reference=_by_library,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (rows_of(*given), np.array(scores, dtype=np.float64), threshold)
        for given, scores, threshold in (
            ([(0, 0, 4, 4)], [0.5], 0.5),
            ([(0, 0, 4, 4), (6, 0, 8, 4)], [0.5, 0.9], 0.5),
            ([(0, 0, 4, 4), (0, 0, 4, 3)], [0.9, 0.5], 0.5),
            ([(0, 0, 4, 3), (0, 0, 4, 4), (6, 0, 8, 4)], [0.5, 0.9, 0.7], 0.5),
            ([(2, 0, 6, 2), (0, 0, 4, 2), (4, 0, 8, 2)], [0.8, 0.9, 0.7], 0.25),
            ([(0, 0, 4, 4), (0, 0, 4, 2)], [0.9, 0.5], 0.5),
            ([(0, 0, 4, 4), (0, 0, 4, 3), (9, 0, 10, 1)], [0.5, 0.5, 0.5], 0.5),
            ([(0, 0, 4, 4), (1, 1, 2, 2), (4, 0, 6, 4)], [0.25, 0.5, 0.75], 0.0),
            ([(0, 0, 4, 1), (0, 2, 4, 3)], [0.75, 0.5], 0.25),
            ([(0, 0, 1, 4), (2, 0, 3, 4)], [0.75, 0.5], 0.25),
        )
    ),
    inputs=st.builds(
        _unzip,
        some_of(st.tuples(_BOXES, _SCORES), 5),
        st.sampled_from([0.5, 0.25, 0.0]),
    ),
    large_examples=((_APART, np.resize([0.5, 0.75, 0.5, 0.25], len(_APART)), 0.5),),
)
