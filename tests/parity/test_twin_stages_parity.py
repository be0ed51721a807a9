"""The stages of Mask R-CNN, each alone, against torchvision's: the same input and weights give the same output."""

import inspect

import numpy as np
import pytest
import torch
from torchvision.models import resnet50
from torchvision.models.detection import MaskRCNN, maskrcnn_resnet50_fpn
from torchvision.models.detection.faster_rcnn import FasterRCNN, FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.roi_heads import (
    RoIHeads,
    fastrcnn_loss,
    maskrcnn_inference,
    maskrcnn_loss,
    paste_masks_in_image,
    project_masks_on_boxes,
)
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.models.detection.transform import resize_boxes as their_resize_boxes
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign
from twins import CLASSES, copies, scene

import minimask
from minimask.model.box_head import BoxHead, BoxPredictor, box_losses
from minimask.model.detections import detect, refine
from minimask.model.mask_targets import mask_loss, mask_probabilities, mask_targets
from minimask.model.paste import paste_masks
from minimask.model.resnet import FrozenBatchNorm, ResNet50
from minimask.model.roi_heads import DecoupledHeads, RoISettings
from minimask.model.roi_sampling import draw_rois
from minimask.model.transform import Transform, resize_boxes
from minimask.model.twin import published_model

PUBLISHED = RoISettings(rois="published", targets="published", paste="published")
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def boxes_in(count, size, generator, dtype=torch.float32, least=0.0):
    """Boxes of all sizes within a picture, of at least some pixels per side."""
    height, width = size
    corners = torch.rand(count, 2, 2, generator=generator, dtype=torch.float64) * torch.tensor([width, height])
    low, high = corners.amin(dim=1), corners.amax(dim=1)
    return torch.cat([low, torch.maximum(high, low + least)], dim=1).to(dtype)


# Transform


@DTYPES
@pytest.mark.parametrize(
    ("sizes", "limits"),
    [
        ([(50, 70)], (128, 1333)),
        ([(48, 64), (30, 90), (90, 30)], (96, 160)),
        ([(20, 333)], (64, 200)),
        ([(333, 20)], (64, 200)),
        ([(480, 640), (300, 200)], (240, 400)),
        ([(64, 64)], (64, 64)),
        ([(1, 1), (7, 3)], (33, 50)),
        ([(37, 41)], (800, 1333)),
        ([(97, 124)], (64, 1333)),  # 81.8 pixels: not rounded
    ],
)
def test_transform(sizes, limits, dtype):
    images, targets = scene(sizes, dtype)
    transform = GeneralizedRCNNTransform(*limits, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    expected, their_targets = transform(images, copies(targets))
    batch, ours = Transform(*limits)(images, targets)
    assert torch.equal(batch.pictures, expected.tensors)
    assert batch.sizes == expected.image_sizes
    assert batch.original_sizes == sizes
    for one, other in zip(ours, their_targets, strict=True):
        for key in ("boxes", "labels", "masks"):
            assert one[key].dtype == other[key].dtype
            assert torch.equal(one[key], other[key])


@DTYPES
def test_boxes_of_another_size(dtype):
    generator = torch.Generator().manual_seed(0)
    boxes = boxes_in(50, (480, 640), generator, dtype)
    for old, new in (((480, 640), (800, 1066)), ((800, 1066), (480, 640)), ((7, 5), (5, 7))):
        assert torch.equal(resize_boxes(boxes, old, new), their_resize_boxes(boxes, old, new))


def test_several_lengths():
    sizes = [(40, 60)] * 30
    images, _ = scene(sizes)
    transform = GeneralizedRCNNTransform((32, 64), 1333, [0.0] * 3, [1.0] * 3)
    found = set(Transform((32, 64))(images, rng=np.random.default_rng(0))[0].sizes)
    assert found == set(transform.train()(images)[0].image_sizes) == {(32, 48), (64, 96)}
    assert Transform((32, 64))(images)[0].sizes == transform.eval()(images)[0].image_sizes


# Backbone


@pytest.mark.parametrize("frozen", [True, False])
def test_backbone(frozen):
    torch.manual_seed(0)
    norms = (FrozenBatchNorm, FrozenBatchNorm2d) if frozen else (torch.nn.BatchNorm2d,) * 2
    theirs, ours = resnet50(weights=None, norm_layer=norms[1]), ResNet50(norms[0])
    for name, buffer in theirs.named_buffers():
        if name.endswith(("weight", "running_var")):
            buffer.uniform_(0.5, 1.0)
        elif name.endswith(("bias", "running_mean")):
            buffer.uniform_(-0.1, 0.1)
    left_over = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert not left_over.missing_keys
    assert left_over.unexpected_keys == ["fc.weight", "fc.bias"]
    for model in (ours, theirs):
        model.eval()
    pictures = torch.randn(2, 3, 97, 64)
    with torch.no_grad():
        found = ours(pictures)
        maps = theirs.maxpool(theirs.relu(theirs.bn1(theirs.conv1(pictures))))
        for one, layer in zip(found, (theirs.layer1, theirs.layer2, theirs.layer3, theirs.layer4), strict=True):
            maps = layer(maps)
            assert (one - maps).norm() < 1e-5 * maps.norm()
            assert one.shape == maps.shape


def test_first_weights_of_the_backbone():
    torch.manual_seed(0)
    theirs = resnet50(weights=None)
    torch.manual_seed(0)
    ours = ResNet50(torch.nn.BatchNorm2d)
    for name, value in ours.named_parameters():
        assert value.std().item() == pytest.approx(theirs.get_parameter(name).std().item(), rel=0.05), name


# RoIs


@DTYPES
def test_rois_of_all_levels_keep_their_order(dtype):
    generator = torch.Generator().manual_seed(0)
    maps = [torch.randn(2, 8, 256 // 2**k, 320 // 2**k, generator=generator, dtype=dtype) for k in range(4)]
    boxes = [boxes_in(count, (1024, 1280), generator, dtype) for count in (60, 45)]
    heads = DecoupledHeads(8, 2, width=2, mask_channels=2, mask_convolutions=1, settings=PUBLISHED)
    for size in (7, 14):
        pool = MultiScaleRoIAlign(["0", "1", "2", "3"], size, 2)
        named = {str(number): level for number, level in enumerate([*maps, maps[-1][..., ::2, ::2]])}
        expected = pool(named, boxes, [(1024, 1280), (1000, 1250)])
        found = heads.extract(list(named.values()), (4, 8, 16, 32), boxes, size)
        tolerance = {torch.float32: 1e-4, torch.float64: 1e-10}[dtype]
        torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)
    levels = heads.levels(boxes, (4, 8, 16, 32))
    assert torch.equal(levels, pool.map_levels(boxes))
    assert set(levels.tolist()) == {0, 1, 2, 3}


def their_heads(**changed):
    settings = {"fg_iou_thresh": 0.5, "bg_iou_thresh": 0.5, "batch_size_per_image": 512, "positive_fraction": 0.25,
                "bbox_reg_weights": None, "score_thresh": 0.05, "nms_thresh": 0.5,
                "detections_per_img": 100}  # fmt: skip
    return RoIHeads(None, None, None, **settings | changed)


@pytest.mark.parametrize("background", [0.5, 0.2])
def test_labels_and_deltas_of_all_proposals(background):
    """Drawing so many that all are drawn."""
    generator = torch.Generator().manual_seed(0)
    _, targets = scene([(120, 160), (120, 160), (90, 100)], objects=5)
    proposals = []
    for target in targets:
        near = target["boxes"].repeat(8, 1)
        near = near + torch.randn(near.shape, generator=generator) * 6
        low, high = torch.minimum(near[:, :2], near[:, 2:] - 1), near[:, 2:]
        proposals.append(torch.cat([torch.cat([low, high], dim=1), boxes_in(40, (90, 100), generator, least=1)]))
    heads = their_heads(bg_iou_thresh=background, batch_size_per_image=10**6, positive_fraction=1.0)
    boxes, matches, labels, _ = heads.select_training_samples(list(proposals), copies(targets))
    for one, target, *expected in zip(proposals, targets, boxes, matches, labels, strict=True):
        rng = np.random.default_rng(0)
        found = draw_rois(one, target["boxes"], background=background, count=10**6, fraction=1.0, rng=rng)
        ours = torch.zeros(len(found.boxes), dtype=torch.int64)
        positive = found.matches >= 0
        ours[positive] = target["labels"][found.matches[positive]]
        rows = [torch.cat([found.boxes, ours[:, None], found.matches.clamp(min=0)[:, None]], dim=1)]
        rows.append(
            torch.cat([expected[0], expected[2][:, None], expected[1][:, None] * (expected[2] > 0)[:, None]], 1)
        )
        one, other = (np.array(sorted(row.tolist())) for row in rows)
        np.testing.assert_array_equal(one, other)
        assert positive.any() == (len(target["boxes"]) > 0)


# The box head


@DTYPES
def test_box_head_and_losses(dtype):
    torch.manual_seed(0)
    theirs = torch.nn.ModuleDict({"box_head": TwoMLPHead(8 * 49, 32), "box_predictor": FastRCNNPredictor(32, CLASSES)})
    ours = torch.nn.ModuleDict({"box_head": BoxHead(8 * 49, 32), "box_predictor": BoxPredictor(32, CLASSES)})
    theirs.to(dtype), ours.to(dtype).load_state_dict(theirs.state_dict())
    maps = torch.randn(40, 8, 7, 7, dtype=dtype)
    labels = torch.randint(0, CLASSES, (40,)) * (torch.rand(40) < 0.5)
    wanted = torch.randn(40, 4, dtype=dtype)
    logits, deltas = ours["box_predictor"](ours["box_head"](maps))
    their_logits, their_deltas = theirs["box_predictor"](theirs["box_head"](maps))
    torch.testing.assert_close(logits, their_logits)
    torch.testing.assert_close(deltas.flatten(1), their_deltas)
    found = box_losses(logits, deltas, labels, wanted[labels > 0])
    expected = fastrcnn_loss(their_logits, their_deltas, [labels], [wanted])
    torch.testing.assert_close(tuple(found), expected)
    sum(found).backward(), sum(expected).backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@DTYPES
@pytest.mark.parametrize("spread", [0.5, 4.0])
def test_detections(spread, dtype):
    """Sure and unsure answers, crowds, and boxes that end at the border or have no area."""
    generator = torch.Generator().manual_seed(0)
    sizes, counts = [(120, 160), (300, 40)], (150, 60)
    proposals = [boxes_in(count, size, generator, dtype) for count, size in zip(counts, sizes, strict=True)]
    proposals[0][:40] = proposals[0][0] + torch.randn(40, 4, generator=generator)
    proposals[1][:5, 2] = proposals[1][:5, 0]
    logits = torch.randn(sum(counts), CLASSES, generator=generator, dtype=dtype) * spread
    deltas = torch.randn(sum(counts), CLASSES, 4, generator=generator, dtype=dtype) * 3
    for weights, threshold in ((None, 0.05), ((1.0, 2.0, 3.0, 4.0), 0.3)):
        heads = their_heads(bbox_reg_weights=weights, score_thresh=threshold, detections_per_img=30)
        boxes, scores, labels = heads.postprocess_detections(logits, deltas.flatten(1), proposals, sizes)
        parts = zip(logits.softmax(1).split(counts), deltas.split(counts), proposals, sizes, strict=True)
        for number, (likely, moves, rois, size) in enumerate(parts):
            refined = refine(moves, rois, size, weights or (10.0, 10.0, 5.0, 5.0))
            found = detect(likely, refined, score_threshold=threshold, count=30)
            assert 0 < len(found.boxes) <= 30
            assert torch.equal(found.scores, scores[number])
            assert torch.equal(found.labels, labels[number])
            torch.testing.assert_close(found.boxes, boxes[number], rtol=0, atol=1e-4)
            chosen = refined[found.rois, found.labels]
            assert torch.equal(chosen, found.boxes)


# Masks


@DTYPES
def test_mask_targets_and_loss(dtype):
    generator = torch.Generator().manual_seed(0)
    _, targets = scene([(120, 160), (90, 100), (64, 64)], dtype, objects=4)
    boxes, matches, truth = [], [], []
    for target in targets:
        count = 10 if len(target["boxes"]) else 0
        boxes.append(boxes_in(count, tuple(target["masks"].shape[1:]), generator, dtype))
        boxes[-1][: count // 2] = boxes[-1][: count // 2] * 0.1 + 20  # smaller than the grid
        matches.append(torch.randint(0, 4, (count,), generator=generator))
        truth.append(mask_targets(target["masks"], boxes[-1], matches[-1], 28, aligned=False))
        if count:
            expected = project_masks_on_boxes(target["masks"], boxes[-1], matches[-1], 28)
            torch.testing.assert_close(truth[-1], expected, rtol=1e-4, atol=1e-4)
    logits = torch.randn(20, CLASSES, 28, 28, generator=generator, dtype=dtype, requires_grad=True)
    masks, labels = [target["masks"] for target in targets], [target["labels"] for target in targets]
    chosen = torch.cat([one[match] for one, match in zip(labels, matches, strict=True)])
    losses = (mask_loss(logits, chosen, torch.cat(truth)), maskrcnn_loss(logits, boxes, masks, labels, matches))
    torch.testing.assert_close(*losses, rtol=1e-5, atol=0)
    torch.testing.assert_close(*(torch.autograd.grad(loss, logits)[0] for loss in losses), rtol=1e-4, atol=1e-7)


def test_the_mask_loss_of_nothing():
    logits = torch.zeros(0, CLASSES, 28, 28, requires_grad=True)
    nothing = torch.zeros(0, dtype=torch.int64)
    expected = maskrcnn_loss(logits, [torch.zeros(0, 4)], [torch.zeros(0, 9, 9)], [nothing], [nothing])
    assert mask_loss(logits, nothing, torch.zeros(0, 28, 28)) == expected == 0


def test_probabilities_of_masks():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(9, CLASSES, 28, 28, generator=generator) * 4
    labels = torch.randint(1, CLASSES, (9,), generator=generator)
    (expected,) = maskrcnn_inference(logits, [labels])
    torch.testing.assert_close(mask_probabilities(logits, labels), expected[:, 0])


@DTYPES
@pytest.mark.parametrize("size", [(120, 160), (30, 333), (7, 5)])
def test_pasted_masks(size, dtype):
    generator = torch.Generator().manual_seed(0)
    boxes = boxes_in(60, size, generator, dtype, least=0.5)
    boxes[:10] = boxes[:10].round()
    boxes[10:15, 2:] = boxes[10:15, :2] + 0.3
    boxes[15:20] = torch.tensor([0.0, 0, size[1], size[0]], dtype=dtype)  # grown beyond the picture
    masks = torch.rand(60, 28, 28, generator=generator, dtype=dtype)
    expected = paste_masks_in_image(masks[:, None], boxes, size)
    found = paste_masks(masks, boxes, size, "published")
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected[:, 0], rtol=0, atol=1e-5)
    none = paste_masks_in_image(masks[:0, None], boxes[:0], size)
    assert torch.equal(paste_masks(masks[:0], boxes[:0], size, "published"), none[:, 0])


# The front door


def test_keywords_and_defaults():
    """All of torchvision's but those that take its modules; downloads are asked for by name."""
    theirs = dict(inspect.signature(FasterRCNN.__init__).parameters)
    assert set(inspect.signature(MaskRCNN.__init__).parameters) - set(theirs) == {
        "mask_roi_pool", "mask_head", "mask_predictor",
    }  # fmt: skip
    modules = {"rpn_anchor_generator", "rpn_head", "box_roi_pool", "box_head", "box_predictor"}
    known = set(theirs) - modules - {"self", "backbone", "kwargs", "num_classes"}
    ours = inspect.signature(published_model).parameters
    assert set(ours) == known | {"body", "num_classes", "size_divisible"}
    for name in known:
        assert ours[name].default == theirs[name].default, name
    front, twin = (
        inspect.signature(function).parameters for function in (maskrcnn_resnet50_fpn, minimask.maskrcnn_resnet50_fpn)
    )
    assert list(front) == list(twin)
    assert [front[name].kind for name in front] == [twin[name].kind for name in twin]
    assert {name for name in front if front[name].default != twin[name].default} == {"weights_backbone"}
