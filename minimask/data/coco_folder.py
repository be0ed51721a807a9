"""Real data: a set of pictures in COCO's format, read picture by picture."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np

from minimask.data.coco import ANNOTATIONS, IMAGES
from minimask.data.coco_file import Entry, blamed_on, read_coco_file
from minimask.data.image_files import read_image
from minimask.data.picture import Picture
from minimask.data.segmentation import segmentation_mask
from minimask.data.textures import Bytes
from minimask.geometry.checks import as_whole_number


class CocoFolder:
    """A data set in COCO's format: `folder[index]` reads one picture.

    The annotation file is read and checked as a whole, at once; pictures and masks are made when they are asked for.

    Parameters
    ----------
    path : path
        A folder with `annotations.json` and the folder `images`, as `minimask.data.coco.export_coco` writes it; or an
        annotation file of any name.
    images : path, optional
        The folder of the pictures; by default `images` beside the annotation file.
    keep_empty : bool
        Whether pictures are kept that show no object, or only crowds.
    upright : bool
        Whether pictures are turned as their EXIF orientation says. By default they are taken as they are stored, as
        COCO and its tools do.

    Attributes
    ----------
    classes : tuple of str
        The names of the labels 1, 2, ...: the categories in ascending order of their ids.
    category_ids : tuple of int
        The ids of these categories: label k stands for `category_ids[k - 1]`.
    image_ids : tuple of int
        The ids of the pictures, ascending: `folder[index]` is picture `image_ids[index]`.
    dropped : int
        Objects that are left out, since their box has no width or no height inside the picture.

    Raises
    ------
    FileNotFoundError
        If there is no annotation file, no folder of pictures or, when it is asked for, no such picture.
    ValueError
        If the file is not in COCO's format, naming the file and the picture, category or annotation, or lists no
        picture; if a picture that is asked for cannot be read, or is of another size than stated.
    IndexError
        If `index` is not from 0 to `len(folder) - 1`.

    Notes
    -----
    Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; https://cocodataset.org/#format-data. Boxes are
    those of the file, clipped to the picture; objects whose box is then empty are left out, as torchvision's reference
    training does it. Polygons cover the pixels that pycocotools says.

    Examples
    --------
    >>> import tempfile
    >>> from minimask.data.coco import export_coco
    >>> from minimask.data.shapes import ShapesWorld
    >>> with tempfile.TemporaryDirectory() as path:
    ...     written = export_coco(ShapesWorld().pictures(2), path)
    ...     folder = CocoFolder(path)
    ...     len(folder), folder[0].masks.shape, folder.classes[:2]
    (2, (2, 128, 128), ('disc', 'triangle'))
    """

    def __init__(
        self,
        path: str | PathLike[str],
        images: str | PathLike[str] | None = None,
        *,
        keep_empty: bool = True,
        upright: bool = False,
    ) -> None:
        path = Path(path)
        self.file = path / ANNOTATIONS if path.is_dir() else path
        self.images = self.file.with_name(IMAGES) if images is None else Path(images)
        self.upright = upright
        read = read_coco_file(self.file)
        if not self.images.is_dir():
            raise FileNotFoundError(f"images must be the folder of the pictures, but there is no folder {self.images}")
        self.category_ids, self.classes = tuple(read.categories), tuple(read.categories.values())
        self.entries = [
            entry for entry in read.entries if keep_empty or any(not said.crowd for said in entry.annotations)
        ]
        if not self.entries:
            raise ValueError(f"{self.file} must list at least one picture{'' if keep_empty else ' with an object'}")
        self.image_ids = tuple(entry.id for entry in self.entries)
        self.dropped = read.dropped

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Picture]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Picture:
        """Read the picture of an index, a whole number of at least 0."""
        if as_whole_number(index, "index", 0) >= len(self):
            raise IndexError(f"index must be less than {len(self)}, the number of pictures, got {index}")
        entry = self.entries[index]
        said = entry.annotations
        masks = np.zeros((len(said), *entry.size), dtype=np.bool_)
        for mask, annotation in zip(masks, said, strict=True):
            with blamed_on(f"{self.file}: annotation {annotation.id}"):
                mask[:] = segmentation_mask(annotation.segmentation, entry.size)
        areas = [mask.sum() if one.area is None else one.area for mask, one in zip(masks, said, strict=True)]
        return Picture(
            image=self._image(entry),
            masks=masks,
            boxes=np.array([one.box for one in said], dtype=np.float32).reshape(-1, 4),
            labels=np.array([one.label for one in said], dtype=np.int64),
            crowd=np.array([one.crowd for one in said], dtype=np.bool_),
            areas=np.array(areas, dtype=np.float64),
        )

    def _image(self, entry: Entry) -> Bytes:
        """Return the colors of a picture, after making sure that they are of the size that was annotated."""
        path = self.images / entry.file_name
        with blamed_on(f"{self.file}: image {entry.id}"):
            image = read_image(path, upright=self.upright)
            size = image.shape[:2]
            if size != entry.size:
                hint = "; `upright` turns pictures as their EXIF orientation says" if size == entry.size[::-1] else ""
                raise ValueError(
                    f"{path} must be of the size that is stated (height, width), {entry.size}, got {size}{hint}"
                )
        return image
