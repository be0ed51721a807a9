"""The RoI window's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from minimask.plots.shapes import draw_box
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, INK, MUTED, PAPER, TIGHT
from minimask.widgets.decimals import fixed, trimmed
from minimask.widgets.roi_window_measures import NOTICED, FloatArray, Settled, settle, sweep
from minimask.widgets.shades import shades

HALO = [withStroke(linewidth=3, foreground=PAPER)]
"""Paper around a line, so that it stands out from any ground."""


@styled
def still_picture(features: FloatArray, state: Mapping[str, Any], digits: int, words: str) -> Figure:
    """Draw a state of the widget: both operators on the map, their outputs, a bin's curve, and the words."""
    settled = settle(features, state)
    fig, axes = figure(2, 2, width=9.0, height=7.6)
    fig.set_layout_engine("none")
    (pool_map, align_map, outputs, curve) = axes
    pool_map.set_position((0.05, 0.49, 0.44, 0.48))
    align_map.set_position((0.54, 0.49, 0.44, 0.48))
    outputs.set_position((0.05, 0.17, 0.22, 0.25))
    other = fig.add_axes((0.31, 0.17, 0.22, 0.25))
    curve.set_position((0.62, 0.2, 0.33, 0.22))
    values = Normalize(float(features.min()), float(max(features.max(), features.min() + 1e-12)))
    for stage, name in ((pool_map, "RoIPool"), (align_map, "RoIAlign")):
        _draw_map(stage, features, state, values)
        stage.set_title(f"{name}: {'whole cells' if name == 'RoIPool' else 'samples between them'}")
    _draw_pool(pool_map, settled, state)
    _draw_align(align_map, settled, state)
    draw_box(pool_map, np.array(state["box"]) / state["stride"], "yours")
    draw_box(align_map, np.array(state["box"]) / state["stride"], "yours")
    for small, pooled, color in ((outputs, settled.pool, TIGHT), (other, settled.align, BEST)):
        _draw_output(small, pooled.output, state["bin"], values, max(digits - 1, 0), color)
    _draw_curve(curve, features, state)
    fig.text(0.05, 0.12, "\n".join(textwrap.wrap(words, 112)), va="top", size=10)
    return fig


def _draw_map(axes: Axes, features: FloatArray, state: Mapping[str, Any], values: Normalize) -> None:
    height, width = features.shape
    extent = (0, width, height, 0)
    axes.imshow(features, cmap=ListedColormap(shades("cold")), norm=values, extent=extent, interpolation="nearest")
    every = 4 if max(width, height) <= 20 else 16
    columns, rows = range(0, width + 1, every), range(0, height + 1, every)
    axes.set(xlim=(-1, width + 1), ylim=(height + 1, -1), aspect="equal")
    axes.set_xticks(list(columns), [f"{k * state['stride']} px" for k in columns])
    axes.set_yticks(list(rows), [str(k * state["stride"]) for k in rows])
    axes.tick_params(length=0, labelsize=9)
    axes.spines[:].set_visible(False)


def _frame(axes: Axes, x: tuple[float, float], y: tuple[float, float], color: str, **style: Any) -> None:  # noqa: ANN401
    """Draw a rectangle that reaches from the first to the second number on both axes."""
    size = (x[1] - x[0], y[1] - y[0])
    axes.add_patch(Rectangle((x[0], y[0]), *size, edgecolor=color, **{"facecolor": "none", "linewidth": 2, **style}))


def _draw_pool(axes: Axes, settled: Settled, state: Mapping[str, Any]) -> None:
    x, y = settled.x, settled.y
    p, q = state["bin"]
    for top, bottom in y.edges:
        for left, right in x.edges:
            if top < bottom and left < right:
                inner = (left + 0.1, right - 0.1), (top + 0.1, bottom - 0.1)
                _frame(axes, *inner, TIGHT, linewidth=0.8, alpha=0.7)
    _draw_footprint(axes, settled.pool.footprint, TIGHT)
    if settled.argmax:
        _frame(axes, x.edges[q], y.edges[p], TIGHT, path_effects=HALO)
    snapped = (x.first, x.last + 1), (y.first, y.last + 1)
    _frame(axes, *snapped, TIGHT, linestyle=(0, (5, 2)), path_effects=HALO)


def _draw_align(axes: Axes, settled: Settled, state: Mapping[str, Any]) -> None:
    x, y = settled.x, settled.y
    p, q = state["bin"]
    bins = len(x.positions)
    _draw_footprint(axes, settled.align.footprint, BEST)
    across, down = (axis.start + np.arange(bins + 1) * axis.bin_size for axis in (x, y))
    axes.vlines(across, down[0], down[-1], BEST, linewidth=0.8)
    axes.hlines(down, across[0], across[-1], BEST, linewidth=0.8)
    _frame(axes, (across[0], across[-1]), (down[0], down[-1]), BEST, path_effects=HALO)
    _frame(axes, (across[q], across[q + 1]), (down[p], down[p + 1]), BEST, path_effects=HALO)
    for row, ys in enumerate(y.positions):
        for column, xs in enumerate(x.positions):
            grid = np.array([(sx, sy) for sy in ys for sx in xs]).reshape(-1, 2)
            chosen = (row, column) == (p, q)
            axes.plot(*grid.T, ".", color=INK if chosen else BEST, markersize=6 if chosen else 3, zorder=3)


def _draw_footprint(axes: Axes, footprint: FloatArray, color: str) -> None:
    """Mark the cells that receive the chosen bin's gradient: of each, the share that is its weight."""
    for i, j in np.argwhere(footprint > NOTICED):
        half = float(np.sqrt(min(footprint[i, j], 1.0))) / 2
        middle = np.array([-half, half]) + 0.5
        _frame(axes, tuple(j + middle), tuple(i + middle), "none", facecolor=color, alpha=0.6)


def _draw_output(axes: Axes, output: FloatArray, chosen: list[int], values: Normalize, digits: int, color: str) -> None:
    axes.imshow(output, cmap=ListedColormap(shades("cold")), norm=values, extent=(0, len(output), len(output), 0))
    for (i, j), value in np.ndenumerate(output):
        size = 11 if len(output) < 5 else 8
        axes.text(j + 0.5, i + 0.5, fixed(float(value), digits), ha="center", va="center", size=size)
    axes.add_patch(Rectangle((chosen[1], chosen[0]), 1, 1, fill=False, edgecolor=color, linewidth=3, clip_on=False))
    axes.set(xticks=[], yticks=[])
    axes.set_title("RoIPool's output" if color == TIGHT else "RoIAlign's output", size=11, color=INK)
    axes.spines[:].set_visible(False)


def _draw_curve(axes: Axes, features: FloatArray, state: Mapping[str, Any]) -> None:
    pool, align = sweep(features, state)
    shifts = np.linspace(-1, 1, len(pool))
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.plot(shifts, pool, color=TIGHT, linestyle=(0, (5, 1.5)), label="RoIPool", drawstyle="steps-mid")
    axes.plot(shifts, align, color=BEST, label="RoIAlign")
    axes.legend(fontsize=9, handlelength=1.8, loc="best")
    pixels = trimmed(state["stride"], 0)
    axes.set(xlim=(-1, 1), xticks=[-1, 0, 1], ylim=(min(0, features.min()), max(0, features.max()) + NOTICED))
    axes.set_xticklabels([f"-{pixels} px", "here", f"+{pixels} px"])
    axes.tick_params(axis="x", pad=8)
    axes.set_title(f"bin ({state['bin'][0]}, {state['bin'][1]}) as the box moves sideways", size=11)
    axes.tick_params(length=0, labelsize=9)
