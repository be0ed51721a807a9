"""A run: a training in a folder of its own, which holds all that it was and all that came of it.

config.toml          its settings
log.csv              losses, rates and times of every step
gradients.csv        how the losses' gradients lie to each other, on request
evaluations.csv      average precision on held-out pictures
pictures/            what was found in a few of them
tensorboard/         the same for TensorBoard, on request
checkpoints/         where it can go on
model.safetensors    the model that it ended with
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sized
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import torch

from minimask.folders import empty_folder, numbered_folder
from minimask.meter import Meter
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.checkpoint import Checkpoint, latest_checkpoint
from minimask.training.config import Config
from minimask.training.diary import Diary
from minimask.training.distributed import ALONE, LostProcessError, Processes
from minimask.training.gradient_log import GradientLog
from minimask.training.loop import Progress, train
from minimask.training.models import CHECKPOINTS, MODEL, new_model, notes_of, save_trained
from minimask.training.stopping import stoppable
from minimask.training.task import WORLDS, Task, task_of

CONFIG, GRADIENTS = "config.toml", "gradients.csv"
RUNS = "runs"
"""The folder of runs that nobody named."""


class Ending(NamedTuple):
    """How a run ended, this time."""

    folder: Path
    step: int
    """Steps that are done."""
    steps: int
    """Steps of the whole training."""
    seconds: float
    """That the steps have taken, in all its runs."""
    held_out: int
    """Pictures to measure it on; 0 where there are none."""
    measured: dict[str, float]
    """The last evaluation, by the names of `minimask.training.measuring.MEASURES`; empty if there was none."""
    measured_at: int
    """Its step."""
    picture: Path | None
    """The last sheet of predictions, if one was made."""
    signal: int | None
    """What stopped it before its last step; None if nothing did."""


def run(
    config: Config,
    folder: Path | None = None,
    *,
    resume: bool = False,
    tensorboard: bool = False,
    shown: bool = True,
    processes: Processes = ALONE,
) -> Ending:
    """Train a model in a folder, measure it as it goes, and leave all that comes of it there.

    Parameters
    ----------
    config : Config
    folder : Path, optional
        New or empty; by default one with the next number in `runs`. Processes on several machines must all see it.
    resume : bool
        Whether the folder may hold a run: then it goes on from its latest checkpoint.
    tensorboard : bool
        Whether event files are written, too.
    shown : bool
        Whether it is told how it goes.
    processes : Processes, optional
        Those that train together; all must call it.

    Raises
    ------
    FileExistsError
        If the folder holds something, unless it is a run that is to go on.
    ValueError, OSError, ModuleNotFoundError
        If the data, the weights or the settings cannot be used, or tensorboard is not installed.
    NonFiniteError, LoadingError, LostProcessError
        See `minimask.training.loop.train`.
    """
    if folder is not None and processes.first and not (resume and (folder / CONFIG).exists()):
        empty_folder(folder, "out")
    task = task_of(config)
    begun = folder is not None and latest_checkpoint(folder / CHECKPOINTS) is not None
    model = new_model(config, len(task.classes), begin=not begun)
    where: Path = processes.agree(folder or (numbered_folder(RUNS) if processes.first else Path()))
    notes = notes_of(task, model)
    training = train(model, task.source, config, folder=where / CHECKPOINTS, processes=processes, notes=notes)
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable(processes))
        stack.enter_context(closing(training))
        start = progress = next(training)
        if processes.first:
            where.mkdir(parents=True, exist_ok=True)
            config.write(where / CONFIG)
        meter = stack.enter_context(Meter(config.steps, "step", progress.step, shown=shown and processes.first))
        meter.say(introduction(config, task, model, progress, processes))
        meter.say(f"Everything goes to {where}.")
        done = progress.step if resume else None
        watched = config.gradients_every > 0 and processes.first
        gradients = GradientLog(where / GRADIENTS, task.source, config, done) if watched else None
        diary = stack.enter_context(closing(Diary(where, done, tensorboard, meter, processes, gradients)))
        with _told_of_lost(processes):
            for progress in chain([start], training):
                diary.write(progress)
                if _due(config.evaluate_every, progress):
                    diary.measure(progress, model, task)
                if _due(config.pictures_every, progress):
                    diary.show(progress, model, task)
                if not progress.step or _due(config.gradients_every, progress):
                    diary.look(progress, model)
                stopped = progress.step < config.steps and stop.asked(processes)
                if stopped or _due(config.checkpoint_every, progress):
                    diary.sync()  # before the checkpoint is written, at the next turn or when the training is closed
                if stopped:
                    break
        ended = progress.step == config.steps
        if ended and processes.first:
            save_trained(where / MODEL, Checkpoint(progress.step, config, model.state_dict(), notes=notes))
    reason = None if ended else stop.signal or signal.SIGTERM
    return Ending(
        folder=where,
        step=progress.step,
        steps=config.steps,
        seconds=progress.seconds,
        held_out=len(task.held_out or ()),
        measured=diary.measured,
        measured_at=diary.measured_at,
        picture=diary.picture,
        signal=reason,
    )


def introduction(config: Config, task: Task, model: MaskRCNN, progress: Progress, processes: Processes) -> str:
    """Return in words what is about to be trained, on what, and where."""
    weights = sum(parameter.numel() for parameter in model.parameters())
    world = WORLDS.get(config.data)
    data = f"generated {world.word} of {config.size} x {config.size} pixels" if world else config.data
    many = f"{len(task.source):,} pictures in {data}" if isinstance(task.source, Sized) else data
    threads = torch.get_num_threads()
    device = f"{threads} thread{'s' if threads > 1 else ''}" if processes.device.type == "cpu" else "a graphics card"
    shared = f", {processes.count} processes" if processes.count > 1 else ""
    held_out = f"{len(task.held_out):,} held-out pictures" if task.held_out is not None else "no held-out pictures"
    begin = f"Going on after step {progress.step:,}" if progress.step else "Training"
    return (
        f"{begin}: the {config.model} model ({weights:,} weights, {len(task.classes)} classes) on {many}.\n"
        f"{config.steps:,} steps of {config.batch} pictures on {device}{shared}; {held_out}."
    )


@contextmanager
def _told_of_lost(processes: Processes) -> Iterator[None]:
    """Say it in words if the processes can no longer talk to each other."""
    try:
        yield
    except RuntimeError as error:
        if processes.count == 1:
            raise
        raise LostProcessError(
            f"process {processes.rank} of {processes.count} (the first is 0) cannot reach the others: {error}. "
            "If another one ended before, the reason stands in its output."
        ) from error


def _due(every: int, progress: Progress) -> bool:
    """Return whether what comes after so many steps each time, and after the last one, comes now."""
    return bool(every and progress.step and (progress.step % every == 0 or progress.step == progress.steps))
