"""Pictures of answers as tables: what was given, the right answer, and the learner's with its wrong numbers framed.

A cell is drawn around the position at which it stands: cell j from j - 1/2 to j + 1/2.
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

from minimask.exercises.answers import FloatArray, words, wrong_places
from minimask.exercises.check import Finding
from minimask.plots.show import styled
from minimask.plots.style import HIGHLIGHT, INK, SHAPE, TIGHT

CELL = 0.5
"""The width of a cell, in inches."""
CELL_EDGE = "#C3C9D2"
MOST_TICKS = 40
MOST_CELLS = 16
"""How much of an answer that is larger than the right one is drawn, along each side."""


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
        axes.set(xticks=_whole_numbers(left, right), yticks=_whole_numbers(top, bottom))
        axes.spines[:].set_visible(False)
        axes.tick_params(labelsize=8, length=0)
    return fig, list(grid.flat)


def _whole_numbers(low: float, high: float) -> range:
    """Return the whole numbers between two numbers, or some of them if they are many: an answer may be far away."""
    numbers = range(int(np.ceil(low)), int(np.floor(high)) + 1)
    return numbers[:: 1 + len(numbers) // MOST_TICKS]


def room_of(shape: tuple[int, ...], *points: ArrayLike) -> tuple[float, float, float, float]:
    """Return the box that a table (H, W) takes, with room for some points `(N, 2)` around it."""
    height, width = shape[-2:]
    corners = np.concatenate([[(-0.6, -0.6), (width - 0.4, height - 0.4)], *(np.reshape(p, (-1, 2)) for p in points)])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return left, top, right, bottom


def draw_table(axes: Axes, values: FloatArray) -> None:
    """Draw an array `(H, W)` as a table: its numbers, shaded by their size."""
    shade(axes, values)
    for (i, j), value in np.ndenumerate(values):
        axes.text(j, i, words(value, 3), ha="center", va="center", size=9, color=INK)


def shade(axes: Axes, values: FloatArray) -> None:
    """Draw the cells of an array `(H, W)`, shaded by the size of their numbers."""
    largest = max(float(np.abs(values).max(initial=0)), 1e-9)
    for (i, j), value in np.ndenumerate(values):
        color = to_rgba(SHAPE if value > 0 else TIGHT, 0.6 * abs(value) / largest)
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=color, edgecolor=CELL_EDGE, linewidth=1))


def _frame(axes: Axes, places: ArrayLike) -> None:
    """Draw a thick frame around some cells `(N, 2)`."""
    for i, j in np.asarray(places):
        axes.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=HIGHLIGHT, linewidth=2.5))


def channel_of_interest(found: Finding) -> int:
    """Return the first channel in which the learner's array `(C, H, W)` is wrong, or 0."""
    expected, answer = found.expected, found.answer
    if answer is None or expected is None or expected.shape != answer.shape:
        return 0
    return int(np.argmax(wrong_places(expected, answer).any(axis=(1, 2))))


def plane(array: FloatArray, channel: int) -> FloatArray:
    """Return one channel of an array `(C, H, W)`, or an array `(H, W)` as it is."""
    return array if array.ndim == 2 else array[min(channel, len(array) - 1)]


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
        yours = plane(found.answer, channel)
        if found.expected is not None and found.expected.shape == found.answer.shape:
            wrong = wrong_places(tables["right"], yours)
        elif max(yours.shape) > MOST_CELLS:
            yours = yours[:MOST_CELLS, :MOST_CELLS]
        tables["yours"] = yours
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
