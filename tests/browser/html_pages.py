"""What an HTML file says, as far as it can be seen without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path


@dataclass
class Living:
    """A place for a widget, and whether something stands there without it."""

    state: str
    still: bool = False


@dataclass
class Page:
    """What the tests ask of a page."""

    links: set[str] = field(default_factory=set)
    anchors: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    pictures: list[dict[str, str]] = field(default_factory=list)
    living: list[Living] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        page, said = self.page, {name: value or "" for name, value in pairs}
        page.anchors |= {said[name] for name in ("id", "name") if name in said}
        if tag == "a" and "href" in said:
            page.links.add(said["href"])
        if tag in ("img", "script", "iframe", "source", "video") and "src" in said:
            page.parts.add(said["src"])
        if tag == "link" and said.get("rel") not in ("next", "prev", "search", "index", "canonical"):
            page.parts.add(said["href"])
        if tag == "img":
            page.pictures.append(said)
        if "living" in said.get("class", "").split():
            page.living.append(Living(said["data-state"]))
        elif page.living and tag in ("img", "p"):
            page.living[-1].still = True


def read_page(path: Path) -> Page:
    """Return what a file says."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page
