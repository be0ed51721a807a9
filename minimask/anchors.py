"""The sea of anchors: every standard set-up as a recipe, enumerated box by box or counted by formula.

An anchor is a box that the network starts from: every cell of every feature map has a few, of set sizes and shapes. A
recipe says which: for each level of the pyramid the stride of its cells, and the sizes and ratios of the anchors in a
cell. Set-ups differ in four small things more, which move every box: where in a cell the anchors stand, what is
rounded, whether cells are as far apart as the stride says, and how the picture is resized and padded first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from minimask.geometry.checks import FloatArray, as_whole_number

ROUNDINGS = ("none", "base", "corners")
STRIDE_RULES = ("nominal", "image")
MOST_ANCHORS = 2**24
"""The most anchors that are enumerated at once, 512 MiB: those of `fpn` on a picture of 8192 x 8192."""
LONGEST_SIDE = 10**6
"""The longest side of a picture, in pixels."""


class Level(NamedTuple):
    """The anchors of one feature map.

    `stride` is the side of a cell in pixels, `sizes` are the square roots of the anchors' areas in pixels, and `ratios`
    their heights over their widths; a cell has one anchor for each size and ratio.
    """

    stride: int
    sizes: tuple[float, ...]
    ratios: tuple[float, ...]


@dataclass(frozen=True)
class Recipe:
    """A set-up of anchors, for pictures of any size.

    Parameters
    ----------
    name : str
    words : str
        What it is, and where it comes from.
    levels : tuple of Level
        Finest first.
    offset : float
        Where the anchors stand in a cell: 0.5 its middle, 0 its corner.
    rounding : {"none", "base", "corners"}
        Nothing is rounded; or the sides of a box of one stride by one stride are, before they are scaled to each size
        (py-faster-rcnn and Detectron); or the corners of the anchors around the origin are (torchvision).
    stride_rule : {"nominal", "image"}
        Cells are as far apart as the stride says; or as the size of the padded picture divided by that of the map, in
        whole pixels (torchvision).
    resize : (int, int), optional
        The picture is enlarged or reduced until its shorter side has the first length or its longer one the second, in
        pixels, whichever comes first.
    multiple : int
        The picture is padded to a multiple of this, in pixels.

    Raises
    ------
    ValueError
        If a rule is unknown, there is no level, or a stride, size, ratio or length is not above 0.

    Examples
    --------
    >>> recipes["fpn"].count(1024, 1024)
    261888
    >>> Recipe("mine", "One square per cell.", (Level(8, (16,), (1.0,)),), 0.5, "none", "nominal").boxes(8, 16)
    array([[-4., -4., 12., 12.],
           [ 4., -4., 20., 12.]])
    """

    name: str
    words: str
    levels: tuple[Level, ...]
    offset: float
    rounding: str
    stride_rule: str
    resize: tuple[int, int] | None = None
    multiple: int = 1

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("rounding", self.rounding, ROUNDINGS),
            ("stride_rule", self.stride_rule, STRIDE_RULES),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        if not self.levels:
            raise ValueError("levels must hold at least one Level, got none")
        for k, level in enumerate(self.levels):
            as_whole_number(level.stride, f"levels[{k}].stride", 1)
            for name in ("sizes", "ratios"):
                numbers = getattr(level, name)
                if not numbers or not all(0 < number < math.inf for number in numbers):
                    raise ValueError(f"levels[{k}].{name} must be one or more numbers above 0, got {numbers!r}")
        if not 0 <= self.offset <= 1:
            raise ValueError(f"offset must lie in [0, 1], from corner to corner of a cell, got {self.offset!r}")
        for length in self.resize or ():
            as_whole_number(length, "resize", 1)
        as_whole_number(self.multiple, "multiple", 1)

    def network_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the size `(height, width)` of the picture that the network sees, in pixels: resized and padded.

        Raises
        ------
        ValueError
            If a side is not a whole number from 1 to `LONGEST_SIDE`, or resizing would leave no pixel of it.

        Examples
        --------
        >>> recipes["torchvision_maskrcnn"].network_size(480, 640)  # resized to 800 x 1066
        (800, 1088)
        """
        sides = [as_whole_number(side, name, 1) for side, name in ((height, "height"), (width, "width"))]
        if max(sides) > LONGEST_SIDE:
            raise ValueError(f"height and width must be at most {LONGEST_SIDE:,} pixels, got {height} x {width}")
        if self.resize is not None:
            shortest, longest = self.resize
            scale = min(shortest / min(sides), longest / max(sides))
            sides = [math.floor(side * scale) for side in sides]
            if not min(sides):
                raise ValueError(
                    f"height and width must leave at least one pixel when the longer side is resized to {longest}, "
                    f"got {height} x {width}"
                )
        rows, columns = (self.multiple * -(-side // self.multiple) for side in sides)
        return rows, columns

    def grids(self, height: int, width: int) -> tuple[tuple[int, int], ...]:
        """Return the rows and columns of every level's feature map: the network's picture over the stride, rounded up.

        Examples
        --------
        >>> recipes["torchvision_maskrcnn"].grids(1024, 1024)
        ((200, 200), (100, 100), (50, 50), (25, 25), (13, 13))
        """
        rows, columns = self.network_size(height, width)
        return tuple((-(-rows // level.stride), -(-columns // level.stride)) for level in self.levels)

    def strides(self, height: int, width: int) -> tuple[tuple[int, int], ...]:
        """Return how far apart the anchors of every level stand, downward and to the right, in pixels.

        Examples
        --------
        >>> recipes["torchvision_maskrcnn"].strides(1024, 1024)[-1]  # 800 // 13
        (61, 61)
        """
        if self.stride_rule == "nominal":
            return tuple((level.stride, level.stride) for level in self.levels)
        rows, columns = self.network_size(height, width)
        return tuple((rows // of_rows, columns // of_columns) for of_rows, of_columns in self.grids(height, width))

    def counts(self, height: int, width: int) -> tuple[int, ...]:
        """Return the number of anchors of every level, by formula: rows x columns x sizes x ratios.

        Examples
        --------
        >>> recipes["fpn"].counts(1024, 1024)
        (196608, 49152, 12288, 3072, 768)
        """
        return tuple(
            rows * columns * len(level.sizes) * len(level.ratios)
            for (rows, columns), level in zip(self.grids(height, width), self.levels, strict=True)
        )

    def count(self, height: int, width: int) -> int:
        """Return the number of anchors, by formula.

        Examples
        --------
        >>> recipes["fpn"].count(1024, 683), recipes["retinanet"].count(1024, 1024)
        (175248, 196416)
        """
        return sum(self.counts(height, width))

    def cell_anchors(self, level: int) -> FloatArray:
        r"""Return the anchors `(A, 4)` of one cell of a level, around the origin, in pixels.

        Size s and ratio r make the width :math:`s / \sqrt r` and the height :math:`s \sqrt r`, and so the area
        :math:`s^2`, up to rounding. All sizes of the first ratio come first.

        Raises
        ------
        ValueError
            If the level is not a whole number from 0 to the number of levels less 1.

        Examples
        --------
        >>> recipes["torchvision_fpn"].cell_anchors(0)
        array([[-23., -11.,  23.,  11.],
               [-16., -16.,  16.,  16.],
               [-11., -23.,  11.,  23.]])
        """
        if as_whole_number(level, "level", 0) >= len(self.levels):
            raise ValueError(f"level must be at most {len(self.levels) - 1}, the coarsest of {self.name}, got {level}")
        stride, sizes, ratios = self.levels[level]
        if self.rounding == "base":
            width = np.round(np.sqrt(stride**2 / np.array(ratios)))
            height = np.round(width * ratios)
            shapes = np.stack([width, height]) / stride
        else:
            # torchvision takes roots in float32, and rounds what comes of it.
            root = np.sqrt(np.array(ratios, np.float32 if self.rounding == "corners" else np.float64))
            shapes = np.stack([1 / root, root])
        sides = (shapes[:, :, None] * np.array(sizes, shapes.dtype)).reshape(2, -1).T / 2
        corners = np.concatenate([-sides, sides], axis=1)
        return (np.round(corners) if self.rounding == "corners" else corners).astype(np.float64)

    def per_level(self, height: int, width: int) -> list[FloatArray]:
        """Return the anchors of every level, `(n, 4)` each, by row, column, ratio and size; see `boxes`.

        Raises
        ------
        ValueError
            If the size is not two whole numbers from 1 to `LONGEST_SIDE`, or there are more than `MOST_ANCHORS`.
        """
        if self.count(height, width) > MOST_ANCHORS:
            raise ValueError(
                f"height and width must leave at most {MOST_ANCHORS:,} anchors to enumerate, got {height} x {width} "
                f"with {self.count(height, width):,}; `count` counts any number"
            )
        found = []
        sizes = zip(self.grids(height, width), self.strides(height, width), strict=True)
        for level, ((rows, columns), (down, right)) in enumerate(sizes):
            y, x = (np.arange(rows) + self.offset) * down, (np.arange(columns) + self.offset) * right
            centers = np.stack(np.broadcast_arrays(x, y[:, None], x, y[:, None]), axis=-1)
            found.append((centers[:, :, None] + self.cell_anchors(level)).reshape(-1, 4))
        return found

    def boxes(self, height: int, width: int) -> FloatArray:
        """Return all anchors `(N, 4)`, the finest level first, in pixels of the network's picture.

        Parameters
        ----------
        height, width : int
            The size of the picture as it is given, in pixels.

        Returns
        -------
        float64 array (N, 4)
            Rows `x1 y1 x2 y2`, by level, row, column, ratio and size; many reach beyond the picture.

        Raises
        ------
        ValueError
            If the size is not two whole numbers from 1 to `LONGEST_SIDE`, or there are more than `MOST_ANCHORS`.

        Examples
        --------
        >>> recipes["c4"].boxes(1024, 1024)[0]  # at the middle of the first cell, at (8, 8)
        array([-84., -40., 100.,  56.])
        """
        return np.concatenate(self.per_level(height, width))


class _ByName(dict[str, Recipe]):
    def __missing__(self, name: object) -> Recipe:
        raise KeyError(f"recipe must be one of {', '.join(self)}, got {name!r}")


SHAPES = (0.5, 1.0, 2.0)
"""Heights over widths: lying, square, upright."""
WIDE = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""From long lines of text to squares."""
THIRDS = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
"""Three sizes to an octave."""


def _pyramid(
    finest: int, coarsest: int, size: float, ratios: tuple[float, ...] = SHAPES, steps: tuple[float, ...] = (1.0,)
) -> tuple[Level, ...]:
    """Return the levels of strides `2**finest` to `2**coarsest`, whose sizes double from one to the next."""
    return tuple(
        Level(2**k, tuple(size * 2 ** (k - finest) * step for step in steps), ratios)
        for k in range(finest, coarsest + 1)
    )


def _whole(levels: tuple[Level, ...]) -> tuple[Level, ...]:
    """Return the levels with their sizes cut to whole numbers."""
    return tuple(level._replace(sizes=tuple(float(int(size)) for size in level.sizes)) for level in levels)


_LIST = (
    Recipe(
        "c4",
        "Faster R-CNN on one map of stride 16, 3 sizes x 3 ratios. Ren et al., Faster R-CNN, 2015, section 3.1.1; "
        "rounded as in its code, py-faster-rcnn.",
        (Level(16, (128.0, 256.0, 512.0), SHAPES),),
        0.5, "base", "nominal",
    ),
    Recipe(
        "c4_15",
        "The same map with 5 sizes x 3 ratios: C4 in Detectron, whose rounding this is. He et al., Mask R-CNN, 2017, "
        "section 3.1.",
        (Level(16, (32.0, 64.0, 128.0, 256.0, 512.0), SHAPES),),
        0.5, "base", "nominal",
    ),
    Recipe(
        "fpn",
        "A feature pyramid, P2 to P6, one size to a level x 3 ratios. Lin et al., Feature Pyramid Networks, 2017, "
        "section 4.1: areas of exactly 32^2 to 512^2, at the middle of each cell; Detectron rounds as in `c4`.",
        _pyramid(2, 6, 32.0),
        0.5, "none", "nominal",
    ),
    Recipe(
        "fpn_p2_p6_x2",
        "`fpn` with 2 ratios instead of 3, lying and upright. Not a published set-up; its count comes near 175,000.",
        _pyramid(2, 6, 32.0, (0.5, 2.0)),
        0.5, "none", "nominal",
    ),
    Recipe(
        "fpn_p2_p7_x2",
        "`fpn` with one level more, P2 to P7, and 2 ratios. Not a published set-up; its count comes near 175,000.",
        _pyramid(2, 7, 32.0, (0.5, 2.0)),
        0.5, "none", "nominal",
    ),
    Recipe(
        "retinanet",
        "RetinaNet, P3 to P7, 3 sizes to an octave x 3 ratios. Lin et al., Focal Loss for Dense Object Detection, "
        "2017, section 4: not rounded, at the middle of each cell; Detectron rounds as in `c4`.",
        _pyramid(3, 7, 32.0, steps=THIRDS),
        0.5, "none", "nominal",
    ),
    Recipe(
        "torchvision_fpn",
        "torchvision's AnchorGenerator with the sizes of its Mask R-CNN: corners rounded, at the corner of each cell, "
        "strides of the padded picture divided by the map, in whole pixels.",
        _pyramid(2, 6, 32.0),
        0.0, "corners", "image", multiple=32,
    ),
    Recipe(
        "torchvision_maskrcnn",
        "What torchvision's maskrcnn_resnet50_fpn really uses: `torchvision_fpn` after the picture is resized to 800 "
        "pixels on its shorter side, or 1333 on its longer.",
        _pyramid(2, 6, 32.0),
        0.0, "corners", "image", (800, 1333), 32,
    ),
    Recipe(
        "torchvision_retinanet",
        "What torchvision's retinanet_resnet50_fpn really uses: sizes cut to whole pixels, the rest as in "
        "`torchvision_maskrcnn`.",
        _whole(_pyramid(3, 7, 32.0, steps=THIRDS)),
        0.0, "corners", "image", (800, 1333), 32,
    ),
    Recipe(
        "matterport",
        "matterport's Mask_RCNN, P2 to P6: not rounded, at the corner of each cell, upright boxes first, as its ratios "
        "are widths over heights; sides are multiples of 64, as its code demands.",
        _pyramid(2, 6, 32.0, (2.0, 1.0, 0.5)),
        0.0, "none", "nominal", multiple=64,
    ),
    Recipe(
        "lesson",
        "The set-up of these chapters, for pictures of 128 x 128: 3 levels, one size to a level x 3 ratios.",
        (Level(4, (16.0,), SHAPES), Level(8, (32.0,), SHAPES), Level(16, (56.0,), SHAPES)),
        0.5, "none", "nominal",
    ),
)  # fmt: skip

recipes: Mapping[str, Recipe] = MappingProxyType(_ByName((recipe.name, recipe) for recipe in _LIST))
"""Every set-up by its name."""

_LESSON_LIST = (
    recipes["lesson"],
    Recipe(
        "nuclei",
        "For nuclei of 5 to 30 pixels and now and then a larger one: 3 levels, one size to a level x 3 ratios.",
        (Level(4, (12.0,), SHAPES), Level(8, (22.0,), SHAPES), Level(16, (44.0,), SHAPES)),
        0.5, "none", "nominal",
    ),
    Recipe(
        "screens",
        "For controls and lines of text of 10 to 120 pixels, up to 16 times as wide as high: 3 levels, 2 sizes to a "
        "level x 5 ratios.",
        (Level(4, (12.0, 18.0), WIDE), Level(8, (26.0, 36.0), WIDE), Level(16, (52.0, 80.0), WIDE)),
        0.5, "none", "nominal",
    ),
)  # fmt: skip

lesson_recipes: Mapping[str, Recipe] = MappingProxyType(_ByName((recipe.name, recipe) for recipe in _LESSON_LIST))
"""The set-ups that the lesson's model can have, by the setting `anchors` of a training."""
