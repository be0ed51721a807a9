"""Exercise 6.3: where to click."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from minimask.exercises.answers import read_numbers, words
from minimask.exercises.beyond_the_box.inputs import mask_of
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import BoolArray, several
from minimask.exercises.pictures import squared_paper
from minimask.plots.shapes import draw_mask
from minimask.plots.show import styled
from minimask.plots.style import BEST, MUTED, YOURS

Point = tuple[float, float]


def click_point(mask: np.ndarray) -> tuple[float, float]:
    """Return the center (x, y) of the pixel that lies deepest inside a Boolean mask `(H, W)`."""
    padded = np.pad(mask, 1)
    inside, outside = np.argwhere(padded), np.argwhere(~padded)
    squares = [((outside - pixel) ** 2).sum(axis=1).min() for pixel in inside]
    row, column = inside[np.argmax(squares)] - 1
    return column + 0.5, row + 0.5


def _squares(mask: BoolArray) -> list[list[int]]:
    """Return the squared depth of each pixel: row by row, how far away the nearest pixel outside is along its row."""
    height, width = mask.shape
    along = np.zeros((height + 2, width), dtype=int)  # 0 where a pixel is outside itself, as all are beyond the border
    for i, j in np.argwhere(mask):
        to_left = next((step for step in range(1, j + 1) if not mask[i, j - step]), j + 1)
        to_right = next((step for step in range(1, width - j) if not mask[i, j + step]), width - j)
        along[i + 1, j] = min(to_left, to_right)
    up_and_down = (np.arange(height + 2)[:, None] - np.arange(1, height + 1)) ** 2
    depths: list[list[int]] = (along[:, None, :] ** 2 + up_and_down[:, :, None]).min(axis=0).tolist()
    return depths


def _along_rows_then_columns(mask: BoolArray) -> Point:
    depths = _squares(mask)
    deepest = max(map(max, depths))
    row = next(row for row, values in enumerate(depths) if deepest in values)
    return depths[row].index(deepest) + 0.5, row + 0.5


def _compare(expected: Point, answer: Point, mask: BoolArray) -> str | None:
    if np.allclose(answer, expected, rtol=0, atol=1e-6):
        return None
    complaint = f"the point should be {words(expected)}; yours gave {words(answer, 4)}"
    x, y = answer
    height, width = mask.shape
    if not (0 <= x <= width and 0 <= y <= height):
        return f"{complaint}, which is not on the picture"
    if x % 1 != 0.5 or y % 1 != 0.5:
        return f"{complaint}, which is not the center of a pixel"
    if not mask[int(y), int(x)]:
        return f"{complaint}, which is outside of the mask"
    depths = np.array(_squares(mask))
    yours, deepest = depths[int(y), int(x)], depths.max()
    if yours == deepest:
        return f"{complaint}, which is as deep, but comes later"
    return f"{complaint}. Its distance to the outside is {_root(yours)}, and could be {_root(deepest)}"


def _root(square: int) -> str:
    """Return the root of a whole number, as a whole number where it is one."""
    root = int(np.sqrt(square))
    return str(root) if root**2 == square else f"the root of {square}"


def _remark(mask: BoolArray) -> str:
    rows, columns = np.nonzero(mask)
    if mask.all():
        return "The mask fills the picture."
    if not mask[int(rows.mean()), int(columns.mean())]:
        return "The middle of the mask is outside of it."
    depths = np.array(_squares(mask))
    if (depths == depths.max()).sum() > 1:
        return "Several pixels are equally deep."
    return "The mask touches the border of the picture." if _touches_border(mask) else ""


def _touches_border(mask: BoolArray) -> bool:
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())


@styled
def _draw(found: Finding) -> Figure:
    """Draw the mask, the right point with the circle that has room around it, and the learner's point."""
    (mask,) = found.inputs
    height, width = mask.shape
    corners = [(0, 0), (width, height)]
    if found.answer is not None:  # a click far away is drawn at the margin
        corners.append(tuple(np.clip(found.answer, -2, (width + 2, height + 2))))
    fig, axes = squared_paper(corners)
    draw_mask(axes, mask)
    axes.plot([0, width, width, 0, 0], [0, 0, height, height, 0], color=MUTED, linewidth=1)
    x, y = found.expected
    depth = np.sqrt(_squares(mask)[int(y)][int(x)])
    axes.add_patch(Circle((x, y), depth, fill=False, edgecolor=BEST, linewidth=1.6))
    axes.plot(x, y, "o", color=BEST, markersize=8, linestyle="none", label="right")
    if found.answer is not None:
        axes.plot(*corners[-1], "X", color=YOURS, markersize=9, linestyle="none", label="yours")
    fig.legend(loc="outside right upper", fontsize=10)
    return fig


_SIZES = ((1, 2), (2, 1), (3, 3), (3, 5), (5, 3), (5, 5), (4, 6), (6, 7), (7, 7), (6, 4))
_HOLES = (
    *((i, j, i + 1, j + 1) for i in range(7) for j in range(7)),
    *((i, 0, i + 1, 7) for i in (0, 1, 2, 4)),
    *((0, j, 7, j + 1) for j in (0, 1, 3, 4)),
    *((i, j, i + 2, j + 2) for i in (0, 2, 4) for j in (0, 1, 4)),
    *((2, 0, 7, 4), (0, 3, 4, 7), (1, 1, 5, 5)),
)


def _as_inputs(size: tuple[int, int], holes: list[tuple[int, int, int, int]]) -> tuple[BoolArray]:
    """Cut holes into a mask, as long as something is left of it."""
    mask = np.ones(size, dtype=bool)
    for top, left, bottom, right in holes:
        smaller = mask.copy()
        smaller[top:bottom, left:right] = False
        mask = smaller if smaller.any() else mask
    return (mask,)


CLICK_POINT = Exercise(
    id="6.3",
    title="Where to click",
    difficulty=2,
    minutes=15,
    teaches="that the middle of a thing need not be on it, and what to ask for instead",
    statement="""
Write `click_point(mask)`: where to click on a thing of which only this much is visible.

- `mask` is a Boolean array `(H, W)`; True is what can be seen of it, and at least one pixel is. It may be in several
pieces, have holes, and reach up to the border of the picture.
- The *depth* of a pixel of the mask is the distance from its center to the nearest center of a pixel that is not in the
mask: as the crow flies, by Pythagoras.
- Whatever is beyond the border of the picture is not in the mask. Think of the picture as surrounded by pixels that are
False, so that a pixel in its first row has a depth of 1.
- Return the center `(x, y)` of the deepest pixel. Of equally deep ones take the first in reading order: the highest
row, and in it the leftmost.
- Pixel (row i, column j) has its center at x = j + 0.5 and y = i + 0.5.
""",
    by_hand="""In this mask most pixels have one that is outside right beside them, and a depth of 1.

    . # # # # #
    . . # # # #
    . . # # # #
    # . # # . #
    . . # # # #

The pixel in row 2 and column 3 has more room to the left and to the right, but (row 3, column 4) is one down and one to
the right of it: its depth is the root of 2. For (row 1, column 3) all are at least 2 away: the ring above the picture,
and column 1. So it is for (row 1, column 4), with the same ring, and with the hole two rows below. There is no deeper
one, and (row 1, column 3) comes first: `(3.5, 1.5)`.""",
    worked=((mask_of(".#####", "..####", "..####", "#.##.#", "..####"),), (3.5, 1.5)),
    hints=(
        (
            "`np.pad(mask, 1)` puts a ring of False around the mask. One ring is enough: whatever is farther out is "
            "farther away. All places move by 1 in this."
        ),
        (
            "`np.argwhere(padded)` are the rows and columns inside, `np.argwhere(~padded)` those outside. For one "
            "pixel inside, `((outside - pixel) ** 2).sum(axis=1)` are the squared distances to all outside. Which of "
            "them is its depth?"
        ),
        (
            "The smallest, and the root changes no order. `np.argmax` gives the first of the largest, and "
            "`np.argwhere` goes in reading order. Then take the ring off, swap row and column, and add a half."
        ),
    ),
    solution=click_point,
    explanation="The middle of a box, or of a mask, is often on something else: on the dialog that covers the button, "
    "or in the hole of a ring. The deepest pixel is always on the thing, and leaves the most room for an outline that "
    "is a little off, or for a hand that shakes. It is the center of the largest circle that fits. Comparing each "
    "pixel with all others takes minutes on a whole screen. `scipy.ndimage.distance_transform_edt(np.pad(mask, 1))` "
    "gives the same depths in one pass along the rows and one along the columns.",
    reference=_along_rows_then_columns,
    read=lambda answer: read_numbers(answer, 2, "two numbers (x, y)"),
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (mask_of(*rows),)
        for rows in (
            ("....", ".##.", "...."),
            (".....", ".###.", ".###.", ".###.", "....."),
            ("..#..", "..#..", "#####", "..#..", "..#.."),
            ("#####", "#...#", "#...#", "#####"),
            ("###", "###"),
            (".#####", "..####", "..####", "#.##.#", "..####"),
            ("#######....", "......#.###", "......#.###", "........###"),
            ("###..", "#####", "#####", "#####", "..###"),
            ("...#", "####", "####", "####"),
            ("#..##", "....."),
            ("#######", "#######", "#######", "###.###", "#######", "#######", "#######"),
        )
    ),
    large_examples=((~np.pad(np.eye(15, 20, dtype=bool), 5),),),
    inputs=st.builds(_as_inputs, st.sampled_from(_SIZES), several(_HOLES, 5)),
)
