"""Finding controls without learning: edges, what they enclose, and rules about size, shape and contents.

An edge is where neighboring pixels differ. Edges that hang together and run around a box enclose something; small ones
beside each other on a line are letters. What is enclosed is named by rules of thumb: small and square is a check box,
small and round a radio button; low and wide is a button if what stands in it is in the middle, and a field otherwise;
of large things those with a rim of many colors are pictures, and those that hold others are panels. The numbers in the
rules were tuned on pages to learn from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label, regionprops

from minimask.data.found import Found
from minimask.data.textures import Bytes
from minimask.geometry.checks import BoolArray
from minimask.geometry.masks import mask_box
from minimask.screens.pages import CLASSES

CONTRAST = 9
"""From which difference on, of any of the three colors, there is an edge."""
LETTER = (2, 13)
"""The lowest and the highest group of edges that may be letters, in pixels."""
SPACE = 5
"""Letters with at most such a gap between them, in pixels, are of one line: run-length smoothing."""
ROOM = (2, 2)
"""What a line has above and below its letters, in pixels: the line's box has room for the highest and the lowest."""
AROUND = 0.72
"""The least share of a box's sides along which there must be edges."""
SMALL = (9, 16)
"""Sides of check boxes and radio buttons."""
ROUND = 0.89
"""A disc fills 0.79 of its box, a box with rounded corners more than this."""
LOW = (12, 27)
"""Heights of buttons and fields."""
WIDE = 58
"""From this width on, low boxes are fields if nothing stands in their middle."""
EDGE = 2
"""How far inside of its outline a piece has left its border behind, in pixels."""
EVEN = 0.6
"""Where a smaller share of that rim has one color, it is a picture."""

_Box = tuple[int, int, int, int]


class _Piece(NamedTuple):
    """Something enclosed by edges."""

    box: _Box
    """`x1 y1 x2 y2`."""
    mask: BoolArray
    """(H, W)."""
    around: float
    """The share of the box's sides along which there are edges."""


def edge_rules(image: Bytes) -> Found:
    """Find controls, pictures, lines of text and panels on a screenshot.

    Parameters
    ----------
    image : uint8 array (H, W, 3)

    Returns
    -------
    Found
        Labels as in `minimask.screens.pages.CLASSES`; a score is the share of a box's sides that has edges, or of a
        line's pixels.

    Examples
    --------
    >>> image = np.full((40, 80, 3), 250, np.uint8)
    >>> image[10:30, 10:50], image[12:28, 12:48] = 90, 200
    >>> found = edge_rules(image)
    >>> found.boxes.tolist(), CLASSES[found.labels[0] - 1]
    ([[10.0, 10.0, 50.0, 30.0]], 'button')
    """
    edges = edges_of(image)
    pieces, letters = _pieces(edges)
    lines = _lines(letters)
    named: list[tuple[str, _Piece]] = []
    closed: list[_Box] = []
    for piece in sorted(pieces, key=lambda piece: -piece.mask.sum()):  # what holds others comes before what it holds
        name = None if any(_inside(piece.box, box) for box in closed) else _name(piece, image, lines)
        if name:
            named.append((name, piece))
            closed += [piece.box] if name != "panel" else []
    named += [("text", line) for line in lines if not any(_inside(line.box, box) for box in closed)]
    return _found(named, edges.shape)


def edges_of(image: Bytes) -> BoolArray:
    """Return where a pixel differs from the one to its right or below it, `(H, W)`."""
    colors = image.astype(np.int64)
    edges = np.zeros(image.shape[:2], dtype=np.bool_)
    edges[:, :-1] |= np.abs(np.diff(colors, axis=1)).max(-1) >= CONTRAST
    edges[:-1] |= np.abs(np.diff(colors, axis=0)).max(-1) >= CONTRAST
    return edges


def _pieces(edges: BoolArray) -> tuple[list[_Piece], BoolArray]:
    """Return what edges enclose, and the edges of what may be letters."""
    groups = label(edges, connectivity=2)
    pieces, letters = [], np.zeros_like(edges)
    for region in regionprops(groups):
        top, left, bottom, right = region.bbox
        height, width = bottom - top, right - left
        inside = ndimage.binary_fill_holes(region.image)
        around = _around(region.image)
        small = max(height, width) <= SMALL[1] + 1
        boxy = inside.mean() > 0.7 and min(height, width) > SMALL[0] and around > (AROUND / 2 if small else AROUND)
        if boxy:
            pieces.append(_piece(inside, (left, top), edges.shape, around))
        elif LETTER[0] <= height <= LETTER[1] and width <= 60:
            letters[groups == region.label] = True
    return pieces, letters


def _around(outline: BoolArray) -> float:
    """Return the share of a box's sides that has edges, not more than a pixel away."""
    sides = [outline[:2].any(0), outline[-2:].any(0), outline[:, :2].any(1), outline[:, -2:].any(1)]
    return float(np.concatenate(sides).mean())


def _piece(inside: BoolArray, corner: tuple[int, int], size: tuple[int, ...], around: float) -> _Piece:
    """Return a piece; its first row and column are the last ones outside, where the edge was seen from."""
    left, top = corner
    mask = np.zeros(size, dtype=np.bool_)
    mask[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    at_border = np.pad(mask, ((1, 0), (1, 0)), mode="edge")
    mask &= at_border[:-1, 1:] & at_border[1:, :-1]
    x1, y1, x2, y2 = (int(side) for side in mask_box(mask))
    return _Piece((x1, y1, x2, y2), mask, around)


def _lines(letters: BoolArray) -> list[_Piece]:
    """Return lines of text: letters that stand beside each other, run together."""
    closed = ndimage.binary_closing(np.pad(letters, SPACE), np.ones((1, SPACE + 1)))[SPACE:-SPACE, SPACE:-SPACE]
    closed = ndimage.binary_closing(closed, np.ones((3, 1))) | closed
    lines = []
    for region in regionprops(label(closed, connectivity=2)):
        top, left, bottom, right = region.bbox
        height, width = bottom - top, right - left
        if not (5 <= height <= LETTER[1] + 3 and width >= max(7, height)):
            continue
        box = (left + 1, max(top + 1 - ROOM[0], 0), right, min(bottom + ROOM[1], letters.shape[0]))
        mask = np.zeros_like(letters)
        mask[box[1] : box[3], box[0] : box[2]] = True
        lines.append(_Piece(box, mask, float(region.extent)))
    return lines


def _name(piece: _Piece, image: Bytes, lines: list[_Piece]) -> str | None:
    """Return what a piece is by the rules, or None."""
    x1, y1, x2, y2 = piece.box
    width, height = x2 - x1, y2 - y1
    if SMALL[0] <= min(width, height) and max(width, height) <= SMALL[1] and abs(width - height) <= 2:
        return "checkbox" if piece.mask[y1:y2, x1:x2].mean() > ROUND else "radio"
    held = [line.box for line in lines if _inside(line.box, piece.box)]
    if _evenness(piece, image) < EVEN:
        return "image" if min(width, height) > SMALL[0] else None
    if LOW[0] <= height <= LOW[1] and width >= height and len(held) <= 1:
        middle = sum(held[0][0::2]) / 2 if held else x1 + width / 2
        in_middle = abs(middle - (x1 + x2) / 2) < 0.1 * width and (bool(held) or width < WIDE)
        return "button" if in_middle else "field"
    if min(width, height) <= LOW[0]:
        return None
    return "panel" if held else "image"


def _evenness(piece: _Piece, image: Bytes) -> float:
    """Return the share of the most frequent color just inside of a piece's outline."""
    core = ndimage.binary_erosion(piece.mask, iterations=EDGE, border_value=1)
    rim = core & ~ndimage.binary_erosion(core, border_value=1)
    _, counts = np.unique(image[rim] @ np.array([2**16, 2**8, 1]), return_counts=True)
    return float(counts.max() / counts.sum()) if counts.size else 0.0


def _inside(inner: _Box, outer: _Box) -> bool:
    """Return whether the middle of a box is inside another."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _found(named: list[tuple[str, _Piece]], size: tuple[int, ...]) -> Found:
    labels: NDArray[np.int64] = np.array([CLASSES.index(name) + 1 for name, _ in named], dtype=np.int64)
    return Found(
        np.array([piece.box for _, piece in named], dtype=np.float64).reshape(-1, 4),
        labels,
        np.array([min(piece.around, 1.0) for _, piece in named], dtype=np.float64),
        np.array([piece.mask for _, piece in named], dtype=np.bool_).reshape(-1, *size),
    )
