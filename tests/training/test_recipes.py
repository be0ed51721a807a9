"""Recipes by name, and models that are handed out: they fit each other, and wrong names are told."""

from __future__ import annotations

import pytest
import torch

from minimask.cli import WRONG_USAGE, main
from minimask.model.lesson import DENSITIES, lesson_model
from minimask.nuclei.trained import trained_nuclei_model
from minimask.training import shipping
from minimask.training.checkpoint import Checkpoint
from minimask.training.config import WORLD_NAMES, Config
from minimask.training.lesson_runs import BUDGETS, CURVES
from minimask.training.models import load_trained, new_model, notes_of, save_trained
from minimask.training.recipes import recipe_file, recipe_names
from minimask.training.task import WORLDS, Task, pictures_of, task_of


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_a_file_of_settings(name):
    assert Config.read(recipe_file(name)).steps >= 500


def test_the_recipe_of_chapter_5_is_that_of_its_curves():
    lesson, twice = (Config.read(recipe_file(name)) for name in ("lesson", "masks_twice"))
    assert lesson.with_changes({**CURVES["masks twice"], "scoring": "mask"}) == twice
    assert lesson.steps == BUDGETS[15.0]


@pytest.mark.parametrize("scoring", ["class", "mask"])
def test_a_model_scores_as_its_settings_say_now_and_later(tmp_path, scoring):
    config = Config(scoring=scoring)
    model = new_model(config, 1)
    assert model.roi_heads.settings == lesson_model(2, scoring=scoring).roi_heads.settings
    notes = notes_of(Task(None, None, ("thing",), (1,)), model)
    run = save_trained(tmp_path / "model.safetensors", Checkpoint(9, config, model.state_dict(), notes=notes))
    assert load_trained(run).model.roi_heads.settings == model.roi_heads.settings


def test_a_path_is_a_path_and_a_name_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("steps = 3\n")
    assert Config.read(recipe_file("mine")).steps == 3
    assert recipe_file("sub/nuclei").as_posix() == "sub/nuclei" and recipe_file("nuclei.toml").parts == ("nuclei.toml",)
    with pytest.raises(ValueError, match=r"there is no recipe 'lessen' among .*; did you mean lesson\?"):
        recipe_file("lessen")


def test_an_unknown_recipe_is_wrong_usage(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "nuclie"]) == WRONG_USAGE
    assert "there is no recipe 'nuclie' among" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_the_world_of_nuclei_is_learned_and_measured():
    task = task_of(Config.read(recipe_file("nuclei")).with_changes({"size": 64, "held_out_pictures": 3}))
    assert (task.classes, task.category_ids, len(task.held_out)) == (("nucleus",), (1,), 3)
    assert task.source[0].image.shape == task.held_out[0].image.shape == (64, 64, 3)
    assert (task.source[0].image != task.held_out[0].image).any()
    assert len(pictures_of("nuclei", ("nucleus",), 64, 2)) == 2
    with pytest.raises(ValueError, match="must have the model's classes"):
        pictures_of("nuclei", ("disc",), 64, 2)
    assert tuple(WORLDS) == WORLD_NAMES


def test_dense_pictures_have_room_for_more():
    for density, (anchors, rois) in DENSITIES.items():
        model = lesson_model(2, density=density, anchors="nuclei")
        assert model.rpn.settings == anchors and model.roi_heads.settings.detections == rois["detections"]
    assert model.rpn.recipe.name == "nuclei"
    with pytest.raises(ValueError, match="density must be 'sparse' or 'dense', got 'full'"):
        lesson_model(density="full")
    with pytest.raises(ValueError, match="anchors must be one of lesson, nuclei"):
        lesson_model(anchors="c4")


def test_a_run_is_shipped_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "FOLDER", tmp_path)
    config = Config.read(recipe_file("nuclei"))
    model = lesson_model(2, 3, anchors=config.anchors, density=config.density)
    notes = notes_of(Task(None, None, ("nucleus",), (1,)), model)
    run = save_trained(tmp_path / "model.safetensors", Checkpoint(9, config, model.state_dict(), notes=notes))
    shipping.main([str(run), "nuclei"])
    again = trained_nuclei_model()
    assert not again.training and again.roi_heads.settings.detections == 200
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=1e-3, atol=1e-6)
    with pytest.raises(ValueError, match="the recipe's data, 'shapes', got 'nuclei'"):
        shipping.ship(str(run), "lesson")
    with pytest.raises(ValueError, match=r"name must be that of a recipe, .*, got 'model'"):
        shipping.ship(str(run), "model")
