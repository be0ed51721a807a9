"""Markdown to HTML, as much of it as exercises need, so that their cards need no package to be drawn."""

from __future__ import annotations

import html
import re

_INLINE = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*\s][^*]*)\*")


def markdown_html(text: str) -> str:
    """Return paragraphs, lists of lines that begin with a dash, and code that is indented by four spaces, as HTML.

    Within a line: ``code`` in backticks, **strong** and *emphasized* words. All else is shown as it stands.

    Examples
    --------
    >>> markdown_html("Let `a < b` be **true**.")
    '<p>Let <code>a &lt; b</code> be <strong>true</strong>.</p>'
    """
    return "\n".join(_block(block) for block in re.split(r"\n{2,}", text.strip("\n")) if block.strip())


def _block(block: str) -> str:
    lines = block.splitlines()
    if all(line.startswith("    ") for line in lines):
        code = html.escape("\n".join(line[4:] for line in lines), quote=False)
        return f'<pre style="margin: 0.5em 0 0.5em 2em; line-height: 1.3">{code}</pre>'
    if lines[0].startswith("- "):
        items = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
        return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
    return f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    parts, end = [], 0
    for match in _INLINE.finditer(text):
        tag = match.lastgroup
        parts += [html.escape(text[end : match.start()], quote=False)]
        parts += [f"<{tag}>{html.escape(match[str(tag)], quote=False)}</{tag}>"]
        end = match.end()
    return "".join(parts) + html.escape(text[end:], quote=False)
