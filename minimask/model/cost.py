"""What a network costs, counted while it runs: the multiply-adds of every layer, without computing one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from minimask.model.mask_cost import Cost

LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
"""The layers that multiply; all others cost next to nothing beside them."""


def count(module: nn.Module, *shapes: Sequence[int] | Sequence[Sequence[int]]) -> dict[str, Cost]:
    """Return the cost of every convolution and linear layer of a module, by name, and of all of them as `total`.

    The module runs once on torch's `meta` device, where tensors have a shape and no numbers: even the largest network
    takes milliseconds and no memory.

    Parameters
    ----------
    module : nn.Module
        Its `forward` must not look at numbers.
    shapes : sequences of int, or lists of such
        The shape of each tensor that `forward` takes; a list of shapes stands for a list of tensors.

    Returns
    -------
    dict of Cost
        A layer that is used several times, as the head on every level of a pyramid, counts each time; its parameters
        count once. `total` counts the parameters of all modules, batch norms too.

    Examples
    --------
    >>> count(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (1, 3, 10, 10))
    {'0': Cost(multiply_adds=13824, parameters=224), 'total': Cost(multiply_adds=13824, parameters=224)}
    """
    names: dict[nn.Module, str] = {layer: name for name, layer in module.named_modules() if isinstance(layer, LAYERS)}
    work = dict.fromkeys(names.values(), 0)

    def add(layer: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> None:
        work[names[layer]] += _multiply_adds(layer, given[0], out)

    hooks = [layer.register_forward_hook(add) for layer in names]
    state = {name: value.detach().to("meta") for name, value in (*module.named_parameters(), *module.named_buffers())}
    try:
        functional_call(module, state, tuple(_empty(shape) for shape in shapes))
    finally:
        for hook in hooks:
            hook.remove()
    costs = {name: Cost(work[name], _parameters(layer)) for layer, name in names.items()}
    return costs | {"total": Cost(sum(work.values()), _parameters(module))}


def _multiply_adds(layer: nn.Module, given: Tensor, out: Tensor) -> int:
    if isinstance(layer, nn.Linear):
        return out.numel() * layer.in_features
    assert isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)
    # Transposed, each number that comes in is spread over a kernel; else each that goes out is gathered from one.
    places, partners = (out, layer.in_channels) if isinstance(layer, nn.Conv2d) else (given, layer.out_channels)
    rows, columns = layer.kernel_size
    return places.numel() * partners // layer.groups * rows * columns


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _empty(shape: Sequence[Any]) -> Tensor | list[Tensor]:
    if all(isinstance(side, int) for side in shape):
        return torch.empty(tuple(shape), device="meta")
    return [torch.empty(tuple(one), device="meta") for one in shape]
