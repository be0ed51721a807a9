"""What the exercises on anchors share: how rows of anchors are compared, and how they are drawn."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from minimask.exercises.answers import compare_numbers, wrong_places
from minimask.exercises.check import Finding
from minimask.exercises.needles_in_a_haystack.inputs import FloatArray
from minimask.exercises.pictures import squared_paper
from minimask.plots.shapes import draw_box
from minimask.plots.show import styled
from minimask.plots.style import MUTED


def compare_anchors(expected: FloatArray, answer: FloatArray, *_: object) -> str | None:
    """Return None if all rows agree, else a complaint that shows the first wrong one.

    Examples
    --------
    >>> right = np.array([[0.0, 0, 1, 1], [0, 0, 2, 2]])
    >>> compare_anchors(right, right + 1e-9)
    >>> compare_anchors(right, right[::-1])
    'anchor 0 should be (0, 0, 1, 1); yours gave (0, 0, 2, 2). These are the right anchors, in another order'
    >>> compare_anchors(right, right + 1)
    'anchor 0 should be (0, 0, 1, 1); yours gave (1, 1, 2, 2). 2 of 2 anchors are wrong'
    """
    if answer.shape != expected.shape:
        return f"the answer should be an array of shape {expected.shape}; yours gave one of shape {answer.shape}"
    wrong = np.flatnonzero(wrong_places(expected, answer).any(axis=1))
    if not wrong.size:
        return None
    first = int(wrong[0])
    pair = compare_numbers(tuple(expected[first].tolist()), tuple(answer[first].tolist()))
    complaint = str(pair).replace("the answer", f"anchor {first}", 1)
    if compare_numbers(_sorted(expected), _sorted(answer)) is None:
        return f"{complaint}. These are the right anchors, in another order"
    if len(expected) == 1:
        return complaint
    return f"{complaint}. {wrong.size} of {len(expected)} anchors {'is' if wrong.size == 1 else 'are'} wrong"


def _sorted(rows: FloatArray) -> FloatArray:
    return rows[np.lexsort(np.round(rows, 4).T)]


@styled
def draw_anchors(found: Finding, *points: ArrayLike) -> tuple[Figure, Axes]:
    """Draw the right anchors, the first wrong one thick and the learner's in its place dotted.

    Parameters
    ----------
    found : Finding
        Its `expected` is an array `(N, 4)`; so is its `answer`, or an array of another shape, or None.
    *points : array (N, 2)
        What else the picture leaves room for.
    """
    right, yours = found.expected, found.answer
    pair = {}
    if yours is not None and yours.shape == right.shape and wrong_places(right, yours).any():
        first = int(wrong_places(right, yours).any(axis=1).argmax())
        pair = {"best": right[first], "yours": yours[first]}
    shown = [np.reshape(box, (-1, 2)) for box in (right, *pair.values(), *points)]
    fig, axes = squared_paper(np.concatenate(shown))
    for x1, y1, x2, y2 in right:
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=MUTED, linewidth=1))
    for kind, box in pair.items():
        draw_box(axes, box, kind, f"anchor {first}, {'right' if kind == 'best' else kind}")
    if pair:
        fig.legend(loc="outside right upper", fontsize=9)
    return fig, axes
