"""What a chapter holds, read from its notebook: sections, and in each what a lecture can use."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from minimask import widgets

LEFT_OUT = "no-slide"
"""The tag of cells that slides leave out."""

NUMBERED = re.compile(r"(\d+[a-c]?\.\d+) (.+)")
PREDICT = re.compile(r"\*\*Predict first\.?\*\*[.:]?\s*")
FOR_READERS = re.compile(r"(### |\*\*)Further reading|\*\*Next:\*\*|\*\*Where to begin\*\*")
"""Where a text turns to what nobody shows in a lecture."""
IMAGE = re.compile(r'<img src="(data:image/[^"]+)" width="(\d+)"[^>]* alt="([^"]*)"')
VERDICT = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


class Passage(NamedTuple):
    """A paragraph of the text."""

    words: str


class Point(NamedTuple):
    """A paragraph that begins with a phrase in bold, or an entry of a list."""

    words: str
    listed: bool = False


class Prediction(NamedTuple):
    """A question that asks the reader to predict, and what was said just before it."""

    question: str
    context: str


class Choices(NamedTuple):
    """Answers to predict among, by the name of the question in `minimask.exercises.predictions`."""

    name: str


class Formula(NamedTuple):
    """A displayed formula, and the words that lead to it."""

    latex: str
    lead: str


class Rows(NamedTuple):
    """A table, as Markdown."""

    words: str


class Figure(NamedTuple):
    """A picture as a data address, its width in pixels, and its description (HTML already)."""

    address: str
    width: int
    alt: str


class Printed(NamedTuple):
    """What a cell printed."""

    text: str


class Widget(NamedTuple):
    """A living picture by its class, with its still picture, if there is one."""

    name: str
    still: Figure | None


class Verdict(NamedTuple):
    """A claim of the textbook, and what became of it."""

    number: str
    claim: str
    measured: str
    verdict: str


class Task(NamedTuple):
    """An exercise, by its number."""

    exercise: str


Block = Passage | Point | Prediction | Choices | Formula | Rows | Figure | Printed | Widget | Verdict | Task


class Section(NamedTuple):
    """A section: its number (empty where it has none), its title, and what it holds."""

    number: str
    title: str
    blocks: list[Block]


class Chapter(NamedTuple):
    """A chapter: the name of its file, its title, its question, its opening card, and its sections."""

    name: str
    title: str
    question: str
    card: dict[str, str]
    sections: list[Section]


def read_chapter(path: Path) -> Chapter:
    """Return what a notebook holds.

    Parameters
    ----------
    path : Path
        A chapter, executed: what cells printed and drew is read, nothing is run.

    Raises
    ------
    ValueError
        If the notebook does not begin with a title and a question.
    """
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if not _is_left_out(cell)]
    opening = "".join(cells[0]["source"])
    title = re.match(r"# (.+)", opening)
    if not title:
        raise ValueError(f"{path.name} must begin with a title, '# ...', got {opening[:40]!r}")
    card = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", opening, re.MULTILINE))
    said = re.search(r"\*\*The question\.\*\* (.+?)\n\n", opening, re.DOTALL)
    if said is None:  # a report, which asks nothing: its first sentences say what it is
        said = re.search(r"^# .+\n\n(.+?)\n\n", opening, re.DOTALL)
    if said is None:
        raise ValueError(f"{path.name} must say in its first cell what it asks")
    sections = [Section("", "", [])]
    for cell in cells[1:]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for heading, text in _by_heading(source):
                if heading:
                    numbered = NUMBERED.fullmatch(heading)
                    number, named = (numbered[1], numbered[2]) if numbered else ("", heading)
                    sections.append(Section(number, named, []))
                sections[-1].blocks.extend(_blocks_of_text(text))
        else:
            sections[-1].blocks.extend(_blocks_of_code(source, cell["outputs"]))
    begun = [section for section in sections if section.title or section.blocks]
    return Chapter(path.stem, title[1], _one_line(said[1]), card, begun)


def _is_left_out(cell: dict[str, Any]) -> bool:
    return LEFT_OUT in cell["metadata"].get("tags", [])


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _by_heading(source: str) -> list[tuple[str, str]]:
    """Return `(heading of a section or "", text)`; headings of lower rank stay in the text."""
    parts = re.split(r"^## (.+)$", source, flags=re.MULTILINE)
    return [("", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]


def _blocks_of_text(text: str) -> list[Block]:
    blocks: list[Block] = []
    for paragraph in filter(None, map(str.strip, re.split(r"\n\s*\n", text))):
        if FOR_READERS.match(paragraph):
            break
        blocks += _blocks_of_paragraph(paragraph, blocks[-1] if blocks else None)
    return blocks


def _blocks_of_paragraph(paragraph: str, before: Block | None) -> list[Block]:
    """Return what a paragraph is, given what stands before it in the same cell."""
    if paragraph.startswith("|"):
        return [Rows(paragraph)] if any(row.strip(" |") for row in paragraph.splitlines()[:1]) else []
    if paragraph.startswith("#"):
        return []
    if paragraph.startswith("$$"):
        lead = before.words if isinstance(before, Passage | Point) else ""
        return [Formula(paragraph.strip("$ \n"), lead)]
    if re.match(r"([-*]|\d+\.) ", paragraph):
        _, *entries = re.split(r"^(?:[-*]|\d+\.) ", paragraph, flags=re.MULTILINE)
        return [Point(_one_line(entry), listed=True) for entry in entries]
    asked = PREDICT.search(paragraph)
    if asked:
        said = _one_line(paragraph[: asked.start()])
        known = said or (before.words if isinstance(before, Passage | Point) else "")
        kept: list[Block] = [Passage(said)] if said else []
        return [*kept, Prediction(_capital(_one_line(paragraph[asked.end() :])), known)]
    return [Point(_one_line(paragraph)) if paragraph.startswith("**") else Passage(_one_line(paragraph))]


def _blocks_of_code(source: str, outputs: list[dict[str, Any]]) -> list[Block]:
    task = re.match(r'exercises\.card\("(.+?)"\)', source)
    if task:
        return [Task(task[1])]
    choices = re.match(r'exercises\.predict\("(.+?)"\)', source)
    if choices:
        return [Choices(choices[1])]
    blocks: list[Block] = []
    for output in outputs:
        data = {kind: "".join(value) for kind, value in output.get("data", {}).items() if isinstance(value, list | str)}
        images = [Figure(address, int(width), alt) for address, width, alt in IMAGE.findall(data.get("text/html", ""))]
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
            shown = _widget_of(source, data.get("text/plain", ""))
            blocks += [Widget(shown, images[0] if images else None)] if shown else []
        elif re.search(r"^record\(", source, re.MULTILINE):
            blocks += [Verdict(*row) for row in VERDICT.findall(data.get("text/plain", ""))]
        elif images:
            blocks += images
        elif output["output_type"] == "stream":
            blocks.append(Printed("".join(output["text"]).rstrip()))
        elif data.get("text/markdown", "").lstrip().startswith("|"):
            blocks.append(Rows(data["text/markdown"].strip()))
    return blocks


def _widget_of(source: str, words: str) -> str:
    """Return the class of the widget that a cell shows, or nothing if it shows another one."""
    made = [name for name in widgets.__all__ if re.search(rf"\b{name}[(.]", source)]
    if made:
        return made[0]
    told = re.sub(r"[^a-z]", "", words.lower())
    return next((name for name in widgets.__all__ if name.lower() in told), "")
