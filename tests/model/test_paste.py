"""Pasting: hand-made numbers, the half pixel, and what the published convention costs."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minimask.data.shapes import ShapesWorld
from minimask.model.mask_targets import mask_targets
from minimask.model.paste import paste_masks


def brute_force(mask, box, size):
    """Every pixel on its own, by the formula."""
    cells = len(mask)
    out = np.zeros(size)
    x1, y1, x2, y2 = box
    for row, column in np.ndindex(size):
        u = cells * (column + 0.5 - x1) / (x2 - x1) - 0.5
        v = cells * (row + 0.5 - y1) / (y2 - y1) - 0.5
        for i, j in np.ndindex(cells, cells):
            out[row, column] += mask[i, j] * max(0, 1 - abs(v - i)) * max(0, 1 - abs(u - j))
    return out


@given(
    box=st.tuples(*[st.floats(-6, 14)] * 2, *[st.floats(0.3, 20)] * 2),
    cells=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_every_pixel_by_the_formula(box, cells, seed):
    x, y, width, height = box
    corners = (x, y, x + width, y + height)
    mask = np.random.default_rng(seed).random((cells, cells))
    found = paste_masks(torch.from_numpy(mask)[None], torch.tensor([corners], dtype=torch.float64), (9, 13))
    np.testing.assert_allclose(found[0], brute_force(mask, corners, (9, 13)), atol=1e-9)


def test_a_mask_as_fine_as_its_box_comes_back():
    generator = torch.Generator().manual_seed(0)
    mask = torch.rand(1, 7, 7, generator=generator)
    pasted = paste_masks(mask, torch.tensor([[3.0, 2, 10, 9]]), (12, 15))
    torch.testing.assert_close(pasted[0, 2:9, 3:10], mask[0])


def test_an_edge_in_the_middle_of_the_box_stays_there():
    """The left half of a mask fills the left half of its box, wherever that lies."""
    half = torch.zeros(1, 28, 28)
    half[..., :14] = 1
    for x in (4.0, 4.5, 7.25):
        pasted = paste_masks(half, torch.tensor([[x, 0, x + 20, 20]]), (20, 40))[0]
        assert pasted[10].sum().item() == pytest.approx(10, abs=0.02)
        published = paste_masks(half, torch.tensor([[x, 0, x + 20, 20]]), (20, 40), "published")[0]
        assert abs(published[10].sum().item() - 10) > 0.1


def test_a_target_pasted_back_is_the_mask_it_was_cut_from():
    """The oracle: nothing is lost when both are aligned, and the published conventions cost something."""
    losses = {"aligned": [], "published": []}
    for picture in ShapesWorld(seed=5).pictures(12):
        masks, boxes = torch.from_numpy(picture.masks), torch.from_numpy(picture.boxes)
        for convention, found in losses.items():
            targets = mask_targets(masks, boxes, torch.arange(len(masks)), 28, convention == "aligned")
            pasted = paste_masks(targets, boxes, (128, 128), convention) >= 0.5
            both, either = (masks & pasted).sum((1, 2)), (masks | pasted).sum((1, 2))
            found += (1 - both / either).tolist()
    assert np.mean(losses["aligned"]) < 0.005
    assert 0.05 < np.mean(losses["published"]) < 0.2


@pytest.mark.parametrize("convention", ["aligned", "published"])
@pytest.mark.parametrize(
    "box", [[-50, -50, -40, -40], [90, 90, 99, 99], [5, 5, 5, 5], [-9, -9, 99, 99], [0, 3, 20, 3.01]]
)
def test_boxes_beside_the_picture_and_without_area(box, convention):
    pasted = paste_masks(torch.ones(1, 28, 28), torch.tensor([box], dtype=torch.float32), (20, 24), convention)
    assert pasted.shape == (1, 20, 24)
    assert torch.isfinite(pasted).all() and pasted.min() >= 0 and pasted.max() <= 1 + 1e-6
    if min(box) > 24 or max(box) < 0:
        assert not pasted.any()


def test_nothing_to_paste():
    assert paste_masks(torch.zeros(0, 28, 28), torch.zeros(0, 4), (5, 6)).shape == (0, 5, 6)


def test_bad_input():
    with pytest.raises(ValueError, match="convention must be 'aligned' or 'published', got 'new'"):
        paste_masks(torch.zeros(1, 2, 2), torch.zeros(1, 4), (5, 6), "new")
    with pytest.raises(ValueError, match="equally many, got 1 and 2"):
        paste_masks(torch.zeros(1, 2, 2), torch.zeros(2, 4), (5, 6))


def test_autocast_does_not_coarsen_it():
    mask, box = torch.rand(1, 28, 28), torch.tensor([[1.3, 2.2, 17.9, 18.4]])
    with torch.autocast("cpu", torch.bfloat16):
        coarse = paste_masks(mask, box, (20, 20))
    assert torch.equal(coarse, paste_masks(mask, box, (20, 20)))
