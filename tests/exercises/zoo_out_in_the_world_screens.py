"""Answers to the exercises of chapter 6 on screens: where to click and what to read first, right and wrong ones."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from zoo import right, wrong

# 6.3 click_point


def _center(place):
    row, column = place
    return column + 0.5, row + 0.5


def _first(values):
    return np.unravel_index(np.argmax(values), values.shape)


def _depths(mask, distance=ndimage.distance_transform_edt, **ways):
    return distance(np.pad(mask, 1), **ways)[1:-1, 1:-1]


def _taxi(mask):
    return ndimage.distance_transform_cdt(mask, metric="taxicab")


@right("6.3")
def by_the_distance_transform(mask):
    return np.array(_center(_first(_depths(mask))), dtype=np.float32)


@right("6.3")
def by_growing_circles(mask):
    left, square, padded = mask, 0, np.pad(mask, 12)
    while True:
        square += 1
        on_the_circle = [(i, j) for i in range(-12, 13) for j in range(-12, 13) if i * i + j * j == square]
        smaller = left.copy()
        for step in on_the_circle:
            smaller &= np.roll(padded, step, (0, 1))[12:-12, 12:-12]
        if not smaller.any():
            return list(_center(_first(left)))
        left = smaller


@right("6.3")
def pixel_by_pixel(mask):
    height, width = mask.shape
    outside = [
        (i, j)
        for i in range(-1, height + 1)
        for j in range(-1, width + 1)
        if not (0 <= i < height and 0 <= j < width and mask[i, j])
    ]
    rows, columns = np.array(outside).T
    best, where = 0, None
    for i in range(height):
        for j in range(width):
            depth = ((rows - i) ** 2 + (columns - j) ** 2).min() if mask[i, j] else 0
            if depth > best:
                best, where = depth, (j + 0.5, i + 0.5)
    return where


@wrong("6.3", "yours gave (2, 1.5), which is not the center of a pixel.")
def center_of_mass(mask):
    return tuple(np.argwhere(mask)[:, ::-1].mean(axis=0) + 0.5)


@wrong("6.3", "which is outside of the mask.")
def pixel_at_the_center_of_mass(mask):
    return _center(np.floor(np.argwhere(mask).mean(axis=0)))


@wrong("6.3", "yours gave")
def center_of_the_box(mask):
    places = np.argwhere(mask)
    return _center((places.min(axis=0) + places.max(axis=0)) // 2)


@wrong("6.3", "yours gave")
def pixel_nearest_to_the_center_of_mass(mask):
    places = np.argwhere(mask)
    return _center(places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()])


@wrong("6.3", "yours gave")
def center_of_the_picture(mask):
    return mask.shape[1] // 2 + 0.5, mask.shape[0] // 2 + 0.5


@wrong("6.3", "yours gave")
def median_of_rows_and_columns(mask):
    return _center(np.floor(np.median(np.argwhere(mask), axis=0)))


@wrong("6.3", "yours gave")
def pixel_in_the_middle_of_the_list(mask):
    places = np.argwhere(mask)
    return _center(places[len(places) // 2])


@wrong("6.3", "yours gave")
def first_pixel(mask):
    return _center(_first(mask))


@wrong("6.3", "the point should be (1.5, 1.5); yours gave (1, 1), which is not the center of a pixel.")
def corner_of_the_pixel(mask):
    row, column = _first(_depths(mask))
    return column, row


@wrong("6.3", "which is not the center of a pixel.")
def the_far_corner_of_the_pixel(mask):
    row, column = _first(_depths(mask))
    return column + 1, row + 1


@wrong("6.3", "yours gave")
def y_before_x(mask):
    return _center(_first(_depths(mask)))[::-1]


@wrong("6.3", "yours gave")
def border_is_no_border(mask):
    return _center(_first(ndimage.distance_transform_edt(mask) if not mask.all() else _depths(mask)))


@wrong("6.3", "yours gave")
def only_sides_of_the_picture_count(mask):
    padded = np.pad(mask, ((0, 0), (1, 1)))
    return _center(_first(ndimage.distance_transform_edt(padded)[:, 1:-1]))


@wrong("6.3", "yours gave")
def along_rows_and_columns(mask):
    return _center(_first(_depths(mask, _taxi)))


@wrong("6.3", "yours gave")
def as_a_king_moves(mask):
    return _center(_first(_depths(mask, ndimage.distance_transform_cdt, metric="chessboard")))


@wrong("6.3", "yours gave")
def along_its_own_row_and_column(mask):
    padded, depths = np.pad(mask, 1), np.zeros(mask.shape)
    for i, j in np.argwhere(mask):
        rows, columns = np.flatnonzero(~padded[:, j + 1]) - 1, np.flatnonzero(~padded[i + 1]) - 1
        depths[i, j] = min(np.abs(rows - i).min(), np.abs(columns - j).min())
    return _center(_first(depths))


@wrong("6.3", "yours gave")
def room_to_the_sides_only(mask):
    depths = np.zeros(mask.shape)
    for i, j in np.argwhere(mask):
        depths[i, j] = np.abs(np.flatnonzero(~np.pad(mask[i], 1)) - 1 - j).min()
    return _center(_first(depths))


@wrong("6.3", "which is as deep, but comes later.")
def last_of_equal_ones(mask):
    depths = _depths(mask)
    return _center(np.argwhere(depths == depths.max())[-1])


@wrong("6.3", "which is as deep, but comes later.")
def columns_before_rows(mask):
    return _center(_first(_depths(mask).T)[::-1])


@wrong("6.3", "yours gave")
def middle_of_equal_ones(mask):
    depths = _depths(mask)
    return tuple(np.argwhere(depths == depths.max())[:, ::-1].mean(axis=0) + 0.5)


@wrong("6.3", "which is as deep, but comes later.")
def most_central_of_equal_ones(mask):
    depths = _depths(mask)
    places, middle = np.argwhere(depths == depths.max()), np.argwhere(mask).mean(axis=0)
    return _center(places[((places - middle) ** 2).sum(axis=1).argmin()])


@wrong("6.3", "yours gave")
def peeled_by_crosses(mask):
    left = mask
    while (smaller := ndimage.binary_erosion(left)).any():
        left = smaller
    return _center(_first(left))


@wrong("6.3", "yours gave")
def in_the_largest_piece(mask):
    pieces, count = ndimage.label(mask)
    sizes = [(pieces == k).sum() for k in range(1, count + 1)]
    return _center(_first(_depths(pieces == 1 + int(np.argmax(sizes)))))


@wrong("6.3", "yours gave")
def whole_depths(mask):
    return _center(_first(np.floor(_depths(mask))))


@wrong("6.3", "yours gave")
def holes_filled(mask):
    return _center(_first(_depths(ndimage.binary_fill_holes(mask))))


@wrong("6.3", "yours gave")
def ring_is_left_on(mask):
    row, column = _first(ndimage.distance_transform_edt(np.pad(mask, 1)))
    return column + 0.5, row + 0.5


@wrong("6.3", "which is outside of the mask.")
def deepest_outside(mask):
    return _center(_first(_depths(~mask)))


@wrong("6.3", "yours gave")
def farthest_from_the_mean_of_outside(mask):
    padded = np.pad(mask, 1)
    middle = np.argwhere(~padded).mean(axis=0) - 1
    places = np.argwhere(mask)
    return _center(places[((places - middle) ** 2).sum(axis=1).argmax()])


@wrong("6.3", "two numbers (x, y); yours gave a tuple of 3")
def depth_beside_it(mask):
    return *_center(_first(_depths(mask))), _depths(mask).max()


@wrong("6.3", "two numbers (x, y); yours gave an array of shape")
def all_of_the_deepest(mask):
    depths = _depths(mask)
    return np.argwhere(depths == depths.max())[:, ::-1] + 0.5


@wrong("6.3", "two numbers (x, y); yours gave the number")
def place_in_the_list(mask):
    return int(_depths(mask).argmax())


@wrong("6.3", "your function changed its argument `mask`.")
def eaten_away(mask):
    result = _center(_first(_depths(mask)))
    mask[...] = ndimage.binary_erosion(mask)
    return result


@wrong("6.3", "your function stopped with `ValueError")
def there_is_something_outside(mask):
    depths = _depths(mask)
    places, outside = np.argwhere(mask), np.argwhere(~mask)
    ((places[:, None] - outside) ** 2).sum(axis=2).min(axis=1)
    return _center(_first(depths))


@wrong("6.3", "your function was still running", slow=True)
def peeled_until_one_is_left(mask):
    left = mask
    while left.sum() != 1:
        left = ndimage.binary_erosion(left)
    return _center(_first(left))


# 6.4 reading_order


def _share(a, b, part=0.5, height=min):
    shared = min(a[3], b[3]) - max(a[1], b[1])
    return shared >= part * height(a[3] - a[1], b[3] - b[1])


def _by_rows(boxes, share=_share, first=lambda box: (box[1], box[0]), along=lambda box: box[0]):
    """Return the order, with another rule for who shares a row, who is first, or what is left."""
    waiting, order = sorted(range(len(boxes)), key=lambda k: first(boxes[k])), []
    while waiting:
        row = [k for k in waiting if k == waiting[0] or share(boxes[waiting[0]], boxes[k])]
        order += sorted(row, key=lambda k: along(boxes[k]))
        waiting = [k for k in waiting if k not in row]
    return order


def _grown(boxes, belongs):
    """Return the order if boxes join the last row, from the top, where they belong to it as it is by then."""
    rows = []
    for k in sorted(range(len(boxes)), key=lambda k: (boxes[k, 1], boxes[k, 0])):
        if rows and belongs(boxes[rows[-1]], boxes[k]):
            rows[-1].append(k)
        else:
            rows.append([k])
    return [k for row in rows for k in sorted(row, key=lambda k: boxes[k, 0])]


@right("6.4")
def rows_of_an_array(boxes):
    order = np.lexsort((boxes[:, 0], boxes[:, 1]))
    result = []
    while len(order):
        first, rest = boxes[order[0]], boxes[order]
        shared = np.minimum(first[3], rest[:, 3]) - np.maximum(first[1], rest[:, 1])
        inside = shared >= np.minimum(first[3] - first[1], rest[:, 3] - rest[:, 1]) / 2
        row = order[inside]
        result.extend(row[np.argsort(boxes[row, 0], kind="stable")])
        order = order[~inside]
    return np.array(result, dtype=float)


@right("6.4")
def numbered_rows(boxes):
    row_of, rows = {}, 0
    while len(row_of) < len(boxes):
        waiting = [k for k in range(len(boxes)) if k not in row_of]
        first = min(waiting, key=lambda k: (boxes[k][1], boxes[k][0], k))
        row_of.update({k: rows for k in waiting if _share(boxes[first], boxes[k])})
        rows += 1
    return tuple(sorted(row_of, key=lambda k: (row_of[k], boxes[k][0], boxes[k][1], k)))


@wrong("6.4", "yours gave")
def by_the_upper_side(boxes):
    return np.lexsort((boxes[:, 0], boxes[:, 1]))


@wrong("6.4", "yours gave")
def by_the_middle(boxes):
    return np.lexsort((boxes[:, 0], boxes[:, 1] + boxes[:, 3]))


@wrong("6.4", "yours gave")
def by_the_lower_side(boxes):
    return np.lexsort((boxes[:, 0], boxes[:, 3]))


@wrong("6.4", "yours gave")
def columns_first(boxes):
    return np.lexsort((boxes[:, 1], boxes[:, 0]))


@wrong("6.4", "yours gave")
def as_they_are(boxes):
    return range(len(boxes))


@wrong("6.4", "yours gave")
def columns_for_rows(boxes):
    return _by_rows(boxes[:, [1, 0, 3, 2]])


@wrong("6.4", "Two boxes share exactly half of the lower height.")
def more_than_half(boxes):
    return _by_rows(boxes, lambda a, b: min(a[3], b[3]) - max(a[1], b[1]) > min(a[3] - a[1], b[3] - b[1]) / 2)


@wrong("6.4", "yours gave")
def half_of_the_taller(boxes):
    return _by_rows(boxes, lambda a, b: _share(a, b, height=max))


@wrong("6.4", "yours gave")
def half_of_the_first(boxes):
    return _by_rows(boxes, lambda a, b: _share(a, b, height=lambda first, _: first))


@wrong("6.4", "yours gave")
def half_of_its_own(boxes):
    return _by_rows(boxes, lambda a, b: _share(a, b, height=lambda _, own: own))


@wrong("6.4", "yours gave")
def half_of_all_they_cover(boxes):
    return _by_rows(boxes, lambda a, b: 2 * (min(a[3], b[3]) - max(a[1], b[1])) >= max(a[3], b[3]) - min(a[1], b[1]))


@wrong("6.4", "yours gave")
def all_of_the_lower(boxes):
    return _by_rows(boxes, lambda a, b: _share(a, b, part=1))


@wrong("6.4", "yours gave")
def any_part_of_it(boxes):
    return _by_rows(boxes, lambda a, b: min(a[3], b[3]) > max(a[1], b[1]))


@wrong("6.4", "yours gave")
def touching_is_enough(boxes):
    return _by_rows(boxes, lambda a, b: min(a[3], b[3]) >= max(a[1], b[1]))


@wrong("6.4", "yours gave")
def center_within_the_first(boxes):
    return _by_rows(boxes, lambda a, b: a[1] <= (b[1] + b[3]) / 2 <= a[3])


@wrong("6.4", "yours gave")
def upper_sides_within_two(boxes):
    return _by_rows(boxes, lambda a, b: b[1] - a[1] <= 2)


@wrong("6.4", "yours gave")
def anyone_brings_others_in(boxes):
    return _grown(boxes, lambda row, box: any(_share(other, box) for other in row))


@wrong("6.4", "yours gave")
def like_the_one_before(boxes):
    return _grown(boxes, lambda row, box: _share(row[-1], box))


@wrong("6.4", "yours gave")
def like_all_of_the_row(boxes):
    return _grown(boxes, lambda row, box: all(_share(other, box) for other in row))


@wrong("6.4", "yours gave")
def rows_that_grow(boxes):
    return _grown(boxes, lambda row, box: _share([0, row[:, 1].min(), 0, row[:, 3].max()], box))


@wrong("6.4", "yours gave")
def a_row_ends_at_the_first_other(boxes):
    return _grown(boxes, lambda row, box: _share(row[0], box))


@wrong("6.4", "yours gave")
def leftmost_begins(boxes):
    return _by_rows(boxes, first=lambda box: (box[0], box[1]))


@wrong("6.4", "yours gave")
def lowest_index_begins(boxes):
    return _by_rows(boxes, first=lambda box: 0)


@wrong("6.4", "yours gave")
def tallest_begins(boxes):
    return _by_rows(boxes, first=lambda box: (box[1] - box[3], box[1], box[0]))


@wrong("6.4", "yours gave")
def from_the_bottom(boxes):
    return _by_rows(boxes, first=lambda box: (-box[3], box[0]))


@wrong("6.4", "the order should be [1, 0]; yours gave [0, 1]. The rows are: 1, 0.")
def from_right_to_left(boxes):
    return _by_rows(boxes, along=lambda box: -box[0])


@wrong("6.4", "yours gave")
def in_a_row_by_height(boxes):
    return _by_rows(boxes, along=lambda box: (box[1], box[0]))


@wrong("6.4", "yours gave")
def of_equal_ones_the_later(boxes):
    backwards = _by_rows(boxes[::-1])
    return [len(boxes) - 1 - k for k in backwards]


@wrong("6.4", "yours gave")
def places_for_indices(boxes):
    return np.argsort(_by_rows(boxes))


@wrong("6.4", "Each box should be there once.")
def counted_from_one(boxes):
    return [k + 1 for k in _by_rows(boxes)]


@wrong("6.4", "Each box should be there once.")
def without_the_first_of_each_row(boxes):
    waiting, order = _by_rows(boxes, lambda a, b: False), []
    while waiting:
        row = [k for k in waiting[1:] if _share(boxes[waiting[0]], boxes[k])]
        order += sorted(row, key=lambda k: boxes[k, 0])
        waiting = [k for k in waiting[1:] if k not in row]
    return order


@wrong("6.4", "Each box should be there once.")
def in_every_row_they_share(boxes):
    order = []
    for k in _by_rows(boxes, lambda a, b: False):
        order += [j for j in range(len(boxes)) if _share(boxes[k], boxes[j])]
    return order


@wrong("6.4", "in the order in which they are read; yours gave an array of shape (1, 4).")
def the_boxes_themselves(boxes):
    return boxes[_by_rows(boxes)]


@wrong("6.4", "in the order in which they are read; yours gave a list of 1: [[0]].")
def rows_as_lists(boxes):
    return [[k] for k in _by_rows(boxes)]


@wrong("6.4", "your function stopped with `IndexError")
def there_is_a_first_box(boxes):
    order = _by_rows(boxes)
    return order if len(boxes[0]) else []


@wrong("6.4", "your function changed its argument `boxes`.")
def sorted_in_place(boxes):
    order = _by_rows(boxes)
    boxes.sort(axis=0)
    return order


@wrong("6.4", "your function was still running", slow=True)
def nothing_is_taken_off(boxes):
    waiting, order = list(range(len(boxes))), []
    while waiting:
        row = [k for k in waiting if _share(boxes[waiting[0]], boxes[k])]
        order = sorted(row, key=lambda k: boxes[k, 0])
    return order
