"""How sure a measured figure is: intervals by the bootstrap, picture by picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap

from minimask.geometry.checks import as_number, as_whole_number


class Interval(NamedTuple):
    """A figure, and the ends of the interval that holds it with some confidence."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return the figure and its interval, with three digits."""
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval(
    values: ArrayLike | tuple[ArrayLike, ...],
    statistic: Callable[..., Any] = np.mean,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = 2000,
) -> Interval:
    """Return a statistic of a sample, and its interval by the percentile bootstrap.

    The sample is drawn anew many times, as often with every element as chance has it; the interval holds the middle
    `level` of what the statistic is then. What is drawn must be independent: pictures, not the objects in them.

    Parameters
    ----------
    values : array (N,) or tuple of arrays (N,)
        One number for each picture; several arrays are drawn together. For figures that are no function of numbers
        (average precision), the indices of the pictures.
    statistic : callable
        Of one array, or of as many as `values` has, to a number.
    level : float between 0 and 1
    seed : int
        Decides what is drawn.
    resamples : int, at least 100

    Raises
    ------
    ValueError, TypeError
        If there are fewer than two elements, arrays differ in length, something is not finite, or `level`, `seed` or
        `resamples` are out of range.

    Notes
    -----
    Efron, Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; by `scipy.stats.bootstrap`.

    Examples
    --------
    >>> print(interval([3, 5, 4, 4, 2, 6]))
    4.000 [3.000, 5.000]
    >>> print(interval(([9, 20, 30], [10, 20, 30]), lambda ours, theirs: ours.sum() / theirs.sum()))
    0.983 [0.900, 1.000]
    """
    several = isinstance(values, tuple)
    samples = [_sample(one) for one in values] if isinstance(values, tuple) else [_sample(values)]
    if len({len(sample) for sample in samples}) != 1 or len(samples[0]) < 2:
        lengths = ", ".join(str(len(sample)) for sample in samples)
        raise ValueError(f"values must have equally many elements, at least 2, got {lengths or 'no array'}")
    if not 0 < as_number(level, "level") < 1:
        raise ValueError(f"level must be above 0 and below 1, got {level}")
    rng = np.random.default_rng(as_whole_number(seed, "seed", 0))
    value = float(statistic(*samples))
    if all((sample == sample[0]).all() for sample in samples):
        return Interval(value, value, value)  # every draw is the sample itself
    found = bootstrap(
        samples,
        statistic,
        paired=several,
        vectorized=False,
        n_resamples=as_whole_number(resamples, "resamples", 100),
        confidence_level=level,
        method="percentile",
        rng=rng,
    ).confidence_interval
    return Interval(value, float(found.low), float(found.high))


def _sample(values: ArrayLike) -> NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"values must be numbers (N,), got shape {array.shape} of {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"values must be finite, got {array[~np.isfinite(array)][0]}")
    return array
