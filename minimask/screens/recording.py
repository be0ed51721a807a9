"""Record the held-out pages, and what comes of clicks on them: `python -m minimask.screens.recording`.

Needs Chromium, Chrome or Edge, and playwright. `--only pages` renders the pages, `--only clicks` takes those that are
recorded, lets the model that is handed out and the edge rules find the controls, and clicks on the live pages.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from minimask.data.found import Found
from minimask.detecting import detect
from minimask.meter import Meter
from minimask.screens.browser import browser_page
from minimask.screens.clicks import CLICKABLE, Aim, box_center, click_point, clicks_on, hits_of, play
from minimask.screens.edge_rules import edge_rules
from minimask.screens.model import trained_screen_model
from minimask.screens.recorded import CLICKS, recorded_screens, write_screens
from minimask.screens.themes import SEEN, UNSEEN
from minimask.screens.truth import Screen
from minimask.screens.world import HELD_OUT, screens
from minimask.training.atomic import write_atomically

PAGES = {SEEN: 60, UNSEEN: 30}
"""How many held-out pages are recorded, of themes to learn from and of others."""
AIMS: dict[str, Aim] = {"deepest": click_point, "center": box_center}
COVERED = 0.1
"""Of the largest ellipse in a control's box a larger share is hidden: not only corners are missing."""


def record_pages(shown: bool = True) -> None:
    """Render the held-out pages, and write them."""
    with Meter(sum(PAGES.values()), "page", shown=shown) as meter:
        found = chain.from_iterable(screens(count, HELD_OUT, themes) for themes, count in PAGES.items())
        pages = list(meter.over(found))
    write_screens(pages)


def record_clicks(shown: bool = True) -> None:
    """Click on the live pages, and write down what answered."""
    pages = recorded_screens()
    images = [screen.image for screen in pages]
    finders: dict[str, list[Found]] = {
        "model": list(detect(trained_screen_model(), images)),
        "rules": [edge_rules(image) for image in images],
    }
    records = []
    with browser_page() as page, Meter(len(pages), "page", shown=shown) as meter:
        for number, screen in enumerate(meter.over(pages)):
            found = {name: results[number] for name, results in finders.items()}
            records.append(clicked(screen, found, partial(play, page, screen)))
    text = json.dumps(records, separators=(",", ":")) + "\n"
    write_atomically(CLICKS, lambda place: place.write_text(text, encoding="utf-8"))


def clicked(
    screen: Screen, found: dict[str, Found], answered: Callable[[list[tuple[float, float]]], list[int]]
) -> dict[str, Any]:
    """Return what comes of clicks on one page.

    Parameters
    ----------
    screen : Screen
    found : dict of Found
        By who found it.
    answered : callable
        From points to which elements answer.

    Returns
    -------
    dict
        `theme`; for each finder and each of `AIMS` under `model`, `rules` the four numbers of
        `minimask.screens.clicks.Hits`; and under `covered`, for each control that something else partly covers, where
        its true mask is aimed at: whether a click there hits it, by aim, and at the middle of its whole box.
    """
    record: dict[str, Any] = {"theme": screen.page.theme}
    for name, one in found.items():
        record[name] = {}
        for aim, point in AIMS.items():
            clicks = clicks_on(one, aim=point)
            answers = answered([(click.x, click.y) for click in clicks])
            record[name][aim] = list(hits_of(screen, clicks, answers))
    covered = covered_controls(screen)
    record["covered"] = {}
    places = {aim: [point(screen.masks[k]) for k in covered] for aim, point in AIMS.items()}
    places["whole"] = [_middle(screen, k) for k in covered]
    for aim, points in places.items():
        record["covered"][aim] = [int(k == answer) for k, answer in zip(covered, answered(points), strict=True)]
    return record


def covered_controls(screen: Screen) -> list[int]:
    """Return the numbers of the controls that are partly hidden, but not so much that nobody could tell them."""
    told = np.flatnonzero(~screen.picture.crowd)
    controls = [int(k) for k in told if screen.elements[k].role in CLICKABLE]
    return [k for k in controls if _hidden(screen, k) > COVERED]


def _hidden(screen: Screen, number: int) -> float:
    """Return which share of the largest ellipse in an element's box is hidden, within the window."""
    x1, y1, x2, y2 = screen.elements[number].box
    height, width = screen.image.shape[:2]
    y, x = np.mgrid[:height, :width] + 0.5
    ellipse = ((2 * x - x1 - x2) / (x2 - x1)) ** 2 + ((2 * y - y1 - y2) / (y2 - y1)) ** 2 < 1
    return float(1 - screen.masks[number][ellipse].mean()) if ellipse.any() else 1.0


def _middle(screen: Screen, number: int) -> tuple[float, float]:
    """Return the middle of an element's whole box, within the window."""
    x1, y1, x2, y2 = screen.elements[number].box
    height, width = screen.image.shape[:2]
    return min((x1 + x2) / 2, width - 0.5), min((y1 + y2) / 2, height - 0.5)


def main(arguments: Sequence[str] | None = None) -> None:
    """Record what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m minimask.screens.recording", description=__doc__)
    parser.add_argument("--only", choices=("pages", "clicks"), help="by default both")
    given = parser.parse_args(arguments)
    if given.only != "clicks":
        record_pages()
    if given.only != "pages":
        record_clicks()


if __name__ == "__main__":
    main()
