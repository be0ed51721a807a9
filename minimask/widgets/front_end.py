"""The widgets' front end: ES modules and style sheets, joined without a bundler.

The modules lie beside this file in `js/` and import each other by name, so that a browser can load them as they are. A
widget travels to the browser as one string, however; `module` makes it. `page` puts a widget on a page of its own that
works without a kernel and without a network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from minimask.plots import style
from minimask.widgets.shades import RAMPS

FOLDER = Path(__file__).parent / "js"

_IMPORT = re.compile(r'^import [^;]*? from "\./(\w+)\.js";\n', flags=re.MULTILINE)
_COMMENT = re.compile(r"^ *(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/)\n", flags=re.MULTILINE | re.DOTALL)
_DECLARED = re.compile(r"^(?=(?:async )?(?:function\*?|const|let|class) )", flags=re.MULTILINE)
_NAME = re.compile(r"(?:async )?(?:function\*?|const|let|class) (\w+)")
_QUOTED = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)""")
_NESTED = re.compile(r"`[^`]*\$\{[^`}]*`")
_PUNCTUATION = re.compile(r" *([=*<>?:,;{}()\[\]&|!]) *|(?<=[\w)\]]) ([-+/]) (?=[\w(\[])")
_LINES = re.compile(r"([{;,(\[\n])\n+")
_TYPE = re.compile(r"/\*\*(?:(?!\*/).)*\*/ ?")
_COLORS = ("INK", "MUTED", "GRID", "PAPER", "SHAPE", "SHAPE_EDGE", "TIGHT", "BEST", "YOURS", "HIGHLIGHT")


def module(name: str, *, lean: bool = False, tight: bool = False) -> str:
    """Return the ES module `js/<name>.js` with all that it imports, as one module.

    What a module imports stands before it; the import lines go, and so does the word `export` everywhere but in the
    module asked for. All names share one scope, hence no two modules may declare the same name at their top level.
    Comments on lines of their own stay at home, because every saved notebook holds a copy of its widgets' modules.

    Parameters
    ----------
    name : str
        The module's file name without its ending.
    lean : bool
        Whether what nobody asks for stays at home, too: functions and constants of imported modules that are never
        named, and the white space in front of lines.
    tight : bool
        Whether spaces beside punctuation and comments within lines do as well, outside of quotes; of a lean one only.

    Returns
    -------
    str
        JavaScript.

    Raises
    ------
    ValueError
        If a module that is to be tight has a template within a template, whose quotes cannot be told apart.
    """
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        source = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        for needed in _IMPORT.findall(source):
            if needed not in parts:
                add(needed)
        parts[name] = _IMPORT.sub("", source)

    add(name)
    main = parts.pop(name)
    needed = [re.sub(r"^export ", "", part, flags=re.MULTILINE) for part in parts.values()]
    if not lean:
        return _COMMENT.sub("", "\n".join([*needed, main]))
    kept = _used(_COMMENT.sub("", "\n".join(needed)), _COMMENT.sub("", main))
    joined = re.sub(r"^ +", "", f"{kept}\n{_COMMENT.sub('', main)}", flags=re.MULTILINE)
    return _tight(joined) if tight else joined


def _tight(source: str) -> str:
    """Return JavaScript without spaces beside punctuation, but where a sign follows: `a - -b` needs them."""
    nested = _NESTED.search(source)
    if nested:
        raise ValueError(f"a tight module must have no template within a template, got {nested[0]}")
    parts = _QUOTED.split(source)
    parts[::2] = [_LINES.sub(r"\1", _PUNCTUATION.sub(r"\1\2", _TYPE.sub("", part))) for part in parts[::2]]
    return "".join(parts)


def _used(source: str, main: str) -> str:
    """Return the declarations at the top level of a source that `main` names, and those that these name in turn."""
    chunks = [chunk for chunk in _DECLARED.split(source) if chunk.strip()]
    waiting = {match[1]: chunk for chunk in chunks if (match := _NAME.match(chunk))}
    found, asked = {chunk for chunk in chunks if not _NAME.match(chunk)}, [main]
    while asked:
        words = set(re.findall(r"\w+", asked.pop()))
        for name in words & set(waiting):
            found.add(waiting[name])
            asked.append(waiting.pop(name))
    return "".join(chunk for chunk in chunks if chunk in found)


def style_sheet(name: str, *, tight: bool = False) -> str:
    """Return the style sheet of a widget: the palette as CSS variables, what all widgets share, and `js/<name>.css`.

    A tight one travels without comments and without white space that it can do without.
    """
    colors = {name.lower().replace("_", "-"): getattr(style, name) for name in _COLORS}
    for ramp, (low, high) in RAMPS.items():
        colors |= {f"{ramp}-low": low, f"{ramp}-high": high}
    palette = "".join(f"--mm-{name}: {color}; " for name, color in colors.items())
    sheets = [(FOLDER / f"{part}.css").read_text(encoding="utf-8") for part in ("minimask", name)]
    joined = "\n".join([f".minimask {{ {palette}}}", *sheets])
    if not tight:
        return joined
    plain = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", joined, flags=re.DOTALL))
    return re.sub(r" ?([{};,>]) ?", r"\1", plain).replace(": ", ":")


def page(title: str, esm: str, css: str, traits: Mapping[str, Any]) -> str:
    """Return an HTML page with one widget that needs neither a kernel nor a network.

    Parameters
    ----------
    title : str
    esm, css : str
        What `module` and `style_sheet` return.
    traits : mapping
        What the front end asks its model for; JSON.

    Returns
    -------
    str
        HTML.
    """
    # A script element ends at the first `</`, also within a string.
    module_text, values = (json.dumps(value).replace("</", "<\\/") for value in (esm, dict(traits)))
    return _PAGE.format(title=escape(title), css=css, esm=module_text, traits=values)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0 auto; max-width: 60rem; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; }}
@media (max-width: 30rem) {{ body {{ padding: 0.25rem; }} }}
{css}
</style>
</head>
<body>
<main>
<h1 class="mm-unseen">{title}</h1>
<div id="widget"></div>
</main>
<script type="module">
// What a widget asks of its model, without a kernel behind it.
const traits = {traits};
const listeners = {{}};
const model = {{
  get: (name) => traits[name],
  set(name, value) {{
    traits[name] = value;
    (listeners[`change:${{name}}`] ?? []).forEach((listener) => listener());
  }},
  on: (event, listener) => (listeners[event] ??= []).push(listener),
  off: (event, listener) => (listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener)),
  save_changes() {{}},
  send() {{}},
}};
const source = URL.createObjectURL(new Blob([{esm}], {{ type: "text/javascript" }}));
const {{ default: widget }} = await import(source);
await widget.render({{ model, el: document.getElementById("widget") }});
window.minimask = {{ model }};
</script>
</body>
</html>
"""
