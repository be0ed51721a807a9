"""The operators in torch: gradients, compiling, precision, layouts, devices."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from cases import CASES, close, pool_truth, random_case, truth
from hypothesis import given, settings
from torch.library import opcheck

from minimask.roi import multilevel_roi_align, roi_align, roi_pool, torch_op

BOXES = torch.tensor([[0, 1.3, 2.1, 7.7, 6.2], [1, -1.2, 3.3, 4.1, 9.9], [1, 2.2, 2.3, 2.9, 2.8]], dtype=torch.float64)
FORMATS = [torch.contiguous_format, torch.channels_last]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
BACKENDS = ["numba", "reference"]

every_format = pytest.mark.parametrize("form", FORMATS, ids=["channels-first", "channels-last"])
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)
every_backend = pytest.mark.parametrize("backend", BACKENDS)


def maps(dtype=torch.float64, form=torch.contiguous_format, shape=(2, 3, 9, 11), seed=0):
    values = torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return values.to(dtype).contiguous(memory_format=form).requires_grad_()


def small_maps():
    """All boxes lie within; what is checked number by number takes time by their square."""
    return maps(shape=(2, 2, 8, 9))


def corners():
    """The boxes by image, so that the image's number is no variable."""
    return [BOXES[:1, 1:].clone().requires_grad_(), BOXES[1:, 1:].clone().requires_grad_()]


# Values and gradients


@settings(max_examples=60)
@given(CASES)
@every_backend
@every_format
def test_values_and_gradients_equal_the_reference(form, backend, seed):
    for dtype in (np.float32, np.float64):
        case = random_case(seed, dtype)
        features = torch.from_numpy(case.features).contiguous(memory_format=form).requires_grad_()
        rois = torch.from_numpy(case.rois).requires_grad_()
        out = roi_align(features, rois, case.size, *case.settings, backend=backend)
        out.backward(torch.from_numpy(case.grad()))
        expected, of_features, of_boxes = truth(case)
        close(out.detach().numpy(), expected, dtype)
        close(features.grad.numpy(), of_features, dtype)
        close(rois.grad[:, 1:].numpy(), of_boxes, dtype)
        assert not rois.grad[:, 0].any()
        features.grad = None
        out = roi_pool(features, rois, case.size, case.scale, backend=backend)
        out.backward(torch.from_numpy(case.grad()))
        expected, _, of_features = pool_truth(case)
        close(out.detach().numpy(), expected, dtype)
        close(features.grad.numpy(), of_features, dtype)


@every_backend
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [-1, 1, 2])
def test_gradcheck(ratio, aligned, backend):
    def extract(features, first, second):
        return roi_align(features, [first, second], (3, 2), 0.7, ratio, aligned, backend=backend)

    assert torch.autograd.gradcheck(extract, (small_maps(), *corners()))


@every_backend
def test_gradcheck_of_roi_pool(backend):
    def extract(features):
        return roi_pool(features, BOXES, (3, 2), 0.7, backend=backend)

    assert torch.autograd.gradcheck(extract, small_maps())


def test_gradcheck_of_a_pyramid():
    boxes = [torch.tensor([[1.3, 2.1, 97.7, 60.2], [2.2, 2.3, 20.9, 21.8]], dtype=torch.float64, requires_grad=True)]
    pyramid = [maps(shape=(1, 2, 16 // 2**level, 24 // 2**level), seed=level) for level in range(3)]

    def extract(box, *levels):
        return multilevel_roi_align(
            list(levels), [box], 2, [1 / 4, 1 / 8, 1 / 16], 2, canonical_size=40, canonical_level=3
        )

    assert torch.autograd.gradcheck(extract, (boxes[0], *pyramid))


def test_the_gradient_of_the_features_can_be_differentiated_again():
    def extract(features, first, second):
        return roi_align(features, [first, second], (3, 2), 0.7, 2, True)

    fixed = [box.detach() for box in corners()]
    assert torch.autograd.gradgradcheck(lambda features: extract(features, *fixed), small_maps())


def test_the_gradient_of_the_boxes_cannot_and_says_so():
    first, second = corners()
    out = roi_align(maps(), [first, second], 2, sampling_ratio=2)
    (slope,) = torch.autograd.grad(out.sum(), first, create_graph=True)
    with pytest.raises(RuntimeError, match=r"no autograd formula was registered|does not require grad"):
        slope.sum().backward()


def test_roi_pool_has_no_gradient_for_boxes_and_says_zero():
    rois = BOXES.clone().requires_grad_()
    roi_pool(maps(), rois, 2).sum().backward()
    assert rois.grad.shape == rois.shape
    assert not rois.grad.any()


def test_nothing_of_the_features_is_kept_for_boxes_that_need_no_gradient():
    saved = []
    features = maps()
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: saved.append(tensor.shape) or tensor, lambda x: x):
        roi_align(features, BOXES, 2)
    assert features.shape not in saved


# Registered operators


@every_format
@every_dtype
def test_opcheck(dtype, form):
    features, boxes, grad = maps(dtype, form), BOXES.float(), torch.randn(3, 3, 3, 2).to(dtype)
    levels, settings_ = torch.zeros(3, dtype=torch.int64), ([0.7], 2, True, "numba")
    opcheck(torch_op.align, ([features], boxes.requires_grad_(), levels, (3, 2), *settings_))
    boxes = boxes.detach()
    last = form == torch.channels_last
    opcheck(torch_op.align_features_grad, (grad.requires_grad_(), boxes, levels, 2, [9], [11], last, *settings_))
    opcheck(torch_op.align_boxes_grad, (grad.detach(), [features.detach()], boxes, levels, *settings_))
    opcheck(torch_op.max_pool, (features, boxes, (3, 2), 0.7, "numba"))
    argmax = torch_op.max_pool(features, boxes, (3, 2), 0.7, "numba")[1]
    opcheck(torch_op.max_pool_features_grad, (grad.detach(), argmax, boxes, 2, 9, 11, last, "numba"))


@every_format
def test_opcheck_of_the_reference_path(form):
    features, boxes, grad = maps(form=form), BOXES.float(), torch.randn(3, 3, 3, 2, dtype=torch.float64)
    levels, settings_ = torch.zeros(3, dtype=torch.int64), ([0.7], 2, True, "reference")
    last = form == torch.channels_last
    opcheck(torch_op.align, ([features], boxes, levels, (3, 2), *settings_))
    opcheck(torch_op.align_features_grad, (grad, boxes, levels, 2, [9], [11], last, *settings_))
    opcheck(torch_op.max_pool, (features, boxes, (3, 2), 0.7, "reference"))


def test_the_reference_path_needs_no_numba():
    program = """
import sys
sys.modules["numba"] = None  # an import of it fails
import torch
from minimask import roi_align, roi_pool
for form in (torch.contiguous_format, torch.channels_last):
    features = torch.rand(1, 3, 5, 5).contiguous(memory_format=form).requires_grad_()
    boxes = torch.tensor([[0, 1.0, 1.0, 3.0, 3.0]])
    for operator in (roi_align, roi_pool):
        operator(features, boxes, 2, backend="reference").sum().backward()
print(features.grad.shape)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "torch.Size([1, 3, 5, 5])\n", done.stderr


def head(features, boxes):
    """Something that uses both operators."""
    return roi_align(features, boxes, (3, 2), 0.7, 2, True).sum(1) * 2 + roi_pool(features, boxes, (3, 2), 0.7).sum(1)


@every_format
def test_compiles_to_one_graph_forward_and_backward(form):
    torch._dynamo.reset()
    features, boxes = maps(form=form), BOXES.clone().requires_grad_()
    head(features, boxes).square().sum().backward()
    expected = features.grad.clone(), boxes.grad.clone()
    features.grad = boxes.grad = None
    torch.compile(head, fullgraph=True, backend="aot_eager")(features, boxes).square().sum().backward()
    torch.testing.assert_close((features.grad, boxes.grad), expected)


def test_compiles_with_a_list_of_boxes_and_a_pyramid():
    torch._dynamo.reset()
    first, second = (box.detach() for box in corners())

    def extract(features, one, two):
        pyramid = [features, features[:, :, ::2, ::2]]
        return multilevel_roi_align(pyramid, [one, two], 2, [0.5, 0.25], 2, canonical_size=8, canonical_level=1)

    compiled = torch.compile(extract, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(maps(), first, second), extract(maps(), first, second))


def test_the_number_of_rois_may_change_without_compiling_again():
    torch._dynamo.reset()
    graphs = []
    compiled = torch.compile(
        head, fullgraph=True, dynamic=True, backend=lambda graph, _: graphs.append(graph) or graph.forward
    )
    for count in (7, 5, 8):  # other than the sizes of the features: equal sizes are taken to be one
        boxes = BOXES.repeat(3, 1)[:count]
        torch.testing.assert_close(compiled(maps(), boxes), head(maps(), boxes))
    assert len(graphs) == 1


# Precision and layout


@every_backend
@every_format
@every_dtype
def test_dtype_and_layout_are_those_of_the_features(dtype, form, backend):
    features = maps(dtype, form)
    for operator in (roi_align, roi_pool):
        features.grad = None
        out = operator(features, BOXES.float(), (3, 2), 0.7, backend=backend)
        assert out.dtype == dtype
        assert out.is_contiguous(memory_format=form)
        out.sum().backward()
        assert features.grad.dtype == dtype
        assert features.grad.is_contiguous(memory_format=form)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_rounded_once_at_the_end(dtype):
    features, grad = maps(dtype), torch.randn(3, 3, 3, 2).to(dtype)
    wide = features.detach().double().requires_grad_()
    for operator in (roi_align, roi_pool):
        for tensor in (features, wide):
            tensor.grad = None
        out, exact = operator(features, BOXES.float(), (3, 2), 0.7), operator(wide, BOXES.float(), (3, 2), 0.7)
        torch.testing.assert_close(out, exact.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-6)
        out.backward(grad)
        exact.backward(grad.double())
        torch.testing.assert_close(features.grad, wide.grad.to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-6)


def test_boxes_keep_their_precision_beside_half_features():
    """At 2,000 px half precision knows no pixels between the even ones."""
    features = torch.arange(4096.0).reshape(1, 1, 1, 4096) / 4096
    boxes = torch.tensor([[0, 2001.25, 0, 2002.25, 1]])
    found = roi_align(features.half(), boxes, 1, aligned=True)
    assert abs(found.item() * 4096 - 2001.25) < 1.1  # the features' own rounding: one part in 2,048


def test_autocast():
    torch.manual_seed(0)
    convolution, features = torch.nn.Conv2d(3, 4, 1), maps(torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        halves = convolution(features)
        assert halves.dtype == torch.bfloat16
        out = roi_align(halves, BOXES.float(), 2)
        assert out.dtype == torch.bfloat16
        out.sum().backward()
    assert convolution.weight.grad.dtype == torch.float32
    assert convolution.weight.grad.abs().sum() > 0


# Where it runs


def test_an_array_and_a_tensor_give_the_same_bits():
    case = random_case(8, np.float32)
    array = roi_align(case.features, case.rois, case.size, *case.settings)
    tensor = roi_align(torch.from_numpy(case.features), torch.from_numpy(case.rois), case.size, *case.settings)
    np.testing.assert_array_equal(tensor.numpy(), array)


def test_the_backend_asked_for_is_the_one_that_runs(monkeypatch):
    from minimask.roi import cpu, reference

    ran = []
    for name, module, function in (("numba", cpu, "align"), ("reference", reference, "roi_align")):
        whole = getattr(module, function)
        monkeypatch.setattr(module, function, lambda *a, name=name, whole=whole: ran.append(name) or whole(*a))
    features, boxes = maps(), BOXES
    for given_, boxes_ in ((features, boxes), (features.detach().numpy(), boxes.numpy())):
        for backend in (None, "numba", "reference"):
            roi_align(given_, boxes_, 2, backend=backend)
    assert ran == ["numba", "numba", "reference"] * 2


def test_without_a_compiled_path_there_is_an_error_and_no_other_path(monkeypatch):
    import minimask.roi.cpu

    monkeypatch.setitem(sys.modules, "minimask.roi.cpu", None)
    monkeypatch.delattr(minimask.roi, "cpu")
    with pytest.raises(ImportError):
        roi_align(maps().detach().numpy(), BOXES.numpy(), 2)


def test_deterministic_algorithms_give_the_same_numbers():
    """There is one algorithm, and it is deterministic; a box beyond the map reads 0 either way."""
    features, beyond = maps(), torch.tensor([[0, 50.0, 50.0, 60.0, 60.0]], dtype=torch.float64)
    usual = roi_align(features, BOXES, 3)
    torch.use_deterministic_algorithms(True)
    try:
        assert torch.equal(roi_align(features, BOXES, 3), usual)
        assert not roi_align(torch.ones(1, 1, 5, 5, dtype=torch.float64), beyond, 2).any()
    finally:
        torch.use_deterministic_algorithms(False)


def test_channels_last_tensors_are_not_copied(monkeypatch):
    """What the compiled loop reads is the memory of the tensor itself."""
    from minimask.roi import cpu

    read, compiled_align = [], cpu.align
    monkeypatch.setattr(cpu, "align", lambda *a: read.append(a[0].ctypes.data) or compiled_align(*a))
    features = maps(form=torch.channels_last)
    roi_align(features, BOXES, 2)
    assert read == [features.data_ptr()]


def test_a_tensor_of_zero_rois():
    features = maps()
    for operator in (roi_align, roi_pool):
        out = operator(features, [torch.zeros(0, 4, dtype=torch.float64)] * 2, 3)
        assert out.shape == (0, 3, 3, 3)
        out.sum().backward()
        assert not features.grad.any()


def test_boxes_learn_where_no_map_of_a_pyramid_does():
    pyramid = [maps(shape=(2, 3, 12 // 2**i, 12 // 2**i), seed=i) for i in range(3)]
    found = []
    for levels in (pyramid, [one.detach() for one in pyramid]):
        boxes = corners()
        multilevel_roi_align(levels, boxes, 2, [1.0, 0.5, 0.25], 2, levels=torch.tensor([0, 1, 2])).sum().backward()
        found.append(torch.cat([one.grad for one in boxes]))
    assert found[0].any()
    assert torch.equal(*found)
