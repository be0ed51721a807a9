"""Does the lesson's model learn faster than torchvision's `MaskRCNN` on the same backbone? Both in turns, in a process.

Both have the same backbone, pyramid, anchors, heads, optimizer, rates and pictures, and what torchvision can be told is
told it; its conventions of half a pixel are its own. Each has a schedule of its own length. The machine may be busy:
a step of one follows a step of the other, so that both are slowed down alike, and what counts is the ratio.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN as TheirMaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from minimask.data.found import as_found
from minimask.data.recorded import HELD_OUT, TRAINING
from minimask.data.shapes import CLASSES
from minimask.evaluation import CocoEvaluation
from minimask.model.lesson import CHANNELS, WIDTH, lesson_model
from minimask.model.mask_rcnn import PyramidBackbone
from minimask.training.batches import Batch, load
from minimask.training.config import Config
from minimask.training.optimizers import make_optimizer, rate_factor
from minimask.training.precision import chosen

STEPS = 600
"""Of torchvision's training."""
SHARE = 0.6
"""Of torchvision's time that ours may take."""
PICTURES = 300
"""That are held out."""


class Named(nn.Module):
    """Our backbone, as torchvision wants it: maps by name."""

    def __init__(self, backbone: PyramidBackbone) -> None:
        super().__init__()
        self.backbone = backbone
        self.out_channels = CHANNELS

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return the maps of pictures (B, 3, H, W) by the names of their levels."""
        maps = self.backbone(pictures.contiguous(memory_format=torch.channels_last))
        return OrderedDict((str(number), level) for number, level in enumerate(maps))


def their_model(seed: int) -> nn.Module:
    """Return torchvision's model with the backbone of ours."""
    ours = lesson_model(seed=seed)
    first, second = ours.rpn.settings, ours.roi_heads.settings
    convolutions, classes = len(ours.roi_heads.mask_head), len(CLASSES) + 1
    levels = ours.rpn.recipe.levels
    torch.manual_seed(seed)
    model: nn.Module = TheirMaskRCNN(
        Named(ours.backbone),
        min_size=128,
        max_size=128,
        image_mean=list(ours.transform.mean),
        image_std=list(ours.transform.std),
        rpn_anchor_generator=AnchorGenerator(
            tuple(level.sizes for level in levels), tuple(level.ratios for level in levels)
        ),
        rpn_pre_nms_top_n_train=first.pre_top_n[0],
        rpn_pre_nms_top_n_test=first.pre_top_n[1],
        rpn_post_nms_top_n_train=first.post_top_n[0],
        rpn_post_nms_top_n_test=first.post_top_n[1],
        rpn_batch_size_per_image=first.sampled,
        rpn_fg_iou_thresh=first.foreground,
        rpn_bg_iou_thresh=first.background,
        box_roi_pool=MultiScaleRoIAlign([str(k) for k in range(len(levels))], second.box_size, second.sampling_ratio),
        box_head=TwoMLPHead(CHANNELS * second.box_size**2, WIDTH),
        box_predictor=FastRCNNPredictor(WIDTH, classes),
        box_batch_size_per_image=second.sampled,
        box_positive_fraction=second.positive_fraction,
        mask_roi_pool=MultiScaleRoIAlign([str(k) for k in range(len(levels))], second.mask_size, second.sampling_ratio),
        mask_head=MaskRCNNHeads(CHANNELS, [CHANNELS] * convolutions, 1),
        mask_predictor=MaskRCNNPredictor(CHANNELS, CHANNELS, classes),
    )
    return model


class Pupil:
    """A model in training, and the seconds that it has taken.

    Parameters
    ----------
    model : nn.Module
    config : Config
    ours : bool
        Whether it takes a generator, and computes in the precision that the configuration says.
    """

    def __init__(self, model: nn.Module, config: Config, ours: bool) -> None:
        self.model, self.config, self.ours = model.train(), config, ours
        self.optimizer = make_optimizer(model, config)
        self.batches = load(TRAINING, seed=config.seed, batch=config.batch, steps=range(1, config.steps + 1))
        self.step = 0
        self.times: list[float] = []

    @property
    def done(self) -> bool:
        """Whether it has learned all it will."""
        return self.step == self.config.steps

    def learn(self) -> None:
        """Make one step."""
        start = time.perf_counter()
        self.step += 1
        batch: Batch = next(self.batches)
        self.optimizer.set_rate(rate_factor(self.config, self.step))
        self.optimizer.zero_grad()
        lower = self.config.precision == "bfloat16" and self.ours
        more = {"rng": np.random.default_rng([self.config.seed, self.step])} if self.ours else {}
        with torch.autocast("cpu", torch.bfloat16, enabled=lower):
            losses = self.model(batch.images, batch.targets, **more)
        sum(losses.values()).backward()
        self.optimizer.step()
        self.times.append(time.perf_counter() - start)

    def mask_ap(self) -> float:
        """Return what it reaches on pictures that it never saw."""
        evaluation = CocoEvaluation(CLASSES)
        self.model.eval()
        for picture in HELD_OUT.pictures(PICTURES):
            image = torch.from_numpy(picture.image).permute(2, 0, 1) / 255
            with torch.no_grad():
                (found,) = self.model([image])
            evaluation.add(picture, as_found(found, picture.image.shape[:2], len(CLASSES)))
        return evaluation.scores().masks.ap


def main(arguments: Sequence[str] | None = None) -> None:
    """Train both in turns, print what they reach, and keep it beside this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help="of torchvision's training")
    parser.add_argument("--ours", type=int, help="steps of ours; by default as many as 0.6 of the time allows")
    given = parser.parse_args(arguments)
    config = Config(steps=given.steps, threads=2, precision=chosen("auto", torch.device("cpu")))
    torch.set_num_threads(2)
    ratio = step_ratio(config)
    steps = given.ours or int(given.steps * SHARE * ratio)
    ours = Pupil(lesson_model(seed=0), config.with_changes({"steps": str(steps)}), ours=True)
    theirs = Pupil(their_model(0), config, ours=False)
    while not (ours.done and theirs.done):
        if not ours.done and (theirs.done or ours.step / steps <= theirs.step / given.steps):
            ours.learn()
        else:
            theirs.learn()
    setting = (
        f"{platform.machine()}, two threads, batches of {config.batch}, ours in {config.precision}, "
        f"torch {torch.__version__}, torchvision {torchvision.__version__}."
    )
    lines = [
        "| | steps | seconds | a step (ms, median) | mask AP |\n|---|---|---|---|---|",
        *(
            f"| {name} | {pupil.step:,} | {sum(pupil.times):.0f} | {1e3 * float(np.median(pupil.times)):.0f} | "
            f"{pupil.mask_ap():.3f} |"
            for name, pupil in (("minimask", ours), ("torchvision", theirs))
        ),
        f"\nminimask took {sum(ours.times) / sum(theirs.times):.2f} of torchvision's time.",
        setting,
    ]
    print("\n".join(lines))
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def step_ratio(config: Config, steps: int = 12) -> float:
    """Return how many of our steps fit into one of torchvision's."""
    few = config.with_changes({"steps": str(steps)})
    pupils = Pupil(lesson_model(seed=0), few, ours=True), Pupil(their_model(0), few, ours=False)
    for _ in range(steps):
        for pupil in pupils:
            pupil.learn()
    ours, theirs = (float(np.median(pupil.times[2:])) for pupil in pupils)
    return theirs / ours


if __name__ == "__main__":
    main()
