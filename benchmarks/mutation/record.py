"""The record of a run: what came of each mutant, kept in a file, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import inspect
import json
from functools import cache
from pathlib import Path

from minimask import exercises
from minimask.exercises.exercise import Exercise

SHARED = ("answers.py", "call.py", "check.py", "inputs.py")
"""What all checks are made of, in the folder of the exercises."""


class Record:
    """Outcomes by exercise and mutant; those of an exercise or of a check that has changed since are forgotten."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._outcomes: dict[str, list[float | str]] = {}
        if path and path.exists():
            self._outcomes = json.loads(path.read_text(encoding="utf-8"))

    def get(self, exercise: Exercise, source: str) -> tuple[str, float] | None:
        """Return a mutant's outcome and how long it took, if it is known."""
        kept = self._outcomes.get(_key(exercise, source))
        return (str(kept[0]), float(kept[1])) if kept else None

    def put(self, exercise: Exercise, source: str, outcome: str, seconds: float) -> None:
        """Keep a mutant's outcome."""
        self._outcomes[_key(exercise, source)] = [outcome, round(seconds, 3)]

    def save(self) -> None:
        """Write the file, in one move."""
        if self._path:
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(self._outcomes, indent=0), encoding="utf-8")
            new.replace(self._path)


def _key(exercise: Exercise, source: str) -> str:
    return hashlib.sha256(f"{exercise.id} {_check_of(exercise.id)} {source}".encode()).hexdigest()


@cache
def _check_of(id: str) -> str:
    """Return a fingerprint of all that decides what a check finds: its file, and what all checks share."""
    own = Path(inspect.getfile(exercises.get(id).solution))
    files_of_exercises = {Path(inspect.getfile(exercise.solution)) for exercise in exercises.all()}
    shared = {*own.parent.glob("*.py"), *(own.parent.parent / name for name in SHARED)} - files_of_exercises
    texts = [path.read_bytes() for path in (own, *sorted(shared))]
    return hashlib.sha256(b"".join(texts)).hexdigest()
