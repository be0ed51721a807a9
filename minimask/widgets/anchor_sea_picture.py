"""The anchor sea's still picture, for hosts that show no widgets."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from minimask.anchors import recipes
from minimask.plots.anchors import draw_boxes, level_colors
from minimask.plots.shapes import draw_box
from minimask.plots.show import figure, styled
from minimask.plots.style import GRID, INK, MUTED, PAPER, YOURS
from minimask.widgets.anchor_sea_measures import SEA, Settled, name_of_level, nearest_cells
from minimask.widgets.decimals import fixed

DASHES: tuple[Any, ...] = ((0, (1, 1.5)), (0, (3, 2)), (0, (5, 2)), (0, (6, 2, 1, 2)), "solid", (0, (9, 2)))
"""The lines of a pyramid's levels, finest first: never told apart by color alone."""


@styled
def still_picture(state: Mapping[str, Any], settled: Settled, picture: str, words: str) -> Figure:
    """Draw a state of the widget: the anchors around the point and the best one, all recipes' counts, and the words."""
    fig, (stage, bars) = figure(2, width=9.4, height=5.6)
    fig.set_layout_engine("none")
    stage.set_position((0.01, 0.21, 0.5, 0.78))
    bars.set_position((0.715, 0.27, 0.2, 0.6))
    _draw_stage(stage, state, settled, picture)
    _draw_counts(bars, state)
    fig.text(0.02, 0.16, "\n".join(textwrap.wrap(words, 112)), va="top", size=10.5)
    return fig


def _draw_stage(axes: Axes, state: Mapping[str, Any], settled: Settled, picture: str) -> None:
    (height, width), (rows, columns) = settled.resized, settled.network
    if picture:
        file = base64.b64decode(picture.partition(",")[2])
        axes.imshow(np.asarray(Image.open(io.BytesIO(file))), cmap="gray", extent=(0, width, height, 0))
    else:
        axes.add_patch(Rectangle((0, 0), width, height, facecolor=to_rgba(GRID, 0.55)))
    axes.add_patch(Rectangle((0, 0), columns, rows, fill=False, edgecolor=MUTED, linewidth=1))
    recipe = recipes[state["recipe"]]
    colors = level_colors(len(recipe.levels))
    cells = nearest_cells(state)
    for k in state["shown"]:
        down, right = recipe.strides(*state["size"])[k]
        row, column = cells[k]
        center = np.array([(column + recipe.offset) * right, (row + recipe.offset) * down])
        dashes = DASHES[k % len(DASHES)] if len(recipe.levels) > 1 else "solid"
        halo = [withStroke(linewidth=3, foreground=PAPER)]
        anchors = recipe.cell_anchors(k) + np.tile(center, 2)
        draw_boxes(axes, anchors, colors[k], 1.4, linestyle=dashes, path_effects=halo, label=name_of_level(recipe, k))
    x1, y1, x2, y2 = settled.object
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, facecolor=to_rgba(YOURS, 0.35)))
    draw_box(axes, settled.best.box, "best" if settled.best.iou >= state["foreground"] else "tight")
    draw_box(axes, settled.object, "yours")
    _, top, right, _ = settled.best.box
    text = axes.text(
        min(right, columns), max(top, 0), f" {fixed(settled.best.iou, 3)}", va="bottom", ha="right", weight="bold"
    )
    text.set_path_effects([withStroke(linewidth=4, foreground=PAPER)])
    margin = 0.05 * max(rows, columns)
    axes.set(xlim=(-margin, columns + margin), ylim=(rows + margin, -margin), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _draw_counts(axes: Axes, state: Mapping[str, Any]) -> None:
    most = SEA
    for row, (name, recipe) in enumerate(recipes.items()):
        numbers = recipe.counts(*state["size"])
        total, strength = sum(numbers), 1 if name == state["recipe"] else 0.4
        starts = np.cumsum((0, *numbers))[:-1]
        axes.barh(row, numbers, left=starts, color=[to_rgba(color, strength) for color in level_colors(len(numbers))])
        axes.text(1.03, row, f"{total:,}", transform=axes.get_yaxis_transform(), va="center", size=10)
        most = max(most, total)
    axes.axvline(SEA, color=INK, linewidth=1.4, linestyle=(0, (4, 2)))
    axes.text(SEA, -0.9, f"{SEA:,}", ha="center", va="bottom", size=10, weight="bold")
    axes.set(xlim=(0, most), ylim=(len(recipes) - 0.5, -0.7), xticks=[], yticks=range(len(recipes)))
    labels = axes.set_yticklabels(list(recipes), size=10)
    labels[list(recipes).index(state["recipe"])].set_fontweight("bold")
    axes.tick_params(length=0, labelcolor=INK)
    axes.spines[:].set_visible(False)
    axes.set_title("anchors", loc="left", pad=20, size=12)
