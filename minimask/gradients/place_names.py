"""What places and tasks of Mask R-CNN are called where people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence

TASKS = {
    "loss_objectness": "objectness",
    "loss_rpn_box_reg": "RPN box",
    "loss_classifier": "class",
    "loss_box_reg": "box",
    "loss_mask": "mask",
}
"""The five losses, in the order of the model."""
_PLACES = (
    (r"backbone\.body\.conv1", "first convolution"),
    (r"backbone\.body\.stages\.(\d+)\.(\d+)", "stage {}, block {}"),
    (r"backbone\.fpn\.inner_blocks\.(\d+)", "pyramid 1×1, level {}"),
    (r"backbone\.fpn\.layer_blocks\.(\d+)", "pyramid 3×3, level {}"),
    (r"backbone\.fpn/output", "maps of the pyramid"),
    (r"rpn\.head\.conv", "RPN convolution"),
    (r"roi_heads\.box_features/output", "RoI features"),
    (r"roi_heads\.mask_head\.(\d+)", "head convolution {}"),
    (r"roi_heads\.box_head\.(fc\d)", "head {}"),
)
"""Patterns of names, in the order from the picture to the losses; numbers in them are counted from 0."""


def task_name(task: str) -> str:
    """Return what a loss is called; one of another model, as it is.

    Examples
    --------
    >>> task_name("loss_rpn_box_reg"), task_name("left")
    ('RPN box', 'left')
    """
    return TASKS.get(task, task)


def place_name(place: str) -> str:
    """Return what a place is called, counted from 1; one of another model, as it is.

    Examples
    --------
    >>> place_name("backbone.body.stages.0.1"), place_name("roi_heads.box_head.fc6"), place_name("0.weight")
    ('stage 1, block 2', 'head fc6', '0.weight')
    """
    for pattern, name in _PLACES:
        found = re.fullmatch(pattern, place)
        if found:
            return name.format(*(int(one) + 1 if one.isdecimal() else one for one in found.groups()))
    return place


def upward(places: Sequence[str]) -> list[int]:
    """Return the numbers of the places in the order from the picture to the losses; unknown ones last, as they stand.

    Examples
    --------
    >>> upward(["roi_heads.box_head.fc6", "other", "rpn.head.conv", "backbone.fpn/output", "backbone.body.conv1"])
    [4, 3, 2, 0, 1]
    """

    def rank(number: int) -> tuple[int, int]:
        matches = (kind for kind, (pattern, _) in enumerate(_PLACES) if re.fullmatch(pattern, places[number]))
        return next(matches, len(_PLACES)), number

    return sorted(range(len(places)), key=rank)
