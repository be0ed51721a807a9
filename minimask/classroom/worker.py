"""The worker: the program of the process that runs a student's function, and knows nothing of right and wrong.

It is started as a file, without minimask on its path, and talks through its standard input and output (`wire`): it gets
a `Task`, confines itself, says so, runs the student's cells, says what came of them, and then answers calls until its
input ends. It never learns what the right answers are. Whatever the student's code does to this process, it can spoil
nothing but its own answers.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import io
import linecache
import os
import sys
import traceback
import warnings
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

MOST_PRINTED = 400
OWN_CELL = "<your cell>"
Names = dict[str, Any]


class Prints(io.TextIOBase):
    """Keeps the beginning of what is printed, however much it is."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        """Take a text, and say that all of it was printed."""
        self.text += str(text)[: MOST_PRINTED - len(self.text)]
        return len(text)


def load(name: str) -> ModuleType:
    """Load a file beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Do one task, from the first message to the end of the input."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    sys.path[:] = sys.argv[1:]
    wire, confinement = load("wire"), load("confinement")
    task = wire.receive(requests)
    names: Names = {"__name__": "__main__", "__builtins__": __builtins__}
    warnings.simplefilter("ignore")
    exec(compile(task["setup"], "<setup>", "exec"), names)
    layers = confinement.confine(
        Path(task["folder"]), task["readable"], Path(task["hidden"]), task["megabytes"], task["seconds"]
    )
    wire.send(replies, layers)
    prints = Prints()
    sys.stdout = sys.stderr = prints
    problem = run_cells(task["cells"], names)
    function = names.get(task["name"])
    wire.send(replies, {**described(function), "problem": problem, "printed": prints.text})
    while True:
        try:
            inputs = wire.receive(requests)
        except EOFError:
            os._exit(0)
        prints.text = ""
        reply = answer(function, inputs)
        try:
            message = wire.encode({**reply, "printed": prints.text})
        except BaseException as error:
            message = wire.encode({"error": told(error), "place": "", "given": inputs, "printed": ""})
        replies.write(message)
        replies.flush()


def run_cells(cells: list[tuple[str, bool]], names: Names) -> Any:  # noqa: ANN401
    """Run cells, statement by statement, and return the first thing that went wrong in the student's own cell.

    A statement that fails is passed over: what counts is which functions are there in the end.
    """
    first = None
    for number, (source, own) in enumerate(cells):
        file = OWN_CELL if own else f"<cell {number}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        try:
            statements = ast.parse(without_magics(source)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            place = f"line {error.lineno}" if isinstance(error, SyntaxError) else ""
            first = first or ({"error": told(error), "place": place} if own else None)
            continue
        for statement in statements:
            try:
                exec(compile(ast.Module([statement], []), file, "exec"), names)
            except BaseException as error:
                first = first or ({"error": told(error), "place": place_of(error, file)} if own else None)
    return first


def without_magics(source: str) -> str:
    """Return a cell without IPython's own lines, which begin with % or !, where they keep it from being Python."""
    with contextlib.suppress(SyntaxError):  # and no other error, for it would come again
        ast.parse(source)
        return source
    if source.lstrip().startswith("%%"):
        source = source.partition("\n")[2]
    lines = [
        line[: len(line) - len(line.lstrip())] + "pass" if line.lstrip()[:1] in ("%", "!") else line
        for line in source.splitlines()
    ]
    return "\n".join(lines)


def described(function: object) -> Names:
    """Return what the judge asks of a function before it is called."""
    parameters = None
    with contextlib.suppress(Exception):
        parameters = [
            (one.name, int(one.kind), one.default is not one.empty)
            for one in inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        ]

    def empty() -> None: ...

    code: Any = getattr(function, "__code__", None)
    is_stub = hasattr(code, "co_code") and code.co_code[::2] == empty.__code__.co_code[::2]
    kind = "" if callable(function) else type(function).__name__
    return {"kind": kind, "parameters": parameters, "is_stub": bool(is_stub)}


def answer(function: Any, inputs: tuple[Any, ...]) -> Names:  # noqa: ANN401
    """Return what one call came to, and what became of its arguments."""
    given = deepcopy(inputs)
    try:
        return {"answer": function(*given), "given": given}
    except BaseException as error:
        return {"error": told(error), "place": place_of(error, OWN_CELL), "given": given}


def told(error: BaseException) -> tuple[list[str], str]:
    """Return the names of an error's kinds, from its own to the most general, and its words."""
    try:
        words = str(error)
    except BaseException:
        words = ""
    return [kind.__name__ for kind in type(error).__mro__], words[:1000]


def place_of(error: BaseException, file: str) -> str:
    """Return the last line of a cell that an error went through: ``line 3: `x / 0```."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    if not lines:
        return ""
    source = linecache.getline(file, lines[-1]).strip()
    return f"line {lines[-1]}" + (f": `{source}`" if source else "")


if __name__ == "__main__":
    main()
