"""The pictures of chapter 3: what stands in the cells, and what the curves go through, is what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from minimask.plots import roi_curves, rois, style
from minimask.plots.show import figure, figure_html

WINDOW = (2, 1, 8, 7)  # columns 2 to 7, rows 1 to 6
FEATURES = np.random.default_rng(0).random((9, 10))
BOX = np.array([2.75, 1.5, 6.25, 5.25])  # in cells


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def rectangles(axes) -> list[tuple[float, float, float, float]]:
    patches = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [
        (*patch.get_xy(), patch.get_x() + patch.get_width(), patch.get_y() + patch.get_height()) for patch in patches
    ]


def line(axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    (found,) = [line for line in axes.lines if line.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def test_numbers_stand_in_the_middle_of_their_cells():
    _, (axes,) = figure()
    rois.draw_cells(axes, [[0.25, 0.0, -0.5], [1.0, 0.125, 0.004]], corner=(7, 3), numbers=2)
    placed = {text.get_position(): text.get_text() for text in axes.texts}
    assert placed == {
        (7.5, 3.5): ".25", (8.5, 3.5): "", (9.5, 3.5): "-.50",
        (7.5, 4.5): "1.00", (8.5, 4.5): ".12", (9.5, 4.5): ".00",
    }  # fmt: skip
    assert axes.images[0].get_extent() == [7, 10, 5, 3]


def test_numbers_can_be_read_on_light_and_on_dark_cells():
    _, (axes,) = figure()
    rois.draw_cells(axes, [[0.001, 1.0]], numbers=2, limits=(0, 1))
    assert [text.get_color() for text in axes.texts] == [style.INK, style.PAPER]


def test_a_window_shows_its_part_of_the_map_and_numbers_its_cells():
    _, (axes,) = figure()
    rois.draw_window(axes, FEATURES, WINDOW)
    assert np.array_equal(axes.images[0].get_array(), FEATURES[1:7, 2:8])
    assert words(axes) == [str(number) for number in (*range(2, 8), *range(1, 7))]
    x, y = axes.lines[0].get_data()
    assert len(x) == 36 and (min(x), min(y)) == (2.5, 1.5)


def test_picture_and_map_show_the_same_corner_in_pixels_and_in_cells():
    picture = np.random.default_rng(1).random((9 * 4, 10 * 4, 3))
    fig = rois.picture_and_map(picture, FEATURES, BOX * 4, 4, WINDOW)
    left, right = fig.axes
    assert np.array_equal(left.images[0].get_array(), picture[4:28, 8:32])
    assert left.images[0].get_extent() == [8, 32, 28, 4]
    assert rectangles(left) == [tuple(BOX * 4)] and rectangles(right) == [tuple(BOX)]
    assert "(11, 6)" in words(left) and "(2.75, 1.5)" in words(right)


def test_the_weight_of_a_neighbor_is_the_area_across_from_it():
    values = np.array([[20.0, 24.0], [12.0, 20.0]])
    fig = rois.neighbors(values, 0.25, 0.5)
    (axes,) = fig.axes
    at = {text.xy: text.get_text() for text in axes.texts if "weight" in text.get_text()}
    assert at == {
        (0, 0): "weight 0.375", (1, 0): "weight 0.125",
        (0, 1): "weight 0.375", (1, 1): "weight 0.125",
    }  # fmt: skip
    assert "17.5°" in words(axes)
    edges = {to_hex(mark.get_markeredgecolor()): mark.get_data() for mark in axes.lines if mark.get_marker() == "s"}
    for patch in axes.patches:  # a neighbor's rectangle touches the corner across from it, in its color
        (column,), (row,) = edges[to_hex(patch.get_edgecolor())]
        weight = float(at[(column, row)].split()[1])
        assert patch.get_width() * patch.get_height() == pytest.approx(weight)
        assert patch.get_x() == (0 if column else 0.25) and patch.get_y() == (0 if row else 0.5)


def test_cells_that_several_bins_read_are_counted():
    bins = [(2, 1, 4, 3), (3, 1, 6, 3), (2, 2, 4, 5), (3, 2, 6, 5)]
    fig = rois.roundings(FEATURES, BOX, [2, 1, 6, 5], bins, WINDOW)
    counted = {text.get_position(): text.get_text() for text in fig.axes[2].texts if text.get_fontweight() == "bold"}
    expected = {}
    for j, i in np.ndindex(10, 9):
        times = sum(x1 <= j < x2 and y1 <= i < y2 for x1, y1, x2, y2 in bins)
        if times:
            expected[(j + 0.5, i + 0.5)] = str(times)
    assert counted == expected and counted[(3.5, 2.5)] == "4"
    assert rectangles(fig.axes[1]) == [tuple(BOX), (2, 1, 6, 5)]
    assert rectangles(fig.axes[0]) == [tuple(BOX)]


def test_samples_and_weights_lie_on_the_same_map():
    points = np.array([[3.0, 2.5], [4.5, 4.0]])
    taps = np.zeros_like(FEATURES)
    taps[3, 4:6] = 0.25, 0.75
    left, right = rois.samples(FEATURES, BOX, (2, 2), points, taps, WINDOW).axes
    assert np.column_stack(left.lines[-1].get_data()) == pytest.approx(points)
    shown = {text.get_position(): text.get_text() for text in right.texts if "." in text.get_text()}
    assert shown == {(4.5, 3.5): ".25", (5.5, 3.5): ".75"}
    assert rectangles(left) == rectangles(right) == [tuple(BOX)]


def test_the_matrices_are_drawn_in_the_order_of_their_product():
    rng = np.random.default_rng(2)
    wy, part, wx = rng.random((2, 5)), rng.random((5, 4)), rng.random((3, 4))
    axes = rois.matrices(wy, part, wx, wy @ part @ wx.T).axes
    assert [np.shape(one.images[0].get_array()) for one in axes] == [(2, 5), (5, 4), (4, 3), (2, 3)]
    assert np.array_equal(axes[2].images[0].get_array(), wx.T)
    titles = [one.get_title(loc="left") for one in axes]
    assert titles == ["Wy  2 × 5", "F  5 × 4", "Wxᵀ  4 × 3", "out  2 × 3"]


def test_footprints_count_the_cells_that_they_touch():
    one, several = np.zeros((9, 10)), np.zeros((9, 10))
    one[3, 4] = 1
    several[3:5, 4:6] = 0.25
    fig = rois.footprints({"RoIPool": one, "RoIAlign": several}, BOX, (2, 2), WINDOW)
    assert ["1 cell touched" in words(fig.axes[0]), "4 cells touched" in words(fig.axes[1])] == [True, True]


SHIFT = np.arange(5.0)
POOLED, ALIGNED, EXACT = np.array([1.0, 1, 1, 3, 3]), np.array([0.9, 1.4, 2, 2.5, 3]), np.array([1.0, 1.5, 2, 2.5, 3])


def test_the_errors_beneath_are_the_values_less_the_exact_mean():
    values, errors = roi_curves.shifted(SHIFT, POOLED, ALIGNED, EXACT, averaged=EXACT + 1).axes
    assert np.array_equal(line(values, "RoIPool (maximum)")[1], POOLED)
    assert np.array_equal(line(errors, "RoIPool (maximum)")[1], POOLED - EXACT)
    assert np.array_equal(line(errors, "RoIAlign")[1], ALIGNED - EXACT)
    assert np.array_equal(line(errors, "RoIPool's bin, averaged")[1], np.ones(5))
    assert not line(errors, "the exact mean")[1].any()


def test_without_an_average_none_is_drawn():
    values, _ = roi_curves.shifted(SHIFT, POOLED, ALIGNED, EXACT).axes
    assert len(values.lines) == 3


def test_errors_of_sampling_are_drawn_as_given_beside_a_slope_of_two():
    (axes,) = roi_curves.sampling([1, 2, 4], {"large bins": [0.4, 0.1, 0.02], "small bins": [0.1, 0.02, 0.005]}).axes
    assert line(axes, "small bins")[1] == pytest.approx([0.1, 0.02, 0.005])
    (guide,) = [one for one in axes.lines if one.get_label().startswith("_")]
    assert np.diff(np.log2(guide.get_ydata())) == pytest.approx([-2, -2])


def test_bounds_of_displacement_are_those_of_the_stride():
    rng = np.random.default_rng(3)
    errors = {stride: (rng.uniform(-0.5, 0.5, 200) * stride, rng.uniform(-1, 2, 200) * stride) for stride in (4, 8)}
    left, right = roi_curves.displacements(errors, [(-0.5, 0.5), (-1.25, 2.25)]).axes
    assert words(left) == ["−2", "2", "−4", "4"]
    assert words(right) == ["−5", "9", "−10", "18"]
    ends = sorted({float(one.get_xdata()[0]) for one in right.lines if one.get_color() == style.INK})
    assert ends == [-10, -5, 9, 18]


def test_every_misplaced_border_is_in_the_picture():
    errors = {16: (np.array([-8.0, 8.0]), np.array([-19.4, 35.4]))}
    for axes in roi_curves.displacements(errors, [(-0.5, 0.5), (-1.215, 2.215)]).axes:
        values, edges, _ = axes.patches[0].get_data()
        assert edges[0] <= -19.4 and edges[-1] >= 35.4
        assert np.count_nonzero(np.asarray(values) != 0) == 2


def test_only_the_last_reading_has_a_second_cross():
    panels = {name: np.full((20, 30, 3), 0.5) for name in ("pixels", "right", "wrong")}
    fig = roi_curves.half_pixel(panels, cross=(12, 9), stray=4)
    places = [[tuple(one.get_segments()[0][0]) for one in axes.collections] for axes in fig.axes]
    assert places[0] == places[1] == places[2][:4] == [(0, 9), (12, 0)] * 2
    assert places[2][4:] == [(0, 5), (8, 0)]


def test_counts_are_shares_of_all_bins():
    (axes,) = roi_curves.counts({"RoIPool": np.ones(8), "RoIAlign": [4, 4, 4, 9]}).axes
    assert words(axes) == ["100%", "75%", "25%"]
    assert [text.xy[0] for text in axes.texts] == [1, 4, 9]
    assert list(axes.get_xticks()) == [1, 4, 9]


def test_slopes_stand_beneath_their_values():
    values, rates = roi_curves.slopes(
        SHIFT, (POOLED, ALIGNED), (np.zeros(5), np.full(5, 0.5)), ([1.0, 3.0], [0.5, 0.5])
    ).axes
    assert np.array_equal(line(values, "RoIAlign")[1], ALIGNED)
    assert not line(rates, "RoIPool")[1].any() and (line(rates, "RoIAlign")[1] == 0.5).all()
    assert np.array_equal(line(rates, "finite differences")[0], [1, 3])


def learned() -> Figure:
    truth = np.array([20.0, 16.0, 60.0, 48.0])
    still = np.tile(truth + 8, (100, 1))
    moving = truth + np.linspace(8, 0.25, 100)[:, None] * [1, 0.5, 0.25, 0]
    features = np.random.default_rng(4).random((3, 6, 8))
    return roi_curves.learning(features, 16, (still, moving), truth, (SHIFT, POOLED, ALIGNED))


def test_the_error_of_a_learned_box_is_that_of_its_worst_side():
    fig = learned()
    path, errors, loss = fig.axes
    assert np.array_equal(line(errors, "RoIPool")[1], np.full(100, 8))
    assert line(errors, "RoIAlign")[1] == pytest.approx(np.linspace(8, 0.25, 100))
    assert rectangles(path)[-2] == (20.25, 16.125, 60.0625, 48) and rectangles(path)[-1] == (28, 24, 68, 56)
    assert np.array_equal(line(loss, "RoIPool")[1], POOLED) and np.array_equal(line(loss, "RoIAlign")[1], ALIGNED)
    assert path.images[0].get_extent() == [0, 128, 96, 0]


def test_readings_carry_their_iou():
    truth = np.zeros((20, 30), dtype=bool)
    truth[5:15, 5:20] = True
    fig = roi_curves.readings([("RoIAlign", truth, 1.0), ("RoIPool", np.roll(truth, 2, 1), 0.8125)], truth)
    assert [words(axes)[-1] for axes in fig.axes] == ["IoU 1.000", "IoU 0.812"]


def test_mask_and_box_have_a_panel_each():
    scores = {"RoIAlign": np.array([[0.9, 0.8], [0.7, 0.75]]), "RoIPool": np.array([[0.8, 0.79], [0.5, 0.7]])}
    mask, box = roi_curves.masks_and_boxes([4, 8], scores).axes
    assert np.array_equal(line(mask, "RoIPool")[1], [0.8, 0.5])
    assert np.array_equal(line(box, "RoIAlign")[1], [0.8, 0.75])


def test_the_two_operators_differ_in_more_than_color():
    strokes = [
        (look["color"], str(look["linestyle"])) for look in (roi_curves.POOL, roi_curves.FAIR_POOL, roi_curves.ALIGN)
    ]
    assert len({color for color, _ in strokes}) == len({stroke for _, stroke in strokes}) == 3


def test_the_same_picture_gives_the_same_bytes():
    alt = "A box is learned by gradient descent through both operators."
    assert figure_html(learned(), alt) == figure_html(learned(), alt)
