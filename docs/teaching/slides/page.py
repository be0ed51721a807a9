"""A deck as one HTML file, with its styles, its keys and all pictures inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from slides.cutting import Slide, runs_of

HERE = Path(__file__).parent


def as_page(name: str, slides: Sequence[Slide]) -> str:
    """Return a deck as a page that needs no other file.

    Parameters
    ----------
    name : str
        Of the deck: what the window is called.
    slides : sequence of Slide
    """
    contents = "".join(f'<li><a href="#{number + 1}">{where}</a></li>' for number, where in runs_of(slides) if where)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:image/png,">',  # else browsers ask for a picture that is not there
            f"<title>{escape(re.sub('<[^>]+>', '', name))}</title>",
            f"<style>{(HERE / 'deck.css').read_text(encoding='utf-8')}</style></head>",
            "<body>",
            f"<main>{''.join(_section(number, slide) for number, slide in enumerate(slides, 1))}</main>",
            '<p class="foot" aria-hidden="true"></p><div class="bar" aria-hidden="true"><i></i></div>',
            '<p class="live" role="status"></p>',
            SPEAKER,
            f'<dialog aria-label="Contents"><h2>Contents</h2><ol>{contents}</ol>{KEYS}</dialog>',
            f"<script>{(HERE / 'deck.js').read_text(encoding='utf-8')}</script>",
            "</body></html>",
            "",
        ]
    )


SPEAKER = """<aside class="speaker" aria-label="Speaker notes">
<p class="clock"></p><div class="said"></div><p class="next"></p></aside>"""

KEYS = """<h2>Keys</h2><dl>
<dt><kbd>→</kbd> <kbd>Space</kbd></dt><dd>next; first what is still hidden on the slide</dd>
<dt><kbd>←</kbd></dt><dd>back</dd> <dt><kbd>Home</kbd> <kbd>End</kbd></dt><dd>first, last</dd>
<dt><kbd>C</kbd></dt><dd>contents</dd> <dt><kbd>N</kbd></dt><dd>notes beside the slide</dd>
<dt><kbd>S</kbd></dt><dd>a second window with the notes, for your own screen</dd>
<dt><kbd>F</kbd></dt><dd>full screen</dd> <dt><kbd>P</kbd></dt><dd>print, or save as PDF</dd></dl>
<form method="dialog"><button>Close</button></form>"""


def _section(number: int, slide: Slide) -> str:
    level = "h1" if number == 1 else "h2"
    where = f'<p class="where">{escape(slide.where)}</p>' if slide.where and slide.kind != "heading" else ""
    return (
        f'<div class="slide {slide.kind}" id="{number}" role="group" aria-roledescription="slide" '
        f'aria-labelledby="h{number}">{where}'
        f'<{level} id="h{number}" tabindex="-1">{slide.title}</{level}>'
        f'<div class="body">{slide.body}</div><div class="notes" hidden>{slide.notes}</div></div>\n'
    )


def as_index(decks: Sequence[tuple[str, str, int]]) -> str:
    """Return a page of links to decks, given as `(file, name, number of slides)`."""
    lines = "".join(f'<li><a href="{file}">{name}</a> <small>{many} slides</small></li>' for file, name, many in decks)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width, initial-scale=1"><link rel="icon" href="data:image/png,">'
        "<title>Slides of minimask</title><style>body{font:20px/1.6 "
        "system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1f2430;background:#fff}"
        "a{color:#0072b2}small{color:#5b6270}</style></head><body><main><h1>Slides</h1><p>One deck a chapter, made "
        "from its notebook. <kbd>C</kbd> shows the contents and the keys, <kbd>S</kbd> opens the speaker's window.</p>"
        f"<ol>{lines}</ol></main></body></html>\n"
    )
