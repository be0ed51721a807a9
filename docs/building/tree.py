"""A folder that is made anew each time, and touched only where something is new."""

from __future__ import annotations

from pathlib import Path


class Tree:
    """A folder that ends up with what was written into it this time, and nothing else.

    A file that says the same already keeps its time stamp, so that what is built from it is not built again.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: set[Path] = set()

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file, with folders in front of it, and return where it is."""
        path = self.folder / name
        data = content.encode("utf-8") if isinstance(content, str) else content
        self._written.add(path)
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return path

    def has(self, name: str) -> bool:
        """Tell whether a file was written this time."""
        return self.folder / name in self._written

    def sweep(self) -> list[Path]:
        """Delete what was not written this time, and return it."""
        gone = [path for path in sorted(self.folder.rglob("*")) if path.is_file() and path not in self._written]
        for path in gone:
            path.unlink()
        return gone
