"""Anchors, matches and words in the browser, held against what Python computed (tests/fixtures/anchor_sea.json)."""

import json
from pathlib import Path

import numpy as np
import pytest

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "anchor_sea.json").read_text(encoding="utf-8"))
AT_HAND = {
    "a": (
        "anchor_sea_measures",
        "POSITIVE, cellAnchors, centerOf, describe, layOut, nearestCells, roundHalfEven, settle",
    )
}
RECIPES = {recipe["name"]: recipe for recipe in FIXTURE["recipes"]}


def test_the_anchors_of_a_cell_to_the_last_bit(javascript):
    found = javascript(
        """(recipes) => recipes.map(({ levels, rounding }) =>
          levels.map((level) => a.cellAnchors(level, rounding).map(({ box }) => box)))""",
        FIXTURE["recipes"],
    )
    assert dict(zip(RECIPES, found, strict=True)) == FIXTURE["cells"]
    for odd in FIXTURE["odd_cells"]:
        found = javascript("({ level, rounding }) => a.cellAnchors(level, rounding).map(({ box }) => box)", odd)
        assert found == odd["anchors"]


def test_the_size_and_the_ratio_of_an_anchor_are_those_of_its_box(javascript):
    found = javascript(
        "(recipes) => recipes.map(({ levels, rounding }) => levels.map((level) => a.cellAnchors(level, rounding)))",
        FIXTURE["recipes"],
    )
    for anchor in (anchor for levels in found for anchors in levels for anchor in anchors):
        x1, y1, x2, y2 = anchor["box"]
        assert (x2 - x1) * (y2 - y1) == pytest.approx(anchor["size"] ** 2, rel=0.1)
        assert (y2 - y1) / (x2 - x1) == pytest.approx(anchor["ratio"], rel=0.1)


@pytest.mark.parametrize("expected", FIXTURE["layouts"], ids=lambda layout: f"{layout['recipe']} {layout['size']}")
def test_layouts(javascript, expected):
    found = javascript(
        """([recipe, size]) => {
          const sea = a.layOut(recipe, size);
          const level = sea.levels.at(-1);
          const [x, y] = a.centerOf(level, level.rows - 1, level.columns - 1);
          const last = level.anchors.at(-1).box.map((side, k) => (k % 2 ? y : x) + side);
          return { sea, last };
        }""",
        [RECIPES[expected["recipe"]], expected["size"]],
    )
    levels = found["sea"]["levels"]
    assert found["sea"]["network"] == expected["network"]
    assert [[level["rows"], level["columns"]] for level in levels] == expected["grids"]
    assert [[level["down"], level["right"]] for level in levels] == expected["strides"]
    assert [level["count"] for level in levels] == expected["counts"]
    assert [level["first"] for level in levels] == np.cumsum([0, *expected["counts"][:-1]]).tolist()
    assert found["sea"]["total"] == sum(expected["counts"])
    assert found["last"] == expected["last"]


@pytest.mark.parametrize("expected", FIXTURE["states"], ids=lambda found: found["state"]["recipe"])
def test_states(javascript, expected):
    """The best anchor, its IoU to the last bit, and all counts: ties included, which hang on that bit."""
    found = javascript(
        """([recipe, state]) => {
          const sea = a.layOut(recipe, state.size);
          const settled = a.settle(sea, state);
          const positive = settled.byLevel.map(({ marks }) => marks.filter((mark) => mark === a.POSITIVE).length);
          const cells = a.nearestCells(sea, state.point);
          return { ...settled, byLevel: settled.byLevel.map(({ iou }) => iou), marked: positive, cells,
            words: a.describe(sea, state, settled) };
        }""",
        [RECIPES[expected["state"]["recipe"]], expected["state"]],
    )
    assert found["object"] == expected["object"]
    best = found["best"]
    assert (best["index"], best["iou"], best["box"]) == (expected["best"], expected["iou"], expected["box"])
    assert found["byLevel"] == expected["ious"]
    for kind in ("positive", "ignored", "negative", "rescued"):
        assert found[kind] == expected[kind], kind
    # A cell is marked once, however many of its anchors are positive.
    for cells, anchors in zip(found["marked"], expected["of_level"], strict=True):
        assert (cells > 0) == (anchors > 0)
        assert cells <= anchors
    assert found["cells"] == expected["cells"]
    assert found["words"] == expected["words"]


def test_rounding_to_the_even_neighbor(javascript):
    values = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 22.627, -11.3137, 8.0]
    found = javascript("(values) => values.map(a.roundHalfEven)", values)
    np.testing.assert_array_equal(found, np.round(values))
