"""Average precision of masks alone, of objects that are given by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from minimask.data.segmentation import packed_mask
from minimask.evaluation.scores import Precision
from minimask.evaluation.silent import Record, precision_and_recall
from minimask.geometry.checks import BoolArray

Truth = tuple[str, BoolArray]
Prediction = tuple[str, BoolArray, float]
_Object = tuple[int, str, BoolArray, dict[str, float]]  # picture, class, mask, more


def mask_average_precision(
    truth: Sequence[Sequence[Truth]], predictions: Sequence[Sequence[Prediction]]
) -> dict[str, float]:
    """Return COCO's mask AP of predictions on a set of pictures, by pycocotools.

    Parameters
    ----------
    truth : for each picture a list of (class name, Boolean mask (H, W))
    predictions : for each picture a list of (class name, Boolean mask (H, W), score)
        In the order of the pictures in `truth`.

    Returns
    -------
    dict
        `AP` (mean over IoU thresholds .50, .55, ... .95), `AP50` and `AP75`, each the mean over classes, in [0, 1].

    Raises
    ------
    ValueError
        If the lists differ in length, no picture has an object, or a class is predicted that is in no picture.

    Notes
    -----
    Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.eye(8, dtype=bool)
    >>> round(mask_average_precision([[("line", mask)]], [[("line", mask, 0.9)]])["AP"], 6)
    1.0
    """
    if len(truth) != len(predictions):
        raise ValueError(f"predictions must have one list per picture in truth ({len(truth)}), got {len(predictions)}")
    names = sorted({name for picture in truth for name, _ in picture})
    if not names:
        raise ValueError("truth must hold at least one object, got pictures without any")
    unknown = {name for picture in predictions for name, _, _ in picture} - set(names)
    if unknown:
        raise ValueError(f"predictions must name classes of truth ({', '.join(names)}), got {sorted(unknown)}")

    objects: list[_Object] = [(i, name, mask, {}) for i, picture in enumerate(truth) for name, mask in picture]
    found = [
        (i, name, mask, {"score": score}) for i, picture in enumerate(predictions) for name, mask, score in picture
    ]
    sizes = [next((mask.shape for _, mask in picture), (0, 0)) for picture in truth]
    images = [{"id": i, "height": h, "width": w} for i, (h, w) in enumerate(sizes)]
    categories = [{"id": i, "name": name} for i, name in enumerate(names, start=1)]
    scores = Precision.of(
        *precision_and_recall("segm", images, categories, _records(objects, names), _records(found, names))
    )
    return {"AP": scores.ap, "AP50": scores.ap50, "AP75": scores.ap75}


def _records(objects: Sequence[_Object], names: Sequence[str]) -> Iterator[Record]:
    for number, (image, name, mask, more) in enumerate(objects, start=1):
        yield {
            "id": number,
            "image_id": image,
            "category_id": names.index(name) + 1,
            "segmentation": packed_mask(mask),
            "area": float(mask.sum()),
            "iscrowd": 0,
            **more,
        }
