"""Random RoI problems for the tests: small, and full of corner cases."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from minimask.roi import pool, reference

SCALES = (1.0, 0.5, 0.25, 1 / 3, 1 / 16, 0.7)


class Case(NamedTuple):
    features: np.ndarray
    rois: np.ndarray
    size: tuple[int, int]
    scale: float
    ratio: int
    aligned: bool

    @property
    def settings(self):
        return self.scale, self.ratio, self.aligned

    def grad(self):
        """A gradient that comes in, (K, C, PH, PW)."""
        shape = (len(self.rois), self.features.shape[1], *self.size)
        return np.random.default_rng(7).normal(size=shape).astype(self.features.dtype)


def random_case(seed, dtype=np.float64, channels=(1, 40), ratios=(-1, 0, 1, 2, 3), smooth=False, giants=True):
    """Return a case: boxes inside, half or wholly outside, without area, far larger than the map, on grid lines."""
    rng = np.random.default_rng(seed)
    images, height, width = rng.integers(1, 4), *rng.integers(1, 20, 2)
    features = rng.normal(size=(images, rng.integers(*channels), height, width)).astype(dtype)
    count, scale = rng.integers(0, 6), float(rng.choice(SCALES))
    corner = rng.uniform(-4, 1.2 * max(height, width), (count, 2))
    sides = rng.uniform(0, 14, (count, 2))
    if not smooth:
        sides *= rng.random((count, 2)) < 0.9
        if rng.random() < 0.4:
            corner, sides = np.round(2 * corner) / 2, np.round(2 * sides) / 2
        if rng.random() < 0.15 and giants:
            corner, sides = corner - 1e4, sides + 2e4
    numbers = rng.integers(0, images, (count, 1))
    rois = np.concatenate([numbers, corner / scale, (corner + sides) / scale], axis=1).astype(dtype)
    rois[:, 3:] = np.maximum(rois[:, 3:], rois[:, 1:3])
    size = tuple(int(bins) for bins in rng.integers(1, 8, 2))
    return Case(features, rois, size, scale, int(rng.choice(ratios)), bool(rng.integers(2)))


CASES = st.integers(0, 2**32 - 1)


def truth(case):
    """Return output and both gradients of RoIAlign by the reference in float64 (the boxes keep their dtype)."""
    features, grad = case.features.astype(np.float64), case.grad().astype(np.float64)
    return (
        reference.roi_align(features, case.rois, case.size, *case.settings),
        reference.roi_align_features_grad(grad, case.rois, features.shape, *case.settings),
        reference.roi_align_boxes_grad(grad, features, case.rois, *case.settings),
    )


def pool_truth(case):
    """Return output, argmax and gradient of RoIPool by the reference."""
    out, argmax = pool.roi_pool(case.features, case.rois, case.size, case.scale)
    return out, argmax, pool.roi_pool_features_grad(case.grad(), argmax, case.rois, case.features.shape)


def close(found, expected, dtype):
    """Assert that numbers agree to the precision of a dtype, with the cancellation of some hundred summands."""
    tolerance = {np.float64: 1e-11, np.float32: 2e-5}[np.dtype(dtype).type]
    room = tolerance * (1 + np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=room)
