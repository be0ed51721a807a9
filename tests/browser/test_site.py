"""The site, built anew and opened as a reader does: nothing is missing, nothing is from elsewhere, all lives."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from html_pages import Page, read_page
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from playwright.sync_api import Page as BrowserPage

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))  # what builds the site lies there

from building import living  # noqa: E402

MOST = 3_000_000
"""Bytes that a page may fetch before the reader does anything: its own, and those that all pages share."""
HINDERED = {"offline": False, "latency": 60, "downloadThroughput": 9e6 / 8, "uploadThroughput": 9e6 / 8}
"""A good connection by radio: 9 Mbit/s, 60 ms from question to answer."""
SLOWER = 4
"""How many times slower the processor of a cheap telephone is."""


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Every page, by its name."""
    return {path.relative_to(site).as_posix(): read_page(path) for path in sorted(site.rglob("*.html"))}


# Without a browser


def test_every_chapter_and_every_page_of_the_repository_is_there(pages):
    notebooks = {f"notebooks/{path.stem}.html" for path in (ROOT / "notebooks").glob("*.ipynb")}
    texts = {f"docs/{path.stem}.html" for path in (ROOT / "docs").glob("*.md")} - {"docs/index.html"}
    measured = {f"benchmarks/{path.stem}.html" for path in (ROOT / "benchmarks").glob("*.md")}
    others = {"index.html", "CHANGELOG.html", "CONTRIBUTING.html", "docs/reference/front_door.html"}
    assert notebooks | texts | measured | others <= set(pages)


def test_every_link_leads_somewhere(site, pages):
    broken = []
    for name, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme in ("http", "https", "mailto"):
                continue
            target, anchor = urldefrag(urljoin(name, link))
            target = unquote(target)
            known = pages[target].anchors if target in pages else {unquote(anchor)}
            if not (site / target).is_file() or (anchor and unquote(anchor) not in known):
                broken.append((name, link))
    assert not broken


def test_nothing_on_a_page_comes_from_elsewhere(pages):
    for name, page in pages.items():
        assert not [part for part in page.parts if urlsplit(part).scheme in ("http", "https") or part[:2] == "//"], name


def test_every_picture_is_described_and_keeps_its_place(pages):
    for name, page in pages.items():
        for picture in page.pictures:
            assert picture.get("alt", "").strip(), (name, picture)
            if name.startswith("slides/") or "toggler" in picture.get("class", ""):
                continue  # a deck holds its pictures itself, and the index of modules hides Sphinx's signs
            assert picture.get("width", "").isdecimal(), (name, picture)
            assert picture.get("height", "").isdecimal(), (name, picture)
            assert picture.get("loading") == "lazy", (name, picture)


def test_widgets_have_a_picture_or_words_for_where_no_script_runs(pages):
    found = [place for page in pages.values() for place in page.living]
    assert len(found) >= 20
    assert all(place.still for place in found)


# In the browser

WEIGHT = """[...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
  .reduce((sum, { decodedBodySize }) => sum + decodedBodySize + 300, 0)"""
"""Bytes of the page and of all that it has asked for, not compressed, with a head for each."""


@pytest.fixture
def reading(new_page, served: str) -> Iterator[Callable[..., BrowserPage]]:
    """Open pages of the site, and see that nothing is missing and no script complains."""
    bad: list[str] = []

    def open_it(name: str = "index.html", **options: object) -> BrowserPage:
        page = new_page(**options)
        page.on("console", lambda said: bad.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("response", lambda answer: bad.append(f"{page.url}: {answer.url}") if answer.status >= 400 else None)
        page.goto(served + name)
        return page

    yield open_it
    assert not bad


def alive(place: Locator) -> Locator:
    """Wait for a widget to live, and return it."""
    place.scroll_into_view_if_needed()
    expect(place).to_have_attribute("data-alive", "")
    expect(place.locator(".mm-caption")).not_to_be_empty()
    return place


def test_every_page_is_light_whole_and_as_narrow_as_a_telephone(reading, served, pages, record_property):
    """All at once, since it is the opening of pages that takes time."""
    weights, wide = {}, []
    page = reading()
    for name in pages:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(served + name, wait_until="networkidle" if pages[name].living else "load")
        weights[name] = page.evaluate(WEIGHT)
        page.set_viewport_size({"width": 360, "height": 740})
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide.append((name, width))
    heaviest = max(weights, key=weights.get)
    record_property("site", f"the heaviest of {len(weights)} pages: {heaviest}, {weights[heaviest] / 1e6:.2f} MB")
    assert weights[heaviest] < MOST
    assert not wide


@pytest.mark.parametrize("name", living.NAMES)
def test_every_widget_of_the_gallery_answers_to_keys(reading, name):
    page = reading("docs/gallery.html")
    place = alive(page.locator(f"[data-widget={living.module_of(name)}]"))
    caption = place.locator(".mm-caption")
    before = caption.inner_text()
    canvas = place.locator("canvas[tabindex='0']:visible").first
    canvas.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        canvas.press(key)
        page.wait_for_timeout(100)  # until the next picture
        if caption.inner_text() != before:
            break
    expect(caption).not_to_have_text(before)
    assert not place.locator(":scope > img").is_visible()


def test_the_widget_of_the_front_page_answers_to_the_mouse(reading):
    place = alive(reading().locator(".living"))
    caption, box = place.locator(".mm-caption"), place.locator("canvas").first.bounding_box()
    before = caption.inner_text()
    mouse = place.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2 + 30, box["y"] + box["height"] / 2 + 20, steps=5)
    mouse.up()
    expect(caption).not_to_have_text(before)


def test_widgets_far_below_are_not_loaded_before_the_reader_comes_near(reading):
    page = reading("docs/gallery.html")
    alive(page.locator(".living").first)
    page.wait_for_load_state("networkidle")
    assert page.locator(".living[data-alive]").count() < 5
    asked = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [url for url in asked if "attack_strength" in url]


@pytest.mark.parametrize("number", [5, -1])
def test_a_link_within_a_long_chapter_leads_to_its_heading(reading, number):
    page = reading("notebooks/05_the_whole_machine.html")
    heading = page.locator("article h2").nth(number)
    page.goto(page.url + heading.locator("a.headerlink").get_attribute("href"))
    page.wait_for_timeout(2000)  # pages scroll gently, and what comes near may still get another height
    expect(heading).to_be_in_viewport()


def test_without_scripts_every_widget_is_a_described_picture(reading):
    page = reading("notebooks/03_a_magnifying_glass.html", java_script_enabled=False)
    pictures = page.locator(".living > img")
    assert pictures.count() == 2
    for picture in pictures.all():
        expect(picture).to_be_visible()
        assert len(picture.get_attribute("alt")) > 40


def test_a_copied_folder_opened_with_a_double_click_lives(new_page, site):
    page = new_page(offline=True)
    page.goto((site / "index.html").as_uri())
    alive(page.locator(".living"))
    page.get_by_role("link", name="1 · Beyond the box").first.click()
    alive(page.locator(".living"))


def test_a_widget_that_cannot_be_loaded_leaves_its_picture(new_page, served):
    page = new_page()
    page.route("**/living/weather_map.js", lambda route: route.abort())
    page.goto(served + "docs/gallery.html")
    place = page.locator("[data-widget=weather_map]")
    place.scroll_into_view_if_needed()
    expect(place).to_contain_text("could not be brought to life")
    expect(place.locator("> img")).to_be_visible()


def test_search_finds_what_the_chapters_are_about(reading):
    page = reading("search.html?q=RoIAlign")
    results = page.locator("#search-results ul.search li")
    expect(results.filter(has_text="A magnifying glass for pixels").first).to_be_visible()
    page.goto(page.url.replace("RoIAlign", "zzzzqqqq"))
    expect(page.locator("#search-results")).to_contain_text("did not match any documents")
    assert results.count() == 0


@pytest.mark.parametrize("name", ["index.html", "notebooks/01_beyond_the_box.html", "docs/reference/roi.html"])
def test_dark_is_dark_and_widgets_with_it(reading, name):
    looks = {}
    for scheme in ("light", "dark"):
        page = reading(name, color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        for place in page.locator(".living").all():
            expect(alive(place).locator(".minimask")).to_have_attribute("data-theme", scheme)
        page.evaluate("scrollTo(0, 0)")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
        looks[scheme] = sum(ground) / 3
    assert looks["dark"] < 60 < 230 < looks["light"]


@pytest.mark.parametrize("mode", ["auto", "light", "dark"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_its_theme_before_the_script_of_themes_is_there(new_page, served, scheme, mode):
    page = new_page(color_scheme=scheme)
    page.route("**/pydata-sphinx-theme.js*", lambda route: route.abort())
    page.add_init_script(f"localStorage.setItem('mode', '{mode}')")
    page.goto(served)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme if mode == "auto" else mode)


def test_pages_are_soon_usable_on_a_hindered_machine(reading, served, record_property):
    """No test may fail by the clock: what was measured is reported, also of the two pages with the most elements."""
    for name in ("index.html", "docs/gallery.html", "notebooks/05_the_whole_machine.html", "docs/reference/data.html"):
        page = reading("docs/publishing.html")
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.send("Network.emulateNetworkConditions", HINDERED)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(served + name, wait_until="commit")
        page.wait_for_load_state("domcontentloaded")  # to look for an element before would take the page's own time
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length", timeout=60_000)
        times = page.evaluate(
            "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
            " performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd]"
        )
        expect(page.locator("article h1")).to_be_visible()  # another is for printing
        said = f"{name}, {SLOWER} times slower, 9 Mbit/s: drawn after {times[0] / 1e3:.1f} s, usable after"
        record_property("site", f"{said} {times[1] / 1e3:.1f} s")
        if name == "index.html":
            expect(page.locator(".living")).to_have_attribute("data-alive", "", timeout=60_000)
            record_property("site", f"{name}: its widget lives after {page.evaluate('performance.now()') / 1e3:.1f} s")
        page.context.close()  # a hindered page keeps a processor busy
