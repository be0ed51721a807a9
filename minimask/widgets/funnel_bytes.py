"""A recorded run as little text: what travels to the browser, where `js/funnel_bytes.js` reads it.

A network says five numbers about each of thousands of anchors, for every picture and moment. Of each level only those
anchors travel that can be among its best `KEPT`; of these a logit takes two bytes and a delta one.
"""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minimask.geometry.checks import FloatArray, IntArray

KEPT = 1000
"""The most anchors of a level that go on to NMS."""
MOST_LOGIT = 20.0
"""Logits beyond are taken as this: their scores are 0 or 1 to eight digits."""


class Scale(NamedTuple):
    """What the bytes of one picture at one moment stand for: `lowest + step * q` and `delta_steps * q`."""

    lowest: float
    step: float
    delta_steps: list[float]


def pack(logits: FloatArray, deltas: FloatArray, counts: tuple[int, ...]) -> tuple[str, list[list[Scale]]]:
    """Return a run's numbers as text, and what they stand for by picture and moment.

    For each picture and moment come three blocks of bytes: one bit for each anchor that says whether it travels, the
    first in the lowest bit; the logits of those that do, as uint16, the lower byte first; their deltas as int8.

    Parameters
    ----------
    logits : array (P, S, A)
    deltas : array (P, S, A, 4)
    counts : tuple of int
        How many of the A anchors each level has.

    Returns
    -------
    text : str
        The bytes in base64.
    scales : P lists of S Scale
    """
    blocks: list[bytes] = []
    scales: list[list[Scale]] = []
    for picture in range(len(logits)):
        scales.append([])
        for moment in range(logits.shape[1]):
            block, scale = _block(logits[picture, moment], deltas[picture, moment], counts)
            blocks.append(block)
            scales[-1].append(scale)
    return base64.b64encode(b"".join(blocks)).decode("ascii"), scales


def unpack(text: str, scales: list[list[Scale]], counts: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Return the logits (P, S, A) and deltas (P, S, A, 4) that the browser reads, float64.

    Anchors that did not travel have a logit below all others, and no deltas.
    """
    content, anchors = np.frombuffer(base64.b64decode(text), np.uint8), sum(counts)
    logits = np.empty((len(scales), len(scales[0]), anchors))
    deltas = np.zeros((*logits.shape, 4))
    at = 0
    for picture, moments in enumerate(scales):
        for moment, (lowest, step, delta_steps) in enumerate(moments):
            bits = -(-anchors // 8)
            kept = np.flatnonzero(np.unpackbits(content[at : at + bits], count=anchors, bitorder="little"))
            at += bits
            scores = content[at : at + 2 * len(kept)].view("<u2")
            at += 2 * len(kept)
            moves = content[at : at + 4 * len(kept)].view(np.int8).reshape(-1, 4)
            at += 4 * len(kept)
            logits[picture, moment] = lowest - 1
            logits[picture, moment, kept] = lowest + step * scores
            deltas[picture, moment, kept] = np.array(delta_steps) * moves
    return logits, deltas


def picture_url(image: NDArray[np.uint8]) -> str:
    """Return a picture (H, W, 3) as the address of an image that holds its own data."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, format="jpeg", quality=88, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


def _block(logits: FloatArray, deltas: FloatArray, counts: tuple[int, ...]) -> tuple[bytes, Scale]:
    clipped = np.clip(logits.astype(np.float64), -MOST_LOGIT, MOST_LOGIT)
    lowest = float(clipped.min())
    step = float(clipped.max() - lowest) / 65535
    whole = np.rint((clipped - lowest) / (step or 1)).astype("<u2")
    kept = _best(whole.astype(np.int64), counts)
    moves = deltas[kept].astype(np.float64)
    steps = np.abs(moves).max(axis=0) / 127
    small = np.rint(moves / np.where(steps > 0, steps, 1)).astype(np.int8)
    travels = np.zeros(len(logits), dtype=np.bool_)
    travels[kept] = True
    block = np.packbits(travels, bitorder="little").tobytes() + whole[kept].tobytes() + small.tobytes()
    return block, Scale(lowest, step, steps.tolist())


def _best(scores: IntArray, counts: tuple[int, ...]) -> IntArray:
    """Return the anchors that are among the best `KEPT` of their level, in ascending order."""
    found: list[Any] = []
    start = 0
    for count in counts:
        order = np.argsort(-scores[start : start + count], kind="stable")[:KEPT]
        found.append(start + np.sort(order))
        start += count
    return np.concatenate(found)
