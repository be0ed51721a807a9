"""The X-ray's still picture, for hosts that show no widgets: all stages at once."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from minimask.geometry.checks import BoolArray, FloatArray
from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS
from minimask.widgets.decimals import fixed
from minimask.widgets.shades import RAMPS
from minimask.widgets.x_ray_measures import STAGES, Settled, probability

COLORS = (SHAPE_EDGE, HIGHLIGHT, BEST, TIGHT, YOURS, SHAPE)
"""Of the classes from label 1 on, again and again."""
LEVELS = (HIGHLIGHT, SHAPE_EDGE, BEST, TIGHT)
COLD = LinearSegmentedColormap.from_list("cold", RAMPS["cold"])
WARM = LinearSegmentedColormap.from_list("warm", [to_rgba(HIGHLIGHT, 0), to_rgba(HIGHLIGHT, 0.92)])
RIM = [withStroke(linewidth=3, foreground=PAPER)]


@styled
def still_picture(settled: Settled, words: str) -> Figure:
    """Draw a state of the widget: the picture in all ten stages, and the words."""
    fig, axes = figure(5, 2, width=9.4, height=5.1)
    fig.set_layout_engine("none")
    for k, (panel, (name, title)) in enumerate(zip(axes, STAGES.items(), strict=True)):
        row, column = divmod(k, 5)
        panel.set_position((0.006 + 0.1995 * column, 0.57 - 0.415 * row, 0.19, 0.35))
        draw_picture(panel, settled.picture.image)
        _DRAW[name](panel, settled)
        height, width = settled.picture.size
        panel.set(xlim=(0, width), ylim=(height, 0))
        bold = "bold" if name == settled.state["stage"] else "normal"
        panel.set_title(f"{k + 1}  {title}", size=11.5, weight=bold, pad=4)
    fig.text(0.008, 0.125, "\n".join(textwrap.wrap(words, 128)), va="top", size=10)
    return fig


def _outlines(boxes: FloatArray) -> FloatArray:
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3, 0, 1]].reshape(-1, 5, 2)


def _fade(axes: Axes, settled: Settled, share: float) -> None:
    height, width = settled.picture.size
    axes.imshow(np.full((1, 1, 4), (*to_rgba(PAPER)[:3], share)), extent=(0, width, height, 0))


def _box(axes: Axes, box: FloatArray, color: str, width: float = 1.8, style: Any = "solid") -> None:  # noqa: ANN401
    axes.plot(*_outlines(box[None])[0].T, color=color, linewidth=width, linestyle=style, path_effects=RIM)


def _heap(axes: Axes, boxes: FloatArray, color: str, alpha: float = 0.7) -> None:
    axes.add_collection(LineCollection(list(_outlines(boxes)), colors=color, linewidths=0.8, alpha=alpha))


def _chosen(axes: Axes, settled: Settled) -> None:
    _box(axes, settled.picture.candidates[settled.roi], YOURS, 2.2, (0, (1, 1)))


def _truth(axes: Axes, settled: Settled) -> None:
    for box in settled.picture.objects:
        _box(axes, box, INK, 1.1)


def _cells(axes: Axes, values: FloatArray, stride: int, colors: LinearSegmentedColormap) -> None:
    height, width = values.shape
    low, high = (0.0, 1.0) if colors is WARM else (float(values.min()), float(values.max()))
    extent = (0, width * stride, height * stride, 0)
    axes.imshow(values, cmap=colors, vmin=low, vmax=high, extent=extent, interpolation="nearest")


def _mask(axes: Axes, mask: BoolArray | None, color: str) -> None:
    if mask is None:
        return
    height, width = mask.shape
    layer = np.zeros((height, width, 4))
    layer[mask] = to_rgba(color, 0.6)
    axes.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")


def _plate(axes: Axes, box: FloatArray, text: str, color: str) -> None:
    plate = {"boxstyle": "round,pad=0.2", "facecolor": PAPER, "edgecolor": color}
    axes.text(box[0] + 4, max(box[1], 5), text, size=7.5, va="center", bbox=plate, clip_on=True)


def _picture(axes: Axes, settled: Settled) -> None:
    _truth(axes, settled)
    _chosen(axes, settled)


def _features(axes: Axes, settled: Settled) -> None:
    level = settled.state["level"]
    _cells(axes, settled.picture.maps[level][settled.state["map"]], settled.picture.strides[level], COLD)
    _picture(axes, settled)


def _objectness(axes: Axes, settled: Settled) -> None:
    level = settled.state["level"]
    _fade(axes, settled, 0.45)
    _cells(axes, probability(settled.picture.objectness[level]), settled.picture.strides[level], WARM)
    _box(axes, settled.picture.anchors[settled.roi], SHAPE_EDGE, 1.8, (0, (3, 1.5)))
    _chosen(axes, settled)


def _proposals(axes: Axes, settled: Settled) -> None:
    _fade(axes, settled, 0.2)
    _heap(axes, settled.picture.candidates[settled.proposals], HIGHLIGHT)
    _picture(axes, settled)


def _levels(axes: Axes, settled: Settled) -> None:
    _fade(axes, settled, 0.35)
    for level in range(len(settled.picture.strides)):
        rows = settled.proposals[settled.levels[settled.proposals] == level]
        _heap(axes, settled.picture.candidates[rows], LEVELS[level % len(LEVELS)])
    _chosen(axes, settled)


def _rois(axes: Axes, settled: Settled) -> None:
    level = int(settled.levels[settled.roi])
    _cells(axes, settled.picture.maps[level][settled.state["map"]], settled.picture.strides[level], COLD)
    box = settled.picture.candidates[settled.roi]
    _box(axes, box + np.array(settled.pooled().shifts), TIGHT, 1.8, (0, (3, 1.5)))
    ends = np.linspace(box[:2], box[2:], settled.picture.machine.bins + 1)
    axes.vlines(ends[:, 0], box[1], box[3], BEST, linewidth=0.8)
    axes.hlines(ends[:, 1], box[0], box[2], BEST, linewidth=0.8)
    _chosen(axes, settled)


def _classes(axes: Axes, settled: Settled) -> None:
    picture = settled.picture
    _fade(axes, settled, 0.25)
    best = picture.class_odds[settled.proposals].argmax(axis=1)
    for label in range(len(picture.names)):
        rows = settled.proposals[best == label]
        color, alpha = (COLORS[(label - 1) % len(COLORS)], 1.0) if label else (MUTED, 0.3)
        _heap(axes, picture.candidates[rows], color, alpha)
    _chosen(axes, settled)
    odds = picture.class_odds[settled.roi]
    sure = fixed(100 * float(probability(odds.max())), 0)
    _plate(axes, picture.candidates[settled.roi], f"{picture.names[int(odds.argmax())]} {sure}%", YOURS)


def _boxes(axes: Axes, settled: Settled) -> None:
    picture = settled.picture
    _fade(axes, settled, 0.25)
    said = settled.proposals[picture.class_odds[settled.proposals].argmax(axis=1) > 0]
    _heap(axes, picture.answers.boxes[settled.likeliest[said]], BEST)
    _picture(axes, settled)
    _box(axes, picture.answers.boxes[settled.answer], BEST, 2.2)


def _masks(axes: Axes, settled: Settled) -> None:
    _fade(axes, settled, 0.35)
    _mask(axes, settled.mask(settled.answer), HIGHLIGHT)
    _box(axes, settled.picture.answers.boxes[settled.answer], BEST)
    _chosen(axes, settled)


def _detections(axes: Axes, settled: Settled) -> None:
    picture, answers = settled.picture, settled.picture.answers
    _fade(axes, settled, 0.2)
    for answer in settled.detections:
        _mask(axes, settled.mask(int(answer)), COLORS[(answers.labels[answer] - 1) % len(COLORS)])
    for answer, verdict in zip(settled.detections, settled.verdicts, strict=True):
        good = verdict.right or not len(picture.objects)
        _box(axes, answers.boxes[answer], *((BEST,) if good else (TIGHT, 1.8, (0, (3, 1.5)))))
        text = f"{picture.names[answers.labels[answer]]} {fixed(100 * settled.score(int(answer)), 0)}%"
        _plate(axes, answers.boxes[answer], text, BEST if good else TIGHT)


_DRAW = {
    "picture": _picture,
    "features": _features,
    "objectness": _objectness,
    "proposals": _proposals,
    "levels": _levels,
    "rois": _rois,
    "classes": _classes,
    "boxes": _boxes,
    "masks": _masks,
    "detections": _detections,
}
