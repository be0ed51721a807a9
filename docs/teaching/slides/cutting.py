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
    Choices,
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
POINTS_A_SLIDE = 5
UNSEEN = re.compile(r"\\(mathrm|text|underbrace|frac|left|right)|[{}$&^_\\ ]")
"""What takes no room in a formula, roughly."""
THINK = "What do you think?"
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
    slides = [_opening(chapter, goals)]
    has_numbers = any(section.number for section in chapter.sections)
    for section in (one for one in chapter.sections if one.title):
        where = " ".join(filter(None, (section.number, section.title)))
        if section.number or not has_numbers:  # what closes a chapter needs no slide that announces it
            slides.append(_heading(section, where, next((one for one in goals if one.section == where), None)))
        asked = [one for one in questions if one.section == (section.number or section.title)]
        slides += [slide._replace(where=where) for slide in _slides_of(section, asked)]
    return slides


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


def _slides_of(section: Section, questions: Sequence[Question]) -> Iterator[Slide]:
    """Yield what a section shows: block by block, then its points, then what the class does."""
    blocks = section.blocks
    for number, block in enumerate(blocks):
        made = _slide_of(block, blocks[:number], blocks[number + 1 :], section.title)
        if made:
            yield made
    yield from _points(blocks, section.title)
    yield from map(_vote, questions)
    tasks = [block.exercise for block in blocks if isinstance(block, Task)]
    if tasks:
        yield _tasks(tasks)


def _heading(section: Section, where: str, goal: Goal | None) -> Slide:
    opening = next((block.words for block in section.blocks if isinstance(block, Passage | Point)), "")
    notes = f"<p><b>{goal.minutes} minutes.</b> Afterwards, they can {as_line(goal.can)}.</p>" if goal else ""
    body = f'<p class="number">{section.number}</p>'
    return Slide(
        "heading", where, as_line(section.title), body + _paragraph(first_sentences(opening, LEAD), "lead"), notes
    )


def _slide_of(block: Block, before: Sequence[Block], after: Sequence[Block], title: str) -> Slide | None:
    """Return the slide of a block, if it has one to itself."""
    if isinstance(block, Prediction):
        asked = after and isinstance(after[0], Choices)  # then the slide of the answers asks
        return None if asked else _prediction(block, after)
    if isinstance(block, Choices):
        return _choices(block, after)
    if isinstance(block, Figure):
        return _figure(block, before, after, title)
    if isinstance(block, Formula):
        body = _formula(block.latex.rstrip(" .,:"))
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


def _formula(latex: str) -> str:
    """Return a formula, on several lines if it is long and has several in the source, in letters that fit."""
    lines = [line for line in latex.split("\n") if line.strip()]
    if len(latex) < 100 or any(line.count("{") != line.count("}") for line in lines):
        lines = [latex.replace("\n", " ")]
    letters = max(len(UNSEEN.sub("", line.replace("\\quad", "mm"))) for line in lines)
    size = min(50, 1850 / letters)
    return "".join(f'<div class="formula" style="font-size:{size:.0f}px">{formula(line)}</div>' for line in lines)


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
            return "" if isinstance(block, Point) and block.listed else block.words
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
    if _is_shown_next(after):
        return ""  # there is more to look at first
    start = max(number for number, block in enumerate(before) if isinstance(block, Prediction))
    named = [_asked(block) for block in before[start:] if isinstance(block, Choices)]
    told = [f"**{one.right.words.rstrip('.')}.** {one.right.reply}" for one in named]
    words = told or [_closed(first_sentences(_next_words(after), CAPTION))]
    return _later("".join(_paragraph(one, "answer") for one in words)) if any(words) else ""


def _asked(block: Choices) -> exercises.Prediction:
    """Return a question to predict by its name."""
    return next(one for one in exercises.predictions() if one.name == block.name)


def _is_shown_next(after: Sequence[Block]) -> bool:
    """Whether something is looked at before the text gives the answer away."""
    following = next((one for one in after if _shows(one) or isinstance(one, Passage | Point | Prediction)), None)
    return following is not None and _shows(following)


def _prediction(block: Prediction, after: Sequence[Block]) -> Slide:
    body = _paragraph(last_sentences(block.context, CONTEXT), "lead") if block.context else ""
    body += _paragraph(block.question, "question")
    if not _is_shown_next(after):  # nothing to look at: the answer stands here
        words = _next_words(after)
        body += _later(_paragraph(_closed(first_sentences(words, CAPTION)), "answer")) if words else ""
    return Slide("prediction", "", THINK, body, _said(after))


def _choices(block: Choices, after: Sequence[Block]) -> Slide:
    """Return a question to predict; the right answer is marked only if nothing follows that shows it."""
    asked = _asked(block)
    options = [(letter, one.words) for letter, one in zip("ABCDEF", asked.answers, strict=False)]
    right = "".join(letter for letter, one in zip("ABCDEF", asked.answers, strict=False) if one.right)
    body = _paragraph(asked.question, "question") + _options(options, "" if _is_shown_next(after) else right)
    replies = "".join(
        f"<p><b>{letter}{' ✓' if one.right else ''}</b> {as_line(one.reply)}</p>"
        for letter, one in zip("ABCDEF", asked.answers, strict=False)
    )
    return Slide("prediction", "", THINK, body, replies)


def _options(options: Sequence[tuple[str, str]], right: str) -> str:
    """Return answers to choose from; at the next key the right one is marked, if it is named."""
    lines = "".join(
        f"<li{' class=right' if letter == right else ''}><b>{letter}</b> {as_line(words)}</li>"
        for letter, words in options
    )
    return f'<ol class="options">{lines}</ol>' + (_later("") if right else "")


def _image(figure: Figure) -> str:
    return f'<img src="{figure.address}" width="{figure.width}" alt="{figure.alt}">'


def _figure(block: Figure, before: Sequence[Block], after: Sequence[Block], title: str) -> Slide:
    answer = _answer(before, after)
    return Slide("figure", "", as_line(title), _image(block) + answer, f"<p>{block.alt}</p>{_said(after)}")


def _verdict(block: Verdict, after: Sequence[Block]) -> Slide:
    asked = f'<p class="question">“{as_line(block.claim)}”</p><p class="lead">Holds, with a condition, or not?</p>'
    kind = {"✓": "holds", "◐": "condition", "✗": "fails"}[block.verdict[0]]
    found = (
        f'<p class="verdict {kind}">{escape(block.verdict)}</p><p class="lead">measured {escape(block.measured)}</p>'
    )
    return Slide("claim", "", f"Claim {block.number}", asked + _later(found), _said(after))


def _widget(block: Widget, before: Sequence[Block]) -> Slide:
    words = next((one.words for one in reversed(before) if isinstance(one, Passage | Point)), "")
    name = re.sub(r"(?<=.)(?=[A-Z][a-z])", " ", block.name)
    still = _image(block.still) if block.still else '<p class="question">In the notebook: run its cell.</p>'
    notes = f"<p>{as_line(words)}</p><p>Steps, and what they will see: see the page “What to show on which widget”.</p>"
    return Slide("widget", "", f"Live: {name}", still, notes)


def _closed(words: str) -> str:
    """Return words that lead to nothing on this slide with a full stop in place of a colon."""
    return words.removesuffix(":") + "." if words.endswith(":") else words


def _points(blocks: Sequence[Block], title: str) -> Iterator[Slide]:
    """Yield what the text says in points, a few to a slide."""
    points = [block.words for block in blocks if isinstance(block, Point)]
    if len(points) < 2:
        return
    many = -(-len(points) // POINTS_A_SLIDE)
    for part in range(many):
        few = points[len(points) * part // many : len(points) * (part + 1) // many]
        lines = "".join(f"<li>{as_line(_closed(first_sentences(words, FIRST_OF_POINT)))}</li>" for words in few)
        notes = "".join(f"<p>{as_line(words)}</p>" for words in few)
        yield Slide("points", "", as_line(title), f"<ul>{lines}</ul>", notes)


def _vote(question: Question) -> Slide:
    body = _paragraph(question.ask.removesuffix(" Discuss."), "question")
    body += _options(question.options, question.answer) if question.options else ""
    notes = f"<p><b>{question.name}.</b></p>{as_html(question.behind)}"
    return Slide("vote", "", "Vote" if question.options else "Discuss", body, notes)


def _tasks(numbers: Sequence[str]) -> Slide:
    rows = []
    for one in map(exercises.get, numbers):
        dots = "●" * one.difficulty + "○" * (5 - one.difficulty)
        marks = f'<span class="dots" role="img" aria-label="difficulty {one.difficulty} of 5">{dots}</span>'
        rows.append(f"<li><b>{one.id}</b> {escape(one.title)} {marks} {one.minutes} min</li>")
    return Slide(
        "tasks",
        "",
        "Your turn",
        f"<ul>{''.join(rows)}</ul>",
        "<p>Hints open one by one; the check says what is wrong.</p>",
    )


def runs_of(slides: Sequence[Slide]) -> list[tuple[int, str]]:
    """Return where each section begins, as (number of its first slide, its name): the table of contents."""
    starts = [(0, slides[0].title)]
    starts += [
        (k + 1, after.where) for k, (before, after) in enumerate(pairwise(slides)) if after.where != before.where
    ]
    return starts
