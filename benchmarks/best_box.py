"""How fast is the exact best box of a mask? Beside the literal search, which takes one band of rows at a time.

Run on one core, in one process, in turns, so that the ratio does not depend on what else the machine does.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from minimask import best_box, tight_box
from minimask.data.silhouettes import circle, placed, star
from minimask.geometry.checks import BoolArray
from minimask.geometry.masks import rasterize_polygon

REPEATS = 3
SIZES = (128, 256, 512)


def masks(size: int) -> dict[str, BoolArray]:
    """Return masks that fill a picture: two shapes, and noise, the hardest case."""
    middle = (size / 2, size / 2)
    noise = np.random.default_rng(0).random((size, size)) < 0.5
    shapes = {name: placed(rings, 17, 0.49 * size, middle) for name, rings in (("circle", circle()), ("star", star()))}
    return {**{name: rasterize_polygon(rings, (size, size)) >= 0.5 for name, rings in shapes.items()}, "noise": noise}


def literal(mask: BoolArray) -> float:
    """Return the best IoU by Dinkelbach's method from the tight box, with Kadane's algorithm band by band."""
    ratio, following = 0.0, tight_box(mask)[1]
    while following > ratio:
        ratio = following
        weights = np.where(mask, 1.0, -ratio)
        best, box = -np.inf, (0, 0, 0, 0)
        for top in range(len(mask)):
            band = np.cumsum(weights[top:], axis=0)  # the column sums of every band that begins here
            sums = np.concatenate([np.zeros((len(band), 1)), np.cumsum(band, axis=1)], axis=1)
            gains = sums[:, 1:] - np.minimum.accumulate(sums, axis=1)[:, :-1]
            row, end = np.unravel_index(gains.argmax(), gains.shape)
            if gains[row, end] > best:
                best, box = gains[row, end], (int(sums[row, : end + 1].argmin()), top, int(end) + 1, top + int(row) + 1)
        x1, y1, x2, y2 = box
        shared = mask[y1:y2, x1:x2].sum()
        following = float(shared / (mask.sum() + (x2 - x1) * (y2 - y1) - shared))
    return ratio


def seconds(function: Callable[[BoolArray], object], mask: BoolArray) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    function(mask)
    return time.perf_counter() - start


def main() -> None:
    """Print the table, and keep it beside this script."""
    lines = ["| mask | size | best_box (s) | literal (s) | ratio |", "|---|---|---|---|---|"]
    for size in SIZES:
        for name, mask in masks(size).items():
            assert abs(best_box(mask)[1] - literal(mask)) < 1e-12
            turns = [(seconds(best_box, mask), seconds(literal, mask)) for _ in range(REPEATS)]
            ours, plain = (statistics.median(times) for times in zip(*turns, strict=True))
            lines.append(f"| {name} | {size} x {size} | {ours:.3f} | {plain:.2f} | {plain / ours:.1f} |")
            print(lines[-1], flush=True)
    machine = f"{platform.machine()}, one core, Python {platform.python_version()}, NumPy {np.__version__}"
    Path(__file__).with_suffix(".md").write_text("\n".join([*lines, "", f"{machine}.", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
