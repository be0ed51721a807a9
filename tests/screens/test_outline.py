import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minimask import exercises
from minimask.data.found import Found
from minimask.screens.outline import numbers, outline, parents_of, place_of, reading_order, written
from minimask.screens.pages import CLASSES

SIDES = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 8), st.integers(1, 8))


def found_of(*parts):
    boxes = np.array([box for _, box in parts], float).reshape(-1, 4)
    labels = np.array([CLASSES.index(role) + 1 for role, _ in parts])
    return Found(boxes, labels, np.ones(len(parts)), np.ones((len(parts), 192, 256), bool))


@given(st.lists(SIDES, max_size=8))
def test_the_order_is_that_of_the_exercise(sides):
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in sides], float).reshape(-1, 4)
    assert reading_order(boxes).tolist() == list(exercises.get("6.4").solution(boxes))


def test_what_is_inside_of_a_panel_stands_below_it():
    found = found_of(
        ("button", (20, 60, 60, 80)),
        ("panel", (10, 10, 200, 100)),
        ("panel", (15, 50, 100, 95)),
        ("text", (20, 20, 90, 32)),
        ("text", (20, 150, 90, 162)),
    )
    assert parents_of(found.boxes, found.labels).tolist() == [2, -1, 1, 1, -1]
    assert list(written(outline(found))) == [
        "panel, top middle",
        "  text, top left",
        "  panel, middle left",
        "    button, middle left",
        "text, bottom left",
    ]
    assert list(numbers(outline(found))) == [1, 3, 2, 0, 4]


def test_two_panels_of_one_box_do_not_hold_each_other():
    found = found_of(("panel", (10, 10, 100, 100)), ("panel", (10, 10, 100, 100)), ("text", (20, 20, 60, 30)))
    assert parents_of(found.boxes, found.labels).tolist() == [-1, 0, 0]
    assert sorted(numbers(outline(found))) == [0, 1, 2]


@given(st.lists(st.tuples(st.sampled_from(CLASSES), SIDES), max_size=8))
def test_everything_is_in_the_outline_once(parts):
    found = found_of(*((role, (x, y, x + w, y + h)) for role, (x, y, w, h) in parts))
    assert sorted(numbers(outline(found))) == list(range(len(parts)))


@pytest.mark.parametrize(
    ("box", "words"),
    [((0, 0, 2, 2), "top left"), ((250, 188, 260, 200), "bottom right"), ((120, 5, 130, 9), "top middle")],
)
def test_places_have_names(box, words):
    assert place_of(np.array(box, float)) == words
