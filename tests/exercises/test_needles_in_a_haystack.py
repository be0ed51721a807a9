"""The references of chapter 2's exercises agree with the library, and no right answer can fail by rounding."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from drawn import labels_of, remarks_on_drawn, texts_of
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from minimask import exercises
from minimask.anchors import recipes
from minimask.box_coder import CLAMP
from minimask.exercises.check import Finding, Passed, examine
from minimask.exercises.needles_in_a_haystack.inputs import boxes, rows_of, some_of
from minimask.geometry.boxes import box_iou
from minimask.matching import match

COUNT, CELL, GRID, IOU, CODER, SUPPRESS, MATCH = exercises.chapter(2)
BOXES = some_of(boxes((0, 1, 2, 4), (0, 1, 3), (4, 2, 3), (4, 2, 0)), 5).map(np.array)


def by_exercises(recipe, height, width):
    """Make the anchors of a recipe by the exercises 2.2 and 2.3 alone."""
    return np.concatenate(
        [
            GRID.right_answer((rows, columns, level.stride, CELL.right_answer((level.sizes, level.ratios))))
            for level, (rows, columns) in zip(recipe.levels, recipe.grids(height, width), strict=True)
        ]
    )


@pytest.mark.parametrize("name", ["c4", "fpn", "lesson"])
def test_the_exercises_on_anchors_together_are_a_recipe(name):
    recipe = recipes[name]
    assert recipe.rounding == "none" or name == "c4"
    plain = replace(recipe, rounding="none", offset=0.5)
    assert np.allclose(by_exercises(plain, 100, 61), plain.boxes(100, 61))


@pytest.mark.parametrize(("height", "width", "count"), [(1024, 1024, "261,888"), (1024, 683, "175,248")])
def test_the_counts_of_the_explanation(height, width, count):
    strides = tuple(level.stride for level in recipes["fpn"].levels)
    assert strides == (4, 8, 16, 32, 64)
    counted = COUNT.right_answer((height, width, strides, 3))
    assert counted == recipes["fpn"].count(height, width)
    assert f"{counted:,}" == count
    assert count in COUNT.explanation
    assert "three quarters of the sea" in " ".join(COUNT.explanation.split())
    assert COUNT.right_answer((height, width, strides[:1], 3)) / counted == pytest.approx(0.75, abs=0.01)


def test_counts_are_whole_numbers_to_the_last():
    assert "yours gave the number 12.5" in examine(COUNT, lambda *given: 12.5).message
    assert isinstance(examine(COUNT, lambda *given: float(COUNT.solution(*given))), Passed)
    largest = max(COUNT.right_answer(inputs) for inputs in COUNT.examples)
    assert COUNT.compare(largest, largest + 1.0) is not None


@settings(max_examples=50, deadline=None)
@given(IOU.inputs)
def test_the_matrix_holds_the_iou_of_exercise_one_for_every_pair(drawn):
    matrix = IOU.right_answer(drawn)
    pair = exercises.get("1.1")
    for n, box in enumerate(drawn[0]):
        for m, other in enumerate(drawn[1]):
            assert matrix[n, m] == pytest.approx(pair.solution(tuple(box), tuple(other)))


def test_the_large_input_takes_a_loop_too_long_and_broadcasting_not():
    ((large, others),) = IOU.large_examples
    assert len(large) * len(others) == 1_000_000
    assert "1000 by 1000" in IOU.statement
    assert np.mean(box_iou(large, others) > 0) > 0.1


@settings(max_examples=50, deadline=None)
@given(CODER.inputs)
def test_what_is_encoded_is_decoded_again(drawn):
    box, _, anchor, _ = drawn
    encoded, _ = CODER.right_answer(drawn)
    _, decoded = CODER.right_answer((box, encoded, anchor, CLAMP))
    assert decoded == pytest.approx(box)


def exact_iou(a, b):
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = (map(Fraction, box) for box in (a, b))
    shared = max(min(ax2, bx2) - max(ax1, bx1), 0) * max(min(ay2, by2) - max(ay1, by1), 0)
    return shared / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared)


@settings(max_examples=200, deadline=None)
@given(SUPPRESS.inputs)
def test_no_drawn_iou_is_taken_over_the_threshold_by_rounding(drawn):
    given_boxes, _, threshold = drawn
    for a, b in combinations(given_boxes, 2):
        exact = exact_iou(a, b) > Fraction(threshold)
        for dtype in (np.float32, np.float64):
            low, high = np.maximum(a[:2], b[:2]).astype(dtype), np.minimum(a[2:], b[2:]).astype(dtype)
            shared = np.prod(np.maximum(high - low, 0))
            union = sum(np.prod((box[2:] - box[:2]).astype(dtype)) for box in (a, b)) - shared
            assert (shared / union > dtype(threshold)) == (shared > dtype(threshold) * union) == exact


@settings(max_examples=100, deadline=None)
@given(BOXES, st.lists(st.tuples(*[st.integers(0, 4)] * 2), max_size=3), st.sampled_from([(0.7, 0.3), (0.5, 0.5)]))
def test_matching_by_ious_is_matching_by_boxes(anchors, corners, thresholds):
    objects = np.array([(x, y, x + 2, y + 3) for x, y in corners], dtype=float).reshape(-1, 4)
    iou = box_iou(anchors, objects)
    assert np.array_equal(MATCH.right_answer((iou, *thresholds)), match(anchors, objects, *thresholds))


@pytest.mark.parametrize(
    ("id", "remark", "at_least"),
    [
        ("2.1", "beyond the picture", 0.5),
        ("2.3", "odd", 0.2),
        ("2.4", "N and M differ", 0.15),
        ("2.4", "no area", 0.1),
        ("2.5", "above the clamp", 0.1),
        ("2.5", "below minus the clamp", 0.1),
        ("2.6", "exactly the threshold", 0.05),
        ("2.6", "equal", 0.3),
        ("2.7", "no object", 0.02),
        ("2.7", "No anchor overlaps some object", 0.05),
        ("2.7", "more than one anchor", 0.05),
        ("2.7", "exactly a threshold", 0.05),
    ],
)
def test_what_is_odd_is_drawn_often(id, remark, at_least):
    assert np.mean([remark in text for text in remarks_on_drawn(id)]) >= at_least


def test_a_counterexample_can_lose_any_part_of_a_list():
    def smallest(wrong):
        return find(some_of(st.integers(0, 9), 4), wrong, settings=settings(phases=(Phase.generate, Phase.shrink)))

    assert smallest(lambda drawn: drawn[-1] == 7) == [7]
    assert smallest(lambda drawn: len(drawn) == 4) == [0] * 4
    assert smallest(lambda drawn: True) == [0]


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (CODER, ((0, 0, 0, 0), (0, 0, 1)), "(dx, dy, dw, dh) and (x1, y1, x2, y2); yours gave rows of unequal length"),
        (CODER, np.zeros((2, 3)), "yours gave an array of shape (2, 3)"),
        (SUPPRESS, [0.5], "a row of whole numbers, the indices of the kept boxes; yours gave [0.5]"),
        (SUPPRESS, 0, "yours gave the number 0"),
        (SUPPRESS, [], "the answer should be [0]; yours gave []"),
        (SUPPRESS, [-1], "the answer should be [0]; yours gave [-1]"),
        (MATCH, np.zeros((3, 1)), "yours gave an array of shape (3, 1)"),
        (MATCH, [0, -1, 0.5], "a row of whole numbers, one for each anchor; yours gave [0, -1, 0.5]"),
        (MATCH, [0, -2, -2], "anchor 1 should get -1; yours gave -2."),
        (CELL, np.zeros(4), "an array (R * S, 4); yours gave an array of shape (4,)"),
    ],
    ids=str,
)
def test_answers_of_another_kind(exercise, answer, says):
    found = examine(exercise, lambda *given: answer)
    assert isinstance(found, Finding)
    assert says in found.message


def test_the_first_wrong_anchor_is_drawn_beside_the_right_one():
    right = CELL.worked[1]
    yours = right.copy()
    yours[1:] *= 2
    figure = CELL.draw(Finding("wrong", "", CELL.worked[0], right, yours))
    assert labels_of(figure) == ["anchor 1, right", "anchor 1, yours"]
    for answer in (None, right[:2]):
        assert labels_of(CELL.draw(Finding("wrong", "", CELL.worked[0], right, answer))) == []


def test_the_pair_of_the_first_wrong_number_is_drawn():
    right = IOU.worked[1]
    yours = right.copy()
    yours[1, 2] = 0.5
    assert labels_of(IOU.draw(Finding("wrong", "", IOU.worked[0], right, yours))) == ["boxes[1]", "others[2]"]
    assert labels_of(IOU.draw(Finding("wrong", "", IOU.worked[0], right, yours.T))) == []


def test_the_wrong_half_of_both_ways_is_drawn():
    right = encoded, decoded = CODER.worked[1]
    wrong_code = Finding("wrong", "", CODER.worked[0], right, ((1.0, *encoded[1:]), decoded))
    assert labels_of(CODER.draw(wrong_code)) == ["anchor", "box"]
    wrong_box = Finding("wrong", "", CODER.worked[0], right, (encoded, (0.0, *decoded[1:])))
    assert labels_of(CODER.draw(wrong_box)) == ["anchor", "box of deltas, right", "box of deltas, yours"]


def test_kept_and_suppressed_boxes_are_told_apart():
    figure = SUPPRESS.draw(Finding("wrong", "", SUPPRESS.worked[0], [1, 2], [1, 0]))
    assert labels_of(figure) == ["suppressed", "kept by yours", "kept"]
    assert texts_of(figure.axes[0]) == ["0: 0.8", "1: 0.9", "2: 0.7"]


def test_ious_and_matches_stand_side_by_side():
    inputs, right = MATCH.worked
    figure = MATCH.draw(Finding("wrong", "", inputs, right.astype(float), np.array([0.0, -2, -1, -1])))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["IoU", "right", "yours"]
    assert texts_of(figure.axes[2]) == ["0", "-2", "-1", "-1"]
    frames = [patch for patch in figure.axes[2].patches if patch.get_linewidth() == 2.5]
    assert [round(frame.get_y() + 0.46) for frame in frames] == [2]
    without_objects = MATCH.draw(Finding("wrong", "", (np.zeros((2, 0)), 0.7, 0.3), -np.ones(2), np.zeros(2)))
    assert [axes.get_title(loc="left") for axes in without_objects.axes] == ["right", "yours"]


def test_levels_of_many_cells_are_drawn_without_them():
    few, many = (COUNT.draw(Finding("wrong", "", (side, side, (4,), 3), 0, 1)) for side in (16, 1024))
    assert [len(figure.axes[0].collections) for figure in (few, many)] == [2, 0]


def test_rows_of_numbers_become_floats():
    assert rows_of((1, 2), (3, 4)).dtype == np.float64
