"""Answers to the exercises of chapter 2 on IoUs and the box coder: right ones and wrong ones."""

from __future__ import annotations

import numpy as np
from zoo import right, wrong

# 2.4 iou_matrix


def _sides(boxes, others):
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    return np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - low


def _areas(boxes, more=0):
    return np.prod(boxes[:, 2:] - boxes[:, :2] + more, axis=1)


def _over(shared, whole):
    return np.divide(shared, whole, out=np.zeros(shared.shape), where=whole > 0)


def _shared(boxes, others):
    return np.prod(np.maximum(_sides(boxes, others), 0), axis=2)


def _iou(boxes, others):
    shared = _shared(boxes, others)
    return _over(shared, _areas(boxes)[:, None] + _areas(others) - shared)


@right("2.4")
def iou_matrix_with_one_loop_over_the_others(boxes, others):
    return np.stack([_iou(boxes, other[None])[:, 0] for other in others], axis=1).tolist()


@right("2.4")
def iou_matrix_coordinate_by_coordinate_in_float32(boxes, others):
    (x1, y1, x2, y2), (u1, v1, u2, v2) = boxes.T[:, :, None], others.T[:, None]
    shared = np.clip(np.minimum(x2, u2) - np.maximum(x1, u1), 0, None)
    shared = shared * np.clip(np.minimum(y2, v2) - np.maximum(y1, v1), 0, None)
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(shared / union).astype(np.float32)


@right("2.4")
def iou_matrix_of_repeated_boxes(boxes, others):
    a, b = np.repeat(boxes, len(others), axis=0), np.tile(others, (len(boxes), 1))
    shared = np.maximum(np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0]), 0)
    shared *= np.maximum(np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1]), 0)
    union = _areas(a) + _areas(b) - shared
    return np.where(union > 0, shared / np.maximum(union, 1e-12), 0).reshape(len(boxes), len(others))


@wrong("2.4", "the answer should be an array of shape (2, 3); yours gave one of shape (3, 2).")
def the_other_way_round(boxes, others):
    return _iou(others, boxes)


@wrong("2.4", "yours gave")
def reshaped_the_other_way_round(boxes, others):
    return _iou(others, boxes).reshape(len(boxes), len(others))


@wrong("2.4", "`ValueError: operands could not be broadcast together with shapes (2,2) (3,2)")
def row_by_row(boxes, others):
    sides = np.maximum(np.minimum(boxes[:, 2:], others[:, 2:]) - np.maximum(boxes[:, :2], others[:, :2]), 0)
    shared = np.prod(sides, axis=1)
    return _over(shared, _areas(boxes) + _areas(others) - shared)[:, None]


@wrong("2.4", "the number at row 0, column 0 should be 0.3333; yours gave 1 there.")
def every_box_with_every_box(boxes, others):
    return _iou(boxes, boxes)


@wrong("2.4", "the answer should be an array of shape (2, 3); yours gave one of shape (2, 1).")
def best_of_each_row(boxes, others):
    return _iou(boxes, others).max(axis=1, keepdims=True)


@wrong("2.4", "the number at row 0, column 0 should be 0; yours gave")
def no_clamp(boxes, others):
    shared = np.prod(_sides(boxes, others), axis=2)
    return _over(shared, _areas(boxes)[:, None] + _areas(others) - shared)


@wrong("2.4", "yours gave")
def product_clamped(boxes, others):
    shared = np.maximum(np.prod(_sides(boxes, others), axis=2), 0)
    return _over(shared, _areas(boxes)[:, None] + _areas(others) - shared)


@wrong("2.4", "yours gave")
def size_of_the_gap(boxes, others):
    shared = np.prod(np.abs(_sides(boxes, others)), axis=2)
    return _over(shared, _areas(boxes)[:, None] + _areas(others) - shared)


@wrong("2.4", "the number at row 0, column 0 should be 1; yours gave 0.5 there.")
def shared_part_counted_twice(boxes, others):
    return _over(_shared(boxes, others), _areas(boxes)[:, None] + _areas(others))


@wrong("2.4", "yours gave")
def twice_the_shared_over_the_sum(boxes, others):
    return _over(2 * _shared(boxes, others), _areas(boxes)[:, None] + _areas(others))


@wrong("2.4", "yours gave")
def share_of_the_first_box(boxes, others):
    return _over(_shared(boxes, others), _areas(boxes)[:, None] + 0 * _areas(others))


@wrong("2.4", "yours gave")
def share_of_the_smaller_box(boxes, others):
    return _over(_shared(boxes, others), np.minimum(_areas(boxes)[:, None], _areas(others)))


@wrong("2.4", "yours gave")
def share_of_the_box_around_both(boxes, others):
    hull = np.maximum(boxes[:, None, 2:], others[:, 2:]) - np.minimum(boxes[:, None, :2], others[:, :2])
    return _over(_shared(boxes, others), np.prod(hull, axis=2))


@wrong("2.4", "the number at row 0, column 0 should be 1; yours gave 4 there.")
def area_that_is_shared(boxes, others):
    return _shared(boxes, others)


@wrong("2.4", "yours gave")
def along_x_alone(boxes, others):
    return _iou(boxes * (1, 0, 1, 0) + (0, 0, 0, 1), others * (1, 0, 1, 0) + (0, 0, 0, 1))


@wrong("2.4", "yours gave")
def inclusive_width(boxes, others):
    shared = np.prod(np.maximum(_sides(boxes, others) + 1, 0), axis=2)
    return _over(shared, _areas(boxes, 1)[:, None] + _areas(others, 1) - shared)


@wrong("2.4", "yours gave")
def areas_of_the_wrong_boxes(boxes, others):
    shared = _shared(boxes, others)
    return _over(shared, _areas(boxes)[:, None] + _areas(boxes[:1]) - shared)


@wrong("2.4", "the answer should be an array (N, M); yours gave one with nan in it.")
def nothing_divided_by_nothing(boxes, others):
    shared = _shared(boxes, others)
    return shared / (_areas(boxes)[:, None] + _areas(others) - shared)


@wrong("2.4", "yours gave")
def one_pixel_more_in_the_union(boxes, others):
    shared = _shared(boxes, others)
    return shared / (_areas(boxes)[:, None] + _areas(others) - shared + 1)


@wrong("2.4", "your function changed its argument `boxes`.")
def moves_the_callers_boxes(boxes, others):
    iou = _iou(boxes, others)
    boxes[:, 2:] -= boxes[:, :2]
    boxes[:, :2] -= 1
    return iou


@wrong("2.4", "... 1000 in all] your function was still running after 2 seconds.", slow=True)
def every_pair_by_itself(boxes, others):
    iou = np.zeros((len(boxes), len(others)))
    for n, box in enumerate(boxes):
        for m, other in enumerate(others):
            iou[n, m] = _iou(box[None], other[None])[0, 0]
    return iou


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
def changes_not_clamped(box, deltas, anchor, clamp):
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
