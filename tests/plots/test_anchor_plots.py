"""The pictures of chapter 2: what is drawn is what was counted and measured."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from minimask.anchors import recipes
from minimask.plots import anchors, proposals, style
from minimask.plots.show import figure, figure_html

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
OBJECTS = np.array([[2.0, 3.0, 12.0, 13.0], [15.0, 4.0, 25.0, 14.0]])
ALT = "A picture of anchors or of proposals, as chapter 2 shows it."


def outlines(axes) -> list[tuple[tuple[float, ...], list[list[float]]]]:
    """Return color and boxes of every call of `draw_boxes`."""
    found = []
    for one in axes.collections:
        if isinstance(one, LineCollection):
            boxes = [[*path.vertices.min(axis=0), *path.vertices.max(axis=0)] for path in one.get_paths()]
            found.append((tuple(one.get_color()[0]), boxes))
    return found


def boxes_of(axes, color: str) -> list[list[float]]:
    return [box for seen, boxes in outlines(axes) for box in boxes if seen == to_rgba(color)]


def words(axes) -> list[str]:
    return [text.get_text().strip() for text in axes.texts]


def lengths(axes) -> list[float]:
    return [patch.get_width() for patch in axes.patches if isinstance(patch, Rectangle)]


def test_boxes_are_closed_outlines():
    _, (axes,) = figure()
    anchors.draw_boxes(axes, OBJECTS, style.BEST)
    assert boxes_of(axes, style.BEST) == OBJECTS.tolist()
    corners = [[2, 3], [12, 3], [12, 13], [2, 13], [2, 3]]
    assert axes.collections[0].get_paths()[0].vertices.tolist() == corners
    anchors.draw_boxes(axes, [], style.TIGHT)
    assert boxes_of(axes, style.TIGHT) == []


def test_the_cells_anchors_stand_around_its_middle_and_the_sea_around_all():
    recipe = recipes["lesson"]
    cell, stride = recipe.cell_anchors(2), 16
    sea = recipe.per_level(48, 64)[2]
    fig = anchors.cell_and_sea(cell, sea, stride, (48, 64))
    left, right = fig.axes
    drawn = [box for color, boxes in outlines(left) if color != to_rgba(style.INK) for box in boxes]
    assert np.allclose(drawn, cell + np.array([40, 24, 40, 24]))  # the middle of the cell in column 2, row 1
    assert len(sea) == 36 and any(np.allclose(boxes, sea) for _, boxes in outlines(right) if len(boxes) == 36)
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["79.2 × 39.6", "56.0 × 56.0", "39.6 × 79.2"]
    assert right.get_title(loc="left") == "36 anchors over 64 × 48 pixels"
    assert figure_html(fig, ALT)


def test_counts_are_stacked_and_those_beyond_the_line_are_bold():
    fig = anchors.counts({"few": [10, 4], "many": [90, 20, 5]}, 100)
    (axes,) = fig.axes
    assert lengths(axes) == [10, 4, 90, 20, 5] and [patch.get_x() for patch in axes.patches] == [0, 10, 0, 90, 110]
    weights = {text.get_text().strip(): text.get_weight() for text in axes.texts}
    assert weights == {"100": "normal", "14": "normal", "115": "bold"}


def test_costs_are_said_in_words():
    fig = anchors.costs({"all": 1.39e14, "few": 53_207_040_000}, "multiply-adds", {"backbone": 2.4e11})
    (axes,) = fig.axes
    assert words(axes) == ["139 trillion", "53.2 billion", "backbone"]
    ends = [patch.get_x() + patch.get_width() for patch in axes.patches]
    assert np.allclose(ends, [1.39e14, 53_207_040_000]) and axes.get_xscale() == "log"


def test_reach_draws_a_panel_for_each_recipe_on_one_scale():
    sizes, ratios = np.geomspace(8, 512, 7), 2.0 ** np.linspace(-3, 3, 5)
    values = np.linspace(0.1, 0.8, 35).reshape(5, 7)
    fig = anchors.reach(sizes, ratios, {"one": values, "other": values[::-1]})
    one, other, _ = fig.axes
    assert [axes.get_title(loc="left") for axes in (one, other)] == ["one", "other"]
    for axes, drawn in ((one, values), (other, values[::-1])):
        mesh = axes.collections[0]
        assert np.array_equal(np.asarray(mesh.get_array()).reshape(5, 7), drawn) and mesh.get_clim() == (0, 1)
    assert figure_html(fig, ALT)


def test_ceilings_are_the_share_of_objects_at_or_above_each_iou():
    fig = anchors.ceilings({"shapes": {"lesson": [0.25, 0.5, 0.5, 1.0]}})
    (axes,) = fig.axes
    x, y = (np.asarray(part) for part in axes.lines[0].get_data())
    assert axes.lines[0].get_drawstyle() == "steps-pre"

    def share(iou):
        """The curve's value at an IoU: each step holds up to and with its right end."""
        return y[np.searchsorted(x, iou, side="left")]

    assert [share(iou) for iou in (0.1, 0.25, 0.3, 0.5, 0.6, 1.0)] == [1, 1, 0.75, 0.75, 0.25, 0.25]


def test_the_best_anchors_are_green_where_they_reach():
    fig = anchors.best_anchors({"panel": (PICTURE, OBJECTS, OBJECTS + 1, [0.7, 0.69])}, 0.7)
    (axes,) = fig.axes
    assert boxes_of(axes, style.PAPER) == OBJECTS.tolist()
    assert boxes_of(axes, style.BEST) == [(OBJECTS[0] + 1).tolist()]
    assert boxes_of(axes, style.TIGHT) == [(OBJECTS[1] + 1).tolist()]
    assert words(axes) == ["0.70", "0.69"]


def test_the_imbalance_counts_every_kind_and_draws_the_first():
    kinds = {"positive": OBJECTS[:1], "ignored": OBJECTS[1:] + 2, "negative": np.tile(OBJECTS, (400, 1))}
    left, right = anchors.imbalance(PICTURE, OBJECTS, kinds).axes
    assert boxes_of(left, style.BEST) == kinds["positive"].tolist()
    assert boxes_of(left, style.HIGHLIGHT) == boxes_of(left, style.TIGHT) == []
    assert lengths(right) == [1, 1, 800] and words(right) == ["1", "1", "800"]


def test_deltas_draw_the_anchor_the_box_and_the_way_between_their_centers():
    (axes,) = proposals.deltas(OBJECTS[0], OBJECTS[1], PICTURE).axes
    assert boxes_of(axes, style.TIGHT) == [OBJECTS[0].tolist()] and boxes_of(axes, style.BEST) == [OBJECTS[1].tolist()]
    (arrow,) = axes.texts
    assert tuple(arrow.xy) == (20, 9) and arrow.get_position() == (7, 8)


def test_training_shows_smoothed_losses():
    losses = {"objectness": np.linspace(1, 0.1, 80), "boxes": np.full(80, 0.5)}
    left, right = proposals.training(np.arange(80), losses, [0, 79], {"0.5": [0.1, 0.9]}).axes
    smooth, other = left.lines
    assert np.allclose(other.get_ydata(), 0.5) and len(other.get_ydata()) == 79
    assert smooth.get_ydata()[0] == pytest.approx(losses["objectness"][:2].mean()) and smooth.get_xdata()[0] == 1
    assert np.array_equal(right.lines[0].get_ydata(), [0.1, 0.9])


def test_snapshots_go_by_picture_and_moment():
    moments = {"step 0": [OBJECTS[:1], OBJECTS[1:]], "step 9": [OBJECTS[1:], OBJECTS]}
    fig = proposals.snapshots([PICTURE, PICTURE], [OBJECTS, OBJECTS[:1]], moments)
    drawn = [(boxes_of(axes, style.PAPER), boxes_of(axes, style.HIGHLIGHT)) for axes in fig.axes]
    first, second = OBJECTS.tolist()
    assert drawn == [
        ([first, second], [first]), ([first, second], [second]),
        ([first], [second]), ([first], [first, second]),
    ]  # fmt: skip
    assert [axes.get_title(loc="left") for axes in fig.axes] == ["step 0", "step 9", "", ""]


def test_the_funnel_shows_what_is_left_and_what_is_still_found():
    fig = proposals.funnel({"anchors": (4032, {"0.5": 1.0, "0.7": 0.9}), "proposals": (100, {"0.5": 0.96, "0.7": 0.8})})
    left, right = fig.axes
    assert lengths(left) == [4032, 100] and words(left) == ["4,032", "100"]
    assert [list(line.get_xdata()) for line in right.lines] == [[1.0, 0.96], [0.9, 0.8]]
    assert figure_html(fig, ALT)


def test_a_large_picture_shows_its_objects_its_proposals_and_what_they_miss():
    (axes,) = proposals.large_picture(PICTURE, OBJECTS, OBJECTS[:1] + 1, OBJECTS[1:]).axes
    assert boxes_of(axes, style.PAPER) == OBJECTS.tolist()
    assert boxes_of(axes, style.HIGHLIGHT) == [(OBJECTS[0] + 1).tolist()]
    assert boxes_of(axes, style.TIGHT) == [OBJECTS[1].tolist()]
    assert axes.get_xlim() == (0, 30) and axes.get_ylim() == (20, 0)


def test_a_crowd_shows_what_each_threshold_keeps_and_loses():
    fig = proposals.suppressed(PICTURE, OBJECTS, {"0.3": (OBJECTS[:1], OBJECTS[1:]), "0.7": (OBJECTS, [])})
    truth, low, high = fig.axes
    assert all(axes.get_xlim()[0] < 2 and axes.get_xlim()[1] > 25 for axes in fig.axes), "framed around the crowd"
    assert words(truth) == ["2 objects"] and words(low) == ["kept: 1, objects lost: 1"]
    assert words(high) == ["kept: 2, objects lost: 0"]
    assert (
        boxes_of(low, style.HIGHLIGHT) == [OBJECTS[0].tolist()] and boxes_of(high, style.HIGHLIGHT) == OBJECTS.tolist()
    )
    assert boxes_of(low, style.TIGHT) == [OBJECTS[1].tolist()] and boxes_of(high, style.TIGHT) == []


def test_thresholds_draw_a_curve_for_each_group():
    (axes,) = proposals.thresholds([0, 0.5, 1], {"crowded": [0.2, 0.5, 1], "single": [0.9, 1, 1]}).axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.2, 0.5, 1], [0.9, 1, 1]]
    assert [line.get_label() for line in axes.lines] == ["crowded", "single"]


def test_the_same_picture_gives_the_same_bytes():
    first, second = (
        figure_html(anchors.best_anchors({"p": (PICTURE, OBJECTS, OBJECTS, [0.9, 0.1])}, 0.5), ALT) for _ in range(2)
    )
    assert first == second
