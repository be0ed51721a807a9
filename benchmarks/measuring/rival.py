"""torchvision's operators on the same numbers, in the layout that they like: channels first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import Tensor
from torchvision.ops import MultiScaleRoIAlign

from .problem import ALIGNED, RATIO, Data


class Torchvision:
    """The bare operators, level by level; which RoI is read from which level is found out before, and not timed."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._maps = [level.contiguous() for level in data.maps]
        self._grad = data.grad.contiguous()
        self._picks = [torch.nonzero(data.levels == level)[:, 0] for level in range(len(data.maps))]
        self._parts = [data.boxes[pick].to(data.problem.number) for pick in self._picks]
        self._settings = (data.problem.bins, data.problem.bins)

    @property
    def calls(self) -> dict[str, Callable[[], list[Tensor]]]:
        """The operators by name; with respect to the boxes there is none."""
        return {"forward": self.forward, "features": self.features}

    def forward(self) -> list[Tensor]:
        """Return the output (K, C, bins, bins)."""
        found = [
            torch.ops.torchvision.roi_align(level, part, scale, *self._settings, RATIO, ALIGNED)
            for level, part, scale in self._levels()
        ]
        if len(found) == 1:
            return found
        out = torch.empty_like(self._grad)
        for pick, part in zip(self._picks, found, strict=True):
            out[pick] = part
        return [out]

    def features(self) -> list[Tensor]:
        """Return the gradients with respect to the features of all levels."""
        grads = [self._grad] if len(self._picks) == 1 else [self._grad[pick] for pick in self._picks]
        return [
            torch.ops.torchvision._roi_align_backward(grad, part, scale, *self._settings, *level.shape, RATIO, ALIGNED)
            for grad, (level, part, scale) in zip(grads, self._levels(), strict=True)
        ]

    def _levels(self) -> list[tuple[Tensor, Tensor, float]]:
        return list(zip(self._maps, self._parts, self._data.problem.scales, strict=True))


def public(data: Data) -> Callable[[list[Tensor]], Tensor]:
    """Return what a user calls, as a function of the maps."""
    problem = data.problem
    if problem.levels == 1:
        boxes = data.boxes.to(problem.number)
        only: Callable[..., Tensor] = torchvision.ops.roi_align
        return lambda maps: only(maps[0], boxes, problem.bins, problem.scales[0], RATIO, ALIGNED)
    names = [str(level) for level in range(problem.levels)]
    pool: Any = MultiScaleRoIAlign(names, problem.bins, RATIO)
    of_images = [
        data.boxes[data.boxes[:, 0] == image, 1:].to(problem.number).contiguous() for image in range(problem.images)
    ]
    sizes = [problem.size] * problem.images
    return lambda maps: pool(dict(zip(names, maps, strict=True)), of_images, sizes)
