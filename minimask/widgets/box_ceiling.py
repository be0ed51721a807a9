"""The box ceiling: the widget that asks how high the IoU of a box with a silhouette can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from minimask.data.silhouettes import FAMILIES, Rings, family, placed
from minimask.geometry.balance import SIDES, balance
from minimask.geometry.checks import as_box
from minimask.geometry.polygons import checked_rings
from minimask.widgets.box_ceiling_measures import (
    DRAWN,
    Pose,
    describe,
    measure,
    pose_of,
    start_box,
)
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries

if TYPE_CHECKING:
    from minimask.plots.show import Shown

FLAGS = ("show_tight", "show_best", "show_sides")


def plain_silhouettes() -> dict[str, Rings]:
    """Return the plain shapes of `minimask.data.silhouettes`, about 80 pixels across; the bar lies diagonally."""
    return {
        name: placed(family(name), degrees=45 if name == "bar" else 0, scale=40, center=(50, 50)) for name in FAMILIES
    }


class BoxCeiling(LivingPicture):
    """The box ceiling: how high the IoU of a box with a silhouette can be.

    The reader lays a box on a silhouette, turns the silhouette, and sees the IoU beside that of the tight and of the
    best box, and for each side how much of it lies inside the silhouette. At the best box no side gains by moving:
    where the outline is smooth, exactly IoU / (1 + IoU) of every side lies inside.

    Parameters
    ----------
    shapes : mapping of str to array (N, 2) or list of such arrays, optional
        Silhouettes by name: rows `x y` in pixels; of a list the first ring is the outline and the others are holes. By
        default `plain_silhouettes()`.
    shape : str, optional
        The silhouette to begin with; by default the first.

    Attributes
    ----------
    state : dict
        All that the reader can change: `shape` (a name), `angle` (0 to 180 degrees, clockwise), `box` (`x1 y1 x2 y2` in
        pixels), `show_tight`, `show_best`, `show_sides` (bool), and `drawn` (what the reader drew, rows `x y`, or
        None). Give it a new dict to change it.

    Raises
    ------
    ValueError
        If a silhouette is malformed or crosses itself, or a state is not one that the widget can show.

    Examples
    --------
    >>> widget = BoxCeiling(shape="square")
    >>> widget.place([10, 18, 82, 82])
    >>> round(widget.measures["iou"], 3)
    0.889
    >>> widget.rotate(45)
    >>> widget.snap("best")
    >>> round(widget.measures["iou"], 3), round(widget.measures["sides"]["left"], 3)
    (0.707, 0.414)
    """

    _esm = module("box_ceiling", lean=True)
    _css = style_sheet("box_ceiling")
    shapes = traitlets.Dict().tag(sync=True)

    def __init__(
        self, shapes: Mapping[str, ArrayLike | Sequence[ArrayLike]] | None = None, shape: str | None = None
    ) -> None:
        rings = _checked_shapes(plain_silhouettes() if shapes is None else shapes)
        plain = {name: [ring.tolist() for ring in outline] for name, outline in rings.items()}
        self._rings = rings
        self._pose: tuple[str, Pose] | None = None
        super().__init__(shapes=plain, state=self._fresh(next(iter(rings)) if shape is None else shape))

    @property
    def pose(self) -> Pose:
        """The silhouette at the present angle, with its tight and its best box."""
        key = repr([self.state[part] for part in ("shape", "angle", "drawn")])
        if self._pose is None or self._pose[0] != key:
            self._pose = key, pose_of(self._silhouette(self.state["shape"], self.state["drawn"]), self.state["angle"])
        return self._pose[1]

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `iou`, `intersection` and `union` of the reader's box (areas in square pixels); `tight` and `best`, the two
        ceilings, and `tight_box` and `best_box`; `gap`, best - iou; `sides`, the share of each side that lies inside;
        `balance`, IoU / (1 + IoU) at the best box.
        """
        pose = self.pose
        of_box = measure(pose, np.array(self.state["box"]))
        return {
            "iou": of_box.iou,
            "intersection": of_box.intersection,
            "union": of_box.union,
            "tight": pose.tight,
            "best": pose.best,
            "tight_box": pose.tight_box.tolist(),
            "best_box": pose.best_box.tolist(),
            "gap": pose.best - of_box.iou,
            "sides": {name: side.inner for name, side in zip(SIDES, of_box.sides, strict=True)},
            "balance": balance(pose.best),
        }

    def choose(self, shape: str) -> None:
        """Show another silhouette, upright, with the box that the reader starts with."""
        box = start_box(self._silhouette(shape, self.state["drawn"])).tolist()
        self.state = {**self.state, "shape": shape, "angle": 0.0, "box": box}

    def rotate(self, degrees: float) -> None:
        """Turn the silhouette to an angle from 0 to 180 degrees, clockwise from upright."""
        self.state = {**self.state, "angle": degrees}

    def place(self, box: ArrayLike) -> None:
        """Lay the reader's box at `x1 y1 x2 y2`, in pixels."""
        self.state = {**self.state, "box": box}

    def snap(self, to: str) -> None:
        """Lay the reader's box on the `"tight"` or the `"best"` box."""
        if to not in ("tight", "best"):
            raise InvalidStateError(f"to must be 'tight' or 'best', got {to!r}")
        self.place(self.pose.tight_box if to == "tight" else self.pose.best_box)

    def show(self, *, tight: bool | None = None, best: bool | None = None, sides: bool | None = None) -> None:
        """Show or hide the tight box, the best box, and how much of each side lies inside; None leaves it as it is."""
        wanted = {"show_tight": tight, "show_best": best, "show_sides": sides}
        self.state = {**self.state, **{flag: value for flag, value in wanted.items() if value is not None}}

    def draw(self, polygon: ArrayLike) -> None:
        """Show a silhouette of the reader's own, one ring `(N, 2)` with rows `x y` in a square from 0 to 100."""
        drawn = np.asarray(polygon).tolist()
        box = start_box(_checked_rings(drawn, "polygon")).tolist()
        self.state = {**self.state, "shape": DRAWN, "drawn": drawn, "angle": 0.0, "box": box}

    def reset(self) -> None:
        """Start over with the present silhouette."""
        self.state = self._fresh(self.state["shape"], self.state["drawn"])

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.state["shape"], self.pose, np.array(self.state["box"]))

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.box_ceiling_picture import still_picture

        return show(still_picture(self.pose, self.state, self.words()), self.words())

    def _fresh(self, shape: str, drawn: list[list[float]] | None = None) -> dict[str, Any]:
        box = start_box(self._silhouette(shape, drawn)).tolist()
        flags = {"show_tight": True, "show_best": False, "show_sides": True}
        return {"shape": shape, "angle": 0.0, "box": box, "drawn": drawn, **flags}

    def _silhouette(self, shape: str, drawn: list[list[float]] | None) -> Rings:
        if shape == DRAWN and drawn is not None:
            return _checked_rings(drawn, "drawn")
        if shape not in self._rings:
            raise InvalidStateError(f"shape must be one of {', '.join(self._rings)}, got {shape!r}")
        return self._rings[shape]

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], {"shape", "angle", "box", "drawn", *FLAGS})
        self._silhouette(state["shape"], state["drawn"])
        angle = state["angle"]
        if isinstance(angle, bool) or not isinstance(angle, Real) or not 0 <= float(angle) <= 180:
            raise InvalidStateError(f"angle must be a number from 0 to 180 degrees, got {angle!r}")
        try:
            state["box"] = as_box(state["box"]).tolist()
        except (TypeError, ValueError) as error:
            raise InvalidStateError(str(error)) from error
        x1, y1, x2, y2 = state["box"]
        if x1 == x2 or y1 == y2:
            raise InvalidStateError(f"box must have a width and a height above 0, got {state['box']}")
        for flag in FLAGS:
            if not isinstance(state[flag], bool):
                raise InvalidStateError(f"{flag} must be True or False, got {state[flag]!r}")
        return state


def _checked_rings(polygon: ArrayLike | Sequence[ArrayLike], name: str) -> Rings:
    """Return a polygon's rings, rounded to what travels to the browser."""
    try:
        return [ring.round(4) for ring in checked_rings(polygon, name)]
    except (TypeError, ValueError) as error:
        raise InvalidStateError(str(error)) from error


def _checked_shapes(shapes: Mapping[str, ArrayLike | Sequence[ArrayLike]]) -> dict[str, Rings]:
    if not shapes:
        raise InvalidStateError("shapes must hold at least one silhouette, got none")
    for name in shapes:
        if not isinstance(name, str) or not name.strip() or name == DRAWN:
            raise InvalidStateError(f"a name in shapes must be a text other than {DRAWN!r}, got {name!r}")
    return {name: _checked_rings(polygon, f"shapes[{name!r}]") for name, polygon in shapes.items()}
