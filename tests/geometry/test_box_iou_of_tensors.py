"""`box_iou` on torch tensors: the numbers of arrays, with gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimask.geometry import checks
from minimask.geometry.boxes import box_iou

from .shapes_for_tests import examples, float_boxes, integer_boxes

SQUARE = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
NAN, INF = float("nan"), float("inf")


@examples(60)
@given(float_boxes(), float_boxes(), st.sampled_from([torch.float32, torch.float64]))
def test_the_numbers_of_arrays_to_the_bit(boxes1, boxes2, dtype):
    one, other = torch.from_numpy(boxes1).to(dtype), torch.from_numpy(boxes2).to(dtype)
    found = box_iou(one, other)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.numpy(), box_iou(one.numpy(), other.numpy()))


@examples(40)
@given(integer_boxes(), integer_boxes())
def test_less_than_32_bits_and_whole_numbers_are_answered_in_float32(boxes1, boxes2):
    expected = box_iou(boxes1.astype(np.float32), boxes2.astype(np.float32))
    for dtype in (torch.float16, torch.bfloat16, torch.int64, torch.uint8):
        found = box_iou(torch.from_numpy(boxes1).to(dtype), torch.from_numpy(boxes2).to(dtype))
        assert found.dtype == torch.float32
        np.testing.assert_array_equal(found.numpy(), expected)


def test_large_boxes_in_half_precision_do_not_overflow():
    large = torch.tensor([[0.0, 0, 6e4, 6e4]], dtype=torch.float16)
    assert box_iou(large, large).item() == 1


def random_boxes(count, seed):
    generator = torch.Generator().manual_seed(seed)
    corner, sides = torch.rand(2, count, 2, generator=generator, dtype=torch.float64)
    return torch.cat([corner, corner + 0.1 + sides], dim=1).requires_grad_()


def test_gradients_by_finite_differences():
    boxes1, boxes2 = random_boxes(5, 0), random_boxes(4, 1)
    assert (box_iou(boxes1, boxes2) > 0).any(dim=1).sum() > 2
    assert torch.autograd.gradcheck(box_iou, (boxes1, boxes2))
    assert torch.autograd.gradgradcheck(box_iou, (boxes1, boxes2))


def test_a_gradient_worked_out_by_hand():
    """Moving the right side of [0, 1] x [0, 1] in [0, 2] x [0, 1]: IoU = x2 / 2."""
    box = torch.tensor([[0.0, 0.0, 1.0, 1.0]], requires_grad=True)
    box_iou(box, torch.tensor([[0.0, 0.0, 2.0, 1.0]])).sum().backward()
    assert box.grad[0, 2] == 0.5


def test_gradients_are_finite_where_nothing_is_shared_or_there_is_no_area():
    boxes = torch.tensor([[0.0, 0, 1, 1], [5, 5, 6, 6], [3, 3, 3, 3], [3, 3, 3, 4]], requires_grad=True)
    iou = box_iou(boxes, boxes.detach())
    assert torch.equal(iou, torch.diag(torch.tensor([1.0, 1, 0, 0])))
    iou.sum().backward()
    assert boxes.grad.isfinite().all()


def test_no_boxes_and_nothing_changed():
    for empty in (torch.zeros(0, 4), torch.zeros(0)):
        assert box_iou(empty, SQUARE).shape == (0, 1)
        assert box_iou(SQUARE, empty).shape == (1, 0)
    before = SQUARE.clone()
    box_iou(SQUARE, SQUARE)
    assert torch.equal(SQUARE, before)


def test_any_layout():
    boxes = random_boxes(6, 2).detach()
    turned = torch.stack([*boxes.unbind(1)]).T
    assert not turned.is_contiguous()
    assert torch.equal(box_iou(turned, boxes[::2]), box_iou(boxes, boxes[::2].clone()))


def test_batches_by_vmap_and_compiled():
    boxes1, boxes2 = random_boxes(6, 3).detach(), random_boxes(6, 4).detach()
    batched = torch.vmap(box_iou)(boxes1.reshape(2, 3, 4), boxes2.reshape(2, 3, 4))
    assert torch.equal(batched[1], box_iou(boxes1[3:], boxes2[3:]))
    whole = torch.compile(box_iou, backend="eager", fullgraph=True)
    assert torch.equal(whole(boxes1, boxes2), box_iou(boxes1, boxes2))


REFUSED = [
    (torch.tensor([[0.0, 0, NAN, 1]]), ValueError, r"must be finite, got nan at index \(0, 2\)"),
    (torch.tensor([[0.0, 0, 1, INF]]), ValueError, r"must be finite, got inf at index \(0, 3\)"),
    (torch.tensor([[0.0, 0, 1, 1], [3, 0, 2, 1]]), ValueError, r"must have x1 <= x2 and y1 <= y2, got .* in row 1"),
    (torch.tensor([[0.0, 0, 1, 1], [2, 3, 2, 1]]), ValueError, r"must have x1 <= x2 and y1 <= y2, got .* in row 1"),
    (torch.tensor([[0.0, 0, 1, 1e19]]), ValueError, r"must hold numbers from -1e\+18 to 1e\+18, got 1e\+19 in size"),
    (torch.zeros(3, 5), ValueError, r"must have shape \(N, 4\) with rows x1 y1 x2 y2, got shape \(3, 5\)"),
    (torch.zeros(4), ValueError, r"must have shape \(N, 4\) with rows x1 y1 x2 y2, got shape \(4,\)"),
    (torch.zeros(1, 4, dtype=torch.bool), TypeError, r"must hold real numbers, got dtype torch\.bool"),
    (torch.zeros(1, 4, dtype=torch.complex64), TypeError, r"must hold real numbers, got dtype torch\.complex64"),
]


@pytest.mark.parametrize(("boxes", "error", "message"), REFUSED)
def test_refusals(boxes, error, message):
    with pytest.raises(error, match=f"boxes1 {message}"):
        box_iou(boxes, SQUARE)
    with pytest.raises(error, match=f"boxes2 {message}"):
        box_iou(SQUARE, boxes)


def test_arrays_and_tensors_do_not_mix():
    for pair in ((SQUARE, [[0, 0, 1, 1]]), (SQUARE.numpy(), SQUARE)):
        with pytest.raises(TypeError, match="boxes1 and boxes2 must both be torch tensors, or neither, got "):
            box_iou(*pair)
    with pytest.raises(ValueError, match="boxes1 and boxes2 must be on one device, got cpu and meta"):
        box_iou(SQUARE, SQUARE.to("meta"))


def test_too_many_pairs_are_refused():
    many = SQUARE.expand(2**15, 4)
    with pytest.raises(ValueError, match="boxes1 and boxes2 would make a 32768 x 32768 matrix"):
        box_iou(many, many)


def test_on_a_card_the_numbers_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(checks, "_good_at_a_glance", lambda boxes: pytest.fail("it would wait"))
    somewhere = torch.zeros(2, 4, device="meta")
    assert box_iou(somewhere, somewhere).shape == (2, 2)
