"""Overlays: what was found is seen, what was not is left alone, and labels stay inside the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from minimask.data.found import Found
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.plots.overlay import COLORS, font_of, label_place, lay_label, overlay, readable_on
from minimask.plots.style import INK, PAPER

GRAY = np.full((80, 100, 3), 120, dtype=np.uint8)
FIRST, SECOND = ((np.array(to_rgb(color)) * 255).round().astype(int) for color in COLORS[:2])


def found_of(*boxes, labels=None, scores=None, size=GRAY.shape[:2]):
    """Return what fills these boxes."""
    masks = np.zeros((len(boxes), *size), dtype=bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[y1:y2, x1:x2] = True
    labels = np.array(labels or [1] * len(boxes), dtype=np.int64)
    scores = np.array(scores or [0.9] * len(boxes), dtype=np.float32)
    return Found(np.array(boxes, dtype=np.float32).reshape(-1, 4), labels, scores, masks)


def plain(image, found, classes=("a",), **options):
    """Return an overlay that is not enlarged."""
    return overlay(image, found, classes, enlarge_to=1, **options)


def is_ink(pixels, color):
    return (np.abs(pixels.astype(int) - color) <= 1).all(axis=-1)


def test_small_pictures_are_enlarged_by_a_whole_factor():
    for size, factor in (
        ((128, 128), 5),
        ((320, 400), 2),
        ((639, 10), 2),
        ((640, 640), 1),
        ((30, 700), 1),
        ((1, 1), 32),
    ):
        image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
        drawn = overlay(image, found_of(size=size), ["a"])
        assert drawn.shape == (size[0] * factor, size[1] * factor, 3) and drawn.dtype == np.uint8
        if factor == 1:
            np.testing.assert_array_equal(drawn, image)
    assert overlay(GRAY, found_of(), ["a"], enlarge_to=101).shape == (160, 200, 3)


def test_the_picture_given_is_left_alone():
    image, found = GRAY.copy(), found_of((10, 10, 60, 60))
    assert not (plain(image, found) == image).all()
    assert (image == GRAY).all() and (found.boxes == [10, 10, 60, 60]).all()


def test_a_mask_is_tinted_framed_by_its_color_and_white_around():
    found = found_of((20, 30, 80, 70))
    drawn = plain(GRAY, found._replace(boxes=np.zeros((1, 4), np.float32)))  # the box and its label lie elsewhere
    expected = 120 + 0.36 * (FIRST - 120)
    np.testing.assert_allclose(drawn[40:60, 30:70].reshape(-1, 3), np.tile(expected, (800, 1)), atol=1)
    assert is_ink(drawn[31:69, 20], FIRST).all() and is_ink(drawn[69, 21:79], FIRST).all()
    assert (drawn[35:65, 19] > 190).all() and (drawn[70, 25:75] > 190).all()
    assert (drawn[35:65, :17] == 120).all() and (drawn[74:] == 120).all()


def test_contours_are_crisp_also_where_they_are_enlarged():
    drawn = overlay(GRAY, found_of((20, 30, 80, 70)), ["a"])  # 7 times as large
    assert drawn.shape == (560, 700, 3)
    row = drawn[350]
    assert is_ink(row[[141, 558]], FIRST).all()
    np.testing.assert_allclose(row[170:530], np.tile(120 + 0.36 * (FIRST - 120), (360, 1)), atol=1)
    assert (row[:130] == 120).all() and (row[570:] == 120).all()


@pytest.mark.parametrize("factor", [1, 7])
def test_a_box_is_a_thin_frame(factor):
    found = found_of((45, 35, 55, 45))._replace(boxes=np.array([[10, 30, 90, 70]], np.float32))
    drawn = overlay(GRAY, found, ["a"], enlarge_to=100 * factor)
    expected = np.rint(120 + 0.8 * (FIRST - 120))
    for x, y in ((10 * factor, 50 * factor), (90 * factor - 1, 50 * factor), (50 * factor, 70 * factor - 1)):
        assert is_ink(drawn[y, x], expected)
    assert (drawn[50 * factor, 10 * factor - 1] == 120).all() and (drawn[50 * factor, 10 * factor + 3] == 120).all()


def test_only_what_is_sure_enough_is_drawn():
    found = found_of((5, 20, 30, 50), (50, 20, 90, 70), scores=[0.49, 0.5])
    drawn = plain(GRAY, found)
    np.testing.assert_array_equal(drawn, plain(GRAY, found_of((50, 20, 90, 70), scores=[0.5])))
    assert is_ink(drawn[30:60, 50], FIRST).all()
    assert not (plain(GRAY, found, threshold=0.4)[20:50, 5:30] == 120).all(axis=2).any()
    np.testing.assert_array_equal(plain(GRAY, found, threshold=0.51), GRAY)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_small_objects_lie_on_large_ones(order):
    boxes = [(0, 20, 100, 80), (40, 40, 60, 60)]
    found = found_of(*(boxes[k] for k in order), scores=[0.9, 0.8])
    drawn = plain(GRAY, found)
    assert is_ink(drawn[45:55, 40], (FIRST, SECOND)[order.index(1)]).all()


def test_the_surest_gets_the_first_color_whatever_the_order():
    one, two = (5, 20, 35, 70), (55, 20, 95, 70)
    left = plain(GRAY, found_of(one, two, scores=[0.9, 0.7]))
    right = plain(GRAY, found_of(two, one, scores=[0.7, 0.9]))
    np.testing.assert_array_equal(left, right)
    assert is_ink(left[30:60, 5], FIRST).all() and is_ink(left[30:60, 55], SECOND).all()


def test_neighbors_have_different_colors():
    # Two rows of six far apart: every color is used in each row, and none twice.
    boxes = [(10 + 90 * k, top, 70 + 90 * k, top + 60) for top in (30, 430) for k in range(6)]
    drawn = plain(np.full((520, 560, 3), 120, np.uint8), found_of(*boxes, size=(520, 560)))
    for row in (boxes[:6], boxes[6:]):
        inks = {tuple(drawn[y1 + 30, x1].tolist()) for x1, y1, _, _ in row}
        assert len(inks) == 6


# Labels


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ((50, 60, 90, 80), (50, 50, 80, 60)),  # above
        ((50, 4, 90, 30), (50, 0, 80, 10)),  # above, moved into the picture
        ((0, 0, 200, 100), (0, 0, 30, 10)),  # inside
        ((185, 60, 195, 80), (165, 50, 195, 60)),  # above, to the left
        ((-9, 50, 12, 70), (0, 40, 30, 50)),  # moved to the right
    ],
)
def test_a_label_lies_beside_its_box_and_inside_the_picture(box, place):
    assert label_place((30, 10), np.array(box), (200, 100), []) == place


def test_labels_hide_each_other_only_where_there_is_no_other_room():
    box, taken = np.array([50, 40, 150, 80]), []
    for _ in range(7):
        place = label_place((30, 10), box, (200, 100), taken)
        assert 0 <= place[0] < place[2] <= 200 and 0 <= place[1] < place[3] <= 100
        assert all(
            one[0] >= place[2] or one[2] <= place[0] or one[1] >= place[3] or one[3] <= place[1] for one in taken
        )
        taken.append(place)
    assert label_place((30, 10), box, (200, 100), taken) in taken
    assert label_place((201, 10), box, (200, 100), []) is label_place((30, 101), box, (200, 100), []) is None


def test_a_label_is_a_plate_with_words_and_its_place_is_kept():
    canvas, taken = GRAY.copy(), []
    assert lay_label(canvas, "star", np.array([30, 50, 90, 70]), COLORS[0], font_of(12), taken)
    ((left, top, right, bottom),) = taken
    assert (left, bottom) == (30, 50)
    outside = np.ones(canvas.shape[:2], dtype=bool)
    outside[top:bottom, left:right] = False
    assert (canvas[outside] == 120).all() and (canvas[top, left] == 120).all(), "corners are round"
    plate = canvas[top:bottom, left:right]
    ink = (np.array(to_rgb(readable_on(COLORS[0]))) * 255).round().astype(int)
    assert is_ink(plate, FIRST).mean() > 0.4 and is_ink(plate, ink).mean() > 0.04
    empty = is_ink(plate, FIRST)
    assert empty[1:-1, 1].all() and empty[1:-1, -2].all() and empty[0, 5:-5].all() and empty[-1, 5:-5].all()
    before = canvas.copy()
    assert not lay_label(canvas, "star " * 9, np.array([30, 50, 90, 70]), COLORS[0], font_of(12), taken)
    assert len(taken) == 1 and (canvas == before).all()


def test_where_there_is_no_room_the_score_stands_alone_or_nothing():
    def drawn(width, name, score):
        found = found_of((2, 100, width - 2, 140), scores=[score], size=(300, width))
        return plain(np.full((300, width, 3), 120, dtype=np.uint8), found, [name])

    assert (drawn(120, "rectangle", 0.9) != drawn(120, "triangle", 0.9)).any()
    np.testing.assert_array_equal(drawn(60, "rectangle", 0.9), drawn(60, "triangle", 0.9))
    assert (drawn(60, "rectangle", 0.9) != drawn(60, "rectangle", 0.8)).any()
    np.testing.assert_array_equal(drawn(12, "rectangle", 0.9), drawn(12, "rectangle", 0.8))


def test_text_is_readable_on_every_color():
    for color in COLORS:
        ink, ground = (np.array(to_rgb(one)) for one in (readable_on(color), color))
        lights = [
            np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722] + 0.05
            for part in (ink, ground)
        ]
        assert max(lights) / min(lights) >= 3.5
    assert {readable_on(color) for color in COLORS} == {INK, PAPER}


def test_everything_grows_with_the_picture():
    small = ShapesWorld(128, 128, objects=(3, 3), seed=5)[0]
    shares = []
    for factor in (6, 12):
        image = small.image.repeat(factor, axis=0).repeat(factor, axis=1)
        masks = small.masks.repeat(factor, axis=1).repeat(factor, axis=2)
        drawn = overlay(image, Found(small.boxes * factor, small.labels, np.array([0.9, 0.8, 0.7]), masks), CLASSES)
        shares.append([is_ink(drawn, color).mean() for color in (FIRST, SECOND)])
    np.testing.assert_allclose(shares[0], shares[1], rtol=0.25)


def test_odd_objects_do_no_harm():
    found = found_of((0, 0, 100, 80), (10, 10, 20, 20), (30, 30, 31, 31))
    found.masks[1] = False
    odd = found._replace(boxes=np.array([[-50, -50, 500, 500], [20, 20, 20, 20], [200, 300, 210, 310]], np.float32))
    assert plain(GRAY, odd).shape == overlay(GRAY, odd, ["a"], enlarge_to=80).shape == GRAY.shape
    assert overlay(GRAY[:1, :1], found_of((0, 0, 1, 1), size=(1, 1)), ["a"]).shape == (32, 32, 3)


def test_a_models_output_is_taken_as_it_is():
    found = found_of((20, 30, 80, 70))
    output = {name: torch.from_numpy(part) for name, part in found._asdict().items()}
    output["masks"] = output["masks"][:, None].float()
    np.testing.assert_array_equal(plain(GRAY, output), plain(GRAY, found))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": GRAY[:, :, 0]}, r"image must be uint8 \(H, W, 3\), got uint8 \(80, 100\)"),
        ({"image": GRAY / 255}, r"image must be uint8 \(H, W, 3\), got float64"),
        ({"image": GRAY[:0]}, r"image must be uint8 \(H, W, 3\), got uint8 \(0, 100, 3\)"),
        ({"image": GRAY[:50]}, r"masks must have shape \(1, 50, 100\)"),
        ({"classes": []}, "labels must be from 1 to 0, got 1 to 1"),
        ({"threshold": float("nan")}, "threshold must be finite"),
        ({"enlarge_to": 0}, "enlarge_to must be a whole number of at least 1, got 0"),
    ],
)
def test_bad_input_is_named(arguments, message):
    given = {"image": GRAY, "found": found_of((1, 2, 30, 40)), "classes": ["a"], **arguments}
    with pytest.raises(ValueError, match=message):
        overlay(**given)
