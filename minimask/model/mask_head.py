"""The mask head: from the feature map of a box to a mask for every class."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


class Doubling(nn.ConvTranspose2d):
    """A transposed convolution that makes 2 x 2 cells of every cell, and no cell from two.

    So there is nothing to add up: it is a 1 x 1 convolution to four times the channels, which then move to their
    places. Libraries compute that, and above all its gradient, several times as fast.

    Parameters
    ----------
    in_channels, out_channels : int

    Examples
    --------
    >>> layer, maps = Doubling(3, 5), torch.randn(2, 3, 4, 6)
    >>> slow = torch.nn.functional.conv_transpose2d(maps, layer.weight, layer.bias, stride=2)
    >>> torch.allclose(layer(maps), slow, atol=1e-6)
    True
    >>> torch.equal(in_place(layer(maps, apart=True)), layer(maps))
    True
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 2, stride=2)

    def forward(self, maps: Tensor, apart: bool = False) -> Tensor:  # type: ignore[override]
        """Return maps (K, out_channels, 2 H, 2 W) of maps (K, in_channels, H, W).

        With `apart`, return (K, 4 out_channels, H, W): the same cells, not yet in their places.
        """
        assert self.bias is not None
        weight = self.weight.permute(2, 3, 1, 0).reshape(-1, self.in_channels, 1, 1)  # down, right, channel
        cells = functional.conv2d(maps, weight, self.bias.repeat(4))
        return cells if apart else in_place(cells)


def in_place(cells: Tensor) -> Tensor:
    """Return maps (K, C, 2 H, 2 W) of what `Doubling` calls cells apart, (K, 4 C, H, W)."""
    count, channels, height, width = cells.shape
    blocks = cells.permute(0, 2, 3, 1).reshape(count, height, width, 2, 2, channels // 4)
    return blocks.transpose(2, 3).reshape(count, 2 * height, 2 * width, channels // 4).permute(0, 3, 1, 2)


class MaskPredictor(nn.Module):
    """Double the map, and predict one logit for each class and cell.

    Parameters
    ----------
    in_channels, channels, classes : int
        Of the maps that come in, of the doubled ones, and of those that go out.

    Notes
    -----
    Parameters have torchvision's names.

    Examples
    --------
    >>> predictor, maps = MaskPredictor(3, 5, 2), torch.randn(2, 3, 4, 6)
    >>> plain = predictor.mask_fcn_logits(predictor.conv5_mask(maps).relu())
    >>> torch.allclose(predictor(maps), plain, atol=1e-6)
    True
    >>> torch.allclose(predictor(maps, labels=torch.tensor([1, 0]))[:, 0], plain[[0, 1], [1, 0]], atol=1e-6)
    True
    """

    def __init__(self, in_channels: int, channels: int, classes: int) -> None:
        super().__init__()
        self.conv5_mask = Doubling(in_channels, channels)
        self.mask_fcn_logits = nn.Conv2d(channels, classes, 1)

    def forward(self, maps: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (K, classes, 2 H, 2 W) for maps (K, in_channels, H, W).

        With `labels` (K,), return (K, 1, 2 H, 2 W): only what is said about each map's own class.
        """
        hidden = functional.relu_(self.conv5_mask(maps, apart=True))
        count, channels, height, width = hidden.shape
        # Each cell is looked at alone, wherever it lies: a few logits move to their places faster than all channels.
        rows = hidden.permute(0, 2, 3, 1).reshape(count, height * width * 4, channels // 4)
        if labels is None:
            logits = self.mask_fcn_logits(rows.mT.unsqueeze(-1))[..., 0].mT
        else:
            weight, bias = self.mask_fcn_logits.weight[labels], self.mask_fcn_logits.bias
            assert bias is not None
            logits = torch.baddbmm(bias[labels, None, None].to(rows), rows, weight[:, :, :, 0].to(rows))
        return in_place(logits.reshape(count, height, width, 4 * logits.shape[-1]).permute(0, 3, 1, 2))


class MaskHead(nn.Module):
    """A few 3 x 3 convolutions, a transposed one that doubles the map, and one logit for each class and cell.

    Parameters
    ----------
    in_channels : int
        Channels of the boxes' feature maps.
    classes : int
        Masks that are predicted for each box, the background's among them.
    channels : int
        Channels of all hidden maps.
    convolutions : int

    Notes
    -----
    Parameters have torchvision's names and first values. What it costs: `minimask.model.mask_cost`.

    References
    ----------
    He et al., Mask R-CNN, 2017, figure 4 (right).

    Examples
    --------
    >>> MaskHead(classes=7)(torch.zeros(2, 256, 14, 14)).shape
    torch.Size([2, 7, 28, 28])
    """

    def __init__(self, in_channels: int = 256, classes: int = 91, channels: int = 256, convolutions: int = 4) -> None:
        super().__init__()
        widths = [in_channels] + [channels] * convolutions
        self.mask_head = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True))
                for before, after in pairwise(widths)
            )
        )
        self.mask_predictor = MaskPredictor(widths[-1], channels, classes)
        for layer in self.mask_head.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.kaiming_normal_(parameter, mode="fan_out", nonlinearity="relu")

    def forward(self, maps: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (K, classes, 2 H, 2 W) for the feature maps (K, in_channels, H, W) of K boxes.

        With `labels` (K,), return (K, 1, 2 H, 2 W): only those of each box's own class.
        """
        logits: Tensor = self.mask_predictor(self.mask_head(maps), labels)
        return logits
