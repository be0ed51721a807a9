"""WCAG 2.2 AA on widgets and on what exercises show: by axe, by keyboard, in the reader's own colors and spacing."""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from audit import Audit
from kinds import KINDS, OTHERWISE
from numpy.typing import NDArray
from on_page import OnPage
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from minimask import exercises, ledger
from minimask.plots.show import show
from minimask.widgets import BoxCeiling, front_end

ROOT = Path(__file__).parents[2]
STATEMENT = (ROOT / "docs" / "accessibility.md").read_text(encoding="utf-8")
WRITING = "MINIMASK_STATEMENT" in os.environ
"""Whether the statement's tables are being written anew, from what these tests record."""
NEVER = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "no-preference"}


class Desk:
    """One page for all tests of this file: widgets are laid on it one after the other."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder

    def lay(self, kind: str, *, width: int = 1000, height: int = 900, **media: str) -> OnPage:
        """Open a widget by its kind."""
        file = self.folder / f"{kind}.html"
        if not file.exists():
            KINDS[kind]().save(file)
        return self.open(file, width=width, height=height, **media)

    def open(self, file: Path, *, width: int = 1000, height: int = 900, **media: str) -> OnPage:
        """Open a widget's page."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(**{**NEVER, **media})
        self.page.goto(file.as_uri())
        self.page.wait_for_function("window.minimask")
        shown = OnPage(self.page)
        expect(shown.caption).not_to_be_empty()
        shown.settle()
        return shown


@pytest.fixture(scope="module")
def desk(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    context = chromium.new_context(offline=True)
    yield Desk(context.new_page(), tmp_path_factory.mktemp("desk"))
    context.close()


# --- by axe


@pytest.fixture
def judged(record_property):
    """See that a page breaks no rule, that the statement names it, and keep how many rules it holds."""

    def judge(page: Page, name: str, state: str, scheme: str, *include: str, least: int = 8) -> None:
        audit = Audit.of(page, *include)
        assert audit.violations == ()
        assert len(audit.passed) >= least, audit.passed
        assert WRITING or f"| {name} | {state}, {scheme} |" in STATEMENT, "run `python docs/accessibility_report.py`"
        record_property("axe", f"| {name} | {state}, {scheme} | {len(audit.passed)} | 0 |")

    return judge


@pytest.mark.parametrize("kind", KINDS)
def test_widgets_break_no_rule(desk, judged, kind):
    shown = desk.lay(kind)
    judged(shown.page, kind, "as it opens", "light", least=20)
    shown.page.emulate_media(color_scheme="dark")
    shown.settle()
    judged(shown.page, kind, "as it opens", "dark", least=20)
    name, change = OTHERWISE[kind]
    change(shown)
    open_all(shown)
    judged(shown.page, kind, name, "dark", least=20)
    shown.page.emulate_media(color_scheme="light")
    shown.settle()
    judged(shown.page, kind, name, "light", least=20)


def wrong(a: list[float], b: list[float]) -> float:
    return 0.5


def html_of(thing: object) -> str:
    return thing._repr_mimebundle_()["text/html"]


SHEETS = {
    "exercise cards": lambda: [exercises.card(f"{chapter}.1") for chapter in range(1, 7)],
    "reports": lambda: [
        exercises.attempt("1.1", exercises.get("1.1").solution),
        exercises.attempt("1.1", lambda a, b: None),
        exercises.attempt("1.1", wrong),
    ],
    "progress": lambda: [exercises.progress()],
    "predictions": lambda: list(exercises.predictions())[:3],
    "the claims ledger": lambda: [ledger.Table(ledger.claims())],
    "a figure": lambda: [show(BoxCeiling().still().fig, BoxCeiling().words())],
}
"""What notebooks show beside widgets, on a sheet for each."""
LOOKS = {"light": "color: rgba(0, 0, 0, 0.87); background: #fff", "dark": "color: #fff; background: #111"}
"""JupyterLab's own, in both of its themes."""
OPEN_ALL = "document.querySelectorAll('details').forEach((node) => { node.name = ''; node.open = true; })"


@pytest.mark.parametrize("name", SHEETS)
def test_what_exercises_show_breaks_no_rule(desk, judged, tmp_path, monkeypatch, name):
    monkeypatch.setenv("MINIMASK_PROGRESS", str(tmp_path / "progress.json"))
    body = "".join(map(html_of, SHEETS[name]()))
    for scheme, look in LOOKS.items():
        style = f"body {{ {look}; font: 14px/1.6 system-ui; color-scheme: {scheme}; margin: 1rem }}"
        head = f'<html lang="en"><title>{name}</title><style>{style}</style>'
        (tmp_path / "sheet.html").write_text(
            f'<!doctype html><meta charset="utf-8">{head}<main><h1>{name}</h1>{body}</main>', encoding="utf-8"
        )
        desk.page.emulate_media(**{**NEVER, "color_scheme": scheme})
        desk.page.goto((tmp_path / "sheet.html").as_uri())
        desk.page.evaluate(
            "document.querySelectorAll('details').forEach((node) => { node.name = ''; node.open = true; })"
        )
        judged(desk.page, name, "all of it", scheme)


def test_a_chapter_in_jupyterlab_breaks_no_rule(open_notebook, lab, judged):
    """Only what the chapter shows: JupyterLab's own menus and cells are not ours to judge."""
    lab.trust(lab.folder / "01_beyond_the_box.ipynb")
    page = open_notebook("01_beyond_the_box.ipynb", viewport={"width": 1400, "height": 1000}).page
    expect(page.locator(".mm-caption").first).not_to_be_empty()
    judged(page, "chapter 1 in JupyterLab", "its outputs as saved", "light", ".jp-OutputArea-output", least=10)


# --- by keyboard

STOPS = """() => {
  const grouped = new Set();
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().width > 0;
  return [...document.querySelectorAll(".minimask :is(a, button, input, select, summary, iframe, [tabindex])")]
    .filter((node) => seen(node) && !node.disabled && (node.tabIndex >= 0 || node.localName === "canvas"))
    .filter((node) => {
      if (node.type !== "radio") return true;
      const peers = [...document.getElementsByName(node.name)].filter((peer) => seen(peer) && !peer.disabled);
      const [stop] = [...peers.filter((peer) => peer.checked), ...peers];
      return node === stop;
    });
}"""
"""What Tab should stop at, in order: of a group of radio buttons only one."""
FOCUSED = """(stops) => {
  const node = document.activeElement;
  const { x, y, width, height } = (node.closest("label") ?? node).getBoundingClientRect();
  const name = node.ariaLabel || (node.closest("label") ?? node).innerText || node.title;
  return { at: stops.indexOf(node), inside: Boolean(node.closest(".minimask")), tag: node.localName, name,
    role: node.getAttribute("role"), rect: [x, y, width, height] };
}"""
RIM = 7
"""How far around a control its focus may be shown, in pixels."""


def luminance(page: Page, rect: list[float]) -> NDArray[np.float64]:
    """Return the luminance of a part of the page and of the rim around it."""
    x, y, width, height = rect
    left, top = max(x - RIM, 0), max(y - RIM, 0)
    clip = {"x": left, "y": top, "width": x + width + RIM - left, "height": y + height + RIM - top}
    pixels = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")) / 255
    linear = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def open_all(shown: OnPage) -> None:
    shown.page.evaluate(OPEN_ALL)
    shown.settle()


@pytest.mark.parametrize("kind", KINDS)
def test_tab_reaches_everything_in_order_and_shows_where_it_is(desk, kind):
    """The mark of the focus has a contrast of 3:1 to what was there before, and is two pixels thick all around."""
    shown = desk.lay(kind, height=3000)
    open_all(shown)
    page = shown.page
    stops = page.evaluate_handle(STOPS)
    count = page.evaluate("(stops) => stops.length", stops)
    seen, faint = [], []
    for _ in range(count + 40):  # a page within a frame has stops of its own
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED, stops)
        if not found["inside"] or (seen and seen[-1] == count - 1 and found["at"] == 0):
            break  # behind the last comes the page, or the first
        assert found["at"] >= 0, found
        assert (found["name"] or "").strip() or found["tag"] == "iframe", found
        assert found["tag"] != "canvas" or found["role"] in ("application", "slider"), found
        if found["at"] in seen or found["tag"] == "iframe":
            seen.append(found["at"])
            continue
        seen.append(found["at"])
        with_focus = luminance(page, found["rect"])
        page.evaluate("document.activeElement.blur()")  # Tab goes on from here all the same
        without = luminance(page, found["rect"])
        low, high = np.minimum(with_focus, without), np.maximum(with_focus, without)
        marked = np.count_nonzero((high + 0.05) / (low + 0.05) >= 3)
        if marked < 2 * 2 * sum(found["rect"][2:]):
            faint.append((found["name"], marked))
    else:
        raise AssertionError("Tab does not leave the widget")
    assert list(dict.fromkeys(seen)) == list(range(count))
    assert sorted(seen) == seen
    assert faint == []
    page.locator(".mm-keys summary").focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED, stops)["at"] == count - 2


SNAPSHOT = """() => JSON.stringify([minimask.model.get("state"), minimask.model.get("asked"),
  document.querySelector(".mm-caption").textContent, [...document.querySelectorAll("details")].map(({ open }) => open),
  [...document.querySelectorAll(".minimask input")].map(({ checked }) => checked),
  [...document.querySelectorAll("[aria-busy], [aria-pressed]")].map((node) => node.ariaBusy + node.ariaPressed),
  document.activeElement.toDataURL?.()])"""
KEYS = {
    "radio": ("ArrowRight", "ArrowLeft"),
    "checkbox": (" ",),
    "range": ("ArrowLeft", "ArrowRight"),
    "search": ("d",),
    "button": ("Enter", " "),
    "summary": ("Enter",),
    "canvas": ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"),
    "outline": ("ArrowDown", "ArrowUp"),
}
TYPE = """(node) => node.classList.contains("mm-node") ? "outline" : node.localName === "input" ? node.type
  : node.localName"""
ALONE = "(node) => node.type === 'radio' && document.getElementsByName(node.name).length < 2"


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_does_something_by_its_keys(desk, kind):
    shown = desk.lay(kind, height=3000)
    open_all(shown)
    page = shown.page
    idle = []
    for stop in page.evaluate_handle(STOPS).get_properties().values():
        node = stop.as_element()
        if not (node.is_visible() and node.is_enabled()) or node.evaluate(ALONE):
            continue  # hidden by what was done before it, or nothing to choose from
        what = node.evaluate(TYPE)
        if what == "iframe":
            continue
        if node.inner_text() in ("Reset", "Last step"):  # something must have changed before
            shown.stage.press("ArrowLeft")
        node.focus()
        shown.settle()
        before = page.evaluate(SNAPSHOT)
        for key in KEYS[what]:
            page.keyboard.press(key)
            shown.settle()
            if page.evaluate(SNAPSHOT) != before:
                break
        else:
            idle.append((what, node.evaluate("(node) => node.outerHTML")[:120]))
        if what == "summary":
            page.keyboard.press("Enter")  # open again: more controls are in there
        if page.locator("[aria-pressed=true]").count():
            shown.stage.press("Escape")
    assert idle == []


@pytest.mark.parametrize("kind", KINDS)
def test_escape_starts_over_wherever_the_focus_is(desk, kind):
    shown = desk.lay(kind)
    open_all(shown)
    shown.page.get_by_role("button", name=re.compile("^(Reset|Last step)$")).click()
    start = shown.state
    for key in ("ArrowUp", "ArrowLeft"):
        shown.stage.press(key)
    assert shown.state != start
    shown.page.locator(".mm-keys summary").focus()
    shown.page.keyboard.press("Escape")
    shown.settle()
    assert shown.state == start


@pytest.mark.parametrize("kind", KINDS)
def test_the_keys_are_told_and_the_statement_tells_the_same(desk, record_property, kind):
    shown = desk.lay(kind)
    keys = shown.page.locator(".mm-keys dl").evaluate(
        "(list) => [...list.querySelectorAll('dt')].map((term) => [term.textContent, term.nextSibling.textContent])"
    )
    assert len(keys) >= 3
    lines = [f"| {kind} | {key} | {effect} |" for key, effect in keys]
    missing = [line for line in lines if line not in STATEMENT]
    assert WRITING or missing == [], "run `python docs/accessibility_report.py`"
    record_property("keys", "\n".join(lines))
    label = shown.stage.get_attribute("aria-label")
    assert re.search(r"[Aa]rrow keys|A, B and C take", label), "the stage says its keys itself, too"


# --- words for what is drawn


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_named_and_the_name_follows(desk, kind):
    shown = desk.lay(kind)
    canvases = shown.page.locator(".minimask canvas:visible:not([aria-hidden])").all()
    before = [canvas.get_attribute("aria-label") for canvas in canvases]
    assert all(canvas.get_attribute("role") in ("img", "application", "slider") for canvas in canvases)
    assert all(len(label) > 20 for label in before), before
    shown.stage.press("ArrowLeft")
    shown.settle()
    assert shown.stage.get_attribute("aria-label") != before[0]


@pytest.mark.parametrize("kind", ["box ceiling", "weather map"])
def test_a_drag_is_seen_at_once_and_read_out_when_it_rests(desk, kind):
    shown = desk.lay(kind)
    page = shown.page
    page.wait_for_timeout(1000)  # the first words are out
    page.evaluate(
        """() => {
          const count = (selector) => {
            const seen = { times: 0 };
            new MutationObserver(() => seen.times++).observe(document.querySelector(selector), {
              childList: true, characterData: true, subtree: true });
            return seen;
          };
          Object.assign(window, { written: count(".mm-caption"), spoken: count("[role=status]") });
        }"""
    )
    frame = shown.stage.bounding_box()
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(x + 20 * np.sin(step / 3), y + step / 2)
        page.wait_for_timeout(40)
    assert page.evaluate("written.times") >= 15
    assert page.evaluate("spoken.times") <= 1  # in more than a second and a half
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert page.evaluate("spoken.times") <= 2
    expect(page.get_by_role("status")).to_have_text(shown.caption.inner_text())


# --- in the reader's own colors, spacing and pace


@pytest.mark.parametrize("kind", KINDS)
def test_own_colors_leave_everything_to_be_told_apart(desk, kind):
    """Forced colors, as the high contrast of Windows: what is chosen is seen, and pictures fit the ground."""
    for scheme in ("dark", "light"):
        shown = desk.lay(kind, color_scheme=scheme, forced_colors="active")
        page = shown.page
        page.evaluate("document.body.dataset.jpThemeLight = 'true'")  # the reader's choice outweighs the page's
        expect(page.locator(".minimask")).to_have_attribute("data-theme", scheme)
        looks = page.evaluate(
            """() => {
              const look = (input) => getComputedStyle(input.closest("label")).backgroundColor;
              const radios = [...document.querySelectorAll(".minimask label [type=radio]:not(:disabled)")]
                .filter((input) => input.checkVisibility() && getComputedStyle(input).opacity === "0");
              const probe = document.body.appendChild(document.createElement("i"));
              probe.style.cssText = "background: Highlight; forced-color-adjust: none";
              const chosen = getComputedStyle(probe).backgroundColor;
              return [chosen, ...[true, false].map((on) =>
                [...new Set(radios.filter(({ checked }) => checked === on).map(look))])];
            }"""
        )
        chosen, on, off = looks
        assert set(on) <= {chosen}, looks
        assert chosen not in off, looks
        bars = "[...document.querySelectorAll('.minimask :is(.mm-bar, .mm-track, .mm-progress) > i, .mm-signs s')]"
        faint = page.evaluate(f"{bars}.filter((node) => getComputedStyle(node).forcedColorAdjust !== 'none').length")
        assert faint == 0
        ink = shown.page.evaluate("getComputedStyle(document.querySelector('.minimask')).getPropertyValue('--mm-ink')")
        assert (ink.strip().lower() == "#e8ebf0") == (scheme == "dark")


WIDE = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
"""Success criterion 1.4.12."""


@pytest.mark.parametrize("kind", KINDS)
def test_wide_spacing_loses_no_text(desk, kind):
    for width in (500, 1000):  # 500 is also 1000 at 200 %
        shown = desk.lay(kind, width=width)
        shown.page.add_style_tag(content=WIDE)
        shown.settle()
        lost = shown.page.evaluate(
            """() => [...document.querySelectorAll(".minimask *:not(.mm-unseen)")].filter((node) => {
              const { overflowX, overflowY } = getComputedStyle(node);
              const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
              const named = node.closest("label")?.querySelector("[aria-label]")
                || node.closest("[aria-label]:not(section)");
              const cut = (overflowX === "hidden" && node.scrollWidth > node.clientWidth + 1)
                || (overflowY === "hidden" && node.scrollHeight > node.clientHeight + 1);
              return (own && cut && !named) || node.getBoundingClientRect().right > innerWidth + 0.5;
            }).map((node) => node.outerHTML.slice(0, 120))"""
        )
        assert lost == [], width


@pytest.mark.parametrize(("motion", "least", "most"), [("no-preference", 5, 100), ("reduce", 1, 2)])
def test_a_box_glides_only_for_those_who_like_motion(desk, motion, least, most):
    shown = desk.lay("box ceiling", reduced_motion=motion)
    shown.page.evaluate("window.steps = 0; minimask.model.on('change:state', () => window.steps++)")
    shown.page.get_by_role("button", name="Take best box").click()
    expect(shown.page.locator(".mm-yours b")).to_have_text("0.837")
    shown.page.wait_for_timeout(500)
    assert least <= shown.page.evaluate("window.steps") <= most


def test_no_style_of_ours_moves_anything():
    sheets = [*front_end.FOLDER.glob("*.css"), *(ROOT / "minimask" / "exercises").rglob("*.py")]
    moving = re.compile(r"\b(transition|animation)\s*:|@keyframes|scroll-behavior\s*:\s*smooth|<marquee|<blink")
    assert len(sheets) > 20
    assert [path.name for path in sheets if moving.search(path.read_text(encoding="utf-8"))] == []
