"""What the pictures of counterexamples of chapter 5 share: boxes that are told apart when they lie on one another."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from minimask.geometry.checks import FloatArray
from minimask.plots.style import SHAPE_EDGE

_CORNERS = ((0, "left", 1, "top"), (2, "right", 3, "bottom"), (2, "right", 1, "top"), (0, "left", 3, "bottom"))


def draw_numbered_box(
    axes: Axes,
    box: FloatArray,
    number: int,
    place: int = 0,
    *,
    color: str = SHAPE_EDGE,
    linestyle: str = "solid",
    linewidth: float = 1.6,
    label: str | None = None,
) -> None:
    """Draw a box with its number in a corner.

    Parameters
    ----------
    axes : Axes
        With its limits set.
    box : array (4,)
    number : int
        What is written.
    place : int
        How many boxes were drawn before: each goes a little deeper, and has its number in another corner.
    color, linestyle, linewidth, label
        As matplotlib has them.
    """
    left, right = axes.get_xlim()
    x1, y1, x2, y2 = box
    inset = min(0.012 * abs(right - left) * place, 0.2 * min(x2 - x1, y2 - y1))
    sides = x1 + inset, y1 + inset, x2 - inset, y2 - inset
    rectangle = Rectangle(sides[:2], sides[2] - sides[0], sides[3] - sides[1], fill=False, label=label)
    rectangle.set(edgecolor=color, linestyle=linestyle, linewidth=linewidth)
    axes.add_patch(rectangle)
    x, ha, y, va = _CORNERS[place % 4]
    offset = (3 if ha == "left" else -3, -2 if va == "top" else 2)
    axes.annotate(
        str(number), (sides[x], sides[y]), offset, textcoords="offset points", ha=ha, va=va, size=8, color=color
    )


def draw_mask_box(axes: Axes, box: tuple[float, float, float, float]) -> None:
    """Draw a box in pixels on a table, in which pixel 0 is drawn around 0."""
    x1, y1, x2, y2 = box
    corner = (x1 - 0.5, y1 - 0.5)
    axes.add_patch(Rectangle(corner, x2 - x1, y2 - y1, fill=False, edgecolor=SHAPE_EDGE, linewidth=2))
