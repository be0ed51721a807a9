"""What is known before a card is asked."""

from __future__ import annotations

from .bounds import bounds, counted
from .problem import FEW, TARGET
from .report import WHAT, table


def foretold() -> str:
    """Return what each operator has to do for the problems of the targets."""
    lines = []
    for problem in (TARGET, FEW):
        for name, bound in bounds(problem, counted(problem)).items():
            least, reads = (f"{value / 1e6:.0f}" for value in (bound.least, bound.reads))
            lines.append((str(problem.rois), WHAT[name], str(bound.launches), least, reads))
    return table(("RoIs", "operator", "launches", "moves at least, MB", "reads from anywhere, MB"), lines)
