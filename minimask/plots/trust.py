"""The pictures of failing and knowing: reliability, damage by severity, attacks, and figures with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from minimask.plots.machine import Seen, draw_seen
from minimask.plots.shapes import draw_picture
from minimask.plots.show import figure, styled
from minimask.plots.stages import DASHED, DOTTED
from minimask.plots.style import BEST, HIGHLIGHT, INK, MUTED, SHAPE, SHAPE_EDGE, TIGHT

Ends = tuple[float, float, float]
"""A figure, and the ends of its interval."""
SERIES = ((SHAPE_EDGE, "o"), (TIGHT, "D"), (BEST, "s"), (HIGHLIGHT, "^"))
"""Color and sign of what is compared, in this order."""
CURVES = ((TIGHT, "solid", "o"), (HIGHLIGHT, DASHED, "s"), (SHAPE_EDGE, "dashdot", "D"), (MUTED, DOTTED, "^"))


@styled
def reliability(panels: Mapping[str, Sequence[tuple[int, float, float]]], what: str = "score") -> Figure:
    """Draw bins of scores `(size, mean score, share that is right)`, a panel each, beside the diagonal.

    Signs grow with the bin; the line from each to the diagonal is its gap.
    """
    fig, all_axes = figure(len(panels), width=2.75 * len(panels) + 0.5, height=3.1)
    for number, (axes, (title, bins)) in enumerate(zip(all_axes, panels.items(), strict=True)):
        total = sum(size for size, _, _ in bins)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.4, linestyle=DASHED)
        for size, score, share in bins:
            axes.plot([score, score], [score, share], color=TIGHT, linewidth=2.2)
            axes.scatter(
                [score], [share], s=18 + 260 * size / total, color=SHAPE_EDGE, zorder=3, clip_on=False, linewidth=0
            )
        axes.set(xlim=(0, 1), ylim=(0, 1.02), aspect="equal", xlabel=what, xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
        axes.set_title(title, size=11.5)
        axes.grid()
        if number == 0:
            axes.set_ylabel("share that is right")
    return fig


@styled
def severities(panels: Mapping[str, Mapping[str, ArrayLike]], columns: int = 4) -> Figure:
    """Plot curves from 0 to 1 against the severity of a damage, a panel for each way."""
    rows = -(-len(panels) // columns)
    fig, all_axes = figure(columns, rows, width=9.4, height=0.6 + 1.95 * rows)
    for number, (axes, (title, curves)) in enumerate(zip(all_axes, panels.items(), strict=False)):
        for (name, values), (color, dashes, sign) in zip(curves.items(), CURVES, strict=False):
            given = np.asarray(values, dtype=float)
            axes.plot(range(len(given)), given, color=color, linestyle=dashes, marker=sign, markersize=5, label=name)
        axes.set(ylim=(0, 1.03), xticks=range(6), yticks=[0, 0.5, 1])
        axes.set_title(title, size=11.5)
        axes.grid(axis="y")
        if number >= len(panels) - columns:
            axes.set_xlabel("severity")
    for axes in all_axes[len(panels) :]:
        axes.set_visible(False)
    handles, labels = all_axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=4, fontsize=11)
    return fig


@styled
def ladder(levels: Sequence[float], curves: Mapping[str, Sequence[Ends]], what: str) -> Figure:
    """Plot a share with its interval against the strength of an attack in levels of a byte, a curve each."""
    fig, (axes,) = figure(width=7.4, height=3.3)
    for number, ((name, ends), (color, dashes, sign)) in enumerate(zip(curves.items(), CURVES, strict=False)):
        value, low, high = np.array(ends).T
        places = np.asarray(levels) + 0.16 * (number - (len(curves) - 1) / 2)
        axes.plot(places, value, color=color, linestyle=dashes, marker=sign, markersize=7, label=name, clip_on=False)
        axes.vlines(places, low, high, color=color, linewidth=1.6, alpha=0.65)
    axes.set(ylim=(0, 1), xlabel="strength, in levels of 255", ylabel=what, xticks=levels)
    axes.grid(axis="y")
    axes.legend(fontsize=11, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


@styled
def dots(rows: Mapping[str, Mapping[str, Ends]], what: str, *, half: bool = False, left: float = 0.0) -> Figure:
    """Draw figures with their intervals, a row for each name and a sign for each series.

    With `half`, a line stands at one half, where a guess would be; `left` is where the axis begins.
    """
    fig, (axes,) = figure(width=8.8, height=1.1 + 0.44 * len(rows))
    if half:
        axes.axvline(0.5, color=INK, linewidth=1.3, linestyle=DASHED)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    for place, row in enumerate(rows.values()):
        for name, (value, low, high) in row.items():
            number = names.index(name)
            color, sign = SERIES[number % len(SERIES)]
            y = place + 0.17 * (number - (len(names) - 1) / 2)
            axes.plot([low, high], [y, y], color=color, linewidth=2, alpha=0.6)
            axes.plot([value], [y], sign, color=color, markersize=7, clip_on=False, label=name if place == 0 else None)
    axes.set(xlim=(left, 1), ylim=(len(rows) - 0.5, -0.5), xlabel=what, yticks=range(len(rows)), yticklabels=list(rows))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(axis="x")
    for name in names:  # what is missing in the first row is named all the same
        if name not in next(iter(rows.values())):
            color, sign = SERIES[names.index(name) % len(SERIES)]
            axes.plot([], [], sign, color=color, markersize=7, label=name)
    if len(names) > 1:
        axes.legend(fontsize=11, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


@styled
def attacked(rows: Sequence[Sequence[tuple[ArrayLike, Seen]]], magnified: int = 10) -> Figure:
    """Draw pictures before and after an attack, with what is found, a row each; between them the change, magnified."""
    fig, all_axes = figure(3, len(rows), width=6.9, height=2.2 * len(rows) + 0.3)
    for number, ((before, found), (after, found_after)) in enumerate(rows):
        left, middle, right = all_axes[3 * number : 3 * number + 3]
        draw_seen(left, before, found, size=8.5)
        change = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
        draw_picture(middle, np.clip(128 + magnified * change, 0, 255).astype(np.uint8))
        draw_seen(right, after, found_after, size=8.5)
        if number == 0:
            for axes, title in zip(
                (left, middle, right), ("before", f"the change, x {magnified}", "after"), strict=True
            ):
                axes.set_title(title)
    return fig


@styled
def guests(rows: Mapping[str, Sequence[tuple[ArrayLike, Seen]]], titles: Sequence[str] = ()) -> Figure:
    """Draw what is found in pictures, a row for each kind; `titles`, if there are some, stand above the pictures."""
    columns = max(len(row) for row in rows.values())
    fig, all_axes = figure(columns, len(rows), width=1.5 * columns + 0.4, height=1.5 * len(rows) + 0.2 * bool(titles))
    for number, axes in enumerate(all_axes):
        row, column = divmod(number, columns)
        kind, pictures = list(rows.items())[row]
        draw_seen(axes, *pictures[column], size=7.5)
        if column == 0:
            axes.set_ylabel(kind, weight="bold", size=11)
        if titles:
            axes.set_title(titles[number], size=11)
    return fig


@styled
def gradient_maps(picture: ArrayLike, truth: ArrayLike, maps: Mapping[str, ArrayLike]) -> Figure:
    """Draw where in a picture a gradient is strong: a panel for each path in its own scale, the object outlined."""
    fig, (first, *others) = figure(1 + len(maps), width=2.3 * (1 + len(maps)), height=2.7)
    height, width = np.shape(picture)[:2]
    draw_seen(first, picture, Seen(np.asarray(truth)[None], [1]))
    first.set_title("the victim", size=11.5)
    for axes, (title, values) in zip(others, maps.items(), strict=True):
        given = np.asarray(values, dtype=float)
        strong = np.sqrt(given / max(given.max(), 1e-12))  # so that the eye sees the weak ones, too
        axes.imshow(strong, cmap="magma", vmin=0, vmax=1, extent=(0, width, height, 0))
        axes.contour(
            np.arange(width) + 0.5, np.arange(height) + 0.5, np.asarray(truth), [0.5], colors=SHAPE, linewidths=1.3
        )
        axes.set_title(title, size=11.5)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return fig
