"""The count explorer: the widget that asks which thresholds count right."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import traitlets

from minimask.data.counted import CountedPicture, recorded_counts
from minimask.widgets.count_explorer_measures import OUTLINES, Judged, Settled, describe, mean_of
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.funnel_bytes import picture_url
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries

if TYPE_CHECKING:
    from minimask.plots.show import Shown

LIMITS = {"score": (0.05, 0.99), "mask_threshold": (0.01, 0.99)}
"""What the thresholds may be set to, in whole percent."""
MOST_SMALLEST = 150
"""The largest area that can be asked for, in pixels."""
MOST_PICTURES = 12
"""A picture of 128 x 128 pixels with 60 detections takes about 40 KB."""
FRESH: dict[str, Any] = {
    "picture": 0,
    "outlines": "model",
    "truth": False,
    "score": 0.5,
    "mask_threshold": 0.5,
    "smallest": 0,
}
"""The state to begin with."""


class CountExplorer(LivingPicture):
    """The count explorer: which thresholds count right.

    The reader slides from which score on a detection counts, from which probability on a pixel belongs to a mask, and
    how many pixels it needs; sees the outlines that are left, which objects are missed, merged or made up, and how far
    the count is off, beside a method without learning.

    Parameters
    ----------
    pictures : sequence of CountedPicture, optional
        By default those that ship with the package.
    things : (str, str)
        What is counted: one of them, and many.
    method : str
        What the method without learning is called.

    Attributes
    ----------
    state : dict
        All that the reader can change: `picture` (counted from 0), `outlines` ("model", "baseline" or "none"), `truth`
        (whether true outlines are shown), `score` and `mask_threshold` (in hundredths), and `smallest` (pixels; 0 to
        150). Give it a new dict to change it.

    Raises
    ------
    ValueError
        If there are no pictures, or too many; or if a state is not one that the widget can show.

    Examples
    --------
    >>> import numpy as np
    >>> from minimask.data.crops import Crops
    >>> image, truth = np.zeros((8, 8, 3), np.uint8), np.pad(np.ones((3, 3), int), (1, 4))
    >>> found = Crops.of([0.9 * (truth > 0), np.pad(np.full((2, 2), 0.6), 3)])
    >>> widget = CountExplorer([CountedPicture(image, truth, truth, np.array([9900, 3000]), found)])
    >>> widget.measures["model"]["count"]
    1
    >>> widget.slide(score=0.3)
    >>> widget.measures["model"]["count"], widget.measures["true"]
    (2, 1)
    """

    _esm = module("count_explorer", lean=True, tight=True)
    _css = style_sheet("count_explorer", tight=True)
    counted: traitlets.List[str] = traitlets.List().tag(sync=True)
    images: traitlets.List[str] = traitlets.List().tag(sync=True)
    things: traitlets.List[str] = traitlets.List().tag(sync=True)
    method = traitlets.Unicode().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        pictures: Sequence[CountedPicture] | None = None,
        things: tuple[str, str] = ("nucleus", "nuclei"),
        method: str = "Watershed",
    ) -> None:
        given = recorded_counts() if pictures is None else list(pictures)
        if not 1 <= len(given) <= MOST_PICTURES:
            raise ValueError(f"pictures must be 1 to {MOST_PICTURES}, got {len(given)}")
        self._pictures = given
        super().__init__(
            counted=[base64.b64encode(picture.to_bytes(image=False)).decode("ascii") for picture in given],
            images=[picture_url(picture.image) for picture in given],
            things=list(things),
            method=method,
            start=FRESH,
            state=FRESH,
        )

    @property
    def settled(self) -> Settled:
        """Everything that follows from the present state."""
        return Settled(self._pictures, self.state)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `true`, how many objects there are; `model` and `baseline`, each a dict: `count`, `found`, `missed` (`merged` of
        them with others), `false`, `precision`, `recall`, `mean_area`; `true_area`, the mean; `off` and `baseline_off`,
        over all pictures how far the count is off: on the mean, and in total with its sign, both in percent; `curve`,
        the former at every score from 5% to 99%.
        """
        settled = self.settled
        return {
            "true": len(settled.true_areas),
            "true_area": mean_of(settled.true_areas),
            "model": _numbers(settled.model),
            "baseline": _numbers(settled.baseline),
            "off": settled.off,
            "baseline_off": settled.baseline_off,
            "curve": settled.curve,
        }

    def slide(
        self, *, score: float | None = None, mask_threshold: float | None = None, smallest: int | None = None
    ) -> None:
        """Set sliders; None leaves one as it is."""
        wanted = {"score": score, "mask_threshold": mask_threshold, "smallest": smallest}
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def choose(self, *, picture: int | None = None, outlines: str | None = None, truth: bool | None = None) -> None:
        """Choose what is shown; None leaves it as it is.

        Parameters
        ----------
        picture : int
            Counted from 0.
        outlines : "model", "baseline" or "none"
            Whose outlines are shown.
        truth : bool
            Whether true outlines are shown.
        """
        wanted = {"picture": picture, "outlines": outlines, "truth": truth}
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.settled, (self.things[0], self.things[1]), self.method)

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.count_explorer_picture import still_picture

        alt = f"A picture with outlines around what is counted, and curves of the error. {self.words()}"
        return show(still_picture(self.settled, self.words(), self.method), alt, photograph=True, quality=50)

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], set(FRESH))
        for name, largest in (("picture", len(self._pictures) - 1), ("smallest", MOST_SMALLEST)):
            number = isinstance(state[name], Integral) and not isinstance(state[name], bool)
            if not number or not 0 <= state[name] <= largest:
                raise InvalidStateError(f"{name} must be a whole number from 0 to {largest}, got {state[name]!r}")
            state[name] = int(state[name])
        for name, (least, most) in LIMITS.items():
            number = isinstance(state[name], Real) and not isinstance(state[name], bool)
            if not number or not least <= state[name] <= most:
                raise InvalidStateError(f"{name} must be a number from {least} to {most}, got {state[name]!r}")
            state[name] = round(100 * float(state[name])) / 100
        if state["outlines"] not in OUTLINES:
            raise InvalidStateError(f"outlines must be one of {', '.join(OUTLINES)}, got {state['outlines']!r}")
        if not isinstance(state["truth"], bool):
            raise InvalidStateError(f"truth must be True or False, got {state['truth']!r}")
        return state


def _numbers(judged: Judged) -> dict[str, Any]:
    return {
        "count": judged.count,
        "found": judged.found,
        "missed": len(judged.fates) - judged.found,
        "merged": judged.fates.count("merged"),
        "false": judged.count - judged.found,
        "precision": judged.precision,
        "recall": judged.recall,
        "mean_area": mean_of(judged.areas),
    }
