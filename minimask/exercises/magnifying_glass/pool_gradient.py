"""Exercise 3.5: where RoIPool's gradient lands."""

from __future__ import annotations

from itertools import product

import numpy as np
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import MAPS_AND_BINS, Bins, FloatArray, grid, with_grads
from minimask.exercises.magnifying_glass.pictures import draw_bins
from minimask.exercises.magnifying_glass.pool_roi import has_empty_bin
from minimask.exercises.tables import draw_answers
from minimask.plots.show import styled
from minimask.roi.pool import roi_pool_features_grad


def pool_gradient(
    grad: np.ndarray, features: np.ndarray, rows: list[tuple[int, int]], columns: list[tuple[int, int]]
) -> np.ndarray:
    """Return the gradient with respect to a map `(H, W)`, given that with respect to RoIPool's output `(PH, PW)`."""
    gradient = np.zeros(features.shape)
    for p, (top, bottom) in enumerate(rows):
        for q, (left, right) in enumerate(columns):
            if top < bottom and left < right:
                bin = features[top:bottom, left:right]
                i, j = np.unravel_index(np.argmax(bin), bin.shape)
                gradient[top + i, left + j] += grad[p, q]
    return gradient


def _by_library(grad: FloatArray, features: FloatArray, rows: Bins, columns: Bins) -> FloatArray:
    argmax = np.full((1, 1, *grad.shape), -1, np.int64)
    for (p, row), (q, column) in product(enumerate(rows), enumerate(columns)):
        cells = list(product(range(*row), range(*column)))
        if cells:
            i, j = max(cells, key=lambda cell: features[cell])  # of equal ones the first
            argmax[0, 0, p, q] = i * features.shape[1] + j
    roi = np.zeros((1, 5))
    shape = (1, 1, features.shape[0], features.shape[1])
    gradient: FloatArray = roi_pool_features_grad(grad[None, None], argmax, roi, shape)[0, 0].astype(np.float64)
    return gradient


def _remark(_: FloatArray, features: FloatArray, rows: Bins, columns: Bins) -> str:
    bins = [features[slice(*row), slice(*column)] for row in rows for column in columns]
    if any((bin == bin.max(initial=-np.inf)).sum() > 1 for bin in bins):
        return "In some bin the largest value stands more than once."
    return "Some bins are empty: first = stop." if has_empty_bin(rows, columns) else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the gradient of the output, the map with the bins on it, and its gradient, right and the learner's."""
    grad, features, rows, columns = found.inputs
    fig, (_, axes, *_) = draw_answers(found, {"grad": grad, "features": features})
    draw_bins(axes, rows, columns)
    return fig


POOL_GRADIENT = Exercise(
    id="3.5",
    title="Where RoIPool's gradient lands",
    difficulty=3,
    minutes=20,
    teaches="that the largest value takes all of its bin's gradient",
    statement="""
Write `pool_gradient(grad, features, rows, columns)`: how a loss changes with each cell of the map, through RoIPool.

- `features` `(H, W)`, `rows` and `columns` are those of exercise 3.4.
- `grad` is an array `(PH, PW)`: how the loss changes with each number of RoIPool's output.
- A bin's output is the value of one cell, its largest; of several equal ones it is the first in reading order, row by
row. This cell gets all of the bin's `grad`, and the bin's other cells get nothing.
- A cell that is the largest in several bins gets the sum. An empty bin passes nothing on.
- Return an array `(H, W)`.
""",
    by_hand="On the map `[(1, 5, 2), (4, 3, 6)]` with `rows` = `[(0, 2)]`, `columns` = `[(0, 2), (1, 2)]` and `grad` = "
    "`[(2, 3)]`: both bins hold the 5, and in both it is the largest. So its cell gets 2 + 3 = 5: `[(0, 5, 0), (0, 0, "
    "0)]`.",
    worked=(
        (grid((2, 3)), grid((1, 5, 2), (4, 3, 6)), [(0, 2)], [(0, 2), (1, 2)]),
        grid((0, 5, 0), (0, 0, 0)),
    ),
    hints=(
        "Begin with zeros of the map's shape. Each bin adds at most one number to them.",
        (
            "`np.argmax` of a slice `(h, w)` counts through the slice row by row, and gives the first of equal ones. "
            "`divmod(k, w)` makes a row and a column *of the slice* from its answer k. Where are they on the map?"
        ),
        "Two bins may share a cell. What does `gradient[i, j] = ...` do with what the first bin has put there?",
    ),
    solution=pool_gradient,
    explanation="One cell for each bin, however large the bin: of a RoI of 28 by 28 cells and 7 by 7 bins, at most 49 "
    "of 784 cells learn anything from this RoI. And the box learns nothing, as the whole numbers that it was rounded "
    "to do not change when it moves a little.",
    reference=_by_library,
    read=lambda answer: read_array(answer, 2, "an array (H, W)"),
    compare=compare_arrays("row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (grid(*grad), grid(*values), rows, columns)
        for grad, values, rows, columns in (
            (((1, 2),), ((3, 5, 2), (4, 1, 6)), [(0, 2)], [(0, 1), (1, 3)]),
            (((2, 3),), ((1, 5, 2), (4, 3, 6)), [(0, 2)], [(0, 2), (1, 2)]),
            (((1,), (3,)), ((1, 2), (7, 4), (5, 6)), [(0, 2), (1, 3)], [(0, 2)]),
            (((2,),), ((1, 4, 4), (4, 0, 2)), [(0, 2)], [(0, 3)]),
            (((1, 2), (3, 0.5)), ((1, 5, 2), (4, 3, 6)), [(0, 1), (1, 2)], [(1, 3), (3, 3)]),
            (((-1, 2),), ((-3, -1), (-2, -4), (-6, -5)), [(0, 3)], [(0, 1), (1, 2)]),
            (((4,),), ((1, 5, 2), (4, 3, 6)), [(2, 2)], [(0, 3)]),
        )
    ),
    inputs=with_grads(MAPS_AND_BINS, lambda given: (len(given[1]), len(given[2]))),
)
