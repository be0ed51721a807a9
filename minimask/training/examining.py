"""Examine pictures: record what every stage of a trained model makes of them, for the X-ray and for a file.

`python -m minimask.training.examining` examines the pictures that ship with the package anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from minimask.data.examined import LARGEST, RECORDED, Answers, ExaminedPicture, Machine, save_examined
from minimask.data.picture import Picture
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.geometry.checks import FloatArray, as_whole_number
from minimask.model.detections import refine
from minimask.model.lesson import trained_lesson_model
from minimask.model.mask_rcnn import MaskRCNN, Trace
from minimask.model.mask_targets import mask_probabilities

PER_LEVEL = 300
"""At most so many candidates of each level are examined."""
AT_ONCE = 256
"""RoIs that a head looks at together."""
WORLD = ShapesWorld(seed=2_000_003, crowding=0.3, objects=(3, 5))
"""No training sees it."""
NUMBERS = (0, 9)
"""Of its pictures that ship with the package."""


def examine(
    model: MaskRCNN,
    picture: Picture,
    *,
    names: Sequence[str] = CLASSES,
    channels: int = 15,
    grids: int = 120,
) -> ExaminedPicture:
    """Return what every stage of a model makes of a picture.

    The second stage looks at all candidates, the best of each level before NMS, and not only at the proposals.

    Parameters
    ----------
    model : MaskRCNN
        Left as it was: also its mode.
    picture : Picture
        Each side at most 500 pixels, and of a size that the model's transform leaves as it is; without objects where
        the truth is unknown.
    names : sequence of str
        Of the model's classes but for the background, from label 1 on.
    channels : int
        How many channels of the feature maps are recorded: those that vary most.
    grids : int
        At most so many masks are recorded: of the detections, and then of the surest answers above the score threshold.

    Raises
    ------
    ValueError
        If the picture is too large, the model resizes it, or there is not one name for each class.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> from minimask.model.lesson import lesson_model
    >>> examined = examine(lesson_model(seed=0), ShapesWorld(64, 64, seed=3)[0], grids=10)
    >>> examined.maps[0].shape, examined.class_odds.shape[1], len(examined.grids)
    ((16, 16, 16), 7, 10)
    """
    as_whole_number(grids, "grids", 0)
    height, width = picture.image.shape[:2]
    if max(height, width) > LARGEST:
        raise ValueError(f"picture must have sides of at most {LARGEST} pixels, got {height} x {width}")
    if len(names) != model.roi_heads.classes - 1:
        raise ValueError(f"names must be one for each of {model.roi_heads.classes - 1} classes, got {len(names)}")
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return _examine(model, picture, names, channels, grids)
    finally:
        model.train(training)


def _examine(model: MaskRCNN, picture: Picture, names: Sequence[str], channels: int, grids: int) -> ExaminedPicture:
    where = next(model.parameters())
    image = torch.from_numpy(picture.image).permute(2, 0, 1).to(where) / 255
    trace = model.trace([image])
    size = trace.batch.sizes[0]
    if size != picture.image.shape[:2]:
        raise ValueError(
            f"picture must have a size that the model takes as it is; it makes {size[0]} x {size[1]} pixels "
            f"of {picture.image.shape[0]} x {picture.image.shape[1]}"
        )
    heads, rpn = model.roi_heads, model.rpn.settings
    before = min(rpn.pre_top_n[1], PER_LEVEL)
    (funnel,) = model.rpn.propose(trace.predictions, trace.anchors, [size], pre_top_n=before)
    stage = funnel.large_enough
    scores, boxes = _second_stage(model, trace, stage.boxes)
    best = scores[:, 1:].argmax(dim=1) + 1
    said = scores > heads.settings.score_threshold
    said[torch.arange(len(said)), best] = True
    said[:, 0] = False
    rois, labels = said.nonzero(as_tuple=True)
    chosen = scores[rois, labels]
    # A score is at most 1, so that detections come first.
    order = (chosen + _found(trace, stage.indices, rois, labels)).argsort(descending=True, stable=True)[:grids]
    order = order[chosen[order] > heads.settings.score_threshold]
    row = torch.full((len(rois),), -1)
    row[order] = torch.arange(len(order))
    shown, maps = _maps(trace, channels)
    return ExaminedPicture(
        image=picture.image,
        names=("background", *names),
        objects=picture.boxes.astype(np.float64),
        labels=picture.labels,
        masks=picture.masks,
        strides=tuple(model.backbone.strides),
        shown=shown,
        maps=maps,
        objectness=_objectness(trace),
        anchors=_array(funnel.anchors.boxes[stage.indices]),
        candidates=_array(stage.boxes),
        levels=stage.levels.cpu().numpy(),
        odds=_array(torch.cat(trace.predictions.logits, 1)[0][stage.indices]),
        class_odds=_array(torch.logit(scores.double())),
        answers=Answers(rois.cpu().numpy(), labels.cpu().numpy(), _array(boxes[rois, labels]), row.numpy()),
        grids=_array(_masks(model, trace, boxes[rois, labels][order], labels[order])),
        machine=Machine(
            anchors=sum(map(len, trace.anchors)),
            channels=trace.features[0].shape[1],
            proposals=rpn.post_top_n[1],
            proposal_nms=rpn.nms_threshold,
            detection_nms=heads.settings.nms_threshold,
            score_threshold=heads.settings.score_threshold,
            detections=heads.settings.detections,
            canonical_size=heads.settings.canonical_size,
            canonical_level=heads.settings.canonical_level,
            bins=heads.settings.box_size,
            sampling_ratio=heads.settings.sampling_ratio,
            aligned=heads.settings.rois == "aligned",
            paste=heads.settings.paste,
        ),
    )


def _array(values: Tensor) -> FloatArray:
    return values.double().cpu().numpy()


def _second_stage(model: MaskRCNN, trace: Trace, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scores (K, classes) and the refined boxes (K, classes, 4) of all candidates."""
    heads, found = model.roi_heads, []
    for some in torch.split(rois, AT_ONCE):
        maps = heads.extract(trace.features, model.backbone.strides, [some], heads.size_for_boxes)
        logits, deltas = heads.predict_boxes(maps)
        found.append((logits.softmax(dim=1), refine(deltas, some, trace.batch.sizes[0])))
    scores, boxes = zip(*found, strict=True)
    return torch.cat(scores), torch.cat(boxes)


def _found(trace: Trace, candidates: Tensor, rois: Tensor, labels: Tensor) -> Tensor:
    """Return for each answer whether it is one of the model's detections; candidates are given by their anchors."""
    detections = trace.detections[0]
    anchors = trace.funnels[0].top_n.indices[detections.rois]
    same = (candidates[rois, None] == anchors) & (labels[:, None] == detections.labels)
    found: Tensor = same.any(dim=1)
    return found


def _masks(model: MaskRCNN, trace: Trace, boxes: Tensor, labels: Tensor) -> Tensor:
    """Return the mask (Q, m, m) of each answer, from 0 to 1."""
    heads, side = model.roi_heads, 2 * model.roi_heads.settings.mask_size
    found = [boxes.new_zeros(0, side, side)]
    for some, classes in zip(torch.split(boxes, AT_ONCE), torch.split(labels, AT_ONCE), strict=True):
        maps = heads.extract(trace.features, model.backbone.strides, [some], heads.settings.mask_size)
        found.append(mask_probabilities(heads.predict_masks(maps), classes, heads.settings.rivalry))
    return torch.cat(found)


def _maps(trace: Trace, channels: int) -> tuple[tuple[int, ...], tuple[FloatArray, ...]]:
    """Return the channels that vary most, over all levels, and the maps of the norm and of these."""
    levels = [level[0].double() for level in trace.features]
    varied = torch.stack([level.flatten(1).std(dim=1) for level in levels]).sum(dim=0)
    shown = varied.argsort(descending=True, stable=True)[:channels].sort().values
    maps = tuple(_array(torch.cat([level.norm(dim=0, keepdim=True), level[shown]])) for level in levels)
    return tuple(shown.tolist()), maps


def _objectness(trace: Trace) -> tuple[FloatArray, ...]:
    """Return the logit of the likeliest anchor of every cell, level by level."""
    found = []
    for logits, level in zip(trace.predictions.logits, trace.features, strict=False):
        height, width = level.shape[-2:]
        found.append(_array(logits[0].reshape(height, width, -1).max(dim=2).values))
    return tuple(found)


def main(path: Path = RECORDED, numbers: Sequence[int] = NUMBERS) -> None:
    """Examine pictures that no training has seen with the lesson's trained model, and write the recorded file anew.

    Parameters
    ----------
    path : Path
    numbers : sequence of int
        Of the pictures in `WORLD`.
    """
    model = trained_lesson_model()
    save_examined(path, [examine(model, WORLD[number]) for number in numbers])
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
