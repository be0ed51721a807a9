"""The sandbox: a student's function in a process of its own, for a check to call as if it were here.

The judge, which is the process that grades, never runs a line of a student's. It starts a worker (`worker`), hands it
the student's cells as text, sends inputs and gets back values that can do no harm (`wire`); it alone knows what is
right. So there is nothing in the worker to be forged: a function that patches `minimask.exercises`, an answer that is
equal to everything, a cell that replaces the check, a process that ends itself with a happy exit code all come to an
answer that is wrong, or to none.

What is protected, and how far
------------------------------
- *Marks.* On every system, against all of the above. What remains is an answer that is right and not the student's own:
  copied from a neighbor, written by a machine, or read from the solutions. `minimask` cannot be imported in the worker;
  with Landlock (Linux 5.13 and newer) its files cannot be read at all, elsewhere a guard in Python stands before them.
- *Time.* A call has as long as in a notebook (`call.SECONDS` of work, five times as long on the clock), the student's
  cells `CELL_SECONDS`, an exercise `EXERCISE_SECONDS` on the clock. Then the process and what it started is killed.
- *Memory* is limited on Linux. On macOS and Windows the system is not asked, and the limits of time must do.
- *Files.* The worker lives in an empty folder that is deleted afterwards. With Landlock the kernel refuses to write or
  delete anything else, and to read anything but Python and its libraries. Without, it is the guard in Python, which
  code that calls the system by way of `ctypes` gets around.
- *Other programs, the network.* Nothing can be started and no connection made, in the same two ways; signals to other
  processes are refused by the kernel from Linux 6.12 on.
- *Not protected:* the worker is a process of the teacher's own account, on the teacher's own kernel. Nothing helps
  against holes of the kernel; it can use a core for as long as it has time, and can tell that it is graded. Who expects
  more than a class's tricks grades in a container or a virtual machine, under an account that owns nothing else.
"""

from __future__ import annotations

import builtins
import inspect
import os
import queue
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from minimask.classroom import wire
from minimask.exercises import call
from minimask.exercises.call import Elsewhere, Inputs, Outcome, changed_places
from minimask.exercises.watchdog import TimeUp

CELL_SECONDS, EXERCISE_SECONDS, START_SECONDS = 10.0, 90.0, 60.0
MEGABYTES = 1024
PATIENCE = 5
MOST_STARTS = 3
SETUP = "import math\n\nimport numpy as np\n\nBox = tuple[float, float, float, float]  # x1 y1 x2 y2, in pixels"
"""What an exercise's cell can count on: it is run before the student's cells."""


class EndedError(Exception):
    """The student's code ended the process that it ran in, or what came from there could not be read."""

    __module__ = "builtins"  # a message names it without saying where it comes from


@dataclass(frozen=True)
class Cell:
    """A student's code cell; `own` is the one that the exercise is written in."""

    source: str
    own: bool = False


class Sandbox(Elsewhere):
    r"""A student's function in a process of its own.

    Use it in a `with` block: at its end the process is gone, and its folder.

    Parameters
    ----------
    name : str
        The function's name.
    cells : sequence of Cell
        What is run first, in this order; one of them is the exercise's own.
    seconds : float
        How long all may take, on the clock.
    megabytes : int
        Of memory, beyond Python and NumPy.

    Attributes
    ----------
    problem : Exception or None
        Why there is no such function: the first error in its own cell.
    layers : tuple of str
        Which protections the system gives: see `confinement`.

    Examples
    --------
    >>> cell = Cell("def double(x):\n    return x + x", own=True)
    >>> with Sandbox("double", [cell]) as double:
    ...     double(21)
    42
    """

    def __init__(
        self, name: str, cells: Sequence[Cell], *, seconds: float = EXERCISE_SECONDS, megabytes: int = MEGABYTES
    ) -> None:
        self._name, self._cells, self._megabytes = name, list(cells), megabytes
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._starts = 0
        self._process: _Process | None = None
        self.layers: tuple[str, ...] = ()
        self.problem: BaseException | None = None
        self.place = ""
        self.kind = ""

    def __enter__(self) -> Sandbox:
        self._start_kindly()
        return self

    @property
    def ended(self) -> bool:
        """Whether the student's cells left no process to ask."""
        return isinstance(self.problem, EndedError)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def __call__(self, *inputs: object) -> object:
        """Return the answer to one call, or raise what it raised."""
        outcome = self.outcome(inputs)
        if outcome.error is not None:
            raise outcome.error
        return outcome.answer

    def outcome(self, inputs: Inputs) -> Outcome:
        """Return what one call comes to."""
        if time.monotonic() > self._end:
            return Outcome(error=TimeUp())
        if self._process is None and self._starts < MOST_STARTS:
            self._start_kindly()
        if self._process is None:
            return Outcome(error=self.problem or EndedError("it ended the process that it runs in, again and again"))
        try:
            reply = self._process.ask(inputs, call.SECONDS, self._end)
            return _outcome(reply, inputs)
        except (TimeUp, EndedError) as error:
            self._stop()
            if time.monotonic() > self._end:
                return Outcome(error=TimeUp())
            return Outcome(error=error)

    def _start_kindly(self) -> None:
        """Start with all cells, or, if others do harm, with the exercise's own alone."""
        self._start(self._cells)
        own = [cell for cell in self._cells if cell.own]
        if self._process is None and len(own) < len(self._cells):
            self._start(own)

    def _start(self, cells: Sequence[Cell]) -> None:
        self._starts += 1
        self.problem = None
        process = _Process()
        try:
            self.layers = process.begin(self._name, cells, self._megabytes, int(self._seconds) + 1)
            self._describe(process.hear(CELL_SECONDS, self._end))
        except TimeUp:
            self.problem = EndedError(f"its cells were still running after {CELL_SECONDS:g} seconds")
        except EndedError as error:
            self.problem = error
        except BaseException:
            process.stop()
            raise
        if self.ended:
            process.stop()
        else:
            self._process = process

    def _describe(self, said: Any) -> None:  # noqa: ANN401
        try:
            self.is_stub, self.kind = bool(said["is_stub"]), str(said["kind"])[:60]
            if said["problem"]:
                self.problem, self.place = _error(said["problem"]["error"]), str(said["problem"]["place"])[:200]
            if said["parameters"] is not None:
                self.__signature__ = _signature(said["parameters"])
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise EndedError("what it said of itself cannot be read") from error

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.stop()


class _Process:
    """One process of a student's, from its start to its end, and what is sent to it and heard from it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="minimask-", ignore_cleanup_errors=True)
        worker = Path(__file__).with_name("worker.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(worker), *_libraries()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=_environment(self._folder.name),
            start_new_session=os.name == "posix",
        )
        self._heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def begin(self, name: str, cells: Sequence[Cell], megabytes: int, seconds: int) -> tuple[str, ...]:
        """Hand over the task, and return the protections that are in place before the student's code runs."""
        task = {
            "name": name,
            "setup": SETUP,
            "cells": [(cell.source, cell.own) for cell in cells],
            "folder": os.path.realpath(self._folder.name),
            "readable": [*_roots()],
            "hidden": str(_PACKAGE),
            "megabytes": megabytes,
            "seconds": seconds,
        }
        layers = self.ask(task, START_SECONDS, time.monotonic() + START_SECONDS, patience=1)
        return tuple(map(str, layers))

    def ask(self, message: object, seconds: float, end: float, patience: float = PATIENCE) -> Any:  # noqa: ANN401
        """Send a message, and return what is said to it."""
        stop = threading.Timer(max(end - time.monotonic(), 0) + 1, self._kill)  # one that doesn't listen blocks us
        stop.daemon = True
        stop.start()
        try:
            assert self._process.stdin is not None
            wire.send(self._process.stdin, message)
        except OSError:
            pass  # it has ended; why is heard below
        finally:
            stop.cancel()
        return self.hear(seconds, end, patience)

    def hear(self, seconds: float, end: float, patience: float = PATIENCE) -> Any:  # noqa: ANN401
        """Return the next thing that is said, within so many seconds of work and `patience` times as many of waiting.

        Raises
        ------
        TimeUp
            If it takes longer.
        EndedError
            If the process ends before.
        """
        start, worked = time.monotonic(), self._worked()
        pause = min(seconds, 0.5)
        while True:
            with suppress(queue.Empty):
                said = self._heard.get(timeout=pause)
                if isinstance(said, EndedError):
                    raise said
                return said
            now = time.monotonic()
            if now > end or now - start > patience * seconds or self._worked() - worked > seconds:
                raise TimeUp
            pause = 0.05

    def stop(self) -> None:
        """End the process and all that it started, and delete its folder."""
        self._kill()
        self._process.wait()
        self._listener.join()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._folder.cleanup()

    def _kill(self) -> None:
        with suppress(OSError):  # it has ended by itself
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
        with suppress(OSError):
            self._process.kill()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while True:
            try:
                self._heard.put(wire.receive(self._process.stdout))
            except EOFError:
                self._heard.put(self._how_it_ended())
                return
            except (OSError, ValueError) as error:
                self._heard.put(EndedError(f"what it gave cannot be read: {error}"))
                return

    def _how_it_ended(self) -> EndedError:
        try:
            code = self._process.wait(2)
        except subprocess.TimeoutExpired:
            return EndedError("it closed the line to the check")
        how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
        return EndedError(f"it ended the process that it runs in, {how}")

    def _worked(self) -> float:
        """Return how many seconds the process has worked; where the system doesn't tell, 0: then the clock decides."""
        if sys.platform == "linux":
            with suppress(OSError, OverflowError):
                return time.clock_gettime((~self._process.pid << 3) | 2)
        return 0.0


_PACKAGE = Path(__file__).resolve().parents[1]


def _libraries() -> list[str]:
    """Return where the worker looks for modules: where this process does, without what is beside minimask alone."""
    kept = [os.path.realpath(path) for path in sys.path if path and Path(path).exists()]
    roots = list(map(Path, _roots()))
    return [path for path in dict.fromkeys(kept) if any(Path(path).is_relative_to(root) for root in roots)]


def _roots() -> list[str]:
    """Return the folders of Python, its libraries and the system's."""
    own = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    users = {path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")}
    system = {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"} if os.name == "posix" else set()
    found = {os.path.realpath(path) for path in own | users | system if Path(path).exists()}
    return sorted(path for path in found if Path(path) != Path(path).parent)


def _environment(folder: str) -> dict[str, str]:
    """Return an environment without the teacher's: no keys, no paths, one thread."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH", "LANG") if name in os.environ}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR"), folder)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**kept, **homes, **threads, "PATH": os.defpath, "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}


def _outcome(reply: Any, inputs: Inputs) -> Outcome:  # noqa: ANN401
    """Return a call's outcome from what the worker says of it."""
    try:
        given = reply["given"]
        changed = changed_places(inputs, given) if isinstance(given, tuple) else tuple(range(len(inputs)))
        printed = str(reply["printed"]).strip()[: call.LONGEST_TEXT]
        if "error" in reply:
            return Outcome(None, _error(reply["error"]), str(reply["place"])[:200], printed, changed)
        return Outcome(reply["answer"], None, "", printed, changed)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise EndedError("what it gave cannot be read") from error


class _Told:
    """What an error from elsewhere says, in place of what its kind would say."""

    def __init__(self, words: str) -> None:
        self.words = self.msg = words  # a SyntaxError is told by its `msg`

    def __str__(self) -> str:
        return self.words


def _error(told: Any) -> BaseException:  # noqa: ANN401
    """Return an error like one that was raised elsewhere: of its name, its words and the nearest of Python's kinds."""
    names = tuple(str(name)[:60] for name in told[0])
    error: BaseException = _kind(names)(str(told[1])[:1000])
    return error


@lru_cache(maxsize=256)
def _kind(names: tuple[str, ...]) -> type[Any]:
    """Return a kind of error, the same for the same names, since two errors of one kind are held to be alike."""
    kinds = (getattr(builtins, name, None) for name in names)
    nearest = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseException)), Exception)
    return type(names[0], (_Told, nearest), {"__module__": "builtins"})


def _signature(parameters: Any) -> inspect.Signature:  # noqa: ANN401
    kinds = list(inspect._ParameterKind)
    listed = [
        inspect.Parameter(str(name), kinds[kind], default=None if has_default else inspect.Parameter.empty)
        for name, kind, has_default in parameters
    ]
    return inspect.Signature(listed)
