"""The pages of failures and of paths keep what they promise: each entry can be reproduced, and minutes add up."""

import re

import pytest
from opened import NOTEBOOKS, ROOT, headings, markdown_of
from reading_time import minutes_of

FAILURES = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
PATHS = (ROOT / "docs" / "paths.md").read_text(encoding="utf-8")
ENTRIES = {
    part.partition("\n")[0]: part.partition("\n")[2] for part in re.split(r"^### ", FAILURES, flags=re.MULTILINE)[1:]
}
SECTION = re.compile(r"\[section (\d[abc]?\.\d+)\]\(\.\./notebooks/(\w+\.ipynb)\)")
ROUTES = dict(re.findall(r"^## (.*)\n((?:(?!^## ).*\n)*)", PATHS, flags=re.MULTILINE))


def sections(text):
    """Check that the sections that a text names exist where it says, and return how many there are."""
    found = SECTION.findall(text)
    for number, name in found:
        known = headings(markdown_of(ROOT / "notebooks" / name))
        assert any(heading.startswith(f"{number} ") for heading in known), (number, name)
    return len(found)


@pytest.mark.parametrize("symptom", ENTRIES)
def test_a_failure_has_a_cause_a_check_and_a_place_where_it_is_reproduced(symptom):
    text = ENTRIES[symptom]
    parts = re.findall(r"^- \*\*(\w[\w ]*)\*\*:", text, flags=re.MULTILINE)
    assert parts == ["Probably", "Make sure", "Reproduced"]
    tests = re.findall(r"`(tests/[\w/]+\.py)`", text)
    assert sections(text.partition("**Reproduced**")[2]) + len(tests) >= 1
    for test in tests:
        assert (ROOT / test).exists(), test


def test_what_chapters_say_can_break_is_among_the_failures():
    """Every section of a chapter that is called so is the place of at least one entry."""
    named = {number for number, _ in SECTION.findall(FAILURES)}
    for path in NOTEBOOKS:
        for heading in headings(markdown_of(path)):
            found = re.match(r"(\d[abc]?\.\d+) (?:What can break|What goes wrong|Where it breaks)", heading)
            if found:
                assert found[1] in named or found[1] == "6a.7", heading


def by_name(name):
    (path,) = [path for path in NOTEBOOKS if path.name == name]
    return path


@pytest.mark.parametrize("goal", ROUTES)
def test_a_path_takes_as_long_as_the_table_says(goal):
    (stated,) = re.findall(rf"\]\(#{re.escape(goal.lower().replace(' ', '-'))}\) \|[^|]*\| (\d+) \|", PATHS)
    total = 0
    for step in re.findall(r"^\d+\. ((?:.*\n?(?!\d+\. |\n))+)", ROUTES[goal], flags=re.MULTILINE):
        minutes = [int(number) for number in re.findall(r"\((\d+)(?: minutes|\)|,| of its| minutes,)", step)]
        assert minutes, step
        total += minutes[0] if " or\n" in step or "Nuclei" in step else sum(minutes)
    assert total == int(stated), (goal, total)


def test_minutes_of_whole_chapters_on_a_path_are_those_of_the_chapters():
    for name, number in re.findall(r"\]\(\.\./notebooks/(\w+\.ipynb)\) \((\d+)(?: minutes)?\)", PATHS):
        assert int(number) == pytest.approx(minutes_of(by_name(name)), rel=0.2), name


def test_sections_on_a_path_exist():
    known = {heading.split()[0] for path in NOTEBOOKS for heading in headings(markdown_of(path))}
    prose = re.sub(r"[Ee]xercises?:? (?:of|\d\S*)(?: (?:to|and) \d\S*)?|exercises: .*|a score of 0\.9", "", PATHS)
    named = re.findall(r"(?<![\d.])(\d[abc]?\.\d+)(?![\d%])", prose)
    assert len(named) > 20
    assert set(named) <= known
