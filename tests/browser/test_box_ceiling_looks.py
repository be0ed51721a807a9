"""How the box ceiling looks and sounds: themes, motion, screen readers, sizes, contrasts, speed, screenshots."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

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


def test_screen_readers_hear_the_words_once_it_is_quiet(opened):
    shown = opened()
    status = shown.page.get_by_role("status")
    expect(status).to_have_attribute("aria-live", "polite")
    expect(status).to_have_text(shown.caption.inner_text())
    shown.page.evaluate(
        "new MutationObserver(() => { window.said = (window.said ?? 0) + 1; })"
        ".observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })"
    )
    shown.stage.focus()
    for _ in range(10):
        shown.page.keyboard.press("ArrowLeft")
    shown.page.wait_for_timeout(1000)
    expect(status).to_have_text(shown.caption.inner_text())
    assert shown.page.evaluate("window.said") == 1


def test_everything_has_a_name_and_is_large_enough(opened):
    shown = opened()
    controls = shown.page.locator(".minimask").locator("button, input, canvas, summary")
    tree = shown.page.locator(".minimask").aria_snapshot()
    for role in ("radio", "button", "checkbox", "slider", "application", "img", "radiogroup"):
        lines = [line for line in tree.splitlines() if re.match(rf"\s*- '?{role}\b", line)]
        assert lines, role
        assert all(re.match(rf"\s*- '?{role} \"\S", line) for line in lines), lines
    for index in range(controls.count()):
        control = controls.nth(index)
        frame = control.evaluate("(node) => (node.closest('label') ?? node).getBoundingClientRect().toJSON()")
        assert min(frame["width"], frame["height"]) >= 24, control.evaluate("(node) => node.outerHTML")
    small = shown.page.evaluate(
        """[...document.querySelectorAll(".minimask *")].filter((node) => [...node.childNodes].some((child) =>
          child.nodeType === 3 && child.data.trim()) && parseFloat(getComputedStyle(node).fontSize) < 13)
          .map((node) => node.outerHTML)"""
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_lines_stand_out(opened, scheme):
    shown = opened(color_scheme=scheme)
    colors = shown.page.evaluate(
        """() => {
          const style = getComputedStyle(document.querySelector(".minimask"));
          return Object.fromEntries(["ink", "muted", "paper", "tight", "best", "yours", "shape-edge"]
            .map((name) => [name, style.getPropertyValue(`--mm-${name}`).trim()]));
        }"""
    )

    def luminance(color: str) -> float:
        channels = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(name: str) -> float:
        low, high = sorted((luminance(colors[name]), luminance(colors["paper"])))
        return (high + 0.05) / (low + 0.05)

    assert {name: round(contrast(name), 1) for name in ("ink", "muted") if contrast(name) < 4.5} == {}
    lines = ("tight", "best", "yours", "shape-edge")
    assert {name: round(contrast(name), 1) for name in lines if contrast(name) < 3} == {}


@pytest.mark.parametrize("width", [320, 360, 700, 1000, 1920])
def test_it_fits_from_a_phone_to_a_projector(opened, width):
    shown = opened(viewport={"width": width, "height": 900})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    outside = shown.page.evaluate(
        """[...document.querySelectorAll(".minimask *:not(.mm-unseen)")].filter((node) =>
          node.getBoundingClientRect().right > innerWidth + 0.5).map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert outside == []


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
