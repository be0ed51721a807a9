"""The whole Mask R-CNN against torchvision's: the same weights give the same detections, losses and gradients."""

import re

import numpy as np
import pytest
import torch
from torchvision.models.detection import maskrcnn_resnet50_fpn
from torchvision.models.detection.rpn import RegionProposalNetwork
from twins import FEW, copies, scene, twins

import minimask
from minimask.model.mask_rcnn import Samples
from minimask.model.roi_sampling import RoISample
from minimask.model.rpn_losses import Sample, draw_sample
from minimask.model.weights import load_weights

CASES = {
    "small": [(50, 70)],
    "very wide": [(40, 600)],
    "very tall": [(700, 33)],
    "unequal": [(50, 70), (64, 64), (90, 40)],
}
KEYS = ("boxes", "labels", "scores", "masks")


@pytest.fixture(scope="module")
def pair():
    return twins(min_size=128, max_size=900, **FEW)


def detections(pair, images):
    with torch.no_grad():
        return pair.ours(images), pair.theirs(list(images))


def assert_same(found, expected, tolerances):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert set(one) == set(other) == set(KEYS)
        assert torch.equal(one["labels"], other["labels"])
        for key, tolerance in zip(("boxes", "scores", "masks"), tolerances, strict=True):
            assert one[key].dtype == other[key].dtype
            assert one[key].shape == other[key].shape
            torch.testing.assert_close(one[key], other[key], rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", CASES)
def test_detections(pair, name):
    pair.to(torch.float32)
    images, _ = scene(CASES[name])
    found, expected = detections(pair, images)
    assert_same(found, expected, (1e-3, 1e-5, 1e-4))
    for one, image in zip(found, images, strict=True):
        assert len(one["boxes"]) == FEW["box_detections_per_img"]
        assert one["masks"].shape[1:] == (1, *image.shape[1:])
        assert one["masks"].max() > 0.6
    if name == "unequal":  # answers are many and of many kinds, else this would say little
        labels, scores = (torch.cat([one[key] for one in found]) for key in ("labels", "scores"))
        assert len(labels.unique()) >= 4
        assert scores.max() - scores.min() > 0.3
        assert len(scores.unique()) == len(scores)


@pytest.mark.parametrize("name", ["very wide", "unequal"])
def test_detections_in_float64(pair, name):
    """There no two numbers are equal by rounding, and every detection has its place."""
    pair.to(torch.float64)
    images, _ = scene(CASES[name], torch.float64, seed=1)
    assert_same(*detections(pair, images), (1e-8, 1e-10, 1e-8))


def test_a_picture_in_which_nothing_is_found():
    pair = twins(min_size=64, box_score_thresh=0.9999, **FEW).to(torch.float32)
    found, expected = detections(pair, scene([(50, 70), (30, 64)])[0])
    assert [len(one["boxes"]) for one in found] == [0, 0]
    assert_same(found, expected, (0, 0, 0))


def test_the_published_size():
    """Shorter side 800, 1000 proposals, 100 detections, and strides that torchvision infers for itself."""
    pair = twins(seed=1).to(torch.float32)
    for pool in (pair.theirs.roi_heads.box_roi_pool, pair.theirs.roi_heads.mask_roi_pool):
        pool.scales = pool.map_levels = None
    found, expected = detections(pair, scene([(240, 300)])[0])
    assert len(found[0]["boxes"]) == 100
    assert_same(found, expected, (1e-3, 1e-5, 1e-4))


# Training


def record(monkeypatch, theirs):
    """Have torchvision's model write down what it draws, as our samples."""
    anchors, rois = [], []
    draw, select = theirs.rpn.fg_bg_sampler, theirs.roi_heads.select_training_samples

    def draw_anchors(labels):
        masks = draw(labels)
        anchors.extend([mask.nonzero()[:, 0].numpy() for mask in part] for part in masks)
        return masks

    def select_rois(proposals, targets):
        found = select(proposals, targets)
        boxes, matches, labels, _ = found
        rois.extend(
            RoISample(one, torch.where(label > 0, match, -1))
            for one, match, label in zip(boxes, matches, labels, strict=True)
        )
        return found

    monkeypatch.setattr(theirs.rpn, "fg_bg_sampler", draw_anchors)
    monkeypatch.setattr(theirs.roi_heads, "select_training_samples", select_rois)
    return anchors, rois


def step(monkeypatch, pair, sizes, dtype, **settings):
    """Return the losses and gradients of both models on what torchvision's draws."""
    for model in pair:
        model.zero_grad()
    images, targets = scene(sizes, dtype, **settings)
    with monkeypatch.context() as patched:
        anchors, rois = record(patched, pair.theirs)
        torch.manual_seed(0)
        expected = pair.theirs(list(images), copies(targets))
    batch, truth = pair.ours.transform(images, targets)
    all_anchors = pair.ours.rpn.recipe.boxes(*batch.padded_size)
    rng = np.random.default_rng(0)
    matches = [draw_sample(all_anchors, target["boxes"].numpy(), rng=rng).matches for target in truth]
    samples = Samples([Sample(*parts) for parts in zip(matches, *anchors, strict=True)], rois)
    found = pair.ours(images, targets, samples=samples)
    for losses in (found, expected):
        sum(losses.values()).backward()
    return found, expected, samples


def assert_same_step(pair, found, expected, tolerance):
    assert set(found) == set(expected)
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], rtol=tolerance, atol=tolerance, check_dtype=False)
    theirs = dict(pair.theirs.named_parameters())
    assert set(theirs) == set(dict(pair.ours.named_parameters()))
    for name, parameter in pair.ours.named_parameters():
        one, other = parameter.grad, theirs[name].grad
        assert (one is None) == (other is None), name
        if one is not None:
            assert (one - other).norm() <= tolerance * other.norm() + 1e-12, name


@pytest.mark.parametrize(
    ("name", "dtype", "tolerance"),
    [
        ("small", torch.float32, 1e-3),
        ("very tall", torch.float32, 1e-3),
        ("unequal", torch.float64, 1e-6),  # torchvision's labels of anchors are of float32 there
    ],
)
def test_losses_and_gradients_on_the_same_samples(monkeypatch, pair, name, dtype, tolerance):
    pair.to(dtype, training=True)
    found, expected, samples = step(monkeypatch, pair, CASES[name], dtype)
    assert sum(len(one.positive) for one in samples.rpn) >= 3
    assert sum(len(one.positive().boxes) for one in samples.rois) >= 3
    assert all(value > 0 for value in found.values())
    assert_same_step(pair, found, expected, tolerance)
    frozen = {name for name, parameter in pair.ours.named_parameters() if parameter.grad is None}
    assert {".".join(name.split(".")[:3]) for name in frozen} == {"backbone.body.conv1", "backbone.body.layer1"}


def test_a_batch_without_any_object(monkeypatch, pair):
    pair.to(torch.float32, training=True)
    found, expected, _ = step(monkeypatch, pair, [(50, 70), (40, 44)], torch.float32, objects=0)
    assert found["loss_box_reg"] == found["loss_mask"] == found["loss_rpn_box_reg"] == 0
    assert_same_step(pair, found, expected, 1e-3)


def test_norms_that_learn(monkeypatch):
    """What both make without trained weights: statistics of the batch, and all layers learn."""
    pair = twins(frozen=False, min_size=64, **FEW).to(torch.float64, training=True)
    found, expected, _ = step(monkeypatch, pair, [(50, 70), (48, 72)], torch.float64)
    assert_same_step(pair, found, expected, 1e-5)
    assert all(parameter.grad is not None for parameter in pair.ours.parameters())
    theirs = pair.theirs.state_dict()
    for name, value in pair.ours.state_dict().items():
        if name.endswith(("running_mean", "running_var")):
            assert (value - theirs[name]).norm() <= 1e-9 * theirs[name].norm(), name


def test_what_training_would_draw_from(monkeypatch, pair):
    """The same proposals come out of the first stage, and the same anchors are positive and negative."""
    pair.to(torch.float64, training=True)
    kept, labels = [], []
    filter_, assign = RegionProposalNetwork.filter_proposals, RegionProposalNetwork.assign_targets_to_anchors
    theirs = pair.theirs.rpn
    monkeypatch.setattr(theirs, "filter_proposals", lambda *given: kept.append(filter_(theirs, *given)) or kept[-1])
    monkeypatch.setattr(
        theirs,
        "assign_targets_to_anchors",
        lambda *given: labels.append(assign(theirs, *given)[0]) or assign(theirs, *given),
    )
    images, targets = scene(CASES["unequal"], torch.float64)
    with torch.no_grad():
        pair.theirs(list(images), copies(targets))
        batch, truth = pair.ours.transform(images, targets)
        features = pair.ours.backbone(batch.pictures)
        anchors = pair.ours.rpn.anchors(batch.padded_size, features)
        funnels = pair.ours.rpn.propose(pair.ours.rpn.predict(features), anchors, batch.sizes)
        drawn = pair.ours.rpn.draw(anchors, [target["boxes"] for target in truth], np.random.default_rng(0))
    for funnel, boxes in zip(funnels, kept[0][0], strict=True):
        assert len(boxes) == FEW["rpn_post_nms_top_n_train"]
        torch.testing.assert_close(funnel.top_n.boxes, boxes, rtol=0, atol=1e-8)
    for sample, label in zip(drawn, labels[0], strict=True):
        assert (label[torch.from_numpy(sample.matches) >= 0] == 1).all()
        assert (label == 1).sum() == (sample.matches >= 0).sum()
        assert (label == 0).sum() == (sample.matches == -1).sum()


# Weights


def test_weights_go_both_ways(pair):
    pair.to(torch.float32)
    ours, theirs = pair.ours.state_dict(), pair.theirs.state_dict()
    assert len(ours) == 307
    assert {name: value.shape for name, value in ours.items()} == {name: value.shape for name, value in theirs.items()}
    pair.theirs.load_state_dict(ours)
    pair.ours.load_state_dict(theirs)
    assert sum(parameter.numel() for parameter in minimask.maskrcnn_resnet50_fpn().parameters()) == sum(
        parameter.numel() for parameter in maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).parameters()
    )


def test_names_of_2019(pair, tmp_path):
    """torchvision renames them when it loads a state without a version."""
    pair.to(torch.float32)
    old = {}
    for name, value in pair.theirs.state_dict().items():
        name = re.sub(r"rpn\.head\.conv\.0\.0", "rpn.head.conv", name)
        name = re.sub(r"((?:inner|layer)_blocks\.\d)\.0", r"\1", name)
        old[re.sub(r"mask_head\.(\d)\.0", lambda number: f"mask_head.mask_fcn{int(number[1]) + 1}", name)] = value
    assert len(set(old) - set(pair.theirs.state_dict())) == 2 + 16 + 8
    torch.save(old, tmp_path / "old.pth")
    for parameter in pair.ours.parameters():
        torch.nn.init.zeros_(parameter)
    load_weights(pair.ours, tmp_path / "old.pth")
    pair.theirs.load_state_dict(dict(old))
    theirs = pair.theirs.state_dict()
    for name, value in pair.ours.state_dict().items():
        assert torch.equal(value, theirs[name])
