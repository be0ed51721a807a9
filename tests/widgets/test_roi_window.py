"""The RoI window, driven without a browser."""

import html
import re

import numpy as np
import pytest

from minimask.roi.pool import roi_pool
from minimask.roi.reference import roi_align
from minimask.widgets import RoIWindow
from minimask.widgets.roi_window import plain_features

RAMP = np.tile(np.arange(8.0), (6, 1))  # every row is 0 1 2 ... 7


@pytest.fixture
def widget() -> RoIWindow:
    return RoIWindow(RAMP, box=[16, 16, 80, 80])


def test_the_numbers_on_a_ramp(widget):
    """Cell j holds j and has its center at j + 1/2: RoIAlign reads centers of bins, RoIPool the last of its cells."""
    widget.switch(output_size=2)
    widget.choose_bin(1, 0)
    found = widget.measures
    np.testing.assert_allclose(found["align"], [[1.5, 3.5], [1.5, 3.5]])
    assert found["pool"] == [[3.0, 5.0], [3.0, 5.0]]  # columns 1 to 5: the bins share column 3
    assert found["snapped_box"] == [16.0, 16.0, 96.0, 96.0]
    assert found["shifts"] == [0.0, 0.0, 16.0, 16.0]
    assert found["argmax"] == (3, 3)
    assert found["cells"] == 9
    assert found["samples"] == (2, 2)
    assert found["pool_footprint"] == [(3, 3, 1.0)]
    assert found["align_footprint"] == [(i, j, 0.25) for i in (3, 4) for j in (1, 2)]
    widget.switch(aligned=False)
    np.testing.assert_allclose(widget.measures["align"], [[2.0, 4.0], [2.0, 4.0]])


def test_it_finds_what_the_operators_find():
    widget = RoIWindow()
    features = plain_features()[None, None]
    rng = np.random.default_rng(5)
    for _ in range(30):
        x1, y1 = rng.uniform(-40, 200, 2)
        width, height = rng.uniform(0, 150, 2)
        widget.switch(
            stride=int(rng.choice([4, 8, 16, 32])),
            output_size=int(rng.integers(1, 8)),
            sampling_ratio=int(rng.choice([0, 1, 2, 4])),
            aligned=bool(rng.integers(2)),
        )
        widget.place([x1, y1, x1 + width, y1 + height])
        state, found = widget.state, widget.measures
        roi, size, scale = np.array([[0, *state["box"]]]), (state["output_size"],) * 2, 1 / state["stride"]
        aligned = roi_align(features, roi, size, scale, state["sampling_ratio"], state["aligned"])
        np.testing.assert_allclose(found["align"], aligned[0, 0], atol=1e-12)
        assert found["pool"] == roi_pool(features, roi, size, scale)[0][0, 0].tolist()


def test_the_gradient_is_that_of_the_output():
    """Raise one cell by a little: the chosen bin of RoIAlign rises by that cell's weight, or not at all."""
    widget = RoIWindow()
    widget.switch(output_size=2, sampling_ratio=0, aligned=False)
    weights = {(i, j): weight for i, j, weight in widget.measures["align_footprint"]}
    p, q = widget.state["bin"]
    before = widget.measures["align"][p][q]
    for i, j in np.ndindex(12, 16):
        features = plain_features()
        features[i, j] += 0.5
        other = RoIWindow(features)
        other.state = widget.state
        assert other.measures["align"][p][q] - before == pytest.approx(0.5 * weights.get((i, j), 0), abs=1e-9)
    assert sum(weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("aligned", [True, False])
def test_the_grid_lies_around_its_samples(aligned):
    widget = RoIWindow()
    widget.switch(aligned=aligned)
    half = 0 if aligned else 0.5
    for axis, low, high in ((widget.settled.x, 8.575, 13.575), (widget.settled.y, 3.425, 8.425)):
        assert axis.start == pytest.approx(low + half)
        assert axis.start + 3 * axis.bin_size == pytest.approx(high + half)
        for p, positions in enumerate(axis.positions):
            assert np.mean(positions) == pytest.approx(axis.start + (p + 0.5) * axis.bin_size)


def test_the_curve_is_what_moving_the_box_gives():
    widget = RoIWindow()
    pool, align = widget.sweep()
    assert pool.shape == align.shape == (201,)
    box = np.array(widget.state["box"])
    for k in (0, 37, 100, 141, 200):
        widget.place(box + np.array([1, 0, 1, 0]) * 16 * (k - 100) / 100)
        p, q = widget.state["bin"]
        assert pool[k] == pytest.approx(widget.measures["pool"][p][q])
        assert align[k] == pytest.approx(widget.measures["align"][p][q])
    assert 2 <= len(set(pool)) <= 4
    assert len(set(align)) > 150
    assert np.abs(np.diff(align)).max() < 0.1 < np.abs(np.diff(pool)).max()


def test_the_state_is_one_plain_object():
    widget = RoIWindow()
    start = widget.state
    assert start == {
        "box": [137.2, 54.8, 217.2, 134.8],
        "stride": 16,
        "output_size": 3,
        "sampling_ratio": 2,
        "aligned": True,
        "bin": [0, 2],
    }
    seen = []
    widget.observe(seen.append, "state")
    widget.place((np.float32(16), 16, 32, 48))
    assert [change["new"]["box"] for change in seen] == [[16.0, 16.0, 32.0, 48.0]]
    widget.switch(stride=32, output_size=2)
    assert widget.state["box"] == [32.0, 32.0, 64.0, 96.0]  # the same cells
    assert widget.state["bin"] == [0, 1]
    widget.choose_bin(1, 1)
    assert widget.state["bin"] == [1, 1]
    widget.reset()
    assert widget.state == start
    widget.state["box"].append(3)
    widget.reset()
    assert widget.state["box"] == [137.2, 54.8, 217.2, 134.8]


def test_the_words(widget):
    widget.switch(output_size=2)
    assert widget.words() == (
        "The box: x from 16 to 80 px (1 to 5 cells), y from 16 to 80 px (1 to 5 cells). "
        "RoIPool rounds it to columns 1 to 5 and rows 1 to 5: "
        "its left, top, right and bottom are 0, 0, +16, +16 px off. "
        "Bin (0, 1): RoIPool keeps 5.00, the largest of 9 cells, "
        "and all of its gradient lands on the cell in row 1, column 5. "
        "RoIAlign averages 4 samples to 3.50: its gradient lands on 4 cells, at most 0.25 of it on one."
    )


@pytest.mark.parametrize(
    ("largest", "said"), [(0.0004, "0.000400"), (0.5, "0.500"), (9.4, "9.40"), (250, "250"), (99999, "99999")]
)
def test_values_of_any_size_are_said_in_three_digits(largest, said):
    widget = RoIWindow(np.full((4, 4), largest))
    assert f"RoIPool keeps {said}, " in widget.words()
    assert RoIWindow(np.zeros((4, 4))).digits == 2


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: w.place([3, 0, 2, 2]), "box must have x1 <= x2 and y1 <= y2"),
        (lambda w: w.place([0, 0, 2]), "box must have shape (4,)"),
        (lambda w: w.place([0, 0, 2, float("inf")]), "box must be finite"),
        (lambda w: w.place([-16_001, 0, 2, 2]), "box must reach at most 1000 cells beyond the map"),
        (lambda w: w.place([0, 0, 2, 16_100]), "box must reach at most 1000 cells beyond the map"),
        (lambda w: w.choose_bin(3, 0), "bin must be a row and a column from 0 to 2, got [3, 0]"),
        (lambda w: w.choose_bin(0, -1), "bin must be a row and a column from 0 to 2, got [0, -1]"),
        (lambda w: w.choose_bin(0, 1.5), "bin must be a row and a column from 0 to 2, got [0, 1.5]"),
        (lambda w: setattr(w, "state", {**w.state, "bin": 1}), "bin must be a row and a column from 0 to 2, got 1"),
        (lambda w: w.switch(stride=5), "stride must be one of 4, 8, 16, 32, got 5"),
        (lambda w: w.switch(stride=0), "stride must be one of 4, 8, 16, 32, got 0"),
        (lambda w: w.switch(output_size=8), "output_size must be one of 1, 2, 3, 4, 5, 6, 7, got 8"),
        (lambda w: w.switch(output_size=True), "output_size must be one of 1, 2, 3, 4, 5, 6, 7, got True"),
        (lambda w: w.switch(sampling_ratio=3), "sampling_ratio must be one of 0, 1, 2, 4, got 3"),
        (lambda w: w.switch(sampling_ratio=-1), "sampling_ratio must be one of 0, 1, 2, 4, got -1"),
        (lambda w: w.switch(sampling_ratio="2"), "sampling_ratio must be one of 0, 1, 2, 4, got '2'"),
        (lambda w: w.switch(aligned=1), "aligned must be True or False, got 1"),
        (lambda w: setattr(w, "state", {"bin": [0, 0]}), "state must have exactly the entries aligned, bin, box"),
        (lambda w: setattr(w, "state", {**w.state, "zoom": 2}), "unknown: ['zoom']"),
        (lambda _: RoIWindow(np.zeros(5)), "features must have shape (H, W), each from 2 to 64, got shape (5,)"),
        (lambda _: RoIWindow(np.zeros((1, 5))), "each from 2 to 64, got shape (1, 5)"),
        (lambda _: RoIWindow(np.zeros((3, 3), bool)), "features must hold real numbers, got dtype bool"),
        (lambda _: RoIWindow(np.full((3, 3), np.inf)), "features must hold finite numbers"),
        (lambda _: RoIWindow(RAMP, box=[5, 5, 4, 4]), "box must have x1 <= x2"),
    ],
)
def test_bad_input_is_refused_and_the_state_stays(widget, act, message):
    before = widget.state
    with pytest.raises(ValueError, match=re.escape(message)):
        act(widget)
    assert widget.state == before


STATES = [
    {},
    {"output_size": 7, "sampling_ratio": 0, "aligned": False},
    {"box": [-400.0, -400.0, -300.0, -300.0]},
    {"box": [40.0, 40.0, 40.0, 40.0], "sampling_ratio": 0},
]


@pytest.mark.parametrize("state", STATES)
def test_hosts_without_widgets_get_a_picture_and_words(widget, state):
    widget.state = {**widget.state, **state}
    data, _ = widget._repr_mimebundle_()
    words = f"A box on a feature map, pooled by RoIPool and by RoIAlign. {widget.words()}"
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == f"Figure: {words}"
    assert f'alt="{html.escape(words)}"' in data["text/html"]
    assert len(data["text/html"]) < 150_000
    before = data["text/html"]
    assert widget._repr_mimebundle_()[0]["text/html"] == before
    widget.choose_bin(1, 1)
    assert widget._repr_mimebundle_()[0]["text/html"] != before


def test_a_page_holds_the_state_and_the_map(tmp_path, widget):
    widget.switch(stride=8)
    widget.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<title>The RoI window: what RoIPool and RoIAlign make of the same box.</title>" in text
    assert '"stride": 8' in text
    assert text.count("</script>") == 1
