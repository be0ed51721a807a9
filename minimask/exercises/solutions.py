"""Whether solutions are shown. In a class's copy of a chapter they are not: they are with the teacher."""

from __future__ import annotations

_hidden = False


def hide_solutions(hidden: bool = True) -> None:
    """Keep cards, reports and `reveal` from showing solutions, or have them shown again, until the session ends.

    Checks and hints stay. This closes a door, and locks nothing: who looks for the solutions finds them in the package.
    A grade needs more than this; see `minimask.classroom`.

    Examples
    --------
    >>> from minimask import exercises
    >>> exercises.hide_solutions()
    >>> exercises.get("1.1").reveal()
    In this class, the solution of exercise 1.1 is with your teacher.
    >>> exercises.hide_solutions(False)
    """
    global _hidden
    _hidden = hidden


def are_hidden() -> bool:
    """Return whether solutions are hidden.

    Examples
    --------
    >>> are_hidden()
    False
    """
    return _hidden
