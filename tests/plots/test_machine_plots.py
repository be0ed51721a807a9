"""The pictures of the whole machine: its parts and their order, what they cost, and what it finds."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch

from minimask.plots import machine, style
from minimask.plots.machine import Part, Seen
from minimask.plots.show import figure, figure_html

PICTURE = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
MASKS = np.zeros((2, 20, 30), dtype=bool)
MASKS[0, 2:8, 3:13] = True
MASKS[1, 10:15, 20:24] = True
SEEN = Seen(MASKS, np.array([1, 6]), ["disc", "rectangle"])
ALT = "The machine, or what it finds in a picture, as chapter 5 shows it."


def words(axes) -> list[str]:
    return [text.get_text().strip() for text in axes.texts]


def filled(axes) -> list[tuple[np.ndarray, tuple[float, ...]]]:
    """Return the pixels and the color of every mask that lies on the picture."""
    layers = [np.asarray(image.get_array()) for image in axes.images[1:]]
    return [(layer[..., 3] > 0, tuple(layer[layer[..., 3] > 0][0])) for layer in layers]


def test_masks_lie_on_the_picture_in_the_colors_of_their_classes_with_their_names():
    _, (axes,) = figure()
    machine.draw_seen(axes, PICTURE, SEEN)
    found = filled(axes)
    assert [np.array_equal(mask, layer) for mask, (layer, _) in zip(MASKS, found, strict=True)] == [True, True]
    assert [color for _, color in found] == [to_rgba(machine.CLASS_COLORS[k], 0.45) for k in (0, 5)]
    assert words(axes) == ["disc", "rectangle"]
    assert axes.get_xlim() == (0, 30) and axes.get_ylim() == (20, 0)


def test_a_mask_without_pixels_is_left_out():
    _, (axes,) = figure()
    machine.draw_seen(axes, PICTURE, Seen(np.zeros((1, 20, 30)), [2], ["triangle"]))
    assert not filled(axes) and not words(axes)


def test_an_outline_runs_along_the_borders_of_pixels_halfway_to_their_neighbors_centers():
    _, (axes,) = figure()
    machine.draw_outline(axes, MASKS[0], style.TIGHT, 2)
    corners = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
    assert corners.min(axis=0).tolist() == [3, 2] and corners.max(axis=0).tolist() == [13, 8]


def test_the_diagram_names_every_part_in_the_color_of_its_kind_from_left_to_right():
    upper = [Part("backbone", "maps", "3 maps"), Part("proposals", "boxes", "100 boxes")]
    lower = [Part("box head", "heads", "7 scores"), Part("mask head", "heads", "28 × 28")]
    fig = machine.diagram(PICTURE, SEEN, [upper, lower])
    axes = fig.axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert [tuple(patch.get_edgecolor()) for patch in boxes] == [
        to_rgba(machine.KINDS[part.kind]) for part in upper + lower
    ]
    assert [word for word in words(axes) if word] == [
        "backbone", "3 maps", "proposals", "100 boxes", "box head", "7 scores", "mask head", "28 × 28",
    ]  # fmt: skip
    assert boxes[0].get_x() < boxes[1].get_x() and boxes[0].get_y() < boxes[2].get_y()
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == 5  # two in the first row, two in the second with that to the masks, one between them
    before, after = axes.child_axes
    assert len(filled(before)) == 0 and len(filled(after)) == 2
    assert figure_html(fig, ALT)


def test_shares_of_each_group_add_up():
    fig = machine.shares({"parameters": {"a": 1, "b": 3}, "work": {"a": 98, "b": 2}})
    (axes,) = fig.axes
    bars = [patch for patch in axes.patches if patch.get_width()]
    assert [patch.get_width() for patch in bars] == pytest.approx([0.25, 0.75, 0.98, 0.02])
    assert [patch.get_x() for patch in bars] == pytest.approx([0, 0.25, 0, 0.98])
    assert words(axes) == ["25%", "75%", "98%"]  # too small a part has no room for words
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b"]


def test_the_strip_goes_by_picture_and_moment_and_ends_with_the_truth():
    nothing = Seen(np.zeros((0, 20, 30)), [])
    fig = machine.strip([PICTURE, PICTURE], {"step 0": [nothing, nothing], "step 9": [nothing, SEEN]}, [SEEN, SEEN])
    assert [len(filled(axes)) for axes in fig.axes] == [0, 0, 2, 0, 2, 2]
    assert [axes.get_title(loc="left") for axes in fig.axes] == ["step 0", "step 9", "the truth", "", "", ""]


def test_the_gallery_has_a_row_for_what_was_found_and_one_for_the_truth():
    nothing = Seen(np.zeros((0, 20, 30)), [])
    fig = machine.gallery([PICTURE, PICTURE], {"found": [SEEN, nothing], "the truth": [SEEN, SEEN]})
    assert [len(filled(axes)) for axes in fig.axes] == [2, 0, 2, 2]
    assert [axes.get_ylabel() for axes in fig.axes] == ["found", "", "the truth", ""]
