"""Surgery on gradients, held against TorchJD.

TorchJD speaks of means where minimask speaks of sums: its directions are T times shorter, but PCGrad's. It solves its
problems approximately, or a problem that is a little regularized; that is what the tolerances are for.
"""

import numpy as np
import pytest
import torch
from torchjd.aggregation import CAGradWeighting, MGDAWeighting, PCGradWeighting, UPGradWeighting
from torchjd.linalg import QuadprogProjector

from minimask.gradients.surgery import cagrad, mgda, pcgrad, upgrad

CASES = [(seed, tasks, size) for seed in range(12) for tasks, size in ((2, 3), (3, 4), (3, 30), (5, 3), (5, 100))]
drawn = pytest.mark.parametrize(("seed", "tasks", "size"), CASES)
ORDERS = 200
"""So often the order of PCGrad is drawn: of three tasks there are 8 outcomes at most."""


def gradients(seed, tasks, size):
    """Return rows of lengths that differ up to tenfold; their directions share a part, or oppose it."""
    rng = np.random.default_rng([seed, tasks, size])
    rows = rng.normal(size=(tasks, size)) + rng.normal() * rng.normal(size=size)
    return rows * 10.0 ** rng.uniform(-0.5, 0.5, (tasks, 1))


def answered(weighting, rows):
    """Return the direction of TorchJD."""
    return weighting(torch.from_numpy(rows @ rows.T)).numpy() @ rows


def assert_same(found, expected, rows, room):
    assert np.linalg.norm(found - expected) <= room * np.linalg.norm(rows, axis=1).max() * len(rows)


@drawn
def test_upgrad(seed, tasks, size):
    rows = gradients(seed, tasks, size)
    exact = UPGradWeighting(projector=QuadprogProjector(norm_eps=0.0, reg_eps=1e-12))
    assert_same(upgrad(rows @ rows.T) @ rows, tasks * answered(exact, rows), rows, 1e-4)


@drawn
def test_mgda(seed, tasks, size):
    rows = gradients(seed, tasks, size)
    found, expected = mgda(rows @ rows.T) @ rows, tasks * answered(MGDAWeighting(1e-9, 5_000), rows)
    assert np.linalg.norm(found) <= np.linalg.norm(expected) * (1 + 1e-9)  # the shortest: theirs is on the way to it
    assert_same(found, expected, rows, 1e-2)


@drawn
@pytest.mark.parametrize("c", [0.3, 0.8])
def test_cagrad(seed, tasks, size, c):
    rows = gradients(seed, tasks, size)
    expected = tasks * answered(CAGradWeighting(c, norm_eps=0.0), rows)
    assert_same(cagrad(rows @ rows.T, c) @ rows, expected, rows, 1e-2)


@pytest.mark.parametrize("seed", range(20))
def test_pcgrad_of_two(seed):
    rows = gradients(seed, 2, 5)
    assert_same(pcgrad(rows @ rows.T) @ rows, answered(PCGradWeighting(), rows), rows, 1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_pcgrad_of_three_in_every_order(seed):
    rows = gradients(seed, 3, 4)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    ours = {tuple(pcgrad(rows @ rows.T, rng).round(6)) for _ in range(ORDERS)}
    gram = torch.from_numpy(rows @ rows.T)
    theirs = {tuple(PCGradWeighting()(gram).numpy().round(6)) for _ in range(ORDERS)}
    assert ours == theirs
