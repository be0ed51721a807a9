"""Feature pyramids: which level a box is read from, and that the order of the boxes is kept."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimask.roi import assign_levels, multilevel_roi_align, roi_align

SCALES = [1 / 4, 1 / 8, 1 / 16, 1 / 32]


def pyramid(rng, images=2, channels=3):
    return [rng.normal(size=(images, channels, 64 // 2**level, 80 // 2**level)) for level in range(4)]


def boxes_of_all_sizes(rng, count=20):
    corner, sides = rng.uniform(0, 150, (count, 2)), np.exp(rng.uniform(1, 6.5, (count, 2)))
    return np.concatenate([rng.integers(0, 2, (count, 1)), corner, corner + sides], axis=1)


@pytest.mark.parametrize(
    ("side", "level"), [(1, 2), (111.9, 2), (112, 3), (223.9, 3), (224, 4), (448, 5), (1e5, 5), (0, 2)]
)
def test_levels_by_hand(side, level):
    box = np.array([[10, 10, 10 + side, 10 + side]], np.float64)
    assert assign_levels(box, 2, 5).tolist() == [level]
    assert assign_levels(torch.as_tensor(box), 2, 5).tolist() == [level]


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, "given"]), st.sampled_from([np.asarray, torch.as_tensor]))
def test_each_roi_is_what_its_level_alone_gives(seed, levels, kind):
    rng = np.random.default_rng(seed)
    maps, boxes = pyramid(rng), boxes_of_all_sizes(rng)
    chosen = rng.integers(0, 4, len(boxes)) if levels else assign_levels(boxes[:, 1:], 2, 5) - 2
    found = multilevel_roi_align(
        [kind(level) for level in maps], kind(boxes), 3, SCALES, 2, True, levels=kind(chosen) if levels else None
    )
    for k, level in enumerate(chosen):
        alone = roi_align(maps[level], boxes[k : k + 1], 3, SCALES[level], 2, True)
        np.testing.assert_array_equal(np.asarray(found[k]), alone[0])


def test_all_levels_are_used_in_these_tests():
    assert set(assign_levels(boxes_of_all_sizes(np.random.default_rng(0), 200)[:, 1:], 2, 5)) == {2, 3, 4, 5}


def test_every_level_gets_its_gradient():
    rng = np.random.default_rng(1)
    maps = [torch.as_tensor(level).requires_grad_() for level in pyramid(rng)]
    boxes = torch.as_tensor(boxes_of_all_sizes(rng))
    boxes[:, 1:] /= 4
    multilevel_roi_align(maps, boxes, 3, SCALES, levels=torch.arange(20) % 3).sum().backward()
    assert [bool(level.grad.any()) for level in maps] == [True, True, True, False]
