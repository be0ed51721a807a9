"""Figures of agreement: bias and limits, panoptic quality, marks made by hand, shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.data import immunohistochemistry

from minimask import exercises
from minimask.data.counted import RECORDED, recorded_counts
from minimask.nuclei.agreement import agreement, limits
from minimask.nuclei.hand_marks import Compared, Region, compare, hand_marks
from minimask.nuclei.measuring import measure
from minimask.nuclei.panoptic import ious_of, panoptic

LABELS = arrays(np.int64, (6, 7), elements=st.integers(0, 4))


@given(arrays(np.float64, (8, 2), elements=st.integers(0, 60).map(float)))
@settings(max_examples=30)
def test_limits_are_those_of_exercise_6_1(pairs):
    ours, theirs = pairs.T
    assert limits(ours, theirs) == pytest.approx(exercises.get("6.1").solution(ours, theirs))


def test_agreement_has_intervals_around_its_figures():
    rng = np.random.default_rng(0)
    true = rng.integers(10, 40, 50).astype(float)
    found = agreement(true + 2 + rng.normal(0, 1.5, 50), true)
    for one, expected in zip(found, (2, 2 - 1.96 * 1.5, 2 + 1.96 * 1.5), strict=True):
        assert one.low < one.value < one.high and one.value == pytest.approx(expected, abs=0.8)


@given(LABELS, LABELS)
@settings(max_examples=60)
def test_ious_and_pairs_by_counting_pixels(found, truth):
    ious = ious_of(found, truth)
    numbers = [[n for n in np.unique(labels) if n] for labels in (found, truth)]
    assert ious.shape == tuple(map(len, numbers))
    for row, i in zip(ious, numbers[0], strict=True):
        for value, j in zip(row, numbers[1], strict=True):
            a, b = found == i, truth == j
            assert value == pytest.approx((a & b).sum() / (a | b).sum())
    result = panoptic(found, truth)
    pairs = (ious > 0.5).sum()
    assert len(result.ious) == pairs and result.extra == len(ious) - pairs and result.missed == ious.shape[1] - pairs
    assert panoptic(truth, truth).quality == 1
    if ious.size:
        assert exercises.get("6.2").solution(ious.T)[0] == pytest.approx(result.quality)


def test_sizes_must_agree():
    with pytest.raises(ValueError, match=r"found and truth must be of one size, got \(2, 2\) and \(2, 3\)"):
        ious_of(np.zeros((2, 2), int), np.zeros((2, 3), int))


def test_marks_lie_in_their_regions_and_apart():
    real = immunohistochemistry()
    for region in hand_marks():
        x1, y1, x2, y2 = region.box
        marks = np.concatenate([region.sure, region.doubtful])
        assert len(region.inside(marks)) == len(marks)
        assert region.of(real).shape == (y2 - y1, x2 - x1, 3)
        apart = np.hypot(*(marks[:, None] - marks[None]).transpose(2, 0, 1)) + 99 * np.eye(len(marks))
        assert apart.min() > 4.5


def test_as_many_pairs_as_can_be_and_each_mark_once():
    region = Region("", (0, 0, 100, 100), np.array([[10.0, 10], [16, 10]]), np.zeros((0, 2)))
    # The nearest pair, 13 with 10, must not leave the other two alone.
    apart = region._replace(sure=np.array([[10.0, 10], [17.5, 10]]))
    assert compare(np.array([[13.0, 10], [5.5, 10]]), apart, near=5) == Compared(2, 0, 0, 0)
    assert compare(np.array([[10.0, 10], [10.5, 10], [400, 400]]), region, near=5) == Compared(1, 0, 1, 1)
    assert compare(np.zeros((0, 2)), region) == Compared(0, 0, 0, 2)
    assert Compared(3, 1, 1, 2).precision == 0.75 and Compared(3, 1, 1, 2).recall == 0.6


def test_shapes_of_an_ellipse():
    y, x = np.mgrid[:80, :80] + 0.5
    labels = ((((x - 40) / 24) ** 2 + ((y - 30) / 12) ** 2) < 1).astype(int) * 4
    found = measure(labels)
    assert found.label.tolist() == [4] and found.area[0] == pytest.approx(np.pi * 24 * 12, rel=0.01)
    assert (found.length[0], found.width[0]) == pytest.approx((48, 24), rel=0.02)
    assert (found.x[0], found.y[0]) == pytest.approx((40, 30), abs=0.05)
    assert found.eccentricity[0] == pytest.approx(np.sqrt(0.75), rel=0.02) and found.solidity[0] > 0.97
    assert 0.7 < found.roundness[0] < 0.9
    assert len(measure(np.zeros((5, 5), int)).area) == 0


def test_what_the_widget_shows_is_recorded():
    pictures = recorded_counts()
    assert RECORDED.stat().st_size < 400_000 and len(pictures) == 6
    assert len({picture.name for picture in pictures}) == 6
    assert all(picture.truth.max() > 8 and len(picture.scores) > 8 for picture in pictures)
