"""Which way to go when several tasks pull in different directions: each method weighs the tasks' gradients.

All of them need to know no more than the Gram matrix of the gradients, every product of two of them: a T x T table,
however many weights the network has. With weights all 1 the direction is the plain sum, the gradient of the summed
losses; methods that speak of the mean are multiplied by the number of tasks, so that rates found for the sum suit all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minimask.geometry.checks import as_float_array, as_number

Weights = NDArray[np.float64]
MOST_TASKS = 10
"""Least norms are found by trying all sets of tasks."""
ASYMMETRY = 1e-6
"""How far a Gram matrix may be from symmetric and from having no negative eigenvalue, in fractions of its largest."""


SINGULAR = 1e-11
"""Cosines whose least eigenvalue is below are those of vectors that depend on each other."""


def as_gram(gram: ArrayLike) -> Weights:
    """Return products of gradients as a symmetric float64 array (T, T).

    Raises
    ------
    ValueError
        If it is not a square of 1 to `MOST_TASKS` rows, is not symmetric, or cannot be products of any vectors.
    """
    array = as_float_array(gram, "gram", np.inf).astype(np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or not 1 <= len(array) <= MOST_TASKS:
        raise ValueError(f"gram must have shape (T, T), with T from 1 to {MOST_TASKS}, got shape {array.shape}")
    room = ASYMMETRY * np.abs(array).max()
    if np.abs(array - array.T).max() > room:
        raise ValueError(f"gram must be symmetric, got {array.tolist()}")
    array = (array + array.T) / 2
    least = np.linalg.eigvalsh(array)[0]
    if least < -room * len(array):
        raise ValueError(f"gram must hold products of vectors, got an eigenvalue of {least:g}")
    return array


def summed(gram: ArrayLike) -> Weights:
    """Return weights of 1: the gradient of the sum of all losses.

    Examples
    --------
    >>> summed([[4, -1], [-1, 1]])
    array([1., 1.])
    """
    return np.ones(len(as_gram(gram)))


def pcgrad(gram: ArrayLike, rng: np.random.Generator | None = None) -> Weights:
    """Return the weights of PCGrad: each gradient loses what points against another one; then all are added.

    For each task i, and every other task j in random order: if g_i · g_j < 0, then g_i -= (g_i · g_j / g_j · g_j) g_j,
    where g_i is what earlier projections have left, and g_j is as it was.

    Parameters
    ----------
    gram : array (T, T)
    rng : numpy.random.Generator, optional
        Decides the order, which matters from three tasks on; by default it is that of the tasks.

    References
    ----------
    Yu et al., Gradient Surgery for Multi-Task Learning, 2020, algorithm 1.

    Examples
    --------
    >>> pcgrad([[4, -1], [-1, 1]])  # g_1 + 1 g_2, and g_2 + 1/4 g_1
    array([1.25, 2.  ])
    """
    products = as_gram(gram)
    weights = np.zeros(len(products))
    for task in range(len(products)):
        own = np.eye(len(products))[task]
        others = [other for other in range(len(products)) if other != task]
        for other in others if rng is None else rng.permutation(others):
            overlap = own @ products[:, other]
            if overlap < 0:
                own[other] -= overlap / products[other, other]
        weights += own
    return weights


def least_norm(gram: ArrayLike) -> Weights:
    """Return the weights, from 0 and with a sum of 1, of the shortest vector in the hull of the gradients.

    Notes
    -----
    The shortest vector has equal products with all gradients whose weights are above 0. So each set of tasks has one
    candidate, from linear equations; of those without negative weights, the shortest is taken.

    References
    ----------
    Désidéri, Multiple-gradient descent algorithm, 2012.

    Examples
    --------
    >>> least_norm([[4, -1], [-1, 1]]).round(4)  # of (2, 0) and (-1/2, 0.87)
    array([0.2857, 0.7143])
    >>> least_norm([[4, 2], [2, 1]])  # one behind the other: the shorter
    array([0., 1.])
    """
    products = as_gram(gram)
    best, shortest = np.full(len(products), 1 / len(products)), float("inf")
    for chosen in _sets(len(products)):
        if not chosen:
            continue
        count = len(chosen)
        equations = np.ones((count + 1, count + 1))
        scale = np.abs(products).max() or 1.0
        equations[:count, :count], equations[count, count] = products[np.ix_(chosen, chosen)] / scale, 0
        found = np.linalg.lstsq(equations, np.eye(count + 1)[count], rcond=None)[0][:count]
        weights = np.zeros(len(products))
        weights[list(chosen)] = found
        norm = float(weights @ products @ weights)
        if found.min() >= 0 and norm < shortest:
            best, shortest = weights / weights.sum(), norm
    return best


def mgda(gram: ArrayLike) -> Weights:
    """Return the weights of MGDA: T times the shortest vector in the hull, against which no task pulls.

    References
    ----------
    Sener and Koltun, Multi-Task Learning as Multi-Objective Optimization, 2018, section 3.

    Examples
    --------
    >>> mgda([[4, 0], [0, 1]])  # the larger a gradient, the smaller its weight
    array([0.4, 1.6])
    """
    weights = least_norm(gram)
    return weights * len(weights)


def cagrad(gram: ArrayLike, c: float = 0.5) -> Weights:
    """Return the weights of CAGrad: near the sum, the direction that is best for the task that gains least from it.

    With `g_0` the mean of the gradients, it maximizes the least of `d · g_i` over all `d` with `|d - g_0| <= c |g_0|`;
    the direction is T times that d, which is `g_0 + c |g_0| g_w / |g_w|`, where `w` on the simplex makes
    `g_w · g_0 + c |g_0| |g_w|` least.

    Parameters
    ----------
    gram : array (T, T)
    c : float from 0, below 1
        0 is the sum.

    Notes
    -----
    The tasks that gain least gain equally. So each set of tasks has two candidates, from linear equations and the
    length that is added to g_0; all are in reach, and the one whose least gain is largest is taken.

    References
    ----------
    Liu et al., Conflict-Averse Gradient Descent for Multi-task Learning, 2021, algorithm 1.

    Examples
    --------
    >>> cagrad([[4, -1], [-1, 1]]).round(3)
    array([1.   , 1.866])
    """
    products, c = as_gram(gram), as_number(c, "c")
    if not 0 <= c < 1:
        raise ValueError(f"c must be at least 0 and below 1, got {c:g}")
    count = len(products)
    scale = np.abs(products).max()
    if scale == 0:
        return np.ones(count)
    products = products / scale
    mean = products.mean(axis=1)
    reach = c * float(np.sqrt(max(0.0, mean.mean())))
    best, most = np.zeros(count), float(mean.min())
    for chosen in _sets(count):
        for more in _equal_gains(products, mean, reach, list(chosen)):
            length = float(np.sqrt(max(0.0, more @ products @ more)))
            if length > 0:
                added = more * (reach / length)
                least = float((mean + products @ added).min())
                if least > most:
                    best, most = added, least
    weights: Weights = 1 + count * best
    return weights


def _equal_gains(products: Weights, mean: Weights, reach: float, chosen: list[int]) -> Iterator[Weights]:
    """Yield what is added to the mean where the chosen tasks gain equally: m a - b, whose length `reach` says m."""
    lengths = np.sqrt(np.diag(products)[chosen])
    if not chosen or lengths.min() == 0:
        return
    cosines = products[np.ix_(chosen, chosen)] / np.outer(lengths, lengths)
    if np.linalg.eigvalsh(cosines)[0] < SINGULAR:
        return  # fewer of them make the same direction
    ones, gains = 1 / lengths, mean[chosen] / lengths
    a, b = np.linalg.solve(cosines, np.stack([ones, gains], axis=1)).T
    aa, ab, bb = a @ ones, a @ gains, b @ gains
    root = np.sqrt(max(0.0, ab**2 - aa * (bb - reach**2)))
    for m in ((ab + root) / aa, (ab - root) / aa):
        more = np.zeros(len(products))
        more[chosen] = (m * a - b) / lengths
        yield more


def upgrad(gram: ArrayLike) -> Weights:
    """Return the weights of UPGrad: each gradient is moved as little as needed for no task to lose, then all are added.

    The i-th gradient becomes the nearest vector that has no negative product with any: the sum of v_j g_j with the
    least norm among all v with v_i >= 1 and v_j >= 0.

    References
    ----------
    Quinton and Rey, Jacobian Descent for Multi-Objective Optimization, 2024, section 3.

    Examples
    --------
    >>> upgrad([[4, -1], [-1, 1]])  # of two, it is PCGrad
    array([1.25, 2.  ])
    """
    products = as_gram(gram)
    weights: Weights = np.sum([_least_above(products, one) for one in np.eye(len(products))], axis=0)
    return weights


def _least_above(products: Weights, floor: Weights) -> Weights:
    """Return the weights, none below its floor, of the shortest vector: where a weight is above, its product is 0."""
    best, shortest = floor, floor @ products @ floor
    room = 1e-12 * np.abs(products).max()
    for chosen in _sets(len(products)):
        free = list(chosen)
        if not free:
            continue
        held = [task for task in range(len(products)) if task not in chosen]
        pulled = -products[np.ix_(free, held)] @ floor[held]
        weights = floor.copy()
        weights[free] = np.linalg.lstsq(products[np.ix_(free, free)], pulled, rcond=None)[0]
        norm = weights @ products @ weights
        if (weights >= floor - 1e-12).all() and norm < shortest - room:
            best, shortest = np.maximum(weights, floor), norm
    return best


def _sets(count: int) -> Iterator[Sequence[int]]:
    """Return all sets of tasks."""
    return chain.from_iterable(combinations(range(count), size) for size in range(count + 1))


METHODS: dict[str, Callable[[ArrayLike], Weights]] = {
    "sum": summed,
    "pcgrad": pcgrad,
    "mgda": mgda,
    "cagrad": cagrad,
    "upgrad": upgrad,
}
"""By name."""
