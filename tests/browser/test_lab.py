"""The widgets and the chapters in the real JupyterLab."""

import ast
import json
import re
import subprocess
import symtable
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from minimask.plots import style

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CELLS = [
    "from minimask.widgets import BoxCeiling\nwidget = BoxCeiling()\nwidget",
    "import json\nprint(json.dumps({**widget.measures, **widget.state}))",
    "widget.choose('L')\nwidget.snap('best')",
]


@pytest.fixture
def small_notebook(lab, request) -> Path:
    """A notebook of three cells: a widget, what Python knows of it, and a change made by Python."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = lab.folder / f"{request.node.name}.ipynb"
    nbformat.write(notebook, path)
    return path


def drag_box(page, by: tuple[float, float], start: tuple[float, float] = (0.5, 0.5)) -> None:
    """Drag on the stage from a place given as shares of its width and height; the middle lies on the first box."""
    stage = page.locator(".mm-stage")
    stage.scroll_into_view_if_needed()
    frame = stage.bounding_box()
    x, y = frame["x"] + start[0] * frame["width"], frame["y"] + start[1] * frame["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=10)
    page.mouse.up()
    page.wait_for_timeout(300)


def middle_color(page) -> str:
    return page.evaluate(
        """() => {
          const node = document.querySelector(".mm-stage");
          const { data } = node.getContext("2d").getImageData(node.width / 2, node.height / 2, 1, 1);
          return "#" + [...data.slice(0, 3)].map((v) => v.toString(16).padStart(2, "0")).join("").toUpperCase();
        }"""
    )


def test_the_hand_reaches_python_and_python_reaches_the_picture(open_notebook, small_notebook, screenshot):
    notebook = open_notebook(small_notebook.name, viewport={"width": 1400, "height": 1000})
    page = notebook.page
    notebook.run_cell(0)
    caption = page.locator(".mm-caption")
    expect(caption).to_contain_text("on the circle")
    assert middle_color(page) == style.SHAPE
    before = caption.inner_text()
    drag_box(page, (-24, 18))
    expect(caption).not_to_have_text(before)
    notebook.run_cell(1)
    said = json.loads(page.locator(".jp-OutputArea-output pre").last.inner_text())
    expect(page.locator(".mm-formula strong")).to_have_text(f"{said['iou']:.3f}")
    assert said["box"] != [26, 26, 94, 82]
    screenshot(page, "lab_box_ceiling")
    notebook.run_cell(2)
    expect(caption).to_contain_text("IoU 0.750 on the L, 0.250 above the tight box (0.500). No upright box does better")


def test_keys_in_the_picture_are_not_the_notebooks(open_notebook, small_notebook):
    notebook = open_notebook(small_notebook.name)
    page = notebook.page
    notebook.run_cell(0)
    stage, caption = page.locator(".mm-stage"), page.locator(".mm-caption")
    drag_box(page, (5, 5))
    expect(stage).to_be_focused()
    cells, before = page.locator(".jp-Cell").count(), caption.inner_text()
    for key in (
        "ArrowDown",
        "ArrowDown",
        "Shift+ArrowUp",
        "d",
        "d",
        "x",
        "b",
        "a",
    ):  # dd deletes a cell, a and b add one
        page.keyboard.press(key)
    page.wait_for_timeout(600)
    expect(stage).to_be_focused()
    assert page.locator(".jp-Cell").count() == cells
    expect(caption).not_to_have_text(before)


@pytest.fixture
def dark_lab(lab):
    """JupyterLab with its dark theme for one test."""

    def choose(theme: str) -> None:
        settings = "/lab/api/settings/@jupyterlab/apputils-extension:themes"
        lab.ask("PUT", settings, {"raw": json.dumps({"theme": theme})})

    choose("JupyterLab Dark")
    yield
    choose("JupyterLab Light")


@pytest.mark.usefixtures("dark_lab")
def test_the_dark_theme(open_notebook, small_notebook, screenshot):
    notebook = open_notebook(small_notebook.name, viewport={"width": 1400, "height": 1000})
    notebook.run_cell(0)
    expect(notebook.page.locator(".minimask")).to_have_attribute("data-theme", "dark")
    notebook.page.wait_for_timeout(1000)
    assert middle_color(notebook.page) not in (style.SHAPE, "#000000")
    screenshot(notebook.page, "lab_box_ceiling_dark")


def test_a_saved_notebook_comes_back(open_notebook, small_notebook, lab, screenshot):
    subprocess.run([sys.executable, "-m", "minimask.chapters", str(small_notebook)], check=True, capture_output=True)
    # JupyterLab shows no widgets of a notebook that it does not trust, but the still picture, described.
    page = open_notebook(small_notebook.name).page
    expect(page.get_by_role("img", name="Your box scores IoU 0.616 on the circle")).to_be_visible()
    expect(page.locator(".minimask")).to_have_count(0)
    screenshot(page, "lab_box_ceiling_still")
    page.context.close()
    lab.trust(small_notebook)
    page = open_notebook(small_notebook.name).page  # with a kernel that has run nothing
    caption = page.locator(".mm-caption")
    expect(caption).to_contain_text("IoU 0.750 on the L")
    drag_box(page, (8, 8), start=(0.26, 0.5))
    expect(caption).not_to_contain_text("IoU 0.750")
    assert page.get_by_text("Error displaying widget").count() == 0


def test_latency(open_notebook, small_notebook, latency):
    notebook = open_notebook(small_notebook.name)
    notebook.run_cell(0)
    stage = notebook.page.locator(".mm-stage")
    stage.scroll_into_view_if_needed()
    notebook.page.wait_for_timeout(2500)
    assert latency(stage, "box ceiling in JupyterLab, with a kernel") < 15


def bound(source: str) -> set[str]:
    """Return the names that a cell gives a value."""
    cell = symtable.symtable(source, "cell", "exec")
    return {name.get_name() for name in cell.get_symbols() if name.is_assigned() or name.is_imported()}


def taken(source: str) -> set[str]:
    """Return the names that a cell reads, in functions, too, but for those that a function has for itself."""
    tables = [symtable.symtable(source, "cell", "exec")]
    for table in tables:
        tables += table.get_children()
    names = [name for table in tables for name in table.get_symbols() if name.is_referenced()]
    return {name.get_name() for name in names if name.is_global()}


TRAINING = re.compile(r"(?<![\w.])train\(")
FILLED = re.compile(r"\b(\w+)(?:\[[^\]]*\] =|\.append\(|\.extend\(|\.update\()")


def leave_out_trainings(path: Path) -> None:
    """Turn the cells of a notebook that train, and those that look at what was trained there, into plain text.

    They take most of the time, and the same kernel runs them in tests/notebooks. Trainings that a widget of JupyterLab
    shows are in the tests of these widgets.
    """
    notebook, missing = nbformat.read(path, as_version=4), set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        statements = [part for part in ast.parse(cell.source).body if not isinstance(part, ast.If)]
        anew = bound(ast.unparse(ast.Module(statements, [])))  # in any case, whatever an `if` says
        if TRAINING.search(cell.source) or (taken(cell.source) - anew) & missing:
            missing |= bound(cell.source) | set(FILLED.findall(cell.source))
            cell.cell_type = "raw"
            del cell["outputs"], cell["execution_count"]
        else:
            missing -= anew
    nbformat.write(notebook, path)


def said_by(widget) -> tuple[str, str | None]:
    """Return the caption, and what the picture calls itself: a small move may change the latter alone."""
    return widget.locator(".mm-caption").inner_text(), widget.locator(".mm-stage").first.get_attribute("aria-label")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_chapter(lab, open_notebook, screenshot, path):
    leave_out_trainings(lab.folder / path.name)
    notebook = open_notebook(path.name, viewport={"width": 1400, "height": 1000})
    page = notebook.page
    notebook.run_all()
    prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
    assert all(re.fullmatch(r"\[\d+\]:", text) for text in prompts.all_inner_texts())  # every cell that is left
    screenshot(page, f"chapter_{path.stem}")
    for index in range(page.locator(".minimask").count()):
        widget = page.locator(".minimask").nth(index)
        stage = widget.locator(".mm-stage").first
        before = said_by(widget)
        stage.focus()
        page.keyboard.press("ArrowLeft")  # nothing stands at its left end to begin with
        for _ in range(100):
            if said_by(widget) != before:
                break
            page.wait_for_timeout(50)
        assert said_by(widget) != before
        if widget.locator(".mm-live").count():  # a page of its own lives in there
            widget.get_by_role("button", name="Click what was found").click()
            expect(widget.locator(".mm-live")).to_have_attribute("aria-busy", "false", timeout=60_000)
            expect(widget.locator(".mm-caption")).to_contain_text("Clicked on the live page")
        screenshot(widget, f"chapter_{path.stem}_widget_{index + 1}")
