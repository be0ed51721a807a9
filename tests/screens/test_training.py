from pathlib import Path
from types import SimpleNamespace

import pytest

from minimask.cli import main
from minimask.screens import training
from minimask.screens.pages import CLASSES
from minimask.training.config import Config
from minimask.training.models import new_model
from minimask.training.recipes import recipe_file


@pytest.fixture
def done(monkeypatch, tmp_path):
    """What the command did, without rendering and training."""
    done = SimpleNamespace(rendered=[], trained=[], shipped=[], signal=None)
    monkeypatch.chdir(tmp_path)

    def render(folder, count, watched):
        Path(folder).mkdir()
        Path(folder, "annotations.json").touch()
        done.rendered.append((folder, count))

    def train(config, folder, resume):
        done.trained.append((config, folder, resume))
        return SimpleNamespace(signal=done.signal)

    monkeypatch.setattr(training, "export_screens", render)
    monkeypatch.setattr(training, "run", train)
    monkeypatch.setattr(training, "ship", lambda run, name: done.shipped.append((run, name)))
    return done


def test_one_command_renders_trains_and_ships(done, capsys):
    training.main(["--pages", "3", "--threads", "1"])
    training.main([])
    assert done.rendered == [("screens", 3)]  # once: the second time the pages are there
    (config, folder, resume), _ = done.trained
    assert config == Config.read(recipe_file("screens")).with_changes({"threads": 1})
    assert resume and folder == Path("runs/screens")
    assert done.shipped == [("runs/screens", "screens")] * 2


def test_a_stopped_training_ships_nothing(done):
    done.signal = 2
    training.main([])
    assert not done.shipped


def test_what_is_shipped_can_be_left_alone(done):
    training.main(["--keep-shipped"])
    assert done.trained and not done.shipped


def test_the_recipe_has_the_anchors_of_screens():
    config = Config.read(recipe_file("screens"))
    assert (config.anchors, config.density, config.data) == ("screens", "dense", "screens")
    model = new_model(config, len(CLASSES))
    assert model.rpn.recipe.name == "screens"
    assert model.rpn.recipe.count(192, 256) == 10 * (48 * 64 + 24 * 32 + 12 * 16)


def test_without_its_pages_the_recipe_says_how_to_make_them(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "screens"]) == 2
    assert "there is no screens; `minimask export-screens screens` makes it" in capsys.readouterr().err
