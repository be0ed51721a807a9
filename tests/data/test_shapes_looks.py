"""The looks of the generated world: colors do not tell the class, textures and marks are what they promise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage, stats
from scipy.spatial import ConvexHull, cKDTree

from minimask.data.marks import marks, strew
from minimask.data.shapes import ShapesWorld
from minimask.data.textures import (
    PACKED,
    SIDES,
    blend,
    ground,
    ground_palettes,
    object_palettes,
    rgb,
    tiles,
    unpacked,
    woven,
)

# Colors and classes


@pytest.fixture(scope="module")
def objects():
    """The labels, palettes' colors and visible mean colors of some 3,000 objects."""
    labels, colors, seen = [], [], []
    for picture in ShapesWorld(96, 96, objects=(2, 4), sizes=(16, 40), seed=31).pictures(1000):
        labels.extend(picture.labels.tolist())
        colors.extend(shape.color for shape in picture.shapes)
        seen.extend(picture.image[mask].mean(axis=0) for mask in picture.masks)
    return np.array(labels), np.array(colors, dtype=float), np.array(seen)


def guessed(features, labels):
    """How often the classes of the second half are guessed right by their 15 nearest neighbors in the first half."""
    half = len(labels) // 2
    _, near = cKDTree(features[:half]).query(features[half:], k=15)
    votes = np.array([np.bincount(row, minlength=7) for row in labels[:half][near]])
    return float((votes.argmax(axis=1) == labels[half:]).mean())


def test_color_does_not_tell_the_class(objects):
    labels, colors, seen = objects
    most = np.bincount(labels).max() / len(labels)
    by_luck = most + 3 * np.sqrt(most * (1 - most) / (len(labels) // 2))
    assert guessed(colors, labels) < by_luck and guessed(seen, labels) < by_luck
    # The guess is a good one: a tint of a class, too weak to be noticed, gives it away.
    tint = np.eye(3)[labels % 3] * 40 * (labels[:, None] > 3)
    assert guessed(colors + tint, labels) > by_luck


def test_colors_are_spread_alike_in_every_class(objects):
    labels, colors, _ = objects
    octants = (colors > np.median(colors, axis=0)) @ [1, 2, 4]
    assert stats.chi2_contingency(stats.contingency.crosstab(labels, octants).count).pvalue > 0.01
    for channel, one in itertools.product(range(3), range(1, 7)):
        own, others = colors[labels == one, channel], colors[labels != one, channel]
        assert stats.ks_2samp(own, others).pvalue > 0.001


def test_objects_have_colors_of_every_hue(objects):
    _, colors, _ = objects
    red, green, blue = (colors - colors.mean(axis=1, keepdims=True)).T
    hues = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    share = np.histogram(hues, bins=12, range=(-np.pi, np.pi))[0] / len(hues)
    assert share.min() > 0.03 and share.max() < 0.2


def test_pictures_differ_in_their_grounds():
    means = np.array([ShapesWorld(objects=(0, 0), seed=1)[k].image.mean(axis=(0, 1)) for k in range(100)])
    spread = np.array([ShapesWorld(objects=(0, 0), seed=1)[k].image.std() for k in range(100)])
    assert (means.std(axis=0) > 25).all()
    assert np.quantile(spread, 0.05) > 3 and np.quantile(spread, 0.95) > 30


# Textures


@pytest.mark.parametrize("side", SIDES)
def test_tiles_repeat_after_their_side_and_use_all_bytes(side):
    for tile in tiles(side):
        assert tile.shape == (2 * side, 2 * side)
        assert (tile[:side] == tile[side:]).all() and (tile[:, :side] == tile[:, side:]).all()
        assert (tile.min(), tile.max()) == (0, 255)


def test_tiles_have_no_seams():
    """Across the seam the bytes change no more than elsewhere."""
    for tile in tiles(SIDES[0]):
        steps = np.abs(np.diff(tile[: SIDES[0] + 1].astype(int), axis=0)).mean(axis=1)
        across = np.abs(np.diff(tile[:, : SIDES[0] + 1].astype(int), axis=1)).mean(axis=0)
        assert steps[-1] <= 1.5 * steps[:-1].max() and across[-1] <= 1.5 * across[:-1].max()


UNIT = st.floats(0, 1, exclude_max=True)


@given(u=st.lists(UNIT, min_size=10, max_size=10), height=st.integers(1, 40), width=st.integers(1, 40))
def test_a_texture_is_a_mixture_of_two_tiles_and_a_gradient(u, height, width):
    first, second = (
        np.roll(tiles(side)[int(u[k] * 24)], (-int(u[2 + k] * side), -int(u[4 + k] * side)), (0, 1))[:height, :width]
        for k, side in enumerate(SIDES)
    )
    ramp, share = 120 / 256 * u[7] ** 2, 0.25 + 0.5 * u[6]
    y, x = (np.arange(height) / height - 0.5)[:, None], np.arange(width) / width - 0.5
    gradient = 255 * (0.5 + (u[8] - 0.5) * y + (u[9] - 0.5) * x)
    expected = (1 - ramp) * (share * first + (1 - share) * second) + ramp * gradient
    assert np.abs(woven(u, height, width) - expected).max() < 3


@pytest.mark.parametrize("corner", [*itertools.product([0, 1 - 2**-53], repeat=2)])
def test_the_steepest_gradient_does_not_wrap_around(corner):
    texture = woven([0.1, 0.1, 0, 0, 0, 0, 0.5, 1 - 2**-53, *corner], 200, 200).astype(int)
    smooth = texture.reshape(10, 20, 10, 20).mean(axis=(1, 3))
    assert np.abs(np.diff(smooth, axis=0)).max() < 60 and np.abs(np.diff(smooth, axis=1)).max() < 60


def test_textures_larger_than_a_tile_go_on():
    u = [0.3, 0.7, 0.9, 0.8, 0.1, 0.6, 0.4, 0.0, 0.5, 0.5]
    large = woven(u, 1300, 700)
    assert (large[:200, :200] == woven(u, 200, 200)).all()
    period = SIDES[0] * SIDES[1] // 64
    assert (large[:20] == large[period:][:20]).all() and (large[:20] != large[256:276]).any()


# Colors


@pytest.mark.parametrize("palettes", [ground_palettes, object_palettes])
def test_palettes_pass_smoothly_through_their_colors(palettes):
    colors, means = palettes()
    bytes_ = unpacked(colors).astype(int)
    assert np.abs(bytes_.mean(axis=1) - means).max() < 1
    assert np.abs(np.diff(bytes_, axis=1)).max() <= 16
    assert len(np.unique(colors, axis=0)) == len(colors)


@pytest.mark.parametrize(
    ("hue", "color"), [(0, (1, 0, 0)), (1 / 6, (1, 1, 0)), (1 / 3, (0, 1, 0)), (2 / 3, (0, 0, 1)), (1.5, (0, 1, 1))]
)
def test_hues_go_once_around(hue, color):
    one = np.ones(1)
    assert rgb(hue * one, one, one)[0] == pytest.approx(color, abs=1e-12)
    assert rgb(hue * one, 0 * one, 0.5 * one)[0] == pytest.approx((0.5, 0.5, 0.5))
    assert rgb(hue * one, 0.5 * one, one)[0] == pytest.approx((1 + np.array(color)) / 2)


def packed(colors):
    return (colors.astype(PACKED) * np.array([1, 256, 65536], dtype=PACKED)).sum(axis=-1, dtype=PACKED)


COLORS = arrays(np.uint8, (3, 5, 3))


@given(under=COLORS, over=COLORS, cover=arrays(np.uint32, (3, 5), elements=st.integers(0, 256)))
def test_blending_mixes_every_channel_for_itself(under, over, cover):
    canvas = packed(under)
    blend(canvas, packed(over), cover)
    expected = (under * (256.0 - cover[..., None]) + over * 1.0 * cover[..., None]) // 256
    assert (unpacked(canvas) == expected).all()


@given(COLORS)
def test_packed_colors_come_back(colors):
    assert (unpacked(packed(colors)) == colors).all()
    assert (unpacked(packed(colors)[::2, ::3]) == colors[::2, ::3]).all()


# Marks


def test_marks_are_covers_without_empty_borders():
    for mark in marks():
        assert mark.max() <= 256 and mark.max() > 100
        assert all(edge.any() for edge in (mark[0], mark[-1], mark[:, 0], mark[:, -1]))
        assert max(mark.shape) <= 70


def test_marks_are_thin_or_open_as_no_class_is():
    """Discs, triangles and rectangles fill their convex hulls, rings have a hole; marks that do are small or thin."""
    for mark in marks():
        inside = mark > 128
        assert ndimage.binary_fill_holes(inside).sum() - inside.sum() <= 4
        thick = 2 * ndimage.distance_transform_edt(np.pad(inside, 1)).max()
        if thick > 6:
            pixels = np.argwhere(inside)
            hull = ConvexHull(np.concatenate([pixels + corner for corner in ([0, 0], [0, 1], [1, 0], [1, 1])]))
            assert inside.sum() < 0.8 * hull.volume


@pytest.mark.parametrize("size", [(1, 1), (2, 90), (200, 130)])
def test_marks_may_stick_out_of_the_picture_on_every_side(size):
    canvas = np.zeros(size, dtype=PACKED)
    strew(canvas, 400, np.random.default_rng(0))
    changed = canvas > 0
    assert changed.mean() > 0.3
    assert all(edge.any() for edge in (changed[0], changed[-1], changed[:, 0], changed[:, -1]))


def test_as_many_marks_are_strewn_as_asked_for():
    canvas = ground(64, 64, np.random.default_rng(0))
    before = canvas.copy()
    strew(canvas, 0, np.random.default_rng(1))
    assert (canvas == before).all()
