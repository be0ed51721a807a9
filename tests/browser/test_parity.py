"""The box ceiling's arithmetic in the browser, held against what Python computed (tests/fixtures)."""

import json
from pathlib import Path

import numpy as np
import pytest

from minimask.data.silhouettes import FAMILIES, horse, outline
from minimask.geometry.ceilings import best_box
from minimask.geometry.polygons import rotate_polygon
from minimask.widgets.box_ceiling import plain_silhouettes

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "box_ceiling.json").read_text(encoding="utf-8"))
AT_HAND = {
    "g": (
        "box_ceiling_measures",
        (
            "balance, bestBox, cornerArea, crossesItself, describe, polygonArea, polygonBoxIntersection, "
            "polygonBoxIou, polygonEdges, poseOf, rotatePolygon, sidesInside, signedArea, simplify, startBox, tightBox"
        ),
    )
}


@pytest.mark.parametrize("expected", FIXTURE["polygons"])
def test_numbers(javascript, expected):
    found = javascript(
        """({ rings, points, boxes }) => {
          const edges = g.polygonEdges(rings);
          const area = g.polygonArea(rings);
          return {
            area,
            corner_areas: points.map(([x, y]) => g.cornerArea(edges, x, y)),
            intersections: boxes.map((box) => g.polygonBoxIntersection(edges, box)),
            ious: boxes.map((box) => g.polygonBoxIou(edges, area, box)),
            sides: boxes.map((box) => g.sidesInside(edges, box).map(({ inner, outer }) => [inner, outer])),
            start: g.startBox(rings),
            tight: g.tightBox(rings),
            best: g.bestBox(rings),
            of_best: g.polygonBoxIou(edges, area, g.bestBox(rings).box),
          };
        }""",
        expected,
    )
    for name in ("area", "corner_areas", "intersections"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-9 * max(1.0, expected["area"]))
    for name in ("ious", "sides"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["start"], expected["boxes"][-1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found["tight"]["box"], expected["tight"]["box"])
    assert found["tight"]["iou"] == pytest.approx(expected["tight"]["iou"], abs=1e-9)
    assert found["best"]["iou"] == pytest.approx(expected["best"]["iou"], abs=1e-6)
    assert found["of_best"] == pytest.approx(found["best"]["iou"], abs=1e-12)


def test_closed_forms(javascript):
    known = {"triangle": 1 / np.sqrt(2), "right triangle": 1 / np.sqrt(2), "diamond": 1 / np.sqrt(2), "square": 1}
    known |= {"L": 0.75, "U": 7 / 9}
    shapes = {name: [ring.tolist() for ring in rings] for name, rings in plain_silhouettes().items()}
    for name, iou in known.items():
        assert javascript("(rings) => g.bestBox(rings).iou", shapes[name]) == pytest.approx(iou, abs=1e-8), name
    assert javascript("(rings) => g.bestBox(rings).iou", shapes["circle"]) == pytest.approx(0.83703, abs=5e-6)
    assert javascript("(rings) => g.tightBox(rings).iou", shapes["circle"]) == pytest.approx(np.pi / 4, abs=1e-4)


def test_best_boxes_of_turned_and_real_silhouettes(javascript):
    shapes = {**{name: plain_silhouettes()[name] for name in FAMILIES}, "horse": [outline(horse(), 1.0)]}
    for name, rings in shapes.items():
        for angle in (17, 64):
            turned = [rotate_polygon(ring, angle, [50, 50]) for ring in rings]
            found = javascript(
                "([rings, angle]) => g.bestBox(g.rotatePolygon(rings, angle, [50, 50])).iou",
                [[ring.tolist() for ring in rings], angle],
            )
            assert found == pytest.approx(best_box(turned)[1], abs=1e-6), (name, angle)


@pytest.mark.parametrize("expected", FIXTURE["captions"])
def test_words(javascript, expected):
    state = {**expected, "rings": FIXTURE["shapes"][expected["name"]]}
    said = javascript("({ name, rings, angle, box }) => g.describe(name, g.poseOf(rings, angle), box)", state)
    assert said == expected["words"]


def test_crossing(javascript):
    assert javascript("g.crossesItself([[0, 0], [4, 4], [4, 0], [0, 4]])")
    assert javascript("g.crossesItself([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]])"), "a vertex touches an edge"
    assert not javascript("g.crossesItself([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]])")
    assert not javascript("g.crossesItself([[0, 0], [4, 0], [4, 4]])")


def test_simplify_keeps_corners_and_drops_the_rest(javascript):
    stroke = [[0, 0], [1, 0.05], [2, 0], [3, 0], [3, 1], [3.05, 2], [3, 3], [0, 3], [0, 1]]
    kept = [[0, 0], [3, 0], [3, 3], [0, 3], [0, 0]]
    assert javascript("(stroke) => g.simplify([...stroke, stroke[0]], 0.2)", stroke) == kept
