"""Student notebooks: copies of the chapters in which solutions are with the teacher, and checks and hints in place."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from minimask import exercises
from minimask.exercises import Exercise, hide_solutions
from minimask.exercises.solutions import are_hidden

HIDE = "# A class's copy: checks and hints are here, the solutions are with your teacher.\nexercises.hide_solutions()"
_SHOWN = re.compile(r'^exercises\.(card|attempt)\("(\d+\.\d+)"')


def chapters_in(folder: Path, numbers: Sequence[int]) -> list[Path]:
    """Return the notebooks of some chapters, which may be several for one.

    Raises
    ------
    FileNotFoundError
        If there is no notebook of one of them.
    """
    found = []
    for number in numbers:
        files = sorted(folder.glob(f"{number:02}*_*.ipynb"))
        if not files:
            raise FileNotFoundError(
                f"argument --notebooks: there is no notebook of chapter {number} in {folder}; name the folder "
                "`notebooks` of minimask's repository, or choose --only course, which needs none"
            )
        found += files
    return found


def student_copy(notebook: NotebookNode, outputs: bool = False) -> NotebookNode:
    """Return a copy of a chapter for students.

    Cells that show a solution are left out, exercises are back at their stubs, and the cards and reports neither show
    a solution nor say how to have it shown.

    Parameters
    ----------
    notebook : NotebookNode
        A chapter.
    outputs : bool
        Whether to keep what its cells have put out. Those of cards are made anew.
    """
    made = copy.deepcopy(notebook)
    made.cells = [cell for cell in made.cells if cell.cell_type != "code" or ".reveal()" not in cell.source]
    by_name = {it.name: it for it in exercises.all()}
    with _hidden():
        for cell in made.cells:
            if cell.cell_type == "code":
                _prepare(cell, by_name, outputs)
    importing = [k for k, cell in enumerate(made.cells) if cell.cell_type == "code" and _imports_exercises(cell.source)]
    if importing:
        made.cells.insert(importing[0] + 1, new_code_cell(HIDE, id="hide-solutions"))
    if not outputs:
        made.metadata.pop("widgets", None)
    return made


def _prepare(cell: NotebookNode, by_name: dict[str, Exercise], outputs: bool) -> None:
    """Put a cell back to how a student begins."""
    cell.execution_count = None
    defined = re.match(r"def (\w+)\(", cell.source)
    if defined and defined[1] in by_name:
        cell.source = by_name[defined[1]].stub
    shown = _SHOWN.match(cell.source)
    if not outputs or (shown and shown[1] == "attempt"):
        cell.outputs = []
    elif shown:
        card = exercises.card(shown[2])._repr_mimebundle_()
        cell.outputs = [nbformat.v4.new_output("execute_result", data=card)]


def _imports_exercises(source: str) -> bool:
    return re.search(r"^from minimask import .*\bexercises\b", source, re.MULTILINE) is not None


@contextmanager
def _hidden() -> Iterator[None]:
    before = are_hidden()
    hide_solutions()
    try:
        yield
    finally:
        hide_solutions(before)
