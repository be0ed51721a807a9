"""The count explorer's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from skimage.measure import find_contours

from minimask.geometry.checks import BoolArray, IntArray
from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, INK, MUTED, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS
from minimask.widgets.count_explorer_measures import BINS, FIRST, LAST, Settled

KINDS: dict[str, tuple[str, float, Any]] = {
    "found": (BEST, 1.6, "solid"),
    "false": (TIGHT, 1.8, (0, (3, 1.5))),
    "merged": (YOURS, 2.2, "solid"),
    "missed": (SHAPE_EDGE, 1.8, (0, (1, 1))),
}
"""How the outlines of each kind are drawn."""
RIM = [withStroke(linewidth=3, foreground=PAPER)]


@styled
def still_picture(settled: Settled, words: str, method: str) -> Figure:
    """Draw a state of the widget: the picture with outlines and signs, the error's curve, the areas, and the words."""
    fig, (stage, curve, areas) = figure(3, width=9.4, height=5.4)
    fig.set_layout_engine("none")
    stage.set_position((0.01, 0.275, 0.405, 0.715))
    curve.set_position((0.5, 0.68, 0.485, 0.25))
    areas.set_position((0.5, 0.345, 0.485, 0.2))
    _draw_stage(stage, settled)
    _draw_curve(curve, settled, method)
    _draw_areas(areas, settled)
    fig.text(0.012, 0.225, "\n".join(textwrap.wrap(words, 128)), va="top", size=10)
    return fig


def _draw_stage(axes: Axes, settled: Settled) -> None:
    picture, state, judged = settled.picture, settled.state, settled.shown
    draw_picture(axes, picture.image)
    true = [picture.truth == m + 1 for m in range(len(settled.true_areas))]
    if state["truth"]:
        for mask in true:
            _outline(axes, mask, INK, 0.8, "solid")
    if state["outlines"] != "none":
        for mask, fate in zip(true, judged.fates, strict=True):
            if fate == "missed":
                _outline(axes, mask, *KINDS["missed"])
                _sign(axes, mask, "–", SHAPE_EDGE)
        for row, mask in enumerate(_masks(settled)):
            kind = judged.kind(row)
            _outline(axes, mask, *KINDS[kind])
            if kind != "found":
                _sign(axes, mask, "+" if kind == "false" else str(judged.covers[row]), KINDS[kind][0])
    height, width = picture.size
    axes.set(xlim=(0, width), ylim=(height, 0))


def _masks(settled: Settled) -> list[BoolArray]:
    """Return the masks whose outlines are shown."""
    picture = settled.picture
    if settled.state["outlines"] == "baseline":
        return [picture.baseline == label for label in settled.regions]
    return list(picture.found.chosen(settled.rows).masks(settled.percent[1]))


def _outline(axes: Axes, mask: BoolArray, color: str, width: float, style: Any) -> None:  # noqa: ANN401
    for contour in find_contours(np.pad(mask, 1).astype(float), 0.5):
        axes.plot(contour[:, 1] - 0.5, contour[:, 0] - 0.5, color=color, lw=width, ls=style, path_effects=RIM)


def _sign(axes: Axes, mask: BoolArray, text: str, color: str) -> None:
    middle = np.argwhere(mask).mean(axis=0) + 0.5
    plate = {"boxstyle": "circle,pad=0.15", "facecolor": PAPER, "edgecolor": color}
    axes.text(middle[1], middle[0], text, size=8, weight="bold", ha="center", va="center", bbox=plate, clip_on=True)


def _draw_curve(axes: Axes, settled: Settled, method: str) -> None:
    other, now = settled.baseline_off[0], settled.off[0]
    percent = np.arange(FIRST, LAST + 1)
    high = min(max(1.3 * other, 3 * min(settled.curve), 20), max(*settled.curve, other) * 1.05 + 1)
    axes.axhline(other, color=TIGHT, linestyle="dashed", linewidth=1.6)
    axes.plot(percent, np.minimum(settled.curve, high), color=SHAPE_EDGE)
    axes.axvline(settled.percent[0], color=MUTED, linewidth=1)
    axes.plot(settled.percent[0], min(now, high), "o", color=SHAPE_EDGE)
    axes.set(xlim=(FIRST, LAST), ylim=(0, high))
    axes.set_title(f"count off by, % (dashed: {method})", size=11)
    axes.set_xlabel("scores from, %", size=10, labelpad=1)
    axes.tick_params(labelsize=10)


def _draw_areas(axes: Axes, settled: Settled) -> None:
    ours, true = settled.histogram(settled.shown.areas), settled.histogram(settled.true_areas)
    left = np.arange(BINS) * settled.bin
    axes.bar(left, ours, width=0.85 * settled.bin, align="edge", color=SHAPE)
    axes.stairs(_whole(true), np.append(left, BINS * settled.bin), color=INK, linewidth=1.4)
    axes.set_title("areas (line: in truth)", size=11)
    axes.set_xlabel("pixels", size=10, labelpad=1)
    axes.set_xlim(0, BINS * settled.bin)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(labelsize=10)


def _whole(values: list[int]) -> IntArray:
    return np.array(values, np.int64)
