import math
import tracemalloc

import numpy as np
import pytest
from geometry.shapes_for_tests import examples, float_boxes, integer_boxes
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused

from minimask.anchors import recipes
from minimask.geometry.boxes import box_iou
from minimask.matching import BACKGROUND, IGNORED, best_overlaps, match, sample

BLOCKS = st.one_of(st.none(), st.integers(1, 7))
IOUS = st.sampled_from([0, 0.25, 0.3, 1 / 3, 0.5, 2 / 3, 0.7, 1])


def random_objects(rng, count, side=1024.0):
    """Return boxes (count, 4) of all sizes on a picture of this side."""
    center, half = rng.uniform(0, side, (count, 2)), np.exp(rng.uniform(np.log(4), np.log(side / 3), (count, 2)))
    return np.clip(np.concatenate([center - half, center + half], axis=1), 0, side)


def naive_match(iou, foreground, background, low_quality):
    """Return what `match` returns, from the whole matrix (N, M), by loops."""
    boxes, objects = iou.shape
    matches = np.full(boxes, BACKGROUND)
    for n in range(boxes if objects else 0):
        best = max(range(objects), key=lambda m: (iou[n, m], -m))
        if iou[n, best] >= foreground:
            matches[n] = best
        elif iou[n, best] >= background:
            matches[n] = IGNORED
        if low_quality and any(iou[n, m] == max(iou[:, m]) > 0 for m in range(objects)):
            matches[n] = best
    return matches


# Best overlaps


@examples(150)
@given(st.one_of(integer_boxes(9, 5), float_boxes(9)), st.one_of(integer_boxes(6, 5), float_boxes(6)), BLOCKS)
def test_best_overlaps_are_the_maxima_of_the_matrix(boxes, objects, block):
    found, iou = best_overlaps(boxes, objects, block), box_iou(boxes, objects)
    np.testing.assert_array_equal(found.iou_of_box, iou.max(axis=1))
    np.testing.assert_array_equal(found.object_of_box, iou.argmax(axis=1))
    np.testing.assert_array_equal(found.iou_of_object, iou.max(axis=0))
    np.testing.assert_array_equal(found.box_of_object, iou.argmax(axis=0))
    assert found.object_of_box.dtype == found.box_of_object.dtype == np.int64


@pytest.mark.parametrize("name", ["lesson", "retinanet", "torchvision_fpn", "c4_15"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["as they stand", "shuffled"])
def test_best_overlaps_of_real_anchors(name, kind, order):
    rng = np.random.default_rng(3)
    anchors = recipes[name].boxes(200, 136).astype(kind)
    anchors = rng.permutation(anchors) if order == "shuffled" else anchors
    objects = np.concatenate([random_objects(rng, 30, 200), [[0, 0, 9, 0], [500, 500, 600, 600]]]).astype(kind)
    iou = box_iou(anchors, objects)
    for block in (None, 100, 10**9):
        found = best_overlaps(anchors, objects, block)
        assert found.iou_of_box.dtype == found.iou_of_object.dtype == kind
        np.testing.assert_array_equal(found.iou_of_box, iou.max(axis=1))
        np.testing.assert_array_equal(found.object_of_box, iou.argmax(axis=1))
        np.testing.assert_array_equal(found.iou_of_object, iou.max(axis=0))
        np.testing.assert_array_equal(found.box_of_object, iou.argmax(axis=0))


def test_of_equal_overlaps_the_first_wins():
    found = best_overlaps([[0, 0, 2, 2]] * 5, [[0, 0, 2, 1], [0, 1, 2, 2]], block=2)
    assert found.object_of_box.tolist() == [0] * 5
    assert found.box_of_object.tolist() == [0, 0]


def test_nothing_has_no_partner():
    three = [[0, 0, 1, 1]] * 3
    found = best_overlaps(three, [])
    assert found.iou_of_box.tolist() == [0] * 3 and found.object_of_box.tolist() == [-1] * 3
    assert found.iou_of_object.shape == found.box_of_object.shape == (0,)
    found = best_overlaps(np.zeros((0, 4)), three)
    assert found.iou_of_object.tolist() == [0] * 3 and found.box_of_object.tolist() == [-1] * 3
    assert found.iou_of_box.shape == found.object_of_box.shape == (0,)


def peak_memory(function, *arguments):
    """Return the most bytes that a call takes, beyond its arguments, and what it returns."""
    tracemalloc.start()
    try:
        result = function(*arguments)
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("where", ["over the picture", "over each other"])
def test_a_sea_of_anchors_and_a_hundred_objects_take_little_memory(where):
    """The matrix alone would be 210 MB in float64."""
    anchors = recipes["fpn"].boxes(1024, 1024)
    objects = random_objects(np.random.default_rng(0), 100)
    if where == "over each other":
        objects = np.tile([[0.0, 0, 1024, 1024]], (100, 1)) + np.arange(100)[:, None] / 100
    assert (len(anchors), len(objects)) == (261_888, 100)
    most, best = peak_memory(best_overlaps, anchors, objects)
    assert most - sum(part.nbytes for part in best) < 15e6
    most, matches = peak_memory(match, anchors, objects)
    assert most - matches.nbytes < 25e6
    assert set(range(100)) <= {*matches.tolist()} or where == "over each other"


# Matching


def test_worked_out_by_hand():
    objects = [[0, 0, 10, 10], [20, 0, 30, 10], [50, 50, 60, 60]]
    boxes = [
        [0, 0, 10, 10],  # the first object itself
        [0, 0, 10, 7],  # 0.7 of it: just foreground
        [0, 0, 10, 6],  # 0.6: neither
        [0, 0, 10, 3],  # 0.3: just not background
        [0, 0, 10, 2],  # 0.2: background
        [20, 0, 24, 10], [26, 0, 30, 10],  # both 0.4 of the second object: its best, and so matched
        [20, 0, 23, 10],  # 0.3 of it
        [80, 80, 90, 90],  # apart from all
    ]  # fmt: skip
    assert match(boxes, objects).tolist() == [0, 0, IGNORED, IGNORED, BACKGROUND, 1, 1, IGNORED, BACKGROUND]
    assert match(boxes, objects, low_quality=False)[5:7].tolist() == [IGNORED, IGNORED]
    assert match(boxes, objects, 0.6, 0.2).tolist() == [0, 0, 0, IGNORED, IGNORED, 1, 1, IGNORED, BACKGROUND]
    assert match(boxes, objects, 0.5, 0.5, False).tolist() == [0, 0, 0] + [BACKGROUND] * 6


def test_a_rescued_box_goes_to_the_object_that_it_overlaps_most():
    # The only box near the second object is the first object's own.
    assert match([[0, 0, 10, 10]], [[0, 0, 10, 10], [0, 0, 10, 2]]).tolist() == [0]
    # The second box is the best of the small object, with 0.2, and overlaps the large one by 0.5.
    boxes, objects = [[0, 0, 10, 10], [0, 0, 10, 5]], [[0, 0, 10, 10], [0, 4, 10, 5]]
    assert match(boxes, objects).tolist() == [0, 0]
    assert match(boxes, objects, low_quality=False).tolist() == [0, IGNORED]


def test_an_object_out_of_reach_matches_nothing():
    boxes = [[0, 0, 10, 10], [20, 20, 30, 30]]
    for out_of_reach in ([50, 50, 60, 60], [10, 0, 20, 10], [5, 5, 5, 9]):
        assert match(boxes, [out_of_reach]).tolist() == [BACKGROUND] * 2
        assert match(boxes, [out_of_reach, boxes[1]]).tolist() == [BACKGROUND, 1]


def test_without_objects_all_is_background():
    for none in ([], np.zeros((0, 4))):
        assert match([[0, 0, 1, 1]] * 3, none).tolist() == [BACKGROUND] * 3
        assert match([[0, 0, 1, 1]], none, 0.5, 0.0).tolist() == [BACKGROUND]
        assert match(none, [[0, 0, 1, 1]]).tolist() == match(none, none).tolist() == []
        assert match(none, none).dtype == np.int64


@examples(250)
@given(
    st.one_of(integer_boxes(9, 5), float_boxes(9)),
    st.one_of(integer_boxes(5, 5), float_boxes(5)),
    st.tuples(IOUS, IOUS).map(sorted),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
)
def test_agrees_with_loops_over_the_matrix(boxes, objects, thresholds, low_quality, kind):
    boxes, objects, (background, foreground) = boxes.astype(kind), objects.astype(kind), thresholds
    found = match(boxes, objects, foreground, background, low_quality)
    expected = naive_match(box_iou(boxes, objects), kind(foreground), kind(background), low_quality)
    assert found.dtype == np.int64
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_real_anchors_agree_with_the_whole_matrix(kind):
    """Objects on whole pixels have many best anchors; in few blocks and in many they are the same."""
    rng = np.random.default_rng(8)
    anchors = recipes["torchvision_fpn"].boxes(192, 256).astype(kind)
    objects = np.round(random_objects(rng, 40, 192)).astype(kind)
    iou = box_iou(anchors, objects)
    matches, best = match(anchors, objects), iou.argmax(axis=1)
    tied = ((iou == iou.max(axis=0)) & (iou > 0)).any(axis=1)
    high, low = iou.max(axis=1) >= kind(0.7), iou.max(axis=1) < kind(0.3)
    np.testing.assert_array_equal(matches, np.where(high | tied, best, np.where(low, BACKGROUND, IGNORED)))
    assert tied.sum() > len(objects)
    assert {BACKGROUND, IGNORED} < {*matches.tolist()}


# Sampling


@examples(150)
@given(
    st.lists(st.sampled_from([BACKGROUND, BACKGROUND, IGNORED, 0, 3]), max_size=40),
    st.integers(0, 30),
    st.sampled_from([0, 0.25, 0.3, 0.5, 1]),
    st.integers(0, 2**32 - 1),
)
def test_what_is_drawn(matches, count, fraction, seed):
    matches = np.array(matches, dtype=np.int64)
    positive, negative = sample(matches, count, fraction, rng=np.random.default_rng(seed))
    assert (matches[positive] >= 0).all()
    assert (matches[negative] == BACKGROUND).all()
    assert len(positive) == min((matches >= 0).sum(), math.floor(count * fraction))
    assert len(negative) == min((matches == BACKGROUND).sum(), count - len(positive))
    for drawn in (positive, negative):
        assert drawn.dtype == np.int64
        assert drawn.tolist() == sorted(set(drawn.tolist()))


def test_by_default_256_and_at_most_half_of_them_positive():
    matches = np.repeat([0, IGNORED, BACKGROUND], [200, 50, 1000])
    for drawn in sample(matches, rng=np.random.default_rng(0)):
        assert (np.diff(drawn) > 0).all()
    assert [len(part) for part in sample(matches, rng=np.random.default_rng(0))] == [128, 128]
    assert [len(part) for part in sample(matches[180:], rng=np.random.default_rng(0))] == [20, 236]
    assert [len(part) for part in sample(matches[:260], rng=np.random.default_rng(0))] == [128, 10]


def test_every_box_of_a_kind_is_drawn_equally_often():
    matches = np.tile([5, BACKGROUND, IGNORED, BACKGROUND, 2], 8)
    rng, rounds = np.random.default_rng(7), 4000
    drawn = np.zeros(len(matches))
    for _ in range(rounds):
        drawn[np.concatenate(sample(matches, 8, 0.5, rng=rng))] += 1
    expected = rounds * 4 / 16
    assert (drawn[matches == IGNORED] == 0).all()
    assert np.abs(drawn[matches != IGNORED] - expected).max() < 5 * np.sqrt(expected)


def test_the_same_seed_draws_the_same_and_another_does_not():
    matches = np.repeat([0, BACKGROUND], 500)
    one, same, other = (sample(matches, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    for kind in range(2):
        np.testing.assert_array_equal(one[kind], same[kind])
        assert one[kind].tolist() != other[kind].tolist()


# Bad input

ONE = [[0, 0, 1, 1]]
RNG = np.random.default_rng(0)
REFUSALS = [
    (lambda: match([[0, 0, 1]], ONE), ValueError, "boxes must have shape (N, 4)", "got shape (1, 3)"),
    (lambda: match(ONE, [[0, 0, 1, math.nan]]), ValueError, "objects must be finite", "got nan at index (0, 3)"),
    (lambda: match(ONE, [[2, 0, 1, 1]]), ValueError, "objects must have x1 <= x2", "in row 0"),
    (lambda: match(None, ONE), TypeError, "boxes must hold real numbers", "got dtype object"),
    (lambda: match(ONE, ONE, 0.3, 0.7), ValueError, "0 <= background <= foreground <= 1", "background 0.7"),
    (lambda: match(ONE, ONE, 1.1), ValueError, "0 <= background <= foreground <= 1", "foreground 1.1"),
    (lambda: match(ONE, ONE, 0.5, -0.1), ValueError, "0 <= background <= foreground <= 1", "background -0.1"),
    (lambda: match(ONE, ONE, math.nan), ValueError, "foreground must be finite", "got nan"),
    (lambda: match(ONE, ONE, background="low"), TypeError, "background must hold real numbers", "got dtype <U3"),
    (lambda: match(ONE, [], 0.3, 0.7), ValueError, "0 <= background <= foreground <= 1", "background 0.7"),
    (lambda: best_overlaps(ONE, [[0, 0, 1]]), ValueError, "objects must have shape (N, 4)", "got shape (1, 3)"),
    (lambda: best_overlaps([[0, 0, -1, 1]], ONE), ValueError, "boxes must have x1 <= x2", "in row 0"),
    (lambda: best_overlaps(ONE, ONE, 0), ValueError, "block must be a whole number of at least 1", "got 0"),
    (lambda: best_overlaps(ONE, ONE, 2.0), ValueError, "block must be a whole number of at least 1", "got 2.0"),
    (lambda: sample([[0]], rng=RNG), ValueError, "matches must have shape (N,)", "got shape (1, 1)"),
    (lambda: sample([0.0], rng=RNG), TypeError, "matches must be whole numbers", "got dtype float64"),
    (lambda: sample([True], rng=RNG), TypeError, "matches must be whole numbers", "got dtype bool"),
    (lambda: sample([0, -3], rng=RNG), ValueError, "matches must be at least -2", "got -3 at index 1"),
    (lambda: sample([0], -1, rng=RNG), ValueError, "count must be a whole number of at least 0", "got -1"),
    (lambda: sample([0], 2.5, rng=RNG), ValueError, "count must be a whole number of at least 0", "got 2.5"),
    (lambda: sample([0], fraction=1.5, rng=RNG), ValueError, "fraction must lie in [0, 1]", "got 1.5"),
    (lambda: sample([0], fraction=None, rng=RNG), TypeError, "fraction must hold real numbers", "got dtype object"),
    (lambda: sample([0], rng=0), TypeError, "rng must be a NumPy random generator", "got 0"),
    (lambda: sample([0], rng=np.random), TypeError, "rng must be a NumPy random generator", "got <module"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "allowed", "given_value"), REFUSALS)
def test_refusals(call, error, allowed, given_value):
    refused(call, error, allowed, given_value)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_no_input_is_changed(kind):
    inputs = [np.array(rows, kind) for rows in ([[0, 0, 4, 4], [1, 0, 5, 4]], [[0, 0, 4, 3]])]
    matches = np.array([0, -1, -2])
    for array in (*inputs, matches):
        array.setflags(write=False)
    best_overlaps(*inputs), match(*inputs), sample(matches, rng=RNG)
