"""How long a call takes, and how fast a card copies."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import torch

REPEATS = 20
LEAD = 2_000_000
"""Cycles, about a millisecond, that a card is kept busy while the launches to be timed are queued behind."""
LARGE, SMALL = 2**30, 2**24
"""Bytes that are copied: far more than a card's cache holds, and so few that they stay there."""


def seconds(calls: Sequence[Callable[[], object]], device: torch.device, queued: bool, repeats: int = REPEATS) -> float:
    """Return the median time of calls that take turns: the same one, on sets of data that do not fit a cache together.

    Parameters
    ----------
    calls : sequence of callables
    device : torch.device
        A card is timed by its own clock.
    queued : bool
        Whether launches are queued while the card is busy with something else, so that only what the card does is
        timed; such calls must not wait for the card. Otherwise it stands still before each call, and the time is that
        from the beginning of the call to the end of its work, launches and checks included.
    repeats : int
    """
    for call in [*calls, *calls]:
        call()
    if device.type != "cuda":
        return statistics.median(_by_the_wall(calls[i % len(calls)]) for i in range(repeats))
    times = []
    for i in range(repeats):
        torch.cuda.synchronize(device)
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        if queued:
            torch.cuda._sleep(LEAD)  # type: ignore[no-untyped-call]
        start.record()
        calls[i % len(calls)]()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) / 1e3)
    return float(statistics.median(times))


def _by_the_wall(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def copy_rate(device: torch.device, size: int = LARGE) -> float:
    """Return how many bytes a second a device copies, those read and those written, `size` at once."""
    source = torch.randn(size // 4, device=device)
    target = torch.empty_like(source)
    turns = max(1, LARGE // size // 8)  # a copy within the cache alone would be too short to time

    def copy() -> None:
        for _ in range(turns):
            target.copy_(source)

    return 2 * size * turns / seconds([copy], device, queued=True)
