"""Training the region proposal network alone: within a minute it finds the generated shapes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from minimask.data.shapes import Picture, ShapesWorld
from minimask.geometry.checks import as_number, as_whole_number
from minimask.model.proposal_network import ProposalNetwork, as_batch
from minimask.proposals import Funnel

AT_ONCE = 2**20
"""Pixels that are looked at together: 64 pictures of 128 x 128."""


@dataclass(frozen=True)
class Plan:
    """How long, and how fast.

    Parameters
    ----------
    steps : int, at least 0
        Each looks at one batch of pictures that were never seen before.
    batch : int, at least 1
        Pictures of a step.
    learning_rate : float above 0
        The highest rate; it rises to it, and falls to almost nothing in the end (one cycle).
    warmup : float in (0, 1)
        The fraction of the steps in which it rises.
    weight_decay : float, at least 0
    seed : int
        Decides which anchors are sampled. The same seed gives the same bits on one machine at one number of threads.

    References
    ----------
    Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019 (AdamW); Smith and Topin, Super-Convergence, 2018
    (one cycle).
    """

    steps: int = 400
    batch: int = 8
    learning_rate: float = 5e-3
    warmup: float = 0.2
    weight_decay: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("steps", 0), ("batch", 1), ("seed", 0)):
            as_whole_number(getattr(self, name), name, least)
        if not as_number(self.learning_rate, "learning_rate") > 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if as_number(self.weight_decay, "weight_decay") < 0:
            raise ValueError(f"weight_decay must be at least 0, got {self.weight_decay}")
        if not 0 < as_number(self.warmup, "warmup") < 1:
            raise ValueError(f"warmup must be a fraction between 0 and 1, got {self.warmup}")


class Progress(NamedTuple):
    """How far a training has come."""

    step: int
    """Steps that are done; 0 before the first."""
    steps: int
    """Steps of the whole training."""
    objectness: float
    """The losses of this step's batch before its update; not a number at step 0."""
    box: float
    seconds: float
    """Since the training began, without what was done between the steps."""


def train(network: ProposalNetwork, world: ShapesWorld, plan: Plan | None = None) -> Iterator[Progress]:
    """Train a network, one step at a time: what asks for the next step may look at the network before.

    Parameters
    ----------
    network : ProposalNetwork
        It is changed in place; in training mode while a step is computed.
    world : ShapesWorld
        Step k looks at its pictures from `(k - 1) * batch` on.
    plan : Plan, optional

    Yields
    ------
    Progress
        Once before the first step, and after every step.

    Raises
    ------
    FloatingPointError
        If a loss is not finite: then the learning rate is too high.

    Examples
    --------
    >>> from minimask.model.proposal_network import lesson_network
    >>> plan = Plan(steps=2, batch=1)
    >>> [progress.step for progress in train(lesson_network(seed=0), ShapesWorld(), plan)]
    [0, 1, 2]
    """
    plan = plan or Plan()
    optimizer = torch.optim.AdamW(network.parameters(), plan.learning_rate, weight_decay=plan.weight_decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.learning_rate, total_steps=max(2, plan.steps), pct_start=plan.warmup, cycle_momentum=False
    )
    rng = np.random.default_rng(plan.seed)
    seconds = 0.0
    yield Progress(0, plan.steps, float("nan"), float("nan"), seconds)
    for step in range(1, plan.steps + 1):
        start = time.perf_counter()
        network.train()
        objectness, box = _step(network, list(world.pictures(plan.batch, (step - 1) * plan.batch)), optimizer, rng)
        if not np.isfinite(objectness + box):
            raise FloatingPointError(
                f"the losses of step {step} are {objectness} and {box}; "
                f"a learning_rate lower than {plan.learning_rate} may help"
            )
        cycle.step()
        seconds += time.perf_counter() - start
        yield Progress(step, plan.steps, objectness, box, seconds)


def _step(
    network: ProposalNetwork, pictures: Sequence[Picture], optimizer: torch.optim.Optimizer, rng: np.random.Generator
) -> tuple[float, float]:
    """Change the network a little for one batch, and return the two losses that it had."""
    images = as_batch([picture.image for picture in pictures])
    objects = [torch.from_numpy(picture.boxes) for picture in pictures]
    maps = network.maps(images)
    anchors = network.rpn.anchors((images.shape[-2], images.shape[-1]), maps)
    losses = network.rpn.losses(network.rpn.predict(maps), anchors, objects, rng=rng)
    optimizer.zero_grad()
    losses.total.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return losses.objectness.item(), losses.box.item()


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Keep a network in evaluation mode, without gradients, and put it back into the mode that it was in."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        network.train(training)


def look(network: ProposalNetwork, pictures: Sequence[Picture], **changed: float) -> list[Funnel]:
    """Return what the network proposes for each picture now, in evaluation mode, as arrays.

    Parameters
    ----------
    network : ProposalNetwork
        Left as it was: also its mode.
    pictures : sequence of Picture
        All of one size.
    changed : pre_top_n, post_top_n, nms_threshold, min_size
        Settings of `minimask.proposals.propose` other than the network's own.

    Examples
    --------
    >>> from minimask.model.proposal_network import lesson_network
    >>> (funnel,) = look(lesson_network(seed=0), [ShapesWorld()[0]], post_top_n=100)
    >>> funnel.top_n.boxes.shape
    (100, 4)
    """
    funnels: list[Funnel] = []
    height, width = pictures[0].image.shape[:2] if pictures else (1, 1)
    together = max(1, AT_ONCE // (height * width))
    with evaluating(network):
        for start in range(0, len(pictures), together):
            images = as_batch([picture.image for picture in pictures[start : start + together]])
            maps = network.maps(images)
            anchors = network.rpn.anchors((height, width), maps)
            found = network.rpn.propose(network.rpn.predict(maps), anchors, [(height, width)] * len(images), **changed)
            funnels += [funnel.to_numpy() for funnel in found]
    return funnels
