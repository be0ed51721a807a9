"""Exercise 4.4: what a step does to every loss."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from minimask.exercises.answers import UnreadableError, kind_of, read_numbers, words
from minimask.exercises.check import Finding
from minimask.exercises.committee.pictures import TASKS, draw_arrow, in_a_plane, planes
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import BoolArray, FloatArray, floats, several_with
from minimask.plots.show import styled
from minimask.plots.style import GRID, INK

_WANTED = "three rows (changes, loses, conflicts), with a place for each task"
Rows = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]


def who_loses(gram: np.ndarray, weights: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each of T tasks how a step changes its loss, whether it loses, and whether it is in conflict."""
    changes = -rate * (gram @ weights)
    return changes, changes > 0, gram.min(axis=1) < 0


def _in_fractions(gram: FloatArray, weights: FloatArray, rate: float) -> Rows:
    """Add up for each task what every task's part of the step does to it."""
    step = [Fraction(rate) * Fraction(weight) for weight in weights.tolist()]
    rows = [[Fraction(value) for value in row] for row in gram.tolist()]
    gains = [sum((part * value for part, value in zip(step, row, strict=True)), Fraction(0)) for row in rows]
    return (
        tuple(float(-gain) for gain in gains),
        tuple(float(gain < 0) for gain in gains),
        tuple(float(min(row) < 0) for row in rows),
    )


def _read(answer: object) -> Rows:
    if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != 3:
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave {kind_of(answer)}")
    rows = []
    for row in answer:
        plain = row.detach().cpu().numpy() if hasattr(row, "detach") else row
        plain = plain.item() if isinstance(plain, np.generic) else plain
        if not isinstance(plain, list | tuple | np.ndarray) or np.ndim(plain) != 1:
            raise UnreadableError(f"the answer should be {_WANTED}; yours gave one with {kind_of(plain)} in it")
        rows.append(
            read_numbers([float(v) if isinstance(v, bool | np.bool_) else v for v in plain], len(plain), _WANTED)
        )
    changes, loses, conflicts = rows
    for value in (*loses, *conflicts):
        if value not in (0, 1):
            raise UnreadableError(f"loses and conflicts should be True or False; yours gave {words(value, 4)}")
    return changes, loses, conflicts


def _compare(expected: Rows, answer: Rows, *_: object) -> str | None:
    for name, right, yours in zip(("changes", "loses", "conflicts"), expected, answer, strict=True):
        if len(right) != len(yours):
            return f"`{name}` should have a place for each task, {len(right)} in all; yours gave {len(yours)}"
        for task, (one, other) in enumerate(zip(right, yours, strict=True)):
            if name == "changes" and abs(one - other) > 1e-6:
                return f"the loss of task {task} should change by {words(one, 6)}; yours gave {words(other, 6)}"
            if name != "changes" and one != other:
                return f"`{name}` of task {task} should be {bool(one)}; yours gave {bool(other)}"
    return None


def _remark(gram: FloatArray, weights: FloatArray, rate: float) -> str:
    changes, loses, conflicts = _in_fractions(gram, weights, rate)
    if not all(gram.diagonal()):
        return "Some gradient is zero."
    if any(conflicts) and not any(loses):
        return "There is a conflict, and nobody loses."
    if not all(changes):
        return "Some loss stays as it is."
    return "Somebody loses." if any(loses) else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the gradients as arrows, and shade where a gradient lies whose task loses by the step."""
    gram, weights, _ = found.inputs
    arrows = in_a_plane(gram)
    direction = weights @ arrows
    fig, (axes,) = planes({"gradients, and d": np.concatenate([arrows, direction[None]])})
    if direction.any():
        far = 99 * direction / np.hypot(*direction)
        across = far[::-1] * (1, -1)
        axes.add_patch(Polygon([across, -across, -across - far, across - far], facecolor=GRID, zorder=0.1))
    draw_arrow(axes, direction, INK, "d", label="d, the sum of weight times gradient", linewidth=4.0, away=19)
    fits = found.answer is not None and all(len(row) == len(gram) for row in found.answer)
    for task, (arrow, color) in enumerate(zip(arrows, TASKS, strict=False)):
        name = f"task {task}, weight {words(weights[task])}: {_in_words(found.expected, task)}"
        if fits and _in_words(found.answer, task) != _in_words(found.expected, task):
            name += f"\nyours: {_in_words(found.answer, task)}"
        draw_arrow(axes, arrow, color, str(task), label=name)
    axes.plot([], [], "s", color=GRID, markersize=9, label="tasks whose gradient lies here lose")
    fig.set_figwidth(6.4)
    fig.legend(loc="outside right upper", fontsize=8)
    return fig


def _in_words(rows: Rows, task: int) -> str:
    """Return what three rows say of one task."""
    change, loses, conflicts = (row[task] for row in rows)
    fate = ["loses"] * bool(loses) + ["in conflict"] * bool(conflicts)
    return ", ".join([f"{change:+.3g}" if change else "0", *fate])


_VECTORS = ((1, 0), (0, 1), (-1, 0), (-1, 1), (2, 1), (1, -2), (-2, -1), (0, 0), (3, 0))
_WEIGHTS = st.sampled_from([1.0, 0.5, 2.0, 0.0, 4.0])


def gram_of(*vectors: tuple[float, ...]) -> FloatArray:
    """Return all products of some gradients, (T, T)."""
    rows = floats(vectors)
    return rows @ rows.T


def _as_inputs(tasks: list[tuple[tuple[int, int], float]], rate: float) -> tuple[FloatArray, FloatArray, float]:
    return gram_of(*(vector for vector, _ in tasks)), floats([weight for _, weight in tasks]), rate


def _flags(*values: bool) -> BoolArray:
    return np.array(values)


WHO_LOSES = Exercise(
    id="4.4",
    title="Who loses by a step",
    difficulty=3,
    minutes=15,
    teaches="that a negative cosine is no proof of harm, and what would be one",
    statement="""
Write `who_loses(gram, weights, rate)`: what one step of training does to every task, as far as gradients can tell.

- `gram` is an array `(T, T)`: `gram[i, j]` is the product of the gradients of task i and task j. The gradients
themselves are not needed. T is at least 1; a gradient may be zero.
- The step goes along d, the sum of `weights[t]` times gradient t, and downhill: the shared weights change by `-rate`
times d. No weight is below 0, and `rate` is above 0.
- To first order, a loss changes by the product of its own gradient and the change of the weights. `changes` are these T
numbers, with their signs. (It is the change of the loss itself, not of the weighted one.)
- A task *loses* if its loss rises: if its change is above 0.
- A task is in *conflict* if its gradient has a negative product with that of any task.
- Return `(changes, loses, conflicts)`, three rows of T: numbers, and twice True or False.
""",
    by_hand="Let `gram` = `[(4, -2, 0), (-2, 5, 2), (0, 2, 1)]`, `weights` = `[1, 3, 1]` and `rate` = 0.5. The step is "
    "d = g0 + 3 g1 + g2. Its product with g0 is 4 - 6 + 0, which is -2: the loss of task 0 changes by -0.5 times that, "
    "and rises by 1. With g1 it is -2 + 15 + 2, that is 15, and with g2 it is 0 + 6 + 1 = 7. The tasks 0 and 1 are in "
    "conflict, but only task 0 loses. With all weights 1 the three products are 2, 5 and 3, and nobody would. `([1, "
    "-7.5, -3.5], [True, False, False], [True, True, False])`.",
    worked=(
        (floats([(4, -2, 0), (-2, 5, 2), (0, 2, 1)]), floats([1, 3, 1]), 0.5),
        (floats([1, -7.5, -3.5]), _flags(True, False, False), _flags(True, True, False)),
    ),
    hints=(
        (
            "The product of gradient i with d is a sum over the tasks: `weights[t]` times the product of gradient i "
            "with gradient t. All of these products stand in row i of `gram`."
        ),
        (
            "A row times a column of weights, for all rows: that is `gram @ weights`. What is missing is the rate, and "
            "a sign: which way does the step go, and should the loss of a lone task rise or fall?"
        ),
        (
            "`changes > 0` are those who lose. For the conflicts look at `gram` alone: `gram.min(axis=1) < 0`. The "
            "weights do not come in, nor does the step."
        ),
    ),
    solution=who_loses,
    explanation="A conflict is between two tasks, and a loss is between a task and the whole step. A task with a "
    "negative cosine may still gain, because its own pull, or that of a third one, outweighs the other. It loses when "
    "one opponent is much longer than it is, or weighs much more; and then a smaller weight on that one helps without "
    "any surgery. All of this is first order: it holds for small steps, and says nothing of where they lead in the "
    "end.",
    reference=_in_fractions,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (gram_of(*vectors), floats(weights), rate)
        for vectors, weights, rate in (
            ([(2, 0)], [1], 0.5),
            ([(2, 0), (0, 1)], [1, 1], 1.0),
            ([(2, 0), (1, 1)], [0.5, 1], 0.5),
            ([(2, 0), (-1, 2)], [1, 1], 0.5),
            ([(2, 0), (-1, 2), (0, 1)], [1, 3, 1], 0.5),
            ([(1, 0), (-3, 1)], [1, 1], 0.25),
            ([(1, 0), (-3, 1)], [1, 0.25], 0.25),
            ([(1, 0), (-1, 1)], [1, 1], 1.0),
            ([(1, 0), (-1, 0)], [1, 1], 1.0),
            ([(0, 0), (-1, 2), (1, 0)], [1, 1, 2], 0.5),
            ([(1, 0), (-1, 1), (2, 1), (0, -3)], [1, 0, 0.5, 1], 0.125),
        )
    ),
    large_examples=(
        (gram_of((1, 2, 0), (-2, 0, 3), (0, 1, 1), (4, -1, 0), (0, 0, -1)), floats([1, 2, 0.5, 1, 1]), 0.25),
    ),
    inputs=st.builds(_as_inputs, several_with(_WEIGHTS, _VECTORS, 4, least=1), st.sampled_from([1.0, 0.5, 0.25, 2.0])),
)
