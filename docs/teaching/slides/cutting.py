"""A chapter cut into slides, by rule: what stands on which slide, what is said to it, and what is shown only later."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from minimask import exercises
from slides.chapter import (
    Block,
    Chapter,
    Figure,
    Formula,
    Passage,
    Point,
    Prediction,
    Printed,
    Rows,
    Section,
    Task,
    Verdict,
    Widget,
)
from slides.kit import Goal, Question
from slides.words import as_html, as_line, first_sentences, formula, last_sentences

MOST_LINES, MOST_COLUMNS = 13, 86
"""Of what cells print: more does not fit on a slide in letters that can be read."""
MOST_ROWS = 8
POINTS_A_SLIDE = 4
FIRST_OF_POINT, LEAD, CAPTION, CONTEXT = 120, 230, 170, 200
"""How many characters of the text are taken at most, if there is a whole sentence that ends before."""


class Slide(NamedTuple):
    """A slide: its kind, the section it belongs to, its title, what it shows and what is said to it (HTML)."""

    kind: str
    where: str
    title: str
    body: str
    notes: str = ""


def cut(chapter: Chapter, goals: Sequence[Goal], questions: Sequence[Question]) -> list[Slide]:
    """Return the slides of a chapter."""
    return [
        _opening(chapter, goals),
        *(
            slide
            for section in chapter.sections
            if section.title
            for slide in _slides_of(section, goals, [one for one in questions if one.section == _label(section)])
        ),
    ]


def _label(section: Section) -> str:
    return section.number or section.title


def _later(html: str, tag: str = "div") -> str:
    """Return something that is shown at the next key only."""
    return f'<{tag} class="later">{html}</{tag}>'


def _paragraph(words: str, kind: str) -> str:
    return f'<p class="{kind}">{as_line(words)}</p>' if words else ""


def _opening(chapter: Chapter, goals: Sequence[Goal]) -> Slide:
    able = chapter.card.get("You will be able to", "")
    minutes = sum(goal.minutes for goal in goals)
    notes = (f"<p>You will be able to {as_line(able)}.</p>" if able else "") + (
        f"<p>{minutes} minutes of reading and playing, all sections together.</p>" if minutes else ""
    )
    body = _paragraph(first_sentences(chapter.question, 300), "question")
    return Slide("opening", "", as_line(chapter.title), body, notes)


def _slides_of(section: Section, goals: Sequence[Goal], questions: Sequence[Question]) -> Iterator[Slide]:
    where = " ".join(filter(None, (section.number, section.title)))
    goal = next((one for one in goals if one.section == where), None)
    closing = not section.number
    if not closing:
        yield _heading(section, where, goal)
    blocks = section.blocks
    for number, block in enumerate(blocks):
        made = _slide_of(block, blocks[:number], blocks[number + 1 :], section.title)
        if made:
            yield made._replace(where=where)
    yield from (one._replace(where=where) for one in _points(blocks, section.title))
    yield from (_vote(question, where) for question in questions)
    tasks = [block.exercise for block in blocks if isinstance(block, Task)]
    if tasks:
        yield _tasks(tasks)._replace(where=where)


def _heading(section: Section, where: str, goal: Goal | None) -> Slide:
    opening = next((block.words for block in section.blocks if isinstance(block, Passage | Point)), "")
    notes = f"<p><b>{goal.minutes} minutes.</b> Afterwards, they can {as_line(goal.can)}.</p>" if goal else ""
    body = f'<p class="number">{section.number}</p>'
    return Slide("heading", where, as_line(section.title), body + _paragraph(first_sentences(opening, LEAD), "lead"), notes)


def _slide_of(block: Block, before: Sequence[Block], after: Sequence[Block], title: str) -> Slide | None:
    """Return the slide of a block, if it has one to itself."""
    if isinstance(block, Prediction):
        return _prediction(block, after)
    if isinstance(block, Figure):
        return _figure(block, before, after, title)
    if isinstance(block, Formula):
        body = f'<div class="formula">{formula(block.latex.rstrip(" .,:"))}</div>'
        return Slide("formula", "", as_line(title), _paragraph(last_sentences(block.lead, CONTEXT), "lead") + body)
    if isinstance(block, Verdict):
        return _verdict(block, after)
    if isinstance(block, Widget):
        return _widget(block, before)
    if isinstance(block, Rows) and 3 <= len(block.words.splitlines()) <= MOST_ROWS + 2:
        return Slide("table", "", as_line(title), as_html(block.words), _said(after))
    if isinstance(block, Printed) and _fits(block.text):
        return Slide("printed", "", as_line(title), _printed(block.text) + _answer(before, after), _said(after))
    return None


def _fits(text: str) -> bool:
    lines = text.splitlines()
    return 2 <= len(lines) <= MOST_LINES and max(map(len, lines)) <= MOST_COLUMNS


def _printed(text: str) -> str:
    columns, lines = max(map(len, text.splitlines())), len(text.splitlines())
    size = min(34, 1900 / columns, 390 / (1.3 * lines))
    return f'<pre style="font-size:{size:.1f}px">{escape(text)}</pre>'


def _next_words(after: Sequence[Block]) -> str:
    """Return the first words that the text says next, before it asks or counts something else."""
    for block in after:
        if isinstance(block, Passage | Point):
            return block.words
        if isinstance(block, Prediction):
            return ""
    return ""


def _said(after: Sequence[Block]) -> str:
    words = _next_words(after)
    return f"<p>{as_line(words)}</p>" if words else ""


def _shows(block: Block) -> bool:
    """Whether a block makes a slide on which an answer can stand."""
    return isinstance(block, Figure) or (isinstance(block, Printed) and _fits(block.text))


def _answer(before: Sequence[Block], after: Sequence[Block]) -> str:
    """Return the answer to a prediction, to be shown later, if this is the last thing before the text gives it."""
    for block in reversed(before):
        if isinstance(block, Passage | Point | Widget):
            return ""
        if isinstance(block, Prediction):
            break
    else:
        return ""
    for block in after:
        if isinstance(block, Passage | Point):
            return _later(_paragraph(first_sentences(block.words, CAPTION), "answer"))
        if _shows(block) or isinstance(block, Prediction):
            return ""
    return ""


def _prediction(block: Prediction, after: Sequence[Block]) -> Slide:
    body = _paragraph(last_sentences(block.context, CONTEXT), "lead") if block.context else ""
    body += _paragraph(block.question, "question")
    following = next((one for one in after if _shows(one) or isinstance(one, Passage | Point | Prediction)), None)
    if following is None or not _shows(following):  # nothing to look at: the answer stands here
        words = _next_words(after)
        body += _later(_paragraph(first_sentences(words, CAPTION), "answer")) if words else ""
    return Slide("prediction", "", "What do you think?", body, _said(after))


def _image(figure: Figure) -> str:
    return f'<img src="{figure.address}" width="{figure.width}" alt="{figure.alt}">'


def _figure(block: Figure, before: Sequence[Block], after: Sequence[Block], title: str) -> Slide:
    answer = _answer(before, after)
    return Slide("figure", "", as_line(title), _image(block) + answer, f"<p>{block.alt}</p>{_said(after)}")


def _verdict(block: Verdict, after: Sequence[Block]) -> Slide:
    asked = f'<p class="question">“{as_line(block.claim)}”</p><p class="lead">Holds, with a condition, or not?</p>'
    kind = {"✓": "holds", "◐": "condition", "✗": "fails"}[block.verdict[0]]
    found = f'<p class="verdict {kind}">{escape(block.verdict)}</p><p class="lead">measured {escape(block.measured)}</p>'
    return Slide("claim", "", f"Claim {block.number}", asked + _later(found), _said(after))


def _widget(block: Widget, before: Sequence[Block]) -> Slide:
    words = next((one.words for one in reversed(before) if isinstance(one, Passage | Point)), "")
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", block.name)
    still = _image(block.still) if block.still else '<p class="question">In the notebook: run its cell.</p>'
    notes = f"<p>{as_line(words)}</p><p>Steps, and what they will see: see the page “What to show on which widget”.</p>"
    return Slide("widget", "", f"Live: {name}", still, notes)


def _points(blocks: Sequence[Block], title: str) -> Iterator[Slide]:
    """Yield what the text says in points, a few to a slide."""
    points = [block.words for block in blocks if isinstance(block, Point)]
    if len(points) < 2:
        return
    for start in range(0, len(points), POINTS_A_SLIDE):
        few = points[start : start + POINTS_A_SLIDE]
        lines = "".join(f"<li>{as_line(first_sentences(words, FIRST_OF_POINT))}</li>" for words in few)
        notes = "".join(f"<p>{as_line(words)}</p>" for words in few)
        yield Slide("points", "", as_line(title), f"<ul>{lines}</ul>", notes)


def _vote(question: Question, where: str) -> Slide:
    body = _paragraph(question.ask, "question")
    lines = [
        f'<li{" class=right" if letter == question.answer else ""}><b>{letter}</b> {as_line(words)}</li>'
        for letter, words in question.options
    ]
    body += f'<ol class="options">{"".join(lines)}</ol>' + _later("") if lines else ""
    notes = f"<p><b>{question.name}.</b></p>{as_html(question.behind)}"
    return Slide("vote", where, "Vote" if lines else "Discuss", body, notes)


def _tasks(numbers: Sequence[str]) -> Slide:
    rows = []
    for one in map(exercises.get, numbers):
        dots = "●" * one.difficulty + "○" * (5 - one.difficulty)
        marks = f'<span class="dots" role="img" aria-label="difficulty {one.difficulty} of 5">{dots}</span>'
        rows.append(f"<li><b>{one.id}</b> {escape(one.title)} {marks} {one.minutes} min</li>")
    return Slide("tasks", "", "Your turn", f"<ul>{''.join(rows)}</ul>", "<p>Hints open one by one; the check says what is wrong.</p>")


def runs_of(slides: Sequence[Slide]) -> list[tuple[int, str]]:
    """Return where each section begins, as (number of its first slide, its name): the table of contents."""
    starts = [(0, slides[0].title)]
    starts += [(k + 1, after.where) for k, (before, after) in enumerate(pairwise(slides)) if after.where != before.where]
    return starts
