"""Masks by their windows, and what travels of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from refusals import refused

from minimask.data.blocks import byte_block, packed, scaled_block, unpacked, word_block
from minimask.data.crops import Crops

MASKS = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.just(5), st.just(7)),
    elements=st.sampled_from([0, 0, 0.29, 0.5, 0.994, 1]),
)


@given(MASKS, st.sampled_from([1, 28, 29, 30, 50, 51, 99, 100]))
def test_whole_percent_decide_as_the_probabilities_do(masks, percent):
    crops = Crops.of(masks)
    np.testing.assert_array_equal(crops.masks(percent), masks >= percent / 100)
    np.testing.assert_array_equal(crops.areas[:, percent], (masks >= percent / 100).sum(axis=(1, 2)))
    np.testing.assert_array_equal(crops.areas[:, 0], crops.areas[:, 1])


@given(MASKS)
def test_windows_are_tight_and_arrive_as_they_are(masks):
    crops = Crops.of(masks)
    for mask, (x, y, width, height), values in zip(masks, crops.windows, crops, strict=True):
        assert values.shape == (height, width)
        assert (mask >= 0.01).sum() == (values > 0).sum()
        if width:
            assert mask[y : y + height, [x, x + width - 1]].any(axis=0).all()
            assert mask[[y, y + height - 1], x : x + width].any(axis=1).all()
    _, found = unpacked(packed({}, crops.blocks("some")))
    again = Crops.from_blocks(found, "some", crops.size)
    np.testing.assert_array_equal(again.windows, crops.windows)
    np.testing.assert_array_equal(again.values, crops.values)


def test_float32_boolean_and_single_channel_masks():
    mask = np.zeros((1, 4, 4))
    mask[0, 1, 2] = 0.5
    for same in (mask, mask.astype(np.float32), mask[:, None], mask > 0):
        assert Crops.of(same).masks(50)[0, 1, 2]
    assert Crops.of(mask > 0).values.tolist() == [100]
    none = Crops.of(np.zeros((0, 1, 4, 4)), (4, 4))
    assert (len(none), none.masks(50).shape, none.areas.shape) == (0, (0, 4, 4), (0, 101))


def test_some_of_them():
    masks = np.zeros((3, 4, 4))
    for k in range(3):
        masks[k, k, : k + 1] = 1
    crops = Crops.of(masks).chosen(np.array([2, 0]))
    np.testing.assert_array_equal(crops.masks(50), masks[[2, 0]] > 0)


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda: Crops.of(np.zeros((2, 3))), ("masks must have shape (N, H, W)", "(2, 3)")),
        (lambda: Crops.of(np.zeros((1, 3, 3)), (4, 3)), ("masks must have shape (N, H, W) of the picture",)),
        (lambda: Crops.of(np.full((1, 3, 3), 1.5)), ("probabilities from 0 to 1",)),
        (lambda: Crops.of(np.full((1, 3, 3), np.nan)), ("probabilities from 0 to 1",)),
        (lambda: Crops.of(np.ones((1, 3, 3), int)), ("masks must be Boolean", "int64")),
        (lambda: Crops((3, 3), np.array([[1, 1, 3, 1]]), np.zeros(3, np.uint8)), ("windows must lie in the picture",)),
        (lambda: Crops((3, 3), np.array([[-1, 1, 3, 1]]), np.zeros(3, np.uint8)), ("whole numbers from 0 on",)),
        (lambda: Crops((3, 3), np.array([[1, 1, 1, 1]]), np.zeros(3, np.uint8)), ("values must be 1",)),
    ],
)
def test_bad_input(call, parts):
    refused(call, ValueError, *parts)


def test_blocks_of_every_kind_arrive():
    rng = np.random.default_rng(0)
    words, whole, maps = rng.integers(-30_000, 30_000, (4, 3)), rng.integers(0, 256, 9), rng.normal(0, 3, (2, 3, 4))
    blocks = [
        word_block("w", words / 64, 1 / 64),
        byte_block("b", whole),
        scaled_block("s", maps),
        byte_block("e", whole[:0]),
    ]
    header, found = unpacked(packed({"said": [1, "a"]}, blocks))
    assert header["said"] == [1, "a"]
    np.testing.assert_array_equal(found["w"], words / 64)
    np.testing.assert_array_equal(found["b"], whole)
    assert found["e"].shape == (0,)
    np.testing.assert_allclose(found["s"], maps, rtol=0, atol=np.ptp(maps) / 400)
    refused(lambda: word_block("far", np.array([40_000])), ValueError, "far must be less than 32768, got 40000")
