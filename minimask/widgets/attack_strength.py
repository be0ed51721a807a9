"""The strength of an attack: the widget that asks how little it takes to fool the machine."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import traitlets

from minimask.data.attacked import AttackedPicture, recorded_attacks
from minimask.widgets.attack_strength_measures import Settled, describe
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries
from minimask.widgets.picture_data import lossless_url

if TYPE_CHECKING:
    from minimask.plots.show import Shown

MOST_PICTURES = 6
"""A picture of 128 x 128 pixels with two attacks and noise at nine strengths takes about 170 KB."""


class AttackStrength(LivingPicture):
    """The strength of an attack: how little it takes to fool the machine.

    The reader slides how far every channel of every pixel may move, sees the picture as the model sees it, the change
    magnified, and what is found; and beside it what chance does that moves them as far. It begins where the first
    attack first succeeds.

    Parameters
    ----------
    pictures : sequence of AttackedPicture, optional
        By default those that ship with the package. All have as many attacks of the same names, and the same strengths.

    Attributes
    ----------
    state : dict
        All that the reader can change: `picture` and `attack` (counted from 0), `step` (which of the strengths), and
        `found` (whether it is shown what the model finds). Give it a new dict to change it.

    Raises
    ------
    ValueError
        If there are no pictures, too many, or pictures that differ in attacks or strengths; or if a state is not one
        that the widget can show.

    Examples
    --------
    >>> import numpy as np
    >>> from minimask.data.attacked import Strike
    >>> from minimask.data.found import Found
    >>> from minimask.data.shapes import CLASSES, ShapesWorld
    >>> truth = ShapesWorld(seed=3)[0]
    >>> found = Found(truth.boxes, truth.labels, np.array([0.9]), truth.masks)
    >>> nothing = Found(found.boxes[:0], found.labels[:0], found.scores[:0], found.masks[:0])
    >>> up = np.ones(truth.image.shape, bool)
    >>> strikes = [Strike(up, found), Strike(up, nothing)]
    >>> picture = AttackedPicture.of(truth, 0, CLASSES, [0, 4], {"brighter": ("nothing is found", strikes)})
    >>> widget = AttackStrength([picture])
    >>> widget.measures["fate"], widget.measures["first"]
    ('lost', 4)
    >>> widget.choose(step=0)
    >>> widget.measures["fate"]
    'found'
    """

    _esm = module("attack_strength", lean=True, tight=True)
    _css = style_sheet("attack_strength", tight=True)
    attacked: traitlets.List[str] = traitlets.List().tag(sync=True)
    images: traitlets.List[str] = traitlets.List().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(self, pictures: Sequence[AttackedPicture] | None = None) -> None:
        given = recorded_attacks() if pictures is None else list(pictures)
        if not 1 <= len(given) <= MOST_PICTURES:
            raise ValueError(f"pictures must be 1 to {MOST_PICTURES}, got {len(given)}")
        if len({(picture.attacks, picture.strengths) for picture in given}) > 1:
            raise ValueError("pictures must have the same attacks, at the same strengths")
        packed = [picture.to_bytes(image=False) for picture in given]
        self._pictures = [
            AttackedPicture.from_bytes(content, picture.image) for content, picture in zip(packed, given, strict=True)
        ]
        fresh: dict[str, Any] = {"picture": 0, "attack": 0, "step": 0, "found": True}
        fates = [one.fate for one in Settled(self._pictures, fresh).outcomes[0]]
        fresh["step"] = next((step for step, fate in enumerate(fates) if fate != "found"), len(fates) - 1)
        super().__init__(
            attacked=[base64.b64encode(content).decode("ascii") for content in packed],
            images=[lossless_url(picture.image) for picture in given],
            start=fresh,
            state=fresh,
        )

    @property
    def settled(self) -> Settled:
        """Everything that follows from the present state."""
        return Settled(self._pictures, self.state)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `strength`, in levels of a byte; of the attacked object `fate` ("found", "leaking", "taken" or "lost"), `score`,
        `mask_iou`, and `leak`, how much of its mask lies beside it, as a part of its area; `scores` and `mask_ious`,
        lists for each attack by its name, one value for each strength; `others`, how many other objects are found;
        `false_alarms`; `first`, the weakest strength at which the present attack succeeds, None if none does.
        """
        settled = self.settled
        named = dict(zip(settled.picture.attacks, settled.outcomes, strict=True))
        return {
            "strength": settled.strength,
            "fate": settled.now.fate,
            "score": settled.now.score,
            "mask_iou": settled.now.iou,
            "leak": settled.now.leak,
            "scores": {name: [one.score for one in row] for name, row in named.items()},
            "mask_ious": {name: [one.iou for one in row] for name, row in named.items()},
            "others": settled.others,
            "false_alarms": settled.right.count(False),
            "first": settled.broken,
        }

    def choose(
        self,
        *,
        picture: int | None = None,
        attack: int | None = None,
        step: int | None = None,
        found: bool | None = None,
    ) -> None:
        """Choose what is shown; None leaves it as it is.

        Parameters
        ----------
        picture, attack, step : int
            Counted from 0; `step` is the number of a strength.
        found : bool
            Whether it is shown what the model finds.
        """
        wanted = {"picture": picture, "attack": attack, "step": step, "found": found}
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.settled)

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.attack_strength_picture import still_picture

        alt = f"A picture as the model sees it, the change magnified, and scores by strength. {self.words()}"
        return show(still_picture(self.settled, self.words()), alt, photograph=True, quality=25)

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], {"picture", "attack", "step", "found"})
        first = self._pictures[0]
        sizes = {"picture": len(self._pictures), "attack": len(first.attacks), "step": len(first.strengths)}
        for name, size in sizes.items():
            whole = isinstance(state[name], Integral) and not isinstance(state[name], bool)
            if not whole or not 0 <= state[name] < size:
                raise InvalidStateError(f"{name} must be a whole number from 0 to {size - 1}, got {state[name]!r}")
            state[name] = int(state[name])
        if not isinstance(state["found"], bool):
            raise InvalidStateError(f"found must be True or False, got {state['found']!r}")
        return state
