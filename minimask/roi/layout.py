"""Channels-last and channels-first: the same numbers, in another order in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.compiled import compiled
from minimask.roi.threads import in_threads

Array = NDArray[Any]

TILE = 8
"""Channels and columns are copied in tiles, so that each fetched cache line is used whole."""


def channels_last(features: Array) -> Array:
    """Return features `(N, C, H, W)` as contiguous `(N, H, W, C)`: a view where they lie so already, else a copy."""
    view = features.transpose(0, 2, 3, 1)
    if view.flags.c_contiguous:
        return view
    out = np.empty(view.shape, view.dtype)
    in_threads(_copy, view, out, pieces=view.shape[0] * view.shape[1], writes=out.size)
    return out


def channels_first(features: Array) -> Array:
    """Return features `(N, H, W, C)` as contiguous `(N, C, H, W)`."""
    images, height, width, channels = features.shape
    out = np.empty((images, channels, height, width), features.dtype)
    in_threads(_copy, features, out.transpose(0, 2, 3, 1), pieces=images * height, writes=out.size)
    return out


@compiled
def _copy(source: Array, target: Array, task: int, tasks: int) -> None:
    images, height, width, channels = source.shape
    for piece in range(task, images * height, tasks):
        image, y = piece // height, piece % height
        for first_channel in range(0, channels, TILE):
            for first_x in range(0, width, TILE):
                for x in range(first_x, min(first_x + TILE, width)):
                    for channel in range(first_channel, min(first_channel + TILE, channels)):
                        target[image, y, x, channel] = source[image, y, x, channel]
