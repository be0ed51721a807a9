"""Every CUDA kernel, compiled for two generations of cards, without a card: what the simulator cannot see.

numba's compiler is the one that runs on a machine with a card: `numba-cuda`, with the libraries nvvm and nvrtc. Each
kernel is compiled for the very arguments with which `minimask.roi.cuda` launches it.
"""

import re
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no compiler for NVIDIA cards")

ARCHITECTURES = ((8, 0), (9, 0))
FORMATS = ("float32", "float64", "float16", "bfloat16")
KERNELS = ("align", "align_boxes_grad", "align_windows", "align_gather", "max_pool", "windows", "pool_gather")


def compile_all(name):
    """Launch all operators on a card of paper, in one format; return PTX by architecture and kernel.

    numba types and lowers each kernel once, for the first architecture; what it hands to NVIDIA's compiler is then
    compiled for the other one too.
    """
    import numba.cuda.dispatcher

    from minimask.roi import cuda
    from minimask.roi.cuda_shim import cuda as numba_cuda
    from minimask.roi.cuda_shim import types

    nvvm = numba_cuda.cudadrv.nvvm
    compile_ir, found = nvvm.compile_ir, {}
    numba.cuda.dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=ARCHITECTURES[0])

    class Paper:
        flat = staticmethod(lambda array: array.reshape(-1))
        view = staticmethod(lambda array: array)
        scratch = staticmethod(lambda shape, dtype: np.empty(shape, dtype))

        @staticmethod
        def launch(kernel, grid, threads, *arguments):
            def compile_for_all(source, **options):
                for cc in ARCHITECTURES:
                    ptx = compile_ir(source, **{**options, "arch": "compute_{}{}".format(*cc)})
                    found[cc, kernel.py_func.__name__] = ptx.decode()
                return ptx

            nvvm.compile_ir = compile_for_all
            signature = types.void(*[numba.typeof(argument) for argument in arguments])
            try:
                numba_cuda.compile_ptx(kernel.py_func, signature, cc=ARCHITECTURES[0])
            except Exception as problem:
                for cc in ARCHITECTURES:
                    found[cc, kernel.py_func.__name__] = f"{type(problem).__name__}: {problem}"
            finally:
                nvvm.compile_ir = compile_ir

    cuda._Card = SimpleNamespace(of=lambda array: Paper)
    stored = np.int16 if name == "bfloat16" else np.dtype(name)
    coordinates = np.float64 if name == "float64" else np.float32
    maps = [np.zeros((2, size, size, 3), stored) for size in (8, 4)]
    boxes, levels = np.zeros((1, 5), coordinates), np.zeros(1, np.int64)
    out, argmax = np.zeros((1, 2, 2, 3), stored), np.zeros((1, 2, 2, 3), np.int64)
    settings = ([1.0, 0.5], 0, True)
    cuda.roi_align_forward(maps, boxes, levels, out, *settings)
    cuda.roi_align_features_grad(out, boxes, levels, maps, *settings)
    cuda.roi_align_boxes_grad(out, maps, boxes, levels, np.zeros((1, 4), coordinates), *settings)
    cuda.roi_pool_forward(maps[0], boxes, out, argmax, 0.5)
    cuda.roi_pool_features_grad(out, argmax, boxes, maps[0])
    return found


@pytest.fixture(scope="module")
def compiled():
    """PTX by architecture, format and kernel."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        kernels = zip(FORMATS, executor.map(compile_all, FORMATS), strict=True)
        return {(cc, name, kernel): ptx for name, found in kernels for (cc, kernel), ptx in found.items()}


@pytest.fixture(params=ARCHITECTURES, ids=lambda cc: f"sm_{cc[0]}{cc[1]}")
def architecture(request):
    return request.param


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", FORMATS)
def test_every_kernel_compiles(compiled, architecture, name, kernel):
    ptx = compiled[architecture, name, kernel]
    assert ".entry" in ptx, ptx
    assert ".target sm_{}{}".format(*architecture) in ptx
    assert not re.search(r"^\s*(atom|red)\.", ptx, re.MULTILINE)  # gathered, not scattered
    assert "__local_depot" not in ptx  # the sums are in registers
    shared = re.findall(r"\.shared [^;]*\[(\d+)\]", ptx)
    assert sum(int(size) for size in shared) <= 26 * 1024  # several blocks fit on a multiprocessor


def test_no_kernel_is_forgotten(compiled):
    assert set(compiled) == {(cc, name, kernel) for cc in ARCHITECTURES for name in FORMATS for kernel in KERNELS}


@pytest.mark.parametrize("name", FORMATS)
def test_products_are_rounded_unless_asked(compiled, architecture, name):
    """Geometry fuses nothing; the inner loops do, in the features' numbers."""
    kernels = {kernel: compiled[architecture, name, kernel] for kernel in KERNELS}
    assert "fma" not in kernels["align_windows"] + kernels["max_pool"]
    left_open = r"\b(mul|add|sub)\.f(32|64)\b"  # not said to round, so that what comes after may still fuse it
    assert not re.search(left_open, kernels["align_windows"] + kernels["max_pool"])
    wide = name == "float64"
    for kernel in ("align", "align_gather", "align_boxes_grad"):
        assert ("fma.rn.f64" in kernels[kernel]) == wide
        assert ("fma.rn.f32" in kernels[kernel]) != wide


def test_positions_are_double_and_samples_counted_as_the_boxes_are(compiled, architecture):
    single, double = (compiled[architecture, name, "align_windows"] for name in ("float32", "float64"))
    assert single.count("div.rn.f32") == 2  # extent / bins, in y and x; bin sizes are divided in float64
    assert ".f32" not in double
    assert "div.rn.f64" in single and "div.rn.f64" in double


def test_halves_are_read_as_they_are(compiled, architecture):
    half, bits, single = (compiled[architecture, name, "align"] for name in ("float16", "bfloat16", "float32"))
    assert "cvt.f32.f16" in half and "cvt.rn.f16.f32" in half
    assert ".f16" not in bits and re.search(r"\bld\.[us]16", bits) and re.search(r"\bst\.global\.[ub]16", bits)
    assert ".f16" not in single
