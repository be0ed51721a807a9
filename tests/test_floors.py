"""The house has floors: a file imports from its own or from those below, and never a neighbor's private names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "minimask"
FLOORS = (
    {"geometry", "compiled", "folders", "meter"},
    {"roi", "suppression", "anchors", "matching", "box_coder", "proposals", "plots", "data"},
    {"model", "gradients"},
    {"training", "evaluation", "detecting", "ledger", "chapters"},
    {"nuclei", "screens", "trust"},
    {"arguments", "predicting"},
    {"widgets", "exercises"},
    {"classroom"},
    {"cli", "__main__"},
)
"""Bottom to top."""
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def module_of(path: Path) -> str:
    """Return the dotted name of a file, without `minimask`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> list[tuple[str, str]]:
    """Return `(module, name)` of everything that a file imports from minimask, at whatever depth."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "minimask":
            inside = (node.module or "").removeprefix("minimask").lstrip(".")
            found += [(inside, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [
                (name.removeprefix("minimask."), "") for name in (a.name for a in node.names) if "minimask" in name
            ]
    return found


def floor_of(name: str) -> int:
    (number,) = [number for number, rooms in enumerate(FLOORS) if name in rooms]
    return number


def test_every_room_has_its_floor():
    rooms = {module_of(path).partition(".")[0] for path in FILES}
    assert rooms <= set().union(*FLOORS)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path):
    own = floor_of(module_of(path).partition(".")[0])
    for module, name in imported(path):
        room = (module or name).partition(".")[0]
        if room != "__version__":
            assert floor_of(room) <= own, f"{module_of(path)} imports {module}.{name} from a floor above"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_private_names_stay_at_home(path):
    for module, name in imported(path):
        assert not name.startswith("_") or name == "__version__", f"{module_of(path)} imports {module}.{name}"
        assert not any(part.startswith("_") for part in module.split("."))
