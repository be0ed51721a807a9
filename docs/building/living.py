"""Widgets on pages without a kernel: scripts that a page loads when a widget comes near.

Browsers refuse to load ES modules and data from a page that was opened as a file. So that a copied folder works too,
each widget travels as a classic script with its style sheet, and each state as another; `_static/living.js` joins them.
"""

from __future__ import annotations

import hashlib
import html
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from building.tree import Tree
from minimask import widgets
from minimask.widgets import front_end

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
NAMES = tuple(widgets.__all__)
"""The classes of all widgets."""
_EVERY_WIDGETS = {"layout", "tabbable", "tooltip"}


@dataclass(frozen=True)
class Living:
    """A widget as a notebook keeps it.

    Parameters
    ----------
    name : str
        Its class.
    traits : mapping
        What its front end asks its model for.
    still : str
        HTML for where there is no JavaScript: an `img` of it, described.
    """

    name: str
    traits: Mapping[str, Any]
    still: str

    @property
    def module(self) -> str:
        """The file in `js/` without its ending."""
        return module_of(self.name)

    @property
    def data(self) -> str:
        """What its state is called."""
        content = json.dumps(self.traits, sort_keys=True).encode()
        return f"{self.module}-{hashlib.sha256(content).hexdigest()[:12]}"

    def markup(self, still: str) -> str:
        """Return the place on a page where it comes to life; `still` is its picture with a path for that page."""
        words = inspect.getdoc(getattr(widgets, self.name)) or self.name
        label = html.escape(words.partition(":")[0], quote=True)
        return (
            f'<div class="living" data-widget="{self.module}" data-state="{self.data}" role="group" '
            f'aria-label="{label}, a living picture">{still}</div>'
        )

    def write(self, tree: Tree, folder: str) -> None:
        """Write its state as a script."""
        text = json.dumps(self.traits, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        tree.write(f"{folder}/{self.data}.js", f"minimaskLiving.state({json.dumps(self.data)}, {text});\n")


def module_of(name: str) -> str:
    """Return the module in `js/` of a widget's class.

    Examples
    --------
    >>> module_of("RoIWindow")
    'roi_window'
    """
    return str(getattr(widgets, name).__module__).rpartition(".")[2]


def kept_in(notebook: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the class and the traits of every widget of minimask that a notebook keeps, by the model's id."""
    kept = {}
    for model, saved in notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {}).items():
        state = saved["state"]
        if str(state.get("_anywidget_id", "")).startswith("minimask."):
            name = state["_anywidget_id"].rpartition(".")[2]
            own = {k: v for k, v in state.items() if not k.startswith("_") and k not in _EVERY_WIDGETS}
            kept[model] = (name, own)
    return kept


def instead(name: str, traits: Mapping[str, Any], words: str) -> str:
    """Return what stands for a widget that its notebook shows without a still picture, since it grows as it runs.

    That is a picture of a training monitor, and of others what the notebook says in words.
    """
    if name != "TrainingMonitor":
        return f"<p>{html.escape(words)}</p>"
    monitor = widgets.TrainingMonitor(())
    for trait, value in traits.items():
        monitor.set_trait(trait, value)
    return str(monitor.still()._repr_mimebundle_()["text/html"])


def write_widgets(tree: Tree, folder: str) -> None:
    """Write the scripts of all widgets."""
    for module in map(module_of, NAMES):
        source, count = re.subn(r"^export default ", "return ", front_end.module(module), flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"js/{module}.js must have one default export, got {count}")
        source = re.sub(r"^export ", "", source, flags=re.MULTILINE)
        css = json.dumps(front_end.style_sheet(module, tight=True))
        script = f"minimaskLiving.widget({json.dumps(module)}, {css}, () => {{\n{source}\n}});\n"
        tree.write(f"{folder}/{module}.js", script)
