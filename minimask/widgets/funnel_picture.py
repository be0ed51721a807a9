"""The funnel's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from minimask.geometry.checks import FloatArray
from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE, TIGHT, YOURS
from minimask.widgets.funnel_measures import IOUS, STAGES, Look, Settled, cut, flops, share

RIM = [withStroke(linewidth=4, foreground=PAPER)]
"""Paper around a line, so that it stands out from any ground."""


@styled
def still_picture(
    image: NDArray[np.uint8], look: Look, state: Mapping[str, Any], settled: Settled, words: str
) -> Figure:
    """Draw a state of the widget: the picture with a stage's boxes, the funnel with what it finds, and the words."""
    fig, (stage, bars) = figure(2, width=9.4, height=5.2)
    fig.set_layout_engine("none")
    stage.set_position((0.01, 0.27, 0.395, 0.714))
    bars.set_position((0.53, 0.28, 0.46, 0.62))
    _draw_stage(stage, image, look, state, settled)
    _draw_funnel(bars, look, state, settled)
    fig.text(0.012, 0.22, "\n".join(textwrap.wrap(words, 128)), va="top", size=10)
    return fig


def _draw_stage(axes: Axes, image: NDArray[np.uint8], look: Look, state: Mapping[str, Any], settled: Settled) -> None:
    draw_picture(axes, image)
    shown = list(STAGES).index(state["stage"])
    boxes, reach = settled.funnel.stages()[state["stage"]].boxes, settled.reaches[shown]
    alpha = min(max(200 / max(len(boxes), 1), 0.1), 0.95)
    axes.add_collection(LineCollection(list(_outlines(boxes)), colors=HIGHLIGHT, linewidths=1, alpha=alpha))
    for victim in settled.victims if state["stage"] in ("nms", "top_n") else []:
        _draw(axes, victim.box, YOURS, 2, (0, (1, 1.5)))
        _draw(axes, victim.winner, YOURS, 1.5)
    for m, (true, iou, row) in enumerate(zip(look.objects, reach.iou_of_object, reach.box_of_object, strict=True)):
        lost = iou < IOUS[0]
        _draw(axes, true, *((TIGHT, 2.2, (0, (4, 2))) if lost else (INK, 1.2)))
        if not lost:
            _draw(axes, boxes[row], BEST, 1.6 if iou < IOUS[1] else 2.4)
        color = TIGHT if lost else BEST
        plate = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": color}
        axes.text(true[0] + 6, max(true[1], 3), f"{m + 1}: {cut(iou)}", size=9, ha="center", va="center", bbox=plate)
    axes.set(xlim=(0, look.size[1]), ylim=(look.size[0], 0))


def _outlines(boxes: FloatArray) -> FloatArray:
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3, 0, 1]].reshape(-1, 5, 2)


def _draw(axes: Axes, box: FloatArray, color: str, width: float, style: Any = "solid") -> None:  # noqa: ANN401
    axes.plot(*_outlines(box[None])[0].T, color=color, linewidth=width, linestyle=style, path_effects=RIM)


def _draw_funnel(axes: Axes, look: Look, state: Mapping[str, Any], settled: Settled) -> None:
    counts = settled.counts
    lengths = np.log1p(counts) / np.log1p(counts[0])
    rows = np.arange(len(counts))
    axes.barh(rows, lengths, left=(1 - lengths) / 2, color=SHAPE, alpha=0.6, height=0.74)
    for row, (count, reach) in enumerate(zip(counts, settled.reaches, strict=True)):
        axes.text(0.5, row, f"{count:,}", ha="center", va="center", weight="bold")
        for m, iou in enumerate(reach.iou_of_object):
            _mark(axes, 1.13 + 0.125 * m, row - 0.16, str(m + 1), float(iou))
        axes.text(1.07, row + 0.31, f"{flops(count)} · {share(count, counts[0])}", size=8.5, va="center", color=MUTED)
    axes.set(xlim=(0, 1.08 + 0.125 * max(len(look.names), 5)), ylim=(len(counts) - 0.5, -0.5), xticks=[], yticks=rows)
    axes.set_yticklabels(STAGES.values())
    axes.get_yticklabels()[list(STAGES).index(state["stage"])].set_fontweight("bold")
    axes.set_title("boxes (log)", size=11, loc="center", x=0.5 / axes.get_xlim()[1])
    axes.text(1.07, -0.75, f"objects (full: IoU {IOUS[1]},\ndashed: lost) and cost", size=9, va="center", color=MUTED)
    axes.tick_params(length=0, labelcolor=INK, labelsize=11)
    axes.spines[:].set_visible(False)


def _mark(axes: Axes, x: float, y: float, name: str, iou: float) -> None:
    """Draw an object as a stage has it: a full circle, an empty one, or a dashed square."""
    lost, most = iou < IOUS[0], iou >= IOUS[1]
    edge = TIGHT if lost else BEST
    shape = {
        "boxstyle": "square,pad=0.2" if lost else "circle,pad=0.2",
        "facecolor": BEST if most else PAPER,
        "edgecolor": edge,
        "linestyle": "dashed" if lost else "solid",
    }
    axes.text(x, y, name, size=9, ha="center", va="center", color=PAPER if most else edge if lost else INK, bbox=shape)
