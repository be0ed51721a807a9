"""The six classes of the generated world: their outlines, and how deep a point lies inside.

A class is drawn about the origin; `proportion`, from 0 to 1, makes its members differ: how wide a ring's hole is, how
pointed a star. Outlines are those of `silhouettes` where it has them. The painter wants the depth of every pixel, and
fast, so it has a formula of its own for each class; tests hold it against the outlines.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minimask.data import silhouettes
from minimask.data.silhouettes import Rings, placed
from minimask.geometry.checks import FloatArray

STEP = math.pi / 5
"""The angle between a star's tip and the notch beside it."""


class ShapeClass(NamedTuple):
    """A class of shapes."""

    rings: Callable[[float], Rings]
    """From the proportion to an outline and its holes."""
    depth: Callable[[FloatArray, FloatArray, float], FloatArray]
    """From points x, y and the proportion to their distance inside the outline, negative outside."""


def hole(proportion: float) -> float:
    """Return the radius of a ring's hole."""
    return 0.45 + 0.25 * proportion


def notch(proportion: float) -> float:
    """Return the radius at which a star's inner corners lie."""
    return 0.4 + 0.12 * proportion


def half_width(proportion: float) -> float:
    """Return half the width of a rectangle whose height is 2."""
    return 0.35 + 0.45 * proportion


def arm(proportion: float) -> float:
    """Return the width of an L's two arms; it is 2 high and 1.6 wide."""
    return 0.5 + 0.25 * proportion


def l_rings(proportion: float) -> Rings:
    """Return an L of two equally wide arms."""
    a = arm(proportion)
    return [np.array([[-0.8, -1], [a - 0.8, -1], [a - 0.8, 1 - a], [0.8, 1 - a], [0.8, 1], [-0.8, 1]])]


def _disc(x: FloatArray, y: FloatArray, _: float) -> FloatArray:
    return np.asarray(1 - np.sqrt(x * x + y * y))


def _ring(x: FloatArray, y: FloatArray, proportion: float) -> FloatArray:
    radius = np.sqrt(x * x + y * y)
    return np.asarray(np.minimum(1 - radius, radius - hole(proportion)))


def _triangle(x: FloatArray, y: FloatArray, _: float) -> FloatArray:
    return np.asarray(0.5 - np.maximum(y, math.sqrt(0.75) * np.abs(x) - 0.5 * y))


def _rectangle(x: FloatArray, y: FloatArray, proportion: float) -> FloatArray:
    return np.asarray(np.minimum(half_width(proportion) - np.abs(x), 1 - np.abs(y)))


def _l(x: FloatArray, y: FloatArray, proportion: float) -> FloatArray:
    a = arm(proportion)
    whole = np.minimum(0.8 - np.abs(x), 1 - np.abs(y))
    return np.asarray(np.minimum(whole, np.maximum(a - 0.8 - x, y - (1 - a))))


def _star(x: FloatArray, y: FloatArray, proportion: float) -> FloatArray:
    # Mirrors fold all ten halves of its tips onto the one between the tip (0, -1) and the notch to the right of it.
    cos, sin = math.cos(STEP), math.sin(STEP)
    x = np.abs(x)
    for _ in range(2):
        beyond = 2 * np.maximum(cos * x + sin * y, 0)
        x, y = np.abs(x - cos * beyond), y - sin * beyond
    right, down = sin * notch(proportion), 1 - cos * notch(proportion)
    length = math.hypot(right, down)
    edge = (right / length) * (y + 1) - (down / length) * x
    return np.asarray(np.minimum(edge, y + 1))  # nothing beyond the tip, however pointed it is


SHAPE_CLASSES: dict[str, ShapeClass] = {
    "disc": ShapeClass(lambda _: silhouettes.circle(), _disc),
    "triangle": ShapeClass(lambda _: silhouettes.regular(3), _triangle),
    "L": ShapeClass(l_rings, _l),
    "star": ShapeClass(lambda proportion: silhouettes.star(inner=notch(proportion)), _star),
    "ring": ShapeClass(lambda proportion: silhouettes.ring(hole(proportion)), _ring),
    "rectangle": ShapeClass(lambda proportion: silhouettes.bar(1 / half_width(proportion)), _rectangle),
}
"""The classes by name, in the order of their labels 1 to 6."""


class Shape(NamedTuple):
    """What is drawn: a whole object, also where others hide it."""

    name: str
    """Its class."""
    proportion: float
    """What its class leaves open, from 0 to 1."""
    angle: float
    """Degrees, clockwise on the screen."""
    scale: float
    """Pixels per unit of the outline."""
    center: tuple[float, float]
    """Where the outline's origin lies, x y in pixels."""
    box: tuple[float, float, float, float]
    """The tight box `x1 y1 x2 y2` of all of it, in pixels."""
    color: tuple[int, int, int] = (0, 0, 0)
    """The mean color of its palette, red green blue."""

    @property
    def rings(self) -> Rings:
        """Its outline and its holes, in pixels."""
        return placed(SHAPE_CLASSES[self.name].rings(self.proportion), self.angle, self.scale, self.center)

    @property
    def size(self) -> float:
        """The longest side of its box, in pixels."""
        x1, y1, x2, y2 = self.box
        return max(x2 - x1, y2 - y1)

    def depth(self, rows: slice, columns: slice) -> FloatArray:
        """Return how many pixels deep the center of every pixel of a window lies inside, negative outside."""
        angle = math.radians(self.angle)
        cos, sin = math.cos(angle), math.sin(angle)
        x = ((np.arange(columns.start, columns.stop) + (0.5 - self.center[0])) / self.scale).astype(np.float32)
        y = ((np.arange(rows.start, rows.stop) + (0.5 - self.center[1])) / self.scale).astype(np.float32)[:, None]
        along, across = cos * x + sin * y, cos * y - sin * x
        return SHAPE_CLASSES[self.name].depth(along, across, self.proportion) * self.scale

    def moved(self, x: float, y: float) -> Shape:
        """Return the same shape, moved so that its box begins at a point."""
        x1, y1, x2, y2 = self.box
        center = self.center[0] + x - x1, self.center[1] + y - y1
        return self._replace(center=center, box=(x, y, x + x2 - x1, y + y2 - y1))


def sized(name: str, proportion: float, angle: float, size: float) -> Shape:
    """Return a shape whose box has a given longest side."""
    outline, *_ = placed(SHAPE_CLASSES[name].rings(proportion), angle)
    (x1, y1), (x2, y2) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
    scale = size / max(x2 - x1, y2 - y1)
    return Shape(name, proportion, angle, scale, (0.0, 0.0), (scale * x1, scale * y1, scale * x2, scale * y2))
