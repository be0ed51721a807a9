"""The weather map, driven without a browser."""

import re

import numpy as np
import pytest

from minimask.roi.reference import bilinear
from minimask.widgets import WeatherMap
from minimask.widgets.weather_map import plain_temperatures

SMALL = [[12.0, 16.0], [10.0, 20.0]]


@pytest.fixture
def widget() -> WeatherMap:
    return WeatherMap(SMALL)


def test_the_numbers(widget):
    widget.place([0.25, 0.6])
    found = widget.measures
    assert found["neighbors"] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert found["weights"] == pytest.approx([0.4 * 0.75, 0.4 * 0.25, 0.6 * 0.75, 0.6 * 0.25])
    assert found["fractions"] == pytest.approx((0.25, 0.6))
    assert found["value"] == pytest.approx(0.3 * 12 + 0.1 * 16 + 0.45 * 10 + 0.15 * 20)
    assert (found["nearest"], found["outside"]) == (10, False)


@pytest.mark.parametrize(
    ("point", "value", "nearest"),
    [
        ([0, 0], 12, 12),
        ([1, 1], 20, 20),
        ([-0.7, 0.5], 11, 10),  # the border counts up to one cell beyond it; of two equally near the farther from 0
        ([2.0, 1.9], 20, 20),
        ([-1, -1], 12, 12),
        ([-1.01, 0.5], 0, 0),  # farther out the map reads 0
        ([0.5, 2.01], 0, 0),
    ],
)
def test_on_the_centers_and_beyond_them(widget, point, value, nearest):
    widget.place(point)
    assert widget.measures["value"] == pytest.approx(value)
    assert widget.measures["nearest"] == nearest
    assert widget.measures["outside"] == (value == 0)


def test_it_reads_what_the_operator_reads():
    widget = WeatherMap()
    features = np.array([plain_temperatures()])
    for x, y in np.random.default_rng(0).uniform([-1.5, -1.5], [6.5, 5.5], (50, 2)).round(2):
        widget.place([x, y])
        assert widget.measures["value"] == pytest.approx(float(bilinear(features, x, y)[0]))


def test_the_state_is_one_plain_object(widget):
    start = widget.state
    assert start == {"point": [0.5, 0.5], "ground": "bilinear"}
    seen = []
    widget.observe(seen.append, "state")
    widget.place((1, np.float32(0.25)))
    assert [change["new"]["point"] for change in seen] == [[1.0, 0.25]]
    assert [type(v) for v in widget.state["point"]] == [float, float]
    widget.color_by("nearest")
    assert widget.state["ground"] == "nearest"
    widget.reset()
    assert widget.state == start
    assert WeatherMap().state["point"] == [2.3, 1.6]
    assert WeatherMap(SMALL, point=[0.2, 1.5]).state["point"] == [0.2, 1.5]


def test_what_is_kept_is_what_is_shown():
    """Temperatures to tenths, the point to hundredths: so the sum in words can be checked by hand."""
    widget = WeatherMap([[1.24, 2.0], [3.0, 4.06]], point=[0.333, 0.667])
    assert widget.temperatures == [[1.2, 2.0], [3.0, 4.1]]
    assert widget.state["point"] == [0.33, 0.67]


def test_the_words_are_the_sum(widget):
    widget.place([0.25, 0.6])
    assert widget.words() == (
        "At x = 0.25, y = 0.60: 0.3 × 12.0 + 0.1 × 16.0 + 0.45 × 10.0 + 0.15 × 20.0 = 12.70 °C. "
        "Rounding would read row 1, column 0: 10.0 °C, 2.70 °C away."
    )


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: w.place([0.5]), "point must be two numbers, x and y in cells, got [0.5]"),
        (lambda w: w.place("ab"), "point must be two numbers, x and y in cells, got 'ab'"),
        (lambda w: w.place([0.5, True]), "point must be two numbers, x and y in cells, got [0.5, True]"),
        (lambda w: w.place([2.51, 0]), "point: x must lie from -1.5 to 2.5, got 2.51"),
        (lambda w: w.place([0, -1.51]), "point: y must lie from -1.5 to 2.5, got -1.51"),
        (lambda w: w.place([float("nan"), 0]), "point: x must lie from -1.5 to 2.5, got nan"),
        (lambda w: w.color_by("smooth"), "ground must be one of bilinear, nearest, got 'smooth'"),
        (lambda w: w.color_by(["nearest"]), "ground must be one of bilinear, nearest, got ['nearest']"),
        (lambda w: setattr(w, "state", {"point": [0, 0]}), "missing: ['ground'], unknown: []"),
        (lambda w: setattr(w, "state", {**w.state, "zoom": 2}), "unknown: ['zoom']"),
        (lambda _: WeatherMap([1.0, 2.0]), "temperatures must have shape (H, W), each from 2 to 64, got shape (2,)"),
        (lambda _: WeatherMap(np.zeros((2, 65))), "each from 2 to 64, got shape (2, 65)"),
        (lambda _: WeatherMap([[1.0, 2.0], [3.0]]), "temperatures must have rows of one length"),
        (lambda _: WeatherMap([["a", "b"], ["c", "d"]]), "temperatures must hold real numbers, got dtype <U1"),
        (lambda _: WeatherMap([[1.0, np.nan], [3.0, 4.0]]), "temperatures must hold finite numbers from -99 to 999"),
        (lambda _: WeatherMap([[1.0, -99.5], [3.0, 4.0]]), "temperatures must hold finite numbers from -99 to 999"),
        (lambda _: WeatherMap(SMALL, point=[3, 0]), "point: x must lie from -1.5 to 2.5, got 3"),
    ],
)
def test_bad_input_is_refused_and_the_state_stays(widget, act, message):
    before = widget.state
    with pytest.raises(ValueError, match=re.escape(message)):
        act(widget)
    assert widget.state == before


@pytest.mark.parametrize("point", [[0.5, 0.5], [-0.4, 0.2], [2.4, 2.4], [1, 1]])
def test_hosts_without_widgets_get_a_picture_and_words(widget, point):
    widget.place(point)
    data, _ = widget._repr_mimebundle_()
    words = f"A map of temperatures at cell centers, and a point. {widget.words()}"
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == f"Figure: {words}"
    assert f'alt="{words}"' in data["text/html"]
    assert len(data["text/html"]) < 150_000
    widget.color_by("nearest")
    assert widget._repr_mimebundle_()[0]["text/html"] != data["text/html"]


def test_equal_temperatures_can_be_shown():
    widget = WeatherMap(np.full((3, 3), 7))
    assert widget.measures["value"] == pytest.approx(7)
    assert "which is the same here" in widget.words()
    assert widget.still().fig.axes
