"""A recorded run: what a region proposal network said about a few pictures, at a few moments of its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.data.shapes import CLASSES
from minimask.geometry.checks import FloatArray, IntArray, as_boxes, as_float_array, as_whole_number


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """What a network predicted for every anchor of P pictures at S moments of its training; A anchors a picture.

    Parameters
    ----------
    images : uint8 array (P, H, W, 3)
    boxes : sequence of P arrays (M, 4)
        The true objects of each picture, rows `x1 y1 x2 y2` in pixels.
    labels : sequence of P integer arrays (M,)
        Their classes, counted from 1 as in `minimask.data.shapes.CLASSES`.
    steps : sequence of S int
        How many steps of training came before each moment, ascending.
    logits : array (P, S, A)
        How likely each anchor holds an object; anchors in the order of `Recipe.boxes`.
    deltas : array (P, S, A, 4)
        dx dy dw dh of each anchor, as `minimask.box_coder.decode` takes them.
    recipe : str
        The recipe of the anchors, a name in `minimask.anchors.recipes`.

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit together, or a number is not finite.

    Examples
    --------
    >>> run = RecordedRun(np.zeros((1, 8, 8, 3), np.uint8), [[[1, 1, 5, 6]]], [[2]], [0, 50], np.zeros((1, 2, 12)),
    ...                   np.zeros((1, 2, 12, 4)))
    >>> run.pick(steps=[1]).steps
    (50,)
    """

    images: NDArray[np.uint8]
    boxes: tuple[FloatArray, ...]
    labels: tuple[IntArray, ...]
    steps: tuple[int, ...]
    logits: FloatArray
    deltas: FloatArray
    recipe: str = "lesson"

    def __post_init__(self) -> None:
        images = np.asarray(self.images)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or not images.size:
            raise ValueError(f"images must be uint8 (P, H, W, 3), got {images.dtype} {images.shape}")
        boxes = tuple(as_boxes(of_picture, f"boxes[{p}]") for p, of_picture in enumerate(self.boxes))
        labels = tuple(np.asarray(of_picture, dtype=np.int64) for of_picture in self.labels)
        if not len(images) == len(boxes) == len(labels):
            raise ValueError(
                f"images, boxes and labels must be of as many pictures, got {len(images)}, {len(boxes)}, {len(labels)}"
            )
        for p, (of_picture, classes) in enumerate(zip(boxes, labels, strict=True)):
            if classes.shape != of_picture.shape[:1] or ((classes < 1) | (classes > len(CLASSES))).any():
                raise ValueError(
                    f"labels[{p}] must be {len(of_picture)} classes from 1 to {len(CLASSES)}, got {classes.tolist()}"
                )
        steps = tuple(as_whole_number(step, f"steps[{k}]", 0) for k, step in enumerate(self.steps))
        if not steps or list(steps) != sorted(set(steps)):
            raise ValueError(f"steps must be at least one, ascending, got {list(steps)}")
        logits, deltas = as_float_array(self.logits, "logits"), as_float_array(self.deltas, "deltas")
        if logits.ndim != 3 or logits.shape[:2] != (len(images), len(steps)):
            raise ValueError(f"logits must have shape ({len(images)}, {len(steps)}, A), got {logits.shape}")
        if deltas.shape != (*logits.shape, 4):
            raise ValueError(f"deltas must have shape {(*logits.shape, 4)}, got {deltas.shape}")
        values: dict[str, Any] = {"images": images, "boxes": boxes, "labels": labels, "steps": steps}
        for name, value in {**values, "logits": logits, "deltas": deltas}.items():
            object.__setattr__(self, name, value)

    def pick(self, pictures: Sequence[int] | None = None, steps: Sequence[int] | None = None) -> RecordedRun:
        """Return the run of some pictures at some moments only, both counted from 0; None keeps all."""
        few = list(range(len(self.images)) if pictures is None else pictures)
        at = list(range(len(self.steps)) if steps is None else steps)
        return RecordedRun(
            self.images[few],
            tuple(self.boxes[p] for p in few),
            tuple(self.labels[p] for p in few),
            tuple(self.steps[s] for s in at),
            self.logits[np.ix_(few, at)],
            self.deltas[np.ix_(few, at)],
            self.recipe,
        )
