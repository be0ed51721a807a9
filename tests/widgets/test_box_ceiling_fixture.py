"""tests/fixtures/box_ceiling.json says what Python computes; the browser is held against the same file."""

import json
from pathlib import Path

import numpy as np
import pytest

from minimask.geometry.balance import sides_inside
from minimask.geometry.ceilings import best_box, tight_box
from minimask.geometry.polygons import (
    corner_area,
    polygon_area,
    polygon_box_intersection,
    polygon_box_iou,
    polygon_edges,
)
from minimask.widgets.box_ceiling_measures import describe, pose_of

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "box_ceiling.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("expected", FIXTURE["polygons"])
def test_numbers(expected):
    rings = [np.array(ring) for ring in expected["rings"]]
    exact = {"rtol": 0, "atol": 1e-9 * max(1.0, expected["area"])}
    np.testing.assert_allclose(polygon_area(rings), expected["area"], **exact)
    corners = corner_area(polygon_edges(rings), *np.transpose(expected["points"]))
    np.testing.assert_allclose(corners, expected["corner_areas"], **exact)
    np.testing.assert_allclose(polygon_box_intersection(rings, expected["boxes"]), expected["intersections"], **exact)
    np.testing.assert_allclose(polygon_box_iou(rings, expected["boxes"]), expected["ious"], rtol=0, atol=1e-9)
    for box, sides in zip(expected["boxes"], expected["sides"], strict=True):
        shares = [[side.inner, side.outer] for side in sides_inside(rings, box)]
        np.testing.assert_allclose(shares, sides, rtol=0, atol=1e-9)
    for ceiling, name in ((tight_box, "tight"), (best_box, "best")):
        assert ceiling(rings)[1] == pytest.approx(expected[name]["iou"], abs=1e-6)


@pytest.mark.parametrize("expected", FIXTURE["captions"])
def test_words(expected):
    rings = [np.array(ring) for ring in FIXTURE["shapes"][expected["name"]]]
    assert describe(expected["name"], pose_of(rings, expected["angle"]), np.array(expected["box"])) == expected["words"]


def test_the_words_cover_every_case():
    words = " ".join(caption["words"] for caption in FIXTURE["captions"])
    for case in (
        "does not touch",
        "as much as the tight box. No upright box does better",
        "above the tight box (0.500). No upright box does better",
        "which here is the tight box",
        ", as much as the tight box: ",
        " below the tight box (",
        " above the tight box (0.359) and ",
        "outward raises",
        "inward raises",
        "At the best box",
        "at this balance no side gains",
        "just within it more",
    ):
        assert case in words, case
