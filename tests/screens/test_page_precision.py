import math

import numpy as np
import pytest

from minimask.data.found import Found
from minimask.evaluation import CocoEvaluation
from minimask.screens.pages import CLASSES
from minimask.screens.precision import (
    average_precision,
    differences,
    mean_precision,
    precision_table,
    ranked,
    recall_and_precision,
)
from minimask.screens.recorded import recorded_screens


@pytest.fixture(scope="module")
def pages():
    """A few recorded pages, and something like the truth: masks moved, left out, twice, or of another class."""
    rng = np.random.default_rng(0)
    pictures, found = [], []
    for screen in recorded_screens()[:8]:
        truth = screen.picture
        picked = rng.choice(len(truth.labels), len(truth.labels) + 4)
        masks = np.array([np.roll(truth.masks[k], tuple(rng.integers(-3, 4, 2)), (0, 1)) for k in picked])
        labels = np.where(rng.random(len(picked)) < 0.15, rng.integers(1, 8, len(picked)), truth.labels[picked])
        scores = rng.random(len(picked)).round(2)  # some are equal
        pictures.append(truth)
        found.append(Found(truth.boxes[picked].astype(float), labels, scores, masks))
    return pictures, found


def test_it_is_what_coco_says(pages):
    pictures, found = pages
    evaluation = CocoEvaluation(CLASSES)
    for picture, one in zip(pictures, found, strict=True):
        evaluation.add(picture, one)
    ours = mean_precision([ranked(pictures, found, label) for label in range(1, 8)])
    assert any(picture.crowd.any() for picture in pictures)
    assert 0.1 < ours < 0.9 and ours == pytest.approx(evaluation.scores().masks.ap50, abs=1e-9)


def test_a_page_that_is_drawn_twice_counts_twice(pages):
    pictures, found = pages
    rng = np.random.default_rng(1)
    found = [one._replace(scores=rng.random(len(one.scores))) for one in found]  # none are equal
    drawn = [0, 0, 3, 5, 5, 5]
    for label in (1, 6, 7):
        twice = ranked([pictures[k] for k in drawn], [found[k] for k in drawn], label)
        ours = average_precision(ranked(pictures, found, label), np.array(drawn))
        assert 0 < ours < 1 and ours == pytest.approx(average_precision(twice), abs=1e-9)


def test_a_class_that_is_not_there_has_no_precision(pages):
    pictures, found = pages
    without = [k for k, picture in enumerate(pictures) if not (picture.labels == 4).any()]
    assert math.isnan(average_precision(ranked(pictures, found, 4), np.array(without[:1])))


def test_the_table_has_intervals_around_its_values(pages):
    pictures, found = pages
    table = precision_table(pictures, found, resamples=100)
    assert list(table) == [*CLASSES, "mean"]
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in table.values())
    assert table["mean"].value == pytest.approx(np.mean([table[name].value for name in CLASSES]))
    assert differences(pictures, found, found, resamples=100) == (0, 0, 0)


def test_recall_grows_and_ends_at_what_was_found(pages):
    one = ranked(*pages, 6)
    recall, precision = recall_and_precision(one)
    assert (np.diff(recall) >= 0).all() and recall[-1] == one.right.sum() / one.objects.sum()
    assert precision[-1] == one.right.mean()
