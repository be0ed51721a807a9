"""The chapters show every exercise: its card, its stub and its attempt, once and in this order."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from minimask import anchors, box_coder, evaluation, exercises, matching
from minimask.geometry import balance, boxes, ceilings, covers, masks, nms, polygons
from minimask.gradients import alignment, surgery, tasks, weighing
from minimask.model import box_head, detections, mask_targets, paste, roi_sampling
from minimask.roi import pool, pyramid, reference, taps

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
BY_ID = pytest.mark.parametrize("exercise", exercises.all(), ids=lambda exercise: exercise.id)


def cells_of(path):
    """Return the code cells of a notebook."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def chapter_cells(number):
    """Return the code cells of a chapter, which may be several notebooks: 06a, 06b and so on."""
    paths = sorted(NOTEBOOKS.glob(f"{number:02}*_*.ipynb"))
    return [source for path in paths for source in cells_of(path)]


@BY_ID
def test_the_chapter_has_each_cell_exactly_once(exercise):
    sources = chapter_cells(exercise.chapter)
    places = []
    for cell in exercise.cells():
        assert sources.count(cell) == 1, cell
        places.append(sources.index(cell))
    assert places == list(range(places[0], places[0] + 3)), "card, stub and attempt follow one another"


def test_the_chapters_have_no_other_exercises():
    asked = {cell for exercise in exercises.all() for cell in exercise.cells()}
    for path in sorted(NOTEBOOKS.glob("0*_*.ipynb")):
        for source in cells_of(path):
            if "exercises.card(" in source or "exercises.attempt(" in source:
                assert source in asked


@BY_ID
def test_no_stub_hides_a_function_of_the_library(exercise):
    of_geometry = (balance, boxes, ceilings, covers, masks, nms, polygons)
    of_the_machine = (box_head, detections, mask_targets, paste, roi_sampling, evaluation)
    of_rois = (pool, pyramid, reference, taps)
    of_gradients = (alignment, surgery, tasks, weighing)
    for module in (*of_geometry, *of_the_machine, *of_rois, *of_gradients, anchors, box_coder, matching):
        assert not hasattr(module, exercise.name)


@BY_ID
def test_no_stub_hides_what_its_chapter_imports(exercise):
    trees = [ast.parse(source) for source in chapter_cells(exercise.chapter) if not source.startswith("%")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert exercise.name not in {alias.asname or alias.name for node in imports for alias in node.names}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_of_unfinished_and_endless_attempts_runs_to_its_end():
    it = exercises.get("1.2")
    card, stub, attempt = it.cells()
    endless = "def shoelace(polygon):\n    while True:\n        area = 0\n"
    typo = "def shoelace(polygon):\n    total = 0\n    return totl\n"
    cells = [
        "import numpy as np\nfrom minimask import exercises",
        card,
        stub,
        attempt,
        endless,
        attempt,
        typo,
        attempt,
        "6 * 7",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=60).execute()
    texts = ["".join(output.data["text/plain"] for output in cell.outputs) for cell in notebook.cells]
    assert texts[1] == "Exercise 1.2: The area of a polygon (difficulty 2 of 5, 10 minutes)"
    assert texts[3] == "Exercise 1.2: not started yet. Write the body of `shoelace`, run its cell, then this one."
    assert "your function was still running after 2 seconds" in texts[5]
    assert "`NameError: name 'totl' is not defined` in line 3: `return totl`." in texts[7]
    assert texts[8] == "42"
