"""The backbone: from a picture to feature maps, each half as fine as the one before and richer in channels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


class Backbone(nn.Module):
    """What stands behind a backbone asks for no more than this.

    `forward` takes pictures (B, 3, H, W) and returns a list of maps (B, C, H / stride, W / stride), rounded up, finest
    first; `channels` and `strides` say what C and the stride of each are.
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]


class Block(nn.Module):
    """Two 3 x 3 convolutions around which the input is carried along: out = relu(input + change).

    Parameters
    ----------
    in_channels, out_channels : int
    stride : int
        2 halves the map. Where map or channels change, a 1 x 1 convolution fits the input to the output.

    References
    ----------
    He et al., Deep Residual Learning, 2016, section 3.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            shortcut = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(out_channels))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, out_channels, H / stride, W / stride), rounded up."""
        change = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(maps)))))
        return functional.relu(self.downsample(maps) + change)


class SmallResNet(Backbone):
    """A residual network small enough to learn within a lesson on a processor.

    Parameters
    ----------
    widths : sequence of int
        Channels of the stem, which works at stride 2, and of each stage behind it, at strides 4, 8, 16, ...
    blocks : int
        Blocks of each stage.

    Attributes
    ----------
    channels, strides : tuple of int
        Channels of each map that comes out, and pixels from one of its cells to the next.

    Examples
    --------
    >>> import torch
    >>> backbone = SmallResNet()
    >>> [tuple(maps.shape) for maps in backbone(torch.zeros(1, 3, 128, 96))]
    [(1, 32, 32, 24), (1, 64, 16, 12), (1, 128, 8, 6)]
    >>> backbone.channels, backbone.strides
    ((32, 64, 128), (4, 8, 16))
    """

    def __init__(self, widths: Sequence[int] = (24, 32, 64, 128), blocks: int = 2) -> None:
        super().__init__()
        stem, *stages = widths
        if not stages:
            raise ValueError(f"widths must name the stem's channels and those of at least one stage, got {widths!r}")
        self.conv1 = nn.Conv2d(3, stem, 3, 2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.stages = nn.ModuleList()
        for before, after in zip(widths, stages, strict=False):
            rest = (Block(after, after) for _ in range(blocks - 1))
            self.stages.append(nn.Sequential(Block(before, after, stride=2), *rest))
        self.channels = tuple(stages)
        self.strides = tuple(2 ** (2 + number) for number in range(len(stages)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the maps (B, C, H / stride, W / stride) of pictures (B, 3, H, W), rounded up, finest first."""
        maps = functional.relu(self.bn1(self.conv1(pictures)))
        found = []
        for stage in self.stages:
            maps = stage(maps)
            found.append(maps)
        return found
