"""Textures of the generated world: gray tiles that repeat, woven together, and palettes that color them.

A texture is one byte per pixel; a palette maps every byte to a color. Tiles and palettes are made once, when they are
first needed, by sums, products and square roots alone, which every machine rounds alike. Colors are packed into 32
bits, red lowest, so that a pixel moves as one number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray

Bytes = NDArray[np.uint8]
Packed = NDArray[np.uint32]
PACKED = np.dtype("<u4")

SIDES = (256, 320)
"""Sides of the two sets of tiles: woven together, they repeat only after 1,280 pixels."""
COPIES = 4
"""Tiles of each kind, in either set."""
PALETTES = 1024
"""For grounds, and as many for objects."""
LANES = np.array(0x00FF00FF, dtype=PACKED)
"""Two channels, with room for a product of each: red and blue; or, moved down by a channel, green."""


@cache
def tiles(side: int) -> tuple[Bytes, ...]:
    """Return gray tiles (2 side, 2 side), each a texture that repeats after `side` pixels, four of every kind."""
    rng = np.random.default_rng((20, side))
    kinds: list[Callable[[np.random.Generator, int], FloatArray]] = [clouds, grain, stripes, weave, speckle, marble]
    return tuple(_as_bytes(kind(rng, side)) for kind in kinds for _ in range(COPIES))


def _as_bytes(values: FloatArray) -> Bytes:
    low, high = values.min(), values.max()
    return np.tile(np.rint((values - low) * (255 / (high - low))).astype(np.uint8), (2, 2))


def lattice(rng: np.random.Generator, side: int, cells: int) -> FloatArray:
    """Return smooth noise (side, side) that repeats: random values at `cells` by `cells` points, blended between."""
    values = rng.random((cells, cells))
    place = np.arange(side) * (cells / side)
    first = place.astype(int)
    t = place - first
    t = t * t * (3 - 2 * t)
    second = (first + 1) % cells
    rows = values[first] * (1 - t)[:, None] + values[second] * t[:, None]
    return np.asarray(rows[:, first] * (1 - t) + rows[:, second] * t)


def clouds(rng: np.random.Generator, side: int) -> FloatArray:
    """Return noise of several scales, the coarser the stronger."""
    cells = rng.choice([5, 8, 12, 20])
    return np.asarray(sum(lattice(rng, side, min(side // 2, int(cells) << k)) / 2**k for k in range(4)))


def grain(rng: np.random.Generator, side: int) -> FloatArray:
    """Return fine noise, a grain a few pixels across."""
    return np.asarray(lattice(rng, side, side // int(rng.choice([2, 3, 4]))) + 0.5 * rng.random((side, side)))


def _wave(phase: FloatArray) -> FloatArray:
    """Return a smooth wave in [0, 1] of period 1."""
    t = np.abs(2 * (phase - np.floor(phase)) - 1)
    return np.asarray(t * t * (3 - 2 * t))


def _slope(rng: np.random.Generator, side: int, period: float) -> FloatArray:
    """Return phases (side, side) that grow along a random direction and fit a whole number of times."""
    most = side / period
    along = int(rng.integers(0, int(most) + 1))
    across = int(np.rint(np.sqrt(most * most - along * along)))
    x, y = np.arange(side) / side, np.arange(side)[:, None] / side
    return np.asarray(along * x + (across if rng.random() < 0.5 else -across) * y)


def stripes(rng: np.random.Generator, side: int) -> FloatArray:
    """Return stripes 5 to 16 pixels apart that waver a little."""
    return _wave(_slope(rng, side, rng.uniform(5, 16)) + rng.uniform(0, 1.2) * lattice(rng, side, 6))


def weave(rng: np.random.Generator, side: int) -> FloatArray:
    """Return stripes across stripes."""
    first, second = (_wave(_slope(rng, side, rng.uniform(6, 18))) for _ in range(2))
    return first + second + 0.3 * rng.random((side, side))


def speckle(rng: np.random.Generator, side: int) -> FloatArray:
    """Return specks: the peaks of noise, on a calm ground."""
    peaks = lattice(rng, side, side // int(rng.integers(4, 9)))
    return np.asarray(np.clip(peaks - rng.uniform(0.5, 0.75), 0, 0.15) + 0.1 * lattice(rng, side, 8))


def marble(rng: np.random.Generator, side: int) -> FloatArray:
    """Return broad veins, bent by noise."""
    bend = lattice(rng, side, 5) + 0.5 * lattice(rng, side, 10) + 0.25 * lattice(rng, side, 40)
    return _wave(_slope(rng, side, rng.uniform(24, 64)) + rng.uniform(1.5, 3) * bend)


def woven(u: list[float], height: int, width: int) -> Bytes:
    """Return a texture (height, width) woven of two tiles and a gradient, as ten numbers in [0, 1) say.

    They are: which tiles (2), how far down (2) and to the right (2) they are cut, the first one's share, the gradient's
    share, and how it rises downward and to the right.
    """
    first, second = (
        _crop(tiles(side)[int(pick * len(tiles(side)))], side, (down, right), height, width)
        for side, pick, down, right in zip(SIDES, u[0:2], u[2:4], u[4:6], strict=True)
    )
    share = int(64 + 128 * u[6])
    ramp = int(120 * u[7] * u[7])
    rest = 256 - ramp
    one, two = rest * share >> 8, rest - (rest * share >> 8)
    values = first * np.uint16(one)
    values += second * np.uint16(two)
    down, right = (u[8] - 0.5) * 255 * ramp / height, (u[9] - 0.5) * 255 * ramp / width
    middle = 127.5 * ramp
    values += (middle + down * (np.arange(height) - height / 2)).astype(np.uint16)[:, None]
    values += (right * (np.arange(width) - width / 2)).astype(np.int16).astype(np.uint16)
    return np.asarray((values >> 8).astype(np.uint8))


def _crop(tile: Bytes, side: int, corner: tuple[float, float], height: int, width: int) -> Bytes:
    """Return a part of a repeating tile, from a corner given as fractions of its side."""
    down, right = (int(fraction * side) for fraction in corner)
    if height > side or width > side:
        tile = np.tile(tile[:side, :side], (height // side + 2, width // side + 2))
    return tile[down : down + height, right : right + width]


def rgb(hue: FloatArray, saturation: FloatArray, value: FloatArray) -> FloatArray:
    """Return colors (..., 3) in [0, 1] from hues (1 is once around), saturations and values."""
    k = (np.array([5.0, 3.0, 1.0]) + 6 * (hue[..., None] % 1)) % 6
    fall = np.clip(np.minimum(k, 4 - k), 0, 1)
    return np.asarray(value[..., None] * (1 - saturation[..., None] * fall))


class Palettes(NamedTuple):
    """Palettes, and what they look like from afar."""

    colors: Packed
    """(P, 256)."""
    means: NDArray[np.int16]
    """(P, 3): red, green and blue from 0 to 255."""


@cache
def ground_palettes() -> Palettes:
    """Return palettes that pass through four colors."""
    return _palettes(np.random.default_rng(23), knots=4, saturation=(0.05, 0.6), value=(0.3, 0.9), change=0.2)


@cache
def object_palettes() -> Palettes:
    """Return palettes that pass from one color to one near it, of any hue, more saturated than the ground's."""
    return _palettes(np.random.default_rng(24), knots=2, saturation=(0.2, 0.95), value=(0.3, 0.95), change=0.22)


def _palettes(
    rng: np.random.Generator, knots: int, saturation: tuple[float, float], value: tuple[float, float], change: float
) -> Palettes:
    one, each = (PALETTES, 1), (PALETTES, knots)
    spread = rng.choice([0.06, 0.06, 0.18], one)
    hues = rng.random(one) + spread * rng.uniform(-1, 1, each)
    saturations = np.clip(rng.uniform(*saturation, one) + change / 2 * rng.uniform(-1, 1, each), 0, 1)
    values = np.clip(rng.uniform(*value, one) + change * rng.uniform(-1, 1, each), 0.06, 1)
    colors = 255 * rgb(hues, saturations, values)
    gaps = np.cumsum(rng.uniform(0.3, 1, (PALETTES, knots - 1)), axis=1)
    places = 30 + 195 * np.concatenate([np.zeros(one), gaps / gaps[:, -1:]], axis=1)
    ramps = [[np.interp(range(256), at, c) for c in knot.T] for at, knot in zip(places, colors, strict=True)]
    red, green, blue = np.moveaxis(np.rint(ramps).astype(PACKED), 1, 0)
    means = np.stack([red, green, blue], axis=-1).mean(axis=1)
    return Palettes(red | green << 8 | blue << 16, means.astype(np.int16))


def ground(height: int, width: int, rng: np.random.Generator) -> Packed:
    """Return a ground (height, width) of some texture and palette, in packed colors."""
    pick, *u = rng.random(11).tolist()
    colors = ground_palettes().colors
    return np.asarray(colors[int(pick * len(colors))].take(woven(u, height, width)))


def blend(under: Packed, over: Packed, cover: Packed) -> None:
    """Lay packed colors over others, in place; `cover` says how much of them, from 0 to 256."""
    keep = 256 - cover
    even = ((under & LANES) * keep + (over & LANES) * cover) >> 8 & LANES
    odd = ((under >> 8 & LANES) * keep + (over >> 8 & LANES) * cover) & ~LANES
    np.bitwise_or(even, odd, out=under)


def unpacked(colors: Packed) -> Bytes:
    """Return packed colors of shape S as bytes S + (3,), red green blue."""
    pixels = np.ascontiguousarray(colors).view(np.dtype([("rgb", "V3"), ("spare", "u1")]))
    return np.ascontiguousarray(pixels["rgb"]).view(np.uint8).reshape(*colors.shape, 3)
