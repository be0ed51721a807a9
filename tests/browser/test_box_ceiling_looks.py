"""How the box ceiling looks: themes, motion, speed, screenshots; what holds for every widget is in test_looks.py."""

import pytest

from minimask.data.silhouettes import horse, outline
from minimask.plots import style
from minimask.widgets import BoxCeiling
from minimask.widgets.box_ceiling import plain_silhouettes


@pytest.fixture
def widget() -> BoxCeiling:
    return BoxCeiling({**plain_silhouettes(), "horse": outline(horse(), 1.0)})


def test_the_picture_follows_the_theme_of_the_page(opened):
    shown = opened(color_scheme="dark")
    assert shown.page.locator(".minimask").get_attribute("data-theme") == "dark"
    dark = shown.color(".mm-stage", 0.5, 0.5)
    shown.page.emulate_media(color_scheme="light")
    shown.settle()
    assert shown.color(".mm-stage", 0.5, 0.5) == style.SHAPE != dark
    shown.page.evaluate("document.body.dataset.jpThemeLight = 'false'")  # what JupyterLab says outweighs the system
    shown.settle()
    assert shown.color(".mm-stage", 0.5, 0.5) == dark


def test_readers_who_prefer_less_motion_get_none(opened, widget):
    shown = opened(reduced_motion="reduce")
    shown.page.evaluate("document.querySelectorAll('.mm-buttons button')[1].click()")
    widget.snap("best")
    assert shown.state["box"] == pytest.approx(widget.state["box"], abs=1e-3)


def test_others_see_the_box_glide(opened, widget):
    shown = opened()
    ways = shown.page.evaluate(
        """async () => {
          const ways = [];
          document.querySelectorAll(".mm-buttons button")[1].click();
          for (let frame = 0; frame < 60; frame++) {
            ways.push(minimask.model.get("state").box[0]);
            await new Promise(requestAnimationFrame);
          }
          return ways;
        }"""
    )
    start, end = widget.state["box"][0], widget.pose.best_box[0]
    assert ways[0] == start
    assert ways[-1] == pytest.approx(end, abs=1e-3)
    assert len({way for way in ways if end < way < start}) >= 5
    assert ways == sorted(ways, reverse=True)


def test_latency(opened, latency):
    assert latency(opened().stage, "box ceiling on a page, circle of 256 edges") < 15


def test_screenshots(opened, screenshot):
    def take(name: str, shape: str = "circle", **options) -> None:
        shown = opened(**options)
        shown.page.get_by_role("radio", name=shape, exact=True).check()
        shown.page.get_by_role("button", name="Take best box").click()
        shown.page.wait_for_timeout(1500)
        screenshot(shown.page, f"box_ceiling_{name}")
        shown.page.context.close()

    take("light")
    take("dark", "L", color_scheme="dark")
    take("narrow", "horse", viewport={"width": 360, "height": 1300})
    take("wide", "star", viewport={"width": 1600, "height": 900})
    take("sharp", "crescent", device_scale_factor=2)
