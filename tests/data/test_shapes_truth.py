"""The truth about a generated picture: masks, boxes and classes agree with what was drawn, and with what is seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from minimask.data.shape_classes import SHAPE_CLASSES, sized
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.data.textures import object_palettes
from minimask.geometry.masks import mask_box, rasterize_polygon
from minimask.geometry.polygons import polygon_area

WORLDS = {
    "usual": ShapesWorld(seed=11),
    "crowded": ShapesWorld(objects=(8, 12), sizes=(14, 50), crowding=0.8, seed=12),
    "wide": ShapesWorld(70, 180, objects=(2, 6), sizes=(20, 70), seed=13),
}
COUNT = 8


NEIGHBORS = np.ones((3, 3))


def grown(mask, steps=1):
    return ndimage.binary_dilation(mask, NEIGHBORS, iterations=steps)


def redrawn(picture):
    """Return the coverage (N, H, W) of every shape, the number of the one on top of each pixel, and where borders run.

    This knows nothing of how pictures are painted: exact areas of polygons, laid upon each other in their order.
    """
    size = picture.image.shape[:2]
    coverage = np.array([rasterize_polygon(shape.rings, size) for shape in picture.shapes]).reshape(-1, *size)
    top = np.zeros(size, dtype=int)
    for number, covered in enumerate(coverage, start=1):
        top[covered >= 0.5] = number
    border = ((coverage > 1e-9) & (coverage < 1 - 1e-9)).any(axis=0)
    return coverage, top, border


@pytest.fixture(scope="module", params=WORLDS)
def pictures(request):
    return [(picture, *redrawn(picture)) for picture in WORLDS[request.param].pictures(COUNT)]


# Drawn geometry


def test_masks_are_the_visible_pixels_of_the_outlines(pictures):
    differing, edge = 0, 0
    for picture, _, top, border in pictures:
        for number, mask in enumerate(picture.masks, start=1):
            differ = mask != (top == number)
            assert not (differ & ~border).any()
            differing += differ.sum()
        edge += border.sum()
    # On the border a pixel whose center lies inside may be covered by less than half.
    assert differing < 0.02 * edge


def test_masks_share_no_pixel_and_none_is_empty(pictures):
    for picture, *_ in pictures:
        assert picture.masks.sum(axis=0).max() == 1
        assert (picture.masks.sum(axis=(1, 2)) >= 30).all()


def test_boxes_are_tight_around_the_visible_pixels(pictures):
    for picture, *_ in pictures:
        assert np.array_equal(picture.boxes, [mask_box(mask) for mask in picture.masks])


def test_labels_name_the_classes_that_were_drawn(pictures):
    for picture, *_ in pictures:
        assert [CLASSES[label - 1] for label in picture.labels] == [shape.name for shape in picture.shapes]


def test_some_objects_are_hidden_in_part_and_some_are_in_two_parts():
    parts = [ndimage.label(mask)[1] for picture in WORLDS["crowded"].pictures(COUNT) for mask in picture.masks]
    assert max(parts) >= 2, "otherwise the tests above see no occlusion worth the name"


# What is seen


def test_nothing_is_drawn_that_is_not_in_the_truth(pictures, request):
    """Take the objects away: the picture changes inside the masks, and beside them only where edges are blended."""
    world = WORLDS[request.node.callspec.params["pictures"]]
    bare = ShapesWorld(world.height, world.width, objects=(0, 0), seed=world.seed)
    for (picture, coverage, top, border), ground in zip(pictures, bare.pictures(COUNT), strict=True):
        changed = (picture.image != ground.image).any(axis=2)
        assert not (changed & ~grown((coverage > 0).any(axis=0))).any()
        assert not (changed & ~grown(picture.masks.any(axis=0), 2)).any()
        assert changed[(top > 0) & ~border].mean() > 0.98


def test_a_mask_shows_the_paint_of_its_own_object(pictures):
    palettes = object_palettes()
    of_mean = {}
    for colors, mean in zip(palettes.colors, palettes.means, strict=True):
        of_mean.setdefault(tuple(mean.tolist()), []).append(colors)
    checked = []
    for picture, _, _, border in pictures:
        packed = (picture.image * np.array([1, 256, 65536], dtype=np.uint32)).sum(axis=2)
        for shape, mask in zip(picture.shapes, picture.masks, strict=True):
            inside = packed[mask & ~grown(border)]
            assert any(np.isin(inside, colors).all() for colors in of_mean[shape.color])
            checked.append(inside.size)
    assert np.median(checked) > 10


def test_objects_stand_out_from_what_is_around_them():
    """The difference between an object's mean color and that of the pixels around it, none of them an object's."""
    apart = []
    for picture in ShapesWorld(objects=(1, 3), seed=21).pictures(150):
        free = ~grown(picture.masks.any(axis=0))
        for mask in picture.masks:
            around = grown(mask, 5) & free
            if around.any():
                difference = picture.image[mask].mean(axis=0) - picture.image[around].mean(axis=0)
                apart.append(np.abs(difference).max())
    assert np.quantile(apart, 0.01) > 20 and np.quantile(apart, 0.1) > 40
    assert np.median(apart) < 130, "nor do they shout"


# The classes


AREAS = {  # of the outline whose scale is 1; p is the proportion
    "disc": lambda p: math.pi,
    "triangle": lambda p: 3 * math.sqrt(3) / 4,
    "L": lambda p: 2 * 1.6 - (2 - (0.5 + 0.25 * p)) * (1.6 - (0.5 + 0.25 * p)),
    "star": lambda p: 10 * (0.4 + 0.12 * p) * math.sin(math.pi / 5) / 2,
    "ring": lambda p: math.pi * (1 - (0.45 + 0.25 * p) ** 2),
    "rectangle": lambda p: 2 * 2 * (0.35 + 0.45 * p),
}
HOLES = {"ring": 1}
CORNERS = {"triangle": 3, "L": 6, "star": 10, "rectangle": 4}
PROPORTIONS = st.floats(0, 1)
ANGLES = st.floats(0, 360)


def drawn(name, proportion, angle):
    """A shape of 60 pixels in a window of 80 by 80, and the depth of every pixel."""
    shape = sized(name, proportion, angle, 60).moved(10.3, 11.6)
    return shape, shape.depth(slice(0, 80), slice(0, 80))


@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=30)
@given(proportion=PROPORTIONS, angle=ANGLES)
def test_outlines_and_boxes_are_those_of_the_class(name, proportion, angle):
    shape, depth = drawn(name, proportion, angle)
    outline, *holes = shape.rings
    assert len(holes) == HOLES.get(name, 0)
    assert len(outline) == CORNERS.get(name, len(outline)) and len(outline) >= 3
    assert polygon_area(shape.rings) == pytest.approx(AREAS[name](proportion) * shape.scale**2, rel=2e-3)
    assert shape.box == pytest.approx([*outline.min(axis=0), *outline.max(axis=0)], abs=1e-9)
    assert shape.size == pytest.approx(60) and shape.box[:2] == (10.3, 11.6)
    filled = ndimage.binary_fill_holes(depth > 0)
    assert ndimage.label(depth > 0, NEIGHBORS)[1] == 1 and (filled.sum() > (depth > 0).sum()) == bool(holes)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize(("proportion", "angle"), [(0, 0), (1, 17), (0.3, 101), (0.7, 262)])
def test_depths_are_those_of_the_outline(name, proportion, angle):
    shape, depth = drawn(name, proportion, angle)
    coverage = rasterize_polygon(shape.rings, (80, 80))
    assert (depth[coverage > 1 - 1e-9] > 0).all() and (depth[coverage < 1e-9] <= 0).all()
    # Edges are blended by the depth: where an edge is straight that is the area, at corners it is off.
    off = np.abs(np.clip(depth + 0.5, 0, 1) - coverage)
    assert off.max() < 0.5 and off[(coverage > 0) & (coverage < 1)].mean() < 0.05


def test_the_classes_are_six():
    assert CLASSES == ("disc", "triangle", "L", "star", "ring", "rectangle") == tuple(SHAPE_CLASSES) == tuple(AREAS)


def test_a_turn_is_clockwise_on_the_screen():
    up, right = drawn("triangle", 0, 0)[1], drawn("triangle", 0, 90)[1]
    rows = (up > 0).sum(axis=1)
    assert rows[:30].sum() < rows[45:].sum(), "the tip is up"
    columns = (right > 0).sum(axis=0)
    assert columns[10:25].sum() > columns[55:70].sum(), "the tip is to the right"
