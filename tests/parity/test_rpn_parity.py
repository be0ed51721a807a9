"""The proposal network against a real torchvision's: the same weights and maps give the same proposals and losses."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork as Torchvision
from torchvision.models.detection.rpn import RPNHead as TorchvisionHead
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from minimask.anchors import recipes
from minimask.model.fpn import FeaturePyramid
from minimask.model.rpn import RegionProposalNetwork, RPNHead, Settings
from minimask.model.rpn_losses import Sample

CHANNELS = 24
RECIPE = recipes["torchvision_fpn"]
SIZES = ((32.0,), (64.0,), (128.0,), (256.0,), (512.0,))
CASES = {
    "small": [(64, 96)],
    "wide": [(128, 1600)],
    "tall": [(1312, 160)],
    "odd": [(800, 1066)],
    "batch": [(256, 320), (250, 301), (97, 320)],
    "one pixel": [(1, 1)],
}


class Pair(NamedTuple):
    ours: RegionProposalNetwork
    theirs: Torchvision


def pair(seed, *, scale=0.3, top_n=None):
    """Both networks with the same weights, wild enough for scores from 0 to 1 and for deltas beyond the clamp."""
    torch.manual_seed(seed)
    pre, post = top_n or ((2000, 1000), (2000, 1000))
    theirs = Torchvision(
        AnchorGenerator(SIZES, ((0.5, 1.0, 2.0),) * 5),
        TorchvisionHead(CHANNELS, 3),
        0.7, 0.3, 256, 0.5,
        {"training": pre[0], "testing": pre[1]}, {"training": post[0], "testing": post[1]}, 0.7,
    )  # fmt: skip
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(std=scale)
    ours = RegionProposalNetwork(RPNHead(CHANNELS, 3), RECIPE, Settings(pre_top_n=pre, post_top_n=post))
    ours.load_state_dict(theirs.state_dict())
    return Pair(ours, theirs)


def scene(sizes, dtype, seed=0):
    """Maps of a padded batch, torchvision's list of pictures, and objects in each picture but the last of several."""
    generator = torch.Generator().manual_seed(seed)
    height, width = (32 * -(-max(sides) // 32) for sides in zip(*sizes, strict=True))
    maps = [torch.randn(len(sizes), CHANNELS, *grid, generator=generator) for grid in RECIPE.grids(height, width)]
    objects = []
    for number, (rows, columns) in enumerate(sizes):
        corners = torch.rand(0 if number and number == len(sizes) - 1 else 6, 2, 2, generator=generator)
        corners = corners * torch.tensor([columns, rows])
        low, high = corners.amin(dim=1), corners.amax(dim=1)
        objects.append(torch.cat([low, torch.maximum(high, low + 1)], dim=1).to(dtype))
    pictures = ImageList(torch.zeros(len(sizes), 3, height, width), list(sizes))
    return [level.to(dtype) for level in maps], pictures, objects


def their_answers(theirs, maps, pictures, objects=None):
    """Return torchvision's proposals, their scores, which it keeps to itself, and its losses."""
    kept = []
    theirs.filter_proposals = lambda *arguments: kept.extend(Torchvision.filter_proposals(theirs, *arguments)) or kept
    named = {str(number): level for number, level in enumerate(maps)}
    targets = None if objects is None else [{"boxes": boxes} for boxes in objects]
    boxes, losses = theirs(pictures, named, targets)
    return boxes, kept[1], tuple(losses.values())


def in_one_order(boxes, scores):
    """Return both in an order that says which goes first among equal scores, as torchvision does not."""
    boxes, scores = boxes.numpy(), scores.numpy()
    order = np.lexsort((*boxes.T.round(2), -scores))
    return boxes[order], scores[order]


def both_proposals(ours, theirs, sizes, dtype, seed):
    """Return for each picture our proposals, boxes and scores, and torchvision's."""
    maps, pictures, objects = scene(sizes, dtype, seed)
    with torch.no_grad():
        boxes, scores, _ = their_answers(theirs, maps, pictures, objects)
        funnels = ours(maps, tuple(pictures.tensors.shape[-2:]), pictures.image_sizes).funnels
    ours_ = [(funnel.top_n.boxes, funnel.top_n.scores) for funnel in funnels]
    return list(zip(ours_, zip(boxes, scores, strict=True), strict=True))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_proposals_and_their_order(name, training):
    """In float64 no two scores are equal, so that every proposal has its place."""
    for seed in range(3):
        ours, theirs = (network.double().train(training) for network in pair(seed))
        for found, expected in both_proposals(ours, theirs, CASES[name], torch.float64, seed):
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_proposals_in_float32(name, training):
    for seed in range(3):
        ours, theirs = (network.train(training) for network in pair(seed))
        for found, expected in both_proposals(ours, theirs, CASES[name], torch.float32, seed):
            np.testing.assert_allclose(found[1], expected[1], rtol=0, atol=1e-5)
            for one, other in zip(in_one_order(*found), in_one_order(*expected), strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)


def test_few_are_kept():
    """Limits so low that each of them bites."""
    ours, theirs = (network.double().eval() for network in pair(5, top_n=((300, 60), (40, 20))))
    for found, expected in both_proposals(ours, theirs, CASES["batch"], torch.float64, 0):
        assert len(found[0]) == 20
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


def theirs_sampled(theirs, samples):
    """Make torchvision draw the samples that are given."""

    def draw(labels):
        masks = []
        for part in ("positive", "negative"):
            masks.append([torch.zeros(len(one), dtype=torch.uint8) for one in labels])
            for mask, sample in zip(masks[-1], samples, strict=True):
                mask[torch.from_numpy(getattr(sample, part))] = 1
        return masks

    theirs.fg_bg_sampler = draw


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["small", "odd", "batch"])
def test_losses_and_gradients_on_the_same_sample(name, dtype):
    ours, theirs = (network.to(dtype).train() for network in pair(1, scale=0.1))
    maps, pictures, objects = scene(CASES[name], dtype)
    anchors = ours.anchors(tuple(pictures.tensors.shape[-2:]), maps)
    samples = ours.draw(anchors, objects, np.random.default_rng(0))
    assert sum(len(sample.positive) for sample in samples) > 0
    theirs_sampled(theirs, samples)

    found, expected = [], []
    for network, answers in ((ours, found), (theirs, expected)):
        features = [level.clone().requires_grad_() for level in maps]
        if network is ours:
            losses = ours.losses(ours.predict(features), anchors, objects, samples=samples)
        else:
            losses = their_answers(theirs, features, pictures, objects)[2]
        sum(losses).backward()
        answers += [*losses, *(level.grad for level in features), *(p.grad for p in network.parameters())]
    tolerance = {torch.float32: 1e-5, torch.float64: 1e-6}[dtype]  # there torchvision has labels of float32 too
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance, check_dtype=False)


@pytest.mark.parametrize("seed", range(5))
def test_labels(seed):
    """Every anchor is foreground, background or ignored for both, and for the same object."""
    ours, theirs = pair(0)
    maps, pictures, objects = scene(CASES["batch"], torch.float32, seed)
    anchors = ours.anchors(tuple(pictures.tensors.shape[-2:]), maps)
    samples = ours.draw(anchors, objects, np.random.default_rng(0))
    labels, matched = theirs.assign_targets_to_anchors(
        theirs.anchor_generator(pictures, maps), [{"boxes": boxes} for boxes in objects]
    )
    for sample, label, boxes, truth in zip(samples, labels, matched, objects, strict=True):
        matches = torch.from_numpy(sample.matches)
        ours_label = torch.where(matches >= 0, 1.0, torch.where(matches == -1, 0.0, -1.0))
        assert torch.equal(ours_label, label)
        positive = matches >= 0
        assert torch.equal(truth[matches[positive]], boxes[positive])
        assert len(truth) == 0 or positive.any()


def test_a_batch_without_any_object_trains():
    ours, theirs = (network.train() for network in pair(2, scale=0.1))
    maps, pictures, _ = scene([(96, 96), (96, 96)], torch.float32)
    nothing = [torch.zeros(0, 4), torch.zeros(0, 4)]
    anchors = ours.anchors((96, 96), maps)
    samples = ours.draw(anchors, nothing, np.random.default_rng(3))
    assert [len(sample.negative) for sample in samples] == [256, 256]
    theirs_sampled(theirs, samples)
    losses = ours.losses(ours.predict(maps), anchors, nothing, samples=samples)
    expected = their_answers(theirs, maps, pictures, nothing)[2]
    torch.testing.assert_close(tuple(losses), expected)
    assert losses.box == 0
    losses.total.backward()
    assert ours.head.bbox_pred.weight.grad.abs().sum() == 0
    assert torch.isfinite(ours.head.cls_logits.weight.grad).all()


def test_the_given_sample_decides():
    ours, _ = pair(0)
    maps, _, objects = scene(CASES["small"], torch.float32)
    anchors = ours.anchors((64, 96), maps)
    predictions = ours.predict(maps)
    drawn = [ours.draw(anchors, objects, np.random.default_rng(seed))[0] for seed in (0, 1)]
    few = Sample(drawn[0].matches, drawn[0].positive[:1], drawn[0].negative[:1])
    losses = [ours.losses(predictions, anchors, objects, samples=[one]).total.item() for one in (*drawn, few)]
    assert len(set(losses)) == 3


@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("sizes", [[(8, 12), (4, 6), (2, 3)], [(25, 7), (13, 4), (7, 2)]])
def test_feature_pyramid(sizes, extra):
    torch.manual_seed(0)
    widths = [4, 8, 16]
    theirs = FeaturePyramidNetwork(widths, 6, LastLevelMaxPool() if extra else None)
    ours = FeaturePyramid(widths, 6, extra_level=extra)
    ours.load_state_dict(theirs.state_dict())
    maps = [torch.randn(2, width, *size) for width, size in zip(widths, sizes, strict=True)]
    expected = list(theirs({str(number): level for number, level in enumerate(maps)}).values())
    found = ours(maps)
    assert len(found) == len(expected) == 3 + extra
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
