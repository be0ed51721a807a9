"""Watched pictures refuse what does not fit together; those of the recorded run are what was recorded."""

import re

import numpy as np
import pytest

from minimask.data.recorded import recorded_run
from minimask.data.watched import WatchedPicture, watched_pictures

RNG = np.random.default_rng(3)
PARTS = {
    "image": RNG.integers(0, 256, (4, 6, 3), dtype=np.uint8),
    "boxes": [[0, 0, 2, 2], [1, 1, 5, 3]],
    "labels": [1, 6],
    "steps": (0, 10, 90),
    "logits": RNG.normal(size=(3, 5)).astype(np.float16),
    "deltas": RNG.normal(size=(3, 5, 4)).astype(np.float32),
}


def test_the_parts_are_arrays():
    picture = WatchedPicture(**PARTS)
    assert (picture.boxes.shape, picture.labels.tolist(), picture.steps) == ((2, 4), [1, 6], (0, 10, 90))
    assert picture.logits.dtype == np.float64  # float16 is read, and computed with in full
    np.testing.assert_array_equal(picture.logits, PARTS["logits"])
    assert picture.deltas.dtype == np.float32
    empty = WatchedPicture(**{**PARTS, "boxes": [], "labels": []})
    assert (empty.boxes.shape, empty.labels.shape) == ((0, 4), (0,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.zeros((4, 6, 3))}, "image must be uint8 (H, W, 3), got float64 (4, 6, 3)"),
        ({"image": np.zeros((4, 6), np.uint8)}, "image must be uint8 (H, W, 3), got uint8 (4, 6)"),
        ({"image": np.zeros((4, 6, 4), np.uint8)}, "image must be uint8 (H, W, 3), got uint8 (4, 6, 4)"),
        ({"image": np.zeros((0, 6, 3), np.uint8)}, "image must be uint8 (H, W, 3), got uint8 (0, 6, 3)"),
        ({"boxes": [[0, 0, 2, 2], [3, 1, 2, 3]]}, "boxes must have x1 <= x2"),
        ({"labels": [1]}, "labels must be 2 classes from 1 to 6, got [1]"),
        ({"labels": [0, 1]}, "labels must be 2 classes from 1 to 6, got [0, 1]"),
        ({"labels": [7, 1]}, "labels must be 2 classes from 1 to 6, got [7, 1]"),
        ({"steps": (0, 90, 10)}, "steps must be at least one, ascending, got [0, 90, 10]"),
        ({"steps": (0, 10, 10)}, "steps must be at least one, ascending, got [0, 10, 10]"),
        ({"steps": ()}, "steps must be at least one, ascending, got []"),
        ({"steps": (0, 10, -1)}, "steps[2] must be a whole number of at least 0"),
        ({"logits": np.zeros((2, 5))}, "logits must have shape (3, N), got (2, 5)"),
        ({"logits": np.full((3, 5), np.nan)}, "logits must be finite"),
        ({"deltas": np.zeros((3, 4, 4))}, "deltas must have shape (3, 5, 4), got (3, 4, 4)"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        WatchedPicture(**{**PARTS, **changes})


def test_those_of_the_recorded_run():
    run = recorded_run()
    pictures = watched_pictures(run)
    assert len(pictures) == len(run.pictures)
    for number, picture in enumerate(pictures):
        assert picture.image is run.pictures[number].image
        np.testing.assert_array_equal(picture.boxes, run.pictures[number].boxes)
        np.testing.assert_array_equal(picture.labels, run.pictures[number].labels)
        assert picture.steps == run.moments_of(number)
        for row, step in enumerate(picture.steps):
            logits, deltas = run.predictions(number, step)
            np.testing.assert_array_equal(picture.logits[row], np.concatenate(logits))
            np.testing.assert_array_equal(picture.deltas[row], np.concatenate(deltas))
