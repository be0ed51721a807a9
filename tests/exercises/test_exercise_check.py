"""Whatever a learner hands in, the check says kindly what is wrong with it."""

import _thread
import itertools
import json
import math
import random
import subprocess
import sys
import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from minimask import exercises
from minimask.exercises import check
from minimask.exercises.check import Finding, Passed, examine

IOU, AREA, AROUND, INTERVAL = (exercises.get(id) for id in ("1.1", "1.2", "1.3", "1.4"))
BINS, POOL, GRADIENT = (exercises.get(id) for id in ("3.3", "3.4", "3.8"))


def finding(exercise, function):
    result = examine(exercise, function)
    assert isinstance(result, Finding)
    assert examine(exercise, function).message == result.message, "the same finding, word for word"
    return result


def stub(box_a, box_b):
    """Return the IoU of two boxes."""
    ...  # noqa: PIE790, as it stands in the notebook


def passing(box_a, box_b):
    pass


def not_implemented(box_a, box_b):
    raise NotImplementedError


def returns_dots(box_a, box_b):
    return ...


@pytest.mark.parametrize("function", [stub, passing, not_implemented, returns_dots, lambda box_a, box_b: None])
def test_a_stub_is_not_started(function):
    found = finding(IOU, function)
    assert found.kind == "not started"
    assert found.message == "Write the body of `pair_iou`, run its cell, then this one."


def test_every_stub_is_not_started():
    for exercise in exercises.all():
        names = {"np": np, "Box": tuple}
        exec(exercise.stub, names)
        assert finding(exercise, names[exercise.name]).kind == "not started"


def test_a_forgotten_return():
    def no_return(box_a, box_b):
        iou = box_a[0] + box_b[0]
        print(iou)

    found = finding(IOU, no_return)
    assert found.kind == "type"
    assert found.message == (
        "For box_a = (0, 0, 2, 2) and box_b = (0, 0, 2, 2) your function gave None. Is a `return` missing? "
        "It printed: `0.0`"
    )


def test_an_error_is_named_with_the_learners_line():
    def helper(box):
        return box.width

    def misspelled(box_a, box_b):
        return helper(box_a)

    found = finding(IOU, misspelled)
    assert found.kind == "error"
    assert (
        "your function stopped with `AttributeError: 'tuple' object has no attribute 'width'` in line" in found.message
    )
    assert found.message.endswith("`return box.width`.")


def test_an_error_deep_in_a_library_is_placed_in_the_learners_code():
    def parses(box_a, box_b):
        return json.loads("{")

    assert finding(IOU, parses).message.endswith('`return json.loads("{")`.')


@pytest.mark.parametrize("error", [SystemExit, RecursionError, MemoryError, StopIteration, GeneratorExit])
def test_no_error_gets_through(error):
    def raising(box_a, box_b):
        raise error

    assert f"`{error.__name__}`" in finding(IOU, raising).message


def test_an_address_in_an_error_does_not_show():
    def raising(box_a, box_b):
        raise ValueError(f"no {object()}")

    assert "no <object object at 0x...>" in finding(IOU, raising).message


def test_a_keyboard_interrupt_gets_through():
    def interrupted(box_a, box_b):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(IOU, interrupted)
    with pytest.raises(KeyboardInterrupt):
        examine(replace(IOU, examples=()), interrupted)


@pytest.mark.no_cover  # as in test_watchdog.py
@pytest.mark.parametrize("examples", [IOU.examples, ()], ids=["chosen", "drawn"])
def test_endless_loops(short_patience, examples):
    calls = itertools.count()

    def endless(box_a, box_b):
        next(calls)
        while True:
            pass

    def endless_and_catching(box_a, box_b):
        while True:
            try:
                [].pop()
            except Exception:
                continue

    for function in (endless, endless_and_catching):
        found = finding(replace(IOU, examples=examples), function)
        assert found.kind == "stuck"
        assert found.message.endswith("was still running after 2 seconds. Do all its loops come to an end?")
    assert next(calls) == 2, "one call for each finding: nobody waits for a smaller counterexample"


def test_the_same_inputs_are_drawn_every_time():
    def inputs_drawn():
        seen = []
        IOU.check(lambda a, b: seen.append((a, b)) or IOU.solution(a, b))
        return seen

    assert inputs_drawn() == inputs_drawn()


def test_slow_right_answers_pass_on_fewer_drawn_inputs(monkeypatch):
    monkeypatch.setattr(check, "SECONDS_FOR_DRAWN", 0.05)
    result = examine(IOU, IOU.solution)
    assert isinstance(result, Passed)
    assert 0 < result.drawn < 300


def test_arguments_are_counted():
    def one(box):
        return 0

    assert finding(IOU, one).message == ("`pair_iou` is called with 2 arguments: (box_a, box_b). Yours takes (box).")
    assert finding(IOU, lambda a, b, c: 0).kind == "arguments"
    assert finding(AREA, lambda: 0).message == "`shoelace` is called with 1 argument: (polygon). Yours takes ()."
    assert finding(IOU, lambda a, b, eps=0: 0).kind == "wrong", "a third with a default is welcome"
    assert finding(IOU, max).kind == "type", "compiled functions that tell nothing are called"


@pytest.mark.parametrize("given", [0.5, None, "pair_iou", np.zeros(4), (1, 2)])
def test_a_value_for_a_function(given):
    found = finding(IOU, given)
    assert found.kind == "not callable"
    assert found.message.startswith("Hand in the function itself, by its name alone: `pair_iou`. What came in was ")


class Odd:
    def __float__(self):
        raise ValueError("no number")

    def __eq__(self, other):
        raise ValueError("no comparison")

    __hash__ = None
    detach = property(lambda self: 1 / 0)


def name_of(value) -> str:
    """Return a test's name for a value: the same one in every process."""
    return type(value).__name__ if " at 0x" in str(value) else str(value)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("0.5", "yours gave '0.5'"),
        (True, "yours gave True"),
        (np.True_, "yours gave np.True_"),
        (0.5j, "yours gave a complex"),
        ([0.5], "yours gave a list of 1: [0.5]"),
        (np.zeros(1), "yours gave an array of shape (1,)"),
        (np.zeros((1, 1)), "yours gave an array of shape (1, 1)"),
        ((1, 2), "yours gave a tuple of 2: (1, 2)"),
        ({"iou": 1}, "yours gave a dict"),
        (math.nan, "yours gave nan, as 0 divided by 0 or 0 times inf does."),
        (math.inf, "yours gave inf, as a division by 0 or the logarithm of 0 does."),
        (np.float32("nan"), "yours gave nan"),
        ((k for k in range(2)), "yours gave a generator"),
        (print, "yours gave a builtin_function_or_method"),
        (Odd(), "cannot be read: `ZeroDivisionError: division by zero`"),
    ],
    ids=name_of,
)
def test_answers_of_another_type(answer, says):
    found = finding(IOU, lambda box_a, box_b: answer)
    assert found.kind == "type"
    assert says in found.message


@pytest.mark.parametrize("number", [float, np.float32, np.float16, np.array, Fraction, lambda iou: np.array(iou)[()]])
def test_numbers_of_all_kinds(number):
    exact = replace(IOU, examples=IOU.examples[:1], draws=1)  # the others are too fine for 16 bits
    assert isinstance(examine(exact, lambda a, b: number(IOU.solution(a, b))), Passed)


class Tensor:
    """Like a tensor with a gradient: only after `detach` and `cpu` is there an array."""

    def __init__(self, value):
        self.value = np.asarray(value)

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.value


def test_tensors_count_as_arrays():
    assert isinstance(examine(IOU, lambda a, b: Tensor(IOU.solution(a, b))), Passed)
    assert isinstance(examine(AROUND, lambda mask: Tensor(AROUND.solution(mask))), Passed)
    assert "an array of shape (2,)" in finding(IOU, lambda a, b: Tensor([0, 1])).message


def test_positions_must_be_whole():
    assert isinstance(examine(INTERVAL, lambda weights: np.array(INTERVAL.solution(weights), dtype=float)), Passed)
    assert "two whole numbers (i, j); yours gave (0, 0.5)" in finding(INTERVAL, lambda weights: (0, 0.5)).message
    assert "i < j <= 1; yours gave (-1, 1)" in finding(INTERVAL, lambda weights: (-1, 1)).message
    assert "i < j <= 1; yours gave (0, 2)" in finding(INTERVAL, lambda weights: (0, len(weights) + 1)).message


@pytest.mark.parametrize("as_array", [np.ndarray.tolist, np.float32, Tensor, np.asfortranarray, list])
def test_arrays_of_all_kinds(as_array):
    assert isinstance(examine(POOL, lambda *given: as_array(POOL.solution(*given))), Passed)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (4.0, "yours gave the number 4."),
        ("4", "yours gave '4'."),
        ([1, 2], "yours gave a list of 2: [1, 2]."),
        ([[1, 2], [3]], "yours gave rows of unequal length."),
        ([[True, False]], "yours gave a list of 1: [[True, False]]."),
        ([[None, 1]], "yours gave a list of 1: [[None, 1]]."),
        (np.zeros((1, 2, 2)), "yours gave an array of shape (1, 2, 2)."),
        (np.full((2, 2), np.nan), "yours gave one with nan in it."),
        (np.array([[1j]]), "yours gave an array of shape (1, 1)."),
        ((row for row in ()), "yours gave a generator."),
    ],
    ids=name_of,
)
def test_answers_that_are_no_arrays(answer, says):
    found = finding(POOL, lambda features, rows, columns: answer)
    assert found.kind == "type"
    assert f"the answer should be an array (PH, PW); {says}" in found.message


def test_arrays_are_compared_number_by_number():
    def off(*places):
        def function(grad, wy, wx):
            answer = GRADIENT.solution(grad, wy, wx)
            for place in places:
                answer[place] += 1
            return answer

        return finding(replace(GRADIENT, examples=GRADIENT.examples[1:]), function).message

    assert "at channel 0, row 1, column 2 should be 1.5; yours gave 2.5 there. 1 of 6 numbers is wrong." in off(
        (0, 1, 2)
    )
    assert "at channel 0, row 0, column 1 should be 0.5; yours gave 1.5 there. 2 of 6" in off((0, 1, 2), (0, 0, 1))
    for shape in ((1, 3, 1), (0, 1, 2)):
        message = finding(GRADIENT, lambda grad, wy, wx, shape=shape: np.zeros(shape)).message
        assert f"the answer should be an array of shape (1, 1, 3); yours gave one of shape {shape}." in message


def test_pairs_must_be_pairs_of_whole_numbers():
    def with_pairs(change):
        return finding(BINS, lambda *given: change(BINS.solution(*given))).message

    assert "(first, stop); yours gave [(0, 1.5), (2, 3.5)]." in with_pairs(lambda pairs: np.array(pairs) - [0, 0.5])
    assert "(first, stop); yours gave [(0,), (2,)]." in with_pairs(lambda pairs: [pair[:1] for pair in pairs])
    assert "there should be 2 pairs, one for each bin; yours gave 3." in with_pairs(lambda pairs: [*pairs, (0, 0)])


def test_a_changed_argument_is_found_however_it_is_changed():
    def deletes_a_pixel(mask):
        corners = AROUND.solution(mask)
        mask[corners[1], corners[0]] ^= True
        return corners

    assert "`mask`. The caller may need it still" in finding(AROUND, deletes_a_pixel).message


@pytest.mark.parametrize("examples", [AREA.examples, ()], ids=["chosen", "drawn"])
def test_answers_that_change_from_call_to_call(examples):
    counter = itertools.count()

    def drifts(polygon):
        return AREA.solution(polygon) + next(counter)

    def adds_to_a_default_list(polygon, areas=[]):  # noqa: B006
        areas.append(AREA.solution(polygon))
        return sum(areas)

    def rolls_dice(polygon):
        return AREA.solution(polygon) + random.SystemRandom().random()

    for function in (drifts, adds_to_a_default_list, rolls_dice):
        found = finding(replace(AREA, examples=examples), function)
        assert found.kind == "unsteady"
        assert found.message.startswith("Called twice with the same input, your function gave different answers.")


def test_an_answer_that_is_wrong_just_once():
    calls = itertools.count()

    def stumbles(polygon):
        return AREA.solution(polygon) + (next(calls) == 50)

    result = examine(replace(AREA, examples=()), stumbles)
    assert isinstance(result, Finding)
    assert result.kind == "unsteady"


def test_the_check_is_silent_and_leaves_nothing_behind(capsys):
    def noisy(box_a, box_b):
        print("hello")
        np.float64(1) / 0  # warns
        return IOU.solution(box_a, box_b)

    threads, all_threads = _thread._count(), threading.enumerate()
    IOU.check(noisy)
    assert capsys.readouterr() == ("", "")
    assert (_thread._count(), threading.enumerate()) == (threads, all_threads)


def test_no_folder_is_left_beside_the_notebook(tmp_path):
    program = "from minimask import exercises; exercise = exercises.get('1.1'); exercise.check(exercise.solution)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_check_is_an_assertion_error_with_the_finding():
    with pytest.raises(exercises.RefutedError) as caught:
        IOU.check(lambda box_a, box_b: 0.0)
    assert isinstance(caught.value, AssertionError)
    found = caught.value.finding
    assert (found.kind, found.expected, found.answer) == ("wrong", 1.0, 0.0)
    assert found.inputs == ((0, 0, 2, 2), (0, 0, 2, 2))


def test_errors_too_small_for_four_digits_are_shown_with_twelve():
    message = finding(IOU, lambda a, b: IOU.solution(a, b) * 1.00001).message
    assert "the answer should be 1; yours gave 1.00001." in message


def test_bad_arguments_of_the_doors():
    with pytest.raises(ValueError, match=r"id must be one of 1\.1, 1\.2, .*, got '1\.9'"):
        exercises.get("1.9")
    for id in ("", "x.1", "99.1", 1.1, None):
        with pytest.raises(ValueError, match="id must be one of"):
            exercises.attempt(id, stub)
    with pytest.raises(ValueError, match="number must be a chapter with exercises"):
        exercises.chapter(0)
    with pytest.raises(ValueError, match="number must be from 1 to 3, got 4"):
        IOU.hint(4)
