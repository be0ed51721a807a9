"""The glossary: in order, each word once, explained where it says, and linked from the chapters."""

import re

import pytest
from opened import NOTEBOOKS, ROOT, cells_of, headings, markdown_of, slug

PAGE = ROOT / "docs" / "glossary.md"
TEXT = PAGE.read_text(encoding="utf-8")
ENTRIES = {
    entry.partition("\n")[0]: entry.partition("\n")[2] for entry in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
}
EXPLAINED = re.compile(r"Explained in \[section (\d[abc]?\.\d+)\]\(\.\./notebooks/(\w+\.ipynb)\)\.")


def linked(path):
    return set(re.findall(r"\]\(\.\./docs/glossary\.md#([\w-]+)\)", markdown_of(path)))


def own(path):
    """Return the anchors of the words that a chapter explains."""
    return {slug(word) for word, text in ENTRIES.items() if EXPLAINED.search(text)[2] == path.name}


def test_words_are_in_order_and_stand_once():
    words = [heading for heading in headings(TEXT) if heading != "Glossary"]
    assert words == sorted(words)
    assert len(words) == len(set(words)) == len(ENTRIES) >= 40


@pytest.mark.parametrize("word", ENTRIES)
def test_a_word_has_a_sentence_and_a_section_that_exists(word):
    text = ENTRIES[word].strip()
    section = EXPLAINED.search(text)
    assert section, text
    assert text.endswith(section[0])
    said = text.removesuffix(section[0]).split()
    assert 8 <= len(said) <= 60, "one plain sentence"
    assert slug(word) == word.replace(" ", "-"), "JupyterLab does not change the case of anchors"
    notebook = ROOT / "notebooks" / section[2]
    assert any(heading.startswith(f"{section[1]} ") for heading in headings(markdown_of(notebook))), section[0]


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if not path.name.startswith("00")], ids=lambda path: path.stem
)
def test_a_chapter_links_the_words_that_it_explains_and_each_link_once(path):
    assert own(path) - linked(path) == set()
    assert linked(path) <= {slug(word) for word in ENTRIES}
    assert len(linked(path)) >= 4
    targets = re.findall(r"\]\(\.\./docs/glossary\.md#([\w-]+)\)", markdown_of(path))
    assert len(targets) == len(set(targets)), "a link at the first use is enough"


def test_every_word_is_linked_from_a_chapter():
    everywhere = set().union(*map(linked, NOTEBOOKS))
    assert {slug(word) for word in ENTRIES} - everywhere == set()


def test_links_stand_in_prose():
    for path in NOTEBOOKS:
        for cell in cells_of(path):
            if cell.cell_type == "markdown":
                for line in cell.source.splitlines():
                    assert not (line.startswith("#") and "glossary.md#" in line), line
                    assert not re.search(r"\$[^$]*glossary\.md[^$]*\$", line), line
