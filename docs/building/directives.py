"""What pages of the site can ask for: cards of chapters, living pictures, and the ledger of claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from building.chapter_page import Opening, opening, questions
from building.living import NAMES
from building.sources import CATALOG, ROOT
from minimask.ledger import Table, claims

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NOTEBOOKS = ROOT / "notebooks"
INDEX = NOTEBOOKS / "00_start_here.ipynb"


def chapter_files(number: int) -> list[Path]:
    """Return the notebooks of a chapter: its own, and those of its parts."""
    return sorted(NOTEBOOKS.glob(f"{number:02d}*.ipynb"))


def read(path: Path) -> dict[str, Any]:
    """Return a notebook's JSON."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def reading_time(openings: list[Opening]) -> str:
    """Return how long a chapter takes to read, of one with parts the time of each.

    Examples
    --------
    >>> reading_time([Opening("1", "45 minutes of reading, 60 more"), ])
    '45 minutes of reading'
    """
    times = [one.reading for one in openings if one.reading]
    if len(times) == 1:
        return times[0]
    return f"{len(times)} parts: " + ", ".join(" ".join(time.split()[:2]) for time in times)


class ChapterCards(SphinxDirective):
    """Cards that lead to the chapters, each with its question and how long it takes, as the chapter says.

    Each line of the content has a chapter's number and its picture.
    """

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the grid of cards."""
        self.env.note_dependency(str(INDEX))
        cards = [self._card(*line.split()) for line in self.content if line.strip()]
        return self.parse_text_to_nodes("::::{grid} 1 2 2 3\n:gutter: 3\n\n" + "\n\n".join(cards) + "\n::::")

    def _card(self, number: str, picture: str) -> str:
        files = chapter_files(int(number))
        openings = [opening(read(path)) for path in files]
        alt = (ROOT / picture.lstrip("/")).with_suffix(".txt").read_text(encoding="utf-8")
        for path in files:
            self.env.note_dependency(str(path))
        return (
            f":::{{grid-item-card}} {openings[0].title}\n"
            f":link: /notebooks/{files[0].stem}\n:link-type: doc\n:class-card: chapter\n"
            f":img-top: {picture}\n:img-alt: {' '.join(alt.split())}\n\n"
            f"{questions(read(INDEX))[files[0].name]}\n+++\n{reading_time(openings)}\n:::"
        )


class LivingWidget(SphinxDirective):
    """A widget, alive, in the state in which the chapter that has most to show of it leaves it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return its place on the page."""
        name = self.arguments[0]
        file = Path(self.env.srcdir) / CATALOG
        self.env.note_dependency(str(file))
        shown = [one for one in json.loads(file.read_text(encoding="utf-8")) if one["name"] == name]
        if not shown:
            raise self.error(f"no chapter shows {name}; there are {', '.join(NAMES)}")
        richest = max(shown, key=lambda one: one["size"])
        markup = richest["markup"].replace("ROOT/", "../" * self.env.docname.count("/"))
        return [nodes.raw("", markup, format="html")]


class ClaimsLedger(SphinxDirective):
    """The ledger of claims, chapter by chapter."""

    def run(self) -> list[nodes.Node]:
        """Return a table for each chapter."""
        rows = claims()
        parts = []
        for number in sorted({row.chapter for row in rows}):
            main = chapter_files(number)[0]
            title = opening(read(main)).title
            parts.append(f"[**{title}**](/notebooks/{main.name})\n\n{Table(claims(number)).markdown()}\n")
        return self.parse_text_to_nodes("\n".join(parts))


def setup(app: Sphinx) -> None:
    """Add the directives."""
    app.add_directive("chapter-cards", ChapterCards)
    app.add_directive("living-widget", LivingWidget)
    app.add_directive("claims-ledger", ClaimsLedger)
