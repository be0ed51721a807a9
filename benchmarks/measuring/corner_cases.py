"""Small problems with everything that a kernel can get wrong, held against the formulas of NumPy in float64.

Boxes without area and boxes far beyond the maps, numbers of channels that fill no warp, one sample per cell, and both
conventions of the half pixel; RoIPool, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from minimask.roi import pool, reference

from .held import Finding, as_doubles, relative_error, repeated
from .ours import Kernels
from .problem import STRIDES, Problem, random_rois

SCALES = [1 / stride for stride in STRIDES]
SHAPES = ((23, 27), (12, 14), (6, 7), (3, 4))
BINS = (7, 5)
ODD_BOXES = ((0, 5, 5, 5, 5), (1, -900, -900, 1e5, 900))
SETTINGS = ((2, True, 256), (0, True, 33), (0, False, 7), (3, False, 300))
"""Samples per bin, whether aligned, and channels."""


def corner_cases(kernels: Kernels, device: torch.device, dtypes: tuple[str, ...], repeats: int) -> Iterator[Finding]:
    """Hold every kernel against the reference, in every dtype and setting."""
    for dtype in dtypes:
        for seed, (ratio, aligned, channels) in enumerate(SETTINGS):
            yield from _Case(kernels, device, dtype, (ratio, aligned), channels, seed).findings(repeats)


class _Case:
    """One small problem on four levels, and what the reference says to it."""

    def __init__(
        self,
        kernels: Kernels,
        device: torch.device,
        dtype: str,
        settings: tuple[int, bool],
        channels: int,
        seed: int,
    ) -> None:
        self.kernels, self.dtype, self.settings = kernels, dtype, settings
        generator, number = torch.Generator().manual_seed(seed), getattr(torch, dtype)

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64).to(device, number)

        drawn = random_rois(Problem(40, size=(80, 96)), seed)
        self.rois = np.concatenate([drawn, np.array(ODD_BOXES, np.float32)])
        self.chosen = np.arange(len(self.rois)) % len(SHAPES)
        self.maps = [normal(2, *shape, channels) for shape in SHAPES]  # channels-last, as kernels take them
        self.grad = normal(len(self.rois), *BINS, channels)
        self.boxes, self.levels = torch.from_numpy(self.rois).to(device), torch.from_numpy(self.chosen).to(device)
        self.out, self.pooled = torch.empty_like(self.grad), torch.empty_like(self.grad)
        self.of_maps, self.of_pooled = [torch.empty_like(level) for level in self.maps], torch.empty_like(self.maps[0])
        self.of_boxes = torch.empty((len(self.rois), 4), device=device)
        self.argmax = torch.empty(self.grad.shape, dtype=torch.int64, device=device)

    def findings(self, repeats: int) -> Iterator[Finding]:
        """Run each kernel so many times over poison, and compare."""
        truth = self._truth()
        for name, call in self._calls().items():
            results, same = repeated(call, self._poison(name), repeats)
            yield Finding(name, self.dtype, relative_error([_first(result) for result in results], truth[name]), same)

    def _calls(self) -> dict[str, Callable[[], list[Tensor]]]:
        kernels, rest = self.kernels, (SCALES, *self.settings)

        def forward() -> list[Tensor]:
            kernels.roi_align_forward(self.maps, self.boxes, self.levels, self.out, *rest)
            return [self.out]

        def features() -> list[Tensor]:
            kernels.roi_align_features_grad(self.grad, self.boxes, self.levels, self.of_maps, *rest)
            return self.of_maps

        def boxes() -> list[Tensor]:
            kernels.roi_align_boxes_grad(self.grad, self.maps, self.boxes, self.levels, self.of_boxes, *rest)
            return [self.of_boxes]

        def pooling() -> list[Tensor]:
            kernels.roi_pool_forward(self.maps[0], self.boxes, self.pooled, self.argmax, SCALES[0])
            return [self.pooled, self.argmax]

        def pool_grad() -> list[Tensor]:
            kernels.roi_pool_features_grad(self.grad, self.argmax, self.boxes, self.of_pooled)
            return [self.of_pooled]

        return {"forward": forward, "features": features, "boxes": boxes, "pool": pooling, "pool grad": pool_grad}

    def _poison(self, name: str) -> Callable[[], None]:
        """Return what spoils the results of an operator; the gradient of RoIPool reads what its forward pass wrote."""
        spoiled = {
            "forward": [self.out],
            "features": self.of_maps,
            "boxes": [self.of_boxes],
            "pool": [self.pooled, self.argmax],
            "pool grad": [self.of_pooled],
        }[name]

        def poison() -> None:
            for tensor in spoiled:
                tensor.fill_(float("nan") if tensor.is_floating_point() else -77)

        return poison

    def _truth(self) -> dict[str, list[Any]]:
        maps, grad, rois = [_first(level) for level in self.maps], _first(self.grad), self.rois
        forward, sides, of_maps = np.empty(grad.shape), np.empty((len(rois), 4)), []
        for level, (features, scale) in enumerate(zip(maps, SCALES, strict=True)):
            mine, how = self.chosen == level, (scale, *self.settings)
            forward[mine] = reference.roi_align(features, rois[mine], BINS, *how)
            sides[mine] = reference.roi_align_boxes_grad(grad[mine], features, rois[mine], *how)
            of_maps.append(reference.roi_align_features_grad(grad[mine], rois[mine], features.shape, *how))
        pooled, argmax = pool.roi_pool(maps[0], rois, BINS, SCALES[0])
        of_pooled = pool.roi_pool_features_grad(grad, argmax, rois, maps[0].shape)
        return {
            "forward": [forward],
            "features": of_maps,
            "boxes": [sides],
            "pool": [pooled, argmax],
            "pool grad": [of_pooled],
        }


def _first(tensor: Tensor) -> Any:  # noqa: ANN401
    """Return numbers of a kernel in float64, channels first."""
    numbers = as_doubles(tensor)
    return numbers.transpose(0, 3, 1, 2) if numbers.ndim == 4 else numbers
