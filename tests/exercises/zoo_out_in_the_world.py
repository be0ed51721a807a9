"""Answers to the exercises of chapter 6 on counting: limits of agreement and panoptic quality, right and wrong ones."""

from __future__ import annotations

import math
import statistics

import numpy as np
from scipy.optimize import linear_sum_assignment
from zoo import right, wrong

# 6.1 limits_of_agreement


def _around(differences, reach):
    bias = np.mean(differences)
    return bias, bias - reach, bias + reach


def _limits(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.96 * differences.std(ddof=1))


@right("6.1")
def by_the_statistics_module(ours, theirs):
    differences = [a - b for a, b in zip(ours.tolist(), theirs.tolist(), strict=True)]
    reach = 1.96 * statistics.stdev(differences)
    return [statistics.fmean(differences), statistics.fmean(differences) - reach, statistics.fmean(differences) + reach]


@right("6.1")
def by_the_covariance(ours, theirs):
    table = np.cov(ours, theirs)
    reach = 1.96 * np.sqrt(max(table[0, 0] + table[1, 1] - 2 * table[0, 1], 0))
    return np.array(_around(ours - theirs, reach))


@right("6.1")
def in_loops(ours, theirs):
    total = squares = 0.0
    for a, b in zip(ours, theirs, strict=True):
        total += a - b
    bias = total / len(ours)
    for a, b in zip(ours, theirs, strict=True):
        squares += (a - b - bias) ** 2
    reach = 1.96 * math.sqrt(squares / (len(ours) - 1))
    return bias, bias - reach, bias + reach


@wrong("6.1", "the bias should be 1; yours gave -1.")
def theirs_minus_ours(ours, theirs):
    return _limits(theirs, ours)


@wrong("6.1", "the lower limit should be")
def divided_by_n(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.96 * differences.std())


@wrong("6.1", "the lower limit should be")
def divided_by_two_less(ours, theirs):
    differences = ours - theirs
    squares = ((differences - differences.mean()) ** 2).sum()
    return _around(differences, 1.96 * np.sqrt(squares / max(len(ours) - 2, 1)))


@wrong("6.1", "yours gave")
def limits_of_the_mean(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.96 * differences.std(ddof=1) / np.sqrt(len(ours)))


@wrong("6.1", "yours gave")
def twice_the_deviation(ours, theirs):
    differences = ours - theirs
    return _around(differences, 2 * differences.std(ddof=1))


@wrong("6.1", "yours gave")
def one_deviation(ours, theirs):
    differences = ours - theirs
    return _around(differences, differences.std(ddof=1))


@wrong("6.1", "yours gave")
def ninety_of_a_hundred(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.645 * differences.std(ddof=1))


@wrong("6.1", "yours gave")
def variance_for_deviation(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.96 * differences.var(ddof=1))


@wrong("6.1", "the bias should be")
def without_signs(ours, theirs):
    return _limits(np.maximum(ours, theirs), np.minimum(ours, theirs))


@wrong("6.1", "the bias should be")
def shares_of_the_mean(ours, theirs):
    differences = (ours - theirs) / np.maximum((ours + theirs) / 2, 1e-9)
    return _around(differences, 1.96 * differences.std(ddof=1))


@wrong("6.1", "three numbers (bias, low, high); yours gave (inf, inf, inf).")
def in_parts_of_theirs(ours, theirs):
    bias = np.mean((ours - theirs) / (theirs * np.ptp(ours - theirs)))
    return bias, bias, bias


@wrong("6.1", "the bias should be")
def median_for_mean(ours, theirs):
    differences = ours - theirs
    bias, reach = np.median(differences), 1.96 * differences.std(ddof=1)
    return bias, bias - reach, bias + reach


@wrong("6.1", "the lower limit should be")
def distances_from_zero(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.96 * np.sqrt((differences**2).sum() / (len(ours) - 1)))


@wrong("6.1", "the lower limit should be")
def limits_around_zero(ours, theirs):
    bias, low, high = _limits(ours, theirs)
    return bias, low - bias, high - bias


@wrong("6.1", "the lower limit should be")
def as_if_not_paired(ours, theirs):
    return _around(ours - theirs, 1.96 * np.sqrt(ours.var(ddof=1) + theirs.var(ddof=1)))


@wrong("6.1", "yours gave")
def deviations_subtracted(ours, theirs):
    return _around(ours - theirs, 1.96 * abs(ours.std(ddof=1) - theirs.std(ddof=1)))


@wrong("6.1", "yours gave")
def each_sorted_first(ours, theirs):
    return _limits(np.sort(ours), np.sort(theirs))


@wrong("6.1", "the lower limit should be")
def middle_of_the_sample(ours, theirs):
    differences = ours - theirs
    return differences.mean(), *np.percentile(differences, [2.5, 97.5])


@wrong("6.1", "the lower limit should be")
def smallest_and_largest(ours, theirs):
    differences = ours - theirs
    return differences.mean(), differences.min(), differences.max()


@wrong("6.1", "the lower limit should be")
def mean_distance(ours, theirs):
    differences = ours - theirs
    return _around(differences, 1.96 * np.abs(differences - differences.mean()).mean())


@wrong("6.1", "the lower limit should be -2.92; yours gave -1.77186.")
def only_the_last_pairs_spread(ours, theirs):
    differences = ours - theirs
    spread = differences[1:].std(ddof=1) if len(differences) > 2 else differences.std(ddof=1)
    return _around(differences, 1.96 * spread)


@wrong("6.1", "the lower limit should be")
def high_before_low(ours, theirs):
    bias, low, high = _limits(ours, theirs)
    return bias, high, low


@wrong("6.1", "the bias should be")
def bias_in_the_middle(ours, theirs):
    bias, low, high = _limits(ours, theirs)
    return low, bias, high


@wrong("6.1", "three numbers (bias, low, high); yours gave a tuple of 2: (1, 1).")
def limits_alone(ours, theirs):
    return _limits(ours, theirs)[1:]


@wrong("6.1", "three numbers (bias, low, high); yours gave a tuple of 2")
def limits_as_a_pair(ours, theirs):
    bias, low, high = _limits(ours, theirs)
    return bias, (low, high)


@wrong("6.1", "the bias should be")
def in_whole_nuclei(ours, theirs):
    return tuple(round(value) for value in _limits(ours, theirs))


@wrong("6.1", "the lower limit should be")
def never_below_zero(ours, theirs):
    bias, low, high = _limits(ours, theirs)
    return bias, max(low, 0), high


@wrong("6.1", "the bias should be")
def out_of_one_fewer(ours, theirs):
    differences = ours - theirs
    bias, reach = differences.sum() / (len(ours) - 1), 1.96 * differences.std(ddof=1)
    return bias, bias - reach, bias + reach


@wrong("6.1", "your function changed its argument `ours`.")
def subtracted_in_place(ours, theirs):
    ours -= theirs
    return _around(ours, 1.96 * ours.std(ddof=1))


@wrong("6.1", "your function stopped with `TypeError")
def a_row_has_no_such_function(ours, theirs):
    return _around(ours - theirs, 1.96 * statistics.stdev(ours, theirs))


# 6.2 panoptic_quality


def _parts(ious, threshold=0.5, beats=np.greater):
    """Return the IoUs of the matches, and how many of either side there are."""
    return ious[beats(ious, threshold)], *ious.shape


def _mean(values):
    return float(np.mean(values)) if len(values) else 0.0


def _three(recognition, segmentation):
    return recognition * segmentation, recognition, segmentation


def _quality(ious, **ways):
    matched, true, predicted = _parts(ious, **ways)
    if not true + predicted:
        return 1.0, 1.0, 1.0
    return _three(2 * len(matched) / (true + predicted), _mean(matched))


def _with_recognition(ious, share):
    """Return the three with another share, of matches, missed and invented objects; nothing at all stays right."""
    matched, true, predicted = _parts(ious)
    if not true + predicted:
        return 1.0, 1.0, 1.0
    return _three(share(len(matched), true - len(matched), predicted - len(matched)), _mean(matched))


def _with_segmentation(ious, mean):
    _, recognition, segmentation = _quality(ious)
    return _three(recognition, mean(ious) if ious.size else segmentation)


@right("6.2")
def from_the_best_of_each_row(ious):
    if ious.shape[0] == 0 or ious.shape[1] == 0:
        return [1, 1, 1] if ious.shape[0] == ious.shape[1] else [0, 0, 0]
    best = ious.max(axis=1)
    pairs = int((best > 0.5).sum())
    errors = (ious.shape[0] - pairs + ious.shape[1] - pairs) / 2
    quality = best[best > 0.5].sum() / (pairs + errors)
    return quality, pairs / (pairs + errors), best[best > 0.5].sum() / max(pairs, 1)


@right("6.2")
def by_an_assignment(ious):
    rows, columns = linear_sum_assignment(-np.where(ious > 0.5, ious, 0))
    matched = [ious[i, j] for i, j in zip(rows, columns, strict=True) if ious[i, j] > 0.5]
    if not sum(ious.shape):
        return np.ones(3)
    recognition = len(matched) / (sum(ious.shape) / 2)
    return np.array([sum(matched) / (sum(ious.shape) / 2), recognition, _mean(matched)], dtype=np.float32)


@right("6.2")
def with_rounded_ious(ious):
    matched = np.rint(ious) == 1  # halves are rounded to the even number
    precision, recall = (_mean(matched.any(axis=axis)) if count else 0.0 for axis, count in enumerate(ious.shape[::-1]))
    if not sum(ious.shape):
        return _three(1, 1)
    both = precision + recall
    return _three(2 * precision * recall / both if both else 0.0, _mean(ious[matched]))


@wrong("6.2", "Some IoU is exactly 0.5.")
def at_half_too(ious):
    return _quality(ious, beats=np.greater_equal)


@wrong("6.2", "yours gave")
def above_three_quarters(ious):
    return _quality(ious, threshold=0.75)


@wrong("6.2", "yours gave")
def whatever_overlaps(ious):
    return _quality(ious, threshold=0)


@wrong("6.2", "yours gave")
def best_partner_of_each(ious):
    return _quality(ious * (ious == ious.max(axis=1, keepdims=True, initial=0)), threshold=0)


@wrong("6.2", "yours gave")
def best_pairs_without_a_threshold(ious):
    kept = np.zeros_like(ious)
    kept[linear_sum_assignment(-ious)] = ious[linear_sum_assignment(-ious)]
    return _quality(kept, threshold=0)


@wrong("6.2", "the quality should be 0.375; yours gave 0.25.")
def errors_count_whole(ious):
    return _with_recognition(ious, lambda hits, missed, invented: hits / (hits + missed + invented))


@wrong("6.2", "yours gave")
def only_what_was_missed(ious):
    return _with_recognition(ious, lambda hits, missed, invented: hits / max(hits + missed, 1))


@wrong("6.2", "yours gave")
def only_what_was_invented(ious):
    return _with_recognition(ious, lambda hits, missed, invented: hits / max(hits + invented, 1))


@wrong("6.2", "yours gave")
def invented_ones_count_whole(ious):
    return _with_recognition(ious, lambda hits, missed, invented: hits / (hits + missed / 2 + invented))


@wrong("6.2", "yours gave")
def missed_ones_count_whole(ious):
    return _with_recognition(ious, lambda hits, missed, invented: hits / (hits + missed + invented / 2))


@wrong("6.2", "yours gave")
def mean_of_precision_and_recall(ious):
    def share(hits, missed, invented):
        return (hits / max(hits + missed, 1) + hits / max(hits + invented, 1)) / 2

    return _with_recognition(ious, share)


@wrong("6.2", "yours gave")
def root_of_precision_times_recall(ious):
    def share(hits, missed, invented):
        return math.sqrt(hits / max(hits + missed, 1) * hits / max(hits + invented, 1))

    return _with_recognition(ious, share)


@wrong("6.2", "yours gave")
def touched_ones_are_no_errors(ious):
    untouched = int((ious == 0).all(axis=1).sum()), int((ious == 0).all(axis=0).sum())
    return _with_recognition(ious, lambda hits, *_: hits / max(hits + sum(untouched) / 2, 1))


@wrong("6.2", "yours gave")
def iou_of_all_true_ones(ious):
    return _with_segmentation(ious, lambda ious: ious[ious > 0.5].sum() / len(ious))


@wrong("6.2", "yours gave")
def iou_of_all_pairs(ious):
    return _with_segmentation(ious, np.mean)


@wrong("6.2", "yours gave")
def iou_of_each_best(ious):
    return _with_segmentation(ious, lambda ious: ious.max(axis=1).mean())


@wrong("6.2", "yours gave")
def median_iou(ious):
    return _with_segmentation(ious, lambda ious: np.median(_parts(ious)[0]) if (ious > 0.5).any() else 0.0)


@wrong("6.2", "yours gave")
def dice_for_iou(ious):
    return _with_segmentation(ious, lambda ious: _mean(2 * _parts(ious)[0] / (1 + _parts(ious)[0])))


@wrong("6.2", "yours gave")
def best_iou(ious):
    return _with_segmentation(ious, lambda ious: _parts(ious)[0].max(initial=0))


@wrong("6.2", "the quality should be 0.75; yours gave 0.875.")
def mean_of_the_two(ious):
    _, recognition, segmentation = _quality(ious)
    return (recognition + segmentation) / 2, recognition, segmentation


@wrong("6.2", "the quality should be")
def harmonic_mean_of_the_two(ious):
    _, recognition, segmentation = _quality(ious)
    both = recognition + segmentation
    return 2 * recognition * segmentation / both if both else 0, recognition, segmentation


@wrong("6.2", "the quality should be")
def quality_is_the_smaller(ious):
    _, recognition, segmentation = _quality(ious)
    return min(recognition, segmentation), recognition, segmentation


@wrong("6.2", "the recognition should be 1; yours gave 0.75.")
def segmentation_before_recognition(ious):
    quality, recognition, segmentation = _quality(ious)
    return quality, segmentation, recognition


@wrong("6.2", "the quality should be 0.75; yours gave 1.")
def quality_last(ious):
    quality, recognition, segmentation = _quality(ious)
    return recognition, segmentation, quality


@wrong("6.2", "three numbers (quality, recognition, segmentation); yours gave the number 0.75.")
def quality_alone(ious):
    return _quality(ious)[0]


@wrong("6.2", "the quality should be 0.75; yours gave 75.")
def in_percent(ious):
    return tuple(100 * value for value in _quality(ious))


@wrong("6.2", "yours gave (nan, 0, nan).")
def mean_of_no_match(ious):
    matched, true, predicted = _parts(ious)
    return _three(2 * len(matched) / max(true + predicted, 1), np.mean(matched))


@wrong("6.2", "yours gave 0. There is nothing to find, and nothing was found.")
def nothing_is_worth_nothing(ious):
    matched, true, predicted = _parts(ious)
    return _three(2 * len(matched) / max(true + predicted, 1), _mean(matched))


@wrong("6.2", "the quality should be 0; yours gave 1. True objects: 0. Predicted ones: 2.")
def where_nothing_is_all_is_well(ious):
    return _quality(ious) if len(ious) else (1.0, 1.0, 1.0)


@wrong("6.2", "the quality should be 0; yours gave 1. True objects: 2. Predicted ones: 0.")
def empty_is_perfect(ious):
    return _quality(ious) if ious.size or not len(ious) else (1.0, 1.0, 1.0)


@wrong("6.2", "your function stopped with `ValueError")
def largest_of_nothing(ious):
    return _quality(np.where(ious == ious.max(axis=1, keepdims=True), ious, 0))


@wrong("6.2", "your function stopped with `ZeroDivisionError")
def divided_by_no_match(ious):
    matched, true, predicted = _parts(ious)
    return _three(2 * len(matched) / (true + predicted), sum(matched) / len(matched))


@wrong("6.2", "your function changed its argument `ious`.")
def low_ones_crossed_out(ious):
    ious[ious <= 0.5] = 0
    return _quality(ious, threshold=0)


@wrong("6.2", "the segmentation should be 0; yours gave 1.")
def no_match_is_well_outlined(ious):
    matched, true, predicted = _parts(ious)
    if not true + predicted:
        return 1, 1, 1
    recognition, segmentation = 2 * len(matched) / (true + predicted), np.mean(matched) if len(matched) else 1
    return recognition * segmentation, recognition, segmentation
