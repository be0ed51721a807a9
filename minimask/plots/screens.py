"""The pictures of chapter 6 about screenshots: what is on a page, what was found, and where a click goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from minimask.plots.machine import draw_outline
from minimask.plots.shapes import beneath, draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, PAPER, SHAPE_EDGE, TIGHT, YOURS

ROLES = {
    "button": (SHAPE_EDGE, "B"),
    "field": (BEST, "F"),
    "checkbox": (TIGHT, "C"),
    "radio": (YOURS, "R"),
    "image": (HIGHLIGHT, "I"),
    "text": (MUTED, "T"),
    "panel": (INK, "P"),
}
"""The color of each role, and the letter that says it without color."""
MARKS = {0: ("o", SHAPE_EDGE), 1: ("s", TIGHT), 2: ("D", BEST)}
"""Of the first, second and third of what is compared."""


class OnScreen(NamedTuple):
    """What is on a screenshot, or was found on it."""

    roles: Sequence[str]
    """Each one of `ROLES`."""
    masks: ArrayLike
    """Boolean (N, H, W)."""


class Shot(NamedTuple):
    """A place that was clicked."""

    x: float
    y: float
    hit: bool


def draw_on_screen(axes: Axes, image: ArrayLike, seen: OnScreen, *, letters: bool = True) -> None:
    """Show a screenshot with masks in the colors of their roles, panels as outlines only, and each with its letter."""
    draw_picture(axes, image)
    height, width = np.shape(image)[:2]
    for role, mask in zip(seen.roles, np.asarray(seen.masks, dtype=bool), strict=True):
        if not mask.any():
            continue
        color, letter = ROLES[role]
        layer = np.zeros((height, width, 4))
        layer[mask] = to_rgba(color, 0.0 if role == "panel" else 0.3)
        axes.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")
        draw_outline(axes, mask, color, 1.2, "dashed" if role == "panel" else "solid")
        if letters:
            rows, columns = np.nonzero(mask)
            tag = {"boxstyle": "square,pad=0.12", "facecolor": color, "edgecolor": "none"}
            x, y = float(columns.min()), float(rows.min())
            axes.text(x, y, letter, size=5, color=PAPER, weight="bold", ha="left", va="top", bbox=tag)


@styled
def pages(images: Sequence[ArrayLike], rows: Mapping[str, Sequence[OnScreen | None]], titles: Sequence[str]) -> Figure:
    """Draw screenshots beside each other, and row by row what is on them; None shows the screenshot alone."""
    count = len(images)
    fig, axes = figure(count, len(rows), width=9, height=len(rows) * 6.9 / count)
    for number, (name, seen) in enumerate(rows.items()):
        for column, (image, one) in enumerate(zip(images, seen, strict=True)):
            place = axes[number * count + column]
            draw_on_screen(place, image, one or OnScreen((), np.zeros((0, *np.shape(image)[:2]), bool)))
            if not number:
                place.set_title(titles[column], size=10)
            if not column:
                place.set_ylabel(name, size=10, color=INK)
    return fig


@styled
def flat_and_parts(image: ArrayLike, flat: ArrayLike, part: ArrayLike, crop: tuple[int, int, int, int]) -> Figure:
    """Draw a screenshot, the same page in flat colors, and one element's visible pixels within a crop `x1 y1 x2 y2`."""
    fig, axes = figure(3, width=9, height=2.5)
    titles = ("as it is", "painted flat, to be read", "one control: what is seen of it")
    for place, picture, title in zip(axes, (image, flat, image), titles, strict=True):
        draw_picture(place, picture)
        place.set_title(title, size=10)
    layer = np.zeros((*np.shape(part), 4))
    layer[np.asarray(part, dtype=bool)] = to_rgba(SHAPE_EDGE, 0.5)
    height, width = np.shape(part)
    axes[2].imshow(layer, extent=(0, width, height, 0), interpolation="nearest")
    draw_outline(axes[2], part, SHAPE_EDGE, 1.6)
    x1, y1, x2, y2 = crop
    axes[2].set(xlim=(x1, x2), ylim=(y2, y1))
    return fig


@styled
def intervals(groups: Mapping[str, Mapping[str, tuple[float, float, float]]], label: str) -> Figure:
    """Draw values `(value, low, high)` with their intervals, a row for each name, a mark for each group."""
    names = list(dict.fromkeys(name for values in groups.values() for name in values))
    fig, (axes,) = figure(width=8, height=0.6 + 0.36 * len(names))
    for number, (group, values) in enumerate(groups.items()):
        mark, color = MARKS[number]
        for row, name in enumerate(names):
            if name in values:
                value, low, high = values[name]
                y = row + 0.24 * (number - (len(groups) - 1) / 2)
                axes.plot([low, high], [y, y], color=color, linewidth=2, solid_capstyle="butt")
                axes.plot(value, y, mark, color=color, markersize=7, label=group if not row else None)
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5), xlim=(0, 1.02), xlabel=label)
    axes.grid(axis="x")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig


@styled
def reading(image: ArrayLike, boxes: ArrayLike, roles: Sequence[str]) -> Figure:
    """Draw boxes on a screenshot, numbered in the order in which they are given, and the way from one to the next."""
    fig, (axes,) = figure(width=6, height=4.4)
    draw_picture(axes, np.asarray(image) // 2 + 127)
    known = np.asarray(boxes, dtype=float).reshape(-1, 4)
    middles = (known[:, :2] + known[:, 2:]) / 2
    axes.plot(*middles.T, color=GRID, linewidth=3, zorder=2)
    axes.plot(*middles.T, color=INK, linewidth=1, zorder=3)
    for number, ((x1, y1, x2, y2), role) in enumerate(zip(known.tolist(), roles, strict=True), start=1):
        color, _ = ROLES[role]
        axes.plot([x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], color=color, linewidth=1.2)
        tag = {"boxstyle": "circle,pad=0.15", "facecolor": color, "edgecolor": PAPER}
        axes.text((x1 + x2) / 2, (y1 + y2) / 2, str(number), size=7, color=PAPER, ha="center", va="center", bbox=tag)
    return fig


@styled
def clicks(
    image: ArrayLike, ways: Mapping[str, Sequence[Shot]], crop: tuple[int, int, int, int] | None = None
) -> Figure:
    """Draw where clicks went, a screenshot for each way of aiming: a ring for a hit, a cross for a miss."""
    fig, axes = figure(len(ways), width=4.3 * len(ways), height=3.5)
    for place, (name, shots) in zip(axes, ways.items(), strict=True):
        draw_picture(place, image)
        place.set_title(name, size=10)
        for shot in shots:
            mark, color = ("o", BEST) if shot.hit else ("X", TIGHT)
            place.plot(shot.x, shot.y, mark, color=PAPER, markersize=11, zorder=3)
            place.plot(shot.x, shot.y, mark, color=color, markersize=8, zorder=4)
        if crop:
            place.set(xlim=(crop[0], crop[2]), ylim=(crop[3], crop[1]))
        beneath(place, f"{sum(shot.hit for shot in shots)} of {len(shots)} hit", size=10)
    marks = [
        Line2D([], [], marker=mark, color=color, linestyle="none", markersize=8, label=name)
        for name, mark, color in (("hit", "o", BEST), ("missed", "X", TIGHT))
    ]
    fig.legend(handles=marks, loc="outside right upper", fontsize=9)
    return fig


def legend(roles: Sequence[str] = tuple(ROLES)) -> str:
    """Return in words which letter stands for which role.

    Examples
    --------
    >>> legend(("button", "field"))
    'B button, F field'
    """
    return ", ".join(f"{ROLES[role][1]} {role}" for role in roles)
