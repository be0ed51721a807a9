"""The weather map's numbers and words, as `js/weather_map_measures.js` has them in the browser."""

from __future__ import annotations

from typing import NamedTuple

from minimask.roi.pool import round_half_away
from minimask.roi.taps import tap
from minimask.widgets.decimals import fixed, trimmed

Temperatures = list[list[float]]


class Neighbor(NamedTuple):
    """A cell that the point reads: where it is, its temperature, and its weight as a product."""

    row: int
    column: int
    value: float
    weight_y: float
    weight_x: float

    @property
    def weight(self) -> float:
        """The area of the rectangle opposite: `weight_y * weight_x`."""
        return self.weight_y * self.weight_x


class Reading(NamedTuple):
    """All numbers about a point on the map."""

    neighbors: list[Neighbor]  # top left, top right, bottom left, bottom right; those at a border may coincide
    fraction_x: float
    fraction_y: float
    value: float
    nearest: tuple[int, int]
    nearest_value: float
    outside: bool  # more than one cell beyond the outermost centers: nothing is read


def read(temperatures: Temperatures, x: float, y: float) -> Reading:
    """Return all numbers about the point (x, y), in cells; cell (row i, column j) stands at `y = i, x = j`."""
    height, width = len(temperatures), len(temperatures[0])
    top, bottom, weight_top, weight_bottom, _ = tap(y, height)
    left, right, weight_left, weight_right, _ = tap(x, width)
    rows, columns = ((top, weight_top), (bottom, weight_bottom)), ((left, weight_left), (right, weight_right))
    neighbors = [Neighbor(i, j, temperatures[i][j], wy, wx) for i, wy in rows for j, wx in columns]
    outside = weight_top + weight_bottom == 0 or weight_left + weight_right == 0
    nearest = min(max(round_half_away(y), 0), height - 1), min(max(round_half_away(x), 0), width - 1)
    return Reading(
        neighbors,
        weight_right,
        weight_bottom,
        sum(neighbor.weight * neighbor.value for neighbor in neighbors),
        nearest,
        0.0 if outside else temperatures[nearest[0]][nearest[1]],
        outside,
    )


def describe(temperatures: Temperatures, x: float, y: float) -> str:
    """Return the reading in words: the sum written out, what the border does, and what rounding would read."""
    height, width = len(temperatures), len(temperatures[0])
    reading = read(temperatures, x, y)
    at = f"At x = {fixed(x, 2)}, y = {fixed(y, 2)}"
    if reading.outside:
        return f"{at} the point lies more than one cell beyond the outermost centers: there the map reads 0."
    terms = [f"{trimmed(n.weight, 4)} × {fixed(n.value, 1)}" for n in reading.neighbors if n.weight > 0]
    said = f"{at}: {' + '.join(terms)} = {fixed(reading.value, 2)} °C."
    border = [
        f"{name} is taken as {trimmed(min(max(position, 0.0), size - 1), 0)}"
        for name, position, size in (("x", x, width), ("y", y, height))
        if position < 0 or position > size - 1
    ]
    if border:
        said += f" Up to one cell beyond the outermost centers the border counts: {' and '.join(border)}."
    row, column = reading.nearest
    error = fixed(abs(reading.nearest_value - reading.value), 2)
    compared = "which is the same here" if error == "0.00" else f"{error} °C away"
    return f"{said} Rounding would read row {row}, column {column}: {fixed(reading.nearest_value, 1)} °C, {compared}."
