"""Exercise 2.1: the size of the sea."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import UnreadableError, kind_of, read_number
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.plots.show import figure, styled
from minimask.plots.style import MUTED, SHAPE, SHAPE_EDGE

_MOST_LINES = 40


def count_anchors(height: int, width: int, strides: tuple[int, ...], per_cell: int) -> int:
    """Return the number of anchors on a picture of so many pixels, given the stride of each level of feature maps."""
    cells = 0
    for stride in strides:
        rows, columns = int(np.ceil(height / stride)), int(np.ceil(width / stride))
        cells += rows * columns
    return cells * per_cell


def _by_laying_out(height: int, width: int, strides: tuple[int, ...], per_cell: int) -> int:
    return sum(per_cell * len(range(0, height, stride)) * len(range(0, width, stride)) for stride in strides)


def _read(answer: object) -> float:
    number = read_number(answer, "one whole number")
    if number != int(number):
        raise UnreadableError(f"the answer should be one whole number; yours gave {kind_of(answer)}")
    return number


def _remark(height: int, width: int, strides: tuple[int, ...], per_cell: int) -> str:  # noqa: ARG001
    beyond = [stride for stride in strides if height % stride or width % stride]
    return f"At stride {beyond[0]} some cells reach beyond the picture." if beyond else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the picture once for each level, under the cells of its feature map."""
    height, width, strides, _ = found.inputs
    fig, all_axes = figure(len(strides), width=1.2 + 1.7 * len(strides), height=2.2)
    for axes, stride in zip(all_axes, strides, strict=True):
        axes.add_patch(Rectangle((0, 0), width, height, facecolor=(SHAPE, 0.4), edgecolor=SHAPE_EDGE, linewidth=2))
        bottom, right = (stride * -(-side // stride) for side in (height, width))
        if max(bottom, right) <= _MOST_LINES * stride:
            axes.hlines(np.arange(0, bottom + 1, stride), 0, right, color=MUTED, linewidth=1)
            axes.vlines(np.arange(0, right + 1, stride), 0, bottom, color=MUTED, linewidth=1)
        room = 0.05 * max(bottom, right)
        axes.set(xlim=(-room, right + room), ylim=(bottom + room, -room), aspect="equal")
        axes.set(xticks=[0, width], yticks=[0, height])
        axes.set_title(f"stride {stride}", size=10)
        axes.tick_params(labelsize=8, length=0)
        axes.spines[:].set_visible(False)
    return fig


COUNT_ANCHORS = Exercise(
    id="2.1",
    title="The size of the sea",
    difficulty=1,
    minutes=10,
    teaches="how many anchors a network looks at, without making a single one",
    statement="""
Write `count_anchors(height, width, strides, per_cell)`: how many anchors there are on a picture, by a formula.

- The picture has `height` by `width` pixels, two whole numbers of at least 1.
- `strides` is a tuple with the stride of each level of the pyramid. A level's feature map has a cell for every `stride`
pixels downward and to the right, and where pixels are left over one more, so that its cells cover the whole picture.
- Each cell has `per_cell` anchors: one for each size and ratio. All of them count, also those that reach beyond the
picture.
- Return one whole number, the sum over all levels.
""",
    by_hand="Let `height` = 20, `width` = 30, `strides` = `(8, 16)` and `per_cell` = 3. At stride 8 there are 3 rows, "
    "since 20 / 8 = 2.5, and 4 columns, since 30 / 8 = 3.75. That makes 3 * 4 = 12 cells. At stride 16 there are 2 * 2 "
    "= 4. All in all 12 + 4 = 16 cells with 3 anchors each: 16 * 3 = 48.",
    worked=((20, 30, (8, 16), 3), 48),
    hints=(
        "One level first. How many rows of cells does it take to cover the height, and how many columns the width?",
        (
            "Where the stride does not divide the side, a part of a cell is a cell too. `//` rounds down. What rounds "
            "up?"
        ),
        (
            "`np.ceil(height / stride)`, or `-(-height // stride)` in whole numbers. Round each side by itself, before "
            "you multiply, and add the levels up."
        ),
    ),
    solution=count_anchors,
    explanation="Each level has about a quarter of the anchors of the one before, so that the finest one makes three "
    "quarters of the sea. With 3 anchors per cell at the strides 4 to 64, a picture of 1024 by 1024 has 261,888 of "
    "them, and one of 1024 by 683 has 175,248.",
    reference=_by_laying_out,
    read=_read,
    remark=_remark,
    draw=_draw,
    examples=(
        (8, 8, (8,), 1),
        (16, 40, (8,), 1),
        (16, 40, (8,), 3),
        (20, 30, (8, 16), 3),
        (13, 8, (4, 8), 2),
        (5, 3, (8,), 1),
        (50, 34, (8, 16, 32), 9),
        (1024, 1024, (4, 8, 16, 32, 64), 3),
        (1024, 683, (4, 8, 16, 32, 64), 3),
    ),
    inputs=st.tuples(
        st.integers(1, 70),
        st.integers(1, 70),
        st.sampled_from([(1,), (2,), (4,), (4, 8), (8, 16, 32), (16, 64)]),
        st.sampled_from([1, 2, 3, 9]),
    ),
)
