"""From a ground and the nuclei on it to a picture: dyes, membranes, light, focus and noise."""

from __future__ import annotations

import numpy as np

from minimask.data.heap import Heap
from minimask.data.nucleus import Nucleus
from minimask.data.stains import DAB, EOSIN, HAEMATOXYLIN, as_bytes, softened, transmitted
from minimask.data.textures import Bytes
from minimask.data.tissue import CALM, FINE, Floats, Ground, crop, textures

LOOKS = ("dab", "eosin", "gray")
"""Blue nuclei in brown tissue, in pink tissue; bright ones on dark ground."""
REACH = 30
"""Pixels from the middle of a cell to its farthest membrane."""


def stained(look: str, ground: Ground, heap: Heap, strength: float, blur: float, rng: np.random.Generator) -> Bytes:
    """Return the picture (H, W, 3).

    Parameters
    ----------
    look : one of `LOOKS`
    ground : Ground
    heap : Heap
    strength : float
        Of the nuclei's stain; 1 is usual.
    blur : float
        Passes of `softened`, beside the picture's own.
    rng : numpy.random.Generator
    """
    light = glow(ground, heap, strength, rng) if look == "gray" else section(look, ground, heap, strength, rng)
    u = rng.random(8).tolist()
    light = softened(light, 0.5 + 2.5 * u[0] * u[1] + blur)
    height, width = light.shape[:2]
    tilt = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(0.12 * (u[2] - 0.5))
    tilt = tilt + np.linspace(-1, 1, width, dtype=np.float32) * np.float32(0.12 * (u[3] - 0.5))
    noise = rng.integers(-128, 128, light.shape, dtype=np.int16) + rng.integers(-128, 128, light.shape, dtype=np.int16)
    grain = softened(noise.astype(np.float32), 1.0 if u[4] < 0.6 else 0.0)  # a camera's, or after compression
    return as_bytes(light * (1 + tilt[..., None]) + grain * np.float32((0.004 + 0.03 * u[5] * u[5]) / 128))


def section(look: str, ground: Ground, heap: Heap, strength: float, rng: np.random.Generator) -> Floats:
    """Return the light (H, W, 3) that passes through a stained section."""
    u = rng.random(20).tolist()
    tissue = 1 - ground.empty
    gland, fibers = ground.gland * tissue, (1 - ground.gland) * tissue
    texture = np.float32(0.55) + np.float32(0.9) * ground.clouds
    threads = ground.threads
    walls = membranes(ground, heap, rng)
    if look == "dab":
        brown = 0.2 + 0.5 * u[0]
        second = gland * (np.float32(brown) * texture + np.float32(brown * (0.5 + 2.0 * u[1])) * walls)
        second = second * np.maximum(1 + np.float32(0.2 + 0.6 * u[17]) * threads, 0)
        second = second + fibers * np.float32(0.12 * u[2] * u[2]) * texture
        blue = gland * np.float32(0.01 + 0.07 * u[3]) + fibers * (
            np.float32(0.03 + 0.07 * u[4]) + np.float32(0.02 + 0.06 * u[5]) * threads
        )
        dye, sheen = DAB, 0.05 + 0.6 * u[6]
    else:
        pink = 0.12 + 0.35 * u[0]
        second = gland * np.float32(pink) * (texture + np.float32(0.5 * u[1]) * walls)
        second = second + fibers * np.float32(pink * (0.5 + u[2])) * (1 + np.float32(0.4 * u[5]) * threads)
        blue = gland * np.float32(0.02 + 0.2 * u[3]) * texture + fibers * np.float32(0.02 + 0.06 * u[4])
        dye, sheen = EOSIN, 0.3 + 0.6 * u[6]
    blue = blue + shadows(ground, strength, rng)
    for nucleus, window, depth in zip(heap.nuclei, heap.windows, heap.depths, strict=True):
        cover, tone = seen(nucleus, depth)
        pale = 0.35 + 0.45 * u[18] if ground.gland[_middle(window)] > 0.5 else 1.0
        blue[window] += cover * tone * np.float32(strength * pale * (0.3 + 0.4 * u[7]))
        second[window] *= 1 - np.float32(sheen) * cover
    densities = [_vector(HAEMATOXYLIN, u[8:11]), _vector(dye, u[11:14])]
    density = np.maximum(blue, 0)[..., None] * densities[0] + np.maximum(second, 0)[..., None] * densities[1]
    white = np.array([0.94, 0.94, 0.93], dtype=np.float32) + np.float32(0.05) * np.array(u[14:17], dtype=np.float32)
    return transmitted(density) * white


def glow(ground: Ground, heap: Heap, strength: float, rng: np.random.Generator) -> Floats:
    """Return the light (H, W, 3) of bright nuclei on dark ground, in gray; some have a dark halo, as phases show it."""
    u = rng.random(8).tolist()
    dark = 0.03 + 0.27 * u[0] * u[0]
    light = np.float32(dark) * (1 + np.float32(0.5 * u[1]) * (ground.clouds - np.float32(0.5)))
    bright = np.float32(strength * (0.25 + 0.55 * u[2]))
    shape = np.zeros_like(light)
    for nucleus, window, depth in zip(heap.nuclei, heap.windows, heap.depths, strict=True):
        cover, tone = seen(nucleus, depth)
        shown = cover * (1 - np.float32(0.6) * shape[window])  # where two lie, less is added
        light[window] += shown * bright * (np.float32(0.45) + np.float32(0.45) * tone)
        shape[window] = np.maximum(shape[window], cover)
    if u[3] < 0.4:
        light = light - np.float32(dark * (0.6 + 0.9 * u[4])) * softened(shape, 14) * (1 - shape)
    return np.repeat(np.maximum(light, 0)[..., None], 3, axis=2)


def seen(nucleus: Nucleus, depth: Floats) -> tuple[Floats, Floats]:
    """Return how much a nucleus covers each pixel of its window, and how strongly it is stained there."""
    cover = np.clip(depth * np.float32(nucleus.sharp) + np.float32(0.5), 0, 1)
    first, second, third = nucleus.chance
    fine = crop(textures(FINE)[int(4 * third)], (first, second), *depth.shape)
    calm = crop(textures(CALM)[int(4 * first)], (second, third), *depth.shape)
    half, rim = np.float32(0.5), np.float32(nucleus.rim)
    grain = np.float32(0.4 + 0.9 * nucleus.grain) * (fine - half) + half * (calm - half)
    edge = np.float32(0.45) * rim * np.clip(1 - np.abs(depth - np.float32(0.6)) / np.float32(1.6), 0, 1)
    strength = np.float32(nucleus.stained * (0.55 + 0.45 * nucleus.sharp))
    tone = strength * (1 + grain + edge - np.float32(0.2) * rim)
    return cover, np.maximum(tone, np.float32(0.1))


def membranes(ground: Ground, heap: Heap, rng: np.random.Generator) -> Floats:
    """Return where the membranes between cells of a gland lie, from 0 to 1 (H, W).

    A membrane is where a pixel lies equally far from two cells: those around nuclei, and some whose nucleus lies
    outside the section. Distances are shorter along a cell than across it.
    """
    height, width = ground.gland.shape
    nearest, second = (np.full((height, width), np.float32(9)) for _ in range(2))
    cells = [(one.x, one.y, one.right, one.down, one.half_length, one.half_width) for one in heap.nuclei]
    for x, y in rng.random((height * width // 500, 2)).tolist():
        place = int(y * height), int(x * width)
        if ground.gland[place] > 0.5 and not heap.top[place]:
            way = float(ground.right[place]), float(ground.down[place])
            cells.append((x * width, y * height, *way, 12.0, 4.0))
    for x, y, right, down, half_length, half_width in cells:
        rows = slice(max(int(y) - REACH, 0), min(int(y) + REACH, height))
        columns = slice(max(int(x) - REACH, 0), min(int(x) + REACH, width))
        v = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5 - y)
        u = np.arange(columns.start, columns.stop, dtype=np.float32) + np.float32(0.5 - x)
        along = (u * np.float32(right) + v * np.float32(down)) / np.float32(half_length + 6)
        across = (v * np.float32(right) - u * np.float32(down)) / np.float32(half_width + 0.5)
        distance = np.sqrt(along * along + across * across)
        first, other = nearest[rows, columns], second[rows, columns]
        np.copyto(other, np.minimum(other, np.maximum(first, distance)))
        np.copyto(first, np.minimum(first, distance))
    rough = np.float32(0.25) + crop(textures(CALM)[int(4 * rng.random())], (rng.random(), rng.random()), height, width)
    walls = np.clip(1 - (second - nearest) * np.float32(3.2), 0, 1) * np.clip(3 - second, 0, 1)
    return np.asarray(walls * rough, dtype=np.float32)


def shadows(ground: Ground, strength: float, rng: np.random.Generator) -> Floats:
    """Return the faint traces of what lies in other planes (H, W): too pale to be counted."""
    height, width = ground.gland.shape
    blue = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.integers(0, 7)) * height * width // 128**2):
        u = rng.random(9).tolist()
        at = int(u[0] * height), int(u[1] * width)
        way = float(ground.right[at]), float(ground.down[at])
        shape = Nucleus(at[1], at[0], 5 + 4 * u[2], 3 + 2 * u[3], *way, 0, 0.2, 0, 1, 0, 0, 0.2, (u[4], u[5], u[6]))
        window = shape.window(height, width, 5)
        cover = np.clip(shape.depth(*window) * np.float32(0.25) + np.float32(0.5), 0, 1)
        blue[window] += cover * np.float32(strength * (0.03 + 0.07 * u[7])) * (1 - ground.empty[window])
    return blue


def _middle(window: tuple[slice, slice]) -> tuple[int, int]:
    rows, columns = window
    return (rows.start + rows.stop) // 2, (columns.start + columns.stop) // 2


def _vector(vector: tuple[float, ...], u: list[float]) -> Floats:
    """Return a dye's vector, a little different in every laboratory."""
    return np.asarray(np.array(vector) + 0.08 * (np.array(u) - 0.5), dtype=np.float32)
