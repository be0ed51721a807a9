"""start.py in a folder of its own."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

SOURCE = Path(__file__).parents[2] / "start.py"


@pytest.fixture
def folder(tmp_path):
    """A repository of nothing but what start.py needs, in a folder with a space in its name."""
    root = tmp_path / "mini mask"
    (root / "figures").mkdir(parents=True)
    shutil.copy(SOURCE, root)
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "constraints.txt").write_text("numpy==2.0.0\n")
    return root


@pytest.fixture
def start(folder, monkeypatch):
    """start.py of that folder, as a module; what it sets in the environment is undone."""
    monkeypatch.setattr(os, "environ", {**os.environ, "UV_DEFAULT_INDEX": "https://chosen.example/simple"})
    spec = importlib.util.spec_from_file_location("start_under_test", folder / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def programs(start, monkeypatch):
    """Instead of installing, write down what would be run; `programs.fail` says how a program fails."""
    python = "{}.{}".format(*sys.version_info)
    record = SimpleNamespace(ran=[], states=[], fail={}, python=python)

    def execute(*command):
        line = " ".join(command).replace(start.PYTHON, "python")
        record.ran.append(line)
        record.states.append(start.read_stamp().get("state"))
        for part, error in record.fail.items():
            if part in line:
                raise error

    def ask(*command):
        return record.python if "-c" in command and start.VENV.exists() else ""

    monkeypatch.setattr(start, "execute", execute)
    monkeypatch.setattr(start, "ask", ask)
    return record
