"""The public `nms` and `batched_nms`: torchvision's names, arguments and results, for arrays and tensors alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry import nms as reference
from minimask.geometry.checks import FloatArray, IntArray, check_one_kind, is_tensor, library_of

if TYPE_CHECKING:
    from torch import Tensor

BACKENDS = ("numba", "reference")
COMPUTED = (np.float32, np.float64)


@overload
def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, *, backend: str | None = None) -> Tensor: ...
@overload
def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float, *, backend: str | None = None) -> IntArray: ...
def nms(boxes: Any, scores: Any, iou_threshold: float, *, backend: str | None = None) -> Any:
    """Keep the best scored box, drop all that overlap it by more than the threshold, and go on with the rest.

    Parameters
    ----------
    boxes : array or tensor (N, 4)
        Rows `x1 y1 x2 y2` in pixels, `x1 <= x2`, `y1 <= y2`. The IoU of float32 boxes is computed in float32, and
        compared with the threshold as it is; tensors of less than 32 bits become float32.
    scores : array or tensor (N,)
        Higher is better; among equal scores the earlier box goes first.
    iou_threshold : float in [0, 1]
        A box goes when its IoU with a kept one is strictly greater.
    backend : {"numba", "reference"}, optional
        Which path computes: compiled for the processor (the default), or `minimask.geometry.nms`, which is NumPy. Both
        keep the same boxes. From a graphics card the boxes are copied to the processor, and the indices back.

    Returns
    -------
    int64 array or tensor (K,)
        Indices of the kept boxes, best first, on the device of the boxes.

    Raises
    ------
    ValueError, TypeError
        If an argument is malformed, or the threshold lies outside [0, 1].
    ImportError
        If numba is missing and `backend="reference"` was not asked for.

    References
    ----------
    Felzenszwalb et al., Object Detection with Discriminatively Trained Part-Based Models, 2010, section 7.2.

    Examples
    --------
    >>> nms(np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]]), np.array([0.8, 0.9, 0.5]), 0.5)
    array([1, 2])
    """
    threshold = reference.as_iou_threshold(iou_threshold)
    check_one_kind(boxes, scores, "boxes and scores")
    if _path(backend) == "reference":
        return _as_given(boxes, reference.nms(_array(boxes), _array(scores), threshold))
    from minimask.suppression import cpu

    rows, values = _checked(boxes, scores)
    return _as_given(boxes, cpu.nms(rows, values, threshold))


@overload
def batched_nms(
    boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float, *, backend: str | None = None
) -> Tensor: ...
@overload
def batched_nms(
    boxes: ArrayLike, scores: ArrayLike, idxs: ArrayLike, iou_threshold: float, *, backend: str | None = None
) -> IntArray: ...
def batched_nms(boxes: Any, scores: Any, idxs: Any, iou_threshold: float, *, backend: str | None = None) -> Any:
    """Run `nms` in every group on its own: boxes of different groups never suppress each other.

    No box is moved for that: torchvision shifts up to 1,000 boxes apart by group, and then compares what rounding has
    left of them.

    Parameters
    ----------
    boxes, scores, iou_threshold, backend
        As in `nms`.
    idxs : whole numbers, array or tensor (N,)
        The group (class, pyramid level, image) that each box belongs to.

    Returns
    -------
    int64 array or tensor (K,)
        Indices of the kept boxes, best first over all groups, on the device of the boxes.

    Raises
    ------
    ValueError, TypeError, ImportError
        As `nms`.

    Examples
    --------
    >>> batched_nms(np.array([[0, 0, 10, 10], [1, 0, 11, 10]]), np.array([0.8, 0.9]), np.array([0, 1]), 0.5)
    array([1, 0])
    """
    threshold = reference.as_iou_threshold(iou_threshold)
    check_one_kind(boxes, scores, "boxes and scores")
    check_one_kind(boxes, idxs, "boxes and idxs")
    if _path(backend) == "reference":
        return _as_given(boxes, reference.batched_nms(_array(boxes), _array(scores), _array(idxs), threshold))
    from minimask.suppression import cpu

    rows, values = _checked(boxes, scores)
    return _as_given(boxes, cpu.batched_nms(rows, values, reference.as_groups(_array(idxs), values), threshold))


def _path(backend: str | None) -> str:
    if backend is None:
        return BACKENDS[0]
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, or None, got {backend!r}")
    return backend


def _array(values: Any) -> Any:  # noqa: ANN401
    """Return a tensor's numbers as an array of the processor, in float32 where NumPy has no fast ones."""
    if not is_tensor(values):
        return values
    if values.is_floating_point() and values.element_size() < 4:
        values = values.float()
    return values.numpy(force=True)


def _checked(boxes: Any, scores: Any) -> tuple[FloatArray, FloatArray]:  # noqa: ANN401
    """Return good boxes and scores as float arrays: at a glance where they are, else by the check that explains."""
    from minimask.suppression import cpu

    boxes, scores = _array(boxes), _array(scores)
    arrays = isinstance(boxes, np.ndarray) and isinstance(scores, np.ndarray)
    floats = arrays and boxes.dtype in COMPUTED and scores.dtype in COMPUTED
    if floats and scores.ndim == 1 and boxes.shape == (len(scores), 4) and cpu.acceptable(boxes, scores):
        return boxes, scores
    return reference.as_scored_boxes(boxes, scores)


def _as_given(boxes: Any, kept: IntArray) -> Any:  # noqa: ANN401
    """Return indices as a tensor on the device of the boxes, if those are one."""
    return library_of(boxes).from_numpy(kept).to(boxes.device) if is_tensor(boxes) else kept
