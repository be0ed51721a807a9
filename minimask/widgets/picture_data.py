"""Pictures as they travel to a widget: small, inside a text, so that a page with them needs no network."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minimask.widgets.living_picture import InvalidStateError

MOST_CHARACTERS = 60_000
"""The longest text that a picture may become: a saved notebook holds one for each widget."""

_SIDES = (768, 512, 384, 256, 128)
_QUALITIES = (85, 70, 50)


def as_picture(image: ArrayLike) -> NDArray[np.uint8]:
    """Return an image as an array `(H, W)` or `(H, W, 3)` of bytes, each side from 32 to 2048 pixels."""
    try:
        array = np.asarray(image)
    except ValueError as error:
        raise InvalidStateError(f"image must have rows of one length: {error}") from error
    if array.dtype != np.uint8:
        raise InvalidStateError(f"image must hold bytes, dtype uint8, got dtype {array.dtype}")
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise InvalidStateError(f"image must have shape (H, W) or (H, W, 3), got shape {array.shape}")
    if not all(32 <= side <= 2048 for side in array.shape[:2]):
        raise InvalidStateError(f"image must have sides from 32 to 2048 pixels, got shape {array.shape}")
    return array


def data_url(picture: NDArray[np.uint8]) -> str:
    """Return a picture as a `data:` URL of at most `MOST_CHARACTERS` characters.

    It is PNG where that is short enough, and else JPEG, as large and as fine as fits.

    Examples
    --------
    >>> data_url(np.zeros((32, 32), np.uint8))[:22]
    'data:image/png;base64,'
    """
    url = ""
    for kind, content in _files(picture):
        url = f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
        if len(url) <= MOST_CHARACTERS:
            break
    return url


def lossless_url(picture: NDArray[np.uint8]) -> str:
    """Return a picture `(H, W, 3)` as a `data:` URL in which every byte arrives as it is.

    Examples
    --------
    >>> lossless_url(np.zeros((32, 32, 3), np.uint8))[:23]
    'data:image/webp;base64,'
    """
    from PIL import Image  # only here: a widget without a picture needs no Pillow

    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="webp", lossless=True, quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _files(picture: NDArray[np.uint8]) -> Iterator[tuple[str, bytes]]:
    """Yield files of a picture, each with its kind, from the best to the smallest."""
    from PIL import Image  # only here: a widget without a picture needs no Pillow

    image = Image.fromarray(picture)
    for side, kind, quality in [(_SIDES[0], "png", 0), *((side, "jpeg", q) for side in _SIDES for q in _QUALITIES)]:
        image.thumbnail((side, side))
        file = io.BytesIO()
        image.save(file, format=kind, quality=quality, optimize=True)
        yield kind, file.getvalue()
