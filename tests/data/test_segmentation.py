"""COCO's masks: the same pixels as pycocotools, and nothing that could mislead its C code."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco

from minimask.data.segmentation import (
    LONGEST,
    OUTSIDE,
    packed_mask,
    read_segmentation,
    segmentation_mask,
    unpacked_counts,
)
from minimask.geometry.masks import run_lengths

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 40), st.integers(1, 40)))
HEIGHT, WIDTH = 30, 50


def mask_of(value, size):
    return segmentation_mask(read_segmentation(json.loads(json.dumps(value)), size), size)


@given(MASKS)
def test_packing_and_unpacking_change_nothing(mask):
    packed = packed_mask(mask)
    assert packed["size"] == list(mask.shape)
    assert unpacked_counts(packed["counts"].encode()).tolist() == run_lengths(mask).tolist()
    np.testing.assert_array_equal(mask_of(packed, mask.shape), mask)
    np.testing.assert_array_equal(mask_of({**packed, "counts": run_lengths(mask).tolist()}, mask.shape), mask)


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=30))
def test_long_runs_are_unpacked_as_pycocotools_packs_them(counts):
    runs = coco.frPyObjects({"size": [1, 1], "counts": counts}, 1, 1)
    assert unpacked_counts(runs["counts"]).tolist() == counts


POINTS = st.floats(-20, 70, width=32)
RINGS = st.integers(3, 8).flatmap(lambda n: st.lists(POINTS, min_size=2 * n, max_size=2 * n))


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
@given(st.lists(RINGS, min_size=1, max_size=3))
def test_polygons_cover_the_pixels_that_coco_says(rings):
    expected = coco.decode(coco.merge(coco.frPyObjects(rings, HEIGHT, WIDTH))).astype(bool)
    np.testing.assert_array_equal(mask_of(rings, (HEIGHT, WIDTH)), expected)


def test_the_parts_of_an_object_are_joined():
    one, two = [2, 3, 12, 3, 12, 8, 2, 8], [20, 10, 40.0, 10, 40, 20, 20, 20]
    mask = mask_of([one, two], (HEIGHT, WIDTH))
    assert mask.sum() == 10 * 5 + 20 * 10
    assert mask[3:8, 2:12].all() and mask[10:20, 20:40].all()


def test_an_outline_may_leave_the_picture():
    assert mask_of([[-100, -100, 500, -100, 500, 500, -100, 500]], (HEIGHT, WIDTH)).all()
    assert not mask_of([[60, 0, 70, 0, 70, 9]], (HEIGHT, WIDTH)).any()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "segmentation must be a list of polygons or run lengths with 'size' and 'counts', got NoneType"),
        ([], "got an empty list"),
        ({"counts": [1]}, "got dict"),
        ([[0, 0, 1, 1]], "x, y of at least three points each, got 4 values"),  # pycocotools takes this for a box
        ([[0, 0, 1, 1, 2, 2, 3]], "got 7 values"),
        ([0, 0, 1, 1, 2, 2], "got int"),
        ([[0, 0, 1, 1, 2, "2"]], "must hold numbers only"),
        ([[0, 0, 1, 1, 2, None]], "must hold numbers only"),
        ([[0, 0, 1, 1, 2, [3]]], "must hold numbers only"),
        ([[0, 0, 1, 1, 2, 10**400]], "must hold numbers only: int too large"),
        ([[0, 0, 1, 1, 2, float("nan")]], "coordinates must be from -10000 to 10050, got .* to "),
        ([[0, 0, 1, 1, 2, float("inf")]], "got 0 to inf"),
        ([[0, 0, 1, 1, 2, -20_000]], "got -20000 to 2"),
        ([[0, 0, 1, 1, 2, 20_000]], "got 0 to 20000"),
        ({"size": [WIDTH, HEIGHT], "counts": [1500]}, r"size must be the picture's, \[30, 50\], got \[50, 30\]"),
        ({"size": [HEIGHT, WIDTH], "counts": 1500}, "counts must be whole numbers of at least 0, or COCO's text"),
        ({"size": [HEIGHT, WIDTH], "counts": [-1]}, "counts must be whole numbers of at least 0"),
        ({"size": [HEIGHT, WIDTH], "counts": [1.0]}, "counts must be whole numbers of at least 0"),
        ({"size": [HEIGHT, WIDTH], "counts": [2**60]}, "counts must be whole numbers of at least 0"),
        ({"size": [HEIGHT, WIDTH], "counts": "é"}, "counts must be whole numbers of at least 0, or COCO's text"),
        ({"size": [HEIGHT, WIDTH], "counts": [1, 2]}, r"segmentation's lengths must .* add up to 30 \* 50 = 1500"),
        ({"size": [HEIGHT, WIDTH], "counts": ""}, "segmentation's counts must be COCO's text"),
        ({"size": [HEIGHT, WIDTH], "counts": "1 5"}, "characters from '0' to 'o', the last one from '0' to 'O'"),
        ({"size": [HEIGHT, WIDTH], "counts": "1~5"}, "characters from '0' to 'o'"),
        ({"size": [HEIGHT, WIDTH], "counts": "15o"}, "the last one from '0' to 'O'"),
        ({"size": [HEIGHT, WIDTH], "counts": "o" * 12 + "0"}, "at most 12 characters for each number"),
        ({"size": [HEIGHT, WIDTH], "counts": "O"}, "smallest length of -1"),
    ],
)
def test_other_things_are_refused(value, message):
    with pytest.raises(ValueError, match=message):
        mask_of(value, (HEIGHT, WIDTH))


def test_an_outline_that_would_take_all_memory_is_refused():
    laps = LONGEST // (4 * OUTSIDE) + 1
    with pytest.raises(ValueError, match="outline must be at most 16,777,216 pixels long, got 16,"):
        mask_of([[0, -OUTSIDE, 1, OUTSIDE] * laps], (HEIGHT, WIDTH))


@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), min_size=1, max_size=40))
def test_any_text_is_a_mask_or_an_error(text):
    error = ""
    try:
        mask_of({"size": [6, 7], "counts": text}, (6, 7))
    except ValueError as raised:
        error = str(raised)
    assert not error or error.startswith("segmentation's")
