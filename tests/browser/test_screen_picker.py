"""The screen picker in the browser: its arithmetic against Python's, in the reader's hands, and the live page."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.screens.pages import Page
from minimask.screens.truth import Screen
from minimask.widgets import ScreenPicker
from minimask.widgets.screen_picker_pages import ScreenPage, pack_mask

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "screen_picker.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_screen_picker.py"))
AT_HAND = {
    "m": ("screen_picker_measures", "VIEWS, describe, listed, outlineOf, partOf, settle"),
    "p": ("screen_pages", "isOn, readPages, unpackMask"),
    "b": ("blocks", "inflate"),
    "l": ("live_page", "closedPage, elementOf, movedBy"),
}
SETTLE = """async ({ said, names, clickable, states }) => {
  const pages = p.readPages(await b.inflate(said));
  const lists = (nodes) => nodes.map(({ element, parts }) => [element, lists(parts)]);
  return states.map((state) => {
    const settled = m.settle(pages, { names, clickable }, state);
    const { shown, order, aims, missed, hits, here, everywhere } = settled;
    const found = { shown, order, aims, missed, hits, here, everywhere };
    const words = m.describe(pages, names, state, settled);
    return { state, ...found, outline: lists(settled.outline), listed: m.listed(pages, state.search), words };
  });
}"""
OUTLINES = """(cases) => cases.map(({ boxes, labels }) => {
  const lists = (nodes) => nodes.map(({ element, parts }) => [element, lists(parts)]);
  const outline = m.outlineOf({ boxes, labels }, boxes.map((_, k) => k), 7);
  return [lists(outline), boxes.map((box) => m.partOf(box, [192, 256]))];
})"""


@pytest.fixture(scope="module")
def made() -> ScreenPicker:
    return MAKE["widget"]()


@pytest.fixture
def widget(made) -> ScreenPicker:
    made.reset()
    return made


def follow(widget: ScreenPicker, shown: OnPage) -> ScreenPicker:
    """Put the widget into the state of the page, and see that both say the same."""
    shown.settle()
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    return widget


def test_what_follows_is_what_follows_in_python(javascript):
    plain = {name: FIXTURE[name] for name in ("said", "names", "clickable")}
    found = javascript(SETTLE, {**plain, "states": [case["state"] for case in FIXTURE["cases"]]})
    for given, wanted in zip(found, FIXTURE["cases"], strict=True):
        assert given == wanted
    assert javascript("m.VIEWS") == FIXTURE["views"]


def test_outlines_of_many_boxes(javascript):
    found = javascript(OUTLINES, FIXTURE["outlines"])
    for (outline, places), wanted in zip(found, FIXTURE["outlines"], strict=True):
        assert outline == wanted["outline"]
        assert places == wanted["places"]


def test_masks_arrive_bit_by_bit(javascript):
    rng = np.random.default_rng(2)
    masks = [rng.random((13, 17)) < share for share in (0.0, 0.02, 0.5, 0.98, 1.0)]
    found = javascript(
        """(packed) => packed.map((numbers) => {
          const mask = p.unpackMask(numbers);
          return Array.from({ length: 13 * 17 }, (_, k) => p.isOn(mask, (k % 17) + 0.5, Math.floor(k / 17) + 0.5));
        })""",
        [pack_mask(mask) for mask in masks],
    )
    for given, mask in zip(found, masks, strict=True):
        np.testing.assert_array_equal(np.reshape(given, mask.shape), mask)


def test_keys_on_the_picture(opened, widget):
    shown = opened(reduced_motion="reduce")
    shown.stage.focus()
    press = shown.page.keyboard.press
    press("ArrowRight")
    assert shown.state["element"] == widget.settled.order[0]
    press("ArrowLeft")
    assert shown.state["element"] == widget.settled.order[-1]
    follow(widget, shown)
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowDown")
    assert (shown.state["view"], shown.state["element"]) == ("truth", -1)
    follow(widget, shown)
    press("PageDown")
    press("PageDown")
    assert shown.state["page"] == 1
    follow(widget, shown)
    press("Escape")
    assert shown.state == widget.start


def test_the_outline_is_a_nested_list_that_follows_the_slider(opened, widget):
    shown = opened(reduced_motion="reduce")
    tree = shown.page.get_by_role("group", name="The outline of the model")

    def nested(node) -> list:
        return node.evaluate(
            """(node) => {
              const read = (list) => [...(list?.children ?? [])].map((item) =>
                [item.querySelector("span").textContent, read(item.querySelector(":scope > ol"))]);
              return read(node.querySelector("ol"));
            }"""
        )

    def wanted(nodes) -> list:
        return [[f"{node.role}, {node.place}", wanted(node.parts)] for node in nodes]

    assert nested(tree) == wanted(widget.measures["outline"])
    slider = shown.page.get_by_role("slider", name="score from")
    slider.focus()
    for _ in range(40):
        shown.page.keyboard.press("ArrowRight")
    shown.settle()
    assert shown.state["score"] == 0.9
    follow(widget, shown)
    assert nested(tree) == wanted(widget.measures["outline"]) != []
    tree.get_by_role("button").first.focus()
    assert shown.state["element"] == widget.settled.order[0]
    shown.page.keyboard.press("ArrowDown")
    assert shown.state["element"] == widget.settled.order[1]
    follow(widget, shown)
    focused = tree.get_by_role("button").nth(1)
    expect(focused).to_be_focused()
    expect(focused).to_have_attribute("aria-current", "true")
    assert "IoU" in focused.get_attribute("aria-label")


def test_the_pointer_reads_what_is_under_it(opened, widget):
    shown = opened()
    frame = shown.stage.bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        unit = frame["width"] / 256
        return frame["x"] + x * unit, frame["y"] + y * unit

    assert widget.settled.elements.points[0].tolist() == [35.5, 63.5]
    for k, place in ((0, (35.5, 63.5)), (3, (180, 80)), (6, (180, 70))):  # of two buttons the smaller one
        shown.page.mouse.move(*at(*place))
        shown.settle()
        assert shown.state["element"] == k
        follow(widget, shown)
    shown.page.mouse.move(*at(250, 190))  # nothing is there
    shown.settle()
    assert shown.state["element"] == 6
    shown.page.mouse.click(*at(30, 150))
    assert shown.state["element"] == 4


def test_a_search_lists_pages_by_how_they_look(opened, widget):
    shown = opened()
    search = shown.page.get_by_role("combobox", name="Theme of the pages")
    pages = shown.page.get_by_role("radio", name=re.compile("^page "))
    expect(pages).to_have_count(2)
    search.fill("unseen PILL")
    expect(pages).to_have_count(1)
    expect(shown.page.get_by_text("1 of 2 pages")).to_be_visible()
    pages.check()
    assert shown.state["page"] == 1
    follow(widget, shown)
    search.fill("nothing of the kind")
    expect(pages).to_have_count(0)
    shown.page.get_by_role("button", name="Reset").click()
    expect(pages).to_have_count(2)


def click_all(shown: OnPage, name: str = "Click what was found") -> list[int]:
    """Have everything clicked, and return what answered."""
    shown.page.get_by_role("button", name=name).click()
    expect(shown.page.locator(".mm-live")).to_have_attribute("aria-busy", "false", timeout=20_000)
    return shown.state["clicked"]


def test_the_live_page_says_what_was_clicked(opened, widget):
    """In the frame runs a real page; what it answers is what its truth says."""
    shown = opened(reduced_motion="reduce")
    for view, name in (("model", "Click what was found"), ("truth", "Click what is there")):
        shown.set(view=view, score=0.1, clicked=[])
        answered = click_all(shown, name)
        widget.state = {**widget.start, "view": view, "score": 0.1}
        widget.click()
        assert answered == widget.state["clicked"]
        assert shown.state["moved"] == []
        follow(widget, shown)
        marks = shown.page.locator(".mm-marks i")
        assert [text == "✓" for text in marks.all_inner_texts()] == widget.measures["hits"]
    frame = shown.page.frame_locator(".mm-live iframe")
    expect(frame.locator("input[type=checkbox]")).to_be_checked()  # it is no picture: the click did something
    shown.page.get_by_role("button", name="Reset").click()
    expect(frame.locator("input[type=checkbox]")).not_to_be_checked()
    assert shown.state == widget.start


def test_a_change_of_what_is_found_ends_the_clicking(opened, widget):
    shown = opened()
    shown.page.get_by_role("button", name="Click what was found").click()
    expect(shown.page.locator(".mm-marks i").first).to_be_visible()
    shown.set(score=0.9, clicked=[])
    expect(shown.page.get_by_role("button", name="Click what was found")).to_be_visible()
    shown.page.wait_for_timeout(400)
    assert shown.state["clicked"] == []
    follow(widget, shown)


def test_other_fonts_are_told(new_page, tmp_path):
    """A page that is laid out differently from what was recorded says so."""
    first = MAKE["pages"]()[0]
    screen = first.screen
    html = screen.page.html.replace(
        "</head>", "<style>[data-role=button] { margin-left: 3px !important; }</style></head>"
    )
    other = Screen(Page(html, *screen.page[1:]), screen.image, screen.elements, screen.masks)
    widget = ScreenPicker([ScreenPage(other, first.model, first.rules)])
    widget.save(tmp_path / "widget.html")
    page = new_page(offline=True)
    page.goto((tmp_path / "widget.html").as_uri())
    expect(page.locator(".mm-caption")).to_contain_text(
        "Fonts differ here: on the live page 1 of 7 elements lies up to 3.0 px beside the recorded place."
    )


EVIL = """<!doctype html><html><head><meta http-equiv="refresh" content="0;url=https://example.com/refresh">
<base href="https://example.com/"><link rel="stylesheet" href="https://example.com/a.css">
<style>@import "https://example.com/b.css"; body { background: url(https://example.com/c.png); }</style></head>
<body onload="parent.postMessage('evil', '*')"><script>parent.document.title = "evil";
parent.postMessage("evil", "*");</script>
<img src="https://example.com/d.png" onerror="parent.postMessage('evil', '*')">
<a data-role="button" href="https://example.com/e" target="_top" style="position:absolute;inset:0">away</a>
<iframe src="https://example.com/f"></iframe><form action="https://example.com/g"><button data-role="button"
style="position:absolute;inset:0 auto auto 0;width:40px;height:40px">send</button></form></body></html>"""


def test_the_page_in_the_frame_is_shut_in(chromium, tmp_path):
    """Nothing is fetched, run, sent or left."""
    second = MAKE["pages"]()[1]
    screen = second.screen
    evil = Screen(Page(EVIL, *screen.page[1:]), screen.image, screen.elements, screen.masks)
    ScreenPicker([ScreenPage(evil, second.rules, second.rules)]).save(tmp_path / "widget.html")
    with chromium.new_context(reduced_motion="reduce", viewport={"width": 1000, "height": 900}) as context:
        page = context.new_page()
        asked, refused, answered = [], [], []
        page.on("request", lambda request: request.url.startswith("https:") and asked.append(request.url))
        page.on("requestfailed", lambda request: request.failure == "csp" and refused.append(request.url))
        page.on("response", lambda response: response.url.startswith("https:") and answered.append(response.url))
        page.add_init_script("window.heard = []; addEventListener('message', ({ data }) => heard.push(data));")
        page.goto((tmp_path / "widget.html").as_uri())
        page.wait_for_function("window.minimask && heard.some(({ rects }) => rects)")
        shown = OnPage(page)
        assert click_all(shown) == [1, 0]  # the button in front and the link behind it answer, and lead nowhere
        page.wait_for_timeout(300)
        assert sorted(asked) == sorted(refused)
        assert answered == []
        assert page.evaluate("heard.filter((data) => data === 'evil')") == []
        assert page.title() != "evil"
        assert page.locator(".mm-live iframe").get_attribute("sandbox") == "allow-scripts"
        assert page.evaluate("document.querySelector('.mm-live iframe').contentDocument") is None  # nobody's neighbor
        assert [frame.url for frame in page.frames] == [page.url, "about:srcdoc"]


def test_a_page_that_says_nothing_is_told(opened, widget):
    shown = opened(reduced_motion="reduce")
    shown.page.evaluate("document.querySelector('.mm-live iframe').setAttribute('sandbox', '')")
    shown.page.get_by_role("button", name="Click what was found").click()
    expect(shown.page.get_by_text("The live page does not answer here.")).to_be_visible(timeout=8000)
    expect(shown.page.get_by_role("button", name="Click what was found")).to_be_visible()
    assert shown.state["clicked"] == []


def test_every_control_has_a_name_and_no_id_is_twice(opened):
    shown = opened()
    nameless = shown.page.evaluate(
        """[...document.querySelectorAll(".minimask :is(button, input, canvas, iframe, summary)")].filter((node) =>
          !(node.ariaLabel || node.title || node.textContent.trim() || node.closest("label")?.textContent.trim()))
          .map((node) => node.outerHTML)"""
    )
    assert nameless == []
    ids = shown.page.evaluate("[...document.querySelectorAll('[id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids))
    pictures = shown.page.evaluate("[...document.images].filter((image) => image.getAttribute('alt') === null).length")
    assert pictures == 0
    heads = shown.page.locator(".mm-shares th")
    assert all(head.get_attribute("scope") in ("row", "col") for head in heads.all())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """The widget on a page of its own, with the recorded pages, which hold more than the small ones of the tests."""
    path = tmp_path_factory.mktemp("recorded") / "recorded.html"
    ScreenPicker().save(path)
    return path


def test_latency(new_page, latency, recorded):
    page = new_page(offline=True)
    page.goto(recorded.as_uri())
    page.wait_for_function("window.minimask")
    page.wait_for_timeout(600)
    slider = page.get_by_role("slider", name="score from")
    slider.scroll_into_view_if_needed()
    assert latency(slider, "screen picker on a page, score from") < 25


def test_screenshots(new_page, recorded, screenshot):
    def take(name: str, state: dict, **options) -> None:
        page = new_page(**{"viewport": {"width": 1000, "height": 1350}, "reduced_motion": "reduce", **options})
        page.goto(recorded.as_uri())
        page.wait_for_function("window.minimask")
        shown = OnPage(page)
        shown.set(**state)
        page.wait_for_timeout(500)
        click_all(shown, re.compile("^Click what"))
        screenshot(page, f"screen_picker_{name}")
        page.context.close()

    take("model", {"page": 3, "element": 2})
    take("dark", {"page": 20, "view": "rules"}, color_scheme="dark")
    take("narrow", {"page": 18, "view": "truth"}, viewport={"width": 390, "height": 1900})
