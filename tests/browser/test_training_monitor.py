"""The training monitor in the browser: its page without a kernel, and a real training in JupyterLab."""

import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from minimask.widgets.training_monitor import FRESH, TrainingMonitor

FIXTURES = Path(__file__).parents[1] / "fixtures"
MAKE = runpy.run_path(str(FIXTURES / "make_training_monitor.py"))
FIXTURE = json.loads((FIXTURES / "training_monitor.json").read_text(encoding="utf-8"))
AT_HAND = {"t": ("training_record", "describe, duration, pointOf, readCurves, smooth")}
CELLS = [
    """import time
from types import SimpleNamespace
import numpy as np
from minimask.widgets import TrainingMonitor
def training(steps=700):
    for step in range(1, steps + 1):
        time.sleep(0.02)
        losses = {"loss_objectness": 1 / step, "loss_mask": 2 / step}
        yield SimpleNamespace(step=step, steps=steps, losses=losses, pictures_per_second=50.0)
monitor = TrainingMonitor(training, look=lambda: (0.5, np.full((40, 160, 3), 120, np.uint8)), look_every=100)
monitor.start()""",
    "import time; time.sleep(6)",
    "print(monitor.wait(60))",
]
BROKEN = """def broken():
    yield from training(3)
    raise FloatingPointError("the loss of step 4 is nan")
failing = TrainingMonitor(broken)
failing.start()"""


@pytest.fixture
def widget() -> TrainingMonitor:
    return MAKE["long_run"]()


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=[str(k) for k in range(len(FIXTURE["cases"]))])
def test_the_words_are_python_s(javascript, case):
    said = javascript("({ run, curves, state }) => t.describe(run, t.readCurves(curves, run.names), state)", case)
    assert said == case["words"]


def test_numbers(javascript):
    for case in FIXTURE["durations"]:
        assert javascript("t.duration", case[0]) == case[1]
    for case in FIXTURE["smooth"]:
        found = javascript("([curve, half]) => [...t.smooth(Float64Array.from(curve), half)]", case[:2])
        assert found == pytest.approx(case[2], abs=1e-12)


def test_hovering_says_the_numbers_of_a_step(opened, widget):
    shown = opened()
    expect(shown.caption).to_have_text(widget.words())
    frame = shown.stage.bounding_box()
    for share in (0.2, 0.5, 0.8):
        shown.page.mouse.move(frame["x"] + share * frame["width"], frame["y"] + 100)
        shown.settle()
        widget.state = shown.state
        assert 0 < widget.state["step"] <= widget.run["step"]
        expect(shown.caption).to_have_text(widget.words())
        expect(shown.page.locator("figcaption")).to_contain_text("Predictions after step")
    shown.page.mouse.move(frame["x"] + 100, frame["y"] - 40)
    shown.settle()
    assert shown.state == FRESH


def test_keys(opened, widget):
    shown = opened()
    shown.stage.focus()
    press, last, every = shown.page.keyboard.press, widget.run["step"], widget.run["every"]
    press("ArrowLeft")
    assert shown.state["step"] == last - every
    press("Shift+ArrowLeft")
    assert shown.state["step"] == last - 11 * every
    press("Home")
    assert shown.state["step"] == 1
    press("ArrowLeft")
    assert shown.state["step"] == 1
    shown.settle()
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    press("End")
    assert shown.state["step"] == -1
    shown.page.get_by_role("slider", name="smoothing").focus()
    press("End")
    shown.page.get_by_role("checkbox", name="logarithmic").uncheck()
    assert (shown.state["smoothing"], shown.state["log"]) == (50, False)
    shown.settle()
    widget.state = shown.state
    expect(shown.caption).to_have_text(widget.words())
    press("Escape")
    assert shown.state == FRESH


def test_latency(opened, latency):
    shown = opened()
    assert latency(shown.stage, "training monitor on a page, 800 points") < 15


def test_screenshots(opened, screenshot):
    for name, options in {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "narrow": {"viewport": {"width": 390, "height": 1100}},
    }.items():
        shown = opened(**options)
        shown.set(step=300)
        shown.page.wait_for_timeout(200)
        screenshot(shown.page, f"training_monitor_{name}")
        shown.page.context.close()


@pytest.fixture
def training_notebook(lab) -> Path:
    cells = [nbformat.v4.new_code_cell(source) for source in [*CELLS, BROKEN]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = lab.folder / "training_monitor.ipynb"
    nbformat.write(notebook, path)
    return path


def steps_done(page) -> int:
    return int(re.match(r"[\d,]+", page.locator(".mm-head b").first.inner_text())[0].replace(",", ""))


def stills_of(notebook: Path) -> list[str]:
    """Return what a saved notebook says for each still picture."""
    return [
        "".join(output["data"].get("text/plain", ""))
        for cell in nbformat.read(notebook, 4).cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "display_data"
    ]


def test_stop_and_go_on_while_a_cell_is_running(open_notebook, training_notebook, screenshot, lab):
    notebook = open_notebook(training_notebook.name, viewport={"width": 1200, "height": 1000})
    page = notebook.page
    notebook.run_cell(0)  # returns at once: the training has a thread of its own
    button = page.locator(".mm-go").first
    expect(button).to_have_text("Stop")
    page.wait_for_function("parseInt(document.querySelector('.mm-head b').innerText) > 5")
    busy = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    busy.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")
    expect(busy.locator(".jp-InputPrompt")).to_contain_text("[*]")
    button.click()
    expect(button).to_have_text("Go on")
    expect(page.locator(".minimask").first).to_have_attribute("data-phase", "paused", timeout=4000)
    expect(busy.locator(".jp-InputPrompt")).to_contain_text("[*]")  # the cell still runs
    before = steps_done(page)
    page.wait_for_timeout(700)
    assert steps_done(page) == before < 700
    screenshot(page, "lab_training_monitor_paused")
    button.click()
    page.wait_for_function(f"parseInt(document.querySelector('.mm-head b').innerText) > {before}")
    notebook.run_cell(2)
    expect(page.locator(".jp-OutputArea-output pre").last).to_have_text("finished")
    expect(page.locator(".mm-caption").first).to_contain_text("Step 700 of 700, finished.")
    expect(page.locator(".mm-caption").first).to_contain_text("AP 0.500 on held-out pictures after step 700.")
    expect(page.locator(".mm-go").first).to_be_hidden()
    screenshot(page, "lab_training_monitor_finished")
    notebook.run_cell(3)
    note = page.locator(".mm-note").last
    expect(note).to_have_text("The training ended early. FloatingPointError: the loss of step 4 is nan")
    for _ in range(30):  # the still picture is there soon after the note
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        stills = stills_of(training_notebook)
        if any("FloatingPointError" in still for still in stills):
            break
    assert "Step 700 of 700, finished." in stills[0]  # the still picture is that of the whole run
    assert "FloatingPointError" in stills[1]
