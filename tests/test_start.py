"""start.py: what it does at every stop on the way, and what it says when something is missing."""

import ast
import contextlib
import errno
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "start.py"
VERSION = "{}.{}".format(*sys.version_info)


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
    monkeypatch.setattr(os, "environ", dict(os.environ))
    spec = importlib.util.spec_from_file_location("start_under_test", folder / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def programs(start, monkeypatch):
    """Instead of installing, write down what would be run; `programs.fail` says how a program fails."""

    class Programs:
        ran: list[str]
        states: list[str]
        fail: dict[str, Exception]
        python: str

    record = Programs()
    record.ran, record.states, record.fail, record.python = [], [], {}, VERSION

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


def stamp(start, **changes):
    """Make a .venv that looks finished, but for the changes."""
    python = Path(start.PYTHON)
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    start.write_stamp({**start.identity(), "state": "ready", "extra": "lab", **changes})


def run(folder, *arguments, **variables):
    """Run start.py as a user does, from another folder."""
    command = [sys.executable, str(folder / "start.py"), *arguments]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd="/", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


# An old Python


def old_python(folder, path):
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 18); sys.version = '3.9.18 (main)'; runpy.run_path(sys.argv[1])"
    )
    command = [sys.executable, "-c", code, str(folder / "start.py")]
    return subprocess.run(command, env={**os.environ, "PATH": str(path)}, capture_output=True, text=True)


def test_an_old_python_can_read_the_file_to_the_end():
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))


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


def test_a_full_disk_is_recognised(start):
    error = fails_with(start, f"import os; raise OSError({errno.ENOSPC}, os.strerror({errno.ENOSPC}))")
    assert isinstance(error, start.DiskError)
    assert "Make room and run the same command again" in str(error)


@pytest.mark.parametrize("line", ["failed to write (os error 28)", "(os error 112)", "Disk quota exceeded"])
def test_ways_of_saying_that_the_disk_is_full(start, line):
    assert isinstance(start.explain([line]), start.DiskError)


def test_a_full_disk_is_recognised_even_if_the_installer_hides_it(start, monkeypatch):
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
    with pytest.raises(start.DiskError, match=r"has 0\.5 GB left, and the environment needs 1\.2 GB"):
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
    with pytest.raises(start.SetupError, match=f"sudo apt install python{VERSION}-venv"):
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
    start.find_installers()
    assert os.environ["UV_FIND_LINKS"] == "/wheels,/more"
    assert os.environ["SSL_CERT_FILE"] == "/etc/certificates.pem"
    assert os.environ["UV_DEFAULT_INDEX"] == "https://chosen.example/simple"


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


# The words


def test_help_lists_every_word(start, capsys):
    assert start.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {word} " in out for word in start.WORDS)


def test_an_unknown_word_is_answered_with_the_known_ones(start, capsys):
    assert start.main(["tset"]) == 2
    out = capsys.readouterr().out
    assert "'tset'" in out
    assert all(word in out for word in start.WORDS)


@pytest.fixture
def calls(start, monkeypatch):
    """Write down what a word would run, in an environment that is there."""
    calls = []
    monkeypatch.setattr(start, "prepare", lambda extra: calls.append(extra))
    monkeypatch.setattr(start, "run", lambda *command: calls.append(" ".join(command[1:])) or 4 - len(calls))
    return calls


@pytest.mark.parametrize("arguments", [[], ["lab"]])
def test_no_word_is_lab(start, calls, arguments):
    start.main([*arguments, "--port=9999"])
    assert calls[0] == "lab"
    assert calls[1].startswith("-m jupyterlab ")
    assert calls[1].endswith(" --port=9999")


def test_what_follows_the_word_is_passed_on(start, calls):
    start.main(["test", "-k", "boxes"])
    assert calls == ["test", "-m pytest --ignore=tests/browser --cov=minimask -k boxes"]


def test_lint_goes_on_after_a_failure_and_reports_it(start, calls):
    assert start.main(["lint"]) == 2  # the stand-in for run answers 2, 1, 0
    assert calls == ["test", "-m ruff check", "-m ruff format --check", "-m mypy"]


def test_figures_runs_every_script(start, calls, folder):
    for name in ("b.py", "a.py", "a.png"):
        (folder / "figures" / name).touch()
    start.main(["figures"])
    assert calls == ["lab", str(folder / "figures/a.py"), str(folder / "figures/b.py")]


def test_a_folder_without_scripts_is_named(start, calls, capsys):
    assert start.main(["bench"]) == 1
    assert "There are no scripts in" in capsys.readouterr().out


def test_lab_needs_no_display(start, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        os.environ.pop(name, None)
    assert "--no-browser" in start.lab_options()
    os.environ["DISPLAY"] = ":0"
    assert "--no-browser" not in start.lab_options()


def test_a_browser_is_found_or_asked_for(start, tmp_path):
    os.environ["MINIMASK_BROWSER"] = sys.executable
    assert start.find_browser() == sys.executable
    os.environ["MINIMASK_BROWSER"] = str(tmp_path / "nowhere")
    with pytest.raises(start.SetupError, match="sudo apt install chromium"):
        start.find_browser()
    del os.environ["MINIMASK_BROWSER"]
    program = tmp_path / "chromium"
    program.write_text("")
    program.chmod(0o755)
    os.environ["PATH"] = str(tmp_path)
    assert start.find_browser() == "chromium"


# Programs in the foreground


def prepared(folder, start, script):
    """Return start.py running a script in a finished environment, once the script says so."""
    Path(start.PYTHON).parent.mkdir(parents=True)
    Path(start.PYTHON).symlink_to(sys.executable)
    start.write_stamp({**start.identity(), "state": "ready", "extra": "lab"})
    (folder / "figures" / "one.py").write_text(script)
    command = [sys.executable, str(folder / "start.py"), "figures"]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, cwd="/", start_new_session=True, **both)
    while "ready" not in process.stdout.readline():
        assert process.poll() is None
    return process


WAIT = "import time\ntry:\n    print('ready', flush=True)\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    pass\n"


def test_exit_codes_are_passed_on(folder, start):
    process = prepared(folder, start, "print('ready'); raise SystemExit(7)")
    process.communicate()
    assert process.returncode == 7


def test_ctrl_c_ends_quietly_with_130(folder, start):
    process = prepared(folder, start, WAIT)
    os.killpg(process.pid, signal.SIGINT)
    out = process.communicate()[0]
    assert process.returncode == 130
    assert out.strip() == "Stopped. To go on, run the same command again."


def test_terminating_start_terminates_what_it_runs(folder, start):
    process = prepared(folder, start, WAIT)
    process.terminate()
    process.communicate(timeout=30)  # returns only when the script has closed its output too
    assert process.returncode == 128 + signal.SIGTERM


def test_trouble_is_told_without_a_traceback(start, monkeypatch, capsys):
    def prepare(_):
        raise start.NetworkError("The network is missing.")

    monkeypatch.setattr(start, "prepare", prepare)
    assert start.main(["test"]) == 1
    assert capsys.readouterr().out == "\nThe network is missing.\n"
