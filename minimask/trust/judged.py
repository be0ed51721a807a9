"""What a model says, with the verdict of the truth: each detection, and some of the pixels of its mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from minimask.data.picture import Picture
from minimask.data.shapes import ShapesWorld
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.model.mask_rcnn import MaskRCNN
from minimask.training.proposals import evaluating
from minimask.trust.attacks import as_tensor

FITTED, TESTED = ShapesWorld(seed=7), ShapesWorld(seed=8)
"""Worlds whose pictures calibration is fitted on, and tested on; no model learned from them."""
SAME = 0.5
"""A detection is right from this mask IoU on."""
AT_ONCE = 16
PIXELS = 12
"""Of each right detection, so many pixels of its box are kept, and as many near the true outline."""
EDGE = 2.0
"""A pixel is near the outline if its center is at most about so far from it, in pixels."""


class Judged(NamedTuple):
    """D detections in P pictures."""

    picture: IntArray
    """(D,): from 0."""
    label: IntArray
    """(D,): from 1."""
    logits: FloatArray
    """(D, classes): of the RoI that each comes from; `softmax(logits)[label]` is its score."""
    right: BoolArray
    """(D,): the surest of its class on an object that has its class, with a mask IoU of at least one half."""
    double: BoolArray
    """(D,): it would be right, had a surer one not said the same of that object."""
    objects: IntArray
    """(P,): how many there are to be found."""
    pixels: NDArray[np.float32]
    """(Q, 5): picture, label, probability, whether it is the object's, whether it is near the object's outline."""

    @property
    def score(self) -> FloatArray:
        """(D,): what the model calls the probability of the label."""
        return scores_at(self.logits, self.label)


def scores_at(logits: FloatArray, label: IntArray, temperature: float = 1.0) -> FloatArray:
    """Return the softmax (D,) of logits (D, classes) over a temperature, at each one's label.

    Examples
    --------
    >>> scores_at(np.array([[0.0, np.log(3)]]), np.array([1])).round(6)
    array([0.75])
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    likely = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(likely[np.arange(len(label)), label] / likely.sum(axis=1))


def judge(model: MaskRCNN, pictures: Sequence[Picture], images: Sequence[NDArray[np.uint8]] | None = None) -> Judged:
    """Return what a model finds in pictures of one size, each detection with the verdict of the truth.

    Parameters
    ----------
    model : MaskRCNN
    pictures : sequence of Picture
    images : sequence of uint8 arrays (H, W, 3), optional
        What the model is shown in their place.

    Examples
    --------
    >>> from minimask.model.lesson import lesson_model
    >>> judged = judge(lesson_model(seed=0), [ShapesWorld()[0]])
    >>> judged.objects.tolist(), judged.right.any()
    ([2], np.False_)
    """
    shown = [picture.image for picture in pictures] if images is None else list(images)
    rows: list[tuple[IntArray, IntArray, FloatArray, BoolArray, BoolArray]] = []
    pixels = [np.zeros((0, 5), np.float32)]
    for first in range(0, len(pictures), AT_ONCE):
        with evaluating(model):
            trace = model.trace(list(as_tensor(shown[first : first + AT_ONCE])))
        logits = torch.split(trace.class_logits, [len(one) for one in trace.proposals])
        for k, (output, detections) in enumerate(zip(trace.outputs, trace.detections, strict=True)):
            picture, likely = pictures[first + k], output["masks"][:, 0].numpy()
            label = output["labels"].numpy()
            which, first_there = matches(likely >= 0.5, label, picture)
            own = np.full(len(label), first + k)
            rows.append((own, label, logits[k][detections.rois].numpy(), first_there, (which >= 0) & ~first_there))
            for d in np.flatnonzero(first_there):
                chosen = _pixels(likely[d], output["boxes"][d].numpy(), picture.masks[which[d]], seed=first + k)
                pixels.append(
                    np.column_stack([np.full(len(chosen), first + k), np.full(len(chosen), label[d]), chosen])
                )
    own, labels, likelihoods, right, double = (np.concatenate(column) for column in zip(*rows, strict=True))
    objects = np.array([len(picture.labels) for picture in pictures])
    return Judged(own, labels, likelihoods, right, double, objects, np.concatenate(pixels).astype(np.float32))


def matches(masks: BoolArray, labels: IntArray, picture: Picture) -> tuple[IntArray, BoolArray]:
    """Return for each of D detections, the surest first, the object that it is right about or -1, and if it is first.

    Examples
    --------
    >>> picture = ShapesWorld()[0]
    >>> twice = np.concatenate([picture.masks, picture.masks])
    >>> matches(twice, np.tile(picture.labels, 2), picture)
    (array([0, 1, 0, 1]), array([ True,  True, False, False]))
    """
    which, first, taken = np.full(len(labels), -1), np.zeros(len(labels), bool), set[int]()
    for d, (mask, label) in enumerate(zip(masks, labels, strict=True)):
        shared, union = (mask & picture.masks).sum(axis=(1, 2)), (mask | picture.masks).sum(axis=(1, 2))
        ious = np.where(picture.labels == label, shared / np.maximum(union, 1), 0)
        free = [k for k in np.argsort(-ious, kind="stable").tolist() if ious[k] >= SAME]
        best = next((k for k in free if k not in taken), None)
        if best is not None:
            which[d], first[d] = best, True
            taken.add(best)
        elif free:
            which[d] = free[0]
    return which, first


def _pixels(likely: FloatArray, box: FloatArray, truth: BoolArray, seed: int) -> FloatArray:
    """Return some pixels in a box, and some near the true outline: probability, truth, whether near (n, 3)."""
    depth = ndimage.distance_transform_edt(truth) + ndimage.distance_transform_edt(~truth)
    near = depth <= EDGE
    (left, top), (right, bottom) = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
    inside = np.zeros_like(truth)
    inside[max(top, 0) : bottom, max(left, 0) : right] = True
    rng = np.random.default_rng(seed)
    chosen = []
    for area in (inside, inside & near):
        places = np.flatnonzero(area)
        chosen.append(rng.choice(places, min(PIXELS, len(places)), replace=False) if len(places) else places)
    spots = [part for part in chosen if len(part)]
    where = np.concatenate(spots) if spots else np.zeros(0, int)
    # The second half counts only among the pixels near the outline: the first alone stands for the whole box.
    kind = np.repeat([0.0, 1.0], [len(part) for part in chosen])
    return np.column_stack([likely.ravel()[where], truth.ravel()[where], kind])
