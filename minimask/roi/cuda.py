"""The operators on NVIDIA cards: the launches of the kernels in `cuda_align`, `cuda_gather` and `cuda_pool`.

The functions take torch tensors of one card as they lie there, channels-last, and run on torch's current stream; they
copy nothing, wait for nothing, and leave the tensors to the caller. In numba's simulator they take NumPy arrays, where
int16 stands for bfloat16.

Design, in the order in which it matters:

- Channels-last, a thread for each channel: every access of a warp is one piece of memory.
- The weights of a RoI do not depend on the channel: a block computes them once, into shared memory.
- Gradients are gathered, not scattered: no atomic operation, no zeroing before, the same bits every time.
- One launch serves all levels of a pyramid, and the choice of level stays on the card.
- Numbers are stored as they came (float16 and bfloat16 too) and added up in float32 or float64. Coordinates are
  float32 or float64 as the boxes are; sample positions float64, as everywhere in minimask.

Rows of RoIs are spread over more blocks where RoIs are few (`WANTED_BLOCKS`), so that all of a card works.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minimask.roi import cuda_align, cuda_gather, cuda_pool, cuda_shim
from minimask.roi.cuda_shim import Array, Kernel

TYPES = {"float16": "<f2", "bfloat16": "<i2", "float32": "<f4", "float64": "<f8", "int64": "<i8"}

THREADS_OF_WARP, MOST_THREADS, WANTED_BLOCKS = (
    (2, 4, 8) if cuda_shim.is_simulator() else (32, cuda_shim.MOST_THREADS, 4096)
)
"""Threads that run in step, those of the largest block, and blocks that keep a card busy; few in the simulator."""

MOST_BLOCKS = 65_535
"""The largest grid along y and z."""


def roi_align_forward(
    features: Sequence[Array],
    boxes: Array,
    levels: Array,
    out: Array,
    scales: Sequence[float],
    ratio: int,
    aligned: bool,
) -> None:
    """Write RoIAlign of every RoI, read from its level.

    Parameters
    ----------
    features : sequence of arrays (N, H, W, C)
        The levels, of one dtype: float16, bfloat16, float32 or float64.
    boxes : array (K, 5), float32 or float64
        Rows `b x1 y1 x2 y2`, checked already: a wrong image number would read foreign memory.
    levels : int64 array (K,)
        Checked too.
    out : array (K, PH, PW, C), of the features' dtype
        Written whole.
    scales : sequence of float
        Cells per pixel of each level.
    ratio, aligned
        `sampling_ratio` and `aligned` of `minimask.roi_align`.

    Raises
    ------
    CudaUnavailableError
        If no kernel can be launched on this machine.
    """
    card = _Card.of(out)
    if _size(out) == 0:
        return
    count, bins_y, bins_x, channels = out.shape
    threads = _threads(channels, of_each=2)
    parts = math.ceil(channels / (2 * threads))
    rows = min(bins_y, math.ceil(WANTED_BLOCKS / (count * parts)), MOST_BLOCKS)
    card.launch(
        cuda_align.forward(_name(out)),
        (count, rows, parts),
        threads,
        *_pyramid(card, features),
        card.flat(boxes),
        card.flat(levels),
        card.flat(out),
        bins_y,
        bins_x,
        channels,
        *_settings(boxes, scales, (bins_y, bins_x), aligned),
        ratio,
    )


def roi_align_features_grad(
    grad: Array,
    boxes: Array,
    levels: Array,
    outs: Sequence[Array],
    scales: Sequence[float],
    ratio: int,
    aligned: bool,
) -> None:
    """Write RoIAlign's gradient with respect to the features of every level.

    Parameters
    ----------
    grad : array (K, PH, PW, C)
        The gradient with respect to the output.
    outs : sequence of arrays (N, H, W, C), of the dtype of `grad`
        Written whole; they may hold anything before.
    boxes, levels, scales, ratio, aligned
        As for `roi_align_forward`.
    """
    card = _Card.of(grad)
    if _size(grad) == 0:
        for out in outs:
            out[...] = 0
        return
    count, bins_y, bins_x, channels = grad.shape
    maps, heights, widths = _pyramid(card, outs)
    images = int(outs[0].shape[0])
    windows = card.scratch((cuda_gather.WINDOW, count), "int64")
    frames = card.scratch((cuda_gather.FRAME, count), "float64")
    card.launch(
        cuda_gather.align_windows,
        math.ceil(count / _threads(count)),
        _threads(count),
        card.flat(boxes),
        card.flat(levels),
        images,
        heights,
        widths,
        bins_y,
        bins_x,
        *_settings(boxes, scales, (bins_y, bins_x), aligned),
        ratio,
        card.view(windows),
        card.view(frames),
    )
    threads = _threads(channels, of_each=2)
    card.launch(
        cuda_gather.align_features_grad(_name(grad)),
        (_tiles(images, heights, widths), math.ceil(channels / (2 * threads))),
        threads,
        card.flat(grad),
        card.view(windows),
        card.view(frames),
        maps,
        images,
        heights,
        widths,
        bins_y,
        bins_x,
        channels,
    )


def roi_align_boxes_grad(
    grad: Array,
    features: Sequence[Array],
    boxes: Array,
    levels: Array,
    out: Array,
    scales: Sequence[float],
    ratio: int,
    aligned: bool,
) -> None:
    """Write RoIAlign's gradient with respect to the boxes, per pixel: (K, 4), of the boxes' dtype, written whole.

    The other parameters are those of `roi_align_features_grad` and `roi_align_forward`.
    """
    card = _Card.of(grad)
    if _size(grad) == 0:
        out[...] = 0
        return
    count, bins_y, bins_x, channels = grad.shape
    card.launch(
        cuda_align.boxes_grad(_name(grad)),
        count,
        _threads(channels),
        card.flat(grad),
        *_pyramid(card, features),
        card.flat(boxes),
        card.flat(levels),
        card.flat(out),
        bins_y,
        bins_x,
        channels,
        *_settings(boxes, scales, (bins_y, bins_x), aligned),
        ratio,
    )


def roi_pool_forward(features: Array, boxes: Array, out: Array, argmax: Array, scale: float) -> None:
    """Write RoIPool of every RoI, and the cell `row * W + column` that each output was read from, -1 if none.

    Parameters
    ----------
    features : array (N, H, W, C)
    boxes : array (K, 5), float32 or float64
    out : array (K, PH, PW, C), of the features' dtype
    argmax : int64 array (K, PH, PW, C)
    scale : float
        Cells per pixel.
    """
    card = _Card.of(out)
    if _size(out) == 0:
        return
    count, bins_y, bins_x, channels = out.shape
    threads = _threads(channels)
    parts = math.ceil(channels / threads)
    card.launch(
        cuda_pool.forward(_name(out)),
        (count, min(bins_y * bins_x, math.ceil(WANTED_BLOCKS / (count * parts)), MOST_BLOCKS), parts),
        threads,
        card.flat(features),
        int(features.shape[1]),
        int(features.shape[2]),
        card.flat(boxes),
        card.flat(out),
        card.flat(argmax),
        bins_y,
        bins_x,
        channels,
        _number(boxes)(scale),
    )


def roi_pool_features_grad(grad: Array, argmax: Array, boxes: Array, out: Array) -> None:
    """Write RoIPool's gradient with respect to the features.

    Parameters
    ----------
    grad, argmax : arrays (K, PH, PW, C)
        The gradient with respect to the output, and what `roi_pool_forward` wrote.
    boxes : array (K, 5), float32 or float64
    out : array (N, H, W, C), of the dtype of `grad`
        Written whole.
    """
    card = _Card.of(grad)
    if _size(grad) == 0:
        out[...] = 0
        return
    count, bins_y, bins_x, channels = grad.shape
    images, height, width, _ = (int(size) for size in out.shape)
    windows = card.scratch((cuda_gather.WINDOW, count), "int64")
    threads = _threads(channels)
    card.launch(
        cuda_pool.windows,
        count,
        threads,
        card.flat(argmax),
        card.flat(boxes),
        width,
        bins_y * bins_x,
        channels,
        card.view(windows),
    )
    card.launch(
        cuda_gather.pool_features_grad(_name(grad)),
        (_tiles(images, (height,), (width,)), math.ceil(channels / threads)),
        threads,
        card.flat(grad),
        card.flat(argmax),
        card.view(windows),
        card.flat(out),
        images,
        (height,),
        (width,),
        bins_y * bins_x,
        channels,
    )


@dataclass(frozen=True)
class _Card:
    """The card that arrays lie on, and torch's current stream there; in the simulator, neither."""

    index: int
    stream: Any

    @classmethod
    def of(cls, array: Array) -> _Card:
        if isinstance(array, np.ndarray) != cuda_shim.is_simulator():
            raise TypeError("kernels take torch tensors of a card; in numba's simulator, NumPy arrays")
        cuda_shim.require(0 if isinstance(array, np.ndarray) else array.device.index)
        if isinstance(array, np.ndarray):
            return cls(0, 0)
        import torch

        stream = torch.cuda.current_stream(array.device)
        return cls(array.device.index, stream.cuda_stream)

    def view(self, array: Array) -> Array:
        """Return an array as kernels take it, in its shape."""
        return self._as(array, tuple(array.shape))

    def flat(self, array: Array) -> Array:
        """Return an array as kernels take it, as one row of numbers."""
        return self._as(array, (_size(array),))

    def scratch(self, shape: tuple[int, int], name: str) -> Array:
        """Return a new array, not filled, whose memory the stream's later work may reuse."""
        if cuda_shim.is_simulator():
            return np.empty(shape, name)
        import torch

        return torch.empty(shape, dtype=getattr(torch, name), device=f"cuda:{self.index}")

    def launch(self, kernel: Kernel, grid: int | tuple[int, ...], threads: int, *arguments: object) -> None:
        """Put a kernel into the stream."""
        with cuda_shim.on_device(self.index):
            kernel[grid, threads, cuda_shim.stream(self.index, self.stream)](*arguments)

    def _as(self, array: Array, shape: tuple[int, ...]) -> Array:
        if isinstance(array, np.ndarray):
            return array.reshape(shape)
        if not array.is_contiguous():
            raise ValueError(f"kernels take contiguous tensors; this one has strides {tuple(array.stride())}")
        return cuda_shim.view(self.index, array.data_ptr(), shape, TYPES[_name(array)])


def _pyramid(card: _Card, levels: Sequence[Array]) -> tuple[tuple[Any, ...], tuple[int, ...], tuple[int, ...]]:
    """Return the maps of all levels, their heights and their widths, as kernels take them."""
    heights, widths = (tuple(int(level.shape[axis]) for level in levels) for axis in (1, 2))
    return tuple(card.flat(level) for level in levels), heights, widths


def _settings(
    boxes: Array, scales: Sequence[float], bins: tuple[int, int], aligned: bool
) -> tuple[tuple[Any, ...], Any, Any, tuple[Any, ...]]:
    """Return scales, offset, least extent and bins as scalars of the boxes' dtype, which decides on the samples."""
    number = _number(boxes)
    offset, least = number(0.5 if aligned else 0), number(0 if aligned else 1)
    return tuple(number(scale) for scale in scales), offset, least, (number(bins[0]), number(bins[1]))


def _tiles(images: int, heights: Sequence[int], widths: Sequence[int]) -> int:
    side = cuda_gather.TILE
    return images * sum(
        math.ceil(height / side) * math.ceil(width / side) for height, width in zip(heights, widths, strict=True)
    )


def _threads(items: int, of_each: int = 1) -> int:
    """Return the threads of a block for so many items: whole warps, up to the largest block."""
    warps = math.ceil(items / (of_each * THREADS_OF_WARP))
    return min(warps * THREADS_OF_WARP, MOST_THREADS)


def _name(array: Array) -> str:
    """Return the name of an array's format, as in `cuda_numbers.FORMATS`."""
    name = str(array.dtype).removeprefix("torch.")
    return "bfloat16" if name == "int16" else name


def _number(boxes: Array) -> type[np.floating[Any]]:
    return np.float64 if _name(boxes) == "float64" else np.float32


def _size(array: Array) -> int:
    return math.prod(array.shape)
