"""The public operators: torchvision's names, arguments and results, for NumPy arrays and torch tensors alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from minimask.geometry.checks import is_tensor
from minimask.roi import host
from minimask.roi.inputs import (
    as_aligned,
    as_backend,
    as_output_size,
    as_sampling_ratio,
    as_scale,
    check_features,
    check_levels,
    check_rois,
    join_boxes,
)
from minimask.roi.pyramid import assign_levels, first_level

if TYPE_CHECKING:
    from torch import Tensor

    from minimask.roi.host import FloatArray

Maps = TypeVar("Maps", "FloatArray", "Tensor")


def roi_align(
    input: Maps,
    boxes: Maps | Sequence[Maps],
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
    *,
    backend: str | None = None,
) -> Maps:
    """Extract a small feature map of fixed size for every box, by bilinear interpolation.

    Each box is divided into `PH x PW` bins without rounding; each bin is the mean of samples on a regular grid, and
    each sample the average of its four neighboring cells, weighed by nearness: `out[k, c] = Wy @ input[b, c] @ Wx.T`.

    Parameters
    ----------
    input : array or tensor (N, C, H, W)
        Feature maps; float64, float32, float16, and for tensors bfloat16. Channels-last in memory is fastest.
    boxes : array or tensor (K, 5), or list of (L, 4), one for each image
        Rows `b x1 y1 x2 y2`: the image's number, and the box in pixels, `x1 <= x2`, `y1 <= y2`. Boxes of less than
        32 bits are computed with in float32.
    output_size : int or (int, int)
        PH, PW.
    spatial_scale : float
        Cells per pixel: 1 / stride.
    sampling_ratio : int
        Samples per bin and axis; 0 or less: `ceil(extent / bins)`, about one per cell.
    aligned : bool
        False takes cell j to stand at position j, as first published, and makes boxes at least one cell wide and
        high; True puts its center at `j + 0.5`, where it is.
    backend : {"numba", "reference", "cuda"}, optional
        Which path computes: compiled for the processor, NumPy, or compiled for NVIDIA cards. By default the compiled
        one of the device where the features lie.

    Returns
    -------
    array or tensor (K, C, PH, PW)
        Of the input's dtype and layout. Tensors are differentiable with respect to input and boxes. The same bits at
        any number of threads.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed: an image's number out of range, a coordinate that is not finite, a reversed box,
        a scale that is not above 0, and so on.

    References
    ----------
    He et al., Mask R-CNN, 2017, section 3 (RoIAlign).

    Examples
    --------
    >>> ramp = np.arange(25.0).reshape(1, 1, 5, 5)
    >>> roi_align(ramp, [np.array([[1.0, 1.0, 3.0, 3.0]])], output_size=2, sampling_ratio=1, aligned=True)
    array([[[[ 6.,  7.],
             [11., 12.]]]])
    """
    check_features(input)
    rois = join_boxes(boxes, input)
    levels = rois[:, 0].long() * 0 if is_tensor(rois) else np.zeros(len(rois), np.int64)
    scales = [as_scale(spatial_scale)]
    found: Maps = _align([input], rois, levels, output_size, scales, sampling_ratio, aligned, backend)
    return found


def multilevel_roi_align(
    inputs: Sequence[Maps],
    boxes: Maps | Sequence[Maps],
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = False,
    *,
    levels: Maps | None = None,
    canonical_size: float = 224,
    canonical_level: int = 4,
    backend: str | None = None,
) -> Maps:
    """Extract every box from one level of a feature pyramid, all in one call, in the order of the boxes.

    Parameters
    ----------
    inputs : sequence of arrays or tensors (N, C, H, W)
        The levels, finest first; equal in N, C and dtype.
    boxes, output_size, sampling_ratio, aligned, backend
        As in `roi_align`.
    spatial_scales : sequence of float
        Cells per pixel of each level.
    levels : int64 array or tensor (K,), optional
        The number in `inputs` that each box is read from; by default that of `assign_levels`.
    canonical_size, canonical_level
        See `assign_levels`.

    Returns
    -------
    array or tensor (K, C, PH, PW)

    Raises
    ------
    ValueError, TypeError
        As `roi_align`; and if the levels do not fit together.

    References
    ----------
    Lin et al., Feature Pyramid Networks, 2017, section 4.2.

    Examples
    --------
    >>> pyramid = [np.full((1, 1, 64 // 2**i, 64 // 2**i), float(i)) for i in range(4)]
    >>> boxes = np.array([[0, 0, 0, 200.0, 200.0], [0, 0, 0, 100.0, 100.0]])
    >>> multilevel_roi_align(pyramid, boxes, 1, [1 / 4, 1 / 8, 1 / 16, 1 / 32]).ravel()
    array([1., 0.])
    """
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(f"inputs must be a list of at least one feature map, got {type(inputs).__name__}")
    for number, maps in enumerate(inputs):
        check_features(maps, f"inputs[{number}]")
        same = [
            (tuple(one.shape[:2]), one.dtype, is_tensor(one), getattr(one, "device", None)) for one in (maps, inputs[0])
        ]
        if same[0] != same[1]:
            raise ValueError(
                f"inputs must be equal in images, channels, dtype and device, got {same[1][:2]} in inputs[0] "
                f"and {same[0][:2]} in inputs[{number}]"
            )
    if len(spatial_scales) != len(inputs):
        raise ValueError(f"spatial_scales must be one for each of the {len(inputs)} inputs, got {len(spatial_scales)}")
    scales = [as_scale(scale, f"spatial_scales[{number}]") for number, scale in enumerate(spatial_scales)]
    rois = join_boxes(boxes, inputs[0])
    if levels is None:
        lowest = first_level(scales)
        highest = lowest + len(scales) - 1
        levels = assign_levels(rois[:, 1:], lowest, highest, canonical_size, canonical_level) - lowest
    elif is_tensor(levels) != is_tensor(rois):
        raise TypeError(f"levels must be of the boxes' kind, got {type(levels).__name__}")
    found: Maps = _align(inputs, rois, levels, output_size, scales, sampling_ratio, aligned, backend)
    return found


def roi_pool(
    input: Maps,
    boxes: Maps | Sequence[Maps],
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    *,
    backend: str | None = None,
) -> Maps:
    """Extract a small feature map of fixed size for every box, by rounding it to cells and taking maxima.

    Parameters
    ----------
    input, boxes, output_size, spatial_scale, backend
        As in `roi_align`.

    Returns
    -------
    array or tensor (K, C, PH, PW)
        The largest value of each bin; 0 in bins that lie outside of the map. Tensors are differentiable with respect to
        the input; the gradient with respect to the boxes is 0, because rounding has none.

    Raises
    ------
    ValueError, TypeError
        As `roi_align`.

    References
    ----------
    Girshick, Fast R-CNN, 2015, section 2.1.

    Examples
    --------
    >>> ramp = np.arange(25.0).reshape(1, 1, 5, 5)
    >>> roi_pool(ramp, [np.array([[1.2, 1.4, 2.6, 2.8]])], output_size=2)
    array([[[[12., 13.],
             [17., 18.]]]])
    """
    check_features(input)
    found: Maps = _pool(input, join_boxes(boxes, input), output_size, spatial_scale, backend)
    return found


def _pool(input: Any, rois: Any, output_size: int | Sequence[int], spatial_scale: float, backend: str | None) -> Any:  # noqa: ANN401
    """Check the settings, and go where the features lie."""
    size, scale = as_output_size(output_size), as_scale(spatial_scale)
    if is_tensor(input):
        from minimask.roi import torch_op

        return torch_op.max_pool(input, rois, size, scale, as_backend(backend, input.device.type))[0]
    path = as_backend(backend, "cpu")
    arrays, rois = _as_computed([input], rois)
    check_rois(rois, input.shape[0], scale)
    return _in_layout_of(input, host.max_pool(arrays[0], rois, size, scale, path)[0])


def _align(
    inputs: Sequence[Any],
    rois: Any,  # noqa: ANN401
    levels: Any,  # noqa: ANN401
    output_size: int | Sequence[int],
    scales: list[float],
    sampling_ratio: int,
    aligned: bool,
    backend: str | None,
) -> Any:  # noqa: ANN401
    """Check the settings that both doors share, and go where the features lie."""
    size, ratio, half = as_output_size(output_size), as_sampling_ratio(sampling_ratio), as_aligned(aligned)
    if is_tensor(inputs[0]):
        from minimask.roi import torch_op

        path = as_backend(backend, inputs[0].device.type)
        return torch_op.align(list(inputs), rois, levels, size, scales, ratio, half, path)
    path = as_backend(backend, "cpu")
    arrays, rois = _as_computed(inputs, rois)
    check_rois(rois, inputs[0].shape[0], max(scales))
    check_levels(levels, len(rois), len(inputs))
    return _in_layout_of(inputs[0], host.align(arrays, rois, levels, size, scales, ratio, half, path))


def _as_computed(inputs: Sequence[FloatArray], rois: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Return features and boxes in float32 at least, the boxes contiguous."""
    arrays = [maps.astype(np.result_type(maps.dtype, np.float32), copy=False) for maps in inputs]
    return arrays, np.ascontiguousarray(rois, np.result_type(rois.dtype, np.float32))


def _in_layout_of(input: FloatArray, found: FloatArray) -> FloatArray:
    """Return an output in the dtype of the input, and channels-last in memory only where the input is."""
    found = found.astype(input.dtype, copy=False)
    if not input.flags.c_contiguous and input.transpose(0, 2, 3, 1).flags.c_contiguous:
        return np.ascontiguousarray(found.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(found)
