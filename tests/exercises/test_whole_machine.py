"""The references of chapter 5's exercises agree with the machine, and no right answer can fail by rounding."""

from dataclasses import replace
from fractions import Fraction
from math import floor, log, log2, sqrt

import numpy as np
import pytest
import torch
from drawn import framed_cells, labels_of, remarks_on_drawn, texts_of
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from minimask import exercises
from minimask.evaluation import mask_average_precision
from minimask.exercises.check import Finding, Passed, examine
from minimask.exercises.inputs import floats, several, several_with, wholes
from minimask.geometry.masks import mask_iou
from minimask.model.box_head import BETA, box_losses
from minimask.model.detections import detect
from minimask.model.mask_targets import mask_loss, mask_targets
from minimask.model.paste import paste_masks
from minimask.model.roi_sampling import draw_rois

LEVELS, LABELS, BOX_LOSS, MASK_LOSS, CROP, PASTE, PICK, AP = exercises.chapter(5)
SOME = settings(max_examples=50, deadline=None)


@settings(max_examples=150, deadline=None)
@given(LEVELS.inputs)
def test_no_drawn_box_is_taken_to_another_level_by_rounding(drawn):
    boxes, _, _, size, level = drawn
    for dtype in (np.float32, np.float64):
        for x1, y1, x2, y2 in boxes.astype(dtype):
            area = (x2 - x1) * (y2 - y1)
            exact = next(
                k for k in range(-20, 20) if Fraction(float(area)) < Fraction(size) ** 2 * Fraction(4) ** (k + 1)
            )
            for steps in (
                np.log2(np.sqrt(area) / dtype(size)),
                np.log2(np.sqrt(area) / dtype(size)) + dtype(1e-6),
                log2(sqrt(area) / size),
                log(sqrt(area) / size, 2),
                log(sqrt(area) / size) / log(2),
                log2(area / size**2) / 2,
                log2(sqrt(area)) - log2(size),
            ):
                assert floor(level + steps) == level + exact


def test_the_levels_of_the_explanation():
    boxes = floats([(0, 0, 112, 112), (0, 0, 128, 97), (0, 0, 128, 128)])
    assert LEVELS.right_answer((boxes, 2, 5, 224, 4)).tolist() == [3, 2, 3]
    assert "every box of less than 112 by 112" in LEVELS.explanation


@SOME
@given(LABELS.inputs)
def test_labels_are_what_the_machine_draws_its_sample_from(drawn):
    proposals, objects, classes, foreground = drawn
    labels, matched = LABELS.right_answer(drawn)
    rois = np.concatenate([proposals, objects])
    sample = draw_rois(
        torch.from_numpy(proposals),
        torch.from_numpy(objects),
        foreground=foreground,
        background=foreground,
        count=99,
        fraction=1.0,
        rng=np.random.default_rng(0),
    )
    order = np.concatenate([np.flatnonzero(matched >= 0), np.flatnonzero(matched < 0)])
    assert np.array_equal(sample.matches.numpy(), matched[order])
    assert np.array_equal(sample.boxes.numpy(), rois[order])
    assert labels.tolist() == [0 if which < 0 else classes[int(which)] for which in matched]


@settings(max_examples=150, deadline=None)
@given(LABELS.inputs)
def test_no_drawn_iou_is_taken_over_the_threshold_by_rounding(drawn):
    proposals, objects, _, foreground = drawn
    for box in proposals:
        for other in objects:
            exact = exact_iou(box, other) >= Fraction(foreground)
            for dtype in (np.float32, np.float64):
                a, b = box.astype(dtype), other.astype(dtype)
                shared = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
                union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared
                assert (shared / union >= dtype(foreground)) == (shared >= dtype(foreground) * union) == exact


def exact_iou(a, b):
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = (map(Fraction, box) for box in (a, b))
    shared = max(min(ax2, bx2) - max(ax1, bx1), 0) * max(min(ay2, by2) - max(ay1, by1), 0)
    return shared / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared)


@SOME
@given(BOX_LOSS.inputs)
def test_the_loss_of_the_boxes_is_the_machines(drawn):
    deltas, targets, labels, _ = drawn
    logits = torch.zeros(deltas.shape[:2])
    wanted = torch.from_numpy(targets[labels > 0])
    machine = box_losses(logits, torch.from_numpy(deltas), torch.from_numpy(labels), wanted).box
    assert BOX_LOSS.right_answer((deltas, targets, labels, BETA)) == pytest.approx(machine.item())


@SOME
@given(MASK_LOSS.inputs)
def test_the_loss_of_the_masks_is_the_machines(drawn):
    logits, targets, labels = drawn
    machine = mask_loss(*(torch.from_numpy(array) for array in (logits, labels, targets)))
    assert MASK_LOSS.right_answer(drawn) == pytest.approx(machine.item())


def test_what_softmax_masks_cost_in_the_paper():
    assert "costs 5.5 points of AP (24.8 against 30.3" in MASK_LOSS.explanation
    assert round(30.3 - 24.8, 1) == 5.5


@SOME
@given(CROP.inputs)
def test_the_target_is_the_machines_where_cells_are_no_larger_than_pixels(drawn):
    mask, (x1, y1, x2, y2), size = drawn
    small = x1, y1, min(x2, x1 + size), min(y2, y1 + size)
    box = torch.tensor([small])
    machine = mask_targets(torch.from_numpy(mask)[None], box, torch.tensor([0]), size)
    assert np.allclose(CROP.right_answer((mask, small, size)), machine[0], atol=1e-6)


def test_no_sample_of_a_target_lies_outside_of_the_picture():
    seen = []
    CROP.check(lambda *given: seen.append(given) or CROP.solution(*given))
    for mask, (x1, y1, x2, y2), _ in seen:
        assert 0 <= x1 < x2 <= mask.shape[1]
        assert 0 <= y1 < y2 <= mask.shape[0]
    assert np.mean([mask.any() and not mask.all() for mask, *_ in seen]) > 0.5


@SOME
@given(PASTE.inputs)
def test_what_is_pasted_is_what_the_machine_pastes(drawn):
    mask, box, height, width = drawn
    machine = paste_masks(torch.from_numpy(mask)[None], torch.tensor([box]).double(), (height, width))[0]
    assert np.array_equal(PASTE.right_answer(drawn), machine >= 0.5)
    assert (machine - 0.5).abs().min() > 1e-3, "no right answer fails by rounding, or at the threshold"


def test_a_mask_goes_there_and_back():
    mask = np.zeros((6, 8), dtype=bool)
    mask[1:5, 2:7] = [(1, 1, 0, 0, 0), (1, 1, 1, 0, 1), (0, 1, 1, 1, 0), (0, 0, 0, 1, 1)]
    box = 2.0, 1.0, 7.0, 5.0
    target = CROP.right_answer((mask, box, 20))
    assert np.array_equal(PASTE.right_answer((target, box, 6, 8)), mask)
    beside = CROP.right_answer((np.roll(mask, 1, axis=1), box, 20))
    assert not np.array_equal(PASTE.right_answer((beside, box, 6, 8)), mask)


def test_a_mask_of_ones_becomes_its_box():
    pasted = PASTE.right_answer((np.ones((3, 3)), (1.25, 0.75, 5.25, 3.75), 5, 7))
    inside = np.zeros((5, 7))
    inside[1:4, 1:5] = 1  # the centers at 1.5 to 4.5, and at 1.5 to 3.5
    assert np.array_equal(pasted, inside)
    assert "a mask full of ones becomes its box" in PASTE.explanation


@settings(max_examples=100, deadline=None)
@given(PICK.inputs)
def test_detections_are_the_machines(drawn):
    boxes, scores, threshold, overlap, most = drawn
    of_classes = torch.from_numpy(boxes)[:, None].expand(-1, scores.shape[1], -1)
    ways = {"score_threshold": threshold, "nms_threshold": overlap, "count": most}
    machine = detect(torch.from_numpy(scores), of_classes, **ways)
    assert PICK.right_answer(drawn) == list(zip(machine.rois.tolist(), machine.labels.tolist(), strict=True))


class EvaluationOfGivenIous(COCOeval):
    """COCO's evaluation of one picture and one class, with IoUs that are given and not computed."""

    def __init__(self, scores, iou, threshold):
        objects, found = COCO(), COCO()
        shared = {"images": [{"id": 1}], "categories": [{"id": 1}]}
        one = {"image_id": 1, "category_id": 1, "area": 100.0, "iscrowd": 0}
        objects.dataset = {**shared, "annotations": [{"id": m + 1, **one} for m in range(iou.shape[1])]}
        found.dataset = {
            **shared,
            "annotations": [{"id": k + 1, "score": score, **one} for k, score in enumerate(scores.tolist())],
        }
        objects.createIndex()
        found.createIndex()
        super().__init__(objects, found, "bbox")
        self.params.iouThrs = np.array([threshold])
        self.given = iou[np.argsort(-scores, kind="stable")]

    def computeIoU(self, image, category):  # noqa: N802, as COCO calls it
        return self.given if len(self.given) else []


@SOME
@given(AP.inputs)
def test_ap_is_cocos(drawn):
    evaluation = EvaluationOfGivenIous(*drawn)
    evaluation.evaluate()
    evaluation.accumulate()
    assert AP.right_answer(drawn) == pytest.approx(evaluation.eval["precision"][0, :, 0, 0, -1].mean())


@pytest.fixture
def pictures():
    """Return the true masks of three pictures, and predictions with scores: some good, some bad, some twice."""
    rng = np.random.default_rng(5)
    truth, predictions = [], []
    for _ in range(3):
        masks = [rectangle(rng) for _ in range(4)]
        found = [np.roll(mask, rng.integers(0, 3, 2), (0, 1)) for mask in (*masks[:3], *masks[:2])] + [rectangle(rng)]
        truth.append(np.array(masks))
        predictions.append((np.array(found), rng.permutation(1000)[: len(found)] / 1000))
    return truth, predictions


def rectangle(rng):
    mask = np.zeros((40, 40), dtype=bool)
    x, y, width, height = rng.integers(4, 18, 4)
    mask[y : y + height, x : x + width] = True
    return mask


def test_the_mean_over_thresholds_is_the_ap_of_masks(pictures):
    truth, predictions = pictures
    blocks = [mask_iou(found, masks) for masks, (found, _) in zip(truth, predictions, strict=True)]
    iou = np.zeros((sum(len(block) for block in blocks), sum(block.shape[1] for block in blocks)))
    row = column = 0
    for block in blocks:  # with objects of other pictures the IoU is 0
        iou[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    scores = np.concatenate([scores for _, scores in predictions])
    by_hand = [AP.solution(scores, iou, threshold) for threshold in np.linspace(0.5, 0.95, 10)]
    by_coco = mask_average_precision(
        [[("thing", mask) for mask in masks] for masks in truth],
        [[("thing", mask, score) for mask, score in zip(*each, strict=True)] for each in predictions],
    )
    assert by_coco["AP50"] == pytest.approx(by_hand[0])
    assert by_coco["AP75"] == pytest.approx(by_hand[5])
    assert by_coco["AP"] == pytest.approx(np.mean(by_hand))
    assert 0.1 < by_coco["AP"] < by_coco["AP50"] < 0.9


@pytest.mark.parametrize("objects", [1, 2, 3, 4])
def test_no_recall_of_a_drawn_input_is_taken_over_a_level_by_rounding(objects):
    for found in range(objects + 1):
        exact = [100 * found >= objects * level for level in range(101)]
        for levels in (np.linspace(0, 1, 101), np.arange(101) / 100, np.arange(101) * 0.01, np.arange(0, 1.005, 0.01)):
            assert [found / objects >= level for level in levels] == exact


@pytest.mark.parametrize(
    ("id", "remark", "at_least"),
    [
        ("5.1", "too large", 0.1),
        ("5.1", "too small", 0.1),
        ("5.1", "exactly as large", 0.05),
        ("5.2", "no object", 0.02),
        ("5.2", "no proposal", 0.02),
        ("5.2", "exactly the threshold", 0.05),
        ("5.2", "equally well", 0.02),
        ("5.3", "No RoI has an object", 0.05),
        ("5.3", "Some RoIs are background", 0.1),
        ("5.4", "so large", 0.3),
        ("5.4", "no positive RoI", 0.02),
        ("5.5", "half a pixel of the border", 0.3),
        ("5.6", "beyond the picture", 0.3),
        ("5.6", "cuts pixels", 0.02),
        ("5.7", "No score", 0.02),
        ("5.7", "exactly the threshold", 0.05),
        ("5.7", "exactly `overlap`", 0.02),
        ("5.7", "to choose from", 0.05),
        ("5.8", "no detection", 0.01),
        ("5.8", "are equal", 0.1),
        ("5.8", "exactly the threshold", 0.05),
        ("5.8", "Several detections", 0.02),
        ("5.8", "not in order", 0.05),
    ],
)
def test_what_is_odd_is_drawn_often(id, remark, at_least):
    assert np.mean([remark in text for text in remarks_on_drawn(id)]) >= at_least


def smallest(strategy, wrong):
    return find(strategy, wrong, settings=settings(phases=(Phase.generate, Phase.shrink), deadline=None))


def test_a_counterexample_can_lose_any_part_of_a_list():
    assert smallest(several(range(10), 4), lambda drawn: True) == []
    assert smallest(several(range(10), 4), lambda drawn: drawn[-1:] == [7]) == [7]
    assert smallest(several(range(10), 4, least=1), lambda drawn: True) == [0]
    pairs = several_with(st.integers(0, 9), "abc", 3)
    assert smallest(pairs, lambda drawn: ("b", 5) in drawn) == [("b", 5)]


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        (LEVELS, [[4]], "a row of whole numbers, one for each box; yours gave a list of 1: [[4]]"),
        (LEVELS, [4, 4], "the answer should be an array of shape (1,); yours gave one of shape (2,)"),
        (LEVELS, 4, "yours gave the number 4"),
        (LABELS, ([2, 2], [0]), "(labels, matched), as long as one another; yours gave rows of unequal length"),
        (LABELS, np.zeros((3, 2)), "as long as one another; yours gave an array of shape (3, 2)"),
        (LABELS, ([2, 2], [0, 0.5]), "yours gave [(2, 2), (0, 0.5)]"),
        (LABELS, ([2, 2], [1, 0]), "RoI 0 should get the object 0; yours gave 1"),
        (LABELS, ([2, 1], [0, 0]), "RoI 1, the box of object 0, should get the label 2; yours gave 1"),
        (BOX_LOSS, [2.5], "the answer should be one number; yours gave a list of 1: [2.5]"),
        (MASK_LOSS, np.inf, "yours gave inf, as a division by 0 or the logarithm of 0 does"),
        (CROP, [1.0], "an array (size, size); yours gave a list of 1: [1]"),
        (CROP, [[True]], "an array (size, size); yours gave a list of 1: [[True]]"),
        (PASTE, np.zeros(20, bool), "a Boolean array (H, W); yours gave an array of shape (20,)"),
        (PASTE, [[True, False], [True]], "a Boolean array (H, W); yours gave rows of unequal length"),
        (PASTE, np.full((3, 4), 2), "a Boolean array (H, W); yours gave one with 2 in it"),
        (PASTE, np.full((3, 4), 0.5), "a Boolean array (H, W); yours gave one with 0.5 in it"),
        (PICK, [], "the answer should be [(0, 1)]; yours gave []"),
        (PICK, (0, 1), "a list of pairs of whole numbers (roi, class); yours gave a tuple of 2: (0, 1)"),
        (PICK, [(0, 0.5)], "a list of pairs of whole numbers (roi, class); yours gave [(0, 0.5)]"),
        (PICK, {}, "a list of pairs of whole numbers (roi, class); yours gave a dict"),
        (PICK, [(0, 1), (0, 1)], "the answer should be [(0, 1)]; yours gave [(0, 1), (0, 1)]"),
        (AP, "1", "the answer should be one number; yours gave '1'"),
    ],
    ids=str,
)
def test_answers_of_another_kind(exercise, answer, says):
    found = examine(exercise, lambda *given: answer)
    assert isinstance(found, Finding)
    assert says in found.message


@pytest.mark.parametrize("dtype", [bool, int, np.float32, torch.bool, torch.float32], ids=str)
def test_pixels_are_true_and_false_in_whatever_form(dtype):
    def paste(*given):
        answer = PASTE.solution(*given)
        return torch.from_numpy(answer).to(dtype) if isinstance(dtype, torch.dtype) else answer.astype(dtype)

    assert isinstance(examine(replace(PASTE, draws=20), paste), Passed)
    assert isinstance(examine(replace(PASTE, draws=20), lambda *given: PASTE.solution(*given).tolist()), Passed)


def test_wrong_levels_are_named():
    inputs, right = LEVELS.worked
    figure = LEVELS.draw(Finding("wrong", "", inputs, right.astype(float), np.array([4.0, 2, 3, 1])))
    assert labels_of(figure) == [
        "224 by 224: level 4",
        "box 0: level 4",
        "box 1: level 2",
        "box 2: level 3",
        "box 3: level 2, yours 1",
    ]
    assert texts_of(figure.axes[0]) == ["0", "1", "2", "3"]
    without = LEVELS.draw(Finding("wrong", "", inputs, right.astype(float), np.array([4.0])))
    assert "yours" not in " ".join(labels_of(without))


def test_the_first_wrong_label_is_named():
    inputs, right = LABELS.worked[0], floats(LABELS.worked[1])
    yours = right.copy()
    yours[:, 1] = 3, 1
    figure = LABELS.draw(Finding("wrong", "", inputs, right, yours))
    assert labels_of(figure) == [
        "RoI 0",
        "RoI 1\nright: label 0, object -1\nyours: label 3, object 1",
        "RoI 2",
        "object 0, class 3",
        "object 1, class 1",
    ]
    nothing = floats([], 0, 4), floats([], 0, 4), wholes(), 0.5
    assert labels_of(LABELS.draw(Finding("wrong", "", nothing, np.zeros((2, 0)), None))) == []


def test_targets_stand_beside_the_deltas_of_their_class():
    inputs, right = BOX_LOSS.worked
    deltas, targets = BOX_LOSS.draw(Finding("wrong", "", inputs, right, 0.0)).axes
    names = [label.get_text() for label in deltas.get_yticklabels()]
    assert names == ["RoI 0, class 0", "RoI 0, class 1 (its label)", "RoI 1, class 0 (its label)", "RoI 1, class 1"]
    assert texts_of(targets) == ["0"] * 4 + ["3"] * 4
    assert [text.get_position()[1] for text in targets.texts] == [1] * 4 + [2] * 4


def test_logits_stand_class_by_class_beside_the_target():
    inputs = MASK_LOSS.examples[5]
    figure = MASK_LOSS.draw(Finding("wrong", "", inputs, 1.0, 0.0))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["class 0", "class 1", "class 2", "target"]
    assert [texts_of(axes) for axes in figure.axes] == [["0", "2"], ["1", "-2"], ["3", "5"], ["1", "1"]]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["RoI 0, of class 2", "RoI 1, of class 1"]
    empty = MASK_LOSS.draw(Finding("wrong", "", MASK_LOSS.examples[-1], 0.0, None))
    assert [label.get_text() for label in empty.axes[0].get_yticklabels()] == ["no RoI"]


def test_centers_of_cells_lie_on_the_mask():
    inputs, right = CROP.worked
    mask, _, yours = CROP.draw(Finding("wrong", "", inputs, right, right.T)).axes
    x, y = mask.lines[-1].get_data()
    assert sorted(zip(x, y, strict=True)) == [(0.5, 0), (0.5, 1), (1.5, 0), (1.5, 1)], "pixel 0 is drawn around 0"
    assert framed_cells(yours) == [(0, 1), (1, 0)]


def test_the_box_lies_on_the_picture():
    inputs, right = PASTE.worked
    mask, expected, yours = PASTE.draw(Finding("wrong", "", inputs, right.astype(float), 1.0 - right)).axes
    assert texts_of(mask) == ["0.9", "0.3", "0.9", "0.9"]
    for axes in (expected, yours):
        assert any(patch.get_bbox().bounds == (0.5, -0.5, 4, 2) for patch in axes.patches)
    assert len(framed_cells(yours)) == right.size


def test_detections_are_framed_with_their_ranks():
    inputs, right = PICK.worked
    rois, table = PICK.draw(Finding("wrong", "", inputs, right, [(0, 1), (1, 1), (7, 9)])).axes
    assert texts_of(rois) == ["0", "1", "2"]
    assert texts_of(table)[9:] == ["1.", "2.", "3.", "1.", "2.", "3."]
    frames = [patch for patch in table.patches if patch.get_linewidth() == 2.2]
    centers = [(round(f.get_y() + f.get_height() / 2), round(f.get_x() + f.get_width() / 2)) for f in frames]
    assert centers == [*right, (0, 1), (1, 1), (7, 9)]


def test_true_and_false_detections_are_told_apart():
    inputs, right = AP.worked
    table, curve = AP.draw(Finding("wrong", "", inputs, right, 0.5)).axes
    assert texts_of(table) == ["0.8", "0", "0.7", "0", "0", "0.6"]
    points = [(line.get_marker(), *map(float, line.get_xydata()[0])) for line in curve.lines[1:4]]
    assert points == [("o", 0.5, 1), ("x", 0.5, 0.5), ("o", 1, pytest.approx(2 / 3))]
    assert curve.get_title(loc="left") == "AP 0.835, yours 0.5"
