"""Exercise 1.1: the IoU of two boxes."""

from __future__ import annotations

from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import read_number
from minimask.exercises.beyond_the_box.inputs import BOXES, Box, box
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.pictures import squared_paper
from minimask.geometry.boxes import box_iou
from minimask.plots.show import styled
from minimask.plots.style import INK, SHAPE_EDGE, TIGHT


def pair_iou(box_a: Box, box_b: Box) -> float:
    """Return the IoU of two boxes, each `(x1, y1, x2, y2)` in pixels."""
    width = min(box_a[2], box_b[2]) - max(box_a[0], box_b[0])
    height = min(box_a[3], box_b[3]) - max(box_a[1], box_b[1])
    intersection = max(width, 0.0) * max(height, 0.0)
    area_a = (box_a[2] - box_a[0]) * (box_a[3] - box_a[1])
    area_b = (box_b[2] - box_b[0]) * (box_b[3] - box_b[1])
    union = area_a + area_b - intersection
    return intersection / union if union > 0 else 0.0


def _how_boxes_lie(box_a: Box, box_b: Box) -> str:
    width, height = (min(box_a[k + 2], box_b[k + 2]) - max(box_a[k], box_b[k]) for k in (0, 1))
    if box_a == box_b:
        return "The two boxes are the same."
    if width < 0 or height < 0:
        return "The boxes do not touch."
    if width == 0 or height == 0:
        return "The boxes share no area."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the two boxes, and hatch what they share."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = found.inputs
    fig, axes = squared_paper([(ax1, ay1), (ax2, ay2), (bx1, by1), (bx2, by2)])
    a = Rectangle((ax1, ay1), ax2 - ax1, ay2 - ay1, facecolor=(SHAPE_EDGE, 0.15), edgecolor=SHAPE_EDGE, linewidth=2)
    b = Rectangle(
        (bx1, by1), bx2 - bx1, by2 - by1, facecolor=(TIGHT, 0.15), edgecolor=TIGHT, linewidth=2, linestyle="--"
    )
    axes.add_patch(a)
    axes.add_patch(b)
    axes.plot([ax1, ax2], [ay1, ay2], "o", color=SHAPE_EDGE, markersize=5)
    axes.plot([bx1, bx2], [by1, by2], "o", color=TIGHT, markersize=3)
    axes.annotate("a", (ax1, ay1), (5, -4), textcoords="offset points", va="top", color=SHAPE_EDGE, weight="bold")
    axes.annotate("b", (bx2, by2), (-5, 4), textcoords="offset points", ha="right", color=TIGHT, weight="bold")
    x, y, width, height = max(ax1, bx1), max(ay1, by1), min(ax2, bx2) - max(ax1, bx1), min(ay2, by2) - max(ay1, by1)
    if width > 0 and height > 0:
        axes.add_patch(Rectangle((x, y), width, height, fill=False, hatch="////", edgecolor=INK, linewidth=0))
    return fig


PAIR_IOU = Exercise(
    id="1.1",
    title="The IoU of two boxes",
    difficulty=1,
    minutes=10,
    teaches="intersection over union, and the two cases on which most first attempts break",
    statement="""
Write `pair_iou(box_a, box_b)`: the area that two boxes share, divided by the area that they cover together.

- A box is a tuple `(x1, y1, x2, y2)` of floats with `x1 <= x2` and `y1 <= y2`, in continuous pixel coordinates: its
width is `x2 - x1`, without a `+ 1`. Coordinates need not be whole, and a box may have no area.
- Return one number from 0 to 1. If both boxes have no area, return 0.
""",
    by_hand="`(0, 0, 2, 2)` and `(1, 0, 3, 2)` share 1 by 2 = 2. Together they cover 4 + 4 - 2 = 6. IoU = 2 / 6.",
    worked=(((0.0, 0.0, 2.0, 2.0), (1.0, 0.0, 3.0, 2.0)), 2 / 6),
    hints=(
        (
            "What two boxes share is a box again. Its left side is the one of the two left sides that lies farther to "
            "the right. Which are its other three sides?"
        ),
        (
            "If the boxes lie apart, this third box is turned inside out: its width or its height is negative. What "
            "should its area be then? Mind that two negative numbers have a positive product."
        ),
        "The sum of the two areas counts the shared part twice. And before you divide: can the union be 0?",
    ),
    solution=pair_iou,
    explanation="`max(..., 0)` stands at the width and at the height, not at their product: boxes that lie apart both "
    "in x and in y have two negative lengths, and a positive product.",
    reference=lambda box_a, box_b: float(box_iou([box_a], [box_b])[0, 0]),
    read=read_number,
    remark=_how_boxes_lie,
    draw=_draw,
    examples=(
        (box(0, 0, 2, 2), box(0, 0, 2, 2)),
        (box(0, 0, 2, 2), box(1, 0, 2, 2)),
        (box(0, 0, 1, 1), box(2, 0, 1, 1)),
        (box(0, 0, 1, 1), box(2, 2, 1, 1)),
        (box(0, 0, 1, 1), box(1, 0, 1, 1)),
        (box(0, 0, 4, 4), box(1, 1, 1, 2)),
        (box(0, 0, 4, 1), box(0, 0, 1, 3)),
        (box(0.25, 0, 1.25, 1), box(1, 0.5, 1.5, 2)),
        (box(1, 1, 0, 0), box(1, 1, 0, 0)),
    ),
    inputs=st.tuples(BOXES, BOXES),
)
