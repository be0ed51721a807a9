import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimask.geometry.nms import batched_nms, nms

from .shapes_for_tests import examples, float_boxes, integer_boxes


def naive_nms(boxes, scores, threshold):
    """Return what `nms` returns, by two loops over Python numbers."""
    boxes, kept = [[float(side) for side in box] for box in boxes], []
    for i in sorted(range(len(boxes)), key=lambda i: (-scores[i], i)):
        if all(_iou(boxes[i], boxes[j]) <= threshold for j in kept):
            kept.append(i)
    return kept


def _iou(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
    return both / either if either > 0 else 0.0


def random_scene(rng, count, groups=6):
    """Return boxes in groups around a few centers, and scores with many ties."""
    centers = rng.uniform(0, 60, (groups, 2))[rng.integers(0, groups, count)] + rng.normal(0, 3, (count, 2))
    half = rng.uniform(3, 9, (count, 2))
    return np.concatenate([centers - half, centers + half], axis=1), rng.integers(0, 12, count) / 12


def test_worked_out_by_hand():
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30], [0, 0, 10, 9]]
    # The first two share 90 of 110, the first and last 90 of 100, the second and last 81 of 109.
    np.testing.assert_array_equal(nms(boxes, [0.8, 0.9, 0.5, 0.7], 0.8), [1, 3, 2])
    np.testing.assert_array_equal(nms(boxes, [0.8, 0.9, 0.5, 0.7], 0.5), [1, 2])
    np.testing.assert_array_equal(nms(boxes, [0.8, 0.9, 0.5, 0.7], 0.85), [1, 0, 2])


@pytest.mark.parametrize("threshold", [0, 0.1, 0.3, 0.5, 0.7, 0.95, 1])
@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_two_loops(seed, threshold):
    boxes, scores = random_scene(np.random.default_rng(seed), count=120)
    kept = nms(boxes, scores, threshold)
    assert kept.dtype == np.int64
    assert kept.tolist() == naive_nms(boxes, scores, threshold)


@examples(80)
@given(st.data(), integer_boxes(most=12, limit=4), st.sampled_from([0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1]))
def test_agrees_with_two_loops_where_boxes_meet_the_threshold_exactly(data, boxes, threshold):
    scores = data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=len(boxes), max_size=len(boxes)))
    assert nms(boxes, scores, threshold).tolist() == naive_nms(boxes, scores, threshold)


def test_an_iou_of_exactly_the_threshold_is_kept():
    boxes = [[0, 0, 2, 2], [0, 0, 2, 1]]
    assert nms(boxes, [1, 0], 0.5).tolist() == [0, 1]
    assert nms(boxes, [1, 0], np.nextafter(0.5, 0)).tolist() == [0]
    assert nms([boxes[0]] * 2, [1, 0], 1).tolist() == [0, 1]


def test_among_equal_scores_the_earlier_box_goes_first():
    boxes = np.tile([[0.0, 0, 10, 10]], (50, 1))
    assert nms(boxes, np.full(50, 0.3), 0.5).tolist() == [0]
    apart = boxes + 20 * np.arange(50)[:, None]
    assert nms(apart, np.arange(50) % 2, 0.5).tolist() == [*range(1, 50, 2), *range(0, 50, 2)]


def test_the_threshold_is_compared_in_float64():
    # The float32 IoU of these two is float32(0.7), which lies below the number 0.7.
    boxes = np.array([[0, 0, 10, 1], [0, 0, 7, 1]], dtype=np.float32)
    assert float(np.float32(0.7)) < 0.7
    assert nms(boxes, [1, 0], 0.7).tolist() == [0, 1]
    assert nms(boxes, [1, 0], np.nextafter(float(np.float32(0.7)), 0)).tolist() == [0]
    # And float32(0.1) lies above 0.1: in float32 the two would be equal, and the second box be kept.
    boxes = np.array([[0, 0, 10, 1], [0, 0, 1, 1]], dtype=np.float32)
    assert float(np.float32(0.1)) > 0.1
    assert nms(boxes, [1, 0], 0.1).tolist() == [0]
    assert nms(boxes.astype(np.float64), [1, 0], 0.1).tolist() == [0, 1]


def test_boxes_without_area_stay():
    boxes = [[1, 1, 1, 5], [1, 1, 1, 5], [0, 0, 4, 4], [2, 2, 2, 2]]
    assert nms(boxes, [4, 3, 2, 1], 0).tolist() == [0, 1, 2, 3]


def test_scores_of_any_size_and_sign():
    boxes = [[0, 0, 1, 1], [5, 5, 6, 6], [9, 9, 10, 10]]
    assert nms(boxes, [-1e30, 1e30, 0], 0.5).tolist() == [1, 2, 0]
    assert nms(boxes, np.array([1, 255, 7], dtype=np.uint8), 0.5).tolist() == [1, 2, 0]


@examples(50)
@given(float_boxes(most=12), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_what_is_kept_does_not_depend_on_the_order_of_the_boxes(boxes, seed, threshold):
    rng = np.random.default_rng(seed)
    scores, order = rng.permutation(len(boxes)), rng.permutation(len(boxes))
    assert order[nms(boxes[order], scores[order], threshold)].tolist() == nms(boxes, scores, threshold).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_groups_do_not_suppress_each_other(seed):
    rng = np.random.default_rng(seed)
    boxes, scores = random_scene(rng, count=90)
    groups = rng.integers(-2, 3, 90)
    kept = batched_nms(boxes, scores, groups, 0.4)
    assert kept.dtype == np.int64
    expected = {
        int(i) for g in np.unique(groups) for i in np.flatnonzero(groups == g)[_kept_in(boxes, scores, groups == g)]
    }
    assert set(kept.tolist()) == expected
    assert kept.tolist() == sorted(expected, key=lambda i: (-scores[i], i))


def _kept_in(boxes, scores, members):
    return naive_nms(boxes[members], scores[members], 0.4)


def test_one_group_is_plain_nms():
    boxes, scores = random_scene(np.random.default_rng(9), count=60)
    np.testing.assert_array_equal(batched_nms(boxes, scores, np.full(60, 7), 0.3), nms(boxes, scores, 0.3))


def test_no_boxes_leave_no_boxes():
    for empty in ([], np.zeros((0, 4))):
        for kept in (nms(empty, [], 0.5), batched_nms(empty, [], [], 0.5)):
            assert kept.shape == (0,)
            assert kept.dtype == np.int64


def test_a_million_boxes_in_clusters_leave_the_best_of_each():
    rng = np.random.default_rng(0)
    count, side = 10**6, 4
    cluster = rng.integers(0, side**2, count)
    corner = np.stack([cluster % side, cluster // side], axis=1) * 100 + rng.uniform(0, 0.5, (count, 2))
    boxes = np.concatenate([corner, corner + 20], axis=1).astype(np.float32)  # in a cluster every IoU is above 0.9
    scores = rng.permutation(count)
    best = np.zeros(side**2, dtype=int)
    np.maximum.at(best, cluster, scores)
    kept = nms(boxes, scores, 0.5)
    assert scores[kept].tolist() == sorted(best.tolist(), reverse=True)
    assert len(set(cluster[kept].tolist())) == side**2
    np.testing.assert_array_equal(batched_nms(boxes, scores, cluster % 3, 0.5), kept)
