"""What became of the object that was attacked, by what the model finds in the picture afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from minimask.data.found import Found
from minimask.data.picture import Picture
from minimask.data.textures import Bytes
from minimask.detecting import detect
from minimask.geometry.checks import BoolArray
from minimask.model.mask_rcnn import MaskRCNN

SURE = 0.5
"""What is found with less than this score is not reported to anybody, here."""
SAME = 0.5
"""A mask is that of an object from this IoU on."""
MUCH = 0.25
"""A mask leaks if as many pixels as this fraction of the object lie beside it."""


class Outcome(NamedTuple):
    """What is found of one object."""

    score: float
    """The best of its class on it, sure or not; 0 where there is none."""
    seen: bool
    """Something is surely found there, of whatever class."""
    right: bool
    """Its class is surely found there."""
    iou: float
    """Of the surest mask that covers at least half of it; 0 where there is none."""
    leak: float
    """Pixels of that mask beside the object, as a fraction of the object's."""
    named: bool
    """Whether that mask has the right class."""

    @property
    def vanished(self) -> bool:
        """Nothing is surely found there."""
        return not self.seen

    @property
    def changed(self) -> bool:
        """Something is found, but not what it is."""
        return self.seen and not self.right

    @property
    def leaked(self) -> bool:
        """It is found and named, but its mask holds much of what lies beside it."""
        return self.named and self.leak >= MUCH


def outcome(found: Found, mask: BoolArray, label: int) -> Outcome:
    """Return what became of an object, given by its true mask (H, W) and its class.

    Examples
    --------
    >>> mask = np.eye(4, dtype=bool)
    >>> found = Found(np.array([[0.0, 0, 4, 4]]), np.array([2]), np.array([0.9]), mask[None])
    >>> after = outcome(found, mask, label=1)
    >>> after.vanished, after.changed, after.score
    (False, True, 0.0)
    """
    shared = (found.masks & mask).sum(axis=(1, 2))
    ious = shared / np.maximum((found.masks | mask).sum(axis=(1, 2)), 1)
    there, sure, named = ious >= SAME, found.scores >= SURE, found.labels == label
    scores = found.scores[there & named]
    covering = np.flatnonzero(sure & (shared >= mask.sum() / 2))
    best = covering[0] if len(covering) else None  # the surest comes first
    return Outcome(
        score=float(scores.max()) if len(scores) else 0.0,
        seen=bool((there & sure).any()),
        right=bool((there & sure & named).any()),
        iou=0.0 if best is None else float(ious[best]),
        leak=0.0 if best is None else float((found.masks[best] & ~mask).sum() / mask.sum()),
        named=best is not None and bool(named[best]),
    )


def outcomes(
    model: MaskRCNN, images: Iterable[Bytes], pictures: Sequence[Picture], numbers: Sequence[int]
) -> list[Outcome]:
    """Return what became of one object of each picture, where the model is shown other images of them."""
    return [
        outcome(found, picture.masks[number], int(picture.labels[number]))
        for found, picture, number in zip(detect(model, images), pictures, numbers, strict=True)
    ]


def surely_found(model: MaskRCNN, pictures: Iterable[Picture], count: int) -> tuple[list[Picture], list[int]]:
    """Return the first pictures whose largest object is surely and rightly found, and the number of that object."""
    kept: list[Picture] = []
    numbers: list[int] = []
    for picture in pictures:
        if len(kept) == count:
            break
        if not len(picture.labels):
            continue
        number = int(picture.masks.sum(axis=(1, 2)).argmax())
        if outcomes(model, [picture.image], [picture], [number])[0].right:
            kept.append(picture)
            numbers.append(number)
    return kept, numbers
