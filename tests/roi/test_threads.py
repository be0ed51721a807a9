"""The compiled loops beside other threads, in forked processes, and in a data loader's workers."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from cases import random_case

from minimask.roi import roi_align, threads

CASE = random_case(5, np.float32, channels=(64, 65))


def extract():
    return roi_align(np.tile(CASE.features, (1, 1, 4, 4)), CASE.rois, 14, 1.0, 2)


def answer(queue):
    queue.put(extract())


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run a program of its own: a fork of the tests' process would copy locks that its other threads hold."""
    head = f"import sys; sys.path.insert(0, {str(__file__.rsplit('/', 1)[0])!r})\nimport test_threads as here\n"
    command = [sys.executable, "-W", "ignore", "-c", head + script]  # newer Pythons warn of every fork beside threads
    return subprocess.run(command, capture_output=True, text=True, timeout=240)


def test_a_forked_process_computes_the_same():
    """In a process where torch's pool has worked before, and ours is alive."""
    done = run("""
import multiprocessing, numpy as np, torch
from minimask.roi import threads
threads.set_num_threads(2); threads.WORTH_A_THREAD = 1
torch.ones(1000, 1000) @ torch.ones(1000, 1000)
expected = here.extract()
context = multiprocessing.get_context("fork")
queue = context.Queue()
children = [context.Process(target=here.answer, args=(queue,)) for _ in range(2)]
[child.start() for child in children]
found = [queue.get(timeout=60) for _ in children]
[child.join(60) for child in children]
assert all(np.array_equal(one, expected) for one in found)
assert [child.exitcode for child in children] == [0, 0]
print("the same")
""")
    assert done.stdout == "the same\n", done.stderr


class Crops(torch.utils.data.Dataset):
    """Extracts RoIs in the worker."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return torch.from_numpy(extract()), threads.get_num_threads()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_the_workers_of_a_data_loader_use_one_thread_each_and_compute_the_same():
    done = run("""
import numpy as np, torch
loader = torch.utils.data.DataLoader(
    here.Crops(), batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=60
)
found = list(loader)
assert all(np.array_equal(one, here.extract()) for one, _ in found)
print([int(count) for _, count in found])
""")
    assert done.stdout == "[1, 1, 1, 1, 1, 1]\n", done.stderr


def test_several_python_threads_at_once(thread_count):
    expected, found = extract(), [None] * 6

    def work(place):
        for _ in range(10):
            found[place] = extract()

    workers = [threading.Thread(target=work, args=(place,)) for place in range(len(found))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(np.array_equal(one, expected) for one in found)


def test_the_number_of_threads_is_torchs_unless_set():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert threads.get_num_threads() == 3
        threads.set_num_threads(2)
        assert threads.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
        threads.set_num_threads(None)


@pytest.mark.parametrize("threads_asked", [0, -1, 1.5, True])
def test_a_number_of_threads_that_is_none_is_refused(threads_asked):
    with pytest.raises(ValueError, match="threads must be a whole number of at least 1"):
        threads.set_num_threads(threads_asked)
