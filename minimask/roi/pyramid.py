"""Which level of a feature pyramid a RoI is read from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minimask.geometry.checks import is_tensor


def assign_levels(
    boxes: Any,  # noqa: ANN401
    lowest: int,
    highest: int,
    canonical_size: float = 224,
    canonical_level: int = 4,
) -> Any:  # noqa: ANN401
    """Return the pyramid level of each box: `floor(canonical_level + log2(sqrt(area) / canonical_size))`, clamped.

    A box twice as wide and high is read one level up, so that it covers about as many cells of the coarser map.

    Parameters
    ----------
    boxes : array or tensor (K, 4)
        `x1 y1 x2 y2` in pixels.
    lowest, highest : int
        The levels that exist; level l has stride 2**l.
    canonical_size : float
        Side in pixels of a square box that is read from `canonical_level`.
    canonical_level : int

    Returns
    -------
    int64 array or tensor (K,)
        From `lowest` to `highest`.

    References
    ----------
    Lin et al., Feature Pyramid Networks, 2017, section 4.2, equation 1.

    Examples
    --------
    >>> assign_levels(np.array([[0, 0, 56, 56], [0, 0, 223, 223], [0, 0, 224, 224.0], [0, 0, 9e9, 9e9]]), 2, 5)
    array([2, 3, 4, 5])
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    size = (sides[:, 0] * sides[:, 1]) ** 0.5
    if is_tensor(boxes):
        import torch

        levels = torch.floor(canonical_level + torch.log2(size / canonical_size) + 1e-6)
        return levels.clamp(lowest, highest).to(torch.int64)
    with np.errstate(divide="ignore"):  # a box without area has level -inf, the lowest there is
        levels = np.floor(canonical_level + np.log2(size / canonical_size) + 1e-6)
    return levels.clip(lowest, highest).astype(np.int64)


def first_level(spatial_scales: list[float]) -> int:
    """Return the level of the first of several feature maps: `-log2` of its scale.

    Raises
    ------
    ValueError
        If each scale is not half of the one before, as it is in a feature pyramid.

    Examples
    --------
    >>> first_level([1 / 4, 1 / 8, 1 / 16])
    2
    """
    level = -math.log2(spatial_scales[0])
    halved = [spatial_scales[0] / 2**i for i in range(len(spatial_scales))]
    if level % 1 or spatial_scales != halved:
        raise ValueError(
            "spatial_scales must halve from map to map, beginning with a power of two, as in a feature pyramid "
            f"(1/4, 1/8, 1/16, 1/32); got {spatial_scales}. For other maps, say for each RoI which one to read: levels"
        )
    return int(level)
