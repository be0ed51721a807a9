# %% [markdown]
# # 5 · The whole machine
#
# **The question.** A picture goes in, and a mask for every object comes out. What happens in between, stage by stage, and
# which of the many decisions in there are worth anything?
#
# | | |
# |---|---|
# | **You will be able to** | join the parts of chapters 2 and 3 into a Mask R-CNN, and say where its weights and its work are; compute its five losses by hand; train it within minutes and know from its symptoms what went wrong; follow a picture through every stage; compute average precision by hand; judge an ablation by its seeds |
# | **Time** | 75 minutes of reading and playing, three hours more with all eight exercises |
# | **Builds on** | chapter 2's anchors and proposals, chapter 3's RoIAlign; of chapter 4 nothing |
# | **Measures** | claim 14 of the textbook, and claim 8 once more, on trained networks |
#
# Every number in the text is computed in a cell beside it and asserted there. Run the cells in order with
# <kbd>Shift</kbd>+<kbd>Enter</kbd>; all of them together take about four minutes, half of it training.

# %%
import math
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import torch
from IPython.display import display
from scipy.linalg import block_diag
from scipy.ndimage import gaussian_filter
from torch import nn

# %%
from minimask import box_iou, claims, exercises, roi_align, roi_pool
from minimask.anchors import recipes
from minimask.box_coder import decode
from minimask.data import silhouettes
from minimask.data.examined import recorded_pictures
from minimask.data.lesson_records import THRESHOLDS, ablations, learning_curves
from minimask.data.recorded import HELD_OUT, TRAINING
from minimask.data.shapes import CLASSES
from minimask.detecting import detect
from minimask.evaluation import CocoEvaluation, mask_average_precision
from minimask.ledger import Table, record
from minimask.matching import best_overlaps

# %%
from minimask.model.backbone import SmallResNet
from minimask.model.box_head import BETA, box_losses
from minimask.model.cost import count
from minimask.model.fpn import FeaturePyramid
from minimask.model.lesson import lesson_model, trained_lesson_model
from minimask.model.mask_rcnn import MaskRCNN, PyramidBackbone
from minimask.model.mask_targets import mask_loss, mask_targets
from minimask.model.paste import paste_masks
from minimask.model.roi_heads import DecoupledHeads, RoISettings
from minimask.model.roi_sampling import draw_rois
from minimask.model.rpn import RegionProposalNetwork, RPNHead, Settings
from minimask.model.transform import Transform

# %%
from minimask.training.batches import as_target
from minimask.training.config import Config
from minimask.training.finite import NonFiniteError
from minimask.training.loop import train
from minimask.training.proposals import evaluating
from minimask.widgets import TrainingMonitor, XRay

# %%
from minimask.plots import ablations as curves
from minimask.plots import anchors as anchor_pictures
from minimask.plots import machine, stages
from minimask.plots.machine import Part, Seen
from minimask.plots.show import show, use_style

use_style()
Box = tuple[float, float, float, float]  # x1 y1 x2 y2, in pixels
torch.set_num_threads(1)  # the same bits on every run, and on so small a network more threads gain little
NAMES = ("background", *CLASSES)

# %% [markdown]
# ## 5.1 Joining the parts
#
# Chapter 2 ended with proposals, chapter 3 with the features inside a box. What is left are two **heads**, which look at one
# RoI at a time. The *box head* reads 7 by 7 cells through two fully connected layers, `fc6` and `fc7`: which class is it,
# and how must the box move? The *mask head* reads 14 by 14 cells through convolutions: which of 28 by 28 cells belong to it?
#
# Now all of it in one cell. (A small one: 128 pixels, six classes and the background, weights at random.)

# %%
torch.manual_seed(0)
body = SmallResNet()  # maps at strides 4, 8 and 16
backbone = PyramidBackbone(body, FeaturePyramid(body.channels, 64))
few = Settings(sampled=64, pre_top_n=(300, 300), post_top_n=(100, 100))
first_stage = RegionProposalNetwork(RPNHead(64, num_anchors=3), recipes["lesson"], few)
sizes = {"width": 256, "mask_channels": 64, "mask_convolutions": 2}
second_stage = DecoupledHeads(64, len(NAMES), **sizes, settings=RoISettings(sampled=32))
normalized = Transform(min_size=None, mean=(0.5,) * 3, std=(0.25,) * 3, divisor=16)
by_hand = MaskRCNN(backbone, first_stage, second_stage, normalized)

model, weights = lesson_model(seed=0), by_hand.state_dict()
assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())

# %% [markdown]
# `lesson_model(seed=0)` is the same, to the last bit. **Predict first**: which part has the most weights, and which part
# does the most work?

# %%
heads, grids = model.roi_heads, recipes["lesson"].grids(128, 128)
costs = {
    "backbone": count(body, (1, 3, 128, 128)),
    "pyramid": count(backbone.fpn, [(1, c, *grid) for c, grid in zip(body.channels, grids, strict=True)]),
    "RPN head": count(first_stage.head, [(1, 64, *grid) for grid in grids]),
    "box head": count(nn.Sequential(heads.box_head, heads.box_predictor), (100, 64, 7, 7)),  # 100 proposals
    "mask head": count(nn.Sequential(heads.mask_head, heads.mask_predictor), (5, 64, 14, 14)),  # 5 detections
}
parameters = {name: cost["total"].parameters for name, cost in costs.items()}
work = {name: cost["total"].multiply_adds for name, cost in costs.items()}

# %%
fc6 = heads.box_head.fc6.weight.numel()
assert fc6 == 64 * 7 * 7 * 256 == 802_816 and sum(parameters.values()) == 1_825_457
assert round(fc6 / sum(parameters.values()), 2) == 0.44
over_the_picture = sum(work[name] for name in ("backbone", "pyramid", "RPN head"))
assert over_the_picture > 0.5 * sum(work.values())
show(
    machine.shares({"parameters": parameters, "multiply-adds": work}),
    "Where the 1,825,457 parameters are, and the multiply-adds of one picture with 100 proposals and 5 detections. "
    + "; ".join(f"{name} {parameters[name] / 1825457:.0%}, {n / sum(work.values()):.0%}" for name, n in work.items()),
)

# %% [markdown]
# A single layer, `fc6`, holds 44 % of all parameters: it has a weight for each of 64 · 7 · 7 numbers and each of its 256
# neurons. Yet more than half of the work is done by convolutions over the whole picture, which use few weights many times.
#
# What lies between is in the **trace**. One picture through the machine, before it has learned anything:

# %%
watched = list(HELD_OUT.pictures(12))
one = watched[3]


def traced(model, pictures, **changed):
    """Return every value on the way from pictures to detections."""
    with evaluating(model):
        return model.trace([as_target(picture)[0] for picture in pictures], **changed)


trace = traced(model, [one], count=100)

# %%
shapes = {
    "picture": trace.batch.pictures,
    "pyramid, finest": trace.features[0],
    "pyramid, coarsest": trace.features[-1],
    "anchors": torch.cat(trace.anchors),
    "proposals": trace.proposals[0],
    "RoI features": trace.box_features,
    "class scores": trace.scores,
    "refined boxes": trace.refined,
    "masks, small": trace.mask_logits,
    "masks, pasted": trace.outputs[0]["masks"],
}
for name, value in shapes.items():
    print(f"{name:>18}: {' × '.join(map(str, value.shape))}")

# %%
assert trace.mask_logits.shape[1:] == (7, 28, 28) and len(trace.scores) == len(trace.proposals[0]) == 100
of_picture = [
    Part("backbone", "maps", "3 maps, strides 4, 8, 16"),
    Part("pyramid", "maps", "64 channels each"),
    Part("RPN", "maps", "4,032 logits, deltas"),
    Part("proposals", "boxes", "100 boxes"),
]
of_roi = [
    Part("RoIAlign", "boxes", "100 × 64 × 7 × 7"),
    Part("box head", "heads", "7 scores, 7 boxes"),
    Part("detections", "boxes", "a few boxes"),
    Part("RoIAlign", "boxes", "64 × 14 × 14"),
    Part("mask head", "heads", "7 × 28 × 28"),
]

# %%
show(
    machine.diagram(one.image, Seen(one.masks, one.labels), [of_picture, of_roi]),
    "The machine. Over the whole picture: backbone, pyramid, RPN, proposals. Then for each RoI: RoIAlign, box head, "
    "detections; RoIAlign once more, mask head, and the masks are pasted into the picture.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# Blue works on the whole picture, orange on one RoI at a time, gray has no weights. Note the order: the mask head comes
# *last*, and looks only at what has already been detected, from inside the refined box.
#
# Two things lie hidden in the arrows. From which map is a RoI read? From the one on which it covers about as many cells as
# any other RoI on its own. And what are the heads told about a RoI while they learn?

# %%
exercises.card("5.1")


# %%
def choose_levels(
    boxes: np.ndarray, lowest: int, highest: int, canonical_size: float, canonical_level: int
) -> np.ndarray:
    """Return the pyramid level, from `lowest` to `highest`, that each of the boxes `(N, 4)` is read from."""
    ...


# %%
exercises.attempt("5.1", choose_levels)

# %%
exercises.card("5.2")


# %%
def label_proposals(
    proposals: np.ndarray, objects: np.ndarray, classes: np.ndarray, foreground: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the label and the matched object of each RoI: of the proposals `(N, 4)`, then of the objects `(M, 4)`."""
    ...


# %%
exercises.attempt("5.2", label_proposals)

# %% [markdown]
# ## 5.2 Five losses
#
# The RPN has two (chapter 2): objectness and boxes. The heads have three, summed over the sampled RoIs:
#
# $$L = L_\text{objectness} + L_\text{RPN box} + \underbrace{-\ln p_c}_\text{class}
#   + \underbrace{\mathrm{smooth}_{L_1}(d^{(c)} - d^*)}_\text{box, if } c > 0
#   + \underbrace{\mathrm{BCE}(m^{(c)}, m^*)}_\text{mask, if } c > 0$$
#
# The superscript (c) matters: of seven boxes and seven masks only those of the **true class** are looked at. The others may
# say what they like. Two RoIs by hand, with three classes: the first holds an object of class 2, the second nothing.

# %%
logits = torch.tensor([[0.0, 0.0, math.log(2)], [math.log(8), 0.0, 0.0]])  # softmax: 1/4, 1/4, 1/2 and .8, .1, .1
labels = torch.tensor([2, 0])
moves = torch.zeros(2, 3, 4)
moves[0, 2] = torch.tensor([1.0, 0.0, 0.05, 0.0])  # of the true class: counts
moves[0, 1], moves[1, 0] = 9.0, 9.0  # of another class, and of the background: do not
wanted = torch.zeros(1, 4)  # the first RoI's box is right as it is

class_loss = (-math.log(1 / 2) - math.log(0.8)) / 2
box_loss = ((1 - BETA / 2) + 0.05**2 / (2 * BETA)) / 2  # a line beyond 1/9, a parabola below; divided by both RoIs
assert np.allclose(box_losses(logits, moves, labels, wanted), [class_loss, box_loss])

# %%
cells = torch.tensor([[[[5.0, 5], [5, 5]], [[-9.0, 9], [9, -9]], [[0.0, 0], [math.log(3), 0]]]])  # of each class
target = torch.tensor([[[1.0, 0], [1, 0]]])
own = [[0.0, 0.0], [math.log(3), 0.0]]  # only class 2's counts: log 3 is a probability of 3/4
total = 0.0
for i in range(2):
    for j in range(2):
        p = 1 / (1 + math.exp(-own[i][j]))
        total -= math.log(p if target[0, i, j] else 1 - p)
assert np.isclose(total / 4, (3 * math.log(2) + math.log(4 / 3)) / 4)
assert np.isclose(mask_loss(cells, torch.tensor([2]), target), total / 4)

# %% [markdown]
# **Predict first.** The machine has learned nothing: it should find all classes equally likely, objects and background, and
# a cell as likely in as out. What are the losses of a first step, in logarithms?

# %%
batch = [as_target(picture) for picture in TRAINING.pictures(8)]
images, targets = map(list, zip(*batch, strict=True))
chance = [np.random.default_rng([0, 1, k]) for k in range(8)]
start = {name: value.item() for name, value in model.train().losses(images, targets, rng=chance).items()}
for (name, value), guess in zip(start.items(), (math.log(2), None, math.log(7), None, math.log(2)), strict=True):
    print(f"{name:>17}: {value:.2f}" + (f", expected {guess:.2f}" if guess else ""))

# %%
assert abs(start["loss_objectness"] - math.log(2)) < 0.02  # log 2
assert abs(start["loss_classifier"] - math.log(7)) < 0.15  # log 7
assert start["loss_rpn_box_reg"] < 0.1 < start["loss_box_reg"] < 1
assert start["loss_mask"] > 2 * math.log(2)  # not log 2!

# %% [markdown]
# log 2 and log 7, as expected. But the masks are far off log 2. The mask head's last layer starts with large weights, so
# that at random its cells are not undecided but *sure*, and half of the time wrong. A loss that starts above the logarithm
# says so, and the first few steps repair it. The boxes' losses are small, because few anchors and RoIs have an object.

# %%
exercises.card("5.3")


# %%
def true_class_box_loss(deltas: np.ndarray, targets: np.ndarray, labels: np.ndarray, beta: float) -> float:
    """Return the smooth L1 loss of the deltas `(R, C, 4)` against the targets `(R, 4)`, per sampled RoI."""
    ...


# %%
exercises.attempt("5.3", true_class_box_loss)

# %%
exercises.card("5.4")


# %%
def true_class_mask_loss(logits: np.ndarray, targets: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean binary cross-entropy of logits `(P, C, M, M)` against targets `(P, M, M)`, by true class."""
    ...


# %%
exercises.attempt("5.4", true_class_mask_loss)

# %% [markdown]
# ## 5.3 Learning, live
#
# A step of training looks at eight new pictures, draws anchors and RoIs, computes the five losses, and changes all weights
# a little. The optimizer, Muon, makes every direction of a weight matrix's gradient equally strong. 300 steps take a minute
# or two; stop them, and let them go on. **Predict first**: one of the five losses rises. Which, and why?


# %%
def as_seen(found, score=0.5):
    """Return what was found with at least a score, to be drawn."""
    sure = np.flatnonzero(found.scores >= score)
    return Seen(found.masks[sure], found.labels[sure], [NAMES[label] for label in found.labels[sure]])


def scored(pictures, found):
    """Return COCO's figures of what was found in pictures, for masks and for boxes."""
    evaluation = CocoEvaluation(CLASSES)
    for picture, answer in zip(pictures, found, strict=True):
        evaluation.add(picture, answer)
    return evaluation.scores()


# %%
strange = list(HELD_OUT.pictures(30, start=50))  # pictures that no training has seen
moments, losses, reached, snapshots = (100, 200, 300), [], {}, {}
live, plan = lesson_model(seed=0), Config(steps=300, batch=8)


def watched_training():
    """Train, and note down what is drawn afterwards."""
    for progress in train(live, TRAINING, plan):
        losses.extend([progress.losses] if progress.losses else [])
        if progress.step in moments:
            snapshots[f"step {progress.step}"] = list(map(as_seen, detect(live, [one.image for one in watched[3:4]])))
        yield progress


# %% tags=["varies"]
def look():
    """Return the mask AP on pictures never seen, and note it down."""
    figures = scored(strange, detect(live, [one.image for one in strange])).masks
    reached[len(losses)] = {"AP50": figures.ap50, "AP": figures.ap}
    return figures.ap, None


monitor = TrainingMonitor(watched_training(), look, look_every=50)
view = {"model_id": monitor.model_id, "version_major": 2, "version_minor": 0}
words = "A training monitor: curves that grow while the machine learns. What they become is drawn below."
display({"application/vnd.jupyter.widget-view+json": view, "text/plain": words}, raw=True)
monitor.run_through()

# %%
first, last = losses[0], {name: np.mean([loss[name] for loss in losses[-30:]]) for name in losses[0]}
assert last["loss_objectness"] < 0.2 * first["loss_objectness"] and last["loss_mask"] < 0.3 * first["loss_mask"]
assert last["loss_box_reg"] > first["loss_box_reg"]  # it has risen
assert reached[300]["AP"] > 0.08 > reached[50]["AP"]

# %% tags=["varies"]
said = ("objectness", "RPN boxes", "classes", "boxes", "masks")
by_name = {name: [loss[key] for loss in losses] for name, key in zip(said, first, strict=True)}
precisions = {key: [one[key] for one in reached.values()] for key in ("AP50", "AP")}
show(
    curves.training(by_name, list(reached), precisions),
    "Left: five losses over 300 steps. Objectness falls first; the box loss of the heads rises. "
    "Right: mask AP and AP50 on pictures never seen, which rise from nearly zero.",
    photograph=True,
    quality=35,
)

# %% tags=["varies"]
truths = [Seen(one.masks, one.labels, [NAMES[label] for label in one.labels]) for one in watched[3:4]]
show(
    machine.strip([one.image for one in watched[3:4]], snapshots, truths),
    "A picture with what is found after 100, 200 and 300 steps, beside the truth: from hardly anything to objects with "
    "ragged masks, not all of them of the right class.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# Objectness comes first: whoever knows where things are can go on to what they are. The boxes' loss *rises*, and that is
# good news: as proposals get better, more of them have an object, and only those count in it. A loss that is a sum over
# what has been found cannot be compared between moments. AP can.
#
# That was the beginning. For the rest of this chapter we skip ahead, to weights that ship with minimask: the same model,
# the same recipe, 5,000 steps, fifteen minutes on two slow cores (`python -m minimask.training.lesson_runs` remakes them):

# %%
records = learning_curves()
ends = {}
for curve in records:
    ends.setdefault(curve.budget, []).append(curve.mask_ap[-1])
for minutes, aps in ends.items():
    print(f"{minutes:>4.0f} minutes: mask AP {np.median(aps):.3f}, from {min(aps):.3f} to {max(aps):.3f}")
longest = [curve for curve in records if curve.budget == max(ends)]

# %%
show(
    curves.learning({"mask AP": [(curve.minutes, curve.mask_ap) for curve in longest]}),
    f"Mask AP against minutes of training, for three seeds of the longest training, of {max(ends):.0f} minutes.",
)

# %% [markdown]
# ## 5.4 The X-ray
#
# What does the trained machine do with a picture? Go through it stage by stage: choose a RoI and see what becomes of it,
# slide the thresholds, and watch what follows.

# %%
trained = trained_lesson_model()
xray = XRay(recorded_pictures()[:1])
xray

# %% [markdown]
# And now each stage again, with a picture of what it does and **one number** for how well it does it, over fifty pictures
# that the machine has never seen.

# %% tags=["varies"]
unseen = list(HELD_OUT.pictures(50, start=100))
seen, alone = traced(trained, unseen), traced(trained, [one])
objects = np.concatenate([picture.boxes for picture in unseen])
classes = np.concatenate([picture.labels for picture in unseen])
first_of = np.cumsum([0, *(len(picture.boxes) for picture in unseen)])  # the first object of each picture
best = {"anchors": [best_overlaps(torch.cat(seen.anchors), picture.boxes).iou_of_object for picture in unseen]}
print(f"{len(unseen)} pictures, {len(objects)} objects")

# %% [markdown]
# **Anchors.** The 4,032 boxes to begin with. The number: the mean IoU of the best one for each object.

# %% tags=["varies"]
mean_iou = {"anchors": np.concatenate(best["anchors"]).mean()}
assert 0.6 < mean_iou["anchors"] < 0.75
overlaps = best_overlaps(torch.cat(alone.anchors), one.boxes)
panel = one.image, one.boxes, torch.cat(alone.anchors)[overlaps.box_of_object], overlaps.iou_of_object
show(
    anchor_pictures.best_anchors({"the best anchors": panel}, 0.7),
    "A picture with three objects, each with the anchor that fits it best, and its IoU.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# **Objectness.** How sure is the RPN that there is something? The number: take an anchor on an object, and one on the
# background. How often does the first get the higher score? (Half of the time would be guessing.)


# %%
def wins(high, low):
    """Return how often a value of the first is above one of the second: the area under the ROC curve."""
    order = np.sort(low)
    return np.searchsorted(order, high).mean() / len(order)


# %% tags=["varies"]
scores_of = torch.cat(seen.predictions.logits, dim=1).numpy()
overlap_of = np.array([best_overlaps(torch.cat(seen.anchors), picture.boxes).iou_of_box for picture in unseen])
above = wins(scores_of[overlap_of >= 0.6], scores_of[overlap_of < 0.3])
assert above > 0.97
heat = [
    level[0].sigmoid().reshape(side, side, 3).amax(dim=2).numpy()
    for level, (side, _) in zip(alone.predictions.logits, grids, strict=True)
]

# %% tags=["varies"]
show(
    stages.objectness(one.image, {f"stride {4 * 2**k}": level for k, level in enumerate(heat)}, one.boxes),
    "A picture, and the objectness of every cell at strides 4, 8 and 16: it is high around the middles of the objects, "
    "small ones on the fine map and large ones on the coarse.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# More than 97 times of a hundred. Each level lights up for objects of the size of its anchors.
#
# **Proposals.** A hundred boxes that are moved, clipped and thinned out. The number: the share of objects that at least one
# of them overlaps by 0.5, and by 0.7. **Levels.** From which map is each read?

# %% tags=["varies"]
pairs = [best_overlaps(boxes, picture.boxes) for boxes, picture in zip(seen.proposals, unseen, strict=True)]
best["proposals"] = [pair.iou_of_object for pair in pairs]
found_at = {level: (np.concatenate(best["proposals"]) >= level).mean() for level in (0.5, 0.7)}
assert found_at[0.5] > 0.95 and found_at[0.7] > 0.75
per_level = Counter(seen.levels.tolist())
on_one = best_overlaps(alone.proposals[0], one.boxes).iou_of_box >= 0.5
served = {f"stride {4 * 2**k}": per_level[k] for k in range(3)}
show(
    stages.proposals(one.image, one.boxes, alone.proposals[0], on_one, served),
    "The 100 proposals of a picture: those beside its objects, and those that overlap one by half. Right: how many "
    "RoIs of fifty pictures are read from each level.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# More than 95 of a hundred objects. But look at the levels: almost every RoI is read from the *finest* map. The formula's
# canonical size, 224, is that of real photographs; here nothing is larger than 128. The coarse maps still work for the
# RPN, and through the pyramid they have told the finest map all they know. Section 5.6 asks whether that matters.
#
# **RoI features.** What RoIAlign reads, and what RoIPool would read from the same map. The number: how many RoIs do not
# notice when they are moved by a pixel, a quarter of a cell.

# %% tags=["varies"]
finest, boxes = alone.features[0], alone.proposals[0]
readers = {
    "RoIAlign": lambda rois: roi_align(finest, [rois], 7, 0.25, 2, True),
    "RoIPool": lambda rois: roi_pool(finest, [rois], 7, 0.25),
}
inside = boxes[(boxes[:, 2] < 120)]
unmoved = {}
for name, read in readers.items():
    before, after = read(inside), read(inside + torch.tensor([1.0, 0, 1, 0]))
    unmoved[name] = float((before == after).flatten(1).all(dim=1).float().mean())
assert unmoved["RoIAlign"] == 0 and unmoved["RoIPool"] > 1 / 3

# %% tags=["varies"]
good = int(best_overlaps(boxes, one.boxes).box_of_object[-1])
channels = [read(boxes[good : good + 1])[0, :4].numpy() for read in readers.values()]
show(
    stages.features(one.image, boxes[good], dict(zip(readers, channels, strict=True))),
    "A RoI, and four of its 64 channels on 7 by 7 cells, as RoIAlign and as RoIPool read them: RoIPool's are brighter, "
    "since it takes maxima, and neighboring cells repeat each other.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# Everything is noticed by RoIAlign, and by RoIPool nothing in a third of the cases and more.
#
# **Class scores.** A softmax over seven classes for each RoI. Two numbers: the share of RoIs on an object that get its
# class, and the share of RoIs beside all objects that are called background.

# %% tags=["varies"]
iou_of = np.concatenate([pair.iou_of_box for pair in pairs])
object_of = np.concatenate([pair.object_of_box + start for pair, start in zip(pairs, first_of[:-1], strict=True)])
guess, on = seen.scores.argmax(dim=1).numpy(), iou_of >= 0.5
named = (guess[on] == classes[object_of[on]]).mean()
ignored = (guess[iou_of < 0.3] == 0).mean()
assert named > 0.7 and ignored > 0.9

# %% tags=["varies"]
pair = best_overlaps(boxes, one.boxes)
rois = [*pair.box_of_object[1:3], int(np.argmin(pair.iou_of_box))]
names = [NAMES[one.labels[pair.object_of_box[k]]] if pair.iou_of_box[k] >= 0.5 else NAMES[0] for k in rois]
show(
    stages.class_scores(one.image, boxes[rois], alone.scores[rois].numpy(), NAMES, names),
    "Three RoIs with the probability of every class: on objects most of it is given to the true class, beside them to "
    "the background.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# **Refined boxes.** Each RoI is moved by the deltas of its class. The number: the mean IoU before and after.

# %% tags=["varies"]
label_of = torch.from_numpy(classes[object_of])
own_box = seen.refined[torch.arange(len(label_of)), label_of].numpy()
after = np.array([box_iou(own_box[k : k + 1], objects[object_of[k]][None])[0, 0] for k in np.flatnonzero(on)])
before = iou_of[on]
gain = after - before
assert gain.mean() > 0.05 and gain[before < 0.7].mean() > gain[before >= 0.7].mean()
parts = np.split(own_box, 100 * np.arange(1, len(unseen)))
best["refined boxes"] = [
    best_overlaps(part, picture.boxes).iou_of_object for part, picture in zip(parts, unseen, strict=True)
]

# %% tags=["varies"]
away = [int(np.flatnonzero((pair.object_of_box == k) & (pair.iou_of_box >= 0.5))[-1]) for k in range(len(one.boxes))]
moved = alone.refined[away, one.labels]
show(
    stages.refined(one.image, one.boxes, boxes[away], moved, np.stack([before, after], axis=1)[::3]),
    "Left: three RoIs before and after they are refined. Right: the IoU with the object before and after, for RoIs of "
    "fifty pictures: most lie above the diagonal, so that their boxes became better.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# Bad RoIs gain the most; the best have little to gain.
#
# **28 × 28 logits.** Now only for detections, and from inside the refined box. The number: of the cells of the true class,
# how many are on the right side of one half?


# %%
def right_ones(trace, pictures):
    """Return for each picture which detections overlap an object of their class by half, and which object that is."""
    chosen = []
    for found, picture in zip(trace.detections, pictures, strict=True):
        pair = best_overlaps(found.boxes, picture.boxes)
        same = picture.labels[pair.object_of_box] == found.labels.numpy()
        rows = np.flatnonzero((pair.iou_of_box >= 0.5) & same)
        chosen.append((rows, torch.from_numpy(pair.object_of_box[rows])))
    return chosen


def by_picture(trace, values):
    """Return rows for all detections as one tensor for each picture."""
    return torch.split(values, [len(found.boxes) for found in trace.detections])


# %% tags=["varies"]
matched, right = right_ones(seen, unseen), []
for picture, found, masks, (rows, which) in zip(
    unseen, seen.detections, by_picture(seen, seen.masks), matched, strict=True
):
    wanted_cells = mask_targets(torch.from_numpy(picture.masks).float(), found.boxes[rows], which, 28)
    right.append(((masks[rows] >= 0.5) == (wanted_cells >= 0.5)).float().mean(dim=(1, 2)))
cells_right = float(torch.cat(right).mean())
assert cells_right > 0.85

# %% tags=["varies"]
top = int(right_ones(alone, [one])[0][0][0])
show(
    stages.class_masks(
        one.image,
        alone.detections[0].boxes[top],
        alone.mask_logits[top].sigmoid().numpy(),
        NAMES,
        int(alone.detections[0].labels[top]),
    ),
    "A detection, and the mask of 28 by 28 cells that each class would give it. That of its own class fits; the others "
    "say something else, and nobody asks them.",
)

# %% [markdown]
# Seven masks for one detection, and only its class's counts. The others were never told anything about such objects.
#
# **Pasted masks.** The chosen mask goes back into the picture. The number: its IoU with the true mask, pixel by pixel.

# %% tags=["varies"]
outputs = list(detect(trained, [picture.image for picture in unseen]))
final, mask_ious = scored(unseen, outputs).masks, []
for picture, output, (rows, which) in zip(unseen, outputs, matched, strict=True):
    for row, k in zip(rows, which.tolist(), strict=True):
        mask, true = output.masks[row], picture.masks[k]
        mask_ious.append((mask & true).sum() / (mask | true).sum())
assert np.mean(mask_ious) > 0.7
assert final.ap50 > final.ap > 0.4

# %% tags=["varies"]
few_pictures = [watched[k] for k in (3, 4)]
answers = list(map(as_seen, detect(trained, [picture.image for picture in few_pictures])))
truths = [Seen(picture.masks, picture.labels, [NAMES[label] for label in picture.labels]) for picture in few_pictures]
show(
    machine.gallery([picture.image for picture in few_pictures], {"found": answers, "the truth": truths}),
    "Two pictures: what the machine finds with a score above one half, and below it the truth.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# All numbers together, and all stages in one picture: of the best box (or mask) that each has for an object.

# %% tags=["varies"]
numbers = {
    "anchors": ("mean IoU of the best one for each object", mean_iou["anchors"]),
    "objectness": ("how often an anchor on an object beats one on the background", above),
    "proposals": ("objects that one of 100 overlaps by 0.5", found_at[0.5]),
    "class scores": ("RoIs on an object that get its class", named),
    "refined boxes": ("mean IoU of RoIs on an object, after refinement", after.mean()),
    "28 × 28 masks": ("cells that are right", cells_right),
    "pasted masks": ("mean IoU of right detections with their object", np.mean(mask_ious)),
    "all together": ("mask AP, mean over IoU 0.5 to 0.95", final.ap),
}
words = "One number for each stage, from 0 to 1: " + ", ".join(numbers) + "."
show(stages.scoreboard(numbers), words, photograph=True, quality=30)

# %% tags=["varies"]
best["detections"], best["masks"] = [], []
for picture, found, output in zip(unseen, seen.detections, outputs, strict=True):
    for box, label, mask in zip(picture.boxes, picture.labels, picture.masks, strict=True):
        same = np.flatnonzero(output.labels == label)
        boxes_of, masks_of = found.boxes.numpy()[same], output.masks[same]
        best["detections"].append([max([0.0, *box_iou(boxes_of, box[None])[:, 0]])])
        shared, either = (masks_of & mask).sum(axis=(1, 2)), (masks_of | mask).sum(axis=(1, 2))
        best["masks"].append([max([0.0, *(shared / either)])])

# %% tags=["varies"]
half = {name: (np.concatenate(values) >= 0.5).mean() for name, values in best.items()}
assert half["anchors"] > 0.95 and half["refined boxes"] > 0.9 and half["refined boxes"] >= half["detections"]
show(
    stages.reached({name: np.concatenate(values) for name, values in best.items()}),
    "The share of objects for which each stage has something of at least an IoU: anchors fall off early, proposals and "
    "refined boxes reach further, detections and masks of the right class lie a little below.",
    photograph=True,
    quality=35,
)

# %% [markdown]
# Anchors reach everything, and nothing well. Proposals are better, and refined boxes would suit nearly all objects. The step
# from there down to the detections is the *class*: a fine box with the wrong name counts as nothing.
#
# ## 5.5 The half pixel that costs mask AP
#
# The way into the mask head and the way out of it are both a change of grid: from the pixels of the picture to 28 by 28
# cells, and back. The published code gets both slightly wrong. Its target is read with `aligned=False` (chapter 3's half
# pixel), and its paste cuts boxes to whole numbers and counts a width as $x_2 - x_1 + 1$. On objects of 300 pixels nobody
# would notice. By hand: a bar of four pixels in its own box, and a mask of four cells for it.

# %%
bar_mask = torch.zeros(1, 1, 8)
bar_mask[..., 2:6] = 1  # pixels 2, 3, 4 and 5: from x = 2 to x = 6
bar_box, nothing = torch.tensor([[2.0, 0, 6, 1]]), torch.tensor([0])
aligned, published = (mask_targets(bar_mask, bar_box, nothing, 4, convention)[0, 0] for convention in (True, False))
assert aligned.tolist() == [1, 1, 1, 1] and published.tolist() == [1, 1, 1, 0.5]
ways = ("aligned", "published")
back = {way: paste_masks(torch.ones(1, 4, 4), bar_box, (1, 8), way)[0, 0] >= 0.5 for way in ways}
assert back["aligned"].int().tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
print("pasted as published:", back["published"].int().tolist())

# %%
exercises.card("5.5")


# %%
def crop_mask(mask: np.ndarray, box: Box, size: int) -> np.ndarray:
    """Return what of a mask `(H, W)` lies in a box in pixels, as an array `(size, size)` with numbers from 0 to 1."""
    ...


# %%
exercises.attempt("5.5", crop_mask)

# %%
exercises.card("5.6")


# %%
def paste_mask(mask: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    """Return which pixels of a picture, a Boolean array `(H, W)`, a mask `(M, M)` covers that fills a box."""
    ...


# %%
exercises.attempt("5.6", paste_mask)

# %% [markdown]
# How much does it cost? Ask an **oracle**: it knows the true boxes, classes and masks, and only has to send the masks
# through the small grid and back. **Predict first**: what mask AP does it reach with published conventions? And do more
# cells help?


# %%
def through_the_grid(picture, cells, target, paste):
    """Return the true masks of a picture after the way into a grid and back."""
    boxes, masks = torch.from_numpy(picture.boxes), torch.from_numpy(picture.masks)
    small = mask_targets(masks.float(), boxes, torch.arange(len(boxes)), cells, target == "aligned")
    return paste_masks(small, boxes, picture.image.shape[:2], paste).numpy() >= 0.5


def oracle(pictures, masks_of):
    """Return the mask AP of answers that are right but for their masks, which a function makes from the picture."""
    answers = [
        {"boxes": one.boxes, "labels": one.labels, "scores": np.ones(len(one.labels)), "masks": masks_of(one)}
        for one in pictures
    ]
    return scored(pictures, answers).masks.ap


# %%
grid_cells, hundred = (28, 14, 7), list(HELD_OUT.pictures(100))
oracles = {}
for target, paste in product(ways, ways):
    oracles[f"{target}, {paste}"] = [
        oracle(hundred, lambda one, way=(cells, target, paste): through_the_grid(one, *way)) for cells in grid_cells
    ]
for name, values in oracles.items():
    print(f"{name:>22}: " + ", ".join(f"{value:.2f}" for value in values))
assert oracles["aligned, aligned"][0] > 0.995 and oracles["published, published"][0] < 0.85
assert abs(oracles["published, published"][0] - oracles["published, published"][2]) < 0.06

# %%
show(
    curves.oracles(grid_cells, oracles),
    "Mask AP of an oracle against the number of cells: aligned both ways 1.00 at 28 and less with fewer cells; "
    "published both ways about 0.8, whatever the number of cells.",
    photograph=True,
    quality=35,
)

# %% [markdown]
# With the half pixel right, 28 by 28 cells are as good as perfect. Published both ways, a machine that makes **no mistake
# at all** loses a fifth of its mask AP, and no number of cells brings it back. On the smallest object of these pictures
# one can see it:

# %%
small_one = min(hundred, key=lambda picture: np.prod(picture.boxes[0, 2:] - picture.boxes[0, :2]))
outlines = {
    f"target {target},\npaste {paste}": (through_the_grid(small_one, 28, target, paste)[0], small_one.masks[0])
    for target, paste in (("aligned", "aligned"), ("published", "published"))
}
show(
    stages.pasted(small_one.image, outlines, small_one.boxes[0]),
    "A small object, its true outline (dashed) and what comes back from 28 by 28 cells: aligned the same, published "
    "moved by part of a pixel.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# And the trained machine? It learned from aligned targets. We change only the paste, after training:

# %% tags=["varies"]
settings = trained.roi_heads.settings
pasted = {}
for way in ways:
    trained.roi_heads.settings = replace(settings, paste=way)
    pasted[way] = scored(unseen, detect(trained, [picture.image for picture in unseen])).masks.ap
trained.roi_heads.settings = settings
assert pasted["published"] < pasted["aligned"] - 0.01

# %% [markdown]
# The same network, the same boxes, the same scores, and less AP, by a convention. What if the machine is *trained* with
# the published conventions? It might learn to draw its masks the other way. The next section knows.
#
# ## 5.6 What is each decision worth?
#
# A single run proves little: another seed, another AP. So every variant was trained with three seeds, for as many steps as
# the base, and measured on 300 pictures; the runs are recorded, and `python -m minimask.training.lesson_runs` makes them
# anew. The rule: **a difference counts only if every seed of the one lies above every seed of the other**. If nothing but
# chance were at work, that would happen once in ten times. **Predict first**: which of these decisions matters most?
#
# - *RoIPool*: features are read by rounding (chapter 3).
# - *published conventions*: the half pixel of section 5.5, in RoIs, targets and paste.
# - *softmax masks*: classes compete for every cell, where a sigmoid gives each class a mask of its own.
# - *joint heads*: class, box and mask share their convolutions, with as many parameters (chapter 4).
# - *RoIs from all maps*: a canonical size of 56 instead of 224, so that larger RoIs are read from coarser maps.
# - *one map*: no pyramid; all anchors and all RoIs on a single map of stride 8.

# %%
assert math.comb(6, 3) / 2 == 10
runs = ablations()
assert len({run.steps for of in runs.values() for run in of}) == 1  # equally long
assert all([run.seed for run in of] == [0, 1, 2] for of in runs.values())
values = {
    "mask AP": {name: [np.mean(run.mask_ap) for run in of] for name, of in runs.items()},
    "box AP": {name: [np.mean(run.box_ap) for run in of] for name, of in runs.items()},
}


def compared(name, kind="mask AP", base="base"):
    """Return in words what three seeds show of a variant."""
    these, those = values[kind][name], values[kind][base]
    apart = "better" if min(these) > max(those) else "worse" if max(these) < min(those) else "no difference shown"
    return apart, float(np.mean(these) - np.mean(those))


# %%
for name in runs:
    shown = {kind: compared(name, kind) for kind in values}
    print(f"{name:>22}: " + "; ".join(f"{kind} {by:+.3f} ({word})" for kind, (word, by) in shown.items()))

# %%
show(
    curves.seeds(values, "base"),
    "Mask AP and box AP of seven variants, three seeds each, beside the range of the base. "
    + "; ".join(f"{name}: {compared(name)[0]}" for name in runs if name != "base"),
    photograph=True,
    quality=35,
)

# %% [markdown]
# **RoIPool against RoIAlign.** Chapter 3's oracle said that rounding costs masks more than boxes (claim 8). A trained network
# can make up for some of it. At which IoU does it matter?

# %%
operators = {"RoIAlign": runs["base"], "RoIPool": runs["RoIPool"]}
pools = {
    kind: {name: [getattr(run, kind) for run in of] for name, of in operators.items()} for kind in ("mask_ap", "box_ap")
}
gaps = {kind: np.mean(of["RoIAlign"], axis=0) - np.mean(of["RoIPool"], axis=0) for kind, of in pools.items()}
for kind, gap in gaps.items():
    print(f"{kind}: RoIAlign is ahead by {gap[0]:+.3f} at IoU 0.5, {gap[5]:+.3f} at 0.75, {gap[8]:+.3f} at 0.9")

# %%
show(
    curves.by_threshold(THRESHOLDS, {"mask AP": pools["mask_ap"], "box AP": pools["box_ap"]}),
    "Mask AP and box AP at IoU thresholds from 0.5 to 0.95, with RoIAlign and with RoIPool: means and ranges of three "
    "seeds.",
    photograph=True,
    quality=35,
)

# %%
assert compared("RoIPool")[0] == compared("RoIPool", "box AP")[0] == "worse"
assert gaps["mask_ap"].mean() > gaps["box_ap"].mean()
lost = {kind: gap.mean() for kind, gap in gaps.items()}
print(f"on the mean over thresholds RoIPool costs masks {lost['mask_ap']:.3f} and boxes {lost['box_ap']:.3f}")

# %% [markdown]
# RoIPool is worse in every seed, and in masks by more than in boxes; so says chapter 3, and training agrees. **The half
# pixel**, too, is no matter of taste, also after training. It costs masks only; boxes do not notice:

# %%
assert compared("published conventions")[0] == "worse"
assert compared("published conventions", "box AP")[0] == "no difference shown"
foretold = oracles["aligned, aligned"][0] - oracles["published, published"][0]
print(f"the oracle loses {foretold:.2f}, the trained machine {-compared('published conventions')[1]:.2f}")

# %% [markdown]
# **Joint or decoupled heads?** The textbook calls separate heads "a key reason" for Mask R-CNN's ability (claim 14). If so,
# joining them must cost much, and in every seed.

# %%
word, by = compared("joint heads")
of_boxes, gained = compared("joint heads", "box AP")
record(
    14,
    chapter=5,
    words="Separate heads are a key reason for Mask R-CNN's ability",
    measured=-by,  # what they are worth in mask AP
    verdict="does not hold",
    because=of_boxes == "better" and gained > -by and -by < 0.05 * np.mean(values["mask AP"]["base"]),
)

# %% [markdown]
# They cost masks little, 4 % of their AP, though in every seed; and boxes gain more than that, in every seed. So a mask
# profits from a head of its own, a class and a box do not: they profit from what the mask's convolutions find. (Small
# pictures of six shapes, equally many parameters and steps; the joint head needs more time for a step. Whether the tasks'
# gradients fight each other, and what one can do about it, is chapter 4.)
#
# **The other three** all cost masks more than that:

# %%
base_ap = np.mean(values["mask AP"]["base"])
for name in ("softmax masks", "RoIs from all maps", "one map"):
    word, by = compared(name)
    assert word == "worse" and by < compared("joint heads")[1]
    print(f"{name:>18} cost {-by / base_ap:.0%} of the mask AP, boxes: {compared(name, 'box AP')[0]}")
assert compared("softmax masks")[1] < -base_ap / 2
assert compared("RoIs from all maps")[1] < compared("one map")[1]

# %% [markdown]
# *Softmax masks* lose more than half of it, and boxes nothing (in the paper it was 5.5 points of 30). What a RoI holds is
# decided by the box head already; if every cell decides once more, it can only disagree. And the *maps*: larger RoIs from
# coarser maps are worse than no pyramid at all. On objects this small, what counts is that masks are read from a fine map.
#
# **Filled boxes.** Chapter 1's ceiling: a detector that knows only boxes can fill them, at best. Does this one break it?

# %%
filled = [run.filled_ap for run in runs["base"]]


def boxes_as_masks(picture):
    """Return masks that fill the true boxes."""
    filled_boxes = np.zeros_like(picture.masks)
    for mask, (x1, y1, x2, y2) in zip(filled_boxes, picture.boxes.astype(int), strict=True):
        mask[y1:y2, x1:x2] = True
    return filled_boxes


ceiling = oracle(hundred, boxes_as_masks)
print(f"mask AP of perfect boxes, filled: {ceiling:.2f}; of the machine's boxes, filled: {np.mean(filled):.2f}")
assert min(values["mask AP"]["base"]) > 3 * ceiling and ceiling < 0.25

# %% [markdown]
# It does: after a few minutes it has more than three times the mask AP that **perfect** boxes would have.
#
# ## 5.7 From scores to detections, and to one number
#
# A hundred RoIs with seven classes are six hundred possible answers; most say the same, or nothing. The rule is in chapter
# 2 already: a threshold, NMS (now within each class), and the best hundred.

# %%
exercises.card("5.7")


# %%
def pick_detections(
    boxes: np.ndarray, scores: np.ndarray, threshold: float, overlap: float, most: int
) -> list[tuple[int, int]]:
    """Return the detections, best first, as pairs (index of a RoI, class), from boxes `(R, 4)`, scores `(R, C)`."""
    ...


# %%
exercises.attempt("5.7", pick_detections)

# %% [markdown]
# And how good are the answers, in one number? **Average precision** goes through the detections of a class from the surest
# to the least sure. Each claims an object that nobody has claimed before, if their IoU suffices; else it is false. Three
# detections and two objects by hand: true, false (a duplicate), true.
#
# | detection | true? | precision | recall |
# |---|---|---|---|
# | 0.9, IoU 0.8 with the first | yes | 1/1 | 1/2 |
# | 0.8, IoU 0.7 with the first, which is taken | no | 1/2 | 1/2 |
# | 0.7, IoU 0.6 with the second | yes | 2/3 | 2/2 |
#
# AP asks at 101 recalls, 0, 0.01, ... 1, for the *highest* precision from there on: 1 up to ½, which is 51 times, then ⅔.


# %%
def pixels(first, last):
    """Return a mask of some pixels in a row."""
    return (np.arange(40) >= first)[None] & (np.arange(40) < last)


two = [[("star", pixels(0, 10)), ("star", pixels(20, 30))]]
three = [[("star", pixels(0, 8), 0.9), ("star", pixels(0, 7), 0.8), ("star", pixels(20, 26), 0.7)]]
by_formula = (51 * 1 + 50 * 2 / 3) / 101
assert np.isclose(mask_average_precision(two, three)["AP50"], by_formula) and round(by_formula, 4) == 0.8350
show(
    curves.precision_recall([1 / 2, 1 / 2, 1], [1, 1 / 2, 2 / 3], [True, False, True], [1] * 51 + [2 / 3] * 50),
    f"Precision against recall of three detections, true, false, true, and the envelope: its mean is {by_formula:.4f}.",
)

# %%
exercises.card("5.8")


# %%
def average_precision(scores: np.ndarray, iou: np.ndarray, threshold: float) -> float:
    """Return the AP, from 0 to 1, of detections with scores `(D,)` and IoUs `(D, M)` with M objects."""
    ...


# %%
exercises.attempt("5.8", average_precision)

# %% [markdown]
# COCO's headline number is the mean of this over ten thresholds and all classes. The exercise's solution, on everything
# that the trained machine said about fifty pictures, held against pycocotools:


# %% tags=["varies"]
def rows_of_class(pictures, found, label):
    """Return the scores (D,) of a class's detections, and their mask IoUs (D, M) with all objects of the class."""
    blocks, scores = [], []
    for picture, answer in zip(pictures, found, strict=True):
        mine, true = answer.masks[answer.labels == label][:, None], picture.masks[picture.labels == label]
        blocks.append((mine & true).sum(axis=(2, 3)) / np.maximum((mine | true).sum(axis=(2, 3)), 1))
        scores.append(answer.scores[answer.labels == label])
    return np.concatenate(scores), block_diag(*blocks)  # other pictures' objects: an IoU of 0


solution = exercises.get("5.8").solution
tables = [rows_of_class(unseen, outputs, label) for label in range(1, 7)]
by_us = np.mean([[solution(*table, threshold) for threshold in THRESHOLDS] for table in tables])
assert np.isclose(by_us, final.ap, atol=1e-6)

# %% [markdown]
# The same, to six digits.
#
# ## 5.8 What goes wrong
#
# Four mistakes that people make, each brought about in a few seconds, and what they look like from outside.
#
# **The rate is too high.** Weights grow, losses explode, and soon nothing is finite any more. The training loop stops at
# once, computes the batch again while it watches every layer, and says where it began and why it probably did:

# %% tags=["varies"]
reckless = Config(steps=20, batch=2, optimizer="sgd", learning_rate=10.0, warmup=0.0)
try:
    *_, failure = train(lesson_model(seed=0), TRAINING, reckless)
except NonFiniteError as error:
    failure = error
assert failure.step <= 20 and "learning_rate" in failure.cause
print(failure.cause.partition(";")[0])

# %% [markdown]
# **The truth is not among the proposals.** Exercise 5.2 adds the true boxes to the proposals. Somebody forgets. How many
# RoIs of a first batch have an object then?

# %%
fresh = lesson_model(seed=0).train()
with torch.no_grad():
    prepared, _ = fresh.transform(images)
    maps = fresh.backbone(prepared.pictures)
    anchor_boxes = fresh.rpn.anchors(prepared.padded_size, maps)
    funnels = fresh.rpn.propose(fresh.rpn.predict(maps), anchor_boxes, prepared.sizes)
proposed = [funnel.top_n.boxes for funnel in funnels]
true_boxes = [target["boxes"] for target in targets]
both = list(zip(proposed, true_boxes, strict=True))
with_truth = [draw_rois(*boxes, count=100, rng=np.random.default_rng(0)) for boxes in both]
assert sum(map(len, true_boxes)) == 29 <= sum(len(sample.positive().boxes) for sample in with_truth)

# %% tags=["varies"]
forgotten = [int((best_overlaps(*boxes).iou_of_box >= 0.5).sum()) for boxes in both]
assert sum(forgotten) < 10 and forgotten.count(0) >= 4

# %% [markdown]
# Eight pictures with 29 objects, and fewer than ten RoIs have one; half of the pictures have none at all. At first the
# losses of boxes and masks are 0 or nearly, which looks like success. (It heals, once the RPN has learned; a slow start is
# all that one sees.)
#
# **x and y are swapped.** One library writes rows x1 y1 x2 y2, another y1 x1 y2 x2. No shape is wrong, no number is
# infinite. **Predict first**: which of the five losses tells?


# %%
class Swapped:
    """The same pictures, with the boxes of a data set that writes y first."""

    def __getitem__(self, index):
        picture = TRAINING[index]
        return replace(picture, boxes=picture.boxes[:, [1, 0, 3, 2]].copy())


def within(source, number=100):
    """Return the share of the pixels of masks that lie in the boxes of their objects."""
    shares = []
    for picture in map(source.__getitem__, range(number)):
        for mask, (x1, y1, x2, y2) in zip(picture.masks, picture.boxes.astype(int), strict=True):
            shares.append(mask[y1:y2, x1:x2].sum() / mask.sum())
    return np.mean(shares)


# %% tags=["varies"]
confused = lesson_model(seed=0)
totals = [step.losses for step in train(confused, Swapped(), Config(steps=60, batch=4)) if step.losses]
late = {name: np.mean([loss[name] for loss in totals[-20:]]) for name in totals[0]}
assert sum(late.values()) < 0.8 * sum(totals[0].values())
assert all(late[name] < 0.6 * totals[0][name] for name in ("loss_objectness", "loss_classifier", "loss_mask"))

# %%
shares = within(TRAINING), within(Swapped())
assert shares[0] == 1 and shares[1] < 0.4
print(f"pixels of masks in their boxes: {shares[0]:.0%}, swapped {shares[1]:.0%}")
swapped = [
    {"boxes": one.boxes[:, [1, 0, 3, 2]], "labels": one.labels, "scores": np.ones(len(one.labels)), "masks": one.masks}
    for one in hundred
]
by_box = scored(hundred, swapped).boxes.ap
assert 0 < by_box < 0.15
print(f"box AP of true boxes with x and y swapped: {by_box:.2f}")

# %% [markdown]
# None of them: all losses fall as they should; many mask targets are empty, and easy. But even perfect boxes have next to
# no AP if x and y are swapped: only objects near the diagonal count. What tells is a check of the *data*: are a mask's
# pixels in its box?
#
# **Deltas without a clamp.** In a wild first step a delta for the width may be 100. What does `exp` make of it?

# %%
wild = np.float32(100)
with np.errstate(over="ignore", invalid="ignore"):
    width = np.exp(wild) * np.float32(16)
    x1, x2 = 8 - width / 2, 8 + width / 2  # minus infinity and infinity
    area = shared = (x2 - x1) * 16
    overlap = shared / (area + area - shared)  # the IoU of this box with another like it
assert np.isinf(width) and np.isnan(overlap)
assert not overlap > 0.7  # so NMS suppresses nothing
assert np.isclose(np.diff(decode(np.array([[0, 0, wild, 0.0]]), np.array([[0.0, 0, 16, 16]]))[0, [0, 2]])[0], 1000)

# %% [markdown]
# Two infinite boxes have an IoU of nan. No comparison with nan is true, so NMS keeps them all, and nothing crashes. With the
# clamp of chapter 2 the box is 1,000 pixels wide, is cut to the picture, and the next steps bring it back.
#
# | symptom | cause | check |
# |---|---|---|
# | losses explode, then nan | learning rate too high, no warm-up | the size of the weights, step by step |
# | losses of boxes and masks begin at 0 | true boxes are not among the RoIs | count the positives of a first batch |
# | all losses fall, AP stays 0 | x and y swapped | are masks in their boxes? draw the truth |
# | many equal detections, as large as the picture | infinite boxes, nan in NMS | clamp deltas, refuse what is not finite |
# | masks good, AP a few points short | half a pixel | send true masks through target and paste |
# | AP falls when it should rise | classes counted from 0 in one place, from 1 in another | AP of the truth itself: 1? |

# %%
assert np.isclose(oracle(hundred, lambda one: one.masks), 1)

# %% [markdown]
# ## 5.9 From shapes to coins
#
# The machine has seen nothing but generated shapes: flat colors, stripes, hard outlines. Now the photograph of 24 Greek coins
# from chapter 1, gray and worn. Not one weight changes. **Predict first**: how many coins does it find?

# %%
photograph = silhouettes.coins_photograph()
coins = silhouettes.segment_coins(photograph)
widths = [np.sqrt(4 * coin.sum() / np.pi) for coin in coins]
assert len(coins) == 24 and 30 < min(widths) < max(widths) < 64


# %%
def found_discs(gray):
    """Return the masks of the discs that are found in a gray picture (H, W), and their IoU with every coin."""
    (answer,) = detect(trained, [np.repeat(gray[:, :, None], 3, axis=2)], score=0.5)
    discs = answer.masks[answer.labels == 1 + CLASSES.index("disc")]
    ious = [[(mask & coin).sum() / (mask | coin).sum() for coin in coins] for mask in discs]
    return discs, np.reshape(ious, (len(discs), len(coins)))


# %% tags=["varies"]
discs, coin_ious = found_discs(photograph)
show(
    stages.loose_masks(photograph, coins, discs, coin_ious.max(axis=1) >= 0.5),
    "The photograph with the discs that the machine finds, over the dashed outlines of the 24 coins.",
    photograph=True,
    quality=30,
)

# %% [markdown]
# What is found, is found well: its masks fit the coins as they fit discs. But many coins are missing, and not the faint
# ones: those with the strongest relief. The discs of its world have flat faces. If that is the reason, then a *worse*
# photograph should help. **Predict first**: what does blurring do?

# %% tags=["varies"]
blurs = (0, 1, 2, 3, 4, 6)
counted = [int((found_discs(gaussian_filter(photograph, blur))[1] >= 0.5).any(axis=0).sum()) for blur in blurs]
show(
    curves.counts(blurs, counted, len(coins), "blur: standard deviation in pixels"),
    "How many of the 24 coins are found, against the blur of the photograph: the more of the relief is gone, the more "
    "coins are found, until their outlines go, too.",
)

# %% tags=["varies"]
hit = coin_ious[coin_ious >= 0.5]
assert hit.mean() > 0.85 and max(counted) >= 20 and counted[-1] < max(counted) > counted[0]

# %% [markdown]
# Blurred by two or three pixels, the relief is gone and the outlines remain, and it finds at least twenty of the 24. So it
# has learned what a disc is: an outline *and a flat face*, since nothing in its world taught it otherwise. Transfer fails
# where the training world was simpler than the real one. Here one may smooth the picture; elsewhere one must make the
# world richer.
#
# ## Summary
#
# 1. Mask R-CNN is backbone, pyramid, RPN, and two heads that look at one RoI at a time. A single layer holds 44 % of the
#    weights; convolutions over the whole picture do most of the work.
# 2. Five losses, of which each looks only at what it should: sampled anchors, sampled RoIs, the true class.
# 3. Each stage has a picture and a number. Look at all of them before you change anything.
# 4. Half a pixel costs a perfect detector of small objects a fifth of its mask AP, and no resolution brings it back.
# 5. A difference counts if it is larger than that between seeds.

# %%
Table(claims(chapter=5))

# %% [markdown]
# ### Further reading
#
# - He, Gkioxari, Dollár and Girshick, *Mask R-CNN*, ICCV 2017: section 4.2 holds the ablations that this chapter repeats.
# - Lin et al., *Feature pyramid networks for object detection*, CVPR 2017: what a pyramid is worth on real photographs.
# - Lin et al., *Microsoft COCO: common objects in context*, ECCV 2014: the data set and the metric.
# - Kirillov et al., *PointRend: image segmentation as rendering*, CVPR 2020, appendix: the aligned paste.
# - Jordan et al., *Muon: an optimizer for hidden layers in neural networks*, 2024.
# - Bouthillier et al., *Accounting for variance in machine learning benchmarks*, MLSys 2021: how many seeds one needs.
#
# **Next:** chapter 6, out in the world: what is it good for, and how does it fail?
