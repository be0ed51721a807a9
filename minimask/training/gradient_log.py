"""How the gradients of Mask R-CNN's five losses lie to each other while it trains, in a table.

Every so many steps the losses of two batches are computed once more, and each loss by itself goes backward. Between two
batches the same loss gives the noise floor.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minimask.gradients.alignment import Alignment, measure
from minimask.gradients.tasks import below
from minimask.model.roi_heads import DecoupledHeads, RoIHeads
from minimask.training.batches import Batch, Source, load, onto, sampling_chance
from minimask.training.config import Config
from minimask.training.logs import CsvLog
from minimask.training.precision import DTYPES, chosen

COLUMNS = ("place", "task", "batch", "other_task", "other_batch", "product", "cosine")
"""Of the table, after `step`."""
BATCHES = 2
"""The fewest that have a noise floor."""
OUTPUTS = ("backbone.fpn", "roi_heads.box_features")
"""Modules whose output several losses depend on: the pyramid, and the RoI features that the box head reads."""


def shared_places(model: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Return where several losses of Mask R-CNN share parameters, from the picture upward.

    These are the blocks of the backbone, the levels of the pyramid, and layers of the heads.

    Examples
    --------
    >>> from minimask.model.lesson import lesson_model
    >>> places = shared_places(lesson_model())
    >>> len(places), list(places)[0], list(places)[-1]
    (16, 'backbone.body.conv1', 'roi_heads.box_head.fc7')
    >>> "roi_heads.mask_head.0" in places, "roi_heads.mask_head.0" in shared_places(lesson_model(heads="joint"))
    (False, True)
    """
    names = [name for name, _ in model.named_modules()]
    prefixes = ["backbone.body.conv1"]
    prefixes += [name for name in names if _is_block(name)]
    prefixes += [name for name in names if name.rpartition(".")[0] in _PYRAMID]
    prefixes += ["rpn.head.conv"]
    heads = model.get_submodule("roi_heads")
    assert isinstance(heads, RoIHeads)
    if not isinstance(heads, DecoupledHeads):
        prefixes += [name for name in names if name.rpartition(".")[0] == "roi_heads.mask_head"]
    prefixes += ["roi_heads.box_head.fc6", "roi_heads.box_head.fc7"]
    return below(model, prefixes)


_PYRAMID = ("backbone.fpn.inner_blocks", "backbone.fpn.layer_blocks")


def _is_block(name: str) -> bool:
    """Return whether a module is a block of a backbone: of the lesson's, or of ResNet-50."""
    parts = name.split(".")
    if parts[:2] != ["backbone", "body"] or not parts[-1].isdecimal():
        return False
    return (len(parts) == 5 and parts[2] == "stages") or (len(parts) == 4 and parts[2].startswith("layer"))


def look(
    model: nn.Module,
    batches: Sequence[Batch],
    config: Config,
    places: Mapping[str, Sequence[Tensor]] | None = None,
    outputs: Sequence[str] = OUTPUTS,
) -> Alignment:
    """Measure the gradients of a model's losses on some batches, as a step of its training would compute them.

    Parameters
    ----------
    model : MaskRCNN
        Left as it was, its mode too.
    batches : sequence of Batch
        On any device.
    config : Config
        Of the training: its precision and its seed.
    places, outputs
        See `minimask.gradients.alignment.measure`; by default `shared_places` and `OUTPUTS`.
    """
    device = next(model.parameters()).device
    precision = chosen(config.precision, device)
    lower = precision != "float32"

    def losses(numbered: tuple[int, Batch]) -> dict[str, Tensor]:
        number, batch = numbered
        rng = sampling_chance(config.seed, number, batch.positions)
        with torch.autocast(device.type, DTYPES[precision] if lower else None, enabled=lower):
            found: dict[str, Tensor] = model(batch.images, batch.targets, rng=rng)
        return found

    training = model.training
    model.train()
    try:
        moved = [onto(batch, device) for batch in batches]
        parameters = shared_places(model) if places is None else places
        return measure(model, losses, [*enumerate(moved)], parameters, outputs)
    finally:
        model.train(training)


class GradientLog:
    """A table of products of gradients, step by step, in a CSV file; see `Alignment.rows`.

    Parameters
    ----------
    path : path
    source : Source
        What is learned from; of a source without a length, pictures that the training does not reach.
    config : Config
        Of the training.
    done : int, optional
        See `minimask.training.logs.CsvLog`.
    """

    def __init__(self, path: str | PathLike[str], source: Source, config: Config, done: int | None = None) -> None:
        steps = range(config.steps + 1, config.steps + 1 + BATCHES)
        self._load: Callable[[], list[Batch]] = lambda: [
            *load(source, seed=config.seed, batch=config.batch, steps=steps)
        ]
        self._batches: list[Batch] = []
        self._config = config
        if done == 0:  # without a checkpoint, what was written of step 0 may have been cut off
            Path(path).unlink(missing_ok=True)
        self._log = CsvLog(path, COLUMNS, done)

    def write(self, step: int, model: nn.Module) -> Alignment | None:
        """Look at a model's gradients, write them down, and return them; nothing if that was done after this step."""
        if self._log.last is not None and int(self._log.last["step"]) == step:
            return None
        self._batches = self._batches or self._load()
        found = look(model, self._batches, self._config)
        for row in found.rows():
            self._log.write(step, row)
        return found

    def sync(self) -> None:
        """Have everything on the disk."""
        self._log.sync()

    def close(self) -> None:
        """Close the file."""
        self._log.close()


def read_table(path: str | PathLike[str]) -> list[dict[str, Any]]:
    """Return the rows of a table of gradients, numbers as numbers."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [
            {
                **row,
                **{name: int(row[name]) for name in ("step", "batch", "other_batch")},
                **{name: float(row[name]) for name in ("product", "cosine")},
            }
            for row in csv.DictReader(file)
        ]
