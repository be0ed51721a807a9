"""The training monitor: the widget that asks how a training goes, while it goes."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from minimask.geometry.checks import as_whole_number
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.funnel_bytes import picture_url
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries
from minimask.widgets.training_record import Record, as_curves, as_text, describe

if TYPE_CHECKING:
    from minimask.plots.show import Shown

FRESH = {"step": -1, "smoothing": 5, "log": True}
"""The state to begin with; step -1 is the last one."""
MOST_SMOOTHING = 50
PAUSE = 0.25
"""Seconds between two pieces of news for the browser, at least."""
LOOKS = 10
"""How often a training is looked at, unless said otherwise."""

Look = Callable[[], tuple[float, NDArray[np.uint8] | None]]


class TrainingMonitor(LivingPicture):
    """The training monitor: how a training goes, while it goes.

    It trains in a thread of its own, so that the notebook stays free: curves grow, predictions are seen, and the reader
    stops the training and lets it go on. A saved notebook keeps the curves; they can be explored without a kernel.

    Parameters
    ----------
    progress : iterable, or callable that returns one
        What trains: after every step it yields an object with `step`, `steps`, `losses` (by name, empty before the
        first step) and `pictures_per_second`, as `minimask.training.loop.train` does.
    look : callable, optional
        Called between steps; returns the AP on held-out pictures, and a picture of predictions, uint8 (H, W, 3), or
        None.
    look_every : int, optional
        Steps from look to look; by default it looks ten times. It always looks after the last step.

    Attributes
    ----------
    state : dict
        All that the reader can change of the picture: `step` (-1 is the last), `smoothing` (points on either side that
        a mean is taken of, 0 to 50), and `log` (whether losses stand on a logarithmic scale).
    asked : str
        What the reader's button asks for: "go" or "stop".
    error : BaseException or None
        What ended the training, if anything did.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> def step(k):
    ...     return SimpleNamespace(step=k, steps=3, losses={"loss_mask": 1 / k}, pictures_per_second=8)
    >>> monitor = TrainingMonitor(map(step, (1, 2, 3)), look=lambda: (0.25, None))
    >>> monitor.run_through()
    >>> monitor.slide(smoothing=0)
    >>> monitor.words()
    'Step 3 of 3, finished. At step 3: loss 0.333 (masks 0.333). AP 0.250 on held-out pictures after step 3.'
    """

    _esm = module("training_monitor")
    _css = style_sheet("training_monitor")
    run = traitlets.Dict().tag(sync=True)
    curves = traitlets.Unicode().tag(sync=True)
    pictures: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    asked = traitlets.Enum(("go", "stop"), "go").tag(sync=True)

    def __init__(
        self,
        progress: Iterable[Any] | Callable[[], Iterable[Any]],
        look: Look | None = None,
        look_every: int | None = None,
    ) -> None:
        self._going, self._ended = threading.Event(), threading.Event()
        if not callable(progress) and not isinstance(progress, Iterable):
            raise TypeError(f"progress must be an iterable or a callable, got {type(progress).__name__}")
        if look_every is not None:
            as_whole_number(look_every, "look_every", 1)
        self._progress, self._look, self._look_every = progress, look, look_every
        self._record, self._phase = Record(), "ready"
        self._images: list[NDArray[np.uint8]] = []
        self._thread: threading.Thread | None = None
        self._told, self._display = 0.0, ""
        self.error: BaseException | None = None
        super().__init__(run=self._record.about("ready", ""), curves="", pictures=[], state=dict(FRESH))
        # JupyterLab sends what the reader does to a shell of its own, which listens also while a cell runs. From 7.4 on
        # ipykernel sends it on to the shell that the widget spoke from last: the cell's, which does not listen then.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _, chosen: chosen

    # --- what can be done with it

    def start(self) -> TrainingMonitor:
        """Begin the training in a thread of its own, or let it go on; return the monitor."""
        if self._thread is None and self._phase == "ready":
            self._begin()
            self._thread = threading.Thread(target=self._work, name="training", daemon=True)
            self._thread.start()
        else:
            self.go_on()
        return self

    def run_through(self) -> None:
        """Do the whole training here and now, without a thread.

        Raises
        ------
        RuntimeError
            If it was begun before.
        BaseException
            Whatever the training raises.
        """
        if self._phase != "ready":
            raise RuntimeError(f"a training can be begun once; this one is {self._phase}")
        self._begin()
        self._work()
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """Stop after the present step."""
        self.asked = "stop"

    def go_on(self) -> None:
        """Go on after a stop."""
        self.asked = "go"

    def wait(self, timeout: float | None = None) -> str:
        """Wait until the training is over, or so many seconds; return the phase.

        Interrupting the kernel stops the training as the button does.

        Raises
        ------
        BaseException
            Whatever the training raised.
        """
        end = None if timeout is None else time.monotonic() + timeout
        try:
            while self._thread is not None and self._thread.is_alive() and (end is None or time.monotonic() < end):
                self._thread.join(0.1)
        except KeyboardInterrupt:
            self.stop()
        if self.error is not None:
            raise self.error
        return self._phase

    def close(self) -> None:
        """End the training after the present step, for good."""
        self._ended.set()
        self._going.set()
        super().close()

    def slide(self, *, step: int | None = None, smoothing: int | None = None, log: bool | None = None) -> None:
        """Set what is shown; None leaves it as it is."""
        wanted = {"step": step, "smoothing": smoothing, "log": log}
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def reset(self) -> None:
        """Show the last step again, as in the beginning; the training is left alone."""
        self.state = dict(FRESH)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers: `run` as it is told to the browser, and `curves` (points, 1 + losses)."""
        return {**self.run, "curves": as_curves(self.curves, self.run["names"])}

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.run, as_curves(self.curves, self.run["names"]), self.state)

    def still(self) -> Shown:
        """Return a still picture of the run so far, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.training_picture import still_picture

        curves = as_curves(self.curves, self.run["names"])
        picture = still_picture(self.run, curves, self.state, self._images[-1] if self._images else None, self.words())
        return show(picture, f"Curves of the losses of a training, and of what it reaches. {self.words()}")

    # --- the training

    def _begin(self) -> None:
        self._phase = "running"
        self._going.set()
        self._tell()

    def _work(self) -> None:
        """Train to the end, and tell how it goes."""
        steps: Iterator[Any] | None = None
        try:
            steps = iter(self._progress() if callable(self._progress) else self._progress)
            self._train(steps)
            self._phase = "finished"
        except BaseException as error:  # what ends a thread must be told, whatever it is
            self.error, self._phase = error, "failed"
        finally:
            close = getattr(steps, "close", None)
            if close is not None:
                close()
        self._tell()
        self._show_again()

    def _train(self, steps: Iterator[Any]) -> None:
        before = time.perf_counter()
        for progress in steps:
            self._record.add(progress, time.perf_counter() - before)
            if self._look is not None and self._is_due(progress):
                ap, picture = self._look()
                self._record.look(ap, None if picture is None else picture_url(np.asarray(picture)))
                if picture is not None:
                    self._images = [np.asarray(picture)]
            if time.monotonic() - self._told > PAUSE:
                self._tell()
            self._hold()
            if self._ended.is_set():
                return
            before = time.perf_counter()

    def _is_due(self, progress: Any) -> bool:  # noqa: ANN401
        every = self._look_every or max(progress.steps // LOOKS, 1)
        return bool(progress.losses) and (progress.step % every == 0 or progress.step == progress.steps)

    def _hold(self) -> None:
        """Wait as long as the reader wants the training to stand still."""
        if self._going.is_set():
            return
        self._phase = "paused"
        self._tell()
        self._going.wait()
        if not self._ended.is_set():
            self._phase = "running"
            self._tell()

    def _tell(self) -> None:
        """Tell the browser how it goes."""
        self._told = time.monotonic()
        if self._ended.is_set():
            return
        error = "" if self.error is None else f"{type(self.error).__name__}: {self.error}".rstrip(".")
        self.pictures = [{"step": step, "image": image} for step, image in self._record.pictures]
        about = self._record.about(self._phase, error)
        if len(about["names"]) >= len(self.run["names"]):
            self.run = about  # the names first: they say what the curves are
        self.curves = as_text(self._record.curves)

    @traitlets.observe("asked")
    def _heard(self, _: Any) -> None:  # noqa: ANN401
        if self.asked == "stop":
            self._going.clear()
            if self._phase == "running":
                self.run = {**self.run, "phase": "stopping"}
        else:
            self._going.set()

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], set(FRESH))
        for name, least, most in (("step", -1, 2**31), ("smoothing", 0, MOST_SMOOTHING)):
            whole = isinstance(state[name], Integral) and not isinstance(state[name], bool)
            if not whole or not least <= state[name] <= most:
                raise InvalidStateError(f"{name} must be a whole number from {least} to {most}, got {state[name]!r}")
            state[name] = int(state[name])
        if not isinstance(state["log"], bool):
            raise InvalidStateError(f"log must be True or False, got {state['log']!r}")
        return state

    # --- how a notebook keeps it

    def _ipython_display_(self) -> None:
        """Show the widget so that its still picture can be replaced when the training is over."""
        from IPython.display import display

        self._display = self._display or uuid.uuid4().hex
        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True, display_id=self._display)

    def _show_again(self) -> None:
        """Replace the still picture where the widget was shown by that of the whole run."""
        if not self._display or self._ended.is_set():
            return
        from IPython.display import update_display

        data, metadata = self._repr_mimebundle_()
        update_display(data, metadata=metadata, raw=True, display_id=self._display)
