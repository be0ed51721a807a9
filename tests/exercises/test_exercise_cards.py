"""Cards and reports: complete, deterministic, and made of what the notebook's sanitizer keeps."""

import subprocess
import sys
from html.parser import HTMLParser

import full_zoo  # noqa: F401
import numpy as np
import pytest
import zoo
from drawn import framed_cells

from minimask import exercises
from minimask.exercises.check import Finding, examine
from minimask.exercises.markdown import markdown_html
from minimask.plots import show

KEPT = {"div", "p", "ul", "li", "pre", "code", "strong", "em", "details", "summary", "img"}
KEPT_STYLES = {
    *("border", "border-left", "border-radius", "padding", "margin", "margin-left", "max-width", "height"),
    *("font-weight", "font-size", "opacity", "line-height"),
}


class Sanitizer(HTMLParser):
    """Fails at anything that JupyterLab would take out, and at tags that are not closed."""

    def __init__(self):
        super().__init__()
        self.open, self.images, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        assert tag in KEPT
        attributes = dict(attrs)
        assert set(attributes) <= ({"src", "width", "style", "alt"} if tag == "img" else {"style"})
        for rule in filter(None, attributes.get("style", "").split(";")):
            name, _, value = rule.partition(":")
            assert name.strip() in KEPT_STYLES
            assert "var(" not in value
        if tag == "img":
            self.images.append(attributes)
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def parsed(html):
    parser = Sanitizer()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


def report_on(name):
    animal = next(animal for animal in zoo.WRONG if animal.function.__name__ == name)
    return exercises.attempt(animal.exercise, animal.function)


@pytest.mark.parametrize("exercise", exercises.all(), ids=lambda exercise: exercise.id)
def test_a_card_has_all_there_is_in_three_formats(exercise):
    bundle = exercises.card(exercise.id)._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/markdown", "text/html"]
    assert bundle["text/plain"] == (
        f"Exercise {exercise.id}: {exercise.title} (difficulty {exercise.difficulty} of 5, {exercise.minutes} minutes)"
    )
    html = bundle["text/html"]
    page = parsed(html)
    for text in (
        exercise.title,
        exercise.teaches,
        f"difficulty {exercise.difficulty} of 5",
        f"{exercise.minutes} minutes",
    ):
        assert text in page.text
    assert html.count("<details") - 1 == html.count("Hint ") == len(exercise.hints) >= 3
    for text in (exercise.statement, exercise.by_hand, *exercise.hints):
        assert text in bundle["text/markdown"]
        assert markdown_html(text).removeprefix("<p>") in html
    assert f"<code>{exercise.name}(" in html
    assert exercise.explanation not in html


def test_exercises_are_in_order_and_graded():
    everything = exercises.all()
    assert [exercise.id for exercise in everything] == [
        f"{chapter}.{k}"
        for chapter in sorted({exercise.chapter for exercise in everything})
        for k, _ in enumerate(exercises.chapter(chapter), 1)
    ]
    for chapter in {exercise.chapter for exercise in everything}:
        difficulties = [exercise.difficulty for exercise in exercises.chapter(chapter)]
        assert difficulties == sorted(difficulties)
        assert set(difficulties) <= {1, 2, 3, 4, 5}


def test_hints_and_solutions_on_request():
    it = exercises.get("1.1")
    assert repr(it.hint()) == f"**Hint 1 of 3.** {it.hints[0]}"
    revealed = it.reveal()
    assert revealed._repr_markdown_() == repr(revealed)
    assert "```python\ndef pair_iou(box_a: Box, box_b: Box) -> float:" in repr(revealed)
    assert "return intersection / union" in repr(revealed)
    assert repr(revealed).endswith(it.explanation)


def test_the_three_reports():
    solution = exercises.get("1.1").solution
    passed = exercises.attempt("1.1", solution)
    assert passed.passed
    assert repr(passed) == (
        "Exercise 1.1: passed. Right on 9 chosen inputs and 300 drawn at random. Compare with "
        '`exercises.get("1.1").reveal()`. Next: exercise 1.2.'
    )
    assert "last exercise" in repr(exercises.attempt("1.6", exercises.get("1.6").solution))

    def pair_iou(box_a, box_b): ...

    waiting = exercises.attempt("1.1", pair_iou)
    assert not waiting.passed
    assert repr(waiting) == (
        "Exercise 1.1: not started yet. Write the body of `pair_iou`, run its cell, then this one."
    )

    wrong = report_on("no_clamp")
    assert not wrong.passed
    assert repr(wrong).startswith("Exercise 1.1: not right yet. For box_a = (0, 0, 1, 1) and box_b = (2, 0, 3, 1) the")

    assert wrong._repr_mimebundle_() == report_on("no_clamp")._repr_mimebundle_()
    pages = [parsed(report._repr_mimebundle_()["text/html"]) for report in (passed, waiting, wrong)]
    assert [page.text[0] for page in pages] == ["✓", "○", "✗"], "never by color alone"
    assert [len(page.images) for page in pages] == [0, 0, 1]
    assert pages[2].images[0]["alt"].startswith("The counterexample as a picture. For box_a = (0, 0, 1, 1) and box_b")
    assert pages[2].images[0]["src"].startswith("data:image/webp;base64,")


def look_of(value):
    """Return what decides how an answer is drawn: what it is made of, its dimensions, and what is odd about it."""
    if isinstance(value, (list, tuple)):
        return type(value), frozenset(map(look_of, value))
    numbers = np.asarray(value)
    odd = numbers.dtype.kind in "fc" and not np.isfinite(numbers).all()
    return type(value), numbers.dtype.kind, numbers.ndim, numbers.size == 0, odd


@pytest.mark.parametrize("exercise", exercises.all(), ids=lambda exercise: exercise.id)
def test_counterexamples_of_every_look_can_be_drawn(exercise, monkeypatch):
    """Up to the pixels, which cost more than all the rest; one of each exercise gets them in the next test.

    To draw all of the zoo takes minutes: of answers that are wrong in the same way and look alike, one is drawn.
    """

    def webp_file(fig, **_):
        fig.draw_without_rendering()
        return b""

    monkeypatch.setattr(show, "webp_file", webp_file)
    alike = {}
    for animal in zoo.WRONG:
        if animal.exercise == exercise.id and not animal.slow:
            found = examine(exercise, animal.function)
            alike.setdefault((found.kind, look_of(found.answer)), animal.function)
    assert alike
    for function in alike.values():
        page = parsed(exercises.attempt(exercise.id, function)._repr_mimebundle_()["text/html"])
        assert len(page.images) == 1


@pytest.mark.parametrize("exercise", exercises.all(), ids=lambda exercise: exercise.id)
def test_counterexamples_are_drawn_with_and_without_an_answer(exercise, monkeypatch):
    monkeypatch.setattr(show, "DOTS_PER_INCH", 50)  # packing a file costs time by its pixels
    wrong = [animal.function for animal in zoo.WRONG if animal.exercise == exercise.id and not animal.slow]
    found = [examine(exercise, function) for function in wrong[:4]]
    inputs = exercise.worked[0]
    right = exercise.read(exercise.solution(*inputs))
    found.append(Finding("error", "", inputs, exercise.right_answer(inputs), None))
    found.append(Finding("wrong", "", inputs, exercise.right_answer(inputs), right))
    for finding in found:
        assert exercise.draw(finding).axes[0].has_data()
    assert len(show.webp_file(exercise.draw(found[0]))) > 500


@pytest.mark.no_cover  # as in test_watchdog.py
def test_a_row_too_long_to_draw_is_only_described(short_patience):
    page = parsed(report_on("all_pairs")._repr_mimebundle_()["text/html"])
    assert page.images == []
    assert "20000 in all" in page.text


def test_texts_of_the_learner_cannot_break_the_page():
    def raises(box_a, box_b):
        raise ValueError("<script>alert('`1` < 2')</script> & </div> **bold**")

    parsed(exercises.attempt("1.1", raises)._repr_mimebundle_()["text/html"])


def test_markdown_in_html():
    text = "One `a < b` and **two**\nlines & *more*, 2 * 3 * 4.\n\n- first\n- second,\nlonger\n\n    x < y\n      z"
    assert markdown_html(text) == (
        "<p>One <code>a &lt; b</code> and <strong>two</strong>\nlines &amp; <em>more</em>, 2 * 3 * 4.</p>\n"
        "<ul><li>first\n</li><li>second,\nlonger</li></ul>\n"
        '<pre style="margin: 0.5em 0 0.5em 2em; line-height: 1.3">x &lt; y\n  z</pre>'
    )


def test_importing_the_exercises_needs_neither_torch_nor_numba():
    program = (
        "import sys; from minimask import exercises; [exercises.chapter(k) for k in (1, 2, 3, 4, 5, 6)]; "
        "assert not {'torch', 'numba'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_pictures_show_what_is_said():
    right = np.array([[False, True], [False, False]])
    figure = exercises.get("1.3").draw(Finding("wrong", "", (right,), (1, 0, 2, 1), (1, 0, 1, 0)))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["right", "yours"]


def test_tables_frame_the_wrong_numbers_of_the_first_wrong_channel():
    it = exercises.get("3.7")
    inputs = next(inputs for inputs in it.examples if len(inputs[0]) == 2)
    right = it.right_answer(inputs)
    yours = right.copy()
    yours[1, 1, 0] += 1
    features, expected, answer = it.draw(Finding("wrong", "", inputs, right, yours)).axes
    assert [axes.get_title(loc="left") for axes in (features, expected, answer)] == ["channel 1", "right", "yours"]
    assert [text.get_text() for text in features.texts] == [f"{value:g}" for value in inputs[0][1].flat]
    assert {text.get_ha() for text in features.texts} == {"left"}, "in the corners, to leave room for samples"
    assert [text.get_text() for text in answer.texts] == [f"{value:.3g}" for value in yours[1].flat]
    assert (framed_cells(expected), framed_cells(answer)) == ([], [(1, 0)])


def test_answers_of_another_shape_are_drawn_without_frames():
    it = exercises.get("3.4")
    figure = it.draw(Finding("wrong", "", it.worked[0], it.worked[1], it.worked[1].T))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["features", "right", "yours"]
    assert framed_cells(figure.axes[2]) == []


def test_bins_are_drawn_around_their_cells_unless_they_are_empty():
    it = exercises.get("3.4")
    features, *_ = it.draw(Finding("wrong", "", it.worked[0], it.worked[1], it.worked[1])).axes
    bins = [patch for patch in features.patches if patch.get_linewidth() == 1.5]
    centers = [(bin.get_y() + bin.get_height() / 2, bin.get_x() + bin.get_width() / 2) for bin in bins]
    assert np.allclose(centers, [(0.5, 0), (0.5, 1.5)])


def test_an_answer_far_away_gets_few_ticks():
    it = exercises.get("3.2")
    axes = it.draw(Finding("wrong", "", (np.eye(2), 5000.25, 1.0))).axes[0]
    assert 20 < len(axes.get_xticks()) < 50
    assert list(axes.get_yticks()) == [-1, 0, 1, 2]
