"""A notebook as a page: pictures in files, widgets alive, and a line on how to run it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from building import living, pictures
from building.tree import Tree

STATIC = "made/static"
"""Where what pages need beside their text is kept among the sources; on the site it is below `_static`."""
_ROW = re.compile(r"^\|.*\]\((?P<file>[\w-]+\.ipynb)\)\*\* \| (?P<question>[^|]+?)(?: \(\[.*)? \|", re.MULTILINE)
_TIME = re.compile(r"\*\*(?:Reading time|Time)\*\*\s*\|\s*(?P<time>[^|\n]+?)\s*\|")
_TITLE = re.compile(r"^# (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Opening:
    """What a chapter's first cell says of it.

    Parameters
    ----------
    title : str
        With its number.
    time : str
        How long it takes; empty where it does not say.
    """

    title: str
    time: str

    @property
    def reading(self) -> str:
        """The minutes of reading, without those of the exercises."""
        return re.split(r"[,;]", self.time)[0].strip()


def opening(notebook: Mapping[str, Any]) -> Opening:
    """Return what the first cell says."""
    text = "".join(notebook["cells"][0]["source"])
    title, time = _TITLE.search(text), _TIME.search(text)
    if not title:
        raise ValueError(f"the first cell of a chapter must begin with a title, got {text[:60]!r}")
    return Opening(title["title"], time["time"] if time else "")


def questions(index: Mapping[str, Any]) -> dict[str, str]:
    """Return the question of each chapter, by the name of its file, as the table of the index says."""
    text = "\n".join("".join(cell["source"]) for cell in index["cells"] if cell["cell_type"] == "markdown")
    found = {row["file"]: row["question"] for row in _ROW.finditer(text)}
    if not found:
        raise ValueError("the index must have a table of chapters with their questions")
    return found


def as_page(notebook: Mapping[str, Any], name: str, tree: Tree) -> tuple[dict[str, Any], list[living.Living]]:
    """Return a notebook as the site reads it, and its widgets; pictures and states are written beside it.

    Parameters
    ----------
    notebook : mapping
        JSON of a `.ipynb` file, executed.
    name : str
        Of the file.
    tree : Tree
        The sources of the site.
    """
    page = copy.deepcopy(dict(notebook))
    kept = living.kept_in(page)
    found = []
    for output in _outputs(page):
        data = output.get("data", {})
        view = data.pop(living.VIEW, None)
        if view and view["model_id"] in kept:
            one = _living(data, *kept[view["model_id"]])
            one.write(tree, f"{STATIC}/living")
            found.append(one)
            data["text/html"] = one.markup(one.still)
        if "text/html" in data:
            text = "".join(data["text/html"])
            data["text/html"] = pictures.IMAGE.sub(lambda image: in_file(image[0], tree, "../"), text)
    for cell in page["cells"]:  # a progress bar without its widget says nothing
        if cell["cell_type"] == "code":
            cell["outputs"] = [output for output in cell["outputs"] if not _is_bar(output)]
    page["metadata"].pop("widgets", None)
    page["cells"].insert(1, _how_to_run(name))
    return page, found


def in_file(image: str, tree: Tree, root: str) -> str:
    """Return an `img` with its picture in a file; `root` is the way from the page to the site's root."""
    return pictures.into_file(image, tree, f"{STATIC}/pictures", f"{root}_static/pictures")


def _outputs(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in page["cells"]:
        yield from cell.get("outputs", [])


def _living(data: Mapping[str, Any], name: str, traits: dict[str, Any]) -> living.Living:
    words = "".join(data["text/plain"])
    still = "".join(data["text/html"]) if "text/html" in data else living.instead(name, traits, words)
    return living.Living(name, traits, still)


def _is_bar(output: Mapping[str, Any]) -> bool:
    said = "".join(output.get("data", {}).get("text/plain", ""))
    return bool(re.match(r"(Int|Float)Progress\(", said))


def _how_to_run(name: str) -> dict[str, Any]:
    text = (
        ":::{div} run-it\n"
        "The living pictures on this page work as they stand. To run and change the code, too, open it in JupyterLab: "
        f"`python start.py`, then `notebooks/{name}` "
        f'([how to get there](/docs/running.md) · <a href="{name}" download>the notebook</a>)\n'
        ":::"
    )
    return {"cell_type": "markdown", "id": "how-to-run", "metadata": {}, "source": text}
