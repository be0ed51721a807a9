"""Pages with all that is known of them, as the screen picker shows them, and as they travel to the browser."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minimask.data.found import Found
from minimask.geometry.boxes import ratio
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.geometry.masks import mask_box
from minimask.screens.clicks import click_point
from minimask.screens.found import LEAST, rows_of
from minimask.screens.pages import HEIGHT, WIDTH
from minimask.screens.themes import SEEN

if TYPE_CHECKING:
    from minimask.screens.truth import Screen

VIEWS = {"model": "the model", "rules": "the edge rules", "truth": "the page itself"}
"""Who says what is on a page."""
MATCH = 0.5
"""From which mask IoU on an element is found."""
PIXEL = 0.25
"""What the sides of boxes are multiples of."""


@dataclass(frozen=True, eq=False)
class ScreenPage:
    """A page as it was recorded, and what was found on it.

    Parameters
    ----------
    screen : Screen
        The page, its screenshot, and the truth.
    model, rules : Found
        What the model and the edge rules found; labels count from 1 in `minimask.screens.pages.CLASSES`.

    Raises
    ------
    ValueError
        If the screenshot or a mask has not the size of the pages.
    """

    screen: Screen
    model: Found
    rules: Found

    def __post_init__(self) -> None:
        size = (HEIGHT, WIDTH)
        shapes = {"screen": self.screen.image.shape[:2], "model": self.model.masks.shape[1:]}
        for name, shape in {**shapes, "rules": self.rules.masks.shape[1:]}.items():
            if shape != size:
                raise ValueError(f"{name} must be of {HEIGHT} x {WIDTH} pixels, got {shape}")

    @property
    def theme(self) -> str:
        """How the page looks."""
        return self.screen.page.theme

    @property
    def unseen(self) -> bool:
        """Whether no page of the training looks like it."""
        return self.theme not in SEEN

    @property
    def names(self) -> list[str]:
        """What each true element is called; a panel is not named after all that is in it."""
        return ["" if element.role == "panel" else element.name for element in self.screen.elements]


class Elements(NamedTuple):
    """What a view knows of a page, the surest first; of the page itself in its own order."""

    labels: IntArray  # (D,) from 1
    boxes: FloatArray  # (D, 4) in multiples of PIXEL
    masks: BoolArray  # (D, H, W)
    scores: IntArray  # (D,) in thousandths
    points: FloatArray  # (D, 2): where to click
    objects: IntArray  # (D,): which true element it is, or the one that it overlaps most; -1 for none
    ious: FloatArray  # (D,): of its mask with that one
    verdicts: IntArray  # (D,): 1 for right, 0 for a false alarm, -1 for one that does not count


def view_of(page: ScreenPage, view: str) -> Elements:
    """Return what a view knows of a page.

    From the surest on, each takes the true element of its class that its mask overlaps most, by at least `MATCH`, and
    that none before it has taken: as COCO counts. What takes none, but lies to that share within an element of its
    class that is hardly seen, does not count; neither does that element itself.
    """
    truth = page.screen.picture
    if view == "truth":
        everything = np.arange(len(truth.labels))
        alone = Found(truth.boxes.astype(np.float64), truth.labels, np.ones(len(everything)), truth.masks)
        return _elements(alone, everything, np.ones(len(everything)), np.where(truth.crowd, -1, 1))
    found: Found = getattr(page, view)
    order = np.argsort(-found.scores, kind="stable")
    found = rows_of(found, order[found.scores[order] >= LEAST])
    flat = [masks.reshape(-1, HEIGHT * WIDTH).astype(np.float32) for masks in (found.masks, truth.masks)]
    both = (flat[0] @ flat[1].T).astype(np.float64)  # sums of ones: exact
    own, others = (masks.sum((1, 2), dtype=np.float64) for masks in (found.masks, truth.masks))
    ious = ratio(both, own[:, None] + others - both)
    same = found.labels[:, None] == truth.labels
    taken = _taken(np.where(same & ~truth.crowd, ious, -1.0))
    spared, share = _best(np.where(same & truth.crowd, ratio(both, own[:, None]), 0.0))
    nearest, overlap = _best(ious)
    lost = np.where(share >= MATCH, spared, np.where(overlap > 0, nearest, -1))
    objects = np.where(taken >= 0, taken, lost)
    shared = np.array([row[k] if k >= 0 else 0.0 for row, k in zip(ious, objects, strict=True)])
    verdicts = np.where(taken >= 0, 1, np.where(share >= MATCH, -1, 0))
    return _elements(found, objects, shared, verdicts)


def _best(shares: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return for each row the column with the largest value, and that value; -1 and 0 without columns."""
    if not shares.shape[1]:
        return np.full(len(shares), -1), np.zeros(len(shares))
    return shares.argmax(axis=1), shares.max(axis=1)


def _taken(ious: FloatArray) -> IntArray:
    """Return for each row, the surest first, the true element that it finds, or -1."""
    free = np.ones(ious.shape[1], np.bool_)
    taken = np.full(len(ious), -1)
    for row, shared in enumerate(ious):
        fits = np.where(free, shared, -1.0)
        best = int(fits.argmax()) if fits.size else -1
        if best >= 0 and fits[best] >= MATCH:
            taken[row] = best
            free[best] = False
    return taken


def _elements(found: Found, objects: IntArray, ious: FloatArray, verdicts: IntArray) -> Elements:
    boxes = np.round(found.boxes / PIXEL) * PIXEL
    points = [_aim(mask, box) for mask, box in zip(found.masks, boxes, strict=True)]
    return Elements(
        found.labels.astype(np.int64),
        boxes,
        found.masks,
        np.floor(1000 * found.scores + 1e-6).astype(np.int64),  # cut off: none reaches a threshold by rounding
        np.reshape(np.array(points, dtype=np.float64), (-1, 2)),
        objects.astype(np.int64),
        np.floor(1000 * ious.reshape(-1) + 1e-6) / 1000,
        verdicts.astype(np.int64),
    )


def _aim(mask: BoolArray, box: FloatArray) -> tuple[float, float]:
    """Return the point deepest inside of a mask, looked for where the mask is; without one the middle of the box."""
    if not mask.any():
        return float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2
    left, top, right, bottom = mask_box(mask).astype(int).tolist()
    x, y = click_point(mask[top:bottom, left:right])
    return left + x, top + y


def pack(pages: Sequence[ScreenPage], views: Sequence[Mapping[str, Elements]]) -> str:
    """Return pages without their pictures as text: base64 of JSON in zlib's format (`js/screen_pages.js` reads it)."""
    said = [
        {
            "html": page.screen.page.html,
            "size": [HEIGHT, WIDTH],
            "names": page.names,
            "parents": [element.parent for element in page.screen.elements],
            "nodes": [element.node for element in page.screen.elements],
            "whole": np.round([element.box for element in page.screen.elements], 2).tolist(),
            "theme": page.theme,
            "unseen": page.unseen,
            "views": {name: _as_lists(elements) for name, elements in known.items()},
        }
        for page, known in zip(pages, views, strict=True)
    ]
    text = json.dumps(said, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def _as_lists(elements: Elements) -> dict[str, Any]:
    lists = {name: getattr(elements, name).tolist() for name in Elements._fields if name != "masks"}
    return {**lists, "masks": [pack_mask(mask) for mask in elements.masks]}


def pack_mask(mask: BoolArray) -> list[int]:
    """Return a mask in few numbers: its box `left top width height`, and lengths of runs.

    The runs, row by row, begin with pixels that are as those above them; above the first row all are off. Most of what
    is on a screen has straight sides, and takes a handful.

    Examples
    --------
    >>> pack_mask(np.pad(np.ones((9, 5), dtype=bool), 2))
    [2, 2, 5, 9, 0, 5, 40]
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return [0, 0, 0, 0]
    crop = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    changed = np.diff(crop, axis=0, prepend=False).ravel()
    ends = np.flatnonzero(np.diff(changed, prepend=False))
    runs = np.diff(ends, prepend=0, append=changed.size)
    return [int(columns[0]), int(rows[0]), crop.shape[1], crop.shape[0], *runs.tolist()]
