"""Finding nuclei in pictures of any size: tile by tile, each counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from minimask.data.textures import Bytes
from minimask.geometry.checks import FloatArray, as_number, as_whole_number
from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.paste import paste_masks
from minimask.nuclei.claims import Piece, claim
from minimask.training.proposals import evaluating

AT_ONCE = 16
"""Tiles that are looked at together."""


class Nuclei(NamedTuple):
    """What was found in one picture, the surest first."""

    labels: NDArray[np.int32]
    """(H, W): 0 where there is no nucleus, k for the pixels of the k-th."""
    scores: FloatArray
    """(N,): how sure the model is that there is a nucleus, from 0 to 1."""
    doubts: FloatArray
    """(N,): how unsure it is of the outline: bits of entropy of the pixels' probabilities, for each pixel of area."""
    boxes: FloatArray
    """(N, 4): the boxes that the model drew, in pixels of the picture."""

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.scores)


@dataclass(frozen=True)
class Look:
    """How a picture is looked at.

    Parameters
    ----------
    score : float from 0 to 1
        The least score of a nucleus.
    nms : float from 0 to 1
        The IoU of boxes above which the less sure one is dropped, before masks are made.
    share : float from 0 to 1
        See `minimask.nuclei.claims.claim`.
    tile : int, at least 16
        The side of the parts that a larger picture is cut into, in pixels.
    overlap : int, at least 0, less than a tile
        How far neighboring tiles overlap: more than the longest nucleus.
    """

    score: float = 0.5
    nms: float = 0.7
    share: float = 0.7
    tile: int = 128
    overlap: int = 32

    def __post_init__(self) -> None:
        for name in ("score", "nms", "share"):
            if not 0 <= as_number(getattr(self, name), name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {getattr(self, name)}")
        as_whole_number(self.tile, "tile", 16)
        if as_whole_number(self.overlap, "overlap", 0) >= self.tile:
            raise ValueError(f"overlap must be less than tile, {self.tile}, got {self.overlap}")


class _Seen(NamedTuple):
    """One mask, before it is known who owns which pixel."""

    score: float
    doubt: float
    box: list[float]
    piece: Piece


def find_nuclei(model: MaskRCNN, image: Bytes, look: Look | None = None) -> Nuclei:
    """Find the nuclei of a picture.

    A picture that is larger than a tile is cut into tiles that overlap. What is found counts in the tile in whose core
    its middle lies: cores share the picture among them without overlap, so that a nucleus on a seam counts once.

    Parameters
    ----------
    model : MaskRCNN
        Its mode and its weights are left as they are.
    image : uint8 array (H, W, 3)
    look : Look, optional

    Examples
    --------
    >>> from minimask.data.nuclei import NucleiWorld
    >>> from minimask.model.lesson import lesson_model
    >>> find_nuclei(lesson_model(2), NucleiWorld()[0].image).labels.shape
    (128, 128)
    """
    look = look or Look()
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise TypeError(f"image must be a uint8 array (H, W, 3), got {getattr(image, 'dtype', type(image).__name__)}")
    height, width = image.shape[:2]
    corners = [
        (top, left, core_rows, core_columns)
        for top, core_rows in cuts(height, look.tile, look.overlap)
        for left, core_columns in cuts(width, look.tile, look.overlap)
    ]
    seen: list[_Seen] = []
    for first in range(0, len(corners), AT_ONCE):
        group = corners[first : first + AT_ONCE]
        tiles = [image[top : top + look.tile, left : left + look.tile] for top, left, _, _ in group]
        for (top, left, rows, columns), found in zip(group, _seen_in(model, tiles, look), strict=True):
            for one in found:
                x, y = left + (one.box[0] + one.box[2]) / 2, top + (one.box[1] + one.box[3]) / 2
                if rows[0] <= y < rows[1] and columns[0] <= x < columns[1]:
                    seen.append(_moved(one, top, left))
    scores = np.array([one.score for one in seen])
    labels, kept = claim([one.piece for one in seen], scores, (height, width), look.share)
    doubts = np.array([seen[number].doubt for number in kept])
    boxes = np.array([seen[number].box for number in kept]).reshape(-1, 4)
    return Nuclei(labels, scores[kept], doubts, boxes)


def cuts(length: int, tile: int, overlap: int) -> list[tuple[int, tuple[float, float]]]:
    """Return where tiles begin along a side, and the core of each, from and to; cores meet amid the overlaps.

    Examples
    --------
    >>> cuts(200, 128, 32)
    [(0, (-inf, 100.0)), (72, (100.0, inf))]
    >>> cuts(100, 128, 32)
    [(0, (-inf, inf))]
    """
    last = max(length - tile, 0)
    starts = [*range(0, last, tile - overlap), last]
    seams = [(second + first + tile) / 2 for first, second in pairwise(starts)]
    edges = [-np.inf, *seams, np.inf]
    return [(start, (edges[k], edges[k + 1])) for k, start in enumerate(starts)]


def _seen_in(model: MaskRCNN, tiles: list[Bytes], look: Look) -> Iterator[list[_Seen]]:
    """Return what is seen in each of a few tiles of one size."""
    device = next(model.parameters()).device
    pictures = [torch.tensor(tile, device=device).permute(2, 0, 1).float() / 255 for tile in tiles]
    with evaluating(model):
        trace = model.trace(pictures, score_threshold=look.score, nms_threshold=look.nms)
        parts = torch.split(trace.masks, [len(one.boxes) for one in trace.detections])
        for tile, output, masks in zip(tiles, trace.outputs, parts, strict=True):
            pasted = paste_masks(masks, output["boxes"], tile.shape[:2], model.roi_heads.settings.paste)
            chances = pasted.float().cpu().numpy()
            numbers = zip(chances, output["scores"].tolist(), output["boxes"].tolist(), strict=True)
            yield [_cut_out(chance, score, box) for chance, score, box in numbers]


def _cut_out(chance: FloatArray, score: float, box: list[float]) -> _Seen:
    """Return what is seen from the probabilities (H, W) of one mask."""
    rows, columns = np.flatnonzero(chance.any(axis=1)), np.flatnonzero(chance.any(axis=0))
    if not len(rows):
        return _Seen(score, 0.0, box, Piece(0, 0, np.zeros((1, 1), dtype=np.bool_)))
    top, left = int(rows[0]), int(columns[0])
    part = chance[top : rows[-1] + 1, left : columns[-1] + 1]
    return _Seen(score, doubt(part), box, Piece(top, left, part >= 0.5))


def doubt(chances: FloatArray) -> float:
    """Return how unsure probabilities of pixels are: bits of entropy, for each pixel of the expected area.

    Examples
    --------
    >>> doubt(np.array([1.0, 1.0, 0.0])), doubt(np.array([1.0, 0.5, 0.5]))
    (0.0, 1.0)
    """
    p = np.clip(chances.astype(np.float64), 1e-12, 1 - 1e-12)
    bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return round(float(bits.sum() / max(p.sum(), 1e-6)), 9)


def _moved(one: _Seen, top: int, left: int) -> _Seen:
    """Return what was seen in a tile where it lies in the picture."""
    x1, y1, x2, y2 = one.box
    piece = one.piece._replace(top=one.piece.top + top, left=one.piece.left + left)
    return one._replace(box=[x1 + left, y1 + top, x2 + left, y2 + top], piece=piece)
