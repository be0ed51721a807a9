"""Watched pictures: what a region proposal network says about them at some moments of its training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minimask.data.recorded import RecordedRun, recorded_run
from minimask.data.shapes import CLASSES
from minimask.geometry.checks import FloatArray, IntArray, as_boxes, as_float_array, as_whole_number


@dataclass(frozen=True, eq=False)
class WatchedPicture:
    """A picture, the truth about it, and what a network said about each of its N anchors at S moments of its training.

    Parameters
    ----------
    image : uint8 array (H, W, 3)
    boxes : array (M, 4)
        The true objects, rows `x1 y1 x2 y2` in pixels.
    labels : integer array (M,)
        Their classes, counted from 1 as in `minimask.data.shapes.CLASSES`.
    steps : sequence of S int
        How many steps of training came before each moment, ascending.
    logits : array (S, N)
        How likely each anchor holds an object; anchors in the order of `minimask.anchors.Recipe.boxes`.
    deltas : array (S, N, 4)
        dx dy dw dh of each anchor, as `minimask.box_coder.decode` takes them.

    Raises
    ------
    ValueError, TypeError
        If the arrays do not fit together, or a number is not finite.

    Examples
    --------
    >>> image = np.zeros((16, 16, 3), np.uint8)
    >>> picture = WatchedPicture(image, [[1, 1, 5, 6]], [2], [0, 50], np.zeros((2, 63)), np.zeros((2, 63, 4)))
    >>> picture.boxes, picture.steps
    (array([[1., 1., 5., 6.]]), (0, 50))
    """

    image: NDArray[np.uint8]
    boxes: FloatArray
    labels: IntArray
    steps: tuple[int, ...]
    logits: FloatArray
    deltas: FloatArray

    def __post_init__(self) -> None:
        image, boxes, labels = np.asarray(self.image), as_boxes(self.boxes), np.asarray(self.labels, dtype=np.int64)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise ValueError(f"image must be uint8 (H, W, 3), got {image.dtype} {image.shape}")
        if labels.shape != boxes.shape[:1] or ((labels < 1) | (labels > len(CLASSES))).any():
            raise ValueError(f"labels must be {len(boxes)} classes from 1 to {len(CLASSES)}, got {labels.tolist()}")
        steps = tuple(as_whole_number(step, f"steps[{k}]", 0) for k, step in enumerate(self.steps))
        if not steps or list(steps) != sorted(set(steps)):
            raise ValueError(f"steps must be at least one, ascending, got {list(steps)}")
        logits, deltas = as_float_array(self.logits, "logits"), as_float_array(self.deltas, "deltas")
        if logits.ndim != 2 or len(logits) != len(steps):
            raise ValueError(f"logits must have shape ({len(steps)}, N), got {logits.shape}")
        if deltas.shape != (*logits.shape, 4):
            raise ValueError(f"deltas must have shape {(*logits.shape, 4)}, got {deltas.shape}")
        fields = {"image": image, "boxes": boxes, "labels": labels, "steps": steps, "logits": logits, "deltas": deltas}
        for name, value in fields.items():
            object.__setattr__(self, name, value)


def watched_pictures(run: RecordedRun | None = None) -> list[WatchedPicture]:
    """Return the pictures of a recorded run, by default of the one that ships with the package.

    Examples
    --------
    >>> [picture.steps for picture in watched_pictures()][1:3]
    [(0, 25, 100, 400), (400,)]
    """
    run = run or recorded_run()
    found = []
    for number, (image, boxes, labels) in enumerate(run.pictures):
        steps = run.moments_of(number)
        said = [run.predictions(number, step) for step in steps]
        logits = np.stack([np.concatenate(levels) for levels, _ in said])
        deltas = np.stack([np.concatenate(levels) for _, levels in said])
        found.append(WatchedPicture(image, boxes, labels, steps, logits, deltas))
    return found
