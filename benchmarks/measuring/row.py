"""One problem checked and timed: a row of the table."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from minimask.roi.door import multilevel_roi_align

from .bounds import Bound, bounds
from .clock import seconds
from .held import Finding, held
from .ours import Kernels, Ours
from .problem import ALIGNED, RATIO, SETS, Data, Problem, draw
from .work import Work

OPERATORS = ("forward", "features", "boxes")


class Row(NamedTuple):
    """What was measured of a problem; times in seconds, by operator."""

    problem: Problem
    findings: list[Finding]
    bounds: dict[str, Bound]
    ours: dict[str, float]
    """What the card takes for minimask's kernels, launches queued before."""
    theirs: dict[str, float]
    """What it takes for torchvision's, where that has any."""
    whole: dict[str, float]
    """From the call of the public function on an idle card to its end: checks and launches included."""
    their_whole: dict[str, float]

    def ratio(self, name: str) -> float | None:
        """Return how many times longer torchvision's operator takes on the card; None where it has none."""
        return self.theirs[name] / self.ours[name] if name in self.theirs else None

    def whole_ratio(self, name: str) -> float | None:
        """Return how many times longer torchvision's function takes, launches included."""
        return self.their_whole[name] / self.whole[name] if name in self.their_whole else None

    def share(self, name: str, copies: float) -> float:
        """Return the share of the copy rate at which the bytes moved that had to."""
        return self.bounds[name].least / self.ours[name] / copies


def measured(problem: Problem, work: Work, kernels: Kernels, device: torch.device, seed: int, repeats: int) -> Row:
    """Check and time a problem on numbers drawn anew."""
    sets = [draw(problem, device, seed + i, i) for i in range(SETS)]
    own = [Ours(data, kernels) for data in sets]
    findings = held(sets[0], own[0], repeats)
    ours = {name: seconds([one.calls[name] for one in own], device, queued=True) for name in OPERATORS}
    whole = passes([_public(data) for data in sets], sets, device)
    theirs: dict[str, float] = {}
    their_whole: dict[str, float] = {}
    if has_torchvision() and problem.dtype != "bfloat16":  # of which torchvision's operator has none
        from .rival import Torchvision, public

        others = [Torchvision(data) for data in sets]
        theirs = {name: seconds([one.calls[name] for one in others], device, queued=True) for name in others[0].calls}
        first = [data._replace(maps=[m.contiguous() for m in data.maps], grad=data.grad.contiguous()) for data in sets]
        their_whole = passes([public(data) for data in first], first, device)
    return Row(problem, findings, bounds(problem, work), ours, theirs, whole, their_whole)


def has_torchvision() -> bool:
    """Return whether torchvision is installed."""
    return importlib.util.find_spec("torchvision") is not None


def passes(
    functions: Sequence[Callable[[list[Tensor]], Tensor]], sets: Sequence[Data], device: torch.device
) -> dict[str, float]:
    """Return the times of public functions of the maps, and of their backward pass."""
    outs, leaves = [], []
    for function, data in zip(functions, sets, strict=True):
        leaves.append([level.detach().requires_grad_() for level in data.maps])
        outs.append(function(leaves[-1]))

    def forward(i: int) -> Callable[[], object]:
        return lambda: functions[i](sets[i].maps)

    def backward(i: int) -> Callable[[], object]:
        return lambda: torch.autograd.grad(outs[i], leaves[i], sets[i].grad, retain_graph=True, allow_unused=True)

    numbers = range(len(sets))
    return {
        "forward": seconds([forward(i) for i in numbers], device, queued=False),
        "features": seconds([backward(i) for i in numbers], device, queued=False),
    }


def _public(data: Data) -> Callable[[list[Tensor]], Tensor]:
    """Return what a user calls, as a function of the maps."""
    problem = data.problem

    def align(maps: list[Tensor]) -> Tensor:
        return multilevel_roi_align(maps, data.boxes, problem.bins, problem.scales, RATIO, ALIGNED)

    return align
