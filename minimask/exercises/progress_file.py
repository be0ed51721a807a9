"""The file of passed exercises: one small JSON in the reader's own data folder, and nowhere else.

It is replaced in one move, under a lock, so that two kernels at once lose nothing and a power cut leaves the old file
or the new one. Whatever is wrong with it becomes a sentence, never an exception: a lesson goes on without it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from minimask.folders import PROGRESS, data_folder

PATIENCE = 5.0
"""How many seconds to wait for another kernel that is writing."""


class NotKeptError(Exception):
    """Progress cannot be read or written; the message ends a sentence."""


def place() -> Path:
    """Return the path of the file, which need not exist: `MINIMASK_PROGRESS`, or one in the reader's data folder."""
    given = os.environ.get(PROGRESS)
    return Path(given).expanduser() if given else data_folder() / "progress.json"


def read() -> dict[str, str]:
    """Return when each passed exercise was passed first, by its id; nothing where there is no file.

    Raises
    ------
    NotKeptError
        If the file cannot be read, or is not one of minimask's.
    """
    path = place()
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NotKeptError(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise NotKeptError(f"{path} is not a file of minimask's progress (it is no JSON)") from error
    passed = content.get("passed") if isinstance(content, dict) else None
    if not isinstance(passed, dict) or not all(isinstance(when, str) for when in passed.values()):
        raise NotKeptError(f"{path} is not a file of minimask's progress (it has no list of passed exercises)")
    return passed


def add(id: str) -> None:
    """Keep that an exercise is passed; what is kept already stays as it is.

    Raises
    ------
    NotKeptError
        If it cannot be kept; the file is as it was then.
    """
    if id in read():
        return
    with _alone():
        passed = read()  # another kernel may have written in between
        if id not in passed:
            _replace({**passed, id: datetime.now(UTC).isoformat(timespec="seconds")})


def forget() -> Path | None:
    """Begin anew, and return where the old file is kept, None where there was none.

    Raises
    ------
    NotKeptError
        If the file cannot be moved.
    """
    path = place()
    old = path.with_name(f"{path.name}.old")
    with _alone():
        try:
            path.replace(old)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotKeptError(f"{path} cannot be moved ({error.strerror})") from error
    return old


def _replace(passed: dict[str, str]) -> None:
    """Write a new file beside the old one, and put it in its place in one move."""
    path = place()
    text = json.dumps({"passed": passed}, indent=1) + "\n"
    new: str | None = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            new = file.name
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(new).replace(path)
    except OSError as error:
        if new is not None:
            with contextlib.suppress(OSError):
                Path(new).unlink()
        raise NotKeptError(f"{path} cannot be written ({error.strerror})") from error


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock beside the file; the system gives it back however a kernel ends."""
    path = place()
    end = time.monotonic() + PATIENCE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("a", encoding="utf-8")
    except OSError as error:
        raise NotKeptError(f"{path} cannot be written ({error.strerror})") from error
    with file:
        while not _locked(file):
            if time.monotonic() > end:
                raise NotKeptError(f"{path} is being written by another program")
            time.sleep(0.02)
        yield


def _locked(file: TextIO) -> bool:
    """Take the lock, or return False where another kernel has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # in a browser there are no locks, and one kernel
        return True
    except OSError as error:  # some network disks know no locks: there, go on without
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True
