"""The anchor sea: the widget that asks how many anchors lie over a picture, and whether any of them fits an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import traitlets
from numpy.typing import ArrayLike

from minimask.anchors import Recipe, recipes
from minimask.geometry.checks import as_box, as_boxes, as_point
from minimask.widgets.anchor_sea_measures import Settled, describe, name_of_level, settle
from minimask.widgets.front_end import module, style_sheet
from minimask.widgets.living_picture import InvalidStateError, LivingPicture, checked_entries
from minimask.widgets.picture_data import as_picture, data_url

if TYPE_CHECKING:
    from minimask.plots.show import Shown

SIZES = ((128, 128), (256, 256), (512, 512), (800, 800), (1024, 1024), (683, 1024), (800, 1333))
"""The sizes of pictures to choose from, `(height, width)` in pixels, where there is no picture."""

SHORTER_SIDES = (256, 512, 800, 1024)
"""Where there is a picture, it can be enlarged until its shorter side has one of these lengths."""

SIDES = (32, 2048)
"""The least and the most that a side of a picture may have, in pixels."""

PLAIN_OBJECTS = {
    "person": (640.0, 360.0, 760.0, 660.0),
    "car": (140.0, 560.0, 420.0, 740.0),
    "ball": (470.0, 800.0, 494.0, 824.0),
    "pole": (860.0, 130.0, 876.0, 790.0),
    "house": (90.0, 70.0, 900.0, 900.0),
}
"""The objects to choose from where there is no picture, in pixels of one of 1024 x 1024."""

MOST_OBJECTS = 40
LEAST_SIDE = 0.01
"""The least width and height of the object, in pixels: what a pixel of the largest picture is on the smallest."""


class AnchorSea(LivingPicture):
    """The anchor sea: how many anchors lie over a picture, and whether any of them fits an object.

    The reader chooses a recipe and a size of the picture, drags and stretches an object, and sees how many anchors
    there are, on which levels, which of them overlaps the object best, and how many are positive, ignored and negative
    for it. At a point that can be moved, too, all anchors of the nearest cells are drawn. The object and the point are
    given in pixels of the picture; where a recipe resizes the picture, they are resized with it.

    Parameters
    ----------
    image : uint8 array (H, W) or (H, W, 3), optional
        A picture to show behind the anchors; by default a plain plane.
    objects : mapping of str to (x1, y1, x2, y2), or array (N, 4), optional
        Objects to choose from, at most 40, in pixels of the image; by default a few of typical shapes.
    recipe : str
        A name in `minimask.anchors.recipes`.
    size : (height, width), optional
        The size of the picture to begin with, each side from 32 to 2048 pixels; by default that of the image, and
        1024 x 1024 where there is none. The objects are resized from the image's to this.

    Attributes
    ----------
    state : dict
        All that the reader can change: `recipe` (a name), `size` (height and width of the picture), `box` (the object,
        `x1 y1 x2 y2`), `point` (`x y`), `shown` (the levels, counted from 0, whose anchors are drawn), `dotted` (the
        level whose centers are), `foreground` and `background` (the thresholds of the IoU), and `low_quality` (whether
        the best anchor is positive in any case). Give it a new dict to change it.

    Raises
    ------
    ValueError
        If an argument is malformed, or a state is not one that the widget can show.

    Examples
    --------
    >>> widget = AnchorSea()
    >>> widget.measures["count"], widget.measures["counts"]
    (261888, [196608, 49152, 12288, 3072, 768])
    >>> widget.place([404, 404, 508, 508])
    >>> round(widget.measures["best_iou"], 3), widget.measures["positive"], widget.measures["rescued"]
    (0.66, 1, 1)
    >>> widget.switch(low_quality=False)
    >>> widget.measures["positive"]
    0
    """

    _esm = module("anchor_sea", lean=True)
    _css = style_sheet("anchor_sea")
    recipes: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    sizes: traitlets.List[list[int]] = traitlets.List().tag(sync=True)
    objects = traitlets.Dict().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    start = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        image: ArrayLike | None = None,
        objects: Mapping[str, ArrayLike] | ArrayLike | None = None,
        recipe: str = "fpn",
        size: Sequence[int] | None = None,
    ) -> None:
        array = None if image is None else as_picture(image)
        of_objects = (1024, 1024) if array is None else array.shape[:2]
        given = _checked_objects(PLAIN_OBJECTS if objects is None else objects, of_objects)
        begin = _checked_size(of_objects if size is None else size)
        boxes = list(given.values())
        self._settled: tuple[str, Settled] | None = None
        start = {
            "recipe": _checked_recipe(recipe).name,
            "size": list(begin),
            "box": _rescaled(boxes[0], of_objects, begin),
            "point": _rescaled([370.0, 400.0], (1024, 1024), begin),
            "shown": list(range(len(recipes[recipe].levels))),
            "dotted": len(recipes[recipe].levels) // 2,
            "foreground": 0.7,
            "background": 0.3,
            "low_quality": True,
        }
        super().__init__(
            recipes=[_as_data(recipe) for recipe in recipes.values()],
            sizes=_sizes(None if array is None else of_objects, begin),
            objects={"names": list(given), "boxes": boxes, "size": list(of_objects)},
            picture="" if array is None else data_url(array),
            start=start,
            state=start,
        )

    @property
    def settled(self) -> Settled:
        """Everything that follows from the present state."""
        key = repr(self.state)
        if self._settled is None or self._settled[0] != key:
            self._settled = key, settle(self.state)
        return self._settled[1]

    @property
    def measures(self) -> dict[str, Any]:
        """The numbers of the present state.

        `count` and `counts`, of all anchors and by level; `network_size`, `(height, width)` of the picture as the
        network sees it; `best_iou` and `best_anchor`, the IoU and the box of the anchor that fits best, in pixels of
        the network's picture, with its `level`, `size` and `ratio`; `iou_of_level`, the best of each level;
        `positive`, `ignored` and `negative`, how many anchors are; and `rescued`, how many of the positive ones are so
        by the low-quality rule alone.
        """
        settled = self.settled
        return {
            "count": sum(settled.counts),
            "counts": list(settled.counts),
            "network_size": settled.network,
            "best_iou": settled.best.iou,
            "best_anchor": settled.best.box,
            "level": name_of_level(recipes[self.state["recipe"]], settled.best.level),
            "size": settled.best.size,
            "ratio": settled.best.ratio,
            "iou_of_level": settled.best_of_level,
            "positive": settled.positive,
            "ignored": settled.ignored,
            "negative": settled.negative,
            "rescued": settled.rescued,
        }

    def choose(self, recipe: str) -> None:
        """Lay the anchors of another recipe, and show all its levels."""
        levels = len(_checked_recipe(recipe).levels)
        self.state = {
            **self.state,
            "recipe": recipe,
            "shown": list(range(levels)),
            "dotted": min(self.state["dotted"], levels - 1),
        }

    def resize(self, height: int, width: int) -> None:
        """Give the picture another size, in pixels; the object and the point are resized with it."""
        size = _checked_size((height, width))
        moved = {name: _rescaled(self.state[name], self.state["size"], size) for name in ("box", "point")}
        self.state = {**self.state, "size": list(size), **moved}

    def place(self, box: ArrayLike) -> None:
        """Lay the object at `x1 y1 x2 y2`, in pixels of the picture."""
        self.state = {**self.state, "box": box}

    def take(self, name: str) -> None:
        """Lay the object where one of the given ones lies."""
        names = self.objects["names"]
        if name not in names:
            raise InvalidStateError(f"name must be one of {', '.join(names)}, got {name!r}")
        self.place(_rescaled(self.objects["boxes"][names.index(name)], self.objects["size"], self.state["size"]))

    def point_at(self, x: float, y: float) -> None:
        """Draw the anchors of the cells nearest to a point, in pixels of the picture."""
        self.state = {**self.state, "point": [x, y]}

    def show_levels(self, shown: Sequence[int], dotted: int | None = None) -> None:
        """Draw the anchors of these levels, counted from 0, and the centers of one; None leaves that one as it is."""
        self.state = {
            **self.state,
            "shown": list(shown),
            "dotted": self.state["dotted"] if dotted is None else dotted,
        }

    def switch(
        self,
        *,
        foreground: float | None = None,
        background: float | None = None,
        low_quality: bool | None = None,
    ) -> None:
        """Set the thresholds and the low-quality rule; None leaves one as it is."""
        wanted = {"foreground": foreground, "background": background, "low_quality": low_quality}
        self.state = {**self.state, **{name: value for name, value in wanted.items() if value is not None}}

    def reset(self) -> None:
        """Start over."""
        self.state = self.start

    def words(self) -> str:
        """Return what is seen, in words with the numbers."""
        return describe(self.state, self.settled)

    def still(self) -> Shown:
        """Return a still picture of the present state, described by the words."""
        from minimask.plots.show import show  # only here: the widget itself needs no matplotlib
        from minimask.widgets.anchor_sea_picture import still_picture

        picture = still_picture(self.state, self.settled, self.picture, self.words())
        alt = f"An object on a picture, and the anchors of a detector. {self.words()}"
        return show(picture, alt, photograph=bool(self.picture))

    @traitlets.validate("state")
    def _checked_state(self, proposal: dict[str, Any]) -> dict[str, Any]:
        state = checked_entries(proposal["value"], set(self.start))
        levels = len(_checked_recipe(state["recipe"]).levels)
        height, width = _checked_size(state["size"])
        state["size"] = [height, width]
        state["box"] = _checked_box(state["box"], (height, width), "box", LEAST_SIDE)
        state["point"] = _checked_point(state["point"], height, width)
        shown, dotted = state["shown"], state["dotted"]
        if not isinstance(shown, list | tuple) or not all(_is_one_of(k, range(levels)) for k in (*shown, dotted)):
            raise InvalidStateError(
                f"shown must be levels from 0 to {levels - 1}, and dotted one of them, got {shown!r} and {dotted!r}"
            )
        state["shown"], state["dotted"] = sorted({int(k) for k in shown}), int(dotted)
        for name in ("foreground", "background"):
            if isinstance(state[name], bool) or not isinstance(state[name], Real):
                raise InvalidStateError(f"{name} must be a number, got {state[name]!r}")
            state[name] = float(state[name])
        if not 0 < state["background"] <= state["foreground"] <= 1:
            raise InvalidStateError(
                "background and foreground must be IoUs, 0 < background <= foreground <= 1, "
                f"got background {state['background']} and foreground {state['foreground']}"
            )
        if not isinstance(state["low_quality"], bool):
            raise InvalidStateError(f"low_quality must be True or False, got {state['low_quality']!r}")
        return state


def _as_data(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as it travels to the browser."""
    levels = [
        {"stride": stride, "sizes": list(sizes), "ratios": list(ratios)} for stride, sizes, ratios in recipe.levels
    ]
    names = ("name", "words", "offset", "rounding", "stride_rule", "multiple")
    resize = list(recipe.resize) if recipe.resize else None
    return {**{name: getattr(recipe, name) for name in names}, "resize": resize, "levels": levels}


def _sizes(of_image: tuple[int, int] | None, begin: tuple[int, int]) -> list[list[int]]:
    """Return the sizes to choose from: of an image its own, and enlarged ones."""
    if of_image is None:
        sizes = list(SIZES)
    else:
        shorter = min(of_image)
        height, width = of_image
        larger = [(round(height * k / shorter), round(width * k / shorter)) for k in SHORTER_SIDES if k > shorter]
        sizes = [of_image, *(size for size in larger if max(size) <= SIDES[1])]
    return [list(size) for size in dict.fromkeys((*sizes, begin))]


def _rescaled(numbers: Sequence[float], before: Sequence[int], after: Sequence[int]) -> list[float]:
    """Return coordinates x, y, ... of a picture `(height, width)` in pixels of the same in another size."""
    return [round(v / before[1 - k % 2] * after[1 - k % 2], 3) for k, v in enumerate(numbers)]


def _checked_recipe(name: object) -> Recipe:
    if not isinstance(name, str) or name not in recipes:
        raise InvalidStateError(f"recipe must be one of {', '.join(recipes)}, got {name!r}")
    return recipes[name]


def _checked_size(size: Any) -> tuple[int, int]:  # noqa: ANN401
    pair = isinstance(size, list | tuple) and len(size) == 2
    if not pair or not all(_is_one_of(side, range(SIDES[0], SIDES[1] + 1)) for side in size):
        raise InvalidStateError(
            f"size must be a height and a width, whole numbers from {SIDES[0]} to {SIDES[1]}, got {size!r}"
        )
    return int(size[0]), int(size[1])


def _checked_box(box: ArrayLike, size: Sequence[int], name: str, least: float) -> list[float]:
    try:
        checked: list[float] = as_box(box, name).astype(float).tolist()
    except (TypeError, ValueError) as error:
        raise InvalidStateError(str(error)) from error
    (x1, y1, x2, y2), (height, width) = checked, size
    if min(x1, y1) < 0 or x2 > width or y2 > height:
        raise InvalidStateError(f"{name} must lie within the picture, x to {width} and y to {height}, got {checked}")
    if min(x2 - x1, y2 - y1) < least:
        raise InvalidStateError(f"{name} must be at least {least:g} pixels wide and high, got {checked}")
    return checked


def _checked_point(point: ArrayLike, height: int, width: int) -> list[float]:
    try:
        x, y = as_point(point, "point").astype(float).tolist()
    except (TypeError, ValueError) as error:
        raise InvalidStateError(str(error)) from error
    if not (0 <= x <= width and 0 <= y <= height):
        raise InvalidStateError(f"point must lie within the picture, x to {width} and y to {height}, got {[x, y]}")
    return [x, y]


def _checked_objects(objects: Mapping[str, ArrayLike] | ArrayLike, size: Sequence[int]) -> dict[str, list[float]]:
    named = isinstance(objects, Mapping)
    try:
        boxes = [*objects.values()] if isinstance(objects, Mapping) else as_boxes(objects, "objects").tolist()
    except (TypeError, ValueError) as error:
        raise InvalidStateError(str(error)) from error
    names = [str(name) for name in objects] if isinstance(objects, Mapping) else [str(k + 1) for k in range(len(boxes))]
    if not 1 <= len(boxes) <= MOST_OBJECTS:
        raise InvalidStateError(f"objects must be 1 to {MOST_OBJECTS} boxes, got {len(boxes)}")
    return {
        name: _checked_box(box, size, f"objects[{name!r}]" if named else f"objects[{k}]", 1)
        for k, (name, box) in enumerate(zip(names, boxes, strict=True))
    }


def _is_one_of(value: object, allowed: range) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) in allowed
