"""The report: how many mutants each check rejects, and why the others live."""

from __future__ import annotations

import inspect
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from minimask.exercises.exercise import Exercise

from .mutants import Mutant
from .operators import OPERATORS
from .reasons import Reason, reasons
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
because an argument was *changed*. A mutant that is right too by the statement is *equivalent*; one that is wrong, but
cannot be found, is *explained*; below stands why. *Rate*: rejected, of those that are not equivalent.
"""


class Trial(NamedTuple):
    """A mutant, and what came of it."""

    exercise: Exercise
    mutant: Mutant
    outcome: str
    seconds: float

    @property
    def reason(self) -> Reason | None:
        """Why the mutant survives, if that is known."""
        return reasons().get((self.exercise.id, self.mutant.change))

    @property
    def is_killed(self) -> bool:
        """Whether the check rejects the mutant."""
        return self.outcome != SURVIVED

    @property
    def is_equivalent(self) -> bool:
        """Whether the mutant survives because it is right too."""
        return not self.is_killed and self.reason is not None and self.reason.is_right

    @property
    def is_open(self) -> bool:
        """Whether the mutant survives, and nobody has said why."""
        return not self.is_killed and self.reason is None

    @property
    def is_misjudged(self) -> bool:
        """Whether the mutant is said to be right too, and the check knows better."""
        return self.is_killed and self.reason is not None and self.reason.is_right


class Counts(NamedTuple):
    """How many of some mutants are rejected, right too, wrong for a known reason, and unexplained."""

    killed: int
    equivalent: int
    explained: int
    unexplained: int

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> Self:
        """Count."""
        killed, equivalent = sum(t.is_killed for t in trials), sum(t.is_equivalent for t in trials)
        unexplained = sum(t.is_open for t in trials)
        return cls(killed, equivalent, len(trials) - killed - equivalent - unexplained, unexplained)

    @property
    def rate(self) -> str:
        """The rejected ones of those that are wrong, in percent; rounded down, so that 100 means all of them."""
        wrong = self.killed + self.explained + self.unexplained
        return f"{1000 * self.killed // wrong / 10} %" if wrong else "100.0 %"


def report(trials: Sequence[Trial]) -> str:
    """Return the report in Markdown."""
    minutes = sum(trial.seconds for trial in trials) / 60
    machine = f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    counts = Counts.of(trials)
    wrong = len(trials) - counts.equivalent
    lines = [
        "# Do the checks reject wrong answers that nobody thought of?",
        "",
        *HEAD.strip().splitlines(),
        "",
        f"**{counts.killed} of {wrong} are rejected: {counts.rate}.** {counts.equivalent} more are right too.",
        "",
        f"| exercise | mutants | {' | '.join(COLUMNS)} | equivalent | explained | unexplained | rate |",
        "|---" * (len(COLUMNS) + 6) + "|",
        *_rows(trials),
        "",
        f"{date.today()}, {minutes:.0f} minutes on one core, {machine}.",
        "",
        "## By operator",
        "",
        "| what was changed | mutants | rejected | equivalent | explained | unexplained | rate |",
        "|---|---|---|---|---|---|---|",
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
    by_kind = [sum(kinds[kind] for kind in column) for column in COLUMNS.values()]
    counts = Counts.of(trials)
    cells = [name, len(trials), *by_kind, *counts[1:], counts.rate]
    return f"| {' | '.join(map(str, cells))} |"


def _operators(trials: Sequence[Trial]) -> Iterable[str]:
    for operator in sorted({trial.mutant.operator for trial in trials}):
        own = [trial for trial in trials if trial.mutant.operator == operator]
        counts = Counts.of(own)
        what = f"*{operator}*: {inspect.getdoc(OPERATORS[operator])}"
        yield f"| {' | '.join(map(str, [what, len(own), *counts, counts.rate]))} |"


def _survivors(trials: Sequence[Trial]) -> Iterable[str]:
    lives = [trial for trial in trials if not trial.is_killed]
    for exercise in dict.fromkeys(trial.exercise.id for trial in lives):
        own = [trial for trial in lives if trial.exercise.id == exercise]
        yield f"**{exercise} {own[0].exercise.title}**"
        yield ""
        for reason in dict.fromkeys(trial.reason for trial in own):
            yield f"- {reason.text if reason else 'Unexplained.'}"
            yield from (f"    - `{trial.mutant.change}`" for trial in own if trial.reason == reason)
        yield ""
