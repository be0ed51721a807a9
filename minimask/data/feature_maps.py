"""Feature maps without a network: a photograph, averaged over the pixels of every cell.

A network's features say more than a color does, but they lie where these lie: one value, or one per channel, for every
block of `stride` by `stride` pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from minimask.geometry.checks import FloatArray


def cat_photograph() -> FloatArray:
    """Return a photograph (288, 448, 3) of the cat Chelsea, values in [0, 1], which ships inside scikit-image.

    A few rows and columns are left out at the end, so that blocks of 4, 8, 16 and 32 pixels fill it.
    """
    from skimage import data

    return np.asarray(data.chelsea()[:288, :448] / 255.0)


def block_means(picture: ArrayLike, stride: int) -> FloatArray:
    """Return the feature map (C, H / stride, W / stride) that averages a picture over blocks of pixels.

    Parameters
    ----------
    picture : array (H, W) or (H, W, C)
        A picture or a mask, whose sides are multiples of the stride.
    stride : int
        The side of a block, in pixels.

    Raises
    ------
    ValueError
        If the blocks do not fill the picture.

    Examples
    --------
    >>> block_means([[0, 0, 1, 1], [0, 0, 1, 0]], 2)
    array([[[0.  , 0.75]]])
    """
    array = np.asarray(picture, dtype=float)
    if array.ndim not in (2, 3):
        raise ValueError(f"picture must have shape (H, W) or (H, W, C), got {array.shape}")
    height, width = array.shape[:2]
    if stride < 1 or height % stride or width % stride:
        raise ValueError(f"stride must divide the picture's sides {height} and {width}, got {stride}")
    blocks = array.reshape(height // stride, stride, width // stride, stride, -1)
    return np.asarray(np.moveaxis(blocks.mean(axis=(1, 3)), -1, 0))
