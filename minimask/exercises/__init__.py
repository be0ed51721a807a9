"""Exercises: statement, hints, check and solution of each, by chapter.

A notebook shows a card, gives a stub to fill in, and looks at the attempt:

    from minimask import exercises

    exercises.card("1.1")
    exercises.attempt("1.1", pair_iou)  # a report: passed, not started yet, or not right yet and why
    exercises.progress()  # what is passed in all chapters, and what comes next

Before a result it asks for a prediction, and answers; beside the result the answer is held against it:

    exercises.predict("roof")
    exercises.settle("roof", best_iou)

A test or a grader calls ``exercises.get("1.1").check(function)``, which is silent or raises an `AssertionError`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import replace

from minimask.exercises.card import Card
from minimask.exercises.check import examine
from minimask.exercises.exercise import Exercise, RefutedError
from minimask.exercises.prediction import Prediction
from minimask.exercises.progress_table import Progress, keep, progress_of
from minimask.exercises.report import Report
from minimask.exercises.solutions import hide_solutions

__all__ = [
    "Card",
    "Exercise",
    "Prediction",
    "Progress",
    "RefutedError",
    "Report",
    "all",
    "attempt",
    "card",
    "chapter",
    "get",
    "hide_solutions",
    "predict",
    "predictions",
    "progress",
    "settle",
]

_CHAPTERS = {
    1: "beyond_the_box",
    2: "needles_in_a_haystack",
    3: "magnifying_glass",
    4: "committee",
    5: "whole_machine",
    6: "out_in_the_world",
}


def chapter(number: int) -> tuple[Exercise, ...]:
    """Return the exercises of one chapter, from easy to hard."""
    if number not in _CHAPTERS:
        raise ValueError(f"number must be a chapter with exercises ({_listed(_CHAPTERS)}), got {number!r}")
    module = importlib.import_module(f"minimask.exercises.{_CHAPTERS[number]}")
    exercises: tuple[Exercise, ...] = module.EXERCISES
    return exercises


def all() -> tuple[Exercise, ...]:
    """Return all exercises of all chapters."""
    return tuple(exercise for number in _CHAPTERS for exercise in chapter(number))


def get(id: str) -> Exercise:
    """Return one exercise by its id, such as ``"1.1"``.

    Examples
    --------
    >>> get("1.1").title
    'The IoU of two boxes'
    """
    number = id.partition(".")[0] if isinstance(id, str) else ""
    known = chapter(int(number)) if number.isdecimal() and int(number) in _CHAPTERS else ()
    for exercise in known:
        if exercise.id == id:
            return exercise
    raise ValueError(f"id must be one of {_listed(exercise.id for exercise in known or all())}, got {id!r}")


def card(id: str) -> Card:
    """Return an exercise's card, for a notebook to show."""
    return Card(get(id))


def attempt(id: str, function: object) -> Report:
    """Check a function and return a report for a notebook to show; whatever the function does, nothing is raised.

    That it passes is kept for `progress`, on this machine only.

    Examples
    --------
    >>> def pair_iou(box_a, box_b): ...
    >>> attempt("1.1", pair_iou)
    Exercise 1.1: not started yet. Write the body of `pair_iou`, run its cell, then this one.
    """
    exercise = get(id)
    ids = [other.id for other in chapter(exercise.chapter)]
    later = ids[ids.index(id) + 1 :]
    report = Report(exercise, examine(exercise, function), later[0] if later else None)
    return replace(report, trouble=keep(id)) if report.passed else report


def progress(chapter_number: int | None = None, *, forget: bool = False) -> Progress:
    """Return which exercises were passed on this machine, and what comes next, for a notebook to show.

    Parameters
    ----------
    chapter_number : int, optional
        Of one chapter only.
    forget : bool
        Whether to begin anew, in all chapters; the old file is kept beside the new one.

    Examples
    --------
    >>> [one.id for one in progress(1).exercises]
    ['1.1', '1.2', '1.3', '1.4', '1.5', '1.6']
    """
    return progress_of(all() if chapter_number is None else chapter(chapter_number), forget=forget)


def predictions(number: int | None = None) -> tuple[Prediction, ...]:
    """Return the predictions that a chapter asks for, or all chapters."""
    if number is not None and number not in _CHAPTERS:
        raise ValueError(f"number must be a chapter ({_listed(_CHAPTERS)}), got {number!r}")
    names = [name for key, name in _CHAPTERS.items() if number in (None, key)]
    modules = [importlib.import_module(f"minimask.exercises.questions.{name}") for name in names]
    return tuple(prediction for module in modules for prediction in module.PREDICTIONS)


def predict(name: str) -> Prediction:
    """Return a question about what comes next, which answers whatever one predicts.

    Examples
    --------
    >>> predict("circle")
    Shrink the square until it cuts four slivers off the circle. What does the IoU do?
      - It falls.
      - It stays the same.
      - It rises.
    """
    for prediction in predictions():
        if prediction.name == name:
            return prediction
    raise ValueError(f"name must be one of {_listed(one.name for one in predictions())}, got {name!r}")


def settle(name: str, measured: str | float) -> None:
    """Hold the answer that a prediction calls right against what was measured.

    Raises
    ------
    AssertionError
        If the measurement says something else.

    Examples
    --------
    >>> settle("circle", "It rises.")
    """
    predict(name).settle(measured)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))
