"""Answers to the exercises of chapter 2 on the box coder, suppression and matching: right ones and wrong ones."""

from __future__ import annotations

import numpy as np
from zoo import right, wrong
from zoo_needles_in_a_haystack import _areas, _iou, _shared

# 2.5 encode_decode


def _center(box):
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2


def _size(box):
    x1, y1, x2, y2 = box
    return x2 - x1, y2 - y1


def _box(center, size):
    (x, y), (w, h) = center, size
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def _encode(box, anchor, by=None, point=_center, log=np.log):
    (x, y), (u, v), (w, h) = point(box), point(anchor), _size(by or anchor)
    changes = [side / of_anchor for side, of_anchor in zip(_size(box), _size(anchor), strict=True)]
    return (x - u) / w, (y - v) / h, log(changes[0]), log(changes[1])


def _clamped(deltas, clamp):
    dx, dy, dw, dh = deltas
    return dx, dy, min(dw, clamp), min(dh, clamp)


def _decode(deltas, anchor, clamp, cut=_clamped, exp=np.exp):
    (dx, dy, dw, dh), (x, y), (w, h) = cut(deltas, clamp), _center(anchor), _size(anchor)
    return _box((x + dx * w, y + dy * h), (w * exp(dw), h * exp(dh)))


@right("2.5")
def both_ways_in_vectors(box, deltas, anchor, clamp):
    b, d, a = map(np.array, (box, deltas, anchor))
    size, center = a[2:] - a[:2], (a[2:] + a[:2]) / 2
    encoded = np.concatenate([((b[2:] + b[:2]) / 2 - center) / size, np.log(b[2:] - b[:2]) - np.log(size)])
    center = center + size * d[:2]
    half = size / 2 * np.minimum(np.exp(d[2:]), np.exp(clamp))
    return np.stack([encoded, np.concatenate([center - half, center + half])]).astype(np.float32)


@right("2.5")
def both_ways_side_by_side(box, deltas, anchor, clamp):
    encoded, decoded = [0.0] * 4, [0.0] * 4
    for k in (0, 1):
        (low, high), (start, stop), length = box[k::2], anchor[k::2], anchor[k + 2] - anchor[k]
        encoded[k], encoded[k + 2] = (low + high - start - stop) / 2 / length, np.log((high - low) / length)
        new = length * np.e ** (deltas[k + 2] if deltas[k + 2] < clamp else clamp)
        decoded[k] = start + length / 2 + deltas[k] * length - new / 2
        decoded[k + 2] = decoded[k] + new
    return [encoded, decoded]


@wrong("2.5", "the deltas of `box` should be (0.5, -0.25, 0.6931, -0.6931); yours gave (0, 0, 0.6931, -0.6931).")
def encodes_from_corner_to_corner(box, deltas, anchor, clamp):
    return _encode(box, anchor, point=lambda box: box[:2]), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def divided_by_the_sides_of_the_box(box, deltas, anchor, clamp):
    return _encode(box, anchor, by=box), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def not_divided_at_all(box, deltas, anchor, clamp):
    return _encode(box, anchor, by=(0, 0, 1, 1)), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def both_shifts_divided_by_the_width(box, deltas, anchor, clamp):
    width, _ = _size(anchor)
    return _encode(box, anchor, by=(0, 0, width, width)), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def width_and_height_swapped(box, deltas, anchor, clamp):
    width, height = _size(anchor)
    return _encode(box, anchor, by=(0, 0, height, width)), _decode(deltas, anchor, clamp)


@wrong("2.5", "the deltas of `box` should be (0, 0, 0, 0); yours gave (0, 0, 1, 1).")
def no_logarithm(box, deltas, anchor, clamp):
    return _encode(box, anchor, log=lambda change: change), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def change_of_size_in_sides(box, deltas, anchor, clamp):
    return _encode(box, anchor, log=lambda change: change - 1), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def logarithm_to_base_two(box, deltas, anchor, clamp):
    return _encode(box, anchor, log=np.log2), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def from_the_box_to_the_anchor(box, deltas, anchor, clamp):
    return tuple(-delta for delta in _encode(box, anchor)), _decode(deltas, anchor, clamp)


@wrong("2.5", "yours gave")
def shifts_first_then_by_coordinate(box, deltas, anchor, clamp):
    dx, dy, dw, dh = _encode(box, anchor)
    return (dx, dw, dy, dh), _decode(deltas, anchor, clamp)


@wrong("2.5", "A change of size is above the clamp.")
def no_clamp(box, deltas, anchor, clamp):
    return _encode(box, anchor), _decode(deltas, anchor, clamp, cut=lambda deltas, clamp: deltas)


@wrong("2.5", "A change of size is below minus the clamp.")
def clamped_from_both_sides(box, deltas, anchor, clamp):
    dx, dy, dw, dh = deltas
    return _encode(box, anchor), _decode((dx, dy, max(dw, -clamp), max(dh, -clamp)), anchor, clamp)


@wrong("2.5", "yours gave")
def all_four_clamped(box, deltas, anchor, clamp):
    return _encode(box, anchor), _decode([min(delta, clamp) for delta in deltas], anchor, clamp)


@wrong("2.5", "yours gave")
def width_clamped_and_height_not(box, deltas, anchor, clamp):
    cut = lambda deltas, clamp: (*deltas[:2], min(deltas[2], clamp), deltas[3])  # noqa: E731
    return _encode(box, anchor), _decode(deltas, anchor, clamp, cut)


@wrong("2.5", "yours gave")
def factor_clamped_for_its_logarithm(box, deltas, anchor, clamp):
    exp = lambda change: min(np.exp(change), clamp)  # noqa: E731
    return _encode(box, anchor), _decode(deltas, anchor, np.inf, exp=exp)


@wrong("2.5", "the box of `deltas` should be (0, 0, 4, 2); yours gave (2, 1, 2, 1).")
def no_exponential(box, deltas, anchor, clamp):
    return _encode(box, anchor), _decode(deltas, anchor, clamp, exp=lambda change: change)


@wrong("2.5", "yours gave")
def exponential_to_first_order(box, deltas, anchor, clamp):
    return _encode(box, anchor), _decode(deltas, anchor, clamp, exp=lambda change: 1 + change)


@wrong("2.5", "the box of `deltas` should be (2, 0, 6, 2); yours gave (0.5, 0, 4.5, 2).")
def shifted_by_pixels(box, deltas, anchor, clamp):
    dx, dy, *_ = deltas
    x1, y1, x2, y2 = _decode((0, 0, *deltas[2:]), anchor, clamp)
    return _encode(box, anchor), (x1 + dx, y1 + dy, x2 + dx, y2 + dy)


@wrong("2.5", "yours gave")
def shifted_by_sides_of_the_new_box(box, deltas, anchor, clamp):
    size = _size(_decode(deltas, anchor, clamp))
    center = [c + d * s for c, d, s in zip(_center(anchor), deltas[:2], size, strict=True)]
    return _encode(box, anchor), _box(center, size)


@wrong("2.5", "yours gave")
def corner_moved_for_the_center(box, deltas, anchor, clamp):
    (dx, dy, *_), (w, h), (x1, y1, _, _) = deltas, _size(anchor), anchor
    width, height = _size(_decode(deltas, anchor, clamp))
    x1, y1 = x1 + dx * w, y1 + dy * h
    return _encode(box, anchor), (x1, y1, x1 + width, y1 + height)


@wrong("2.5", "the box of `deltas` should be (0, 0, 4, 2); yours gave (2, 1, 4, 2).")
def center_and_sides_for_corners(box, deltas, anchor, clamp):
    decoded = _decode(deltas, anchor, clamp)
    return _encode(box, anchor), (*_center(decoded), *_size(decoded))


@wrong("2.5", "yours gave")
def last_pixel_included(box, deltas, anchor, clamp):
    wider = [(x1, y1, x2 + 1, y2 + 1) for x1, y1, x2, y2 in (box, anchor)]
    x1, y1, x2, y2 = _decode(deltas, wider[1], clamp)
    return _encode(*wider), (x1, y1, x2 - 1, y2 - 1)


@wrong("2.5", "yours gave")
def decoded_first(box, deltas, anchor, clamp):
    return _decode(deltas, anchor, clamp), _encode(box, anchor)


@wrong("2.5", "(dx, dy, dw, dh) and (x1, y1, x2, y2); yours gave a tuple of 8")
def eight_numbers(box, deltas, anchor, clamp):
    return (*_encode(box, anchor), *_decode(deltas, anchor, clamp))


@wrong("2.5", "(dx, dy, dw, dh) and (x1, y1, x2, y2); yours gave a tuple of 4")
def encodes_only(box, deltas, anchor, clamp):
    return _encode(box, anchor)


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
