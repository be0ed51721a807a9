"""The attack's still picture, for hosts that show no widgets."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from skimage.measure import find_contours

from minimask.data.crops import PERCENT
from minimask.geometry.checks import BoolArray
from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, MUTED, PAPER, TIGHT, YOURS
from minimask.widgets.attack_strength_measures import MIDDLE, Settled
from minimask.widgets.decimals import fixed

RIM = [withStroke(linewidth=3, foreground=PAPER)]


@styled
def still_picture(settled: Settled, words: str) -> Figure:
    """Draw a state of the widget: the picture and what is found, the change magnified, the curves, and the words."""
    fig, (stage, change, curve) = figure(3, width=9.4, height=4.5)
    fig.set_layout_engine("none")
    for axes, left in ((stage, 0.008), (change, 0.345)):
        axes.set_position((left, 0.265, 0.325, 0.675))
    curve.set_position((0.735, 0.34, 0.255, 0.58))
    draw_picture(stage, settled.picture.seen(settled.state["attack"], settled.state["step"]))
    _draw_found(stage, settled)
    _draw_change(change, settled)
    _draw_curve(curve, settled)
    fig.text(0.012, 0.225, "\n".join(textwrap.wrap(words, 128)), va="top", size=10)
    return fig


def _draw_found(axes: Axes, settled: Settled) -> None:
    picture, (boxes, labels, scores, masks) = settled.picture, settled.sighting
    axes.set_title(f"as the model sees it, strength {settled.strength}", size=11)
    target = picture.masks.chosen(np.array([picture.target])).masks(1)[0]
    if settled.state["found"]:
        shown = masks.chosen(settled.shown).masks(PERCENT)
        for row, mask, right in zip(settled.shown, shown, settled.right, strict=True):
            color = BEST if right else TIGHT
            _outline(axes, mask, color, "solid" if right else (0, (3, 1.5)))
            text = f"{picture.names[labels[row] - 1]} {fixed(100 * scores[row] / 1e4, 0)}%"
            plate = {"boxstyle": "round,pad=0.2", "facecolor": PAPER, "edgecolor": color}
            axes.text(boxes[row, 0] + 2, max(boxes[row, 1], 4), text, size=7.5, va="center", bbox=plate, clip_on=True)
    _outline(axes, target, YOURS, (0, (1, 1)))


def _outline(axes: Axes, mask: BoolArray, color: str, style: object) -> None:
    for contour in find_contours(np.pad(mask, 1).astype(float), 0.5):
        axes.plot(contour[:, 1] - 0.5, contour[:, 0] - 0.5, color=color, lw=1.8, ls=style, path_effects=RIM)


def _draw_change(axes: Axes, settled: Settled) -> None:
    picture, state = settled.picture, settled.state
    factor = MIDDLE // picture.strengths[-1]
    moved = picture.seen(state["attack"], state["step"]).astype(np.int64) - picture.image
    draw_picture(axes, (MIDDLE + factor * moved).clip(0, 255).astype(np.uint8))
    axes.set_title(f"the change, {factor} times as large", size=11)


def _draw_curve(axes: Axes, settled: Settled) -> None:
    picture, state = settled.picture, settled.state
    steps = range(len(picture.strengths))
    for k, row in enumerate(settled.outcomes):
        chosen = k == state["attack"]
        scores = [one.score for one in row]
        color, width, style = (TIGHT, 2.4, "solid") if chosen else (MUTED, 1.3, (0, (1, 1)) if k % 2 else "solid")
        axes.plot(steps, scores, color=color, lw=width, ls=style, label=picture.attacks[k])
        if chosen:
            axes.plot(state["step"], scores[state["step"]], "o", color=TIGHT)
            axes.plot(steps, [one.iou for one in row], color=BEST, ls=(0, (3, 1.5)), lw=1.6, label="its mask IoU")
    axes.set(ylim=(-0.03, 1.05), xticks=list(steps))
    axes.set_xticklabels([str(strength) for strength in picture.strengths])
    axes.set_title("score", size=11)
    axes.set_xlabel("strength, levels of 255", size=10, labelpad=1)
    axes.tick_params(labelsize=9)
    axes.legend(fontsize=9, loc="best")
