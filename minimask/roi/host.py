"""The operators on NumPy arrays, whichever path computes them: what the door and the torch operators call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minimask.roi import pool, reference

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.int64]
Size = tuple[int, int]
Shape = tuple[int, int, int, int]


def align(
    features: Sequence[FloatArray],
    rois: FloatArray,
    levels: IntArray,
    size: Size,
    scales: Sequence[float],
    ratio: int,
    aligned: bool,
    backend: str,
) -> FloatArray:
    """Return RoIAlign's output `(K, C, PH, PW)`; RoI k is read from `features[levels[k]]` `(N, C, H, W)`.

    In memory the compiled path's is channels-last, the reference's channels-first.
    """
    chosen = _by_level(levels, len(features))
    channels, dtype = features[0].shape[1], features[0].dtype
    if backend == "reference":
        out = np.empty((len(rois), channels, *size), dtype)
        for some, maps, scale in zip(chosen, features, scales, strict=True):
            out[some] = reference.roi_align(maps, rois[some], size, scale, ratio, aligned)
        return out
    from minimask.roi import cpu, layout

    out = np.empty((len(rois), *size, channels), dtype)
    for some, maps, scale in zip(chosen, features, scales, strict=True):
        if some.size:
            cpu.align(layout.channels_last(maps), rois, some, out, scale, ratio, aligned)
    return out.transpose(0, 3, 1, 2)


def align_features_grad(
    grad: FloatArray,
    rois: FloatArray,
    levels: IntArray,
    shapes: Sequence[Shape],
    scales: Sequence[float],
    ratio: int,
    aligned: bool,
    backend: str,
) -> list[FloatArray]:
    """Return the gradients with respect to the features of every level, in memory as `align`'s output."""
    chosen = _by_level(levels, len(shapes))
    if backend == "reference":
        return [
            reference.roi_align_features_grad(grad[some], rois[some], shape, scale, ratio, aligned)
            for some, shape, scale in zip(chosen, shapes, scales, strict=True)
        ]
    from minimask.roi import cpu, layout

    grad = layout.channels_last(grad)
    found = []
    for some, (images, channels, height, width), scale in zip(chosen, shapes, scales, strict=True):
        out = np.empty((images, height, width, channels), grad.dtype)
        cpu.align_features_grad(grad, rois, some, out, scale, ratio, aligned)
        found.append(out.transpose(0, 3, 1, 2))
    return found


def align_boxes_grad(
    grad: FloatArray,
    features: Sequence[FloatArray],
    rois: FloatArray,
    levels: IntArray,
    scales: Sequence[float],
    ratio: int,
    aligned: bool,
    backend: str,
) -> FloatArray:
    """Return the gradient with respect to the boxes `(K, 4)`, in their dtype."""
    out = np.zeros((len(rois), 4))
    chosen = _by_level(levels, len(features))
    if backend == "reference":
        for some, maps, scale in zip(chosen, features, scales, strict=True):
            out[some] = reference.roi_align_boxes_grad(grad[some], maps, rois[some], scale, ratio, aligned)
        return out.astype(rois.dtype)
    from minimask.roi import cpu, layout

    grad = layout.channels_last(grad)
    for some, maps, scale in zip(chosen, features, scales, strict=True):
        if some.size:
            cpu.align_boxes_grad(grad, layout.channels_last(maps), rois, some, out, scale, ratio, aligned)
    return out.astype(rois.dtype)


def max_pool(
    features: FloatArray, rois: FloatArray, size: Size, scale: float, backend: str
) -> tuple[FloatArray, IntArray]:
    """Return RoIPool's output and the cells it was read from, both `(K, C, PH, PW)`, in memory as `align`'s."""
    if backend == "reference":
        return pool.roi_pool(features, rois, size, scale)
    from minimask.roi import cpu_pool, layout

    out = np.empty((len(rois), *size, features.shape[1]), features.dtype)
    argmax = np.empty(out.shape, np.int64)
    cpu_pool.max_pool(layout.channels_last(features), rois, out, argmax, scale)
    return out.transpose(0, 3, 1, 2), argmax.transpose(0, 3, 1, 2)


def max_pool_features_grad(
    grad: FloatArray, argmax: IntArray, rois: FloatArray, shape: Shape, backend: str
) -> FloatArray:
    """Return RoIPool's gradient with respect to the features."""
    if backend == "reference":
        return pool.roi_pool_features_grad(grad, argmax, rois, shape)
    from minimask.roi import cpu_pool, layout

    images, channels, height, width = shape
    out = np.empty((images, height, width, channels), grad.dtype)
    cpu_pool.max_pool_features_grad(layout.channels_last(grad), layout.channels_last(argmax), rois, out)
    return out.transpose(0, 3, 1, 2)


def _by_level(levels: IntArray, count: int) -> list[IntArray]:
    """Return which RoIs are read from each level."""
    if count == 1:
        return [np.arange(len(levels))]
    return [np.flatnonzero(levels == level) for level in range(count)]
