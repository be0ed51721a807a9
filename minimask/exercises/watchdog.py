"""The watchdog: a call that may take only so long, in any thread, on any system, inside a notebook or outside.

Signals reach only the main thread, and only where there are signals; a second process could not see the reader's
function. So a small thread waits beside the call and, when time is up, plants an exception in the calling thread.
It plants it again until the call is over, because an ``except:`` in the reader's loop may swallow the first ones.
"""

from __future__ import annotations

import _thread
import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

_PAUSE_BETWEEN_STRIKES = 0.005
_PATIENCE = 5


class TimeUp(BaseException):
    """Raised in a call whose time is up. Not an `Exception`, so that ``except Exception`` lets it pass."""


class _Watchdog:
    """A thread that plants `TimeUp` in the calling thread when its time is up, again and again until `stop` is called.

    Time is up after `seconds` of work by this process, so that a right answer on a busy machine is not taken for an
    endless one, and after five times as long on the clock, for a call that only waits.

    Every method may itself be struck at any step, so the calling thread holds no lock and every step can be taken
    twice. (`threading.Thread.join` cannot: struck at the wrong step, it takes a living thread for a dead one.)
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._caller = _thread.get_ident()
        self._watching = False
        self._call = _thread.allocate_lock()  # held while the call runs; the thread sleeps on it
        self._news = _thread.allocate_lock()  # released when the thread begins and ends; the caller sleeps on it
        self._call.acquire()
        self._news.acquire()

    def start(self) -> None:
        """Start the thread, and wait until it runs: in CPython 3.11 a strike might else hit the newborn instead."""
        with suppress(RuntimeError):  # a Python without threads, as in a browser, goes without the limit
            _thread.start_new_thread(self._watch, ())
            self._news.acquire()

    def _watch(self) -> None:
        self._watching = True
        self._news.release()
        start, work_before = time.monotonic(), time.process_time()
        pause = self._seconds
        while not self._call.acquire(timeout=pause):
            worked, waited = time.process_time() - work_before, time.monotonic() - start
            if worked >= self._seconds or waited >= _PATIENCE * self._seconds:
                _plant(self._caller, TimeUp)
            pause = _PAUSE_BETWEEN_STRIKES
        self._watching = False
        if self._news.locked():  # unless an interrupt kept the caller from hearing that the thread began
            self._news.release()

    def stop(self) -> None:
        """End the thread and wait for its end. A strike that is still under way arrives in here."""
        if self._call.locked():
            self._call.release()
        while self._watching:
            self._news.acquire(timeout=0.1)


def _plant(thread: int, exception: type[BaseException]) -> None:
    """Have `exception` raised in `thread` at its next step; there is room for one."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(exception))


def call_within(seconds: float, function: Callable[..., Result], *arguments: object) -> Result:
    """Call ``function(*arguments)`` and return its result, or raise `TimeUp` after `seconds` of work.

    Whatever the outcome, no thread is left behind and no exception is left to strike later. A single call into
    compiled code (one long ``np.sort``, say) is not interrupted, only followed by the exception.

    Parameters
    ----------
    seconds : float
        How long the call may work.
    function : callable
        Called in the calling thread, so that a keyboard interrupt reaches it.
    *arguments
        Its arguments.

    Raises
    ------
    TimeUp
        With the traceback of the place where the call was when its time was up.

    Examples
    --------
    >>> call_within(1.0, max, 2, 3)
    3
    """
    watchdog = _Watchdog(seconds)
    # The exception may strike between the end of the call and the end of `stop`, which is why `stop` is tried again.
    # Strikes are many steps of the interpreter apart, and once the lock is released at most one is under way.
    try:
        try:
            try:
                watchdog.start()
                return function(*arguments)
            finally:
                watchdog.stop()
        finally:
            watchdog.stop()
    finally:
        watchdog.stop()
