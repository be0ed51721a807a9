"""The teacher's kit says what is true of the chapters: sections, minutes, numbers, names. Slides follow rules."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import re
import sys
from pathlib import Path

import pytest

from minimask import exercises, widgets

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "teaching"))

from make_slides import write_decks
from slides.chapter import Figure, Task, Verdict, read_chapter
from slides.cutting import cut
from slides.kit import read_goals, read_questions

ROOT = Path(__file__).parents[1]
TEACHING = ROOT / "docs" / "teaching"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(TEACHING.glob("*.md"))}
LESSONS = [name for name in PAGES if name.startswith("lesson_")]
NOTEBOOKS = [path for path in sorted((ROOT / "notebooks").glob("*.ipynb")) if path.stem != "00_start_here"]
CHAPTERS = {path: read_chapter(path) for path in NOTEBOOKS}
GOALS, QUESTIONS = read_goals(), read_questions()
FULL = [path for path in NOTEBOOKS if re.match(r"0[1-5]_|06[abc]_", path.name)]
QUOTED = re.compile(r"\*\*([+-]?\d[\d,.]*%?)\*\*")
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def names_of(chapter):
    return [" ".join(filter(None, (section.number, section.title))) for section in chapter.sections if section.title]


def says(text, number):
    """Whether a number stands in a text, and not as a part of a longer one."""
    return re.search(rf"(?<![\d.,]){re.escape(number)}(?!\d|[.,]\d)", text) is not None


def text_of(path):
    """All that a notebook says: its cells, what they printed, and descriptions of figures."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    said = ["".join(cell["source"]) + json.dumps(cell.get("outputs", []), ensure_ascii=False) for cell in cells]
    return re.sub(r"data:image[^\"]*", "", " ".join(said))


def slug(heading):
    """The anchor of a heading, as code hosts and MyST make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# Goals and minutes


def test_goals_are_of_chapters_that_exist():
    assert set(GOALS) == {chapter.title for chapter in CHAPTERS.values()}


@by_name
def test_every_section_has_its_goal_and_its_exercises(path):
    chapter = CHAPTERS[path]
    assert [goal.section for goal in GOALS[chapter.title]] == names_of(chapter)
    asked = [
        {block.exercise for block in section.blocks if isinstance(block, Task)}
        for section in chapter.sections
        if section.title
    ]
    for goal, numbers in zip(GOALS[chapter.title], asked, strict=True):
        assert set(goal.exercises) == numbers, goal.section
        assert goal.can
        assert 1 <= goal.minutes <= 20


@by_name
def test_minutes_add_up_to_what_the_chapter_says(path):
    chapter, text = CHAPTERS[path], PAGES["goals.md"].partition(f"## {CHAPTERS[path].title}\n")[2].partition("\n## ")[0]
    minutes = sum(goal.minutes for goal in GOALS[chapter.title])
    opening = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    stated = re.search(r"\*\*(?:Reading time|Time)\*\* \| (?:about )?(\d+) minutes", opening)
    if stated:
        assert int(stated[1]) == minutes, f"{path.name} says {stated[1]} minutes, goals.md {minutes}"
    else:
        assert re.search(rf"\b{minutes} minutes\b", text), (
            f"goals.md should say that {path.name} takes {minutes} minutes"
        )
    numbers = [number for goal in GOALS[chapter.title] for number in goal.exercises]
    together = re.search(r"^Exercises: (\d+) minutes", text, re.MULTILINE)
    assert int(together[1] if together else 0) == sum(exercises.get(number).minutes for number in numbers)


# Questions


@pytest.mark.parametrize("path", FULL, ids=lambda path: path.stem)
def test_every_chapter_has_six_to_ten_questions(path):
    asked = QUESTIONS[CHAPTERS[path].title]
    assert 6 <= len(asked) <= 10
    assert sum(bool(one.options) for one in asked) >= 5
    assert any(not one.options for one in asked)


def test_questions_are_of_chapters_that_exist_and_have_names_of_their_own():
    assert set(QUESTIONS) == {chapter.title for chapter in CHAPTERS.values()}
    names = [one.name for asked in QUESTIONS.values() for one in asked]
    assert len(names) == len(set(names)) == PAGES["questions.md"].count("\n### ")


@by_name
def test_questions_quote_the_chapter(path):
    chapter, text = CHAPTERS[path], text_of(path)
    sections = {section.number or section.title for section in chapter.sections}
    for one in QUESTIONS[chapter.title]:
        assert one.section in sections, f"{one.name} names section {one.section}"
        assert not one.options or one.answer in dict(one.options), one.name
        assert len({words for _, words in one.options}) == len(one.options) != 1, one.name
        missing = [number for number in QUOTED.findall(one.behind) if not says(text, number)]
        assert not missing, f"{one.name} quotes {missing}, which {path.name} does not say"


# Widgets


def parts_of_widgets():
    parts = re.split(r"^## (\w+)$", PAGES["widgets.md"], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_widget_has_its_page():
    assert set(parts_of_widgets()) == set(widgets.__all__)


@pytest.mark.parametrize("name", sorted(widgets.__all__))
def test_what_the_class_will_see_is_what_the_widget_says(name):
    table, _, computed = parts_of_widgets()[name].partition("<details>")
    code = "\n".join(re.findall(r"```python\n(.*?)```", computed, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(code, {}, f"widgets.md: {name}", "widgets.md", 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert outcome.failed == 0, "".join(said)
    shown = " ".join(example.want for example in test.examples)
    quoted = QUOTED.findall(table)
    assert bool(quoted) == bool(test.examples)
    assert not [number for number in quoted if not says(shown, number)]


@pytest.mark.parametrize("name", sorted(widgets.__all__))
def test_controls_are_called_as_on_the_widget(name):
    module = importlib.import_module(getattr(widgets, name).__module__)
    folder = Path(module.__file__).parent / "js"
    own = f"{Path(module.__file__).stem}*.js"
    source = "".join(path.read_text(encoding="utf-8") for path in [*folder.glob(own), folder / "living_view.js"])
    rows = re.findall(r"^\| (.*?) \|", parts_of_widgets()[name], re.MULTILINE)
    called = [control for row in rows for control in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", row)]
    not_on_it = {"vanish", "noise", "leak"}  # names of attacks, which come with the pictures
    assert not [control for control in called if control not in source and control not in not_on_it]


# Names and numbers of things


@pytest.mark.parametrize("name", PAGES)
def test_what_is_named_exists(name):
    known = {one.id for one in exercises.all()}
    listed = r"[1-6]\.\d+(?:(?:, | and | or )[1-6]\.\d+)*"
    for run in re.findall(rf"[Ee]xercises? ({listed})", PAGES[name]):
        assert set(re.findall(r"[1-6]\.\d+", run)) <= known, run
    numbers = {section.number for chapter in CHAPTERS.values() for section in chapter.sections}
    for number in re.findall(r"[Ss]ections? ((?:6[abc]|[1-5])\.\d+)", PAGES[name]):
        assert number in numbers, number
    for called in re.findall(r"`([A-Z][a-zA-Z]+)`", PAGES[name]):
        assert called in widgets.__all__, called


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for file, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", PAGES[name]):
        path = TEACHING / file if file else TEACHING / name
        assert path.exists(), f"{name} links to {file}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), f"{name} links to {file}#{anchor}"


def test_every_page_can_be_reached_from_the_first():
    assert set(re.findall(r"\((\w+\.md)", PAGES["index.md"])) == set(PAGES) - {"index.md"}


# Lesson plans


def test_there_are_six_plans():
    assert len(LESSONS) == 6


@pytest.mark.parametrize("name", LESSONS)
def test_minutes_of_a_plan_follow_each_other_to_its_end(name):
    parts = re.split(r"^## .+ \((\d+) minutes\)$", PAGES[name], flags=re.MULTILINE)
    assert len(parts) > 1
    for length, text in zip(parts[1::2], parts[2::2], strict=True):
        spans = [(int(start), int(end)) for start, end in re.findall(r"^\| (\d+)–(\d+) \|", text, re.MULTILINE)]
        starts, ends = zip(*spans, strict=True)
        assert (starts[0], ends[-1]) == (0, int(length))
        assert starts[1:] == ends[:-1]
        assert all(start < end for start, end in spans)
    for needed in ("fails", "omework", "hort"):  # time that runs short
        assert needed in PAGES[name], f"{name} should say what to do: {needed}"


def test_times_of_exercises_that_plans_name_are_those_of_the_cards():
    stated = {  # in which plan, the exercises, their minutes
        ("lesson_lecture.md", "exercises 1.1, 2.6 and 3.2 (55 minutes)"),
        ("lesson_selfstudy.md", "exercises 2.1 and 2.6 (35 minutes)"),
        ("lesson_week.md", "exercise 3.7 (30 minutes)"),
        ("lesson_lab.md", "Exercise 3.1 (10 minutes on its card)"),
    }
    for name, words in stated:
        assert words in PAGES[name]
        minutes = sum(exercises.get(number).minutes for number in re.findall(r"\d\.\d", words))
        assert f"({minutes} minutes" in words


def test_times_of_reading_that_plans_name_are_those_of_the_goals():
    minutes = {goal.section.split()[0]: goal.minutes for goals in GOALS.values() for goal in goals}
    found = [run for name in LESSONS for run in re.findall(r"[Ss]ections ([\d. and]+) \((\d+) minutes\)", PAGES[name])]
    assert found
    for numbers, stated in found:
        assert sum(minutes[number] for number in numbers.split(" and ")) == int(stated), numbers
    for number, stated in re.findall(r"chapter (\d) at home \((\d+) minutes\)", PAGES["lesson_selfstudy.md"]):
        (goals,) = (goals for chapter, goals in GOALS.items() if chapter.startswith(f"{number} "))
        assert sum(goal.minutes for goal in goals) == int(stated), number


# Grading


def wrong_answers():
    """The zoo's wrong answers by exercise, read and not run."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests" / "exercises").glob("zoo_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for call in getattr(node, "decorator_list", []):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "wrong":
                    found.setdefault(call.args[0].value, set()).add(node.name)
    return found


def test_every_exercise_is_graded_by_its_difficulty_and_its_zoo():
    rows = re.findall(r"^\| (\d\.\d) \| (\d+) \| `(\w+)` \| `(\w+)` \| .+ \|$", PAGES["rubrics.md"], re.MULTILINE)
    assert [row[0] for row in rows] == [one.id for one in exercises.all()]
    zoo = wrong_answers()
    for number, points, slip, misunderstanding in rows:
        assert int(points) == 2 * exercises.get(number).difficulty
        assert {slip, misunderstanding} <= zoo[number], number
    total = sum(int(row[1]) for row in rows)
    assert f"all {len(rows)} exercises together are {total}" in PAGES["rubrics.md"]
    bugs = PAGES["rubrics.md"].partition("## Find the bug")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", bugs, re.MULTILINE)) <= zoo["3.7"]


@pytest.mark.parametrize("heading", ["A lab report", "An oral exam"])
def test_points_of_a_rubric_add_up(heading):
    text = PAGES["rubrics.md"].partition(f"## {heading}\n")[2].partition("\n## ")[0]
    column = 0 if heading == "A lab report" else 2
    rows = [row.strip("| ").split(" | ") for row in re.findall(r"^\| \d.*\|$", text, re.MULTILINE)]
    assert f"{sum(int(row[column]) for row in rows)} points" in text


# Slides


@by_name
def test_a_deck_has_what_its_chapter_has(path):
    chapter = CHAPTERS[path]
    slides = cut(chapter, GOALS[chapter.title], QUESTIONS[chapter.title])
    kinds = [slide.kind for slide in slides]
    blocks = [block for section in chapter.sections if section.title for block in section.blocks]
    numbered = sum(bool(section.number) for section in chapter.sections)
    assert kinds.count("heading") == (numbered or len(names_of(chapter)))
    assert kinds.count("claim") == sum(isinstance(block, Verdict) for block in blocks)
    assert kinds.count("figure") == sum(isinstance(block, Figure) for block in blocks)
    assert kinds.count("vote") == len(QUESTIONS[chapter.title])
    first = GOALS[chapter.title][0]
    assert f"{first.minutes} minutes" in "".join(slide.notes for slide in slides)
    pictures = re.findall(r'<img [^>]*alt="([^"]*)"', "".join(slide.body for slide in slides))
    assert all(len(alt) > 20 for alt in pictures)


def test_decks_need_no_other_file(tmp_path):
    files = write_decks(tmp_path / "slides")
    assert {path.stem for path in files} == {path.stem for path in NOTEBOOKS} | {"index"}
    for path in files:
        page = path.read_text(encoding="utf-8")
        sources = re.findall(r"""\b(?:src|href)=["']?([^"'\s>]+)""", page) + re.findall(r"url\(|@import", page)
        assert all(re.fullmatch(r"data:image/\S+|#\d+|\w+\.html(#.*)?", source) for source in sources)
        assert path.stat().st_size < 1_500_000


def markdown(source, *tags):
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": source}


def code(source, **data):
    outputs = [{"output_type": "execute_result", "data": data}]
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs}


SMALL = [
    markdown("# 9 · Small\n\n**The question.** Is it small?\n\n"),
    markdown(
        "## 9.1 Where?\n\nHere it is, where one looks first of all things.\n\n**Predict first.** how large is $x$?"
    ),
    code("show(...)", **{"text/html": '<img src="data:image/webp;base64,AA" width="9" style="" alt="A dot.">'}),
    markdown("## 9.2 Left out\n\nNobody shows this.", "no-slide"),
    markdown("Nine pixels wide, as the picture says it is. More follows."),
    code("record(\n    99,\n)", **{"text/plain": "| 99 | It is small | 9 | ✗ does not hold |"}),
]


def test_slides_follow_the_structure_of_a_notebook(tmp_path):
    path = tmp_path / "small.ipynb"
    path.write_text(json.dumps({"cells": SMALL}), encoding="utf-8")
    slides = cut(read_chapter(path), [], [])
    assert [slide.kind for slide in slides] == ["opening", "heading", "prediction", "figure", "claim"]
    _, heading, prediction, figure, claim = slides
    assert heading.title == "Where?"
    assert "How large is <span" in prediction.body
    assert "<math" in prediction.body
    assert "later" not in prediction.body  # the answer stands beside what shows it
    assert 'alt="A dot."' in figure.body
    assert re.search(r'class="later"><p class="answer">Nine pixels wide', figure.body)
    assert claim.body.index("It is small") < claim.body.index("later") < claim.body.index("does not hold")


@pytest.mark.parametrize("source", ["No title", "# A title without a question"])
def test_a_notebook_without_an_opening_is_refused(tmp_path, source):
    path = tmp_path / "bare.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "metadata": {}, "source": source}]}))
    with pytest.raises(ValueError, match=r"bare\.ipynb must"):
        read_chapter(path)


def test_examples_in_docstrings_of_the_slides():
    for name in ("slides.words", "slides.kit", "slides.chapter", "slides.cutting"):
        assert doctest.testmod(importlib.import_module(name)).failed == 0
