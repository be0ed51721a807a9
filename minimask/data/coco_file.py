"""The annotation file of a data set in COCO's format: read, checked as a whole, and kept in little room.

COCO's largest file holds 860,000 outlines; as Python's own numbers they would take gigabytes.
"""

from __future__ import annotations

import json
import reprlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from minimask.data.segmentation import Polygons, RunLengths, read_segmentation
from minimask.geometry.checks import as_whole_number

MOST = 1e9
"""The largest number of a box or an area."""


class Annotation(NamedTuple):
    """What the file says about one object."""

    id: int
    label: int
    """From 1 on, in the order of the categories."""
    box: array[float]
    """`x1 y1 x2 y2` in pixels, inside the picture, in float32."""
    area: float | None
    """In pixels, if it is stated."""
    crowd: bool
    segmentation: Polygons | RunLengths


class Entry(NamedTuple):
    """What the file says about one picture."""

    id: int
    file_name: str
    size: tuple[int, int]
    """Height and width."""
    annotations: list[Annotation]
    """In the order of the file."""


class CocoFile(NamedTuple):
    """What an annotation file says."""

    categories: dict[int, str]
    """The name of each id, in ascending order of the ids."""
    entries: list[Entry]
    """The pictures, in ascending order of their ids."""
    dropped: int
    """Objects that were left out, since their box has no width or no height inside the picture."""


@contextmanager
def blamed_on(where: str) -> Iterator[None]:
    """Let errors begin with where they come from: a file, a picture, an annotation."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{where}: {error}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error


def read_coco_file(path: Path) -> CocoFile:
    """Read an annotation file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not in COCO's format, naming the file and the picture, category or annotation.

    Examples
    --------
    >>> import tempfile
    >>> from minimask.data.coco import export_coco
    >>> from minimask.data.shapes import ShapesWorld
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read = read_coco_file(export_coco(ShapesWorld().pictures(1), folder))
    >>> read.categories[1], read.entries[0].file_name, read.entries[0].annotations[0].box
    ('disc', '000000.png', array('f', [2.0, 27.0, 27.0, 45.0]))
    """
    if not path.is_file():
        raise FileNotFoundError(f"path must lead to an annotation file in COCO's format, but there is no file {path}")
    with blamed_on(str(path)):
        try:
            whole = json.loads(path.read_text(encoding="utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"an annotation file must be JSON: {error}") from error
        if not isinstance(whole, dict):
            raise ValueError(f"an annotation file must be a JSON object, got {type(whole).__name__}")
        names = {record["id"]: _text(record, "name") for record in _records(whole, "categories")}
        categories = {number: names[number] for number in sorted(names)}
        entries = {entry.id: entry for entry in map(_entry, _records(whole, "images"))}
        dropped = _fill(entries, {number: label for label, number in enumerate(categories, start=1)}, whole)
    return CocoFile(categories, [entries[number] for number in sorted(entries)], dropped)


def _records(whole: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield the records of one of the file's lists, and forget them there, so that only one is held twice."""
    records = whole.get(name)
    if not isinstance(records, list):
        raise ValueError(f"an annotation file must have a list {name!r}, got {reprlib.repr(records)}")
    seen = set()
    for place, record in enumerate(records):
        if not isinstance(record, dict) or type(record.get("id")) is not int:
            raise ValueError(
                f"{name}[{place}] must be an object with a whole number as 'id', got {reprlib.repr(record)}"
            )
        if record["id"] in seen:
            raise ValueError(f"{name} must each have an id of their own, got {record['id']} twice")
        seen.add(record["id"])
        records[place] = None
        yield record


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} must be a text, got {reprlib.repr(value)} at id {record['id']}")
    return value


def _entry(record: dict[str, Any]) -> Entry:
    """Return what a record says about a picture, yet without annotations."""
    with blamed_on(f"image {record['id']}"):
        height, width = (as_whole_number(record.get(side, 0), side, 1) for side in ("height", "width"))
        return Entry(record["id"], _text(record, "file_name"), (height, width), [])


def _fill(entries: dict[int, Entry], labels: dict[int, int], whole: dict[str, Any]) -> int:
    """Give each picture its annotations; return how many were left out, since their box is empty."""
    dropped = 0
    for record in _records(whole, "annotations"):
        with blamed_on(f"annotation {record['id']}"):
            picture, category = record.get("image_id"), record.get("category_id")
            if type(picture) is not int or picture not in entries:
                raise ValueError(f"image_id must be one of the ids of the {len(entries)} images, got {picture!r}")
            if type(category) is not int or category not in labels:
                raise ValueError(f"category_id must be one of {reprlib.repr(list(labels))}, got {category!r}")
            entry = entries[picture]
            annotation = _annotation(record, labels[category], entry.size)
        x1, y1, x2, y2 = annotation.box
        if x1 < x2 and y1 < y2:
            entry.annotations.append(annotation)
        else:
            dropped += 1
    return dropped


def _annotation(record: dict[str, Any], label: int, size: tuple[int, int]) -> Annotation:
    """Return what a record says about an object in a picture of some size."""
    crowd, area, (height, width) = record.get("iscrowd", 0), record.get("area"), size
    if crowd not in (0, 1):
        raise ValueError(f"iscrowd must be 0 or 1, got {reprlib.repr(crowd)}")
    if area is not None and not (_is_number(area) and area >= 0):
        raise ValueError(f"area must be a number of at least 0, got {reprlib.repr(area)}")
    bbox = record.get("bbox")
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(map(_is_number, bbox)):
        raise ValueError(f"bbox must be four numbers, x y width height, got {reprlib.repr(bbox)}")
    x, y, w, h = bbox
    box = array("f", (max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)))
    segmentation = read_segmentation(record.get("segmentation"), size)
    return Annotation(record["id"], label, box, None if area is None else float(area), bool(crowd), segmentation)


def _is_number(value: object) -> bool:
    """Tell whether something is a number of reasonable size; JSON may hold NaN, too."""
    return type(value) in (int, float) and abs(value) <= MOST  # type: ignore[arg-type]
