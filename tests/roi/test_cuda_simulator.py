"""The CUDA kernels in numba's simulator, on tiny problems, against the references.

The simulator must be chosen before numba is imported; so the kernels run in a process of their own.
"""

import importlib
import os
import random
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from cases import close, pool_truth, random_case, truth

from minimask.roi import pool, reference

ORDER = random.Random(0)


def choose_simulator():
    os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
    kernel = importlib.import_module("numba.cuda.simulator.kernel")
    kernel.BlockManager.run, kernel.BlockThread.syncthreads = run_block, at_a_barrier


def run_block(manager, place, *arguments):
    """Run the threads of a block one after another, each up to its next barrier, in an order drawn anew every time.

    The simulator lets them run at once and polls them. That takes several times as long, and what happens where a
    barrier is missing is seen only now and then; in many orders it is seen every time.
    """
    manager.at_rest = threading.Semaphore(0)

    def work():
        try:
            take_turn(threading.current_thread())
            manager._f(*arguments)
        finally:
            manager.at_rest.release()

    points = np.ndindex(*manager._block_dim)
    kind = importlib.import_module("numba.cuda.simulator.kernel").BlockThread
    waiting = [kind(work, manager, place, point, manager._debug) for point in points]
    for thread in waiting:
        thread.start()
    while waiting:
        ORDER.shuffle(waiting)
        for thread in waiting:
            thread.at_barrier = False
            thread.syncthreads_event.set()
            manager.at_rest.acquire()
            if not thread.at_barrier:
                thread.join()
            if thread.exception:
                raise thread.exception[0].with_traceback(thread.exception[1])
        waiting = [thread for thread in waiting if thread.at_barrier]


def take_turn(thread):
    thread.syncthreads_event.wait()
    thread.syncthreads_event.clear()


def at_a_barrier(thread):
    """Let the others come up to it."""
    thread.at_barrier = True
    thread._manager.at_rest.release()
    take_turn(thread)


def run(module, name, constants, arguments):
    """Call a function with other constants of its kernels; return its arguments, written to as they may be."""
    changed = []
    for place, value in constants.items():
        owner, attribute = importlib.import_module(place.rpartition(".")[0]), place.rpartition(".")[2]
        changed.append((owner, attribute, getattr(owner, attribute)))
        setattr(owner, attribute, value)
    try:
        result = getattr(importlib.import_module(module), name)(*arguments)
    finally:
        for owner, attribute, value in changed:
            setattr(owner, attribute, value)
    return result, arguments


@pytest.fixture(scope="module")
def process():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=choose_simulator) as executor:
        yield executor


@pytest.fixture
def simulator(process):
    """Run a function of `minimask.roi.cuda` in the simulator, and return its arguments after it ran."""

    def call(name, *arguments, **constants):
        places = {f"minimask.roi.{place.replace('__', '.')}": value for place, value in constants.items()}
        return process.submit(run, "minimask.roi.cuda", name, places, arguments).result()[1]

    return call


def last(array):
    """Return (N, C, H, W) as contiguous (N, H, W, C)."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def first(array):
    return array.transpose(0, 3, 1, 2)


def poisoned(shape, dtype):
    """Return an array in which every number that is not written will be seen."""
    return np.full(shape, -77 if np.dtype(dtype).kind == "i" else np.nan, dtype)


def align_results(simulator, case, levels=None, maps=None, scales=None, **constants):
    """Return output, features' gradients and boxes' gradient by the kernels."""
    maps = [case.features] if maps is None else maps
    levels = np.zeros(len(case.rois), np.int64) if levels is None else levels
    settings = ([case.scale] if scales is None else scales, case.ratio, case.aligned)
    dtype, channels, grad = maps[0].dtype, maps[0].shape[1], last(case.grad())
    lasts = [last(level) for level in maps]
    out = poisoned((len(case.rois), *case.size, channels), dtype)
    out = simulator("roi_align_forward", lasts, case.rois, levels, out, *settings, **constants)[3]
    outs = [poisoned(level.shape, dtype) for level in lasts]
    outs = simulator("roi_align_features_grad", grad, case.rois, levels, outs, *settings, **constants)[3]
    sides = poisoned((len(case.rois), 4), case.rois.dtype)
    sides = simulator("roi_align_boxes_grad", grad, lasts, case.rois, levels, sides, *settings, **constants)[4]
    return first(out), [first(level) for level in outs], sides


def check_align(simulator, case, **constants):
    out, (of_features,), of_boxes = align_results(simulator, case, **constants)
    for found, expected in zip((out, of_features, of_boxes), truth(case), strict=True):
        close(found, expected, case.features.dtype)


@pytest.mark.parametrize("seed", range(24))
def test_align_equals_the_reference(simulator, seed):
    check_align(simulator, random_case(seed, np.float32 if seed % 4 == 0 else np.float64, channels=(1, 6)))


@pytest.mark.parametrize("ratio", [0, 1, 3])
@pytest.mark.parametrize("aligned", [True, False])
def test_one_box_of_each_kind(simulator, ratio, aligned):
    rois = np.array([
        [1, 0.3, -0.2, 6.1, 4.4],
        [0, 2.0, 2.0, 2.0, 2.0],  # a point
        [0, -9.0, 1.0, -3.0, 4.0],  # outside
        [1, 5.5, 4.5, 60.0, 1e6],  # far beyond the map
        [0, 1.0, 3.0, 1.6, 3.3],  # less than a cell
        [1, -1.0, -1.0, 6.0, 5.0],  # the edges at which samples still count
    ])  # fmt: skip
    case = random_case(0)._replace(
        features=np.random.default_rng(1).normal(size=(2, 3, 5, 6)), rois=rois, size=(2, 3), scale=1.0, ratio=ratio,
        aligned=aligned,
    )  # fmt: skip
    check_align(simulator, case)


@pytest.mark.parametrize("ratio", [0, 2, 7])
def test_what_does_not_fit_comes_in_pieces(simulator, ratio):
    """With room for few entries, rows and columns are staged in pieces; with room for few bins, bins are too."""
    features = np.random.default_rng(2).normal(size=(1, 3, 23, 19))
    rois = np.array([[0, -2.0, -3.0, 21.0, 25.0], [0, 3.3, 2.2, 7.1, 19.4], [0, 0.0, 4.0, 40.0, 4.5]])
    case = random_case(0)._replace(features=features, rois=rois, size=(2, 11), scale=1.0, ratio=ratio, aligned=True)
    check_align(simulator, case, cuda_align__COLUMN_ROOM=5, cuda_align__ROW_ROOM=3, cuda_gather__BINS=2)


@pytest.mark.parametrize("channels", [1, 4, 8, 9, 17])
def test_channels_come_in_blocks(simulator, channels):
    """A block of the simulator has four threads, and serves eight channels."""
    features = np.random.default_rng(3).normal(size=(1, channels, 4, 5))
    rois = np.array([[0, 0.3, 0.4, 4.2, 3.3], [0, 1.0, 1.0, 3.0, 2.0]])
    case = random_case(0)._replace(features=features, rois=rois, size=(2, 2), scale=1.0, ratio=0, aligned=False)
    check_align(simulator, case)


def pyramid_case(count):
    rng = np.random.default_rng(4)
    maps = [rng.normal(size=(2, 5, *size)) for size in ((9, 11), (5, 6), (2, 3))]
    corners = rng.uniform(-2, 9, (count, 2))
    rois = np.concatenate([rng.integers(0, 2, (count, 1)), corners, corners + rng.uniform(0, 8, (count, 2))], axis=1)
    case = random_case(0)._replace(features=maps[0], rois=rois, size=(3, 2), ratio=0, aligned=True)
    return case, rng.integers(0, 3, count), maps, (1.0, 0.5, 0.25)


def test_all_levels_in_one_launch(simulator):
    case, levels, maps, scales = pyramid_case(9)
    out, of_maps, of_boxes = align_results(simulator, case, levels, maps, scales)
    for level, (features, scale) in enumerate(zip(maps, scales, strict=True)):
        mine = levels == level
        assert mine.any()
        grad, settings = case.grad()[mine], (scale, case.ratio, case.aligned)
        close(out[mine], reference.roi_align(features, case.rois[mine], case.size, *settings), np.float64)
        expected = reference.roi_align_features_grad(grad, case.rois[mine], features.shape, *settings)
        close(of_maps[level], expected, np.float64)
        close(of_boxes[mine], reference.roi_align_boxes_grad(grad, features, case.rois[mine], *settings), np.float64)


def test_a_level_without_rois_gets_zeros(simulator):
    case, _, maps, scales = pyramid_case(3)
    _, of_maps, _ = align_results(simulator, case, np.full(3, 1), maps, scales)
    assert of_maps[1].any()
    assert (of_maps[0] == 0).all() and (of_maps[2] == 0).all()


def test_no_rois(simulator):
    case, _, maps, scales = pyramid_case(0)
    out, of_maps, of_boxes = align_results(simulator, case, np.zeros(0, np.int64), maps, scales)
    assert out.shape == (0, 5, 3, 2) and of_boxes.shape == (0, 4)
    assert all((level == 0).all() for level in of_maps)
    features, rois = last(maps[0]), case.rois
    empty = poisoned((0, 3, 2, 5), np.float64)
    simulator("roi_pool_forward", features, rois, empty, empty.astype(np.int64), 1.0)
    assert (simulator("roi_pool_features_grad", empty, empty.astype(np.int64), rois, features)[3] == 0).all()


def test_more_rois_than_threads_meet_one_tile(simulator):
    """They are listed in chunks of four, the threads of a block of the simulator, and staged three at a time."""
    rng = np.random.default_rng(5)
    corners = rng.uniform(0, 2, (11, 2))
    rois = np.concatenate([np.zeros((11, 1)), corners, corners + rng.uniform(0, 2, (11, 2))], axis=1)
    features = rng.normal(size=(1, 8, 4, 4))
    case = random_case(0)._replace(features=features, rois=rois, size=(2, 2), scale=1.0, ratio=1, aligned=True)
    check_align(simulator, case, cuda_gather__BATCH=3)


def test_the_same_bits_every_time(simulator):
    case, levels, maps, scales = pyramid_case(6)
    runs = [align_results(simulator, case, levels, maps, scales) for _ in range(2)]
    for once, again in zip(*((out, *of_maps, of_boxes) for out, of_maps, of_boxes in runs), strict=True):
        assert once.tobytes() == again.tobytes()


def test_samples_are_counted_in_the_precision_of_the_boxes(simulator):
    """In float32 this box is 14.000001 cells tall: three samples for each of seven bins; in float64 two."""
    low, high = 2.2, 16.2
    extents = [number(high) - number(low) for number in (np.float32, np.float64)]
    assert extents[0] > 14 >= extents[1]
    features = np.random.default_rng(6).normal(size=(1, 2, 17, 17))
    for number in (np.float32, np.float64):
        rois = np.array([[0, low, low, high, high]], number)
        case = random_case(0)._replace(features=features, rois=rois, size=(7, 7), scale=1.0, ratio=0, aligned=False)
        out, (of_features,), of_boxes = align_results(simulator, case)
        expected = truth(case)
        np.testing.assert_allclose(out, expected[0], atol=1e-12)
        np.testing.assert_allclose(of_features, expected[1], atol=1e-12)
        np.testing.assert_allclose(of_boxes, expected[2], rtol=1e-5)


def bfloat16(array):
    """Return the bits of the nearest bfloat16 numbers, and those numbers in float32."""
    bits = np.asarray(array, np.float32).view(np.uint32)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return bits.astype(np.uint16).view(np.int16), (bits.astype(np.uint32) << 16).view(np.float32)


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_halves_are_added_up_in_float32(simulator, name):
    rng = np.random.default_rng(8)
    features, grad = rng.normal(size=(1, 3, 6, 5)), rng.normal(size=(2, 3, 2, 2))
    rois, levels = np.array([[0, 0.2, 0.4, 4.7, 5.2], [0, 1, 1, 3, 4]], np.float32), np.zeros(2, np.int64)
    if name == "float16":
        stored, share = (last(array).astype(np.float16) for array in (features, grad))
        features, grad = (first(array).astype(np.float64) for array in (stored, share))
    else:
        (stored, features), (share, grad) = bfloat16(last(features)), bfloat16(last(grad))
        features, grad = first(features).astype(np.float64), first(grad).astype(np.float64)
    settings, kind = ([1.0], 2, True), stored.dtype

    def check(found, expected):
        """Equal to the nearest half, of two nearly equally near ones to one of them."""
        if name == "float16":
            value, step = first(found).astype(np.float64), 2.0**-11
        else:
            value, step = first((found.view(np.uint16).astype(np.uint32) << 16).view(np.float32)), 2.0**-8
        np.testing.assert_allclose(value, expected, rtol=step * 1.01, atol=1e-6)

    out = simulator("roi_align_forward", [stored], rois, levels, np.full((2, 2, 2, 3), -77, kind), *settings)[3]
    check(out, reference.roi_align(features, rois, (2, 2), 1.0, 2, True))
    (of_features,) = simulator(
        "roi_align_features_grad", share, rois, levels, [np.full(stored.shape, -77, kind)], *settings
    )[3]
    check(of_features, reference.roi_align_features_grad(grad, rois, features.shape, 1.0, 2, True))
    sides = poisoned((2, 4), np.float32)
    sides = simulator("roi_align_boxes_grad", share, [stored], rois, levels, sides, *settings)[4]
    np.testing.assert_allclose(
        sides, reference.roi_align_boxes_grad(grad, features, rois, 1.0, 2, True), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        (1.0, 0x3F80),
        (-2.0, -0x4000),
        (1.00390625, 0x3F80),  # half way: to the even
        (1.01171875, 0x3F82),
        (3.4e38, 0x7F80),  # beyond the largest: infinite
        (np.inf, 0x7F80),
        (np.nan, 0x7FC0),
    ],
)
def test_rounding_to_bfloat16(process, value, bits):
    found, _ = process.submit(run, "minimask.roi.cuda_numbers", "_to_bfloat16", {}, (np.float32(value),)).result()
    assert found == bits and isinstance(found, np.int16)


def pool_results(simulator, case):
    features, shape = last(case.features), (len(case.rois), *case.size, case.features.shape[1])
    out, argmax = poisoned(shape, case.features.dtype), poisoned(shape, np.int64)
    _, _, out, argmax, _ = simulator("roi_pool_forward", features, case.rois, out, argmax, case.scale)
    of_features = poisoned(features.shape, features.dtype)
    of_features = simulator("roi_pool_features_grad", last(case.grad()), argmax, case.rois, of_features)[3]
    return first(out), first(argmax), first(of_features)


@pytest.mark.parametrize("seed", range(12))
def test_pool_equals_the_reference(simulator, seed):
    case = random_case(seed, np.float32 if seed % 4 == 0 else np.float64, channels=(1, 6))
    case = case._replace(features=np.round(2 * case.features))  # with ties
    out, argmax, of_features = pool_results(simulator, case)
    expected = pool_truth(case)
    np.testing.assert_array_equal(out, expected[0])
    np.testing.assert_array_equal(argmax, expected[1])
    close(of_features, expected[2], case.features.dtype)


def test_pool_keeps_what_is_not_a_number(simulator):
    features = np.array([[[[1.0, np.nan, 3.0], [np.nan, 9.0, 2.0]], [[1, 2, 3], [4, 5, -np.inf]]]])
    rois = np.array([[0, 0, 0, 2, 1.0], [0, 2, 1, 2, 1]])
    case = random_case(0)._replace(features=features, rois=rois, size=(1, 1), scale=1.0)
    out, argmax, _ = pool_results(simulator, case)
    np.testing.assert_array_equal(out, pool.roi_pool(features, rois, (1, 1))[0])
    np.testing.assert_array_equal(argmax, pool.roi_pool(features, rois, (1, 1))[1])


def test_arrays_are_for_the_simulator_alone():
    """Outside of it an array of NumPy is refused: by its type, or before that because no card is there."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        features = np.zeros((1, 2, 2, 1))
        arguments = (features, np.zeros((1, 5)), np.zeros((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), np.int64), 1.0)
        problem = executor.submit(run, "minimask.roi.cuda", "roi_pool_forward", {}, arguments).exception()
    assert isinstance(problem, TypeError | RuntimeError)
    assert "simulator" in str(problem) or "CUDA" in str(problem)
