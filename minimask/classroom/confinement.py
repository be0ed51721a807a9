"""Confinement: what the process that runs a student's function may do to the machine that it runs on.

Four layers, each as far as the system has it; `confine` says which ones are in place:

- limits of the system (Linux, macOS): memory, processor time, size of files, no new processes for an ordinary user;
- the kernel's Landlock (Linux 5.13 and newer): nothing can be written outside the process's own folder, nothing can be
  started, and only Python and its libraries can be read: neither the teacher's files nor the solutions; from 6.7 on no
  connections of TCP, from 6.12 on no signals to other processes;
- a guard in Python (everywhere): the same, for code that does not go around Python. It stops accidents and plain
  attempts; code that knows the insides of the interpreter gets past it;
- `minimask` cannot be imported.

The student's process reads this file too: nothing of minimask may be imported here.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

try:
    resource: Any = importlib.import_module("resource")
except ImportError:  # Windows
    resource = None

ABSENT = "minimask is not there while an answer is graded: what is asked for is to be written out"

# From linux/landlock.h; the numbers are the same on all processors.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 38
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_ALL_OF_A_FILE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl
_HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""By version of Landlock: all it can refuse about files."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"),
    *("os.utime", "os.setxattr", "os.removexattr", "os.chflags", "shutil.rmtree", "shutil.move", "shutil.copyfile"),
}
_FORBIDDEN = {
    *("os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.system", "subprocess.Popen", "pty.spawn", "signal.pthread_kill", "socket.__new__", "socket.connect"),
    *("socket.bind", "resource.setrlimit", "resource.prlimit", "winreg.OpenKey", "winreg.SetValue"),
}


class _Absent(MetaPathFinder):
    """Finds `minimask` absent, and says why."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:  # noqa: ARG002
        if name.partition(".")[0] == "minimask":
            raise ImportError(ABSENT)


def confine(own: Path, readable: Iterable[str], hidden: Path, megabytes: int, seconds: int) -> list[str]:
    """Confine this process for the rest of its life, and return which layers are in place.

    Parameters
    ----------
    own : Path
        The folder in which files may be written.
    readable : iterable of str
        Where Python and its libraries are.
    hidden : Path
        A folder that may not be read though it is in one of these: the package with the solutions.
    megabytes : int
        Of memory, beyond what the process has now.
    seconds : int
        Of processor time, in all.
    """
    layers = ["no minimask"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "minimask"]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Absent())
    layers += _limit(megabytes, seconds)
    layers += _landlock(own, readable, hidden)
    sys.addaudithook(_guard(own, hidden))
    return [*layers, "guard"]


def _limit(megabytes: int, seconds: int) -> list[str]:
    if resource is None:
        return []
    pages = Path("/proc/self/statm")
    held = int(pages.read_text().split()[0]) * resource.getpagesize() if pages.exists() else 4 * 2**30
    wanted = {
        "RLIMIT_AS": held + megabytes * 2**20,
        "RLIMIT_CPU": seconds,
        "RLIMIT_FSIZE": 16 * 2**20,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
    }
    layers = []
    for name, most in wanted.items():
        try:
            kind = getattr(resource, name)
            _, hard = resource.getrlimit(kind)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (most, most))
        except (AttributeError, ValueError, OSError):  # a system without this limit
            continue
        layers += {"RLIMIT_AS": ["memory"], "RLIMIT_CPU": ["time"]}.get(name, [])
    return layers


def _landlock(own: Path, readable: Iterable[str], hidden: Path) -> list[str]:
    """Have the kernel refuse what is not allowed here; what is open stays open."""
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return []
    handled = _HANDLED[max(known for known in _HANDLED if known <= version)]
    network, scope = (3 if version >= 4 else 0), (3 if version >= 6 else 0)
    attributes = (ctypes.c_uint64 * 3)(handled, network, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = libc.syscall(_CREATE_RULESET, attributes, size, 0)
    if rules < 0:
        return []
    _allow(libc, rules, own, handled & ~1)  # all but starting programs
    for path in _without(map(Path, readable), hidden):
        _allow(libc, rules, path, _READ_FILE if path.is_file() else _READ_FILE | _READ_DIR)
    for device in ("/dev/null", "/dev/urandom", "/dev/zero"):
        _allow(libc, rules, Path(device), _READ_FILE | 1 << 1)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    failed = libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)
    if failed:
        return []
    return ["files", *(["network"] if network else []), *(["signals"] if scope else [])]


def _allow(libc: ctypes.CDLL, rules: int, path: Path, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no permission
    try:
        if not path.is_dir():
            access &= _ALL_OF_A_FILE
        packed = access.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
        libc.syscall(_ADD_RULE, rules, _RULE_PATH_BENEATH, packed, 0)
    finally:
        os.close(descriptor)


def _without(paths: Iterable[Path], hidden: Path) -> Iterable[Path]:
    """Yield paths, or what is in them, so that none of them holds a certain folder."""
    for path in paths:
        if not path.exists():
            continue
        resolved = path.resolve()
        if resolved == hidden or resolved.is_relative_to(hidden):
            continue
        if hidden.is_relative_to(resolved):
            yield from _without(resolved.iterdir(), hidden)
        else:
            yield resolved


def _guard(own: Path, hidden: Path) -> Callable[[str, tuple[object, ...]], None]:
    """Return a hook that refuses what would reach beyond this process."""
    home, closed = str(own), str(hidden)
    inside = home + os.sep

    def absolute(path: object) -> str:
        return os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or path is None:
                return
            where = absolute(path)
            if isinstance(flags, int) and flags & _WRITES and not where.startswith(inside) and where != os.devnull:
                raise PermissionError(f"{where} is not a file of this process, which can only write in its own folder")
            if where == closed or where.startswith(closed + os.sep):
                raise PermissionError(ABSENT)
        elif event in _CHANGES:
            for path in arguments:
                if isinstance(path, str | bytes | os.PathLike) and not absolute(path).startswith(inside):
                    raise PermissionError("files can only be changed in the folder of the process")
        elif event in _FORBIDDEN:
            raise PermissionError(f"{event} is not there while an answer is graded")

    return hook
