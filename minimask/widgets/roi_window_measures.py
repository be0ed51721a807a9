"""The RoI window's numbers and words, as `js/roi_window_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.roi.pool import bin_edges, roi_pool, round_half_away
from minimask.roi.reference import axis_samples, axis_weights
from minimask.roi.taps import samples_per_bin, span
from minimask.widgets.decimals import counted, fixed, signed, trimmed

FloatArray = NDArray[np.float64]

NOTICED = 1e-9
"""Weights below this are rounding errors."""


class Axis(NamedTuple):
    """What both operators do along one axis; positions are on the stage, where cell j covers [j, j + 1)."""

    first: int  # RoIPool: the first and the last cell of the snapped box
    last: int
    edges: list[tuple[int, int]]  # RoIPool: of every bin the first cell and the one after the last
    start: float  # RoIAlign: where the grid begins
    bin_size: float
    samples: int  # RoIAlign: in every bin
    positions: list[list[float]]  # RoIAlign: where the samples of every bin lie that can see the map
    weights: FloatArray  # RoIAlign: (bins, cells)


class Pooled(NamedTuple):
    """What one operator makes of the box: the output, and the chosen bin's gradient on the map."""

    output: FloatArray  # (bins, bins)
    footprint: FloatArray  # (H, W)


class Settled(NamedTuple):
    """All numbers of a state."""

    x: Axis
    y: Axis
    pool: Pooled
    align: Pooled
    argmax: tuple[int, int] | None  # row and column of the cell that the chosen bin of RoIPool keeps
    shifts: list[float]  # in pixels, left, top, right, bottom: where RoIPool's box lies, seen from the true one


def axis_of(state: Mapping[str, Any], low: float, high: float, size: int) -> Axis:
    """Return what both operators do along one axis with the box from `low` to `high`, in pixels."""
    scale, bins = 1 / state["stride"], state["output_size"]
    first, last = round_half_away(low * scale), round_half_away(high * scale)
    extent = max(last - first + 1, 1)
    sides = (np.float64(low), np.float64(high))
    options = (size, bins, scale, state["sampling_ratio"], state["aligned"])
    start, reach = span(low, high, scale, 0.5 if state["aligned"] else 0.0, 0.0 if state["aligned"] else 1.0)
    positions: list[list[float]] = [[] for _ in range(bins)]
    for p, position, _, _ in axis_samples(*sides, *options):
        positions[p].append(float(position) + 0.5)
    return Axis(
        first,
        first + extent - 1,
        [bin_edges(first, extent, p, bins, size) for p in range(bins)],
        start + 0.5,
        reach / bins,
        int(samples_per_bin(reach, bins, state["sampling_ratio"])),
        positions,
        axis_weights(*sides, *options).astype(np.float64),
    )


def settle(features: FloatArray, state: Mapping[str, Any]) -> Settled:
    """Return all numbers of a state on a feature map `(H, W)`."""
    height, width = features.shape
    stride, bins = state["stride"], state["output_size"]
    x1, y1, x2, y2 = state["box"]
    x, y = axis_of(state, x1, x2, width), axis_of(state, y1, y2, height)
    roi = np.array([[0.0, *state["box"]]])
    (((pooled,),), ((places,),)) = roi_pool(features[None, None], roi, (bins, bins), 1 / stride)
    p, q = state["bin"]
    place = int(places[p, q])
    argmax = None if place < 0 else divmod(place, width)
    winner = np.zeros((height, width))
    if argmax:
        winner[argmax] = 1
    snapped = [x.first * stride, y.first * stride, (x.last + 1) * stride, (y.last + 1) * stride]
    return Settled(
        x,
        y,
        Pooled(pooled, winner),
        Pooled(y.weights @ features @ x.weights.T, np.outer(y.weights[p], x.weights[q])),
        argmax,
        [float(there - here) for there, here in zip(snapped, state["box"], strict=True)],
    )


def sweep(features: FloatArray, state: Mapping[str, Any], steps: int = 100) -> tuple[FloatArray, FloatArray]:
    """Return the chosen bin's output of both operators while the box moves sideways, from one cell left to one right.

    Returns
    -------
    pool, align : float64 array (2 * steps + 1,)
    """
    x1, y1, x2, y2 = state["box"]
    p, q = state["bin"]
    y = axis_of(state, y1, y2, features.shape[0])
    rows, (top, bottom) = y.weights[p] @ features, y.edges[p]
    pool, align = [], []
    for k in range(-steps, steps + 1):
        by = k / steps * state["stride"]
        x = axis_of(state, x1 + by, x2 + by, features.shape[1])
        cells = features[top:bottom, slice(*x.edges[q])]
        pool.append(cells.max() if cells.size else 0.0)
        align.append(x.weights[q] @ rows)
    return np.array(pool), np.array(align)


def describe(features: FloatArray, state: Mapping[str, Any], digits: int) -> str:
    """Return a state in words: the box, what RoIPool makes of it, and the chosen bin of both operators."""
    settled = settle(features, state)
    words = f"{_box_in_words(state, settled)} {_pool_in_words(state, settled, digits)}"
    words += f" {_align_in_words(state, settled, digits)}"
    if not state["aligned"]:
        half = trimmed(state["stride"] / 2, 2)
        words += f" Without aligned it reads half a cell, {half} px, too far right and down."
    return words


def _box_in_words(state: Mapping[str, Any], settled: Settled) -> str:
    x1, y1, x2, y2 = (trimmed(side, 2) for side in state["box"])
    left, top, right, bottom = (trimmed(side / state["stride"], 3) for side in state["box"])
    off = ", ".join(signed(shift, 2) for shift in settled.shifts)
    (x, y) = (settled.x, settled.y)
    return (
        f"The box: x from {x1} to {x2} px ({left} to {right} cells), y from {y1} to {y2} px ({top} to {bottom} cells). "
        f"RoIPool rounds it to columns {x.first} to {x.last} and rows {y.first} to {y.last}: "
        f"its left, top, right and bottom are {off} px off."
    )


def _pool_in_words(state: Mapping[str, Any], settled: Settled, digits: int) -> str:
    p, q = state["bin"]
    (top, bottom), (left, right) = settled.y.edges[p], settled.x.edges[q]
    if settled.argmax is None:
        return f"Bin ({p}, {q}): RoIPool finds no cell there, says 0, and its gradient lands nowhere."
    row, column = settled.argmax
    kept = fixed(settled.pool.output[p, q], digits)
    among = counted((bottom - top) * (right - left), "cell")
    return (
        f"Bin ({p}, {q}): RoIPool keeps {kept}, the largest of {among}, "
        f"and all of its gradient lands on the cell in row {row}, column {column}."
    )


def _align_in_words(state: Mapping[str, Any], settled: Settled, digits: int) -> str:
    p, q = state["bin"]
    samples = settled.y.samples * settled.x.samples
    weights = settled.align.footprint
    touched = int((weights > NOTICED).sum())
    if samples == 0:
        return "RoIAlign takes no sample of a box without extent, and says 0."
    if touched == 0:
        return "RoIAlign's samples all lie beyond the map, where it reads 0: its gradient lands nowhere."
    mean = fixed(settled.align.output[p, q], digits)
    most = fixed(weights.max(), 2)
    share = f"at most {most} of it on one" if touched > 1 else f"{most} of it"
    averaged = f"RoIAlign averages {counted(samples, 'sample')} to {mean}"
    return f"{averaged}: its gradient lands on {counted(touched, 'cell')}, {share}."
