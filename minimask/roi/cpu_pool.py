"""RoIPool compiled for the processor, with the channels innermost."""

from __future__ import annotations

from minimask.compiled import compiled
from minimask.roi import pool
from minimask.roi.cpu import FloatArray, IntArray
from minimask.roi.threads import in_threads

CHANNELS_PER_PIECE = 32
"""The backward pass deals out the channels in blocks of so many."""

round_half_away = compiled(pool.round_half_away, exact=True)
bin_edges = compiled(pool.bin_edges, exact=True)


def max_pool(features: FloatArray, rois: FloatArray, out: FloatArray, argmax: IntArray, scale: float) -> None:
    """Write the largest value of every bin, and its cell.

    Parameters
    ----------
    features : array (N, H, W, C), contiguous, float32 or float64
    rois : array (K, 5), contiguous, float32 or float64
        Checked already: a wrong image number would read foreign memory.
    out : array (K, PH, PW, C), contiguous, of the features' dtype
    argmax : int64 array (K, PH, PW, C), contiguous
    scale : float
        Cells per pixel.
    """
    in_threads(_max_pool, features, rois, out, argmax, rois.dtype.type(scale), pieces=len(rois), writes=out.size)


def max_pool_features_grad(grad: FloatArray, argmax: IntArray, rois: FloatArray, out: FloatArray) -> None:
    """Write the gradient with respect to the features `(N, H, W, C)` into `out`; `grad` is `(K, PH, PW, C)`."""
    pieces = out.shape[0] * -(-out.shape[3] // CHANNELS_PER_PIECE)
    in_threads(_max_pool_features_grad, grad, argmax, rois, out, pieces=pieces, writes=out.size)


@compiled
def _max_pool(
    features: FloatArray, rois: FloatArray, out: FloatArray, argmax: IntArray, scale: float, task: int, tasks: int
) -> None:
    height, width = features.shape[1:3]
    count, rows, columns, channels = out.shape
    for k in range(task, count, tasks):
        image = features[int(rois[k, 0])]
        x1, y1 = round_half_away(rois[k, 1] * scale), round_half_away(rois[k, 2] * scale)
        x2, y2 = round_half_away(rois[k, 3] * scale), round_half_away(rois[k, 4] * scale)
        for p in range(rows):
            top, bottom = bin_edges(y1, max(y2 - y1 + 1, 1), p, rows, height)
            for q in range(columns):
                left, right = bin_edges(x1, max(x2 - x1 + 1, 1), q, columns, width)
                best, where = out[k, p, q], argmax[k, p, q]
                if top >= bottom or left >= right:
                    best[:], where[:] = 0, -1
                    continue
                best[:], where[:] = image[top, left], top * width + left
                for y in range(top, bottom):
                    for x in range(left, right):
                        cell = image[y, x]
                        for channel in range(channels):
                            value = cell[channel]
                            if value > best[channel] or (value != value and best[channel] == best[channel]):
                                best[channel] = value
                                where[channel] = y * width + x


@compiled
def _max_pool_features_grad(
    grad: FloatArray, argmax: IntArray, rois: FloatArray, out: FloatArray, task: int, tasks: int
) -> None:
    images, _, width, channels = out.shape
    count, rows, columns, _ = grad.shape
    blocks = (channels + CHANNELS_PER_PIECE - 1) // CHANNELS_PER_PIECE
    for piece in range(task, images * blocks, tasks):
        image = out[piece // blocks]
        first = piece % blocks * CHANNELS_PER_PIECE
        stop = min(first + CHANNELS_PER_PIECE, channels)
        image[:, :, first:stop] = 0
        for k in range(count):
            if int(rois[k, 0]) != piece // blocks:
                continue
            for p in range(rows):
                for q in range(columns):
                    for channel in range(first, stop):
                        where = argmax[k, p, q, channel]
                        if where >= 0:
                            image[where // width, where % width, channel] += grad[k, p, q, channel]
