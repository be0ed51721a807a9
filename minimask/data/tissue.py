"""The ground of generated tissue: where glands lie, where fibers and where nothing, and which way all of it runs.

One smooth field decides: where it is highest a gland is hollow, around that lies epithelium, then come fibers, and
where it is lowest there are vessels. Its slope is the way that the cells of a gland point; fibers run across it.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.data.textures import lattice

Floats = NDArray[np.float32]

SIDE = 384
"""Fields repeat after so many pixels."""
FIELDS = 12
"""Different ones."""
CALM, FINE = range(2)
"""Textures: broad clouds, and grains."""
STRAND = 7
"""Pixels to either side over which a strand is drawn out."""


class Field(NamedTuple):
    """A smooth field and its slope; arrays repeat after `SIDE` pixels."""

    height: Floats
    """The fraction of the field that lies lower, from 0 to 1."""
    down: Floats
    right: Floats
    """The direction in which it rises: of length 1."""


class Ground(NamedTuple):
    """What lies where in one picture; arrays (H, W), float32."""

    gland: Floats
    """How much of a pixel is epithelium, from 0 to 1."""
    empty: Floats
    """How much of it is empty."""
    down: Floats
    right: Floats
    """The way that cells of a gland point."""
    clouds: Floats
    """A broad texture, from 0 to 1."""
    threads: Floats
    """A texture drawn out along the cells of a gland and across them elsewhere: about 0, from -1 to 1."""


@cache
def fields() -> tuple[Field, ...]:
    """Return the fields, made once."""
    rng = np.random.default_rng((61, SIDE))
    return tuple(_field(rng) for _ in range(FIELDS))


def _field(rng: np.random.Generator) -> Field:
    cells = int(rng.integers(3, 7))
    values = lattice(rng, SIDE, cells) + 0.35 * lattice(rng, SIDE, 2 * cells) + 0.08 * lattice(rng, SIDE, 6 * cells)
    broad = lattice(rng, SIDE, 2)  # smoother than what the places hang on
    order = values.ravel().argsort(kind="stable")
    ranks = np.empty(SIDE * SIDE)
    ranks[order] = np.arange(SIDE * SIDE) / (SIDE * SIDE)
    smooth = values + 0.2 * broad
    down = np.roll(smooth, -3, 0) - np.roll(smooth, 3, 0)
    right = np.roll(smooth, -3, 1) - np.roll(smooth, 3, 1)
    length = np.sqrt(down * down + right * right) + 1e-9
    parts = (ranks.reshape(SIDE, SIDE), down / length, right / length)
    return Field(*(part.astype(np.float32) for part in parts))


@cache
def textures(kind: int) -> tuple[Floats, ...]:
    """Return textures (SIDE, SIDE) from 0 to 1 of a kind, four of each, made once."""
    rng = np.random.default_rng((62, kind))
    return tuple(_texture(rng, kind) for _ in range(4))


def _texture(rng: np.random.Generator, kind: int) -> Floats:
    if kind == CALM:
        values = sum((lattice(rng, SIDE, 16 << k) / 1.6**k for k in range(4)), np.zeros((SIDE, SIDE)))
    else:
        values = lattice(rng, SIDE, SIDE // 3) + 0.6 * lattice(rng, SIDE, SIDE // 2)
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low), dtype=np.float32)


def crop(tile: Floats, corner: tuple[float, float], height: int, width: int) -> Floats:
    """Return a part of a repeating texture, from a corner given as fractions of its side."""
    down, right = (int(fraction * SIDE) for fraction in corner)
    rows, columns = (np.arange(down, down + height) % SIDE, np.arange(right, right + width) % SIDE)
    return tile[rows[:, None], columns]


def lie_of_the_land(height: int, width: int, rng: np.random.Generator) -> Ground:
    """Return the ground of a picture."""
    u = rng.random(16).tolist()
    field = fields()[int(u[0] * FIELDS)]
    place = (u[1], u[2])
    level, down, right = (crop(part, place, height, width) for part in field)
    if u[3] < 0.5:  # the other way round: glands where vessels were
        level, down, right = 1 - level, -down, -right
    vessel = 0.16 * u[4] if u[5] < 0.6 else -0.2
    stroma = vessel + (1 - vessel) * (1.25 * u[6] - 0.1)
    hollow = 1 - 0.12 * u[7] if u[8] < 0.6 else 1.2
    steep = np.float32(24)
    gland = np.clip((level - np.float32(stroma)) * steep + np.float32(0.5), 0, 1)
    empty = np.maximum(
        np.clip((np.float32(vessel) - level) * steep * 2 + np.float32(0.5), 0, 1),
        np.clip((level - np.float32(hollow)) * steep * 2 + np.float32(0.5), 0, 1),
    )
    clouds = crop(textures(CALM)[int(4 * u[9])], (u[10], u[11]), height, width)
    grain = textures(FINE)[int(4 * u[12])]
    across, along = np.where(gland > 0.5, down, right), np.where(gland > 0.5, right, -down)
    return Ground(gland, empty, down, right, clouds, drawn_out(grain, (u[13], u[14]), across, along))


def drawn_out(tile: Floats, corner: tuple[float, float], down: Floats, right: Floats) -> Floats:
    """Return a texture smeared along a direction at every pixel, from about -1 to 1 (line integral convolution).

    Cabral, Leedom, "Imaging Vector Fields Using Line Integral Convolution", 1993; here along straight lines.
    """
    height, width = down.shape
    y = np.arange(height, dtype=np.float32)[:, None] + np.float32(int(corner[0] * SIDE) + SIDE)
    x = np.arange(width, dtype=np.float32) + np.float32(int(corner[1] * SIDE) + SIDE)
    total = np.zeros((height, width), dtype=np.float32)
    flat = tile.ravel()
    for step in range(-STRAND, STRAND + 1):
        rows = (y + down * np.float32(step)).astype(np.int32) % SIDE
        total += flat[rows * SIDE + (x + right * np.float32(step)).astype(np.int32) % SIDE]
    mean = np.float32(tile.mean(dtype=np.float64))
    return np.asarray((total / np.float32(2 * STRAND + 1) - mean) * np.float32(6), dtype=np.float32)
