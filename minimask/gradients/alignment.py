"""How the tasks' gradients lie to each other, measured on several batches without disturbing a training.

What is kept are products of gradients, a few numbers for each place: lengths, angles, what the same task says on
another batch, and every method of `minimask.gradients.surgery` come from them. Products at places that share no
parameter add up: those of a whole trunk are the sum of its layers'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minimask.gradients.aligned import Alignment, FloatArray
from minimask.gradients.tasks import Places, products, task_gradients

__all__ = ["Alignment", "FloatArray", "measure", "undisturbed", "watched"]


def measure(
    model: nn.Module,
    losses: Callable[[Any], Mapping[str, Tensor]],
    batches: Sequence[Any],
    parameters: Places,
    outputs: Sequence[str] = (),
) -> Alignment:
    """Measure how the tasks' gradients lie to each other.

    The model is left as it was: weights, gradients, the running means of its batch norms, and torch's random state.

    Parameters
    ----------
    model : nn.Module
        Any; in training mode or not.
    losses : callable
        From a batch to the T losses by name, by calling the model once.
    batches : sequence of B
        With two or more, there is a noise floor.
    parameters : mapping from names to sequences of parameters
        The places, e.g. `minimask.gradients.tasks.layers(model)`.
    outputs : sequence of str
        Names of modules of the model; the place `name/output` is all that the module puts out.

    Raises
    ------
    ValueError
        If there is no batch or no place, a name is no module's, or batches have different losses.

    Examples
    --------
    Two tasks that read one hidden layer of a small network, which is no detector:

    >>> from minimask.gradients.tasks import layers
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    >>> def losses(x):
    ...     out = net(x)
    ...     return {"left": (out[:, 0] - 1).square().mean(), "right": out[:, 1].abs().mean()}
    >>> batches = [torch.randn(8, 3) for _ in range(3)]
    >>> found = measure(net, losses, batches, layers(net), outputs=["1"])
    >>> found.places, found.same_batch().shape, found.across_batches().shape
    (('0', '2', '1/output'), (3, 3, 2, 2), (3, 6, 2, 2))
    """
    if not batches:
        raise ValueError("batches must hold at least one, got none")
    if not parameters and not outputs:
        raise ValueError("parameters or outputs must name a place, got none")
    kept: list[dict[str, Tensor]] = []
    values: list[list[float]] = []
    tasks: tuple[str, ...] = ()
    with undisturbed(model):
        for batch in batches:
            with torch.enable_grad(), watched(model, outputs) as seen:
                found = losses(batch)
            if tasks and tuple(found) != tasks:
                raise ValueError(f"losses must be the same for all batches, got {list(tasks)} and {list(found)}")
            tasks = tuple(found)
            kept.append(task_gradients(found, {**parameters, **seen}))
            values.append([loss.item() for loss in found.values()])
    places = tuple(kept[0])
    gram = np.full((len(places), len(batches), len(tasks), len(batches), len(tasks)), np.nan)
    for number, place in enumerate(places):
        for a, rows in enumerate(kept):
            for b, others in enumerate(kept[: a + 1]):
                if a == b or place in parameters:
                    block = products(rows[place], others[place]).cpu().numpy()
                    gram[number, a, :, b], gram[number, b, :, a] = block, block.T
    return Alignment(places, tasks, np.array(values, dtype=np.float64), gram)


@contextmanager
def watched(model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, list[Tensor]]]:
    """Keep what modules put out while the model is called: tensors that depend on parameters, by `name/output`.

    Raises
    ------
    ValueError
        If a name is no module's, or at the end if a module put out nothing that depends on a parameter.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    >>> with watched(net, ["0"]) as seen:
    ...     out = net(torch.zeros(2, 3))
    >>> [tensor.shape for tensor in seen["0/output"]]
    [torch.Size([2, 4])]
    """
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"outputs must be names of the model's modules, got {name!r}")
    seen: dict[str, list[Tensor]] = {f"{name}/output": [] for name in names}

    def keeper(place: list[Tensor]) -> Callable[..., None]:
        def keep(module: nn.Module, given: object, made: object) -> None:  # noqa: ARG001
            place.extend(_tensors(made))

        return keep

    handles = [modules[name].register_forward_hook(keeper(seen[f"{name}/output"])) for name in names]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
    for name in names:
        if not seen[f"{name}/output"]:
            raise ValueError(f"outputs must be of modules that the losses depend on, got {name!r} which put out none")


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Give the model's buffers and torch's random states back as they were: batch norms keep their running means.

    Examples
    --------
    >>> norm = nn.BatchNorm1d(2)
    >>> with undisturbed(norm):
    ...     out = norm(torch.randn(5, 2))
    >>> norm.running_mean
    tensor([0., 0.])
    """
    before = [(buffer, buffer.clone()) for buffer in model.buffers()]
    cards = {one.device.index for one in model.parameters() if one.is_cuda}
    with torch.random.fork_rng([*cards]):
        try:
            yield
        finally:
            for buffer, value in before:
                buffer.data.copy_(value)  # so that a graph which remembers the buffer can still go backward


def _tensors(made: object) -> Iterator[Tensor]:
    """Yield the tensors of what a module put out that depend on parameters."""
    if isinstance(made, Tensor):
        if made.requires_grad:
            yield made
    elif isinstance(made, Mapping):
        for value in made.values():
            yield from _tensors(value)
    elif isinstance(made, Sequence) and not isinstance(made, str):
        for value in made:
            yield from _tensors(value)
