"""What is written down of a run while it goes: rows of its logs, measurements, pictures, and words for who watches."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Sequence, Sized
from pathlib import Path

from PIL import Image

from minimask.detecting import detect
from minimask.meter import Meter, duration
from minimask.model.mask_rcnn import MaskRCNN
from minimask.plots.overlay import overlay
from minimask.plots.sheet import contact_sheet
from minimask.training.atomic import write_atomically
from minimask.training.distributed import Processes
from minimask.training.gradient_log import GradientLog
from minimask.training.logs import CsvLog, EventLog
from minimask.training.loop import Progress
from minimask.training.measuring import MEASURES, measure
from minimask.training.task import Task

LOG, EVALUATIONS, PICTURES, EVENTS = "log.csv", "evaluations.csv", "pictures", "tensorboard"
LOSSES = {
    "loss_objectness": "objectness",
    "loss_rpn_box_reg": "rpn",
    "loss_classifier": "class",
    "loss_box_reg": "box",
    "loss_mask": "mask",
}
"""The losses of Mask R-CNN, and what they are called where there is little room."""
NUMBERS = (
    *("learning_rate", "gradient", "pictures_per_second"),
    *("data_seconds", "compute_seconds", "seconds"),
)
"""What else the log has of a step, as `Progress` has it."""
SHOWN = 8
"""Held-out pictures of which predictions are shown."""
SIDE = 384
"""The longer side of each, in pixels."""
SCORE = 0.5
"""From which on what is found is shown."""
SMOOTH = 20
"""Steps over which the words take the mean."""


class Diary:
    """The logs of a run in its folder; in other processes than the first it writes nothing.

    Parameters
    ----------
    folder : Path
        Of the run.
    done : int, optional
        The step that the run goes on from; None begins new logs. What was written of later steps is dropped.
    tensorboard : bool
        Whether event files are written, too.
    meter : Meter
        Tells how it goes.
    processes : Processes
    gradients : GradientLog, optional
        Where `look` writes.
    """

    def __init__(
        self,
        folder: Path,
        done: int | None,
        tensorboard: bool,
        meter: Meter,
        processes: Processes,
        gradients: GradientLog | None = None,
    ) -> None:
        self.folder, self.meter, self.processes = folder, meter, processes
        self.picture: Path | None = None
        self._recent: deque[Progress] = deque(maxlen=SMOOTH)
        self._logs: tuple[CsvLog, CsvLog] | None = None
        self._events: EventLog | None = None
        self._gradients = gradients
        last = None
        if processes.first:
            self._events = EventLog(folder / EVENTS, done) if tensorboard else None
            self._logs = (
                CsvLog(folder / LOG, ["loss", *LOSSES, *NUMBERS], done),
                CsvLog(folder / EVALUATIONS, ["seconds", "pictures", *MEASURES], done),
            )
            last = self._logs[1].last
        row = processes.agree(last) or {"step": "-1"}
        self.measured_at = int(row["step"])
        """The step of the last evaluation, -1 where there was none."""
        self.measured = {name: float(row[name]) for name in MEASURES if name in row}

    def write(self, progress: Progress) -> None:
        """Write down a step, and tell of it; nothing where no step was made yet."""
        if not progress.losses:
            return
        if self._logs is not None:
            row = {"loss": progress.total, **progress.losses, **{name: getattr(progress, name) for name in NUMBERS}}
            self._logs[0].write(progress.step, row)
            if self._events is not None:
                self._events.write(progress.step, {"loss": progress.total, **progress.losses}, "losses")
                self._events.write(progress.step, {name: getattr(progress, name) for name in NUMBERS}, "training")
        self._recent.append(progress)
        self.meter.advance(in_brief(self._recent))

    def measure(self, progress: Progress, model: MaskRCNN, task: Task) -> None:
        """Measure the model on the held-out pictures; every process looks at its share of them."""
        if task.held_out is None or self.measured_at == progress.step:
            return
        start, own = time.perf_counter(), len(self.processes.share(len(task.held_out)))
        scores = measure(
            model,
            task.held_out,
            task.classes,
            self.processes,
            lambda done: self.meter.note(f"measuring: picture {done} of {own}"),
        )
        self.measured_at, self.measured = progress.step, scores.flat()
        if self._logs is not None:
            row = {"seconds": progress.seconds, "pictures": scores.pictures, **self.measured}
            self._logs[1].write(progress.step, row)
            if self._events is not None:
                self._events.write(progress.step, self.measured, "held_out")
        words = f"mask AP {scores.masks.ap:.3f}, box AP {scores.boxes.ap:.3f}, {scores.pictures:,} held-out pictures"
        self.meter.say(f"step {progress.step:,}: {words}, {duration(time.perf_counter() - start)}")

    def show(self, progress: Progress, model: MaskRCNN, task: Task) -> None:
        """Write a sheet of a few pictures with what is found in them: held-out ones, if there are any."""
        if not self.processes.first:
            return
        source = task.source if task.held_out is None else task.held_out
        count = min(SHOWN, len(source)) if isinstance(source, Sized) else SHOWN
        images = [source[index].image for index in range(count)]
        found = detect(model, images, score=SCORE)
        pairs = zip(images, found, strict=True)
        sheet = contact_sheet([overlay(*pair, task.classes, enlarge_to=SIDE) for pair in pairs], side=SIDE)
        self.picture = self.folder / PICTURES / f"step-{progress.step:08d}.webp"
        write_atomically(self.picture, lambda place: Image.fromarray(sheet).save(place, "WEBP", quality=90))
        if self._events is not None:
            self._events.show(progress.step, sheet, "predictions")

    def look(self, progress: Progress, model: MaskRCNN) -> None:
        """Write down how the losses' gradients lie to each other, if that is wanted."""
        if self._gradients is not None:
            self.meter.note("looking at gradients")
            with self.processes.apart(model):
                self._gradients.write(progress.step, model)

    def sync(self) -> None:
        """Have everything on the disk, before a checkpoint says that it is done."""
        for log in self._logs or ():
            log.sync()
        if self._gradients is not None:
            self._gradients.sync()
        if self._events is not None:
            self._events.sync()

    def close(self) -> None:
        """Close all files."""
        for log in self._logs or ():
            log.close()
        if self._gradients is not None:
            self._gradients.close()
        if self._events is not None:
            self._events.close()


def in_brief(recent: Sequence[Progress]) -> str:
    """Return how the last steps went, on the mean, in a few words; the first ones are slow, so that rates are medians.

    Examples
    --------
    >>> losses = dict(zip(LOSSES, (0.5, 0.25, 1.5, 0.25, 0.75)))
    >>> in_brief([Progress(7, 10, losses, 3.25, 0.01, 2.0, 40.0, 0.1, 0.1, 1.4)])
    '40 pictures/s, loss 3.25: objectness 0.50, rpn 0.25, class 1.50, box 0.25, mask 0.75'
    """
    rate = statistics.median(one.pictures_per_second for one in recent)
    total = sum(one.total for one in recent) / len(recent)
    parts = [
        f"{LOSSES.get(name, name)} {sum(one.losses[name] for one in recent) / len(recent):.2f}"
        for name in recent[-1].losses
    ]
    return f"{rate:.{0 if rate >= 10 else 1}f} pictures/s, loss {total:.2f}: {', '.join(parts)}"
