"""The references of chapter 4's exercises agree with the library, and what their texts say is so."""

from itertools import permutations

import numpy as np
import pytest
import torch
from drawn import framed_cells, labels_of, remarks_on_drawn, texts_of
from hypothesis import given, settings
from hypothesis import strategies as st

from minimask import exercises
from minimask.exercises.check import Finding, Passed, examine
from minimask.exercises.committee.pictures import in_a_plane
from minimask.exercises.inputs import floats
from minimask.gradients.alignment import Alignment
from minimask.gradients.surgery import least_norm, pcgrad
from minimask.gradients.tasks import cosines, products

COSINE, FLOOR, FORK, FATE, OF_TWO, SURGERY, OF_THREE = exercises.chapter(4)
SOME = settings(max_examples=60, deadline=None)


@SOME
@given(COSINE.inputs)
def test_the_cosine_is_the_librarys(drawn):
    first, second = (torch.from_numpy(np.concatenate([layer.ravel() for layer in layers])) for layers in drawn)
    angle = cosines(products(torch.stack([first, second])))[0, 1].item()
    assert COSINE.right_answer(drawn) == pytest.approx(0 if np.isnan(angle) else angle, abs=1e-12)


def test_the_layers_of_the_worked_cosine():
    first, second = COSINE.worked[0]
    by_layer = [COSINE.solution([a], [b]) for a, b in zip(first, second, strict=True)]
    assert by_layer == pytest.approx([4 / 9, -1])
    assert "In the first layer alone it is 4/9, and in the second -1" in COSINE.by_hand


def test_a_layer_of_one_task_alone_pulls_the_cosine_towards_zero():
    shared = [floats([1, 2])], [floats([2, 1])]
    with_a_head = [*shared[0], floats([3, 1])], [*shared[1], floats([0, 0])]
    assert 0 < COSINE.solution(*with_a_head) < COSINE.solution(*shared)


@SOME
@given(FLOOR.inputs)
def test_cosines_and_floors_are_the_alignments(drawn):
    gradients, one, other = drawn
    gram = np.einsum("bin,cjn->bicj", gradients, gradients)[None]
    tasks = tuple(map(str, range(gradients.shape[1])))
    found = Alignment(("all",), tasks, np.zeros(gradients.shape[:2]), gram)
    same, across = found.same_batch()[0].mean(axis=0), found.across_batches()[0].mean(axis=0)
    by_library = [same[one, other], across[one, other], across[one, one], across[other, other]]
    assert FLOOR.right_answer(drawn) == pytest.approx(by_library, abs=1e-12)


@pytest.mark.parametrize("noise", [(3.0, 3.0), (3.0, 1.0)])
def test_tasks_with_one_true_gradient_agree_across_batches_as_much_as_the_floors_allow(noise):
    rng = np.random.default_rng(4)
    batches, numbers = 40, 4000
    truth = rng.normal(size=numbers)
    gradients = truth + rng.normal(size=(batches, 2, numbers)) * np.array(noise)[:, None]
    _, across, *floors = FLOOR.solution(gradients, 0, 1)
    assert floors == pytest.approx([1 / (1 + level**2) for level in noise], abs=0.01)
    assert across == pytest.approx(np.sqrt(np.prod(floors)), abs=0.01)
    assert "the root of the product of the two floors" in FLOOR.explanation


def test_what_a_batch_shares_lifts_the_cosine_above_the_floors():
    rng = np.random.default_rng(5)
    gradients = rng.normal(size=(40, 1, 4000)) + 0.5 * rng.normal(size=(40, 2, 4000))
    same, across, *floors = FLOOR.solution(gradients, 0, 1)
    assert same > 0.7
    assert [across, *floors] == pytest.approx([0, 0, 0], abs=0.01)


@SOME
@given(FORK.inputs)
def test_what_reaches_the_fork_is_what_autograd_says(drawn):
    features, heads, upstream, weights = drawn
    trunk = torch.ones(features.shape[1], len(heads[0]), dtype=torch.float64, requires_grad=True)
    hidden = torch.from_numpy(features) @ trunk
    losses = [
        (torch.from_numpy(from_above) * (hidden @ torch.from_numpy(head))).sum()
        for head, from_above in zip(heads, upstream, strict=True)
    ]
    total = sum(weight * loss for weight, loss in zip(weights.tolist(), losses, strict=True))
    by_torch = torch.autograd.grad(total, [hidden, trunk])
    for right, other in zip(FORK.right_answer(drawn), by_torch, strict=True):
        assert np.allclose(right, other)


@SOME
@given(FATE.inputs)
def test_the_changes_are_those_of_losses_that_are_straight(drawn):
    gram, weights, rate = drawn
    gradients = in_a_plane(gram)
    assert np.allclose(gradients @ gradients.T, gram)
    before, after = np.zeros(2), -rate * weights @ gradients
    changes, loses, conflicts = FATE.right_answer(drawn)
    assert changes == pytest.approx(gradients @ after - gradients @ before, abs=1e-9)
    assert loses == tuple(float(change > 0) for change in changes)
    assert conflicts == tuple((gram < 0).any(axis=0).astype(float))


@settings(max_examples=150, deadline=None)
@given(FATE.inputs)
def test_no_loss_that_stays_as_it_is_rises_by_rounding(drawn):
    gram, weights, rate = drawn
    _, loses, conflicts = FATE.right_answer(drawn)
    for dtype in (np.float32, np.float64):
        products_, own, step = gram.astype(dtype), weights.astype(dtype), dtype(rate)
        order = np.argsort(own)
        for changes in (
            -step * (products_ @ own),
            products_ @ (-step * own),
            -(products_ * step)[:, order] @ own[order],
            -np.cumsum(step * products_ * own, axis=1)[:, -1],
        ):
            assert tuple((changes > 0).astype(float)) == loses
        assert tuple((products_ < 0).any(axis=1).astype(float)) == conflicts


def test_in_the_worked_step_one_task_loses_and_with_equal_weights_none():
    gram, _, rate = FATE.worked[0]
    changes, loses, conflicts = FATE.solution(gram, np.ones(3), rate)
    assert (-changes / rate).tolist() == [2, 5, 3]
    assert not loses.any()
    assert conflicts.tolist() == [True, True, False]
    assert "the three products are 2, 5 and 3, and nobody would" in FATE.by_hand


@SOME
@given(OF_TWO.inputs)
def test_the_shortest_of_two_is_the_librarys(drawn):
    gradients = np.stack(drawn)
    right = OF_TWO.right_answer(drawn)
    assert np.allclose(right, least_norm(gradients @ gradients.T) @ gradients, atol=1e-7)
    assert (gradients @ right >= right @ right - 1e-9).all(), "so that neither loses"


def test_the_worked_shortest_of_two_lowers_both_losses_alike():
    (first, second), right = OF_TWO.worked
    assert [right @ first, right @ second] == pytest.approx([3.2, 3.2])
    tip = floats([3, 1])
    assert -(first @ (tip - first)) > (tip - first) @ (tip - first), "the foot is beyond the tip"
    assert np.array_equal(OF_TWO.right_answer((first, tip)), tip)
    assert "With `[3, 1]` for the second" in OF_TWO.by_hand


@SOME
@given(SURGERY.inputs)
def test_surgery_is_the_librarys(drawn):
    gradients, order = drawn
    in_order = gradients[list(order)]  # the library visits the others in the order of the tasks
    by_library = pcgrad(in_order @ in_order.T) @ in_order
    assert np.allclose(SURGERY.right_answer(drawn).sum(axis=0), by_library)


@SOME
@given(SURGERY.inputs)
def test_two_tasks_are_at_peace_after_surgery(drawn):
    gradients, _ = drawn
    pair = gradients[:2]
    left = SURGERY.right_answer((pair, tuple(range(len(pair)))))
    assert ((left @ pair.T) > -1e-9).all()


def test_what_surgery_leaves_of_the_worked_gradients():
    (gradients, order), right = SURGERY.worked
    assert right[0] @ gradients[2] == -1
    assert right.sum(axis=0) == pytest.approx([0.5, 0.3])
    assert (gradients @ right.sum(axis=0) < 0).sum() == 2
    assert gradients.sum(axis=0).tolist() == [2, -1]
    assert (gradients @ gradients.sum(axis=0) < 0).sum() == 1
    answers = [SURGERY.right_answer((gradients, other)).sum(axis=0) for other in permutations(order)]
    assert len({tuple(answer.round(9)) for answer in answers}) > 1


@SOME
@given(OF_THREE.inputs)
def test_the_shortest_of_three_is_the_librarys(drawn):
    (gradients,) = drawn
    right = OF_THREE.right_answer(drawn)
    assert np.allclose(right, least_norm(gradients @ gradients.T) @ gradients, atol=1e-7)
    assert (gradients @ right >= right @ right - 1e-9).all()


@SOME
@given(OF_THREE.inputs)
def test_tips_do_not_lie_on_a_line_nor_nearly(drawn):
    (gradients,) = drawn
    ways = gradients[1:] - gradients[0]
    assert np.linalg.cond(ways @ ways.T) < 1000


def test_the_worked_triangle_and_the_one_beside_it():
    (gradients,), _ = OF_THREE.worked
    beside = np.vstack([[-3, 0, 1], gradients[1:]])
    assert OF_THREE.right_answer((beside,)).tolist() == [-1, 0, 1]
    assert "If the first tip were (-3, 0, 1)" in OF_THREE.by_hand
    assert "would be (-1, 0, 1), on the edge" in OF_THREE.by_hand


def test_a_weight_that_is_negative_in_the_plane_may_be_above_zero_in_the_answer():
    gradients = floats([(1, 0), (4, -1), (0, 1)])
    ways = gradients[1:] - gradients[0]
    of_others = np.linalg.solve(ways @ ways.T, -(ways @ gradients[0]))
    right = OF_THREE.right_answer((gradients,))
    assert of_others[1] < 0, "the weight of the last"
    assert np.allclose(right, (gradients[0] + gradients[2]) / 2), "of which it makes half"
    assert any(np.array_equal(gradients, example) for (example,) in OF_THREE.examples)


@pytest.mark.parametrize(
    ("id", "remark", "at_least"),
    [
        ("4.1", "of the gradients is zero", 0.02),
        ("4.1", "In one layer the two agree", 0.1),
        ("4.1", "In some layer a gradient is zero", 0.05),
        ("4.2", "more than two batches", 0.2),
        ("4.2", "does not agree with itself", 0.1),
        ("4.3", "has the weight 0", 0.1),
        ("4.3", "one head", 0.05),
        ("4.3", "pull against each other", 0.1),
        ("4.4", "gradient is zero", 0.1),
        ("4.4", "nobody loses", 0.03),
        ("4.4", "stays as it is", 0.03),
        ("4.4", "Somebody loses", 0.1),
        ("4.5", "are equal", 0.01),
        ("4.5", "is zero", 0.05),
        ("4.5", "than the shorter one", 0.1),
        ("4.5", "opposite directions", 0.01),
        ("4.6", "one task", 0.02),
        ("4.6", "is zero", 0.05),
        ("4.6", "No two", 0.05),
        ("4.6", "order matters", 0.03),
        ("4.7", "inside", 0.1),
        ("4.7", "edge", 0.2),
        ("4.7", "tips", 0.05),
    ],
)
def test_what_is_odd_is_drawn_often(id, remark, at_least):
    assert np.mean([remark in text for text in remarks_on_drawn(id)]) >= at_least


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (COSINE, [1.0], "the answer should be one number; yours gave a list of 1: [1]"),
        (COSINE, np.nan, "yours gave nan, as 0 divided by 0 or 0 times inf does"),
        (FLOOR, (1, 1, 1), "four numbers (same, across, floor_one, floor_other); yours gave a tuple of 3: (1, 1, 1)"),
        (FLOOR, (1, 1, 1, 0.5), "the floor of `other` should be 1; yours gave 0.5"),
        (
            FORK,
            np.zeros((1, 2)),
            "two arrays (to_hidden, to_trunk), of two dimensions each; yours gave an array of",
        ),
        (FORK, ([1, 2], [[1, 2]]), "two arrays (to_hidden, to_trunk), of two dimensions each; yours gave a list of 2"),
        (FORK, ([[1, 2]], [[1, 3]]), "of `to_trunk`, the number at row 0, column 1 should be 2; yours gave 3 there"),
        (
            FATE,
            ([-2], [False]),
            "three rows (changes, loses, conflicts), with a place for each task; yours gave a",
        ),
        (FATE, ([-2], False, [False]), "with a place for each task; yours gave one with False in it"),
        (FATE, ([-2], [0.5], [0]), "loses and conflicts should be True or False; yours gave 0.5"),
        (FATE, ([-2], [False], [False, True]), "`conflicts` should have a place for each task, 1 in all; yours gave 2"),
        (FATE, ([True], [False], [False]), "the loss of task 0 should change by -2; yours gave 1"),
        (OF_TWO, 0.5, "an array (n,); yours gave the number 0.5"),
        (OF_TWO, [0.5, 0.5, 0], "the answer should be an array of shape (2,); yours gave one of shape (3,)"),
        (SURGERY, [1, 2], "an array (T, n); yours gave a list of 2: [1, 2]"),
        (OF_THREE, [[1, 0]], "an array (n,); yours gave a list of 1: [[1, 0]]"),
    ],
    ids=str,
)
def test_answers_of_another_kind(exercise, answer, says):
    found = examine(exercise, lambda *given: answer)
    assert isinstance(found, Finding)
    assert says in found.message


def as_tensors(value):
    return type(value)(map(as_tensors, value)) if isinstance(value, tuple) else torch.as_tensor(value)


@pytest.mark.no_cover  # other tests go through the same lines
@pytest.mark.parametrize("exercise", exercises.chapter(4), ids=lambda exercise: exercise.id)
def test_tensors_are_answers_too(exercise):
    assert isinstance(examine(exercise, lambda *given: as_tensors(exercise.solution(*given))), Passed)


@SOME
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=5))
def test_vectors_of_a_plane_are_found_again_but_for_a_turn(vectors):
    rows = floats(vectors)
    found = in_a_plane(rows @ rows.T)
    assert np.allclose(found @ found.T, rows @ rows.T)


def test_layers_stand_beside_the_whole():
    inputs, right = COSINE.worked
    figure = COSINE.draw(Finding("wrong", "", inputs, right, -0.278))
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["layer 0", "layer 1", "all: -0.48, yours -0.278"]
    assert labels_of(figure) == ["first", "second"]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1, "lengths can be compared"


def test_all_cosines_stand_beside_the_four_means():
    inputs, right = FLOOR.worked
    table, expected, yours = FLOOR.draw(Finding("wrong", "", inputs, right, (-0.1, -0.1, 0.8, -0.6))).axes
    names = [label.get_text() for label in table.get_yticklabels()]
    assert names == ["task 0, batch 0", "task 0, batch 1", "task 2, batch 0", "task 2, batch 1"]
    assert texts_of(table)[:4] == ["1", "0.8", "0.6", "-1"]
    assert texts_of(expected) == ["-0.1", "-0.02", "0.8", "-0.6"]
    assert framed_cells(yours) == [(1, 0)]


def test_shares_are_arrows_unless_the_trunk_alone_is_wrong():
    inputs, (to_hidden, to_trunk) = FORK.worked
    figure = FORK.draw(Finding("wrong", "", inputs, (to_hidden, to_trunk), (to_hidden + 1, to_trunk)))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["RoI 0", "RoI 1"]
    assert labels_of(figure) == ["right", "yours", "from head 0", "from head 1"]
    figure = FORK.draw(Finding("wrong", "", inputs, (to_hidden, to_trunk), (to_hidden, to_trunk.T)))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["features", "to_hidden", "right", "yours"]
    assert framed_cells(figure.axes[-1]) == [(0, 1), (1, 0)]


def test_it_is_said_of_each_task_what_becomes_of_it():
    inputs, _ = FATE.worked
    right = FATE.right_answer(inputs)
    yours = right[0], (1.0, 1.0, 0.0), right[2]
    figure = FATE.draw(Finding("wrong", "", inputs, right, yours))
    assert labels_of(figure) == [
        "d, the sum of weight times gradient",
        "task 0, weight 1: +1, loses, in conflict",
        "task 1, weight 3: -7.5, in conflict\nyours: -7.5, loses, in conflict",
        "task 2, weight 1: -3.5",
        "tasks whose gradient lies here lose",
    ]
    (gray, *_) = figure.axes[0].patches
    tips = in_a_plane(inputs[0])
    assert [gray.get_path().contains_point(tip) for tip in tips] == [True, False, False]


def test_an_answer_far_away_leaves_the_gradients_room():
    inputs, right = OF_TWO.worked
    axes = OF_TWO.draw(Finding("wrong", "", inputs, right, right * 1e6)).axes[0]
    assert max(np.abs(axes.get_xlim())) < 20
    assert texts_of(axes) == ["f", "s"]


def test_only_tasks_that_went_wrong_are_drawn():
    inputs, right = SURGERY.worked
    yours = right.copy()
    yours[1] = inputs[0][1]
    figure = SURGERY.draw(Finding("wrong", "", inputs, right, yours))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["task 1"]
    assert labels_of(figure) == ["right", "yours", "gradient 0", "gradient 1", "gradient 2"]
    without = SURGERY.draw(Finding("error", "", inputs, right, None))
    assert len(without.axes) == 3


@pytest.mark.parametrize("inputs", [*OF_THREE.examples, OF_THREE.large_examples[0]], ids=str)
def test_seen_from_above_the_nearest_point_is_the_nearest(inputs):
    right = OF_THREE.right_answer(inputs)
    axes = OF_THREE.draw(Finding("wrong", "", inputs, right, None)).axes[0]
    (triangle,) = axes.patches
    (green,) = [line.get_xydata()[0] for line in axes.lines if line.get_markersize() == 11 and len(line.get_xdata())]
    corners = triangle.get_xy()[:3]
    sides, of_the_drawing = np.diff(inputs[0], axis=0), np.diff(corners, axis=0)
    assert np.allclose(of_the_drawing @ of_the_drawing.T, sides @ sides.T), "the triangle has its own shape"
    assert OF_THREE.right_answer((corners,)) == pytest.approx(green, abs=1e-9)
