"""Exercise 3.7: RoIAlign of one RoI."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.magnifying_glass.inputs import (
    BINS,
    CHANNELS,
    EXTENTS,
    SAMPLES,
    STARTS,
    STRIDES,
    Box,
    FloatArray,
    Size,
    box_on_image,
    grid,
)
from minimask.exercises.magnifying_glass.pictures import draw_map, draw_rim, draw_roi, draw_samples, on_map, sample_grid
from minimask.exercises.tables import channel_of_interest, draw_answers, plane
from minimask.plots.show import styled
from minimask.roi.reference import roi_align


def align_roi(features: np.ndarray, box: Box, output_size: tuple[int, int], stride: int, samples: int) -> np.ndarray:
    """Return RoIAlign (aligned) of one box in pixels on a map `(C, H, W)`: an array `(C, PH, PW)`."""

    def weights(low: float, high: float, bins: int, size: int) -> np.ndarray:
        start, extent = low / stride - 0.5, (high - low) / stride
        positions = start + (np.arange(bins * samples) + 0.5) * extent / (bins * samples)
        distances = np.abs(np.clip(positions, 0, size - 1)[:, None] - np.arange(size))
        near = np.maximum(1 - distances, 0)
        near[(positions < -1) | (positions > size)] = 0
        means: np.ndarray = near.reshape(bins, samples, size).mean(axis=1)
        return means

    x1, y1, x2, y2 = box
    _, height, width = features.shape
    wy = weights(y1, y2, output_size[0], height)
    wx = weights(x1, x2, output_size[1], width)
    output: np.ndarray = wy @ features @ wx.T
    return output


def _by_library(features: FloatArray, box: Box, output_size: Size, stride: int, samples: int) -> FloatArray:
    roi = np.array([[0.0, *box]])
    output: FloatArray = roi_align(features[None], roi, output_size, 1 / stride, samples, True)[0].astype(np.float64)
    return output


def _remark(features: FloatArray, box: Box, output_size: Size, stride: int, samples: int) -> str:
    x, y = sample_grid(box, output_size, stride, samples)
    _, height, width = features.shape
    if min(*x, *y) < -1 or max(x) > width or max(y) > height:
        return "Some samples lie more than one cell beyond the border."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw a channel of the map with the RoI and its samples, the right output and the learner's."""
    features, box, output_size, stride, samples = found.inputs
    channel = channel_of_interest(found)
    left, top, width, height = on_map(box, stride)
    rim = [(-1.1, -1.1), (features.shape[2] + 0.1, features.shape[1] + 0.1)]
    corners = [(left - 0.1, top - 0.1), (left + width + 0.1, top + height + 0.1)]
    shown = {f"channel {channel}": plane(features, channel)}
    fig, (axes, *_) = draw_answers(found, shown, rim, corners, draw_first=draw_map)
    draw_rim(axes, features.shape[1], features.shape[2])
    draw_roi(axes, left, top, width, height)
    draw_samples(axes, *map(np.ravel, np.meshgrid(*sample_grid(box, output_size, stride, samples))))
    return fig


ALIGN_ROI = Exercise(
    id="3.7",
    title="RoIAlign of one RoI",
    difficulty=4,
    minutes=30,
    teaches="that RoIAlign is two matrix products",
    statement="""
Write `align_roi(features, box, output_size, stride, samples)`: RoIAlign's output for one RoI, with `aligned=True`.

- `features` is an array `(C, H, W)`. `box` is a tuple `(x1, y1, x2, y2)` with `x1 < x2` and `y1 < y2`, in pixels of the
image. `stride` is the number of pixels per cell.
- `output_size` is `(PH, PW)`, the number of bins along y and along x. Each bin takes `samples` by `samples` samples,
and `samples` is at least 1.
- Let Wy `(PH, H)` be the weights along y and Wx `(PW, W)` those along x, as in exercise 3.6. Then each channel's output
is the product `Wy @ F @ Wx.T`.
- Return an array `(C, PH, PW)`. Your functions of exercises 3.1 and 3.6 may help.
""",
    by_hand="""On one channel, `[[(0, 4, 2), (8, 20, 6)]]`, the `box` = `(2, 2, 6, 4)` at `stride` 2 begins at x = 0.5,
y = 0.5 and is 2 by 1 cells large. With `output_size` = `(1, 2)` and `samples` = 1 the samples lie at x = 1 and x =
2, both at y = 1. They read the cells 20 and 6: `[[(20, 6)]]`.""",
    worked=(
        (grid((0, 4, 2), (8, 20, 6))[None], (2.0, 2.0, 6.0, 4.0), (1, 2), 2, 1),
        grid((20, 6))[None],
    ),
    hints=(
        (
            "The two axes are alike. Write, or take from exercise 3.6, one function for an axis, and call it twice: "
            "with y1, y2, PH, H and with x1, x2, PW, W."
        ),
        (
            "From pixels to cells: `low / stride - 0.5` and `(high - low) / stride`, as in exercise 3.1 with "
            "`aligned=True`."
        ),
        (
            "`wy @ features @ wx.T` does all channels at once: `@` multiplies the last two axes and leaves the others "
            "alone. If the shapes do not fit, print them: `(PH, H) @ (C, H, W) @ (W, PW)`."
        ),
    ),
    solution=align_roi,
    explanation="`max(1 - distance, 0)` is a tent over each sample: 1 at the sample's own position, 0 at a distance of "
    "one cell. Its values at the cells are the two weights of linear interpolation, found for all samples and cells at "
    "once. For C channels the two matrices are made once, where four neighbors for every sample would be looked up C "
    "times: this is how minimask computes it.",
    reference=_by_library,
    read=lambda answer: read_array(answer, 3, "an array (C, PH, PW)"),
    compare=compare_arrays("channel", "row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (np.array(values, dtype=np.float64), tuple(map(float, box)), output_size, stride, samples)
        for values, box, output_size, stride, samples in (
            ([[(1, 5), (3, 9)]], (0, 0, 2, 2), (2, 2), 1, 1),
            ([[(0, 4, 2), (8, 20, 6)]], (2, 2, 6, 4), (1, 2), 2, 1),
            ([[(0, 4, 2), (8, 20, 6)]], (1, 1, 3, 2), (1, 1), 1, 2),
            ([[(1, 2, 4), (3, 7, 8)], [(2, 0, 1), (5, 1, 0)]], (2, 3, 10, 7), (2, 1), 4, 2),
            ([[(1, 2), (4, 3), (7, 8)]], (0.5, 0.25, 1.75, 2.75), (4, 2), 1, 1),
            ([[(1, 2, 4), (3, 7, 8)]], (-16, -8, 16, 24), (2, 2), 8, 2),
            ([[(1, 2), (4, 3), (7, 8)]], (-5, 0, 3, 3), (1, 2), 1, 4),
        )
    ),
    inputs=st.builds(
        lambda features, left, top, width, height, output_size, stride, samples: (
            features,
            box_on_image(left, top, width, height, stride),
            output_size,
            stride,
            samples,
        ),
        CHANNELS,
        STARTS,
        STARTS,
        EXTENTS,
        EXTENTS,
        st.tuples(BINS, BINS),
        STRIDES,
        SAMPLES,
    ),
)
