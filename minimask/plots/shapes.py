"""Drawing shapes and boxes on axes, in picture coordinates: pixels, y pointing down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path
from numpy.typing import ArrayLike

from minimask.plots.style import BEST, SHAPE, SHAPE_EDGE, TIGHT, YOURS

KINDS: dict[str, dict[str, object]] = {
    "tight": {"edgecolor": TIGHT, "linestyle": (0, (5, 2))},
    "best": {"edgecolor": BEST, "linestyle": "solid"},
    "yours": {"edgecolor": YOURS, "linestyle": (0, (1, 1.2))},
}
"""How each kind of box is drawn: never told apart by color alone."""


def draw_polygon(axes: Axes, rings: Sequence[ArrayLike], color: str = SHAPE, edge: str = SHAPE_EDGE) -> None:
    """Fill a polygon, given as its outline and its holes (each `(N, 2)`), and frame the axes around it."""
    closed = [np.concatenate([ring, np.asarray(ring)[:1]]) for ring in map(np.asarray, rings)]
    codes = [[Path.MOVETO] + [Path.LINETO] * (len(ring) - 2) + [Path.CLOSEPOLY] for ring in closed]
    path = Path(np.concatenate(closed), np.concatenate(codes))
    axes.add_patch(PathPatch(path, facecolor=to_rgba(color, 0.75), edgecolor=edge, linewidth=1.2))
    frame(axes, [*closed[0].min(axis=0), *closed[0].max(axis=0)])


def draw_mask(axes: Axes, mask: ArrayLike, color: str = SHAPE) -> None:
    """Fill the pixels of a mask `(H, W)`; pixel (i, j) is the square from (j, i) to (j + 1, i + 1)."""
    array = np.asarray(mask)
    height, width = array.shape
    layer = np.zeros((height, width, 4))
    layer[array] = to_rgba(color, 0.85)
    axes.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")


def draw_picture(axes: Axes, picture: ArrayLike) -> None:
    """Show a picture `(H, W)` or `(H, W, 3)`, from (0, 0) to (W, H), without ticks."""
    height, width = np.asarray(picture).shape[:2]
    axes.imshow(np.asarray(picture), cmap="gray", extent=(0, width, height, 0), interpolation="bicubic")
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def draw_box(axes: Axes, box: ArrayLike, kind: str = "best", label: str | None = None) -> None:
    """Draw a box `(4,)`, or a turned one given by its corners `(4, 2)`, in the stroke of its kind."""
    corners = np.asarray(box, dtype=float)
    if corners.shape == (4,):
        x1, y1, x2, y2 = corners
        corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    axes.add_patch(Polygon(corners, closed=True, fill=False, linewidth=2.4, label=label, **KINDS[kind]))


def frame(axes: Axes, box: ArrayLike, *, square: bool = False) -> None:
    """Fit the axes around a box, y pointing down, without ticks; as a square, so that panels side by side line up."""
    x1, y1, x2, y2 = np.asarray(box, dtype=float)
    half = 0.58 * np.array([x2 - x1, y2 - y1]) if not square else np.full(2, 0.58 * max(x2 - x1, y2 - y1))
    (left, top), (right, bottom) = np.array([x1 + x2, y1 + y2]) / 2 - half, np.array([x1 + x2, y1 + y2]) / 2 + half
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def beneath(axes: Axes, words: str, line: int = 0, **style: Any) -> None:  # noqa: ANN401
    """Write a line of text, centered, beneath the axes; line 0 is the nearest."""
    offset = (0, -4 - 17 * line)
    axes.annotate(words, (0.5, 0), offset, "axes fraction", "offset points", ha="center", va="top", **style)
