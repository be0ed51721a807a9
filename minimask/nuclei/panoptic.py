"""Panoptic quality: one number for how many nuclei are found and how well their outlines fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray, IntArray


class Panoptic(NamedTuple):
    """What two label images have in common."""

    ious: FloatArray
    """(TP,): of the pairs that share more than half of their pixels."""
    extra: int
    """Nuclei that were found and are none: false positives."""
    missed: int
    """False negatives."""

    @property
    def quality(self) -> float:
        """The sum of the pairs' IoU, divided by their number and half the number of those without a partner.

        1 where there is nothing to be found and nothing was.
        """
        count = len(self.ious) + (self.extra + self.missed) / 2
        return float(self.ious.sum() / count) if count else 1.0


def ious_of(found: NDArray[np.integer], truth: NDArray[np.integer]) -> FloatArray:
    """Return the IoU of every nucleus that was found with every true one, (F, T); rows and columns by ascending label.

    Examples
    --------
    >>> ious_of(np.array([[1, 1, 0, 2]]), np.array([[5, 5, 5, 0]]))
    array([[0.66666667],
           [0.        ]])
    """
    if found.shape != truth.shape:
        raise ValueError(f"found and truth must be of one size, got {found.shape} and {truth.shape}")
    rows, columns = _numbered(found), _numbered(truth)
    many, few = int(rows.max(initial=0)) + 1, int(columns.max(initial=0)) + 1
    shared = np.bincount((rows * few + columns).ravel(), minlength=many * few).reshape(many, few)
    areas = shared.sum(axis=1)[1:, None] + shared.sum(axis=0)[None, 1:]
    shared = shared[1:, 1:]
    return np.asarray(shared / np.maximum(areas - shared, 1))


def panoptic(found: NDArray[np.integer], truth: NDArray[np.integer]) -> Panoptic:
    """Return which nuclei of two label images belong together: pairs with an IoU above 1/2, of which none shares one.

    Parameters
    ----------
    found, truth : whole numbers (H, W)
        0 is the background.

    References
    ----------
    Kirillov et al., "Panoptic Segmentation", 2019.

    Examples
    --------
    >>> result = panoptic(np.array([[1, 1, 0, 2]]), np.array([[5, 5, 5, 0]]))
    >>> result.extra, result.missed, round(result.quality, 3)
    (1, 0, 0.444)
    """
    ious = ious_of(found, truth)
    pairs = ious > 0.5
    return Panoptic(ious[pairs], int((~pairs.any(axis=1)).sum()), int((~pairs.any(axis=0)).sum()))


def _numbered(labels: NDArray[np.integer]) -> IntArray:
    """Return labels as 0 and 1, 2, ... without gaps."""
    own, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(labels.shape)
    return np.asarray(numbers if len(own) and own[0] == 0 else numbers + 1, dtype=np.int64)
