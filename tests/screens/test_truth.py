import numpy as np
import pytest

from minimask.screens.pages import CLASSES, Page
from minimask.screens.truth import SHADES, Element, Screen, flat_colors, owners_of


def screen_of(*parts):
    """Return a screen of (role, box, mask) on 12 x 20 pixels."""
    elements = tuple(Element(role, "", box, -1) for role, box, _ in parts)
    masks = np.zeros((len(parts), 12, 20), bool)
    for mask, (_, _, (x1, y1, x2, y2)) in zip(masks, parts, strict=True):
        mask[y1:y2, x1:x2] = True
    return Screen(Page("", "flat", 0, 0), np.zeros((12, 20, 3), np.uint8), elements, masks)


def test_flat_colors_are_all_different_and_the_page_is_black():
    colors = flat_colors(len(SHADES) ** 3 - 1)
    assert len(np.unique(colors, axis=0)) == 125
    assert colors[0].tolist() == [0, 0, 0]
    assert np.abs(np.diff(colors[:40], axis=0)).sum(1).min() >= 128  # neighbors on a page are told apart easily
    with pytest.raises(ValueError, match="a page must have at most 124 elements, got 125"):
        flat_colors(125)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45, 0.55, 0.7, 0.9])
@pytest.mark.parametrize("pair", [(1, 0), (5, 9), (20, 3)])
def test_a_mixture_belongs_to_what_covers_more_of_it(share, pair):
    colors = flat_colors(24)
    front, back = pair
    mixed = np.round(share * colors[front] + (1 - share) * colors[back])
    flat = np.array([[colors[front], mixed, colors[back]]], np.uint8)
    boxes = np.tile([0, 0, 3, 1], (25, 1))
    assert owners_of(flat, colors, boxes)[0].tolist() == [front, front if share > 0.5 else back, back]


def test_a_mixture_looks_two_pixels_far_but_not_three():
    colors = flat_colors(2)
    mixed = (colors[1] * 0.8).astype(np.uint8)
    flat = np.array([[colors[1], mixed, mixed, mixed, colors[0]]], np.uint8)
    boxes = np.tile([0, 0, 5, 1], (3, 1))
    assert owners_of(flat, colors, boxes).tolist() == [[1, 1, 1, 0, 0]]  # the last mixture sees one color only
    with pytest.raises(ValueError, match="flat must be painted flat, but at row 0, column 3 is"):
        owners_of(np.array([[colors[1], mixed, mixed, mixed]], np.uint8), colors, boxes)


def test_what_looks_like_an_element_outside_of_its_box_is_a_mixture():
    colors = np.array([[0, 0, 0], [128, 128, 0], [64, 64, 0]])
    flat = np.array([[[128, 128, 0], [64, 64, 0], [0, 0, 0]]], np.uint8)
    far, near = (
        np.array([[0, 0, 3, 1], [0, 0, 2, 1], [50, 0, 60, 9]]),
        np.array([[0, 0, 3, 1], [0, 0, 2, 1], [1, 0, 2, 1]]),
    )
    assert owners_of(flat, colors, far)[0, 1] in (0, 1)
    assert owners_of(flat, colors, near)[0, 1] == 2


def test_what_is_hardly_seen_is_a_crowd():
    screen = screen_of(
        ("button", (0, 0, 10, 10), (0, 0, 10, 10)),
        ("button", (0, 0, 20, 10), (0, 0, 20, 2)),  # a fifth of it: 40 pixels
        ("checkbox", (0, 0, 5, 4), (0, 0, 5, 4)),  # 20 pixels
    )
    np.testing.assert_allclose(screen.shares, [1.0, 0.2, 1.0])
    assert screen.picture.crowd.tolist() == [False, True, True]
    assert [CLASSES[label - 1] for label in screen.picture.labels] == ["button", "button", "checkbox"]
    assert screen.picture.boxes.tolist() == [[0, 0, 10, 10], [0, 0, 20, 2], [0, 0, 5, 4]]
