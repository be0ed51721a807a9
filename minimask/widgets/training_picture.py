"""The training monitor's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, SHAPE_EDGE, TIGHT, YOURS
from minimask.widgets.decimals import fixed
from minimask.widgets.training_record import LOSSES, smooth

STYLES: tuple[tuple[str, Any], ...] = (
    (SHAPE_EDGE, (0, (6, 2.5))),
    (HIGHLIGHT, (0, (1, 1.2))),
    (TIGHT, (0, (9, 2, 2, 2))),
    (BEST, (0, (4, 1.5))),
    (YOURS, (0, (2.5, 1.2))),
)
"""Color and dashes of each loss; the total is solid ink."""


@styled
def still_picture(
    run: Mapping[str, Any],
    curves: FloatArray,
    state: Mapping[str, Any],
    predictions: NDArray[np.uint8] | None,
    words: str,
) -> Figure:
    """Draw a run: its losses, what it reaches, its last predictions, and the words."""
    strip = 0.0 if predictions is None else 9.2 * predictions.shape[0] / predictions.shape[1]
    height = 4.75 + strip
    fig, (losses, reached) = figure(1, 2, width=9.4, height=height)
    fig.set_layout_engine("none")
    losses.set_position((0.085, 1 - 2.55 / height, 0.765, 2.4 / height))
    reached.set_position((0.085, 1 - 3.65 / height, 0.765, 0.85 / height))
    _draw_losses(losses, run, curves, state)
    _draw_looks(reached, run)
    for axes in (losses, reached):
        axes.set_xlim(run["first"] - 1, max(run["steps"], 1))
    losses.set_xticklabels([])
    if predictions is not None:
        axes = fig.add_axes((0.01, 0.62 / height, 0.98, strip / height))
        axes.imshow(predictions)
        axes.set_axis_off()
    fig.text(0.012, 0.52 / height, "\n".join(textwrap.wrap(words, 128)), va="top", size=10)
    return fig


def _draw_losses(axes: Axes, run: Mapping[str, Any], curves: FloatArray, state: Mapping[str, Any]) -> None:
    axes.set_ylabel("loss")
    axes.tick_params(labelsize=10)
    axes.grid(axis="y", color=GRID)
    if not len(curves):
        axes.text(0.5, 0.5, "no losses yet", transform=axes.transAxes, ha="center", color=MUTED)
        return
    if state["log"]:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    steps = run["first"] + run["every"] * (np.arange(len(curves)) + 0.5) - 0.5
    soft = smooth(curves, state["smoothing"])
    axes.plot(steps, curves[:, 0], color=INK, linewidth=0.8, alpha=0.25)
    ends = [("all", soft[-1, 0], INK)]
    axes.plot(steps, soft[:, 0], color=INK, linewidth=2.4)
    for k, name in enumerate(run["names"]):
        color, dashes = STYLES[k % len(STYLES)]
        axes.plot(steps, soft[:, k + 1], color=color, linestyle=dashes, linewidth=2)
        ends.append((LOSSES.get(name, name), soft[-1, k + 1], color))
    for k, (name, value, color) in enumerate(sorted(ends, key=lambda end: -end[1])):
        spread = 0.97 - 0.94 * k / max(len(ends) - 1, 1)
        axes.text(
            1.015, spread, f"{name} {fixed(value, 2)}", transform=axes.transAxes, va="center", color=color, size=10
        )


def _draw_looks(axes: Axes, run: Mapping[str, Any]) -> None:
    axes.set(ylabel="AP", ylim=(0, 1), yticks=[0, 0.5, 1])
    axes.set_xlabel("step", labelpad=1)
    axes.tick_params(labelsize=10)
    axes.grid(axis="y", color=GRID)
    if run["looks"]:
        steps, values = zip(*run["looks"], strict=True)
        axes.plot(steps, values, "o-", color=BEST, markersize=5)
        place = (steps[-1], values[-1])
        axes.annotate(fixed(values[-1], 2), place, (7, 0), "data", "offset points", va="center", color=BEST)
