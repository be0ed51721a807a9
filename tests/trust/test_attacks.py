"""Attacks stay in their ball, climb, and come back on the paths that are left to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from minimask.data.recorded import HELD_OUT
from minimask.data.shapes import ShapesWorld
from minimask.model.lesson import lesson_model, trained_lesson_model
from minimask.trust.attacks import as_images, as_tensor, attack, attack_step, noise
from minimask.trust.goals import change, leak, vanish, victim_of
from minimask.trust.outcome import outcomes, surely_found
from minimask.trust.sight import ALL, Paths, see

WORLD = ShapesWorld(64, 64, sizes=(16, 40), objects=(1, 2), seed=5)
NONE = Paths(False, False, False)


@pytest.fixture(scope="module")
def model():
    return trained_lesson_model()


@pytest.fixture(scope="module")
def pictures():
    return [WORLD[1], WORLD[2]]


@pytest.fixture(scope="module")
def victims(pictures):
    return [victim_of(one, int(one.masks.sum(axis=(1, 2)).argmax())) for one in pictures]


def gradient_of(model, goal, start, paths=ALL):
    """The gradient of a goal, or None where nothing leads back to the picture."""
    picture = start.clone().requires_grad_()
    value = goal(see(model, picture, paths)).sum()
    return torch.autograd.grad(value, picture, allow_unused=True)[0] if value.requires_grad else None


def test_what_is_seen_is_what_the_model_sees(model, pictures):
    start = as_tensor([one.image for one in pictures])
    with torch.no_grad():
        trace, sight = model.trace(list(start)), see(model, start)
    assert torch.equal(torch.cat(trace.predictions.logits, 1), sight.objectness)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(trace.proposals, sight.proposals, strict=True))
    assert torch.allclose(trace.class_logits, torch.cat(sight.class_logits), atol=1e-3)
    assert torch.allclose(trace.refined, torch.cat(sight.refined), atol=1e-3)
    masks = torch.cat(sight.mask_logits([one.boxes for one in trace.detections]))
    assert torch.allclose(trace.mask_logits, masks, atol=1e-3)


def test_a_model_in_training_is_refused(pictures):
    with pytest.raises(ValueError, match="evaluation mode"):
        see(lesson_model(), as_tensor([pictures[0].image]))


@pytest.mark.parametrize(
    "paths", [NONE, Paths(True, False, False), Paths(False, True, False), Paths(False, False, True)]
)
def test_cutting_paths_changes_no_number_and_some_gradient(model, pictures, victims, paths):
    start = as_tensor([one.image for one in pictures])
    whole, cut = see(model, start), see(model, start, paths)
    assert torch.equal(vanish(victims)(whole), vanish(victims)(cut))
    everything, some = (gradient_of(model, vanish(victims), start, one) for one in (ALL, paths))
    if paths == NONE:
        assert some is None
    else:
        assert some.abs().sum() > 0
        assert not torch.allclose(some, everything, rtol=1e-3)


def test_the_paths_add_up(model, pictures, victims):
    """A gradient is the sum over all ways, and every way goes through RPN logits, features, or boxes."""
    start = as_tensor([one.image for one in pictures])
    parts = [gradient_of(model, vanish(victims), start, Paths(*row)) for row in np.eye(3, dtype=bool).tolist()]
    whole = gradient_of(model, vanish(victims), start)
    assert torch.allclose(sum(parts), whole, rtol=1e-2, atol=1e-4 * float(whole.abs().max()))


def test_roi_pool_has_no_gradient_for_boxes(model, pictures, victims):
    start, settings = as_tensor([one.image for one in pictures]), model.roi_heads.settings
    try:
        model.roi_heads.settings = replace(settings, operator="pool")
        gradient = gradient_of(model, change(victims), start, Paths(False, False, True))
    finally:
        model.roi_heads.settings = settings
    assert gradient is None or not gradient.any()
    assert gradient_of(model, change(victims), start, Paths(False, False, True)).abs().sum() > 0


@pytest.mark.parametrize("goal", [vanish, change, leak])
def test_the_gradient_is_that_of_finite_differences(pictures, victims, goal):
    model = trained_lesson_model().double()
    start = as_tensor([one.image for one in pictures]).double()
    wanted = [one._replace(box=one.box.double(), mask=one.mask.double()) for one in victims]
    direction = torch.from_numpy(np.random.default_rng(0).normal(size=start.shape))
    slope = (gradient_of(model, goal(wanted), start) * direction).sum().item()
    with torch.no_grad():
        high, low = (goal(wanted)(see(model, start + sign * 1e-7 * direction)).sum().item() for sign in (1, -1))
    assert slope == pytest.approx((high - low) / 2e-7, rel=1e-4)


@pytest.mark.parametrize("goal", [vanish, change, leak])
def test_an_attack_stays_in_its_ball_and_reaches_more_than_noise(model, pictures, victims, goal):
    start = as_tensor([one.image for one in pictures])
    changed = attack(model, start, goal(victims), epsilon=12 / 255, steps=4)
    loud = noise(start, 12 / 255)
    assert torch.allclose(as_tensor(as_images(changed)), changed, atol=1e-6)  # a picture of bytes
    for one in (changed, loud):
        assert one.min() >= 0 and one.max() <= 1
        assert (one - start).abs().max() <= 12 / 255 + 1e-6
    with torch.no_grad():
        clean, attacked, by_chance = (goal(victims)(see(model, one)).sum() for one in (start, changed, loud))
    assert attacked > max(clean, by_chance) + 2


def test_an_attack_is_a_function_of_its_seed(model, pictures, victims):
    start = as_tensor([one.image for one in pictures])
    first, again, other = (attack(model, start, vanish(victims), epsilon=4 / 255, steps=1, seed=k) for k in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_patch_changes_nothing_outside_of_it(model, pictures, victims):
    start = as_tensor([one.image for one in pictures])
    where = torch.zeros_like(start[:, :1])
    where[:, :, 8:24, 30:40] = 1
    changed = attack(model, start, vanish(victims), epsilon=1.0, steps=2, where=where)
    assert not ((changed - start).abs() * (1 - where) > 1e-6).any()
    assert ((changed - start).abs() * where).max() > 0.3


def test_nothing_of_the_model_is_changed(model, pictures, victims):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    attack(model, as_tensor([one.image for one in pictures]), leak(victims), epsilon=4 / 255, steps=1)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(one.grad is None for one in model.parameters())


def test_a_step_goes_uphill_and_comes_back():
    rng = np.random.default_rng(0)
    start, gradient = rng.random((5, 7)), rng.normal(size=(5, 7))
    picture = start.copy()
    for _ in range(4):
        picture = attack_step(picture, start, gradient, 0.1, 0.25)
    assert np.allclose(picture, np.clip(start + 0.25 * np.sign(gradient), 0, 1))
    tensors = attack_step(*map(torch.from_numpy, (picture, start, -gradient)), 0.1, 0.25)
    assert np.allclose(tensors.numpy(), attack_step(picture, start, -gradient, 0.1, 0.25))


@pytest.mark.parametrize("epsilon", [-0.1, 1.5, float("nan")])
def test_a_ball_that_is_none_is_refused(model, pictures, victims, epsilon):
    with pytest.raises(ValueError, match="epsilon"):
        attack(model, as_tensor([pictures[0].image]), vanish(victims[:1]), epsilon=epsilon)


def test_objects_vanish_where_chance_does_nothing(model):
    """The chapter's claim in small: twelve levels of a byte hide what noise of the same size leaves as it is."""
    kept, numbers = surely_found(model, HELD_OUT.pictures(10), 4)
    start = as_tensor([one.image for one in kept])
    goal = vanish([victim_of(one, number) for one, number in zip(kept, numbers, strict=True)])
    changed = attack(model, start, goal, epsilon=12 / 255, steps=5)
    assert sum(one.vanished for one in outcomes(model, as_images(changed), kept, numbers)) >= 3
    assert not any(one.vanished for one in outcomes(model, as_images(noise(start, 12 / 255)), kept, numbers))
