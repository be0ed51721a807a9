"""Answers to the exercises of chapter 3 on RoIPool and on single samples: right ones and wrong ones."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise, product

import numpy as np
from zoo import right, wrong

# 3.1 interval_on_map


@right("3.1")
def interval_as_a_list_of_float32(low, high, stride, aligned):
    start, end = (np.float32(side / stride - aligned / 2) for side in (low, high))
    return [start, max(end - start, np.float32(not aligned))]


@right("3.1")
def interval_by_its_center(low, high, stride, aligned):
    extent = (high - low) / stride
    start = (low + high) / 2 / stride - extent / 2 - (0.5 if aligned else 0)
    return np.array([start, extent if aligned or extent > 1 else 1])


def _interval(low, high, stride, aligned, shift=0.5, least=1.0):
    extent = (high - low) / stride
    return (low / stride - shift, extent) if aligned else (low / stride, max(extent, least))


@wrong("3.1", "the answer should be (2, 3); yours gave (2.5, 3).")
def no_half_pixel(low, high, stride, aligned):
    return _interval(low, high, stride, aligned, shift=0.0)


@wrong("3.1", "the answer should be (2, 3); yours gave (3, 3).")
def half_a_cell_to_the_other_side(low, high, stride, aligned):
    return _interval(low, high, stride, aligned, shift=-0.5)


@wrong("3.1", "yours gave")
def half_a_pixel_of_the_image(low, high, stride, aligned):
    return _interval(low, high, stride, aligned, shift=0.5 / stride)


@wrong("3.1", "yours gave")
def a_whole_cell(low, high, stride, aligned):
    return _interval(low, high, stride, aligned, shift=1.0)


@wrong("3.1", "yours gave")
def shifted_at_one_end_only(low, high, stride, aligned):
    start, extent = _interval(low, high, stride, aligned)
    return start, extent + aligned / 2


@wrong("3.1", "yours gave")
def end_for_extent(low, high, stride, aligned):
    start, extent = _interval(low, high, stride, aligned)
    return start, start + extent


@wrong("3.1", "yours gave")
def no_smallest_extent(low, high, stride, aligned):
    return _interval(low, high, stride, aligned, least=0.0)


@wrong("3.1", "yours gave")
def smallest_extent_for_both(low, high, stride, aligned):
    start, extent = _interval(low, high, stride, aligned)
    return start, max(extent, 1.0)


@wrong("3.1", "yours gave")
def smallest_extent_of_a_pixel(low, high, stride, aligned):
    return _interval(low, high, stride, aligned, least=1 / stride)


@wrong("3.1", "yours gave")
def times_the_stride(low, high, stride, aligned):
    return _interval(low * stride * stride, high * stride * stride, stride, aligned)


@wrong("3.1", "yours gave")
def whole_cells_only(low, high, stride, aligned):
    return _interval(low // stride * stride, high // stride * stride, stride, aligned)


@wrong("3.1", "yours gave")
def aligned_the_wrong_way_round(low, high, stride, aligned):
    return _interval(low, high, stride, not aligned)


@wrong("3.1", "yours gave")
def both_ends_included(low, high, stride, aligned):
    return _interval(low, high + 1, stride, aligned)


@wrong("3.1", "yours gave")
def cut_at_the_border(low, high, stride, aligned):
    start, extent = _interval(low, high, stride, aligned)
    return max(start, 0.0), extent


@wrong("3.1", "yours gave")
def extent_before_start(low, high, stride, aligned):
    return _interval(low, high, stride, aligned)[::-1]


@wrong("3.1", "yours gave")
def start_alone(low, high, stride, aligned):
    return _interval(low, high, stride, aligned)[0]


# 3.2 bilinear_sample


def _tents(position, size):
    """Return the weights of one axis."""
    if not -1 <= position <= size:
        return np.zeros(size)
    return np.maximum(1 - np.abs(np.clip(position, 0, size - 1) - np.arange(size)), 0)


@right("3.2")
def row_weights_times_map_times_column_weights(features, x, y):
    return _tents(y, features.shape[0]) @ features @ _tents(x, features.shape[1])


@right("3.2")
def every_cell_in_float32(features, x, y):
    height, width = features.shape
    wy, wx = _tents(y, height), _tents(x, width)
    return np.float32(sum(wy[i] * wx[j] * features[i, j] for i in range(height) for j in range(width)))


@right("3.2")
def between_two_interpolated_rows(features, x, y):
    height, width = features.shape
    if x < -1 or x > width or y < -1 or y > height:
        return 0
    return np.array(np.interp(y, range(height), [np.interp(x, range(width), row) for row in features]))


def _bilinear(features, x, y):
    return row_weights_times_map_times_column_weights(features, x, y)


@wrong("3.2", "the answer should be 3; yours gave 5.")
def x_and_y_swapped(features, x, y):
    return _bilinear(features.T, x, y)


@wrong("3.2", "yours gave")
def weights_the_wrong_way_round(features, x, y):
    fx, fy = x % 1, y % 1
    return _bilinear(features, x + (1 - 2 * fx if fx else 0), y + (1 - 2 * fy if fy else 0))


@wrong("3.2", "yours gave")
def nearest_cell(features, x, y):
    return _bilinear(features, np.floor(x + 0.5), np.floor(y + 0.5))


@wrong("3.2", "yours gave")
def the_cell_before(features, x, y):
    height, width = features.shape
    return _bilinear(features, *(float(int(v)) if -1 <= v <= size else v for v, size in ((x, width), (y, height))))


@wrong("3.2", "yours gave")
def centers_at_one_half(features, x, y):
    return _bilinear(features, x - 0.5, y - 0.5)


@wrong("3.2", "yours gave")
def nothing_beyond_the_outer_cells(features, x, y):
    height, width = features.shape
    return _bilinear(features, x, y) if min(x, y, width - 1 - x, height - 1 - y) >= 0 else 0.0


@wrong("3.2", "the answer should be 0; yours gave")
def clamped_everywhere(features, x, y):
    height, width = features.shape
    return _bilinear(features, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1))


@wrong("3.2", "yours gave")
def fades_out_beyond_the_border(features, x, y):
    return _bilinear(np.pad(features, 1), x + 1, y + 1) if x >= -1 and y >= -1 else 0.0


@wrong("3.2", "The sample lies before the first cell, but by no more than 1.")
def the_border_itself_is_out(features, x, y):
    height, width = features.shape
    return _bilinear(features, x, y) if -1 < x < width and -1 < y < height else 0.0


@wrong("3.2", "the answer should be 5; yours gave 0. The sample lies before the first cell")
def the_far_border_is_out(features, x, y):
    height, width = features.shape
    return _bilinear(features, x, y) if -1 <= x < width and -1 <= y < height else 0.0


@wrong("3.2", "your function stopped with `IndexError: index")
def no_neighbor_in_the_last_column(features, x, y):
    height, width = features.shape
    if not (-1 <= x <= width and -1 <= y <= height):
        return 0.0
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    left, top = int(x), int(y)
    fx, fy = x - left, y - top
    upper = (1 - fx) * features[top, left] + fx * features[top, left + 1]
    lower = (1 - fx) * features[top + 1, left] + fx * features[top + 1, left + 1]
    return (1 - fy) * upper + fy * lower


@wrong("3.2", "The sample lies before the first cell")
def minus_one_is_the_last_cell(features, x, y):
    height, width = features.shape
    if not (-1 <= x <= width and -1 <= y <= height):
        return 0.0
    left, top = int(np.floor(x)), int(np.floor(y))
    rows, columns = (min(top, height - 1), min(top + 1, height - 1)), (min(left, width - 1), min(left + 1, width - 1))
    (a, b), (c, d) = features[np.ix_(rows, columns)]
    fx, fy = x - left, y - top
    return (1 - fy) * ((1 - fx) * a + fx * b) + fy * ((1 - fx) * c + fx * d)


@wrong("3.2", "yours gave")
def squares_only_at_the_border(features, x, y):
    size = max(features.shape)
    if not (-1 <= x <= size and -1 <= y <= size):
        return 0.0
    return clamped_everywhere(features, x, y)


@wrong("3.2", "yours gave")
def along_the_diagonal(features, x, y):
    height, width = features.shape
    if not (-1 <= x <= width and -1 <= y <= height):
        return 0.0
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    left, top = int(x), int(y)
    corner = features[min(top + 1, height - 1), min(left + 1, width - 1)]
    return features[top, left] + (x - left + y - top) / 2 * (corner - features[top, left])


@wrong("3.2", "your function changed its argument `features`.")
def clears_the_callers_map(features, x, y):
    value = _bilinear(features, x, y)
    features *= 0
    return value


@wrong("3.2", "the answer should be one number; yours gave an array of shape (2, 2).")
def four_weighted_neighbors(features, x, y):
    height, width = features.shape
    return np.outer(_tents(y, height), _tents(x, width)) * features


# 3.3 pool_bins


def _half_away(value):
    return int(Decimal(value).quantize(0, ROUND_HALF_UP))


def _clip(pairs, size):
    return [tuple(min(max(end, 0), size) for end in pair) for pair in pairs]


def _cut(start, extent, bins):
    return [(start + p * extent // bins, start - (-(p + 1) * extent // bins)) for p in range(bins)]


@right("3.3")
def bins_in_whole_numbers(low, high, bins, size):
    start = _half_away(low)
    return _clip(_cut(start, _half_away(high) - start + 1, bins), size)


@right("3.3")
def bins_as_an_array_of_floats(low, high, bins, size):
    start, end = (np.sign(side) * np.floor(np.abs(side) + 0.5) for side in (low, high))
    edges = np.arange(bins + 1) * (end - start + 1) / bins
    return np.clip(start + np.stack([np.floor(edges[:-1]), np.ceil(edges[1:])], axis=1), 0, size)


def _bins_rounding(low, high, bins, size, nearest):
    return _clip(_cut(nearest(low), nearest(high) - nearest(low) + 1, bins), size)


@wrong("3.3", "One side lies halfway between two whole numbers.")
def rounded_by_python(low, high, bins, size):
    return _bins_rounding(low, high, bins, size, round)


@wrong("3.3", "yours gave")
def halves_always_up(low, high, bins, size):
    return _bins_rounding(low, high, bins, size, lambda side: int(np.floor(side + 0.5)))


@wrong("3.3", "yours gave")
def sides_floored(low, high, bins, size):
    return _bins_rounding(low, high, bins, size, lambda side: int(np.floor(side)))


@wrong("3.3", "yours gave")
def sides_cut_to_whole_numbers(low, high, bins, size):
    return _bins_rounding(low, high, bins, size, int)


@wrong("3.3", "yours gave")
def outward(low, high, bins, size):
    start, stop = int(np.floor(low)), int(np.ceil(high)) + 1
    return _clip(_cut(start, stop - start, bins), size)


@wrong("3.3", "bin 1 should be (2, 4); yours gave (1, 3).")
def last_cell_not_counted(low, high, bins, size):
    start = _half_away(low)
    return _clip(_cut(start, max(_half_away(high) - start, 1), bins), size)


@wrong("3.3", "yours gave")
def stops_floored(low, high, bins, size):
    start = _half_away(low)
    extent = _half_away(high) - start + 1
    return _clip([(start + p * extent // bins, start + (p + 1) * extent // bins) for p in range(bins)], size)


@wrong("3.3", "yours gave")
def borders_rounded(low, high, bins, size):
    start = _half_away(low)
    edges = [start + _half_away(p * (_half_away(high) - start + 1) / bins) for p in range(bins + 1)]
    return _clip(pairwise(edges), size)


@wrong("3.3", "yours gave")
def not_clipped(low, high, bins, size):
    start = _half_away(low)
    return _cut(start, _half_away(high) - start + 1, bins)


@wrong("3.3", "yours gave")
def roi_clipped_first(low, high, bins, size):
    start, end = (min(max(_half_away(side), 0), size - 1) for side in (low, high))
    return _clip(_cut(start, end - start + 1, bins), size)


@wrong("3.3", "yours gave")
def clipped_to_the_last_cell(low, high, bins, size):
    return _clip(bins_in_whole_numbers(low, high, bins, size), size - 1)


@wrong("3.3", "yours gave")
def counted_from_the_roi(low, high, bins, size):
    start = _half_away(low)
    return _clip(_cut(0, _half_away(high) - start + 1, bins), size)


@wrong("3.3", "bin 0 should be (0, 2); yours gave (0, 1).")
def last_cell_for_stop(low, high, bins, size):
    return [(first, max(stop - 1, first)) for first, stop in bins_in_whole_numbers(low, high, bins, size)]


@wrong("3.3", "yours gave")
def not_rounded_at_all(low, high, bins, size):
    edges = np.linspace(low, high, bins + 1)
    return _clip([(int(np.floor(a)), int(np.ceil(b))) for a, b in pairwise(edges)], size)


@wrong("3.3", "there should be 2 pairs, one for each bin; yours gave 1.")
def empty_bins_left_out(low, high, bins, size):
    return [pair for pair in bins_in_whole_numbers(low, high, bins, size) if pair[0] < pair[1]] or [(0, 0)]


@wrong("3.3", "the answer should be a list of pairs of whole numbers (first, stop); yours gave a list of 3: [0, 2, 4].")
def edges_for_bins(low, high, bins, size):
    pairs = bins_in_whole_numbers(low, high, bins, size)
    return [pairs[0][0], *(stop for _, stop in pairs)]


# 3.4 pool_roi


def _pool(features, rows, columns, largest):
    return np.array([[largest(features[slice(*row), slice(*column)]) for column in columns] for row in rows])


@right("3.4")
def pooled_as_nested_lists(features, rows, columns):
    return [
        [max((features[cell] for cell in product(range(*row), range(*column))), default=0) for column in columns]
        for row in rows
    ]


@right("3.4")
def first_along_y_then_along_x(features, rows, columns):
    bands = [features[top:bottom].max(axis=0, initial=-np.inf) for top, bottom in rows]
    pooled = np.array([[band[left:right].max(initial=-np.inf) for left, right in columns] for band in bands])
    return np.where(np.isinf(pooled), 0, pooled).astype(np.float32)


@wrong("3.4", "All values are negative.")
def largest_or_zero(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin.max(initial=0))


@wrong("3.4", "your function stopped with `ValueError: zero-size array to reduction operation maximum")
def largest_of_nothing(features, rows, columns):
    return _pool(features, rows, columns, np.max)


@wrong("3.4", "yours gave one with -inf in it.")
def minus_infinity_in_empty_bins(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin.max(initial=-np.inf))


@wrong("3.4", "yours gave one with nan in it.")
def mean_of_nothing(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin.max() if bin.size else bin.mean())


@wrong("3.4", "yours gave")
def mean_for_largest(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin.mean() if bin.size else 0)


@wrong("3.4", "yours gave")
def sum_for_largest(features, rows, columns):
    return _pool(features, rows, columns, np.sum)


@wrong("3.4", "yours gave")
def smallest(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin.min() if bin.size else 0)


@wrong("3.4", "yours gave")
def largest_in_size(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: max(bin.flat, key=abs, default=0))


@wrong("3.4", "yours gave")
def rows_and_columns_exchanged(features, rows, columns):
    return _pool(features.T, rows, columns, lambda bin: bin.max() if bin.size else 0)


@wrong("3.4", "the number at row 0, column 1 should be 5; yours gave 3 there. 2 of 4 numbers are wrong.")
def columns_before_rows(features, rows, columns):
    return _pool(features.T, columns, rows, lambda bin: bin.max() if bin.size else 0)


@wrong("3.4", "yours gave")
def stop_included(features, rows, columns):
    wider = ([(first, stop + 1) for first, stop in bins] for bins in (rows, columns))
    return _pool(features, *wider, lambda bin: bin.max() if bin.size else 0)


@wrong("3.4", "yours gave")
def an_empty_bin_reads_its_first_cell(features, rows, columns):
    wider = ([(first, max(stop, first + 1)) for first, stop in bins] for bins in (rows, columns))
    return _pool(features, *wider, lambda bin: bin.max() if bin.size else 0)


@wrong("3.4", "yours gave")
def first_cell_of_each_bin(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin[0, 0] if bin.size else 0)


@wrong("3.4", "your function changed its argument `features`.")
def crosses_out_what_it_has_seen(features, rows, columns):
    output = _pool(features, rows, columns, lambda bin: bin.max() if bin.size else 0)
    features[slice(*rows[0]), slice(*columns[0])] = -np.inf
    return output


@wrong("3.4", "the answer should be an array (PH, PW); yours gave an array of shape")
def flat_output(features, rows, columns):
    return _pool(features, rows, columns, lambda bin: bin.max() if bin.size else 0).ravel()


# 3.5 pool_gradient


def _route(grad, features, rows, columns, share):
    """Add to the cells of each bin their share of its gradient."""
    gradient = np.zeros(features.shape)
    for (p, row), (q, column) in product(enumerate(rows), enumerate(columns)):
        bin = features[slice(*row), slice(*column)]
        if bin.size:
            gradient[slice(*row), slice(*column)] += grad[p, q] * share(bin)
    return gradient


def _at(bin, k):
    return (np.arange(bin.size) == k).reshape(bin.shape)


@right("3.5")
def one_hot_shares(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: _at(bin, bin.argmax())).astype(np.float32)


@right("3.5")
def one_cell_at_a_time(grad, features, rows, columns):
    gradient = [[0.0] * features.shape[1] for _ in range(features.shape[0])]
    for (p, row), (q, column) in product(enumerate(rows), enumerate(columns)):
        best = None
        for i, j in product(range(*row), range(*column)):
            if best is None or features[i, j] > features[best]:
                best = i, j
        if best:
            gradient[best[0]][best[1]] += grad[p, q]
    return gradient


@wrong("3.5", "yours gave")
def the_last_bin_wins(grad, features, rows, columns):
    gradient = np.zeros(features.shape)
    for (p, (top, bottom)), (q, (left, right_)) in product(enumerate(rows), enumerate(columns)):
        if top < bottom and left < right_:
            i, j = divmod(int(features[top:bottom, left:right_].argmax()), right_ - left)
            gradient[top + i, left + j] = grad[p, q]
    return gradient


@wrong("3.5", "In some bin the largest value stands more than once.")
def last_of_equal_ones(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: _at(bin, bin.size - 1 - bin.ravel()[::-1].argmax()))


@wrong("3.5", "In some bin the largest value stands more than once.")
def all_equal_ones(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: bin == bin.max())


@wrong("3.5", "In some bin the largest value stands more than once.")
def equal_ones_share(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: (bin == bin.max()) / (bin == bin.max()).sum())


@wrong("3.5", "yours gave")
def first_of_equal_ones_column_by_column(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: _at(bin.T, bin.T.argmax()).T)


@wrong("3.5", "yours gave")
def spread_over_the_bin(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: 1 / bin.size)


@wrong("3.5", "yours gave")
def every_cell_of_the_bin(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: 1)


@wrong("3.5", "yours gave")
def counted_from_the_bins_corner(grad, features, rows, columns):
    gradient = np.zeros(features.shape)
    for (p, row), (q, column) in product(enumerate(rows), enumerate(columns)):
        bin = features[slice(*row), slice(*column)]
        if bin.size:
            gradient[np.unravel_index(bin.argmax(), bin.shape)] += grad[p, q]
    return gradient


@wrong("3.5", "yours gave")
def a_one_for_each_bin(grad, features, rows, columns):
    return one_hot_shares(np.ones_like(grad), features, rows, columns)


@wrong("3.5", "yours gave")
def against_the_gradient(grad, features, rows, columns):
    return -one_hot_shares(grad, features, rows, columns)


@wrong("3.5", "yours gave")
def times_the_value(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: bin * _at(bin, bin.argmax()))


@wrong("3.5", "yours gave")
def only_values_above_zero(grad, features, rows, columns):
    return _route(grad, features, rows, columns, lambda bin: _at(bin, bin.argmax()) & (bin > 0))


@wrong("3.5", "your function stopped with `ValueError: attempt to get argmax of an empty sequence` in line")
def looks_into_empty_bins(grad, features, rows, columns):
    gradient = np.zeros(features.shape)
    for (p, row), (q, column) in product(enumerate(rows), enumerate(columns)):
        bin = features[slice(*row), slice(*column)]
        i, j = np.unravel_index(bin.argmax(), bin.shape)
        gradient[row[0] + i, column[0] + j] += grad[p, q]
    return gradient


@wrong("3.5", "yours gave")
def smallest_for_largest(grad, features, rows, columns):
    return one_hot_shares(grad, -features, rows, columns)


@wrong("3.5", "the answer should be an array of shape (2, 3); yours gave one of shape (1, 2).")
def gradient_of_the_output(grad, features, rows, columns):
    return grad.copy()


@wrong("3.5", "your function changed its argument `grad`.")
def uses_up_the_callers_grad(grad, features, rows, columns):
    gradient = one_hot_shares(grad, features, rows, columns)
    grad -= 1
    return gradient
