import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from geometry.shapes_for_tests import examples, numbers
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused

from minimask.box_coder import CLAMP, LARGEST_CLAMP, decode, encode

ONES = (1, 1, 1, 1)
WEIGHTS = st.sampled_from([ONES, (10, 10, 5, 5), (0.5, 2, 1 / 3, 7)])
KINDS = st.sampled_from([np.float32, np.float64])


@st.composite
def boxes_with_area(draw, count):
    """Draw boxes (count, 4) whose sides differ from each other's by less than the clamp allows."""
    rows = []
    for _ in range(count):
        x, y, w, h = draw(st.tuples(numbers(-500, 500), numbers(-500, 500), numbers(10, 500), numbers(10, 500)))
        rows.append([x, y, x + w, y + h])
    return np.array(rows).reshape(count, 4)


PAIRS = st.integers(0, 4).flatmap(lambda count: st.tuples(boxes_with_area(count), boxes_with_area(count)))


def random_pairs(seed, count, kind):
    """Return boxes, anchors (count, 4) and deltas, all of this kind."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-50, 50, (2, count, 2))
    boxes, anchors = np.concatenate([corners, corners + rng.uniform(5, 90, (2, count, 2))], axis=2).astype(kind)
    return boxes, anchors, rng.normal(0, 1.5, (count, 4)).astype(kind)


def test_worked_out_by_hand():
    anchors = [[0, 0, 20, 40], [10, 10, 14, 12]]  # centers (10, 20) and (12, 11), sides 20 x 40 and 4 x 2
    boxes = [[15, 10, 25, 70], [10, 10, 14, 12]]  # centers (20, 40) and (12, 11), sides 10 x 60 and 4 x 2
    deltas = np.array([[0.5, 0.5, math.log(0.5), math.log(1.5)], [0, 0, 0, 0]])
    np.testing.assert_allclose(encode(boxes, anchors), deltas, rtol=1e-15)
    np.testing.assert_allclose(decode(deltas, anchors), boxes, rtol=1e-15)
    np.testing.assert_allclose(encode(boxes, anchors, (10, 20, 5, 3)), deltas * [10, 20, 5, 3], rtol=1e-15)
    np.testing.assert_allclose(decode(deltas * [10, 20, 5, 3], anchors, (10, 20, 5, 3)), boxes, rtol=1e-15)


@examples(120)
@given(PAIRS, WEIGHTS, KINDS)
def test_there_and_back(pair, weights, kind):
    boxes, anchors = (rows.astype(kind) for rows in pair)
    deltas = encode(boxes, anchors, weights)
    assert deltas.dtype == kind and deltas.shape == boxes.shape
    found = decode(deltas, anchors, weights)
    assert found.dtype == kind and found.shape == boxes.shape
    np.testing.assert_allclose(found, boxes, rtol=0, atol={np.float32: 2e-3, np.float64: 1e-10}[kind])


@examples(60)
@given(PAIRS, st.floats(-100, 100), st.floats(-100, 100), st.integers(-4, 4))
def test_deltas_do_not_change_when_the_picture_moves_or_grows(pair, dx, dy, power):
    shift = np.array([dx, dy, dx, dy])
    boxes, anchors = ((rows + shift) * 2.0**power for rows in pair)
    np.testing.assert_allclose(encode(boxes, anchors), encode(*pair), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("weights", [ONES, (10, 10, 5, 5)])
def test_arrays_and_tensors_agree(kind, weights):
    boxes, anchors, deltas = random_pairs(0, 300, kind)
    tensors = [torch.from_numpy(array) for array in (boxes, anchors, deltas)]
    tolerance = {np.float32: 1e-5, np.float64: 1e-13}[kind]
    for function, first, second in ((encode, 0, 1), (decode, 2, 1)):
        array = function([boxes, anchors, deltas][first], [boxes, anchors, deltas][second], weights)
        tensor = function(tensors[first], tensors[second], weights)
        assert tensor.dtype == tensors[0].dtype
        np.testing.assert_allclose(tensor.numpy(), array, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("weights", [ONES, (10, 10, 5, 5)])
def test_gradients_of_all_that_goes_in(weights):
    boxes, anchors, deltas = (torch.from_numpy(array).requires_grad_() for array in random_pairs(1, 6, np.float64))
    assert torch.autograd.gradcheck(lambda *pair: encode(*pair, weights), (boxes, anchors))
    assert torch.autograd.gradcheck(lambda *pair: decode(*pair, weights), (deltas, anchors))
    assert torch.autograd.gradcheck(lambda *pair: decode(encode(*pair, weights), pair[1], weights), (boxes, anchors))


@pytest.mark.parametrize("weights", [ONES, (10, 10, 5, 2)])
def test_a_wild_prediction_is_clamped(weights):
    assert math.isclose(16 * math.exp(CLAMP), 1000)
    wild = np.array([[0, 0, 1e6, 90], [0, 0, -1e6, 0], [0, 0, CLAMP * weights[2], CLAMP * weights[3]]])
    anchor = [[-8, -8, 8, 8]]
    expected = [[-500, -500, 500, 500], [0, -8, 0, 8], [-500, -500, 500, 500]]
    np.testing.assert_allclose(decode(wild, anchor, weights), expected, rtol=1e-12)
    tensors = torch.from_numpy(wild).requires_grad_(), torch.tensor(anchor, dtype=torch.float64)
    found = decode(*tensors, weights)
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-12)
    found[:, 2:].sum().backward()
    assert tensors[0].grad[0].tolist() == pytest.approx([16 / weights[0], 16 / weights[1], 0, 0], abs=0)
    assert decode([[0, 0, 3, 3]], anchor, clamp=0).tolist() == [[-8, -8, 8, 8]]
    assert np.isfinite(decode(np.full((1, 4), 1e9, np.float32), np.float32(anchor), clamp=LARGEST_CLAMP)).all()


def test_deltas_of_several_classes_share_their_anchor():
    boxes, anchors, deltas = random_pairs(2, 12, np.float64)
    by_class = decode(deltas.reshape(4, 3, 4), anchors[:4, None])
    np.testing.assert_array_equal(by_class.reshape(12, 4), decode(deltas, np.repeat(anchors[:4], 3, axis=0)))
    np.testing.assert_array_equal(encode(boxes[0], anchors), encode(np.tile(boxes[0], (12, 1)), anchors))


def test_types_that_come_out():
    ints = np.array([[1, 2, 5, 9]])
    assert encode(ints, ints).dtype == decode(ints, ints).dtype == np.float64
    single = np.ones((1, 4), np.float32)
    assert decode(single, single, tuple(np.ones(4)), np.float64(4)).dtype == np.float32
    assert decode(torch.from_numpy(single).half(), torch.from_numpy(single)).dtype == torch.float32
    for empty in (np.zeros((0, 4), np.float32), torch.zeros(0, 4)):
        assert encode(empty, empty).shape == decode(empty, empty).shape == (0, 4)
        assert encode(empty, empty).dtype == decode(empty, empty).dtype == empty.dtype


def test_a_box_without_area_decodes_and_does_not_encode():
    flat = np.array([[3.0, 3, 3, 9]])
    np.testing.assert_array_equal(decode([[1, 0, 2, 0]], flat), flat)
    tensor = torch.from_numpy(flat)
    assert encode(tensor, torch.tensor([[0.0, 0, 1, 1]]).double())[0, 2] == -math.inf  # as documented


def test_it_compiles_in_one_piece():
    boxes, anchors, deltas = (torch.from_numpy(array) for array in random_pairs(4, 5, np.float32))
    for function, first in ((encode, boxes), (decode, deltas)):
        compiled = torch.compile(function, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(first, anchors), function(first, anchors))


def test_arrays_need_no_torch():
    program = (
        "import sys\nsys.modules['torch'] = None\nfrom minimask.box_coder import decode\n"
        "print(decode([[0, 0, 0, 0]], [[0, 0, 1, 1]]))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[[0. 0. 1. 1.]]"


# Bad input

BOX = np.array([[0.0, 0, 1, 1]])
TENSOR = torch.from_numpy(BOX)
NAN = math.nan
ROWS = "must have shape (..., 4) with rows x1 y1 x2 y2"
FLOATS = "must hold floating-point numbers"
REFUSALS = [
    (lambda: encode([[0, 0, 1]], BOX), ValueError, f"boxes {ROWS}", "got shape (1, 3)"),
    (lambda: encode(BOX, 3), ValueError, f"anchors {ROWS}", "got shape ()"),
    (lambda: encode(TENSOR[:, :3], TENSOR), ValueError, f"boxes {ROWS}", "got shape (1, 3)"),
    (lambda: decode(TENSOR, TENSOR.T), ValueError, f"anchors {ROWS}", "got shape (4, 1)"),
    (lambda: decode([0, 0, 0], BOX), ValueError, "deltas must have shape (..., 4) with rows dx dy dw dh", "shape (3,)"),
    (lambda: encode("box", BOX), TypeError, "boxes must hold real numbers", "got dtype <U3"),
    (lambda: encode(TENSOR.long(), TENSOR), TypeError, f"boxes {FLOATS}", "got dtype torch.int64"),
    (lambda: decode(TENSOR, TENSOR.bool()), TypeError, f"anchors {FLOATS}", "got dtype torch.bool"),
    (lambda: encode(TENSOR, BOX), TypeError, "boxes and anchors must both be", "got Tensor and ndarray"),
    (lambda: decode(BOX, TENSOR), TypeError, "deltas and anchors must both be", "got ndarray and Tensor"),
    (lambda: encode(TENSOR.to("meta"), TENSOR), ValueError, "boxes and anchors must be on one device", "meta and cpu"),
    (lambda: encode(np.ones((3, 4)), np.ones((2, 4))), ValueError, "boxes and anchors must have one", "(3, 4) and"),
    (lambda: decode(torch.ones(3, 4), torch.ones(2, 4)), ValueError, "deltas and anchors must have one", "and (2, 4)"),
    (lambda: encode([[0, 0, NAN, 1]], BOX), ValueError, "boxes must be finite", "got nan at index (0, 2)"),
    (lambda: decode([[0, 0, math.inf, 1]], BOX), ValueError, "deltas must be finite", "got inf at index (0, 2)"),
    (lambda: encode([[0, 0, 1, 1], [2, 0, 2, 1]], BOX), ValueError, "boxes must have sides above", "1.0] in row 1"),
    (lambda: encode(BOX, [[0, 5, 1, 4]]), ValueError, "anchors must have sides above 0", "1.0, 4.0] in row 0"),
    (lambda: encode([0, 0, 0, 1], BOX), ValueError, "boxes must have sides above 0", "got [0.0, 0.0, 0.0, 1.0]"),
    (lambda: decode(BOX, [[0, 5, 1, 4]]), ValueError, "anchors must have sides at least 0", "in row 0"),
    (lambda: encode(BOX, BOX, (1, 1, 1)), ValueError, "weights must be four finite numbers", "got (1, 1, 1)"),
    (lambda: decode(TENSOR, TENSOR, (1, 0, 1, 1)), ValueError, "weights must be four", "got (1, 0, 1, 1)"),
    (lambda: encode(BOX, BOX, (1, 1, 1, NAN)), ValueError, "weights must be four finite numbers", "got (1, 1, 1, nan)"),
    (lambda: encode(BOX, BOX, None), ValueError, "weights must be four finite numbers", "got None"),
    (lambda: encode(BOX, BOX, (1, 1, math.inf, 1)), ValueError, "weights must be four finite", "got (1, 1, inf, 1)"),
    (lambda: decode(BOX, BOX, (1,) * 5), ValueError, "weights must be four finite numbers", "got (1, 1, 1, 1, 1)"),
    (lambda: encode(BOX, BOX, "1111"), ValueError, "weights must be four finite numbers", "got '1111'"),
    (lambda: encode(BOX, BOX, [[1] * 4] * 4), ValueError, "weights must be four finite numbers", "got [[1, 1"),
    (lambda: decode(BOX, BOX, clamp=-1), ValueError, "clamp must be a number in [0, 40]", "got -1"),
    (lambda: decode(BOX, BOX, clamp=41), ValueError, "clamp must be a number in [0, 40]", "got 41"),
    (lambda: decode(BOX, BOX, clamp=NAN), ValueError, "clamp must be a number in [0, 40]", "got nan"),
    (lambda: decode(BOX, BOX, clamp="no"), ValueError, "clamp must be a number in [0, 40]", "got 'no'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "allowed", "given_value"), REFUSALS)
def test_refusals(call, error, allowed, given_value):
    refused(call, error, allowed, given_value)


def test_no_input_is_changed():
    inputs = random_pairs(3, 5, np.float64)
    for array in inputs:
        array.setflags(write=False)
    encode(*inputs[:2]), decode(inputs[2], inputs[1])
