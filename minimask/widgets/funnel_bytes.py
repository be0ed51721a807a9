"""What a network said, as little text: so it travels to the browser, where `js/funnel_bytes.js` reads it.

A network says five numbers about each of thousands of anchors, for every picture and moment. Of each level only those
anchors travel that can be among its best `KEPT`: of these a logit as float16, and deltas as multiples of `GRID`.
"""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray, IntArray

KEPT = 1000
"""The most anchors of a level that go on to NMS."""
LOGITS = (-500.0, 30.0)
"""Logits beyond are taken as these: their scores cannot be told apart."""
GRID = 1 / 256
"""What deltas are rounded to: a quarter of a pixel at most for a box of 128."""


def pack(looks: Sequence[tuple[FloatArray, FloatArray]], counts: tuple[int, ...]) -> str:
    """Return logits `(N,)` and deltas `(N, 4)`, one pair for each picture and moment, as text: base64 of zlib's format.

    For each pair come three blocks of bytes: one bit for each anchor that says whether it travels, the first in the
    lowest bit; the logits of those that do; and their deltas over `GRID` as int16. Of both come first all lower
    bytes, and then all higher ones, which resemble each other.

    Parameters
    ----------
    looks : sequence of (array (N,), array (N, 4))
    counts : tuple of int
        How many of the N anchors each level has.
    """
    content = b"".join(_block(logits, deltas, counts) for logits, deltas in looks)
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def unpack(text: str, counts: tuple[int, ...]) -> list[tuple[FloatArray, FloatArray]]:
    """Return the logits `(N,)` and deltas `(N, 4)` that the browser reads, float64.

    Anchors that did not travel have a logit below all others, and no deltas.
    """
    content, anchors = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8), sum(counts)
    looks: list[tuple[FloatArray, FloatArray]] = []
    at = 0

    def words(number: int) -> NDArray[np.uint16]:
        nonlocal at
        low, high = content[at : at + 2 * number].reshape(2, number)
        at += 2 * number
        return low + (high.astype(np.uint16) << 8)

    while at < len(content):
        bits = -(-anchors // 8)
        kept = np.flatnonzero(np.unpackbits(content[at : at + bits], count=anchors, bitorder="little"))
        at += bits
        traveled = words(len(kept)).view(np.float16).astype(np.float64)
        logits, deltas = np.full(anchors, traveled.min() - 1), np.zeros((anchors, 4))
        logits[kept] = traveled
        deltas[kept] = words(4 * len(kept)).view(np.int16).reshape(-1, 4) * GRID
        looks.append((logits, deltas))
    return looks


def picture_url(image: NDArray[np.uint8]) -> str:
    """Return a picture (H, W, 3) as the address of an image that holds its own data."""
    from PIL import Image  # only here: importing the widgets loads no more than it must

    content = io.BytesIO()
    Image.fromarray(image).save(content, format="jpeg", quality=88, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


def _block(logits: FloatArray, deltas: FloatArray, counts: tuple[int, ...]) -> bytes:
    rounded = np.clip(logits, *LOGITS).astype("<f2")
    kept = _best(rounded, counts)
    travels = np.zeros(len(logits), dtype=np.bool_)
    travels[kept] = True
    most = 2**15 - 1
    moves = np.clip(np.rint(deltas[kept] / GRID), -most, most).astype("<i2")
    return np.packbits(travels, bitorder="little").tobytes() + _planes(rounded[kept]) + _planes(moves)


def _planes(words: NDArray[Any]) -> bytes:
    """Return first the lower and then the higher bytes of numbers of two bytes."""
    return words.reshape(-1, 1).view(np.uint8).T.tobytes()


def _best(scores: NDArray[np.float16], counts: tuple[int, ...]) -> IntArray:
    """Return the anchors that are among the best `KEPT` of their level, in ascending order."""
    found: list[Any] = []
    start = 0
    for count in counts:
        order = np.argsort(-scores[start : start + count], kind="stable")[:KEPT]
        found.append(start + np.sort(order))
        start += count
    return np.concatenate(found)
