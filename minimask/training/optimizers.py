"""Optimizers and the rates at which they work, as a training's settings say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from minimask.training.config import Config
from minimask.training.muon import Muon

MUON_MOMENTUM = 0.9
"""Of a short training, 0.95 looks too far back: the lesson had 0.41 mask AP after 400 steps, with 0.9 it has 0.48."""
SGD_MOMENTUM = 0.9
DROPS = (2 / 3, 8 / 9)
"""After these fractions of the steps the schedule `step` divides the rate by 10 (He et al., 2017, section 3.1)."""


class Optimizers:
    """One optimizer, or several that share the parameters of a model and work as one.

    Parameters
    ----------
    model : nn.Module
        Whose parameters they are; the names are hers.
    optimizers : torch optimizers
        The `lr` of each group is its highest.
    """

    def __init__(self, model: nn.Module, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers = optimizers
        self._parameters = dict(model.named_parameters())
        for group in self.groups:
            group["highest"] = group["lr"]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The parameter groups of all."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def set_rate(self, factor: float) -> float:
        """Set all rates to a fraction of their highest, and return the first group's."""
        for group in self.groups:
            group["lr"] = factor * group["highest"]
        return float(self.groups[0]["lr"])

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)

    def step(self, do: Callable[[torch.optim.Optimizer], object] = lambda one: one.step()) -> None:
        """Let each change its parameters, or `do` something with each, e.g. what a gradient scaler does."""
        for optimizer in self.optimizers:
            do(optimizer)

    def state(self) -> dict[str, Tensor]:
        """Return what they remember, by the name of the parameter and of what it is: `conv.weight/momentum_buffer`."""
        return {
            f"{name}/{key}": value
            for name, parameter in self._parameters.items()
            for optimizer in self.optimizers
            if parameter in optimizer.state
            for key, value in optimizer.state[parameter].items()
            if isinstance(value, Tensor)
        }

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Remember what `state` returned, on each parameter's device and in its order in memory.

        Raises
        ------
        ValueError
            If it is about other parameters, or such of another shape.
        """
        owners = {
            parameter: one for one in self.optimizers for group in one.param_groups for parameter in group["params"]
        }
        for label, value in state.items():
            name, _, key = label.rpartition("/")
            parameter = self._parameters.get(name)
            if parameter is None or parameter not in owners:
                raise ValueError(f"state must be of the parameters that are trained, got {label!r}")
            if value.ndim and value.shape != parameter.shape:
                raise ValueError(
                    f"state {label!r} must have its parameter's shape {tuple(parameter.shape)}, "
                    f"got {tuple(value.shape)}"
                )
            # Sums depend on the order in memory: the same bits come out only of the same order.
            kept = torch.empty_like(parameter, dtype=value.dtype) if value.ndim else torch.empty_like(value)
            owners[parameter].state[parameter][key] = kept.copy_(value)


def make_optimizer(model: nn.Module, config: Config) -> Optimizers:
    """Return the optimizer of a training.

    Parameters
    ----------
    model : nn.Module
        Parameters that need no gradient are left as they are.
    config : Config
        `optimizer`, `learning_rate`, `rest_rate` and `decay`.

    Notes
    -----
    Parameters of fewer than two dimensions (biases, and the scales of norms) do not decay.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    >>> groups = make_optimizer(model, Config(weight_decay=0.01)).groups
    >>> [(len(group["params"]), group["lr"], group["weight_decay"]) for group in groups]
    [(1, 0.02, 0.01), (3, 0.005, 0.0)]
    """
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = {"params": [one for one in learned if one.ndim >= 2], "weight_decay": config.decay}
    others = {"params": [one for one in learned if one.ndim < 2], "weight_decay": 0.0}
    if not learned:
        raise ValueError("model must have a parameter to be learned, got none")
    if config.optimizer == "muon":
        muon = Muon([matrices], config.learning_rate, MUON_MOMENTUM)
        return Optimizers(model, muon, torch.optim.AdamW([others], config.rest_rate, fused=True))
    if config.optimizer == "adamw":
        return Optimizers(model, torch.optim.AdamW([matrices, others], config.learning_rate))
    return Optimizers(model, torch.optim.SGD([matrices, others], config.learning_rate, SGD_MOMENTUM))


def rate_factor(config: Config, step: int) -> float:
    """Return the fraction of the highest rate at which a step is made, from 1 to `config.steps`.

    Examples
    --------
    >>> config = Config(steps=10, warmup=0.2)
    >>> [round(rate_factor(config, step), 2) for step in range(1, 11)]
    [0.5, 1.0, 1.0, 0.96, 0.85, 0.69, 0.5, 0.31, 0.15, 0.04]
    >>> [round(rate_factor(config.with_changes({"schedule": "step"}), step), 2) for step in (2, 7, 8, 9, 10)]
    [1.0, 1.0, 0.1, 0.1, 0.01]
    """
    rise = config.warmup * config.steps
    if step < rise:
        return step / rise
    if config.schedule == "one_cycle":
        done = (step - 1 - rise) / (config.steps - rise)
        return (1 + math.cos(math.pi * max(0.0, done))) / 2
    if config.schedule == "step":
        return 0.1 ** sum(step - 1 >= drop * config.steps for drop in DROPS)
    return 1.0
