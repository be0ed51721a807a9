"""Docstrings in numpydoc's form as Sphinx reads them, by napoleon.

Napoleon would take what stands before a colon in the one line about a constant for its type; these stay as they are.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

from building.sources import ROOT

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_DEFAULT = re.compile(r"<(?:function|class) '?([\w.]+)'?(?: at 0x[0-9a-f]+)?>")
HOW: Any = Config(
    napoleon_use_param=False,  # types of parameters are words here, such as `array (N, 4)`
    napoleon_use_rtype=False,
    napoleon_use_ivar=True,
)


def _as_restructured(app: Sphinx, what: Any, name: str, obj: Any, options: Any, lines: list[str]) -> None:  # noqa: ANN401
    if what in ("attribute", "data"):
        return
    kind: Any = "method" if what == "property" else what
    lines[:] = NumpyDocstring(lines, HOW, app, kind, name, obj, options).lines()


def _readable(app: Sphinx, what: str, name: str, obj: Any, options: Any, arguments: str | None, gives: str) -> Any:  # noqa: ANN401, ARG001
    """Return a signature in which defaults that are functions or classes go by their names, the same every time."""
    return (_DEFAULT.sub(r"\1", arguments), gives) if arguments else None


def _without_place(app: Sphinx, doctree: nodes.document) -> None:  # noqa: ARG001
    """Take out where on this machine the repository lies, from constants that are paths."""
    here = f"{ROOT}{os.sep}"
    for text in list(doctree.findall(nodes.Text)):
        if here in text:
            text.parent.replace(text, nodes.Text(text.replace(here, "")))


def setup(app: Sphinx) -> None:
    """Read docstrings so."""
    app.connect("autodoc-process-signature", _readable)
    app.connect("doctree-read", _without_place)
    app.connect("autodoc-process-docstring", _as_restructured)
