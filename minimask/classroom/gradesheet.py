"""A gradesheet without nbgrader: notebooks in, a table of points out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from minimask import exercises
from minimask.classroom.grading import Mark, grade, points_of
from minimask.classroom.sandbox import Cell, Sandbox
from minimask.classroom.submission import exercises_in, read_sources
from minimask.exercises import Exercise


@dataclass(frozen=True)
class Row:
    """One notebook's marks, or why it has none."""

    path: Path
    marks: tuple[Mark, ...]
    trouble: str = ""

    def points(self, by: str) -> int:
        """Return the points that were earned."""
        return sum(points_of(mark.exercise, by) for mark in self.marks if mark.passed)


def notebooks_of(paths: Sequence[str]) -> list[Path]:
    """Return the notebooks that are named, or that are in folders that are."""
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(f"argument NOTEBOOK: there is no {path}")
        inside = sorted(one for one in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in one.parts)
        if path.is_dir() and not inside:
            raise FileNotFoundError(f"argument NOTEBOOK: there is no notebook in {path}")
        found += inside if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def new_file(path: str, name: str) -> Path:
    """Return the path of a file, after making sure that it is not there yet."""
    if Path(path).exists():
        raise FileExistsError(f"{name} {path} is there already, and nothing is overwritten")
    return Path(path)


def protections() -> str:
    """Return which of the sandbox's protections this system gives, as a sentence.

    Examples
    --------
    >>> protections().startswith("Each answer is checked in a process of its own")
    True
    """
    with Sandbox("nothing", [Cell("def nothing(): ...", own=True)]) as function:
        layers = function.layers
    told = {
        "memory": "memory is limited",
        "files": "the kernel keeps it from all files but its own",
        "network": "from the network",
        "signals": "and from other processes",
    }
    given = [words for layer, words in told.items() if layer in layers]
    without = (
        "" if "files" in layers else "; files and programs are only guarded by Python: see the README of an export"
    )
    return f"Each answer is checked in a process of its own; {', '.join(['its time is limited', *given])}{without}."


def asked_for(paths: Sequence[Path], ids: Sequence[str] = ()) -> list[Exercise]:
    """Return the exercises that a class is graded on: those named, or all that stand in any of its notebooks.

    Who deletes an exercise from his notebook is thus graded on it all the same, unless all do.
    """
    if ids:
        known = [it.id for it in exercises.all()]
        for id in ids:
            if id not in known:
                raise ValueError(f"argument --exercises: must be of {', '.join(known)}, got {id}")
        return [it for it in exercises.all() if it.id in ids]
    texts: list[str] = []
    for path in paths:
        try:
            texts += read_sources(path)
        except (ValueError, OSError):
            continue  # its row says so
    found = exercises_in(texts)
    if not found:
        raise ValueError("argument NOTEBOOK: no exercise of minimask is in any of these notebooks")
    return found


def grade_notebook(
    path: Path, asked: Sequence[Exercise], seed: int | None = None, tell: Callable[[Mark], None] = lambda _: None
) -> Row:
    """Return one notebook's row; one that cannot be read gets no points, and says why."""
    try:
        sources = read_sources(path)
    except (ValueError, OSError) as error:
        return Row(path, tuple(Mark(it, "not started yet", str(error)) for it in asked), str(error))
    marks = []
    for it in asked:
        marks.append(grade(it, sources, seed))
        tell(marks[-1])
    return Row(path, tuple(marks))


def names_of(rows: Sequence[Row]) -> list[str]:
    """Return what tells notebooks apart: their names, or their paths where several have the same."""
    names = [row.path.name for row in rows]
    return names if len(set(names)) == len(names) else [row.path.as_posix() for row in rows]


def as_csv(rows: Sequence[Row], by: str = "difficulty") -> str:
    """Return the sheet as CSV: a line for each notebook, a column for each exercise, the sum, and out of how many."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    asked = [mark.exercise for mark in rows[0].marks] if rows else []
    writer.writerow(["notebook", *(it.id for it in asked), "points", "of", "note"])
    total = sum(points_of(it, by) for it in asked)
    for name, row in zip(names_of(rows), rows, strict=True):
        earned = [points_of(mark.exercise, by) if mark.passed else 0 for mark in row.marks]
        writer.writerow([_harmless(name), *earned, row.points(by), total, _harmless(row.trouble)])
    return file.getvalue()


def as_table(rows: Sequence[Row], by: str = "difficulty") -> str:
    """Return the sheet for a terminal: 5 for points earned, . for none."""
    names = names_of(rows)
    asked = [mark.exercise for mark in rows[0].marks] if rows else []
    total, width = sum(points_of(it, by) for it in asked), max(map(len, ["notebook", *names]))
    lines = [f"{'notebook':{width}}  " + " ".join(f"{it.id:>3}" for it in asked) + "  points"]
    for name, row in zip(names, rows, strict=True):
        cells = [f"{points_of(mark.exercise, by) if mark.passed else '.':>3}" for mark in row.marks]
        note = f"  {row.trouble}" if row.trouble else ""
        lines.append(f"{name:{width}}  " + " ".join(cells) + f"  {row.points(by)} of {total}{note}")
    return "\n".join(lines)


def feedback(row: Row, by: str = "difficulty") -> str:
    """Return what a notebook's author reads."""
    total = sum(points_of(mark.exercise, by) for mark in row.marks)
    return "\n\n".join([f"{row.path.name}: {row.points(by)} of {total} points", *map(str, row.marks)]) + "\n"


def write_feedback(rows: Sequence[Row], folder: Path, by: str = "difficulty") -> None:
    """Write a text for each notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, row in zip(names_of(rows), rows, strict=True):
        plain = name.removesuffix(".ipynb").replace("/", "-").strip("-.")
        (folder / f"{plain}.txt").write_text(feedback(row, by), encoding="utf-8")


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
