"""How the pages look: themes that the model learns from, and others that it never sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

SEEN = ("native", "rounded", "flat", "shadow", "dark", "dense", "outline", "gradient")
"""Themes of the pages to learn from."""
UNSEEN = ("pill", "terminal", "print")
"""Themes that no page to learn from has."""
THEMES = (*SEEN, *UNSEEN)

FONTS = ("'Liberation Sans', Arial, sans-serif", "'DejaVu Sans', Verdana, sans-serif", "'Liberation Serif', serif")
"""By what is on most machines; a browser without them takes others, and its pages look a little different."""
BASE = """
* { box-sizing: border-box; }
html, body { margin: 0; width: 256px; height: 192px; overflow: hidden; }
body { position: relative; padding: var(--edge); background: var(--paper); color: var(--ink);
  font: var(--size)/1.4 var(--font); }
button, input, textarea { font: inherit; margin: 0; }
button { display: inline-flex; align-items: center; justify-content: center; gap: 3px; white-space: nowrap; flex: none;
  height: var(--tall); padding: 0 var(--inner); }
input.field, textarea { height: var(--tall); min-width: 0; padding: 0 4px; resize: none; }
textarea { padding-top: 2px; overflow: hidden; }
input[type=checkbox], input[type=radio] { width: var(--box); height: var(--box); flex: none; border-radius: 2px;
  accent-color: var(--accent); }
input[type=radio] { border-radius: 50%; }
img { display: block; border-radius: var(--round); object-fit: fill; flex: none; }
.row { display: flex; align-items: center; gap: var(--gap); }
.column { display: flex; flex-direction: column; gap: var(--gap); align-items: flex-start; }
.wide { width: 100%; } .grow { flex: 1; } .wrap { flex-wrap: wrap; } .end { justify-content: flex-end; }
.above { position: absolute; z-index: 2; }
.panel { padding: var(--inner); border-radius: calc(var(--round) + 2px); background: var(--surface);
  border: 1px solid var(--line); }
.title { font-weight: bold; font-size: 1.15em; }
.line { overflow: hidden; white-space: nowrap; width: 100%; }
.quiet { color: var(--muted); }
.badge { position: absolute; z-index: 1; min-width: 11px; height: 11px; border-radius: 6px; background: #d6263b;
  color: white; font: bold 8px/11px 'Liberation Sans', sans-serif; text-align: center; }
::placeholder { color: var(--muted); opacity: 1; }
"""
"""What all themes share. Widths and heights are stated, so that nothing moves where a control is painted flat."""
OWN_CONTROLS = """
button, input.field, textarea { border-radius: var(--round); color: var(--ink); }
button { border: 1px solid var(--line); background: var(--raised); }
button.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); }
input.field, textarea { border: 1px solid var(--line); background: var(--well); }
input[type=checkbox], input[type=radio] { appearance: none; border: 1px solid var(--edge-of-box);
  background: var(--well); }
input[type=checkbox]:checked { background: var(--accent); border-color: var(--accent); }
input[type=checkbox]:checked { background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'
 viewBox='0 0 16 16'%3E%3Cpath d='M3 8l4 4 6-8' fill='none' stroke='white' stroke-width='2.5'/%3E%3C/svg%3E"); }
input[type=radio]:checked { border: calc(var(--box) * .3) solid var(--accent); }
"""
"""Of themes that draw their controls themselves."""
MORE = {
    "native": ".panel { box-shadow: 0 1px 4px #0005; } html.flat button, html.flat input.field,"
    " html.flat textarea { border-radius: 3px; }",
    "rounded": OWN_CONTROLS + ".above.panel { box-shadow: 0 2px 8px #0004; }",
    "flat": OWN_CONTROLS + "button, input.field, textarea { border-color: transparent; } .above.panel { border: 0; }",
    "shadow": OWN_CONTROLS
    + "button, .panel { border-color: transparent; box-shadow: 0 1px 3px #0006; } input.field, textarea"
    " { box-shadow: inset 0 1px 2px #0003; }",
    "dark": OWN_CONTROLS + ".above.panel { box-shadow: 0 2px 10px #000a; }",
    "dense": OWN_CONTROLS,
    "outline": OWN_CONTROLS + "button { background: transparent; border-color: var(--accent); color: var(--accent); }"
    " .panel { border-width: 1.5px; border-color: var(--ink); }",
    "gradient": OWN_CONTROLS + "button { background: linear-gradient(#fffd, #fff0 60%, #0001) var(--raised); }"
    " button.main { background: linear-gradient(#fff6, #0001) var(--accent); }"
    " .above.panel { box-shadow: 0 3px 9px #0005; }",
    "pill": OWN_CONTROLS + "body { background: linear-gradient(150deg, var(--paper), var(--raised)); }"
    " button { border: 0; box-shadow: 0 2px 4px #0003; } .panel { border: 0; box-shadow: 0 4px 12px #0004; }",
    "terminal": OWN_CONTROLS
    + "button, button.main { background: transparent; color: var(--accent); border: 1px dashed var(--accent); }"
    " .above.panel { border: 2px solid var(--accent); } .title { text-transform: uppercase; }",
    "print": OWN_CONTROLS
    + "input.field, textarea { border-width: 0 0 1px 0; background: transparent; border-radius: 0; }"
    " button { border: 2px solid var(--ink); background: transparent; } .title { font-style: italic; }",
}
"""What each adds."""


def theme_css(theme: str, rng: np.random.Generator) -> str:
    """Return the style sheet of a theme; colors, sizes and font are drawn within what the theme allows.

    Parameters
    ----------
    theme : str
        One of `THEMES`.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, got {theme!r}")
    values = _common(rng)
    values.update(CHANGES.get(theme, _nothing)(rng, values))
    declared = " ".join(f"--{name}: {value};" for name, value in values.items())
    return f":root {{ {declared} }}\n{BASE}{MORE[theme]}"


def _common(rng: np.random.Generator) -> dict[str, str]:
    """Return what a light theme has."""
    hue, strong, size = int(rng.integers(360)), int(rng.integers(50, 90)), int(rng.integers(9, 12))
    tint = f"{hue},{rng.integers(5, 40)}%"
    return {
        "size": f"{size}px",
        "font": FONTS[int(rng.choice(3, p=(0.5, 0.35, 0.15)))],
        "edge": f"{rng.integers(5, 12)}px",
        "gap": f"{rng.integers(4, 8)}px",
        "inner": f"{rng.integers(5, 9)}px",
        "tall": f"{size + rng.integers(7, 12)}px",
        "box": f"{rng.integers(11, 15)}px",
        "round": f"{rng.integers(1, 4)}px",
        "paper": f"hsl({tint},{rng.integers(93, 101)}%)",
        "surface": f"hsl({tint},{rng.integers(96, 101)}%)",
        "raised": f"hsl({tint},{rng.integers(82, 94)}%)",
        "well": f"hsl({tint},{rng.integers(96, 101)}%)",
        "line": f"hsl({tint},{rng.integers(55, 78)}%)",
        "edge-of-box": f"hsl({tint},{rng.integers(35, 60)}%)",
        "ink": f"hsl({tint},{rng.integers(8, 25)}%)",
        "muted": f"hsl({tint},{rng.integers(40, 56)}%)",
        "accent": f"hsl({hue},{strong}%,{rng.integers(30, 48)}%)",
        "on-accent": "white",
    }


def _nothing(_rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    return {}


def _rounded(rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    return {"round": f"{rng.integers(4, 8)}px"}


def _flat(rng: np.random.Generator, values: Mapping[str, str]) -> dict[str, str]:
    return {"round": f"{rng.integers(0, 2)}px", "well": values["raised"], "surface": "hsl(0,0%,88%)"}


def _shaded(rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    return {"round": f"{rng.integers(2, 6)}px", "raised": "white", "paper": f"hsl({rng.integers(360)},15%,92%)"}


def _dark(rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    hue, dark = int(rng.integers(360)), int(rng.integers(7, 20))
    levels = {"paper": dark, "surface": dark + 7, "raised": dark + 17, "well": dark - 4, "line": dark + 26, "ink": 92}
    colors = {name: f"hsl({hue},{rng.integers(5, 25)}%,{level}%)" for name, level in levels.items()}
    return {**colors, "edge-of-box": f"hsl({hue},10%,{dark + 45}%)", "muted": f"hsl({hue},8%,62%)"}


def _dense(rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    small = {"size": "9px", "edge": "4px", "gap": "3px", "inner": "4px", "tall": f"{rng.integers(14, 17)}px"}
    return {**small, "box": "10px", "round": f"{rng.integers(0, 3)}px"}


def _pill(rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    hue = int(rng.integers(360))
    return {"round": "12px", "inner": "10px", "paper": f"hsl({hue},70%,94%)", "raised": f"hsl({hue + 60},70%,86%)"}


def _terminal(rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    bright = f"hsl({int(rng.choice((110, 40, 190)))},80%,62%)"
    dark = {"paper": "#0a0f0a", "surface": "#101810", "raised": "#101810", "well": "#050805"}
    lines = {"ink": bright, "muted": bright, "line": bright, "edge-of-box": bright, "accent": bright}
    return {**dark, **lines, "round": "0px", "font": "'Liberation Mono', monospace", "on-accent": "black"}


def _print(_rng: np.random.Generator, _values: Mapping[str, str]) -> dict[str, str]:
    paper = {"paper": "#fdfaf2", "surface": "#fdfaf2", "raised": "#fdfaf2", "well": "#fdfaf2"}
    return {**paper, "ink": "#222", "line": "#222", "edge-of-box": "#222", "round": "0px", "font": FONTS[2]}


CHANGES: dict[str, Callable[[np.random.Generator, Mapping[str, str]], dict[str, str]]] = {
    "rounded": _rounded,
    "flat": _flat,
    "shadow": _shaded,
    "dark": _dark,
    "dense": _dense,
    "pill": _pill,
    "terminal": _terminal,
    "print": _print,
}
"""How a theme's colors and sizes differ from the common ones."""
