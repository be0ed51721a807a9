"""Whatever comes back, from any exercise's function: one finding, in a sentence or two, that names what came."""

import itertools
import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from minimask import exercises
from minimask.exercises import call
from minimask.exercises.check import Finding, examine

ALL = exercises.all()
BY_ID = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
LONGEST_MESSAGE = 1500


class Picky:
    """An answer that lets nobody look at it."""

    __hash__ = None

    def __getattr__(self, name):
        raise RuntimeError("hands off")

    def __eq__(self, other):
        raise RuntimeError("hands off")

    def __len__(self):
        raise RuntimeError("hands off")


ANSWERS = {
    "a string": lambda: "0.5",
    "bytes": lambda: b"\x00\x01",
    "a truth value": lambda: True,
    "nan": lambda: float("nan"),
    "an array of nan": lambda: np.full((2, 2), np.nan),
    "inf": lambda: -np.inf,
    "a complex number": lambda: 0.5j,
    "a number that no float can hold": lambda: 10**400,
    "a generator": lambda: (k for k in range(3)),
    "an endless generator": itertools.count,
    "a set": lambda: {0.5, 1.5},
    "a dict": lambda: {"answer": 0.5},
    "a function": lambda: np.sum,
    "a class": lambda: float,
    "an object": object,
    "a picky object": Picky,
    "a namespace": lambda: SimpleNamespace(x=1),
    "an empty list": list,
    "an empty tuple": tuple,
    "rows of unequal length": lambda: [[1, 2], [3]],
    "a list of None": lambda: [None, None],
    "a list of strings": lambda: ["0", "1"],
    "a list in itself": lambda: (row := [1.0], row.append(row))[0],
    "an array of objects": lambda: np.array([None, "x"], dtype=object),
    "an array of strings": lambda: np.array(["0", "1"]),
    "an empty array": lambda: np.zeros((0, 0, 0)),
    "five dimensions": lambda: np.zeros((1, 2, 1, 2, 1)),
    "a large array": lambda: np.zeros((1000, 1000)),
    "a long list": lambda: [0.5] * 100_000,
    "dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "a masked array": lambda: np.ma.masked_all(2),
}
ERRORS = ZeroDivisionError("by zero"), IndexError(7), KeyError("x"), SystemExit(1), RecursionError(), OSError("no")


def finding(exercise, function):
    result = examine(exercise, function)
    assert isinstance(result, Finding)
    assert len(result.message) < LONGEST_MESSAGE
    assert not re.search(r"0x[0-9a-f]{4}|Traceback|minimask", result.message)
    return result


def first_only(exercise):
    """Return the exercise with nothing to try but its first input for which there is an answer."""
    answered = [inputs for inputs in exercise.examples if not isinstance(exercise.right_answer(inputs), type)]
    return replace(exercise, examples=(answered[0],), large_examples=(), draws=1)


@BY_ID
def test_an_odd_answer_is_named(exercise):
    exercise = replace(exercise, large_examples=())
    for name, answer in ANSWERS.items():
        found = finding(exercise, lambda *_, answer=answer: answer())
        assert found.kind in ("type", "wrong", "unsteady"), name
        assert re.search("yours gave|cannot be read|different answers|instead|should be", found.message), name


@BY_ID
def test_a_far_too_large_answer_is_drawn_in_part(exercise):
    for shape in ((1000,), (1000, 2), (2, 1000), (200, 200), (2, 200, 200)):
        found = finding(first_only(exercise), lambda *_, shape=shape: np.ones(shape))
        if found.answer is not None:
            picture = exercise.draw(found)
            assert len(picture.findobj()) < 2000, shape
            assert max(picture.get_size_inches()) < 25, shape


@BY_ID
def test_none_is_a_missing_return(exercise):
    def forgets(*given):
        exercise.solution(*given)

    found = finding(first_only(exercise), forgets)
    assert (found.kind, found.message.endswith("gave None. Is a `return` missing?")) == ("type", True)


@BY_ID
def test_an_error_is_quoted(exercise):
    exercise = first_only(exercise)
    for error in ERRORS:

        def stops(*_, error=error):
            raise error

        found = finding(exercise, stops)
        assert found.kind == "error"
        assert f"your function stopped with `{type(error).__name__}" in found.message
        assert "`raise error`" in found.message


@BY_ID
def test_endless_recursion_is_an_error(exercise):
    def again(*given):
        return again(*given)

    depth = sys.getrecursionlimit()
    assert finding(first_only(exercise), again).kind == "error"
    assert sys.getrecursionlimit() == depth


@pytest.mark.no_cover  # as in test_watchdog.py
@BY_ID
def test_an_endless_loop_is_ended(exercise, monkeypatch):
    monkeypatch.setattr(call, "SECONDS", 0.03)

    def endless(*_):
        while True:
            pass

    found = finding(first_only(exercise), endless)
    assert found.kind == "stuck"
    assert "Do all its loops come to an end?" in found.message


@BY_ID
def test_a_changed_argument_is_named(exercise):
    """Every argument that can be changed: arrays, and lists of arrays."""
    exercise = first_only(exercise)
    (given,) = exercise.examples
    places = [k for k, value in enumerate(given) if isinstance(value, list) or getattr(value, "size", 0)]
    for k in places:

        def spoils(*given, k=k):
            answer = exercise.solution(*given)
            if isinstance(given[k], list):
                given[k].append(given[k][0])
            else:
                given[k].flat[0] = not given[k].flat[0]
            return answer

        found = finding(exercise, spoils)
        assert found.kind == "changed"
        assert f"changed its argument `{exercise.parameters[k]}`" in found.message
    assert places or not any(isinstance(value, list | np.ndarray) for value in given)


@BY_ID
def test_too_few_and_too_many_arguments(exercise):
    count = len(exercise.parameters)
    for names in (exercise.parameters[:-1], (*exercise.parameters, "one_more")):
        function = eval(f"lambda {', '.join(names)}: None")
        message = finding(exercise, function).message
        assert f"called with {count} argument" in message
        assert message.endswith(f"Yours takes ({', '.join(names)}).")
