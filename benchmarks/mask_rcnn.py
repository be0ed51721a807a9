"""How fast is the whole Mask R-CNN on the processor? A training step and detection beside torchvision's, in turns.

Both models have the same weights and look at the same pictures. In training both propose, match and draw; then
torchvision's model takes what minimask's has drawn, so that their losses are the same numbers. The machine may be busy:
what counts is the ratio, of the fastest of several turns each. `gpu.py` does the same training step on a card.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.mask_rcnn import MaskRCNN as Torchvision
from torchvision.ops import FrozenBatchNorm2d

from minimask.model.mask_rcnn import MaskRCNN
from minimask.model.resnet import ResNet50
from minimask.model.twin import published_model

THREADS = 2
SIZE = (480, 640)
"""Height and width of a picture."""
TRAINED_ON = 256
"""Its shorter side when the network sees it, in training and in detection."""
DETECTED_ON = (256, 800)
PICTURES = 2
"""Of a step."""
OBJECTS = (2, 12)
"""In each picture of a step: the more, the more RoIs the mask head has to look at."""
Target = dict[str, Tensor]


class Twins(NamedTuple):
    """Two models with the same weights."""

    ours: MaskRCNN
    theirs: Torchvision


def twins() -> Twins:
    """Return both models, with first weights that propose boxes near anchors and are sure of some answers."""
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d, trainable_layers=3
    )
    theirs = Torchvision(backbone, 91)
    with torch.no_grad():
        for name, module in theirs.backbone.body.named_modules():
            if name.endswith("bn3"):
                module.weight.mul_(0.4)  # else every block makes the numbers larger
        nn.init.normal_(theirs.rpn.head.cls_logits.weight, std=0.1)
        nn.init.normal_(theirs.roi_heads.box_predictor.cls_score.weight, std=0.5)
    ours = published_model(ResNet50(trainable_layers=3))
    ours.load_state_dict(theirs.state_dict())
    return Twins(ours, theirs)


def resize(pair: Twins, length: int) -> None:
    """Let both models see pictures with a shorter side of this length."""
    pair.ours.transform = replace(pair.ours.transform, min_size=length)
    pair.theirs.transform.min_size = (length,)


def scene(pictures: int, objects: int) -> tuple[list[Tensor], list[Target]]:
    """Return pictures of noise, and square objects in each."""
    generator = torch.Generator().manual_seed(0)
    images, targets = [], []
    height, width = SIZE
    for _ in range(pictures):
        side = 2 ** (6 + 2 * torch.rand(objects, 1, generator=generator))
        corner = torch.rand(objects, 2, generator=generator) * (torch.tensor([width, height]) - side)
        boxes = torch.cat([corner, corner + side], dim=1)
        masks = torch.zeros(objects, height, width, dtype=torch.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist(), strict=True):
            mask[y1:y2, x1:x2] = 1
        labels = torch.randint(1, 91, (objects,), generator=generator)
        images.append(torch.rand(3, height, width, generator=generator))
        targets.append({"boxes": boxes, "labels": labels, "masks": masks})
    return images, targets


class Steps:
    """A training step of each model."""

    def __init__(self, pair: Twins) -> None:
        self.pair = pair
        self.device = next(pair.ours.parameters()).device
        self.precision = torch.float32
        self.show(OBJECTS[0])
        self.optimizers = [
            torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-9, momentum=0.9, weight_decay=1e-4)
            for model in pair
        ]
        self.kept: list[Any] = []
        for part in (pair.ours.rpn, pair.ours.roi_heads):
            self._listen(part)
        rpn, heads = pair.theirs.rpn, pair.theirs.roi_heads
        self._replace(rpn, "fg_bg_sampler", self._anchors)
        self._replace(heads, "select_training_samples", self._rois)

    def show(self, objects: int) -> None:
        """Let the steps look at pictures with so many objects each."""
        images, targets = scene(PICTURES, objects)
        self.images = [image.to(self.device) for image in images]
        self.targets = [{name: value.to(self.device) for name, value in target.items()} for target in targets]

    def ours(self) -> dict[str, Tensor]:
        """Do a step of minimask's model, and return its losses."""
        self.kept = []
        return self._step(0, lambda: self.pair.ours(self.images, self.targets, rng=np.random.default_rng(0)))

    def theirs(self) -> dict[str, Tensor]:
        """Do a step of torchvision's, after one of minimask's."""
        return self._step(1, lambda: self.pair.theirs(self.images, [dict(target) for target in self.targets]))

    def _step(self, number: int, losses: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        self.optimizers[number].zero_grad()
        with torch.autocast(self.device.type, self.precision, enabled=self.precision != torch.float32):
            found = losses()
        torch.stack(list(found.values())).sum().backward()  # type: ignore[no-untyped-call]
        self.optimizers[number].step()
        return found

    def _listen(self, part: Any) -> None:  # noqa: ANN401
        """Keep what a part of minimask's model draws."""
        draw = part.draw
        part.draw = lambda *given: self.kept.append(draw(*given)) or self.kept[-1]  # type: ignore[func-returns-value]

    def _replace(self, part: Any, name: str, other: Callable[..., object]) -> None:  # noqa: ANN401
        """Let a part of torchvision's model do its work, and then take the other's answer."""
        own = getattr(part, name)
        setattr(part, name, lambda *given: other(own(*given), *given))

    def _anchors(self, own: Any, labels: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:  # noqa: ANN401, ARG002
        masks: tuple[list[Tensor], list[Tensor]] = ([], [])
        for label, sample in zip(labels, self.kept[0], strict=True):
            for part, chosen in zip(masks, (sample.positive, sample.negative), strict=True):
                part.append(torch.zeros(len(label), dtype=torch.uint8, device=label.device))
                part[-1][torch.from_numpy(chosen).to(label.device)] = 1
        return masks

    def _rois(self, own: Any, proposals: Any, targets: list[Target]) -> tuple[Any, ...]:  # noqa: ANN401, ARG002
        boxes = [sample.boxes for sample in self.kept[1]]
        positive = [sample.matches >= 0 for sample in self.kept[1]]
        matches = [sample.matches.clamp(min=0) for sample in self.kept[1]]
        pairs = list(zip(targets, matches, strict=True))
        labels = [target["labels"][match] * chosen for (target, match), chosen in zip(pairs, positive, strict=True)]
        truth = [target["boxes"][match] for target, match in pairs]
        return boxes, matches, labels, self.pair.theirs.roi_heads.box_coder.encode(truth, boxes)


def compare(
    ours: Callable[[], Any], theirs: Callable[[], Any], turns: int, wait: Callable[[], None] = lambda: None
) -> tuple[float, float]:
    """Return the seconds of both in the fastest of several turns; `wait` lets a card end what it was given."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for function, found in zip((ours, theirs), times, strict=True):
            wait()
            start = time.perf_counter()
            function()
            wait()
            found.append(time.perf_counter() - start)
    return min(times[0]), min(times[1])


def training(steps: Steps, objects: int, turns: int) -> str:
    """Return the row of a training step, after both had the same losses."""
    steps.show(objects)
    for found, expected in [(steps.ours(), steps.theirs())] * 2:
        for name, value in found.items():
            torch.testing.assert_close(value, expected[name], rtol=1e-3, atol=1e-4)
    positive = sum(len(sample.positive().boxes) for sample in steps.kept[1])
    mine, other = compare(steps.ours, steps.theirs, turns)
    what = f"training step, {PICTURES} pictures, shorter side {TRAINED_ON} px, {positive} RoIs with an object"
    return f"| {what} | {mine:.2f} | {other:.2f} | {mine / other:.2f} |"


def detecting(pair: Twins, length: int, turns: int) -> str:
    """Return the row of a detection, after both found the same."""
    images, _ = scene(1, OBJECTS[-1])
    resize(pair, length)
    for model in pair:
        model.eval()
    ours, theirs = (lambda model=model: model(images) for model in pair)
    with torch.inference_mode():
        for (found,), (expected,) in [(ours(), theirs())] * 2:  # type: ignore[no-untyped-call]
            torch.testing.assert_close(found["scores"], expected["scores"], rtol=0, atol=1e-4)
        mine, other = compare(ours, theirs, turns)
    what = f"detection, 1 picture, shorter side {length} px, {len(found['boxes'])} found"
    return f"| {what} | {mine:.2f} | {other:.2f} | {mine / other:.2f} |"


def main() -> None:
    """Print the table, and keep it beside this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    turns = parser.parse_args().turns
    torch.set_num_threads(THREADS)
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    say("**R50-FPN**: seconds of minimask's Mask R-CNN and of torchvision's with the same weights, and their ratio\n")
    say("| what | minimask (s) | torchvision (s) | ratio |\n|---|---|---|---|")
    pair = twins()
    resize(pair, TRAINED_ON)
    for model in pair:
        model.train()
    steps = Steps(pair)
    for objects in OBJECTS:
        say(training(steps, objects, turns))
    for length in DETECTED_ON:
        say(detecting(pair, length, turns))
    say(
        f"\n{platform.machine()}, {THREADS} threads, float32, the fastest of {turns} turns each; "
        f"Python {platform.python_version()}, torch {torch.__version__}, torchvision {torchvision.__version__}."
    )
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
