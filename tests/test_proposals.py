"""The funnel by hand, against plain loops, and the same for arrays and tensors."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimask.anchors import recipes
from minimask.box_coder import decode
from minimask.geometry.boxes import box_iou
from minimask.proposals import STAGES, Funnel, funnel_recall, propose, sigmoid, top_k

SIZE = (32, 48)


def squares(*corners, side=8.0):
    """Boxes of one size at given corners."""
    corners = np.array(corners, dtype=float).reshape(-1, 2)
    return np.concatenate([corners, corners + side], axis=1)


def test_every_stage_by_hand():
    """Two levels: of the finer one three of five are kept, then one lies outside, and one overlaps a better one."""
    fine = squares((0, 0), (1, 0), (60, 0), (20, 8), (30, 8))
    coarse = squares((0, 0), side=16)
    logits = [np.array([1.0, 2.0, 3.0, -1.0, -2.0]), np.array([1.5])]
    deltas = [np.zeros((5, 4)), np.array([[0.5, 0.0, np.log(0.5), 0.0]])]
    funnel = propose(logits, deltas, [fine, coarse], SIZE, pre_top_n=3, post_top_n=1)

    kept = {name: stage.indices.tolist() for name, stage in funnel.stages().items()}
    assert kept == {
        "anchors": [0, 1, 2, 3, 4, 5],
        "top_k": [2, 1, 0, 5],
        "clipped": [2, 1, 0, 5],
        "large_enough": [1, 0, 5],
        "nms": [1, 5],
        "top_n": [1],
    }
    assert funnel.anchors.levels.tolist() == [0, 0, 0, 0, 0, 1]
    np.testing.assert_array_equal(funnel.anchors.boxes, np.concatenate([fine, coarse]))
    np.testing.assert_allclose(funnel.top_k.boxes[-1], [12, 0, 20, 16])  # moved by half its width, half as wide
    assert funnel.clipped.boxes[0].tolist() == [48, 0, 48, 8]
    np.testing.assert_allclose(funnel.nms.scores, 1 / (1 + np.exp([-2.0, -1.5])))
    assert funnel.top_n.boxes.tolist() == [[1, 0, 9, 8]]


def test_a_box_of_another_level_suppresses_nothing():
    box = squares((0, 0))
    zeros = np.zeros((1, 4))
    apart = propose([np.array([1.0]), np.array([2.0])], [zeros] * 2, [box] * 2, SIZE)
    together = propose([np.array([1.0, 2.0])], [np.zeros((2, 4))], [np.concatenate([box, box])], SIZE)
    assert apart.top_n.indices.tolist() == [1, 0]
    assert together.top_n.indices.tolist() == [1]


def test_limits_are_strict():
    """An IoU of exactly the threshold suppresses nothing; a side of exactly the minimum is large enough."""
    boxes = np.array([[0.0, 0, 2, 2], [0, 0, 2, 1], [0, 4, 0.5, 4.5]])
    logits, deltas = [np.array([3.0, 2.0, 1.0])], [np.zeros((3, 4))]
    found = propose(logits, deltas, [boxes], SIZE, nms_threshold=0.5, min_size=0.5)
    assert found.top_n.indices.tolist() == [0, 1, 2]
    assert propose(logits, deltas, [boxes], SIZE, nms_threshold=0.49, min_size=0.5).nms.indices.tolist() == [0, 2]
    assert propose(logits, deltas, [boxes], SIZE, nms_threshold=0.5, min_size=0.51).nms.indices.tolist() == [0, 1]


@pytest.mark.parametrize("library", [np.array, torch.tensor])
def test_scores_below_a_threshold_are_left_out(library):
    logits, deltas = [library([-1.0, 0.0, 3.0, -9.0])], [library([[0.0] * 4] * 4)]
    anchors = [library(squares((0, 0), (20, 0), (40, 0), (60, 0)).tolist())]
    for threshold, left in ((0.0, [2, 1, 0, 3]), (0.5, [2, 1]), (0.50001, [2]), (1.0, [])):
        funnel = propose(logits, deltas, anchors, (80, 80), score_threshold=threshold)
        assert funnel.top_n.indices.tolist() == left


def test_ties():
    """Scores of 1 are equal in float32: in a level the logits decide then, across levels the finer goes first."""
    far = [squares((0, 0), (10, 0), (20, 0)), squares((0, 10), (10, 10))]
    logits = [np.array([40.0, 41.0, 40.0], np.float32), np.array([90.0, 0.0], np.float32)]
    deltas = [np.zeros((3, 4), np.float32), np.zeros((2, 4), np.float32)]
    funnel = propose(logits, deltas, far, SIZE)
    assert funnel.top_n.indices.tolist() == [1, 0, 2, 3, 4]
    tensors = [[torch.from_numpy(one.astype(np.float32)) for one in level] for level in (logits, deltas, far)]
    assert propose(*tensors, SIZE).top_n.indices.tolist() == [1, 0, 2, 3, 4]


@pytest.mark.parametrize("count", [1, 3, 4, 7, 20])
def test_top_k_with_ties_at_the_edge(count):
    values = np.array([2.0, 5, 2, 5, 1, 2, -3])
    expected = sorted(range(7), key=lambda k: (-values[k], k))[:count]
    assert top_k(values, count).tolist() == expected
    assert top_k(torch.from_numpy(values), count).tolist() == expected


def test_sigmoid():
    np.testing.assert_array_equal(sigmoid(np.array([-np.inf, 0, np.inf])), [0, 0.5, 1])
    values = np.linspace(-80, 80, 999)
    np.testing.assert_allclose(sigmoid(values), torch.from_numpy(values).sigmoid().numpy(), rtol=1e-14)
    assert sigmoid(values.astype(np.float32)).dtype == np.float32


def plain(logits, deltas, anchors, size, pre, post, threshold, least):
    """The proposals by loops over Python lists: indices, best first."""
    boxes = np.concatenate([decode(*pair) for pair in zip(deltas, anchors, strict=True)])
    boxes = np.clip(boxes, 0, [size[1], size[0]] * 2)
    kept, start = [], 0
    for values in logits:
        order = sorted(range(len(values)), key=lambda k, values=values: -values[k])[:pre]
        alive = []
        for k in (start + k for k in order):
            x1, y1, x2, y2 = boxes[k]
            fits = min(x2 - x1, y2 - y1) >= least
            if fits and all(box_iou(boxes[[k]], boxes[[other]])[0, 0] <= threshold for other in alive):
                alive.append(k)
        kept += [(float(sigmoid(values)[k - start]), k) for k in alive]
        start += len(values)
    return [k for _, k in sorted(kept, key=lambda pair: -pair[0])][:post], boxes


def random_predictions(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 12, rng.integers(1, 4))
    logits = [np.round(rng.normal(0, 2, n), int(rng.integers(0, 4))) for n in counts]  # often equal
    deltas = [rng.normal(0, 0.5, (n, 4)) for n in counts]
    corners = [np.sort(rng.integers(-8, 56, (n, 2, 2)), axis=1) for n in counts]
    anchors = [(one + np.array([[0, 0], [1, 1]])).reshape(-1, 4) for one in corners]
    return tuple([one.astype(dtype) for one in part] for part in (logits, deltas, anchors))


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 8), st.sampled_from([0.0, 0.3, 0.7, 1.0]))
def test_against_plain_loops(seed, pre, post, threshold):
    predictions = random_predictions(seed)
    funnel = propose(*predictions, SIZE, pre, post, threshold, min_size=2.0)
    indices, boxes = plain(*predictions, SIZE, pre, post, threshold, 2.0)
    assert funnel.top_n.indices.tolist() == indices
    np.testing.assert_allclose(funnel.top_n.boxes, boxes[indices].reshape(-1, 4), atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.sampled_from([np.float32, np.float64]))
def test_each_stage_follows_from_the_one_before(seed, count, dtype):
    logits, deltas, anchors = random_predictions(seed, dtype)
    funnel = propose(logits, deltas, anchors, SIZE, count, count, min_size=2.0)
    stages = list(funnel.stages().values())
    every = funnel.anchors
    levels = np.repeat(np.arange(len(logits)), [len(one) for one in logits])
    for before, after in pairwise(stages):
        assert set(after.indices.tolist()) <= set(before.indices.tolist())
        np.testing.assert_array_equal(after.scores, every.scores[after.indices])
        np.testing.assert_array_equal(after.levels, levels[after.indices])
        assert after.boxes.dtype == after.scores.dtype == dtype
        assert after.boxes.shape == (len(after.indices), 4)
    assert len(funnel.top_k.indices) == sum(min(count, len(one)) for one in logits)
    assert len(funnel.top_n.indices) == min(count, len(funnel.nms.indices))
    assert (np.diff(funnel.nms.scores) <= 0).all()
    assert (funnel.clipped.boxes >= 0).all() and (funnel.clipped.boxes <= [48, 32, 48, 32]).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_tensors_take_the_same_way(seed, count):
    predictions = random_predictions(seed)
    funnel = propose(*predictions, SIZE, count, count)
    tensors = [[torch.from_numpy(one).requires_grad_() for one in part] for part in predictions]
    found = propose(*tensors, SIZE, count, count)
    for name, stage in found.stages().items():
        assert all(isinstance(part, torch.Tensor) and not part.requires_grad for part in stage)
        expected = getattr(funnel, name)
        assert stage.indices.tolist() == expected.indices.tolist()
        assert stage.levels.tolist() == expected.levels.tolist()
        np.testing.assert_allclose(stage.boxes.numpy(), expected.boxes, atol=1e-9)
        np.testing.assert_allclose(stage.scores.numpy(), expected.scores, atol=1e-12)
    arrays = found.to_numpy()
    assert isinstance(arrays, Funnel)
    assert all(isinstance(part, np.ndarray) for stage in arrays.stages().values() for part in stage)


def test_what_comes_in_is_left_as_it_was():
    predictions = random_predictions(3)
    copies = [[one.copy() for one in part] for part in predictions]
    propose(*predictions, SIZE)
    for part, copy in zip(predictions, copies, strict=True):
        for one, other in zip(part, copy, strict=True):
            np.testing.assert_array_equal(one, other)


def test_half_precision_is_computed_in_float32():
    anchors = [torch.tensor([[0.0, 0, 300, 200]])]
    found = propose([torch.ones(1).half()], [torch.full((1, 4), 0.1).half()], anchors, (999, 999))
    assert found.top_n.boxes.dtype == found.top_n.scores.dtype == torch.float32
    expected = decode(np.full((1, 4), np.float16(0.1), np.float32), anchors[0].numpy())
    np.testing.assert_allclose(found.top_n.boxes.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
def test_no_anchors_give_no_proposals(library):
    nothing = [library(np.zeros(0))], [library(np.zeros((0, 4)))], [library(np.zeros((0, 4)))]
    funnel = propose(*nothing, SIZE)
    assert all(len(stage.boxes) == 0 for stage in funnel.stages().values())


GOOD = {
    "logits": [np.zeros(2)],
    "deltas": [np.zeros((2, 4))],
    "anchors": [np.array([[0.0, 0, 1, 1]] * 2)],
    "size": SIZE,
}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"logits": []}, "logits, deltas and anchors must be lists of one array for each level"),
        ({"logits": [np.zeros((2, 1))]}, r"logits\[0\] must have shape \(n,\), got \(2, 1\)"),
        ({"logits": [np.zeros(3)]}, r"deltas\[0\] must have shape \(3, 4\)"),
        ({"anchors": [np.zeros((1, 4))]}, r"anchors\[0\] must have shape \(2, 4\)"),
        ({"logits": [np.array([0, np.nan])]}, r"logits\[0\] must be finite, got nan at index \(1,\)"),
        ({"deltas": [np.full((2, 4), np.inf)]}, r"deltas\[0\] must be finite"),
        ({"size": (0, 4)}, "size must be two whole numbers"),
        ({"pre_top_n": 0}, "pre_top_n must be a whole number of at least 1, got 0"),
        ({"post_top_n": 2.5}, "post_top_n must be a whole number"),
        ({"nms_threshold": 1.5}, "nms_threshold must lie in"),
        ({"min_size": np.nan}, "min_size must be finite"),
    ],
)
def test_bad_input_is_named(changed, message):
    with pytest.raises(ValueError, match=message):
        propose(**{**GOOD, **changed})


def test_a_tensor_that_is_not_finite_is_named():
    tensors = [[torch.from_numpy(GOOD[name][0])] for name in ("logits", "deltas", "anchors")]
    tensors[1] = [torch.tensor([[0.0, 0, 0, 0], [0, 0, torch.nan, 0]])]
    with pytest.raises(ValueError, match=r"deltas\[0\] must be finite, got nan at index \(1, 2\)"):
        propose(*tensors, SIZE)


def test_recall_by_hand():
    """The first picture loses its second object to top-k, the second one has none, the third is found loosely."""
    deltas = [np.zeros((2, 4))]
    far = propose([np.array([1.0, 0.0])], deltas, [squares((0, 0), (20, 0))], SIZE, pre_top_n=1)
    loose = propose([np.array([1.0, 0.0])], deltas, [np.array([[0.0, 0, 8, 6], [30, 0, 38, 8]])], SIZE)
    objects = [squares((0, 0), (20, 0)), np.zeros((0, 4)), squares((0, 0))]
    found = funnel_recall([far, loose, loose], objects, thresholds=(0.5, 0.75, 0.76))
    assert list(found) == list(STAGES)
    assert found["anchors"].survivors == 2
    assert found["anchors"].recall == (1.0, 1.0, 2 / 3)
    assert found["top_n"].survivors == 5 / 3
    assert found["top_n"].recall == (2 / 3, 2 / 3, 1 / 3)


def test_recall_needs_objects():
    funnel = propose(**GOOD)
    for funnels, objects in (([funnel], []), ([funnel], [np.zeros((0, 4))]), ([], [])):
        with pytest.raises(ValueError, match="funnels and objects must be one for each picture"):
            funnel_recall(funnels, objects)


def test_neither_torch_nor_numba_is_needed():
    program = (
        "import sys\nsys.modules.update(torch=None, numba=None)\n"
        "from minimask.data.recorded import recorded_run\n"
        "print(len(recorded_run().funnel(0, post_top_n=7).top_n.boxes))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["7"]


def test_a_large_picture_takes_no_matrix_of_its_anchors():
    """258,048 of them, squared, would be half a terabyte."""
    anchors = [boxes.astype(np.float32) for boxes in recipes["lesson"].per_level(1024, 1024)]
    rng = np.random.default_rng(0)
    logits = [rng.normal(size=len(boxes)).astype(np.float32) for boxes in anchors]
    funnel = propose(logits, [np.zeros_like(boxes) for boxes in anchors], anchors, (1024, 1024), post_top_n=300)
    assert {name: len(stage.boxes) for name, stage in funnel.stages().items()} | {"nms": 0} == {
        "anchors": 258048,
        "top_k": 3000,
        "clipped": 3000,
        "large_enough": 3000,
        "nms": 0,
        "top_n": 300,
    }


def test_logits_whose_sum_is_too_large_are_finite():
    """The sum tells whether to look closer, and no more than that."""
    huge, anchors = torch.full((2,), 3e38), torch.tensor([[0.0, 0, 8, 8], [8, 8, 16, 16]])
    assert not huge.sum().isfinite()
    assert len(propose([huge], [torch.zeros(2, 4)], [anchors], (16, 16)).top_n.boxes) == 2
