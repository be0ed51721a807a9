"""The RoI window in the reader's hands: by mouse, finger and key, without a kernel and without a network."""

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.plots import style
from minimask.widgets import RoIWindow

HANDLES = {  # where a handle is on the box, and which entries of the box it moves
    (0, 0): {0, 1},
    (0.5, 0): {1},
    (1, 0.5): {2},
    (1, 1): {2, 3},
    (0, 1): {0, 3},
}
COLUMNS, ROWS = 18, 14  # what the stage shows: 16 x 12 cells and a margin of one


@pytest.fixture
def widget() -> RoIWindow:
    return RoIWindow()


def unit(shown: OnPage) -> float:
    return shown.stage.bounding_box()["width"] / COLUMNS


def at(shown: OnPage, x: float, y: float, which: int = 0) -> tuple[float, float]:
    """Return where a point of the map, in cells, is on the page."""
    frame = shown.page.locator(".mm-stage").nth(which).bounding_box()
    return frame["x"] + (x + 1) * frame["width"] / COLUMNS, frame["y"] + (y + 1) * frame["width"] / COLUMNS


def follow(widget: RoIWindow, shown: OnPage) -> RoIWindow:
    """Give Python the state of the page, and see that both say the same."""
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    p, q = shown.state["bin"]
    for kind in ("pool", "align"):
        value = shown.page.locator(f".mm-{kind} .mm-outcome b").first
        assert float(value.inner_text()) == pytest.approx(widget.measures[kind][p][q], abs=0.0051)
        cells = len(widget.measures[f"{kind}_footprint"])
        expect(shown.page.locator(f".mm-{kind} .mm-outcome b").nth(1)).to_have_text(
            f"{cells} cell{'' if cells == 1 else 's'}"
        )
    return widget


@pytest.mark.parametrize("which", [0, 1])
def test_dragging_the_box_on_either_map(opened, widget, which):
    shown = opened()
    canvases = [f".mm-{kind} .{name}" for kind in ("pool", "align") for name in ("mm-stage", "mm-output", "mm-close")]
    before, pictures = shown.state["box"], [shown.picture(canvas) for canvas in (*canvases, ".mm-sweep")]
    shown.drag(at(shown, 11, 6, which), (-50, 27))
    shift = np.array([-50, 27, -50, 27]) / unit(shown) * 16
    np.testing.assert_allclose(np.subtract(shown.state["box"], before), shift, atol=0.09)
    cells = np.subtract(shown.state["box"], before) / 16
    np.testing.assert_allclose(cells, cells.round(2), atol=1e-6)  # hundredths of a cell
    for canvas, picture in zip((*canvases, ".mm-sweep"), pictures, strict=True):
        assert shown.picture(canvas) != picture, canvas
    follow(widget, shown)
    left, top, right, bottom = (f"{shift:+.2f}".rstrip("0").rstrip(".") for shift in widget.measures["shifts"])
    expect(shown.page.get_by_text(f"Off by: left {left}, top {top}, right {right}, bottom {bottom} px")).to_be_visible()


def test_a_hundredth_of_a_cell_moves_roialign_alone(opened, widget):
    shown = opened()
    shown.stage.focus()
    before = follow(widget, shown).measures
    shown.page.keyboard.press("Alt+ArrowRight")
    shown.settle()
    assert shown.state["box"] == pytest.approx([137.36, 54.8, 217.36, 134.8])
    after = follow(widget, shown).measures
    assert after["pool"] == before["pool"]
    assert after["align"] != before["align"]


@pytest.mark.parametrize(("handle", "entries"), HANDLES.items())
def test_each_handle_moves_its_sides_only(opened, handle, entries):
    shown = opened()
    x1, y1, x2, y2 = before = np.divide(shown.state["box"], 16)
    start = at(shown, x1 + handle[0] * (x2 - x1), y1 + handle[1] * (y2 - y1))
    shown.drag(start, (-14, -18))
    moved = np.divide(shown.state["box"], 16) - before
    for k in range(4):
        by = (-14, -18)[k % 2] / unit(shown) if k in entries else 0
        assert moved[k] == pytest.approx(by, abs=0.011)


def test_the_box_stays_on_the_stage_and_never_turns_inside_out(opened, widget):
    shown = opened()
    shown.drag(at(shown, 11, 6), (900, -900))
    x1, y1, x2, y2 = np.divide(shown.state["box"], 16)
    assert (x2, y1) == pytest.approx((17, -1))
    shown.drag(at(shown, x1, (y1 + y2) / 2), (900, 0))
    x1, _, x2, _ = np.divide(shown.state["box"], 16)
    assert x2 - x1 == pytest.approx(0.1, abs=0.011)
    follow(widget, shown)


def test_keys(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    start = shown.state
    x1, y1, x2, y2 = np.divide(start["box"], 16)

    def moved(*by: float) -> None:
        np.testing.assert_allclose(np.divide(shown.state["box"], 16), np.add([x1, y1, x2, y2], by), atol=1e-6)

    press("ArrowRight")
    moved(0.1, 0, 0.1, 0)
    press("Alt+ArrowUp")
    moved(0.1, -0.01, 0.1, -0.01)
    press("Shift+ArrowLeft")
    press("Alt+Shift+ArrowDown")
    moved(0.1, -0.01, 0, 0)
    follow(widget, shown)
    press("Escape")
    assert shown.state == start


def test_choosing_a_bin(opened, widget):
    shown = opened()
    output = shown.page.locator(".mm-align .mm-output")
    frame = output.bounding_box()
    output.click(position={"x": frame["width"] * 0.5, "y": frame["height"] * 0.83})
    assert shown.state["bin"] == [2, 1]
    expect(output).to_be_focused()
    shown.settle()
    follow(widget, shown)
    shown.page.keyboard.press("ArrowLeft")
    shown.page.keyboard.press("ArrowUp")
    assert shown.state["bin"] == [1, 0]
    shown.page.keyboard.press("ArrowLeft")
    assert shown.state["bin"] == [1, 0]
    shown.settle()
    follow(widget, shown)
    name = shown.page.locator(".mm-pool .mm-output").get_attribute("aria-label")
    assert name.startswith(f"Output of RoIPool, bin in row 1, column 0: {widget.measures['pool'][1][0]:.2f}.")
    shown.page.locator(".mm-pool .mm-output").focus()
    shown.page.keyboard.press("ArrowDown")
    assert shown.state["bin"] == [2, 0]


def test_every_switch(opened, widget):
    shown = opened()
    page = shown.page
    for name, entry, value in (
        ("bins: 7", "output_size", 7),
        ("samples: adaptive", "sampling_ratio", 0),
        ("samples: 4", "sampling_ratio", 4),
        ("samples: 1", "sampling_ratio", 1),
        ("bins: 2", "output_size", 2),
    ):
        page.get_by_role("radio", name=name, exact=True).check()
        shown.settle()
        assert shown.state[entry] == value
        follow(widget, shown)
    assert shown.state["bin"] == [0, 1]
    page.get_by_role("checkbox", name="aligned").uncheck()
    shown.settle()
    follow(widget, shown)
    expect(page.get_by_text("Off by: half a cell, 8 px, right and down")).to_be_visible()
    before = follow(widget, shown).measures
    page.get_by_role("radio", name="stride: 32", exact=True).check()
    shown.settle()
    assert shown.state["box"] == pytest.approx([274.4, 109.6, 434.4, 269.6])
    after = follow(widget, shown).measures
    assert after["pool"] == before["pool"]
    assert after["shifts"] == pytest.approx([2 * shift for shift in before["shifts"]])


@pytest.mark.parametrize("on_the_box", [True, False])
def test_a_finger_moves_the_box_and_beside_it_scrolls_the_page(opened, on_the_box):
    shown = opened(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 600})
    before = shown.state["box"]
    shown.touch(at(shown, *((11, 6) if on_the_box else (2, 11))), (0, -80))
    scrolled = shown.page.evaluate("scrollY")
    if on_the_box:
        assert scrolled == 0
        assert shown.state["box"][0] == pytest.approx(before[0], abs=0.5)
        assert shown.state["box"][1] < before[1] - 40
    else:
        assert scrolled > 40
        assert shown.state["box"] == before


def test_the_ground_follows_the_theme(opened):
    shown = opened(color_scheme="dark")

    def brightness() -> int:
        color = shown.color(".mm-stage", 3.75 / COLUMNS, 11.75 / ROWS)
        return sum(int(color[k : k + 2], 16) for k in (1, 3, 5))

    assert brightness() < 250
    shown.page.emulate_media(color_scheme="light")
    shown.settle()
    assert brightness() > 500


def test_the_footprint_is_drawn_where_the_gradient_lands(opened, widget):
    """On both maps the middle of a cell that the chosen bin weighs takes the operator's hue; far away it does not."""
    shown = opened()
    shown.set(output_size=1, bin=[0, 0], sampling_ratio=1, box=[9 * 16, 4 * 16, 10 * 16, 5 * 16])
    widget.state = shown.state
    assert widget.measures["align_footprint"] == [(4, 9, 1.0)]

    def hue(kind: str, x: float, y: float) -> str:
        return shown.color(f".mm-{kind}-stage", (x + 1) / COLUMNS, (y + 1) / ROWS)

    row, column = widget.measures["argmax"]
    # Next to the center, where both mark it.
    reds, greens = hue("pool", column + 0.75, row + 0.75), hue("align", 9.75, 4.75)
    red, _, blue = (int(reds[k : k + 2], 16) for k in (1, 3, 5))
    assert red > blue + 40, reds
    red, green, _ = (int(greens[k : k + 2], 16) for k in (1, 3, 5))
    assert green > red + 40, greens
    assert hue("pool", 2.75, 10.75) == hue("align", 2.75, 10.75)


def test_the_grid_is_drawn_where_the_operator_reads(opened, widget):
    shown = opened()
    corner = widget.settled.x.start, widget.settled.y.start

    def lines(kind: str, x: float, y: float) -> set[str]:
        width = shown.stage.bounding_box()["width"]
        places = [((x + 1) / COLUMNS + i / width, (y + 1) / ROWS) for i in range(-3, 4)]
        return {shown.color(f".mm-{kind}-stage", *place) for place in places}

    shown.set(aligned=False)
    assert corner == pytest.approx((8.575, 3.425))
    assert style.BEST in lines("align", 9.075, 5.2)
    dashes = {color for k in range(12) for color in lines("pool", 9, 3.3 + k * 0.1)}
    assert style.TIGHT in dashes
    dots = {color for k in range(12) for color in lines("pool", 8.575, 4.5 + k * 0.05)}
    assert style.YOURS in dots


def test_the_curve_shows_the_present_place_in_its_middle(opened, widget):
    shown = opened()
    frame = shown.page.locator(".mm-sweep").bounding_box()
    width, height = frame["width"], frame["height"]
    most = max(map(max, widget.features))
    for box in ([137.2, 54.8, 217.2, 134.8], [140.4, 60.8, 236.4, 134.8]):
        shown.set(box=box, bin=[1, 1])
        widget.state = shown.state
        for kind, color in (("pool", style.TIGHT), ("align", style.BEST)):
            value = widget.measures[kind][1][1]
            x, y = 40 + (width - 54) / 2, 10 + (1 - value / most) * (height - 50)
            assert shown.color(".mm-sweep", x / width, y / height) == color


def test_starting_over(opened):
    shown = opened()
    start = shown.state
    shown.drag(at(shown, 11, 6), (-50, 27))
    shown.page.get_by_role("radio", name="stride: 8", exact=True).check()
    shown.page.get_by_role("radio", name="bins: 2", exact=True).check()
    shown.page.get_by_role("checkbox", name="aligned").uncheck()
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.state == start


def test_all_controls_are_reached_by_tab(opened):
    shown = opened()
    seen = [label.split(",")[0] for label in shown.controls_by_tab(11)]
    assert seen == [
        "bins: 3",
        "samples: 2",
        "stride: 16",
        "aligned",
        "Reset",
        "RoIPool on the feature map",
        "Output of RoIPool",
        "RoIAlign on the feature map",
        "Output of RoIAlign",
        "Move by buttons",
        "Keys",
    ]


def test_any_map_can_be_shown(opened, tmp_path):
    shown = opened()
    rng = np.random.default_rng(0)
    for features in (rng.normal(size=(2, 2)), 1e-3 * rng.uniform(size=(64, 8)), 1e4 * rng.normal(size=(5, 40))):
        other = RoIWindow(features)
        other.save(tmp_path / "other.html")
        shown.page.goto((tmp_path / "other.html").as_uri())
        shown.page.wait_for_function("window.minimask")
        expect(shown.caption).to_have_text(other.words())


@pytest.mark.parametrize("state", [{}, {"output_size": 7, "sampling_ratio": 4}], ids=["three bins", "seven bins"])
def test_latency(opened, latency, state):
    shown = opened()
    shown.set(box=[80, 56, 176, 136], **state)
    bins = state.get("output_size", 3)
    assert latency(shown.stage, f"RoI window on a page, {bins} x {bins} bins") < 15


def test_screenshots(opened, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**{"viewport": {"width": 1000, "height": 1180}, **options})
        shown.set(**state)
        screenshot(shown.page, f"roi_window_{name}")
        shown.page.context.close()

    seven = {"output_size": 7, "sampling_ratio": 0, "aligned": False, "bin": [2, 4]}
    take("light", {})
    take("dark", {"bin": [1, 1]}, color_scheme="dark")
    take("seven", seven)
    take("outside", {"box": [-20, 20, 100, 70], "bin": [0, 0], "output_size": 2})
    take("narrow", {}, viewport={"width": 320, "height": 1900})
    take("wide", seven, viewport={"width": 1600, "height": 1180})
