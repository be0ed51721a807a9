"""Widgets that were saved with the chapters: they live on without a kernel, and so must be those of today."""

import json
from pathlib import Path

import pytest

from minimask.widgets import (
    AnchorSea,
    AttackStrength,
    BoxCeiling,
    CountExplorer,
    Funnel,
    GradientAlignment,
    RoIWindow,
    ScreenPicker,
    TrainingMonitor,
    WeatherMap,
    XRay,
)

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
MIME = "application/vnd.jupyter.widget-state+json"


ALL = (
    AnchorSea,
    AttackStrength,
    BoxCeiling,
    CountExplorer,
    Funnel,
    GradientAlignment,
    RoIWindow,
    ScreenPicker,
    TrainingMonitor,
    WeatherMap,
    XRay,
)
KINDS = {kind.__name__: kind for kind in ALL}
WANTED = {
    "01": {"BoxCeiling"},
    "02": {"AnchorSea", "Funnel"},
    "03": {"RoIWindow", "WeatherMap"},
    "06a": {"CountExplorer"},
    "06b": {"ScreenPicker"},
    "06c": {"AttackStrength"},
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_saved_widgets_are_those_of_today(path):
    saved = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("widgets", {}).get(MIME, {}).get("state", {})
    fronts = [model["state"] for model in saved.values() if "_esm" in model["state"]]
    kinds = [state["_anywidget_id"].rpartition(".")[2] for state in fronts]
    assert set(kinds) >= WANTED.get(path.stem.partition("_")[0], set())
    for kind, state in zip(kinds, fronts, strict=True):
        again = f"{path.name} holds an older copy of {kind}: run `python start.py notebooks`"
        assert state["_esm"] == KINDS[kind]._esm, again
        assert state["_css"] == KINDS[kind]._css, again
