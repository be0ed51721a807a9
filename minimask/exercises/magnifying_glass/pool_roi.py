"""Exercise 3.4: the largest value in each bin."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import MAPS_AND_BINS, Bins, FloatArray, grid
from minimask.exercises.magnifying_glass.pictures import draw_bins
from minimask.exercises.tables import draw_answers
from minimask.plots.show import styled


def pool_roi(features: np.ndarray, rows: list[tuple[int, int]], columns: list[tuple[int, int]]) -> np.ndarray:
    """Return the largest value of a map `(H, W)` in each bin of a RoI: an array `(PH, PW)`, 0 in empty bins."""
    output = np.zeros((len(rows), len(columns)))
    for p, (top, bottom) in enumerate(rows):
        for q, (left, right) in enumerate(columns):
            if top < bottom and left < right:
                output[p, q] = features[top:bottom, left:right].max()
    return output


def _by_marks(features: FloatArray, rows: Bins, columns: Bins) -> FloatArray:
    """Mark the cells of every bin on the map, and look for the largest marked one."""
    heights, widths = (np.arange(size) for size in features.shape)
    in_row = np.array([(top <= heights) & (heights < bottom) for top, bottom in rows])
    in_column = np.array([(left <= widths) & (widths < right) for left, right in columns])
    marks = in_row[:, None, :, None] & in_column[None, :, None, :]
    largest = np.where(marks, features, -np.inf).max(axis=(2, 3))
    return np.where(np.isfinite(largest), largest, 0.0)


def has_empty_bin(rows: Bins, columns: Bins) -> bool:
    """Return whether a bin of the RoI holds no cell."""
    return any(first == stop for first, stop in (*rows, *columns))


def _remark(features: FloatArray, rows: Bins, columns: Bins) -> str:
    if has_empty_bin(rows, columns):
        return "Some bins are empty: first = stop."
    return "All values are negative." if (features < 0).all() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the map with the bins on it, the right output and the learner's."""
    features, rows, columns = found.inputs
    fig, (axes, *_) = draw_answers(found, {"features": features})
    draw_bins(axes, rows, columns)
    return fig


POOL_ROI = Exercise(
    id="3.4",
    title="The largest value in each bin",
    difficulty=2,
    minutes=15,
    teaches="RoIPool itself, and what it makes of empty bins",
    statement="""
Write `pool_roi(features, rows, columns)`: RoIPool's output for one RoI on one channel.

- `features` is an array `(H, W)`.
- `rows` is a list of PH pairs `(first, stop)`, the bins along y as your `pool_bins` gives them; `columns` is a list of
PW such pairs along x. Bin (p, q) holds the cells of the rows `first <= i < stop` of `rows[p]` that lie in the columns
of `columns[q]`.
- Return an array `(PH, PW)` with the largest value of each bin. An empty bin gets 0.
""",
    by_hand="On the map `[(1, 5, 2), (4, 3, 6)]` with `rows` = `[(0, 2)]` and `columns` = `[(0, 1), (1, 3), (3, 3)]` "
    "there is one row of bins. The first holds 1 and 4, the second 5, 2, 3 and 6, the third nothing: `[(4, 6, 0)]`.",
    worked=((grid((1, 5, 2), (4, 3, 6)), [(0, 2)], [(0, 1), (1, 3), (3, 3)]), grid((4, 6, 0))),
    hints=(
        (
            "Two loops, over `enumerate(rows)` and `enumerate(columns)`; a bin is a slice of the map, and `.max()` is "
            "its largest."
        ),
        "NumPy refuses to take the largest of nothing. Look before you ask: when is a slice empty?",
        "What does an output that begins with 0, and grows by `max`, say of a bin of negative values?",
    ),
    solution=pool_roi,
    explanation="The 0 of an empty bin is no value of the map at all, it is what the array was made with. Nothing was "
    "read, so no gradient flows back from it. For a RoI that lies outside of the map all of the output is 0.",
    reference=_by_marks,
    read=lambda answer: read_array(answer, 2, "an array (PH, PW)"),
    compare=compare_arrays("row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (grid(*values), rows, columns)
        for values, rows, columns in (
            (((1, 5), (3, 9)), [(0, 1), (1, 2)], [(0, 1), (1, 2)]),
            (((1, 5, 2), (4, 3, 6)), [(0, 2)], [(0, 1), (1, 3)]),
            (((1, 5, 2), (4, 3, 6)), [(0, 2)], [(0, 1), (1, 3), (3, 3)]),
            (((1, 5, 2), (4, 3, 6)), [(0, 1), (0, 2)], [(0, 2)]),
            (((-4, -1), (-2, -3), (-6, -5)), [(0, 2), (1, 3)], [(0, 1)]),
            (((7, 2),), [(0, 0)], [(0, 1), (1, 2)]),
            (((1, 5, 2), (4, 3, 6)), [(2, 2), (1, 2)], [(0, 0), (0, 3), (2, 3)]),
        )
    ),
    inputs=MAPS_AND_BINS,
)
