"""The proposal network: what its numbers stand for, what its losses are, and where gradients flow."""

import re

import numpy as np
import pytest
import torch

from minimask.anchors import Level, Recipe, recipes
from minimask.matching import BACKGROUND, IGNORED
from minimask.model.rpn import Predictions, RegionProposalNetwork, RPNHead, Settings, flatten
from minimask.model.rpn_losses import Sample, draw_sample, rpn_losses

TWO_LEVELS = Recipe(
    "two",
    "Two levels, two shapes.",
    (Level(4, (8.0,), (0.5, 2.0)), Level(8, (16.0,), (0.5, 2.0))),
    0.5,
    "none",
    "nominal",
)
OBJECTS = torch.tensor([[2.0, 2, 14, 14], [12, 4, 20, 8]])


class Planted(torch.nn.Module):
    """A head that predicts the maps that it was given."""

    def __init__(self, logits, deltas):
        super().__init__()
        self.planted = logits, deltas

    def forward(self, maps):
        return self.planted


def network(**settings):
    torch.manual_seed(0)
    return RegionProposalNetwork(RPNHead(4, 2), TWO_LEVELS, Settings(**settings))


def maps(pictures=2, height=16, width=24, dtype=torch.float32):
    generator = torch.Generator().manual_seed(1)
    grids = TWO_LEVELS.grids(height, width)
    return [torch.randn(pictures, 4, *grid, generator=generator, dtype=dtype) for grid in grids]


def test_the_head_begins_as_published():
    torch.manual_seed(0)
    head = RPNHead(64, 3)
    shapes = {name: tuple(value.shape) for name, value in head.state_dict().items()}
    assert shapes == {
        "conv.0.0.weight": (64, 64, 3, 3),
        "conv.0.0.bias": (64,),
        "cls_logits.weight": (3, 64, 1, 1),
        "cls_logits.bias": (3,),
        "bbox_pred.weight": (12, 64, 1, 1),
        "bbox_pred.bias": (12,),
    }
    for name, value in head.state_dict().items():
        assert (value == 0).all() if "bias" in name else abs(value.std() - 0.01) < 0.001
    logits, deltas = head([torch.zeros(2, 64, 5, 7), torch.zeros(2, 64, 3, 4)])
    assert [tuple(level.shape) for level in logits] == [(2, 3, 5, 7), (2, 3, 3, 4)]
    assert [tuple(level.shape) for level in deltas] == [(2, 12, 5, 7), (2, 12, 3, 4)]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_rows_come_in_the_order_of_the_anchors(layout):
    """Every value says which picture, row, column, anchor and number it is."""
    b, a, v, y, x = torch.meshgrid(*(torch.arange(n) for n in (2, 3, 4, 5, 6)), indexing="ij")
    coded = (((b * 10 + y) * 10 + x) * 10 + a) * 10 + v
    rows = flatten(coded.reshape(2, 12, 5, 6).float().to(memory_format=layout), 4)
    assert rows.shape == (2, 90, 4)
    assert (rows.reshape(-1).diff() > 0).all()


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("shape", [0, 1])
def test_a_prediction_belongs_to_its_anchor(level, shape):
    """One logit is high, at the last column of the second row: its proposal is the anchor of that cell and shape."""
    grids = TWO_LEVELS.grids(16, 24)
    logits = [torch.full((1, 2, *grid), -5.0) for grid in grids]
    deltas = [torch.zeros(1, 8, *grid) for grid in grids]
    logits[level][0, shape, 1, -1] = 5
    deltas[level][0, 4 * shape + 1, 1, -1] = 0.25  # down by a quarter of its height
    rpn = RegionProposalNetwork(Planted(logits, deltas), TWO_LEVELS).eval()
    best = rpn(maps(pictures=1), (16, 24), [(999, 999)]).funnels[0].top_n
    stride, (size,), ratios = TWO_LEVELS.levels[level]
    height = size * ratios[shape] ** 0.5
    center = torch.tensor([24 - stride / 2, 1.5 * stride + height / 4])
    half = torch.tensor([size**2 / height, height]) / 2
    expected = torch.cat([center - half, center + half]).clamp(min=0)
    torch.testing.assert_close(best.boxes[0], expected)


def test_proposals_are_clipped_to_each_picture_without_its_padding():
    sizes = [(16, 24), (9, 11)]
    funnels = network().eval()(maps(), (16, 24), sizes).funnels
    for funnel, (height, width) in zip(funnels, sizes, strict=True):
        assert funnel.top_n.boxes.amax(dim=0).tolist() == [
            pytest.approx(funnel.top_n.boxes[:, 0].max()), pytest.approx(funnel.top_n.boxes[:, 1].max()), width, height,
        ]  # fmt: skip
    assert len(funnels[1].large_enough.boxes) < len(funnels[1].clipped.boxes)


def test_training_keeps_more():
    rpn = network(pre_top_n=(20, 7), post_top_n=(30, 5), nms_threshold=1.0)
    kept = {}
    for mode in (True, False):
        stages = rpn.train(mode)(maps(), (16, 24)).funnels[0].stages()
        kept[mode] = [len(stages[name].boxes) for name in ("anchors", "top_k", "top_n")]
    assert kept == {True: [60, 32, 30], False: [60, 14, 5]}
    fewer = rpn.propose(rpn.predict(maps()), rpn.anchors((16, 24), maps()), [(16, 24)] * 2, post_top_n=2)
    assert [len(funnel.top_n.boxes) for funnel in fewer] == [2, 2]


def test_anchors_are_the_recipes_and_kept():
    rpn = network()
    found = rpn.anchors((16, 24), maps())
    np.testing.assert_allclose(torch.cat(found).numpy(), TWO_LEVELS.boxes(16, 24), rtol=1e-6)
    assert rpn.anchors((16, 24), maps())[0] is found[0]
    assert rpn.anchors((16, 24), maps(dtype=torch.float64))[0].dtype == torch.float64
    with pytest.raises(ValueError, match=re.escape("maps must have the sizes [(5, 6), (3, 3)] that recipe 'two' has")):
        rpn.anchors((17, 24), maps())


def test_the_sample_of_a_picture_without_objects():
    anchors = TWO_LEVELS.boxes(16, 24)
    sample = draw_sample(anchors, np.zeros((0, 4)), count=16, rng=np.random.default_rng(0))
    assert (sample.matches == BACKGROUND).all()
    assert len(sample.positive) == 0
    assert len(np.unique(sample.negative)) == 16


def test_the_sample_has_low_quality_matches_and_nothing_ignored():
    anchors = np.array([[0.0, 0, 10, 10], [0, 0, 10, 20], [0, 0, 10, 9], [40, 40, 50, 50]])
    matches, positive, negative = draw_sample(
        anchors, np.array([[0.0, 0, 10, 10], [44, 44, 60, 60]]), count=4, rng=np.random.default_rng(0)
    )
    assert matches.tolist() == [0, IGNORED, 0, 1]  # the last one's IoU is 0.11, and no other anchor's is higher
    assert sorted(positive) in ([0, 2], [0, 3], [2, 3])
    assert negative.tolist() == []


def test_losses_by_hand():
    """Two pictures, one without objects, and two sampled anchors in each: all four weigh the same."""
    anchors = torch.tensor([[0.0, 0, 8, 8], [8, 0, 16, 8], [0, 8, 8, 16]])
    logits = torch.tensor([[0.5, 9.0, 0.0], [2.0, -1.0, 7.0]])
    deltas = torch.full((2, 3, 4), 0.7)
    deltas[1, 1] = torch.tensor([0.25, 0.05, 0.0, -1.0])
    samples = [
        Sample(np.full(3, BACKGROUND), np.array([], int), np.array([0, 2])),
        Sample(np.array([IGNORED, 1, BACKGROUND]), np.array([1]), np.array([2])),
    ]
    objects = [torch.zeros(0, 4), torch.tensor([[0.0, 0, 3, 3], [8, 0, 16, 8]])]
    found = rpn_losses(logits, deltas, anchors, objects, samples)
    entropies = np.log1p(np.exp([0.5, 0.0, 1.0, 7.0]))
    box = (0.25 - 1 / 18) + 0.05**2 / 2 * 9 + (1 - 1 / 18)
    assert found.objectness.item() == pytest.approx(entropies.mean())
    assert found.box.item() == pytest.approx(box / 4)
    assert found.total.item() == pytest.approx(entropies.mean() + box / 4)


def test_losses_have_right_gradients():
    anchors = torch.from_numpy(TWO_LEVELS.boxes(16, 24))
    samples = [draw_sample(anchors.numpy(), OBJECTS.double().numpy(), count=20, rng=np.random.default_rng(0))] * 2
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 60, generator=generator, dtype=torch.float64, requires_grad=True)
    deltas = torch.randn(2, 60, 4, generator=generator, dtype=torch.float64, requires_grad=True)

    def losses(logits, deltas):
        return tuple(rpn_losses(logits, deltas, anchors, [OBJECTS, OBJECTS], samples))

    assert torch.autograd.gradcheck(losses, (logits, deltas))
    losses(logits, deltas)[1].backward()
    touched = deltas.grad[0].abs().sum(dim=1).nonzero()[:, 0]
    assert touched.tolist() == samples[0].positive.tolist()


def test_gradients_flow_through_losses_and_never_through_proposals():
    rpn = network()
    features = [level.requires_grad_() for level in maps()]
    output = rpn(features, (16, 24), objects=[OBJECTS, OBJECTS[:0]], rng=np.random.default_rng(0))
    assert not any(part.requires_grad for funnel in output.funnels for part in funnel.top_n)
    output.losses.total.backward()
    assert all(level.grad.abs().sum() > 0 for level in features)
    assert all(parameter.grad.abs().sum() > 0 for parameter in rpn.head.parameters())


def test_a_batch_without_objects_trains():
    rpn = network()
    losses = rpn(maps(), (16, 24), objects=[OBJECTS[:0]] * 2, rng=np.random.default_rng(0)).losses
    losses.total.backward()
    assert losses.box == 0
    assert losses.objectness > 0
    assert (rpn.head.bbox_pred.weight.grad == 0).all()


def test_the_sample_is_drawn_by_the_generator_that_is_passed():
    rpn = network(sampled=8)
    anchors = rpn.anchors((16, 24), maps())
    drawn = [rpn.draw(anchors, [OBJECTS], np.random.default_rng(seed))[0] for seed in (0, 0, 1)]
    for one, other in zip(drawn[0], drawn[1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert drawn[0].negative.tolist() != drawn[2].negative.tolist()
    predictions = rpn.predict(maps(pictures=1))
    by_rng = rpn.losses(predictions, anchors, [OBJECTS], rng=np.random.default_rng(1))
    by_sample = rpn.losses(predictions, anchors, [OBJECTS], samples=drawn[2:])
    assert torch.equal(by_rng.total, by_sample.total)


def test_bad_input_is_named():
    rpn = network()
    anchors, predictions = rpn.anchors((16, 24), maps()), rpn.predict(maps())
    assert isinstance(predictions, Predictions)
    samples = rpn.draw(anchors, [OBJECTS], np.random.default_rng(0))
    for given in ({}, {"rng": np.random.default_rng(0), "samples": samples}):
        with pytest.raises(ValueError, match="either rng, to draw the sample with, or samples"):
            rpn.losses(predictions, anchors, [OBJECTS, OBJECTS], **given)
    with pytest.raises(ValueError, match="objects and samples must be one for each of the 2 pictures, got 1 and 1"):
        rpn.losses(predictions, anchors, [OBJECTS], samples=samples)
    with pytest.raises(ValueError, match="sizes must be one for each of the 2 pictures, got 1"):
        rpn.propose(predictions, anchors, [(16, 24)])


def test_the_defaults_are_torchvisions():
    assert Settings() == Settings(0.7, 0.3, 256, 0.5, (2000, 1000), (2000, 1000), 0.7, 1e-3)
    assert recipes["lesson"].count(128, 128) == 4032
