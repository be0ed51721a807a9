"""The mask head takes torchvision's weights, and says the same."""

import pytest
import torch
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor

from minimask.model.mask_head import MaskHead


class Torchvision(torch.nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.mask_head = MaskRCNNHeads(channels, (channels,) * 4, dilation=1)
        self.mask_predictor = MaskRCNNPredictor(channels, channels, classes)

    def forward(self, maps):
        return self.mask_predictor(self.mask_head(maps))


def test_the_same_weights_give_the_same_masks():
    torch.manual_seed(0)
    theirs, ours = Torchvision(16, 5).double(), MaskHead(16, 5, 16).double()
    ours.load_state_dict(theirs.state_dict())
    maps = torch.randn(3, 16, 14, 14, dtype=torch.float64)
    torch.testing.assert_close(ours(maps), theirs(maps), rtol=0, atol=1e-12)
    torch.testing.assert_close(ours.float()(maps.float()), theirs.float()(maps.float()), rtol=0, atol=1e-5)


def test_weights_begin_alike():
    torch.manual_seed(0)
    theirs, ours = Torchvision(64, 91).state_dict(), MaskHead(64, 91, 64).state_dict()
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        if name.endswith("weight"):
            assert value.std().item() == pytest.approx(theirs[name].std().item(), rel=0.05)
        elif name.startswith("mask_head"):
            assert (value == 0).all() and (theirs[name] == 0).all()
