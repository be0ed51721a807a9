"""Progress: which exercises are passed, chapter by chapter, and what comes next."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minimask.exercises import progress_file
from minimask.exercises.card import framed
from minimask.exercises.places import CHAPTERS, front_of, notebook_of
from minimask.plots.style import BEST

if TYPE_CHECKING:
    from minimask.exercises.exercise import Exercise


@dataclass(frozen=True, repr=False)
class Progress:
    """The passed exercises of one chapter or of all, as a table for a notebook and as text."""

    exercises: tuple[Exercise, ...]
    passed: frozenset[str]
    remark: str = ""

    @property
    def next(self) -> Exercise | None:
        """The first exercise that is not passed yet."""
        return next((one for one in self.exercises if one.id not in self.passed), None)

    @property
    def summary(self) -> str:
        """How many are passed, and how long the others may take."""
        left = sum(one.minutes for one in self.exercises if one.id not in self.passed)
        done = f"{self._count(self.exercises)} of {len(self.exercises)} exercises passed"
        return f"{done}, about {_duration(left)} to go" if left else f"{done}: all of them"

    @property
    def advice(self) -> str:
        """What to do next."""
        if self.next is None:
            return "Nothing is left to do here."
        return f"Next: exercise {self.next.id}, {self.next.title} ({self.next.minutes} minutes)"

    def __repr__(self) -> str:
        where = f", in {notebook_of(self.next.id)}." if self.next else ""
        lines = [f"{self.summary}.", *(self._line(number) for number in self._chapters()), self.advice + where]
        return "\n".join([*lines, *([self.remark] if self.remark else [])])

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html()}

    def _chapters(self) -> list[int]:
        return list(dict.fromkeys(one.chapter for one in self.exercises))

    def _of(self, chapter: int) -> list[Exercise]:
        return [one for one in self.exercises if one.chapter == chapter]

    def _count(self, exercises: tuple[Exercise, ...] | list[Exercise]) -> int:
        return sum(one.id in self.passed for one in exercises)

    def _line(self, chapter: int) -> str:
        own = self._of(chapter)
        marks = " ".join(f"[{'x' if one.id in self.passed else ' '}] {one.id}" for one in own)
        return f"{chapter} {CHAPTERS[chapter]:<30} {self._count(own)} of {len(own)}  {marks}"

    def _html(self) -> str:
        rows = "".join(map(self._row, self._chapters()))
        head = "".join(f'<th style="{_CELL}">{title}</th>' for title in ("chapter", "passed", "exercises"))
        where = ""
        if self.next:
            where = f', in <a href="{notebook_of(self.next.id)}">{html.escape(notebook_of(self.next.id))}</a>.'
        body = f'<table style="margin: 8px 0"><tr>{head}</tr>{rows}</table><p>{html.escape(self.advice)}{where}</p>'
        body += f"<p>{html.escape(self.remark)}</p>" if self.remark else ""
        return framed(BEST, html.escape(self.summary), body)

    def _row(self, chapter: int) -> str:
        own = self._of(chapter)
        marks = " ".join(self._mark(one) for one in own)
        title = f'{chapter} · <a href="{front_of(chapter)}">{html.escape(CHAPTERS[chapter])}</a>'
        cells = (title, f"{self._count(own)} of {len(own)}", marks)
        return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"

    def _mark(self, exercise: Exercise) -> str:
        """Return an exercise as a small field: filled and ticked when passed, so that no color is needed to tell."""
        done = exercise.id in self.passed
        look = f"border: 1px solid {BEST}; border-left: {'8' if done else '1'}px solid {BEST}"
        says = html.escape(f"{exercise.title}: {'passed' if done else 'not passed yet'}")
        style = f"{look}; border-radius: 4px; padding: 1px 6px; white-space: nowrap"
        return f'<span title="{says}" style="{style}">{"✓ " if done else ""}{exercise.id}</span>'


_CELL = "text-align: left; padding: 5px 12px 5px 0; line-height: 2"


def _duration(minutes: int) -> str:
    """Return minutes in words.

    Examples
    --------
    >>> _duration(45), _duration(120), _duration(215)
    ('45 minutes', '2 hours', '3.5 hours')
    """
    if minutes < 90:
        return f"{minutes} minutes"
    return f"{round(minutes / 30) / 2:g} hours"


def progress_of(exercises: tuple[Exercise, ...], *, forget: bool = False) -> Progress:
    """Return the progress that is kept on this machine, after forgetting it if so asked; nothing is raised."""
    try:
        old = progress_file.forget() if forget else None
        passed = frozenset(progress_file.read())
    except progress_file.NotKeptError as error:
        return Progress(exercises, frozenset(), f"Your progress is not known: {error}.")
    return Progress(exercises, passed, f"All is forgotten; the old file is kept as {old}." if old else "")


def keep(id: str) -> str:
    """Keep that an exercise is passed; return why it could not be kept, or nothing."""
    try:
        progress_file.add(id)
    except progress_file.NotKeptError as error:
        return f"(This pass was not kept: {error}. The lesson does not need it.)"
    return ""
