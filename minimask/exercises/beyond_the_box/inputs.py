"""What the exercises of chapter 1 are tried on: boxes, masks and polygons, written down or drawn.

What is drawn are halves and quarters: sums and products of them are exact, so that no right answer fails by rounding,
and they are not all whole numbers, so that no wrong answer passes by being rounded.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from minimask.geometry.polygons import polygon_area

Box = tuple[float, float, float, float]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def box(x1: float, y1: float, width: float, height: float) -> Box:
    """Return a box as a tuple of floats."""
    return float(x1), float(y1), float(x1 + width), float(y1 + height)


def mask_of(*rows: str) -> BoolArray:
    """Return a mask from rows of ``#`` (inside) and ``.`` (outside)."""
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def _mask_with(pixels: list[tuple[int, int]], below: int, beside: int) -> BoolArray:
    """Return a mask just large enough for some pixels, or larger by a row below them or a column beside them."""
    rows, columns = (max((pixel[axis] for pixel in pixels), default=0) + 1 for axis in (0, 1))
    mask = np.zeros((min(rows + below, 6), min(columns + beside, 6)), dtype=bool)
    for pixel in pixels:
        mask[pixel] = True
    return mask


def is_simple(polygon: FloatArray) -> bool:
    """Return whether a polygon has an area and neither crosses nor touches itself."""
    try:
        return polygon_area(polygon) > 0
    except ValueError:
        return False


def polygons(step: float) -> st.SearchStrategy[FloatArray]:
    """Draw polygons `(N, 2)` of 3 to 6 vertices on squared paper, of either winding, some around the origin."""
    places = [(x, y) for x in range(-1, 5) for y in range(-1, 5)]
    places.sort(key=lambda place: (min(place) < 0, max(place)))  # the first are those that a counterexample shrinks to
    corners = st.lists(st.sampled_from(places), min_size=3, max_size=6, unique=True)
    return corners.map(lambda corners: np.array(corners) * step).filter(is_simple)


_STARTS = st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0, 2.75, 10.25])
_SIZES = st.sampled_from([1.0, 2.0, 3.0, 0.5, 2.25, 0.0])

BOXES = st.builds(box, _STARTS, _STARTS, _SIZES, _SIZES)
"""Boxes of which many overlap, some touch, and some have no area."""

BOXES_BETWEEN = st.builds(
    lambda x1, y1, columns, rows: box(x1 + 0.25, y1 + 0.25, columns + 0.5, rows + 0.5),
    *(st.integers(0, 4),) * 2,
    *(st.integers(0, 3),) * 2,
)
"""Boxes with an area, of which no side lies on a line of the squared paper."""

_PIXELS = sorted(((i, j) for i in range(6) for j in range(6)), key=max)

MASKS = st.builds(_mask_with, st.lists(st.sampled_from(_PIXELS), max_size=24, unique=True), *(st.integers(0, 1),) * 2)
"""Masks of at most 6 by 6 pixels, the empty ones among them."""
