"""The references of chapter 6's exercises agree with the library, and what their texts say is so."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from drawn import framed_cells, labels_of, remarks_on_drawn, texts_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from minimask import exercises
from minimask.exercises.beyond_the_box.inputs import mask_of
from minimask.exercises.check import Finding, Passed, examine
from minimask.exercises.inputs import floats
from minimask.nuclei.agreement import limits
from minimask.nuclei.panoptic import ious_of, panoptic
from minimask.screens import clicks, outline
from minimask.trust import calibration
from minimask.trust.attacks import attack_step

AGREEMENT, PANOPTIC, CLICK, READING, CALIBRATION, ATTACK = exercises.chapter(6)
SOME = settings(max_examples=60, deadline=None)
STRIPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=9)


@SOME
@given(AGREEMENT.inputs)
def test_limits_of_agreement_are_those_of_nuclei(drawn):
    assert AGREEMENT.right_answer(drawn) == pytest.approx(limits(*drawn), abs=1e-9)


def test_what_a_correlation_does_not_say():
    (ours, theirs), _ = AGREEMENT.worked
    assert np.corrcoef(ours, theirs)[0, 1] > 0.99
    assert np.corrcoef(2 * theirs, theirs)[0, 1] == pytest.approx(1)
    bias, low, high = AGREEMENT.solution(floats([10, 30]), floats([20, 20]))
    assert (bias, low < -10, high > 10) == (0, True, True)


def test_of_normal_differences_95_in_100_lie_between_the_limits():
    differences = np.random.default_rng(3).normal(2, 5, 20_000)
    _, low, high = AGREEMENT.solution(differences, np.zeros(20_000))
    assert np.mean((low < differences) & (differences < high)) == pytest.approx(0.95, abs=0.005)


@settings(max_examples=150, deadline=None)
@given(STRIPS)
def test_panoptic_quality_is_that_of_nuclei(strip):
    """On strips of numbered pixels: what the statement says of real objects is so, and nothing matches twice."""
    truth, found = np.array(strip).T[:, None]
    ious = ious_of(found, truth).T
    assert ((ious > 0.5).sum(axis=0) <= 1).all()
    assert ((ious > 0.5).sum(axis=1) <= 1).all()
    quality, recognition, segmentation = PANOPTIC.right_answer((ious,))
    by_library = panoptic(found, truth)
    assert quality == pytest.approx(by_library.quality)
    assert quality == pytest.approx(recognition * segmentation)
    if len(by_library.ious):
        assert segmentation == pytest.approx(by_library.ious.mean())


@settings(max_examples=150, deadline=None)
@given(PANOPTIC.inputs)
def test_in_what_is_drawn_nothing_matches_twice(drawn):
    (ious,) = drawn
    for axis in range(2):
        assert (ious.sum(axis=axis) <= 1).all()


def test_a_small_nucleus_shifted_by_a_pixel_is_missed():
    truth, found = np.zeros((2, 6, 6), dtype=int)
    truth[:4, :4] = 1
    found[1:5, 1:5] = 1
    ious = ious_of(found, truth).T
    assert ious[0, 0] == 9 / 23
    assert PANOPTIC.solution(ious) == (0, 0, 0)
    assert "an IoU of 9 / 23" in PANOPTIC.explanation


@SOME
@given(CLICK.inputs)
def test_the_point_is_where_clicks_go(drawn):
    assert CLICK.right_answer(drawn) == clicks.click_point(*drawn)


@SOME
@given(CLICK.inputs)
def test_no_depth_is_taken_for_another_by_rounding(drawn):
    (mask,) = drawn
    padded = np.pad(mask, 1)
    inside, outside = np.argwhere(padded), np.argwhere(~padded)
    ways = inside[:, None] - outside
    row, column = int(CLICK.right_answer(drawn)[1]), int(CLICK.right_answer(drawn)[0])
    for depths in (
        np.hypot(*np.moveaxis(ways, 2, 0)).min(axis=1),
        np.linalg.norm(ways.astype(np.float32), axis=2).min(axis=1),
        ((ways**2).sum(axis=2) ** 0.5).min(axis=1),
        np.abs(ways @ [1, 1j]).min(axis=1),
    ):
        assert inside[depths.argmax()].tolist() == [row + 1, column + 1]


def test_the_depths_of_the_worked_mask():
    (mask,), (x, y) = CLICK.worked
    depths = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    assert depths[2, 3] ** 2 == pytest.approx(2)
    assert depths[1, 3] == depths[1, 4] == depths.max() == 2
    assert (depths == 1).sum() > mask.sum() / 2, "most have a depth of 1"
    assert (x, y) == (3.5, 1.5)


@SOME
@given(READING.inputs)
def test_a_page_is_read_as_outlines_are(drawn):
    assert READING.right_answer(drawn).tolist() == outline.reading_order(*drawn).tolist()


@settings(max_examples=150, deadline=None)
@given(READING.inputs)
def test_no_drawn_box_joins_a_row_by_rounding(drawn):
    for a in drawn[0]:
        for b in drawn[0]:
            lower = min(a[3] - a[1], b[3] - b[1])
            shared = min(a[3], b[3]) - max(a[1], b[1])
            exact = 2 * shared >= lower
            assert (shared / lower >= 0.5) == (shared >= 0.5 * lower) == (np.float32(shared / lower) >= 0.5) == exact


def test_if_any_box_brought_others_in_a_staircase_would_be_one_row():
    stairs = floats([(4 * k, 2 * k, 4 * k + 3, 2 * k + 4) for k in range(6)])[::-1]
    _, *tops = sorted(stairs[:, 1])
    assert all(lower - upper == 2 for upper, lower in pairwise(tops)), "each shares half of its height with the next"
    assert READING.solution(stairs) == [5, 4, 3, 2, 1, 0]
    turned = stairs * [-1, 1, -1, 1] + [100, 0, 100, 0]
    turned[:, [0, 2]] = turned[:, [2, 0]]
    assert READING.solution(turned) == [4, 5, 2, 3, 0, 1], "two by two from above, and not from left to right"


def test_a_button_one_pixel_higher_than_its_label_is_read_after_it():
    label_and_button = floats([(0, 11, 40, 31), (50, 10, 90, 32)])
    assert READING.solution(label_and_button) == [0, 1]
    assert np.argsort(label_and_button[:, 1]).tolist() == [1, 0]


@settings(max_examples=100, deadline=None)
@given(CALIBRATION.inputs)
def test_no_drawn_score_is_taken_into_another_bin_by_rounding(drawn):
    scores, _, bins = drawn
    edges = np.linspace(0, 1, bins + 1)
    for dtype in (np.float32, np.float64):
        given_scores = scores.astype(dtype)
        first = np.maximum(np.ceil(given_scores * bins) - 1, 0)
        for places in (
            np.maximum(np.searchsorted(edges, given_scores) - 1, 0),
            np.maximum(np.digitize(given_scores, edges, right=True) - 1, 0),
            np.maximum(np.ceil(given_scores / dtype(1 / bins)) - 1, 0),
            [next(k for k in range(bins) if score <= (k + 1) / bins) for score in given_scores],
        ):
            assert np.array_equal(places, first)


def test_the_examples_of_calibration_keep_away_from_edges_that_cannot_be_met():
    for scores, _, bins in CALIBRATION.examples:
        distance = np.abs(scores * bins - np.round(scores * bins))
        exact = scores * 16 % 1 == 0
        assert (distance[~exact] > 1e-3).all()
        assert bins in (1, 2, 4, 8) or (distance[(scores > 0) & (scores < 1)] > 1e-3).all()


def test_half_sure_and_right_half_of_the_time_is_no_error():
    assert CALIBRATION.solution(np.full(8, 0.5), np.arange(8) % 2 == 0, 10) == 0


@SOME
@given(CALIBRATION.inputs)
def test_the_calibration_error_is_that_of_trust(drawn):
    for inputs in (drawn, *CALIBRATION.examples):
        assert CALIBRATION.right_answer(inputs) == pytest.approx(calibration.calibration_error(*inputs), abs=1e-12)


@SOME
@given(CALIBRATION.inputs)
def test_with_one_bin_only_the_means_count(drawn):
    scores, correct, bins = drawn
    assert CALIBRATION.right_answer((scores, correct, 1)) == pytest.approx(abs(scores.mean() - correct.mean()))
    assert CALIBRATION.right_answer(drawn) >= abs(scores.mean() - correct.mean()) - 1e-12, (
        f"with {bins} nothing cancels"
    )


def test_the_worked_gaps():
    (scores, correct, _), right = CALIBRATION.worked
    assert [scores[3:].mean(), scores[:2].mean()] == pytest.approx([0.175, 0.85])
    assert correct[:2].mean() - scores[:2].mean() == pytest.approx(-0.35)
    assert right * 5 == pytest.approx(1.35)


@SOME
@given(ATTACK.inputs)
def test_a_step_is_that_of_attacks_on_arrays_and_on_tensors(drawn):
    picture, start, gradient, step, epsilon = drawn
    by_library = attack_step(*map(torch.from_numpy, (picture, start, gradient)), step, epsilon)
    for other in (attack_step(*drawn), by_library.numpy()):
        assert np.allclose(ATTACK.right_answer(drawn), other, atol=1e-12)


@SOME
@given(ATTACK.inputs)
def test_an_attack_stays_within_its_bounds(drawn):
    picture, start, _, step, epsilon = drawn
    assert np.abs(picture - start).max() <= epsilon, "and is within them before"
    assert picture.min() >= 0 and picture.max() <= 1
    answer = ATTACK.right_answer(drawn)
    assert np.abs(answer - start).max() <= epsilon
    assert answer.min() >= 0 and answer.max() <= 1
    assert np.abs(answer - picture).max() <= step


def test_of_all_steps_that_are_allowed_the_signs_gain_the_most():
    rng = np.random.default_rng(6)
    start, gradient = rng.uniform(0.2, 0.8, (4, 5)), rng.normal(size=(4, 5))
    best = ATTACK.solution(start, start, gradient, 0.1, 0.1) - start
    others = rng.uniform(-0.1, 0.1, (500, 4, 5))
    assert (gradient * best).sum() > (gradient * others).sum(axis=(1, 2)).max()
    assert (gradient * best).sum() == pytest.approx(0.1 * np.abs(gradient).sum())


@pytest.mark.parametrize(
    ("id", "remark", "at_least"),
    [
        ("6.1", "All differences", 0.1),
        ("6.1", "only two pairs", 0.05),
        ("6.1", "agree on average", 0.01),
        ("6.2", "nothing to find", 0.01),
        ("6.2", "True objects: 0", 0.03),
        ("6.2", "Predicted ones: 0", 0.05),
        ("6.2", "No pair matches", 0.1),
        ("6.2", "exactly 0.5", 0.03),
        ("6.3", "fills the picture", 0.1),
        ("6.3", "middle of the mask", 0.1),
        ("6.3", "equally deep", 0.2),
        ("6.3", "touches the border", 0.05),
        ("6.4", "no box", 0.03),
        ("6.4", "exactly half", 0.05),
        ("6.4", "with a third", 0.02),
        ("6.4", "begin at the same place", 0.1),
        ("6.4", "equally high up", 0.05),
        ("6.5", "is 0", 0.1),
        ("6.5", "is 1", 0.02),
        ("6.5", "on the edge", 0.1),
        ("6.5", "more scores", 0.05),
        ("6.5", "is empty", 0.05),
        ("6.6", "the ball.", 0.1),
        ("6.6", "and out of what", 0.1),
        ("6.6", "below 0 or above 1", 0.1),
        ("6.6", "gradient is 0", 0.05),
    ],
)
def test_what_is_odd_is_drawn_often(id, remark, at_least):
    assert np.mean([remark in text for text in remarks_on_drawn(id)]) >= at_least


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (AGREEMENT, 1.0, "three numbers (bias, low, high); yours gave the number 1"),
        (AGREEMENT, (1, "0", 2), "three numbers (bias, low, high); yours gave (1, '0', 2)"),
        (AGREEMENT, (1, 0, 1), "the lower limit should be 1; yours gave 0"),
        (PANOPTIC, None, "your function gave None. Is a `return` missing?"),
        (PANOPTIC, {"quality": 0.75}, "three numbers (quality, recognition, segmentation); yours gave a dict"),
        (PANOPTIC, (0.75, 1, np.nan), "yours gave (0.75, 1, nan)"),
        (CLICK, (1.5,), "two numbers (x, y); yours gave a tuple of 1: (1.5,)"),
        (CLICK, (9, 1.5), "the point should be (1.5, 1.5); yours gave (9, 1.5), which is not on the picture"),
        (CLICK, (1, 1.5), "which is not the center of a pixel"),
        (CLICK, (0.5, 1.5), "which is outside of the mask"),
        (CLICK, (2.5, 1.5), "which is as deep, but comes later"),
        (READING, 0, "the indices of the boxes in the order in which they are read; yours gave the number 0"),
        (READING, [0.5], "the indices of the boxes in the order in which they are read; yours gave [0.5]"),
        (READING, [], "the order should be [0]; yours gave []. Each box should be there once"),
        (CALIBRATION, [0.25], "the answer should be one number; yours gave a list of 1: [0.25]"),
        (CALIBRATION, True, "the answer should be one number; yours gave True"),
        (ATTACK, 0.625, "an array (H, W); yours gave the number 0.625"),
        (ATTACK, [[0.625, 0.5]], "the answer should be an array of shape (1, 1); yours gave one of shape (1, 2)"),
        (ATTACK, [["0.625"]], "an array (H, W); yours gave a list of 1: [['0.625']]"),
    ],
    ids=str,
)
def test_answers_of_another_kind(exercise, answer, says):
    found = examine(exercise, lambda *given: answer)
    assert isinstance(found, Finding)
    assert says in found.message


@pytest.mark.no_cover  # other tests go through the same lines
@pytest.mark.parametrize("exercise", exercises.chapter(6), ids=lambda exercise: exercise.id)
def test_tensors_are_answers_too(exercise):
    assert isinstance(examine(exercise, lambda *given: torch.as_tensor(exercise.solution(*given))), Passed)


def test_lines_of_agreement_are_drawn_over_the_means():
    inputs, right = AGREEMENT.worked
    figure = AGREEMENT.draw(Finding("wrong", "", inputs, right, (1, -3, 5)))
    (axes,) = figure.axes
    (points,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert points.get_xydata().tolist() == [[10.5, -1], [23.5, 1], [35.5, 3]]
    assert labels_of(figure) == ["right: (1, -2.92, 4.92)", "yours: (1, -3, 5)"]


def test_matches_are_framed():
    inputs, right = PANOPTIC.worked
    (axes,) = PANOPTIC.draw(Finding("wrong", "", inputs, right, (0, 0, 0))).axes
    assert texts_of(axes) == ["0.75", "0.1", "0", "0", "0.45", "0.5", "0", "0", "0"]
    (frame,) = [patch for patch in axes.patches if patch.get_linewidth() == 2.2]
    assert (round(frame.get_y() + 0.44), round(frame.get_x() + 0.44)) == (0, 0)
    (axes,) = PANOPTIC.draw(Finding("wrong", "", (np.zeros((0, 2)),), (0, 0, 0), None)).axes
    assert texts_of(axes) == ["no pair"]


def test_the_right_point_has_its_circle_and_a_click_far_away_stays_on_the_paper():
    inputs, right = CLICK.worked
    figure = CLICK.draw(Finding("wrong", "", inputs, right, (5000.0, -3.0)))
    (axes,) = figure.axes
    (circle,) = axes.patches
    assert (tuple(circle.center), circle.radius) == (right, 2)
    assert labels_of(figure) == ["right", "yours"]
    assert axes.get_xlim()[1] < 12
    ring = mask_of("###", "#.#", "###")
    assert labels_of(CLICK.draw(Finding("error", "", (ring,), (0.5, 0.5), None))) == ["right"]


def test_two_ways_lead_through_the_boxes():
    inputs, right = READING.worked
    figure = READING.draw(Finding("wrong", "", inputs, right, np.array([2.0, 0, 1, 7])))
    (axes,) = figure.axes
    right_way, yours = (line.get_xydata().tolist() for line in axes.lines if len(line.get_xydata()) > 1)
    assert right_way == [[1.5, 3], [9.5, 4], [5.5, 6], [1.5, 9]]
    assert yours == [[1.5, 3], [9.5, 4], [1.5, 9]], "a box that there is not is left out"
    assert sorted(texts_of(axes)) == ["0", "1", "2", "3"]
    assert labels_of(READING.draw(Finding("wrong", "", (np.zeros((0, 4)),), np.zeros(0), None))) == []


def test_bins_have_columns_and_the_number_of_their_scores():
    inputs, right = CALIBRATION.worked
    (axes,) = CALIBRATION.draw(Finding("wrong", "", inputs, right, 0.3)).axes
    columns = [(patch.get_x(), patch.get_height()) for patch in axes.patches]
    assert columns == [(0, 0), (0.5, 1), (0.75, 0.5)]
    assert texts_of(axes) == ["2", "1", "2"]
    assert axes.get_title(loc="left") == "error 0.27, yours 0.3"


def test_where_an_attack_went_wrong_is_framed():
    inputs, right = ATTACK.worked
    figure = ATTACK.draw(Finding("wrong", "", inputs, right, floats([(0.58, 0.83), (1, 0.3)])))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["start", "picture", "gradient", "right", "yours"]
    assert framed_cells(figure.axes[-1]) == [(0, 1)]
