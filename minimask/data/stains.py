"""Stains: how much of a dye lies where, and what color that lets through (Beer and Lambert).

A dye of density c lets the fraction 10 ** -(c * v) of red, green and blue light pass, `v` being its vector: densities
add up, colors do not. Colors are looked up in a table, so that every machine gives the same bytes.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from minimask.data.textures import Bytes
from minimask.geometry.checks import FloatArray

HAEMATOXYLIN, DAB, EOSIN = (0.72, 0.64, 0.28), (0.33, 0.52, 0.79), (0.11, 0.92, 0.37)
"""Optical densities of red, green and blue: blue for nuclei; brown for what an antibody finds; pink for the rest."""
STEPS = 1024
"""Entries of the table for each unit of optical density."""
DARKEST = 4
"""The optical density from which on all is black."""


@cache
def _passed() -> NDArray[np.float32]:
    """Return the light from 0 to 1 that passes, to 16 binary places, by optical density in `STEPS`."""
    light = 10.0 ** -(np.arange(DARKEST * STEPS + 1) / STEPS)
    return np.asarray(np.rint(light * 65536) / 65536, dtype=np.float32)


def transmitted(density: FloatArray) -> NDArray[np.float32]:
    """Return the light from 0 to 1 that passes through optical densities.

    Examples
    --------
    >>> transmitted(np.array([0.0, 0.30103, 1.0])).round(2)
    array([1. , 0.5, 0.1], dtype=float32)
    """
    place = np.rint(np.clip(density, 0, DARKEST) * np.float32(STEPS)).astype(np.intp)
    light: NDArray[np.float32] = _passed()[place]
    return light


def as_bytes(light: FloatArray) -> Bytes:
    """Return light from 0 to 1 as bytes; more than 1 is white.

    Examples
    --------
    >>> as_bytes(np.array([0.0, 0.5, 1.2]))
    array([  0, 128, 255], dtype=uint8)
    """
    return np.asarray(np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8))


def softened(values: FloatArray, passes: float) -> FloatArray:
    """Return an image (H, W) or (H, W, C) out of focus: averaged with its neighbors, 1 2 1 along both axes.

    Parameters
    ----------
    values : array
    passes : float
        How often; each pass adds half a square pixel of variance along each axis. Of a part of a pass, that part.

    Examples
    --------
    >>> softened(np.array([[0.0, 0, 4, 0, 0]]), 1)
    array([[0., 1., 2., 1., 0.]])
    """
    while passes > 0:
        soft = _once(_once(values, 0), 1)
        values = soft if passes >= 1 else values + passes * (soft - values)
        passes -= 1
    return values


def _once(values: FloatArray, axis: int) -> FloatArray:
    edge = [(0, 0)] * values.ndim
    edge[axis] = (1, 1)
    wide = np.pad(values, edge, mode="edge")
    first, middle, last = (wide[(slice(None),) * axis + (slice(k, k + values.shape[axis]),)] for k in range(3))
    return np.asarray((first + last) * 0.25 + middle * 0.5, dtype=values.dtype)
