"""The notebooks, opened once for all tests of the house; and the pages of text beside them."""

import functools
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@functools.cache
def cells_of(path):
    """Return the cells of a notebook."""
    return nbformat.read(path, as_version=4).cells


def markdown_of(path):
    """Return the text of a notebook's Markdown cells."""
    return "\n\n".join(cell.source for cell in cells_of(path) if cell.cell_type == "markdown")


def pages():
    """Return the files of text that readers open: of the root, of docs and of the benchmarks."""
    made = {"made", "_static", "build"}
    files = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    return sorted(path for path in files if not made & set(path.relative_to(ROOT).parts))


def without_code(text):
    """Return Markdown without fenced blocks and code within lines."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE))


def slug(heading):
    """Return the anchor that a code host gives a heading."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def headings(text):
    """Return the headings of Markdown outside of code."""
    fenced = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ (.*)$", fenced, flags=re.MULTILINE)
