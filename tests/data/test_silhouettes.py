"""Silhouettes: the families have the ceilings that geometry gives them, scenes are right and repeatable."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minimask import best_box, tight_box
from minimask.data import silhouettes
from minimask.geometry.masks import mask_box
from minimask.geometry.polygons import polygon_area, polygon_box_iou


@pytest.mark.parametrize("name", silhouettes.FAMILIES)
def test_every_family_is_a_simple_polygon_about_the_origin(name):
    rings = silhouettes.family(name)
    assert polygon_area(rings) > 0  # and it neither crosses nor touches itself, or this would raise
    assert np.abs(np.concatenate(rings)).max() <= 1 + 1e-12


@pytest.mark.parametrize(
    ("name", "tight", "best"),
    [
        ("square", 1, 1),
        ("triangle", 1 / 2, 1 / math.sqrt(2)),
        ("right triangle", 1 / 2, 1 / math.sqrt(2)),
        ("diamond", 1 / 2, 1 / math.sqrt(2)),
        ("L", 1 / 2, 3 / 4),
        ("U", 7 / 9, 7 / 9),
        ("bar", 1, 1),
    ],
)
def test_ceilings_with_closed_forms(name, tight, best):
    assert tight_box(silhouettes.family(name))[1] == pytest.approx(tight, abs=1e-9)
    assert best_box(silhouettes.family(name))[1] == pytest.approx(best, abs=1e-9)


def test_the_area_of_the_crescent_is_a_disc_less_the_bite():
    bite, radius = 0.62, 0.8
    # The lens that two circles share: Weisstein, "Circle-Circle Intersection".
    a = math.acos((bite**2 + 1 - radius**2) / (2 * bite))
    b = math.acos((bite**2 + radius**2 - 1) / (2 * bite * radius))
    lens = a + radius**2 * b - bite * math.sin(a)
    assert polygon_area(silhouettes.crescent()) == pytest.approx(math.pi - lens, rel=2e-3)


def test_placing_turns_then_scales_then_moves():
    (ring,) = silhouettes.placed([np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])], 90, 2, (10, 20))
    assert ring == pytest.approx(np.array([[10, 22], [8, 20], [10, 20]]))


def test_unknown_families_are_named():
    with pytest.raises(ValueError, match=r"name must be one of circle, triangle, .*, got 'blob'"):
        silhouettes.family("blob")


def test_a_scene_is_repeatable_and_its_masks_do_not_overlap():
    first, again = (silhouettes.scene(np.random.default_rng(5), (64, 96), most=6) for _ in range(2))
    assert [name for name, _ in first] == [name for name, _ in again]
    assert all((a == b).all() for (_, a), (_, b) in zip(first, again, strict=True))
    assert all(mask.shape == (64, 96) and mask.sum() >= 30 for _, mask in first)
    assert np.sum([mask for _, mask in first], axis=0).max() == 1


def test_there_are_24_coins_and_each_mask_is_one_round_thing():
    photograph = silhouettes.coins_photograph()
    coins = silhouettes.segment_coins(photograph)
    assert len(coins) == 24
    assert np.sum(coins, axis=0).max() == 1
    for mask in coins:
        x1, y1, x2, y2 = mask_box(mask)
        assert 0.8 < (x2 - x1) / (y2 - y1) < 1.25
        assert 1000 < mask.sum() < 3500
        assert photograph[mask].mean() > photograph[~np.any(coins, axis=0)].mean()


def test_the_horse_is_the_dark_part_of_its_picture():
    horse = silhouettes.horse()
    assert horse.shape == (328, 400) and horse[180, 200] and not horse[0, 0]


def test_an_outline_has_the_area_and_the_box_of_its_mask():
    horse = silhouettes.horse()
    polygon = silhouettes.outline(horse)
    assert polygon_area(polygon) == pytest.approx(horse.sum(), rel=0.01)
    assert polygon_box_iou(polygon, mask_box(horse)[None])[0] == pytest.approx(tight_box(horse)[1], abs=0.005)
    assert best_box(polygon)[1] == pytest.approx(best_box(horse)[1], abs=0.005)


def test_an_empty_mask_has_no_outline():
    with pytest.raises(ValueError, match="mask must have at least one pixel set"):
        silhouettes.outline(np.zeros((4, 4), dtype=bool))
