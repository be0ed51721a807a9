"""The gradient alignment's numbers and words, as `js/gradient_alignment_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray
from minimask.gradients.surgery import METHODS as SURGERY
from minimask.widgets.decimals import fixed
from minimask.widgets.gradient_alignment_bytes import Study, mean_cosine
from minimask.widgets.training_record import PHASES

METHODS = {"sum": "the plain sum", "pcgrad": "PCGrad", "mgda": "MGDA", "cagrad": "CAGrad", "upgrad": "UPGrad"}
"""What the methods of `minimask.gradients.surgery` are called."""
ARROWS = ("A", "B", "C")
"""What the tasks are called whose arrows the reader drags."""
NEAR = 0.05
"""Cosines up to this are called nearly perpendicular."""
ROOM = 2e-4
"""What rounded cosines are shrunk by, so that they stay cosines of some vectors."""
STILL = 1e-6
"""A step shorter than this, in lengths of the longest gradient, is none."""
FULL = "(100 %: as much as a step for that task alone.)"
UNSEEN = 0.005
"""Changes of a loss below half a percent are none."""


class Course(NamedTuple):
    """How a pair of tasks gets on at each place and moment; arrays (..., M)."""

    mean: FloatArray
    """Cosine, mean over the chosen seeds; nan where there is none."""
    low: FloatArray
    """The lowest of all seeds, and the highest."""
    high: FloatArray
    spread: FloatArray
    """The standard deviation over all seeds; 0 for one."""
    floor: FloatArray
    """The larger of what the two tasks have with themselves on other batches; nan without other batches."""
    clear: NDArray[np.bool_]
    """Whether the cosine is beyond the spread and, on the same batch, beyond the floor."""
    negative: NDArray[np.int64]
    """In how many cases, a seed and a batch each, the cosine on the same batch is negative, and of how many."""
    cases: NDArray[np.int64]


class Effect(NamedTuple):
    """What a step of one length, along a method's direction, does."""

    weights: FloatArray
    """(T,): the step is the sum of the tasks' pulls times these; all 0 if the method stands still."""
    share: FloatArray
    """(T,): how far each loss falls, in shares of what a step for this task alone would reach; below 0 it rises."""
    change: FloatArray
    """(T,): how each loss changes for a step of length 1, to first order."""


def course(study: Study, state: Mapping[str, Any]) -> Course:
    """Return how the chosen pair gets on, at all places and moments of a study: arrays (P, M).

    Of the two tasks the one with the larger floor counts: a pair stands out only if it has more in common on a batch
    than either task has with itself on others. Between different batches noise is not shared, and the spread over
    seeds is all that there is to be beyond.
    """
    i, j = state["pair"]
    kind = study.same if state["batches"] == "same" else study.across
    cosines = np.swapaxes(kind[..., i, j], 1, 2)
    chosen = _seeds(study, state)
    mean = mean_cosine(cosines[chosen], axis=0)
    itself = [mean_cosine(np.swapaxes(study.across[chosen][..., k, k], 1, 2), axis=0) for k in (i, j)]
    floor = np.fmax(*itself)
    seeds = np.nan_to_num(cosines)
    spread = seeds.std(axis=0, ddof=1) if len(seeds) > 1 else np.zeros(mean.shape)
    bar = np.maximum(spread, np.nan_to_num(floor)) if state["batches"] == "same" else spread
    counts = [np.swapaxes(one[chosen][..., i, j].sum(axis=0), 0, 1) for one in (study.negative, study.cases)]
    with np.errstate(invalid="ignore"):
        clear = np.abs(mean) > bar
    unknown = np.isnan(mean)
    low, high = (np.where(unknown, np.nan, edge) for edge in (seeds.min(axis=0), seeds.max(axis=0)))
    return Course(mean, low, high, spread, floor, clear, *counts)


def cell_gram(study: Study, state: Mapping[str, Any], place: int, moment: int) -> FloatArray:
    """Return products of gradients (T, T) at a place and moment: from mean cosines and root mean square lengths."""
    chosen = _seeds(study, state)
    lengths = np.sqrt(np.square(study.lengths[chosen, moment, place]).mean(axis=0))
    cosines = np.nan_to_num(study.same[chosen, moment, place]).mean(axis=0) * (1 - ROOM)
    np.fill_diagonal(cosines, 1)
    gram: FloatArray = cosines * lengths[:, None] * lengths
    return gram


def arrows_gram(arrows: Sequence[Sequence[float]]) -> FloatArray:
    """Return the products (T, T) of arrows in a plane."""
    tips = np.array(arrows)
    gram: FloatArray = tips @ tips.T
    return gram


def cosine(gram: FloatArray, i: int, j: int) -> float:
    """Return the cosine between two gradients from their products; nan if one is zero."""
    scale = np.sqrt(gram[i, i] * gram[j, j])
    return float(np.clip(gram[i, j] / scale, -1, 1)) if scale > 0 else float("nan")


def effect(gram: FloatArray, weights: Sequence[float], method: str) -> Effect:
    """Return what a step by a method does.

    The weights of the tasks scale the gradients before the method sees them. It sees those of tasks that pull at all:
    where a loss does not depend on a place, it has no say there.
    """
    scale = np.array(weights, dtype=np.float64)
    own = np.sqrt(np.diag(gram))
    found, nothing = np.zeros(len(own)), np.zeros(len(own))
    there = np.flatnonzero(own * scale > STILL * np.max(own * scale))
    if len(there):
        found[there] = SURGERY[method]((gram * scale[:, None] * scale)[np.ix_(there, there)]) * scale[there]
    pulled = gram @ found
    length = float(np.sqrt(max(float(found @ pulled), 0.0)))
    if length <= STILL * float(np.max(own * scale)):
        return Effect(nothing, nothing, nothing)
    falls = pulled / length
    share = np.clip(np.divide(falls, own, out=np.zeros(len(own)), where=own > 0), -1, 1)
    return Effect(found, share, -falls)


def in_plane(gram: FloatArray, pair: Sequence[int], weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the pulls of two tasks (2, 2) in the plane they span, and a step projected into it (2,).

    The first task's pull leans to the left and the second's to the right of straight up, each by half their angle.
    """
    i, j = pair
    value = cosine(gram, i, j)
    angle = float(np.arccos(0.0 if np.isnan(value) else value)) / 2
    ways = np.array([[-np.sin(angle), np.cos(angle)], [np.sin(angle), np.cos(angle)]])
    lengths = np.sqrt(np.diag(gram)[[i, j]])
    pulled = (gram @ weights)[[i, j]]
    along = np.divide(pulled, lengths, out=np.zeros(2), where=lengths > 0)
    up, aside = np.cos(angle), np.sin(angle)
    x = (along[1] - along[0]) / (2 * aside) if aside > STILL else 0.0
    y = (along[1] + along[0]) / (2 * up) if up > STILL else 0.0
    return ways * lengths[:, None], np.array([x, y])


def agreement(value: float) -> str:
    """Return what a cosine means."""
    if value != value:
        return "one of them does not pull at all"
    if abs(value) <= NEAR:
        return "they are nearly at right angles"
    return "they pull the same way" if value > 0 else "they pull against each other"


def outcome(names: Sequence[str], share: FloatArray) -> str:
    """Return in words which losses a step lowers and which it raises.

    Examples
    --------
    >>> outcome(("class", "box", "mask"), np.array([0.5, -0.2, 0.1]))
    'lowers class by 50 % and mask by 10 %, but raises box by 20 %'
    """
    parts = []
    for verb, way in (("lowers", 1), ("raises", -1)):
        some = [(name, abs(v)) for name, v in zip(names, share, strict=True) if v * way >= UNSEEN]
        if some:
            parts.append(f"{verb} {listed([f'{name} by {fixed(100 * v, 0)} %' for name, v in some])}")
    return ", but ".join(parts) if parts else "changes nothing"


def listed(things: Sequence[str]) -> str:
    """Return things in a row.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(things[:-1]), things[-1]] if len(things) > 1 else things)


def effects_in_words(names: Sequence[str], gram: FloatArray, weights: Sequence[float], method: str) -> str:
    """Return what a step by a method does to all tasks, beside the plain sum."""
    plain = outcome(names, effect(gram, weights, "sum").share)
    if method == "sum":
        return f"A step by the plain sum {plain}. {FULL}"
    found = effect(gram, weights, method)
    said = outcome(names, found.share)
    if not found.weights.any():
        return (
            f"{METHODS[method]} stands still: it finds no step by which every task gains. The plain sum {plain}. {FULL}"
        )
    if said == plain:
        return f"A step by {METHODS[method]}, as one by the plain sum, {said}. {FULL}"
    return f"A step by {METHODS[method]} {said}. The plain sum {plain}. {FULL}"


def describe_arrows(state: Mapping[str, Any]) -> str:
    """Return in words what the reader's arrows show."""
    gram, names = arrows_gram(state["arrows"]), ARROWS[: len(state["arrows"])]
    said = []
    for i in range(len(names)):
        for j in range(i + 1, len(names)):
            value = cosine(gram, i, j)
            number = "none" if value != value else fixed(value, 2)
            said.append(f"Cosine of {names[i]} and {names[j]}: {number}, {agreement(value)}.")
    return f"{' '.join(said)} {effects_in_words(names, gram, state['arrow_weights'], state['method'])}"


def describe_study(study: Study, place: int, state: Mapping[str, Any]) -> str:
    """Return in words what the chosen cell of a study shows."""
    i, j = state["pair"]
    moment = moment_of(study, state)
    found = Course(*(array[place, moment] for array in course(study, state)))
    where = f"{study.name}, {study.places[place]}, after step {study.moments[moment]:,}"
    between = f"the pulls of {study.tasks[i]} and {study.tasks[j]}"
    on = "on the same batch" if state["batches"] == "same" else "on different batches"
    gram = cell_gram(study, state, place, moment)
    effects = effects_in_words(study.tasks, gram, state["weights"], state["method"])
    where = where[0].upper() + where[1:]
    if np.isnan(found.mean):
        return f"{where}: there is no cosine between {between} {on}. {effects}"
    said = f"{where}: the cosine between {between} {on} is {fixed(float(found.mean), 2)}"
    if len(study.seeds) > 1:
        said += f" ({fixed(float(found.low), 2)} to {fixed(float(found.high), 2)} over {len(study.seeds)} seeds)"
    if state["batches"] == "same":
        said += f", negative in {found.negative} of {found.cases} cases"
    return f"{said}. {_verdict(found, state)} {effects}"


def _verdict(found: Course, state: Mapping[str, Any]) -> str:
    """Return what to make of a cosine, beside its floor and spread."""
    words, meaning = "", agreement(float(found.mean))
    bounded = state["batches"] == "same" and not np.isnan(found.floor)
    if bounded:
        number = fixed(float(found.floor), 2)
        words = f"The noise floor is {number}: what one of them has with itself on other batches. "
    elif state["batches"] == "same":
        words = "There is no noise floor here. "
    if abs(found.mean) <= found.spread:
        return f"{words}The cosine is no larger than the spread over seeds: it says neither with nor against."
    if found.clear:
        return f"{words}{'Beyond that,' if bounded else 'So'} {meaning}."
    return f"{words}The cosine is no larger: {meaning}, but no more than that."


def describe_run(run: Mapping[str, Any]) -> str:
    """Return in words how far a training is that is followed."""
    if not run or run["phase"] == "ready":
        return ""
    said = f"Step {run['step']:,} of {run['steps']:,}, {PHASES[run['phase']]}."
    return f"{said} {run['error']}. " if run["error"] else f"{said} "


def moment_of(study: Study, state: Mapping[str, Any]) -> int:
    """Return the number of the chosen moment, from 0; the last one for -1."""
    last = len(study.moments) - 1
    return last if state["moment"] < 0 else min(int(state["moment"]), last)


def _seeds(study: Study, state: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the chosen seeds; -1 are all."""
    return list(range(len(study.seeds))) if state["seed"] < 0 else [state["seed"]]
