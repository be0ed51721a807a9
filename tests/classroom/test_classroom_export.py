"""What a teacher gets: student notebooks without solutions, a course, a README; nothing overwritten unasked."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from minimask import exercises
from minimask.classroom.course import assignment, marked_solution
from minimask.classroom.export import CHAPTERS, export_classroom
from minimask.classroom.grading import points_of
from minimask.classroom.student_notebooks import HIDE, student_copy
from minimask.cli import WRONG_USAGE, main
from minimask.exercises.solutions import are_hidden

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def ask(capsys, *arguments):
    """Return the exit code and what was said, as a shell sees them."""
    try:
        code = main(["classroom", *map(str, arguments)])
    except SystemExit as end:
        code = end.code
    return code, *capsys.readouterr()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The export of all chapters, with the outputs."""
    folder = tmp_path_factory.mktemp("class") / "all"
    export_classroom(folder, outputs=True, seed=5)
    return folder


def bodies(exercise):
    """Return the lines of a solution's body that a chapter would not have by chance."""
    head = len(exercise.stub.splitlines()) - 1
    lines = (line.strip() for line in exercise.source.splitlines()[head:])
    return [line for line in lines if len(line) >= 25 and not line.startswith(("#", "for ", "return np.zeros"))]


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_all_that_is_asked_for_is_there(exported):
    notebooks = [path.name for path in sorted(NOTEBOOKS.glob("0[1-9]*.ipynb"))]
    assert [path.name for path in sorted((exported / "notebooks").iterdir())] == notebooks
    names = [path.parent.name for path in sorted(exported.glob("source/*/*.ipynb"))]
    assert [name[:2] for name in names] == [f"{number:02}" for number in CHAPTERS]
    assert {"README.md", "nbgrader_config.py"} <= set(files(exported))


def test_student_notebooks_hold_no_solution(exported):
    """Not in a cell, not in an output; a line that the original holds as well is the chapter's own."""
    for path in sorted((exported / "notebooks").iterdir()):
        own, student = (
            (folder / path.name).read_text(encoding="utf-8") for folder in (NOTEBOOKS, exported / "notebooks")
        )
        assert "reveal()" not in student, path.name
        assert "Compare with" not in student
        for exercise in exercises.all():
            for line in bodies(exercise):
                quoted = json.dumps(line)[1:-1]
                assert quoted not in student or quoted in own, (path.name, exercise.id, line)


def test_the_search_for_solutions_would_find_one():
    assert all(bodies(exercise) for exercise in exercises.all())
    for exercise in exercises.all():
        text = json.dumps(marked_solution(exercise))
        assert all(json.dumps(line)[1:-1] in text for line in bodies(exercise))


def test_student_notebooks_keep_text_checks_and_hints(exported):
    for path in sorted((exported / "notebooks").iterdir()):
        own, student = (
            nbformat.read(folder / path.name, as_version=4) for folder in (NOTEBOOKS, exported / "notebooks")
        )
        nbformat.validate(student)
        kept = [cell for cell in student.cells if cell.source != HIDE]
        assert [cell.source for cell in kept] == [cell.source for cell in own.cells if ".reveal()" not in cell.source]
        for cell in kept:
            if cell.source.startswith("exercises.card("):
                (output,) = cell.outputs
                assert "Hint 1" in output.data["text/html"]
                assert ">Solution<" not in output.data["text/html"]
            if cell.source.startswith("exercises.attempt("):
                assert cell.outputs == []
        asked = any("exercises.attempt(" in cell.source for cell in kept)
        assert (HIDE in [cell.source for cell in student.cells]) >= asked


def test_a_chapter_that_a_teacher_has_filled_in_is_emptied():
    notebook = nbformat.read(NOTEBOOKS / "01_beyond_the_box.ipynb", as_version=4)
    it = exercises.get("1.1")
    (stub,) = (cell for cell in notebook.cells if cell.source == it.stub)
    stub.source = it.source
    notebook.cells.append(nbformat.v4.new_code_cell('exercises.get("1.1").reveal()'))
    made = student_copy(notebook)
    assert [cell.source for cell in made.cells].count(it.stub) == 1
    assert not any("max(" in cell.source and "def pair_iou" in cell.source for cell in made.cells)
    assert not any("reveal" in cell.source for cell in made.cells)
    assert all(not cell.get("outputs") for cell in made.cells)
    assert "widgets" not in made.metadata
    assert "widgets" in notebook.metadata, "the original stays as it is"
    assert not are_hidden()


def test_solutions_are_hidden_and_shown_again():
    it = exercises.get("1.1")
    exercises.hide_solutions()
    try:
        card, report, note = exercises.card("1.1"), exercises.attempt("1.1", it.solution), it.reveal()
        assert "Solution" not in card._repr_mimebundle_()["text/html"]
        assert "reveal" not in repr(report)
        assert repr(note) == "In this class, the solution of exercise 1.1 is with your teacher."
    finally:
        exercises.hide_solutions(False)
    assert "Solution" in exercises.card("1.1")._repr_mimebundle_()["text/html"]
    assert "reveal()" in repr(exercises.attempt("1.1", it.solution))
    assert "max(" in repr(it.reveal())


def test_a_failed_test_shows_its_words_without_the_way_to_them():
    """IPython asks an exception for `_render_traceback_` before it writes a traceback of its own."""
    with pytest.raises(exercises.RefutedError) as caught:
        exercises.get("1.1").check(lambda box_a, box_b: 3)
    (line,) = caught.value._render_traceback_()
    assert line.startswith("RefutedError: For box_a = (0, 0, 2, 2) and box_b = (0, 0, 2, 2) the answer should be 1")


@pytest.mark.parametrize("number", CHAPTERS)
def test_an_assignment_is_as_nbgrader_wants_it(number):
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = assignment(number)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    chosen = exercises.chapter(number)
    told = [cell.metadata.nbgrader for cell in notebook.cells]
    assert len({one.grade_id for one in told}) == len(told) == 2 + 4 * len(chosen)
    assert [one.points for one in told if one.grade] == [it.difficulty for it in chosen]
    assert [cell.source for cell in notebook.cells if cell.metadata.nbgrader.solution] == list(
        map(marked_solution, chosen)
    )
    assert all(one.locked != one.solution for one in told)


@pytest.mark.parametrize("exercise", exercises.all(), ids=lambda it: it.id)
def test_a_marked_solution_is_the_solution_and_a_cleared_one_the_stub(exercise):
    marked = marked_solution(exercise)
    assert re.sub(r"\n    ### (BEGIN|END) SOLUTION", "", marked) == exercise.source
    assert re.sub(r"### BEGIN SOLUTION.*### END SOLUTION", "...", marked, flags=re.DOTALL) == exercise.stub


def test_the_readme_has_the_points_and_the_commands(exported):
    text = (exported / "README.md").read_text(encoding="utf-8")
    for it in exercises.all():
        assert f"| {it.id} | {it.title}: `{it.name}` | {it.difficulty} | {it.minutes} | {points_of(it)} |" in text
    assert f"{sum(it.difficulty for it in exercises.all())} points in all" in text
    for command in ("generate_assignment", "autograde", "generate_feedback", "export"):
        assert f"nbgrader {command}" in text
    assert "$" not in text
    assert all(len(line) <= 250 or line.startswith("|") for line in text.splitlines())


def test_exporting_twice_is_refused_and_force_keeps_all_else(capsys, tmp_path):
    options = ("export", tmp_path / "class", "--chapters", 1, "--only", "course", "--quiet", "--seed", 3)
    assert ask(capsys, *options)[0] == 0
    config, mine = tmp_path / "class" / "nbgrader_config.py", tmp_path / "class" / "gradebook.db"
    mine.write_text("marks")
    before = {name: (tmp_path / "class" / name).read_bytes() for name in files(tmp_path / "class")}
    config.write_text("# changed")
    code, _, err = ask(capsys, *options)
    assert code == WRONG_USAGE
    assert "argument FOLDER: must be new or empty, but" in err
    assert "--force writes over" in err
    assert config.read_text() == "# changed"
    assert ask(capsys, *options, "--force")[0] == 0
    assert {name: (tmp_path / "class" / name).read_bytes() for name in files(tmp_path / "class")} == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--chapters", 1, 9), "argument --chapters: must be of 1, 2, 3, 4, 5, 6, got 9"),
        (("--notebooks", "nowhere"), "argument --notebooks: there is no folder nowhere; name the folder `notebooks`"),
        (("--notebooks", "."), "argument --notebooks: there is no notebook of chapter 1 in .; name the folder"),
        (("--only", "slides"), "argument --only: invalid choice: 'slides' (choose from"),
        (("--points", "hours"), "argument --points: invalid choice: 'hours' (choose from"),
        (("--seed", "x"), "argument --seed: must be a whole number of at least 0, got 'x'"),
        (("--chapter", 1), "unrecognized argument --chapter; did you mean --chapters?"),
    ],
    ids=str,
)
def test_errors_name_the_argument_and_what_is_allowed(capsys, tmp_path, monkeypatch, options, says):
    monkeypatch.chdir(tmp_path)
    code, _, err = ask(capsys, "export", "class", *options)
    assert code == WRONG_USAGE
    assert says in err.replace("'1'", "1")
    assert files(tmp_path) == []


def test_a_file_in_the_way_is_said(capsys, tmp_path):
    (tmp_path / "class").write_text("")
    code, _, err = ask(capsys, "export", tmp_path / "class", "--only", "course")
    assert code == WRONG_USAGE
    assert "argument FOLDER: must be a folder, new or empty, but" in err


def test_the_command_alone_says_what_there_is(capsys):
    code, out, err = ask(capsys)
    assert (code, out) == (WRONG_USAGE, "")
    assert "    export " in err
    assert "    grade " in err


@pytest.mark.parametrize("action", ["export", "grade"])
def test_help_has_examples_that_are_understood(capsys, action):
    from minimask.arguments import read_arguments

    code, out, err = ask(capsys, action, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: minimask classroom {action} ")
    lines = out.split("\nexamples:\n")[1].splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert read_arguments(line.partition("#")[0].split()[1:]).command == f"classroom {action}"
