"""What widgets that follow a training have in common: its thread, stop and go on, and the news for the browser."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import traitlets

from minimask.widgets.living_picture import LivingPicture

PAUSE = 0.25
"""Seconds between two pieces of news for the browser, at least."""

Progress = Iterable[Any] | Callable[[], Iterable[Any]]


def checked_progress(progress: Progress) -> Progress:
    """Return what trains, after making sure that it is an iterable, or a callable that returns one."""
    if not callable(progress) and not isinstance(progress, Iterable):
        raise TypeError(f"progress must be an iterable or a callable, got {type(progress).__name__}")
    return progress


def is_due(progress: Any, every: int) -> bool:  # noqa: ANN401
    """Return whether a training is to be looked at after this step: every so many, and at the end."""
    return bool(progress.step % every == 0 or progress.step == progress.steps)


class TrainingWidget(LivingPicture):
    """A widget that follows a training, which runs in a thread of its own.

    A subclass sets `_progress`, takes each step in `_see`, and tells the browser in `_report` how it goes: the trait
    `run` has a `phase` and an `error`.

    Attributes
    ----------
    asked : str
        What the reader's button asks for: "go" or "stop".
    error : BaseException or None
        What ended the training, if anything did.
    """

    _going: threading.Event
    _ended: threading.Event
    run = traitlets.Dict().tag(sync=True)
    asked = traitlets.Enum(("go", "stop"), "go").tag(sync=True)

    def __new__(cls, *given: Any, **named: Any) -> TrainingWidget:  # noqa: ANN401
        """Make what `close` needs, which is also called where the construction is refused."""
        made: TrainingWidget = super().__new__(cls, *given, **named)
        made._going, made._ended = threading.Event(), threading.Event()
        return made

    def __init__(self, **traits: Any) -> None:  # noqa: ANN401
        self._progress: Progress = ()
        self._phase = "ready"
        self._thread: threading.Thread | None = None
        self._told, self._display = 0.0, ""
        self.error: BaseException | None = None
        super().__init__(**traits)
        # JupyterLab sends what the reader does to a shell of its own, which listens also while a cell runs. From 7.4 on
        # ipykernel sends it on to the shell that the widget spoke from last: the cell's, which does not listen then.
        if hasattr(self.comm, "_reply_subshell_for"):
            self.comm._reply_subshell_for = lambda _, chosen: chosen

    # --- what can be done with it

    def start(self) -> TrainingWidget:
        """Begin the training in a thread of its own, or let it go on; return the widget."""
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

    # --- the training

    def _see(self, progress: Any, seconds: float) -> None:  # noqa: ANN401
        """Take in a step that took so many seconds."""
        raise NotImplementedError

    def _report(self, error: str) -> None:
        """Tell the browser how it goes; `error` is what ended the training, in words."""
        raise NotImplementedError

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
            self._see(progress, time.perf_counter() - before)
            if time.monotonic() - self._told > PAUSE:
                self._tell()
            self._hold()
            if self._ended.is_set():
                return
            before = time.perf_counter()

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
        if not self._ended.is_set():
            self._report("" if self.error is None else f"{type(self.error).__name__}: {self.error}".rstrip("."))

    @traitlets.observe("asked")
    def _heard(self, _: Any) -> None:  # noqa: ANN401
        if self.asked == "stop":
            self._going.clear()
            if self._phase == "running":
                self.run = {**self.run, "phase": "stopping"}
        else:
            self._going.set()

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
