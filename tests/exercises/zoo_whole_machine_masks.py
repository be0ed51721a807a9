"""Answers to the exercises of chapter 5 on masks: right ones and wrong ones."""

from __future__ import annotations

import math

import numpy as np
from zoo import right, wrong

# 5.4 true_class_mask_loss


def _own(logits, labels):
    return logits[np.arange(len(labels)), labels]


def _entropy(logits, targets):
    return np.maximum(logits, 0) - logits * targets + np.log1p(np.exp(-np.abs(logits)))


def _mean(numbers):
    return numbers.mean() if numbers.size else 0.0


@right("5.4")
def mask_loss_by_logaddexp(logits, targets, labels):
    own = _own(logits, labels)
    return np.float32(_mean(np.logaddexp(0, own) - own * targets))


@right("5.4")
def mask_loss_cell_by_cell(logits, targets, labels):
    losses = []
    for of_classes, target, label in zip(logits, targets, labels, strict=True):
        for x, t in zip(of_classes[label].ravel().tolist(), target.ravel().tolist(), strict=True):
            if x > 0:
                losses.append((1 - t) * x + math.log(1 + math.exp(-x)))
            else:
                losses.append(-t * x + math.log(1 + math.exp(x)))
    return sum(losses) / len(losses) if losses else 0


def _sigmoid(logits):
    return np.where(logits > 0, 1 / (1 + np.exp(-np.abs(logits))), 1 - 1 / (1 + np.exp(-np.abs(logits))))


def _plain(p, targets):
    return -targets * np.log(p) - (1 - targets) * np.log(1 - p)


@wrong("5.4", "yours gave nan, as 0 divided by 0 or 0 times inf does.")
def sigmoid_and_logarithm(logits, targets, labels):
    return _mean(_plain(_sigmoid(_own(logits, labels)), targets))


@wrong("5.4", "yours gave")
def a_little_added_within_the_logarithm(logits, targets, labels):
    p = _sigmoid(_own(logits, labels))
    return _mean(-targets * np.log(p + 1e-12) - (1 - targets) * np.log(1 - p + 1e-12))


@wrong("5.4", "Some logits are so large that the sigmoid of them is 0 or 1 to the last digit.")
def logits_kept_small(logits, targets, labels):
    return _mean(_entropy(np.clip(_own(logits, labels), -50, 50), targets))


@wrong("5.4", "yours gave")
def one_side_overflows(logits, targets, labels):
    own = _own(logits, labels)
    return _mean(np.log(1 + np.exp(-own)) + (1 - targets) * own)


@wrong("5.4", "yours gave")
def sigmoid_twice(logits, targets, labels):
    return _mean(_entropy(_sigmoid(_own(logits, labels)), targets))


@wrong("5.4", "the answer should be 1.063; yours gave 2.388.")
def classes_compete(logits, targets, labels):
    if not len(labels):
        return 0.0
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = _own(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), labels)
    return _mean(-targets * log_p - (1 - targets) * np.log(np.maximum(1 - np.exp(log_p), 1e-300)))


@wrong("5.4", "the answer should be 0.1269; yours gave 0.41.")
def masks_of_all_classes(logits, targets, labels):
    return _mean(_entropy(logits, targets[:, None]))


@wrong("5.4", "the answer should be 0.1269; yours gave 0.41.")
def other_classes_should_be_empty(logits, targets, labels):
    own = np.arange(logits.shape[1]) == labels[:, None]
    return _mean(_entropy(logits, np.where(own[:, :, None, None], targets[:, None], 0)))


@wrong("5.4", "the answer should be 0.1269; yours gave 0.6931.")
def mask_of_the_class_before(logits, targets, labels):
    return _mean(_entropy(_own(logits, labels - 1), targets))


@wrong("5.4", "the answer should be 1.063; yours gave 0.6269.")
def mask_of_the_surest_class(logits, targets, labels):
    if not len(labels):
        return 0.0
    return _mean(_entropy(_own(logits, logits.mean(axis=(2, 3)).argmax(axis=1)), targets))


@wrong("5.4", "the answer should be 1.088; yours gave 0.02765.")
def mask_of_the_first_label(logits, targets, labels):
    return _mean(_entropy(logits[:, labels[0]], targets)) if len(labels) else 0.0


@wrong("5.4", "the answer should be 0.7955; yours gave 3.182.")
def added_up_and_not_averaged(logits, targets, labels):
    return _entropy(_own(logits, labels), targets).sum()


@wrong("5.4", "the answer should be 0.7955; yours gave 3.182.")
def added_up_over_each_mask(logits, targets, labels):
    return _entropy(_own(logits, labels), targets).sum() / max(len(labels), 1)


@wrong("5.4", "the answer should be 2.127; yours gave 0.")
def only_what_is_inside(logits, targets, labels):
    return _mean(targets * np.logaddexp(0, -_own(logits, labels)))


@wrong("5.4", "the answer should be 1.063; yours gave 1.313.")
def targets_made_hard(logits, targets, labels):
    return _mean(_entropy(_own(logits, labels), (targets >= 0.5).astype(float)))


@wrong("5.4", "the answer should be 0.1269; yours gave 2.127.")
def inside_and_outside_swapped(logits, targets, labels):
    return _mean(_entropy(_own(logits, labels), 1 - targets))


@wrong("5.4", "the answer should be 0.3466; yours gave 400.3.")
def rows_and_columns_of_targets_swapped(logits, targets, labels):
    return _mean(_entropy(_own(logits, labels), targets.transpose(0, 2, 1)))


@wrong("5.4", "the answer should be 0.1269; yours gave 0.1831.")
def logarithm_to_the_base_two(logits, targets, labels):
    return _mean(_entropy(_own(logits, labels), targets)) / np.log(2)


@wrong("5.4", "For logits = [] and targets = [] and labels = [] the answer should be one number; yours gave nan")
def mean_of_no_cell(logits, targets, labels):
    return _entropy(_own(logits, labels), targets).mean()


@wrong("5.4", "the answer should be one number; yours gave an array of shape (1, 1, 1).")
def one_loss_for_each_cell(logits, targets, labels):
    return _entropy(_own(logits, labels), targets)


@wrong("5.4", "your function changed its argument `logits`.")
def logits_clipped_in_place(logits, targets, labels):
    loss = _mean(_entropy(_own(logits, labels), targets))
    np.clip(logits, -500, 0.5, out=logits)
    return loss


# 5.5 crop_mask


def _tent(positions, count):
    return np.maximum(1 - np.abs(positions[:, None] - np.arange(count)), 0)


def _centers(low, high, size):
    return low + (np.arange(size) + 0.5) * (high - low) / size


def _crop(mask, box, size, points=_centers, half=0.5, clamp=True, weights=_tent):
    x1, y1, x2, y2 = box
    height, width = mask.shape
    matrices = []
    for low, high, pixels in ((y1, y2, height), (x1, x2, width)):
        positions = points(low, high, size) - half
        matrices.append(weights(np.clip(positions, 0, pixels - 1) if clamp else positions, pixels))
    wy, wx = matrices
    return wy @ mask @ wx.T


@right("5.5")
def crop_with_four_neighbors(mask, box, size):
    height, width = mask.shape
    target = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(size):
            y = min(max(box[1] + (i + 0.5) * (box[3] - box[1]) / size - 0.5, 0), height - 1)
            x = min(max(box[0] + (j + 0.5) * (box[2] - box[0]) / size - 0.5, 0), width - 1)
            top, left = int(y), int(x)
            bottom, right_ = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = (left + 1 - x) * mask[top, left] + (x - left) * mask[top, right_]
            lower = (left + 1 - x) * mask[bottom, left] + (x - left) * mask[bottom, right_]
            target[i][j] = float((top + 1 - y) * upper + (y - top) * lower)
    return target


@right("5.5")
def crop_with_an_edge_around_it(mask, box, size):
    padded = np.pad(mask.astype(np.float32), 1, mode="edge")
    return _crop(padded, tuple(side + 1 for side in box), size, clamp=False)


@right("5.5")
def crop_with_interp(mask, box, size):
    height, width = mask.shape
    across = [np.interp(_centers(box[0], box[2], size), np.arange(width) + 0.5, row) for row in mask]
    return np.stack(
        [np.interp(_centers(box[1], box[3], size), np.arange(height) + 0.5, column) for column in np.transpose(across)],
        axis=1,
    )


@wrong("5.5", "the number at row 0, column 0 should be 1; yours gave 0.5 there.")
def half_a_pixel_beside(mask, box, size):
    return _crop(mask, box, size, half=0)


@wrong("5.5", "yours gave")
def half_a_pixel_to_the_other_side(mask, box, size):
    return _crop(mask, box, size, half=1)


@wrong("5.5", "yours gave")
def at_the_corners_of_the_cells(mask, box, size):
    return _crop(mask, box, size, points=lambda low, high, size: low + np.arange(size) * (high - low) / size)


@wrong("5.5", "yours gave")
def from_side_to_side(mask, box, size):
    return _crop(mask, box, size, points=np.linspace)


@wrong("5.5", "the number at row 0, column 0 should be 0.5; yours gave 0 there")
def the_nearest_pixel(mask, box, size):
    return _crop(mask, box, size, weights=lambda positions, count: np.eye(count)[np.round(positions).astype(int)])


@wrong("5.5", "the number at row 0, column 0 should be 0.5; yours gave 1 there")
def the_pixel_it_lies_in(mask, box, size):
    return _crop(mask, box, size, half=0, weights=lambda positions, count: np.eye(count)[positions.astype(int)])


@wrong("5.5", "the number at row 0, column 1 should be 1; yours gave 0.5 there")
def target_on_its_side(mask, box, size):
    return _crop(mask, box, size).T


@wrong("5.5", "the number at row 0, column 0 should be 1; yours gave 0.5 there")
def box_on_its_side(mask, box, size):
    return _crop(mask, (box[1], box[0], box[3], box[2]), size)


@wrong("5.5", "the number at row 0, column 0 should be 0.5; yours gave 0 there")
def box_rounded(mask, box, size):
    x1, y1, x2, y2 = (float(round(side)) for side in box)
    return _crop(mask, (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)), size)


@wrong("5.5", "the number at row 0, column 0 should be 0.5; yours gave 0 there")
def box_cut_to_whole_numbers(mask, box, size):
    return _crop(mask, tuple(map(int, box)), size)


@wrong("5.5", "the number at row 0, column 0 should be 1; yours gave 0.5 there")
def last_pixel_included_in_the_box(mask, box, size):
    return _crop(mask, (box[0], box[1], box[2] + 1, box[3] + 1), size)


@wrong("5.5", "the number at row 0, column 0 should be 0.5; yours gave 1 there")
def target_of_zeros_and_ones(mask, box, size):
    return (_crop(mask, box, size) >= 0.5).astype(int)


@wrong("5.5", "Some center of a cell lies within half a pixel of the border.")
def zeros_around_the_picture(mask, box, size):
    return _crop(mask, box, size, clamp=False)


@wrong("5.5", "Some center of a cell lies within half a pixel of the border.")
def weights_that_leave_the_picture(mask, box, size):
    def weights(positions, count):
        before = np.clip(np.floor(positions).astype(int), 0, max(count - 2, 0))
        part = (positions - before)[:, None]  # below 0 or above 1 at the border
        return (1 - part) * np.eye(count)[before] + part * np.eye(count)[np.minimum(before + 1, count - 1)]

    return _crop(mask, box, size, clamp=False, weights=weights)


@wrong("5.5", "the number at row 0, column 1 should be 1; yours gave 0.875 there")
def around_the_other_side_of_the_picture(mask, box, size):
    def weights(positions, count):
        before = np.floor(positions).astype(int)
        part = (positions - before)[:, None]
        return (1 - part) * np.eye(count)[before % count] + part * np.eye(count)[(before + 1) % count]

    return _crop(mask, box, size, clamp=False, weights=weights)


@wrong("5.5", "your function stopped with `IndexError: index")
def a_pixel_behind_the_last_one(mask, box, size):
    y, x = _centers(box[1], box[3], size) - 0.5, _centers(box[0], box[2], size) - 0.5
    (top, left), (v, u) = (np.floor(y).astype(int), np.floor(x).astype(int)), (y % 1, x % 1)
    rows = mask[top] * (1 - v)[:, None] + mask[top + 1] * v[:, None]
    return rows[:, left] * (1 - u) + rows[:, left + 1] * u


@wrong("5.5", "the number at row 0, column 0 should be 1; yours gave 0 there")
def near_and_far_swapped(mask, box, size):
    def weights(positions, count):
        before = np.floor(positions).astype(int)
        part = (positions - before)[:, None]
        return part * np.eye(count)[before] + (1 - part) * np.eye(count)[np.minimum(before + 1, count - 1)]

    return _crop(mask, box, size, weights=weights)


@wrong("5.5", "the number at row 0, column 0 should be 0.5; yours gave 0.25 there")
def cut_out_before_it_is_read(mask, box, size):
    x1, y1 = int(box[0]), int(box[1])
    x2, y2 = math.ceil(box[2]), math.ceil(box[3])
    return _crop(mask[y1:y2, x1:x2], (0, 0, x2 - x1, y2 - y1), size)


@wrong("5.5", "the number at row 0, column 0 should be 1; yours gave 0.75 there")
def two_by_two_samples(mask, box, size):
    return _crop(mask, box, 2 * size).reshape(size, 2, size, 2).mean(axis=(1, 3))


@wrong("5.5", "the number at row 0, column 1 should be 1; yours gave 0 there")
def upside_down(mask, box, size):
    return _crop(mask, box, size)[::-1]


@wrong("5.5", "the answer should be an array of shape (1, 1); yours gave one of shape")
def the_pixels_of_the_box(mask, box, size):
    return mask[int(box[1]) : math.ceil(box[3]), int(box[0]) : math.ceil(box[2])].astype(float)


@wrong("5.5", "your function changed its argument `mask`.")
def pixels_outside_wiped_out(mask, box, size):
    target = _crop(mask, box, size)
    mask[:, : math.ceil(box[0])] = False
    mask[:, int(box[2]) :] = False
    mask[: math.ceil(box[1])] = False
    return target


# 5.6 paste_mask


def _paste(mask, box, height, width, point=0.5, cell=0.5, weights=_tent, more=0):
    """Return the values before the threshold."""
    cells = len(mask)
    wy, wx = (
        weights((np.arange(pixels) + point - low) * cells / (high - low + more) - cell, cells)
        for low, high, pixels in ((box[1], box[3], height), (box[0], box[2], width))
    )
    return wy @ mask @ wx.T


@right("5.6")
def paste_of_a_padded_mask(mask, box, height, width):
    padded, grown = np.pad(mask, 1), np.array(box)
    border = (grown[2:] - grown[:2]) / len(mask)
    inside = lambda positions, cells: _tent(np.clip(positions, 0, cells - 1), cells)  # noqa: E731
    return _paste(padded, [*(grown[:2] - border), *(grown[2:] + border)], height, width, weights=inside) > 0.5


@right("5.6")
def paste_of_zeros_and_ones(mask, box, height, width):
    x1, y1, x2, y2 = box
    cells = len(mask)
    pasted = []
    for i in range(height):
        row = []
        for j in range(width):
            v, u = (i + 0.5 - y1) / (y2 - y1) * cells - 0.5, (j + 0.5 - x1) / (x2 - x1) * cells - 0.5
            near = [
                mask[r, c] * max(0, 1 - abs(v - r)) * max(0, 1 - abs(u - c)) for r in range(cells) for c in range(cells)
            ]
            row.append(float(sum(near) >= 0.5))
        pasted.append(row)
    return pasted


@wrong("5.6", "yours gave")
def pixels_asked_at_their_corners(mask, box, height, width):
    return _paste(mask, box, height, width, point=0) > 0.5


@wrong("5.6", "yours gave")
def cells_read_at_their_corners(mask, box, height, width):
    return _paste(mask, box, height, width, cell=0) > 0.5


@wrong("5.6", "yours gave")
def both_at_their_corners(mask, box, height, width):
    return _paste(mask, box, height, width, point=0, cell=0) > 0.5


@wrong("5.6", "the number at row 0, column 0 should be 0; yours gave 1 there")
def centers_of_cells_on_the_sides(mask, box, height, width):
    cells = len(mask)
    wy, wx = (
        _tent((np.arange(pixels) + 0.5 - low) / (high - low) * (cells - 1), cells)
        for low, high, pixels in ((box[1], box[3], height), (box[0], box[2], width))
    )
    return wy @ mask @ wx.T > 0.5


def _inside(box, height, width):
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    return ((y > box[1]) & (y < box[3]))[:, None] & (x > box[0]) & (x < box[2])


def _nearest(positions, cells):
    return (np.round(positions)[:, None] == np.arange(cells)).astype(float)


@wrong("5.6", "the number at row 0, column 2 should be 0; yours gave 1 there")
def the_nearest_cell(mask, box, height, width):
    return (_paste(mask, box, height, width, weights=_nearest) > 0.5) & _inside(box, height, width)


@wrong("5.6", "the number at row 1, column 2 should be 0; yours gave 1 there")
def threshold_before_interpolation(mask, box, height, width):
    return _paste((mask > 0.5).astype(float), box, height, width) > 0.5


def _clamped(positions, cells):
    return _tent(np.clip(positions, 0, cells - 1), cells)


@wrong("5.6", "the number at row 0, column 2 should be 0; yours gave 1 there")
def outermost_cells_go_to_the_side(mask, box, height, width):
    return (_paste(mask, box, height, width, weights=_clamped) > 0.5) & _inside(box, height, width)


@wrong("5.6", "the number at row 0, column 0 should be 0; yours gave 1 there")
def outermost_cells_never_end(mask, box, height, width):
    return _paste(mask, box, height, width, weights=_clamped) > 0.5


@wrong("5.6", "the number at row 0, column 0 should be 0; yours gave 1 there")
def box_of_whole_pixels(mask, box, height, width):
    x1, y1, x2, y2 = map(int, box)
    return _paste(mask, (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)), height, width) > 0.5


@wrong("5.6", "the number at row 1, column 2 should be 0; yours gave 1 there")
def box_of_the_nearest_pixels(mask, box, height, width):
    x1, y1, x2, y2 = map(round, box)
    return _paste(mask, (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)), height, width) > 0.5


@wrong("5.6", "the number at row 1, column 3 should be 0; yours gave 1 there")
def last_pixel_included_in_the_width(mask, box, height, width):
    return _paste(mask, box, height, width, more=1) > 0.5


@wrong("5.6", "the number at row 1, column 1 should be 1; yours gave 0 there")
def as_first_published(mask, box, height, width):
    cells = len(mask)
    center, half = np.add(box[2:], box[:2]) / 2, np.subtract(box[2:], box[:2]) / 2 * (cells + 2) / cells
    grown = [int(side) for side in (*(center - half), *(center + half))]
    values = _paste(np.pad(mask, 1), grown, height, width, weights=_clamped, more=1)
    return (values > 0.5) & _inside((grown[0], grown[1], grown[2] + 1, grown[3] + 1), height, width)


@wrong("5.6", "the number at row 0, column 2 should be 0; yours gave 1 there")
def mask_on_its_side(mask, box, height, width):
    return _paste(mask.T, box, height, width) > 0.5


@wrong("5.6", "the number at row 0, column 1 should be 1; yours gave 0 there")
def x_and_y_of_the_box_swapped(mask, box, height, width):
    return _paste(mask, (box[1], box[0], box[3], box[2]), height, width) > 0.5


@wrong("5.6", "the answer should be an array of shape (3, 4); yours gave one of shape (4, 3).")
def picture_on_its_side(mask, box, height, width):
    return _paste(mask, box, height, width).T > 0.5


@wrong("5.6", "the number at row 0, column 2 should be 0; yours gave 1 there")
def anything_at_all(mask, box, height, width):
    return _paste(mask, box, height, width) > 0


@wrong("5.6", "a Boolean array (H, W); yours gave one with 0.9 in it.")
def soft_masks(mask, box, height, width):
    return _paste(mask, box, height, width)


@wrong("5.6", "the answer should be an array of shape (3, 4); yours gave one of shape (2, 2).")
def the_box_alone(mask, box, height, width):
    rows, columns = round(box[3] - box[1]), round(box[2] - box[0])
    return _paste(mask, (0, 0, max(columns, 1), max(rows, 1)), max(rows, 1), max(columns, 1)) > 0.5


@wrong("5.6", "the number at row 0, column 0 should be 0; yours gave 1 there")
def laid_in_by_slices(mask, box, height, width):
    x1, y1, x2, y2 = map(int, box)
    picture = np.zeros((height, width), dtype=bool)
    part = _paste(mask, (0, 0, box[2] - box[0], box[3] - box[1]), max(y2 - y1, 1), max(x2 - x1, 1)) > 0.5
    room = picture[y1 : y1 + len(part), x1 : x1 + part.shape[1]]  # from the other side, where a corner is below 0
    room[:] = part[: room.shape[0], : room.shape[1]]
    return picture


@wrong("5.6", "your function stopped with `ValueError: could not broadcast input array")
def laid_in_without_a_look_at_the_border(mask, box, height, width):
    x1, y1, x2, y2 = (math.floor(side) for side in box)
    picture = np.zeros((height, width), dtype=bool)
    shifted = (box[0] - x1, box[1] - y1, box[2] - x1, box[3] - y1)
    picture[y1:y2, x1:x2] = _paste(mask, shifted, y2 - y1, x2 - x1) > 0.5
    return picture


@wrong("5.6", "your function changed its argument `mask`.")
def doubts_wiped_out(mask, box, height, width):
    covered = _paste(mask, box, height, width) > 0.5
    mask[mask < 0.95] = 0
    return covered
