"""Mask R-CNN: all stages in their order, from pictures to detections with masks, and every value on the way.

images -> transform -> backbone, pyramid -> RPN -> proposals -> RoI features -> classes, boxes -> detections
                                                                RoI features of detections -> masks -> pasted masks
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from minimask.model.backbone import Backbone
from minimask.model.detections import Detections, refine
from minimask.model.fpn import FeaturePyramid
from minimask.model.inputs import Target
from minimask.model.mask_scores import scored_by_masks
from minimask.model.mask_targets import mask_probabilities
from minimask.model.paste import paste_masks
from minimask.model.roi_heads import RoIHeads
from minimask.model.roi_sampling import RoISample
from minimask.model.rpn import Chance, Predictions, RegionProposalNetwork, one_each
from minimask.model.rpn_losses import Sample
from minimask.model.transform import Batch, Transform, resize_boxes
from minimask.proposals import Funnel


class Samples(NamedTuple):
    """What a step of training looks at, for each picture of a batch."""

    rpn: Sequence[Sample]
    """Anchors."""
    rois: Sequence[RoISample]
    """Proposals."""


class PyramidBackbone(nn.Module):
    """The backbone and the pyramid on it: what both stages read.

    Parameters
    ----------
    body : Backbone
    fpn : FeaturePyramid
    """

    def __init__(self, body: Backbone, fpn: FeaturePyramid) -> None:
        super().__init__()
        self.body = body
        self.fpn = fpn

    @property
    def strides(self) -> tuple[int, ...]:
        """Pixels from cell to cell of the maps that RoIs are read from."""
        return self.body.strides

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the pyramid's maps (B, C, H, W) of pictures (B, 3, H, W), finest first."""
        maps: list[Tensor] = self.fpn(self.body(pictures))
        return maps


@dataclass(frozen=True)
class Trace:
    """Every value on the way from a batch of images to its detections, in the order in which they come about.

    K RoIs and D detections of all pictures lie one after another; `proposals` and `detections` say how many each
    picture has. Boxes are in pixels of the padded pictures but for those in `outputs`.
    """

    batch: Batch
    """Normalized, resized and padded pictures (B, 3, H, W), and their sizes."""
    features: list[Tensor]
    """The pyramid: (B, C, H / stride, W / stride), finest first."""
    anchors: list[Tensor]
    """(n, 4) for each level."""
    predictions: Predictions
    """Logits (B, n) and deltas (B, n, 4) of the anchors of each level."""
    funnels: list[Funnel]
    """For each picture what every stage of the RPN left."""
    proposals: list[Tensor]
    """(n, 4) for each picture: the RoIs."""
    levels: Tensor
    """int64 (K,): the map that each RoI is read from, 0 for the finest."""
    box_features: Tensor
    """(K, C, 7, 7): what the box head reads."""
    class_logits: Tensor
    """(K, classes)."""
    box_deltas: Tensor
    """(K, classes, 4)."""
    scores: Tensor
    """(K, classes): the softmax of the logits."""
    refined: Tensor
    """(K, classes, 4): the box that each class would make of the RoI, within the picture."""
    detections: list[Detections]
    """For each picture the best answers."""
    mask_features: Tensor
    """(D, C, 14, 14): what the mask head reads, from inside the detections' boxes."""
    mask_logits: Tensor
    """(D, classes, 28, 28)."""
    masks: Tensor
    """(D, 28, 28): the mask of each detection's own class, from 0 to 1."""
    outputs: list[dict[str, Tensor]]
    """What `forward` returns: boxes, labels, scores and pasted masks, in pixels of the images as they came in."""


class MaskRCNN(nn.Module):
    """Detect objects, and tell which pixels belong to each.

    Calls are torchvision's. In training, `model(images, targets)` returns five losses; in evaluation, `model(images)`
    returns what was found in each image.

    Parameters
    ----------
    backbone : PyramidBackbone
    rpn : RegionProposalNetwork
        Its recipe has a level for each map of the pyramid.
    roi_heads : RoIHeads
    transform : Transform, optional

    Attributes
    ----------
    share_count : callable
        Losses are sums over anchors, RoIs and cells, divided by what this returns for their number: by default the
        number itself, in distributed training its mean over all processes.

    References
    ----------
    He et al., Mask R-CNN, 2017.

    Examples
    --------
    >>> from minimask.model.lesson import lesson_model
    >>> model = lesson_model(seed=0)
    >>> boxes, mask = torch.tensor([[8.0, 8, 40, 30]]), torch.ones(1, 64, 64)
    >>> target = {"boxes": boxes, "labels": torch.tensor([2]), "masks": mask}
    >>> losses = model([torch.rand(3, 64, 64)], [target], rng=np.random.default_rng(0))
    >>> list(losses)
    ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg', 'loss_mask']
    >>> model.eval()([torch.rand(3, 64, 64)])[0]["masks"].shape[1:]
    torch.Size([1, 64, 64])
    """

    def __init__(
        self,
        backbone: PyramidBackbone,
        rpn: RegionProposalNetwork,
        roi_heads: RoIHeads,
        transform: Transform | None = None,
    ) -> None:
        super().__init__()
        self.transform = transform or Transform()
        self.backbone = backbone
        self.rpn = rpn
        self.roi_heads = roi_heads
        self.share_count: Callable[[float], float] = float

    def forward(
        self,
        images: Sequence[Tensor],
        targets: Sequence[Target] | None = None,
        *,
        rng: Chance | None = None,
        samples: Samples | None = None,
    ) -> Any:  # noqa: ANN401
        """Return the losses of a batch in training, and its detections in evaluation.

        Parameters
        ----------
        images : sequence of tensors (3, H, W)
            Red, green and blue from 0 to 1; sizes may differ.
        targets : sequence of dicts, in training
            For each image boxes (M, 4), labels (M,) from 1, and masks (M, H, W); M may be 0.
        rng, samples
            See `losses`.

        Returns
        -------
        dict of five tensors, or list of dicts
            In evaluation for each image boxes (D, 4), labels (D,), scores (D,) and soft masks (D, 1, H, W), the surest
            first, in its own pixels.

        Raises
        ------
        ValueError, TypeError
            If images or targets are malformed, or targets are missing in training.
        """
        if not self.training:
            return self.trace(images).outputs
        if targets is None:
            raise ValueError("targets must be given in training; `model.eval()` switches to detecting")
        return self.losses(images, targets, rng=rng, samples=samples)

    def losses(
        self,
        images: Sequence[Tensor],
        targets: Sequence[Target],
        *,
        rng: Chance | None = None,
        samples: Samples | None = None,
    ) -> dict[str, Tensor]:
        """Return the five losses of a batch, named as torchvision does.

        Parameters
        ----------
        images, targets
            See `forward`.
        rng : numpy.random.Generator, or a sequence of one for each image
            Decides which anchors and RoIs are looked at. By default its seed is drawn from torch's generator.
        samples : Samples, optional
            Anchors and RoIs to look at, in place of drawn ones.
        """
        if rng is None:
            rng = np.random.default_rng(int(torch.randint(2**62, ())))
        sources = one_each(rng, len(images))
        batch, truth = self.transform(images, targets, classes=self.roi_heads.classes, rng=sources)
        features = self.backbone(batch.pictures)
        predictions = self.rpn.predict(features)
        anchors = self.rpn.anchors(batch.padded_size, features)
        assert truth is not None
        objects = [target["boxes"] for target in truth]
        if samples is None:
            drawn = self.rpn.draw(anchors, objects, sources)
            funnels = self.rpn.propose(predictions, anchors, batch.sizes)
            rois = self.roi_heads.draw([funnel.top_n.boxes for funnel in funnels], objects, sources)
            samples = Samples(drawn, rois)
        first = self.rpn.losses(predictions, anchors, objects, samples=samples.rpn, share_count=self.share_count)
        box, mask = self.roi_heads.losses(features, self.backbone.strides, samples.rois, truth, self.share_count)
        return {
            "loss_objectness": first.objectness,
            "loss_rpn_box_reg": first.box,
            "loss_classifier": box.classifier,
            "loss_box_reg": box.box,
            "loss_mask": mask,
        }

    def trace(self, images: Sequence[Tensor], **changed: Any) -> Trace:  # noqa: ANN401
        """Return every value on the way from images to detections.

        Parameters
        ----------
        images : sequence of tensors (3, H, W)
        changed : score_threshold, nms_threshold, count
            Settings of `minimask.model.detections.detect` other than the model's own.

        Examples
        --------
        >>> from minimask.model.lesson import lesson_model
        >>> with torch.no_grad():
        ...     trace = lesson_model(seed=0).eval().trace([torch.rand(3, 64, 64)])
        >>> len(trace.proposals[0]) == len(trace.levels) == len(trace.class_logits)
        True
        """
        batch, _ = self.transform(images)
        features = self.backbone(batch.pictures)
        predictions = self.rpn.predict(features)
        anchors = self.rpn.anchors(batch.padded_size, features)
        funnels = self.rpn.propose(predictions, anchors, batch.sizes)
        proposals = [funnel.top_n.boxes for funnel in funnels]

        heads, strides = self.roi_heads, self.backbone.strides
        box_features = heads.extract(features, strides, proposals, heads.size_for_boxes)
        class_logits, box_deltas = heads.predict_boxes(box_features)
        scores = class_logits.softmax(dim=1)
        counts = [len(one) for one in proposals]
        refined = [
            refine(deltas, boxes, size, heads.settings.delta_weights)
            for deltas, boxes, size in zip(torch.split(box_deltas, counts), proposals, batch.sizes, strict=True)
        ]
        detections = [
            heads.detect(likely, boxes, **changed)
            for likely, boxes in zip(torch.split(scores, counts), refined, strict=True)
        ]
        found = [one.boxes for one in detections]
        mask_features = heads.extract(features, strides, found, heads.settings.mask_size)
        mask_logits = heads.predict_masks(mask_features)
        labels = torch.cat([one.labels for one in detections])
        masks = mask_probabilities(mask_logits, labels, heads.settings.rivalry)
        if heads.settings.scoring == "mask":
            detections, order = scored_by_masks(detections, masks)
            mask_features, mask_logits, masks = mask_features[order], mask_logits[order], masks[order]
        return Trace(
            batch=batch,
            features=features,
            anchors=anchors,
            predictions=predictions,
            funnels=funnels,
            proposals=proposals,
            levels=heads.levels(proposals, strides),
            box_features=box_features,
            class_logits=class_logits,
            box_deltas=box_deltas,
            scores=scores,
            refined=torch.cat(refined),
            detections=detections,
            mask_features=mask_features,
            mask_logits=mask_logits,
            masks=masks,
            outputs=self._outputs(batch, detections, masks),
        )

    def _outputs(self, batch: Batch, detections: Sequence[Detections], masks: Tensor) -> list[dict[str, Tensor]]:
        """Return the detections in the pixels of the images as they came in, with pasted masks."""
        outputs = []
        parts = torch.split(masks, [len(one.boxes) for one in detections])
        for found, part, size, original in zip(detections, parts, batch.sizes, batch.original_sizes, strict=True):
            boxes = resize_boxes(found.boxes, size, original)
            pasted = paste_masks(part, boxes, original, self.roi_heads.settings.paste)
            outputs.append({"boxes": boxes, "labels": found.labels, "scores": found.scores, "masks": pasted[:, None]})
        return outputs
