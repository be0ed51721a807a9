"""Exercise 5.3: the loss of the boxes."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_number, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, IntArray, floats, several_with, wholes
from minimask.exercises.tables import draw_table, panels, room_of
from minimask.plots.show import styled
from minimask.plots.style import INK, MUTED

Row = tuple[float, ...]


def true_class_box_loss(deltas: np.ndarray, targets: np.ndarray, labels: np.ndarray, beta: float) -> float:
    """Return the smooth L1 loss of the deltas `(R, C, 4)` against the targets `(R, 4)`, per sampled RoI."""
    positive = np.flatnonzero(labels > 0)
    errors = np.abs(deltas[positive, labels[positive]] - targets[positive])
    losses = np.where(errors < beta, errors**2 / (2 * beta), errors - beta / 2)
    return float(losses.sum() / len(labels))


def _one_by_one(deltas: FloatArray, targets: FloatArray, labels: IntArray, beta: float) -> float:
    total = 0.0
    for of_classes, target, label in zip(deltas.tolist(), targets.tolist(), labels.tolist(), strict=True):
        for predicted, wanted in zip(of_classes[label], target, strict=True):
            error = abs(predicted - wanted)
            parabola = min(error, beta)  # up to beta the loss is a parabola, and from there on a line
            total += (parabola**2 / (2 * beta) + error - parabola) * (label > 0)
    return total / len(labels)


def _remark(deltas: FloatArray, targets: FloatArray, labels: IntArray, beta: float) -> str:  # noqa: ARG001
    if not labels.any():
        return "No RoI has an object."
    return "Some RoIs are background." if not labels.all() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the deltas of all RoIs and classes as one table, and the targets beside those of each RoI's own class."""
    deltas, targets, labels, _ = found.inputs
    table = deltas.reshape(-1, 4)
    rooms = {"deltas": room_of(table.shape), "targets": room_of(table.shape)}
    fig, (left, right) = panels(rooms)
    draw_table(left, table)
    rows = np.arange(len(labels)) * deltas.shape[1] + labels
    for row, target, label in zip(rows, targets, labels, strict=True):
        for column, value in enumerate(target):
            color = INK if label else MUTED
            right.text(column, row, words(value, 3), ha="center", va="center", size=9, color=color)
    names = [
        f"RoI {roi}, class {label}{' (its label)' if labels[roi] == label else ''}"
        for roi, label in np.ndindex(deltas.shape[:2])
    ]
    left.set_yticks(range(len(table)), names)
    right.set_yticks([])
    for axes in (left, right):
        axes.set_xticks(range(4), ["dx", "dy", "dw", "dh"])
    fig.set_figwidth(fig.get_figwidth() + 1.2)
    return fig


_LABELS = (1, 0, 2)
_TARGETS = [(0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, -1.0, 0.5, 0.25), (3.0, 2.0, -2.0, 1.0)]
_DELTAS = list(product((0.0, 1.0, -0.25, 4.0), repeat=4))


def _as_inputs(
    rois: list[tuple[tuple[int, Row], tuple[Row, ...]]], beta: float
) -> tuple[FloatArray, FloatArray, IntArray, float]:
    targets = floats([target for (_, target), _ in rois])
    return floats([deltas for _, deltas in rois]), targets, wholes(*(label for (label, _), _ in rois)), beta


TRUE_CLASS_BOX_LOSS = Exercise(
    id="5.3",
    title="The loss of the boxes",
    difficulty=2,
    minutes=15,
    teaches="who takes part in a loss, and what it is divided by",
    statement="""
Write `true_class_box_loss(deltas, targets, labels, beta)`: how wrong the box head's deltas are, for R sampled RoIs.

- `labels` is an array `(R,)` of whole numbers, R >= 1: the true class of each RoI, or 0 for the background.
- `deltas` is an array `(R, C, 4)`: for each RoI four numbers dx dy dw dh for each of the C classes, class 0 among them.
- `targets` is an array `(R, 4)`: the deltas that lead from each RoI to its object. The background has no object, and
what stands in its rows means nothing.
- Only the RoIs that have an object count, and of their deltas only the four of their true class.
- The loss of one number is the smooth L1 of its error e, the distance from its target: `e * e / (2 * beta)` where e is
below `beta`, and from there on `e - beta / 2`.
- Add all of these up and divide by R, the number of *all* RoIs. Return one number; without any object it is 0.
""",
    by_hand="Let `deltas` = `[[(5, 5, 5, 5), (0.5, 0, 0, 2)], [(0, 0, 0, 0), (1, 1, 1, 1)]]`, `targets` = `[(0, 0, 0, "
    "0), (3, 3, 3, 3)]`, `labels` = `[1, 0]` and `beta` = 1. RoI 1 is background. Of RoI 0 the deltas of class 1 "
    "count, with the errors 0.5, 0, 0 and 2. The first is below 1: 0.5 * 0.5 / 2 = 0.125. The last is not: 2 - 0.5 = "
    "1.5. Together they make 1.625, for two RoIs: `0.8125`.",
    worked=(
        (
            floats([[(5, 5, 5, 5), (0.5, 0, 0, 2)], [(0, 0, 0, 0), (1, 1, 1, 1)]]),
            floats([(0, 0, 0, 0), (3, 3, 3, 3)]),
            wholes(1, 0),
            1.0,
        ),
        0.8125,
    ),
    hints=(
        "Whose deltas count at all? `np.flatnonzero(labels > 0)` gives the indices of the RoIs that have an object.",
        (
            "For each of them you want one row of four out of C. `deltas[rois, classes]` with two rows of whole "
            "numbers takes the pairs: the first RoI with the first class, the second with the second. Its shape is (P, "
            "4), as that of `targets[rois]`."
        ),
        (
            "`np.where(errors < beta, ..., ...)` chooses between parabola and line, number by number. Then `.sum()`, "
            "and not `.mean()`: what is the sum of nothing, and what its mean?"
        ),
    ),
    solution=true_class_box_loss,
    explanation="Each class refines a box in its own way, and only the true one has a target to learn from. The line "
    "keeps a wild error from shouting all others down: its gradient is 1 at most, however large it is; the parabola "
    "keeps the gradient from jumping about near 0. Dividing by all RoIs instead of by the positives alone makes each "
    "positive weigh the same whether a picture has many or few; a picture with one object has little to say on boxes.",
    reference=_one_by_one,
    read=read_number,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(deltas), floats(targets), wholes(*labels), beta)
        for deltas, targets, labels, beta in (
            ([[(0, 0, 0, 0), (0, 0, 3, 0)]], [(0, 0, 0, 0)], (1,), 1.0),
            ([[(0, 0, 0, 0), (0.5, 0, 0, 0)]], [(0, 0, 0, 0)], (1,), 1.0),
            ([[(0, 1, 0, 2), (1, 0, 2, 0)]], [(1, 0, 0, 0)], (1,), 1.0),
            ([[(5, 5, 5, 5), (0.5, 0, 0, 2)], [(0, 0, 0, 0), (1, 1, 1, 1)]], [(0,) * 4, (3,) * 4], (1, 0), 1.0),
            (
                [[(0,) * 4, (1, 2, 3, 4), (5, 6, 7, 9)], [(1,) * 4, (2, 0, -1, 1), (0,) * 4]],
                [(1,) * 4] * 2,
                (2, 1),
                0.5,
            ),
            ([[(0,) * 4, (1, 0, 2, 0)], [(0,) * 4, (0, 1, 0, 3)]], [(4,) * 4, (0, 0, 1, 0)], (0, 1), 1.0),
            ([[(0, 0, 0, 0), (0, -4, 0, 0.125)]], [(0, 0, 0, 0)], (1,), 0.25),
            ([[(1, 2, 3, 4), (5, 6, 7, 8)]], [(0, 0, 0, 0)], (0,), 1.0),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        several_with(st.tuples(*[st.sampled_from(_DELTAS)] * 3), list(product(_LABELS, _TARGETS)), 3, least=1),
        st.sampled_from([1.0, 0.5, 2.0]),
    ),
)
