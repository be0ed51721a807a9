"""The chapters: executed as committed, the same on re-running, described for those who cannot see, and short."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from minimask import chapters, ledger

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
IMAGE = re.compile(r"<img [^>]*>")
ALT = re.compile(r'alt="([^"]*)"')

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def texts(path: Path) -> list[list[str]]:
    """Return what every code cell says, without pictures."""
    said = []
    for cell in code_cells(path):
        outputs = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
        said.append(outputs)
    return said


def test_there_is_an_index_and_a_chapter():
    assert [path.name for path in NOTEBOOKS][:2] == ["00_start_here.ipynb", "01_beyond_the_box.ipynb"]


@every_notebook
def test_running_again_gives_the_same_file(path, tmp_path, monkeypatch):
    """Every assertion of the chapter holds, and nothing it says or draws has changed.

    A cell with the tag `varies` may draw something else on another machine, as a measured time or what a network has
    learned; what it says must be the same.
    """
    monkeypatch.delenv(ledger.WRITE, raising=False)
    again = tmp_path / path.name
    chapters.execute(path, again)
    assert texts(again) == texts(path)
    same = [
        a.outputs == b.outputs
        for a, b in zip(code_cells(again), code_cells(path), strict=True)
        if "image" in str(a) and "varies" not in a.metadata.get("tags", [])
    ]
    drawn_by = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("minimask", {}).get("matplotlib")
    if drawn_by == chapters.versions()["matplotlib"]:  # another matplotlib draws other pixels
        assert all(same)


@every_notebook
def test_every_cell_has_run_without_error(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))
    assert not [
        o for cell in code_cells(path) for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"
    ]


@every_notebook
def test_every_picture_has_a_description(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            for tag in IMAGE.findall(output.get("data", {}).get("text/html", "")):
                alt = ALT.search(tag)
                assert alt is not None, tag[-200:]
                assert len(alt[1]) >= 20, alt[1]
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) >= 20


@every_notebook
def test_a_chapter_is_small(path):
    assert path.stat().st_size < 1_000_000


@every_notebook
def test_no_path_of_a_machine_is_left_behind(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(work|root|home|Users|tmp)/\w", text)


@every_notebook
def test_no_name_is_given_two_meanings_by_import_and_assignment(path):
    """A cell that runs out of order must not find a module where it expects a number, or the other way round."""
    imported, assigned = set(), set()
    for cell in code_cells(path):
        imported |= set(re.findall(r"^import (\w+)", cell.source, flags=re.MULTILINE))
        assigned |= set(re.findall(r"^(\w+) =", cell.source, flags=re.MULTILINE))
    assert not imported & assigned


def test_a_failing_cell_leaves_the_file_as_it_was(tmp_path):
    from nbclient.exceptions import CellExecutionError

    path = tmp_path / "broken.ipynb"
    cells = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("assert x == 2, 'as meant'")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="as meant"):
        chapters.execute(path)
    assert path.read_bytes() == before


def test_what_a_cell_prints_is_one_output_however_slowly_it_prints(tmp_path):
    path = tmp_path / "slow.ipynb"
    source = "import time\nfor word in 'abc':\n    print(word, flush=True)\n    time.sleep(0.3)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    chapters.execute(path)
    assert texts(path) == [["a\nb\nc\n"]]


def test_widgets_lie_in_the_same_order_whatever_their_random_names(tmp_path):
    source = "import ipywidgets\nkept = [ipywidgets.IntSlider(number) for number in range(4)]\nkept[0]"
    path, again = tmp_path / "sliders.ipynb", tmp_path / "again" / "sliders.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="one")]), path)
    again.parent.mkdir()
    chapters.execute(path, again)
    chapters.execute(path)
    assert path.read_text(encoding="utf-8") == again.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").count('"_model_name": "IntSliderModel"') == 4


def test_a_folder_without_notebooks_is_said(tmp_path, capsys):
    assert chapters.main([str(tmp_path)]) == 1
    assert "no notebook in" in capsys.readouterr().err
