"""One clear error where no kernel can be launched, whatever is missing."""

import contextlib
import warnings
from types import SimpleNamespace

import pytest

from minimask.roi import cuda_shim
from minimask.roi.cuda_shim import CudaUnavailableError


class NoSupportError(ImportError):
    pass


def refuse(problem):
    def call(*_):
        raise problem

    return call


class Cards:
    """Stands in for `cuda.gpus`."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        if isinstance(self.count, Exception):
            raise self.count
        return self.count

    def __getitem__(self, index):
        return contextlib.nullcontext()


class Launcher:
    """Stands in for a compiled kernel: launching it does what `launch` does."""

    def __init__(self, launch):
        self.launch = launch

    def __getitem__(self, grid):
        return self.launch


def pretend(
    monkeypatch, cards=1, compiler=lambda: None, known=lambda: True, launch=lambda: None, name="numba.cuda.cudadrv"
):
    driver = SimpleNamespace(
        __name__=name, error=SimpleNamespace(CudaSupportError=NoSupportError), nvvm=SimpleNamespace(NVVM=compiler)
    )
    pretended = SimpleNamespace(
        gpus=Cards(cards), cudadrv=driver, is_supported_version=known, jit=lambda *_, **__: Launcher(launch)
    )
    monkeypatch.setattr(cuda_shim, "cuda", pretended)
    cuda_shim.require.cache_clear()


@pytest.fixture(autouse=True)
def forget():
    yield
    cuda_shim.require.cache_clear()


def test_a_card_and_a_compiler_are_enough(monkeypatch):
    pretend(monkeypatch)
    cuda_shim.require()


def test_no_driver(monkeypatch):
    pretend(monkeypatch, cards=NoSupportError("\nError at driver init:\nno such library\n"))
    with pytest.raises(CudaUnavailableError, match=r"no CUDA driver answers .*Error at driver init\): .* pip install"):
        cuda_shim.require()


def test_no_card(monkeypatch):
    pretend(monkeypatch, cards=0)
    with pytest.raises(CudaUnavailableError, match="sees no NVIDIA card"):
        cuda_shim.require()


@pytest.mark.parametrize("problem", [KeyError((13, 1)), OSError("libnvvm.so: cannot open"), NoSupportError("no NVVM")])
def test_no_compiler_for_the_card(monkeypatch, problem):
    pretend(monkeypatch, compiler=refuse(problem))
    with pytest.raises(
        CudaUnavailableError, match=r'cannot compile .*ends at CUDA 12\.4.*pip install "minimask\[cuda\]"'
    ):
        cuda_shim.require()


def test_a_driver_newer_than_the_package(monkeypatch):
    pretend(monkeypatch, known=lambda: False)
    with pytest.raises(CudaUnavailableError, match=r'newer than this package knows.*pip install "minimask\[cuda\]"'):
        cuda_shim.require()
    pretend(monkeypatch, known=refuse(KeyError((13, 1))))
    with pytest.raises(CudaUnavailableError, match=r"KeyError: \(13, 1\)"):
        cuda_shim.require()


def test_what_fails_only_at_a_launch(monkeypatch):
    """A linker that is missing, or code that the driver is too old for: said before a kernel of ours is launched."""
    pretend(monkeypatch, launch=refuse(RuntimeError("\nUnsupported PTX version")))
    with pytest.raises(
        CudaUnavailableError, match=r'RuntimeError: Unsupported PTX version.*pip install "minimask\[cuda\]"'
    ):
        cuda_shim.require()


def test_each_card_is_asked_once(monkeypatch):
    asked = []
    pretend(monkeypatch, cards=2, launch=lambda: asked.append(1))
    for index in (0, 1, 0, 1):
        cuda_shim.require(index)
    assert len(asked) == 2


def test_nothing_is_compiled_once_more_by_the_linker(monkeypatch):
    """It would fuse products and sums, which `numba-cuda` lets it do wherever there is one, unless told otherwise."""
    decorators = pytest.importorskip("numba.cuda.decorators")
    monkeypatch.setattr(decorators, "_have_nvjitlink", lambda: True)
    for made in (cuda_shim.kernel(registers=16)(cuda_shim._nothing), cuda_shim.device_function(lambda x: x)):
        assert made.targetoptions["lto"] is False
    assert cuda_shim.cuda.jit(cuda_shim._nothing).targetoptions["lto"] is True


def test_the_simulator_needs_nothing(monkeypatch):
    pretend(monkeypatch, cards=0, name="numba.cuda.simulator.cudadrv")
    assert cuda_shim.is_simulator()
    cuda_shim.require()


def test_this_process_is_not_the_simulator():
    assert not cuda_shim.is_simulator()


def test_launching_small_grids_warns_nobody():
    """numba would have every launch of few blocks warn; the number of RoIs is what it is."""
    with warnings.catch_warnings(record=True) as caught:
        cuda_shim.quiet()
        warnings.warn_explicit("Grid size 1 will likely result in GPU under-utilization", UserWarning, "x.py", 1)
    assert not caught
