"""Make the environment, then do what one word asks.

    python start.py           opens the chapters in JupyterLab
    python start.py test      runs the tests
    python start.py --help    lists all words

The environment is the folder .venv beside this file. It is made once, and brought up to date when
pyproject.toml or constraints.txt has changed. What follows a word is passed on: start.py test -k boxes
"""

import ast
import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

OLDEST: "tuple[int, int]" = (3, 11)  # SyntaxError here? This is Python 2; minimask needs Python 3.11 or newer.
if sys.version_info < OLDEST:  # so that this can be said, the file keeps to the syntax of Python 3.6
    newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    newer = [name for name in newer if subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0]
    advice = f"You have a newer one. Run:  {newer[0]} start.py" if newer else "Get one from https://www.python.org"
    sys.exit(f"minimask needs Python 3.11 or newer, and this is Python {sys.version.split()[0]}.\n{advice}")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
STAMP = VENV / "minimask.json"  # what .venv holds; its "state" is creating, created, installing or ready
GIGABYTES = 3.2  # with all extras of pyproject.toml, and half as much again; torch for a graphics card takes 5 more
IMPORTS = "anywidget, jupyterlab, matplotlib.pyplot, numba, pycocotools.mask, skimage.measure, torch"
HELD_BY = {"lab": ("lab", "site", "test"), "site": ("site", "test")}  # which extras include which
DISK_SIGNS = ("no space left", "os error 28", "not enough space", "os error 112", "quota exceeded")
NETWORK_SIGNS = ("connection", "name resolution", "dns error", "timed out", "certificate", "error sending request")
PIP_TO_UV = {
    "cert": "SSL_CERT_FILE",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "no-index": "UV_NO_INDEX",
}
OWN_SOURCES = {"UV_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_NO_INDEX", "UV_TORCH_BACKEND"}
Stamp = dict[str, str]


class SetupError(Exception):
    """What is wrong and what can be done about it; shown without a traceback."""


class NetworkError(SetupError):
    """An installer could not download, and had not changed anything yet."""


class DiskError(SetupError):
    """The disk is full or protected; an installer may have stopped half-way."""


def prepare(extra: str) -> None:
    """Leave a working .venv with the extra "lab", "site" or "test" behind, or raise SetupError.

    The extra "parity" has an environment of its own: torchvision works only beside the torch that it was built with.
    """
    if extra == "parity":
        global VENV, PYTHON, STAMP, GIGABYTES, IMPORTS
        folder, VENV = VENV, ROOT / ".venv-parity"
        PYTHON, STAMP = str(VENV / Path(PYTHON).relative_to(folder)), VENV / STAMP.name
        GIGABYTES, IMPORTS = 7.5, "numba, torchvision"
    try:
        with only_one_run():
            stamp = read_stamp()
            if not is_ready(stamp, extra):
                make_or_update(stamp, stamp["extra"] if includes(stamp, extra) else extra)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise disk_full() from error
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        raise DiskError(
            f"{error.filename} cannot be written.\n"
            f"If {ROOT} is read-only or belongs to someone else, copy it to a folder of your own.\n"
            "Otherwise close what is using .venv (JupyterLab, an editor) and run the same command again."
        ) from error


def make_or_update(stamp: Stamp, extra: str) -> None:
    """Install into the .venv that is there; make it anew where it is missing, half-made, moved or too old."""
    started = time.monotonic()
    now = identity()
    version = ask(PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    if version and not stamp and version != now["python"]:  # made by someone else: not ours to replace
        raise SetupError(
            f".venv was made with Python {version}, and this is Python {now['python']}.\n"
            f'Either run  "{PYTHON}" start.py  or delete the folder .venv and run the same command again.'
        )
    same_place = (stamp.get("folder"), stamp.get("python")) == (now["folder"], now["python"])
    usable = not stamp or (same_place and stamp["state"] in ("created", "ready"))
    say(f"Preparing the environment in {VENV}\n(the first time, seconds to minutes, as the network allows)")
    with step("1/4 a virtual environment"):
        if not (version and usable):
            create_venv()
            stamp = {**now, "state": "created", "extra": ""}
            write_stamp(stamp)
    with step("2/4 the installer uv"):
        installers = find_installers(extra)
    if stamp:  # a .venv made by someone else is stamped at the end; until then it is not ours to delete
        write_stamp({**stamp, "state": "installing"})
    try:
        with step("3/4 the packages"):
            install(extra, installers)
    except SetupError as error:
        if stamp and not isinstance(error, DiskError):
            write_stamp(stamp)  # installers download and build everything before they change anything
        if not isinstance(error, NetworkError) or not includes(stamp, extra):
            raise
        say(f"\n{error}\nUntil then, this goes on with the packages of the last time.\n")
        return
    with step("4/4 a first import"):
        execute(PYTHON, "-c", f"import {IMPORTS}")
    write_stamp({**now, "state": "ready", "extra": extra})
    say(f"The environment is ready after {time.monotonic() - started:.0f} s.\n")


def create_venv() -> None:
    """Make .venv from nothing; its stamp is there first, so that a stop at any moment is noticed next time."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetupError(
            "This Python cannot make virtual environments: its module venv or ensurepip is missing.\n"
            f"On Debian and Ubuntu:  sudo apt install python{identity()['python']}-venv\n"
            "Without administrator rights: a Python from https://www.python.org, or conda (environment.yml)."
        )
    if shutil.disk_usage(ROOT).free < GIGABYTES * 1e9:
        raise disk_full()
    VENV.mkdir(exist_ok=True)
    write_stamp({**identity(), "state": "creating", "extra": ""})
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != STAMP:
            path.unlink()
    python = getattr(sys, "_base_executable", sys.executable)  # sys.executable may just have been deleted
    execute(python, "-m", "venv", str(VENV))


def find_installers(extra: str) -> list[list[str]]:
    """Return the commands that install packages, the fastest first; uv is put into .venv for this."""
    if not ask(PYTHON, "-m", "pip", "--version"):  # some tools make environments without pip
        execute(PYTHON, "-m", "ensurepip")
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
    if not ask(PYTHON, "-m", "uv", "--version"):
        try:
            execute(*pip, "uv")
        except (DiskError, NetworkError):
            raise
        except SetupError:
            return [pip]  # there is no uv for this kind of machine
    settings = ask(PYTHON, "-m", "pip", "config", "list").splitlines()  # uv does not read them
    for section in (":env:.", "install.", "global."):  # what comes first outweighs what comes later
        for line in settings:
            name, _, value = line[len(section) :].partition("=")
            if line.startswith(section) and name in PIP_TO_UV:
                os.environ.setdefault(PIP_TO_UV[name], ",".join(ast.literal_eval(value).split()))
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON]
    somebody_chose = bool(OWN_SOURCES & set(os.environ))
    if extra == "parity":  # a torch of one's own does not fit torchvision's
        os.environ.pop("UV_FIND_LINKS", None)
        os.environ.pop("PIP_FIND_LINKS", None)
    if somebody_chose:
        return [uv, pip]
    backend = "cpu" if extra == "parity" else "auto"  # the torch for this graphics card, if there is one
    return [[*uv, f"--torch-backend={backend}"], uv, pip]


def install(extra: str, installers: list[list[str]]) -> None:
    """Install minimask with the tested versions or, where these do not fit, any that pyproject.toml allows."""
    for installer in installers:
        for tested in (["-c", "constraints.txt"], []):
            try:
                execute(*installer, *tested, "-e", f".[{extra}]")
            except DiskError:
                raise
            except SetupError as error:
                failure = error
                if isinstance(error, NetworkError):
                    break
            else:
                if not tested:
                    say("\n  (not in the versions of constraints.txt: those do not fit here)")
                return
    raise failure


def identity() -> Stamp:
    """Return what an environment belongs to: this folder, this Python, these requirements."""
    requirements = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    python = "{}.{}".format(*sys.version_info)
    return {"folder": str(ROOT), "python": python, "requirements": hashlib.sha256(requirements).hexdigest()}


def read_stamp() -> Stamp:
    """Return what the stamp says, nothing where there is none."""
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


def write_stamp(stamp: Stamp) -> None:
    """Replace the stamp in one move."""
    new = STAMP.with_suffix(".new")
    new.write_text(json.dumps(stamp), encoding="utf-8")
    new.replace(STAMP)


def is_ready(stamp: Stamp, extra: str) -> bool:
    """Tell whether .venv is complete and up to date."""
    wanted = {**identity(), "state": "ready"}
    return wanted.items() <= stamp.items() and includes(stamp, extra) and Path(PYTHON).exists()


def includes(stamp: Stamp, extra: str) -> bool:
    """Tell whether the packages of .venv include those of an extra: "test" has all of "site", "site" all of "lab"."""
    return stamp.get("extra") in HELD_BY.get(extra, (extra,))


@contextlib.contextmanager
def only_one_run() -> Iterator[None]:
    """Let a second run wait for the first: a lock on this file, gone with the last process that holds it."""
    with Path(__file__).open(encoding="utf-8") as file:
        os.set_inheritable(file.fileno(), True)  # an installer that outlives a killed start.py still holds it
        if not try_lock(file):
            say("Another run is preparing the environment: waiting for it.")
            while not try_lock(file):
                time.sleep(0.5)
        yield


def try_lock(file: TextIO) -> bool:
    """Take the lock, or return False where another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**30)  # far behind the end: on Windows nobody can read what is locked
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # some network disks know no locks: there, go on without
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def say(text: str, end: str = "\n") -> None:
    """Print at once, also into a file."""
    print(text, end=end, flush=True)


@contextlib.contextmanager
def step(words: str) -> Iterator[None]:
    """Say what happens, then how long it took."""
    started = time.monotonic()
    say(f"  {words} ... ", end="")
    yield
    again = f"\r  {words} ... " if sys.stdout.isatty() else ""  # execute() has written over it
    say(f"{again}{time.monotonic() - started:.1f} s".ljust(79 if again else 0))


def ask(*command: str) -> str:
    """Return what a program answers, nothing where it fails or is missing."""
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def execute(*command: str) -> None:
    """Run an installer, showing its latest line; where it fails, raise what its output means."""
    pipe, both, lines = subprocess.PIPE, subprocess.STDOUT, []
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=both, close_fds=False) as child:
        try:
            for line in child.stdout or ():
                lines.append(line.decode(errors="replace").rstrip())
                if sys.stdout.isatty():
                    say("\r    " + lines[-1].strip()[:74].ljust(74), end="")
        except KeyboardInterrupt:
            child.terminate()
            raise
    if child.returncode != 0:
        raise explain(lines)


def explain(lines: list[str]) -> SetupError:
    """Return what went wrong, from what an installer wrote."""
    if shutil.disk_usage(ROOT).free < 2e7 or any(sign in line.lower() for line in lines for sign in DISK_SIGNS):
        return disk_full()
    for line in lines:
        if any(sign in line.lower() for sign in NETWORK_SIGNS):
            return NetworkError(
                "The network is missing, or does not let this machine download Python packages. The installer says:\n"
                f"    {line.strip()[:300]}\n"
                "Nothing is lost: run the same command again when you are online."
            )
    last = "\n".join(lines[-12:])
    return SetupError(f"{last}\n\nThis failed. If these lines do not help: delete the folder .venv and try again.")


def disk_full() -> DiskError:
    """Return what to say when the disk is full."""
    free = shutil.disk_usage(ROOT).free / 1e9
    return DiskError(
        f"The disk is full: {ROOT} has {free:.1f} GB left, and the environment needs {GIGABYTES} GB.\n"
        "(Downloads are kept in your home folder, which may be on another disk.)\n"
        "Make room and run the same command again."
    )


def run(*command: str) -> int:
    """Run a program in the foreground and return its exit code; it is the first to answer Ctrl-C."""
    child = subprocess.Popen(command, cwd=ROOT)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    interrupted = False
    while child.returncode is None:
        try:
            child.wait()
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


WORDS = {  # what to install for it, and what it does
    "lab": ("lab", "open the chapters in JupyterLab (the same as no word)"),
    "test": ("test", "test the code, the exercises and the chapters"),
    "lint": ("test", "check style, format and types"),
    "notebooks": ("lab", "execute all chapters in place"),
    "figures": ("lab", "draw all figures anew"),
    "bench": ("parity", "measure speeds beside torchvision, in the environment of parity"),
    "browser": ("test", "test the chapters in a real browser"),
    "parity": ("parity", "compare with torchvision, in an environment of its own (5 GB)"),
    "matrix": ("lab", "test the wheel with the oldest and newest versions of all it needs (7 GB while it runs)"),
    "site": ("site", "build the website of all chapters, in build/site"),
    "slides": ("site", "make slides of all chapters, in build/slides"),
}


def commands(word: str) -> list[list[str]]:
    """Return the command lines of a word, without the interpreter in front."""
    if word == "lab":
        return [["-m", "jupyterlab", *lab_options()]]
    if word in ("test", "browser"):
        together = ["-n", str(min(os.cpu_count() or 1, 8)), "--dist", "worksteal"]  # in as many processes
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's threads would wait for each other
    if word in ("test", "browser", "parity") and os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Not beside the sources, then: each of many processes would compile all of torch again.
        os.environ["PYTHONPYCACHEPREFIX"] = str(VENV / "bytecode")
    if word == "test":
        return [["-m", "pytest", "--ignore=tests/browser", "--ignore=tests/parity", *together]]
    if word == "lint":
        return [["-m", "ruff", "check"], ["-m", "ruff", "format", "--check"], ["-m", "mypy"]]
    if word == "notebooks":
        return [["-m", "minimask.chapters", "notebooks"]]
    if word == "matrix":
        find_installers("lab")  # uv is there, and knows where pip looks for packages
        return [["tests/matrix.py"]]
    if word == "site":
        return [["docs/build_site.py"]]
    if word == "slides":
        return [["docs/teaching/make_slides.py"]]
    if word == "browser":
        os.environ["MINIMASK_BROWSER"] = find_browser()
        # A busy machine may keep a browser from drawing in time: once more, which the end of the report tells.
        return [["-m", "pytest", "-p", "no:cacheprovider", "tests/browser", "--reruns=1", "-rR", *together]]
    if word == "parity":
        return [["-m", "pytest", "-p", "no:cacheprovider", "tests/parity"]]
    folder = ROOT / {"figures": "figures", "bench": "benchmarks"}[word]
    scripts = [[str(path)] for path in sorted(folder.glob("*.py"))]
    if not scripts:
        raise SetupError(f"There are no scripts in {folder}.")
    return scripts


def lab_options() -> list[str]:
    """Return how JupyterLab is served; by itself it serves this machine only, behind a token."""
    # Browsers in a sandbox may not read hidden folders of the home, where JupyterLab puts its start page.
    os.environ.setdefault("JUPYTER_RUNTIME_DIR", str(VENV / "runtime"))
    options = [
        f"--LabApp.app_settings_dir={ROOT / 'lab'}",
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        f"--ServerApp.root_dir={ROOT}",
        "--Application.log_level=WARN",
    ]
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & set(os.environ):
        options.append("--no-browser")  # JupyterLab prints the address
    if sys.platform != "win32" and os.geteuid() == 0:
        options.append("--allow-root")
    return options


def find_browser() -> str:
    """Return the program of a browser of the Chromium family."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"]
    names += [f"/Applications/{app}.app/Contents/MacOS/{app}" for app in ("Google Chrome", "Microsoft Edge")]
    folders = [os.environ.get(name, "") for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
    names += [folder + "/Google/Chrome/Application/chrome.exe" for folder in folders]
    names += [folder + "/Microsoft/Edge/Application/msedge.exe" for folder in folders]
    given = os.environ.get("MINIMASK_BROWSER")
    for name in filter(shutil.which, [given] if given else names):
        return name
    raise SetupError(
        "No Chromium, Chrome or Edge was found.\n"
        "Install one (Debian and Ubuntu: sudo apt install chromium), or set MINIMASK_BROWSER to its path."
    )


def main(arguments: list[str]) -> int:
    """Do what the command line asks for, and return the exit code."""
    known = "\n".join(f"  {word:<10} {does}" for word, (_, does) in WORDS.items())
    if arguments[:1] in (["-h"], ["--help"], ["help"]):
        say(f"{__doc__}\nThe words:\n{known}")
        return 0
    if not arguments or arguments[0].startswith("-"):
        arguments = ["lab", *arguments]
    word, *rest = arguments
    if word not in WORDS:
        say(f"start.py does not know the word {word!r}. It knows:\n{known}")
        return 2
    try:
        prepare(WORDS[word][0])
        codes = []
        for command in commands(word):
            if word == "lab":
                say("JupyterLab opens in your browser, or at the address that follows. Ctrl-C here stops it.")
            else:
                say("> python " + " ".join([*command, *rest]))
            codes.append(run(PYTHON, *command, *rest))
    except SetupError as error:
        say(f"\n{error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. To go on, run the same command again.")
        return 130
    if word != "lab" and sys.stdout.isatty():
        say("\nNext:  python start.py  opens the chapters in JupyterLab.")
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
