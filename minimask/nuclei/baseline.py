"""Counting nuclei without learning: unmix the dyes, threshold, and cut clumps where they are narrow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.color import rgb2hed
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label
from skimage.morphology import remove_small_objects
from skimage.segmentation import watershed

from minimask.data.textures import Bytes
from minimask.geometry.checks import FloatArray

COLORLESS = 4.0
"""The mean difference of the channels, in grays of 255, below which a picture is taken for one without colors."""


@dataclass(frozen=True)
class Rules:
    """What the rules leave open; of 26 choices, the defaults had the best panoptic quality on 60 generated pictures.

    Parameters
    ----------
    sigma : float
        How much the dye's density is smoothed, in pixels.
    least : int
        Smaller spots are no nuclei, in pixels.
    apart : int
        How far the middles of two nuclei must lie apart, in pixels.
    """

    sigma: float = 0.5
    least: int = 12
    apart: int = 2


def haematoxylin(image: Bytes) -> FloatArray:
    """Return how much of the nuclei's dye lies where (H, W), by color deconvolution; in gray pictures, the brightness.

    References
    ----------
    Ruifrok, Johnston, "Quantification of histochemical staining by color deconvolution", 2001.
    """
    if np.ptp(image.astype(np.float64), axis=2).mean() < COLORLESS:
        return np.asarray(image.mean(axis=2) / 255)
    return np.asarray(rgb2hed(image)[..., 0])


def watershed_nuclei(image: Bytes, rules: Rules | None = None) -> NDArray[np.int32]:
    """Return the nuclei of a picture as labels (H, W), without any learning.

    The dye's density is smoothed and cut at Otsu's threshold; every spot is cut along the watersheds of its distance
    transform, which has a peak wherever the spot is wide.

    Parameters
    ----------
    image : uint8 array (H, W, 3)
    rules : Rules, optional

    Examples
    --------
    >>> image = np.full((40, 60, 3), 240, np.uint8)
    >>> y, x = np.mgrid[:40, :60]
    >>> for middle in (20, 33):  # two discs that touch
    ...     image[(x - middle) ** 2 + (y - 20) ** 2 < 49] = (90, 90, 160)
    >>> int(watershed_nuclei(image).max())
    2
    """
    rules = rules or Rules()
    density = gaussian(haematoxylin(image), rules.sigma)
    if density.min() == density.max():
        return np.zeros(density.shape, dtype=np.int32)
    spots = remove_small_objects(density > threshold_otsu(density), max_size=rules.least - 1)
    depth = gaussian(ndimage.distance_transform_edt(spots), 0.5)
    peaks = peak_local_max(depth, min_distance=rules.apart, labels=label(spots), exclude_border=False)
    seeds = np.zeros(density.shape, dtype=np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return np.asarray(watershed(-depth, seeds, mask=spots), dtype=np.int32)
