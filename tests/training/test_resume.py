"""A run that is killed at any moment comes to the same bits as one that is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KILLS = int(os.environ.get("MINIMASK_KILLS", "20"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_killed_runs_end_with_the_same_bits(tmp_path):
    """In a process of its own: it forks, and must have no other threads."""
    done = subprocess.run(
        [sys.executable, HERE / "killed_runs.py", tmp_path, str(KILLS)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} kills in " in done.stdout
    assert "7 kills while a checkpoint was written" in done.stdout
