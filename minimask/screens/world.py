"""The pages of a seed as a browser shows them, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path

from minimask.data.coco import export_coco
from minimask.screens.browser import browser_page
from minimask.screens.pages import CLASSES, make_page
from minimask.screens.themes import SEEN
from minimask.screens.truth import Screen, show

LEARNED_FROM, HELD_OUT = 1, 2
"""Seeds of pages: no page of one is a page of the other."""


def screens(count: int, seed: int, themes: Sequence[str] = SEEN, start: int = 0) -> Iterator[Screen]:
    """Show pages in one browser, and hand out what is seen of each, with its truth.

    The pages are the same on every machine; their pixels are those of the browser and of the fonts that it finds.

    Parameters
    ----------
    count : int
        How many.
    seed : int
        Whose pages.
    themes : sequence of str
        Of `minimask.screens.themes.THEMES`.
    start : int
        The number of the first.

    Raises
    ------
    ModuleNotFoundError, FileNotFoundError
        If playwright or a browser is missing; the message says what to do.
    """
    with browser_page() as page:
        for index in range(start, start + count):
            yield show(page, make_page(index, seed, themes))


def _as_they_are(shown: Iterable[Screen]) -> Iterable[Screen]:
    return shown


def export_screens(
    folder: str | PathLike[str],
    count: int,
    seed: int = LEARNED_FROM,
    themes: Sequence[str] = SEEN,
    start: int = 0,
    watched: Callable[[Iterable[Screen]], Iterable[Screen]] = _as_they_are,
) -> Path:
    """Write screenshots and their truth as a data set in COCO's format, and return the path of its list.

    Parameters
    ----------
    folder : path
        New or empty.
    count, seed, themes, start
        See `screens`.
    watched : callable
        Through it the screens go before they are written; for a meter.

    Raises
    ------
    FileExistsError
        If the folder holds anything.
    ModuleNotFoundError, FileNotFoundError
        If playwright or a browser is missing.
    """
    shown = watched(screens(count, seed, themes, start))
    return export_coco((screen.picture for screen in shown), folder, CLASSES)
