"""What goes in and out at the door: arrays of any layout and type, tensors, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from crowds import SEEDS, THRESHOLDS, crowd
from hypothesis import given, settings
from hypothesis import strategies as st

import minimask
from minimask.suppression import batched_nms, cpu, nms

NAN, INF = float("nan"), float("inf")
BOXES = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30], [0, 0, 10, 9]], np.float32)
SCORES = np.array([0.8, 0.9, 0.5, 0.7], np.float32)
GROUPS = np.array([0, 0, 1, 1])
ALONE, IN_GROUPS = [1, 2], [1, 3, 2]
BACKENDS = pytest.mark.parametrize("backend", [None, "numba", "reference"])


def answers(boxes, scores, groups, **settings_):
    return nms(boxes, scores, 0.5, **settings_), batched_nms(boxes, scores, groups, 0.5, **settings_)


# Arrays


def test_these_are_the_front_doors():
    assert minimask.nms is nms
    assert minimask.batched_nms is batched_nms


def strided(array):
    """The same numbers, every other one of a larger array, from behind."""
    room = np.zeros([2 * length for length in array.shape], array.dtype)
    view = room[tuple(slice(None, None, -2) for _ in array.shape)]
    view[...] = array
    return view


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@BACKENDS
@pytest.mark.parametrize(
    "form", [np.asfortranarray, strided, read_only, np.ndarray.tolist, lambda a: a.astype(a.dtype.newbyteorder())]
)
def test_any_layout_and_lists(form, backend):
    for kept, expected in zip(
        answers(form(BOXES), form(SCORES), form(GROUPS), backend=backend), (ALONE, IN_GROUPS), strict=True
    ):
        assert isinstance(kept, np.ndarray)
        assert kept.dtype == np.int64
        assert kept.tolist() == expected


def test_nothing_is_compiled_anew_for_other_layouts():
    for form in (np.asarray, np.asfortranarray, strided, read_only):
        answers(form(BOXES), form(SCORES), form(GROUPS))
    for kernel in (cpu._suppress, cpu._are_boxes, cpu._are_finite, cpu._keys, cpu._count_out):
        arrays = [kind for signature in kernel.signatures for kind in signature if hasattr(kind, "layout")]
        assert arrays
        assert all(kind.layout == "C" and kind.mutable for kind in arrays)


@BACKENDS
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, np.int32])
def test_any_numbers(dtype, backend):
    for kept, expected in zip(
        answers(BOXES.astype(dtype), (10 * SCORES).astype(dtype), GROUPS, backend=backend),
        (ALONE, IN_GROUPS),
        strict=True,
    ):
        assert kept.tolist() == expected


@BACKENDS
@pytest.mark.parametrize("empty", [[], np.zeros((0, 4)), np.zeros((0, 4), np.float32)])
def test_no_boxes_and_one(empty, backend):
    none = np.zeros(0, np.float32)
    for kept in answers(empty, none, np.zeros(0, int), backend=backend):
        assert kept.shape == (0,)
        assert kept.dtype == np.int64
    assert nms(empty, [], 0.5, backend=backend).tolist() == batched_nms(empty, [], [], 0.5, backend=backend).tolist()
    for kept in answers(BOXES[:1], SCORES[:1], GROUPS[:1], backend=backend):
        assert kept.tolist() == [0]


@BACKENDS
def test_thresholds_of_any_type(backend):
    for threshold in (np.float32(0.5), np.float64(0.5), np.array(0.5), torch.tensor(0.5)):
        assert nms(BOXES, SCORES, threshold, backend=backend).tolist() == ALONE
    assert nms(BOXES, SCORES, 1, backend=backend).tolist() == [1, 0, 3, 2]


@BACKENDS
def test_no_input_is_changed_and_the_answer_is_ones_own(backend):
    inputs = [BOXES.copy(), SCORES.copy(), GROUPS.copy()]
    first = answers(*inputs, backend=backend)
    for kept in first:
        kept[:] = 0
    for array, before in zip(inputs, (BOXES, SCORES, GROUPS), strict=True):
        np.testing.assert_array_equal(array, before)
    assert [kept.tolist() for kept in answers(*inputs, backend=backend)] == [ALONE, IN_GROUPS]


# Tensors


@settings(max_examples=60)
@given(SEEDS, THRESHOLDS, st.sampled_from([np.float32, np.float64]), st.sampled_from(["numba", "reference"]))
def test_tensors_are_answered_as_arrays_are(seed, threshold, dtype, backend):
    arrays = crowd(seed, dtype, most=100)
    tensors = [torch.from_numpy(array) for array in arrays]
    for operator, used in ((nms, slice(2)), (batched_nms, slice(3))):
        kept = operator(*tensors[used], threshold, backend=backend)
        assert isinstance(kept, torch.Tensor)
        assert kept.dtype == torch.int64
        np.testing.assert_array_equal(kept.numpy(), operator(*arrays[used], threshold, backend=backend))


@settings(max_examples=40)
@given(SEEDS, THRESHOLDS, st.sampled_from([torch.float16, torch.bfloat16]), st.sampled_from(["numba", "reference"]))
def test_tensors_of_less_than_32_bits_are_computed_in_float32(seed, threshold, dtype, backend):
    boxes, scores, _ = (torch.from_numpy(array) for array in crowd(seed, most=100))
    boxes, scores = boxes.clamp(-6e4, 6e4).to(dtype), scores.to(dtype)
    kept = nms(boxes, scores, threshold, backend=backend)
    assert torch.equal(kept, nms(boxes.float(), scores.float(), threshold, backend=backend))


@BACKENDS
def test_tensors_of_whole_numbers_and_of_any_layout(backend):
    boxes, scores, groups = (torch.from_numpy(array) for array in (BOXES, SCORES, GROUPS))
    inputs = (boxes.long(), scores.repeat_interleave(2)[::2], groups.int())
    assert [kept.tolist() for kept in answers(*inputs, backend=backend)] == [ALONE, IN_GROUPS]
    turned = torch.stack(boxes.unbind(1)).T
    assert not turned.is_contiguous()
    assert nms(turned, scores, 0.5, backend=backend).tolist() == ALONE
    assert (
        nms(-torch.conj(-boxes), scores._neg_view(), 0.5, backend=backend).tolist() == nms(BOXES, -SCORES, 0.5).tolist()
    )


@BACKENDS
def test_nothing_of_it_is_followed_for_gradients(backend):
    boxes = torch.from_numpy(BOXES).requires_grad_() * 1
    scores = torch.from_numpy(SCORES).requires_grad_() * 1
    for kept in answers(boxes, scores, torch.from_numpy(GROUPS), backend=backend):
        assert not kept.requires_grad
        assert boxes[kept].requires_grad


def test_a_compiled_model_may_call_it():
    @torch.compile(backend="eager")
    def model(boxes, scores):
        return boxes[nms(boxes, scores, 0.5)] + 1

    for count in (4, 3):
        boxes, scores = torch.from_numpy(BOXES[:count]), torch.from_numpy(SCORES[:count])
        assert torch.equal(model(boxes, scores), boxes[nms(boxes, scores, 0.5)] + 1)


# Refusals


BAD = [
    ({"boxes": [[0, 0, NAN, 10]]}, ValueError, r"boxes must be finite, got nan at index \(0, 2\)"),
    ({"boxes": [[0, 0, 10, INF]]}, ValueError, r"boxes must be finite, got inf at index \(0, 3\)"),
    ({"boxes": [[-INF, 0, 10, 0]]}, ValueError, r"boxes must be finite, got -inf at index \(0, 0\)"),
    ({"boxes": [[3.0, 0, 2, 1]]}, ValueError, r"boxes must have x1 <= x2 and y1 <= y2, got \[3\.0, .*\] in row 0"),
    (
        {"boxes": [[0.0, 3, 2, 1]]},
        ValueError,
        r"boxes must have x1 <= x2 and y1 <= y2, got \[0\.0, 3\.0, .*\] in row 0",
    ),
    ({"boxes": [[0, 0, 1, 1e19]]}, ValueError, r"boxes must hold numbers from -1e\+18 to 1e\+18, got 1e\+19 in size"),
    ({"boxes": [[0, -1e19, 1, 1]]}, ValueError, r"boxes must hold numbers from -1e\+18 to 1e\+18, got 1e\+19 in size"),
    ({"boxes": [[0.0, 0, 1, 1, 1]]}, ValueError, r"boxes must have shape \(N, 4\) .* got shape \(1, 5\)"),
    ({"boxes": [0.0, 0, 1, 1]}, ValueError, r"boxes must have shape \(N, 4\) .* got shape \(4,\)"),
    ({"boxes": [[True] * 4]}, TypeError, r"boxes must hold real numbers, got dtype bool"),
    ({"boxes": [[1j] * 4]}, TypeError, r"boxes must hold real numbers, got dtype complex"),
    ({"scores": [NAN]}, ValueError, r"scores must be finite, got nan at index \(0,\)"),
    ({"scores": [-INF]}, ValueError, r"scores must be finite, got -inf at index \(0,\)"),
    ({"scores": [1.0, 2.0]}, ValueError, r"scores must have shape \(1,\), one per box, got \(2,\)"),
    ({"scores": [[1.0]]}, ValueError, r"scores must have shape \(1,\), one per box, got \(1, 1\)"),
    ({"scores": [False]}, TypeError, r"scores must hold real numbers, got dtype bool"),
    ({"iou_threshold": 1.5}, ValueError, r"iou_threshold must lie in \[0, 1\], got 1\.5"),
    ({"iou_threshold": -1}, ValueError, r"iou_threshold must lie in \[0, 1\], got -1"),
    ({"iou_threshold": NAN}, ValueError, r"iou_threshold must be finite, got nan"),
    ({"iou_threshold": None}, TypeError, r"iou_threshold must hold real numbers"),
    ({"backend": "cuda"}, ValueError, r"backend must be one of numba, reference, or None, got 'cuda'"),
]
BAD_GROUPS = [
    ({"idxs": [0.0]}, TypeError, r"idxs must be whole numbers, got dtype float"),
    ({"idxs": [True]}, TypeError, r"idxs must be whole numbers, got dtype bool"),
    ({"idxs": [0, 1]}, ValueError, r"idxs must have shape \(1,\) like scores, got \(2,\)"),
]


def ask(operator, changed, convert, backend):
    given_ = {"boxes": [[0.0, 0.0, 1.0, 1.0]], "scores": [0.5], "idxs": [0], "iou_threshold": 0.5, "backend": backend}
    given_ |= changed
    if operator is nms:
        del given_["idxs"]
    return operator(**{name: convert(value) if isinstance(value, list) else value for name, value in given_.items()})


@BACKENDS
@pytest.mark.parametrize("convert", [list, np.array, torch.tensor], ids=["lists", "arrays", "tensors"])
@pytest.mark.parametrize(("changed", "error", "message"), [*BAD, *BAD_GROUPS])
def test_refusals(changed, error, message, convert, backend):
    for operator in (batched_nms,) if "idxs" in changed else (nms, batched_nms):
        with pytest.raises(error, match=message):
            ask(operator, changed, convert, backend)


def test_a_bad_row_among_many_is_named():
    many = np.tile(BOXES[:1], (1000, 1))
    many[777, 2] = -1
    with pytest.raises(ValueError, match=r"boxes must have x1 <= x2 and y1 <= y2, got .* in row 777"):
        nms(many, np.zeros(1000, np.float32), 0.5)
    scores = np.zeros(1000, np.float32)
    scores[999] = NAN
    with pytest.raises(ValueError, match=r"scores must be finite, got nan at index \(999,\)"):
        nms(np.abs(many), scores, 0.5)


def test_arrays_and_tensors_do_not_mix():
    boxes, scores = torch.from_numpy(BOXES), torch.from_numpy(SCORES)
    with pytest.raises(TypeError, match="boxes and scores must both be torch tensors, or neither, got Tensor and ndar"):
        nms(boxes, SCORES, 0.5)
    with pytest.raises(TypeError, match="boxes and idxs must both be torch tensors, or neither, got Tensor and list"):
        batched_nms(boxes, scores, [0, 0, 1, 1], 0.5)
    with pytest.raises(ValueError, match="boxes and scores must be on one device, got cpu and meta"):
        nms(boxes, scores.to("meta"), 0.5)


def test_without_torch_and_numba_it_is_said_and_the_reference_answers():
    program = (
        "import sys\n"
        "sys.modules['torch'] = sys.modules['numba'] = None\n"
        "import minimask\n"
        "boxes = [[0, 0, 10, 10], [1, 0, 11, 10]]\n"
        "print(minimask.nms(boxes, [0.8, 0.9], 0.5, backend='reference'))\n"
        "print(minimask.batched_nms(boxes, [0.8, 0.9], [0, 1], 0.5, backend='reference'))\n"
        "minimask.nms(boxes, [0.8, 0.9], 0.5)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[1]\n[1 0]\n"
    assert "ImportError: the compiled path needs numba" in done.stderr.splitlines()[-1]
    assert "backend='reference'" in done.stderr.splitlines()[-1]


def test_the_door_alone_loads_neither_torch_nor_numba():
    program = "import sys\nfrom minimask import batched_nms, nms\nprint({'torch', 'numba'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
