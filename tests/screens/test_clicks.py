import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minimask import exercises
from minimask.data.found import Found
from minimask.screens.clicks import (
    CLICKABLE,
    KINDS,
    Click,
    answers,
    as_test,
    box_center,
    click_point,
    clicks_on,
    hits_of,
)
from minimask.screens.pages import CLASSES, Page
from minimask.screens.recording import clicked, covered_controls
from minimask.screens.truth import Element, Screen


def screen():
    """Return a button half behind a panel with a check box, and a field; 40 x 60 pixels."""
    masks = np.zeros((4, 40, 60), bool)
    masks[0, 5:15, 5:25] = True
    masks[1, 10:30, 10:40] = masks[2, 15:25, 15:25] = masks[3, 32:40, 5:55] = True
    masks[0, 10:, 10:] = False
    boxes = [(5, 5, 25, 15), (10, 10, 40, 30), (15, 15, 25, 25), (5, 32, 55, 40)]
    roles = ("button", "panel", "checkbox", "field")
    elements = tuple(
        Element(role, "", box, 1 if k == 2 else -1, node=k)
        for k, (role, box) in enumerate(zip(roles, boxes, strict=True))
    )
    return Screen(Page("", "flat", 0, 0), np.zeros((40, 60, 3), np.uint8), elements, masks)


def as_found(screen, scores=None):
    truth = screen.picture
    return Found(truth.boxes, truth.labels, np.ones(len(truth.labels)) if scores is None else scores, truth.masks)


@given(arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7))).filter(np.any))
def test_the_point_is_that_of_the_exercise(mask):
    assert click_point(mask) == tuple(exercises.get("6.3").solution(mask))


def test_an_empty_mask_has_no_point():
    with pytest.raises(ValueError, match="mask must have at least one pixel, got none"):
        click_point(np.zeros((3, 3), bool))


def test_controls_are_clicked_in_reading_order_and_nothing_else_is():
    clicks = clicks_on(as_found(screen()))
    assert [click.role for click in clicks] == ["button", "checkbox", "field"]
    assert clicks[1][1:3] == (19.5, 19.5)
    unsure = as_found(screen(), np.array([0.4, 0.9, 0.5, 0.9]))
    assert [click.role for click in clicks_on(unsure)] == ["checkbox", "field"]


def test_the_middle_of_the_box_is_on_what_covers_it():
    page = screen()
    middle, deepest = box_center(page.masks[0]), click_point(page.masks[0])
    assert middle == (15.0, 10.0) and answers(page, [middle, deepest, (59.5, 0.5)]) == [1, 0, -1]
    assert covered_controls(page) == [0]


def test_hits_and_reached_controls_are_counted():
    page = screen()
    clicks = [Click("button", 6.5, 6.5, ""), Click("button", 7.5, 7.5, ""), Click("button", 20.5, 20.5, "")]
    assert hits_of(page, clicks, answers(page, [click[1:3] for click in clicks])) == (3, 2, 3, 1)
    assert hits_of(page, [], []) == (0, 0, 3, 0)


def test_what_is_recorded_of_a_page():
    page = screen()
    record = clicked(page, {"model": as_found(page)}, lambda points: answers(page, points))
    assert record["model"] == {"deepest": [3, 3, 3, 3], "center": [3, 2, 3, 2]}
    assert record["covered"] == {"deepest": [1], "center": [0], "whole": [0]}


def test_the_script_is_python():
    text = as_test(clicks_on(as_found(screen())))
    compile(text, "script", "exec")
    assert text.count("assert answers(page, ") == 3
    compile(as_test([]), "script", "exec")


def test_classes_that_are_clicked_exist():
    assert set(CLICKABLE) < set(CLASSES) and set(CLICKABLE) == set(KINDS)
