"""Answers to the exercises of chapter 5 on detections and average precision: right ones and wrong ones."""

from __future__ import annotations

import numpy as np
from zoo import right, wrong
from zoo_whole_machine import _iou

# 5.7 pick_detections


def _candidates(scores, threshold):
    """Return the scores of all candidates, and what they are, RoI by RoI."""
    rois, labels = np.nonzero(scores[:, 1:] > threshold)
    return scores[rois, labels + 1], rois, labels + 1


def _suppress(boxes, scores, rois, labels, overlap, beats=np.greater, rival=np.equal):
    """Return the candidates that are kept, best first."""
    kept = []
    for k in np.argsort(-scores, kind="stable"):
        others = [j for j in kept if rival(labels[j], labels[k])]
        if not any(beats(_iou(boxes[[rois[k]]], boxes[[rois[j]]])[0, 0], overlap) for j in others):
            kept.append(k)
    return np.array(kept, dtype=int)


def _pairs(rois, labels, kept):
    return [(int(rois[k]), int(labels[k])) for k in kept]


def _pick(boxes, scores, threshold, overlap, most, **ways):
    found, rois, labels = _candidates(scores, threshold)
    return _pairs(rois, labels, _suppress(boxes, found, rois, labels, overlap, **ways)[:most])


@right("5.7")
def detections_class_by_class(boxes, scores, threshold, overlap, most):
    found = []
    for label in range(1, scores.shape[1]):
        rois = np.flatnonzero(scores[:, label] > threshold)
        order = rois[np.argsort(-scores[rois, label], kind="stable")]
        while len(order):
            best, order = order[0], order[1:]
            found.append((-scores[best, label], best, label))
            order = order[_iou(boxes[[best]], boxes[order])[0] <= overlap]
    return np.array([(roi, label) for _, roi, label in sorted(found)][:most], dtype=float)


@right("5.7")
def suppressed_before_the_threshold(boxes, scores, threshold, overlap, most):
    kept = _pick(boxes, scores, -1, overlap, None)
    return tuple([roi, label] for roi, label in kept if scores[roi, label] > threshold)[:most]


@right("5.7")
def detections_with_classes_moved_apart(boxes, scores, threshold, overlap, most):
    found, rois, labels = _candidates(scores, threshold)
    apart = boxes[rois] + labels[:, None] * (boxes.max() + 1)
    kept = _suppress(apart, found, np.arange(len(found)), np.zeros(len(found)), overlap)[:most]
    return np.stack([rois[kept], labels[kept]], axis=1)


@wrong("5.7", "the answer should be []; yours gave [(0, 0)]. No score is above the threshold.")
def background_is_an_answer(boxes, scores, threshold, overlap, most):
    rois, labels = np.nonzero(scores > threshold)
    return _pairs(rois, labels, _suppress(boxes, scores[rois, labels], rois, labels, overlap)[:most])


@wrong("5.7", "yours gave")
def one_class_for_each_roi(boxes, scores, threshold, overlap, most):
    best = scores[:, 1:].argmax(axis=1)[:, None] == np.arange(scores.shape[1] - 1)
    return _pick(boxes, np.where(np.pad(best, ((0, 0), (1, 0))), scores, 0), threshold, overlap, most)


@wrong("5.7", "yours gave")
def nothing_where_background_is_likelier(boxes, scores, threshold, overlap, most):
    return _pick(boxes, np.where(scores > scores[:, :1], scores, 0), threshold, overlap, most)


@wrong("5.7", "yours gave")
def classes_suppress_one_another(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, threshold, overlap, most, rival=lambda a, b: True)


@wrong("5.7", "yours gave")
def boxes_that_share_a_column_touch(boxes, scores, threshold, overlap, most):
    tall = boxes.copy()
    tall[:, [1, 3]] = 0, 4
    return _pick(tall, scores, threshold, overlap, most)


@wrong("5.7", "the answer should be [(1, 1)]; yours gave [(1, 1), (0, 1)].")
def nobody_suppresses(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, threshold, overlap, most, rival=lambda a, b: False)


@wrong("5.7", "Some score is exactly the threshold.")
def at_the_score_threshold_too(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, np.nextafter(threshold, 0), overlap, most)


@wrong("5.7", "The IoU of two boxes is exactly `overlap`.")
def suppressed_at_the_overlap_too(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, threshold, overlap, most, beats=np.greater_equal)


@wrong("5.7", "the answer should be [(1, 2), (0, 1)]; yours gave [(1, 2)].")
def thresholds_in_the_other_order(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, overlap, threshold, most)


@wrong("5.7", "the answer should be []; yours gave [(0, 1)].")
def whatever_the_score(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, -1, overlap, most)


@wrong("5.7", "the answer should be [(0, 1), (2, 2), (1, 2)]; yours gave [(0, 1), (2, 2)].")
def cut_before_suppression(boxes, scores, threshold, overlap, most):
    found, rois, labels = _candidates(scores, threshold)
    first = np.argsort(-found, kind="stable")[:most]
    return _pairs(rois[first], labels[first], _suppress(boxes, found[first], rois[first], labels[first], overlap))


@wrong("5.7", "There are more than 2 to choose from.")
def the_best_of_each_class(boxes, scores, threshold, overlap, most):
    kept = _pick(boxes, scores, threshold, overlap, None)
    return [pair for k, pair in enumerate(kept) if sum(other[1] == pair[1] for other in kept[:k]) < most]


@wrong("5.7", "the answer should be [(1, 2), (2, 1)]; yours gave [(1, 2), (2, 1), (0, 1), (0, 2), (1, 1), (2, 2)].")
def as_many_as_there_are(boxes, scores, threshold, overlap, most):
    return _pick(boxes, scores, threshold, overlap, None)


@wrong("5.7", "These are the right detections, in another order.")
def one_class_after_the_other(boxes, scores, threshold, overlap, most):
    return sorted(_pick(boxes, scores, threshold, overlap, most), key=lambda pair: (pair[1], -scores[pair]))


@wrong("5.7", "Some scores are equal.")
def of_equal_ones_the_lower_class(boxes, scores, threshold, overlap, most):
    pairs = _pick(boxes, scores, threshold, overlap, None)
    return sorted(pairs, key=lambda pair: (-scores[pair], pair[1], pair[0]))[:most]


@wrong("5.7", "the answer should be [(0, 1), (0, 2), (1, 1)]; yours gave [(1, 1), (0, 2), (0, 1)].")
def of_equal_ones_the_last(boxes, scores, threshold, overlap, most):
    found, rois, labels = (row[::-1] for row in _candidates(scores, threshold))
    return _pairs(rois, labels, _suppress(boxes, found, rois, labels, overlap)[:most])


@wrong("5.7", "the answer should be [(0, 1)]; yours gave [(0, 0)].")
def classes_counted_without_background(boxes, scores, threshold, overlap, most):
    return [(roi, label - 1) for roi, label in _pick(boxes, scores, threshold, overlap, most)]


@wrong("5.7", "the answer should be [(0, 1)]; yours gave [(1, 0)].")
def class_before_roi(boxes, scores, threshold, overlap, most):
    return [pair[::-1] for pair in _pick(boxes, scores, threshold, overlap, most)]


@wrong("5.7", "the answer should be []; yours gave [(0, 1)].")
def without_background_they_sum_to_one(boxes, scores, threshold, overlap, most):
    shares = scores[:, 1:] / np.maximum(scores[:, 1:].sum(axis=1, keepdims=True), 1e-9)
    return _pick(boxes, np.pad(shares, ((0, 0), (1, 0))), threshold, overlap, most)


@wrong("5.7", "the answer should be [(0, 2), (0, 1)]; yours gave [(0, 2)].")
def a_roi_answers_once(boxes, scores, threshold, overlap, most):
    kept = _pick(boxes, scores, threshold, overlap, None)
    return [pair for k, pair in enumerate(kept) if all(other[0] != pair[0] for other in kept[:k])][:most]


@wrong("5.7", "your function stopped with `ValueError: need at least one array to concatenate`")
def there_is_always_an_answer(boxes, scores, threshold, overlap, most):
    kept = _pick(boxes, scores, threshold, overlap, most)
    return np.concatenate([np.array([pair]) for pair in kept])


@wrong("5.7", "a list of pairs of whole numbers (roi, class); yours gave a list of 1: [0].")
def rois_alone(boxes, scores, threshold, overlap, most):
    return [roi for roi, _ in _pick(boxes, scores, threshold, overlap, most)]


@wrong("5.7", "a list of pairs of whole numbers (roi, class); yours gave [(0, 1, 0.75)].")
def scores_beside_them(boxes, scores, threshold, overlap, most):
    return [(*pair, scores[pair]) for pair in _pick(boxes, scores, threshold, overlap, most)]


@wrong("5.7", "your function changed its argument `scores`.")
def low_scores_crossed_out(boxes, scores, threshold, overlap, most):
    scores[scores <= threshold] = 0
    return _pick(boxes, scores, 0, overlap, most)


# 5.8 average_precision


def _true(scores, iou, threshold, order=None, claim=None):
    """Return for each detection, best first, whether it is true."""
    left = iou.copy()
    true = []
    for k in np.argsort(-scores, kind="stable") if order is None else order:
        m = (claim or np.argmax)(left[k])
        true.append(bool(left[k, m] >= threshold))
        if true[-1]:
            left[:, m] = -1
    return np.array(true, dtype=bool)


def _curve(true, objects):
    found = np.cumsum(true)
    return found / np.arange(1, len(found) + 1), found / objects


def _best(precision, recall, levels=None):
    levels = np.linspace(0, 1, 101) if levels is None else levels
    return np.array([precision[recall >= level].max(initial=0) for level in levels])


@right("5.8")
def by_an_envelope_and_searchsorted(scores, iou, threshold):
    precision, recall = _curve(_true(scores, iou, threshold), iou.shape[1])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return np.mean(np.append(envelope, 0)[np.minimum(places, len(envelope))])


@right("5.8")
def in_plain_loops(scores, iou, threshold):
    objects, claimed, points, found = iou.shape[1], set(), [], 0
    for n, k in enumerate(sorted(range(len(scores)), key=lambda k: -scores[k]), start=1):
        best, which = threshold, None
        for m in range(objects):
            if m not in claimed and iou[k][m] >= best:
                best, which = iou[k][m], m
        if which is not None:
            claimed.add(which)
            found += 1
        points.append((found / n, found / objects))
    total = 0.0
    for level in range(101):
        total += max((precision for precision, recall in points if recall >= level / 100), default=0.0)
    return np.float32(total / 101)


def _average(scores, iou, threshold, **ways):
    return _best(*_curve(_true(scores, iou, threshold, **ways), iou.shape[1])).mean()


@wrong("5.8", "yours gave")
def precision_as_it_zigzags(scores, iou, threshold):
    precision, recall = _curve(_true(scores, iou, threshold), iou.shape[1])
    places = np.searchsorted(recall, np.linspace(0, 1, 101))
    return np.mean(np.append(precision, 0)[np.minimum(places, len(precision))])


@wrong("5.8", "yours gave")
def best_precision_so_far(scores, iou, threshold):
    precision, recall = _curve(_true(scores, iou, threshold), iou.shape[1])
    envelope = np.maximum.accumulate(precision) if len(precision) else precision
    places = np.searchsorted(recall, np.linspace(0, 1, 101))
    return np.mean(np.append(envelope, 0)[np.minimum(places, len(precision))])


@wrong("5.8", "the answer should be 0.505; yours gave 0.5455.")
def at_eleven_recalls(scores, iou, threshold):
    return _best(*_curve(_true(scores, iou, threshold), iou.shape[1]), np.linspace(0, 1, 11)).mean()


@wrong("5.8", "yours gave")
def at_a_hundred_recalls(scores, iou, threshold):
    return _best(*_curve(_true(scores, iou, threshold), iou.shape[1]), np.arange(100) / 100).mean()


@wrong("5.8", "the answer should be 0.505; yours gave 0.5.")
def area_under_the_staircase(scores, iou, threshold):
    precision, recall = _curve(_true(scores, iou, threshold), iou.shape[1])
    levels = np.arange(1, iou.shape[1] + 1) / iou.shape[1]
    return _best(precision, recall, levels).mean()


@wrong("5.8", "the answer should be 0.5; yours gave 0.25.")
def straight_lines_between_points(scores, iou, threshold):
    precision, recall = _curve(_true(scores, iou, threshold), iou.shape[1])
    if not len(recall):
        return 0.0
    return np.interp(np.linspace(0, 1, 101), recall, precision, right=0).mean()


@wrong("5.8", "the answer should be 0.505; yours gave 0.5.")
def mean_precision_at_the_true_ones(scores, iou, threshold):
    true = _true(scores, iou, threshold)
    return _curve(true, iou.shape[1])[0][true].sum() / iou.shape[1]


@wrong("5.8", "the answer should be 0.505; yours gave 1.")
def mean_over_what_is_reached(scores, iou, threshold):
    best = _best(*_curve(_true(scores, iou, threshold), iou.shape[1]))
    return best[best > 0].mean() if best.any() else 0.0


@wrong("5.8", "the answer should be 1; yours gave 0.9901.")
def beyond_each_recall_only(scores, iou, threshold):
    precision, recall = _curve(_true(scores, iou, threshold), iou.shape[1])
    return np.mean([precision[recall > level].max(initial=0) for level in np.linspace(0, 1, 101)])


@wrong("5.8", "the answer should be 0.505; yours gave 1.")
def share_of_true_ones(scores, iou, threshold):
    true = _true(scores, iou, threshold)
    return true.mean() if len(true) else 0.0


@wrong("5.8", "the answer should be 0.505; yours gave 1.")
def recall_by_detections(scores, iou, threshold):
    return _best(*_curve(_true(scores, iou, threshold), max(len(scores), 1))).mean()


@wrong("5.8", "Several detections reach the threshold with one object.")
def duplicates_are_true(scores, iou, threshold):
    true = (iou.max(axis=1) >= threshold)[np.argsort(-scores, kind="stable")]
    precision, recall = _curve(true, iou.shape[1])
    return _best(precision, np.minimum(recall, 1)).mean()


@wrong("5.8", "The scores are not in order.")
def as_they_come(scores, iou, threshold):
    return _average(scores, iou, threshold, order=range(len(scores)))


@wrong("5.8", "the answer should be 0.5; yours gave 1.")
def from_the_worst_to_the_best(scores, iou, threshold):
    return _average(scores, iou, threshold, order=np.argsort(scores, kind="stable"))


@wrong("5.8", "Some scores are equal.")
def equally_good_ones_from_the_last(scores, iou, threshold):
    return _average(scores, iou, threshold, order=np.argsort(scores, kind="stable")[::-1])


@wrong("5.8", "Some IoU is exactly the threshold.")
def above_the_iou_threshold_only(scores, iou, threshold):
    return _average(scores, iou, np.nextafter(threshold, 1))


@wrong("5.8", "the answer should be 0; yours gave 0.505.")
def a_half_is_enough(scores, iou, threshold):
    return _average(scores, iou, 0.5)


@wrong("5.8", "the answer should be 1; yours gave 0.505.")
def no_second_choice(scores, iou, threshold):
    claimed, true = set(), []
    for k in np.argsort(-scores, kind="stable"):
        m = iou[k].argmax()
        true.append(iou[k, m] >= threshold and m not in claimed)
        claimed |= {m} if true[-1] else set()
    return _best(*_curve(true, iou.shape[1])).mean()


@wrong("5.8", "the answer should be 1; yours gave 0.505.")
def the_first_object_that_will_do(scores, iou, threshold):
    return _average(scores, iou, threshold, claim=lambda row: int(np.argmax(row >= threshold)))


@wrong("5.8", "the answer should be 1; yours gave 0.5.")
def objects_choose_their_best_detection(scores, iou, threshold):
    true = np.zeros(len(scores), dtype=bool)
    for m in range(iou.shape[1] if len(scores) else 0):
        k = iou[:, m].argmax()
        true[k] |= iou[k, m] >= threshold
    return _best(*_curve(true[np.argsort(-scores, kind="stable")], iou.shape[1])).mean()


@wrong("5.8", "the answer should be 0.5; yours gave 1.")
def false_ones_are_left_out(scores, iou, threshold):
    true = _true(scores, iou, threshold)
    return _best(*_curve(true[true], iou.shape[1])).mean()


@wrong("5.8", "For scores = [] and iou = [] and threshold = 0.5 the answer should be one number; yours gave nan")
def no_detection_no_number(scores, iou, threshold):
    return _average(scores, iou, threshold) if len(scores) else float("nan")


@wrong("5.8", "the answer should be one number; yours gave an array of shape (101,).")
def precision_at_each_recall(scores, iou, threshold):
    return _best(*_curve(_true(scores, iou, threshold), iou.shape[1]))


@wrong("5.8", "your function changed its argument `iou`.")
def claimed_objects_crossed_out(scores, iou, threshold):
    true = []
    for k in np.argsort(-scores, kind="stable"):
        m = iou[k].argmax()
        true.append(iou[k, m] >= threshold)
        if true[-1]:
            iou[:, m] = 0
    return _best(*_curve(true, iou.shape[1])).mean()
