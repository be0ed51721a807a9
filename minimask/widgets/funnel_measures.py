"""The funnel's numbers and words, as `js/funnel_measures.js` has them in the browser."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minimask.geometry.boxes import iou_unchecked
from minimask.geometry.checks import FloatArray
from minimask.matching import Overlaps, best_overlaps
from minimask.model.mask_cost import mask_head_cost
from minimask.proposals import Funnel, propose
from minimask.widgets.decimals import counted, fixed, trimmed

STAGES = {
    "anchors": "anchors",
    "top_k": "top-k, moved",
    "clipped": "clipped",
    "large_enough": "large enough",
    "nms": "after NMS",
    "top_n": "proposals",
}
"""The stages by their names in `minimask.proposals.Funnel`, and in words."""

LOSSES = {
    "anchors": "never reached",
    "top_k": "by the top-k",
    "clipped": "by clipping",
    "large_enough": "as too small",
    "nms": "by NMS",
    "top_n": "by the top-n",
}
"""How an object is lost at each stage."""

IOUS = (0.5, 0.7)
"""From which IoU on a box finds an object."""

MASK_HEAD = mask_head_cost()["total"].multiply_adds
"""Multiply-adds of Mask R-CNN's mask head for one RoI."""


class Look(NamedTuple):
    """A picture at a moment of training: all that the sliders do not change."""

    size: tuple[int, int]
    names: list[str]  # of the M objects
    objects: FloatArray  # (M, 4)
    anchors: list[FloatArray]  # of every level
    logits: list[FloatArray]
    deltas: list[FloatArray]


class Victim(NamedTuple):
    """An object whose best box gave way to one that finds another object, and overlaps that one more."""

    object: int
    box: FloatArray  # its best box before NMS
    iou: float
    by: int  # the other object
    winner: FloatArray  # the box on it


class Settled(NamedTuple):
    """All numbers of a state."""

    funnel: Funnel
    reaches: list[Overlaps]  # of every stage with the objects
    victims: list[Victim]

    @property
    def counts(self) -> list[int]:
        """How many boxes each stage leaves."""
        return [len(stage.indices) for stage in self.funnel.stages().values()]

    def found(self, threshold: float) -> list[int]:
        """Return how many objects each stage finds."""
        return [int((reach.iou_of_object >= threshold).sum()) for reach in self.reaches]

    def lost(self, threshold: float) -> list[str | None]:
        """Return for each object the stage that loses it for good; None where the proposals find it."""
        held = np.array([reach.iou_of_object >= threshold for reach in self.reaches])
        names = [*STAGES, None]
        return [names[int(np.flatnonzero(column).max(initial=-1)) + 1] for column in held.T]


def settle(look: Look, state: Mapping[str, Any]) -> Settled:
    """Return all numbers of a state."""
    funnel = propose(
        look.logits,
        look.deltas,
        look.anchors,
        look.size,
        state["pre_top_n"],
        state["post_top_n"],
        state["nms_threshold"],
        state["min_size"],
    )
    reaches = [best_overlaps(stage.boxes, look.objects) for stage in funnel.stages().values()]
    return Settled(funnel, reaches, _victims(funnel, reaches[3], look.objects, state["nms_threshold"]))


def _victims(funnel: Funnel, before: Overlaps, objects: FloatArray, threshold: float) -> list[Victim]:
    """Return the objects that a box finds before NMS, while the best such box gave way to one that finds another."""
    found = []
    candidates, kept = funnel.large_enough, funnel.nms
    for m, (iou, row) in enumerate(zip(before.iou_of_object, before.box_of_object, strict=True)):
        if iou < IOUS[0] or candidates.indices[row] in kept.indices:
            continue
        box = candidates.boxes[row : row + 1]
        # Its suppressor is the first kept box of its level that overlaps it too much: kept boxes come best first.
        rivals = kept.boxes[kept.levels == candidates.levels[row]]
        winner = rivals[np.flatnonzero(iou_unchecked(box, rivals)[0] > threshold)[0]]
        overlaps = iou_unchecked(winner[None], objects)[0]
        by = int(overlaps.argmax())
        if by != m and overlaps[by] >= IOUS[0]:
            found.append(Victim(m, box[0], float(iou), by, winner))
    return found


def describe(look: Look, state: Mapping[str, Any], settled: Settled) -> str:
    """Return a state in words: what is shown, what each stage leaves, what is lost where, and what it costs."""
    counts, stages = settled.counts, list(STAGES)
    shown = stages.index(state["stage"])
    words = (
        f"Picture {state['picture'] + 1} after {state['step']:,} step{'' if state['step'] == 1 else 's'} of training. "
        f"Shown: {counts[shown]:,} box{'' if counts[shown] == 1 else 'es'} ({STAGES[state['stage']]}). "
        f"Of {counts[0]:,} anchors the top {state['pre_top_n']:,} of each level are moved: {counts[1]:,}. "
        f"Clipped to the picture, {counts[3]:,} are at least {trimmed(state['min_size'], 1)} px wide and high; "
        f"NMS at IoU {fixed(state['nms_threshold'], 2)} leaves {counts[4]:,}, of which at most "
        f"{state['post_top_n']} are taken: {counted(counts[5], 'proposal')}. "
    )
    return f"{words}{_finds_in_words(look, settled)}{_victims_in_words(look, settled)} {_cost_in_words(counts)}"


def _finds_in_words(look: Look, settled: Settled) -> str:
    half, most = (settled.found(threshold)[-1] for threshold in IOUS)
    words = f"They find {half} of {counted(len(look.objects), 'object')} at IoU 0.5 and {most} at IoU 0.7."
    for threshold in IOUS:
        lost = settled.lost(threshold)
        said = []
        for stage, how in LOSSES.items():
            names = [_name(look, m) for m, at in enumerate(lost) if at == stage]
            if names:
                said.append(f"{', '.join(names)} {how}")
        if said:
            words += f" Lost at IoU {threshold:g}: {'; '.join(said)}."
    return words


def _victims_in_words(look: Look, settled: Settled) -> str:
    said = [
        f"that of {_name(look, victim.object)}, IoU {cut(victim.iou)}, for a box on {_name(look, victim.by)}"
        for victim in settled.victims
    ]
    return f" NMS gave up best boxes: {'; '.join(said)}." if said else ""


def _cost_in_words(counts: Sequence[int]) -> str:
    if not counts[-1]:
        return "Without proposals there is no mask to compute."
    return (
        f"A mask for each proposal takes {flops(counts[-1])}, {share(counts[-1], counts[0])} of the "
        f"{flops(counts[0])} for all anchors."
    )


def _name(look: Look, m: int) -> str:
    return f"{m + 1} ({look.names[m]})"


def cut(iou: float) -> str:
    """Return an IoU to two digits, cut off and not rounded: one below a threshold never reads as if it reached it.

    Examples
    --------
    >>> cut(0.6999), cut(0.7), cut(1.0)
    ('0.69', '0.70', '1.00')
    """
    return f"{math.floor(100 * iou + 1e-6) / 100:.2f}"


def flops(rois: int) -> str:
    """Return the floating-point operations of the mask head, two for each multiply-add, to three digits.

    Examples
    --------
    >>> flops(1), flops(100), flops(4032)
    ('1.06 GFLOP', '106 GFLOP', '4.29 TFLOP')
    """
    billions = 2 * MASK_HEAD * rois / 1e9
    value, unit = (billions, "GFLOP") if billions < 999.5 else (billions / 1000, "TFLOP")
    return f"{fixed(value, 2 if value < 9.995 else 1 if value < 99.95 else 0)} {unit}" if rois else "0 GFLOP"


def share(rois: int, anchors: int) -> str:
    """Return which part of the anchors is left.

    Examples
    --------
    >>> share(1960, 4032), share(100, 4032), share(1, 4032)
    ('1/2.1', '1/40', '1/4,032')
    """
    if not rois:
        return "0"
    ratio = anchors / rois
    return f"1/{trimmed(ratio, 1)}" if ratio < 9.95 else f"1/{int(fixed(ratio, 0)):,}"
