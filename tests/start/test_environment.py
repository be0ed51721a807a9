"""How start.py makes and updates the environment, whatever was there before."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest


def stamp(start, **changes):
    """Make a .venv that looks finished, but for the changes."""
    python = Path(start.PYTHON)
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    start.write_stamp({**start.identity(), "state": "ready", "extra": "lab", **changes})


# Making and updating


def test_a_first_run_makes_everything_in_order(start, programs):
    start.prepare("lab")
    steps = [line.split(" -m ")[1] if " -m " in line else line for line in programs.ran]
    assert steps[0] == f"venv {start.VENV}"
    assert steps[1:3] == ["ensurepip", "pip install --disable-pip-version-check uv"]
    assert steps[3] == "uv pip install --python python -c constraints.txt -e .[lab]"
    assert steps[4].startswith("python -c import")
    assert programs.states == ["creating", "created", "created", "installing", "installing"]
    assert start.read_stamp() == {**start.identity(), "state": "ready", "extra": "lab"}


def test_the_second_run_starts_no_program(start, monkeypatch):
    stamp(start)
    monkeypatch.setattr(subprocess, "Popen", None)
    start.prepare("lab")


@pytest.mark.parametrize("change", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_are_installed_into_what_is_there(start, programs, folder, change):
    stamp(start)
    (folder / change).write_text("# changed\n")
    start.prepare("lab")
    assert not any("venv" in line for line in programs.ran)
    assert any("-e .[lab]" in line for line in programs.ran)
    assert start.read_stamp() == {**start.identity(), "state": "ready", "extra": "lab"}


def test_what_the_site_needs_holds_what_the_lab_needs(start, programs, folder):
    stamp(start)
    start.prepare("site")
    assert any("-e .[site]" in line for line in programs.ran)
    programs.ran.clear()
    for extra in ("lab", "site", "lab"):  # going to and fro installs nothing
        start.prepare(extra)
    assert programs.ran == []
    (folder / "constraints.txt").write_text("# changed\n")
    start.prepare("lab")
    assert any("-e .[site]" in line for line in programs.ran)


def test_tests_need_more_and_what_is_there_is_never_taken_away(start, programs, folder):
    stamp(start)
    start.prepare("test")
    assert any("-e .[test]" in line for line in programs.ran)
    (folder / "constraints.txt").write_text("# changed\n")
    programs.ran.clear()
    start.prepare("lab")
    assert any("-e .[test]" in line for line in programs.ran)
    programs.ran.clear()
    start.prepare("lab")
    assert programs.ran == []


@pytest.mark.parametrize(
    "change", [{"state": "creating"}, {"state": "installing"}, {"folder": "/elsewhere"}, {"python": "3.10"}]
)
def test_what_is_half_made_or_anothers_is_made_anew(start, programs, change):
    stamp(start, **change)
    leftovers = start.VENV / "lib"
    leftovers.mkdir()
    start.prepare("lab")
    assert programs.ran[0].endswith(f"-m venv {start.VENV}")
    assert not leftovers.exists()
    assert start.read_stamp()["state"] == "ready"


def test_a_broken_interpreter_is_made_anew(start, programs):
    stamp(start, requirements="others")
    programs.python = ""
    start.prepare("lab")
    assert programs.ran[0].endswith(f"-m venv {start.VENV}")


def test_an_environment_of_someone_else_is_used_and_marked_only_at_the_end(start, programs):
    (start.VENV / "their-own").mkdir(parents=True)
    start.prepare("lab")
    assert not any("-m venv" in line for line in programs.ran)
    assert set(programs.states) == {None}
    assert (start.VENV / "their-own").exists()
    assert start.read_stamp()["state"] == "ready"


def test_an_environment_of_someone_else_with_another_python_is_left_alone(start, programs):
    (start.VENV / "their-own").mkdir(parents=True)
    programs.python = "3.99"
    with pytest.raises(start.SetupError, match=r"made with Python 3\.99"):
        start.prepare("lab")
    assert programs.ran == []
    assert (start.VENV / "their-own").exists()


# When an installer fails


def installs(programs):
    return [
        line.split(" -m ")[1].split()[0] + (" tested" if "-c" in line else "")
        for line in programs.ran
        if "-e ." in line
    ]


def test_versions_that_do_not_fit_are_replaced_and_it_is_said(start, programs, capsys):
    programs.fail["-c constraints.txt"] = start.SetupError("no solution found")
    start.prepare("lab")
    assert installs(programs) == ["uv tested", "uv"]
    assert "not in the versions of constraints.txt" in capsys.readouterr().out


def test_where_uv_reaches_nothing_pip_may(start, programs):
    programs.fail["-m uv"] = start.NetworkError("only pip knows the mirror")
    start.prepare("lab")
    assert installs(programs) == ["uv tested", "pip tested"]


@pytest.mark.parametrize("kind", ["NetworkError", "DiskError"])
def test_without_network_or_room_nothing_else_is_tried(start, programs, kind):
    programs.fail["version-check uv"] = getattr(start, kind)("not now")
    with pytest.raises(start.SetupError, match="not now"):
        start.prepare("lab")
    assert installs(programs) == []


def test_where_there_is_no_uv_pip_does_it(start, programs):
    programs.fail["version-check uv"] = start.SetupError("no matching distribution")
    start.prepare("lab")
    assert installs(programs) == ["pip tested"]


def test_a_full_disk_ends_it_and_the_next_run_begins_anew(start, programs):
    stamp(start, requirements="older")
    programs.fail["-e .[lab]"] = start.DiskError("full")
    with pytest.raises(start.DiskError):
        start.prepare("lab")
    assert installs(programs) == ["uv tested"]
    assert start.read_stamp()["state"] == "installing"


def test_an_update_without_network_goes_on_with_what_is_there(start, programs, capsys):
    stamp(start, requirements="older")
    programs.fail["-e .[lab]"] = start.NetworkError("offline")
    start.prepare("lab")
    assert "goes on with the packages of the last time" in capsys.readouterr().out
    assert start.read_stamp()["requirements"] == "older"  # so that the next run tries again
    assert start.read_stamp()["state"] == "ready"


def test_an_update_that_brings_more_cannot_go_on_without_network(start, programs):
    stamp(start, requirements="older")
    programs.fail["-e .[test]"] = start.NetworkError("offline")
    with pytest.raises(start.NetworkError):
        start.prepare("test")
    assert start.read_stamp()["state"] == "ready"


def test_packages_that_cannot_be_imported_are_not_called_ready(start, programs):
    programs.fail["import"] = start.SetupError("ImportError")
    with pytest.raises(start.SetupError):
        start.prepare("lab")
    assert start.read_stamp()["state"] == "installing"


def test_uv_is_given_the_settings_of_pip(start, programs, monkeypatch):
    listing = "\n".join(
        [
            ":env:.find-links='/wheels /more'",
            "global.cert='/etc/certificates.pem'",
            "global.find-links='/elsewhere'",
            "global.index-url='https://mirror.example/simple'",
            "install.user='true'",
        ]
    )
    monkeypatch.setattr(start, "ask", lambda *command: listing if "config" in command else "1")
    os.environ["UV_DEFAULT_INDEX"] = "https://chosen.example/simple"
    os.environ.pop("UV_FIND_LINKS", None)
    os.environ.pop("SSL_CERT_FILE", None)
    start.find_installers("lab")
    assert os.environ["UV_FIND_LINKS"] == "/wheels,/more"
    assert os.environ["SSL_CERT_FILE"] == "/etc/certificates.pem"
    assert os.environ["UV_DEFAULT_INDEX"] == "https://chosen.example/simple"


def test_without_sources_of_ones_own_the_torch_that_fits_the_machine_is_asked_for_first(start, programs):
    for name in start.OWN_SOURCES:
        os.environ.pop(name, None)
    programs.fail["--torch-backend=auto"] = start.NetworkError("the host of these builds does not answer")
    start.prepare("lab")
    tried = [line for line in programs.ran if "-e ." in line]
    assert ["--torch-backend=auto" in line for line in tried] == [True, False]
    assert all("-m uv" in line for line in tried)


@pytest.mark.parametrize("name", ["UV_FIND_LINKS", "UV_TORCH_BACKEND"])
def test_whoever_chose_their_sources_gets_torch_from_there(start, programs, name):
    os.environ[name] = "chosen"
    start.prepare("lab")
    assert not any("--torch-backend" in line for line in programs.ran)


def test_parity_has_an_environment_of_its_own_without_anybodys_torch(start, programs):
    os.environ.update(UV_FIND_LINKS="wheels", PIP_FIND_LINKS="wheels")
    before, apart = start.VENV, start.VENV.with_name(".venv-parity")
    start.prepare("parity")
    assert apart == start.VENV
    assert not before.exists()
    assert programs.ran[-1].endswith("import numba, torchvision")
    assert any(line.endswith("-c constraints.txt -e .[parity]") for line in programs.ran)
    assert not {"UV_FIND_LINKS", "PIP_FIND_LINKS"} & set(os.environ)


# Two at once


def test_a_second_run_waits_for_the_first(start, monkeypatch, capsys):
    with contextlib.ExitStack() as first:
        first.enter_context(start.only_one_run())
        monkeypatch.setattr(time, "sleep", lambda _: first.close())
        with start.only_one_run():
            assert "waiting" in capsys.readouterr().out


def test_an_installer_that_outlives_a_killed_run_keeps_the_lock(start):
    with start.only_one_run():
        code = "print(1, flush=True); input()"
        pipe = subprocess.PIPE
        orphan = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, close_fds=False)
        assert orphan.stdout.readline()
    with Path(start.__file__).open() as file:
        assert not start.try_lock(file)
        orphan.communicate(b"\n")
        assert start.try_lock(file)
