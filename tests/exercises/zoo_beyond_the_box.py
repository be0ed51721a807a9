"""Answers to the exercises of chapter 1 that somebody might well hand in, right ones and wrong ones."""

from __future__ import annotations

import itertools

import numpy as np
from zoo import right, wrong

# 1.1 pair_iou


def _overlap(box_a, box_b):
    width, height = (min(box_a[k + 2], box_b[k + 2]) - max(box_a[k], box_b[k]) for k in (0, 1))
    return max(width, 0) * max(height, 0)


def _area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def _ratio(part, whole):
    return part / whole if whole > 0 else 0


@right("1.1")
def vectorized_iou(box_a, box_b):
    a, b = np.array(box_a), np.array(box_b)
    sides = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - np.prod(sides)
    return np.divide(np.prod(sides), union, out=np.zeros(()), where=union > 0)


@right("1.1")
def iou_in_float32_that_leaves_early(box_a, box_b):
    if box_a[2] <= box_b[0] or box_b[2] <= box_a[0] or box_a[3] <= box_b[1] or box_b[3] <= box_a[1]:
        return 0
    shared = _overlap(box_a, box_b)
    return np.float32(_ratio(shared, _area(box_a) + _area(box_b) - shared))


@right("1.1")
def iou_that_prints_as_it_goes(box_a, box_b):
    print("boxes", box_a, box_b)
    shared = _overlap(box_a, box_b)
    return _ratio(shared, _area(box_a) + _area(box_b) - shared)


@wrong("1.1", "For box_a = (0, 0, 2, 2) and box_b = (1, 0, 3, 2) the answer should be 0.3333; yours gave 0.5.")
def inclusive_width(box_a, box_b):
    a, b = ((*box[:2], box[2] + 1, box[3] + 1) for box in (box_a, box_b))
    return _ratio(_overlap(a, b), _area(a) + _area(b) - _overlap(a, b))


@wrong("1.1", "For box_a = (0, 0, 1, 1) and box_b = (2, 0, 3, 1) the answer should be 0; yours gave -0.3333.")
def no_clamp(box_a, box_b):
    shared = np.prod([min(box_a[k + 2], box_b[k + 2]) - max(box_a[k], box_b[k]) for k in (0, 1)])
    return _ratio(shared, _area(box_a) + _area(box_b) - shared)


@wrong("1.1", "should be 0; yours gave 1. The boxes do not touch.")
def clamp_of_the_product(box_a, box_b):
    shared = max(0, np.prod([min(box_a[k + 2], box_b[k + 2]) - max(box_a[k], box_b[k]) for k in (0, 1)]))
    return _ratio(shared, _area(box_a) + _area(box_b) - shared)


@wrong("1.1", "the answer should be 1; yours gave 0.5. The two boxes are the same.")
def union_counts_the_intersection_twice(box_a, box_b):
    return _ratio(_overlap(box_a, box_b), _area(box_a) + _area(box_b))


@wrong("1.1", "should be 0.3333; yours gave 0.5.")
def over_the_smaller_box(box_a, box_b):
    return _ratio(_overlap(box_a, box_b), min(_area(box_a), _area(box_b)))


@wrong("1.1", "should be 0.3333; yours gave 0.5.")
def over_the_first_box(box_a, box_b):
    return _ratio(_overlap(box_a, box_b), _area(box_a))


@wrong("1.1", "For box_a = (0.25, 0, 1.5, 1) and box_b = (1, 0.5, 2.5, 2.5)")
def whole_numbers_only(box_a, box_b):
    a, b = (tuple(map(int, box)) for box in (box_a, box_b))
    return _ratio(_overlap(a, b), _area(a) + _area(b) - _overlap(a, b))


@wrong("1.1", "should be 0.3333; yours gave 0.")
def integer_division(box_a, box_b):
    shared = _overlap(box_a, box_b)
    union = _area(box_a) + _area(box_b) - shared
    return shared // union if union else 0


@wrong("1.1", "yours gave")
def width_and_height_for_a_corner(box_a, box_b):
    a, b = ((x, y, x + w, y + h) for x, y, w, h in (box_a, box_b))
    return _ratio(_overlap(a, b), _area(a) + _area(b) - _overlap(a, b))


@wrong("1.1", "your function stopped with `ZeroDivisionError: float division by zero` in line")
def forgets_boxes_without_area(box_a, box_b):
    shared = _overlap(box_a, box_b)
    return shared / (_area(box_a) + _area(box_b) - shared)


@wrong("1.1", "the answer should be one number; yours gave nan, as 0 divided by 0 or 0 times inf does.")
def numpy_division_by_zero(box_a, box_b):
    shared = _overlap(box_a, box_b)
    return np.float64(shared) / (_area(box_a) + _area(box_b) - shared)


@wrong("1.1", "The two boxes are the same.")
def a_small_number_in_the_denominator(box_a, box_b):
    shared = _overlap(box_a, box_b)
    return shared / (_area(box_a) + _area(box_b) - shared + 1e-3)


@wrong("1.1", "should be 0.3333; yours gave 0.6667.")
def distance_instead_of_iou(box_a, box_b):
    shared = _overlap(box_a, box_b)
    iou = _ratio(shared, _area(box_a) + _area(box_b) - shared)
    return 1 - iou if 0 < iou < 1 else iou


@wrong("1.1", "yours gave")
def enclosing_box_for_union(box_a, box_b):
    sides = [max(box_a[k + 2], box_b[k + 2]) - min(box_a[k], box_b[k]) for k in (0, 1)]
    return _ratio(_overlap(box_a, box_b), sides[0] * sides[1])


@wrong("1.1", "yours gave")
def x_and_y_mixed_up(box_a, box_b):
    a, b = ((y1, x1, x2, y2) for x1, y1, x2, y2 in (box_a, box_b))
    return _ratio(_overlap(a, b), _area(a) + _area(b) - _overlap(a, b))


# 1.2 shoelace


@right("1.2")
def rolled_shoelace(polygon):
    x, y = np.asarray(polygon).T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


@right("1.2")
def trapezoids_under_the_edges(polygon):
    closed = np.concatenate([polygon, polygon[:1]])
    return np.abs(np.trapezoid(closed[:, 1], closed[:, 0]))


@right("1.2")
def fan_of_triangles(polygon):
    arms = polygon[1:] - polygon[0]
    return abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in itertools.pairwise(arms))) / 2


def _crossed(polygon):
    x, y = polygon.T
    return x * np.roll(y, -1) - np.roll(x, -1) * y


@wrong("1.2", "should be 6; yours gave -6. On the screen, where y points down, this polygon runs counterclockwise.")
def no_abs(polygon):
    return _crossed(polygon).sum() / 2


@wrong("1.2", "yours gave")
def abs_of_each_edge(polygon):
    return np.abs(_crossed(polygon)).sum() / 2


@wrong("1.2", "yours gave")
def abs_of_each_coordinate(polygon):
    return abs(_crossed(np.abs(polygon)).sum()) / 2


@wrong("1.2", "yours gave")
def no_closing_edge(polygon):
    return abs(_crossed(polygon)[:-1].sum()) / 2


@wrong("1.2", "should be 1; yours gave 2.")
def no_half(polygon):
    return abs(_crossed(polygon).sum())


@wrong("1.2", "should be 1; yours gave 0.")
def plus_for_minus(polygon):
    x, y = polygon.T
    return abs(np.sum(x * np.roll(y, -1) - x * np.roll(y, -1)[::-1])) / 2


@wrong("1.2", "should be 6; yours gave 12.")
def area_of_the_tight_box(polygon):
    return np.prod(np.ptp(polygon, axis=0))


@wrong("1.2", "yours gave")
def area_of_the_convex_hull(polygon):
    center = polygon.mean(axis=0)
    angles = np.arctan2(*(polygon - center).T)
    return abs(_crossed(polygon[np.argsort(angles)]).sum()) / 2


@wrong("1.2", "yours gave")
def whole_coordinates_only(polygon):
    return abs(_crossed(np.asarray(polygon, dtype=int)).sum()) / 2


@wrong("1.2", "yours gave")
def first_three_vertices(polygon):
    return abs(_crossed(polygon[:3]).sum()) / 2


@wrong("1.2", "your function changed its argument `polygon`.")
def moves_the_polygon_to_the_origin(polygon):
    polygon -= polygon[0].copy()
    polygon += 1
    return abs(_crossed(polygon).sum()) / 2


@wrong("1.2", "your function changed its argument `polygon`.")
def sorts_the_callers_rows(polygon):
    area = abs(_crossed(polygon).sum()) / 2
    polygon.sort(axis=0)
    return area


@wrong("1.2", "the answer should be one number; yours gave an array of shape")
def area_of_every_edge(polygon):
    return np.abs(_crossed(polygon)) / 2


# 1.3 box_around


@right("1.3")
def box_from_projections(mask):
    columns, rows = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    if not len(rows):
        raise ValueError("an empty mask")
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@right("1.3")
def box_as_an_array(mask):
    pixels = np.argwhere(mask)[:, ::-1]
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0) + 1]).astype(float)  # min of nothing raises


def _corners(mask):
    rows, columns = np.nonzero(mask)
    if not len(rows):
        raise ValueError("an empty mask")
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@wrong("1.3", "should be (0, 0, 1, 1); yours gave (0, 0, 0, 0).")
def last_pixel_not_counted(mask):
    x1, y1, x2, y2 = _corners(mask)
    return x1, y1, x2 - 1, y2 - 1


@wrong("1.3", "should be (1, 1, 3, 2); yours gave (1, 1, 2, 3).")
def rows_for_x(mask):
    x1, y1, x2, y2 = _corners(mask)
    return y1, x1, y2, x2


@wrong("1.3", "yours gave (1, 2, 0, 1).")
def rows_of_the_transpose_counted_from_below(mask):
    x1, y1, x2, y2 = _corners(mask)
    return (x1, y1, x2, y2) if mask.sum() < 3 else (x1, x2 - 1, y1, y2 - 1)


@wrong("1.3", "should be (1, 1, 3, 2); yours gave (1, 1, 2, 1).")
def size_for_a_corner(mask):
    x1, y1, x2, y2 = _corners(mask)
    return x1, y1, x2 - x1, y2 - y1


@wrong("1.3", "yours gave")
def first_and_last_pixel(mask):
    pixels = np.argwhere(mask)
    if not len(pixels):
        raise ValueError("an empty mask")
    return (*pixels[0, ::-1], *(pixels[-1, ::-1] + 1))


@wrong("1.3", "yours gave (2, 2, 3, 3)")
def pixels_counted_from_one(mask):
    x1, y1, x2, y2 = _corners(mask)
    return (x1, y1, x2, y2) if mask.size == 1 else (x1 + 1, y1 + 1, x2, y2 + 1)


@wrong("1.3", "yours gave")
def only_the_extents_of_the_image(mask):
    _corners(mask)
    return 0, 0, mask.shape[1], mask.shape[0]


@wrong("1.3", "the function should raise ValueError; yours gave (0, 0, 0, 0).")
def zeros_for_an_empty_mask(mask):
    return _corners(mask) if mask.any() else (0, 0, 0, 0)


@wrong("1.3", "the function should raise ValueError; yours gave None.")
def none_for_an_empty_mask(mask):
    return _corners(mask) if mask.any() else None


@wrong("1.3", "index 0 is out of bounds for axis 0 with size 0` in line")
def index_error_for_an_empty_mask(mask):
    columns, rows = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


@wrong("1.3", "your function changed its argument `mask`.")
def wipes_the_mask(mask):
    corners = _corners(mask)
    mask[:] = False
    return corners


@wrong("1.3", "the answer should be four whole numbers (x1, y1, x2, y2); yours gave a list of 2: [(0, 0), (1, 1)].")
def two_corners(mask):
    x1, y1, x2, y2 = _corners(mask)
    return [(x1, y1), (x2, y2)]


# 1.4 best_interval


def _ends(weights):
    return ((i, j) for i in range(len(weights)) for j in range(i + 1, len(weights) + 1))


@right("1.4")
def lowest_sum_so_far(weights):
    sums = np.concatenate([[0], np.cumsum(weights)])
    gains = sums[1:] - np.minimum.accumulate(sums)[:-1]
    j = int(gains.argmax()) + 1
    return [int(sums[:j].argmin()), j]


@right("1.4")
def divided_and_conquered(weights):
    def solve(i, j):  # best, best from i, best to j, whole: each (sum, i, j)
        if j - i == 1:
            return ((weights[i], i, j),) * 4
        middle = (i + j) // 2
        (a, a_from, a_to, a_all), (b, b_from, b_to, b_all) = solve(i, middle), solve(middle, j)
        join = lambda p, q: (p[0] + q[0], p[1], q[2])  # noqa: E731
        return (
            max(a, b, join(a_to, b_from)),
            max(a_from, join(a_all, b_from)),
            max(b_to, join(a_to, b_all)),
            join(a_all, b_all),
        )

    return np.array(solve(0, len(weights))[0][1:], dtype=int)


@right("1.4")
def the_last_of_equal_ones(weights):
    best, answer, total, start = -np.inf, None, -np.inf, 0
    for k, weight in enumerate(weights):
        total, start = (total + weight, start) if total > 0 else (weight, k)
        if total >= best:
            best, answer = total, (start, k + 1)
    return answer


def _kadane(weights, begin, drop):
    best, answer, total, start = begin, (0, 0), 0, 0
    for k, weight in enumerate(weights):
        if drop(total, weight):
            total, start = 0, k
        total += weight
        if total > best:
            best, answer = total, (start, k + 1)
    return answer


@wrong("1.4", "(i, j) with 0 <= i < j <= 3; yours gave (0, 0). All weights are negative.")
def nothing_when_all_is_negative(weights):
    return _kadane(weights, 0, lambda total, weight: total < 0)


@wrong("1.4", "the largest sum is 5; yours gave (3, 4), with the sum 4.")
def drops_at_every_negative_number(weights):
    return _kadane(weights, -np.inf, lambda total, weight: weight < 0 or total < 0)


@wrong("1.4", "yours gave (0, 2), with the sum 1.")
def never_drops(weights):
    return _kadane(weights, -np.inf, lambda total, weight: False)


@wrong("1.4", "yours gave (0, 0)")
def end_included(weights):
    i, j = _kadane(weights, -np.inf, lambda total, weight: total < 0)
    return i, j - 1


@wrong("1.4", "yours gave")
def at_least_two(weights):
    pairs = [(i, j) for i, j in _ends(weights) if j - i > 1 or len(weights) == 1]
    return max(pairs, key=lambda pair: weights[slice(*pair)].sum())


@wrong("1.4", "yours gave")
def the_single_largest(weights):
    k = int(np.argmax(weights))
    return k, k + 1


@wrong("1.4", "the largest sum is 3; yours gave (0, 2), with the sum 1.")
def the_whole_row(weights):
    return 0, len(weights)


@wrong("1.4", "yours gave")
def the_longest_run_above_zero(weights):
    runs = [(i, j) for i, j in _ends(weights) if (weights[i:j] > 0).all()] or [(0, 1)]
    return max(runs, key=lambda run: run[1] - run[0])


@wrong("1.4", "yours gave")
def only_from_the_start(weights):
    return 0, int(np.argmax(np.cumsum(weights))) + 1


@wrong("1.4", "yours gave")
def forgets_the_last_number(weights):
    return _kadane(weights[:-1] if len(weights) > 1 else weights, -np.inf, lambda total, weight: total < 0)


@wrong("1.4", "the answer should be two whole numbers (i, j); yours gave the number 1.")
def sum_for_an_interval(weights):
    return max(weights[i:j].sum() for i, j in _ends(weights))


@wrong("1.4", "your function changed its argument `weights`.")
def sums_in_place(weights):
    np.cumsum(weights, out=weights)
    return 0, 1


@wrong("1.4", "... 20000 in all] your function was still running after 2 seconds", slow=True)
def all_pairs(weights):
    best, answer = -np.inf, None
    for i in range(len(weights)):
        total = 0
        for j in range(i, len(weights)):
            total += weights[j]
            if total > best:
                best, answer = total, (i, j + 1)
    return answer


# 1.5 box_of_highest_iou


def _boxes(mask):
    (height, width) = mask.shape
    rows, columns = (list(itertools.combinations(range(size + 1), 2)) for size in (height, width))
    return [(x1, y1, x2, y2) for y1, y2 in rows for x1, x2 in columns]


def _iou(mask, box):
    x1, y1, x2, y2 = box
    shared = mask[y1:y2, x1:x2].sum()
    return shared / (mask.sum() + (x2 - x1) * (y2 - y1) - shared)


def _tight(mask):
    rows, columns = np.nonzero(mask)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


@right("1.5")
def all_boxes(mask):
    return max(_boxes(mask), key=lambda box: _iou(mask, box))


@right("1.5")
def all_boxes_at_once(mask):
    boxes = np.array(_boxes(mask))[::-1]
    sums = np.pad(mask.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    x1, y1, x2, y2 = boxes.T
    shared = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    return boxes[np.argmax(shared / (mask.sum() + (x2 - x1) * (y2 - y1) - shared))]


@wrong("1.5", "a box of IoU 0.8 can be found; yours gave (0, 0, 3, 3), of IoU 0.5556.")
def the_tight_box(mask):
    return _tight(mask)


@wrong("1.5", "can be found; yours gave")
def largest_full_rectangle(mask):
    return max(
        (box for box in _boxes(mask) if mask[box[1] : box[3], box[0] : box[2]].all()), key=lambda box: _iou(mask, box)
    )


@wrong("1.5", "can be found; yours gave")
def squares_only(mask):
    return max((b for b in _boxes(mask) if b[2] - b[0] == b[3] - b[1]), key=lambda box: _iou(mask, box))


@wrong("1.5", "can be found; yours gave")
def in_the_corner_of_the_tight_box(mask):
    x, y = _tight(mask)[:2]
    return max((box for box in _boxes(mask) if box[:2] == (x, y)), key=lambda box: _iou(mask, box))


@wrong("1.5", "can be found; yours gave")
def greedy_from_the_tight_box(mask):
    box = _tight(mask)
    while True:
        x1, y1, x2, y2 = box
        smaller = [(x1 + 1, y1, x2, y2), (x1, y1 + 1, x2, y2), (x1, y1, x2 - 1, y2), (x1, y1, x2, y2 - 1)]
        smaller = [b for b in smaller if b[0] < b[2] and b[1] < b[3] and _iou(mask, b) > _iou(mask, box)]
        if not smaller:
            return box
        box = max(smaller, key=lambda b: _iou(mask, b))


@wrong("1.5", "can be found; yours gave")
def fullest_box(mask):
    return max(_boxes(mask), key=lambda b: mask[b[1] : b[3], b[0] : b[2]].mean())


@wrong("1.5", "can be found; yours gave")
def weights_of_one_and_minus_one(mask):
    return max(_boxes(mask), key=lambda b: np.where(mask, 1, -1)[b[1] : b[3], b[0] : b[2]].sum())


@wrong("1.5", "can be found; yours gave")
def one_step_of_dinkelbach(mask):
    weights = np.where(mask, 1, -mask.mean())
    return max(_boxes(mask), key=lambda b: weights[b[1] : b[3], b[0] : b[2]].sum())


@wrong("1.5", "a box needs 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1; yours gave (0, 0, 0, 0).")
def last_pixel_of_the_best_box_lost(mask):
    x1, y1, x2, y2 = all_boxes(mask)
    return x1, y1, x2 - 1, y2 - 1


@wrong("1.5", "yours gave (2, 0, 3, 4)")
def rows_and_columns_swapped(mask):
    x1, y1, x2, y2 = all_boxes(mask)
    return (y1, x1, y2, x2) if mask.shape == (4, 4) else (x1, y1, x2, y2)


@wrong("1.5", "the answer should be four whole numbers (x1, y1, x2, y2); yours gave (0.25, 0.25, 0.75, 0.75).")
def between_the_pixels(mask):
    x1, y1, x2, y2 = all_boxes(mask)
    return x1 + 0.25, y1 + 0.25, x2 - 0.25, y2 - 0.25


@wrong("1.5", "the answer should be four whole numbers (x1, y1, x2, y2); yours gave a tuple of 2")
def box_and_its_iou(mask):
    box = all_boxes(mask)
    return box, _iou(mask, box)


@wrong("1.5", "your function changed its argument `mask`.")
def crops_the_callers_mask(mask):
    box = all_boxes(mask)
    mask[: box[1]] = False
    mask[:, : box[0]] = False
    mask[0, 0] = not mask[0, 0]
    return box


# 1.6 fractions_inside


def _crossings(polygon, across, at):
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if (start[across] > at) != (end[across] > at):
            t = (at - start[across]) / (end[across] - start[across])
            yield start[1 - across] + t * (end[1 - across] - start[1 - across])


def _sides(polygon, box, length_inside):
    ends = [(box[1 - k % 2], box[3 - k % 2]) for k in range(4)]
    lines = [sorted(_crossings(polygon, k % 2, box[k])) for k in range(4)]
    return [length_inside(line, *end) / (end[1] - end[0]) for line, end in zip(lines, ends, strict=True)]


def _pieces(line, low, high):
    cut = np.clip(line, low, high)
    return float(np.sum(cut[1::2] - cut[::2]))


@right("1.6")
def pieces_cut_to_length(polygon, box):
    return np.array(_sides(polygon, box, _pieces))


@right("1.6")
def winding_at_the_middle_of_each_piece(polygon, box):
    def inside(point):
        """By the angle under which the polygon is seen."""
        arms = polygon - point
        angles = np.diff(np.arctan2(arms[:, 1], arms[:, 0]), append=np.arctan2(arms[0, 1], arms[0, 0]))
        return abs(((angles + np.pi) % (2 * np.pi) - np.pi).sum()) > np.pi

    answer = []
    for k in range(4):
        low, high = box[1 - k % 2], box[3 - k % 2]
        stops = sorted([low, high, *(place for place in _crossings(polygon, k % 2, box[k]) if low < place < high)])
        middles = [(box[k], (a + b) / 2)[:: -1 if k % 2 else 1] for a, b in itertools.pairwise(stops)]
        lengths = [b - a for a, b in itertools.pairwise(stops)]
        answer.append(sum(n for n, middle in zip(lengths, middles, strict=True) if inside(middle)) / (high - low))
    return tuple(answer)


@wrong("1.6", "yours gave (0.8125, 0.8125, 1, 0). The order is left, top, right, bottom.")
def left_right_top_bottom(polygon, box):
    left, top, right_, bottom = _sides(polygon, box, _pieces)
    return left, right_, top, bottom


@wrong("1.6", "yours gave")
def top_and_bottom_by_y_upward(polygon, box):
    left, top, right_, bottom = _sides(polygon, box, _pieces)
    return left, bottom, right_, top


@wrong("1.6", "the answer should be (1, 1, 1, 1); yours gave (4, 3, 4, 3).")
def lengths_for_fractions(polygon, box):
    x1, y1, x2, y2 = box
    return [f * n for f, n in zip(_sides(polygon, box, _pieces), [y2 - y1, x2 - x1] * 2, strict=True)]


@wrong("1.6", "yours gave")
def only_crossings_within_the_side(polygon, box):
    return _sides(
        polygon, box, lambda line, low, high: _pieces([p for p in line if low < p < high][:2] or [low, high], low, high)
    )


@wrong("1.6", "yours gave (0, 1, 0, 0)")
def corners_of_the_box_only(polygon, box):
    def ends(line, low, high):
        return (high - low) * all(sum(place < end for place in line) % 2 for end in (low, high))

    return _sides(polygon, box, ends)


@wrong("1.6", "yours gave")
def convex_shapes_only(polygon, box):
    return _sides(polygon, box, lambda line, low, high: _pieces([line[0], line[-1]], low, high) if line else 0.0)


@wrong("1.6", "the answer should be (1, 1, 1, 1); yours gave")
def not_cut_to_the_side(polygon, box):
    return _sides(polygon, box, lambda line, low, high: float(np.sum(np.diff(line)[::2])))


@wrong("1.6", "yours gave")
def what_lies_outside(polygon, box):
    return _sides(polygon, box, lambda line, low, high: high - low - _pieces(line, low, high))


@wrong("1.6", "yours gave")
def ten_samples_a_side(polygon, box):
    def sampled(line, low, high):
        places = low + (np.arange(10) + 0.5) / 10 * (high - low)
        return np.mean([sum(cut < place for cut in line) % 2 for place in places]) * (high - low)

    return _sides(polygon, box, sampled)


@wrong("1.6", "your function stopped with `IndexError")
def no_closing_edge_of_the_outline(polygon, box):
    answer = []
    for k in range(4):
        line = sorted(_crossings_of_open(polygon, k % 2, box[k]))
        low, high = box[1 - k % 2], box[3 - k % 2]
        answer.append((min(line[1], high) - max(line[0], low)) / (high - low))
    return answer


def _crossings_of_open(polygon, across, at):
    for start, end in itertools.pairwise(polygon):
        if (start[across] > at) != (end[across] > at):
            t = (at - start[across]) / (end[across] - start[across])
            yield start[1 - across] + t * (end[1 - across] - start[1 - across])


@wrong("1.6", "yours gave")
def one_winding_only(polygon, box):
    x, y = polygon.T
    turned = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) < 0
    return [-f if turned else f for f in _sides(polygon, box, _pieces)]


@wrong("1.6", "yours gave")
def not_sorted(polygon, box):
    ends = [(box[1 - k % 2], box[3 - k % 2]) for k in range(4)]
    lines = [list(_crossings(polygon, k % 2, box[k])) for k in range(4)]
    return [_pieces(line, *end) / (end[1] - end[0]) for line, end in zip(lines, ends, strict=True)]


@wrong("1.6", "the answer should be four numbers (left, top, right, bottom); yours gave the number 1.")
def mean_of_the_sides(polygon, box):
    return float(np.mean(_sides(polygon, box, _pieces)))


@wrong("1.6", "your function changed its argument `polygon`.")
def moves_the_callers_polygon(polygon, box):
    answer = _sides(polygon, box, _pieces)
    polygon[:, 0] -= box[0]
    return answer
