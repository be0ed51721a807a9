"""Many small pictures on one sheet, to be looked at together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from minimask.data.textures import Bytes
from minimask.geometry.checks import as_whole_number

GAP = 6
"""Pixels between pictures, and around them."""
PAPER = 255


def contact_sheet(images: Sequence[Bytes], columns: int = 4, side: int = 256) -> Bytes:
    """Return pictures side by side on white, row by row, each enlarged or reduced until its longer side is the same.

    Parameters
    ----------
    images : sequence of uint8 arrays (H, W, 3)
        At least one.
    columns : int
        At most so many in a row.
    side : int
        The longer side of each, in pixels.

    Returns
    -------
    uint8 array (H, W, 3)

    Examples
    --------
    >>> contact_sheet([np.zeros((10, 20, 3), np.uint8)] * 3, columns=2, side=40).shape
    (98, 98, 3)
    """
    if not len(images):
        raise ValueError("images must hold at least one picture, got none")
    columns = min(as_whole_number(columns, "columns", 1), len(images))
    rows, cell = math.ceil(len(images) / columns), as_whole_number(side, "side", 1) + GAP
    sheet = Image.new("RGB", (columns * cell + GAP, rows * cell + GAP), (PAPER,) * 3)
    for number, image in enumerate(images):
        height, width = image.shape[:2]
        scale = side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
        row, column = divmod(number, columns)
        place = (GAP + column * cell + (side - size[0]) // 2, GAP + row * cell + (side - size[1]) // 2)
        sheet.paste(Image.fromarray(image).resize(size, method), place)
    return np.asarray(sheet)
