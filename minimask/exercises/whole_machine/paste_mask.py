"""Exercise 5.6: a mask goes back into the picture."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import UnreadableError, compare_arrays, read_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import Box, FloatArray, floats
from minimask.exercises.tables import draw_answers
from minimask.exercises.whole_machine.pictures import draw_mask_box
from minimask.plots.show import styled

_WANTED = "a Boolean array (H, W)"


def paste_mask(mask: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    """Return which pixels of a picture, a Boolean array `(H, W)`, a mask `(M, M)` covers that fills a box."""

    def weights(low: float, high: float, pixels: int) -> np.ndarray:
        cells = len(mask)
        positions = (np.arange(pixels) + 0.5 - low) / (high - low) * cells - 0.5
        near: np.ndarray = np.maximum(1 - np.abs(positions[:, None] - np.arange(cells)), 0)
        return near

    x1, y1, x2, y2 = box
    values = weights(y1, y2, height) @ mask @ weights(x1, x2, width).T
    covered: np.ndarray = values > 0.5
    return covered


def _pixel_by_pixel(mask: FloatArray, box: Box, height: int, width: int) -> FloatArray:
    """Ask at the center of each pixel for the four cells around it, in a mask with a border of zeros."""
    cells = len(mask)
    padded = np.pad(mask, 1)
    covered = np.zeros((height, width))
    for i, j in np.ndindex(height, width):
        v, u = (
            min(max((center - low) * cells / (high - low) + 0.5, 0.0), cells + 1.0)
            for center, low, high in ((i + 0.5, box[1], box[3]), (j + 0.5, box[0], box[2]))
        )
        row, column = min(int(v), cells), min(int(u), cells)
        (a, b), (c, d) = padded[row : row + 2, column : column + 2]
        upper, lower = (before + (u - column) * (after - before) for before, after in ((a, b), (c, d)))
        covered[i, j] = upper + (v - row) * (lower - upper) > 0.5
    return covered


def _read(answer: object) -> FloatArray:
    with suppress(ValueError):  # rows of unequal length
        array = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
        answer = array.astype(np.int64) if array.dtype == np.bool_ else answer
    values = read_array(answer, 2, _WANTED)
    odd = values[~np.isin(values, (0, 1))]
    if odd.size:
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave one with {words(odd[0], 4)} in it")
    return values


def _remark(mask: FloatArray, box: Box, height: int, width: int) -> str:  # noqa: ARG001
    if min(box) < 0 or box[2] > width or box[3] > height:
        return "The box reaches beyond the picture."
    return "Some side of the box cuts pixels in two." if any(side % 1 for side in box) else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the mask, and the right and the learner's pixels, both with the box on them."""
    mask, box, *_ = found.inputs
    fig, (_, *on_picture) = draw_answers(found, {"mask": mask})
    for axes in on_picture:
        draw_mask_box(axes, box)
    return fig


_VALUES = (0.9, 0.0, 0.6, 0.3)
_STARTS = (0.0, 1.0, 0.25, 0.5, -1.5, 2.75)
_STRETCHES = (1.0, 2.0, 4.0, 0.5)
_RANGES = list(product(_STARTS, _STRETCHES))


def _as_inputs(
    cells: int, values: tuple[float, ...], in_x: tuple[float, float], in_y: tuple[float, float], size: tuple[int, int]
) -> tuple[FloatArray, Box, int, int]:
    """Make a mask, and a box whose sides are so many times as long as the mask has cells."""
    (x1, width), (y1, height) = in_x, in_y
    box = (x1, y1, x1 + cells * width, y1 + cells * height)
    return floats(values[: cells**2], cells, cells), box, *size


PASTE_MASK = Exercise(
    id="5.6",
    title="Back into the picture",
    difficulty=3,
    minutes=20,
    teaches="the way back from cells to pixels, and the border of a mask",
    statement="""
Write `paste_mask(mask, box, height, width)`: which pixels of the picture belong to an object.

- `mask` is an array `(M, M)` with numbers from 0 to 1: how sure the mask head is of each cell. It fills the box, the
first row at the top.
- `box` is a tuple `(x1, y1, x2, y2)` with `x1 < x2` and `y1 < y2`, in pixels. It may be of any width and height, and
reach beyond the picture. Nothing is rounded.
- Each pixel of the picture asks the mask at its own *center*: for pixel (row i, column j) that is x = j + 0.5 and
y = i + 0.5.
- There the mask is interpolated bilinearly between the *centers* of its cells. The mask is thought to be surrounded by
cells that are 0. So towards the border of the box, and beyond it, it falls to 0 over the width of a cell.
- A pixel belongs to the object if it gets more than 0.5. None gets exactly 0.5.
- Return a Boolean array `(height, width)`.
""",
    by_hand="Let `mask` = `[(0.9, 0.3), (0.9, 0.9)]` and `box` = `(1, 0, 5, 2)`, in a picture with `height` = 2 and "
    "`width` = 6. The cells are 2 pixels wide and 1 pixel high. The rows of pixels go through the centers of the rows "
    "of cells. Pixel 1 has its center at x = 1.5, a quarter of a cell before the center of the first column at x = 2: "
    "it gets 0.75 * 0.9 = 0.675. Pixel 2, at x = 2.5, gets 0.75 * 0.9 + 0.25 * 0.3 = 0.75 in the first row, and pixel "
    "3 only 0.25 * 0.9 + 0.75 * 0.3, which is 0.45. `[(0, 1, 1, 0, 0, 0), (0, 1, 1, 1, 1, 0)]`, where 1 is True.",
    worked=(
        (floats([(0.9, 0.3), (0.9, 0.9)]), (1.0, 0.0, 5.0, 2.0), 2, 6),
        np.array([(0, 1, 1, 0, 0, 0), (0, 1, 1, 1, 1, 0)]),
    ),
    hints=(
        (
            "Exercise 5.5 asks where the cells lie among the pixels; this one asks where the pixels lie among the "
            "cells. At which fraction of the box's width is the point x?"
        ),
        (
            "At `(x - x1) / (x2 - x1)`, which is 0 at the left side and 1 at the right. Times M is the place in cells, "
            "where cell c goes from c to c + 1. Its center is at c + 0.5: so subtract 0.5, and whole numbers are "
            "centers."
        ),
        (
            "A cell at the distance d, in cells, weighs `max(1 - d, 0)` along this axis. Make a matrix (W, M) of these "
            "weights, and one (H, M): then `wy @ mask @ wx.T` are all values. Where no cell is near, all weights are "
            "0, and no border needs a thought."
        ),
    ),
    solution=paste_mask,
    explanation="Where the mask is 1 inside, it is 1/2 on the side of the box: halfway between the center of the last "
    "cell and that of the 0 behind it. So a mask full of ones becomes its box. The first published code pads the mask "
    "with zeros too, but then cuts the box to whole pixels and counts a width as `x2 - x1 + 1`: on small objects a "
    "part of the mask AP goes there. `minimask.model.paste` has both ways, by name.",
    reference=_pixel_by_pixel,
    read=_read,
    compare=compare_arrays("row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(mask), tuple(map(float, box)), height, width)
        for mask, box, height, width in (
            ([(0.9, 0.9), (0.9, 0.9)], (1, 1, 3, 3), 3, 4),
            ([(0.9, 0.3), (0.6, 0.9)], (1, 0, 3, 2), 2, 3),
            ([(0.9, 0.3), (0.9, 0.9)], (1, 0, 5, 2), 2, 6),
            ([(0.9, 0.6), (0.0, 0.3)], (0.75, 0.25, 2.75, 4.25), 5, 3),
            ([(0.9, 0.9), (0.9, 0.6)], (-1.5, 1, 2.5, 3), 4, 3),
            ([(0.9, 0.9, 0.0), (0.3, 0.9, 0.6), (0.6, 0.0, 0.9)], (1, 0.5, 4, 3.5), 4, 4),
            ([(0.6,)], (0, 0, 4, 4), 4, 4),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        st.sampled_from([1, 2, 3]),
        st.tuples(*[st.sampled_from(_VALUES)] * 9),
        st.sampled_from(_RANGES),
        st.sampled_from(_RANGES),
        st.sampled_from([(1, 2), (2, 1), (2, 3), (3, 2), (5, 4), (4, 6)]),
    ),
)
