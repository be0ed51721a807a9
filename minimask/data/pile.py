"""A pile of objects: later ones hide earlier ones, but none so much that it could not be found.

The pile knows for every pixel which object is on top there, and for every object how many more of its pixels may be
hidden. A shape that would hide more is refused, and nothing is painted: what is seen of any object is in the truth.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minimask.data.shape_classes import Shape
from minimask.data.textures import PACKED, Packed, blend, object_palettes, unpacked, woven
from minimask.geometry.checks import BoolArray, FloatArray

LEAST_PIXELS = 30
"""Of every object at least so many pixels are visible."""
CANDIDATES = 6
"""An object takes the first of so many palettes that stands out."""
CONTRAST = 200
"""How far its color is then from three quarters of what is around: a weighted sum of differences, at most 1,530."""
WEIGHTS = np.array([2, 3, 1], dtype=np.int16)
"""Of red, green and blue: the eye sees green best."""


class Pile:
    """Objects painted into a picture one upon another.

    Parameters
    ----------
    canvas : packed colors (H, W)
        The ground; it is painted over.
    visible : float
        The fraction of its pixels that every object keeps.
    """

    def __init__(self, canvas: Packed, visible: float) -> None:
        self.canvas = canvas
        self.visible = visible
        self.shapes: list[Shape] = []
        self.windows: list[tuple[slice, slice]] = []
        self.top = np.zeros(canvas.shape, dtype=np.int16)
        """(H, W): the number of the object on top, from 1; 0 where there is none."""
        self.spare: list[int] = []
        """Of each object, the pixels that may still be hidden."""

    def add(self, shape: Shape, rng: np.random.Generator) -> bool:
        """Paint a shape on top, unless it would hide too much; return whether it was painted."""
        x1, y1, x2, y2 = shape.box
        height, width = self.canvas.shape
        rows = slice(max(int(y1) - 1, 0), min(int(y2) + 2, height))
        columns = slice(max(int(x1) - 1, 0), min(int(x2) + 2, width))
        depth = shape.depth(rows, columns)
        inside = depth > 0
        pixels = int(np.count_nonzero(inside))
        spare = pixels - max(LEAST_PIXELS, math.ceil(self.visible * pixels))
        top = self.top[rows, columns]
        hidden = np.bincount(top[inside], minlength=len(self.spare) + 1)[1:].tolist() if top.any() else []
        if spare < 0 or any(now > most for now, most in zip(hidden, self.spare, strict=False)):
            return False
        self.spare = [
            *(most - now for now, most in zip(hidden or [0] * len(self.spare), self.spare, strict=True)),
            spare,
        ]
        np.copyto(top, np.int16(len(self.spare)), where=inside)
        self.windows.append((rows, columns))
        self.shapes.append(shape._replace(color=_paint(self.canvas[rows, columns], depth, rng)))
        return True

    def masks(self) -> BoolArray:
        """Return the visible pixels (N, H, W) of each object."""
        numbers = np.arange(1, len(self.shapes) + 1, dtype=np.int16)
        return np.asarray(self.top == numbers[:, None, None])

    def boxes(self) -> NDArray[np.float32]:
        """Return the boxes (N, 4) around the visible pixels of each object."""
        boxes = np.zeros((len(self.shapes), 4), dtype=np.float32)
        for k, (rows, columns) in enumerate(self.windows):
            seen = self.top[rows, columns] == k + 1
            (y,), (x,) = seen.any(axis=1).nonzero(), seen.any(axis=0).nonzero()
            boxes[k] = x[0], y[0], x[-1] + 1, y[-1] + 1
            boxes[k] += columns.start, rows.start, columns.start, rows.start
        return boxes


def _paint(window: Packed, depth: FloatArray, rng: np.random.Generator) -> tuple[int, int, int]:
    """Paint what lies inside in a color that stands out from what is there; return it."""
    palettes = object_palettes()
    u = rng.random(CANDIDATES + 10).tolist()
    candidates = [int(pick * len(palettes.colors)) for pick in u[:CANDIDATES]]
    around = unpacked(window[::5, ::5]).reshape(-1, 1, 3).astype(np.int16)
    apart = np.sort(np.abs(around - palettes.means[candidates]) @ WEIGHTS, axis=0)[len(around) // 4]
    clear = apart >= min(CONTRAST, apart.max())
    pick = candidates[int(clear.argmax())]
    texture = woven(u[CANDIDATES:], *depth.shape)
    blend(window, palettes.colors[pick].take(texture), (np.clip(depth + 0.5, 0, 1) * 256).astype(PACKED))
    red, green, blue = palettes.means[pick].tolist()
    return red, green, blue
