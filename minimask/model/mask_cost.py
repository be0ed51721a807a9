"""What one mask costs, by formula: numbers for the head of Mask R-CNN that need no network."""

from __future__ import annotations

from typing import NamedTuple

from minimask.geometry.checks import as_whole_number


class Cost(NamedTuple):
    """The work of a layer or a network, and its size."""

    multiply_adds: int
    """Products that are added up; one is two floating-point operations. Biases and activations are not counted."""
    parameters: int
    """Weights and biases."""


def mask_head_cost(classes: int = 91, channels: int = 256, convolutions: int = 4, size: int = 14) -> dict[str, Cost]:
    """Return the cost of each layer of the mask head for one box, by name, and of all of them as `total`.

    A 3 x 3 convolution looks at 9 cells for every output, and a 2 x 2 transposed one of stride 2 at one: at each place,
    every channel that comes in meets every one that goes out.

    Parameters
    ----------
    classes : int
        Masks that are predicted for each box; 91 with COCO's numbers.
    channels : int
        Channels of the box's feature map and of all hidden ones.
    convolutions : int
        3 x 3 convolutions before the map is doubled.
    size : int
        Side of the box's feature map, in cells; the mask's is twice that.

    Raises
    ------
    ValueError
        If a number is not a whole one of at least 1 (`convolutions`: 0).

    References
    ----------
    He et al., Mask R-CNN, 2017, figure 4 (right).

    Examples
    --------
    >>> mask_head_cost()["total"]
    Cost(multiply_adds=532066304, parameters=2646107)
    """
    for name, value, least in (
        ("classes", classes, 1), ("channels", channels, 1), ("convolutions", convolutions, 0), ("size", size, 1),
    ):  # fmt: skip
        as_whole_number(value, name, least)
    pairs, cells = channels * channels, size * size
    costs = {f"mask_head.{k}": Cost(cells * 9 * pairs, 9 * pairs + channels) for k in range(convolutions)}
    costs["mask_predictor.conv5_mask"] = Cost(4 * cells * pairs, 4 * pairs + channels)
    costs["mask_predictor.mask_fcn_logits"] = Cost(4 * cells * channels * classes, channels * classes + classes)
    return costs | {"total": Cost(*(sum(numbers) for numbers in zip(*costs.values(), strict=True)))}
