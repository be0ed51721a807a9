import numpy as np
import pytest

from minimask.plots import screens as pictures
from minimask.plots.screens import ROLES, OnScreen, Shot
from minimask.plots.show import webp_file

IMAGE = np.full((40, 60, 3), 200, np.uint8)
MASKS = np.zeros((2, 40, 60), bool)
MASKS[0, 5:15, 5:25] = MASKS[1, 20:35, 10:50] = True
SEEN = OnScreen(("button", "panel"), MASKS)


def drawn_texts(fig):
    return [text.get_text() for axes in fig.axes for text in axes.texts]


def test_every_role_has_a_color_and_a_letter_of_its_own():
    assert len({color for color, _ in ROLES.values()}) == len({letter for _, letter in ROLES.values()}) == len(ROLES)


def test_pages_carry_their_names_and_letters():
    fig = pictures.pages([IMAGE, IMAGE], {"page": [None, None], "truth": [SEEN, None]}, ["one", "two"])
    assert [axes.get_title(loc="left") for axes in fig.axes] == ["one", "two", "", ""]
    assert [axes.get_ylabel() for axes in fig.axes] == ["page", "", "truth", ""]
    assert drawn_texts(fig) == ["B", "P"]
    assert webp_file(fig)


def test_a_mask_without_pixels_is_not_drawn():
    fig = pictures.pages([IMAGE], {"found": [OnScreen(("text",), np.zeros((1, 40, 60), bool))]}, ["one"])
    assert drawn_texts(fig) == []


def test_intervals_are_drawn_from_end_to_end():
    fig = pictures.intervals({"a": {"x": (0.5, 0.4, 0.7)}, "b": {"x": (0.6, 0.5, 0.8), "y": (0.1, 0.0, 0.2)}}, "AP")
    lines = fig.axes[0].get_lines()
    assert [list(line.get_xdata()) for line in lines[:2]] == [[0.4, 0.7], [0.5]]
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["x", "y"]
    assert fig.axes[0].yaxis_inverted()


def test_boxes_are_numbered_from_one():
    fig = pictures.reading(IMAGE, [[5, 5, 25, 15], [10, 20, 50, 35]], ["button", "panel"])
    assert drawn_texts(fig) == ["1", "2"]


@pytest.mark.parametrize(("hits", "words"), [((True, False), "1 of 2 hit"), ((), "0 of 0 hit")])
def test_hits_and_misses_are_counted(hits, words):
    shots = [Shot(10, 10 + 5 * k, hit) for k, hit in enumerate(hits)]
    fig = pictures.clicks(IMAGE, {"one way": shots}, (0, 0, 30, 30))
    assert words in drawn_texts(fig) and fig.axes[0].get_xlim() == (0, 30)
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["hit", "missed"]


def test_a_page_its_flat_colors_and_a_part_are_beside_each_other():
    fig = pictures.flat_and_parts(IMAGE, IMAGE, MASKS[0], (0, 0, 30, 20))
    assert len(fig.axes) == 3 and fig.axes[2].get_xlim() == (0, 30)
