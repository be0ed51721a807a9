"""A notebook is read, never run: which cells count for an exercise."""

from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from minimask import exercises
from minimask.classroom.grading import grade
from minimask.classroom.submission import cells_for, definitions, exercises_in, read_sources

IT = replace(exercises.get("1.2"), draws=5)
BODY = "def shoelace(polygon):\n    return area_of(polygon)"
HELPER = IT.source.replace("shoelace", "area_of")


def test_only_code_is_read(tmp_path):
    notebook = new_notebook(cells=[new_markdown_cell("def shoelace"), new_code_cell("x = 1")])
    nbformat.write(notebook, tmp_path / "one.ipynb")
    assert read_sources(tmp_path / "one.ipynb") == ["x = 1"]


SHELL = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": %s}'


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '{"nbformat": 4}', "\0\xff", "[" * 10**5),
        *(SHELL % cells for cells in ("null", "[1]", '[{"a": 1}]', '[{"cell_type": "code"}]')),
    ],
    ids=lambda text: text[-30:],
)
@pytest.mark.filterwarnings("ignore")  # nbformat's, of what is wrong with the file
def test_what_is_no_notebook_is_said(tmp_path, text):
    (tmp_path / "one.ipynb").write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=r"one\.ipynb is not a notebook that can be read"):
        read_sources(tmp_path / "one.ipynb")


def test_the_last_answer_counts_and_not_a_stub_below_it():
    wrong = "def shoelace(polygon):\n    return 1.0"
    own = [cells_for(IT, sources)[-1] for sources in ([wrong, HELPER, BODY], [BODY, IT.stub], ["x = 1", BODY, "y = 2"])]
    assert all(cell.own and cell.source == BODY for cell in own)
    assert cells_for(IT, [IT.stub])[-1].source == IT.stub
    assert cells_for(IT, ["shoelace(3)", "shoelace == 3"]) == []


def test_a_helper_may_stand_anywhere_and_what_else_runs_there_does_not():
    endless = f"{HELPER}\nwhile True: pass"
    for sources in (
        [endless, BODY],
        [BODY, endless],
        [f"%matplotlib inline\n{HELPER}", BODY],
        [f"%%time\n{HELPER}", BODY],
    ):
        mark = grade(IT, ["import numpy as np", *sources])
        assert mark.passed, str(mark)


def test_another_exercise_may_be_as_broken_as_it_likes():
    broken = [
        "def pair_iou(a, b:",
        "import os\nos._exit(0)",
        "raise SystemExit",
        "1 / 0",
        "def area_of(polygon): return 1\n1 / 0",
    ]
    assert grade(IT, [*broken, IT.source]).passed


def test_a_harmful_import_elsewhere_is_left_out():
    """Definitions of other cells can do harm too: a default value is computed when its function is defined."""
    assert grade(IT, ["import os\ndef other(x=os._exit(0)): ...", IT.source]).passed


def test_definitions_are_imports_functions_classes_and_constants():
    source = "import os\nfrom math import pi\nSIZE: int = 3\nNAMES = ['a', 1]\nside = lambda x: x\n"
    assert definitions(source + "print(1)\nx = SIZE + 1\nfor k in []: pass\nclass A: ...").splitlines() == [
        "import os",
        "from math import pi",
        "SIZE: int = 3",
        "NAMES = ['a', 1]",
        "side = lambda x: x",
        "class A:",
        "    ...",
    ]
    assert definitions("def f(:") == ""


@pytest.mark.parametrize(
    ("source", "status", "says"),
    [
        (None, "not started yet", "No cell of the notebook defines `shoelace`."),
        (IT.stub, "not started yet", "Write the body of `shoelace`."),
        (IT.stub.replace("...", "raise NotImplementedError()"), "not started yet", "Write the body of `shoelace`."),
        ("def shoelace(polygon:\n    return 1", "not right yet", "Your cell stopped with `SyntaxError"),
        (
            "1 / 0\nshoelace = math.nothing",
            "not right yet",
            "Your cell stopped with `ZeroDivisionError: division by zero` in line 1",
        ),
        ("shoelace = 3", "not right yet", "`shoelace` is no function, but of type int."),
        (
            "def shoelace(): return 1",
            "not right yet",
            "`shoelace` is called with 1 argument: (polygon). Yours takes ().",
        ),
        ("while True: pass\ndef shoelace(polygon): return 1", "not right yet", "its cells were still running after"),
        (
            "import minimask\ndef shoelace(polygon): return minimask.x",
            "not right yet",
            "minimask is not there while an answer is graded",
        ),
        ("def shoelace(polygon): return 'a lot'", "not right yet", "the answer should be one number; yours gave"),
    ],
    ids=str,
)
def test_marks_say_kindly_what_is_missing(source, status, says, monkeypatch):
    from minimask.classroom import sandbox

    monkeypatch.setattr(sandbox, "CELL_SECONDS", 0.5)
    mark = grade(IT, ["x = 1"] if source is None else [source])
    assert (mark.status, mark.passed) == (status, False)
    assert says in mark.message


def test_exercises_are_known_by_their_cards_their_checks_and_their_functions():
    assert [
        it.id for it in exercises_in(['exercises.card("1.3")', "def shoelace(p): ...", "exercises.get('2.1').check(f)"])
    ] == [
        "1.2",
        "1.3",
        "2.1",
    ]
    assert exercises_in(["shoelaces = 2"]) == []


@pytest.mark.parametrize(
    "source",
    ["(" * 10**5, "x = " + "-" * 10**4 + "1", "x = a" + ".b" * 10**5, "x = 1" + " + 1" * 10**5, "x = '\0'"],
    ids=len,
)
def test_what_is_meant_to_break_the_reader_breaks_nothing(source):
    assert grade(IT, [source, IT.source]).passed
    mark = grade(IT, [f"{source}\ndef shoelace(polygon): return 1.0"])
    assert mark.status == "not right yet"


def test_messages_do_not_steer_a_terminal_or_break_a_file():
    mark = grade(IT, ["def shoelace(polygon):\n    raise ValueError('\\x1b[2J' + chr(0xd800) + chr(7) + 'done')"])
    assert "`ValueError: [2J?done`" in mark.message
