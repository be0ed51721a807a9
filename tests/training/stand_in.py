"""A model of a few thousand weights that is called as Mask R-CNN is, for tests of what trains it."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from minimask.data.shapes import ShapesWorld
from minimask.training.config import Config

WORLD = ShapesWorld(height=32, width=32, objects=(0, 2), sizes=(12, 24), seed=1)
LOSSES = ("loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg", "loss_mask")


class StandIn(nn.Module):
    """Two convolutions and a linear layer; it samples cells with `rng`, and its dropout asks torch for chance."""

    def __init__(self, norm=nn.BatchNorm2d, dropout=0.1):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 5, stride=4, padding=2)
        self.norm = norm(8) if norm else nn.Identity()
        self.body = nn.Conv2d(8, 8, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.cells = nn.Conv2d(8, 2, 1)
        self.head = nn.Linear(8, 7 + 4 + 4)
        self.share_count = float

    def forward(self, images, targets=None, *, rng=None):
        maps = self.dropout(functional.relu(self.body(functional.relu(self.norm(self.stem(torch.stack(images)))))))
        objectness, masks = self.cells(maps).float().unbind(1)
        answers = self.head(maps.mean((2, 3))).float()
        if not self.training:
            return answers
        truth = [
            functional.interpolate(one["masks"].float().sum(0)[None, None], scale_factor=0.25)[0, 0] for one in targets
        ]
        chosen = [torch.from_numpy(one.permutation(objectness[0].numel())[:9]) for one in rng]
        sampled = torch.cat([one.flatten()[where] for one, where in zip(objectness, chosen, strict=True)])
        inside = torch.cat([(one.flatten()[where] > 0).float() for one, where in zip(truth, chosen, strict=True)])
        pictures = torch.tensor(
            [number for number, one in enumerate(targets) for _ in one["labels"]], dtype=torch.int64
        )
        labels, boxes = (torch.cat([one[name] for one in targets]) for name in ("labels", "boxes"))
        classes, first, second = answers[pictures].split([7, 4, 4], 1)
        count = self.share_count(len(labels)) or 1
        entropy = functional.binary_cross_entropy_with_logits
        pixels = (torch.stack(truth) > 0).float()
        values = (
            entropy(sampled, inside, reduction="sum") / self.share_count(len(sampled)),
            functional.smooth_l1_loss(first, boxes / 32, reduction="sum") / count,
            functional.cross_entropy(classes, labels, reduction="sum") / count,
            functional.smooth_l1_loss(second, boxes / 16, reduction="sum") / count,
            entropy(masks, pixels, reduction="sum") / self.share_count(pixels.numel()),
        )
        return dict(zip(LOSSES, values, strict=True))


def stand_in(seed=0, **settings):
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return StandIn(**settings)


def short(**settings):
    """Return settings of a training that lasts a moment, and computes the same on every processor."""
    usual = {"steps": 6, "batch": 3, "learning_rate": 0.02, "checkpoint_every": 2, "flip": 0.5, "precision": "float32"}
    return Config(**{**usual, **settings})


def weights(model):
    return torch.cat([value.flatten().double() for value in model.state_dict().values()])


class Broken:
    """A set of pictures of which some cannot be loaded."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __getitem__(self, index):
        if index in self.numbers:
            raise KeyError(f"no picture {index}")
        return WORLD[index]


def changed(index, **values):
    """Return a set of pictures whose picture of an index has other values."""
    return _Changed(index, values)


class _Changed:
    def __init__(self, index, values):
        self.index, self.values = index, values

    def __getitem__(self, index):
        picture = WORLD[index]
        for name, value in self.values.items() if index == self.index else ():
            object.__setattr__(picture, name, value(getattr(picture, name)))
        return picture


def generators(batch, seed=0):
    return [np.random.default_rng([seed, k]) for k in range(batch)]
