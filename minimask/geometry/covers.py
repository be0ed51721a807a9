"""Beyond one upright box: the best box that may turn, and the best union of several boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from minimask.geometry.ceilings import (
    LINES,
    RIVALS,
    Shape,
    as_shape,
    best_box_of_edges,
    best_box_of_mask,
    edges_box,
    grid_lines,
    max_sum_rectangle,
)
from minimask.geometry.checks import BoolArray, FloatArray, IntArray, as_whole_number
from minimask.geometry.masks import cell_areas, mask_box, mask_edges
from minimask.geometry.polygons import rotation

ANGLES = 45
"""Angles of the first look at a quarter turn: one every two degrees."""
CELLS = 64
"""Cells along the longer side of the grid on which several boxes are searched for."""
STARTS = 32
"""Random covers from which the search for several boxes begins, besides the greedy one."""
GOLDEN = (5**0.5 - 1) / 2
EMPTY = np.zeros(4, dtype=np.int64)


def best_rotated_box(shape: Shape) -> tuple[FloatArray, float]:
    """Return the box of highest IoU with a shape when the box may be turned, and that IoU.

    At each angle the shape is turned back and `best_box` solved; a quarter turn is looked through in steps of two
    degrees, and the best step refined by golden section to a millionth of a degree.

    Parameters
    ----------
    shape : Boolean mask (H, W), polygon (N, 2), or a list of polygons: an outline and its holes

    Returns
    -------
    corners : array (4, 2)
        The box's corners in order, rows `x y` in pixels.
    iou : float
        Never below that of the best upright box.

    Raises
    ------
    ValueError, TypeError
        If the shape is malformed, empty, or crosses itself.

    Examples
    --------
    >>> corners, iou = best_rotated_box([[0, 1], [1, 0], [2, 1], [1, 2]])  # a square on its tip
    >>> round(iou, 6)
    1.0
    """
    mask, edges = as_shape(shape)
    if mask is not None:
        edges = mask_edges(mask)
    upright = best_box_of_mask(mask) if mask is not None else best_box_of_edges(edges)
    middle = (edges_box(edges)[:2] + edges_box(edges)[2:]) / 2

    def solved(degrees: float, lines: int = LINES, rivals: int = RIVALS) -> tuple[FloatArray, float]:
        turn = rotation(-degrees)
        turned = np.concatenate([(edges[:, i : i + 2] - middle) @ turn.T for i in (0, 2)], axis=1)
        return best_box_of_edges(turned, lines, rivals)

    def glimpsed(degrees: float) -> float:
        return solved(degrees, lines=25, rivals=1)[1]

    step = 90 / ANGLES
    center = step * int(np.argmax([glimpsed(step * k) for k in range(ANGLES)]))
    angle = _peak(glimpsed, center - step, center + step)
    found = [(0.0, upright[0] - np.tile(middle, 2), upright[1])]
    found += [(degrees, *solved(degrees)) for degrees in (center, angle)]
    angle, (x1, y1, x2, y2), iou = max(found, key=lambda candidate: candidate[2])
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]) @ rotation(angle).T + middle
    return corners, iou


def _peak(value: Callable[[float], float], low: float, high: float, tolerance: float = 1e-6) -> float:
    """Return where a function with one peak between low and high has it, by golden section (Kiefer 1953)."""
    a, b = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_a, at_b = value(a), value(b)
    while high - low > tolerance:
        if at_a > at_b:
            high, b, at_b = b, a, at_a
            a = high - GOLDEN * (high - low)
            at_a = value(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + GOLDEN * (high - low)
            at_b = value(b)
    return (low + high) / 2


def best_boxes(shape: Shape, k: int, seed: int = 0) -> tuple[FloatArray, float]:
    """Return k boxes whose union has a high IoU with a shape, and that IoU.

    One box at a time is put where it helps most while the others stay, which is again a maximum-sum rectangle (what the
    others cover counts nothing); the rounds go on until no box moves. The search begins with the greedy cover and with
    random ones, on a grid of at most 64 cells a side; for a mask the winner is then moved pixel by pixel. One box is
    `best_box`, exactly; for more boxes the result is a lower bound: on 5 x 5 noise, the hardest case, two boxes were
    the best two in more than eight cases of ten.

    Parameters
    ----------
    shape : Boolean mask (H, W), polygon (N, 2), or a list of polygons: an outline and its holes
    k : int
        The number of boxes, at least 1.
    seed : int
        Of the random covers; the same seed gives the same boxes.

    Returns
    -------
    boxes : array (k, 4)
        Rows `x1 y1 x2 y2` in pixels; a box that cannot help any more is left without area.
    iou : float
        Of the union of the boxes with the shape. Never below that for k - 1 boxes.

    Raises
    ------
    ValueError, TypeError
        If the shape is malformed, empty, or crosses itself, k is not a whole number of at least 1, or seed not one of
        at least 0.

    Examples
    --------
    >>> from minimask import best_box
    >>> l_shape = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]]) > 0
    >>> best_box(l_shape)[1], best_boxes(l_shape, 2)[1]
    (0.6, 1.0)
    """
    k, seed = as_whole_number(k, "k", least=1), as_whole_number(seed, "seed", least=0)
    mask, edges = as_shape(shape)
    grid, one = _grid_of_mask(mask) if mask is not None else _grid_of_edges(edges)
    coarse, columns, rows = grid.coarsened(one)
    to_fine = (columns, rows, columns, rows)

    rng = np.random.default_rng(seed)
    boxes = one[None]
    coarse_boxes = np.stack([np.searchsorted(lines, side) for lines, side in zip(to_fine, one, strict=True)])[None]
    for count in range(2, k + 1):
        more = np.concatenate([coarse_boxes, [EMPTY]])
        coarse_boxes = coarse.settled(more)
        for _ in range(STARTS):
            rival = coarse.settled(coarse.random_boxes(count, rng), coarse.iou(coarse_boxes))
            coarse_boxes = max(coarse_boxes, rival, key=coarse.iou)
        refined = np.stack([lines[coarse_boxes[:, i]] for i, lines in enumerate(to_fine)], axis=1)
        found = [refined, np.concatenate([boxes, [EMPTY]])]
        boxes = max(map(grid.settled, found), key=grid.iou)
    return grid.in_pixels(boxes), grid.iou(boxes)


@dataclass(frozen=True)
class _Grid:
    """A shape seen through a grid of lines; here a box is four whole numbers, `x1 y1 x2 y2` as indices of lines."""

    inside: FloatArray  # (R, C): the shape's area in each cell
    xs: FloatArray  # (C + 1,)
    ys: FloatArray  # (R + 1,)
    # The best place of a box, and what it gains, by the ratio and by what the others cover: random covers soon meet.
    places: dict[tuple[float, bytes], tuple[tuple[int, int, int, int], float]] = field(default_factory=dict)

    @cached_property
    def area(self) -> FloatArray:
        """The area of each cell, `(R, C)`."""
        return np.multiply.outer(np.diff(self.ys), np.diff(self.xs))

    def covered(self, boxes: IntArray) -> BoolArray:
        """Return which cells `(R, C)` lie in at least one of the boxes `(k, 4)`."""
        cells = np.zeros(self.inside.shape, dtype=bool)
        for x1, y1, x2, y2 in boxes:
            cells[y1:y2, x1:x2] = True
        return cells

    def iou(self, boxes: IntArray) -> float:
        """Return the IoU of the union of the boxes with the shape."""
        cells = self.covered(boxes)
        intersection = self.inside[cells].sum()
        return float(intersection / (self.inside.sum() + self.area[cells].sum() - intersection))

    def settled(self, boxes: IntArray, ratio: float = 0.0) -> IntArray:
        """Move one box at a time to its best place among the others, until a whole round gains nothing.

        What grows is Dinkelbach's difference `I - ratio * U`, where the ratio is the boxes' IoU, or the one given if
        that is higher: the IoU of another cover, which is to be beaten.
        """
        boxes = boxes.copy()
        gained = True
        while gained:
            gained = False
            ratio = max(ratio, self.iou(boxes))
            weights = (1 + ratio) * self.inside - ratio * self.area
            for i in range(len(boxes)):
                others = self.covered(np.delete(boxes, i, axis=0))
                free = np.where(others, 0, weights)
                question = ratio, others.tobytes()
                if question not in self.places:
                    self.places[question] = max_sum_rectangle(free)
                place, gain = self.places[question]
                x1, y1, x2, y2 = boxes[i]
                # Rounding may call an equal place better: only a real gain counts, so that the rounds end.
                rounding = 1e-9 * self.inside.sum() + 1e-13 * self.area.sum()
                if max(gain, 0) > free[y1:y2, x1:x2].sum() + rounding:
                    boxes[i] = place if gain > 0 else EMPTY
                    gained = True
        return boxes

    def random_boxes(self, count: int, rng: np.random.Generator) -> IntArray:
        """Return boxes `(count, 4)` with random sides."""
        rows, columns = self.inside.shape
        x = np.sort(rng.integers(0, columns + 1, (count, 2)), axis=1)
        y = np.sort(rng.integers(0, rows + 1, (count, 2)), axis=1)
        return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)

    def coarsened(self, keep: IntArray) -> tuple[_Grid, IntArray, IntArray]:
        """Return a grid of about `CELLS` cells a side that keeps a box's lines; and which columns and rows it has."""
        step = -(-max(self.inside.shape) // CELLS)
        columns, rows = (
            np.unique([*range(0, len(lines) - 1, step), len(lines) - 1, *keep[axis::2]])
            for axis, lines in enumerate((self.xs, self.ys))
        )
        inside = np.add.reduceat(np.add.reduceat(self.inside, rows[:-1], axis=0), columns[:-1], axis=1)
        return _Grid(inside, self.xs[columns], self.ys[rows]), columns, rows

    def in_pixels(self, boxes: IntArray) -> FloatArray:
        """Return boxes `(k, 4)` in pixels."""
        lines = (self.xs, self.ys, self.xs, self.ys)
        return np.stack([line[boxes[:, i]] for i, line in enumerate(lines)], axis=1)


def _grid_of_mask(mask: BoolArray) -> tuple[_Grid, IntArray]:
    """Return the grid of a mask's pixels, inside its tight box, and on it the best single box."""
    x1, y1, x2, y2 = mask_box(mask).astype(int)
    one, _ = best_box_of_mask(mask)
    inside = mask[y1:y2, x1:x2].astype(np.float64)
    grid = _Grid(inside, np.arange(x1, x2 + 1.0), np.arange(y1, y2 + 1.0))
    return grid, one.astype(int) - [x1, y1, x1, y1]


def _grid_of_edges(edges: FloatArray) -> tuple[_Grid, IntArray]:
    """Return a grid over the shape within directed edges, and on it the best single box."""
    one, _ = best_box_of_edges(edges)
    xs, ys = (np.union1d(grid_lines(edges[:, axis], CELLS + 1), one[axis::2]) for axis in (0, 1))
    box = [int(np.searchsorted(lines, side)) for lines, side in zip((xs, ys, xs, ys), one, strict=True)]
    return _Grid(cell_areas(edges, xs, ys), xs, ys), np.array(box)
