"""Exercises: statement, hints, check and solution of each, by chapter.

A notebook shows a card, gives a stub to fill in, and looks at the attempt:

    from minimask import exercises

    exercises.card("1.1")
    exercises.attempt("1.1", pair_iou)  # a report: passed, not started yet, or not right yet and why

A test or a grader calls ``exercises.get("1.1").check(function)``, which is silent or raises an `AssertionError`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from minimask.exercises.card import Card
from minimask.exercises.check import examine
from minimask.exercises.exercise import Exercise, RefutedError
from minimask.exercises.report import Report

__all__ = ["Card", "Exercise", "RefutedError", "Report", "all", "attempt", "card", "chapter", "get"]

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

    Examples
    --------
    >>> def pair_iou(box_a, box_b): ...
    >>> attempt("1.1", pair_iou)
    Exercise 1.1: not started yet. Write the body of `pair_iou`, run its cell, then this one.
    """
    exercise = get(id)
    ids = [other.id for other in chapter(exercise.chapter)]
    later = ids[ids.index(id) + 1 :]
    return Report(exercise, examine(exercise, function), later[0] if later else None)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names))
