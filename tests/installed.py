"""What someone has who installed minimask, in a folder of their own: `python installed.py` says what it found.

It asks nothing of the repository, so it can be run wherever a wheel was installed; the first failure ends it.
"""

from __future__ import annotations

import doctest
import importlib
import json
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import minimask
from minimask import widgets

MADE_WITH = {"TrainingMonitor": [()]}
"""What a widget cannot be made without."""
SLOW = {"minimask.model.twin", "minimask.roi.door"}
"""Their examples take many seconds where nothing was compiled yet, and say nothing that the others don't."""


def the_version_is_the_installed_one() -> str:
    assert minimask.__version__ == metadata.version("minimask")
    return f"minimask {minimask.__version__} in {Path(minimask.__file__).parent}"


def every_name_of_the_front_door_is_there() -> str:
    assert all(getattr(minimask, name) is not None for name in minimask.__all__)
    return f"{len(minimask.__all__)} names"


def examples_in_the_documentation_run() -> str:
    things = [getattr(minimask, name) for name in minimask.__all__]
    homes = sorted({getattr(thing, "__module__", None) or thing.__name__ for thing in things} - SLOW)
    results = [doctest.testmod(importlib.import_module(home)) for home in homes]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > len(homes)
    return f"{sum(result.attempted for result in results)} examples in {len(homes)} modules"


def the_ledger_is_there() -> str:
    assert len(minimask.claims()) > 0
    return f"{len(minimask.claims())} claims"


def every_widget_becomes_a_page() -> str:
    with tempfile.TemporaryDirectory() as folder:
        for name in widgets.__all__:
            page = Path(folder) / f"{name}.html"
            widget = getattr(widgets, name)(*MADE_WITH.get(name, []))
            widget.save(page)
            text = page.read_text(encoding="utf-8")
            script = json.dumps(str(widget._esm)).replace("</", "<\\/")
            assert len(script) > 1000 and script in text, f"{name} came without its script"
            assert len(widget._css) > 1000 and widget._css in text, f"{name} came without its style sheet"
    return f"{len(widgets.__all__)} pages"


def what_was_learned_is_there() -> str:
    from minimask.model.lesson import trained_lesson_model

    weights = sum(weight.numel() for weight in trained_lesson_model().parameters())
    assert weights > 1_000_000
    return f"a model of {weights:,} weights"


def every_recipe_is_there() -> str:
    from minimask.training.config import Config
    from minimask.training.recipes import recipe_file, recipe_names

    assert "lesson" in recipe_names()
    for name in recipe_names():
        assert Config.read(recipe_file(name))
    return ", ".join(recipe_names())


def types_are_declared() -> str:
    assert (Path(minimask.__file__).parent / "py.typed").is_file()
    return "py.typed"


CHECKS = (
    the_version_is_the_installed_one,
    every_name_of_the_front_door_is_there,
    examples_in_the_documentation_run,
    the_ledger_is_there,
    every_widget_becomes_a_page,
    what_was_learned_is_there,
    every_recipe_is_there,
    types_are_declared,
)


def main() -> int:
    for check in CHECKS:
        print(f"{check.__name__.replace('_', ' ')}: {check()}", flush=True)
    print(f"{len(CHECKS)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
