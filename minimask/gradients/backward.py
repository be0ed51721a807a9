"""A backward pass for several losses that are weighed against each other; it stands in for `sum(losses).backward()`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from minimask.gradients.surgery import Weights
from minimask.gradients.tasks import check_losses
from minimask.gradients.weighing import Weighing


def backward(
    losses: Mapping[str, Tensor],
    weighing: Weighing,
    parameters: Iterable[nn.Parameter],
    rng: np.random.Generator | None = None,
) -> Weights:
    """Add to the parameters' `grad` the gradient of the losses, weighed.

    Methods that read gradients weigh what tasks share: parameters that two or more of the losses depend on. What
    belongs to one task alone gets that task's own gradient: nobody else has a say there, and its weight would be no
    more than another rate.

    Parameters
    ----------
    losses : mapping from names to T scalar tensors
    weighing : Weighing
        Is asked once, and learns from it.
    parameters : iterable of parameters
        Those that learn; others are left alone.
    rng : numpy.random.Generator, optional
        For methods with chance.

    Returns
    -------
    array (T,)
        The weights.

    Raises
    ------
    ValueError
        If a loss is not a single finite number, or depends on nothing that learns.

    Examples
    --------
    A network for two tasks, which is no detector, in a step of PCGrad:

    >>> from minimask.gradients.weighing import Surgery
    >>> trunk, left, right = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(4, 1)
    >>> hidden = trunk(torch.randn(8, 3)).tanh()
    >>> losses = {"left": left(hidden).square().mean(), "right": (right(hidden) - 1).abs().mean()}
    >>> modules = nn.ModuleList([trunk, left, right])
    >>> weights = backward(losses, Surgery("pcgrad"), modules.parameters())
    >>> weights.shape, trunk.weight.grad.shape
    ((2,), torch.Size([4, 3]))
    """
    check_losses(losses)
    learned = [one for one in parameters if one.requires_grad]
    values = {name: loss.item() for name, loss in losses.items()}
    if not weighing.reads_gradients:
        weights = weighing.weights(values, rng=rng)
        total = sum((weight * loss for weight, loss in zip(weights.tolist(), losses.values(), strict=True)))
        total.backward()
        return weights
    last = len(losses) - 1
    rows = [
        torch.autograd.grad(loss, learned, retain_graph=number < last, allow_unused=True)
        for number, loss in enumerate(losses.values())
    ]
    columns = list(zip(*rows, strict=True))
    weights = weighing.weights(values, _gram(columns, len(losses)), rng)
    for parameter, gradients in zip(learned, columns, strict=True):
        there = [number for number, one in enumerate(gradients) if one is not None]
        alone = len(there) == 1
        for number in there:
            gradient = gradients[number] if alone else gradients[number] * float(weights[number])
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
    return weights


def _gram(columns: Iterable[tuple[Tensor | None, ...]], tasks: int) -> Weights:
    """Return the products (T, T) of gradients over all parameters that two or more tasks depend on."""
    gram = np.zeros((tasks, tasks))
    for gradients in columns:
        there = [number for number, one in enumerate(gradients) if one is not None]
        if len(there) > 1:
            rows = torch.stack([one.flatten() for one in gradients if one is not None]).double()
            gram[np.ix_(there, there)] += (rows @ rows.T).cpu().numpy()
    return gram
