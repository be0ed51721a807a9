"""The funnel: the widget that asks how a haystack of anchors becomes a handful of proposals."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from minimask.anchors import Recipe, recipes
from minimask.data.runs import RecordedRun
from minimask.data.shapes import CLASSES
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.funnel_bytes import KEPT, pack, picture_url, unpack
from minimask.widgets.funnel_measures import IOUS, MASK_HEAD, STAGES, Look, Settled, describe, settle
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries

if TYPE_CHECKING:
    from minimask.plots.show import Shown

LIMITS = {"pre_top_n": (1, KEPT), "post_top_n": (1, 300), "min_size": (0.0, 64.0), "nms_threshold": (0.0, 1.0)}
"""What the sliders may be set to; the first two are whole numbers."""

FRESH = {"pre_top_n": 1000, "min_size": 1.0, "nms_threshold": 0.7, "post_top_n": 50, "stage": "top_n"}
"""The state to begin with, but for picture and moment."""

MOST = 8
"""The most pictures, and the most moments, that a widget shows: each pair takes 16 KB."""


class Funnel(LivingPicture):
    """The funnel: how a haystack of anchors becomes a handful of proposals.

    A region proposal network has said of every anchor how likely it holds an object, and how to move it. The reader
    slides what is kept, sees on the picture the boxes that any stage leaves, how many there are, which objects they
    still find, and what the mask head would cost on each of them. The numbers are `minimask.proposals.propose`'s.

    Parameters
    ----------
    run : RecordedRun, optional
        What a network said about a few pictures at a few moments of its training; by default the recorded one. At most
        8 pictures and 8 moments: `RecordedRun.pick` takes some.

    Attributes
    ----------
    state : dict
        All that the reader can change: `picture` and `moment` (counted from 0), `pre_top_n` (1 to 1000 of each level),
        `min_size` (0 to 64 pixels), `nms_threshold` (0 to 1), `post_top_n` (1 to 300), and `stage`, the one whose boxes
        are shown: a name of `minimask.proposals.Funnel`. Give it a new dict to change it.

    Raises
    ------
    ValueError
        If the run has too many pictures or moments, or not as many logits as its recipe has anchors; or if a state is
        not one that the widget can show.
    """

    _esm = module("funnel")
    _css = style_sheet("funnel")
    said = traitlets.Unicode().tag(sync=True)
    scales: traitlets.List[list[dict[str, Any]]] = traitlets.List().tag(sync=True)
    sea = traitlets.Dict().tag(sync=True)
    pictures: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    steps: traitlets.List[int] = traitlets.List().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(self, run: RecordedRun) -> None:
        self._run = _checked_run(run)
        self._size = self._run.images.shape[1], self._run.images.shape[2]
        recipe = recipes[self._run.recipe]
        counts = recipe.counts(*self._size)
        said, scales = pack(self._run.logits, self._run.deltas, counts)
        self._logits, self._deltas = unpack(said, scales, counts)
        self._anchors, self._cuts = recipe.per_level(*self._size), np.cumsum(counts)[:-1]
        start = {"picture": 0, "moment": len(self._run.steps) - 1, **FRESH}
        super().__init__(
            said=said,
            scales=[[scale._asdict() for scale in moments] for moments in scales],
            sea={"size": list(self._size), "levels": _levels(recipe, self._size)},
            pictures=[
                {"image": picture_url(image), "boxes": boxes.tolist(), "names": [CLASSES[k - 1] for k in labels]}
                for image, boxes, labels in zip(self._run.images, self._run.boxes, self._run.labels, strict=True)
            ],
            steps=list(self._run.steps),
            start=start,
            state=start,
        )

    @property
    def look(self) -> Look:
        """The picture at the moment that is shown: all that the sliders do not change."""
        picture, moment = self.state["picture"], self.state["moment"]
        return Look(
            self._size,
            self.pictures[picture]["names"],
            self._run.boxes[picture].astype(np.float64),
            self._anchors,
            np.split(self._logits[picture, moment], self._cuts),
            np.split(self._deltas[picture, moment], self._cuts),
        )

    @property
    def settled(self) -> Settled:
        """Everything that follows from the present state."""
        return settle(self.look, self.state)

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `survivors`, how many boxes each stage leaves, by its name; `found`, of how many objects a stage has a box, by
        its name, at IoU 0.5 and 0.7; `best_iou`, the largest IoU with each object, by stage; `lost`, for each object
        the stages that lose it for good at 0.5 and at 0.7, None where the proposals find it; `victims`, objects whose
        best box NMS gave up for a box on another one: `(object, other)`; `multiply_adds`, of the mask head on what a
        stage leaves.
        """
        settled = self.settled
        counts = dict(zip(STAGES, settled.counts, strict=True))
        found = zip(*(settled.found(threshold) for threshold in IOUS), strict=True)
        best = [reach.iou_of_object.tolist() for reach in settled.reaches]
        return {
            "survivors": counts,
            "found": dict(zip(STAGES, found, strict=True)),
            "best_iou": dict(zip(STAGES, best, strict=True)),
            "lost": list(zip(*(settled.lost(threshold) for threshold in IOUS), strict=True)),
            "victims": [(victim.object, victim.by) for victim in settled.victims],
            "multiply_adds": {name: MASK_HEAD * count for name, count in counts.items()},
        }

    def slide(
        self,
        *,
        pre_top_n: int | None = None,
        min_size: float | None = None,
        nms_threshold: float | None = None,
        post_top_n: int | None = None,
    ) -> None:
        """Set sliders; None leaves one as it is."""
        wanted = {
            "pre_top_n": pre_top_n,
            "min_size": min_size,
            "nms_threshold": nms_threshold,
            "post_top_n": post_top_n,
        }
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def choose(self, *, picture: int | None = None, moment: int | None = None, stage: str | None = None) -> None:
        """Choose what is shown: a picture and a moment of training, counted from 0, and a stage by its name."""
        wanted = {"picture": picture, "moment": moment, "stage": stage}
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.look, self.state, self.steps[self.state["moment"]], self.settled)

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.funnel_picture import still_picture

        image, settled = self._run.images[self.state["picture"]], self.settled
        picture = still_picture(image, self.look, self.state, settled, self.words())
        alt = f"A picture with the boxes that a stage leaves, and a funnel of all stages. {self.words()}"
        many = len(settled.funnel.stages()[self.state["stage"]].boxes) > 400
        return show(picture, alt, photograph=many)

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], {"picture", "moment", *FRESH})
        for name, choices in (("picture", self._run.images), ("moment", self._run.steps)):
            if not _is_whole(state[name]) or not 0 <= state[name] < len(choices):
                raise InvalidStateError(f"{name} must be from 0 to {len(choices) - 1}, got {state[name]!r}")
            state[name] = int(state[name])
        for name, (least, most) in LIMITS.items():
            whole = isinstance(least, int)
            fits = _is_whole(state[name]) if whole else _is_real(state[name])
            if not fits or not least <= state[name] <= most:
                kind = "a whole number" if whole else "a number"
                raise InvalidStateError(f"{name} must be {kind} from {least} to {most}, got {state[name]!r}")
            state[name] = int(state[name]) if whole else float(state[name])
        if state["stage"] not in STAGES:
            raise InvalidStateError(f"stage must be one of {', '.join(STAGES)}, got {state['stage']!r}")
        return state


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _levels(recipe: Recipe, size: tuple[int, int]) -> list[dict[str, Any]]:
    """Return what the browser needs to lay the anchors, level by level."""
    found = []
    for k, ((rows, columns), (down, right)) in enumerate(zip(recipe.grids(*size), recipe.strides(*size), strict=True)):
        cell = recipe.cell_anchors(k).tolist()
        steps = {"down": down, "right": right, "offset": recipe.offset}
        found.append({"rows": rows, "columns": columns, "cell": cell, **steps})
    return found


def _checked_run(run: RecordedRun) -> RecordedRun:
    pictures, moments, anchors = run.logits.shape
    if pictures > MOST or moments > MOST:
        raise ValueError(
            f"run must have at most {MOST} pictures and {MOST} moments, got {pictures} and {moments}: "
            "`run.pick` takes some of them"
        )
    height, width = run.images.shape[1:3]
    recipe = recipes[run.recipe]
    if recipe.network_size(height, width) != (height, width):
        raise ValueError(
            f"run must have a recipe that leaves {width} x {height} pixels as they are, got {run.recipe!r}"
        )
    if anchors != recipe.count(height, width):
        raise ValueError(
            f"run must have a logit for each of the {recipe.count(height, width):,} anchors of {run.recipe!r}, "
            f"got {anchors:,}"
        )
    return run
