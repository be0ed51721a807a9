"""Muon: momentum whose every direction is made equally strong, for the matrices of a network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial a x + b x^3 + c x^5: repeated, it takes singular values from (0, 1] to about 1."""
ITERATIONS = 5
LEAST_NORM = 1e-7


def orthogonalized(matrix: Tensor, iterations: int = ITERATIONS) -> Tensor:
    """Return a matrix with the same singular vectors, and all singular values about 1 (0.7 to 1.2).

    Parameters
    ----------
    matrix : tensor (rows, columns)
    iterations : int
        Of Newton and Schulz. Singular values below about 1/500 of the matrix's norm would take more than 5.

    Returns
    -------
    tensor (rows, columns)

    Notes
    -----
    Every iteration multiplies X from the left by a polynomial in A = X Xᵀ. Polynomials in A commute, so that only the
    small, square A is iterated, and X is multiplied once, in the end: for a wide matrix a fraction of the work, so
    little that float32 is affordable where Jordan et al. take bfloat16. It is needed, too: in bfloat16, rounding makes
    small eigenvalues of A negative, which the polynomial blows up.

    References
    ----------
    Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.

    Examples
    --------
    >>> made = orthogonalized(torch.tensor([[30.0, 0, 0], [0, 4, 0]]))
    >>> bool((torch.linalg.svdvals(made) - 1).abs().max() < 0.35)
    True
    """
    tall = len(matrix) > matrix.shape[1]
    x: Tensor = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=LEAST_NORM)
    a, b, c = COEFFICIENTS
    gram = x @ x.T
    together: Tensor | None = None
    for number in range(iterations):
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal().add_(a)
        together = factor if together is None else factor @ together
        if number < iterations - 1:
            gram = factor @ gram @ factor
    x = x if together is None else together @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Move every matrix by its orthogonalized momentum.

    A convolution's weights (out, in, h, w) are a matrix of `out` rows. Everything else is the business of another
    optimizer, as a rule AdamW.

    Parameters
    ----------
    params : iterable of parameters, or of dicts of groups
        All of two or more dimensions.
    lr : float, at least 0
        The step's spectral norm, times √(rows / columns) where there are more rows than columns.
    momentum : float from 0, below 1
        Nesterov's.
    weight_decay : float, at least 0
        Decoupled, as AdamW's: weights shrink by `lr * weight_decay` of themselves in every step.

    Raises
    ------
    ValueError
        If a parameter has fewer than two dimensions, or a number is out of range.

    Notes
    -----
    On matrices it makes the steps of `torch.optim.Muon`, which newer versions of torch have and which takes nothing but
    matrices, up to its rounding to bfloat16.

    References
    ----------
    Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.

    Examples
    --------
    >>> weights = torch.nn.Parameter(torch.zeros(2, 1, 1, 2))
    >>> weights.grad = torch.tensor([[[[30.0, 0]]], [[[0, 4]]]])
    >>> Muon([weights], lr=1).step()
    >>> [[round(value, 1) for value in row] for row in weights.detach().flatten(1).tolist()]
    [[-0.7, 0.0], [0.0, -0.7]]
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        if lr < 0 or weight_decay < 0:
            raise ValueError(f"lr and weight_decay must be at least 0, got {lr} and {weight_decay}")
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim < 2:
                    raise ValueError(
                        f"params must have two or more dimensions, got one of shape {tuple(parameter.shape)}"
                    )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Change all parameters that have a gradient.

        Parameters
        ----------
        closure : None
            There is none; the argument is torch's.
        """
        if closure is not None:
            raise ValueError("closure must be None: gradients are computed before")
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        """Change one parameter (rows, ...) in place."""
        state = self.state[parameter]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        mean: Tensor = state["momentum_buffer"]
        mean.lerp_(gradient, 1 - group["momentum"])
        # As the parameter lies in memory: the order of a matrix's columns is of no importance, and copies take time.
        last = parameter.ndim == 4 and parameter.is_contiguous(memory_format=torch.channels_last)
        order = (0, 2, 3, 1) if last else range(parameter.ndim)
        rows = parameter.permute(*order)
        matrix = gradient.lerp(mean, group["momentum"]).permute(*order).flatten(1)
        longer = math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
        if group["weight_decay"]:
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
        rows.add_(orthogonalized(matrix).reshape(rows.shape), alpha=-group["lr"] * longer)
