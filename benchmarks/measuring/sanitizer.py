"""A small call of each kernel under NVIDIA's `compute-sanitizer`: foreign memory, and races in shared memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .report import Report

TOOLS = ("memcheck", "racecheck")
CLEAN = "nothing found."
FOUND = 9
"""The exit code by which the program tells that it found something."""
HOW_TO_GET = (
    "compute-sanitizer was not found: it is part of NVIDIA's CUDA toolkit (its package is called cuda-sanitizer-13-0 "
    "among those for Debian and Ubuntu, and cuda-sanitizer-api among conda's). Put its folder into PATH, or the "
    "toolkit's into CUDA_HOME"
)


def find() -> str | None:
    """Return the path of the program, or None."""
    homes = [os.environ.get("CUDA_HOME"), "/usr/local/cuda", "/opt/cuda"]
    inside = [Path(home, part) for home in homes if home for part in ("bin", "compute-sanitizer")]
    return next(filter(None, (shutil.which("compute-sanitizer", path=p) for p in (None, *map(str, inside)))), None)


def sanitized(report: Report, script: Sequence[str], limit: float) -> bool:
    """Run a Python script under each of the tools, so many seconds at most; return whether both found nothing."""
    program, clean = find(), True
    for tool in TOOLS:
        said = _run([program, "--tool", tool], script, limit) if program else f"NOT RUN. {HOW_TO_GET}."
        (report.failures if said.startswith("FOUND") else report.notes).append(f"{tool}: {said}")
        clean &= said == CLEAN
    return clean


def _run(tool: list[str], script: Sequence[str], limit: float) -> str:
    """Return what a tool found, or why it could not run."""
    # torch would hand out pieces of larger memory, beyond whose ends nobody would notice
    environment = {**os.environ, "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}
    command = [*tool, "--error-exitcode", str(FOUND), "--target-processes", "all", sys.executable, *script]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=limit
        )
    except subprocess.TimeoutExpired:
        return f"NOT RUN to its end, which takes more than {limit:.0f} s"
    lines = [line.strip("= ") for line in (done.stdout + done.stderr).splitlines() if line.strip("= ")]
    if done.returncode == 0:
        return CLEAN
    told = " | ".join(lines[-6:])
    return f"{'FOUND' if done.returncode == FOUND else f'NOT RUN, exit code {done.returncode}'}: {told}"
