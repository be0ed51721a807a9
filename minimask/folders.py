"""Folders to write to, chosen so that nothing is ever overwritten."""

from __future__ import annotations

import os
import sys
from os import PathLike
from pathlib import Path

PROGRESS = "MINIMASK_PROGRESS"
"""Set this environment variable to the path of a file, and progress in the exercises is kept there."""


def data_folder() -> Path:
    """Return the folder for what minimask keeps about its reader, where the system has such data; it need not exist.

    `%LOCALAPPDATA%` on Windows, `~/Library/Application Support` on macOS, else `$XDG_DATA_HOME` or `~/.local/share`.

    Examples
    --------
    >>> data_folder().name
    'minimask'
    """
    home = Path.home()
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return data / "minimask"


def empty_folder(path: str | PathLike[str], name: str = "folder") -> Path:
    """Return the path of a folder, after making sure that nothing in it could be overwritten.

    Raises
    ------
    FileExistsError
        If the folder holds anything, or is a file; the message begins with the argument's name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     empty_folder(folder).exists(), empty_folder(Path(folder) / "new").exists()
    (True, False)
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{name} must be a folder, new or empty, but {folder} is a file")
    held = sorted(one.name for one in folder.iterdir()) if folder.exists() else []
    if held:
        raise FileExistsError(f"{name} must be new or empty, but {folder} holds {', '.join(held[:3])}")
    return folder


def numbered_folder(parent: str | PathLike[str]) -> Path:
    """Make a folder named 001, 002 or what comes after the highest number so far, and return it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [numbered_folder(Path(folder) / "runs").name for _ in range(2)]
    ['001', '002']
    """
    where = Path(parent)
    where.mkdir(parents=True, exist_ok=True)
    number = max((int(one.name) for one in where.iterdir() if one.name.isdecimal()), default=0)
    while True:
        number += 1
        folder = where / f"{number:03d}"
        try:
            folder.mkdir()
        except FileExistsError:  # somebody else was faster
            continue
        return folder
