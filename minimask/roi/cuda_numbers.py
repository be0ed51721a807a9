"""How kernels read and write numbers: stored in one format, computed in another.

float32 and float64 are what they are. The two halves are computed in float32: float16 as numba reads it, and bfloat16,
which neither numba nor NumPy knows, by its bits, held in int16: they are the upper half of a float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minimask.roi.cuda_shim import device_function, types

ZERO, ONE = np.uint64(0), np.uint64(1)
"""For counting in inner loops: with these, unlike with `range`, numba's loop is three instructions long."""


class Numbers(NamedTuple):
    """A format of numbers: the type to compute in, for NumPy and for numba, and the functions to read and write."""

    number: Any
    numba_type: Any
    widen: Any
    narrow: Any


@device_function
def _as_float32(value: Any) -> np.float32:  # noqa: ANN401
    return np.float32(value)


@device_function
def _as_float64(value: Any) -> np.float64:  # noqa: ANN401
    return np.float64(value)


@device_function
def _to_float16(value: Any) -> np.float16:  # noqa: ANN401
    return np.float16(value)


@device_function
def _from_bfloat16(bits: Any) -> np.float32:  # noqa: ANN401
    return np.int32(np.int32(bits) << np.int32(16)).view(np.float32)


@device_function
def _to_bfloat16(value: Any) -> np.int16:  # noqa: ANN401
    """Round to the nearest, of two equally near ones to the even."""
    bits = np.float32(value).view(np.int32)
    if value != value:
        return np.int16(0x7FC0)
    half = np.int32(0x7FFF) + ((bits >> np.int32(16)) & np.int32(1))
    return np.int16((bits + half) >> np.int32(16))


FORMATS = {
    "float32": Numbers(np.float32, types.float32, _as_float32, _as_float32),
    "float64": Numbers(np.float64, types.float64, _as_float64, _as_float64),
    "float16": Numbers(np.float32, types.float32, _as_float32, _to_float16),
    "bfloat16": Numbers(np.float32, types.float32, _from_bfloat16, _to_bfloat16),
}
