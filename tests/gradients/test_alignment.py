"""Measured products of gradients: what they say, and that the training does not notice."""

import copy
import re

import numpy as np
import pytest
import torch
from torch import nn

from minimask.gradients.alignment import Alignment, measure, undisturbed, watched
from minimask.gradients.tasks import layers


class Net(nn.Module):
    """A trunk with batch norm and dropout, and two heads."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.Tanh())
        self.left, self.right = nn.Linear(6, 1), nn.Linear(6, 1)

    def forward(self, x):
        hidden = self.trunk(x)
        return {"left": (self.left(hidden) - x[:, :1]).square().mean(), "right": self.right(hidden).abs().mean()}


def batches(count=3):
    return [torch.randn(8, 3, generator=torch.Generator().manual_seed(seed)) for seed in range(count)]


def measured(net, count=3, **more):
    return measure(net, net, batches(count), layers(net, "trunk"), **more)


def test_products_are_those_of_gradients_computed_by_hand():
    net = Net()
    net.trunk[2].p = 0.0
    found = measured(net)
    rows = {}
    for b, batch in enumerate(batches()):
        for t, task in enumerate(("left", "right")):
            net.zero_grad()
            net(batch)[task].backward()
            for place, parameters in layers(net, "trunk").items():
                rows[place, b, t] = torch.cat([one.grad.flatten() for one in parameters]).double()
    for p, place in enumerate(found.places):
        for a in range(3):
            for b in range(3):
                for i in range(2):
                    for j in range(2):
                        expected = (rows[place, a, i] @ rows[place, b, j]).item()
                        assert found.gram[p, a, i, b, j] == pytest.approx(expected, rel=1e-5, abs=1e-9)
    assert found.tasks == ("left", "right") and found.places == ("trunk.0", "trunk.1")


def test_cosines_floor_and_lengths_come_from_the_products():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(2, 3, 4, 9))  # places, batches, tasks
    gram = np.einsum("patn,pbun->patbu", vectors, vectors)
    found = Alignment(("a", "b"), tuple("wxyz"), np.zeros((3, 4)), gram)

    def cosine(one, other):
        return one @ other / np.linalg.norm(one) / np.linalg.norm(other)

    assert found.lengths() == pytest.approx(np.linalg.norm(vectors, axis=-1))
    same, across = found.same_batch(), found.across_batches()
    assert same.shape == (2, 3, 4, 4) and across.shape == (2, 6, 4, 4)
    pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    for p in range(2):
        for i in range(4):
            for j in range(4):
                for b in range(3):
                    assert same[p, b, i, j] == pytest.approx(cosine(vectors[p, b, i], vectors[p, b, j]))
                for number, (a, b) in enumerate(pairs):
                    assert across[p, number, i, j] == pytest.approx(cosine(vectors[p, a, i], vectors[p, b, j]))
    whole = found.together()
    joined = np.concatenate(vectors, axis=-1)
    assert whole.places == ("together",)
    assert whole.same_batch()[0, 1, 0, 3] == pytest.approx(cosine(joined[1, 0], joined[1, 3]))
    assert found.together(["b"], "second").gram[0] == pytest.approx(gram[1])


def test_one_batch_has_no_floor():
    found = measured(Net(), count=1)
    assert found.across_batches().shape == (2, 0, 2, 2) and found.same_batch().shape == (2, 1, 2, 2)


def test_the_training_does_not_notice():
    ways = []
    for look in (False, True):
        net = Net().train()
        optimizer = torch.optim.Adam(net.parameters(), 0.01)
        torch.manual_seed(7)
        for batch in batches():
            optimizer.zero_grad()
            losses = net(batch)
            if look:
                measured(net, outputs=["trunk.3"])
            sum(losses.values()).backward()
            optimizer.step()
        ways.append((copy.deepcopy(net.state_dict()), torch.get_rng_state()))
    assert all(torch.equal(ways[0][0][name], ways[1][0][name]) for name in ways[0][0])
    assert torch.equal(ways[0][1], ways[1][1])


def test_the_model_is_given_back_after_an_error_too():
    net = Net().train()
    before = copy.deepcopy(net.state_dict())

    def fails(batch):
        net(batch)
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        measure(net, fails, batches(), layers(net), ["trunk.0"])
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not net.trunk[0]._forward_hooks


def test_outputs_are_compared_within_a_batch_only():
    net = Net().eval()
    found = measured(net, outputs=["trunk"])
    assert found.places == ("trunk.0", "trunk.1", "trunk/output")
    assert np.isnan(found.gram[2, 0, :, 1]).all() and np.isfinite(found.gram[2, 1, :, 1]).all()
    hidden = net.trunk(batches()[1]).detach().requires_grad_()
    losses = [(net.left(hidden) - batches()[1][:, :1]).square().mean(), net.right(hidden).abs().mean()]
    left, right = (torch.autograd.grad(loss, hidden)[0].flatten() for loss in losses)
    assert found.gram[2, 1, 0, 1, 1] == pytest.approx((left @ right).item(), rel=1e-5)


def test_rows_of_a_table_have_each_product_once():
    rows = list(measured(Net(), count=2, outputs=["trunk"]).rows())
    assert len(rows) == 2 * 10 + 6  # of 2 batches x 2 tasks each two, with themselves; for the output no two batches
    where = {tuple(row[name] for name in ("place", "task", "batch", "other_task", "other_batch")) for row in rows}
    assert len(where) == len(rows)
    own = [row for row in rows if (row["task"], row["batch"]) == (row["other_task"], row["other_batch"])]
    assert len(own) == 12 and all(row["cosine"] == pytest.approx(1) for row in own)


def test_what_modules_put_out_may_be_nested():
    class Nested(nn.Module):
        def forward(self, x):
            return {"maps": [x * 2, x.detach()], "name": "text", "pair": (x + 1, None)}

    net, x = nn.Sequential(Nested()), torch.ones(2, requires_grad=True)
    with watched(net, ["0"]) as seen:
        net(x)
        net(x)
    assert [one.tolist() for one in seen["0/output"]] == [[2, 2], [2, 2]] * 2
    assert not net[0]._forward_hooks


def test_random_numbers_and_buffers_come_back():
    norm = nn.BatchNorm1d(2)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    with undisturbed(norm):
        norm(torch.randn(5, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert norm.num_batches_tracked == 0 and norm.running_var.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batches": []}, "batches must hold at least one, got none"),
        ({"parameters": {}}, "parameters or outputs must name a place, got none"),
        ({"outputs": ["body"]}, "outputs must be names of the model's modules, got 'body'"),
        ({"outputs": ["unused"]}, "outputs must be of modules that the losses depend on, got 'unused'"),
    ],
)
def test_refusals(change, said):
    net = Net()
    net.unused = nn.Linear(1, 1)
    arguments = {"batches": batches(), "parameters": layers(net, "trunk"), **change}
    with pytest.raises(ValueError, match="^" + re.escape(said)):
        measure(net, net, **arguments)


def test_batches_must_have_the_same_losses():
    net = Net()
    names = iter(["left", "right"])
    with pytest.raises(ValueError, match=r"losses must be the same for all batches, got \['left'\] and \['right'\]"):
        measure(net, lambda batch: {(name := next(names)): net(batch)[name]}, batches(2), layers(net))
