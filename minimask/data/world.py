"""What generated worlds have in common: pictures without end, each a function of the world's seed and its own index."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NoReturn

import numpy as np

from minimask.data.picture import Picture
from minimask.geometry.checks import as_whole_number


class GeneratedWorld(ABC):
    """A world of pictures: `world[index]` draws one, the same one every time, whatever was drawn before."""

    seed: int

    @abstractmethod
    def __getitem__(self, index: int) -> Picture:
        """Draw the picture of an index, a whole number of at least 0."""

    def __iter__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} has no end; its first pictures are `world.pictures(count)`")

    def pictures(self, count: int, start: int = 0) -> Iterator[Picture]:
        """Draw `count` pictures one after another, from index `start` on."""
        first = as_whole_number(start, "start", 0)
        return (self[index] for index in range(first, first + as_whole_number(count, "count", 0)))

    def _rng(self, index: int) -> np.random.Generator:
        """Return the chance of one picture."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(as_whole_number(index, "index", 0),))
        return np.random.Generator(np.random.PCG64(sequence))
