"""Threads for the compiled loops: Python's own, with the interpreter's lock released.

A kernel is a compiled function whose last two arguments are `task` and `tasks`: it does every `tasks`-th piece of the
work, beginning with piece `task`. Plain threads are safe where a pool of numba's or OpenMP's is not: in several Python
threads at once, beside torch's own pool, and after a fork (a data loader's workers).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Kernel = Callable[..., None]

WORTH_A_THREAD = 500_000
"""Numbers to write, below which handing work to another thread costs more than it saves."""

_asked_for: int | None = None
_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    """Drop the pool; in a forked process its threads do not exist."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def set_num_threads(threads: int | None) -> None:
    """Let the compiled loops use so many threads; None returns to the default.

    The default is torch's number of threads where torch is loaded (1 in a data loader's workers), else one per core
    that this process may use. The results are the same bits at any number.

    Raises
    ------
    ValueError
        If it is not a whole number of at least 1.
    """
    global _asked_for
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise ValueError(f"threads must be a whole number of at least 1, or None, got {threads!r}")
    _asked_for = threads


def get_num_threads() -> int:
    """Return the number of threads that the compiled loops use."""
    if _asked_for is not None:
        return _asked_for
    if "torch" in sys.modules:
        return int(sys.modules["torch"].get_num_threads())
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(kernel: Kernel, *arguments: object, pieces: int, writes: int) -> None:
    """Run a kernel's tasks side by side, and return when all are done.

    Parameters
    ----------
    kernel : function
        Called with the arguments, `task` and `tasks`.
    pieces : int
        The number of pieces that the work can be split into.
    writes : int
        How many numbers the kernel writes: little work stays in one thread.
    """
    global _pool
    tasks = max(1, min(get_num_threads(), pieces, 1 + writes // WORTH_A_THREAD))
    if tasks == 1:
        kernel(*arguments, 0, 1)
        return
    if _pool is None or _pool._max_workers < tasks - 1:
        _pool = ThreadPoolExecutor(tasks - 1, "minimask")
    others = [_pool.submit(kernel, *arguments, task, tasks) for task in range(1, tasks)]
    kernel(*arguments, 0, tasks)
    for other in others:
        other.result()
