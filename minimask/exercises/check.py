"""The check: the learner's function against a reference, on chosen inputs first and then on drawn ones.

The chosen inputs go from easy to hard, so that a first mistake is met where it is easy to see. The drawn ones come from
hypothesis, which shrinks whatever goes wrong to the smallest input on which it still does. Nothing here is left to
chance: the same function gets the same finding, word for word.
"""

from __future__ import annotations

import inspect
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from textwrap import indent
from typing import TYPE_CHECKING, Any, Literal
from unittest.mock import patch

from hypothesis import Phase, Verbosity, configuration, find, settings
from hypothesis.errors import Flaky, NoSuchExample
from hypothesis.internal.conjecture import providers

from minimask.exercises.answers import UnreadableError, is_mask, kind_of, same, words
from minimask.exercises.call import SECONDS, Function, Inputs, Outcome, call, describe_error, is_stub
from minimask.exercises.watchdog import TimeUp

if TYPE_CHECKING:
    from minimask.exercises.exercise import Exercise

SECONDS_FOR_DRAWN = 20.0
"""How long the drawn inputs may take together; the rest goes untried, so that a slow right answer passes."""

Kind = Literal["not started", "not callable", "arguments", "error", "stuck", "changed", "unsteady", "type", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What a check found: its kind, the words, and what the picture of the counterexample is drawn from."""

    kind: Kind
    message: str
    inputs: Inputs = ()
    expected: Any = None
    answer: Any = None


@dataclass(frozen=True)
class Passed:
    """On how many inputs a function was right."""

    chosen: int
    drawn: int


def examine(exercise: Exercise, function: object, seed: int | None = None) -> Finding | Passed:
    """Return the first thing that is wrong with a function, as small as it can be made, or that nothing is.

    Without a seed, everybody's function meets the same drawn inputs; with one, others, and the same for that seed.
    """
    if not callable(function):
        return Finding(
            "not callable",
            f"Hand in the function itself, by its name alone: `{exercise.name}`. What came in was {kind_of(function)}.",
        )
    finding = _compare_parameters(exercise, function)
    if finding:
        return finding
    for inputs in exercise.examples:
        finding = _try_twice(exercise, function, inputs)
        if finding:
            return finding
    drawn = _search(exercise, function, seed)
    if isinstance(drawn, Finding):
        return drawn
    for inputs in exercise.large_examples:
        finding = _judge(exercise, function, inputs, call(function, inputs))
        if finding:
            return replace(finding, inputs=())  # too large for a picture
    return Passed(len(exercise.examples) + len(exercise.large_examples), drawn)


def _compare_parameters(exercise: Exercise, function: Function) -> Finding | None:
    wanted = exercise.parameters
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some compiled functions don't tell
        return None
    try:
        signature.bind(*wanted)
    except TypeError:
        return Finding(
            "arguments",
            f"`{exercise.name}` is called with {len(wanted)} argument{'s' * (len(wanted) > 1)}: "
            f"({', '.join(wanted)}). Yours takes ({', '.join(signature.parameters)}).",
        )
    return None


def _try_twice(exercise: Exercise, function: Function, inputs: Inputs) -> Finding | None:
    """Return what is wrong with the answer to one input, or with two answers that differ."""
    first = call(function, inputs)
    finding = _judge(exercise, function, inputs, first)
    if finding and finding.kind != "wrong":
        return finding
    second = call(function, inputs)
    if type(first.error) is not type(second.error) or not same(first.answer, second.answer):
        return _unsteady(inputs)
    return finding


def _search(exercise: Exercise, function: Function, seed: int | None) -> Finding | int:
    """Draw inputs; return the finding on the smallest that goes wrong, or how many were tried."""
    tried = 0
    stuck: Finding | None = None
    last: Inputs = ()
    end = time.monotonic() + SECONDS_FOR_DRAWN
    chance = None if seed is None else Random(seed)

    def goes_wrong(inputs: Inputs) -> bool:
        nonlocal tried, stuck, last
        if stuck or (not last and time.monotonic() > end):
            return False
        tried += 1
        finding = _judge(exercise, function, inputs, call(function, inputs))
        if finding and finding.kind == "stuck":  # looking for a smaller input would take two seconds a step
            stuck = finding
            return False
        if finding:
            last = inputs
        return finding is not None

    rules = settings(
        max_examples=exercise.draws,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        derandomize=True,
        deadline=None,
        verbosity=Verbosity.quiet,
    )
    with tempfile.TemporaryDirectory() as folder, _only_from_the_strategy():
        configuration.set_hypothesis_home_dir(folder)  # or it leaves a folder of notes beside the notebook
        try:
            smallest = find(exercise.inputs, goes_wrong, settings=rules, random=chance)
        except NoSuchExample:
            return stuck or tried
        except Flaky:
            return stuck or _unsteady(last)
        finally:
            configuration.set_hypothesis_home_dir(None)
    return _try_twice(exercise, function, smallest) or _unsteady(smallest)


@contextmanager
def _only_from_the_strategy() -> Iterator[None]:
    """Keep hypothesis from drawing numbers that stand in the code of whatever modules are loaded.

    It does so now and then, and which modules these are would decide what is found. Where its insides are others, it
    draws as it likes.
    """
    provider, none = (getattr(providers, name, None) for name in ("HypothesisProvider", "Constants"))
    cache = getattr(getattr(providers, "CONSTANTS_CACHE", None), "cache", None)
    if cache is None or none is None or not hasattr(provider, "_local_constants"):
        yield
        return
    cache.clear()
    try:
        with patch.object(provider, "_local_constants", none()):
            yield
    finally:
        cache.clear()


def _judge(exercise: Exercise, function: Function, inputs: Inputs, outcome: Outcome) -> Finding | None:
    """Return what is wrong with the outcome of one call, or None."""
    untouched = outcome.answer is None and outcome.error is None and is_stub(function)
    if untouched or outcome.answer is ... or isinstance(outcome.error, NotImplementedError):
        return Finding("not started", f"Write the body of `{exercise.name}`, run its cell, then this one.")
    expected = exercise.right_answer(inputs)
    refusal = expected if isinstance(expected, type) else None
    complaint = _complain_of_call(exercise, outcome, refusal)
    answer: object = None
    if complaint is None and refusal is None:
        try:
            answer = exercise.read(outcome.answer)
        except UnreadableError as error:
            complaint = "type", f"{error}."
        except Exception as error:  # an object of the learner's own may do anything when it is looked at
            kind_of_object = type(outcome.answer).__name__
            complaint = "type", f"your answer, a {kind_of_object}, cannot be read: `{describe_error(error)}`."
        else:
            wrong = exercise.compare(expected, answer, *inputs)
            complaint = ("wrong", f"{wrong}. {exercise.remark(*inputs)}".strip()) if wrong else None
    if complaint is None:
        return None
    kind, text = complaint
    printed = f" It printed: `{outcome.printed}`" if outcome.printed else ""
    message = situation(exercise.parameters, inputs) + text + printed
    return Finding(kind, message, inputs, None if refusal else expected, answer)


def _complain_of_call(exercise: Exercise, outcome: Outcome, refusal: type[Exception] | None) -> tuple[Kind, str] | None:
    """Return what is wrong with a call before its answer is looked at; a refusal is an error that is right here."""
    error, place = outcome.error, f" in {outcome.place}" if outcome.place else ""
    if isinstance(error, TimeUp):
        return "stuck", f"your function was still running after {SECONDS:g} seconds. Do all its loops come to an end?"
    if error is not None:
        if refusal and isinstance(error, refusal):
            return None
        instead = f" It should raise {refusal.__name__}." if refusal else ""
        return "error", f"your function stopped with `{describe_error(error)}`{place}.{instead}"
    if outcome.changed:
        names = " and ".join(f"`{exercise.parameters[k]}`" for k in outcome.changed)
        return "changed", f"your function changed its argument {names}. The caller may need it still: work on a copy."
    if refusal:
        return "wrong", f"the function should raise {refusal.__name__}; yours gave {words(outcome.answer, 4)}."
    if outcome.answer is None:
        return "type", "your function gave None. Is a `return` missing?"
    return None


def _unsteady(inputs: Inputs) -> Finding:
    return Finding(
        "unsteady",
        "Called twice with the same input, your function gave different answers. The answer should follow from the "
        "arguments alone. Does it use chance, a list as a default value, or a variable from outside that changes?",
        inputs,
    )


def situation(names: tuple[str, ...], inputs: Inputs) -> str:
    r"""Return the beginning of a sentence about some inputs, with a mask as a block of its own.

    Examples
    --------
    >>> situation(("box_a", "box_b"), ((0, 0, 1, 1), (2, 0, 3, 1)))
    'For box_a = (0, 0, 1, 1) and box_b = (2, 0, 3, 1) '
    """
    given = list(zip(names, inputs, strict=True))
    inline = [f"{name} = {words(value)}" for name, value in given if not is_mask(value)]
    blocks = [f"{name} =\n\n{indent(words(value), '    ')}\n\n" for name, value in given if is_mask(value)]
    return "For " + " and ".join(inline + blocks) + ("" if blocks else " ")
