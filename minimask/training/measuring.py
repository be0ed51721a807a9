"""Measuring a model on pictures that it never learned from, by all processes together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import tee
from typing import Any

from minimask.detecting import detect
from minimask.evaluation import CocoEvaluation, Scores
from minimask.evaluation.scores import WORDS
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.distributed import ALONE, Processes
from minimask.training.task import Finite

MEASURES = tuple(f"{kind}_{name}" for kind in ("mask", "box") for name in WORDS)
"""The names in `Scores.flat()`."""


def measure(
    model: MaskRCNN,
    pictures: Finite,
    classes: Sequence[str],
    processes: Processes = ALONE,
    tell: Callable[[int], object] = lambda _done: None,
) -> Scores:
    """Return COCO's average precision of what a model finds.

    Parameters
    ----------
    model : MaskRCNN
        Left as it is, but that other processes take over the buffers of the first.
    pictures : Finite
        With a truth that has at least one object.
    classes : sequence of str
        The names of the labels 1, 2, ...
    processes : Processes, optional
        Each looks at its share of the pictures; all must call it, and get the same.
    tell : callable
        Is called after each picture, with how many this process has done.

    Examples
    --------
    >>> from minimask.data.shapes import CLASSES, ShapesWorld
    >>> from minimask.model.lesson import lesson_model
    >>> scores = measure(lesson_model(seed=0), list(ShapesWorld(seed=2).pictures(2)), CLASSES)
    >>> scores.pictures, scores.masks.ap < 0.1  # it has learned nothing yet
    (2, True)
    """
    processes.equalize(model)
    part, own = CocoEvaluation(classes), processes.share(len(pictures))
    shown, known = tee(pictures[index] for index in own)
    results = zip(own, known, detect(model, (picture.image for picture in shown)), strict=True)
    for done, (index, picture, found) in enumerate(results, start=1):
        part.add(picture, found, index)
        tell(done)
    whole = CocoEvaluation(classes)
    for exported in processes.gather([part.export()]):
        whole.merge(exported)
    return whole.scores()


def as_json(scores: Scores) -> dict[str, Any]:
    """Return all figures as JSON takes them; what is not a number is None.

    Examples
    --------
    >>> from minimask.evaluation import Precision
    >>> half = Precision(*[0.5] * 12, by_threshold=(0.5,) * 10, by_class=(0.5, math.nan))
    >>> as_json(Scores(half, half, ("disc", "star"), 10, 20, 25))["masks"]["by_class"]
    {'disc': 0.5, 'star': None}
    """
    told: dict[str, Any] = {"pictures": scores.pictures, "objects": scores.objects, "found": scores.found}
    for kind in ("masks", "boxes"):
        figures = asdict(getattr(scores, kind))
        figures["by_class"] = dict(zip(scores.classes, figures["by_class"], strict=True))
        told[kind] = figures
    finite: dict[str, Any] = _without_nan(told)
    return finite


def _without_nan(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
