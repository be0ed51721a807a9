"""COCO's format of results: what was found, as its tools read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minimask.data.found import Found
from minimask.data.segmentation import packed_mask


def coco_results(found: Found, image_id: int, category_ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Return what was found in one picture as COCO's results; the lists of all pictures, joined, make a file.

    Parameters
    ----------
    found : Found
        As it is: `minimask.data.found.as_found` makes one of a model's output.
    image_id : int
        The picture's number in the data set.
    category_ids : sequence of int, optional
        The numbers in the data set of the classes 1, 2, ...; by default the same.

    Returns
    -------
    list of dict
        With `image_id`, `category_id`, `bbox` (`x y width height`), `score` and `segmentation` (run lengths as text),
        all as `json.dumps` takes it.

    Raises
    ------
    ValueError
        If a label has no category id.

    Notes
    -----
    https://cocodataset.org/#format-results. Where there is a `bbox`, pycocotools takes the area of the box for the size
    of the object, also when it evaluates masks: for mask AP of small and large objects as COCO's server has it, remove
    `bbox` from each entry before `COCO.loadRes`.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.array([[[False, True, True], [True, True, True]]])
    >>> found = Found(np.array([[0.0, 0, 3, 2]]), np.array([2]), np.array([0.5]), mask)
    >>> (result,) = coco_results(found, 7, category_ids=[18, 44])
    >>> result["category_id"], result["bbox"], result["segmentation"]
    (44, [0.0, 0.0, 3.0, 2.0], {'size': [2, 3], 'counts': '15'})
    """
    labels = found.labels.tolist()
    if category_ids is not None and labels and not 1 <= min(labels) <= max(labels) <= len(category_ids):
        raise ValueError(f"category_ids must have one id for each label, got {len(category_ids)} for labels {labels}")
    return [
        {
            "image_id": int(image_id),
            "category_id": label if category_ids is None else int(category_ids[label - 1]),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "score": score,
            "segmentation": packed_mask(mask),
        }
        for (x1, y1, x2, y2), label, score, mask in zip(
            found.boxes.tolist(), labels, found.scores.tolist(), found.masks, strict=True
        )
    ]
