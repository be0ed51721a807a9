"""The pictures of counterexamples of chapter 3: feature maps, and what lies on them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from minimask.exercises.answers import words
from minimask.exercises.magnifying_glass.inputs import Bins, Box, FloatArray
from minimask.exercises.tables import shade
from minimask.plots.style import BEST, INK, MUTED, PAPER, SHAPE_EDGE, YOURS
from minimask.roi.taps import sample_position, span


def draw_map(axes: Axes, features: FloatArray) -> None:
    """Draw a map `(H, W)` with its numbers in the corners of the cells, so that there is room for samples."""
    shade(axes, features)
    for (i, j), value in np.ndenumerate(features):
        axes.text(j - 0.44, i - 0.42, words(value, 3), ha="left", va="top", size=8, color=INK)


def draw_cells(axes: Axes, cells: FloatArray) -> None:
    """Draw the cells `(1, N)` of one axis, with their numbers in the corners."""
    shade(axes, 0 * cells)
    for j in range(cells.size):
        axes.text(j - 0.44, -0.42, str(j), ha="left", va="top", size=8, color=INK)


def draw_rim(axes: Axes, height: int, width: int) -> None:
    """Draw the rectangle from -1 to the size of the map, beyond which a sample is 0."""
    axes.add_patch(
        Rectangle((-1, -1), width + 1, height + 1, fill=False, edgecolor=MUTED, linestyle=":", linewidth=1.2)
    )


def draw_samples(axes: Axes, x: ArrayLike, y: ArrayLike) -> None:
    """Draw samples as crosses, dark on a light edge."""
    axes.plot(x, y, "x", color=PAPER, markersize=8, markeredgewidth=4)
    axes.plot(x, y, "x", color=INK, markersize=6, markeredgewidth=1.8)


def draw_roi(axes: Axes, left: float, top: float, width: float, height: float) -> None:
    """Draw a RoI, in cells of the map."""
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=SHAPE_EDGE, linewidth=2))


def draw_bins(axes: Axes, rows: Bins, columns: Bins) -> None:
    """Draw RoIPool's bins on a map, each a little within its cells, so that bins with a common cell are told apart."""
    bins = [(row, column) for row in rows for column in columns if row[0] < row[1] and column[0] < column[1]]
    for number, ((top, bottom), (left, right)) in enumerate(bins):
        inset = 0.06 + 0.05 * (number % 4)
        width, height = right - left - 2 * inset, bottom - top - 2 * inset
        corner = (left - 0.5 + inset, top - 0.5 + inset)
        axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=SHAPE_EDGE, linewidth=1.5))


def draw_length(axes: Axes, low: float, high: float, y: float, whose: str) -> None:
    """Draw an interval as a bar, solid where it is right and dotted where it is the learner's."""
    color, style = (BEST, "solid") if whose == "right" else (YOURS, (0, (1, 1)))
    axes.plot([low, high], [y, y], color=color, linestyle=style, linewidth=4, solid_capstyle="butt", label=whose)
    axes.plot([low, high], [y, y], "|", color=color, markersize=11, markeredgewidth=2)


def on_map(box: Box, stride: int) -> tuple[float, float, float, float]:
    """Return where the RoI of a box in pixels starts, and its extents (aligned): left, top, width, height."""
    (left, width), (top, height) = (span(box[k], box[k + 2], 1 / stride, 0.5, 0.0) for k in (0, 1))
    return left, top, width, height


def sample_grid(box: Box, output_size: tuple[int, ...], stride: int, samples: int) -> tuple[FloatArray, FloatArray]:
    """Return the positions of RoIAlign's columns and of its rows of samples, in cells."""
    left, top, width, height = on_map(box, stride)
    x, y = (
        np.array([sample_position(start, extent / bins, p, i, samples) for p in range(bins) for i in range(samples)])
        for start, extent, bins in ((left, width, output_size[1]), (top, height, output_size[0]))
    )
    return x, y
