"""Pasting: from a mask on a small grid to the pixels of the picture that its box covers."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Convention = Literal["aligned", "published"]
"""`aligned` keeps the half pixel right; `published` is what Mask R-CNN's first code and torchvision do."""


def paste_masks(masks: Tensor, boxes: Tensor, size: tuple[int, int], convention: Convention = "aligned") -> Tensor:
    r"""Return what the masks say about every pixel of the picture, by bilinear interpolation.

    A pixel's center (x, y) lies on the grid of a box at

    .. math::

        u = m \frac{x - x_1}{x_2 - x_1} - \frac12, \quad v = m \frac{y - y_1}{y_2 - y_1} - \frac12

    where whole numbers are the centers of cells. Beyond the outermost centers the mask falls to 0 over the width of a
    cell, so that it is 1/2 on the border of the box where it is 1 inside.

    Parameters
    ----------
    masks : tensor (D, m, m)
        From 0 to 1.
    boxes : tensor (D, 4)
        Rows `x1 y1 x2 y2` in pixels of the picture.
    size : (height, width)
        Of the picture.
    convention : "aligned" or "published"
        The published one pads masks by a cell, grows boxes alike, cuts their corners to whole numbers, and counts a
        width as `x2 - x1 + 1`: masks end up to a pixel beside where they belong.

    Returns
    -------
    tensor (D, height, width)
        From 0 to 1. A threshold of 1/2 makes binary masks of them.

    References
    ----------
    He et al., Mask R-CNN, 2017, section 3.1; Kirillov et al., PointRend, 2020, appendix (the aligned paste).

    Examples
    --------
    >>> mask = torch.tensor([[[1.0, 0.0], [1.0, 1.0]]])
    >>> paste_masks(mask, torch.tensor([[1.0, 0, 5, 4]]), (4, 6))[0] >= 0.5
    tensor([[False,  True,  True, False, False, False],
            [False,  True,  True, False, False, False],
            [False,  True,  True,  True,  True, False],
            [False,  True,  True,  True,  True, False]])
    """
    if convention not in ("aligned", "published"):
        raise ValueError(f"convention must be 'aligned' or 'published', got {convention!r}")
    if len(masks) != len(boxes):
        raise ValueError(f"masks and boxes must be equally many, got {len(masks)} and {len(boxes)}")
    height, width = size
    pasted = masks.new_zeros(len(masks), height, width)
    if convention == "published":
        masks, boxes = _published(masks, boxes)
    cells = masks.shape[-1]
    with torch.autocast(masks.device.type, enabled=False):
        for number, (mask, (x1, y1, x2, y2)) in enumerate(zip(masks, boxes.tolist(), strict=True)):
            rows, across = _weights(y1, y2, height, cells, convention), _weights(x1, x2, width, cells, convention)
            (top, down), (left, right) = rows, across
            part = down.to(mask) @ mask @ right.to(mask).T
            pasted[number, top : top + len(down), left : left + len(right)] = part
    return pasted


def _weights(low: float, high: float, pixels: int, cells: int, convention: Convention) -> tuple[int, Tensor]:
    """Return the first pixel that an axis of a mask reaches, and the weight (n, cells) of each cell for n pixels."""
    if convention == "published":
        first, last = max(int(low), 0), min(int(high) + 1, pixels)
        scale = cells / max(high - low + 1, 1)
    else:
        side = max(high - low, 1e-6)
        scale, reach = cells / side, side / cells / 2
        first, last = max(math.floor(low - reach), 0), min(math.ceil(high + reach), pixels)
    centers = torch.arange(first, max(first, last), dtype=torch.float64) + 0.5
    positions = (centers - low) * scale - 0.5
    if convention == "published":
        positions = positions.clamp(0, cells - 1)
    return first, (1 - (positions[:, None] - torch.arange(cells)).abs()).clamp(min=0)


def _published(masks: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Return masks with a border of zeros, and boxes that are larger by as much and cut to whole numbers."""
    cells = masks.shape[-1]
    half = (boxes[:, 2:] - boxes[:, :2]) * 0.5 * ((cells + 2) / cells)
    center = (boxes[:, 2:] + boxes[:, :2]) * 0.5
    grown = torch.cat([center - half, center + half], dim=1)
    return torch.nn.functional.pad(masks, (1, 1, 1, 1)), grown.to(torch.int64)
