"""COCO's format of a data set: a folder of pictures, and one file that lists them with what is on them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

from minimask.data.picture import Picture
from minimask.data.segmentation import packed_mask
from minimask.data.shapes import CLASSES
from minimask.folders import empty_folder

ANNOTATIONS = "annotations.json"
IMAGES = "images"


def export_coco(
    pictures: Iterable[Picture],
    folder: str | PathLike[str],
    classes: Sequence[str] = CLASSES,
    names: Sequence[str] | None = None,
) -> Path:
    """Write pictures and the truth about them as a data set in COCO's format.

    The pictures become `images/000000.png` and so on, in their order; `annotations.json` is written last, so that
    where it is, the data set is whole. Pictures are taken one at a time: a generator needs little memory.

    Parameters
    ----------
    pictures : iterable of Picture
        At least one.
    folder : path
        A folder that does not exist yet, or an empty one.
    classes : sequence of str
        The names of the labels 1, 2, ...; they become the categories.
    names : sequence of str, optional
        What to call the pictures' files, without their ending `.png`; by default 000000, 000001, ...

    Returns
    -------
    Path
        Of `annotations.json`. Boxes are `x y width height`, areas count visible pixels where none are stated, masks are
        compressed run lengths; pictures are numbered from 0, annotations from 1 (COCO's evaluation takes a 0 for no
        match). `minimask.data.coco_folder.CocoFolder` reads it back.

    Raises
    ------
    FileExistsError
        If the folder holds anything, or is a file: nothing is ever overwritten.
    ValueError, TypeError
        If there is no picture, or one is something else or has a label without a name.

    Notes
    -----
    Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; https://cocodataset.org/#format-data.

    Examples
    --------
    >>> import tempfile
    >>> from minimask.data.shapes import ShapesWorld
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export_coco(ShapesWorld().pictures(2), folder)
    ...     print(path.name, *sorted(picture.name for picture in path.with_name("images").iterdir()))
    annotations.json 000000.png 000001.png
    """
    from PIL import Image

    where = empty_folder(folder)
    iterator = iter(pictures)
    first = next(iterator, None)
    if first is None:
        raise ValueError("pictures must hold at least one picture, got none")
    (where / IMAGES).mkdir(parents=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, picture in enumerate(chain([first], iterator)):
        _check(picture, number, len(classes))
        name = f"{number:06d}.png" if names is None else f"{names[number]}.png"
        Image.fromarray(picture.image).save(where / IMAGES / name)
        height, width = picture.image.shape[:2]
        images.append({"id": number, "file_name": name, "height": height, "width": width})
        for k in range(len(picture.labels)):
            annotations.append({"id": len(annotations) + 1, "image_id": number, **object_record(picture, k)})
    categories = [{"id": k, "name": name, "supercategory": "shape"} for k, name in enumerate(classes, start=1)]
    whole = {"info": {}, "licenses": [], "images": images, "annotations": annotations, "categories": categories}
    path = where / ANNOTATIONS
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def _check(picture: Picture, number: int, classes: int) -> None:
    if not isinstance(picture, Picture):
        raise TypeError(f"pictures must hold pictures, got {type(picture).__name__} at number {number}")
    labels = picture.labels.tolist()
    if labels and not 1 <= min(labels) <= max(labels) <= classes:
        raise ValueError(
            f"labels must be from 1 to {classes}, as many as there are classes, got {labels} in picture {number}"
        )


def object_record(picture: Picture, k: int) -> dict[str, Any]:
    """Return what COCO writes about object k of a picture, but for the ids of annotation and picture.

    Examples
    --------
    >>> from minimask.data.shapes import ShapesWorld
    >>> record = object_record(ShapesWorld()[0], 0)
    >>> record["bbox"], record["area"]
    ([2.0, 27.0, 25.0, 18.0], 227)
    """
    x1, y1, x2, y2 = picture.boxes[k].tolist()
    return {
        "category_id": int(picture.labels[k]),
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "area": int(picture.masks[k].sum()) if picture.areas is None else float(picture.areas[k]),
        "segmentation": packed_mask(picture.masks[k]),
        "iscrowd": int(picture.crowd[k]),
    }
