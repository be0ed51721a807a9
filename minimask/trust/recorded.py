"""What was recorded of failures: too dear for a notebook, made anew by `python -m minimask.trust.study`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import binomtest

from minimask.data.shapes import ShapesWorld
from minimask.evaluation.intervals import Interval
from minimask.trust.outcome import Outcome

FILE = Path(__file__).parents[1] / "data" / "recorded" / "trust.json"
TRIED = ShapesWorld(seed=6)
"""The world of these trials: no model learned from it."""
PICTURES = 24
"""That are attacked: the first of it whose largest object is surely and rightly found."""


class Record(NamedTuple):
    """What was recorded; runs are found by their names, which the study's file explains."""

    attacks: dict[str, list[list[float]]]
    """Of each run an outcome for each of the pictures."""
    tables: dict[str, Any]
    """Everything else, by name."""

    def outcomes(self, run: str) -> list[Outcome]:
        """Return what became of every victim in a run of attacks.

        Raises
        ------
        ValueError
            If there is no such run.
        """
        if run not in self.attacks:
            raise ValueError(f"run must be one of {', '.join(self.attacks)}, got {run!r}")
        return [unpacked(row) for row in self.attacks[run]]

    def rate(self, run: str, what: str) -> Interval:
        """Return for how many victims of a run something is true (`vanished`, `changed`, `leaked`), from 0 to 1."""
        return rate([getattr(one, what) for one in self.outcomes(run)])


def rate(happened: Sequence[bool]) -> Interval:
    """Return how often something happened, and Wilson's interval at 95 %.

    The bootstrap would be sure of itself where all or nothing happened; this one is not.

    Examples
    --------
    >>> print(rate([True] * 12))
    1.000 [0.758, 1.000]
    """
    found = binomtest(sum(happened), len(happened)).proportion_ci(method="wilson")
    return Interval(sum(happened) / len(happened), float(found.low), float(found.high))


def packed(one: Outcome) -> list[float]:
    """Return an outcome as numbers."""
    return [round(float(value), 4) for value in one]


def unpacked(row: Sequence[float]) -> Outcome:
    """Return the outcome that `packed` was given, rounded.

    Examples
    --------
    >>> unpacked(packed(Outcome(0.25, True, False, 0.5, 0.125, True))).right
    False
    """
    score, seen, right, iou, leak, named = row
    return Outcome(score, bool(seen), bool(right), iou, leak, bool(named))


def read(path: Path = FILE) -> Record:
    """Return what a file holds; nothing if there is none yet."""
    if not path.exists():
        return Record({}, {})
    return Record(**json.loads(path.read_text(encoding="utf-8")))


@cache
def recorded() -> Record:
    """Return what ships with the package."""
    return read()
