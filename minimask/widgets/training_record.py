"""What a training monitor remembers of a run, and what it says: `js/training_record.js` has the same words."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minimask.geometry.checks import FloatArray
from minimask.widgets.decimals import fixed

LOSSES = {
    "loss_objectness": "objectness",
    "loss_rpn_box_reg": "anchors",
    "loss_classifier": "classes",
    "loss_box_reg": "boxes",
    "loss_mask": "masks",
}
"""What the five losses are called; others go by their own names."""
MOST_POINTS = 800
"""Of more steps, neighbors become one point."""
MOST_PICTURES = 6
"""Of more sheets of predictions every second one is forgotten, but never the last."""
FORGETS = 0.1
"""How much of the mean speed a new step makes up."""
PHASES = {
    "ready": "ready to begin",
    "running": "running",
    "stopping": "about to stop",
    "paused": "stopped",
    "finished": "finished",
    "failed": "failed",
}


class Record:
    """The curves of a run, of at most `MOST_POINTS` points, and what was seen on the way."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.every, self.first, self.step, self.steps = 1, 1, 0, 0
        self.per_second, self.left = 0.0, math.nan
        self.looks: list[tuple[int, float]] = []
        self.pictures: list[tuple[int, str]] = []
        self._points: list[FloatArray] = []
        self._some: list[FloatArray] = []
        self._pace = math.nan

    def add(self, progress: Any, seconds: float) -> None:  # noqa: ANN401
        """Add a step; `seconds` is what it took."""
        self.step, self.steps = int(progress.step), int(progress.steps)
        if not progress.losses:
            return
        if not self.names:
            self.names, self.first = list(progress.losses), self.step
        self._pace = _mixed(self._pace, seconds)
        self.per_second = _mixed(self.per_second or math.nan, float(progress.pictures_per_second))
        self.left = self._pace * (self.steps - self.step)
        losses = [float(progress.losses[name]) for name in self.names]
        self._some.append(np.array([sum(losses), *losses]))
        if len(self._some) == self.every:
            self._points.append(np.mean(self._some, axis=0))
            self._some = []
        if len(self._points) > MOST_POINTS:
            self.every *= 2
            rest = len(self._points) % 2
            self._some = [self._points.pop()] * (self.every // 2) if rest else []
            self._points = list(np.array(self._points).reshape(-1, 2, 1 + len(self.names)).mean(axis=1))

    def look(self, ap: float, picture: str | None) -> None:
        """Add what was measured after the present step, and a sheet of predictions."""
        self.looks.append((self.step, float(ap)))
        if picture is None:
            return
        self.pictures.append((self.step, picture))
        if len(self.pictures) > MOST_PICTURES:
            self.pictures = self.pictures[::-1][::2][::-1]

    @property
    def curves(self) -> FloatArray:
        """(points, 1 + losses): the total and each loss, float32."""
        return np.array(self._points, dtype=np.float32).reshape(-1, 1 + len(self.names))

    def about(self, phase: str, error: str) -> dict[str, Any]:
        """Return all but curves and pictures, JSON."""
        return {
            "names": self.names,
            "every": self.every,
            "first": self.first,
            "step": self.step,
            "steps": self.steps,
            "per_second": round(self.per_second, 3),
            "left": round(self.left, 3) if math.isfinite(self.left) else -1.0,
            "looks": [list(look) for look in self.looks],
            "phase": phase,
            "error": error,
        }


def _mixed(mean: float, value: float) -> float:
    return value if math.isnan(mean) else (1 - FORGETS) * mean + FORGETS * value


def as_text(curves: FloatArray) -> str:
    """Return curves as they travel: float32, base64."""
    return base64.b64encode(curves.astype("<f4").tobytes()).decode("ascii")


def as_curves(text: str, names: list[str]) -> FloatArray:
    """Return curves that traveled, float64."""
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64).reshape(-1, 1 + len(names))


def smooth(curves: FloatArray, half: int) -> FloatArray:
    """Return the mean of each point with up to `half` points on either side.

    Examples
    --------
    >>> smooth(np.array([[0.0], [3.0], [6.0], [9.0]]), 1)[:, 0]
    array([1.5, 3. , 6. , 7.5])
    """
    sums = np.concatenate([np.zeros((1, curves.shape[1])), np.cumsum(curves, axis=0)])
    middle = np.arange(len(curves))
    first, last = (middle - half).clip(0), (middle + half + 1).clip(max=len(curves))
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None])


def point_of(run: Mapping[str, Any], points: int, step: int) -> int:
    """Return the point that holds a step; that of the last step for -1."""
    if step < 0:
        return points - 1
    return int(min(max((step - run["first"]) // run["every"], 0), points - 1))


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> duration(8.4), duration(95.2), duration(7300)
    ('8 s', '1 min 35 s', '2 h 1 min')
    """
    whole = math.floor(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def describe(run: Mapping[str, Any], curves: FloatArray, state: Mapping[str, Any]) -> str:
    """Return a run in words: how far it is, the losses at the chosen step, what was measured, and how fast it is."""
    words = f"Step {run['step']:,} of {run['steps']:,}, {PHASES[run['phase']]}."
    if run["error"]:
        words += f" {run['error']}."
    if not len(curves):
        return f"{words} No losses yet."
    k = point_of(run, len(curves), state["step"])
    low, high = max(k - state["smoothing"], 0), min(k + state["smoothing"] + 1, len(curves))
    count = (high - low) * run["every"]
    values = smooth(curves, state["smoothing"])[k]
    at = run["first"] + k * run["every"]
    around = "" if count == 1 else f", mean of {count} steps"
    parts = ", ".join(
        f"{LOSSES.get(name, name)} {fixed(value, 3)}" for name, value in zip(run["names"], values[1:], strict=True)
    )
    words += f" At step {at:,}{around}: loss {fixed(values[0], 3)} ({parts})."
    known = [look for look in run["looks"] if look[0] <= at + run["every"] - 1] if state["step"] >= 0 else run["looks"]
    if known:
        words += f" AP {fixed(known[-1][1], 3)} on held-out pictures after step {known[-1][0]:,}."
    if run["phase"] in ("running", "stopping", "paused"):
        words += f" {fixed(run['per_second'], 1)} pictures per second"
        words += f", about {duration(run['left'])} to go." if run["left"] >= 0 else "."
    return words
