"""The operators in torch: registered, differentiable, and run where the tensors lie.

Each is a custom operator (`torch.ops.minimask`), so that autograd, autocast and `torch.compile` know it: what its
results look like is told by a fake kernel, and its gradients are operators again. The gradient of RoIAlign with respect
to the features is linear in the gradient that comes in, hence differentiable once more; that with respect to the boxes
is not.
"""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minimask.roi import host
from minimask.roi.inputs import MOST_CELLS, check_levels, check_rois

Grads = tuple[Any, ...]


@torch.library.custom_op("minimask::roi_align", mutates_args=())
def align(
    features: Sequence[Tensor],
    boxes: Tensor,
    levels: Tensor,
    size: Sequence[int],
    scales: Sequence[float],
    sampling_ratio: int,
    aligned: bool,
    backend: str,
) -> Tensor:
    """Compute RoIAlign of all levels of a pyramid in one call.

    Parameters
    ----------
    features : sequence of tensors (N, C, H, W)
        One for each level, of one dtype.
    boxes : tensor (K, 5)
    levels : int64 tensor (K,)
        The level that each RoI is read from.
    size : (PH, PW)
    scales : sequence of float
        Cells per pixel of each level.
    sampling_ratio, aligned
        As in `minimask.roi_align`.
    backend : str
        "numba", "reference" or "cuda".

    Returns
    -------
    tensor (K, C, PH, PW)
        Of the features' dtype; channels-last in memory where the first level is.
    """
    _check_values(boxes, features[0].shape[0], max(scales), levels=(levels, len(features)))
    out = _empty_output(features[0], boxes, size)
    if backend == "cuda":
        from minimask.roi import cuda

        target, lasts = _target(out), [_channels_last(level) for level in features]
        cuda.roi_align_forward(lasts, *_places(boxes, levels), target, list(scales), sampling_ratio, aligned)
        return _settle(target, out)
    maps = [_array(level) for level in features]
    found = host.align(maps, _array(boxes), _array(levels), _pair(size), scales, sampling_ratio, aligned, backend)
    return _deliver(found, out)


@torch.library.custom_op("minimask::roi_align_features_grad", mutates_args=())
def align_features_grad(
    grad: Tensor,
    boxes: Tensor,
    levels: Tensor,
    images: int,
    heights: Sequence[int],
    widths: Sequence[int],
    channels_last: bool,
    scales: Sequence[float],
    sampling_ratio: int,
    aligned: bool,
    backend: str,
) -> typing.List[Tensor]:  # noqa: UP006 (torch 2.5 reads no other spelling)
    """Compute the gradients with respect to the features of every level, from `grad` (K, C, PH, PW)."""
    _check_values(boxes, images, max(scales), grad, (levels, len(heights)))
    shapes = [(images, grad.shape[1], height, width) for height, width in zip(heights, widths, strict=True)]
    outs = [_empty_features(grad, shape, channels_last) for shape in shapes]
    if backend == "cuda":
        from minimask.roi import cuda

        targets, places = [_target(out) for out in outs], _places(boxes, levels)
        cuda.roi_align_features_grad(_channels_last(grad), *places, targets, list(scales), sampling_ratio, aligned)
        return [_settle(target, out) for target, out in zip(targets, outs, strict=True)]
    found = host.align_features_grad(
        _array(grad), _array(boxes), _array(levels), shapes, scales, sampling_ratio, aligned, backend
    )
    return [_deliver(array, out) for array, out in zip(found, outs, strict=True)]


@torch.library.custom_op("minimask::roi_align_boxes_grad", mutates_args=())
def align_boxes_grad(
    grad: Tensor,
    features: Sequence[Tensor],
    boxes: Tensor,
    levels: Tensor,
    scales: Sequence[float],
    sampling_ratio: int,
    aligned: bool,
    backend: str,
) -> Tensor:
    """Compute the gradient with respect to the boxes, (K, 5) with zeros for the image's number."""
    _check_values(boxes, features[0].shape[0], max(scales), grad, (levels, len(features)))
    out = torch.zeros_like(boxes, memory_format=torch.contiguous_format)
    if backend == "cuda":
        from minimask.roi import cuda

        found = torch.empty((len(boxes), 4), dtype=_coordinates(boxes).dtype, device=boxes.device)
        lasts, (coordinates, chosen) = [_channels_last(level) for level in features], _places(boxes, levels)
        arguments = (list(scales), sampling_ratio, aligned)
        cuda.roi_align_boxes_grad(_channels_last(grad), lasts, coordinates, chosen, found, *arguments)
        out[:, 1:] = found
        return out
    maps = [_array(level) for level in features]
    of_boxes = host.align_boxes_grad(
        _array(grad), maps, _array(boxes), _array(levels), scales, sampling_ratio, aligned, backend
    )
    out[:, 1:] = torch.from_numpy(of_boxes)
    return out


@torch.library.custom_op("minimask::roi_pool", mutates_args=())
def max_pool(features: Tensor, boxes: Tensor, size: Sequence[int], scale: float, backend: str) -> tuple[Tensor, Tensor]:
    """Compute RoIPool, and the cell `row * W + column` that each output was read from, -1 for an empty bin."""
    _check_values(boxes, features.shape[0], scale)
    out, argmax = _empty_output(features, boxes, size), _empty_output(features, boxes, size, torch.int64)
    if backend == "cuda":
        from minimask.roi import cuda

        target, where = _target(out), _target(argmax)
        cuda.roi_pool_forward(_channels_last(features), _coordinates(boxes), target, where, scale)
        return _settle(target, out), _settle(where, argmax)
    found, cells = host.max_pool(_array(features), _array(boxes), _pair(size), scale, backend)
    return _deliver(found, out), _deliver(cells, argmax)


@torch.library.custom_op("minimask::roi_pool_features_grad", mutates_args=())
def max_pool_features_grad(
    grad: Tensor, argmax: Tensor, boxes: Tensor, images: int, height: int, width: int, channels_last: bool, backend: str
) -> Tensor:
    """Compute RoIPool's gradient with respect to the features."""
    _check_values(boxes, images, 1.0, grad)
    if argmax.shape != grad.shape or (argmax.numel() and argmax.max() >= height * width):
        raise ValueError(f"argmax must be what roi_pool gave for a map of {height} x {width} cells")
    shape = (images, grad.shape[1], height, width)
    out = _empty_features(grad, shape, channels_last)
    if backend == "cuda":
        from minimask.roi import cuda

        target = _target(out)
        cuda.roi_pool_features_grad(_channels_last(grad), _channels_last(argmax), _coordinates(boxes), target)
        return _settle(target, out)
    found = host.max_pool_features_grad(_array(grad), _array(argmax), _array(boxes), shape, backend)
    return _deliver(found, out)


# What the results look like, for torch.compile.


@align.register_fake
def _(features: Sequence[Tensor], boxes: Tensor, _levels: Tensor, size: Sequence[int], *_settings: object) -> Tensor:
    return _empty_output(features[0], boxes, size)


@align_features_grad.register_fake
def _(
    grad: Tensor,
    _boxes: Tensor,
    _levels: Tensor,
    images: int,
    heights: Sequence[int],
    widths: Sequence[int],
    channels_last: bool,
    *_settings: object,
) -> typing.List[Tensor]:  # noqa: UP006 (torch 2.5 reads no other spelling)
    sizes = zip(heights, widths, strict=True)
    return [_empty_features(grad, (images, grad.shape[1], height, width), channels_last) for height, width in sizes]


@align_boxes_grad.register_fake
def _(_grad: Tensor, _features: Sequence[Tensor], boxes: Tensor, *_settings: object) -> Tensor:
    return torch.zeros_like(boxes, memory_format=torch.contiguous_format)


@max_pool.register_fake
def _(features: Tensor, boxes: Tensor, size: Sequence[int], *_settings: object) -> tuple[Tensor, Tensor]:
    return _empty_output(features, boxes, size), _empty_output(features, boxes, size, torch.int64)


@max_pool_features_grad.register_fake
def _(
    grad: Tensor,
    _argmax: Tensor,
    _boxes: Tensor,
    images: int,
    height: int,
    width: int,
    channels_last: bool,
    _backend: str,
) -> Tensor:
    return _empty_features(grad, (images, grad.shape[1], height, width), channels_last)


# Gradients.


def _remember_align(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ANN401, ARG001
    features, boxes, levels, _, *ctx.settings = inputs
    ctx.shapes = [tuple(level.shape) for level in features]
    ctx.channels_last = _is_channels_last(features[0])
    boxes_learn = ctx.needs_input_grad[len(features)]  # here, unlike in the backward pass, the list is spread out
    ctx.save_for_backward(boxes, levels, *(features if boxes_learn else ()))


def _backward_align(ctx: Any, grad: Tensor) -> Grads:  # noqa: ANN401
    boxes, levels, *features = ctx.saved_tensors
    of_features: list[Tensor | None] = [None] * len(ctx.shapes)
    of_boxes = None
    if any(ctx.needs_input_grad[0]):
        (images, *_), heights, widths = ctx.shapes[0], *([shape[i] for shape in ctx.shapes] for i in (2, 3))
        layout = (images, heights, widths, ctx.channels_last)
        of_features = list(align_features_grad(grad, boxes, levels, *layout, *ctx.settings))
    if ctx.needs_input_grad[1]:
        of_boxes = align_boxes_grad(grad, features, boxes, levels, *ctx.settings)
    return of_features, of_boxes, None, None, None, None, None, None


align.register_autograd(_backward_align, setup_context=_remember_align)


def _remember_align_features_grad(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:  # noqa: ANN401, ARG001
    grad, boxes, levels, _, _, _, _, *ctx.settings = inputs
    ctx.save_for_backward(grad, boxes, levels)


def _backward_align_features_grad(ctx: Any, grads: list[Tensor]) -> Grads:  # noqa: ANN401
    """Differentiate `<grad, align(maps, boxes)>`, which is linear in both grad and maps, for the maps `grads`."""
    grad, boxes, levels = ctx.saved_tensors
    of_grad = of_boxes = None
    if ctx.needs_input_grad[0]:
        of_grad = align(grads, boxes, levels, grad.shape[2:], *ctx.settings)
    if ctx.needs_input_grad[1]:
        of_boxes = align_boxes_grad(grad, grads, boxes, levels, *ctx.settings)
    return of_grad, of_boxes, None, None, None, None, None, None, None, None, None


align_features_grad.register_autograd(_backward_align_features_grad, setup_context=_remember_align_features_grad)


def _remember_max_pool(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:  # noqa: ANN401
    features, boxes, _, _, ctx.backend = inputs
    ctx.layout = (features.shape[0], *features.shape[2:], _is_channels_last(features))
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(output[1], boxes)


def _backward_max_pool(ctx: Any, grad: Tensor, _: Tensor) -> Grads:  # noqa: ANN401
    argmax, boxes = ctx.saved_tensors
    of_features = of_boxes = None
    if ctx.needs_input_grad[0]:
        of_features = max_pool_features_grad(grad, argmax, boxes, *ctx.layout, ctx.backend)
    if ctx.needs_input_grad[1]:
        of_boxes = torch.zeros_like(boxes)  # rounding: no output changes with a box, until it jumps
    return of_features, of_boxes, None, None, None


max_pool.register_autograd(_backward_max_pool, setup_context=_remember_max_pool)


# Between torch and the paths.


def _check_values(
    boxes: Tensor,
    images: int,
    largest_scale: float,
    grad: Tensor | None = None,
    levels: tuple[Tensor, int] | None = None,
) -> None:
    """Refuse boxes, and levels of so many maps, that no path could answer; from a card all is asked in one round trip.

    What is wrong is then found out on the processor.
    """
    boxes = boxes.detach()
    if grad is not None and (grad.ndim != 4 or len(grad) != len(boxes)):
        raise ValueError(f"grad must have shape (K, C, PH, PW) with K = {len(boxes)}, got {tuple(grad.shape)}")
    fit = levels is None or (levels[0].shape == boxes.shape[:1] and not levels[0].dtype.is_floating_point)
    if boxes.device.type != "cpu" and fit:
        numbers, sides = boxes[:, 0], boxes[:, 3:] - boxes[:, 1:3]
        good = (numbers == numbers.floor()) & (numbers >= 0) & (numbers < images)
        good &= (sides >= 0).all(dim=1) & (boxes[:, 1:].abs() * largest_scale <= MOST_CELLS).all(dim=1)
        if levels is not None:
            chosen = levels[0].to(boxes.device)
            good &= (chosen >= 0) & (chosen < levels[1])
        if good.all().item():
            return
    check_rois(_array(boxes.cpu()), images, largest_scale)
    if levels is not None:
        check_levels(levels[0], len(boxes), levels[1])


def _array(tensor: Tensor) -> NDArray[Any]:
    """Return a tensor of the processor as an array: the same memory, or float32 where NumPy has no fast numbers."""
    tensor = tensor.detach()
    if tensor.dtype in (torch.float16, torch.bfloat16):
        form = torch.channels_last if tensor.ndim == 4 else torch.contiguous_format
        tensor = tensor.to(torch.float32, memory_format=form)
    array = tensor.resolve_neg().numpy()
    return np.ascontiguousarray(array) if array.ndim < 4 else array


def _deliver(found: NDArray[Any], out: Tensor) -> Tensor:
    """Return what a path found in the shape, dtype and layout of `out`: as it is, where it fits."""
    tensor = torch.from_numpy(found)
    if tensor.dtype == out.dtype and tensor.stride() == out.stride():
        return tensor
    if tensor.dtype == out.dtype and out.is_contiguous() and _is_channels_last(tensor):
        from minimask.roi import layout  # only compiled paths answer channels-last

        return torch.from_numpy(layout.channels_first(found.transpose(0, 2, 3, 1)))
    return out.copy_(tensor)


def _coordinates(boxes: Tensor) -> Tensor:
    """Return boxes contiguous and in float32 at least."""
    return boxes.detach().to(torch.promote_types(boxes.dtype, torch.float32)).contiguous()


def _places(boxes: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
    """Return boxes and levels as a card's kernels take them."""
    return _coordinates(boxes), levels.to(boxes.device, torch.int64).contiguous()


def _channels_last(tensor: Tensor) -> Tensor:
    """Return (N, C, H, W) as contiguous (N, H, W, C)."""
    return tensor.detach().permute(0, 2, 3, 1).contiguous()


def _target(out: Tensor) -> Tensor:
    """Return where a kernel writes (N, C, H, W) as contiguous (N, H, W, C): into `out` itself, where it lies so."""
    view = out.permute(0, 2, 3, 1)
    return view if view.is_contiguous() else torch.empty(view.shape, dtype=out.dtype, device=out.device)


def _settle(target: Tensor, out: Tensor) -> Tensor:
    """Return `out` with what a kernel wrote into its target."""
    return out if target.data_ptr() == out.data_ptr() else out.copy_(target.permute(0, 3, 1, 2))


def _is_channels_last(features: Tensor) -> bool:
    return not features.is_contiguous() and features.is_contiguous(memory_format=torch.channels_last)


def _empty_output(features: Tensor, boxes: Tensor, size: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
    """Return an output (K, C, PH, PW) yet to be filled, in the layout of the features."""
    return _empty_features(
        features, (boxes.shape[0], features.shape[1], *size), _is_channels_last(features), dtype or features.dtype
    )


def _empty_features(
    like: Tensor, shape: tuple[int, ...], channels_last: bool, dtype: torch.dtype | None = None
) -> Tensor:
    form = torch.channels_last if channels_last else torch.contiguous_format
    return torch.empty(shape, dtype=dtype or like.dtype, device=like.device, memory_format=form)


def _pair(size: Sequence[int]) -> tuple[int, int]:
    height, width = size
    return height, width
