"""The generated tissue of chapter 6: nuclei in stained sections, and the truth about them.

Every picture is a function of the world's seed and the picture's index. Glands with their membranes, fibers, vessels;
nuclei that touch, overlap and lie out of focus; stains, light and noise that differ from picture to picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minimask.data.heap import Heap
from minimask.data.nucleus import Nucleus
from minimask.data.picture import Picture
from minimask.data.staining import LOOKS, stained
from minimask.data.tissue import Ground, lie_of_the_land
from minimask.data.world import GeneratedWorld
from minimask.geometry.checks import as_number, as_whole_number

__all__ = ["CLASSES", "NucleiWorld"]

CLASSES = ("nucleus",)
"""The name of label 1; 0 is the background."""
SHARES = (0.55, 0.3, 0.15)
"""How often a picture of any look has each of `LOOKS`."""
TRIES = 24
"""A nucleus for which so many places fail is left out."""
AREA = 128**2
"""`nuclei` are counted in a picture of so many pixels."""
MOST_PIXELS = 2**32
"""Of all masks of a picture together: 4 GiB."""


@dataclass(frozen=True)
class NucleiWorld(GeneratedWorld):
    """A world of pictures of tissue: `world[index]` draws one, the same one every time.

    Parameters
    ----------
    height, width : int
        The size of every picture, in pixels.
    nuclei : (int, int)
        The fewest and the most nuclei on 128 x 128 pixels. A picture in which no more find room holds fewer.
    seed : int
        Another seed, another world.
    look : {"any", "dab", "eosin", "gray"}
        Blue nuclei in brown tissue, in pink tissue, bright ones on dark ground; or a mixture of pictures of all three.
    scale : float
        How large nuclei are, from 0.5 to 4; at 1 they are 5 to 25 pixels long, as in scikit-image's
        `immunohistochemistry()`.
    crowding : float
        From 0 to 1: how often a nucleus is laid close beside or upon another.
    stain : float
        How strongly nuclei are stained, from 0 to 3; 1 is usual.
    blur : float
        How much more than usual pictures are out of focus, from 0 to 100: passes of `minimask.data.stains.softened`.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed or out of range.

    Examples
    --------
    >>> picture = NucleiWorld(seed=3)[0]
    >>> picture.image.shape, picture.masks.shape[1:], set(picture.labels.tolist())
    ((128, 128, 3), (128, 128), {1})
    """

    height: int = 128
    width: int = 128
    nuclei: tuple[int, int] = (10, 45)
    seed: int = 0
    look: str = "any"
    scale: float = 1.0
    crowding: float = 0.35
    stain: float = 1.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("height", 1), ("width", 1), ("seed", 0)):
            as_whole_number(getattr(self, name), name, least)
        for name, low, high in (("scale", 0.5, 4), ("crowding", 0, 1), ("stain", 0, 3), ("blur", 0, 100)):
            if not low <= as_number(getattr(self, name), name) <= high:
                raise ValueError(f"{name} must be from {low} to {high}, got {getattr(self, name)}")
        if self.look not in ("any", *LOOKS):
            raise ValueError(f"look must be one of any, {', '.join(LOOKS)}, got {self.look!r}")
        if not isinstance(self.nuclei, tuple) or len(self.nuclei) != 2:
            raise ValueError(f"nuclei must be a tuple of two numbers, got {self.nuclei!r}")
        fewest, most = (as_whole_number(number, "nuclei", 0) for number in self.nuclei)
        if not fewest <= most or most * (self.height * self.width) ** 2 / AREA > MOST_PIXELS:
            raise ValueError(
                f"nuclei must be (fewest, most) on 128 x 128 pixels, with masks of at most {MOST_PIXELS:,} pixels "
                f"together, got {self.nuclei} for {self.height} x {self.width}"
            )

    def __getitem__(self, index: int) -> Picture:
        """Draw the picture of an index, a whole number of at least 0."""
        rng = self._rng(index)
        look = LOOKS[int(np.searchsorted(np.cumsum(SHARES), rng.random()))] if self.look == "any" else self.look
        ground = lie_of_the_land(self.height, self.width, rng)
        if look == "gray":
            ground = ground._replace(empty=0 * ground.empty, gland=0 * ground.gland)
        wanted = int(rng.integers(self.nuclei[0], self.nuclei[1] + 1) * self.height * self.width / AREA + 0.5)
        heap = Heap(self.height, self.width)
        habit = Habit.of(look, self.scale, rng)
        for _ in range(wanted):
            any(heap.add(self._throw(habit, ground, heap, rng)) for _ in range(TRIES))
        image = stained(look, ground, heap, self.stain, self.blur, rng)
        return Picture(image, heap.masks(), heap.boxes(), np.ones(len(heap.nuclei), dtype=np.int64))

    def _throw(self, habit: Habit, ground: Ground, heap: Heap, rng: np.random.Generator) -> Nucleus | None:
        """Return a nucleus somewhere in the picture or close to another; None where the tissue has none."""
        u = rng.random(20).tolist()
        near = heap.nuclei[int(u[1] * len(heap.nuclei))] if heap.nuclei and u[0] < self.crowding else None
        if near is None:
            x, y = u[2] * self.width, u[3] * self.height
        else:
            side = (1 if u[2] < 0.5 else -1) * near.half_width * (1.3 + 1.3 * u[3])
            along = (u[4] - 0.5) * near.half_length
            x = near.x + side * near.down + along * near.right
            y = near.y - side * near.right + along * near.down
        if not (0 <= x < self.width and 0 <= y < self.height):
            return None
        place = int(y), int(x)
        if ground.empty[place] > 0.3 or (ground.gland[place] <= 0.5 and u[5] < habit.sparse):
            return None
        return habit.nucleus(x, y, ground, place, u[6:])


@dataclass(frozen=True)
class Habit:
    """What the nuclei of one picture have in common."""

    look: str
    size: float
    """How large they are."""
    round: float
    """From 0, those of glands are long, to 1, they are round."""
    order: float
    """How well those of a gland point the same way."""
    sparse: float
    """How much rarer they are among fibers."""
    way: tuple[float, float]
    """The direction of fibers, where no gland bends them."""

    @classmethod
    def of(cls, look: str, scale: float, rng: np.random.Generator) -> Habit:
        """Draw the habit of a picture's nuclei."""
        u = rng.random(8).tolist()
        size = scale * (0.8 + 0.45 * u[0])
        if look == "gray":
            size *= 1 + 1.3 * u[6] * u[6]
        way = unit(u[4] - 0.5, u[5] - 0.5)
        return cls(look, size, round=u[1] * u[1], order=0.4 * u[2] * u[2], sparse=0.1 + 0.5 * u[3], way=way)

    def nucleus(self, x: float, y: float, ground: Ground, place: tuple[int, int], u: list[float]) -> Nucleus:
        """Return a nucleus at a place, as fourteen numbers in [0, 1) say."""
        down, right = float(ground.down[place]), float(ground.right[place])
        if self.look == "gray":
            half_width = 4.2 + 2.0 * u[0]
            half_length = half_width * (1 + 0.5 * u[1] * u[1])
            way, pointed = unit(u[2] - 0.5, u[3] - 0.5), 0.0
        elif ground.gland[place] > 0.5:
            half_width = 3.2 + 1.7 * u[0]
            half_length = half_width * (1.05 + 0.5 * u[1] + 1.5 * u[1] * (1 - self.round))
            way, pointed = unit(right + self.order * (u[2] - 0.5), down + self.order * (u[3] - 0.5)), 0.1 * u[4]
        elif u[5] < 0.25:  # a lymphocyte: small, round, dark
            half_width, half_length = 2.7 + 1.1 * u[0], 2.9 + 1.3 * u[0]
            way, pointed = unit(u[2] - 0.5, u[3] - 0.5), 0.0
        else:
            half_width = 1.9 + 1.5 * u[0]
            half_length = half_width * (1.4 + 2.1 * u[1])
            turn = 0.6 * (u[3] - 0.5)
            fiber = (-down, right) if u[4] < 0.6 else self.way
            way, pointed = unit(fiber[0] + turn * fiber[1], fiber[1] - turn * fiber[0]), 0.6 * u[6]
        return Nucleus(
            *(x, y, half_length * self.size, half_width * self.size, *way),
            bend=0.5 * (u[7] - 0.5) * (1 if half_length > 1.6 * half_width else 0.3),
            dent=0.28 * u[8],
            pointed=pointed,
            stained=0.5 + 0.75 * u[9],
            grain=u[10],
            rim=u[11] * u[11],
            sharp=1.0 if u[13] > 0.3 else 0.3 + 2.2 * u[13],
            chance=(u[12], u[13], u[8]),
        )


def unit(x: float, y: float) -> tuple[float, float]:
    """Return a direction, of length 1."""
    length = float(np.sqrt(x * x + y * y)) or 1.0
    return (x / length, y / length) if x or y else (1.0, 0.0)
