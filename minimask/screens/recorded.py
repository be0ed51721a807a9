"""Held-out pages that ship with the package: what a browser showed of them, what they say, and what came of clicks.

`minimask/data/recorded/screens.zip` holds each page as `NAME.html` and `NAME.png`, and the truth in `truth.json`;
`python -m minimask.screens.recording` writes it. No browser is needed to read it.
"""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from minimask.data.coco_file import blamed_on
from minimask.data.segmentation import packed_mask, segmentation_mask
from minimask.data.segmentation import read_segmentation as read_mask
from minimask.screens.pages import HEIGHT, WIDTH, Page
from minimask.screens.truth import Element, Screen

FILE = Path(__file__).parents[1] / "data" / "recorded" / "screens.zip"
CLICKS = FILE.with_name("screen_clicks.json")
TRUTH = "truth.json"


@cache
def recorded_screens(path: Path = FILE) -> tuple[Screen, ...]:
    """Return the recorded pages: first those of themes that the model has learned from, then those of others.

    Raises
    ------
    ValueError
        If there is no such file, or it holds something else.

    Examples
    --------
    >>> screens = recorded_screens()
    >>> screens[0].image.shape, len(screens[0].elements) == len(screens[0].masks)
    ((192, 256, 3), True)
    """
    try:
        with zipfile.ZipFile(path) as file:
            truth = json.loads(file.read(TRUTH))
            return tuple(_screen(file, one) for one in truth)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"path must lead to recorded pages, a .zip file, got {path}: {error}") from error


@cache
def recorded_clicks(path: Path = CLICKS) -> tuple[dict[str, Any], ...]:
    """Return for each of the recorded pages what came of clicks on it in a browser.

    `minimask.screens.recording.clicked` says what it is.

    Raises
    ------
    ValueError
        If there is no such file, or it is no JSON.
    """
    try:
        return tuple(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"path must lead to recorded clicks, a .json file, got {path}: {error}") from error


def write_screens(screens: tuple[Screen, ...] | list[Screen], path: Path = FILE) -> None:
    """Write pages for `recorded_screens` to read; the same pages make the same file, byte by byte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        records = []
        for number, screen in enumerate(screens):
            name = f"{number:03d}-{screen.page.theme}"
            content = io.BytesIO()
            Image.fromarray(screen.image).save(content, format="png", optimize=True)
            _put(file, f"{name}.png", content.getvalue())
            _put(file, f"{name}.html", screen.page.html.encode())
            records.append(_record(screen, name))
        _put(file, TRUTH, json.dumps(records, separators=(",", ":")).encode())


def _put(file: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Write a member without the time of writing."""
    file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


def _record(screen: Screen, name: str) -> dict[str, Any]:
    elements = [
        {**one._asdict(), "box": [round(side, 3) for side in one.box], "mask": packed_mask(mask)["counts"]}
        for one, mask in zip(screen.elements, screen.masks, strict=True)
    ]
    page = screen.page
    return {"name": name, "theme": page.theme, "seed": page.seed, "number": page.number, "elements": elements}


def _screen(file: zipfile.ZipFile, record: dict[str, Any]) -> Screen:
    name, size = record["name"], (HEIGHT, WIDTH)
    image = np.asarray(Image.open(io.BytesIO(file.read(f"{name}.png"))).convert("RGB"))
    page = Page(file.read(f"{name}.html").decode(), record["theme"], record["seed"], record["number"])
    elements, masks = [], np.zeros((len(record["elements"]), *size), dtype=np.bool_)
    for mask, one in zip(masks, record["elements"], strict=True):
        with blamed_on(f"{name}: {one['role']}"):
            mask[:] = segmentation_mask(read_mask({"size": list(size), "counts": one.pop("mask")}, size), size)
        elements.append(Element(**{**one, "box": tuple(one["box"])}))
    return Screen(page, image, tuple(elements), masks)
