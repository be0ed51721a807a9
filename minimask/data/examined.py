"""An examined picture: what every stage of a Mask R-CNN makes of it, in few bytes, without torch.

`minimask.training.examining` makes one; `minimask.widgets.XRay` shows it. Numbers are rounded to what a picture can
show, and the file that holds them is what the browser reads (`js/x_ray_bytes.js`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.data.blocks import byte_block, load_all, packed, save_all, scaled_block, unpacked, word_block
from minimask.geometry.checks import BoolArray, FloatArray, IntArray

RECORDED = Path(__file__).parent / "recorded" / "x_ray.npz"
"""Examined pictures that ship with the package."""
LARGEST = 500
"""The longest side of a picture, in pixels."""
PIXEL = 1 / 64
"""What the sides of boxes are multiples of; of anchors, which may reach out of the picture, four times as much."""
ODDS = 1 / 2000
"""What log-odds are multiples of."""
MOST_ODDS = 16.0
"""Log-odds beyond, of either sign, are taken as these."""
MASK_STEPS = 50
"""From 0 to 1 in a mask: most of the room goes to masks."""


@dataclass(frozen=True)
class Machine:
    """The numbers of the machine that looked; each is a setting of the same name in `minimask.model`, unless noted.

    Parameters
    ----------
    anchors : int
        How many there are in all.
    channels : int
        Of the pyramid's maps.
    proposals : int
        At most so many: `post_top_n`.
    proposal_nms, detection_nms : float
        `nms_threshold` of either stage.
    score_threshold : float
        Answers below it are none.
    detections : int
    canonical_size, canonical_level : float, int
    bins : int
        `box_size`.
    sampling_ratio : int
    aligned : bool
        Whether RoIs are read aligned.
    paste : "aligned" or "published"
    """

    anchors: int
    channels: int
    proposals: int = 100
    proposal_nms: float = 0.7
    detection_nms: float = 0.5
    score_threshold: float = 0.05
    detections: int = 100
    canonical_size: float = 224.0
    canonical_level: int = 4
    bins: int = 7
    sampling_ratio: int = 2
    aligned: bool = True
    paste: str = "aligned"


class Answers(NamedTuple):
    """What the second stage says: an answer is a class for a candidate, and the box that this class makes of it."""

    rois: IntArray
    """(A,): the candidate, ascending."""
    labels: IntArray
    """(A,): from 1; of a candidate ascending."""
    boxes: FloatArray
    """(A, 4)"""
    grids: IntArray
    """(A,): the row of `ExaminedPicture.grids` that is its mask; -1 where none was recorded."""


@dataclass(frozen=True, eq=False)
class ExaminedPicture:
    """A picture, the truth about it, and what every stage makes of it.

    The second stage looked at every candidate, not only at the proposals: whatever thresholds make of the candidates,
    it is known what would follow.

    Attributes
    ----------
    image : uint8 array (H, W, 3)
    names : tuple of str
        Of the classes; the background first.
    objects, labels, masks : arrays (M, 4), (M,), (M, H, W)
        The truth; M may be 0.
    strides : tuple of int
        Pixels from cell to cell, for each level.
    shown : tuple of int
        The channels that were recorded.
    maps : tuple of arrays (1 + shown, h, w), one for each level
        The length of the features of every cell over all channels, and the recorded channels.
    objectness : tuple of arrays (h, w), one for each level
        Log-odds of the likeliest anchor of every cell.
    anchors, candidates : arrays (K, 4)
        The best of each level, level by level, the best scored first; before and after the first stage moved them.
    levels : array (K,)
        Of the anchors.
    odds : array (K,)
        Log-odds that there is an object.
    class_odds : array (K, classes)
        Log-odds of each class against all others.
    answers : Answers
        The likeliest class of every candidate but the background, and all classes above the score threshold.
    grids : array (Q, m, m)
        Masks from 0 to 1.
    machine : Machine
    """

    image: NDArray[np.uint8]
    names: tuple[str, ...]
    objects: FloatArray
    labels: IntArray
    masks: BoolArray
    strides: tuple[int, ...]
    shown: tuple[int, ...]
    maps: tuple[FloatArray, ...]
    objectness: tuple[FloatArray, ...]
    anchors: FloatArray
    candidates: FloatArray
    levels: IntArray
    odds: FloatArray
    class_odds: FloatArray
    answers: Answers
    grids: FloatArray
    machine: Machine = field(repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width, _ = self.image.shape
        return height, width

    def to_bytes(self, *, image: bool = True) -> bytes:
        """Return everything, or everything but the image, compressed (zlib)."""
        blocks = [
            *([byte_block("image", self.image)] if image else []),
            word_block("objects", self.objects, PIXEL),
            byte_block("labels", self.labels),
            byte_block("masks", self.masks),
            *(scaled_block(f"map{k}", level) for k, level in enumerate(self.maps)),
            *(word_block(f"objectness{k}", _bounded(level), ODDS) for k, level in enumerate(self.objectness)),
            word_block("anchors", self.anchors, 4 * PIXEL),
            word_block("candidates", self.candidates, PIXEL),
            byte_block("levels", self.levels),
            word_block("odds", _bounded(self.odds), ODDS),
            word_block("class_odds", _bounded(self.class_odds), ODDS),
            word_block("answer_rois", self.answers.rois, 1),
            byte_block("answer_labels", self.answers.labels),
            word_block("answer_boxes", self.answers.boxes, PIXEL),
            word_block("answer_grids", self.answers.grids, 1),
            byte_block("grids", np.rint(self.grids * MASK_STEPS), 1 / MASK_STEPS),
        ]
        plain = {"names": self.names, "size": self.size, "strides": self.strides, "shown": self.shown}
        return packed({**plain, "machine": asdict(self.machine)}, blocks)

    @classmethod
    def from_bytes(cls, content: bytes, image: NDArray[np.uint8] | None = None) -> ExaminedPicture:
        """Return what `to_bytes` was given, rounded; `image` if it left that out."""
        header, found = unpacked(content)
        levels = range(len(header["strides"]))
        whole = {name: found[name].astype(np.int64) for name in ("labels", "levels", "answer_rois", "answer_labels")}
        return cls(
            image=found["image"].astype(np.uint8) if image is None else image,
            names=tuple(header["names"]),
            objects=found["objects"],
            labels=whole["labels"],
            masks=found["masks"].astype(np.bool_),
            strides=tuple(header["strides"]),
            shown=tuple(header["shown"]),
            maps=tuple(found[f"map{k}"] for k in levels),
            objectness=tuple(found[f"objectness{k}"] for k in levels),
            anchors=found["anchors"],
            candidates=found["candidates"],
            levels=whole["levels"],
            odds=found["odds"],
            class_odds=found["class_odds"],
            answers=Answers(
                whole["answer_rois"],
                whole["answer_labels"],
                found["answer_boxes"],
                found["answer_grids"].astype(np.int64),
            ),
            grids=found["grids"],
            machine=Machine(**header["machine"]),
        )


def save_examined(path: str | Path, pictures: list[ExaminedPicture]) -> None:
    """Write examined pictures, images and all, to one file; `load_examined` reads it."""
    save_all(path, (picture.to_bytes() for picture in pictures))


def load_examined(path: str | Path) -> list[ExaminedPicture]:
    """Read a file of `save_examined`."""
    return [ExaminedPicture.from_bytes(content) for content in load_all(path)]


def recorded_pictures() -> list[ExaminedPicture]:
    """Return pictures that no training has seen, examined by the trained model of the lesson.

    Examples
    --------
    >>> picture = recorded_pictures()[0]
    >>> picture.size, picture.names[:3], len(picture.strides)
    ((128, 128), ('background', 'disc', 'triangle'), 3)
    """
    return load_examined(RECORDED)


def _bounded(odds: FloatArray) -> FloatArray:
    return np.clip(odds, -MOST_ODDS, MOST_ODDS)
