"""Code on pages with as few elements as its colors need: of the names and brackets that look like any text, none."""

from __future__ import annotations

import re

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text

_CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_SPAN = re.compile(r'<span class="(\w+)">([^<]*)</span>')
_PAIR = re.compile(r'(<span class="(\w+)">[^<]*)</span>(\s*)<span class="\2">')


def plain_classes(*styles: str) -> set[str]:
    """Return the classes of code that look like plain text in all of some styles.

    Examples
    --------
    >>> "n" in plain_classes("a11y-high-contrast-light"), "k" in plain_classes("a11y-high-contrast-light")
    (True, False)
    """
    plain = set(STANDARD_TYPES.values()) - {""}
    for style in map(get_style_by_name, styles):
        text = style.style_for_token(Text)
        plain &= {short for token, short in STANDARD_TYPES.items() if style.style_for_token(token) == text}
    return plain


def with_few_spans(page: str, plain: set[str]) -> str:
    """Return a page whose code has no spans of plain classes, and one where several of one class were side by side.

    Examples
    --------
    >>> with_few_spans('<pre><span class="n">a</span><span class="o">+</span> <span class="o">-</span></pre>', {"n"})
    '<pre>a<span class="o">+ -</span></pre>'
    """
    return _CODE.sub(lambda code: _fewer(code[0], plain), page)


def _fewer(code: str, plain: set[str]) -> str:
    code = _SPAN.sub(lambda span: span[2] if span[1] in plain else span[0], code)
    while (joined := _PAIR.sub(r"\1\3", code)) != code:
        code = joined
    return code
