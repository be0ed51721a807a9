"""Record a training of the region proposal network: `python -m minimask.training.recording` writes it anew.

It takes a few minutes on one thread; the same machine writes the same bytes. What is recorded, and where:
`minimask.data.recorded`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from minimask.data.recorded import FILE, HELD_OUT, LARGE, LAYOUT, THRESHOLDS, TRAINING, anchors
from minimask.data.shapes import Picture
from minimask.geometry.checks import FloatArray
from minimask.model.proposal_network import ProposalNetwork, as_batch, lesson_network
from minimask.proposals import STAGES, funnel_recall, propose, top_k
from minimask.training.proposals import Plan, evaluating, look, train

PICTURES = 6
MOMENTS = (0, 25, 100)
"""Steps before the last at which predictions are recorded, for the first `WATCHED` pictures."""
WATCHED = 2
RECALL_STEPS = (0, 10, 25, 50, 75, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800)
RECALL_PICTURES = 200
PROPOSALS = 100
LARGE_SETTINGS = ((1000, 300), (1000, 500), (2000, 300), (2000, 500))
LARGE_RECORDED = 1000
"""Anchors of each level whose predictions for the large picture are recorded."""
SIGNIFICANT_BITS = 7
"""Of logits."""
GRID = 1 / 256
"""Deltas are recorded as multiples of this."""


def recording(plan: Plan, tell: Callable[[str], object]) -> dict[str, NDArray[Any]]:
    """Train a network and return what is recorded of it, as `minimask.data.recorded.LAYOUT` says.

    Parameters
    ----------
    plan : Plan
        Its last step is the last moment.
    tell : callable
        Is told in words how it goes.
    """
    network = lesson_network(plan.seed)
    pictures = list(HELD_OUT.pictures(PICTURES))
    unseen = list(HELD_OUT.pictures(RECALL_PICTURES))
    moments = [step for step in MOMENTS if step < plan.steps] + [plan.steps]
    looks, losses, recalls = [], [], []
    for progress in train(network, TRAINING, plan):
        step = progress.step
        losses.append((progress.objectness, progress.box))
        if step in moments:
            shown = pictures if step == plan.steps else pictures[:WATCHED]
            looks += [(k, moments.index(step), *_predictions(network, picture)) for k, picture in enumerate(shown)]
        if step in RECALL_STEPS or step == plan.steps:
            funnels = look(network, unseen, post_top_n=PROPOSALS)
            recall = funnel_recall(funnels, [picture.boxes for picture in unseen], THRESHOLDS)["top_n"].recall
            recalls.append((step, *recall))
            tell(f"step {step} of {plan.steps}, {progress.seconds:.0f} s: recall {recall[0]:.3f}, {recall[1]:.3f}")
    numbers, when, logits, deltas = zip(*looks, strict=True)
    found = {
        "images": np.stack([picture.image for picture in pictures]),
        "objects": np.array([len(picture.boxes) for picture in pictures]),
        "boxes": np.concatenate([picture.boxes for picture in pictures]),
        "labels": np.concatenate([picture.labels for picture in pictures]),
        "moments": np.array(moments),
        "looks": np.stack([numbers, when], axis=1),
        "logits": np.stack(logits),
        "deltas": np.stack(deltas),
        "losses": np.array(losses[1:]),
        "recall_steps": np.array([step for step, *_ in recalls]),
        "recall": np.array([recall for _, *recall in recalls]),
        **_large(network, LARGE[0]),
    }
    return {name: found[name].astype(dtype) for name, (dtype, _) in LAYOUT.items()}


def coarse(logits: FloatArray, deltas: FloatArray) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Return predictions with fewer digits: they pack into less, and are what is measured then.

    Examples
    --------
    >>> logits, deltas = coarse(np.array([1.0, 1 / 3, -10.01]), np.array([0.001, 0.5]))
    >>> logits.astype(float), deltas.astype(float)
    (array([  1.        ,   0.33203125, -10.        ]), array([0. , 0.5]))
    """
    fractions, exponents = np.frexp(logits)
    scale = 2.0**SIGNIFICANT_BITS
    rounded = np.ldexp(np.round(fractions * scale) / scale, exponents)
    return rounded.astype(np.float16), (np.round(deltas / GRID) * GRID).astype(np.float16)


def _predictions(network: ProposalNetwork, picture: Picture) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Return the rounded logits (N,) and deltas (N, 4) for a picture, in evaluation mode."""
    with evaluating(network):
        found = network.rpn.predict(network.maps(as_batch([picture.image])))
    return coarse(*(torch.cat(levels, 1)[0].numpy() for levels in found))


def _large(network: ProposalNetwork, picture: Picture) -> dict[str, NDArray[Any]]:
    """Return what is recorded of the large picture."""
    size = (LARGE.height, LARGE.width)
    levels = anchors(size)
    starts = np.cumsum([0] + [len(level) for level in levels])
    logits, deltas = (rows.astype(np.float32) for rows in _predictions(network, picture))
    values, moves = (np.split(rows, starts[1:-1]) for rows in (logits, deltas))
    indices = [start + np.sort(top_k(level, LARGE_RECORDED)) for start, level in zip(starts, values, strict=False)]
    rows = [
        funnel_recall([propose(values, moves, levels, size, before, after)], [picture.boxes], THRESHOLDS)
        for before, after in LARGE_SETTINGS
    ]
    kept = np.concatenate(indices)
    return {
        "large_boxes": picture.boxes,
        "large_indices": kept,
        "large_logits": logits[kept],
        "large_deltas": deltas[kept],
        "large_settings": np.array(LARGE_SETTINGS),
        "large_survivors": np.array([[row[name].survivors for name in STAGES] for row in rows]),
        "large_recall": np.array([[row[name].recall for name in STAGES] for row in rows]),
    }


def main(plan: Plan | None = None, path: Path = FILE, tell: Callable[[str], object] = print) -> None:
    """Record a training on one thread, and write the file."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        arrays = recording(plan or Plan(), tell)
    finally:
        torch.set_num_threads(threads)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)
    tell(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
