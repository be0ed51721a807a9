"""The recorder of the lesson's long runs, on runs of two steps."""

import json

import numpy as np
import pytest
import torch

from minimask.data import lesson_records
from minimask.data.found import Found
from minimask.data.shapes import ShapesWorld
from minimask.model import lesson
from minimask.model.lesson import lesson_model
from minimask.training import lesson_runs
from minimask.training.loop import train
from minimask.training.shipping import save_rounded


@pytest.fixture
def few(monkeypatch, tmp_path):
    """Two steps, three pictures, one seed, and records of their own."""
    path = tmp_path / "lesson_runs.json"
    world = ShapesWorld(64, 64, sizes=(16, 40), seed=4)
    for name, value in {
        "SEEDS": (0,),
        "PICTURES": 3,
        "BUDGETS": {0.1: 2},
        "LOOKS": 2,
        "TRAINING": world,
        "HELD_OUT": world,
        "FILE": path,
        "TRAINED": tmp_path / "trained.safetensors",
        "LESSON": lesson_runs.LESSON.with_changes({"batch": "1", "workers": "0"}),
    }.items():
        monkeypatch.setattr(lesson_runs, name, value)
    monkeypatch.setattr(lesson_records, "FILE", path)
    lesson_records._records.cache_clear()
    yield path
    lesson_records._records.cache_clear()


def test_curves_are_recorded_once_and_read_back(few, capsys, monkeypatch):
    saved = []
    monkeypatch.setattr(lesson_runs, "save_rounded", lambda model, path: saved.append((model, path)))
    lesson_runs.main(["--only", "curves"])
    told = capsys.readouterr().out
    assert "sum, 0.1 minutes, seed 0, step 2" in told and "masks twice, 0.1 minutes, seed 0, step 2" in told
    curve, other = lesson_records.learning_curves()
    assert (curve.recipe, other.recipe) == ("sum", "masks twice") and len(saved) == 1
    assert len(curve.asked_ap) == len(other.asked_ap) == 2
    assert curve.steps == (1, 2) and curve.budget == 0.1 and len(curve.mask_ap) == 2
    assert 0 < curve.minutes[0] < curve.minutes[1] and 0.1 < curve.memory < 10
    lesson_runs.main(["--only", "curves"])
    assert capsys.readouterr().out == "" and len(saved) == 1  # it is there already
    lesson_runs.main(["--only", "curves", "--again"])
    assert len(saved) == 2 and len(json.loads(few.read_text())["curves"]) == 2


def test_each_curve_learns_from_its_own_losses_and_only_the_longest_twice_from_the_masks(few, monkeypatch):
    trained_with, scored = [], []

    def remember(model, source, config):
        trained_with.append(config)
        return train(model, source, config)

    def look(model, pictures, scoring="class"):
        scored.append((model.roi_heads.settings.scoring, scoring))
        return _scores(model, pictures, scoring)

    _scores = lesson_runs._scores
    monkeypatch.setattr(lesson_runs, "train", remember)
    monkeypatch.setattr(lesson_runs, "_scores", look)
    monkeypatch.setattr(lesson_runs, "BUDGETS", {0.1: 2, 0.2: 4})
    lesson_runs.main(["--only", "curves"])
    assert [(config.steps, config.loss_weights) for config in trained_with] == [(2, ""), (4, ""), (4, "loss_mask=2")]
    assert [asked for _, asked in scored] == ["class", "mask"] * 6


def test_a_variant_is_what_its_name_says(few):
    run = lesson_runs.run("joint heads", 0, steps=1)
    assert (run.seed, run.steps) == (0, 1) and len(run.mask_ap) == len(run.box_ap) == 10
    for name, settings in lesson_runs.VARIANTS.items():
        model = lesson_model(**settings)
        assert (type(model.roi_heads).__name__ == "JointHeads") == (name == "joint heads")
        assert (len(model.backbone.strides) == 1) == (name == "one map")
        assert (model.roi_heads.settings.operator == "pool") == (name == "RoIPool")
        assert (model.roi_heads.settings.rivalry == "softmax") == (name == "softmax masks")
        assert (model.roi_heads.settings.canonical_size == 56) == (name == "RoIs from all maps")
        assert (model.roi_heads.settings.paste == "published") == (name == "published conventions")


def test_a_recipe_is_what_its_name_says(few, monkeypatch):
    trained_with = []

    def remember(model, source, config):
        trained_with.append(config)
        return train(model, source, config)

    monkeypatch.setattr(lesson_runs, "train", remember)
    for name in ("base", *lesson_runs.RECIPES):
        lesson_runs.run(name, 0, steps=1)
    plain, without = trained_with
    assert plain.decay > 0 == without.decay and plain.with_changes({"weight_decay": 0.0}) == without


def test_a_filled_box_is_its_own_mask():
    found = Found(np.array([[1.0, 2, 4, 3]]), np.array([1]), np.array([0.5]), np.zeros((1, 5, 6), bool))
    mask = lesson_runs.filled(found, (5, 6)).masks[0]
    assert mask[2, 1:4].all() and mask.sum() == 3


def test_weights_are_handed_out_in_half_the_room(tmp_path, monkeypatch):
    model, path = lesson_model(seed=3), tmp_path / "lesson.safetensors"
    save_rounded(model, path)
    assert path.stat().st_size < 0.55 * sum(4 * value.numel() for value in model.state_dict().values())
    monkeypatch.setattr(lesson, "TRAINED", path)
    again = lesson.trained_lesson_model()
    assert not again.training
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=1e-3, atol=1e-6)


def test_without_a_record_it_is_said_how_to_make_one(few):
    with pytest.raises(FileNotFoundError, match=r"python -m minimask\.training\.lesson_runs"):
        lesson_records.ablations()
