"""Counting nuclei: each once, whatever tiles cut through it; and close to the truth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minimask.data.label_masks import as_labels
from minimask.data.nuclei import NucleiWorld
from minimask.model.lesson import lesson_model
from minimask.nuclei.baseline import Rules, haematoxylin, watershed_nuclei
from minimask.nuclei.claims import Piece, claim
from minimask.nuclei.counting import Look, cuts, doubt, find_nuclei
from minimask.nuclei.panoptic import ious_of, panoptic
from minimask.nuclei.trained import trained_nuclei_model


@pytest.fixture(scope="module")
def model():
    return trained_nuclei_model()


def test_the_model_counts_within_five_percent_and_the_rules_do_not(model):
    pictures = list(NucleiWorld(seed=2).pictures(12, start=100))
    true = np.array([len(one.labels) for one in pictures])
    found = [find_nuclei(model, one.image) for one in pictures]
    ours = np.array([one.number for one in found])
    rules = np.array([watershed_nuclei(one.image).max() for one in pictures])
    assert abs(ours.sum() / true.sum() - 1) < 0.05
    assert np.mean(np.abs(ours - true) / true) < 0.07 < np.mean(np.abs(rules - true) / true)
    quality = [panoptic(one.labels, as_labels(picture)).quality for one, picture in zip(found, pictures, strict=True)]
    assert np.mean(quality) > 0.75


def test_what_is_handed_out_fits_together(model):
    found = find_nuclei(model, NucleiWorld(seed=2)[6].image)
    assert found.number == len(found.scores) == len(found.doubts) == len(found.boxes) == found.labels.max() > 5
    assert (np.diff(found.scores) <= 0).all() and found.scores.min() > 0.5 and (found.doubts >= 0).all()
    for number, (x1, y1, x2, y2) in enumerate(found.boxes, start=1):
        y, x = np.nonzero(found.labels == number)
        assert x.min() >= x1 - 1.5 and x.max() < x2 + 1.5 and y.min() >= y1 - 1.5 and y.max() < y2 + 1.5


def test_a_large_picture_is_counted_as_a_whole_and_none_twice(model):
    picture = NucleiWorld(height=210, width=250, seed=9, look="gray", crowding=0.0)[2]
    found = find_nuclei(model, picture.image)
    ious = ious_of(found.labels, as_labels(picture))
    assert ((ious > 0.5).sum(axis=0) <= 1).all()
    assert abs(found.number / len(picture.labels) - 1) < 0.08
    whole = find_nuclei(model, picture.image, Look(tile=256))  # in one piece
    assert abs(whole.number - found.number) <= 0.05 * found.number


def test_a_mode_is_left_as_it_is():
    untrained = lesson_model(2)
    find_nuclei(untrained, NucleiWorld()[0].image[:40, :50])
    assert untrained.training


@given(st.integers(16, 700), st.integers(16, 200), st.integers(0, 15))
@settings(max_examples=60)
def test_cores_share_a_side_without_gap_or_overlap(length, tile, overlap):
    found = cuts(length, tile, overlap)
    assert found[0][1][0] == -np.inf and found[-1][1][1] == np.inf
    for (start, (low, high)), (after, (low_after, _)) in pairwise(found):
        assert high == low_after and low < high
        assert after <= start + tile <= length  # neighbors touch, and no tile leaves the picture
        assert start <= high <= start + tile and after <= high


def test_a_mask_said_twice_goes_and_a_neighbor_stays():
    square = np.ones((4, 4), dtype=bool)
    pieces = [Piece(0, 0, square), Piece(1, 0, square), Piece(0, 4, square), Piece(0, 3, square)]
    labels, kept = claim(pieces, np.array([0.5, 0.9, 0.8, 0.7]), (6, 9), share=0.7)
    assert kept.tolist() == [1, 2]
    assert (labels == 1).sum() == 16 and (labels == 2).sum() == 16
    labels, kept = claim(pieces, np.array([0.5, 0.9, 0.8, 0.7]), (6, 9), share=0.2)
    assert kept.tolist() == [1, 2, 0] and (labels == 3).sum() == 4
    assert claim([], np.zeros(0), (2, 3))[0].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_doubt_is_entropy_by_area():
    assert doubt(np.full((2, 2), 0.5)) == pytest.approx(2.0)
    sharp, soft = np.eye(4), np.clip(np.eye(4), 0.2, 0.8)
    assert doubt(sharp) == 0 < doubt(soft)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"score": 2}, "score must be from 0 to 1, got 2"),
        ({"tile": 8}, "tile must be a whole number of at least 16"),
        ({"tile": 32, "overlap": 32}, "overlap must be less than tile, 32, got 32"),
    ],
)
def test_bad_looks_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Look(**settings)


def test_a_picture_must_be_one(model):
    with pytest.raises(TypeError, match=r"image must be a uint8 array \(H, W, 3\), got float64"):
        find_nuclei(model, np.zeros((20, 20, 3)))


def test_rules_on_an_empty_picture_and_on_gray():
    assert watershed_nuclei(np.full((30, 30, 3), 200, np.uint8)).max() == 0
    gray = np.repeat(np.arange(0, 250, 10, dtype=np.uint8)[None, :, None], 3, axis=2)
    assert np.allclose(haematoxylin(gray), gray[..., 0] / 255)
    y, x = np.mgrid[:40, :40]
    disc = np.where((x - 20) ** 2 + (y - 20) ** 2 < 60, 200, 30).astype(np.uint8)
    labels = watershed_nuclei(np.repeat(disc[..., None], 3, axis=2), Rules(apart=5))
    assert labels.max() == 1 and abs((labels == 1).sum() / (disc > 100).sum() - 1) < 0.15
