"""The weather map's still picture, for hosts that show no widgets."""

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

from minimask.plots.show import figure, styled
from minimask.plots.style import GRID, INK, MUTED, PAPER, YOURS
from minimask.roi.reference import bilinear
from minimask.widgets.decimals import fixed, trimmed
from minimask.widgets.shades import shades
from minimask.widgets.weather_map_measures import Reading, Temperatures, read

LETTERS = "ABCD"
HALO = [withStroke(linewidth=3, foreground=PAPER)]


@styled
def still_picture(temperatures: Temperatures, state: Mapping[str, Any], words: str) -> Figure:
    """Draw a state of the widget: the map with the point, the unit square around it, and the words."""
    x, y = state["point"]
    reading = read(temperatures, x, y)
    values = Normalize(min(map(min, temperatures)), max(max(map(max, temperatures)), min(map(min, temperatures)) + 0.1))
    fig, (stage, square) = figure(2, width=8.8, height=5.0)
    fig.set_layout_engine("none")
    stage.set_position((0.06, 0.25, 0.54, 0.72))
    square.set_position((0.68, 0.34, 0.28, 0.5))
    _draw_map(stage, temperatures, state, reading, values)
    _draw_square(square, reading, values)
    fig.text(0.02, 0.14, "\n".join(textwrap.wrap(words, 104)), va="top", size=11)
    return fig


def _draw_map(
    axes: Axes, temperatures: Temperatures, state: Mapping[str, Any], reading: Reading, values: Normalize
) -> None:
    height, width = len(temperatures), len(temperatures[0])
    if state["ground"] == "bilinear":
        features, fine = np.array([temperatures]), 16
        ys, xs = (np.arange(-1 + 0.5 / fine, size, 1 / fine) for size in (height, width))
        field = [[float(bilinear(features, px, py)[0]) for px in xs] for py in ys]
        extent = (-1.0, float(width), float(height), -1.0)
    else:
        field, extent = temperatures, (-0.5, width - 0.5, height - 0.5, -0.5)
    axes.imshow(field, cmap=ListedColormap(shades("warm")), norm=values, extent=extent)
    for i, row in enumerate(temperatures):
        for j, value in enumerate(row):
            axes.plot(j, i, "o", color=INK, markersize=4)
            axes.annotate(fixed(value, 1), (j, i), (0, 5), textcoords="offset points", ha="center", size=10,
                          path_effects=HALO)  # fmt: skip
    if not reading.outside:
        (top, left), (bottom, right) = ((reading.neighbors[k].row, reading.neighbors[k].column) for k in (0, 3))
        axes.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=INK, linewidth=1.5))
    axes.plot(*state["point"], "o", color=YOURS, markeredgecolor=INK, markersize=10)
    axes.set(xlim=(-1.5, width + 0.5), ylim=(height + 0.5, -1.5), aspect="equal", xlabel="x, in cells", ylabel="y")
    axes.set(xticks=range(width), yticks=range(height))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _draw_square(axes: Axes, reading: Reading, values: Normalize) -> None:
    """Draw the unit square between the four neighbors: to each belongs the rectangle opposite."""
    ramp = ListedColormap(shades("warm"))
    fx, fy = reading.fraction_x, reading.fraction_y
    across, down = ((0, fx), (fx, 1 - fx)), ((0, fy), (fy, 1 - fy))
    for k, neighbor in enumerate(reading.neighbors if not reading.outside else []):
        (left, width), (top, height) = across[1 - k % 2], down[1 - k // 2]
        axes.add_patch(Rectangle((left, top), width, height, facecolor=ramp(values(neighbor.value)), edgecolor=PAPER))
        if min(width, height) > 0.12:
            label = f"{LETTERS[k]}: {trimmed(neighbor.weight, 4)}"
            axes.text(left + width / 2, top + height / 2, label, ha="center", va="center", size=10)
        corner = (k % 2, k // 2)
        axes.annotate(f"{LETTERS[k]}  {fixed(neighbor.value, 1)}°", corner, (0, 8 if k < 2 else -16),
                      textcoords="offset points", ha="center", size=11, weight="bold")  # fmt: skip
    if not reading.outside:
        axes.plot(fx, fy, "o", color=YOURS, markeredgecolor=INK, markersize=10, clip_on=False, zorder=5)
    axes.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=MUTED if not reading.outside else GRID))
    axes.set(xlim=(-0.02, 1.02), ylim=(1.02, -0.02), aspect="equal", xticks=[], yticks=[])
    axes.set_title(f"{fixed(reading.value, 2)} °C", pad=26, size=16)
    axes.spines[:].set_visible(False)
