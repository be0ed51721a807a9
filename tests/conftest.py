"""Settings for all tests.

Hypothesis draws the same examples in every run, so that a change, and nothing else, decides whether the tests pass. To
look for new ones: `python start.py test --hypothesis-profile=explore`.
"""

import gc
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from minimask.folders import PROGRESS

# No test reads or writes the reader's own progress, nor does a kernel or a server that a test starts.
_FOLDER = tempfile.TemporaryDirectory(prefix="minimask-progress-")
os.environ[PROGRESS] = str(Path(_FOLDER.name) / "progress.json")

# A busy machine, or a function compiled at its first call, is no failure.
settings.register_profile("minimask", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("minimask")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item):
    """Let a test with the mark `no_cover` run unwatched.

    In a worker of pytest-xdist coverage is started twice, and where pytest-cov stops one the other goes on: tests that
    search with hypothesis took three times as long.
    """
    if not item.get_closest_marker("no_cover"):
        return (yield)
    watcher = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(watcher)


def pytest_collection_modifyitems(items):
    """Begin with the chapters, which take longest: no process is left with one when the others have nothing to do."""
    items.sort(key=lambda item: not item.name.startswith("test_running_again_gives_the_same_file"))


def pytest_collection_finish():
    """Keep what is loaded by now out of the search for garbage, which goes through all of it again and again."""
    gc.collect()
    gc.freeze()
