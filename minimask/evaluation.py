"""Average precision of masks, as COCO computes it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence

from minimask.geometry.checks import BoolArray
from minimask.geometry.masks import run_lengths

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
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

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
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        dataset.dataset = {
            "images": [{"id": i, "height": h, "width": w} for i, (h, w) in enumerate(sizes)],
            "categories": [{"id": i, "name": name} for i, name in enumerate(names, start=1)],
            "annotations": _annotations(objects, names),
        }
        dataset.createIndex()
        results = COCO()
        results.dataset = {**dataset.dataset, "annotations": _annotations(found, names)}
        results.createIndex()
        evaluation = COCOeval(dataset, results, "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {key: float(value) for key, value in zip(("AP", "AP50", "AP75"), evaluation.stats, strict=False)}


def _annotations(objects: Sequence[_Object], names: Sequence[str]) -> list[dict[str, object]]:
    from pycocotools import mask as coco_mask

    annotations = []
    for number, (image, name, mask, more) in enumerate(objects, start=1):
        height, width = mask.shape
        lengths = {"counts": run_lengths(mask).tolist(), "size": [height, width]}
        annotations.append(
            {
                "id": number,
                "image_id": image,
                "category_id": names.index(name) + 1,
                "segmentation": coco_mask.frPyObjects(lengths, height, width),
                "area": float(mask.sum()),
                "bbox": [0.0, 0.0, float(width), float(height)],
                "iscrowd": 0,
                **more,
            }
        )
    return annotations
