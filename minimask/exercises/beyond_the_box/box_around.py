"""Exercise 1.3: the tight box of a mask."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from minimask.exercises.answers import read_whole_numbers
from minimask.exercises.beyond_the_box.inputs import MASKS, mask_of
from minimask.exercises.exercise import Exercise
from minimask.exercises.pictures import mask_and_boxes
from minimask.geometry.masks import mask_box


def box_around(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the tight box `(x1, y1, x2, y2)` of a mask `(H, W)`, or raise ValueError if the mask is empty."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        raise ValueError("mask must have at least one pixel set")
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


BOX_AROUND = Exercise(
    id="1.3",
    title="The tight box of a mask",
    difficulty=2,
    minutes=10,
    teaches="rows and columns against y and x, and where a pixel ends",
    statement="""
Write `box_around(mask)`: the smallest box that holds all pixels of a mask.

- `mask` is a Boolean array `(H, W)`. Pixel (row i, column j) is the square from x = j to j + 1 and from y = i to i + 1.
- Return `(x1, y1, x2, y2)`. So `x2 - x1` is the number of columns that the box holds.
- An empty mask has no box: raise `ValueError`.
""",
    by_hand="""In this mask the pixels (`#`) stand in columns 1 and 2 of row 0, and column 1 of row 1.

    . # # .
    . # . .
    . . . .

The box is `(1, 0, 3, 2)`.""",
    worked=((mask_of(".##.", ".#..", "...."),), (1, 0, 3, 2)),
    hints=(
        (
            "Which rows have a pixel at all, and which columns? `np.nonzero(mask)` gives the row numbers and the "
            "column numbers of all pixels."
        ),
        "x goes along the columns and y along the rows, so the first coordinate comes from the *second* index.",
        "The last column of the mask begins at its number and ends one later, at x2.",
    ),
    solution=box_around,
    explanation="Continuous coordinates need the `+ 1` in one place only, where pixel numbers become coordinates, and "
    "after that never again: widths, areas and shifts are plain differences.",
    reference=lambda mask: tuple(int(side) for side in mask_box(mask)),
    read=lambda answer: read_whole_numbers(answer, 4, "four whole numbers (x1, y1, x2, y2)"),
    draw=lambda found: mask_and_boxes(found.inputs[0], yours=found.answer, right=found.expected),
    examples=tuple(
        (mask_of(*rows),)
        for rows in (
            ("#",),
            ("....", ".##.", "...."),
            (".##.", ".#..", "...."),
            ("..#", ".#.", "#..", "..."),
            ("......", "...#..", "......", ".#...."),
            ("###", "###"),
            ("..", ".."),
        )
    ),
    inputs=st.tuples(MASKS),
    refuses=(ValueError,),
)
