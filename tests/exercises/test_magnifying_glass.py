"""The references of chapter 3's exercises agree with the library, and no right answer can fail by rounding."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

from minimask import exercises
from minimask.exercises.magnifying_glass import inputs
from minimask.exercises.magnifying_glass.pictures import sample_grid
from minimask.roi.pool import roi_pool
from minimask.roi.reference import axis_weights, roi_align, roi_align_features_grad

BINS, POOL, POOL_GRADIENT, WEIGHTS, ALIGN, GRADIENT, SIDES = (
    exercises.get(f"3.{number}") for number in (3, 4, 5, 6, 7, 8, 9)
)


@settings(max_examples=50, deadline=None)
@given(inputs.CHANNELS, inputs.STARTS, inputs.EXTENTS, inputs.STARTS, inputs.EXTENTS)
def test_the_exercises_of_roi_pool_together_are_roi_pool(features, left, width, top, height):
    _, rows, columns = features.shape
    box = (left, top, left + width, top + height)
    in_rows = BINS.right_answer((box[1], box[3], 2, rows))
    in_columns = BINS.right_answer((box[0], box[2], 3, columns))
    output, argmax = roi_pool(features[None], np.array([[0, *box]]), (2, 3))
    for channel, pooled, places in zip(features, output[0], argmax[0], strict=True):
        assert np.array_equal(POOL.right_answer((channel, in_rows, in_columns)), pooled)
        gradient = POOL_GRADIENT.right_answer((np.ones((2, 3)), channel, in_rows, in_columns))
        assert np.array_equal(gradient.ravel(), np.bincount(places[places >= 0], minlength=channel.size))


@settings(max_examples=50, deadline=None)
@given(inputs.CHANNELS, inputs.STARTS, inputs.EXTENTS, inputs.STARTS, inputs.EXTENTS, inputs.SAMPLES)
def test_the_matrices_of_an_axis_are_all_of_roi_align(features, left, width, top, height, samples):
    _, rows, columns = features.shape
    box = inputs.box_on_image(left, top, width, height, stride=4)
    wy = WEIGHTS.right_answer((top, height, 2, samples, rows))
    wx = WEIGHTS.right_answer((left, width, 3, samples, columns))
    roi = np.array([[0, *box]])
    assert np.allclose(wy @ features @ wx.T, roi_align(features[None], roi, (2, 3), 0.25, samples, True)[0])
    grad = np.arange(6.0 * len(features)).reshape(-1, 2, 3)
    by_library = roi_align_features_grad(grad[None], roi, (1, *features.shape), 0.25, samples, True)[0]
    assert np.allclose(GRADIENT.right_answer((grad, wy, wx)), by_library)


def is_seen(position, size):
    return -1 <= position <= size


@settings(max_examples=100, deadline=None)
@given(WEIGHTS.inputs)
def test_no_drawn_sample_is_taken_over_the_border_by_rounding(drawn):
    start, extent, bins, samples, size = drawn
    n = samples or int(np.ceil(extent / bins))
    for p, i in product(range(bins), range(n)):
        exact = Fraction(start) + (p + Fraction(2 * i + 1, 2 * n)) * Fraction(extent) / bins
        in_parts = start + p * (extent / bins) + (i + 0.5) * (extent / bins / n)
        at_once = start + extent * ((p * n + i + 0.5) / (bins * n))
        assert is_seen(in_parts, size) == is_seen(at_once, size) == is_seen(exact, size)


@settings(max_examples=100, deadline=None)
@given(SIDES.inputs)
def test_no_drawn_sample_lies_where_the_slope_jumps(drawn):
    grad, _, box, stride, samples = drawn
    x, y = sample_grid(box, grad.shape, stride, samples)
    assert len(x) == grad.shape[1] * samples
    assert len(y) == grad.shape[0] * samples
    assert not (x % 1 == 0).any()


@pytest.mark.parametrize("exercise", [ALIGN, SIDES], ids=["3.7", "3.9"])
def test_many_drawn_inputs_cross_the_border_and_are_neither_square_nor_constant(exercise):
    seen = []
    exercise.check(lambda *given: seen.append(given) or exercise.solution(*given))
    maps = [next(array for array in reversed(given) if isinstance(array, np.ndarray)) for given in seen]
    assert np.mean([exercise.remark(*given) != "" for given in seen]) > 0.2
    assert np.mean([array.shape[-1] != array.shape[-2] for array in maps]) > 0.5
    assert np.mean([np.ptp(array) > 0 for array in maps]) > 0.5


def test_the_explanation_of_roi_pools_gradient():
    features = np.random.default_rng(0).normal(size=(28, 28))
    bins = BINS.right_answer((0.0, 27.0, 7, 28))
    gradient = POOL_GRADIENT.right_answer((np.ones((7, 7)), features, bins, bins))
    assert np.count_nonzero(gradient) == 49
    assert "at most 49 of 784 cells" in POOL_GRADIENT.explanation


def test_the_shares_of_a_bin_sum_to_its_gradient():
    wy, wx = (axis_weights(np.float64(1.0), np.float64(3.5), size, 2, 1.0, 2, True) for size in (5, 6))
    grad = np.array([[[1.0, 2.0], [3.0, 5.0]]])
    assert GRADIENT.right_answer((grad, wy, wx)).sum() == pytest.approx(11)


def test_the_two_sides_add_up_to_a_shift_of_the_box():
    grad, features, (x1, y1, x2, y2), stride, samples = SIDES.examples[3]
    losses = [
        np.sum(grad * ALIGN.right_answer((features[None], (x1 + d, y1, x2 + d, y2), grad.shape, stride, samples))[0])
        for d in (-1e-3, 1e-3)
    ]
    with_shift = (losses[1] - losses[0]) / 2e-3
    assert sum(SIDES.right_answer(SIDES.examples[3])) == pytest.approx(with_shift)
