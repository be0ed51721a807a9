"""Exercise 3.2: a value between the cells."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_number
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import MAPS, FloatArray, grid
from minimask.exercises.magnifying_glass.pictures import draw_map, draw_rim, draw_samples
from minimask.exercises.tables import panels, room_of
from minimask.plots.show import styled
from minimask.roi.reference import bilinear


def bilinear_sample(features: np.ndarray, x: float, y: float) -> float:
    """Return the value of a feature map `(H, W)` at position `(x, y)`, in cells, as RoIAlign reads it."""
    height, width = features.shape
    if not (-1 <= x <= width and -1 <= y <= height):
        return 0.0
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    fx, fy = x - left, y - top
    upper = (1 - fx) * features[top, left] + fx * features[top, right]
    lower = (1 - fx) * features[bottom, left] + fx * features[bottom, right]
    return float((1 - fy) * upper + fy * lower)


def _where(features: FloatArray, x: float, y: float) -> str:
    height, width = features.shape
    if not (-1 <= x <= width and -1 <= y <= height):
        return "The sample lies more than one cell beyond the first or the last cell."
    if x < 0 or y < 0:
        return "The sample lies before the first cell, but by no more than 1."
    if x > width - 1 or y > height - 1:
        return "The sample lies beyond the last cell, but by no more than 1."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the map with the sample on it, and dotted the line beyond which nothing is read."""
    features, x, y = found.inputs
    height, width = features.shape
    around = [(-1.2, -1.2), (width + 0.2, height + 0.2), (x - 0.3, y - 0.3), (x + 0.3, y + 0.3)]
    fig, (axes,) = panels({f"x = {x:g}, y = {y:g}": room_of(features.shape, around)})
    draw_map(axes, features)
    draw_rim(axes, height, width)
    draw_samples(axes, [x], [y])
    return fig


_PLACES = st.sampled_from(
    [(side, quarters / 4) for quarters in (0, 4, 2, 1, 3, -4, -2, -5, -1, -3, -7) for side in (0, 1)]
)
"""Places along an axis, in cells from the first cell or from the last border, so that either border is met often."""


def _at(features: FloatArray, x: tuple[int, float], y: tuple[int, float]) -> tuple[FloatArray, float, float]:
    height, width = features.shape
    return features, x[0] * width + x[1], y[0] * height + y[1]


BILINEAR_SAMPLE = Exercise(
    id="3.2",
    title="A value between the cells",
    difficulty=2,
    minutes=20,
    teaches="bilinear interpolation, and RoIAlign's rules at the border of the map",
    statement="""
Write `bilinear_sample(features, x, y)`: what a feature map is worth at a position between its cells.

- `features` is an array `(H, W)`. Cell (row i, column j) stands at y = i, x = j.
- Between four cells the value is their average, weighed by nearness: at the fraction f of the way from one column to
the next, the columns weigh 1 - f and f; rows likewise.
- Up to one cell beyond the map, for x from -1 to 0 and from W - 1 to W, the nearest column is read; rows likewise.
- Farther out, for x < -1, x > W, y < -1 or y > H, the value is 0.
- Return one number.
""",
    by_hand="""On this map, `[(0, 4), (8, 20)]`, at x = 0.25 and y = 0.5: a quarter of the way from 0 to 4 is 1, and
from 8 to 20 it is 11. Halfway from 1 to 11 is 6. So the answer is `6`.""",
    worked=((grid((0, 4), (8, 20)), 0.25, 0.5), 6.0),
    hints=(
        (
            "One axis first: at x = 2.25 the columns are 2 and 3, with the weights 0.75 and 0.25. Then do the same for "
            "rows."
        ),
        (
            "Settle what lies far out first, and return 0. Then `min(max(x, 0), W - 1)` moves what lies a little "
            "beyond the border onto it. Why must it be in this order?"
        ),
        (
            "In the last column there is no column to the right: at x = W - 1 the weight of that neighbor is 0, but "
            "the index W is still an error. Let the neighbor be the last column itself. And mind that `int(-0.5)` is "
            "0, while `np.floor(-0.5)` is -1."
        ),
    ),
    solution=bilinear_sample,
    explanation="The value follows from a product of two weights, one for the row and one for the column. Exercises "
    "3.6 to 3.8 live on this: what can be split into rows and columns can be written as two small matrices. The rule "
    "beyond the border jumps at -1 and at W, from the nearest value to 0; everywhere else the value glides.",
    reference=lambda features, x, y: float(bilinear(features[None], x, y)[0]),
    read=read_number,
    remark=_where,
    draw=_draw,
    examples=tuple(
        (grid(*rows), float(x), float(y))
        for rows, x, y in (
            (((1, 5), (3, 9)), 0, 1),
            (((0, 4), (8, 20)), 0.25, 0.5),
            (((1, 2, 4), (3, 7, 8)), 1.5, 0.25),
            (((1, 2, 4), (3, 7, 8)), 2, 0.5),
            (((1, 2, 4), (3, 7, 8)), 0.5, 1),
            (((1, 2, 4), (3, 7, 8)), -0.5, 0.5),
            (((1, 2, 4), (3, 7, 8)), 2.5, 1.75),
            (((1, 2, 4), (3, 7, 8)), 3.5, 0),
            (((1, 2, 4), (3, 7, 8)), 0, -1.25),
            (((5, 3),), -1, 1),
            (((1, 2, 4), (3, 7, 8)), 3, 0.5),
            (((1, 2, 4), (3, 7, 8)), 1.5, 2),
        )
    ),
    inputs=st.builds(_at, MAPS, _PLACES, _PLACES),
)
