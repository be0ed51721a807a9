"""Fixtures for the RoI operators."""

import pytest

from minimask.roi import threads


@pytest.fixture(params=[1, 2, 5])
def thread_count(request):
    """A number of threads, set for one test; work of any size is shared out."""
    worth = threads.WORTH_A_THREAD
    threads.set_num_threads(request.param)
    threads.WORTH_A_THREAD = 1
    yield request.param
    threads.set_num_threads(None)
    threads.WORTH_A_THREAD = worth
