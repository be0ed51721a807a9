"""The mutation run: its operators make what they say, it sees a weak check, and a sample of it is in the tests.

The whole run is `python -m benchmarks.mutation`.
"""

import random
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from minimask import exercises

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where benchmarks/ is

from benchmarks.mutation import hand, report
from benchmarks.mutation.hand import Hand
from benchmarks.mutation.mutants import mutants
from benchmarks.mutation.operators import OPERATORS
from benchmarks.mutation.reasons import Reason, reasons
from benchmarks.mutation.record import Record
from benchmarks.mutation.report import REPORT, Trial
from benchmarks.mutation.trial import SURVIVED, outcome

ALL = exercises.all()
PER_EXERCISE = 3

pytestmark = pytest.mark.no_cover  # nothing here runs through lines that other tests do not


@cache
def all_mutants(exercise_id):
    return mutants(exercises.get(exercise_id).source)


def made(operator, body, arguments="x: float, y: float"):
    """Return what one operator makes of the last line of a function."""
    source = f"def f({arguments}) -> float:\n    " + body.replace("\n", "\n    ")
    found = mutants(source, {operator: OPERATORS[operator]})
    assert all(mutant.operator == operator for mutant in found)
    return {mutant.change for mutant in found}


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("arithmetic", "return x + 1", {"return x - 1"}),
        ("arithmetic", "return x / 2", {"return x * 2", "return x // 2"}),
        ("arithmetic", "x += 1", {"x -= 1", "x = 1"}),
        ("dropped operand", "return x * (y + 1)", {"return x", "return y + 1", "return x * (y)", "return x * (1)"}),
        ("dropped operand", "return x and y", {"return x", "return y"}),
        ("comparison", "return x < y", {"return x <= y", "return x >= y"}),
        (
            "comparison",
            "return 0 <= x < y",
            {
                "return 0 < x < y",
                "return 0 > x < y",
                "return 0 <= x <= y",
                "return 0 <= x >= y",
                "return 0 <= x",
                "return x < y",
            },
        ),
        ("comparison", "return x not in y", {"return x in y"}),
        ("logic", "return x and not y", {"return x or not y", "return x and y"}),
        ("logic", "return ~x & y", {"return ~x | y", "return x & y"}),
        ("logic", "return x if y else 0", {"return x", "return 0", "return 0 if y else x"}),
        ("condition", "return [k for k in x if k > y]", {"return [k for k in x if True]"}),
        ("condition", "return 1 if y else 0", {"return 1 if True else 0", "return 1 if not y else 0"}),
        ("constant", "return x * 3", {f"return x * {k}" for k in (4, 2, 0, -3)}),
        ("constant", "return x + 0.5", {f"return x + {k}" for k in (1.5, -0.5, 0.0, 0.25)}),
        ("constant", "return x[-1]", {"return x[0]", "return x[-2]"}),
        ("constant", "return f(x, strict=True)", set()),
        ("constant", "return f(x, keepdims=True)", {"return f(x, keepdims=False)"}),
        ("sign", "return -x - -1", {"return x - -1"}),
        ("place", "return x[y]", {"return x[y + 1]", "return x[y - 1]"}),
        ("place", "return x[2:y]", {"return x[:y]", "return x[2:]", "return x[2:y + 1]", "return x[2:y - 1]"}),
        ("function", "return np.floor(x)", {f"return np.{name}(x)" for name in ("ceil", "round", "trunc")}),
        ("function", "return x.argmax(axis=1)", {"return x.argmin(axis=1)"}),
        ("function", "return min(x, y)", {"return max(x, y)"}),
        ("unwrapped", "return max(x, 0)", {"return x", "return 0"}),
        (
            "unwrapped",
            "return np.clip(x, 0, y)",
            {"return x", "return 0", "return y", "return np.maximum(x, 0)", "return np.minimum(x, y)"},
        ),
        ("unwrapped", "return abs(x.T)", {"return x.T", "return abs(x)"}),
        ("unwrapped", "return x.copy()", {"return x"}),
        ("swapped", "return f(x, y, axis=0)", {"return f(y, x, axis=0)"}),
        ("swapped", "return max(x, y)", set()),
        ("swapped", "return x, y, 0", {"return y, x, 0", "return x, 0, y"}),
        ("swapped", "return x[:, y]", {"return x[y, :]"}),
        ("swapped", "return x - y + 1", {"return y - x + 1"}),
        ("name", "return x * 2", {"return y * 2"}),
        ("keyword", "return x.sum(axis=0, keepdims=True)", {"return x.sum(keepdims=True)", "return x.sum(axis=0)"}),
        ("keyword", "return f(x, strict=True)", set()),
        (
            "loop",
            "return [k for k in range(x)]",
            {
                f"return [k for k in {turns}]"
                for turns in (
                    "list(range(x))[1:]",
                    "list(range(x))[:-1]",
                    "list(range(x))[::-1]",
                    "range(0, x + 1)",
                    "range(0 - 1, x)",
                )
            },
        ),
        ("statement", "x = abs(x)", {"pass"}),
        ("answer", "return x + y", {"return x", "return y"}),
    ],
)
def test_an_operator_makes_what_it_says(operator, before, after):
    assert made(operator, before) == {f"{before} -> {text}" for text in after}


def test_a_loop_may_end_after_its_first_turn_and_a_first_value_stays():
    body = "total = 0\nfor k in x:\n    if k:\n        total += k\nreturn total"
    assert made("statement", body) == {
        "for k in x:; if k:; total += k -> pass",
        "total += k -> total += k; break",
        "if k:; total += k -> pass",
        "total += k -> pass",
    }


def test_arguments_are_spoiled_as_their_type_allows():
    changes = made("answer", "return x.sum()", "x: np.ndarray, rows: list[np.ndarray], k: int")
    assert changes == {
        f"return x.sum() -> {after}"
        for after in (
            "return x",
            "return rows",
            "return k",
            "its_answer = x.sum(); x.fill(0); return its_answer",
            "its_answer = x.sum(); rows.clear(); return its_answer",
        )
    }


def test_neither_annotations_nor_docstrings_change():
    assert made("constant", '"""Return 1."""\nhalf: Literal[2] = x\nreturn half') == set()


def test_every_operator_finds_work_and_every_mutant_is_another_function():
    used = set()
    for exercise in ALL:
        found = all_mutants(exercise.id)
        assert len({mutant.source for mutant in found} | {exercise.source}) == len(found) + 1
        assert len({mutant.change for mutant in found}) == len(found)
        used |= {mutant.operator for mutant in found}
    assert used == set(OPERATORS)


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.id)
def test_a_sample_of_mutants_is_rejected(exercise, short_patience):
    known = reasons()
    candidates = [mutant for mutant in all_mutants(exercise.id) if (exercise.id, mutant.change) not in known]
    for mutant in random.Random(exercise.id).sample(candidates, PER_EXERCISE):
        assert outcome(exercise, mutant.source) != SURVIVED, mutant.change


def test_a_weak_check_is_seen():
    exercise = exercises.get("1.1")
    blind = replace(exercise, compare=lambda *_: None)
    easy = replace(exercise, examples=exercise.examples[:1], draws=1)
    doubled = exercise.source.replace("area_a + area_b", "area_a - area_b")
    inclusive = exercise.source.replace("box_a[2] - box_a[0])", "box_a[2] - box_a[0] + 1)")
    assert [outcome(exercise, source) for source in (exercise.source, doubled, inclusive)] == [
        SURVIVED,
        "wrong",
        "wrong",
    ]
    assert outcome(blind, doubled) == outcome(blind, inclusive) == SURVIVED
    assert outcome(easy, exercise.source.replace("max(width, 0.0)", "width")) == SURVIVED
    assert outcome(exercise, exercise.source.replace("max(width, 0.0)", "width")) == "wrong"


def test_reasons_are_of_mutants_that_there_are():
    there = {(exercise.id, mutant.change) for exercise in ALL for mutant in all_mutants(exercise.id)}
    assert set(reasons()) <= there
    assert all(reason.text.endswith(".") for reason in reasons().values())
    assert sum(not reason.is_right for reason in reasons().values()) <= 1


def test_a_change_has_one_reason(tmp_path):
    table = tmp_path / "table.toml"
    entry = '[["1.1"]]\nreason = "So."\nchanges = ["a -> b"]\n'
    table.write_text(entry)
    assert reasons(table) == {("1.1", "a -> b"): Reason("So.", is_right=True)}
    reasons.cache_clear()
    table.write_text(entry * 2)
    with pytest.raises(ValueError, match=r"table\.toml gives two reasons for exercise 1\.1: a -> b"):
        reasons(table)


def test_a_hand_that_hangs_or_dies_is_replaced(monkeypatch):
    source = exercises.get("3.1").source
    first = "start, extent = low / stride, (high - low) / stride"
    dies, hangs = (
        source.replace(first, f"{line}; {first}") for line in ("import os; os._exit(1)", "max(iter(int, 1))")
    )
    with Hand() as it:
        assert it.outcome("3.1", dies) == "error"
        assert it.outcome("3.1", source.replace("low / stride", "low * stride")) == "wrong"
        monkeypatch.setattr(hand, "PATIENCE", 0.5)
        assert it.outcome("3.1", hangs) == "stuck"


def test_a_record_goes_on_where_it_stopped(tmp_path):
    exercise, path = exercises.get("1.1"), tmp_path / "record.json"
    record = Record(path)
    record.put(exercise, "source", "wrong", 0.25)
    record.save()
    assert Record(path).get(exercise, "source") == ("wrong", 0.25)
    assert Record(path).get(exercise, "another source") is None
    assert Record(path).get(exercises.get("1.2"), "source") is None
    assert Record(None).get(exercise, "source") is None


def test_the_report_counts(monkeypatch):
    exercise = exercises.get("1.1")
    first, second, third, fourth, fifth, *_ = all_mutants(exercise.id)
    outcomes = {first: "wrong", second: SURVIVED, third: SURVIVED, fourth: SURVIVED, fifth: "stuck"}
    why = {third: Reason("Right too.", is_right=True), fourth: Reason("Hidden.", is_right=False)}
    monkeypatch.setattr(report, "reasons", lambda: {("1.1", mutant.change): why[mutant] for mutant in why})
    trials = [Trial(exercise, *given, 36.0) for given in outcomes.items()]
    text = report.report(trials)
    assert "| 1.1 The IoU of two boxes | 5 | 1 | 0 | 0 | 1 | 0 | 1 | 1 | 1 | 50.0 % |" in text
    assert "**2 of 4 are rejected: 50.0 %.** 1 more are right too." in text
    for reason, mutant in (("Unexplained.", second), ("Right too.", third), ("Hidden.", fourth)):
        assert f"- {reason}\n    - `{mutant.change}`" in text
    assert ", 3 minutes on one core" in text
    assert [trial.is_open for trial in trials] == [False, True, False, False, False]
    why[first] = why[third]
    assert [trial.is_misjudged for trial in trials] == [True, False, False, False, False]
    assert report.Counts(2999, 0, 0, 1).rate == "99.9 %"


def test_the_report_is_of_the_exercises_as_they_are():
    rows = [line for line in REPORT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    for exercise in ALL:
        (row,) = [row for row in rows if row.startswith(f"| {exercise.id} ")]
        assert row.startswith(f"| {exercise.id} {exercise.title} | {len(all_mutants(exercise.id))} |")
        unexplained, rate = row.removesuffix(" % |").split(" | ")[-2:]
        assert (int(unexplained), float(rate) >= 95) == (0, True)
