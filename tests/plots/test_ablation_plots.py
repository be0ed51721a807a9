"""The pictures that compare: means are means, ranges are ranges, and what counts as a difference looks like one."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import same_color

from minimask.plots import ablations, style
from minimask.plots.show import figure_html

ALT = "Variants of the machine compared, as chapter 5 shows them."


def test_losses_are_smoothed_and_precisions_stand_at_their_steps():
    losses = {"mask": np.linspace(2, 1, 60), "box": np.full(60, 0.5)}
    fig = ablations.training(losses, [30, 60], {"AP": [0.1, 0.2], "AP50": [0.3, 0.4]})
    left, right = fig.axes
    smooth, flat = left.lines
    assert smooth.get_ydata()[0] == pytest.approx(losses["mask"][:3].mean()) and smooth.get_xdata()[0] == 3
    assert smooth.get_xdata()[-1] == 60 and np.allclose(flat.get_ydata(), 0.5)
    assert [list(line.get_ydata()) for line in right.lines] == [[0.1, 0.2], [0.3, 0.4]]
    assert right.get_ylim()[1] > 0.4


def test_learning_has_a_panel_for_each_kind_and_a_line_for_each_seed():
    fig = ablations.learning(
        {"mask AP": [([1, 2], [0.4, 0.6]), ([1, 2], [0.5, 0.5])], "box AP": [([1, 2], [0.3, 0.4])]}
    )
    left, right = fig.axes
    assert [list(line.get_ydata()) for line in left.lines] == [[0.4, 0.6], [0.5, 0.5]] and len(right.lines) == 1


def test_a_variant_is_colored_only_if_all_its_seeds_lie_beyond_all_of_the_base():
    variants = {"base": [0.5, 0.52], "worse": [0.4, 0.49], "mixed": [0.45, 0.51], "better": [0.53, 0.6]}
    fig = ablations.seeds({"mask AP": variants}, "base")
    (axes,) = fig.axes
    dots, means = axes.lines[::2], axes.lines[1::2]
    assert [list(line.get_xdata()) for line in dots] == list(variants.values())
    assert [line.get_xdata()[0] for line in means] == pytest.approx([0.51, 0.445, 0.48, 0.565])
    wanted = (style.SHAPE_EDGE, style.TIGHT, style.MUTED, style.BEST)
    assert all(same_color(line.get_color(), color) for line, color in zip(dots, wanted, strict=True))
    assert [label.get_text() for label in axes.get_yticklabels()] == list(variants)
    assert figure_html(fig, ALT)


def test_by_threshold_draws_the_mean_of_seeds_and_their_range():
    align = np.array([[0.8, 0.6], [0.6, 0.2]])
    (axes,) = ablations.by_threshold([0.5, 0.95], {"mask AP": {"RoIAlign": align}}).axes
    assert axes.lines[0].get_ydata().tolist() == pytest.approx([0.7, 0.4])
    corners = axes.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == 0.2 and corners[:, 1].max() == 0.8


def test_oracles_are_plotted_against_their_cells():
    (axes,) = ablations.oracles((28, 14), {"aligned": [1.0, 0.97], "published": [0.8, 0.8]}).axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[1.0, 0.97], [0.8, 0.8]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["28 × 28", "14 × 14"]


def test_counts_are_plotted_below_the_line_of_all():
    (axes,) = ablations.counts([0.5, 1.0], {"old": [9, 12], "new": [20, 24]}, 24, "blur").axes
    line, old, new = axes.lines
    assert set(line.get_ydata()) == {24} and old.get_xydata().tolist() == [[0.5, 9], [1.0, 12]]
    assert list(new.get_ydata()) == [20, 24] and [text.get_text() for text in axes.get_legend().texts] == ["old", "new"]
    assert [text.get_text() for text in axes.texts] == ["all 24"] and axes.get_xlabel() == "blur"


def test_precision_and_recall_with_the_envelope():
    envelope = [1] * 51 + [2 / 3] * 50
    (axes,) = ablations.precision_recall([0.5, 0.5, 1], [1, 0.5, 2 / 3], [True, False, True], envelope).axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["highest precision from here on"].get_ydata()) == envelope
    assert lines["true"].get_xydata().tolist() == [[0.5, 1], [1, 2 / 3]]
    assert lines["false"].get_xydata().tolist() == [[0.5, 0.5]]
