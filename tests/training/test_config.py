"""The settings of a training: what is read is what was written, and every mistake is named."""

import re
from dataclasses import fields

import pytest

from minimask.training.atomic import MARK, write_atomically
from minimask.training.config import CHOICES, LEAST, Config


def test_what_is_written_is_read(tmp_path):
    odd = Config(data='a "folder"\\with\n\x7f ü 🔵', learning_rate=1e-5, weight_decay=1e17, seed=10**18, keep=7)
    odd.write(tmp_path / "deep" / "config.toml")
    assert Config.read(tmp_path / "deep" / "config.toml") == odd
    assert Config.of(odd.settings()) == odd
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["config.toml"]


def test_the_weight_decay_is_the_optimizers_own_unless_it_is_said():
    assert [Config(optimizer=name).decay for name in CHOICES["optimizer"]] == [0.3, 0.05, 1e-4]
    assert [Config(optimizer=name, weight_decay=0.02).decay for name in CHOICES["optimizer"]] == [0.02] * 3
    assert Config(weight_decay=0.0).decay == 0


def test_a_file_names_what_differs_from_the_defaults(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('steps = 7  # few\nlearning_rate = 1\noptimizer = "sgd"\n', encoding="utf-8")
    assert Config.read(path) == Config(steps=7, learning_rate=1.0, optimizer="sgd")
    assert isinstance(Config.read(path).learning_rate, float)
    path.write_text("", encoding="utf-8")
    assert Config.read(path) == Config()


def test_text_is_read_as_what_the_setting_is():
    texts = {"steps": "100", "learning_rate": "1e-3", "data": "100", "flip": "1", "seed": " 7 "}
    changed = Config().with_changes(texts)
    assert (changed.steps, changed.learning_rate, changed.data, changed.flip, changed.seed) == (100, 1e-3, "100", 1, 7)
    assert type(changed.flip) is float
    assert changed.with_changes({}) == changed
    assert Config().with_changes({"steps": 5, "clip": 2}) == Config(steps=5, clip=2.0)


def test_every_whole_number_has_a_least_and_every_choice_a_setting():
    kinds = {field.name: type(field.default) for field in fields(Config)}
    assert {name for name, kind in kinds.items() if kind is int} == set(LEAST)
    assert all(kinds[name] is str for name in CHOICES)
    assert set(kinds.values()) == {int, float, str}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(
            ({name: least - 1}, f"{name} must be a whole number of at least {least}, got")
            for name, least in LEAST.items()
        ),
        *(({name: "x"}, f"{name} must be one of {', '.join(names)}, got 'x'") for name, names in CHOICES.items()),
        ({"steps": 1.0}, "steps must be a whole number of at least 0, got 1.0"),
        ({"steps": True}, "steps must be a whole number of at least 0, got True"),
        ({"data": ""}, 'data must be "shapes", "nuclei" or a folder'),
        ({"data": 3}, "data must be text, got 3"),
        ({"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ({"rest_rate": -1.0}, "rest_rate must be above 0, got -1"),
        ({"learning_rate": float("nan")}, "learning_rate must be finite, got nan"),
        ({"learning_rate": True}, "learning_rate must be a number, got True"),
        ({"learning_rate": "0.1"}, "learning_rate must be a number, got '0.1'"),
        ({"weight_decay": -0.1}, "weight_decay must be at least 0, or -1, got -0.1"),
        ({"clip": -0.1}, "clip must be at least 0, got -0.1"),
        ({"flip": 1.1}, "flip must be from 0 to 1, got 1.1"),
        ({"flip": -0.1}, "flip must be from 0 to 1, got -0.1"),
        ({"warmup": 1}, "warmup must be at least 0 and below 1, got 1.0"),
        ({"weighing": "fixed"}, "loss_weights must be given for the weighing 'fixed', and for no other, got ''"),
        ({"loss_weights": "a=1"}, "loss_weights must be given for the weighing 'fixed', and for no other, got 'a=1'"),
        ({"weighing": "fixed", "loss_weights": "a"}, "loss_weights must be like 'loss_mask=2, loss_box_reg=0.5'"),
        ({"weighing": "fixed", "loss_weights": "a=-1"}, "weights must be at least 0, got -1 for 'a'"),
        ({"warmup": -0.5}, "warmup must be at least 0 and below 1, got -0.5"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        Config(**settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": "many"}, "steps must be a whole number, got 'many'"),
        ({"steps": "1e3"}, "steps must be a whole number, got '1e3'"),
        ({"clip": "loose"}, "clip must be a number, got 'loose'"),
        ({"clip": "inf"}, "clip must be finite, got inf"),
        ({"batch": "0"}, "batch must be a whole number of at least 1, got 0"),
        ({"learningrate": "1"}, "unknown setting 'learningrate'; the closest is 'learning_rate'"),
        ({"bacth": 1}, "unknown setting 'bacth'; the closest is 'batch'"),
        ({"": "1"}, "unknown setting ''; the closest is"),
    ],
)
def test_bad_changes_are_named(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Config().with_changes(changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps = ", "Invalid value"),
        ('steps = "7"', "steps must be a whole number of at least 0, got '7'"),
        ("data = 7", "data must be text, got 7"),
        ("stepps = 7", "unknown setting 'stepps'; the closest is 'steps'"),
        ("[steps]\nmany = 7", "steps must be a whole number of at least 0, got {'many': 7}"),
        ("clip = [1]", "clip must be a single number"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, message):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"bad.toml: .*{re.escape(message)}"):
        Config.read(path)
    path.write_bytes(b"steps = \xff")
    with pytest.raises(ValueError, match=r"bad.toml: .*utf-8"):
        Config.read(path)
    with pytest.raises(FileNotFoundError):
        Config.read(tmp_path / "none.toml")


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = write_atomically(tmp_path / "note", lambda place: place.write_text("old"))

    def fail(place):
        place.write_text("half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    left = path.with_name(f".note{MARK}")
    left.mkdir()
    (left / "part").write_text("left by one that was killed")
    assert write_atomically(path, lambda place: place.write_text("new")).read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
