"""The count explorer's numbers and words, as `js/count_explorer_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minimask.data.counted import SCORE_STEPS, CountedPicture
from minimask.data.crops import PERCENT
from minimask.geometry.checks import IntArray
from minimask.widgets.decimals import counted, fixed, signed

OUTLINES = ("model", "baseline", "none")
"""Whose outlines are shown."""
BINS = 12
"""Of the histogram of areas; the last one is open."""
FIRST, LAST = 5, 99
"""The least and the most that scores can be asked for, in percent."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Outlines of one picture, held against the truth.

    Attributes
    ----------
    areas : array (n,)
        In pixels.
    objects : array (n,)
        The true object that an outline finds: they share at least half of what either covers (IoU 0.5), and no outline
        before has found it. -1 where there is none.
    covers : array (n,)
        Of how many true objects an outline covers at least half; one that covers two or more merges them.
    fates : list of M str
        What becomes of each true object: "found", "merged" (not found, but in an outline that merges), or "missed".
    """

    areas: IntArray
    objects: IntArray
    covers: IntArray
    fates: list[str]

    @property
    def count(self) -> int:
        """How many outlines there are."""
        return len(self.areas)

    @property
    def found(self) -> int:
        """How many true objects are found: as many outlines are right."""
        return self.fates.count("found")

    @property
    def merging(self) -> int:
        """How many outlines merge true objects."""
        return int((self.covers >= 2).sum())

    @property
    def precision(self) -> float:
        """Which part of the outlines is right; 1 if there are none."""
        return self.found / self.count if self.count else 1.0

    @property
    def recall(self) -> float:
        """Which part of the true objects is found."""
        return self.found / len(self.fates)

    def kind(self, row: int) -> str:
        """Return what an outline is: "found", "merged" or "false"."""
        if self.covers[row] >= 2:
            return "merged"
        return "found" if self.objects[row] >= 0 else "false"


def judge(overlaps: IntArray, areas: IntArray, true_areas: IntArray) -> Judged:
    """Hold outlines against the truth.

    Parameters
    ----------
    overlaps : array (n, M)
        How many pixels each outline shares with each true object; the outlines that choose first come first.
    areas, true_areas : arrays (n,), (M,)
        Pixels of each.

    Examples
    --------
    >>> judged = judge(np.array([[9, 8], [0, 1]]), np.array([20, 30]), np.array([10, 12]))
    >>> judged.covers.tolist(), judged.fates, judged.kind(1)
    ([2, 0], ['merged', 'merged'], 'false')
    """
    objects = np.full(len(areas), -1)
    free = np.ones(len(true_areas), np.bool_)
    for row, shared in enumerate(overlaps):
        near = free & (2 * shared >= areas[row] + true_areas - shared)
        if near.any():
            ious = np.where(near, shared / (areas[row] + true_areas - shared), -1)
            objects[row] = ious.argmax()
            free[objects[row]] = False
    halves = 2 * overlaps >= true_areas
    covers = halves.sum(axis=1).astype(np.int64)
    merged = halves[covers >= 2].any(axis=0)
    fates = ["merged" if many else "missed" for many in merged]
    for found in objects[objects >= 0]:
        fates[found] = "found"
    return Judged(areas, objects, covers, fates)


def shared_pixels(masks: Sequence[Any], truth: IntArray) -> IntArray:
    """Return how many pixels each mask (H, W) shares with each object of a label image: (n, M)."""
    most = int(truth.max())
    rows = [np.bincount(truth[mask], minlength=most + 1)[1:] for mask in masks]
    return np.array(rows, np.int64).reshape(-1, most)


@dataclass(frozen=True, eq=False)
class Settled:
    """Everything that follows from a state of the explorer."""

    pictures: Sequence[CountedPicture]
    state: Mapping[str, Any]

    @property
    def picture(self) -> CountedPicture:
        """The one that is shown."""
        return self.pictures[int(self.state["picture"])]

    @property
    def percent(self) -> tuple[int, int]:
        """From how many percent on scores and masks count."""
        return round(PERCENT * self.state["score"]), round(PERCENT * self.state["mask_threshold"])

    def large(self, picture: CountedPicture) -> Any:  # noqa: ANN401
        """Return which of the model's masks have enough pixels at the threshold."""
        return picture.found.areas[:, self.percent[1]] >= max(self.state["smallest"], 1)

    @cached_property
    def rows(self) -> IntArray:
        """The detections that are counted, the surest first."""
        sure = self.picture.scores >= SCORE_STEPS // PERCENT * self.percent[0]
        return np.flatnonzero(sure & self.large(self.picture))

    @cached_property
    def true_areas(self) -> IntArray:
        """Of the shown picture's objects."""
        return areas_of(self.picture.truth)

    @cached_property
    def model(self) -> Judged:
        """What the model finds, held against the truth."""
        picture = self.picture
        masks = picture.found.chosen(self.rows).masks(self.percent[1])
        areas = picture.found.areas[self.rows, self.percent[1]]
        return judge(shared_pixels(list(masks), picture.truth), areas, self.true_areas)

    @cached_property
    def regions(self) -> IntArray:
        """The labels of the baseline that are counted."""
        return np.flatnonzero(areas_of(self.picture.baseline) >= max(self.state["smallest"], 1)) + 1

    @cached_property
    def baseline(self) -> Judged:
        """What the method without learning finds, held against the truth."""
        labels, truth = self.picture.baseline, self.picture.truth
        masks = [labels == label for label in self.regions]
        return judge(shared_pixels(masks, truth), areas_of(labels)[self.regions - 1], self.true_areas)

    @property
    def shown(self) -> Judged:
        """The method whose outlines are shown; the model where none are."""
        return self.baseline if self.state["outlines"] == "baseline" else self.model

    # --- over all pictures

    @cached_property
    def true_counts(self) -> IntArray:
        """How many objects each picture holds."""
        return np.array([picture.truth.max() for picture in self.pictures])

    @cached_property
    def counts(self) -> IntArray:
        """How many the model counts in each picture (P, 95), from 5, 6, ... 99 percent of score on."""
        asked = SCORE_STEPS // PERCENT * np.arange(FIRST, LAST + 1)
        found = [picture.scores[self.large(picture)] for picture in self.pictures]
        return np.array([(scores[:, None] >= asked).sum(axis=0) for scores in found])

    @cached_property
    def baseline_counts(self) -> IntArray:
        """How many the method without learning counts in each picture."""
        least = max(self.state["smallest"], 1)
        return np.array([(areas_of(picture.baseline) >= least).sum() for picture in self.pictures])

    @cached_property
    def curve(self) -> list[float]:
        """How far the count is off on the mean over all pictures, in percent, at every threshold of `counts`."""
        return [off_by(self.counts[:, k], self.true_counts) for k in range(self.counts.shape[1])]

    @property
    def off(self) -> tuple[float, float]:
        """How far the count is off over all pictures at the present threshold: on the mean, and in total."""
        now = self.counts[:, self.percent[0] - FIRST]
        return off_by(now, self.true_counts), bias_of(now, self.true_counts)

    @property
    def baseline_off(self) -> tuple[float, float]:
        """The same for the method without learning."""
        return off_by(self.baseline_counts, self.true_counts), bias_of(self.baseline_counts, self.true_counts)

    # --- areas

    @cached_property
    def bin(self) -> int:
        """How wide a bin of the histogram is, in pixels."""
        return -(-max(int(areas_of(picture.truth).max()) for picture in self.pictures) // (BINS - 2))

    def histogram(self, areas: IntArray) -> list[int]:
        """Return how many areas fall into each bin."""
        counts: list[int] = np.bincount(np.minimum(areas // self.bin, BINS - 1), minlength=BINS).tolist()
        return counts


def areas_of(labels: IntArray) -> IntArray:
    """Return the pixels of each object of a label image (H, W).

    Examples
    --------
    >>> areas_of(np.array([[0, 1, 1], [2, 0, 1]])).tolist()
    [3, 1]
    """
    return np.bincount(labels.ravel(), minlength=1)[1:].astype(np.int64)


def off_by(counts: IntArray, true: IntArray) -> float:
    """Return how far counts are off on the mean, in percent of the true ones.

    Examples
    --------
    >>> off_by(np.array([9, 22]), np.array([10, 20])), bias_of(np.array([9, 22]), np.array([10, 20]))
    (10.0, 3.3333333333333335)
    """
    return float(np.mean(100 * np.abs(counts - true) / true))


def bias_of(counts: IntArray, true: IntArray) -> float:
    """Return how far the sum of all counts is off, in percent of the true one, with its sign."""
    return float(100 * (counts.sum() - true.sum()) / true.sum())


def mean_of(areas: IntArray) -> float:
    """Return the mean area, 0 if there is none."""
    return float(areas.mean()) if len(areas) else 0.0


def describe(settled: Settled, things: tuple[str, str], method: str) -> str:
    """Return a state in words: what is counted, what is true, and what the difference is made of."""
    state, picture, true = settled.state, settled.picture, len(settled.true_areas)
    name = f" ({picture.name})" if picture.name else ""
    one, many = things
    model = settled.model
    smallest = f", at least {state['smallest']} px" if state["smallest"] else ""
    words = (
        f"Picture {state['picture'] + 1} of {len(settled.pictures)}{name}: Mask R-CNN counts "
        f"{model.count} {one if model.count == 1 else many}, in truth there are {true}: {_apart(model.count, true)}. "
        f"Scores from {settled.percent[0]}%, masks from {settled.percent[1]}%{smallest}: {_parts(model)} "
        f"Mean area {fixed(mean_of(model.areas), 0)} px, in truth {fixed(mean_of(settled.true_areas), 0)}."
    )
    other = settled.baseline
    words += f" {method}, without learning, counts {other.count}: {_apart(other.count, true)}. {_parts(other)}"
    (off, bias), (other_off, other_bias) = settled.off, settled.baseline_off
    return (
        f"{words} Over {counted(len(settled.pictures), 'picture')} the count is off by {fixed(off, 1)}% on the mean "
        f"({signed(bias, 1)}% in total), that of {method} by {fixed(other_off, 1)}% ({signed(other_bias, 1)}%)."
    )


def _apart(count: int, true: int) -> str:
    """Return how far a count is off."""
    if count == true:
        return "exactly right"
    return f"{abs(count - true)} too {'many' if count > true else 'few'}, {signed(100 * (count - true) / true, 1)}%"


def _parts(judged: Judged) -> str:
    """Return what a count is made of."""
    merged = judged.fates.count("merged")
    within = f" ({merged} of them merged with others)" if merged else ""
    merging = f", {counted(judged.merging, 'outline')} around several" if judged.merging else ""
    return (
        f"{judged.found} found, {len(judged.fates) - judged.found} missed{within}, "
        f"{judged.count - judged.found} false{merging}; precision {fixed(100 * judged.precision, 0)}%, "
        f"recall {fixed(100 * judged.recall, 0)}%."
    )
