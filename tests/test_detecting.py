"""Detecting: in portions as alone, in reduced pictures as in their own pixels, and the model stays as it was."""

import numpy as np
import pytest
import torch

from minimask.data.shapes import ShapesWorld
from minimask.detecting import detect
from minimask.model.lesson import lesson_model

WORLD = ShapesWorld(64, 64, sizes=(16, 40), seed=3)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model():
    return lesson_model(seed=0).train()


def images(count=3):
    return [picture.image for picture in WORLD.pictures(count)]


def test_everything_found_is_above_the_score_and_of_the_pictures_size(model):
    for found in detect(model, images(), score=0.15):
        count = len(found.boxes)
        assert found.masks.shape == (count, 64, 64) and found.masks.dtype == np.bool_
        assert found.boxes.shape == (count, 4) and found.labels.shape == found.scores.shape == (count,)
        assert np.all(found.scores > 0.15) and np.all(np.diff(found.scores) <= 0)


def test_the_models_own_threshold_is_the_default(model):
    (default,), (same,), (fewer,) = (list(detect(model, images(1), score=score)) for score in (None, 0.05, 0.2))
    assert np.array_equal(default.scores, same.scores)
    assert len(fewer.scores) < len(default.scores) and np.array_equal(fewer.scores, default.scores[: len(fewer.scores)])


def test_portions_and_sizes_do_not_matter(model, monkeypatch):
    mixed = [*images(3), ShapesWorld(48, 80, sizes=(16, 40))[0].image, images(1)[0]]
    together = list(detect(model, mixed))
    monkeypatch.setattr("minimask.detecting.AT_ONCE", 1)
    alone = list(detect(model, mixed))
    for one, other in zip(together, alone, strict=True):
        assert np.array_equal(one.labels, other.labels)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
    assert np.array_equal(alone[0].boxes, alone[-1].boxes)


def test_pictures_are_taken_as_they_come(model, monkeypatch):
    """A large data set is never held as a whole."""
    monkeypatch.setattr("minimask.detecting.AT_ONCE", 2 * 64 * 64)
    taken = []
    stream = (taken.append(k) or image for k, image in enumerate(images(6)))
    next(detect(model, stream))
    assert len(taken) <= 3


def test_the_model_stays_as_it_was(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    list(detect(model, images(2)))
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_is_found_in_a_reduced_picture_is_in_the_pixels_of_the_picture(model):
    small = images(1)[0]
    large = small.repeat(4, axis=0).repeat(4, axis=1)
    (one,), (other,) = detect(model, [small]), detect(model, [large], longest=64)
    assert np.array_equal(one.labels, other.labels)
    np.testing.assert_allclose(other.boxes, one.boxes * 4, rtol=1e-5)
    assert other.masks.shape == (len(one.boxes), 256, 256)
    shrunk = other.masks.reshape(-1, 64, 4, 64, 4).mean(axis=(2, 4)) >= 0.5
    assert np.mean(shrunk != one.masks) < 0.01


def test_pictures_that_are_not_larger_are_left_alone(model):
    (one,), (same,) = detect(model, images(1)), detect(model, images(1), longest=64)
    assert np.array_equal(one.boxes, same.boxes)


def test_a_mask_grows_as_its_threshold_falls(model):
    areas = [next(detect(model, images(1), mask=mask)).masks.sum() for mask in (0.3, 0.5, 0.7)]
    assert areas[0] > areas[1] > areas[2]


def test_arrays_that_may_not_be_written_to_are_read(model):
    image = images(1)[0].copy()
    image.setflags(write=False)
    next(detect(model, [image]))


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (3, 5)])
def test_tiny_and_narrow_pictures(model, size):
    (found,) = detect(model, [np.zeros((*size, 3), np.uint8)])
    assert found.masks.shape[1:] == size
    (found,) = detect(model, [np.zeros((*size, 3), np.uint8)], longest=32)
    assert found.masks.shape[1:] == size


def test_no_picture_no_work(model):
    assert list(detect(model, [])) == []


@pytest.mark.parametrize(
    ("images", "settings", "error", "message"),
    [
        ([np.zeros((4, 4), np.uint8)], {}, TypeError, r"images must hold uint8 arrays \(H, W, 3\), got uint8 \(4, 4\)"),
        ([np.zeros((4, 4, 3))], {}, TypeError, "got float64"),
        (["a.png"], {}, TypeError, "got str"),
        ([], {"score": 2}, ValueError, "score must be from 0 to 1, got 2"),
        ([], {"mask": -1}, ValueError, "mask must be from 0 to 1, got -1"),
        ([], {"longest": 1.5}, ValueError, "longest must be a whole number"),
    ],
)
def test_bad_input_is_named(model, images, settings, error, message):
    with pytest.raises(error, match=message):
        list(detect(model, images, **settings))
