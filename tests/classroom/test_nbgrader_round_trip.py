"""A class of students, by the real nbgrader: from the export to the grades. Nobody gets more than was earned."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from handed_in import FAST, filled, of_the_zoo, ones_of, trick, write

from minimask import exercises
from minimask.classroom.export import export_classroom

NAME = "01_beyond_the_box"
CHAPTER = exercises.chapter(1)
TOTAL = sum(it.difficulty for it in CHAPTER)
MALICE = ("never ends", "ends the process", "patches the checks", "takes memory", "is equal to everything", "leaves")


def nbgrader(course, *arguments):
    """Run nbgrader in a course, with settings of its own."""
    own = {name: str(course / "jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    own["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(
        command, cwd=course, env={**os.environ, **own}, capture_output=True, text=True, timeout=300, check=False
    )


def answers_of_the_zoo():
    """Return a wrong answer to each exercise, with all it needs in its own cell."""
    return {animal.exercise: "\n\n".join(of_the_zoo(animal)) for animal in ones_of(FAST, CHAPTER)}


def learned_by_heart(exercise):
    """Return an answer that is right on all inputs that a student can have seen, and on no others."""
    seen = []
    exercise.check(lambda polygon: seen.append(polygon.tolist()) or exercise.solution(polygon))
    real = exercise.source.replace(exercise.name, "real")
    return f"SEEN = {seen!r}\n{real}\ndef {exercise.name}(p):\n    return real(p) if p.tolist() in SEEN else 0.0"


def put(course, student, notebook):
    write(notebook, course / "submitted" / student / NAME / f"{NAME}.ipynb")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course after all has been graded."""
    folder = tmp_path_factory.mktemp("nbgrader") / "course"
    export_classroom(folder, chapters=[1], parts=["course"], seed=11)
    made = nbgrader(folder, "generate_assignment", NAME)
    assert made.returncode == 0, made.stderr
    released = json.loads((folder / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    right = {it.id: it.source for it in CHAPTER}
    put(folder, "anna", filled(released, right))
    put(folder, "blank", released)
    put(folder, "wrong", filled(released, answers_of_the_zoo() | {"1.2": learned_by_heart(exercises.get("1.2"))}))
    put(folder, "malice", filled(released, {it.id: trick(name, it) for it, name in zip(CHAPTER, MALICE, strict=True)}))
    put(folder, "forger", forged(released))
    markup = "def pair_iou(box_a, box_b):\n    raise ValueError('<script>alert(1)</script>')"
    put(folder, "half", filled(released, {"1.1": markup, "1.2": right["1.2"]}))
    (folder / "submitted" / "broken" / NAME).mkdir(parents=True)
    (folder / "submitted" / "broken" / NAME / f"{NAME}.ipynb").write_text("not a notebook")
    graded = nbgrader(folder, "autograde", NAME)
    assert "broken" in graded.stderr, graded.stderr
    exported = nbgrader(folder, "export")
    assert exported.returncode == 0, exported.stderr
    return folder


def forged(released):
    """Tests are deleted or replaced, points raised, tests swapped, outputs faked, and a cell before them takes over."""
    made = filled(released, {})
    tests = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell
        for cell in made["cells"]
        if cell["metadata"]["nbgrader"]["grade"]
    }
    one, two, three, four, *_ = tests.values()
    made["cells"].remove(one)
    two["source"] = "pass"
    three["metadata"]["nbgrader"]["points"] = 1000
    three["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "1000"}, "metadata": {}, "execution_count": 1}
    ]
    del four["metadata"]["nbgrader"]
    hook = (
        "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])\nimport os, sys\nsys.modules.clear()"
    )
    made["cells"].insert(
        0, {"cell_type": "code", "id": "hook", "source": hook, "metadata": {}, "outputs": [], "execution_count": None}
    )
    for cell in made["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "setup":
            cell["source"] = "class exercises:\n    get = lambda id: type('E', (), {'check': print})"
    return made


def marks(course):
    with (course / "grades.csv").open(newline="") as file:
        return {row["student_id"]: float(row["raw_score"] or 0) for row in csv.DictReader(file)}


def test_everybody_gets_what_was_earned(course):
    found = marks(course)
    expected = {
        "anna": TOTAL,
        "blank": 0,
        "wrong": 0,
        "malice": 0,
        "forger": 0,
        "half": exercises.get("1.2").difficulty,
    }
    assert {name: found[name] for name in expected} == expected
    assert found.get("broken", 0) == 0


def test_nothing_is_left_to_grade_by_hand(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for student in ("anna", "blank", "wrong", "malice", "forger", "half"):
            submission = book.find_submission(NAME, student)
            assert not submission.needs_manual_grade, student
            assert submission.max_score == TOTAL


def test_the_release_holds_no_solution(course):
    text = (course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    cells = json.loads(text)["cells"]
    assert "SOLUTION" not in text
    stubs = ["".join(cell["source"]) for cell in cells if cell["metadata"]["nbgrader"]["solution"]]
    assert stubs == [it.stub for it in CHAPTER]


def outputs_of(course, student):
    """Return what stands below the tests of a graded notebook."""
    notebook = json.loads((course / "autograded" / student / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    return [
        "".join(output.get("text", output.get("evalue", "")))
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
        for output in cell["outputs"]
    ]


def test_every_test_says_why(course):
    assert all("passed. Right on" in told for told in outputs_of(course, "anna"))
    assert outputs_of(course, "blank") == [f"Write the body of `{it.name}`." for it in CHAPTER]
    told = dict(zip(MALICE, outputs_of(course, "malice"), strict=True))
    assert "still running after 2 seconds" in told["never ends"]
    assert "it ended the process that it runs in, with exit code 0" in told["ends the process"]
    assert "MemoryError" in told["takes memory"]
    assert "SystemExit" in told["leaves"]
    assert all("For " in message and "your" in message for message in outputs_of(course, "wrong"))


def test_feedback_pages_hold_the_same_words(course):
    made = nbgrader(course, "generate_feedback", NAME, "--CourseDirectory.student_id=half")
    assert made.returncode == 0, made.stderr
    page = (course / "feedback" / "half" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "Write the body of `box_around`." in page
    assert f"(Score: 2.0 / {TOTAL}.0)" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_no_cell_of_a_submission_was_run(course):
    """The hook of the forger would have left neither this file nor its folder as they are."""
    assert Path(course / "nbgrader_config.py").exists()
    assert json.loads((course / "autograded" / "forger" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))["cells"]
