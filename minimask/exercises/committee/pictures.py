"""What the pictures of counterexamples of chapter 4 share: gradients as arrows on squared paper, y pointing up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from numpy.typing import ArrayLike

from minimask.exercises.inputs import FloatArray
from minimask.exercises.pictures import rule
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, SHAPE_EDGE, TIGHT, YOURS

TASKS = (SHAPE_EDGE, TIGHT, HIGHLIGHT, MUTED)
"""The colors of the tasks; their numbers stand at the tips."""
DOTTED = (0, (1, 1.2))
DASHED = (0, (5, 2))
FARTHEST = 2.5
"""How much farther than all that was given a learner's arrow is followed."""


@styled
def planes(points: Mapping[str, ArrayLike], beyond: ArrayLike = ()) -> tuple[Figure, list[Axes]]:
    """Return a figure with sheets of squared paper side by side, all alike, each with its title.

    Parameters
    ----------
    points : title -> array (N, 2)
        Where the arrows of each sheet end.
    beyond : array (N, 2)
        The tips of a learner's arrows, for which there is room unless they are far away.
    """
    tips = np.concatenate([[(0, 0)], *(np.reshape(given, (-1, 2)) for given in points.values())])
    farthest = FARTHEST * max(float(np.abs(tips).max()), 1.0)
    tips = np.concatenate([tips, np.clip(np.reshape(beyond, (-1, 2)), -farthest, farthest)])
    low, high = tips.min(axis=0), tips.max(axis=0)
    half = np.maximum((high - low) / 2, max(0.35 * float((high - low).max()), 0.5))  # not too narrow, and not too flat
    corners = np.stack([(low + high) / 2 - half, (low + high) / 2 + half])
    fig, sheets = figure(len(points), width=2.5 * len(points) + 1.5, height=2.9)
    for axes, title in zip(sheets, points, strict=True):
        rule(axes, corners)
        axes.invert_yaxis()
        axes.set_title(title, size=10)
        axes.tick_params(labelsize=8)
        axes.plot(0, 0, "o", color=INK, markersize=3)
    return fig, sheets


def draw_arrow(
    axes: Axes,
    tip: FloatArray,
    color: str,
    name: str = "",
    *,
    label: str | None = None,
    linestyle: str | tuple[int, tuple[float, ...]] = "solid",
    linewidth: float = 2.0,
    away: float = 9.0,
) -> None:
    """Draw a vector `(2,)` from the origin, or a circle if it is zero, with a name so many points away from its tip."""
    x, y = map(float, tip)
    length = float(np.hypot(x, y))
    if length > 0:
        arrow = FancyArrowPatch((0, 0), (x, y), arrowstyle="-|>", mutation_scale=13, shrinkA=0, shrinkB=0)
        arrow.set(color=color, linestyle=linestyle, linewidth=linewidth, capstyle="butt")
        axes.add_patch(arrow)
    else:
        axes.plot(0, 0, "o", fillstyle="none", color=color, markersize=9, markeredgewidth=linewidth)
    if name:
        place = (away * x / length, away * y / length) if length else (11, 11)
        axes.annotate(
            name, (x, y), place, textcoords="offset points", ha="center", va="center", size=9, color=color,
            annotation_clip=True,
        )  # fmt: skip
    if label is not None:
        axes.plot([], [], color=color, linestyle=linestyle, linewidth=linewidth, label=label)


def draw_right_and_yours(axes: Axes, right: FloatArray, yours: FloatArray | None, *, named: bool = True) -> None:
    """Draw the right arrow thick, and the learner's dotted on it; only one sheet needs to name them for the legend."""
    draw_arrow(axes, right, BEST, label="right" if named else None, linewidth=4.0)
    if yours is not None:
        draw_arrow(axes, yours, YOURS, label="yours" if named else None, linestyle=DOTTED, linewidth=2.6)


def in_a_plane(gram: FloatArray) -> FloatArray:
    """Return vectors `(T, 2)` with the products `(T, T)` that vectors of some plane have; the first lies along x.

    Examples
    --------
    >>> in_a_plane(np.array([[4.0, -2, 0], [-2, 5, 2], [0, 2, 1]]))
    array([[ 2.,  0.],
           [-1.,  2.],
           [ 0.,  1.]])
    """
    vectors = np.zeros((len(gram), 2))
    for axis in range(2):
        rest = gram - vectors @ vectors.T
        (left,) = np.nonzero(rest.diagonal() > 1e-9 * max(float(gram.max()), 1e-9))
        if len(left):
            vectors[:, axis] = rest[left[0]] / np.sqrt(rest[left[0], left[0]])
    return vectors
