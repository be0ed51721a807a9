"""Whole training steps of Mask R-CNN on a device, beside torchvision's with the same weights, pictures and samples.

The models and the steps are those of `benchmarks/mask_rcnn.py`, which does the same on the processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mask_rcnn
import torch

SHORTER_SIDE, OBJECTS, TURNS, WARM_UP = 800, 12, 10, 3
AGREE = {"float32": 1e-2, "bfloat16": 5e-2}
"""How far the losses of both may lie apart, of each loss: a card's convolutions round to 10 or 7 binary digits."""


def steps(device: torch.device) -> Iterator[dict[str, Any]]:
    """Compare steps in float32 and in mixed precision; tell for each what it was, both times, and the losses."""
    pair = mask_rcnn.twins()
    for model in pair:
        model.to(device).train()
    mask_rcnn.resize(pair, SHORTER_SIDE)
    both = mask_rcnn.Steps(pair)
    both.show(OBJECTS)
    for precision in AGREE:
        yield compared(both, precision)


def compared(both: mask_rcnn.Steps, precision: str, turns: int = TURNS, warm_up: int = WARM_UP) -> dict[str, Any]:
    """Compare a step in one precision, in so many turns after so many that do not count."""
    both.precision = getattr(torch, precision)
    for _ in range(warm_up):
        ours, theirs = ({name: value.item() for name, value in step().items()} for step in (both.ours, both.theirs))
    mine, other = mask_rcnn.compare(both.ours, both.theirs, turns, lambda: _wait(both.device))
    side, named = both.pair.ours.transform.min_size, precision if precision == "float32" else f"mixed with {precision}"
    return {
        "what": f"R50-FPN, {mask_rcnn.PICTURES} pictures, shorter side {side} px, {named}",
        "ours": mine,
        "theirs": other,
        "losses": {name: [value, theirs[name]] for name, value in ours.items()},
        "agree": agree(ours, theirs, AGREE[precision]),
    }


def agree(ours: dict[str, float], theirs: dict[str, float], allowed: float) -> bool:
    """Return whether all losses are numbers, and nearly the same ones."""
    pairs = [(value, theirs[name]) for name, value in ours.items()]
    return len(ours) == len(theirs) and all(abs(one - other) <= allowed * (abs(other) + 0.01) for one, other in pairs)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
