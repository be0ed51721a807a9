"""The NumPy reference: by hand, by finite differences, by its properties, and against the literal loop."""

import numpy as np
import pytest
from cases import CASES, close, random_case
from hypothesis import given, settings
from hypothesis import strategies as st

from minimask.roi import pool, reference, taps

RAMP = np.arange(25.0).reshape(1, 1, 5, 5)


def plane(height, width, slope_y, slope_x, offset=0.0):
    """A map whose value at (row i, column j) is a linear function of i and j."""
    return (offset + slope_y * np.arange(height)[:, None] + slope_x * np.arange(width)[None, :])[None, None]


# By hand


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (2.25, (2, 3, 0.75, 0.25, 1.0)),
        (3.0, (3, 4, 1.0, 0.0, 1.0)),
        (0.0, (0, 1, 1.0, 0.0, 1.0)),
        (-0.4, (0, 0, 1.0, 0.0, 0.0)),
        (-1.0, (0, 0, 1.0, 0.0, 0.0)),
        (-1.0001, (0, 0, 0.0, 0.0, 0.0)),
        (4.0, (4, 4, 1.0, 0.0, 0.0)),
        (5.0, (4, 4, 1.0, 0.0, 0.0)),
        (5.0001, (0, 0, 0.0, 0.0, 0.0)),
    ],
)
def test_taps_of_a_map_of_five_cells(position, expected):
    assert taps.tap(position, 5) == expected


def test_taps_of_a_map_of_one_cell():
    assert [taps.tap(position, 1)[2:4] for position in (-1.1, -1, -0.5, 0, 0.5, 1, 1.1)] == [
        (0.0, 0.0),
        *[(1.0, 0.0)] * 5,
        (0.0, 0.0),
    ]


def test_the_roi_of_the_textbook_lies_between_the_cells():
    start, extent = taps.span(137.2, 137.2 + 64, 1 / 16, 0.0, 1.0)
    assert (start, extent) == (8.575, 4.0)
    start, _ = taps.span(54.8, 54.8 + 64, 1 / 16, 0.5, 0.0)
    assert start == pytest.approx(2.925)


def test_half_a_pixel_is_half_a_cell():
    box = np.array([[0, 1.0, 1.0, 3.0, 3.0]])
    published = reference.roi_align(RAMP, box, (2, 2), sampling_ratio=1)
    aligned = reference.roi_align(RAMP, box, (2, 2), sampling_ratio=1, aligned=True)
    np.testing.assert_array_equal(published[0, 0], [[9, 10], [14, 15]])
    np.testing.assert_array_equal(aligned[0, 0], [[6, 7], [11, 12]])


def test_a_box_thinner_than_a_cell_is_widened_only_without_aligned():
    thin = np.array([[0, 1.0, 1.0, 1.25, 3.0]])
    published = reference.roi_align(RAMP, thin, (1, 1), sampling_ratio=1)
    aligned = reference.roi_align(RAMP, thin, (1, 1), sampling_ratio=1, aligned=True)
    assert published.item() == 5 * 2.0 + 1.5
    assert aligned.item() == 5 * 1.5 + 0.625


def test_samples_outside_count_in_the_mean():
    ones, half_outside = np.ones((1, 1, 4, 4)), np.array([[0, -8.0, 0.0, 4.0, 4.0]])
    found = reference.roi_align(ones, half_outside, (1, 1), sampling_ratio=4)
    assert found.item() == pytest.approx(0.5)  # samples at -6.5, -3.5, -0.5 and 2.5: two of four see the map


def test_a_box_wholly_outside_gives_zeros_and_no_gradient():
    outside = np.array([[0, 20.0, 20.0, 30.0, 30.0]])
    assert not reference.roi_align(RAMP, outside, (2, 3)).any()
    assert not reference.roi_align_features_grad(np.ones((1, 1, 2, 3)), outside, RAMP.shape).any()
    assert not reference.roi_align_boxes_grad(np.ones((1, 1, 2, 3)), RAMP, outside).any()


def test_pool_by_hand():
    box = np.array([[0, 0.5, 1.5, 2.4, 3.4]])  # columns 1 to 2, rows 2 to 3
    out, argmax = pool.roi_pool(RAMP, box, (2, 2))
    np.testing.assert_array_equal(out[0, 0], [[11, 12], [16, 17]])
    np.testing.assert_array_equal(argmax, out)
    out, argmax = pool.roi_pool(RAMP, box, (1, 3))  # two columns in three bins: neighbors share a column
    np.testing.assert_array_equal(out[0, 0], [[16, 17, 17]])


def test_pool_rounds_half_away_from_zero():
    out, _ = pool.roi_pool(RAMP, np.array([[0, 0.5, 2.5, 0.5, 2.5]]), (1, 1))
    assert out.item() == 5 * 3 + 1
    out, _ = pool.roi_pool(RAMP, np.array([[0, -0.5, -0.5, -0.5, -0.5]]), (1, 1))
    assert out.item() == 0  # rounded to cell -1, which does not exist


def test_pool_leaves_bins_outside_empty():
    grad = np.ones((1, 1, 1, 2))
    box = np.array([[0, -4.0, 0.0, 3.0, 0.0]])
    out, argmax = pool.roi_pool(RAMP, box, (1, 2))
    np.testing.assert_array_equal(argmax.ravel(), [-1, 3])
    np.testing.assert_array_equal(out.ravel(), [0, 3])
    assert pool.roi_pool_features_grad(grad, argmax, box, RAMP.shape).sum() == 1


def test_pool_takes_the_first_of_equals_and_propagates_nan():
    flat = np.zeros((1, 2, 3, 3))
    flat[0, 1, 1, 1] = np.nan
    out, argmax = pool.roi_pool(flat, np.array([[0, 0, 0, 2.0, 2.0]]), (1, 1))
    assert argmax.ravel().tolist() == [0, 4]
    assert np.isnan(out[0, 1, 0, 0])


# By properties


@given(CASES)
def test_the_two_matrices_equal_the_literal_loop(seed):
    case = random_case(seed, channels=(1, 4))
    long_way = reference.roi_align_loop(case.features, case.rois, case.size, *case.settings)
    close(reference.roi_align(case.features, case.rois, case.size, *case.settings), long_way, np.float64)


@given(CASES)
def test_the_weights_of_a_bin_on_the_map_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(0.5, 9.5, 2))
    weights = reference.axis_weights(low, high, 10, int(rng.integers(1, 8)), 1.0, int(rng.integers(1, 4)), True)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights >= 0).all()


@given(CASES)
def test_a_linear_map_is_read_at_the_centers_of_the_bins(seed):
    rng = np.random.default_rng(seed)
    slopes, (x1, y1) = rng.normal(size=2), rng.uniform(0.5, 5, 2)
    x2, y2 = x1 + rng.uniform(1, 5), y1 + rng.uniform(1, 5)
    out = reference.roi_align(plane(12, 12, *slopes), np.array([[0, x1, y1, x2, y2]]), (3, 2), aligned=True)
    ys, xs = y1 + (y2 - y1) * (np.arange(3) + 0.5) / 3 - 0.5, x1 + (x2 - x1) * (np.arange(2) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(out[0, 0], slopes[0] * ys[:, None] + slopes[1] * xs[None, :], atol=1e-12)


@given(CASES)
def test_the_gradient_of_the_features_is_the_transposed_map(seed):
    """`<grad, align(f)> == <align_grad(grad), f>` for every f."""
    case = random_case(seed)
    out = reference.roi_align(case.features, case.rois, case.size, *case.settings)
    back = reference.roi_align_features_grad(case.grad(), case.rois, case.features.shape, *case.settings)
    np.testing.assert_allclose((out * case.grad()).sum(), (back * case.features).sum(), atol=1e-9)


@settings(max_examples=60)
@given(CASES, st.booleans())
def test_the_gradient_of_the_boxes_by_finite_differences(seed, aligned):
    case = random_case(seed, channels=(1, 4), ratios=(1, 2, 3), smooth=True)._replace(aligned=aligned)
    grad, step = case.grad(), 1e-7

    def loss(rois):
        return (reference.roi_align(case.features, rois, case.size, *case.settings) * grad).sum(axis=(1, 2, 3))

    found = reference.roi_align_boxes_grad(grad, case.features, case.rois, *case.settings)
    for side in range(4):
        here, there = case.rois.copy(), case.rois.copy()
        here[:, 1 + side] -= step
        there[:, 1 + side] += step
        slope = (loss(there) - loss(here)) / (2 * step)
        assert (np.abs(slope - found[:, side]) < 1e-4 * (1 + np.abs(slope)))[far_from_grid_lines(case)].all()


def far_from_grid_lines(case):
    """Which RoIs have no sample near a whole position or the border, and no extent near one cell."""
    near = []
    for _, x1, y1, x2, y2 in case.rois:
        positions = []
        for low, high, size, bins in ((x1, x2, case.features.shape[3], 1), (y1, y2, case.features.shape[2], 0)):
            bins = case.size[bins]
            samples = reference.axis_samples(low, high, 10**6 + size, bins, *case.settings)
            positions += [position for _, position, _, _ in samples]
            positions.append((high - low) * case.scale if not case.aligned else 0.5)
        near.append(np.any(np.abs(np.array(positions) - np.round(positions)) < 1e-5))
    return ~np.array(near, bool)


def test_adaptive_sampling_of_a_giant_box_costs_no_more_than_the_map():
    seen = list(reference.axis_samples(np.float64(-1e9), np.float64(1e9), 10, 7, 1.0, -1, True))
    assert 8 < len(seen) < 60
    middle = reference.axis_weights(np.float64(-1e9), np.float64(1e9), 10, 1, 1.0, -1, True)
    assert middle.sum() == pytest.approx(12 / 2e9, rel=0.1)


def test_visible_samples_leave_out_none_that_sees_the_map():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        first, step, n = rng.uniform(-40, 20), rng.choice([0.0, 0.01, 0.5, 0.6, 1.0, 7.0]), int(rng.integers(0, 60))
        first = round(2 * first) / 2 if rng.random() < 0.5 else first  # some samples lie right on the border
        begin, stop = taps.visible_samples(first, step, n, 10)
        seeing = [i for i in range(n) if -1 <= first + i * step <= 10]
        assert set(seeing) <= set(range(begin, stop))
        assert begin >= 0
        assert stop <= n
