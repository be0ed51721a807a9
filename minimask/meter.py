"""How far something has come: a bar in a terminal, a line now and then everywhere else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TextIO, TypeVar

from minimask.geometry.checks import as_whole_number

Item = TypeVar("Item")
SECONDS_BETWEEN_LINES = 10.0
LINES = 30
"""From this many on, lines come the less often the longer it takes."""


class Meter:
    """A display of progress that suits where it is shown.

    In a terminal it is a bar on the standard error stream. Elsewhere (a file, a pipe, a scheduler's log) it is lines on
    the standard output stream: one for the first, one every ten seconds (every minute after half an hour, and so on),
    and one for the last.

    Parameters
    ----------
    total : int
        How many there are to do.
    unit : str
        What is counted, in the singular.
    done : int
        How many of them were done before.
    shown : bool
        False: nothing is shown, not even what `say` is given.
    lines : bool
        Whether lines come of themselves; False where something is said of everything anyway.
    clock : callable
        Returns seconds.

    Examples
    --------
    >>> times = iter([0.0, 1.5, 3.0, 4.5])  # seconds, at the start and after each picture
    >>> with Meter(3, "picture", clock=lambda: next(times)) as meter:
    ...     for k in range(3):
    ...         meter.advance(f"{k} objects")
    picture 1 of 3, 0 objects
    picture 3 of 3, 2 objects
    """

    def __init__(
        self,
        total: int,
        unit: str,
        done: int = 0,
        *,
        shown: bool = True,
        lines: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = as_whole_number(total, "total", 0)
        self.done = self._before = as_whole_number(done, "done", 0)
        self.unit = unit
        self._shown, self._lines = shown, lines
        self._clock = clock
        self._start = clock()
        self._last_line: float | None = None
        self._bar = _bar(total, unit, done) if shown and is_terminal(sys.stderr) else None

    def advance(self, note: str = "") -> None:
        """Count one more, with a few words about it."""
        self.done += 1
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update()
        elif self._shown and self._lines:
            self._line(note)

    def note(self, words: str) -> None:
        """Show a few words beside the bar, where there is one, until the next ones."""
        if self._bar is not None:
            self._bar.set_postfix_str(words)

    def say(self, words: str) -> None:
        """Say something that stays."""
        if self._bar is not None:
            self._bar.write(words, file=sys.stdout)
        elif self._shown:
            print(words, flush=True)

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Hand out the items, and count each when the next one is asked for.

        Examples
        --------
        >>> list(Meter(2, "letter", shown=False).over("ab"))
        ['a', 'b']
        """
        for item in items:
            yield item
            self.advance()

    def close(self) -> None:
        """Leave the bar as it is, and go on in the line below."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _line(self, note: str) -> None:
        """Print a line if it is time for one."""
        from tqdm import tqdm

        now, left = self._clock(), self.total - self.done
        elapsed, remaining = now - self._start, ""
        if self._last_line is not None:
            if left and now - self._last_line < max(SECONDS_BETWEEN_LINES, elapsed / LINES):
                return
            if left > 0:  # not in the first line: what comes first often takes longer
                seconds = elapsed / (self.done - self._before) * left
                remaining = f"{tqdm.format_interval(seconds)} left"
        self._last_line = now
        words = (f"{self.unit} {self.done:,} of {self.total:,}", note, remaining)
        print(", ".join(filter(None, words)), flush=True)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream leads to a terminal in which a line can be drawn anew."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _bar(total: int, unit: str, done: int) -> Any:  # noqa: ANN401
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        monitor_interval = 0  # its thread would be in the way of processes that load pictures

    form = "{n_fmt}/{total_fmt} {unit}s |{bar}| {elapsed}<{remaining}{postfix}"
    return Bar(total=total, unit=unit, initial=done, bar_format=form, dynamic_ncols=True, miniters=1, smoothing=0.1)


def duration(seconds: float) -> str:
    """Return a time as people say it.

    Examples
    --------
    >>> duration(7.26), duration(200), duration(7_500)
    ('7.3 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
