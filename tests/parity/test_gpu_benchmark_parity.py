"""What the benchmark for NVIDIA cards compares with torchvision, at tiny sizes on the processor."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "roi"))

import mask_rcnn
import paper_kernels
from measuring.ours import Ours
from measuring.problem import Problem, draw
from measuring.rival import Torchvision, public
from measuring.row import measured
from measuring.steps import AGREE, agree, compared
from measuring.work import Work

from minimask.model.resnet import ResNet50
from minimask.model.twin import published_model

CPU = torch.device("cpu")
TINY = Problem(9, channels=12, size=(96, 128))


@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("layout", ["last", "first"])
def test_both_compute_the_same(levels, layout):
    data = draw(TINY._replace(levels=levels, layout=layout), CPU, 0)
    ours, theirs = Ours(data, paper_kernels), Torchvision(data)
    assert set(theirs.calls) == {"forward", "features"}
    for name, call in theirs.calls.items():
        for found, expected in zip(ours.calls[name](), call(), strict=True):
            torch.testing.assert_close(found.contiguous(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("levels", [1, 4])
def test_the_public_function_gives_what_the_operators_give(levels):
    """At one level; on a pyramid torchvision's has no half pixel, and as many RoIs."""
    data = draw(TINY._replace(levels=levels, layout="first"), CPU, 0)
    found, (expected,) = public(data)(data.maps), Torchvision(data).forward()
    assert found.shape == expected.shape
    if levels == 1:
        torch.testing.assert_close(found, expected)


def test_a_row_has_all_times():
    row = measured(TINY, Work(100, 1000, 900), paper_kernels, CPU, seed=0, repeats=1)
    assert set(row.ours) == {"forward", "features", "boxes"}
    assert set(row.theirs) == set(row.whole) == set(row.their_whole) == {"forward", "features"}
    assert row.ratio("forward") == row.theirs["forward"] / row.ours["forward"] and row.ratio("boxes") is None
    assert row.whole_ratio("features") == row.their_whole["features"] / row.whole["features"]
    assert not measured(TINY._replace(dtype="bfloat16"), Work(1, 1, 1), paper_kernels, CPU, seed=0, repeats=1).theirs


def test_training_steps():
    pair = mask_rcnn.twins()
    few = {"box_batch_size_per_image": 32, "rpn_pre_nms_top_n_train": 64, "rpn_post_nms_top_n_train": 64}
    pair = pair._replace(ours=published_model(ResNet50(trainable_layers=3), **few))
    pair.ours.load_state_dict(pair.theirs.state_dict())
    pair.theirs.rpn._pre_nms_top_n = pair.theirs.rpn._post_nms_top_n = {"training": 64}
    mask_rcnn.resize(pair, 64)
    both = mask_rcnn.Steps(pair)
    for precision in AGREE:
        found = compared(both, precision, turns=1, warm_up=1)
        assert found["what"].endswith("px, float32" if precision == "float32" else "px, mixed with bfloat16")
        assert found["agree"], found["losses"]
        assert found["ours"] > 0 and found["theirs"] > 0 and len(found["losses"]) == 5


def test_losses_that_do_not_agree():
    one, other = {"loss_mask": 1.0}, {"loss_mask": 1.02}
    assert agree(one, other, 0.05) and not agree(one, other, 0.01)
    assert not agree(one, {"loss_mask": float("nan")}, 0.05)
    assert not agree({}, other, 0.05)
