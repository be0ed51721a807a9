"""Exercise 4.2: a cosine, and how far chance alone would take it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_named, read_numbers
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats
from minimask.exercises.tables import draw_answers
from minimask.plots.show import styled
from minimask.plots.style import INK

_MEANS = {
    "same batch": "mean over the same batch",
    "across batches": "mean across batches",
    "floor of one": "floor of `one`",
    "floor of other": "floor of `other`",
}
"""What the four numbers are called, in a picture and in a message."""
Four = tuple[float, float, float, float]


def cosines_with_floor(gradients: np.ndarray, one: int, other: int) -> tuple[float, float, float, float]:
    """Return four mean cosines of the gradients `(B, T, n)` of two tasks: same batch, across, and the two floors."""
    units = gradients / np.linalg.norm(gradients, axis=2, keepdims=True)
    first, second = units[:, one], units[:, other]

    def across(rows: np.ndarray, others: np.ndarray) -> float:
        cosines = rows @ others.T
        return float(cosines[~np.eye(len(cosines), dtype=bool)].mean())

    same = float((first * second).sum(axis=1).mean())
    return same, across(first, second), across(first, first), across(second, second)


def _all_cosines(gradients: FloatArray, one: int, other: int) -> FloatArray:
    """Return the cosine of every two gradients of the two tasks, those of one task after those of the other."""
    rows = np.concatenate([gradients[:, one], gradients[:, other]])
    gram = rows @ rows.T
    lengths = np.sqrt(gram.diagonal())
    cosines: FloatArray = gram / np.outer(lengths, lengths)
    return cosines


def _from_the_table(gradients: FloatArray, one: int, other: int) -> Four:
    """Take sums of blocks of the table of all cosines, without their diagonals where these do not count."""
    table, count = _all_cosines(gradients, one, other), len(gradients)
    pairs = count * (count - 1)
    own, between, others = table[:count, :count], table[:count, count:], table[count:, count:]
    same = float(np.trace(between))
    floors = ((float(block.sum()) - count) / pairs for block in (own, others))  # on its diagonal a floor has ones
    return same / count, (float(between.sum()) - same) / pairs, next(floors), next(floors)


def _remark(gradients: FloatArray, one: int, other: int) -> str:
    same, across, *floors = _from_the_table(gradients, one, other)
    if len(gradients) > 2:
        return "There are more than two batches."
    if same < 0 < min(across, *floors):
        return "The tasks disagree only where they share a batch."
    return "A task does not agree with itself from batch to batch." if min(floors) < 0 else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the table of all cosines, batch by batch within the two tasks, the right means and the learner's."""
    gradients, one, other = found.inputs
    count = len(gradients)
    answers = [None if four is None else floats(four, 4, 1) for four in (found.expected, found.answer)]
    as_columns = replace(found, expected=answers[0], answer=answers[1])
    fig, (table, *columns) = draw_answers(as_columns, {"all cosines": _all_cosines(*found.inputs)})
    names = [f"task {task}, batch {batch}" for task in (one, other) for batch in range(count)]
    table.set_yticks(range(2 * count), names)
    table.set_xticks([])
    table.hlines(count - 0.5, -0.5, 2 * count - 0.5, color=INK, linewidth=2)
    table.vlines(count - 0.5, -0.5, 2 * count - 0.5, color=INK, linewidth=2)
    for axes in columns:
        axes.set(xticks=[], yticks=[])
    columns[0].set_yticks(range(4), list(_MEANS))
    fig.set_figwidth(fig.get_figwidth() + 1.8)
    return fig


_PAIRS = list(permutations(range(3), 2))
_VECTORS = (
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (-1.0, 0.0, 1.0),
    (3.0, 4.0, 0.0),
    (0.0, -2.0, 1.0),
    (-1.0, 2.0, -2.0),
    (0.25, -0.5, 0.0),
)


def _as_inputs(
    rows: tuple[tuple[float, ...], ...], batches: int, tasks: int, numbers: int, pair: tuple[int, int]
) -> tuple[FloatArray, int, int]:
    tasks = max(tasks, *(task + 1 for task in pair))
    return floats(rows[: batches * tasks], batches, tasks, 3)[..., :numbers].copy(), *pair


COSINES_WITH_FLOOR = Exercise(
    id="4.2",
    title="A cosine, and what chance would make of it",
    difficulty=2,
    minutes=20,
    teaches="what a cosine has to be compared with before it says anything",
    statement="""
Write `cosines_with_floor(gradients, one, other)`: do two tasks agree, and how far does each agree with itself?

- `gradients` is an array `(B, T, n)`: on each of B batches, the gradients of T tasks with respect to the same n
weights. B is at least 2, and no gradient is zero. `one` and `other` are the numbers of two different tasks.
- The *same batch*: for each batch, the cosine of the gradient of `one` and that of `other`. Take the mean of the B
cosines.
- *Across batches*: the cosine of the gradient of `one` on a batch and that of `other` on a *different* batch. Take the
mean over all B * (B - 1) choices of the two batches.
- The *floor* of a task: the cosine of its own gradients on two different batches. Take the mean over all choices of the
two batches.
- Return four numbers `(same, across, floor_one, floor_other)`.
""",
    by_hand="Let `gradients` = `[[(1, 0), (9, 9), (3, 4)], [(4, 3), (0, 1), (-1, 0)]]`, `one` = 0 and `other` = 2. "
    "Task 1 is not asked for. On batch 0 the cosine of (1, 0) and (3, 4) is 3 / 5 = 0.6. On batch 1 that of (4, 3) and "
    "(-1, 0) is -0.8: the mean is -0.1. Across batches there are (1, 0) with (-1, 0), which is -1, and (4, 3) with (3, "
    "4), which is 24 / 25 = 0.96: the mean is -0.02. Task 0 agrees with itself by 0.8, the cosine of (1, 0) and (4, "
    "3), and task 2 by -0.6. `(-0.1, -0.02, 0.8, -0.6)`.",
    worked=(
        (floats([[(1, 0), (9, 9), (3, 4)], [(4, 3), (0, 1), (-1, 0)]]), 0, 2),
        (-0.1, -0.02, 0.8, -0.6),
    ),
    hints=(
        (
            "Divide every gradient by its own length first: `np.linalg.norm(gradients, axis=2, keepdims=True)` has the "
            "lengths, in the right shape. After that, a cosine is a product and a sum."
        ),
        (
            "Of unit vectors, `units[:, one] @ units[:, other].T` is a table (B, B) with the cosine of every batch of "
            "`one` and every batch of `other`. Where in it does the same batch stand?"
        ),
        (
            "On the diagonal. All else is across: `table[~np.eye(B, dtype=bool)].mean()`. With the same task twice, "
            "the diagonal is full of ones, which say nothing and have to stay out."
        ),
    ),
    solution=cosines_with_floor,
    explanation="A gradient on a batch is that of the whole data set, plus the noise of the batch. If a task agrees "
    "with itself by 0.1 from batch to batch, nine tenths of its squared length are noise, and even a second task with "
    "the very same true gradient, and as much noise, reaches only 0.1 across batches. (With other noise it is the root "
    "of the product of the two floors.) On the same batch two tasks share some of the noise too, the same objects and "
    "the same activations: there a cosine may well be above the floors. So compare the floors with what is across. "
    "`Alignment` of `minimask.gradients.alignment` takes the same cosines of a real network.",
    reference=_from_the_table,
    read=lambda answer: read_numbers(answer, 4, "four numbers (same, across, floor_one, floor_other)"),
    compare=compare_named(*_MEANS.values()),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(gradients), one, other)
        for gradients, one, other in (
            ([[(1, 0), (1, 0)], [(1, 0), (1, 0)]], 0, 1),
            ([[(1, 0), (0, 1)], [(0, 1), (1, 0)]], 0, 1),
            ([[(2, 0), (0, 1)], [(3, 0), (0, 5)]], 0, 1),
            ([[(1, 0), (9, 9), (3, 4)], [(4, 3), (0, 1), (-1, 0)]], 0, 2),
            ([[(3, 4), (1, 0), (1, 1)], [(-1, 0), (4, 3), (1, 1)]], 1, 0),
            ([[(1, 0), (3, 4)], [(0, 2), (1, 0)], [(4, 3), (-1, 0)]], 0, 1),
            ([[(1, 2, 2), (2, 1, -2)], [(4, 4, 2), (2, -2, 1)], [(0, 3, 4), (1, 0, 0)], [(6, 2, 3), (0, 0, 1)]], 0, 1),
            ([[(0.001, 0), (3, -4)], [(400, 300), (0, 1)]], 1, 0),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        st.tuples(*[st.sampled_from(_VECTORS)] * 9),
        st.sampled_from([2, 3]),
        st.sampled_from([2, 3]),
        st.sampled_from([2, 3]),
        st.sampled_from(_PAIRS),
    ),
)
