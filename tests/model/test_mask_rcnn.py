"""The whole model: its calls, its trace, and what each setting changes."""

import numpy as np
import pytest
import torch

from minimask.box_coder import decode
from minimask.data.shapes import ShapesWorld
from minimask.geometry.boxes import box_iou
from minimask.model.detections import WEIGHTS
from minimask.model.lesson import lesson_model
from minimask.model.mask_rcnn import Samples
from minimask.model.roi_sampling import draw_rois

WORLD = ShapesWorld(height=64, width=96, sizes=(16, 48), seed=7)
LOSSES = ["loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg", "loss_mask"]


def pairs(count, start=0):
    images, targets = [], []
    for picture in WORLD.pictures(count, start):
        images.append(torch.from_numpy(picture.image).permute(2, 0, 1) / 255)
        targets.append(
            {
                "boxes": torch.from_numpy(picture.boxes),
                "labels": torch.from_numpy(picture.labels),
                "masks": torch.from_numpy(picture.masks),
            }
        )
    return images, targets


def nothing(image):
    return {
        "boxes": torch.zeros(0, 4),
        "labels": torch.zeros(0, dtype=torch.int64),
        "masks": torch.zeros(0, *image.shape[1:], dtype=torch.bool),
    }


def rng(seed=0):
    return np.random.default_rng(seed)


VARIANTS = {
    "published heads": {},
    "joint heads": {"heads": "joint"},
    "one map": {"pyramid": False},
    "RoIPool": {"operator": "pool"},
    "softmax masks": {"rivalry": "softmax"},
    "published conventions": {"rois": "published", "targets": "published", "paste": "published"},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_trains_and_detects(name):
    model = lesson_model(**VARIANTS[name])
    images, targets = pairs(2)
    losses = model(images, targets, rng=rng())
    assert list(losses) == LOSSES
    sum(losses.values()).backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name
    with torch.no_grad():
        outputs = model.eval()(images)
    for output, image in zip(outputs, images, strict=True):
        assert list(output) == ["boxes", "labels", "scores", "masks"]
        assert output["masks"].shape == (len(output["boxes"]), 1, *image.shape[1:])
        assert output["labels"].min() >= 1 and output["labels"].max() <= 6
        assert (output["scores"].diff() <= 0).all()


def test_joint_and_decoupled_heads_have_equally_many_parameters():
    sizes = [sum(p.numel() for p in lesson_model(heads=heads).parameters()) for heads in ("joint", "decoupled")]
    assert sizes[0] == sizes[1]


def test_in_joint_heads_the_class_moves_the_mask_convolutions():
    images, targets = pairs(1)
    for heads, moved in (("decoupled", False), ("joint", True)):
        model = lesson_model(heads=heads)
        model(images, targets, rng=rng())["loss_classifier"].backward()
        gradients = [parameter.grad for parameter in model.roi_heads.mask_head.parameters()]
        assert all((gradient is not None) == moved for gradient in gradients)


def test_the_same_seed_gives_the_same_model_and_leaves_torch_alone():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    first, second, other = (lesson_model(seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["roi_heads.box_head.fc6.weight"], other["roi_heads.box_head.fc6.weight"])


def test_chance_decides_the_losses_and_nothing_else_does():
    model = lesson_model()
    images, targets = pairs(2)
    totals = [sum(model(images, targets, rng=source).values()).item() for source in (rng(1), rng(1), rng(2))]
    assert totals[0] == totals[1] != totals[2]
    torch.manual_seed(5)
    first = sum(model(images, targets).values()).item()
    torch.manual_seed(5)
    assert sum(model(images, targets).values()).item() == first != sum(model(images, targets).values()).item()


def test_one_generator_for_each_picture_makes_the_batch_not_matter():
    """What is sampled in a picture is the same alone and in a batch: nothing depends on its neighbors."""
    model = lesson_model().eval()
    images, targets = pairs(2)
    drawn = []
    model.roi_heads.draw = lambda *arguments: (
        drawn.append(type(model.roi_heads).draw(model.roi_heads, *arguments)) or drawn[-1]
    )
    model.losses(images, targets, rng=[rng(1), rng(2)])
    model.losses(images[1:], targets[1:], rng=[rng(2)])
    torch.testing.assert_close(drawn[0][1].boxes, drawn[1][0].boxes, rtol=0, atol=1e-3)
    with pytest.raises(ValueError, match="rng must be one generator, or one for each of the 2 pictures, got 1"):
        model.losses(images, targets, rng=[rng(1)])


def test_given_samples_are_looked_at():
    model = lesson_model()
    images, targets = pairs(1)
    batch, truth = model.transform(images, targets)
    features = model.backbone(batch.pictures)
    anchors = model.rpn.anchors(batch.padded_size, features)
    objects = [target["boxes"] for target in truth]
    rois = [draw_rois(objects[0], objects[0], count=4, rng=rng())]
    samples = Samples(model.rpn.draw(anchors, objects, rng()), rois)
    first, second = (model(images, targets, samples=samples) for _ in range(2))
    assert all(first[name] == second[name] for name in LOSSES)
    assert first["loss_objectness"] != model(images, targets, rng=rng(8))["loss_objectness"]


def test_shared_counts_divide_the_losses():
    """Twice the count, half the loss: each of the five."""
    model = lesson_model().eval()
    images, targets = pairs(2)
    once = model.losses(images, targets, rng=rng())
    model.share_count = lambda count: 2 * count
    for name, loss in model.losses(images, targets, rng=rng()).items():
        torch.testing.assert_close(2 * loss, once[name])


def test_pictures_without_objects_train():
    model = lesson_model()
    images, targets = pairs(2)
    empty = [nothing(image) for image in images]
    for truth in (empty, [targets[0], empty[1]]):
        losses = model(images, truth, rng=rng())
        sum(losses.values()).backward()
        assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
        assert (losses["loss_mask"] == 0) == (truth is empty)


def test_the_mask_loss_sees_only_the_true_class():
    model = lesson_model()
    images, targets = pairs(1)
    targets[0]["labels"] = torch.full_like(targets[0]["labels"], 3)
    model(images, targets, rng=rng())["loss_mask"].backward()
    moved = model.roi_heads.mask_predictor.mask_fcn_logits.bias.grad != 0
    assert moved.nonzero()[:, 0].tolist() == [3]


@pytest.fixture(scope="module")
def traced():
    model = lesson_model(score_threshold=0.02, detections=30).eval()
    images, _ = pairs(3)
    images[1] = images[1][:, :50, :70]
    with torch.no_grad():
        return model, images, model.trace(images)


def test_every_value_of_the_trace_follows_from_the_one_before(traced):
    model, _, trace = traced
    heads = model.roi_heads
    assert trace.batch.pictures.shape == (3, 3, 64, 96)
    assert trace.batch.sizes == [(64, 96), (50, 70), (64, 96)]
    with torch.no_grad():
        torch.testing.assert_close(trace.features, model.backbone(trace.batch.pictures))
        counts = [len(one) for one in trace.proposals]
        assert sum(counts) == len(trace.levels) == len(trace.box_features) == len(trace.class_logits)
        logits, deltas = heads.predict_boxes(trace.box_features)
        torch.testing.assert_close((logits, deltas), (trace.class_logits, trace.box_deltas))
        torch.testing.assert_close(heads.predict_masks(trace.mask_features), trace.mask_logits)
    torch.testing.assert_close(trace.scores.sum(1), torch.ones(sum(counts)))
    assert sum(len(one.boxes) for one in trace.detections) == len(trace.mask_logits) == len(trace.masks) > 0
    torch.testing.assert_close(trace.outputs[1]["scores"], trace.detections[1].scores)


def test_each_detection_names_the_proposal_it_comes_from(traced):
    _, _, trace = traced
    start = 0
    for found, proposals, (height, width) in zip(trace.detections, trace.proposals, trace.batch.sizes, strict=True):
        deltas = trace.box_deltas[start + found.rois, found.labels]
        limits = torch.tensor([width, height, width, height])
        boxes = decode(deltas, proposals[found.rois], WEIGHTS).clamp(min=0).minimum(limits)
        torch.testing.assert_close(boxes, found.boxes)
        torch.testing.assert_close(trace.scores[start + found.rois, found.labels], found.scores)
        start += len(proposals)


def test_detections_of_a_class_do_not_overlap_and_lie_within_the_picture(traced):
    model, images, trace = traced
    for output, image in zip(trace.outputs, images, strict=True):
        iou = box_iou(output["boxes"], output["boxes"]).fill_diagonal_(0)
        same = output["labels"][:, None] == output["labels"]
        assert (iou[same] <= model.roi_heads.settings.nms_threshold).all()
        assert output["boxes"].min() >= 0 and (output["scores"] > 0.02).all() and len(output["boxes"]) <= 30
        assert (output["boxes"][:, 2] <= image.shape[2]).all() and (output["boxes"][:, 3] <= image.shape[1]).all()


def test_thresholds_can_be_changed_for_a_trace(traced):
    model, images, trace = traced
    with torch.no_grad():
        few = model.trace(images, count=3)
        none = model.trace(images, score_threshold=1.0)
    assert [len(one.boxes) for one in few.detections] == [3, 3, 3]
    assert [output["masks"].shape for output in none.outputs] == [(0, 1, 64, 96), (0, 1, 50, 70), (0, 1, 64, 96)]
    torch.testing.assert_close(few.detections[0].boxes, trace.detections[0].boxes[:3])


def test_bfloat16_keeps_boxes_scores_and_losses_exact():
    model = lesson_model()
    images, targets = pairs(2)
    with torch.autocast("cpu", torch.bfloat16):
        losses = model(images, targets, rng=rng())
        with torch.no_grad():
            trace = model.eval().trace(images)
    assert trace.features[0].dtype == trace.box_features.dtype == torch.bfloat16
    exact = [*losses.values(), trace.scores, trace.refined, trace.masks, *trace.outputs[0].values(), *trace.anchors]
    assert {value.dtype for value in exact} == {torch.float32, torch.int64}
    full = lesson_model()(images, targets, rng=rng())
    for name in LOSSES:
        torch.testing.assert_close(losses[name], full[name], rtol=0.1, atol=0.05)


def test_training_needs_targets():
    with pytest.raises(ValueError, match="targets must be given in training"):
        lesson_model()([torch.rand(3, 64, 64)])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"heads": "none"}, "heads must be 'decoupled' or 'joint', got 'none'"),
        ({"operator": "crop"}, "operator must be 'align' or 'pool', got 'crop'"),
        ({"rivalry": "both"}, "rivalry must be 'sigmoid' or 'softmax', got 'both'"),
        ({"paste": "mine"}, "paste must be 'aligned' or 'published', got 'mine'"),
        ({"scoring": "both"}, "scoring must be 'class' or 'mask', got 'both'"),
    ],
)
def test_unknown_words_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        lesson_model(**changed)
