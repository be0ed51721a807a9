"""Blocks of numbers for the browser: a JSON header that names them, and their bytes (`js/blocks.js` reads both).

A number is `low + step * k` with a whole k of one or two bytes. What is near in a picture resembles each other, so
that differences, and lower bytes apart from higher ones, are what zlib makes small.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray

STEPS = 255
"""From the least to the most of a scaled map."""

Block = tuple[dict[str, Any], bytes]
"""What a block says about its numbers, and the numbers."""


def byte_block(name: str, values: NDArray[Any], step: float = 1) -> Block:
    """Return whole numbers from 0 to 255; each row holds the differences from the number before, modulo 256."""
    rows = values.astype(np.uint8)
    moved = np.diff(rows, axis=-1, prepend=np.zeros((), np.uint8)) if rows.ndim else rows
    return {"name": name, "shape": rows.shape, "bytes": 1, "low": 0, "step": step}, moved.tobytes()


def scaled_block(name: str, maps: FloatArray) -> Block:
    """Return maps (C, h, w), each from its own least to its own most."""
    low, high = (edge(maps.reshape(len(maps), -1), axis=1) for edge in (np.min, np.max))
    step = np.array([float(f"{width:.4g}") for width in np.maximum(high - low, 1e-6) / STEPS])
    low = np.array([float(f"{least:.4g}") for least in low])
    whole = np.rint((maps - low[:, None, None]) / step[:, None, None]).clip(0, STEPS)
    about, content = byte_block(name, whole)
    return {**about, "low": low.tolist(), "step": step.tolist()}, content


def word_block(name: str, values: NDArray[Any], step: float = 1) -> Block:
    """Return multiples of `step` as int16: first all lower bytes, then all higher ones, which resemble each other."""
    whole = np.rint(np.asarray(values) / step)
    if np.abs(whole).max(initial=0) >= 2**15:
        raise ValueError(f"{name} must be less than {2**15 * step:g}, got {np.abs(values).max():g}")
    content = whole.astype("<i2").reshape(-1, 1).view(np.uint8).T.tobytes()
    return {"name": name, "shape": np.shape(values), "bytes": 2, "low": 0, "step": step}, content


def packed(header: Mapping[str, Any], blocks: Sequence[Block]) -> bytes:
    """Return a header of plain data and blocks as one piece, compressed (zlib).

    Examples
    --------
    >>> header, found = unpacked(packed({"name": "a"}, [byte_block("row", np.arange(3))]))
    >>> header["name"], found["row"]
    ('a', array([0., 1., 2.]))
    """
    start = json.dumps({**header, "blocks": [about for about, _ in blocks]}).encode()
    content = [len(start).to_bytes(4, "little"), start, *(numbers for _, numbers in blocks)]
    return zlib.compress(b"".join(content), 9)


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Return the header that `packed` was given, and the numbers of each block by its name, float64."""
    raw = zlib.decompress(content)
    at = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:at])
    found: dict[str, FloatArray] = {}
    for about in header["blocks"]:
        found[about["name"]], at = _read(about, raw, at)
    return header, found


def _read(about: dict[str, Any], raw: bytes, at: int) -> tuple[FloatArray, int]:
    """Return a block's numbers, float64, and where the next block begins."""
    shape = tuple(about["shape"])
    count = int(np.prod(shape))
    end = at + count * about["bytes"]
    content = np.frombuffer(raw[at:end], np.uint8)
    if about["bytes"] == 1:
        whole = np.cumsum(content.reshape(shape), axis=-1, dtype=np.uint8) if count else content.reshape(shape)
    else:
        low, high = content.reshape(2, count).astype(np.uint16)
        whole = (low + (high << 8)).view(np.int16).reshape(shape)
    low, step = (np.reshape(about[key], (-1, *(1,) * (len(shape) - 1)) if shape else ()) for key in ("low", "step"))
    return low + step * whole.astype(np.float64), end


def save_all(path: str | Path, contents: Iterable[bytes]) -> None:
    """Write the bytes of several pictures to one file; `load_all` reads it."""
    arrays = {f"picture{k}": np.frombuffer(content, np.uint8) for k, content in enumerate(contents)}
    with Path(path).open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_all(path: str | Path) -> list[bytes]:
    """Read a file of `save_all`."""
    with np.load(path, allow_pickle=False) as arrays:
        return [arrays[f"picture{k}"].tobytes() for k in range(len(arrays.files))]
