"""What the exercises of chapter 3 are tried on: small feature maps, RoIs and bins, written down or drawn.

What is drawn are whole numbers, halves and quarters, and bins and samples go by powers of two. So the positions of all
samples are exact, in whatever order they are computed, and no right answer fails by rounding at the border of the map.
Maps are seldom square and never constant on purpose, so that rows and columns cannot be mistaken for one another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
Bins = list[tuple[int, int]]
Size = tuple[int, int]
Given = TypeVar("Given", bound=tuple[Any, ...])
FloatArray = NDArray[np.float64]

SHAPES = st.sampled_from([(1, 2), (2, 1), (2, 3), (3, 2), (1, 1), (3, 4)])
"""Shapes of maps, of which those that a counterexample shrinks to come first."""

BINS = st.sampled_from([1, 2, 4])
SAMPLES = st.sampled_from([1, 2, 4])
STRIDES = st.sampled_from([1, 2, 4, 8])
STARTS = st.sampled_from([0.0, 1.0, 0.5, 0.25, -0.5, -1.0, 2.75, -2.25, 4.5])
EXTENTS = st.sampled_from([1.0, 2.0, 4.0, 0.5, 3.0, 0.25, 2.5, 7.0])
"""Where a RoI begins on the map and how far it reaches, in cells: inside, across the border, and outside."""


def grid(*rows: tuple[float, ...]) -> FloatArray:
    """Return a map or a matrix from its rows."""
    return np.array(rows, dtype=np.float64)


def _cut(shape: tuple[int, ...], values: tuple[float, ...]) -> FloatArray:
    return np.array(values[: int(np.prod(shape))], dtype=np.float64).reshape(shape)


def arrays(
    shapes: st.SearchStrategy[tuple[int, ...]], values: st.SearchStrategy[float], most: int
) -> st.SearchStrategy[FloatArray]:
    """Draw arrays of at most so many numbers; as many are drawn for each, which takes most of a search's time."""
    return st.builds(_cut, shapes, st.tuples(*[values] * most))


MAPS = arrays(SHAPES, st.integers(-3, 9).map(float), 12)
"""Feature maps `(H, W)` of small whole numbers."""

CHANNELS = arrays(
    st.builds(lambda shape, count: (count, *shape), SHAPES, st.integers(1, 2)), st.integers(-3, 9).map(float), 24
)
"""Feature maps `(C, H, W)` of one or two channels."""


_SLOPES = st.sampled_from([1.0, 2.0, 3.0, -1.0, 0.5, 0.0])


def grads(shapes: st.SearchStrategy[tuple[int, ...]]) -> st.SearchStrategy[FloatArray]:
    """Draw gradients with respect to an output of at most 4 by 4 bins, which shrink to ones."""
    return arrays(shapes, _SLOPES, 16)


def box_on_image(left: float, top: float, width: float, height: float, stride: int) -> Box:
    """Return the box, in pixels of the image, whose RoI (aligned) starts and reaches so far, in cells of the map."""
    x1, y1 = (left + 0.5) * stride, (top + 0.5) * stride
    return x1, y1, x1 + width * stride, y1 + height * stride


def _inside(features: FloatArray, rows: Bins, columns: Bins) -> tuple[FloatArray, Bins, Bins]:
    """Clip bins, drawn as first cell and length, to the map."""

    def clip(runs: Bins, size: int) -> Bins:
        return [(min(first, size), min(first + length, size)) for first, length in runs]

    height, width = features.shape
    return features, clip(rows, height), clip(columns, width)


_RUNS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1, 2, 3, 0])), min_size=1, max_size=3)

MAPS_AND_BINS = st.builds(_inside, arrays(SHAPES, st.sampled_from([0.0, 1.0, 2.0, -1.0, -3.0]), 12), _RUNS, _RUNS)
"""A map in which many cells are equal, the bins of its rows and those of its columns: some overlap, some are empty."""


def with_grads(
    given: st.SearchStrategy[Given], shape: Callable[[Given], tuple[int, ...]]
) -> st.SearchStrategy[tuple[Any, ...]]:
    """Draw some inputs with a gradient of at most 9 numbers before them, whose shape follows from them."""
    values = st.tuples(*[_SLOPES] * 9)
    return st.builds(lambda drawn, slopes: (_cut(shape(drawn), slopes), *drawn), given, values)
