"""What a run on a card leaves behind: a page to be read, and a record for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .held import Finding
from .problem import TARGET, Problem
from .row import OPERATORS, Row
from .verdicts import Verdict, verdicts

ALL_PROBLEMS = "**All problems**: µs on the card, share of the copy rate, times torchvision's speed, and with launches"
"""Above the long table: what comes before is for those who do not look for one number."""
WHAT = {"forward": "forward", "features": "backward, features", "boxes": "backward, boxes"}


@dataclass
class Report:
    """All that was found on one card."""

    card: str
    date: str
    versions: str
    copies: float
    """Bytes a second that the card copies, read and written, in its memory."""
    cache: float
    """The same within its cache."""
    failures: list[str] = field(default_factory=list)
    """What is wrong; a run without any says that all is right."""
    checked: int = 0
    """How often an operator was held against the truth."""
    rows: list[Row] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    """The training steps: what, the seconds of both models, their losses, and whether these agree."""
    notes: list[str] = field(default_factory=list)
    """What was left out, and why."""

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on all targets."""
        return verdicts(self.rows, self.copies)

    def found(self, finding: Finding, where: str) -> None:
        """Take note of what came of one operator."""
        self.checked += 1
        if not finding.good:
            self.failures.append(f"{where}: {finding}")

    def page(self, whole: bool = True) -> str:
        """Return what is to be read; without the table of all problems it is short enough to be an output's end."""
        rates = f"{self.copies / 1e12:.2f} TB/s (read and written), within its cache {self.cache / 1e12:.2f}"
        parts = [
            f"**{self.card}**, {self.date}; {self.versions}. It copies {rates}.",
            self._target_table(),
            self._steps_table(),
            table(
                ("target", "wanted", "measured", "verdict"),
                [(one.target, f"{one.wanted:.1f}", number(one.measured), one.word) for one in self.verdicts],
            ),
            *self.notes,
            f"WRONG: {'; '.join(self.failures)}."
            if self.failures
            else f"All kernels are right, and give the same bits every time ({self.checked} checks).",
            f"{ALL_PROBLEMS}\n\n{self._all()}" if whole and self.rows else "",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _target_table(self) -> str:
        rows = [row for row in self.rows if row.problem._replace(rois=TARGET.rois) == TARGET]
        if not rows:
            return ""
        head = ("RoIs", "operator", "least MB", "µs at the copy rate", "reads MB", "µs at the cache's", "measured µs")
        lines = []
        for row in sorted(rows, key=lambda row: row.problem.rois):
            for name in OPERATORS:
                bound = row.bounds[name]
                lines.append((
                    str(row.problem.rois), WHAT[name], f"{bound.least / 1e6:.0f}", micro(bound.least / self.copies),
                    f"{bound.reads / 1e6:.0f}", micro(bound.reads / self.cache), micro(row.ours[name]),
                    f"{row.share(name, self.copies):.0%}", micro(row.whole.get(name)),
                    number(row.ratio(name)), number(row.whole_ratio(name)),
                ))  # fmt: skip
        more = ("share of the copy rate", "with launches µs", "times torchvision's speed", "with launches")
        return f"RoIAlign on {_what(TARGET)}:\n\n" + table((*head, *more), lines)

    def _steps_table(self) -> str:
        if not self.steps:
            return ""
        head = ("training step", "minimask ms", "torchvision ms", "times torchvision's speed")
        lines = [
            (step["what"], milli(step["ours"]), milli(step["theirs"]), number(step["theirs"] / step["ours"]))
            for step in self.steps
        ]
        return table(head, lines)

    def _all(self) -> str:
        lines = [
            [
                str(row.problem),
                *(
                    f"{micro(row.ours[name])}, {row.share(name, self.copies):.0%}, {number(row.ratio(name))}, "
                    f"{number(row.whole_ratio(name))}"
                    for name in OPERATORS
                ),
            ]
            for row in self.rows
        ]
        return table(("problem", *(WHAT[name] for name in OPERATORS)), lines)

    def record(self) -> dict[str, Any]:
        """Return everything as plain numbers and words."""
        rows = [
            {
                **row.problem._asdict(),
                "bounds": {name: bound._asdict() for name, bound in row.bounds.items()},
                **{name: getattr(row, name) for name in ("ours", "theirs", "whole", "their_whole")},
                "errors": {one.name: str(one.error) for one in row.findings},
            }
            for row in self.rows
        ]
        plain = {name: value for name, value in vars(self).items() if name != "rows"}
        said = [{**one._asdict(), "verdict": one.word} for one in self.verdicts]
        return {**plain, "verdicts": said, "rows": rows}

    def write(self, path: Path) -> None:
        """Write the page, and the record beside it."""
        path.write_text(self.page(), encoding="utf-8")
        path.with_suffix(".json").write_text(json.dumps(self.record(), indent=1) + "\n", encoding="utf-8")


def line_of(row: Row, copies: float) -> str:
    """Return a row in a line: the microseconds of all operators, their share of the copy rate, and the ratios."""
    parts = [
        f"{name} {micro(row.ours[name])} µs ({row.share(name, copies):.0%}, x{number(row.ratio(name))}, "
        f"x{number(row.whole_ratio(name))} with launches)"
        for name in OPERATORS
    ]
    return f"{row.problem}: {'; '.join(parts)}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def number(value: float | None) -> str:
    """Return a number with two decimals, or a dash for none."""
    return "–" if value is None else f"{value:.2f}"


def micro(seconds: float | None) -> str:
    """Return seconds as whole microseconds."""
    return "–" if seconds is None else f"{1e6 * seconds:.0f}"


def milli(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{1e3 * seconds:.1f}"


def _what(problem: Problem) -> str:
    return str(problem).partition(", ")[2] + f", {problem.channels} channels"
