"""Answers to the exercises of chapter 6 on trust: calibration and one step of an attack, right and wrong ones."""

from __future__ import annotations

import numpy as np
from zoo import right, wrong

# 6.5 calibration_error


def _places(scores, bins):
    return np.maximum(np.ceil(scores * bins).astype(int) - 1, 0)


def _gaps(scores, correct, bins, places=None, middle=None):
    """Return the gap of each bin that is not empty, and how many scores it has."""
    places = _places(scores, bins) if places is None else places
    found = []
    for place in np.unique(places):
        inside = places == place
        score = scores[inside].mean() if middle is None else middle(place)
        found.append((correct[inside].mean() - score, inside.sum()))
    return np.array(found, dtype=float).reshape(-1, 2).T


def _error(scores, correct, bins, **ways):
    gaps, counts = _gaps(scores, correct, bins, **ways)
    return float((np.abs(gaps) * counts).sum() / len(scores))


@right("6.5")
def by_the_edges(scores, correct, bins):
    places = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], scores, side="left")
    counts = np.bincount(places, minlength=bins)
    sums, hits = (np.bincount(places, weights=values, minlength=bins) for values in (scores, correct))
    return np.abs(sums - hits).sum() / counts.sum()


@right("6.5")
def bin_by_bin(scores, correct, bins):
    total = 0.0
    for k in range(bins):
        inside = [n for n, s in enumerate(scores) if k / bins < s <= (k + 1) / bins or (k == 0 and s == 0)]
        if inside:
            gap = abs(sum(scores[n] for n in inside) / len(inside) - sum(correct[n] for n in inside) / len(inside))
            total += gap * len(inside) / len(scores)
    return np.float32(total)


@wrong("6.5", "the answer should be 0.8; yours gave 0.4.")
def as_if_all_were_correct(scores, correct, bins):
    return _error(scores, np.ones_like(correct), bins)


@wrong("6.5", "yours gave")
def share_of_wrong_ones(scores, correct, bins):
    return _error(scores, ~correct, bins)


@wrong("6.5", "yours gave")
def signed_gaps(scores, correct, bins):
    gaps, counts = _gaps(scores, correct, bins)
    return (gaps * counts).sum() / len(scores)


@wrong("6.5", "yours gave")
def signed_gaps_until_the_end(scores, correct, bins):
    gaps, counts = _gaps(scores, correct, bins)
    return abs((gaps * counts).sum()) / len(scores)


@wrong("6.5", "yours gave")
def only_where_it_is_too_sure(scores, correct, bins):
    gaps, counts = _gaps(scores, correct, bins)
    return (np.maximum(-gaps, 0) * counts).sum() / len(scores)


@wrong("6.5", "yours gave")
def largest_gap(scores, correct, bins):
    return np.abs(_gaps(scores, correct, bins)[0]).max()


@wrong("6.5", "yours gave")
def all_bins_weigh_alike(scores, correct, bins):
    return np.abs(_gaps(scores, correct, bins)[0]).mean()


@wrong("6.5", "yours gave")
def empty_bins_weigh_too(scores, correct, bins):
    return np.abs(_gaps(scores, correct, bins)[0]).sum() / bins


@wrong("6.5", "yours gave")
def sum_of_the_gaps(scores, correct, bins):
    return np.abs(_gaps(scores, correct, bins)[0]).sum()


@wrong("6.5", "yours gave")
def weights_are_not_shares(scores, correct, bins):
    return _error(scores, correct, bins) * len(scores)


@wrong("6.5", "yours gave")
def squared_gaps(scores, correct, bins):
    gaps, counts = _gaps(scores, correct, bins)
    return (gaps**2 * counts).sum() / len(scores)


@wrong("6.5", "yours gave")
def root_of_squared_gaps(scores, correct, bins):
    gaps, counts = _gaps(scores, correct, bins)
    return np.sqrt((gaps**2 * counts).sum() / len(scores))


@wrong("6.5", "yours gave")
def middle_of_the_bin(scores, correct, bins):
    return _error(scores, correct, bins, middle=lambda place: (place + 0.5) / bins)


@wrong("6.5", "yours gave")
def upper_edge_of_the_bin(scores, correct, bins):
    return _error(scores, correct, bins, middle=lambda place: (place + 1) / bins)


@wrong("6.5", "yours gave")
def share_of_correct_out_of_all(scores, correct, bins):
    places = _places(scores, bins)
    gaps = [
        (places == k).mean() * abs((correct & (places == k)).mean() - scores[places == k].mean())
        for k in np.unique(places)
    ]
    return sum(gaps)


@wrong("6.5", "Some score lies on the edge between two bins.")
def lower_edges_belong(scores, correct, bins):
    return _error(scores, correct, bins, places=np.minimum(np.floor(scores * bins), bins - 1))


@wrong("6.5", "Some score lies on the edge between two bins.")
def edges_of_a_histogram(scores, correct, bins):
    counts, edges = np.histogram(scores, bins=bins, range=(0, 1))
    sums = np.histogram(scores, bins=edges, weights=scores)[0]
    hits = np.histogram(scores, bins=edges, weights=correct.astype(float))[0]
    return np.abs(sums - hits).sum() / counts.sum()


@wrong("6.5", "Some score is 0.")
def zero_is_lost(scores, correct, bins):
    positive = scores > 0
    gaps, counts = _gaps(scores[positive], correct[positive], bins)
    return (np.abs(gaps) * counts).sum() / len(scores)


@wrong("6.5", "Some score is 0.")
def zero_has_a_bin_of_its_own(scores, correct, bins):
    return _error(scores, correct, bins, places=np.ceil(scores * bins))


@wrong("6.5", "Some score is 1.")
def one_has_a_bin_of_its_own(scores, correct, bins):
    return _error(scores, correct, bins, places=np.where(scores == 1, bins, _places(scores, bins)))


@wrong("6.5", "Some score is 1.")
def one_is_lost(scores, correct, bins):
    below = scores < 1
    gaps, counts = _gaps(scores[below], correct[below], bins)
    return (np.abs(gaps) * counts).sum() / len(scores)


@wrong("6.5", "yours gave")
def nearest_edge(scores, correct, bins):
    return _error(scores, correct, bins, places=np.round(scores * bins))


@wrong("6.5", "yours gave")
def so_many_edges(scores, correct, bins):
    places = np.searchsorted(np.linspace(0, 1, bins)[1:-1], scores, side="left")
    return _error(scores, correct, bins, places=places)


@wrong("6.5", "yours gave")
def from_the_lowest_to_the_highest(scores, correct, bins):
    low, width = scores.min(), max(np.ptp(scores), 1e-9)
    return _error(scores, correct, bins, places=_places((scores - low) / width, bins))


@wrong("6.5", "yours gave")
def equally_many_in_each(scores, correct, bins):
    order = np.argsort(np.argsort(scores, kind="stable"), kind="stable")
    return _error(scores, correct, bins, places=order * bins // len(scores))


@wrong("6.5", "yours gave")
def one_bin(scores, correct, bins):
    return abs(scores.mean() - correct.mean())


@wrong("6.5", "yours gave")
def answer_by_answer(scores, correct, bins):
    return np.abs(scores - correct).mean()


@wrong("6.5", "yours gave")
def brier_score(scores, correct, bins):
    return ((scores - correct) ** 2).mean()


@wrong("6.5", "yours gave")
def only_answers_above_half(scores, correct, bins):
    sure = scores > 0.5
    gaps, counts = _gaps(scores[sure], correct[sure], bins)
    return (np.abs(gaps) * counts).sum() / max(sure.sum(), 1)


@wrong("6.5", "the answer should be 0.25; yours gave 25.")
def error_in_percent(scores, correct, bins):
    return 100 * _error(scores, correct, bins)


@wrong("6.5", "yours gave nan, as 0 divided by 0")
def empty_bins_are_asked(scores, correct, bins):
    places = _places(scores, bins)
    return sum(
        np.mean(places == k) * abs(np.mean(correct[places == k]) - np.mean(scores[places == k])) for k in range(bins)
    )


@wrong("6.5", "the answer should be one number; yours gave a list of 1: [0.25].")
def a_gap_for_each_bin(scores, correct, bins):
    return np.abs(_gaps(scores, correct, bins)[0]).tolist()


@wrong("6.5", "your function stopped with `ZeroDivisionError")
def divided_by_an_empty_bin(scores, correct, bins):
    total = 0
    for k in range(bins):
        inside = _places(scores, bins) == k
        total += inside.mean() * abs(sum(correct[inside].tolist()) / sum(inside.tolist()) - scores[inside].mean())
    return total


@wrong("6.5", "your function stopped with `TypeError")
def subtracted_before_counting(scores, correct, bins):
    places = _places(scores, bins)
    return sum(abs((correct[places == k] - ~correct[places == k]).mean()) for k in np.unique(places))


@wrong("6.5", "your function changed its argument `scores`.")
def scores_replaced_by_bins(scores, correct, bins):
    result = _error(scores, correct, bins)
    scores *= bins
    return result


# 6.6 attack_step


def _stepped(picture, start, step, epsilon, way):
    """Return the step along a way, brought back."""
    return np.clip(np.clip(picture + step * way, start - epsilon, start + epsilon), 0, 1)


@right("6.6")
def by_what_was_added(picture, start, gradient, step, epsilon):
    added = np.clip(picture - start + step * np.sign(gradient), -epsilon, epsilon)
    return np.clip(start + added, 0, 1).tolist()


@right("6.6")
def between_two_walls(picture, start, gradient, step, epsilon):
    low, high = np.maximum(start - epsilon, 0), np.minimum(start + epsilon, 1)
    up, down = (gradient > 0).astype(float), (gradient < 0).astype(float)
    return np.minimum(np.maximum(picture + step * up - step * down, low), high).astype(np.float32)


@right("6.6")
def shown_before_near(picture, start, gradient, step, epsilon):
    result = picture.copy()
    result += step * np.sign(gradient)
    np.clip(result, 0, 1, out=result)
    return np.clip(result, start - epsilon, start + epsilon)


@wrong("6.6", "the number at row 0, column 0 should be 0.625; yours gave 0.375 there.")
def downhill(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, -np.sign(gradient))


@wrong("6.6", "yours gave")
def along_the_gradient(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, gradient)


@wrong("6.6", "yours gave")
def along_the_gradient_of_length_one(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, gradient / max(np.linalg.norm(gradient), 1e-12))


@wrong("6.6", "yours gave")
def along_the_largest(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, gradient / max(np.abs(gradient).max(), 1e-12))


@wrong("6.6", "Some gradient is 0.")
def zero_counts_as_up(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, np.where(gradient >= 0, 1, -1))


@wrong("6.6", "Some gradient is 0.")
def zero_counts_as_down(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, np.where(gradient > 0, 1, -1))


@wrong("6.6", "yours gave")
def only_upwards(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, gradient > 0)


@wrong("6.6", "yours gave")
def small_gradients_are_zero(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, np.sign(np.round(gradient, 2)))


@wrong("6.6", "yours gave")
def sign_of_the_mean(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, np.sign(gradient.mean()))


@wrong("6.6", "yours gave")
def only_the_steepest(picture, start, gradient, step, epsilon):
    steepest = np.abs(gradient) == np.abs(gradient).max()
    return _stepped(picture, start, step, epsilon, np.sign(gradient) * steepest)


@wrong("6.6", "The step would lead out of the ball.")
def ball_around_the_picture(picture, start, gradient, step, epsilon):
    return _stepped(picture, picture, step, epsilon, np.sign(gradient))


@wrong("6.6", "The step would lead out of the ball.")
def no_ball(picture, start, gradient, step, epsilon):
    return np.clip(picture + step * np.sign(gradient), 0, 1)


@wrong("6.6", "The step would lead below 0 or above 1.")
def darker_than_black(picture, start, gradient, step, epsilon):
    return np.clip(picture + step * np.sign(gradient), start - epsilon, start + epsilon)


@wrong("6.6", "The step would lead below 0 or above 1.")
def only_white_is_a_limit(picture, start, gradient, step, epsilon):
    return np.minimum(np.clip(picture + step * np.sign(gradient), start - epsilon, start + epsilon), 1)


@wrong("6.6", "The step would lead below 0 or above 1.")
def from_minus_one_to_one(picture, start, gradient, step, epsilon):
    return np.clip(np.clip(picture + step * np.sign(gradient), start - epsilon, start + epsilon), -1, 1)


@wrong("6.6", "yours gave")
def ball_only_above(picture, start, gradient, step, epsilon):
    return np.clip(np.minimum(picture + step * np.sign(gradient), start + epsilon), 0, 1)


@wrong("6.6", "yours gave")
def from_the_start_again(picture, start, gradient, step, epsilon):
    return _stepped(start, start, step, epsilon, np.sign(gradient))


@wrong("6.6", "yours gave")
def all_the_way_at_once(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, epsilon, epsilon, np.sign(gradient))


@wrong("6.6", "yours gave")
def step_and_epsilon_exchanged(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, epsilon, step, np.sign(gradient))


@wrong("6.6", "yours gave")
def ball_of_a_length(picture, start, gradient, step, epsilon):
    added = picture + step * np.sign(gradient) - start
    added *= min(1, epsilon / max(np.linalg.norm(added), 1e-12))
    return np.clip(start + added, 0, 1)


@wrong("6.6", "yours gave")
def all_scaled_back(picture, start, gradient, step, epsilon):
    added = picture + step * np.sign(gradient) - start
    added *= min(1, epsilon / max(np.abs(added).max(), 1e-12))
    return np.clip(start + added, 0, 1)


@wrong("6.6", "yours gave")
def back_to_the_start(picture, start, gradient, step, epsilon):
    moved = picture + step * np.sign(gradient)
    return np.clip(np.where(np.abs(moved - start) > epsilon, start, moved), 0, 1)


@wrong("6.6", "yours gave")
def no_step_that_leads_out(picture, start, gradient, step, epsilon):
    moved = picture + step * np.sign(gradient)
    allowed = (np.abs(moved - start) <= epsilon) & (moved >= 0) & (moved <= 1)
    return np.where(allowed, moved, picture)


@wrong("6.6", "yours gave")
def brought_back_before_the_step(picture, start, gradient, step, epsilon):
    near = np.clip(picture, start - epsilon, start + epsilon)
    return np.clip(near + step * np.sign(gradient), 0, 1)


@wrong("6.6", "yours gave")
def epsilon_in_parts_of_the_start(picture, start, gradient, step, epsilon):
    return np.clip(np.clip(picture + step * np.sign(gradient), start * (1 - epsilon), start * (1 + epsilon)), 0, 1)


@wrong("6.6", "yours gave")
def stretched_to_what_can_be_shown(picture, start, gradient, step, epsilon):
    moved = np.clip(picture + step * np.sign(gradient), start - epsilon, start + epsilon)
    low, high = min(moved.min(), 0), max(moved.max(), 1)
    return (moved - low) / (high - low)


@wrong("6.6", "yours gave")
def starts_over_beyond_white(picture, start, gradient, step, epsilon):
    return np.clip(picture + step * np.sign(gradient), start - epsilon, start + epsilon) % 1


@wrong("6.6", "yours gave")
def in_whole_steps_of_bytes(picture, start, gradient, step, epsilon):
    return np.round(_stepped(picture, start, step, epsilon, np.sign(gradient)) * 255) / 255


@wrong("6.6", "yours gave")
def what_was_added(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, np.sign(gradient)) - start


@wrong("6.6", "the answer should be an array (H, W); yours gave an array of shape (1,).")
def as_one_row(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, np.sign(gradient)).ravel()


@wrong("6.6", "yours gave one with nan in it.")
def gradient_over_its_size(picture, start, gradient, step, epsilon):
    return _stepped(picture, start, step, epsilon, gradient / np.abs(gradient))


@wrong("6.6", "your function stopped with `ValueError")
def if_the_step_leads_out(picture, start, gradient, step, epsilon):
    moved = picture + step * np.sign(gradient)
    if moved > start + epsilon:
        moved = start + epsilon
    return np.clip(moved, 0, 1)


@wrong("6.6", "your function changed its argument `picture`.")
def moved_in_place(picture, start, gradient, step, epsilon):
    picture += step * np.sign(gradient)
    return np.clip(np.clip(picture, start - epsilon, start + epsilon), 0, 1)


@wrong("6.6", "your function changed its argument `gradient`.")
def signs_in_place(picture, start, gradient, step, epsilon):
    np.sign(gradient, out=gradient)
    return _stepped(picture, start, step, epsilon, gradient)
