"""How fast is the generated world drawn? On one core, beside pictures of plain noise that NumPy fills.

The machine may be busy: what counts is the ratio to the noise, a fixed amount of work, measured in turns in one
process. Time is what this process spent, not what passed; the fastest of several turns counts.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from minimask.data.shapes import ShapesWorld

TURNS = 5
PIXELS = 128 * 128 * 256
"""Of every world as many pictures are drawn as hold so many pixels."""
WORLDS = {
    "128 x 128, 1 to 5 objects": ShapesWorld(),
    "the same without clutter": ShapesWorld(clutter=0),
    "the ground alone": ShapesWorld(objects=(0, 0), clutter=0),
    "128 x 128, crowds of 8 to 12": ShapesWorld(objects=(8, 12), sizes=(16, 48), crowding=0.8),
    "256 x 256, 4 to 20 objects": ShapesWorld(256, 256, objects=(4, 20)),
    "1024 x 1024, 60 objects": ShapesWorld(1024, 1024, objects=(60, 60)),
}


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's time that a piece of work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def noise(height: int, width: int, count: int) -> None:
    """Fill pictures with normal noise."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        rng.standard_normal((height, width, 3))


def draw(world: ShapesWorld, count: int) -> None:
    """Draw the first pictures of a world."""
    for _ in world.pictures(count):
        pass


def main() -> None:
    """Print the table, and keep it beside this script."""
    first = seconds(lambda: ShapesWorld()[0])
    lines = ["| world | pictures | a second | ms each | of plain noise (ms) | ratio |", "|---|---|---|---|---|---|"]
    for name, world in WORLDS.items():
        height, width = world.height, world.width
        count = PIXELS // (height * width)
        works = partial(draw, world, count), partial(noise, height, width, count)
        turns = [[seconds(work) for work in works] for _ in range(TURNS)]
        ours, plain = (1000 * min(times) / count for times in zip(*turns, strict=True))
        lines.append(f"| {name} | {count} | {1000 / ours:,.0f} | {ours:.2f} | {plain:.2f} | {ours / plain:.1f} |")
        print(lines[-1], flush=True)
    machine = f"{platform.machine()}, one core, Python {platform.python_version()}, NumPy {np.__version__}"
    note = f"The first picture of a process makes textures, palettes and marks, in {first:.2f} s. {machine}."
    Path(__file__).with_suffix(".md").write_text("\n".join([*lines, "", note, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
