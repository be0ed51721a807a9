"""The report: what a check found, as a notebook shows it. It never raises, so that a notebook runs to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from minimask.exercises.card import framed
from minimask.exercises.check import Finding, Passed
from minimask.exercises.markdown import markdown_html
from minimask.exercises.solutions import are_hidden
from minimask.plots.show import figure_html
from minimask.plots.style import BEST, HIGHLIGHT, TIGHT

if TYPE_CHECKING:
    from minimask.exercises.exercise import Exercise


@dataclass(frozen=True, repr=False)
class Report:
    """The result of one attempt at an exercise."""

    exercise: Exercise
    result: Finding | Passed
    next_id: str | None
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing was found wrong."""
        return isinstance(self.result, Passed)

    @property
    def status(self) -> str:
        """One of passed, not started yet, not right yet."""
        if isinstance(self.result, Passed):
            return "passed"
        return "not started yet" if self.result.kind == "not started" else "not right yet"

    @property
    def message(self) -> str:
        """What was found, and what to do next."""
        it, result = self.exercise, self.result
        if isinstance(result, Finding):
            return result.message
        onward = f"Next: exercise {self.next_id}." if self.next_id else "That was the chapter's last exercise."
        compare = "" if are_hidden() else f' Compare with `exercises.get("{it.id}").reveal()`.'
        words = f"Right on {result.chosen} chosen inputs and {result.drawn} drawn at random.{compare} {onward}"
        return f"{words} {self.trouble}".rstrip()

    def __repr__(self) -> str:
        return f"Exercise {self.exercise.id}: {self.status}. {self.message}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _html(self) -> str:
        color, sign = {
            "passed": (BEST, "✓"),
            "not started yet": (HIGHLIGHT, "○"),
            "not right yet": (TIGHT, "✗"),
        }[self.status]
        return framed(color, f"{sign} Exercise {self.exercise.id}: {self.status}", self._body())

    def _body(self) -> str:
        body = markdown_html(self.message)
        result = self.result
        if isinstance(result, Passed) or not result.inputs:
            return body
        picture = self.exercise.draw(result)
        return body + figure_html(picture, "The counterexample as a picture. " + self.message.replace("`", ""))
