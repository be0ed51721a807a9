"""Several processes that train one model together: `torchrun` starts them, and each takes its share of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")

VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""With which torchrun tells a process its place."""
PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others: an evaluation, or a checkpoint, takes less."""


class LostProcessError(ConnectionError):
    """The processes cannot go on together; the message says from where they may be started again."""


@dataclass(frozen=True)
class Processes:
    """A process among those that train together; alone by default.

    Parameters
    ----------
    rank : int
        Its number, from 0; the first one writes logs and checkpoints.
    count : int
        How many there are.
    device : torch.device
        What it computes on.

    Examples
    --------
    >>> [list(Processes(rank, 3).share(8)) for rank in range(3)]
    [[0, 1], [2, 3, 4], [5, 6, 7]]
    """

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def first(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    def share(self, number: int) -> range:
        """Return which of so many things are this process's: places of a batch, or pictures to be evaluated on."""
        return range(number * self.rank // self.count, number * (self.rank + 1) // self.count)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of the processes' tensors; all must call it, and get the same."""
        if self.count > 1:
            values = values.clone()
            distributed.all_reduce(values)
            values /= self.count
        return values

    def share_count(self, count: float) -> float:
        """Return the mean of the processes' counts.

        Sums that are divided by it, not by the own count, have gradients whose mean is that of the joined batch.
        """
        return float(self.mean(torch.tensor(float(count), dtype=torch.float64, device=self.device)))

    def gather(self, items: Sequence[T]) -> list[T]:
        """Return the items of all processes, those of the first one first; all must call it, and get the same.

        Items are pickled; they come from the other processes of the same training, and from nowhere else.
        """
        if self.count == 1:
            return list(items)
        parts: list[list[T]] = [[] for _ in range(self.count)]
        distributed.all_gather_object(parts, list(items))
        return [item for part in parts for item in part]

    def agree(self, value: T) -> T:
        """Return what the first process has."""
        box = [value]
        if self.count > 1:
            distributed.broadcast_object_list(box)
        return box[0]

    def equalize(self, model: nn.Module) -> None:
        """Give a model the first process's buffers: each batch norm has the statistics of its own pictures only."""
        for buffer in model.buffers() if self.count > 1 else ():
            distributed.broadcast(buffer, 0)

    @contextmanager
    def sharing(self, model: nn.Module) -> Iterator[nn.Module]:
        """Make a model one of all processes: what is called in its place gives them all the mean gradient.

        On graphics cards its batch norms look at the joined batch from now on, too.

        Raises
        ------
        TypeError
            If the model has no `share_count`.
        """
        if self.count == 1:
            yield model
            return
        if not hasattr(model, "share_count"):
            raise TypeError(
                f"model must have `share_count`, which counts for all processes, got {type(model).__name__}"
            )
        before = model.share_count
        model.share_count = self.share_count  # type: ignore[assignment]
        on_card = self.device.type == "cuda"
        if on_card:
            nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        try:
            yield DistributedDataParallel(model, device_ids=[self.device.index] if on_card else None)
        finally:
            model.share_count = before

    @contextmanager
    def apart(self, model: nn.Module) -> Iterator[None]:
        """Let a model compute for this process alone, while others may have ended: to find out what is wrong."""
        before = getattr(model, "share_count", None)
        norms = [module for module in model.modules() if isinstance(module, nn.SyncBatchNorm)]
        if self.count > 1:
            model.share_count = float  # type: ignore[assignment]
        for norm in norms:
            norm.forward = partial(_norm_alone, norm)  # type: ignore[method-assign]
        try:
            yield
        finally:
            for norm in norms:
                del norm.forward
            if self.count > 1:
                model.share_count = before  # type: ignore[assignment]


def _norm_alone(norm: nn.SyncBatchNorm, values: Tensor) -> Tensor:
    """Normalize by the mean and the variance of the process's own values."""
    return nn.functional.batch_norm(values, None, None, norm.weight, norm.bias, training=True, eps=norm.eps)


ALONE = Processes()


def device_of(name: str, local: int = 0) -> torch.device:
    """Return the device that a setting names.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        `"auto"` is a graphics card where there is one.
    local : int
        The number of the process on its machine: each has a card of its own.

    Raises
    ------
    ValueError
        If there is no such card.
    """
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not cards):
        return torch.device("cpu")
    if local >= cards:
        raise ValueError(f"device cuda must be there for process {local} of this machine, but it has {cards} cards")
    return torch.device("cuda", local)


@contextmanager
def joined(device: str = "auto", patience: timedelta = PATIENCE) -> Iterator[Processes]:
    """Join the processes that torchrun started, if it did, and leave them in the end.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}
        With processors they talk by gloo, with graphics cards by NCCL.
    patience : timedelta
        How long one waits for the others.

    Yields
    ------
    Processes
        Alone, if this process was not started by torchrun.

    Raises
    ------
    ValueError
        If only a part of torchrun's variables is set, or there are fewer cards than processes.

    Examples
    --------
    >>> with joined("cpu") as processes:
    ...     processes.rank, processes.count
    (0, 1)
    """
    told = [name for name in VARIABLES if name in os.environ]
    if not {"RANK", "WORLD_SIZE"} & set(told):
        yield Processes(device=device_of(device))
        return
    if len(told) < len(VARIABLES):
        raise ValueError(f"all of {', '.join(VARIABLES)} must be set, as torchrun does it, got only {', '.join(told)}")
    own = device_of(device, int(os.environ["LOCAL_RANK"]))
    if own.type == "cuda":
        torch.cuda.set_device(own)
    # Processes that torchrun starts again meet in the same store, where the addresses of those that ended still stand.
    store, rank, count = next(rendezvous("env://", timeout=patience))
    attempt = PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store)
    backend = "nccl" if own.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=patience, store=attempt, rank=rank, world_size=count)
    try:
        yield Processes(rank, count, own)
    finally:
        distributed.destroy_process_group()
