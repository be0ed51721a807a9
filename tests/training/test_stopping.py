"""Stopping: a wish at the first signal, an interrupt at the second, and all as it was afterwards."""

import os
import signal
import threading

import pytest

from minimask.training.distributed import ALONE, Processes
from minimask.training.stopping import SIGNALS, Stop, stoppable


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_a_wish_and_the_second_an_interrupt(number):
    before = [signal.getsignal(one) for one in SIGNALS]
    with stoppable() as stop:
        assert not stop.asked(ALONE)
        os.kill(os.getpid(), number)
        assert stop.signal == number and stop.asked(ALONE)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_torchrun_hands_on_what_the_terminal_has_sent():
    with stoppable(Processes(0, 2)) as stop:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT


def test_signals_come_back_after_an_error():
    before = [signal.getsignal(one) for one in SIGNALS]
    with pytest.raises(ZeroDivisionError), stoppable():
        raise ZeroDivisionError
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_other_threads_leave_signals_alone():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with stoppable() as stop:
            seen.append((signal.getsignal(signal.SIGINT) == before, stop.signal))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, None)]


def test_one_process_that_is_asked_is_enough():
    class Two:
        device = "cpu"

        def mean(self, values):
            return (values + 1) / 2  # the other one was asked

    assert Stop().asked(Two())
