"""Compiling with numba: at the first call, and kept on disk for the next process."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    import numba
except ImportError as error:
    raise ImportError("the compiled path needs numba: pip install numba; or ask for backend='reference'") from error


def compiled(function: Callable[..., Any], exact: bool = False) -> Any:  # noqa: ANN401
    """Compile a function at its first call, and keep the machine code on disk.

    It runs without the interpreter's lock. Unless it is to be exact, products and sums may be fused, and sums over
    channels be added in the order that suits the vector registers; both are settled when it is compiled. Geometry is
    exact: its sums keep their order. (The compiler may still fuse there; `taps.NEAR` makes the last bit not matter.)
    """
    fast = False if exact else {"contract", "reassoc"}
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fast}
    try:
        dispatcher = numba.njit(function, cache=True, **options)
    except RuntimeError as error:  # neither the package's folder nor the user's cache can be written
        warnings.warn(f"compiled code cannot be kept for the next time: {error}", RuntimeWarning, stacklevel=2)
        return numba.njit(function, **options)
    forget_stale_code(Path(dispatcher.stats.cache_path), Path(function.__code__.co_filename).parent)
    return dispatcher


def compiled_exactly(function: Callable[..., Any]) -> Any:  # noqa: ANN401
    """Compile a function whose arithmetic is kept as it is written."""
    return compiled(function, exact=True)


def forget_stale_code(folder: Path, sources: Path) -> None:
    """Delete what was compiled before a source changed: numba itself does not look at what a function calls."""
    changed = max(source.stat().st_mtime for source in sources.glob("*.py"))
    for index in folder.glob("*.nbi"):
        if index.stat().st_mtime < changed:
            index.unlink(missing_ok=True)
