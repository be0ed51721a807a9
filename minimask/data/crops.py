"""Masks as little: of each the window of the picture that it says anything about, in whole percent.

Whole percent, rounded down, decide every threshold of whole percent exactly as the probabilities would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.data.blocks import Block, byte_block, word_block
from minimask.geometry.checks import BoolArray, FloatArray, IntArray, as_array, is_tensor

PERCENT = 100
HAIR = 1e-5
"""A probability this much below a whole percent is taken for it: in float32, 0.29 times 100 is less than 29."""


@dataclass(frozen=True, eq=False)
class Crops:
    """N masks of one picture, each by its window.

    Attributes
    ----------
    size : (height, width)
        Of the picture.
    windows : array (N, 4)
        Rows `x y width height` in whole pixels; nothing wide and high where a mask says nothing.
    values : uint8 array
        Percent from 0 to 100, window after window, row by row.

    Examples
    --------
    >>> mask = np.zeros((6, 8))
    >>> mask[2, 3:5] = 0.295, 0.8
    >>> crops = Crops.of([mask])
    >>> crops.windows.tolist(), crops.values.tolist()
    ([[3, 2, 2, 1]], [29, 80])
    """

    size: tuple[int, int]
    windows: IntArray
    values: NDArray[np.uint8]

    def __post_init__(self) -> None:
        x, y, width, height = self.windows.reshape(-1, 4).T
        if self.windows.ndim != 2 or (np.minimum(np.minimum(x, y), np.minimum(width, height)) < 0).any():
            raise ValueError(f"windows must be (N, 4) of whole numbers from 0 on, got shape {self.windows.shape}")
        if ((x + width > self.size[1]) | (y + height > self.size[0])).any():
            raise ValueError(f"windows must lie in the picture, {self.size[0]} x {self.size[1]}")
        if (width * height).sum() != len(self.values):
            raise ValueError(f"values must be {(width * height).sum()}, as the windows have pixels: {len(self.values)}")

    @classmethod
    def of(cls, masks: Any, size: tuple[int, int] | None = None) -> Crops:  # noqa: ANN401
        """Return masks (N, H, W) or (N, 1, H, W), probabilities or Boolean, as their windows.

        Parameters
        ----------
        masks : array or tensor
        size : (height, width), optional
            Of the picture; needed only where there may be no masks.

        Raises
        ------
        ValueError
            If the masks have another shape, or hold something else than numbers from 0 to 1.
        """
        given = as_array(masks.detach().cpu() if is_tensor(masks) else masks, "masks")
        if given.ndim == 4 and given.shape[1] == 1:
            given = given[:, 0]
        if not given.size and size is not None:
            return cls(size, np.zeros((0, 4), np.int64), np.zeros(0, np.uint8))
        if given.ndim != 3 or (size is not None and given.shape[1:] != size):
            raise ValueError(f"masks must have shape (N, H, W) of the picture, got {given.shape}")
        if given.dtype.kind not in "bf" or not (np.isfinite(given).all() and given.min() >= 0 and given.max() <= 1):
            raise ValueError(f"masks must be Boolean, or probabilities from 0 to 1, got dtype {given.dtype}")
        whole = np.floor(given * float(PERCENT) + HAIR).astype(np.uint8)
        windows = np.array([_window(one) for one in whole], np.int64).reshape(-1, 4)
        parts = [one[y : y + h, x : x + w].ravel() for one, (x, y, w, h) in zip(whole, windows, strict=True)]
        return cls((whole.shape[1], whole.shape[2]), windows, np.concatenate(parts))

    def __len__(self) -> int:
        """Return how many masks there are."""
        return len(self.windows)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the values (height, width) of each window."""
        ends = np.cumsum(self.windows[:, 2] * self.windows[:, 3])
        for (_, _, width, height), end in zip(self.windows, ends, strict=True):
            yield self.values[end - width * height : end].reshape(height, width)

    def chosen(self, rows: IntArray) -> Crops:
        """Return some of the masks, in this order."""
        parts = list(self)
        values = [parts[row].ravel() for row in rows]
        return Crops(self.size, self.windows[rows], np.concatenate([np.zeros(0, np.uint8), *values]))

    def masks(self, percent: int) -> BoolArray:
        """Return the pixels (N, H, W) of each mask from so many percent on."""
        found = np.zeros((len(self), *self.size), np.bool_)
        for mask, (x, y, width, height), values in zip(found, self.windows, self, strict=True):
            mask[y : y + height, x : x + width] = values >= max(percent, 1)
        return found

    @cached_property
    def areas(self) -> IntArray:
        """How many pixels (N, 101) each mask has from 0, 1, ... 100 percent on; from 0 as many as from 1."""
        counts = np.array([np.bincount(values.ravel(), minlength=PERCENT + 1) for values in self], np.int64)
        areas = counts.reshape(-1, PERCENT + 1)[:, ::-1].cumsum(axis=1)[:, ::-1]
        areas[:, 0] = areas[:, 1]
        return areas

    def blocks(self, name: str) -> list[Block]:
        """Return the masks as blocks, to travel."""
        return [word_block(f"{name}_windows", self.windows), byte_block(f"{name}_values", self.values)]

    @classmethod
    def from_blocks(cls, found: dict[str, FloatArray], name: str, size: tuple[int, int]) -> Crops:
        """Return what `blocks` was made of."""
        windows, values = found[f"{name}_windows"], found[f"{name}_values"]
        return cls(size, windows.astype(np.int64).reshape(-1, 4), values.astype(np.uint8))


def _window(values: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return the smallest window with everything but zeros."""
    rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
    if not rows.size:
        return 0, 0, 0, 0
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y
