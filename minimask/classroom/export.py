"""The export: everything that a teacher hands out and grades with, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from string import Template

import nbformat

from minimask import exercises
from minimask.classroom.course import CONFIG, assignment, assignment_name, assignment_title
from minimask.classroom.grading import POINTS, points_of
from minimask.classroom.sandbox import EXERCISE_SECONDS
from minimask.classroom.student_notebooks import chapters_in, student_copy

PARTS = ("notebooks", "course")
"""What an export consists of: the chapters for students, and the course for nbgrader."""
CHAPTERS = tuple(dict.fromkeys(it.chapter for it in exercises.all()))
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Export:
    """What was written: how many notebooks, assignments and points."""

    folder: Path
    notebooks: int
    assignments: tuple[str, ...]
    points: int


def default_notebooks() -> Path:
    """Return the folder of the chapters: that of the checkout, which a package from an index does not have."""
    return HERE.parents[1] / "notebooks"


def export_classroom(
    folder: str | PathLike[str],
    *,
    chapters: Sequence[int] = CHAPTERS,
    parts: Sequence[str] = PARTS,
    notebooks: str | PathLike[str] | None = None,
    outputs: bool = False,
    points: str = "difficulty",
    seed: int = 0,
    force: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Export:
    """Write student notebooks, a course for nbgrader, and how to use both.

    Parameters
    ----------
    folder : path
        Where to write, new or empty.
    chapters : sequence of int
        Which chapters.
    parts : sequence of {"notebooks", "course"}
        What is written beside the README.
    notebooks : path, optional
        Where the chapters are; by default in the checkout that this package belongs to.
    outputs : bool
        Whether student notebooks keep what the chapters' cells have put out.
    points : {"difficulty", "minutes"}
        What the points go by.
    seed : int
        Draws the inputs on which the autograder tries answers.
    force : bool
        Whether to write over files of an earlier export; all else in the folder stays as it is.
    tell : callable
        Is told of each file.

    Raises
    ------
    ValueError, FileNotFoundError, FileExistsError
        If something is asked for that is not there, or would be overwritten. Nothing is written then.
    """
    target = Path(folder)
    chosen = _checked(chapters, parts, points)
    texts: dict[str, str] = {}
    if "notebooks" in parts:
        texts |= _student_texts(chosen, Path(notebooks) if notebooks else default_notebooks(), outputs)
    count = len(texts)
    names = tuple(assignment_name(number) for number in chosen) if "course" in parts else ()
    for name, number in zip(names, chosen, strict=False):
        texts[f"source/{name}/{name}.ipynb"] = _written(assignment(number, points))
    if names:
        texts["nbgrader_config.py"] = CONFIG.format(seed=seed)
    texts["README.md"] = _readme(chosen, parts, points)
    _refuse_overwriting(target, texts, force)
    for name, text in texts.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        tell(name)
    return Export(target, count, names, _points(chosen, points))


def _checked(chapters: Sequence[int], parts: Sequence[str], points: str) -> list[int]:
    """Return the chapters in order, after making sure that all that is asked for exists."""
    for number in chapters:
        if number not in CHAPTERS:
            raise ValueError(f"argument --chapters: must be of {', '.join(map(str, CHAPTERS))}, got {number}")
    if not chapters:
        raise ValueError(f"argument --chapters: must name at least one of {', '.join(map(str, CHAPTERS))}")
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"argument --only: must be one of {', '.join(PARTS)}, got {part!r}")
    if points not in POINTS:
        raise ValueError(f"argument --points: must be one of {', '.join(POINTS)}, got {points!r}")
    return sorted(set(chapters))


def _student_texts(chapters: Sequence[int], folder: Path, outputs: bool) -> dict[str, str]:
    if not folder.is_dir():
        raise FileNotFoundError(
            f"argument --notebooks: there is no folder {folder}; name the folder `notebooks` of minimask's repository, "
            "or choose --only course, which needs none"
        )
    found = chapters_in(folder, chapters)
    return {
        f"notebooks/{path.name}": _written(student_copy(nbformat.read(path, as_version=4), outputs)) for path in found
    }


def _written(notebook: nbformat.NotebookNode) -> str:
    return str(nbformat.writes(notebook)) + "\n"


def _refuse_overwriting(folder: Path, texts: Mapping[str, str], force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"argument FOLDER: must be a folder, new or empty, but {folder} is a file")
    held = sorted(one.name for one in folder.iterdir()) if folder.exists() else []
    if held and not force:
        raise FileExistsError(
            f"argument FOLDER: must be new or empty, but {folder} holds {', '.join(held[:3])}; --force writes over "
            "what an earlier export wrote there, and leaves all else as it is"
        )
    for name in texts:
        if (folder / name).is_dir():
            raise FileExistsError(f"argument FOLDER: {folder / name} is a folder, and a file is to be written there")


def _points(chapters: Sequence[int], by: str) -> int:
    return sum(points_of(it, by) for number in chapters for it in exercises.chapter(number))


def _readme(chapters: Sequence[int], parts: Sequence[str], by: str) -> str:
    """Return the teacher's text: what was exported, the commands, the points."""
    told = {
        "first": assignment_name(chapters[0]),
        "table": _table(chapters, by),
        "by": by,
        "total": _points(chapters, by),
        "seconds": f"{EXERCISE_SECONDS:g}",
    }
    texts = [(HERE / f"readme_{part}.md").read_text(encoding="utf-8") for part in PARTS if part in parts]
    body = "\n".join(Template(text).substitute(told) for text in texts)
    return f"# A class with minimask\n\n{body}"


def _table(chapters: Sequence[int], by: str) -> str:
    """Return the points of all exercises, as a table in Markdown."""
    rows = ["| exercise | | difficulty | minutes | points |", "|---|---|---|---|---|"]
    for number in chapters:
        chosen = exercises.chapter(number)
        minutes, points = sum(it.minutes for it in chosen), sum(points_of(it, by) for it in chosen)
        rows.append(f"| **{assignment_title(number)}** | `{assignment_name(number)}` | | {minutes} | **{points}** |")
        rows += [
            f"| {it.id} | {it.title}: `{it.name}` | {it.difficulty} | {it.minutes} | {points_of(it, by)} |"
            for it in chosen
        ]
    return "\n".join(rows)
