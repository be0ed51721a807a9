"""Files that are there whole, or not at all, whenever the machine stops."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from os import PathLike
from pathlib import Path

MARK = ".unfinished"
"""The end of the name of the folder in which a file is being written."""


def write_atomically(path: str | PathLike[str], write: Callable[[Path], object]) -> Path:
    """Let `write` write a file elsewhere, and put it into its place when its bytes are on the disk.

    Who reads the path finds the old file or the new one, never a part, even if the process is killed or the power
    fails. What is left unfinished then, of whatever `write` writes, is deleted by the next one.

    Parameters
    ----------
    path : path
        Its folder is made if it is not there.
    write : callable
        Is called with the path to write to, in a hidden folder beside.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomically(Path(folder) / "note", lambda place: place.write_text("whole"))
    ...     path.read_text(), len(list(Path(folder).iterdir()))
    ('whole', 1)
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    room = path.with_name(f".{path.name}{MARK}")
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    unfinished = room / path.name
    try:
        unfinished.touch()
        mode = unfinished.stat().st_mode  # what this user's files may be read by; some libraries make them secret
        write(unfinished)
        unfinished.chmod(mode)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        shutil.rmtree(room, ignore_errors=True)
    _sync_folder(path.parent)
    return path


def _sync_folder(folder: Path) -> None:
    """Have the folder's list of names on the disk, too; Windows has no way to ask for it."""
    with contextlib.suppress(PermissionError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
