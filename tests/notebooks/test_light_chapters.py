"""Chapters 1 to 3 run where torch and numba do not exist, as in a browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from minimask.data.recorded import recorded_run

FOLDER = Path(__file__).parents[2] / "notebooks"
LIGHT = sorted(FOLDER.glob("0[1-3]_*.ipynb"))

BLOCKED = """
import sys
for name in ("torch", "numba"):
    sys.modules[name] = None  # an import of it fails

"""


def code_of(path: Path) -> str:
    """Return what a chapter imports at the top level of its cells."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return "\n".join(line for cell in cells for line in cell.splitlines() if line.startswith(("import ", "from ")))


def test_there_are_such_chapters():
    assert len(LIGHT) >= 3


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_imports_without_torch_and_numba(path):
    done = subprocess.run([sys.executable, "-c", BLOCKED + code_of(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_where_nothing_can_be_trained_chapter_2_goes_by_what_was_recorded():
    (path,) = [path for path in LIGHT if path.name.startswith("02_")]
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    program = BLOCKED + "import json\nfor cell in json.load(sys.stdin):\n    exec(cell, globals())\nprint(len(losses))"
    run = [sys.executable, "-c", program]
    done = subprocess.run(run, input=json.dumps(cells), capture_output=True, text=True, cwd=FOLDER, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"{len(recorded_run().losses)}\n")


def test_the_operators_compute_without_torch_and_numba():
    program = BLOCKED + (
        "import numpy as np, minimask\n"
        "box = np.array([[0, 1.0, 1.0, 3.0, 3.0]])\n"
        "print(minimask.roi_align(np.ones((1, 1, 5, 5)), box, 1, backend='reference').item())\n"
        "print(minimask.roi_pool(np.ones((1, 1, 5, 5)), box, 1, backend='reference').item())\n"
        "minimask.roi_align(np.ones((1, 1, 5, 5)), box, 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "1.0\n1.0\n"
    assert "numba" in done.stderr.splitlines()[-1]
    assert "backend='reference'" in done.stderr.splitlines()[-1]
