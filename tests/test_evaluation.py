"""AP: small cases with known answers, and the same figures as pycocotools says of the same files."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from minimask.data.coco import export_coco
from minimask.data.coco_folder import CocoFolder
from minimask.data.found import Found, as_found
from minimask.data.picture import Picture
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.evaluation import CocoEvaluation, coco_results, mask_average_precision
from minimask.evaluation.scores import THRESHOLDS
from minimask.geometry.masks import mask_box


def block(x1, y1, x2, y2, size=(20, 20)):
    mask = np.zeros(size, dtype=bool)
    mask[y1:y2, x1:x2] = True
    return mask


TRUE = block(2, 2, 12, 12)


def test_perfect_predictions_get_one():
    ap = mask_average_precision([[("a", TRUE)], []], [[("a", TRUE, 0.3)], []])
    assert ap == pytest.approx({"AP": 1, "AP50": 1, "AP75": 1})


def test_an_iou_between_two_thresholds_passes_those_below_it():
    # 80 of 100 pixels: IoU 0.8 passes the thresholds 0.50 to 0.75, and 0.80 itself: seven of ten.
    ap = mask_average_precision([[("a", TRUE)]], [[("a", block(2, 2, 12, 10), 0.9)]])
    assert ap == pytest.approx({"AP": 0.7, "AP50": 1, "AP75": 1})


def test_a_false_alarm_scored_higher_halves_the_precision():
    wrong = block(14, 14, 19, 19)
    first = mask_average_precision([[("a", TRUE)]], [[("a", TRUE, 0.5), ("a", wrong, 0.9)]])
    last = mask_average_precision([[("a", TRUE)]], [[("a", TRUE, 0.9), ("a", wrong, 0.5)]])
    assert first["AP"] == pytest.approx(0.5)
    assert last["AP"] == pytest.approx(1)


def test_ap_is_the_mean_over_classes():
    truth = [[("a", TRUE), ("b", block(0, 13, 19, 19))]]
    assert mask_average_precision(truth, [[("a", TRUE, 0.9)]])["AP"] == pytest.approx(0.5)


def test_the_wrong_class_does_not_count():
    truth = [[("a", TRUE)], [("b", TRUE)]]
    assert mask_average_precision(truth, [[("b", TRUE, 0.9)], [("a", TRUE, 0.9)]])["AP"] == 0


def test_nothing_is_printed(capsys):
    mask_average_precision([[("a", TRUE)]], [[]])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("truth", "predictions", "message"),
    [
        ([[("a", TRUE)]], [], "predictions must have one list per picture"),
        ([[]], [[]], "truth must hold at least one object"),
        ([[("a", TRUE)]], [[("b", TRUE, 1.0)]], r"predictions must name classes of truth \(a\), got \['b'\]"),
    ],
)
def test_bad_input_is_named(truth, predictions, message):
    with pytest.raises(ValueError, match=message):
        mask_average_precision(truth, predictions)


# CocoEvaluation: by hand


def picture_of(*masks, labels=None, crowd=None, size=(20, 20)):
    boxes = [mask_box(mask) if mask.any() else [0, 0, 1, 1] for mask in masks]
    return Picture(
        np.zeros((*size, 3), np.uint8),
        np.array(masks, dtype=bool).reshape(-1, *size),
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.array(labels if labels is not None else [1] * len(masks), dtype=np.int64),
        crowd=np.array(crowd if crowd is not None else [False] * len(masks)),
    )


def found_of(*masks, scores=None, labels=None, size=(20, 20)):
    picture = picture_of(*masks, labels=labels, size=size)
    scores = [0.9 - 0.1 * k for k in range(len(masks))] if scores is None else scores
    return Found(picture.boxes, picture.labels, np.array(scores, dtype=np.float32), picture.masks)


def evaluated(*pairs, classes=("a", "b")):
    evaluation = CocoEvaluation(classes)
    for picture, found in pairs:
        evaluation.add(picture, found)
    return evaluation.scores()


def test_thresholds_are_passed_one_by_one():
    # 80 of 100 pixels, 9 of 10 rows of the box: the mask's IoU is 0.8, the box's too.
    scores = evaluated((picture_of(TRUE), found_of(block(2, 2, 12, 10))))
    for figures in (scores.masks, scores.boxes):
        assert figures.by_threshold == pytest.approx([1] * 7 + [0] * 3)
        assert (figures.ap, figures.ap50, figures.ap75) == pytest.approx((0.7, 1, 1))
        assert figures.recall100 == pytest.approx(0.7)
    assert THRESHOLDS == (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def test_masks_and_boxes_are_told_apart():
    cross = block(2, 6, 12, 8) | block(6, 2, 8, 12)
    scores = evaluated((picture_of(cross), found_of(TRUE)))
    assert (scores.masks.ap50, scores.boxes.ap) == pytest.approx((0, 1))


def test_a_false_alarm_between_two_right_answers():
    """By hand: precision 1 up to a recall of 1/2, then 2/3; of 101 recalls, 51 are up to 1/2."""
    two, wrong = block(14, 14, 19, 19), block(14, 0, 19, 4)
    scores = evaluated((picture_of(TRUE, two), found_of(TRUE, wrong, two)))
    assert scores.masks.ap == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert (scores.masks.recall1, scores.masks.recall10) == pytest.approx((0.5, 1))


def test_of_each_picture_and_class_only_the_surest_count():
    """The object is found by the eleventh detection only."""
    wrong = [block(k, 15, k + 2, 18) for k in range(10)]
    scores = evaluated((picture_of(TRUE), found_of(*wrong, TRUE, scores=np.linspace(0.9, 0.1, 11))))
    assert (scores.masks.recall1, scores.masks.recall10, scores.masks.recall100) == (0, 0, 1)
    assert scores.masks.ap == pytest.approx(1 / 11)


def test_what_is_found_in_a_crowd_counts_neither_as_right_nor_as_wrong():
    crowd, inside = block(0, 12, 20, 20), [block(1, 13, 5, 19), block(8, 13, 12, 19)]
    found = found_of(*inside, TRUE)
    assert evaluated((picture_of(TRUE, crowd, crowd=[False, True]), found)).masks.ap == pytest.approx(1)
    assert evaluated((picture_of(TRUE, crowd), found)).masks.ap < 0.2
    scores = evaluated((picture_of(TRUE, crowd, crowd=[False, True]), found))
    assert (scores.objects, scores.found, scores.pictures) == (1, 3, 1)


def test_classes_that_do_not_occur_count_for_nothing():
    scores = evaluated((picture_of(TRUE, labels=[2]), found_of(TRUE, TRUE, labels=[2, 1])), classes=["a", "b", "c"])
    assert math.isnan(scores.masks.by_class[0]) and math.isnan(scores.masks.by_class[2])
    assert scores.masks.by_class[1] == pytest.approx(1) and scores.masks.ap == pytest.approx(1)
    assert math.isnan(scores.masks.large) and scores.masks.small == pytest.approx(1)
    crowd_alone = picture_of(TRUE, TRUE, labels=[1, 2], crowd=[True, False])
    assert math.isnan(evaluated((crowd_alone, found_of(TRUE, labels=[2]))).masks.by_class[0])


def test_nothing_found_is_zero_and_nothing_to_find_is_an_error():
    assert evaluated((picture_of(TRUE), found_of())).masks.ap == 0
    assert evaluated((picture_of(TRUE), found_of()), (picture_of(), found_of(TRUE))).boxes.ap == 0
    with pytest.raises(ValueError, match="must hold at least one object, got 0 pictures without any"):
        CocoEvaluation(["a"]).scores()
    for picture in (picture_of(), picture_of(TRUE, crowd=[True])):
        with pytest.raises(ValueError, match="must hold at least one object, got 1 pictures without any"):
            evaluated((picture, found_of(TRUE)))


def test_stated_areas_tell_small_from_large():
    picture = replace(picture_of(TRUE), areas=np.array([96.0**2 + 1]))
    scores = evaluated((picture, found_of(TRUE)))
    assert math.isnan(scores.masks.small) and scores.masks.large == scores.boxes.large == pytest.approx(1)


# CocoEvaluation: against pycocotools

WORLD = ShapesWorld(height=200, width=240, objects=(0, 8), sizes=(14, 180), crowding=0.3, seed=11)
PICTURES = 10


def with_crowds(picture, index):
    return replace(picture, crowd=np.arange(len(picture.labels)) % 5 == index % 5)


def noisy(picture, rng):
    """Return what a middling detector would find: most objects, moved a little, some twice, some of the wrong class."""
    rows = rng.permutation(np.repeat(np.arange(len(picture.labels)), rng.integers(0, 4, len(picture.labels))))
    masks = picture.masks[rows].copy()
    for k in range(len(rows)):
        masks[k] = np.roll(masks[k], tuple(rng.integers(-4, 5, 2)), axis=(0, 1))
    labels = np.where(rng.random(len(rows)) < 0.15, rng.integers(1, 7, len(rows)), picture.labels[rows])
    scores = np.round(rng.random(len(rows)), 1)  # many are equal
    boxes = picture.boxes[rows] + rng.integers(-8, 9, (len(rows), 4)) / 4 * [1, 1, 0, 0]
    return Found(boxes.astype(np.float32), labels, scores.astype(np.float32), masks)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A data set with crowds, objects of all sizes and pictures without any, and what was found in it."""
    folder = tmp_path_factory.mktemp("evaluation") / "set"
    export_coco((with_crowds(picture, k) for k, picture in enumerate(WORLD.pictures(PICTURES))), folder)
    pictures = CocoFolder(folder)
    rng = np.random.default_rng(0)
    return folder, pictures, [noisy(picture, rng) for picture in pictures]


def direct(folder, results, kind):
    truth = COCO(folder / "annotations.json")
    (folder / f"{kind}.json").write_text(json.dumps(results))
    evaluation = COCOeval(truth, truth.loadRes(str(folder / f"{kind}.json")), kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation


def test_figures_are_those_of_pycocotools_on_files(exported, capsys):
    folder, pictures, found = exported
    evaluation = CocoEvaluation(pictures.classes)
    for number, picture, one in zip(pictures.image_ids, pictures, found, strict=True):
        evaluation.add(picture, one, number)
    scores = evaluation.scores()
    assert capsys.readouterr().out == ""
    results = [line for k, one in enumerate(found) for line in coco_results(one, k, pictures.category_ids)]
    without_boxes = [{key: value for key, value in line.items() if key != "bbox"} for line in results]
    for figures, kind, lines in ((scores.masks, "segm", without_boxes), (scores.boxes, "bbox", results)):
        expected = direct(folder, lines, kind)
        values = [
            value for name, value in scores.flat().items() if name.startswith("mask" if kind == "segm" else "box")
        ]
        assert values == pytest.approx(expected.stats, abs=1e-12)
        assert min(values) > 0.05 and len(values) == 12
        precision = expected.eval["precision"][:, :, :, 0, 2]
        assert figures.by_threshold == pytest.approx([row[row > -1].mean() for row in precision], abs=1e-12)
        assert figures.by_class == pytest.approx(precision.mean(axis=(0, 1)), abs=1e-12)
    assert (scores.pictures, scores.found) == (PICTURES, len(results))


def test_processes_together_say_what_one_says(exported):
    _, pictures, found = exported
    one, parts = CocoEvaluation(CLASSES), [CocoEvaluation(CLASSES) for _ in range(3)]
    for k, (picture, seen) in enumerate(zip(pictures, found, strict=True)):
        one.add(picture, seen)
        parts[k % 3].add(picture, seen, k)
    whole = CocoEvaluation(CLASSES)
    for part in reversed(parts):
        whole.merge(json.loads(json.dumps(part.export())))
    assert len(whole) == PICTURES
    assert repr(whole.scores()) == repr(one.scores())
    with pytest.raises(ValueError, match="image_id must be another one for every picture, got 0 twice"):
        whole.merge(parts[0].export())
    with pytest.raises(ValueError, match=r"classes must be the same, got \['a'\] for \['disc'"):
        whole.merge(CocoEvaluation(["a"]).export())


def test_asking_twice_changes_nothing(exported):
    _, pictures, found = exported
    evaluation = CocoEvaluation(CLASSES)
    for picture, one in zip(pictures, found, strict=True):
        evaluation.add(picture, one)
        if len(evaluation) == 5:
            before, half = json.dumps(evaluation.export()), evaluation.scores()
            assert json.dumps(evaluation.export()) == before
    assert repr(evaluation.scores()) == repr(evaluation.scores()) != repr(half)


def test_tensors_and_probabilities_are_taken_as_a_model_gives_them():
    found = found_of(TRUE)
    output = {name: torch.from_numpy(part) for name, part in found._asdict().items()}
    output["masks"] = torch.where(output["masks"], 0.5, 0.49)[:, None].requires_grad_()
    scores = evaluated((picture_of(TRUE), output), (picture_of(TRUE), found))
    assert scores.masks.ap == scores.boxes.ap == pytest.approx(1)
    assert not as_found(output, (20, 20), 2, threshold=0.6).masks.any()


def test_a_table_in_words():
    lines = evaluated((picture_of(TRUE), found_of(block(2, 2, 12, 10)))).lines()
    assert lines[0].split() == ["1", "pictures,", "1", "objects,", "1", "found", "masks", "boxes"]
    assert lines[1].split()[-2:] == ["0.700", "0.700"] and lines[1].startswith("AP, mean over IoU .50 to .95")
    assert [line.split() for line in lines[-2:]] == [["AP", "of", "a", "0.700", "0.700"], ["AP", "of", "b", "-", "-"]]
    assert len({len(line) for line in lines}) == 1


def test_results_are_cocos():
    (line,) = coco_results(found_of(block(2, 3, 12, 10), labels=[2], scores=[0.5]), np.int64(7), (18, 44))
    assert json.loads(json.dumps(line)) == line
    assert (line["image_id"], line["category_id"], line["bbox"], line["score"]) == (7, 44, [2, 3, 10, 7], 0.5)
    assert coco_results(found_of(), 1) == []
    with pytest.raises(ValueError, match=r"category_ids must have one id for each label, got 1 for labels \[2\]"):
        coco_results(found_of(TRUE, labels=[2]), 7, [18])


GOOD = {"boxes": [[0, 0, 5, 5]], "labels": [1], "scores": [0.5], "masks": np.ones((1, 20, 20), bool)}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"scores": None}, TypeError, "must have boxes, labels, scores, masks, got dict without 'scores'"),
        ({"boxes": [[5, 0, 0, 5]]}, ValueError, "boxes must have x1 <= x2"),
        ({"boxes": [[0, 0, 5, math.nan]]}, ValueError, "boxes must be finite"),
        ({"labels": [3]}, ValueError, "labels must be from 1 to 2, got 3 to 3"),
        ({"labels": [0]}, ValueError, "labels must be from 1 to 2, got 0 to 0"),
        ({"labels": [1.0]}, TypeError, "labels must be whole numbers, got dtype float64"),
        ({"labels": [1, 1]}, ValueError, r"one value for each of 1 boxes, got shapes \(2,\) and \(1,\)"),
        ({"scores": [[0.5]]}, ValueError, r"one value for each of 1 boxes, got shapes \(1,\) and \(1, 1\)"),
        ({"scores": [math.inf]}, ValueError, "scores must be finite"),
        ({"masks": np.ones((1, 20, 21), bool)}, ValueError, r"shape \(1, 20, 20\), .* got \(1, 20, 21\)"),
        ({"masks": np.ones((1, 2, 20, 20), bool)}, ValueError, r"shape \(1, 20, 20\), .* got \(1, 2, 20, 20\)"),
        ({"masks": np.ones((1, 20, 20), int)}, TypeError, "masks must be Boolean or probabilities, got dtype int64"),
    ],
)
def test_what_does_not_fit_the_picture_is_refused(change, error, message):
    found = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    evaluation = CocoEvaluation(["a", "b"])
    with pytest.raises(error, match=message):
        evaluation.add(picture_of(TRUE), found)
    assert len(evaluation) == 0
    evaluation.add(picture_of(TRUE), GOOD)


def test_truth_and_numbers_must_fit():
    evaluation = CocoEvaluation(["a"])
    with pytest.raises(ValueError, match=r"the picture's labels must be from 1 to 1, got \[2\]"):
        evaluation.add(picture_of(TRUE, labels=[2]), found_of())
    with pytest.raises(ValueError, match="image_id must be a whole number of at least 0"):
        evaluation.add(picture_of(TRUE), found_of(), 1.5)
    evaluation.add(picture_of(TRUE), found_of(), 1)
    with pytest.raises(ValueError, match="image_id must be another one for every picture, got 1 twice"):
        evaluation.add(picture_of(TRUE), found_of(), 1)
    evaluation.add(picture_of(TRUE), found_of())  # number 1 is taken: this is 2
    assert [record["id"] for record in evaluation.export()["pictures"]] == [1, 2]
    with pytest.raises(ValueError, match="classes must name at least one class"):
        CocoEvaluation([])
