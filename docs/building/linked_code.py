"""Names between single backticks in docstrings: code, and a link where the reference has an object of that name."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any, TypeVar

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxRole

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

NAME = re.compile(r"[A-Za-z_][\w.]*(?:\(\))?")


class LinkedCode(SphinxRole):
    """Code that leads to what it names, if it names something."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the code, within a reference that may come to nothing."""
        code = nodes.literal(self.rawtext, self.text)
        if not NAME.fullmatch(self.text):
            return [code], []
        scope = {f"py:{part}": self.env.ref_context.get(f"py:{part}") for part in ("module", "class")}
        target = self.text.removesuffix("()")
        link = addnodes.pending_xref("", code, refdomain="py", reftype="obj", reftarget=target, quiet=True, **scope)
        return [link], []


def _stay_code(
    app: Sphinx,  # noqa: ARG001
    env: BuildEnvironment,  # noqa: ARG001
    node: addnodes.pending_xref,
    contnode: nodes.TextElement,
) -> Any:  # noqa: ANN401
    return contnode if node.get("quiet") or _is_type_variable(node["reftarget"]) else None


def _is_type_variable(name: str) -> bool:
    """Tell whether a name is that of a type variable, which no reference has.

    Examples
    --------
    >>> _is_type_variable("minimask.meter.Item"), _is_type_variable("minimask.nms"), _is_type_variable("no.such.T")
    (True, False, False)
    """
    module, _, short = name.rpartition(".")
    try:
        return isinstance(getattr(importlib.import_module(module), short, None), TypeVar)
    except (ImportError, ValueError):
        return False


def setup(app: Sphinx) -> None:
    """Add the role."""
    app.add_role("linked-code", LinkedCode())
    app.connect("missing-reference", _stay_code)
