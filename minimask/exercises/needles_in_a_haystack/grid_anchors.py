"""Exercise 2.3: the sea, cell by cell."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.needles_in_a_haystack.anchors import compare_anchors, draw_anchors
from minimask.exercises.needles_in_a_haystack.inputs import FloatArray, rows_of
from minimask.plots.show import styled
from minimask.plots.style import INK, SHAPE, SHAPE_EDGE


def grid_anchors(rows: int, columns: int, stride: int, cell: np.ndarray) -> np.ndarray:
    """Return the anchors of a feature map, `(rows * columns * A, 4)`, given those of one cell `(A, 4)`."""
    y, x = np.mgrid[:rows, :columns]
    centers = (np.stack([x, y, x, y], axis=-1) + 0.5) * stride
    anchors: np.ndarray = centers[:, :, None] + cell
    return anchors.reshape(-1, 4)


def _one_by_one(rows: int, columns: int, stride: int, cell: FloatArray) -> FloatArray:
    anchors = []
    for y in np.linspace(stride / 2, (rows - 0.5) * stride, rows):
        for x in np.linspace(stride / 2, (columns - 0.5) * stride, columns):
            anchors += [(x + x1, y + y1, x + x2, y + y2) for x1, y1, x2, y2 in cell]
    return rows_of(*anchors)


def _remark(rows: int, columns: int, stride: int, cell: FloatArray) -> str:  # noqa: ARG001
    return "The stride is odd." if stride % 2 else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the cells with their centers, and the anchors on them."""
    rows, columns, stride, _ = found.inputs
    fig, axes = draw_anchors(found, [(0, 0), (columns * stride, rows * stride)])
    for i, j in np.ndindex(rows, columns):
        corner = (j * stride, i * stride)
        axes.add_patch(Rectangle(corner, stride, stride, facecolor=(SHAPE, 0.2), edgecolor=SHAPE_EDGE, linewidth=0.8))
        axes.plot((j + 0.5) * stride, (i + 0.5) * stride, "+", color=INK, markersize=6)
    return fig


GRID_ANCHORS = Exercise(
    id="2.3",
    title="The sea, cell by cell",
    difficulty=2,
    minutes=15,
    teaches="how a few anchors become all anchors of a level, and where exactly they stand",
    statement="""
Write `grid_anchors(rows, columns, stride, cell)`: all anchors of one level.

- The feature map has `rows` by `columns` cells. The cell in row i and column j covers the pixels from `j * stride` to
`(j + 1) * stride` along x, and from `i * stride` to `(i + 1) * stride` along y.
- `cell` is an array `(A, 4)`: the anchors of one cell around the origin, as your `cell_anchors` gives them.
- Each cell has these A anchors around its center. They may reach beyond the picture.
- Return an array `(rows * columns * A, 4)` with a row x1 y1 x2 y2 for each anchor: the first cell's A anchors, then
those of the cell to the right of it, and so on, row by row.
""",
    by_hand="`rows` = 1, `columns` = 2, `stride` = 4, `cell` = `[(-2, -1, 2, 1), (-1, -2, 1, 2)]`. The two centers are "
    "(2, 2) and (6, 2). The first anchor goes from 2 - 2 = 0 to 2 + 2 = 4 along x, and from 2 - 1 = 1 to 2 + 1 = 3 "
    "along y. All four: `[(0, 1, 4, 3), (1, 0, 3, 4), (4, 1, 8, 3), (5, 0, 7, 4)]`.",
    worked=(
        (1, 2, 4, rows_of((-2, -1, 2, 1), (-1, -2, 1, 2))),
        rows_of((0, 1, 4, 3), (1, 0, 3, 4), (4, 1, 8, 3), (5, 0, 7, 4)),
    ),
    hints=(
        "Where is the center of the cell in row 0 and column 0? And that of the cell in row i and column j?",
        (
            "At x = `(j + 0.5) * stride` and y = `(i + 0.5) * stride`. An anchor's row x1 y1 x2 y2 gets x, y, x, y "
            "added to it. Three loops, over i, j and the anchors, are a fine answer."
        ),
        (
            "Without loops: make the centers an array `(rows, columns, 1, 4)` and add `cell`, which is `(A, 4)`. NumPy "
            "makes `(rows, columns, A, 4)` of it, and `reshape(-1, 4)` reads that in the order which is asked for."
        ),
    ),
    solution=grid_anchors,
    explanation="Broadcasting does the three loops at once: a size of 1 meets a size of A. Half a stride is the "
    "center of a cell, as half a pixel is that of a pixel. torchvision leaves it out, and so puts its anchors around "
    "the upper left corners of the cells; a network learns to live with either, but not with a change from one to the "
    "other.",
    reference=_one_by_one,
    read=lambda answer: read_array(answer, 2, "an array (rows * columns * A, 4)"),
    compare=compare_anchors,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (rows, columns, stride, rows_of(*cell))
        for rows, columns, stride, cell in (
            (1, 1, 4, [(-2, -2, 2, 2)]),
            (1, 2, 4, [(-1, -1, 1, 1)]),
            (1, 2, 4, [(-2, -1, 2, 1), (-1, -2, 1, 2)]),
            (2, 1, 8, [(-4, -2, 4, 2)]),
            (2, 3, 2, [(-1, -1, 1, 1)]),
            (3, 2, 5, [(-4, -2, 4, 2), (-1, -1, 1, 1)]),
        )
    ),
    inputs=st.tuples(
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from([4, 2, 8, 1, 5]),
        st.lists(
            st.sampled_from([(-1.0, -1.0, 1.0, 1.0), (-2.0, -1.0, 2.0, 1.0), (-1.0, -4.0, 1.0, 4.0)]),
            min_size=1,
            max_size=2,
        ).map(np.array),
    ),
)
