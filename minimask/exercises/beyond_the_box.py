"""The exercises of chapter 1, beyond the box: from the IoU of two boxes to the rule that the best box obeys."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from matplotlib.path import Path
from numpy.typing import NDArray

from minimask.exercises import pictures
from minimask.exercises.answers import Unreadable, read_number, read_numbers, read_whole_numbers, words
from minimask.exercises.exercise import Exercise
from minimask.geometry.boxes import box_iou
from minimask.geometry.ceilings import best_box
from minimask.geometry.masks import mask_box
from minimask.geometry.polygons import polygon_area

Box = tuple[float, float, float, float]
PixelBox = tuple[int, int, int, int]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# What is drawn are quarters and halves: sums and products of them are exact, and they are not all whole numbers.


def _box(x1: float, y1: float, width: float, height: float) -> Box:
    return float(x1), float(y1), float(x1 + width), float(y1 + height)


def _mask(*rows: str) -> BoolArray:
    """Return a mask from rows of `#` (inside) and `.` (outside)."""
    return np.array([[pixel == "#" for pixel in row] for row in rows])


_STARTS = st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0, 2.75, 10.25])
_SIZES = st.sampled_from([1.0, 2.0, 3.0, 0.5, 2.25, 0.0])
_BOXES = st.builds(_box, _STARTS, _STARTS, _SIZES, _SIZES)
_MASKS = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda size: st.lists(st.booleans(), min_size=size[0] * size[1], max_size=size[0] * size[1]).map(
        lambda pixels: np.array(pixels).reshape(size)
    )
)


def _is_simple(polygon: FloatArray) -> bool:
    try:
        return polygon_area(polygon) > 0
    except ValueError:  # it crosses or touches itself
        return False


def _polygons(step: float) -> st.SearchStrategy[FloatArray]:
    """Draw polygons `(N, 2)` of 3 to 6 vertices on squared paper, of either winding, that do not cross themselves."""
    places = st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).map(lambda place: place * step)
    corners = st.lists(st.tuples(places, places), min_size=3, max_size=6, unique=True)
    return corners.map(np.array).filter(_is_simple)


# 1.1


def pair_iou(box_a: Box, box_b: Box) -> float:
    """Return the IoU of two boxes, each `(x1, y1, x2, y2)` in pixels."""
    width = min(box_a[2], box_b[2]) - max(box_a[0], box_b[0])
    height = min(box_a[3], box_b[3]) - max(box_a[1], box_b[1])
    intersection = max(width, 0.0) * max(height, 0.0)
    area_a = (box_a[2] - box_a[0]) * (box_a[3] - box_a[1])
    area_b = (box_b[2] - box_b[0]) * (box_b[3] - box_b[1])
    union = area_a + area_b - intersection
    return intersection / union if union > 0 else 0.0


def _how_boxes_lie(box_a: Box, box_b: Box) -> str:
    width, height = (min(box_a[k + 2], box_b[k + 2]) - max(box_a[k], box_b[k]) for k in (0, 1))
    if box_a == box_b:
        return "The two boxes are the same."
    if width < 0 or height < 0:
        return "The boxes do not touch."
    if width == 0 or height == 0:
        return "The boxes share no area."
    return ""


IOU = Exercise(
    id="1.1",
    title="The IoU of two boxes",
    difficulty=1,
    minutes=10,
    teaches="intersection over union, and the two cases on which most first attempts break",
    statement="""
Write `pair_iou(box_a, box_b)`: the area that two boxes share, divided by the area that they cover together.

- A box is a tuple `(x1, y1, x2, y2)` of floats with `x1 <= x2` and `y1 <= y2`, in continuous pixel coordinates: its
width is `x2 - x1`, without a `+ 1`. Coordinates need not be whole, and a box may have no area.
- Return one number from 0 to 1. If both boxes have no area, return 0.
""",
    by_hand="`(0, 0, 2, 2)` and `(1, 0, 3, 2)` share 1 by 2 = 2. Together they cover 4 + 4 - 2 = 6. IoU = 2 / 6.",
    worked=(((0.0, 0.0, 2.0, 2.0), (1.0, 0.0, 3.0, 2.0)), 2 / 6),
    hints=(
        "What two boxes share is a box again. Its left side is the one of the two left sides that lies farther to the "
        "right. Which are its other three sides?",
        "If the boxes lie apart, this third box is turned inside out: its width or its height is negative. What should "
        "its area be then? Mind that two negative numbers have a positive product.",
        "The sum of the two areas counts the shared part twice. And before you divide: can the union be 0?",
    ),
    solution=pair_iou,
    explanation="`max(..., 0)` stands at the width and at the height, not at their product: boxes that lie apart both "
    "in x and in y have two negative lengths, and a positive product.",
    reference=lambda box_a, box_b: float(box_iou([box_a], [box_b])[0, 0]),
    read=read_number,
    remark=_how_boxes_lie,
    draw=pictures.two_boxes,
    examples=(
        (_box(0, 0, 2, 2), _box(0, 0, 2, 2)),
        (_box(0, 0, 2, 2), _box(1, 0, 2, 2)),
        (_box(0, 0, 1, 1), _box(2, 0, 1, 1)),
        (_box(0, 0, 1, 1), _box(2, 2, 1, 1)),
        (_box(0, 0, 1, 1), _box(1, 0, 1, 1)),
        (_box(0, 0, 4, 4), _box(1, 1, 1, 2)),
        (_box(0, 0, 4, 1), _box(0, 0, 1, 3)),
        (_box(0.25, 0, 1.25, 1), _box(1, 0.5, 1.5, 2)),
        (_box(1, 1, 0, 0), _box(1, 1, 0, 0)),
    ),
    inputs=st.tuples(_BOXES, _BOXES),
)


# 1.2


def shoelace(polygon: np.ndarray) -> float:
    """Return the area of a polygon `(N, 2)`, rows x y in pixels, of either winding."""
    total = 0.0
    for k in range(len(polygon)):
        x, y = polygon[k - 1]
        next_x, next_y = polygon[k]
        total += x * next_y - next_x * y
    return abs(total) / 2


def _winding(polygon: FloatArray) -> str:
    x, y = polygon.T
    turn = "clockwise" if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0 else "counterclockwise"
    return f"On the screen, where y points down, this polygon runs {turn}."


AREA = Exercise(
    id="1.2",
    title="The area of a polygon",
    difficulty=2,
    minutes=10,
    teaches="the shoelace formula, and what the sign of an area means",
    statement="""
Write `shoelace(polygon)`: the area of a polygon that does not cross itself.

- `polygon` is an array `(N, 2)`, a row x y for each of N >= 3 vertices. The last vertex is joined to the first.
- The vertices may run clockwise or counterclockwise. The area is above 0 either way.
- Each edge, from (x, y) to (x', y'), adds x y' - x' y to a sum, and the area is half of that sum, up to its sign.
""",
    by_hand="(0, 0), (4, 0), (0, 3): the three edges add 0, 12 and 0. Half of 12 is 6, as it should be for a triangle "
    "of base 4 and height 3.",
    worked=((np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]),), 6.0),
    hints=(
        "A polygon of N vertices has N edges. Which one does a loop over the rows from 0 to N - 2 forget?",
        "`np.roll(x, -1)` is x with each entry replaced by the next one, and the last by the first.",
        "Some edges add and some take away, and that is right: what the edges sweep outside the polygon has to cancel. "
        "So where must `abs` stand, at each edge or at the sum?",
    ),
    solution=shoelace,
    explanation="Each edge, together with the origin, spans a triangle of signed area (x y' - x' y) / 2. Parts outside "
    "the polygon are swept once forward and once backward and cancel. In Python `polygon[-1]` is the last row, so that "
    "the loop begins with the closing edge.",
    reference=polygon_area,
    read=read_number,
    remark=_winding,
    draw=pictures.ring,
    examples=tuple(
        (np.array(corners, dtype=float),)
        for corners in (
            [(0, 0), (1, 0), (1, 1), (0, 1)],
            [(0, 0), (4, 0), (0, 3)],
            [(0, 0), (0, 3), (4, 0)],
            [(1, 1), (3, 2), (2, 4)],
            [(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)],
            [(-1.5, -1), (2, 0.5), (0, 2.25), (0.25, 0.5)],
            [(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)],
        )
    ),
    inputs=st.tuples(_polygons(0.5)),
)


# 1.3


def box_around(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return the tight box `(x1, y1, x2, y2)` of a mask `(H, W)`, or raise ValueError if the mask is empty."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        raise ValueError("mask must have at least one pixel set")
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


TIGHT = Exercise(
    id="1.3",
    title="The tight box of a mask",
    difficulty=2,
    minutes=10,
    teaches="rows and columns against y and x, and where a pixel ends",
    statement="""
Write `box_around(mask)`: the smallest box that holds all pixels of a mask.

- `mask` is a Boolean array `(H, W)`. Pixel (row i, column j) is the square from x = j to j + 1 and from y = i to i + 1.
- Return `(x1, y1, x2, y2)`. So `x2 - x1` is the number of columns that the box holds.
- An empty mask has no box: raise `ValueError`.
""",
    by_hand="""in this mask the pixels (`#`) stand in columns 1 and 2 of row 0, and column 1 of row 1.

    . # # .
    . # . .
    . . . .

The box is `(1, 0, 3, 2)`.""",
    worked=((_mask(".##.", ".#..", "...."),), (1, 0, 3, 2)),
    hints=(
        "Which rows have a pixel at all, and which columns? `np.nonzero(mask)` gives the row numbers and the column "
        "numbers of all pixels.",
        "x goes along the columns and y along the rows, so the first coordinate comes from the *second* index.",
        "The last column of the mask begins at its number and ends one later, at x2.",
    ),
    solution=box_around,
    explanation="Continuous coordinates need the `+ 1` in one place only, where pixel numbers become coordinates, and "
    "after that never again: widths, areas and shifts are plain differences.",
    reference=lambda mask: tuple(int(side) for side in mask_box(mask)),
    read=lambda answer: read_whole_numbers(answer, 4, "four whole numbers (x1, y1, x2, y2)"),
    draw=pictures.pixels,
    examples=tuple(
        (_mask(*rows),)
        for rows in (
            ("#",),
            ("....", ".##.", "...."),
            (".##.", ".#..", "...."),
            ("..#", ".#.", "#..", "..."),
            ("......", "...#..", "......", ".#...."),
            ("###", "###"),
            ("..", ".."),
        )
    ),
    inputs=st.tuples(_MASKS),
    refuses=(ValueError,),
)


# 1.4


def best_interval(weights: np.ndarray) -> tuple[int, int]:
    """Return `(i, j)`, i < j, so that the sum of `weights[i:j]` is the largest; `weights` is `(N,)`, N >= 1."""
    best_sum, best = -np.inf, (0, 1)
    total, start = 0.0, 0
    for k, weight in enumerate(weights):
        if total < 0:
            total, start = 0.0, k
        total += weight
        if total > best_sum:
            best_sum, best = total, (start, k + 1)
    return best


def _best_sum(weights: FloatArray) -> float:
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return float(np.max(sums[1:] - np.minimum.accumulate(sums)[:-1]))


def _read_interval(answer: object) -> tuple[int, ...]:
    i, j = read_whole_numbers(answer, 2, "two whole numbers (i, j)")
    if not 0 <= i < j:
        raise Unreadable(f"the answer should be (i, j) with 0 <= i < j; yours gave {words((i, j))}")
    return i, j


def _compare_sums(expected: float, answer: tuple[int, int], weights: FloatArray) -> str | None:
    i, j = answer
    if j > len(weights):
        return f"j should be at most {len(weights)}, the length of the row; yours gave {words(answer)}"
    total = float(weights[i:j].sum())
    if np.isclose(total, expected):
        return None
    return f"the largest sum is {words(expected)}; yours gave {words(answer)}, with the sum {words(total)}"


INTERVAL = Exercise(
    id="1.4",
    title="The best interval of a row",
    difficulty=3,
    minutes=20,
    teaches="Kadane's algorithm, the inner loop of the exact best box",
    statement="""
Write `best_interval(weights)`: the part of a row of numbers that has the largest sum.

- `weights` is an array `(N,)` of floats, N >= 1.
- Return `(i, j)`, two whole numbers with `0 <= i < j <= N`, for the part `weights[i:j]`. It may not be empty, not
even where all weights are negative. If several parts have the largest sum, return any of them.
- Go along the row once. To try all parts takes too long: the last row of the check has 20,000 numbers.
""",
    by_hand="in -1, 3, -2, 4, -5, 2 the part 3, -2, 4 has the sum 5, and no other has more. So the answer is `(1, 4)`.",
    worked=((np.array([-1.0, 3.0, -2.0, 4.0, -5.0, 2.0]),), (1, 4)),
    hints=(
        "Walk along the row, and ask at each place: which is the best part that *ends here*?",
        "The best part that ends here is this number alone, or this number behind the best part that ended just before. "
        "When is it better to drop what came before?",
        "Drop it when its sum is below 0, not when this number is. And begin with the first number as the best so far, "
        "or with minus infinity: beginning with a sum of 0 goes wrong where all numbers are negative.",
    ),
    solution=best_interval,
    explanation="A part that begins with a negative sum is better without that beginning. So the walk never has to look "
    "back: one pass instead of N (N + 1) / 2 parts. Exercise 1.5 calls this once for each band of rows.",
    reference=_best_sum,
    read=_read_interval,
    compare=_compare_sums,
    remark=lambda weights: "All weights are negative." if (weights < 0).all() else "",
    draw=pictures.row,
    examples=tuple(
        (np.array(weights, dtype=float),)
        for weights in (
            (1,),
            (2, 1),
            (-2, 3),
            (-1, 3, -2, 4, -5, 2),
            (3, -1, 3),
            (-3, -1, -2),
            (0.5, -0.25, 0.5, -2, 0.5),
        )
    ),
    inputs=st.tuples(
        st.lists(st.sampled_from([1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.25, 0.0]), min_size=1, max_size=8).map(
            np.array
        )
    ),
    large_examples=((np.random.default_rng(0).integers(-8, 9, 20_000) / 4,),),
)


# 1.5


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
        weights = np.where(mask, 1.0, -ratio)  # a box is better than the last one if these sum to more
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


BEST = Exercise(
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
    by_hand="""this mask has 5 pixels.

    # # .
    # # .
    . . #

The tight box `(0, 0, 3, 3)` has IoU 5 / 9. The box `(0, 0, 2, 2)` gives up one pixel and has IoU 4 / 5.""",
    worked=((_mask("##.", "##.", "..#"),), (0, 0, 2, 2)),
    hints=(
        "The pixels that a box shares with the mask are `mask[y1:y2, x1:x2].sum()`. The union is the mask's area and "
        "the box's, less what they share.",
        "Four loops over x1, x2, y1 and y2 visit every box: 441 of them on 6 by 6 pixels. Keep the best so far.",
        "Faster: give each pixel in the mask the weight 1, and each other the weight -λ, where λ is the best IoU so far. "
        "The box with the largest sum is better than λ, or λ was the best. To find it, sum each band of rows into one "
        "row, and call `best_interval`.",
    ),
    solution=box_of_highest_iou,
    explanation="This is Dinkelbach's method. A box beats λ exactly if its I - λ U is above 0, and with U = A + |B| - I "
    "this means that its weights sum to more than λ A, where A is the area of the mask. Each turn of the outer loop "
    "takes the largest sum, and when its box is no better than the last there is none better: the proof comes with the "
    "answer. Four loops over all boxes are right too, and on 6 by 6 pixels about as fast.",
    reference=lambda mask: best_box(mask)[1],
    read=lambda answer: read_whole_numbers(answer, 4, "four whole numbers (x1, y1, x2, y2)"),
    compare=_compare_ious,
    draw=pictures.pixels,
    examples=tuple(
        (_mask(*rows),)
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
    inputs=st.tuples(_MASKS.filter(np.any)),
)


# 1.6


def fractions_inside(polygon: np.ndarray, box: Box) -> tuple[float, float, float, float]:
    """Return which fractions of a box's sides (left, top, right, bottom) lie inside a polygon `(N, 2)`."""
    fractions = []
    for k in range(4):
        across = k % 2  # 0: the side is upright, at x = box[k]; 1: it is level, at y = box[k]
        low, high = box[1 - across], box[3 - across]
        crossings = []
        for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if (start[across] > box[k]) != (end[across] > box[k]):
                t = (box[k] - start[across]) / (end[across] - start[across])
                crossings.append(start[1 - across] + t * (end[1 - across] - start[1 - across]))
        places = np.clip(sorted(crossings), low, high)
        fractions.append(float(np.sum(places[1::2] - places[::2])) / (high - low))
    left, top, right, bottom = fractions
    return left, top, right, bottom


def _side_fractions(polygon: FloatArray, box: Box) -> tuple[float, ...]:
    """Cut each side where an edge, prolonged, meets it, and ask of the middle of each piece whether it is inside."""
    fractions = []
    for k in range(4):
        across, along = k % 2, 1 - k % 2
        low, high = box[along], box[along + 2]
        starts, steps = polygon, np.roll(polygon, -1, axis=0) - polygon
        slanted = steps[:, across] != 0
        turns = (box[k] - starts[slanted, across]) / steps[slanted, across]
        cuts = np.unique(
            np.clip([low, high, *(starts[slanted] + turns[:, None] * steps[slanted])[:, along]], low, high)
        )
        middles = np.full((len(cuts) - 1, 2), box[k], dtype=float)
        middles[:, along] = (cuts[1:] + cuts[:-1]) / 2
        fractions.append(float(np.diff(cuts)[Path(polygon).contains_points(middles)].sum() / (high - low)))
    return tuple(fractions)


_BOXES_BETWEEN = st.builds(
    lambda x1, y1, columns, rows: _box(x1 + 0.25, y1 + 0.25, columns + 0.5, rows + 0.5),
    *(st.integers(0, 4),) * 2,
    *(st.integers(0, 3),) * 2,
)

BALANCE = Exercise(
    id="1.6",
    title="The balance of the best box",
    difficulty=5,
    minutes=40,
    teaches="the rule that makes a box the best one, on any polygon",
    statement="""
Write `fractions_inside(polygon, box)`: how much of each side of a box lies inside a polygon.

- `polygon` is an array `(N, 2)`, a row x y for each vertex, of either winding. It does not cross itself, but it need not
be convex: a side may enter it and leave it several times.
- `box` is a tuple `(x1, y1, x2, y2)` with `x1 < x2` and `y1 < y2`. No vertex of the polygon lies on the line through a
side.
- Return four numbers from 0 to 1, in the order left, top, right, bottom: the length inside, divided by the side's.
""",
    by_hand="The triangle (0, 0), (8, 0), (0, 8) holds the points with x + y < 8. Of the box `(1, 1, 5, 4)` the left side "
    "and the top side lie inside. The right side, at x = 5 from y = 1 to 4, leaves it at y = 3: 2 of 3. The bottom side, "
    "at y = 4 from x = 1 to 5, leaves it at x = 4: 3 of 4. So the answer is (1, 1, 2 / 3, 3 / 4).",
    worked=((np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]]), (1.0, 1.0, 5.0, 4.0)), (1.0, 1.0, 2 / 3, 3 / 4)),
    hints=(
        "Take the whole line through one side first, say x = x1. Which edges of the polygon cross it, and at which y?",
        "Sort these places. Coming from far away the line is outside; it is inside from the first to the second, outside "
        "to the third, inside to the fourth, and so on.",
        "Now cut each piece down to the side, from y1 to y2: `np.clip` moves places beyond an end onto the end, and "
        "what lies beyond gets the length 0.",
    ),
    solution=fractions_inside,
    explanation="Move a side of length L outward by a little d, with the fraction s of it inside: the intersection gains "
    "L s d, and the union gains L (1 - s) d. That pays as long as s / (1 - s) is above the IoU λ. So at the best box of a "
    "shape that is slanted or round, every side has the same fraction inside, s = λ / (1 + λ). Try it: on "
    "`silhouettes.circle()` and its `best_box`, all four numbers are near 0.456.",
    reference=_side_fractions,
    read=lambda answer: read_numbers(answer, 4, "four numbers (left, top, right, bottom)"),
    remark=lambda polygon, box: "The order is left, top, right, bottom.",
    draw=pictures.sides,
    examples=tuple(
        (np.array(corners, dtype=float), box)
        for corners, box in (
            ([(0, 0), (8, 0), (8, 8), (0, 8)], _box(2.5, 1.5, 3, 4)),
            ([(0, 0), (8, 0), (8, 8), (0, 8)], _box(2.5, 1.5, 3, 8)),
            ([(0, 0), (8, 0), (0, 8)], _box(1, 1, 4, 3)),
            ([(0, 0), (0, 8), (8, 0)], _box(1, 1, 4, 3)),
            ([(0, 4), (4, 0), (8, 4), (4, 8)], _box(1, 1.5, 5.5, 6)),
            ([(0, 0), (6, 0), (6, 6), (4, 6), (4, 2), (2, 2), (2, 6), (0, 6)], _box(-1, 1, 8, 3)),
            ([(0, 0), (2, 0), (0, 2)], _box(4.5, 4.5, 1, 1)),
        )
    ),
    inputs=st.tuples(_polygons(1.0), _BOXES_BETWEEN),
)

EXERCISES = (IOU, AREA, TIGHT, INTERVAL, BEST, BALANCE)
