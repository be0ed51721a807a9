"""What a page says about itself: its elements, their boxes, and exactly which of their pixels are seen.

The page is shown twice. Once as it is; then every element is painted in one flat color of its own, without letters,
signs and shadows, so that the color of a pixel says whose it is: behind rounded corners and below dialogs, too. Where
corners are smoothed, a pixel shows a mixture of two colors; it belongs to the element of the nearer one, which is the
one that covers at least half of it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from minimask.data.picture import Picture
from minimask.data.textures import Bytes
from minimask.geometry.checks import BoolArray, FloatArray, IntArray
from minimask.geometry.masks import mask_box
from minimask.screens.pages import CLASSES, HEIGHT, WIDTH, Page

LEAST_PIXELS, LEAST_SHARE = 24, 0.3
"""Of an element less of which is seen, nobody can tell what it is: it counts neither as found nor as missed."""
SHADES = (0, 64, 128, 192, 255)
"""The flat colors are all mixtures of these: far enough apart to tell their blends from them."""
CODES = np.array([2**16, 2**8, 1])
"""What makes one number of a color."""
REACH = (1, 2)
"""How far from a mixture the pure pixels are looked for: the smoothing of a corner is at most two pixels wide."""
NOWHERE = (0.0, 0.0, 0.0, 0.0)
"""The box of what has none."""
FLAT = """
html.flat, html.flat body { background: #000 !important; }
html.flat *, html.flat *::before, html.flat *::after, html.flat ::placeholder { background: none !important;
  color: transparent !important; -webkit-text-fill-color: transparent !important; border-color: transparent !important;
  box-shadow: none !important; text-shadow: none !important; caret-color: transparent !important; }
html.flat [data-role] { background: var(--flat) !important; border-color: var(--flat) !important;
  appearance: none !important; }
html.flat button > * { visibility: hidden !important; }
"""
READ = """() => {
  const elements = [...document.querySelectorAll("[data-role]")];
  const numbers = new Map(elements.map((element, k) => [element, k]));
  const name = (element) => element.getAttribute("aria-label") || element.alt
    || (element.labels && element.labels.length ? element.labels[0].textContent : element.textContent) || "";
  return elements.map((element) => {
    const text = element.dataset.role === "text";
    const rects = text ? [...element.getClientRects()] : [element.getBoundingClientRect()];
    const above = element.parentElement.closest("[data-role]");
    return { role: element.dataset.role, kind: element.getAttribute("role") || "", name: name(element).trim(),
      parent: above ? numbers.get(above) : -1, rects: rects.map((r) => [r.left, r.top, r.right, r.bottom]) };
  });
}"""
PAINT = """async ([colors, css]) => {
  const nothing = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
  [...document.querySelectorAll("[data-role]")].forEach((element, k) => {
    const look = getComputedStyle(element);
    for (const side of ["Top", "Right", "Bottom", "Left"])  // shaded borders become flat, absent ones remain absent
      if (look[`border${side}Style`] !== "none")
        element.style.setProperty(`border-${side.toLowerCase()}-style`, "solid", "important");
    element.style.setProperty("--flat", colors[k]);
  });
  document.documentElement.classList.add("flat");
  await Promise.all([...document.images].map((image) => { image.src = nothing; return image.decode(); }));
}"""


class Element(NamedTuple):
    """Something on a page that has a class."""

    role: str
    """One of `minimask.screens.pages.CLASSES`."""
    name: str
    """What a screen reader would say of it."""
    box: tuple[float, float, float, float]
    """Its whole box, `x1 y1 x2 y2`, whatever hides it."""
    parent: int
    """The panel that holds it, by its place among the elements; -1 is the page."""
    kind: str = ""
    """The page's own word for a panel: dialog, menu, tooltip, ...; else empty."""
    node: int = -1
    """Its place among all nodes of the page with `data-role`: by it the live page tells which element was clicked."""


@dataclass(frozen=True, eq=False)
class Screen:
    """A page as a browser shows it, and the truth about it: elements in the order in which the page holds them.

    Parameters
    ----------
    page, image, elements, masks
        As the attributes of these names.
    """

    page: Page
    image: Bytes
    """(HEIGHT, WIDTH, 3)."""
    elements: tuple[Element, ...]
    """Only those of which something is seen."""
    masks: BoolArray
    """(N, HEIGHT, WIDTH): their visible pixels; a panel's are those of what it holds, too."""

    @cached_property
    def shares(self) -> FloatArray:
        """(N,): how much of each element's box is seen; rounded corners count as hidden."""
        boxes = np.array([element.box for element in self.elements]).reshape(-1, 4)
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        return np.asarray(np.minimum(self.masks.sum((1, 2)) / np.maximum(areas, 1e-9), 1.0))

    @cached_property
    def picture(self) -> Picture:
        """The picture and its truth as all data sets have them; what is hardly seen is marked as a crowd."""
        crowd = (self.shares < LEAST_SHARE) | (self.masks.sum((1, 2)) < LEAST_PIXELS)
        labels = np.array([CLASSES.index(element.role) + 1 for element in self.elements], dtype=np.int64)
        boxes = np.array([mask_box(mask) for mask in self.masks], dtype=np.float32).reshape(-1, 4)
        return Picture(self.image, self.masks, boxes, labels, crowd=crowd)


def show(page: Any, written: Page) -> Screen:  # noqa: ANN401
    """Show a page in a browser, and read what it says about itself.

    Parameters
    ----------
    page : playwright's Page
        Of `minimask.screens.browser.browser_page`.
    written : Page
    """
    page.set_content(written.html)
    image = _shot(page)
    said = page.evaluate(READ)
    colors = flat_colors(len(said))
    page.evaluate(PAINT, [[f"rgb({','.join(map(str, color))})" for color in colors[1:].tolist()], FLAT])
    rects = [np.array(one["rects"], dtype=np.float64).reshape(-1, 4) for one in said]
    boxes = [(*rect[:, :2].min(0), *rect[:, 2:].max(0)) if len(rect) else NOWHERE for rect in rects]
    owners = owners_of(_shot(page), colors, np.array([(0, 0, WIDTH, HEIGHT), *boxes]))
    return _screen(written, image, said, owners)


def _shot(page: Any) -> Bytes:  # noqa: ANN401
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))


def flat_colors(count: int) -> NDArray[np.int64]:
    """Return a color for the page and for each of its elements, `(count + 1, 3)`, all different; the page is black.

    Raises
    ------
    ValueError
        If there are more elements than colors.

    Examples
    --------
    >>> flat_colors(2).tolist()
    [[0, 0, 0], [128, 64, 192], [255, 192, 64]]
    """
    most = len(SHADES) ** 3 - 1
    if count > most:
        raise ValueError(f"a page must have at most {most} elements, got {count}")
    # A step that shares no factor with 125 goes through all colors, and lets neighbors differ much.
    codes = np.arange(count + 1) * 58 % (most + 1)
    digits = np.stack([codes // 25, codes // 5 % 5, codes % 5], axis=1)
    return np.asarray(np.array(SHADES)[digits])


def owners_of(flat: Bytes, colors: NDArray[np.int64], boxes: FloatArray) -> NDArray[np.int64]:
    """Return whose each pixel is, `(H, W)`: the row of its color.

    A mixture is told by the pure pixels around it: it belongs to the one among their colors that is nearest. Whatever
    its color, a pixel outside of an element's box is not the element's.

    Parameters
    ----------
    flat : uint8 array (H, W, 3)
    colors : array (N, 3)
    boxes : array (N, 4)
        Rows `x1 y1 x2 y2`: of the whole page first, then of each element.

    Raises
    ------
    ValueError
        If there is a mixture with no pure pixel around it: then something on the page was not painted flat.

    Examples
    --------
    >>> flat = np.array([[[0, 0, 0], [0, 40, 0], [0, 64, 0]]], np.uint8)
    >>> boxes = np.array([[0, 0, 3, 1], [1, 0, 3, 1], [0, 0, 1, 1]])
    >>> owners_of(flat, np.array([[0, 0, 0], [0, 64, 0], [0, 0, 64]]), boxes)
    array([[0, 1, 1]])
    """
    codes, known = flat @ CODES, colors @ CODES
    order = np.argsort(known)
    nearest = order[np.searchsorted(known, codes, sorter=order).clip(max=len(known) - 1)]
    y, x = np.mgrid[: flat.shape[0], : flat.shape[1]]
    owners = np.where((known[nearest] == codes) & _touched(boxes[nearest], x, y), nearest, -1)
    pure = owners.copy()
    for row, column in np.argwhere(pure < 0):
        near = _pure_around(pure, row, column)
        near = near[_touched(boxes[near], column, row)]
        if not near.size:
            raise ValueError(f"flat must be painted flat, but at row {row}, column {column} is {flat[row, column]}")
        squares = ((flat[row, column].astype(np.int64) - colors[near]) ** 2).sum(-1)
        owners[row, column] = near[squares.argmin()]
    return owners


def _touched(boxes: FloatArray, x: IntArray | int, y: IntArray | int) -> BoolArray:
    """Return whether boxes `(..., 4)` share something with the pixels in columns x and rows y."""
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    return np.asarray((x + 1 > left) & (x < right) & (y + 1 > top) & (y < bottom))


def _pure_around(pure: NDArray[np.int64], row: int, column: int) -> NDArray[np.int64]:
    """Return whose pixels are around one: of its neighbors if they are of two or more, else of theirs, too."""
    near = np.zeros(0, np.int64)
    for reach in REACH:
        part = pure[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
        near = np.unique(part[part >= 0])
        if len(near) > 1:
            break
    return near


def _screen(written: Page, image: Bytes, said: list[dict[str, Any]], owners: NDArray[np.int64]) -> Screen:
    """Put together what the page said and what was seen."""
    elements, masks, sources = [], [], []
    for number, one in enumerate(said):
        if one["role"] not in CLASSES:
            continue
        mask = np.isin(owners, [1 + k for k in _family(said, number)])
        for box, part in _lines(one["rects"], mask):
            if part.any():
                elements.append(Element(one["role"], one["name"], box, one["parent"], one["kind"], number))
                masks.append(part)
                sources.append(number)
    places = {number: place for place, number in enumerate(sources)}
    placed = [one._replace(parent=places.get(one.parent, -1)) for one in elements]
    return Screen(written, image, tuple(placed), np.array(masks, dtype=np.bool_).reshape(-1, *owners.shape))


def _family(said: list[dict[str, Any]], number: int) -> list[int]:
    """Return an element and all that it holds."""
    inside = {number}
    for k, one in enumerate(said):  # the page names the holder before what it holds
        if one["parent"] in inside:
            inside.add(k)
    return sorted(inside)


def _lines(rects: list[list[float]], mask: BoolArray) -> list[tuple[tuple[float, float, float, float], BoolArray]]:
    """Return the box and the pixels of each line; a pixel that two lines share is that of the nearer one."""
    boxes = [(x1, y1, x2, y2) for x1, y1, x2, y2 in rects]
    if len(boxes) == 1:
        return [(boxes[0], mask)]
    middles = np.array([(y1 + y2) / 2 for _, y1, _, y2 in boxes])
    nearest = np.abs(np.arange(mask.shape[0])[:, None] + 0.5 - middles).argmin(1)
    return [(box, mask & (nearest == k)[:, None]) for k, box in enumerate(boxes)]
