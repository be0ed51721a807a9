"""Checkpoints: everything that a training needs to go on to the same bits, in one file without a pickle.

The order of the pictures, the rates and all chance are functions of settings and step (`batches`, `optimizers`): with
these two in the file, no sampler, schedule or random state is left to be saved.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from minimask.geometry.checks import as_whole_number
from minimask.training.atomic import MARK, write_atomically
from minimask.training.config import Config

FORMAT = 2
"""Of the files; another number is another format."""
NAME = re.compile(r"step-(\d{8,})\.safetensors")
KEY = "minimask"
"""Of the file's metadata."""
PARTS = ("model", "optimizer")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where a training stands."""

    step: int
    """Steps that are done."""
    config: Config
    model: Mapping[str, Tensor]
    """Weights and buffers by name, as `model.state_dict()` returns them."""
    optimizer: Mapping[str, Tensor] = field(default_factory=dict)
    """What `Optimizers.state` returns; empty where only the weights are of interest."""
    scaler: Mapping[str, float] = field(default_factory=dict)
    """The state of the gradient scaler of float16."""
    weighing: Mapping[str, list[float]] = field(default_factory=dict)
    """What the weighing of the losses remembers."""
    seconds: float = 0.0
    """How long the training has taken, in all its runs."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else belongs to the model, e.g. the names of its classes; as JSON can write it."""


def save_checkpoint(folder: str | PathLike[str], checkpoint: Checkpoint, keep: int | None = None) -> Path:
    """Write a checkpoint into a folder, then delete old ones, and return the file's path.

    A process that is killed at any moment leaves whole checkpoints only.

    Parameters
    ----------
    folder : path
        Made if it is not there; of one training only.
    checkpoint : Checkpoint
    keep : int, at least 1, optional
        How many of the newest are kept; by default all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for step in (100, 200, 300):
    ...         path = save_checkpoint(folder, Checkpoint(step, Config(), {"w": torch.ones(2)}), keep=2)
    ...     sorted(path.name for path in Path(folder).iterdir()), load_checkpoint(latest_checkpoint(folder)).step
    (['step-00000200.safetensors', 'step-00000300.safetensors'], 300)
    """
    if keep is not None:
        as_whole_number(keep, "keep", 1)
    path = write_checkpoint(Path(folder) / f"step-{checkpoint.step:08d}.safetensors", checkpoint)
    if keep is not None:
        for old in _checkpoints(path.parent)[:-keep]:
            old.unlink(missing_ok=True)
    for left in path.parent.glob(f".step-*{MARK}"):  # by processes that were killed
        shutil.rmtree(left, ignore_errors=True)
    return path


def write_checkpoint(path: str | PathLike[str], checkpoint: Checkpoint) -> Path:
    """Write a checkpoint to a file of any name; it is there whole, or not at all."""
    from safetensors.torch import save_file

    tensors = {
        f"{part}/{name}": value.detach().cpu().contiguous()
        for part in PARTS
        for name, value in getattr(checkpoint, part).items()
    }
    described = json.dumps(
        {
            "format": FORMAT,
            "step": checkpoint.step,
            "config": checkpoint.config.settings(),
            "scaler": dict(checkpoint.scaler),
            "weighing": dict(checkpoint.weighing),
            "seconds": checkpoint.seconds,
            "notes": dict(checkpoint.notes),
        }
    )
    return write_atomically(path, lambda place: save_file(tensors, place, {KEY: described}))


def latest_checkpoint(folder: str | PathLike[str]) -> Path | None:
    """Return the checkpoint of the most steps in a folder, or None if there is none."""
    return next(reversed(_checkpoints(Path(folder))), None)


def _checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, the newest last."""
    found = {path: NAME.fullmatch(path.name) for path in folder.glob("step-*")}
    return sorted((path for path, match in found.items() if match), key=lambda path: int(path.stem.partition("-")[2]))


def load_checkpoint(path: str | PathLike[str], *, optimizer: bool = True) -> Checkpoint:
    """Read a checkpoint, onto the processor.

    Parameters
    ----------
    path : path
    optimizer : bool
        Whether the optimizer's state is read, too: it is as large as the weights, or twice, and only training needs it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut off, no checkpoint of minimask, or one that another version of minimask wrote.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        with safe_open(path, framework="pt") as file:
            described = _described(path, file.metadata() or {})
            wanted = PARTS if optimizer else PARTS[:1]
            tensors = {name: file.get_tensor(name) for name in file.keys() if name.partition("/")[0] in wanted}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is no whole checkpoint: {error}") from error
    try:
        config = Config.of(described["config"])
    except (ValueError, TypeError) as error:
        raise ValueError(f"the settings in {path} are not those of this version of minimask: {error}") from error
    return Checkpoint(
        step=described["step"],
        config=config,
        model=_part(tensors, "model"),
        optimizer=_part(tensors, "optimizer"),
        scaler=described["scaler"],
        weighing=described["weighing"],
        seconds=described["seconds"],
        notes=described["notes"],
    )


def _described(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return what the file's metadata say, after making sure that they are understood."""
    if KEY not in metadata:
        raise ValueError(f"{path} is no checkpoint of minimask, though it is in its format; weights alone are none")
    described: dict[str, Any] = json.loads(metadata[KEY])
    if described["format"] != FORMAT:
        raise ValueError(f"{path} has format {described['format']}; this version of minimask reads format {FORMAT}")
    return described


def _part(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    return {name.partition("/")[2]: value for name, value in tensors.items() if name.startswith(f"{part}/")}


def load_weights(model: torch.nn.Module, checkpoint: Checkpoint) -> None:
    """Give a model the weights of a checkpoint.

    Raises
    ------
    ValueError
        If they are another model's, naming the first that is missing, too many, or of another shape.
    """
    own = model.state_dict()
    for names, word in ((own.keys() - checkpoint.model.keys(), "lacks"), (checkpoint.model.keys() - own.keys(), "has")):
        if names:
            raise ValueError(
                f"checkpoint must be of this model, but it {word} {len(names)} tensors that the model "
                f"{'has' if word == 'lacks' else 'lacks'}, e.g. {min(names)!r}"
            )
    for name, value in checkpoint.model.items():
        if value.shape != own[name].shape:
            raise ValueError(
                f"checkpoint must be of this model, but {name!r} has shape {tuple(value.shape)}, "
                f"and the model's {tuple(own[name].shape)}"
            )
    model.load_state_dict(checkpoint.model)
