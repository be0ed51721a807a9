"""Suppression and IoU against a real torchvision, on the boxes that make it hard."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import ops

import minimask

sys.path.insert(0, str(Path(__file__).parents[1] / "suppression"))
from crowds import KINDS, SEEDS, THRESHOLDS, crowd

BACKENDS = st.sampled_from(["numba", "reference"])
DTYPES = st.sampled_from([np.float32, np.float64])
SHIFTED = 1000
"""Up to so many boxes torchvision shifts the groups apart, instead of taking one after the other."""


def tensors(seed, dtype, **settings_):
    return [torch.from_numpy(array) for array in crowd(seed, dtype, **settings_)]


@settings(max_examples=400)
@given(SEEDS, DTYPES, THRESHOLDS, BACKENDS)
def test_nms(seed, dtype, threshold, backend):
    boxes, scores, _ = tensors(seed, dtype)
    expected = ops.nms(boxes, scores, threshold)
    kept = minimask.nms(boxes, scores, threshold, backend=backend)
    assert torch.equal(kept, expected)
    assert kept.dtype == expected.dtype
    assert minimask.nms(boxes.numpy(), scores.numpy(), threshold, backend=backend).tolist() == expected.tolist()


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_thousands_of_boxes(make, backend):
    rng = np.random.default_rng(1)
    boxes = torch.from_numpy(make(rng, 3000).astype(np.float32))
    scores, groups = torch.from_numpy(rng.integers(0, 1000, 3000) / 1000), torch.from_numpy(rng.integers(0, 9, 3000))
    for threshold in (0.3, 0.5, 0.7):
        expected = ops.nms(boxes, scores.float(), threshold)
        assert torch.equal(minimask.nms(boxes, scores.float(), threshold, backend=backend), expected)
        order = batched_expected(boxes, scores, groups, threshold)
        assert torch.equal(minimask.batched_nms(boxes, scores.float(), groups, threshold, backend=backend), order)


def batched_expected(boxes, scores, groups, threshold):
    """Return what torchvision keeps group by group, in a stable order of scores; its own sort is not stable there."""
    kept = [torch.zeros(0, dtype=torch.int64)]
    for group in groups.unique():
        members = torch.where(groups == group)[0]
        kept.append(members[ops.nms(boxes[members], scores[members].to(boxes), threshold)])
    kept = torch.cat(kept).sort().values
    return kept[scores[kept].sort(descending=True, stable=True).indices]


@settings(max_examples=400)
@given(SEEDS, DTYPES, THRESHOLDS, BACKENDS)
def test_batched_nms_group_by_group(seed, dtype, threshold, backend):
    boxes, scores, groups = tensors(seed, dtype)
    kept = minimask.batched_nms(boxes, scores, groups, threshold, backend=backend)
    assert torch.equal(kept, batched_expected(boxes, scores, groups, threshold))


@settings(max_examples=200)
@given(SEEDS, DTYPES, THRESHOLDS, BACKENDS)
def test_batched_nms_by_its_own_name(seed, dtype, threshold, backend):
    """Whole numbers, which torchvision can shift apart without rounding; and scores without ties."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 3 * SHIFTED)) if seed % 4 == 0 else int(rng.integers(1, 200))
    corner = rng.integers(0, 400, (count, 2))
    boxes = torch.from_numpy(np.concatenate([corner, corner + rng.integers(0, 60, (count, 2))], axis=1).astype(dtype))
    scores, groups = torch.from_numpy(rng.permutation(count).astype(dtype)), torch.from_numpy(rng.integers(0, 5, count))
    kept = minimask.batched_nms(boxes, scores, groups, threshold, backend=backend)
    assert torch.equal(kept, ops.batched_nms(boxes, scores, groups, threshold))


def test_where_shifting_groups_apart_changes_the_answer():
    """Why `batched_nms` moves no box: in float32, two boxes of one group are not what they were far from the origin."""
    boxes = torch.tensor([[0, 0, 1, 1], [0, 0, 1, 0.65], [0, 0, 3e4, 3e4]])
    scores, groups = torch.tensor([0.9, 0.8, 0.7]), torch.tensor([99, 99, 0])
    assert minimask.batched_nms(boxes, scores, groups, 0.7).tolist() == [0, 1, 2]
    assert ops.batched_nms(boxes, scores, groups, 0.7).tolist() == [0, 2]  # 0.65 became 0.75
    many = torch.cat([boxes, torch.tensor([[4e4, 4e4, 4e4, 4e4]]).expand(SHIFTED, 4)])
    scores, groups = torch.cat([scores, torch.zeros(SHIFTED)]), torch.cat([groups, torch.ones(SHIFTED).long()])
    assert ops.batched_nms(many, scores, groups, 0.7)[:3].tolist() == [0, 1, 2]  # so many it takes group by group


@settings(max_examples=300)
@given(SEEDS, SEEDS, DTYPES)
def test_box_iou(seed1, seed2, dtype):
    one, other = tensors(seed1, dtype, most=60)[0], tensors(seed2, dtype, most=60)[0]
    for boxes1, boxes2 in ((one, other), (one, one)):
        expected = ops.box_iou(boxes1, boxes2)
        found = minimask.box_iou(boxes1, boxes2)
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected.nan_to_num(0))  # two boxes without area: 0 / 0 there, 0 here
        np.testing.assert_array_equal(minimask.box_iou(boxes1.numpy(), boxes2.numpy()), found.numpy())


@settings(max_examples=60)
@given(SEEDS)
def test_box_iou_and_its_gradients(seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 20, (2, 12, 2))
    pairs = np.concatenate([corner, corner + rng.uniform(0.5, 15, (2, 12, 2))], axis=2)
    weights = torch.from_numpy(rng.normal(size=(12, 12)))
    grads = []
    for function in (minimask.box_iou, ops.box_iou):
        followed = torch.from_numpy(pairs).requires_grad_()
        (function(*followed) * weights).sum().backward()
        grads.append(followed.grad)
    torch.testing.assert_close(*grads)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int64, torch.int32])
def test_box_iou_of_other_types(dtype):
    boxes = torch.from_numpy(np.sort(np.random.default_rng(0).integers(0, 200, (40, 2, 2)), axis=1).reshape(40, 4))
    expected = ops.box_iou(boxes.to(dtype), boxes.to(dtype)).nan_to_num(0)
    found = minimask.box_iou(boxes.to(dtype), boxes.to(dtype))
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected)


def test_what_torchvision_leaves_open():
    """Why the errors at our door are worth having: torchvision 0.28 answers these."""
    for bad in ([[0, 0, float("nan"), 1]], [[5, 5, 2, 2]]):
        boxes = torch.tensor(bad, dtype=torch.float32)
        assert ops.nms(boxes, torch.ones(1), 0.5).tolist() == [0]
        with pytest.raises(ValueError, match="boxes must"):
            minimask.nms(boxes, torch.ones(1), 0.5)
