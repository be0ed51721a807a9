"""Grading: a student's answer to one exercise, held against the check of the minimask that is installed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from minimask.classroom.confinement import ABSENT
from minimask.classroom.sandbox import Sandbox
from minimask.classroom.submission import cells_for
from minimask.exercises import Exercise
from minimask.exercises.call import describe_error
from minimask.exercises.check import Passed, examine

Status = Literal["passed", "not right yet", "not started yet"]
POINTS = ("difficulty", "minutes")
"""What an exercise's points go by."""


@dataclass(frozen=True)
class Mark:
    """What one answer is worth, and why, in the words that its author reads."""

    exercise: Exercise
    status: Status
    message: str

    def __post_init__(self) -> None:
        plain = "".join(sign for sign in self.message if sign == "\n" or sign.isprintable())
        object.__setattr__(self, "message", plain)  # what comes from students' code must not steer a terminal

    @property
    def passed(self) -> bool:
        """Whether the answer is right: there is no half."""
        return self.status == "passed"

    def __str__(self) -> str:
        return f"Exercise {self.exercise.id}: {self.status}. {self.message}"


def grade(exercise: Exercise, sources: Sequence[str], seed: int | None = None) -> Mark:
    r"""Return the mark of one exercise in a notebook.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    sources : sequence of str
        The notebook's code cells, as text. Nothing of it is run in this process.
    seed : int, optional
        Draws the inputs on which the answer is tried, so that nobody can know them before. Without, they are the ones
        that everybody's notebook draws.

    Examples
    --------
    >>> from minimask import exercises
    >>> mark = grade(exercises.get("1.1"), ["def pair_iou(box_a, box_b):\n    return boxes"])
    >>> mark.status, mark.message[-55:]
    ('not right yet', "name 'boxes' is not defined` in line 2: `return boxes`.")
    """
    cells = cells_for(exercise, sources)
    if not cells:
        return Mark(exercise, "not started yet", f"No cell of the notebook defines `{exercise.name}`.")
    with Sandbox(exercise.name, cells) as function:
        if function.ended:
            return Mark(exercise, "not right yet", f"Your answer could not be checked: {function.problem}.")
        if function.kind and function.problem is not None:
            place = f" in {function.place}" if function.place else ""
            words = f"Your cell stopped with `{describe_error(function.problem)}`{place}"
            return Mark(exercise, "not right yet", f"{words}, before there was a function `{exercise.name}`.")
        if function.kind:
            return Mark(exercise, "not right yet", f"`{exercise.name}` is no function, but of type {function.kind}.")
        try:
            result = examine(exercise, function, seed)
        except Exception as error:  # the rest of the class is graded all the same
            return Mark(exercise, "not right yet", f"The check stopped with `{describe_error(error)}`.")
    if isinstance(result, Passed):
        return Mark(exercise, "passed", f"Right on {result.chosen} chosen inputs and {result.drawn} drawn at random.")
    if result.kind == "not started":
        return Mark(exercise, "not started yet", f"Write the body of `{exercise.name}`.")
    absent = f" ({ABSENT}.)" if "NameError" in result.message and _uses_minimask(sources) else ""
    return Mark(exercise, "not right yet", result.message + absent)


def points_of(exercise: Exercise, by: str = "difficulty") -> int:
    """Return what an exercise is worth: its difficulty, 1 to 5, or a point for every five minutes.

    Examples
    --------
    >>> from minimask import exercises
    >>> hard = exercises.get("1.6")
    >>> points_of(hard), points_of(hard, "minutes")
    (5, 8)
    """
    if by not in POINTS:
        raise ValueError(f"by must be one of {', '.join(POINTS)}, got {by!r}")
    return exercise.difficulty if by == "difficulty" else max(1, round(exercise.minutes / 5))


def _uses_minimask(sources: Sequence[str]) -> bool:
    return any("minimask" in source for source in sources)
