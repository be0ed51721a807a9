"""From what was found on a screen to an outline as a screen reader has it: what is where, in order, inside of what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minimask.data.found import Found
from minimask.geometry.checks import FloatArray, IntArray, as_boxes
from minimask.screens.pages import CLASSES, HEIGHT, WIDTH

INSIDE = 0.9
"""From this share of its area inside of a panel on, something is part of it."""
ACROSS, DOWN = ("left", "middle", "right"), ("top", "middle", "bottom")


class Node(NamedTuple):
    """A line of the outline, and those below it."""

    number: int
    """Among what was found."""
    role: str
    place: str
    """Where on the screen, in words."""
    parts: tuple[Node, ...]
    """What is inside of it, in reading order."""


def outline(found: Found) -> tuple[Node, ...]:
    """Return what was found on a screen as an outline, in reading order.

    Parameters
    ----------
    found : Found
        Only boxes and labels are looked at.

    Examples
    --------
    >>> boxes = np.array([[10, 10, 200, 100], [20, 60, 60, 80], [20, 20, 90, 32], [20, 120, 60, 140]])
    >>> found = Found(boxes, np.array([7, 1, 6, 1]), np.ones(4), np.zeros((4, 192, 256), bool))
    >>> for line in written(outline(found)):
    ...     print(line)
    panel, top middle
      text, top left
      button, middle left
    button, bottom left
    """
    parents = parents_of(found.boxes, found.labels)

    def below(parent: int) -> tuple[Node, ...]:
        inside = np.flatnonzero(parents == parent)
        order = inside[reading_order(found.boxes[inside])]
        return tuple(Node(k, CLASSES[found.labels[k] - 1], place_of(found.boxes[k]), below(k)) for k in order.tolist())

    return below(-1)


def written(nodes: tuple[Node, ...], depth: int = 0) -> Iterator[str]:
    """Yield the lines of an outline, what is inside of something indented below it."""
    for node in nodes:
        yield f"{'  ' * depth}{node.role}, {node.place}"
        yield from written(node.parts, depth + 1)


def numbers(nodes: tuple[Node, ...]) -> Iterator[int]:
    """Yield the numbers of an outline's nodes from the first line to the last."""
    for node in nodes:
        yield node.number
        yield from numbers(node.parts)


def reading_order(boxes: ArrayLike) -> IntArray:
    """Return the indices of boxes in the order in which they are read: row by row, from left to right in each.

    The first row begins with the highest box (of equally high ones the leftmost); in it is all that shares at least
    half of the lower one's height with that box. The next row begins with the highest of those that are left.

    Parameters
    ----------
    boxes : array (N, 4)
        Rows `x1 y1 x2 y2`.

    Examples
    --------
    >>> reading_order([[50, 0, 90, 10], [0, 2, 40, 12], [0, 20, 90, 30]])
    array([1, 0, 2])
    """
    known = as_boxes(boxes)
    left, top, _, bottom = known.T
    rest = np.lexsort((left, top))
    order: list[int] = []
    while rest.size:
        first = rest[0]
        shared = np.minimum(bottom[rest], bottom[first]) - np.maximum(top[rest], top[first])
        in_row = 2 * shared >= np.minimum(bottom[rest] - top[rest], bottom[first] - top[first])
        in_row[0] = True
        row = rest[in_row]
        order += row[np.argsort(left[row], kind="stable")].tolist()
        rest = rest[~in_row]
    return np.array(order, dtype=np.int64)


def parents_of(boxes: FloatArray, labels: IntArray) -> IntArray:
    """Return for each box the smallest panel that it is inside of, by its number; -1 is the page.

    Of two panels that are inside of each other (found twice, almost alike) the later one is in the earlier.
    """
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    parents = np.full(len(boxes), -1, dtype=np.int64)
    panels = np.flatnonzero(labels == CLASSES.index("panel") + 1)
    for k, box in enumerate(boxes):
        corners = np.minimum(boxes[panels, 2:], box[2:]) - np.maximum(boxes[panels, :2], box[:2])
        inside = np.prod(np.maximum(corners, 0), axis=1) >= INSIDE * areas[k]
        larger = (areas[panels] > areas[k]) | ((areas[panels] == areas[k]) & (panels < k))
        holding = panels[inside & larger & (panels != k)]
        if holding.size:
            parents[k] = holding[np.lexsort((holding, areas[holding]))[0]]
    return parents


def place_of(box: FloatArray) -> str:
    """Return where on the screen the middle of a box is, in words.

    Examples
    --------
    >>> place_of(np.array([0, 0, 20, 10])), place_of(np.array([100, 80, 156, 112]))
    ('top left', 'middle')
    """
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    column = ACROSS[min(max(int(3 * x / WIDTH), 0), 2)]
    row = DOWN[min(max(int(3 * y / HEIGHT), 0), 2)]
    return "middle" if column == row else f"{row} {column}"
