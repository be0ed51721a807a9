"""Notebooks as pages of the site."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from building import living, pictures
from building.chapter_page import STATIC, Opening, as_page, opening, questions
from building.tree import Tree
from PIL import Image

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def picture(width: int = 8, height: int = 4) -> str:
    content = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(content, "png")
    data = base64.b64encode(content.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" width="80" alt="An orange field, twice as wide as high.">'


def notebook(*outputs: dict, widgets: dict | None = None) -> dict:
    cells = [{"cell_type": "markdown", "source": ["# 9 · A chapter\n"]}]
    cells += [{"cell_type": "code", "source": [], "outputs": [{"data": data}]} for data in outputs]
    kept = {living.STATE: {"state": widgets}} if widgets else {}
    return {"cells": cells, "metadata": {"widgets": kept}}


def shown(page: dict) -> list[str]:
    """Return the HTML of all outputs."""
    outputs = [out.get("data", {}) for cell in page["cells"] for out in cell.get("outputs", [])]
    return ["".join(data["text/html"]) for data in outputs if "text/html" in data]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_a_picture_goes_into_a_file_once(tree, tmp_path):
    page, _ = as_page(notebook({"text/html": [picture()]}, {"text/html": picture()}), "09.ipynb", tree)
    (file,) = (tmp_path / STATIC / "pictures").iterdir()
    with Image.open(file) as kept:
        assert kept.size == (8, 4)
    one, other = shown(page)
    assert one == other
    assert f'src="../_static/pictures/{file.name}"' in one
    assert 'alt="An orange field' in one


def test_a_widget_lives_on_with_its_still_picture_within(tree, tmp_path):
    view = {living.VIEW: {"model_id": "m"}, "text/html": picture(), "text/plain": "Figure: a map."}
    state = {"_anywidget_id": "minimask.widgets.weather_map.WeatherMap", "_esm": "code", "layout": "L", "start": [1, 2]}
    page, (found,) = as_page(notebook(view, widgets={"m": {"state": state}}), "09.ipynb", tree)
    (text,) = shown(page)
    assert text.startswith(f'<div class="living" data-widget="weather_map" data-state="{found.data}"')
    assert "<img " in text
    assert living.VIEW not in str(page)
    assert page["metadata"] == {}
    script = (tmp_path / STATIC / "living" / f"{found.data}.js").read_text()
    call = f'minimaskLiving.state("{found.data}", '
    assert script.startswith(call)
    assert json.loads(script[len(call) : -3]) == {"start": [1, 2]}


def test_what_only_lives_in_a_kernel_is_left_out(tree):
    bar = {living.VIEW: {"model_id": "m"}, "text/plain": "IntProgress(value=0, max=400)"}
    widgets = {"m": {"state": {"_model_name": "IntProgressModel"}}}
    page, found = as_page(notebook(bar, {"text/html": "after"}, widgets=widgets), "09.ipynb", tree)
    assert found == []
    assert shown(page) == ["after"]


def test_the_second_cell_says_how_to_run_it_and_the_notebook_is_not_changed(tree):
    given = notebook()
    before = json.dumps(given)
    page, _ = as_page(given, "09_a_chapter.ipynb", tree)
    assert "`python start.py`, then `notebooks/09_a_chapter.ipynb`" in page["cells"][1]["source"]
    assert json.dumps(given) == before


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_widget_of_every_chapter_lives(path, tree):
    given = json.loads(path.read_text(encoding="utf-8"))
    views = [out for cell in given["cells"] for out in cell.get("outputs", []) if living.VIEW in out.get("data", {})]
    bars = [out for out in views if "Progress(" in "".join(out["data"]["text/plain"])]
    page, found = as_page(given, path.name, tree)
    assert len(found) == len(views) - len(bars)
    assert str(page).count("data-widget=") == len(found)
    assert "base64" not in "".join(shown(page))


# What a chapter says of itself


def test_the_opening_has_title_and_time():
    text = [
        "# 1 · Beyond\n",
        "\n",
        "| | |\n",
        "|---|---|\n",
        "| **Time** | 45 minutes of reading, 60 more with all |\n",
    ]
    found = opening({"cells": [{"source": text}]})
    assert found == Opening("1 · Beyond", "45 minutes of reading, 60 more with all")
    assert found.reading == "45 minutes of reading"
    with pytest.raises(ValueError, match="must begin with a title, got 'nothing'"):
        opening({"cells": [{"source": ["nothing"]}]})


def test_the_index_asks_a_question_for_every_chapter():
    index = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    asked = questions(index)
    assert {path.name for path in NOTEBOOKS if path.stem[2:3] == "_" and path.stem[:2] != "00"} <= set(asked)
    assert all(question.endswith("?") for question in asked.values())
    with pytest.raises(ValueError, match="table of chapters"):
        questions({"cells": []})


# Pictures leave room for themselves


def test_a_picture_says_how_large_it_will_be(tmp_path):
    Image.new("RGB", (300, 100)).save(tmp_path / "a.png")
    find = {"a.png": tmp_path / "a.png"}.get
    assert pictures.with_size('<img src="a.png" alt="A">', find) == (
        '<img loading="lazy" decoding="async" width="300" height="100" src="a.png" alt="A">'
    )
    sized = pictures.with_size('<img src="a.png" width="150" style="max-width:100%;height:auto">', find)
    assert 'width="150" height="50"' in sized
    assert sized.count("width=") == 1
    for untouched in ('<img src="b.png">', '<img src="data:image/png;base64,AAAA">'):
        assert pictures.with_size(untouched, find) == untouched
