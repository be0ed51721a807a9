"""What start.py says when something is missing: most of it provoked for real."""

import ast
import errno
import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

# An old Python


def old_python(folder, path):
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 18); sys.version = '3.9.18 (main)'; runpy.run_path(sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(folder / "start.py")]
    return subprocess.run(command, env={**os.environ, "PATH": str(path)}, capture_output=True, text=True)


def test_an_old_python_can_read_the_file_to_the_end(start):
    ast.parse(Path(start.__file__).read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_named_and_told_where_to_get_a_newer_one(folder, tmp_path):
    ended = old_python(folder, tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("minimask needs Python 3.11 or newer, and this is Python 3.9.18.\n")
    assert "python.org" in ended.stderr
    assert not (folder / ".venv").exists()


def test_an_old_python_names_a_newer_one_that_runs(folder, tmp_path):
    for name, code in (("python3.13", 1), ("python3.12", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    assert "Run:  python3.12 start.py" in old_python(folder, tmp_path).stderr


def run(folder, *arguments, **variables):
    """Run start.py as a user does, from another folder."""
    command = [sys.executable, str(folder / "start.py"), *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd="/", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


# The real thing, without a network


def test_killed_at_the_first_step_then_without_network(folder, start):
    """The two real troubles of a first run, one after the other, and nothing of them is left behind."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen([sys.executable, str(folder / "start.py"), "figures"], **quiet)
    deadline = time.monotonic() + 60
    while not (folder / ".venv" / "pyvenv.cfg").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    first.kill()
    first.wait()
    with Path(start.__file__).open() as file:
        assert not start.try_lock(file)  # what it started is still at work, and keeps the next run waiting
    assert start.read_stamp()["state"] == "creating"
    left_behind = folder / ".venv" / "half-made"
    left_behind.mkdir()

    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    second = run(folder, "figures", **offline, PIP_FIND_LINKS="", PIP_EXTRA_INDEX_URL="")
    assert second.returncode == 1, second.stdout
    assert "The network is missing" in second.stdout
    assert "Nothing is lost" in second.stdout
    assert "Traceback" not in second.stdout
    assert not left_behind.exists()
    assert start.read_stamp()["state"] == "created"  # the next run need not begin again


# What the installers say


def fails_with(start, code):
    with pytest.raises(start.SetupError) as caught:
        start.execute(sys.executable, "-c", code)
    return caught.value


def test_a_refused_connection_is_a_missing_network(start):
    error = fails_with(start, "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')")
    assert isinstance(error, start.NetworkError)
    assert "run the same command again when you are online" in str(error)


@pytest.mark.parametrize(
    "line",
    [
        "error sending request for url (http://index/simple/numpy/)",
        "  cause: dns error: failed to lookup address information",
        "'NameResolutionError(...): Temporary failure in name resolution'",
        "ReadTimeoutError: Read timed out.",
        "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate in certificate chain",
    ],
)
def test_ways_of_saying_that_the_network_is_missing(start, line):
    assert isinstance(start.explain(["Collecting uv", line, "ERROR: it failed"]), start.NetworkError)


def test_a_full_disk_is_recognized(start):
    error = fails_with(start, f"import os; raise OSError({errno.ENOSPC}, os.strerror({errno.ENOSPC}))")
    assert isinstance(error, start.DiskError)
    assert "Make room and run the same command again" in str(error)


@pytest.mark.parametrize("line", ["failed to write (os error 28)", "(os error 112)", "Disk quota exceeded"])
def test_ways_of_saying_that_the_disk_is_full(start, line):
    assert isinstance(start.explain([line]), start.DiskError)


def test_a_full_disk_is_recognized_even_if_the_installer_hides_it(start, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1e6))
    assert isinstance(fails_with(start, "raise SystemExit('ensurepip failed')"), start.DiskError)


def test_any_other_failure_shows_its_last_lines(start):
    error = fails_with(start, "raise SystemExit('no such thing')")
    assert type(error) is start.SetupError
    assert str(error).startswith("no such thing\n")


# Before anything is installed


def test_too_little_room_is_said_at_once(start, programs, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0.5e9))
    with pytest.raises(start.DiskError, match=r"has 0\.5 GB left, and the environment needs 3\.2 GB"):
        start.prepare("lab")
    assert not start.VENV.exists()


def test_no_space_left_while_writing(start, programs, monkeypatch):
    def write_stamp(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(start, "write_stamp", write_stamp)
    with pytest.raises(start.DiskError, match="The disk is full"):
        start.prepare("lab")


def test_without_ensurepip_the_package_is_named(start, programs, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(start.SetupError, match=f"sudo apt install python{programs.python}-venv"):
        start.prepare("lab")
    assert not start.VENV.exists()


def test_a_read_only_folder(folder):
    """For real; root may write everywhere, unless it gives its capabilities up."""
    folder.chmod(0o555)
    prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    command = [*prefix, sys.executable, str(folder / "start.py"), "figures"]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    folder.chmod(0o755)
    assert ended.returncode == 1
    assert ".venv cannot be written.\n" in ended.stdout
    assert "copy it to a folder of your own" in ended.stdout
