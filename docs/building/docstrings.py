"""Docstrings in numpydoc's form as Sphinx reads them, by napoleon.

Napoleon would take what stands before a colon in the one line about a constant for its type; these stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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


def setup(app: Sphinx) -> None:
    """Read docstrings so."""
    app.connect("autodoc-process-docstring", _as_restructured)
