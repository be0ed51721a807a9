"""The compiled path keeps what the NumPy version keeps, on boxes that make it hard."""

import itertools

import numpy as np
import pytest
from crowds import KINDS, SEEDS, THRESHOLDS, crowd, in_clusters, spread
from hypothesis import given, settings
from hypothesis import strategies as st

from minimask.geometry import nms as reference
from minimask.suppression import batched_nms, cpu, nms

DTYPES = st.sampled_from([np.float32, np.float64])
BACKENDS = ("numba", "reference")


@settings(max_examples=400)
@given(SEEDS, DTYPES, THRESHOLDS)
def test_nms(seed, dtype, threshold):
    boxes, scores, _ = crowd(seed, dtype)
    kept = nms(boxes, scores, threshold)
    assert kept.dtype == np.int64
    np.testing.assert_array_equal(kept, reference.nms(boxes, scores, threshold))


@settings(max_examples=200)
@given(SEEDS, DTYPES, THRESHOLDS)
def test_batched_nms(seed, dtype, threshold):
    boxes, scores, groups = crowd(seed, dtype)
    kept = batched_nms(boxes, scores, groups, threshold)
    assert kept.dtype == np.int64
    np.testing.assert_array_equal(kept, reference.batched_nms(boxes, scores, groups, threshold))


@st.composite
def small_crowds(draw):
    """Draw a few boxes one by one, so that what fails shrinks to the fewest."""
    side = st.integers(0, 4)
    rows = draw(st.lists(st.tuples(side, side, side, side, st.sampled_from([0.25, 0.5])), max_size=8))
    boxes = np.sort(np.array([row[:4] for row in rows], np.float32).reshape(-1, 2, 2), axis=1).reshape(-1, 4)
    return boxes, np.array([row[4] for row in rows], np.float32)


@settings(max_examples=300)
@given(small_crowds(), THRESHOLDS)
def test_a_few_boxes(small, threshold):
    np.testing.assert_array_equal(nms(*small, threshold), reference.nms(*small, threshold))


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_thousands_of_boxes_of_every_kind(make):
    rng = np.random.default_rng(0)
    boxes, scores = make(rng, 2500).astype(np.float32), rng.integers(0, 500, 2500).astype(np.float32)
    for threshold in (0.2, 0.5, 0.7):
        np.testing.assert_array_equal(nms(boxes, scores, threshold), reference.nms(boxes, scores, threshold))


def strips_of(boxes, threshold):
    return cpu._lay_strips(boxes, np.arange(len(boxes)), threshold, 1.0)[2]


def test_those_cases_lie_in_many_strips_and_hopeless_ones_in_one():
    rng = np.random.default_rng(0)
    assert strips_of(spread(rng, 2500).astype(np.float32), 0.5) > 20
    assert strips_of(in_clusters(rng, 600).astype(np.float32), 0.5) > 4
    x1, y1, _, y2 = spread(rng, 20000).T
    assert strips_of(np.stack([x1, y1, x1 + 1, y2], axis=1), 0.5) == cpu.MOST_STRIPS
    assert strips_of(np.zeros((2500, 4)), 0.5) == 1
    assert strips_of(spread(rng, 2500), 1e-4) == 1
    assert strips_of(spread(rng, 2500) * 1e-18, 0.5) == 1


def test_rounding_at_the_edge_of_a_strip_hides_no_box():
    """The kept box's center is the edge of a strip; the other ends below it, and yet float32 finds an IoU above 1/2."""
    width, height = np.float32(1.3442957), np.float32(2.9872935)
    below = np.nextafter(width, np.float32(0))
    boxes = np.array([[0, 0, 2 * width, height], [0, 0, below, height]], np.float32)
    assert reference.nms(boxes, [1, 0], 0.5).tolist() == [0]
    elsewhere = np.array([[3.5 * width, 9, 4 * width, 10]], np.float32)  # four strips of that width
    boxes = np.concatenate([boxes, np.repeat(elsewhere, 4 * cpu.LEAST_PER_STRIP, axis=0)])
    origin, scale, strips = cpu._lay_strips(boxes, np.arange(len(boxes)), 0.5, 1.0)
    assert (origin, strips) == (0, 4)
    assert float(below) * scale < 1 <= float(width) * scale
    scores = np.arange(len(boxes), 0, -1).astype(np.float32)
    assert nms(boxes, scores, 0.5).tolist() == [0, 2]


# What is right in itself


@settings(max_examples=100)
@given(SEEDS, DTYPES, THRESHOLDS)
def test_what_was_kept_is_kept_again(seed, dtype, threshold):
    boxes, scores, groups = crowd(seed, dtype)
    for kept, again in (
        (nms(boxes, scores, threshold), lambda k: nms(boxes[k], scores[k], threshold)),
        (
            batched_nms(boxes, scores, groups, threshold),
            lambda k: batched_nms(boxes[k], scores[k], groups[k], threshold),
        ),
    ):
        assert again(kept).tolist() == list(range(len(kept)))
        assert (np.diff(scores[kept]) <= 0).all()


@settings(max_examples=100)
@given(SEEDS, DTYPES, THRESHOLDS)
def test_the_order_of_the_boxes_does_not_matter_where_scores_differ(seed, dtype, threshold):
    boxes, _, groups = crowd(seed, dtype)
    rng = np.random.default_rng(seed)
    scores, order = rng.permutation(len(boxes)).astype(dtype), rng.permutation(len(boxes))
    np.testing.assert_array_equal(order[nms(boxes[order], scores[order], threshold)], nms(boxes, scores, threshold))
    np.testing.assert_array_equal(
        order[batched_nms(boxes[order], scores[order], groups[order], threshold)],
        batched_nms(boxes, scores, groups, threshold),
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("tenths", "threshold"), [(5, 0.5), (7, 0.7), (1, 0.1), (3, 0.3), (9, 0.9)])
def test_an_iou_of_exactly_the_threshold(backend, tenths, threshold):
    """The quotient is rounded to float32, the threshold is not: which of the two is greater, hangs on that."""
    boxes = np.array([[0, 0, 10, 1], [0, 0, tenths, 1]])
    assert nms(boxes, [1, 0], threshold, backend=backend).tolist() == [0, 1]  # whole numbers: in float64
    above = float(np.float32(tenths / 10)) > threshold
    assert nms(boxes.astype(np.float32), [1, 0], threshold, backend=backend).tolist() == ([0] if above else [0, 1])
    assert above == (tenths in (1, 3))


@pytest.mark.parametrize("backend", BACKENDS)
def test_thresholds_beside_an_iou_of_a_third(backend):
    for dtype in (np.float32, np.float64):
        boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2]], dtype)
        third = float(dtype(1) / dtype(3))
        assert nms(boxes, [1, 0], third, backend=backend).tolist() == [0, 1]
        assert nms(boxes, [1, 0], np.nextafter(third, 0), backend=backend).tolist() == [0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_ends_of_the_thresholds(backend):
    boxes = np.array([[0, 0, 4, 4], [0, 0, 4, 4], [4, 0, 8, 4], [3.5, 0, 4, 1], [2, 2, 2, 2]], np.float32)
    scores = [0.9, 0.8, 0.7, 0.6, 0.5]
    assert nms(boxes, scores, 1, backend=backend).tolist() == [0, 1, 2, 3, 4]
    assert nms(boxes, scores, 0, backend=backend).tolist() == [0, 2, 4]


@pytest.mark.parametrize("backend", BACKENDS)
def test_among_equal_scores_the_earlier_box_goes_first(backend):
    boxes = np.tile(np.array([[0, 0, 10, 10]], np.float32), (50, 1)) + 20 * (np.arange(50) % 5)[:, None]
    zeros = np.where(np.arange(50) % 2, 0.0, -0.0).astype(np.float32)
    assert nms(boxes, zeros, 0.5, backend=backend).tolist() == [0, 1, 2, 3, 4]
    assert batched_nms(boxes, zeros, np.arange(50) // 10, 0.9, backend=backend).tolist() == [
        10 * group + place for group in range(5) for place in range(5)
    ]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32)), DTYPES)
def test_the_order_of_scores(values, dtype):
    scores = np.array(values + values[::2] + [-value for value in values], dtype)
    np.testing.assert_array_equal(cpu.descending(scores), np.argsort(-scores, kind="stable"))


def test_a_tall_pile_leaves_its_best():
    boxes = np.tile(np.array([[0, 0, 10, 10]], np.float32), (20000, 1))
    scores = np.random.default_rng(0).permutation(20000).astype(np.float32)
    assert nms(boxes, scores, 0.5).tolist() == [int(scores.argmax())]
    assert batched_nms(boxes, scores, np.arange(20000), 0.5).tolist() == np.argsort(-scores).tolist()


# Groups


GROUPS = [
    np.array([0, 1, 0, 1, 0, 1]),
    np.array([-1, -5, -1, -5, -1, -5]),
    np.array([127, -128] * 3, np.int8),
    np.array([0, 255] * 3, np.uint8),
    np.array([2**63 - 1, -(2**63)] * 3),
    np.array([2**64 - 1, 0] * 3, np.uint64),
    np.array([2**64 - 1, 2**64 - 2] * 3, np.uint64),
    np.array([0, 10**9] * 3, np.int32),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("groups", GROUPS, ids=lambda groups: f"{groups.dtype} {groups[0]}")
def test_groups_of_any_numbers(backend, groups):
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10]] * 3, np.float32)
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], np.float32)
    assert batched_nms(boxes, scores, groups, 0.5, backend=backend).tolist() == [5, 4]


@given(st.lists(st.integers(-9, 9), max_size=60), st.sampled_from([1, 10**6]))
def test_positions_by_group(values, factor):
    groups = np.array(values, np.int64) * factor
    positions, bounds = cpu.by_group(groups)
    np.testing.assert_array_equal(positions, np.argsort(groups, kind="stable"))
    runs = [groups[positions[start:end]] for start, end in itertools.pairwise(bounds) if end > start]
    assert [run[0] for run in runs] == sorted(set(groups.tolist()))
    assert all((run == run[0]).all() for run in runs)
    assert bounds[0] == 0
    assert bounds[-1] == len(groups)
