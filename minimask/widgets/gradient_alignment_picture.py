"""The gradient alignment's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.geometry.checks import FloatArray
from minimask.plots.gradients import AGAINST_TO_WITH, arrow
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, SHAPE_EDGE, TIGHT, YOURS
from minimask.widgets.decimals import fixed
from minimask.widgets.gradient_alignment_bytes import Study
from minimask.widgets.gradient_alignment_measures import METHODS, Course, course, effect, moment_of

PULLS = (SHAPE_EDGE, YOURS, HIGHLIGHT)
"""The colors of the first, the second and the third task."""
FULLEST = 0.5
"""Cosines of this size and beyond have the fullest color."""


@styled
def still_picture(
    rows: Sequence[str],
    studies: Sequence[tuple[Sequence[int], Study]],
    gram: FloatArray,
    tasks: Sequence[str],
    weights: Sequence[float],
    state: Mapping[str, Any],
    words: str,
) -> Figure:
    """Draw a state of the widget: arrows or maps of cosines, what a step does to the losses, and the words.

    Parameters
    ----------
    rows : sequence of str
        The places of all studies.
    studies : sequence of (numbers, Study)
        Of each, which of its places stands in each row, or -1.
    gram : array (T, T)
        What is shown; without tasks, (0, 0).
    tasks : sequence of T str
    weights : sequence of T float
    state : dict
    words : str
    """
    maps = state["source"] != "arrows" and len(studies) > 0
    fig, axes = figure(1 + len(studies) if maps else 1, 1, width=10.0, height=6.6 if maps else 4.8)
    fig.set_layout_engine("none")
    fig.text(0.03, 0.2, "\n".join(textwrap.wrap(words, 122)), va="top", size=10)
    if not len(gram):
        axes[0].set_axis_off()
        return fig
    if maps:
        _draw_maps(fig, axes[:-1], rows, studies, state)
        axes[-1].set_position((0.72, 0.3, 0.2, 0.6))
    else:
        axes[0].set_position((0.6, 0.35, 0.3, 0.5))
        _draw_arrows(fig.add_axes((0.03, 0.25, 0.42, 0.72)), gram, weights, state)
    _draw_bars(axes[-1], gram, tasks, weights, state)
    return fig


def _draw_arrows(axes: Axes, gram: FloatArray, weights: Sequence[float], state: Mapping[str, Any]) -> None:
    tips = np.array(state["arrows"])
    for name in sorted(METHODS, key=lambda name: name == state["method"]):
        found = effect(gram, weights, name).weights
        step = found @ tips
        if found.any():
            chosen = name == state["method"]
            tip = 0.6 * step / np.hypot(*step)
            arrow(axes, tip, METHODS[name] if chosen else "", INK if chosen else MUTED, width=3.0 if chosen else 1.0)
    for tip, name, color in zip(tips, "ABC", PULLS, strict=False):
        arrow(axes, tip, name, color, width=3.4)
    axes.axhline(0, color=GRID, linewidth=1, zorder=0)
    axes.axvline(0, color=GRID, linewidth=1, zorder=0)
    axes.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_maps(
    fig: Figure,
    all_axes: Sequence[Axes],
    rows: Sequence[str],
    studies: Sequence[tuple[Sequence[int], Study]],
    state: Mapping[str, Any],
) -> None:
    wide = 0.43 / len(studies)
    for number, (axes, (at, study)) in enumerate(zip(all_axes, studies, strict=True)):
        axes.set_position((0.17 + number * (wide + 0.02), 0.3, wide, 0.62))
        found = course(study, state)
        shown = np.array([found.mean[k] if k >= 0 else np.full(len(study.moments), np.nan) for k in at])
        axes.imshow(shown, cmap=AGAINST_TO_WITH, vmin=-FULLEST, vmax=FULLEST, aspect="auto")
        _hatch(axes, at, found)
        axes.set_title(study.name, size=11)
        axes.set_yticks(range(len(rows)), rows if number == 0 else [""] * len(rows), size=8)
        ends = sorted({0, len(study.moments) - 1})
        axes.set_xticks(ends, [f"step {study.moments[k]}" if k == 0 else str(study.moments[k]) for k in ends], size=9)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        if number == state["study"]:
            corner = (moment_of(study, state) - 0.5, state["place"] - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=INK, linewidth=2.2, clip_on=False))
    pair = " and ".join(studies[0][1].tasks[k] for k in state["pair"])
    said = f"cosine of {pair}: blue together, vermilion against each other; hatched: within the noise"
    fig.text(0.03, 0.235, said, size=9, color=MUTED)


def _hatch(axes: Axes, at: Sequence[int], found: Course) -> None:
    """Hatch the cells whose cosines are within the noise."""
    for row, place in enumerate(at):
        for moment in range(found.mean.shape[1]):
            if place >= 0 and not np.isnan(found.mean[place, moment]) and not found.clear[place, moment]:
                corner = (moment - 0.5, row - 0.5)
                axes.add_patch(Rectangle(corner, 1, 1, fill=False, hatch="////", edgecolor=MUTED, linewidth=0))


def _draw_bars(
    axes: Axes, gram: FloatArray, tasks: Sequence[str], weights: Sequence[float], state: Mapping[str, Any]
) -> None:
    shares = [effect(gram, weights, name).share for name in (state["method"], "sum")]
    for number, share in enumerate(shares):
        colors = [(BEST if number == 0 else MUTED) if v >= 0 else TIGHT for v in share]
        places = np.arange(len(tasks)) + 0.32 * number
        axes.barh(
            places, share, height=(0.42, 0.16)[number], color=colors, hatch=["" if v >= 0 else "//" for v in share]
        )
    for place, v in enumerate(shares[0]):
        axes.text(1.04, place, f"{'rises' if v < 0 else 'falls'} {fixed(100 * abs(v), 0)} %", va="center", size=9)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set(xlim=(-1, 1), ylim=(len(tasks) - 0.4, -0.6), xticks=[-1, 0, 1])
    axes.set_xticks([-1, 0, 1], ["loss rises", "", "falls"], size=9)
    axes.set_yticks(range(len(tasks)), tasks, size=9)
    axes.set_title(f"a step by {METHODS[state['method']]} (thin: the sum)", size=10)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
