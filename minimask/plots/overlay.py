"""What a detector finds, drawn onto the picture itself: tinted masks with crisp contours, thin boxes, small labels.

Everything grows with the picture, so that it looks alike at 128 pixels, which are enlarged first, and at 4,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import get_data_path
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from minimask.data.found import Found, as_found
from minimask.geometry.checks import BoolArray, FloatArray, as_number, as_whole_number
from minimask.plots.style import BEST, HIGHLIGHT, INK, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS

Bytes = NDArray[np.uint8]
Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

COLORS = (HIGHLIGHT, SHAPE_EDGE, YOURS, BEST, TIGHT, SHAPE)
"""Of the instances, in this order; after that, each takes the color whose bearers are farthest away."""
ENLARGE_TO = 640
"""Smaller pictures are enlarged until their longer side has so many pixels."""
MOST_ENLARGED = 32
TINT, HALO, FRAME = 0.36, 0.75, 0.8
"""How opaque the colors of masks are, the white around them, and the lines of boxes."""
LINE, TEXT = 1 / 320, 1 / 50
"""Width of a contour and size of the text, as fractions of the longer side."""
LEAST_TEXT = 11
FEW = 12
"""Of more objects the labels are smaller, down to one half."""


def overlay(
    image: ArrayLike,
    found: Any,  # noqa: ANN401
    classes: Sequence[str],
    *,
    threshold: float = 0.5,
    enlarge_to: int = ENLARGE_TO,
) -> Bytes:
    """Draw what was found in a picture onto it.

    Parameters
    ----------
    image : uint8 array (H, W, 3)
    found : Found, or a mapping such as Mask R-CNN's output
        See `minimask.data.found.as_found`.
    classes : sequence of str
        The names of the labels 1, 2, ...
    threshold : float
        Only what has at least this score is drawn.
    enlarge_to : int
        A picture whose longer side has fewer pixels is enlarged by the smallest whole factor that reaches it.

    Returns
    -------
    uint8 array (factor * H, factor * W, 3)
        Large masks lie under small ones. Every label lies wholly inside the picture; where it has no room for it, the
        score stands alone, or nothing.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed.

    Examples
    --------
    >>> from minimask.data.shapes import CLASSES, ShapesWorld
    >>> picture = ShapesWorld()[0]
    >>> found = Found(picture.boxes, picture.labels, np.array([0.97, 0.4]), picture.masks)
    >>> overlay(picture.image, found, CLASSES).shape
    (640, 640, 3)
    """
    picture = np.asarray(image)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"image must be uint8 (H, W, 3), got {picture.dtype} {picture.shape}")
    height, width = picture.shape[:2]
    found = _sure(as_found(found, (height, width), len(classes)), as_number(threshold, "threshold"))
    factor = min(-(-as_whole_number(enlarge_to, "enlarge_to", 1) // max(height, width)), MOST_ENLARGED)
    canvas = enlarged(picture, factor)
    scale = max(canvas.shape[:2])
    line = max(2.0, scale * LINE)
    colors = instance_colors(found.boxes)
    for k in np.argsort(-found.masks.sum(axis=(1, 2)), kind="stable"):
        lay_mask(canvas, found.masks[k], factor, colors[k], line)
    boxes = found.boxes * factor
    for k in reversed(range(len(boxes))):
        lay_box(canvas, boxes[k], colors[k], max(1, round(line / 2)))
    crowded = min(1.0, (FEW / max(1, len(boxes))) ** 0.5)
    font = font_of(max(LEAST_TEXT, round(scale * TEXT * max(0.5, crowded))))
    taken: list[Rectangle] = []
    for label, score, box, color in zip(found.labels, found.scores, boxes, colors, strict=True):
        for words in (f"{classes[label - 1]} {score:.2f}", f"{score:.2f}"):
            if lay_label(canvas, words, box, color, font, taken):
                break
    return canvas


def _sure(found: Found, threshold: float) -> Found:
    """Return what is sure enough, the surest first."""
    order = np.argsort(-found.scores, kind="stable")
    order = order[found.scores[order] >= threshold]
    return Found(found.boxes[order], found.labels[order], found.scores[order], found.masks[order])


def enlarged(picture: Bytes, factor: int) -> Bytes:
    """Return a picture (H, W, 3) with its sides `factor` times as long."""
    if factor <= 1:
        return picture.copy()
    height, width = picture.shape[:2]
    return np.array(Image.fromarray(picture).resize((width * factor, height * factor), Image.Resampling.BICUBIC))


def instance_colors(boxes: FloatArray) -> list[str]:
    """Return a color for each box (N, 4): neighbors differ.

    Examples
    --------
    >>> instance_colors(np.zeros((2, 4)))
    ['#E69F00', '#0072B2']
    """
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    chosen: list[int] = []
    for k, center in enumerate(centers):
        nearest = np.full(len(COLORS), np.inf)  # of each color, how far away
        np.minimum.at(nearest, chosen, np.linalg.norm(centers[:k] - center, axis=1))
        chosen.append(int(nearest.argmax()))
    return [COLORS[k] for k in chosen]


def lay_mask(canvas: Bytes, mask: BoolArray, factor: int, color: str, line: float) -> None:
    """Tint the pixels of a mask (H, W) on an enlarged picture, in place, and draw its contour just inside of it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    margin = -(-int(np.ceil(line)) // factor) + 1
    depth = _depth(np.pad(mask[top:bottom, left:right], margin), factor)
    up, down = max(top - margin, 0), min(bottom + margin, mask.shape[0])
    near, far = max(left - margin, 0), min(right + margin, mask.shape[1])
    window = canvas[up * factor : down * factor, near * factor : far * factor]
    y, x = (up - top + margin) * factor, (near - left + margin) * factor
    depth = depth[y : y + window.shape[0], x : x + window.shape[1], None]
    halo = np.clip(line / 2 + 0.5 + depth, 0, 1) * HALO
    tint = np.clip(depth + 0.5, 0, 1)
    contour = np.clip(line / 2 + 0.5 - np.abs(depth - line / 2), 0, 1)
    ink = np.array(_rgb(color), dtype=np.float32)
    colors = window + (np.float32(255) - window) * (halo * (1 - tint))
    colors += (ink - colors) * (TINT * tint)
    colors += (ink - colors) * contour
    window[:] = np.rint(colors)


def _depth(mask: BoolArray, factor: int) -> NDArray[np.float32]:
    """Return how many pixels each pixel's center of an enlarged mask lies inside, below 0 outside."""
    from scipy import ndimage

    large = mask.repeat(factor, axis=0).repeat(factor, axis=1)
    inside, outside = ndimage.distance_transform_edt(large), ndimage.distance_transform_edt(~large)
    depth = (inside - outside - np.where(large, 0.5, -0.5)).astype(np.float32)
    if factor > 1:  # enlarged pixels have steps; the eye wants a line
        depth = ndimage.gaussian_filter(depth, 0.9 * factor)
    return np.asarray(depth)


def lay_box(canvas: Bytes, box: FloatArray, color: str, line: int) -> None:
    """Draw a box (4,) in pixels of the canvas, in place, as a thin frame just inside of it."""
    height, width = canvas.shape[:2]
    x1, y1, x2, y2 = np.rint(np.clip(box, 0, [width, height, width, height])).astype(int).tolist()
    frame = np.zeros((y2 - y1, x2 - x1), dtype=np.bool_)
    frame[:line] = frame[-line:] = frame[:, :line] = frame[:, -line:] = True
    window = canvas[y1:y2, x1:x2]
    window[frame] = np.rint(window[frame] * (1 - FRAME) + np.array(_rgb(color)) * FRAME)


def lay_label(
    canvas: Bytes, words: str, box: FloatArray, color: str, font: ImageFont.FreeTypeFont, taken: list[Rectangle]
) -> bool:
    """Write words at a corner of a box (4,), in place, where they hide the least of the labels before.

    Returns whether the picture has room for them.

    Parameters
    ----------
    canvas : uint8 array (H, W, 3)
    words : str
    box : array (4,)
    color : str
        Of the ground; the words are dark or light, whatever can be read on it.
    font : ImageFont.FreeTypeFont
    taken : list of rectangles
        Where labels lie already; this one's place is added.
    """
    tag = _tag(words, color, font)
    place = label_place(tag.size, box, (canvas.shape[1], canvas.shape[0]), taken)
    if place is None:
        return False
    left, top, right, bottom = place
    taken.append(place)
    window = canvas[top:bottom, left:right]
    under = Image.fromarray(window)
    under.paste(tag, (0, 0), tag)
    window[:] = np.asarray(under)
    return True


def _tag(words: str, color: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    """Return a label, a rounded plate with words, with transparent corners."""
    left, _, right, _ = font.getbbox(words)
    ascent, descent = font.getmetrics()
    gap = max(2, round(0.32 * font.size))
    width, height = int(right - left) + 2 * gap, ascent + descent + gap // 2
    plate = Image.new("L", (4 * width, 4 * height), 0)
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), gap * 4 * 0.8, fill=255)
    tag = Image.new("RGBA", (width, height), color)
    tag.putalpha(plate.resize((width, height), Image.Resampling.BOX))
    text = Image.new("L", (width, height), 0)
    ImageDraw.Draw(text).text((gap - left, gap // 4), words, fill=255, font=font)
    tag.paste(Image.new("RGBA", tag.size, readable_on(color)), (0, 0), text)
    return tag


def readable_on(color: str) -> str:
    """Return the color of text that can be read on a ground: dark or light, by WCAG's contrast.

    Examples
    --------
    >>> readable_on(HIGHLIGHT) == INK, readable_on(SHAPE_EDGE) == PAPER
    (True, True)
    """
    ground, dark, light = (_luminance(one) + 0.05 for one in (color, INK, PAPER))
    return INK if ground / dark > light / ground else PAPER


def _luminance(color: str) -> float:
    shares = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _rgb(color))]
    return 0.2126 * shares[0] + 0.7152 * shares[1] + 0.0722 * shares[2]


def label_place(
    size: tuple[int, int], box: FloatArray, room: tuple[int, int], taken: Sequence[Rectangle]
) -> Rectangle | None:
    """Return where a label (width, height) goes: above a box, below, or into it; None if the picture has no room.

    Examples
    --------
    >>> label_place((30, 10), np.array([20, 40, 80, 60]), (100, 100), taken=[])
    (20, 30, 50, 40)
    """
    (w, h), (width, height) = size, room
    if w > width or h > height:
        return None
    x1, y1, x2, y2 = np.rint(box).astype(int).tolist()
    corners = [(x1, y1 - h), (x2 - w, y1 - h), (x1, y2), (x2 - w, y2), (x1, y1), (x2 - w, y1), (x1, y2 - h)]
    inside = [(min(max(x, 0), width - w), min(max(y, 0), height - h)) for x, y in corners]
    places = [(x, y, x + w, y + h) for x, y in inside]
    moved = [abs(x - u) + abs(y - v) for (x, y), (u, v) in zip(corners, inside, strict=True)]
    hidden = [sum(_shared(place, other) for other in taken) for place in places]
    return places[min(range(len(places)), key=lambda k: (hidden[k], moved[k] > h, k))]


def _shared(one: Rectangle, other: Rectangle) -> int:
    """Return the area that two rectangles share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Return the font of the labels, which ships inside matplotlib."""
    font = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
    return ImageFont.truetype(str(font), size)  # Pillow 10.1 takes no path


def _rgb(color: str) -> tuple[int, int, int]:
    """Return red, green and blue from 0 to 255 of `#RRGGBB`."""
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue
