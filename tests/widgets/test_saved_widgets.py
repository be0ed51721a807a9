"""Widgets that were saved with the chapters: they live on without a kernel, and so must be those of today."""

import json
from pathlib import Path

import pytest

from minimask.widgets import BoxCeiling

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MIME = "application/vnd.jupyter.widget-state+json"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_saved_widgets_are_those_of_today(path):
    saved = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("widgets", {}).get(MIME, {}).get("state", {})
    fronts = [model["state"] for model in saved.values() if "_esm" in model["state"]]
    ours = [state for state in fronts if state["_anywidget_id"].endswith(".BoxCeiling")]
    assert ours or not path.stem.startswith("01")
    for state in ours:
        again = f"{path.name} holds an older copy of the widget: run `python start.py notebooks`"
        assert state["_esm"] == BoxCeiling._esm, again
        assert state["_css"] == BoxCeiling._css, again
