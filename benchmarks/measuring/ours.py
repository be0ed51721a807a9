"""minimask's kernels on one set of numbers, writing where it can be seen what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .problem import ALIGNED, RATIO, Data

Kernels = Any
"""`minimask.roi.cuda`, or what has its functions."""


class Ours:
    """The three operators on the kernels themselves, with the change of layout where channels come first.

    Each method writes whole, and returns what a caller would get.

    Parameters
    ----------
    data : Data
    kernels : module
        `minimask.roi.cuda`.
    """

    def __init__(self, data: Data, kernels: Kernels) -> None:
        self._data, self._kernels = data, kernels
        self._out = _last(torch.empty_like(data.grad))
        self._of_maps = [_last(torch.empty_like(level)) for level in data.maps]
        self._of_boxes = torch.empty_like(data.boxes[:, 1:].contiguous())
        self._first = data.problem.layout == "first"

    @property
    def calls(self) -> dict[str, Callable[[], list[Tensor]]]:
        """The operators by name."""
        return {"forward": self.forward, "features": self.features, "boxes": self.boxes}

    def poison(self) -> None:
        """Fill all that is to be written with what is no number."""
        for tensor in (self._out, *self._of_maps, self._of_boxes):
            tensor.fill_(float("nan"))

    def forward(self) -> list[Tensor]:
        """Return the output (K, C, bins, bins)."""
        self._kernels.roi_align_forward(self._maps(), *self._places(), self._out, *self._settings())
        return [self._handed(self._out)]

    def features(self) -> list[Tensor]:
        """Return the gradients with respect to the features of all levels."""
        grad = _last(self._data.grad)
        self._kernels.roi_align_features_grad(grad, *self._places(), self._of_maps, *self._settings())
        return [self._handed(level) for level in self._of_maps]

    def boxes(self) -> list[Tensor]:
        """Return the gradient with respect to the boxes (K, 4)."""
        grad = _last(self._data.grad)
        self._kernels.roi_align_boxes_grad(grad, self._maps(), *self._places(), self._of_boxes, *self._settings())
        return [self._of_boxes]

    def _maps(self) -> list[Tensor]:
        return [_last(level) for level in self._data.maps]

    def _places(self) -> tuple[Tensor, Tensor]:
        return self._data.boxes, self._data.levels

    def _settings(self) -> tuple[list[float], int, bool]:
        return self._data.problem.scales, RATIO, ALIGNED

    def _handed(self, tensor: Tensor) -> Tensor:
        """Return what a kernel wrote in the layout of the problem."""
        tensor = tensor.permute(0, 3, 1, 2)
        return tensor.contiguous() if self._first else tensor


def _last(tensor: Tensor) -> Tensor:
    """Return (N, C, H, W) as contiguous (N, H, W, C)."""
    return tensor.permute(0, 2, 3, 1).contiguous()
