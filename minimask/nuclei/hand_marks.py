"""Nuclei that a person marked in scikit-image's stained tissue, and how what was found compares with them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from minimask.data.textures import Bytes
from minimask.geometry.checks import FloatArray

FILE = Path(__file__).parents[1] / "data" / "recorded" / "hand_marks.json"
NEAR = 6.0
"""A mark and what was found belong together if their middles lie at most so far apart, in pixels."""


class Region(NamedTuple):
    """A region of the picture `skimage.data.immunohistochemistry()`, and the middles of the nuclei in it."""

    name: str
    box: tuple[int, int, int, int]
    """`x1 y1 x2 y2` in pixels of the picture."""
    sure: FloatArray
    """(N, 2): x and y of nuclei that nobody would doubt, in pixels of the picture."""
    doubtful: FloatArray
    """(M, 2): of others, which may be nuclei."""

    def of(self, image: Bytes, margin: int = 0) -> Bytes:
        """Return the region of a picture, with a margin as far as there is one."""
        x1, y1, x2, y2 = self.box
        return image[max(y1 - margin, 0) : y2 + margin, max(x1 - margin, 0) : x2 + margin]

    def inside(self, middles: FloatArray) -> FloatArray:
        """Return those of some middles (N, 2) that lie in the region."""
        x1, y1, x2, y2 = self.box
        x, y = middles.T
        return np.asarray(middles[(x1 <= x) & (x < x2) & (y1 <= y) & (y < y2)])


class Compared(NamedTuple):
    """Middles that were found, and the marks of a person."""

    right: int
    """Found, and surely a nucleus."""
    open: int
    """Found, and a doubtful mark: neither right nor wrong."""
    wrong: int
    """Found where there is no mark."""
    missed: int
    """Sure marks where nothing was found."""

    @property
    def precision(self) -> float:
        """The part of what was found that is right; what is open does not count."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """The part of the sure marks that was found."""
        return self.right / max(self.right + self.missed, 1)


@cache
def hand_marks() -> tuple[Region, ...]:
    """Return the regions that were marked by hand; the file says how.

    Examples
    --------
    >>> [(region.name, len(region.sure), len(region.doubtful)) for region in hand_marks()]
    [('stroma and gland', 30, 10), ('deep in a gland', 7, 11)]
    """
    regions = json.loads(FILE.read_text(encoding="utf-8"))["regions"]
    return tuple(
        Region(one["name"], tuple(one["box"]), np.array(one["sure"]), np.array(one["doubtful"])) for one in regions
    )


def compare(middles: FloatArray, region: Region, near: float = NEAR) -> Compared:
    """Compare middles that were found with the marks of a region.

    Each mark is given at most one middle, as many pairs as can be, sure marks first, and those that lie closest.

    Parameters
    ----------
    middles : array (N, 2)
        x and y in pixels of the picture; those outside of the region are left out.
    region : Region
    near : float
        How far apart a pair may lie, in pixels.

    Examples
    --------
    >>> region = Region("", (0, 0, 50, 50), np.array([[10.0, 10], [30, 30]]), np.array([[40.0, 10]]))
    >>> compare(np.array([[11.0, 10], [41, 11], [20, 40]]), region)
    Compared(right=1, open=1, wrong=1, missed=1)
    """
    middles = region.inside(np.asarray(middles, dtype=np.float64).reshape(-1, 2))
    taken = _pairs(middles, region.sure, near)
    rest = np.delete(middles, taken, axis=0)
    open_ones = _pairs(rest, region.doubtful, near)
    return Compared(len(taken), len(open_ones), len(rest) - len(open_ones), len(region.sure) - len(taken))


def _pairs(middles: FloatArray, marks: FloatArray, near: float) -> list[int]:
    """Return the numbers of the middles that get a mark."""
    if not len(middles) or not len(marks):
        return []
    distances = np.hypot(*(middles[:, None] - marks[None]).transpose(2, 0, 1))
    costs = np.where(distances <= near, distances, 1000 * near)  # a pair too many is worth any detour
    rows, columns = linear_sum_assignment(costs)
    return [int(row) for row, column in zip(rows, columns, strict=True) if distances[row, column] <= near]
