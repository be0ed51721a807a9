"""The targets for RoIAlign on a card, and whether what was measured meets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .problem import FEW, TARGET
from .row import Row

FORWARD, BACKWARD, SHARE, AT_ONCE = 4.0, 3.0, 0.6, 1.0
"""Times torchvision's speed, forward and backward; share of the copy rate; and with few RoIs not slower."""


class Verdict(NamedTuple):
    """One target and what was measured."""

    target: str
    wanted: float
    measured: float | None
    """None where it could not be measured."""

    @property
    def word(self) -> str:
        """What is to be said: met, MISSED, or not measured."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured >= self.wanted else "MISSED"


def verdicts(rows: Sequence[Row], copies: float) -> list[Verdict]:
    """Return the verdicts on all targets; those whose problem is not among the rows are not measured."""
    found = {row.problem: row for row in rows}
    target, few = found.get(TARGET), found.get(FEW)
    return [
        Verdict("512 RoIs, forward: times torchvision's speed", FORWARD, target and target.ratio("forward")),
        Verdict("512 RoIs, backward: times torchvision's speed", BACKWARD, target and target.ratio("features")),
        Verdict("512 RoIs, forward: share of the copy rate", SHARE, target and target.share("forward", copies)),
        Verdict("100 RoIs, forward with launches: times torchvision's", AT_ONCE, few and few.whole_ratio("forward")),
        Verdict("100 RoIs, backward with launches: times torchvision's", AT_ONCE, few and few.whole_ratio("features")),
    ]
