"""The screen picker's still picture, for hosts that show no widgets: one page as all three see it."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import AbstractPathEffect, withStroke

from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS
from minimask.screens.pages import CLASSES, HEIGHT, WIDTH
from minimask.widgets.screen_picker_measures import Settled
from minimask.widgets.screen_picker_pages import VIEWS

COLORS = (SHAPE_EDGE, HIGHLIGHT, BEST, YOURS, SHAPE, MUTED, INK)
"""Of the classes, from label 1 on; the letter tells them apart as well."""
RIM: list[AbstractPathEffect] = [withStroke(linewidth=2.6, foreground=PAPER)]


@styled
def still_picture(settled: Settled, words: str) -> Figure:
    """Draw a state of the widget: the page as the model, the edge rules and itself see it, and the words."""
    fig, panels = figure(3, width=9.4, height=3.5)
    fig.set_layout_engine("none")
    for k, (panel, (view, title)) in enumerate(zip(panels, VIEWS.items(), strict=True)):
        panel.set_position((0.006 + 0.333 * k, 0.26, 0.322, 0.66))
        _draw(panel, settled.seen_by(view))
        panel.set_title(title, size=11.5, weight="bold" if view == settled.state["view"] else "normal", pad=4)
    fig.text(0.008, 0.22, "\n".join(textwrap.wrap(words, 128)), va="top", size=10)
    return fig


def _draw(axes: Axes, settled: Settled) -> None:
    height, width = HEIGHT, WIDTH
    elements, truth = settled.elements, settled.truth
    draw_picture(axes, settled.page.screen.image)
    holders = settled.holders
    for k in sorted(settled.shown, key=lambda k: -elements.masks[k].sum()):
        label, false = int(elements.labels[k]), elements.verdicts[k] == 0
        layer = np.zeros((height, width, 4))
        layer[elements.masks[k]] = to_rgba(COLORS[label - 1], 0.08 if k in holders else 0.3)
        axes.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")
        color, style = (TIGHT, (0, (4, 2))) if false else (COLORS[label - 1], "solid")
        _mark(axes, elements.boxes[k], color, style, CLASSES[label - 1][0].upper() + ("!" if false else ""))
    for k in settled.missed:
        letter = CLASSES[int(truth.labels[k]) - 1][0].upper()
        _mark(axes, truth.boxes[k], TIGHT, (0, (1, 1.2)), f"{letter}?")
    if settled.chosen >= 0:
        _mark(axes, elements.boxes[settled.chosen], YOURS, (0, (1, 1)), "", 3)
    axes.set(xlim=(0, width), ylim=(height, 0))


def _mark(axes: Axes, box: np.ndarray, color: str, style: object, text: str, line: float = 1.4) -> None:
    x1, y1, x2, y2 = box
    outline = Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linewidth=line, linestyle=style)
    outline.set_path_effects(RIM)
    axes.add_patch(outline)
    if text:
        plate = {"boxstyle": "round,pad=0.15", "facecolor": PAPER, "edgecolor": color, "linewidth": 0.8}
        axes.text(x1, y1, text, size=6.5, weight="bold", ha="center", va="center", bbox=plate, clip_on=True)
