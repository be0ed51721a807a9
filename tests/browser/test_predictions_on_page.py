"""A prediction on a page without scripts: answered by keyboard and by mouse, one answer at a time, also when narrow."""

import pytest
from playwright.sync_api import expect

from minimask import exercises


@pytest.fixture(params=[1000, 360])
def asked(new_page, request):
    """The prediction about the circle, and the progress of all chapters, on a page that may run no script."""
    page = new_page(java_script_enabled=False, offline=True, viewport={"width": request.param, "height": 800})
    parts = [exercises.predict("circle"), exercises.progress()]
    html = "".join(part._repr_mimebundle_()["text/html"] for part in parts)
    page.set_content(f'<!doctype html><html lang="en"><title>A chapter</title><main>{html}</main></html>')
    return page


def test_an_answer_replies_by_keyboard_and_the_next_one_closes_it(asked):
    wrong, right = (asked.locator("details").filter(has_text=words) for words in ("It falls.", "It rises."))
    expect(wrong.get_by_text("Not so.")).to_be_hidden()
    asked.keyboard.press("Tab")
    asked.keyboard.press("Enter")
    expect(wrong.get_by_text("✗ Not so.")).to_be_visible()
    expect(right.get_by_text("✓ Right.")).to_be_hidden()
    asked.keyboard.press("Tab")
    asked.keyboard.press("Tab")
    asked.keyboard.press("Space")
    expect(right.get_by_text("✓ Right.")).to_be_visible()
    expect(wrong.get_by_text("✗ Not so.")).to_be_hidden()


def test_an_answer_replies_to_the_mouse_and_is_large_enough_for_a_finger(asked):
    for summary in asked.locator("summary").all():
        assert summary.bounding_box()["height"] >= 24
    asked.get_by_text("It stays the same.").click()
    expect(asked.get_by_text("At no step do the two effects cancel")).to_be_visible()


def test_the_question_fits_a_narrow_page(asked):
    box = asked.locator("main > div").first.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= asked.viewport_size["width"]
