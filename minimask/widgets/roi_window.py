"""The RoI window: the widget that asks what RoIPool and RoIAlign make of the same box."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from minimask.geometry.checks import as_box
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries, checked_map
from minimask.widgets.roi_window_measures import NOTICED, FloatArray, Settled, describe, settle, sweep

if TYPE_CHECKING:
    from minimask.plots.show import Shown

CHOICES = {"stride": (4, 8, 16, 32), "output_size": (1, 2, 3, 4, 5, 6, 7), "sampling_ratio": (0, 1, 2, 4)}
"""What the switches may be set to; a sampling ratio of 0 is the adaptive one."""

FRESH = {"stride": 16, "output_size": 3, "sampling_ratio": 2, "aligned": True, "bin": [0, 2]}
"""The state to begin with, but for the box."""

FARTHEST = 1_000.0
"""How far beyond the map, in cells, a box may reach."""


def plain_features() -> FloatArray:
    """Return one channel of a feature map, 12 x 16 cells from 0 to 10: two hills on a rough ground."""
    y, x = np.mgrid[:12, :16].astype(float)
    hill = 7.4 * np.exp(-((x - 11.2) ** 2 / 7 + (y - 5.3) ** 2 / 6))
    other = 4.6 * np.exp(-((x - 3.6) ** 2 / 8 + (y - 8.1) ** 2 / 4))
    rough = 1.5 * (1 + np.sin(1.9 * x + 0.7 * y) * np.cos(1.3 * y - 0.8 * x))
    return np.asarray((hill + other + rough).round(1))


class RoIWindow(LivingPicture):
    """The RoI window: what RoIPool and RoIAlign make of the same box.

    The reader drags and resizes a box on a feature map by hundredths of a cell, and sees both operators' grids,
    outputs, and where the gradient of one bin lands. RoIPool rounds the box to whole cells, its bins too, and keeps the
    largest cell of each; RoIAlign averages samples between the cells. On the stage cell j covers [j, j + 1) and its
    value stands in its middle.

    Parameters
    ----------
    features : array (H, W), optional
        One channel of a feature map, each side from 2 to 64 cells; by default `plain_features()`.
    box : (x1, y1, x2, y2), optional
        The box to begin with, in pixels of the image (a cell is 16 of them wide, until the reader changes the stride).
        By default on the hill, with its corner at (137.2, 54.8); on maps of another size in the middle.

    Attributes
    ----------
    state : dict
        All that the reader can change: `box` (`x1 y1 x2 y2` in pixels), `stride` (4, 8, 16 or 32 pixels per cell),
        `output_size` (1 to 7 bins), `sampling_ratio` (0, 1, 2 or 4; 0 is adaptive), `aligned` (bool), and `bin` (row
        and column of the chosen bin). Give it a new dict to change it.

    Raises
    ------
    ValueError
        If the features are no such array, or a state is not one that the widget can show.

    Examples
    --------
    >>> widget = RoIWindow()
    >>> widget.measures["snapped_box"], widget.measures["shifts"][0]
    ([144.0, 48.0, 240.0, 144.0], 6.8)
    >>> before = widget.measures
    >>> widget.place([140.4, 54.8, 220.4, 134.8])  # a fifth of a cell to the right
    >>> widget.measures["pool"] == before["pool"], widget.measures["align"] == before["align"]
    (True, False)
    """

    _esm = module("roi_window")
    _css = style_sheet("roi_window")
    features: traitlets.List[list[float]] = traitlets.List().tag(sync=True)
    digits = traitlets.Int().tag(sync=True)
    start: traitlets.List[float] = traitlets.List().tag(sync=True)

    def __init__(self, features: ArrayLike | None = None, box: ArrayLike | None = None) -> None:
        values = checked_map(plain_features() if features is None else features, "features", least=-1e6, most=1e6)
        height, width = values.shape
        if box is None:
            middle = np.array([0.25 * width, 0.25 * height, 0.75 * width, 0.75 * height]) * 16
            box = [137.2, 54.8, 217.2, 134.8] if values.shape == (12, 16) else middle
        self._values = values
        start = self._checked_box(box, 16)
        super().__init__(
            features=values.tolist(), digits=_digits(values), start=start, state={**FRESH, "box": list(start)}
        )

    @property
    def settled(self) -> Settled:
        """Everything that both operators make of the present state."""
        return settle(self._values, self.state)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `pool` and `align`, the outputs, row by row; `snapped_box`, the pixels that RoIPool takes instead of the box,
        and `shifts`, how far its left, top, right and bottom lie from the box's, in pixels; `argmax`, the cell that the
        chosen bin of RoIPool keeps, `(row, column)` or None; `cells`, how many cells that bin holds; `samples`, how
        many samples a bin of RoIAlign takes down and across; `pool_footprint` and `align_footprint`, where the chosen
        bin's gradient lands: rows of `(row, column, weight)`.
        """
        settled = self.settled
        p, q = self.state["bin"]
        (top, bottom), (left, right) = settled.y.edges[p], settled.x.edges[q]
        return {
            "pool": settled.pool.output.tolist(),
            "align": settled.align.output.tolist(),
            "snapped_box": [side + shift for side, shift in zip(self.state["box"], settled.shifts, strict=True)],
            "shifts": [round(shift, 9) for shift in settled.shifts],
            "argmax": settled.argmax,
            "cells": (bottom - top) * (right - left),
            "samples": (settled.y.samples, settled.x.samples),
            "pool_footprint": _rows(settled.pool.footprint),
            "align_footprint": _rows(settled.align.footprint),
        }

    def sweep(self) -> tuple[FloatArray, FloatArray]:
        """Return the chosen bin's output of RoIPool and RoIAlign while the box moves sideways by -1 to +1 cell.

        Both are `(201,)`, a hundredth of a cell apart: what the curve at the bottom shows.
        """
        return sweep(self._values, self.state)

    def place(self, box: ArrayLike) -> None:
        """Lay the box at `x1 y1 x2 y2`, in pixels."""
        self.state = {**self.state, "box": box}

    def choose_bin(self, row: int, column: int) -> None:
        """Choose a bin, counted from 0."""
        self.state = {**self.state, "bin": [row, column]}

    def switch(
        self,
        *,
        stride: int | None = None,
        output_size: int | None = None,
        sampling_ratio: int | None = None,
        aligned: bool | None = None,
    ) -> None:
        """Set switches; None leaves one as it is.

        The box stays where it is on the map, so that its pixels change with the stride. The chosen bin stays on the
        grid.
        """
        wanted = {"stride": stride, "output_size": output_size, "sampling_ratio": sampling_ratio, "aligned": aligned}
        state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}
        _check_switches(state)
        state["box"] = [side / self.state["stride"] * state["stride"] for side in self.state["box"]]
        state["bin"] = [min(k, state["output_size"] - 1) for k in self.state["bin"]]
        self.state = state

    def reset(self) -> None:
        """Start over."""
        self.state = {**FRESH, "box": list(self.start)}

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self._values, self.state, self.digits)

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.roi_window_picture import still_picture

        picture = still_picture(self._values, self.state, self.digits, self.words())
        return show(picture, f"A box on a feature map, pooled by RoIPool and by RoIAlign. {self.words()}")

    def _checked_box(self, box: ArrayLike, stride: int) -> list[float]:
        try:
            checked: list[float] = as_box(box).tolist()
        except (TypeError, ValueError) as error:
            raise InvalidStateError(str(error)) from error
        height, width = self._values.shape
        most = [(FARTHEST + size) * stride for size in (width, height)] * 2
        if min(checked) < -FARTHEST * stride or any(side > end for side, end in zip(checked, most, strict=True)):
            raise InvalidStateError(f"box must reach at most {FARTHEST:g} cells beyond the map, got {checked}")
        return checked

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], {"box", *FRESH})
        _check_switches(state)
        state["box"] = self._checked_box(state["box"], state["stride"])
        chosen, bins = state["bin"], state["output_size"]
        pair = isinstance(chosen, list | tuple) and len(chosen) == 2
        if not pair or not all(_is_one_of(k, range(bins)) for k in chosen):
            raise InvalidStateError(f"bin must be a row and a column from 0 to {bins - 1}, got {chosen!r}")
        state["bin"] = [int(k) for k in chosen]
        return state


def _is_one_of(value: object, allowed: range | tuple[int, ...]) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) in allowed


def _check_switches(state: dict[str, Any]) -> None:
    for name, allowed in CHOICES.items():
        if not _is_one_of(state[name], allowed):
            raise InvalidStateError(f"{name} must be one of {', '.join(map(str, allowed))}, got {state[name]!r}")
        state[name] = int(state[name])
    if not isinstance(state["aligned"], bool):
        raise InvalidStateError(f"aligned must be True or False, got {state['aligned']!r}")


def _digits(values: FloatArray) -> int:
    """Return how many decimals show three digits of the largest value."""
    largest = float(np.abs(values).max())
    return 2 if largest == 0 else int(min(max(2 - np.floor(np.log10(largest)), 0), 6))


def _rows(footprint: FloatArray) -> list[tuple[int, int, float]]:
    return [(int(i), int(j), float(footprint[i, j])) for i, j in np.argwhere(footprint > NOTICED)]
