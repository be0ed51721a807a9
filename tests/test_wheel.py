"""What is published: the source distribution has all that is kept, the wheel built from it works without the rest."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt
from packaging.metadata import Metadata
from packaging.requirements import Requirement

import minimask

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MEGABYTES_OF_WHEEL, MEGABYTES_OF_SOURCE = 24, 40  # 19 and 28 when this was written: weights and records of long runs
ELSEWHERE = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_", "COVERAGE"))}


def run(*command, **settings):
    """Run a program that must succeed, and return what it says."""
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8"}
    done = subprocess.run([str(word) for word in command], **{**said, "env": ELSEWHERE, **settings})
    assert done.returncode == 0, done.stdout
    return done.stdout


def build(target, folder, into):
    """Build without a network, with what is installed here; return the file."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", into, cwd=folder)
    (file,) = into.glob({"sdist": "*.tar.gz", "wheel": "*.whl"}[target])
    return file


def kept(folder):
    """The files of a folder by their path from there, without what Python leaves behind."""
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): path for path in files}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Both distributions, the wheel built as those who have only the source build it, and the source unpacked."""
    into, source = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("source")
    sdist = build("sdist", ROOT, into)
    with tarfile.open(sdist) as archive:
        archive.extractall(source, filter="data")
    (source,) = source.iterdir()
    return SimpleNamespace(sdist=sdist, source=source, wheel=build("wheel", source, into))


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The programs of an environment with the wheel; all other packages are those of this one."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder, symlinks=os.name != "nt")
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--no-deps", "--no-index", "--no-compile", built.wheel)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    packages = {str(Path(find_spec(name).origin).parents[1]) for name in ("numpy", "torch")}  # not this minimask
    (site / "others.pth").write_text("\n".join(packages) + "\n", encoding="utf-8")
    return SimpleNamespace(python=python, programs=programs, site=site)


# What is in them


def test_the_source_distribution_has_every_file_that_is_kept(built):
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no clone: what is kept, nobody says")
    tracked = {name for name in listed.splitlines() if (ROOT / name).is_file()}
    assert {"start.py", ".ci/run", "minimask/py.typed", "docs/conf.py", "benchmarks/nms.md"} <= tracked
    assert tracked - set(kept(built.source)) == set()


def test_the_wheel_has_the_package_to_the_last_byte_and_nothing_else(built):
    package = kept(ROOT / "minimask")
    with zipfile.ZipFile(built.wheel) as wheel:
        inside = {name: wheel.read(name) for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")}
    assert set(inside) == {f"minimask/{name}" for name in package}
    assert [name for name, path in package.items() if inside[f"minimask/{name}"] != path.read_bytes()] == []
    suffixes = {Path(name).suffix for name in package}
    assert {".py", ".js", ".css", ".json", ".toml", ".npz", ".safetensors", ".typed"} <= suffixes


def test_neither_is_larger_than_it_must_be(built):
    assert built.wheel.stat().st_size < MEGABYTES_OF_WHEEL * 1e6
    assert built.sdist.stat().st_size < MEGABYTES_OF_SOURCE * 1e6


# What they say about themselves


@pytest.fixture(scope="module")
def described(built):
    """The metadata, as a package index would read and check them, and the names beside them."""
    with zipfile.ZipFile(built.wheel) as wheel:
        names = [name for name in wheel.namelist() if name.split("/")[0].endswith(".dist-info")]
        text = wheel.read(next(name for name in names if name.endswith("/METADATA"))).decode()
        entries = wheel.read(next(name for name in names if name.endswith("/entry_points.txt"))).decode()
    assert (built.source / "PKG-INFO").read_text(encoding="utf-8") == text
    return SimpleNamespace(metadata=Metadata.from_email(text, validate=True), text=text, names=names, entries=entries)


def test_the_metadata_are_complete(described):
    about = described.metadata
    assert (about.name, str(about.version)) == ("minimask", minimask.__version__)
    assert (about.summary, about.keywords) == (PROJECT["description"], PROJECT["keywords"])
    assert (about.license_expression, about.license_files) == ("MIT", ["LICENSE"])
    assert str(about.requires_python) == PROJECT["requires-python"]
    assert about.classifiers == PROJECT["classifiers"]
    for topic in ("Development Status", "Framework", "Intended Audience", "Operating System", "Topic", "Typing"):
        assert any(line.startswith(f"{topic} ::") for line in about.classifiers), topic
    assert any(name.endswith("/licenses/LICENSE") for name in described.names)
    assert described.entries == "[console_scripts]\nminimask = minimask.cli:main\n"


def test_who_installs_it_gets_what_it_needs(described):
    plain = {str(one) for one in described.metadata.requires_dist if one.marker is None}
    assert plain == {str(Requirement(line)) for line in PROJECT["dependencies"]}
    assert set(described.metadata.provides_extra) == set(PROJECT["optional-dependencies"])


def tokens(markdown):
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        yield token
        yield from token.children or ()


def test_the_description_can_be_read_where_the_repository_is_not(described):
    assert described.metadata.description_content_type == "text/markdown"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown, whole = list(tokens(described.metadata.description)), list(tokens(readme))
    targets = [
        token.attrs.get("href") or token.attrs.get("src") for token in shown if token.type in ("link_open", "image")
    ]
    assert [target for target in targets if not re.match(r"https?://|#", target)] == []
    for kind in ("fence", "heading_open", "code_inline", "tr_open"):  # nothing else is lost
        assert [t.content for t in shown if t.type == kind] == [t.content for t in whole if t.type == kind], kind
    assert message_from_string(described.text)["Description-Content-Type"] == "text/markdown"


# What they do


def test_what_was_installed_works_in_an_empty_folder(installed, tmp_path):
    script = shutil.copy(ROOT / "tests" / "installed.py", tmp_path)
    said = run(installed.python, script, cwd=tmp_path)
    assert f"in {installed.site / 'minimask'}\n" in said
    assert re.search(r"^(\d+) passed, 0 failed$", said, re.MULTILINE)


def test_the_command_line_is_installed(installed, tmp_path):
    program = installed.programs / "minimask"
    assert run(program, "--version", cwd=tmp_path) == f"minimask {minimask.__version__}\n"
    assert "export-coco" in run(program, "--help", cwd=tmp_path)
    run(program, "export-coco", "easy", "--pictures", "2", cwd=tmp_path)
    assert len(list((tmp_path / "easy" / "images").iterdir())) == 2
    assert (tmp_path / "easy" / "annotations.json").is_file()
