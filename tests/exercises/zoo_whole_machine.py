"""Answers to the exercises of chapter 5 on levels, labels and the loss of the boxes: right ones and wrong ones."""

from __future__ import annotations

import math

import numpy as np
from zoo import right, wrong

# 5.1 choose_levels


def _sides(boxes):
    return boxes[:, 2:] - boxes[:, :2]


def _size(boxes):
    return np.sqrt(np.prod(_sides(boxes), axis=1))


def _levels(sizes, lowest, highest, size, level, whole=np.floor, log=np.log2):
    return np.clip(whole(level + log(sizes / size)), lowest, highest).astype(int)


@right("5.1")
def level_by_level(boxes, lowest, highest, canonical_size, canonical_level):
    return [
        next((k for k in range(lowest, highest) if size < canonical_size * 2.0 ** (k + 1 - canonical_level)), highest)
        for size in _size(boxes).tolist()
    ]


@right("5.1")
def by_the_area_and_natural_logarithms(boxes, lowest, highest, canonical_size, canonical_level):
    steps = [0.5 * math.log((x2 - x1) * (y2 - y1) / canonical_size**2) / math.log(2) for x1, y1, x2, y2 in boxes]
    return tuple(float(max(lowest, min(highest, canonical_level + math.floor(step)))) for step in steps)


@right("5.1")
def with_a_little_more_and_cut_off(boxes, lowest, highest, canonical_size, canonical_level):
    levels = canonical_level + np.log2(_size(boxes.astype(np.float32)) / np.float32(canonical_size)) + 1e-6
    return levels.clip(lowest, highest).astype(np.int32)  # what is clipped is not below 0


@wrong("5.1", "the number at box 0 should be 3; yours gave 4 there")
def to_the_nearest_level(boxes, *pyramid):
    return _levels(_size(boxes), *pyramid, whole=np.round)


@wrong("5.1", "yours gave")
def to_the_level_above(boxes, *pyramid):
    return _levels(_size(boxes), *pyramid, whole=np.ceil)


@wrong("5.1", "Some box is exactly as large as a level begins with.")
def up_to_and_including_twice_as_much(boxes, *pyramid):
    return _levels(_size(boxes), *pyramid, whole=lambda levels: np.ceil(levels) - 1)


@wrong("5.1", "yours gave")
def no_level_is_missing(boxes, lowest, highest, *canonical):
    return _levels(_size(boxes), -99, 99, *canonical)


@wrong("5.1", "Some box is too small for the lowest level.")
def large_ones_are_clamped(boxes, lowest, highest, *canonical):
    return _levels(_size(boxes), -99, highest, *canonical)


@wrong("5.1", "Some box is too large for the highest level.")
def small_ones_are_clamped(boxes, lowest, highest, *canonical):
    return _levels(_size(boxes), lowest, 99, *canonical)


@wrong("5.1", "yours gave")
def highest_not_included(boxes, lowest, highest, *canonical):
    return _levels(_size(boxes), lowest, highest - 1, *canonical)


@wrong("5.1", "the number at box 0 should be 5; yours gave 4 there")
def with_a_natural_logarithm(boxes, *pyramid):
    return _levels(_size(boxes), *pyramid, log=np.log)


@wrong("5.1", "the number at box 0 should be 4; yours gave 5 there")
def with_the_area_for_the_size(boxes, *pyramid):
    return _levels(np.prod(_sides(boxes), axis=1), *pyramid)


@wrong("5.1", "the number at box 0 should be 4; yours gave 5 there")
def with_the_longer_side(boxes, *pyramid):
    return _levels(_sides(boxes).max(axis=1), *pyramid)


@wrong("5.1", "the number at box 0 should be 2; yours gave 4 there")
def with_the_mean_of_the_sides(boxes, *pyramid):
    return _levels(_sides(boxes).mean(axis=1), *pyramid)


@wrong("5.1", "the number at box 0 should be 4; yours gave 5 there")
def with_the_width_alone(boxes, *pyramid):
    return _levels(_sides(boxes)[:, 0], *pyramid)


@wrong("5.1", "the number at box 0 should be 5; yours gave 3 there")
def large_ones_to_fine_levels(boxes, *pyramid):
    return _levels(_size(boxes), *pyramid, log=lambda times: -np.log2(times))


@wrong("5.1", "the number at box 0 should be 2; yours gave 1 there")
def the_published_numbers(boxes, lowest, highest, canonical_size, canonical_level):
    return _levels(_size(boxes), lowest, highest, 224, 4)


@wrong("5.1", "the number at box 0 should be 3; yours gave 4 there")
def last_pixel_included_in_the_size(boxes, *pyramid):
    return _levels(np.sqrt(np.prod(_sides(boxes) + 1, axis=1)), *pyramid)


@wrong("5.1", "the number at box 0 should be 2; yours gave 3 there")
def corner_and_sides_for_corners(boxes, *pyramid):
    return _levels(np.sqrt(boxes[:, 2] * boxes[:, 3]), *pyramid)


@wrong("5.1", "the number at box 0 should be 4; yours gave 2 there")
def the_number_of_the_map(boxes, lowest, *rest):
    return _levels(_size(boxes), lowest, *rest) - lowest


@wrong("5.1", "the number at box 1 should be 3; yours gave 5 there")
def one_level_for_all(boxes, *pyramid):
    return np.repeat(_levels(_size(boxes).max(), *pyramid), len(boxes))


@wrong("5.1", "a row of whole numbers, one for each box; yours gave")
def levels_with_fractions(boxes, lowest, highest, canonical_size, canonical_level):
    return np.clip(canonical_level + np.log2(_size(boxes) / canonical_size), lowest, highest)


@wrong("5.1", "your function changed its argument `boxes`.")
def sides_in_place(boxes, *pyramid):
    boxes[:, 2:] -= boxes[:, :2]
    return _levels(np.sqrt(boxes[:, 2] * boxes[:, 3]), *pyramid)


# 5.2 label_proposals


def _iou(boxes, others, more=0):
    low, high = np.maximum(boxes[:, None, :2], others[:, :2]), np.minimum(boxes[:, None, 2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low + more, 0), axis=2)
    area, other_area = (np.prod(_sides(array) + more, axis=1) for array in (boxes, others))
    return shared / (area[:, None] + other_area - shared)


def _label(rois, objects, classes, foreground, iou=_iou):
    if not len(objects):
        return np.zeros(len(rois), int), np.full(len(rois), -1)
    overlap = iou(rois, objects)
    matched = np.where(overlap.max(axis=1) >= foreground, overlap.argmax(axis=1), -1)
    return np.where(matched >= 0, classes[matched], 0), matched


def _with_truth(proposals, objects):
    return np.concatenate([proposals, objects])


@right("5.2")
def objects_labeled_without_looking(proposals, objects, classes, foreground):
    labels, matched = _label(proposals, objects, classes, foreground)
    return np.append(labels, classes), np.append(matched, np.arange(len(objects)))


@right("5.2")
def labeled_one_by_one(proposals, objects, classes, foreground):
    labels, matched = [], []
    for roi in [*proposals.tolist(), *objects.tolist()]:
        best, which = 0.0, -1
        for m, (x1, y1, x2, y2) in enumerate(objects):
            width, height = min(roi[2], x2) - max(roi[0], x1), min(roi[3], y2) - max(roi[1], y1)
            shared = max(width, 0) * max(height, 0)
            iou = shared / ((roi[2] - roi[0]) * (roi[3] - roi[1]) + (x2 - x1) * (y2 - y1) - shared)
            if iou > best:
                best, which = iou, m
        which = which if best >= foreground else -1
        matched.append(float(which))
        labels.append(int(classes[which]) if which >= 0 else 0)
    return [labels, matched]


@wrong("5.2", "there are 2 RoIs, 1 proposals and 1 objects; yours gave 1 labels.")
def without_the_true_boxes(proposals, objects, classes, foreground):
    return _label(proposals, objects, classes, foreground)


@wrong("5.2", "yours gave")
def the_true_boxes_first(proposals, objects, classes, foreground):
    return _label(np.concatenate([objects, proposals]), objects, classes, foreground)


@wrong("5.2", "Some IoU is exactly the threshold.")
def above_the_threshold_only(proposals, objects, classes, foreground):
    return _label(_with_truth(proposals, objects), objects, classes, np.nextafter(foreground, 1))


@wrong("5.2", "yours gave")
def a_half_whatever_is_asked_for(proposals, objects, classes, foreground):
    return _label(_with_truth(proposals, objects), objects, classes, 0.5)


@wrong("5.2", "RoI 0 should get the label 0; yours gave 2.")
def background_has_a_class(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    return (classes[matched] if len(objects) else labels), matched


@wrong("5.2", "yours gave")
def background_has_an_object(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    return labels, np.maximum(matched, 0)


@wrong("5.2", "RoI 0 should get the label 0; yours gave 2.")
def no_object_without_a_proposal(proposals, objects, classes, foreground):
    rois = _with_truth(proposals, objects)
    labels, matched = _label(rois, objects, classes, foreground)
    if len(proposals) and len(objects):
        iou = _iou(proposals, objects)
        for m in np.flatnonzero(iou.max(axis=0) > 0):
            best = iou[:, m].argmax()
            if matched[best] < 0:
                labels[best], matched[best] = classes[m], m
    return labels, matched


@wrong("5.2", "RoI 0 should get the label 2; yours gave 0.")
def no_more_than_one_proposal_for_each_object(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    if len(proposals) and len(objects):
        best = _iou(proposals, objects).argmax(axis=0)
        for n in range(len(proposals)):
            if matched[n] >= 0 and best[matched[n]] != n:
                labels[n], matched[n] = 0, -1
    return labels, matched


@wrong("5.2", "RoI 0 should get the label 0; yours gave -1.")
def nearly_an_object_is_ignored(proposals, objects, classes, foreground):
    rois = _with_truth(proposals, objects)
    labels, matched = _label(rois, objects, classes, foreground)
    if len(objects):
        labels[(matched < 0) & (_iou(rois, objects).max(axis=1) >= 0.1)] = -1
    return labels, matched


@wrong("5.2", "RoI 0 should get the label 2; yours gave 1.")
def classes_from_zero(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    return labels - (labels > 0), matched


@wrong("5.2", "RoI 0 should get the label 2; yours gave 1.")
def objects_for_classes(proposals, objects, classes, foreground):
    _, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    return matched + 1, matched


@wrong("5.2", "Some proposal overlaps two objects equally well.")
def last_of_equally_good_objects(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects[::-1], classes[::-1], foreground)
    return labels, np.where(matched >= 0, len(objects) - 1 - matched, -1)


@wrong("5.2", "RoI 0 should get the label 0; yours gave 2.")
def by_the_share_of_the_roi(proposals, objects, classes, foreground):
    def covered(rois, objects):
        iou, area = _iou(rois, objects), np.prod(_sides(rois), axis=1)[:, None]
        return iou * (area + np.prod(_sides(objects), axis=1)) / (1 + iou) / area

    return _label(_with_truth(proposals, objects), objects, classes, foreground, covered)


@wrong("5.2", "RoI 0 should get the label 0; yours gave 1.")
def last_pixel_included_in_the_iou(proposals, objects, classes, foreground):
    return _label(_with_truth(proposals, objects), objects, classes, foreground, lambda a, b: _iou(a, b, 1))


@wrong("5.2", "your function stopped with `ValueError: zero-size array to reduction operation maximum")
def there_is_always_an_object(proposals, objects, classes, foreground):
    iou = _iou(_with_truth(proposals, objects), objects)
    matched = np.where(iou.max(axis=1) >= foreground, iou.argmax(axis=1), -1)
    return np.where(matched >= 0, classes[matched], 0), matched


@wrong("5.2", "two rows of whole numbers (labels, matched), as long as one another; yours gave an array of shape")
def labels_alone(proposals, objects, classes, foreground):
    return _label(_with_truth(proposals, objects), objects, classes, foreground)[0]


@wrong("5.2", "RoI 0 should get the label 2; yours gave 0.")
def objects_before_labels(proposals, objects, classes, foreground):
    return _label(_with_truth(proposals, objects), objects, classes, foreground)[::-1]


@wrong("5.2", "yours gave")
def positives_alone(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    return labels[matched >= 0], matched[matched >= 0]


@wrong("5.2", "your function changed its argument `classes`.")
def a_class_for_the_background(proposals, objects, classes, foreground):
    labels, matched = _label(_with_truth(proposals, objects), objects, classes, foreground)
    if len(classes):
        classes[-1] = 0
    return labels, matched


# 5.3 true_class_box_loss


def _smooth(errors, beta):
    errors = np.abs(errors)
    return np.where(errors < beta, errors**2 / (2 * beta), errors - beta / 2)


def _errors(deltas, targets, labels, shift=0):
    positive = np.flatnonzero(labels > 0)
    return deltas[positive, labels[positive] + shift] - targets[positive]


@right("5.3")
def box_loss_by_masks(deltas, targets, labels, beta):
    own = np.arange(deltas.shape[1]) == labels[:, None]
    own[:, 0] = False
    return np.where(own[..., None], _smooth(deltas - targets[:, None], beta), 0).sum() / len(labels)


@right("5.3")
def box_loss_with_the_line_from_beta_on(deltas, targets, labels, beta):
    total = np.float32(0)
    for row, target, label in zip(deltas.astype(np.float32), targets, labels, strict=True):
        for error in np.abs(row[label] - target) if label else ():
            total += error * error / 2 / beta if error <= beta else error - beta / 2
    return np.float32(total / len(labels))


@wrong("5.3", "yours gave")
def of_all_classes(deltas, targets, labels, beta):
    positive = labels > 0
    return _smooth(deltas[positive] - targets[positive][:, None], beta).sum() / len(labels)


@wrong("5.3", "yours gave")
def of_the_background_too(deltas, targets, labels, beta):
    return _smooth(deltas[np.arange(len(labels)), labels] - targets, beta).sum() / len(labels)


@wrong("5.3", "the answer should be 0.8125; yours gave 1.625. Some RoIs are background.")
def divided_by_the_positives(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels), beta).sum() / max((labels > 0).sum(), 1)


@wrong("5.3", "yours gave")
def divided_by_all_numbers(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels), beta).sum() / (4 * len(labels))


@wrong("5.3", "the answer should be 0.8125; yours gave 1.625.")
def divided_by_nothing(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels), beta).sum()


@wrong("5.3", "the answer should be 2.5; yours gave 0.625.")
def mean_of_the_positives(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels), beta).mean() if labels.any() else 0.0


@wrong("5.3", "yours gave nan, as 0 divided by 0 or 0 times inf does.")
def nothing_divided_by_nothing(deltas, targets, labels, beta):
    errors = _errors(deltas, targets, labels)
    return _smooth(errors, beta).sum() / len(errors) * len(errors) / len(labels)


@wrong("5.3", "the answer should be 2.5; yours gave 0.")
def of_the_class_before(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels, -1), beta).sum() / len(labels)


@wrong("5.3", "the answer should be 12.62; yours gave 4.25.")
def of_class_one_whatever_it_is(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, np.minimum(labels, 1)), beta).sum() / len(labels)


@wrong("5.3", "the answer should be 2.5; yours gave 0.")
def of_the_best_class(deltas, targets, labels, beta):
    each = _smooth(deltas - targets[:, None], beta).sum(axis=2).min(axis=1)
    return each[labels > 0].sum() / len(labels)


@wrong("5.3", "the answer should be 2.5; yours gave 0.")
def classes_and_deltas_in_the_other_order(deltas, targets, labels, beta):
    turned = deltas.reshape(len(deltas), 4, -1).transpose(0, 2, 1)
    return _smooth(_errors(turned, targets, labels), beta).sum() / len(labels)


@wrong("5.3", "the answer should be 2.5; yours gave 3.")
def a_line_all_the_way(deltas, targets, labels, beta):
    return np.abs(_errors(deltas, targets, labels)).sum() / len(labels)


@wrong("5.3", "the answer should be 2.5; yours gave 4.5.")
def a_parabola_all_the_way(deltas, targets, labels, beta):
    return (_errors(deltas, targets, labels) ** 2 / (2 * beta)).sum() / len(labels)


@wrong("5.3", "the answer should be 2.5; yours gave 3.")
def a_jump_at_beta(deltas, targets, labels, beta):
    errors = np.abs(_errors(deltas, targets, labels))
    return np.where(errors < beta, errors**2 / (2 * beta), errors).sum() / len(labels)


@wrong("5.3", "the answer should be 12.62; yours gave 6.312.")
def huber_for_smooth(deltas, targets, labels, beta):
    return beta * _smooth(_errors(deltas, targets, labels), beta).sum() / len(labels)


@wrong("5.3", "the answer should be 12.62; yours gave 11.75.")
def beta_is_one(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels), 1.0).sum() / len(labels)


@wrong("5.3", "the answer should be 12.62; yours gave 13.88.")
def without_a_sign(deltas, targets, labels, beta):
    errors = _errors(deltas, targets, labels)
    return np.where(errors < beta, errors**2 / (2 * beta), errors - beta / 2).sum() / len(labels)


@wrong("5.3", "the answer should be 0.8125; yours gave 0.7808.")
def of_the_distance_in_four_dimensions(deltas, targets, labels, beta):
    return _smooth(np.linalg.norm(_errors(deltas, targets, labels), axis=1), beta).sum() / len(labels)


@wrong("5.3", "the answer should be 1.75; yours gave 5.")
def targets_row_by_row(deltas, targets, labels, beta):
    positive = np.flatnonzero(labels > 0)
    own = deltas[positive, labels[positive]]
    return _smooth(own - targets[: len(positive)], beta).sum() / len(labels)  # as if they were those of positives alone


@wrong("5.3", "the answer should be one number; yours gave an array of shape (1,).")
def one_loss_for_each_roi(deltas, targets, labels, beta):
    return _smooth(_errors(deltas, targets, labels), beta).sum(axis=1)


@wrong("5.3", "your function changed its argument `targets`.")
def targets_of_the_background_wiped_out(deltas, targets, labels, beta):
    own = deltas[np.arange(len(labels)), labels]
    targets[labels == 0] = own[labels == 0]
    return _smooth(own - targets, beta).sum() / len(labels)
