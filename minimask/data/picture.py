"""A picture and the truth about it: what every data set of this package hands out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from minimask.data.shape_classes import Shape
from minimask.data.textures import Bytes
from minimask.geometry.checks import BoolArray


def _no_crowd() -> BoolArray:
    return np.zeros((), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and the truth about it: one entry per object, in the order of the data set.

    Parameters
    ----------
    image, masks, boxes, labels : arrays
        As the attributes of these names.
    shapes : tuple of Shape, optional
        Of generated pictures only.
    crowd : Boolean array (N,), or a single Boolean for all, optional
        By default no entry is a crowd.
    areas : array (N,), optional
        By default they are not stated.

    Raises
    ------
    ValueError
        If `crowd` or `areas` has not one value for every label.

    Examples
    --------
    >>> image, mask = np.zeros((6, 8, 3), np.uint8), np.ones((1, 6, 8), bool)
    >>> picture = Picture(image, mask, np.array([[0, 0, 8, 6]], np.float32), np.array([1]))
    >>> picture.crowd
    array([False])
    """

    image: Bytes
    """(H, W, 3): red, green and blue from 0 to 255."""
    masks: BoolArray
    """(N, H, W): the visible pixels of each object. No two masks of a generated picture share one; in real data sets,
    drawn by hand, they may."""
    boxes: NDArray[np.float32]
    """(N, 4): `x1 y1 x2 y2` in pixels. Tight around the visible pixels in generated pictures; as the data set states
    them in others."""
    labels: NDArray[np.int64]
    """(N,): from 1 on, in the order of the data set's classes."""
    shapes: tuple[Shape, ...] = ()
    """What was drawn, of generated pictures: whole outlines, also where they are hidden. Empty in others."""
    crowd: BoolArray = field(default_factory=_no_crowd)
    """(N,): True where an entry is no object but a region of many, which nobody told apart (COCO's `iscrowd`). Nothing
    is learned from a crowd, and whatever is found in it counts neither as right nor as wrong."""
    areas: NDArray[np.float64] | None = None
    """(N,): the areas in pixels that the data set states, by which COCO's evaluation tells small objects from large
    ones. None where there are none but those of the masks."""

    def __post_init__(self) -> None:
        if self.crowd.shape == ():
            object.__setattr__(self, "crowd", np.full(len(self.labels), self.crowd))
        for name, values in (("crowd", self.crowd), ("areas", self.areas)):
            if values is not None and values.shape != self.labels.shape:
                raise ValueError(f"{name} must have one value per label ({len(self.labels)}), got {values.shape}")
