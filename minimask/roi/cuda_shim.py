"""The one door to `numba.cuda`: the packages behind it, its simulator, and one clear error where no card can be used.

Two packages answer to the name `numba.cuda`: numba's own target, deprecated, and NVIDIA's `numba-cuda`, which takes its
place. What differs between them is settled here, and nowhere else.

Kernels of minimask never fuse a product and a sum unless they ask for it (`cuda.fma`). The number of samples, and at
the edge of a map whether a sample counts, hang on the last bit, and so the card has to round as `taps.py` does. That is
settled when a kernel is compiled, and so none is compiled once more when it is linked, as `numba-cuda` would.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

INSTALL = 'pip install "minimask[cuda]"'

try:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*numba-cuda.*")  # what to install, our own error says too
        import numba.cuda
except ImportError as error:
    raise ImportError(f"minimask's CUDA operators need numba and its CUDA target: {INSTALL}") from error

cuda: Any = numba.cuda
types: Any = numba.types

Function = TypeVar("Function", bound=Callable[..., Any])

Array = Any
"""What kernels read and write: an array as numba knows it, or a torch tensor or NumPy array on its way there."""

Kernel = Any
"""A compiled kernel, launched as `kernel[grid, threads, stream](*arguments)`."""

MOST_THREADS = 256
"""Threads of the largest block."""

_OURS = "minimask"

_AT_ONCE = {"lto": False} if "lto" in inspect.signature(cuda.jit).parameters else {}
"""Compile to the end, not at link time, where the linker would fuse; numba's own target and the simulator know no
other way. (Given to `cuda.jit` with the function: numba-cuda 0.30 forgets what it is given before.)"""


class CudaUnavailableError(RuntimeError):
    """No kernel can run here; the message says why, and what to install."""


def is_simulator() -> bool:
    """Return whether kernels run in numba's simulator, on NumPy arrays (`NUMBA_ENABLE_CUDASIM=1`)."""
    return ".simulator." in cuda.cudadrv.__name__


def device_function(function: Function) -> Function:
    """Compile a function for calls from kernels; the simulator takes plain arithmetic as it is, which is faster."""
    if is_simulator() and "cuda" not in function.__code__.co_names:
        return function
    compiled: Function = cuda.jit(function, device=True, **_AT_ONCE)
    return compiled


def kernel(registers: int) -> Callable[[Callable[..., None]], Kernel]:
    """Compile a kernel at its first launch, for each combination of types once.

    Parameters
    ----------
    registers : int
        The most registers that a thread may hold: fewer let more threads run side by side, and hide the waiting for
        memory; what does not fit is kept in slow memory, which hurts in inner loops.
    """
    options = {} if is_simulator() else {"max_registers": registers, **_AT_ONCE}
    return lambda function: cuda.jit(function, **options)


@functools.cache
def require(index: int = 0) -> None:
    """Raise unless kernels can be compiled and launched on card `index`.

    Raises
    ------
    CudaUnavailableError
        Without a driver, without a card, or without the compiler's libraries, or when they do not know each other.
    """
    if is_simulator():
        return
    try:
        count = len(cuda.gpus)
    except cuda.cudadrv.error.CudaSupportError as error:
        raise CudaUnavailableError(
            f"no CUDA driver answers ({_first_line(error)}): install NVIDIA's driver, and {INSTALL}"
        ) from error
    if count == 0:
        raise CudaUnavailableError("the CUDA driver is there, but it sees no NVIDIA card")
    try:
        cuda.cudadrv.nvvm.NVVM()
        known = cuda.is_supported_version()
        if known:
            with on_device(index):  # what does not fit the driver, or cannot be linked, is seen only now
                kernel(registers=16)(_nothing)[1, 1]()
    except Exception as error:  # a KeyError, an OSError, a warning: each release of numba fails in its own way
        raise CudaUnavailableError(_no_compiler(_first_line(error))) from error
    if not known:
        raise CudaUnavailableError(_no_compiler("the toolkit is newer than this package knows"))


def _nothing() -> None:
    """Do nothing, as a kernel."""


def on_device(index: int) -> contextlib.AbstractContextManager[Any]:
    """Make a card the current one inside a `with` block."""
    return contextlib.nullcontext() if is_simulator() else cuda.gpus[index]


@functools.lru_cache(maxsize=64)
def stream(index: int, pointer: int) -> Any:  # noqa: ANN401
    """Return the stream of card `index` at an address, as launches take it: 0 stands for the default one."""
    with on_device(index):
        return cuda.external_stream(pointer) if pointer else 0


@functools.lru_cache(maxsize=1024)
def view(index: int, pointer: int, shape: tuple[int, ...], typestr: str) -> Array:
    """Return the contiguous numbers at an address of card `index` as kernels take them.

    Making a view takes longer than a small launch, and torch hands out the same addresses again and again: so views
    are kept. A view is no more than an address, a shape and a type; it owns nothing, and waits for no stream.
    """
    interface = {"version": 3, "data": (pointer, False), "shape": shape, "strides": None, "typestr": typestr}
    with on_device(index):
        return cuda.from_cuda_array_interface(interface, sync=False)


def _no_compiler(reason: str) -> str:
    return (
        f"numba cannot compile for this card ({reason}). numba's own CUDA target ends at CUDA 12.4; "
        f"NVIDIA's package knows the later ones: {INSTALL}"
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}".rstrip(" :")


def quiet() -> None:
    """Keep numba from warning at each launch of few blocks: the number of RoIs is what it is."""
    warnings.filterwarnings("ignore", message="Grid size .* under-utilization")


def _never_fuse() -> None:
    """Have the compiler round every product of minimask's kernels; numba has no option for it.

    Code of other packages is compiled as before.
    """
    nvvm = cuda.cudadrv.nvvm
    compile_ir = nvvm.compile_ir

    @functools.wraps(compile_ir)
    def compile_unfused(source: Any, **options: Any) -> Any:  # noqa: ANN401
        text = source if isinstance(source, str) else "".join(source)
        if _OURS in text:
            options["fma"] = False
        return compile_ir(source, **options)

    nvvm.compile_ir = compile_unfused


if not is_simulator():
    _never_fuse()
    quiet()
