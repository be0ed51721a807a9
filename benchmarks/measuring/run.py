"""A whole run on a card, the most important first; whatever breaks is told, and what can go on goes on."""

from __future__ import annotations

import datetime
import importlib.metadata
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch

from .bounds import counted
from .clock import SMALL, copy_rate
from .corner_cases import corner_cases
from .held import TOLERANCE
from .ours import Kernels
from .problem import SETS, Problem
from .report import Report, line_of
from .row import has_torchvision, measured
from .work import Work

NEEDED = ("torch", "torchvision", "numba", "numba-cuda")
FIRST = 2
"""Problems that come before the training steps: those of the targets."""
NO_TORCHVISION = "Nothing is compared with torchvision, and no training step is measured: it is not installed."
Steps = Callable[[torch.device], Iterable[dict[str, Any]]]


class Plan(NamedTuple):
    """How long to measure, and what."""

    problems: Sequence[Problem]
    seconds: float
    """After which no more problem is begun."""
    repeats: int
    """How often each operator runs for its bits."""
    steps: Steps | None = None
    """The training steps, if torchvision is there."""


def run(kernels: Kernels, device: torch.device, plan: Plan, keep: Callable[[Report], None]) -> Report:
    """Check and time everything, and let what is known so far be kept after each part."""
    end, report, counts = time.monotonic() + plan.seconds, begun(device), dict[tuple[int, int, int], Work]()
    say(f"{report.card}; {report.versions}; copies {report.copies / 1e12:.2f} TB/s, in cache {report.cache / 1e12:.2f}")
    if not has_torchvision():
        report.notes.append(NO_TORCHVISION)
    for dtype in TOLERANCE:
        attempt(report, f"corner cases, {dtype}", _corners, kernels, device, dtype, plan)
    say(f"{report.checked} checks of corner cases, {len(report.failures)} failures")
    for number, problem in enumerate(plan.problems):
        if number == FIRST and plan.steps:
            attempt(report, "training steps", _steps, plan.steps, device)
        if time.monotonic() > end:
            left = len(plan.problems) - number
            report.notes.append(f"{left} problems were left out, for {plan.seconds:.0f} s were over.")
            break
        if not alive(device):
            report.failures.append("the card answers no more")
            break
        key = (problem.rois, problem.levels, problem.bins)
        counts[key] = counts.get(key) or counted(problem)
        attempt(report, str(problem), _problem, kernels, device, problem, counts[key], number, plan)
        keep(report)
    return report


def begun(device: torch.device) -> Report:
    """Return an empty report on a device."""
    versions = []
    for name in NEEDED:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "a processor"
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return Report(card, today, ", ".join(versions), copy_rate(device), copy_rate(device, SMALL))


def attempt(report: Report, what: str, part: Callable[..., None], *arguments: object) -> None:
    """Do a part of a run; if it breaks, let the report say how."""
    try:
        part(report, *arguments)
    except torch.OutOfMemoryError:
        report.notes.append(f"{what}: left out, for the card has too little memory.")
    except Exception as error:  # a compiler's, a driver's: each in its own way; the other parts may go on
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        report.failures.append(f"{what}: {type(error).__name__}: {lines[0]}")
        say(report.failures[-1])


def alive(device: torch.device) -> bool:
    """Return whether a device still answers; after a fault in memory, a card does not."""
    try:
        return bool(torch.ones(1, device=device).item())
    except RuntimeError:
        return False


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _corners(report: Report, kernels: Kernels, device: torch.device, dtype: str, plan: Plan) -> None:
    for finding in corner_cases(kernels, device, (dtype,), plan.repeats):
        report.found(finding, "corner cases")


def _steps(report: Report, steps: Steps, device: torch.device) -> None:
    for step in steps(device):
        report.steps.append(step)
        if not step["agree"]:
            report.failures.append(f"{step['what']}: the losses of both differ, {step['losses']}")


def _problem(
    report: Report, kernels: Kernels, device: torch.device, problem: Problem, work: Work, number: int, plan: Plan
) -> None:
    row = measured(problem, work, kernels, device, SETS * number, plan.repeats)
    report.rows.append(row)
    for finding in row.findings:
        report.found(finding, str(problem))
    say(line_of(row, report.copies))
