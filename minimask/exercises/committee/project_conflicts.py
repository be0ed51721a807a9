"""Exercise 4.6: gradient surgery."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array, wrong_places
from minimask.exercises.check import Finding
from minimask.exercises.committee.pictures import TASKS, draw_arrow, draw_right_and_yours, planes
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, several_with
from minimask.plots.show import styled

Order = tuple[int, ...]


def project_conflicts(gradients: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Return the gradients `(T, n)`, each without what points against another, which are visited in an order."""
    projected: np.ndarray = gradients.copy()
    for task, own in enumerate(projected):
        for other in order:
            overlap = own @ gradients[other]
            if other != task and overlap < 0:
                own -= overlap / (gradients[other] @ gradients[other]) * gradients[other]
    return projected


def _by_products(gradients: FloatArray, order: Order) -> FloatArray:
    """Keep of each result only how often it contains each gradient: their products then tell all, in fractions."""
    rows = [[Fraction(value) for value in row] for row in gradients.tolist()]
    gram = [[sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0)) for b in rows] for a in rows]
    mixed = []
    for task in range(len(rows)):
        shares = [Fraction(task == k) for k in range(len(rows))]
        for other in order:
            overlap = sum((share * gram[k][other] for k, share in enumerate(shares)), Fraction(0))
            if other != task:
                shares[other] += max(-overlap, Fraction(0)) / (gram[other][other] or 1)
        mixed.append([float(share) for share in shares])
    projected: FloatArray = floats(mixed) @ gradients
    return projected


def _remark(gradients: FloatArray, order: Order) -> str:
    gram = gradients @ gradients.T
    if len(gradients) == 1:
        return "There is one task."
    if not gram.diagonal().all():
        return "Some gradient is zero."
    if (gram >= 0).all():
        return "No two are in conflict."
    if not np.allclose(_by_products(gradients, order), _by_products(gradients, order[::-1])):
        return "The order matters here."
    return "Several are in conflict with the same one." if ((gram < 0).sum(axis=0) > 1).any() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw all gradients as arrows, a sheet for each task, with what should become of its own and what did."""
    gradients, _ = found.inputs
    expected, answer = found.expected, found.answer
    fits = answer is not None and answer.shape == expected.shape
    shown = list(range(len(gradients)))[:3]
    if fits and wrong_places(expected, answer).any():
        shown = [task for task in range(len(gradients)) if wrong_places(expected[task], answer[task]).any()][:3]
    fig, sheets = planes(
        {f"task {k}": np.concatenate([gradients, expected[[k]]]) for k in shown}, answer if fits else ()
    )
    for axes, task in zip(sheets, shown, strict=True):
        named = axes is sheets[0]
        draw_right_and_yours(axes, expected[task], answer[task] if fits else None, named=named)
        for k, (gradient, color) in enumerate(zip(gradients, TASKS, strict=False)):
            label = f"gradient {k}" if named else None
            draw_arrow(axes, gradient, color, str(k), label=label, linewidth=2.6 if k == task else 1.3)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_VECTORS = ((1, 0), (-1, 1), (0, -1), (-2, 1), (1, -2), (2, 1), (-1, -1), (0, 0), (-3, 0), (0.5, 1))
_PLACES = st.sampled_from([0.0, 1.0, 2.0, 3.0])


def _as_inputs(tasks: list[tuple[tuple[float, ...], float]]) -> tuple[FloatArray, Order]:
    """Sort the tasks by a number that was drawn beside each: this is the order in which the others are visited."""
    places = [place for _, place in tasks]
    return floats([vector for vector, _ in tasks]), tuple(sorted(range(len(tasks)), key=places.__getitem__))


PROJECT_CONFLICTS = Exercise(
    id="4.6",
    title="Gradient surgery",
    difficulty=4,
    minutes=25,
    teaches="what a projection takes away, and how much hangs on what it is applied to",
    statement="""
Write `project_conflicts(gradients, order)`: what PCGrad makes of the gradients of T tasks.

- `gradients` is an array `(T, n)`, one row for each task, T >= 1. `order` is a tuple with the numbers 0 to T - 1, each
once.
- Each task starts with its own gradient and visits all *others* in this order. If what it has by then has a negative
product with the other's gradient, it gives away what points against it: it subtracts from what it has its projection on
that gradient, so that the product becomes 0. If the product is 0 or above, nothing happens.
- The others' gradients are always the *original* ones, whatever has become of them in their own turn.
- A gradient may be zero. It stays zero, and nothing is projected on it.
- Return an array `(T, n)`: what is left to each task. (PCGrad's step goes along the sum of the rows, and draws a new
order for each task and each step. Here all have the same.)
- Leave `gradients` as it is.
""",
    by_hand="Let `gradients` = `[(2, 0), (-1, 1), (1, -2)]` and `order` = `(2, 0, 1)`. Task 0 has no conflict with "
    "task 2: 2 times 1 is above 0. With task 1 its product is -2, and the square of that gradient is 2: it adds (-1, "
    "1) once, and has (1, 1). Task 1 meets task 2 first: the product is -3 and the square 5, so (-1, 1) + 0.6 (1, -2) "
    "is (-0.4, -0.2). Of this, and not of (-1, 1), the product with task 0 is -0.8; the square is 4, and adding 0.2 "
    "(2, 0) leaves (0, -0.2). Task 2 has a product of -3 with task 1, and adds 1.5 (-1, 1). `[(1, 1), (0, -0.2), "
    "(-0.5, -0.5)]`.",
    worked=(
        (floats([(2, 0), (-1, 1), (1, -2)]), (2, 0, 1)),
        floats([(1, 1), (0, -0.2), (-0.5, -0.5)]),
    ),
    hints=(
        (
            "Two vectors first: how often does v have to be added to u, for the product with v to become 0? From (u + "
            "s v) @ v == 0 follows s."
        ),
        (
            "Two loops: over the tasks, and within it over `order`, without the task itself. Keep two things apart: a "
            "running copy of the task's own gradient, which changes, and `gradients`, which does not."
        ),
        (
            "`overlap = own @ gradients[other]`, and only if it is below 0: `own = own - overlap / (gradients[other] @ "
            "gradients[other]) * gradients[other]`. The next `overlap` is one of the new `own`."
        ),
    ),
    solution=project_conflicts,
    explanation="With two tasks that is a clean cut: afterwards neither points against the other's gradient. With "
    "three it is not. In the example task 0 ends with (1, 1), which has a product of -1 with task 2: what it got from "
    "task 1 made a conflict that was not there before. The sum of the rows, (0.5, 0.3), still has negative products "
    "with two of the gradients; the plain sum, (2, -1), has one. So much for a promise. And where no product is "
    "negative nothing happens at all, however much longer one gradient is than the others. Whether surgery trains a "
    "better network than well-chosen weights of the losses is another question, and has to be measured.",
    reference=_by_products,
    read=lambda answer: read_array(answer, 2, "an array (T, n)").round(12),
    compare=compare_arrays("task", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(gradients), order)
        for gradients, order in (
            ([(1, 2)], (0,)),
            ([(1, 0), (1, 2)], (0, 1)),
            ([(1, 0), (-1, 1)], (0, 1)),
            ([(3, 0), (-1, 1)], (1, 0)),
            ([(1, 0), (-2, 0)], (0, 1)),
            ([(2, 0), (-1, 1), (1, 1)], (0, 1, 2)),
            ([(2, 0), (-1, 1), (1, -2)], (0, 1, 2)),
            ([(2, 0), (-1, 1), (1, -2)], (2, 0, 1)),
            ([(1, 0), (0, 0), (-1, 3)], (0, 1, 2)),
            ([(1, 0), (-1, 2), (-1, -2), (0, 1)], (3, 1, 0, 2)),
        )
    ),
    large_examples=(
        (floats([(1, 0, 2, -1, 0), (-1, 1, -1, 2, 0), (0, -3, 1, 0, 1), (-1, -1, 0, 0, 2)]), (1, 3, 2, 0)),
    ),
    inputs=st.builds(_as_inputs, several_with(_PLACES, _VECTORS, 4, least=1)),
)
