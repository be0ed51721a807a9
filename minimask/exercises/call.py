"""One call of a learner's function, with everything that can go wrong with it caught and put into words."""

from __future__ import annotations

import io
import linecache
import re
import traceback
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from minimask.exercises.answers import same
from minimask.exercises.watchdog import call_within

SECONDS = 2.0
"""How long one call may take."""
LONGEST_TEXT = 200

Inputs = tuple[Any, ...]
Function = Callable[..., object]


@dataclass(frozen=True)
class Outcome:
    """What one call came to: an answer or an error, and what else happened on the way."""

    answer: object = None
    error: BaseException | None = None
    place: str = ""
    printed: str = ""
    changed: tuple[int, ...] = ()


class Elsewhere(ABC):
    """A function that runs elsewhere, in another process say, where its calls are watched as `call` does it here."""

    is_stub: bool = False

    @abstractmethod
    def __call__(self, *inputs: object) -> object:
        """Return the answer, or raise what the function raised."""

    @abstractmethod
    def outcome(self, inputs: Inputs) -> Outcome:
        """Return what one call comes to; a call that takes too long comes to a `TimeUp`."""


def call(function: Function, inputs: Inputs) -> Outcome:
    """Call a function on copies of the inputs, for `SECONDS` at most, and without a sound.

    Only a keyboard interrupt gets through.
    """
    if isinstance(function, Elsewhere):
        return function.outcome(inputs)
    given = deepcopy(inputs)
    answer, error, place = None, None, ""
    prints = io.StringIO()
    with redirect_stdout(prints), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = call_within(SECONDS, function, *given)
        except KeyboardInterrupt:
            raise
        except BaseException as caught:
            error, place = caught, _place(caught, function)
    return Outcome(answer, error, place, _shortened(prints.getvalue()), changed_places(inputs, given))


def changed_places(before: Inputs, after: Inputs) -> tuple[int, ...]:
    """Return which of some arguments are no longer what they were.

    Examples
    --------
    >>> changed_places((1, [2]), (1, [3]))
    (1,)
    """
    return tuple(k for k, (old, new) in enumerate(zip(before, after, strict=True)) if not same(old, new))


def is_stub(function: Function) -> bool:
    """Return whether a function's body is still empty: a docstring, ``...`` or ``pass``.

    Examples
    --------
    >>> def not_yet(box): ...
    >>> is_stub(not_yet), is_stub(lambda box: box)
    (True, False)
    """
    if isinstance(function, Elsewhere):
        return function.is_stub

    def empty() -> None: ...

    # Every other byte of the bytecode is an instruction; those between are its arguments, which a docstring moves.
    code = getattr(function, "__code__", None)
    return code is not None and code.co_code[::2] == empty.__code__.co_code[::2]


def describe_error(error: BaseException) -> str:
    """Return an error as a traceback names it, in one line and without what differs from run to run."""
    lines = "".join(traceback.format_exception_only(error)).strip().splitlines()
    text = next((line for line in lines if type(error).__name__ in line), lines[-1])
    return _shortened(re.sub(r"0x[0-9a-fA-F]+", "0x...", text))


def _place(error: BaseException, function: Function) -> str:
    """Return the last line of the learner's own code that an error went through: ``line 3: `x / 0```."""
    code = getattr(function, "__code__", None)
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in lines if line and code is not None and file == code.co_filename]
    if not own:
        return ""
    source = linecache.getline(*own[-1]).strip()
    return f"line {own[-1][1]}" + (f": `{source}`" if source else "")


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " ..."
