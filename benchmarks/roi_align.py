"""How fast are the RoI operators on the processor? Beside torchvision's, in one process and in turns.

Each row is one size of feature map, number of RoIs, output and sampling ratio. The machine may be busy: what counts is
the ratio, of the fastest of several turns each. What bounds the forward pass is shown in a roofline: how many
operations a second it does for each byte that must move, under what this machine can multiply and copy, measured in
the same run.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torchvision
from measuring.work import work
from torch import Tensor

import minimask
from minimask.plots.show import use_style
from minimask.plots.style import BEST, INK, MUTED, SHAPE_EDGE, TIGHT

TURNS = 7
LEAST = 0.02
"""Seconds that are timed at once: what is quicker is repeated."""
MULTIPLIED = 1024
HERE = Path(__file__)


class Problem(NamedTuple):
    """A feature map, and what is extracted from it."""

    shape: tuple[int, int, int, int]
    rois: int
    bins: int
    ratio: int
    sides: tuple[float, float]
    """Shortest and longest side of a box, in cells."""

    def __str__(self) -> str:
        map_ = " x ".join(map(str, self.shape))
        return f"{map_}, {self.rois} RoIs, {self.bins} x {self.bins}, {self.ratio if self.ratio > 0 else 'adaptive'}"


PROBLEMS = (
    Problem((1, 256, 200, 272), 512, 7, 2, (8, 56)),
    Problem((1, 256, 200, 272), 100, 14, 2, (8, 56)),
    Problem((1, 256, 50, 68), 512, 7, -1, (4, 50)),
    Problem((1, 256, 200, 272), 256, 7, -1, (8, 160)),
    Problem((1, 64, 32, 32), 128, 7, 2, (4, 24)),
)


def boxes_of(problem: Problem) -> Tensor:
    """Return boxes (K, 5) somewhere on the map, their sides spread evenly on a scale of doublings."""
    rng = np.random.default_rng(0)
    shortest, longest = np.log(problem.sides).tolist()
    sides = np.exp(rng.uniform(shortest, longest, (problem.rois, 2))).clip(max=problem.shape[:1:-1])
    corner = rng.uniform(0, np.array(problem.shape[:1:-1]) - sides)
    return torch.from_numpy(np.concatenate([np.zeros((problem.rois, 1)), corner, corner + sides], axis=1)).float()


def fastest(*functions: Callable[[], object], turns: int = TURNS) -> list[float]:
    """Return the seconds that each function takes in the fastest of several turns."""
    times: list[list[float]] = [[] for _ in functions]
    repeats = []
    for function in functions:
        function()  # the first call may compile
        start = time.perf_counter()
        function()
        repeats.append(1 + int(LEAST / (time.perf_counter() - start)))
    for _ in range(turns):
        for function, count, found in zip(functions, repeats, times, strict=True):
            start = time.perf_counter()
            for _ in range(count):
                function()
            found.append((time.perf_counter() - start) / count)
    return [min(found) for found in times]


def passes(problem: Problem, form: torch.memory_format, operator: Callable[..., Tensor]) -> list[Callable[[], object]]:
    """Return the forward and the backward pass of an operator, to be called."""
    features = torch.randn(problem.shape).contiguous(memory_format=form)
    boxes, followed = boxes_of(problem), features.clone(memory_format=torch.preserve_format).requires_grad_()
    out = operator(followed, boxes, problem.bins, 1.0, problem.ratio)
    grad = torch.randn(out.shape).contiguous(memory_format=form)
    return [
        lambda: operator(features, boxes, problem.bins, 1.0, problem.ratio),
        lambda: torch.autograd.grad(out, followed, grad, retain_graph=True),
    ]


def compare(problem: Problem, form: torch.memory_format, threads: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of ours and of torchvision's, forward and backward, after both gave the same."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    ours = passes(problem, form, minimask.roi_align)
    torch.manual_seed(0)
    theirs = passes(problem, form, torchvision.ops.roi_align)
    for one, other in zip(ours, theirs, strict=True):
        found, expected = one(), other()
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
    times = [1e3 * seconds for seconds in fastest(*ours, *theirs)]
    return times[:2], times[2:]


def work_of(problem: Problem) -> tuple[float, float]:
    """Return the operations of the forward pass, and the bytes that must move: output once, touched input once."""
    images, channels, height, width = problem.shape
    rois, shape = boxes_of(problem).numpy(), (images, height, width)
    found = work(rois, np.zeros(len(rois), np.int64), [shape], [1.0], problem.bins, problem.ratio, False)
    return 2.0 * found.reads * channels, 4.0 * channels * (found.touched + problem.rois * problem.bins**2)


def machine_limits(threads: int) -> tuple[float, float]:
    """Return what this machine does: operations per second in a matrix product, and bytes per second in a copy."""
    torch.set_num_threads(threads)
    source, target = torch.randn(2**26), torch.empty(2**26)
    matrix = torch.randn(MULTIPLIED, MULTIPLIED)
    copying, product = fastest(lambda: target.copy_(source), lambda: matrix @ matrix)
    return 2 * MULTIPLIED**3 / product, 2 * source.nbytes / copying


def extra_memory(problem: Problem) -> float:
    """Return the memory that the forward pass takes beyond input and output, as a share of the input (Linux)."""
    features = torch.randn(problem.shape).contiguous(memory_format=torch.channels_last)
    boxes = boxes_of(problem)
    out = minimask.roi_align(features, boxes, problem.bins, 1.0, problem.ratio)
    out_bytes = out.nbytes
    del out
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the highest mark so far
    before = peak_memory()
    minimask.roi_align(features, boxes, problem.bins, 1.0, problem.ratio)
    return max(0.0, peak_memory() - before - out_bytes) / features.nbytes


def peak_memory() -> float:
    """Return this process's highest mark of memory in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024.0 * int(status.split("VmHWM:")[1].split()[0])


def first_calls() -> list[float]:
    """Return the seconds of the first forward pass on a fresh machine, and in the next process."""
    script = (
        "import time, numpy as np; from minimask.roi import cpu, layout, roi_align; start = time.perf_counter(); "
        "roi_align(np.ones((1, 8, 9, 9), np.float32), np.array([[0, 1, 1, 4, 4]], np.float32), 7); "
        "print(time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", script]
        runs = [subprocess.run(command, env=environment, capture_output=True, check=True) for _ in range(2)]
    return [float(run.stdout) for run in runs]


def speed(problem: Problem) -> tuple[float, float]:
    """Return the operations per second of the forward pass, channels-last, and its operations per byte."""
    torch.set_num_threads(2)
    done, moved = work_of(problem)
    return done / fastest(passes(problem, torch.channels_last, minimask.roi_align)[0])[0], done / moved


def draw_roofline(points: list[tuple[str, float, float]], operations: float, bandwidth: float) -> None:
    """Draw how fast each problem ran against its operations per byte, under the machine's two limits."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import NullLocator

    use_style()
    fig, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    intensity = np.geomspace(0.5, 200, 100)
    axes.loglog(intensity, np.minimum(operations, bandwidth * intensity) / 1e9, color=INK, linewidth=2)
    axes.annotate(f"copies {bandwidth / 1e9:.0f} GB/s", (1.0, 0.8 * bandwidth / 1e9), color=MUTED, va="top")
    axes.annotate(f"multiplies {operations / 1e9:.0f} Gop/s", (200, 1.12 * operations / 1e9), color=MUTED, ha="right")
    for number, ((name, per_byte, speed), color) in enumerate(
        zip(points, (SHAPE_EDGE, TIGHT, BEST, MUTED, INK), strict=True), start=1
    ):
        axes.plot(per_byte, speed / 1e9, "o", color=color, markersize=9, label=f"{number}  {name}")
        axes.annotate(
            str(number), (per_byte, speed / 1e9), (8, 4), textcoords="offset points", color=color, weight="bold"
        )
    axes.set(xlabel="operations per byte that must move", ylabel="billion operations per second", ylim=(8, 400))
    axes.set(xticks=[0.5, 1, 2, 5, 10, 20, 50, 100, 200], yticks=[10, 20, 50, 100, 200])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())
    axes.set_title("RoIAlign's forward pass under this machine's roof, two threads")
    axes.legend(fontsize=8, loc="lower right")
    fig.savefig(HERE.with_suffix(".png"), dpi=120)


def main() -> None:
    """Print the tables, and keep them beside this script."""
    lines = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    for form, name in ((torch.channels_last, "channels-last"), (torch.contiguous_format, "channels-first")):
        say(f"\n**{name}**: milliseconds of minimask, and how many times longer torchvision takes\n")
        say("| problem | threads | forward | ratio | backward | ratio |\n|---|---|---|---|---|---|")
        for problem in PROBLEMS:
            for threads in (2, 1):
                ours, theirs = compare(problem, form, threads)
                pairs = zip(ours, theirs, strict=True)
                columns = " | ".join(f"{mine:.2f} | {other / mine:.1f}" for mine, other in pairs)
                say(f"| {problem} | {threads} | {columns} |")
    operations, bandwidth = machine_limits(2)
    say("\n**What bounds the forward pass** (channels-last, two threads)\n")
    say(
        "| problem | operations per byte | Gop/s | of the roof | memory beyond input and output |\n"
        "|---|---|---|---|---|"
    )
    points = []
    for problem in PROBLEMS:
        found, per_byte = speed(problem)
        points.append((str(problem), per_byte, found))
        roof = min(operations, bandwidth * per_byte)
        share = f"{found / roof:.0%} of what {'multiplying' if roof == operations else 'copying'} allows"
        say(f"| {problem} | {per_byte:.1f} | {found / 1e9:.1f} | {share} | {extra_memory(problem):.1%} |")
    say(
        f"\nCopying {bandwidth / 1e9:.1f} GB/s (read and written), multiplying {operations / 1e9:.0f} Gop/s (matrix "
        "product). RoIAlign loads each number for one multiplication, where a matrix product uses it many times: what "
        "holds it below both is the rate of loads from the caches, and on the smallest map the 0.15 ms that any call "
        "takes."
    )
    say("\nThe first call ever compiles: {:.1f} s; the first call of a later process: {:.2f} s.".format(*first_calls()))
    say(
        f"{platform.machine()}, float32, Python {platform.python_version()}, torch {torch.__version__}, "
        f"torchvision {torchvision.__version__}. ![A roofline: the speed of each operator against how much it computes "
        "for a byte that it moves](roi_align.png)"
    )
    draw_roofline(points, operations, bandwidth)
    HERE.with_suffix(".md").write_text("\n".join(lines).strip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
