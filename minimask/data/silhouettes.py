"""Silhouettes: families of plain shapes, and real ones from pictures that ship inside scikit-image.

Plain shapes are polygons about the origin, at most 2 across, as lists of rings (an outline and its holes) with y
pointing down. `placed` turns, scales and moves them into a picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minimask.geometry.checks import BoolArray, FloatArray, as_mask
from minimask.geometry.masks import rasterize_polygon
from minimask.geometry.polygons import rotation

Rings = list[FloatArray]


def regular(corners: int) -> Rings:
    """Return a regular polygon in the unit circle, one corner up; with many corners it is a circle."""
    angle = 2 * np.pi * np.arange(corners) / corners - np.pi / 2
    return [np.stack([np.cos(angle), np.sin(angle)], axis=1)]


def circle() -> Rings:
    """Return the unit circle, to about one part in ten thousand of its area."""
    return regular(256)


def square() -> Rings:
    """Return an upright square."""
    return [np.array([[-0.8, -0.8], [0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]])]


def right_triangle() -> Rings:
    """Return half a square."""
    return [np.array([[-0.8, -0.8], [0.8, 0.8], [-0.8, 0.8]])]


def l_shape() -> Rings:
    """Return an L that fills half of its tight box: a thick bar and a thin foot."""
    outline = np.array([[0, 0], [7.5, 0], [7.5, 8], [20, 8], [20, 10], [0, 10]])
    return [(outline - [10, 5]) / 11.5]


def u_shape() -> Rings:
    """Return a U that fills seven ninths of its tight box."""
    outline = np.array([[0, 0], [1, 0], [1, 2], [2, 2], [2, 0], [3, 0], [3, 3], [0, 3]])
    return [(outline - 1.5) / 2.2]


def star(points: int = 5, inner: float = 0.42) -> Rings:
    """Return a star with its inner corners at a given radius."""
    radius = np.where(np.arange(2 * points) % 2 == 0, 1.0, inner)
    return [regular(2 * points)[0] * radius[:, None]]


def ring(inner: float = 0.6) -> Rings:
    """Return a circle with a round hole."""
    return [regular(128)[0], inner * regular(128)[0][::-1]]


def crescent(bite: float = 0.62) -> Rings:
    """Return a unit disc less a disc of radius 0.8 that is moved to the right by `bite`."""
    radius = 0.8
    # Where the two circles meet: x from the difference of their equations.
    x = (1 + bite**2 - radius**2) / (2 * bite)
    outer, inner = np.arccos(x), np.arccos((x - bite) / radius)
    far, near = np.linspace(outer, 2 * np.pi - outer, 96), np.linspace(2 * np.pi - inner, inner, 64)[1:-1]
    back = np.stack([bite + radius * np.cos(near), radius * np.sin(near)], axis=1)
    return [np.concatenate([np.stack([np.cos(far), np.sin(far)], axis=1), back])]


def bar(aspect: float = 10) -> Rings:
    """Return a thin upright bar, `aspect` times as long as wide."""
    half = 1 / aspect
    return [np.array([[-half, -1], [half, -1], [half, 1], [-half, 1]])]


FAMILIES: dict[str, Callable[[], Rings]] = {
    "circle": circle,
    "triangle": lambda: regular(3),
    "right triangle": right_triangle,
    "square": square,
    "diamond": lambda: regular(4),
    "L": l_shape,
    "U": u_shape,
    "star": star,
    "ring": ring,
    "crescent": crescent,
    "bar": bar,
}
"""The plain shapes by name."""


def family(name: str) -> Rings:
    """Return the rings of a plain shape.

    Examples
    --------
    >>> [len(ring) for ring in family("ring")]
    [128, 128]
    """
    if name not in FAMILIES:
        raise ValueError(f"name must be one of {', '.join(FAMILIES)}, got {name!r}")
    return FAMILIES[name]()


def placed(rings: Rings, degrees: float = 0.0, scale: float = 1.0, center: ArrayLike = (0.0, 0.0)) -> Rings:
    """Return a shape turned about the origin (clockwise on the screen), then scaled, then moved."""
    turn = scale * rotation(degrees)
    return [ring @ turn.T + np.asarray(center) for ring in rings]


def scene(
    rng: np.random.Generator,
    size: tuple[int, int] = (128, 128),
    most: int = 5,
    names: tuple[str, ...] = tuple(FAMILIES),
) -> list[tuple[str, BoolArray]]:
    """Return the visible masks of a few plain shapes, thrown into a picture at random; later ones hide earlier ones.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : (height, width)
    most : int
        One to this many shapes are thrown; one of which fewer than 30 pixels stay visible is left out.
    names : tuple of str
        The families to draw from.

    Returns
    -------
    list of (name, Boolean array (height, width))
    """
    objects: list[tuple[str, BoolArray]] = []
    for _ in range(rng.integers(1, most + 1)):
        name = str(rng.choice(names))
        radius = rng.uniform(0.1, 0.28) * min(size)
        center = rng.uniform(radius, np.array(size[::-1]) - radius)
        polygon = placed(family(name), rng.uniform(0, 360), radius, center)
        mask = rasterize_polygon(polygon, size) >= 0.5
        objects = [(other, seen & ~mask) for other, seen in objects] + [(name, mask)]
    return [(name, mask) for name, mask in objects if mask.sum() >= 30]


def horse() -> BoolArray:
    """Return the mask (328, 400) of a horse, a silhouette that ships inside scikit-image."""
    from skimage import data

    return np.asarray(~data.horse())


def coins_photograph() -> NDArray[np.uint8]:
    """Return a gray photograph (303, 384) of 24 Greek coins from Pompeii, which ships inside scikit-image."""
    from skimage import data

    return np.asarray(data.coins())


def segment_coins(photograph: NDArray[np.uint8]) -> list[BoolArray]:
    """Return a mask for every coin: threshold, fill holes, drop specks and what touches the border, label."""
    from scipy import ndimage
    from skimage import filters, measure, morphology, segmentation

    # The light falls off to the right: a threshold for each neighborhood finds coins that one for all would lose.
    bright = photograph > filters.threshold_local(photograph, 95)
    filled = ndimage.binary_fill_holes(morphology.closing(bright, morphology.disk(3)))
    solid = segmentation.clear_border(morphology.opening(filled, morphology.disk(6)))
    labels = measure.label(solid)
    return [labels == label for label in range(1, labels.max() + 1)]


def outline(mask: BoolArray, tolerance: float = 0.6) -> FloatArray:
    """Return the outline of a mask's largest part as a simplified polygon `(N, 2)`; holes are filled."""
    from skimage import measure

    padded = np.pad(as_mask(mask).astype(float), 1)
    contours = measure.find_contours(padded, 0.5)
    if not contours:
        raise ValueError("mask must have at least one pixel set, got an empty mask")
    longest = max(contours, key=len)
    simple = measure.approximate_polygon(longest, tolerance)[:-1]
    return np.asarray(simple[:, ::-1] - 0.5)  # from (row, column) of pixel centers in the padded picture to x y
