"""The hand: a second process that tries mutants one by one, and is replaced when one of them hangs."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

PATIENCE = 60.0
"""Seconds after which a mutant counts as endless that the check's own watchdog could not end."""
STUCK = "stuck"


def _work(pipe: Connection) -> None:
    from minimask import exercises

    from .trial import outcome

    while True:
        id, source = pipe.recv()
        pipe.send(outcome(exercises.get(id), source))


class Hand:
    """Tries mutants in a process of its own; used in a ``with`` statement."""

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def outcome(self, id: str, source: str) -> str:
        """Return what comes of a mutant of an exercise."""
        if self._process is None:
            self._start()
        self._pipe.send((id, source))
        try:
            if self._pipe.poll(PATIENCE):
                answer: str = self._pipe.recv()
                return answer
            result = STUCK
        except EOFError:  # the process is gone: the mutant took it along
            result = "error"
        self._stop()
        return result

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(target=_work, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None
