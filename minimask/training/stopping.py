"""Stopping in good order: a training that is asked to stop ends the step that it is at, and saves it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import torch

from minimask.training.distributed import ALONE, Processes

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what schedulers send a while before they kill."""


class Stop:
    """Whether somebody has asked for it."""

    def __init__(self) -> None:
        self.signal: int | None = None
        """The signal that asked; None while none has."""

    def asked(self, processes: Processes) -> bool:
        """Return whether a process was asked; all must call it, and get the same."""
        own = float(self.signal is not None)
        return float(processes.mean(torch.tensor(own, device=processes.device))) > 0


@contextmanager
def stoppable(processes: Processes = ALONE) -> Iterator[Stop]:
    """Take Ctrl-C, and a request to terminate, as a wish: who trains looks at it between two steps.

    At the second time there is a `KeyboardInterrupt`, as ever; but not among several processes: there torchrun hands on
    what the terminal has sent already, and kills who does not end. In a thread other than the main one, where signals
    do not arrive, all stays as it is.

    Examples
    --------
    >>> with stoppable() as stop:
    ...     signal.raise_signal(signal.SIGINT)
    ...     print(stop.signal == signal.SIGINT)
    True
    """
    stop = Stop()

    def take(number: int, _frame: FrameType | None) -> None:
        if stop.signal is not None and processes.count == 1:
            raise KeyboardInterrupt
        stop.signal = number

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, take) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
