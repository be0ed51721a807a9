"""The reading time of each chapter is stated, and true: it follows from what is in it."""

import re

import pytest
from opened import NOTEBOOKS, ROOT, markdown_of
from reading_time import FIGURES, LINES, LIVING, WORDS, minutes_of, minutes_of_exercises, prose, stated

CHAPTERS = [path for path in NOTEBOOKS if not path.name.startswith("00")]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_states_its_reading_time_and_it_is_true(path):
    reading, more = stated(path)
    assert reading == pytest.approx(minutes_of(path), rel=0.2)
    of_exercises = minutes_of_exercises(path)
    assert bool(more) == bool(of_exercises)
    if more:
        assert more == pytest.approx(of_exercises, rel=0.2)


def test_the_first_notebook_states_the_rates():
    said = re.sub(r"\s+", " ", markdown_of(NOTEBOOKS[0]))
    assert f"{WORDS} words of text a minute, {LINES} lines of code a minute" in said
    assert (FIGURES, LIVING) == (2, 5)
    assert "half a minute for a figure or a prediction, and five minutes for a living picture" in said


def test_the_front_page_of_chapter_6_states_the_minutes_of_its_parts():
    front = markdown_of(ROOT / "notebooks" / "06_out_in_the_world.ipynb")
    for path in NOTEBOOKS:
        if re.match(r"06[abc]", path.name):
            (row,) = [line for line in front.splitlines() if path.name in line and line.startswith("|")]
            assert row.endswith(f"| {stated(path)[0]} minutes |")


def test_words_are_counted_without_formulas_code_and_targets():
    assert prose("Two *words*, $x + y$ and a [link](somewhere.md#far).") == ["Two", "words", "and", "a", "link"]
