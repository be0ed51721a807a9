"""Attacked pictures: what a model finds as an attack grows stronger, recorded for places without torch.

`minimask.widgets.AttackStrength` shows them. A pixel's channels each go up or down by the whole strength, to a corner
of the ball that the attacker may move in: so a change takes one bit for each, and random noise of equal strength is
exactly as large. To record what ships with the package, at strengths of 0, 1, 2, 3, 4, 6, 8, 12 and 16 levels::

    def at(strength, pictures):                # pictures: what `attack` returned, as uint8
        up = corner(image, pictures)           # PGD's result, moved on to the nearest corner
        return Strike(up, found_in(moved(image, up, strength)))   # found above a low score, masks of 0 and 1
    picture = AttackedPicture.of(truth, 0, names, strengths, {
        "vanish": ("nothing is found there", [at(...), ...]),     # one for each strength; the first is the picture
        "noise": ("chance alone, no gradient", [...]),            # itself, and its `up` is not looked at
    })
    save_attacked(RECORDED, [picture, ...])

Each change of a 128 x 128 picture takes 6 KB, and a change that is used at several strengths, as of noise, only once.
Two pictures with two attacks and noise at nine strengths take about 260 KB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.data.blocks import byte_block, load_all, packed, save_all, unpacked, word_block
from minimask.data.crops import Crops
from minimask.data.found import Found
from minimask.data.picture import Picture
from minimask.geometry.checks import BoolArray, FloatArray, IntArray

RECORDED = Path(__file__).parent / "recorded" / "attacks.npz"
"""Attacked pictures that ship with the package."""
PIXEL = 1 / 64
"""What the sides of boxes are multiples of."""
SCORE_STEPS = 10_000
"""Scores are whole ten-thousandths, rounded down."""
HAIR = 1e-3
"""In such steps: what float32 loses is less."""
LARGEST = 256
"""The longest side of a picture, in pixels."""


class Strike(NamedTuple):
    """An attack at one strength."""

    up: BoolArray
    """(H, W, 3): which channels of which pixels go up; all others go down."""
    found: Found
    """What the model finds in the picture that follows."""


class Sighting(NamedTuple):
    """What the model finds in a picture, the surest first."""

    boxes: FloatArray
    """(D, 4)"""
    labels: IntArray
    """(D,): from 1."""
    scores: IntArray
    """(D,): in ten-thousandths."""
    masks: Crops
    """Each pixel 0 or 100 percent."""


def moved(image: NDArray[np.uint8], up: BoolArray, strength: int) -> NDArray[np.uint8]:
    """Return the picture whose channels go up or down by so many levels, as far as bytes go.

    Examples
    --------
    >>> image = np.array([[[5, 100, 250]]], np.uint8)
    >>> moved(image, np.array([[[False, True, True]]]), 8).tolist()
    [[[0, 108, 255]]]
    """
    return (image.astype(np.int64) + np.where(up, strength, -strength)).clip(0, 255).astype(np.uint8)


def corner(image: NDArray[np.uint8], attacked: NDArray[np.uint8]) -> BoolArray:
    """Return which channels of which pixels an attack left higher; one that it left as it was counts as lowered.

    Examples
    --------
    >>> image = np.array([[[5, 100, 250]]], np.uint8)
    >>> corner(image, np.array([[[0, 103, 250]]], np.uint8)).tolist()
    [[[False, True, False]]]
    """
    return np.asarray(attacked > image)


@dataclass(frozen=True, eq=False)
class AttackedPicture:
    """A picture, the truth about it, and what is found in it under attacks of growing strength.

    Attributes
    ----------
    image : uint8 array (H, W, 3)
    names : tuple of str
        Of the classes from label 1 on.
    boxes, labels, masks : array (M, 4), array (M,), Crops
        The truth.
    target : int
        The object that is attacked.
    strengths : tuple of int
        Levels of a byte, rising from 0.
    attacks : tuple of str
        Their names.
    wants : tuple of str
        What each of them wants, in words that finish "so that".
    changes : list of Boolean arrays (H, W, 3)
        What goes up.
    which : array (A, S)
        Which of the changes makes an attack's picture at a strength.
    found : tuple for each attack of a tuple for each strength of Sighting
    """

    image: NDArray[np.uint8]
    names: tuple[str, ...]
    boxes: FloatArray
    labels: IntArray
    masks: Crops
    target: int
    strengths: tuple[int, ...]
    attacks: tuple[str, ...]
    wants: tuple[str, ...]
    changes: list[BoolArray]
    which: IntArray
    found: tuple[tuple[Sighting, ...], ...]

    def __post_init__(self) -> None:
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not 1 <= max(image.shape) <= LARGEST:
            raise ValueError(
                f"image must be uint8 (H, W, 3) of at most {LARGEST} pixels, got {image.dtype} {image.shape}"
            )
        if not 0 <= self.target < len(self.labels):
            raise ValueError(f"target must be one of {len(self.labels)} objects, got {self.target}")
        rising = list(self.strengths) == sorted(set(self.strengths))
        if not rising or self.strengths[:1] != (0,) or len(self.strengths) < 2 or self.strengths[-1] > 64:
            raise ValueError(f"strengths must rise from 0 to at most 64 levels, got {self.strengths}")
        shape = (len(self.attacks), len(self.strengths))
        if not self.attacks or self.which.shape != shape or [len(row) for row in self.found] != [shape[1]] * shape[0]:
            raise ValueError(f"every one of {shape[0]} attacks must have a strike for each of {shape[1]} strengths")
        if any(change.shape != image.shape or change.dtype != np.bool_ for change in self.changes):
            raise ValueError(f"up must be Boolean {image.shape}")

    @classmethod
    def of(
        cls,
        picture: Picture,
        target: int,
        names: Sequence[str],
        strengths: Sequence[int],
        attacks: Mapping[str, tuple[str, Sequence[Strike]]],
    ) -> AttackedPicture:
        """Return a picture as attacked.

        Parameters
        ----------
        picture : Picture
        target : int
            Which of its objects is attacked, from 0.
        names : sequence of str
            Of the classes from label 1 on.
        strengths : sequence of int
            Levels of a byte, rising from 0.
        attacks : dict
            By its name what an attack wants, in words that finish "so that", and a strike for each strength. The
            first, of strength 0, is the picture itself.
        """
        changes: list[BoolArray] = []
        known: dict[bytes, int] = {}
        which = np.zeros((len(attacks), len(strengths)), np.int64)
        for row, (_, strikes) in enumerate(attacks.values()):
            if len(strikes) != len(strengths):
                raise ValueError(f"every attack must have {len(strengths)} strikes, got {len(strikes)}")
            for column, strike in enumerate(strikes[1:], 1):
                key = strike.up.tobytes()
                if key not in known:
                    known[key] = len(changes)
                    changes.append(np.asarray(strike.up))
                which[row, column] = known[key]
        size = picture.image.shape[:2]
        return cls(
            image=picture.image,
            names=tuple(names),
            boxes=picture.boxes.astype(np.float64),
            labels=picture.labels.astype(np.int64),
            masks=Crops.of(picture.masks, size),
            target=target,
            strengths=tuple(int(strength) for strength in strengths),
            attacks=tuple(attacks),
            wants=tuple(want for want, _ in attacks.values()),
            changes=changes,
            which=which,
            found=tuple(tuple(_sighting(one.found, size) for one in strikes) for _, strikes in attacks.values()),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width, _ = self.image.shape
        return height, width

    def seen(self, attack: int, step: int) -> NDArray[np.uint8]:
        """Return the picture that the model sees under an attack at a strength, both as numbers from 0."""
        if not self.strengths[step]:
            return self.image
        return moved(self.image, self.changes[self.which[attack, step]], self.strengths[step])

    def to_bytes(self, *, image: bool = True) -> bytes:
        """Return everything, or everything but the image, compressed (zlib)."""
        plain = ("size", "names", "target", "strengths", "attacks", "wants")
        bits = np.array([np.packbits(change, bitorder="little") for change in self.changes], np.uint8)
        blocks = [
            *([byte_block("image", np.moveaxis(self.image, 2, 0))] if image else []),
            word_block("boxes", self.boxes, PIXEL),
            byte_block("labels", self.labels),
            *self.masks.blocks("masks"),
            word_block("which", self.which),
            byte_block("changes", bits),
        ]
        for row, attack in enumerate(self.found):
            for column, (boxes, labels, scores, masks) in enumerate(attack):
                at = f"found_{row}_{column}"
                blocks += [
                    word_block(f"{at}_boxes", boxes, PIXEL),
                    byte_block(f"{at}_labels", labels),
                    word_block(f"{at}_scores", scores),
                    *masks.blocks(f"{at}_masks"),
                ]
        return packed({name: getattr(self, name) for name in plain}, blocks)

    @classmethod
    def from_bytes(cls, content: bytes, image: NDArray[np.uint8] | None = None) -> AttackedPicture:
        """Return what `to_bytes` was given, boxes rounded; `image` if it left that out."""
        header, found = unpacked(content)
        size = (header["size"][0], header["size"][1])
        if image is None:
            image = np.ascontiguousarray(np.moveaxis(found["image"].astype(np.uint8), 0, 2))
        bits = found["changes"].astype(np.uint8)
        changes = [
            np.unpackbits(row, count=image.size, bitorder="little").astype(np.bool_).reshape(image.shape)
            for row in bits
        ]

        def sighting(at: str) -> Sighting:
            labels, scores = (found[f"{at}_{name}"].astype(np.int64) for name in ("labels", "scores"))
            boxes = found[f"{at}_boxes"].reshape(-1, 4)
            return Sighting(boxes, labels, scores, Crops.from_blocks(found, f"{at}_masks", size))

        shape = (len(header["attacks"]), len(header["strengths"]))
        return cls(
            image=image,
            names=tuple(header["names"]),
            boxes=found["boxes"],
            labels=found["labels"].astype(np.int64),
            masks=Crops.from_blocks(found, "masks", size),
            target=header["target"],
            strengths=tuple(header["strengths"]),
            attacks=tuple(header["attacks"]),
            wants=tuple(header["wants"]),
            changes=changes,
            which=found["which"].astype(np.int64),
            found=tuple(tuple(sighting(f"found_{a}_{s}") for s in range(shape[1])) for a in range(shape[0])),
        )


def _sighting(found: Any, size: tuple[int, int]) -> Sighting:  # noqa: ANN401
    """Return what a model finds, the surest first, and rounded."""
    scores = np.floor(np.asarray(found.scores, np.float64) * SCORE_STEPS + HAIR).astype(np.int64)
    order = np.argsort(-scores, kind="stable")
    boxes = np.rint(np.asarray(found.boxes, np.float64).reshape(-1, 4) / PIXEL) * PIXEL
    labels = np.asarray(found.labels, np.int64)
    return Sighting(boxes[order], labels[order], scores[order], Crops.of(found.masks, size).chosen(order))


def save_attacked(path: str | Path, pictures: Sequence[AttackedPicture]) -> None:
    """Write attacked pictures, images and all, to one file; `load_attacked` reads it."""
    save_all(path, (picture.to_bytes() for picture in pictures))


def load_attacked(path: str | Path) -> list[AttackedPicture]:
    """Read a file of `save_attacked`."""
    return [AttackedPicture.from_bytes(content) for content in load_all(path)]


def recorded_attacks() -> list[AttackedPicture]:
    """Return the attacked pictures that ship with the package."""
    return load_attacked(RECORDED)
