"""Anchors, matching, sampling and the box coder against a real torchvision: equal bits in float32 too."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torchvision.models.detection import _utils as det_utils
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.retinanet import retinanet_resnet50_fpn
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import box_iou
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

from minimask.anchors import Level, recipes
from minimask.box_coder import CLAMP, decode, encode
from minimask.matching import BACKGROUND, IGNORED, match, sample

SIDES = st.integers(1, 700)


def feature_maps(height, width, coarser):
    """Return maps of the sizes that torchvision's backbone makes of a padded picture: stride 4 to 32, and coarser."""
    maps = [torch.zeros(1, 4, -(-height // stride), -(-width // stride)) for stride in (4, 8, 16, 32)]
    return coarser(maps)


def with_pool(maps):
    """Add P6 as torchvision's Faster and Mask R-CNN do: every second cell of P5."""
    return LastLevelMaxPool()(maps, maps, [""] * len(maps))[0]


def with_p6_and_p7(maps):
    """Add P6 and P7 as torchvision's RetinaNet does: by convolutions of stride 2, and without P2."""
    with torch.no_grad():
        return LastLevelP6P7(4, 4)(maps[1:], maps[1:], [""] * 3)[0]


def of_torchvision(generator, height, width, coarser):
    images = ImageList(torch.zeros(1, 1, height, width), [(height, width)])
    (anchors,) = generator(images, feature_maps(height, width, coarser))
    return anchors.numpy()


PYRAMID = AnchorGenerator(((32,), (64,), (128,), (256,), (512,)), ((0.5, 1.0, 2.0),) * 5)


@settings(max_examples=60)
@given(SIDES, SIDES)
def test_anchors_of_the_pyramid(height, width):
    recipe = recipes["torchvision_fpn"]
    expected = of_torchvision(PYRAMID, *recipe.network_size(height, width), with_pool)
    assert recipe.count(height, width) == len(expected)
    np.testing.assert_array_equal(recipe.boxes(height, width), expected)


@pytest.fixture(scope="module")
def retinanet():
    """RetinaNet's generator, from the model itself."""
    return retinanet_resnet50_fpn(weights=None, weights_backbone=None).anchor_generator


@settings(max_examples=40)
@given(SIDES, SIDES)
def test_anchors_of_retinanet(retinanet, height, width):
    recipe = dataclasses.replace(recipes["torchvision_retinanet"], resize=None)
    expected = of_torchvision(retinanet, *recipe.network_size(height, width), with_p6_and_p7)
    assert recipe.count(height, width) == len(expected)
    np.testing.assert_array_equal(recipe.boxes(height, width), expected)


@settings(max_examples=150)
@given(
    st.lists(st.floats(1, 1000, width=32), min_size=1, max_size=4),
    st.lists(st.sampled_from([0.1, 0.25, 1 / 3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0]), min_size=1, max_size=4),
)
@example([1292.0, 3038.0], [1.8, 0.1])  # halves in float32, not in float64
def test_anchors_of_a_cell_of_any_sizes_and_ratios(sizes, ratios):
    recipe = dataclasses.replace(recipes["torchvision_fpn"], levels=(Level(4, tuple(sizes), tuple(ratios)),))
    (expected,) = AnchorGenerator((tuple(sizes),), (tuple(ratios),)).cell_anchors
    found = recipe.cell_anchors(0)
    # On some processors the last bit of torch's root is another one, which tips what is halfway between two pixels.
    other_root = torch.tensor(ratios).sqrt().numpy() != np.sqrt(np.array(ratios, np.float32))
    exact = np.stack([1 / np.sqrt(ratios), np.sqrt(ratios)])[:, :, None] * np.array(sizes)
    exact = np.tile(exact.reshape(2, -1).T / 2, 2)
    tipped = np.repeat(other_root, len(sizes))[:, None] & (np.abs(exact % 1 - 0.5) < 3e-7 * exact)
    np.testing.assert_array_equal(found[~tipped], expected.numpy()[~tipped])
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=1)


@pytest.mark.parametrize("size", [(1024, 1024), (480, 640), (640, 480), (427, 640), (100, 1000), (333, 500), (37, 41)])
def test_anchors_of_a_resized_picture(size):
    recipe = recipes["torchvision_maskrcnn"]
    transform = GeneralizedRCNNTransform(800, 1333, [0.5] * 3, [0.2] * 3)
    images, _ = transform([torch.zeros(3, *size)])
    assert tuple(images.tensors.shape[-2:]) == recipe.network_size(*size)
    (expected,) = PYRAMID(images, feature_maps(*images.tensors.shape[-2:], with_pool))
    assert recipe.count(*size) == len(expected)
    np.testing.assert_array_equal(recipe.boxes(*size), expected.numpy())


@settings(max_examples=300)
@given(st.integers(1, 2000), st.integers(1, 2000), st.sampled_from([(800, 1333), (80, 133), (64, 64), (101, 167)]))
def test_sizes_after_resizing(height, width, resize):
    recipe = dataclasses.replace(recipes["torchvision_maskrcnn"], resize=resize)
    transform = GeneralizedRCNNTransform(*resize, [0.5], [0.2])
    try:
        images, _ = transform([torch.zeros(1, height, width)])
    except RuntimeError:
        with pytest.raises(ValueError, match="must leave at least one pixel"):
            recipe.network_size(height, width)
        return
    assert recipe.network_size(height, width) == tuple(images.tensors.shape[-2:])


# Matching


def small_boxes(most, limit, flat):
    """Draw boxes (N, 4) on whole pixels, where ties abound; with `flat`, some without area."""
    side = st.tuples(st.integers(0, limit), st.integers(0 if flat else 1, limit)).map(lambda pair: (pair[0], sum(pair)))
    box = st.tuples(side, side).map(lambda sides: [sides[0][0], sides[1][0], sides[0][1], sides[1][1]])
    return st.lists(box, min_size=1, max_size=most).map(lambda rows: np.array(rows, np.float32))


def of_matcher(boxes, objects, high, low, low_quality):
    iou = box_iou(torch.from_numpy(objects), torch.from_numpy(boxes))
    return det_utils.Matcher(high, low, low_quality)(iou).numpy(), iou.numpy()


@settings(max_examples=500)
@given(
    small_boxes(12, 6, flat=True),
    small_boxes(5, 6, flat=False),
    st.sampled_from([(0.7, 0.3), (0.5, 0.5), (0.5, 0.25), (1.0, 0.0), (2 / 3, 1 / 3)]),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
)
def test_matching_with_ties(boxes, objects, thresholds, low_quality, kind):
    boxes, objects = boxes.astype(kind), objects.astype(kind)
    expected, iou = of_matcher(boxes, objects, *thresholds, low_quality)
    if low_quality and not iou.max(axis=1).all():
        reached = iou.max(axis=1) > 0  # the others: see below
        expected = np.array(match(boxes, objects, *thresholds, low_quality=False))
        tied = ((iou == iou.max(axis=1, keepdims=True)) & reached[:, None]).any(axis=0)
        expected[tied] = iou.argmax(axis=0)[tied]
    found = match(boxes, objects, *thresholds, low_quality=low_quality)
    assert found.dtype == expected.dtype
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("name", ["torchvision_fpn", "torchvision_retinanet", "c4", "lesson"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("low_quality", [True, False])
def test_matching_of_real_anchors(name, kind, low_quality):
    rng = np.random.default_rng(5)
    anchors = recipes[name].boxes(200, 333).astype(kind)
    height, width = recipes[name].network_size(200, 333)
    center, half = rng.uniform(0, (width, height), (60, 2)), np.exp(rng.uniform(1, np.log(height / 2), (60, 2)))
    objects = np.clip(np.concatenate([center - half, center + half], axis=1), 0, [width, height] * 2).astype(kind)
    objects[::2] = np.round(objects[::2] / 4) * 4
    objects = objects[(objects[:, 2:] > objects[:, :2]).all(axis=1)]
    expected, iou = of_matcher(anchors, objects, 0.7, 0.3, low_quality)
    assert (iou.max(axis=1) > 0).all()
    np.testing.assert_array_equal(match(anchors, objects, low_quality=low_quality), expected)
    assert {BACKGROUND, IGNORED} <= {*expected.tolist()}
    assert max(expected) > 30 or not low_quality


def test_an_object_out_of_reach_makes_torchvision_match_every_box():
    """Why `match` asks for an IoU above 0: all boxes tie for the best IoU with such an object."""
    boxes, objects = (
        np.float32([[0, 0, 8, 8], [0, 0, 2, 8], [90, 90, 99, 99]]),
        np.float32([[0, 0, 8, 8], [50, 50, 60, 60]]),
    )
    expected, _ = of_matcher(boxes, objects, 0.7, 0.3, True)
    assert expected.tolist() == [0, 0, 0]
    assert match(boxes, objects).tolist() == [0, BACKGROUND, BACKGROUND]


def test_a_picture_without_objects_is_background_and_an_error_there():
    with pytest.raises(ValueError, match="No ground-truth boxes"):
        of_matcher(np.float32([[0, 0, 8, 8]]), np.zeros((0, 4), np.float32), 0.7, 0.3, True)
    assert match([[0, 0, 8, 8]], []).tolist() == [BACKGROUND]


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([BACKGROUND, IGNORED, 0, 1, 2]), max_size=60),
    st.integers(0, 40),
    st.sampled_from([0.0, 0.25, 0.3, 0.5, 1.0]),
)
def test_how_many_are_drawn(matches, count, fraction):
    matches = np.array(matches, np.int64)
    labels = torch.from_numpy(np.where(matches >= 0, 1, np.where(matches == BACKGROUND, 0, -1)))
    positive, negative = det_utils.BalancedPositiveNegativeSampler(count, fraction)([labels])
    ours = sample(matches, count, fraction, rng=np.random.default_rng(0))
    assert [len(part) for part in ours] == [int(positive[0].sum()), int(negative[0].sum())]
    for part, label in zip(ours, (1, 0), strict=True):
        assert (labels[part] == label).all()


# The box coder


@settings(max_examples=100)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0), (0.5, 2.0, 1 / 3, 7.0)]),
    st.sampled_from([CLAMP, 0.0, 0.5, 10.0]),
    st.sampled_from([torch.float32, torch.float64]),
)
def test_the_box_coder(seed, weights, clamp, dtype):
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(2, 50, 2, generator=generator, dtype=dtype) * 1000
    sides = torch.exp(torch.rand(2, 50, 2, generator=generator, dtype=dtype) * 6)
    boxes, anchors = torch.cat([corner, corner + sides], dim=2)
    coder = det_utils.BoxCoder(weights, clamp)
    torch.testing.assert_close(encode(boxes, anchors, weights), coder.encode_single(boxes, anchors), rtol=0, atol=0)
    deltas = torch.randn(50, 4, generator=generator, dtype=dtype) * 8
    decoded = coder.decode_single(deltas, anchors)
    torch.testing.assert_close(decode(deltas, anchors, weights, clamp), decoded, rtol=0, atol=0)
    by_hand = decode(deltas.numpy(), anchors.numpy(), weights, clamp)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    np.testing.assert_allclose(by_hand, decoded.numpy(), rtol=tolerance, atol=tolerance * 1e3)


def test_the_box_coder_with_several_classes():
    generator = torch.Generator().manual_seed(0)
    anchors = torch.tensor([[0.0, 0, 8, 4], [3, 3, 90, 80], [-4, 2, 0, 30]])
    deltas = torch.randn(3, 7 * 4, generator=generator)
    expected = det_utils.BoxCoder((10, 10, 5, 5)).decode(deltas, [anchors])
    ours = decode(deltas.reshape(3, 7, 4), anchors[:, None], (10, 10, 5, 5))
    torch.testing.assert_close(ours, expected, rtol=0, atol=0)


def test_gradients_of_the_box_coder():
    generator = torch.Generator().manual_seed(3)
    anchors = torch.tensor([[0.0, 0, 8, 4], [3, 3, 90, 80]]).requires_grad_()
    deltas = torch.randn(2, 4, generator=generator) * 3
    boxes = torch.tensor([[1.0, 0, 9, 9], [0, 0, 50, 80]])
    incoming = torch.rand(2, 4, generator=generator)
    coder = det_utils.BoxCoder((1, 1, 1, 1))
    for ours, theirs, first in ((decode, coder.decode_single, deltas), (encode, coder.encode_single, boxes)):
        first.requires_grad_()
        pair = [
            torch.autograd.grad(function(first, anchors), (first, anchors), incoming) for function in (ours, theirs)
        ]
        torch.testing.assert_close(*pair)
