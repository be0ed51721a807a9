"""tests/fixtures/anchor_sea.json says what Python computes; the browser is held against the same file."""

import json
from pathlib import Path

import numpy as np
import pytest

from minimask.anchors import Level, Recipe, recipes
from minimask.matching import match
from minimask.widgets import AnchorSea
from minimask.widgets.anchor_sea_measures import describe, nearest_cells, settle

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "anchor_sea.json").read_text(encoding="utf-8"))


def test_odd_cells():
    for odd in FIXTURE["odd_cells"]:
        recipe = Recipe("odd", "", (Level(**odd["level"]),), 0.0, odd["rounding"], "nominal")
        assert recipe.cell_anchors(0).tolist() == odd["anchors"]


def test_the_recipes_are_those_of_today():
    assert [{**data, "words": ""} for data in AnchorSea().recipes] == [
        {**data, "words": ""} for data in FIXTURE["recipes"]
    ]
    assert [recipe["name"] for recipe in FIXTURE["recipes"]] == list(recipes)
    for name, levels in FIXTURE["cells"].items():
        assert [recipes[name].cell_anchors(k).tolist() for k in range(len(levels))] == levels


@pytest.mark.parametrize("expected", FIXTURE["layouts"], ids=lambda layout: f"{layout['recipe']} {layout['size']}")
def test_layouts(expected):
    recipe, size = recipes[expected["recipe"]], expected["size"]
    for found, wanted in (
        (recipe.network_size(*size), expected["network"]),
        (recipe.grids(*size), expected["grids"]),
        (recipe.strides(*size), expected["strides"]),
        (recipe.counts(*size), expected["counts"]),
        (recipe.per_level(*size)[-1][-1], expected["last"]),
    ):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("expected", FIXTURE["states"], ids=lambda found: found["state"]["recipe"])
def test_states(expected):
    state = expected["state"]
    found = settle(state)
    assert found.object.tolist() == expected["object"]
    assert (found.best.place, found.best.iou, found.best.box) == (expected["best"], expected["iou"], expected["box"])
    assert found.best_of_level == expected["ious"]
    for kind in ("positive", "ignored", "negative", "rescued"):
        assert getattr(found, kind) == expected[kind], kind
    assert nearest_cells(state) == [tuple(cell) for cell in expected["cells"]]
    assert describe(state, found) == expected["words"]


def test_the_states_cover_every_case():
    states = [found["state"] for found in FIXTURE["states"]]
    assert {state["recipe"] for state in states} == set(recipes)
    assert {state["low_quality"] for state in states} == {True, False}
    words = " ".join(found["words"] for found in FIXTURE["states"])
    for case in (
        "resized to",
        "padded to",
        "after resizing",
        "At 0.7 or more it is a match",
        "No anchor reaches 0.7; the low-quality rule makes the best one positive",
        "No anchor reaches 0.95; the low-quality rule",
        "that tie for best positive all the same",
        "No anchor reaches even 0.3: each would be background; the low-quality rule",
        "and without the low-quality rule none learns this object",
        "negatives for every positive",
    ):
        assert case in words, case
    assert max(found["rescued"] for found in FIXTURE["states"]) > 50
    assert any(found["iou"] == 1 for found in FIXTURE["states"])
    resized = [found for found in FIXTURE["states"] if found["object"] != found["state"]["box"]]
    assert len(resized) >= 8


def test_an_iou_on_a_threshold_reaches_it():
    touching = [found for found in FIXTURE["states"] if found["iou"] == found["state"]["foreground"]]
    assert len(touching) >= 3
    assert all(found["positive"] > 0 and found["rescued"] == 0 for found in touching)
    touching = [found for found in FIXTURE["states"] if found["iou"] == found["state"]["background"] < 1]
    assert len(touching) >= 2
    for found in touching:
        assert found["ignored"] > 0
        state = found["state"]
        stricter = {"foreground": 1, "background": np.nextafter(state["background"], 1), "low_quality": False}
        assert (match(recipes[state["recipe"]].boxes(*state["size"]), [state["box"]], **stricter) == -1).all()
