"""Models of trainings: begun from weights of several kinds, and found again in what a run left."""

import re

import pytest
import torch

from minimask.model.resnet import FrozenBatchNorm, ResNet50
from minimask.model.twin import maskrcnn_resnet50_fpn
from minimask.training.checkpoint import Checkpoint, save_checkpoint, write_checkpoint
from minimask.training.config import Config
from minimask.training.models import (
    BY_CLASS,
    CHECKPOINTS,
    MODEL,
    load_trained,
    new_model,
    notes_of,
    save_trained,
    trained_file,
)
from minimask.training.task import Task

THREE = Task(None, None, ("a", "b", "c"), (3, 5, 90))


def checkpoint(config, model, step=7, notes=True):
    return Checkpoint(
        step, config, model.state_dict(), {"w": torch.ones(1)}, notes=notes_of(THREE, model) if notes else {}
    )


def same(one, other):
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run that has not ended, and its model."""
    folder, config = tmp_path_factory.mktemp("run"), Config(seed=5)
    model = new_model(config, 3)
    save_checkpoint(folder / CHECKPOINTS, checkpoint(config, model))
    return folder, model


def test_a_run_that_has_not_ended_is_its_latest_checkpoint_and_then_its_model(trained, tmp_path):
    folder, model = trained
    found = load_trained(folder)
    assert (found.step, found.classes, found.category_ids) == (7, THREE.classes, THREE.category_ids)
    assert found.file == folder / CHECKPOINTS / "step-00000007.safetensors" == trained_file(found.file)
    assert same(model, found.model) and not found.model.training and found.config == Config(seed=5)
    path = save_trained(tmp_path / MODEL, checkpoint(Config(), model, step=9))
    assert load_trained(tmp_path).step == load_trained(path).step == 9
    assert path.stat().st_size < found.file.stat().st_size


def test_whoever_may_read_other_files_may_read_a_model(trained, tmp_path):
    (tmp_path / "other").touch()
    path = save_trained(tmp_path / MODEL, checkpoint(Config(), trained[1]))
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_the_seed_decides_the_first_weights_and_torchs_chance_is_left_alone():
    state = torch.random.get_rng_state()
    one, again, other = (new_model(Config(seed=seed), 3) for seed in (1, 1, 2))
    assert same(one, again) and not same(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_model_of_other_classes_gives_all_but_what_tells_classes_apart(trained):
    file = trained_file(trained[0])
    begun = new_model(Config(weights=str(file)), 6)
    fresh = new_model(Config(), 6)
    for name, value in begun.state_dict().items():
        old = trained[1].state_dict()[name]
        if value.shape == old.shape:
            assert torch.equal(value, old), name
        else:
            assert name.startswith(BY_CLASS) and torch.equal(value, fresh.state_dict()[name]), name
    assert same(new_model(Config(weights=str(file)), 3), trained[1])
    assert same(new_model(Config(weights=str(file)), 6, begin=False), fresh)


def test_resnet50_begins_with_a_backbone_and_is_found_again_with_frozen_norms(tmp_path):
    torch.manual_seed(0)
    body = ResNet50(FrozenBatchNorm, 5)
    state = {name: torch.rand_like(value) for name, value in body.state_dict().items()}
    torch.save(
        {**state, "fc.weight": torch.ones(2, 2), "bn1.num_batches_tracked": torch.tensor(3)}, tmp_path / "r50.pth"
    )
    config = Config(model="resnet50", weights=str(tmp_path / "r50.pth"))
    model = new_model(config, 3)
    assert all(torch.equal(value, state[name]) for name, value in model.backbone.body.state_dict().items())
    learned = {name.split(".")[0] for name, value in model.backbone.body.named_parameters() if value.requires_grad}
    assert learned == {"layer2", "layer3", "layer4"}
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm):
            module.eps = 0.0
    (tmp_path / "r50.pth").unlink()
    found = load_trained(save_trained(tmp_path / MODEL, checkpoint(config, model))).model
    assert same(model, found)
    assert {module.eps for module in found.modules() if isinstance(module, FrozenBatchNorm)} == {0.0}


def test_a_published_mask_rcnn_gives_all_but_what_tells_its_classes_apart(tmp_path):
    """In the naming of 2019, whose batch norms had no epsilon."""
    state = maskrcnn_resnet50_fpn(num_classes=5).state_dict()
    of_2019 = {re.sub(r"(inner|layer)(_blocks\.\d)\.0\.", r"\1\2.", name): value for name, value in state.items()}
    assert of_2019.keys() != state.keys()
    torch.save(of_2019, tmp_path / "coco.pth")
    model = new_model(Config(model="resnet50", weights=str(tmp_path / "coco.pth")), 3)
    own = model.state_dict()
    taken = [name for name, value in own.items() if value.shape == state[name].shape]
    assert all(torch.equal(own[name], state[name]) for name in taken)
    left = set(own) - set(taken)
    assert left and all(name.startswith(BY_CLASS) and own[name].shape[0] in (3 + 1, 4 * (3 + 1)) for name in left)
    assert {module.eps for module in model.modules() if isinstance(module, FrozenBatchNorm)} == {0.0}


@pytest.mark.parametrize("kind", ["folder", "empty", "bare", "damaged", "other", "foreign"])
def test_what_is_no_model_is_named(kind, trained, tmp_path):
    path, model = tmp_path / "x.safetensors", trained[1]
    if kind == "folder":
        path, error, message = tmp_path / "none", FileNotFoundError, "there is no run and no model .*none"
    elif kind == "empty":
        path, error, message = tmp_path, FileNotFoundError, "there is no model in .*: neither model.safetensors nor"
    elif kind == "bare":
        write_checkpoint(path, checkpoint(Config(), model, notes=False))
        error, message = ValueError, "must say which classes its model knows"
    elif kind == "damaged":
        path.write_bytes(trained_file(trained[0]).read_bytes()[:-100])
        error, message = ValueError, "is no whole checkpoint"
    elif kind == "other":
        write_checkpoint(path, Checkpoint(1, Config(), {"w": torch.ones(1)}, notes=notes_of(THREE, model)))
        error, message = ValueError, "checkpoint must be of this model"
    else:
        torch.save({"w": torch.ones(1)}, path)
        error, message = ValueError, "is no whole checkpoint"
    with pytest.raises(error, match=message):
        load_trained(path)


def test_weights_of_another_kind_of_model_are_refused(trained, tmp_path):
    torch.save({"roi_heads.x": torch.ones(1)}, tmp_path / "strange.pth")
    with pytest.raises(ValueError, match="checkpoint must be of this model"):
        new_model(Config(weights=str(tmp_path / "strange.pth")), 3)
    with pytest.raises(FileNotFoundError, match=r"gone\.pth"):
        new_model(Config(weights=str(tmp_path / "gone.pth")), 3)
