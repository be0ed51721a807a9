"""Gradients task by task: held against backward passes one at a time, finite differences, and hand-made cases."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from minimask.gradients.tasks import cosines, layers, lengths, products, projections, task_gradients


class TwoTasks(nn.Module):
    """A trunk, and a head for each of two tasks."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.trunk = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.Tanh())
        self.left, self.right = nn.Linear(4, 1), nn.Linear(4, 2)

    def forward(self, x):
        hidden = self.trunk(x)
        return {"left": (self.left(hidden) - 1).square().mean(), "right": self.right(hidden).sin().mean()}


def test_rows_are_what_backward_leaves_one_loss_at_a_time():
    net = TwoTasks().double()
    x = torch.randn(7, 3, dtype=torch.float64)
    places = layers(net)
    found = task_gradients(net(x), places)
    assert list(found) == ["trunk.0", "trunk.2", "left", "right"]
    for row, task in enumerate(("left", "right")):
        net.zero_grad()
        net(x)[task].backward()
        for name, place in places.items():
            expected = torch.cat(
                [torch.zeros(one.numel()) if one.grad is None else one.grad.flatten() for one in place]
            )
            assert torch.equal(found[name][row], expected.double())


def test_rows_are_finite_differences():
    net = TwoTasks(3).double()
    x = torch.randn(4, 3, dtype=torch.float64)
    weight = net.trunk[0].weight
    rows = task_gradients(net(x), {"w": [weight]})["w"]
    h = 1e-6
    for number in range(weight.numel()):
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                weight.view(-1)[number] += sign * h
                ends.append(torch.stack(list(net(x).values())))
                weight.view(-1)[number] -= sign * h
        slope = (ends[0] - ends[1]) / (2 * h)
        assert torch.allclose(rows[:, number], slope.detach(), atol=1e-8)


def test_activations_are_places_too():
    x = torch.randn(2, 3)
    hidden = torch.relu(x @ torch.randn(3, 4, requires_grad=True))
    rows = task_gradients({"sum": hidden.sum(), "squares": hidden.square().sum()}, {"hidden": [hidden]})["hidden"]
    assert torch.equal(rows[0], torch.ones(8))
    assert torch.equal(rows[1], 2 * hidden.flatten().detach())


def test_a_training_step_can_follow_and_is_the_same():
    x = torch.randn(6, 3)
    grads = []
    for look in (False, True):
        net = TwoTasks(1)
        losses = net(x)
        if look:
            task_gradients(losses, layers(net), keep_graph=True)
            assert all(one.grad is None for one in net.parameters())
        sum(losses.values()).backward()
        grads.append([one.grad for one in net.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*grads, strict=True))


def test_without_keeping_the_graph_is_freed():
    net = TwoTasks()
    losses = net(torch.randn(2, 3))
    task_gradients(losses, layers(net))
    with pytest.raises(RuntimeError, match="second time"):
        losses["left"].backward()


def test_products_cosines_lengths_and_projections_are_those_of_the_vectors():
    rows = torch.tensor([[3.0, 4, 0], [0, -5, 0], [0, 0, 2]])
    gram = products(rows)
    assert gram.dtype == torch.float64
    assert lengths(gram).tolist() == [5, 5, 2]
    assert cosines(gram)[0].tolist() == pytest.approx([1, -0.8, 0])
    for i in range(3):
        for j in range(3):
            along = (rows[i] @ rows[j]) / (rows[j] @ rows[j])
            assert projections(gram)[i, j].item() == pytest.approx(along.item())
    others = torch.tensor([[1.0, 0, 0], [0, 2, 0], [0, 0, -3]])
    across = products(rows, others)
    assert across[1].tolist() == [0, -10, 0]
    assert cosines(across, lengths(gram), lengths(products(others)))[1].tolist() == pytest.approx([0, -1, 0])


def test_products_of_many_small_numbers_are_summed_in_float64():
    rows = torch.full((1, 2_000_000), 1e-3)
    assert products(rows).item() == pytest.approx(2.0, rel=1e-6)


def test_a_gradient_of_zero_has_no_angle():
    gram = products(torch.tensor([[1.0, 0], [0, 0]]))
    assert torch.isnan(cosines(gram)[0, 1]) and torch.isnan(projections(gram)[0, 1])
    assert cosines(gram)[0, 0] == 1 and projections(gram)[1, 0] == 0


def test_a_small_step_along_one_gradient_lowers_the_other_loss_by_the_projection():
    net = TwoTasks(5).double()
    x = torch.randn(9, 3, dtype=torch.float64)
    place = layers(net, "trunk")["trunk.0"]
    losses = net(x)
    rows = task_gradients(losses, {"trunk.0": place})["trunk.0"]
    part = projections(products(rows))
    with torch.no_grad():
        start = 0
        for one in place:
            one -= 1e-6 * rows[1][start : start + one.numel()].view_as(one)
            start += one.numel()
        fell = torch.stack(list(losses.values())) - torch.stack(list(net(x).values()))
    assert fell[0] / fell[1] == pytest.approx(part[0, 1].item(), rel=1e-4)


def test_layers_leave_out_what_does_not_learn():
    net = TwoTasks()
    net.trunk[0].weight.requires_grad_(False)
    net.left.requires_grad_(False)
    assert [[one.ndim for one in place] for place in layers(net).values()] == [[1], [2, 1], [2, 1]]
    assert list(layers(net, "trunk")) == ["trunk.0", "trunk.2"]


W = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("losses", "places", "said"),
    [
        ({}, {"w": [W]}, "losses must name at least one, got none"),
        ({"a": W * 2}, {"w": [W]}, "losses must be single numbers, got 'a' of shape (2,)"),
        ({"a": torch.ones(())}, {"w": [W]}, "losses must depend on something that learns, got 'a'"),
        ({"a": W.sum()}, {}, "places must name at least one, got none"),
        ({"a": W.sum()}, {"w": []}, "places must have tensors, got 'w' without any"),
        ({"a": W.sum()}, {"w": [W, torch.ones(1)]}, "places must be tensors that need a gradient, got 'w'"),
    ],
)
def test_refusals(losses, places, said):
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        task_gradients(losses, places)


def test_refusals_of_the_small_ones():
    with pytest.raises(ValueError, match=r"rows and others must both have shape \(T, n\), got \(2,\)"):
        products(torch.ones(2))
    with pytest.raises(ValueError, match=r"rows and others must both have shape \(T, n\), got \(2, 3\), \(2, 4\)"):
        products(torch.ones(2, 3), torch.ones(2, 4))
    with pytest.raises(ValueError, match="left and right must both be given, or neither"):
        cosines(torch.eye(2), torch.ones(2))
    with pytest.raises(ValueError, match="within must be the beginning of the name of a layer that learns, got 'body'"):
        layers(TwoTasks(), "body")


def test_one_number_of_one_element_is_a_loss():
    w = torch.tensor([2.0], requires_grad=True)
    assert np.allclose(task_gradients({"a": w * 3}, {"w": [w]})["w"], [[3.0]])
