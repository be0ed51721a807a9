"""Intervals of measured figures: they cover the truth as often as they say, and ask for what they need."""

from __future__ import annotations

import math

import numpy as np
import pytest
from refusals import refused

from minimask.evaluation.intervals import Interval, interval

SAMPLE = np.random.default_rng(0).exponential(2.0, 60)


def test_an_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for trial in range(300):
        found = interval(rng.normal(3.0, 2.0, 40), level=0.8, seed=trial, resamples=300)
        covered += found.low <= 3.0 <= found.high
    assert 0.72 <= covered / 300 <= 0.86  # 0.8, less a little: the bootstrap is slightly too sure of small samples


def test_it_is_as_wide_as_the_standard_error_says():
    found = interval(SAMPLE)
    error = SAMPLE.std(ddof=1) / math.sqrt(len(SAMPLE))
    assert found.value == SAMPLE.mean()
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    wider = interval(SAMPLE, level=0.99)
    assert wider.low < found.low < found.value < found.high < wider.high


def test_arrays_are_drawn_together():
    """Of a ratio of proportional numbers nothing is unsure, though both are."""
    found = interval((SAMPLE, 2 * SAMPLE), lambda a, b: a.sum() / b.sum())
    assert found == pytest.approx((0.5, 0.5, 0.5))
    apart = interval((SAMPLE, 2 * SAMPLE[::-1]), lambda a, b: a.sum() / b.sum())
    assert apart.high - apart.low > 0.1


def test_indices_of_pictures_stay_whole_numbers():
    kinds = set()
    interval(np.arange(5), lambda index: kinds.add(index.dtype.kind) or SAMPLE[index].mean(), resamples=100)
    assert kinds == {"i"}


def test_the_seed_decides():
    assert interval(SAMPLE, seed=3) == interval(SAMPLE, seed=3)
    assert interval(SAMPLE, seed=3) != interval(SAMPLE, seed=4)


def test_equal_values_leave_nothing_unsure():
    assert interval([2, 2, 2]) == (2.0, 2.0, 2.0)
    assert str(Interval(0.5, 0.25, 0.75)) == "0.500 [0.250, 0.750]"


@pytest.mark.parametrize(
    ("values", "more", "error", "parts"),
    [
        ([], {}, ValueError, ("values", "at least 2", "got 0")),
        ([1.0], {}, ValueError, ("values", "at least 2", "got 1")),
        (([1, 2], [1, 2, 3]), {}, ValueError, ("values", "equally many", "2, 3")),
        ((), {}, ValueError, ("values", "no array")),
        ([[1, 2], [3, 4]], {}, ValueError, ("values", "(N,)", "(2, 2)")),
        (["a", "b"], {}, ValueError, ("values", "numbers")),
        ([1.0, math.nan], {}, ValueError, ("values", "finite", "nan")),
        ([1, 2], {"level": 1.0}, ValueError, ("level", "below 1", "1.0")),
        ([1, 2], {"level": 0.0}, ValueError, ("level", "above 0", "0.0")),
        ([1, 2], {"seed": -1}, ValueError, ("seed", "-1")),
        ([1, 2], {"resamples": 99}, ValueError, ("resamples", "100", "99")),
    ],
)
def test_bad_input_is_named(values, more, error, parts):
    refused(lambda: interval(values, **more), error, *parts)
