"""Shades for values: one hue from light to full, in equal steps to the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from minimask.plots.style import HIGHLIGHT

RAMPS = {"cold": ("#F1F7FC", "#3F9BD4"), "warm": ("#FFF8E6", HIGHLIGHT)}
"""The lightest and the fullest shade of each hue, on light paper; ink is legible on all between them."""

# Björn Ottosson, "A perceptual color space for image processing", 2020: linear sRGB -> cone responses -> OKLab.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)


def shade(low: str, high: str, share: float) -> str:
    """Return the color between two, `#rrggbb`, that looks as far along the way as `share` says.

    The eye compares the cube roots of what its cones receive, hence the two colors are mixed there, as CSS does it
    `in oklab`.

    Examples
    --------
    >>> shade("#FFFFFF", "#000000", 0.5)
    '#636363'
    """
    ends = [np.cbrt(_TO_CONES @ _linear(color)) for color in (low, high)]
    light = np.linalg.solve(_TO_CONES, (ends[0] + share * (ends[1] - ends[0])) ** 3)
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{int(np.floor(255 * min(max(v, 0.0), 1.0) + 0.5)):02x}" for v in curved)


def shades(name: str, number: int = 256) -> list[str]:
    """Return the shades of a ramp, from its lightest to its fullest."""
    low, high = RAMPS[name]
    return [shade(low, high, k / (number - 1)) for k in range(number)]


def _linear(color: str) -> NDArray[np.float64]:
    curved = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(curved <= 0.04045, curved / 12.92, ((curved + 0.055) / 1.055) ** 2.4)
