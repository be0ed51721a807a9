"""Exercise 6.2: found, and how well outlined: panoptic quality."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.exercises.answers import compare_named, read_numbers, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, floats, several
from minimask.exercises.tables import draw_table, panels
from minimask.plots.show import styled
from minimask.plots.style import BEST

Three = tuple[float, float, float]


def panoptic_quality(ious: np.ndarray) -> tuple[float, float, float]:
    """Return (quality, recognition, segmentation) from the IoUs `(G, P)` of G true objects with P predicted ones."""
    if ious.shape == (0, 0):
        return 1.0, 1.0, 1.0
    matched = ious[ious > 0.5]
    recognition = 2 * len(matched) / sum(ious.shape)
    segmentation = float(matched.mean()) if len(matched) else 0.0
    return recognition * segmentation, recognition, segmentation


def _pair_by_pair(ious: FloatArray) -> Three:
    """Cross off both partners of each pair that is found; what is left over was missed, or made up."""
    missed, invented = set(range(ious.shape[0])), set(range(ious.shape[1]))
    if not missed and not invented:
        return 1.0, 1.0, 1.0
    total, pairs = Fraction(0), 0
    for true, predicted in np.ndindex(ious.shape):
        iou = Fraction(float(ious[true, predicted]))
        if iou > Fraction(1, 2):
            missed.remove(true)
            invented.remove(predicted)
            total, pairs = total + iou, pairs + 1
    errors = Fraction(len(missed) + len(invented), 2)
    return float(total / (pairs + errors)), float(pairs / (pairs + errors)), float(total / max(pairs, 1))


def _remark(ious: FloatArray) -> str:
    if ious.shape == (0, 0):
        return "There is nothing to find, and nothing was found."
    if not ious.size:
        return "True objects: {}. Predicted ones: {}.".format(*ious.shape)
    if not (ious > 0.5).any():
        return "No pair matches."
    return "Some IoU is exactly 0.5." if (ious == 0.5).any() else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the IoUs as a table, the pairs that match framed, with the three numbers above it."""
    (ious,) = found.inputs
    height, width = max(ious.shape[0], 1), max(ious.shape[1], 1)
    fig, (axes,) = panels({"": (-0.6, -0.6, width - 0.4, height - 0.4)})
    fig.set_size_inches(4.6, 0.5 * height + 1.5)
    draw_table(axes, ious)
    for i, j in np.argwhere(ious > 0.5):
        frame = Rectangle((j - 0.44, i - 0.44), 0.88, 0.88, fill=False, edgecolor=BEST, linewidth=2.2)
        axes.add_patch(frame)
    if not ious.size:
        axes.plot([], [])
        axes.text((width - 1) / 2, (height - 1) / 2, "no pair", ha="center", va="center", size=9)
    axes.set(xticks=range(ious.shape[1]), yticks=range(ious.shape[0]))
    axes.set_xlabel("predicted", size=9)
    axes.set_ylabel("true", size=9)
    lines = [f"{whose}: {words(three, 3)}" for whose, three in (("right", found.expected), ("yours", found.answer))
             if three is not None]  # fmt: skip
    fig.suptitle("(quality, recognition, segmentation)\n" + "\n".join(lines), size=9, x=0.02, ha="left")
    return fig


_ROWS = (
    (0.75, 0.0, 0.0),
    (0.0, 0.0, 0.0),
    (0.5, 0.0, 0.0),
    (0.5, 0.5, 0.0),
    (0.0, 0.875, 0.0),
    (0.25, 0.625, 0.125),
    (0.0, 0.25, 0.75),
    (1.0, 0.0, 0.0),
    (0.375, 0.0, 0.5),
    (0.0, 0.125, 0.5625),
)


def _as_inputs(rows: list[tuple[float, ...]], width: int) -> tuple[FloatArray]:
    """Keep of each column what fits into one predicted object: pixels that are shared with one are not with another."""
    ious = floats([row[:width] for row in rows], len(rows), width)
    for row in range(1, len(ious)):
        ious[row, ious[: row + 1].sum(axis=0) > 1] = 0
    return (ious,)


PANOPTIC_QUALITY = Exercise(
    id="6.2",
    title="Found, and how well outlined",
    difficulty=2,
    minutes=15,
    teaches="how one number for instances comes apart into two that can be acted upon",
    statement="""
Write `panoptic_quality(ious)`: how well the objects of a picture were found and outlined.

- `ious` is an array `(G, P)`: the IoU of each of G true objects with each of P predicted ones. No two true objects
share a pixel, and no two predicted ones do. G, P or both may be 0.
- A true object and a predicted one *match* if their IoU is above 0.5; exactly 0.5 is not enough. (So nothing matches
twice. Two objects of the other side would each have to take more than half of its pixels, and they share none.)
- *Recognition* is the number of matches, divided by the number of matches plus half the number of true objects without
a match plus half the number of predicted ones without.
- *Segmentation* is the mean IoU of the matches. *Quality* is recognition times segmentation.
- If nothing matches, all three are 0; except where there was nothing to find and nothing was predicted, G = P = 0. Then
all three are 1.
- Return `(quality, recognition, segmentation)`, three numbers.
""",
    by_hand="Let `ious` = `[(0.75, 0.1, 0), (0, 0.45, 0.5), (0, 0, 0)]`, three true objects in rows and three "
    "predicted ones in columns. Only 0.75 is above 0.5: object 1 was cut in two, of which neither half matches. That "
    "leaves one match, two true objects without and two predicted ones without. Recognition is 1 / (1 + 1 + 1), a "
    "third. Segmentation is 0.75, the mean of a single match, and quality a third of it: `(0.25, 1 / 3, 0.75)`.",
    worked=((floats([(0.75, 0.1, 0), (0, 0.45, 0.5), (0, 0, 0)]),), (0.25, 1 / 3, 0.75)),
    hints=(
        (
            "`ious[ious > 0.5]` is a row of the IoUs of all matches. How many true objects are left over, and how many "
            "predicted ones? Nothing matches twice."
        ),
        (
            "Of M matches, G - M and P - M are left over. M + (G - M) / 2 + (P - M) / 2: write it out, and most of it "
            "goes away."
        ),
        (
            "Recognition is `2 * M / (G + P)`. Two things could be divided by 0: this, if both are 0, and a mean of no "
            "matches. Look for both before you divide."
        ),
    ),
    solution=panoptic_quality,
    explanation="Quality alone does not say what to do; the other two do. Low recognition: nuclei are missed, "
    "invented, cut in two or run together. Low segmentation: they are found, but their outlines are off. Recognition "
    "is the F1 score, so a missed object costs as much as an invented one: where one of the two is worse for a "
    "patient, count them apart. And on small objects 0.5 is a lot: a nucleus of 4 by 4 pixels that was found, but "
    "shifted by one pixel in both directions, has an IoU of 9 / 23, and counts as missed and invented.",
    reference=_pair_by_pair,
    read=lambda answer: read_numbers(answer, 3, "three numbers (quality, recognition, segmentation)"),
    compare=compare_named("quality", "recognition", "segmentation"),
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(rows, *shape),)
        for rows, shape in (
            ([(0.75,)], (1, 1)),
            ([(0.25,)], (1, 1)),
            ([(0.75, 0), (0, 0)], (2, 2)),
            ([(0, 0.875), (0.625, 0)], (2, 2)),
            ([(0.75, 0.1, 0), (0, 0.45, 0.5), (0, 0, 0)], (3, 3)),
            ([(0.5, 0.5), (0, 0)], (2, 2)),
            ([(0.8, 0, 0, 0)], (1, 4)),
            ([(0.8,), (0,), (0.1,)], (3, 1)),
            ([(0.6, 0.3), (0.4, 0.55)], (2, 2)),
            ([], (0, 2)),
            ([], (2, 0)),
            ([], (0, 0)),
        )
    ),
    inputs=st.builds(_as_inputs, several(_ROWS, 4), st.sampled_from([2, 1, 3, 3, 2, 0])),
)
