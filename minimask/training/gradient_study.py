"""Make the study of chapter 4, and record it: `python -m minimask.training.gradient_study`.

How the gradients of the five losses lie to each other, place by place and from the first step to the last, in models
with joint and with decoupled heads of equally many parameters; and what each way of weighing the losses is worth,
beside fixed weights that were tuned. What is recorded already is not made again. All of it takes hours.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from minimask.data.lesson_records import WEIGHING, Run
from minimask.data.recorded import HELD_OUT, TRAINING
from minimask.gradients.recorded import FILE, HEADS, Followed, followed, save_followed
from minimask.model.lesson import lesson_model
from minimask.training.atomic import write_atomically
from minimask.training.batches import load
from minimask.training.config import Config
from minimask.training.gradient_log import look
from minimask.training.lesson_runs import LESSON, PICTURES, measured
from minimask.training.loop import train

SEEDS = (0, 1, 2, 3, 4)
MOMENTS = (0, 10, 30, 100, 200, 300, 400, 500, 600)
"""Steps after which gradients are looked at; the last is the end of the training."""
BATCHES = 3
"""That are looked at, the same ones at every moment; no training comes to them."""
SHORT = 200
"""Steps of the runs that compare ways of weighing."""
LOSSES = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg", "loss_mask")
FACTORS = (0.5, 2.0)
"""What each loss alone is multiplied by, when fixed weights are tuned."""
TUNING_SEED = 100
"""Weights are chosen by runs of this seed, and compared in runs of others."""
METHODS = ("sum", "tuned", "uncertainty", "gradnorm", "pcgrad", "mgda", "cagrad", "upgrad")


def follow(
    heads: Literal["decoupled", "joint"],
    seed: int,
    moments: Sequence[int] = MOMENTS,
    batches: int = BATCHES,
    config: Config = LESSON,
) -> Followed:
    """Train a model, and look at its gradients on the way.

    Parameters
    ----------
    heads : "decoupled" or "joint"
    seed : int
        Of the weights and of the training.
    moments : sequence of int
        Steps, ascending; the last is the end of the training.
    batches : int
    config : Config
        The recipe, but for steps and seed.
    """
    torch.set_num_threads(1)
    config = config.with_changes({"seed": seed, "steps": moments[-1]})
    after = range(10**6, 10**6 + batches)
    looked_at = [*load(TRAINING, seed=seed, batch=config.batch, steps=after)]
    model = lesson_model(seed=seed, heads=heads)
    found = [look(model, looked_at, config) for progress in train(model, TRAINING, config) if progress.step in moments]
    losses, gram = (np.array([getattr(one, name) for one in found])[None] for name in ("losses", "gram"))
    return Followed(heads, (seed,), tuple(moments), found[0].places, found[0].tasks, losses, gram)


def joined(parts: Iterable[Followed]) -> Followed:
    """Return runs of several seeds as one."""
    ordered = sorted(parts, key=lambda one: one.seeds)
    first = ordered[0]
    return first._replace(
        seeds=tuple(seed for one in ordered for seed in one.seeds),
        losses=np.concatenate([one.losses for one in ordered]),
        gram=np.concatenate([one.gram for one in ordered]),
    )


def weigh(weighing: str, loss_weights: str, seed: int, steps: int = SHORT, pictures: int = PICTURES) -> Run:
    """Train the lesson's model with a way of weighing the losses, on one thread, and measure it."""
    torch.set_num_threads(1)
    changes = {"seed": seed, "steps": steps, "weighing": weighing, "loss_weights": loss_weights}
    model, seconds = lesson_model(seed=seed), 0.0
    for progress in train(model, TRAINING, LESSON.with_changes(changes)):
        seconds = progress.seconds
    return measured(model, list(HELD_OUT.pictures(pictures)), seed, steps, seconds)


def mask_ap(run: dict[str, Any]) -> float:
    """Return COCO's mask AP of a recorded run."""
    return statistics.fmean(run["mask_ap"])


def single_weights() -> list[str]:
    """Return the fixed weights that are tried first: none, and each loss alone halved and doubled."""
    return ["", *(f"{loss}={factor:g}" for loss in LOSSES for factor in FACTORS)]


def united_weights(tuning: dict[str, dict[str, Any]]) -> str:
    """Return, of all factors that were better alone than none, the better one of each loss, together.

    Parameters
    ----------
    tuning : dict
        Runs by what they had as `loss_weights`.

    Examples
    --------
    >>> tuning = {words: {"mask_ap": [0.5]} for words in single_weights()}
    >>> tuning["loss_mask=2"] = tuning["loss_box_reg=0.5"] = {"mask_ap": [0.6]}
    >>> united_weights(tuning)
    'loss_box_reg=0.5, loss_mask=2'
    """
    chosen = []
    for loss in LOSSES:
        best = max((f"{loss}={factor:g}" for factor in FACTORS), key=lambda words: mask_ap(tuning[words]))
        if mask_ap(tuning[best]) > mask_ap(tuning[""]):
            chosen.append(best)
    return ", ".join(chosen)


def record_followed(folder: Path, tell: Callable[[str], object]) -> None:
    """Make the trainings that are missing, each into a file of its own, and join them into the recorded one."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(heads, seed) for heads in HEADS for seed in SEEDS if not _part(folder, heads, seed).exists()]
    with _pool() as pool:
        for one in pool.map(follow, *_columns(missing)):
            save_followed(_part(folder, one.heads, one.seeds[0]), [one])
            tell(f"{one.heads} heads, seed {one.seeds[0]}: losses {one.losses[0, -1].mean(axis=0).round(3).tolist()}")
    parts = {heads: [followed(heads, _part(folder, heads, seed)) for seed in SEEDS] for heads in HEADS}
    save_followed(FILE, [joined(parts[heads]) for heads in HEADS])


def record_weighings(path: Path, tell: Callable[[str], object]) -> None:
    """Make the runs that are missing: first those that tune fixed weights, then those that compare."""
    records: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"tuning": {}, "compared": {}}

    def make(part: dict[str, Any], wanted: Sequence[tuple[str, str, str, int]]) -> None:
        missing = [one for one in wanted if one[0] not in part]
        with _pool() as pool:
            for (name, *_), run in zip(missing, pool.map(weigh, *_columns([one[1:] for one in missing])), strict=False):
                part[name] = run._asdict()
                write_atomically(path, lambda place: place.write_text(json.dumps(records, indent=1) + "\n", "utf-8"))
                tell(f"{name or 'sum'}: mask AP {mask_ap(part[name]):.3f}, {run.seconds:.0f} s")

    def fixed(words: str) -> tuple[str, str, str, int]:
        return words, "fixed" if words else "sum", words, TUNING_SEED

    tuning = records["tuning"]
    make(tuning, [fixed(words) for words in single_weights()])
    make(tuning, [fixed(united_weights(tuning))])
    best = max(tuning, key=lambda words: mask_ap(tuning[words]))
    tell(f"tuned: {best or 'the plain sum'}")
    ways = {name: (name, "") for name in METHODS} | {"tuned": ("fixed" if best else "sum", best)}
    make(records["compared"], [(f"{name}/{seed}", *ways[name], seed) for seed in SEEDS for name in METHODS])


def _part(folder: Path, heads: str, seed: int) -> Path:
    return folder / f"{heads}-{seed}.npz"


def _columns(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return rows as the columns that a pool takes; without rows, one empty column."""
    return [*zip(*rows, strict=True)] or [()]


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the runs that are missing."""
    parser = argparse.ArgumentParser(prog="python -m minimask.training.gradient_study", description=__doc__)
    parser.add_argument("--only", choices=("followed", "weighings"), help="make these runs only")
    parser.add_argument("--parts", type=Path, default=Path("runs/gradients"), help="where each followed run is kept")
    given = parser.parse_args(arguments)
    if given.only != "weighings":
        record_followed(given.parts, print)
    if given.only != "followed":
        record_weighings(WEIGHING, print)


if __name__ == "__main__":
    main()
