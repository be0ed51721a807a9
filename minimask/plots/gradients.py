"""The pictures of chapter 4: gradients of several tasks as arrows, their cosines, and where trainings end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray
from minimask.plots.show import figure, styled
from minimask.plots.stages import DASHED, DOTTED
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT, YOURS

PAIR: tuple[dict[str, Any], dict[str, Any]] = (
    {"color": SHAPE_EDGE, "linestyle": "solid"},
    {"color": TIGHT, "linestyle": DASHED},
)
"""Two tasks side by side."""
_COLORS = (TIGHT, "#F7C9A6", PAPER, "#A9D3EC", SHAPE_EDGE)
AGAINST_TO_WITH = LinearSegmentedColormap.from_list("cosine", _COLORS).with_extremes(bad=GRID)
"""Cosines from -1 to 1: vermilion against each other, blue with each other."""


def arrow(axes: Axes, tip: ArrayLike, name: str, color: str, *, start: ArrayLike = (0, 0), width: float = 2.4) -> None:
    """Draw an arrow with its name beyond the tip."""
    (from_x, from_y), (x, y) = (map(float, np.asarray(point)) for point in (start, tip))
    straight = {"arrowstyle": "-|>", "color": color, "lw": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, y), (from_x, from_y), arrowprops=straight)
    length = math.hypot(x - from_x, y - from_y) or 1.0
    across, up = (x - from_x) / length, (y - from_y) / length
    side: Literal["left", "center", "right"] = "left" if across > 0.5 else "right" if across < -0.5 else "center"
    place = (6 * across, 11 * up)
    axes.annotate(name, (x, y), place, textcoords="offset points", color=color, ha=side, va="center", size=12)


@styled
def compass(panels: Mapping[str, Mapping[str, ArrayLike]], directions: Mapping[str, ArrayLike]) -> Figure:
    """Draw gradients of tasks as arrows, a panel a case, and in each the directions of its own title, thin and dark.

    Parameters
    ----------
    panels : mapping from titles to mappings from names of tasks to vectors (2,)
    directions : mapping from titles to vectors (2,)
        What a step follows there, the sum for instance.
    """
    fig, all_axes = figure(len(panels), width=3.3 * len(panels), height=2.7)
    for axes, (title, vectors) in zip(all_axes, panels.items(), strict=True):
        tips = np.array([*vectors.values(), directions[title], (0, 0)], dtype=float)
        low, high = tips.min(axis=0), tips.max(axis=0)
        room = 0.42 * (high - low).max()
        axes.axhline(0, color=GRID, linewidth=1)
        axes.axvline(0, color=GRID, linewidth=1)
        arrow(axes, directions[title], "sum", INK, width=1.6)
        for (name, vector), color in zip(vectors.items(), (SHAPE_EDGE, TIGHT, BEST), strict=False):
            arrow(axes, vector, name, color)
        axes.set(xlim=(low[0] - room, high[0] + room), ylim=(-room, high[1] + room), aspect="equal", title=title)
        axes.tick_params(labelsize=10)
    return fig


@styled
def descent(
    losses: Mapping[str, Callable[[FloatArray], FloatArray]],
    path: ArrayLike,
    cosine: ArrayLike,
    goals: Mapping[str, ArrayLike],
    steps_drawn: Sequence[int],
) -> Figure:
    """Draw the way of two weights (S, 2) over the contours of two losses, with arrows against their gradients.

    Parameters
    ----------
    losses : mapping from two names to functions
        Of points (..., 2).
    path : array (S, 2)
    cosine : array (S,)
        Of the two gradients along the path.
    goals : mapping from the same names to points (2,)
        Where each loss is least.
    steps_drawn : sequence of int
        Where arrows are drawn.
    """
    way = np.asarray(path, dtype=float)
    fig, (plane, right) = figure(2, width=9.6, height=3.9)
    every = np.concatenate([way, *(np.asarray(goal, dtype=float)[None] for goal in goals.values())])
    low, high = every.min(axis=0) - 0.8, every.max(axis=0) + 0.8
    xs, ys = (np.linspace(low[axis], high[axis], 120) for axis in (0, 1))
    points = np.stack(np.meshgrid(xs, ys), axis=-1)
    for (name, loss), style in zip(losses.items(), PAIR, strict=True):
        levels = np.geomspace(0.15, max(1.0, float(loss(points).max())), 7)
        plane.contour(
            xs, ys, loss(points), levels, colors=style["color"], linewidths=0.9, alpha=0.55,
            linestyles=[style["linestyle"]],
        )  # fmt: skip
        goal = np.asarray(goals[name], dtype=float)
        plane.plot(*goal, "*", color=style["color"], markersize=13)
        plane.annotate(name, (goal[0], goal[1]), (8, 8), textcoords="offset points", color=style["color"])
        for step in steps_drawn:
            at = way[step]
            slope = np.array([loss(at + change) - loss(at - change) for change in 1e-4 * np.eye(2)]) / 2e-4
            length = float(np.hypot(*slope)) or 1.0
            arrow(plane, at - 0.55 * slope / length, "", style["color"], start=at, width=2)
        right.plot([float(loss(one)) for one in way], label=f"loss of {name}", **style)
    plane.plot(way[:, 0], way[:, 1], color=INK, linewidth=1.6)
    plane.plot(*way[0], "o", color=INK, markersize=6)
    plane.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", title="the way of two weights")
    right.plot(cosine, color=INK, linewidth=1.4, linestyle=DOTTED, label="cosine of the gradients")
    right.axhline(0, color=MUTED, linewidth=0.9)
    right.set(xlabel="step", title="both losses, and the cosine")
    right.legend(fontsize=10.5, loc="upper right")
    return fig


@styled
def chance(cosines: Mapping[str, ArrayLike]) -> Figure:
    """Draw how cosines of random vectors are spread, a panel a number of weights."""
    fig, all_axes = figure(len(cosines), width=3.1 * len(cosines), height=2.5)
    for axes, (title, values) in zip(all_axes, cosines.items(), strict=True):
        axes.hist(np.asarray(values), bins=[step / 30 for step in range(-30, 31)], color=SHAPE_EDGE)
        axes.set(xlim=(-1, 1), yticks=[], title=title, xlabel="cosine")
    return fig


@styled
def agreement(predicted: Mapping[str, ArrayLike], measured: Mapping[str, ArrayLike]) -> Figure:
    """Plot measured cosines against those that a formula says, a panel a place."""
    fig, all_axes = figure(len(predicted), width=3.7 * len(predicted), height=3.3)
    for axes, (title, values) in zip(all_axes, predicted.items(), strict=True):
        axes.plot([-1, 1], [-1, 1], color=MUTED, linewidth=1)
        axes.plot(values, measured[title], "o", color=SHAPE_EDGE, markersize=5, alpha=0.7, markeredgewidth=0)
        axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal", title=title, xlabel="formula")
    all_axes[0].set_ylabel("measured by autograd")
    return fig


@styled
def heat(
    panels: Mapping[str, ArrayLike],
    places: Mapping[str, Sequence[str]],
    moments: Sequence[int],
    unsure: Mapping[str, ArrayLike] | None = None,
) -> Figure:
    """Draw cosines (P, M), a panel a model: a row a place from the picture upward, a column a moment of the training.

    Where `unsure` is true, a dot says that seeds do not agree about the sign. Colors reach as far as the values do.
    """
    rows = max(map(len, places.values()))
    reach = max(0.2, math.ceil(10 * max(float(np.nanmax(np.abs(values))) for values in panels.values())) / 10)
    fig, all_axes = figure(len(panels), width=5.4 * len(panels), height=1.4 + 0.29 * rows)
    for axes, (title, given) in zip(all_axes, panels.items(), strict=True):
        values = np.asarray(given, dtype=float)
        drawn = axes.imshow(np.ma.masked_invalid(values), cmap=AGAINST_TO_WITH, vmin=-reach, vmax=reach, aspect="auto")
        if unsure is not None:
            row, column = np.nonzero(np.asarray(unsure[title]) & np.isfinite(values))
            axes.plot(column, row, "o", color=INK, markersize=2.6, markeredgewidth=0)
        axes.set_yticks(range(len(values)), places[title], size=10)
        axes.set_xticks(range(len(moments)), [str(moment) for moment in moments], size=10)
        axes.set_ylim(rows - 0.5, -0.5)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set(title=title, xlabel="steps of training")
    fig.colorbar(drawn, ax=all_axes, shrink=0.75).set_label("cosine", size=11)
    if unsure is not None:
        fig.supxlabel("a dot: the seeds do not agree about the sign", x=0.01, ha="left", size=10, color=MUTED)
    return fig


@styled
def through_training(
    moments: Sequence[int],
    panels: Mapping[str, Mapping[str, ArrayLike]],
    floors: Mapping[str, ArrayLike] | None = None,
) -> Figure:
    """Plot cosines (S, M) through a training, a panel a case and a line a pair: the mean of the seeds, and their range.

    `floors` are, for each panel, cosines (S, M) of a task with itself on another batch: shaded from minus to plus.
    """
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    fig, all_axes = figure(columns, rows, width=4.9 * columns, height=0.6 + 2.7 * rows)
    places = np.arange(len(moments))
    for axes, (title, lines) in zip(all_axes, panels.items(), strict=True):
        if floors is not None:
            floor = np.abs(np.asarray(floors[title], dtype=float).mean(axis=0))
            axes.fill_between(places, -floor, floor, color=MUTED, alpha=0.22, linewidth=0, label="noise floor")
        for (name, given), (color, dashes) in zip(
            lines.items(), ((SHAPE_EDGE, "solid"), (TIGHT, DASHED), (BEST, DOTTED), (YOURS, "dashdot")), strict=False
        ):
            values = np.asarray(given, dtype=float)
            axes.fill_between(places, values.min(axis=0), values.max(axis=0), color=color, alpha=0.18, linewidth=0)
            axes.plot(places, values.mean(axis=0), color=color, linestyle=dashes, label=name)
        axes.axhline(0, color=INK, linewidth=0.9)
        axes.set_xticks(places, [str(moment) for moment in moments], size=10)
        axes.set_title(title)
        axes.grid(axis="y")
    for axes in all_axes[-columns:]:
        axes.set_xlabel("steps of training")
    for axes in all_axes[::columns]:
        axes.set_ylabel("cosine")
    low = min(axes.get_ylim()[0] for axes in all_axes)
    high = max(axes.get_ylim()[1] for axes in all_axes)
    for axes in all_axes:
        axes.set_ylim(low, high)
    handles, labels = all_axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=3, fontsize=11)
    return fig


@styled
def front(reached: ArrayLike, ends: Mapping[str, ArrayLike], names: tuple[str, str]) -> Figure:
    """Plot two losses against each other: a line for what fixed weights reach (N, 2), and where methods end, (2,)."""
    fig, (axes,) = figure(width=6.4, height=4.2)
    line = np.asarray(reached, dtype=float)
    axes.plot(line[:, 0], line[:, 1], color=HIGHLIGHT, linewidth=6, alpha=0.55, label="fixed weights")
    colors, signs = (INK, TIGHT, BEST, SHAPE_EDGE, YOURS), "oD^sv"
    for (name, end), color, sign in zip(ends.items(), colors, signs, strict=False):
        x, y = np.asarray(end, dtype=float)
        axes.plot(x, y, sign, color=color, markersize=9, label=name, markeredgecolor=PAPER, linestyle="none")
    axes.set(xlabel=names[0], ylabel=names[1], title="where trainings end")
    axes.grid()
    axes.legend(fontsize=11)
    return fig
