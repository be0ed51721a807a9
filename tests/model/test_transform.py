"""From pictures to a batch: sizes, numbers and padding, and what is refused at the door."""

import numpy as np
import pytest
import torch
from refusals import refused

from minimask.model.inputs import check_targets
from minimask.model.transform import Transform, resize_boxes

AS_THEY_ARE = Transform(min_size=None, mean=(0, 0, 0), std=(1, 1, 1), divisor=1)


def image(height=4, width=6, value=0.5):
    return torch.full((3, height, width), value)


def truth(height=4, width=6, objects=2, **changed):
    boxes = torch.tensor([[0.0, 0, 3, 2], [1, 1, 6, 4]])[:objects]
    masks = torch.zeros(objects, height, width, dtype=torch.uint8)
    for mask, box in zip(masks, boxes.int().tolist(), strict=True):
        mask[box[1] : box[3], box[0] : box[2]] = 1
    return {"boxes": boxes, "labels": torch.arange(1, objects + 1), "masks": masks} | changed


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((480, 640), (800, 1066)),  # floor(1066.67)
        ((100, 80), (1000, 800)),
        ((300, 3000), (133, 1333)),  # the longer side decides
        ((1600, 2400), (800, 1200)),
        ((800, 1333), (800, 1333)),
        ((1, 1), (800, 800)),
    ],
)
def test_sizes(size, expected):
    assert Transform().size(*size) == expected


def test_numbers_by_hand():
    picture = torch.stack([torch.full((2, 2), value) for value in (0.25, 0.5, 1.0)])
    batch, targets = Transform(min_size=None, mean=(0.25, 0, 0.5), std=(1, 0.25, 0.5), divisor=4)([picture])
    assert targets is None
    assert batch.pictures[0, :, :2, :2].flatten(1).tolist() == [[0.0] * 4, [2.0] * 4, [1.0] * 4]
    assert batch.pictures[0].abs().sum(dim=0).bool().tolist() == [[True, True, False, False]] * 2 + [[False] * 4] * 2


def test_bilinear_by_hand():
    """Twice as large: every pixel lies a quarter off the centers of the old ones, and the border repeats."""
    ramp = torch.tensor([0.0, 4.0]).expand(3, 2, 2)
    (picture,) = Transform(min_size=4, mean=(0, 0, 0), std=(1, 1, 1))([ramp])[0].pictures
    assert picture[0, :4, :4].tolist() == [[0, 1, 3, 4]] * 4


def test_a_batch_of_unequal_sizes():
    batch, _ = Transform(min_size=None, divisor=32)([image(33, 5), image(7, 70), image(1, 1)])
    assert batch.pictures.shape == (3, 3, 64, 96)
    assert batch.padded_size == (64, 96)
    assert batch.sizes == batch.original_sizes == [(33, 5), (7, 70), (1, 1)]
    for picture, (height, width) in zip(batch.pictures, batch.sizes, strict=True):
        assert (picture[:, :height, :width] != 0).all()
        assert (picture != 0).sum() == 3 * height * width


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pictures_lie_channels_last_and_keep_their_dtype(dtype):
    given = image(9, 8).to(dtype)
    before = given.clone()
    batch, _ = Transform(min_size=16)([given, given])
    assert batch.pictures.is_contiguous(memory_format=torch.channels_last)
    assert batch.pictures.dtype == dtype
    assert torch.equal(given, before)


def test_truth_is_resized_with_the_picture():
    given = truth()
    batch, (found,) = Transform(min_size=8)([image()], [given | {"name": "mine"}])
    assert batch.sizes == [(8, 12)]
    assert torch.equal(found["boxes"], given["boxes"] * 2)
    assert torch.equal(found["masks"], given["masks"].repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert torch.equal(found["labels"], given["labels"])
    assert found["name"] == "mine"
    assert torch.equal(given["boxes"], truth()["boxes"])


def test_height_and_width_have_ratios_of_their_own():
    boxes = resize_boxes(torch.tensor([[1.0, 1, 2, 2]]), (3, 5), (6, 15))
    assert boxes.tolist() == [[3, 2, 6, 4]]
    back = resize_boxes(boxes, (6, 15), (3, 5))
    torch.testing.assert_close(back, torch.tensor([[1.0, 1, 2, 2]]))
    assert resize_boxes(boxes.double(), (6, 15), (3, 5)).dtype == torch.float64


def test_a_picture_without_objects():
    nothing = truth(objects=0)
    for transform, size in ((Transform(min_size=8), (8, 12)), (AS_THEY_ARE, (4, 6))):
        _, (found,) = transform([image()], [nothing])
        assert found["boxes"].shape == (0, 4)
        assert found["masks"].shape == (0, *size)
        assert found["labels"].shape == (0,)


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32, torch.int64])
def test_masks_of_any_kind(dtype):
    given = truth()
    _, (found,) = Transform(min_size=8)([image()], [given | {"masks": given["masks"].to(dtype)}])
    _, (expected,) = Transform(min_size=8)([image()], [given])
    assert found["masks"].dtype == torch.uint8
    assert torch.equal(found["masks"], expected["masks"])


def test_of_several_lengths_training_draws_and_all_else_takes_the_last():
    transform = Transform(min_size=(8, 16, 12))
    assert transform([image()])[0].sizes == [(12, 18)]
    sizes = transform([image()] * 40, rng=np.random.default_rng(0))[0].sizes
    assert set(sizes) == {(8, 12), (16, 24), (12, 18)}
    assert transform([image()] * 40, rng=np.random.default_rng(0))[0].sizes == sizes
    own = [np.random.default_rng(number) for number in range(40)]
    shuffled = transform([image()] * 40, rng=own)[0].sizes
    again = transform([image()] * 39, rng=[np.random.default_rng(number) for number in range(1, 40)])[0].sizes
    assert shuffled[1:] == again


def test_one_length_leaves_chance_alone():
    rng = np.random.default_rng(0)
    Transform(min_size=8)([image()], rng=rng)
    assert rng.integers(2**60) == np.random.default_rng(0).integers(2**60)


WRONG_IMAGES = {
    "none": ([], ValueError, "images must hold at least one picture"),
    "an array": (np.zeros((3, 4, 4)), TypeError, "images must be a list of tensors (3, H, W), got ndarray"),
    "arrays": ([np.zeros((3, 4, 4))], TypeError, "images[0] must be a torch tensor, got ndarray"),
    "bytes": ([image().to(torch.uint8)], TypeError, "images[0] must hold floating-point numbers from 0 to 1"),
    "gray": ([image(), image()[:1]], ValueError, "images[1] must have shape (3, H, W) with H, W >= 1, got shape (1,"),
    "channels last": ([image().permute(1, 2, 0)], ValueError, "images[0] must have shape (3, H, W)"),
    "flat": ([image()[0]], ValueError, "got shape (4, 6)"),
    "no pixel": ([image(0, 5)], ValueError, "got shape (3, 0, 5)"),
    "dtypes": (
        [image(), image().double()],
        ValueError,
        "alike in dtype and device, got torch.float32 on cpu and, in i",
    ),
    "nan": ([image(value=float("nan"))], ValueError, "images[0] must be finite"),
}


@pytest.mark.parametrize("case", WRONG_IMAGES)
def test_wrong_images(case):
    images, error, message = WRONG_IMAGES[case]
    refused(lambda: AS_THEY_ARE(images), error, message)


WRONG_TARGETS = {
    "boxes missing": ({"boxes": None}, ValueError, "targets[0] must have the keys boxes, labels, masks; missing: bo"),
    "whole numbers": ({"boxes": torch.ones(2, 4).long()}, TypeError, "targets[0]['boxes'] must hold floating-point"),
    "one box": ({"boxes": torch.tensor([0.0, 0, 1, 1])}, ValueError, "must have shape (M, 4) with rows x1 y1 x2 y2"),
    "no width": ({"boxes": torch.tensor([[0.0, 0, 1, 1], [2, 0, 2, 1]])}, ValueError,
                 "targets[0]['boxes'] must have x1 < x2 and y1 < y2, got [2.0, 0.0, 2.0, 1.0] in row 1"),
    "no height": ({"boxes": torch.tensor([[0.0, 1, 1, 1], [2, 0, 3, 1]])}, ValueError, "in row 0"),
    "not a number": ({"boxes": torch.tensor([[0.0, 0, 1, 1], [0, 0, float("nan"), 1]])}, ValueError, "must be finite"),
    "infinite": ({"boxes": torch.tensor([[0.0, 0, 1, 1], [0, 0, float("inf"), 1]])}, ValueError, "must be finite"),
    "int32": ({"labels": torch.ones(2, dtype=torch.int32)}, TypeError, "targets[0]['labels'] must have dtype torch"),
    "too few": ({"labels": torch.ones(1).long()}, ValueError, "targets[0]['labels'] must have shape (2,), one for"),
    "background": ({"labels": torch.tensor([1, 0])}, ValueError, "must be from 1 to 2, 0 being the background, got 0"),
    "unknown": ({"labels": torch.tensor([1, 3])}, ValueError, "must be from 1 to 2, 0 being the background, got 3"),
    "soft": ({"masks": torch.full((2, 4, 6), 0.25)}, ValueError, "must hold 0 and 1, got 0.25; compare first"),
    "negative": ({"masks": torch.full((2, 4, 6), -1)}, ValueError, "must hold 0 and 1, got -1"),
    "of another size": ({"masks": torch.zeros(2, 4, 4).byte()}, ValueError, "masks'] must have shape (2, 4, 6)"),
    "of an object": ({"masks": torch.zeros(1, 4, 6).byte()}, ValueError, "got shape (1, 4, 6)"),
    "0 and 2": ({"masks": torch.full((2, 4, 6), 2).byte()}, ValueError, "must hold 0 and 1, got 2; compare fi"),
    "array": ({"masks": np.zeros((2, 4, 6), bool)}, TypeError, "targets[0]['masks'] must be a torch tensor, got nd"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_TARGETS)
def test_wrong_targets(case):
    changed, error, message = WRONG_TARGETS[case]
    target = {key: value for key, value in (truth() | changed).items() if value is not None}
    refused(lambda: AS_THEY_ARE([image()], [target], classes=3), error, message)


def test_targets_of_a_wrong_kind():
    refused(lambda: AS_THEY_ARE([image()], truth()), TypeError, "targets must be a list of dicts", "got dict")
    refused(lambda: AS_THEY_ARE([image()], []), ValueError, "targets must be one for each of the 1 pictures, got 0")
    refused(
        lambda: AS_THEY_ARE([image()], [[1]]), TypeError, "targets[0] must be a dict of boxes, labels, masks, got l"
    )
    check_targets([truth(labels=torch.tensor([1, 9]))], [image()])
    refused(lambda: check_targets([truth(labels=torch.tensor([1, 0]))], [image()]), ValueError, "at least 1", "got 0")
    elsewhere = [truth(labels=torch.zeros(2, dtype=torch.int64, device="meta"))]
    refused(lambda: check_targets(elsewhere, [image()]), ValueError, "must be on its picture's device cpu, got meta")


def test_wrong_settings():
    for settings, error, message in (
        ({"min_size": 0}, ValueError, "min_size must be a whole number of at least 1, got 0"),
        ({"min_size": 8.5}, ValueError, "min_size must be a whole number of at least 1, got 8.5"),
        ({"min_size": (8, 0)}, ValueError, "min_size must be a whole number of at least 1, got 0"),
        ({"min_size": ()}, ValueError, "min_size must be a length, several of them, or None, got ()"),
        ({"max_size": 0}, ValueError, "max_size must be a whole number of at least 1, got 0"),
        ({"divisor": 0}, ValueError, "divisor must be a whole number of at least 1, got 0"),
        ({"mean": (0, 0)}, ValueError, "mean must be three numbers, for red, green and blue, got (0, 0)"),
        ({"std": (1, 0, 1)}, ValueError, "std must be above 0, got (1, 0, 1)"),
    ):
        refused(lambda settings=settings: Transform(**settings), error, message)
    refused(lambda: Transform(max_size=10).size(1, 3000), ValueError, "resized to 10, got 1 x 3000")
    own = [np.random.default_rng(0)]
    refused(
        lambda: AS_THEY_ARE([image()] * 2, rng=own), ValueError, "rng must be one generator, or one for each of the 2"
    )
