"""The RoI operators against a real torchvision, forward and backward, on random and on awkward boxes."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import ops

import minimask
from minimask.roi import assign_levels, multilevel_roi_align

sys.path.insert(0, str(Path(__file__).parents[1] / "roi"))
from cases import CASES, random_case

EXACT_SCALES = (1.0, 0.5, 0.25, 1 / 16)  # with others float32 products round, and torchvision counts samples from them
BACKENDS = st.sampled_from(["numba", "reference"])
DTYPES = st.sampled_from([np.float32, np.float64])


def both(case, backend, operator, reference, *arguments):
    """Return output and gradient of the features, of ours and of torchvision's."""
    found = []
    for function, settings_ in ((operator, {"backend": backend}), (reference, {})):
        features = torch.from_numpy(case.features).requires_grad_()
        out = function(features, torch.from_numpy(case.rois), case.size, *arguments, **settings_)
        out.backward(torch.from_numpy(case.grad()))
        found.append((out.detach(), features.grad))
    return found


def the_same(found, expected, dtype):
    tolerance = {np.float32: 1e-4, np.float64: 1e-9}[dtype]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


def on_exact_grid(case):
    """Boxes on whole and half cells, or anywhere: but never closer than a rounding error to where the rules switch."""
    scale = EXACT_SCALES[len(case.rois) % len(EXACT_SCALES)]
    rois = case.rois.copy()
    rois[:, 1:] = np.round(rois[:, 1:] * case.scale * 64) / 64 / scale
    return case._replace(rois=rois, scale=scale)


@settings(max_examples=400)
@given(CASES, DTYPES, BACKENDS)
def test_roi_align(seed, dtype, backend):
    case = on_exact_grid(random_case(seed, dtype, giants=False))  # on those torchvision takes all memory
    if not np.log2(case.ratio if case.ratio > 0 else 1).is_integer() or not all(np.log2(case.size) % 1 == 0):
        case = case._replace(size=(4, 2), ratio=min(case.ratio, 2))  # positions that binary numbers can express
    ours, theirs = both(case, backend, minimask.roi_align, ops.roi_align, *case.settings)
    the_same(ours, theirs, dtype)


@settings(max_examples=400)
@given(st.integers(0, 2**32 - 1), DTYPES, BACKENDS)
def test_roi_align_of_random_boxes(seed, dtype, backend):
    """No box ends on a whole cell, as boxes in real life do not."""
    case = random_case(seed, dtype, smooth=True)
    ours, theirs = both(case, backend, minimask.roi_align, ops.roi_align, *case.settings)
    the_same(ours, theirs, dtype)


@settings(max_examples=400)
@given(CASES, DTYPES, BACKENDS)
def test_roi_pool(seed, dtype, backend):
    case = random_case(seed, dtype, giants=False)
    ours, theirs = both(case, backend, minimask.roi_pool, ops.roi_pool, case.scale)
    the_same(ours, theirs, dtype)


@pytest.mark.parametrize("size", [7, (14, 7)])
def test_lists_of_boxes_and_defaults(size):
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 5, 20, 30, generator=generator)
    corners = [torch.rand(count, 2, 2, generator=generator) * 20 for count in (3, 0)]
    boxes = [torch.cat([pair.amin(1), pair.amax(1)], dim=1) for pair in corners]
    for ours, theirs in ((minimask.roi_align, ops.roi_align), (minimask.roi_pool, ops.roi_pool)):
        torch.testing.assert_close(ours(features, boxes, size), theirs(features, boxes, size))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_pyramid_and_its_gradients(dtype):
    """As torchvision's own module does it, box by box and level by level."""
    generator = torch.Generator().manual_seed(1)
    sizes = [(64 // 2**level, 96 // 2**level) for level in range(4)]
    maps = [torch.rand(2, 8, *size, generator=generator, dtype=dtype).requires_grad_() for size in sizes]
    corner = torch.rand(40, 2, generator=generator, dtype=dtype) * 200
    sides = torch.exp(torch.rand(40, 2, generator=generator, dtype=dtype) * 6.5 + 1)
    boxes = torch.cat([corner, corner + sides], dim=1)
    per_image = list(boxes.split([25, 15]))
    pooler = ops.MultiScaleRoIAlign(["0", "1", "2", "3"], output_size=7, sampling_ratio=2)
    theirs = pooler(dict(zip("0123", maps, strict=True)), per_image, [(256, 384), (256, 384)])
    ours = multilevel_roi_align(maps, per_image, 7, [1 / 4, 1 / 8, 1 / 16, 1 / 32], 2)
    torch.testing.assert_close(ours, theirs)
    incoming = torch.rand(ours.shape, generator=generator, dtype=dtype)
    for one, other in zip(
        torch.autograd.grad(ours, maps, incoming), torch.autograd.grad(theirs, maps, incoming), strict=True
    ):
        torch.testing.assert_close(one, other)
    levels = assign_levels(boxes, 2, 5) - 2
    assert set(levels.tolist()) == {0, 1, 2, 3}


def test_what_torchvision_leaves_open():
    """Why the errors at our door are worth having: torchvision 0.28 answers these with numbers."""
    features = torch.rand(2, 1, 8, 8)
    for bad in ([0, float("nan"), 0, 2, 2], [0, 5, 5, 2, 2]):
        boxes = torch.tensor([bad], dtype=torch.float32)
        assert ops.roi_align(features, boxes, 2).shape == (1, 1, 2, 2)
        with pytest.raises(ValueError, match="boxes must"):
            minimask.roi_align(features, boxes, 2)
