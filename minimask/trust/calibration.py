"""Whether a number that calls itself a probability is one: reliability, calibration error, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from minimask.evaluation.intervals import Interval, interval
from minimask.geometry.checks import BoolArray, FloatArray, IntArray, as_float_array, as_whole_number
from minimask.trust.judged import scores_at

BINS = 10
SMALLEST = 1e-6
"""Probabilities are moved so far away from 0 and 1 before their logits are taken."""
Cut = Literal["width", "mass"]
"""Bins of equal width, or of equally many scores."""


class Bin(NamedTuple):
    """A bin of a reliability diagram."""

    size: int
    score: float
    """The mean of its scores."""
    share: float
    """Of what is right among them."""


def reliability(scores: ArrayLike, right: ArrayLike, bins: int = BINS, cut: Cut = "width") -> list[Bin]:
    """Return the bins of a reliability diagram that are not empty, from low scores to high ones.

    Bins of equal width contain their upper edge, and the first one 0 too.

    Parameters
    ----------
    scores : array (N,)
        From 0 to 1.
    right : Boolean array (N,)
    bins : int
    cut : "width" or "mass"

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed.

    Examples
    --------
    >>> reliability([0.2, 0.9, 1.0, 1.0], [False, True, True, False], bins=2)
    [Bin(size=1, score=0.2, share=0.0), Bin(size=3, score=0.9666666666666667, share=0.6666666666666666)]
    """
    values, verdicts, bins = as_float_array(scores, "scores"), np.asarray(right), as_whole_number(bins, "bins", 1)
    if values.ndim != 1 or verdicts.shape != values.shape or not len(values):
        raise ValueError(f"scores and right must have one shape (N,), N >= 1, got {values.shape} and {verdicts.shape}")
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"scores must be from 0 to 1, got {values.min()} to {values.max()}")
    if cut not in ("width", "mass"):
        raise ValueError(f"cut must be 'width' or 'mass', got {cut!r}")
    if cut == "width":
        place = np.maximum(np.ceil(values * bins), 1).astype(int) - 1
    else:
        place = np.empty(len(values), int)
        place[np.argsort(values, kind="stable")] = np.arange(len(values)) * bins // len(values)
    count = np.bincount(place, minlength=bins)
    total, correct = (np.bincount(place, weights, bins) for weights in (values, verdicts.astype(float)))
    return [Bin(int(n), float(s / n), float(r / n)) for n, s, r in zip(count, total, correct, strict=True) if n]


def calibration_error(scores: ArrayLike, right: ArrayLike, bins: int = BINS, cut: Cut = "width") -> float:
    """Return the expected calibration error (ECE): the mean over all scores of how far their bin misses the diagonal.

    References
    ----------
    Naeini, Cooper, Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015; Guo et al., On
    Calibration of Modern Neural Networks, 2017.

    Examples
    --------
    >>> round(calibration_error([0.2, 0.9, 1.0, 1.0], [False, True, True, False], bins=2), 6)
    0.275
    """
    found = reliability(scores, right, bins, cut)
    return sum(one.size * abs(one.score - one.share) for one in found) / sum(one.size for one in found)


def calibration_interval(
    scores: FloatArray, right: BoolArray, picture: IntArray, bins: int = BINS, cut: Cut = "width", resamples: int = 300
) -> Interval:
    """Return the calibration error with its interval over pictures.

    An error is never below 0, so chance raises it: a calibrated score has one above 0 too, and the interval says so.
    """
    groups = [np.flatnonzero(picture == number) for number in np.unique(picture)]

    def error(which: IntArray) -> float:
        rows = np.concatenate([groups[int(k)] for k in which])
        return calibration_error(scores[rows], right[rows], bins, cut)

    return interval(np.arange(len(groups)), error, resamples=resamples)


def surprise(likely: FloatArray, right: BoolArray) -> float:
    """Return the mean of -log of the probability of what came true: the log loss, in natural units."""
    safe = np.clip(likely, SMALLEST, 1 - SMALLEST)
    return float(-np.where(right, np.log(safe), np.log1p(-safe)).mean())


def fit_temperature(logits: FloatArray, label: IntArray, right: BoolArray) -> float:
    """Return the temperature by which logits are divided so that the score surprises least by being right or wrong.

    Examples
    --------
    >>> logits = np.array([[0.0, 4.0]] * 4)  # 98 % sure, and right three times of four
    >>> round(fit_temperature(logits, np.ones(4, int), np.array([True, True, True, False])), 2)
    3.64
    """

    def loss(log_temperature: float) -> float:
        return surprise(scores_at(logits, label, float(np.exp(log_temperature))), right)

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 4), method="bounded").x))


Map = Callable[[FloatArray], FloatArray]
"""From scores to better ones."""


def fit_platt(scores: FloatArray, right: BoolArray) -> Map:
    """Return the map `sigmoid(a logit(score) + b)` that surprises least: Platt's, on the score's own logit.

    With `b = 0` it is a temperature of the detection's own logit; `b` moves all scores up or down.
    """
    a, b = _fit(lambda w, x: w[0] * logit(x) + w[1], scores, right, (1.0, 0.0))
    return lambda values: np.asarray(expit(a * logit(_safe(values)) + b))


def fit_beta(scores: FloatArray, right: BoolArray) -> Map:
    """Return the map `sigmoid(a log(score) - b log(1 - score) + c)` that surprises least.

    References
    ----------
    Kull, Silva Filho, Flach, Beta Calibration, 2017.
    """
    a, b, c = _fit(lambda w, x: w[0] * np.log(x) - w[1] * np.log1p(-x) + w[2], scores, right, (1.0, 1.0, 0.0))
    return lambda values: np.asarray(expit(a * np.log(_safe(values)) - b * np.log1p(-_safe(values)) + c))


def _safe(values: FloatArray) -> FloatArray:
    return np.clip(values, SMALLEST, 1 - SMALLEST)


def _fit(
    line: Callable[[FloatArray, FloatArray], FloatArray], scores: FloatArray, right: BoolArray, start: tuple[float, ...]
) -> list[float]:
    """Return the weights of a logistic regression by its log loss."""
    safe = _safe(np.asarray(scores, dtype=np.float64))
    found = minimize(lambda weights: surprise(expit(line(weights, safe)), right), np.array(start), method="BFGS")
    return [float(weight) for weight in found.x]
