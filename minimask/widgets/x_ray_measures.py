"""The X-ray's numbers and words, as `js/x_ray_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from minimask.data.examined import ExaminedPicture
from minimask.geometry.boxes import box_iou
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.geometry.nms import batched_nms
from minimask.roi.pool import roi_pool, round_half_away
from minimask.roi.pyramid import assign_levels, first_level
from minimask.roi.reference import roi_align
from minimask.widgets.decimals import counted, fixed, signed, trimmed

STAGES = {
    "picture": "picture",
    "features": "features",
    "objectness": "objectness",
    "proposals": "proposals",
    "levels": "levels",
    "rois": "RoIs",
    "classes": "classes",
    "boxes": "boxes",
    "masks": "masks",
    "detections": "detections",
}
"""The stages of the machine, and what they are called."""

FOUND = 0.5
"""From which IoU on a box or a mask finds an object."""
LEAST_SIDE = 1e-2
"""Of an answer's box, in pixels: `min_size` of `minimask.model.detections.detect`."""
HAIR = 1e-9
"""A pixel that a mask says this much less of than the threshold is taken for one that reaches it: sums are rounded."""


class Verdict(NamedTuple):
    """What becomes of a detection when it is held against the truth."""

    object: int  # the one of its class that its mask overlaps best; -1 where there is none
    iou: float  # of the masks
    right: bool  # it finds the object, and no surer detection has found it


class Pooled(NamedTuple):
    """What both operators read from the chosen map in the chosen RoI."""

    align: FloatArray  # (bins, bins)
    pool: FloatArray
    shifts: list[float]  # in pixels: where RoIPool's left, top, right and bottom lie, seen from the box's
    limits: tuple[float, float]  # the least and the most of the map


def probability(odds: FloatArray) -> FloatArray:
    """Return what log-odds say as probabilities.

    Examples
    --------
    >>> probability(np.array([0.0, 2.0])).round(3)
    array([0.5  , 0.881])
    """
    return np.asarray(1 / (1 + np.exp(-odds)))


def paste(grid: FloatArray, box: FloatArray, size: tuple[int, int], convention: str) -> FloatArray:
    """Return what a mask says about every pixel of a picture: `minimask.model.paste.paste_masks` for one mask.

    Examples
    --------
    >>> grid = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> paste(grid, np.array([1.0, 0, 5, 4]), (4, 6), "aligned")[0].tolist()
    [0.1875, 0.5625, 0.5625, 0.1875, 0.0, 0.0]
    """
    x1, y1, x2, y2 = box.tolist()
    if convention == "published":
        cells = len(grid)
        half = np.array([x2 - x1, y2 - y1]) * 0.5 * ((cells + 2) / cells)
        center = np.array([x2 + x1, y2 + y1]) * 0.5
        (x1, y1), (x2, y2) = np.trunc(center - half), np.trunc(center + half)
        grid = np.pad(grid, 1)
    rows, columns = (_reach(*ends, convention) for ends in ((y1, y2, size[0], len(grid)), (x1, x2, size[1], len(grid))))
    pasted = np.zeros(size)
    pasted[rows[0] : rows[0] + len(rows[1]), columns[0] : columns[0] + len(columns[1])] = rows[1] @ grid @ columns[1].T
    return pasted


def _reach(low: float, high: float, pixels: int, cells: int, convention: str) -> tuple[int, FloatArray]:
    """Return the first pixel that an axis of a mask reaches, and the weight (n, cells) of each cell for n pixels."""
    if convention == "published":
        first, last = max(int(low), 0), min(int(high) + 1, pixels)
        positions = (np.arange(first, max(first, last)) + 0.5 - low) * (cells / max(high - low + 1, 1)) - 0.5
        positions = positions.clip(0, cells - 1)
    else:
        side = max(high - low, 1e-6)
        reach = side / cells / 2
        first, last = max(int(np.floor(low - reach)), 0), min(int(np.ceil(high + reach)), pixels)
        positions = (np.arange(first, max(first, last)) + 0.5 - low) * (cells / side) - 0.5
    return first, (1 - np.abs(positions[:, None] - np.arange(cells))).clip(min=0)


@dataclass(frozen=True, eq=False)
class Settled:
    """Everything that follows from a state of the X-ray."""

    picture: ExaminedPicture
    state: Mapping[str, Any]

    # --- the first stage

    @cached_property
    def scored(self) -> IntArray:
        """The candidates that are likely enough to hold an object."""
        return np.flatnonzero(probability(self.picture.odds) >= self.state["objectness"])

    @cached_property
    def kept(self) -> IntArray:
        """Those that NMS leaves, the best first."""
        rows, picture = self.scored, self.picture
        groups = (picture.candidates[rows], picture.odds[rows], picture.levels[rows])
        return rows[batched_nms(*groups, self.state["proposal_nms"])]

    @cached_property
    def proposals(self) -> IntArray:
        """The first of these."""
        return self.kept[: self.picture.machine.proposals]

    @cached_property
    def reach(self) -> FloatArray:
        """The IoU of every candidate with every object."""
        return box_iou(self.picture.candidates, self.picture.objects)

    @cached_property
    def best(self) -> FloatArray:
        """For each object the largest IoU of a proposal."""
        found: FloatArray = self.reach[self.proposals].max(axis=0, initial=0)
        return found

    def recall(self, threshold: float) -> int:
        """Return how many objects the proposals find."""
        return int((self.best >= threshold).sum())

    @cached_property
    def levels(self) -> IntArray:
        """The level that each candidate's features are read from, 0 for the finest."""
        machine, strides = self.picture.machine, self.picture.strides
        lowest = first_level([1 / stride for stride in strides])
        sizes = (machine.canonical_size, machine.canonical_level)
        found = assign_levels(self.picture.candidates, lowest, lowest + len(strides) - 1, *sizes)
        return np.asarray(found - lowest)

    # --- the chosen RoI

    @property
    def roi(self) -> int:
        """The chosen candidate."""
        return int(self.state["roi"])

    @cached_property
    def rank(self) -> int:
        """Its place among the proposals; -1 if it is none."""
        return int(np.append(np.flatnonzero(self.proposals == self.roi), -1)[0])

    @cached_property
    def suppressor(self) -> tuple[int, float] | None:
        """The kept candidate that NMS prefers to the chosen one, and their IoU."""
        picture = self.picture
        if self.roi in self.kept or self.roi not in self.scored:
            return None
        rivals = self.kept[picture.levels[self.kept] == picture.levels[self.roi]]
        iou = box_iou(picture.candidates[rivals], picture.candidates[[self.roi]])[:, 0]
        first = int(np.flatnonzero(iou > self.state["proposal_nms"])[0])
        return int(rivals[first]), float(iou[first])

    @cached_property
    def object(self) -> int:
        """The object that the chosen RoI overlaps best; -1 if there are none."""
        return int(self.reach[self.roi].argmax()) if len(self.picture.objects) else -1

    @cached_property
    def likeliest(self) -> IntArray:
        """For each candidate its answer for the likeliest class but the background."""
        rois, labels = self.picture.answers.rois, self.picture.answers.labels
        odds = self.picture.class_odds[rois, labels]
        order = np.lexsort((np.arange(len(rois)), -odds, rois))
        return order[np.searchsorted(rois[order], np.arange(len(self.picture.candidates)))]

    @cached_property
    def answer(self) -> int:
        """The chosen RoI's answer for its likeliest class."""
        return int(self.likeliest[self.roi])

    def inside(self) -> BoolArray:
        """Return which cells of the shown map have their middle in the chosen RoI."""
        stride = self.picture.strides[self.state["level"]]
        height, width = self.picture.maps[self.state["level"]].shape[1:]
        x1, y1, x2, y2 = self.picture.candidates[self.roi]
        x, y = (np.arange(width) + 0.5) * stride, (np.arange(height) + 0.5) * stride
        found: BoolArray = ((y >= y1) & (y < y2))[:, None] & ((x >= x1) & (x < x2))
        return found

    def pooled(self) -> Pooled:
        """Return what RoIAlign and RoIPool read from the chosen map in the chosen RoI."""
        machine, level = self.picture.machine, int(self.levels[self.roi])
        features = self.picture.maps[level][self.state["map"]]
        stride, box = self.picture.strides[level], self.picture.candidates[self.roi]
        roi, bins = np.array([[0, *box]]), (machine.bins, machine.bins)
        align = roi_align(features[None, None], roi, bins, 1 / stride, machine.sampling_ratio, machine.aligned)
        pool, _ = roi_pool(features[None, None], roi, bins, 1 / stride)
        first = [round_half_away(side / stride) for side in box]
        last = [max(end - start + 1, 1) + start for start, end in zip(first[:2], first[2:], strict=True)]
        snapped = [*first[:2], *last]
        shifts = [float(cell * stride - side) for cell, side in zip(snapped, box, strict=True)]
        return Pooled(align[0, 0], pool[0, 0], shifts, (float(features.min()), float(features.max())))

    @cached_property
    def after(self) -> tuple[float, float, int]:
        """The mean IoU of proposals on objects before and after the second stage moved them, and their number."""
        if not len(self.picture.objects):
            return 0.0, 0.0, 0
        rows = self.proposals[self.reach[self.proposals].max(axis=1) >= FOUND]
        if not len(rows):
            return 0.0, 0.0, 0
        moved = box_iou(self.picture.answers.boxes[self.likeliest[rows]], self.picture.objects)
        which = np.arange(len(rows)), self.reach[rows].argmax(axis=1)
        return float(self.reach[rows][which].mean()), float(moved[which].mean()), len(rows)

    # --- the second stage

    @cached_property
    def detections(self) -> IntArray:
        """The answers that are left in the end, the surest first."""
        rois, labels, boxes, _ = self.picture.answers
        odds = self.picture.class_odds[rois, labels]
        likely = (probability(odds) > self.state["score"]) & np.isin(rois, self.proposals)
        rows = np.flatnonzero(likely & ((boxes[:, 2:] - boxes[:, :2]) >= LEAST_SIDE).all(axis=1))
        kept = batched_nms(boxes[rows], odds[rows], labels[rows], self.state["detection_nms"])
        return rows[kept][: self.picture.machine.detections]

    def score(self, answer: int) -> float:
        """Return how likely an answer's class is."""
        rois, labels, _, _ = self.picture.answers
        return float(probability(self.picture.class_odds[rois[answer], labels[answer]]))

    def mask(self, answer: int) -> BoolArray | None:
        """Return the pixels of an answer's mask at the threshold; None where no mask was recorded."""
        _, _, boxes, grids = self.picture.answers
        if grids[answer] < 0:
            return None
        grid = self.picture.grids[grids[answer]]
        said = paste(grid, boxes[answer], self.picture.size, self.state["paste"])
        return np.asarray(said >= self.state["mask_threshold"] - HAIR)

    def overlap(self, answer: int, m: int) -> float:
        """Return the IoU of an answer's mask with an object's."""
        mask = self.mask(answer)
        if mask is None or m < 0:
            return 0.0
        either = int((mask | self.picture.masks[m]).sum())
        return float((mask & self.picture.masks[m]).sum() / either) if either else 0.0

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What becomes of each detection, the surest first: one for each object is right."""
        found: list[Verdict] = []
        for answer in self.detections:
            same = np.flatnonzero(self.picture.labels == self.picture.answers.labels[answer])
            ious = [self.overlap(int(answer), int(m)) for m in same]
            best = int(np.argmax(ious)) if ious else -1
            m, iou = (int(same[best]), ious[best]) if ious else (-1, 0.0)
            right = iou >= FOUND and all(not other.right or other.object != m for other in found)
            found.append(Verdict(m, iou, right))
        return found


def describe(settled: Settled) -> str:
    """Return a state in words: the stage, what it does to the chosen RoI, and how well."""
    state = settled.state
    number = list(STAGES).index(state["stage"]) + 1
    return f"{number} of {len(STAGES)}, {STAGES[state['stage']]}. {_WORDS[state['stage']](settled)}"


def _named(settled: Settled, m: int) -> str:
    """Return an object with its number."""
    picture = settled.picture
    return f"{m + 1} ({picture.names[picture.labels[m]]})"


def _the_roi(settled: Settled) -> str:
    """Return the chosen RoI by its place, or what became of it."""
    x1, y1, x2, y2 = settled.picture.candidates[settled.roi]
    size = f"{fixed(x2 - x1, 0)} x {fixed(y2 - y1, 0)} px"
    if settled.rank >= 0:
        return f"RoI {settled.rank + 1} of {len(settled.proposals)} ({size})"
    return f"The chosen box ({size}; no proposal now)"


def _percent(value: float) -> str:
    return f"{fixed(100 * value, 0)}%"


def _of_picture(settled: Settled) -> str:
    height, width = settled.picture.size
    found = f"{width} x {height} pixels"
    if settled.object < 0:
        return f"{found}. Nothing is known of what is in it."
    names = ", ".join(_named(settled, m) for m in range(len(settled.picture.objects)))
    return (
        f"{found} with {counted(len(settled.picture.objects), 'object')}: {names}. {_the_roi(settled)} overlaps "
        f"{_named(settled, settled.object)} best: IoU {fixed(settled.reach[settled.roi, settled.object], 2)}."
    )


def _of_features(settled: Settled) -> str:
    picture, level, k = settled.picture, settled.state["level"], settled.state["map"]
    values, inside = picture.maps[level][k], settled.inside()
    height, width = values.shape
    what = f"channel {picture.shown[k - 1]}" if k else f"the length over all {picture.machine.channels} channels"
    words = (
        f"Stride {picture.strides[level]}: {width} x {height} cells. Shown is {what}, from {fixed(values.min(), 2)} to "
        f"{fixed(values.max(), 2)}."
    )
    if not inside.any() or inside.all():
        return f"{words} {_the_roi(settled)} holds {'every' if inside.any() else 'no'} cell's middle."
    return (
        f"{words} On the mean {fixed(values[inside].mean(), 2)} in the {counted(int(inside.sum()), 'cell')} of "
        f"{_the_roi(settled)}, and {fixed(values[~inside].mean(), 2)} elsewhere."
    )


def _of_objectness(settled: Settled) -> str:
    picture, level = settled.picture, settled.state["level"]
    odds = picture.objectness[level]
    likely = int((odds > 0).sum())
    anchor, box = picture.anchors[settled.roi], picture.candidates[settled.roi]
    (ax, ay, aw, ah), (x, y, w, h) = ((*(b[:2] + b[2:]) / 2, *(b[2:] - b[:2])) for b in (anchor, box))
    return (
        f"Stride {picture.strides[level]}: {likely} of {odds.size} cells say that an object is likelier than not, the "
        f"surest {_percent(float(probability(odds.max())))}. {_the_roi(settled)} comes from an anchor of "
        f"{fixed(aw, 0)} x {fixed(ah, 0)} px, stride {picture.strides[picture.levels[settled.roi]]}, of which the "
        f"network says {_percent(float(probability(picture.odds[settled.roi])))}: it was moved by {signed(x - ax, 1)} "
        f"and {signed(y - ay, 1)} px, and stretched to {_percent(w / aw)} and {_percent(h / ah)}."
    )


def _of_proposals(settled: Settled) -> str:
    picture, state = settled.picture, settled.state
    words = (
        f"Of {picture.machine.anchors:,} anchors the best of each level are candidates: {len(picture.candidates):,}. "
        f"{len(settled.scored):,} of them reach {_percent(state['objectness'])}, NMS at IoU "
        f"{fixed(state['proposal_nms'], 2)} leaves {len(settled.kept):,}, and the first {len(settled.proposals):,} are "
        "proposals."
    )
    if settled.object >= 0:
        words += (
            f" They find {settled.recall(0.5)} of {counted(len(picture.objects), 'object')} at IoU 0.5 and "
            f"{settled.recall(0.7)} at 0.7."
        )
    return f"{words} {_fate(settled)}"


def _fate(settled: Settled) -> str:
    """Return what the first stage made of the chosen RoI."""
    sure = _percent(float(probability(settled.picture.odds[settled.roi])))
    if settled.rank >= 0:
        return f"{_the_roi(settled)} has {sure}."
    if settled.roi not in settled.scored:
        return f"{_the_roi(settled)} has only {sure}."
    if settled.suppressor is None:
        return f"{_the_roi(settled)} has {sure}: others are surer."
    winner, iou = settled.suppressor
    other = _percent(float(probability(settled.picture.odds[winner])))
    return f"{_the_roi(settled)} has {sure}, and gave way to a box with {other} that it overlaps by {fixed(iou, 2)}."


def _of_levels(settled: Settled) -> str:
    picture, machine = settled.picture, settled.picture.machine
    counts = np.bincount(settled.levels[settled.proposals], minlength=len(picture.strides))
    shares = ", ".join(f"{count} from stride {stride}" for count, stride in zip(counts, picture.strides, strict=True))
    x1, y1, x2, y2 = picture.candidates[settled.roi]
    side, level = float(np.sqrt((x2 - x1) * (y2 - y1))), int(settled.levels[settled.roi])
    asked = int(np.floor(machine.canonical_level + np.log2(max(side, 1e-6) / machine.canonical_size) + 1e-6))
    stride = picture.strides[level]
    return (
        f"Of {counted(len(settled.proposals), 'proposal')} {shares}. {_the_roi(settled)} has the area of a square of "
        f"{fixed(side, 1)} px: level floor({machine.canonical_level} + log2({fixed(side, 1)} / "
        f"{trimmed(machine.canonical_size, 2)})) = {asked}, "
        f"so it is read from stride {stride}, where it covers {fixed((x2 - x1) / stride, 1)} x "
        f"{fixed((y2 - y1) / stride, 1)} cells."
    )


def _of_rois(settled: Settled) -> str:
    picture, machine = settled.picture, settled.picture.machine
    pooled, k = settled.pooled(), settled.state["map"]
    shifts = ", ".join(signed(shift, 1) for shift in pooled.shifts)
    gap = float(np.abs(pooled.align - pooled.pool).mean())
    low, high = pooled.limits
    what = f"channel {picture.shown[k - 1]}" if k else f"the length over all {machine.channels} channels"
    return (
        f"{_the_roi(settled)} becomes {machine.bins} x {machine.bins} numbers of every channel of stride "
        f"{picture.strides[settled.levels[settled.roi]]}. RoIAlign reads between the cells; RoIPool rounds: its left, "
        f"top, right and bottom are {shifts} px off. In {what} the two differ by {fixed(gap, 2)} on the mean, "
        f"{_percent(gap / max(high - low, 1e-12))} of what the map spans."
    )


def _of_classes(settled: Settled) -> str:
    picture = settled.picture
    odds = picture.class_odds[settled.roi]
    order = np.argsort(-odds, kind="stable")[:3]
    said = ", ".join(f"{picture.names[k]} {_percent(float(probability(odds[k])))}" for k in order)
    ground = int((picture.class_odds[settled.proposals].argmax(axis=1) == 0).sum())
    words = f"{_the_roi(settled)}: {said}."
    if settled.object >= 0:
        iou = settled.reach[settled.roi, settled.object]
        true = int(picture.labels[settled.object]) if iou >= FOUND else 0
        words += (
            f" In truth: {picture.names[true]} (IoU {fixed(iou, 2)} with {_named(settled, settled.object)}), so that "
            f"is {'right' if order[0] == true else 'wrong'}."
        )
    return f"{words} Of {counted(len(settled.proposals), 'proposal')} {ground} are taken for background."


def _of_boxes(settled: Settled) -> str:
    picture, answers = settled.picture, settled.picture.answers
    before, after = picture.candidates[settled.roi], answers.boxes[settled.answer]
    moved = ", ".join(signed(float(shift), 1) for shift in after - before)
    label = picture.names[answers.labels[settled.answer]]
    words = f"{_the_roi(settled)}, taken for {label}: left, top, right and bottom move by {moved} px."
    if settled.object < 0:
        return words
    iou = float(box_iou(after[None], picture.objects[[settled.object]])[0, 0])
    words += (
        f" Its IoU with {_named(settled, settled.object)} goes from "
        f"{fixed(settled.reach[settled.roi, settled.object], 2)} to {fixed(iou, 2)}."
    )
    old, new, count = settled.after
    if not count:
        return f"{words} No proposal overlaps an object by {FOUND}."
    mean = f"{words} On the mean over the {counted(count, 'proposal')} that overlap an object by at least {FOUND},"
    return f"{mean} it goes from {fixed(old, 2)} to {fixed(new, 2)}."


def _of_masks(settled: Settled) -> str:
    picture, answers = settled.picture, settled.picture.answers
    label, row = picture.names[answers.labels[settled.answer]], answers.grids[settled.answer]
    sure = _percent(settled.score(settled.answer))
    if row < 0:
        words = f"{_the_roi(settled)} is taken for {label} with {sure} only"
        return f"{words}: no mask of it was recorded. Choose a surer one."
    grid, threshold = picture.grids[row], settled.state["mask_threshold"]
    over = int((grid >= threshold - HAIR).sum())
    words = (
        f"{_the_roi(settled)}, taken for {label} ({sure}): {over} of {len(grid)} x {len(grid)} cells reach "
        f"{_percent(threshold)}."
    )
    if settled.object < 0:
        return words
    iou = settled.overlap(settled.answer, settled.object)
    return f"{words} Pasted into the picture, mask IoU {fixed(iou, 2)} with {_named(settled, settled.object)}."


def _of_detections(settled: Settled) -> str:
    picture, state, verdicts = settled.picture, settled.state, settled.verdicts
    words = (
        f"Scores above {_percent(state['score'])}, NMS in each class at IoU {fixed(state['detection_nms'], 2)}: "
        f"{counted(len(settled.detections), 'detection')}."
    )
    unseen = sum(picture.answers.grids[answer] < 0 for answer in settled.detections)
    if settled.object >= 0:
        right = [verdict for verdict in verdicts if verdict.right]
        words += (
            f" {len(right)} of {counted(len(picture.objects), 'object')} found at mask IoU {FOUND}, and "
            f"{counted(len(verdicts) - len(right), 'false alarm')}."
        )
        if right:
            mean = fixed(float(np.mean([verdict.iou for verdict in right])), 3)
            words += f" Pasted {_PASTES[state['paste']]}, their masks have IoU {mean} on the mean."
    if unseen:
        words += f" Of {counted(int(unseen), 'detection')} no mask was recorded."
    place = np.flatnonzero(picture.answers.rois[settled.detections] == settled.roi)
    if not len(place):
        return f"{words} {_the_roi(settled)} is none of them."
    answer = int(settled.detections[place[0]])
    label = picture.names[picture.answers.labels[answer]]
    return f"{words} {_the_roi(settled)} is number {place[0] + 1}, {label} with {_percent(settled.score(answer))}."


_PASTES = {"aligned": "aligned", "published": "as published"}
_WORDS = {
    "picture": _of_picture,
    "features": _of_features,
    "objectness": _of_objectness,
    "proposals": _of_proposals,
    "levels": _of_levels,
    "rois": _of_rois,
    "classes": _of_classes,
    "boxes": _of_boxes,
    "masks": _of_masks,
    "detections": _of_detections,
}
