"""Exercise 5.5: the target of the mask head."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import BoolArray, Box, FloatArray, floats
from minimask.exercises.tables import draw_answers, shade
from minimask.exercises.whole_machine.pictures import draw_mask_box
from minimask.plots.show import styled
from minimask.plots.style import INK, PAPER
from minimask.roi.reference import roi_align


def crop_mask(mask: np.ndarray, box: Box, size: int) -> np.ndarray:
    """Return what of a mask `(H, W)` lies in a box in pixels, as an array `(size, size)` with numbers from 0 to 1."""

    def weights(low: float, high: float, pixels: int) -> np.ndarray:
        centers = low + (np.arange(size) + 0.5) * (high - low) / size
        positions = np.clip(centers - 0.5, 0, pixels - 1)
        near: np.ndarray = np.maximum(1 - np.abs(positions[:, None] - np.arange(pixels)), 0)
        return near

    x1, y1, x2, y2 = box
    height, width = mask.shape
    target: np.ndarray = weights(y1, y2, height) @ mask @ weights(x1, x2, width).T
    return target


def _by_library(mask: BoolArray, box: Box, size: int) -> FloatArray:
    features = mask[None, None].astype(np.float64)
    target: FloatArray = roi_align(features, floats([(0, *box)]), (size, size), 1.0, 1, True)[0, 0].astype(np.float64)
    return target


def _centers(box: Box, size: int) -> tuple[FloatArray, FloatArray]:
    x1, y1, x2, y2 = box
    steps = (np.arange(size) + 0.5) / size
    return x1 + steps * (x2 - x1), y1 + steps * (y2 - y1)


def _remark(mask: BoolArray, box: Box, size: int) -> str:
    x, y = _centers(box, size)
    height, width = mask.shape
    if min(*x, *y) < 0.5 or max(x) > width - 0.5 or max(y) > height - 0.5:
        return "Some center of a cell lies within half a pixel of the border."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the mask with the box and the centers of the cells, the right target and the learner's."""
    mask, box, size = found.inputs

    def draw_pixels(axes: Axes, pixels: FloatArray) -> None:
        shade(axes, pixels)
        draw_mask_box(axes, box)
        x, y = (np.ravel(grid) - 0.5 for grid in np.meshgrid(*_centers(box, size)))
        axes.plot(x, y, "x", color=PAPER, markersize=8, markeredgewidth=4)
        axes.plot(x, y, "x", color=INK, markersize=6, markeredgewidth=1.8)

    return draw_answers(found, {"mask": mask.astype(float)}, draw_first=draw_pixels)[0]


_SHAPES = ((1, 2), (2, 1), (2, 3), (3, 2), (4, 3), (3, 4), (2, 2))
_RANGES = list(product((0.0, 1.0, 0.25, 1.5, 2.75), (2.0, 1.0, 4.0, 0.5, 1.5, 2.5)))


def _as_inputs(
    shape: tuple[int, int], bits: int, in_x: tuple[float, float], in_y: tuple[float, float], size: int
) -> tuple[BoolArray, Box, int]:
    """Make a mask from the digits of a whole number, and a box that ends with the picture where it is too long."""
    height, width = shape
    mask = np.array([bits >> k & 1 for k in range(height * width)], dtype=bool).reshape(shape)
    (x1, x2), (y1, y2) = (
        (min(low, pixels - 0.5), min(low + length, float(pixels)))
        for (low, length), pixels in ((in_x, width), (in_y, height))
    )
    return mask, (x1, y1, x2, y2), size


def _mask(rows: str) -> BoolArray:
    return np.array([[pixel == "#" for pixel in row] for row in rows.split()])


CROP_MASK = Exercise(
    id="5.5",
    title="What a mask should look like from its box",
    difficulty=3,
    minutes=20,
    teaches="where the centers of pixels and of cells lie, and half a pixel",
    statement="""
Write `crop_mask(mask, box, size)`: what the mask head should say of a RoI.

- `mask` is a Boolean array `(H, W)`, the true mask of the whole picture, which reads as 1 inside and 0 outside. Pixel
(row i, column j) is the square from x = j to j + 1 and from y = i to i + 1.
- `box` is a tuple `(x1, y1, x2, y2)` with `x1 < x2` and `y1 < y2`, in pixels, and lies within the picture. It is cut
into `size` by `size` cells, all of equal width and of equal height. Nothing is rounded.
- Each cell takes the mask's value at the cell's *center*.
- The value at a point is interpolated bilinearly between the *centers* of the four pixels around it. Between the border
of the picture and the centers of the outermost pixels, it is that of the outermost pixels.
- Return an array `(size, size)` with numbers from 0 to 1, the first row at the top of the box.
""",
    by_hand="""Let `box` = `(0.5, 0, 2.5, 2)` and `size` = 2 in this `mask`:

    . # # .
    . # . .
    . . . .

The cells are 1 by 1 pixels large. Their centers lie at x = 1 and x = 2, and at y = 0.5 and y = 1.5. In the first row,
x = 1 is halfway between the centers of pixel 0, outside, and pixel 1, inside: 0.5. At x = 2 both neighbors are inside.
In the second row x = 2 lies between inside and outside. `[(0.5, 1), (0.5, 0.5)]`.""",
    worked=((_mask(".##. .#.. ...."), (0.5, 0.0, 2.5, 2.0), 2), floats([(0.5, 1), (0.5, 0.5)])),
    hints=(
        (
            "One axis first. The box has `size` cells between x1 and x2: each is `(x2 - x1) / size` wide. Where is the "
            "center of cell j?"
        ),
        (
            "Pixel j has its center at `j + 0.5`. So the point x lies `x - 0.5` pixels behind the center of pixel 0: "
            "these are the positions in which `bilinear_sample` of exercise 3.2 thinks."
        ),
        (
            "`np.clip(position, 0, W - 1)` takes what lies before the first center, or behind the last, to it. Do that "
            "*before* you look for the two neighbors and for their weights. Rows go along y, with H, and columns along "
            "x."
        ),
    ),
    solution=crop_mask,
    explanation="This is RoIAlign of the mask with `aligned=True` and one sample per cell; where a box has more pixels "
    "than cells, the machine takes a sample for each pixel and averages them. Without the `- 0.5`, every target is "
    "shifted by half a pixel, downward and to the right, for objects of every size. The network learns what it is "
    "shown. On small objects that costs much of the mask AP, which this chapter measures.",
    reference=_by_library,
    read=lambda answer: read_array(answer, 2, "an array (size, size)"),
    compare=compare_arrays("row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (_mask(rows), tuple(map(float, box)), size)
        for rows, box, size in (
            (".... .##. ....", (1, 1, 3, 2), 1),
            (".... .##. .#.. ....", (1, 1, 3, 3), 2),
            (".##. .#.. ....", (0.5, 0, 2.5, 2), 2),
            ("...# ..## .###", (0, 0, 4, 3), 2),
            (".#.. ##.# ..#.", (0, 0, 4, 3), 4),
            ("##... ##... .....", (1.25, 0.5, 4.75, 2.75), 3),
            ("#. .#", (0, 0, 0.5, 2), 2),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        st.sampled_from(_SHAPES),
        st.integers(0, 2**12 - 1),
        st.sampled_from(_RANGES),
        st.sampled_from(_RANGES),
        st.sampled_from([1, 2, 4, 3]),
    ),
)
