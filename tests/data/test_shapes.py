"""The generated world: repeatable, as large and as crowded as asked for, and clear about what it does not take."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
from fingerprint import fingerprint
from scipy import stats

from minimask import box_iou
from minimask.data.shapes import CLASSES, ShapesWorld

# The same picture every time


def test_a_picture_depends_on_its_index_and_not_on_what_was_drawn_before():
    world = ShapesWorld(seed=5)
    forward = [fingerprint(world[index]) for index in range(6)]
    assert [fingerprint(world[index]) for index in reversed(range(6))] == forward[::-1]
    assert [fingerprint(picture) for picture in ShapesWorld(seed=5).pictures(3, start=2)] == forward[2:5]
    assert len(set(forward)) == 6


def test_another_process_draws_the_same_pictures():
    arguments = {"height": 80, "width": 150, "objects": (3, 9), "sizes": (14, 50), "crowding": 0.5, "seed": 8}
    program = Path(__file__).with_name("fingerprint.py")
    command = [sys.executable, str(program), json.dumps(arguments), "1000", "3"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == [fingerprint(ShapesWorld(**arguments)[index]) for index in (1000, 3)]


def test_other_seeds_are_other_worlds():
    # Numbers beyond 32 bits are split into words; no seed and index may be mistaken for others.
    pairs = [(0, 0), (1, 0), (0, 1), (1, 1), (2**32, 0), (0, 2**32), (2**32, 1), (1, 2**32), (2**64, 0), (0, 2**64)]
    assert len({fingerprint(ShapesWorld(seed=seed)[index]) for seed, index in pairs}) == len(pairs)


def test_objects_leave_the_ground_and_its_marks_as_they_are():
    bare, peopled = ShapesWorld(objects=(0, 0), seed=2)[4], ShapesWorld(objects=(2, 2), seed=2)[4]
    same = (bare.image == peopled.image).all(axis=2)
    assert same.mean() > 0.5 and not same.all()


# As asked for


@pytest.mark.parametrize("size", [(128, 128), (64, 200), (333, 101), (700, 700)])
def test_arrays_have_the_shapes_and_types_that_are_promised(size):
    picture = ShapesWorld(*size, objects=(3, 3))[0]
    assert picture.image.shape == (*size, 3) and picture.image.dtype == np.uint8
    assert picture.masks.shape == (3, *size) and picture.masks.dtype == np.bool_
    assert picture.boxes.shape == (3, 4) and picture.boxes.dtype == np.float32
    assert picture.labels.shape == (3,) and picture.labels.dtype == np.int64
    assert len(picture.shapes) == 3


@pytest.mark.parametrize("size", [(128, 128), (5, 3), (1, 1)])
def test_a_picture_may_be_empty_and_small(size):
    picture = ShapesWorld(*size, objects=(0, 0), clutter=3)[0]
    assert picture.image.shape == (*size, 3)
    assert (picture.masks.shape, picture.boxes.shape, picture.labels.shape) == ((0, *size), (0, 4), (0,))


def test_every_number_of_objects_in_the_range_occurs_equally_often():
    counts = [len(picture.labels) for picture in ShapesWorld(objects=(1, 5), seed=1).pictures(400)]
    assert set(counts) == {1, 2, 3, 4, 5}
    assert stats.chisquare(np.bincount(counts)[1:]).pvalue > 0.01


def test_classes_sizes_and_angles_are_drawn_evenly():
    shapes = [shape for picture in ShapesWorld(objects=(1, 3), seed=1).pictures(500) for shape in picture.shapes]
    assert stats.chisquare(list(np.unique([shape.name for shape in shapes], return_counts=True)[1])).pvalue > 0.01
    assert {shape.name for shape in shapes} == set(CLASSES)
    for values, least, most in (
        ([shape.size for shape in shapes], 16, 64),
        ([shape.angle for shape in shapes], 0, 360),
        ([shape.proportion for shape in shapes], 0, 1),
    ):
        assert stats.kstest(values, "uniform", (least, most - least)).pvalue > 0.01


def test_objects_lie_everywhere_in_the_picture_and_wholly():
    world = ShapesWorld(96, 160, objects=(1, 1), sizes=(16, 40), seed=1)
    x1, y1, x2, y2 = np.array([picture.shapes[0].box for picture in world.pictures(300)]).T
    for low, high, side in ((x1, x2, 160), (y1, y2, 96)):
        assert low.min() >= 0 and high.max() <= side
        assert stats.kstest(low / (side - (high - low)), "uniform").pvalue > 0.01


@pytest.mark.parametrize("sizes", [(12, 12), (16, 64), (40, 40), (64, 128)])
def test_sizes_are_the_longest_sides_of_whole_objects(sizes):
    off = []
    for picture in ShapesWorld(objects=(1, 2), sizes=sizes, visible=1).pictures(30):
        for shape, (x1, y1, x2, y2) in zip(picture.shapes, picture.boxes, strict=True):
            assert sizes[0] - 1e-9 <= shape.size <= sizes[1] + 1e-9
            off.append(max(x2 - x1, y2 - y1) - shape.size)
    assert min(off) > -3 and max(off) < 1 and abs(np.mean(off)) < 0.6  # a star's tips are thinner than a pixel


def test_sixty_objects_find_room_in_a_large_picture():
    picture = ShapesWorld(1024, 1024, objects=(60, 60))[0]
    assert len(picture.labels) == 60 and set(picture.labels) == set(range(1, 7))


def test_no_more_objects_are_drawn_than_find_room():
    picture = ShapesWorld(32, 32, objects=(50, 50), sizes=(20, 30), visible=1)[0]
    assert 1 <= len(picture.labels) < 5


def test_what_finds_no_room_in_a_crowd_is_laid_beside_it():
    world = ShapesWorld(256, 256, objects=(12, 12), sizes=(24, 48), crowding=1.0)
    assert all(len(picture.labels) == 12 for picture in world.pictures(20))


def test_clutter_is_a_matter_of_degree():
    grounds = [ShapesWorld(objects=(0, 0), clutter=clutter, seed=3)[7].image for clutter in (0, 1, 5)]
    changed = [(grounds[0] != ground).any(axis=2).mean() for ground in grounds[1:]]
    assert 0.01 < changed[0] < 0.15 < changed[1]


def test_crowding_makes_boxes_overlap():
    share = []
    for crowding in (0.0, 0.5, 1.0):
        world = ShapesWorld(256, 256, objects=(12, 12), sizes=(24, 48), crowding=crowding, seed=6)
        overlaps = [
            box_iou(picture.boxes, picture.boxes) - np.eye(len(picture.boxes)) for picture in world.pictures(12)
        ]
        share.append(np.mean(np.concatenate([iou.max(axis=1) for iou in overlaps]) > 0.5))
    assert share[0] < 0.05 and share[0] + 0.1 < share[1] < share[2] and share[2] > 0.35


def test_nothing_is_hidden_where_all_must_be_visible():
    world = ShapesWorld(objects=(4, 8), sizes=(16, 40), visible=1)
    for picture in world.pictures(20):
        for shape, mask in zip(picture.shapes, picture.masks, strict=True):
            assert mask.sum() == (shape.depth(slice(0, 128), slice(0, 128)) > 0).sum()


@pytest.mark.parametrize("visible", [0.0, 0.25, 0.6])
def test_of_every_object_enough_is_visible(visible):
    world = ShapesWorld(objects=(8, 12), sizes=(16, 48), crowding=0.8, visible=visible, seed=3)
    least = 1.0
    for picture in world.pictures(25):
        for shape, mask in zip(picture.shapes, picture.masks, strict=True):
            seen = mask.sum() / (shape.depth(slice(0, 128), slice(0, 128)) > 0).sum()
            assert mask.sum() >= 30 and seen >= visible
            least = min(least, seen)
    assert least < visible + 0.1, "the bound is reached"


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"height": 0}, "height must be a whole number of at least 1, got 0"),
        ({"width": 12.5}, "width must be a whole number of at least 1, got 12.5"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"objects": 3}, "objects must be a tuple of two numbers, got 3"),
        ({"objects": (1, 2, 3)}, r"objects must be a tuple of two numbers, got \(1, 2, 3\)"),
        ({"objects": (-1, 2)}, "objects must be a whole number of at least 0, got -1"),
        ({"objects": (5, 2)}, r"objects must be \(fewest, most\), at most 10000, got \(5, 2\)"),
        ({"objects": (0, 10_001)}, r"objects must be \(fewest, most\), at most 10000, got \(0, 10001\)"),
        ({"height": 8192, "width": 8192, "objects": (0, 65)}, "must be at most 4,294,967,296, .* got 65 x 8192 x 8192"),
        ({"sizes": (16, 129)}, r"sizes must be .* from 12 to the shorter side of the picture, 128, got \(16, 129\)"),
        ({"sizes": (11, 30)}, r"sizes must be .* from 12 to .*, got \(11, 30\)"),
        ({"sizes": (30, 20)}, r"sizes must be .* got \(30, 20\)"),
        ({"sizes": (16, float("nan"))}, "sizes must be finite, got nan"),
        ({"height": 40}, r"the shorter side of the picture, 40, got \(16, 64\)"),
        ({"clutter": -0.1}, "clutter must be from 0 to 100, got -0.1"),
        ({"crowding": 1.5}, "crowding must be from 0 to 1, got 1.5"),
        ({"visible": 1.01}, "visible must be from 0 to 1, got 1.01"),
    ],
)
def test_what_no_world_can_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ShapesWorld(**arguments)


def test_words_are_no_numbers():
    with pytest.raises(TypeError, match="clutter must hold real numbers"):
        ShapesWorld(clutter="much")


@pytest.mark.parametrize("index", [-1, 1.5, "1", slice(3), True, None])
def test_an_index_is_a_whole_number(index):
    with pytest.raises(ValueError, match="index must be a whole number of at least 0"):
        ShapesWorld()[index]


def test_numpy_counts_as_well():
    assert fingerprint(ShapesWorld(seed=np.int64(3))[np.uint8(2)]) == fingerprint(ShapesWorld(seed=3)[2])


def test_a_world_has_no_end_but_its_pictures_are_counted():
    with pytest.raises(TypeError, match=r"a ShapesWorld has no end; its first pictures are `world.pictures\(count\)`"):
        iter(ShapesWorld())
    with pytest.raises(ValueError, match="count must be a whole number of at least 0, got -1"):
        ShapesWorld().pictures(-1)
    assert list(ShapesWorld().pictures(0)) == []
    assert len(list(itertools.islice(ShapesWorld().pictures(10**9), 2))) == 2


def test_worlds_and_pictures_are_frozen():
    world = ShapesWorld()
    with pytest.raises(FrozenInstanceError):
        world.seed = 3
    with pytest.raises(FrozenInstanceError):
        world[0].labels = None
