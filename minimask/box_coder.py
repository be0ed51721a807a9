"""The box coder: a box as four numbers relative to an anchor, which is what a network learns to predict.

A shift of the center is measured in sides of the anchor, a change of size by its logarithm: so the same four numbers
mean the same to anchors of any size. One formula serves NumPy arrays and torch tensors, and gradients flow through it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from minimask.geometry.checks import FloatArray, as_float_array, check_one_kind, is_tensor, library_of

if TYPE_CHECKING:
    from torch import Tensor

CLAMP = math.log(1000 / 16)
"""The largest logarithm of a change of size: an anchor of 16 pixels grows to 1000 at most."""
LARGEST_CLAMP = 40.0
"""What `clamp` may be at most, so that sides stay within float32."""

Boxes = TypeVar("Boxes", "FloatArray", "Tensor")


def encode(boxes: Boxes, anchors: Boxes, weights: Sequence[float] = (1, 1, 1, 1)) -> Boxes:
    r"""Return what leads from anchors to boxes: `dx dy dw dh`.

    .. math::

        d_x = w_x \frac{c_x - a_x}{a_w} \quad d_y = w_y \frac{c_y - a_y}{a_h} \quad
        d_w = w_w \ln \frac{w}{a_w} \quad d_h = w_h \ln \frac{h}{a_h}

    with the center `c` and the sides `w h` of the box, and `a` those of the anchor.

    Parameters
    ----------
    boxes, anchors : array or tensor (..., 4)
        Rows `x1 y1 x2 y2` in pixels, with sides above 0; both of one shape, or of shapes that broadcast.
    weights : four numbers above 0
        What `dx dy dw dh` are multiplied by: 1 in the proposal network, (10, 10, 5, 5) in torchvision's box head.

    Returns
    -------
    array or tensor (..., 4)
        float32 for float32; tensors are differentiable in both boxes and anchors.

    Raises
    ------
    ValueError, TypeError
        If a shape is wrong, arrays and tensors are mixed, or a weight is not above 0; and in arrays, if a number is not
        finite or a side is not above 0. The numbers of a tensor are not looked at, as that would make a graphics card
        wait: a box without area has infinite deltas there.

    References
    ----------
    Girshick et al., Rich feature hierarchies (R-CNN), 2014, appendix C; Ren et al., Faster R-CNN, 2015, equation 2.

    Examples
    --------
    >>> encode(np.array([[10.0, 10, 30, 20]]), np.array([[0.0, 0, 20, 20]])).round(4)
    array([[ 0.5   ,  0.25  ,  0.    , -0.6931]])
    """
    boxes, anchors = _as_rows(boxes, "boxes", "x1 y1 x2 y2"), _as_rows(anchors, "anchors", "x1 y1 x2 y2")
    _check_together(boxes, anchors, "boxes")
    for array, name in ((boxes, "boxes"), (anchors, "anchors")):
        _check_sides(array, name, least="above 0")
    center, side = _center_and_sides(boxes)
    anchor_center, anchor_side = _center_and_sides(anchors)
    shift_weights, size_weights = _as_weights(weights)
    log = library_of(boxes).log
    deltas = [w * (center[k] - anchor_center[k]) / anchor_side[k] for k, w in enumerate(shift_weights)]
    deltas += [w * log(side[k] / anchor_side[k]) for k, w in enumerate(size_weights)]
    encoded: Boxes = library_of(boxes).stack(deltas, -1)
    return encoded


def decode(deltas: Boxes, anchors: Boxes, weights: Sequence[float] = (1, 1, 1, 1), clamp: float = CLAMP) -> Boxes:
    r"""Return the boxes that deltas `dx dy dw dh` lead to from anchors; the inverse of `encode`.

    .. math::

        c_x = a_x + a_w \frac{d_x}{w_x} \quad c_y = a_y + a_h \frac{d_y}{w_y} \quad
        w = a_w \exp \frac{d_w}{w_w} \quad h = a_h \exp \frac{d_h}{w_h}

    Parameters
    ----------
    deltas : array or tensor (..., 4)
        Rows `dx dy dw dh`, as `encode` makes them.
    anchors : array or tensor (..., 4)
        Rows `x1 y1 x2 y2` in pixels; of the deltas' shape, or of one that broadcasts with it.
    weights : four numbers above 0
        What the deltas are divided by.
    clamp : float from 0 to `LARGEST_CLAMP`
        The most that `dw` and `dh` are, after division: a wild prediction must not overflow.

    Returns
    -------
    array or tensor (..., 4)
        Rows `x1 y1 x2 y2` in pixels, float32 for float32; tensors are differentiable in both deltas and anchors.

    Raises
    ------
    ValueError, TypeError
        If a shape is wrong, arrays and tensors are mixed, a weight is not above 0 or the clamp out of range; and in
        arrays, if a number is not finite or an anchor reversed. The numbers of a tensor are not looked at.

    References
    ----------
    Girshick et al., Rich feature hierarchies (R-CNN), 2014, appendix C; the clamp is Detectron's.

    Examples
    --------
    >>> decode(np.array([[0.5, 0.25, 0, np.log(0.5)], [0, 0, 99, 0]]), np.array([0.0, 0, 20, 20])).round(4)
    array([[  10.,   10.,   30.,   20.],
           [-615.,    0.,  635.,   20.]])
    """
    deltas, anchors = _as_rows(deltas, "deltas", "dx dy dw dh"), _as_rows(anchors, "anchors", "x1 y1 x2 y2")
    _check_together(deltas, anchors, "deltas")
    _check_sides(anchors, "anchors", least="at least 0")
    if not _is_number(clamp) or not 0 <= clamp <= LARGEST_CLAMP:
        raise ValueError(f"clamp must be a number in [0, {LARGEST_CLAMP:g}], got {clamp!r}")
    center, side = _center_and_sides(anchors)
    shift_weights, size_weights = _as_weights(weights)
    exp = library_of(deltas).exp
    low: list[Any] = []
    high: list[Any] = []
    for k in range(2):
        middle = center[k] + side[k] * (deltas[..., k] / shift_weights[k])
        half = 0.5 * (side[k] * exp((deltas[..., k + 2] / size_weights[k]).clip(max=float(clamp))))
        low.append(middle - half)
        high.append(middle + half)
    decoded: Boxes = library_of(deltas).stack([*low, *high], -1)
    return decoded


def _center_and_sides(boxes: Any) -> tuple[list[Any], list[Any]]:  # noqa: ANN401
    """Return the centers, x and y, and the sides, width and height, of boxes `(..., 4)`: `(...)` each."""
    sides = [boxes[..., k + 2] - boxes[..., k] for k in range(2)]
    return [boxes[..., k] + 0.5 * sides[k] for k in range(2)], sides


def _as_rows(values: Any, name: str, row: str) -> Any:  # noqa: ANN401
    """Return a floating-point tensor or array `(..., 4)`; an array's numbers are checked too."""
    if is_tensor(values):
        if not values.dtype.is_floating_point:
            raise TypeError(f"{name} must hold floating-point numbers, got dtype {values.dtype}")
    else:
        values = as_float_array(values, name)
    if not values.ndim or values.shape[-1] != 4:
        raise ValueError(f"{name} must have shape (..., 4) with rows {row}, got shape {tuple(values.shape)}")
    return values


def _check_together(first: Any, anchors: Any, name: str) -> None:  # noqa: ANN401
    """Refuse two that are not of one kind, lie on different devices, or differ in shape."""
    check_one_kind(first, anchors, f"{name} and anchors")
    # From behind, as that is how shapes are laid beside each other.
    if any(m != n and m != 1 and n != 1 for m, n in zip(first.shape[::-1], anchors.shape[::-1], strict=False)):
        raise ValueError(
            f"{name} and anchors must have one shape (..., 4), or shapes that broadcast, "
            f"got {tuple(first.shape)} and {tuple(anchors.shape)}"
        )


def _check_sides(boxes: Any, name: str, least: str) -> None:  # noqa: ANN401
    """Refuse an array's first box whose width or height is too small; tensors pass unseen."""
    if is_tensor(boxes):
        return
    sides = boxes[..., 2:] - boxes[..., :2]
    bad = np.argwhere((sides <= 0 if least == "above 0" else sides < 0).any(axis=-1))
    if len(bad):
        where = tuple(bad[0].tolist())
        raise ValueError(
            f"{name} must have sides {least}, got {boxes[where].tolist()}" + (f" in row {where[0]}" if where else "")
        )


def _as_weights(weights: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the weights of the shifts and of the sizes, as plain numbers: they leave float32 as it is."""
    good = isinstance(weights, Sequence | np.ndarray) and len(weights) == 4
    if not good or not all(_is_number(weight) and 0 < weight < math.inf for weight in weights):
        raise ValueError(f"weights must be four finite numbers above 0, for dx dy dw dh, got {weights!r}")
    numbers = [float(weight) for weight in weights]
    return numbers[:2], numbers[2:]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
