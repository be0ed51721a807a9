"""The generated world that the chapters share: textured pictures with objects of six classes, and the truth about them.

Every picture is a function of the world's seed and the picture's index, whatever was drawn before. Neither color nor
texture tells the class, marks of no class are strewn about, and objects that are drawn later hide earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from minimask.data import clutter as marks
from minimask.data.shape_classes import SHAPE_CLASSES, Field, extent
from minimask.data.silhouettes import Rings, placed
from minimask.data.textures import PACKED, Bytes, Packed, blend, palettes, unpacked, woven
from minimask.geometry.checks import BoolArray, as_number, as_size, as_whole_number

CLASSES = tuple(SHAPE_CLASSES)
"""The names of the labels 1 to 6; 0 is the background."""
LEAST_PIXELS = 30
"""Of every object at least so many pixels are visible."""
LEAST_SIZE = 12
MOST_SIDE = 16384
MOST_OBJECTS = 10_000
TRIES = 40
"""An object for which so many places fail is left out."""
MARKS = 9 / 128**2
"""Marks per pixel, where clutter is 1."""


class Shape(NamedTuple):
    """What was drawn: the whole object, also where others hide it."""

    name: str
    center: tuple[float, float]
    """Where the outline's origin lies, x y in pixels."""
    angle: float
    """Degrees, clockwise on the screen."""
    size: float
    """The longest side of the whole object's tight box, in pixels."""
    proportion: float
    """What its class leaves open, from 0 to 1."""
    scale: float
    """Pixels per unit of the outline."""
    color: tuple[int, int, int]
    """The mean color of its palette."""

    @property
    def rings(self) -> Rings:
        """Its outline and holes, in pixels."""
        return placed(SHAPE_CLASSES[self.name].rings(self.proportion), self.angle, self.scale, self.center)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and its truth, one entry per object in the order in which they were drawn."""

    image: Bytes
    """uint8 (H, W, 3)."""
    masks: BoolArray
    """(N, H, W): the visible pixels of each object; no two masks share a pixel."""
    boxes: NDArray[np.float32]
    """(N, 4): `x1 y1 x2 y2`, tight around the visible pixels."""
    labels: NDArray[np.int64]
    """(N,): from 1 to 6, as in `CLASSES`."""
    shapes: tuple[Shape, ...]
    """The geometry that was drawn."""


class _Drawn(NamedTuple):
    """A shape on the pixels of a window."""

    shape: Shape
    window: tuple[slice, slice]
    depth: Field
    """Pixels from the outline to each pixel's center, positive inside."""


@dataclass(frozen=True)
class ShapesWorld:
    """A world of pictures: `world[index]` draws one, the same one every time.

    Parameters
    ----------
    height, width : int
        The size of every picture, in pixels.
    objects : (int, int)
        The fewest and the most objects of a picture. A picture in which no more find room holds fewer.
    sizes : (float, float)
        The smallest and the largest longest side of an object's box before others hide it, in pixels, at least 12.
    seed : int
        Another seed, another world.
    clutter : float
        How many marks of no class lie about; 0 for none.
    crowding : float
        From 0 to 1: how often an object is laid close upon an earlier one of its size, so that their boxes overlap.
    visible : float
        The fraction of its pixels, from 0 to 1, that an object keeps when others hide it; never fewer than 30 pixels.
        With 1 none is hidden at all. Objects that would hide more are laid elsewhere: all that is seen is in the truth.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed, or an object could be larger than the picture.

    Examples
    --------
    >>> picture = ShapesWorld(seed=3)[0]
    >>> picture.image.shape, picture.masks.shape, picture.boxes.shape
    ((128, 128, 3), (1, 128, 128), (1, 4))
    >>> [CLASSES[label - 1] for label in picture.labels]
    ['rectangle']
    """

    height: int = 128
    width: int = 128
    objects: tuple[int, int] = (1, 5)
    sizes: tuple[float, float] = (16, 64)
    seed: int = 0
    clutter: float = 1.0
    crowding: float = 0.0
    visible: float = 0.25

    def __post_init__(self) -> None:
        height, width = as_size((self.height, self.width), "height, width")
        if max(height, width) > MOST_SIDE:
            raise ValueError(f"height and width must be at most {MOST_SIDE}, got {height} and {width}")
        least, most = (as_whole_number(n, f"objects[{k}]", 0) for k, n in enumerate(_pair(self.objects, "objects")))
        if least > most or most > MOST_OBJECTS:
            raise ValueError(f"objects must be (fewest, most) with most up to {MOST_OBJECTS:,}, got {self.objects}")
        small, large = (as_number(size, f"sizes[{k}]") for k, size in enumerate(_pair(self.sizes, "sizes")))
        if most and not LEAST_SIZE <= small <= large <= min(height, width):
            raise ValueError(
                f"sizes must be (smallest, largest) from {LEAST_SIZE} to the shorter side of the picture, "
                f"{min(height, width)}, got {self.sizes}"
            )
        as_whole_number(self.seed, "seed", 0)
        for name, bound in (("clutter", 100.0), ("crowding", 1.0), ("visible", 1.0)):
            if not 0 <= as_number(getattr(self, name), name) <= bound:
                raise ValueError(f"{name} must be from 0 to {bound:g}, got {getattr(self, name)}")

    def __getitem__(self, index: int) -> Picture:
        """Draw the picture of an index, a whole number of at least 0."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(as_whole_number(index, "index", 0),))
        rng = np.random.Generator(np.random.PCG64(sequence))
        canvas = _ground(self.height, self.width, rng)
        marks.throw(canvas, int(self.height * self.width * MARKS * self.clutter * (0.5 + rng.random())), rng)
        owner = np.zeros((self.height, self.width), dtype=np.int16)
        drawn: list[_Drawn] = []
        left: list[int] = []  # of each object, the pixels that may still be hidden
        for _ in range(rng.integers(self.objects[0], self.objects[1] + 1)):
            self._add(canvas, owner, drawn, left, rng)
        return _picture(canvas, owner, drawn)

    def __iter__(self) -> NoReturn:
        raise TypeError("a ShapesWorld has no end: use world.pictures(count)")

    def pictures(self, count: int, start: int = 0) -> Iterator[Picture]:
        """Draw pictures one after another, `count` of them from index `start` on."""
        first = as_whole_number(start, "start", 0)
        return (self[index] for index in range(first, first + as_whole_number(count, "count", 0)))

    def _add(
        self, canvas: Packed, owner: NDArray[np.int16], drawn: list[_Drawn], left: list[int], rng: np.random.Generator
    ) -> None:
        """Draw one more object, at the first place where it hides no other too much, unless there is none."""
        name = CLASSES[rng.integers(len(CLASSES))]
        for _ in range(TRIES):
            one = self._thrown(name, drawn, rng)
            inside = one.depth > 0
            pixels = int(np.count_nonzero(inside))
            spare = pixels - max(LEAST_PIXELS, math.ceil(self.visible * pixels))
            under = owner[one.window]
            if spare < 0:
                continue
            if under.any():
                hidden = np.bincount(under[inside], minlength=len(left) + 1)[1:].tolist()
                if any(n > most for n, most in zip(hidden, left, strict=True)):
                    continue
                left[:] = [most - n for n, most in zip(hidden, left, strict=True)]
            left.append(spare)
            np.copyto(under, np.int16(len(left)), where=inside)
            drawn.append(_painted(canvas, one, rng))
            return

    def _thrown(self, name: str, drawn: list[_Drawn], rng: np.random.Generator) -> _Drawn:
        """Return a shape of some class, thrown somewhere into the picture."""
        turn, proportion, size, right, down, crowd, whom = rng.random(7).tolist()
        small, large = self.sizes
        size = small + (large - small) * size
        near = drawn[int(whom * len(drawn))] if drawn and crowd < self.crowding else None
        if near is not None:
            size = min(max(near.shape.size * (0.8 + 0.45 * (crowd / self.crowding)), small), large)
        angle = 360 * turn
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        x1, y1, x2, y2 = extent(name, proportion, cos, sin)
        scale = size / max(x2 - x1, y2 - y1)
        if near is None:
            x, y = right * (self.width - scale * (x2 - x1)), down * (self.height - scale * (y2 - y1))
        else:
            middle = [(part.start + part.stop) / 2 for part in near.window]
            x = middle[1] + (right - 0.5) * 0.8 * size - scale * (x2 - x1) / 2
            y = middle[0] + (down - 0.5) * 0.8 * size - scale * (y2 - y1) / 2
            x, y = min(max(x, 0), self.width - scale * (x2 - x1)), min(max(y, 0), self.height - scale * (y2 - y1))
        center = x - scale * x1, y - scale * y1
        rows = slice(max(int(y) - 1, 0), min(int(y + scale * (y2 - y1)) + 2, self.height))
        columns = slice(max(int(x) - 1, 0), min(int(x + scale * (x2 - x1)) + 2, self.width))
        along = ((np.arange(columns.start, columns.stop) + (0.5 - center[0])) / scale).astype(np.float32)
        across = ((np.arange(rows.start, rows.stop) + (0.5 - center[1])) / scale).astype(np.float32)[:, None]
        u, v = cos * along + sin * across, cos * across - sin * along
        depth = SHAPE_CLASSES[name].depth(u, v, proportion) * scale
        return _Drawn(Shape(name, center, angle, size, proportion, scale, (0, 0, 0)), (rows, columns), depth)


def _pair(values: tuple[float, float], name: str) -> tuple[float, float]:
    if not isinstance(values, tuple | list) or len(values) != 2:
        raise ValueError(f"{name} must be two numbers (least, most), got {values!r}")
    return values[0], values[1]


def _ground(height: int, width: int, rng: np.random.Generator) -> Packed:
    """Return a ground of some texture and palette, in packed colors."""
    colors, _ = palettes("ground")
    pick, *u = rng.random(11).tolist()
    return colors[int(pick * len(colors))].take(woven(u, height, width))


def _painted(canvas: Packed, one: _Drawn, rng: np.random.Generator) -> _Drawn:
    """Paint a shape into a picture, in colors that stand out from what they cover."""
    colors, means = palettes("object")
    *picks, u1, u2, u3, u4, u5, u6, u7, u8, u9, u10 = rng.random(16).tolist()
    candidates = [int(pick * len(colors)) for pick in picks]
    window = canvas[one.window]
    around = unpacked(window[::5, ::5]).reshape(-1, 1, 3).astype(np.int16)
    apart = np.abs(around - means[candidates]) @ np.array([2, 3, 1], dtype=np.int16)
    contrast = np.sort(apart, axis=0)[len(apart) // 4]
    best = int(np.argmax(contrast > 200)) if contrast.max() > 200 else int(contrast.argmax())
    pick = candidates[best]
    over = colors[pick].take(woven([u1, u2, u3, u4, u5, u6, u7, u8, u9, u10], *one.depth.shape))
    cover = (np.clip(one.depth + 0.5, 0, 1) * 256).astype(PACKED)
    blend(window, over, cover)
    red, green, blue = means[pick].tolist()
    return one._replace(shape=one.shape._replace(color=(red, green, blue)))


def _picture(canvas: Packed, owner: NDArray[np.int16], drawn: list[_Drawn]) -> Picture:
    """Return the picture with the truth that the owners of the pixels tell."""
    masks = owner == np.arange(1, len(drawn) + 1, dtype=np.int16)[:, None, None]
    boxes = np.zeros((len(drawn), 4), dtype=np.float32)
    for mask, box, one in zip(masks, boxes, drawn, strict=True):
        seen = mask[one.window]
        rows, columns = seen.any(axis=1).nonzero()[0], seen.any(axis=0).nonzero()[0]
        top, left = one.window[0].start, one.window[1].start
        box[:] = left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1
    shapes = tuple(one.shape for one in drawn)
    labels = np.array([CLASSES.index(shape.name) + 1 for shape in shapes], dtype=np.int64)
    return Picture(unpacked(canvas), masks, boxes, labels, shapes)
