"""Exercise 2.5: from an anchor to a box, and back."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.box_coder import CLAMP, decode, encode
from minimask.exercises.answers import UnreadableError, compare_numbers, kind_of, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.needles_in_a_haystack.inputs import Box, box, boxes
from minimask.exercises.pictures import squared_paper
from minimask.plots.shapes import draw_box
from minimask.plots.show import styled
from minimask.plots.style import INK

_WANTED = "two rows of four numbers, (dx, dy, dw, dh) and (x1, y1, x2, y2)"
Rows = tuple[tuple[float, ...], tuple[float, ...]]


def encode_decode(
    box: Box, deltas: tuple[float, ...], anchor: Box, clamp: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the deltas that lead from an anchor to a box, and the box to which other deltas lead from this anchor."""
    x, y = (anchor[0] + anchor[2]) / 2, (anchor[1] + anchor[3]) / 2
    width, height = anchor[2] - anchor[0], anchor[3] - anchor[1]
    encoded = (
        ((box[0] + box[2]) / 2 - x) / width,
        ((box[1] + box[3]) / 2 - y) / height,
        np.log((box[2] - box[0]) / width),
        np.log((box[3] - box[1]) / height),
    )
    dx, dy, dw, dh = deltas
    x, y = x + dx * width, y + dy * height
    width, height = width * np.exp(min(dw, clamp)), height * np.exp(min(dh, clamp))
    return encoded, (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _by_library(box: Box, deltas: tuple[float, ...], anchor: Box, clamp: float) -> Rows:
    rows = [np.array([row]) for row in (box, deltas, anchor)]
    return tuple(encode(rows[0], rows[2])[0].tolist()), tuple(decode(rows[1], rows[2], clamp=clamp)[0].tolist())


def _read(answer: object) -> Rows:
    rows = read_array(answer, 2, _WANTED)
    if rows.shape != (2, 4):
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave {kind_of(answer)}")
    encoded, decoded = rows.tolist()
    return tuple(encoded), tuple(decoded)


def _compare(expected: Rows, answer: Rows, *_: object) -> str | None:
    for what, right, yours in zip(("the deltas of `box`", "the box of `deltas`"), expected, answer, strict=True):
        complaint = compare_numbers(right, yours)
        if complaint:
            return complaint.replace("the answer", what, 1)
    return None


def _remark(box: Box, deltas: tuple[float, ...], anchor: Box, clamp: float) -> str:
    if max(deltas[2:]) > clamp:
        return "A change of size is above the clamp."
    if min(deltas[2:]) < -clamp:
        return "A change of size is below minus the clamp."
    return "The box and the anchor have the same sides." if _sides(box) == _sides(anchor) else ""


def _sides(box: Box) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


@styled
def _draw(found: Finding) -> Figure:
    """Draw the anchor dashed with its center, the box, and what the deltas lead to, right and the learner's."""
    given, _, anchor, _ = found.inputs
    drawn = {"anchor": ("tight", anchor)}
    if found.answer is None or compare_numbers(found.expected[0], found.answer[0]):
        drawn["box"] = ("best", given)
    else:
        drawn |= {
            "box of deltas, right": ("best", found.expected[1]),
            "box of deltas, yours": ("yours", found.answer[1]),
        }
    fig, axes = squared_paper(np.concatenate([np.reshape(corners, (2, 2)) for _, corners in drawn.values()]))
    for name, (kind, corners) in drawn.items():
        draw_box(axes, corners, kind, name)
        if kind != "yours":
            axes.plot((corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2, "+", color=INK, markersize=7)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_ANCHORS = boxes((0, 1, -2.5), (0, 2), (2, 4, 8, 1.5), (4, 2, 3))
_BOXES = boxes((0, 1, 4, -1.5), (0, -1, 0.25), (2, 4, 1), (4, 2, 0.5))
_SHIFTS = st.sampled_from([0.0, 1.0, 0.5, -0.25, -5.0, 4.5])
_CHANGES = st.sampled_from([0.0, 1.0, -1.0, 0.25, 4.5, -5.0])

ENCODE_DECODE = Exercise(
    id="2.5",
    title="From an anchor to a box, and back",
    difficulty=3,
    minutes=25,
    teaches="what the four numbers mean that a detector predicts for each anchor",
    statement="""
Write `encode_decode(box, deltas, anchor, clamp)`: both directions of the box coder, for one anchor.

- `box` and `anchor` are tuples `(x1, y1, x2, y2)` in pixels, with sides above 0. `deltas` is a tuple
`(dx, dy, dw, dh)`, which need not belong to `box`.
- Encode: the deltas that lead from `anchor` to `box`. `dx` and `dy` say how far the *center* moves, in widths and
heights of the anchor. `dw` and `dh` are the natural logarithms of the factors by which the width and the height grow.
- Decode: the box to which `deltas` lead from `anchor`, the other way round. Before that, `dw` and `dh` are cut down to
`clamp` where they are larger, so that a wild prediction does not become a gigantic box.
- Return both: `(dx, dy, dw, dh)` of `box`, and `(x1, y1, x2, y2)` of `deltas`.
""",
    by_hand="The `anchor` = `(0, 0, 20, 10)` has its center at (10, 5), the `box` = `(10, 5, 30, 10)` at (20, 7.5). "
    "So dx is 10 / 20 = 0.5, and dy is 2.5 / 10 = 0.25. The width stays and the height is halved: 0 and log(0.5). Now "
    "`deltas` = `(0.5, 0, 0, 5)` with `clamp` = 0.69314718056, which is log(2): the center moves to (20, 5), and the "
    "height grows by the factor 2 only. `((0.5, 0.25, 0, log(0.5)), (10, -5, 30, 15))`.",
    worked=(
        ((10.0, 5.0, 30.0, 10.0), (0.5, 0.0, 0.0, 5.0), (0.0, 0.0, 20.0, 10.0), math.log(2)),
        ((0.5, 0.25, 0.0, math.log(0.5)), (10.0, -5.0, 30.0, 15.0)),
    ),
    hints=(
        "Write both boxes by their centers and sides first: `(x1 + x2) / 2` and `x2 - x1`.",
        (
            "`dx` is the difference of the centers, divided by the *anchor's* width. `dw` is `np.log` of the box's "
            "width divided by the anchor's. Now solve these two for the box: that is decoding."
        ),
        (
            "Only `dw` and `dh` are clamped, and only from above: `min(dw, clamp)`, before `np.exp`. And at last from "
            "center and sides back to corners: half a side to the left, half to the right."
        ),
    ),
    solution=encode_decode,
    explanation="In sides of the anchor, 0.1 means the same to a small anchor and to a large one, so that one network "
    "can speak for all sizes. A logarithm makes twice as wide and half as wide equally far from 0, and no prediction "
    "can give a negative width. The usual clamp is log(1000 / 16): a side of 16 pixels grows to 1000 at most.",
    reference=_by_library,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (box(*of_box), tuple(map(float, deltas)), box(*of_anchor), clamp)
        for of_box, deltas, of_anchor, clamp in (
            ((0, 0, 4, 2), (0, 0, 0, 0), (0, 0, 4, 2), CLAMP),
            ((3, 1, 4, 2), (0.5, 0, 0, 0), (0, 0, 4, 2), CLAMP),
            ((0, 0, 4, 2), (0, 1, 0, 0), (0, 0, 2, 4), CLAMP),
            ((10, 5, 20, 5), (0.5, 0, 0, 5), (0, 0, 20, 10), math.log(2)),
            ((1, 2, 3, 8), (-0.25, 0.5, 1, -1), (2, 1, 4, 2), CLAMP),
            ((1, 2, 3, 8), (0, 0, 9, 0), (2, 1, 4, 2), CLAMP),
            ((1, 2, 3, 8), (5, -5, 0, -5), (2, 1, 4, 2), 1.0),
        )
    ),
    inputs=st.tuples(
        _BOXES,
        st.tuples(_SHIFTS, _SHIFTS, _CHANGES, _CHANGES),
        _ANCHORS,
        st.sampled_from([CLAMP, 1.0, 0.5]),
    ),
)
