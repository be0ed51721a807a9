"""Models of trainings: a new one, as the settings say, and one that a training left."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from minimask.model.lesson import lesson_model
from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.resnet import FrozenBatchNorm, ResNet50
from minimask.model.twin import published_model
from minimask.model.weights import load_weights as load_all_weights
from minimask.model.weights import read_weights
from minimask.training.checkpoint import Checkpoint, latest_checkpoint, load_checkpoint, load_weights, write_checkpoint
from minimask.training.config import Config
from minimask.training.task import Task

CHECKPOINTS = "checkpoints"
MODEL = "model.safetensors"
"""In the folder of a run: its checkpoints, and the model that it ended with."""
BY_CLASS = ("roi_heads.box_predictor.", "roi_heads.mask_predictor.")
"""Layers that have as many outputs as there are classes."""
LEARNING_LAYERS = 3
"""Of a ResNet-50 that begins with trained weights, from the last (He et al., 2017, leave the first two as they are)."""


class Trained(NamedTuple):
    """A model, and what is known about it."""

    model: MaskRCNN
    """In evaluation mode."""
    config: Config
    """Of its training."""
    classes: tuple[str, ...]
    """The names of its labels 1, 2, ..."""
    category_ids: tuple[int, ...]
    """The numbers that the data has for them."""
    step: int
    """How many steps it was trained."""
    file: Path


def new_model(config: Config, classes: int, *, begin: bool = True) -> MaskRCNN:
    """Return the model that a training begins with.

    Parameters
    ----------
    config : Config
        `model`, `seed` and `weights`: a file that a run wrote, weights of a ResNet-50 (of a lesson's model only those
        that a run wrote), or of a whole Mask R-CNN on it, e.g. torchvision's. From a model of other classes all is
        taken but the layers that tell classes apart.
    classes : int
        Without the background.
    begin : bool
        False leaves the file of weights unread: those of a checkpoint are about to come.

    Raises
    ------
    ValueError, OSError
        If the file of weights does not exist, or does not fit.

    Examples
    --------
    >>> new_model(Config(), classes=6).roi_heads.classes
    7
    """
    if config.model == "lesson":
        model = lesson_model(classes + 1, config.seed, anchors=config.anchors, density=config.density)
    else:
        model = _resnet50(classes + 1, config.seed, frozen=bool(config.weights))
    if config.weights and begin:
        _begin_with(model, Path(config.weights))
    return _scoring(model, config)


def notes_of(task: Task, model: MaskRCNN) -> dict[str, Any]:
    """Return what a checkpoint has to say for `load_trained` to make the model anew."""
    frozen = [module.eps for module in model.modules() if isinstance(module, FrozenBatchNorm)]
    return {
        "classes": list(task.classes),
        "category_ids": list(task.category_ids),
        "frozen_eps": frozen[0] if frozen else None,
    }


def save_trained(path: str | PathLike[str], checkpoint: Checkpoint) -> Path:
    """Write a model to a file, without what only its training needs."""
    bare = Checkpoint(checkpoint.step, checkpoint.config, checkpoint.model, notes=checkpoint.notes)
    return write_checkpoint(path, bare)


def load_trained(path: str | PathLike[str], device: torch.device | None = None) -> Trained:
    """Return the model that a run left.

    Parameters
    ----------
    path : path
        The folder of a run: the model that it ended with or, while it has not ended, its latest checkpoint. Or a file
        of either kind.
    device : torch.device, optional
        By default the processor.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file is damaged, or was not written by a run.
    """
    file = trained_file(path)
    checkpoint = load_checkpoint(file, optimizer=False)
    try:
        classes, ids, eps = (checkpoint.notes[name] for name in ("classes", "category_ids", "frozen_eps"))
    except KeyError as error:
        raise ValueError(f"{file} must say which classes its model knows, as the file of a run does") from error
    config = checkpoint.config
    if config.model == "lesson":
        model = lesson_model(len(classes) + 1, anchors=config.anchors, density=config.density)
    else:
        model = _resnet50(len(classes) + 1, 0, frozen=eps is not None)
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm):
            module.eps = eps
    load_weights(_scoring(model, config), checkpoint)
    model = model.to(device or "cpu").to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Trained(model.eval(), config, tuple(classes), tuple(ids), checkpoint.step, file)


def trained_file(path: str | PathLike[str]) -> Path:
    """Return the file that `load_trained` reads, or say that there is none."""
    path = Path(path)
    if not path.is_dir():
        if not path.is_file():
            raise FileNotFoundError(f"there is no run and no model {path}")
        return path
    found = path / MODEL if (path / MODEL).is_file() else latest_checkpoint(path / CHECKPOINTS)
    if found is None:
        raise FileNotFoundError(f"there is no model in {path}: neither {MODEL} nor a checkpoint in {CHECKPOINTS}")
    return found


def _resnet50(classes: int, seed: int, *, frozen: bool) -> MaskRCNN:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = ResNet50(FrozenBatchNorm, LEARNING_LAYERS) if frozen else ResNet50(nn.BatchNorm2d, 5)
        return published_model(body, classes)


def _scoring(model: MaskRCNN, config: Config) -> MaskRCNN:
    """Let a model score what it finds as the settings say, and return it."""
    scoring: Any = config.scoring
    model.roi_heads.settings = replace(model.roi_heads.settings, scoring=scoring)
    return model


def _begin_with(model: MaskRCNN, path: Path) -> None:
    """Give a new model the weights of a file, as far as they do not depend on the classes."""
    own = model.state_dict()
    try:
        tensors, of_2019 = dict(load_checkpoint(path, optimizer=False).model), False
    except ValueError:  # then it is no file of a run
        weights = read_weights(path)
        if not any(name.startswith("roi_heads.") for name in weights.tensors):
            load_all_weights(model.backbone.body, weights, unused=("fc.",))
            return
        tensors, of_2019 = weights.tensors, weights.of_2019
    kept = {name: value for name, value in tensors.items() if not name.startswith(BY_CLASS) or _fits(value, own, name)}
    for name in own.keys() - kept.keys():
        if name.startswith(BY_CLASS) or name.endswith("num_batches_tracked"):
            kept[name] = own[name]
    load_weights(model, Checkpoint(0, Config(), kept))
    if of_2019:
        for module in model.modules():
            if isinstance(module, FrozenBatchNorm):
                module.eps = 0.0


def _fits(value: Tensor, own: dict[str, Tensor], name: str) -> bool:
    return name in own and own[name].shape == value.shape
