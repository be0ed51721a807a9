"""Test minimask from a wheel, with the oldest and the newest versions of everything: `python start.py matrix`.

    python start.py matrix                             all cells, and the table benchmarks/matrix.md
    python start.py matrix oldest-3.11 newest-3.14     these cells
    python start.py matrix --light tested-3.13         without torch, which is most of the download

A cell is a set of versions on one Python. `oldest` has the oldest of all that pyproject.toml names, `tested` has what
constraints.txt pins, and `newest` what came out since. Each is an environment of its own, deleted at the end. Into it
goes the wheel, built from the source distribution; the tests run beside the unpacked source, whose package is gone, so
that they test what was installed. A cell without its Python on this machine is not run, which the table says.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "benchmarks" / "matrix.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", line)]
EVERY = [f"oldest-{PYTHONS[0]}", *(f"tested-{version}" for version in PYTHONS), f"newest-{PYTHONS[-1]}"]
EXTRAS = ("lab", "tensorboard", "classroom")
"""What is tested besides the plain package: all that readers and teachers have."""
TOOLS = [line for line in PROJECT["optional-dependencies"]["test"] if line.startswith(("pytest>", "pytest-cov>"))]
SHOWN = ("numpy", "torch", "jupyterlab", "matplotlib", "scipy", "numba", "ipywidgets", "anywidget")
CHAPTER = "tests/notebooks/test_chapters.py::test_running_again_gives_the_same_file"
LIGHT = (
    "tests/geometry/test_boxes.py",
    "tests/geometry/test_imports.py",
    "tests/geometry/test_masks.py",
    "tests/geometry/test_nms.py",
    "tests/roi/test_reference.py",
    "tests/test_ledger.py",
    "tests/widgets/test_box_ceiling.py",
    "tests/widgets/test_roi_window.py",
    "tests/widgets/test_weather_map.py",
    "tests/plots/test_plots.py",
    "tests/exercises/test_watchdog.py",
    f"{CHAPTER}[00_start_here]",
)
"""What runs where torch is not, as chapters 1 to 3 do; a notebook is executed by a kernel."""
WITH_TORCH = (
    f"{CHAPTER}[03_a_magnifying_glass]",
    "tests/roi/test_torch.py::test_opcheck[torch.float32-channels-first]",
    "tests/roi/test_torch.py::test_compiles_with_a_list_of_boxes_and_a_pyramid",
    "tests/roi/test_torch.py::test_autocast",
    "tests/model/test_mask_rcnn.py::test_every_variant_trains_and_detects[published heads]",
    "tests/model/test_mask_rcnn.py::test_every_value_of_the_trace_follows_from_the_one_before",
    "tests/training/test_loop.py::test_the_same_seed_gives_the_same_bits_and_watching_changes_none",
    "tests/training/test_loop.py::test_every_step_is_one_of_the_optimizer",
    "tests/exercises/test_zoo.py::test_the_worked_example_is_right",
)
"""A chapter; operators as torch has them, compiled and under autocast; the model; a training; every exercise."""
EXAMPLES = ("--doctest-modules", "--pyargs", "minimask")
"""Those in the documentation of all public functions: they go through every file of the package."""
HEADER = f"""# Oldest and newest versions

Written by `python start.py matrix`: each line is an environment of its own, with the wheel and not the repository, in
which a choice of tests ran that takes minutes (`tests/matrix.py` names it). *Oldest* is the oldest of all that
`pyproject.toml` names, *tested* what `constraints.txt` pins, and *newest* what was newest on that day.

| cell | result | Python | {" | ".join(SHOWN)} | seconds | system | date |
|{"---|" * (len(SHOWN) + 6)}
"""


class NotRunError(Exception):
    """A cell cannot be had on this machine; the words say why."""


@dataclass
class Row:
    """What became of a cell: a line of the table."""

    cell: str
    result: str
    versions: dict[str, str]
    seconds: float

    def __str__(self) -> str:
        system = f"{platform.system()} {platform.machine()}"
        shown = [self.versions.get(name, "–") for name in ("python", *SHOWN)]
        day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        return "| " + " | ".join([self.cell, self.result, *shown, f"{self.seconds:.0f}", system, day]) + " |"


def say(text: str) -> None:
    """Print at once, also into a file."""
    print(text, flush=True)


# Programs


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Return what a program says; where it fails, raise `CalledProcessError` with it."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    done.check_returncode()
    return done.stdout


def uv(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Run the uv of this environment, which start.py has put there."""
    return run(sys.executable, "-m", "uv", *arguments, cwd=cwd)


def find_python(version: str) -> Path:
    """Return an interpreter of that version, 3.12 say, wherever such are usually kept."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [[sys.executable], [f"python{version}"], ["py", f"-{version}"]]
    candidates += [[str(path)] for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    candidates += [[found] for found in os.environ.get("MINIMASK_PYTHONS", "").split(os.pathsep) if found]
    with contextlib.suppress(subprocess.CalledProcessError):
        candidates.append([uv("python", "find", "--managed-python", "--no-python-downloads", version).strip()])
    ask = "import sys; print('%d.%d' % sys.version_info[:2], sys._base_executable)"
    for command in candidates:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            found, _, path = run(*command, "-c", ask).strip().partition(" ")
            if found == version:
                return Path(path)
    raise NotRunError(f"there is no Python {version} on this machine")


# One cell


def requirements(kind: str, source: Path, wheel: Path, light: bool) -> list[str | Path]:
    """Return what uv is to install; the project's own file makes its ranges count as asked for, not as hearsay."""
    asked: list[str | Path] = [
        f"minimask[{','.join(EXTRAS)}] @ {wheel.as_uri()}",
        *TOOLS,
        "-r",
        source / "pyproject.toml",
    ]
    for extra in EXTRAS:
        asked += ["--extra", extra]
    if kind == "oldest":
        asked += ["--resolution", "lowest-direct"]
    if kind == "tested":
        asked += ["-c", source / "constraints.txt"]
    if light:
        nowhere = source.parent / "without_torch.txt"
        nowhere.write_text("torch ; python_version < '3'\n", encoding="utf-8")
        asked += ["--override", nowhere]
    return asked


def install(python: Path, asked: Sequence[str | Path]) -> None:
    """Install into that environment; torch for the processor, where its makers' own index can be reached."""
    sources = {"UV_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_NO_INDEX", "UV_TORCH_BACKEND"}
    backends = [[]] if sources & set(os.environ) else [["--torch-backend=cpu"], []]
    for number, backend in enumerate(backends, start=1):
        try:
            uv("pip", "install", "--python", python, *backend, *asked)
        except subprocess.CalledProcessError:
            if number == len(backends):
                raise
        else:
            return


def versions_of(python: Path) -> dict[str, str]:
    """Return the versions in that environment, by name."""
    listed = json.loads(uv("pip", "list", "--quiet", "--python", python, "--format", "json"))
    return {entry["name"].lower(): entry["version"] for entry in listed}


def pytest_of(chosen: Sequence[str]) -> list[str]:
    """Return a call of pytest. What other packages warn of is theirs; of warnings, minimask's own are errors."""
    own = "filterwarnings=error:::minimask"
    return ["-m", "pytest", "-q", "--durations=5", "-p", "no:cacheprovider", "-o", "addopts=", "-o", own, *chosen]


def run_cell(name: str, source: Path, wheel: Path, light: bool) -> Row:
    """Make the environment of a cell, test in it, and delete it."""
    started, found = time.monotonic(), dict[str, str]()
    kind, _, version = name.partition("-")
    with tempfile.TemporaryDirectory(prefix="minimask-", ignore_cleanup_errors=True) as folder:
        python = Path(folder) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        try:
            base = find_python(version)
            uv("venv", "--quiet", "--allow-existing", "--python", base, folder)
            install(python, requirements(kind, source, wheel, light))
            found = versions_of(python)
            found["python"] = run(python, "-c", "import platform; print(platform.python_version())").strip()
            say(f"  installed after {time.monotonic() - started:.0f} s: {', '.join(sorted(set(found) & set(SHOWN)))}")
            result = test(python, source, light)
        except NotRunError as reason:
            result = f"**not run**: {reason}"
        except subprocess.CalledProcessError as error:
            say(error.output or "")
            result = f"**failed**: `{Path(error.cmd[0]).name} {' '.join(error.cmd[1:4])}` ended with {error.returncode}"
    return Row(name, result, found, time.monotonic() - started)


def test(python: Path, source: Path, light: bool) -> str:
    """Run the tests of a cell, which are shown, and return how they ended."""
    commands = [pytest_of(LIGHT)] if light else [pytest_of(LIGHT + WITH_TORCH), pytest_of(EXAMPLES)]
    counts = {"passed": 0, "failed": 0, "skipped": 0, "error": 0}
    for command in commands:
        done = subprocess.run([str(python), *command], cwd=source, stdout=subprocess.PIPE, encoding="utf-8")
        say(done.stdout)
        summary = done.stdout.strip().rpartition("\n")[2]
        for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", summary):
            counts[word] += int(number)
        if done.returncode and not counts["failed"] + counts["error"]:
            counts["error"] += 1  # it ended without a count
    said = ", ".join(f"{number} {word}" for word, number in counts.items() if number)
    return f"**{said}**" if counts["failed"] + counts["error"] else said


# All cells


@contextlib.contextmanager
def built() -> Iterator[tuple[Path, Path]]:
    """Build both distributions; yield the unpacked source, without its package, and the wheel."""
    with tempfile.TemporaryDirectory(prefix="minimask-") as folder:
        uv("build", "--quiet", "--out-dir", folder, ROOT)
        (wheel,) = Path(folder).glob("*.whl")
        (sdist,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        source = Path(folder) / sdist.name.removesuffix(".tar.gz")
        shutil.rmtree(source / "minimask")
        yield source, wheel


def write_report(rows: Sequence[Row], report: Path) -> None:
    """Put the rows into the table; cells that were not asked for keep the line of their last time."""
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    old = {line.split("|")[1].strip(): line for line in lines if re.match(r"\| (oldest|tested|newest)-", line)}
    table = {**old, **{row.cell: str(row) for row in rows}}
    order = sorted(table, key=lambda cell: (*(cell.startswith(kind) for kind in ("newest", "tested")), cell))
    report.write_text(HEADER + "\n".join(table[cell] for cell in order) + "\n", encoding="utf-8")


def cell_name(text: str) -> str:
    """Check the name of a cell."""
    if not re.fullmatch(r"(oldest|tested|newest)-3\.\d+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no cell; one is, for example, {EVERY[0]} or {EVERY[-1]}")
    return text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cells, print their table, and return 1 if a test failed in one of them."""
    parser = argparse.ArgumentParser(prog="start.py matrix", description="Test minimask with many versions.")
    parser.add_argument(
        "cells", nargs="*", type=cell_name, default=EVERY, metavar="CELL", help=f"of {', '.join(EVERY)}"
    )
    parser.add_argument("--light", action="store_true", help="without torch; the table is printed, not written")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the table goes")
    given = parser.parse_args(arguments)
    if not find_spec("uv"):
        say("This needs uv in the environment:  python -m pip install uv")
        return 2
    rows = []
    with built() as (source, wheel):
        for number, name in enumerate(given.cells, start=1):
            say(f"[{number}/{len(given.cells)}] {name}{' without torch' if given.light else ''}")
            rows.append(run_cell(name, source, wheel, given.light))
            say(f"{rows[-1]}\n")
            if not given.light:
                write_report(rows[-1:], given.report)  # at once: a later cell may be stopped
    say("\n".join(f"{row.cell:<12} {row.result.replace('*', '')}" for row in rows))
    missing = sum(row.result.startswith("**not run**") for row in rows)
    bad = sum(row.result.startswith("**") for row in rows) - missing
    say(f"cells: {len(rows) - bad - missing} passed, {bad} failed, {missing} NOT RUN")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
