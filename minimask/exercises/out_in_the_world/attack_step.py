"""Exercise 6.6: one step of an attack."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, several
from minimask.exercises.tables import draw_answers
from minimask.plots.show import styled


def attack_step(
    picture: np.ndarray, start: np.ndarray, gradient: np.ndarray, step: float, epsilon: float
) -> np.ndarray:
    """Return a picture `(H, W)` after a signed step uphill, within `epsilon` of `start` and from 0 to 1."""
    moved = picture + step * np.sign(gradient)
    near = np.clip(moved, start - epsilon, start + epsilon)
    shown: np.ndarray = np.clip(near, 0, 1)
    return shown


def _number_by_number(
    picture: FloatArray, start: FloatArray, gradient: FloatArray, step: float, epsilon: float
) -> FloatArray:
    """Move each number up or down, and stop it at the first wall: that of the ball or that of what can be shown."""
    result = np.empty_like(picture)
    for place in np.ndindex(*picture.shape):
        value, lowest, highest = (
            float(number[place]) for number in (picture, np.maximum(start - epsilon, 0), np.minimum(start + epsilon, 1))
        )
        if gradient[place] > 0:
            value += step
        elif gradient[place] < 0:
            value -= step
        result[place] = sorted((lowest, value, highest))[1]
    return result


def _remark(picture: FloatArray, start: FloatArray, gradient: FloatArray, step: float, epsilon: float) -> str:
    moved = picture + step * np.sign(gradient)
    if (np.abs(moved - start) > epsilon).any() and ((moved < 0) | (moved > 1)).any():
        return "The step would lead out of the ball, and out of what can be shown."
    if (np.abs(moved - start) > epsilon).any():
        return "The step would lead out of the ball."
    if ((moved < 0) | (moved > 1)).any():
        return "The step would lead below 0 or above 1."
    return "Some gradient is 0." if not gradient.all() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the start, the picture and the gradient as tables, beside the right answer and the learner's."""
    picture, start, gradient, *_ = found.inputs
    fig, _ = draw_answers(found, {"start": start, "picture": picture, "gradient": gradient})
    return fig


_STARTS = (0.5, 0.25, 1.0, 0.0, 0.9375, 0.0625)
_WAYS = (0.0, 0.5, -0.5, 1.0, -1.0)
_GRADIENTS = (1.0, -1.0, 0.0, 0.5, -2.0, 0.001)
_PIXELS = tuple((start, way, slope) for start in _STARTS for way in _WAYS for slope in _GRADIENTS)


def _as_inputs(
    pixels: list[tuple[float, float, float]], in_rows: bool, step: float, epsilon: float
) -> tuple[FloatArray, FloatArray, FloatArray, float, float]:
    """Start somewhere, and have gone a part of the way to the border of the ball already."""
    shape = (len(pixels) // 2, 2) if in_rows and len(pixels) % 2 == 0 else (1, len(pixels))
    start, ways, gradient = (floats(row, *shape) for row in zip(*pixels, strict=True))
    return np.clip(start + epsilon * ways, 0, 1), start, gradient, step, epsilon


ATTACK_STEP = Exercise(
    id="6.6",
    title="One step of an attack",
    difficulty=3,
    minutes=15,
    teaches="how a picture is turned against a network, and within which bounds",
    statement="""
Write `attack_step(picture, start, gradient, step, epsilon)`: one step of the attack that is called projected gradient
descent, though it climbs.

- `picture`, `start` and `gradient` are arrays `(H, W)`. `start` is the untouched picture, with numbers from 0 (black)
to 1 (white). `picture` is what earlier steps have made of it; no number of it is farther than `epsilon` from that of
`start`, and all are from 0 to 1. `gradient` is that of the network's loss with respect to `picture`.
- Each number moves by `step` in the direction in which the loss rises: up where the gradient is above 0, down where it
is below. Only the sign counts, not the size. Where the gradient is 0, nothing moves.
- Then each number is brought back to where it may be: to at most `epsilon` away from the number of `start` at the same
place, and to 0 at least and 1 at most. What lies beyond is set to the nearest number that is allowed.
- Return the new picture. Leave all arguments as they are.
""",
    by_hand="Let `picture` = `[(0.5, 0.75), (0.95, 0.3)]`, `start` = `[(0.5, 0.7), (0.95, 0.4)]`, `gradient` = "
    "`[(0.001, 7), (2, 0)]`, `step` = 0.08 and `epsilon` = 0.1. The first number goes up by 0.08, however small the "
    "gradient is: 0.5 + 0.08 = 0.58. The second would get to 0.83, but may be 0.7 + 0.1 at most, and is 0.8. The third "
    "would get to 1.03, which is within 0.1 of 0.95, but brighter than white: 1. The last stays where it is. `[(0.58, "
    "0.8), (1, 0.3)]`.",
    worked=(
        (
            floats([(0.5, 0.75), (0.95, 0.3)]),
            floats([(0.5, 0.7), (0.95, 0.4)]),
            floats([(0.001, 7), (2, 0)]),
            0.08,
            0.1,
        ),
        floats([(0.58, 0.8), (1, 0.3)]),
    ),
    hints=(
        (
            "Three lines: move, bring back to `start`, bring back to 0 to 1. What does `np.sign` make of 0.001, 7, -2 "
            "and 0?"
        ),
        (
            "`np.clip(values, low, high)` sets what is beyond to the border. Its borders may be arrays, with a border "
            "for each number. The ball is around `start`: around `picture`, it would go along with each step."
        ),
        (
            "`np.clip(moved, start - epsilon, start + epsilon)`, and this again with 0 and 1. `picture += ...` would "
            "change the array of the caller; `picture + ...` makes a new one."
        ),
    ),
    solution=attack_step,
    explanation="The sign comes from what is allowed: if every number may move by `epsilon`, the most is gained, to "
    "first order, by moving all of them all the way, the steep ones and the flat ones alike. With one step of the size "
    "of `epsilon` it is the fast gradient sign method; many small ones find the worse pictures, because the gradient "
    "changes on the way. Training does the same to the weights, in the other direction: the gradient that teaches is "
    "the one that misleads. An attack that fails proves nothing, by the way. Before a network is called robust, its "
    "gradients have to be looked at, and more steps tried.",
    reference=_number_by_number,
    read=lambda answer: read_array(answer, 2, "an array (H, W)"),
    compare=compare_arrays("row", "column"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(picture), floats(start), floats(gradient), step, epsilon)
        for picture, start, gradient, step, epsilon in (
            ([(0.5,)], [(0.5,)], [(2,)], 0.125, 0.25),
            ([(0.5, 0.5)], [(0.5, 0.5)], [(-3, 0)], 0.125, 0.25),
            ([(0.625, 0.5)], [(0.5, 0.5)], [(1, -1)], 0.25, 0.25),
            ([(1, 0)], [(1, 0)], [(1, -1)], 0.125, 0.25),
            ([(0.5, 0.75), (0.95, 0.3)], [(0.5, 0.7), (0.95, 0.4)], [(0.001, 7), (2, 0)], 0.08, 0.1),
            ([(0.25, 0.75)], [(0.5, 0.5)], [(-1, 1)], 0.125, 0.25),
            ([(0.25,), (0.75,)], [(0.5,), (0.5,)], [(0.5,), (-0.25,)], 0.0625, 0.25),
            ([(0, 0.125, 1)], [(0.125, 0.125, 0.875)], [(-1, -4, 1)], 0.25, 0.1875),
            ([(0.9375, 0.0625)], [(0.9375, 0.0625)], [(1, -1)], 0.5, 0.03125),
        )
    ),
    inputs=st.builds(
        _as_inputs,
        several(_PIXELS, 4, least=1),
        st.booleans(),
        st.sampled_from([0.125, 0.25, 0.0625, 0.5]),
        st.sampled_from([0.25, 0.125, 0.5, 0.03125]),
    ),
)
