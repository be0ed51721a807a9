"""The pictures of counterexamples of chapter 3: maps as tables of numbers, and what lies on them.

A cell is drawn around the position at which the operators take it to stand: cell j from j - 1/2 to j + 1/2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from minimask.exercises.answers import words, wrong_places
from minimask.exercises.check import Finding
from minimask.exercises.magnifying_glass.inputs import Bins, Box, FloatArray
from minimask.plots.show import styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS
from minimask.roi.taps import sample_position, span

CELL = 0.5
"""The width of a cell, in inches."""
CELL_EDGE = "#C3C9D2"


@styled
def panels(rooms: Mapping[str, tuple[float, float, float, float]], beneath: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure with an axes for each title, side by side or one beneath the other, each with room for a box.

    Parameters
    ----------
    rooms : title -> (left, top, right, bottom)
        What the axes show, in cells; all have the same scale, and y points down.
    beneath : bool
        Whether the second axes stands beneath the first.
    """
    widths = [right - left for left, _, right, _ in rooms.values()]
    heights = [bottom - top for _, top, _, bottom in rooms.values()]
    layout = ConstrainedLayoutEngine(h_pad=0.12)  # room above the titles
    if beneath:
        fig = Figure(
            layout=layout, figsize=(max(CELL * max(widths), 1.8) + 0.8, CELL * sum(heights) + 0.8 * len(rooms))
        )
        grid = fig.subplots(len(rooms), 1, squeeze=False, height_ratios=heights)
    else:
        fig = Figure(
            layout=layout, figsize=(max(CELL * sum(widths), 1.2) + 0.8 * len(rooms), CELL * max(heights) + 1.1)
        )
        grid = fig.subplots(1, len(rooms), squeeze=False, width_ratios=widths)
    for axes, (title, (left, top, right, bottom)) in zip(grid.flat, rooms.items(), strict=True):
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        axes.set_title(title, size=10)
        axes.set_xticks(range(int(np.ceil(left)), int(np.floor(right)) + 1))
        axes.set_yticks(range(int(np.ceil(top)), int(np.floor(bottom)) + 1))
        axes.spines[:].set_visible(False)
        axes.tick_params(labelsize=8, length=0)
    return fig, list(grid.flat)


def room_of(shape: tuple[int, ...], *points: ArrayLike) -> tuple[float, float, float, float]:
    """Return the box that a table (H, W) takes, with room for some points `(N, 2)` around it."""
    height, width = shape[-2:]
    corners = np.concatenate([[(-0.6, -0.6), (width - 0.4, height - 0.4)], *(np.reshape(p, (-1, 2)) for p in points)])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return left, top, right, bottom


def draw_table(axes: Axes, values: FloatArray) -> None:
    """Draw an array `(H, W)` as a table: its numbers, shaded by their size."""
    _shade(axes, values)
    for (i, j), value in np.ndenumerate(values):
        axes.text(j, i, words(value, 3), ha="center", va="center", size=9, color=INK)


def draw_map(axes: Axes, features: FloatArray) -> None:
    """Draw a map `(H, W)` with its numbers in the corners of the cells, so that there is room for samples."""
    _shade(axes, features)
    for (i, j), value in np.ndenumerate(features):
        axes.text(j - 0.44, i - 0.42, words(value, 3), ha="left", va="top", size=8, color=INK)


def draw_cells(axes: Axes, cells: FloatArray) -> None:
    """Draw the cells `(1, N)` of one axis, with their numbers in the corners."""
    _shade(axes, 0 * cells)
    for j in range(cells.size):
        axes.text(j - 0.44, -0.42, str(j), ha="left", va="top", size=8, color=INK)


def _shade(axes: Axes, values: FloatArray) -> None:
    largest = max(float(np.abs(values).max(initial=0)), 1e-9)
    for (i, j), value in np.ndenumerate(values):
        shade = to_rgba(SHAPE if value > 0 else TIGHT, 0.6 * abs(value) / largest)
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=shade, edgecolor=CELL_EDGE, linewidth=1))


def _frame(axes: Axes, places: ArrayLike) -> None:
    """Draw a thick frame around some cells `(N, 2)`."""
    for i, j in np.asarray(places):
        axes.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=HIGHLIGHT, linewidth=2.5))


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


def channel_of_interest(found: Finding) -> int:
    """Return the first channel in which the learner's array `(C, H, W)` is wrong, or 0."""
    expected, answer = found.expected, found.answer
    if answer is None or expected is None or expected.shape != answer.shape:
        return 0
    return int(np.argmax(wrong_places(expected, answer).any(axis=(1, 2))))


def plane(array: FloatArray, channel: int) -> FloatArray:
    """Return one channel of an array `(C, H, W)`, or an array `(H, W)` as it is."""
    return array if array.ndim == 2 else array[min(channel, len(array) - 1)]


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


@styled
def draw_answers(
    found: Finding,
    given: Mapping[str, FloatArray],
    *points: ArrayLike,
    draw_first: Callable[[Axes, FloatArray], None] = draw_table,
    beneath: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Draw tables of what was given, of the right answer, and of the learner's with its wrong numbers framed.

    Parameters
    ----------
    found : Finding
        Its `expected` and `answer` are arrays `(H, W)` or `(C, H, W)`, or None.
    given : title -> array
        The tables to begin with.
    *points : array (N, 2)
        What the first table leaves room for.
    draw_first : callable
        How the first table is drawn.
    beneath : bool
        Whether the tables stand one beneath the other, with their columns in line.
    """
    channel = channel_of_interest(found) if np.ndim(found.expected) == 3 else 0
    tables = {title: plane(array, channel) for title, array in given.items()}
    wrong = np.zeros((0, 0), dtype=bool)
    if found.expected is not None:
        tables["right"] = plane(found.expected, channel)
    if found.answer is not None and found.answer.size:
        tables["yours"] = plane(found.answer, channel)
        if found.expected is not None and found.expected.shape == found.answer.shape:
            wrong = wrong_places(tables["right"], tables["yours"])
    first = next(iter(tables))
    rooms = {title: room_of(table.shape, *(points if title == first else ())) for title, table in tables.items()}
    if beneath:
        left, right = min(room[0] for room in rooms.values()), max(room[2] for room in rooms.values())
        rooms = {title: (left, top, right, bottom) for title, (_, top, _, bottom) in rooms.items()}
    fig, all_axes = panels(rooms, beneath)
    for axes, (title, table) in zip(all_axes, tables.items(), strict=True):
        (draw_first if title == first else draw_table)(axes, table)
        if title == "yours":
            _frame(axes, np.argwhere(wrong))
    return fig, all_axes
