"""How much each task counts in a training step: fixed weights, weights that are learned, or surgery on gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.checks import as_float_array, as_number
from minimask.gradients.surgery import METHODS, Weights, as_gram, pcgrad

State = dict[str, list[float]]
"""What a weighing remembers, as JSON can write it."""
LEAST_WEIGHT = 1e-3
"""Of GradNorm: a weight that fell to 0 would have no gradient to come back by."""


class Weighing:
    """Say how much each task counts in a step; this one lets all count 1.

    Attributes
    ----------
    reads_gradients : bool
        Whether `weights` needs the products of the tasks' gradients; without, one backward pass is enough.
    """

    reads_gradients = False

    def weights(
        self,
        losses: Mapping[str, float],
        gram: ArrayLike | None = None,  # noqa: ARG002
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> Weights:
        """Return the weights (T,) of a step, and learn from it.

        Parameters
        ----------
        losses : mapping from names to T numbers
            Of this step; the same names in the same order in all steps.
        gram : array (T, T), optional
            Products of the tasks' gradients on what they share.
        rng : numpy.random.Generator, optional
            For methods with chance.
        """
        return np.ones(len(_values(losses)))

    def state(self) -> State:
        """Return what is remembered from step to step."""
        return {}

    def load_state(self, state: Mapping[str, list[float]]) -> None:
        """Remember what `state` returned."""
        if state:
            raise ValueError(f"state must be empty for this weighing, got {sorted(state)}")


class Fixed(Weighing):
    """Weights that stay as they are: the rival that every method should be compared with, once they are tuned.

    Parameters
    ----------
    weights : mapping from names to numbers of at least 0
        Tasks that are not named count 1.

    Examples
    --------
    >>> Fixed({"mask": 2}).weights({"class": 0.5, "mask": 3.0})
    array([1., 2.])
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        for name, weight in weights.items():
            if as_number(weight, f"weights[{name!r}]") < 0:
                raise ValueError(f"weights must be at least 0, got {weight:g} for {name!r}")
        self._fixed = dict(weights)

    def weights(
        self,
        losses: Mapping[str, float],
        gram: ArrayLike | None = None,  # noqa: ARG002
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> Weights:
        """Return the weights (T,)."""
        unknown = self._fixed.keys() - losses.keys()
        if unknown:
            raise ValueError(f"weights must be of {', '.join(losses)}, got one of {min(unknown)!r}")
        return np.array([float(self._fixed.get(name, 1)) for name in losses])


class Surgery(Weighing):
    """Weigh by a method of `minimask.gradients.surgery`, by name.

    Parameters
    ----------
    method : {"sum", "pcgrad", "mgda", "cagrad", "upgrad"}

    Examples
    --------
    >>> Surgery("upgrad").weights({"class": 0.7, "box": 0.2}, [[4, -1], [-1, 1]])
    array([1.25, 2.  ])
    """

    reads_gradients = True

    def __init__(self, method: str) -> None:
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
        self.method = method

    def weights(
        self, losses: Mapping[str, float], gram: ArrayLike | None = None, rng: np.random.Generator | None = None
    ) -> Weights:
        """Return the weights (T,) of a step."""
        products = _as_gram_of(_values(losses), gram)
        return pcgrad(products, rng) if self.method == "pcgrad" else METHODS[self.method](products)


class Uncertainty(Weighing):
    r"""Learn a variance for each task, by which its loss is divided.

    The total is :math:`\sum_t e^{-s_t} L_t + s_t / 2` with :math:`s_t = \log \sigma_t^2`; every step moves each s by
    gradient descent. Where a loss stays the same, its weight goes to 1 / (2 L).

    Parameters
    ----------
    rate : float above 0
        Of the descent on s.

    References
    ----------
    Kendall, Gal and Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses, 2018, equation 10.

    Examples
    --------
    >>> weighing = Uncertainty(rate=0.1)
    >>> for step in range(500):
    ...     weights = weighing.weights({"class": 2.0, "box": 0.125})
    >>> weights.round(3)
    array([0.25, 4.  ])
    """

    def __init__(self, rate: float = 0.01) -> None:
        self.rate = _above_zero(rate, "rate")
        self._logs: Weights | None = None

    def weights(
        self,
        losses: Mapping[str, float],
        gram: ArrayLike | None = None,  # noqa: ARG002
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> Weights:
        """Return the weights (T,) of a step, and move the variances."""
        values = _values(losses)
        logs = _same_tasks(np.zeros(len(values)) if self._logs is None else self._logs, values)
        weights = np.exp(-logs)
        self._logs = logs - self.rate * (0.5 - weights * values)
        return weights

    def state(self) -> State:
        """Return the logarithms of the variances."""
        return {} if self._logs is None else {"log_variances": self._logs.tolist()}

    def load_state(self, state: Mapping[str, list[float]]) -> None:
        """Remember what `state` returned."""
        self._logs = np.array(state["log_variances"]) if state else None


class GradNorm(Weighing):
    r"""Learn weights so that tasks which have learned less get longer gradients.

    With :math:`G_t = w_t |g_t|`, their mean :math:`\bar G`, and :math:`r_t` the part of its first loss that a task
    still has, divided by the mean of all, every step moves the weights down the gradient of
    :math:`\sum_t |G_t - \bar G r_t^\alpha| / \bar G`, the targets held fixed; then they are scaled to a sum of T.

    Parameters
    ----------
    alpha : float, at least 0
        How much who lags behind is favored; with 0 all lengths become equal.
    rate : float above 0
        Of the descent. Divided by the mean length, it suits gradients of any scale; the paper's does not.

    References
    ----------
    Chen et al., GradNorm, 2018, section 3.2 and algorithm 1.

    Examples
    --------
    >>> weighing = GradNorm(alpha=0.0, rate=0.01)
    >>> for step in range(500):  # lengths 2 and 1
    ...     weights = weighing.weights({"class": 1.0, "box": 1.0}, [[4, -1], [-1, 1]])
    >>> weights.round(1)
    array([0.7, 1.3])
    """

    reads_gradients = True

    def __init__(self, alpha: float = 1.5, rate: float = 0.01) -> None:
        if as_number(alpha, "alpha") < 0:
            raise ValueError(f"alpha must be at least 0, got {alpha:g}")
        self.alpha, self.rate = float(alpha), _above_zero(rate, "rate")
        self._weights: Weights | None = None
        self._first: Weights | None = None

    def weights(
        self,
        losses: Mapping[str, float],
        gram: ArrayLike | None = None,
        rng: np.random.Generator | None = None,  # noqa: ARG002
    ) -> Weights:
        """Return the weights (T,) of a step, and move them."""
        values = _values(losses)
        lengths = np.sqrt(np.diag(_as_gram_of(values, gram)))
        if self._weights is None or self._first is None:
            self._weights, self._first = np.ones(len(values)), values
        weights = _same_tasks(self._weights, values)
        weighed = weights * lengths
        mean = weighed.mean()
        left = values / np.where(self._first > 0, self._first, 1)
        if mean > 0 and left.mean() > 0:
            targets = mean * (left / left.mean()) ** self.alpha
            moved = weights - self.rate * np.sign(weighed - targets) * lengths / mean
            moved = np.maximum(moved, LEAST_WEIGHT)
            self._weights = moved * (len(moved) / moved.sum())
        return weights

    def state(self) -> State:
        """Return the weights of the next step, and the losses of the first."""
        if self._weights is None or self._first is None:
            return {}
        return {"weights": self._weights.tolist(), "first": self._first.tolist()}

    def load_state(self, state: Mapping[str, list[float]]) -> None:
        """Remember what `state` returned."""
        self._weights = np.array(state["weights"]) if state else None
        self._first = np.array(state["first"]) if state else None


WEIGHINGS = ("sum", "fixed", "uncertainty", "gradnorm", *(name for name in METHODS if name != "sum"))
"""By name; `sum` is that of plain training."""


def weighing_of(name: str, fixed: Mapping[str, float] | None = None) -> Weighing:
    """Return a new weighing by its name; `fixed` are the weights of that of this name.

    Examples
    --------
    >>> weighing_of("fixed", {"mask": 2}).weights({"class": 0.5, "mask": 3.0})
    array([1., 2.])
    """
    if name not in WEIGHINGS:
        raise ValueError(f"name must be one of {', '.join(WEIGHINGS)}, got {name!r}")
    if fixed and name != "fixed":
        raise ValueError(f"fixed must be given for the weighing 'fixed' only, got {dict(fixed)} for {name!r}")
    simple: dict[str, Callable[[], Weighing]] = {"sum": Weighing, "uncertainty": Uncertainty, "gradnorm": GradNorm}
    if name == "fixed":
        return Fixed(fixed or {})
    return simple[name]() if name in simple else Surgery(name)


def _values(losses: Mapping[str, float]) -> Weights:
    """Return the losses as an array (T,), after making sure that they are finite, and that there are some."""
    if not losses:
        raise ValueError("losses must name at least one, got none")
    return as_float_array(list(losses.values()), "losses", np.inf).astype(np.float64)


def _as_gram_of(losses: Weights, gram: ArrayLike | None) -> Weights:
    if gram is None:
        raise ValueError("gram must be given: this method weighs by the tasks' gradients")
    products = as_gram(gram)
    if len(products) != len(losses):
        raise ValueError(f"gram must have a row for each of {len(losses)} losses, got {len(products)}")
    return products


def _same_tasks(remembered: Weights, losses: Weights) -> Weights:
    if len(remembered) != len(losses):
        raise ValueError(f"losses must be those of {len(remembered)} tasks, as before, got {len(losses)}")
    return remembered


def _above_zero(value: float, name: str) -> float:
    number = as_number(value, name)
    if number <= 0:
        raise ValueError(f"{name} must be above 0, got {number:g}")
    return float(number)
