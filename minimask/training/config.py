"""What a training is: its data, its model and its recipe, in one table that is read from a file and written to one."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from os import PathLike
from pathlib import Path
from typing import Any

from minimask.anchors import lesson_recipes
from minimask.geometry.checks import as_number, as_whole_number
from minimask.gradients.weighing import WEIGHINGS, Weighing, weighing_of
from minimask.training.atomic import write_atomically

CHOICES = {
    "model": ("lesson", "resnet50"),
    "anchors": tuple(lesson_recipes),
    "density": ("sparse", "dense"),
    "scoring": ("class", "mask"),
    "device": ("auto", "cpu", "cuda"),
    "optimizer": ("muon", "adamw", "sgd"),
    "schedule": ("one_cycle", "step", "constant"),
    "weighing": WEIGHINGS,
    "precision": ("auto", "float32", "bfloat16", "float16"),
}
"""What these settings may be."""
WORLD_NAMES = ("shapes", "nuclei")
"""Worlds that are generated: what `data` and `held_out` may name in place of a folder."""
SUITABLE = -1.0
"""As a weight decay: what suits the optimizer."""
DECAYS = {"muon": 0.3, "adamw": 0.05, "sgd": 1e-4}
"""Without decay weights grow, and the same rate turns them less and less: after 600 steps of the lesson, Muon had 0.65
mask AP in place of 0.71."""
LEAST = {
    "size": 16,
    "held_out_pictures": 1,
    "steps": 0,
    "batch": 1,
    "seed": 0,
    "threads": 0,
    "workers": 0,
    "evaluate_every": 0,
    "checkpoint_every": 0,
    "pictures_every": 0,
    "gradients_every": 0,
    "keep": 1,
}
"""The least value of each whole number."""
FREE = {
    *("held_out", "held_out_pictures", "scoring", "device", "threads", "workers"),
    *("evaluate_every", "checkpoint_every", "pictures_every", "gradients_every", "keep"),
}
"""Settings that may be others when a training goes on: none of them is about what is learned."""


@dataclass(frozen=True)
class Config:
    """Everything that decides how a training goes.

    Parameters
    ----------
    data : str
        `"shapes"` or `"nuclei"`, which are generated without end, or a folder in COCO's format.
    held_out : str
        What the model is evaluated on: as `data`. Empty: other generated pictures for generated ones, else nothing.
    held_out_pictures : int, at least 1
        At most so many of them.
    size : int, at least 16
        The sides of generated pictures, in pixels.
    flip : float from 0 to 1
        How often a picture is mirrored, left and right, for training.
    model : {"lesson", "resnet50"}
        The lesson's, small and quick; or Mask R-CNN as published, on a ResNet-50.
    anchors : {"lesson", "nuclei", "screens"}
        Of the lesson's model: for objects of 16 to 64 pixels, of 5 to 40, or for wide ones of 10 to 120.
    density : {"sparse", "dense"}
        Of the lesson's model: whether pictures hold up to some 15 objects, or some 60.
    scoring : {"class", "mask"}
        How sure the model is of what it finds: as sure as of the class, as published, or this times the IoU that the
        mask expects of itself, which ranks better (`minimask.model.mask_scores`).
    weights : str
        A file of weights to begin with; empty: none.
    device : {"auto", "cpu", "cuda"}
        `"auto"` is a graphics card where there is one.
    steps : int, at least 0
        Each looks at one batch.
    batch : int, at least 1
        Pictures of a step, of all processes together.
    optimizer : {"muon", "adamw", "sgd"}
        What changes the weights: Muon the matrices and AdamW the rest; or one of the others all of them.
    learning_rate : float above 0
        The highest rate.
    rest_rate : float above 0
        With Muon, the highest rate of what is no matrix.
    weight_decay : float, at least 0, or -1
        Of weights; norms and biases have none. -1 is what suits the optimizer: with Muon 0.3, with AdamW 0.05, with SGD
        0.0001.
    schedule : {"one_cycle", "step", "constant"}
        How the rate goes on after the warm-up: it falls to nothing along a cosine; to a tenth after two thirds of the
        steps and once more after eight ninths; or not at all.
    warmup : float from 0, below 1
        The fraction of the steps in which the rate rises.
    clip : float, at least 0
        The longest the gradient of all weights together may be; 0 leaves it as it is.
    weighing : {"sum", "fixed", "uncertainty", "gradnorm", "pcgrad", "mgda", "cagrad", "upgrad"}
        How the losses are weighed against each other: all alike, by `loss_weights`, or by a method of
        `minimask.gradients`, in a single process. Methods that read gradients take one backward pass for each loss.
    loss_weights : str
        For the weighing `fixed`, e.g. `"loss_mask=2, loss_box_reg=0.5"`; losses that are not named count 1.
    precision : {"auto", "float32", "bfloat16", "float16"}
        What convolutions and matrix products are computed in; the last on graphics cards only. `"auto"` is bfloat16
        where the processor or the card multiplies matrices of it.
    seed : int, at least 0
        Decides the first weights, the order of the pictures, and what is sampled of them.
    threads : int, at least 0
        Of the processor; 0: as many as torch takes.
    workers : int, at least 0
        Processes that load pictures while others are learned from; 0: none, the training waits for its pictures.
    evaluate_every : int, at least 0
        Steps from one evaluation to the next; one more comes at the end. 0: none at all.
    checkpoint_every : int, at least 0
        Steps from one checkpoint to the next; one more comes at the end. 0: none at all.
    pictures_every : int, at least 0
        Steps from one sheet of pictures with what is found in them to the next; one more comes at the end. 0: none.
    gradients_every : int, at least 0
        Steps from one look at the gradients of each loss by itself to the next, each on two batches more. One takes as
        long as five steps (of the lesson, on a processor): at 100, a training takes 5 % longer. 0: none.
    keep : int, at least 1
        The newest checkpoints that are kept.

    Raises
    ------
    ValueError, TypeError
        If a setting is malformed or out of range.

    Examples
    --------
    >>> config = Config(steps=500).with_changes({"batch": "4", "optimizer": "adamw"})
    >>> config.steps, config.batch, config.optimizer
    (500, 4, 'adamw')
    >>> config.with_changes({"learning_rat": "0.1"})
    Traceback (most recent call last):
    ValueError: unknown setting 'learning_rat'; the closest is 'learning_rate'
    """

    data: str = "shapes"
    held_out: str = ""
    held_out_pictures: int = 300
    size: int = 128
    flip: float = 0.0
    model: str = "lesson"
    anchors: str = "lesson"
    density: str = "sparse"
    scoring: str = "class"
    weights: str = ""
    device: str = "auto"
    steps: int = 1000
    batch: int = 8
    optimizer: str = "muon"
    learning_rate: float = 0.02
    rest_rate: float = 0.005
    weight_decay: float = -1.0
    schedule: str = "one_cycle"
    warmup: float = 0.1
    clip: float = 0.0
    weighing: str = "sum"
    loss_weights: str = ""
    precision: str = "auto"
    seed: int = 0
    threads: int = 0
    workers: int = 0
    evaluate_every: int = 500
    checkpoint_every: int = 100
    pictures_every: int = 250
    gradients_every: int = 0
    keep: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _checked(field.name, getattr(self, field.name), type(field.default)))
        if not self.data:
            raise ValueError('data must be "shapes", "nuclei" or a folder in COCO\'s format, got \'\'')
        for name in ("learning_rate", "rest_rate"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if self.clip < 0:
            raise ValueError(f"clip must be at least 0, got {self.clip}")
        if self.weight_decay < 0 and self.weight_decay != SUITABLE:
            raise ValueError(f"weight_decay must be at least 0, or {SUITABLE:g}, got {self.weight_decay}")
        if not 0 <= self.flip <= 1:
            raise ValueError(f"flip must be from 0 to 1, got {self.flip}")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup must be at least 0 and below 1, got {self.warmup}")
        if bool(self.loss_weights.strip()) != (self.weighing == "fixed"):
            raise ValueError(
                f"loss_weights must be given for the weighing 'fixed', and for no other, "
                f"got {self.loss_weights!r} for {self.weighing!r}"
            )
        self.new_weighing()

    @property
    def decay(self) -> float:
        """The weight decay, of the optimizer's own where the setting says so."""
        return DECAYS[self.optimizer] if self.weight_decay == SUITABLE else self.weight_decay

    def new_weighing(self) -> Weighing:
        """Return what weighs the losses, as it begins."""
        return weighing_of(self.weighing, _weights(self.loss_weights))

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Config:
        """Read a TOML file; settings that it does not name have their defaults.

        Raises
        ------
        ValueError
            If it is no TOML, names an unknown setting, or a value is malformed; the file is named.
        """
        try:
            return cls.of(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Config:
        """Return the defaults with these settings, of their own types."""
        _refuse_unknown(settings)
        return cls(**settings)  # type: ignore[arg-type]

    def with_changes(self, changes: Mapping[str, object]) -> Config:
        """Return a copy in which some settings are others; text is read as what the setting is.

        Raises
        ------
        ValueError
            If a setting is unknown, or its text cannot be read.
        """
        _refuse_unknown(changes)
        known = {field.name: type(field.default) for field in fields(self)}
        read: dict[str, Any] = {
            name: _parsed(name, value, known[name]) if isinstance(value, str) else value
            for name, value in changes.items()
        }
        return replace(self, **read)

    def settings(self) -> dict[str, Any]:
        """Return all settings by name."""
        return asdict(self)

    def write(self, path: str | PathLike[str]) -> None:
        """Write a TOML file that `read` reads; it is there whole, or not at all."""
        lines = [f"{name} = {_as_toml(value)}\n" for name, value in self.settings().items()]
        write_atomically(path, lambda place: Path(place).write_text("".join(lines), encoding="utf-8"))


def _checked(name: str, value: Any, kind: type) -> object:  # noqa: ANN401
    """Return a setting as its kind, after making sure that it is one."""
    if kind is str:
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, got {value!r}")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}, got {value!r}")
        return value
    if kind is int:
        return as_whole_number(value, name, LEAST[name])
    if isinstance(value, bool | str):
        raise TypeError(f"{name} must be a number, got {value!r}")
    return as_number(value, name)


def _weights(text: str) -> dict[str, float]:
    """Return the weights that a text says, `name=number` with commas between them."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    try:
        return {name.strip(): float(number) for name, _, number in pairs}
    except ValueError:
        raise ValueError(f"loss_weights must be like 'loss_mask=2, loss_box_reg=0.5', got {text!r}") from None


def _parsed(name: str, text: str, kind: type) -> object:
    """Return what a text says, as a number where the setting is one."""
    if kind is str:
        return text
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} must be {what}, got {text!r}") from None


def _refuse_unknown(names: Iterable[str]) -> None:
    known = [field.name for field in fields(Config)]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, 1, 0)
            raise ValueError(f"unknown setting {name!r}; the closest is {close[0]!r}")


def _as_toml(value: object) -> str:
    """Return a value as TOML writes it: text as JSON does, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
