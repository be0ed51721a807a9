import numpy as np
import pytest

from minimask.screens.edge_rules import edge_rules, edges_of
from minimask.screens.pages import CLASSES


def paper():
    return np.full((120, 200, 3), 245, np.uint8)


def boxed(image, x1, y1, x2, y2, inside=255):
    image[y1:y2, x1:x2] = 90
    image[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1] = inside


def word(image, x, y, letters):
    """Write letters of 4 x 8 pixels, two apart."""
    for k in range(letters):
        image[y : y + 8, x + 6 * k : x + 6 * k + 4] = 20
        image[y + 2 : y + 6, x + 6 * k + 1 : x + 6 * k + 3] = image[0, 0]


def roles(found):
    return [CLASSES[label - 1] for label in found.labels]


def test_there_is_no_edge_on_an_empty_page():
    found = edge_rules(paper())
    assert not edges_of(paper()).any() and found.masks.shape == (0, 120, 200) and found.boxes.shape == (0, 4)


def test_a_small_square_is_a_check_box_and_a_small_disc_a_radio_button():
    image = paper()
    boxed(image, 10, 10, 23, 23)
    y, x = np.mgrid[:120, :200] + 0.5
    image[np.hypot(x - 56.5, y - 16.5) < 6.5] = 90
    image[np.hypot(x - 56.5, y - 16.5) < 5.5] = 255
    found = edge_rules(image)
    assert sorted(roles(found)) == ["checkbox", "radio"]
    assert found.boxes[roles(found).index("checkbox")].tolist() == [10, 10, 23, 23]
    assert abs(found.masks[roles(found).index("radio")].sum() - np.pi * 6.5**2) < 8


@pytest.mark.parametrize(
    ("width", "at", "role"), [(50, 14, "button"), (110, 44, "button"), (110, 5, "field"), (110, None, "field")]
)
def test_words_in_the_middle_make_a_button(width, at, role):
    image = paper()
    boxed(image, 20, 40, 20 + width, 60)
    if at is not None:
        word(image, 20 + at, 46, 4)
    found = edge_rules(image)
    assert roles(found) == [role] and found.boxes[0].tolist() == [20, 40, 20 + width, 60]
    assert found.masks[0].sum() == width * 20


def test_letters_on_a_line_are_a_text_and_far_apart_two():
    image = paper()
    word(image, 20, 30, 6)
    word(image, 100, 30, 5)
    found = edge_rules(image)
    assert roles(found) == ["text", "text"]
    assert found.boxes[:, [0, 2]].tolist() == [[20, 54], [100, 128]]


def test_large_boxes_are_pictures_or_panels():
    image = paper()
    boxed(image, 10, 10, 90, 100)
    word(image, 20, 20, 6)
    image[20:80, 110:180] = np.random.default_rng(0).integers(0, 255, (60, 70, 3))
    found = edge_rules(image)
    assert sorted(roles(found)) == ["image", "panel", "text"]


def test_the_picture_is_left_as_it_is():
    image = paper()
    boxed(image, 10, 10, 60, 30)
    before = image.copy()
    edge_rules(image)
    assert (image == before).all()
