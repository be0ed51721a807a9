"""ResNet-50 as published: a deep backbone whose weights are usually trained elsewhere first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from minimask.geometry.checks import as_whole_number
from minimask.model.backbone import Backbone

BLOCKS = (3, 4, 6, 3)
"""Of each stage."""
EXPANSION = 4
"""What comes out of a block has so many times the channels of its 3 x 3 convolution."""


class FrozenBatchNorm(nn.Module):
    """Batch normalization that has stopped to learn: a scale and a shift for each channel.

    Detectors see a few large pictures at a time, too few for statistics: they keep those of the backbone's training.

    Parameters
    ----------
    channels : int
    eps : float
        What is added to the variance.

    Notes
    -----
    Buffers have the names of `nn.BatchNorm2d`'s parameters and buffers, whose counter is ignored when it is loaded.

    References
    ----------
    Ioffe and Szegedy, Batch Normalization, 2015; He et al., Deep Residual Learning, 2016, appendix A (frozen).

    Examples
    --------
    >>> norm = FrozenBatchNorm(1, eps=0.0)
    >>> norm.running_var.fill_(4), norm.running_mean.fill_(3)
    (tensor([4.]), tensor([3.]))
    >>> norm(torch.tensor([[[[5.0]]]]))  # (5 - 3) / 2
    tensor([[[[1.]]]])
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        for name, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((channels,), value))

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """Return what each channel is multiplied by, and what is added then: two tensors (C,)."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return scale, self.bias - self.running_mean * scale

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, C, H, W), scaled and shifted."""
        scale, shift = (values[:, None, None] for values in self.scale_and_shift())
        return maps * scale + shift

    def extra_repr(self) -> str:
        """Return what is printed of it."""
        return f"{len(self.weight)}, eps={self.eps}"

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:  # noqa: ANN401
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *rest)


class NormalizedConvolution(nn.Conv2d):
    """A convolution without bias that is normalized at once by the batch norm behind it.

    A frozen norm only scales and shifts. It is folded into weights, `scale (W * x) + shift = (scale W) * x + shift`,
    so that no map is read and written once more.
    """

    def __init__(self, in_channels: int, out_channels: int, size: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, size, stride, padding=size // 2, bias=False)

    def forward(self, maps: Tensor, norm: nn.Module) -> Tensor:  # type: ignore[override]
        """Return `norm(convolution(maps))`, maps (B, out_channels, H / stride, W / stride), rounded up."""
        if not isinstance(norm, FrozenBatchNorm):
            found: Tensor = norm(super().forward(maps))
            return found
        scale, shift = norm.scale_and_shift()
        return functional.conv2d(maps, self.weight * scale[:, None, None, None], shift, self.stride, self.padding)


class Bottleneck(nn.Module):
    """Three convolutions around which the input is carried along: 1 x 1 to fewer channels, 3 x 3, 1 x 1 back to more.

    Parameters
    ----------
    in_channels, width : int
        Channels of the input, and of the 3 x 3 convolution; `EXPANSION * width` come out.
    stride : int
        Of the 3 x 3 convolution, as torchvision has it; in the paper the first 1 x 1 one strides.
    norm : callable
        From channels to a batch norm.

    References
    ----------
    He et al., Deep Residual Learning, 2016, figure 5.
    """

    def __init__(self, in_channels: int, width: int, stride: int, norm: Callable[[int], nn.Module]) -> None:
        super().__init__()
        out_channels = EXPANSION * width
        self.conv1, self.bn1 = NormalizedConvolution(in_channels, width, 1), norm(width)
        self.conv2, self.bn2 = NormalizedConvolution(width, width, 3, stride), norm(width)
        self.conv3, self.bn3 = NormalizedConvolution(width, out_channels, 1), norm(out_channels)
        self.downsample: nn.ModuleList | None = None
        if stride != 1 or in_channels != out_channels:
            shortcut = NormalizedConvolution(in_channels, out_channels, 1, stride)
            self.downsample = nn.ModuleList([shortcut, norm(out_channels)])

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (B, 4 width, H / stride, W / stride), rounded up."""
        # What is overwritten in place is an output that no gradient needs as it was.
        change = functional.relu_(self.conv1(maps, self.bn1))
        change = functional.relu_(self.conv2(change, self.bn2))
        change = self.conv3(change, self.bn3)
        if self.downsample is not None:
            convolution, norm = self.downsample
            maps = convolution(maps, norm)
        return functional.relu_(change.add_(maps))


class ResNet50(Backbone):
    """The residual network of 50 layers, without its classifier.

    Parameters
    ----------
    norm : callable
        From channels to a batch norm: `FrozenBatchNorm`, or `nn.BatchNorm2d` where there are no trained weights.
    trainable_layers : int from 0 to 5
        How many parts learn, counted from the end: layer4, layer3, layer2, layer1, conv1. Through those that do not,
        no gradient is computed.

    Notes
    -----
    Parameters have torchvision's names and first values.

    References
    ----------
    He et al., Deep Residual Learning, 2016, table 1.

    Examples
    --------
    >>> [tuple(maps.shape) for maps in ResNet50()(torch.zeros(1, 3, 64, 40))]
    [(1, 256, 16, 10), (1, 512, 8, 5), (1, 1024, 4, 3), (1, 2048, 2, 2)]
    """

    channels = (256, 512, 1024, 2048)
    strides = (4, 8, 16, 32)

    def __init__(self, norm: Callable[[int], nn.Module] = FrozenBatchNorm, trainable_layers: int = 5) -> None:
        super().__init__()
        self.conv1, self.bn1 = NormalizedConvolution(3, 64, 7, 2), norm(64)
        before = 64
        for number, blocks in enumerate(BLOCKS):
            width, stride = 64 * 2**number, 1 if number == 0 else 2
            layer = [Bottleneck(before, width, stride, norm)]
            before = EXPANSION * width
            layer += [Bottleneck(before, width, 1, norm) for _ in range(1, blocks)]
            self.add_module(f"layer{number + 1}", nn.Sequential(*layer))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        self.freeze(trainable_layers)

    def freeze(self, trainable_layers: int) -> None:
        """Let the last `trainable_layers` of the five parts learn, and no other."""
        if as_whole_number(trainable_layers, "trainable_layers", least=0) > 5:
            raise ValueError(f"trainable_layers must be at most 5, got {trainable_layers}")
        parts = ("layer4", "layer3", "layer2", "layer1", "conv1", "bn1")
        learning = parts[: trainable_layers if trainable_layers < 5 else 6]
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.partition(".")[0] in learning)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the maps C2 to C5 of pictures (B, 3, H, W): (B, C, H / stride, W / stride), rounded up."""
        maps = functional.relu_(self.conv1(pictures, self.bn1))
        maps = functional.max_pool2d(maps, 3, stride=2, padding=1)
        found = []
        for number in range(len(BLOCKS)):
            maps = self.get_submodule(f"layer{number + 1}")(maps)
            found.append(maps)
        return found
