"""Who owns which pixel: from masks that overlap to nuclei that do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import BoolArray, FloatArray, IntArray


class Piece(NamedTuple):
    """A mask in a window of a picture."""

    top: int
    left: int
    """The window's first row and column; it lies within the picture."""
    mask: BoolArray
    """(h, w)."""

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def claim(
    pieces: Sequence[Piece], scores: FloatArray, size: tuple[int, int], share: float = 0.5
) -> tuple[NDArray[np.int32], IntArray]:
    """Give every pixel to the surest mask that wants it; a mask that gets too few of its own is dropped.

    This is suppression by masks: what is said twice goes, and what only lies close stays, whatever their boxes.

    Parameters
    ----------
    pieces : sequence of Piece
    scores : array (N,)
    size : (height, width)
        Of the picture.
    share : float from 0 to 1
        The least part of its pixels that must be free when a mask's turn comes.

    Returns
    -------
    labels : int32 (height, width)
        0 where there is none; k for the pixels of the k-th kept mask.
    kept : int64 (K,)
        The numbers of the masks that were kept, the surest first.

    Examples
    --------
    >>> row = lambda left, width: Piece(0, left, np.ones((1, width), bool))
    >>> labels, kept = claim([row(0, 4), row(1, 4), row(3, 4)], np.array([0.9, 0.8, 0.7]), (1, 8))
    >>> labels, kept
    (array([[1, 1, 1, 1, 2, 2, 2, 0]], dtype=int32), array([0, 2]))
    """
    labels = np.zeros(size, dtype=np.int32)
    kept: list[int] = []
    for number in np.argsort(-scores, kind="stable").tolist():
        piece = pieces[number]
        place = labels[piece.window]
        free = piece.mask & (place == 0)
        wanted, got = int(piece.mask.sum()), int(free.sum())
        if got and got >= share * wanted:
            kept.append(number)
            place[free] = len(kept)
    return labels, np.array(kept, dtype=np.int64)
