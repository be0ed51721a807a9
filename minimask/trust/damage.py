"""Damaged pictures: eight ways, five severities each, from hardly seen to hardly bearable."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage import color

from minimask.data.textures import Bytes
from minimask.geometry.checks import as_whole_number
from minimask.trust.defences import jpeg

SEVERITIES = (1, 2, 3, 4, 5)
FENCE = 16
"""Pixels from bar to bar."""


class Damage(NamedTuple):
    """A way to damage a picture."""

    of: Callable[[NDArray[np.float64], float, np.random.Generator], NDArray[np.float64]]
    """From a picture of numbers from 0 to 255, a strength and chance to the damaged picture."""
    strengths: tuple[float, float, float, float, float]
    """One for each severity."""
    unit: str
    """What the strengths are."""


def _noise(image: NDArray[np.float64], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return image + rng.normal(0, strength, image.shape)


def _blur(image: NDArray[np.float64], strength: float, _: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(ndimage.gaussian_filter(image, (strength, strength, 0), mode="nearest"))


def _contrast(image: NDArray[np.float64], strength: float, _: np.random.Generator) -> NDArray[np.float64]:
    middle = image.mean()
    return np.asarray(middle + strength * (image - middle))


def _brightness(image: NDArray[np.float64], strength: float, _: np.random.Generator) -> NDArray[np.float64]:
    return image + strength


def _jpeg(image: NDArray[np.float64], strength: float, _: np.random.Generator) -> NDArray[np.float64]:
    return jpeg(_bytes(image), int(strength)).astype(float)


def _pixels(image: NDArray[np.float64], strength: float, _: np.random.Generator) -> NDArray[np.float64]:
    height, width = image.shape[:2]
    few = Image.fromarray(_bytes(image)).resize(
        (round(width / strength), round(height / strength)), Image.Resampling.BOX
    )
    return np.asarray(few.resize((width, height), Image.Resampling.NEAREST)).astype(float)


def _fence(image: NDArray[np.float64], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
    fenced = image.copy()
    columns = (np.arange(image.shape[1]) + rng.integers(FENCE)) % FENCE < strength
    fenced[:, columns] = 127
    return fenced


def _hue(image: NDArray[np.float64], strength: float, _: np.random.Generator) -> NDArray[np.float64]:
    turned = color.rgb2hsv(image / 255)
    turned[..., 0] = (turned[..., 0] + strength / 360) % 1
    return np.asarray(color.hsv2rgb(turned) * 255)


DAMAGES = {
    "noise": Damage(_noise, (8, 16, 32, 48, 64), "levels"),
    "blur": Damage(_blur, (0.5, 1, 1.5, 2, 3), "pixels"),
    "pixels": Damage(_pixels, (1.5, 2, 3, 4, 6), "times larger"),
    "JPEG": Damage(_jpeg, (60, 30, 15, 8, 4), "quality"),
    "contrast": Damage(_contrast, (0.7, 0.5, 0.3, 0.2, 0.1), "times"),
    "brightness": Damage(_brightness, (30, 60, 90, 120, 150), "levels"),
    "fence": Damage(_fence, (1, 2, 4, 6, 8), "of 16 columns"),
    "hue": Damage(_hue, (36, 72, 108, 144, 180), "degrees"),
}
"""The ways by name."""


def damaged(image: Bytes, way: str, severity: int, seed: int = 0) -> Bytes:
    """Return a damaged picture.

    Parameters
    ----------
    image : uint8 array (H, W, 3)
    way : str
        One of `DAMAGES`.
    severity : int
        From 0, which changes nothing, to 5.
    seed : int
        Decides what is left to chance.

    References
    ----------
    Hendrycks, Dietterich, Benchmarking Neural Network Robustness to Common Corruptions and Perturbations, 2019.

    Examples
    --------
    >>> damaged(np.full((2, 2, 3), 100, np.uint8), "brightness", 2)[0, 0].tolist()
    [160, 160, 160]
    """
    if way not in DAMAGES:
        raise ValueError(f"way must be one of {', '.join(DAMAGES)}, got {way!r}")
    if as_whole_number(severity, "severity", 0) > SEVERITIES[-1]:
        raise ValueError(f"severity must be from 0 to {SEVERITIES[-1]}, got {severity}")
    if severity == 0:
        return image.copy()
    one = DAMAGES[way]
    return _bytes(one.of(image.astype(float), one.strengths[severity - 1], np.random.default_rng(seed)))


def _bytes(image: NDArray[np.float64]) -> Bytes:
    return np.rint(image).clip(0, 255).astype(np.uint8)
