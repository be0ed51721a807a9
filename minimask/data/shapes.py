"""The generated world that the chapters share: textured pictures with objects of six classes, and the truth about them.

Every picture is a function of the world's seed and the picture's index, whatever was drawn before. Neither color nor
texture tells the class, marks of no class are strewn about, and objects that are drawn later hide earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minimask.data.marks import strew
from minimask.data.picture import Picture
from minimask.data.pile import Pile
from minimask.data.shape_classes import SHAPE_CLASSES, Shape, sized
from minimask.data.textures import ground, unpacked
from minimask.data.world import GeneratedWorld
from minimask.geometry.checks import as_number, as_whole_number

__all__ = ["CLASSES", "Picture", "Shape", "ShapesWorld"]

CLASSES = tuple(SHAPE_CLASSES)
"""The names of the labels 1 to 6; 0 is the background."""
LEAST_SIZE = 12
"""Of smaller objects not enough pixels would be seen."""
MOST_OBJECTS = 10_000
MOST_PIXELS = 2**32
"""Of all masks of a picture together: 4 GiB."""
TRIES = 40
"""An object for which so many places fail is left out; the second half of them are free of crowding."""
MARKS = 9 / 128**2
"""Marks per pixel where clutter is 1, on the mean."""


@dataclass(frozen=True)
class ShapesWorld(GeneratedWorld):
    """A world of pictures: `world[index]` draws one, the same one every time.

    Parameters
    ----------
    height, width : int
        The size of every picture, in pixels.
    objects : (int, int)
        The fewest and the most objects of a picture. One in which no more find room holds fewer.
    sizes : (float, float)
        The smallest and the largest longest side of an object's box before others hide it, in pixels; at least 12.
    seed : int
        Another seed, another world.
    clutter : float
        How many marks of no class lie about, from 0 (none) to 100; 1 is about nine on 128 x 128 pixels.
    crowding : float
        From 0 to 1: how often an object is laid upon an earlier one of about its size, so that their boxes overlap.
    visible : float
        The fraction of its pixels, from 0 to 1, that an object keeps when others hide it, and at least 30 pixels. An
        object that would hide more is laid elsewhere, so that nothing of a class is seen that is not in the truth.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or out of range.

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
        for name, least in (("height", 1), ("width", 1), ("seed", 0)):
            as_whole_number(getattr(self, name), name, least)
        for name, most in (("clutter", 100), ("crowding", 1), ("visible", 1)):
            if not 0 <= as_number(getattr(self, name), name) <= most:
                raise ValueError(f"{name} must be from 0 to {most}, got {getattr(self, name)}")
        self._check_objects()

    def _check_objects(self) -> None:
        fewest, most = (as_whole_number(number, "objects", 0) for number in _two(self.objects, "objects"))
        if not fewest <= most <= MOST_OBJECTS:
            raise ValueError(f"objects must be (fewest, most), at most {MOST_OBJECTS}, got {self.objects}")
        if most * self.height * self.width > MOST_PIXELS:
            raise ValueError(
                f"objects times height times width must be at most {MOST_PIXELS:,}, the bytes of a picture's masks, "
                f"got {most} x {self.height} x {self.width}"
            )
        smallest, largest = (as_number(size, "sizes") for size in _two(self.sizes, "sizes"))
        room = min(self.height, self.width)
        if most and not LEAST_SIZE <= smallest <= largest <= room:
            raise ValueError(
                f"sizes must be (smallest, largest), from {LEAST_SIZE} to the shorter side of the picture, {room}, "
                f"got {self.sizes}"
            )

    def __getitem__(self, index: int) -> Picture:
        """Draw the picture of an index, a whole number of at least 0."""
        rng = self._rng(index)
        canvas = ground(self.height, self.width, rng)
        strew(canvas, int(self.height * self.width * MARKS * self.clutter * (0.5 + rng.random())), rng)
        pile = Pile(canvas, self.visible)
        for _ in range(rng.integers(self.objects[0], self.objects[1] + 1)):
            name = CLASSES[rng.integers(len(CLASSES))]
            tries = (self.crowding if k < TRIES // 2 else 0 for k in range(TRIES))
            any(pile.add(self._throw(name, pile, crowding, rng), rng) for crowding in tries)
        labels = np.array([CLASSES.index(shape.name) + 1 for shape in pile.shapes], dtype=np.int64)
        return Picture(unpacked(canvas), pile.masks(), pile.boxes(), labels, tuple(pile.shapes))

    def _throw(self, name: str, pile: Pile, crowding: float, rng: np.random.Generator) -> Shape:
        """Return a shape of a class somewhere in the picture, or close upon one that lies there already."""
        proportion, turn, t, right, down, lonely, whom = rng.random(7).tolist()
        smallest, largest = self.sizes
        size = smallest + t * (largest - smallest)
        near = pile.shapes[int(whom * len(pile.shapes))] if pile.shapes and lonely < crowding else None
        if near is not None:
            size = min(max(near.size * (0.8 + 0.45 * t), smallest), largest)
        shape = sized(name, proportion, 360 * turn, size)
        x1, y1, x2, y2 = shape.box
        spare_x, spare_y = self.width - (x2 - x1), self.height - (y2 - y1)
        if near is None:
            return shape.moved(right * spare_x, down * spare_y)
        # The middles of the two boxes lie at most 0.3 of the size apart, in either direction.
        left, top, end, bottom = near.box
        x = (left + end - (x2 - x1)) / 2 + 0.6 * size * (right - 0.5)
        y = (top + bottom - (y2 - y1)) / 2 + 0.6 * size * (down - 0.5)
        return shape.moved(min(max(x, 0), spare_x), min(max(y, 0), spare_y))


def _two(values: object, name: str) -> tuple[Any, Any]:
    """Return a pair, after making sure that it is one."""
    if not isinstance(values, tuple) or len(values) != 2:
        raise ValueError(f"{name} must be a tuple of two numbers, got {values!r}")
    return values
