"""The funnel: the widget that asks how a haystack of anchors becomes a handful of proposals."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from minimask.anchors import Recipe, recipes
from minimask.data.shapes import CLASSES
from minimask.data.watched import WatchedPicture, watched_pictures
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.funnel_bytes import KEPT, pack, picture_url, unpack
from minimask.widgets.funnel_measures import IOUS, MASK_HEAD, STAGES, Look, Settled, describe, settle
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries

if TYPE_CHECKING:
    from minimask.plots.show import Shown

LIMITS = {"pre_top_n": (1, KEPT), "post_top_n": (1, 300), "min_size": (0.0, 64.0), "nms_threshold": (0.0, 1.0)}
"""What the sliders may be set to; the first two are whole numbers."""

FRESH = {"pre_top_n": 1000, "min_size": 1.0, "nms_threshold": 0.7, "post_top_n": 50, "stage": "top_n"}
"""The state to begin with, but for picture and step."""

MOST_PICTURES, MOST_LOOKS = 8, 24
"""How many pictures a widget shows, and how many moments of all of them together: each takes about 16 KB."""

SHOWN = 5
"""How many pictures of the recorded run are shown unless others are given."""


class Funnel(LivingPicture):
    """The funnel: how a haystack of anchors becomes a handful of proposals.

    A region proposal network has said of every anchor how likely it holds an object, and how to move it. The reader
    slides what is kept, sees on the picture the boxes that any stage leaves, how many there are, which objects they
    still find, and what the mask head would cost on each of them. The stages are those of `minimask.proposals.propose`.

    Parameters
    ----------
    pictures : sequence of WatchedPicture, optional
        Pictures of one size, and what a network said about each of them at some moments of its training; logits are
        rounded to float16 and deltas to multiples of 1/256. By default the first of the recorded run.
    recipe : str, optional
        The recipe of the anchors, a name in `minimask.anchors.recipes`.

    Attributes
    ----------
    state : dict
        All that the reader can change: `picture` (counted from 0), `step` of training (one of its `steps`), `pre_top_n`
        (1 to 1000 of each level), `min_size` (0 to 64 pixels), `nms_threshold` (0 to 1), `post_top_n` (1 to 300), and
        `stage`, the one whose boxes are shown: a name of `minimask.proposals.STAGES`. Give it a new dict to change it.

    Raises
    ------
    ValueError
        If there are too many pictures or moments, pictures differ in size or do not have as many logits as the recipe
        has anchors; or if a state is not one that the widget can show.

    Examples
    --------
    >>> widget = Funnel()
    >>> widget.measures["survivors"]["anchors"], widget.measures["survivors"]["top_n"]
    (4032, 50)
    >>> widget.choose(step=0)
    >>> widget.measures["found"]["top_n"]  # of 4 objects, at IoU 0.5 and 0.7, before training
    (0, 0)
    """

    _esm = module("funnel")
    _css = style_sheet("funnel")
    said = traitlets.Unicode().tag(sync=True)
    sea = traitlets.Dict().tag(sync=True)
    pictures: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(self, pictures: Sequence[WatchedPicture] | None = None, recipe: str = "lesson") -> None:
        watched = watched_pictures()[:SHOWN] if pictures is None else list(pictures)
        self._size = _checked_size(watched, recipes[recipe])
        self._images = [picture.image for picture in watched]
        self._anchors, counts = recipes[recipe].per_level(*self._size), recipes[recipe].counts(*self._size)
        said = pack([look for of in watched for look in zip(of.logits, of.deltas, strict=True)], counts)
        keys = [(number, step) for number, picture in enumerate(watched) for step in picture.steps]
        self._said = dict(zip(keys, unpack(said, counts), strict=True))
        start = {"picture": 0, "step": watched[0].steps[-1], **FRESH}
        super().__init__(
            said=said,
            sea={"size": list(self._size), "levels": _levels(recipes[recipe], self._size)},
            pictures=[
                {
                    "image": picture_url(picture.image),
                    "boxes": picture.boxes.tolist(),
                    "names": [CLASSES[label - 1] for label in picture.labels],
                    "steps": list(picture.steps),
                }
                for picture in watched
            ],
            start=start,
            state=start,
        )

    @property
    def look(self) -> Look:
        """The picture at the moment that is shown: all that the sliders do not change."""
        number = self.state["picture"]
        logits, deltas = self._said[number, self.state["step"]]
        ends = np.cumsum([len(boxes) for boxes in self._anchors])[:-1]
        objects = np.array(self.pictures[number]["boxes"], dtype=np.float64).reshape(-1, 4)
        names = self.pictures[number]["names"]
        return Look(self._size, names, objects, self._anchors, np.split(logits, ends), np.split(deltas, ends))

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

    def choose(self, *, picture: int | None = None, step: int | None = None, stage: str | None = None) -> None:
        """Choose what is shown; None leaves it as it is.

        Parameters
        ----------
        picture : int
            Counted from 0. If nothing was recorded of it at the present step, the last step before that is shown, or
            its first one.
        step : int
            One of the picture's `steps`.
        stage : str
            The stage whose boxes are shown, by its name.
        """
        wanted = {"picture": picture, "step": step, "stage": stage}
        state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}
        if step is None:
            steps = self.pictures[_checked_number(state["picture"], len(self.pictures))]["steps"]
            state["step"] = max((known for known in steps if known <= state["step"]), default=steps[0])
        self.state = state

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.look, self.state, self.settled)

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.funnel_picture import still_picture

        image, settled = self._images[self.state["picture"]], self.settled
        picture = still_picture(image, self.look, self.state, settled, self.words())
        alt = f"A picture with the boxes that a stage leaves, and a funnel of all stages. {self.words()}"
        return show(picture, alt, photograph=True, quality=50)

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], {"picture", "step", *FRESH})
        state["picture"] = _checked_number(state["picture"], len(self._images))
        steps = [step for number, step in self._said if number == state["picture"]]
        if not _is_whole(state["step"]) or state["step"] not in steps:
            known = ", ".join(map(str, steps))
            raise InvalidStateError(
                f"step must be one recorded of picture {state['picture']}, {known}, got {state['step']!r}"
            )
        state["step"] = int(state["step"])
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


def _checked_number(picture: int, pictures: int) -> int:
    if not _is_whole(picture) or not 0 <= picture < pictures:
        raise InvalidStateError(f"picture must be from 0 to {pictures - 1}, got {picture!r}")
    return int(picture)


def _checked_size(pictures: list[WatchedPicture], recipe: Recipe) -> tuple[int, int]:
    """Return the size of all pictures, after making sure that the recipe suits them."""
    moments = sum(len(picture.steps) for picture in pictures)
    if not 1 <= len(pictures) <= MOST_PICTURES or moments > MOST_LOOKS:
        raise ValueError(
            f"pictures must be 1 to {MOST_PICTURES}, with at most {MOST_LOOKS} moments of all together, "
            f"got {len(pictures)} with {moments}"
        )
    sizes = {picture.image.shape[:2] for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"pictures must be of one size, got {sorted(sizes)}")
    height, width = sizes.pop()
    if recipe.network_size(height, width) != (height, width):
        raise ValueError(f"recipe must leave {height} x {width} pixels as they are, got {recipe.name!r}")
    for number, picture in enumerate(pictures):
        if picture.logits.shape[1] != recipe.count(height, width):
            raise ValueError(
                f"pictures[{number}] must have a logit for each of the {recipe.count(height, width):,} anchors of "
                f"{recipe.name!r}, got {picture.logits.shape[1]:,}"
            )
    return height, width
