"""The feature pyramid: what the coarse maps know is passed down to the fine ones."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


class FeaturePyramid(nn.Module):
    """Give the maps of a backbone equal channels, add to each the next coarser one, and smooth the sums.

    Parameters
    ----------
    in_channels : sequence of int
        Channels of the backbone's maps, finest first.
    out_channels : int
        Channels of all maps that come out.
    extra_level : bool
        Whether a coarser level is added: every second cell of the coarsest.

    Notes
    -----
    Parameters have torchvision's names, so that `load_state_dict` takes those of its `FeaturePyramidNetwork`.

    References
    ----------
    Lin et al., Feature Pyramid Networks, 2017, section 3.

    Examples
    --------
    >>> import torch
    >>> pyramid = FeaturePyramid((8, 16), 4, extra_level=True)
    >>> [tuple(maps.shape) for maps in pyramid([torch.zeros(1, 8, 5, 7), torch.zeros(1, 16, 3, 4)])]
    [(1, 4, 5, 7), (1, 4, 3, 4), (1, 4, 2, 2)]
    """

    def __init__(self, in_channels: Sequence[int], out_channels: int, extra_level: bool = False) -> None:
        super().__init__()
        self.inner_blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(width, out_channels, 1)) for width in in_channels)
        self.layer_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(out_channels, out_channels, 3, padding=1)) for _ in in_channels
        )
        self.extra_level = extra_level
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the pyramid's maps (B, out_channels, H, W), finest first, each of the size of what it is made from.

        Raises
        ------
        ValueError
            If there are not as many maps as the pyramid has levels.
        """
        if len(maps) != len(self.inner_blocks):
            raise ValueError(f"maps must be {len(self.inner_blocks)}, one for each level, got {len(maps)}")
        sums = [block(level) for block, level in zip(self.inner_blocks, maps, strict=True)]
        for finer in reversed(range(len(sums) - 1)):
            coarser = functional.interpolate(sums[finer + 1], size=sums[finer].shape[-2:], mode="nearest")
            sums[finer] = sums[finer] + coarser
        found = [block(level) for block, level in zip(self.layer_blocks, sums, strict=True)]
        if self.extra_level:
            found.append(found[-1][..., ::2, ::2])
        return found
