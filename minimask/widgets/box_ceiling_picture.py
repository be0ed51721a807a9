"""The box ceiling's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.geometry.checks import FloatArray
from minimask.plots.shapes import draw_box, draw_polygon, frame
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS
from minimask.widgets.box_ceiling_measures import Measures, Pose, measure


@styled
def still_picture(pose: Pose, state: Mapping[str, Any], words: str) -> Figure:
    """Draw a state of the widget: the silhouette with its boxes, their IoUs as bars, and the words."""
    box = np.array(state["box"])
    measures = measure(pose, box)
    fig, (stage, bars) = figure(2, width=8.4, height=4.6)
    fig.set_layout_engine("none")
    stage.set_position((0.01, 0.2, 0.5, 0.79))
    bars.set_position((0.67, 0.5, 0.23, 0.26))
    _draw_stage(stage, pose, state, box, measures)
    _draw_bars(bars, {"your box": measures.iou, "tight box": pose.tight, "best box": pose.best})
    fig.text(0.02, 0.16, "\n".join(textwrap.wrap(words, 96)), va="top", size=11)
    return fig


def _draw_stage(axes: Axes, pose: Pose, state: Mapping[str, Any], box: FloatArray, measures: Measures) -> None:
    draw_polygon(axes, pose.rings)
    (silhouette,) = axes.patches
    silhouette.set(alpha=0.5, edgecolor="none")
    (x1, y1, x2, y2), (left, top, right, bottom) = box, pose.tight_box
    ground = axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, facecolor=YOURS, alpha=0.22, zorder=0))
    draw_polygon(axes, pose.rings, SHAPE)
    axes.patches[-1].set_clip_path(ground)
    draw_polygon(axes, pose.rings, "none", SHAPE_EDGE)
    for kind, other in (("tight", pose.tight_box), ("best", pose.best_box)):
        if state[f"show_{kind}"]:
            draw_box(axes, other, kind)
    draw_box(axes, box, "yours")
    for k, side in enumerate(measures.sides if state["show_sides"] else []):
        for piece in side.pieces:
            along = ([box[k], box[k]], piece)
            axes.plot(*(along if k % 2 == 0 else along[::-1]), color=YOURS, linewidth=6, solid_capstyle="butt")
    frame(axes, [min(x1, left), min(y1, top), max(x2, right), max(y2, bottom)])


def _draw_bars(axes: Axes, ious: Mapping[str, float]) -> None:
    bars = axes.barh(list(ious), list(ious.values()), color=[YOURS, TIGHT, BEST], edgecolor=PAPER, height=0.6)
    for bar, hatch, iou in zip(bars, ("..", "//", ""), ious.values(), strict=True):
        bar.set_hatch(hatch)
        axes.text(1.05, bar.get_y() + bar.get_height() / 2, f"{iou:.3f}", va="center", weight="bold")
    axes.set(xlim=(0, 1), xticks=[0, 0.5, 1], title="IoU")
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
