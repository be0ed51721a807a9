"""What is extracted from which maps in a measurement on a card, and the numbers for it, drawn anew each time."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minimask.roi.pyramid import assign_levels

STRIDES = (4, 8, 16, 32)
RATIO, ALIGNED = 2, True
DTYPES = ("float32", "float16", "bfloat16")
SETS = 3
"""Sets of numbers that take turns, so that no cache holds them."""


class Problem(NamedTuple):
    """RoIs that are read from one map, or each from its level of a pyramid."""

    rois: int
    levels: int = 4
    dtype: str = "float32"
    bins: int = 7
    layout: str = "last"
    """Where the channels lie in memory: "last" or "first"."""
    channels: int = 256
    images: int = 2
    size: tuple[int, int] = (800, 1088)
    """Height and width of a picture."""

    @property
    def scales(self) -> list[float]:
        """Cells per pixel of each level."""
        return [1 / stride for stride in STRIDES[: self.levels]]

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """Images, height and width of each level, in cells."""
        height, width = self.size
        return [(self.images, -(-height // stride), -(-width // stride)) for stride in STRIDES[: self.levels]]

    @property
    def bytes_each(self) -> int:
        """Bytes of a number."""
        return torch.finfo(self.number).bits // 8

    @property
    def number(self) -> torch.dtype:
        """The dtype as torch has it."""
        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype

    def __str__(self) -> str:
        maps = f"{self.levels} level{'s' if self.levels > 1 else ''}"
        return f"{self.rois} RoIs, {self.bins} x {self.bins}, {maps}, {self.dtype}, channels-{self.layout}"


TARGET, FEW = Problem(512), Problem(100)
"""The problems that the targets are about."""


def all_problems() -> list[Problem]:
    """Return all problems, those of the targets first, so that they are measured even if time runs out."""
    choices = itertools.product((512, 100, 2000, 8000), (4, 1), DTYPES, (7, 14), ("last", "first"))
    return list(dict.fromkeys([TARGET, FEW, *itertools.starmap(Problem, choices)]))


class Data(NamedTuple):
    """The numbers of a problem."""

    problem: Problem
    maps: list[Tensor]
    """(N, C, H, W) for each level."""
    grad: Tensor
    """(K, C, bins, bins): the gradient that comes in."""
    boxes: Tensor
    """float32 (K, 5), ordered by image."""
    levels: Tensor
    """int64 (K,)."""


def draw(problem: Problem, device: torch.device, seed: int, number: int = 0) -> Data:
    """Draw the maps and the gradient of a problem; the RoIs are those of a set, the same for all dtypes and layouts."""
    generator = torch.Generator(device).manual_seed(seed)
    form = torch.channels_last if problem.layout == "last" else torch.contiguous_format

    def normal(*shape: int) -> Tensor:
        numbers = torch.randn(shape, generator=generator, device=device)
        return numbers.to(problem.number).contiguous(memory_format=form)

    boxes = torch.from_numpy(random_rois(problem, number)).to(device)
    return Data(
        problem,
        [normal(images, problem.channels, *cells) for images, *cells in problem.shapes],
        normal(problem.rois, problem.channels, problem.bins, problem.bins),
        boxes,
        levels_of(problem, boxes),
    )


def random_rois(problem: Problem, seed: int) -> NDArray[np.float32]:
    """Return RoIs (K, 5) ordered by image, with sides from 16 px on, most of them small, as proposals are."""
    rng = np.random.default_rng(seed)
    sides = 16 * 2 ** rng.uniform(0, 5, (problem.rois, 2))
    centers = rng.uniform(0, 1, (problem.rois, 2)) * problem.size[::-1]
    numbers = np.sort(rng.integers(0, problem.images, (problem.rois, 1)), axis=0)
    return np.concatenate([numbers, centers - sides / 2, centers + sides / 2], axis=1).astype(np.float32)


def levels_of(problem: Problem, boxes: Tensor) -> Tensor:
    """Return the level that each RoI is read from, 0 for the finest."""
    levels: Tensor = assign_levels(boxes[:, 1:], 2, 1 + problem.levels) - 2
    return levels
