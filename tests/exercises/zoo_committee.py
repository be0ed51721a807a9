"""Answers to the exercises of chapter 4 on angles, noise, forks and losses: right ones and wrong ones."""

from __future__ import annotations

import math

import numpy as np
from zoo import right, wrong

# 4.1 gradient_cosine


def _row(gradient):
    return np.concatenate([np.ravel(layer) for layer in gradient])


def _sums(first, second):
    """Return the sums of all products, and of both gradients' squares."""
    a, b = _row(first), _row(second)
    return a @ b, a @ a, b @ b


def _layer_cosines(first, second):
    return [_cosine(np.ravel(a), np.ravel(b)) for a, b in zip(first, second, strict=True)]


def _cosine(a, b):
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return a @ b / lengths if lengths else 0.0


@right("4.1")
def cosine_of_long_rows(first, second):
    return np.float32(_cosine(_row(first), _row(second)))


@right("4.1")
def cosine_from_the_distance_of_units(first, second):
    a, b = _row(first), _row(second)
    if not a.any() or not b.any():
        return 0
    return 1 - np.sum((a / np.linalg.norm(a) - b / np.linalg.norm(b)) ** 2) / 2


@right("4.1")
def cosine_number_by_number(first, second):
    product = square = other = 0.0
    for a, b in zip(first, second, strict=True):
        for x, y in zip(a.ravel(), b.ravel(), strict=True):
            product, square, other = product + x * y, square + x * x, other + y * y
    return np.array(product / (math.sqrt(square) * math.sqrt(other) + 1e-12))


@wrong("4.1", "yours gave")
def mean_of_the_layers_cosines(first, second):
    return np.mean(_layer_cosines(first, second))


@wrong("4.1", "yours gave")
def sum_of_the_layers_cosines(first, second):
    return sum(_layer_cosines(first, second))


@wrong("4.1", "the answer should be 0.64; yours gave 0.3333.")
def layers_weighed_by_their_size(first, second):
    return np.average(_layer_cosines(first, second), weights=[layer.size for layer in first])


@wrong("4.1", "the answer should be 0.3162; yours gave 0.7071. In some layer a gradient is zero.")
def lengths_of_layers_multiplied_one_by_one(first, second):
    product, *_ = _sums(first, second)
    lengths = sum(np.linalg.norm(a) * np.linalg.norm(b) for a, b in zip(first, second, strict=True))
    return product / lengths if lengths else 0.0


@wrong("4.1", "the answer should be 0.64; yours gave 0.3265.")
def lengths_of_layers_added(first, second):
    product, *_ = _sums(first, second)
    a, b = (sum(np.linalg.norm(layer) for layer in gradient) for gradient in (first, second))
    return product / (a * b) if a * b else 0.0


@wrong("4.1", "the answer should be 0.64; yours gave 0.7805.")
def means_over_layers_for_sums(first, second):
    product = sum(np.mean(a * b) for a, b in zip(first, second, strict=True))
    square, other = (sum(np.mean(layer**2) for layer in gradient) for gradient in (first, second))
    return product / np.sqrt(square * other) if square * other else 0.0


@wrong("4.1", "the answer should be 1; yours gave 0.5.")
def without_a_root(first, second):
    product, square, other = _sums(first, second)
    return product / (square * other) if square * other else 0.0


@wrong("4.1", "the answer should be 1; yours gave 0.5.")
def with_a_root_of_one(first, second):
    product, square, other = _sums(first, second)
    return product / (np.sqrt(square) * other) if square * other else 0.0


@wrong("4.1", "the answer should be 1; yours gave 2.")
def the_product_alone(first, second):
    return _sums(first, second)[0]


@wrong("4.1", "the answer should be 1; yours gave 0.5.")
def by_the_longer_square(first, second):
    product, square, other = _sums(first, second)
    return product / max(square, other) if square * other else 0.0


@wrong("4.1", "the answer should be 1; yours gave 0.5.")
def the_share_of_the_second(first, second):
    product, square, other = _sums(first, second)
    return product / other if square * other else 0.0


@wrong("4.1", "the answer should be 1; yours gave 0.8.")
def by_the_mean_of_squares(first, second):
    product, square, other = _sums(first, second)
    return 2 * product / (square + other) if square * other else 0.0


@wrong("4.1", "the answer should be -0.7071; yours gave 0.7071.")
def without_the_sign(first, second):
    return abs(_cosine(_row(first), _row(second)))


@wrong("4.1", "the answer should be -0.7071; yours gave 0.")
def nothing_below_zero(first, second):
    return max(_cosine(_row(first), _row(second)), 0.0)


@wrong("4.1", "the answer should be 0.96; yours gave 0.9216.")
def the_squared_cosine(first, second):
    cosine = _cosine(_row(first), _row(second))
    return cosine * abs(cosine)


@wrong("4.1", "the answer should be 1; yours gave 0.")
def the_distance_for_the_cosine(first, second):
    return 1 - _cosine(_row(first), _row(second))


@wrong("4.1", "the answer should be 1; yours gave 0.")
def the_angle_itself(first, second):
    return math.acos(max(-1.0, min(1.0, _cosine(_row(first), _row(second)))))


@wrong("4.1", "the answer should be 1; yours gave 0.")
def the_sine(first, second):
    return math.sqrt(max(0.0, 1 - _cosine(_row(first), _row(second)) ** 2))


@wrong("4.1", "the answer should be 1; yours gave -1.")
def the_steps_point_the_other_way(first, second):
    return -_cosine(_row(first), _row(second))


@wrong("4.1", "the answer should be 0.96; yours gave 0.4898.")
def lengths_as_sums_of_sizes(first, second):
    a, b = _row(first), _row(second)
    lengths = np.abs(a).sum() * np.abs(b).sum()
    return a @ b / lengths if lengths else 0.0


@wrong("4.1", "the answer should be 0.96; yours gave -1.")
def centered_first(first, second):
    a, b = _row(first), _row(second)
    return _cosine(a - a.mean(), b - b.mean())


@wrong("4.1", "the answer should be 0.64; yours gave 0.")
def done_after_the_first_layer(first, second):
    cosine = 0.0
    for a, b in zip(first, second, strict=True):
        cosine = _cosine(a.ravel(), b.ravel())
        break
    return cosine


@wrong("4.1", "the answer should be 0.64; yours gave 1.")
def the_last_layer_only(first, second):
    return _layer_cosines(first, second)[-1]


@wrong("4.1", "the answer should be 0.3162; yours gave 0. In some layer a gradient is zero.")
def zero_wherever_a_layer_is(first, second):
    if any(not layer.any() for layer in (*first, *second)):
        return 0.0
    return _cosine(_row(first), _row(second))


@wrong("4.1", "the answer should be 0; yours gave 1. One of the gradients is zero.")
def one_for_no_direction(first, second):
    a, b = _row(first), _row(second)
    return _cosine(a, b) if a.any() and b.any() else 1.0


@wrong("4.1", "the answer should be one number; yours gave nan, as 0 divided by 0 or 0 times inf does.")
def divided_by_nothing_at_all(first, second):
    product, square, other = _sums(first, second)
    return product / np.sqrt(square * other)


@wrong("4.1", "the answer should be 1; yours gave 0.995.")
def a_little_more_below(first, second):
    product, square, other = _sums(first, second)
    return product / (np.sqrt(square * other) + 0.01)


@wrong("4.1", "the answer should be 0.6667; yours gave 1.533.")
def layers_as_matrices(first, second):
    product = sum(np.sum(a @ b) for a, b in zip(first, second, strict=True))
    _, square, other = _sums(first, second)
    return product / np.sqrt(square * other) if square * other else 0.0


@wrong("4.1", "your function stopped with `TypeError: can't multiply sequence")
def lists_multiplied(first, second):
    return np.sum(first * second) / np.linalg.norm(first) / np.linalg.norm(second)


@wrong("4.1", "the answer should be one number; yours gave a list of 1: [1].")
def one_cosine_for_each_layer(first, second):
    return _layer_cosines(first, second)


@wrong("4.1", "your function changed its argument `second`. The caller may need it still: work on a copy.")
def units_made_in_place(first, second):
    for gradient in (first, second):
        length = np.linalg.norm(_row(gradient))
        for layer in gradient:
            layer /= length or 1.0
    return _row(first) @ _row(second)


@wrong("4.1", "your function changed its argument `first` and `second`. The caller may need it still: work on a copy.")
def layers_joined_in_the_list(first, second):
    first[:], second[:] = [_row(first)], [_row(second)]
    return _cosine(first[0], second[0])


# 4.2 cosines_with_floor


def _units(gradients):
    return gradients / np.linalg.norm(gradients, axis=2, keepdims=True)


def _table(gradients, one, other):
    """Return the cosine of `one` on each batch and `other` on each, (B, B)."""
    units = _units(gradients)
    return units[:, one] @ units[:, other].T


def _off(table):
    return table[~np.eye(len(table), dtype=bool)].mean()


def _four(gradients, one, other):
    table = _table(gradients, one, other)
    floors = [_off(_table(gradients, task, task)) for task in (one, other)]
    return [np.diagonal(table).mean(), _off(table), *floors]


@right("4.2")
def four_means_by_loops(gradients, one, other):
    def mean_cosine(task, its_partner, pairs):
        found = [_cosine(gradients[a, task], gradients[b, its_partner]) for a, b in pairs]
        return sum(found) / len(found)

    batches = range(len(gradients))
    apart = [(a, b) for a in batches for b in batches if a != b]
    half = [(a, b) for a, b in apart if a < b]  # of one task, the other half is the same again
    together = zip(batches, batches, strict=True)
    return (
        mean_cosine(one, other, list(together)),
        mean_cosine(one, other, apart),
        mean_cosine(one, one, half),
        mean_cosine(other, other, half),
    )


@right("4.2")
def four_means_from_sums_of_units(gradients, one, other):
    first, second = _units(gradients)[:, one], _units(gradients)[:, other]
    count = len(gradients)
    same = np.einsum("bn,bn->", first, second)
    a, b = first.sum(axis=0), second.sum(axis=0)
    pairs = count * (count - 1)
    return np.array([same / count, (a @ b - same) / pairs, (a @ a - count) / pairs, (b @ b - count) / pairs])


@wrong("4.2", "yours gave")
def the_same_batch_among_the_others(gradients, one, other):
    same, _, *floors = _four(gradients, one, other)
    return same, _table(gradients, one, other).mean(), *floors


@wrong("4.2", "yours gave")
def floors_with_their_ones(gradients, one, other):
    same, across, *_ = _four(gradients, one, other)
    return same, across, *(_table(gradients, task, task).mean() for task in (one, other))


@wrong("4.2", "the mean across batches should be -0.02; yours gave -1.")
def neighboring_batches_only(gradients, one, other):
    same, _, *floors = _four(gradients, one, other)
    return same, np.diagonal(_table(gradients, one, other), 1).mean(), *floors


@wrong("4.2", "the mean across batches should be -0.02; yours gave -1.")
def one_always_on_the_earlier_batch(gradients, one, other):
    same, _, *floors = _four(gradients, one, other)
    return same, _table(gradients, one, other)[np.triu_indices(len(gradients), 1)].mean(), *floors


@wrong("4.2", "the floor of `one` should be 0.466667; yours gave 0. There are more than two batches.")
def floors_of_the_first_two_batches(gradients, one, other):
    same, across, *_ = _four(gradients, one, other)
    return same, across, *(_table(gradients, task, task)[0, 1] for task in (one, other))


@wrong("4.2", "the floor of `one` should be 0; yours gave 1.")
def floors_on_the_same_batch(gradients, one, other):
    same, across, *_ = _four(gradients, one, other)
    return same, across, 1.0, 1.0


@wrong("4.2", "the floor of `one` should be 0.8; yours gave -0.6.")
def floors_changed_about(gradients, one, other):
    same, across, floor, other_floor = _four(gradients, one, other)
    return same, across, other_floor, floor


@wrong("4.2", "the floor of `one` should be 0.8; yours gave 0.1.")
def one_floor_for_both(gradients, one, other):
    same, across, floor, other_floor = _four(gradients, one, other)
    return same, across, (floor + other_floor) / 2, (floor + other_floor) / 2


@wrong("4.2", "the mean over the same batch should be 1; yours gave 0.")
def above_the_floor(gradients, one, other):
    same, across, *floors = _four(gradients, one, other)
    return same - np.mean(floors), across - np.mean(floors), *floors


@wrong("4.2", "the mean over the same batch should be 0; yours gave 1.")
def across_before_the_same(gradients, one, other):
    same, across, *floors = _four(gradients, one, other)
    return across, same, *floors


@wrong("4.2", "the mean over the same batch should be 1; yours gave 2.")
def sums_for_means(gradients, one, other):
    count = len(gradients)
    return np.array(_four(gradients, one, other)) * [count, *[count * (count - 1)] * 3]


@wrong("4.2", "the mean across batches should be 1; yours gave 0.5.")
def divided_by_all_pairs(gradients, one, other):
    same, *rest = _four(gradients, one, other)
    return same, *(value * (len(gradients) - 1) / len(gradients) for value in rest)


@wrong("4.2", "the mean over the same batch should be -0.1; yours gave 0.7.")
def the_mean_of_sizes(gradients, one, other):
    table = np.abs(_table(gradients, one, other))
    floors = [_off(np.abs(_table(gradients, task, task))) for task in (one, other)]
    return np.diagonal(table).mean(), _off(table), *floors


@wrong("4.2", "the mean over the same batch should be 0; yours gave 1.")
def the_cosine_of_the_mean_gradients(gradients, one, other):
    _, *rest = _four(gradients, one, other)
    means = gradients.mean(axis=0)
    return _cosine(means[one], means[other]), *rest


@wrong("4.2", "the floor of `one` should be 1; yours gave 6.")
def products_without_lengths(gradients, one, other):
    def off(task, partner):
        return _off(gradients[:, task] @ gradients[:, partner].T)

    return (
        (gradients[:, one] * gradients[:, other]).sum(axis=1).mean(),
        off(one, other),
        off(one, one),
        off(other, other),
    )


@wrong("4.2", "the floor of `one` should be 1; yours gave 0.96.")
def mean_product_by_mean_lengths(gradients, one, other):
    lengths = np.linalg.norm(gradients, axis=2).mean(axis=0)
    same, across, floor, other_floor = products_without_lengths(gradients, one, other)
    a, b = lengths[one], lengths[other]
    return same / (a * b), across / (a * b), floor / a**2, other_floor / b**2


@wrong("4.2", "the mean over the same batch should be 1; yours gave 0.5.")
def lengths_over_the_batches(gradients, one, other):
    units = gradients / (np.linalg.norm(gradients, axis=0, keepdims=True) + 1e-12)
    table, floors = units[:, one] @ units[:, other].T, [units[:, task] @ units[:, task].T for task in (one, other)]
    return np.diagonal(table).mean(), _off(table), *map(_off, floors)


@wrong("4.2", "the mean over the same batch should be 1; yours gave 0.25.")
def one_length_for_all(gradients, one, other):
    return _four_of(gradients / np.linalg.norm(gradients), one, other)


def _four_of(units, one, other):
    table, floors = units[:, one] @ units[:, other].T, [units[:, task] @ units[:, task].T for task in (one, other)]
    return np.diagonal(table).mean(), _off(table), *map(_off, floors)


@wrong("4.2", "the mean over the same batch should be 0; yours gave 1.")
def tasks_before_batches(gradients, one, other):
    return _four(gradients.swapaxes(0, 1), one, other)


@wrong("4.2", "the mean over the same batch should be -0.1; yours gave 0.653553.")
def always_the_first_two_tasks(gradients, one, other):
    return _four(gradients, 0, 1)


@wrong("4.2", "the mean over the same batch should be -0.1; yours gave 0.653553.")
def the_next_task_for_the_other(gradients, one, other):
    return _four(gradients, one, (one + 1) % gradients.shape[1])


@wrong("4.2", "the mean over the same batch should be -0.0666667; yours gave 0. There are more than two batches.")
def the_median_of_each(gradients, one, other):
    def off(task, partner):
        table = _table(gradients, task, partner)
        return np.median(table[~np.eye(len(table), dtype=bool)])

    same = np.median(np.diagonal(_table(gradients, one, other)))
    return same, off(one, other), off(one, one), off(other, other)


@wrong("4.2", "the mean over the same batch should be -0.1; yours gave -0.6.")
def never_more_than_the_floor(gradients, one, other):
    same, across, *floors = _four(gradients, one, other)
    return min(same, *floors), across, *floors


@wrong(
    "4.2",
    "the answer should be four numbers (same, across, floor_one, floor_other); yours gave (1, [(1, 1), (1, 1)], 1, 1).",
)
def a_table_for_the_mean(gradients, one, other):
    same, _, *floors = _four(gradients, one, other)
    return same, _table(gradients, one, other), *floors


@wrong(
    "4.2",
    "the answer should be four numbers (same, across, floor_one, floor_other); yours gave a tuple of 3: (1, 1, 1).",
)
def three_numbers(gradients, one, other):
    same, across, *floors = _four(gradients, one, other)
    return same, across, np.mean(floors)


@wrong("4.2", "your function changed its argument `gradients`. The caller may need it still: work on a copy.")
def lengths_taken_out_in_place(gradients, one, other):
    gradients /= np.linalg.norm(gradients, axis=2, keepdims=True)
    return _four_of(gradients, one, other)


# 4.3 fork_gradients


def _fork(features, heads, upstream, weights):
    to_hidden = sum(w * (u @ head.T) for w, u, head in zip(weights, upstream, heads, strict=True))
    return to_hidden, features.T @ to_hidden


@right("4.3")
def heads_side_by_side(features, heads, upstream, weights):
    columns = np.concatenate([w * u for w, u in zip(weights, upstream, strict=True)], axis=1)
    to_hidden = columns @ np.concatenate(heads, axis=1).T
    return [to_hidden.tolist(), (features.T @ to_hidden).tolist()]


@right("4.3")
def each_tasks_share_of_the_trunk(features, heads, upstream, weights):
    shares = [np.einsum("nk,ik->ni", u, head) for u, head in zip(upstream, heads, strict=True)]
    trunk = sum(w * np.einsum("na,ni->ai", features, share) for w, share in zip(weights, shares, strict=True))
    return np.tensordot(weights, shares, axes=1).astype(np.float32), trunk.astype(np.float32)


@right("4.3")
def fork_roi_by_roi(features, heads, upstream, weights):
    to_hidden = np.zeros((len(features), len(heads[0])))
    to_trunk = np.zeros((features.shape[1], len(heads[0])))
    for roi, own in enumerate(features):
        for head, from_above, weight in zip(heads, upstream, weights, strict=True):
            to_hidden[roi] += head @ (weight * from_above[roi])
        to_trunk += np.outer(own, to_hidden[roi])
    return to_hidden, to_trunk


@wrong("4.3", "yours gave")
def all_losses_weigh_one(features, heads, upstream, weights):
    return _fork(features, heads, upstream, np.ones(len(heads)))


@wrong("4.3", "yours gave")
def the_mean_of_the_heads(features, heads, upstream, weights):
    return _fork(features, heads, upstream, weights / len(heads))


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 5; yours gave 2.5 there.")
def weights_made_to_add_up_to_one(features, heads, upstream, weights):
    return _fork(features, heads, upstream, weights / max(weights.sum(), 1e-12))


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 2; yours gave 1.5 there.")
def weighed_twice(features, heads, upstream, weights):
    return _fork(features, heads, upstream, weights**2)


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 2; yours gave 2.414 there.")
def the_roots_of_the_weights(features, heads, upstream, weights):
    return _fork(features, heads, upstream, np.sqrt(weights))


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 5; yours gave 2 there.")
def the_last_head_only(features, heads, upstream, weights):
    return _fork(features, heads[-1:], upstream[-1:], weights[-1:])


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 5; yours gave 3 there.")
def the_first_head_only(features, heads, upstream, weights):
    return _fork(features, heads[:1], upstream[:1], weights[:1])


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 5; yours gave 3 there.")
def the_heaviest_head_only(features, heads, upstream, weights):
    k = int(np.argmax(weights))
    return _fork(features, heads[k : k + 1], upstream[k : k + 1], weights[k : k + 1])


@wrong("4.3", "your function stopped with `ValueError: matmul: Input operand")
def heads_not_turned(features, heads, upstream, weights):
    to_hidden = sum(w * (u @ head) for w, u, head in zip(weights, upstream, heads, strict=True))
    return to_hidden, features.T @ to_hidden


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 1; yours gave -1 there.")
def heads_reshaped_for_turned(features, heads, upstream, weights):
    return _fork(features, [np.reshape(head.T, head.shape) for head in heads], upstream, weights)


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 1; yours gave -1 there.")
def a_step_downhill(features, heads, upstream, weights):
    to_hidden, to_trunk = _fork(features, heads, upstream, weights)
    return -to_hidden, -to_trunk


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 5; yours gave 10 there.")
def weights_after_the_sum(features, heads, upstream, weights):
    to_hidden, to_trunk = _fork(features, heads, upstream, np.ones(len(heads)))
    return to_hidden * weights.sum(), to_trunk * weights.sum()


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 0 should be 1; yours gave 0 there.")
def one_number_for_all_outputs(features, heads, upstream, weights):
    return _fork(features, heads, [np.repeat(u.sum(axis=1, keepdims=True), u.shape[1], 1) for u in upstream], weights)


@wrong("4.3", "of `to_trunk`, the number at row 1, column 0 should be 4; yours gave 2 there.")
def the_trunk_without_features(features, heads, upstream, weights):
    to_hidden, _ = _fork(features, heads, upstream, weights)
    return to_hidden, np.repeat(to_hidden.sum(axis=0, keepdims=True), features.shape[1], axis=0)


@wrong("4.3", "of `to_trunk`, the number at row 0, column 0 should be -2; yours gave -1 there.")
def the_trunk_by_the_mean_over_rois(features, heads, upstream, weights):
    to_hidden, to_trunk = _fork(features, heads, upstream, weights)
    return to_hidden, to_trunk / len(features)


@wrong("4.3", "of `to_trunk`, the number at row 0, column 0 should be -2; yours gave 4 there.")
def the_trunk_from_the_first_roi(features, heads, upstream, weights):
    to_hidden, _ = _fork(features, heads, upstream, weights)
    return to_hidden, np.outer(features[0], to_hidden[0])


@wrong("4.3", "of `to_trunk`, the answer should be an array of shape (1, 2); yours gave one of shape (2, 1).")
def the_trunk_turned(features, heads, upstream, weights):
    to_hidden, to_trunk = _fork(features, heads, upstream, weights)
    return to_hidden, to_trunk.T


@wrong("4.3", "of `to_trunk`, the number at row 0, column 0 should be 2; yours gave 3 there.")
def the_trunk_without_loss_weights(features, heads, upstream, weights):
    to_hidden, _ = _fork(features, heads, upstream, weights)
    return to_hidden, _fork(features, heads, upstream, np.ones(len(heads)))[1]


@wrong("4.3", "of `to_trunk`, the number at row 0, column 0 should be 2; yours gave 1.5 there.")
def the_trunk_weighed_again(features, heads, upstream, weights):
    to_hidden, _ = _fork(features, heads, upstream, weights)
    return to_hidden, _fork(features, heads, upstream, weights**2)[1]


@wrong("4.3", "your function stopped with `ValueError: matmul: Input operand")
def features_not_turned(features, heads, upstream, weights):
    to_hidden, _ = _fork(features, heads, upstream, weights)
    return to_hidden, features @ to_hidden


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 1 should be 0; yours gave 2 there. 1 of 2 numbers is wrong.")
def sizes_for_conflicts(features, heads, upstream, weights):
    to_hidden = sum(np.abs(w * (u @ head.T)) for w, u, head in zip(weights, upstream, heads, strict=True))
    return to_hidden, features.T @ to_hidden


@wrong("4.3", "of `to_hidden`, the number at RoI 0, column 1 should be 1; yours gave 0 there.")
def only_what_all_heads_agree_on(features, heads, upstream, weights):
    shares = np.array([w * (u @ head.T) for w, u, head in zip(weights, upstream, heads, strict=True)])
    agree = (shares >= 0).all(axis=0) | (shares <= 0).all(axis=0)
    to_hidden = np.where(agree, shares.sum(axis=0), 0)
    return to_hidden, features.T @ to_hidden


@wrong("4.3", "of `to_hidden`, the number at RoI 1, column 0 should be -3; yours gave 0 there.")
def as_if_hidden_were_cut_at_zero(features, heads, upstream, weights):
    to_hidden, _ = _fork(features, heads, upstream, weights)
    to_hidden = np.maximum(to_hidden, 0)
    return to_hidden, features.T @ to_hidden


@wrong("4.3", "two arrays (to_hidden, to_trunk), of two dimensions each; yours gave an array of shape (1, 2).")
def the_trunk_alone(features, heads, upstream, weights):
    return _fork(features, heads, upstream, weights)[1]


@wrong("4.3", "of `to_hidden`, the answer should be an array of shape (1, 2); yours gave one of shape (2, 2).")
def the_trunk_first(features, heads, upstream, weights):
    return _fork(features, heads, upstream, weights)[::-1]


@wrong("4.3", "two arrays (to_hidden, to_trunk), of two dimensions each; yours gave a list of 1: [[(1, 2)]].")
def one_array_for_each_head(features, heads, upstream, weights):
    shares = [w * (u @ head.T) for w, u, head in zip(weights, upstream, heads, strict=True)]
    return shares, [features.T @ share for share in shares]


@wrong("4.3", "your function changed its argument `upstream`. The caller may need it still: work on a copy.")
def upstream_weighed_in_place(features, heads, upstream, weights):
    for from_above, weight in zip(upstream, weights, strict=True):
        from_above *= weight
    return _fork(features, heads, upstream, np.ones(len(heads)))


@wrong("4.3", "your function changed its argument `upstream`. The caller may need it still: work on a copy.")
def summed_into_the_first_upstream(features, heads, upstream, weights):
    to_hidden = upstream[0]
    to_hidden[:] = weights[0] * to_hidden
    to_hidden = to_hidden @ heads[0].T
    for head, from_above, weight in zip(heads[1:], upstream[1:], weights[1:], strict=True):
        to_hidden = to_hidden + weight * from_above @ head.T
    return to_hidden, features.T @ to_hidden


# 4.4 who_loses


def _fate(gram, weights, rate):
    changes = -rate * (gram @ weights)
    return changes, changes > 0, (gram < 0).any(axis=1)


@right("4.4")
def task_by_task_in_plain_numbers(gram, weights, rate):
    rows = [], [], []
    for products in gram.tolist():
        change = -sum(rate * weight * product for weight, product in zip(weights.tolist(), products, strict=True))
        for row, value in zip(rows, (change, int(change > 0), any(product < 0 for product in products)), strict=True):
            row.append(value)
    return list(rows)


@right("4.4")
def with_gradients_that_have_these_products(gram, weights, rate):
    values, vectors = np.linalg.eigh(gram)
    gradients = vectors * np.sqrt(np.maximum(values, 0))
    step = -rate * weights @ gradients
    changes = (gradients @ step).round(9)
    cosines = gradients @ gradients.T
    return np.array([changes, changes > 0, (cosines < -1e-9).any(axis=0)])


@right("4.4")
def by_a_weighted_sum_of_rows(gram, weights, rate):
    changes = np.sum(gram * weights[:, None], axis=0) * -rate
    return changes.astype(np.float32), np.where(changes > 0, 1, 0), tuple(np.min(gram, axis=0) < 0)


@wrong("4.4", "yours gave")
def uphill(gram, weights, rate):
    return _fate(gram, weights, -rate)


@wrong("4.4", "yours gave")
def all_weights_are_one(gram, weights, rate):
    return _fate(gram, np.ones(len(gram)), rate)


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -4.")
def without_the_rate(gram, weights, rate):
    return _fate(gram, weights, 1.0)


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -1.")
def the_rate_squared(gram, weights, rate):
    return _fate(gram, weights, rate**2)


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -1.")
def half_the_change(gram, weights, rate):
    return _fate(gram, weights, rate / 2)


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -1.")
def its_own_gradient_alone(gram, weights, rate):
    changes = -rate * np.diagonal(gram) * weights
    return changes, changes > 0, _fate(gram, weights, rate)[2]


@wrong("4.4", "the loss of task 0 should change by -2; yours gave 0.")
def the_others_alone(gram, weights, rate):
    changes = -rate * (gram - np.diag(np.diagonal(gram))) @ weights
    return changes, changes > 0, _fate(gram, weights, rate)[2]


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -1.")
def of_the_weighted_losses(gram, weights, rate):
    changes, _, conflicts = _fate(gram, weights, rate)
    return weights * changes, weights * changes > 0, conflicts


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -1.5.")
def weights_of_the_own_task(gram, weights, rate):
    changes = -rate * weights * gram.sum(axis=1)
    return changes, changes > 0, _fate(gram, weights, rate)[2]


@wrong("4.4", "the loss of task 0 should change by -4; yours gave -2.")
def weights_that_add_up_to_one(gram, weights, rate):
    return _fate(gram, weights / max(weights.sum(), 1e-12), rate)


@wrong("4.4", "the loss of task 0 should change by -4; yours gave -2.")
def the_mean_over_the_tasks(gram, weights, rate):
    return _fate(gram, weights / len(weights), rate)


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -0.5.")
def cosines_for_products(gram, weights, rate):
    lengths = np.sqrt(np.maximum(np.diagonal(gram), 1e-12))
    return _fate(gram / np.outer(lengths, lengths), weights, rate)


@wrong("4.4", "the loss of task 0 should change by -2; yours gave -1.")
def a_step_of_length_one(gram, weights, rate):
    length = np.sqrt(max(weights @ gram @ weights, 0))
    return _fate(gram, weights / length if length else weights, rate)


@wrong("4.4", "the loss of task 0 should change by -4; yours gave -5.")
def the_change_of_the_total(gram, weights, rate):
    total = -rate * weights @ gram @ weights
    return np.full(len(gram), total), np.full(len(gram), total > 0), _fate(gram, weights, rate)[2]


@wrong("4.4", "`loses` of task 0 should be False; yours gave True. There is a conflict, and nobody loses.")
def whoever_is_in_conflict_loses(gram, weights, rate):
    changes, _, conflicts = _fate(gram, weights, rate)
    return changes, conflicts, conflicts


@wrong("4.4", "`loses` of task 0 should be False; yours gave True. There is a conflict, and nobody loses.")
def whoever_does_not_gain_loses(gram, weights, rate):
    changes, _, conflicts = _fate(gram, weights, rate)
    return changes, changes >= 0, conflicts


@wrong("4.4", "`loses` of task 0 should be False; yours gave True.")
def whoever_falls_loses(gram, weights, rate):
    changes, _, conflicts = _fate(gram, weights, rate)
    return changes, changes < 0, conflicts


@wrong("4.4", "`loses` of task 0 should be False; yours gave True.")
def the_worst_one_loses(gram, weights, rate):
    changes, _, conflicts = _fate(gram, weights, rate)
    return changes, changes == changes.max(), conflicts


@wrong("4.4", "`conflicts` of task 0 should be True; yours gave False. There is a conflict, and nobody loses.")
def who_loses_is_in_conflict(gram, weights, rate):
    changes, loses, _ = _fate(gram, weights, rate)
    return changes, loses, loses


@wrong("4.4", "`conflicts` of task 0 should be False; yours gave True.")
def a_right_angle_is_a_conflict(gram, weights, rate):
    changes, loses, _ = _fate(gram, weights, rate)
    return changes, loses, (gram <= 0).any(axis=1)


@wrong("4.4", "`conflicts` of task 1 should be True; yours gave False. Somebody loses.")
def in_conflict_with_all(gram, weights, rate):
    changes, loses, _ = _fate(gram, weights, rate)
    others = gram - np.diag(np.diagonal(gram))
    return changes, loses, (others.sum(axis=1) < 0)


@wrong("4.4", "`conflicts` of task 2 should be False; yours gave True. Somebody loses.")
def all_in_conflict_if_any_is(gram, weights, rate):
    changes, loses, conflicts = _fate(gram, weights, rate)
    return changes, loses, np.full(len(gram), conflicts.any())


@wrong("4.4", "`conflicts` of task 0 should be True; yours gave False. Somebody loses.")
def conflicts_with_those_that_weigh(gram, weights, rate):
    changes, loses, _ = _fate(gram, weights, rate)
    return changes, loses, (gram * weights < 0).any(axis=1)


@wrong("4.4", "loses and conflicts should be True or False; yours gave 3.")
def how_many_conflicts(gram, weights, rate):
    changes, loses, _ = _fate(gram, weights, rate)
    return changes, loses, (gram < 0).sum(axis=1)


@wrong("4.4", "`loses` should have a place for each task, 1 in all; yours gave 0.")
def the_numbers_of_the_losers(gram, weights, rate):
    changes, loses, conflicts = _fate(gram, weights, rate)
    return changes, np.flatnonzero(loses), conflicts


@wrong("4.4", "three rows (changes, loses, conflicts), with a place for each task; yours gave an array of shape (1,).")
def changes_alone(gram, weights, rate):
    return _fate(gram, weights, rate)[0]


@wrong("4.4", "three rows (changes, loses, conflicts), with a place for each task; yours gave one with False in it.")
def one_flag_for_everybody(gram, weights, rate):
    changes, loses, conflicts = _fate(gram, weights, rate)
    return changes, loses.any(), conflicts.any()


@wrong("4.4", "your function changed its argument `gram`. The caller may need it still: work on a copy.")
def the_gram_matrix_weighed_in_place(gram, weights, rate):
    conflicts = (gram < 0).any(axis=1)
    gram *= weights
    changes = -rate * gram.sum(axis=1)
    return changes, changes > 0, conflicts
