"""Whether kernels are right, and give the same bits every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from minimask.roi import host

from .ours import Ours
from .problem import ALIGNED, RATIO, Data

TOLERANCE = {"float64": 1e-11, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}
OF_BOXES = 1e-4
"""The boxes are float32 whatever the features are."""
DRAWN_ROIS, DRAWN_CHANNELS = 64, 8
"""How many the truth is computed for: a RoI's output, and a channel's gradient, do not depend on the others."""
Array = NDArray[Any]


class Finding(NamedTuple):
    """What came of one operator."""

    name: str
    dtype: str
    error: float
    """Norm of the difference to the truth, over the norm of the truth; infinite where a number is none."""
    same: bool
    """Whether all repeats gave the same bits."""

    @property
    def good(self) -> bool:
        """Whether the operator is right, and the same every time."""
        allowed = max(TOLERANCE[self.dtype], OF_BOXES if self.name == "boxes" else 0)
        return self.error < allowed and self.same

    def __str__(self) -> str:
        return f"{self.name} {self.dtype}: error {self.error:.1e}, {'the same' if self.same else 'OTHER'} bits"


def repeated(
    call: Callable[[], Sequence[Tensor]], poison: Callable[[], None], repeats: int
) -> tuple[list[Tensor], bool]:
    """Return what a call writes over poison, and whether it is the same bits each of so many times."""
    poison()
    first = [tensor.clone() for tensor in call()]
    same = True
    for _ in range(repeats - 1):
        poison()
        same &= all(same_bits(once, again) for once, again in zip(first, call(), strict=True))
    return first, same


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors are equal to the last bit; unlike `torch.equal`, a NaN equals itself."""
    as_bits = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[one.element_size()]
    return torch.equal(one.view(as_bits), other.view(as_bits))


def relative_error(found: Sequence[Array], true: Sequence[Array]) -> float:
    """Return the largest relative error of several arrays, infinite where any number is none."""
    errors = [np.linalg.norm(a - b) / (np.linalg.norm(b) or 1) for a, b in zip(found, true, strict=True)]
    return float(np.nan_to_num(max(errors, key=lambda error: np.inf if np.isnan(error) else error), nan=np.inf))


def as_doubles(tensor: Tensor) -> Array:
    """Return a tensor as float64 numbers of the processor, in the layout it has."""
    numbers: Array = tensor.detach().double().cpu().numpy()
    return numbers


def held(data: Data, ours: Ours, repeats: int) -> list[Finding]:
    """Hold the kernels against the compiled path of the processor, in float64, on RoIs and channels drawn at random."""
    problem, rng = data.problem, np.random.default_rng(data.boxes.numel())
    some = np.sort(rng.permutation(problem.rois)[:DRAWN_ROIS])
    few = np.sort(rng.permutation(problem.channels)[:DRAWN_CHANNELS])
    settings = (problem.scales, RATIO, ALIGNED, "numba")
    rois, levels, size = data.boxes.cpu().numpy(), data.levels.cpu().numpy(), (problem.bins, problem.bins)
    maps = [as_doubles(level) for level in data.maps]
    shapes = [(images, len(few), height, width) for images, height, width in problem.shapes]
    drawn: dict[str, Any] = {name: torch.from_numpy(some) for name in ("forward", "boxes")}
    drawn["features"] = (slice(None), torch.from_numpy(few))
    grad_of_few = np.ascontiguousarray(as_doubles(data.grad[drawn["features"]]))
    grad_of_some = as_doubles(data.grad[drawn["boxes"]])
    truth = {
        "forward": [host.align(maps, rois[some], levels[some], size, *settings)],
        "features": host.align_features_grad(grad_of_few, rois, levels, shapes, *settings),
        "boxes": [host.align_boxes_grad(grad_of_some, maps, rois[some], levels[some], *settings)],
    }
    findings = []
    for name, call in ours.calls.items():
        results, same = repeated(call, ours.poison, repeats)
        error = relative_error([as_doubles(result[drawn[name]]) for result in results], truth[name])
        whole = all(bool(result.isfinite().all()) for result in results)  # what was not drawn was written, too
        findings.append(Finding(name, problem.dtype, error if whole else float("inf"), same))
    return findings
