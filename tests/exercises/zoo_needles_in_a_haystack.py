"""Answers to the exercises of chapter 2 on anchors: right ones and wrong ones."""

from __future__ import annotations

from itertools import product
from math import ceil

import numpy as np
from zoo import right, wrong

# 2.1 count_anchors


@right("2.1")
def counted_as_an_array(height, width, strides, per_cell):
    return (np.prod(np.ceil(np.divide.outer((height, width), strides)), axis=0) * per_cell).sum()


@right("2.1")
def corner_by_corner(height, width, strides, per_cell):
    corners = [(y, x) for s in strides for y, x in product(range(0, height, s), range(0, width, s))]
    return np.int32(len(corners) * per_cell)


def _count(height, width, strides, per_cell, cells=lambda side, stride: -(-side // stride)):
    return sum(cells(height, stride) * cells(width, stride) for stride in strides) * per_cell


@wrong("2.1", "At stride 8 some cells reach beyond the picture.")
def rounded_down(*given):
    return _count(*given, cells=lambda side, stride: side // stride)


@wrong("2.1", "yours gave")
def rounded_to_the_nearest(*given):
    return _count(*given, cells=lambda side, stride: round(side / stride))


@wrong("2.1", "the answer should be one whole number; yours gave the number 35.16.")
def cells_in_fractions(*given):
    return _count(*given, cells=lambda side, stride: side / stride)


@wrong("2.1", "the answer should be 1; yours gave 4.")
def always_one_cell_more(*given):
    return _count(*given, cells=lambda side, stride: side // stride + 1)


@wrong("2.1", "yours gave")
def cells_whose_center_is_in_the_picture(*given):
    return _count(*given, cells=lambda side, stride: len(range(stride // 2, side, stride)))


@wrong("2.1", "yours gave")
def at_least_one_but_rounded_down(*given):
    return _count(*given, cells=lambda side, stride: max(side // stride, 1))


@wrong("2.1", "yours gave")
def area_rounded_at_the_end(height, width, strides, per_cell):
    return sum(ceil(height * width / stride**2) for stride in strides) * per_cell


@wrong("2.1", "yours gave")
def everything_rounded_at_the_end(height, width, strides, per_cell):
    return ceil(sum(height * width / stride**2 for stride in strides) * per_cell)


@wrong("2.1", "the answer should be 48; yours gave 36.")
def first_level_only(height, width, strides, per_cell):
    return _count(height, width, strides[:1], per_cell)


@wrong("2.1", "yours gave")
def last_level_only(height, width, strides, per_cell):
    for stride in strides:
        total = _count(height, width, (stride,), per_cell)
    return total


@wrong("2.1", "the answer should be 30; yours gave 10.")
def one_anchor_per_cell(height, width, strides, per_cell):
    return _count(height, width, strides, 1)


@wrong("2.1", "yours gave")
def squares_only(height, width, strides, per_cell):
    return _count(height, height, strides, per_cell)


@wrong("2.1", "yours gave")
def the_longer_side_squared(height, width, strides, per_cell):
    return _count(max(height, width), max(height, width), strides, per_cell)


@wrong("2.1", "yours gave")
def sides_added_up(height, width, strides, per_cell):
    return sum(ceil(height / stride) + ceil(width / stride) for stride in strides) * per_cell


@wrong("2.1", "yours gave")
def padded_to_the_largest_stride(height, width, strides, per_cell):
    height, width = (ceil(side / max(strides)) * max(strides) for side in (height, width))
    return _count(height, width, strides, per_cell)


@wrong("2.1", "yours gave")
def every_level_half_of_the_one_before(height, width, strides, per_cell):
    rows, columns, total = ceil(height / strides[0]), ceil(width / strides[0]), 0
    for _ in strides:
        total += rows * columns
        rows, columns = rows // 2, columns // 2
    return total * per_cell


@wrong("2.1", "yours gave")
def anchors_within_the_picture_only(height, width, strides, per_cell):
    return _count(height, width, strides, per_cell, lambda side, stride: max(side // stride - 1, 0))


@wrong("2.1", "the answer should be one whole number; yours gave a list of 2: [36, 12].")
def levels_not_added_up(height, width, strides, per_cell):
    counts = [_count(height, width, (stride,), per_cell) for stride in strides]
    return counts if len(counts) > 1 else counts[0]


# 2.2 cell_anchors


def _around(width, height):
    return -width / 2, -height / 2, width / 2, height / 2


def _cell(sizes, ratios, width=lambda s, r: s / r**0.5, height=lambda s, r: s * r**0.5, corners=_around):
    return np.array([corners(width(s, r), height(s, r)) for r in ratios for s in sizes])


@right("2.2")
def cell_anchors_by_broadcasting(sizes, ratios):
    root = np.sqrt(ratios)[:, None]
    w, h = (np.ravel(side) / 2 for side in (sizes / root, sizes * root))
    return np.stack([-w, -h, w, h], axis=1).astype(np.float32)


@right("2.2")
def cell_anchors_as_nested_lists(sizes, ratios):
    anchors = []
    for ratio, size in product(ratios, sizes):
        height = (size * size * ratio) ** 0.5
        width = height / ratio
        anchors.append([-width / 2, -height / 2, width - width / 2, height - height / 2])
    return anchors


@wrong("2.2", "anchor 0 should be (-1, -4, 1, 4); yours gave (-4, -1, 4, 1). A ratio above 1 is upright")
def width_by_height(sizes, ratios):
    return _cell(sizes, [1 / ratio for ratio in ratios])


@wrong("2.2", "A ratio above 1 is upright, one below 1 lies.")
def no_root(sizes, ratios):
    return _cell(sizes, ratios, lambda s, r: s / r, lambda s, r: s * r)


@wrong("2.2", "yours gave")
def width_stays(sizes, ratios):
    return _cell(sizes, ratios, lambda s, r: s, lambda s, r: s * r)


@wrong("2.2", "yours gave")
def height_stays(sizes, ratios):
    return _cell(sizes, ratios, lambda s, r: s / r, lambda s, r: s)


@wrong("2.2", "yours gave")
def longer_side_stays(sizes, ratios):
    return _cell(sizes, ratios, lambda s, r: s / max(r, 1), lambda s, r: s * min(r, 1))


@wrong("2.2", "yours gave")
def perimeter_stays(sizes, ratios):
    return _cell(sizes, ratios, lambda s, r: 2 * s / (1 + r), lambda s, r: 2 * s * r / (1 + r))


@wrong("2.2", "anchor 0 should be (-1, -1, 1, 1); yours gave (-0.7071, -0.7071, 0.7071, 0.7071).")
def size_for_area(sizes, ratios):
    return _cell([size**0.5 for size in sizes], ratios)


@wrong("2.2", "anchor 1 should be (-16, -4, 16, 4); yours gave (-4, -4, 4, 4). These are the right anchors, in another")
def sizes_outside_and_ratios_inside(sizes, ratios):
    return np.array([_cell([size], [ratio])[0] for size in sizes for ratio in ratios])


@wrong("2.2", "These are the right anchors, in another order.")
def sorted_by_ratio(sizes, ratios):
    return _cell(sizes, sorted(ratios, reverse=True))


@wrong("2.2", "yours gave one of shape")
def one_size_for_each_ratio(sizes, ratios):
    return np.array([_cell([size], [ratio])[0] for size, ratio in zip(sizes, ratios, strict=False)])


@wrong("2.2", "anchor 0 should be (-1, -1, 1, 1); yours gave (-2, -2, 2, 2).")
def sides_not_halved(sizes, ratios):
    return 2 * _cell(sizes, ratios)


@wrong("2.2", "anchor 0 should be (-1, -1, 1, 1); yours gave (0, 0, 2, 2).")
def corner_at_the_origin(sizes, ratios):
    return _cell(sizes, ratios, corners=lambda w, h: (0, 0, w, h))


@wrong("2.2", "yours gave (-1, -1, 2, 2).")
def corner_and_sides(sizes, ratios):
    return _cell(sizes, ratios, corners=lambda w, h: (-w / 2, -h / 2, w, h))


@wrong("2.2", "yours gave (-1, 1, -1, 1).")
def all_of_x_before_all_of_y(sizes, ratios):
    return _cell(sizes, ratios, corners=lambda w, h: (-w / 2, w / 2, -h / 2, h / 2))


@wrong("2.2", "yours gave (-0.5, -0.5, 0.5, 0.5).")
def last_pixel_included(sizes, ratios):
    return _cell(sizes, ratios, corners=lambda w, h: _around(w - 1, h - 1))


@wrong("2.2", "yours gave")
def corners_rounded(sizes, ratios):
    return np.round(_cell(sizes, ratios))


@wrong("2.2", "yours gave")
def sides_rounded(sizes, ratios):
    return _cell(sizes, ratios, lambda s, r: round(s / r**0.5), lambda s, r: round(s * r**0.5))


@wrong("2.2", "the answer should be an array (R * S, 4); yours gave an array of shape (1, 1, 4).")
def axes_for_ratios_and_sizes(sizes, ratios):
    return _cell(sizes, ratios).reshape(len(ratios), len(sizes), 4)


@wrong("2.2", "yours gave one of shape (1, 2).")
def sides_for_corners(sizes, ratios):
    return _cell(sizes, ratios, corners=lambda w, h: (w, h))


# 2.3 grid_anchors


def _grid(rows, columns, stride, cell, center=lambda k, stride: (k + 0.5) * stride, order="ija"):
    y, x = (np.array([center(k, stride) for k in range(count)]) for count in (rows, columns))
    centers = np.stack(np.broadcast_arrays(x[None], y[:, None], x[None], y[:, None]), axis=-1)
    anchors = centers[:, :, None] + cell
    return anchors.transpose(*("ija".index(axis) for axis in order), 3).reshape(-1, 4)


@right("2.3")
def grid_anchors_one_by_one(rows, columns, stride, cell):
    anchors = []
    for i, j, (x1, y1, x2, y2) in product(range(rows), range(columns), cell.tolist()):
        x, y = stride * j + stride / 2, stride * i + stride / 2
        anchors.append([x + x1, y + y1, x + x2, y + y2])
    return anchors


@right("2.3")
def grid_anchors_by_meshgrid(rows, columns, stride, cell):
    x, y = np.meshgrid(np.arange(columns) + np.float32(0.5), np.arange(rows) + np.float32(0.5))
    shifts = np.tile(np.stack([x.ravel(), y.ravel()], axis=1) * stride, 2)
    return np.repeat(shifts, len(cell), axis=0) + np.tile(cell, (rows * columns, 1))


@wrong("2.3", "anchor 0 should be (0, 0, 4, 4); yours gave (-2, -2, 2, 2).")
def no_half_stride(*given):
    return _grid(*given, center=lambda k, stride: k * stride)


@wrong("2.3", "The stride is odd.")
def half_the_stride_in_whole_numbers(*given):
    return _grid(*given, center=lambda k, stride: k * stride + stride // 2)


@wrong("2.3", "yours gave")
def half_a_pixel(*given):
    return _grid(*given, center=lambda k, stride: k * stride + 0.5)


@wrong("2.3", "yours gave")
def middle_of_whole_pixels(*given):
    return _grid(*given, center=lambda k, stride: k * stride + (stride - 1) / 2)


@wrong("2.3", "yours gave")
def a_whole_stride(*given):
    return _grid(*given, center=lambda k, stride: (k + 1) * stride)


@wrong("2.3", "anchor 0 should be (0, 0, 4, 4); yours gave (-1.5, -1.5, 2.5, 2.5).")
def stride_forgotten(*given):
    return _grid(*given, center=lambda k, stride: k + 0.5)


@wrong("2.3", "anchor 1 should be (5, 1, 7, 3); yours gave (1, 5, 3, 7).")
def x_and_y_swapped(rows, columns, stride, cell):
    i, j = np.mgrid[:rows, :columns]
    centers = (np.stack([i, j, i, j], axis=-1) + 0.5) * stride
    return (centers[:, :, None] + cell).reshape(-1, 4)


@wrong("2.3", "These are the right anchors, in another order.")
def column_by_column(*given):
    return _grid(*given, order="jia")


@wrong("2.3", "These are the right anchors, in another order.")
def anchor_by_anchor(*given):
    return _grid(*given, order="aij")


@wrong("2.3", "yours gave")
def anchors_before_columns(*given):
    return _grid(*given, order="iaj")


@wrong("2.3", "yours gave (0, 0, 2, 2).")
def only_the_first_corner_moves(rows, columns, stride, cell):
    moved = _grid(rows, columns, stride, cell)
    return np.concatenate([moved[:, :2], np.tile(cell[:, 2:], (rows * columns, 1))], axis=1)


@wrong("2.3", "yours gave")
def anchors_in_cells_for_pixels(rows, columns, stride, cell):
    return _grid(rows, columns, stride, cell * stride)


@wrong("2.3", "yours gave")
def cut_off_at_the_picture(rows, columns, stride, cell):
    return np.clip(_grid(rows, columns, stride, cell), 0, np.tile([columns * stride, rows * stride], 2))


@wrong("2.3", "yours gave one of shape")
def those_beyond_the_picture_left_out(rows, columns, stride, cell):
    anchors = _grid(rows, columns, stride, cell)
    inside = (anchors >= 0).all(axis=1) & (anchors[:, 2] <= columns * stride) & (anchors[:, 3] <= rows * stride)
    return anchors[inside]


@wrong("2.3", "the answer should be an array of shape (1, 4); yours gave one of shape (4, 4).")
def one_row_and_one_column_too_many(rows, columns, stride, cell):
    return _grid(rows + 1, columns + 1, stride, cell)


@wrong("2.3", "yours gave")
def spread_from_border_to_border(rows, columns, stride, cell):
    y, x = np.linspace(0, rows * stride, rows), np.linspace(0, columns * stride, columns)
    return np.concatenate([np.array([v, u, v, u]) + cell for u in y for v in x])


@wrong("2.3", "the answer should be an array (rows * columns * A, 4); yours gave an array of shape (1, 1, 1, 4).")
def not_reshaped(rows, columns, stride, cell):
    return _grid(rows, columns, stride, cell).reshape(rows, columns, len(cell), 4)


@wrong("2.3", "your function changed its argument `cell`.")
def moves_the_callers_anchors(rows, columns, stride, cell):
    anchors = _grid(rows, columns, stride, cell)
    cell += stride / 2
    return anchors
