"""How COCO writes masks: polygons, or run lengths, either as numbers or packed into text.

What is read may have been written by anyone, and pycocotools' C code trusts what it is given. So everything is checked
before it is handed on, and text is unpacked here.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import BoolArray, IntArray, as_mask
from minimask.geometry.masks import mask_from_run_lengths

OUTSIDE = 10_000
"""A polygon may leave the picture by so many pixels."""
LONGEST = 2**24
"""The longest outline, in pixels: pycocotools takes 80 bytes for each."""
BITS = 5
"""Bits of a number in each character; the sixth says that more follow."""
MOST_CHARACTERS = 12
"""Of one number: 60 bits."""


class Polygons(NamedTuple):
    """An outline of several parts."""

    parts: tuple[array[float], ...]
    """Each `x y x y ...` in pixels, in float64."""


class RunLengths(NamedTuple):
    """Lengths of runs, column by column, beginning with pixels that are off."""

    size: tuple[int, int]
    """Height and width."""
    counts: IntArray | bytes
    """The lengths (R,), or COCO's text."""


def read_segmentation(value: object, size: tuple[int, int]) -> Polygons | RunLengths:
    """Return what an annotation's `segmentation` says, compactly; most faults are found here already.

    Parameters
    ----------
    value : list or dict, from JSON
        A list of polygons `[x, y, x, y, ...]`, or `{"size": [height, width], "counts": lengths or text}`.
    size : (height, width)
        Of the picture.

    Raises
    ------
    ValueError
        If it is something else, saying what; the message begins with `segmentation`.

    Examples
    --------
    >>> read_segmentation({"size": [2, 3], "counts": "15"}, (2, 3))
    RunLengths(size=(2, 3), counts=b'15')
    """
    if isinstance(value, list) and value:
        return Polygons(tuple(_polygon(part, size) for part in value))
    if isinstance(value, dict) and {"size", "counts"} <= value.keys():
        if value["size"] != list(size):
            raise ValueError(f"segmentation's size must be the picture's, {list(size)}, got {value['size']!r}")
        return RunLengths(size, _counts(value["counts"]))
    raise ValueError(
        "segmentation must be a list of polygons or run lengths with 'size' and 'counts', "
        f"got {'an empty list' if value == [] else type(value).__name__}"
    )


def _polygon(part: object, size: tuple[int, int]) -> array[float]:
    """Return one polygon, after making sure that it is one."""
    if not isinstance(part, list) or len(part) < 6 or len(part) % 2:
        got = f"{len(part)} values" if isinstance(part, list) else type(part).__name__
        raise ValueError(f"segmentation's polygons must be x, y of at least three points each, got {got}")
    try:
        numbers = array("d", part)
    except (TypeError, OverflowError) as error:
        raise ValueError(f"segmentation's polygons must hold numbers only: {error}") from error
    least, most = min(numbers), max(numbers)
    if least < -OUTSIDE or most > max(size) + OUTSIDE or math.isnan(sum(numbers)):
        raise ValueError(
            f"segmentation's coordinates must be from -{OUTSIDE} to {max(size) + OUTSIDE}, got {least:g} to {most:g}"
        )
    return numbers


def _counts(counts: object) -> IntArray | bytes:
    if isinstance(counts, str) and counts.isascii():
        return counts.encode("ascii")
    if isinstance(counts, list) and all(type(count) is int and 0 <= count < 2**40 for count in counts):
        return np.array(counts, dtype=np.int64)
    raise ValueError("segmentation's counts must be whole numbers of at least 0, or COCO's text of them")


def segmentation_mask(segmentation: Polygons | RunLengths, size: tuple[int, int]) -> BoolArray:
    """Return the mask (H, W) of what `read_segmentation` read; polygons cover the pixels that pycocotools says.

    Raises
    ------
    ValueError
        If run lengths do not fill the picture, or an outline is absurdly long.

    Examples
    --------
    >>> segmentation_mask(read_segmentation([[1, 0, 3, 0, 3, 2, 1, 2]], (2, 3)), (2, 3)).astype(int)
    array([[0, 1, 1],
           [0, 1, 1]])
    """
    if isinstance(segmentation, Polygons):
        return _filled(segmentation.parts, size)
    counts = segmentation.counts
    try:
        return mask_from_run_lengths(unpacked_counts(counts) if isinstance(counts, bytes) else counts, size)
    except ValueError as error:
        raise ValueError(f"segmentation's {error}") from error


def _filled(parts: Sequence[array[float]], size: tuple[int, int]) -> BoolArray:
    """Return the union of polygons, as COCO draws them."""
    from pycocotools import mask as coco

    points = [np.array(part).reshape(-1, 2) for part in parts]
    length = sum(float(np.abs(part - np.roll(part, 1, axis=0)).max(axis=1).sum()) for part in points)
    if length > LONGEST:
        raise ValueError(f"segmentation's outline must be at most {LONGEST:,} pixels long, got {length:,.0f}")
    runs = coco.merge(coco.frPyObjects([part.tolist() for part in parts], *size))
    return mask_from_run_lengths(unpacked_counts(runs["counts"]), size)


def unpacked_counts(text: bytes) -> IntArray:
    """Return the run lengths (R,) that COCO packed into text.

    Each character holds 5 bits of a number, the lowest first, and from the fourth number on these are differences from
    the number two before, since the runs of neighboring columns resemble each other.

    Raises
    ------
    ValueError
        If the text is not of that kind.

    Examples
    --------
    >>> unpacked_counts(b"15")
    array([1, 5])
    """
    codes = np.frombuffer(text, dtype=np.uint8).astype(np.int64) - 48
    last = codes < 1 << BITS
    if not codes.size or codes.min() < 0 or codes.max() >= 2 << BITS or not last[-1]:
        raise ValueError("counts must be COCO's text: characters from '0' to 'o', the last one from '0' to 'O'")
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    characters = ends - starts + 1
    if characters.max() > MOST_CHARACTERS:
        raise ValueError(f"counts must be COCO's text, at most {MOST_CHARACTERS} characters for each number")
    places = np.arange(codes.size) - np.repeat(starts, characters)
    numbers = np.add.reduceat((codes & 31) << BITS * places, starts)
    numbers -= np.where(codes[ends] & 16, 1 << BITS * characters, 0)  # the highest bit is the sign
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def packed_mask(mask: BoolArray) -> dict[str, Any]:
    """Return a mask (H, W) as run lengths packed into text, as it stands in COCO's files of truth and of results.

    Examples
    --------
    >>> packed_mask(np.array([[False, True, True], [True, True, True]]))
    {'size': [2, 3], 'counts': '15'}
    """
    from pycocotools import mask as coco

    pixels: NDArray[np.uint8] = as_mask(mask).astype(np.uint8, order="F")
    runs = coco.encode(pixels)
    return {"size": list(mask.shape), "counts": runs["counts"].decode("ascii")}
