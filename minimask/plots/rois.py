"""The pictures of chapter 3 that show cells: where a RoI lies on a feature map, what it reads, where gradients land.

A map is drawn in cells: cell (row i, column j) is the square from (j, i) to (j + 1, i + 1), with its center dotted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray
from minimask.plots.shapes import beneath
from minimask.plots.show import figure, styled
from minimask.plots.style import BEST, GRID, HIGHLIGHT, INK, MUTED, PAPER, SHAPE, SHAPE_EDGE, TIGHT, YOURS

Window = tuple[int, int, int, int]  # first column, first row, and the column and the row after the last
BLUES: Colormap = LinearSegmentedColormap.from_list("blues", [PAPER, "#D6ECFA", SHAPE, SHAPE_EDGE])
GRAYS: Colormap = LinearSegmentedColormap.from_list("grays", ["#9AA3AF", "#F3F4F6"])
ROI: dict[str, Any] = {"edgecolor": INK, "linewidth": 2.4}
POOL: dict[str, Any] = {"edgecolor": TIGHT, "linewidth": 2.4, "linestyle": (0, (4, 2))}


def decimals(value: float, digits: int = 2) -> str:
    """Return a weight in as few signs as it takes, and nothing for 0.

    Examples
    --------
    >>> [decimals(value) for value in (0.25, 0, 1, -0.5)]
    ['.25', '', '1.00', '-.50']
    """
    return "" if abs(value) < 1e-12 else f"{value:.{digits}f}".replace("0.", ".", 1)


def draw_cells(
    axes: Axes,
    values: ArrayLike,
    corner: tuple[int, int] = (0, 0),
    *,
    colors: Colormap = BLUES,
    limits: tuple[float, float] | None = None,
    numbers: int | None = None,
    size: float = 10,
) -> None:
    """Fill the cells of a map `(H, W)`, the first one at (column, row) `corner`; write `numbers` decimals into each."""
    array = np.asarray(values, dtype=float)
    (left, top), (height, width) = corner, array.shape
    low, high = limits or (float(array.min()), float(array.max()))
    axes.imshow(
        array,
        extent=(left, left + width, top + height, top),
        cmap=colors,
        vmin=low,
        vmax=high,
        interpolation="nearest",
    )
    axes.set(xticks=range(left, left + width + 1), yticks=range(top, top + height + 1))
    axes.set_axisbelow(True)  # lines between cells lie above the cells, and below every box
    axes.grid(color=GRID, linewidth=0.8)
    axes.tick_params(length=0, labelbottom=False, labelleft=False)
    axes.spines[:].set_visible(False)
    if numbers is not None:
        for (i, j), value in np.ndenumerate(array):
            dark = np.mean(colors((value - low) / max(high - low, 1e-12))[:3]) < 0.55
            words, ink = decimals(value, numbers), PAPER if dark else INK
            # Lines between bins would run through the digits.
            ground = {"facecolor": colors((value - low) / max(high - low, 1e-12)), "edgecolor": "none", "pad": 1.0}
            middle = (left + j + 0.5, top + i + 0.5)
            axes.text(*middle, words, ha="center", va="center", size=size, color=ink, bbox=ground if words else None)


def draw_window(axes: Axes, features: FloatArray, window: Window, *, dots: bool = True) -> None:
    """Draw a part of a map `(H, W)` in light gray, with the centers of its cells, and number rows and columns."""
    left, top, right, bottom = window
    part = features[top:bottom, left:right]
    draw_cells(axes, part, (left, top), colors=GRAYS, limits=(float(features.min()), float(features.max())))
    if dots:
        x, y = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
        axes.plot(x.ravel(), y.ravel(), ".", color=MUTED, markersize=3)
    for j in range(left, right):
        axes.text(j + 0.5, top - 0.15, str(j), ha="center", va="bottom", size=9, color=MUTED)
    for i in range(top, bottom):
        axes.text(left - 0.15, i + 0.5, str(i), ha="right", va="center", size=9, color=MUTED)


def draw_bins(axes: Axes, box: ArrayLike, bins: tuple[int, int], **stroke: Any) -> None:  # noqa: ANN401
    """Draw a box `(4,)` in cells, and the lines between its bins (rows, columns)."""
    x1, y1, x2, y2 = np.asarray(box, dtype=float)
    style = {**ROI, **stroke}
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, **style))
    color, line = style["edgecolor"], style.get("linestyle", "solid")
    axes.hlines(np.linspace(y1, y2, bins[0] + 1)[1:-1], x1, x2, color=color, linewidth=1, linestyle=line)
    axes.vlines(np.linspace(x1, x2, bins[1] + 1)[1:-1], y1, y2, color=color, linewidth=1, linestyle=line)


@styled
def picture_and_map(picture: FloatArray, features: FloatArray, box: ArrayLike, stride: int, window: Window) -> Figure:
    """Draw a RoI `(4,)` in pixels on its picture (H, W, 3), and in cells on its map (H, W): one window of both."""
    fig, (left, right) = figure(2, width=7.2, height=4.2)
    first, top, last, bottom = (stride * side for side in window)
    left.imshow(picture[top:bottom, first:last], extent=(first, last, bottom, top), interpolation="bicubic")
    left.set(xticks=range(first, last + 1, 2 * stride), yticks=range(top, bottom + 1, 2 * stride))
    left.hlines(range(top, bottom + 1, stride), first, last, color=PAPER, linewidth=0.6, alpha=0.7)
    left.vlines(range(first, last + 1, stride), top, bottom, color=PAPER, linewidth=0.6, alpha=0.7)
    left.set_title("pixels", pad=20)
    draw_window(right, features, window)
    right.set_title(f"cells of {stride} by {stride} pixels", pad=20)
    for axes, sides in ((left, np.asarray(box, dtype=float)), (right, np.asarray(box) / stride)):
        x1, y1, x2, y2 = sides
        color = HIGHLIGHT if axes is left else INK
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linewidth=3))
        axes.plot(x1, y1, "o", color=TIGHT, markersize=9)
        ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
        words = f"({x1:g}, {y1:g})"
        axes.annotate(words, (x1, y1), (0, 10), textcoords="offset points", color=TIGHT, weight="bold", bbox=ground)
    return fig


@styled
def neighbors(values: ArrayLike, fx: float, fy: float) -> Figure:
    """Draw a point between four cell centers `(2, 2)`, and the four rectangles whose areas are the weights."""
    fig, (axes,) = figure(width=6.4, height=4.4)
    array = np.asarray(values, dtype=float)
    colors = {(0, 0): BEST, (0, 1): HIGHLIGHT, (1, 0): SHAPE_EDGE, (1, 1): YOURS}
    hatches = {(0, 0): "", (0, 1): "//", (1, 0): "..", (1, 1): "xx"}
    for (i, j), color in colors.items():
        weight = (fy if i else 1 - fy) * (fx if j else 1 - fx)
        # A neighbor's weight is the area of the rectangle across from it.
        x, y = (0.0 if j else fx), (0.0 if i else fy)
        size = ((fx if j else 1 - fx), (fy if i else 1 - fy))
        axes.add_patch(Rectangle((x, y), *size, facecolor=to_rgba(color, 0.28), edgecolor=color, hatch=hatches[i, j]))
        axes.plot(j, i, "s", markersize=40, color=PAPER, markeredgecolor=color, markeredgewidth=3, clip_on=False)
        axes.text(j, i, f"{array[i, j]:g}°", ha="center", va="center", size=14, weight="bold", zorder=4)
        side = ("left", 30) if j else ("right", -30)
        axes.annotate(f"weight {weight:.3g}", (j, i), (side[1], 0), textcoords="offset points", ha=side[0], va="center")
    axes.plot(fx, fy, "o", color=INK, markersize=11)
    value = np.array([1 - fy, fy]) @ array @ np.array([1 - fx, fx])
    axes.annotate(f"{value:.4g}°", (fx, fy), (12, -18), textcoords="offset points", size=15, weight="bold")
    axes.set(xlim=(-0.75, 1.75), ylim=(1.25, -0.25), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return fig


@styled
def roundings(
    features: FloatArray, box: ArrayLike, rounded: ArrayLike, bins: Sequence[tuple[int, int, int, int]], window: Window
) -> Figure:
    """Draw a RoI `(4,)` in cells; the same with its corners rounded; and its bins as read, nine of them for 3 by 3."""
    fig, panels = figure(3, width=10.5, height=4.1)
    side = round(len(bins) ** 0.5)
    times = np.zeros_like(features)
    for x1, y1, x2, y2 in bins:
        times[y1:y2, x1:x2] += 1
    for axes, title in zip(panels, ("the RoI and its bins", "corners rounded", "bins rounded"), strict=True):
        draw_window(axes, features, window, dots=False)
        axes.set_title(title, pad=20)
    draw_bins(panels[0], box, (side, side))
    draw_bins(panels[1], box, (1, 1), linewidth=1.2)
    draw_bins(panels[1], rounded, (side, side), **POOL)
    draw_bins(panels[2], box, (1, 1), linewidth=1.2)
    for number, (x1, y1, x2, y2) in enumerate(bins):
        inset = 0.08 + 0.09 * ((number // side + number % side) % 2)
        width, height = x2 - x1 - 2 * inset, y2 - y1 - 2 * inset
        panels[2].add_patch(
            Rectangle((x1 + inset, y1 + inset), width, height, facecolor=to_rgba(TIGHT, 0.16), edgecolor=TIGHT)
        )
    for (i, j), count in np.ndenumerate(times):
        if count:
            panels[2].text(j + 0.5, i + 0.5, f"{count:.0f}", ha="center", va="center", size=10, weight="bold")
    for axes, words in zip(
        panels,
        ("sides anywhere", "each corner moved by up to half a cell", "in how many bins a cell is read"),
        strict=True,
    ):
        beneath(axes, words, size=11)
    return fig


@styled
def samples(
    features: FloatArray, box: ArrayLike, bins: tuple[int, int], points: ArrayLike, taps: ArrayLike, window: Window
) -> Figure:
    """Draw a RoI `(4,)` in cells with its bins and sampling points `(S, 2)`; beside it, one bin's weights `(H, W)`."""
    fig, (left, right) = figure(2, width=9.6, height=4.8)
    x, y = np.asarray(points, dtype=float).T
    for axes in (left, right):
        draw_window(axes, features, window, dots=axes is left)
        draw_bins(axes, box, bins, edgecolor=BEST)
    left.plot(x, y, "o", color=BEST, markersize=5)
    left.set_title("bins and their samples", pad=20)
    first, top, last, bottom = window
    draw_cells(right, np.asarray(taps)[top:bottom, first:last], (first, top), numbers=2)
    right.set_title("what the middle bin reads", pad=20)
    return fig


@styled
def matrices(wy: FloatArray, window: FloatArray, wx: FloatArray, out: FloatArray) -> Figure:
    """Draw `Wy (PH, rows)`, the map's window (rows, columns), `Wx.T (columns, PW)` and their product, with numbers."""
    fig, panels = figure(4, width=11.5, height=4.0)
    parts = {"Wy": wy, "F": window, "Wxᵀ": wx.T, "out": out}
    grid = panels[0].get_gridspec()
    assert grid is not None
    grid.set_width_ratios([part.shape[1] + 0.4 for part in parts.values()])
    for axes, (name, part), sign in zip(panels, parts.items(), ("·", "·", "=", ""), strict=True):
        if name.startswith("W"):
            draw_cells(axes, part, numbers=2, limits=(0, 1), size=10)
        else:
            limits = (float(window.min()), float(window.max()))
            draw_cells(axes, part, numbers=2, limits=limits, colors=GRAYS, size=10)
        axes.set_title(f"{name}  {part.shape[0]} × {part.shape[1]}", size=12)
        axes.annotate(sign, (1, 0.5), (9, 0), "axes fraction", "offset points", size=20, va="center", ha="center")
    return fig


@styled
def footprints(panels: Mapping[str, FloatArray], box: ArrayLike, bins: tuple[int, int], window: Window) -> Figure:
    """Draw where gradients land on a map, `(H, W)` each under its title, with the RoI `(4,)` in cells and its bins."""
    fig, all_axes = figure(len(panels), width=3.5 * len(panels), height=4.1)
    left, top, right, bottom = window
    for axes, (title, share) in zip(all_axes, panels.items(), strict=True):
        draw_cells(axes, share[top:bottom, left:right], (left, top), numbers=2, limits=(0, 0.6), size=10)
        draw_bins(axes, box, bins, linewidth=1.8, edgecolor=MUTED)
        axes.set_title(title)
        touched = int(np.count_nonzero(np.abs(share) > 1e-12))
        beneath(axes, f"{touched} cell{'s' if touched > 1 else ''} touched", weight="bold")
    return fig
