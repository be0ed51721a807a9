"""WCAG 2.2 AA on the site: one page of each kind, light and dark, by axe and by keyboard."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from audit import Audit
from playwright.sync_api import Browser, Page, expect

STATEMENT = (Path(__file__).parents[2] / "docs" / "accessibility.md").read_text(encoding="utf-8")
PAGES = {
    "the front page": "index.html",
    "a chapter": "notebooks/01_beyond_the_box.html",
    "the gallery of widgets": "docs/gallery.html",
    "the claims": "docs/claims.html",
    "a page of the reference": "docs/reference/geometry.html",
    "the source of a module": "files/minimask/roi/taps.py.html",
    "a benchmark": "benchmarks/roi_align.html",
    "the changelog": "CHANGELOG.html",
    "the search": "search.html?q=RoIAlign",
    "this statement": "docs/accessibility.html",
}
"""One of each kind."""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_pages_break_no_rule(page, served, record_property, name):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(served + PAGES[name])
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        for living in page.locator(".living").all()[:2]:
            living.scroll_into_view_if_needed()
            expect(living).to_have_attribute("data-alive", "")
        audit = Audit.of(page)
        assert audit.violations == ()
        assert len(audit.passed) >= 20, audit.passed
        row = f"| {name} of the site | whole, {scheme} |"
        assert "MINIMASK_STATEMENT" in os.environ or row in STATEMENT, "run `python docs/accessibility_report.py`"
        record_property("axe", f"{row} {len(audit.passed)} | 0 |")


def test_tab_goes_to_the_content_first_and_shows_where_it_is(page, served):
    page.emulate_media(color_scheme="light")
    page.goto(served + PAGES["a chapter"])
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.innerText")
    assert first.strip() == "Skip to main content"
    hidden = []
    for _ in range(25):
        shown = page.evaluate(
            """() => {
              const node = document.activeElement;
              const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
              const ring = (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
              const { width, height } = node.getBoundingClientRect();
              return [node.outerHTML.slice(0, 100), ring && width > 0 && height > 0];
            }"""
        )
        hidden += [shown[0]] if not shown[1] else []
        page.keyboard.press("Tab")
    assert hidden == []


def test_nothing_plays_by_itself(page, served):
    """A moving picture that starts by itself and lasts for more than five seconds needs a way to stop it."""
    for name in ("index.html", PAGES["a chapter"], PAGES["the gallery of widgets"]):
        page.goto(served + name)
        moving = page.locator("img[src$='.gif']:visible, video[autoplay], marquee")
        assert moving.count() == 0, name
    page.emulate_media(reduced_motion="reduce")
    page.goto(served + PAGES["a chapter"])
    moves = """[...document.querySelectorAll("*")].filter((node) => {
      const { animationName, transitionDuration } = getComputedStyle(node);
      return animationName !== "none" || transitionDuration.split(",").some((time) => parseFloat(time) > 0.01);
    }).map((node) => node.outerHTML.slice(0, 100))"""
    assert page.evaluate(moves) == []
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.emulate_media(reduced_motion="no-preference")
