"""Textures of the generated world: gray tiles that repeat, woven together, and palettes that color them.

A texture is one byte per pixel; a palette maps every byte to a color. Tiles and palettes are made once, when they are
first needed, by sums, products and square roots alone, which every machine rounds alike. Colors are packed into 32
bits, red lowest, so that a pixel moves as one number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray

Bytes = NDArray[np.uint8]
Packed = NDArray[np.uint32]
PACKED = np.dtype("<u4")

SIDES = (256, 320)
"""Sides of the two sets of tiles: woven together, they repeat only after 1,280 pixels."""
COPIES = 4
PALETTES = 1024
LANES = np.array(0x00FF00FF, dtype=PACKED)


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
    return np.sum([lattice(rng, side, min(side // 2, int(cells) << k)) / 2**k for k in range(4)], axis=0)


def grain(rng: np.random.Generator, side: int) -> FloatArray:
    """Return fine noise, a grain a few pixels across."""
    return lattice(rng, side, side // int(rng.choice([2, 3, 4]))) + 0.5 * rng.random((side, side))


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
    return np.clip(peaks - rng.uniform(0.5, 0.75), 0, 0.15) + 0.1 * lattice(rng, side, 8)


def marble(rng: np.random.Generator, side: int) -> FloatArray:
    """Return broad veins, bent by noise."""
    bend = lattice(rng, side, 5) + 0.5 * lattice(rng, side, 10) + 0.25 * lattice(rng, side, 40)
    return _wave(_slope(rng, side, rng.uniform(24, 64)) + rng.uniform(1.5, 3) * bend)


def woven(u: list[float], height: int, width: int) -> Bytes:
    """Return a texture (height, width) woven of two tiles and a gradient, as ten numbers in [0, 1) say."""
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


@cache
def palettes(kind: str) -> tuple[Packed, NDArray[np.int16]]:
    """Return 1,024 palettes (1024, 256) of packed colors, and the mean color (1024, 3) of each.

    Grounds pass through four colors, calmer ones on the whole; objects through two that are near each other.
    """
    rng = np.random.default_rng((21, len(kind)))
    knots = {"ground": 4, "object": 2}[kind]
    shape = (PALETTES, knots)
    hue = rng.random((PALETTES, 1)) + rng.uniform(-0.06, 0.06, shape) * rng.choice([1, 1, 3], (PALETTES, 1))
    if kind == "ground":
        saturation = rng.uniform(0.05, 0.7, (PALETTES, 1)) + rng.uniform(-0.12, 0.12, shape)
        value = rng.uniform(0.3, 0.9, (PALETTES, 1)) + rng.uniform(-0.2, 0.2, shape)
    else:
        saturation = rng.uniform(0.2, 0.95, (PALETTES, 1)) + rng.uniform(-0.1, 0.1, shape)
        value = rng.uniform(0.3, 0.95, (PALETTES, 1)) + rng.uniform(-0.22, 0.22, shape)
    colors = np.rint(255 * rgb(hue, np.clip(saturation, 0, 1), np.clip(value, 0.06, 1)))
    places = np.sort(rng.uniform(50, 205, shape), axis=1)
    places[:, 0], places[:, -1] = 30, 225
    ramps = np.stack(
        [[np.interp(np.arange(256), at, one[:, c]) for c in range(3)] for at, one in zip(places, colors, strict=True)]
    )
    whole = np.rint(ramps).astype(PACKED)  # (palettes, 3, 256)
    return whole[:, 0] | whole[:, 1] << 8 | whole[:, 2] << 16, whole.mean(axis=2).astype(np.int16)


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
