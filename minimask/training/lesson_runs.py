"""Make the runs that are too long for a lesson, and record them: `python -m minimask.training.lesson_runs`.

Learning curves of the lesson's model within 3, 5 and 15 minutes, and what each design decision is worth, with three
seeds each. What is recorded already is not made again, so that the runs can be stopped at any time; `--again` begins
anew. The model of the longest run of seed 0, with the plain sum of the losses, becomes the one that chapter 5 hands
out. All of it takes hours.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from minimask.data.lesson_records import FILE, Curve, Run
from minimask.data.picture import Picture
from minimask.data.recorded import HELD_OUT, TRAINING
from minimask.data.shapes import CLASSES
from minimask.detecting import Found, detect
from minimask.evaluation import CocoEvaluation, Scores
from minimask.model.lesson import TRAINED, lesson_model
from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.mask_scores import Scoring
from minimask.training.atomic import write_atomically
from minimask.training.config import Config
from minimask.training.loop import Progress, train
from minimask.training.shipping import save_rounded

SEEDS = (0, 1, 2)
PICTURES = 300
"""That are held out for average precision."""
LESSON = Config(checkpoint_every=0, evaluate_every=0)
"""The lesson's recipe: that of every training, unless it is told otherwise."""
BUDGETS = {3.0: 600, 5.0: 1000, 15.0: 3000}
"""Steps that fit into so many minutes on two slow cores."""
CURVES: dict[str, dict[str, Any]] = {"sum": {}, "masks twice": {"weighing": "fixed", "loss_weights": "loss_mask=2"}}
"""What differs from the lesson's recipe in learning curves, by name; all but the first are of the longest runs only."""
LOOKS = 5
"""How often average precision is measured in a run of a learning curve."""
SHORT = 300
"""Steps of the runs that compare variants, on one thread each."""
VARIANTS: dict[str, dict[str, Any]] = {
    "base": {},
    "RoIPool": {"operator": "pool"},
    "published conventions": {"rois": "published", "targets": "published", "paste": "published"},
    "softmax masks": {"rivalry": "softmax"},
    "joint heads": {"heads": "joint"},
    "RoIs from all maps": {"canonical_size": 56},
    "one map": {"pyramid": False},
}
"""What differs from the lesson's model, by name."""
RECIPES: dict[str, dict[str, Any]] = {"no weight decay": {"weight_decay": 0.0}}
"""What differs from its recipe, by name."""
GIB = 2**30
"""Bytes."""


def curve(recipe: str, seed: int, budget: float, tell: Callable[[str], object]) -> tuple[Curve, MaskRCNN]:
    """Train the lesson's model for a number of minutes, and measure it on the way.

    Parameters
    ----------
    recipe : str
        A name in `CURVES`.
    seed : int
    budget : float
        One of `BUDGETS`, in minutes.
    tell : callable
        Is told in words how it goes.
    """
    steps = BUDGETS[budget]
    model = lesson_model(seed=seed)
    pictures = list(HELD_OUT.pictures(PICTURES))
    rows = []
    for progress in _training(model, seed, steps, **CURVES[recipe]):
        if progress.step and (progress.step % (steps // LOOKS) == 0 or progress.step == steps):
            by_class, asked = (_scores(model, pictures, scoring)[0] for scoring in ("class", "mask"))
            rows.append((progress.seconds / 60, progress.step, by_class.masks.ap, by_class.boxes.ap, asked.masks.ap))
            tell(f"{recipe}, {budget:g} minutes, seed {seed}, step {progress.step}: {rows[-1]}")
    minutes, at, masks, boxes, asked_masks = zip(*rows, strict=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    return Curve(seed, budget, minutes, at, masks, boxes, memory, recipe, asked_masks), model


def run(variant: str, seed: int, steps: int = SHORT) -> Run:
    """Train a variant on one thread, and measure it on pictures that it never saw."""
    torch.set_num_threads(1)
    model = lesson_model(seed=seed, **VARIANTS.get(variant, {}))
    seconds = 0.0
    for progress in _training(model, seed, steps, **RECIPES.get(variant, {})):
        seconds = progress.seconds
    return measured(model, list(HELD_OUT.pictures(PICTURES)), seed, steps, seconds)


def measured(model: MaskRCNN, pictures: Sequence[Picture], seed: int, steps: int, seconds: float) -> Run:
    """Return what is recorded of a training that took so many seconds."""
    scores, as_boxes = _scores(model, pictures)
    return Run(seed, steps, seconds, scores.masks.by_threshold, scores.boxes.by_threshold, as_boxes)


def filled(found: Found, size: tuple[int, int]) -> Found:
    """Return what was found with every box as its own mask."""
    masks = np.zeros((len(found.boxes), *size), dtype=bool)
    for mask, (x1, y1, x2, y2) in zip(masks, found.boxes.round().astype(int), strict=True):
        mask[y1:y2, x1:x2] = True
    return found._replace(masks=masks)


def _training(model: MaskRCNN, seed: int, steps: int, **changes: Any) -> Iterator[Progress]:  # noqa: ANN401
    """Train as the lesson does, but for some settings."""
    return train(model, TRAINING, LESSON.with_changes({"seed": seed, "steps": steps, **changes}))


def _scores(model: MaskRCNN, pictures: Sequence[Picture], scoring: Scoring = "class") -> tuple[Scores, float]:
    """Let a model score what it finds in one way, and return its figures, and its mask AP if boxes were masks."""
    model.roi_heads.settings = replace(model.roi_heads.settings, scoring=scoring)
    masks, boxes = CocoEvaluation(CLASSES), CocoEvaluation(CLASSES)
    for picture, found in zip(pictures, detect(model, (one.image for one in pictures)), strict=True):
        masks.add(picture, found)
        boxes.add(picture, filled(found, picture.image.shape[:2]))
    return masks.scores(), boxes.scores().masks.ap


def _records(path: Path) -> dict[str, Any]:
    """Return what is recorded so far."""
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    return {"ablations": {}, "curves": []}


def _keep(path: Path, records: dict[str, Any]) -> None:
    text = json.dumps(records, indent=1) + "\n"
    write_atomically(path, lambda place: place.write_text(text, encoding="utf-8"))


def record_variants(path: Path, tell: Callable[[str], object]) -> None:
    """Make the runs of all variants that are missing, as many at once as there are processors."""
    records = _records(path)
    missing = [
        (variant, seed)
        for seed in SEEDS
        for variant in (*VARIANTS, *RECIPES)
        if seed not in [one["seed"] for one in records["ablations"].get(variant, [])]
    ]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        for (variant, _), one in zip(missing, pool.map(run, *zip(*missing, strict=True)), strict=True):
            records["ablations"].setdefault(variant, []).append(one._asdict())
            _keep(path, records)
            tell(f"{variant}, seed {one.seed}: mask AP {sum(one.mask_ap) / len(one.mask_ap):.3f}")


def record_curves(path: Path, budgets: Sequence[float], tell: Callable[[str], object]) -> None:
    """Make the learning curves that are missing, one after another; one of them leaves its model behind.

    It is the longest of seed 0 that learned from the plain sum of the losses.
    """
    records = _records(path)
    done = {(one.get("recipe", "sum"), one["seed"], one["budget"]) for one in records["curves"]}
    wanted = [
        (recipe, seed, budget)
        for recipe, budget in product(CURVES, budgets)
        if recipe == "sum" or budget == max(BUDGETS)
        for seed in SEEDS
    ]
    for recipe, seed, budget in wanted:
        if (recipe, seed, budget) not in done:
            one, model = curve(recipe, seed, budget, tell)
            records["curves"].append(one._asdict())
            _keep(path, records)
            if (recipe, seed, budget) == ("sum", 0, max(BUDGETS)):
                save_rounded(model, TRAINED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the runs that are missing."""
    parser = argparse.ArgumentParser(prog="python -m minimask.training.lesson_runs", description=__doc__)
    parser.add_argument("--again", action="store_true", help="forget what is recorded, and begin anew")
    parser.add_argument("--only", choices=("curves", "variants"), help="make these runs only")
    parser.add_argument("--minutes", type=float, nargs="*", choices=tuple(BUDGETS), help="curves of these lengths only")
    given = parser.parse_args(arguments)
    if given.again:
        FILE.unlink(missing_ok=True)
    if given.only != "variants":
        record_curves(FILE, given.minutes or tuple(BUDGETS), print)
    if given.only != "curves":
        record_variants(FILE, print)


if __name__ == "__main__":
    main()
