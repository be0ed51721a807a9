"""Exercise 4.3: where the gradients of the tasks meet."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import UnreadableError, compare_arrays, kind_of, read_array, wrong_places
from minimask.exercises.check import Finding
from minimask.exercises.committee.pictures import TASKS, draw_arrow, draw_right_and_yours, planes
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, row_of, several_with
from minimask.exercises.tables import draw_answers
from minimask.plots.show import styled

_WANTED = "two arrays (to_hidden, to_trunk), of two dimensions each"
_NAMES = ("to_hidden", "to_trunk")
Pair = tuple[FloatArray, FloatArray]
Arrays = list[FloatArray]


def fork_gradients(
    features: np.ndarray, heads: list[np.ndarray], upstream: list[np.ndarray], weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the weighted sum of T losses: at `hidden` (N, n), and at the trunk's weights (m, n)."""
    to_hidden = np.zeros((len(features), len(heads[0])))
    for head, from_above, weight in zip(heads, upstream, weights, strict=True):
        to_hidden += weight * from_above @ head.T
    return to_hidden, features.T @ to_hidden


def _by_trying(features: FloatArray, heads: Arrays, upstream: Arrays, weights: FloatArray) -> Pair:
    """Add 1 to each number of `hidden` and of the trunk, and see by how much the total changes: all here is linear."""
    width = len(heads[0])

    def total(hidden: FloatArray) -> float:
        outputs = [hidden @ head for head in heads]
        return sum(float(w * (u * out).sum()) for w, u, out in zip(weights, upstream, outputs, strict=True))

    to_hidden, to_trunk = np.zeros((len(features), width)), np.zeros((features.shape[1], width))
    for place in np.ndindex(*to_hidden.shape):
        step = np.zeros_like(to_hidden)
        step[place] = 1
        to_hidden[place] = total(step)
    for place in np.ndindex(*to_trunk.shape):
        step = np.zeros_like(to_trunk)
        step[place] = 1
        to_trunk[place] = total(features @ step)
    return to_hidden, to_trunk


def _read(answer: object) -> Pair:
    if not isinstance(answer, list | tuple | np.ndarray) or len(answer) != 2:
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave {kind_of(answer)}")
    to_hidden, to_trunk = (read_array(one, 2, _WANTED) for one in answer)
    return to_hidden, to_trunk


def _compare(expected: Pair, answer: Pair, *_: object) -> str | None:
    for name, axes, right, yours in zip(_NAMES, (("RoI", "column"), ("row", "column")), expected, answer, strict=True):
        complaint = compare_arrays(*axes)(right, yours)
        if complaint:
            return f"of `{name}`, {complaint}"
    return None


def _shares(heads: Arrays, upstream: Arrays, weights: FloatArray) -> FloatArray:
    """Return what each head sends to `hidden`, (T, N, n)."""
    return floats([w * u @ head.T for w, u, head in zip(weights, upstream, heads, strict=True)])


def _remark(features: FloatArray, heads: Arrays, upstream: Arrays, weights: FloatArray) -> str:  # noqa: ARG001
    if not weights.all():
        return "Some loss has the weight 0."
    if len(heads) == 1:
        return "There is one head."
    shares = _shares(heads, upstream, weights)
    against = (shares[0] * shares[1]).sum(axis=1) < 0
    return "In some RoI the first two heads pull against each other." if against.any() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw for each RoI what the heads send as arrows; or the trunk's gradient as a table, if that alone is wrong."""
    features, heads, upstream, weights = found.inputs
    expected, answer = found.expected, found.answer
    fits = answer is not None and answer[0].shape == expected[0].shape
    if fits and not wrong_places(expected[0], answer[0]).any():
        only_trunk = Finding(found.kind, found.message, found.inputs, expected[1], answer[1])
        return draw_answers(only_trunk, {"features": features, "to_hidden": expected[0]})[0]
    shares = _shares(heads, upstream, weights)
    tips = {f"RoI {k}": np.concatenate([shares[:, k], expected[0][[k]]]) for k in range(len(features))}
    fig, all_axes = planes(tips, answer[0] if fits else ())
    for roi, axes in enumerate(all_axes):
        draw_right_and_yours(axes, expected[0][roi], answer[0][roi] if fits else None, named=roi == 0)
        for task, (share, color) in enumerate(zip(shares[:, roi], TASKS, strict=False)):
            draw_arrow(axes, share, color, str(task), label=f"from head {task}" if roi == 0 else None)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_NUMBERS = (0.0, 1.0, -1.0, 2.0)
_HEADS = [(width, weight) for width, weight in product((1, 2, 3), (1.0, 0.5, 2.0, 0.0))]
_ROW = st.tuples(*[row_of(_NUMBERS, 3)] * 2).map(lambda halves: halves[0] + halves[1])


def _as_inputs(
    heads: list[tuple[tuple[int, float], tuple[tuple[float, ...], tuple[float, ...]]]],
    rows: tuple[float, ...],
    shape: tuple[int, int],
) -> tuple[FloatArray, Arrays, Arrays, FloatArray]:
    """Make N RoIs with features, and heads of several widths that all read two numbers of each."""
    rois = shape[0]
    matrices = [floats(own[: 2 * width], 2, width) for (width, _), (own, _) in heads]
    from_above = [floats(errors[: rois * width], rois, width) for (width, _), (_, errors) in heads]
    return (
        floats(rows[: rois * shape[1]], *shape),
        matrices,
        from_above,
        floats([weight for (_, weight), _ in heads]),
    )


FORK_GRADIENTS = Exercise(
    id="4.3",
    title="Where the tasks meet",
    difficulty=2,
    minutes=20,
    teaches="that gradients meet at the fork and below it, and nowhere else",
    statement="""
Write `fork_gradients(features, heads, upstream, weights)`: what a trunk hears from its heads.

- A small network, without biases or activations: `hidden = features @ trunk`, and each of T heads makes `hidden @
heads[t]` of it, from which its task has a loss. The total is the sum of `weights[t]` times loss t.
- `features` is an array `(N, m)`, one row for each RoI, and `weights` an array `(T,)`. T is at least 1.
- `heads` is a list of T arrays `(n, k)`, where k may be another one for each head.
- `upstream` is a list of T arrays `(N, k)`: the gradient of each loss, *not* yet weighted, with respect to what its
head puts out.
- Return `(to_hidden, to_trunk)`: the gradient of the total with respect to `hidden`, an array `(N, n)`, and with
respect to the weights `trunk`, an array `(m, n)`. You need neither `hidden` nor `trunk` for that.
""",
    by_hand="Two RoIs, and two heads that read two numbers: let `features` = `[(1, 0), (2, -1)]`, `heads` = `[[(1, 0), "
    "(2, 1)], [(3,), (-1,)]]`, `upstream` = `[[(1, -1), (0, 2)], [(2,), (-2,)]]` and `weights` = `[1, 0.5]`. Head 0 "
    "sends `[(1, 1), (0, 2)]` to `hidden`: the first number is 1 times 1 plus 0 times -1. Head 1 would send `[(6, -2), "
    "(-6, 2)]`, and with its weight half of that. The sum is `[(4, 0), (-3, 3)]`: in the second number of RoI 0, what "
    "one head wants is what the other does not. Each RoI brings its row to the trunk, times its own features: row 0 of "
    "`to_trunk` is 1 times (4, 0) plus 2 times (-3, 3), and row 1 is -1 times (-3, 3). `([(4, 0), (-3, 3)], [(-2, 6), "
    "(3, -3)])`.",
    worked=(
        (
            floats([(1, 0), (2, -1)]),
            [floats([(1, 0), (2, 1)]), floats([(3,), (-1,)])],
            [floats([(1, -1), (0, 2)]), floats([(2,), (-2,)])],
            floats([1, 0.5]),
        ),
        (floats([(4, 0), (-3, 3)]), floats([(-2, 6), (3, -3)])),
    ),
    hints=(
        (
            "One head and one RoI first: output j is the sum over i of `hidden[i] * head[i, j]`. How much does the "
            "loss change if `hidden[i]` grows a little? It changes through every output j."
        ),
        (
            "So it is the sum over j of `upstream[j] * head[i, j]`: for all RoIs at once `upstream[t] @ heads[t].T`, "
            "of shape (N, n). What reaches `hidden` from several heads is added up, each with its weight."
        ),
        (
            "The trunk is one more such layer: weight (a, i) is used by every RoI, and each time multiplied by its "
            "feature a. That is `features.T @ to_hidden`, which takes the sum over the RoIs by itself."
        ),
    ),
    solution=fork_gradients,
    explanation="Whatever is computed from `hidden` sends a gradient back, and these add up: that is all a trunk "
    "hears. It cannot tell one weak opinion from two strong ones that nearly cancel. The weights of a head, on the "
    "other hand, hear one task alone. That the gradients of two heads are orthogonal there is bookkeeping: where one "
    "has numbers, the other has zeros. Decoupling the heads moves the fork; it does not take it away.",
    reference=_by_trying,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(features), [floats(head) for head in heads], [floats(one) for one in upstream], floats(weights))
        for features, heads, upstream, weights in (
            ([(1,)], [[(1,), (2,)]], [[(1,)]], [1]),
            ([(1,)], [[(1, 0), (2, 1)]], [[(1, -1)]], [1]),
            ([(1,)], [[(1, 2), (0, 1)], [(2,), (-1,)]], [[(1, 1)], [(1,)]], [1, 1]),
            ([(1, 2)], [[(1,), (2,)], [(1,), (-1,)]], [[(1,)], [(2,)]], [1, 0.5]),
            (
                [(1, 0), (2, -1)],
                [[(1, 0), (2, 1)], [(3,), (-1,)]],
                [[(1, -1), (0, 2)], [(2,), (-2,)]],
                [1, 0.5],
            ),
            (
                [(1, 2, 0), (0, 1, -1), (2, 0, 1)],
                [[(1, 0, 2), (2, 1, 0)], [(1,), (-2,)], [(0, 1), (3, -1)]],
                [[(1, -1, 0), (0, 2, 1), (1, 0, 0)], [(2,), (-2,), (1,)], [(1, 1), (0, 1), (-1, 2)]],
                [1, 0.25, 2],
            ),
            ([(1, 2)], [[(1,), (2,)], [(1,), (-1,)]], [[(1,)], [(2,)]], [0, 1]),
        )
    ),
    large_examples=(
        (
            floats([(1, 2), (0, 1), (3, -1), (2, 2)]),
            [floats([(1, 0), (2, 1), (0, 3)]), floats([(2,), (-1,), (1,)])],
            [floats([(1, -1), (0, 2), (1, 1), (2, 0)]), floats([(2,), (-2,), (1,), (0,)])],
            floats([1, 0.5]),
        ),
    ),
    inputs=st.builds(
        _as_inputs,
        several_with(st.tuples(_ROW, _ROW), _HEADS, 3, least=1),
        _ROW,
        st.sampled_from([(1, 1), (2, 1), (1, 2), (1, 3), (2, 3), (2, 2)]),
    ),
)
