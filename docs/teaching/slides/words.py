"""Markdown with formulas as HTML that needs nothing else: formulas become MathML, links to chapters links to decks."""

from __future__ import annotations

import re

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

KEPT_WHOLE = re.compile(r"\$[^$]+\$|`[^`]+`|\*\*[^*]+\*\*|\([^()]*\)")
NO_END = re.compile(r"(?<=\bet al)\.|(?<=\be\.g)\.")
LETTERS = re.compile(r'(?:<mi mathvariant="normal">[A-Za-z]</mi>){2,}')


def formula(latex: str, display: bool = True) -> str:
    r"""Return a formula as MathML.

    Examples
    --------
    >>> formula(r"\mathrm{IoU}", display=False)
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><mrow><mi>IoU</mi></mrow></mrow></math>'
    """
    made: str = convert(latex, display="block" if display else "inline")
    made = LETTERS.sub(lambda run: f"<mi>{''.join(re.findall('>([A-Za-z])<', run[0]))}</mi>", made)
    return re.sub(r"<mo([^>]*)>(&#x0007C;|\|)</mo>", r'<mo\1 lspace="0" rspace="0">|</mo>', made)


def _markdown() -> MarkdownIt:
    made = MarkdownIt("commonmark").enable("table")
    made.use(dollarmath_plugin, renderer=lambda latex, options: formula(latex, options["display_mode"]))
    return made


MARKDOWN = _markdown()


def as_html(words: str) -> str:
    """Return Markdown as HTML, with links from chapter to chapter made links from deck to deck."""
    html: str = MARKDOWN.render(words)
    html = re.sub(r'href="(?:[^":]*/)?(\w+)\.ipynb(#[^"]*)?"', r'href="\1.html"', html)
    return re.sub(r'<a href="(?!\w+\.html")[^"]*">(.*?)</a>', r"\1", html)  # other pages are not beside the deck


def as_line(words: str) -> str:
    """Return Markdown of a single paragraph as HTML without the paragraph.

    Examples
    --------
    >>> as_line("**two** of $n$ and [6a](06a_nuclei.ipynb)").split(" of ")[0]
    '<strong>two</strong>'
    """
    return re.sub(r"^<p>|</p>\s*$", "", as_html(words).strip())


def sentences(words: str) -> list[str]:
    """Return the sentences of a paragraph; a formula, code, or what stands in brackets is never cut.

    Examples
    --------
    >>> sentences("It is `a. B` here. Is $x$ so (Yes. No.)? Lin et al. Say so.")
    ['It is `a. B` here.', 'Is $x$ so (Yes. No.)?', 'Lin et al. Say so.']
    """
    whole: list[str] = []

    def hide(found: re.Match[str]) -> str:
        whole.append(found[0])
        return f"\x00{len(whole) - 1}\x01"

    def show(hidden: str) -> str:
        return re.sub("\x00(\\d+)\x01", lambda mark: whole[int(mark[1])], hidden)

    hidden = NO_END.sub(hide, KEPT_WHOLE.sub(hide, words))
    joined: list[str] = []
    for part in re.split("(?<=[.?!:\x01])\\s+(?=[\"'(*`$A-Z0-9\x00])", hidden):
        before = show(joined[-1]) if joined else ""
        ended = re.search(r"[.?!:]\W*$", before) and not before.endswith(("et al.", "e.g."))
        if joined and not ended:  # what was hidden ended no sentence
            joined[-1] += " " + part
        else:
            joined.append(part)
    return list(map(show, joined))


SAYS_LITTLE = 40
"""A sentence of fewer characters does not stand alone."""


def first_sentences(words: str, most: int) -> str:
    """Return as many whole sentences from the beginning as `most` characters hold, but at least one that says much.

    Examples
    --------
    >>> first_sentences("One is here. Two follows. Three is left out.", 30)
    'One is here. Two follows. Three is left out.'
    >>> first_sentences("The first sentence says a good deal already. The second one is left out.", 50)
    'The first sentence says a good deal already.'
    """
    kept, *rest = sentences(words) or [""]
    for sentence in rest:
        if len(kept) + len(sentence) + 1 > most and len(kept) >= SAYS_LITTLE:
            break
        kept += " " + sentence
    return kept


def last_sentences(words: str, most: int) -> str:
    """Return as many whole sentences from the end as `most` characters hold, but at least one.

    Examples
    --------
    >>> last_sentences("One is left out. Two is here. Three, too.", 30)
    'Two is here. Three, too.'
    """
    *rest, kept = sentences(words) or [""]
    for sentence in reversed(rest):
        if len(kept) + len(sentence) + 1 > most:
            break
        kept = sentence + " " + kept
    return kept
