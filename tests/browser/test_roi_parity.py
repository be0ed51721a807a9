"""RoIAlign, RoIPool and bilinear reading in the browser, held against what Python computed (tests/fixtures)."""

import json
from pathlib import Path

import numpy as np
import pytest

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "roi.json").read_text(encoding="utf-8"))
AT_HAND = {
    "w": (
        "roi_window_measures",
        "bilinear, counted, describe, fixed, roundHalfAway, settle, signed, sweep, tap, trimmed",
    ),
    "m": ("weather_map_measures", "describe, read"),
    "s": ("shades", "shade, valueScale"),
}
EXACT = {"rtol": 0, "atol": 1e-9}


def dense(cells: list[dict], shape: tuple[int, ...]) -> np.ndarray:
    found = np.zeros(shape)
    for cell in cells:
        found[cell["row"], cell["column"]] += cell["weight"]
    return found


@pytest.mark.parametrize("expected", FIXTURE["windows"])
def test_windows(javascript, expected):
    features = FIXTURE["maps"][expected["map"]]
    found = javascript(
        """({ features, state, digits }) => {
          const settled = w.settle(features, state);
          return { ...settled, curves: w.sweep(features, state, 10), words: w.describe(settled, state, digits) };
        }""",
        {**expected, "features": features},
    )
    shape = np.shape(features)
    np.testing.assert_allclose(found["pool"], expected["pool"], **EXACT)
    np.testing.assert_allclose(found["align"], expected["align"], **EXACT)
    np.testing.assert_allclose(dense(found["poolFootprint"], shape), expected["pool_footprint"], **EXACT)
    np.testing.assert_allclose(dense(found["alignFootprint"], shape), expected["align_footprint"], **EXACT)
    np.testing.assert_allclose(found["curves"]["pool"], expected["pool_curve"], **EXACT)
    np.testing.assert_allclose(found["curves"]["align"], expected["align_curve"], **EXACT)
    assert found["words"] == expected["words"]


@pytest.mark.parametrize("expected", FIXTURE["points"])
def test_points(javascript, expected):
    found = javascript(
        """({ temperatures, point }) => ({
          ...m.read(temperatures, point),
          words: m.describe(temperatures, point),
          again: w.bilinear(temperatures, ...point),
        })""",
        expected,
    )
    assert found["value"] == pytest.approx(expected["value"], abs=1e-9)
    assert found["again"] == pytest.approx(expected["value"], abs=1e-9)
    assert [cell["weight"] for cell in found["neighbors"]] == pytest.approx(expected["weights"])
    assert [[cell["row"], cell["column"]] for cell in found["neighbors"]] == expected["cells"]
    assert found["nearestValue"] == expected["nearest"]
    assert found["outside"] == expected["outside"]
    assert found["words"] == expected["words"]


def test_small_numbers(javascript):
    taps = javascript("(cases) => cases.map(({ position, size }) => w.tap(position, size))", FIXTURE["taps"])
    assert taps == [case["tap"] for case in FIXTURE["taps"]]
    values, wholes = zip(*FIXTURE["rounded"], strict=True)
    assert javascript("(values) => values.map(w.roundHalfAway)", values) == list(wholes)
    said = javascript(
        "(cases) => cases.map(([v, digits]) => [w.fixed(v, digits), w.trimmed(v, digits), w.signed(v, digits)])",
        FIXTURE["numbers"],
    )
    assert said == [case[2:] for case in FIXTURE["numbers"]]
    assert javascript("[0, 1, 2].map((number) => w.counted(number, 'cell'))") == ["0 cells", "1 cell", "2 cells"]


def test_shades(javascript):
    found = javascript("(cases) => cases.map(([low, high, share]) => s.shade(low, high, share))", FIXTURE["shades"])
    for rgb, (*_, color) in zip(found, FIXTURE["shades"], strict=True):
        np.testing.assert_allclose(rgb, [int(color[k : k + 2], 16) for k in (1, 3, 5)], rtol=0, atol=1)
    ends = javascript("(() => { const scale = s.valueScale(2, 4, '#F1F7FC', '#3F9BD4');"
                      " return [1, 2, 4, 9].map(scale.rgb); })()")  # fmt: skip
    assert ends == [[241, 247, 252], [241, 247, 252], [63, 155, 212], [63, 155, 212]]
