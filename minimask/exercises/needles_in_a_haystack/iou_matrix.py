"""Exercise 2.4: every box with every other."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import compare_arrays, read_array, wrong_places
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.needles_in_a_haystack.inputs import FloatArray, boxes, rows_of, some_of
from minimask.exercises.pictures import squared_paper
from minimask.geometry.boxes import box_iou
from minimask.plots.show import styled
from minimask.plots.style import SHAPE_EDGE, TIGHT


def iou_matrix(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the IoU of each of the boxes `(N, 4)` with each of the others `(M, 4)`: an array `(N, M)`."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    intersection = np.prod(np.maximum(high - low, 0), axis=2)
    area, other_area = (np.prod(array[:, 2:] - array[:, :2], axis=1) for array in (boxes, others))
    union = area[:, None] + other_area[None, :] - intersection
    iou: np.ndarray = np.divide(intersection, union, out=np.zeros(union.shape), where=union > 0)
    return iou


def _by_library(boxes: FloatArray, others: FloatArray) -> FloatArray:
    return box_iou(boxes, others).astype(np.float64)


def _remark(boxes: FloatArray, others: FloatArray) -> str:
    areas = [np.prod(array[:, 2:] - array[:, :2], axis=1) for array in (boxes, others)]
    if all((area == 0).any() for area in areas):
        return "One of `boxes` and one of `others` have no area."
    return "" if len(boxes) == len(others) else "N and M differ."


@styled
def _draw(found: Finding) -> Figure:
    """Draw all boxes, and the two of the first wrong number thick."""
    corners = [np.reshape(array, (-1, 2)) for array in found.inputs]
    fig, axes = squared_paper(np.concatenate(corners))
    pair = None
    if found.answer is not None and found.answer.shape == found.expected.shape:
        wrong = np.argwhere(wrong_places(found.expected, found.answer))
        pair = tuple(wrong[0]) if len(wrong) else None
    for which, (array, color, style) in enumerate(
        zip(found.inputs, (SHAPE_EDGE, TIGHT), ("solid", "dashed"), strict=True)
    ):
        for k, (x1, y1, x2, y2) in enumerate(array):
            chosen = pair is not None and pair[which] == k
            name = f"{('boxes', 'others')[which]}[{k}]" if chosen else None
            fill = (color, 0.2 if chosen else 0.0)
            rectangle = Rectangle((x1, y1), x2 - x1, y2 - y1, facecolor=fill, edgecolor=color, linestyle=style)
            rectangle.set(linewidth=3 if chosen else 1, label=name)
            axes.add_patch(rectangle)
    if pair is not None:
        fig.legend(loc="outside right upper", fontsize=9)
    return fig


def _scattered(count: int, seed: int) -> FloatArray:
    """Return many boxes of whole numbers."""
    numbers = np.random.default_rng(seed).integers(1, 40, (count, 4)).astype(np.float64)
    return np.concatenate([numbers[:, :2], numbers[:, :2] + numbers[:, 2:]], axis=1)


_BOXES = boxes((0, 1, 2, -0.5), (0, 1, 3), (2, 1, 4, 3, 0), (2, 1, 3, 4, 0))

IOU_MATRIX = Exercise(
    id="2.4",
    title="Every box with every other",
    difficulty=2,
    minutes=20,
    teaches="broadcasting: all pairs at once, and no loop",
    statement="""
Write `iou_matrix(boxes, others)`: the IoU of every pair of boxes.

- `boxes` is an array `(N, 4)` and `others` an array `(M, 4)`, with rows x1 y1 x2 y2 and N, M >= 1, as in exercise 1.1:
the width is `x2 - x1`, and a box may have no area.
- Return an array `(N, M)`: the number in row n and column m is the IoU of `boxes[n]` with `others[m]`. If both have no
area, it is 0.
- Do not loop over the pairs in Python: the last input of the check has 1000 by 1000 of them.
""",
    by_hand="`boxes` = `[(0, 0, 2, 2), (0, 0, 2, 1)]`, `others` = `[(0, 0, 2, 1), (0, 0, 2, 4), (2, 0, 4, 2)]`. The "
    "first box shares 2 of 4 with the first of the others, 4 of 8 with the second, and with the third only a side. The "
    "second box is the first of the others; with the second it shares 2 of 8. `[(0.5, 0.5, 0), (1, 0.25, 0)]`.",
    worked=(
        (rows_of((0, 0, 2, 2), (0, 0, 2, 1)), rows_of((0, 0, 2, 1), (0, 0, 2, 4), (2, 0, 4, 2))),
        rows_of((0.5, 0.5, 0), (1, 0.25, 0)),
    ),
    hints=(
        (
            "Begin with one number of each box: `boxes[:, None, 0]` has the shape (N, 1), `others[None, :, 0]` has "
            "(1, M). What is the shape of `np.maximum` of the two, and what does it hold?"
        ),
        (
            "That was x1 of all intersections. Do the same for y1, and with `np.minimum` for x2 and y2. Then clamp the "
            "widths and the heights at 0, before you multiply them."
        ),
        (
            "The union is `area[:, None] + other_area[None, :] - intersection`. Where it is 0, a division makes `nan`: "
            "`np.divide(..., out=zeros, where=union > 0)` leaves these places alone."
        ),
    ),
    solution=iou_matrix,
    explanation="`None` in an index adds an axis of length 1, and NumPy stretches it to meet the other array. It "
    "copies nothing for that, but the results are as large as all pairs: 261,888 anchors with 100 objects are 26 "
    "million numbers, 210 MB for each such array. That is why `minimask.matching` goes through the anchors in blocks.",
    reference=_by_library,
    read=lambda answer: read_array(answer, 2, "an array (N, M)"),
    compare=compare_arrays("row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (rows_of(*boxes), rows_of(*others))
        for boxes, others in (
            ([(0, 0, 2, 2)], [(0, 0, 2, 2)]),
            ([(0, 0, 2, 2)], [(1, 0, 3, 2)]),
            ([(0, 0, 2, 2), (0, 0, 2, 1)], [(0, 0, 2, 1), (0, 0, 2, 4), (2, 0, 4, 2)]),
            ([(0, 0, 1, 1), (4, 4, 5, 6), (0, 0, 3, 1)], [(0, 0, 1, 2)]),
            ([(0, 0, 1, 1), (0, 0, 4, 4)], [(2, 0, 3, 1), (2, 2, 3, 3)]),
            ([(0.25, 0, 1.5, 1), (1, 1, 1, 3)], [(1, 0.5, 2.5, 2.5), (1, 1, 1, 3)]),
        )
    ),
    inputs=st.tuples(*[some_of(_BOXES, 3).map(np.array)] * 2),
    large_examples=((_scattered(1000, 0), _scattered(1000, 1)),),
)
