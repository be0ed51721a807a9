"""The box ceiling in the reader's hands: by mouse, finger and key, without a kernel and without a network."""

import math

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.data.silhouettes import coins_photograph, horse, outline, segment_coins
from minimask.plots import style
from minimask.widgets import BoxCeiling
from minimask.widgets.box_ceiling import plain_silhouettes

HANDLES = {  # where a handle is on the box, and which entries of the box it moves
    (0, 0): {0, 1},
    (0.5, 0): {1},
    (1, 0): {1, 2},
    (1, 0.5): {2},
    (1, 1): {2, 3},
    (0.5, 1): {3},
    (0, 1): {0, 3},
    (0, 0.5): {0},
}


@pytest.fixture
def widget() -> BoxCeiling:
    coin = segment_coins(coins_photograph())[3]
    return BoxCeiling({**plain_silhouettes(), "horse": outline(horse(), 1.0), "coin": outline(coin)})


def limits(shown: OnPage, widget: BoxCeiling) -> tuple[np.ndarray, float]:
    """Return the plane's point in the stage's top left corner, and the CSS pixels for one pixel of the plane."""
    (points,) = widget.shapes[shown.state["shape"]][:1]
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    reach = 1.16 * max(math.dist(point, (low + high) / 2) for point in points)
    return (low + high) / 2 - reach, shown.stage.bounding_box()["width"] / (2 * reach)


def at(shown: OnPage, widget: BoxCeiling, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the plane is on the page."""
    corner, scale = limits(shown, widget)
    frame = shown.stage.bounding_box()
    return frame["x"] + (x - corner[0]) * scale, frame["y"] + (y - corner[1]) * scale


def test_dragging_the_box_changes_numbers_words_and_picture(opened, widget):
    shown = opened()
    before, picture = shown.state["box"], shown.picture()
    _, scale = limits(shown, widget)
    shown.drag(at(shown, widget, 55, 55), (-30, 20))
    moved = np.subtract(shown.state["box"], before)
    np.testing.assert_allclose(moved, np.array([-30, 20, -30, 20]) / scale, rtol=1e-3)
    assert shown.picture() != picture
    widget.place(shown.state["box"])
    iou = f"{widget.measures['iou']:.3f}"
    expect(shown.page.locator(".mm-formula strong")).to_have_text(iou)
    expect(shown.page.locator(".mm-yours b")).to_have_text(iou)
    expect(shown.caption).to_have_text(widget.words())
    expect(shown.page.get_by_text(f"{widget.measures['intersection']:,.0f} px² in both")).to_be_visible()
    expect(shown.page.get_by_text(f"{widget.measures['union']:,.0f} px² in either")).to_be_visible()


@pytest.mark.parametrize(("handle", "entries"), HANDLES.items())
def test_each_handle_moves_its_sides_only(opened, widget, handle, entries):
    shown = opened()
    x1, y1, x2, y2 = before = shown.state["box"]
    start = at(shown, widget, x1 + handle[0] * (x2 - x1), y1 + handle[1] * (y2 - y1))
    shown.drag(start, (-14, -18))
    changed = {k for k in range(4) if shown.state["box"][k] != before[k]}
    assert changed == entries
    _, scale = limits(shown, widget)
    for k in entries:
        assert shown.state["box"][k] - before[k] == pytest.approx((-14, -18)[k % 2] / scale, rel=1e-3)


def test_the_box_stays_on_the_stage_and_never_turns_inside_out(opened, widget):
    shown = opened()
    corner, scale = limits(shown, widget)
    size = shown.stage.bounding_box()["width"] / scale
    shown.drag(at(shown, widget, 55, 55), (900, -900))
    x1, y1, x2, y2 = shown.state["box"]
    assert (x2, y1) == pytest.approx((corner[0] + size, corner[1]), abs=0.05)
    shown.drag(at(shown, widget, x1, (y1 + y2) / 2), (900, 0))
    assert 0 < shown.state["box"][2] - shown.state["box"][0] < 0.05 * size


def test_keys(opened, widget):
    shown = opened()
    x1, y1, x2, y2 = before = shown.state["box"]
    _, scale = limits(shown, widget)
    step = shown.stage.bounding_box()["width"] / scale / 100
    shown.stage.focus()
    press = shown.page.keyboard.press
    press("ArrowRight")
    assert shown.state["box"] == pytest.approx([x1 + step, y1, x2 + step, y2])
    press("Alt+ArrowUp")
    assert shown.state["box"] == pytest.approx([x1 + step, y1 - step / 10, x2 + step, y2 - step / 10])
    press("Shift+ArrowLeft")
    press("Shift+ArrowDown")
    assert shown.state["box"] == pytest.approx([x1 + step, y1 - step / 10, x2, y2 + step * 0.9])
    press("r")
    press("r")
    press("Shift+R")
    press("Alt+r")
    assert shown.state["angle"] == 6
    press("b")
    expect(shown.caption).to_contain_text("No upright box does better")
    press("t")
    expect(shown.caption).to_contain_text("as much as the tight box")
    press("Escape")
    assert shown.state["angle"] == 0
    assert shown.state["box"] == pytest.approx(before)


def test_all_controls_are_reached_by_tab(opened):
    shown = opened()
    seen = shown.controls_by_tab(12)
    assert seen[0] == "circle"
    assert seen[1] == "✎ draw"
    assert seen[2].startswith("Your box on circle, x 26 to 94, y 26 to 82. Arrow keys move it")
    buttons = ["Take tight box", "Take best box", "Reset", "Move by buttons"]
    rest = ["tight box", "best box", "how much of each side lies inside", "Angle of the silhouette", "Keys"]
    assert seen[3:12] == buttons + rest


@pytest.mark.parametrize("on_the_box", [True, False])
def test_a_finger_moves_the_box_and_beside_it_scrolls_the_page(opened, widget, on_the_box):
    shown = opened(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 600})
    before = shown.state["box"]
    x, y = at(shown, widget, *((55, 55) if on_the_box else (10, 80)))
    shown.touch((x, y), (0, -80))
    scrolled = shown.page.evaluate("scrollY")
    if on_the_box:
        assert scrolled == 0
        assert shown.state["box"][0] == pytest.approx(before[0], abs=0.5)
        assert shown.state["box"][1] < before[1] - 5
    else:
        assert scrolled > 40
        assert shown.state["box"] == before


def test_the_slider_and_the_curve_turn_the_silhouette(opened, widget):
    shown = opened()
    shown.page.get_by_role("radio", name="L", exact=True).check()
    picture = shown.picture()
    slider = shown.page.get_by_role("slider", name="Angle of the silhouette")
    slider.fill("30")
    shown.settle()
    assert shown.state["angle"] == 30
    assert shown.picture() != picture
    widget.choose("L")
    widget.rotate(30)
    for name in ("tight", "best"):
        expect(shown.page.locator(f".mm-{name} b")).to_have_text(f"{widget.measures[name]:.3f}")
    words = f"30 degrees: tight box {widget.measures['tight']:.3f}, best box {widget.measures['best']:.3f}"
    expect(slider).to_have_attribute("aria-valuetext", words)
    frame = shown.curve.bounding_box()
    shown.drag((frame["x"] + frame["width"] * 0.4, frame["y"] + 40), (60, 0))
    assert 60 < shown.state["angle"] < 120
    shown.drag((frame["x"] + frame["width"] * 0.6, frame["y"] + 40), (600, 0))
    assert shown.state["angle"] == 180


def test_the_curve_is_worked_out_while_nothing_else_happens(opened):
    shown = opened()
    shown.page.get_by_role("radio", name="square").check()
    shown.page.wait_for_timeout(1500)
    frame = shown.curve.bounding_box()
    room = {"left": 34 / frame["width"], "right": 1 - 20 / frame["width"]}
    top, bottom = 8 / frame["height"], 1 - 24 / frame["height"]

    def colors(angle: float, iou: float) -> set[str]:
        x = room["left"] + (room["right"] - room["left"]) * angle / 180
        y = top + (bottom - top) * (1 - iou)
        return {shown.color(".mm-curve", x, y + shift / frame["height"]) for shift in (-1, 0, 1)}

    # The IoU of a square's best box is 1 / sqrt(2) at 45 degrees, of its tight box 1 / 2; both repeat after 90.
    for angle, iou in ((45, 2**-0.5), (135, 2**-0.5)):
        assert style.BEST in colors(angle, iou), angle
    assert style.TIGHT in {color for angle in (44, 45, 46) for color in colors(angle, 0.5)}


def test_the_curve_waits_while_a_hand_moves(opened):
    shown = opened()
    page = shown.page
    wire = page.context.new_cdp_session(page)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 8})  # so that there is much left to work out
    page.evaluate(
        "window.drawn = 0; document.querySelector('.minimask').addEventListener('minimask:drawn', () => window.drawn++)"
    )
    page.get_by_role("radio", name="ring").check()
    frame = shown.stage.bounding_box()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(500)
    held = page.evaluate("window.drawn")
    page.wait_for_timeout(500)
    assert page.evaluate("window.drawn") == held
    page.mouse.up()
    page.wait_for_function(f"window.drawn > {held + 3}")


def test_every_silhouette_has_the_numbers_of_python(opened, widget):
    shown = opened()
    for name in widget.shapes:
        shown.page.get_by_role("radio", name=name, exact=True).check()
        widget.choose(name)
        assert shown.state["box"] == pytest.approx(widget.state["box"])
        expect(shown.caption).to_have_text(widget.words())
        for kind in ("tight", "best"):
            expect(shown.page.locator(f".mm-{kind} b")).to_have_text(f"{widget.measures[kind]:.3f}")


def test_taking_boxes_and_starting_over(opened, widget):
    shown = opened()
    page = shown.page
    start = shown.state
    page.get_by_role("button", name="Take best box").click()
    expect(page.locator(".mm-yours b")).to_have_text("0.837")
    page.get_by_role("checkbox", name="best box").check()
    page.get_by_role("checkbox", name="tight box").uncheck()
    page.get_by_role("button", name="Take tight box").click()
    expect(page.locator(".mm-yours b")).to_have_text("0.785")
    page.get_by_role("slider").fill("77")
    assert shown.state["show_best"] and not shown.state["show_tight"]
    page.get_by_role("button", name="Reset").click()
    assert shown.state == start


def test_the_boxes_are_shown_when_asked_for(opened, widget):
    shown = opened()
    shown.set(show_tight=False, show_best=False, show_sides=False, box=[45, 45, 55, 55])
    corner, scale = limits(shown, widget)
    size = shown.stage.bounding_box()["width"]

    def colors(x: float, y: float) -> set[str]:
        at = (np.array([x, y]) - corner) * scale / size
        places = [at + np.array([i, j]) / size for i in range(-6, 7) for j in (-1, 0, 1)]
        return {shown.color(".mm-stage", *place) for place in places}

    left_of_tight, left_of_best = (10, 30), (50 - 0.91 * 40, 50)
    assert style.TIGHT not in colors(*left_of_tight)
    assert style.BEST not in colors(*left_of_best)
    shown.set(show_tight=True, show_best=True)
    assert style.TIGHT in colors(*left_of_tight) | colors(10, 31) | colors(10, 32)
    assert style.BEST in colors(*left_of_best)


def test_drawing_with_the_mouse(opened):
    shown = opened()
    page, frame = shown.page, shown.stage.bounding_box()

    def draw(points) -> None:
        page.get_by_role("button", name="draw").click()
        places = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in points]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=12)
        page.mouse.up()
        shown.settle()

    draw([(0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)])
    expect(shown.caption).to_contain_text("crosses itself")
    assert shown.state["drawn"] is None
    draw([(0.2, 0.2), (0.22, 0.22), (0.2, 0.22)])
    expect(shown.caption).to_contain_text("next to nothing")
    draw([(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)])
    assert shown.state["shape"] == "your drawing"
    np.testing.assert_allclose(shown.state["drawn"], [(20, 20), (80, 20), (80, 80), (20, 80)], atol=1)
    expect(shown.caption).to_contain_text("on your drawing")
    expect(page.locator(".mm-best b")).to_have_text("1.000")
    page.get_by_role("radio", name="star").check()
    page.get_by_role("radio", name="your drawing").check()
    expect(shown.caption).to_contain_text("on your drawing")


def test_drawing_with_the_keyboard(opened):
    shown = opened()
    page = shown.page
    page.get_by_role("button", name="draw").press("Enter")
    expect(shown.stage).to_be_focused()
    page.keyboard.press(" ")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        for _ in range(4):
            page.keyboard.press(key)
        page.keyboard.press(" ")
    page.keyboard.press(" ")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    assert shown.state["drawn"] == [[50, 50], [70, 50], [70, 70], [50, 70]]
    page.get_by_role("button", name="draw").press("Enter")
    expect(shown.caption).to_contain_text("Draw the outline")
    page.keyboard.press("Escape")
    expect(shown.caption).to_contain_text("on your drawing")
