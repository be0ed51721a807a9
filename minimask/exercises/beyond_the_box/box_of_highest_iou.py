"""Exercise 1.5: the best box of a small mask."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from minimask.exercises.answers import read_whole_numbers, words
from minimask.exercises.beyond_the_box.inputs import MASKS, BoolArray, mask_of
from minimask.exercises.exercise import Exercise
from minimask.exercises.pictures import mask_and_boxes
from minimask.geometry.ceilings import best_box

PixelBox = tuple[int, int, int, int]


def box_of_highest_iou(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the box `(x1, y1, x2, y2)` of highest IoU with a mask `(H, W)` that is not empty."""
    height, width = mask.shape
    best, ratio = (0, 0, width, height), -1.0
    while True:
        x1, y1, x2, y2 = best
        shared = np.sum(mask[y1:y2, x1:x2])
        iou = shared / (np.sum(mask) + (x2 - x1) * (y2 - y1) - shared)
        if iou <= ratio:
            return best
        ratio = iou
        # In a box that is better than the last one, these sum to more.
        weights = np.where(mask, 1.0, -ratio)
        best_sum = -np.inf
        for top in range(height):
            for bottom in range(top + 1, height + 1):
                total, start = 0.0, 0
                for k, weight in enumerate(weights[top:bottom].sum(axis=0)):
                    if total < 0:
                        total, start = 0.0, k
                    total += weight
                    if total > best_sum:
                        best_sum, best = total, (start, top, k + 1, bottom)


def _iou_with(mask: BoolArray, box: PixelBox) -> float:
    x1, y1, x2, y2 = box
    shared = int(mask[y1:y2, x1:x2].sum())
    return shared / (int(mask.sum()) + (x2 - x1) * (y2 - y1) - shared)


def _compare_ious(expected: float, answer: PixelBox, mask: BoolArray) -> str | None:
    x1, y1, x2, y2 = answer
    height, width = mask.shape
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        return f"a box needs 0 <= x1 < x2 <= {width} and 0 <= y1 < y2 <= {height}; yours gave {words(answer)}"
    iou = _iou_with(mask, answer)
    if iou > expected - 1e-9:
        return None
    return f"a box of IoU {words(expected, 4)} can be found; yours gave {words(answer)}, of IoU {words(iou, 4)}"


BOX_OF_HIGHEST_IOU = Exercise(
    id="1.5",
    title="The best box of a small mask",
    difficulty=4,
    minutes=30,
    teaches="that the tight box is not the best one, and how the best is found for certain",
    statement="""
Write `box_of_highest_iou(mask)`: of all boxes along the pixels' sides, the one with the highest IoU with the mask.

- `mask` is a Boolean array `(H, W)` of at most 6 by 6 pixels, of which at least one is set.
- Return `(x1, y1, x2, y2)`, whole numbers with `0 <= x1 < x2 <= W` and `0 <= y1 < y2 <= H`. If several boxes have the
highest IoU, return any of them.
- To try all boxes is fine here. If you like it faster, use Dinkelbach's method and your `best_interval`.
""",
    by_hand="""This mask has 5 pixels.

    # # .
    # # .
    . . #

The tight box `(0, 0, 3, 3)` has IoU 5 / 9. The box `(0, 0, 2, 2)` gives up one pixel and has IoU 4 / 5.""",
    worked=((mask_of("##.", "##.", "..#"),), (0, 0, 2, 2)),
    hints=(
        (
            "The pixels that a box shares with the mask are `mask[y1:y2, x1:x2].sum()`. The union is the mask's area "
            "and the box's, less what they share."
        ),
        "Four loops over x1, x2, y1 and y2 visit every box: 441 of them on 6 by 6 pixels. Keep the best so far.",
        (
            "Faster: give each pixel in the mask the weight 1, and each other the weight -λ, where λ is the best IoU "
            "so far. The box with the largest sum is better than λ, or λ was the best. To find it, sum each band of "
            "rows into one row, and call `best_interval`."
        ),
    ),
    solution=box_of_highest_iou,
    explanation="This is Dinkelbach's method. A box beats λ exactly if its I - λ U is above 0, and with "
    "U = A + |B| - I this means that its weights sum to more than λ A, where A is the area of the mask. Each turn of "
    "the outer loop takes the largest sum, and when its box is no better than the last there is none better: the proof "
    "comes with the answer. Four loops over all boxes are right too, and on 6 by 6 pixels about as fast.",
    reference=lambda mask: best_box(mask)[1],
    read=lambda answer: read_whole_numbers(answer, 4, "four whole numbers (x1, y1, x2, y2)"),
    compare=_compare_ious,
    draw=lambda found: mask_and_boxes(found.inputs[0], yours=found.answer),
    examples=tuple(
        (mask_of(*rows),)
        for rows in (
            ("#",),
            ("...", ".##", "..."),
            ("##.", "##.", "..#"),
            ("#...", "#...", "####", "...."),
            ("#..", ".#.", "..#"),
            ("...#", "####", "####", "#..."),
            ("##....", "##....", "....##", "....##", "....##"),
        )
    ),
    inputs=st.tuples(MASKS.filter(np.any)),
)
