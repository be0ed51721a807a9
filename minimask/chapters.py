"""Execute the chapters headless, in place: `python -m minimask.chapters notebooks`.

Running one twice gives the same file: no timings are kept, and the random names that ipywidgets gives its models are
replaced by numbers in order of appearance.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
import uuid
from pathlib import Path

import matplotlib
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from minimask.folders import PROGRESS
from minimask.ledger import WRITE

MODEL_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def execute(path: Path, target: Path | None = None) -> None:
    """Run a notebook from top to bottom in a fresh kernel, and write it with its outputs.

    Parameters
    ----------
    path : Path
        The notebook.
    target : Path, optional
        Where the executed notebook goes; by default in place.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises; nothing is written then.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    here = {"metadata": {"path": path.parent}}
    # A busy machine cuts what a cell prints into several outputs: they become one again.
    client = NotebookClient(notebook, timeout=900, record_timing=False, coalesce_streams=True, resources=here)
    with tempfile.TemporaryDirectory() as folder:  # nobody's progress shows in what is committed, and none is made
        client.execute(env={**os.environ, PROGRESS: str(Path(folder) / "progress.json")})
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["minimask"] = versions()
    text = nbformat.writes(notebook)
    for number, name in enumerate(random_names(notebook)):
        text = text.replace(name, uuid.uuid5(uuid.NAMESPACE_OID, f"{path.name}/{number}").hex)
    text = nbformat.writes(nbformat.reads(text, as_version=4))  # entries were in the order of the random names
    (target or path).write_text(text + "\n", encoding="utf-8")


def random_names(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the names of models in an order without chance: as they are shown, each before those that it refers to."""
    widgets = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    models = {name: json.dumps(model, sort_keys=True) for name, model in widgets.get("state", {}).items()}
    parts = {part for model in models.values() for part in MODEL_ID.findall(model)}
    others = sorted(models, key=lambda name: (name in parts, MODEL_ID.sub("", models[name])))
    names: dict[str, None] = {}
    for first in [*MODEL_ID.findall(json.dumps(notebook.cells)), *others]:
        waiting = [first]
        while waiting:
            name = waiting.pop(0)
            if name not in names:
                names[name] = None
                waiting += MODEL_ID.findall(models.get(name, ""))
    return list(names)


def versions() -> dict[str, str]:
    """Return the versions that decide how the outputs look; the notebook keeps them."""
    return {"matplotlib": matplotlib.__version__}


def main(arguments: list[str] | None = None) -> int:
    """Execute the notebooks named, or all of a folder."""
    parser = argparse.ArgumentParser(prog="python -m minimask.chapters", description="Execute chapters in place.")
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("notebooks")], help="notebooks or folders of them")
    paths = parser.parse_args(arguments).paths
    notebooks = [file for path in paths for file in (sorted(path.glob("*.ipynb")) if path.is_dir() else [path])]
    if not notebooks:
        print(f"no notebook in {', '.join(map(str, paths))}", file=sys.stderr)
        return 1
    os.environ[WRITE] = "write"
    for number, notebook in enumerate(notebooks, start=1):
        start = time.monotonic()
        print(f"[{number}/{len(notebooks)}] {notebook} ...", end=" ", flush=True)
        try:
            execute(notebook)
        except CellExecutionError as error:
            print(f"stopped\n\n{error}", file=sys.stderr)
            return 1
        print(f"{time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
