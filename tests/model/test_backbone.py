"""Backbone, pyramid and what is built of them."""

import numpy as np
import pytest
import torch

from minimask.anchors import recipes
from minimask.model.backbone import Block, SmallResNet
from minimask.model.fpn import FeaturePyramid
from minimask.model.proposal_network import ProposalNetwork, as_batch, lesson_network


@pytest.mark.parametrize("size", [(128, 128), (65, 97), (31, 2)])
def test_maps_have_the_sizes_that_the_recipe_counts_with(size):
    network = lesson_network(seed=0).eval()
    with torch.no_grad():
        maps = network.backbone(torch.zeros(1, 3, *size))
    assert [tuple(level.shape[-2:]) for level in maps] == list(recipes["lesson"].grids(*size))
    assert [level.shape[1] for level in maps] == list(network.backbone.channels)
    assert network.backbone.strides == tuple(level.stride for level in recipes["lesson"].levels)


def test_a_block_whose_convolutions_are_zero_hands_on_what_it_gets():
    block = Block(4, 4).eval()
    for convolution in (block.conv1, block.conv2):
        torch.nn.init.zeros_(convolution.weight)
    maps = torch.arange(-8.0, 8.0).reshape(1, 4, 2, 2)
    assert torch.equal(block(maps), maps.relu())


def test_a_block_fits_its_input_to_its_output():
    assert Block(4, 6, stride=2)(torch.zeros(1, 4, 5, 7)).shape == (1, 6, 3, 4)
    assert not list(Block(4, 4).downsample.parameters())


def test_blocks_and_widths_are_as_asked():
    backbone = SmallResNet((4, 6, 8), blocks=3)
    assert [len(stage) for stage in backbone.stages] == [3, 3]
    assert (backbone.channels, backbone.strides) == ((6, 8), (4, 8))
    with pytest.raises(ValueError, match="widths must name the stem's channels and those of at least one stage"):
        SmallResNet((4,))


def test_the_pyramid_by_hand():
    """All 1 x 1 weights are 1 and 3 x 3 ones hand on the middle: each level is its input and all coarser ones."""
    pyramid = FeaturePyramid((1, 1), 1, extra_level=True)
    for parameter in pyramid.parameters():
        torch.nn.init.zeros_(parameter)
    for inner, layer in zip(pyramid.inner_blocks, pyramid.layer_blocks, strict=True):
        inner[0].weight.data += 1
        layer[0].weight.data[0, 0, 1, 1] = 1
    fine, coarse = torch.arange(15.0).reshape(1, 1, 3, 5), torch.tensor([[[[100.0, 200, 300], [400, 500, 600]]]])
    found = pyramid([fine, coarse])
    # Three rows over two, five columns over three: the nearest cell, rounded down.
    above = torch.tensor([[100.0, 100, 200, 200, 300], [100, 100, 200, 200, 300], [400, 400, 500, 500, 600]])
    assert torch.equal(found[0][0, 0], fine[0, 0] + above)
    assert torch.equal(found[1], coarse)
    assert torch.equal(found[2], coarse[..., :1, ::2])
    with pytest.raises(ValueError, match="maps must be 2, one for each level, got 1"):
        pyramid([fine])


def test_the_pyramid_begins_as_published():
    torch.manual_seed(0)
    pyramid = FeaturePyramid((16, 64), 32)
    for name, value in pyramid.state_dict().items():
        if name.endswith("bias"):
            assert (value == 0).all()
        else:
            bound = (3 / (value.shape[1] * value.shape[2] * value.shape[3])) ** 0.5
            assert value.abs().max() <= bound and value.std() == pytest.approx(bound / 3**0.5, rel=0.1)


def test_the_seed_decides_the_first_weights_and_nothing_else_changes():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = (lesson_network(seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["backbone.conv1.weight"], other["backbone.conv1.weight"])


def test_pictures_become_numbers():
    images = np.zeros((2, 3, 4, 3), np.uint8)
    images[1, 2, 3] = [51, 255, 0]
    batch = as_batch(list(images))
    assert batch.shape == (2, 3, 3, 4)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(batch[1, :, 2, 3], torch.tensor([-1.2, 2.0, -2.0]))
    assert (batch[0] == -2).all()


def test_one_call_from_pictures_to_proposals_and_losses():
    network = ProposalNetwork(SmallResNet((4, 4, 4, 4), blocks=1), recipes["lesson"], channels=8)
    pictures, objects = torch.zeros(2, 3, 64, 64), [torch.tensor([[8.0, 8, 40, 40]]), torch.zeros(0, 4)]
    output = network(pictures, [(64, 64), (50, 60)], objects, rng=np.random.default_rng(0))
    assert len(output.funnels) == 2
    assert output.funnels[1].top_n.boxes[:, 2].max() <= 60
    assert torch.isfinite(output.losses.total)
    assert network(pictures).losses is None
