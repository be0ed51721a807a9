"""Weights of tasks: the papers' closed forms, what is remembered, and the backward pass that uses them."""

import json
import re

import numpy as np
import pytest
import torch
from torch import nn

from minimask.gradients.backward import backward
from minimask.gradients.surgery import METHODS, pcgrad
from minimask.gradients.weighing import WEIGHINGS, Fixed, GradNorm, Surgery, Uncertainty, Weighing, weighing_of

GRAM = np.array([[4.0, -1, 0.5], [-1, 1, 0.2], [0.5, 0.2, 9]])
LOSSES = {"class": 0.8, "box": 0.3, "mask": 0.5}


@pytest.mark.parametrize("name", WEIGHINGS)
def test_every_name_has_a_weighing_that_goes_on_where_it_was(name):
    rng = np.random.default_rng(0)
    steps = [
        ({key: value * rng.uniform(0.5, 1) for key, value in LOSSES.items()}, GRAM * rng.uniform(0.5, 2))
        for _ in range(6)
    ]
    whole, first, second = weighing_of(name), weighing_of(name), weighing_of(name)
    expected = [whole.weights(*step) for step in steps]
    found = [first.weights(*step) for step in steps[:3]]
    second.load_state(json.loads(json.dumps(first.state())))
    found += [second.weights(*step) for step in steps[3:]]
    assert np.array_equal(expected, found)
    assert all(one.shape == (3,) and (one >= 0).all() for one in expected)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "sum"])
def test_surgery_by_name_is_its_method(name):
    assert np.array_equal(Surgery(name).weights(LOSSES, GRAM), METHODS[name](GRAM))


def test_pcgrad_takes_its_chance():
    gram = np.array([[1.0, -0.5, -0.4], [-0.5, 1, -0.3], [-0.4, -0.3, 1]])
    orders = {tuple(Surgery("pcgrad").weights(LOSSES, gram, np.random.default_rng(seed))) for seed in range(20)}
    assert len(orders) > 1
    expected = pcgrad(gram, np.random.default_rng(4))
    assert np.array_equal(Surgery("pcgrad").weights(LOSSES, gram, np.random.default_rng(4)), expected)


def test_uncertainty_is_descent_on_its_papers_loss():
    weighing = Uncertainty(rate=0.05)
    logs = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    rng = np.random.default_rng(1)
    for _ in range(20):
        losses = {key: value * rng.uniform(0.2, 2) for key, value in LOSSES.items()}
        values = torch.tensor(list(losses.values()), dtype=torch.float64)
        assert weighing.weights(losses) == pytest.approx((-logs).exp().detach().numpy())
        total = ((-logs).exp() * values + logs / 2).sum()
        (slope,) = torch.autograd.grad(total, logs)
        logs = (logs - 0.05 * slope).detach().requires_grad_()


def test_gradnorm_is_descent_on_its_papers_loss():
    alpha, rate = 1.5, 0.02
    weighing = GradNorm(alpha, rate)
    weights = torch.ones(3, dtype=torch.float64)
    rng = np.random.default_rng(2)
    first = None
    for _ in range(20):
        losses = {key: value * rng.uniform(0.2, 2) for key, value in LOSSES.items()}
        values = torch.tensor(list(losses.values()), dtype=torch.float64)
        first = values if first is None else first
        assert weighing.weights(losses, GRAM) == pytest.approx(weights.numpy())
        weights.requires_grad_()
        lengths = weights * torch.tensor(np.sqrt(np.diag(GRAM)))
        mean = lengths.mean().detach()
        left = values / first
        targets = mean * (left / left.mean()) ** alpha
        (slope,) = torch.autograd.grad((lengths - targets).abs().sum() / mean, weights)
        weights = (weights - rate * slope).detach()
        weights = weights * (3 / weights.sum())


def test_gradnorm_makes_lengths_equal_and_favors_who_lags():
    even = GradNorm(alpha=0.0, rate=0.002)
    lagging = GradNorm(alpha=1.0, rate=0.002)
    lagging.weights({"a": 1.0, "b": 1.0}, np.eye(2))
    for _ in range(3000):
        weights = even.weights({"a": 1.0, "b": 1.0}, np.diag([16.0, 1.0]))
        uneven = lagging.weights({"a": 1.0, "b": 0.5}, np.eye(2))
    assert weights * [4, 1] == pytest.approx([1.6, 1.6], rel=0.02)
    assert uneven[0] / uneven[1] == pytest.approx(2, rel=0.03)


def test_gradnorm_never_loses_a_task():
    weighing = GradNorm(alpha=0.0, rate=5.0)
    for _ in range(50):
        weights = weighing.weights(LOSSES, GRAM)
        assert (weights > 0).all() and weights.sum() == pytest.approx(3)


def test_nothing_is_divided_by_zero():
    for name in WEIGHINGS:
        weights = weighing_of(name).weights(dict.fromkeys("ab", 0.0), np.zeros((2, 2)))
        assert np.isfinite(weights).all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: weighing_of("magic"), "name must be one of sum, fixed, uncertainty, gradnorm, pcgrad, "),
        (lambda: weighing_of("mgda", {"mask": 2}), "fixed must be given for the weighing 'fixed' only"),
        (lambda: Surgery("magic"), "method must be one of sum, pcgrad, mgda, cagrad, upgrad, got 'magic'"),
        (lambda: Surgery("mgda").weights(LOSSES), "gram must be given: this method weighs by the tasks' gradients"),
        (lambda: GradNorm().weights(LOSSES, np.eye(2)), "gram must have a row for each of 3 losses, got 2"),
        (lambda: Weighing().weights({}), "losses must name at least one, got none"),
        (lambda: Uncertainty().weights({"a": float("nan")}), "losses must be finite, got nan"),
        (lambda: Uncertainty(0), "rate must be above 0, got 0"),
        (lambda: GradNorm(alpha=-1), "alpha must be at least 0, got -1"),
        (lambda: Fixed({"a": -2}), "weights must be at least 0, got -2 for 'a'"),
        (lambda: Fixed({"a": 2}).weights(LOSSES), "weights must be of class, box, mask, got one of 'a'"),
        (lambda: Weighing().load_state({"a": [1.0]}), "state must be empty for this weighing, got ['a']"),
    ],
)
def test_refusals(call, said):
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        call()


def test_other_tasks_than_before_are_refused():
    for weighing in (Uncertainty(), GradNorm()):
        weighing.weights(LOSSES, GRAM)
        with pytest.raises(ValueError, match="losses must be those of 3 tasks, as before, got 2"):
            weighing.weights({"class": 1.0, "box": 1.0}, GRAM[:2, :2])


class Forked(nn.Module):
    """A trunk that three heads share, the last of them only its first layer."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 6), nn.Linear(6, 4)
        self.left, self.right, self.side = nn.Linear(4, 1), nn.Linear(4, 1), nn.Linear(6, 1)
        self.idle = nn.Linear(2, 2)

    def forward(self, x):
        first = self.first(x).tanh()
        second = self.second(first).tanh()
        return {
            "left": (self.left(second) - 2).square().mean(),
            "right": (self.right(second) + 2).square().mean(),
            "side": self.side(first).abs().mean(),
        }


@pytest.mark.parametrize("name", WEIGHINGS)
def test_backward_weighs_what_is_shared(name):
    net = Forked().double()
    x = torch.randn(9, 3, dtype=torch.float64)
    rows = []
    for task in ("left", "right", "side"):
        net.zero_grad()
        net(x)[task].backward()
        rows.append({key: None if one.grad is None else one.grad.clone() for key, one in net.named_parameters()})
    common = [key for key in rows[0] if sum(row[key] is not None for row in rows) > 1]
    assert {key.partition(".")[0] for key in common} == {"first", "second"}
    flat = np.array(
        [
            np.concatenate(
                [
                    (torch.zeros(dict(net.named_parameters())[key].shape) if row[key] is None else row[key])
                    .flatten()
                    .numpy()
                    for key in common
                ]
            )
            for row in rows
        ]
    )
    net.zero_grad()
    weighing, losses = weighing_of(name), net(x)
    weights = backward(losses, weighing, net.parameters(), np.random.default_rng(5))
    values = {key: value.item() for key, value in losses.items()}
    assert weights == pytest.approx(weighing_of(name).weights(values, flat @ flat.T, np.random.default_rng(5)))
    for key, parameter in net.named_parameters():
        there = [number for number, row in enumerate(rows) if row[key] is not None]
        if not there:
            assert parameter.grad is None
            continue
        alone = len(there) == 1 and weighing.reads_gradients
        expected = sum(rows[number][key] * (1.0 if alone else weights[number]) for number in there)
        assert torch.allclose(parameter.grad, expected)


def test_backward_of_the_plain_sum_is_torchs_own_and_adds_up():
    net, x = Forked(), torch.randn(4, 3)
    sum(net(x).values()).backward()
    expected = {key: one.grad for key, one in net.named_parameters()}
    for name, times in (("sum", 1), ("sum", 2)):
        if times == 1:
            net.zero_grad()
        backward(net(x), weighing_of(name), net.parameters())
        assert all(
            one.grad is None or torch.equal(one.grad, times * expected[key]) for key, one in net.named_parameters()
        )


def test_a_step_of_upgrad_raises_no_loss_where_the_sum_does():
    """Two tasks that pull at the trunk from two sides, one of them thirty times as strong."""
    x = torch.randn(64, 3, dtype=torch.float64)
    changes = {}
    for name in ("sum", "upgrad"):
        net = Forked().double()
        net.right.load_state_dict(net.left.state_dict())

        def losses(net=net):
            found = net(x)
            return {"left": 30 * found["left"], "right": found["right"]}

        before = losses()
        trunk = [*net.first.parameters(), *net.second.parameters()]
        backward(before, weighing_of(name), net.parameters())
        with torch.no_grad():
            for one in trunk:
                one -= 1e-5 * one.grad
        changes[name] = [(after - loss).item() for after, loss in zip(losses().values(), before.values(), strict=True)]
    assert changes["sum"][1] > 0 > changes["sum"][0]
    assert max(changes["upgrad"]) < 1e-9


def test_backward_refuses_what_is_no_loss():
    with pytest.raises(ValueError, match="losses must depend on something that learns"):
        backward({"a": torch.ones(())}, Weighing(), [])
    w = nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match="losses must be finite, got nan"):
        backward({"a": w.sum() * float("nan")}, Surgery("mgda"), [w])
