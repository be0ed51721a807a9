"""Which picture comes when, and what the model gets of it."""

from itertools import islice

import numpy as np
import pytest
import torch
from stand_in import WORLD, Broken

from minimask.data.picture import Picture
from minimask.training.batches import LoadingError, as_target, chance, flipped, load, picture_index, sampling_chance

MANY_THREADS = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")


def crowded():
    """Three entries, of which the second is a crowd."""
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    masks = np.zeros((3, 4, 6), bool)
    masks[0, 1:3, 1:2], masks[1], masks[2, :2, 4:] = True, True, True
    boxes = np.array([[1, 1, 2, 3], [0, 0, 6, 4], [4, 0, 6, 2]], np.float32)
    return Picture(image, masks, boxes, np.array([3, 1, 2]), crowd=np.array([False, True, False]))


def seen(source, batch, steps, count=1, **settings):
    """Return the pictures' indices in the order of the places of all steps, put together from all processes."""
    found = {}
    for rank in range(count):
        places = range(batch * rank // count, batch * (rank + 1) // count)
        for step, one in zip(
            steps, load(source, seed=0, batch=batch, steps=steps, positions=places, **settings), strict=True
        ):
            found |= {(step, position): index for position, index in zip(one.positions, one.indices, strict=True)}
    return [found[place] for place in sorted(found)]


def test_what_the_model_gets():
    image, target = as_target(crowded())
    assert image.shape == (3, 4, 6) and image.dtype == torch.float32
    assert image[2, 3, 5] == 71 / 255 and image[0, 0, 1] == 3 / 255
    assert image.stride() == (1, 18, 3)  # channels come last in memory
    assert target["boxes"].tolist() == [[1, 1, 2, 3], [4, 0, 6, 2]] and target["boxes"].dtype == torch.float32
    assert target["labels"].tolist() == [3, 2] and target["labels"].dtype == torch.int64
    assert target["masks"].sum((1, 2)).tolist() == [2, 4] and target["masks"].dtype == torch.uint8
    assert target["masks"][1].nonzero().tolist() == [[0, 4], [0, 5], [1, 4], [1, 5]]


def test_a_picture_without_objects():
    bare = crowded()
    picture = Picture(bare.image, bare.masks[:0], bare.boxes[:0], bare.labels[:0])
    for one in (picture, flipped(picture)):
        _, target = as_target(one)
        assert {name: tuple(value.shape) for name, value in target.items()} == {
            "boxes": (0, 4), "labels": (0,), "masks": (0, 4, 6),
        }  # fmt: skip


def test_mirrored():
    picture = crowded()
    other = flipped(picture)
    np.testing.assert_array_equal(other.image, picture.image[:, ::-1])
    np.testing.assert_array_equal(other.masks, picture.masks[:, :, ::-1])
    assert other.boxes.tolist() == [[4, 1, 5, 3], [0, 0, 6, 4], [0, 0, 2, 2]]
    assert other.crowd.tolist() == [False, True, False] and other.labels.tolist() == [3, 1, 2]
    assert picture.boxes[0].tolist() == [1, 1, 2, 3]
    as_target(other)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_worlds_come_picture_after_picture(count):
    assert seen(WORLD, 5, range(1, 4), count) == list(range(15))
    assert seen(WORLD, 5, range(3, 4), count) == list(range(10, 15))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("batch", [3, 7, 16])
def test_data_sets_come_whole_in_a_new_order_each_time(batch, count):
    pictures = list(WORLD.pictures(7))
    order = seen(pictures, batch, range(1, 22), count)
    assert order == seen(pictures, batch, range(1, 22))
    rounds = [order[start : start + 7] for start in range(0, len(order) - 6, 7)]
    assert all(sorted(one) == list(range(7)) for one in rounds)
    assert len(set(map(tuple, rounds))) > len(rounds) * 0.8
    assert rounds[0] != sorted(rounds[0])


def test_the_order_depends_on_the_seed():
    pictures = [None] * 50
    orders = [[picture_index(pictures, seed, 1, k, 50) for k in range(50)] for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    with pytest.raises(ValueError, match="source must hold at least one picture, got none"):
        picture_index([], 0, 1, 0, 1)


def test_chance_is_of_its_moment():
    moments = [("order", 0, 1), ("flip", 0, 1), ("flip", 1, 1), ("flip", 0, 2), ("flip", 0, 1, 0), ("flip", 0, 1, 1)]
    drawn = [chance(*moment).random() for moment in moments]
    drawn += [one.random() for one in sampling_chance(0, 1, range(2)) + sampling_chance(0, 2, [0])]
    assert len(set(drawn)) == len(drawn)
    assert drawn[1] == chance("flip", 0, 1).random()
    assert sampling_chance(0, 1, [1])[0].random() == sampling_chance(0, 1, range(2))[1].random()


@pytest.mark.parametrize("flip", [0.0, 0.3, 1.0])
def test_pictures_are_mirrored_as_often_as_is_said(flip):
    mirrored = []
    for batch in load(WORLD, seed=0, batch=20, steps=range(1, 6), flip=flip):
        for index, image in zip(batch.indices, batch.images, strict=True):
            plain = as_target(WORLD[index])[0]
            mirrored.append(not torch.equal(image, plain))
            assert torch.equal(image, plain.flip(2) if mirrored[-1] else plain)
    assert abs(np.mean(mirrored) - flip) < 0.1
    (last,) = load(WORLD, seed=0, batch=20, steps=range(5, 6), positions=range(7, 9), flip=flip)
    assert last.indices == [87, 88]
    for index, image in zip(last.indices, last.images, strict=True):
        plain = as_target(WORLD[index])[0]
        assert torch.equal(image, plain.flip(2) if mirrored[index] else plain)


@MANY_THREADS
def test_workers_change_nothing():
    """Nor does loading change torch's random state."""
    state = torch.get_rng_state()
    plain, ahead = (
        list(load(WORLD, seed=0, batch=2, steps=range(3, 9), flip=0.5, workers=workers)) for workers in (0, 2)
    )
    assert torch.equal(state, torch.get_rng_state())
    for one, other in zip(plain, ahead, strict=True):
        assert one[:2] == other[:2]
        for a, b in zip(one.images, other.images, strict=True):
            assert torch.equal(a, b)
        for a, b in zip(one.targets, other.targets, strict=True):
            assert all(torch.equal(a[name], b[name]) for name in a)


@MANY_THREADS
@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_cannot_be_loaded_is_named_when_its_turn_comes(workers):
    batches = load(Broken(5, 8), seed=0, batch=2, steps=range(1, 9), workers=workers)
    assert [one.indices for one in islice(batches, 2)] == [[0, 1], [2, 3]]
    with pytest.raises(LoadingError, match=r"^picture 5 of the data cannot be loaded: KeyError: 'no picture 5'$"):
        next(batches)


def test_bad_workers_are_named():
    with pytest.raises(ValueError, match="workers must be a whole number of at least 0, got -1"):
        next(load(WORLD, seed=0, batch=1, steps=range(1, 2), workers=-1))
