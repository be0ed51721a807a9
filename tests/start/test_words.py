"""What start.py can be asked to do, and how programs run in the foreground."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_what_follows_the_word_is_passed_on(start, calls, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "for the way back")
    monkeypatch.delenv("OMP_NUM_THREADS")
    start.main(["test", "-k", "boxes"])
    cores = min(os.cpu_count() or 1, 8)
    known = f"--ignore=tests/browser --ignore=tests/parity -n {cores} --dist worksteal"
    assert calls == ["test", f"-m pytest {known} -k boxes"]
    assert os.environ["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("word", ["test", "browser", "parity"])
def test_bytecode_is_kept_in_the_environment_where_none_may_lie_beside_the_sources(start, word):
    os.environ.update(MINIMASK_BROWSER=sys.executable, PYTHONDONTWRITEBYTECODE="1")
    start.commands(word)
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    assert os.environ.pop("PYTHONPYCACHEPREFIX") == str(start.VENV / "bytecode")
    start.commands(word)
    assert "PYTHONPYCACHEPREFIX" not in os.environ  # beside the sources, as everywhere


def test_the_matrix_is_made_by_an_installer_that_knows_where_pip_looks(start, calls, monkeypatch):
    monkeypatch.setattr(start, "find_installers", lambda extra: calls.append("installers"))
    start.main(["matrix", "--light", "tested-3.13"])
    assert calls == ["lab", "installers", "tests/matrix.py --light tested-3.13"]


def test_the_browser_is_driven_by_several_processes(start, calls):
    os.environ["MINIMASK_BROWSER"] = sys.executable
    start.main(["browser"])
    cores = min(os.cpu_count() or 1, 8)
    known = f"-p no:cacheprovider tests/browser --reruns=1 -rR -n {cores} --dist worksteal"
    assert calls == ["test", f"-m pytest {known}"]


def test_lint_goes_on_after_a_failure_and_reports_it(start, calls):
    assert start.main(["lint"]) == 2  # the stand-in for run answers 2, 1, 0
    assert calls == ["test", "-m ruff check", "-m ruff format --check", "-m mypy"]


def test_the_site_is_built_by_one_script(start, calls):
    assert start.main(["site", "--to", "elsewhere"]) == 2  # what the stand-in for run answers
    assert calls == ["site", "docs/build_site.py --to elsewhere"]


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


WAIT = """
import time
time.sleep(0.5)  # until start.py waits too
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    pass
"""


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
