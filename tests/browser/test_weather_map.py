"""The weather map in the reader's hands: by mouse, finger and key, without a kernel and without a network."""

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.plots import style
from minimask.widgets import WeatherMap
from minimask.widgets.shades import RAMPS


@pytest.fixture
def widget() -> WeatherMap:
    return WeatherMap()


def at(shown: OnPage, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the map is on the page."""
    frame = shown.stage.bounding_box()
    unit = frame["width"] / 8  # 6 columns, and 1.5 cells beyond the centers on both sides
    assert frame["height"] == pytest.approx(7 * unit, abs=1)
    return frame["x"] + (x + 1.5) * unit, frame["y"] + (y + 1.5) * unit


def test_dragging_the_point_changes_numbers_words_and_pictures(opened, widget):
    shown = opened()
    unit = shown.stage.bounding_box()["width"] / 8
    pictures = [shown.picture(canvas) for canvas in (".mm-stage", ".mm-square")]
    shown.drag(at(shown, 2.3, 1.6), (60, -45))
    np.testing.assert_allclose(shown.state["point"], [2.3 + 60 / unit, 1.6 - 45 / unit], atol=0.006)
    assert [100 * v for v in shown.state["point"]] == pytest.approx([round(100 * v) for v in shown.state["point"]])
    for canvas, before in zip((".mm-stage", ".mm-square"), pictures, strict=True):
        assert shown.picture(canvas) != before
    widget.place(shown.state["point"])
    found = widget.measures
    expect(shown.page.locator(".mm-values strong")).to_have_text(f"{found['value']:.2f} °C")
    expect(shown.page.locator(".mm-values b")).to_have_text(f"{found['nearest']:.1f} °C")
    expect(shown.caption).to_have_text(widget.words())
    rows = shown.page.locator(".mm-sum tbody tr")
    for k, (neighbor, cell) in enumerate(zip(widget.reading.neighbors, found["neighbors"], strict=True)):
        texts = rows.nth(k).locator("th, td").all_inner_texts()
        assert texts[0] == f"{'ABCD'[k]} ({cell[0]}, {cell[1]})"
        assert texts[1] == f"{neighbor.weight_y:.2f} × {neighbor.weight_x:.2f} = {neighbor.weight:.4f}"
        assert texts[2] == f"{neighbor.value:.1f}"
        assert float(texts[3]) == pytest.approx(neighbor.weight * neighbor.value, abs=6e-4)
    expect(shown.page.locator(".mm-sum tfoot")).to_contain_text(
        f"fx = {found['fractions'][0]:.2f}, fy = {found['fractions'][1]:.2f}"
    )


def test_a_click_brings_the_point(opened):
    shown = opened()
    shown.page.mouse.click(*at(shown, 4.5, 0.25))
    assert shown.state["point"] == pytest.approx([4.5, 0.25], abs=0.011)


def test_the_point_stays_on_the_stage(opened, widget):
    shown = opened()
    shown.drag(at(shown, 2.3, 1.6), (900, -900))
    assert shown.state["point"] == [6.5, -1.5]
    widget.place([6.5, -1.5])
    expect(shown.caption).to_have_text(widget.words())
    expect(shown.page.locator(".mm-values strong")).to_have_text("0.00 °C")
    assert shown.page.locator(".mm-sum tr[data-unread]").count() == 4


def test_the_magnified_square_moves_the_point_finely(opened):
    shown = opened()
    frame = shown.page.locator(".mm-square").bounding_box()
    side = min(frame["width"], frame["height"]) - 60
    shown.drag((frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2), (0.2 * side, -0.3 * side))
    assert shown.state["point"] == pytest.approx([2.5, 1.3], abs=0.011)


def test_keys(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    press("ArrowRight")
    assert shown.state["point"] == [2.35, 1.6]
    press("ArrowUp")
    assert shown.state["point"] == [2.35, 1.55]
    press("Shift+ArrowLeft")
    press("Shift+ArrowDown")
    assert shown.state["point"] == [2.34, 1.56]
    for _ in range(60):
        press("ArrowLeft")
    assert shown.state["point"][0] == pytest.approx(2.34 - 3)
    shown.settle()
    widget.place(shown.state["point"])
    expect(shown.caption).to_have_text(widget.words())
    press("Escape")
    assert shown.state["point"] == [2.3, 1.6]


@pytest.mark.parametrize("on_the_point", [True, False])
def test_a_finger_moves_the_point_and_beside_it_scrolls_the_page(opened, on_the_point):
    shown = opened(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 600})
    shown.touch(at(shown, *((2.3, 1.6) if on_the_point else (0, 4))), (0, -80))
    scrolled = shown.page.evaluate("scrollY")
    if on_the_point:
        assert scrolled == 0
        assert shown.state["point"][0] == pytest.approx(2.3, abs=0.05)
        assert shown.state["point"][1] < 0.5
    else:
        assert scrolled > 40
        assert shown.state["point"] == [2.3, 1.6]


def test_the_ground_shows_what_is_read_everywhere(opened, widget):
    shown = opened()
    page = shown.page

    def colors() -> list[str]:
        # In the middle between four centers, beside a center, and more than one cell beyond them.
        return [shown.color(".mm-stage", (x + 1.5) / 8, (y + 1.5) / 7) for x, y in ((3.8, 2.4), (4.2, 2.6), (6.3, 2.0))]

    smooth = colors()
    page.get_by_role("radio", name="Color by: nearest").check()
    shown.settle()
    assert shown.state["ground"] == "nearest"
    rounded = colors()
    assert smooth[:2] != rounded[:2]
    assert smooth[2] == rounded[2]
    low, high = (np.array([int(ramp[k : k + 2], 16) for k in (1, 3, 5)]) for ramp in RAMPS["warm"])
    for color in (*smooth[:2], *rounded[:2]):
        channels = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)])
        assert (np.minimum(low, high) - 2 <= channels).all() and (channels <= np.maximum(low, high) + 2).all()
    page.get_by_role("radio", name="Color by: four neighbors").check()
    shown.settle()
    assert colors() == smooth


def test_the_ground_follows_the_theme(opened):
    shown = opened(color_scheme="dark")

    def brightness() -> int:
        color = shown.color(".mm-stage", 5.8 / 8, 3.9 / 7)
        return sum(int(color[k : k + 2], 16) for k in (1, 3, 5))

    assert brightness() < 250
    shown.page.emulate_media(color_scheme="light")
    shown.settle()
    assert brightness() > 500


def test_where_the_point_is_drawn(opened):
    shown = opened()
    for x, y in ((2.3, 1.6), (0.0, 0.0), (5.4, 4.4), (-1.2, 2.0)):
        shown.set(point=[x, y])
        assert shown.color(".mm-stage", (x + 1.5) / 8, (y + 1.5) / 7) == style.YOURS


def test_the_rectangles_are_opposite_to_their_neighbors(opened):
    """A small map of extremes: the only warm cell owns the rectangle at the opposite corner, and its color fills it."""
    shown = opened()
    shown.set(point=[0.25, 3.25])  # A row 3, column 0; the square's rectangle of C is at the top right
    frame = shown.page.locator(".mm-square").bounding_box()
    width, height = frame["width"], frame["height"]
    side = min(width, height) - 60

    def color(fx: float, fy: float) -> str:
        left, top = (width - side) / 2, 30
        return shown.color(".mm-square", (left + fx * side) / width, (top + fy * side) / height)

    page = shown.page
    expected = page.evaluate("getComputedStyle(document.querySelector('.minimask')).getPropertyValue('--mm-warm-high')")
    assert color(0.9, 0.05) == expected.strip().upper()  # C = 16.5, the warmest of all, opposite: top right
    assert color(0.05, 0.9) != expected.strip().upper()


def test_starting_over(opened):
    shown = opened()
    start = shown.state
    shown.drag(at(shown, 2.3, 1.6), (60, -45))
    shown.page.get_by_role("radio", name="Color by: nearest").check()
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.state == start


def test_all_controls_are_reached_by_tab(opened):
    shown = opened()
    seen = [label.split(".")[0] for label in shown.controls_by_tab(4)]
    assert seen == ["A point at x = 2", "Color by: four neighbors", "Reset", "Keys"]


def test_any_map_can_be_shown(opened, widget, tmp_path):
    shown = opened()
    for shape in ((2, 2), (12, 20), (64, 3)):
        other = WeatherMap(np.linspace(-20, 40, shape[0] * shape[1]).reshape(shape))
        other.save(tmp_path / "other.html")
        shown.page.goto((tmp_path / "other.html").as_uri())
        shown.page.wait_for_function("window.minimask")
        expect(shown.caption).to_have_text(other.words())


def test_latency(opened, latency):
    assert latency(opened().stage, "weather map on a page") < 15


def test_screenshots(opened, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**options)
        shown.set(**state)
        screenshot(shown.page, f"weather_map_{name}")
        shown.page.context.close()

    take("light", {})
    take("dark", {"point": [3.75, 2.2]}, color_scheme="dark")
    take("border", {"point": [-0.4, 1.5], "ground": "nearest"}, viewport={"width": 800, "height": 800})
    take("outside", {"point": [6.2, 2]}, viewport={"width": 800, "height": 800})
    take("narrow", {}, viewport={"width": 320, "height": 1260})
    take("wide", {}, viewport={"width": 1600, "height": 900})
