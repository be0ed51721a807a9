"""The six classes of the generated world: their outlines, and how deep a point lies inside.

A class is drawn about the origin; `proportion`, from 0 to 1, makes its members differ: how wide a ring's hole is, how
pointed a star. Outlines are those of `silhouettes` where it has them. The depths serve the painter, who needs them for
every pixel and fast; tests hold them against the outlines.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.data import silhouettes
from minimask.data.silhouettes import Rings

Field = NDArray[np.float32]

STEP = math.pi / 5
"""The angle between a star's tip and the notch beside it."""


class ShapeClass(NamedTuple):
    """A class of shapes."""

    rings: Callable[[float], Rings]
    """From the proportion to an outline and its holes."""
    depth: Callable[[Field, Field, float], Field]
    """From points x, y of one shape and the proportion to their distance inside the outline, negative outside."""


def _between(least: float, most: float, proportion: float) -> float:
    return least + (most - least) * proportion


def hole(proportion: float) -> float:
    """Return the radius of a ring's hole."""
    return _between(0.45, 0.7, proportion)


def notch(proportion: float) -> float:
    """Return the radius at which a star's inner corners lie."""
    return _between(0.4, 0.52, proportion)


def half_width(proportion: float) -> float:
    """Return half the width of a rectangle whose height is 2."""
    return _between(0.35, 0.85, proportion)


def arm(proportion: float) -> float:
    """Return the width of an L's two arms; it is 2 high and 1.6 wide."""
    return _between(0.5, 0.75, proportion)


def l_rings(proportion: float) -> Rings:
    """Return an L of two equally wide arms."""
    a = arm(proportion)
    return [np.array([[-0.8, -1], [a - 0.8, -1], [a - 0.8, 1 - a], [0.8, 1 - a], [0.8, 1], [-0.8, 1]])]


def _disc(x: Field, y: Field, proportion: float) -> Field:
    return 1 - np.sqrt(x * x + y * y)


def _ring(x: Field, y: Field, proportion: float) -> Field:
    radius = np.sqrt(x * x + y * y)
    return np.minimum(1 - radius, radius - hole(proportion))


def _triangle(x: Field, y: Field, proportion: float) -> Field:
    return 0.5 - np.maximum(y, math.sqrt(0.75) * np.abs(x) - 0.5 * y)


def _rectangle(x: Field, y: Field, proportion: float) -> Field:
    return np.minimum(half_width(proportion) - np.abs(x), 1 - np.abs(y))


def _l(x: Field, y: Field, proportion: float) -> Field:
    a = arm(proportion)
    whole = np.minimum(0.8 - np.abs(x), 1 - np.abs(y))
    return np.minimum(whole, np.maximum(a - 0.8 - x, y - (1 - a)))


def _star(x: Field, y: Field, proportion: float) -> Field:
    # Mirrors fold all ten halves of its tips onto the one between the tip (0, -1) and the notch to the right of it.
    cos, sin = math.cos(STEP), math.sin(STEP)
    x = np.abs(x)
    for _ in range(2):
        beyond = 2 * np.maximum(cos * x + sin * y, 0)
        x, y = np.abs(x - cos * beyond), y - sin * beyond
    right, down = sin * notch(proportion), 1 - cos * notch(proportion)
    length = math.hypot(right, down)
    return (right / length) * (y + 1) - (down / length) * x


SHAPE_CLASSES: dict[str, ShapeClass] = {
    "disc": ShapeClass(lambda _: silhouettes.circle(), _disc),
    "triangle": ShapeClass(lambda _: silhouettes.regular(3), _triangle),
    "L": ShapeClass(l_rings, _l),
    "star": ShapeClass(lambda proportion: silhouettes.star(inner=notch(proportion)), _star),
    "ring": ShapeClass(lambda proportion: silhouettes.ring(hole(proportion)), _ring),
    "rectangle": ShapeClass(lambda proportion: silhouettes.bar(1 / half_width(proportion)), _rectangle),
}
"""The classes by name, in the order of their labels 1 to 6."""


def extent(name: str, proportion: float, cos: float, sin: float) -> tuple[float, float, float, float]:
    """Return the tight box `x1 y1 x2 y2` of a class's member after a turn, about the origin."""
    if name in ("disc", "ring"):
        return -1.0, -1.0, 1.0, 1.0
    corners = _corners(name, proportion)
    xs = [cos * x - sin * y for x, y in corners]
    ys = [sin * x + cos * y for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _corners(name: str, proportion: float) -> list[tuple[float, float]]:
    """Return the corners that may touch the tight box of a shape without curves."""
    if name == "rectangle":
        half = half_width(proportion)
        return [(-half, -1), (half, -1), (half, 1), (-half, 1)]
    if name == "L":
        a = arm(proportion)
        return [(-0.8, -1), (a - 0.8, -1), (0.8, 1 - a), (0.8, 1), (-0.8, 1)]
    return TIPS[name]


TIPS = {
    "triangle": [(0.0, -1.0), (math.sqrt(0.75), 0.5), (-math.sqrt(0.75), 0.5)],
    "star": [(math.sin(2 * STEP * k), -math.cos(2 * STEP * k)) for k in range(5)],
}
