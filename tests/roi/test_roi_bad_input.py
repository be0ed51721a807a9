"""Bad input of every kind, to every operator, for arrays and tensors: a clear error, and the process lives on."""

import numpy as np
import pytest
import torch

from minimask.roi import multilevel_roi_align, roi_align, roi_pool
from minimask.roi.inputs import MOST_SAMPLES

FEATURES = np.ones((2, 3, 8, 9))
NAN, INF = float("nan"), float("inf")


def row(*values):
    return np.array([[0, 1, 1, 4, 4], values], dtype=np.float64)


BAD_BOXES = [
    (row(7, 1, 1, 2, 2), r"boxes must name an image from 0 to 1 in their first column, got 7 in row 1"),
    (row(2, 1, 1, 2, 2), r"image from 0 to 1 .* got 2 in row 1"),
    (row(-1, 1, 1, 2, 2), r"image from 0 to 1 .* got -1 in row 1"),
    (row(1e6, 1, 1, 2, 2), r"image from 0 to 1 .* got 1e\+06 in row 1"),
    (row(3000, 1, 1, 2, 2), r"image from 0 to 1 .* got 3000 in row 1"),
    (row(0.5, 1, 1, 2, 2), r"image from 0 to 1 .* got 0\.5 in row 1"),
    (row(NAN, 1, 1, 2, 2), r"boxes must be finite, got nan as image in row 1"),
    (row(0, NAN, 1, 2, 2), r"boxes must be finite, got nan as x1 in row 1"),
    (row(0, 1, 1, 2, INF), r"boxes must be finite, got inf as y2 in row 1"),
    (row(0, 1, -INF, 2, 2), r"boxes must be finite, got -inf as y1 in row 1"),
    (row(0, 3, 1, 2, 2), r"boxes must have x1 <= x2 and y1 <= y2, got \[3\.0, 1\.0, 2\.0, 2\.0\] in row 1"),
    (row(0, 1, 3, 2, 2), r"boxes must have x1 <= x2 and y1 <= y2, got \[1\.0, 3\.0, 2\.0, 2\.0\] in row 1"),
    (row(0, -1e7, 1, 2, 2), r"boxes may reach at most 1e\+06 cells far .* in row 1"),
    (np.zeros((3, 4)), r"shape \(K, 5\) .* got shape \(3, 4\); boxes without an image number go into a list"),
    (np.zeros(5), r"shape \(K, 5\) .* got shape \(5,\)"),
    (np.zeros((1, 2, 5)), r"shape \(K, 5\) .* got shape \(1, 2, 5\)"),
    ([np.zeros((1, 4))], r"boxes must hold one \(L, 4\) for each of the 2 images, got 1"),
    ([np.zeros((1, 4)), np.zeros((1, 5))], r"boxes\[1\] must have shape \(L, 4\) .* got shape \(1, 5\)"),
]
BAD_SETTINGS = [
    ({"output_size": 0}, r"output_size must be one or two whole numbers of at least 1, \(height, width\), got 0"),
    ({"output_size": (7, 0)}, r"output_size .* got \(7, 0\)"),
    ({"output_size": (7, 7, 7)}, r"output_size .* got \(7, 7, 7\)"),
    ({"output_size": (2.0, 2)}, r"output_size .* got \(2\.0, 2\)"),
    ({"spatial_scale": 0}, r"spatial_scale must be finite and above 0, as 1/16 .* got 0"),
    ({"spatial_scale": -1.0}, r"spatial_scale must be finite and above 0"),
    ({"spatial_scale": NAN}, r"spatial_scale must be finite and above 0, .* got nan"),
    ({"spatial_scale": INF}, r"spatial_scale must be finite and above 0, .* got inf"),
    ({"backend": "cudnn"}, r"backend must be one of reference, numba, cuda, or None, got 'cudnn'"),
    ({"backend": "cuda"}, r"backend 'cuda' cannot take features on 'cpu'; there: numba, reference"),
]
BAD_ALIGN_SETTINGS = [
    ({"sampling_ratio": 1.5}, ValueError, r"sampling_ratio must be a whole number of at most 10,000 .* got 1\.5"),
    ({"sampling_ratio": MOST_SAMPLES + 1}, ValueError, r"sampling_ratio must be a whole number of at most 10,000"),
    ({"sampling_ratio": True}, ValueError, r"sampling_ratio must be .* got True"),
    ({"aligned": 1}, TypeError, r"aligned must be True or False, got 1"),
    ({"aligned": None}, TypeError, r"aligned must be True or False, got None"),
]
BAD_FEATURES = [
    (
        np.ones((3, 8, 9)),
        ValueError,
        r"input must have shape \(N, C, H, W\) .* got shape \(3, 8, 9\); .* input\[None\]",
    ),
    (np.ones((2, 3, 0, 9)), ValueError, r"with H, W >= 1, got shape \(2, 3, 0, 9\)"),
    (np.ones((2, 3, 8, 9), int), TypeError, r"input must hold floating-point numbers .* got dtype .*int64"),
    (np.ones((2, 3, 8, 9), complex), TypeError, r"input must hold floating-point numbers"),
    (np.ones((2, 3, 8, 9), bool), TypeError, r"input must hold floating-point numbers"),
]
GOOD = row(1, 1, 1, 2, 2)

kinds = pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor], ids=["array", "tensor"])
operators = pytest.mark.parametrize("operator", [roi_align, roi_pool])


def as_kind(boxes, kind):
    return [kind(box) for box in boxes] if isinstance(boxes, list) else kind(boxes)


@kinds
@operators
@pytest.mark.parametrize("backend", ["numba", "reference"])
@pytest.mark.parametrize(("boxes", "message"), BAD_BOXES)
def test_boxes(operator, kind, boxes, message, backend):
    with pytest.raises(ValueError, match=message):
        operator(kind(FEATURES), as_kind(boxes, kind), 2, backend=backend)


@kinds
@pytest.mark.parametrize(("boxes", "message"), BAD_BOXES)
def test_boxes_in_the_backward_pass_too(kind, boxes, message):
    """Whatever reaches a gradient has passed the forward operator; the gradients' own doors are no way around it."""
    if isinstance(boxes, list) or boxes.shape != (2, 5):
        return
    from minimask.roi import torch_op

    grad, levels = torch.ones(2, 3, 2, 2, dtype=torch.float64), torch.zeros(2, dtype=torch.int64)
    rois, settings = torch.as_tensor(boxes), ([1.0], 2, False, "numba")
    with pytest.raises(ValueError, match=message):
        torch_op.align_features_grad(grad, rois, levels, 2, [8], [9], False, *settings)
    with pytest.raises(ValueError, match=message):
        torch_op.align_boxes_grad(grad, [torch.as_tensor(FEATURES)], rois, levels, *settings)
    with pytest.raises(ValueError, match=message):
        torch_op.max_pool_features_grad(grad, grad.long(), rois, 2, 8, 9, False, "numba")


@kinds
@operators
@pytest.mark.parametrize(("settings", "message"), BAD_SETTINGS)
def test_settings(operator, kind, settings, message):
    with pytest.raises(ValueError, match=message):
        operator(kind(FEATURES), kind(GOOD), **{"output_size": 2, **settings})


@kinds
@operators
def test_a_scale_that_is_no_number(operator, kind):
    with pytest.raises(TypeError, match=r"spatial_scale must be a number, cells per pixel, got '1/16'"):
        operator(kind(FEATURES), kind(GOOD), 2, "1/16")


@kinds
@pytest.mark.parametrize(("settings", "error", "message"), BAD_ALIGN_SETTINGS)
def test_settings_of_roi_align(kind, settings, error, message):
    with pytest.raises(error, match=message):
        roi_align(kind(FEATURES), kind(GOOD), 2, **settings)


@kinds
@operators
@pytest.mark.parametrize(("features", "error", "message"), BAD_FEATURES)
def test_features(operator, kind, features, error, message):
    with pytest.raises(error, match=message):
        operator(kind(features), kind(GOOD), 2)


@operators
def test_kinds_that_do_not_go_together(operator):
    with pytest.raises(TypeError, match=r"boxes must be a NumPy array as the features are, got Tensor"):
        operator(FEATURES, torch.as_tensor(GOOD), 2)
    with pytest.raises(TypeError, match=r"boxes must be a torch tensor as the features are, got ndarray"):
        operator(torch.as_tensor(FEATURES), GOOD, 2)
    with pytest.raises(TypeError, match=r"boxes\[0\] must be a NumPy array as the features are, got list"):
        operator(FEATURES, GOOD.tolist(), 2)
    with pytest.raises(TypeError, match=r"input must be a NumPy array or a torch tensor, got list"):
        operator(FEATURES.tolist(), GOOD, 2)
    with pytest.raises(TypeError, match=r"boxes must hold floating-point numbers .* got dtype int64"):
        operator(FEATURES, GOOD.astype(int), 2)
    with pytest.raises(ValueError, match=r"boxes must be on the features' device cpu, got meta"):
        operator(torch.as_tensor(FEATURES), torch.as_tensor(GOOD).to("meta"), 2)


PYRAMID = [np.ones((1, 2, 8 // 2**level, 8 // 2**level)) for level in range(3)]
SCALES = [1 / 4, 1 / 8, 1 / 16]
BAD_PYRAMIDS = [
    ({"inputs": []}, r"inputs must be a list of at least one feature map"),
    ({"inputs": PYRAMID[0]}, r"inputs must be a list of at least one feature map, got ndarray"),
    ({"inputs": [PYRAMID[0], np.ones((1, 3, 4, 4)), PYRAMID[2]]}, r"inputs must be equal .* inputs\[1\]"),
    ({"inputs": [PYRAMID[0], PYRAMID[1], PYRAMID[2].astype(np.float32)]}, r"inputs must be equal .* inputs\[2\]"),
    ({"spatial_scales": SCALES[:2]}, r"spatial_scales must be one for each of the 3 inputs, got 2"),
    ({"spatial_scales": [1 / 4, 1 / 8, 0]}, r"spatial_scales\[2\] must be finite and above 0"),
    ({"spatial_scales": [1 / 4, 1 / 8, 1 / 8]}, r"spatial_scales must halve from map to map"),
    ({"spatial_scales": [1 / 3, 1 / 6, 1 / 12]}, r"beginning with a power of two"),
    ({"levels": np.array([3])}, r"levels must be from 0 to 2, the number of maps less 1, got 3 to 3"),
    ({"levels": np.array([-1])}, r"levels must be from 0 to 2"),
    ({"levels": np.array([0, 1])}, r"levels must be a whole number for each of the 1 RoIs, shape \(1,\), .* \(2,\)"),
    ({"levels": np.array([0.0])}, r"levels must be a whole number .* got dtype .*float64"),
]


@kinds
@pytest.mark.parametrize(("change", "message"), BAD_PYRAMIDS)
def test_pyramids(kind, change, message):
    arguments = {"inputs": PYRAMID, "spatial_scales": SCALES, "boxes": np.array([[0, 1.0, 1, 2, 2]]), **change}
    if not (isinstance(arguments["inputs"], np.ndarray) and kind is torch.as_tensor):
        as_given = as_kind(arguments["inputs"], kind) if isinstance(arguments["inputs"], list) else arguments["inputs"]
        arguments |= {"inputs": as_given, "boxes": kind(arguments["boxes"])}
        if "levels" in arguments:
            arguments["levels"] = kind(arguments["levels"])
        with pytest.raises(ValueError, match=message):
            multilevel_roi_align(**arguments, output_size=2)


def test_levels_of_another_kind():
    with pytest.raises(TypeError, match=r"levels must be of the boxes' kind, got Tensor"):
        multilevel_roi_align(PYRAMID, np.array([[0, 1.0, 1, 2, 2]]), 2, SCALES, levels=torch.tensor([0]))


# What looks bad and is not


@kinds
@operators
def test_nothing_in_nothing_out(operator, kind):
    for features, boxes in (
        (FEATURES, np.zeros((0, 5))),
        (FEATURES, [np.zeros((0, 4)), np.zeros((0, 4))]),
        (FEATURES[:0], np.zeros((0, 5))),
        (FEATURES[:0], []),
    ):
        assert tuple(operator(kind(features), as_kind(boxes, kind), (2, 3)).shape) == (0, 3, 2, 3)
    assert tuple(operator(kind(FEATURES[:, :0]), kind(GOOD), 2).shape) == (2, 0, 2, 2)


@kinds
def test_boxes_without_area(kind):
    point = kind(np.array([[0, 3.0, 3.0, 3.0, 3.0]]))
    for ratio, aligned, expected in ((2, True, 1.0), (-1, True, 0.0), (-1, False, 1.0)):
        assert float(roi_align(kind(FEATURES), point, 1, 1.0, ratio, aligned)[0, 0, 0, 0]) == expected
    assert float(roi_pool(kind(FEATURES), point, 1)[0, 0, 0, 0]) == 1.0


def test_a_list_of_boxes_is_the_same_as_numbered_rows():
    rng = np.random.default_rng(0)
    boxes = [np.sort(rng.uniform(0, 8, (count, 2, 2)), axis=1).reshape(count, 4) for count in (2, 3)]
    numbered = np.concatenate([np.insert(box, 0, image, axis=1) for image, box in enumerate(boxes)])
    features = rng.normal(size=FEATURES.shape)
    for operator in (roi_align, roi_pool):
        np.testing.assert_array_equal(operator(features, boxes, 3), operator(features, numbered, 3))
