"""Attacked pictures: made of strikes, saved, and read again."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from refusals import refused

from minimask.data.attacked import AttackedPicture, Strike, corner, load_attacked, moved, save_attacked

MAKE = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "make_attack_strength.py"))


@pytest.fixture(scope="module")
def attacked() -> AttackedPicture:
    return MAKE["invented"](0)


def test_a_corner_is_as_far_as_the_ball_allows():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    up = rng.random(image.shape) < 0.5
    changed = moved(image, up, 8)
    assert np.abs(changed.astype(int) - image).max() == 8
    inside = (image >= 8) & (image <= 247)
    np.testing.assert_array_equal(np.abs(changed.astype(int) - image)[inside], 8)
    np.testing.assert_array_equal(corner(image, changed)[inside], up[inside])


def test_a_change_that_is_used_again_is_held_once(attacked):
    assert len(attacked.changes) == 10
    noise = attacked.which[attacked.attacks.index("noise"), 1:]
    assert len(set(noise.tolist())) == 1
    np.testing.assert_array_equal(attacked.seen(0, 0), attacked.image)
    step = 2
    for attack in range(4):
        change = attacked.seen(attack, step).astype(int) - attacked.image
        assert np.abs(change).max() == attacked.strengths[step]


def test_everything_comes_back_from_a_file(attacked, tmp_path):
    save_attacked(tmp_path / "attacks.npz", [attacked, MAKE["invented"](1)])
    first, second = load_attacked(tmp_path / "attacks.npz")
    for name in ("image", "boxes", "labels", "which"):
        np.testing.assert_array_equal(getattr(first, name), getattr(attacked, name))
    for name in ("names", "target", "strengths", "attacks", "wants"):
        assert getattr(first, name) == getattr(attacked, name)
    for again, change in zip(first.changes, attacked.changes, strict=True):
        np.testing.assert_array_equal(again, change)
    for ours, theirs in zip(sum(first.found, ()), sum(attacked.found, ()), strict=True):
        for part in ("boxes", "labels", "scores"):
            np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part))
        np.testing.assert_array_equal(ours.masks.masks(100), theirs.masks.masks(100))
    assert first.to_bytes() == attacked.to_bytes()
    assert len(second.labels) == 1


def test_scores_are_rounded_down_and_the_surest_come_first(attacked):
    for sighting in sum(attacked.found, ()):
        assert (np.diff(sighting.scores) <= 0).all()
    assert 2999 in attacked.found[0][2].scores


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"image": np.zeros((40, 300, 3), np.uint8)}, ("image must be uint8 (H, W, 3) of at most 256 pixels",)),
        ({"target": 3}, ("target must be one of 3 objects, got 3",)),
        ({"strengths": (0, 3, 1, 16)}, ("strengths must rise from 0",)),
        ({"strengths": (1, 2, 3, 4)}, ("strengths must rise from 0",)),
        ({"strengths": (0, 2, 3, 80)}, ("at most 64 levels",)),
        ({"found": ()}, ("every one of 4 attacks must have a strike for each of 4 strengths",)),
        ({"changes": [np.zeros((40, 56, 3))]}, ("up must be Boolean (40, 56, 3)",)),
    ],
)
def test_bad_input(attacked, changed, parts):
    refused(lambda: replace(attacked, **changed), ValueError, *parts)


def test_every_strength_needs_a_strike():
    picture, found = MAKE["truth"](0), MAKE["seen"]()
    strikes = [Strike(np.ones(picture.image.shape, np.bool_), found)]
    refused(
        lambda: AttackedPicture.of(picture, 0, MAKE["NAMES"], (0, 1), {"a": ("b", strikes)}),
        ValueError,
        "every attack must have 2 strikes, got 1",
    )
