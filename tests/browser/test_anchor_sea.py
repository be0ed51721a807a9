"""The anchor sea in the reader's hands: by mouse, finger and key, without a kernel and without a network."""

import re

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.anchors import recipes
from minimask.plots import style
from minimask.widgets import AnchorSea
from minimask.widgets.anchor_sea_measures import nearest_cells
from minimask.widgets.decimals import fixed

HANDLES = {  # where a handle is on the object, and which entries of the box it moves
    (0, 0): {0, 1},
    (0.5, 0): {1},
    (1, 0.5): {2},
    (1, 1): {2, 3},
    (0, 1): {0, 3},
}
BEYOND = 0.05  # what the stage shows beyond the picture, as a share of its longer side


@pytest.fixture
def widget() -> AnchorSea:
    return AnchorSea()


def picture() -> np.ndarray:
    """Return a picture of 240 x 320 pixels: red on the left, blue on the right."""
    colors = np.zeros((240, 320, 3), np.uint8)
    colors[:, :160, 0] = colors[:, 160:, 2] = 200
    return colors


def unit(shown: OnPage, size: tuple[int, int] = (1024, 1024)) -> float:
    """Return how many pixels of the screen a pixel of the network's picture takes."""
    return shown.stage.bounding_box()["width"] / (size[1] + 2 * BEYOND * max(size))


def at(shown: OnPage, x: float, y: float) -> tuple[float, float]:
    """Return where a point of a picture of 1024 x 1024 is on the page."""
    frame = shown.stage.bounding_box()
    margin = BEYOND * 1024
    return frame["x"] + (x + margin) * unit(shown), frame["y"] + (y + margin) * unit(shown)


def share(x: float, y: float) -> tuple[float, float]:
    """Return the same as shares of the canvas."""
    return (x / 1024 + BEYOND) / (1 + 2 * BEYOND), (y / 1024 + BEYOND) / (1 + 2 * BEYOND)


def follow(widget: AnchorSea, shown: OnPage) -> AnchorSea:
    """Give Python the state of the page, and see that both say the same."""
    widget.state = shown.state
    assert widget.state == shown.state
    expect(shown.caption).to_have_text(widget.words())
    found = widget.measures
    for kind in ("positive", "ignored", "negative"):
        expect(shown.page.locator(f".mm-{kind} strong")).to_have_text(f"{found[kind]:,}")
    expect(shown.page.locator(".mm-best-iou strong")).to_have_text(fixed(found["best_iou"], 3))
    expect(shown.page.locator(".mm-total strong")).to_have_text(f"{found['count']:,}")
    table = shown.page.locator(".mm-levels tbody tr")
    expect(table).to_have_count(len(found["counts"]))
    for k, (count, iou) in enumerate(zip(found["counts"], found["iou_of_level"], strict=True)):
        expect(table.nth(k)).to_contain_text(f"{count:,}")
        expect(table.nth(k).locator(".mm-fit b")).to_have_text(fixed(iou, 3))
    return widget


def test_dragging_the_object(opened, widget):
    shown = opened()
    before, pictures = shown.state["box"], [shown.picture(), shown.picture(".mm-close-up")]
    shown.drag(at(shown, 700, 500), (-70, 33))
    shift = np.array([-70, 33, -70, 33]) / unit(shown)
    np.testing.assert_allclose(np.subtract(shown.state["box"], before), shift, atol=0.51)
    assert all(side == round(side) for side in shown.state["box"])  # whole pixels
    assert shown.picture() != pictures[0]
    assert shown.picture(".mm-close-up") != pictures[1]
    follow(widget, shown)
    x1, y1, x2, y2 = map(round, shown.state["box"])
    expect(shown.page.get_by_text(f"x {x1} to {x2}, y {y1} to {y2}: 120 × 300")).to_be_visible()


@pytest.mark.parametrize(("handle", "entries"), HANDLES.items())
def test_each_handle_moves_its_sides_only(opened, handle, entries):
    shown = opened()
    x1, y1, x2, y2 = before = shown.state["box"]
    shown.drag(at(shown, x1 + handle[0] * (x2 - x1), y1 + handle[1] * (y2 - y1)), (-14, -18))
    moved = np.subtract(shown.state["box"], before)
    for k in range(4):
        by = (-14, -18)[k % 2] / unit(shown) if k in entries else 0
        assert moved[k] == pytest.approx(by, abs=0.51)


def test_the_object_stays_in_the_picture_and_never_turns_inside_out(opened, widget):
    shown = opened()
    shown.drag(at(shown, 700, 500), (900, -900))
    assert shown.state["box"] == [904, 0, 1024, 300]
    shown.drag(at(shown, 904, 150), (900, 0))
    assert shown.state["box"] == [1023, 0, 1024, 300]
    follow(widget, shown)


def test_the_point_is_taken_anywhere_beside_the_object(opened, widget):
    shown = opened()
    box = shown.state["box"]
    shown.drag(at(shown, 200, 800), (50, -20))
    expected = [200 + 50 / unit(shown), 800 - 20 / unit(shown)]
    np.testing.assert_allclose(shown.state["point"], expected, atol=0.6)
    assert shown.state["box"] == box
    shown.drag(at(shown, 200, 800), (-900, 900))
    assert shown.state["point"] == [0, 1024]
    shown.set(point=[700, 500])  # on the object: the point is taken where it is, the object beside it
    shown.drag(at(shown, 700, 500), (-100, 0))
    assert shown.state["box"] == box
    assert shown.state["point"][0] == pytest.approx(700 - 100 / unit(shown), abs=0.6)
    follow(widget, shown)


def test_keys(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    start = shown.state
    x1, y1, x2, y2 = start["box"]
    press("ArrowRight")
    press("Alt+ArrowUp")
    assert shown.state["box"] == [x1 + 8, y1 - 1, x2 + 8, y2 - 1]
    press("Shift+ArrowLeft")
    press("Alt+Shift+ArrowDown")
    assert shown.state["box"] == [x1 + 8, y1 - 1, x2, y2]
    follow(widget, shown)
    press("d")
    press("s")
    row, column = nearest_cells(start)[2]
    assert shown.state["point"] == [(column + 1.5) * 16, (row + 1.5) * 16]
    press("a")
    press("W")
    assert shown.state["point"] == [(column + 0.5) * 16, (row + 0.5) * 16]
    press("b")
    x1, y1, x2, y2 = widget.measures["best_anchor"]
    assert shown.state["point"] == pytest.approx([(x1 + x2) / 2, (y1 + y2) / 2], abs=0.001)
    press("Escape")
    assert shown.state == start


def test_objects_to_choose_from(opened, widget):
    shown = opened()
    page = shown.page
    chosen = page.get_by_role("radiogroup", name="object").get_by_role("radio", checked=True)
    expect(chosen).to_have_attribute("aria-label", "object: person")
    shown.stage.focus()
    for name in ("car", "ball", "pole"):
        page.keyboard.press("n")
        shown.settle()
        widget.take(name)
        assert shown.state["box"] == widget.state["box"]
        expect(chosen).to_have_attribute("aria-label", f"object: {name}")
    page.keyboard.press("p")
    page.keyboard.press("p")
    page.keyboard.press("p")
    page.keyboard.press("p")
    shown.settle()
    expect(chosen).to_have_attribute("aria-label", "object: house")
    page.get_by_role("radio", name="object: ball").check()
    shown.settle()
    follow(widget, shown)
    page.keyboard.press("ArrowRight")  # a radio button's own key
    shown.settle()
    expect(chosen).to_have_attribute("aria-label", "object: pole")
    shown.stage.focus()
    page.keyboard.press("ArrowLeft")
    shown.settle()
    expect(chosen).to_have_count(0)
    page.keyboard.press("p")  # from none to the last
    shown.settle()
    expect(chosen).to_have_attribute("aria-label", "object: house")
    page.get_by_role("radio", name="picture: 128²").check()
    page.get_by_role("radio", name="object: ball").check()
    shown.settle()
    expect(chosen).to_have_attribute("aria-label", "object: ball")
    follow(widget, shown)


def test_every_recipe_and_every_size(opened, widget):
    shown = opened()
    page = shown.page
    sizes = [*widget.sizes, *widget.sizes]
    for name, (height, width) in zip(recipes, sizes, strict=False):
        page.get_by_role("radio", name=re.compile(f"^{name}: ")).check()
        label = f"{width}²" if width == height else f"{width} × {height}"
        page.get_by_role("radio", name=f"picture: {label}").check()
        shown.settle()
        assert (shown.state["recipe"], shown.state["size"]) == (name, [height, width])
        follow(widget, shown)
        rows = [f"{other}: {recipe.count(height, width):,} anchors" for other, recipe in recipes.items()]
        chart = page.get_by_role("radiogroup", name="Recipe").locator("input")
        assert chart.evaluate_all("(inputs) => inputs.map((input) => input.ariaLabel)") == rows


def test_every_switch(opened, widget):
    shown = opened()
    page = shown.page
    page.get_by_role("checkbox", name="low-quality").uncheck()
    shown.settle()
    assert follow(widget, shown).measures["positive"] == 0
    for name, entry, value in (("positive from", "foreground", 0.5), ("negative below", "background", 0.1)):
        page.get_by_role("slider", name=name).fill(str(value))
        shown.settle()
        assert shown.state[entry] == value
        follow(widget, shown)
    assert follow(widget, shown).measures["positive"] > 0
    page.get_by_role("slider", name="negative below").fill("0.8")
    page.get_by_role("slider", name="positive from").fill("0.2")
    shown.settle()
    assert (shown.state["background"], shown.state["foreground"]) == (0.5, 0.5)
    expect(page.get_by_role("slider", name="positive from")).to_have_value("0.5")
    page.get_by_role("slider", name="negative below").fill("0")
    shown.settle()
    assert shown.state["background"] == 0.05
    follow(widget, shown)
    page.get_by_role("button", name="Point to best").click()
    x1, y1, x2, y2 = widget.measures["best_anchor"]
    assert shown.state["point"] == pytest.approx([(x1 + x2) / 2, (y1 + y2) / 2], abs=0.001)


def test_levels_are_drawn_and_dotted_one_by_one(opened, widget):
    shown = opened()
    page = shown.page
    # On the right side of the upright anchor of P6 around the point, between the dots of P4.
    row, column = nearest_cells(shown.state)[4]
    _, y1, x2, _ = recipes["fpn"].cell_anchors(4)[2] + np.tile([(column + 0.5) * 64, (row + 0.5) * 64], 2)
    width = shown.stage.bounding_box()["width"]

    def lines() -> set[str]:
        x, y = share(x2, y1 + 40)
        return {shown.color(".mm-stage", x + k / width, y) for k in (-1, 0, 1)}

    assert style.SHAPE_EDGE in lines()
    page.get_by_role("checkbox", name="P6").uncheck()
    shown.settle()
    assert shown.state["shown"] == [0, 1, 2, 3]
    assert style.SHAPE_EDGE not in lines()
    page.get_by_role("checkbox", name="P6").check()
    shown.settle()
    assert shown.state["shown"] == [0, 1, 2, 3, 4]
    assert style.SHAPE_EDGE in lines()

    def dot(x: float, y: float) -> str:
        return shown.color(".mm-stage", *share(x, y))

    assert dot(32, 992) != style.SHAPE_EDGE
    page.get_by_role("radio", name="dots: P6").check()
    shown.settle()
    assert shown.state["dotted"] == 4
    assert dot(32, 992) == style.SHAPE_EDGE
    expect(page.get_by_text("Dots: all 16 × 16 centers of P6, each in the middle of its cell.")).to_be_visible()
    page.get_by_role("radio", name="dots: P2").check()
    expect(page.get_by_text("Dots: one in 5 × 5 of the 256 × 256 centers of P2.")).to_be_visible()
    follow(widget, shown)


def test_the_best_anchor_and_the_marks_are_drawn_where_they_are(opened, widget):
    """An object that is an anchor: a solid frame and its center marked. A pole: a dashed one, which none fits."""
    shown = opened()
    shown.set(box=[392, 392, 520, 520], point=[900, 900], shown=[2])
    assert follow(widget, shown).measures["best_iou"] == 1
    width = shown.stage.bounding_box()["width"]
    verdict = shown.page.locator(".mm-best-iou span")
    expect(verdict).to_have_text("It fits: the best is on P4, 128 px, ratio 1")
    assert shown.color(".mm-stage", *share(456, 456)) == style.BEST  # the center of a positive anchor
    assert shown.color(".mm-stage", *share(456, 504)) == style.HIGHLIGHT  # of an ignored one
    assert shown.color(".mm-stage", *share(456, 600)) not in (style.BEST, style.HIGHLIGHT)

    def frame(x: float, top: float, bottom: float) -> set[str]:
        rows = np.linspace(top, bottom, 40)
        places = [(share(x, y)[0] + k / width, share(x, y)[1]) for y in rows for k in (-1, 0, 1)]
        return {shown.color(".mm-stage", *place) for place in places}

    shown.set(box=[400, 400, 512, 512])
    found = frame(392, 410, 500)
    assert style.BEST in found
    assert style.TIGHT not in found
    shown.set(box=[440, 100, 452, 900])
    follow(widget, shown)
    expect(verdict).to_contain_text("No anchor even comes near")
    x1, y1, _, y2 = widget.measures["best_anchor"]
    found = frame(x1, y1, y2)
    assert style.TIGHT in found
    assert style.BEST not in found


def test_a_finger_moves_the_object_and_beside_it_scrolls_the_page(opened):
    options = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 600}}
    shown = opened(**options)
    start = shown.state
    shown.touch(at(shown, 700, 500), (0, -40))
    assert shown.page.evaluate("scrollY") == 0
    assert shown.state["box"][1] < start["box"][1] - 60
    assert shown.state["box"][0] == pytest.approx(start["box"][0], abs=4)
    shown.touch(at(shown, *start["point"]), (30, 0))
    assert shown.page.evaluate("scrollY") == 0
    assert shown.state["point"][0] > start["point"][0] + 60
    before = shown.state
    shown.touch(at(shown, 200, 900), (0, -80))
    assert shown.page.evaluate("scrollY") > 40
    assert shown.state == before


def test_starting_over(opened, widget):
    widget.choose("retinanet")
    shown = opened()
    start = {**shown.state, "recipe": "fpn", "dotted": 2}
    shown.drag(at(shown, 700, 500), (-50, 27))
    shown.page.get_by_role("radio", name="picture: 1333 × 800").check()
    shown.page.get_by_role("checkbox", name="low-quality").uncheck()
    shown.page.get_by_role("checkbox", name="P5").uncheck()
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.state == start
    shown.settle()
    follow(widget, shown)


def test_all_controls_are_reached_by_tab(opened):
    shown = opened()
    seen = [label.split(",")[0] for label in shown.controls_by_tab(17)]
    assert seen == [
        *("picture: 1024²", "Reset", "A picture with an object at 640", "object: person"),
        *("Point to best", "Move by buttons"),
        *("positive from", "negative below", "low-quality rule: the best anchor is positive in any case"),
        *("fpn: 261", "P2", "P3", "P4", "dots: P4", "P5", "P6", "Keys"),
    ]


def test_a_picture_lies_behind_and_is_resized(opened, tmp_path):
    shown = opened()
    other = AnchorSea(picture(), {"left": [40, 80, 120, 160]}, recipe="torchvision_maskrcnn")
    other.save(tmp_path / "other.html")
    shown.page.goto((tmp_path / "other.html").as_uri())
    shown.page.wait_for_function("window.minimask")
    shown.page.wait_for_timeout(300)
    follow(other, shown)
    assert other.measures["network_size"] == (800, 1088)

    def color(x: float, y: float) -> list[int]:
        margin = BEYOND * 1088
        found = shown.color(".mm-stage", (x + margin) / (1088 + 2 * margin), (y + margin) / (800 + 2 * margin))
        return [int(found[k : k + 2], 16) for k in (1, 3, 5)]

    red, blue = color(500, 780), color(580, 780)
    assert red[0] > red[2] + 100
    assert blue[2] > blue[0] + 100
    gray = color(1078, 402)  # beyond 1066 pixels: padding
    assert max(gray) - min(gray) < 30
    labels = [f"{width} × {height}" for height, width in other.sizes]
    assert labels == ["320 × 240", "341 × 256", "683 × 512", "1067 × 800", "1365 × 1024"]
    for label in labels:
        shown.page.get_by_role("radio", name=f"picture: {label}").check()
        shown.settle()
        follow(other, shown)


def test_every_recipe_fits_on_pages_of_every_width(opened):
    shown = opened()
    sticking_out = """[...document.querySelectorAll(".mm-left, .mm-right")].flatMap((column) =>
      [...column.querySelectorAll("*")].filter((node) =>
        node.getBoundingClientRect().right > column.getBoundingClientRect().right + 1)
        .map((node) => node.outerHTML.slice(0, 80)))"""
    wide = [800, 1333]
    for recipe, dotted, size in (("c4", 0, wide), ("retinanet", 2, [1024, 1024]), ("torchvision_maskrcnn", 4, wide)):
        levels = list(range(len(recipes[recipe].levels)))
        shown.set(recipe=recipe, shown=levels, dotted=dotted, size=size)
        for width in (320, 360, 390, 430, 480, 640, 680, 700, 760, 800, 820, 860, 900, 1000):
            shown.page.set_viewport_size({"width": width, "height": 900})
            shown.settle()
            assert shown.page.evaluate(sticking_out) == [], (recipe, width)


@pytest.mark.parametrize("state", [{}, {"box": [90, 70, 900, 900]}], ids=["an ordinary object", "a large one"])
def test_latency(opened, latency, state):
    """Behind the picture are 261,888 anchors."""
    shown = opened()
    shown.set(**{"box": [420, 400, 620, 620], "point": [200, 200], **state})
    assert latency(shown.stage, f"anchor sea on a page, {'a large' if state else 'an ordinary'} object") < 15


def test_screenshots(opened, widget, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**{"viewport": {"width": 1000, "height": 1040}, **options})
        shown.set(**state)
        screenshot(shown.page, f"anchor_sea_{name}")
        shown.page.context.close()

    retinanet = {"recipe": "retinanet", "box": [860, 130, 876, 790]}
    lesson = {"recipe": "lesson", "size": [128, 128], "box": [70, 40, 102, 72], "point": [46, 50], "shown": [0, 1, 2]}
    resized = {"recipe": "torchvision_maskrcnn", "size": [683, 1024], "box": [640, 240, 760, 440]}
    take("light", {})
    take("dark", retinanet, color_scheme="dark")
    take("lesson", {**lesson, "dotted": 1})
    take("house", {"box": [90, 70, 900, 900]})
    take("phone", resized, viewport={"width": 390, "height": 2050})
    take("narrow", {}, viewport={"width": 320, "height": 2200})
    take("wide", resized, viewport={"width": 1600, "height": 1040})
