"""Exercise 5.1: which level a box is read from."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import compare_arrays, read_whole_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import Box, FloatArray, floats, several
from minimask.exercises.pictures import squared_paper
from minimask.exercises.whole_machine.pictures import draw_numbered_box
from minimask.plots.show import styled
from minimask.plots.style import MUTED, SHAPE_EDGE, TIGHT
from minimask.roi.pyramid import assign_levels


def choose_levels(
    boxes: np.ndarray, lowest: int, highest: int, canonical_size: float, canonical_level: int
) -> np.ndarray:
    """Return the pyramid level, from `lowest` to `highest`, that each of the boxes `(N, 4)` is read from."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    steps = np.log2(np.sqrt(width * height) / canonical_size)
    levels: np.ndarray = np.clip(np.floor(canonical_level + steps), lowest, highest).astype(int)
    return levels


def _by_library(boxes: FloatArray, lowest: int, highest: int, size: float, level: int) -> FloatArray:
    levels: FloatArray = assign_levels(boxes, lowest, highest, size, level).astype(np.float64)
    return levels


def _remark(boxes: FloatArray, lowest: int, highest: int, size: float, level: int) -> str:
    steps = np.log2(np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)) / size)
    if (np.floor(level + steps) > highest).any():
        return "Some box is too large for the highest level."
    if (np.floor(level + steps) < lowest).any():
        return "Some box is too small for the lowest level."
    return "Some box is exactly as large as a level begins with." if (steps % 1 == 0).any() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the boxes, the wrong ones thick, and the square of the canonical size dashed."""
    boxes, _, _, size, level = found.inputs
    left, top = boxes[:, :2].min(axis=0)
    fig, axes = squared_paper(np.concatenate([boxes.reshape(-1, 2), [(left, top), (left + size, top + size)]]))
    name = f"{size:g} by {size:g}: level {level}"
    axes.add_patch(Rectangle((left, top), size, size, fill=False, edgecolor=MUTED, linestyle="--", label=name))
    yours = found.answer if found.answer is not None and found.answer.shape == found.expected.shape else found.expected
    for k, (box, right, own) in enumerate(zip(boxes, found.expected, yours, strict=True)):
        wrong = f", yours {words(own, 4)}" if own != right else ""
        color, width = (TIGHT, 2.4) if wrong else (SHAPE_EDGE, 1.6)
        label = f"box {k}: level {words(right)}{wrong}"
        draw_numbered_box(axes, box, k, k, color=color, linewidth=width, label=label)
    fig.set_figwidth(5.4)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_PYRAMIDS = ((2, 5, 224.0, 4), (1, 3, 8.0, 2), (0, 3, 8.0, 0), (2, 4, 8.0, 3))
_CORNERS = ((0.0, 0.0), (24.0, 8.0))
_FACTORS = (1.0, 2.0, 0.5, 0.875, 0.25, 4.0, 0.75, 3.0, 0.0625, 16.0)
_SIDES = [(*corner, *sides) for corner in _CORNERS for sides in product(_FACTORS, repeat=2)]


def _scaled(places: list[Box], pyramid: tuple[int, int, float, int]) -> tuple[FloatArray, int, int, float, int]:
    size = pyramid[2]
    return floats([(x, y, x + w * size, y + h * size) for x, y, w, h in places]), *pyramid


CHOOSE_LEVELS = Exercise(
    id="5.1",
    title="Which level a box is read from",
    difficulty=1,
    minutes=10,
    teaches="how large and small objects share one head, and what a logarithm has to do with it",
    statement="""
Write `choose_levels(boxes, lowest, highest, canonical_size, canonical_level)`: the level of the feature pyramid that
RoIAlign reads each box from.

- `boxes` is an array `(N, 4)` with rows x1 y1 x2 y2 in pixels, with N >= 1 and sides above 0.
- The size of a box is the side of the square that has the same area. A box of the size `canonical_size` is read from
`canonical_level`, one that is twice as large from the next level above, one that is four times as large from the second
above; and half as large is one level below.
- Sizes in between belong to the lower of their two levels: from `canonical_size` up to, but not including, twice as
much, all are read from `canonical_level`.
- There are only the levels from `lowest` to `highest`, both included. Boxes that are too small for them are read from
the lowest, and boxes that are too large from the highest.
- Return an array `(N,)` of whole numbers.
""",
    by_hand="Let `boxes` = `[(0, 0, 224, 224), (16, 8, 128, 36), (0, 0, 200, 200), (5, 5, 25, 45)]`, `lowest` = 2, "
    "`highest` = 5, `canonical_size` = 224 and `canonical_level` = 4. The first box is of the canonical size: level 4. "
    "The second is 112 wide and 28 high, 112 * 28 = 3136, which is 56 by 56: a quarter of 224, and two levels down. "
    "200 is a little less than 224, and belongs to the level below. The last is smaller than 56, and there is no level "
    "1. `[4, 2, 3, 2]`.",
    worked=(
        (floats([(0, 0, 224, 224), (16, 8, 128, 36), (0, 0, 200, 200), (5, 5, 25, 45)]), 2, 5, 224.0, 4),
        np.array([4, 2, 3, 2]),
    ),
    hints=(
        (
            "The size first: the root of width times height. Divide it by `canonical_size`. What should 1, 2, 4 and "
            "1/2 become?"
        ),
        (
            "0, 1, 2 and -1: that is `np.log2`. Add the canonical level. What makes the lower of two levels of what "
            "lies in between?"
        ),
        (
            "`np.floor` rounds down, also below 0. `np.clip(levels, lowest, highest)` does the rest, and "
            "`.astype(int)` makes whole numbers of them."
        ),
    ),
    solution=choose_levels,
    explanation="Every level has half as many rows and columns as the one below. So whatever a box's size, it covers "
    "about as many cells on its own level, and one head serves all. Lin et al. chose 224 and 4 because a network "
    "trained on pictures of 224 by 224 pixels used to be read at stride 16, which is level 4. On pictures of 128 by "
    "128 pixels, every box of less than 112 by 112 is read from level 2, and the other levels have little to do.",
    reference=_by_library,
    read=lambda answer: read_whole_array(answer, 1, "a row of whole numbers, one for each box"),
    compare=compare_arrays("box"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(rows), *pyramid)
        for rows, pyramid in (
            ([(0, 0, 224, 224)], (2, 5, 224.0, 4)),
            ([(0, 0, 448, 448), (100, 50, 212, 162)], (2, 5, 224.0, 4)),
            ([(0, 0, 223, 223), (0, 0, 300, 300)], (2, 5, 224.0, 4)),
            ([(16, 8, 464, 120), (8, 16, 120, 128)], (2, 5, 224.0, 4)),
            ([(0, 0, 224, 224), (16, 8, 128, 36), (0, 0, 200, 200), (5, 5, 25, 45)], (2, 5, 224.0, 4)),
            ([(0, 0, 900, 1000), (0, 0, 6, 9)], (2, 5, 224.0, 4)),
            ([(3, 1, 11, 9), (0, 0, 20, 30), (2, 3, 4, 5)], (1, 4, 8.0, 2)),
        )
    ),
    inputs=st.builds(_scaled, several(_SIDES, 3, least=1), st.sampled_from(_PYRAMIDS)),
)
