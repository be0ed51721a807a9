"""The box ceiling's numbers and words, as `js/box_ceiling_measures.js` has them in the browser."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minimask.data.silhouettes import Rings
from minimask.geometry.balance import SIDES, Side, balance, sides_inside_edges
from minimask.geometry.boxes import box_area
from minimask.geometry.ceilings import best_box, tight_box
from minimask.geometry.checks import FloatArray
from minimask.geometry.polygons import (
    edges_box_intersection,
    polygon_area,
    polygon_edges,
    rotate_polygon,
)

DRAWN = "your drawing"
"""The name of the shape that the reader draws."""

SAME_IOU, SAME_SHARE = 0.0005, 0.005
"""Differences that do not count: of IoUs, and of shares of a side."""


class Pose(NamedTuple):
    """A silhouette turned to an angle, and everything about it that no box of the reader changes."""

    rings: Rings
    edges: FloatArray
    area: float
    tight_box: FloatArray
    tight: float
    best_box: FloatArray
    best: float
    best_sides: list[Side]


class Measures(NamedTuple):
    """All numbers about a box on a silhouette; areas in square pixels."""

    iou: float
    intersection: float
    union: float
    sides: list[Side]


def pose_of(rings: Rings, angle: float) -> Pose:
    """Return a silhouette turned clockwise by `angle` degrees about the middle of its tight box, and its ceilings."""
    center = (rings[0].min(axis=0) + rings[0].max(axis=0)) / 2
    turned = [rotate_polygon(ring, angle, center) for ring in rings]
    edges = polygon_edges(turned)
    best, best_iou = best_box(turned)
    best_sides = sides_inside_edges(edges, best)
    return Pose(turned, edges, polygon_area(turned), *tight_box(turned), best, best_iou, best_sides)


def start_box(rings: Rings) -> FloatArray:
    """Return the box that the reader starts with: a fair guess with room for improvement."""
    low, high = rings[0].min(axis=0), rings[0].max(axis=0)
    return np.concatenate([low + [0.2, 0.2] * (high - low), high + [0.05, -0.1] * (high - low)])


def measure(pose: Pose, box: FloatArray) -> Measures:
    """Return all numbers about a box `(4,)` on a silhouette."""
    intersection = float(edges_box_intersection(pose.edges, box[None])[0])
    union = pose.area + float(box_area(box[None])[0]) - intersection
    return Measures(intersection / union, intersection, union, sides_inside_edges(pose.edges, box))


def advice(side: Side, iou: float) -> int:
    """Return where a side should go for a higher IoU by the balance rule: 1 outward, -1 inward, 0 nowhere."""
    if side.outer > balance(iou) + SAME_SHARE:
        return 1
    return -1 if side.inner < balance(iou) - SAME_SHARE else 0


def describe(name: str, pose: Pose, box: FloatArray) -> str:
    """Return the measures in words: what the box scores, and what its sides advise."""
    measures = measure(pose, box)
    on = name if name == DRAWN else f"the {name}"
    if measures.iou == 0:
        return f"Your box does not touch {on}: IoU 0. The best box reaches {pose.best:.3f}."
    comparison = _comparison(measures.iou, pose.tight, pose.best)
    return f"Your box scores IoU {measures.iou:.3f} on {on}{comparison} {_sides_in_words(measures, pose, box)}"


def _comparison(iou: float, tight: float, best: float) -> str:
    tight_is_best = best - tight < SAME_IOU
    if best - iou < SAME_IOU:
        than = "as much as the tight box" if tight_is_best else f"{iou - tight:.3f} above the tight box ({tight:.3f})"
        return f", {than}. No upright box does better."
    to_best = f"{best - iou:.3f} below the best box ({best:.3f})"
    if tight_is_best:
        return f": {to_best}, which here is the tight box."
    if abs(iou - tight) < SAME_IOU:
        return f", as much as the tight box: {to_best}."
    way = "below" if iou < tight else "above"
    return f": {abs(iou - tight):.3f} {way} the tight box ({tight:.3f}) and {to_best}."


def _sides_in_words(measures: Measures, pose: Pose, box: FloatArray) -> str:
    """Name the side whose move promises most, and why; or say that none does."""
    iou, sides = measures.iou, measures.sides
    level = _percent(balance(iou))
    moves = [advice(side, iou) for side in sides]
    shares = [side.outer if move > 0 else side.inner for side, move in zip(sides, moves, strict=True)]
    width, height = box[2:] - box[:2]
    gains = np.abs(moves) * [height, width, height, width] * np.abs(np.subtract(shares, balance(iou)))
    k = int(np.argmax(gains >= gains.max() * (1 - 1e-6)))  # the first of those that tie
    if moves[k] != 0:
        amount, way = ("more", "outward") if moves[k] > 0 else ("less", "inward")
        rule = (
            f"{_percent(shares[k])} of its {SIDES[k]} side lies inside, {amount} than IoU / (1 + IoU) = {level}: "
            f"moving that side {way} raises the IoU."
        )
        at_best = balance(pose.best)
        even = _all_at(pose.best_sides, at_best)
        return f"{rule} At the best box {_percent(at_best)} of every side lies inside." if even else rule
    if pose.best - iou >= SAME_IOU:
        return "No side alone can gain anything here, yet a better box is elsewhere."
    if _all_at(sides, balance(iou)):
        return f"Of every side {level} lies inside, which is IoU / (1 + IoU): at this balance no side gains by moving."
    return (
        f"No side gains by moving: just outside it less than IoU / (1 + IoU) = {level} would lie inside, "
        "just within it more."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def _all_at(sides: list[Side], share: float) -> bool:
    return all(abs(side.inner - share) < SAME_SHARE for side in sides)
