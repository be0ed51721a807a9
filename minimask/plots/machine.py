"""The pictures of chapter 5 that show the whole machine: how its parts are joined, what they cost, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from minimask.plots.shapes import beneath, draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS

CLASS_COLORS = (SHAPE_EDGE, HIGHLIGHT, BEST, TIGHT, YOURS, SHAPE)
"""Of the labels 1, 2, ...; a class is also named wherever it matters."""
WIDE, TALL = 1.5, 0.95
"""Of a part in the diagram, in its own units."""
SHRUNK = 0.86
"""Inches per unit of the diagram."""
KINDS = {"maps": SHAPE_EDGE, "boxes": MUTED, "heads": TIGHT}
"""What a part of the machine deals with: all cells of the picture, boxes without any weights, or one RoI at a time."""


class Part(NamedTuple):
    """A part of the machine."""

    name: str
    kind: str
    """One of `KINDS`."""
    out: str
    """What comes out of it, in a few signs."""


class Seen(NamedTuple):
    """What is seen in a picture: the truth, or what was found."""

    masks: ArrayLike
    """Boolean (D, H, W)."""
    labels: ArrayLike
    """(D,): from 1."""
    names: Sequence[str] = ()
    """What is written beside each; by default nothing."""


def draw_seen(axes: Axes, picture: ArrayLike, seen: Seen, *, size: float = 9) -> None:
    """Show a picture with masks in the colors of their classes, outlined, and with their names."""
    draw_picture(axes, picture)
    height, width = np.shape(picture)[:2]
    ground = {"boxstyle": "round,pad=0.15", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.85}
    names = list(seen.names) or [""] * len(np.asarray(seen.labels))
    for mask, label, name in zip(np.asarray(seen.masks, dtype=bool), np.asarray(seen.labels), names, strict=True):
        if not mask.any():
            continue
        color = CLASS_COLORS[(int(label) - 1) % len(CLASS_COLORS)]
        layer = np.zeros((height, width, 4))
        layer[mask] = to_rgba(color, 0.45)
        axes.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")
        draw_outline(axes, mask, PAPER, 2.6)
        draw_outline(axes, mask, color, 1.5)
        if name:
            rows, columns = np.nonzero(mask)
            x, y = np.clip(columns.mean() + 0.5, 0.12 * width, 0.88 * width), rows.min()
            axes.text(x, max(y, 0.07 * height), name, size=size, ha="center", va="bottom", color=INK, bbox=ground)


def draw_outline(axes: Axes, mask: ArrayLike, color: str, linewidth: float, linestyle: str = "solid") -> None:
    """Draw the border of a mask `(H, W)` of pixels."""
    padded = np.pad(np.asarray(mask, dtype=float), 1)
    centers = [np.arange(-0.5, side - 1) for side in padded.shape]
    axes.contour(centers[1], centers[0], padded, [0.5], colors=color, linewidths=linewidth, linestyles=linestyle)


@styled
def diagram(picture: ArrayLike, result: Seen, rows: Sequence[Sequence[Part]]) -> Figure:
    """Draw the parts in two rows, from a picture on the upper left to what was found in it on the lower right."""
    fig, (axes,) = figure(width=11.4 * SHRUNK, height=4.3 * SHRUNK)
    axes.set(xlim=(0, 11.4), ylim=(4.3, 0))
    axes.set_axis_off()
    upper, lower = 0.9, 3.1
    columns = np.linspace(2.65, 10.55, len(rows[0])), np.linspace(0.8, 8.65, len(rows[1]))
    for parts, xs, y in zip(rows, columns, (upper, lower), strict=True):
        for x, part in zip(xs.tolist(), parts, strict=True):
            _draw_part(axes, part, x, y)
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.8, "mutation_scale": 15}
    for places, y in zip(([0.75, *columns[0]], [*columns[1], 10.6]), (upper, lower), strict=True):
        for x, to in pairwise(places):
            axes.annotate("", (to - WIDE / 2, y), (x + WIDE / 2, y), arrowprops=arrow)
    x, to, half = columns[0][-1], columns[1][0], 2.05
    axes.plot([x, x, to], [upper + TALL / 2 + 0.32, half, half], color=INK, linewidth=1.8, solid_joinstyle="miter")
    axes.annotate("", (to, lower - TALL / 2), (to, half), arrowprops={**arrow, "shrinkA": 0})
    for (left, top), seen, title in (((0.0, 0.15), None, "picture"), ((9.85, 2.35), result, "masks")):
        inset = axes.inset_axes((left, top, 1.5, 1.5), transform=axes.transData)
        draw_seen(inset, picture, seen or Seen(np.zeros((0, 1, 1), bool), []))
        beneath(inset, title, size=10)
    return fig


def _draw_part(axes: Axes, part: Part, x: float, y: float) -> None:
    color, corner = KINDS[part.kind], (x - WIDE / 2, y - TALL / 2)
    style = {"boxstyle": "round,pad=0,rounding_size=0.12", "facecolor": to_rgba(color, 0.16), "edgecolor": color}
    axes.add_patch(FancyBboxPatch(corner, WIDE, TALL, linewidth=2.2, **style))  # type: ignore[arg-type]
    axes.text(x, y, part.name, ha="center", va="center", size=11.5, weight="bold")
    axes.text(x, y + TALL / 2 + 0.08, part.out, ha="center", va="top", size=9.8)


@styled
def shares(groups: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw of what share of each group its parts are: one bar for each group, cut into its parts."""
    fig, (axes,) = figure(width=9.6, height=1.0 + 0.95 * len(groups))
    colors = (SHAPE_EDGE, SHAPE, BEST, TIGHT, HIGHLIGHT)
    for row, parts in enumerate(groups.values()):
        total, start = sum(parts.values()), 0.0
        for number, value in enumerate(parts.values()):
            share, color = value / total, colors[number % len(colors)]
            axes.barh(row, share, left=start, color=to_rgba(color, 0.85), edgecolor=PAPER, linewidth=2, height=0.6)
            if share > 0.045:
                dark = color in (SHAPE_EDGE, BEST, TIGHT)
                words, ink = f"{share:.0%}", PAPER if dark else INK
                axes.text(start + share / 2, row, words, ha="center", va="center", weight="bold", color=ink)
            start += share
    for number, name in enumerate(next(iter(groups.values()))):
        axes.barh(0, 0, color=to_rgba(colors[number % len(colors)], 0.85), label=name)
    axes.set(xlim=(0, 1), ylim=(len(groups) - 0.5, -0.5), yticks=range(len(groups)), yticklabels=list(groups))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    fig.legend(loc="outside upper left", ncols=5, fontsize=11, handlelength=1.2)
    return fig


@styled
def strip(pictures: Sequence[ArrayLike], moments: Mapping[str, Sequence[Seen]], truth: Sequence[Seen]) -> Figure:
    """Draw pictures in rows and moments of training in columns, with what is found then; the truth comes last."""
    columns = {**moments, "the truth": truth}
    fig, all_axes = figure(len(columns), len(pictures), width=2.1 * len(columns), height=2.1 * len(pictures) + 0.35)
    for number, axes in enumerate(all_axes):
        row, column = divmod(number, len(columns))
        title, seen = list(columns.items())[column]
        draw_seen(axes, pictures[row], seen[row], size=8.5)
        if row == 0:
            axes.set_title(title)
    return fig


@styled
def gallery(pictures: Sequence[ArrayLike], rows: Mapping[str, Sequence[Seen]]) -> Figure:
    """Draw pictures side by side, once for each row: what was found in them, or the truth."""
    fig, all_axes = figure(len(pictures), len(rows), width=2.1 * len(pictures) + 0.3, height=2.1 * len(rows))
    for number, axes in enumerate(all_axes):
        row, column = divmod(number, len(pictures))
        title, seen = list(rows.items())[row]
        draw_seen(axes, pictures[column], seen[column], size=8.5)
        if column == 0:
            axes.set_ylabel(title, weight="bold", size=13)
    return fig
