"""Answers to the exercises of chapter 2 on suppression and matching: right ones and wrong ones."""

from __future__ import annotations

import numpy as np
from zoo import right, wrong
from zoo_needles_in_a_haystack_boxes import _areas, _iou, _shared

# 2.6 suppress


def _greedy(boxes, scores, threshold, order=None, overlap=_iou, beats=np.greater):
    """Suppress box by box, in some order and by some measure of overlap."""
    waiting = list(np.argsort(-scores, kind="stable") if order is None else order)
    kept = []
    while waiting:
        best = int(waiting.pop(0))
        kept.append(best)
        waiting = [k for k in waiting if not beats(overlap(boxes[[best]], boxes[[k]])[0, 0], threshold)]
    return kept


@right("2.6")
def suppressed_with_a_matrix(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    too_much = _iou(boxes, boxes)[np.ix_(order, order)] > threshold
    keep = np.ones(len(boxes), dtype=bool)
    for k in range(len(boxes)):
        if keep[k]:
            keep[k + 1 :] &= ~too_much[k, k + 1 :]
    return order[keep].astype(float)


@right("2.6")
def suppressed_in_python_and_float32(boxes, scores, threshold):
    boxes = boxes.astype(np.float32)
    order = sorted(range(len(scores)), key=lambda k: (-scores[k], k))
    kept = []
    for k in order:
        if not any(_iou(boxes[[k]], boxes[[j]]).item() > threshold for j in kept):
            kept.append(k)
    return tuple(kept)


@wrong("2.6", "The IoU of two boxes is exactly the threshold.")
def at_the_threshold_too(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, beats=np.greater_equal)


def _iou_of_at_least_a_pixel(boxes, others):
    low, high = np.maximum(boxes[:, None, :2], others[:, :2]), np.minimum(boxes[:, None, 2:], others[:, 2:])
    width, height = np.moveaxis(high - low, 2, 0)
    shared = np.maximum(width, 0) * np.maximum(height, 1)
    return shared / (_areas(boxes)[:, None] + _areas(others) - shared)


@wrong("2.6", "the answer should be [0, 1]; yours gave [0].")
def boxes_share_at_least_a_row(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, overlap=_iou_of_at_least_a_pixel)


@wrong("2.6", "the answer should be [1, 0]; yours gave [0, 1].")
def in_the_order_they_come(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, order=range(len(scores)))


@wrong("2.6", "yours gave")
def from_the_worst(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, order=np.argsort(scores, kind="stable"))


@wrong("2.6", "Some scores are equal.")
def the_later_of_equal_ones(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, order=np.argsort(scores, kind="stable")[::-1])


@wrong("2.6", "yours gave")
def equal_ones_by_their_size(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, order=np.lexsort((-_areas(boxes), -scores)))


@wrong("2.6", "These are the right boxes, in another order.")
def sorted_by_index(boxes, scores, threshold):
    return sorted(_greedy(boxes, scores, threshold))


@wrong("2.6", "yours gave")
def places_in_the_sorted_order(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    return _greedy(boxes[order], scores[order], threshold)


@wrong("2.6", "the answer should be [1, 2]; yours gave [1].")
def suppressed_ones_suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    too_much = np.triu(_iou(boxes, boxes)[np.ix_(order, order)] > threshold, 1)
    return order[~too_much.any(axis=0)]


@wrong("2.6", "yours gave")
def only_the_last_kept_one_suppresses(boxes, scores, threshold):
    kept = []
    for k in np.argsort(-scores, kind="stable"):
        if not kept or _iou(boxes[[k]], boxes[[kept[-1]]])[0, 0] <= threshold:
            kept.append(k)
    return kept


@wrong("2.6", "yours gave")
def only_the_first_kept_one_suppresses(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    overlap = _iou(boxes[order[:1]], boxes[order])[0]
    return [order[0], *order[1:][overlap[1:] <= threshold]]


@wrong("2.6", "yours gave")
def better_ones_only_suppress(boxes, scores, threshold):
    order = np.argsort(-scores, kind="stable")
    kept = []
    for k in order:
        rivals = [j for j in kept if scores[j] > scores[k]]
        if not any(_iou(boxes[[k]], boxes[[j]])[0, 0] > threshold for j in rivals):
            kept.append(k)
    return kept


@wrong("2.6", "yours gave")
def keeps_what_overlaps(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, beats=np.less_equal)


@wrong("2.6", "yours gave")
def keeps_everything(boxes, scores, threshold):
    return np.argsort(-scores, kind="stable")


@wrong("2.6", "yours gave")
def the_best_one_alone(boxes, scores, threshold):
    return [int(np.argmax(scores))]


@wrong("2.6", "yours gave")
def by_the_share_of_the_smaller_box(boxes, scores, threshold):
    smaller = lambda a, b: _shared(a, b) / np.minimum(_areas(a), _areas(b))  # noqa: E731
    return _greedy(boxes, scores, threshold, overlap=smaller)


@wrong("2.6", "yours gave")
def by_the_share_of_the_sum(boxes, scores, threshold):
    return _greedy(boxes, scores, threshold, overlap=lambda a, b: _shared(a, b) / (_areas(a) + _areas(b)))


@wrong("2.6", "yours gave")
def with_inclusive_widths(boxes, scores, threshold):
    return _greedy(boxes + np.array([0, 0, 1, 1]), scores, threshold)


@wrong("2.6", "yours gave")
def scores_as_thresholds(boxes, scores, threshold):
    return [k for k in _greedy(boxes, scores, threshold) if scores[k] > threshold]


@wrong("2.6", "a row of whole numbers, the indices of the kept boxes; yours gave an array of shape")
def boxes_for_indices(boxes, scores, threshold):
    return boxes[_greedy(boxes, scores, threshold)]


@wrong("2.6", "yours gave")
def scores_for_indices(boxes, scores, threshold):
    return scores[_greedy(boxes, scores, threshold)]


@wrong("2.6", "a row of whole numbers, the indices of the kept boxes; yours gave an array of shape")
def marks_for_indices(boxes, scores, threshold):
    return np.isin(np.arange(len(boxes)), _greedy(boxes, scores, threshold))


@wrong("2.6", "your function changed its argument `scores`.")
def crosses_out_scores(boxes, scores, threshold):
    kept = []
    while scores.max() > 0:
        best = int(scores.argmax())
        kept.append(best)
        scores[_iou(boxes[[best]], boxes)[0] > threshold] = 0
        scores[best] = 0
    return kept


# 2.7 match_anchors


def _labels(iou, foreground, background, ignored=-2):
    own, best = iou.argmax(axis=1), iou.max(axis=1)
    return np.where(best >= foreground, own, np.where(best < background, -1, ignored))


def _ties(iou):
    return (iou == iou.max(axis=0)) & (iou.max(axis=0) > 0)


def _match(iou, foreground, background, labels=_labels, ties=_ties):
    if not iou.shape[1]:
        return np.full(len(iou), -1)
    matches = labels(iou, foreground, background)
    rescued = ties(iou).any(axis=1)
    matches[rescued] = iou.argmax(axis=1)[rescued]
    return matches


@right("2.7")
def matched_object_by_object(iou, foreground, background):
    matches = []
    for n, row in enumerate(iou):
        asked = any(iou[n, m] > 0 and iou[n, m] >= max(iou[:, m]) for m in range(len(row)))
        best = max(row, default=0)
        if len(row) and (asked or best >= foreground):
            matches.append(list(row).index(best))
        else:
            matches.append(-1 if best < background or not len(row) else -2)
    return matches


@right("2.7")
def only_objects_without_an_anchor_ask(iou, foreground, background):
    padded = np.pad(iou, ((0, 0), (0, 1)))  # an object that nobody sees
    own, best, highest = padded.argmax(axis=1), padded.max(axis=1), padded.max(axis=0)
    matches = np.select([best >= foreground, best >= background], [own, -2], -1)
    lonely = np.flatnonzero((highest > 0) & (highest < foreground))
    rescued = np.flatnonzero((padded[:, lonely] == highest[lonely]).any(axis=1))
    matches[rescued] = own[rescued]
    return matches.astype(np.float32)


@wrong("2.7", "anchor 0 should get 0; yours gave -2.")
def objects_left_alone(iou, foreground, background):
    return _match(iou, foreground, background, ties=lambda iou: iou < 0)


def _first_of_ties(iou):
    return (np.arange(len(iou))[:, None] == iou.argmax(axis=0)) & (iou.max(axis=0) > 0)


@wrong("2.7", "Some object has its highest IoU with more than one anchor.")
def first_of_tied_anchors(iou, foreground, background):
    return _match(iou, foreground, background, ties=_first_of_ties)


@wrong("2.7", "yours gave")
def last_of_tied_anchors(iou, foreground, background):
    return _match(iou, foreground, background, ties=lambda iou: _first_of_ties(iou[::-1])[::-1])


@wrong("2.7", "No anchor overlaps some object.")
def objects_without_any_overlap_ask_too(iou, foreground, background):
    return _match(iou, foreground, background, ties=lambda iou: iou == iou.max(axis=0))


@wrong("2.7", "yours gave")
def anchors_get_the_object_that_asked(iou, foreground, background):
    if not iou.shape[1]:
        return np.full(len(iou), -1)
    matches = _labels(iou, foreground, background)
    for n, m in np.argwhere(_ties(iou)):
        matches[n] = m
    return matches


@wrong("2.7", "yours gave")
def one_anchor_for_each_object(iou, foreground, background):
    matches, left = np.full(len(iou), -1), iou.copy()
    while left.size and left.max() > 0:
        n, m = np.unravel_index(left.argmax(), left.shape)
        matches[n] = m
        left[n], left[:, m] = 0, 0
    return matches


@wrong("2.7", "yours gave")
def the_best_anchor_of_all_only(iou, foreground, background):
    return _match(iou, foreground, background, ties=lambda iou: (iou == iou.max()) & (iou > 0))


@wrong("2.7", "yours gave")
def only_the_ignored_are_asked(iou, foreground, background):
    ties = lambda iou: _ties(iou) & (iou.max(axis=1, keepdims=True) >= background)  # noqa: E731
    return _match(iou, foreground, background, ties=ties)


@wrong("2.7", "Some IoU is exactly a threshold.")
def above_the_foreground_only(iou, foreground, background):
    return _match(iou, np.nextafter(foreground, 1), background)


@wrong("2.7", "Some IoU is exactly a threshold.")
def background_up_to_its_threshold(iou, foreground, background):
    labels = lambda iou, high, low: np.where(  # noqa: E731
        iou.max(axis=1) >= high, iou.argmax(axis=1), np.where(iou.max(axis=1) <= low, -1, -2)
    )
    return _match(iou, foreground, background, labels)


@wrong("2.7", "yours gave")
def nothing_is_ignored(iou, foreground, background):
    return _match(iou, foreground, background, lambda *given: _labels(*given, ignored=-1))


@wrong("2.7", "yours gave")
def all_above_background_is_foreground(iou, foreground, background):
    return _match(iou, background, background)


@wrong("2.7", "yours gave")
def ignored_and_background_swapped(iou, foreground, background):
    matches = _match(iou, foreground, background)
    return np.where(matches < 0, -3 - matches, matches)


@wrong("2.7", "yours gave")
def thresholds_swapped(iou, foreground, background):
    return _match(iou, background, foreground)


@wrong("2.7", "anchor 0 should get 0; yours gave 1.")
def objects_counted_from_one(iou, foreground, background):
    matches = _match(iou, foreground, background)
    return matches + (matches >= 0)


@wrong("2.7", "yours gave")
def last_of_equal_objects(iou, foreground, background):
    matches = _match(iou[:, ::-1], foreground, background)
    return np.where(matches >= 0, iou.shape[1] - 1 - matches, matches)


@wrong("2.7", "yours gave")
def ties_forget_what_was_matched(iou, foreground, background):
    if not iou.shape[1]:
        return np.full(len(iou), -1)
    matches, rescued = _labels(iou, foreground, background), _ties(iou).any(axis=1)
    return np.where(rescued, iou.argmax(axis=1), np.minimum(matches, -1))


@wrong("2.7", "your function stopped with `ValueError: attempt to get argmax of an empty sequence`")
def no_thought_of_pictures_without_objects(iou, foreground, background):
    matches, rescued = _labels(iou, foreground, background), _ties(iou).any(axis=1)
    return np.where(rescued, iou.argmax(axis=1), matches)


@wrong("2.7", "There is no object.")
def all_ignored_without_an_object(iou, foreground, background):
    return _match(iou, foreground, background) if iou.shape[1] else np.full(len(iou), -2)


@wrong("2.7", "there should be one number for each anchor, 3 in all; yours gave 1.")
def an_anchor_for_each_object(iou, foreground, background):
    return iou.argmax(axis=0)


@wrong("2.7", "the answer should be a row of whole numbers, one for each anchor; yours gave")
def the_best_ious(iou, foreground, background):
    return iou.max(axis=1, initial=0)


@wrong("2.7", "your function changed its argument `iou`.")
def wipes_out_what_is_background(iou, foreground, background):
    matches = _match(iou, foreground, background)
    iou[matches == -1] = -1
    return matches
