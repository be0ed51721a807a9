"""Recorded runs refuse what does not fit together, and hand out parts of themselves."""

import re

import numpy as np
import pytest

from minimask.data.runs import RecordedRun

RNG = np.random.default_rng(3)
PARTS = {
    "images": RNG.integers(0, 256, (2, 4, 6, 3), dtype=np.uint8),
    "boxes": ([[0, 0, 2, 2], [1, 1, 5, 3]], []),
    "labels": ([1, 6], []),
    "steps": (0, 10, 90),
    "logits": RNG.normal(size=(2, 3, 5)).astype(np.float16),
    "deltas": RNG.normal(size=(2, 3, 5, 4)).astype(np.float32),
}


def test_the_parts_are_arrays():
    run = RecordedRun(**PARTS)
    assert [boxes.shape for boxes in run.boxes] == [(2, 4), (0, 4)]
    assert [labels.tolist() for labels in run.labels] == [[1, 6], []]
    assert run.logits.dtype == np.float64  # float16 is read, and computed with in full
    np.testing.assert_array_equal(run.logits, PARTS["logits"])
    assert run.recipe == "lesson"


def test_a_part_of_it():
    run = RecordedRun(**PARTS).pick(pictures=[1, 0], steps=[0, 2])
    np.testing.assert_array_equal(run.images, PARTS["images"][[1, 0]])
    np.testing.assert_array_equal(run.deltas[1, 1], PARTS["deltas"][0, 2])
    np.testing.assert_array_equal(run.logits[0], PARTS["logits"][1, [0, 2]])
    assert run.steps == (0, 90)
    assert [len(boxes) for boxes in run.boxes] == [0, 2]
    assert [len(labels) for labels in run.labels] == [0, 2]
    assert RecordedRun(**PARTS).pick().logits.shape == (2, 3, 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((2, 4, 6, 3))}, "images must be uint8 (P, H, W, 3), got float64 (2, 4, 6, 3)"),
        ({"images": np.zeros((2, 4, 6), np.uint8)}, "images must be uint8 (P, H, W, 3), got uint8 (2, 4, 6)"),
        ({"images": np.zeros((0, 4, 6, 3), np.uint8)}, "images must be uint8 (P, H, W, 3), got uint8 (0, 4, 6, 3)"),
        ({"boxes": ([[0, 0, 2, 2]],)}, "must be of as many pictures, got 2, 1, 2"),
        ({"boxes": ([[0, 0, 2, 2], [3, 1, 2, 3]], [])}, "boxes[0] must have x1 <= x2"),
        ({"labels": ([1], [])}, "labels[0] must be 2 classes from 1 to 6, got [1]"),
        ({"labels": ([0, 1], [])}, "labels[0] must be 2 classes from 1 to 6, got [0, 1]"),
        ({"labels": ([7, 1], [])}, "labels[0] must be 2 classes from 1 to 6, got [7, 1]"),
        ({"steps": (0, 90, 10)}, "steps must be at least one, ascending, got [0, 90, 10]"),
        ({"steps": (0, 10, 10)}, "steps must be at least one, ascending, got [0, 10, 10]"),
        ({"steps": (0, 10, -1)}, "steps[2] must be a whole number of at least 0"),
        ({"logits": np.zeros((2, 2, 5))}, "logits must have shape (2, 3, A), got (2, 2, 5)"),
        ({"logits": np.full((2, 3, 5), np.nan)}, "logits must be finite"),
        ({"deltas": np.zeros((2, 3, 4, 4))}, "deltas must have shape (2, 3, 5, 4), got (2, 3, 4, 4)"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        RecordedRun(**{**PARTS, **changes})
