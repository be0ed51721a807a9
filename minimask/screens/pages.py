"""The pages: HTML with real controls, each a function of a seed and a number.

Everything on a page that has a class says so itself, by the attribute `data-role`; what stands on its own and has none
(a badge) says `data-role="none"`, so that it can hide others.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from minimask.geometry.checks import as_whole_number
from minimask.screens.drawings import ICONS, drawing, icon
from minimask.screens.themes import SEEN, THEMES, theme_css
from minimask.screens.words import ACTIONS, FIELDS, OPTIONS, chosen, sentence

CLASSES = ("button", "field", "checkbox", "radio", "image", "text", "panel")
"""The names of the labels 1, 2, ...; a text is one line, a panel what holds others: dialog, menu, card, tool bar."""
WIDTH, HEIGHT = 256, 192
"""Of every page, in pixels."""


class Page(NamedTuple):
    """A page as it is written."""

    html: str
    theme: str
    seed: int
    number: int


def make_page(index: int, seed: int = 0, themes: Sequence[str] = SEEN) -> Page:
    """Write a page; the same seed, number and themes write the same one.

    Parameters
    ----------
    index, seed : int, at least 0
    themes : sequence of str
        Of `minimask.screens.themes.THEMES`; one of them is drawn.

    Raises
    ------
    ValueError
        If a number is malformed or a theme unknown.

    Examples
    --------
    >>> page = make_page(0)
    >>> page.theme, page.html.count("data-role") > 5, page == make_page(0)
    ('outline', True, True)
    """
    key = (as_whole_number(index, "index", 0),)
    rng = np.random.default_rng(np.random.SeedSequence(as_whole_number(seed, "seed", 0), spawn_key=key))
    unknown = [theme for theme in themes if theme not in THEMES]
    if unknown or not themes:
        raise ValueError(f"themes must be some of {', '.join(THEMES)}, got {unknown or list(themes)}")
    theme = themes[int(rng.integers(len(themes)))]
    style = theme_css(theme, rng)
    return Page(_document(style, _body(rng)), theme, seed, index)


def _document(style: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>A page</title>\n<style>{style}</style>'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(rng: np.random.Generator) -> str:
    """Return what is on the page: parts below each other, as many as fill it, and what lies above them."""
    order = rng.permutation(len(PARTS))
    parts = [PARTS[k](rng) for k in order[:3]]
    if rng.random() < 0.45:
        parts.insert(0, _bar(rng))
    above = [LAYERS[int(rng.integers(len(LAYERS)))](rng) for _ in range(int(rng.choice(3, p=(0.25, 0.4, 0.35))))]
    return "\n".join([f'<div class="column">{"".join(parts)}</div>', *above])


def text(words: str, kind: str = "", tag: str = "div") -> str:
    """Return a text whose lines are objects."""
    return f'<{tag} class="{kind}"><span data-role="text">{html.escape(words)}</span></{tag}>'


def button(rng: np.random.Generator, words: str = "", *, main: bool = False, badge: bool = True) -> str:
    """Return a button with a word, a sign or both; now and then a badge hides its corner."""
    kind = ' class="main"' if main else ""
    draw = rng.random()
    name = chosen(rng, tuple(ICONS))
    side = int(rng.integers(8, 12))
    if words or draw < 0.6:
        inside, label = html.escape(words or chosen(rng, ACTIONS)), ""
        if draw < 0.2:
            inside = icon(name, side) + inside
    else:
        inside, label = icon(name, side), f' aria-label="{name}"'
    made = f'<button type="button" data-role="button"{kind}{label}>{inside}</button>'
    return _badged(rng, made) if badge and rng.random() < 0.1 else made


def _badged(rng: np.random.Generator, element: str) -> str:
    """Return an element with a number above its corner."""
    number = f'<span class="badge" data-role="none" style="right:-4px;top:-4px">{rng.integers(1, 10)}</span>'
    return f'<span style="position:relative;display:inline-flex;flex:none">{element}{number}</span>'


def field(rng: np.random.Generator, name: str, width: str = "100%", *, many: bool = False) -> str:
    """Return a field for text: empty, with a hint, or filled."""
    draw = rng.random()
    filled = sentence(rng, int(rng.integers(1, 4)))
    label = f'class="field" data-role="field" aria-label="{name}" style="width:{width}'
    if many:
        return f'<textarea {label};height:{rng.integers(28, 44)}px">{filled if draw < 0.5 else ""}</textarea>'
    kind = "password" if name == "Password" else "text"
    held = f' value="{filled}"' if draw < 0.45 else f' placeholder="{filled}"' if draw < 0.75 else ""
    return f'<input type="{kind}"{held} {label}">'


def option(rng: np.random.Generator, kind: str, group: str) -> str:
    """Return a check box or a radio button, and the words beside it."""
    checked = " checked" if rng.random() < 0.45 else ""
    return (
        f'<label class="row" style="gap:4px"><input type="{kind}" name="{group}" data-role="{kind}"{checked}>'
        f'<span data-role="text">{chosen(rng, OPTIONS)}</span></label>'
    )


def image(rng: np.random.Generator, width: int, height: int) -> str:
    """Return a picture."""
    source, what = drawing(rng)
    shape = ";border-radius:50%" if width == height and rng.random() < 0.4 else ""
    style = f"width:{width}px;height:{height}px{shape}"
    return f'<img data-role="image" alt="{what}" src="{source}" style="{style}">'


def _options(rng: np.random.Generator) -> str:
    """Return check boxes or radio buttons, below or beside each other."""
    kind = "checkbox" if rng.random() < 0.5 else "radio"
    group = f"g{rng.integers(10**6)}"
    many = int(rng.integers(2, 5))
    listed = "".join(option(rng, kind, group) for _ in range(many))
    title = text(sentence(rng, 2), "title") if rng.random() < 0.4 else ""
    return f'<div class="column">{title}<div class="{chosen(rng, ("column", "row wrap"))}">{listed}</div></div>'


def _form(rng: np.random.Generator) -> str:
    """Return fields with labels above or beside them, and a button or two."""
    beside = rng.random() < 0.5
    rows = ""
    for _ in range(int(rng.integers(1, 4))):
        name = chosen(rng, FIELDS)
        width = f"{rng.integers(60, 150)}px"
        label, box = text(name), field(rng, name, width, many=rng.random() < 0.12)
        start = f'<div style="width:64px;flex:none">{label}</div>' if beside else label
        rows += f'<div class="{"row" if beside else ""}">{start}{box}</div>'
    ends = button(rng, chosen(rng, ACTIONS), main=True) + (button(rng) if rng.random() < 0.6 else "")
    return f'<div class="column">{rows}<div class="row">{ends}</div></div>'


def _article(rng: np.random.Generator) -> str:
    """Return a headline, a paragraph, and often a picture beside it."""
    words = text(sentence(rng, int(rng.integers(2, 5))), "title")
    words += text(sentence(rng, int(rng.integers(5, 16))), chosen(rng, ("", "quiet")))
    if rng.random() < 0.4:
        return f'<div class="wide">{words}</div>'
    shown = image(rng, int(rng.integers(40, 90)), int(rng.integers(32, 64)))
    turned = ";flex-direction:row-reverse" if rng.random() < 0.5 else ""
    return f'<div class="row wide" style="align-items:flex-start{turned}">{shown}<div class="grow">{words}</div></div>'


def _gallery(rng: np.random.Generator) -> str:
    """Return pictures in a row, with or without words beneath, in cards or not."""
    many = int(rng.integers(2, 5))
    width, height = int(rng.integers(36, 200 // many)), int(rng.integers(28, 60))
    card = rng.random() < 0.3 and many < 4
    kind, role = ("column panel", ' data-role="panel"') if card else ("column", "")
    shown = ""
    for _ in range(many):
        picture = image(rng, width, height)
        picture = _badged(rng, picture) if rng.random() < 0.12 else picture
        words = text(sentence(rng, 1)) if rng.random() < 0.6 or card else ""
        shown += f'<div class="{kind}" style="gap:2px;flex:none"{role}>{picture}{words}</div>'
    return f'<div class="row" style="align-items:flex-start">{shown}</div>'


def _list(rng: np.random.Generator) -> str:
    """Return rows of a small picture or a check box, words and a button."""
    kind, button_too = chosen(rng, ("image", "checkbox", "none")), rng.random() < 0.6
    side = int(rng.integers(14, 26))
    rows = ""
    for _ in range(int(rng.integers(2, 4))):
        start = {
            "image": image(rng, side, side),
            "checkbox": '<input type="checkbox" data-role="checkbox">',
            "none": "",
        }[kind]
        end = button(rng) if button_too else ""
        words = text(sentence(rng, int(rng.integers(1, 4))))
        rows += f'<div class="row wide">{start}<div class="grow">{words}</div>{end}</div>'
    return f'<div class="column wide">{rows}</div>'


def _search(rng: np.random.Generator) -> str:
    """Return a field with a button."""
    width = f"{rng.integers(80, 170)}px"
    return f'<div class="row">{field(rng, "Search", width)}{button(rng, main=rng.random() < 0.5)}</div>'


def _bar(rng: np.random.Generator) -> str:
    """Return a tool bar: buttons, perhaps a title, on a surface of its own or not."""
    start = text(sentence(rng, int(rng.integers(1, 3))), "title") if rng.random() < 0.5 else ""
    buttons = "".join(button(rng) for _ in range(int(rng.integers(2, 4))))
    kind, role = (" panel", ' data-role="panel"') if rng.random() < 0.5 else ("", "")
    return f'<div class="row wide{kind}" style="padding-top:4px;padding-bottom:4px"{role}>{start}{buttons}</div>'


def _card(rng: np.random.Generator) -> str:
    """Return a surface with another part on it."""
    inside = (_options, _form, _search, _article)[int(rng.integers(4))](rng)
    return f'<div class="panel" data-role="panel">{inside}</div>'


PARTS: tuple[Callable[[np.random.Generator], str], ...] = (
    *(_options, _form, _article, _gallery, _list, _search, _card, _form, _gallery, _list, _search),
)
"""What pages are made of."""


def _layer(rng: np.random.Generator, width: int, height: int, role: str, inside: str, more: str = "") -> str:
    """Return a surface above the page, somewhere on it."""
    left, top = int(rng.integers(4, WIDTH - width - 4)), int(rng.integers(8, HEIGHT - height - 8))
    return (
        f'<div class="above panel" role="{role}" data-role="panel" '
        f'style="left:{left}px;top:{top}px;width:{width}px;{more}"><div class="column">{inside}</div></div>'
    )


def _dialog(rng: np.random.Generator) -> str:
    """Return a question with its answers."""
    inside = text(sentence(rng, 2), "title") + text(sentence(rng, int(rng.integers(3, 7))))
    if rng.random() < 0.3:
        inside += field(rng, "Name", "100%")
    answers = button(rng, chosen(rng, ACTIONS), main=True, badge=False) + button(rng, "Cancel", badge=False)
    return _layer(rng, int(rng.integers(110, 160)), 85, "dialog", f'{inside}<div class="row wide end">{answers}</div>')


def _menu(rng: np.random.Generator) -> str:
    """Return a list to choose from."""
    kind, group = chosen(rng, ("checkbox", "radio")), f"m{rng.integers(10**6)}"
    inside = "".join(option(rng, kind, group) for _ in range(int(rng.integers(2, 5))))
    return _layer(rng, int(rng.integers(90, 120)), 70, "menu", inside)


def _tooltip(rng: np.random.Generator) -> str:
    """Return a line about something."""
    more = "background:var(--ink);color:var(--paper);padding:3px 6px" if rng.random() < 0.6 else "padding:3px 6px"
    words = text(sentence(rng, int(rng.integers(1, 3))), "line")
    return _layer(rng, int(rng.integers(40, 110)), 24, "tooltip", words, more)


def _message(rng: np.random.Generator) -> str:
    """Return a message with a button."""
    inside = f'<div class="row wide"><div class="grow">{text(sentence(rng, 2))}</div>{button(rng, badge=False)}</div>'
    return _layer(rng, int(rng.integers(130, 200)), 36, "alertdialog", inside)


def _floating(rng: np.random.Generator) -> str:
    """Return a round button above the page."""
    name, side = chosen(rng, tuple(ICONS)), int(rng.integers(20, 31))
    left, top = int(rng.integers(0, WIDTH - side)), int(rng.integers(0, HEIGHT - side))
    return (
        f'<button type="button" class="above main" data-role="button" aria-label="{name}" style="left:{left}px;'
        f'top:{top}px;width:{side}px;height:{side}px;padding:0;border-radius:50%">{icon(name, side // 2)}</button>'
    )


LAYERS: tuple[Callable[[np.random.Generator], str], ...] = (*(_dialog, _menu, _tooltip, _message, _tooltip, _floating),)
"""What may lie above a page."""
