"""Average precision of masks at IoU 0.5, class by class, and how sure it is.

As COCO has it (`minimask.evaluation.CocoEvaluation` says the same), but in a form that takes a sample of the pages, so
that they can be drawn anew thousands of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.data.found import Found
from minimask.data.picture import Picture
from minimask.evaluation.intervals import Interval, interval
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.geometry.masks import mask_iou
from minimask.screens.pages import CLASSES

MATCH = 0.5
"""From this IoU of masks on, something is found."""
MOST = 100
"""So many of a class count on a page, the surest."""
RECALLS = np.linspace(0, 1, 101)
"""At which precision is read, as COCO does."""


class Ranked(NamedTuple):
    """All that was found of one class on some pages, the surest first."""

    pages: IntArray
    """(D,): on which page."""
    right: BoolArray
    """(D,)."""
    objects: IntArray
    """(P,): how many there are on each page."""


def ranked(pictures: Sequence[Picture], found: Sequence[Found], label: int) -> Ranked:
    """Return what was found of a class, and whether it is right; what lies in what does not count is left out.

    Parameters
    ----------
    pictures : sequence of Picture
    found : sequence of Found
        Page by page.
    label : int
        From 1, in `minimask.screens.pages.CLASSES`.
    """
    pages, right, scores, objects = [], [], [], []
    for page, (picture, one) in enumerate(zip(pictures, found, strict=True)):
        true, own = picture.labels == label, np.flatnonzero(one.labels == label)
        own = own[np.argsort(-one.scores[own], kind="stable")][:MOST]
        verdicts = _verdicts(one.masks[own], picture.masks[true], picture.crowd[true])
        kept = verdicts >= 0
        pages.append(np.full(kept.sum(), page))
        right.append(verdicts[kept] == 1)
        scores.append(one.scores[own][kept])
        objects.append(int((true & ~picture.crowd).sum()))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return Ranked(np.concatenate(pages)[order], np.concatenate(right)[order], np.array(objects))


def _verdicts(found: BoolArray, true: BoolArray, crowd: BoolArray) -> IntArray:
    """Return for each mask, the surest first, 1 if it is right, 0 if it is wrong, -1 if it does not count."""
    verdicts = np.zeros(len(found), dtype=np.int64)
    ious = mask_iou(found, true[~crowd])
    areas = found.sum((1, 2))
    for k, row in enumerate(ious):
        best = int(row.argmax()) if row.size else -1
        if best >= 0 and row[best] >= MATCH:
            verdicts[k] = 1
            ious[:, best] = -1
        elif any((found[k] & mask).sum() >= MATCH * areas[k] for mask in true[crowd]):
            verdicts[k] = -1
    return verdicts


def average_precision(one: Ranked, pages: NDArray[np.int64] | None = None) -> float:
    """Return the average precision on some of the pages, a page as often as it is named; by default on all once.

    Returns
    -------
    float
        From 0 to 1; nan if no object of the class is on these pages.

    Examples
    --------
    >>> one = Ranked(np.array([0, 1, 0]), np.array([True, False, True]), np.array([2, 1]))
    >>> round(average_precision(one), 3), round(average_precision(one, np.array([0, 0])), 3)
    (0.554, 1.0)
    """
    times = np.ones(len(one.objects), np.int64) if pages is None else np.bincount(pages, minlength=len(one.objects))
    objects = int((times * one.objects).sum())
    if not objects:
        return float("nan")
    weights = times[one.pages]
    true = np.cumsum(weights * one.right)
    precision = true / np.maximum(np.cumsum(weights), 1)
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(best[np.searchsorted(true / objects, RECALLS)].mean())


def _drawn(one: Ranked, pages: NDArray[np.int64]) -> float:
    """Return average precision on a draw of pages; one without any object of the class counts as all pages once."""
    value = average_precision(one, pages)
    return average_precision(one) if np.isnan(value) else value


def mean_precision(classes: Sequence[Ranked], pages: NDArray[np.int64] | None = None) -> float:
    """Return the mean over the classes that are on these pages."""
    return float(np.nanmean([average_precision(one, pages) for one in classes]))


def precision_table(pictures: Sequence[Picture], found: Sequence[Found], resamples: int = 1000) -> dict[str, Interval]:
    """Return average precision with its interval by the bootstrap over pages, by class; `"mean"` is that of all."""
    ranks = [ranked(pictures, found, label) for label in range(1, len(CLASSES) + 1)]
    every = np.arange(len(pictures))
    table = {
        name: interval(every, partial(_drawn, one), resamples=resamples)
        for name, one in zip(CLASSES, ranks, strict=True)
    }
    table["mean"] = interval(every, lambda pages: mean_precision(ranks, pages), resamples=resamples)
    return table


def differences(
    pictures: Sequence[Picture], found: Sequence[Found], others: Sequence[Found], resamples: int = 1000
) -> Interval:
    """Return by how much the mean of one finder is above that of another on the same pages."""
    labels = range(1, len(CLASSES) + 1)
    ours, theirs = ([ranked(pictures, some, label) for label in labels] for some in (found, others))
    return interval(
        np.arange(len(pictures)),
        lambda pages: mean_precision(ours, pages) - mean_precision(theirs, pages),
        resamples=resamples,
    )


def recall_and_precision(one: Ranked) -> tuple[FloatArray, FloatArray]:
    """Return recall and precision after each of what was found, the surest first."""
    true = np.cumsum(one.right)
    return true / max(int(one.objects.sum()), 1), true / np.arange(1, len(true) + 1)
