"""Logs of a run: tables in files, which a run that was killed goes on with, and event files for TensorBoard."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from minimask.geometry.checks import as_whole_number
from minimask.training.atomic import write_atomically

if TYPE_CHECKING:
    from minimask.data.textures import Bytes

Cell = float | int | str


class CsvLog:
    """A table in a CSV file, written one row at a time; its first column is `step`.

    Every row reaches the operating system before `write` returns, so that it is there even if the process is killed the
    moment after. A run that goes on from a checkpoint says which step that was: rows of later steps, and a row that was
    cut off while it was written, are dropped, and then written anew.

    Parameters
    ----------
    path : path
        Made if it does not exist; its folder has to exist.
    columns : sequence of str
        The names of the columns after `step`.
    done : int, optional
        The step that the run goes on from, 0 if it had no checkpoint yet; None begins a new table.

    Raises
    ------
    FileExistsError
        If `done` is None and the file exists: a table is never overwritten.
    ValueError
        If the file's columns are others, or it holds a row that no log wrote.

    Attributes
    ----------
    last : dict of str, or None
        The cells of the last row, by their column, as text.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "log.csv"
    >>> with CsvLog(path, ["loss"]) as log:
    ...     for step in (1, 2, 3):
    ...         log.write(step, {"loss": 1 / step})
    >>> with CsvLog(path, ["loss"], done=2) as log:  # the checkpoint was made after step 2
    ...     log.write(3, {"loss": 0.25})
    >>> print(path.read_text())
    step,loss
    1,1
    2,0.5
    3,0.25
    <BLANKLINE>
    >>> folder.cleanup()
    """

    def __init__(self, path: str | PathLike[str], columns: Sequence[str], done: int | None = None) -> None:
        self.path = Path(path)
        self.columns = ["step", *columns]
        self.last: dict[str, str] | None = None
        if done is not None and self.path.exists():
            self._cut(as_whole_number(done, "done", 0))
        else:
            with self.path.open("x", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerow(self.columns)
        self._file = self.path.open("a", encoding="utf-8", newline="")

    def write(self, step: int, row: Mapping[str, Cell]) -> None:
        """Add a row: a value for each column, in any order; floats get nine digits, enough for float32."""
        cells = {"step": step, **row}
        if cells.keys() != set(self.columns):
            raise ValueError(f"row must have a value for each of {self.columns[1:]}, got {sorted(row)}")
        self.last = {name: _text(cells[name]) for name in self.columns}
        csv.writer(self._file, lineterminator="\n").writerow(self.last.values())
        self._file.flush()

    def sync(self) -> None:
        """Wait until all rows are on the disk, where they outlive a power cut too."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _cut(self, done: int) -> None:
        """Leave only the rows up to a step, in one move."""
        whole, end, _ = self.path.read_text(encoding="utf-8").rpartition("\n")  # after the last end a row is torn
        head, *rows = csv.reader(whole.splitlines()) if end else [[]]
        if end and head != self.columns:
            raise ValueError(f"columns must be those of {self.path}, {head[1:]}, got {self.columns[1:]}")
        for row in rows:
            if len(row) != len(self.columns) or not row[0].isdecimal():
                raise ValueError(
                    f"{self.path} must have a step and {self.columns[1:]} in each row, got {','.join(row)!r}"
                )
        kept = [row for row in rows if int(row[0]) <= done]
        self.last = dict(zip(self.columns, kept[-1], strict=True)) if kept else None
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([self.columns, *kept])
        write_atomically(self.path, lambda place: place.write_bytes(buffer.getvalue().encode()))


class EventLog:
    """The same for TensorBoard: curves and pictures in event files.

    Parameters
    ----------
    folder : path
        Where the event files go; `tensorboard --logdir` takes it, or a folder above it.
    done : int, optional
        The step that the run goes on from; TensorBoard then no longer shows what was logged after it.

    Raises
    ------
    ModuleNotFoundError
        If the package tensorboard is not installed; the message says how to install it.
    """

    def __init__(self, folder: str | PathLike[str], done: int | None = None) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError as error:
            raise ModuleNotFoundError(
                "TensorBoard's files need the package tensorboard, which is not installed: "
                'pip install "minimask[tensorboard]"'
            ) from error
        purge = None if done is None else as_whole_number(done, "done", 0) + 1
        self._writer = SummaryWriter(str(folder), purge_step=purge)

    def write(self, step: int, row: Mapping[str, Cell], group: str) -> None:
        """Add a point to each curve; numbers that are not finite leave a gap."""
        for name, value in row.items():
            if not isinstance(value, str) and math.isfinite(value):
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def show(self, step: int, image: Bytes, name: str) -> None:
        """Add a picture (H, W, 3), uint8."""
        self._writer.add_image(name, image, step, dataformats="HWC")

    def sync(self) -> None:
        """Hand everything to the operating system."""
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


def _text(cell: Cell) -> str:
    return format(cell, ".9g") if isinstance(cell, float) else str(cell)
