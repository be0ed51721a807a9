"""Exercise 1.6: the balance of the best box."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.path import Path

from minimask.exercises.answers import read_numbers
from minimask.exercises.beyond_the_box.inputs import BOXES_BETWEEN, Box, FloatArray, box, polygons
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.pictures import polygon_on_paper
from minimask.geometry.balance import sides_inside
from minimask.plots.shapes import draw_box
from minimask.plots.show import styled
from minimask.plots.style import HIGHLIGHT


def fractions_inside(polygon: np.ndarray, box: Box) -> tuple[float, float, float, float]:
    """Return which fractions of a box's sides (left, top, right, bottom) lie inside a polygon `(N, 2)`."""
    fractions = []
    for k in range(4):
        across = k % 2  # 0: the side is upright, at x = box[k]; 1: it is level, at y = box[k]
        low, high = box[1 - across], box[3 - across]
        crossings = []
        for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if (start[across] > box[k]) != (end[across] > box[k]):
                t = (box[k] - start[across]) / (end[across] - start[across])
                crossings.append(start[1 - across] + t * (end[1 - across] - start[1 - across]))
        places = np.clip(sorted(crossings), low, high)
        fractions.append(float(np.sum(places[1::2] - places[::2])) / (high - low))
    left, top, right, bottom = fractions
    return left, top, right, bottom


def _side_fractions(polygon: FloatArray, box: Box) -> tuple[float, ...]:
    """Cut each side where an edge, prolonged, meets it, and ask of the middle of each piece whether it is inside."""
    fractions = []
    for k in range(4):
        across, along = k % 2, 1 - k % 2
        low, high = box[along], box[along + 2]
        starts, steps = polygon, np.roll(polygon, -1, axis=0) - polygon
        slanted = steps[:, across] != 0
        turns = (box[k] - starts[slanted, across]) / steps[slanted, across]
        cuts = np.unique(
            np.clip([low, high, *(starts[slanted] + turns[:, None] * steps[slanted])[:, along]], low, high)
        )
        middles = np.full((len(cuts) - 1, 2), box[k], dtype=float)
        middles[:, along] = (cuts[1:] + cuts[:-1]) / 2
        fractions.append(float(np.diff(cuts)[Path(polygon).contains_points(middles)].sum() / (high - low)))
    return tuple(fractions)


@styled
def _draw(found: Finding) -> Figure:
    """Draw the polygon and the box, with the parts of the box's sides that lie inside drawn thick."""
    polygon, box = found.inputs
    fig, axes = polygon_on_paper(polygon, box)
    draw_box(axes, box, "best")
    for k, side in enumerate(sides_inside(polygon, box)):
        for along in side.pieces:
            across = [box[k], box[k]]
            line = (along, across) if k % 2 else (across, along)
            axes.plot(*line, color=HIGHLIGHT, linewidth=6, solid_capstyle="butt")
    axes.plot([], color=HIGHLIGHT, linewidth=6, label="inside")
    fig.legend(loc="outside right upper", fontsize=10)
    return fig


FRACTIONS_INSIDE = Exercise(
    id="1.6",
    title="The balance of the best box",
    difficulty=5,
    minutes=40,
    teaches="the rule that makes a box the best one, on any polygon",
    statement="""
Write `fractions_inside(polygon, box)`: how much of each side of a box lies inside a polygon.

- `polygon` is an array `(N, 2)`, a row x y for each vertex, of either winding. It does not cross itself, but it need
not be convex: a side may enter it and leave it several times.
- `box` is a tuple `(x1, y1, x2, y2)` with `x1 < x2` and `y1 < y2`. No vertex of the polygon lies on the line through a
side.
- Return four numbers from 0 to 1, in the order left, top, right, bottom: the length inside, divided by the side's.
""",
    by_hand="The triangle (0, 0), (8, 0), (0, 8) holds the points with x + y < 8. Of the box `(1, 1, 5, 4)` the left "
    "side and the top side lie inside. The right side, at x = 5 from y = 1 to 4, leaves it at y = 3: 2 of 3. The "
    "bottom side, at y = 4 from x = 1 to 5, leaves it at x = 4: 3 of 4. So the answer is (1, 1, 2 / 3, 3 / 4).",
    worked=((np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]]), (1.0, 1.0, 5.0, 4.0)), (1.0, 1.0, 2 / 3, 3 / 4)),
    hints=(
        "Take the whole line through one side first, say x = x1. Which edges of the polygon cross it, and at which y?",
        (
            "Sort these places. Coming from far away the line is outside; it is inside from the first to the second, "
            "outside to the third, inside to the fourth, and so on."
        ),
        (
            "Now cut each piece down to the side, from y1 to y2: `np.clip` moves places beyond an end onto the end, "
            "and what lies beyond gets the length 0."
        ),
    ),
    solution=fractions_inside,
    explanation="Move a side of length L outward by a little d, with the fraction s of it inside: the intersection "
    "gains L s d, and the union gains L (1 - s) d. That pays as long as s / (1 - s) is above the IoU λ. So at the best "
    "box of a shape that is slanted or round, every side has the same fraction inside, s = λ / (1 + λ). Try it: on "
    "`silhouettes.circle()[0]` and its `best_box`, all four numbers are near 0.456.",
    reference=_side_fractions,
    read=lambda answer: read_numbers(answer, 4, "four numbers (left, top, right, bottom)"),
    remark=lambda *_: "The order is left, top, right, bottom.",
    draw=_draw,
    examples=tuple(
        (np.array(corners, dtype=float), box)
        for corners, box in (
            ([(0, 0), (8, 0), (8, 8), (0, 8)], box(2.5, 1.5, 3, 4)),
            ([(0, 0), (8, 0), (8, 8), (0, 8)], box(2.5, 1.5, 3, 8)),
            ([(0, 0), (8, 0), (0, 8)], box(1, 1, 4, 3)),
            ([(0, 0), (0, 8), (8, 0)], box(1, 1, 4, 3)),
            ([(0, 4), (4, 0), (8, 4), (4, 8)], box(1, 1.5, 5.5, 6)),
            ([(0, 0), (6, 0), (6, 6), (4, 6), (4, 2), (2, 2), (2, 6), (0, 6)], box(-1, 1, 8, 3)),
            ([(0, 0), (2, 0), (0, 2)], box(4.5, 4.5, 1, 1)),
        )
    ),
    inputs=st.tuples(polygons(1.0), BOXES_BETWEEN),
)
