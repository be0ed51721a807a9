"""Predictions answer whatever one predicts, need no script, and are held against the measurement."""

import ast
import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from minimask import exercises

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHAPTERS = sorted(path for path in NOTEBOOKS.glob("0[1-6]*.ipynb"))
FRONT_PAGE = "06_out_in_the_world.ipynb"
EACH = pytest.mark.parametrize("prediction", exercises.predictions(), ids=lambda one: one.name)

KEPT = {"div": {"style"}, "p": set(), "em": set(), "strong": set(), "code": set(), "summary": {"style"}}
KEPT["details"] = {"style", "name"}  # JupyterLab takes the name away; then several answers can be open at once


class Disclosures(HTMLParser):
    """Reads HTML as JupyterLab keeps it, and collects the summaries with what they open."""

    def __init__(self):
        super().__init__()
        self.open, self.groups, self.text, self.found = [], set(), "", []

    def handle_starttag(self, tag, attrs):
        assert set(dict(attrs)) <= KEPT[tag], (tag, attrs)
        self.open.append(tag)
        if tag == "details":
            self.groups.add(dict(attrs)["name"])
            self.found.append({"summary": "", "reply": ""})

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "details" in self.open:
            self.found[-1]["summary" if "summary" in self.open else "reply"] += data


def read(prediction):
    parser = Disclosures()
    parser.feed(prediction._repr_mimebundle_()["text/html"])
    assert not parser.open
    return parser


@EACH
def test_each_answer_opens_a_reply_of_its_own(prediction):
    page = read(prediction)
    assert page.groups == {f"predict-{prediction.name}"}
    assert len(page.found) == len(prediction.answers) >= 2
    for answer, shown in zip(prediction.answers, page.found, strict=True):
        assert shown["summary"] == answer.words.replace("*", "")
        assert shown["reply"].startswith("✓ Right. " if answer.right else "✗ Not so. ")
        assert len(shown["reply"]) > 20
    assert len({answer.reply for answer in prediction.answers}) == len(prediction.answers)


@EACH
def test_the_question_does_not_give_the_answer_away(prediction):
    page = read(prediction)
    assert prediction.question in page.text
    for text in (repr(prediction), prediction.question):
        assert not any(answer.reply in text for answer in prediction.answers)


@EACH
def test_ranges_of_numbers_hold_every_number_once(prediction):
    limits = sorted((answer.low, answer.high) for answer in prediction.answers)
    if all(low == -math.inf and high == math.inf for low, high in limits):
        assert prediction.number is None
        return
    assert limits[-1][1] == math.inf
    for (_, high), (low, _) in pairwise(limits):
        assert high <= low, "two answers claim the same number"
    if prediction.number is not None:
        assert prediction.right.low <= prediction.number < prediction.right.high


@EACH
def test_a_measurement_that_says_otherwise_is_an_error(prediction):
    with pytest.raises(AssertionError, match="was measured"):
        prediction.settle("something else")
    for answer in prediction.answers:
        if not answer.right:
            with pytest.raises(AssertionError, match="was measured"):
                prediction.settle(answer.words)
            if math.isfinite(answer.low) or math.isfinite(answer.high):
                with pytest.raises(AssertionError, match="was measured"):
                    prediction.settle(answer.low if math.isfinite(answer.low) else answer.high - 1e-6)
    if prediction.number is None:
        return
    prediction.settle(prediction.number)
    if prediction.number:
        with pytest.raises(AssertionError, match="was measured"):
            prediction.settle(prediction.number * 2)


def test_an_unknown_name_is_said():
    with pytest.raises(ValueError, match="name must be one of roof, circle"):
        exercises.predict("floor")


def test_names_are_unique():
    names = [one.name for one in exercises.predictions()]
    assert len(set(names)) == len(names)


def calls(path, function):
    """Return (cell, name) of each call `exercises.function("name", ...)` in a notebook."""
    found = []
    for index, cell in enumerate(nbformat.read(path, as_version=4).cells):
        if cell.cell_type == "code" and f"exercises.{function}(" in cell.source:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == f"exercises.{function}":
                    found.append((index, ast.literal_eval(node.args[0])))
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_asks_first_and_settles_what_it_asked(path):
    asked, settled = calls(path, "predict"), calls(path, "settle")
    assert len(asked) >= (1 if path.name == FRONT_PAGE else 3)
    assert sorted(name for _, name in asked) == sorted(name for _, name in settled)
    measured = {name: index for index, name in settled}
    cells = nbformat.read(path, as_version=4).cells
    for index, name in asked:
        assert index < measured[name], f"{name!r} is measured before it is asked"
        before = next(cell.source for cell in reversed(cells[:index]) if cell.cell_type == "markdown")
        assert "**Predict first" in before, f"the text before {name!r} asks for no prediction"
        assert cells[index].source == f'exercises.predict("{name}")'


def test_all_predictions_are_asked_for_in_their_chapter():
    for chapter in range(1, 7):
        paths = [path for path in CHAPTERS if path.name.startswith(f"{chapter:02}")]
        asked = [name for path in paths for _, name in calls(path, "predict")]
        assert asked == [one.name for one in exercises.predictions(chapter)]


def test_what_is_right_is_computed_and_not_written_down():
    """A settling call hands over something measured: no literal, and no plain text without a condition."""
    for path in CHAPTERS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code" or "exercises.settle(" not in cell.source:
                continue
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "exercises.settle":
                    assert re.search(r"\b[a-z_]\w*\b", ast.unparse(node.args[1]).replace("'", ""))
                    assert not isinstance(node.args[1], ast.Constant), ast.unparse(node)
