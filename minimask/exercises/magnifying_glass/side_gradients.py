"""Exercise 3.9: how the output changes with the box."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_numbers
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import (
    BINS,
    EXTENTS,
    MAPS,
    SAMPLES,
    STARTS,
    STRIDES,
    Box,
    FloatArray,
    box_on_image,
    grads,
    grid,
)
from minimask.exercises.magnifying_glass.pictures import draw_map, draw_rim, draw_roi, draw_samples, on_map, sample_grid
from minimask.exercises.tables import draw_table, panels, room_of
from minimask.plots.show import styled
from minimask.roi.reference import roi_align_boxes_grad


def side_gradients(grad: np.ndarray, features: np.ndarray, box: Box, stride: int, samples: int) -> tuple[float, float]:
    """Return how a loss changes with x1 and x2 of a box in pixels, given `grad` `(PH, PW)` of RoIAlign's output."""

    def places(low: float, high: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
        t = (np.arange(bins * samples) + 0.5) / (bins * samples)  # from 0 at the low side to 1 at the high side
        return t, low / stride - 0.5 + t * (high - low) / stride

    x1, y1, x2, y2 = box
    (height, width), (rows, columns) = features.shape, grad.shape
    _, y = places(y1, y2, rows)
    t, x = places(x1, x2, columns)
    wy = np.maximum(1 - np.abs(np.clip(y, 0, height - 1)[:, None] - np.arange(height)), 0)
    wy[(y < -1) | (y > height)] = 0
    wy = wy.reshape(rows, samples, height).mean(axis=1)
    cells, low = np.arange(width), np.floor(x)[:, None]
    slopes = 1.0 * (cells == low + 1) - (cells == low)  # of each sample's weights, as the sample moves to the right
    slopes[(x < 0) | (x > width - 1)] = 0
    with_position = np.repeat(grad, samples, axis=1) / samples * (wy @ features @ slopes.T)  # (PH, PW * samples)
    per_sample = with_position.sum(axis=0)
    return float(np.sum((1 - t) * per_sample) / stride), float(np.sum(t * per_sample) / stride)


def _by_library(grad: FloatArray, features: FloatArray, box: Box, stride: int, samples: int) -> tuple[float, float]:
    roi = np.array([[0.0, *box]])
    by_side = roi_align_boxes_grad(grad[None, None], features[None, None], roi, 1 / stride, samples, True)[0]
    return float(by_side[0]), float(by_side[2])


def _between_cells(grad: FloatArray, features: FloatArray, box: Box, stride: int, samples: int) -> bool:  # noqa: ARG001
    """Return whether no sample lies at a cell's position or on the border, where the slope in x jumps."""
    x, _ = sample_grid(box, (grad.shape[0], grad.shape[1]), stride, samples)
    return bool((np.abs(x - np.round(x)) > 0.01).all())


def _remark(grad: FloatArray, features: FloatArray, box: Box, stride: int, samples: int) -> str:
    x, y = sample_grid(box, (grad.shape[0], grad.shape[1]), stride, samples)
    height, width = features.shape
    if min(x) < 0 or max(x) > width - 1:
        return "Some samples lie beyond the first or the last column."
    if min(y) < -1 or max(y) > height:
        return "Some samples lie more than one cell above or below the map."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the gradient of the output, and the map with the RoI and its samples."""
    grad, features, box, stride, samples = found.inputs
    (height, width), (left, top, roi_width, roi_height) = features.shape, on_map(box, stride)
    corners = [(-1.1, -1.1), (width + 0.1, height + 0.1), (left, top), (left + roi_width, top + roi_height)]
    fig, (beside, axes) = panels({"grad": room_of(grad.shape), "features": room_of(features.shape, corners)})
    draw_table(beside, grad)
    draw_map(axes, features)
    draw_rim(axes, height, width)
    draw_roi(axes, left, top, roi_width, roi_height)
    x, y = sample_grid(box, grad.shape, stride, samples)
    draw_samples(axes, *map(np.ravel, np.meshgrid(x, y)))
    return fig


SIDE_GRADIENTS = Exercise(
    id="3.9",
    title="How the output changes with the box",
    difficulty=5,
    minutes=40,
    teaches="the gradient that common libraries leave out: that of the box itself",
    statement="""
Write `side_gradients(grad, features, box, stride, samples)`: how a loss changes when the left or the right side of a
box moves, through RoIAlign.

- `features` is an array `(H, W)`, one channel. `box`, `stride` and `samples` are those of exercise 3.7, `aligned=True`.
- `grad` is an array `(PH, PW)`: how the loss changes with each number of RoIAlign's output.
- Return `(d/dx1, d/dx2)`, two numbers, per pixel of the image. The number of samples stays as it is.
- No sample lies exactly at a column's position or on the border, where the slope in x jumps.
""",
    by_hand="On `features` = `[(0, 4, 6)]` take the `box` = `(2.5, 0, 4.5, 2)` at `stride` 2, with one bin and "
    "`samples` = 1. The RoI goes from x = 0.75 to x = 1.75, and its one sample lies at 1.25, between 4 and 6, where "
    "the map rises by 2 per cell. If x1 alone moves by a pixel, the sample moves by half a pixel, which is a quarter "
    "of a cell: 2 * 0.25 = 0.5. For x2 it is the same. With `grad` = `[(3,)]` both are 3 * 0.5 = 1.5: `(1.5, 1.5)`.",
    worked=((grid((3,)), grid((0, 4, 6)), (2.5, 0.0, 4.5, 2.0), 2, 1), (1.5, 1.5)),
    hints=(
        (
            "Two steps, one after the other: how does a sample's value change when the sample moves to the right? And "
            "how does the sample move when a side does?"
        ),
        (
            "Between two columns the value changes by their difference, per cell. Beyond the first and the last column "
            "it does not change at all. A sample at the fraction t of the way from x1 to x2 lies at `(x1 + t * (x2 - "
            "x1)) / stride - 0.5`. What is the derivative of that with respect to x1, and to x2?"
        ),
        (
            "`(1 - t) / stride` and `t / stride`. In matrices: put -1 and +1 where Wx has the two weights `1 - f` and "
            "`f` of a sample, times one of these speeds, and divided by `samples` as before. With this dWx the answer "
            "is the sum of `grad * (Wy @ F @ dWx.T)`."
        ),
    ),
    solution=side_gradients,
    explanation="The numbers for x1 and x2 add up to what a shift of the whole box does. As a function of x1 the "
    "output is made of straight pieces, so the difference quotient with a small step is exact between their ends: a "
    "good way to check yourself. RoIPool has the gradient 0 here, wherever it has one, which is why a box cannot be "
    "learned through it. torchvision has no gradient for boxes at all.",
    reference=_by_library,
    read=lambda answer: read_numbers(answer, 2, "two numbers (d/dx1, d/dx2)"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (grid(*grad), grid(*values), tuple(map(float, box)), stride, samples)
        for grad, values, box, stride, samples in (
            (((1,),), ((0, 4, 6),), (1, 0, 2.5, 1), 1, 1),
            (((3,),), ((0, 4, 6),), (2.5, 0, 4.5, 2), 2, 1),
            (((1, 2),), ((0, 4, 6), (1, 2, 9)), (1, 0.5, 2.5, 1.5), 1, 1),
            (((1,), (2,)), ((1, 3, 2), (4, 8, 5)), (2.5, 1, 5, 4), 2, 2),
            (((2, -1),), ((1, 5), (4, 2), (0, 7)), (-1.5, 0.5, 3, 2.5), 1, 2),
            (((1, 1),), ((1, 5, 2), (4, 2, 8)), (1.25, -3, 2.5, 1), 1, 2),
            (((1,),), ((1, 5, 2), (4, 2, 8)), (1.25, -1, 2.5, 1), 1, 2),
            (((1,),), ((1, 5, 2), (4, 2, 8)), (1.25, -1.5, 2.5, 0.5), 1, 2),
        )
    ),
    inputs=st.builds(
        lambda output_size, features, left, top, width, height, stride, samples: (
            output_size,
            features,
            box_on_image(left, top, width, height, stride),
            stride,
            samples,
        ),
        grads(st.tuples(BINS, BINS)),
        MAPS,
        STARTS,
        STARTS,
        EXTENTS,
        EXTENTS,
        STRIDES,
        SAMPLES,
    ).filter(lambda given: _between_cells(*given)),
)
