"""Exercise 5.7: from scores to detections."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Rectangle

from minimask.exercises.answers import UnreadableError, read_whole_array, words
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import Box, FloatArray, floats, several
from minimask.exercises.tables import MOST_CELLS, draw_table
from minimask.exercises.whole_machine.pictures import draw_numbered_box
from minimask.geometry.boxes import box_iou
from minimask.geometry.nms import batched_nms
from minimask.plots.shapes import frame
from minimask.plots.show import styled
from minimask.plots.style import BEST, YOURS

_WANTED = "a list of pairs of whole numbers (roi, class)"
Pairs = list[tuple[int, int]]


def pick_detections(
    boxes: np.ndarray, scores: np.ndarray, threshold: float, overlap: float, most: int
) -> list[tuple[int, int]]:
    """Return the detections, best first, as pairs (index of a RoI, class), from boxes `(R, 4)`, scores `(R, C)`."""

    def iou(a: np.ndarray, b: np.ndarray) -> float:
        width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
        shared = max(width, 0) * max(height, 0)
        areas = [np.prod(box[2:] - box[:2]) for box in (a, b)]
        return float(shared / (sum(areas) - shared))

    kept: list[tuple[int, int]] = []
    rois, classes = np.nonzero(scores > threshold)
    for k in np.argsort(-scores[rois, classes], kind="stable"):
        roi, label = int(rois[k]), int(classes[k])
        rivals = [other for other, its_label in kept if its_label == label]
        if label > 0 and all(iou(boxes[roi], boxes[other]) <= overlap for other in rivals):
            kept.append((roi, label))
    return kept[:most]


def _by_library(boxes: FloatArray, scores: FloatArray, threshold: float, overlap: float, most: int) -> Pairs:
    pairs = [(roi, label) for roi, label in np.ndindex(scores.shape) if label and scores[roi, label] > threshold]
    if not pairs:
        return []
    rois, labels = np.array(pairs).T
    return [pairs[k] for k in batched_nms(boxes[rois], scores[rois, labels], labels, overlap)[:most]]


def _read(answer: object) -> Pairs:
    if isinstance(answer, list | tuple | np.ndarray) and len(answer) == 0:  # which may have no second axis
        return []
    pairs = read_whole_array(answer, 2, _WANTED)
    if pairs.shape[1] != 2:
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave {words(pairs, 4)}")
    return [(int(roi), int(label)) for roi, label in pairs]


def _compare(expected: Pairs, answer: Pairs, *_: object) -> str | None:
    if answer == expected:
        return None
    complaint = f"the answer should be {words(expected)}; yours gave {words(answer)}"
    if sorted(answer) == sorted(expected):
        return f"{complaint}. These are the right detections, in another order"
    return complaint


def _remark(boxes: FloatArray, scores: FloatArray, threshold: float, overlap: float, most: int) -> str:
    candidates = scores[:, 1:][scores[:, 1:] > threshold]
    if not candidates.size:
        return "No score is above the threshold."
    if (scores[:, 1:] == threshold).any():
        return "Some score is exactly the threshold."
    if (box_iou(boxes, boxes)[np.triu_indices(len(boxes), 1)] == overlap).any():
        return "The IoU of two boxes is exactly `overlap`."
    if len(_by_library(boxes, scores, threshold, overlap, most + 1)) > most:
        return f"There are more than {most} to choose from."
    return "Some scores are equal." if len(np.unique(candidates)) < candidates.size else ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the boxes, and the scores as a table: right ones framed, the learner's dotted, each with its rank."""
    boxes, scores, _, _, _ = found.inputs
    fig = Figure(layout="constrained", figsize=(2.2 + 0.6 * (scores.shape[1] + 1), max(2.0, 0.55 * len(scores) + 1.0)))
    grid = GridSpec(1, 2, fig, width_ratios=(1.6, 0.6 * scores.shape[1]))
    axes, table = fig.add_subplot(grid[0]), fig.add_subplot(grid[1])
    frame(axes, [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)])
    axes.set_title("RoIs", size=10)
    for k, box in enumerate(boxes):
        draw_numbered_box(axes, box, k, k)
    draw_table(table, scores)
    table.set(xlim=(-0.6, scores.shape[1] - 0.4), ylim=(len(scores) - 0.4, -0.6), aspect="equal")
    table.set(xticks=range(scores.shape[1]), yticks=range(len(scores)))
    table.set_xlabel("class", size=9)
    table.set_ylabel("RoI", size=9)
    for name, pairs in (("right", found.expected), ("yours", found.answer)):
        _frame_pairs(table, (pairs or [])[:MOST_CELLS], name)
    fig.legend(loc="outside upper right", fontsize=8, ncols=2)
    table.spines[:].set_visible(False)
    table.tick_params(labelsize=8, length=0)
    return fig


def _frame_pairs(axes: Axes, pairs: Pairs, whose: str) -> None:
    """Draw frames around numbers of a table `(R, C)`, with their ranks: solid if right, dotted if the learner's."""
    inset, style, color, side = (0.06, "solid", BEST, -1) if whose == "right" else (0.13, (0, (1, 1)), YOURS, 1)
    for rank, (roi, label) in enumerate(pairs, start=1):
        corner, width = (label - 0.5 + inset, roi - 0.5 + inset), 1 - 2 * inset
        frame_of_one = Rectangle(corner, width, width, fill=False, edgecolor=color, linestyle=style, linewidth=2.2)
        axes.add_patch(frame_of_one)
        axes.text(
            label + 0.26 * side, roi + 0.35, f"{rank}.", ha="center", va="bottom", size=7, color=color, clip_on=True
        )
    axes.plot([], color=color, linestyle=style, label=whose)


_BOXES = ((0, 0, 4, 4), (0, 0, 4, 2), (0, 0, 4, 3), (0, 0, 4, 1), (2, 0, 6, 4), (6, 0, 8, 4), (0, 6, 4, 8))
_SCORES = (
    (0.25, 0.75, 0.0),
    (0.25, 0.25, 0.5),
    (0.125, 0.625, 0.25),
    (0.5, 0.5, 0.0),
    (0.0, 0.5, 0.5),
    (0.75, 0.125, 0.125),
    (0.125, 0.25, 0.625),
)
_ROIS = list(product(_BOXES, _SCORES))
_APART = floats([(3 * k, 0, 3 * k + 2, 2) for k in range(40)])
"""More boxes than a sort leaves in their order by chance, which it does with few."""


def _unzip(
    rois: list[tuple[Box, tuple[float, ...]]], threshold: float, overlap: float, most: int
) -> tuple[FloatArray, FloatArray, float, float, int]:
    return floats([box for box, _ in rois]), floats([row for _, row in rois]), threshold, overlap, most


PICK_DETECTIONS = Exercise(
    id="5.7",
    title="From scores to detections",
    difficulty=4,
    minutes=25,
    teaches="what happens, and in which order, between a network's last layer and what is shown",
    statement="""
Write `pick_detections(boxes, scores, threshold, overlap, most)`: the answer of the machine for one picture.

- `boxes` is an array `(R, 4)` with a row x1 y1 x2 y2 for each of R RoIs, R >= 1, all with an area. (The machine has a
box for each class of each RoI. Here one does for all.)
- `scores` is an array `(R, C)`: the probability of each class for each RoI. Class 0 is the background, and no answer.
- Every RoI with every class is a candidate if its score is *above* `threshold`; a RoI may be several.
- Within each class, non-maximum suppression: from the best to the worst, a candidate is dropped if its IoU with one of
the same class that was kept before is above `overlap`. Classes leave each other alone.
- Of all that is left, whatever the class, keep the best `most`, best first. Of equal scores, that of the RoI with the
lower index goes first, here and in the suppression; of the same RoI, the lower class.
- Return a list of pairs `(index of the RoI, class)`. It may be empty.
""",
    by_hand="Let `boxes` = `[(0, 0, 4, 4), (0, 0, 4, 3), (6, 0, 8, 4)]`, `scores` = `[(0.1, 0.8, 0.1), (0.1, 0.6, "
    "0.3), (0.2, 0.2, 0.6)]`, `threshold` = 0.25, `overlap` = 0.5 and `most` = 3. Candidates of class 1 are RoI 0 with "
    "0.8 and RoI 1 with 0.6. They share 12 of 16, and the worse one goes. Candidates of class 2 are RoI 2 with 0.6 and "
    "RoI 1 with 0.3, far apart: both stay. So RoI 1, too much like RoI 0 as a 1, is still a 2. `[(0, 1), (2, 2), (1, "
    "2)]`.",
    worked=(
        (
            floats([(0, 0, 4, 4), (0, 0, 4, 3), (6, 0, 8, 4)]),
            floats([(0.1, 0.8, 0.1), (0.1, 0.6, 0.3), (0.2, 0.2, 0.6)]),
            0.25,
            0.5,
            3,
        ),
        [(0, 1), (2, 2), (1, 2)],
    ),
    hints=(
        (
            "Make the candidates first: `np.nonzero(scores > threshold)` gives their RoIs and their classes, row by "
            "row. What has to be thrown away at once?"
        ),
        (
            'Sort all candidates by score, of all classes together, with `np.argsort(-..., kind="stable")`: the result '
            "is then in the right order by itself. For each ask: does it overlap one that I have kept, *of its own "
            "class*?"
        ),
        (
            "Cut to the best `most` at the very end: if you cut before the suppression, what it drops leaves gaps that "
            "others should have filled. Your `suppress` of exercise 2.6 may help, once for each class; but its results "
            "have to be sorted once more."
        ),
    ),
    solution=pick_detections,
    explanation="Nothing here is learned, and much of what a detector seems to be good or bad at is decided here. A "
    "threshold of 0.05, the published one, shows a person many false answers; average precision likes it, since a weak "
    "true answer more can only help. Threshold and suppression may change places, but not suppression and the cut. The "
    "mask head is asked only after all this, on the boxes that are left.",
    reference=_by_library,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(boxes), floats(scores), threshold, overlap, most)
        for boxes, scores, threshold, overlap, most in (
            ([(0, 0, 4, 4)], [(0.25, 0.75)], 0.5, 0.5, 9),
            ([(0, 0, 4, 4)], [(0.75, 0.25)], 0.5, 0.5, 9),
            ([(0, 0, 4, 4), (6, 0, 8, 4)], [(0.25, 0.5, 0.25), (0.0, 0.125, 0.875)], 0.375, 0.5, 9),
            ([(0, 0, 4, 4)], [(0.25, 0.25, 0.5)], 0.125, 0.5, 9),
            ([(0, 0, 4, 4), (0, 0, 4, 3)], [(0.375, 0.625), (0.25, 0.75)], 0.125, 0.5, 9),
            (
                [(0, 0, 4, 4), (0, 0, 4, 3), (6, 0, 8, 4)],
                [(0.1, 0.8, 0.1), (0.1, 0.6, 0.3), (0.2, 0.2, 0.6)],
                0.25,
                0.5,
                3,
            ),
            ([(0, 0, 4, 4), (0, 0, 4, 3), (6, 0, 8, 4)], [(0.25, 0.75), (0.375, 0.625), (0.5, 0.5)], 0.125, 0.5, 2),
            (
                [(0, 0, 4, 4), (6, 0, 8, 4), (0, 6, 4, 8)],
                [(0.25, 0.5, 0.25), (0.0, 0.125, 0.875), (0.25, 0.625, 0.125)],
                0.1,
                0.5,
                2,
            ),
            ([(0, 0, 4, 4), (0, 0, 4, 2)], [(0.25, 0.75), (0.5, 0.5)], 0.5, 0.5, 9),
            ([(0, 0, 4, 4), (0, 0, 4, 2)], [(0.25, 0.75), (0.5, 0.5)], 0.25, 0.5, 9),
            ([(0, 0, 4, 4), (6, 0, 8, 4)], [(0.0, 0.5, 0.5), (0.5, 0.5, 0.0)], 0.25, 0.5, 9),
            ([(0, 0, 4, 1), (0, 2, 4, 3)], [(0.25, 0.75), (0.5, 0.5)], 0.25, 0.25, 9),
            ([(0, 0, 1, 4), (2, 0, 3, 4)], [(0.25, 0.75), (0.5, 0.5)], 0.25, 0.25, 9),
        )
    ),
    inputs=st.builds(
        _unzip,
        several(_ROIS, 4, least=1),
        st.sampled_from([0.0625, 0.125, 0.25, 0.5]),
        st.sampled_from([0.5, 0.25, 0.75]),
        st.sampled_from([9, 1, 2, 3]),
    ),
    large_examples=((_APART, np.resize([(0.5, 0.5), (0.25, 0.75)], (len(_APART), 2)), 0.25, 0.5, 20),),
)
