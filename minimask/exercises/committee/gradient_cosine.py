"""Exercise 4.1: the cosine of two gradients."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import read_number, words
from minimask.exercises.check import Finding
from minimask.exercises.committee.pictures import DASHED, TASKS, draw_arrow, in_a_plane, planes
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, row_of, several_with
from minimask.plots.show import styled

Layers = list[FloatArray]


def gradient_cosine(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    """Return the cosine of the angle between two gradients, lists with an array for each layer."""
    product = sum(np.sum(a * b) for a, b in zip(first, second, strict=True))
    squares, other_squares = (sum(np.sum(layer**2) for layer in gradient) for gradient in (first, second))
    if squares == 0 or other_squares == 0:
        return 0.0
    return float(product / np.sqrt(squares * other_squares))


def _number_by_number(first: Layers, second: Layers) -> float:
    """Write each gradient as one long row of numbers, of length 1, and multiply the rows."""
    row, other = ([value for layer in gradient for value in layer.ravel().tolist()] for gradient in (first, second))
    length, other_length = math.hypot(*row), math.hypot(*other)
    if not length or not other_length:
        return 0.0
    return math.fsum((a / length) * (b / other_length) for a, b in zip(row, other, strict=True))


def _products(first: Layers, second: Layers) -> FloatArray:
    """Return the products of the two gradients in each layer, (L, 2, 2)."""
    pairs = [np.stack([a.ravel(), b.ravel()]) for a, b in zip(first, second, strict=True)]
    return floats([pair @ pair.T for pair in pairs])


def _remark(first: Layers, second: Layers) -> str:
    products = _products(first, second)
    if not products.sum(axis=0).diagonal().all():
        return "One of the gradients is zero."
    if np.ptp(np.sign(products[:, 0, 1])) == 2:
        return "In one layer the two agree, in another they do not."
    return "In some layer a gradient is zero." if not np.einsum("lii->li", products).all() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the two as arrows with their true lengths and their angle, in each layer and all together."""
    products = _products(*found.inputs)
    sheets = {f"layer {k}": in_a_plane(gram) for k, gram in enumerate(products)}
    yours = "" if found.answer is None else f", yours {words(found.answer, 3)}"
    sheets[f"all: {words(found.expected, 3)}{yours}"] = in_a_plane(products.sum(axis=0))
    fig, all_axes = planes(sheets)
    for axes, (first, second) in zip(all_axes, sheets.values(), strict=True):
        named = axes is all_axes[0]
        draw_arrow(axes, first, TASKS[0], label="first" if named else None, linewidth=3.0)
        draw_arrow(axes, second, TASKS[1], label="second" if named else None, linestyle=DASHED)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_SHAPES = ((2,), (1,), (2, 2), (3,))
_ROWS = row_of([0.0, 1.0, -1.0, 2.0, 0.5], 4)


def _as_inputs(
    layers: list[tuple[tuple[int, ...], tuple[tuple[float, ...], tuple[float, ...]]]],
) -> tuple[Layers, Layers]:
    first, second = ([floats(rows[which][: math.prod(shape)], *shape) for shape, rows in layers] for which in range(2))
    return first, second


GRADIENT_COSINE = Exercise(
    id="4.1",
    title="The cosine of two gradients",
    difficulty=1,
    minutes=10,
    teaches="what it means that two tasks pull the same weights in opposite directions",
    statement="""
Write `gradient_cosine(first, second)`: how far the gradients of two tasks point in the same direction.

- `first` and `second` are lists of L arrays, L >= 1: the gradients of two losses with respect to the weights of the
same L layers. In each layer the two have the same shape, which may be any.
- Each list stands for *one* vector: all its numbers, of all layers, in a row.
- Return the cosine of the angle between the two vectors: their product (number times number, added up), divided by both
lengths. A length is the root of the sum of all squares. The cosine is 1 for the same direction, 0 at a right angle and
-1 for opposite directions.
- A gradient that is zero everywhere has no direction. Return 0 then: it pulls at nothing.
- Leave both lists, and the arrays in them, as they are.
""",
    by_hand="Let `first` = `[[(1, 2), (0, 2)], [4]]` and `second` = `[[(2, 1), (2, 0)], [-4]]`. In the first layer the "
    "product is 2 + 2 + 0 + 0 = 4, in the second it is 4 times -4: together -12. The squares of `first` are 1 + 4 + 0 "
    "+ 4 + 16 = 25, those of `second` make 25 too, so both are 5 long. The cosine is -12 / 25: `-0.48`. (In the first "
    "layer alone it is 4/9, and in the second -1. Their mean says nothing about the network.)",
    worked=(
        ([floats([(1, 2), (0, 2)]), floats([4])], [floats([(2, 1), (2, 0)]), floats([-4])]),
        -0.48,
    ),
    hints=(
        (
            "One layer first: `np.sum(a * b)` is the product of two arrays of any shape, and `np.sum(a * a)` the "
            "square of a length. What does the second layer add to each?"
        ),
        (
            "You need three sums over all layers: products, squares of the first, squares of the second. Divide only "
            "at the very end."
        ),
        (
            "The cosine is `product / np.sqrt(squares * other_squares)`. Nothing may be divided by 0: look at the two "
            "sums of squares before."
        ),
    ),
    solution=gradient_cosine,
    explanation="A mean of the layers' cosines lets a layer with gradients of a millionth speak as loudly as one that "
    "is moved for real. The sums weigh the layers by themselves. They also let you choose what to look at: leave out "
    "the heads, whose weights belong to one task each. There one of the two gradients is 0, and adds nothing to the "
    "product; but it makes the other one longer, and pulls the cosine towards 0. `minimask.gradients` gives nan where "
    "a gradient is zero, so that it can be left out of a mean.",
    reference=_number_by_number,
    read=read_number,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        ([floats(layer) for layer in first], [floats(layer) for layer in second])
        for first, second in (
            ([[1, 0]], [[2, 0]]),
            ([[3, 4]], [[4, 3]]),
            ([[1, 0]], [[-1, 1]]),
            ([[(1, 2), (3, 4)]], [[(4, 3), (2, 1)]]),
            ([[3, 0], [4]], [[0, 3], [4]]),
            ([[(1, 2), (0, 2)], [4]], [[(2, 1), (2, 0)], [-4]]),
            ([[0.25], [2, 0]], [[-0.25], [0, 2]]),
            ([[1, 1], [0]], [[1, 0], [2]]),
            ([[0, 0], [0]], [[1, 0], [2]]),
            ([[1], [2, 0]], [[0], [0, 0]]),
        )
    ),
    inputs=st.builds(_as_inputs, several_with(st.tuples(_ROWS, _ROWS), _SHAPES, 3, least=1)),
)
