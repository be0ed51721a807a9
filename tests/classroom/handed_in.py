"""Answers as students would hand them in: source texts, of the zoo's functions too."""

import ast
import copy
import inspect
import json
import sys
from functools import cache
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "exercises"))

import full_zoo  # noqa: F401
import zoo

from minimask import exercises

TRICKS = {
    "ends the process": "import os\n\ndef {name}(*{p}):\n    os._exit(0)",
    "ends it before there is a function": "import os\nos._exit(0)\ndef {name}({p}): return 0",
    "leaves": "def {name}({p}):\n    raise SystemExit(0)",
    "interrupts": "def {name}({p}):\n    raise KeyboardInterrupt",
    "takes memory": "def {name}({p}):\n    hoard = [0]\n    while True:\n        hoard = hoard + hoard",
    "takes memory at once": "def {name}({p}):\n    return np.ones(10**11)",
    "never ends": "def {name}({p}):\n    while True:\n        pass",
    "never ends and holds on": (
        "def {name}({p}):\n    while True:\n        try:\n"
        "            while True: pass\n        except BaseException: pass"
    ),
    "prints without end": "def {name}({p}):\n    while True:\n        print('x' * 10**6)",
    "is equal to everything": (
        "class Yes(float):\n"
        "    def __eq__(self, other): return True\n"
        "    __ne__ = __lt__ = __gt__ = lambda self, other: False\n"
        "    def __hash__(self): return 0\n"
        "    def __array__(self, *a, **k): return self\n"
        "    def __sub__(self, other): return 0.0\n"
        "    __rsub__ = __sub__\n"
        "def {name}({p}):\n    return Yes(7)"
    ),
    "gives an answer that pickles itself": (
        "class Bomb:\n    def __reduce__(self): return (print, ('boo',))\ndef {name}({p}):\n    return Bomb()"
    ),
    "patches the checks": (
        "import sys\n"
        "try:\n"
        "    import minimask.exercises as e\n"
        "    e.get = lambda id: type('E', (), {{'check': lambda self, f: None}})()\n"
        "    e.exercise.Exercise.check = lambda self, f: None\n"
        "    e.check.examine = lambda *a: e.check.Passed(1, 1)\n"
        "except ImportError:\n"
        "    pass\n"
        "def {name}({p}):\n    return -1"
    ),
    "patches what is beneath": (
        "import builtins, json, struct\n"
        "builtins.isinstance = lambda *a: True\n"
        "json.dumps = lambda *a: '[\"dots\"]'\n"
        "np.allclose = lambda *a, **k: True\n"
        "def {name}({p}):\n    return -1"
    ),
    "asks the package": (
        "def {name}({p}):\n    from minimask import exercises\n    return exercises.get('{id}').solution({p})"
    ),
    "reads the solution": (
        "def {name}({p}):\n"
        "    names = {{'np': np, 'Box': tuple}}\n"
        "    exec(open({file!r}).read().split('def _')[0], names)\n"
        "    return names['{name}']({p})"
    ),
    "reads the solution behind Python's back": (
        "import ctypes, os\n"
        "def {name}({p}):\n"
        "    libc = ctypes.CDLL(None)\n"
        "    number = libc.open({file!r}.encode(), 0)\n"
        "    return float(number)"
    ),
    "floods the line": (
        "import os, threading\n"
        "def {name}({p}):\n"
        "    for number in range(3, 64):\n"
        "        try: os.write(number, b'\\xff' * 4096)\n"
        "        except OSError: pass\n"
        "    return 0"
    ),
    "closes the line": "import os\ndef {name}({p}):\n    os.closerange(3, 64)\n    return 0",
    "goes very deep": (
        "def {name}({p}):\n    answer = []\n    for _ in range(10**5): answer = [answer]\n    return answer"
    ),
    "crashes": "import ctypes\ndef {name}({p}):\n    return ctypes.string_at(1)",
}
"""Answers that are after something else than being right."""


def trick(name, exercise):
    """Return a trick as the source of a cell."""
    file = inspect.getsourcefile(exercise.solution)
    return TRICKS[name].format(name=exercise.name, p=", ".join(exercise.parameters), id=exercise.id, file=file)


@cache
def _module(name):
    """Return a file of the zoo as a student's cell, without the cages."""
    tree = ast.parse(Path(sys.modules[name].__file__).read_text(encoding="utf-8"))
    kept = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("zoo"):
            kept += [] if node.module == "zoo" else ast.parse(_module(node.module)).body
            continue
        if isinstance(node, ast.FunctionDef):
            node = copy.copy(node)
            node.decorator_list = [one for one in node.decorator_list if not _is_cage(one)]
        kept.append(node)
    return ast.unparse(ast.Module(kept, []))


def _is_cage(decorator):
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in ("wrong", "right")


def of_the_zoo(animal):
    """Return the code cells of a notebook in which a function of the zoo is handed in."""
    name = exercises.get(animal.exercise).name
    return ["import numpy as np", f"{_module(animal.function.__module__)}\n{name} = {animal.function.__name__}"]


def filled(notebook, answers):
    """Return a copy of an assignment with answers by exercise id; each is the source of its cell."""
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.endswith("_answer"):
            id = name.removeprefix("exercise_").removesuffix("_answer").replace("_", ".")
            cell["source"] = answers.get(id, cell["source"])
    return made


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def ones_of(animals, asked):
    """Return the first of some animals for each of some exercises."""
    first = {animal.exercise: animal for animal in reversed(animals)}
    return [first[it.id] for it in asked]


FAST = [animal for animal in zoo.WRONG if not animal.slow]
WRONG, RIGHT = zoo.WRONG, zoo.RIGHT
