"""Which picture comes when: a function of the seed, the step and the place in the batch, and of nothing else.

Whoever starts in the middle, and however many processes share the work, sees the same pictures in the same places.
Chance comes the same way: nothing of it has to be saved for a training that goes on later.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from minimask.data.picture import Picture
from minimask.geometry.checks import as_whole_number

PURPOSES = ("order", "flip", "torch", "weighing")
"""What chance is needed for, beside what the model samples. New ones are added at the end."""


class Source(Protocol):
    """A set of pictures; with a length it is gone through again and again, without one it has no end."""

    def __getitem__(self, index: int) -> Picture:
        """Return the picture of an index, from 0 on."""


class LoadingError(OSError):
    """A picture could not be loaded; the message says which, and why."""


class Batch(NamedTuple):
    """What a step looks at, or a process's share of it."""

    indices: list[int]
    """The pictures' places in the source."""
    positions: range
    """Their places in the batch of all processes."""
    images: list[Tensor]
    """(3, H, W): red, green and blue from 0 to 1."""
    targets: list[dict[str, Tensor]]
    """Boxes, labels and masks of the objects of each."""


def chance(purpose: Literal["order", "flip", "torch", "weighing"], seed: int, *when: int) -> np.random.Generator:
    """Return a source of chance for a purpose at a moment; for another one it is another.

    Examples
    --------
    >>> chance("flip", 0, 7, 2).random() == chance("flip", 0, 7, 2).random()
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PURPOSES.index(purpose), *when)))


def sampling_chance(seed: int, step: int, positions: Sequence[int]) -> list[np.random.Generator]:
    """Return for each picture of a step the generator with which the model samples anchors and RoIs."""
    return [np.random.default_rng([seed, step, position]) for position in positions]


def picture_index(source: Source, seed: int, step: int, position: int, batch: int) -> int:
    """Return which picture of a source comes at a place of a step.

    Parameters
    ----------
    source : Source
        Without a length, its pictures come one after another, each once. With one, all come once, in an order drawn
        with the seed, then all again in another order, whatever the size of the batch.
    seed : int
    step : int, at least 1
    position : int, from 0, below `batch`
    batch : int
        Pictures of a step, of all processes together.

    Raises
    ------
    ValueError
        If the source is empty.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> picture_index(ShapesWorld(), seed=0, step=3, position=1, batch=8)
    17
    >>> four = list(ShapesWorld(objects=(0, 0)).pictures(4))
    >>> [picture_index(four, seed=0, step=1 + k // 2, position=k % 2, batch=2) for k in range(8)]
    [1, 3, 2, 0, 2, 0, 3, 1]
    """
    count = (step - 1) * batch + position
    if not isinstance(source, Sized):
        return count
    if not len(source):
        raise ValueError("source must hold at least one picture, got none")
    epoch, place = divmod(count, len(source))
    return int(_order(len(source), seed, epoch)[place])


@functools.lru_cache(maxsize=4)
def _order(length: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the order of the pictures in one round through all of them."""
    return chance("order", seed, epoch).permutation(length)


def as_target(picture: Picture) -> tuple[Tensor, dict[str, Tensor]]:
    """Return a picture and its truth as the model takes them; crowds are left out, nothing is learned from them.

    Returns
    -------
    tensor (3, H, W)
        float32, from 0 to 1; in memory the channels come last.
    dict
        boxes (M, 4) float32, `x1 y1 x2 y2` in pixels; labels (M,) int64, from 1; masks (M, H, W) uint8.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> image, target = as_target(ShapesWorld(seed=3)[0])
    >>> image.shape, {name: tuple(value.shape) for name, value in target.items()}
    (torch.Size([3, 128, 128]), {'boxes': (1, 4), 'labels': (1,), 'masks': (1, 128, 128)})
    """
    kept = ~picture.crowd
    image = torch.tensor(picture.image, dtype=torch.float32).div_(255).permute(2, 0, 1)
    return image, {
        "boxes": torch.from_numpy(picture.boxes[kept]),
        "labels": torch.from_numpy(picture.labels[kept]),
        "masks": torch.from_numpy(picture.masks[kept].view(np.uint8)),
    }


def flipped(picture: Picture) -> Picture:
    """Return a picture and its truth, mirrored left and right.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> picture = ShapesWorld(seed=3)[0]
    >>> picture.boxes[0, 0], 128 - flipped(picture).boxes[0, 2]
    (np.float32(39.0), np.float32(39.0))
    """
    boxes = picture.boxes.copy()
    boxes[:, [0, 2]] = picture.image.shape[1] - boxes[:, [2, 0]]
    image, masks = picture.image[:, ::-1].copy(), picture.masks[:, :, ::-1].copy()
    return replace(picture, image=image, masks=masks, boxes=boxes, shapes=())


def onto(batch: Batch, device: torch.device) -> Batch:
    """Return a batch on a device."""
    images = [image.to(device) for image in batch.images]
    targets = [{name: value.to(device) for name, value in target.items()} for target in batch.targets]
    return batch._replace(images=images, targets=targets)


@dataclass(frozen=True)
class Steps(Dataset[list[Picture] | LoadingError]):
    """The pictures of each step, for `load`: `steps[k]` are those at some places of step k's batch."""

    source: Source
    seed: int
    batch: int
    positions: range
    flip: float

    def indices(self, step: int) -> list[int]:
        """Return which pictures of the source they are."""
        return [picture_index(self.source, self.seed, step, position, self.batch) for position in self.positions]

    def __getitem__(self, step: int) -> list[Picture] | LoadingError:
        pictures = []
        for index, position in zip(self.indices(step), self.positions, strict=True):
            try:
                picture = self.source[index]
            except Exception as error:  # handed over as it is, whichever process it comes from
                return LoadingError(f"picture {index} of the data cannot be loaded: {type(error).__name__}: {error}")
            mirror = self.flip and chance("flip", self.seed, step, position).random() < self.flip
            pictures.append(flipped(picture) if mirror else replace(picture, shapes=()))
        return pictures


def load(
    source: Source,
    *,
    seed: int,
    batch: int,
    steps: range,
    positions: range | None = None,
    flip: float = 0.0,
    workers: int = 0,
) -> Iterator[Batch]:
    """Load the batches of some steps, one after another.

    Parameters
    ----------
    source : Source
    seed, batch
        See `picture_index`.
    steps : range
        Which steps; the first step is 1.
    positions : range, optional
        The places of the batch that are loaded here, by default all.
    flip : float from 0 to 1
        How often a picture is mirrored.
    workers : int, at least 0
        Processes that load ahead, each a step at a time. With 0, a batch is loaded when it is asked for.

    Raises
    ------
    LoadingError
        If the source fails to hand out a picture; the message names it.
    """
    workers = as_whole_number(workers, "workers", 0)
    places = range(batch) if positions is None else positions
    data = Steps(source, seed, batch, places, flip)
    loader = DataLoader(
        data,
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        collate_fn=_as_it_is,
        generator=torch.Generator(),  # torch's own random state stays as it is
    )
    for step, pictures in zip(steps, loader, strict=True):
        if isinstance(pictures, LoadingError):
            raise pictures
        images, targets = zip(*map(as_target, pictures), strict=True)
        yield Batch(data.indices(step), places, list(images), list(targets))


def _as_it_is(pictures: list[Picture] | LoadingError) -> list[Picture] | LoadingError:
    """Hand the pictures over as arrays; tensors from another process would each hold a file open."""
    return pictures
