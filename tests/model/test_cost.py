"""The cost of a mask: by formula, counted by ours and by torch, and the formula without torch."""

import subprocess
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from minimask.model.cost import count
from minimask.model.fpn import FeaturePyramid
from minimask.model.mask_cost import Cost, mask_head_cost
from minimask.model.mask_head import MaskHead
from minimask.model.rpn import RPNHead


def test_the_mask_head_of_the_paper():
    costs = mask_head_cost(classes=91)
    assert costs["total"] == Cost(532_066_304, 2_646_107)
    assert costs["mask_head.0"].multiply_adds == 14 * 14 * 256 * 9 * 256
    assert costs["mask_predictor.mask_fcn_logits"] == Cost(28 * 28 * 256 * 91, 256 * 91 + 91)


@pytest.mark.parametrize(
    ("classes", "channels", "convolutions", "size"), [(91, 256, 4, 14), (7, 64, 2, 14), (2, 3, 1, 5)]
)
def test_the_formula_equals_the_module(classes, channels, convolutions, size):
    head = MaskHead(channels, classes, channels, convolutions)
    counted = count(head, (1, channels, size, size))
    formula = mask_head_cost(classes, channels, convolutions, size)
    assert list(counted.values()) == list(formula.values())
    assert [name.removesuffix(".0") for name in counted] == list(formula)
    assert count(head, (5, channels, size, size))["total"].multiply_adds == 5 * formula["total"].multiply_adds


class Odd(torch.nn.Module):
    """Groups, strides, kernels that are not square, a batch norm, and a layer that is used twice."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(4, 6, (3, 1), stride=2, groups=2)
        self.norm = torch.nn.BatchNorm2d(6)
        self.up = torch.nn.ConvTranspose2d(6, 4, (2, 3), stride=2, groups=2)
        self.flat = torch.nn.Linear(4, 4)

    def forward(self, maps):
        maps = self.up(self.norm(self.first(maps)))
        return self.flat(self.flat(maps.mean(dim=(2, 3))))


@pytest.mark.parametrize(
    ("module", "shapes"),
    [
        (MaskHead(8, 5, 8, 2), [(3, 8, 6, 7)]),
        (Odd(), [(2, 4, 9, 8)]),
        (RPNHead(8, 3), [[(1, 8, 6, 7), (1, 8, 3, 4)]]),
        (FeaturePyramid((4, 8), 6), [[(1, 4, 6, 7), (1, 8, 3, 4)]]),
    ],
    ids=["mask head", "odd", "proposal head", "pyramid"],
)
def test_torch_counts_twice_as_many_operations(module, shapes):
    tensors = [
        [torch.zeros(one) for one in shape] if isinstance(shape[0], tuple) else torch.zeros(shape) for shape in shapes
    ]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*tensors)
    counted = count(module, *shapes)
    assert counter.get_total_flops() == 2 * counted["total"].multiply_adds
    assert counted["total"].parameters == sum(parameter.numel() for parameter in module.parameters())


def test_counting_leaves_the_module_as_it_was():
    module = Odd()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    count(module, (2, 4, 9, 8))
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(layer._forward_hooks for layer in module.modules())
    with pytest.raises(RuntimeError):
        count(module, (2, 5, 9, 8))
    assert not any(layer._forward_hooks for layer in module.modules())


def test_the_formula_needs_no_torch():
    program = "import sys\nsys.modules['torch'] = None\nfrom minimask.model.mask_cost import mask_head_cost as cost\n"
    program += "print(cost()['total'].parameters)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["2646107"]


@pytest.mark.parametrize("name", ["classes", "channels", "size", "convolutions"])
def test_bad_input_is_named(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        mask_head_cost(**{name: -1})


def test_masks_are_twice_as_fine_as_their_features():
    head = MaskHead(classes=3)
    names = {name.rpartition(".")[0] for name in head.state_dict()}
    assert names == {
        *(f"mask_head.{k}.0" for k in range(4)), "mask_predictor.conv5_mask", "mask_predictor.mask_fcn_logits",
    }  # fmt: skip
    assert head(torch.zeros(0, 256, 14, 14)).shape == (0, 3, 28, 28)
