"""Damaged pictures, strangers and defences do what their names say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from minimask.data.shapes import ShapesWorld
from minimask.model.lesson import trained_lesson_model
from minimask.trust.attacks import as_tensor
from minimask.trust.damage import DAMAGES, SEVERITIES, damaged
from minimask.trust.defences import Moves, blur, defences, disagreement, fewer_levels, jpeg, shift, straight_through
from minimask.trust.strangers import KINDS, Impression, auroc, auroc_interval, guest, impression

PICTURE = ShapesWorld(seed=8)[3]


@pytest.mark.parametrize("way", DAMAGES)
def test_damage_grows_with_severity_and_is_a_function_of_its_seed(way):
    sizes = []
    for severity in (0, *SEVERITIES):
        image = damaged(PICTURE.image, way, severity, seed=1)
        assert image.shape == PICTURE.image.shape and image.dtype == np.uint8
        assert (image == damaged(PICTURE.image, way, severity, seed=1)).all()
        sizes.append(np.abs(image.astype(float) - PICTURE.image).mean())
    assert sizes[0] == 0
    assert all(more > less for less, more in pairwise(sizes)), sizes


def test_damage_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="way must be one of noise"):
        damaged(PICTURE.image, "rain", 1)
    with pytest.raises(ValueError, match="severity must be from 0 to 5"):
        damaged(PICTURE.image, "noise", 6)


@pytest.mark.parametrize("kind", KINDS)
def test_guests_are_where_their_mask_is(kind):
    one, same, other = guest(kind, 3), guest(kind, 3), guest(kind, 4)
    assert (one.image == same.image).all() and (one.mask == same.mask).all()
    assert (one.image != other.image).any()
    assert (one.label > 0) == (kind == "known")
    rows, columns = np.flatnonzero(one.mask.any(axis=1)), np.flatnonzero(one.mask.any(axis=0))
    assert 25 <= max(rows[-1] - rows[0], columns[-1] - columns[0]) <= 75
    border = one.image[~one.mask].mean(axis=0) - one.image[one.mask].mean(axis=0)
    assert np.abs(border).max() > 3


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of known"):
        guest("cats", 0)


def test_auroc_is_the_probability_of_the_right_order():
    rng = np.random.default_rng(0)
    known, strange = rng.integers(0, 9, 40), rng.integers(3, 12, 30)
    pairs = (strange[:, None] > known).mean() + 0.5 * (strange[:, None] == known).mean()
    assert auroc(known, strange) == pytest.approx(pairs)
    found = auroc_interval(known, strange)
    assert found.low < found.value < found.high


def test_measures_of_strangeness_by_hand():
    logits = np.array([[0.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    features = np.array([[0.0, 0.0], [5.0, 5.0]])
    known = Impression(np.zeros((4, 3)), np.array([[0.0, 1.0], [0.0, -1.0], [9.0, 1.0], [9.0, -1.0]]))
    found = Impression(logits, features).strangeness(known, [1, 1, 2, 2])
    assert found["score"] == pytest.approx([1 - np.exp(4) / (np.exp(4) + 2), 2 / 3])
    assert found["energy"] == pytest.approx([-np.log(np.exp(4) + 1), -np.log(2)])
    assert found["entropy"][1] == pytest.approx(np.log(3))
    assert found["distance"][0] < 1e-6 < found["distance"][1]


def test_the_impression_of_a_known_guest_is_its_class():
    known = [guest("known", k) for k in range(6)]
    seen = impression(trained_lesson_model(), known)
    assert (seen.logits.argmax(axis=1) == [one.label for one in known]).sum() >= 5


def test_a_shift_moves_and_is_taken_back():
    picture = torch.arange(25.0).reshape(1, 1, 5, 5).expand(1, 3, 5, 5)
    assert torch.equal(shift(picture, 2, 1)[0, 0, 1:, 2:], picture[0, 0, :-1, :-2])
    model, defence = trained_lesson_model(), defences(3)["random shift"]
    (plain,) = defences()["none"].detect(model, [PICTURE.image])
    (moved,) = defence.detect(model, [PICTURE.image])
    assert defence.change.last != [(0, 0)]
    assert disagreement(plain, moved) == 0
    for box, label in zip(plain.boxes[plain.scores > 0.5], plain.labels[plain.scores > 0.5], strict=True):
        assert np.abs(moved.boxes[moved.labels == label] - box).max(axis=1).min() < 3


def test_a_blur_is_a_mean_and_has_its_gradient():
    picture = as_tensor([PICTURE.image]).double()
    assert blur(picture).mean().item() == pytest.approx(picture.mean().item(), abs=2e-3)
    assert blur(torch.full((1, 3, 9, 9), 0.25)).allclose(torch.full((1, 3, 9, 9), 0.25))
    small = torch.rand(1, 3, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(blur, small)


def test_straight_through_has_the_values_of_the_change_and_the_gradient_of_none():
    picture = as_tensor([PICTURE.image]).requires_grad_()
    done = straight_through(jpeg)(picture)
    assert torch.allclose(done, as_tensor([jpeg(PICTURE.image)]), atol=1e-6)
    (gradient,) = torch.autograd.grad(done.sum(), picture)
    assert (gradient == 1).all()


def test_few_levels_are_few():
    assert len(np.unique(fewer_levels(PICTURE.image))) == 8
    assert np.abs(fewer_levels(PICTURE.image).astype(int) - PICTURE.image).max() <= 19


def test_chance_of_a_defence_begins_anew_with_its_seed():
    picture = as_tensor([PICTURE.image] * 3)
    first, again = Moves(5), Moves(5)
    assert torch.equal(first(picture), again(picture))
    assert first.last == again.last
    assert len(set(first.last)) > 1
