"""The training monitor: the widget that asks how a training goes, while it goes."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from minimask.geometry.checks import as_whole_number
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.funnel_bytes import picture_url
from minimask.widgets.living_picture import InvalidStateError, checked_entries
from minimask.widgets.training_record import Record, as_curves, as_text, describe
from minimask.widgets.training_widget import Progress, TrainingWidget, checked_progress, is_due

if TYPE_CHECKING:
    from minimask.plots.show import Shown

FRESH = {"step": -1, "smoothing": 5, "log": True}
"""The state to begin with; step -1 is the last one."""
MOST_SMOOTHING = 50
LOOKS = 10
"""How often a training is looked at, unless said otherwise."""

Look = Callable[[], tuple[float, NDArray[np.uint8] | None]]


class TrainingMonitor(TrainingWidget):
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
    curves = traitlets.Unicode().tag(sync=True)
    pictures: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        progress: Progress,
        look: Look | None = None,
        look_every: int | None = None,
    ) -> None:
        if look_every is not None:
            as_whole_number(look_every, "look_every", 1)
        self._look, self._look_every, self._record = look, look_every, Record()
        self._images: list[NDArray[np.uint8]] = []
        checked = checked_progress(progress)
        super().__init__(run=self._record.about("ready", ""), curves="", pictures=[], state=dict(FRESH))
        self._progress = checked

    # --- what can be done with it

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

    def _see(self, progress: Any, seconds: float) -> None:  # noqa: ANN401
        self._record.add(progress, seconds)
        every = self._look_every or max(progress.steps // LOOKS, 1)
        if self._look is not None and progress.losses and is_due(progress, every):
            ap, picture = self._look()
            self._record.look(ap, None if picture is None else picture_url(np.asarray(picture)))
            if picture is not None:
                self._images = [np.asarray(picture)]

    def _report(self, error: str) -> None:
        self.pictures = [{"step": step, "image": image} for step, image in self._record.pictures]
        about = self._record.about(self._phase, error)
        if len(about["names"]) >= len(self.run["names"]):
            self.run = about  # the names first: they say what the curves are
        self.curves = as_text(self._record.curves)

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
