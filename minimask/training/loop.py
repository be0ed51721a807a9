"""The training of a model: one step at a time, so that whoever asks for the next one may look at the model before."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import torch
from torch import Tensor, nn

from minimask.gradients.backward import backward
from minimask.training.batches import Batch, Source, chance, load, onto, sampling_chance
from minimask.training.checkpoint import (
    Checkpoint,
    latest_checkpoint,
    load_checkpoint,
    load_weights,
    save_checkpoint,
)
from minimask.training.config import FREE, Config
from minimask.training.distributed import ALONE, LostProcessError, Processes
from minimask.training.finite import NonFiniteError, diagnose, first_not_finite
from minimask.training.optimizers import Optimizers, make_optimizer, rate_factor
from minimask.training.precision import DTYPES, chosen


class Progress(NamedTuple):
    """How far a training has come."""

    step: int
    """Steps that are done; 0 before the first."""
    steps: int
    """Steps of the whole training."""
    losses: dict[str, float]
    """Of this step's batch, of all processes, before its update; empty where no step was made yet."""
    total: float
    """Their sum; not a number where no step was made yet."""
    learning_rate: float
    """Of this step; with Muon that of the matrices."""
    gradient: float
    """The length of the gradient of all weights together, before it was clipped."""
    pictures_per_second: float
    """Of this step, of all processes."""
    data_seconds: float
    """How long this step waited for its pictures."""
    compute_seconds: float
    """How long the rest of this step took."""
    seconds: float
    """Since the training began, in all its runs, without what was done between the steps."""


def train(
    model: nn.Module,
    source: Source,
    config: Config | None = None,
    *,
    folder: str | PathLike[str] | None = None,
    processes: Processes = ALONE,
    notes: Mapping[str, Any] | None = None,
) -> Generator[Progress, None, None]:
    """Train a model, one step at a time.

    Parameters
    ----------
    model : nn.Module
        Called as `MaskRCNN`: `model(images, targets, rng=...)` returns losses by name. It is changed in place, moved to
        the device of this process, and its memory is ordered with the channels last.
    source : Source
        Pictures by index, with a length (a data set, gone through again and again) or without one (a world).
    config : Config, optional
        What it says about data, models and evaluation is the caller's business.
    folder : path, optional
        Where checkpoints are written: every `config.checkpoint_every` steps and after the last one, when the next step
        is asked for, and when the iterator is closed between two. If there is one, the training goes on from the
        latest. By default none are written. Processes on several machines must all see it.
    processes : Processes, optional
        Those that train together; see `minimask.training.distributed.joined`.
    notes : mapping, optional
        What is written into checkpoints beside the training; as JSON can write it.

    Yields
    ------
    Progress
        Once before the first step that is made, and after every step, before its checkpoint is written: what was noted
        of a step is there whenever its checkpoint is. What is done in between is not measured, and
        whatever random numbers it draws, the training remains the same.

    Raises
    ------
    ValueError
        If the batch cannot be shared, float16 is asked for without a graphics card, or the checkpoint is of another
        model or other settings.
    NonFiniteError
        If a number is not finite; the message says where, probably why, and what to go back to.
    LoadingError
        If a picture cannot be loaded.
    LostProcessError
        If other processes have ended.

    Notes
    -----
    A training that goes on from a checkpoint, on the same machine and with as many threads and processes, comes to the
    same bits as one that never stopped.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> from minimask.model.lesson import lesson_model
    >>> world = ShapesWorld(height=64, width=64, sizes=(16, 40))
    >>> [progress.step for progress in train(lesson_model(seed=0), world, Config(steps=2, batch=1))]
    [0, 1, 2]
    """
    training = _Training(model, source, config or Config(), Path(folder) if folder else None, processes, notes or {})
    return training.run()


class _Training:
    """What a training consists of, and how it goes from step to step."""

    def __init__(
        self,
        model: nn.Module,
        source: Source,
        config: Config,
        folder: Path | None,
        processes: Processes,
        notes: Mapping[str, Any],
    ) -> None:
        device = processes.device
        if config.batch < processes.count:
            raise ValueError(f"batch must be at least {processes.count}, the number of processes, got {config.batch}")
        config = replace(config, precision=chosen(config.precision, device))
        if config.weighing != "sum" and (processes.count > 1 or config.precision == "float16"):
            raise ValueError(
                f"weighing must be 'sum' for several processes and in float16, got {config.weighing!r}, "
                f"{processes.count} process{'es' if processes.count > 1 else ''}, {config.precision}"
            )
        if config.threads:
            torch.set_num_threads(config.threads)
        self.model = model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.source, self.config, self.folder, self.processes, self.notes = source, config, folder, processes, notes
        self.optimizer: Optimizers = make_optimizer(self.model, config)
        self.scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "float16")
        self.weighing = config.new_weighing()
        self.step, self.seconds, self.saved = 0, 0.0, -1
        path = processes.agree(latest_checkpoint(folder) if folder else None)
        if path:
            self._go_on_from(path)

    def run(self) -> Generator[Progress, None, None]:
        """Make all steps that are left."""
        config = self.config
        batches = load(
            self.source,
            seed=config.seed,
            batch=config.batch,
            steps=range(self.step + 1, config.steps + 1),
            positions=self.processes.share(config.batch),
            flip=config.flip,
            workers=config.workers,
        )
        with self.processes.sharing(self.model) as shared:
            nan = math.nan
            yield from self._told(Progress(self.step, config.steps, {}, nan, nan, nan, nan, nan, nan, self.seconds))
            while self.step < config.steps:
                yield from self._told(self._next(shared, batches))

    def _told(self, progress: Progress) -> Generator[Progress, None, None]:
        """Tell how far it is, then save what is to be saved: who listens has written down a step before it is saved.

        Who asks for no more leaves a checkpoint behind.
        """
        every, last = self.config.checkpoint_every, self.step == self.config.steps
        try:
            yield progress
        except GeneratorExit:
            if every and self.step:
                self._save()
            raise
        if every and self.step and (last or self.step % every == 0):
            self._save()

    def _next(self, shared: nn.Module, batches: Iterator[Batch]) -> Progress:
        """Make one step."""
        start = time.perf_counter()
        batch = next(batches)
        loaded = time.perf_counter()
        self.step += 1
        try:
            rate = self.optimizer.set_rate(rate_factor(self.config, self.step))
            losses, gradient = self._learn(shared, onto(batch, self.processes.device))
        except RuntimeError as error:
            if self.processes.count == 1:
                raise
            raise LostProcessError(self._lost(error)) from error
        end = time.perf_counter()
        self.seconds += end - start
        return Progress(
            step=self.step,
            steps=self.config.steps,
            losses=losses,
            total=sum(losses.values()),
            learning_rate=rate,
            gradient=gradient,
            pictures_per_second=self.config.batch / (end - start),
            data_seconds=loaded - start,
            compute_seconds=end - loaded,
            seconds=self.seconds,
        )

    def _learn(self, shared: nn.Module, batch: Batch) -> tuple[dict[str, float], float]:
        """Change the weights a little for one batch, and return the losses that it had, and the gradient's length."""
        self.model.train()
        self.optimizer.zero_grad()
        with self._chance():
            try:
                losses = self._losses(shared, batch, self.config.precision)
            except ValueError as error:
                self._refuse(batch, {}, error)
            self._backward(losses, batch)
        self.optimizer.step(self.scaler.unscale_)
        length = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip or math.inf)
        values = torch.stack([value.detach().float() for value in losses.values()])
        *numbers, gradient = torch.cat([self.processes.mean(values), length.float()[None]]).tolist()
        told = dict(zip(losses, numbers, strict=True))
        overflowed = self.scaler.is_enabled() and self.scaler.get_scale() >= 1  # then the scaler leaves the step out
        if not math.isfinite(sum(numbers)) or not (math.isfinite(gradient) or overflowed):
            self._refuse(batch, told)
        self.optimizer.step(self.scaler.step)
        self.scaler.update()
        return told, gradient

    def _backward(self, losses: Mapping[str, Tensor], batch: Batch) -> None:
        """Compute the gradient of the losses, as they are weighed."""
        if self.config.weighing == "sum":
            total = sum(losses.values(), torch.zeros((), device=self.processes.device))
            self.scaler.scale(total).backward()  # type: ignore[no-untyped-call]
            return
        rng = chance("weighing", self.config.seed, self.step)
        try:
            backward(losses, self.weighing, self.model.parameters(), rng)
        except ValueError as error:  # a loss or a gradient is not finite
            self._refuse(batch, {name: loss.item() for name, loss in losses.items()}, error)

    def _losses(self, model: nn.Module, batch: Batch, precision: str) -> dict[str, Tensor]:
        """Return the losses of a batch in a precision."""
        rng = sampling_chance(self.config.seed, self.step, batch.positions)
        lower = precision != "float32"
        with torch.autocast(self.processes.device.type, DTYPES[precision] if lower else None, enabled=lower):
            losses: dict[str, Tensor] = model(batch.images, batch.targets, rng=rng)
        return losses

    @contextmanager
    def _chance(self) -> Iterator[None]:
        """Give torch's generators a state that is the step's and the process's own, and the old one back."""
        device = self.processes.device
        seed = chance("torch", self.config.seed, self.step, self.processes.rank).integers(2**63)
        with torch.random.fork_rng([device.index] if device.type == "cuda" else []):
            torch.manual_seed(int(seed))
            yield

    def _refuse(self, batch: Batch, losses: Mapping[str, float], error: ValueError | None = None) -> NoReturn:
        """Stop, since numbers are not finite or the model refused its input; find out which, and where, and why."""

        def compute(precision: str) -> Mapping[str, Tensor]:
            with self._chance():
                return self._losses(self.model, batch, precision)

        with self.processes.apart(self.model):
            place, cause = diagnose(self.model, batch, compute, self.config, self.step)
        if place is None and error is not None:
            pictures = ", ".join(map(str, batch.indices))
            raise ValueError(f"step {self.step}, pictures {pictures} of the data: {error}") from error
        if place is None:
            alone = self.processes.count == 1
            place = "the length of the gradient" if alone else "the length of the gradient, or in another process"
        raise NonFiniteError(self.step, batch.indices, losses, place, cause, self._last()) from error

    def _save(self) -> None:
        """Write a checkpoint, unless there is one of this step; the first process does it."""
        if self.folder is None or not self.processes.first or self.saved == self.step:
            return
        model = self.model.state_dict()
        broken = first_not_finite(model.items())
        if broken:
            cause = f"learning_rate ({self.config.learning_rate:g}) is too high"
            raise NonFiniteError(self.step, [], {}, f"{broken!r}, after this step", cause, self._last())
        save_checkpoint(
            self.folder,
            Checkpoint(
                step=self.step,
                config=self.config,
                model=model,
                optimizer=self.optimizer.state(),
                scaler=self.scaler.state_dict(),
                weighing=self.weighing.state(),
                seconds=self.seconds,
                notes=self.notes,
            ),
            self.config.keep,
        )
        self.saved = self.step

    def _go_on_from(self, path: Path) -> None:
        """Become what a checkpoint says."""
        checkpoint = load_checkpoint(path)
        old, new = checkpoint.config.settings(), self.config.settings()
        others = [name for name in new if new[name] != old[name] and name not in FREE]
        if others:
            raise ValueError(
                f"config must be that of {path} for the training to go on: "
                + ", ".join(f"{name} must be {old[name]!r}, got {new[name]!r}" for name in others)
            )
        try:
            load_weights(self.model, checkpoint)
            self.optimizer.load_state(checkpoint.optimizer)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        self.weighing.load_state(checkpoint.weighing)
        if checkpoint.scaler:
            self.scaler.load_state_dict(dict(checkpoint.scaler))
        self.step = self.saved = checkpoint.step
        self.seconds = checkpoint.seconds

    def _last(self) -> Path | None:
        return latest_checkpoint(self.folder) if self.folder else None

    def _lost(self, error: Exception) -> str:
        """Return in words why the processes cannot go on, and from where they could."""
        last = self._last()
        return (
            f"process {self.processes.rank} of {self.processes.count} (the first is 0) stopped in step {self.step}: "
            f"{error}. If another process ended before, the reason stands in its output. "
            + (f"Started again, the training goes on from {last}." if last else "There is no checkpoint to go on from.")
        )
