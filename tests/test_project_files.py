"""The files around the code agree with each other: versions, dependencies, commands, settings, licenses."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import json5
import pytest
import yaml
from jsonschema import Draft7Validator
from jupyterlab_server.settings_utils import get_settings
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import minimask

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WITHOUT_A_CARD = ("lab", "tensorboard", "classroom", "site", "test", "parity")
WANTED = [
    Requirement(line)
    for line in [*PROJECT["dependencies"], *(line for name in WITHOUT_A_CARD for line in EXTRAS[name])]
]
PINNED = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

LIBRARIES_OF_CARDS = re.compile(r"(cuda|nvidia)-|triton$")


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def words():
    """The words of start.py."""
    spec = importlib.util.spec_from_file_location("start_of_the_repository", ROOT / "start.py")
    start = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(start)
    return set(start.WORDS)


# Dependencies stand in pyproject.toml alone


def test_conda_brings_python_and_leaves_the_rest_to_pyproject():
    python, pip, rest = yaml.safe_load(text("environment.yml"))["dependencies"]
    assert python == f"python{PROJECT['requires-python']}"
    assert pip == "pip"
    assert rest == {"pip": ["-c constraints.txt", "-e .[lab]"]}


def test_the_script_and_the_package_ask_for_the_same_python():
    oldest = re.search(r"^OLDEST: .* = \((\d+), (\d+)\)", text("start.py"), re.MULTILINE)
    assert PROJECT["requires-python"] == ">={}.{}".format(*oldest.groups())


def test_constraints_are_pins_and_nothing_else():
    for pin in PINNED:
        assert pin.url is None
        assert not pin.extras
        assert [one.operator for one in pin.specifier] == ["=="], pin


@pytest.mark.parametrize("requirement", WANTED, ids=str)
def test_constraints_lie_in_the_ranges_of_pyproject(requirement):
    if requirement.name == PROJECT["name"]:
        assert requirement.extras <= set(EXTRAS)
        return
    pins = [pin for pin in PINNED if canonicalize_name(pin.name) == canonicalize_name(requirement.name)]
    if LIBRARIES_OF_CARDS.match(requirement.name):
        assert not pins, "every build of torch wants its own"
        return
    assert pins, f"{requirement.name} is not in constraints.txt"
    for pin in pins:
        (version,) = (one.version for one in pin.specifier)
        assert requirement.specifier.contains(version), f"{pin} is outside {requirement}"


def test_constraints_reach_to_the_last_dependency():
    """Follow the metadata of what is installed, from the extras on, as an installer would on this machine."""
    pinned = {canonicalize_name(pin.name) for pin in PINNED if pin.marker is None or pin.marker.evaluate()}
    elsewhere = {PROJECT["name"], "torchjd", "torchvision"}  # these two live in the environment of parity
    seen, waiting = set(), [requirement for requirement in WANTED if requirement.name not in elsewhere]
    while waiting:
        requirement = waiting.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in importlib.metadata.requires(requirement.name) or []:
            needed = Requirement(line)
            extras = requirement.extras | {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    assert {name for name, _ in seen if not LIBRARIES_OF_CARDS.match(name)} - pinned == set()


def test_no_extra_is_forgotten_here():
    assert set(EXTRAS) == {*WITHOUT_A_CARD, "cuda"}


def test_whoever_tests_has_what_builds_the_wheel():
    """The wheel is built without a network, so not in an environment of its own."""
    of_test = {requirement.name: requirement for requirement in map(Requirement, EXTRAS["test"])}
    build = tomllib.loads(text("pyproject.toml"))["build-system"]
    for needed in map(Requirement, build["requires"]):
        assert set(needed.specifier) <= set(of_test[needed.name].specifier), needed


PYTHONS = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", line)]


def test_the_pythons_that_are_named_go_on_from_the_oldest_without_a_gap():
    oldest = int(PROJECT["requires-python"].removeprefix(">=3."))
    assert [f"3.{oldest + number}" for number in range(len(PYTHONS))] == PYTHONS
    assert len(PYTHONS) >= 3


@pytest.mark.parametrize("version", PYTHONS)
def test_constraints_are_for_every_python_that_is_named(version):
    """Each Python gets one pin of a package, never two that contradict each other, and never none."""
    assert version in SpecifierSet(PROJECT["requires-python"])
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    active = [pin.name for pin in PINNED if pin.marker is None or Marker(str(pin.marker)).evaluate(environment)]
    assert len(active) == len(set(active))
    wanted = {requirement.name for requirement in WANTED if not LIBRARIES_OF_CARDS.match(requirement.name)}
    assert wanted - {PROJECT["name"]} <= set(active)


# One version, one license


def test_one_version_everywhere():
    newest, date = re.search(r"^## (\S+) \((\S+)\)", text("CHANGELOG.md"), re.MULTILINE).groups()
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["version"] == minimask.__version__ == newest
    assert citation["date-released"] == date


def test_one_license_everywhere():
    assert PROJECT["license"] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert yaml.safe_load(text("CITATION.cff"))["license"] == "MIT"
    assert text("LICENSE").startswith("MIT License\n")
    (author,) = PROJECT["authors"]
    assert f"Copyright (c) 2026 {author['name']}\n" in text("LICENSE")


# Commands


def test_ci_runs_the_commands_of_the_readme_and_ends_with_the_tests():
    commands = [line for line in text(".ci/run").splitlines() if line.startswith("python3 start.py")]
    ends = f"matrix --light oldest-{PYTHONS[0]} tested-{PYTHONS[-1]}"  # what the whole matrix begins and ends with
    assert commands == [f"python3 start.py {words}" for words in ("lint", "browser", "parity", ends, "test")]
    assert text(".ci/run").rstrip().endswith(commands[-1])
    assert "set -euo pipefail" in text(".ci/run")
    assert subprocess.run([shutil.which("bash"), "-n", ROOT / ".ci" / "run"]).returncode == 0
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_documented_commands_exist(name):
    named = set(re.findall(r"python3? start\.py(?: ([a-z]\w*))?", text(name)))
    assert named - {""} <= words()
    assert "test" in named


def test_the_readme_shows_the_two_commands():
    block = re.search(r"^```\w*\n(.*?start\.py.*?)^```", text("README.md"), re.MULTILINE | re.DOTALL)[1].splitlines()
    assert "python start.py" in block
    assert "python start.py test" in block


def test_make_knows_the_same_words():
    phony, rule = re.findall(r"^(?:\.PHONY: )?([a-z ]+?):?$", text("Makefile"), re.MULTILINE)
    assert set(phony.split()) == set(rule.split()) == words()


# JupyterLab for a class


SETTINGS = json5.loads(text("lab/overrides.json5"))


@pytest.mark.parametrize("plugin", SETTINGS)
def test_settings_are_in_force_and_allowed_in_the_installed_jupyterlab(plugin, tmp_path):
    share = Path(sys.prefix) / "share" / "jupyter"
    schemas, extensions = share / "lab" / "schemas", [str(share / "labextensions")]
    places = {"schemas_dir": str(schemas), "settings_dir": str(tmp_path), "labextensions_path": extensions}
    plain, _ = get_settings(app_settings_dir=str(tmp_path), schema_name=plugin, **places)
    ours, _ = get_settings(app_settings_dir=str(ROOT / "lab"), schema_name=plugin, **places)
    for name, value in SETTINGS[plugin].items():
        Draft7Validator(plain["schema"]["properties"][name]).validate(value)
        in_force = ours["schema"]["properties"][name]["default"]
        assert (value.items() <= in_force.items()) if isinstance(value, dict) else (value == in_force)


# What does not belong into a repository


def committed_texts():
    folders = ["minimask", "tests", "notebooks", "figures", "benchmarks", "docs", "lab", ".ci"]
    files = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage"]
    files += [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    generated = {"__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    binary = {".png", ".gif", ".npz", ".safetensors", ".zip"}
    return [path for path in files if path.suffix not in binary and not generated & set(path.parts)]


def test_no_text_names_a_registry_or_a_path_of_one_machine():
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.", "ana" + "conda.org"]
    places = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "C:" + "\\Users"]
    texts = committed_texts()
    assert {"README.md", "start.py", "overrides.json5"} <= {path.name for path in texts}
    for path in texts:
        content = path.read_text(encoding="utf-8")
        assert not [word for word in hosts + places if word in content], path
