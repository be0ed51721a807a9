"""What a drag does can be done without one: by buttons, by clicks, by a tap."""

import numpy as np
import pytest
from playwright.sync_api import expect

from minimask.widgets import AnchorSea, BoxCeiling, GradientAlignment, RoIWindow, WeatherMap
from minimask.widgets.living_picture import LivingPicture


@pytest.fixture
def widget(request) -> LivingPicture:
    return request.param()


PADS = [(BoxCeiling, "box"), (RoIWindow, "box"), (AnchorSea, "object")]


@pytest.mark.parametrize(("widget", "what"), PADS, indirect=["widget"])
def test_buttons_move_and_size_what_can_be_dragged(opened, what):
    shown = opened()
    page, start = shown.page, np.array(shown.state["box"])
    page.get_by_text("Move by buttons").click()

    def moved(way: str) -> np.ndarray:
        before = np.array(shown.state["box"])
        page.get_by_role("button", name=f"{what} {way}", exact=True).click()
        return np.array(shown.state["box"]) - before

    large = moved("left")
    assert large[0] == pytest.approx(large[2])
    assert large[0] < 0
    np.testing.assert_allclose(large[[1, 3]], 0)
    page.get_by_role("radio", name="steps: medium").check()
    np.testing.assert_allclose(5 * moved("right"), -large, atol=1e-6)
    page.get_by_role("radio", name="steps: small").check()
    small = moved("down")
    assert 0 < small[1] < -large[0] / 5
    page.get_by_role("checkbox", name="only the right and bottom sides").check()
    sized = moved("up")
    np.testing.assert_allclose(sized[:3], 0)
    assert sized[3] == pytest.approx(-small[1])
    page.keyboard.press("Escape")  # wherever the focus is
    np.testing.assert_allclose(shown.state["box"], start)


TOUCH = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 800}}


def tap(shown, x: float, y: float) -> None:
    """Tap at a place of the stage, given as shares of its width and height."""
    shown.stage.scroll_into_view_if_needed()
    frame = shown.stage.bounding_box()
    shown.page.touchscreen.tap(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
    shown.settle()


@pytest.mark.parametrize("widget", [AnchorSea, WeatherMap], indirect=True)
def test_a_tap_takes_the_point_there(opened):
    shown = opened(**TOUCH)
    tap(shown, 0.06, 0.94)
    left, bottom = shown.state["point"]
    tap(shown, 0.94, 0.06)
    right, top = shown.state["point"]
    assert right > left
    assert bottom > top


@pytest.mark.parametrize("widget", [lambda: GradientAlignment([])], indirect=True)
def test_a_tap_brings_the_nearest_arrow(opened):
    shown = opened(**TOUCH)
    before = shown.state["arrows"]
    tap(shown, 0.95, 0.95)
    changed = [k for k, arrow in enumerate(shown.state["arrows"]) if arrow != before[k]]
    assert len(changed) == 1
    x, y = shown.state["arrows"][changed[0]]
    assert x > 0.5
    assert y < -0.5


@pytest.mark.parametrize("widget", [BoxCeiling], indirect=True)
def test_an_outline_is_drawn_corner_by_corner(opened):
    shown = opened()
    shown.page.get_by_role("button", name="draw").click()
    expect(shown.caption).to_contain_text("click its corners")
    frame = shown.stage.bounding_box()
    corners = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]
    for x, y in [*corners, (0.21, 0.19)]:
        assert shown.state["drawn"] is None
        shown.page.mouse.click(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
    np.testing.assert_allclose(shown.state["drawn"], 100 * np.array(corners), atol=1)
    expect(shown.caption).to_contain_text("on your drawing")
