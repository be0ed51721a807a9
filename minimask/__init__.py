"""minimask: Mask R-CNN built from scratch to be understood.

The names below are the package's front door; each is loaded when it is first asked for, so that `import minimask` costs
next to nothing and needs neither torch nor numba.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minimask import anchors, exercises
    from minimask.geometry.boxes import box_area, box_convert, box_iou, clip_boxes_to_image
    from minimask.geometry.ceilings import best_box, tight_box
    from minimask.geometry.covers import best_boxes, best_rotated_box
    from minimask.ledger import claims
    from minimask.matching import best_overlaps, match
    from minimask.model.twin import maskrcnn_resnet50_fpn
    from minimask.roi.door import multilevel_roi_align, roi_align, roi_pool
    from minimask.suppression.door import batched_nms, nms

__version__ = "0.1.0"

_HOMES = {
    "anchors": "minimask.anchors",
    "batched_nms": "minimask.suppression.door",
    "best_box": "minimask.geometry.ceilings",
    "best_boxes": "minimask.geometry.covers",
    "best_overlaps": "minimask.matching",
    "best_rotated_box": "minimask.geometry.covers",
    "box_area": "minimask.geometry.boxes",
    "box_convert": "minimask.geometry.boxes",
    "box_iou": "minimask.geometry.boxes",
    "claims": "minimask.ledger",
    "clip_boxes_to_image": "minimask.geometry.boxes",
    "exercises": "minimask.exercises",
    "maskrcnn_resnet50_fpn": "minimask.model.twin",
    "match": "minimask.matching",
    "multilevel_roi_align": "minimask.roi.door",
    "nms": "minimask.suppression.door",
    "roi_align": "minimask.roi.door",
    "roi_pool": "minimask.roi.door",
    "tight_box": "minimask.geometry.ceilings",
}

__all__ = [
    "anchors",
    "batched_nms",
    "best_box",
    "best_boxes",
    "best_overlaps",
    "best_rotated_box",
    "box_area",
    "box_convert",
    "box_iou",
    "claims",
    "clip_boxes_to_image",
    "exercises",
    "maskrcnn_resnet50_fpn",
    "match",
    "multilevel_roi_align",
    "nms",
    "roi_align",
    "roi_pool",
    "tight_box",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOMES:
        raise AttributeError(f"module 'minimask' has no attribute {name!r}")
    home = importlib.import_module(_HOMES[name])
    value = home if home.__name__ == f"minimask.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
