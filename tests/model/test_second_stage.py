"""The parts of the second stage, each against plain loops."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from minimask.geometry.boxes import box_iou
from minimask.geometry.nms import nms
from minimask.model.box_head import BETA, box_losses
from minimask.model.detections import detect, refine
from minimask.model.mask_head import MaskHead
from minimask.model.mask_targets import batch_mask_targets, mask_loss, mask_probabilities, mask_targets
from minimask.model.roi_heads import DecoupledHeads
from minimask.model.roi_sampling import RoISample, draw_rois
from minimask.roi.door import roi_align, roi_pool


def boxes_near(generator, count, size=60.0):
    corners = torch.rand(count, 2, generator=generator) * size
    return torch.cat([corners, corners + 4 + 30 * torch.rand(count, 2, generator=generator)], dim=1)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(4)


def test_a_quarter_is_positive_and_the_truth_is_among_them(generator):
    objects = boxes_near(generator, 5)
    proposals = torch.cat(
        [objects.repeat(8, 1) + 2 * torch.randn(40, 4, generator=generator), boxes_near(generator, 200)]
    )
    drawn = draw_rois(proposals, objects, count=64, fraction=0.25, rng=np.random.default_rng(0))
    iou = box_iou(drawn.boxes, objects)
    positive = drawn.matches >= 0
    assert len(drawn.boxes) == 64 and positive.sum() == 16
    assert torch.equal(iou.argmax(1)[positive], drawn.matches[positive]) and (iou.amax(1)[positive] >= 0.5).all()
    assert (iou.amax(1)[~positive] < 0.5).all()
    assert len(drawn.positive().boxes) == 16 and (drawn.positive().matches >= 0).all()


def test_without_good_proposals_the_true_boxes_are_learned_from(generator):
    objects = boxes_near(generator, 3)
    drawn = draw_rois(objects + 500, objects, count=8, rng=np.random.default_rng(0))
    assert torch.equal(drawn.boxes[drawn.matches >= 0], objects[drawn.matches[drawn.matches >= 0]])
    assert (drawn.matches >= 0).sum() == 2  # a quarter of eight


def test_no_object_gets_a_proposal_below_the_threshold():
    """Unlike anchors: there is no low-quality rule in the second stage."""
    proposals, objects = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[0.0, 0, 10, 25]])
    drawn = draw_rois(proposals, objects, count=2, fraction=0.5, rng=np.random.default_rng(0))
    assert drawn.matches.tolist() == [0, -1] and drawn.boxes.tolist() == [objects[0].tolist(), proposals[0].tolist()]


def test_between_the_thresholds_no_roi_is_drawn():
    proposals, objects = torch.tensor([[0.0, 0, 10, 4], [0, 0, 10, 2]]), torch.tensor([[0.0, 0, 10, 10]])
    rng = np.random.default_rng(0)
    drawn = draw_rois(proposals, objects, background=0.3, count=8, rng=rng)
    assert drawn.boxes.tolist() == [objects[0].tolist(), proposals[1].tolist()]
    assert len(draw_rois(proposals, objects, count=8, rng=rng).boxes) == 3


def test_nothing_but_background(generator):
    proposals = boxes_near(generator, 10)
    drawn = draw_rois(proposals, torch.zeros(0, 4), count=6, rng=np.random.default_rng(0))
    assert drawn.matches.tolist() == [-1] * 6 and len(drawn.positive().boxes) == 0


def test_box_losses_as_a_loop(generator):
    logits, deltas = torch.randn(7, 4, generator=generator), 3 * torch.randn(7, 4, 4, generator=generator)
    labels = torch.tensor([0, 3, 1, 0, 2, 2, 0])
    wanted = torch.randn(4, 4, generator=generator)
    classifier = box = 0.0
    row = 0
    for k, label in enumerate(labels.tolist()):
        classifier += math.log(sum(math.exp(value) for value in logits[k].tolist())) - logits[k, label].item()
        if label:
            for value, target in zip(deltas[k, label].tolist(), wanted[row].tolist(), strict=True):
                d = abs(value - target)
                box += d * d / 2 / BETA if d < BETA else d - BETA / 2
            row += 1
    losses = box_losses(logits, deltas, labels, wanted)
    assert losses.classifier.item() == pytest.approx(classifier / 7, rel=1e-5)
    assert losses.box.item() == pytest.approx(box / 7, rel=1e-5)


def test_losses_of_no_rois_are_zero_and_finite():
    losses = box_losses(
        torch.zeros(0, 4, requires_grad=True),
        torch.zeros(0, 4, 4),
        torch.zeros(0, dtype=torch.int64),
        torch.zeros(0, 4),
    )
    assert losses.classifier == losses.box == 0


@pytest.mark.parametrize("rivalry", ["sigmoid", "softmax"])
def test_mask_loss_as_a_loop(generator, rivalry):
    logits = 2 * torch.randn(3, 4, 2, 2, generator=generator)
    labels, targets = torch.tensor([3, 1, 3]), torch.rand(3, 2, 2, generator=generator)
    total = 0.0
    for k, i, j in np.ndindex(3, 2, 2):
        cell, t, label = logits[k, :, i, j].double(), targets[k, i, j].item(), labels[k]
        if rivalry == "sigmoid":
            p = cell[label].sigmoid().item()
            total -= t * math.log(p) + (1 - t) * math.log(1 - p)
        else:
            p = cell.softmax(0)
            total -= t * math.log(p[label].item()) + (1 - t) * math.log(p[0].item())
    assert mask_loss(logits, labels, targets, rivalry).item() == pytest.approx(total / 12, rel=1e-5)


def test_mask_loss_survives_sure_logits():
    logits = torch.tensor([[[[0.0]], [[500.0]]]], requires_grad=True)
    for rivalry in ("sigmoid", "softmax"):
        loss = mask_loss(logits, torch.tensor([1]), torch.zeros(1, 1, 1), rivalry)
        assert loss.item() == 500
        loss.backward()
        assert torch.isfinite(logits.grad).all()


def test_the_mask_of_its_own_class_is_taken(generator):
    logits = torch.randn(2, 3, 4, 4, generator=generator)
    labels = torch.tensor([2, 1])
    expected = torch.stack([logits[0, 2], logits[1, 1]]).sigmoid()
    torch.testing.assert_close(mask_probabilities(logits, labels), expected)
    softmax = torch.stack([functional.softmax(logits[0], 0)[2], functional.softmax(logits[1], 0)[1]])
    torch.testing.assert_close(mask_probabilities(logits, labels, "softmax"), softmax)


def test_targets_are_the_covered_fraction_of_each_cell():
    """On whole pixels, every cell of a target is the mean of the pixels that it covers."""
    masks = (torch.rand(2, 24, 30, generator=torch.Generator().manual_seed(0)) > 0.5).to(torch.uint8)
    boxes = torch.tensor([[4.0, 2, 12, 10], [3, 5, 19, 21]])
    found = mask_targets(masks, boxes, torch.tensor([1, 0]), 4)
    for target, mask, (x1, y1, x2, y2) in zip(found, masks[[1, 0]], boxes.int().tolist(), strict=True):
        crop = mask[y1:y2, x1:x2].float()[None]
        torch.testing.assert_close(target, functional.adaptive_avg_pool2d(crop, 4)[0])


@pytest.mark.parametrize("sizes", [[(24, 30)] * 3, [(24, 30), (24, 30), (20, 40)]], ids=["one size", "two sizes"])
def test_targets_of_a_batch_are_those_of_its_pictures(sizes, generator):
    masks = [
        (torch.rand(count, *size, generator=generator) > 0.5).to(torch.uint8)
        for count, size in zip([2, 0, 3], sizes, strict=True)
    ]
    samples = [
        RoISample(boxes_near(generator, len(matches), size=20), torch.tensor(matches, dtype=torch.int64))
        for matches in ([1, 0, 1], [], [2, 0])
    ]
    expected = [mask_targets(one, *sample, 6, aligned=False) for one, sample in zip(masks, samples, strict=True)]
    assert torch.equal(batch_mask_targets(masks, samples, 6, aligned=False), torch.cat(expected))


def test_published_targets_are_half_a_pixel_off():
    masks = torch.zeros(1, 20, 20)
    masks[0, :, 10:] = 1
    box, first = torch.tensor([[6.0, 4, 14, 12]]), torch.tensor([0])
    aligned, published = (mask_targets(masks, box, first, 8, aligned)[0, 4] for aligned in (True, False))
    assert aligned.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert published.tolist() == [0, 0, 0, 0.5, 1, 1, 1, 1]


def test_detections_as_a_loop(generator):
    scores = torch.rand(40, 5, generator=generator).softmax(1) * 2
    boxes = boxes_near(generator, 200, size=30).reshape(40, 5, 4)
    found = detect(scores, boxes, score_threshold=0.4, nms_threshold=0.5, count=25)
    answers = []
    for label in range(1, 5):
        rows = (scores[:, label] > 0.4).nonzero()[:, 0]
        kept = rows[nms(boxes[rows, label].numpy(), scores[rows, label].numpy(), 0.5)]
        answers += [(scores[row, label].item(), label, row) for row in kept.tolist()]
    answers = sorted(answers, reverse=True)[:25]
    assert [
        (s, label, row) for s, label, row in zip(*(x.tolist() for x in found[2:0:-1]), found.rois.tolist(), strict=True)
    ] == answers
    torch.testing.assert_close(found.boxes, torch.stack([boxes[row, label] for _, label, row in answers]))


def test_the_threshold_is_strict_and_slivers_are_no_answer():
    scores = torch.tensor([[0.0, 0.5], [0.0, 0.6], [0.0, 0.7]])
    boxes = torch.tensor([[0.0, 0, 9, 9], [20, 0, 20.001, 9], [0, 40, 9, 49]])[:, None].expand(3, 2, 4)
    assert detect(scores, boxes, score_threshold=0.5).rois.tolist() == [2]


def test_no_detection_at_all():
    found = detect(torch.zeros(0, 3), torch.zeros(0, 3, 4))
    assert [len(part) for part in found] == [0, 0, 0, 0]


def test_refined_boxes_end_at_the_border():
    deltas = torch.zeros(1, 2, 4)
    deltas[0, 1] = torch.tensor([10.0, 0, 5 * math.log(2), 0])  # one width to the right, twice as wide
    boxes = refine(deltas, torch.tensor([[10.0, 10, 20, 20]]), (30, 32))
    torch.testing.assert_close(boxes[0], torch.tensor([[10.0, 10, 20, 20], [15, 10, 32, 20]]))


def test_rois_are_read_from_their_own_level_and_stay_in_order(generator):
    maps = [torch.randn(2, 3, 64 // 2**k, 64 // 2**k, generator=generator) for k in range(4)]
    strides, boxes = (4, 8, 16), [boxes_near(generator, 9), 3 * boxes_near(generator, 7)]
    for operator, one in (("align", roi_align), ("pool", roi_pool)):
        heads = DecoupledHeads(3, 2, width=4, mask_channels=4, mask_convolutions=1)
        object.__setattr__(heads.settings, "operator", operator)
        object.__setattr__(heads.settings, "canonical_size", 40)
        found = heads.extract(maps, strides, boxes, 5)
        levels = heads.levels(boxes, strides)
        assert set(levels.tolist()) == {0, 1, 2}
        for k, (number, box) in enumerate((n, box) for n, part in enumerate(boxes) for box in part):
            more = {"sampling_ratio": 2, "aligned": True} if operator == "align" else {}
            roi = torch.cat([torch.tensor([float(number)]), box])[None]
            torch.testing.assert_close(found[k], one(maps[levels[k]], roi, 5, 1 / strides[levels[k]], **more)[0])


def test_deltas_are_divided_by_their_weights():
    weights = (1.0, 2.0, 4.0, 8.0)
    deltas = torch.tensor([[[0.5, 0.5, 4 * math.log(2), 8 * math.log(3)]]])
    boxes = refine(deltas, torch.tensor([[10.0, 10, 20, 20]]), (99, 99), weights)
    torch.testing.assert_close(boxes[0], torch.tensor([[10.0, 2.5, 30, 32.5]]))


def test_the_logits_of_one_class_are_those_of_all(generator):
    """Values and gradients, for classes that come several times, once and never."""
    head, labels = MaskHead(3, 5, 4, convolutions=1).double(), torch.tensor([2, 4, 2, 1])
    maps = torch.randn(4, 3, 6, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    everything, own = head(maps), head(maps, labels)
    assert own.shape == (4, 1, 12, 12)
    torch.testing.assert_close(own[:, 0], everything[torch.arange(4), labels])
    followed = (maps, *head.parameters())
    pair = [torch.autograd.grad(found.sin().sum(), followed) for found in (own[:, 0], everything[range(4), labels])]
    for one, other in zip(*pair, strict=True):
        torch.testing.assert_close(one, other)
    assert head(maps[:0], labels[:0]).shape == (0, 1, 12, 12)
