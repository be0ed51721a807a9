"""Followed trainings as they travel to the browser, where `js/gradient_alignment_measures.js` reads them.

Of all products of gradients travel, for each seed, moment and place: cosines between the tasks on the same batch and
on different ones, means over the batches; how often each pair was negative; and how long the gradients were. Every
method of `minimask.gradients.surgery` can be worked out from that.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray
from minimask.gradients.place_names import place_name, task_name, upward
from minimask.gradients.recorded import Followed

STEPS = 32760
"""A cosine travels as a multiple of 1 / STEPS, in two bytes."""
UNKNOWN = -32768
"""What travels where there is no cosine."""
MOST_BATCHES = 15
"""Two counts of batches fit into one byte."""


class Study(NamedTuple):
    """What the browser knows of trainings: S seeds, M moments, P places from the picture upward, T tasks."""

    name: str
    tasks: tuple[str, ...]
    """As they are read."""
    places: tuple[str, ...]
    """As they are read."""
    moments: tuple[int, ...]
    seeds: tuple[int, ...]
    losses: FloatArray
    """(S, M, T), means over the batches."""
    same: FloatArray
    """(S, M, P, T, T): cosines on the same batch, means over the batches; nan where there is none."""
    across: FloatArray
    """(S, M, P, T, T): cosines between different batches, means over all pairs of them."""
    lengths: FloatArray
    """(S, M, P, T): of the gradients, root mean squares over the batches."""
    negative: NDArray[np.int64]
    """(S, M, P, T, T): on how many batches a pair's cosine was negative."""
    cases: NDArray[np.int64]
    """(S, M, P, T, T): on how many batches there was a cosine."""


def mean_cosine(cosines: FloatArray, axis: int) -> FloatArray:
    """Return the mean of cosines along an axis; a gradient that is zero pulls against nobody: it counts as 0.

    Where all are nan, so is the mean. Counted so, means of cosines remain cosines of some vectors.

    Examples
    --------
    >>> mean_cosine(np.array([[0.5, np.nan, np.nan], [0.3, -0.4, np.nan]]), axis=0)
    array([ 0.4, -0.2,  nan])
    """
    known = ~np.isnan(cosines)
    total = np.where(known, cosines, 0).sum(axis=axis) / max(cosines.shape[axis], 1)
    return np.where(known.any(axis=axis), total, np.nan)


def pack(followed: Followed) -> dict[str, Any]:
    """Return trainings as JSON: names, and the numbers as text.

    The text is base64 of arrays that follow each other, little-endian: the cosines of the pairs i < j on the same batch
    and of i <= j on different ones as int16, multiples of 1 / `STEPS`; lengths and losses as float32; and for each pair
    i < j a byte, the number of negative cosines plus 16 times that of all.

    Raises
    ------
    ValueError
        If there are more than `MOST_BATCHES` batches.
    """
    batches, tasks = followed.losses.shape[2:]
    if batches > MOST_BATCHES:
        raise ValueError(f"batches must be at most {MOST_BATCHES}, got {batches}")
    order = upward(followed.places)
    each = followed.same_batch()[:, :, order]
    pairs, all_pairs = np.triu_indices(tasks, 1), np.triu_indices(tasks)
    squares = np.einsum("smpbtbt->smpbt", followed.gram[:, :, order])
    counts = (each < 0).sum(axis=3) + 16 * (~np.isnan(each)).sum(axis=3)
    content = [
        _in_steps(mean_cosine(each, axis=3)[..., *pairs]),
        _in_steps(mean_cosine(followed.across_batches()[:, :, order], axis=3)[..., *all_pairs]),
        np.sqrt(np.maximum(squares, 0).mean(axis=3)).astype("<f4"),
        followed.losses.mean(axis=2).astype("<f4"),
        counts[..., *pairs].astype("u1"),
    ]
    return {
        "name": followed.heads,
        "tasks": [task_name(task) for task in followed.tasks],
        "places": [place_name(followed.places[number]) for number in order],
        "moments": list(followed.moments),
        "seeds": list(followed.seeds),
        "numbers": base64.b64encode(b"".join(array.tobytes() for array in content)).decode("ascii"),
    }


def unpack(packed: dict[str, Any]) -> Study:
    """Return trainings as the browser reads them."""
    seeds, moments, places = (len(packed[name]) for name in ("seeds", "moments", "places"))
    tasks = len(packed["tasks"])
    pairs, all_pairs = np.triu_indices(tasks, 1), np.triu_indices(tasks)
    cells, content, at = (seeds, moments, places), base64.b64decode(packed["numbers"]), 0

    def read(kind: str, *shape: int) -> NDArray[Any]:
        nonlocal at
        found: NDArray[Any] = np.frombuffer(content, kind, int(np.prod(shape)), at).reshape(shape)
        at += found.nbytes
        return found

    same, across = (_cosines(read("<i2", *cells, len(kind[0])), kind, tasks) for kind in (pairs, all_pairs))
    lengths, losses = read("<f4", *cells, tasks), read("<f4", seeds, moments, tasks)
    counts = _square(read("u1", *cells, len(pairs[0])).astype(np.int64), pairs, tasks)
    names = {name: tuple(packed[name]) for name in ("tasks", "places", "moments", "seeds")}
    return Study(
        name=packed["name"],
        **names,
        losses=losses.astype(np.float64),
        same=same,
        across=across,
        lengths=lengths.astype(np.float64),
        negative=counts % 16,
        cases=counts // 16,
    )


def _in_steps(cosines: FloatArray) -> NDArray[np.int16]:
    return np.where(np.isnan(cosines), UNKNOWN, np.rint(np.nan_to_num(cosines) * STEPS)).astype("<i2")


def _cosines(steps: NDArray[np.int16], pairs: tuple[Any, ...], tasks: int) -> FloatArray:
    known = np.where(steps == UNKNOWN, np.nan, steps / STEPS)
    found: FloatArray = _square(known, pairs, tasks)
    return found


def _square(values: NDArray[Any], pairs: tuple[Any, ...], tasks: int) -> NDArray[Any]:
    """Return what is known of pairs i <= j as a symmetric table; a task with itself has 1 unless it is known."""
    table = np.ones((*values.shape[:-1], tasks, tasks), values.dtype)
    table[..., *pairs] = values
    table[..., *pairs[::-1]] = values
    return table
