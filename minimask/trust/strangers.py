"""Strangers: objects of no class that the model has learned, drawn as its own are; and how they may be told.

Known and strange objects are laid into pictures in the same way, so that nothing but the outline (and a coin's face)
tells them apart.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from minimask.data import silhouettes
from minimask.data.shape_classes import SHAPE_CLASSES
from minimask.data.shapes import CLASSES
from minimask.data.silhouettes import Rings, placed
from minimask.data.textures import Bytes, ground, unpacked
from minimask.evaluation.intervals import Interval, interval
from minimask.geometry.boxes import box_iou
from minimask.geometry.checks import BoolArray, FloatArray
from minimask.geometry.masks import rasterize_polygon
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.proposals import evaluating
from minimask.trust.attacks import as_tensor

SIDE = 128
SMALLEST, LARGEST = 30, 56
"""Of the longest side of an object's box, in pixels."""
LETTERS = "ABEFGHKMNQRSTVWXYZ"
"""Without those that are much like a class: C, D, I, J, L, O, P, U."""
OUTLINES = ("U", "crescent", "horse")
TIPS = (4, 7, 9)
"""Of stars; the model knows those with five."""
KINDS = ("known", "letters", "silhouettes", "other stars", "coins")


class Guest(NamedTuple):
    """A picture with one object."""

    image: Bytes
    mask: BoolArray
    """(H, W)"""
    label: int
    """0 if it is a stranger."""
    name: str


def guest(kind: str, index: int, seed: int = 0) -> Guest:
    """Return a picture with one object of a kind, the same for the same numbers.

    Parameters
    ----------
    kind : str
        One of `KINDS`; "known" are the six classes that the model has learned.
    index, seed : int

    Examples
    --------
    >>> one = guest("letters", 0)
    >>> one.image.shape, one.label, one.name in LETTERS
    ((128, 128, 3), 0, True)
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    rng = np.random.default_rng([seed, KINDS.index(kind), index])
    below, above = (unpacked(ground(SIDE, SIDE, rng)) for _ in range(2))
    size, turn, place = rng.uniform(SMALLEST, LARGEST), rng.uniform(0, 360), rng.random(2)
    if kind == "coins":
        cover, above, name = _coin(rng, place, above)
        label = 0
    else:
        label, name, rings = _outline(kind, rng)
        cover = rasterize_polygon(_fitted(placed(rings, turn), size, place), (SIDE, SIDE))
    mixed = below + cover[..., None] * (above.astype(float) - below)
    return Guest(np.rint(mixed).astype(np.uint8), cover >= 0.5, label, name)


def _outline(kind: str, rng: np.random.Generator) -> tuple[int, str, Rings]:
    """Return the label, the name and the rings of an object."""
    if kind == "known":
        number = int(rng.integers(len(CLASSES)))
        return number + 1, CLASSES[number], SHAPE_CLASSES[CLASSES[number]].rings(rng.random())
    if kind == "letters":
        letter = str(rng.choice(list(LETTERS)))
        path = TextPath((0, 0), letter, size=10, prop=FontProperties(family="DejaVu Sans", weight="bold"))
        rings = [np.asarray(ring)[:-1] * [1, -1] for ring in path.to_polygons()]
        return 0, letter, sorted(rings, key=lambda ring: -float(np.ptp(ring, axis=0).prod()))  # the outline first
    if kind == "other stars":
        tips = int(rng.choice(TIPS))
        return 0, f"star with {tips} tips", silhouettes.star(tips, 0.4 + 0.12 * rng.random())
    name = str(rng.choice(OUTLINES))
    if name == "horse":
        return 0, name, [silhouettes.outline(silhouettes.horse(), 1.0)]
    return 0, name, silhouettes.family(name)


def _fitted(rings: Rings, size: float, place: FloatArray) -> Rings:
    """Return rings with a box of a size, somewhere in the picture."""
    corners = np.concatenate(rings)
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = size / (high - low).max()
    corner = place * (SIDE - scale * (high - low))
    return [scale * (ring - low) + corner for ring in rings]


@cache
def _coins() -> tuple[NDArray[np.uint8], list[BoolArray]]:
    photograph = silhouettes.coins_photograph()
    return photograph, silhouettes.segment_coins(photograph)


def _coin(rng: np.random.Generator, place: FloatArray, above: Bytes) -> tuple[FloatArray, Bytes, str]:
    """Return the mask of a coin out of a photograph, put somewhere, and a picture with it there."""
    photograph, masks = _coins()
    mask = masks[int(rng.integers(len(masks)))]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    height, width = mask[window].shape
    top, left = (place * (SIDE - np.array([height, width]))).astype(int).tolist()
    cover, painted = np.zeros((SIDE, SIDE)), above.copy()
    cover[top : top + height, left : left + width] = mask[window]
    painted[top : top + height, left : left + width] = photograph[window][..., None]
    return cover, painted, "coin"


class Impression(NamedTuple):
    """What the model makes of each of N guests: of the RoI on it that is surest of something."""

    logits: FloatArray
    """(N, classes)."""
    features: FloatArray
    """(N, width): the last layer of the box head before classes are told."""

    def strangeness(self, known: Impression, labels: ArrayLike) -> dict[str, FloatArray]:
        """Return by four measures how strange each guest seems (N,); the higher, the stranger.

        Parameters
        ----------
        known : Impression
            Of objects that the model has learned, and
        labels : array
            their true classes, for the distance.
        """
        peak = self.logits.max(axis=1, keepdims=True)
        likely = np.exp(self.logits - peak)
        likely /= likely.sum(axis=1, keepdims=True)
        objects = self.logits[:, 1:]
        top = objects.max(axis=1)
        return {
            "score": 1 - likely[:, 1:].max(axis=1),
            "energy": -(top + np.log(np.exp(objects - top[:, None]).sum(axis=1))),
            "entropy": -(likely * np.log(likely + 1e-12)).sum(axis=1),
            "distance": _distance(self.features, known.features, np.asarray(labels)),
        }


def _distance(features: FloatArray, known: FloatArray, labels: NDArray[np.int64]) -> FloatArray:
    """Return Mahalanobis' distance to the nearest class, with one covariance for all, drawn towards a sphere."""
    classes = np.unique(labels)
    means = np.stack([known[labels == label].mean(axis=0) for label in classes])
    spread = known - means[np.searchsorted(classes, labels)]
    covariance = spread.T @ spread / len(spread)
    covariance += 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    away = features[:, None] - means
    return np.asarray(np.einsum("nki,ij,nkj->nk", away, np.linalg.inv(covariance), away).min(axis=1))


def impression(model: MaskRCNN, guests: list[Guest]) -> Impression:
    """Return what a model makes of guests."""
    logits, features = [], []
    for one in guests:
        with evaluating(model):
            trace = model.trace(list(as_tensor([one.image])))
            read = model.roi_heads.box_head(trace.box_features)
        rows, columns = np.flatnonzero(one.mask.any(axis=1)), np.flatnonzero(one.mask.any(axis=0))
        box = torch.tensor([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], dtype=torch.float32)
        overlap = box_iou(trace.proposals[0], box)[:, 0]
        there = (overlap >= min(0.5, float(overlap.max()))).nonzero()[:, 0]
        best = there[trace.scores[there, 1:].max(dim=1).values.argmax()]
        logits.append(trace.class_logits[best].numpy())
        features.append(read[best].numpy())
    return Impression(np.stack(logits).astype(np.float64), np.stack(features).astype(np.float64))


def auroc(known: ArrayLike, strange: ArrayLike) -> float:
    """Return how often a stranger seems stranger than something known, ties counting half.

    Examples
    --------
    >>> auroc([0.1, 0.2], [0.2, 0.3])
    0.875
    """
    values = np.concatenate([np.asarray(known, float), np.asarray(strange, float)])
    ranks = rankdata(values)[len(np.asarray(known)) :]
    count, others = len(ranks), len(values) - len(ranks)
    return float((ranks.sum() - count * (count + 1) / 2) / (count * others))


def auroc_interval(known: ArrayLike, strange: ArrayLike) -> Interval:
    """Return `auroc` with its interval over pictures."""
    values = np.concatenate([np.asarray(known, float), np.asarray(strange, float)])
    side = np.repeat([0, 1], [len(np.asarray(known)), len(np.asarray(strange))])
    return interval((values, side), lambda one, which: auroc(one[which < 1], one[which > 0]), resamples=500)
