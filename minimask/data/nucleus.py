"""One nucleus: an ellipse, bent and dented, and how deep every pixel lies inside."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minimask.data.tissue import Floats


class Nucleus(NamedTuple):
    """Where a nucleus lies and what it is like; lengths are in pixels."""

    x: float
    y: float
    """Its middle."""
    half_length: float
    half_width: float
    right: float
    down: float
    """The direction of its length; of length 1."""
    bend: float
    """How far its ends are bent sideways, as a fraction of its half width."""
    dent: float
    """How uneven its outline is: 0 is smooth."""
    pointed: float
    """From 0, an ellipse, to 1: ends like a spindle's."""
    stained: float
    """How strongly it is stained; 1 is usual."""
    grain: float
    """How uneven its chromatin is."""
    rim: float
    """How much darker its edge is than its middle."""
    sharp: float
    """1 is in focus; at 0.3 its edge is spread over three pixels."""
    chance: tuple[float, float, float]
    """Which part of a texture it takes, and what dents it."""

    def window(self, height: int, width: int, margin: float = 2) -> tuple[slice, slice]:
        """Return the rows and columns that it can reach, within a picture; they may be empty."""
        reach = max(self.half_length, self.half_width) * 1.25 + abs(self.bend) * self.half_width + margin
        top, left = max(int(self.y - reach), 0), max(int(self.x - reach), 0)
        bottom, end = min(int(self.y + reach) + 1, height), min(int(self.x + reach) + 1, width)
        return slice(top, max(bottom, top)), slice(left, max(end, left))

    def depth(self, rows: slice, columns: slice) -> Floats:
        """Return how deep each pixel's center lies inside, about in pixels; outside it is negative."""
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5 - self.y)
        x = np.arange(columns.start, columns.stop, dtype=np.float32) + np.float32(0.5 - self.x)
        along = (x * np.float32(self.right) + y * np.float32(self.down)) / np.float32(self.half_length)
        across = (y * np.float32(self.right) - x * np.float32(self.down)) / np.float32(self.half_width)
        along2 = along * along
        across = across + np.float32(self.bend) * (along2 - np.float32(0.3))
        a, b, c = (np.float32(2 * value - 1) for value in self.chance)
        uneven = np.float32(self.dent) * (a * along + b * across + c * along * across + (a - b) * across * along2)
        square = along2 + across * across + uneven
        if self.pointed:
            square = square + np.float32(self.pointed) * np.abs(along) * np.abs(across)
        radius = np.sqrt(np.maximum(square, 0))
        return np.asarray((1 - radius) * np.float32(self.half_width), dtype=np.float32)
