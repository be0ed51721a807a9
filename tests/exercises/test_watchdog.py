"""A call ends when its time is up, whatever it does, and leaves nothing behind."""

import _thread
import sys
import threading
import time

import pytest

from minimask.exercises import watchdog
from minimask.exercises.watchdog import TimeUp, call_within

# A strike that hits the measurement of coverage inside its own lock would leave that locked for good.
pytestmark = pytest.mark.no_cover


def test_nobody_watches():
    assert sys.gettrace() is None


def forever():
    while True:
        pass


def forever_and_catching():
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            continue


def forever_and_catching_all():
    while True:
        try:
            sum(range(100))
        except:  # noqa: E722
            continue


def forever_in_a_finally():
    try:
        return 1
    finally:
        while True:
            time.sleep(0.001)


@pytest.mark.parametrize("function", [forever, forever_and_catching, forever_and_catching_all, forever_in_a_finally])
def test_an_endless_loop_is_ended(function):
    threads = _thread._count()
    with pytest.raises(TimeUp):
        call_within(0.05, function)
    assert _thread._count() == threads


def test_results_and_errors_come_through():
    assert call_within(1.0, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        call_within(1.0, divmod, 7, 0)


def test_only_work_counts_as_long_as_the_wait_is_bearable():
    def waits(seconds):
        time.sleep(seconds)
        return "done"

    assert call_within(0.2, waits, 0.4) == "done"
    with pytest.raises(TimeUp):
        call_within(0.05, waits, 0.4)


def test_it_works_in_any_thread():
    seen = []

    def work():
        try:
            call_within(0.05, forever)
        except TimeUp:
            seen.append("time up")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert seen == ["time up"]


def test_a_keyboard_interrupt_comes_through():
    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        call_within(20.0, forever)
    timer.join()
    assert call_within(1.0, max, 1, 2) == 2


def test_calls_that_end_just_as_their_time_is_up_are_followed_by_nothing(monkeypatch):
    monkeypatch.setattr(watchdog, "_PAUSE_BETWEEN_STRIKES", 0.0002)
    turn = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that strikes arrive on time
    threads = _thread._count()
    outcomes = set()

    def work(seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
        return "done"

    try:
        for k in range(400):
            try:
                outcomes.add(call_within(0.002, work, 0.0015 + 0.001 * k / 400))
            except TimeUp:
                outcomes.add("time up")
            sum(range(200))  # a strike that came late would arrive here, and fail the test
    finally:
        sys.setswitchinterval(turn)
    assert outcomes == {"done", "time up"}
    assert _thread._count() == threads


def test_where_there_are_no_threads_there_is_no_limit(monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(watchdog._thread, "start_new_thread", refuse)
    assert call_within(0.01, sum, [1, 2]) == 3
