"""The anchor sea's numbers and words, as `js/anchor_sea_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minimask.anchors import Recipe, recipes
from minimask.geometry.boxes import box_iou
from minimask.geometry.checks import FloatArray
from minimask.matching import BACKGROUND, IGNORED, match
from minimask.widgets.decimals import fixed, trimmed

SEA = 175_000
"""The number of anchors that textbooks name."""


class Anchor(NamedTuple):
    """One anchor, with its box in pixels of the network's picture."""

    place: int  # its row in `Recipe.boxes`
    level: int
    row: int
    column: int
    size: float
    ratio: float
    box: list[float]
    iou: float


class Settled(NamedTuple):
    """All numbers of a state; sizes are `(height, width)`."""

    resized: tuple[int, int]
    network: tuple[int, int]  # resized and padded
    object: FloatArray  # (4,), in pixels of the network's picture
    counts: tuple[int, ...]  # of anchors, by level
    best: Anchor
    best_of_level: list[float]  # IoUs
    positive: int
    ignored: int
    negative: int
    rescued: int  # how many of the positive ones are so by the low-quality rule alone


def name_of_level(recipe: Recipe, level: int) -> str:
    """Return what a level is called: `P4` for stride 16 within a pyramid, `C4` if it is the only one.

    Examples
    --------
    >>> name_of_level(recipes["fpn"], 0), name_of_level(recipes["c4"], 0)
    ('P2', 'C4')
    """
    power = recipe.levels[level].stride.bit_length() - 1
    return f"{'P' if len(recipe.levels) > 1 else 'C'}{power}"


@lru_cache(maxsize=2)
def _boxes(recipe: Recipe, height: int, width: int) -> FloatArray:
    return recipe.boxes(height, width)


def settle(state: Mapping[str, Any]) -> Settled:
    """Return all numbers of a state."""
    recipe, (height, width) = recipes[state["recipe"]], state["size"]
    resized = replace(recipe, multiple=1).network_size(height, width)
    thing = np.array(state["box"], dtype=np.float64) * np.tile([resized[1] / width, resized[0] / height], 2)
    boxes, counts = _boxes(recipe, height, width), recipe.counts(height, width)
    iou = box_iou(boxes, thing[None])[:, 0]
    parts = np.split(iou, np.cumsum(counts)[:-1])
    thresholds = state["foreground"], state["background"]
    matches = match(boxes, thing[None], *thresholds, low_quality=state["low_quality"])
    positive, ignored, negative = (int(np.sum(matches == kind)) for kind in (0, IGNORED, BACKGROUND))
    return Settled(
        resized,
        recipe.network_size(height, width),
        thing,
        counts,
        anchor_at(recipe, (height, width), int(iou.argmax()), float(iou.max())),
        [float(part.max()) for part in parts],
        positive,
        ignored,
        negative,
        int(np.sum((matches == 0) & (iou < state["foreground"]))),
    )


def anchor_at(recipe: Recipe, size: tuple[int, int], place: int, iou: float) -> Anchor:
    """Return the anchor in a row of `recipe.boxes(*size)`, whose IoU with the object is known."""
    starts = np.cumsum((0, *recipe.counts(*size)))
    level = int(np.searchsorted(starts, place, side="right")) - 1
    _, sizes, ratios = recipe.levels[level]
    cell, kind = divmod(place - int(starts[level]), len(sizes) * len(ratios))
    row, column = divmod(cell, recipe.grids(*size)[level][1])
    ratio, of_size = divmod(kind, len(sizes))
    box = _boxes(recipe, *size)[place].tolist()
    return Anchor(place, level, row, column, sizes[of_size], ratios[ratio], box, iou)


def nearest_cells(state: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the row and the column of the cell, on every level, whose anchors stand nearest to the chosen point."""
    recipe, (height, width) = recipes[state["recipe"]], state["size"]
    resized = replace(recipe, multiple=1).network_size(height, width)
    x, y = state["point"][0] * (resized[1] / width), state["point"][1] * (resized[0] / height)
    cells = []
    for grid, steps in zip(recipe.grids(height, width), recipe.strides(height, width), strict=True):
        near = (np.floor(at / step - recipe.offset + 0.5) for at, step in zip((y, x), steps, strict=True))
        row, column = (int(min(max(k, 0), number - 1)) for k, number in zip(near, grid, strict=True))
        cells.append((row, column))
    return cells


def describe(state: Mapping[str, Any], settled: Settled) -> str:
    """Return a state in words: the sea, the object and its best anchor, and what becomes of all anchors."""
    recipe = recipes[state["recipe"]]
    return " ".join(
        (_sea_in_words(state, recipe, settled), _best_in_words(state, recipe, settled), _fate_in_words(state, settled))
    )


def _sea_in_words(state: Mapping[str, Any], recipe: Recipe, settled: Settled) -> str:
    height, width = state["size"]
    changes = ""
    if settled.resized != (height, width):
        changes += f", resized to {settled.resized[1]} × {settled.resized[0]}"
    if settled.network != settled.resized:
        changes += f", padded to {settled.network[1]} × {settled.network[0]}"
    total = sum(settled.counts)
    share = fixed(total / SEA, 2)
    words = f"{recipe.name} lays {total:,} anchors over a picture of {width} × {height} pixels{changes}, "
    words += f"{share} times {SEA:,}"
    if len(settled.counts) == 1:
        return f"{words}."
    *most, last = (f"{count:,} on {name_of_level(recipe, k)}" for k, count in enumerate(settled.counts))
    return f"{words}: {', '.join(most)} and {last}."


def _best_in_words(state: Mapping[str, Any], recipe: Recipe, settled: Settled) -> str:
    x1, y1, x2, y2 = settled.object
    scaled = f", {trimmed(x2 - x1, 1)} × {trimmed(y2 - y1, 1)} after resizing" if _is_resized(state, settled) else ""
    left, top, right, bottom = state["box"]
    best = settled.best
    return (
        f"The object is {trimmed(right - left, 1)} × {trimmed(bottom - top, 1)} pixels{scaled}. "
        f"Its best anchor, on {name_of_level(recipe, best.level)} with size {trimmed(best.size, 1)} "
        f"and ratio {trimmed(best.ratio, 2)}, overlaps it with IoU {fixed(best.iou, 3)}."
    )


def _is_resized(state: Mapping[str, Any], settled: Settled) -> bool:
    return list(settled.resized) != list(state["size"])


def _fate_in_words(state: Mapping[str, Any], settled: Settled) -> str:
    foreground, background = (trimmed(state[name], 2) for name in ("foreground", "background"))
    fate = f"{settled.positive:,} positive, {settled.ignored:,} ignored, {settled.negative:,} negative"
    if settled.best.iou >= state["foreground"]:
        each = fixed(settled.negative / settled.positive, 0)
        return f"At {foreground} or more it is a match: {fate}, {int(each):,} negatives for every positive."
    if settled.best.iou >= state["background"]:
        verdict = f"No anchor reaches {foreground}"
    else:
        verdict = f"No anchor reaches even {background}: each would be background"
    if not state["low_quality"]:
        return f"{verdict}, and without the low-quality rule none learns this object: {fate}."
    rescued = "the best one" if settled.rescued == 1 else f"the {settled.rescued:,} that tie for best"
    return f"{verdict}; the low-quality rule makes {rescued} positive all the same: {fate}."
