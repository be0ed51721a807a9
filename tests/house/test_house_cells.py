"""Cells are short, and no helper is written twice: what two notebooks need belongs into the package."""

import ast

import pytest
from opened import NOTEBOOKS, cells_of


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_fits_on_a_screen(path):
    for cell in cells_of(path):
        if cell.cell_type == "code":
            lines = [line for line in cell.source.splitlines() if line.strip()]
            assert len(lines) <= 15, cell.source
            assert max(map(len, lines), default=0) <= 120, cell.source


def bodies(path):
    """Yield the name and the body of each function of a notebook, without its docstring; stubs are left out."""
    for cell in cells_of(path):
        if cell.cell_type != "code" or cell.source.startswith("%"):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                text = "\n".join(ast.unparse(part) for part in body)
                if text not in ("", "..."):
                    yield node.name, ast.unparse(node.args), text


def test_no_function_stands_in_two_notebooks():
    seen = {}
    for path in NOTEBOOKS:
        for name, arguments, body in bodies(path):
            earlier = seen.setdefault((arguments, body), (path.name, name))
            assert earlier[0] == path.name, f"{path.name} repeats {earlier[1]} of {earlier[0]} as {name}"
    assert len(seen) > 20


def test_no_function_of_a_name_means_two_things():
    seen = {}
    for path in NOTEBOOKS:
        for name, arguments, body in bodies(path):
            earlier = seen.setdefault((path.name, name), (arguments, body))
            assert earlier == (arguments, body), f"{name} is written twice in {path.name}"
