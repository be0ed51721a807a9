"""A heap of nuclei: later ones lie upon earlier ones, and hide so little of them that each can be told."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from minimask.data.nucleus import Nucleus
from minimask.data.tissue import Floats
from minimask.geometry.checks import BoolArray

LEAST_PIXELS = 14
"""Of every nucleus at least so many pixels are visible."""
VISIBLE = 0.65
"""Of every nucleus at least this fraction of what lies in the picture is visible."""
COVERED = 0.3
"""Of a new nucleus at most this fraction lies upon others."""


class Heap:
    """Nuclei in a picture, one upon another.

    Parameters
    ----------
    height, width : int
        Of the picture, in pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self.nuclei: list[Nucleus] = []
        self.windows: list[tuple[slice, slice]] = []
        self.depths: list[Floats] = []
        """Of each nucleus, how deep the pixels of its window lie inside."""
        self.top = np.zeros((height, width), dtype=np.int32)
        """The number of the nucleus on top, from 1; 0 where there is none."""
        self.spare = np.zeros(1, dtype=np.int64)
        """Of each nucleus, after a number for the ground, the pixels that may still be hidden."""

    def add(self, nucleus: Nucleus | None) -> bool:
        """Lay a nucleus on top, unless there is none or it would hide too much; return whether it lies there."""
        if nucleus is None:
            return False
        rows, columns = nucleus.window(*self.top.shape)
        depth = nucleus.depth(rows, columns)
        inside = depth > 0
        pixels = int(np.count_nonzero(inside))
        spare = pixels - max(LEAST_PIXELS, math.ceil(VISIBLE * pixels))
        top = self.top[rows, columns]
        hidden = np.bincount(top[inside], minlength=len(self.spare))
        hidden[0] = 0
        if spare < 0 or hidden.sum() > COVERED * pixels or (hidden > self.spare).any():
            return False
        self.spare = np.append(self.spare - hidden, spare)
        self.nuclei.append(nucleus)
        top[inside] = len(self.nuclei)
        self.windows.append((rows, columns))
        self.depths.append(depth)
        return True

    def masks(self) -> BoolArray:
        """Return the visible pixels (N, H, W) of each nucleus."""
        masks = np.zeros((len(self.nuclei), *self.top.shape), dtype=np.bool_)
        for number, (mask, window) in enumerate(zip(masks, self.windows, strict=True), start=1):
            mask[window] = self.top[window] == number
        return masks

    def boxes(self) -> NDArray[np.float32]:
        """Return the boxes (N, 4) around the visible pixels of each nucleus."""
        boxes = np.zeros((len(self.nuclei), 4), dtype=np.float32)
        for k, (rows, columns) in enumerate(self.windows):
            seen = self.top[rows, columns] == k + 1
            (y,), (x,) = seen.any(axis=1).nonzero(), seen.any(axis=0).nonzero()
            boxes[k] = x[0], y[0], x[-1] + 1, y[-1] + 1
            boxes[k] += columns.start, rows.start, columns.start, rows.start
        return boxes
