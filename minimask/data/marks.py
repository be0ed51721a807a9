"""Clutter of the generated world: marks that belong to no class, ready to be stamped into a picture.

Lines, arcs, squiggles, dots, specks, crosses and crescents. A mark is how much it covers of every pixel in a small
window, from 0 to 256; like the tiles of the textures, all marks are made once.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from minimask.data.textures import PACKED, Packed, blend, object_palettes
from minimask.geometry.checks import FloatArray

COPIES = 40
"""Marks of each kind."""


@cache
def marks() -> tuple[Packed, ...]:
    """Return the marks: arrays (h, w) of covers from 0 to 256."""
    rng = np.random.default_rng(22)
    kinds = [line, line, arc, squiggle, dots, specks, cross, crescent]
    return tuple(_trimmed(kind(rng)) for kind in kinds for _ in range(COPIES))


def _trimmed(depth: FloatArray) -> Packed:
    """Return the covers of a mark from the depth of every pixel's center inside it, without empty rows and columns."""
    cover = np.rint(256 * np.clip(depth + 0.5, 0, 1)).astype(PACKED)
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    return np.ascontiguousarray(cover[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _grid(half: float) -> tuple[FloatArray, FloatArray]:
    """Return the pixel centers x (1, n), y (n, 1) of a window about the origin."""
    line = np.arange(-np.ceil(half) - 1, np.ceil(half) + 1) + 0.5
    return line[None], line[:, None]


def _direction(rng: np.random.Generator) -> tuple[float, float]:
    """Return a unit vector of any direction, made without trigonometry: every machine rounds it alike."""
    while True:
        x, y = rng.uniform(-1, 1, 2).tolist()
        length = (x * x + y * y) ** 0.5
        if 0.1 < length < 1:
            return x / length, y / length


def _stroke(path: FloatArray, width: float) -> FloatArray:
    """Return the depth of a line of some width through the points (n, 2) of a path about the origin."""
    x, y = _grid(float(np.abs(path).max()) + width)
    nearest = np.full((y.size, x.size), np.inf)
    for (ax, ay), (bx, by) in zip(path[:-1].tolist(), path[1:].tolist(), strict=True):
        dx, dy = bx - ax, by - ay
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
        across, down = x - ax - t * dx, y - ay - t * dy
        nearest = np.minimum(nearest, across * across + down * down)
    return np.asarray(width / 2 - np.sqrt(nearest))


def line(rng: np.random.Generator) -> FloatArray:
    """Return a straight line, 10 to 60 pixels long."""
    end = np.array(_direction(rng)) * rng.uniform(5, 30)
    return _stroke(np.stack([-end, end]), rng.uniform(0.8, 3))


def squiggle(rng: np.random.Generator) -> FloatArray:
    """Return a zigzag of three strokes."""
    right, down = _direction(rng)
    along, across = np.arange(-1.5, 2) * rng.uniform(4, 10), np.array([-1, 1, -1, 1]) * rng.uniform(2, 7)
    path = np.stack([along * right - across * down, along * down + across * right], axis=1)
    return _stroke(path, rng.uniform(0.8, 2.2))


def arc(rng: np.random.Generator) -> FloatArray:
    """Return a part of a circle, less than half of it."""
    radius, width = rng.uniform(6, 22), rng.uniform(1, 3)
    x, y = _grid(radius + width)
    (right, down), start = _direction(rng), rng.uniform(0.2, 0.8)
    band = width / 2 - np.abs(np.sqrt(x * x + y * y) - radius)
    return np.asarray(np.minimum(band, x * right + y * down - start * radius))


def dots(rng: np.random.Generator) -> FloatArray:
    """Return a few dots, at most 5 pixels across."""
    x, y = _grid(12)
    depth = np.full((y.size, x.size), -np.inf)
    for _ in range(rng.integers(1, 6)):
        (right, down), radius = rng.uniform(-9, 9, 2), rng.uniform(0.8, 2.5)
        depth = np.maximum(depth, radius - np.sqrt((x - right) ** 2 + (y - down) ** 2))
    return depth


def specks(rng: np.random.Generator) -> FloatArray:
    """Return a few small squares, at most 5 pixels wide."""
    x, y = _grid(12)
    depth = np.full((y.size, x.size), -np.inf)
    for _ in range(rng.integers(1, 5)):
        (right, down), (cos, sin), half = rng.uniform(-9, 9, 2), _direction(rng), rng.uniform(0.8, 2.5)
        along, across = cos * (x - right) + sin * (y - down), cos * (y - down) - sin * (x - right)
        depth = np.maximum(depth, half - np.maximum(np.abs(along), np.abs(across)))
    return depth


def cross(rng: np.random.Generator) -> FloatArray:
    """Return a cross of two bars."""
    (cos, sin), half = _direction(rng), rng.uniform(5, 14)
    x, y = _grid(1.5 * half)
    along, across = np.abs(cos * x + sin * y), np.abs(cos * y - sin * x)
    arm = half * rng.uniform(0.15, 0.3)
    return np.asarray(np.minimum(half - np.maximum(along, across), arm - np.minimum(along, across)))


def crescent(rng: np.random.Generator) -> FloatArray:
    """Return a moon: a disc less a disc beside it."""
    (right, down), radius = _direction(rng), rng.uniform(6, 15)
    x, y = _grid(radius)
    bite, away = radius * rng.uniform(0.7, 0.95), radius * rng.uniform(0.4, 0.6)
    inside = radius - np.sqrt(x * x + y * y)
    return np.asarray(np.minimum(inside, np.sqrt((x - away * right) ** 2 + (y - away * down) ** 2) - bite))


def strew(canvas: Packed, count: int, rng: np.random.Generator) -> None:
    """Stamp marks of random colors into a picture of packed colors, in place; they may stick out of it."""
    height, width = canvas.shape
    colors, stamps = object_palettes().colors, marks()
    for kind, right, down, hue, tone, strength in rng.random((count, 6)).tolist():
        mark = stamps[int(kind * len(stamps))]
        h, w = mark.shape
        top, left = int(down * (height + h)) - h, int(right * (width + w)) - w
        window = canvas[max(top, 0) : max(top + h, 0), max(left, 0) : max(left + w, 0)]
        part = mark[max(-top, 0) : height - top, max(-left, 0) : width - left]
        color = colors[int(hue * len(colors)), int(tone * 256)]
        blend(window, color, part * np.uint32(100 + int(156 * strength)) // np.uint32(256))
