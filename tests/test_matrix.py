"""The version matrix: what a cell installs, how its end is told, and that a missing Python is never passed over."""

import importlib.util
import sys
from contextlib import nullcontext
from pathlib import Path
from subprocess import CalledProcessError
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
HERE = "{}.{}".format(*sys.version_info)


@pytest.fixture
def matrix(monkeypatch):
    spec = importlib.util.spec_from_file_location("matrix_of_versions", ROOT / "tests" / "matrix.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def asked(matrix, monkeypatch, tmp_path):
    """Instead of making environments, write down what uv is asked for; `asked.ends` says how tests end in them."""
    asked = SimpleNamespace(lines=[], ends="3 passed in 1.0s", code=0, tested=[])

    def uv(*words, cwd=None):
        asked.lines.append(" ".join(map(str, words)))
        return '[{"name": "NumPy", "version": "2.0.0"}]' if "list" in words else "\n"

    def program(command, **settings):
        asked.tested.append(command[1:])
        return SimpleNamespace(stdout=f"....\n{asked.ends}\n", returncode=asked.code)

    source = tmp_path / "minimask-0.1.0"
    source.mkdir()
    wheel = tmp_path / "minimask-0.1.0-py3-none-any.whl"
    monkeypatch.setattr(matrix, "uv", uv)
    monkeypatch.setattr(matrix, "run", lambda *command, cwd=None: f"{HERE} {sys.executable}")
    known = SimpleNamespace(run=program, PIPE=-1, CalledProcessError=CalledProcessError)
    monkeypatch.setattr(matrix, "subprocess", known)
    monkeypatch.setattr(matrix, "built", lambda: nullcontext((source, wheel)))
    return asked


def test_the_matrix_has_each_python_and_both_ends(matrix):
    assert matrix.EVERY[0] == f"oldest-{matrix.PYTHONS[0]}"
    assert matrix.EVERY[-1] == f"newest-{matrix.PYTHONS[-1]}"
    assert [f"tested-{version}" for version in matrix.PYTHONS] == matrix.EVERY[1:-1]


def test_every_chosen_test_exists(matrix):
    for name in (*matrix.LIGHT, *matrix.WITH_TORCH):
        file, _, test = name.partition("[")[0].partition("::")
        assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8") or not test, name


@pytest.mark.parametrize(
    ("kind", "wanted"), [("oldest", "--resolution lowest-direct"), ("tested", "constraints.txt"), ("newest", "")]
)
def test_a_cell_is_the_versions_of_its_name_and_no_others(matrix, asked, kind, wanted):
    assert matrix.main([f"{kind}-{HERE}", "--light"]) == 0
    (line,) = [line for line in asked.lines if line.startswith("pip install")]
    assert wanted in line
    assert ("lowest-direct" in line, "constraints.txt" in line) == (kind == "oldest", kind == "tested")
    assert "minimask[lab,tensorboard,classroom] @ file://" in line
    assert "pytest>=" in line


def test_with_torch_the_examples_of_the_whole_package_run_too(matrix, asked, tmp_path):
    report = tmp_path / "matrix.md"
    assert matrix.main([f"tested-{HERE}", "--report", str(report)]) == 0
    assert [command[-3:] for command in asked.tested][-1] == ["--doctest-modules", "--pyargs", "minimask"]
    assert f"\n| tested-{HERE} | 6 passed | " in report.read_text(encoding="utf-8")
    assert not any("--override" in line for line in asked.lines)


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        ("1 failed, 2 passed in 1.0s", 1, "2 passed, 1 failed"),
        ("2 passed, 1 error in 1.0s", 1, "2 passed, 1 error"),
        ("Fatal Python error: Segmentation fault", -11, "1 error"),
        ("no tests ran in 0.01s", 5, "1 error"),
    ],
)
def test_a_failure_is_told_and_counts(matrix, asked, capsys, ends, code, said):
    asked.ends, asked.code = ends, code
    assert matrix.main([f"tested-{HERE}", "--light"]) == 1
    out = capsys.readouterr().out
    assert f"| **{said}** |" in out
    assert out.endswith("cells: 0 passed, 1 failed, 0 NOT RUN\n")


def test_what_cannot_be_installed_is_a_failure(matrix, asked, capsys, monkeypatch):
    def uv(*words, cwd=None):
        raise CalledProcessError(1, ["uv", *map(str, words)], output="no such version")

    monkeypatch.setattr(matrix, "uv", uv)
    assert matrix.main([f"tested-{HERE}", "--light"]) == 1
    out = capsys.readouterr().out
    assert "no such version" in out
    assert out.endswith("cells: 0 passed, 1 failed, 0 NOT RUN\n")


def test_a_missing_python_is_said_aloud_and_no_failure(matrix, asked, capsys, tmp_path):
    report = tmp_path / "matrix.md"
    assert matrix.main([f"tested-{HERE}", "newest-3.99", "--report", str(report)]) == 0
    out = capsys.readouterr().out
    assert out.endswith("cells: 1 passed, 0 failed, 1 NOT RUN\n")
    assert "newest-3.99" in report.read_text(encoding="utf-8")
    assert "**not run**: there is no Python 3.99 on this machine" in report.read_text(encoding="utf-8")


def test_the_table_keeps_the_lines_of_other_cells_in_order(matrix, tmp_path):
    report = tmp_path / "matrix.md"
    for name, result in (("tested-3.11", "1 passed"), ("newest-3.13", "2 passed"), ("oldest-3.11", "3 passed")):
        matrix.write_report([matrix.Row(name, result, {"python": "3.11.9", "numpy": "2.0.0"}, 61.4)], report)
    matrix.write_report([matrix.Row("tested-3.11", "4 passed", {}, 1)], report)
    lines = [line.split(" | ")[:2] for line in report.read_text(encoding="utf-8").splitlines() if "passed |" in line]
    assert lines == [["| oldest-3.11", "3 passed"], ["| tested-3.11", "4 passed"], ["| newest-3.13", "2 passed"]]
    assert "| 3.11.9 | 2.0.0 | – |" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["oldest", "tested-2.7", "latest-3.11", "--fast"])
def test_what_is_no_cell_is_refused(matrix, name, capsys):
    with pytest.raises(SystemExit) as end:
        matrix.main([name])
    assert end.value.code == 2
    assert name in capsys.readouterr().err
