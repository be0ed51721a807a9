"""The teacher's kit, read from its pages: minutes and goals of sections, and questions for the class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[1]
QUESTION = re.compile(r"^### (Q\w+-\d+) · (.+) \(section (.+)\)$", re.MULTILINE)
OPTION = re.compile(r"^- \*\*([A-E])\.\*\* (.+)$")


class Goal(NamedTuple):
    """A row of `goals.md`: a section by its title, what a student can do afterwards, minutes, and exercises."""

    section: str
    can: str
    minutes: int
    exercises: tuple[str, ...]


class Question(NamedTuple):
    """A question of `questions.md`.

    `options` are `(letter, words)`, none for an open question; `answer` is the right letter or `""`; `behind` is what
    the teacher should know: the expected answer, and which misconception stands behind which wrong one.
    """

    name: str
    title: str
    section: str
    ask: str
    options: tuple[tuple[str, str], ...]
    answer: str
    behind: str


def _chapters(page: Path) -> dict[str, str]:
    """Return the text under each heading of second rank."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def read_goals(page: Path = HERE / "goals.md") -> dict[str, list[Goal]]:
    """Return the goals of the sections of each chapter, by the chapter's title."""
    found = {}
    for chapter, text in _chapters(page).items():
        rows = [[cell.strip() for cell in row.split("|")] for row in re.findall(r"^\|(.+)\|$", text, re.MULTILINE)]
        found[chapter] = [
            Goal(section, can, int(minutes), tuple(re.findall(r"[\d.]+", exercises)))
            for section, can, minutes, exercises in (row for row in rows if len(row) == 4)
            if minutes.isdigit()
        ]
    return {chapter: goals for chapter, goals in found.items() if goals}


def read_questions(page: Path = HERE / "questions.md") -> dict[str, list[Question]]:
    """Return the questions of each chapter, by the chapter's title."""
    found = {}
    for chapter, text in _chapters(page).items():
        parts = QUESTION.split(text)
        found[chapter] = [
            _question(*four) for four in zip(parts[1::4], parts[2::4], parts[3::4], parts[4::4], strict=True)
        ]
    return {chapter: questions for chapter, questions in found.items() if questions}


def _question(name: str, title: str, section: str, text: str) -> Question:
    asked, answer, behind = re.split(r"^\*\*(?:Answer: ([A-E])|Expected)\.\*\* ", text, maxsplit=1, flags=re.MULTILINE)
    lines = [" ".join(line.split()) for line in re.split(r"\n(?=- )|\n\n", asked.strip())]
    options = tuple(match.groups() for match in map(OPTION.match, lines) if match)
    ask = " ".join(line for line in lines if line and not OPTION.match(line))
    return Question(name, title, section, ask, options, answer or "", behind.strip())  # type: ignore[arg-type]
