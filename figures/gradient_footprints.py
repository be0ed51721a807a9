"""Where the gradient of one bin lands on the feature map: RoIPool, and RoIAlign with one sample and with four."""

from pathlib import Path

import numpy as np

from minimask.data.feature_maps import block_means, cat_photograph
from minimask.plots.rois import footprints
from minimask.plots.show import show
from minimask.roi.pool import roi_pool, roi_pool_features_grad
from minimask.roi.reference import roi_align_features_grad

STRIDE = 16
BOX = np.array([137.2, 54.8, 221.6, 147.0])
ALT = """Where the gradient of the middle one of nine bins lands on a feature map. RoIPool: all of it on a single cell,
which lies mostly outside of the bin. RoIAlign with one sample: on four cells. With two by two samples: on nine, most of
it in the middle of the bin."""


if __name__ == "__main__":
    features = block_means(cat_photograph().mean(axis=-1), STRIDE)[None]  # (1, 1, 18, 28)
    roi = np.array([[0, *BOX]])
    grad = np.zeros((1, 1, 3, 3))
    grad[0, 0, 1, 1] = 1
    argmax = roi_pool(features, roi, (3, 3), 1 / STRIDE)[1]
    landed = {"RoIPool": roi_pool_features_grad(grad, argmax, roi, features.shape)[0, 0]}
    for n in (1, 2):
        share = roi_align_features_grad(grad, roi, features.shape, 1 / STRIDE, n, aligned=True)
        landed[f"RoIAlign, {n} × {n}"] = share[0, 0]
    show(footprints(landed, BOX / STRIDE, (3, 3), (7, 2, 16, 11)), ALT).save(Path(__file__).with_suffix(".png"))
