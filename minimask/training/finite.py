"""When numbers turn infinite or undefined: where it began, why it probably did, and where to go back to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from minimask.training.batches import Batch
from minimask.training.config import Config

Compute = Callable[[str], Mapping[str, Tensor]]
"""Computes the losses of the batch once more, in a precision; nothing else has changed."""


class NonFiniteError(FloatingPointError):
    """A loss, a gradient or a weight is not finite.

    Parameters
    ----------
    step : int
    pictures : sequence of int
        The batch: places in the source, of this process's share.
    losses : mapping
        As they came out; empty if the model refused to go on before.
    place : str
        Where the first number was that is not finite.
    cause : str
        What probably made it, and what may help.
    checkpoint : Path, optional
        The last one that was written.
    """

    def __init__(
        self,
        step: int,
        pictures: Sequence[int],
        losses: Mapping[str, float],
        place: str,
        cause: str,
        checkpoint: Path | None = None,
    ) -> None:
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in losses.items()) or "no loss came out"
        back = f"go back to {checkpoint}" if checkpoint else "there is no checkpoint to go back to"
        super().__init__(
            f"step {step} is not finite: {numbers}. Pictures: {', '.join(map(str, pictures))}. "
            f"First at: {place}. Probable cause: {cause}. To go on, {back}."
        )
        self.step, self.pictures, self.losses = step, list(pictures), dict(losses)
        self.place, self.cause, self.checkpoint = place, cause, checkpoint


class Finding(NamedTuple):
    """What `diagnose` found."""

    place: str | None
    """Where the first number was that is not finite; None if all are finite."""
    cause: str


def diagnose(model: nn.Module, batch: Batch, compute: Compute, config: Config, step: int) -> Finding:
    """Compute a batch once more, and look at every number on the way, forward and backward.

    Parameters
    ----------
    model : nn.Module
        As it was when the numbers came out; its weights and their gradients are left as they are.
    batch : Batch
    compute : callable
        From a precision to the losses.
    config : Config
    step : int
        From 1.
    """
    place = first_place(model, lambda: compute(config.precision))
    exact = place if config.precision == "float32" else first_place(model, lambda: compute("float32"))
    broken = first_not_finite(model.named_parameters())  # buffers may be of this very step
    boxes = _bad_box(batch)
    rate = f"learning_rate ({config.learning_rate:g})"
    if broken:
        return Finding(f"the weights {broken!r}, before this step", f"{rate} is too high, or warmup too short")
    if boxes:
        return Finding(place, f"bad boxes in the data: {boxes}")
    if exact is None and place is not None:
        return Finding(place, f"numbers too large for {config.precision}; in float32 all of them are finite")
    if step == 1:
        return Finding(place, "the model itself, or these pictures: nothing was learned yet, so that it is no rate")
    largest, name = max((float(value.detach().abs().max()), name) for name, value in model.named_parameters())
    return Finding(place, f"{rate} is too high; the largest weight is {largest:.3g}, in {name!r}")


def first_not_finite(values: Iterable[tuple[str, Tensor]]) -> str | None:
    """Return the name of the first tensor that holds a number that is not finite, or None.

    Examples
    --------
    >>> first_not_finite([("a", torch.ones(2)), ("b", torch.tensor([1, float("nan")]))])
    'b'
    """
    return next((name for name, value in values if not _finite(value)), None)


def first_place(model: nn.Module, compute: Callable[[], Mapping[str, Tensor]]) -> str | None:
    """Return where the first number that is not finite comes about in a computation, forward, then backward.

    Parameters
    ----------
    model : nn.Module
        Its layers are watched.
    compute : callable
        Calls the model, and returns losses. A ValueError of the model's, which refuses some numbers, ends it early.

    Returns
    -------
    str or None
        The layer that makes it, in words; None if all numbers are finite.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(1, 1), nn.Flatten())
    >>> first_place(model, lambda: {"loss": model(torch.tensor([[float("inf")]])).sum()})
    "what layer '0' (Linear) is given"
    """
    found: list[str] = []
    handles = [module.register_forward_hook(_watch(name, found)) for name, module in model.named_modules() if name]
    handles += [
        _watch_gradient(parameter, f"the gradient of the weights {name!r}", found)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    ]
    try:
        losses = compute()
        found += [f"the loss {name}" for name, value in losses.items() if not _finite(value)]
        total = sum(losses.values(), torch.zeros(()))
        learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
        torch.autograd.grad(total, learned, allow_unused=True)
    except ValueError:  # what made the model refuse to go on was seen before; if nothing was, it is none of this
        pass
    finally:
        for handle in handles:
            handle.remove()
    return next(iter(found), None)


def _watch(name: str, found: list[str]) -> Callable[[nn.Module, tuple[object, ...], object], None]:
    """Return a hook that looks at what a layer is given and what it returns, and later at the gradient of that."""

    def look(module: nn.Module, given: tuple[object, ...], returned: object) -> None:
        layer = f"layer {name!r} ({type(module).__name__})"
        if not all(map(_finite, _tensors(given))):
            found.append(f"what {layer} is given")
        for tensor in _tensors(returned):
            if not _finite(tensor):
                found.append(f"the output of {layer}")
            if tensor.requires_grad:
                _watch_gradient(tensor, f"the gradient that comes back to the output of {layer}", found)

    return look


def _watch_gradient(tensor: Tensor, place: str, found: list[str]) -> RemovableHandle:
    """Let the gradient of a tensor be looked at when it is computed."""

    def look(gradient: Tensor) -> None:
        if not _finite(gradient):
            found.append(place)

    handle: RemovableHandle = tensor.register_hook(look)  # type: ignore[no-untyped-call]
    return handle


def _tensors(values: object) -> Iterator[Tensor]:
    """Return all tensors in nested lists, tuples and dicts."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, Mapping):
        yield from _tensors(list(values.values()))
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)


def _finite(values: Tensor) -> bool:
    return bool(values.detach().isfinite().all())


def _bad_box(batch: Batch) -> str | None:
    """Return the first box without an area, in words."""
    for index, target in zip(batch.indices, batch.targets, strict=True):
        boxes = target["boxes"]
        good = (boxes[:, :2] < boxes[:, 2:]).all(dim=1) & boxes.isfinite().all(dim=1)
        if not good.all():
            row = int((~good).nonzero()[0, 0])
            return f"picture {index} has the box {boxes[row].tolist()} in row {row}"
    return None
