"""A student's function in its own process: right is right, wrong is wrong, and tricks do nothing."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from handed_in import FAST, RIGHT, TRICKS, of_the_zoo, ones_of, trick

from minimask import exercises
from minimask.classroom import sandbox
from minimask.classroom.confinement import ABSENT
from minimask.classroom.grading import grade
from minimask.classroom.sandbox import Cell, Sandbox
from minimask.exercises import call
from minimask.exercises.check import examine
from minimask.exercises.watchdog import TimeUp

SOME = [exercises.get("1.3"), *(exercises.chapter(number)[k] for number in range(1, 7) for k in (0, -1))]
"""The one that asks for refusals, and of each chapter the first and the last; `grade_zoo.py` has them all."""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")


def few(exercise):
    """Return an exercise that is checked on the chosen inputs and a few drawn ones."""
    return replace(exercise, draws=5)


@pytest.mark.no_cover
@pytest.mark.parametrize("exercise", SOME, ids=lambda it: it.id)
def test_the_solution_is_right(exercise):
    mark = grade(few(exercise), [exercise.source])
    assert mark.passed, str(mark)


@pytest.mark.no_cover
@pytest.mark.parametrize("animal", ones_of(FAST, SOME), ids=str)
def test_a_wrong_answer_is_told_as_in_the_notebook(animal):
    exercise = exercises.get(animal.exercise)
    mark = grade(exercise, of_the_zoo(animal))
    assert mark.status == "not right yet"
    assert mark.message == examine(exercise, animal.function).message
    assert animal.says in mark.message


@pytest.mark.parametrize("name", TRICKS)
def test_tricks_get_nothing_and_leave_nothing(name, monkeypatch):
    monkeypatch.setattr(call, "SECONDS", 0.5)
    before = threading.active_count()
    exercise = few(exercises.get("1.1"))
    start = time.monotonic()
    mark = grade(exercise, [trick(name, exercise)])
    assert mark.status == "not right yet"
    assert "your" in mark.message.lower(), mark.message
    assert time.monotonic() - start < 60
    assert threading.active_count() == before
    assert left_over() == []


def left_over():
    """Return the processes of this one that still run."""
    return [one for one in psutil.Process().children(recursive=True) if "worker.py" in " ".join(one.cmdline())]


def answer(body, *inputs, **limits):
    """Return what one call of a function with this body comes to."""
    source = "import ctypes, os, sys\nlibc = ctypes.CDLL(None, use_errno=True)\ndef f(*given):\n"
    source += "".join(f"    {line}\n" for line in body.splitlines())
    with Sandbox("f", [Cell(source, own=True)], **limits) as f:
        return f.outcome(inputs)


def test_nothing_of_the_teachers_is_in_the_environment(monkeypatch):
    monkeypatch.setenv("TEACHERS_KEY", "secret")
    outcome = answer("return [sorted(os.environ), os.getcwd(), sys.argv]")
    assert "TEACHERS_KEY" not in outcome.answer[0]
    assert not Path(outcome.answer[1]).exists(), "its folder is gone"


def test_files_outside_its_folder_stay_as_they_are(tmp_path):
    kept = tmp_path / "marks.csv"
    kept.write_text("1")
    for attempt in (
        "os.remove(given[0])",
        "open(given[0], 'w')",
        "os.rename(given[0], 'mine')",
        "import shutil; shutil.rmtree(os.path.dirname(given[0]))",
        "os.truncate(given[0], 0)",
        "os.chmod(given[0], 0)",
        "os.open(given[0], os.O_WRONLY)",
        "import subprocess; subprocess.run(['rm', given[0]])",
        "os.system('rm ' + given[0])",
        "os.fork()",
        "import socket; socket.socket()",
        "os.kill(os.getppid(), 9)",
    ):
        outcome = answer(attempt, str(kept))
        assert isinstance(outcome.error, PermissionError), attempt
        assert kept.read_text() == "1"
        assert (
            "is not there" in str(outcome.error)
            or "own folder" in str(outcome.error)
            or "of the process" in str(outcome.error)
        )


@LINUX
def test_the_kernel_refuses_what_goes_around_python(tmp_path):
    kept = tmp_path / "marks.csv"
    kept.write_text("1")
    (tmp_path / "empty").mkdir()
    for attempt, refused in (
        ("libc.unlink(given[0].encode())", 13),
        ("libc.open(given[0].encode(), 0)", 13),
        ("libc.open(given[0].encode(), 1)", 13),
        ("libc.rmdir((os.path.dirname(given[0]) + '/empty').encode())", 13),
        ("libc.rename(given[0].encode(), b'mine')", 13),
        ("libc.symlink(b'/etc', (os.path.dirname(given[0]) + '/link').encode())", 13),
        (f"libc.open({exercises.__file__!r}.encode(), 0)", 13),
        ("libc.execv(b'/bin/true', None)", 13),
    ):
        outcome = answer(f"return {attempt}, ctypes.get_errno()", str(kept))
        assert outcome.answer == (-1, refused), attempt
    assert sorted(one.name for one in tmp_path.iterdir()) == ["empty", "marks.csv"]


def test_its_own_folder_is_its_own():
    outcome = answer(
        "open('notes', 'w').write('x')\nimport tempfile\nreturn tempfile.mkstemp() and open('notes').read()"
    )
    assert outcome.answer == "x"


def test_limits_of_memory_and_of_files():
    outcome = answer("return np.ones(given[0]).sum()", 3 * 10**8)  # 2.4 GB
    assert isinstance(outcome.error, MemoryError)
    assert answer("return np.ones(given[0]).sum()", 10**6).answer == 10**6
    outcome = answer("open('large', 'wb').write(bytes(2**25))")
    assert isinstance(outcome.error, OSError)


def test_an_answer_that_is_too_large_is_refused():
    outcome = answer("return np.zeros(10**7)")
    assert type(outcome.error).__name__ == "NonsenseError"
    assert "76 MB are too much" in str(outcome.error)


def test_waiting_is_stopped_too(monkeypatch):
    monkeypatch.setattr(call, "SECONDS", 0.1)
    start = time.monotonic()
    outcome = answer("import time; time.sleep(60)")
    assert isinstance(outcome.error, TimeUp)
    assert time.monotonic() - start < 20
    outcome = answer("import time; time.sleep(0.05 * given[0])", 1, seconds=60.0)
    assert outcome.error is None


def test_all_calls_together_have_an_end():
    with Sandbox("f", [Cell("import time\ndef f(): time.sleep(0.5)", own=True)], seconds=2.0) as f:
        outcomes = [f.outcome(()) for _ in range(8)]
    assert [type(one.error).__name__ for one in outcomes][-1] == "TimeUp"
    assert outcomes[0].error is None


def test_a_call_is_seen_as_in_a_notebook():
    outcome = answer("print('hello')\ngiven[0][0] = 7\nreturn given[0].sum()", np.zeros(2), (1,))
    assert (outcome.printed, outcome.changed, outcome.answer) == ("hello", (0,), 7.0)
    outcome = answer("x = 1\nreturn x / given[0]", 0)
    assert isinstance(outcome.error, ZeroDivisionError)
    assert outcome.place == "line 5: `return x / given[0]`"


def test_a_seed_draws_other_inputs_and_the_same_again():
    """What is right on all that a notebook tries can be wrong on what the grader draws."""
    exercise = replace(exercises.get("1.2"), draws=40)
    seen = []
    exercise.check(lambda polygon: seen.append(polygon.tolist()) or exercise.solution(polygon))
    learned = f"SEEN = {seen!r}\n{exercise.source.replace('shoelace', 'real')}\n"
    learned += "def shoelace(polygon):\n    return real(polygon) if polygon.tolist() in SEEN else 0.0"
    assert grade(exercise, [learned]).passed
    found = [grade(exercise, [learned], seed) for seed in (1, 1)]
    assert found[0].status == "not right yet"
    assert found[0] == found[1]


def test_the_zoo_has_right_answers_in_many_forms():
    for animal in ones_of(RIGHT, SOME)[:6]:
        mark = grade(few(exercises.get(animal.exercise)), of_the_zoo(animal))
        assert mark.passed, str(mark)


@LINUX
def test_the_package_cannot_be_read_where_it_lies_among_others(monkeypatch):
    """As in a wheel's place: all libraries beside it are there. Another one stands in for minimask."""
    hypothesis = Path(sys.modules["hypothesis"].__file__).resolve().parent
    monkeypatch.setattr(sandbox, "_PACKAGE", hypothesis)
    outcome = answer("import attr\nreturn libc.open(given[0].encode(), 0), ctypes.get_errno()", f"{hypothesis}/core.py")
    assert outcome.answer == (-1, 13)
    outcome = answer("import scipy.ndimage\nreturn float(scipy.ndimage.sum_labels(given[0]))", np.ones(3))
    assert outcome.answer == 3.0


def test_minimask_is_not_there_and_says_so():
    for attempt in (
        "import minimask",
        "from minimask.exercises import get",
        "import importlib; importlib.import_module('minimask')",
    ):
        assert str(answer(attempt).error) == ABSENT
