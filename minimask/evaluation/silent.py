"""pycocotools' evaluation, without what it prints."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from typing import Any

from minimask.geometry.checks import FloatArray

Record = dict[str, Any]
"""An image, an annotation or a result, as it stands in COCO's files."""


def precision_and_recall(
    kind: str, images: Sequence[Record], categories: Sequence[Record], truth: Iterable[Record], found: Iterable[Record]
) -> tuple[FloatArray, FloatArray]:
    """Return the arrays that COCO's figures are means of; see `minimask.evaluation.scores.Precision.of`.

    Parameters
    ----------
    kind : "segm" or "bbox"
    images, categories : sequences of records
    truth, found : iterables of records
        As pycocotools takes them: with ids from 1, areas, and `iscrowd` or `score`. It writes into them.
    """
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_index(images, categories, truth), _index(images, categories, found), kind)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"], evaluation.eval["recall"]


def _index(images: Sequence[Record], categories: Sequence[Record], annotations: Iterable[Record]) -> Any:  # noqa: ANN401
    from pycocotools.coco import COCO

    index = COCO()
    index.dataset = {"images": images, "categories": categories, "annotations": list(annotations)}
    index.createIndex()
    return index
