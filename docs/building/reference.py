"""The reference of the package: every module is on one page, found by walking the package."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import minimask

PAGES = {
    "geometry": ("Boxes, polygons and masks", ("geometry",)),
    "proposals": (
        "From anchors to proposals",
        ("anchors", "matching", "box_coder", "proposals", "suppression"),
    ),
    "roi": ("Reading features from inside a box", ("roi",)),
    "model": ("The network", ("model",)),
    "gradients": ("Gradients, task by task", ("gradients",)),
    "training": ("Training", ("training",)),
    "evaluation": ("Detecting and measuring", ("detecting", "evaluation", "ledger")),
    "data": ("Pictures and their truth", ("data",)),
    "nuclei": ("Nuclei", ("nuclei",)),
    "screens": ("Screens", ("screens",)),
    "trust": ("Failing, and knowing it", ("trust",)),
    "plots": ("Figures", ("plots",)),
    "widgets": ("Living pictures", ("widgets",)),
    "exercises": ("Exercises", ("exercises",)),
    "classroom": ("For teachers", ("classroom",)),
    "commands": ("Commands", ("cli", "arguments", "predicting", "chapters")),
    "tools": ("Small tools", ("compiled", "folders", "meter")),
}
"""By the name of the page: its title, and the modules and packages on it."""
LEFT_OUT = (
    r"minimask\.__main__",
    r"minimask\.roi\.cuda\w*",  # kernels for graphics cards, which cannot be imported everywhere
    r"minimask\.exercises\.\w+\.\w+",  # the exercises' own files: they hold the solutions
    r"minimask\.widgets\.\w+_(measures|picture|bytes|pages|record|widget)",  # the widgets' inner parts
    r"minimask\.widgets\.(decimals|picture_data|shades)",
)
"""What the reference does not have, as patterns of whole names."""


def modules() -> Iterator[str]:
    """Yield the names of all modules of the package that the reference has."""
    left_out = re.compile("|".join(LEFT_OUT))
    for found in pkgutil.walk_packages(minimask.__path__, "minimask."):
        if not left_out.fullmatch(found.name):
            yield found.name


def page_of(module: str) -> str:
    """Return the page on which a module stands.

    Raises
    ------
    ValueError
        If it stands on none: a new package has to be given a place in `PAGES`.
    """
    room = module.split(".")[1]
    for page, (_, rooms) in PAGES.items():
        if room in rooms:
            return page
    raise ValueError(f"{module} has no page in the reference: add {room!r} to PAGES in {__name__}")


def pages() -> dict[str, str]:
    """Return the text of every page of the reference, by its name."""
    by_page: dict[str, list[str]] = {page: [] for page in PAGES}
    for module in sorted(modules()):
        by_page[page_of(module)].append(module)
    return {page: _text(page, names) for page, names in by_page.items()}


def _text(page: str, names: list[str]) -> str:
    title, _ = PAGES[page]
    parts = "\n".join(f"## {name}\n\n```{{eval-rst}}\n{_directive(name)}\n```\n" for name in names)
    return f"# {title}\n\n{parts}"


def _directive(name: str) -> str:
    parent, _, short = name.rpartition(".")
    if isinstance(getattr(importlib.import_module(parent), short, None), ModuleType | None):
        return f".. automodule:: {name}\n   :members:\n   :ignore-module-all:"
    # The package has a function of the same name: the module itself cannot have an entry of its own.
    module = importlib.import_module(name)
    own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == name and key[0] != "_"]
    return "\n".join([f".. currentmodule:: {name}", *(f".. autoclass:: {key}\n   :members:" for key in own)])
