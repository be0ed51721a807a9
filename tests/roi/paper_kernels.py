"""Kernels of paper: what `minimask.roi.cuda` computes on a card, on the processor, for tests of what calls it."""

import torch

from minimask.roi import host


def arrays(tensors):
    """Return (N, H, W, C) tensors as (N, C, H, W) arrays that the processor's path takes."""
    numbers = [tensor.detach() for tensor in tensors]
    return [
        (one.float() if one.dtype in (torch.float16, torch.bfloat16) else one).numpy().transpose(0, 3, 1, 2)
        for one in numbers
    ]


def write(tensor, found):
    """Write an array (N, C, H, W) into a tensor (N, H, W, C)."""
    tensor.copy_(torch.from_numpy(found.transpose(0, 2, 3, 1).copy()))


def roi_align_forward(features, boxes, levels, out, scales, ratio, aligned):
    settings = (tuple(out.shape[1:3]), scales, ratio, aligned, "numba")
    write(out, host.align(arrays(features), boxes.numpy(), levels.numpy(), *settings))


def roi_align_features_grad(grad, boxes, levels, outs, scales, ratio, aligned):
    shapes = [(n, c, h, w) for n, h, w, c in (out.shape for out in outs)]
    settings = (shapes, scales, ratio, aligned, "numba")
    for out, found in zip(
        outs, host.align_features_grad(*arrays([grad]), boxes.numpy(), levels.numpy(), *settings), strict=True
    ):
        write(out, found)


def roi_align_boxes_grad(grad, features, boxes, levels, out, scales, ratio, aligned):
    places = (boxes.numpy(), levels.numpy(), scales, ratio, aligned, "numba")
    out.copy_(torch.from_numpy(host.align_boxes_grad(*arrays([grad]), arrays(features), *places)))


def roi_pool_forward(features, boxes, out, argmax, scale):
    found, cells = host.max_pool(*arrays([features]), boxes.numpy(), tuple(out.shape[1:3]), scale, "numba")
    write(out, found)
    write(argmax, cells)


def roi_pool_features_grad(grad, argmax, boxes, out):
    n, h, w, c = out.shape
    cells = argmax.numpy().transpose(0, 3, 1, 2)
    write(out, host.max_pool_features_grad(*arrays([grad]), cells, boxes.numpy(), (n, c, h, w), "numba"))
