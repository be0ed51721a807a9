"""ResNet-50: its parts, which of them learn, and a batch norm that is folded away."""

import copy
import re

import pytest
import torch
from refusals import refused
from torch import nn
from torch.nn import functional

from minimask.model.cost import count
from minimask.model.resnet import Bottleneck, FrozenBatchNorm, NormalizedConvolution, ResNet50

PARTS = ("conv1", "layer1", "layer2", "layer3", "layer4")


def lively(module, seed=0):
    """Give every norm of a module scales, shifts and statistics of its own."""
    generator = torch.Generator().manual_seed(seed)
    for norm in module.modules():
        if isinstance(norm, FrozenBatchNorm | nn.BatchNorm2d):
            for name in ("weight", "bias", "running_mean", "running_var"):
                values = torch.rand(len(norm.weight), generator=generator)
                getattr(norm, name).data.copy_(values + 0.5 if name in ("weight", "running_var") else values - 0.5)
    return module


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    return lively(ResNet50())


def apart(convolution, norm, maps):
    """The same as two steps."""
    return norm(functional.conv2d(maps, convolution.weight, None, convolution.stride, convolution.padding))


def test_a_frozen_norm_by_hand():
    norm = FrozenBatchNorm(2, eps=1.0)
    for name, value in (("weight", [2, 1]), ("bias", [5, 0]), ("running_mean", [1, -1]), ("running_var", [3, 0])):
        getattr(norm, name).copy_(torch.tensor(value))
    found = norm(torch.tensor([4.0, 7.0]).reshape(1, 2, 1, 1))
    assert found.flatten().tolist() == [2 * (4 - 1) / 2 + 5, 7 + 1]
    assert not list(norm.parameters())
    assert str(norm) == "FrozenBatchNorm(2, eps=1.0)"


def test_a_frozen_norm_takes_over_from_one_that_learned():
    learned = lively(nn.BatchNorm2d(3)).eval()
    frozen = FrozenBatchNorm(3)
    frozen.load_state_dict(learned.state_dict())
    maps = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(frozen(maps), learned(maps))


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (1, 2), (3, 1), (3, 2), (7, 2)])
def test_folding_changes_neither_values_nor_gradients(size, stride):
    torch.manual_seed(0)
    convolution, norm = NormalizedConvolution(3, 5, size, stride).double(), lively(FrozenBatchNorm(5)).double()
    found = []
    for operation in (convolution, apart):
        maps = torch.linspace(-1, 1, 2 * 3 * 9 * 6, dtype=torch.float64).reshape(2, 3, 9, 6).requires_grad_()
        out = convolution(maps, norm) if operation is convolution else apart(convolution, norm, maps)
        assert out.shape == (2, 5, -(-9 // stride), -(-6 // stride))
        found.append((out, *torch.autograd.grad(out.sin().sum(), (maps, convolution.weight))))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_norm_that_learns_is_not_folded():
    convolution, norm = NormalizedConvolution(3, 5, 3), nn.BatchNorm2d(5)
    convolution(torch.randn(2, 3, 4, 4), norm)
    assert norm.num_batches_tracked == 1


@pytest.mark.parametrize("norm", [FrozenBatchNorm, nn.BatchNorm2d])
@pytest.mark.parametrize(("in_channels", "stride"), [(8, 1), (8, 2), (6, 1)])
def test_a_block_step_by_step(norm, in_channels, stride):
    """Values and gradients, so that nothing is overwritten that somebody still needs."""
    torch.manual_seed(0)
    block = lively(Bottleneck(in_channels, 2, stride, norm)).double().eval()
    assert (block.downsample is None) == (in_channels == 8 and stride == 1)
    maps = torch.randn(2, in_channels, 5, 7, dtype=torch.float64, requires_grad=True)
    change = functional.relu(apart(block.conv1, block.bn1, maps))
    change = functional.relu(apart(block.conv2, block.bn2, change))
    change = apart(block.conv3, block.bn3, change)
    expected = functional.relu(change + (maps if block.downsample is None else apart(*block.downsample, maps)))
    found = block(maps)
    torch.testing.assert_close(found, expected)
    followed = (maps, *block.parameters())
    for one, other in zip(*(torch.autograd.grad(out.sin().sum(), followed) for out in (found, expected)), strict=True):
        torch.testing.assert_close(one, other)


def test_the_middle_convolution_strides():
    block = Bottleneck(8, 2, 2, FrozenBatchNorm)
    strides = [layer.stride for layer in (block.conv1, block.conv2, block.conv3, block.downsample[0])]
    assert strides == [(1, 1), (2, 2), (1, 1), (2, 2)]


def test_names_and_numbers_are_as_published(resnet):
    state = resnet.state_dict()
    assert len(state) == 53 * 5
    assert sum(parameter.numel() for parameter in resnet.parameters()) == 23_454_912
    assert sum(value.numel() for value in state.values()) - 23_454_912 == 4 * 26_560
    assert {re.sub(r"\d+", "N", name) for name in state if "bn" not in name} == {
        "convN.weight", "layerN.N.convN.weight", "layerN.N.downsample.N.weight", "layerN.N.downsample.N.bias",
        "layerN.N.downsample.N.running_mean", "layerN.N.downsample.N.running_var",
    }  # fmt: skip
    assert state["conv1.weight"].shape == (64, 3, 7, 7)
    assert state["layer4.2.conv3.weight"].shape == (2048, 512, 1, 1)
    learning = ResNet50(nn.BatchNorm2d)
    assert len(learning.state_dict()) == 53 * 6
    assert sum(parameter.numel() for parameter in learning.parameters()) == 25_557_032 - 2_049_000  # without classifier


def test_first_weights_keep_the_size_of_numbers(resnet):
    for layer in (resnet.layer2[0].conv2, resnet.layer4[1].conv1):
        expected = (2 / (layer.out_channels * layer.kernel_size[0] ** 2)) ** 0.5
        assert layer.weight.std().item() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("size", [(64, 96), (65, 33), (1, 1)])
def test_maps(resnet, size):
    with torch.no_grad():
        maps = resnet(torch.zeros(1, 3, *size))
    sides = [tuple(-(-side // stride) for side in size) for stride in resnet.strides]
    assert [tuple(level.shape) for level in maps] == [
        (1, channels, *grid) for channels, grid in zip(resnet.channels, sides, strict=True)
    ]


def test_what_it_costs():
    """The layers' work is counted, though the convolutions are folded: 4.1 billion multiply-adds for 224 x 224."""
    assert count(ResNet50(), (1, 3, 224, 224))["total"].multiply_adds == 4_087_136_256


@pytest.mark.parametrize("layers", range(6))
def test_which_parts_learn(layers):
    resnet = ResNet50(nn.BatchNorm2d, trainable_layers=layers).train()
    learning = {name.partition(".")[0] for name, parameter in resnet.named_parameters() if parameter.requires_grad}
    assert learning == {*PARTS[5 - layers :], *(("bn1",) if layers == 5 else ())}


@pytest.mark.parametrize("layers", range(6))
def test_frozen_parts_need_no_gradients(resnet, layers):
    """Neither do their outputs, so that nothing is kept for them."""
    network = copy.deepcopy(resnet)
    network.freeze(layers)
    maps = network(torch.rand(1, 3, 32, 32))
    assert [level.requires_grad for level in maps] == [part in PARTS[5 - layers :] or layers == 5 for part in PARTS[1:]]
    if layers:
        sum(level.sum() for level in maps).backward()
    touched = {name.partition(".")[0] for name, value in network.named_parameters() if value.grad is not None}
    assert touched == {*PARTS[5 - layers :]}


def test_channels_last_is_kept(resnet):
    network = copy.deepcopy(resnet).to(memory_format=torch.channels_last)
    pictures = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        found = network(pictures.contiguous(memory_format=torch.channels_last))
        expected = resnet(pictures)
    for one, other in zip(found, expected, strict=True):
        assert one.is_contiguous(memory_format=torch.channels_last)
        assert (one - other).abs().max() < 1e-5 * other.abs().max()


def test_half_precision_where_it_pays(resnet):
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        maps = resnet(torch.rand(1, 3, 32, 32))
    assert {level.dtype for level in maps} == {torch.bfloat16}


def test_wrong_numbers_of_parts():
    refused(lambda: ResNet50(trainable_layers=6), ValueError, "trainable_layers must be at most 5, got 6")
    refused(lambda: ResNet50(trainable_layers=-1), ValueError, "trainable_layers must be a whole number of at least 0")
