"""A course for nbgrader: one assignment for each chapter, with its exercises and nothing else."""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from minimask import exercises
from minimask.classroom.grading import points_of
from minimask.classroom.sandbox import SETUP
from minimask.exercises import Exercise

BEGIN, END = "    ### BEGIN SOLUTION", "    ### END SOLUTION"

CONFIG = '''"""nbgrader's settings for this course, written by `minimask classroom export`."""

from minimask.classroom.autograding import GradeInSandbox

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "minimask"
c.ClearSolutions.code_stub = {{"python": "..."}}

# Submissions are read and not run: each answer is checked in a process of its own.
c.Autograde.autograde_preprocessors = [
    GradeInSandbox,
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.GradeInSandbox.seed = {seed}  # draws the inputs on which answers are tried; keep it to yourself
'''

INTRODUCTION = """# {title}

Write each function where its three dots are, and run its cell. The cell below it looks at your answer, as often as you
like, and shows the smallest input for which it is wrong. The one after that is the test, and is worth the points.

- Your functions stand on their own: NumPy, Python's standard library, and helpers that you write in this notebook.
  `minimask` itself is not there while your answers are graded.
- They are graded on other inputs than those that you see here.
- {points} points in all; about {minutes} minutes."""


def assignment_name(chapter: int) -> str:
    """Return what a chapter's assignment is called.

    Examples
    --------
    >>> assignment_name(3)
    '03_magnifying_glass'
    """
    return f"{chapter:02}_{exercises.chapter(chapter)[0].solution.__module__.split('.')[2]}"


def assignment_title(chapter: int) -> str:
    """Return an assignment's heading.

    Examples
    --------
    >>> assignment_title(3)
    'Chapter 3: Magnifying glass'
    """
    return f"Chapter {chapter}: {assignment_name(chapter)[3:].replace('_', ' ').capitalize()}"


def assignment(chapter: int, points: str = "difficulty") -> NotebookNode:
    """Return the notebook from which nbgrader makes an assignment; the solutions are in it.

    Parameters
    ----------
    chapter : int
        Which one.
    points : {"difficulty", "minutes"}
        What the points go by; see `grading.points_of`.
    """
    chosen = exercises.chapter(chapter)
    introduction = INTRODUCTION.format(
        title=assignment_title(chapter),
        points=sum(points_of(it, points) for it in chosen),
        minutes=sum(it.minutes for it in chosen),
    )
    numpy = "import numpy as np\n"
    setup = SETUP.replace(numpy, f"{numpy}\nfrom minimask import exercises\n") + "\nexercises.hide_solutions()"
    cells = [_locked(new_markdown_cell(introduction), "introduction"), _locked(new_code_cell(setup), "setup")]
    for it in chosen:
        cells += exercise_cells(it, points_of(it, points))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made: NotebookNode = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    return made


def exercise_cells(exercise: Exercise, points: int) -> list[NotebookNode]:
    """Return an exercise's four cells: its card, its solution between markers, a look at an attempt, and the test."""
    name = f"exercise_{exercise.id.replace('.', '_')}"
    attempt = exercise.cells()[2]
    worth = f"{points} point{'s' * (points > 1)}"
    test = f'# The test: {worth} if it is silent.\nexercises.get("{exercise.id}").check({exercise.name})'
    return [
        _locked(new_markdown_cell(card_text(exercise, points)), f"{name}_card"),
        _with(new_code_cell(marked_solution(exercise)), f"{name}_answer", solution=True),
        _locked(new_code_cell(attempt), f"{name}_look"),
        _with(new_code_cell(test), f"{name}_test", grade=True, locked=True, points=points),
    ]


def card_text(exercise: Exercise, points: int) -> str:
    """Return an exercise's card as text, with its hints folded up."""
    hints = "".join(
        f"\n\n<details><summary>Hint {k}</summary>\n\n{hint.strip()}\n\n</details>"
        for k, hint in enumerate(exercise.hints, 1)
    )
    facts = (
        f"{points} point{'s' * (points > 1)}, difficulty {exercise.difficulty} of 5, about {exercise.minutes} minutes"
    )
    return (
        f"## Exercise {exercise.id}: {exercise.title}\n\n{facts}. Teaches {exercise.teaches}.\n\n"
        f"{exercise.statement.strip()}\n\n**By hand.** {exercise.by_hand.strip()}{hints}"
    )


def marked_solution(exercise: Exercise) -> str:
    """Return an exercise's solution with nbgrader's marks around what students are to write.

    Examples
    --------
    >>> marked_solution(exercises.get("1.2")).splitlines()[2].strip()
    '### BEGIN SOLUTION'
    """
    head = exercise.stub.splitlines()[:-1]
    body = exercise.source.splitlines()[len(head) :]
    return "\n".join([*head, BEGIN, *body, END])


def _locked(cell: NotebookNode, name: str) -> NotebookNode:
    return _with(cell, name, locked=True)


def _with(
    cell: NotebookNode, name: str, *, grade: bool = False, solution: bool = False, locked: bool = False, points: int = 0
) -> NotebookNode:
    """Give a cell what nbgrader wants to know of it."""
    cell.id = name.replace("_", "-")
    told = {
        "grade": grade,
        "grade_id": name,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    cell.metadata["nbgrader"] = {**told, "points": points} if grade else told
    return cell
