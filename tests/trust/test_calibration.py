"""Calibration: known answers, and maps that find what was done to probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from minimask import exercises
from minimask.data.found import Found
from minimask.data.shapes import ShapesWorld
from minimask.model.lesson import trained_lesson_model
from minimask.trust.calibration import (
    calibration_error,
    calibration_interval,
    fit_beta,
    fit_platt,
    fit_temperature,
    reliability,
    surprise,
)
from minimask.trust.judged import TESTED, judge, matches, scores_at

RNG = np.random.default_rng(0)
TRUE = RNG.beta(0.6, 1.0, 4000)
RIGHT = RNG.random(4000) < TRUE
SURE = expit(2.5 * logit(np.clip(TRUE, 1e-6, 1 - 1e-6)))  # the same, said too surely


def test_by_hand():
    scores, right = np.array([0.1, 0.3, 0.6, 0.8]), np.array([False, True, True, True])
    assert calibration_error(scores, right, bins=2) == pytest.approx((abs(0.5 - 0.2) + abs(1 - 0.7)) / 2)
    assert calibration_error(scores, right, bins=4, cut="mass") == pytest.approx((0.1 + 0.7 + 0.4 + 0.2) / 4)
    assert [one.size for one in reliability([0.0, 0.1, 0.5, 1.0], [0, 1, 0, 1], 2)] == [3, 1]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 12))
def test_it_is_what_the_exercise_asks_for(rows, bins):
    scores, right = np.array([one for one, _ in rows]), np.array([one for _, one in rows])
    ours = calibration_error(scores, right, bins)
    assert ours == pytest.approx(exercises.get("6.5").solution(scores, right, bins), abs=1e-12)


@given(st.integers(1, 60), st.integers(1, 12))
def test_bins_of_equal_mass_differ_by_one_at_most(count, bins):
    sizes = [one.size for one in reliability(np.linspace(0, 1, count) ** 3, np.zeros(count, bool), bins, "mass")]
    assert sum(sizes) == count
    assert max(sizes) - min(sizes) <= 1


def test_what_is_calibrated_has_a_small_error_and_what_is_too_sure_a_large_one():
    assert calibration_error(TRUE, RIGHT) < 0.03
    assert calibration_error(SURE, RIGHT) > 0.08


@pytest.mark.parametrize("fit", [fit_platt, fit_beta])
def test_maps_find_back_what_was_done(fit):
    better = fit(SURE[:2000], RIGHT[:2000])(SURE[2000:])
    assert calibration_error(better, RIGHT[2000:]) < calibration_error(SURE[2000:], RIGHT[2000:]) / 2
    assert np.corrcoef(better, TRUE[2000:])[0, 1] > 0.95
    assert surprise(better, RIGHT[2000:]) < surprise(SURE[2000:], RIGHT[2000:])


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_a_temperature_is_found_back(temperature):
    logits = np.column_stack([np.zeros(len(TRUE)), logit(np.clip(TRUE, 1e-6, 1 - 1e-6))]) * temperature
    assert fit_temperature(logits, np.ones(len(TRUE), int), RIGHT) == pytest.approx(temperature, rel=0.12)


def test_the_interval_is_over_pictures():
    picture = np.repeat(np.arange(40), 100)
    found = calibration_interval(SURE, RIGHT, picture, resamples=100)
    assert found.low < found.value < found.high
    assert found.value == calibration_error(SURE, RIGHT)


@pytest.mark.parametrize(
    ("scores", "right", "more", "words"),
    [
        ([0.5, 1.2], [True, False], {}, "from 0 to 1"),
        ([0.5], [True, False], {}, "one shape"),
        ([], [], {}, "N >= 1"),
        ([0.5], [True], {"bins": 0}, "bins"),
        ([0.5], [True], {"cut": "size"}, "cut"),
    ],
)
def test_bad_input_is_refused(scores, right, more, words):
    with pytest.raises(ValueError, match=words):
        calibration_error(scores, right, **more)


def test_a_second_detection_of_an_object_is_a_double_and_a_wrong_class_is_wrong():
    picture = ShapesWorld(seed=8)[0]
    masks = np.concatenate([picture.masks[:1], picture.masks[:1], picture.masks[:1]])
    label = int(picture.labels[0])
    which, first = matches(masks, np.array([label, label, label % 6 + 1]), picture)
    assert which.tolist() == [0, 0, -1]
    assert first.tolist() == [True, False, False]


def test_verdicts_are_those_of_what_the_model_finds():
    from minimask.detecting import detect

    model, pictures = trained_lesson_model(), list(TESTED.pictures(4))
    judged = judge(model, pictures)
    for k, (picture, found) in enumerate(zip(pictures, detect(model, [one.image for one in pictures]), strict=True)):
        rows = judged.picture == k
        assert np.allclose(judged.score[rows], found.scores, atol=1e-5)
        assert (judged.label[rows] == found.labels).all()
        assert (judged.right[rows] == matches(found.masks, found.labels, picture)[1]).all()
    assert not (judged.right & judged.double).any()
    assert judged.right.sum() <= judged.objects.sum()
    kinds = judged.pixels[:, 4]
    assert set(kinds.tolist()) == {0.0, 1.0}
    assert abs(judged.pixels[kinds == 1, 2] - 0.5).mean() < abs(judged.pixels[kinds == 0, 2] - 0.5).mean()


def test_a_temperature_of_one_changes_nothing():
    logits = RNG.normal(size=(5, 4))
    label = np.array([1, 2, 3, 1, 2])
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(scores_at(logits, label), soft[np.arange(5), label])
    assert np.allclose(scores_at(logits, label, 1e6), 0.25, atol=1e-5)


def test_nothing_found_is_no_trouble():
    empty = Found(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0), np.zeros((0, 128, 128), bool))
    which, first = matches(empty.masks, empty.labels, ShapesWorld()[0])
    assert len(which) == len(first) == 0
