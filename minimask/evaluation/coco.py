"""Evaluating picture by picture: masks are packed at once, so that thousands of pictures take little room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from minimask.data.coco import object_record
from minimask.data.found import as_found
from minimask.data.picture import Picture
from minimask.evaluation.results import coco_results
from minimask.evaluation.scores import Precision, Scores
from minimask.evaluation.silent import Record, precision_and_recall
from minimask.geometry.checks import as_whole_number


class CocoEvaluation:
    """COCO's average precision of what a detector finds, of masks and of boxes, by pycocotools.

    Parameters
    ----------
    classes : sequence of str
        The names of the labels 1, 2, ...
    mask_threshold : float
        If what is found has probabilities for masks: from this one on, a pixel belongs to the object.

    Raises
    ------
    ValueError
        If there is no class.

    Notes
    -----
    Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; https://cocodataset.org/#detection-eval. At most
    100 detections of each picture and class count, the surest. What is found in a crowd counts neither as right nor as
    wrong. Classes and sizes without an object are left out of every mean; where nothing is left, there is nan.

    Examples
    --------
    >>> from minimask.data.shapes import CLASSES, ShapesWorld
    >>> picture = ShapesWorld()[0]
    >>> evaluation = CocoEvaluation(CLASSES)
    >>> found = {"boxes": picture.boxes, "labels": picture.labels, "masks": picture.masks}
    >>> evaluation.add(picture, {**found, "scores": [0.9] * len(picture.labels)})
    >>> round(evaluation.scores().masks.ap, 6)
    1.0
    """

    def __init__(self, classes: Sequence[str], mask_threshold: float = 0.5) -> None:
        if not classes:
            raise ValueError("classes must name at least one class, got none")
        self.classes = tuple(classes)
        self.mask_threshold = mask_threshold
        self._pictures: dict[int, Record] = {}

    def __len__(self) -> int:
        """Return how many pictures were added."""
        return len(self._pictures)

    def add(self, picture: Picture, found: Any, image_id: int | None = None) -> None:  # noqa: ANN401
        """Add a picture and what was found in it.

        Parameters
        ----------
        picture : Picture
            Its truth; its image is not looked at, but for the size.
        found : Found, or a mapping such as Mask R-CNN's output
            See `minimask.data.found.as_found`.
        image_id : int, optional
            The number of the picture; by default the first from `len(evaluation)` on that is free. Detections of equal
            scores are ordered by it: with the pictures' own numbers, several processes say the same as one.

        Raises
        ------
        ValueError, TypeError
            If something does not fit, or the number is taken.
        """
        size = (picture.image.shape[0], picture.image.shape[1])
        number = next(k for k in count(len(self)) if k not in self._pictures) if image_id is None else image_id
        labels = picture.labels.tolist()
        if labels and not 1 <= min(labels) <= max(labels) <= len(self.classes):
            raise ValueError(f"the picture's labels must be from 1 to {len(self.classes)}, got {labels}")
        self._keep(
            {
                "id": as_whole_number(number, "image_id", 0),
                "height": size[0],
                "width": size[1],
                "truth": [object_record(picture, k) for k in range(len(labels))],
                "found": coco_results(as_found(found, size, len(self.classes), self.mask_threshold), number),
            }
        )

    def _keep(self, record: Record) -> None:
        if record["id"] in self._pictures:
            raise ValueError(f"image_id must be another one for every picture, got {record['id']} twice")
        self._pictures[record["id"]] = record

    def export(self) -> dict[str, Any]:
        """Return all that was added as plain lists, numbers and texts: for another process, or a file."""
        return {"classes": list(self.classes), "pictures": list(self._pictures.values())}

    def merge(self, exported: Mapping[str, Any]) -> None:
        """Add all that another evaluation exported.

        Raises
        ------
        ValueError
            If its classes are others, or a picture's number is taken.

        Examples
        --------
        >>> whole, part = CocoEvaluation(["disc"]), CocoEvaluation(["disc"])
        >>> whole.merge(part.export())
        """
        if tuple(exported["classes"]) != self.classes:
            raise ValueError(f"classes must be the same, got {exported['classes']} for {list(self.classes)}")
        for record in exported["pictures"]:
            self._keep(record)

    def scores(self) -> Scores:
        """Return the figures of all pictures so far.

        Raises
        ------
        ValueError
            If there is no object in them: then nothing can be found.
        """
        records = list(self._pictures.values())
        objects = sum(not one["iscrowd"] for record in records for one in record["truth"])
        if not objects:
            raise ValueError(f"the pictures must hold at least one object, got {len(records)} pictures without any")
        images = [{key: record[key] for key in ("id", "height", "width")} for record in records]
        categories = [{"id": k, "name": name} for k, name in enumerate(self.classes, start=1)]
        masks, boxes = (
            Precision.of(
                *precision_and_recall(kind, images, categories, _truth(records), _found(records, masks=kind == "segm"))
            )
            for kind in ("segm", "bbox")
        )
        found = sum(len(record["found"]) for record in records)
        return Scores(masks, boxes, self.classes, len(records), objects, found)


def _truth(records: Sequence[Record]) -> Iterator[Record]:
    """Yield the objects of all pictures as pycocotools takes them; it writes into what it gets."""
    number = count(1)  # a 0 would mean that nothing was matched
    for record in records:
        for one in record["truth"]:
            yield {**one, "id": next(number), "image_id": record["id"]}


def _found(records: Sequence[Record], *, masks: bool) -> Iterator[Record]:
    """Yield what was found in all pictures; its size is the area of the mask or of the box."""
    from pycocotools import mask as coco

    number = count(1)
    for record in records:
        for one in record["found"]:
            area = float(coco.area(one["segmentation"])) if masks else one["bbox"][2] * one["bbox"][3]
            yield {**one, "id": next(number), "area": area, "iscrowd": 0}
