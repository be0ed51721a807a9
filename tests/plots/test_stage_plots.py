"""The pictures of the X-ray: what is drawn is what a stage made."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba

from minimask.plots import stages, style
from minimask.plots.anchors import level_colors
from minimask.plots.show import figure_html

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
BOXES = np.array([[2.0, 3.0, 12.0, 13.0], [15.0, 4.0, 25.0, 14.0]])
ALT = "A stage of the machine, as chapter 5's X-ray shows it."


def boxes_of(axes, color: str) -> list[list[float]]:
    """Return the boxes that are drawn in a color, whatever their opacity."""
    drawn = [one for one in axes.collections if isinstance(one, LineCollection)]
    mine = [one for one in drawn if tuple(one.get_color()[0])[:3] == to_rgba(color)[:3]]
    return [[*path.vertices.min(axis=0), *path.vertices.max(axis=0)] for one in mine for path in one.get_paths()]


def words(axes) -> list[str]:
    return [text.get_text().strip() for text in axes.texts]


def images_of(axes) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for image in axes.images]


def test_objectness_is_drawn_over_the_whole_picture_on_one_scale():
    maps = {"stride 4": np.array([[0.1, 0.9], [0.4, 0.2]]), "stride 8": np.array([[0.5]])}
    fig = stages.objectness(PICTURE, maps, BOXES)
    picture, fine, coarse, _ = fig.axes
    for axes, values in ((fine, maps["stride 4"]), (coarse, maps["stride 8"])):
        assert np.array_equal(images_of(axes)[0], values)
        assert axes.images[0].get_clim() == (0, 1) and axes.images[0].get_extent() == [0, 30, 20, 0]
        assert boxes_of(axes, style.PAPER) == BOXES.tolist()
    assert [axes.get_title(loc="left") for axes in (picture, fine, coarse)] == ["the picture", "stride 4", "stride 8"]


def test_proposals_are_told_apart_and_levels_counted():
    fig = stages.proposals(PICTURE, BOXES, BOXES + 1, [True, False], {"stride 4": 70, "stride 8": 0})
    beside, on, levels = fig.axes
    assert boxes_of(beside, style.TIGHT) == [(BOXES[1] + 1).tolist()]
    assert boxes_of(on, style.BEST) == [(BOXES[0] + 1).tolist()]
    assert [axes.get_title(loc="left") for axes in (beside, on)] == ["1 beside the objects", "1 on them, IoU ≥ 0.5"]
    assert [patch.get_width() for patch in levels.patches] == [70, 0] and words(levels) == ["70", "0"]
    assert [patch.get_facecolor()[:3] for patch in levels.patches] == [to_rgba(c)[:3] for c in level_colors(2)]


def test_features_have_a_row_for_each_operator_on_one_scale():
    align, pool = np.arange(8.0).reshape(2, 2, 2), np.arange(8.0).reshape(2, 2, 2) + 3
    fig = stages.features(PICTURE, BOXES[0], {"RoIAlign": align, "RoIPool": pool})
    first, a, b, second, c, d = fig.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["RoIAlign", "RoIPool"]
    for axes, cells in zip((a, b, c, d), (*align, *pool), strict=True):
        assert np.array_equal(images_of(axes)[0], cells) and axes.images[0].get_clim() == (0, 10)
    assert boxes_of(first, style.HIGHLIGHT) == [BOXES[0].tolist()]


def test_class_scores_mark_the_true_class_of_each_roi():
    names, scores = ["background", "disc", "star"], np.array([[0.1, 0.88, 0.02], [0.7, 0.1, 0.2]])
    fig = stages.class_scores(PICTURE, BOXES, scores, names, ["disc", "background"])
    *above, left, right = fig.axes
    assert [axes.get_title(loc="left") for axes in above] == ["truth: disc", "truth: background"]
    for axes, row, true in ((left, scores[0], 1), (right, scores[1], 0)):
        assert [patch.get_width() for patch in axes.patches] == row.tolist()
        marked = [k for k, patch in enumerate(axes.patches) if patch.get_facecolor()[:3] == to_rgba(style.BEST)[:3]]
        assert marked == [true]
    assert words(left) == ["0.10", "0.88"] and words(right) == ["0.70", "0.10", "0.20"]


def test_refined_boxes_before_and_after():
    ious = [[0.5, 0.9], [0.8, 0.7]]
    left, right = stages.refined(PICTURE, BOXES, BOXES - 1, BOXES + 1, ious).axes
    drawn = {color: boxes_of(left, color) for color in (style.PAPER, style.TIGHT, style.BEST)}
    assert drawn == {
        style.PAPER: BOXES.tolist(), style.TIGHT: (BOXES - 1).tolist(), style.BEST: (BOXES + 1).tolist(),
    }  # fmt: skip
    assert right.lines[1].get_xydata().tolist() == ious


def test_the_mask_of_its_own_class_is_framed():
    masks = np.linspace(0, 1, 12).reshape(3, 2, 2)
    fig = stages.class_masks(PICTURE, BOXES[0], masks, ["background", "disc", "star"], 2)
    _, *panels = fig.axes
    assert all(np.array_equal(images_of(axes)[0], mask) for axes, mask in zip(panels, masks, strict=True))
    assert [axes.spines["top"].get_visible() for axes in panels] == [False, False, True]
    assert figure_html(fig, ALT)


def test_pasted_masks_are_compared_with_the_true_ones():
    true, found = np.zeros((2, 20, 30), dtype=bool)
    true[4:8, 2:12], found[4:8, 4:12] = True, True
    fig = stages.pasted(PICTURE, {"a": (found, true), "b": (true, true)}, BOXES[0])
    assert [words(axes) for axes in fig.axes] == [["IoU 0.80"], ["IoU 1.00"]]


def test_the_scoreboard_has_a_bar_as_long_as_each_number():
    (axes,) = stages.scoreboard({"anchors": ("mean IoU of the best", 0.7), "masks": ("mean IoU", 0.81)}).axes
    grounds, bars = axes.patches[::2], axes.patches[1::2]
    assert [bar.get_width() for bar in bars] == [0.7, 0.81] and {bar.get_width() for bar in grounds} == {1}
    assert words(axes) == ["mean IoU of the best", "0.70", "mean IoU", "0.81"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["anchors", "masks"]


def test_reached_is_the_share_of_objects_at_or_above_each_iou():
    fig = stages.reached({"anchors": [0.25, 0.5, 0.5, 1.0], "masks": [0.9] * 4})
    (axes,) = fig.axes
    x, y = (np.asarray(part) for part in axes.lines[0].get_data())
    shares = [y[np.searchsorted(x, iou, side="left")] for iou in (0.1, 0.25, 0.3, 0.5, 0.6, 1.0)]
    assert shares == [1, 1, 0.75, 0.75, 0.25, 0.25]
    assert [line.get_label() for line in axes.lines] == ["anchors", "masks"]


def test_right_and_wrong_masks_are_told_apart_by_color_and_stroke():
    masks = np.zeros((2, 20, 30), dtype=bool)
    masks[0, 2:8, 3:13], masks[1, 10:15, 20:24] = True, True
    (axes,) = stages.loose_masks(PICTURE, masks, masks, [True, False]).axes
    layers = images_of(axes)[1:]
    assert [np.array_equal(layer[..., 3] > 0, mask) for layer, mask in zip(layers, masks, strict=True)] == [True, True]
    colors = [tuple(layer[layer[..., 3] > 0][0][:3]) for layer in layers]
    assert colors == [pytest.approx(to_rgba(color)[:3]) for color in (style.BEST, style.YOURS)]
