"""Grades without nbgrader: `minimask classroom grade`."""

import csv
from pathlib import Path

import nbformat
import pytest
from handed_in import trick
from nbformat.v4 import new_code_cell, new_notebook

from minimask import exercises
from minimask.cli import WRONG_USAGE, main

ONE, TWO = exercises.get("1.1"), exercises.get("1.2")


def ask(capsys, *arguments):
    """Return the exit code and what was said, as a shell sees them."""
    try:
        code = main(["classroom", "grade", *map(str, arguments)])
    except SystemExit as end:
        code = end.code
    return code, *capsys.readouterr()


@pytest.fixture
def handed_in(tmp_path, monkeypatch):
    """A class of four: one is right, one half, one up to mischief, one sent something else."""
    monkeypatch.chdir(tmp_path)
    wrong = "def pair_iou(box_a, box_b):\n    return 0.0"
    answers = {"anna": (ONE.source, TWO.source), "ben": (wrong, TWO.source), "=cleo": (trick("ends the process", ONE),)}
    Path("in").mkdir()
    for name, sources in answers.items():
        nbformat.write(new_notebook(cells=list(map(new_code_cell, sources))), f"in/{name}.ipynb")
    Path("in/dan.ipynb").write_text("Sorry, I was ill.")


def test_a_class_is_graded_and_the_sheet_written(capsys, handed_in):
    code, out, err = ask(capsys, "in", "--csv", "marks.csv", "--feedback", "feedback", "--seed", 3)
    assert code == 0, err
    assert "Each answer is checked in a process of its own; its time is limited" in out
    lines = out[out.index("notebook ") :].splitlines()
    assert lines[0].split() == ["notebook", "1.1", "1.2", "points"]
    assert [line.split()[1:6] for line in lines[1:4]] == [
        [".", ".", "0", "of", "3"],
        ["1", "2", "3", "of", "3"],
        [".", "2", "2", "of", "3"],
    ]
    assert lines[4].endswith("0 of 3  in/dan.ipynb is not a notebook that can be read")
    with Path("marks.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["notebook", "1.1", "1.2", "points", "of", "note"]
    assert rows[1][:5] == ["'=cleo.ipynb", "0", "0", "0", "3"], "no spreadsheet takes a name for a formula"
    assert [row[:5] for row in rows[2:]] == [
        ["anna.ipynb", "1", "2", "3", "3"],
        ["ben.ipynb", "0", "2", "2", "3"],
        ["dan.ipynb", "0", "0", "0", "3"],
    ]
    told = Path("feedback/ben.txt").read_text()
    assert told.startswith("ben.ipynb: 2 of 3 points\n\nExercise 1.1: not right yet. For box_a = ")
    assert sorted(one.name for one in Path("feedback").iterdir()) == ["=cleo.txt", "anna.txt", "ben.txt", "dan.txt"]


def test_by_minutes_and_by_exercises(capsys, handed_in):
    code, out, _ = ask(capsys, "in/anna.ipynb", "in/anna.ipynb", "--exercises", "1.2", "--points", "minutes", "--quiet")
    assert code == 0
    assert out.splitlines()[1].split() == ["anna.ipynb", "2", "2", "of", "2"]
    assert "The same inputs again:  --seed " in out


def test_notebooks_of_one_name_are_told_apart(capsys, handed_in):
    for name in ("anna", "ben"):
        Path(f"sorted/{name}").mkdir(parents=True)
        Path(f"in/{name}.ipynb").rename(f"sorted/{name}/one.ipynb")
    code, out, _ = ask(capsys, "sorted", "--exercises", "1.1", "--quiet")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["sorted/anna/one.ipynb", "sorted/ben/one.ipynb"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.ipynb",), "argument NOTEBOOK: there is no nowhere.ipynb"),
        (("in", "--exercises", "7.1"), "argument --exercises: must be of 1.1, 1.2, "),
        (("in", "--csv", "in/dan.ipynb"), "argument --csv: in/dan.ipynb is there already, and nothing is overwritten"),
        (("in", "--feedback", "in"), "argument --feedback: must be new or empty, but in holds "),
        (("in/dan.ipynb",), "argument NOTEBOOK: no exercise of minimask is in any of these notebooks"),
    ],
    ids=str,
)
def test_errors_come_before_any_grading(capsys, handed_in, arguments, says):
    code, _, err = ask(capsys, *arguments)
    assert code == WRONG_USAGE
    assert says in err
