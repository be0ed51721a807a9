"""The last touch to every page, when the theme has written it: light, and named for those who listen to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from building.code_spans import plain_classes, with_few_spans

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ICONS = {"fontawesome.js"}
"""1.5 MB that draw the icons which the theme's font has already."""
SEARCH = {"searchtools.js", "language_data.js", "searchindex.js"}
"""For searching while one types, which is off; needed on the page of results only."""
_SCRIPT = re.compile(r'<script\b[^>]*\bsrc="[^"]*?([\w-]+\.js)(?:\?[^"]*)?"[^>]*></script>\n?')
_EMPTY_HEAD = re.compile(r"<thead>\s*<tr[^>]*>(?:\s*<th[^>]*>\s*(?:<p>\s*</p>)?\s*</th>)+\s*</tr>\s*</thead>\n?")
_SIDEBAR = '<div class="sidebar-primary-items__start sidebar-primary__section">'
_THEME = 'localStorage.getItem("theme") || "auto"'
_THEME_AT_ONCE = (
    '((mode) => mode !== "auto" ? mode : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")'
    '(localStorage.getItem("mode") || "auto")'
)
"""Which of the two, before anything is drawn: else a page is drawn twice, and in the dark it begins with a flash."""
_NAMELESS = re.compile(r"(>([^<>]+)</a><details[^>]*>)<summary>")


def finished(page: str, without: set[str]) -> str:
    """Return a page without some scripts and empty table heads, with names for its parts, and with its theme at once.

    Examples
    --------
    >>> finished('<script defer src="../a.js?v=1"></script><script src="b.js"></script>', {"a.js"})
    '<script src="b.js"></script>'
    >>> finished('<table><thead><tr><th><p></p></th><th></th></tr></thead><tbody>', set())
    '<table><tbody>'
    >>> finished('<a href="x">Reference</a><details><summary><i></i></summary>', set())
    '<a href="x">Reference</a><details><summary aria-label="Pages of: Reference"><i></i></summary>'
    >>> finished(_SIDEBAR, set())
    '<div class="sidebar-primary-items__start sidebar-primary__section" role="navigation" aria-label="minimask">'
    """
    page = _SCRIPT.sub(lambda script: "" if script[1] in without else script[0], page)
    page = _EMPTY_HEAD.sub("", page)
    page = page.replace(_THEME, _THEME_AT_ONCE)
    page = page.replace(_SIDEBAR, f'{_SIDEBAR[:-1]} role="navigation" aria-label="minimask">')
    return _NAMELESS.sub(r'\1<summary aria-label="Pages of: \2">', page)


def _finish(app: Sphinx, failure: Exception | None) -> None:
    if failure is not None:
        return
    for template in (app.outdir / "_static").rglob("*.html"):  # of the theme; no pages
        template.unlink()
    theme = app.config.html_theme_options
    plain = plain_classes(theme["pygments_light_style"], theme["pygments_dark_style"])
    for file in app.outdir.rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        better = finished(page, ICONS if file.name == "search.html" else ICONS | SEARCH)
        better = with_few_spans(better, plain)
        if better != page:
            file.write_text(better, encoding="utf-8")
    for name in ICONS:
        for script in (app.outdir / "_static" / "scripts").glob(f"{name}*"):
            script.unlink()
    (app.outdir / ".nojekyll").touch()  # else a host of that kind leaves `_static` out


def setup(app: Sphinx) -> None:
    """Come last."""
    app.connect("build-finished", _finish, priority=900)
