"""Counted pictures: what is found in them at any threshold, the truth, and what a method without learning finds.

`minimask.widgets.CountExplorer` shows them. `CountedPicture.of` makes one of a picture and a model's output,
`save_counted` writes some to a file, and `load_counted` reads it. To record what ships with the package:

    picture = world[0]
    output = model([tensor])[0]                # with a low score threshold: what is left out here cannot be slid back
    labels = watershed(picture.image)          # (H, W): 0 is the background, k the k-th object
    save_counted(RECORDED, [CountedPicture.of(picture, output, labels, "held out, crowded"), ...])

A picture of 128 x 128 pixels with 60 detections takes about 45 KB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.data.blocks import byte_block, load_all, packed, save_all, unpacked, word_block
from minimask.data.crops import Crops
from minimask.data.picture import Picture
from minimask.geometry.checks import BoolArray, IntArray, as_float_array, is_tensor

RECORDED = Path(__file__).parent / "recorded" / "nuclei_counts.npz"
"""Counted pictures that ship with the package."""
SCORE_STEPS = 10_000
"""Scores are whole ten-thousandths, rounded down: they decide every threshold of whole percent."""
HAIR = 1e-3
"""In such steps: what float32 loses is less."""
LARGEST = 512
"""The longest side of a picture, in pixels."""


@dataclass(frozen=True, eq=False)
class CountedPicture:
    """A picture, the objects in truth, and what two methods find.

    Attributes
    ----------
    image : uint8 array (H, W, 3)
    truth, baseline : arrays (H, W)
        Labels: 0 is the background, k the k-th object; in truth, and by the method without learning.
    scores : array (D,)
        Of what the model finds, in whole ten-thousandths; the surest first.
    found : Crops
        Its masks.
    name : str
        What the picture is, in a few words.
    """

    image: NDArray[np.uint8]
    truth: IntArray
    baseline: IntArray
    scores: IntArray
    found: Crops
    name: str = ""

    def __post_init__(self) -> None:
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not 1 <= max(image.shape) <= LARGEST:
            raise ValueError(
                f"image must be uint8 (H, W, 3) of at most {LARGEST} pixels, got {image.dtype} {image.shape}"
            )
        for name in ("truth", "baseline"):
            labels = getattr(self, name)
            if labels.shape != image.shape[:2] or labels.dtype.kind not in "iu" or labels.min() < 0:
                raise ValueError(
                    f"{name} must be labels {image.shape[:2]} from 0 on, got {labels.dtype} {labels.shape}"
                )
            if set(np.unique(labels)) - {0} != set(range(1, int(labels.max()) + 1)):
                raise ValueError(f"{name} must number its objects 1, 2, ... without a gap")
        if not self.truth.max():
            raise ValueError("truth must hold an object: an error in percent has none of nothing")
        if self.found.size != image.shape[:2] or self.scores.shape != (len(self.found),):
            raise ValueError(f"found must have a mask of the picture's size for each of {len(self.scores)} scores")
        if (np.diff(self.scores) > 0).any() or (self.scores < 0).any() or (self.scores > SCORE_STEPS).any():
            raise ValueError(f"scores must fall, from at most {SCORE_STEPS} to at least 0")

    @classmethod
    def of(
        cls,
        picture: Picture,
        output: Any,  # noqa: ANN401
        baseline: NDArray[Any],
        name: str = "",
    ) -> CountedPicture:
        """Return a picture as counted.

        Parameters
        ----------
        picture : Picture
            With at least one object; where masks overlap, a pixel belongs to the last.
        output : mapping with `scores` (D,) and `masks` (D, H, W) or (D, 1, H, W)
            What the model finds, arrays or tensors: masks as probabilities, so that their threshold can be slid.
        baseline : whole numbers (H, W)
            The labels that the method without learning gives.
        name : str
        """
        scores = np.asarray(output["scores"].detach().cpu() if is_tensor(output["scores"]) else output["scores"])
        whole = np.floor(as_float_array(scores, "scores").astype(np.float64) * SCORE_STEPS + HAIR).astype(np.int64)
        order = np.argsort(-whole, kind="stable")
        found = Crops.of(output["masks"], picture.image.shape[:2])
        labels = np.asarray(baseline).astype(np.int64)
        return cls(picture.image, labels_of(picture.masks), labels, whole[order], found.chosen(order), name)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width, _ = self.image.shape
        return height, width

    def to_bytes(self, *, image: bool = True) -> bytes:
        """Return everything, or everything but the image, compressed (zlib)."""
        blocks = [
            *([byte_block("image", np.moveaxis(self.image, 2, 0))] if image else []),
            word_block("truth", self.truth),
            word_block("baseline", self.baseline),
            word_block("scores", self.scores),
            *self.found.blocks("found"),
        ]
        return packed({"size": self.size, "name": self.name}, blocks)

    @classmethod
    def from_bytes(cls, content: bytes, image: NDArray[np.uint8] | None = None) -> CountedPicture:
        """Return what `to_bytes` was given; `image` if it left that out."""
        header, found = unpacked(content)
        size = (header["size"][0], header["size"][1])
        truth, baseline, scores = (found[name].astype(np.int64) for name in ("truth", "baseline", "scores"))
        if image is None:
            image = np.ascontiguousarray(np.moveaxis(found["image"].astype(np.uint8), 0, 2))
        return cls(image, truth, baseline, scores, Crops.from_blocks(found, "found", size), header["name"])


def labels_of(masks: BoolArray) -> IntArray:
    """Return masks (N, H, W) as labels (H, W), numbered 1, 2, ...; one that others hide wholly has no number.

    Examples
    --------
    >>> labels_of(np.array([[[True, False, False]], [[False, True, True]]])).tolist()
    [[1, 2, 2]]
    """
    labels = np.zeros(masks.shape[1:], np.int64)
    for k, mask in enumerate(masks):
        labels[mask] = k + 1
    seen = np.unique(labels[labels > 0])
    return np.where(labels > 0, np.searchsorted(seen, labels) + 1, 0)


def save_counted(path: str | Path, pictures: Sequence[CountedPicture]) -> None:
    """Write counted pictures, images and all, to one file; `load_counted` reads it."""
    save_all(path, (picture.to_bytes() for picture in pictures))


def load_counted(path: str | Path) -> list[CountedPicture]:
    """Read a file of `save_counted`."""
    return [CountedPicture.from_bytes(content) for content in load_all(path)]


def recorded_counts() -> list[CountedPicture]:
    """Return the counted pictures that ship with the package."""
    return load_counted(RECORDED)
