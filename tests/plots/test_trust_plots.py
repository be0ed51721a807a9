"""The pictures of failing and knowing show the numbers that they are given."""

from __future__ import annotations

import numpy as np
import pytest

from minimask.plots import trust
from minimask.plots.machine import Seen

IMAGE = np.full((12, 12, 3), 90, np.uint8)
MASK = np.zeros((1, 12, 12), bool)
MASK[0, 3:9, 3:9] = True
SEEN = Seen(MASK, [2], ["star 0.98"])


def words(fig):
    return [text.get_text() for axes in fig.axes for text in axes.texts] + [axes.get_title("left") for axes in fig.axes]


def test_bins_stand_at_their_score_and_share():
    fig = trust.reliability({"as it is": [(30, 0.2, 0.1), (10, 0.9, 0.7)], "mended": [(40, 0.5, 0.5)]})
    places = [tuple(one.get_offsets()[0]) for one in fig.axes[0].collections]
    assert places == [(0.2, 0.1), (0.9, 0.7)]
    sizes = [one.get_sizes()[0] for one in fig.axes[0].collections]
    assert sizes[0] > sizes[1]
    assert [axes.get_title("left") for axes in fig.axes] == ["as it is", "mended"]


def test_curves_by_severity_have_a_panel_for_each_way():
    fig = trust.severities({name: {"mask AP": np.linspace(0.8, 0, 6)} for name in ("noise", "blur", "fence")})
    assert [axes.get_title("left") for axes in fig.axes if axes.get_visible()] == ["noise", "blur", "fence"]
    assert fig.axes[0].lines[0].get_ydata()[0] == 0.8


def test_a_ladder_has_its_values_and_intervals():
    fig = trust.ladder([2, 8], {"vanish": [(0.1, 0.0, 0.3), (0.8, 0.6, 0.9)]}, "share")
    (axes,) = fig.axes
    assert axes.lines[0].get_ydata().tolist() == [0.1, 0.8]
    (bars,) = axes.collections
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[0.0, 0.3], [0.6, 0.9]]


def test_dots_name_every_series_even_if_the_first_row_has_not_all():
    fig = trust.dots(
        {"none": {"blind": (0.8, 0.6, 0.9)}, "blur": {"blind": (0, 0, 0.1), "knows": (0.4, 0.2, 0.6)}}, "x"
    )
    (axes,) = fig.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["blind", "knows"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["none", "blur"]


@pytest.mark.parametrize("change", [0, 6])
def test_a_change_is_magnified_around_gray(change):
    after = IMAGE + np.uint8(change)
    fig = trust.attacked([[(IMAGE, SEEN), (after, Seen(MASK[:0], []))]])
    shown = fig.axes[1].images[0].get_array()
    assert (shown == 128 + 10 * change).all()
    assert "star 0.98" in words(fig)


def test_guests_and_maps_say_what_they_show():
    fig = trust.guests({"letters": [(IMAGE, SEEN), (IMAGE, SEEN)]}, titles=["one", "two"])
    assert {"one", "two", "star 0.98"} <= set(words(fig))
    fig = trust.gradient_maps(IMAGE, MASK[0], {"features": np.arange(144.0).reshape(12, 12)})
    assert fig.axes[1].images[0].get_array().max() == 1
    assert fig.axes[1].get_title("left") == "features"
