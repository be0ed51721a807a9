"""Exercise 1.2: the area of a polygon."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_number
from minimask.exercises.beyond_the_box.inputs import FloatArray, polygons
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.pictures import polygon_on_paper
from minimask.geometry.polygons import polygon_area
from minimask.plots.show import styled
from minimask.plots.style import SHAPE_EDGE


def shoelace(polygon: np.ndarray) -> float:
    """Return the area of a polygon `(N, 2)`, rows x y in pixels, of either winding."""
    total = 0.0
    for k in range(len(polygon)):
        x, y = polygon[k - 1]
        next_x, next_y = polygon[k]
        total += x * next_y - next_x * y
    return abs(total) / 2


def _winding(polygon: FloatArray) -> str:
    x, y = polygon.T
    turn = "clockwise" if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0 else "counterclockwise"
    return f"On the screen, where y points down, this polygon runs {turn}."


@styled
def _draw(found: Finding) -> Figure:
    """Draw the polygon, with its vertices numbered from 0 in their order."""
    (polygon,) = found.inputs
    fig, axes = polygon_on_paper(polygon)
    center = polygon.mean(axis=0)
    for number, vertex in enumerate(polygon):
        away = vertex - center
        x, y = 11 * away / max(float(np.hypot(*away)), 1e-9)
        axes.plot(*vertex, "o", color=SHAPE_EDGE, markersize=5)
        axes.annotate(str(number), vertex, (x, -y), textcoords="offset points", ha="center", va="center", size=10)
    return fig


SHOELACE = Exercise(
    id="1.2",
    title="The area of a polygon",
    difficulty=2,
    minutes=10,
    teaches="the shoelace formula, and what the sign of an area means",
    statement="""
Write `shoelace(polygon)`: the area of a polygon that does not cross itself.

- `polygon` is an array `(N, 2)`, a row x y for each of N >= 3 vertices. The last vertex is joined to the first.
- The vertices may run clockwise or counterclockwise. The area is above 0 either way.
- Each edge, from (x, y) to (x', y'), adds x y' - x' y to a sum, and the area is half of that sum, up to its sign.
""",
    by_hand="(0, 0), (4, 0), (0, 3): the three edges add 0, 12 and 0. Half of 12 is 6, as it should be for a triangle "
    "of base 4 and height 3.",
    worked=((np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]),), 6.0),
    hints=(
        "A polygon of N vertices has N edges. Which one does a loop over the rows from 0 to N - 2 forget?",
        "`np.roll(x, -1)` is x with each entry replaced by the next one, and the last by the first.",
        (
            "Some edges add and some take away, and that is right: what the edges sweep outside the polygon has to "
            "cancel. So where must `abs` stand, at each edge or at the sum?"
        ),
    ),
    solution=shoelace,
    explanation="Each edge, together with the origin, spans a triangle of signed area (x y' - x' y) / 2. Parts outside "
    "the polygon are swept once forward and once backward and cancel. In Python `polygon[-1]` is the last row, so that "
    "the loop begins with the closing edge.",
    reference=polygon_area,
    read=read_number,
    remark=_winding,
    draw=_draw,
    examples=tuple(
        (np.array(corners, dtype=float),)
        for corners in (
            [(0, 0), (1, 0), (1, 1), (0, 1)],
            [(0, 0), (4, 0), (0, 3)],
            [(0, 0), (0, 3), (4, 0)],
            [(1, 1), (3, 2), (2, 4)],
            [(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)],
            [(-1.5, -1), (2, 0.5), (0, 2.25), (0.25, 0.5)],
            [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)],
        )
    ),
    inputs=st.tuples(polygons(0.5)),
)
