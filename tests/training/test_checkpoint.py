"""Checkpoints: what is read is what was written, and every file that is none is named."""

import json
import re

import pytest
import torch
from safetensors.torch import save_file
from stand_in import short, stand_in, weights

from minimask.training import checkpoint as module
from minimask.training.atomic import MARK
from minimask.training.checkpoint import Checkpoint, latest_checkpoint, load_checkpoint, load_weights, save_checkpoint
from minimask.training.config import Config


def some(step=7, model=None, **more):
    model = model or stand_in().to(memory_format=torch.channels_last)
    return Checkpoint(step, short(seed=3), model.state_dict(), **more)


def test_what_is_written_is_read(tmp_path):
    optimizer = {"stem.weight/momentum": torch.rand(8, 3, 5, 5).to(memory_format=torch.channels_last)}
    optimizer |= {"a/b/c": torch.tensor(3.0), "half": torch.ones(2, dtype=torch.bfloat16)}
    written = some(optimizer=optimizer, scaler={"scale": 1 / 3}, seconds=0.1, notes={"classes": ["ö", "b"], "n": 1})
    path = save_checkpoint(tmp_path / "deep" / "folder", written)
    assert path.name == "step-00000007.safetensors"
    read = load_checkpoint(path)
    assert (read.step, read.config, read.scaler, read.seconds, read.notes) == (
        7, short(seed=3), {"scale": 1 / 3}, 0.1, {"classes": ["ö", "b"], "n": 1},
    )  # fmt: skip
    for part in ("model", "optimizer"):
        ours, theirs = getattr(written, part), getattr(read, part)
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            assert torch.equal(value, theirs[name]) and value.dtype == theirs[name].dtype
    only = load_checkpoint(str(path), optimizer=False)
    assert only.model.keys() == read.model.keys() and only.optimizer == {}
    other = stand_in(seed=1)
    load_weights(other, only)
    assert torch.equal(weights(other), weights(stand_in()))


def test_the_newest_are_kept(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / "nowhere") is None
    for name in (
        "step-1.safetensors",
        "step-99999999.txt",
        "other-00000001.safetensors",
        "step-00000099.safetensors.bak",
    ):
        (tmp_path / name).touch()
    strangers = {path.name for path in tmp_path.iterdir()}
    (tmp_path / f".step-00000008.safetensors{MARK}" / "half").mkdir(parents=True)
    for step in (9, 10, 123456789, 99999998):
        save_checkpoint(tmp_path, some(step), keep=2)
    assert {path.name for path in tmp_path.iterdir()} == strangers | {
        "step-99999998.safetensors", "step-123456789.safetensors",
    }  # fmt: skip
    assert latest_checkpoint(tmp_path).name == "step-123456789.safetensors"
    save_checkpoint(tmp_path, some(200))
    assert len({path.name for path in tmp_path.iterdir()} - strangers) == 3
    with pytest.raises(ValueError, match="keep must be a whole number of at least 1, got 0"):
        save_checkpoint(tmp_path, some(300), keep=0)


def test_old_ones_go_only_when_the_new_one_is_there(tmp_path, monkeypatch):
    first = save_checkpoint(tmp_path, some(1), keep=1)

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("minimask.training.atomic.os.fsync", fail)
    with pytest.raises(OSError, match="the disk is full"):
        save_checkpoint(tmp_path, some(2), keep=1)
    assert list(tmp_path.iterdir()) == [first]
    assert load_checkpoint(first).step == 1


@pytest.mark.parametrize("left", [0, 5, 100, 2000, -1])
def test_a_file_that_was_cut_off_is_named(tmp_path, left):
    path = save_checkpoint(tmp_path, some())
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=rf"{re.escape(str(path))} is no whole checkpoint: "):
        load_checkpoint(path)


def test_files_that_are_no_checkpoints_are_named(tmp_path):
    path = tmp_path / "foreign.safetensors"
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint .*foreign"):
        load_checkpoint(path)
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        load_checkpoint(tmp_path)
    torch.save({"a": torch.ones(1)}, path)
    with pytest.raises(ValueError, match=r"foreign\.safetensors is no whole checkpoint: "):
        load_checkpoint(path)
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(ValueError, match=r"foreign\.safetensors is no checkpoint of minimask"):
        load_checkpoint(path)
    save_file({"a": torch.ones(1)}, path, {module.KEY: json.dumps({"format": 1})})
    with pytest.raises(ValueError, match="has format 1; this version of minimask reads format 2"):
        load_checkpoint(path)


def test_settings_of_another_version_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Config, "settings", lambda _: {"stepps": 3})
    path = save_checkpoint(tmp_path, some())
    with pytest.raises(ValueError, match=r"the settings in .* unknown setting 'stepps'; the closest is 'steps'"):
        load_checkpoint(path)


def test_another_models_weights_are_refused():
    model = stand_in(norm=None)
    with pytest.raises(ValueError, match=r"but it has 5 tensors that the model lacks, e\.g\. 'norm\.bias'"):
        load_weights(model, some())
    with pytest.raises(ValueError, match=r"but it lacks 5 tensors that the model has, e\.g\. 'norm\.bias'"):
        load_weights(stand_in(), some(model=model))
    before = weights(model)
    other = Checkpoint(1, Config(), {**model.state_dict(), "head.bias": torch.zeros(3)})
    with pytest.raises(ValueError, match=re.escape("'head.bias' has shape (3,), and the model's (15,)")):
        load_weights(model, other)
    assert torch.equal(before, weights(model))
