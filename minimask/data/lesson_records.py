"""What the model of the lesson reached in runs too long for a lesson: learning curves, and what each decision is worth.

`python -m minimask.training.lesson_runs` makes the runs anew and writes the file; every run has three seeds.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parent / "recorded" / "lesson_runs.json"
WEIGHING = FILE.with_name("weighing.json")
"""What `python -m minimask.training.gradient_study` found ways of weighing the losses to be worth."""
THRESHOLDS = tuple(0.5 + 0.05 * k for k in range(10))
"""The IoUs at which average precision was measured."""


class Run(NamedTuple):
    """A training of one variant, and what it reached on pictures that it never saw."""

    seed: int
    steps: int
    seconds: float
    """Wall time of training, without evaluation."""
    mask_ap: tuple[float, ...]
    """Mask AP at each of `THRESHOLDS`, from 0 to 1; their mean is COCO's AP."""
    box_ap: tuple[float, ...]
    filled_ap: float
    """Mask AP, mean over thresholds, if every predicted box were its own mask."""


class Curve(NamedTuple):
    """A training that ends after so many minutes, and how AP grew on the way."""

    seed: int
    budget: float
    """Minutes for which the schedule was made."""
    minutes: tuple[float, ...]
    """Wall time of training at each evaluation, without the evaluations."""
    steps: tuple[int, ...]
    mask_ap: tuple[float, ...]
    box_ap: tuple[float, ...]
    memory: float
    """The most memory that the process held, in GiB."""
    recipe: str = "sum"
    """Which losses were learned from: their plain `sum`, or `masks twice`."""
    asked_ap: tuple[float, ...] = ()
    """Mask AP where scores ask the mask, too; empty where that was not measured."""


def ablations() -> dict[str, list[Run]]:
    """Return the runs of every variant, by its name.

    Raises
    ------
    FileNotFoundError
        If no run is recorded.
    """
    return {name: [Run(**_frozen(run)) for run in runs] for name, runs in _records()["ablations"].items()}


def learning_curves() -> list[Curve]:
    """Return the learning curves, the shortest trainings first, and of each length the plain sum first.

    Raises
    ------
    FileNotFoundError
        If no run is recorded.
    """
    curves = [Curve(**_frozen(curve)) for curve in _records()["curves"]]
    return sorted(curves, key=lambda curve: (curve.budget, curve.recipe != "sum", curve.seed))


def weighings() -> tuple[dict[str, list[Run]], str]:
    """Return the runs of every way of weighing the losses by its name, of the seeds that all have, and tuned weights.

    The tuned weights are those fixed ones, in words, that did best with another seed; "" if none did better than the
    plain sum.

    Raises
    ------
    FileNotFoundError
        If no run is recorded.
    """
    records = _read(WEIGHING, "gradient_study")
    runs: dict[str, dict[int, Run]] = {}
    for name, run in records["compared"].items():
        method, seed = name.split("/")
        runs.setdefault(method, {})[int(seed)] = Run(**_frozen(run))
    seeds = sorted(set.intersection(*(set(of) for of in runs.values())))
    tuned = max(records["tuning"], key=lambda words: sum(records["tuning"][words]["mask_ap"]))
    return {method: [of[seed] for seed in seeds] for method, of in runs.items()}, tuned


@cache
def _records() -> dict[str, Any]:
    return _read(FILE, "lesson_runs")


def _read(path: Path, module: str) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(f"no run is recorded: `python -m minimask.training.{module}` makes them, within hours")
    records: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return records


def _frozen(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with tuples in place of lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
