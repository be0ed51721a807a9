"""Exercise 6.4: in which order a page is read."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_whole_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import Box, FloatArray, floats, several
from minimask.exercises.pictures import squared_paper
from minimask.exercises.whole_machine.pictures import draw_numbered_box
from minimask.plots.show import styled
from minimask.plots.style import BEST, YOURS

_WANTED = "a row of whole numbers, the indices of the boxes in the order in which they are read"


def reading_order(boxes: np.ndarray) -> list[int]:
    """Return the indices of the boxes `(N, 4)` as they are read: row by row from the top, each from left to right."""
    left_over = sorted(range(len(boxes)), key=lambda k: (boxes[k, 1], boxes[k, 0]))
    order: list[int] = []
    while left_over:
        _, top, _, bottom = boxes[left_over[0]]
        row = []
        for k in left_over:
            _, y1, _, y2 = boxes[k]
            if min(bottom, y2) - max(top, y1) >= min(bottom - top, y2 - y1) / 2:
                row.append(k)
        order += sorted(row, key=lambda k: boxes[k, 0])
        left_over = [k for k in left_over if k not in row]
    return order


def _row_by_row(boxes: FloatArray) -> list[list[int]]:
    """Return the rows from the top; twice what two boxes share must not be less than the lower one's height."""
    tops, bottoms = ([Fraction(float(y)) for y in boxes[:, column]] for column in (1, 3))
    waiting, rows = set(range(len(boxes))), []
    while waiting:
        first = min(waiting, key=lambda k: (tops[k], boxes[k, 0], k))
        row = {
            k
            for k in waiting
            if 2 * (min(bottoms[first], bottoms[k]) - max(tops[first], tops[k]))
            >= min(bottoms[first] - tops[first], bottoms[k] - tops[k])
        }
        rows.append(sorted(row, key=lambda k: (boxes[k, 0], tops[k], k)))
        waiting -= row
    return rows


def _in_one_row(boxes: FloatArray) -> FloatArray:
    return floats([k for row in _row_by_row(boxes) for k in row])


def _compare(expected: FloatArray, answer: FloatArray, boxes: FloatArray) -> str | None:
    if np.array_equal(expected, answer):
        return None
    complaint = f"the order should be {words(expected)}; yours gave {words(answer)}"
    if not np.array_equal(np.sort(expected), np.sort(answer)):
        return f"{complaint}. Each box should be there once"
    rows = " | ".join(", ".join(map(str, row)) for row in _row_by_row(boxes))
    return f"{complaint}. The rows are: {rows}" if len(boxes) > 1 else complaint


def _shared(boxes: FloatArray) -> FloatArray:
    """Return which part of the lower of two heights each two boxes share, (N, N); below 0 for a gap."""
    top, bottom = boxes[:, 1], boxes[:, 3]
    shared = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    parts: FloatArray = shared / np.minimum.outer(bottom - top, bottom - top)
    return parts


def _remark(boxes: FloatArray) -> str:
    if not len(boxes):
        return "There is no box."
    shared = _shared(boxes)
    if (shared == 0.5).any():
        return "Two boxes share exactly half of the lower height."
    together = shared >= 0.5
    chains = (together.astype(int) @ together.astype(int) > 0) & ~together
    if chains.any():
        return "Two boxes share a height with a third, but not with one another."
    if any(len({tuple(boxes[k, :2]) for k in row}) < len(row) for row in _row_by_row(boxes)):
        return "Two boxes begin at the same place."
    tops = [[boxes[k, 1] for k in row] for row in _row_by_row(boxes)]
    return "In some row the boxes are not equally high up." if any(len(set(row)) > 1 for row in tops) else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the boxes, and two lines from center to center: as they are read, and as the learner reads them."""
    (boxes,) = found.inputs
    fig, axes = squared_paper(boxes.reshape(-1, 2) if len(boxes) else [(0, 0), (4, 2)])
    axes.plot([], [])
    for k, box in enumerate(boxes):
        draw_numbered_box(axes, box, k)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    for name, order, color, style, width in (
        ("right", found.expected, BEST, "-", 3.2),
        ("yours", found.answer, YOURS, ":", 2.2),
    ):
        way = [int(k) for k in order if 0 <= k < len(boxes)] if order is not None and len(boxes) else []
        if way:
            axes.plot(*centers[way].T, color=color, linestyle=style, linewidth=width, label=name)
            axes.plot(*centers[way[0]], "o", color=color, markersize=width + 4)
    if axes.get_legend_handles_labels()[0]:
        fig.legend(loc="outside right upper", fontsize=9)
    return fig


_X = (0.0, 8.0, 4.0)
_Y = ((0.0, 4.0), (6.0, 10.0), (2.0, 6.0), (1.0, 5.0), (0.0, 12.0), (3.0, 5.0), (3.0, 7.0), (2.5, 8.0), (0.0, 1.0))
_BOXES: tuple[Box, ...] = tuple((x, y1, x + 3, y2) for y1, y2 in _Y for x in _X)


def _as_inputs(boxes: list[Box]) -> tuple[FloatArray]:
    return (floats(boxes, len(boxes), 4),)


READING_ORDER = Exercise(
    id="6.4",
    title="In which order a page is read",
    difficulty=3,
    minutes=20,
    teaches="that what we see at a glance has to be said before a machine can do it",
    statement="""
Write `reading_order(boxes)`: the order in which somebody reads the things on a page, row by row.

- `boxes` is an array `(N, 4)` with rows x1 y1 x2 y2 and sides above 0. y points down. N may be 0.
- Two boxes *share a height* if the part of the y axis that both cover is at least half as long as the lower of the two
boxes is high.
- Rows are made from the top. Of the boxes that are in no row yet, the one with the smallest y1 begins a row; of several
the one with the smallest x1, then that with the lowest index. To its row belong all boxes, of those in no row yet, that
share a height *with this first box*. Whether they share one with each other is not asked. Then the next row begins.
- A row is read from left to right: by x1, of equal ones by y1, then by index.
- Return the indices of the boxes in the order in which they are read, all N of them.
""",
    by_hand="Let `boxes` = `[(8, 2, 11, 6), (0, 7, 3, 11), (0, 1, 3, 5), (4, 4, 7, 8)]`. Box 2 is the highest, and "
    "begins a row. Box 0 shares the heights from 2 to 5 with it, 3 of 4, and belongs to it. Box 3 shares 4 to 5, and 1 "
    "is less than half of 4; that it shares 2 of 4 with box 0 does not count. So the row is 2, 0. Box 3 is the highest "
    "of the rest, and begins the second row. Box 1 shares 7 to 8 with it, a quarter, and is alone in a third. `[2, 0, "
    "3, 1]`.",
    worked=(
        (floats([(8, 2, 11, 6), (0, 7, 3, 11), (0, 1, 3, 5), (4, 4, 7, 8)]),),
        floats([2, 0, 3, 1]),
    ),
    hints=(
        (
            "Write a small piece first: do two boxes share a height? They cover `min(y2, other_y2) - max(y1, "
            "other_y1)` together. Below 0, that is a gap between them."
        ),
        (
            "Keep a list of the indices that are in no row yet, and sort it by `(y1, x1)`: then its first one begins "
            "the next row. Sorting in Python leaves equal ones in their order, which is that of their indices."
        ),
        (
            "`while left_over:` take the first, collect the row (it contains the first one itself), add it to the "
            "order sorted by x1, and keep in `left_over` what is not in the row. If that is forgotten, the loop never "
            "ends."
        ),
    ),
    solution=reading_order,
    explanation="Sorted by y1 alone, a button that sits one pixel higher than its label would be read first. Half of "
    "the lower height lets a small word stand beside a tall picture. Holding all against the first box is a choice: if "
    "any box of a row could bring others in, a staircase of boxes would become a single row. No such rule is right for "
    "every page. A page with columns has to be cut into columns before, and a screen reader does not guess at all: it "
    "is told the order, by the page itself.",
    reference=_in_one_row,
    read=lambda answer: read_whole_array(answer, 1, _WANTED),
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(rows, len(rows), 4),)
        for rows in (
            [(0, 0, 3, 4)],
            [(4, 0, 7, 4), (0, 0, 3, 4)],
            [(0, 6, 3, 10), (4, 0, 7, 4)],
            [(4, 0, 7, 4), (0, 1, 3, 5)],
            [(4, 6, 7, 10), (0, 6, 3, 10), (4, 0, 7, 4), (0, 1, 3, 5)],
            [(8, 2, 11, 6), (0, 7, 3, 11), (0, 1, 3, 5), (4, 4, 7, 8)],
            [(4, 0, 7, 4), (0, 2, 3, 6)],
            [(4, 0, 7, 12), (0, 1, 3, 3), (8, 5, 11, 8), (0, 9, 3, 11)],
            [(8, 0, 11, 4), (4, 1.5, 7, 5.5), (0, 3, 3, 7)],
            [(0, 0, 3, 4), (4, 2.5, 7, 8), (8, 3, 11, 5)],
            [(0, 0, 3, 4), (0, 0, 5, 4), (0, 0, 3, 4)],
            [(4, 10, 7, 20), (0, 14, 3, 44)],
            [(2, 1, 5, 4), (2, 0, 5, 4), (0, 9, 1, 10)],
            [],
        )
    ),
    inputs=st.builds(_as_inputs, several(_BOXES, 4)),
)
