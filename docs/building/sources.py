"""The tree that Sphinx reads: the pages of the repository at the same places as there, and what is made for them."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from building import living, reference
from building.chapter_page import STATIC, as_page, in_file
from building.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "benchmarks", "figures")
FILES = ("CHANGELOG.md", "CONTRIBUTING.md")
EXTRA = "made/extra"
"""What is copied to the root of the site: the notebooks themselves."""
CATALOG = "made/catalog.json"
"""All widgets of all chapters, for the gallery."""
_NOT_PAGES = {"_static", "_templates", "building", "__pycache__", ".ipynb_checkpoints"}
_PARTS = {".png", ".gif", ".svg", ".webp", ".jpg"}
_LINK = re.compile(r"(?<=\]\()(?!/|[a-z]+:)([^)\s#]+)(?=[)#])")
_LANGUAGES = {".py": "python", ".js": "javascript", ".toml": "toml", ".yml": "yaml", ".css": "css"}


def gather(folder: Path) -> bool:
    """Bring the sources up to date, and tell whether a page of the last time is gone."""
    tree = Tree(folder)
    living.write_widgets(tree, f"{STATIC}/living")
    _write_chapters(tree)
    for name, text in reference.pages().items():
        tree.write(f"docs/reference/{name}.md", text)
    for path in _pages_and_parts():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".md":
            # The front page lies at the root of the site; its links begin with a slash.
            place = "index.md" if name == "docs/index.md" else name
            text = path.read_text(encoding="utf-8")
            if path.parent.name == "benchmarks" and not text.startswith("# "):
                text = _introduced(text, path)
            tree.write(place, _linked(text, path.parent, tree))
        else:
            tree.write(name, path.read_bytes())
    return any(path.suffix in (".md", ".ipynb") for path in tree.sweep())


def _pages_and_parts() -> Iterator[Path]:
    yield from (ROOT / name for name in FILES)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".md", *_PARTS} and not _NOT_PAGES & set(path.relative_to(ROOT).parts):
                yield path


def _write_chapters(tree: Tree) -> None:
    catalog = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        page, found = as_page(json.loads(path.read_text(encoding="utf-8")), path.name, tree)
        for cell in page["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = _linked("".join(cell["source"]), path.parent, tree)
        tree.write(f"notebooks/{path.name}", json.dumps(page, ensure_ascii=False, indent=1))
        tree.write(f"{EXTRA}/notebooks/{path.name}", path.read_bytes())
        for one in found:
            still = in_file(one.still, tree, "ROOT/")
            size = len(json.dumps(dict(one.traits)))
            catalog.append({"name": one.name, "chapter": path.name, "size": size, "markup": one.markup(still)})
    tree.write(CATALOG, json.dumps(catalog, indent=1))


def _introduced(text: str, path: Path) -> str:
    """Return a benchmark's results with its title in front, and with what its script says of it."""
    said = ast.get_docstring(ast.parse(path.with_suffix(".py").read_text(encoding="utf-8"))) or path.stem
    question = re.match(r"[^?]*\?", said)
    title = question[0] if question else said.partition("\n")[0]
    script = path.with_suffix(".py").name
    return f"# {title}\n\n{said.removeprefix(title).strip()}\n\nMeasured by [{script}]({script}).\n\n{text}"


def _linked(text: str, folder: Path, tree: Tree) -> str:
    """Return Markdown whose links to files that are no pages lead to pages that show these files."""

    def lead(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(folder / link[1]))
        if not path.is_file() or not path.is_relative_to(ROOT) or _has_a_page(path):
            return link[0]
        name = path.relative_to(ROOT).as_posix()
        tree.write(f"files/{name}.md", _file_page(name, path))
        return f"/files/{name}.md"

    return _LINK.sub(lead, text)


def _has_a_page(path: Path) -> bool:
    name = path.relative_to(ROOT)
    inside = name.parts[0] in (*FOLDERS, "notebooks") and not _NOT_PAGES & set(name.parts)
    return name.as_posix() in FILES or (inside and path.suffix in {".md", ".ipynb", *_PARTS})


def _file_page(name: str, path: Path) -> str:
    fence = "`" * 6
    language = _LANGUAGES.get(path.suffix, "text")
    text = path.read_text(encoding="utf-8")
    return f"---\norphan: true\n---\n\n# {name}\n\n{fence}{{code-block}} {language}\n:linenos:\n\n{text}{fence}\n"
