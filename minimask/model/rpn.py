"""The region proposal network: is there an object at this anchor, and where exactly, for all anchors at once.

Every step is a method whose input and output can be looked at:

    maps -> `predict` -> logits and deltas of all anchors -> `propose` -> proposals, with what every stage left
                                                          -> `losses`  -> what training makes small
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from minimask.anchors import Recipe
from minimask.model.rpn_losses import Losses, Sample, draw_sample, rpn_losses
from minimask.proposals import Funnel, propose

Size = tuple[int, int]
"""Height and width, in pixels."""
Chance = np.random.Generator | Sequence[np.random.Generator]
"""One source of chance for a batch, or one for each of its pictures."""


class Predictions(NamedTuple):
    """What the head says about every anchor, level by level, finest first."""

    logits: list[Tensor]
    """(B, n) for each level, in the order of its anchors: by row, column and shape."""
    deltas: list[Tensor]
    """(B, n, 4) for each level."""


class Output(NamedTuple):
    """What the network returns for a batch."""

    funnels: list[Funnel]
    """For each picture the survivors of every stage; `funnel.top_n.boxes` are its proposals."""
    losses: Losses | None
    """None unless the objects were given."""


@dataclass(frozen=True)
class Settings:
    """The numbers of the proposal network; the defaults are those of the paper and of torchvision.

    Parameters
    ----------
    foreground, background : float
        From which IoU on an anchor answers for an object; below which it is background.
    sampled : int
        Anchors that a step of training looks at in each picture.
    positive_fraction : float
        How many of them may be positive.
    pre_top_n, post_top_n : (int, int)
        Boxes kept of each level before NMS, and of each picture after it: in training, and else.
    nms_threshold : float
    min_size : float
        The shortest side of a proposal, in pixels.
    score_threshold : float
        The least score of a proposal.
    """

    foreground: float = 0.7
    background: float = 0.3
    sampled: int = 256
    positive_fraction: float = 0.5
    pre_top_n: tuple[int, int] = (2000, 1000)
    post_top_n: tuple[int, int] = (2000, 1000)
    nms_threshold: float = 0.7
    min_size: float = 1e-3
    score_threshold: float = 0.0


class RPNHead(nn.Module):
    """Look at 3 x 3 cells, and predict a logit and four deltas for each anchor of the middle one.

    Parameters
    ----------
    in_channels : int
        Channels of every map of the pyramid; all levels share the head.
    num_anchors : int
        Anchors of a cell.

    Notes
    -----
    Parameters have torchvision's names and first values.
    """

    def __init__(self, in_channels: int, num_anchors: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Sequential(nn.Conv2d(in_channels, in_channels, 3, padding=1), nn.ReLU(inplace=True))
        )
        self.cls_logits = nn.Conv2d(in_channels, num_anchors, 1)
        self.bbox_pred = nn.Conv2d(in_channels, num_anchors * 4, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, maps: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return for each map (B, C, H, W) the logits (B, A, H, W) and the deltas (B, 4 A, H, W)."""
        hidden = [self.conv(level) for level in maps]
        return [self.cls_logits(level) for level in hidden], [self.bbox_pred(level) for level in hidden]


def flatten(maps: Tensor, values: int) -> Tensor:
    """Return a map (B, A * values, H, W) as rows (B, H * W * A, values), in the order of the anchors.

    Examples
    --------
    >>> flatten(torch.arange(4.0).reshape(1, 4, 1, 1), 2)  # one cell, two anchors, two values of each
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    return maps.permute(0, 2, 3, 1).reshape(len(maps), -1, values)


def one_each(rng: Chance, pictures: int) -> Sequence[np.random.Generator]:
    """Return a source of chance for each picture of a batch: the same for all, or those that are given."""
    sources = [rng] * pictures if isinstance(rng, np.random.Generator) else rng
    if len(sources) != pictures:
        raise ValueError(f"rng must be one generator, or one for each of the {pictures} pictures, got {len(sources)}")
    return sources


def _exact(maps: Tensor) -> torch.dtype:
    """Return the dtype of boxes and scores: that of the maps, and float32 where these are coarser."""
    return torch.promote_types(maps.dtype, torch.float32)


class RegionProposalNetwork(nn.Module):
    """Anchors, the head, and the way from its predictions to proposals and to losses.

    Parameters
    ----------
    head : nn.Module
        From maps to logits and deltas, as `RPNHead`.
    recipe : Recipe
        The anchors; one of its levels for each map.
    settings : Settings

    Notes
    -----
    Gradients flow through logits and deltas into the losses, never through proposals. Matching, sampling and, for now,
    NMS are computed on the processor; a graphics card sends the best boxes of each level there, not all anchors.

    References
    ----------
    Ren et al., Faster R-CNN, 2015, section 3; Lin et al., Feature Pyramid Networks, 2017, section 4.1.

    Examples
    --------
    >>> from minimask.anchors import recipes
    >>> rpn = RegionProposalNetwork(RPNHead(8, 3), recipes["lesson"]).eval()
    >>> maps = [torch.zeros(1, 8, 32 // 2**k, 32 // 2**k) for k in range(3)]
    >>> {name: len(stage.scores) for name, stage in rpn(maps, (128, 128)).funnels[0].stages().items()}
    {'anchors': 4032, 'top_k': 1960, 'clipped': 1960, 'large_enough': 1960, 'nms': 1565, 'top_n': 1000}
    """

    def __init__(self, head: nn.Module, recipe: Recipe, settings: Settings | None = None) -> None:
        super().__init__()
        self.head = head
        self.recipe = recipe
        self.settings = settings or Settings()
        self._anchors: dict[tuple[Size, torch.dtype, torch.device], list[Tensor]] = {}

    def forward(
        self,
        maps: Sequence[Tensor],
        padded_size: Size,
        sizes: Sequence[Size] | None = None,
        objects: Sequence[Tensor] | None = None,
        *,
        rng: Chance | None = None,
        samples: Sequence[Sample] | None = None,
    ) -> Output:
        """Return the proposals of a batch, and the losses if its objects are given.

        Parameters
        ----------
        maps : sequence of tensors (B, C, H, W)
            The pyramid, finest first.
        padded_size : (height, width)
            The size of the batch's pictures, padding included.
        sizes : sequence of B (height, width), optional
            The size of each picture without its padding, to which proposals are clipped; by default there is none.
        objects : sequence of B tensors (M, 4), optional
            The true boxes of each picture, rows `x1 y1 x2 y2` in pixels; M may be 0.
        rng, samples
            See `losses`.
        """
        predictions = self.predict(maps)
        anchors = self.anchors(padded_size, maps)
        funnels = self.propose(predictions, anchors, sizes or [padded_size] * len(maps[0]))
        losses = None if objects is None else self.losses(predictions, anchors, objects, rng=rng, samples=samples)
        return Output(funnels, losses)

    def predict(self, maps: Sequence[Tensor]) -> Predictions:
        """Return the logits and deltas of every anchor of every level."""
        logits, deltas = self.head(maps)
        return Predictions(
            [flatten(level.to(_exact(level)), 1)[..., 0] for level in logits],
            [flatten(level.to(_exact(level)), 4) for level in deltas],
        )

    def anchors(self, padded_size: Size, maps: Sequence[Tensor]) -> list[Tensor]:
        """Return the anchors (n, 4) of every level, on the maps' device; they are kept for the next batch.

        Raises
        ------
        ValueError
            If the maps' sizes are not those that the recipe has for such pictures.
        """
        height, width = padded_size
        grids = [tuple(level.shape[-2:]) for level in maps]
        if list(self.recipe.grids(height, width)) != grids:
            raise ValueError(
                f"maps must have the sizes {list(self.recipe.grids(height, width))} that recipe {self.recipe.name!r} "
                f"has for pictures of {height} x {width} pixels, got {grids}"
            )
        key = ((height, width), _exact(maps[0]), maps[0].device)
        if key not in self._anchors:
            _, dtype, device = key
            boxes = self.recipe.per_level(height, width)
            self._anchors = {key: [torch.from_numpy(level).to(device, dtype) for level in boxes]}
        return self._anchors[key]

    def propose(
        self,
        predictions: Predictions,
        anchors: Sequence[Tensor],
        sizes: Sequence[Size],
        **changed: Any,  # noqa: ANN401
    ) -> list[Funnel]:
        """Return each picture's way through `minimask.proposals.propose`, with `changed` settings if any are given."""
        settings = self.settings
        now = 0 if self.training else 1
        numbers: dict[str, Any] = {
            "pre_top_n": settings.pre_top_n[now],
            "post_top_n": settings.post_top_n[now],
            "nms_threshold": settings.nms_threshold,
            "min_size": settings.min_size,
            "score_threshold": settings.score_threshold,
        }
        if len(sizes) != len(predictions.logits[0]):
            raise ValueError(
                f"sizes must be one for each of the {len(predictions.logits[0])} pictures, got {len(sizes)}"
            )
        return [
            propose(
                [level[number] for level in predictions.logits],
                [level[number] for level in predictions.deltas],
                anchors,
                size,
                **{**numbers, **changed},
            )
            for number, size in enumerate(sizes)
        ]

    def losses(
        self,
        predictions: Predictions,
        anchors: Sequence[Tensor],
        objects: Sequence[Tensor],
        *,
        rng: Chance | None = None,
        samples: Sequence[Sample] | None = None,
        share_count: Callable[[float], float] = float,
    ) -> Losses:
        """Return the losses of a batch on a sample of its anchors: drawn with `rng`, or the `samples` given.

        `share_count` is handed on to `rpn_losses`.

        Raises
        ------
        ValueError
            If neither or both of `rng` and `samples` are given, or there is not one element for each picture.
        """
        if rng is not None and samples is None:
            samples = self.draw(anchors, objects, rng)
        elif rng is not None or samples is None:
            raise ValueError("either rng, to draw the sample with, or samples must be given, and not both")
        logits, deltas = torch.cat(predictions.logits, 1), torch.cat(predictions.deltas, 1)
        if not len(objects) == len(samples) == len(logits):
            raise ValueError(
                f"objects and samples must be one for each of the {len(logits)} pictures, "
                f"got {len(objects)} and {len(samples)}"
            )
        return rpn_losses(logits, deltas, torch.cat(list(anchors)), objects, samples, share_count)

    def draw(self, anchors: Sequence[Tensor], objects: Sequence[Tensor], rng: Chance) -> list[Sample]:
        """Match all anchors to each picture's objects, and draw the sample that the losses look at."""
        boxes = torch.cat(list(anchors)).cpu().numpy()
        settings = self.settings
        return [
            draw_sample(
                boxes,
                one.cpu().numpy(),
                foreground=settings.foreground,
                background=settings.background,
                count=settings.sampled,
                fraction=settings.positive_fraction,
                rng=source,
            )
            for one, source in zip(objects, one_each(rng, len(objects)), strict=True)
        ]
