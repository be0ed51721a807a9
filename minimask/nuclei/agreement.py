"""Do two ways of counting agree? Bias and limits of agreement, as medicine asks for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from minimask.evaluation.intervals import Interval, interval

NORMAL = 1.96
"""Standard deviations to either side that hold 95 % of a normal distribution."""


class Agreement(NamedTuple):
    """How one way of counting differs from another."""

    bias: Interval
    """The mean difference."""
    low: Interval
    high: Interval
    """The limits of agreement: 95 of 100 differences lie between them, if they are distributed normally."""


def limits(ours: ArrayLike, theirs: ArrayLike) -> tuple[float, float, float]:
    """Return the bias and the two limits of agreement, low and high.

    Examples
    --------
    >>> [round(value, 2) for value in limits([11, 19, 32], [10, 20, 30])]
    [0.67, -2.33, 3.66]
    """
    differences = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    bias, spread = float(differences.mean()), float(differences.std(ddof=1)) * NORMAL
    return bias, bias - spread, bias + spread


def agreement(ours: ArrayLike, theirs: ArrayLike, seed: int = 0) -> Agreement:
    """Return bias and limits of agreement, each with its interval by the bootstrap over pictures.

    Parameters
    ----------
    ours, theirs : arrays (N,)
        Two counts of each picture.
    seed : int
        Of the bootstrap.

    References
    ----------
    Bland, Altman, "Statistical methods for assessing agreement between two methods of clinical measurement", Lancet
    1986.

    Examples
    --------
    >>> found = agreement([11, 19, 32, 40], [10, 20, 30, 40])
    >>> round(found.bias.value, 2), found.low.value < found.bias.value < found.high.value
    (0.5, True)
    """
    pairs = (np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64))
    return Agreement(*(interval(pairs, lambda a, b, k=k: limits(a, b)[k], seed=seed) for k in range(3)))
