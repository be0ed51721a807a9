"""Predicting for files: what a model finds in pictures of any size and kind, as pictures and in COCO's format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from minimask.data.found import Found
from minimask.data.image_files import read_image
from minimask.data.textures import Bytes
from minimask.evaluation import coco_results
from minimask.folders import empty_folder
from minimask.training.atomic import write_atomically

OVERLAYS = "overlays"
RESULTS = "results.json"
IMAGES = "images.json"


class Report(NamedTuple):
    """What became of a list of files."""

    pictures: int
    """That were looked at."""
    objects: int
    """That were found in them."""
    failed: list[tuple[Path, str]]
    """Files that could not be read, and why."""


def find_images(paths: Iterable[str | PathLike[str]]) -> list[Path]:
    """Return the files that are named, and for each folder the pictures that lie in it, by name.

    A folder's subfolders are left out, and so are hidden files and those whose names do not end as pictures do. A file
    that is named is taken as it is, and once.

    Raises
    ------
    ValueError
        If there is no picture in a folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.png", "a.JPG", "notes.txt", ".hidden.png"):
    ...         (Path(folder) / name).touch()
    ...     [path.name for path in find_images([folder])]
    ['a.JPG', 'b.png']
    """
    from PIL import Image

    endings = Image.registered_extensions()
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            found[path] = None
            continue
        inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in endings and one.is_file()]
        pictures = [one for one in inside if not one.name.startswith(".")]
        if not pictures:
            raise ValueError(f"a folder must hold pictures, but there are none in {path}")
        found.update(dict.fromkeys(pictures))
    return list(found)


def predict_files(
    files: Sequence[Path],
    folder: str | PathLike[str],
    find: Callable[[Bytes], Found],
    classes: Sequence[str],
    category_ids: Sequence[int] | None = None,
    tell: Callable[[Path, str], object] = lambda _file, _words: None,
) -> Report:
    """Find objects in files, and write what was found: an overlay for each, and one file of results for all.

    The folder will hold `overlays/`, a picture for each file and named like it; `results.json`, in COCO's format of
    results; and `images.json`, a COCO file that says which picture each `image_id` is, and which class each
    `category_id`. Pictures are turned as their EXIF orientation says. A file that cannot be read is left out, and
    reported. If it is interrupted, what was found before is written.

    Parameters
    ----------
    files : sequence of Path
    folder : path
        A folder that does not exist yet, or an empty one.
    find : callable
        Looks at a picture (H, W, 3), uint8; see `minimask.detecting.detect`.
    classes : sequence of str
        The names of the labels 1, 2, ...
    category_ids : sequence of int, optional
        Their ids in the results; by default 1, 2, ...
    tell : callable
        Is called after each file, with it and what became of it.

    Raises
    ------
    FileExistsError
        If the folder holds anything, or is a file: nothing is ever overwritten.
    """
    from PIL import Image

    from minimask.plots.overlay import overlay

    where = empty_folder(folder)
    (where / OVERLAYS).mkdir(parents=True)
    ids = list(category_ids or range(1, len(classes) + 1))
    images: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    failed: list[tuple[Path, str]] = []
    taken: set[str] = set()
    try:
        for path in files:
            try:
                picture = read_image(path, upright=True)
            except (OSError, ValueError) as error:
                failed.append((path, str(error)))
                tell(path, f"not read: {error.__cause__ or error}")
                continue
            found = find(picture)
            name = _free_name(path, taken)
            Image.fromarray(overlay(picture, found, classes, threshold=0)).save(where / OVERLAYS / name)
            images.append(_image(len(images), path, name, picture))
            results += coco_results(found, images[-1]["id"], ids)
            tell(path, in_words(found, classes))
    finally:
        categories = [{"id": number, "name": name} for number, name in zip(ids, classes, strict=True)]
        _write(where / IMAGES, {"info": {}, "images": images, "annotations": [], "categories": categories})
        _write(where / RESULTS, results)
    return Report(len(images), len(results), failed)


def in_words(found: Found, classes: Sequence[str]) -> str:
    """Return what was found, the most frequent class first.

    Examples
    --------
    >>> import numpy as np
    >>> nothing = np.zeros((0, 4))
    >>> in_words(Found(nothing, np.array([2, 1, 2]), nothing, nothing), ["disc", "star"])
    '2 star, 1 disc'
    >>> in_words(Found(nothing, np.array([]), nothing, nothing), ["disc", "star"])
    'nothing'
    """
    counts = {name: int((found.labels == label).sum()) for label, name in enumerate(classes, start=1)}
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count} {name}" for name, count in ordered if count) or "nothing"


def _free_name(path: Path, taken: set[str]) -> str:
    """Return the name of an overlay: the file's, as PNG unless it is JPEG, with a number where two would be the same.

    Some systems do not tell large letters from small ones.
    """
    ending = path.suffix if path.suffix.lower() in (".jpg", ".jpeg") else ".png"
    name, number = f"{path.stem}{ending}", 1
    while name.casefold() in taken:
        number += 1
        name = f"{path.stem}-{number}{ending}"
    taken.add(name.casefold())
    return name


def _image(number: int, path: Path, overlay: str, picture: Bytes) -> dict[str, Any]:
    """Return what COCO writes about a picture, and the name of its overlay."""
    height, width = picture.shape[:2]
    return {"id": number, "file_name": str(path), "height": height, "width": width, "overlay": f"{OVERLAYS}/{overlay}"}


def _write(path: Path, value: object) -> None:
    write_atomically(path, lambda place: place.write_text(json.dumps(value), encoding="utf-8"))
