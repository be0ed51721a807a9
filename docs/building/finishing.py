"""The last touch to every page, when the theme has written it: light, and named for those who listen to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ICONS = {"fontawesome.js"}
"""1.5 MB that draw the icons which the theme's font has already."""
OPTIONS = "documentation_options.js"
"""What Sphinx's scripts ask about a site."""
SEARCH = {"searchtools.js", "language_data.js", "searchindex.js"}
"""For searching while one types, which is off; needed on the page of results only."""
_SCRIPT = re.compile(r'<script\b[^>]*\bsrc="[^"]*?([\w-]+\.js)(?:\?[^"]*)?"[^>]*></script>\n?')
_WAITING = re.compile(r"<script(?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async)\b)")
_OPTION = re.compile(r"\s*<script>(DOCUMENTATION_OPTIONS\.[^<]*)</script>")
_FIRST_SHEET = re.compile(r'<link\b[^>]*\brel="stylesheet"')
_EMPTY_HEAD = re.compile(r"<thead>\s*<tr[^>]*>(?:\s*<th[^>]*>\s*(?:<p>\s*</p>)?\s*</th>)+\s*</tr>\s*</thead>\n?")
_SIDEBAR = '<div class="sidebar-primary-items__start sidebar-primary__section">'
_NAMELESS = re.compile(r"(>([^<>]+)</a><details[^>]*>)<summary>")


def flowing(page: str, options: str) -> str:
    """Return a page that is read on while its style sheets and scripts come: a script behind a sheet waits for it.

    `options` is what `documentation_options.js` says, which every page changes a little; both go before the sheets.
    A page that Sphinx has not written anew stays as it is.

    Examples
    --------
    >>> head = '<link rel="stylesheet" href="a.css"/>'
    >>> head += '<script>DOCUMENTATION_OPTIONS.pagename = "b";</script><script src="c.js"></script>'
    >>> page = flowing(head, "const DOCUMENTATION_OPTIONS = {};")
    >>> print(page)
    <script>const DOCUMENTATION_OPTIONS = {}; DOCUMENTATION_OPTIONS.pagename = "b";</script>
    <link rel="stylesheet" href="a.css"/><script defer src="c.js"></script>
    >>> flowing(page, "const DOCUMENTATION_OPTIONS = {};") == page
    True
    """
    changes = _OPTION.findall(page)
    if not changes:
        return page
    settings = " ".join([options, *changes])
    page = _WAITING.sub("<script defer", _OPTION.sub("", page))
    return _FIRST_SHEET.sub(lambda sheet: f"<script>{settings}</script>\n{sheet[0]}", page, count=1)


def finished(page: str, without: set[str]) -> str:
    """Return a page without some scripts and without table heads that say nothing; its parts have names.

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
    page = page.replace(_SIDEBAR, f'{_SIDEBAR[:-1]} role="navigation" aria-label="minimask">')
    return _NAMELESS.sub(r'\1<summary aria-label="Pages of: \2">', page)


def _finish(app: Sphinx, failure: Exception | None) -> None:
    if failure is not None:
        return
    for template in (app.outdir / "_static").rglob("*.html"):  # of the theme; no pages
        template.unlink()
    options = re.sub(r"\s+", " ", (app.outdir / "_static" / OPTIONS).read_text(encoding="utf-8"))
    for file in app.outdir.rglob("*.html"):
        page = file.read_text(encoding="utf-8")
        without = ICONS | {OPTIONS} if file.name == "search.html" else ICONS | {OPTIONS} | SEARCH
        better = flowing(finished(page, without), options)
        if better != page:
            file.write_text(better, encoding="utf-8")
    for name in ICONS:
        for script in (app.outdir / "_static" / "scripts").glob(f"{name}*"):
            script.unlink()
    (app.outdir / ".nojekyll").touch()  # else a host of that kind leaves `_static` out


def setup(app: Sphinx) -> None:
    """Come last."""
    app.connect("build-finished", _finish, priority=900)
