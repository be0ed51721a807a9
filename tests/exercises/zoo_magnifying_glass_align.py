"""Answers to the exercises of chapter 3 on RoIAlign's matrices and gradients: right ones and wrong ones."""

from __future__ import annotations

from itertools import product

import numpy as np
from zoo import right, wrong
from zoo_magnifying_glass import _tents

# 3.6 weights_matrix


def _parts(i, n):
    return (i + 0.5) / n


def _count(extent, bins, samples):
    return samples if samples > 0 else int(np.ceil(extent / bins))


def _weights(start, extent, bins, samples, size, place=_parts, count=_count, taps=_tents, divisor=len):
    n = count(extent, bins, samples)
    weights = np.zeros((bins, size))
    for p in range(bins):
        positions = [start + (p + place(i, n)) * extent / bins for i in range(n)]
        for position in positions:
            weights[p] += taps(position, size) / max(divisor(positions), 1)
    return weights


@right("3.6")
def tents_over_all_samples(start, extent, bins, samples, size):
    n = _count(extent, bins, samples)
    positions = start + extent * (np.arange(bins * n) + 0.5) / (bins * n)
    near = np.maximum(1 - np.abs(np.clip(positions, 0, size - 1)[:, None] - np.arange(size)), 0)
    near *= ((positions >= -1) & (positions <= size))[:, None]
    return near.reshape(bins, n, size).mean(axis=1).astype(np.float32)


@right("3.6")
def what_the_operator_does_to_a_map_with_a_single_one(start, extent, bins, samples, size):
    n, bin_size = _count(extent, bins, samples), extent / bins
    columns = []
    for one in np.eye(size):
        column = []
        for p in range(bins):
            positions = [start + p * bin_size + (i + 0.5) * bin_size / n for i in range(n)]
            values = [np.interp(x, range(size), one) if -1 <= x <= size else 0 for x in positions]
            column.append(sum(values) / n)
        columns.append(column)
    return [list(row) for row in zip(*columns, strict=True)]


@wrong("3.6", "yours gave")
def samples_where_the_parts_begin(*given):
    return _weights(*given, place=lambda i, n: i / n)


@wrong("3.6", "yours gave")
def samples_from_end_to_end(*given):
    return _weights(*given, place=lambda i, n: i / (n - 1) if n > 1 else 0.5)


@wrong("3.6", "yours gave")
def samples_between_equal_gaps(*given):
    return _weights(*given, place=lambda i, n: (i + 1) / (n + 1))


@wrong("3.6", "the number at bin 0, cell 1 should be 0.5; yours gave 1 there.")
def sum_for_mean(*given):
    return _weights(*given, divisor=lambda positions: 1)


@wrong("3.6", "they weigh nothing, but are counted.")
def outside_samples_not_counted(start, extent, bins, samples, size):
    inside = lambda positions: sum(-1 <= position <= size for position in positions)  # noqa: E731
    return _weights(start, extent, bins, samples, size, divisor=inside)


@wrong("3.6", "they weigh nothing, but are counted.")
def clamped_however_far_out(*given):
    return _weights(*given, taps=lambda x, size: _tents(np.clip(x, 0, size - 1), size))


@wrong("3.6", "but by no more than 1.")
def nothing_beyond_the_outer_positions(*given):
    return _weights(*given, taps=lambda x, size: _tents(x, size) * (0 <= x <= size - 1))


@wrong("3.6", "but by no more than 1.")
def tents_not_moved_to_the_border(*given):
    return _weights(*given, taps=lambda x, size: np.maximum(1 - np.abs(x - np.arange(size)), 0))


@wrong("3.6", "yours gave")
def nearest_cell_only(*given):
    return _weights(*given, taps=lambda x, size: _tents(np.floor(x + 0.5) if -1 <= x <= size else x, size))


@wrong("3.6", "yours gave")
def half_a_cell_taken_away_again(start, *given):
    return _weights(start - 0.5, *given)


@wrong("3.6", "A bin takes")
def adaptive_rounded_down(*given):
    return _weights(*given, count=lambda extent, bins, samples: samples or max(int(extent / bins), 1))


@wrong("3.6", "A bin takes")
def as_many_samples_as_the_roi_has_cells(*given):
    return _weights(*given, count=lambda extent, bins, samples: samples or int(np.ceil(extent)))


@wrong("3.6", "your function stopped with `ZeroDivisionError")
def takes_zero_at_its_word(start, extent, bins, samples, size):
    n = samples
    step = extent / bins / n
    weights = [[_tents(start + (p * n + i + 0.5) * step, size) / n for i in range(n)] for p in range(bins)]
    return np.sum(weights, axis=1)


@wrong("3.6", "yours gave")
def later_samples_replace_earlier_ones(start, extent, bins, samples, size):
    n = _count(extent, bins, samples)
    weights = np.zeros((bins, size))
    for p, i in product(range(bins), range(n)):
        taps = _tents(start + (p + _parts(i, n)) * extent / bins, size)
        weights[p, taps > 0] = taps[taps > 0] / n
    return weights


@wrong("3.6", "yours gave")
def bins_rounded_to_whole_cells(start, extent, bins, samples, size):
    return _weights(start, max(round(extent / bins), 1) * bins, bins, samples, size)


@wrong("3.6", "the answer should be an array of shape (2, 4); yours gave one of shape (4, 2).")
def cells_before_bins(*given):
    return _weights(*given).T


@wrong("3.6", "the answer should be an array (bins, size); yours gave an array of shape (2, 1, 4).")
def a_row_for_each_sample(start, extent, bins, samples, size):
    n = _count(extent, bins, samples)
    return np.array([[_tents(start + (p + _parts(i, n)) * extent / bins, size) for i in range(n)] for p in range(bins)])


# 3.7 align_roi


def _align(features, box, output_size, stride, samples, shift=0.5, least=0.0, **rules):
    (x1, y1, x2, y2), (_, height, width) = np.array(box) / stride, features.shape
    wy = _weights(y1 - shift, max(y2 - y1, least), output_size[0], samples, height, **rules)
    wx = _weights(x1 - shift, max(x2 - x1, least), output_size[1], samples, width, **rules)
    return wy @ features @ wx.T


@right("3.7")
def aligned_by_einsum_in_float32(features, box, output_size, stride, samples):
    matrices = [
        _weights(
            box[k] / stride - 0.5, (box[k + 2] - box[k]) / stride, output_size[1 - k], samples, features.shape[2 - k]
        )
        for k in (1, 0)
    ]
    return np.einsum("pi,cij,qj->cpq", matrices[0], features, matrices[1]).astype(np.float32)


@right("3.7")
def aligned_sample_by_sample(features, box, output_size, stride, samples):
    x1, y1, x2, y2 = (side / stride - 0.5 for side in box)
    channels, height, width = features.shape
    output = np.zeros((channels, *output_size))
    for p, q, i, j in product(*map(range, output_size), range(samples), range(samples)):
        y = y1 + (p + (i + 0.5) / samples) * (y2 - y1) / output_size[0]
        x = x1 + (q + (j + 0.5) / samples) * (x2 - x1) / output_size[1]
        weights = np.outer(_tents(y, height), _tents(x, width))
        output[:, p, q] += (weights * features).sum(axis=(1, 2)) / samples**2
    return output.tolist()


@wrong("3.7", "yours gave")
def not_aligned(*given):
    return _align(*given, shift=0.0)


@wrong("3.7", "yours gave")
def aligned_to_the_other_side(*given):
    return _align(*given, shift=-0.5)


@wrong("3.7", "yours gave")
def half_a_pixel_for_half_a_cell(features, box, output_size, stride, samples):
    return _align(features, box, output_size, stride, samples, shift=0.5 / stride)


@wrong("3.7", "yours gave")
def at_least_one_cell(*given):
    return _align(*given, least=1.0)


@wrong("3.7", "yours gave")
def box_with_y_before_x(features, box, *given):
    x1, y1, x2, y2 = box
    return _align(features, (y1, x1, y2, x2), *given)


@wrong("3.7", "the answer should be an array of shape (1, 1, 2); yours gave one of shape (1, 2, 1).")
def columns_of_bins_before_rows(features, box, output_size, *given):
    return _align(features, box, output_size[::-1], *given)


@wrong("3.7", "yours gave")
def output_transposed(features, box, output_size, stride, samples):
    return _align(features, box, output_size, stride, samples).transpose(0, 2, 1)


@wrong("3.7", "yours gave")
def width_and_height_for_a_second_corner(features, box, *given):
    x1, y1, x2, y2 = box
    return _align(features, (x1, y1, x1 + x2, y1 + y2), *given)


@wrong("3.7", "yours gave")
def stride_forgotten(features, box, output_size, stride, samples):
    return _align(features, box, output_size, 1, samples)


@wrong("3.7", "yours gave")
def samples_added_up(*given):
    return _align(*given, divisor=lambda positions: 1)


@wrong("3.7", "yours gave")
def divided_by_samples_once(features, box, output_size, stride, samples):
    return _align(features, box, output_size, stride, samples) * samples


@wrong("3.7", "yours gave")
def one_sample_is_enough(features, box, output_size, stride, samples):
    return _align(features, box, output_size, stride, 1)


@wrong("3.7", "yours gave")
def samples_that_see_nothing_not_counted(features, box, output_size, stride, samples):
    ones = _align(np.ones_like(features), box, output_size, stride, samples)
    return _align(features, box, output_size, stride, samples) / np.where(ones > 0, ones, 1)


@wrong("3.7", "yours gave")
def first_channel_for_all(features, *given):
    return np.repeat(_align(features[:1], *given), len(features), axis=0)


@wrong("3.7", "yours gave")
def nearest_cells(*given):
    return _align(*given, taps=lambda x, size: _tents(np.floor(x + 0.5) if -1 <= x <= size else x, size))


@wrong("3.7", "yours gave")
def largest_sample_of_each_bin(features, box, output_size, stride, samples):
    fine = _align(features, box, (output_size[0] * samples, output_size[1] * samples), stride, 1)
    return fine.reshape(len(features), output_size[0], samples, output_size[1], samples).max(axis=(2, 4))


@wrong("3.7", "your function changed its argument `features`.")
def centers_the_callers_features(features, *given):
    output = _align(features, *given)
    features -= features.mean()
    return output


@wrong("3.7", "the answer should be an array (C, PH, PW); yours gave an array of shape (2, 2).")
def a_single_channel(features, *given):
    return _align(features, *given)[0]


# 3.8 align_gradient


@right("3.8")
def gradient_by_einsum(grad, wy, wx):
    return np.einsum("cpq,pi,qj->cij", grad, wy, wx).astype(np.float32)


@right("3.8")
def gradient_in_four_loops(grad, wy, wx):
    gradient = np.zeros((len(grad), wy.shape[1], wx.shape[1]))
    for p, i, q, j in product(*map(range, (*wy.shape, *wx.shape))):
        gradient[:, i, j] += grad[:, p, q] * wy[p, i] * wx[q, j]
    return list(gradient)


@wrong("3.8", "the number at channel 0, row 0, column 0 should be 1; yours gave -1 there. 3 of 3 numbers are wrong.")
def downhill(grad, wy, wx):
    return -(wy.T @ grad @ wx)


@wrong("3.8", "your function stopped with `ValueError: matmul")
def matrices_as_on_the_way_there(grad, wy, wx):
    return wy @ grad @ wx.T


@wrong("3.8", "your function stopped with `ValueError: matmul")
def matrices_exchanged(grad, wy, wx):
    return wx.T @ grad @ wy


@wrong("3.8", "yours gave")
def map_transposed(grad, wy, wx):
    return (wy.T @ grad @ wx).transpose(0, 2, 1)


@wrong("3.8", "yours gave")
def a_one_for_every_bin(grad, wy, wx):
    return wy.T @ np.ones_like(grad) @ wx


@wrong("3.8", "yours gave")
def the_last_bin_replaces_the_others(grad, wy, wx):
    gradient = np.zeros((len(grad), wy.shape[1], wx.shape[1]))
    for p, q in np.ndindex(*grad.shape[1:]):
        share = np.outer(wy[p], wx[q])
        gradient[:, share > 0] = grad[:, p, q, None] * share[share > 0]
    return gradient


@wrong("3.8", "yours gave")
def every_cell_that_was_read_gets_all(grad, wy, wx):
    return (wy > 0).T @ grad @ (wx > 0)


@wrong("3.8", "yours gave")
def shares_made_to_sum_to_one(grad, wy, wx):
    wy, wx = (w / np.where(w.sum(axis=1) > 0, w.sum(axis=1), 1)[:, None] for w in (wy, wx))
    return wy.T @ grad @ wx


@wrong("3.8", "yours gave")
def divided_by_the_bins(grad, wy, wx):
    return wy.T @ grad @ wx / (len(wy) * len(wx))


@wrong("3.8", "yours gave")
def the_heaviest_cell_takes_all(grad, wy, wx):
    wy, wx = (np.eye(w.shape[1])[w.argmax(axis=1)] for w in (wy, wx))
    return wy.T @ grad @ wx


@wrong("3.8", "yours gave")
def channels_added_up(grad, wy, wx):
    return np.repeat((wy.T @ grad @ wx).sum(axis=0, keepdims=True), len(grad), axis=0)


@wrong("3.8", "yours gave")
def weights_squared(grad, wy, wx):
    return (wy**2).T @ grad @ wx**2


@wrong("3.8", "the answer should be an array (C, H, W); yours gave an array of shape (1, 3).")
def one_channel_only(grad, wy, wx):
    return wy.T @ grad[0] @ wx


@wrong("3.8", "your function changed its argument `grad`.")
def scales_the_callers_grad(grad, wy, wx):
    gradient = wy.T @ grad @ wx
    grad /= 2
    grad[0, 0, 0] += 1
    return gradient


# 3.9 side_gradients


def _slopes(position, size):
    slopes = np.zeros(size)
    if 0 < position < size - 1:
        low = int(position)
        slopes[low : low + 2] = -1, 1
    return slopes


def _side_gradients(grad, features, box, stride, samples, slopes=_slopes, speeds=lambda t: (1 - t, t), divisor=None):
    (height, width), (rows, columns) = features.shape, grad.shape
    x1, y1, x2, y2 = (side / stride - 0.5 for side in box)
    wy = _weights(y1, y2 - y1, rows, samples, height)
    with_sides = []
    for side in (0, 1):
        slope = np.zeros((columns, width))
        for q, i in product(range(columns), range(samples)):
            t = (q + (i + 0.5) / samples) / columns
            slope[q] += slopes(x1 + t * (x2 - x1), width) * speeds(t)[side] / (divisor or samples) / stride
        with_sides.append(np.sum(grad * (wy @ features @ slope.T)))
    return tuple(with_sides)


@right("3.9")
def two_matrices_of_slopes(*given):
    return [np.float32(side) for side in _side_gradients(*given)]


def _loss(grad, features, box, stride, samples):
    return np.sum(grad * _align(features[None], box, grad.shape, stride, samples)[0])


def _differences(grad, features, box, stride, samples, step, side):
    moved = [np.array(box), np.array(box)]
    moved[0][side] -= step
    moved[1][side] += step
    back, forth = (_loss(grad, features, sides, stride, samples) for sides in moved)
    return (forth - back) / (2 * step)


@right("3.9")
def small_differences(*given):
    return np.array([_differences(*given, step=1e-4, side=side) for side in (0, 2)])


@wrong("3.9", "the answer should be (1, 1); yours gave (-1, -1).")
def gradients_of_the_wrong_sign(*given):
    return tuple(-side for side in _side_gradients(*given))


@wrong("3.9", "yours gave")
def x2_before_x1(*given):
    return _side_gradients(*given)[::-1]


@wrong("3.9", "yours gave")
def sides_move_all_samples(*given):
    return _side_gradients(*given, speeds=lambda t: (1, 1))


@wrong("3.9", "yours gave")
def both_sides_alike(*given):
    return _side_gradients(*given, speeds=lambda t: (0.5, 0.5))


@wrong("3.9", "yours gave")
def only_the_own_side_counts(grad, *given):
    columns = grad.shape[1]
    return _side_gradients(grad, *given, speeds=lambda t: (float(t < 1 / columns), float(t > 1 - 1 / columns)))


@wrong("3.9", "yours gave")
def per_cell_for_per_pixel(grad, features, box, stride, samples):
    return tuple(side * stride for side in _side_gradients(grad, features, box, stride, samples))


@wrong("3.9", "yours gave")
def stride_the_wrong_way(grad, features, box, stride, samples):
    return tuple(side * stride**2 for side in _side_gradients(grad, features, box, stride, samples))


@wrong("3.9", "yours gave")
def slopes_added_up(*given):
    return _side_gradients(*given, divisor=1)


@wrong("3.9", "yours gave")
def ramp_goes_on_beyond_the_border(*given):
    def slopes(position, size):
        low = min(max(int(np.floor(position)), 0), size - 2)
        return np.eye(size)[low + 1] - np.eye(size)[low] if size > 1 else np.zeros(size)

    return _side_gradients(*given, slopes=slopes)


@wrong("3.9", "yours gave")
def falls_to_zero_beyond_the_last_column(*given):
    def slopes(position, size):
        cells = np.arange(size)
        return 1.0 * (cells == np.floor(position) + 1) - (cells == np.floor(position))

    return _side_gradients(*given, slopes=slopes)


@wrong("3.9", "yours gave")
def weights_for_slopes(*given):
    return _side_gradients(*given, slopes=_tents)


@wrong("3.9", "yours gave")
def gradient_taken_as_one(grad, *given):
    return _side_gradients(np.ones_like(grad), *given)


@wrong("3.9", "yours gave")
def top_and_bottom_for_left_and_right(*given):
    return tuple(_differences(*given, step=1e-4, side=side) for side in (1, 3))


@wrong("3.9", "yours gave")
def differences_of_a_whole_pixel(*given):
    return tuple(_differences(*given, step=1.0, side=side) for side in (0, 2))


@wrong("3.9", "yours gave")
def zero_as_for_roi_pool(*given):
    return 0.0, 0.0


@wrong("3.9", "the answer should be two numbers (d/dx1, d/dx2); yours gave an array of shape (4,).")
def all_four_sides(*given):
    return np.array([_differences(*given, step=1e-4, side=side) for side in range(4)])


@wrong("3.9", "your function changed its argument `features`.")
def overwrites_the_map_with_its_slopes(grad, features, *given):
    answer = _side_gradients(grad, features, *given)
    features[:, :-1] -= features[:, 1:]
    features += 1
    return answer
