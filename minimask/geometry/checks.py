"""The public doors' validation: what comes in is checked once, here, and refused with a message that helps."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

MOST_PAIRS = 2**28
"""The largest pairwise matrix that is made in one piece: 2 GiB in float64."""
LARGEST = 1e18
"""The largest coordinate: sums of areas made of it still fit into float32."""


def is_tensor(value: object) -> bool:
    """Tell whether something is a torch tensor, without loading torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def library_of(array: object) -> Any:  # noqa: ANN401
    """Return the library whose functions take the array: NumPy, or torch for a tensor."""
    return sys.modules["torch"] if is_tensor(array) else np


def check_one_kind(first: Any, second: Any, names: str) -> None:  # noqa: ANN401
    """Refuse a tensor beside something else, and tensors on different devices."""
    if is_tensor(first) != is_tensor(second):
        kinds = f"{type(first).__name__} and {type(second).__name__}"
        raise TypeError(f"{names} must both be torch tensors, or neither, got {kinds}")
    if is_tensor(first) and first.device != second.device:
        raise ValueError(f"{names} must be on one device, got {first.device} and {second.device}")


def as_array(values: ArrayLike | Sequence[ArrayLike], name: str) -> NDArray[Any]:
    """Return `values` as an array of whatever it holds, or say that its rows differ in length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array, but its rows differ in shape: {error}") from error


def as_float_array(values: ArrayLike, name: str, largest: float = LARGEST) -> FloatArray:
    """Return `values` as a finite float array: float32 and float64 are kept, other numbers become float64."""
    array = as_array(values, name)
    if array.dtype == np.bool_ or array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite, got {array[where]}" + (f" at index {where}" if where else ""))
    if array.size and max(array.max(), -array.min()) > largest:
        raise ValueError(
            f"{name} must hold numbers from -{largest:g} to {largest:g}, got {np.abs(array).max():g} in size"
        )
    return array


def as_number(value: ArrayLike, name: str) -> float:
    """Return `value` as one finite number."""
    array = as_float_array(value, name)
    if array.ndim:
        raise ValueError(f"{name} must be a single number, got an array of shape {array.shape}")
    return float(array)


def as_whole_number(value: int, name: str, least: int) -> int:
    """Return `value` as a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


def as_point(point: ArrayLike, name: str) -> FloatArray:
    """Return `point` as a float array `(2,)`."""
    array = as_float_array(point, name)
    if array.shape != (2,):
        raise ValueError(f"{name} must have shape (2,): x y, got shape {array.shape}")
    return array


def as_boxes(boxes: ArrayLike, name: str = "boxes") -> FloatArray:
    """Return `boxes` as a float array `(N, 4)` with `x1 <= x2` and `y1 <= y2` in every row."""
    array = as_float_array(boxes, name)
    if array.shape == (0,):
        array = array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"{name} must have shape (N, 4) with rows x1 y1 x2 y2, got shape {array.shape}")
    reversed_rows = np.flatnonzero((array[:, 2] < array[:, 0]) | (array[:, 3] < array[:, 1]))
    if reversed_rows.size:
        row = int(reversed_rows[0])
        raise ValueError(f"{name} must have x1 <= x2 and y1 <= y2, got {array[row].tolist()} in row {row}")
    return array


def as_box_tensor(boxes: Any, name: str = "boxes") -> Any:  # noqa: ANN401
    """Return a tensor of boxes `(N, 4)` in float32 at least; whole numbers become torch's default.

    On the processor its numbers are looked at, as those of arrays are; a graphics card would have to wait for that.
    """
    torch = library_of(boxes)
    if boxes.dtype == torch.bool or boxes.is_complex():
        raise TypeError(f"{name} must hold real numbers, got dtype {boxes.dtype}")
    if not boxes.is_floating_point():
        boxes = boxes.to(torch.get_default_dtype())
    boxes = boxes if boxes.element_size() >= 4 else boxes.float()
    if tuple(boxes.shape) == (0,):
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"{name} must have shape (N, 4) with rows x1 y1 x2 y2, got shape {tuple(boxes.shape)}")
    if boxes.device.type == "cpu" and not torch.compiler.is_compiling() and not _good_at_a_glance(boxes.detach()):
        as_boxes(boxes.numpy(force=True), name)
    return boxes


def _good_at_a_glance(boxes: Any) -> bool:  # noqa: ANN401
    """Return whether the boxes of a tensor are finite, not too large, and not reversed."""
    try:
        return bool(((boxes[:, :2] <= boxes[:, 2:]).all() & (boxes.abs() <= LARGEST).all()).item())
    except RuntimeError:  # inside `torch.vmap` and the like there are no numbers to look at
        return True


def as_box(box: ArrayLike, name: str = "box") -> FloatArray:
    """Return `box` as a float array `(4,)` with `x1 <= x2` and `y1 <= y2`."""
    array = as_float_array(box, name)
    if array.shape != (4,):
        raise ValueError(f"{name} must have shape (4,): x1 y1 x2 y2, got shape {array.shape}")
    return as_boxes(array[None], name).reshape(4)


def as_mask(mask: ArrayLike, name: str = "mask") -> BoolArray:
    """Return `mask` as a Boolean array `(H, W)` with at least one pixel of area (H and W above 0)."""
    array = as_array(mask, name)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} must be Boolean, got dtype {array.dtype}; compare first, e.g. `{name} > 0`")
    if array.ndim != 2:
        raise ValueError(f"{name} must have shape (H, W), got shape {array.shape}")
    if 0 in array.shape:
        raise ValueError(f"{name} must have at least one row and one column, got shape {array.shape}")
    return array


def as_masks(masks: ArrayLike, name: str = "masks") -> BoolArray:
    """Return `masks` as a Boolean array `(N, H, W)`."""
    array = as_array(masks, name)
    if array.dtype != np.bool_:
        raise TypeError(f"{name} must be Boolean, got dtype {array.dtype}; compare first, e.g. `{name} > 0`")
    if array.ndim != 3 or 0 in array.shape[1:]:
        raise ValueError(f"{name} must have shape (N, H, W) with H, W >= 1, got shape {array.shape}")
    return array


def as_ring(ring: ArrayLike, name: str = "polygon") -> FloatArray:
    """Return one closed line as float64 `(N, 2)`, N >= 3, without repeated neighbors or a repeated first vertex."""
    array = as_float_array(ring, name).astype(np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name} must have shape (N, 2) with rows x y, got shape {array.shape}")
    array = array[np.any(array != np.roll(array, 1, axis=0), axis=1)]
    if len(array) < 3:
        raise ValueError(f"{name} must have at least 3 distinct vertices, got {len(array)}")
    return array


def as_rings(polygon: ArrayLike | Sequence[ArrayLike], name: str = "polygon") -> list[FloatArray]:
    """Return a polygon as a list of rings: `(N, 2)` is one ring; a list of such arrays is an outline and its holes."""
    if isinstance(polygon, list | tuple) and polygon and as_array(polygon[0], f"{name}[0]").ndim == 2:
        return [as_ring(ring, f"{name}[{i}]") for i, ring in enumerate(polygon)]
    return [as_ring(polygon, name)]  # type: ignore[arg-type]


def as_size(size: Sequence[int], name: str = "size") -> tuple[int, int]:
    """Return an image's size as `(height, width)`, both whole numbers of at least 1."""
    array = as_float_array(size, name)
    if array.shape != (2,) or np.any(array % 1) or np.any(array < 1):
        raise ValueError(f"{name} must be two whole numbers of at least 1, (height, width), got {size!r}")
    height, width = array.astype(int).tolist()
    return height, width


def check_pairs(rows: int, columns: int, names: str) -> None:
    """Refuse a matrix of `rows x columns` that would exhaust the memory of an ordinary machine."""
    if rows * columns > MOST_PAIRS:
        gib = rows * columns * 8 / 2**30
        raise ValueError(
            f"{names} would make a {rows} x {columns} matrix ({gib:,.0f} GiB); at most {MOST_PAIRS:,} "
            f"entries are made at once: pass the first argument in blocks of {max(1, MOST_PAIRS // columns)} rows"
        )
