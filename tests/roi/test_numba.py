"""The compiled path of the processor, held against the float64 reference."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cases import CASES, close, pool_truth, random_case, truth
from hypothesis import given
from hypothesis import strategies as st

from minimask import compiled
from minimask.roi import cpu, cpu_pool, host, layout, roi_align, roi_pool, taps, threads

DTYPES = st.sampled_from([np.float32, np.float64])


def poisoned(*shape, dtype):
    return np.full(shape, np.nan, dtype)


def compute(case):
    """Return output, gradient of the features and gradient of the boxes; what is not written stays NaN."""
    images, channels, height, width = case.features.shape
    features, grad = layout.channels_last(case.features), layout.channels_last(case.grad())
    every, dtype = np.arange(len(case.rois)), case.features.dtype
    out = poisoned(len(case.rois), *case.size, channels, dtype=dtype)
    of_features = poisoned(images, height, width, channels, dtype=dtype)
    of_boxes = poisoned(len(case.rois), 4, dtype=np.float64)
    cpu.align(features, case.rois, every, out, *case.settings)
    cpu.align_features_grad(grad, case.rois, every, of_features, *case.settings)
    cpu.align_boxes_grad(grad, features, case.rois, every, of_boxes, *case.settings)
    return out.transpose(0, 3, 1, 2), of_features.transpose(0, 3, 1, 2), of_boxes


@given(CASES, DTYPES)
def test_roi_align_equals_the_reference(seed, dtype):
    case = random_case(seed, dtype)
    for found, expected in zip(compute(case), truth(case), strict=True):
        close(found, expected, dtype)


@given(CASES, DTYPES)
def test_roi_pool_equals_the_reference(seed, dtype):
    case = random_case(seed, dtype)
    if seed % 2:
        case = case._replace(features=np.round(case.features))  # many equal values: the first one counts
    out, argmax, back = pool_truth(case)
    found, cells = host.max_pool(case.features, case.rois, case.size, case.scale, "numba")
    np.testing.assert_array_equal(found, out)
    np.testing.assert_array_equal(cells, argmax)
    close(host.max_pool_features_grad(case.grad(), cells, case.rois, case.features.shape, "numba"), back, dtype)


@given(CASES)
def test_float32_boxes_take_as_many_samples_as_the_reference(seed):
    """Features in float64 and boxes in float32: positions and counts follow the boxes, sums the features."""
    case = random_case(seed, np.float32)
    case = case._replace(features=case.features.astype(np.float64))
    out, back, _ = truth(case)
    found = compute(case)
    close(found[0], out, np.float64)
    close(found[1], back, np.float64)


def test_the_same_bits_at_any_number_of_threads(thread_count):
    for seed in range(12):
        case = random_case(seed, np.float32, channels=(1, 70))
        several = compute(case)
        threads.set_num_threads(1)
        for found, alone in zip(several, compute(case), strict=True):
            np.testing.assert_array_equal(found, alone)
        threads.set_num_threads(thread_count)
        cells = host.max_pool(case.features, case.rois, case.size, case.scale, "numba")[1]
        back = host.max_pool_features_grad(case.grad(), cells, case.rois, case.features.shape, "numba")
        close(back, pool_truth(case)[2], np.float32)


def test_every_thread_takes_part(thread_count):
    seen = []
    threads.in_threads(lambda task, tasks: seen.append((task, tasks)), pieces=5, writes=10)
    assert sorted(seen) == [(task, thread_count) for task in range(thread_count)]


def test_little_work_stays_in_one_thread():
    seen = []
    threads.set_num_threads(4)
    threads.in_threads(lambda task, tasks: seen.append(tasks), pieces=100, writes=threads.WORTH_A_THREAD - 1)
    threads.in_threads(lambda task, tasks: seen.append(tasks), pieces=1, writes=10**9)
    threads.set_num_threads(None)
    assert seen == [1, 1]


# Layouts


def strided(features):
    """The same numbers in odd places: every other one of a larger array, rows upside down."""
    images, channels, height, width = features.shape
    room = np.zeros((images, 2 * channels, height, width + 3), features.dtype)
    room[:, ::2, ::-1, 1 : width + 1] = features
    return room[:, ::2, ::-1, 1 : width + 1]


@given(CASES)
def test_any_layout_gives_the_same_bits_and_keeps_its_own(seed):
    case = random_case(seed, np.float32)
    last = np.ascontiguousarray(case.features.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    boxes = np.asfortranarray(case.rois)[:, ::-1].copy()[:, ::-1]
    settings = (case.size, *case.settings)
    first = roi_align(case.features, case.rois, *settings)
    assert first.flags.c_contiguous
    for features in (last, strided(case.features)):
        found = roi_align(features, boxes, *settings)
        np.testing.assert_array_equal(found, first)
        np.testing.assert_array_equal(
            roi_pool(features, boxes, *settings[:2]), roi_pool(case.features, case.rois, *settings[:2])
        )
    if last.flags.c_contiguous:  # one channel, or one cell: both layouts at once
        return
    for backend in ("numba", "reference"):
        assert roi_align(last, case.rois, *settings, backend=backend).transpose(0, 2, 3, 1).flags.c_contiguous


def test_channels_last_features_are_not_copied():
    features = np.zeros((2, 5, 6, 7)).transpose(0, 3, 1, 2)
    assert np.shares_memory(layout.channels_last(features), features)
    assert not np.shares_memory(layout.channels_last(features.copy()), features)


@given(CASES)
def test_layouts_there_and_back(seed):
    features = random_case(seed).features
    there = layout.channels_last(features)
    assert there.flags.c_contiguous
    np.testing.assert_array_equal(there, features.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(layout.channels_first(there), features)


def test_read_only_arrays_are_read():
    case = random_case(3, np.float32)
    for array in (case.features, case.rois):
        array.flags.writeable = False
    assert roi_align(case.features, case.rois, 2).shape[2:] == (2, 2)


def test_half_precision_features_and_boxes():
    case = random_case(11, np.float32, channels=(3, 4))
    half = case.features.astype(np.float16)
    found = roi_align(half, case.rois, case.size, *case.settings)
    assert found.dtype == np.float16
    expected = roi_align(half.astype(np.float64), case.rois, case.size, *case.settings)
    np.testing.assert_array_equal(found, expected.astype(np.float32).astype(np.float16))
    coarse = case.rois.astype(np.float16)
    np.testing.assert_array_equal(
        roi_align(case.features, coarse, 2), roi_align(case.features, coarse.astype(np.float32), 2)
    )


def test_more_than_two_to_the_31_elements_of_address_space():
    """The pages between are never touched, so that no memory is needed for them."""
    features = np.zeros((1, 2**16, 2**15 + 8, 1), np.float32).transpose(0, 3, 1, 2)
    assert features.size > 2**31
    features[0, 0, -2:, -2:] = [[1, 2], [3, 4]]
    far = np.array([[0, 2**15 + 6, 2**16 - 2, 2**15 + 8, 2**16]], np.float64)
    np.testing.assert_allclose(roi_align(features, far, 2, aligned=True)[0, 0], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(roi_pool(features, far - [0, 0, 0, 1, 1], 2)[0, 0], [[1, 2], [3, 4]])


def test_giant_boxes_cost_no_more_than_the_map():
    features = np.ones((1, 3, 8, 8), np.float32)
    giant = np.array([[0, -1e6, -1e6, 1e6, 1e6]])
    assert roi_align(features, giant, 7).shape == (1, 3, 7, 7)
    assert roi_pool(features, giant, 7)[0, 0].tolist() == [
        [0] * 3 + [1] + [0] * 3 if p == 3 else [0] * 7 for p in range(7)
    ]


def test_infinite_and_nan_features_stay_where_they_are():
    features = np.zeros((1, 2, 6, 6))
    features[0, 0, 5, 5], features[0, 1, 0, 0] = np.nan, np.inf
    away = np.array([[0, 1.0, 1.0, 4.0, 4.0]])
    for backend in ("numba", "reference"):
        assert not roi_align(features, away, 3, backend=backend).any()


# Compiled once


def test_what_was_compiled_before_the_formulas_changed_is_forgotten(tmp_path):
    kept, sources = tmp_path / "kept", tmp_path / "sources"
    kept.mkdir()
    sources.mkdir()
    ages = {kept / "cpu._align-1.py311.nbi": 20, sources / "taps.py": 30, sources / "cpu.py": 10}
    ages[kept / "cpu._stage-2.py311.nbi"] = 5
    for path, age in ages.items():
        path.touch()
        os.utime(path, (1e9 - age, 1e9 - age))
    compiled.forget_stale_code(kept, sources)
    assert [path.name for path in kept.iterdir()] == ["cpu._stage-2.py311.nbi"]


def test_the_formulas_of_the_folder_are_looked_at(tmp_path, monkeypatch):
    looked_at = []
    monkeypatch.setattr(compiled, "forget_stale_code", lambda folder, sources: looked_at.append(sources))
    compiled.compiled(taps.tap)
    assert looked_at == [Path(taps.__file__).parent]


def test_the_second_process_compiles_nothing(tmp_path):
    script = """
import numpy as np
from minimask.roi import cpu, roi_align
roi_align(np.zeros((1, 2, 5, 5), np.float32), np.array([[0, 0, 0, 3, 3]], np.float32), 2)
print(sum(cpu._align.stats.cache_misses.values()), sum(cpu._align.stats.cache_hits.values()))
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    said = [
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert said == ["1 0\n", "0 1\n"]


def test_where_nothing_can_be_kept_it_is_said_and_compiled_all_the_same(monkeypatch):
    import numba

    njit = numba.njit

    def cannot(function, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(function, **options)

    monkeypatch.setattr(compiled.numba, "njit", cannot)
    with pytest.warns(RuntimeWarning, match="cannot be kept for the next time: cannot cache function"):
        tap = compiled.compiled(taps.tap)
    assert tap(2.25, 5) == (2, 3, 0.75, 0.25, 1.0)


def test_channels_are_shared_out_in_blocks():
    assert cpu_pool.CHANNELS_PER_PIECE < 70  # so that the cases above have several
