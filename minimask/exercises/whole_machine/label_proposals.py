"""Exercise 5.2: what the heads are told about each proposal."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from hypothesis import strategies as st
from matplotlib.figure import Figure

from minimask.exercises.answers import UnreadableError, kind_of, read_whole_array
from minimask.exercises.check import Finding
from minimask.exercises.exercise import Exercise
from minimask.exercises.inputs import FloatArray, IntArray, floats, several, wholes
from minimask.exercises.pictures import squared_paper
from minimask.exercises.whole_machine.pictures import draw_numbered_box
from minimask.geometry.boxes import box_iou
from minimask.matching import match
from minimask.plots.show import styled
from minimask.plots.style import BEST, MUTED, TIGHT

_WANTED = "two rows of whole numbers (labels, matched), as long as one another"


def label_proposals(
    proposals: np.ndarray, objects: np.ndarray, classes: np.ndarray, foreground: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the label and the matched object of each RoI: of the proposals `(N, 4)`, then of the objects `(M, 4)`."""
    rois = np.concatenate([proposals, objects])
    if len(objects) == 0:
        return np.zeros(len(rois), dtype=int), np.full(len(rois), -1)
    low = np.maximum(rois[:, None, :2], objects[:, :2])
    high = np.minimum(rois[:, None, 2:], objects[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    area, object_area = (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (rois, objects))
    iou = shared / (area[:, None] + object_area - shared)
    matched = np.where(iou.max(axis=1) >= foreground, iou.argmax(axis=1), -1)
    labels = np.where(matched >= 0, classes[matched], 0)
    return labels, matched


def _by_library(proposals: FloatArray, objects: FloatArray, classes: IntArray, foreground: float) -> FloatArray:
    matched = match(np.concatenate([proposals, objects]), objects, foreground, foreground, low_quality=False)
    labels = [0 if which < 0 else classes[which] for which in matched]
    return np.array([labels, matched], dtype=np.float64)


def _read(answer: object) -> FloatArray:
    rows = read_whole_array(answer, 2, _WANTED)
    if len(rows) != 2:
        raise UnreadableError(f"the answer should be {_WANTED}; yours gave {kind_of(answer)}")
    return rows


def _compare(
    expected: FloatArray, answer: FloatArray, proposals: FloatArray, objects: FloatArray, *_: object
) -> str | None:
    if answer.shape != expected.shape:
        there_are = f"there are {expected.shape[1]} RoIs, {len(proposals)} proposals and {len(objects)} objects"
        return f"{there_are}; yours gave {answer.shape[1]} labels"
    wrong = np.argwhere((answer != expected).T)
    if not len(wrong):
        return None
    roi, row = wrong[0]
    which = f"RoI {roi}, the box of object {roi - len(proposals)}," if roi >= len(proposals) else f"RoI {roi}"
    what = ("the label", "the object")[row]
    return f"{which} should get {what} {expected[row, roi]:.0f}; yours gave {answer[row, roi]:.0f}"


def _remark(proposals: FloatArray, objects: FloatArray, classes: IntArray, foreground: float) -> str:  # noqa: ARG001
    if not len(objects):
        return "There is no object."
    if not len(proposals):
        return "There is no proposal."
    iou = box_iou(proposals, objects)
    best = iou.max(axis=1)
    if (best == foreground).any():
        return "Some IoU is exactly the threshold."
    if ((iou == best[:, None]).sum(axis=1) > 1)[best > 0].any():
        return "Some proposal overlaps two objects equally well."
    return ""


@styled
def _draw(found: Finding) -> Figure:
    """Draw the objects solid with their classes, the proposals dashed, and the first wrongly labeled RoI thick."""
    proposals, objects, classes, _ = found.inputs
    rois = np.concatenate([proposals, objects])
    fig, axes = squared_paper(np.concatenate([rois.reshape(-1, 2), [(0, 0), (4, 4)]]))
    first = None
    if found.answer is not None and found.answer.shape == found.expected.shape:
        first = next((k for k in range(len(rois)) if (found.expected[:, k] != found.answer[:, k]).any()), None)
    for k, box in enumerate(rois):
        number = k - len(proposals)
        color, style = (BEST, "solid") if number >= 0 else (MUTED, "dashed")
        name = f"object {number}, class {classes[number]}" if number >= 0 else f"RoI {k}"
        width = 1.6
        if k == first:
            color, width = TIGHT, 3.0
            (label, which), (your_label, your_which) = found.expected[:, k], found.answer[:, k]
            name += f"\nright: label {label:.0f}, object {which:.0f}"
            name += f"\nyours: label {your_label:.0f}, object {your_which:.0f}"
        shown = number if number >= 0 else k
        draw_numbered_box(axes, box, shown, k, color=color, linestyle=style, linewidth=width, label=name)
    if len(rois):
        fig.legend(loc="outside right upper", fontsize=8)
    return fig


_OBJECTS = ((0, 0, 4, 4), (2, 0, 6, 4), (0, 4, 4, 8), (0, 0, 2, 2))
_CLASSES = ((1, 2, 3), (3, 1, 2), (2, 2, 1))
_PROPOSALS = [
    floats((x, y, x + width, y + height)) for x, y, width, height in product((0, 1, 2), (0, 2), (4, 2, 3), (4, 2, 3))
]
_TRUTHS = [
    (floats(rows, -1, 4), wholes(*classes[: len(rows)]))
    for count in (1, 0, 2, 3)
    for rows in permutations(_OBJECTS, count)
    for classes in _CLASSES * (1 if count else 3)  # so that no object is drawn often enough
]

LABEL_PROPOSALS = Exercise(
    id="5.2",
    title="What the heads are told",
    difficulty=2,
    minutes=15,
    teaches="what makes a proposal a positive, and why the true boxes are added",
    statement="""
Write `label_proposals(proposals, objects, classes, foreground)`: what the box head and the mask head learn of each RoI.

- `proposals` is an array `(N, 4)` and `objects`, the true boxes, one `(M, 4)`, with rows x1 y1 x2 y2. All have an area,
and no two objects have the same box. `classes` is an array `(M,)`: the class of each object, from 1. N and M may be 0.
- The RoIs are the N proposals and, behind them, the M objects: the true boxes are proposals too.
- Each RoI looks for the object with which its IoU is the highest; of equal ones the first. If this IoU is `foreground`
or above, the RoI gets this object, and its class as a label. Else it is background: it gets the label 0 and, for the
object, -1. Nothing is ignored here, and an object that no proposal overlaps well gets none of them.
- Return `(labels, matched)`, two rows of N + M whole numbers: a label and the index of an object for each RoI.
""",
    by_hand="Let `proposals` = `[(0, 0, 4, 4), (2, 0, 6, 4), (9, 9, 12, 12)]`, `objects` = `[(0, 0, 4, 5), (4, 0, 8, "
    "4)]`, `classes` = `[3, 1]` and `foreground` = 0.5. RoI 0 shares 16 of 20 with object 0: its label is 3. RoI 1 "
    "shares 8 of 28 with object 0 and 8 of 24 with object 1, which is too little, and RoI 2 shares nothing: both are "
    "background. The RoIs 3 and 4 are the objects themselves. `([3, 0, 0, 3, 1], [0, -1, -1, 0, 1])`.",
    worked=(
        (
            floats([(0, 0, 4, 4), (2, 0, 6, 4), (9, 9, 12, 12)]),
            floats([(0, 0, 4, 5), (4, 0, 8, 4)]),
            wholes(3, 1),
            0.5,
        ),
        ([3, 0, 0, 3, 1], [0, -1, -1, 0, 1]),
    ),
    hints=(
        (
            "`np.concatenate([proposals, objects])` makes the RoIs, also if one of the two is empty. Then you need the "
            "IoU of every RoI with every object: your `iou_matrix` of exercise 2.4 does it."
        ),
        (
            "`iou.max(axis=1)` and `iou.argmax(axis=1)` are the highest IoU of each RoI and the object it belongs to. "
            "What should become of the object where the IoU is below the threshold? NumPy takes no maximum of nothing: "
            "look at M first."
        ),
        (
            "`classes[matched]` gives each RoI the class of its object. But `classes[-1]` is the class of the *last* "
            "one: set the labels of the background to 0 afterwards, with `np.where(matched >= 0, ..., 0)`."
        ),
    ),
    solution=label_proposals,
    explanation="In the first steps of training the proposals lie anywhere, and hardly one reaches an IoU of 0.5: "
    "without the true boxes there would be no positive, and the box head's deltas and the mask head would learn "
    "nothing. From these labels a step of training draws its sample, 512 RoIs in the paper, up to a quarter of them "
    "positive. In chapter 2 every object got an anchor at any price; here a bad proposal is no object's.",
    reference=_by_library,
    read=_read,
    compare=_compare,
    remark=_remark,
    draw=_draw,
    examples=tuple(
        (floats(proposals, -1, 4), floats(objects, -1, 4), wholes(*classes), foreground)
        for proposals, objects, classes, foreground in (
            ([(0, 0, 4, 3)], [(0, 0, 4, 4)], (2,), 0.5),
            ([(0, 0, 4, 1), (6, 0, 9, 4)], [(0, 0, 4, 4)], (2,), 0.5),
            ([(0, 0, 4, 4), (2, 0, 6, 4), (9, 9, 12, 12)], [(0, 0, 4, 5), (4, 0, 8, 4)], (3, 1), 0.5),
            ([(0, 0, 4, 2)], [(0, 0, 4, 4)], (1,), 0.5),
            ([(1, 0, 5, 4), (0, 0, 4, 4)], [(6, 6, 9, 9), (0, 0, 4, 4), (2, 0, 6, 4)], (4, 2, 3), 0.5),
            ([(0, 0, 4, 3)], [(0, 0, 4, 4)], (1,), 0.875),
            ([(0, 0, 1, 1)], [(2, 2, 3, 3)], (1,), 0.5),
            ([(0, 0, 4, 3), (1, 1, 3, 2)], [], (), 0.5),
            ([], [(0, 0, 4, 3), (1, 1, 3, 2)], (2, 1), 0.5),
            ([], [], (), 0.5),
        )
    ),
    inputs=st.builds(
        lambda rows, truth, foreground: (floats(rows, -1, 4), *truth, foreground),
        several(_PROPOSALS, 2),
        st.sampled_from(_TRUTHS),
        st.sampled_from([0.5, 0.25, 0.75]),
    ),
)
