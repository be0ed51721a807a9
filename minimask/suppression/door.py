"""The public `nms` and `batched_nms`: torchvision's names, arguments and results, for arrays and tensors alike."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, overload

from numpy.typing import ArrayLike

from minimask.geometry import nms as reference
from minimask.geometry.checks import IntArray, check_one_kind, is_tensor, library_of

if TYPE_CHECKING:
    from torch import Tensor


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
    >>> nms([[0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]], [0.8, 0.9, 0.5], 0.5)
    array([1, 2])
    """
    check_one_kind(boxes, scores, "boxes and scores")
    return _as_given(boxes, _path(backend).nms(_array(boxes), _array(scores), iou_threshold))


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
    >>> batched_nms([[0, 0, 10, 10], [1, 0, 11, 10]], [0.8, 0.9], [0, 1], 0.5)
    array([1, 0])
    """
    check_one_kind(boxes, scores, "boxes and scores")
    check_one_kind(boxes, idxs, "boxes and idxs")
    return _as_given(boxes, _path(backend).batched_nms(_array(boxes), _array(scores), _array(idxs), iou_threshold))


def _path(backend: str | None) -> ModuleType:
    """Return the module that computes; both check what they are given."""
    if backend == "reference":
        return reference
    if backend not in (None, "numba"):
        raise ValueError(f"backend must be one of numba, reference, or None, got {backend!r}")
    from minimask.suppression import cpu

    return cpu


def _array(values: Any) -> Any:  # noqa: ANN401
    """Return a tensor's numbers as an array of the processor, in float32 where NumPy has no fast ones."""
    if not is_tensor(values):
        return values
    if values.is_floating_point() and values.element_size() < 4:
        values = values.float()
    return values.numpy(force=True)


def _as_given(boxes: Any, kept: IntArray) -> Any:  # noqa: ANN401
    """Return indices as a tensor on the device of the boxes, if those are one."""
    return library_of(boxes).from_numpy(kept).to(boxes.device) if is_tensor(boxes) else kept
