"""Exercise 3.1: the half pixel."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import read_numbers
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import STRIDES
from minimask.exercises.magnifying_glass.pictures import draw_length
from minimask.exercises.tables import CELL_EDGE, panels
from minimask.plots.show import styled
from minimask.plots.style import SHAPE_EDGE
from minimask.roi.taps import span


def interval_on_map(low: float, high: float, stride: int, aligned: bool) -> tuple[float, float]:
    """Return `(start, extent)` on the feature map, in cells, of a RoI from `low` to `high` in pixels of the image."""
    start, extent = low / stride, (high - low) / stride
    if aligned:
        return start - 0.5, extent
    return start, max(extent, 1.0)


def _by_library(low: float, high: float, stride: int, aligned: bool) -> tuple[float, float]:
    return span(low, high, 1 / stride, 0.5 if aligned else 0.0, 0.0 if aligned else 1.0)


def _remark(low: float, high: float, stride: int, aligned: bool) -> str:
    if not aligned and high - low < stride:
        return "This RoI is smaller than one cell."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the cells around their positions, with the right interval above and the learner's below."""
    intervals = {whose: pair for whose, pair in (("right", found.expected), ("yours", found.answer)) if pair}
    ends = [(start, start + extent) for start, extent in intervals.values()] or [(0.0, 1.0)]
    left, right = math.floor(min(low for low, _ in ends)) - 1, math.ceil(max(high for _, high in ends)) + 1
    fig, (axes,) = panels({"position on the feature map, in cells": (left - 0.6, -0.6, right + 0.6, 2.6)})
    fig.set_size_inches(4.8, 2.4)
    axes.set_aspect("auto")
    axes.set(yticks=[], xticks=range(left, right + 1, max(1, (right - left) // 8)))
    for j in range(left, right + 1) if right - left < 40 else ():
        edge = SHAPE_EDGE if j >= 0 else CELL_EDGE
        axes.add_patch(Rectangle((j - 0.5, -0.5), 1, 0.8, fill=False, edgecolor=edge))
    for row, (whose, (start, extent)) in enumerate(intervals.items()):
        draw_length(axes, start, start + extent, 1 + row, whose)
    if intervals:
        fig.legend(loc="outside lower right", fontsize=9, ncols=2)
    return fig


INTERVAL_ON_MAP = Exercise(
    id="3.1",
    title="The half pixel",
    difficulty=1,
    minutes=10,
    teaches="what a stride and the word aligned do to a box",
    statement="""
Write `interval_on_map(low, high, stride, aligned)`: where a RoI lies on the feature map, along one axis.

- `low <= high` are two opposite sides of the RoI, x1 and x2 or y1 and y2, in pixels of the image. `stride` is the
number of pixels per cell. Cell j covers the pixels from `j * stride` to `(j + 1) * stride`.
- Return `(start, extent)` in cells: the position of `low`, and the RoI's length. Neither is rounded.
- The operator says that cell j *stands at* position j. With `aligned=True` this means the cell's center, so that the
pixel coordinate `(j + 0.5) * stride` has the position j.
- With `aligned=False`, as first published, it means the cell's low side: `j * stride` has the position j. The extent is
then at least 1.
""",
    by_hand="Take a RoI from 40 to 88 at stride 16. 40 / 16 = 2.5 and 48 / 16 = 3. Pixel 40 is the center of cell 2. "
    "So with `aligned` = True the answer is `(2, 3)`, and with False it is `(2.5, 3)`.",
    worked=((40.0, 88.0, 16, True), (2.0, 3.0)),
    hints=(
        "Begin with `aligned=False`: from pixels to cells is one division. Keep the fraction.",
        (
            "With `aligned=True` the center of cell 0 has the position 0. In pixels this center is `0.5 * stride`. "
            "What must be taken away after the division?"
        ),
        (
            "The shift moves both ends of the RoI, so the extent does not change. And the smallest extent of 1 belongs "
            "to `aligned=False` alone: a small RoI stays small where it is aligned."
        ),
    ),
    solution=interval_on_map,
    explanation="Half a cell is `stride / 2` pixels of the image: 8 at stride 16. Whoever puts the one "
    "operator where a network was trained with the other moves all that it reads by so much. `aligned=False` is still "
    "torchvision's default, while detectron2 has `aligned=True`.",
    reference=_by_library,
    read=lambda answer: read_numbers(answer, 2, "two numbers (start, extent)"),
    remark=_remark,
    draw=_draw,
    examples=(
        (40.0, 88.0, 16, True),
        (40.0, 88.0, 16, False),
        (0.0, 32.0, 16, True),
        (137.2, 201.2, 16, True),
        (54.8, 150.8, 16, False),
        (24.0, 28.0, 8, False),
        (24.0, 28.0, 8, True),
        (-12.0, 20.0, 4, True),
        (7.0, 7.0, 2, False),
    ),
    inputs=st.builds(
        lambda low, length, stride, aligned: (float(low), float(low + length), stride, aligned),
        st.integers(-20, 60),
        st.integers(0, 60),
        STRIDES,
        st.booleans(),
    ),
)
