"""Every check lets the right answers pass and rejects the wrong ones, each by name."""

import itertools
import os
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import log
from pathlib import Path
from textwrap import indent
from unittest.mock import patch

import full_zoo  # noqa: F401
import numpy as np
import pytest
import zoo
from hypothesis import Phase, given, settings

from minimask import exercises
from minimask.data import silhouettes
from minimask.exercises import check
from minimask.exercises.answers import is_mask, same, words
from minimask.exercises.beyond_the_box import inputs
from minimask.exercises.beyond_the_box.fractions_inside import fractions_inside
from minimask.exercises.check import Finding, Passed, examine
from minimask.geometry.balance import balance, sides_inside
from minimask.geometry.ceilings import best_box

ALL = exercises.all()
BY_ID = pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)


FAST, SLOW = ([animal for animal in zoo.WRONG if animal.slow == slow] for slow in (False, True))


@cache
def found_by_itself(animal, small=True):
    """Return what a check finds that has no chosen inputs to begin with; on a small input, which takes far longer."""
    drawn_only = replace(exercises.get(animal.exercise), examples=(), large_examples=())
    if small:
        return examine(drawn_only, animal.function)
    with patch.object(check, "settings", lambda **rules: settings(**{**rules, "phases": (Phase.generate,)})):
        return examine(drawn_only, animal.function)


@pytest.mark.no_cover  # as in test_watchdog.py
@pytest.mark.parametrize("animal", SLOW, ids=str)
def test_slow_answers_are_struck_down(animal, short_patience):
    with pytest.raises(AssertionError) as caught:
        exercises.get(animal.exercise).check(animal.function)
    assert animal.says in str(caught.value)


@pytest.mark.parametrize("animal", FAST, ids=str)
def test_wrong_answers_are_rejected_with_a_message_that_helps(animal):
    exercise = exercises.get(animal.exercise)
    with pytest.raises(AssertionError) as caught:
        exercise.check(animal.function)
    message = str(caught.value)
    assert animal.says in message
    assert all(name in message for name in exercise.parameters), "a message shows the input"


@pytest.mark.no_cover  # what follows goes through no other lines; to watch it would take twice as long
@pytest.mark.parametrize("animal", FAST, ids=str)
def test_wrong_answers_are_found_without_the_chosen_inputs(animal):
    """Every tenth is made as small as it can be."""
    finding = found_by_itself(animal, small=FAST.index(animal) % 10 == 0)
    assert isinstance(finding, Finding)
    assert "yours gave" in finding.message or finding.kind in ("error", "changed")


@pytest.mark.no_cover
@pytest.mark.parametrize("animal", zoo.RIGHT, ids=str)
def test_right_answers_pass_in_whatever_form_they_come(animal, capsys):
    exercise = replace(exercises.get(animal.exercise), draws=100)
    assert exercise.check(animal.function) is None
    assert capsys.readouterr() == ("", "")


@BY_ID
def test_the_zoo_is_large_enough(exercise):
    for animals, at_least in ((zoo.WRONG, 10), (zoo.RIGHT, 2)):
        assert sum(animal.exercise == exercise.id for animal in animals) >= at_least


@pytest.mark.no_cover
@BY_ID
def test_the_solution_passes_as_it_is_shown(exercise):
    shown = {"np": np, "Box": inputs.Box}  # as a chapter's first cell defines them
    exec(exercise.source, shown)
    result = examine(exercise, shown[exercise.name])
    assert result == Passed(len(exercise.examples) + len(exercise.large_examples), exercise.draws)


@BY_ID
def test_the_worked_example_is_as_its_text_says(exercise):
    text = exercise.by_hand
    for value in exercise.worked[0]:
        shown = indent(words(value), "    ") if is_mask(value) else words(value).removeprefix("[").removesuffix("]")
        assert shown in text
    in_other_words = {
        "1.1": "2 / 6",
        "1.6": "(1, 1, 2 / 3, 3 / 4)",
        "2.5": "((0.5, 0.25, 0, log(0.5)), (10, -5, 30, 15))",
        "5.4": "log(2) / 2",
        "5.8": "(51 + 50 * 2 / 3) / 101",
        "6.2": "(0.25, 1 / 3, 0.75)",
    }
    answer = in_other_words.get(exercise.id, words(exercise.worked[1]))
    assert answer in text
    assert np.array_equal(eval(answer, {"log": log}), exercise.worked[1])
    number = r"\d+(?:\.\d+)?"
    for left, right in re.findall(rf"((?:{number} (?:[-+*/]|by) )+{number}) = ({number})", text):
        assert eval(left.replace("by", "*")) == float(right)


@BY_ID
def test_remarks_are_sentences(exercise):
    remarks = [exercise.remark(*given_inputs) for given_inputs in exercise.examples]
    assert all(remark == "" or (remark[0].isupper() and remark.endswith(".")) for remark in remarks)


@BY_ID
def test_the_worked_example_is_right(exercise):
    given_inputs, answer = exercise.worked
    for function in (exercise.solution, lambda *_: answer):
        read = exercise.read(function(*given_inputs))
        assert exercise.compare(exercise.right_answer(given_inputs), read, *given_inputs) is None
    assert any(same(given_inputs, example) for example in exercise.examples), "and it is checked first"


@pytest.mark.no_cover
def test_counterexamples_are_the_same_in_every_process():
    """One of each exercise, for they share what is drawn; there in the opposite order, and with other hashes."""
    searched = [animal for animal in zoo.WRONG if animal.says.endswith("yours gave")]
    animals = [next(animal for animal in searched if animal.exercise == exercise.id) for exercise in ALL]
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import full_zoo, zoo\n"
        "from dataclasses import replace\n"
        "from minimask import exercises\n"
        "from minimask.exercises.check import examine\n"
        "animals = {str(animal): animal for animal in zoo.WRONG}\n"
        "for name in sys.argv[2:]:\n"
        "    exercise = replace(exercises.get(animals[name].exercise), examples=(), large_examples=())\n"
        "    print(examine(exercise, animals[name].function).message)\n"
    )
    here = [found_by_itself(animal).message for animal in animals]
    command = [sys.executable, "-c", program, str(Path(__file__).parent), *map(str, animals[::-1])]
    other_hashes = {**os.environ, "PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    there = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", env=other_hashes)
    assert there.stdout == "\n".join(here[::-1]) + "\n"


@settings(max_examples=50, deadline=None)
@given(inputs.MASKS.filter(np.any))
def test_of_all_boxes_the_best_ones_are_right_and_no_others(mask):
    exercise = exercises.get("1.5")
    rows, columns = (list(itertools.combinations(range(size + 1), 2)) for size in mask.shape)
    iou = {}
    for (y1, y2), (x1, x2) in itertools.product(rows, columns):
        shared = int(mask[y1:y2, x1:x2].sum())
        iou[x1, y1, x2, y2] = Fraction(shared, int(mask.sum()) + (y2 - y1) * (x2 - x1) - shared)
    best = max(iou.values())
    expected = exercise.right_answer((mask,))
    assert expected == pytest.approx(float(best))
    for box in iou:
        assert (exercise.compare(expected, box, mask) is None) == (iou[box] == best)


@settings(max_examples=50, deadline=None)
@given(inputs.polygons(1.0), inputs.BOXES_BETWEEN)
def test_the_reference_for_the_balance_agrees_with_the_library(polygon, box):
    by_library = [(side.inner + side.outer) / 2 for side in sides_inside(polygon, box)]
    assert exercises.get("1.6").right_answer((polygon, box)) == pytest.approx(by_library, abs=1e-4)


def test_the_sides_of_the_best_box_of_a_circle_balance():
    (circle,) = silhouettes.circle()
    box, iou = best_box(circle)
    assert fractions_inside(circle, box) == pytest.approx([balance(iou)] * 4, abs=1e-3)
    assert balance(iou) == pytest.approx(0.456, abs=1e-3)
    assert "near 0.456" in exercises.get("1.6").explanation
