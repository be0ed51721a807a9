"""The second stage: what is in each RoI, where exactly its box lies, and which of its pixels belong to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from minimask.box_coder import encode
from minimask.model.box_head import BoxHead, BoxLosses, BoxPredictor, box_losses
from minimask.model.detections import WEIGHTS, Detections, detect
from minimask.model.inputs import Target
from minimask.model.mask_head import MaskHead
from minimask.model.mask_scores import Scoring
from minimask.model.mask_targets import Rivalry, batch_mask_targets, mask_loss
from minimask.model.paste import Convention
from minimask.model.roi_sampling import RoISample, draw_rois
from minimask.roi.door import multilevel_roi_align, roi_pool
from minimask.roi.pyramid import assign_levels, first_level

FILLED_UP_TO = 16
"""RoIs with an object come in groups of so many: for every number of them, convolutions are prepared anew, and what is
prepared is kept in memory."""


@dataclass(frozen=True)
class RoISettings:
    """The numbers of the second stage; the defaults are those of the paper and of torchvision, but aligned.

    Parameters
    ----------
    foreground, background : float
        From which IoU on a RoI answers for an object; below which it is background.
    sampled : int
        RoIs that a step of training looks at in each picture.
    positive_fraction : float
        How many of them may have an object.
    box_size, mask_size : int
        Cells per side of the feature maps that the box head and the mask head read.
    sampling_ratio : int
        Samples of RoIAlign per cell and axis.
    operator : "align" or "pool"
        RoIAlign, or RoIPool, which rounds.
    rois, targets, paste : "aligned" or "published"
        Where RoIs are read, mask targets are cut out and masks are pasted: with the half pixel right, or as published.
    rivalry : "sigmoid" or "softmax"
        Whether classes compete for the cells of a mask; published is "sigmoid".
    canonical_size, canonical_level : float, int
        See `minimask.roi.pyramid.assign_levels`.
    delta_weights : four numbers
        What dx dy dw dh of the box head are multiplied by; see `minimask.box_coder.encode`.
    score_threshold, nms_threshold, detections
        See `minimask.model.detections.detect`; `detections` is its `count`.
    scoring : "class" or "mask"
        Whether the score of a detection is that of its class, as published, or this times the IoU that its mask
        expects (`minimask.model.mask_scores`). Which of them are detections, the class's score decides in any case.
    """

    foreground: float = 0.5
    background: float = 0.5
    sampled: int = 512
    positive_fraction: float = 0.25
    box_size: int = 7
    mask_size: int = 14
    sampling_ratio: int = 2
    operator: Literal["align", "pool"] = "align"
    rois: Convention = "aligned"
    targets: Convention = "aligned"
    paste: Convention = "aligned"
    rivalry: Rivalry = "sigmoid"
    canonical_size: float = 224
    canonical_level: int = 4
    delta_weights: Sequence[float] = WEIGHTS
    score_threshold: float = 0.05
    nms_threshold: float = 0.5
    detections: int = 100
    scoring: Scoring = "class"

    def __post_init__(self) -> None:
        choices = {
            "operator": ("align", "pool"),
            "rivalry": ("sigmoid", "softmax"),
            "scoring": ("class", "mask"),
        }
        choices |= dict.fromkeys(("rois", "targets", "paste"), ("aligned", "published"))
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, got {getattr(self, name)!r}")


class RoIHeads(nn.Module):
    """Read features of RoIs from the pyramid, and predict classes, boxes and masks.

    A subclass says how heads are wired: `predict_boxes` and `predict_masks`.

    Parameters
    ----------
    channels : int
        Of the pyramid's maps.
    classes : int
        The background, class 0, among them.
    width : int
        Of the box head's two layers.
    mask_channels, mask_convolutions : int
        See `minimask.model.mask_head.MaskHead`.
    settings : RoISettings, optional

    Notes
    -----
    Parameters have torchvision's names.

    References
    ----------
    He et al., Mask R-CNN, 2017, section 3 and figure 4.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        width: int = 1024,
        mask_channels: int = 256,
        mask_convolutions: int = 4,
        settings: RoISettings | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings or RoISettings()
        self.classes = classes
        self.box_head = BoxHead(self._seen_by_box_head(channels, mask_channels) * self.settings.box_size**2, width)
        self.box_predictor = BoxPredictor(width, classes)
        mask_branch = MaskHead(channels, classes, mask_channels, mask_convolutions)
        self.mask_head, self.mask_predictor = mask_branch.mask_head, mask_branch.mask_predictor
        # In training, what the heads read passes through here, where `minimask.gradients` can look at it.
        self.box_features, self.mask_features = nn.Identity(), nn.Identity()

    def _seen_by_box_head(self, channels: int, mask_channels: int) -> int:  # noqa: ARG002
        """Return the channels of what the box head reads."""
        return channels

    @property
    def size_for_boxes(self) -> int:
        """Cells per side of the feature map that `predict_boxes` takes."""
        return self.settings.box_size

    def predict_boxes(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return class logits (K, classes) and deltas (K, classes, 4) for the RoIs' feature maps (K, C, h, w)."""
        raise NotImplementedError

    def predict_masks(self, maps: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return mask logits (K, classes, 2 h, 2 w) for the RoIs' feature maps (K, C, h, w).

        With `labels` (K,), return (K, 1, 2 h, 2 w): only those of each RoI's own class.
        """
        raise NotImplementedError

    def levels(self, boxes: Sequence[Tensor], strides: Sequence[int]) -> Tensor:
        """Return the number of the map that each RoI of a batch is read from, 0 for the finest: int64 (K,)."""
        lowest = first_level([1 / stride for stride in strides])
        settings = self.settings
        levels: Tensor = assign_levels(
            torch.cat(list(boxes)), lowest, lowest + len(strides) - 1, settings.canonical_size, settings.canonical_level
        )
        return levels - lowest

    def extract(self, features: Sequence[Tensor], strides: Sequence[int], boxes: Sequence[Tensor], size: int) -> Tensor:
        """Return the feature map (K, C, size, size) of every RoI of a batch, in the order of the RoIs.

        Parameters
        ----------
        features : sequence of tensors (B, C, H, W)
            The pyramid; maps beyond the number of strides are for proposals only.
        strides : sequence of int
        boxes : sequence of B tensors (n, 4)
        size : int
        """
        maps = list(features[: len(strides)])
        levels = self.levels(boxes, strides)
        boxes = list(boxes)
        settings = self.settings
        if settings.operator == "align":
            found: Tensor = multilevel_roi_align(
                maps,
                boxes,
                size,
                [1 / stride for stride in strides],
                settings.sampling_ratio,
                settings.rois == "aligned",
                levels=levels,
            )
            return found
        pictures = [torch.full((len(one), 1), number).to(one) for number, one in enumerate(boxes)]
        rois = torch.cat([torch.cat(pictures), torch.cat(boxes)], dim=1)
        found = maps[0].new_zeros(len(rois), maps[0].shape[1], size, size)
        for number, (level, stride) in enumerate(zip(maps, strides, strict=True)):
            here = (levels == number).nonzero()[:, 0]
            found = found.index_copy(0, here, roi_pool(level, rois[here], size, 1 / stride))
        return found

    def draw(
        self, proposals: Sequence[Tensor], objects: Sequence[Tensor], rngs: Sequence[np.random.Generator]
    ) -> list[RoISample]:
        """Draw the RoIs of each picture that a step of training looks at."""
        settings = self.settings
        return [
            draw_rois(
                one,
                truth,
                foreground=settings.foreground,
                background=settings.background,
                count=settings.sampled,
                fraction=settings.positive_fraction,
                rng=rng,
            )
            for one, truth, rng in zip(proposals, objects, rngs, strict=True)
        ]

    def losses(
        self,
        features: Sequence[Tensor],
        strides: Sequence[int],
        samples: Sequence[RoISample],
        targets: Sequence[Target],
        share_count: Callable[[float], float] = float,
    ) -> tuple[BoxLosses, Tensor]:
        """Return the losses of the box head and of the mask head on the sampled RoIs.

        Parameters
        ----------
        features, strides
            See `extract`.
        samples : sequence of B RoISample
        targets : sequence of B dicts
            boxes (M, 4), labels (M,) and masks (M, H, W), in pixels of the padded pictures.
        share_count : callable
            See `minimask.model.box_head.box_losses`.
        """
        boxes = [sample.boxes for sample in samples]
        positive = [sample.positive() for sample in samples]
        labels = torch.cat([_labels(sample, target) for sample, target in zip(samples, targets, strict=True)])
        wanted = torch.cat(
            [
                encode(target["boxes"].to(sample.boxes)[sample.matches], sample.boxes, self.settings.delta_weights)
                for sample, target in zip(positive, targets, strict=True)
            ]
        )
        maps = self.box_features(self.extract(features, strides, boxes, self.size_for_boxes))
        box = box_losses(*self.predict_boxes(maps), labels, wanted, share_count)
        if self.size_for_boxes == self.settings.mask_size:
            maps = maps[labels > 0]
        else:
            maps = self.extract(features, strides, [sample.boxes for sample in positive], self.settings.mask_size)
        maps = self.mask_features(maps)
        own = labels[labels > 0]
        if self.settings.rivalry == "sigmoid":  # no other class's mask is looked at, so none is computed
            logits, own = self.predict_masks(_filled_up(maps), _filled_up(own))[: len(maps)], torch.zeros_like(own)
        else:
            logits = self.predict_masks(_filled_up(maps))[: len(maps)]
        masks = [target["masks"] for target in targets]
        truth = batch_mask_targets(masks, positive, logits.shape[-1], self.settings.targets == "aligned")
        return box, mask_loss(logits, own, truth, self.settings.rivalry, share_count)

    def detect(self, scores: Tensor, boxes: Tensor, **changed: Any) -> Detections:  # noqa: ANN401
        """Return the detections of one picture from the scores (n, classes) and boxes (n, classes, 4) of its RoIs."""
        settings = self.settings
        numbers: dict[str, Any] = {
            "score_threshold": settings.score_threshold,
            "nms_threshold": settings.nms_threshold,
            "count": settings.detections,
        }
        return detect(scores, boxes, **{**numbers, **changed})


class DecoupledHeads(RoIHeads):
    """As published: the box head and the mask head read the RoI each for itself, and share no layer.

    Examples
    --------
    >>> heads = DecoupledHeads(64, 7, width=256, mask_channels=64, mask_convolutions=2)
    >>> logits, deltas = heads.predict_boxes(torch.zeros(3, 64, 7, 7))
    >>> logits.shape, deltas.shape, heads.predict_masks(torch.zeros(2, 64, 14, 14)).shape
    (torch.Size([3, 7]), torch.Size([3, 7, 4]), torch.Size([2, 7, 28, 28]))
    """

    def predict_boxes(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return class logits (K, classes) and deltas (K, classes, 4) for feature maps (K, C, h, w)."""
        predictions: tuple[Tensor, Tensor] = self.box_predictor(self.box_head(maps))
        return predictions

    def predict_masks(self, maps: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return mask logits (K, classes, 2 h, 2 w) for feature maps (K, C, h, w), or each one's own, (K, 1, ...)."""
        logits: Tensor = self.mask_predictor(self.mask_head(maps), labels)
        return logits


class JointHeads(RoIHeads):
    """The same layers in series: what decides class and box reads what the mask's convolutions have made.

    So the three tasks share the convolutions, and their gradients meet there. Where the pyramid has as many channels as
    the mask head, there are exactly as many parameters as in `DecoupledHeads`.

    Examples
    --------
    >>> sizes = dict(width=256, mask_channels=64, mask_convolutions=2)
    >>> [sum(p.numel() for p in heads(64, 7, **sizes).parameters()) for heads in (DecoupledHeads, JointHeads)]
    [968618, 968618]
    """

    def _seen_by_box_head(self, channels: int, mask_channels: int) -> int:  # noqa: ARG002
        return mask_channels

    @property
    def size_for_boxes(self) -> int:
        """Cells per side of the feature map that `predict_boxes` takes."""
        return self.settings.mask_size

    def predict_boxes(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return class logits (K, classes) and deltas (K, classes, 4) for feature maps (K, C, h, w)."""
        shared = functional.adaptive_avg_pool2d(self.mask_head(maps), self.settings.box_size)
        predictions: tuple[Tensor, Tensor] = self.box_predictor(self.box_head(shared))
        return predictions

    def predict_masks(self, maps: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return mask logits (K, classes, 2 h, 2 w) for feature maps (K, C, h, w), or each one's own, (K, 1, ...)."""
        logits: Tensor = self.mask_predictor(self.mask_head(maps), labels)
        return logits


def _labels(sample: RoISample, target: Target) -> Tensor:
    """Return the class (n,) of each sampled RoI, 0 for the background."""
    labels = torch.zeros_like(sample.matches)
    positive = sample.matches >= 0
    labels[positive] = target["labels"].to(labels)[sample.matches[positive]]
    return labels


def _filled_up(rows: Tensor) -> Tensor:
    """Return rows (K, ...) with zeros up to a multiple of `FILLED_UP_TO`."""
    return functional.pad(rows, (0, 0) * (rows.ndim - 1) + (0, -len(rows) % FILLED_UP_TO))
