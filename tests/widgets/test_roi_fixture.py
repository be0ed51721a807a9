"""tests/fixtures/roi.json says what Python computes; the browser is held against the same file."""

import json
from pathlib import Path

import numpy as np
import pytest

from minimask.roi.pool import round_half_away
from minimask.roi.taps import tap
from minimask.widgets import roi_window_measures, weather_map_measures
from minimask.widgets.decimals import fixed, signed, trimmed
from minimask.widgets.roi_window import CHOICES
from minimask.widgets.roi_window_measures import settle, sweep
from minimask.widgets.shades import shade

FIXTURE = json.loads((Path(__file__).parents[1] / "fixtures" / "roi.json").read_text(encoding="utf-8"))
EXACT = {"rtol": 0, "atol": 1e-12}


@pytest.mark.parametrize("expected", FIXTURE["windows"])
def test_windows(expected):
    """What the widget computes is what the reference operators found."""
    features, state = np.array(FIXTURE["maps"][expected["map"]]), expected["state"]
    found = settle(features, state)
    np.testing.assert_allclose(found.pool.output, expected["pool"], **EXACT)
    np.testing.assert_allclose(found.align.output, expected["align"], **EXACT)
    np.testing.assert_allclose(found.pool.footprint, expected["pool_footprint"], **EXACT)
    np.testing.assert_allclose(found.align.footprint, expected["align_footprint"], **EXACT)
    curves = sweep(features, state, steps=10)
    np.testing.assert_allclose(curves, [expected["pool_curve"], expected["align_curve"]], **EXACT)
    p, q = state["bin"]
    assert [curve[10] for curve in curves] == pytest.approx([found.pool.output[p, q], found.align.output[p, q]])
    assert roi_window_measures.describe(features, state, expected["digits"]) == expected["words"]


@pytest.mark.parametrize("expected", FIXTURE["points"])
def test_points(expected):
    temperatures, (x, y) = expected["temperatures"], expected["point"]
    found = weather_map_measures.read(temperatures, x, y)
    assert found.value == pytest.approx(expected["value"], abs=1e-12)
    assert [neighbor.weight for neighbor in found.neighbors] == pytest.approx(expected["weights"])
    assert [[neighbor.row, neighbor.column] for neighbor in found.neighbors] == expected["cells"]
    assert (found.nearest_value, found.outside) == (expected["nearest"], expected["outside"])
    assert weather_map_measures.describe(temperatures, x, y) == expected["words"]


def test_small_numbers():
    for case in FIXTURE["taps"]:
        assert list(tap(case["position"], case["size"])[:4]) == case["tap"]
    for value, whole in FIXTURE["rounded"]:
        assert round_half_away(value) == whole
    for number, digits, *texts in FIXTURE["numbers"]:
        assert [said(number, digits) for said in (fixed, trimmed, signed)] == texts
    for low, high, share, color in FIXTURE["shades"]:
        assert shade(low, high, share) == color


def test_the_windows_cover_every_case():
    states = [window["state"] for window in FIXTURE["windows"]]
    for name, wanted in {**CHOICES, "output_size": (1, 2, 3, 7), "aligned": (False, True)}.items():
        assert {state[name] for state in states} == set(wanted)
    words = " ".join(window["words"] for window in FIXTURE["windows"])
    for case in (
        "finds no cell there, says 0, and its gradient lands nowhere",
        "the largest of 1 cell,",
        "RoIAlign takes no sample of a box without extent, and says 0.",
        "all lie beyond the map, where it reads 0",
        "averages 1 sample to",
        "lands on 1 cell, ",
        "at most",
        "Without aligned it reads half a cell, 2 px, too far",
        "Without aligned it reads half a cell, 16 px, too far",
    ):
        assert case in words, case
    empty = [window for window in FIXTURE["windows"] if not np.any(window["pool_footprint"])]
    assert len(empty) >= 5


def test_the_points_cover_every_case():
    words = " ".join(point["words"] for point in FIXTURE["points"])
    for case in (
        ": 1 × 13.1 = 13.10 °C. Rounding would read row 3, column 2: 13.1 °C, which is the same here.",
        "the border counts: x is taken as 0.",
        "the border counts: y is taken as 0.",
        "the border counts: x is taken as 5.",
        "x is taken as 0 and y is taken as 4.",
        "more than one cell beyond the outermost centers: there the map reads 0.",
        "°C away.",
    ):
        assert case in words, case
