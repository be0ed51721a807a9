"""minimask's Mask R-CNN and torchvision's with the same weights, and pictures and objects for both."""

from typing import NamedTuple

import torch
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.mask_rcnn import MaskRCNN as Torchvision
from torchvision.ops import FrozenBatchNorm2d
from torchvision.ops.poolers import LevelMapper

from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.resnet import FrozenBatchNorm, ResNet50
from minimask.model.twin import published_model

CLASSES = 7
FEW = {
    "rpn_pre_nms_top_n_train": 300, "rpn_pre_nms_top_n_test": 300, "rpn_post_nms_top_n_train": 120,
    "rpn_post_nms_top_n_test": 120, "box_batch_size_per_image": 48, "box_detections_per_img": 15,
}  # fmt: skip
"""So that the heads take no longer than the backbone."""


class Twins(NamedTuple):
    ours: MaskRCNN
    theirs: Torchvision

    def to(self, dtype, training=False):
        for model in self:
            model.to(dtype).train(training)
        return self


def twins(seed=0, frozen=True, **settings):
    """Both models, with weights wild enough for sure and unsure answers, large moves, and every kind of mask."""
    torch.manual_seed(seed)
    norms = {True: (FrozenBatchNorm, FrozenBatchNorm2d), False: (torch.nn.BatchNorm2d,) * 2}[frozen]
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=norms[1], trainable_layers=3 if frozen else 5
    )
    theirs = Torchvision(backbone, CLASSES, **settings)
    wild(theirs)
    for pool in (theirs.roi_heads.box_roi_pool, theirs.roi_heads.mask_roi_pool):
        # It would infer these from the first batch, wrongly for some sizes, and keep them for life.
        pool.scales, pool.map_levels = [1 / 4, 1 / 8, 1 / 16, 1 / 32], LevelMapper(2, 5, 224, 4, 1e-6)
    ours = published_model(ResNet50(norms[0], 3 if frozen else 5), CLASSES, **settings)
    ours.load_state_dict(theirs.state_dict())
    with torch.no_grad():
        middle = ours.eval().trace(scene([(96, 128)])[0]).class_logits.mean(dim=0)
        for model in (ours, theirs):
            model.roi_heads.box_predictor.cls_score.bias.sub_(middle)  # else a class or two answer everything
    return Twins(ours, theirs)


@torch.no_grad()
def wild(model):
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm2d | torch.nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1.0)
            module.bias.uniform_(-0.1, 0.1)
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    for name, module in model.backbone.body.named_modules():
        if name.endswith("bn3"):
            module.weight.mul_(0.4)  # else every block makes the numbers larger
    head, heads = model.rpn.head, model.roi_heads
    for layer, std in (
        (head.conv[0][0], 0.03),
        (head.cls_logits, 0.6),
        (head.bbox_pred, 0.06),
        (heads.box_predictor.cls_score, 2.0),
        (heads.box_predictor.bbox_pred, 0.6),
        (heads.mask_predictor.mask_fcn_logits, 1.5),
    ):
        layer.weight.normal_(std=std)
        layer.bias.normal_(std=0.1)


def scene(sizes, dtype=torch.float32, objects=3, seed=0):
    """Return pictures of noise and of flat parts, and targets with ellipses; the last of several holds no object."""
    generator = torch.Generator().manual_seed(seed)
    images, targets = [], []
    for number, (height, width) in enumerate(sizes):
        image = torch.rand(3, height, width, generator=generator)
        count = 0 if number and number == len(sizes) - 1 else objects
        corners = torch.rand(count, 2, 2, generator=generator) * torch.tensor([width, height])
        low, high = corners.amin(dim=1), corners.amax(dim=1)
        boxes = torch.cat([low, torch.maximum(high, low + 2)], dim=1)
        rows, columns = torch.arange(height)[:, None] + 0.5, torch.arange(width) + 0.5
        masks = torch.zeros(count, height, width, dtype=torch.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, boxes.tolist(), strict=True):
            inside = ((columns - (x1 + x2) / 2) / (x2 - x1)) ** 2 + ((rows - (y1 + y2) / 2) / (y2 - y1)) ** 2 < 0.25
            mask[inside] = 1
            image = torch.where(inside, image * 0.3 + torch.rand(3, 1, 1, generator=generator) * 0.7, image)
        labels = torch.randint(1, CLASSES, (count,), generator=generator)
        images.append(image.to(dtype))
        targets.append({"boxes": boxes.to(dtype), "labels": labels, "masks": masks})
    return images, targets


def copies(targets):
    return [dict(target) for target in targets]
