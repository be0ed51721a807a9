"""Scores that ask the mask, too: what a mask expects, and that nothing is mixed up when detections change places."""

import numpy as np
import pytest
import torch

from minimask.data.recorded import HELD_OUT
from minimask.model.detections import Detections
from minimask.model.lesson import trained_lesson_model
from minimask.model.mask_scores import expected_iou, scored_by_masks
from minimask.training.batches import as_target


def test_masks_expect_about_the_iou_that_they_have_on_average():
    """The truth is drawn cell by cell with the mask's own probabilities, many times."""
    rng = np.random.default_rng(0)
    masks = rng.beta(0.4, 0.4, size=(5, 28, 28)) * np.linspace(0.6, 1, 5)[:, None, None]
    cut = masks >= 0.5
    truths = rng.random((4000, *masks.shape)) < masks
    met = ((truths & cut).sum((2, 3)) / (truths | cut).sum((2, 3))).mean(axis=0)
    np.testing.assert_allclose(expected_iou(torch.tensor(masks)), met, atol=2e-3)


@pytest.mark.parametrize(("mask", "expected"), [(0.0, 0.0), (0.49, 0.0), (0.5, 0.5), (1.0, 1.0)])
def test_masks_of_one_value(mask, expected):
    assert expected_iou(torch.full((1, 28, 28), mask)).item() == pytest.approx(expected)


def test_no_masks_expect_nothing():
    assert expected_iou(torch.zeros(0, 28, 28)).shape == (0,)
    found = Detections(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0), torch.zeros(0).long())
    (same, other), order = scored_by_masks([found, found], torch.zeros(0, 28, 28))
    assert len(same.boxes) == len(other.boxes) == len(order) == 0


@pytest.fixture(scope="module")
def traces():
    """What the trained model makes of a few pictures, scored in both ways."""
    images = [as_target(picture)[0] for picture in HELD_OUT.pictures(8)]
    found = {}
    for scoring in ("class", "mask"):
        model = trained_lesson_model(scoring=scoring)
        with torch.no_grad():
            found[scoring] = model.trace(images)
    return found


def test_the_same_is_found_in_another_order(traces):
    by_class, by_mask = traces["class"], traces["mask"]
    moved = 0
    for old, new in zip(by_class.detections, by_mask.detections, strict=True):
        assert (new.scores.diff() <= 0).all()
        key = list(zip(old.rois.tolist(), old.labels.tolist(), strict=True))
        order = [key.index(one) for one in zip(new.rois.tolist(), new.labels.tolist(), strict=True)]
        assert sorted(order) == list(range(len(key)))
        torch.testing.assert_close(new.boxes, old.boxes[order], rtol=0, atol=0)
        assert (new.scores <= old.scores[order]).all()
        moved += order != sorted(order)
    assert moved >= 2


def test_masks_stay_with_their_detections(traces):
    """Computed anew from the boxes, in the order of the detections, masks and factors are the same."""
    trace, model = traces["mask"], trained_lesson_model()
    heads = model.roi_heads
    with torch.no_grad():
        boxes = [one.boxes for one in trace.detections]
        features = heads.extract(trace.features, model.backbone.strides, boxes, heads.settings.mask_size)
        logits = heads.predict_masks(features)
    torch.testing.assert_close(trace.mask_features, features)
    torch.testing.assert_close(trace.mask_logits, logits, rtol=1e-4, atol=1e-4)
    labels = torch.cat([one.labels for one in trace.detections])
    masks = logits[torch.arange(len(labels)), labels].sigmoid()
    torch.testing.assert_close(trace.masks, masks, rtol=1e-4, atol=1e-4)
    counts = [len(one) for one in trace.proposals]
    for one, own, scores, output in zip(
        trace.detections,
        torch.split(masks, [len(one.boxes) for one in trace.detections]),
        torch.split(trace.scores, counts),
        trace.outputs,
        strict=True,
    ):
        torch.testing.assert_close(one.scores, scores[one.rois, one.labels] * expected_iou(own), rtol=1e-4, atol=1e-4)
        assert torch.equal(output["scores"], one.scores) and torch.equal(output["labels"], one.labels)
        largest = output["masks"].flatten(1).max(dim=1).values
        torch.testing.assert_close(largest, own.flatten(1).max(dim=1).values, rtol=0, atol=0.2)
