"""Measuring nuclei: areas and shapes, by scikit-image's region properties."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops_table

from minimask.geometry.checks import FloatArray, IntArray

PROPERTIES = ("area", "perimeter", "eccentricity", "solidity", "axis_major_length", "axis_minor_length")


class Measured(NamedTuple):
    """One value for each nucleus, in the order of their labels; lengths in pixels."""

    label: IntArray
    area: FloatArray
    """Pixels."""
    perimeter: FloatArray
    eccentricity: FloatArray
    """Of the ellipse with the same second moments: 0 is a circle, towards 1 it is long."""
    solidity: FloatArray
    """The area as a fraction of its convex hull's: dented outlines have less."""
    length: FloatArray
    """Of the same ellipse."""
    width: FloatArray
    x: FloatArray
    y: FloatArray
    """The centroid, in continuous coordinates: the middle of the first pixel is (0.5, 0.5)."""

    @property
    def roundness(self) -> FloatArray:
        """4 pi area / perimeter squared: 1 for a circle, less for others, more only for a few pixels."""
        return np.asarray(4 * np.pi * self.area / np.maximum(self.perimeter, 1) ** 2)


def measure(labels: NDArray[np.integer]) -> Measured:
    """Measure the nuclei of a label image.

    Parameters
    ----------
    labels : whole numbers (H, W)
        0 is the background.

    Examples
    --------
    >>> labels = np.zeros((6, 8), int)
    >>> labels[1:5, 2:6] = 3
    >>> found = measure(labels)
    >>> found.label, found.area, found.x, found.y
    (array([3]), array([16.]), array([4.]), array([3.]))
    """
    table = regionprops_table(labels, properties=("label", *PROPERTIES, "centroid"))
    area, perimeter, eccentricity, solidity, length, width, y, x = (
        np.asarray(table[name], dtype=np.float64) for name in (*PROPERTIES, "centroid-0", "centroid-1")
    )
    number = np.asarray(table["label"], dtype=np.int64)
    return Measured(number, area, perimeter, eccentricity, solidity, length, width, x + 0.5, y + 0.5)
