"""Exercise 3.6: the weights of one axis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import BINS, EXTENTS, STARTS, FloatArray, grid
from minimask.exercises.magnifying_glass.pictures import draw_cells, draw_samples
from minimask.exercises.tables import draw_answers
from minimask.plots.show import styled
from minimask.plots.style import SHAPE_EDGE
from minimask.roi.reference import axis_weights
from minimask.roi.taps import sample_position, samples_per_bin


def weights_matrix(start: float, extent: float, bins: int, samples: int, size: int) -> np.ndarray:
    """Return RoIAlign's weights along one axis, an array `(bins, size)`: how much each bin takes of each cell."""
    n = samples if samples > 0 else int(np.ceil(extent / bins))
    weights = np.zeros((bins, size))
    for p in range(bins):
        for i in range(n):
            position = start + (p + (i + 0.5) / n) * extent / bins
            if -1 <= position <= size:
                position = min(max(position, 0.0), size - 1.0)
                low = int(position)
                weights[p, low] += (low + 1 - position) / n
                weights[p, min(low + 1, size - 1)] += (position - low) / n
    return weights


def _by_library(start: float, extent: float, bins: int, samples: int, size: int) -> FloatArray:
    low, high = np.float64(start + 0.5), np.float64(start + 0.5 + extent)
    return axis_weights(low, high, size, bins, 1.0, samples, True).astype(np.float64)


def _positions(start: float, extent: float, bins: int, samples: int, size: int) -> FloatArray:  # noqa: ARG001
    n = int(samples_per_bin(extent, bins, samples))
    return np.array([sample_position(start, extent / bins, p, i, n) for p in range(bins) for i in range(n)])


def _remark(start: float, extent: float, bins: int, samples: int, size: int) -> str:
    positions = _positions(start, extent, bins, samples, size)
    if ((positions < -1) | (positions > size)).any():
        return "Some samples lie more than one cell beyond the border: they weigh nothing, but are counted."
    if ((positions < 0) | (positions > size - 1)).any():
        return "Some samples lie beyond the last or the first cell, but by no more than 1."
    return f"A bin takes {len(positions) // bins} samples." if samples <= 0 else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the cells of the axis with the bins and the samples on them, and the weights beneath."""
    start, extent, bins, _, size = found.inputs
    positions = _positions(*found.inputs)
    around = [(min(start, -1.0) - 0.2, -1.2), (max(start + extent, size) + 0.2, 0.6)]
    cells = {"cells, bins and samples": np.zeros((1, size))}
    fig, (axes, *_) = draw_answers(found, cells, around, draw_first=draw_cells, beneath=True)
    axes.set_yticks([])
    for p in range(bins):
        low = start + p * extent / bins
        axes.plot([low, low + extent / bins], [-0.7, -0.7], "|-", color=SHAPE_EDGE, markersize=9, markeredgewidth=2)
        axes.text(low + extent / bins / 2, -0.78, f"bin {p}", ha="center", va="bottom", size=8, color=SHAPE_EDGE)
    draw_samples(axes, positions, np.full(len(positions), 0.2))
    return fig


WEIGHTS_MATRIX = Exercise(
    id="3.6",
    title="The weights of one axis",
    difficulty=3,
    minutes=30,
    teaches="where RoIAlign's samples lie, and how they become one small matrix",
    statement="""
Write `weights_matrix(start, extent, bins, samples, size)`: how much each bin of RoIAlign takes of each cell of one
axis.

- The RoI begins at `start` and is `extent > 0` long, in cells, as your `interval_on_map` gives them. It is cut into
`bins` bins of equal length. Nothing is rounded.
- Each bin takes `samples` samples. With `samples = 0` it takes as many as it has cells: `extent / bins`, rounded up.
They lie in the middle of as many equal parts of the bin: one sample in the bin's middle, two at 1/4 and 3/4 of it.
- A sample reads the axis as in exercise 3.2: it weighs the two cells beside it by nearness; up to one cell beyond the
border it reads the last cell; farther out, below -1 or above `size`, it reads nothing.
- A bin is the mean of its samples. Those that read nothing are counted.
- Return an array `(bins, size)`.
""",
    by_hand="start = 0.5, extent = 2, bins = 1, samples = 2, size = 4: the samples lie at 0.5 + 0.5 = 1 and 0.5 + 1.5 "
    "= 2. The first reads cell 1, the second cell 2, each with the weight 1. Their mean is `[(0, 0.5, 0.5, 0)]`.",
    worked=((0.5, 2.0, 1, 2, 4), grid((0, 0.5, 0.5, 0))),
    hints=(
        (
            "Positions first. Bin p begins at `start + p * extent / bins`. Sample i of n lies at the fraction "
            "`(i + 0.5) / n` of the bin. Print them for the example, before you go on."
        ),
        (
            "Each sample adds two numbers to its bin's row: `(1 - f) / n` at the cell before it and `f / n` at the "
            "cell after. What are the two if the sample lies beyond the border?"
        ),
        (
            "Inside, each row sums to 1. Divide by n, also where some samples read nothing: such a row sums to less. "
            "And both cells may be the same one, at the border: add with `+=`."
        ),
    ),
    solution=weights_matrix,
    explanation="A sample in the plane reads four cells, each with the weight of its row times that of its column. The "
    "mean over a grid of samples is the mean along y of means along x. So all that RoIAlign knows of a RoI's geometry "
    "is in two such matrices, one for each axis, and they are the same for all channels.",
    reference=_by_library,
    read=lambda answer: read_array(answer, 2, "an array (bins, size)"),
    compare=compare_arrays("bin", "cell"),
    remark=_remark,
    draw=_draw,
    examples=(
        (1.0, 2.0, 2, 1, 4),
        (0.5, 2.0, 1, 2, 4),
        (0.0, 3.0, 2, 1, 5),
        (0.25, 4.0, 2, 2, 6),
        (0.5, 3.0, 1, 0, 5),
        (0.0, 2.5, 2, 0, 4),
        (-1.0, 2.0, 2, 2, 3),
        (1.0, 3.0, 2, 2, 3),
        (-3.0, 4.0, 1, 2, 3),
    ),
    inputs=st.tuples(STARTS, EXTENTS, BINS, st.sampled_from([1, 2, 0, 4]), st.integers(1, 5)),
)
