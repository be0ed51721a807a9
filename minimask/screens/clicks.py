"""From what was found to clicks, and from clicks to whether they hit: the page itself says what was clicked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minimask.data.found import Found
from minimask.geometry.checks import BoolArray, as_mask
from minimask.geometry.masks import mask_box
from minimask.screens.outline import numbers, outline, place_of
from minimask.screens.pages import CLASSES
from minimask.screens.truth import Screen

CLICKABLE = ("button", "field", "checkbox", "radio")
"""What one clicks on."""
LISTEN = """() => {
  window.answers = [];
  const elements = [...document.querySelectorAll("[data-role]")];
  addEventListener("mousedown", (event) => {
    const element = event.target.closest("[data-role]");
    window.answers.push(element ? elements.indexOf(element) : -1);
  }, true);
}"""
"""A mouse button that goes down is one event, whatever comes of it; `click` comes a second time for a label's box."""

KINDS = {
    "button": "button",
    "field": "input:not([type=checkbox], [type=radio]), textarea, select",
    "checkbox": "input[type=checkbox]",
    "radio": "input[type=radio]",
}
"""What a page of HTML has for each role, as a selector."""
SCRIPT = '''KINDS = {kinds}


def answers(page, x, y, kind):
    """Click, and return whether a control of this kind lay there."""
    there = page.evaluate("([x, y, s]) => !!document.elementFromPoint(x, y)?.closest(s)", [x, y, KINDS[kind]])
    page.mouse.click(x, y)
    return there


def test_controls_answer(page):
{lines}
'''

Aim = Callable[[BoolArray], tuple[float, float]]


class Click(NamedTuple):
    """A click on what is taken for something."""

    role: str
    x: float
    y: float
    place: str
    """Where on the screen, in words."""


class Hits(NamedTuple):
    """What came of the clicks on a page."""

    clicks: int
    hits: int
    """Clicks on a control of the role that was looked for."""
    controls: int
    """On the page that are seen well enough to be told."""
    reached: int
    """Of these, the ones that a click hit."""


def click_point(mask: BoolArray) -> tuple[float, float]:
    """Return the center `(x, y)` of the pixel that is deepest inside of a mask.

    Its distance to the nearest pixel outside is the largest; beyond the picture all is outside, and of equally deep
    pixels it is the first in reading order.

    Raises
    ------
    ValueError
        If no pixel is in the mask.

    Examples
    --------
    >>> click_point(np.array([[0, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]], bool))
    (2.5, 1.5)
    """
    from scipy.ndimage import distance_transform_edt  # the widgets do without it until someone clicks

    if not as_mask(mask).any():
        raise ValueError("mask must have at least one pixel, got none")
    depths = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(depths.argmax(), depths.shape)
    return float(column) + 0.5, float(row) + 0.5


def box_center(mask: BoolArray) -> tuple[float, float]:
    """Return the center `(x, y)` of the box around a mask: where one would click without knowing the mask.

    Examples
    --------
    >>> box_center(np.array([[0, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]], bool))
    (2.0, 1.5)
    """
    x1, y1, x2, y2 = mask_box(mask).tolist()
    return (x1 + x2) / 2, (y1 + y2) / 2


def clicks_on(found: Found, score: float = 0.5, aim: Aim = click_point) -> list[Click]:
    """Return a click for every control that was found, in the order of the outline.

    Parameters
    ----------
    found : Found
    score : float
        What is less sure is left alone.
    aim : callable
        From a mask to where to click: `click_point` or `box_center`.
    """
    kept = (found.scores >= score) & found.masks.any((1, 2))
    sure = Found(found.boxes[kept], found.labels[kept], found.scores[kept], found.masks[kept])
    clicks = []
    for number in numbers(outline(sure)):
        role = CLASSES[sure.labels[number] - 1]
        if role in CLICKABLE:
            clicks.append(Click(role, *aim(sure.masks[number]), place_of(sure.boxes[number])))
    return clicks


def as_test(clicks: Sequence[Click]) -> str:
    """Return the clicks as a test for playwright, on a page that is open already.

    Examples
    --------
    >>> print(as_test([Click("button", 30.5, 12.5, "top left")]).splitlines()[-1])
        assert answers(page, 30.5, 12.5, "button"), "top left"
    """
    kinds = json.dumps({role: KINDS[role] for role in dict.fromkeys(click.role for click in clicks)}, indent=4)
    lines = [
        f'    assert answers(page, {click.x:g}, {click.y:g}, "{click.role}"), "{click.place}"' for click in clicks
    ] or ["    pass"]
    return SCRIPT.format(kinds=kinds, lines="\n".join(lines))


def play(page: Any, screen: Screen, points: Iterable[tuple[float, float]]) -> list[int]:  # noqa: ANN401
    """Click on the live page, and return which of the screen's elements answered each time; -1 for none.

    Parameters
    ----------
    page : playwright's Page
        Of `minimask.screens.browser.browser_page`.
    screen : Screen
    points : iterable of (x, y)
    """
    page.set_content(screen.page.html)
    page.evaluate(LISTEN)
    for x, y in points:
        page.mouse.click(x, y)
    places = {element.node: place for place, element in enumerate(screen.elements)}
    return [places.get(node, -1) for node in page.evaluate("window.answers")]


def answers(screen: Screen, points: Iterable[tuple[float, float]]) -> list[int]:
    """Return which elements have the pixels of some points, without a browser; -1 for none.

    Of elements that share a pixel it is the innermost, which comes last on the page.
    """
    found = []
    for x, y in points:
        under = np.flatnonzero(screen.masks[:, int(y), int(x)])
        found.append(int(under[-1]) if under.size else -1)
    return found


def hits_of(screen: Screen, clicks: Sequence[Click], answered: Sequence[int]) -> Hits:
    """Count what came of clicks.

    Parameters
    ----------
    screen : Screen
    clicks : sequence of Click
    answered : sequence of int
        What `play` or `answers` said, click by click.
    """
    roles = [element.role for element in screen.elements]
    right = [k for click, k in zip(clicks, answered, strict=True) if k >= 0 and roles[k] == click.role]
    told = np.flatnonzero(~screen.picture.crowd)
    controls = {int(k) for k in told if roles[k] in CLICKABLE}
    return Hits(len(clicks), len(right), len(controls), len(controls & set(right)))
