"""Answers to the exercises of chapter 4 on what to do with gradients that disagree: right ones and wrong ones."""

from __future__ import annotations

import itertools

import numpy as np
from zoo import right, wrong

# 4.5 shortest_of_two


def _share(first, second):
    """Return how far the foot of the perpendicular is on the way from the first to the second; it may be beyond."""
    way = second - first
    return -(first @ way) / (way @ way) if way.any() else 0.0


def _between(first, second, share):
    return (1 - share) * first + share * second


def _clipped(first, second):
    return _between(first, second, np.clip(_share(first, second), 0, 1))


@right("4.5")
def by_cases(first, second):
    between = first @ second
    if between >= first @ first:
        return first.tolist()
    if between >= second @ second:
        return second.tolist()
    weight = (second @ second - between) / (first @ first + second @ second - 2 * between)
    return tuple(weight * first + (1 - weight) * second)


@right("4.5")
def by_cutting_in_thirds(first, second):
    low, high = 0.0, 1.0
    for _ in range(200):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if np.linalg.norm(_between(first, second, a)) < np.linalg.norm(_between(first, second, b)):
            high = b
        else:
            low = a
    return _between(first, second, (low + high) / 2)


@right("4.5")
def the_shortest_of_three_candidates(first, second):
    candidates = [first, second]
    if 0 <= _share(first, second) <= 1:
        candidates.append(_between(first, second, _share(first, second)))
    return min(candidates, key=np.linalg.norm)


@wrong("4.5", "yours gave")
def beyond_the_tips(first, second):
    return _between(first, second, _share(first, second))


@wrong("4.5", "yours gave")
def halfway(first, second):
    return (first + second) / 2


@wrong("4.5", "the number at place 0 should be 2; yours gave 0.8 there.")
def clipped_below_only(first, second):
    return _between(first, second, max(_share(first, second), 0))


@wrong("4.5", "the number at place 0 should be 1; yours gave 0.4 there.")
def clipped_above_only(first, second):
    return _between(first, second, min(_share(first, second), 1))


@wrong("4.5", "the number at place 0 should be 2; yours gave 3 there.")
def halfway_if_the_foot_is_beyond(first, second):
    share = _share(first, second)
    return _between(first, second, share if 0 <= share <= 1 else 0.5)


@wrong("4.5", "the number at place 0 should be 2; yours gave 4 there.")
def the_wrong_tip_if_the_foot_is_beyond(first, second):
    share = _share(first, second)
    return _between(first, second, share if 0 <= share <= 1 else float(share < 0))


@wrong("4.5", "the number at place 0 should be 0.8; yours gave 3.2 there. 2 of 2 numbers are wrong.")
def weights_changed_about(first, second):
    return _between(second, first, np.clip(_share(first, second), 0, 1))


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 1 there. 2 of 2 numbers are wrong.")
def the_sign_of_the_share(first, second):
    return _between(first, second, np.clip(-_share(first, second), 0, 1))


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 1 there. 2 of 2 numbers are wrong.")
def the_shorter_of_the_two(first, second):
    return min(first, second, key=np.linalg.norm)


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 1 there. 2 of 2 numbers are wrong.")
def their_sum(first, second):
    return first + second


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 1 there. 2 of 2 numbers are wrong.")
def times_the_number_of_tasks(first, second):
    return 2 * _clipped(first, second)


@wrong("4.5", "the number at place 0 should be 0.8; yours gave 0.5 there. 2 of 2 numbers are wrong.")
def of_unit_vectors(first, second):
    return _clipped(first / max(np.linalg.norm(first), 1e-12), second / max(np.linalg.norm(second), 1e-12))


@wrong("4.5", "the number at place 0 should be 0.8; yours gave 1.333 there. 2 of 2 numbers are wrong.")
def weights_from_unit_vectors(first, second):
    return (first * np.linalg.norm(second) + second * np.linalg.norm(first)) / max(
        np.linalg.norm(first) + np.linalg.norm(second), 1e-12
    )


@wrong("4.5", "the number at place 1 should be 0; yours gave 0.4848 there.")
def as_if_at_a_right_angle(first, second):
    total = first @ first + second @ second
    return (first * (second @ second) + second * (first @ first)) / total if total else first


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 0.2929 there. 2 of 2 numbers are wrong.")
def divided_by_the_length_of_the_way(first, second):
    way = second - first
    return _between(first, second, np.clip(-(first @ way) / max(np.linalg.norm(way), 1e-12), 0, 1))


@wrong("4.5", "the number at place 0 should be 2; yours gave 3.238 there.")
def divided_by_both_squares(first, second):
    total = first @ first + second @ second
    return _between(first, second, np.clip(-(first @ (second - first)) / total, 0, 1) if total else 0)


@wrong("4.5", "the number at place 0 should be 0.05882; yours gave 0 there. 2 of 2 numbers are wrong.")
def nothing_where_they_disagree(first, second):
    return np.zeros_like(first) if first @ second < 0 else _clipped(first, second)


@wrong("4.5", "the number at place 0 should be 4; yours gave 8 there.")
def the_sum_where_they_agree(first, second):
    return first + second if first @ second > 0 else _clipped(first, second)


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 1 there. 2 of 2 numbers are wrong.")
def what_the_second_does_not_contain(first, second):
    square = second @ second
    return first - min(first @ second, 0) / square * second if square else first.copy()


@wrong("4.5", "the number at place 0 should be 0.5; yours gave 0 there. 2 of 2 numbers are wrong.")
def number_by_number(first, second):
    inside = first * second < 0
    return np.where(inside, 0, np.where(np.abs(first) < np.abs(second), first, second))


@wrong("4.5", "the number at place 0 should be 0.05882; yours gave 0.2 there. 2 of 2 numbers are wrong.")
def on_a_coarse_ruler(first, second):
    return min((_between(first, second, share) for share in np.linspace(0, 1, 11)), key=np.linalg.norm)


@wrong("4.5", "the number at place 0 should be 0.8; yours gave 0.8073 there. 2 of 2 numbers are wrong.")
def ten_steps_of_a_descent(first, second):
    share = 0.5
    for _ in range(10):
        point = _between(first, second, share)
        share = min(max(share - 0.02 * (point @ (second - first)), 0), 1)
    return _between(first, second, share)


@wrong("4.5", "the answer should be an array (n,); yours gave one with nan in it.")
def equal_ones_divided_by_nothing(first, second):
    way = second - first
    return first + np.clip(-(first @ way) / (way @ way), 0, 1) * way


@wrong("4.5", "the number at place 0 should be 1; yours gave 0 there.")
def nothing_for_equal_ones(first, second):
    return _clipped(first, second) if (first != second).any() else np.zeros_like(first)


@wrong("4.5", "the answer should be an array (n,); yours gave the number 0.5.")
def the_weight_alone(first, second):
    return 1 - np.clip(_share(first, second), 0, 1)


@wrong("4.5", "the answer should be an array of shape (2,); yours gave one of shape (3,).")
def both_weights(first, second):
    share = np.clip(_share(first, second), 0, 1)
    return np.array([1 - share, share, 0])


@wrong("4.5", "the answer should be an array (n,); yours gave an array of shape (1, 2).")
def a_matrix_of_one_row(first, second):
    return _clipped(first, second)[None]


@wrong("4.5", "your function changed its argument `second`. The caller may need it still: work on a copy.")
def the_way_in_place(first, second):
    share = np.clip(_share(first, second), 0, 1)
    second -= first
    return first + share * second


# 4.6 project_conflicts


def _cut(row, other, own):
    """Return what is left of a row without its part along another gradient; `own` is the row as it was at first."""
    return row - row @ other / (other @ other) * other


def _project(gradients, order, keep=lambda overlap: overlap >= 0, cut=_cut):
    """Return what PCGrad leaves of each gradient."""
    projected = gradients.copy()
    for task in range(len(gradients)):
        for other in order:
            overlap = projected[task] @ gradients[other]
            if other != task and not keep(overlap) and gradients[other].any():
                projected[task] = cut(projected[task], gradients[other], gradients[task])
    return projected


@right("4.6")
def projected_by_unit_vectors(gradients, order):
    rows = []
    for task, own in enumerate(gradients):
        for other in order:
            length = np.linalg.norm(gradients[other])
            if other == task or length == 0:
                continue
            unit = gradients[other] / length
            own = own + max(-(own @ unit), 0) * unit
        rows.append(own.tolist())
    return rows


@right("4.6")
def all_tasks_at_once(gradients, order):
    squares = (gradients**2).sum(axis=1)
    left = gradients.astype(np.longdouble)
    for other in order:
        overlaps = np.minimum(left @ gradients[other], 0)
        overlaps[other] = 0
        left = left - np.outer(overlaps / (squares[other] or 1), gradients[other])
    return left


@wrong("4.6", "yours gave")
def on_what_is_left_of_the_others(gradients, order):
    projected = gradients.copy()
    for task in range(len(gradients)):
        for other in order:
            overlap = projected[task] @ projected[other]
            if other != task and overlap < 0:
                projected[task] -= overlap / (projected[other] @ projected[other]) * projected[other]
    return projected


@wrong("4.6", "yours gave")
def by_the_product_it_began_with(gradients, order):
    projected = gradients.copy()
    for task, other in itertools.product(range(len(gradients)), order):
        overlap = gradients[task] @ gradients[other]
        if other != task and overlap < 0:
            projected[task] -= overlap / (gradients[other] @ gradients[other]) * gradients[other]
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 1.2; yours gave 1 there.")
def asks_the_product_it_began_with(gradients, order):
    projected = gradients.copy()
    for task, other in itertools.product(range(len(gradients)), order):
        if other != task and gradients[task] @ gradients[other] < 0:
            overlap = projected[task] @ gradients[other]
            projected[task] -= overlap / (gradients[other] @ gradients[other]) * gradients[other]
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 1; yours gave 0.8 there.")
def always_projected(gradients, order):
    return _project(gradients, order, keep=lambda overlap: False)


@wrong("4.6", "the number at task 0, column 0 should be 1; yours gave 0.8 there.")
def projected_where_they_agree(gradients, order):
    return _project(gradients, order, keep=lambda overlap: overlap <= 0)


@wrong("4.6", "the number at task 0, column 0 should be 1; yours gave 1.2 there.")
def in_the_order_of_the_tasks(gradients, order):
    return _project(gradients, sorted(order))


@wrong("4.6", "the number at task 0, column 0 should be 1.2; yours gave 1 there.")
def the_order_backwards(gradients, order):
    return _project(gradients, order[::-1])


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 1 there. 2 of 4 numbers are wrong.")
def only_with_those_before_in_the_order(gradients, order):
    projected = gradients.copy()
    for place, task in enumerate(order):
        projected[task] = _project(gradients, order[:place])[task]
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 1.2; yours gave 1 there.")
def one_conflict_is_enough(gradients, order):
    projected = gradients.copy()
    for task in range(len(gradients)):
        for other in order:
            overlap = gradients[task] @ gradients[other]
            if other != task and overlap < 0:
                projected[task] -= overlap / (gradients[other] @ gradients[other]) * gradients[other]
                break
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 1.2; yours gave 1 there.")
def only_the_worst_conflict(gradients, order):
    projected = gradients.copy()
    for task, own in enumerate(gradients):
        other = int(np.argmin(gradients @ own))
        if other != task and gradients[other] @ own < 0:
            projected[task] -= (gradients[other] @ own) / (gradients[other] @ gradients[other]) * gradients[other]
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 1.5 there. 3 of 4 numbers are wrong.")
def the_sign_of_the_projection(gradients, order):
    return _project(gradients, order, cut=lambda row, other, _: row + row @ other / (other @ other) * other)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0.2929 there. 2 of 4 numbers are wrong.")
def divided_by_a_length(gradients, order):
    return _project(gradients, order, cut=lambda row, other, _: row - row @ other / np.linalg.norm(other) * other)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0.2929 there. 3 of 4 numbers are wrong.")
def divided_by_both_lengths(gradients, order):
    return _project(
        gradients,
        order,
        cut=lambda row, other, _: row - row @ other / np.linalg.norm(row) / np.linalg.norm(other) * other,
    )


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0 there. 3 of 4 numbers are wrong.")
def divided_by_its_own_square(gradients, order):
    return _project(gradients, order, cut=lambda row, other, own: row - row @ other / (own @ own) * other)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 2 there. 4 of 4 numbers are wrong.")
def its_own_direction_is_cut(gradients, order):
    return _project(gradients, order, cut=lambda row, other, _: row - row @ other / (row @ row) * row)


@wrong("4.6", "the number at task 0, column 1 should be 0.5; yours gave -0.5 there. 3 of 4 numbers are wrong.")
def the_projection_itself(gradients, order):
    return _project(gradients, order, cut=lambda row, other, _: row @ other / (other @ other) * other)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0 there. 3 of 4 numbers are wrong.")
def reflected(gradients, order):
    return _project(gradients, order, cut=lambda row, other, _: row - 2 * (row @ other) / (other @ other) * other)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0 there. 3 of 4 numbers are wrong.")
def conflicting_gradients_dropped(gradients, order):
    projected = gradients.copy()
    for task, other in itertools.product(range(len(gradients)), order):
        if gradients[task] @ gradients[other] < 0:
            projected[task] = 0
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 1; yours gave 0.4472 there.")
def of_unit_gradients(gradients, order):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    return _project(gradients / np.maximum(lengths, 1e-12), order)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0.7071 there. 3 of 4 numbers are wrong.")
def as_long_as_before(gradients, order):
    projected = _project(gradients, order)
    lengths, before = (np.linalg.norm(rows, axis=1, keepdims=True) for rows in (projected, gradients))
    return np.where(lengths > 1e-9, projected * before / np.maximum(lengths, 1e-9), 0)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0 there. 2 of 4 numbers are wrong.")
def numbers_of_other_signs_dropped(gradients, order):
    agree = (gradients >= 0).all(axis=0) | (gradients <= 0).all(axis=0)
    return np.where(agree, gradients, 0)


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 1 there. 3 of 4 numbers are wrong.")
def conflicts_with_the_sum(gradients, order):
    total, projected = gradients.sum(axis=0), gradients.copy()
    for own in projected:
        if own @ total < 0:
            own -= own @ total / (total @ total) * total
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 1.2; yours gave 0.006872 there.")
def until_no_conflict_is_left(gradients, order):
    projected = gradients.copy()
    for _ in range(50):
        for task, other in itertools.product(range(len(gradients)), order):
            overlap = projected[task] @ gradients[other]
            if other != task and overlap < 0:
                projected[task] -= overlap / (gradients[other] @ gradients[other]) * gradients[other]
    return projected


@wrong("4.6", "the answer should be an array (T, n); yours gave an array of shape (2,).")
def the_sum_of_all(gradients, order):
    return _project(gradients, order).sum(axis=0)


@wrong("4.6", "the number at task 0, column 1 should be 0; yours gave 1 there.")
def the_mean_in_every_row(gradients, order):
    return np.repeat(_project(gradients, order).mean(axis=0, keepdims=True), len(gradients), axis=0)


@wrong("4.6", "the number at task 0, column 0 should be 1.5; yours gave 0 there. 4 of 4 numbers are wrong.")
def rows_in_the_order_of_the_visits(gradients, order):
    return _project(gradients, order)[list(order)]


@wrong("4.6", "the answer should be an array (T, n); yours gave one with nan in it.")
def zero_divided_by_zero(gradients, order):
    projected = gradients.copy()
    for task, other in itertools.product(range(len(gradients)), order):
        share = projected[task] @ gradients[other] / (gradients[other] @ gradients[other])
        if other != task:
            projected[task] -= np.minimum(share, 0) * gradients[other]
    return projected


@wrong("4.6", "the number at task 0, column 0 should be 0.5; yours gave 0 there. 2 of 4 numbers are wrong.")
def in_whole_numbers(gradients, order):
    return np.round(_project(gradients, order))


@wrong("4.6", "your function changed its argument `gradients`. The caller may need it still: work on a copy.")
def projected_in_place(gradients, order):
    originals = gradients.copy()
    for task, other in itertools.product(range(len(gradients)), order):
        overlap = gradients[task] @ originals[other]
        if other != task and overlap < 0:
            gradients[task] -= overlap / (originals[other] @ originals[other]) * originals[other]
    return gradients


# 4.7 shortest_of_three


def _in_the_plane(gradients):
    """Return the weights of the point of the triangle's plane that is nearest to the origin."""
    ways = gradients[1:] - gradients[0]
    of_others = np.linalg.solve(ways @ ways.T, -(ways @ gradients[0]))
    return np.array([1 - of_others.sum(), *of_others])


def _of_edges(gradients):
    return min(_edges(gradients), key=np.linalg.norm)


def _edges(gradients):
    return [_clipped(a, b) for a, b in itertools.combinations(gradients, 2)]


def _within(gradients, otherwise):
    """Return the nearest point of the plane if it lies within the triangle, else something else."""
    weights = _in_the_plane(gradients)
    return weights @ gradients if weights.min() >= 0 else otherwise(weights)


@right("4.7")
def by_all_faces_and_lagrange(gradients):
    candidates = []
    for size in (1, 2, 3):
        for chosen in itertools.combinations(gradients, size):
            rows = np.array(chosen)
            equations = np.ones((size + 1, size + 1))
            equations[:size, :size], equations[size, size] = rows @ rows.T, 0
            weights = np.linalg.lstsq(equations, np.eye(size + 1)[size], rcond=None)[0][:size]
            if weights.min() > -1e-9:
                candidates.append(weights @ rows)
    return min(candidates, key=np.linalg.norm).tolist()


@right("4.7")
def by_coming_nearer(gradients):
    """Go from point to point as Gilbert does, but with a step to the nearest point of all pairs that are in play."""
    corners = [gradients[0]]
    point = corners[0]
    for _ in range(20):
        ahead = min(gradients, key=lambda tip: tip @ point)
        if ahead @ point > point @ point - 1e-9:
            break
        if not any(np.array_equal(ahead, corner) for corner in corners):
            corners.append(ahead)
        if len(corners) < 3:
            point = _clipped(*corners)
            continue
        rows = np.array(corners)
        weights = _in_the_plane(rows)
        point = weights @ rows if weights.min() >= 0 else _of_edges(rows)
    return tuple(point)


@right("4.7")
def outside_if_the_origin_is_beyond_an_edge(gradients):
    weights = _in_the_plane(gradients)
    beyond = [k for k in range(3) if weights[k] < 0]
    edges = [np.delete(gradients, k, axis=0) for k in beyond]
    return min((_clipped(*edge) for edge in edges), key=np.linalg.norm, default=weights @ gradients)


@wrong("4.7", "yours gave")
def the_mean_of_three(gradients):
    return gradients.mean(axis=0)


@wrong("4.7", "yours gave")
def edges_alone(gradients):
    return _of_edges(gradients)


@wrong("4.7", "the number at place 0 should be 1; yours gave 0 there.")
def the_plane_alone(gradients):
    return _in_the_plane(gradients) @ gradients


@wrong("4.7", "the number at place 0 should be 0.8; yours gave 2.4 there.")
def weights_clipped(gradients):
    return np.clip(_in_the_plane(gradients), 0, 1) @ gradients


@wrong("4.7", "the number at place 0 should be 0.8; yours gave 1.333 there.")
def weights_clipped_and_scaled(gradients):
    weights = np.maximum(_in_the_plane(gradients), 0)
    return weights / weights.sum() @ gradients


@wrong("4.7", "the number at place 0 should be 0.2941; yours gave 1 there.")
def weights_moved_onto_the_triangle(gradients):
    """Take the nearest of all weights that are allowed, which are not those of the nearest point."""
    weights = _in_the_plane(gradients)
    grown = np.sort(weights)[::-1]
    sums = (np.cumsum(grown) - 1) / np.arange(1, 4)
    return np.maximum(weights - sums[np.flatnonzero(grown > sums)[-1]], 0) @ gradients


@wrong("4.7", "the number at place 0 should be 0.5; yours gave 1 there.")
def the_worst_one_left_out(gradients):
    return _within(gradients, lambda weights: _clipped(*np.delete(gradients, weights.argmin(), axis=0)))


@wrong("4.7", "the number at place 0 should be 0.5; yours gave 1 there.")
def the_first_bad_one_left_out(gradients):
    def without(weights):
        return _clipped(*np.delete(gradients, np.flatnonzero(weights < 0)[0], axis=0))

    return _within(gradients, without)


@wrong("4.7", "the number at place 0 should be 1; yours gave 0.2 there.")
def the_worst_left_out_and_no_clipping(gradients):
    def foot(weights):
        a, b = np.delete(gradients, weights.argmin(), axis=0)
        return _between(a, b, _share(a, b))

    return _within(gradients, foot)


@wrong("4.7", "the number at place 0 should be 0.8; yours gave 0 there.")
def a_tip_if_not_within(gradients):
    return _within(gradients, lambda weights: min(gradients, key=np.linalg.norm))


@wrong("4.7", "the number at place 0 should be 1; yours gave 0 there.")
def zero_if_not_within(gradients):
    return _within(gradients, lambda weights: np.zeros(gradients.shape[1]))


@wrong("4.7", "the number at place 0 should be 1; yours gave 2.333 there.")
def the_mean_if_not_within(gradients):
    return _within(gradients, lambda weights: gradients.mean(axis=0))


@wrong("4.7", "the number at place 0 should be 1; yours gave 0.2 there.")
def edges_without_clipping(gradients):
    def foot(weights):
        feet = [_between(a, b, _share(a, b)) for a, b in itertools.combinations(gradients, 2)]
        return min(feet, key=np.linalg.norm)

    return _within(gradients, foot)


@wrong("4.7", "the number at place 0 should be 0.5; yours gave 0.4 there.")
def one_edge_is_forgotten(gradients):
    return _within(gradients, lambda weights: min(_edges(gradients)[::2], key=np.linalg.norm))


@wrong("4.7", "the number at place 0 should be 1; yours gave 3 there.")
def the_longest_of_the_edges(gradients):
    return _within(gradients, lambda weights: max(_edges(gradients), key=np.linalg.norm))


@wrong("4.7", "the number at place 0 should be 0.4; yours gave 0 there.")
def the_edge_between_the_shortest_two(gradients):
    return _within(gradients, lambda weights: _clipped(*sorted(gradients, key=np.linalg.norm)[:2]))


@wrong("4.7", "the number at place 0 should be -1; yours gave 0 there.")
def within_by_two_weights_of_three(gradients):
    weights = _in_the_plane(gradients)
    return weights @ gradients if weights[1:].min() >= 0 else _of_edges(gradients)


@wrong("4.7", "the number at place 0 should be 1; yours gave 0 there.")
def within_by_the_first_weight(gradients):
    weights = _in_the_plane(gradients)
    return weights @ gradients if weights[0] >= 0 else _of_edges(gradients)


@wrong("4.7", "the number at place 0 should be 0; yours gave -0.08235 there.")
def two_first_and_then_the_third(gradients):
    return _clipped(_clipped(gradients[0], gradients[1]), gradients[2])


@wrong("4.7", "the number at place 0 should be 0; yours gave 0.03333 there.")
def pair_after_pair(gradients):
    a, b, c = gradients
    for _ in range(3):
        a, b, c = _clipped(a, b), _clipped(b, c), _clipped(c, a)
    return (a + b + c) / 3


@wrong("4.7", "the number at place 0 should be 1; yours gave 1.667 there.")
def the_mean_of_the_edges(gradients):
    return np.mean(_edges(gradients), axis=0)


@wrong("4.7", "the number at place 0 should be 0.8; yours gave 0 there.")
def the_shortest_gradient(gradients):
    return min(gradients, key=np.linalg.norm)


@wrong("4.7", "the number at place 0 should be 1; yours gave 1.333 there.")
def weights_by_inverse_squares(gradients):
    squares = (gradients**2).sum(axis=1)
    if not squares.all():
        return np.zeros(gradients.shape[1])
    return (1 / squares) / (1 / squares).sum() @ gradients


@wrong("4.7", "the number at place 0 should be 1; yours gave 2.714 there.")
def equal_products_by_the_inverse(gradients):
    weights = np.linalg.pinv(gradients @ gradients.T) @ np.ones(3)
    return weights / weights.sum() @ gradients


@wrong("4.7", "the number at place 0 should be 1; yours gave 3 there.")
def three_times_as_long(gradients):
    return 3 * _within(gradients, lambda weights: _of_edges(gradients))


@wrong("4.7", "the number at place 0 should be 1; yours gave 0.9487 there.")
def gradients_of_length_one(gradients):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    rows = gradients / np.maximum(lengths, 1e-12)
    weights = np.linalg.lstsq(np.vstack([rows @ rows.T, np.ones(3)]), np.array([0, 0, 0, 1.0]), rcond=None)[0]
    return weights @ rows if weights.min() >= 0 else _of_edges(rows)


@wrong("4.7", "the number at place 1 should be 0; yours gave -0.1 there.")
def on_a_grid_of_tenths(gradients):
    tenths = [(a, b, 10 - a - b) for a in range(11) for b in range(11 - a)]
    return min((np.array(weights) / 10 @ gradients for weights in tenths), key=np.linalg.norm)


@wrong("4.7", "the number at place 0 should be 0.8; yours gave 0.9143 there.")
def twenty_steps_of_frank_and_wolfe(gradients):
    weights = np.full(3, 1 / 3)
    for step in range(20):
        best = np.eye(3)[np.argmin(gradients @ (weights @ gradients))]
        weights += 2 / (step + 2) * (best - weights)
    return weights @ gradients


@wrong("4.7", "the number at place 0 should be 0.2941; yours gave 0 there.")
def zero_whenever_two_disagree(gradients):
    if (gradients @ gradients.T < 0).any():
        return np.zeros(gradients.shape[1])
    return _within(gradients, lambda weights: _of_edges(gradients))


@wrong("4.7", "the answer should be an array of shape (2,); yours gave one of shape (3,).")
def weights_for_the_point(gradients):
    return np.maximum(_in_the_plane(gradients), 0)


@wrong("4.7", "the answer should be an array (n,); yours gave the number 1.")
def the_length_alone(gradients):
    return np.linalg.norm(_within(gradients, lambda weights: _of_edges(gradients)))


@wrong("4.7", "your function changed its argument `gradients`. The caller may need it still: work on a copy.")
def seen_from_the_first_in_place(gradients):
    first = gradients[0].copy()
    gradients[1:] -= first
    ways = gradients[1:]
    of_others = np.linalg.solve(ways @ ways.T, -(ways @ first))
    if min(*of_others, 1 - of_others.sum()) >= 0:
        return first + of_others @ ways
    return _of_edges(np.array([first, *(first + ways)]))
