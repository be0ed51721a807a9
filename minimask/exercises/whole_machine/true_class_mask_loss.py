"""Exercise 5.4: the loss of the masks."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_number
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, IntArray, floats, several_with, wholes
from minimask.exercises.tables import draw_table, panels, room_of, shade
from minimask.plots.show import styled
from minimask.plots.style import INK

Row = tuple[float, ...]


def true_class_mask_loss(logits: np.ndarray, targets: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean binary cross-entropy of logits `(P, C, M, M)` against targets `(P, M, M)`, by true class."""
    if len(labels) == 0:
        return 0.0
    own = logits[np.arange(len(labels)), labels]
    losses = np.maximum(own, 0) - own * targets + np.log1p(np.exp(-np.abs(own)))
    return float(losses.mean())


def _one_by_one(logits: FloatArray, targets: FloatArray, labels: IntArray) -> float:
    losses = [
        target * np.logaddexp(0, -logit) + (1 - target) * np.logaddexp(0, logit)
        for of_classes, target_mask, label in zip(logits, targets, labels, strict=True)
        for logit, target in zip(of_classes[label].flat, target_mask.flat, strict=True)
    ]
    return float(sum(losses) / max(len(losses), 1))


def _remark(logits: FloatArray, targets: FloatArray, labels: IntArray) -> str:  # noqa: ARG001
    if not len(labels):
        return "There is no positive RoI."
    large = np.abs(logits).max() > 100
    return "Some logits are so large that the sigmoid of them is 0 or 1 to the last digit." if large else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the logits for each class and the target as tables, one RoI beneath the other."""
    logits, targets, labels = found.inputs
    count, classes, cells, _ = logits.shape
    tables = {f"class {k}": logits[:, k].reshape(-1, cells) for k in range(classes)}
    tables["target"] = targets.reshape(-1, cells)
    fig, all_axes = panels({title: room_of((max(count, 1) * cells, max(cells, 2))) for title in tables})
    for axes, table in zip(all_axes, tables.values(), strict=True):
        (draw_table if count else shade)(axes, table if count else np.zeros((cells, cells)))
        axes.hlines(np.arange(1, count) * cells - 0.5, -0.5, cells - 0.5, color=INK, linewidth=2)
        axes.set(xticks=[], yticks=[])
    names = [f"RoI {roi}, of class {label}" for roi, label in enumerate(labels)] or ["no RoI"]
    all_axes[0].set_yticks(np.arange(len(names)) * cells + (cells - 1) / 2, names)
    fig.set_figwidth(fig.get_figwidth() + 0.6)
    return fig


_LOGITS = list(product((0.0, 2.0, -1.0, 800.0, -800.0), repeat=4))
_POSITIVES = list(product((1, 2), product((1.0, 0.0, 0.25), repeat=4)))


def _as_inputs(
    positives: list[tuple[tuple[int, Row], tuple[Row, ...]]], cells: int
) -> tuple[FloatArray, FloatArray, IntArray]:
    first = 4 - cells**2  # the last number of a row is the last to become 0 in a counterexample
    logits = [row[first:] for _, rows in positives for row in rows]
    targets = [target[first:] for (_, target), _ in positives]
    labels = wholes(*(label for (label, _), _ in positives))
    return floats(logits, len(positives), 3, cells, cells), floats(targets, len(positives), cells, cells), labels


TRUE_CLASS_MASK_LOSS = Exercise(
    id="5.4",
    title="The loss of the masks",
    difficulty=3,
    minutes=15,
    teaches="why classes do not compete for pixels, and how to take a logarithm of nearly 0",
    statement="""
Write `true_class_mask_loss(logits, targets, labels)`: how wrong the masks are that the mask head predicts for P RoIs.

- Only RoIs that have an object come here: `labels` is an array `(P,)` of their true classes, from 1 to C - 1. P may
be 0.
- `logits` is an array `(P, C, M, M)`: for each RoI a mask of M by M cells for each of the C classes, class 0 among
them. The probability that a cell belongs to the object is the sigmoid of its logit x, `1 / (1 + exp(-x))`.
- `targets` is an array `(P, M, M)` with numbers t from 0 to 1: how much of each cell the object covers.
- Only the mask of the true class counts. The loss of a cell is its binary cross-entropy,
`-t * log(p) - (1 - t) * log(1 - p)`, where p is its probability.
- Return the mean over the M by M cells of all P RoIs, one number. Without any RoI it is 0.
- A logit may be as large as 800 or as small as -800. Then p is 1 or 0 to the last digit, and `log(1 - p)` or `log(p)`
is infinite; the right answer is not.
""",
    by_hand="One RoI, two classes: `logits` = `[[[(9, 9), (9, 9)], [(0, 800), (-800, 0)]]]`, `targets` = `[[(1, 1), "
    "(0, 0)]]` and `labels` = `[1]`. The mask of class 0 is not looked at. In class 1, the logits 800 and -800 are "
    "as sure as can be, and right: their losses are 0. The logits 0 say that p is 1/2, which costs -log(1/2), the "
    "logarithm of 2, whatever the target. The mean of the four is `log(2) / 2`.",
    worked=(
        (floats([[[(9, 9), (9, 9)], [(0, 800), (-800, 0)]]]), floats([[(1, 1), (0, 0)]]), wholes(1)),
        math.log(2) / 2,
    ),
    hints=(
        (
            "Choose first: `logits[np.arange(P), labels]` takes from each RoI the mask of its own class, an array (P, "
            "M, M). All else is thrown away."
        ),
        (
            "Now one cell. `-log(p)` is `log(1 + exp(-x))`, and `-log(1 - p)` is `log(1 + exp(x))`, which is the same "
            "plus x. So the loss is `log(1 + exp(-x)) + (1 - t) * x`. That is right, and for large negative x it "
            "overflows."
        ),
        (
            "For negative x write it the other way: `log(1 + exp(x)) - t * x`. Both at once: `max(x, 0) - t * x + "
            "log(1 + exp(-abs(x)))`, where the exponential is never above 1. The mean of nothing is nan: look at P "
            "first."
        ),
    ),
    solution=true_class_mask_loss,
    explanation="The box head says what it is, and the mask head only which cells are it. With a sigmoid for each "
    "class, the masks of the other classes are neither rewarded nor punished. A softmax over classes would let them "
    "compete for every cell, and in the paper that costs 5.5 points of AP (24.8 against 30.3, its table 2b). Early in "
    "training a logit of 800 is not far-fetched; a formula that makes inf or nan of it ends the run.",
    reference=_one_by_one,
    read=read_number,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(logits), floats(targets), wholes(*labels))
        for logits, targets, labels in (
            ([[[[0]], [[2]]]], [[[1]]], (1,)),
            ([[[[0]], [[2]]]], [[[0]]], (1,)),
            ([[[[0]], [[-1]], [[2]]]], [[[0.75]]], (1,)),
            ([[[(1, 0), (2, 1)], [(-1, 3), (0, 2)]]], [[(0, 1), (1, 0)]], (1,)),
            ([[[(9, 9), (9, 9)], [(0, 800), (-800, 0)]]], [[(1, 1), (0, 0)]], (1,)),
            ([[[[0]], [[1]], [[3]]], [[[2]], [[-2]], [[5]]]], [[[1]], [[1]]], (2, 1)),
            ([[[[0]], [[800]], [[5]]]], [[[0]]], (1,)),
            ([[[[0]], [[-800]], [[5]]]], [[[0.5]]], (1,)),
            (np.zeros((0, 3, 2, 2)), np.zeros((0, 2, 2)), ()),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        several_with(st.tuples(*[st.sampled_from(_LOGITS)] * 3), _POSITIVES, 2),
        st.sampled_from([1, 2]),
    ),
)
