"""The twin of torchvision's Mask R-CNN: the same calls, weights and answers, from this project's parts."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from torch import nn

from minimask.anchors import recipes
from minimask.geometry.checks import as_whole_number
from minimask.model.backbone import Backbone
from minimask.model.detections import WEIGHTS
from minimask.model.fpn import FeaturePyramid
from minimask.model.mask_rcnn import MaskRCNN, PyramidBackbone
from minimask.model.resnet import FrozenBatchNorm, ResNet50
from minimask.model.roi_heads import DecoupledHeads, RoISettings
from minimask.model.rpn import RegionProposalNetwork, RPNHead, Settings
from minimask.model.transform import Transform
from minimask.model.weights import Weights, fetch, load_weights, read_weights

CHANNELS = 256
"""Of the pyramid and of the mask head."""
COCO_CLASSES = 91
"""COCO's numbers go to 90; 11 of them stand for nothing. 0 is the background."""


def maskrcnn_resnet50_fpn(
    *,
    weights: str | os.PathLike[str] | Enum | None = None,
    progress: bool = True,
    num_classes: int | None = None,
    weights_backbone: str | os.PathLike[str] | Enum | None = None,
    trainable_backbone_layers: int | None = None,
    **kwargs: Any,  # noqa: ANN401
) -> MaskRCNN:
    """Return Mask R-CNN on ResNet-50 and a feature pyramid, as torchvision's function of this name does.

    Parameters
    ----------
    weights : path or str, optional
        A file of trained weights (see `minimask.model.weights.read_weights`), or "COCO_V1" or "DEFAULT": torchvision's
        published ones, downloaded at the first time.
    progress : bool
        Whether a bar shows how far a download is.
    num_classes : int, optional
        The background, class 0, among them; by default those of the weights, or 91.
    weights_backbone : path or str, optional
        The same for the backbone alone: a file, or "IMAGENET1K_V1" or "DEFAULT". Unlike torchvision's, the default is
        none, so that nothing is downloaded unasked.
    trainable_backbone_layers : int from 0 to 5, optional
        See `minimask.model.resnet.ResNet50`; by default 3. Without trained weights all learn.
    kwargs
        See `published_model`.

    Returns
    -------
    MaskRCNN
        In training mode. Batch norms are frozen if there are trained weights, and learn otherwise.

    Raises
    ------
    ValueError, TypeError
        If weights do not exist or fit, a number is out of range, or a keyword is unknown.

    References
    ----------
    He et al., Mask R-CNN, 2017.

    Examples
    --------
    >>> model = maskrcnn_resnet50_fpn(num_classes=7, min_size=64, box_detections_per_img=1, rpn_post_nms_top_n_test=9)
    >>> with torch.no_grad():
    ...     (found,) = model.eval()([torch.rand(3, 48, 64)])
    >>> {name: tuple(value.shape) for name, value in found.items()}
    {'boxes': (1, 4), 'labels': (1,), 'scores': (1,), 'masks': (1, 1, 48, 64)}
    """
    whole = None if weights is None else _read(weights, "weights", "COCO_V1", progress)
    backbone = None
    if whole is not None:
        num_classes = _classes(whole, num_classes)
    elif weights_backbone is not None:
        backbone = _read(weights_backbone, "weights_backbone", "IMAGENET1K_V1", progress)
    trained = whole is not None or backbone is not None
    if not trained and trainable_backbone_layers is not None:
        warnings.warn(
            "trainable_backbone_layers has no effect without weights: all layers of the backbone learn", stacklevel=2
        )
    layers = 5 if not trained else 3 if trainable_backbone_layers is None else trainable_backbone_layers
    body = ResNet50(FrozenBatchNorm if trained else nn.BatchNorm2d, layers)
    if backbone is not None:
        load_weights(body, backbone, unused=("fc.",))
    model = published_model(body, COCO_CLASSES if num_classes is None else num_classes, **kwargs)
    if whole is not None:
        load_weights(model, whole)
        if whole.of_2019 or _name(weights) in ("COCO_V1", "DEFAULT"):
            for module in model.modules():
                if isinstance(module, FrozenBatchNorm):
                    module.eps = 0.0
    return model


def published_model(
    body: Backbone,
    num_classes: int = COCO_CLASSES,
    *,
    min_size: int | tuple[int, ...] = 800,
    max_size: int = 1333,
    image_mean: tuple[float, ...] | None = None,
    image_std: tuple[float, ...] | None = None,
    size_divisible: int = 32,
    rpn_pre_nms_top_n_train: int = 2000,
    rpn_pre_nms_top_n_test: int = 1000,
    rpn_post_nms_top_n_train: int = 2000,
    rpn_post_nms_top_n_test: int = 1000,
    rpn_nms_thresh: float = 0.7,
    rpn_fg_iou_thresh: float = 0.7,
    rpn_bg_iou_thresh: float = 0.3,
    rpn_batch_size_per_image: int = 256,
    rpn_positive_fraction: float = 0.5,
    rpn_score_thresh: float = 0.0,
    box_score_thresh: float = 0.05,
    box_nms_thresh: float = 0.5,
    box_detections_per_img: int = 100,
    box_fg_iou_thresh: float = 0.5,
    box_bg_iou_thresh: float = 0.5,
    box_batch_size_per_image: int = 512,
    box_positive_fraction: float = 0.25,
    bbox_reg_weights: tuple[float, ...] | None = None,
) -> MaskRCNN:
    """Return Mask R-CNN as torchvision assembles it on a backbone, in its conventions.

    Parameters
    ----------
    body : Backbone
        Of strides 4, 8, 16 and 32.
    num_classes : int
        The background, class 0, among them.
    min_size, max_size, image_mean, image_std, size_divisible
        See `minimask.model.transform.Transform`.
    rpn_pre_nms_top_n_train, rpn_pre_nms_top_n_test, rpn_post_nms_top_n_train, rpn_post_nms_top_n_test : int
        Boxes kept of each level before NMS, and of each picture after it: in training, and else.
    rpn_nms_thresh, rpn_fg_iou_thresh, rpn_bg_iou_thresh, rpn_batch_size_per_image, rpn_positive_fraction, \
rpn_score_thresh
        See `minimask.model.rpn.Settings`.
    box_score_thresh, box_nms_thresh, box_detections_per_img, box_fg_iou_thresh, box_bg_iou_thresh, \
box_batch_size_per_image, box_positive_fraction, bbox_reg_weights
        See `minimask.model.roi_heads.RoISettings`.

    Notes
    -----
    RoIs, mask targets and pasted masks lie half a pixel beside where they belong, as published; `lesson_model` has it
    right.
    """
    classes = as_whole_number(num_classes, "num_classes", least=2)
    recipe = replace(recipes["torchvision_fpn"], multiple=as_whole_number(size_divisible, "size_divisible", least=1))
    first = Settings(
        foreground=rpn_fg_iou_thresh,
        background=rpn_bg_iou_thresh,
        sampled=rpn_batch_size_per_image,
        positive_fraction=rpn_positive_fraction,
        pre_top_n=(rpn_pre_nms_top_n_train, rpn_pre_nms_top_n_test),
        post_top_n=(rpn_post_nms_top_n_train, rpn_post_nms_top_n_test),
        nms_threshold=rpn_nms_thresh,
        score_threshold=rpn_score_thresh,
    )
    second = RoISettings(
        foreground=box_fg_iou_thresh,
        background=box_bg_iou_thresh,
        sampled=box_batch_size_per_image,
        positive_fraction=box_positive_fraction,
        rois="published",
        targets="published",
        paste="published",
        delta_weights=bbox_reg_weights or WEIGHTS,
        score_threshold=box_score_thresh,
        nms_threshold=box_nms_thresh,
        detections=box_detections_per_img,
    )
    shapes = len(recipe.levels[0].ratios)
    transform = Transform(min_size, max_size, image_mean or Transform.mean, image_std or Transform.std, size_divisible)
    model = MaskRCNN(
        PyramidBackbone(body, FeaturePyramid(body.channels, CHANNELS, extra_level=True)),
        RegionProposalNetwork(RPNHead(CHANNELS, shapes), recipe, first),
        DecoupledHeads(CHANNELS, classes, settings=second),
        transform,
    )
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def _read(given: str | os.PathLike[str] | Enum, argument: str, published: str, progress: bool) -> Weights:
    """Return the weights of a file, or of the file that a name stands for."""
    if _name(given) in (published, "DEFAULT"):
        return read_weights(fetch(published, progress))
    if not isinstance(given, str | os.PathLike) or not Path(given).is_file():
        raise ValueError(
            f"{argument} must be the path of a file, or {published!r} or 'DEFAULT' for published ones, got {given!r}"
        )
    return read_weights(given)


def _name(given: object) -> object:
    """Return the name of a member of torchvision's enumerations of weights, and anything else as it is."""
    return given.name if isinstance(given, Enum) else given


def _classes(weights: Weights, asked: int | None) -> int | None:
    """Return how many classes weights are for, or what is asked for where they do not say."""
    scores = weights.tensors.get("roi_heads.box_predictor.cls_score.bias")
    if scores is None:
        return asked
    if asked not in (None, len(scores)):
        raise ValueError(f"num_classes must be {len(scores)}, as in {weights.path}, or None, got {asked}")
    return len(scores)
