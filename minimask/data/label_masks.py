"""Label masks: one picture of numbers beside each picture, 0 for the background and k for the pixels of object k.

Microscopy's tools write them (CellProfiler, Cellpose, StarDist, QuPath, ImageJ, napari). Here they become a data set
in COCO's format, which `minimask train --data` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from minimask.data.coco import export_coco
from minimask.data.image_files import SIXTEEN_BITS, read_image
from minimask.data.picture import Picture
from minimask.data.textures import Bytes
from minimask.folders import empty_folder

ENDINGS = ("", "_mask", "_masks", "_label", "_labels", "_cp_masks")
"""What a mask's name may have behind its picture's."""
MODES = ("1", "L", "P", *SIXTEEN_BITS)
"""Pillow's names for one whole number for each pixel."""


class Pair(NamedTuple):
    """A picture and its label mask."""

    picture: Path
    mask: Path


class Report(NamedTuple):
    """What became of a folder."""

    annotations: Path
    pictures: int
    objects: int
    without: int
    """Pictures without any object."""


def pairs_in(pictures: str | PathLike[str], masks: str | PathLike[str]) -> list[Pair]:
    """Return the pictures of a folder, by name, each with its mask.

    A mask has the name of its picture, with an ending of its own, and perhaps one of `ENDINGS` before that: `a.jpg` and
    `a.png`, or `a.tif` and `a_masks.png`. Both may lie in one folder, if the masks' names differ.

    Raises
    ------
    FileNotFoundError
        If a folder is not there.
    ValueError
        If there is no picture; a picture has no mask, or two; or a mask has no picture.
    """
    seen = {name: _images_in(Path(folder), name) for name, folder in (("pictures", pictures), ("masks", masks))}
    named: dict[str, Path] = {}
    same = Path(pictures).resolve() == Path(masks).resolve()
    stems = {path.stem for path in seen["pictures"]}
    own = [path for path in seen["pictures"] if not (same and _stem_of(path.stem, stems) is not None)]
    for path in own:
        if path.stem in named:
            raise ValueError(
                f"pictures must each have a name of their own, got {named[path.stem].name} and {path.name}"
            )
        named[path.stem] = path
    found: dict[str, Path] = {}
    for path in seen["masks"]:
        if same and path in own:
            continue
        stem = path.stem if path.stem in named and not same else _stem_of(path.stem, set(named))
        if stem is None:
            raise ValueError(
                f"masks must each belong to a picture, but there is none named {_wanted(path.stem)} for {path}"
            )
        if stem in found:
            raise ValueError(
                f"a picture must have one mask, but {named[stem].name} has {found[stem].name} and {path.name}"
            )
        found[stem] = path
    missing = [path.name for stem, path in named.items() if stem not in found]
    if missing:
        raise ValueError(
            f"every picture must have a mask of its name in {masks}; {len(missing)} of {len(named)} have none: "
            f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}"
        )
    return [Pair(named[stem], found[stem]) for stem in sorted(named)]


def import_label_masks(
    pictures: str | PathLike[str],
    masks: str | PathLike[str],
    folder: str | PathLike[str],
    name: str = "object",
    tell: Callable[[int, int], object] = lambda _done, _all: None,
) -> Report:
    """Write pictures and their label masks as a data set in COCO's format.

    All files are looked at before anything is written. Every number but 0 becomes an object, also where its pixels do
    not hang together; no pixel is lost, and none is added.

    Parameters
    ----------
    pictures, masks : path
        Folders; see `pairs_in`.
    folder : path
        Where to write, new or empty; a picture `a.tif` becomes `images/a.png` there.
    name : str
        Of the objects: their only class.
    tell : callable
        Is called after each picture with how many are done, and how many there are.

    Raises
    ------
    FileNotFoundError, FileExistsError, ValueError
        If folders or files are not as they must be; the file is named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     for kind, value in (("pictures", 90), ("masks", 7)):
    ...         (Path(place) / kind).mkdir()
    ...         Image.new("L", (8, 6), value).save(Path(place) / kind / "a.png")
    ...     report = import_label_masks(f"{place}/pictures", f"{place}/masks", f"{place}/out", "nucleus")
    >>> report.pictures, report.objects
    (1, 1)
    """
    if not name.strip():
        raise ValueError(f"name must be the name of the objects, got {name!r}")
    found = pairs_in(pictures, masks)
    for pair in found:
        _refuse_unfit(pair)
    empty_folder(folder)
    counts: list[int] = []

    def read() -> Iterator[Picture]:
        for pair in found:
            picture = as_picture(read_image(pair.picture), read_labels(pair.mask))
            counts.append(len(picture.labels))
            yield picture
            tell(len(counts), len(found))

    path = export_coco(read(), folder, (name,), [pair.picture.stem for pair in found])
    return Report(path, len(counts), sum(counts), counts.count(0))


def as_picture(image: Bytes, labels: NDArray[np.integer]) -> Picture:
    """Return a picture and its label mask as a picture with the truth about it, objects by ascending number.

    Examples
    --------
    >>> picture = as_picture(np.zeros((2, 3, 3), np.uint8), np.array([[0, 9, 9], [4, 0, 9]]))
    >>> picture.boxes.tolist(), picture.masks.sum(axis=(1, 2)).tolist()
    ([[0.0, 1.0, 1.0, 2.0], [1.0, 0.0, 3.0, 2.0]], [1, 3])
    """
    numbers, inverse = np.unique(labels, return_inverse=True)
    dense = inverse.reshape(labels.shape) + (0 if 0 in numbers else 1)
    count = int(dense.max())
    masks = np.zeros((count, *labels.shape), dtype=np.bool_)
    boxes = np.zeros((count, 4), dtype=np.float32)
    for k, (rows, columns) in enumerate(ndimage.find_objects(dense)):
        masks[k, rows, columns] = dense[rows, columns] == k + 1
        boxes[k] = columns.start, rows.start, columns.stop, rows.stop
    return Picture(image, masks, boxes, np.ones(count, dtype=np.int64))


def as_labels(picture: Picture) -> NDArray[np.int32]:
    """Return the masks of a picture as labels (H, W): k for the pixels of the k-th object, the later on top.

    Examples
    --------
    >>> picture = as_picture(np.zeros((1, 4, 3), np.uint8), np.array([[0, 5, 5, 9]]))
    >>> as_labels(picture)
    array([[0, 1, 1, 2]], dtype=int32)
    """
    labels = np.zeros(picture.image.shape[:2], dtype=np.int32)
    for number, mask in enumerate(picture.masks, start=1):
        labels[mask] = number
    return labels


def read_labels(path: str | PathLike[str]) -> NDArray[np.int64]:
    """Return the numbers of a label mask (H, W).

    Raises
    ------
    ValueError
        If it is no picture, or one of colors or fractions, or a number is negative.
    """
    try:
        with Image.open(path) as image:
            _refuse_colors(image, path)
            numbers = np.asarray(image).astype(np.int64)
    except OSError as error:
        raise ValueError(f"a mask must be a picture that Pillow can read, got {path}: {error}") from error
    if numbers.min() < 0:
        raise ValueError(f"a mask must have numbers from 0, got {numbers.min()} in {path}")
    return numbers


def _images_in(folder: Path, name: str) -> list[Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"{name} must be a folder, but there is no folder {folder}")
    endings = Image.registered_extensions()
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    found = [path for path in files if path.suffix.lower() in endings]
    if not found:
        raise ValueError(f"{name} must hold files of pictures, but there are none in {folder}")
    return found


def _stem_of(stem: str, stems: set[str]) -> str | None:
    """Return the name of the picture that a mask's name belongs to; None if there is none."""
    fits = [stem.removesuffix(ending) for ending in ENDINGS if ending and stem.endswith(ending)]
    return next((one for one in fits if one in stems), None)


def _wanted(stem: str) -> str:
    return " or ".join(
        dict.fromkeys([stem, *(stem.removesuffix(end) for end in ENDINGS if end and stem.endswith(end))])
    )


def _refuse_unfit(pair: Pair) -> None:
    """Refuse a mask that is of another size than its picture, or no mask; only the files' heads are read."""
    sizes = []
    for path in pair:
        try:
            with Image.open(path) as image:
                sizes.append(image.size[::-1])
                if path == pair.mask:
                    _refuse_colors(image, path)
        except OSError as error:
            raise ValueError(f"{path} must be a picture that Pillow can read: {error}") from error
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"a mask must have its picture's size (height, width), {sizes[0]} of {pair.picture}, "
            f"got {sizes[1]} in {pair.mask}"
        )


def _refuse_colors(image: Image.Image, path: str | PathLike[str]) -> None:
    if image.mode not in MODES:
        raise ValueError(
            f"a mask must have one whole number for each pixel (8 or 16 bits), got {path} of kind {image.mode}: "
            "colors and fractions are no numbers of objects"
        )
