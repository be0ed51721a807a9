"""The attack's numbers and words, as `js/attack_strength_measures.js` has them in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from minimask.data.attacked import SCORE_STEPS, AttackedPicture, Sighting
from minimask.data.crops import PERCENT
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.widgets.decimals import counted, fixed

SURE = 0.5
"""What is found with less than this score is not shown."""
SAME = 0.5
"""A mask is that of an object from this IoU on."""
MUCH = 0.25
"""A mask leaks if as many pixels as this fraction of the object lie beside it."""
MIDDLE = 128
"""How an unchanged channel looks where changes are magnified."""


class Outcome(NamedTuple):
    """What has become of an object, by the measures of `minimask.trust.outcome`."""

    score: float
    """The best of its class on it, sure or not; 0 where there is none."""
    iou: float
    """Of the surest mask that covers at least half of it; 0 where there is none."""
    leak: float
    """Pixels of that mask beside the object, as a fraction of the object's."""
    covering: int
    """The detection that it belongs to; -1 where there is none."""
    other: int
    """The surest detection of another class on it; -1 where none is sure."""
    fate: str
    """"found", "leaking" (found and named, with a mask that leaks), "taken" (for another class), or "lost"."""


@dataclass(frozen=True, eq=False)
class Settled:
    """Everything that follows from a state."""

    pictures: Sequence[AttackedPicture]
    state: Mapping[str, Any]

    @property
    def picture(self) -> AttackedPicture:
        """The one that is shown."""
        return self.pictures[int(self.state["picture"])]

    @property
    def _at(self) -> tuple[int, int]:
        """Attack and strength, both as numbers from 0."""
        return int(self.state["attack"]), int(self.state["step"])

    @property
    def strength(self) -> int:
        """In levels of a byte."""
        return self.picture.strengths[self._at[1]]

    @property
    def sighting(self) -> Sighting:
        """What the model finds at the present strength."""
        attack, step = self._at
        return self.picture.found[attack][step]

    @cached_property
    def outcomes(self) -> list[list[Outcome]]:
        """What becomes of the target under every attack at every strength."""
        return [[outcome(self.picture, self.picture.target, one) for one in row] for row in self.picture.found]

    @property
    def now(self) -> Outcome:
        """What has become of the target."""
        attack, step = self._at
        return self.outcomes[attack][step]

    @cached_property
    def others(self) -> int:
        """How many of the other objects are found."""
        picture = self.picture
        fates = [outcome(picture, m, self.sighting).fate for m in range(len(picture.labels)) if m != picture.target]
        return sum(fate in ("found", "leaking") for fate in fates)

    @cached_property
    def shown(self) -> IntArray:
        """The detections that are sure enough to be shown."""
        return np.flatnonzero(self.sighting.scores >= SURE * SCORE_STEPS)

    @cached_property
    def right(self) -> list[bool]:
        """Whether each of these is on an object of its class; a mask of the target that leaks is."""
        picture, labels = self.picture, self.sighting.labels[self.shown]
        on = [overlaps(picture, m, self.sighting).ious[self.shown] >= SAME for m in range(len(picture.labels))]
        same = labels == picture.labels[:, None]
        leaking = (self.shown == self.now.covering) & (self.now.fate == "leaking")
        found: list[bool] = ((np.array(on) & same).any(axis=0) | leaking).tolist()
        return found

    @property
    def broken(self) -> int | None:
        """The weakest strength at which the attack has the object no longer found, in levels; None if none has."""
        row = self.outcomes[self.state["attack"]]
        pairs = zip(row, self.picture.strengths, strict=True)
        return next((strength for one, strength in pairs if one.fate != "found"), None)


class Overlaps(NamedTuple):
    """What some masks share with an object."""

    shared: IntArray
    ious: FloatArray
    beside: IntArray
    """Pixels of each mask beside the object."""
    area: int
    """Of the object."""


def overlaps(picture: AttackedPicture, m: int, sighting: Sighting) -> Overlaps:
    """Return what the masks of a sighting share with an object."""
    true = picture.masks.chosen(np.array([m])).masks(1)[0]
    masks = sighting.masks.masks(PERCENT)
    areas, area = masks.sum(axis=(1, 2)), int(true.sum())
    shared = (masks & true).sum(axis=(1, 2))
    return Overlaps(shared, shared / np.maximum(areas + area - shared, 1), areas - shared, area)


def outcome(picture: AttackedPicture, m: int, sighting: Sighting) -> Outcome:
    """Return what has become of an object."""
    shared, ious, beside, area = overlaps(picture, m, sighting)
    there, sure = ious >= SAME, sighting.scores >= SURE * SCORE_STEPS
    named = sighting.labels == picture.labels[m]
    own, covering, other = (
        _first(rows) for rows in (there & named, sure & (2 * shared >= area), there & sure & ~named)
    )
    score = float(sighting.scores[own] / SCORE_STEPS) if own >= 0 else 0.0
    iou, leak = (float(ious[covering]), float(beside[covering] / area)) if covering >= 0 else (0.0, 0.0)
    if covering >= 0 and named[covering] and leak >= MUCH:
        fate = "leaking"
    elif score >= SURE:
        fate = "found"
    else:
        fate = "taken" if other >= 0 else "lost"
    return Outcome(score, iou, leak, covering, other, fate)


def _first(rows: BoolArray) -> int:
    """Return the first row for which something holds, or -1."""
    return int(np.append(np.flatnonzero(rows), -1)[0])


def describe(settled: Settled) -> str:
    """Return a state in words: the attack, its strength, and what it does."""
    picture, state, strength = settled.picture, settled.state, settled.strength
    attack, step = state["attack"], state["step"]
    start = settled.outcomes[attack][0]
    words = (
        f"Picture {state['picture'] + 1} of {len(settled.pictures)}, attack {attack + 1} of {len(picture.attacks)}: "
        f"{picture.attacks[attack]}, so that {picture.wants[attack]}. "
    )
    target = f"Object {picture.target + 1}, {picture.names[picture.labels[picture.target] - 1]},"
    if not strength:
        words += f"Strength 0, the picture as it is. {target} is {_fate(settled, start, attack, 0)}."
    else:
        words += (
            f"Strength {strength}: every channel of every pixel moves by {counted(strength, 'level')} of 255, "
            f"{fixed(100 * strength / 255, 1)}%. {target} was {_fate(settled, start, attack, 0)}, "
            f"and is {_fate(settled, settled.now, attack, step)}."
        )
        beside = [
            f"under {name} it is {_fate(settled, row[step], k, step)}"
            for k, (name, row) in enumerate(zip(picture.attacks, settled.outcomes, strict=True))
            if k != attack
        ]
        if beside:
            words += f" At the same strength {'; '.join(beside)}."
    false, rest = settled.right.count(False), len(picture.labels) - 1
    others = f"{settled.others} {'is' if settled.others == 1 else 'are'} found"
    words += f" Of {counted(rest, 'other object')} {others}, and there" if rest else " There"
    words += f" {'is' if false == 1 else 'are'} {counted(false, 'false alarm')}."
    if settled.broken is None:
        return f"{words} This attack fails at every strength up to {picture.strengths[-1]}."
    if not settled.broken:
        return f"{words} It is not found even without an attack."
    return f"{words} This attack first succeeds at strength {settled.broken}."


def _fate(settled: Settled, one: Outcome, attack: int, step: int) -> str:
    """Return what has become of the target in words."""
    picture = settled.picture
    found = picture.found[attack][step]

    def percent(row: int) -> str:
        return f"{fixed(100 * found.scores[row] / SCORE_STEPS, 0)}%"

    if one.fate == "leaking":
        beside = f"{fixed(100 * one.leak, 0)}% of its area beside it"
        return f"found with {percent(one.covering)}, but with a mask that leaks, {beside}, IoU {fixed(one.iou, 2)}"
    sure = f"{fixed(100 * one.score, 0)}%"
    if one.fate == "found":
        return f"found with {sure}, mask IoU {fixed(one.iou, 2)}"
    if one.fate == "taken":
        name = picture.names[found.labels[one.other] - 1]
        return f"taken for {name} with {percent(one.other)} (its own class has {sure})"
    return f"not found (its own class has {sure})"
