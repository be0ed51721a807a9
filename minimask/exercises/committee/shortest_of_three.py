"""Exercise 4.7: the shortest vector between three gradients."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from minimask.exercises.answers import compare_arrays, read_array
from minimask.exercises.check import Finding
from minimask.exercises.committee.pictures import TASKS, planes
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats
from minimask.plots.show import styled
from minimask.plots.style import BEST, GRID, INK, MUTED, YOURS


def shortest_of_three(gradients: np.ndarray) -> np.ndarray:
    """Return the shortest vector `(n,)` in the triangle between the tips of three gradients `(3, n)`."""
    a, b, c = gradients
    u, v = b - a, c - a
    x, y = np.linalg.solve([[u @ u, u @ v], [u @ v, v @ v]], [-(a @ u), -(a @ v)])
    if min(x, y, 1 - x - y) >= 0:
        inside: np.ndarray = a + x * u + y * v
        return inside
    edges = []
    for start, end in ((a, b), (b, c), (c, a)):
        way = end - start
        edges.append(start + np.clip(-(start @ way) / (way @ way), 0, 1) * way)
    return min(edges, key=lambda point: float(point @ point))


def _dot(a: list[Fraction], b: list[Fraction]) -> Fraction:
    return sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))


def _candidates(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """Return the three tips, the feet of the perpendiculars that lie on edges, and the one within the triangle."""
    found = list(rows)
    for a, b in combinations(rows, 2):
        way = [q - p for p, q in zip(a, b, strict=True)]
        share = -_dot(a, way) / _dot(way, way)
        if 0 <= share <= 1:
            found.append([p + share * w for p, w in zip(a, way, strict=True)])
    a, b, c = rows
    u, v = ([q - p for p, q in zip(a, other, strict=True)] for other in (b, c))
    uu, uv, vv, au, av = _dot(u, u), _dot(u, v), _dot(v, v), _dot(a, u), _dot(a, v)
    of_b, of_c = ((uv * av - vv * au) / (uu * vv - uv * uv), (uv * au - uu * av) / (uu * vv - uv * uv))
    if min(of_b, of_c, 1 - of_b - of_c) >= 0:
        found.append([p + of_b * q + of_c * r for p, q, r in zip(a, u, v, strict=True)])
    return found


def _that_all_agree_with(gradients: FloatArray) -> FloatArray:
    """Return the one candidate that has with every gradient a product as large as its own square, or larger."""
    rows = [[Fraction(value) for value in row] for row in gradients.tolist()]
    point = next(p for p in _candidates(rows) if all(_dot(p, row) >= _dot(p, p) for row in rows))
    return floats([float(value) for value in point])


def _weights(gradients: FloatArray, point: FloatArray) -> FloatArray:
    """Return the three weights that make a point of the triangle's plane, with a sum of 1."""
    equations = np.vstack([gradients.T, np.ones(3)])
    weights: FloatArray = np.linalg.lstsq(equations, np.append(point, 1), rcond=None)[0]
    return weights


def _remark(gradients: FloatArray) -> str:
    weights = _weights(gradients, _that_all_agree_with(gradients))
    needed = int((weights > 1e-9).sum())
    if needed == 3:
        return "The nearest point lies inside of the triangle."
    return "The nearest point is one of the tips." if needed == 1 else "The nearest point lies on an edge."


@styled
def _draw(found: Finding) -> Figure:
    """Draw the triangle from straight above, with the foot of the perpendicular from the origin: nearest is nearest."""
    gradients, expected, answer = *found.inputs, found.expected, found.answer
    u, v = gradients[1] - gradients[0], gradients[2] - gradients[0]
    flat = gradients.shape[1] == 2
    across = np.eye(2) if flat else np.linalg.qr(np.stack([u, v], axis=1))[0].T
    tips, right = gradients @ across.T, across @ expected
    fits = answer is not None and answer.shape == expected.shape
    yours = across @ answer if fits else None
    title = "the triangle" + ("" if flat else " seen from straight above")
    fig, (axes,) = planes({title: np.concatenate([tips, right[None]])}, () if yours is None else yours[None])
    axes.add_patch(Polygon(tips, facecolor=GRID, edgecolor=MUTED, linewidth=1.2, zorder=0.5))
    middle = tips.mean(axis=0)
    for k, (tip, color) in enumerate(zip(tips, TASKS, strict=False)):
        axes.plot(*tip, "s", color=color, markersize=7)
        outward = (tip - middle) / np.hypot(*(tip - middle))
        axes.annotate(str(k), tip, 11 * outward, textcoords="offset points", ha="center", va="center", color=color)
    axes.plot(*np.stack([np.zeros(2), right], axis=1), color=MUTED, linewidth=1.2, linestyle="--")
    axes.plot([], [], "o", color=INK, markersize=4, label="the origin" + ("" if flat else ", beneath"))
    axes.plot([], [], "s", color=MUTED, markersize=7, label="tips of the gradients")
    axes.plot(*right, "o", color=BEST, markersize=11, label="right")
    if yours is not None:
        axes.plot(*yours, "X", color=YOURS, markersize=9, markeredgecolor="white", label="yours")
    fig.set_figwidth(5.2)
    fig.legend(loc="outside right upper", fontsize=9)
    return fig


_IN_A_PLANE = ((1, 0), (0, 1), (-1, 0), (2, 1), (-1, -2), (3, 1), (4, -1))
_IN_SPACE = ((1, 0, 1), (-1, 1, 1), (-1, -1, 1), (2, 1, 1), (1, -2, 1), (3, 0, -1), (0, 0, 2), (0, 1, 2))


def _triangles(vectors: tuple[tuple[float, ...], ...]) -> list[FloatArray]:
    """Return all triples of vectors, in every order, whose tips do not lie on a line."""
    triples = [floats(triple) for triple in permutations(vectors, 3)]
    return [one for one in triples if np.linalg.matrix_rank(one[1:] - one[0]) == 2]


SHORTEST_OF_THREE = Exercise(
    id="4.7",
    title="The shortest vector between three gradients",
    difficulty=5,
    minutes=35,
    teaches="how a problem with constraints comes apart into faces, and which of them holds the answer",
    statement="""
Write `shortest_of_three(gradients)`: the direction that MGDA takes for three tasks.

- `gradients` is an array `(3, n)`, n >= 2, one row for each task. The tips of the three, all drawn from the origin, are
the corners of a triangle; they do not lie on a line.
- Of all points of the triangle, its edges and corners included, one lies nearest to the origin. It is a weighted mean
of the three gradients: no weight is below 0, and together they are 1.
- Return this point, an array `(n,)`. If n is 2 and the triangle contains the origin, it is zero.
- Leave `gradients` as it is.
""",
    by_hand="Let `gradients` = `[(1, 0, 1), (-1, 1, 1), (-1, -1, 1)]`. All three tips lie at the height 1. The origin "
    "lies straight below (0, 0, 1), which is half of the first tip and a quarter of each of the others: no weight is "
    "below 0, and the point lies within the triangle. `[0, 0, 1]`. Its product with each gradient is 1. If the first "
    "tip were (-3, 0, 1), the origin would lie below a point outside of the triangle: then the nearest one would be "
    "(-1, 0, 1), on the edge between the other two.",
    worked=((floats([(1, 0, 1), (-1, 1, 1), (-1, -1, 1)]),), floats([0, 0, 1])),
    hints=(
        (
            "There are two cases: the nearest point is on an edge, or within. On an edge, exercise 4.5 finds it. So "
            "find the nearest point of the whole *plane* of the triangle first, and see whether it lies within."
        ),
        (
            "Let u and v be the ways from the first tip a to the others. A point of the plane is `a + x * u + y * v`, "
            "and the nearest one has a right angle with u and with v. That makes two equations with two unknowns: "
            "`np.linalg.solve([[u @ u, u @ v], [u @ v, v @ v]], [-(a @ u), -(a @ v)])`."
        ),
        (
            "The three weights are `1 - x - y`, x and y. If none is below 0, this is the answer. Otherwise take the "
            "nearest points of all three edges, and of these the shortest. Clipping the weights instead would make a "
            "point of the triangle, but seldom the nearest."
        ),
    ),
    solution=shortest_of_three,
    explanation="A weight that wants to be negative stays at 0, and then the others have to be found anew, without it. "
    "But a weight that is negative in the plane need not be 0 in the answer: so all three edges are tried. With T "
    "tasks there are 2^T - 1 faces; `least_norm` of `minimask.gradients.surgery` tries them all, which is fine for ten "
    "tasks, and beyond that there are iterations, such as that of Frank and Wolfe. Whether an answer p is right can be "
    "seen without any of this: its product with every gradient is at least p @ p.",
    reference=_that_all_agree_with,
    read=lambda answer: read_array(answer, 1, "an array (n,)").round(12),
    compare=compare_arrays("place"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(gradients),)
        for gradients in (
            [(1, 0), (3, 1), (3, -1)],
            [(4, 0), (0, 2), (3, 3)],
            [(1, 0, 1), (-1, 1, 1), (-1, -1, 1)],
            [(1, 0), (-1, 2), (-1, -1)],
            [(1, 0, 0), (0, 2, 0), (0, 0, 2)],
            [(-3, 0, 1), (-1, 1, 1), (-1, -1, 1)],
            [(5, 1), (1, 1), (-3, 2)],
            [(3, 3), (2, 0), (-1, 1)],
            [(0, 0), (1, 2), (3, 1)],
            [(2, 1, 0), (-1, 0, 3), (1, -1, 1)],
            [(1, 0), (4, -1), (0, 1)],
            [(-1, -2), (3, 1), (1, 0)],
            [(0, 1), (2, 1), (4, -1)],
        )
    ),
    large_examples=((floats([(1, 0, 2, -1, 0), (-1, 1, 1, 2, 0), (0, -3, 1, 0, 1)]),),),
    inputs=st.tuples(st.one_of(st.sampled_from(_triangles(_IN_A_PLANE)), st.sampled_from(_triangles(_IN_SPACE)))),
)
