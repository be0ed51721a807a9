"""What the model and the edge rules find on all recorded pages, in one file: `python -m minimask.screens.found`.

So pages can be looked through (`minimask.widgets.ScreenPicker`) without any model at work.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minimask.data.found import Found
from minimask.data.textures import Bytes
from minimask.screens.pages import HEIGHT, WIDTH
from minimask.screens.recorded import recorded_screens
from minimask.screens.themes import SEEN
from minimask.screens.truth import Screen

EVERY = Path(__file__).parents[1] / "data" / "recorded" / "screens_found.npz"
PAGES = (16, 8)
"""So many recorded pages are for looking through: of themes to learn from, and of others."""
LEAST = 0.1
"""What is less sure is left out."""


class Looked(NamedTuple):
    """A page and what was found on it."""

    screen: Screen
    model: Found
    rules: Found


def recorded_found(path: Path = EVERY, numbers: Sequence[int] | None = None) -> list[Looked]:
    """Return recorded pages with what was found on them; no model and no browser is needed.

    Parameters
    ----------
    path : Path
    numbers : sequence of int, optional
        Of the pages; by default all.

    Raises
    ------
    ValueError
        If what was found was found on other pages.

    Examples
    --------
    >>> (looked,) = recorded_found(numbers=[3])
    >>> looked.model.masks.shape[1:] == looked.screen.image.shape[:2]
    True
    """
    with np.load(path) as file:
        parts = dict(file)
    screens = recorded_screens()
    if [_checksum(screen.image) for screen in screens] != parts["checksums"].tolist():
        raise ValueError(f"{path.name} is of other pages; run `python -m minimask.screens.found` again")
    some = range(len(screens)) if numbers is None else numbers
    finders = [_unpacked(parts, name, some) for name in ("model", "rules")]
    return [Looked(screens[k], *found) for k, *found in zip(some, *finders, strict=True)]


def write_found(model: Sequence[Found], rules: Sequence[Found], path: Path = EVERY) -> None:
    """Write what was found on the recorded pages, page by page, for `recorded_found` to read."""
    checksums = np.array([_checksum(screen.image) for screen in recorded_screens()], np.int64)
    np.savez_compressed(path, checksums=checksums, **_packed("model", model), **_packed("rules", rules))


def first_pages() -> list[int]:
    """Return the numbers of the recorded pages that are for looking through."""
    seen = np.array([screen.page.theme in SEEN for screen in recorded_screens()])
    return [*np.flatnonzero(seen)[: PAGES[0]].tolist(), *np.flatnonzero(~seen)[: PAGES[1]].tolist()]


def rows_of(found: Found, rows: NDArray[Any]) -> Found:
    """Return some of what was found, by Booleans or by numbers."""
    return Found(found.boxes[rows], found.labels[rows], found.scores[rows], found.masks[rows])


def _checksum(image: Bytes) -> int:
    return zlib.crc32(image.tobytes())


def _packed(name: str, found: Sequence[Found]) -> dict[str, Any]:
    """Return the arrays of what one found on all pages."""
    sure = [rows_of(one, one.scores >= LEAST) for one in found]
    masks = np.concatenate([one.masks for one in sure])
    return {
        f"{name}_counts": np.array([len(one.labels) for one in sure], np.int64),
        f"{name}_labels": np.concatenate([one.labels for one in sure]).astype(np.uint8),
        f"{name}_boxes": np.concatenate([one.boxes for one in sure]).astype(np.float32),
        f"{name}_scores": np.concatenate([one.scores for one in sure]).astype(np.float32),
        f"{name}_masks": np.packbits(masks.reshape(len(masks), -1), axis=1),
    }


def _unpacked(parts: dict[str, Any], name: str, pages: Sequence[int]) -> list[Found]:
    names = ("counts", "boxes", "labels", "scores", "masks")
    counts, boxes, labels, scores, packed = (parts[f"{name}_{part}"] for part in names)
    ends = np.cumsum(counts)
    found = []
    for page in pages:
        own = slice(ends[page] - counts[page], ends[page])
        masks = np.unpackbits(packed[own], axis=1, count=HEIGHT * WIDTH).astype(np.bool_).reshape(-1, HEIGHT, WIDTH)
        wide = (boxes[own].astype(np.float64), labels[own].astype(np.int64), scores[own].astype(np.float64))
        found.append(Found(*wide, masks))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Look at the pages, and write down what is found."""
    from minimask.detecting import detect  # only here: reading what was found needs no torch
    from minimask.screens.edge_rules import edge_rules
    from minimask.screens.model import trained_screen_model

    argparse.ArgumentParser(prog="python -m minimask.screens.found", description=__doc__).parse_args(arguments)
    images = [screen.image for screen in recorded_screens()]
    write_found(list(detect(trained_screen_model(), images)), [edge_rules(image) for image in images])


if __name__ == "__main__":
    main()
