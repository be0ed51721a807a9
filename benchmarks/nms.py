"""How fast is non-maximum suppression on the processor? Beside torchvision's, in one process and in turns, one thread.

How long it takes hangs on how many boxes stay and on how many lie near each other, so there are three crowds: boxes
spread over a picture, proposals clustered around objects, and boxes that all overlap, of which one stays. The machine
may be busy: what counts is the ratio, of the fastest of several turns each.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from roi_align import fastest
from torch import Tensor

import minimask

COUNTS = (100, 1000, 10_000)
THRESHOLDS = (0.5, 0.7)
SIDE = 1000
"""Of the picture, in pixels."""
PER_OBJECT = 50
GROUPS = {"5 levels": 5, "80 classes": 80}

Array = NDArray[np.float64]


def spread(rng: np.random.Generator, count: int) -> Array:
    """Return boxes anywhere in the picture, their sides from 8 to 100 pixels."""
    return around(rng.uniform(0, SIDE, (count, 2)), np.exp(rng.uniform(np.log(8), np.log(100), (count, 2))))


def clustered(rng: np.random.Generator, count: int) -> Array:
    """Return proposals around objects of 16 to 256 pixels, as a region proposal network makes them."""
    objects = max(count // PER_OBJECT, 1)
    which = rng.integers(0, objects, count)
    center = rng.uniform(0, SIDE, (objects, 2))[which]
    sides = np.exp(rng.uniform(np.log(16), np.log(256), (objects, 2)))[which]
    return around(center + rng.normal(0, 0.15, (count, 2)) * sides, sides * np.exp(rng.normal(0, 0.2, (count, 2))))


def overlapping(rng: np.random.Generator, count: int) -> Array:
    """Return boxes of which each overlaps each by far more than any threshold."""
    return around(np.full((count, 2), 500.0), rng.uniform(98, 102, (count, 2)))


def around(center: Array, sides: Array) -> Array:
    """Return boxes by center and sides."""
    return np.concatenate([center - sides / 2, center + sides / 2], axis=1)


CROWDS = (spread, clustered, overlapping)


def candidates(crowd: Callable[[np.random.Generator, int], Array], count: int, groups: int) -> list[Tensor]:
    """Return float32 boxes and scores, and groups."""
    rng = np.random.default_rng(0)
    boxes, scores = crowd(rng, count), rng.permutation(count) / count
    numbers = torch.from_numpy(rng.integers(0, groups, count))
    return [torch.from_numpy(boxes).float(), torch.from_numpy(scores).float(), numbers]


def compare(name: str, inputs: list[Tensor], threshold: float) -> str:
    """Return the rest of a row: how many stay, our milliseconds, and the ratio, after both kept the same boxes."""
    ours, theirs = getattr(minimask, name), getattr(torchvision.ops, name)
    kept, expected = ours(*inputs, threshold), theirs(*inputs, threshold)
    common = np.intersect1d(kept.numpy(), expected.numpy()).size  # shifting groups apart rounds: a box more or less
    assert torch.equal(kept, expected) if name == "nms" else common >= 0.99 * len(expected)
    mine, other = fastest(lambda: ours(*inputs, threshold), lambda: theirs(*inputs, threshold))
    return f"{len(kept):,} | {1e3 * mine:.3f} | {other / mine:.1f} |"


def first_calls() -> list[float]:
    """Return the seconds of the first call on a fresh machine, and in the next process."""
    script = (
        "import time, numpy as np; from minimask import nms; start = time.perf_counter(); "
        "nms(np.ones((1, 4), np.float32), np.ones(1, np.float32), 0.5); print(time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", script]
        runs = [subprocess.run(command, env=environment, capture_output=True, check=True) for _ in range(2)]
    return [float(run.stdout) for run in runs]


def main() -> None:
    """Print the tables, and keep them beside this script."""
    lines = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    torch.set_num_threads(1)
    say("**nms**: milliseconds of minimask, and how many times longer torchvision takes\n")
    say("| boxes | crowd | threshold | stay | minimask (ms) | ratio |\n|---|---|---|---|---|---|")
    for count in COUNTS:
        for crowd in CROWDS:
            for threshold in THRESHOLDS:
                row = compare("nms", candidates(crowd, count, 1)[:2], threshold)
                say(f"| {count:,} | {crowd.__name__} | {threshold} | {row}")
    say("\n**batched_nms**, clustered boxes\n")
    say("| boxes | groups | threshold | stay | minimask (ms) | ratio |\n|---|---|---|---|---|---|")
    for count in COUNTS:
        for name, groups in GROUPS.items():
            for threshold in THRESHOLDS:
                row = compare("batched_nms", candidates(clustered, count, groups), threshold)
                say(f"| {count:,} | {name} | {threshold} | {row}")
    say("\nThe first call ever compiles: {:.1f} s; the first call of a later process: {:.2f} s.".format(*first_calls()))
    say(
        f"{platform.machine()}, one thread, float32, Python {platform.python_version()}, torch {torch.__version__}, "
        f"torchvision {torchvision.__version__}."
    )
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
