"""How colors look to those whose eyes tell fewer of them apart, and on a printer without colors.

About one man in twelve, and one woman in two hundred, sees red and green less apart than most: their cones for long
waves (protanopia) or for middle ones (deuteranopia) are missing or shifted. Those for short waves rarely are
(tritanopia).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), 2009; severity 1, for linear RGB.
_MATRICES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "gray": [[0.2126, 0.7152, 0.0722]] * 3,  # the luminance of linear sRGB
}

KINDS = tuple(_MATRICES)
"""What can be simulated: three kinds of color blindness, and no color at all."""


def seen(colors: ArrayLike, kind: str) -> NDArray[np.float64]:
    """Return how colors look to someone with a kind of color blindness, or without any color.

    Parameters
    ----------
    colors : array_like of shape (..., 3)
        sRGB from 0 to 1.
    kind : str
        One of `KINDS`.

    Returns
    -------
    float64 array (..., 3)
        sRGB from 0 to 1.

    Raises
    ------
    ValueError
        If the colors are no sRGB from 0 to 1, or the kind is unknown.

    References
    ----------
    .. [1] G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color
       Vision Deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), 2009.

    Examples
    --------
    >>> red, green = [1, 0, 0], [0, 0.55, 0]
    >>> seen([red, green], "deuteranopia").round(2)
    array([[0.64, 0.57, 0.  ],
           [0.51, 0.46, 0.11]])
    >>> seen([1, 1, 1], "tritanopia").round(2)
    array([1., 1., 1.])
    """
    if kind not in _MATRICES:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    curved = np.asarray(colors, dtype=np.float64)
    if not (curved.shape[-1:] == (3,) and np.all((curved >= 0) & (curved <= 1))):
        raise ValueError(f"colors must have shape (..., 3), with numbers from 0 to 1, got shape {curved.shape}")
    linear = np.where(curved <= 0.04045, curved / 12.92, ((curved + 0.055) / 1.055) ** 2.4)
    light = np.clip(linear @ np.array(_MATRICES[kind]).T, 0, 1)
    return np.asarray(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))
