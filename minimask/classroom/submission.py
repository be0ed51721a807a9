"""A submission: a student's notebook, read and never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from os import PathLike

from minimask import exercises
from minimask.classroom.sandbox import Cell
from minimask.classroom.worker import without_magics
from minimask.exercises import Exercise

_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What reading a cell comes to that is no Python, or far too deep."""
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def read_sources(path: str | PathLike[str]) -> list[str]:
    """Return the sources of a notebook's code cells.

    Raises
    ------
    ValueError
        If the file is not a notebook.
    """
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
        return [str(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except OSError:
        raise
    except Exception as error:  # nbformat has an error of its own for each way in which a file is no notebook
        raise ValueError(f"{path} is not a notebook that can be read") from error


def exercises_in(sources: Iterable[str]) -> list[Exercise]:
    """Return the exercises that code cells show, check or define, in the order of their ids.

    Examples
    --------
    >>> exercises_in(['exercises.card("1.2")', "def pair_iou(box_a, box_b): ..."])
    [<Exercise 1.1: The IoU of two boxes>, <Exercise 1.2: The area of a polygon>]
    """
    text = "\n".join(sources)
    shown = set(re.findall(r"""exercises\.(?:card|attempt|get)\(\s*["'](\d+\.\d+)["']""", text))
    return [it for it in exercises.all() if it.id in shown or _defining(it.name).search(text)]


def cells_for(exercise: Exercise, sources: Sequence[str]) -> list[Cell]:
    r"""Return what is to be run for one exercise; nothing if no cell defines its function.

    That is the last cell that defines it and is not just the stub, and before it the imports, functions, classes and
    constants of all others: a helper may stand in a cell of its own, and an endless loop elsewhere spoils nothing here.

    Examples
    --------
    >>> from minimask import exercises
    >>> sources = ["import math", "while True: pass", "def pair_iou(box_a, box_b):\n    return math.inf"]
    >>> [cell.source for cell in cells_for(exercises.get("1.1"), sources)]
    ['import math', 'def pair_iou(box_a, box_b):\n    return math.inf']
    """
    defining = [k for k, source in enumerate(sources) if _defining(exercise.name).search(source)]
    written = [k for k in defining if not _is_stub(sources[k], exercise.name)]
    if not defining:
        return []
    own = (written or defining)[-1]
    others = [definitions(source) for k, source in enumerate(sources) if k != own]
    return [*(Cell(source) for source in others if source), Cell(sources[own], own=True)]


def definitions(source: str) -> str:
    r"""Return only what a cell defines: imports, functions, classes, constants.

    Examples
    --------
    >>> definitions("%time\nSIZE = 3\nprint(SIZE)\ndef double(x): return 2 * x")
    'SIZE = 3\ndef double(x):\n    return 2 * x'
    """
    try:
        statements = ast.parse(without_magics(source)).body
        return "\n".join(ast.unparse(one) for one in statements if isinstance(one, _DEFINITIONS) or _is_constant(one))
    except _UNREADABLE:
        return ""


def _is_constant(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except (*_UNREADABLE, TypeError):
        return isinstance(statement.value, ast.Lambda)
    return True


def _defining(name: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:async\s+)?def\s+{name}\b|^{name}\s*(?::[^=]+)?=(?!=)", re.MULTILINE)


def _is_stub(source: str, name: str) -> bool:
    """Return whether the function that a cell defines does nothing yet."""
    try:
        tree = ast.parse(without_magics(source))
    except _UNREADABLE:
        return False
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == name]
    return bool(found) and all(map(_does_nothing, found[-1].body))


def _does_nothing(statement: ast.stmt) -> bool:
    told = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return told or isinstance(statement, ast.Pass) or ast.unparse(statement).startswith("raise NotImplementedError")
