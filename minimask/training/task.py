"""What a model learns: pictures to learn from, others to be measured on, and the classes in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from minimask.data.coco_folder import CocoFolder
from minimask.data.nuclei import CLASSES as NUCLEI_CLASSES
from minimask.data.nuclei import NucleiWorld
from minimask.data.picture import Picture
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.training.batches import Source
from minimask.training.config import Config

LEARNED_FROM, MEASURED_ON = 1, 2
"""Seeds of the two worlds of each kind; those of shapes are chapter 2's."""
SIZES = (16, 64)
"""Of generated shapes, in pixels; not larger than the picture."""


class Finite(Source, Protocol):
    """A set of pictures that has an end."""

    def __len__(self) -> int:
        """Return how many pictures there are."""


@dataclass(frozen=True)
class First:
    """The first pictures of a source.

    Parameters
    ----------
    source : Source
    count : int

    Examples
    --------
    >>> len(First(ShapesWorld(), 3)), First(ShapesWorld(), 3)[2].image.shape
    (3, (128, 128, 3))
    """

    source: Source
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Picture:
        if not 0 <= index < self.count:
            raise IndexError(f"index must be from 0 to {self.count - 1}, got {index}")
        return self.source[index]


class Task(NamedTuple):
    """What a model learns."""

    source: Source
    """Pictures to learn from: without a length where there is no end to them."""
    held_out: Finite | None
    """Pictures that are never learned from."""
    classes: tuple[str, ...]
    """The names of the labels 1, 2, ..."""
    category_ids: tuple[int, ...]
    """The numbers that the data has for them."""


def task_of(config: Config) -> Task:
    """Return what the settings of a training say that is to be learned.

    Raises
    ------
    FileNotFoundError, ValueError
        If a folder is not there, is not in COCO's format, or the held-out one has other classes.

    Examples
    --------
    >>> task = task_of(Config(size=64, held_out_pictures=10))
    >>> len(task.held_out), task.source[0].image.shape, task.classes[0]
    (10, (64, 64, 3), 'disc')
    """
    held_out = config.held_out or (config.data if config.data in WORLDS else "")
    if config.data in WORLDS:
        world = WORLDS[config.data]
        ids = tuple(range(1, len(world.classes) + 1))
        task = Task(world.pictures(config.size, LEARNED_FROM), None, world.classes, ids)
    else:
        folder = _folder(config.data, "data")
        task = Task(folder, None, folder.classes, folder.category_ids)
    if not held_out:
        return task
    found = pictures_of(held_out, task.classes, config.size, config.held_out_pictures, "held_out")
    return task._replace(held_out=found)


def pictures_of(data: str, classes: Sequence[str], size: int, most: int | None, argument: str = "data") -> First:
    """Return pictures to measure a model on.

    Parameters
    ----------
    data : str
        A name in `WORLDS` or a folder in COCO's format.
    classes : sequence of str
        What the model knows; the data must have the same.
    size : int
        Of generated pictures.
    most : int, optional
        How many at most, or exactly for generated pictures; by default all of a folder, and 300 generated ones.
    argument : str
        What an error calls the data.
    """
    if data in WORLDS:
        source: Source = WORLDS[data].pictures(size, MEASURED_ON)
        own, count = WORLDS[data].classes, Config.held_out_pictures if most is None else most
    else:
        folder = source = _folder(data, argument)
        own, count = folder.classes, len(folder) if most is None else min(most, len(folder))
        if all(said.crowd for entry in folder.entries[:count] for said in entry.annotations):
            raise ValueError(
                f"{argument} must have an object to be found in its first {count} pictures; {data} has none"
            )
    if tuple(own) != tuple(classes):
        raise ValueError(
            f"{argument} must have the model's classes, {_named(classes)}; {data} has {_named(own)}, in this order"
        )
    return First(source, count)


def _shapes(size: int, seed: int) -> ShapesWorld:
    return ShapesWorld(size, size, sizes=(min(SIZES[0], size), min(SIZES[1], size)), seed=seed)


def _nuclei(size: int, seed: int) -> NucleiWorld:
    return NucleiWorld(size, size, seed=seed)


def _folder(path: str, argument: str) -> CocoFolder:
    try:
        return CocoFolder(path)
    except (FileNotFoundError, ValueError) as error:
        raise type(error)(f"{argument} {path}: {error}") from error


def _named(classes: Sequence[str]) -> str:
    """Return the names of a few classes, and how many there are."""
    return f"{len(classes)} ({', '.join(classes[:8])}{', ...' if len(classes) > 8 else ''})"


class World(NamedTuple):
    """A generated world, where else a folder is named."""

    pictures: Callable[[int, int], Source]
    """Pictures of a size, in pixels, with a seed."""
    classes: tuple[str, ...]
    word: str
    """What is in its pictures."""


WORLDS = {
    "shapes": World(_shapes, CLASSES, "shapes"),
    "nuclei": World(_nuclei, NUCLEI_CLASSES, "tissue"),
}
"""The generated worlds, by the names in `minimask.training.config.WORLD_NAMES`."""
