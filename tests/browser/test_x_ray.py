"""The X-ray in the browser: its arithmetic against Python's, and in the reader's hands."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.data.examined import recorded_pictures
from minimask.plots import style
from minimask.widgets import XRay
from minimask.widgets.x_ray_measures import STAGES

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "x_ray.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_x_ray.py"))
AT_HAND = {
    "x": ("x_ray_measures", "STAGES, describe, paste, pooled, settle"),
    "b": ("x_ray_bytes", "inflate, readPicture"),
}
READ = """async (seen) => {
  globalThis.pictures = await Promise.all(seen.map(async (text) => b.readPicture(await b.inflate(text))));
  return globalThis.pictures.map((picture) => ({ ...picture, memory: null }));
}"""
SETTLE = """({ picture, state, stages }) => {
  const known = globalThis.pictures[picture];
  const settled = x.settle(known, state);
  const { align, pool, shifts } = x.pooled(known, state, settled);
  const row = known.answers.grids[settled.answer];
  const [height, width] = known.size;
  const all = row < 0 ? [] : x.paste(known.grids[row], known.answers.boxes[settled.answer], known.size, state.paste);
  const every = (from) => Array.from({ length: Math.ceil(from / 5) }, (_, k) => 5 * k);
  return {
    counts: [settled.scored.length, settled.kept.length, settled.proposals.length],
    proposals: settled.proposals,
    detections: settled.detections,
    verdicts: settled.verdicts.map(({ object, iou, right }) => [object, iou, right]),
    best: settled.best,
    chosen: [settled.rank, settled.object, settled.answer, settled.level],
    align, pool, shifts,
    pasted: row < 0 ? null : every(height).map((i) => every(width).map((j) => all[i * width + j])),
    said: Object.fromEntries(stages.map((stage) => [stage, x.describe(known, { ...state, stage }, settled)])),
  };
}"""


@pytest.fixture
def widget() -> XRay:
    return XRay(recorded_pictures())


def test_every_number_arrives(javascript):
    found = javascript(READ, FIXTURE["seen"])
    for given, wanted in zip(found, MAKE["widget"]()._pictures, strict=True):
        for name in ("objects", "labels", "levels", "odds", "anchors", "candidates", "grids"):
            assert np.array(given[name]).tolist() == np.asarray(getattr(wanted, name)).tolist(), name
        assert np.array(given["classOdds"]).tolist() == wanted.class_odds.tolist()
        for level, values in enumerate(wanted.maps):
            np.testing.assert_allclose(given["maps"][level], values, rtol=0, atol=1e-12)
            np.testing.assert_allclose(given["objectness"][level], wanted.objectness[level], rtol=0, atol=1e-12)
        for name, values in wanted.answers._asdict().items():
            assert np.array(given["answers"][name]).tolist() == values.tolist(), name
        masks = np.reshape(given["masks"], wanted.masks.shape).astype(bool)
        np.testing.assert_array_equal(masks, wanted.masks)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=[str(k) for k in range(len(FIXTURE["cases"]))])
def test_what_follows_is_what_follows_in_python(javascript, case):
    javascript(READ, FIXTURE["seen"])
    stages = list(FIXTURE["stages"])
    found = javascript(SETTLE, {"picture": case["picture"], "state": case["state"], "stages": stages})
    for name in ("counts", "proposals", "detections", "chosen", "said"):
        assert found[name] == case[name], name
    for given, wanted in zip(found["verdicts"], case["verdicts"], strict=True):
        assert given == pytest.approx(wanted, abs=1e-12)
    for name in ("best", "align", "pool", "shifts"):
        np.testing.assert_allclose(found[name], case[name], rtol=0, atol=1e-9)
    assert (found["pasted"] is None) == (case["pasted"] is None)
    if case["pasted"] is not None:
        np.testing.assert_allclose(found["pasted"], case["pasted"], rtol=0, atol=1e-9)


def test_the_names_of_the_stages(javascript):
    assert javascript("x.STAGES") == STAGES


def follow(widget: XRay, shown: OnPage) -> XRay:
    """Put the widget into the state of the page, and see that both say the same."""
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    return widget


def test_the_strip_leads_through_all_stages(opened, widget):
    shown = opened()
    pictures = set()
    for name, text in STAGES.items():
        shown.page.get_by_role("radio", name=f"stage: {text}", exact=True).check()
        shown.settle()
        assert shown.state["stage"] == name
        follow(widget, shown)
        pictures.add((shown.picture(), shown.picture(".mm-detail")))
    assert len(pictures) == len(STAGES)


def test_keys_on_the_picture(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    press("ArrowUp")
    press("ArrowUp")
    assert shown.state["stage"] == "boxes"
    before = shown.state["roi"]
    press("ArrowLeft")
    assert shown.state["roi"] != before
    press("ArrowRight")
    assert shown.state["roi"] == before
    press("PageDown")
    press("PageDown")
    assert shown.state["picture"] == 1
    assert shown.state["roi"] == widget.rois[1]
    shown.settle()
    follow(widget, shown)
    for _ in range(12):
        press("ArrowUp")
    assert shown.state["stage"] == "picture"
    press("Escape")
    assert shown.state == widget.start


def test_a_click_chooses_and_the_choice_stays_through_all_stages(opened, widget):
    shown = opened()
    shown.set(stage="proposals")
    frame = shown.stage.bounding_box()
    target = widget.settled.picture.objects[0]
    x, y = (target[:2] + target[2:]) / 2 * frame["width"] / 128
    shown.page.mouse.click(frame["x"] + x, frame["y"] + y)
    shown.settle()
    first = shown.state["roi"]
    x1, y1, x2, y2 = widget.settled.picture.candidates[first]
    middle = (target[:2] + target[2:]) / 2
    assert x1 - 1 <= middle[0] <= x2 + 1
    assert y1 - 1 <= middle[1] <= y2 + 1
    shown.page.mouse.click(frame["x"] + x, frame["y"] + y)
    assert shown.state["roi"] != first
    chosen = shown.state["roi"]
    for text in STAGES.values():
        shown.page.get_by_role("radio", name=f"stage: {text}", exact=True).check()
        shown.settle()
        assert shown.state["roi"] == chosen
        follow(widget, shown)
    shown.page.get_by_role("button", name="RoI after").click()
    assert shown.state["roi"] != chosen


@pytest.mark.parametrize(
    ("stage", "slider", "name"),
    [
        ("proposals", "score at least", "objectness"),
        ("proposals", "NMS at IoU over", "proposal_nms"),
        ("masks", "mask from", "mask_threshold"),
        ("detections", "score above", "score"),
        ("detections", "NMS at IoU over", "detection_nms"),
    ],
)
def test_sliding_a_threshold(opened, widget, stage, slider, name):
    shown = opened()
    shown.set(stage=stage)
    node = shown.page.get_by_role("slider", name=slider)
    node.focus()
    pictures = set()
    for key in ("End", "Home", "ArrowRight"):
        shown.page.keyboard.press(key)
        shown.settle()
        pictures.add((shown.picture(), shown.picture(".mm-detail")))
        follow(widget, shown)
    least = 0.05 if name == "score" else 0.01 if name == "mask_threshold" else 0
    assert shown.state[name] == pytest.approx(least + 0.01)
    assert len(pictures) > 1


def test_maps_and_levels(opened, widget):
    shown = opened()
    shown.set(stage="features")
    shown.page.get_by_role("radio", name="stride: 8", exact=True).check()
    shown.page.get_by_role("radio", name="channel: length", exact=True).check()
    shown.settle()
    frame = shown.page.locator(".mm-detail").bounding_box()
    shown.page.mouse.click(frame["x"] + 0.35 * frame["width"], frame["y"] + 0.15 * frame["height"])
    shown.settle()
    assert (shown.state["level"], shown.state["map"]) == (1, 1)
    follow(widget, shown)
    shown.set(stage="objectness")
    shown.page.mouse.click(frame["x"] + 40, frame["y"] + 0.75 * frame["height"])
    shown.settle()
    assert shown.state["level"] == 2
    follow(widget, shown)
    shown.set(stage="detections")
    shown.page.get_by_role("radio", name="paste: as published", exact=True).check()
    shown.settle()
    assert "as published" in follow(widget, shown).words()


def test_what_is_found_is_framed(opened, widget):
    shown = opened()
    shown.page.wait_for_function("[...document.images].every(({ complete }) => complete)")
    shown.page.wait_for_timeout(200)
    answer = widget.settled.detections[0]
    assert widget.settled.verdicts[0].right
    x1, y1, _, y2 = widget.settled.picture.answers.boxes[answer]
    ys = y1 + np.linspace(0.4, 0.9, 12) * (y2 - y1)
    step = 128 / shown.stage.bounding_box()["width"]
    colors = {shown.color(".mm-stage", (x1 + k * step) / 128, y / 128) for y in ys for k in (-1, 0, 1)}
    assert style.BEST in colors


def test_unknown_truth_and_boxes_without_an_area(new_page, tmp_path):
    invented = MAKE["widget"]()
    invented.save(tmp_path / "invented.html")
    page = new_page(offline=True)
    page.goto((tmp_path / "invented.html").as_uri())
    page.wait_for_function("window.minimask")
    shown = OnPage(page)
    for picture in (0, 1):
        for roi in (5, 30):
            for stage in STAGES:
                shown.set(picture=picture, stage=stage, roi=roi)
                follow(invented, shown)


def test_starting_over(opened, widget):
    shown = opened()
    shown.set(stage="masks", mask_threshold=0.9, roi=3, picture=1)
    shown.page.get_by_role("button", name="Reset").click()
    assert shown.state == widget.start


@pytest.mark.parametrize(("stage", "name"), [("proposals", "NMS at IoU over"), ("masks", "mask from")])
def test_latency(opened, latency, stage, name):
    shown = opened()
    shown.set(stage=stage)
    node = shown.page.get_by_role("slider", name=name)
    node.scroll_into_view_if_needed()
    assert latency(node, f"X-ray on a page, {name}, {stage}") < 25


def test_screenshots(opened, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**{"viewport": {"width": 1000, "height": 900}, **options})
        shown.set(**state)
        shown.page.wait_for_timeout(300)
        screenshot(shown.page, f"x_ray_{name}")
        shown.page.context.close()

    for stage in ("proposals", "masks", "detections"):
        take(stage, {"stage": stage})
    take("dark", {"stage": "features"}, color_scheme="dark")
    take("narrow", {"stage": "rois"}, viewport={"width": 390, "height": 1700})
