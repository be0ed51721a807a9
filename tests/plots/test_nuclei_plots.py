"""The pictures of chapter 6a: outlines run between pixels, limits and values stand where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from minimask.plots import nuclei as plots
from minimask.plots.nuclei import Panel
from minimask.plots.show import figure_html

ALT = "Nuclei, drawn as chapter 6a shows them."
PICTURE = np.full((8, 10, 3), 200, np.uint8)


def test_an_outline_runs_between_pixels():
    labels = np.zeros((4, 5), int)
    labels[1:3, 1:4] = 7
    edges = plots.edges_of(labels)
    assert len(edges) == 2 * (2 + 3)
    assert (
        edges[..., 0].min() == 1 and edges[..., 0].max() == 4 and edges[..., 1].min() == 1 and edges[..., 1].max() == 3
    )
    labels[1:3, 2] = 8  # a border between two nuclei is drawn, once for each side
    assert len(plots.edges_of(labels)) == 2 * (2 + 3) + 2 * 2


def test_panels_have_titles_outlines_and_marks():
    labels = np.zeros((8, 10), int)
    labels[2:5, 3:6] = 1
    panels = [Panel("one", PICTURE, labels), Panel("two", PICTURE[..., 0], None, "", [[2, 3]], [[4, 5], [6, 7]])]
    fig = plots.panels(panels, columns=3)
    first, second, third = fig.axes
    assert [first.get_title(loc="left"), second.get_title(loc="left")] == ["one", "two"] and not third.get_visible()
    assert len(first.collections) == 2 and len(second.lines) == 4
    assert second.lines[0].get_xydata().tolist() == [[2, 3]] and second.lines[2].get_xydata().tolist() == [
        [4, 5],
        [6, 7],
    ]
    assert figure_html(fig, ALT).startswith("<img")


def test_a_sheet_has_a_row_for_each_kind():
    fig = plots.sheet({"a": [PICTURE] * 3, "b": [PICTURE] * 2})
    assert [axes.get_visible() for axes in fig.axes] == [True, True, True, True, True, False]


def test_agreement_draws_differences_over_means():
    fig = plots.agreement({"model": ([10, 22], (1.0, -1.0, 3.0)), "rules": ([5, 30], (2.5, -20, 25))}, [10, 20])
    left, right = fig.axes
    assert left.lines[-1].get_xydata().tolist() == [[10, 0], [21, 2]] and left.lines[1].get_ydata()[0] == 1.0
    assert left.get_ylim() == right.get_ylim() and left.get_ylim()[1] > 10


def test_ladders_share_their_scale():
    fig = plots.ladders(
        {"stain": ([0, 1], {"m": [-50, 0], "r": [400, 10]}), "blur": ([0, 2], {"m": [0, -9]})}, "%", 5, 100
    )
    left, right = fig.axes
    assert left.get_ylim() == right.get_ylim() and left.get_ylim()[1] == 100 and left.get_ylim()[0] < -50
    assert left.lines[0].get_ydata().tolist() == [-50, 0]


def test_areas_and_shares():
    fig = plots.crowd([0.1, 0.2], {"of the box": ([9.0, 8], [4.0, 5]), "of the mask": ([4.0, 5], [4.0, 5])}, "IoU")
    assert fig.axes[1].lines[0].get_xydata().tolist() == [[4, 9], [5, 8]]
    (axes,) = plots.shares({"a": 0.0, "b": 0.5}, "wrong").axes
    assert [bar.get_height() for bar in axes.patches] == [0, 0.5] and [t.get_text() for t in axes.texts] == [
        "0.0%",
        "50.0%",
    ]
    assert axes.texts[1].get_position()[1] < axes.get_ylim()[1] == pytest.approx(0.6)
