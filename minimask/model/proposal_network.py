"""Backbone, pyramid and region proposal network in one: from pictures to proposals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from minimask.anchors import Recipe, recipes
from minimask.data.textures import Bytes
from minimask.model.backbone import Backbone, SmallResNet
from minimask.model.fpn import FeaturePyramid
from minimask.model.rpn import Output, RegionProposalNetwork, RPNHead, Settings, Size
from minimask.model.rpn_losses import Sample


class ProposalNetwork(nn.Module):
    """The first half of a two-stage detector.

    Parameters
    ----------
    backbone : Backbone
    recipe : Recipe
        The anchors: as many levels as the backbone has maps, all with equally many anchors in a cell.
    channels : int
        Channels of the pyramid.
    settings : Settings, optional
    """

    def __init__(self, backbone: Backbone, recipe: Recipe, channels: int, settings: Settings | None = None) -> None:
        super().__init__()
        self.backbone = backbone
        self.pyramid = FeaturePyramid(backbone.channels, channels)
        level = recipe.levels[0]
        self.rpn = RegionProposalNetwork(RPNHead(channels, len(level.sizes) * len(level.ratios)), recipe, settings)

    def maps(self, pictures: Tensor) -> list[Tensor]:
        """Return the pyramid's maps (B, channels, H, W) of pictures (B, 3, H, W), finest first."""
        maps: list[Tensor] = self.pyramid(self.backbone(pictures))
        return maps

    def forward(
        self,
        pictures: Tensor,
        sizes: Sequence[Size] | None = None,
        objects: Sequence[Tensor] | None = None,
        *,
        rng: np.random.Generator | None = None,
        samples: Sequence[Sample] | None = None,
    ) -> Output:
        """Return the proposals of pictures (B, 3, H, W), and the losses if their objects are given.

        The other arguments are those of `RegionProposalNetwork`.
        """
        size = (pictures.shape[-2], pictures.shape[-1])
        output: Output = self.rpn(self.maps(pictures), size, sizes, objects, rng=rng, samples=samples)
        return output


def lesson_network(seed: int, channels: int = 64) -> ProposalNetwork:
    """Return the untrained network of these chapters: recipe `lesson` on a small residual network.

    Parameters
    ----------
    seed : int
        Decides the first weights; torch's own random state is left as it is.
    channels : int
        Channels of the pyramid.

    Examples
    --------
    >>> sum(parameter.numel() for parameter in lesson_network(seed=0).parameters())
    856839
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ProposalNetwork(SmallResNet(), recipes["lesson"], channels)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def as_batch(images: Sequence[Bytes]) -> Tensor:
    """Return pictures (H, W, 3) of bytes, all of one size, as a tensor (B, 3, H, W) of numbers from -2 to 2.

    Examples
    --------
    >>> as_batch([np.full((1, 2, 3), 255, np.uint8)]).shape
    torch.Size([1, 3, 1, 2])
    """
    pictures = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)  # channels last in memory, as they were
    return pictures.float().div_(255 / 4).sub_(2)
