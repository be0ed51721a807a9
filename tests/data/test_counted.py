"""Counted pictures: made of a model's output, saved, and read again."""

from dataclasses import replace

import numpy as np
import pytest
from refusals import refused

from minimask.data.counted import CountedPicture, labels_of, load_counted, save_counted
from minimask.data.crops import Crops
from minimask.data.shapes import ShapesWorld


@pytest.fixture(scope="module")
def picture():
    return ShapesWorld(64, 64, objects=(3, 3), sizes=(14, 22), seed=5)[0]


@pytest.fixture(scope="module")
def counted(picture):
    scores = np.array([0.3, 0.95, 0.70009], np.float32)
    masks = np.stack([picture.masks[k % len(picture.masks)] * 0.8 for k in range(3)])[:, None].astype(np.float32)
    return CountedPicture.of(picture, {"scores": scores, "masks": masks}, labels_of(picture.masks[:1]), "a few")


def test_the_surest_come_first(counted, picture):
    assert counted.scores.tolist() == [9500, 7000, 3000]
    np.testing.assert_array_equal(counted.found.masks(80)[0], picture.masks[1])
    assert not counted.found.masks(81).any()
    assert counted.truth.max() == len(picture.masks)
    for k, mask in enumerate(picture.masks):
        np.testing.assert_array_equal(counted.truth == k + 1, mask)
    assert counted.name == "a few"


def test_tensors_are_as_good_as_arrays(counted, picture):
    torch = pytest.importorskip("torch")
    output = {"scores": torch.tensor([0.7]), "masks": torch.tensor(picture.masks[:1]).float()[:, None].requires_grad_()}
    made = CountedPicture.of(picture, output, counted.baseline)
    assert (made.scores.tolist(), len(made.found)) == ([7000], 1)
    nothing = {"scores": torch.zeros(0), "masks": torch.zeros(0, 1, 64, 64)}
    assert len(CountedPicture.of(picture, nothing, counted.baseline).found) == 0


def test_everything_comes_back_from_a_file(counted, tmp_path):
    save_counted(tmp_path / "counts.npz", [counted, replace(counted, name="again")])
    first, second = load_counted(tmp_path / "counts.npz")
    for name in ("image", "truth", "baseline", "scores"):
        np.testing.assert_array_equal(getattr(first, name), getattr(counted, name))
    assert (first.name, second.name) == ("a few", "again")
    assert first.image.flags["C_CONTIGUOUS"]
    assert first.to_bytes() == counted.to_bytes()
    assert len(counted.to_bytes(image=False)) < len(counted.to_bytes())


def test_hidden_masks_have_no_number():
    masks = np.zeros((3, 2, 3), np.bool_)
    masks[0, 0, 0], masks[1, 0, 0], masks[2, 1] = True, True, True
    assert labels_of(masks).tolist() == [[1, 0, 0], [2, 2, 2]]


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"image": np.zeros((64, 64), np.uint8)}, ("image must be uint8 (H, W, 3)",)),
        ({"image": np.zeros((64, 600, 3), np.uint8)}, ("at most 512 pixels",)),
        ({"truth": np.zeros((64, 64), int)}, ("truth must hold an object",)),
        ({"truth": np.full((64, 64), 2)}, ("truth must number its objects 1, 2, ...",)),
        ({"truth": np.ones((64, 64))}, ("truth must be labels", "float64")),
        ({"baseline": np.ones((64, 63), int)}, ("baseline must be labels (64, 64)", "(64, 63)")),
        ({"baseline": np.full((64, 64), -1)}, ("baseline must be labels",)),
        ({"scores": np.array([9000, 9500, 3000])}, ("scores must fall",)),
        ({"scores": np.array([10_001, 9500, 3000])}, ("scores must fall, from at most 10000",)),
        ({"scores": np.array([9000])}, ("found must have a mask of the picture's size for each of 1 scores",)),
        ({"found": Crops.of(np.zeros((3, 8, 8)))}, ("found must have a mask of the picture's size",)),
    ],
)
def test_bad_input(counted, changed, parts):
    refused(lambda: replace(counted, **changed), ValueError, *parts)
