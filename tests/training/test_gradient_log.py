"""Gradients of Mask R-CNN's losses, watched while it trains: the right ones, and at no cost to what is learned."""

import csv
from contextlib import closing

import numpy as np
import pytest
import torch

from minimask.data.shapes import ShapesWorld
from minimask.model.lesson import lesson_model
from minimask.model.twin import maskrcnn_resnet50_fpn
from minimask.training.batches import load
from minimask.training.config import Config
from minimask.training.gradient_log import COLUMNS, GradientLog, look, read_table, shared_places
from minimask.training.loop import train
from minimask.training.run import GRADIENTS, run

WORLD = ShapesWorld(height=64, width=64, objects=(2, 3), sizes=(16, 40), seed=1)
CONFIG = Config(steps=2, batch=2, precision="float32", threads=1, evaluate_every=0, checkpoint_every=0)
TASKS = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg", "loss_mask")


def batches(count=2):
    return [*load(WORLD, seed=0, batch=2, steps=range(1, count + 1))]


@pytest.mark.parametrize("heads", ["decoupled", "joint"])
def test_losses_reach_what_they_share(heads):
    """Which gradients are zero follows from how the model is wired; a loss that leaks would show here."""
    found = look(lesson_model(heads=heads), batches(), CONFIG)
    assert found.tasks == TASKS
    lengths = dict(zip(found.places, found.lengths(), strict=True))
    rpn, box, mask = {0, 1}, {2, 3}, {4}
    for place, own in lengths.items():
        reached = {task for task in range(5) if own[:, task].any()}
        if place.endswith(("layer_blocks.1", "layer_blocks.2")):  # the lesson's RoIs are all read from the finest map
            assert 0 in reached <= rpn
        elif place.startswith("backbone"):
            assert reached == rpn | box | mask
        elif place.startswith("rpn"):
            assert reached == rpn
        elif place.startswith("roi_heads.mask_head"):
            assert heads == "joint" and reached == box | mask
        elif place == "roi_heads.box_features/output":
            assert reached == (box if heads == "decoupled" else box | mask)
        else:
            assert place.startswith("roi_heads.box_head") and reached == box


def test_gradients_are_those_of_a_training_step():
    """The sum over losses of what is measured is the length of the gradient that `backward` leaves."""
    model, (batch,) = lesson_model(), batches(1)
    found = look(model, [batch], CONFIG)
    model.train()
    rng = [np.random.default_rng([CONFIG.seed, 0, place]) for place in batch.positions]
    sum(model(batch.images, batch.targets, rng=rng).values()).backward()
    for place, parameters in shared_places(model).items():
        square = sum(one.grad.double().square().sum().item() for one in parameters)
        assert found.gram[found.places.index(place), 0, :, 0].sum() == pytest.approx(square, rel=1e-4)


def test_the_joint_heads_read_each_roi_once():
    """The same positives in one tensor: the mask's gradient on RoIs without an object is zero, the class's is not."""
    model, (batch,) = lesson_model(heads="joint").train(), batches(1)
    seen = []
    for module in (model.roi_heads.box_features, model.roi_heads.mask_features):
        module.register_forward_hook(lambda _module, _given, made: seen.append(made))
    losses = model(batch.images, batch.targets, rng=np.random.default_rng(0))
    everything, positive = seen
    mask, classes = (
        torch.autograd.grad(losses[f"loss_{name}"], everything, retain_graph=True)[0] for name in ("mask", "classifier")
    )
    touched = mask.flatten(1).any(dim=1)
    assert touched.sum() == len(positive) < len(everything) and classes.flatten(1).any(dim=1).all()
    assert torch.equal(everything[touched], positive)


def test_watching_changes_no_bit(tmp_path):
    def trained(watched):
        model = lesson_model()
        with closing(GradientLog(tmp_path / f"{watched}.csv", WORLD, CONFIG)) as log:
            for progress in train(model, WORLD, CONFIG):
                if watched:
                    log.write(progress.step, model)
        return torch.cat([value.double().flatten() for value in model.state_dict().values()])

    assert torch.equal(trained(False), trained(True))


def test_the_table_is_tidy_and_says_what_was_measured(tmp_path):
    model, path = lesson_model(), tmp_path / "gradients.csv"
    log = GradientLog(path, WORLD, CONFIG)
    found = log.write(0, model)
    log.sync()
    log.close()
    rows = read_table(path)
    assert list(rows[0]) == ["step", *COLUMNS]
    expected = [*found.rows()]
    assert len(rows) == len(expected) and all(row["step"] == 0 for row in rows)
    for row, one in zip(rows, expected, strict=True):
        assert {name: row[name] for name in COLUMNS[:5]} == {name: one[name] for name in COLUMNS[:5]}
        assert row["product"] == pytest.approx(one["product"], rel=1e-8)
    again = look(model, [*load(WORLD, seed=CONFIG.seed, batch=2, steps=range(3, 5))], CONFIG)
    assert np.array_equal(again.gram, found.gram, equal_nan=True)


def test_a_run_that_goes_on_has_the_same_table(tmp_path):
    """On request, at the beginning, every so many steps and at the end."""
    settings = {"steps": 3, "batch": 1, "size": 48, "threads": 1, "evaluate_every": 0, "pictures_every": 0}
    config = Config(**settings, checkpoint_every=2, gradients_every=2, precision="float32")
    run(config, tmp_path / "whole", shown=False)
    table = tmp_path / "whole" / GRADIENTS
    whole = table.read_text()
    assert sorted({int(row["step"]) for row in csv.DictReader(whole.splitlines())}) == [0, 2, 3]
    checkpoints = sorted((tmp_path / "whole" / "checkpoints").iterdir())
    for number in (1, 0):  # the run was killed after step 2; then before any checkpoint, while it wrote of step 0
        checkpoints[number].unlink()
        if not number:
            checkpoints[1].unlink()
            table.write_text(whole[:5000])
        run(config, tmp_path / "whole", resume=True, shown=False)
        assert table.read_text() == whole


def test_places_of_resnet50_are_found():
    names = list(shared_places(maskrcnn_resnet50_fpn(num_classes=3)))
    assert sum("body.layer" in name for name in names) == 16
