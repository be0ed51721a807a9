"""The training of the proposal network: the same seed gives the same bits, and it learns."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from minimask.data.shapes import ShapesWorld
from minimask.model.proposal_network import lesson_network
from minimask.proposals import Funnel
from minimask.training.proposals import Plan, evaluating, look, train

WORLD = ShapesWorld(height=64, width=64, objects=(1, 2), sizes=(16, 40), seed=1)
SHORT = Plan(steps=3, batch=2)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Small networks are fastest on one, and tests run beside each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(network):
    return torch.cat([value.flatten().double() for value in network.state_dict().values()])


def trained(plan=SHORT, world=WORLD, seed=0, peek=False):
    network = lesson_network(seed, channels=16)
    progress = []
    for one in train(network, world, plan):
        progress.append(one)
        if peek:
            look(network, [world[99]])
    return network, progress


def test_the_same_seed_gives_the_same_bits_and_looking_changes_none():
    (one, first), (same, second), (other, _) = trained(), trained(peek=True), trained(Plan(steps=3, batch=2, seed=1))
    assert torch.equal(weights(one), weights(same))
    assert [p[:4] for p in first[1:]] == [p[:4] for p in second[1:]]
    assert not torch.equal(weights(one), weights(other))


def test_progress_is_told():
    _, progress = trained()
    assert [one.step for one in progress] == [0, 1, 2, 3]
    assert {one.steps for one in progress} == {3}
    assert math.isnan(progress[0].objectness) and progress[0].seconds == 0
    assert progress[1].objectness == pytest.approx(math.log(2), abs=0.02)  # a network that knows nothing
    assert all(before.seconds < after.seconds for before, after in pairwise(progress))


def test_every_step_sees_new_pictures(monkeypatch):
    seen = []
    draw = ShapesWorld.__getitem__
    monkeypatch.setattr(ShapesWorld, "__getitem__", lambda world, index: seen.append(index) or draw(world, index))
    trained()
    assert seen == list(range(6))


def test_a_step_forgets_the_gradients_of_the_one_before(monkeypatch):
    """The same picture, all its anchors, and a rate that changes nothing: every step has the same gradients."""
    draw = ShapesWorld.__getitem__
    monkeypatch.setattr(ShapesWorld, "__getitem__", lambda world, _: draw(world, 0))
    network = lesson_network(0, channels=16)
    network.rpn.settings = replace(network.rpn.settings, sampled=10**6)
    weight = network.rpn.head.cls_logits.weight
    gradients = [weight.grad.clone() for one in train(network, WORLD, Plan(3, 1, 1e-12, seed=0)) if one.step]
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(gradients[2], gradients[0], rtol=1e-3, atol=1e-6)


def test_steps_are_computed_in_training_mode_whatever_was_before():
    network = lesson_network(0, channels=16).eval()
    for _ in train(network, WORLD, SHORT):
        network.eval()
    assert network.backbone.bn1.num_batches_tracked == SHORT.steps


def test_it_learns():
    _, progress = trained(Plan(steps=25, batch=4, learning_rate=2e-3))
    early, late = (sum(one.objectness + one.box for one in part) for part in (progress[1:6], progress[-5:]))
    assert late < early / 2


def test_pictures_without_objects_train():
    empty = ShapesWorld(height=64, width=64, objects=(0, 0), sizes=(16, 40))
    network, progress = trained(Plan(steps=2, batch=2), empty)
    assert [one.box for one in progress[1:]] == [0, 0]
    assert torch.isfinite(weights(network)).all()


def test_no_step_leaves_the_network_as_it_was():
    network, progress = trained(Plan(steps=0))
    assert torch.equal(weights(network), weights(lesson_network(0, channels=16)))
    assert len(progress) == 1


def test_a_rate_that_is_too_high_is_named():
    with pytest.raises(FloatingPointError, match=r"the losses of step \d+ are .* a learning_rate lower than 1000000.0"):
        trained(Plan(steps=6, batch=2, learning_rate=1e6))


@pytest.mark.parametrize("mode", [True, False])
def test_looking_leaves_everything_as_it_was(mode):
    network = lesson_network(0, channels=16).train(mode)
    before = weights(network)
    (funnel,) = look(network, [WORLD[0]], post_top_n=20)
    assert isinstance(funnel, Funnel)
    assert isinstance(funnel.top_n.boxes, np.ndarray) and len(funnel.top_n.boxes) == 20
    assert len(funnel.anchors.boxes) == network.rpn.recipe.count(64, 64)
    assert network.training is mode and torch.equal(weights(network), before)
    assert look(network, []) == []


def test_many_pictures_are_looked_at_in_portions(monkeypatch):
    network = lesson_network(0, channels=16)
    pictures = list(WORLD.pictures(5))
    together = look(network, pictures)
    monkeypatch.setattr("minimask.training.proposals.AT_ONCE", 2 * 64 * 64)
    for one, other in zip(together, look(network, pictures), strict=True):
        np.testing.assert_allclose(one.top_k.scores, other.top_k.scores, rtol=1e-4)


def test_the_mode_comes_back_after_an_error():
    network = lesson_network(0, channels=16)

    def fail():
        with evaluating(network):
            assert not network.training
            assert not torch.is_grad_enabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert network.training
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"steps": -1}, "steps must be a whole number of at least 0, got -1"),
        ({"batch": 0}, "batch must be a whole number of at least 1, got 0"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ({"warmup": 1}, "warmup must be a fraction between 0 and 1, got 1"),
        ({"weight_decay": -1}, "weight_decay must be at least 0, got -1"),
    ],
)
def test_bad_plans_are_named(changed, message):
    with pytest.raises(ValueError, match=message):
        Plan(**changed)
