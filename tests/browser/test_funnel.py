"""The funnel in the reader's hands: by mouse, finger and key, without a kernel and without a network."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import Locator, expect

from minimask.plots import style
from minimask.widgets import Funnel
from minimask.widgets.funnel_measures import IOUS, STAGES, flops, share

WORLD = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "make_funnel.py"))["world"]()
SLIDERS = {
    "pre_top_n": "top-k per level",
    "min_size": "least side",
    "nms_threshold": "NMS at IoU over",
    "post_top_n": "top-n of all",
}


@pytest.fixture
def widget() -> Funnel:
    return Funnel(WORLD)


def slider(shown: OnPage, name: str) -> Locator:
    return shown.page.get_by_role("slider", name=SLIDERS[name], exact=True)


def pull(shown: OnPage, name: str, share_of_way: float) -> None:
    """Drag a slider's thumb to a share of its way, by mouse."""
    node = slider(shown, name)
    node.scroll_into_view_if_needed()
    frame = node.bounding_box()
    at = node.evaluate("(node) => (node.valueAsNumber - node.min) / (node.max - node.min)")
    thumb = 16
    x = frame["x"] + thumb / 2 + at * (frame["width"] - thumb)
    shown.drag((x, frame["y"] + frame["height"] / 2), ((share_of_way - at) * (frame["width"] - thumb), 0))


ROWS = """() => [...document.querySelectorAll(".mm-layer")].map((row) => [
  row.querySelector("[type=radio]").value,
  row.querySelector(".mm-bar b").textContent,
  row.querySelector("small").textContent,
  [...row.querySelectorAll(".mm-marks i:not([hidden])")].map(({ dataset }) => dataset.found),
])"""


def follow(widget: Funnel, shown: OnPage) -> Funnel:
    """Give Python the state of the page, and see that both say the same."""
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    found = widget.measures
    wanted = [
        [
            name,
            f"{count:,}",
            f"{flops(count)} · {share(count, 4032)}",
            ["most" if iou >= IOUS[1] else "half" if iou >= IOUS[0] else "no" for iou in found["best_iou"][name]],
        ]
        for name, count in found["survivors"].items()
    ]
    assert shown.page.evaluate(ROWS) == wanted
    chosen = shown.page.locator("[type=radio]:checked").evaluate_all("(nodes) => nodes.map(({ value }) => value)")
    assert chosen == [str(widget.state["picture"]), str(widget.state["step"]), widget.state["stage"]]
    return widget


def test_every_slider_by_mouse(opened, widget):
    shown = opened()
    for name, to, value in (
        ("post_top_n", 1.0, 300),
        ("nms_threshold", 0.3, pytest.approx(0.3, abs=0.02)),
        ("pre_top_n", 0.0, 1),
        ("pre_top_n", 0.7, pytest.approx(150, rel=0.4)),
        ("min_size", 1.0, 32),
    ):
        before = shown.picture()
        pull(shown, name, to)
        assert shown.state[name] == value, name
        follow(widget, shown)
        assert slider(shown, name).get_attribute("aria-valuetext")
        assert shown.picture() != before, name


def test_every_slider_by_keys(opened, widget):
    shown = opened()
    press = shown.page.keyboard.press
    for name, steps in (
        ("pre_top_n", [("Home", 1), ("ArrowRight", 2), ("End", 1000), ("ArrowLeft", 900), ("ArrowLeft", 800)]),
        ("min_size", [("ArrowRight", 2), ("End", 32), ("Home", 0)]),
        ("nms_threshold", [("ArrowLeft", 0.69), ("ArrowRight", 0.7), ("ArrowRight", 0.71), ("End", 1), ("Home", 0)]),
        ("post_top_n", [("End", 300), ("ArrowLeft", 250), ("ArrowLeft", 200), ("ArrowLeft", 150), ("ArrowLeft", 120)]),
    ):
        slider(shown, name).focus()
        for key, value in steps:
            press(key)
            assert shown.state[name] == pytest.approx(value), (name, key)
        shown.settle()
        follow(widget, shown)
        press("Escape")
        assert shown.state == widget.start
    shown.settle()
    texts = [slider(shown, name).get_attribute("aria-valuetext") for name in SLIDERS]
    assert texts == ["1,000", "1 px", "0.70", "50"]


def test_a_slider_stands_at_any_value_that_python_sets(opened, widget):
    shown = opened()
    shown.set(pre_top_n=123, post_top_n=57, min_size=2.5, nms_threshold=0.555)
    texts = [slider(shown, name).get_attribute("aria-valuetext") for name in SLIDERS]
    assert texts == ["123", "2.5 px", "0.56", "57"]
    follow(widget, shown)
    assert shown.state["pre_top_n"] == 123


def test_choosing_a_stage_shows_its_boxes(opened, widget):
    shown = opened()
    pictures = set()
    for name in STAGES:
        shown.page.locator(f".mm-layer [value={name}]").click()
        shown.settle()
        assert shown.state["stage"] == name
        count = follow(widget, shown).measures["survivors"][name]
        label = shown.stage.get_attribute("aria-label")
        which = f"Picture 1 after {widget.state['step']} steps of training"
        assert label.startswith(f"{which}, {count:,} boxes: {STAGES[name]}.")
        pictures.add(shown.picture())
    assert len(pictures) >= 5  # clipping may change nothing that is seen
    shown.page.keyboard.press("ArrowUp")
    assert shown.state["stage"] == "nms"


def test_choosing_pictures_and_steps(opened, widget):
    shown = opened()
    before = shown.picture()
    shown.page.get_by_role("radio", name="picture: 2", exact=True).check()
    shown.settle()
    assert shown.state["picture"] == 1
    follow(widget, shown)
    assert shown.page.locator(".mm-layer").first.locator(".mm-marks i:visible").count() == 3
    other = shown.picture()
    assert other != before
    shown.page.get_by_role("radio", name="steps of training: 0", exact=True).check()
    shown.settle()
    assert shown.state["step"] == 0
    follow(widget, shown)
    assert shown.picture() not in (before, other)


def test_keys_on_the_picture(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    press("ArrowUp")
    press("ArrowUp")
    assert shown.state["stage"] == "large_enough"
    press("ArrowDown")
    press("ArrowLeft")
    press("ArrowLeft")
    assert (shown.state["stage"], shown.state["step"]) == ("nms", 0)
    press("PageDown")
    press("PageDown")
    assert shown.state["picture"] == 1
    shown.settle()
    follow(widget, shown)
    press("ArrowRight")
    press("PageUp")
    press("ArrowDown")
    assert shown.state == widget.start
    press("ArrowDown")
    assert shown.state == widget.start
    slider(shown, "post_top_n").focus()
    press("Home")
    press("Escape")
    assert shown.state == widget.start


def test_a_finger_slides_and_beside_the_sliders_scrolls_the_page(opened):
    shown = opened(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 700})
    frame = shown.stage.bounding_box()
    shown.touch((frame["x"] + 100, frame["y"] + 200), (0, -120))
    assert shown.page.evaluate("scrollY") > 60
    node = slider(shown, "nms_threshold")
    node.scroll_into_view_if_needed()
    frame = node.bounding_box()
    y = frame["y"] + frame["height"] / 2
    shown.touch((frame["x"] + 0.7 * frame["width"], y), (-0.4 * frame["width"], 0))
    assert shown.state["nms_threshold"] == pytest.approx(0.3, abs=0.05)
    shown.page.locator(".mm-layer [value=nms]").tap()
    assert shown.state["stage"] == "nms"


def test_the_bars_are_as_long_as_the_logarithms(opened, widget):
    shown = opened()
    shown.set(pre_top_n=100, post_top_n=1)
    widget.state = shown.state
    lengths = shown.page.locator(".mm-bar").evaluate_all(
        "(bars) => bars.map((bar) => bar.querySelector('i').offsetWidth / bar.offsetWidth)"
    )
    counts = np.array(list(widget.measures["survivors"].values()))
    np.testing.assert_allclose(lengths, np.log1p(counts) / np.log1p(4032), atol=0.01)
    shown.set(min_size=64, pre_top_n=1)
    assert shown.page.locator(".mm-bar i").last.evaluate("(bar) => bar.offsetWidth") == 0
    follow(widget, shown)


def colors_along(shown: OnPage, box: list[float]) -> set[str]:
    """Return the colors across the left side of a box, at some places of it."""
    x1, y1, _, y2 = box
    pixel = 128 / shown.stage.bounding_box()["width"]
    ys = y1 + np.linspace(0.3, 0.8, 9) * (y2 - y1)
    return {shown.color(".mm-stage", (x1 + i * pixel / 2) / 128, y / 128) for i in range(-2, 3) for y in ys}


def test_what_is_drawn_where(opened, widget):
    shown = opened()
    shown.page.wait_for_function("[...document.images].every(({ complete }) => complete)")
    widget.state = shown.state
    (best, row), objects = (
        (widget.settled.reaches[-1].iou_of_object, widget.settled.reaches[-1].box_of_object),
        widget.look.objects,
    )
    boxes = widget.settled.funnel.top_n.boxes
    found = [m for m in range(len(objects)) if best[m] >= 0.7]
    assert len(found) >= 3
    for m in found:
        assert style.BEST in colors_along(shown, boxes[row[m]]), m
    shown.set(pre_top_n=1, post_top_n=1)
    widget.state = shown.state
    lost = [m for m, iou in enumerate(widget.settled.reaches[-1].iou_of_object) if iou < 0.5]
    assert len(lost) >= 4
    dashes = [style.TIGHT in colors_along(shown, objects[m]) for m in lost]
    assert sum(dashes) >= 3  # another dashed line or a plate may cover one


def pixels_of(shown: OnPage, color: str) -> int:
    """Return how many pixels of the picture have exactly this color."""
    return shown.page.evaluate(
        """(color) => {
          const { width, height } = document.querySelector(".mm-stage");
          const { data } = document.querySelector(".mm-stage").getContext("2d").getImageData(0, 0, width, height);
          const [red, green, blue] = [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16));
          let found = 0;
          for (let k = 0; k < data.length; k += 4) {
            found += data[k] === red && data[k + 1] === green && data[k + 2] === blue;
          }
          return found;
        }""",
        color,
    )


def test_the_boxes_given_up_are_dotted_from_suppression_on(opened, widget):
    shown = opened()
    shown.set(picture=1, pre_top_n=90, min_size=30, nms_threshold=0.1, stage="nms")
    victims = follow(widget, shown).settled.victims
    assert len(victims) == 2
    assert any(style.YOURS in colors_along(shown, victim.box) for victim in victims)
    drawn = {}
    for stage in STAGES:
        shown.set(stage=stage)
        drawn[stage] = pixels_of(shown, style.YOURS) > 50
    assert drawn == {stage: stage in ("nms", "top_n") for stage in STAGES}
    shown.set(nms_threshold=0.9)
    assert pixels_of(shown, style.YOURS) == 0


def test_steps_that_were_not_recorded_cannot_be_chosen(opened, tmp_path):
    shown = opened()
    recorded = Funnel()
    recorded.save(tmp_path / "recorded.html")
    shown.page.goto((tmp_path / "recorded.html").as_uri())
    shown.page.wait_for_function("window.minimask")
    expect(shown.caption).to_have_text(recorded.words())
    steps = recorded.pictures[0]["steps"]
    buttons = [shown.page.get_by_role("radio", name=f"steps of training: {step}", exact=True) for step in steps]
    for number, picture in enumerate(recorded.pictures):
        shown.page.get_by_role("radio", name=f"picture: {number + 1}", exact=True).check()
        shown.settle()
        assert [button.is_enabled() for button in buttons] == [step in picture["steps"] for step in steps]
        recorded.choose(picture=number)
        assert shown.state == recorded.state
        expect(shown.caption).to_have_text(recorded.words())


def test_the_picture_is_the_run_s(opened, widget):
    shown = opened()
    shown.set(pre_top_n=1, post_top_n=1)
    shown.page.wait_for_function("[...document.images].every(({ complete }) => complete)")
    shown.page.wait_for_timeout(200)
    image = WORLD[0].image.astype(float)
    dull = [(y, x) for y, x in ((120, 6), (70, 6), (120, 120), (8, 40))]
    for y, x in dull:
        color = shown.color(".mm-stage", (x + 0.5) / 128, (y + 0.5) / 128)
        seen = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)])
        wanted = 0.85 * image[y, x] + 0.15 * 255
        assert np.abs(seen - wanted).max() < 25, (y, x, color, wanted)


def test_starting_over(opened, widget):
    shown = opened()
    pull(shown, "nms_threshold", 0.2)
    pull(shown, "pre_top_n", 0.5)
    shown.page.get_by_role("radio", name="picture: 2", exact=True).check()
    shown.page.locator(".mm-layer [value=anchors]").click()
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.state == widget.start
    shown.settle()
    follow(widget, shown)


def test_all_controls_are_reached_by_tab(opened):
    shown = opened()
    seen = [label.split(".")[0].split(": 5")[0] for label in shown.controls_by_tab(9)]
    picture = "Picture 1 after 900 steps of training, 50 boxes: proposals"
    assert seen[:4] == [picture, "picture: 1", "steps of training: 900", "Reset"]
    assert set(seen[4:]) == {"top-k per level", "least side", "NMS at IoU over", "proposals", "top-n of all"}
    shown.page.keyboard.press("Tab")
    assert shown.page.evaluate("document.activeElement.innerText") == "Keys"


@pytest.mark.parametrize("name", ["nms_threshold", "pre_top_n"])
def test_latency(opened, latency, name):
    """The worst case: 1,000 boxes of each level, most of which stay, are all drawn."""
    shown = opened()
    shown.set(nms_threshold=0.9, post_top_n=300, stage="nms", step=0)
    node = slider(shown, name)
    node.scroll_into_view_if_needed()
    assert latency(node, f"funnel on a page, {SLIDERS[name]}") < 15


def test_screenshots(opened, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**{"viewport": {"width": 1000, "height": 840}, **options})
        shown.set(**state)
        shown.page.wait_for_timeout(200)
        screenshot(shown.page, f"funnel_{name}")
        shown.page.context.close()

    crowd = {"picture": 1, "pre_top_n": 90, "min_size": 30, "nms_threshold": 0.1, "stage": "nms"}
    take("light", {})
    take("dark", crowd, color_scheme="dark")
    take("anchors", {"stage": "anchors", "step": 0})
    take("narrow", crowd, viewport={"width": 390, "height": 1560})
    take("wide", {"nms_threshold": 0.3}, viewport={"width": 1600, "height": 900})
