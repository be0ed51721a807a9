"""The weather map: the widget that asks what a map of numbers says between its cells."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries, checked_map
from minimask.widgets.weather_map_measures import Reading, Temperatures, describe, read

if TYPE_CHECKING:
    from minimask.plots.show import Shown

GROUNDS = ("bilinear", "nearest")


def plain_temperatures() -> Temperatures:
    """Return a map of 5 x 6 temperatures in °C: warm in the south-west, with a cool hill."""
    return [
        [9.1, 9.8, 8.2, 7.4, 8.6, 9.5],
        [10.6, 11.2, 8.9, 6.8, 8.1, 9.9],
        [12.4, 12.9, 11.7, 9.3, 9.6, 10.8],
        [14.8, 14.2, 13.1, 12.2, 11.4, 11.9],
        [16.5, 15.7, 14.9, 13.6, 12.8, 12.3],
    ]


class WeatherMap(LivingPicture):
    """The weather map: what a map of numbers says between its cells.

    Temperatures are recorded at the centers of cells. The reader drags a point, and sees its four neighbors, the
    weight of each, which is the area of the rectangle opposite, and the sum; beside it what rounding would read. Cell
    (row i, column j) stands at `y = i, x = j`, as in RoIAlign as published. Up to one cell beyond the outermost centers
    the border counts; farther out the map reads 0.

    Parameters
    ----------
    temperatures : array (H, W), optional
        In °C, from -99 to 999; kept to one decimal, so that the sum can be checked by hand. By default
        `plain_temperatures()`.
    point : (x, y), optional
        Where the point begins, in cells; by default between rows 1 and 2 and columns 2 and 3, on small maps in the
        middle.

    Attributes
    ----------
    state : dict
        All that the reader can change: `point` (`x y` in cells, kept to hundredths, at most 1.5 cells beyond the
        outermost centers) and `ground` (whether the map is colored by `"bilinear"` reading or by the `"nearest"`
        center). Give it a new dict to change it.

    Raises
    ------
    ValueError
        If the temperatures are no such array, or a state is not one that the widget can show.

    Examples
    --------
    >>> widget = WeatherMap([[12.0, 16.0], [10.0, 20.0]])
    >>> widget.place([0.25, 0.5])
    >>> widget.measures["weights"]
    [0.375, 0.125, 0.375, 0.125]
    >>> widget.measures["value"], widget.measures["nearest"]
    (12.75, 10.0)
    """

    _esm = module("weather_map")
    _css = style_sheet("weather_map")
    temperatures: traitlets.List[list[float]] = traitlets.List().tag(sync=True)
    start: traitlets.List[float] = traitlets.List().tag(sync=True)

    def __init__(self, temperatures: ArrayLike | None = None, point: ArrayLike | None = None) -> None:
        given = plain_temperatures() if temperatures is None else temperatures
        values = checked_map(given, "temperatures", least=-99, most=999).round(1)
        self._temperatures: Temperatures = values.tolist()
        height, width = values.shape
        middle = [min(2.3, (width - 1) / 2), min(1.6, (height - 1) / 2)]
        start = self._checked_point(middle if point is None else point)
        super().__init__(temperatures=self._temperatures, start=start, state={"point": start, "ground": "bilinear"})

    @property
    def reading(self) -> Reading:
        """What the map says at the point."""
        return read(self._temperatures, *self.state["point"])

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `value`, the interpolated temperature; `neighbors`, the four cells as `(row, column)`: top left, top right,
        bottom left, bottom right; `weights`, theirs; `fractions`, `(fx, fy)`; `nearest`, what rounding reads;
        `outside`, whether the point is too far out to read anything.
        """
        reading = self.reading
        return {
            "value": reading.value,
            "neighbors": [(neighbor.row, neighbor.column) for neighbor in reading.neighbors],
            "weights": [neighbor.weight for neighbor in reading.neighbors],
            "fractions": (reading.fraction_x, reading.fraction_y),
            "nearest": reading.nearest_value,
            "outside": reading.outside,
        }

    def place(self, point: ArrayLike) -> None:
        """Move the point to `x y`, in cells."""
        self.state = {**self.state, "point": point}

    def color_by(self, ground: str) -> None:
        """Color the map by the `"bilinear"` reading, or by the `"nearest"` center."""
        self.state = {**self.state, "ground": ground}

    def reset(self) -> None:
        """Start over."""
        self.state = {"point": self.start, "ground": "bilinear"}

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self._temperatures, *self.state["point"])

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.weather_map_picture import still_picture

        picture = still_picture(self._temperatures, self.state, self.words())
        return show(picture, f"A map of temperatures at cell centers, and a point. {self.words()}")

    def _checked_point(self, point: ArrayLike) -> list[float]:
        array = np.asarray(point, dtype=object)
        if array.shape != (2,) or not all(isinstance(v, Real) and not isinstance(v, bool) for v in array):
            raise InvalidStateError(f"point must be two numbers, x and y in cells, got {point!r}")
        height, width = len(self._temperatures), len(self._temperatures[0])
        for name, position, size in (("x", array[0], width), ("y", array[1], height)):
            if not -1.5 <= position <= size + 0.5:
                raise InvalidStateError(f"point: {name} must lie from -1.5 to {size + 0.5}, got {position!r}")
        return [round(float(v), 2) for v in array]

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], {"point", "ground"})
        state["point"] = self._checked_point(state["point"])
        if state["ground"] not in GROUNDS:
            raise InvalidStateError(f"ground must be one of {', '.join(GROUNDS)}, got {state['ground']!r}")
        return state
