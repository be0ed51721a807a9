"""Feature maps made of photographs: the mean of each block, at its place."""

from __future__ import annotations

import numpy as np
import pytest

from minimask.data.feature_maps import block_means, cat_photograph


def test_every_cell_is_the_mean_of_its_block():
    picture = np.random.default_rng(0).random((12, 20, 3))
    features = block_means(picture, 4)
    assert features.shape == (3, 3, 5)
    for c, i, j in np.ndindex(3, 3, 5):
        assert features[c, i, j] == pytest.approx(picture[4 * i : 4 * i + 4, 4 * j : 4 * j + 4, c].mean())


def test_a_gray_picture_and_a_mask_have_one_channel():
    assert block_means(np.eye(4), 2) == pytest.approx(np.array([[[0.5, 0.0], [0.0, 0.5]]]))
    assert block_means(np.eye(4, dtype=bool), 4) == pytest.approx(np.array([[[0.25]]]))


@pytest.mark.parametrize("stride", [0, 3, 8])
def test_blocks_must_fill_the_picture(stride):
    with pytest.raises(ValueError, match=f"stride must divide the picture's sides 8 and 4, got {stride}"):
        block_means(np.zeros((8, 4)), stride)


def test_a_picture_has_two_or_three_axes():
    with pytest.raises(ValueError, match=r"picture must have shape .*, got \(8,\)"):
        block_means(np.zeros(8), 2)


def test_the_cat_fills_blocks_of_32_and_its_eye_is_dark():
    cat = cat_photograph()
    assert cat.shape == (288, 448, 3) and 0 <= cat.min() < cat.max() <= 1
    assert block_means(cat, 32).shape == (3, 9, 14)
    assert cat[105:120, 168:180].mean() < 0.15 < 0.3 < cat[200:230, 240:270].mean()
