"""An examined picture: what every stage of a Mask R-CNN makes of it, in few bytes, without torch.

`minimask.training.examining` makes one; `minimask.widgets.XRay` shows it. Numbers are rounded to what a picture can
show, and the file that holds them is what the browser reads (`js/x_ray_bytes.js`): a JSON header that names blocks of
numbers, and the blocks. A number is `low + step * k` with a whole k of one or two bytes.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
STEPS = 255
"""From the least to the most of a feature map."""
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
            *([_bytes("image", self.image)] if image else []),
            _words("objects", self.objects, PIXEL),
            _bytes("labels", self.labels),
            _bytes("masks", self.masks),
            *(_scaled(f"map{k}", level) for k, level in enumerate(self.maps)),
            *(_words(f"objectness{k}", _bounded(level), ODDS) for k, level in enumerate(self.objectness)),
            _words("anchors", self.anchors, 4 * PIXEL),
            _words("candidates", self.candidates, PIXEL),
            _bytes("levels", self.levels),
            _words("odds", _bounded(self.odds), ODDS),
            _words("class_odds", _bounded(self.class_odds), ODDS),
            _words("answer_rois", self.answers.rois, 1),
            _bytes("answer_labels", self.answers.labels),
            _words("answer_boxes", self.answers.boxes, PIXEL),
            _words("answer_grids", self.answers.grids, 1),
            _bytes("grids", np.rint(self.grids * MASK_STEPS), 1 / MASK_STEPS),
        ]
        plain = {"names": self.names, "size": self.size, "strides": self.strides, "shown": self.shown}
        header = json.dumps({**plain, "machine": asdict(self.machine), "blocks": [about for about, _ in blocks]})
        start = header.encode()
        content = [len(start).to_bytes(4, "little"), start, *(numbers for _, numbers in blocks)]
        return zlib.compress(b"".join(content), 9)

    @classmethod
    def from_bytes(cls, content: bytes, image: NDArray[np.uint8] | None = None) -> ExaminedPicture:
        """Return what `to_bytes` was given, rounded; `image` if it left that out."""
        raw = zlib.decompress(content)
        at = 4 + int.from_bytes(raw[:4], "little")
        header = json.loads(raw[4:at])
        found: dict[str, FloatArray] = {}
        for about in header["blocks"]:
            found[about["name"]], at = _read(about, raw, at)
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
    content = {f"picture{k}": np.frombuffer(picture.to_bytes(), np.uint8) for k, picture in enumerate(pictures)}
    with Path(path).open("wb") as file:
        np.savez(file, allow_pickle=False, **content)


def load_examined(path: str | Path) -> list[ExaminedPicture]:
    """Read a file of `save_examined`."""
    with np.load(path, allow_pickle=False) as arrays:
        return [ExaminedPicture.from_bytes(arrays[f"picture{k}"].tobytes()) for k in range(len(arrays.files))]


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


Block = tuple[dict[str, Any], bytes]


def _bytes(name: str, values: NDArray[Any], step: float = 1) -> Block:
    """Return whole numbers from 0 to 255; each row holds the differences from the number before, modulo 256."""
    rows = values.astype(np.uint8)
    moved = np.diff(rows, axis=-1, prepend=np.zeros((), np.uint8)) if rows.ndim else rows
    return {"name": name, "shape": rows.shape, "bytes": 1, "low": 0, "step": step}, moved.tobytes()


def _scaled(name: str, maps: FloatArray) -> Block:
    """Return maps (C, h, w), each from its own least to its own most."""
    low, high = (edge(maps.reshape(len(maps), -1), axis=1) for edge in (np.min, np.max))
    step = np.array([float(f"{width:.4g}") for width in np.maximum(high - low, 1e-6) / STEPS])
    low = np.array([float(f"{least:.4g}") for least in low])
    whole = np.rint((maps - low[:, None, None]) / step[:, None, None]).clip(0, STEPS)
    about, content = _bytes(name, whole)
    return {**about, "low": low.tolist(), "step": step.tolist()}, content


def _words(name: str, values: NDArray[Any], step: float) -> Block:
    """Return multiples of `step` as int16: first all lower bytes, then all higher ones, which resemble each other."""
    whole = np.rint(np.asarray(values) / step)
    if np.abs(whole).max(initial=0) >= 2**15:
        raise ValueError(f"{name} must be less than {2**15 * step:g}, got {np.abs(values).max():g}")
    content = whole.astype("<i2").reshape(-1, 1).view(np.uint8).T.tobytes()
    return {"name": name, "shape": np.shape(values), "bytes": 2, "low": 0, "step": step}, content


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
