"""A trial: one mutant before the check of its exercise."""

from __future__ import annotations
import __future__

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from hypothesis import Phase, settings

from minimask.exercises import check
from minimask.exercises.check import Finding, examine
from minimask.exercises.exercise import Exercise

SURVIVED = "survived"


def outcome(exercise: Exercise, source: str) -> str:
    """Return the kind of finding with which a check rejects a mutant: `wrong`, `error`, ...; or `survived`."""
    with _first_finding_will_do():
        result = examine(exercise, function_of(exercise, source))
    return result.kind if isinstance(result, Finding) else SURVIVED


def function_of(exercise: Exercise, source: str) -> Callable[..., object]:
    """Return a function from its source, with the names around it that the solution has."""
    names: dict[str, Any] = dict(exercise.solution.__globals__)
    code = compile(source, f"<mutant of {exercise.id}>", "exec", __future__.annotations.compiler_flag, True)
    exec(code, names)
    function: Callable[..., object] = names[exercise.name]
    return function


@contextmanager
def _first_finding_will_do() -> Iterator[None]:
    """Keep hypothesis from looking for the smallest counterexample, which is for learners, and takes longest."""

    def quick(**rules: object) -> settings:
        return settings(**{**rules, "phases": (Phase.generate,)})  # type: ignore[arg-type]

    with patch.object(check, "settings", quick):
        yield
