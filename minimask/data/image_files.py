"""Pictures from files: whatever Pillow can open becomes red, green and blue, one byte each."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from minimask.data.textures import Bytes

if TYPE_CHECKING:
    from PIL import Image

SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N", "I")
"""Pillow's names for gray of 16 bits; older versions of it take 32 to hold them."""


def read_image(path: str | PathLike[str], *, upright: bool = False) -> Bytes:
    """Return the picture in a file as bytes (H, W, 3).

    Gray becomes three equal channels; of 16 bits the higher 8 remain (rounded). Print colors (CMYK) and palettes are
    converted. Transparency is left out: the color beneath it is what is seen.

    Parameters
    ----------
    path : path
        Of a file that Pillow can read: JPEG, PNG, TIFF, WebP, BMP and many more.
    upright : bool
        Whether to turn the picture as its EXIF orientation says, as viewers do. By default it is taken as it is stored:
        COCO's annotations refer to that.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a picture, or a broken one, or of numbers that have no range (32 bits).

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (3, 2), 200).save(Path(folder) / "gray.png")
    ...     read_image(Path(folder) / "gray.png")[0, 0]
    array([200, 200, 200], dtype=uint8)
    """
    from PIL import Image, ImageOps

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must lead to a picture, but there is no file {path}")
    try:
        with Image.open(path) as image:
            turned = ImageOps.exif_transpose(image) if upright else image
            return _colors(turned)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"path must lead to a picture that Pillow can read, got {path}: {error}") from error


def _colors(image: Image.Image) -> Bytes:
    """Return red, green and blue of a picture of any kind."""
    if image.mode in SIXTEEN_BITS:
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError(f"gray must be of 8 or 16 bits, got values from {values.min()} to {values.max()}")
        return np.repeat(np.asarray((values + 128) // 257, dtype=np.uint8)[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("gray must be of 8 or 16 bits, got floating-point numbers")
    image.info.pop("transparency", None)  # Pillow would warn that it gets lost
    return np.array(image.convert("RGB"))
