"""Muon: what it makes of a matrix, that it is torch's on matrices, and what the optimizers of a model are."""

import math
import re

import pytest
import torch
from stand_in import WORLD, stand_in
from torch import nn

from minimask.training.batches import load, sampling_chance
from minimask.training.config import Config
from minimask.training.muon import COEFFICIENTS, Muon, orthogonalized
from minimask.training.optimizers import make_optimizer, rate_factor


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def decaying(rows, columns, last):
    """Return a matrix whose singular values fall from 1 to `last`."""
    values = torch.logspace(0, math.log10(last), min(rows, columns), dtype=torch.float64)
    u, v = (torch.linalg.qr(drawn(size, len(values), seed=size, dtype=torch.float64))[0] for size in (rows, columns))
    return u * values @ v.T


def by_the_book(matrix):
    """The iteration as it is published, on the whole matrix."""
    a, b, c = COEFFICIENTS
    x = matrix / matrix.norm()
    for _ in range(5):
        x = a * x + b * (x @ x.T) @ x + c * (x @ x.T) @ (x @ x.T) @ x
    return x


@pytest.mark.parametrize("shape", [(8, 8), (5, 40), (40, 5), (1, 7), (7, 1)])
@pytest.mark.parametrize("last", [0.5, 1e-2, 1e-5])
def test_the_small_square_gives_what_the_whole_matrix_gives(shape, last):
    matrix = decaying(*shape, last)
    torch.testing.assert_close(orthogonalized(matrix), by_the_book(matrix), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(orthogonalized(matrix.float()).double(), by_the_book(matrix), rtol=0, atol=5e-4)


def test_singular_values_become_about_one_and_vectors_stay():
    matrix = decaying(20, 30, 0.05)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    inside = u.T @ orthogonalized(matrix) @ v.T
    assert (inside.diagonal() > 0.65).all() and (inside.diagonal() < 1.25).all()
    assert (inside - inside.diagonal().diag()).abs().max() < 1e-6
    assert (orthogonalized(torch.zeros(3, 4)) == 0).all()


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon")
@pytest.mark.parametrize("shape", [(6, 20), (20, 6)])
def test_on_matrices_it_is_torchs(shape):
    """Torch's rounds to bfloat16: directions agree to a hundredth, of steps that are as long as 1."""
    ours, torchs = (nn.Parameter(drawn(*shape)) for _ in range(2))
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.3}
    optimizers = Muon([ours], **settings), torch.optim.Muon([torchs], **settings)
    for step in range(4):
        for one, optimizer in zip((ours, torchs), optimizers, strict=True):
            one.grad = drawn(*shape, seed=step + 1)
            optimizer.step()
    assert (ours - torchs).abs().max() < 4 * 0.1 * 2 * 0.02
    assert (ours - drawn(*shape)).abs().max() > 0.1


LAYOUTS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize("of_gradient", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (40, 2, 3, 3)])
def test_convolutions_are_matrices_of_their_filters(shape, layout, of_gradient):
    filters, matrix = nn.Parameter(drawn(*shape).to(memory_format=layout)), nn.Parameter(drawn(*shape).flatten(1))
    optimizers = [Muon([one], 0.1, weight_decay=0.1) for one in (filters, matrix)]
    for step in range(3):
        gradient = drawn(*shape, seed=step + 1)
        filters.grad, matrix.grad = gradient.to(memory_format=of_gradient), gradient.flatten(1)
        for one in optimizers:
            one.step()
    torch.testing.assert_close(filters.detach().flatten(1), matrix.detach(), rtol=1e-5, atol=1e-5)
    assert filters.is_contiguous(memory_format=layout)


def test_weights_without_a_gradient_stay():
    still = nn.Parameter(drawn(2, 2))
    Muon([still], 0.1).step()
    assert torch.equal(still, drawn(2, 2))


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((3,), {}, "params must have two or more dimensions, got one of shape (3,)"),
        ((3, 3), {"lr": -1}, "lr and weight_decay must be at least 0, got -1 and 0.0"),
        ((3, 3), {"weight_decay": -1}, "lr and weight_decay must be at least 0, got 0.02 and -1"),
        ((3, 3), {"momentum": 1}, "momentum must be at least 0 and below 1, got 1"),
    ],
)
def test_bad_arguments_are_named(shape, settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Muon([nn.Parameter(torch.zeros(shape))], **settings)
    with pytest.raises(ValueError, match="closure must be None"):
        Muon([nn.Parameter(torch.zeros(2, 2))]).step(lambda: 0)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("muon", [Muon, torch.optim.AdamW]), ("adamw", [torch.optim.AdamW]), ("sgd", [torch.optim.SGD])],
)
def test_every_weight_has_one_optimizer_and_only_matrices_decay(name, kinds):
    model = stand_in(dropout=0)
    model.head.bias.requires_grad_(False)
    optimizer = make_optimizer(model, Config(optimizer=name, learning_rate=0.3, rest_rate=0.2, weight_decay=0.1))
    assert [type(one) for one in optimizer.optimizers] == kinds
    owned = [one for group in optimizer.groups for one in group["params"]]
    learned = [one for one in model.parameters() if one.requires_grad]
    assert len(owned) == len(learned) == len({*owned}) and {*owned} == {*learned}
    for group in optimizer.groups:
        for one in group["params"]:
            assert group["weight_decay"] == (0.1 if one.ndim > 1 else 0)
            assert group["lr"] == (0.2 if name == "muon" and one.ndim < 2 else 0.3)
    assert optimizer.set_rate(0.5) == 0.15
    assert [group["lr"] for group in optimizer.groups] == [0.15, 0.1 if name == "muon" else 0.15]
    assert optimizer.set_rate(1) == 0.3


def test_a_model_without_weights_is_refused():
    with pytest.raises(ValueError, match="model must have a parameter to be learned, got none"):
        make_optimizer(nn.Linear(1, 1).requires_grad_(False), Config())


def in_memory(values):
    """Return how far apart neighbors lie, along all sides that have any."""
    return [stride for stride, size in zip(values.stride(), values.shape, strict=True) if size > 1]


def learn(model, optimizer, steps):
    for step in steps:
        (batch,) = load(WORLD, seed=0, batch=2, steps=range(step, step + 1))
        optimizer.zero_grad()
        losses = model(batch.images, batch.targets, rng=sampling_chance(0, step, batch.positions))
        sum(losses.values()).backward()
        optimizer.step()


@pytest.mark.parametrize("name", ["muon", "adamw", "sgd"])
def test_what_it_remembers_makes_another_go_on_to_the_same_bits(name):
    """Also in the order of memory: as it comes from a file, without that order."""
    config = Config(optimizer=name)
    model, other = (stand_in(dropout=0).to(memory_format=torch.channels_last) for _ in range(2))
    optimizer, its = make_optimizer(model, config), make_optimizer(other, config)
    learn(model, optimizer, [1, 2])
    other.load_state_dict(model.state_dict())
    state = {name: value.clone(memory_format=torch.contiguous_format) for name, value in optimizer.state().items()}
    assert "body.weight/momentum_buffer" in state or "body.weight/exp_avg_sq" in state
    its.load_state(state)
    for label, value in its.state().items():
        assert in_memory(value) == in_memory(optimizer.state()[label])
        assert torch.equal(value, optimizer.state()[label])
    learn(model, optimizer, [3, 4])
    learn(other, its, [3, 4])
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_another_models_memory_is_refused():
    optimizer = make_optimizer(stand_in(), Config())
    with pytest.raises(ValueError, match=r"state must be of the parameters that are trained, got 'nose\.weight/step'"):
        optimizer.load_state({"nose.weight/step": torch.zeros(())})
    with pytest.raises(ValueError, match=re.escape("must have its parameter's shape (15,), got (3,)")):
        optimizer.load_state({"head.bias/exp_avg": torch.zeros(3)})


@pytest.mark.parametrize("schedule", ["one_cycle", "step", "constant"])
@pytest.mark.parametrize("warmup", [0, 0.05, 0.5])
def test_rates_rise_to_the_highest_and_never_leave_zero_and_one(schedule, warmup):
    config = Config(steps=90, schedule=schedule, warmup=warmup)
    rates = [rate_factor(config, step) for step in range(1, 91)]
    top = rates.index(max(rates))
    assert all(0 < rate <= 1 for rate in rates) and rates[top] > 0.99
    assert top <= math.ceil(warmup * 90)
    assert rates[: top + 1] == sorted(rates[: top + 1]) and rates[top:] == sorted(rates[top:], reverse=True)
    if warmup:
        assert rates[0] == pytest.approx(1 / (warmup * 90))
    if schedule == "step":
        assert rates[59] == 1 and rates[60] == pytest.approx(0.1) and rates[79] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx({"one_cycle": 0, "step": 0.01, "constant": 1}[schedule], abs=2e-3)
