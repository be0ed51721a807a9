"""The count explorer in the browser: its arithmetic against Python's, and in the reader's hands."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.plots import style
from minimask.widgets import CountExplorer

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "count_explorer.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_count_explorer.py"))
AT_HAND = {
    "c": ("count_explorer_measures", "binOf, describe, histogram, inflate, judge, readCounted, settle"),
    "m": ("mask_layer", "loopsOf"),
}
SETTLE = """async ({ counted, things, method, states }) => {
  const pictures = await Promise.all(counted.map(async (text) => c.readCounted(await c.inflate(text))));
  const judged = ({ areas, objects, covers, fates, kinds, count, found, merging, precision, recall }) =>
    ({ areas, objects, covers, fates, kinds, numbers: [count, found, merging, precision, recall] });
  return states.map((state) => {
    const settled = c.settle(pictures, state);
    const { rows, model, baseline, curve, off, baselineOff } = settled;
    const bin = c.binOf(pictures);
    const trueAreas = pictures[state.picture].trueAreas;
    return {
      state, rows, curve, bin,
      model: judged(model),
      baseline: judged(baseline),
      off: [...off, ...baselineOff],
      histograms: [model.areas, trueAreas].map((areas) => c.histogram(areas, bin)),
      words: c.describe(pictures, state, settled, things, method),
    };
  });
}"""


@pytest.fixture
def widget() -> CountExplorer:
    return MAKE["widget"]()


def test_what_follows_is_what_follows_in_python(javascript):
    plain = {name: FIXTURE[name] for name in ("counted", "things", "method")}
    found = javascript(SETTLE, {**plain, "states": [case["state"] for case in FIXTURE["cases"]]})
    for given, wanted in zip(found, FIXTURE["cases"], strict=True):
        for name in ("curve", "off"):
            np.testing.assert_allclose(given.pop(name), wanted[name], rtol=0, atol=1e-9)
        assert given == {name: value for name, value in wanted.items() if name not in ("curve", "off")}


def test_an_object_is_found_from_an_iou_of_one_half_on(javascript):
    judged = "([area, shared]) => c.judge([{ area, shared: [shared] }], [10]).found"
    assert [javascript(judged, pair) for pair in ([20, 10], [21, 10], [10, 7], [10, 6])] == [1, 0, 1, 0]


def test_the_outline_of_a_mask_is_closed_and_holds_its_area(javascript):
    """The signed area within all lines, holes counting against it, is the number of pixels."""
    rng = np.random.default_rng(0)
    for share in (0.3, 0.6, 1):
        inside = (rng.random((7, 9)) < share).astype(int)
        loops = javascript(
            "({ inside }) => m.loopsOf({ width: 9, height: 7, inside })", {"inside": inside.ravel().tolist()}
        )
        area = 0.0
        for loop in loops:
            x, y = np.array(loop).T
            assert (np.abs(np.diff([*x, x[0]])) + np.abs(np.diff([*y, y[0]])) == 1).all()
            area += (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2
        assert area == inside.sum()


def follow(widget: CountExplorer, shown: OnPage) -> CountExplorer:
    """Put the widget into the state of the page, and see that both say the same."""
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    return widget


def test_keys_on_the_picture(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    before = shown.picture()
    for key in ("ArrowLeft", "Shift+ArrowLeft", "ArrowUp", "PageDown", "t"):
        press(key)
    shown.settle()
    wanted = {"score": 0.44, "mask_threshold": 0.51, "picture": 1, "truth": True}
    assert {name: shown.state[name] for name in wanted} == wanted
    assert shown.picture() != before
    follow(widget, shown)
    for _ in range(3):
        press("PageDown")
    assert shown.state["picture"] == 2
    press("Escape")
    assert shown.state == widget.start


def test_sliders_outlines_and_the_table(opened, widget):
    shown = opened()
    page = shown.page
    for name, key, value in (("score", "End", 0.99), ("mask_threshold", "Home", 0.01), ("smallest", "ArrowRight", 1)):
        text = {"score": "scores from", "mask_threshold": "masks from", "smallest": "smallest area"}[name]
        page.get_by_role("slider", name=text, exact=True).focus()
        page.keyboard.press(key)
        shown.settle()
        assert shown.state[name] == value
        follow(widget, shown)
    page.get_by_role("button", name="Reset").click()
    shown.settle()
    pictures = {shown.picture()}
    for text, value in (("Splitting", "baseline"), ("none", "none"), ("Mask R-CNN", "model")):
        page.get_by_role("radio", name=f"outlines: {text}", exact=True).check()
        shown.settle()
        assert shown.state["outlines"] == value
        pictures.add(shown.picture())
    assert len(pictures) == 3
    page.get_by_role("checkbox", name="true outlines").check()
    shown.settle()
    assert shown.picture() not in pictures
    measures = follow(widget, shown).measures
    rows = page.locator(".mm-numbers tbody tr")
    for row, one in ((rows.nth(1), measures["model"]), (rows.nth(2), measures["baseline"])):
        cells = row.locator("td").all_inner_texts()
        assert cells[0] == str(one["count"])
        assert [int(cell.rstrip("%")) for cell in cells[2:4]] == [
            pytest.approx(100 * one[name], abs=0.51) for name in ("precision", "recall")
        ]


def test_the_curve_is_dragged_and_walked(opened, widget):
    shown = opened()
    frame = shown.curve.bounding_box()
    shown.drag((frame["x"] + 60, frame["y"] + 60), (0.5 * frame["width"], 10))
    assert 0.5 < shown.state["score"] < 0.8
    follow(widget, shown)
    shown.curve.focus()
    shown.page.keyboard.press("Home")
    shown.page.keyboard.press("ArrowRight")
    assert shown.state["score"] == 0.06
    shown.page.keyboard.press("End")
    shown.settle()
    assert shown.state["score"] == 0.99
    expect(shown.curve).to_have_attribute("aria-valuenow", "99")


def test_outlines_have_the_colors_of_their_kinds(opened, widget):
    shown = opened()
    shown.page.wait_for_timeout(200)
    widget.state = shown.state
    settled = widget.settled
    masks = settled.picture.found.chosen(settled.rows).masks(50)
    colors = {"found": style.BEST, "false": style.TIGHT, "merged": style.YOURS}
    seen = set()
    for row, mask in enumerate(masks):
        kind = settled.model.kind(row)
        left = [(i, int(np.flatnonzero(line)[0])) for i, line in enumerate(mask) if line.any()]
        places = [(j / 64 + away / 3000, (i + 0.5) / 48) for i, j in left for away in (-2, 0, 2)]
        if kind not in seen and colors[kind] in {shown.color(".mm-stage", *place) for place in places}:
            seen.add(kind)
    assert seen == {"found", "false", "merged"}


def test_latency(opened, latency):
    crowded = opened()
    for name in ("scores from", "masks from"):
        slider = crowded.page.get_by_role("slider", name=name, exact=True)
        slider.scroll_into_view_if_needed()
        assert latency(slider, f"count explorer on a page, {name}") < 25


def test_screenshots(opened, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**{"viewport": {"width": 1000, "height": 900}, **options})
        shown.set(**state)
        shown.page.wait_for_timeout(300)
        screenshot(shown.page, f"count_explorer_{name}")
        shown.page.context.close()

    take("light", {"truth": True})
    take("dark", {"outlines": "baseline"}, color_scheme="dark")
    take("narrow", {"score": 0.3}, viewport={"width": 390, "height": 1700})
