"""Boxes that make suppression go wrong, for these tests and for those beside torchvision."""

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)
THRESHOLDS = st.sampled_from([0.0, 1e-6, 0.1, 0.25, 0.3, 1 / 3, 0.45, 0.5, 2 / 3, 0.7, 0.75, 0.99, 1.0])


class Crowd(NamedTuple):
    """Candidates for suppression."""

    boxes: np.ndarray
    scores: np.ndarray
    groups: np.ndarray


def on_a_grid(rng, count):
    """Whole numbers: identical boxes, no area, and an IoU of exactly 1/2, 1/3, 2/3, ..."""
    limit = rng.choice([2, 4, 9, 40])
    return np.sort(rng.integers(0, limit + 1, (count, 2, 2)), axis=1).reshape(count, 4) * 2.0 ** rng.integers(-3, 8)


def in_tenths(rng, count):
    """Boxes of 1 to 10 tenths of one width, on a few places: IoUs of 0.1, 0.7, ... as float32 rounds them."""
    corner = 10.0 * rng.integers(0, 12, (count, 2))
    return np.concatenate([corner, corner + np.stack([rng.integers(0, 11, count), np.ones(count)], 1)], axis=1)


def in_clusters(rng, count):
    """Proposals around objects, as a network makes them."""
    objects = int(rng.integers(1, 1 + max(1, count // 8)))
    center, half = rng.uniform(0, 1000, (objects, 2)), np.exp(rng.uniform(1, 5, (objects, 2)))
    which = rng.integers(0, objects, count)
    middle = center[which] + rng.normal(0, 0.2, (count, 2)) * half[which]
    sides = half[which] * np.exp(rng.normal(0, 0.25, (count, 2)))
    return np.concatenate([middle - sides, middle + sides], axis=1)


def spread(rng, count):
    """Boxes anywhere, their sides spread over several doublings."""
    corner = rng.uniform(-300, 1000, (count, 2))
    return np.concatenate([corner, corner + np.exp(rng.uniform(0, 5, (count, 2)))], axis=1)


def far_away(rng, count):
    """As in clusters, but so far from the origin that float32 has few numbers there."""
    return in_clusters(rng, count) + 2.0 ** rng.integers(14, 23)


def of_all_sizes(rng, count):
    """From far below a pixel to all of the plane: areas that vanish in float32, and one that hides everything."""
    corner = rng.normal(0, 1, (count, 2)) * 10.0 ** rng.integers(-25, 6)
    sides = 10.0 ** rng.uniform(-25, 5, (count, 2))
    boxes = np.concatenate([corner, corner + sides], axis=1)
    boxes[rng.random(count) < 0.02] = [-1e17, -1e17, 1e17, 1e17]
    return boxes


def tiny(rng, count):
    """Boxes whose areas are among the smallest numbers that float32 has, where rounding is coarse."""
    corner = rng.integers(0, 60, (count, 2)) * 3e-23
    return np.concatenate([corner, corner + rng.integers(0, 9, (count, 2)) * 3e-23], axis=1)


def chained(rng, count):
    """A row of boxes, each overlapping the next: which of them stay hangs on the first."""
    start = np.arange(count) * rng.uniform(0.05, 0.6)
    return np.stack([start, np.zeros(count), start + 1, np.ones(count)], axis=1)


KINDS = (on_a_grid, in_tenths, in_clusters, spread, far_away, of_all_sizes, tiny, chained)


def crowd(seed, dtype=np.float32, most=600):
    """Return a crowd of any kind, a tenth of it repeated, with many ties of scores or none, in a few groups."""
    rng = np.random.default_rng(seed)
    count = int(np.exp(rng.uniform(0, np.log(most))))
    boxes = KINDS[int(rng.integers(len(KINDS)))](rng, count).astype(dtype)
    again = rng.random(count) < rng.choice([0, 0.1])
    boxes[again] = boxes[rng.integers(0, count, again.sum())]
    few = rng.integers(-2, 3, count) / 4
    scores = few if rng.random() < 0.5 else rng.permutation(count) - count / 2
    return Crowd(boxes, scores.astype(dtype), rng.integers(-1, int(rng.integers(1, 9)), count))
