"""A real browser without a window: it shows pages, and answers what is where."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from minimask.screens.pages import HEIGHT, WIDTH

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
"""What a browser of this family is called, in the order in which it is looked for."""
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-lcd-text", "--font-render-hinting=none", "--force-color-profile=srgb", "--hide-scrollbars"),
)
"""Letters are smoothed in gray, and colors are what the page says."""


def find_program() -> str:
    """Return the path of a browser.

    Raises
    ------
    ModuleNotFoundError
        If playwright, by which browsers are spoken to, is not installed.
    FileNotFoundError
        If there is no browser.
    """
    if not find_spec("playwright"):
        raise ModuleNotFoundError(
            "pages are shown by playwright: pip install 'minimask[test]', or pip install playwright"
        )
    found = next(filter(None, map(shutil.which, [os.environ.get("MINIMASK_BROWSER", ""), *PROGRAMS])), None)
    if found is None:
        raise FileNotFoundError(
            "pages are shown by Chromium, Chrome or Edge, and none is on the PATH; install one (Debian and Ubuntu: "
            "sudo apt install chromium), or set MINIMASK_BROWSER to its path"
        )
    return found


@contextmanager
def browser_page() -> Iterator[Any]:
    """Open a browser and hand out one page of it, for any number of pages of ours; nothing is asked of the network.

    Raises
    ------
    ModuleNotFoundError, FileNotFoundError
        See `find_program`.
    """
    program = find_program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1, color_scheme="light", offline=True
            )
            yield context.new_page()
        finally:
            browser.close()
