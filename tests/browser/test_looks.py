"""How every widget looks and sounds: themes, motion, screen readers, sizes, contrasts."""

import re

import numpy as np
import pytest
from kinds import KINDS
from playwright.sync_api import expect

from minimask.widgets.living_picture import LivingPicture

ROLES = {
    "AnchorSea": (
        *("radio", "button", "checkbox", "slider", "application", "img", "radiogroup"),
        *("table", "columnheader", "rowheader"),
    ),
    "AttackStrength": ("radio", "button", "checkbox", "slider", "application", "img", "radiogroup"),
    "BoxCeiling": ("radio", "button", "checkbox", "slider", "application", "img", "radiogroup"),
    "CountExplorer": (
        *("radio", "button", "checkbox", "slider", "application", "img", "radiogroup"),
        *("table", "columnheader", "rowheader"),
    ),
    "Funnel": ("radio", "button", "slider", "application", "radiogroup"),
    "GradientAlignment": ("radio", "button", "slider", "application", "radiogroup"),
    "RoIWindow": ("radio", "button", "checkbox", "application", "img", "radiogroup"),
    "ScreenPicker": (
        *("radio", "button", "slider", "application", "radiogroup", "combobox"),
        *("table", "columnheader", "rowheader"),
    ),
    "TrainingMonitor": ("button", "checkbox", "slider", "application", "img"),
    "XRay": ("radio", "button", "slider", "application", "img", "radiogroup"),
    "WeatherMap": ("radio", "button", "application", "img", "radiogroup", "table", "columnheader", "rowheader"),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def widget(request) -> LivingPicture:
    return request.param()


def at_rest(shown) -> list[str]:
    """Return what all canvases show, once nothing has changed for a while: curves are being worked out at first."""
    seen: list[list[str]] = []
    for _ in range(30):
        shown.page.wait_for_timeout(800)
        seen.append(shown.page.evaluate("[...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())"))
        if seen[-3:] == [seen[-1]] * 3:
            return seen[-1]
    raise AssertionError("the picture does not come to rest")


def test_every_canvas_follows_the_theme_of_the_page(opened):
    shown = opened(color_scheme="dark", reduced_motion="reduce")
    dark = at_rest(shown)
    shown.page.emulate_media(color_scheme="light")
    light = at_rest(shown)
    assert all(one != other for one, other in zip(dark, light, strict=True))
    shown.page.evaluate("document.body.dataset.jpThemeLight = 'false'")  # what JupyterLab says outweighs the system
    assert at_rest(shown) == dark


def test_nothing_moves_by_itself(opened):
    shown = opened()
    shown.page.wait_for_timeout(1500)
    shown.page.evaluate(
        "window.drawn = 0; document.querySelector('.minimask').addEventListener('minimask:drawn', () => window.drawn++)"
    )
    shown.page.wait_for_timeout(500)
    assert shown.page.evaluate("window.drawn") == 0
    assert shown.page.evaluate("document.getAnimations().length") == 0


def test_the_focus_is_seen_on_every_control(opened):
    shown = opened()
    plain = """() => {
      const node = document.activeElement;
      if (!node.closest(".minimask")) return null;
      const styles = [node, node.closest("label") ?? node].map((each) => getComputedStyle(each));
      return styles.some(({ outlineStyle, outlineWidth }) => outlineStyle === "solid" && outlineWidth === "3px");
    }"""
    seen = []
    for _ in range(20):
        shown.page.keyboard.press("Tab")
        seen.append(shown.page.evaluate(plain))
    assert seen.count(True) >= 4
    assert False not in seen


def test_screen_readers_hear_the_words_once_it_is_quiet(opened):
    shown = opened()
    status = shown.page.get_by_role("status")
    expect(status).to_have_attribute("aria-live", "polite")
    expect(status).to_have_text(shown.caption.inner_text())
    shown.page.evaluate(
        "new MutationObserver(() => { window.said = (window.said ?? 0) + 1; })"
        ".observe(document.querySelector('[role=status]'), { childList: true, characterData: true, subtree: true })"
    )
    shown.stage.evaluate(  # faster than a busy machine's keyboard, which would leave it quiet between two keys
        """(stage) => {
          const press = () => stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
          for (let k = 0; k < 10; k++) press();
        }"""
    )
    shown.page.wait_for_timeout(1000)
    expect(status).to_have_text(shown.caption.inner_text())
    assert shown.page.evaluate("window.said") == 1


def test_everything_has_a_name_and_is_large_enough(opened, widget):
    shown = opened()
    controls = shown.page.locator(".minimask").locator("button, input, canvas, summary").filter(visible=True)
    tree = shown.page.locator(".minimask").aria_snapshot()
    for role in ROLES[type(widget).__name__]:
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
          const names = ["ink", "muted", "paper", "tight", "best", "yours", "shape-edge",
            "cold-low", "cold-high", "warm-low", "warm-high"];
          return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--mm-${name}`).trim()]));
        }"""
    )

    def luminance(color: str) -> float:
        channels = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(name: str, ground: str = "paper") -> float:
        low, high = sorted((luminance(colors[name]), luminance(colors[ground])))
        return (high + 0.05) / (low + 0.05)

    assert {name: round(contrast(name), 1) for name in ("ink", "muted") if contrast(name) < 4.5} == {}
    lines = ("tight", "best", "yours", "shape-edge")
    assert {name: round(contrast(name), 1) for name in lines if contrast(name) < 3} == {}
    grounds = ("cold-low", "cold-high", "warm-low", "warm-high")
    assert {name: round(contrast("ink", name), 1) for name in grounds if contrast("ink", name) < 4.5} == {}


@pytest.mark.parametrize("width", [320, 360, 700, 1000, 1920])
def test_it_fits_from_a_phone_to_a_projector(opened, width):
    shown = opened(viewport={"width": width, "height": 900})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    outside = shown.page.evaluate(
        """[...document.querySelectorAll(".minimask *:not(.mm-unseen)")].filter((node) =>
          node.getBoundingClientRect().right > innerWidth + 0.5).map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert outside == []
