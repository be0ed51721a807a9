"""The strength of an attack in the browser: its arithmetic against Python's, and in the reader's hands."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from on_page import OnPage
from playwright.sync_api import expect

from minimask.widgets import AttackStrength

FIXTURES = Path(__file__).parents[1] / "fixtures"
FIXTURE = json.loads((FIXTURES / "attack_strength.json").read_text(encoding="utf-8"))
MAKE = runpy.run_path(str(FIXTURES / "make_attack_strength.py"))
AT_HAND = {"a": ("attack_strength_measures", "describe, inflate, pixelsOf, readAttacked, settle")}
SETTLE = """async ({ attacked, bases, states }) => {
  const pictures = await Promise.all(attacked.map(async (text) => a.readAttacked(await a.inflate(text))));
  const numbers = ({ score, iou, leak, covering, other, fate }) => [score, iou, leak, covering, other, fate];
  return states.map((state) => {
    const picture = pictures[state.picture];
    const { now, others, shown, right, strength, broken } = a.settle(pictures, state);
    const { seen } = a.pixelsOf(picture, bases[state.picture], state.attack, state.step);
    const pixels = [];
    for (let i = 0; i < picture.size[0]; i += 7) {
      for (let j = 0; j < picture.size[1]; j += 5) {
        const at = 4 * (i * picture.size[1] + j);
        pixels.push(...seen.slice(at, at + 3));
      }
    }
    return {
      state, others, shown, right, strength, broken,
      now: numbers(now),
      outcomes: picture.outcomes.map((row) => row.map(numbers)),
      seen: pixels,
      words: a.describe(pictures, state, a.settle(pictures, state)),
    };
  });
}"""


@pytest.fixture
def widget() -> AttackStrength:
    return MAKE["widget"]()


def test_what_follows_is_what_follows_in_python(javascript):
    bases = [
        np.pad(MAKE["invented"](seed).image, ((0, 0), (0, 0), (0, 1)), constant_values=255).ravel().tolist()
        for seed in range(3)
    ]
    states = [case["state"] for case in FIXTURE["cases"]]
    found = javascript(SETTLE, {"attacked": FIXTURE["attacked"], "bases": bases, "states": states})
    for given, wanted in zip(found, FIXTURE["cases"], strict=True):
        pairs = zip(given.pop("outcomes"), wanted["outcomes"], strict=True)
        for row, other in [*pairs, ([given.pop("now")], [wanted["now"]])]:
            for one, expected in zip(row, other, strict=True):
                assert one[:3] == pytest.approx(expected[:3], abs=1e-12)
                assert one[3:] == expected[3:]
        assert given == {name: value for name, value in wanted.items() if name not in ("now", "outcomes")}


def follow(widget: AttackStrength, shown: OnPage) -> AttackStrength:
    """Put the widget into the state of the page, and see that both say the same."""
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    return widget


def test_keys_on_the_picture(opened, widget):
    shown = opened()
    shown.stage.focus()
    press = shown.page.keyboard.press
    seen = {shown.picture()}
    for key, entry, value in (
        ("ArrowRight", "step", 3),
        ("ArrowRight", "step", 3),
        ("ArrowDown", "attack", 1),
        ("PageDown", "picture", 1),
        ("f", "found", False),
        ("ArrowUp", "attack", 0),
    ):
        press(key)
        shown.settle()
        assert shown.state[entry] == value
        seen.add(shown.picture())
        follow(widget, shown)
    assert len(seen) == 6
    press("Escape")
    assert shown.state == widget.start


def test_slider_choices_and_switch(opened, widget):
    shown = opened()
    page = shown.page
    page.get_by_role("slider", name="strength", exact=True).focus()
    page.keyboard.press("Home")
    shown.settle()
    assert shown.state["step"] == 0
    assert "the picture as it is" in follow(widget, shown).words()
    page.get_by_role("radio", name="attack: leak", exact=True).check()
    page.get_by_role("radio", name="picture: 3", exact=True).check()
    page.get_by_role("checkbox", name="what is found").uncheck()
    shown.settle()
    assert shown.state == {"picture": 2, "attack": 2, "step": 0, "found": False}
    follow(widget, shown)
    page.get_by_role("button", name="Reset").click()
    assert shown.state == widget.start


def test_the_curves_are_dragged_and_walked(opened, widget):
    shown = opened()
    frame = shown.curve.bounding_box()
    shown.drag((frame["x"] + 50, frame["y"] + 60), (0.6 * frame["width"], 10))
    assert shown.state["step"] == 3
    follow(widget, shown)
    shown.curve.focus()
    for key, step in (("Home", 0), ("ArrowRight", 1), ("End", 3), ("ArrowLeft", 2)):
        shown.page.keyboard.press(key)
        assert shown.state["step"] == step
    shown.settle()
    expect(shown.curve).to_have_attribute("aria-valuenow", "2")


@pytest.mark.parametrize("step", [0, 3])
def test_the_picture_and_the_change_are_shown_pixel_by_pixel(opened, widget, step):
    shown = opened()
    shown.set(found=False, step=step, attack=1)
    widget.state = shown.state
    picture = widget.settled.picture
    image, start = picture.seen(1, step), picture.image.astype(int)
    change = (128 + 8 * (image.astype(int) - start)).clip(0, 255)
    outline = np.pad(picture.masks.masks(1)[0], 1)
    near = sum(np.roll(outline, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) % 9 != 0
    for i, j in [(2, 50), (36, 3), (20, 30), (39, 55), (12, 12)]:
        place = ((j + 0.5) / 56, (i + 0.5) / 40)
        for canvas, wanted in ((".mm-stage", image), (".mm-figure:nth-child(2) canvas", change)):
            if not near[i + 1, j + 1]:
                assert shown.color(canvas, *place) == "#" + "".join(f"{v:02X}" for v in wanted[i, j])


def test_latency(opened, record_property):
    """The slider has few steps: here every key makes a new picture, and is measured as the drags elsewhere are."""
    shown = opened()
    shown.stage.focus()
    shown.page.evaluate(
        """() => {
          const [latencies, work, root] = [[], [], document.querySelector(".minimask")];
          root.addEventListener("keydown", (event) => requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => latencies.push(performance.now() - event.timeStamp);
            port2.postMessage(0);
          }), { capture: true });
          root.addEventListener("minimask:drawn", (event) => work.push(event.detail.work));
          window.latency = { latencies, work };
        }"""
    )
    for k in range(160):
        shown.page.keyboard.press(("ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp")[k % 6])
        shown.page.wait_for_timeout(20)
    shown.page.wait_for_function("window.latency.latencies.length === 160")
    found = shown.page.evaluate("window.latency")
    assert len(found["work"]) >= 50
    p50, p95, most = np.percentile(found["latencies"], [50, 95, 100])
    work = float(np.median(found["work"]))
    record_property(
        "latency",
        f"strength of an attack on a page: median {p50:.1f} ms, p95 {p95:.1f} ms, most {most:.1f} ms over 160 keys; "
        f"median of the widget's own work {work:.2f} ms",
    )
    assert work < 25


def test_screenshots(opened, screenshot):
    def take(name: str, state: dict, **options) -> None:
        shown = opened(**{"viewport": {"width": 1000, "height": 900}, **options})
        shown.set(**state)
        shown.page.wait_for_timeout(300)
        screenshot(shown.page, f"attack_strength_{name}")
        shown.page.context.close()

    take("light", {"attack": 2, "step": 3})
    take("dark", {"attack": 1}, color_scheme="dark")
    take("narrow", {}, viewport={"width": 390, "height": 1500})
