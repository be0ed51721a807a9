"""Record the attacked pictures of the widget `AttackStrength`: `python -m minimask.trust.strengths`, in minutes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
import torch

from minimask.data.attacked import RECORDED, AttackedPicture, Strike, corner, moved, save_attacked
from minimask.data.picture import Picture
from minimask.data.shapes import CLASSES
from minimask.data.textures import Bytes
from minimask.detecting import detect
from minimask.model.lesson import trained_lesson_model
from minimask.model.mask_rcnn import MaskRCNN
from minimask.trust.attacks import LEVEL, as_images, as_tensor, attack
from minimask.trust.goals import leak, vanish, victim_of
from minimask.trust.outcome import surely_found
from minimask.trust.recorded import TRIED

STRENGTHS = (0, 1, 2, 3, 4, 6, 8, 12, 16)
"""Levels of a byte."""
WHICH = (8, 20)
"""Of the pictures whose largest object is surely and rightly found."""
WANTS = {
    "vanish": "nothing is found there",
    "leak": "its mask covers what lies around it",
    "noise": "nothing in particular happens: chance alone, no gradient",
}


def strikes(model: MaskRCNN, picture: Picture, change: Callable[[int], Bytes]) -> list[Strike]:
    """Return for every strength the corner of the ball next to what an attack makes, and what is found there."""
    made = []
    for strength in STRENGTHS:
        up = corner(picture.image, change(strength) if strength else picture.image)
        (found,) = detect(model, [moved(picture.image, up, strength)])
        made.append(Strike(up, found))
    return made


def attacked_picture(model: MaskRCNN, picture: Picture, target: int) -> AttackedPicture:
    """Return a picture with both attacks on one of its objects, and noise, at all strengths."""
    start, victims = as_tensor([picture.image]), [victim_of(picture, target)]
    rng = np.random.default_rng(0)
    chance = rng.random(picture.image.shape) < 0.5
    changes: dict[str, Callable[[int], Bytes]] = {
        "vanish": lambda level: as_images(attack(model, start, vanish(victims), epsilon=level * LEVEL))[0],
        "leak": lambda level: as_images(attack(model, start, leak(victims), epsilon=level * LEVEL))[0],
        "noise": lambda level: moved(picture.image, chance, level),
    }
    made = {name: (WANTS[name], strikes(model, picture, change)) for name, change in changes.items()}
    return AttackedPicture.of(picture, target, CLASSES, STRENGTHS, made)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(prog="python -m minimask.trust.strengths", description=__doc__)
    parser.add_argument("--which", type=int, nargs="*", default=WHICH, help="which pictures, from 0")
    which = parser.parse_args(arguments).which
    torch.set_num_threads(1)
    model = trained_lesson_model()
    pictures, targets = surely_found(model, TRIED.pictures(200), max(which) + 1)
    made = []
    for number in which:
        made.append(attacked_picture(model, pictures[number], targets[number]))
        for name, found in zip(made[-1].attacks, made[-1].found, strict=True):
            print(f"picture {number}, {name}: {[[int(s) for s in one.scores[:3]] for one in found]}", flush=True)
    save_attacked(RECORDED, made)
    print(f"{RECORDED.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
