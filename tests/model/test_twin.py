"""The twin of torchvision's model: what its keywords set, and which weights it takes. Its answers: tests/parity."""

import inspect
from enum import Enum

import pytest
import torch
from refusals import refused
from torch import nn

import minimask
from minimask.model import weights as weights_module
from minimask.model.backbone import SmallResNet
from minimask.model.resnet import FrozenBatchNorm, ResNet50
from minimask.model.roi_heads import RoISettings
from minimask.model.rpn import Settings
from minimask.model.transform import Transform
from minimask.model.twin import maskrcnn_resnet50_fpn, published_model


class Small(SmallResNet):
    """Four maps, as ResNet-50 has, and next to no parameters."""

    def __init__(self):
        super().__init__((2, 2, 2, 2, 2), blocks=1)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A model with frozen norms and 3 classes, and a file of its weights."""
    torch.manual_seed(0)
    model = published_model(ResNet50(), 3)
    for module in model.modules():
        if isinstance(module, FrozenBatchNorm):
            module.running_var.uniform_(0.5, 2)
    path = tmp_path_factory.mktemp("weights") / "weights.pth"
    torch.save(model.state_dict(), path)
    return model, path


def learning(model):
    body = model.backbone.body
    return {name.split(".")[0] for name, parameter in body.named_parameters() if parameter.requires_grad}


def epsilons(model):
    return {module.eps for module in model.modules() if isinstance(module, FrozenBatchNorm)}


def test_defaults_are_torchvisions():
    model = published_model(Small())
    assert model.rpn.settings == Settings()
    assert model.roi_heads.settings == RoISettings(rois="published", targets="published", paste="published")
    assert model.transform == Transform()
    assert model.rpn.recipe.counts(800, 1088) == (163_200, 40_800, 10_200, 2_550, 663)
    assert model.roi_heads.classes == 91
    assert model.training


def test_every_keyword_arrives():
    found = published_model(
        Small(), 5, min_size=(64, 96), max_size=111, image_mean=(0.1, 0.2, 0.3), image_std=(0.4, 0.5, 0.6),
        size_divisible=64, rpn_pre_nms_top_n_train=11, rpn_pre_nms_top_n_test=12, rpn_post_nms_top_n_train=13,
        rpn_post_nms_top_n_test=14, rpn_nms_thresh=0.61, rpn_fg_iou_thresh=0.62, rpn_bg_iou_thresh=0.27,
        rpn_batch_size_per_image=15, rpn_positive_fraction=0.51, rpn_score_thresh=0.01, box_score_thresh=0.06,
        box_nms_thresh=0.52, box_detections_per_img=16, box_fg_iou_thresh=0.53, box_bg_iou_thresh=0.47,
        box_batch_size_per_image=17, box_positive_fraction=0.26, bbox_reg_weights=(1.0, 2.0, 3.0, 4.0),
    )  # fmt: skip
    assert found.transform == Transform((64, 96), 111, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 64)
    assert found.rpn.recipe.network_size(65, 1) == (128, 64)
    assert found.rpn.settings == Settings(0.62, 0.27, 15, 0.51, (11, 12), (13, 14), 0.61, score_threshold=0.01)
    assert found.roi_heads.settings == RoISettings(
        0.53, 0.47, 17, 0.26, rois="published", targets="published", paste="published",
        delta_weights=(1.0, 2.0, 3.0, 4.0), score_threshold=0.06, nms_threshold=0.52, detections=16,
    )  # fmt: skip
    assert found.roi_heads.classes == 5


def test_the_front_door():
    assert minimask.maskrcnn_resnet50_fpn is maskrcnn_resnet50_fpn
    assert list(inspect.signature(maskrcnn_resnet50_fpn).parameters) == [
        "weights", "progress", "num_classes", "weights_backbone", "trainable_backbone_layers", "kwargs",
    ]  # fmt: skip


def test_unknown_keywords_are_named():
    refused(lambda: maskrcnn_resnet50_fpn(box_treshold=0.5), TypeError, "box_treshold")
    refused(lambda: published_model(Small(), 1), ValueError, "num_classes must be a whole number of at least 2, got 1")


def test_without_weights_all_layers_learn_and_so_do_norms():
    model = maskrcnn_resnet50_fpn(num_classes=2)
    assert learning(model) == {"conv1", "bn1", "layer1", "layer2", "layer3", "layer4"}
    assert not epsilons(model)
    assert len(model.state_dict()) == 307 + 53
    with pytest.warns(UserWarning, match="trainable_backbone_layers has no effect without weights"):
        maskrcnn_resnet50_fpn(num_classes=2, trainable_backbone_layers=3)


def test_a_file_of_weights(source):
    model, path = source
    twin = maskrcnn_resnet50_fpn(weights=path, min_size=64)
    assert len(twin.state_dict()) == 307
    for (name, value), other in zip(model.state_dict().items(), twin.state_dict().values(), strict=True):
        assert torch.equal(value, other), name
    assert twin.roi_heads.classes == 3
    assert learning(twin) == {"layer2", "layer3", "layer4"}
    assert epsilons(twin) == {1e-5}
    assert twin.transform.min_size == 64
    assert learning(maskrcnn_resnet50_fpn(weights=str(path), trainable_backbone_layers=1, num_classes=3)) == {"layer4"}
    for parameter in twin.parameters():
        assert parameter.ndim != 4 or parameter.is_contiguous(memory_format=torch.channels_last)


def test_files_of_2019_were_trained_without_epsilon(source, tmp_path):
    model, _ = source
    old = {name.replace("rpn.head.conv.0.0.", "rpn.head.conv."): value for name, value in model.state_dict().items()}
    torch.save(old, tmp_path / "old.pth")
    assert epsilons(maskrcnn_resnet50_fpn(weights=tmp_path / "old.pth")) == {0.0}


class Published(Enum):
    COCO_V1 = "anything"
    DEFAULT = COCO_V1


@pytest.mark.parametrize("name", ["COCO_V1", "DEFAULT", Published.DEFAULT])
def test_published_weights_are_fetched_by_name(source, monkeypatch, name):
    asked = []
    monkeypatch.setattr("minimask.model.twin.fetch", lambda *arguments: asked.append(arguments) or source[1])
    assert epsilons(maskrcnn_resnet50_fpn(weights=name, progress=False)) == {0.0}
    assert asked == [("COCO_V1", False)]


def test_weights_of_the_backbone(source, tmp_path, monkeypatch):
    body = source[0].backbone.body
    torch.save(body.state_dict() | {"fc.weight": torch.zeros(1), "fc.bias": torch.zeros(1)}, tmp_path / "body.pth")
    monkeypatch.setitem(weights_module.PUBLISHED, "IMAGENET1K_V1", None)
    monkeypatch.setattr("minimask.model.twin.fetch", lambda name, _: {"IMAGENET1K_V1": tmp_path / "body.pth"}[name])
    for given in (tmp_path / "body.pth", "IMAGENET1K_V1", "DEFAULT"):
        twin = maskrcnn_resnet50_fpn(weights_backbone=given, num_classes=2, trainable_backbone_layers=2)
        assert torch.equal(twin.backbone.body.conv1.weight, body.conv1.weight)
        assert torch.equal(twin.backbone.body.bn1.running_var, body.bn1.running_var)
        assert learning(twin) == {"layer3", "layer4"}
        assert epsilons(twin) == {1e-5}


def test_weights_that_do_not_fit(source, tmp_path):
    _, path = source
    for argument, given in (("weights", "COCO_V2"), ("weights_backbone", tmp_path / "nowhere.pth"), ("weights", 5)):
        refused(
            lambda argument=argument, given=given: maskrcnn_resnet50_fpn(**{argument: given}),
            ValueError,
            f"{argument} must be the path of a file, or '",
            repr(given),
        )
    refused(lambda: maskrcnn_resnet50_fpn(weights=path, num_classes=4), ValueError, "num_classes must be 3, as in ")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "other.pth")
    refused(
        lambda: maskrcnn_resnet50_fpn(weights=tmp_path / "other.pth"), ValueError, "307 missing: ", "2 left over: w"
    )
