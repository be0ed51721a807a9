"""Links between chapters, pages and the package lead somewhere, and pictures of pages say what they show."""

import re
from pathlib import Path

import pytest
from opened import NOTEBOOKS, ROOT, headings, markdown_of, pages, slug, without_code

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
TAG = re.compile(r"<img [^>]*>")
MADE = [ROOT / "docs" / "reference", ROOT / "docs" / "teaching" / "slides"]
"""Folders of pages that the site makes when it is built."""
TEXTS = [*NOTEBOOKS, *pages()]
EACH = pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))


def text_of(path):
    return markdown_of(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


def problem_with(target, path, text):
    """Return what is wrong with a link to somewhere in this project, or None."""
    if re.match(r"[a-z]+:", target):
        return None if target.startswith(("https:", "mailto:")) else "neither here nor https"
    file, _, anchor = target.partition("#")
    there = path if not file else (ROOT / file[1:] if file.startswith("/") else (path.parent / file).resolve())
    if not there.exists():
        made = there.parent in MADE or ROOT / "docs" / "reference" in there.parents
        return None if made else "no such file"
    if not anchor or there.suffix not in (".md", ".ipynb"):
        return None
    known = {slug(heading) for heading in headings(text if there == path else text_of(there))}
    return None if anchor in known else f"no such heading; there are {sorted(known)[:5]} ..."


@EACH
def test_every_link_leads_somewhere(path):
    text = text_of(path)
    broken = {}
    for target in LINK.findall(without_code(text)) + [target for _, target in PICTURE.findall(without_code(text))]:
        problem = problem_with(target, path, text)
        if problem:
            broken[target] = problem
    assert not broken


@EACH
def test_every_picture_of_a_page_is_described(path):
    text = without_code(text_of(path))
    for alt, target in PICTURE.findall(text):
        assert len(alt) >= 20, f"{target}: {alt!r}"
    for tag in TAG.findall(text):
        alt = re.search(r'alt="([^"]*)"', tag)
        assert alt is not None, tag
        assert len(alt[1]) >= 20, tag


def test_each_chapter_leads_to_the_next():
    names = ["01_beyond", "02_needles", "03_a_mag", "04_a_comm", "05_the_whole", "06_out"]
    for name, following in zip(names, range(2, 7), strict=False):
        (path,) = [path for path in NOTEBOOKS if path.name.startswith(name)]
        assert f"**Next:** chapter {following}, " in markdown_of(path)


def test_what_is_broken_is_noticed():
    here = ROOT / "docs" / "paths.md"
    assert problem_with("nowhere.md", here, "") == "no such file"
    assert "no such heading" in problem_with("glossary.md#anchors", here, "")
    assert problem_with("glossary.md#anchor", here, "") is None
    assert problem_with("#here", here, "## Here\n") is None
    assert problem_with("http://example.org", here, "")
    assert problem_with("../notebooks/01_beyond_the_box.ipynb", here, "") is None
    assert slug("A user of a `tool`, and **more**") == "a-user-of-a-tool-and-more"
    assert Path(here).exists()
