"""The slides in a browser: nothing overflows, keys do what they should, answers wait, nothing comes from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from audit import Audit

sys.path.insert(0, str(Path(__file__).parents[2] / "docs" / "teaching"))

from make_slides import write_decks

SIZES = ({"width": 1280, "height": 720}, {"width": 1920, "height": 1080})
TROUBLES = """() => [...document.querySelectorAll(".slide")].flatMap((slide) => {
  const frame = slide.getBoundingClientRect(), unit = frame.width / 1280, found = [];
  const body = slide.querySelector(".body"), notes = slide.querySelector(".notes");
  for (const part of slide.querySelectorAll("*")) {
    const box = part.getBoundingClientRect();
    if (notes.contains(part) || (part.closest("math") && part.localName !== "math") || !box.width) continue;
    const across = Math.max(frame.left - box.left, box.right - frame.right);
    const out = Math.max(across, frame.top - box.top, box.bottom - frame.bottom);
    if (out > unit) found.push(`${part.localName} sticks out by ${Math.round(out)}`);
    if (part.scrollWidth > part.clientWidth + 1 && part.clientWidth) found.push(`${part.localName} is too wide`);
  }
  if (body.scrollHeight > body.clientHeight + 1) found.push("the body is too high");
  const image = slide.querySelector("img");
  if (image && (!image.alt || !image.naturalWidth)) found.push("a picture without description, or without picture");
  if (image && image.width < 560 && image.height < 300) found.push(`a small picture, ${image.width} x ${image.height}`);
  const letters = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (letters.nextNode()) {
    const { parentElement } = letters.currentNode;
    if (!letters.currentNode.textContent.trim() || parentElement.closest("math")) continue;
    const size = parseFloat(getComputedStyle(parentElement).fontSize);
    if (size < 21.5) found.push(`letters of ${size} px`);
  }
  return found.map((words) => `slide ${slide.id}: ${words}`);
})"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The decks of all chapters, and no index."""
    return [path for path in write_decks(tmp_path_factory.mktemp("slides")) if path.stem != "index"]


@pytest.fixture
def first(decks, new_page):
    """The deck of the first chapter, opened."""
    page = new_page(viewport=SIZES[0], reduced_motion="reduce")
    page.goto(decks[0].as_uri())
    return page


def now(page):
    """Return the kind of the slide that is shown."""
    return page.locator(".slide.now").get_attribute("class").split()[1]


def go_to(page, kind):
    """Press the arrow until a slide of a kind is shown."""
    for _ in range(120):
        if now(page) == kind:
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"no slide is a {kind}")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["height"]))
def test_no_slide_overflows(decks, new_page, size):
    page = new_page(viewport=size)
    for path in decks:
        page.goto(path.as_uri())
        assert page.evaluate(TROUBLES) == [], path.name


def test_keys_go_forth_and_back(first):
    press = first.keyboard.press
    assert now(first) == "opening"
    press("ArrowRight")
    assert now(first) == "heading"
    press("ArrowLeft")
    assert now(first) == "opening"
    press("End")
    last = first.locator(".slide").count()
    assert first.url.endswith(f"#{last}")
    press("ArrowRight")
    assert first.url.endswith(f"#{last}")
    press("Home")
    assert first.url.endswith("#1")


def test_the_answer_waits_for_its_key(first):
    go_to(first, "claim")
    verdict = first.locator(".slide.now .verdict")
    assert not verdict.is_visible()
    first.keyboard.press(" ")
    assert verdict.is_visible()
    assert "holds" in first.locator(".live").inner_text()  # and a screen reader says it
    first.keyboard.press("ArrowLeft")
    assert not verdict.is_visible()


def test_the_right_answer_of_a_vote_is_told_in_more_than_a_color(first):
    go_to(first, "vote")
    right = first.locator(".slide.now .right")
    mark = "(part) => getComputedStyle(part, '::after').content"
    assert right.evaluate(mark) == "none"
    first.keyboard.press("ArrowRight")
    assert "✓" in right.evaluate(mark)


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(decks, new_page, width):
    page = new_page(viewport={"width": width, "height": 720}, reduced_motion="reduce")
    page.goto(decks[0].as_uri())
    for kind in ("opening", "figure", "claim", "vote", "tasks") if width == 1280 else ():
        go_to(page, kind)
        page.keyboard.press("ArrowRight")
        assert Audit.of(page).violations == (), kind
    assert Audit.of(page).violations == ()


def test_the_heading_has_the_focus(first):
    first.keyboard.press("ArrowRight")
    assert first.evaluate("document.activeElement.textContent") == first.locator(".slide.now h2").inner_text()


def test_contents_lead_to_a_section(first):
    first.keyboard.press("c")
    first.get_by_role("link", name="1.4 Try it yourself").click()
    assert first.locator(".slide.now h2").inner_text() == "Try it yourself"
    assert not first.locator("dialog").is_visible()


def test_notes_stand_beside_the_slide(first):
    first.keyboard.press("ArrowRight")
    first.keyboard.press("n")
    notes = first.locator(".speaker")
    assert "minutes. Afterwards, they can" in notes.inner_text()
    slide, panel = first.locator(".slide.now").bounding_box(), notes.bounding_box()
    assert slide["x"] + slide["width"] <= panel["x"] + 1


def test_the_speakers_window_goes_along(first):
    with first.expect_popup() as opened:
        first.keyboard.press("s")
    speaker = opened.value
    first.keyboard.press("ArrowRight")
    speaker.wait_for_selector(".slide.heading.now")
    speaker.keyboard.press("ArrowRight")
    first.wait_for_function("location.hash === '#3'")
    assert speaker.locator(".speaker").is_visible()


def test_a_finger_turns_the_page(decks, new_page):
    page = new_page(viewport=SIZES[0], has_touch=True)
    page.goto(decks[0].as_uri())
    swipe = """(to) => { const target = document.body;
      const at = (x) => [new Touch({ identifier: 1, target, clientX: x, clientY: 300 })];
      target.dispatchEvent(new TouchEvent("touchstart", { touches: at(600), bubbles: true }));
      target.dispatchEvent(new TouchEvent("touchend", { changedTouches: at(to), bubbles: true })); }"""
    page.evaluate(swipe, 300)
    assert now(page) == "heading"
    page.evaluate(swipe, 900)
    assert now(page) == "opening"


def test_a_telephone_shows_all_slides_below_each_other(decks, new_page):
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto(decks[0].as_uri())
    assert page.locator(".slide").nth(5).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.locator(".question").evaluate_all("(all) => all.map((one) => getComputedStyle(one).fontSize)")
    assert set(sizes) == {"22px"}


def test_print_gives_a_page_to_a_slide(first, tmp_path):
    first.pdf(path=tmp_path / "deck.pdf", prefer_css_page_size=True)
    pages = (tmp_path / "deck.pdf").read_bytes().count(b"/Type /Page\n")
    assert pages == first.locator(".slide").count()
