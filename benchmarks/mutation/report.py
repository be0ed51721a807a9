"""The report: how many mutants each check rejects, and why the others live."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minimask.exercises.exercise import Exercise

from .equivalents import equivalents
from .mutants import Mutant
from .trial import SURVIVED

REPORT = Path(__file__).parent.with_suffix(".md")
COLUMNS = {
    "wrong": ("wrong", "unsteady"),
    "kind": ("type", "not started"),
    "error": ("error", "arguments", "not callable"),
    "time": ("stuck",),
    "changed": ("changed",),
}
"""The columns of the table: which kinds of findings they count."""

HEAD = """
Every solution, changed in one small place, before the check of its exercise: `python -m benchmarks.mutation`.
Rejected because the answer is *wrong*, of another *kind* (a list for a number, None), an *error*, out of *time*, or
because an argument was *changed*. A mutant that is right too by the statement is *equivalent*; why, stands below.
*Rate*: rejected, of those that are not equivalent.
"""


class Trial(NamedTuple):
    """A mutant, and what came of it."""

    exercise: Exercise
    mutant: Mutant
    outcome: str
    seconds: float

    @property
    def reason(self) -> str:
        """Why the mutant is right too, if it is."""
        return equivalents().get((self.exercise.id, self.mutant.change), "")

    @property
    def is_killed(self) -> bool:
        """Whether the check rejects the mutant."""
        return self.outcome != SURVIVED

    @property
    def is_open(self) -> bool:
        """Whether the mutant lives, and nobody has said why."""
        return not self.is_killed and not self.reason

    @property
    def is_misjudged(self) -> bool:
        """Whether the mutant is said to be right too, and the check knows better."""
        return self.is_killed and bool(self.reason)


def report(trials: Sequence[Trial]) -> str:
    """Return the report in Markdown."""
    minutes = sum(trial.seconds for trial in trials) / 60
    machine = f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    killed, equivalent = sum(t.is_killed for t in trials), sum(not t.is_killed and bool(t.reason) for t in trials)
    lines = [
        "# Do the checks reject wrong answers that nobody thought of?",
        "",
        *HEAD.strip().splitlines(),
        "",
        f"**{killed} of {len(trials) - equivalent} are rejected: {_rate(trials)}.** {equivalent} more are right too.",
        "",
        f"| exercise | mutants | {' | '.join(COLUMNS)} | equivalent | unexplained | rate |",
        "|---" * (len(COLUMNS) + 5) + "|",
        *_rows(trials),
        "",
        f"{date.today()}, {minutes:.0f} minutes on one core, {machine}.",
        "",
        "## By operator",
        "",
        "| what was changed | mutants | equivalent | unexplained | rate |",
        "|---|---|---|---|---|",
        *_operators(trials),
        "",
        "## Those that live, and why",
        "",
        *_survivors(trials),
    ]
    return "\n".join(lines)


def _rows(trials: Sequence[Trial]) -> Iterable[str]:
    for exercise in dict.fromkeys(trial.exercise.id for trial in trials):
        own = [trial for trial in trials if trial.exercise.id == exercise]
        yield _row(f"{exercise} {own[0].exercise.title}", own)
    yield _row("**all**", trials)


def _row(name: str, trials: Sequence[Trial]) -> str:
    kinds = Counter(trial.outcome for trial in trials)
    counts = [sum(kinds[kind] for kind in column) for column in COLUMNS.values()]
    lives = [trial for trial in trials if not trial.is_killed]
    open_ones = sum(trial.is_open for trial in lives)
    cells = [name, len(trials), *counts, len(lives) - open_ones, open_ones, _rate(trials)]
    return f"| {' | '.join(map(str, cells))} |"


def _operators(trials: Sequence[Trial]) -> Iterable[str]:
    for operator in sorted({trial.mutant.operator for trial in trials}):
        own = [trial for trial in trials if trial.mutant.operator == operator]
        open_ones = sum(trial.is_open for trial in own)
        lives = sum(not trial.is_killed for trial in own)
        yield f"| {operator} | {len(own)} | {lives - open_ones} | {open_ones} | {_rate(own)} |"


def _survivors(trials: Sequence[Trial]) -> Iterable[str]:
    lives = [trial for trial in trials if not trial.is_killed]
    for exercise in dict.fromkeys(trial.exercise.id for trial in lives):
        own = [trial for trial in lives if trial.exercise.id == exercise]
        yield f"**{exercise} {own[0].exercise.title}**"
        yield ""
        for reason in dict.fromkeys(trial.reason for trial in own):
            yield f"- {reason or 'Unexplained.'}"
            yield from (f"    - `{trial.mutant.change}`" for trial in own if trial.reason == reason)
        yield ""


def _rate(trials: Sequence[Trial]) -> str:
    killed, open_ones = sum(trial.is_killed for trial in trials), sum(trial.is_open for trial in trials)
    return f"{100 * killed / max(killed + open_ones, 1):.1f} %"
