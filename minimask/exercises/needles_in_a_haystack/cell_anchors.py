"""Exercise 2.2: the anchors of one cell."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.anchors import Level, Recipe
from minimask.exercises.answers import read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.needles_in_a_haystack.anchors import compare_anchors, draw_anchors
from minimask.exercises.needles_in_a_haystack.inputs import FloatArray, rows_of
from minimask.plots.show import styled
from minimask.plots.style import INK


def cell_anchors(sizes: tuple[float, ...], ratios: tuple[float, ...]) -> np.ndarray:
    """Return the anchors of one cell, around the origin, `(R * S, 4)`; a ratio is height / width."""
    anchors = []
    for ratio in ratios:
        for size in sizes:
            width, height = size / np.sqrt(ratio), size * np.sqrt(ratio)
            anchors.append((-width / 2, -height / 2, width / 2, height / 2))
    return np.array(anchors)


def _by_library(sizes: tuple[float, ...], ratios: tuple[float, ...]) -> FloatArray:
    recipe = Recipe("exercise", "One level.", (Level(1, sizes, ratios),), 0.5, "none", "nominal")
    return recipe.cell_anchors(0).astype(np.float64)


def _remark(sizes: tuple[float, ...], ratios: tuple[float, ...]) -> str:  # noqa: ARG001
    return "A ratio above 1 is upright, one below 1 lies." if len(ratios) == 1 != ratios[0] else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the anchors around the origin."""
    fig, axes = draw_anchors(found)
    axes.plot(0, 0, "+", color=INK, markersize=8, markeredgewidth=2)
    return fig


CELL_ANCHORS = Exercise(
    id="2.2",
    title="The anchors of one cell",
    difficulty=2,
    minutes=15,
    teaches="what the size and the ratio of an anchor mean, and in which order anchors come",
    statement="""
Write `cell_anchors(sizes, ratios)`: the anchors of one cell, as they lie around the point (0, 0).

- `sizes` is a tuple of S numbers, in pixels. An anchor of size s has the area `s * s`, whatever its ratio.
- `ratios` is a tuple of R numbers. The ratio of an anchor is its height divided by its width: 2 is upright, 0.5 lies.
- There is an anchor for each size and each ratio, with its center at (0, 0): first those of the first ratio, of all
sizes in their order; then those of the second ratio; and so on.
- Return an array `(R * S, 4)` with a row x1 y1 x2 y2 for each anchor. Nothing is rounded.
""",
    by_hand="`sizes` = `(8, 16)` and `ratios` = `(0.25, 1)`. The first anchor has the area 8 * 8 = 64 and is four "
    "times as wide as it is high: 16 by 4 = 64. The second has the area 256: 32 by 8 = 256. Then come the two squares. "
    "`[(-8, -2, 8, 2), (-16, -4, 16, 4), (-4, -4, 4, 4), (-8, -8, 8, 8)]`.",
    worked=(
        ((8.0, 16.0), (0.25, 1.0)),
        rows_of((-8, -2, 8, 2), (-16, -4, 16, 4), (-4, -4, 4, 4), (-8, -8, 8, 8)),
    ),
    hints=(
        (
            "Let w and h be the sides. You know two things of them: `w * h` is the area, `s * s`, and `h / w` is the "
            "ratio. Solve for w and h."
        ),
        (
            "The product of the two is `h * h`, so h is the root of `s * s * ratio`, which is `s * sqrt(ratio)`. What "
            "is w then? Check that `w * h` does not depend on the ratio."
        ),
        (
            "Around the origin an anchor goes from `-w / 2` to `w / 2`. And the loop over the ratios is the outer one, "
            "the loop over the sizes the inner one."
        ),
    ),
    solution=cell_anchors,
    explanation="The root is there to keep the area: with `w = s` and `h = s * ratio`, an upright anchor would be "
    "larger than a lying one, and the sizes would mean nothing. The order is a convention, but the network's outputs "
    "come in it: whoever has another one gives every prediction to the wrong anchor. Some libraries write the ratio as "
    "width / height.",
    reference=_by_library,
    read=lambda answer: read_array(answer, 2, "an array (R * S, 4)"),
    compare=compare_anchors,
    remark=_remark,
    draw=_draw,
    examples=(
        ((2.0,), (1.0,)),
        ((4.0,), (4.0,)),
        ((4.0, 8.0), (1.0,)),
        ((4.0,), (1.0, 4.0)),
        ((8.0, 16.0), (0.25, 1.0)),
        ((4.0, 6.0, 9.0), (0.5, 2.0)),
        ((32.0,), (0.5, 1.0, 2.0)),
    ),
    inputs=st.tuples(
        st.lists(st.sampled_from([2.0, 4.0, 8.0, 1.0, 5.0]), min_size=1, max_size=3).map(tuple),
        st.lists(st.sampled_from([1.0, 4.0, 0.25, 2.0, 3.0, 0.5]), min_size=1, max_size=3).map(tuple),
    ),
)
